"""Small hard problems: their sizes, their numbers, and how one is made smaller.

Most numbers are whole or halves, and small. Some problems have fractions, large numbers or small
ones. `TOLERANCE` is far above the rounding of any route, an FFT or a difference, and far below any
slip; it is relative to the largest number of a result.
"""

import itertools
import tomllib
from importlib.resources import files
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from cnnlib import shapes

TOLERANCE = 1e-8
TEXTS = tomllib.loads((files("cnnlib") / "data" / "exercises.toml").read_text("utf-8"))


class Size(NamedTuple):
    """Sizes of a layer; no batch axis where `batch` is 0. The defaults are the smallest."""

    n_h: int = 1
    n_w: int = 1
    f_h: int = 1
    f_w: int = 1
    n_k: int = 1
    f_k: int = 1
    s_h: int = 1
    s_w: int = 1
    p_h: int = 0
    p_w: int = 0
    batch: int = 0


SCALES = {"fractions": 1.0, "large": 2.0**24, "small": 2.0**-24}  # kinds of numbers
HARD = [Size(*row) for row in TEXTS.pop("hard")]


def square(size):
    """Return a size with the stride and the padding of the rows along both axes."""
    return size._replace(s_w=size.s_h, p_w=size.p_h)


def restricted(size, vary, batch=0):
    """Return the size with all that does not vary at its smallest, and a filter that fits."""
    size = Size(**{name: getattr(size, name) for name in vary.split()})
    return size._replace(
        n_h=max(size.n_h, size.f_h - 2 * size.p_h),
        n_w=max(size.n_w, size.f_w - 2 * size.p_w),
        batch=max(size.batch, batch),
    )


def layer(size, kind):
    """Return the arrays of a layer by name; `kind` says which numbers."""
    n, f, s, p = size[:2], size[2:4], size[6:8], size[8:10]
    batch = (size.batch,) * bool(size.batch)
    rng = np.random.default_rng(list(f"{kind} {size}".encode()))
    first = itertools.count(1)  # of each array another, so that one tells which it is
    scale = SCALES.get(kind, 0)

    def numbers(*shape):
        if kind == "counted":
            return np.arange(np.prod(shape, dtype=int)).reshape(shape) + float(next(first))
        if scale:
            return scale * rng.uniform(1, 5, shape) * rng.choice([-1.0, 1.0], shape)
        return rng.integers(1, 6, shape) * rng.choice([-1.0, 1.0], shape)

    x = SimpleNamespace(input_size=n, filter_size=f, size=f, stride=s, padding=p)
    x.eta = 0.3 if scale else 0.5
    x.Y, x.W = numbers(*batch, *n, size.n_k), numbers(*f, size.n_k, size.f_k)
    x.dZ = numbers(*batch, *shapes.output_size(n, f, s, p), size.f_k)
    x.b, x.dY = numbers(size.f_k), numbers(*x.Y.shape)
    x.dYp = numbers(*batch, n[0] + 2 * p[0], n[1] + 2 * p[1], size.n_k)
    x.Z = (x.Y - 2 if kind == "counted" else rng.integers(-3, 4, x.Y.shape)) / 2
    if scale:  # no larger, so that a slope does not vanish
        x.Z = x.Z + rng.choice([0, 0.1, 0.37], x.Z.shape)
    if kind == "ones":
        x.dZ[...] = x.dY[...] = x.dYp[...] = 1
    if kind == "symmetric":
        x.W = x.W + shapes.flip(x.W)
    return x


def pooling_layer(size, kind):
    """Return a layer with as many maps of dZ as of Y, and windows with two largest cells."""
    x = layer(size._replace(f_k=size.n_k), kind)
    half = 2 * SCALES.get(kind, 1.0)
    x.Y = np.floor(x.Y / half) * half / 2 + (half / 7 if kind in SCALES else 0)
    return x


def one_axis(size, kind):
    """Return the sizes along one axis."""
    return SimpleNamespace(n=size.n_h, f=size.f_h, stride=size.s_h, padding=size.p_h)


def shrink(size, smallest, betrays):
    """Make each number of a size as small as it can be while it still betrays a function.

    Parameters
    ----------
    size : Size
    smallest : callable
        Restricts a size to what may vary.
    betrays : callable
        Whether a size does.
    """
    smaller = True
    while smaller:
        smaller = False
        for name in reversed(Size._fields):
            for value in range(getattr(Size(), name), getattr(size, name)):
                less = smallest(size._replace(**{name: value}))
                if sum(less) < sum(size) and betrays(less):
                    size, smaller = less, True
                    break

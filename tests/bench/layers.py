"""The layers that are measured: named ones, and some drawn at random."""

import math
from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    """A batch of m maps of n_h x n_w with n_k channels, and f_k filters of f_h x f_w."""

    name: str
    m: int
    n: tuple
    n_k: int
    f: tuple
    f_k: int
    s: tuple = (1, 1)
    p: tuple = (0, 0)
    d: tuple = (1, 1)

    @property
    def how(self):
        """Stride, padding and dilation as cnnlib takes them."""
        return {"stride": self.s, "padding": self.p, "dilation": self.d}

    @property
    def o(self):
        """Rows and columns of the output map."""
        axes = zip(self.n, self.f, self.s, self.p, self.d, strict=True)
        return tuple((n + 2 * p - d * (f - 1) - 1) // s + 1 for n, f, s, p, d in axes)

    @property
    def products(self):
        """Multiplications of one gradient; those with the padding are counted too."""
        return self.m * math.prod(self.o) * math.prod(self.f) * self.n_k * self.f_k

    def arrays(self, dtype):
        """Random dZ, Y and W."""
        rng = np.random.default_rng(0)
        sizes = (self.m, *self.o, self.f_k), (self.m, *self.n, self.n_k)
        sizes = (*sizes, (*self.f, self.n_k, self.f_k))
        return [rng.standard_normal(size).astype(dtype) for size in sizes]


def layer(name, m, n, n_k, f, f_k, s=1, p=0, d=1):
    """Return a layer; one number stands for a height and a width."""

    def pair(v):
        return v if isinstance(v, tuple) else (v, v)

    return Layer(name, m, pair(n), n_k, pair(f), f_k, pair(s), pair(p), pair(d))


TABLE = [
    layer("classroom", 32, 28, 8, 3, 16, 1, 1),
    layer("lenet1", 64, 28, 1, 5, 6, 1, 2),
    layer("lenet2", 64, 14, 6, 5, 16),
    layer("vgg", 16, 56, 64, 3, 64, 1, 1),
    layer("stem", 8, 224, 3, 7, 64, 2, 3),
    layer("down", 16, 56, 64, 3, 128, 2, 1),
    layer("pointwise", 16, 28, 256, 1, 64),
    layer("thin", 4, 512, 1, 5, 8, 1, 2),
    layer("deep", 16, 14, 256, 3, 256, 1, 1),
]
TOY = layer("toy", 1, 5, 1, 3, 1)
OTHERS = [
    layer("cifar", 64, 32, 3, 3, 32, 1, 1),
    layer("middling", 32, 28, 16, 3, 32, 1, 1),
    layer("wide filter", 16, 32, 32, 5, 32, 1, 2),
    layer("residual", 8, 28, 128, 3, 128, 1, 1),
    layer("expand", 8, 56, 64, 1, 256),
    layer("patches", 8, 112, 3, 4, 48, 4),
    layer("shortcut", 8, 56, 64, 1, 128, 2),
    layer("dilated", 8, 32, 32, 3, 32, 1, 2, 2),
    layer("digits", 16, 8, 1, 3, 8),
    layer("digits, last", 16, 3, 8, 3, 10),
    layer("large filter", 4, 112, 3, 11, 32, 4, 2),
    layer("oblong", 8, (20, 90), 12, (3, 5), 20, (1, 2), (1, 2)),
    layer("to one map", 4, 128, 16, 3, 1, 1, 1),
    layer("small and deep", 8, 7, 256, 3, 512, 1, 1),
    layer("left-over row", 16, 32, 24, 3, 48, 2, 1),
    layer("one map, blurred", 4, 256, 1, 7, 1, 1, 3),
]

POOLS = {  # m, n, n_k, size, stride
    "pool 2 x 2": (32, 28, 16, 2, 2),
    "pool 3 x 3, stride 2": (8, 56, 64, 3, 2),
    "pool of digits": (16, 6, 8, 2, 2),
    "pool of one map": (4, 256, 1, 2, 2),
}


def drawn(seed, count=10):
    """Layers drawn at random: such sizes as networks have, of about 1 to 300 million products."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        f = tuple(int(v) for v in rng.choice([1, 2, 3, 3, 3, 5, 7], 2))
        f = f if rng.random() < 0.2 else (f[0], f[0])
        n = tuple(int(v) for v in rng.integers(7, 100, 2))
        n = n if rng.random() < 0.3 else (n[0], n[0])
        n_k, f_k = (int(v) for v in rng.choice([1, 3, 8, 12, 16, 24, 32, 48, 64, 96, 128], 2))
        m, s = int(rng.choice([1, 4, 8, 16, 32, 64])), int(rng.choice([1, 1, 1, 2, 2, 3]))
        p = f[0] // 2 if rng.random() < 0.7 else 0
        size = f"{m} × {n[0]} × {n[1]} × {n_k}, {f[0]} × {f[1]}, {f_k}"
        one = layer(f"{size}, stride {s}, padding {p}", m, n, n_k, f, f_k, s, p)
        if min(one.o) >= 1 and 1e6 <= one.products <= 3e8:
            found.append(one)
    return found

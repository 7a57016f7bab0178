"""Convolutions to test on, and the definition to compare with.

Nothing here knows `cnnlib`: a padding is made of zeros that are really there,
and the number of windows is counted.
"""

import tempfile
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from hypothesis import strategies as st

equal = partial(np.testing.assert_array_equal, strict=True)  # same shape and precision, too


@dataclass(frozen=True)
class Problem:
    """A layer with its input and a gradient of its output; all numbers are whole.

    `how` is what the functions are given; `stride`, `dilation` and `sides`, the
    padding as ((top, bottom), (left, right)), say the same for the definition.
    """

    name: str
    input_size: tuple
    filter_size: tuple
    channels: tuple = (1, 1)
    batch: tuple = ()
    stride: tuple = (1, 1)
    dilation: tuple = (1, 1)
    sides: tuple = ((0, 0), (0, 0))
    how: dict = None

    def __str__(self):
        return self.name

    @cached_property
    def windows(self):
        """First row of each window in the padded map, and first column."""
        axes = zip(
            self.input_size, self.sides, self.filter_size, self.dilation, self.stride, strict=True
        )
        return tuple(range(0, sum(side) + n - (f - 1) * d, s) for n, side, f, d, s in axes)

    @property
    def output_size(self):
        return tuple(map(len, self.windows))

    @property
    def rest(self):
        """Left-over rows and columns: behind the last cell of the last window."""
        axes = zip(
            self.input_size, self.sides, self.filter_size, self.dilation, self.windows, strict=True
        )
        return tuple(
            sum(side) + n - (firsts[-1] + (f - 1) * d + 1) for n, side, f, d, firsts in axes
        )

    def _numbers(self, name, shape):
        rng = np.random.default_rng(list((self.name + name).encode()))
        return (rng.integers(1, 6, shape) * rng.choice([-1, 1], shape)).astype(float)

    @cached_property
    def Y(self):
        return self._numbers("Y", (*self.batch, *self.input_size, self.channels[0]))

    @cached_property
    def W(self):
        return self._numbers("W", (*self.filter_size, *self.channels))

    @cached_property
    def b(self):
        return self._numbers("b", self.channels[1:])

    @cached_property
    def dZ(self):
        return self._numbers("dZ", (*self.batch, *self.output_size, self.channels[1]))

    def forward(self, Y, W, b=None):
        """Z by its definition: every window of the padded map, times the filter."""
        (f_h, f_w), (d_h, d_w) = self.filter_size, self.dilation
        Yp = np.pad(Y, [(0, 0)] * len(self.batch) + [*self.sides, (0, 0)])
        Z = np.zeros((*Y.shape[:-3], *self.output_size, W.shape[3]))
        for i, top in enumerate(self.windows[0]):
            for j, left in enumerate(self.windows[1]):
                rows = slice(top, top + (f_h - 1) * d_h + 1, d_h)
                columns = slice(left, left + (f_w - 1) * d_w + 1, d_w)
                Z[..., i, j, :] = np.einsum("...uvc,uvck->...k", Yp[..., rows, columns, :], W)
        return Z if b is None else Z + b

    def jacobian_Y(self, W):
        """All dZ / dY: a row for each cell of Z, a column for each cell of Y."""
        return jacobian(lambda Y: self.forward(Y, W), self.Y.shape)

    def jacobian_W(self, Y):
        """All dZ / dW: a row for each cell of Z, a column for each weight."""
        return jacobian(lambda W: self.forward(Y, W), self.W.shape)

    @cached_property
    def meets_Y(self):
        """True where a cell of Z (row) and a cell of Y (column) share a term."""
        return self.jacobian_Y(np.ones_like(self.W)) != 0

    @cached_property
    def meets_W(self):
        """True where a cell of Z (row) and a weight (column) share a term."""
        return self.jacobian_W(np.ones_like(self.Y)) != 0

    def backward(self, dZ, Y, W):
        """The three gradients (dY, dW, db) by their definition: transposed Jacobians."""
        dY = (self.jacobian_Y(W).T @ dZ.ravel()).reshape(Y.shape)
        dW = (self.jacobian_W(Y).T @ dZ.ravel()).reshape(W.shape)
        db = np.array([np.sum(dZ[..., k]) for k in range(W.shape[3])], dtype=float)
        return dY, dW, db


def jacobian(linear, shape):
    """Matrix of a linear map, column by column: what it makes of each unit array."""
    columns = []
    for cell in np.ndindex(*shape):
        unit = np.zeros(shape)
        unit[cell] = 1
        columns.append(linear(unit).ravel())
    return np.array(columns).reshape(len(columns), linear(np.zeros(shape)).size).T


def _problem(name, input_size, filter_size, channels=(1, 1), batch=(), *, sides=None, **how):
    """A `Problem` from the arguments of a function; `sides` says what a word means."""
    padding = how.get("padding", 0)
    if sides is None:
        p_h, p_w = padding if isinstance(padding, tuple) else (padding, padding)
        sides = (p_h, p_w) if isinstance(p_h, tuple) else ((p_h, p_h), (p_w, p_w))
    s, d = how.get("stride", 1), how.get("dilation", 1)
    return Problem(
        name,
        input_size,
        filter_size,
        channels,
        batch,
        stride=s if isinstance(s, tuple) else (s, s),
        dilation=d if isinstance(d, tuple) else (d, d),
        sides=sides,
        how=how,
    )


GEOMETRIES = [
    _problem("one map", (5, 5), (3, 3)),
    _problem("oblong, several maps", (4, 6), (3, 2), (2, 3)),
    _problem("unequal strides", (7, 5), (3, 2), (2, 2), stride=(2, 1)),
    _problem("left-over rows and columns", (6, 7), (3, 2), (2, 1), stride=(2, 3)),
    _problem("stride larger than the filter", (7, 8), (2, 1), (1, 2), stride=(3, 4)),
    _problem("padding", (4, 3), (3, 3), (2, 2), padding=1),
    _problem("padding of a pair", (3, 4), (2, 4), (2, 1), padding=(1, 2)),
    _problem("four paddings", (4, 3), (3, 2), (1, 2), padding=((2, 1), (0, 3))),
    _problem(
        "padding, stride, left-over rows", (7, 4), (3, 2), stride=(3, 2), padding=((1, 0), (1, 0))
    ),
    _problem("padding of the filter's size", (2, 3), (2, 2), (2, 1), padding=(2, 3)),
    _problem("padding beyond the filter", (2, 1), (1, 2), padding=((3, 0), (2, 4)), stride=(1, 2)),
    _problem("valid", (4, 5), (2, 3), padding="valid", sides=((0, 0), (0, 0))),
    _problem("same", (5, 4), (2, 4), (2, 2), padding="same", sides=((0, 1), (1, 2))),
    _problem(
        "same, stride passes the filter",
        (5, 7),
        (1, 2),
        stride=(2, 3),
        padding="same",
        sides=((0, 0), (0, 1)),
    ),
    _problem(
        "same, dilation",
        (5, 4),
        (2, 3),
        dilation=(3, 1),
        padding="same",
        sides=((1, 2), (1, 1)),
    ),
    _problem("dilation", (7, 6), (3, 2), (2, 2), dilation=(2, 3)),
    _problem(
        "dilation, stride, padding",
        (8, 9),
        (3, 2),
        (1, 2),
        stride=(4, 2),
        dilation=(2, 3),
        padding=((1, 2), (3, 0)),
    ),
    _problem("stride and dilation share a factor", (7, 9), (2, 2), stride=(2, 4), dilation=2),
    _problem("filter as large as the map", (3, 4), (3, 4), (2, 2)),
    _problem("filter larger than the map", (1, 2), (3, 4), padding=1),
    _problem("filter of one weight", (3, 4), (1, 1), (3, 2), stride=(2, 1)),
    _problem("a batch", (4, 3), (2, 3), (2, 2), (3,), stride=(2, 1), padding=(1, 0)),
    _problem("two batch axes", (3, 4), (2, 2), (1, 2), (2, 3), stride=(1, 2), dilation=(2, 1)),
    _problem("empty batch", (4, 3), (2, 2), (2, 3), (0,), padding=1),
    _problem("two batch axes, one empty", (3, 3), (2, 2), batch=(2, 0)),
    _problem("no channels", (4, 3), (2, 2), (0, 3), (2,)),
    _problem("no filters", (4, 3), (2, 2), (2, 0)),
    _problem("no rows, padding only", (0, 4), (1, 2), (1, 2), padding=((1, 0), (0, 1))),
]


@st.composite
def problems(draw):
    """Any small problem: all that `GEOMETRIES` lists, alone and together."""

    def pair(least, most):
        return draw(st.tuples(*[st.integers(least, most)] * 2))

    n, f, s, d = pair(0, 6), pair(1, 3), pair(1, 4), pair(1, 3)
    extent = [(f_ - 1) * d_ + 1 for f_, d_ in zip(f, d, strict=True)]
    form = draw(st.sampled_from(["sides", "pair", "number", "same", "valid"]))
    if form == "same" and 0 not in n:
        sides = tuple(map(_same, n, extent, s))
        padding = "same"
    elif form == "valid":
        n = tuple(map(max, n, extent))
        sides, padding = ((0, 0), (0, 0)), "valid"
    elif form == "sides":
        sides = tuple(
            (before, max(after, e - n_ - before))
            for (before, after), e, n_ in zip([pair(0, 4), pair(0, 4)], extent, n, strict=True)
        )
        padding = sides
    else:
        p = pair(0, 4)
        p = (p[0], p[0]) if form == "number" else p
        n = tuple(max(n_, e - 2 * p_) for n_, e, p_ in zip(n, extent, p, strict=True))
        sides = tuple((p_, p_) for p_ in p)
        padding = p[0] if form == "number" else p
    return Problem(
        name=f"random {draw(st.integers(0, 99))}",
        input_size=n,
        filter_size=f,
        channels=draw(st.tuples(st.integers(0, 2), st.integers(0, 3))),
        batch=draw(st.sampled_from([(), (), (2,), (1, 2), (0,)])),
        stride=s,
        dilation=d,
        sides=sides,
        how={"stride": s, "padding": padding, "dilation": d},
    )


def _same(n, extent, s):
    """Padding for ceil(n / s) windows; the larger share of an odd one behind."""
    total = max(0, (-(-n // s) - 1) * s + extent - n)
    return total // 2, total - total // 2


# --- the same array in other ways --------------------------------------------------------


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def backwards(array):
    return np.flip(np.flip(array).copy())  # a view with negative strides


def with_gaps(array):
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), -99, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def on_disk(array):
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, array.dtype, "w+", shape=array.shape)
    mapped[...] = array
    return mapped


class Named(np.ndarray):
    """An array that carries something along, as many libraries have."""


def of_a_subclass(array):
    return array.view(Named)


LAYOUTS = [read_only, np.asfortranarray, backwards, with_gaps, on_disk, of_a_subclass]

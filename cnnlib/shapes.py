"""Sizes, the one index relation, and four moves of cells.

A window of the filter joins three indices on each axis: a row `r` of the input
map, a row `u` of the filter and a row `i` of the output map, with

    r = i * s + u * d - p

for stride `s`, dilation `d` and padding `p`. Everything else in this package,
forward and backward, is a way to read this one line. What is said of bad
arguments is in `cnnlib.checks`.
"""

import itertools
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnnlib import checks
from cnnlib.checks import by, check_map, one  # noqa: F401, to be had from here too


class ConvGradients(NamedTuple):
    """The three gradients of a convolution layer."""

    dY: np.ndarray
    dW: np.ndarray
    db: np.ndarray


class Axis(NamedTuple):
    """One axis of a convolution: its height, or its width.

    Parameters
    ----------
    n, f : int
        Size of the input map and of the filter, in cells.
    s, d : int
        Stride and dilation.
    before, after : int
        Cells of padding at the top and bottom (or left and right).
    """

    n: int
    f: int
    s: int = 1
    d: int = 1
    before: int = 0
    after: int = 0

    @property
    def extent(self):
        """The cells that the filter spans, gaps of the dilation included."""
        return self.d * (self.f - 1) + 1

    @property
    def o(self):
        """Size of the output map."""
        return (self.n + self.before + self.after - self.extent) // self.s + 1

    @property
    def rest(self):
        """Left-over cells at the end of the padded map, which no window reaches."""
        return (self.n + self.before + self.after - self.extent) % self.s

    def input_index(self, i, u):
        """Cell of the input map under cell `u` of the filter in window `i`."""
        return i * self.s + u * self.d - self.before

    def joined(self, *, r=None, u=None, i=None):
        """All (r, u, i) that meet, given one or two of them; no cell of the padding."""
        for i_ in range(self.o) if i is None else [i]:
            for u_ in range(self.f) if u is None else [u]:
                r_ = self.input_index(i_, u_)
                if 0 <= r_ < self.n and r in (None, r_):
                    yield r_, u_, i_

    def slices(self, u):
        """Cells of the input and of the output map that weight `u` joins, or ()."""
        offset = self.input_index(0, u)
        first = max(0, -(offset // self.s))  # the first window whose cell lies in the map
        stop = min(self.o, (self.n - 1 - offset) // self.s + 1)
        if first >= stop:
            return ()
        r = self.input_index(first, u)
        return slice(r, self.input_index(stop - 1, u) + 1, self.s), slice(first, stop)


class Geometry(NamedTuple):
    """How the windows of a convolution lie over its map: rows, then columns."""

    rows: Axis
    columns: Axis

    input_size = property(lambda self: (self.rows.n, self.columns.n))
    filter_size = property(lambda self: (self.rows.f, self.columns.f))
    output_size = property(lambda self: (self.rows.o, self.columns.o))
    stride = property(lambda self: (self.rows.s, self.columns.s))
    dilation = property(lambda self: (self.rows.d, self.columns.d))
    extent = property(lambda self: (self.rows.extent, self.columns.extent))
    rest = property(lambda self: (self.rows.rest, self.columns.rest))
    padding = property(lambda self: tuple((axis.before, axis.after) for axis in self))
    corner = property(lambda self: (self.rows.before, self.columns.before))

    def taps(self):
        """Yield (u, v) with the index of the cells of Y and of Z that this weight joins."""
        on_rows, on_columns = (
            [(u, *axis.slices(u)) for u in range(axis.f) if axis.slices(u)] for axis in self
        )
        for (u, r, i), (v, c, j) in itertools.product(on_rows, on_columns):
            yield (u, v), (..., r, c, slice(None)), (..., i, j, slice(None))


# --- sizes -------------------------------------------------------------------------


def geometry(input_size, filter_size, stride=1, padding=0, dilation=1):
    """Check the sizes of a convolution and return its `Geometry`.

    Parameters
    ----------
    input_size, filter_size : (int, int)
        Height and width of the input map and of the filter.
    stride, dilation : int or (int, int)
        In cells; height first.
    padding : int, (int, int), ((int, int), (int, int)), "same" or "valid"
        One number; (height, width); or ((top, bottom), (left, right)). "same"
        gives ceil(n / stride) outputs, the larger share at the bottom and right.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of this form, or the filter does not fit on the map.
    """
    given = input_size, filter_size, stride, padding, dilation
    known = _geometry if plain(*given) else _geometry.__wrapped__
    return known(*given)


def plain(*values):
    """Whether all is made of true ints and words: what is equal then is alike."""
    for value in values:  # asked in every call: a loop takes half the time of `all`
        kind = type(value)
        if kind is not int and kind is not str and not (kind is tuple and plain(*value)):
            return False
    return True


@lru_cache(maxsize=256)  # so that a training step does not check the same sizes again
def _geometry(input_size, filter_size, stride, padding, dilation, names=("Y", "W")):
    n = checks.size_pair(input_size, "input_size", "(n_h, n_w)", least=0)
    f = checks.size_pair(filter_size, "filter_size", "(f_h, f_w)", least=1)
    s, d = checks.step_pair(stride, "stride"), checks.step_pair(dilation, "dilation")
    sides = checks.padding_sides(padding, n, f, s, d)
    found = Geometry(*(Axis(*axis[:-1], *axis[-1]) for axis in zip(n, f, s, d, sides, strict=True)))
    checks.check_fit(found, *names)
    return found


def output_size(n, f, stride=1, padding=0, dilation=1):
    """Size of the output map: floor((n + 2p - extent) / s) + 1, extent = d (f - 1) + 1.

    Parameters
    ----------
    n, f : int or (int, int)
        Size of the input map and of the filter: one axis, or (height, width).
    stride, padding, dilation
        As in `geometry`; for one axis, a padding of two numbers is (before, after).

    Returns
    -------
    int or (int, int)
        For one axis a number, for two a pair.

    Examples
    --------
    >>> output_size(5, 3), output_size(6, 3, stride=2), output_size((5, 6), (3, 2), padding=1)
    (3, 2, (5, 7))
    """
    if checks.is_pair(n) or checks.is_pair(f):
        n = checks.size_pair(n, "n", "(height, width)", least=0)
        f = checks.size_pair(f, "f", "(height, width)", least=1)
        return _geometry.__wrapped__(n, f, stride, padding, dilation, ("n", "f")).output_size
    n, f = checks.whole_number(n, "n", 0), checks.whole_number(f, "f", 1)
    s, d = checks.whole_number(stride, "stride", 1), checks.whole_number(dilation, "dilation", 1)
    if isinstance(padding, str) and padding in ("same", "valid"):
        sides = checks.same(n, f, s, d) if padding == "same" else (0, 0)
    else:
        rule = 'a whole number of at least 0, a pair (before, after), "same" or "valid"'
        sides = checks.whole_pair(padding, 0) or checks.refuse("padding", rule, padding)
    axis = Axis(n, f, s, d, *sides)
    checks.check_fit([axis], "n", "f")
    return axis.o


# --- the geometry of each pass, once its arguments have been checked -----------------


def check_forward(Y, W, b, stride, padding, dilation):
    """Check the arguments of the forward pass and return its `Geometry`."""
    checks.check_layer(Y, W, b)
    found = geometry(Y.shape[-3:-1], W.shape[:2], stride, padding, dilation)
    checks.check_room("Z", (*Y.shape[:-3], *found.output_size, W.shape[3]), padding=padding)
    return found


def check_backward_input(dZ, W, input_size, stride, padding, dilation):
    """Check the arguments of the input gradient and return its `Geometry`."""
    checks.check_same_filters(dZ, W)
    found = geometry(input_size, W.shape[:2], stride, padding, dilation)
    checks.check_output(dZ, found)
    checks.check_room("dY", (*dZ.shape[:-3], *found.input_size, W.shape[2]), padding=padding)
    return found


def check_backward_filter(dZ, Y, filter_size, stride, padding, dilation):
    """Check the arguments of the filter gradient and return its `Geometry`."""
    checks.check_same_batch(dZ, Y)
    found = geometry(Y.shape[-3:-1], filter_size, stride, padding, dilation)
    checks.check_output(dZ, found)
    checks.check_room("dW", (*found.filter_size, Y.shape[-1], dZ.shape[-1]), padding=padding)
    return found


def check_backward(dZ, Y, W, stride, padding, dilation):
    """Check the arguments of all three gradients and return their `Geometry`."""
    check_forward(Y, W, None, stride, padding, dilation)
    checks.check_same_filters(dZ, W)
    return check_backward_filter(dZ, Y, W.shape[:2], stride, padding, dilation)


# --- four moves of cells: no arithmetic, any numbers ----------------------------------


def zero_pad(Y, padding):
    """Surround each map with zeros.

    Parameters
    ----------
    Y : ndarray, shape (..., n_h, n_w, n_k)
        Maps, channels last.
    padding : int, (int, int) or ((int, int), (int, int))
        Rows and columns of zeros, as in `geometry`.

    Returns
    -------
    ndarray, shape (..., top + n_h + bottom, left + n_w + right, n_k)

    Raises
    ------
    TypeError, ValueError
        If `Y` does not have row, column and channel axes, or `padding` is not of this form.
    """
    check_map("Y", Y, checks.NUMBERS)
    (top, bottom), (left, right) = checks.padding_sides(padding)
    *batch, n_h, n_w, n_k = Y.shape
    shape = (*batch, top + n_h + bottom, left + n_w + right, n_k)
    checks.check_room("the padded map", shape, padding=padding)
    padded = np.zeros(shape, Y.dtype)
    padded[..., top : top + n_h, left : left + n_w, :] = Y
    return padded


def crop(dYp, padding):
    """Cut the padding off each map: the way back from `zero_pad`.

    Parameters
    ----------
    dYp : ndarray, shape (..., top + n_h + bottom, left + n_w + right, n_k)
        Maps with their padding.
    padding : int, (int, int) or ((int, int), (int, int))
        Rows and columns to cut off, as in `geometry`.

    Returns
    -------
    ndarray, shape (..., n_h, n_w, n_k)

    Raises
    ------
    TypeError, ValueError
        If `dYp` does not have row, column and channel axes, `padding` is not of this form, or
        the padding is more than the map holds.
    """
    check_map("dYp", dYp, checks.NUMBERS)
    (top, bottom), (left, right) = checks.padding_sides(padding)
    rows, columns = dYp.shape[-3:-1]
    if top + bottom > rows or left + right > columns:
        raise ValueError(
            f"dYp is {rows} x {columns}, too small to cut off padding = {checks.short(padding)}: "
            f"pass the gradient of the padded map, and the padding of the forward pass"
        )
    return np.array(dYp[..., top : rows - bottom, left : columns - right, :])


def flip(W):
    """Turn each filter by 180 degrees: both spatial axes are reversed, the channels stay.

    Parameters
    ----------
    W : ndarray, shape (f_h, f_w, ...)
        Filters; the first two axes are the spatial ones.

    Returns
    -------
    ndarray, shape (f_h, f_w, ...)
        ``flip(W)[u, v] == W[f_h - 1 - u, f_w - 1 - v]``.

    Raises
    ------
    TypeError, ValueError
        If `W` is not an array of numbers with two axes or more.
    """
    checks.check_floats("W", W, checks.NUMBERS)
    if W.ndim < 2:
        raise ValueError(f"W needs the shape (f_h, f_w, ...), got {W.shape}")
    return np.array(W[::-1, ::-1])


def spread(dZ, stride):
    """Put ``stride - 1`` rows and columns of zeros between the cells of `dZ`.

    The left-over rows of a forward pass are not appended: see `Axis.rest`.

    Parameters
    ----------
    dZ : ndarray, shape (..., o_h, o_w, f_k)
        Gradient of the loss with respect to the output map.
    stride : int or (int, int)
        Stride of the forward pass, in cells, height first.

    Returns
    -------
    ndarray, shape (..., (o_h - 1) * s_h + 1, (o_w - 1) * s_w + 1, f_k)

    Raises
    ------
    TypeError, ValueError
        If a stride is less than 1, or `dZ` does not have row, column and channel axes.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep
       learning", arXiv:1603.07285, 2016, section 4.
    """
    check_map("dZ", dZ, checks.NUMBERS)
    s_h, s_w = checks.step_pair(stride, "stride")
    *batch, o_h, o_w, f_k = dZ.shape
    shape = (*batch, max(0, (o_h - 1) * s_h + 1), max(0, (o_w - 1) * s_w + 1), f_k)
    checks.check_room("dZ, spread,", shape, stride=stride)
    apart = np.zeros(shape, dZ.dtype)
    apart[..., ::s_h, ::s_w, :] = dZ
    return apart

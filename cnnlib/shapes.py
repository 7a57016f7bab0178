"""Sizes, the one index relation, the checks of arguments, and four moves of cells.

A window of the filter joins three indices on each axis: a row `r` of the input
map, a row `u` of the filter and a row `i` of the output map, with

    r = i * s + u * d - p

for stride `s`, dilation `d` and padding `p`. Everything else in this package,
forward and backward, is a way to read this one line.
"""

import itertools
import operator
from functools import lru_cache, wraps
from typing import NamedTuple

import numpy as np

LARGEST = 2**31
"""No result may have more cells (16 GiB in float64): more is a slip in an argument."""


NUMBERS = "fiubc"
"""Kinds of number that may be moved about: any. Only floats are calculated with."""


class ConvGradients(NamedTuple):
    """The three gradients that a convolution layer owes."""

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
    return all(type(v) in (int, str) or type(v) is tuple and plain(*v) for v in values)


@lru_cache(maxsize=256)  # so that a training step does not check the same sizes anew
def _geometry(input_size, filter_size, stride, padding, dilation):
    n = _size_pair(input_size, "input_size", "(n_h, n_w)", least=0)
    f = _size_pair(filter_size, "filter_size", "(f_h, f_w)", least=1)
    s, d = step_pair(stride, "stride"), step_pair(dilation, "dilation")
    sides = padding_sides(padding, n, f, s, d)
    found = Geometry(*(Axis(*axis[:-1], *axis[-1]) for axis in zip(n, f, s, d, sides, strict=True)))
    if min(found.output_size) < 1:
        _refuse_filter(found)
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
    if _is_pair(n) or _is_pair(f):
        n, f = (_size_pair(size, name, "(height, width)", 0) for size, name in ((n, "n"), (f, "f")))
        return geometry(n, f, stride, padding, dilation).output_size
    given = {"n": (n, 0), "f": (f, 1), "stride": (stride, 1), "dilation": (dilation, 1)}
    for name, (value, least) in given.items():
        if _is_pair(value) or _whole_numbers(value, least) is None:
            _refuse(name, f"a whole number of at least {least}", value)
    if not isinstance(padding, str):
        rule = 'a whole number of at least 0, a pair (before, after), "same" or "valid"'
        padding = _whole_numbers(padding, 0) or _refuse("padding", rule, padding), (0, 0)
    return geometry((n, 1), (f, 1), (stride, 1), padding, (dilation, 1)).output_size[0]


def step_pair(value, name):
    """Return a stride or a dilation as (height, width)."""
    rule = "a whole number of at least 1, or a pair (height, width) of them"
    return _whole_numbers(value, 1) or _refuse(name, rule, value)


def padding_sides(padding, *sizes):
    """Return a padding as ((top, bottom), (left, right)); "same" needs the sizes n, f, s, d."""
    if isinstance(padding, str) and padding == "valid":
        return (0, 0), (0, 0)
    if isinstance(padding, str) and padding == "same" and sizes:
        return tuple(_same(*axis) for axis in zip(*sizes, strict=True))
    pair = _whole_numbers(padding, least=0)
    if pair is not None:
        return tuple((p, p) for p in pair)
    if _is_pair(padding) and all(_is_pair(side) for side in padding):
        sides = tuple(_whole_numbers(side, least=0) for side in padding)
        if None not in sides:
            return sides
    words = ', "same" or "valid"' if sizes else ""
    rule = "a whole number of at least 0, a pair (height, width), or ((top, bottom), (left, right))"
    return _refuse("padding", rule + words, padding)


def _same(n, f, s, d):
    total = max(((n + s - 1) // s - 1) * s + d * (f - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def _refuse_filter(found):
    padded = tuple(axis.n + axis.before + axis.after for axis in found)
    needed = max(-((axis.n - axis.extent) // 2) for axis in found)
    dilated = found.dilation != (1, 1)
    extent = f", {by(found.extent)} with dilation {one(found.dilation)}" if dilated else ""
    raise ValueError(
        f"the filter does not fit: W is {by(found.filter_size)}{extent}, Y with its padding is "
        f"{by(padded)}; take a padding of at least {needed}, or a smaller filter"
    )


# --- checks of arguments -------------------------------------------------------------


def by_name(function):
    """Let a function say how to call it where a call gives stride, padding or dilation by place."""
    code = function.__code__
    places = code.co_varnames[: code.co_argcount]
    names = {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]}
    form = f"{function.__name__}({', '.join(places)}, stride=1, padding=0, dilation=1)"

    @wraps(function)
    def called(*arguments, **options):
        unknown = options.keys() - names
        if unknown or len(arguments) > len(places):
            what = f"no argument {min(unknown)}" if unknown else f"{len(arguments)} without a name"
            raise TypeError(f"{what}: stride, padding and dilation are passed by name, {form}")
        return function(*arguments, **options)

    return called


def check_forward(Y, W, b, stride, padding, dilation):
    """Check the arguments of the forward pass and return its `Geometry`."""
    check_map("Y", Y)
    check_filters(W)
    if Y.shape[-1] != W.shape[2]:
        first = " (channels come last here: np.moveaxis(Y, -3, -1))"
        raise ValueError(
            f"Y has {_count(Y.shape[-1], 'channel')}, W has filters for "
            f"{_count(W.shape[2], 'channel')}: Y.shape[-1] and W.shape[2] must be equal; Y.shape "
            f"is {Y.shape}, W.shape is {W.shape}" + first * (Y.shape[-3] == W.shape[2])
        )
    if b is not None:
        check_floats("b", b)
        if b.shape != W.shape[3:]:
            raise ValueError(
                f"b has {_count(b.size, 'value')}, W has {_count(W.shape[3], 'filter')}: b needs "
                f"one value for each filter, b.shape == ({W.shape[3]},)"
                + (f"; got the shape {b.shape}" if b.ndim != 1 else "")
            )
    found = geometry(Y.shape[-3:-1], W.shape[:2], stride, padding, dilation)
    check_room("Z", (*Y.shape[:-3], *found.output_size, W.shape[3]), padding=padding)
    return found


def check_backward_input(dZ, W, input_size, stride, padding, dilation):
    """Check the arguments of the input gradient and return its `Geometry`."""
    check_map("dZ", dZ)
    check_filters(W)
    if dZ.shape[-1] != W.shape[3]:
        raise ValueError(
            f"dZ has {_count(dZ.shape[-1], 'map')}, W has {_count(W.shape[3], 'filter')}: each "
            f"filter makes one map, dZ.shape[-1] == W.shape[3]; dZ.shape is {dZ.shape}, "
            f"W.shape is {W.shape}"
        )
    found = geometry(input_size, W.shape[:2], stride, padding, dilation)
    _check_output(dZ, found)
    check_room("dY", (*dZ.shape[:-3], *found.input_size, W.shape[2]), padding=padding)
    return found


def check_backward_filter(dZ, Y, filter_size, stride, padding, dilation):
    """Check the arguments of the filter gradient and return its `Geometry`."""
    check_map("dZ", dZ)
    check_map("Y", Y)
    if dZ.shape[:-3] != Y.shape[:-3]:
        raise ValueError(
            f"dZ and Y must hold the same batch: the axes before the last three are "
            f"{dZ.shape[:-3]} in dZ and {Y.shape[:-3]} in Y; pass the Y of the forward pass"
        )
    found = geometry(Y.shape[-3:-1], filter_size, stride, padding, dilation)
    _check_output(dZ, found)
    check_room("dW", (*found.filter_size, Y.shape[-1], dZ.shape[-1]), padding=padding)
    return found


def check_floats(name, array, kinds="f"):
    """Refuse everything but plain NumPy arrays of floating-point numbers, or of these kinds."""
    plain = isinstance(array, np.ndarray) and not isinstance(array, np.ma.MaskedArray)
    if not plain or (kinds != "f" and array.dtype.kind not in kinds):
        held = f"{type(array).__name__} of {array.dtype}" if plain else type(array).__name__
        cure = f"{name}.filled(0)" if hasattr(array, "filled") else f"np.array({name}, dtype=float)"
        raise TypeError(
            f"{name} must be a NumPy array of {'floats' if kinds == 'f' else 'numbers'}, "
            f"got {held}: pass {cure}"
        )
    if array.dtype.kind not in kinds:
        held = {"i": "integers", "u": "integers", "b": "booleans", "c": "complex numbers"}
        raise TypeError(
            f"{name} holds {held.get(array.dtype.kind, 'no floating-point numbers')} "
            f"({array.dtype}) and gradients are fractions: "
            f"pass {name}{'.real' if array.dtype.kind == 'c' else '.astype(float)'}"
        )


def check_map(name, array, kinds="f"):
    """Refuse an array that is no map of shape (..., rows, columns, channels)."""
    check_floats(name, array, kinds)
    if array.ndim < 3:
        way_out = f"pass {name}[..., np.newaxis]" if array.ndim == 2 else "give it three axes"
        raise ValueError(
            f"{name} needs the shape (..., rows, columns, channels), got {array.shape}: {way_out}"
        )


def check_filters(W):
    """Refuse an array that holds no filters of shape (f_h, f_w, n_k, f_k)."""
    check_floats("W", W)
    if W.ndim != 4:
        way_out = "; one filter for one map: W[:, :, np.newaxis, np.newaxis]" * (W.ndim == 2)
        raise ValueError(f"W needs the shape (f_h, f_w, n_k, f_k), got {W.shape}{way_out}")
    if 0 in W.shape[:2]:
        raise ValueError(
            f"W needs at least one row and one column: the filters are {by(W.shape[:2])}"
        )


def check_room(name, shape, **suspect):
    """Refuse a result of more than `LARGEST` cells, empty axes aside, before it is made."""
    cells = 1
    for size in shape:
        cells *= max(1, int(size))
    if cells > LARGEST:
        hints = "".join(f" and at {key} = {_short(value)}" for key, value in suspect.items())
        raise ValueError(
            f"{name} would be {by(shape)}: more than {LARGEST} cells do not fit in memory; "
            f"look at the sizes{hints}"
        )


def _check_output(dZ, found):
    if dZ.shape[-3:-1] == found.output_size:
        return
    dilated = found.dilation != (1, 1)
    raise ValueError(
        f"dZ is {by(dZ.shape[-3:-1])}, but a {by(found.input_size)} input, a "
        f"{by(found.filter_size)} filter, stride {one(found.stride)}"
        + (", " if dilated else " and ")
        + f"padding {_padding(found.padding)}"
        + f" and dilation {one(found.dilation)}" * dilated
        + f" give a {by(found.output_size)} output; "
        f"pass the stride and padding of the forward pass"
    )


def _whole_numbers(value, least):
    """Return a pair of ints of at least `least`, or None where `value` is no such thing."""
    values = value if _is_pair(value) else (value, value)
    try:
        pair = tuple(operator.index(v) for v in values if not isinstance(v, (bool, np.bool_)))
    except TypeError:
        return None
    return pair if len(pair) == 2 and min(pair) >= least else None


def _size_pair(value, name, form, least):
    pair = _whole_numbers(value, least) if _is_pair(value) else None
    rule = f"a pair {form} of whole numbers of at least {least}"
    whole_shape = isinstance(value, tuple) and len(value) > 2
    hint = "; of a whole shape, take the height and the width only" * whole_shape
    return pair or _refuse(name, rule, value, hint)


def _is_pair(value):
    row = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim)
    return bool(row) and len(value) == 2


def _refuse(name, rule, value, hint=""):
    whole = isinstance(value, (int, np.integer, tuple, list)) and not isinstance(value, bool)
    whole = whole or (isinstance(value, np.ndarray) and value.dtype.kind in "iu")
    error = ValueError if whole or isinstance(value, str) else TypeError
    raise error(f"{name} must be {rule}; got {_short(value)}{hint}")


# --- words for messages --------------------------------------------------------------


def by(size):
    """(3, 5) as text: 3 x 5."""
    return " x ".join(map(str, size))


def one(pair):
    """Text of a pair: one number where both are equal."""
    first, second = pair
    return str(first) if first == second else f"({first}, {second})"


def _padding(sides):
    """Text of a padding in the shortest form that may be passed again."""
    even = all(before == after for before, after in sides)
    return one(tuple(before for before, _ in sides)) if even else str(sides)


def _count(number, noun):
    return f"{number} {noun}" + "s" * (number != 1)


def _short(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


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
        If `Y` has no row, column and channel axis, or `padding` is not of this form.
    """
    check_map("Y", Y, NUMBERS)
    (top, bottom), (left, right) = padding_sides(padding)
    *batch, n_h, n_w, n_k = Y.shape
    shape = (*batch, top + n_h + bottom, left + n_w + right, n_k)
    check_room("the padded map", shape, padding=padding)
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
        If `dYp` has no row, column and channel axis, `padding` is not of this form, or
        the padding is more than the map holds.
    """
    check_map("dYp", dYp, NUMBERS)
    (top, bottom), (left, right) = padding_sides(padding)
    rows, columns = dYp.shape[-3:-1]
    if top + bottom > rows or left + right > columns:
        raise ValueError(
            f"dYp is {rows} x {columns}, too small to cut off padding = {_short(padding)}: "
            f"pass the gradient of the padded map, and the padding of the forward pass"
        )
    return np.array(dYp[..., top : rows - bottom, left : columns - right, :])


def flip(W):
    """Turn each filter by 180 degrees: both spatial axes are reversed, no channel is.

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
        If `W` is no array of numbers with two axes or more.
    """
    check_floats("W", W, NUMBERS)
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
        If a stride is less than 1, or `dZ` has no row, column and channel axis.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep
       learning", arXiv:1603.07285, 2016, section 4.
    """
    check_map("dZ", dZ, NUMBERS)
    s_h, s_w = step_pair(stride, "stride")
    *batch, o_h, o_w, f_k = dZ.shape
    shape = (*batch, max(0, (o_h - 1) * s_h + 1), max(0, (o_w - 1) * s_w + 1), f_k)
    check_room("dZ, spread,", shape, stride=stride)
    apart = np.zeros(shape, dZ.dtype)
    apart[..., ::s_h, ::s_w, :] = dZ
    return apart

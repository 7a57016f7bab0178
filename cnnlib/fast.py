"""The functions of `cnnlib.loops`, as fast as NumPy makes them.

Read `cnnlib.vectorized` first: its *taps*, one matrix product for each weight position, are the
whole idea. Here are the same sums in an order that suits the machine. *Tiles* copy windows side by
side, a cache full at a time, so that one product does all taps. *Blocks* let neighbouring windows
share one copy. *Phases* take a stride apart, so that no inserted zero is multiplied. *Tables* are
for the smallest maps. Each has a paragraph that says why. The public functions come last.
"""

import itertools
import math
from functools import lru_cache

import numpy as np

from cnnlib.checks import by_name, check_map
from cnnlib.shapes import (
    Axis,
    ConvGradients,
    check_backward,
    check_backward_filter,
    check_backward_input,
    check_forward,
    plain,
)
from cnnlib.vectorized import filter_taps, forward_taps, input_taps

# --- taps ------------------------------------------------------------------------------------
#
# Nothing is faster than taps where a layer has many channels and few cells, as the last ones of a
# network have: what follows needs copies of the filters, and here the filters are what is large.
# NaN and infinity are left to the taps, too: they multiply no zero of the padding by them.

MATRIX = 2**13
"""Below this many weights in a tap, the call costs more than the product."""
LARGE = 4
"""Filters with a quarter of the numbers of both maps take longer to copy than the maps."""


def _large(shape, *maps):
    """Whether the filters are large beside their maps."""
    return math.prod(shape[2:]) >= MATRIX and LARGE * math.prod(shape) > sum(a.size for a in maps)


MANY = 4
"""Where Y has more than this many times the cells of Z, most windows of dZ are padding."""


def _scatter_is_less(where):
    """Whether to scatter from the few cells of Z saves most products of the gathered sum."""
    return math.prod(where.input_size) > MANY * math.prod((*where.stride, *where.output_size))


# --- tiles -----------------------------------------------------------------------------------
#
# A processor multiplies large matrices ten times as fast as many small ones. So copy the windows
# of many cells of Z side by side, one to a row: then a single product does all taps. The whole
# matrix of windows has f_h f_w copies of each cell, more than fits anywhere. A tile of it that
# stays in the cache next to the processor is multiplied before it would be written to memory.

TILE = 2**19
"""Bytes of a tile: a quarter to a half of the second-level cache of today's processors."""
ROWS = 128
"""A tile has at least this many windows: the filters are read once for each tile."""


def _tiles(X, rows, columns, width):
    """Yield (index of the windows, the windows as rows of a matrix), tile by tile.

    X is (m, n_h, n_w, n_k), and what is wanted outside it is 0. A row holds the windows of
    `width` cells beside each other, that is one wide window.
    """
    wide, inside, shape, images, band = _layout(X.shape, X.itemsize, rows, columns, width)
    length = math.prod(shape[2:])
    padded = np.zeros((images, *wide, X.shape[3]), X.dtype) if inside else X
    memory = np.empty((images, band, *shape[1:]), X.dtype)
    for first in range(0, len(X), images):
        some = X[first : first + images]
        if inside:
            (from_r, to_r), (from_c, to_c) = inside
            padded[: len(some), to_r, to_c] = some[:, from_r, from_c]
            some = padded[: len(some)]
        a, r, c, e = some.strides
        steps = a, r * rows.s, c * columns.s * width, r * rows.d, c * columns.d, e
        steps = [step * (size > 1) for step, size in zip(steps, (2, *shape), strict=True)]
        windows = np.ndarray((len(some), *shape), X.dtype, some, 0, steps)
        for top in range(0, rows.o, band):
            tile = windows[:, top : top + band]
            if not tile.flags.c_contiguous:  # as those of a 1 x 1 filter are
                copy = memory[: tile.shape[0], : tile.shape[1]]
                copy[...] = tile
                tile = copy
            at = slice(first, first + images), slice(top, top + band)
            yield at, tile.reshape(-1, length)


@lru_cache(maxsize=256)
def _layout(X_shape, itemsize, rows, columns, width):
    """Sizes of the padded map and of the windows; images, and rows of windows, in a tile."""
    m, n_h, n_w, n_k = X_shape
    o_w, f_w = -(-columns.o // width), columns.f + columns.s * (width - 1)
    wide = (rows.o - 1) * rows.s + rows.extent, (o_w * width - 1) * columns.s + columns.extent
    count = max(TILE // (rows.f * f_w * n_k * itemsize), ROWS)
    images, band = min(m, max(1, count // (rows.o * o_w))), min(rows.o, max(1, count // o_w))
    whole = rows.before == columns.before == 0 and wide[0] <= n_h and wide[1] <= n_w
    inside = None if whole else (_overlap(rows, n_h, wide[0]), _overlap(columns, n_w, wide[1]))
    return wide, inside, (rows.o, o_w, rows.f, f_w, n_k), images, band


def _overlap(axis, n, wide):
    """Cells of a map that the windows need, and where they lie in the padded one."""
    start, stop = max(0, -axis.before), min(n, wide - axis.before)
    stop = max(start, stop)
    return slice(start, stop), slice(start + axis.before, stop + axis.before)


# --- blocks ----------------------------------------------------------------------------------
#
# With few channels, a tile is many short copies and its product is too narrow to be fast. The
# windows of neighbouring cells overlap: let one row of the tile be the window of a whole block of
# cells, as wide as they are together. The filter becomes a band, one shifted copy for each cell of
# the block, and zeros between. Zeros are multiplied, and it pays as long as copies cost more.

RUN = 150
"""Starting to copy a run of neighbouring numbers takes as long as this many products."""
COPY = 3
"""Copying a number into a tile takes as long as this many products."""
PACK = 5
"""And handing it to the product as long as this many: the library copies it once more."""
NARROW = 8
"""A product with fewer columns takes as long: a processor does this many at once."""


@lru_cache(maxsize=1024)
def _cheapest(rows, columns, n_k, f_k):
    """(time in units of a product, width) of the cheapest blocks.

    A dilated window has gaps, and is not widened.
    """
    found = []
    for width in range(1, max(1, min(16, columns.o)) + 1 if columns.d == 1 else 2):
        blocks = rows.o * -(-columns.o // width)
        numbers = rows.f * (columns.f + columns.s * (width - 1)) * n_k
        each = COPY + PACK + max(NARROW, f_k * width)
        found.append((blocks * (RUN * rows.f + numbers * each), width))
    return min(found)


def _band(W, step, width):
    """Filters for a block of cells, as a matrix: W once for each, shifted by the stride."""
    f_h, f_w, n_k, f_k = W.shape
    if width > 1:
        band = np.zeros((f_h, f_w + step * (width - 1), n_k, width, f_k), W.dtype)
        _copies(band, f_w, step)[...] = W[:, :, :, np.newaxis]
        W = band
    return W.reshape(-1, width * f_k)


def _fold(total, shape, step, width):
    """The way back from `_band`: each weight collects from its copies."""
    f_h, f_w, n_k, f_k = shape
    if width == 1:
        return total.reshape(shape)
    return _copies(total.reshape(f_h, -1, n_k, width, f_k), f_w, step).sum(axis=3)


def _copies(band, f_w, step):
    """The copies of the filter in a band, as a view (f_h, f_w, n_k, copy, f_k)."""
    f_h, _, n_k, width, f_k = band.shape
    a, v, c, copy, e = band.strides
    steps = a, v, c, copy + step * v, e
    return np.ndarray((f_h, f_w, n_k, width, f_k), band.dtype, band, 0, steps)


def _slide(X, rows, columns, W, out):
    """Slide W over X: write the product of each window and W into `out`, (m, o_h, o_w, ...)."""
    _, width = _cheapest(rows, columns, *W.shape[2:])
    band = _band(W, columns.s, width)
    for at, tile in _tiles(X, rows, columns, width):
        here = out[at]
        if columns.o % width == 0 and here.flags.c_contiguous:
            np.matmul(tile, band, out=here.reshape(len(tile), -1))
        else:
            found = (tile @ band).reshape(*here.shape[:2], -1, *here.shape[3:])
            here[...] = found[:, :, : columns.o]


def _collect(X, rows, columns, Z, shape):
    """Return the sum over all windows of X, transposed, times their cell of Z; `shape` of W."""
    _, width = _cheapest(rows, columns, *shape[2:])
    spare, total = -columns.o % width, 0
    for at, tile in _tiles(X, rows, columns, width):
        z = np.pad(Z[at], ((0, 0), (0, 0), (0, spare), (0, 0))) if spare else Z[at]
        part = tile.T @ z.reshape(len(tile), -1)
        total = np.add(total, part, out=part)
    return _fold(total, shape, columns.s, width)


# --- phases of the stride --------------------------------------------------------------------
#
# To gather dY at stride s, lessons put s - 1 zeros between the cells of dZ. Most products are then
# with zeros. But look at every s-th cell of dY only: it meets every s-th weight, and dZ itself,
# without a zero. So dY falls into s_h s_w phases, each a dense problem of stride 1 with a part of
# the filter. With few channels their products are narrow; then all phases of a cell of dZ are
# computed at once, with a few zeros at the edge of the filter.


@lru_cache(maxsize=256)
def _phases(axis):
    """For each phase of an axis: its cells of Y, its weights, and how they lie on dZ."""
    found, shared = [], math.gcd(axis.s, axis.d)
    for phase in range(min(axis.s, axis.n)):
        u = [u for u in range(axis.f) if (phase + axis.before - u * axis.d) % axis.s == 0]
        if u:  # from the last one on: it meets the first cell of dZ
            before = -((phase + axis.before - u[-1] * axis.d) // axis.s)
            gap, o = axis.d // shared, len(range(phase, axis.n, axis.s))
            lie = Axis(axis.o, len(u), 1, gap, before, o + gap * (len(u) - 1) - axis.o - before)
            cells, weights = slice(phase, None, axis.s), slice(u[-1], None, -axis.s // shared)
            found.append((cells, weights, lie))
    return found


def _input_gradient(dZ, W, where, dY):
    """Fill dY, phase by phase."""
    for cells_h, u, rows in _phases(where.rows):
        for cells_w, v, columns in _phases(where.columns):
            part = W[u, v].swapaxes(2, 3)
            _slide(dZ, rows, columns, part, dY[:, cells_h, cells_w])


def _input_gradient_at_once(dZ, W, where, dY):
    """Fill dY, all phases in one product: s_h s_w n_k maps for each cell of dZ."""
    (s_h, s_w), (rows, columns) = where.stride, map(_at_once, where)
    f_h, f_w, n_k, f_k = W.shape
    top, left = (-axis.before % axis.s for axis in where)
    parts = np.zeros((rows.f * s_h, columns.f * s_w, n_k, f_k), W.dtype)
    parts[top : top + f_h, left : left + f_w] = W
    parts = parts.reshape(rows.f, s_h, columns.f, s_w, n_k, f_k)[::-1, :, ::-1]
    parts = parts.transpose(0, 2, 5, 1, 3, 4).reshape(rows.f, columns.f, f_k, -1)
    m, n_h, n_w, _ = dY.shape
    cells = np.empty((m, rows.o, s_h, columns.o, s_w * n_k), dY.dtype)
    _slide(dZ, rows, columns, parts, cells.swapaxes(2, 3))
    dY[...] = cells.reshape(m, rows.o * s_h, -1, n_k)[:, :n_h, :n_w]


@lru_cache(maxsize=256)
def _at_once(axis):
    """How windows lie on dZ where the `s` phases of an axis are one wide cell."""
    lead = -axis.before % axis.s
    f, o = -(-(axis.f + lead) // axis.s), -(-axis.n // axis.s)
    before = f - 1 - (axis.before + lead) // axis.s
    return Axis(axis.o, f, 1, 1, before, o - 1 + f - axis.o - before)


@lru_cache(maxsize=256)
def _at_once_is_cheaper(where, n_k, f_k):
    if where.dilation != (1, 1):  # at stride 1 there is one phase, and both cost the same
        return False
    parts = itertools.product(*([lie for *_, lie in _phases(axis)] for axis in where))
    one_by_one = sum(_cheapest(*lie, f_k, n_k)[0] for lie in parts)
    return _cheapest(*map(_at_once, where), f_k, math.prod(where.stride) * n_k)[0] < one_by_one


# --- tables ----------------------------------------------------------------------------------
#
# On small maps the products cost nothing, and each call of NumPy a microsecond. All gradients are
# dZ times a matrix whose numbers come from W (for dY) or from Y (for dW), each from a place that
# depends on the sizes only. So a table of places is made once, and used again each time. With one
# image and one filter even a single matrix does it, for dY, dW and db side by side.

SMALL = 2**15
"""A table has at most this many places: looking them up takes as long as the calls it saves."""


@lru_cache(maxsize=64)
def _table(shapes, dtype, stride, padding, dilation):
    """Places in (W, Y, 0, 1) for dY: cells of dZ by cells of Y; and for dW: cells of Z by weights.

    None where that is too much. Bad arguments are refused here, once for all arrays alike.
    """
    dZ, Y, W = (np.broadcast_to(np.ones((), dtype), shape) for shape in shapes)
    where = check_backward(dZ, Y, W, stride, padding, dilation)
    m = math.prod(Y.shape[:-3])
    if (
        0 in (dZ.size, Y.size, W.size)
        or dZ.size * (Y.size // m**2 + W.size // W.shape[3] ** 2) > SMALL
    ):
        return None
    weights = np.arange(W.size).reshape(W.shape)
    cells = np.arange(W.size, W.size + Y.size).reshape(m, *Y.shape[-3:])
    zero = W.size + Y.size
    for_dY = np.full((*dZ.shape[-3:], *Y.shape[-3:]), zero)
    for_dW = np.full((m, *where.output_size, *W.shape[:3]), zero)
    for (u, v), y, (_, i, j, _) in where.taps():
        for_dW[:, i, j, u, v] = cells[y]
        (r, c), (i, j) = (np.ogrid[at] for at in (y[1:3], (i, j)))
        for_dY[i, j, :, r, c] = weights[u, v].T
    for_dY = for_dY.reshape(-1, math.prod(Y.shape[-3:]))
    for_dW = for_dW.reshape(-1, math.prod(W.shape[:3]))
    if m == W.shape[3] == 1:
        ones = np.full((len(for_dY), 1), zero + 1)
        for_dY, for_dW = np.concatenate((for_dY, for_dW, ones), axis=1), None
    return for_dY, for_dW, np.array([0, 1], dtype)


def _by_table(dZ, Y, W, how):
    """All three gradients, or None where there is no table or a number is not finite."""
    alike = type(dZ) is type(Y) is type(W) is np.ndarray and dZ.dtype == Y.dtype == W.dtype
    floats = alike and dZ.dtype.kind == "f" and dZ.dtype.isnative
    small = floats and dZ.size <= SMALL and plain(*how)
    known = small and _table((dZ.shape, Y.shape, W.shape), dZ.dtype, *how)
    if not known:
        return None
    for_dY, for_dW, zero_one = known
    numbers = np.concatenate((W.ravel(), Y.ravel(), zero_one))
    with np.errstate(invalid="ignore", over="ignore"):
        if for_dW is None:
            found = dZ.ravel().dot(numbers.take(for_dY))
            dY, dW, db = found[: Y.size], found[Y.size : -1], found[-1:]
        else:
            dY = dZ.reshape(-1, len(for_dY)).dot(numbers.take(for_dY))
            dW = numbers.take(for_dW).T.dot(dZ.reshape(len(for_dW), -1))
            db = conv_backward_bias(dZ)
            found = np.concatenate((dY, dW, db), axis=None)
        if not math.isfinite(found.sum()):  # it may come from a zero times infinity
            return None
    return ConvGradients(dY.reshape(Y.shape), dW.reshape(W.shape), db)


# --- the public functions --------------------------------------------------------------------


@by_name
def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z[z] += Y[y] W(u, v) for each (u, v), started at the bias. See `loops`."""
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    Y, W = _as(dtype, Y, W)  # a wide b makes the products wide, too
    Z = np.zeros((*Y.shape[:-3], *where.output_size, W.shape[3]), dtype)
    if _finite(Y, W) and not _large(W.shape, Y, Z):
        _slide(_batch(Y), *where, W, _batch(Z))
    else:
        forward_taps(Y, W, where, Z)
    return Z if b is None else np.add(Z, b, out=Z)


@by_name
def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY[y] += dZ[z] W(u, v) transposed, for each (u, v). See `loops`."""
    return _input(dZ, W, check_backward_input(dZ, W, input_size, stride, padding, dilation))


def _input(dZ, W, where):
    dZ, W = _as(np.result_type(dZ, W), dZ, W)
    dY = np.zeros((*dZ.shape[:-3], *where.input_size, W.shape[2]), dZ.dtype)
    if not dY.size or _large(W.shape, dZ, dY) or _scatter_is_less(where) or not _finite(dZ, W):
        input_taps(dZ, W, where, dY)
    elif _at_once_is_cheaper(where, *W.shape[2:]):
        _input_gradient_at_once(_batch(dZ), W, where, _batch(dY))
    else:
        _input_gradient(_batch(dZ), W, where, _batch(dY))
    return dY


@by_name
def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW(u, v) = Y[y] transposed, times dZ[z], over all cells and images. See `loops`."""
    return _filter(dZ, Y, check_backward_filter(dZ, Y, filter_size, stride, padding, dilation))


def _filter(dZ, Y, where):
    dZ, Y = _as(np.result_type(dZ, Y), dZ, Y)
    dW = np.zeros((*where.filter_size, Y.shape[-1], dZ.shape[-1]), dZ.dtype)
    if _finite(dZ, Y) and not _large(dW.shape, dZ, Y):
        return _collect(_batch(Y), *where, _batch(dZ), dW.shape)
    filter_taps(dZ, Y, where, dW)
    return dW


@by_name
def conv_backward_bias(dZ):
    """db = dZ summed over all axes but the last, in two stages. See `loops`.

    About sqrt(n) cells are summed at a time, then their sums: no sum is long, so rounding is small.
    """
    check_map("dZ", dZ)
    (dZ,) = _as(np.result_type(dZ), dZ)
    if not dZ.size:
        return np.zeros(dZ.shape[-1], dZ.dtype)
    cells = dZ.reshape(-1, dZ.shape[-1])
    ones = np.ones(math.isqrt(len(cells)), dZ.dtype)
    whole = len(cells) // len(ones) * len(ones)
    parts = ones @ cells[:whole].reshape(-1, len(ones), dZ.shape[-1])
    return parts.sum(axis=0) + ones[: len(cells) - whole] @ cells[whole:]


@by_name
def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    how = stride, padding, dilation
    found = _by_table(dZ, Y, W, how)
    if found:
        return found
    where = check_backward(dZ, Y, W, *how)
    return ConvGradients(_input(dZ, W, where), _filter(dZ, Y, where), conv_backward_bias(dZ))


def _as(dtype, *arrays):
    return [np.ascontiguousarray(a, dtype) for a in arrays]


def _batch(maps):
    """The same memory with one batch axis."""
    return maps if maps.ndim == 4 else maps.reshape(-1, *maps.shape[-3:])


def _finite(*arrays):
    """Whether no array is empty, and all numbers are finite: then zero times any of them is 0.

    The sum of squares is the fastest way to tell: it is not finite where a number is not. (It may
    also overflow; then the taps are taken, which is only slower.)
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return all(a.size and math.isfinite(np.vdot(a, a)) for a in arrays)

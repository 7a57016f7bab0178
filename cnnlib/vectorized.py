"""The functions of `cnnlib.loops` without a loop over cells, and fast.

Read it from top to bottom. *Taps* are the whole idea in two lines for each gradient: one
matrix product for each weight position. What follows are the same sums in an order that suits
the machine. *Tiles* copy windows side by side, a cache full at a time, so that one product does
all taps. *Blocks* let neighbouring windows share one copy. *Phases* take a stride apart, so that
no inserted zero is multiplied. Each has a paragraph that says why. The public functions stand
at the end.
"""

import itertools
import math
from functools import lru_cache

import numpy as np

from cnnlib.shapes import (
    Axis,
    ConvGradients,
    check_backward_filter,
    check_backward_input,
    check_forward,
    check_map,
    plain,
)

# --- taps ------------------------------------------------------------------------------------
#
# Hold one weight position (u, v) fixed. The cells of Y that it ever touches form a regular grid,
# one in `stride`, and so do the cells of Z. `Geometry.taps` gives the two grids as slices that
# stop at the edge of the map: no cell of the padding is there, so 0 * inf is never made. All
# that is not finite is therefore summed here. The input gradient is read in the scatter
# direction, so no filter is flipped; `loops` gathers. Both are the same sum in another order.


def _forward_by_taps(Y, W, where, Z):
    for (u, v), y, z in where.taps():
        Z[z] += Y[y] @ W[u, v]


def _input_by_taps(dZ, W, where, dY):
    for (u, v), y, z in where.taps():
        dY[y] += dZ[z] @ W[u, v].T


def _filter_by_taps(dZ, Y, where, dW):
    cells = list(range(dZ.ndim - 1))  # all axes but the channels
    for (u, v), y, z in where.taps():
        dW[u, v] += np.tensordot(Y[y], dZ[z], axes=(cells, cells))


# --- tiles -----------------------------------------------------------------------------------
#
# A processor multiplies large matrices ten times as fast as many small ones. So copy the windows
# of many cells of Z side by side, one to a row: then a single product does all taps. The whole
# matrix of windows has f_h f_w copies of each cell, more than fits anywhere. A tile of it that
# stays in the cache next to the processor is multiplied before it would be written to memory.

TILE = 2**19
"""Bytes of a tile: a quarter to a half of the second-level cache of today's processors."""
ROWS = 256
"""Windows in a tile, at the least: the filters are read once for each tile."""


def _tiles(X, rows, columns, width):
    """Yield (index of the windows, the windows as rows of a matrix), tile by tile.

    X is (m, n_h, n_w, n_k), and what is wanted outside it is 0. A row holds the windows of
    `width` cells beside each other, that is one wide window.
    """
    m, *_, n_k = X.shape
    wide, inside, shape, images, band = _layout(X.shape, X.itemsize, rows, columns, width)
    length, padded, flat = math.prod(shape[2:]), None, None
    if inside or not X.flags.c_contiguous:
        padded = np.zeros((images, *wide, n_k), X.dtype)
    for first in range(0, m, images):
        some = X[first : first + images]
        if padded is not None:
            (from_r, to_r), (from_c, to_c) = inside or (
                (slice(wide[0]),) * 2,
                (slice(wide[1]),) * 2,
            )
            padded[: len(some), to_r, to_c] = some[:, from_r, from_c]
            some = padded[: len(some)]
        a, r, c, e = some.strides
        steps = a, r * rows.s, c * columns.s * width, r * rows.d, c * columns.d, e
        steps = [step * (size > 1) for step, size in zip(steps, (2, *shape), strict=True)]
        windows = np.ndarray((len(some), *shape), X.dtype, some, 0, steps)
        for top in range(0, rows.o, band):
            tile = windows[:, top : top + band]
            if not tile.flags.c_contiguous:
                flat = (
                    np.empty(images * band * shape[1] * length, X.dtype) if flat is None else flat
                )
                into = flat[: tile.size].reshape(tile.shape)
                into[...] = tile
                tile = into
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
"""To begin a copy of neighbouring numbers takes as long as this many products (about 3 ns)."""
COPY = 3
"""To copy a number into a tile, as long as this many."""
PACK = 5
"""To hand a number of the tile to a product: a library for products copies it once more."""
NARROW = 8
"""A product with fewer columns takes as long as with these: a processor does so many at once."""


@lru_cache(maxsize=1024)
def _cheapest(rows, columns, n_k, f_k, products=1):
    """(time in units of a product, width) of the cheapest blocks for so many products of a tile.

    A dilated window has gaps, and is not widened.
    """
    found = []
    for width in range(1, min(16, columns.o) + 1 if columns.d == 1 else 2):
        blocks = rows.o * -(-columns.o // width)
        numbers = rows.f * (columns.f + columns.s * (width - 1)) * n_k
        each = COPY + products * (PACK + max(NARROW, f_k * width))
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
    return _copies(total.reshape(f_h, -1, n_k, width, f_k), f_w, step).sum(axis=3)


def _copies(band, f_w, step):
    """The copies of the filter in a band, as a view (f_h, f_w, n_k, copy, f_k)."""
    f_h, _, n_k, width, f_k = band.shape
    a, v, c, copy, e = band.strides
    steps = a, v, c, copy + step * v, e
    return np.ndarray((f_h, f_w, n_k, width, f_k), band.dtype, band, 0, steps)


def _slide(X, rows, columns, shape, W=None, out=None, other=None):
    """Slide over X. Write windows times W into `out`; return windows transposed times `other`.

    Both are (m, o_h, o_w, ...), and `shape` is that of W. The two products share each tile.
    """
    _, width = _cheapest(rows, columns, *shape[2:], (W is not None) + (other is not None))
    band = None if W is None else _band(W, columns.s, width)
    whole = columns.o % width == 0
    total = None
    for at, tile in _tiles(X, rows, columns, width):
        if W is not None:
            here = out[at]
            if whole and here.flags.c_contiguous:
                np.matmul(tile, band, out=here.reshape(len(tile), -1))
            else:
                found = (tile @ band).reshape(*here.shape[:2], -1, *here.shape[3:])
                here[...] = found[:, :, : columns.o]
        if other is not None:
            z = other[at]
            if not whole:
                z = np.pad(z, [(0, 0), (0, 0), (0, -columns.o % width)] + [(0, 0)] * (z.ndim - 3))
            part = tile.T @ z.reshape(len(tile), -1)
            total = part if total is None else np.add(total, part, out=total)
    return None if other is None else _fold(total, shape, columns.s, width)


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


@lru_cache(maxsize=256)
def _joined(axis):
    """How windows lie on dZ where the `s` phases of an axis are one wide cell."""
    lead = -axis.before % axis.s
    f, o = -(-(axis.f + lead) // axis.s), -(-axis.n // axis.s)
    before = f - 1 - (axis.before + lead) // axis.s
    return Axis(axis.o, f, 1, 1, before, o - 1 + f - axis.o - before)


@lru_cache(maxsize=256)
def _plan(where, n_k, f_k, both=True):
    """Whether to take all phases at once, and whether dW shares the tiles of dY: the cheapest."""
    parts = [*itertools.product(*([lie for *_, lie in _phases(axis)] for axis in where))]
    ways = {False: (parts, n_k)}
    if where.stride != (1, 1) and where.dilation == (1, 1):
        ways[True] = [[*map(_joined, where)]], math.prod(where.stride) * n_k
    costs = {}
    for (together, (lies, channels)), shared in itertools.product(ways.items(), (False, both)):
        cost = sum(_cheapest(*lie, f_k, channels, 1 + shared)[0] for lie in lies)
        costs[cost + (not shared) * _cheapest(*where, n_k, f_k)[0]] = together, shared
    return costs[min(costs)]


def _gradients(dZ, W, where, dY, Y=None, dW=None):
    """Fill dY from windows of dZ. Fill dW, where Y is given, from the same or from those of Y."""
    together, shared = _plan(where, *W.shape[2:], Y is not None)
    if Y is not None and not shared:
        dW[...] = _slide(Y, *where, W.shape, other=dZ)
        Y = None
    if together:
        return _phases_together(dZ, W, where, dY, Y, dW)
    for cells_h, u, rows in _phases(where.rows):
        for cells_w, v, columns in _phases(where.columns):
            at = slice(None), cells_h, cells_w
            part = W[u, v].swapaxes(2, 3)
            other = None if Y is None else Y[at]
            found = _slide(dZ, rows, columns, part.shape, part, dY[at], other)
            if Y is not None:
                dW[u, v] = found.swapaxes(2, 3)


def _phases_together(dZ, W, where, dY, Y, dW):
    (s_h, s_w), (rows, columns) = where.stride, map(_joined, where)
    f_h, f_w, n_k, f_k = W.shape
    m, n_h, n_w, _ = dY.shape
    lead_h, lead_w = (-axis.before % axis.s for axis in where)
    inside = slice(lead_h, lead_h + f_h), slice(lead_w, lead_w + f_w)

    def as_cells(maps):
        """(m, n_h, n_w, n_k) as (m, o_h, o_w, s_h, s_w n_k), a view."""
        return maps.reshape(m, rows.o, s_h, columns.o, s_w * n_k).swapaxes(2, 3)

    def with_rest(maps):
        rest = rows.o * s_h - n_h, columns.o * s_w - n_w
        return np.pad(maps, [(0, 0), (0, rest[0]), (0, rest[1]), (0, 0)]) if any(rest) else maps

    wide = np.zeros((rows.f * s_h, columns.f * s_w, n_k, f_k), W.dtype)
    wide[inside] = W
    wide = wide.reshape(rows.f, s_h, columns.f, s_w, n_k, f_k)[::-1, :, ::-1]
    wide = wide.transpose(0, 2, 5, 1, 3, 4)
    shape = *wide.shape[:3], s_h * s_w * n_k
    whole = with_rest(dY)
    found = _slide(
        dZ,
        rows,
        columns,
        shape,
        wide.reshape(shape),
        as_cells(whole),
        None if Y is None else as_cells(with_rest(Y)),
    )
    if whole is not dY:
        dY[...] = whole[:, :n_h, :n_w]
    if Y is not None:
        found = found.reshape(wide.shape).transpose(0, 3, 1, 4, 5, 2)[::-1, :, ::-1]
        dW[...] = found.reshape(rows.f * s_h, columns.f * s_w, n_k, f_k)[inside]


# --- tables ----------------------------------------------------------------------------------
#
# On one small map the products cost nothing, and each call of NumPy a microsecond. For one filter
# and one image every gradient is dZ, as a row, times a matrix whose numbers all stand in Y and W:
# dY meets weights, dW meets cells, db meets ones. Where each stands depends on the sizes only. So
# the table of places is made once, and then all three gradients are one look-up and one product.

SMALL = 2**12
"""Numbers to look up, at the most: beyond, looking up costs more than the calls it saves."""


@lru_cache(maxsize=64)
def _table(shapes, dtype, stride, padding, dilation):
    """Places in (Y, W, 0, 1): a row for each cell of dZ, a column for each of dY, dW and db."""
    dZ, Y, W = (np.zeros(shape, dtype) for shape in shapes)
    check_forward(Y, W, None, stride, padding, dilation)
    where = check_backward_filter(dZ, Y, W.shape[:2], stride, padding, dilation)
    if not 0 < dZ.size * (Y.size + W.size) <= SMALL or math.prod(dZ.shape) != math.prod(
        dZ.shape[-3:-1]
    ):
        return None
    n, f = Y.size, W.size
    cells, weights = np.arange(n).reshape(Y.shape[-3:]), np.arange(n, n + f).reshape(W.shape[:3])
    rows = np.arange(dZ.size).reshape(dZ.shape[-3:])
    table = np.full((dZ.size, n + f + 1), n + f)
    table[:, -1] = n + f + 1
    for (u, v), y, z in where.taps():
        table[rows[z], cells[y]] = weights[u, v]
        table[rows[z], weights[u, v]] = cells[y]
    return table, np.array([0, 1], dtype)


def _by_table(dZ, Y, W, how):
    """All three gradients, or None where there is no table or a number is not finite."""
    alike = type(dZ) is type(Y) is type(W) is np.ndarray and plain(*how)
    if not alike or dZ.size * Y.size > SMALL or not dZ.dtype == Y.dtype == W.dtype:
        return None
    known = dZ.dtype.isnative and _table((dZ.shape, Y.shape, W.shape), dZ.dtype, *how)
    if not known:
        return None
    table, zero_one = known
    found = dZ.ravel().dot(np.concatenate((Y.ravel(), W.ravel(), zero_one))[table])
    if not math.isfinite(found.dot(found)):  # it may come from a zero times infinity
        return None
    dY, dW, db = found[: Y.size], found[Y.size : -1], found[-1:]
    return ConvGradients(dY.reshape(Y.shape), dW.reshape(W.shape), db)


# --- the public functions --------------------------------------------------------------------


def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z[z] += Y[y] W(u, v) for each (u, v), started at the bias. See `loops`."""
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    Y, W = _as(dtype, Y, W)  # where b is the wider, the products are so too
    shape = (*Y.shape[:-3], *where.output_size, W.shape[3])
    if _finite(Y, W) and W.shape[3]:
        Z = np.empty(shape, dtype)
        _slide(_batch(Y), *where, W.shape, W, _batch(Z))
    else:
        Z = np.zeros(shape, dtype)
        _forward_by_taps(Y, W, where, Z)
    return Z if b is None else np.add(Z, b, out=Z)


def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY[y] += dZ[z] W(u, v) transposed, for each (u, v). See `loops`."""
    return _input(dZ, W, check_backward_input(dZ, W, input_size, stride, padding, dilation))


def _input(dZ, W, where):
    dZ, W = _as(np.result_type(dZ, W), dZ, W)
    dY = np.zeros((*dZ.shape[:-3], *where.input_size, W.shape[2]), dZ.dtype)
    if _finite(dZ, W) and dY.size:
        _gradients(_batch(dZ), W, where, _batch(dY))
    else:
        _input_by_taps(dZ, W, where, dY)
    return dY


def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW(u, v) = Y[y] transposed, times dZ[z], over all cells and images. See `loops`."""
    return _filter(dZ, Y, check_backward_filter(dZ, Y, filter_size, stride, padding, dilation))


def _filter(dZ, Y, where):
    dZ, Y = _as(np.result_type(dZ, Y), dZ, Y)
    dW = np.zeros((*where.filter_size, Y.shape[-1], dZ.shape[-1]), dZ.dtype)
    if _finite(dZ, Y):
        dW += _slide(_batch(Y), *where, dW.shape, other=_batch(dZ))
    else:
        _filter_by_taps(dZ, Y, where, dW)
    return dW


def conv_backward_bias(dZ):
    """db = dZ summed over all axes but the last, in two stages. See `loops`.

    The sums of about sqrt(n) cells are summed in turn: so no sum is long, and its rounding small.
    """
    check_map("dZ", dZ)
    (dZ,) = _as(np.result_type(dZ), dZ)
    if not dZ.size:
        return np.zeros(dZ.shape[-1], dZ.dtype)
    cells = dZ.reshape(-1, dZ.shape[-1])
    ones = np.ones(math.isqrt(len(cells)), dZ.dtype)
    whole = len(cells) // len(ones) * len(ones)
    rest = cells[whole:]
    parts = ones @ cells[:whole].reshape(-1, len(ones), dZ.shape[-1])
    return parts.sum(axis=0) + ones[: len(rest)] @ rest


def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    found = _by_table(dZ, Y, W, (stride, padding, dilation))
    if found is not None:
        return found
    check_forward(Y, W, None, stride, padding, dilation)
    where = check_backward_filter(dZ, Y, W.shape[:2], stride, padding, dilation)
    db = conv_backward_bias(dZ)
    alike = dZ.dtype == Y.dtype == W.dtype and dZ.dtype.isnative
    if alike and dZ.size and Y.size and _finite(db, W):  # a sum of dZ is finite: so is dZ
        dY, dW = np.zeros(Y.shape, Y.dtype), np.zeros(W.shape, W.dtype)
        with np.errstate(invalid="ignore"):
            _gradients(_batch(dZ), W, where, _batch(dY), _batch(Y), dW)
        if _finite(dW):  # all of Y is in it
            return ConvGradients(dY, dW, db)
    return ConvGradients(_input(dZ, W, where), _filter(dZ, Y, where), db)


def _as(dtype, *arrays):
    return [a if a.dtype == dtype and a.dtype.isnative else a.astype(dtype) for a in arrays]


def _batch(maps):
    """The same memory with one batch axis."""
    return maps if maps.ndim == 4 else maps.reshape(-1, *maps.shape[-3:])


def _finite(*arrays):
    """Whether no array is empty, and all numbers are finite: then zero times any of them is 0.

    One sum sees it: what is not finite stays in it. (A sum that overflows says no, and the
    taps are taken, which is only slower.)
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return all(a.size and math.isfinite(np.add.reduce(a, axis=None)) for a in arrays)

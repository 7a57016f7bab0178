"""The functions of `cnnlib.loops` without a loop over cells, and fast.

Read it from top to bottom. *Taps* are the whole idea in two lines for each gradient: one
matrix product for each weight position. What follows are the same sums in an order that suits
the machine. *Tiles* copy windows side by side, a cache full at a time, so that one product does
all taps. *Blocks* let neighbouring windows share one copy. *Phases* take a stride apart, so that
no inserted zero is multiplied. Each has a paragraph that says why. The public functions stand
at the end.
"""

import math

import numpy as np

from cnnlib.shapes import (
    Axis,
    ConvGradients,
    check_backward_filter,
    check_backward_input,
    check_forward,
    check_map,
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

TILE = 2**18
"""Bytes of a tile: a quarter to a half of the second-level cache of today's processors."""
ROWS = 256
"""Windows in a tile, at the least: the filters are read once for each tile."""


def _tiles(X, rows, columns, width, dtype):
    """Yield (index of the windows, the windows as rows of a matrix), tile by tile.

    X is (m, n_h, n_w, n_k), and what is wanted outside it is 0. A row holds the windows of
    `width` cells beside each other, that is one wide window.
    """
    m, n_h, n_w, n_k = X.shape
    o_w = -(-columns.o // width)
    f_w = columns.f + columns.s * (width - 1)
    wide = ((o_w * width - 1) * columns.s + columns.extent, (rows.o - 1) * rows.s + rows.extent)
    size = rows.f * f_w * n_k
    count = max(TILE // (size * dtype.itemsize), ROWS)
    images, band = min(m, max(1, count // (rows.o * o_w))), min(rows.o, max(1, count // o_w))
    inside = _overlap(rows, n_h, wide[1]), _overlap(columns, n_w, wide[0])
    whole = rows.before == columns.before == 0 and wide[1] <= n_h and wide[0] <= n_w
    whole = whole and X.flags.c_contiguous and X.dtype == dtype
    padded = None if whole else np.zeros((images, wide[1], wide[0], n_k), dtype)
    flat = None
    for first in range(0, m, images):
        some = X[first : first + images]
        if not whole:
            (from_r, to_r), (from_c, to_c) = inside
            padded[: len(some), to_r, to_c] = some[:, from_r, from_c]
            some = padded[: len(some)]
        a, r, c, e = some.strides
        shape = len(some), rows.o, o_w, rows.f, f_w, n_k
        steps = a, r * rows.s, c * columns.s * width, r * rows.d, c * columns.d, e
        windows = np.ndarray(shape, dtype, some, 0, steps)
        for top in range(0, rows.o, band):
            tile = windows[:, top : top + band]
            if not tile.flags.c_contiguous:
                flat = np.empty(images * band * o_w * size, dtype) if flat is None else flat
                into = flat[: tile.size].reshape(tile.shape)
                into[...] = tile
                tile = into
            at = slice(first, first + len(some)), slice(top, top + tile.shape[1])
            yield at, tile.reshape(-1, size)


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
"""To start a copy of neighbouring numbers costs as much as this many products (3 ns)."""
ELEMENT = 8
"""To copy a number into a tile, and in the product, as much as this many."""
NARROW = 8
"""A product with fewer columns takes as long as with these."""


def _cost(rows, columns, n_k, f_k, width):
    """Time for each cell by blocks of this width, in products."""
    size = rows.f * (columns.f + columns.s * (width - 1)) * n_k
    ragged = -(-columns.o // width) / columns.o
    return ragged * (RUN * rows.f + size * (ELEMENT + max(NARROW, f_k * width)))


def _block_width(rows, columns, n_k, f_k):
    """Cells in a block: the cheapest. A dilated window has gaps and is not widened."""
    widths = [w for w in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16) if w <= columns.o]
    widths = widths if columns.d == 1 else [1]
    return min(widths, key=lambda width: _cost(rows, columns, n_k, f_k, width))


def _band(W, step, width):
    """Filters for a block of cells: W once for each, shifted by the stride."""
    f_h, f_w, n_k, f_k = W.shape
    band = np.zeros((f_h, f_w + step * (width - 1), n_k, width, f_k), W.dtype)
    for cell in range(width):
        band[:, cell * step : cell * step + f_w, :, cell] = W
    return band.reshape(-1, width * f_k)


def _correlate(X, W, rows, columns, out):
    """out[m, i, j] = the window of X at (i, j), times W; `out` is (m, o_h, o_w, ...)."""
    width = _block_width(rows, columns, *W.shape[2:])
    band = _band(W, columns.s, width)
    straight = out.flags.c_contiguous and columns.o % width == 0
    for at, tile in _tiles(X, rows, columns, width, out.dtype):
        here = out[at]
        if straight:
            np.matmul(tile, band, out=here.reshape(len(tile), -1))
        else:
            found = (tile @ band).reshape(*here.shape[:2], -1, *here.shape[3:])
            here[...] = found[:, :, : columns.o]


# --- phases of the stride --------------------------------------------------------------------


def _phases(axis):
    """Yield for each phase: its cells, its weights, and how they lie on dZ."""
    for phase in range(min(axis.s, axis.n)):
        joined = [u for u in range(axis.f) if (phase + axis.before - u * axis.d) % axis.s == 0]
        if joined:
            u = joined[::-1]  # the largest u meets the first cell of dZ
            before = -((phase + axis.before - u[0] * axis.d) // axis.s)
            gap = axis.d // math.gcd(axis.s, axis.d)
            o = len(range(phase, axis.n, axis.s))
            after = o + gap * (len(u) - 1) - axis.o - before
            yield slice(phase, None, axis.s), u, Axis(axis.o, len(u), 1, gap, before, after)


def _input_gradient(dZ, W, where, dY):
    together = _together(where, W)
    if together and where.stride != (1, 1):
        return _all_phases(dZ, W, where, dY)
    for cells_h, u, rows in _phases(where.rows):
        for cells_w, v, columns in _phases(where.columns):
            part = W[u][:, v].swapaxes(2, 3)
            _correlate(dZ, part, rows, columns, dY[:, cells_h, cells_w])


def _together(where, W):
    """Whether all phases in one product are cheaper than one by one."""
    if where.dilation != (1, 1):
        return False
    n_k, f_k = W.shape[2:]
    rows, columns = map(_joined, where)
    one = _cost(rows, columns, f_k, math.prod(where.stride) * n_k, 1) * rows.o * columns.o
    parts = [
        _cost(r, c, f_k, n_k, _block_width(r, c, f_k, n_k)) * r.o * c.o
        for _, _, r in _phases(where.rows)
        for _, _, c in _phases(where.columns)
    ]
    return one < sum(parts)


def _joined(axis):
    """How windows lie on dZ when all phases of one step of the stride are one cell."""
    lead = -axis.before % axis.s
    f, o = -(-(axis.f + lead) // axis.s), -(-axis.n // axis.s)
    before = f - 1 - (axis.before + lead) // axis.s
    return Axis(axis.o, f, 1, 1, before, o - 1 + f - axis.o - before)


def _all_phases(dZ, W, where, dY):
    (s_h, s_w), (rows, columns) = where.stride, map(_joined, where)
    f_h, f_w, n_k, f_k = W.shape
    lead_h, lead_w = (-axis.before % axis.s for axis in where)
    wide = np.zeros((rows.f * s_h, columns.f * s_w, n_k, f_k), W.dtype)
    wide[lead_h : lead_h + f_h, lead_w : lead_w + f_w] = W
    wide = wide.reshape(rows.f, s_h, columns.f, s_w, n_k, f_k)[::-1, :, ::-1]
    wide = wide.transpose(0, 2, 5, 1, 3, 4).reshape(rows.f, columns.f, f_k, -1)
    m, n_h, n_w, _ = dY.shape
    exact = (rows.o * s_h, columns.o * s_w) == (n_h, n_w)
    all_cells = dY if exact else np.empty((m, rows.o * s_h, columns.o * s_w, n_k), dY.dtype)
    out = all_cells.reshape(m, rows.o, s_h, columns.o, s_w * n_k).swapaxes(2, 3)
    _correlate(dZ, wide, rows, columns, out)
    if not exact:
        dY[...] = all_cells[:, :n_h, :n_w]


def _filter_gradient(dZ, Y, where, dW):
    rows, columns = where
    f_h, f_w, n_k, f_k = dW.shape
    width = _block_width(rows, columns, n_k, f_k)
    total = 0
    for at, tile in _tiles(Y, rows, columns, width, dW.dtype):
        z = dZ[at]
        if columns.o % width:
            z = np.pad(z, ((0, 0), (0, 0), (0, -columns.o % width), (0, 0)))
        total += tile.T @ z.reshape(len(tile), -1)
    total = total.reshape(f_h, -1, n_k, width, f_k)
    for cell in range(width):
        dW += total[:, cell * columns.s : cell * columns.s + f_w, :, cell]


# --- the public functions --------------------------------------------------------------------


def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z[z] += Y[y] W(u, v) for each (u, v), started at the bias. See `loops`."""
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    W = W.astype(dtype, copy=False)  # where b is the wider, the products are so too
    Z = np.zeros((*Y.shape[:-3], *where.output_size, W.shape[3]), dtype)
    _fast(_correlate_forward, _forward_by_taps, (Y, W), where, Z)
    return Z if b is None else np.add(Z, b, out=Z)


def _correlate_forward(Y, W, where, Z):
    _correlate(Y, W, *where, Z)


def _fast(way, by_taps, arrays, where, out):
    if out.size and all(a.size for a in arrays):
        with np.errstate(invalid="ignore", over="ignore"):
            dtype = out.dtype
            flat = [
                _flat(a).astype(dtype, copy=False)
                if a.ndim > 4 or a.ndim == 3
                else a.astype(dtype, copy=False)
                for a in arrays
            ]
            o = out.reshape(-1, *out.shape[-3:]) if out.ndim != 4 else out
            way(*flat, where, o)
            if np.isfinite(out.sum()):
                return
        out[...] = 0
        by_taps(*arrays, where, out)


def _flat(a):
    return a.reshape(-1, *a.shape[-3:])


def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY[y] += dZ[z] W(u, v) transposed, for each (u, v). See `loops`."""
    where = check_backward_input(dZ, W, input_size, stride, padding, dilation)
    return _dY(dZ, W, where)


def _dY(dZ, W, where):
    dY = np.zeros((*dZ.shape[:-3], *where.input_size, W.shape[2]), np.result_type(dZ, W))
    _fast(_input_gradient, _input_by_taps, (dZ, W), where, dY)
    return dY


def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW(u, v) = Y[y] transposed, times dZ[z], over all cells and images. See `loops`."""
    where = check_backward_filter(dZ, Y, filter_size, stride, padding, dilation)
    return _dW(dZ, Y, where)


def _dW(dZ, Y, where):
    dW = np.zeros((*where.filter_size, Y.shape[-1], dZ.shape[-1]), np.result_type(dZ, Y))
    _fast(_filter_gradient, _filter_by_taps, (dZ, Y), where, dW)
    return dW


def conv_backward_bias(dZ):
    """db = dZ summed over all axes but the last. See `loops`."""
    check_map("dZ", dZ)
    return _db(dZ)


def _db(dZ):
    cells = math.prod(dZ.shape[:-1])
    rows = dZ.reshape(cells, dZ.shape[-1])
    length = math.isqrt(cells)
    if not dZ.size:
        return np.zeros(dZ.shape[-1], dZ.dtype.newbyteorder("="))
    whole = rows[: length * (cells // length)].reshape(-1, length, dZ.shape[-1])
    ones = np.ones(length, dZ.dtype)
    db = (ones @ whole).sum(axis=0)
    rest = rows[whole.shape[0] * length :]
    return db + ones[: len(rest)] @ rest


def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    check_forward(Y, W, None, stride, padding, dilation)
    where = check_backward_filter(dZ, Y, W.shape[:2], stride, padding, dilation)
    return ConvGradients(_dY(dZ, W, where), _dW(dZ, Y, where), conv_backward_bias(dZ))

"""The functions of `cnnlib.loops`, as fast as NumPy makes them.

Read `cnnlib.vectorized` first: its *taps*, one matrix product for each weight position, are the
whole idea. But each tap reads all of its cells from memory again, and its product is often narrow.
Here the same sums are made in an order that suits a processor. *Windows* are copied side by side,
so that one product does all weights. *Tiles* of them stay in the cache, and are multiplied in
pieces of the size that the library for products likes best. *Strides* are taken apart, so that no
zero between two cells is multiplied. The smallest maps are left to `cnnlib.small`.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnnlib.checks import by_name, check_map
from cnnlib.shapes import (
    Axis,
    ConvGradients,
    check_backward,
    check_backward_filter,
    check_backward_input,
    check_forward,
)
from cnnlib.small import by_table
from cnnlib.vectorized import filter_taps, forward_taps, input_taps

# --- taps --------------------------------------------------------------------------------------
#
# Taps are taken where zeros may not be multiplied, since a number is not finite; where a dilation
# leaves gaps in a window, or a stride has a single window; and where there are so many channels
# that a tap is a large product already.

MATRIX = 2**14
"""Weights of a tap that make a product of their own worth its call."""


def _by_taps(where, n_k, f_k, *arrays):
    """Whether to take the taps."""
    apart = any(axis.d > 1 or axis.o == 1 < axis.s for axis in where)
    return n_k * f_k >= MATRIX or apart or not _finite(*arrays)


# --- windows -----------------------------------------------------------------------------------
#
# A processor multiplies one large matrix much faster than many small ones. So each window of X
# becomes a row of a matrix, the filters become its columns, and one product does all weights. With
# few filters that product is narrow: a processor multiplies 16 numbers of float32 at once, and with
# one filter 15 of them are idle. So let a row be a block of neighboring windows, as wide as they
# are together. The filters become a band: one shifted copy for each window of the block, and zeros
# between. Zeros are multiplied, but the windows of a block share one copy.
#
# Zeros of the padding are copied and multiplied too. Zero times infinity is NaN, so what is not
# finite is left to the taps.


class Windows(NamedTuple):
    """How windows lie on a map, `width` of them beside each other in a block."""

    rows: Axis
    columns: Axis
    width: int

    @property
    def blocks(self):
        """Blocks in a row of windows; the last one may hang over the edge."""
        return -(-self.columns.o // self.width)

    @property
    def reach(self):
        """Columns of the map under a block."""
        return self.columns.f + self.columns.s * (self.width - 1)

    def lines(self, band):
        """Rows of the map under so many rows of windows."""
        return (band - 1) * self.rows.s + self.rows.f

    def room(self, X, images):
        """Zeros for the padded maps of some images, or None where windows stay inside the map."""
        height = self.lines(self.rows.o)
        width = (self.blocks - 1) * self.width * self.columns.s + self.reach
        inside = self.rows.before == self.columns.before == 0
        if inside and height <= X.shape[1] and width <= X.shape[2]:
            return None
        return np.zeros((images, height, width, X.shape[3]), X.dtype)

    def padded(self, X, room):
        """The part of X that is under windows, in the middle of its zeros."""
        if room is None:
            return X
        top, left = self.rows.before, self.columns.before
        _, height, width, _ = room.shape
        cells = X[:, max(0, -top) : height - top, max(0, -left) : width - left]
        top, left = max(0, top), max(0, left)
        room[: len(X), top : top + cells.shape[1], left : left + cells.shape[2]] = cells
        return room[: len(X)]

    def band_of(self, W):
        """The filters as a matrix, once for each window of a block."""
        f_h, f_w, n_k, f_k = W.shape
        if self.width == 1:
            return W.reshape(-1, f_k)
        band = np.zeros((f_h, self.reach, n_k, self.width, f_k), W.dtype)
        self._copies(band, f_w)[...] = W[:, :, :, np.newaxis]
        return band.reshape(-1, self.width * f_k)

    def filters_of(self, band, shape):
        """The way back from `band_of`: each weight collects from its copies."""
        f_h, f_w, n_k, f_k = shape
        if self.width == 1:
            return band.reshape(shape)
        band = band.reshape(f_h, self.reach, n_k, self.width, f_k)
        return self._copies(band, f_w).sum(axis=3)

    def _copies(self, band, f_w):
        """The copies of the filters in a band, as a view (f_h, f_w, n_k, copy, f_k)."""
        f_h, _, n_k, width, f_k = band.shape
        a, v, c, copy, e = band.strides
        steps = a, v, c, copy + self.columns.s * v, e
        return np.ndarray((f_h, f_w, n_k, width, f_k), band.dtype, band, 0, steps)


# --- tiles -------------------------------------------------------------------------------------
#
# All windows together hold each cell f_h f_w times, more than fits anywhere. A tile of them that
# stays in the cache next to the processor is multiplied before it would be written to memory.
#
# A library for products first copies both matrices into an order of its own. That pays for large
# ones only, so OpenBLAS, which comes with NumPy, has other routines for up to a million products,
# that take the matrices as they lie. Where the filters are small enough, a tile is multiplied in
# pieces of that size, all in one call of `matmul`. Then it need not be one matrix, and is laid out
# column by column: all rows of the map for the first column of blocks, then all for the second.
# So the f_h rows of a window lie beside each other, and so do those of the window one row further
# down: the two overlap in memory, and a cell is copied f_w times only.

TILE = 2**19
"""Bytes of a tile: a quarter of the second-level cache of today's processors."""
PIECE = 10**6
"""Products in a small piece."""
FEW, SOME, MANY = 16, 64, 128
"""Rows of a small piece: at the least; where each piece is a sum to be added; of a large piece."""
RUN, COPY, ADD = 24, 1, 4
"""To begin a copy, to copy a number, and to add one to dY: in products of a register."""
REGISTER = 64
"""Bytes that a processor multiplies at once."""


class Plan(NamedTuple):
    """How to go about it: the windows; their order in a tile, its size; the rows of a piece."""

    windows: Windows
    by_column: bool
    images: int
    band: int
    height: int


@lru_cache(maxsize=1024)
def _plan(m, itemsize, rows, columns, n_k, f_k, least=FEW):
    """Return the `Plan` with the cheapest blocks; `least` are the rows of a small piece."""

    def cost(windows):
        numbers = windows.reach * n_k
        products = rows.f * numbers * _registers(windows.width * f_k * itemsize)
        products *= 1 + 2 / max(windows.blocks, min(m, FEW))  # a product of few rows is slow
        return windows.blocks * (rows.s * (RUN + COPY * numbers) + products)

    widths = [width for width in (1, 2, 4, 8) if width <= columns.o]
    windows = min((Windows(rows, columns, width) for width in widths), key=cost)
    blocks, numbers, made = windows.blocks, windows.reach * n_k, windows.width * f_k
    height = PIECE // (rows.f * numbers * made)
    by_column = height >= least and rows.f > 2 * rows.s  # else a cell is hardly copied less often
    if by_column:
        line = blocks * (numbers + made) * itemsize
        images = FEW if blocks < FEW else -(-least // blocks)
        images = max(images, TILE // (line * windows.lines(rows.o)))
        band = (TILE // (images * line) - rows.f) // rows.s + 1
    else:
        height = height if height >= least else max(m * rows.o * blocks, 1)
        band = max(MANY, TILE // (rows.f * numbers * itemsize)) // blocks
        images = band // rows.o
    return Plan(windows, by_column, _even(m, images), _even(rows.o, band), height)


def _registers(size):
    """What a number costs that is multiplied by so many bytes: an odd register is slow."""
    number = -(-size // REGISTER)
    return 1 + number + (number > 1) * number % 2


def _even(number, most):
    """The size of the parts of a number, of at most so much, alike as far as they can be."""
    return -(-number // -(-number // max(1, most)))


def _tiles(X, plan):
    """Yield (which windows, the windows) tile by tile: (images, rows, blocks, numbers)."""
    windows, by_column, images, band, _ = plan
    (rows, columns, width), n_k, memory = windows, X.shape[3], None
    room = windows.room(X, images)
    for first in range(0, len(X), images):
        some = windows.padded(X[first : first + images], room)
        a, r, c, e = some.strides
        for top in range(0, rows.o, band):
            here = min(band, rows.o - top)
            if by_column:
                shape = len(some), windows.blocks, windows.lines(here), windows.reach, n_k
                steps = a, c * columns.s * width, r, c, e
            else:
                shape = len(some), here, windows.blocks, rows.f, windows.reach, n_k
                steps = a, r * rows.s, c * columns.s * width, r, c, e
            tile = np.ndarray(shape, X.dtype, some, top * rows.s * r, steps)
            if by_column or not tile.flags.c_contiguous:  # as those of a 1 x 1 filter are
                memory = np.empty(tile.size, X.dtype) if memory is None else memory
                copy = memory[: tile.size].reshape(shape)
                copy[...] = tile
                tile = copy
            at = slice(first, first + images), slice(top, top + band)
            yield at, _overlapping(tile, rows, here) if by_column else tile


def _overlapping(tile, rows, here):
    """The windows of a tile of columns: each begins a stride below the one before."""
    n, blocks, _, reach, n_k = tile.shape
    a, block, line, _, e = tile.strides
    shape, steps = (n, here, blocks, rows.f * reach * n_k), (a, line * rows.s, block, e)
    return np.ndarray(shape, tile.dtype, tile, 0, steps)


def _pieces(rows, height):
    """Yield (first row, end, pieces): pieces of at most so many rows, and of eights if possible."""
    step = min(height, -(-_even(rows, height) // 8) * 8, rows)
    whole = rows // step
    yield 0, whole * step, whole
    if rows % step:
        yield whole * step, rows, 1


def _cut(matrices, first, end, pieces):
    """Some rows of some matrices, as a stack of pieces, without a copy."""
    part = matrices[..., first:end, :]
    return part.reshape(*part.shape[:-2], pieces, -1, part.shape[-1])


def _slide(X, rows, columns, W, out):
    """Slide W over X: write the products of each window and W into `out`, (m, o_h, o_w, ...)."""
    plan = _plan(len(X), X.itemsize, rows, columns, *W.shape[2:])
    filters = plan.windows.band_of(W)
    spare = plan.windows.blocks * plan.windows.width - columns.o
    direct, memory = out.ndim == 4 and not spare, None
    for at, tile in _tiles(X, plan):
        here, shape = out[at], (*out[at].shape[:2], plan.windows.blocks, filters.shape[1])
        if not direct and memory is None:
            memory = np.empty(math.prod(shape), X.dtype)
        made = here.reshape(shape) if direct else memory[: math.prod(shape)].reshape(shape)
        left, right = tile, made
        if not plan.by_column:
            left, right = tile.reshape(-1, len(filters)), made.reshape(-1, filters.shape[1])
        elif shape[2] < min(FEW, shape[0]):  # few blocks in a row, and more images
            left, right = tile.transpose(1, 2, 0, 3), made.transpose(1, 2, 0, 3)
        for cut in _pieces(left.shape[-2], plan.height):
            np.matmul(_cut(left, *cut), filters, out=_cut(right, *cut))
        if not direct:
            made = made.reshape(*here.shape[:2], -1, *here.shape[3:])
            here[...] = made[:, :, : columns.o]


def _collect(X, rows, columns, Z, shape):
    """Return the sum over all windows of X, transposed, times their cell of Z; `shape` of W."""
    plan = _plan(len(X), X.itemsize, rows, columns, *shape[2:], SOME)
    numbers, made = rows.f * plan.windows.reach * shape[2], plan.windows.width * shape[3]
    spare = plan.windows.blocks * plan.windows.width - columns.o
    total, part = np.zeros((numbers, made), X.dtype), None
    for at, tile in _tiles(X, plan):
        z = np.pad(Z[at], ((0, 0), (0, 0), (0, spare), (0, 0))) if spare else Z[at]
        if plan.by_column:  # each row of windows, of all images, is a matrix
            tile, z = tile.swapaxes(0, 1), z.swapaxes(0, 1)
            left, right = tile.reshape(len(tile), -1, numbers), z.reshape(len(z), -1, made)
        else:
            left, right = tile.reshape(1, -1, numbers), z.reshape(1, -1, made)
        for cut in _pieces(left.shape[1], plan.height):
            a, b = _cut(left, *cut).swapaxes(2, 3), _cut(right, *cut)
            if len(a) == a.shape[1] == 1:
                part = np.matmul(a[0, 0], b[0, 0], out=part)  # in the same memory each time
                total += part
            else:
                total += np.matmul(a, b).sum(axis=(0, 1))
    return plan.windows.filters_of(total, shape)


# --- strides -----------------------------------------------------------------------------------
#
# To gather dY at stride s, the lessons put s - 1 zeros between the cells of dZ. Most products are
# then with zeros. But look at every s-th cell of dY only: it meets every s-th weight, and dZ itself
# without a zero. So the s_h s_w cells of dY that lie side by side are computed together, as if they
# were s_h s_w n_k maps over one cell of dZ, with filters that are sorted the same way.
#
# Some of those filters have zeros at their edge, and near the edge of the map a window is mostly
# padding. Where that wastes more than it costs to add up whole taps, the taps are taken.


def _scatter(dZ, W, where, dY):
    """Fill dY by taps, some images at a time: as many as the cache holds."""
    images = max(1, TILE // (dZ[0].nbytes + dY[0].nbytes))
    for first in range(0, len(dZ), images):
        some = slice(first, first + images)
        input_taps(dZ[some], W, where, dY[some])


def _gather(dZ, W, where, dY):
    """Fill dY, all cells between two windows at once."""
    (s_h, s_w), (rows, columns) = where.stride, map(_between, where)
    if s_h == s_w == 1:
        _slide(dZ, rows, columns, W[::-1, ::-1].swapaxes(2, 3), dY)
        return
    f_h, f_w, n_k, f_k = W.shape
    top, left = (-axis.before % axis.s for axis in where)
    sorted_ = np.zeros((rows.f * s_h, columns.f * s_w, n_k, f_k), W.dtype)
    sorted_[top : top + f_h, left : left + f_w] = W
    sorted_ = sorted_.reshape(rows.f, s_h, columns.f, s_w, n_k, f_k)[::-1, :, ::-1]
    sorted_ = sorted_.transpose(0, 2, 5, 1, 3, 4).reshape(rows.f, columns.f, f_k, -1)
    m, n_h, n_w, _ = dY.shape
    cells = np.empty((m, rows.o, s_h, columns.o, s_w * n_k), dY.dtype)
    _slide(dZ, rows, columns, sorted_, cells.swapaxes(2, 3))
    dY[...] = cells.reshape(m, rows.o * s_h, -1, n_k)[:, :n_h, :n_w]


@lru_cache(maxsize=256)
def _between(axis):
    """How windows lie on dZ where the `s` cells of dY between two windows are one wide cell."""
    lead = -axis.before % axis.s
    f, o = -(-(axis.f + lead) // axis.s), -(-axis.n // axis.s)
    before = f - 1 - (axis.before + lead) // axis.s
    return Axis(axis.o, f, 1, 1, before, o - 1 + f - axis.o - before)


@lru_cache(maxsize=256)
def _scatter_is_less(where, n_k, f_k, itemsize):
    """Whether the zeros of a gathered sum cost more than to add the products of whole taps."""
    gathered = math.prod(lie.o * lie.f for lie in map(_between, where)) * f_k
    gathered *= _registers(math.prod(where.stride) * n_k * itemsize)
    taps = math.prod((*where.output_size, *where.filter_size))
    return taps * (f_k * _registers(n_k * itemsize) + RUN + ADD * n_k) < gathered


# --- the public functions ----------------------------------------------------------------------


@by_name
def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z(i, j) = the window of Y times W, and the bias. See `loops`."""
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    Y, W = _as(dtype, Y, W)  # where b is the wider, the products are so too
    Z = np.zeros((*Y.shape[:-3], *where.output_size, W.shape[3]), dtype)
    if _by_taps(where, *W.shape[2:], Y, W):
        forward_taps(Y, W, where, Z)
    else:
        _slide(_batch(Y), *where, W, _batch(Z))
    return Z if b is None else np.add(Z, b, out=Z)


@by_name
def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY(r, c) = the window of dZ around it times W, flipped. See `loops`."""
    return _input(dZ, W, check_backward_input(dZ, W, input_size, stride, padding, dilation))


def _input(dZ, W, where):
    dZ, W = _as(np.result_type(dZ, W), dZ, W)
    dY = np.zeros((*dZ.shape[:-3], *where.input_size, W.shape[2]), dZ.dtype)
    if not dY.size or _by_taps(where, *W.shape[2:], dZ, W):
        input_taps(dZ, W, where, dY)
    elif _scatter_is_less(where, *W.shape[2:], W.itemsize):
        _scatter(_batch(dZ), W, where, _batch(dY))
    else:
        _gather(_batch(dZ), W, where, _batch(dY))
    return dY


@by_name
def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW = the windows of Y, transposed, times dZ. See `loops`."""
    return _filter(dZ, Y, check_backward_filter(dZ, Y, filter_size, stride, padding, dilation))


def _filter(dZ, Y, where):
    dZ, Y = _as(np.result_type(dZ, Y), dZ, Y)
    shape = *where.filter_size, Y.shape[-1], dZ.shape[-1]
    if not _by_taps(where, *shape[2:], dZ, Y):
        return _collect(_batch(Y), *where, _batch(dZ), shape)
    dW = np.zeros(shape, dZ.dtype)
    filter_taps(dZ, Y, where, dW)
    return dW


@by_name
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
    parts = ones @ cells[:whole].reshape(-1, len(ones), dZ.shape[-1])
    return parts.sum(axis=0) + ones[: len(cells) - whole] @ cells[whole:]


@by_name
def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    how = stride, padding, dilation
    found = by_table(dZ, Y, W, how)
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

    The sum of squares sees it: what is not finite stays in it, and no sum is faster. (One that
    overflows says no, and the taps are taken, which is only slower.)
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return all(a.size and math.isfinite(np.vdot(a, a)) for a in arrays)

"""A filter slides over a map: all windows times all weights, as NumPy multiplies them fastest.

`slide` writes the product of each window and the filters, as the forward pass does; and `collect`
sums the windows, each times its cell of the other map, as dW does. *Windows* are copied side by
side, so that one product does all weights. *Tiles* of them stay in the cache, and are multiplied in
*pieces* of the size that the library for products likes best.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from cnnlib.shapes import Axis

REGISTER = 64
"""Bytes that a processor multiplies at once."""
RUN = 24
"""What it costs to begin a copy: as much as to copy so many numbers, or to multiply them."""
TILE = 3 * 2**19
"""Bytes of a tile with its products: they stay in a second-level cache of two mebibytes."""
PIECE = 10**6
"""Products in a piece, at the most."""
FEW, SUM = 12, 128
"""Rows of a piece, at the least; and of one whose products are a sum that has to be added."""


# --- windows -----------------------------------------------------------------------------------
#
# A processor multiplies one large matrix much faster than many small ones. So each window of X
# becomes a row of a matrix, the filters become its columns, and one product does all weights. With
# few filters that product is narrow: a processor multiplies 16 numbers of float32 at once, and with
# one filter 15 of them are idle. So let a row be a block of neighboring windows, as wide as they
# are together. The filters become a band: one shifted copy for each window of the block, and zeros
# between. Zeros are multiplied, but the windows of a block share one copy.


@dataclass(frozen=True)
class Plan:
    """How windows lie on a map, `width` of them in a block; and the images and rows of a tile."""

    rows: Axis
    columns: Axis
    width: int
    images: int = 1
    band: int = 1

    @cached_property
    def blocks(self):
        """Blocks in a row of windows; the last one may hang over the edge."""
        return -(-self.columns.o // self.width)

    @cached_property
    def reach(self):
        """Columns of the map under a block."""
        return self.columns.f + self.columns.s * (self.width - 1)

    def lines(self, band):
        """Rows of the map under so many rows of windows."""
        return (band - 1) * self.rows.s + self.rows.f

    def band_of(self, W):
        """The filters as a matrix, once for each window of a block."""
        f_h, f_w, n_k, f_k = W.shape
        band = np.zeros((f_h, self.reach, n_k, self.width, f_k), W.dtype)
        for copy in range(self.width):
            band[:, copy * self.columns.s :][:, :f_w, :, copy] = W
        return band.reshape(-1, self.width * f_k)

    def filters_of(self, band, shape):
        """The way back from `band_of`: each weight collects from its copies."""
        f_h, f_w, n_k, f_k = shape
        band = band.reshape(f_h, self.reach, n_k, self.width, f_k)
        copies = range(self.width)
        return sum(band[:, copy * self.columns.s :][:, :f_w, :, copy] for copy in copies)


@lru_cache(maxsize=1024)
def _plan(m, itemsize, rows, columns, n_k, f_k, least):
    """Return the `Plan` with the cheapest blocks; `least` are the rows of a piece."""

    def cost(plan):
        numbers, registers = plan.reach * n_k, -(-plan.width * f_k * itemsize // REGISTER)
        registers += 1 + (registers > 1) * registers % 2  # a pair of them is faster
        return plan.blocks * (rows.s * (RUN + numbers) + rows.f * numbers * registers)

    plans = [Plan(rows, columns, width) for width in (1, 2, 4) if width <= columns.o]
    small = [plan for plan in plans if fits((rows.f, plan.reach), n_k, plan.width * f_k)]
    plan = min(small or plans[:1], key=cost)
    line = plan.blocks * (plan.reach * n_k + plan.width * f_k) * itemsize
    images = max(-(-least // plan.blocks), TILE // (line * plan.lines(rows.o)))
    images = _even(m, images)
    band = _even(rows.o, (TILE // (images * line) - rows.f) // rows.s + 1)
    return replace(plan, images=images, band=band)


def fits(filter_size, n_k, f_k):
    """Whether a piece with such filters has some rows."""
    return FEW * math.prod(filter_size) * n_k * f_k <= PIECE


def _even(number, most):
    """The size of the parts of a number, of at most so much, alike as far as they can be."""
    return -(-number // -(-number // max(1, most)))


# --- tiles -------------------------------------------------------------------------------------
#
# All windows together hold each cell f_h f_w times, more than fits anywhere. A tile of them that
# stays in the cache next to the processor is multiplied before it would be written to memory.
#
# A tile is laid out column by column: all rows of the map for the first column of blocks, then all
# for the second. So the rows of a window lie beside each other, and so do those of the window one
# row further down: the two overlap in memory, and a cell is copied f_w times only.


def _tiles(X, plan):
    """Yield (which windows, the windows) tile by tile: (images, rows, blocks, numbers)."""
    rows, images, band, o_h = plan.rows, plan.images, plan.band, plan.rows.o
    n_k, room = X.shape[3], _room(X, plan)
    memory = np.empty(images * plan.blocks * plan.lines(band) * plan.reach * n_k, X.dtype)
    for first in range(0, len(X), images):
        some = _padded(X[first : first + images], plan, room)
        a, r, c, e = some.strides
        for top in range(0, o_h, band):
            here = min(band, o_h - top)
            shape = len(some), plan.blocks, plan.lines(here), plan.reach, n_k
            steps = a, c * plan.columns.s * plan.width, r, c, e
            tile = memory[: math.prod(shape)].reshape(shape)
            tile[...] = np.ndarray(shape, X.dtype, some, top * rows.s * r, steps)
            a_, block, line, _, e_ = tile.strides  # each window begins a stride below the last
            shape = len(some), here, plan.blocks, rows.f * plan.reach * n_k
            windows = np.ndarray(shape, X.dtype, tile, 0, (a_, line * rows.s, block, e_))
            yield (slice(first, first + images), slice(top, top + here)), windows


def _room(X, plan):
    """Zeros for the padded maps of some images, or None where windows stay inside the map."""
    rows, columns = plan.rows, plan.columns
    n_h, n_w = plan.lines(rows.o), (plan.blocks - 1) * plan.width * columns.s + plan.reach
    if rows.before == columns.before == 0 and n_h <= X.shape[1] and n_w <= X.shape[2]:
        return None
    return np.zeros((plan.images, n_h, n_w, X.shape[3]), X.dtype)


def _padded(X, plan, room):
    """The part of X that is under windows, in the middle of its zeros."""
    if room is None:
        return np.ascontiguousarray(X)  # a phase of a dilation is not
    top, left = plan.rows.before, plan.columns.before
    _, n_h, n_w, _ = room.shape
    cells = X[:, max(0, -top) : n_h - top, max(0, -left) : n_w - left]
    top, left = max(0, top), max(0, left)
    room[: len(X), top : top + cells.shape[1], left : left + cells.shape[2]] = cells
    return room[: len(X)]


# --- pieces ------------------------------------------------------------------------------------
#
# A library for products first copies both matrices into an order of its own, and wakes its threads.
# That pays for large ones only. So OpenBLAS, which comes with NumPy, has other routines for up to a
# million products, and a tile is multiplied in pieces of that size, in one call of `matmul`.


def slide(X, rows, columns, W, out):
    """Slide W over X: write the products of each window and W into `out`, (m, o_h, o_w, ...)."""
    plan = _plan(len(X), X.itemsize, rows, columns, *W.shape[2:], FEW)
    filters = plan.band_of(W)
    whole = plan.blocks * plan.width == columns.o
    direct = out.flags.c_contiguous and whole and plan.blocks >= 2 * FEW
    for at, windows in _tiles(X, plan):
        here, (n, lines, blocks, _) = out[at], windows.shape
        if direct:
            left, right = windows, here.reshape(n, lines, blocks, -1)
        else:
            left = _joined(windows)
            right = np.empty((*left.shape[:2], filters.shape[1]), X.dtype)
        for cut in _pieces(left.shape[-2], PIECE // filters.size):
            np.matmul(_cut(left, *cut), filters, out=_cut(right, *cut))
        if not direct:
            right = right.reshape(lines, n, -1, *here.shape[3:])
            here[...] = right[:, :, : columns.o].swapaxes(0, 1)


def collect(X, rows, columns, Z, shape):
    """Return the sum over all windows of X, transposed, times their cell of Z; `shape` of W."""
    plan = _plan(len(X), X.itemsize, rows, columns, *shape[2:], SUM)
    length, number = rows.f * plan.reach * shape[2], plan.width * shape[3]
    parts = rows.f, rows.f * plan.reach  # of large filters, so that a piece has some rows
    cuts = next((n for n in (1, *parts) if length * number * SUM <= PIECE * n), parts[1])
    spare = plan.blocks * plan.width - columns.o
    total = np.zeros((cuts, length // cuts, number), X.dtype)
    for at, windows in _tiles(X, plan):
        z = np.pad(Z[at], ((0, 0), (0, 0), (0, spare), (0, 0))) if spare else Z[at]
        left, right = _joined(windows), _joined(z.reshape(*windows.shape[:3], number))
        for cut in _pieces(left.shape[1], PIECE // total[0].size):
            a, b = _cut(left, *cut), _cut(right, *cut)
            a = a.reshape(*a.shape[:-1], cuts, -1).transpose(0, 1, 3, 4, 2)
            total += np.matmul(a, b[:, :, np.newaxis]).sum(axis=(0, 1))
    return plan.filters_of(total, shape)


def _joined(maps):
    """A matrix for each row of windows, those of all images."""
    n, lines, blocks, length = maps.shape
    return maps.swapaxes(0, 1).reshape(lines, n * blocks, length)


def _pieces(rows, most):
    """Yield (first row, end, pieces): pieces of at most so many rows."""
    step = rows if rows <= most else max(1, most // FEW) * FEW
    whole = rows // step
    yield 0, whole * step, whole
    if rows % step:
        yield whole * step, rows, 1


def _cut(matrices, first, end, pieces):
    """Some rows of some matrices, as a stack of pieces, without a copy."""
    part = matrices[..., first:end, :]
    return part.reshape(*part.shape[:-2], pieces, -1, part.shape[-1])

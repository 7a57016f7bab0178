"""A filter slides over a map: all windows times all weights, as NumPy multiplies them fastest.

`slide` writes the product of each window and the filters, as the forward pass does; and `collect`
sums the windows, each times its cell of the other map, as dW does. *Windows* are copied side by
side, so that one product does all weights. *Tiles* of them stay in the cache, and are multiplied in
*pieces* of the size that the library for products likes best.

Both do a *share* of the work: (0, 1) is all of it, and (0, 2) and (1, 2) are its halves.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from cnnlib.shapes import Axis

REGISTER = 64
"""Bytes that a processor multiplies at once."""
RUN = 24
"""What it costs to begin a copy: as much as to copy so many numbers, or to multiply a register."""
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


@lru_cache(maxsize=256)
def one_cell(rows, columns):
    """Whether each window is one cell, and all cells have one: then there is nothing to copy."""
    axes = rows, columns
    return all(axis.f == axis.s == 1 and axis.o == axis.n and axis.before == 0 for axis in axes)


@dataclass(frozen=True)
class Plan:
    """How windows lie on a map, `width` of them in a block; and the images and rows of a tile."""

    rows: Axis
    columns: Axis
    width: int
    images: int = 1
    band: int = 1
    cuts: int = 1
    """Parts of a window, each multiplied in a piece of its own."""
    cost: float = 0
    """Of a row of windows: in numbers that are copied, or registers that are multiplied."""

    @cached_property
    def blocks(self):
        """Blocks in a row of windows; the last one may hang over the edge."""
        return -(-self.columns.o // self.width)

    @cached_property
    def reach(self):
        """Columns of the map under a block."""
        return self.columns.f + self.columns.s * (self.width - 1)

    @cached_property
    def bare(self):
        """Whether the windows are the map itself."""
        return self.width == 1 and one_cell(self.rows, self.columns)

    @cached_property
    def inside(self):
        """The first block that lies on the map with all of its columns, and the end of these."""
        step, left = self.width * self.columns.s, self.columns.before
        first = min(self.blocks, max(0, -(-left // step)))
        return first, max(first, min(self.blocks, (self.columns.n + left - self.reach) // step + 1))

    @cached_property
    def edges(self):
        """The other blocks, each with its first column on the map, and the end of these."""
        (first, stop), step = self.inside, self.width * self.columns.s
        found = []
        for block in (*range(first), *range(stop, self.blocks)):
            column = block * step - self.columns.before
            begin = min(self.reach, max(0, -column))
            found.append((block, begin, max(begin, min(self.reach, self.columns.n - column))))
        return found

    def lines(self, band):
        """Rows of the map under so many rows of windows."""
        return (band - 1) * self.rows.s + self.rows.f

    def band_of(self, W):
        """The filters as a matrix, once for each window of a block; in parts."""
        f_h, f_w, n_k, f_k = W.shape
        band = aligned((f_h, self.reach, n_k, self.width, f_k), W.dtype)
        for copy in range(self.width):
            band[:, copy * self.columns.s :][:, :f_w, :, copy] = W
        return band.reshape(self.cuts, -1, self.width * f_k)

    def filters_of(self, band, shape):
        """The way back from `band_of`: each weight collects from its copies."""
        f_h, f_w, n_k, f_k = shape
        band = band.reshape(f_h, self.reach, n_k, self.width, f_k)
        copies = range(self.width)
        return sum(band[:, copy * self.columns.s :][:, :f_w, :, copy] for copy in copies)


def aligned(shape, dtype):
    """Zeros that begin where a register may; a row that does not is loaded in two steps."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.zeros(size + REGISTER, np.uint8)
    first = -memory.__array_interface__["data"][0] % REGISTER
    return memory[first : first + size].view(dtype).reshape(shape)


@lru_cache(maxsize=1024)
def plan_of(m, itemsize, rows, columns, n_k, f_k, least):
    """Return the `Plan` with the cheapest blocks; `least` are the rows of a piece."""

    def planned(width):
        plan = Plan(rows, columns, width)
        copied, number = plan.reach * n_k, width * f_k
        length, wide = rows.f * copied, number * itemsize / REGISTER
        if wide <= 1 / 2:  # then as many numbers of a window as fit are multiplied at once
            products = (length + REGISTER) * wide
        else:
            registers = math.ceil(wide)
            products = length * (registers + (registers > 1 and registers % 2))  # in pairs
        cost = plan.blocks * (rows.s * (RUN + copied) + length + products)
        cuts = (n for n in range(1, length + 1) if length % n == 0)
        cuts = next(n for n in cuts if length // n * number * least <= PIECE or n == length)
        return replace(plan, cuts=cuts, cost=cost)

    plans = [planned(width) for width in (1, 2, 4) if width <= columns.o]
    whole = [plan for plan in plans if plan.width == 1 or plan.cuts == 1]  # no block is cut
    plan = min(whole, key=lambda plan: plan.cost)
    line = plan.blocks * (plan.reach * n_k + plan.width * f_k) * itemsize
    images = max(-(-least // plan.blocks), TILE // (line * plan.lines(rows.o)))
    images = _even(m, images)
    band = _even(rows.o, (TILE // (images * line) - rows.f) // rows.s + 1)
    return replace(plan, images=images, band=band)


def _even(number, most):
    """The size of the parts of a number, of at most so much, alike as far as they can be."""
    return -(-number // -(-number // max(1, most)))


# --- zeros -------------------------------------------------------------------------------------
#
# Zeros are multiplied in a tile, and zero times infinity is NaN. Those of the padding meet the
# filters, and those of a band the map. So these must be finite.


def sound(lies, maps, W):
    """Whether all that zeros meet in tiles of the maps is finite."""
    plan = plan_of(len(maps), maps.itemsize, *lies, *W.shape[2:], FEW)
    apart = plan.width == 1 and all(axis.d == 1 for axis in lies)
    return finite(W) and (apart or finite(maps))


def finite(*arrays):
    """Whether all numbers are finite, as the sum of their squares is. One that overflows is not.

    Row by row: for more than 10,000 numbers OpenBLAS would wake its threads.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        for array in arrays:
            row = math.prod(array.shape[2:])
            rows = array.reshape(-1, row if row <= 10_000 else array.shape[3])
            if not math.isfinite(np.vecdot(rows, rows).sum()):
                return False
    return True


# --- tiles -------------------------------------------------------------------------------------
#
# All windows together hold each cell f_h f_w times, more than fits anywhere. A tile of them that
# stays in the cache next to the processor is multiplied before it would be written to memory.
#
# A tile is laid out column by column: all rows of the map for the first column of blocks, then all
# for the second. So the rows of a window lie beside each other, and so do those of the window one
# row further down: the two overlap in memory, and a cell is copied f_w times only.


def part(count, share):
    """A share of so many things, as a slice; of one thing, the first half has all."""
    which, shares = share
    return slice(-(-count * which // shares), -(-count * (which + 1) // shares))


def shared(m, lines, share):
    """The images and the rows of windows in a share; of a single image, some of its rows."""
    return (part(m, share), slice(0, lines)) if m > 1 else (slice(0, m), part(lines, share))


def _tiles(X, plan, images, lines):
    """Yield (images, rows, windows) tile by tile; windows are (images, rows, blocks, numbers)."""
    X = np.ascontiguousarray(X)  # a phase of a dilation is not
    tile, windows = (None, X) if plan.bare else _empty_tile(plan, X.shape[3], X.dtype)
    for first in range(images.start, images.stop, plan.images):
        some = slice(first, min(first + plan.images, images.stop))
        for top in range(lines.start, lines.stop, plan.band):
            here = slice(top, min(top + plan.band, lines.stop))
            if plan.bare:
                yield some, here, X[some, here]
            else:
                _lay(X[some], plan, top * plan.rows.s - plan.rows.before, tile)
                yield some, here, windows[: some.stop - first, : here.stop - top]


def _empty_tile(plan, n_k, dtype):
    """Room for a tile, and its windows as a view. What is left and right of the map is zero."""
    tile = np.empty((plan.images, plan.blocks, plan.lines(plan.band), plan.reach, n_k), dtype)
    for block, begin, end in plan.edges:
        tile[:, block, :, :begin] = tile[:, block, :, end:] = 0
    image, block, line, _, number = tile.strides
    shape = plan.images, plan.band, plan.blocks, plan.rows.f * plan.reach * n_k
    return tile, np.ndarray(shape, dtype, tile, 0, (image, line * plan.rows.s, block, number))


def _lay(X, plan, top, tile):
    """Copy what lies under each block, from a row of the map on."""
    m, n_h, n_w, n_k = X.shape
    above, below = max(0, -top), max(0, min(tile.shape[2], n_h - top))
    if above:
        tile[:, :, :above] = 0
    if below < tile.shape[2]:
        tile[:, :, below:] = 0
    if above >= below:
        return
    step, left, (first, stop) = plan.width * plan.columns.s, plan.columns.before, plan.inside
    if first < stop:
        image, row, column, number = X.strides
        shape = m, stop - first, below - above, plan.reach, n_k
        steps = image, column * step, row, column, number
        at = (top + above) * row + (first * step - left) * column
        tile[:m, first:stop, above:below] = np.ndarray(shape, X.dtype, X, at, steps)
    for block, begin, end in plan.edges:
        column = block * step - left
        cells = X[:, top + above : top + below, column + begin : column + end]
        tile[:m, block, above:below, begin:end] = cells


# --- pieces ------------------------------------------------------------------------------------
#
# A library for products first copies both matrices into an order of its own, and wakes its threads.
# That pays for large ones only. So OpenBLAS, which comes with NumPy, has other routines for up to a
# million products, and a tile is multiplied in pieces of that size, in one call of `matmul`.


def slide(X, rows, columns, W, out, share):
    """Slide W over X: write the products of each window and W into `out`, (m, o_h, o_w, ...)."""
    images, lines = shared(len(X), rows.o, share)
    count = images.stop - images.start
    plan = plan_of(count, X.itemsize, rows, columns, *W.shape[2:], FEW)
    filters = plan.band_of(W)
    _, length, number = filters.shape
    whole = plan.blocks * plan.width == columns.o
    direct = out.flags.c_contiguous and whole and plan.blocks >= 2 * FEW
    memory = np.empty(0 if direct else plan.images * plan.band * plan.blocks * number, X.dtype)
    for some, at, windows in _tiles(X, plan, images, lines):
        here, (n, band, blocks, _) = out[some, at], windows.shape
        if not direct:
            windows = _joined(windows)
        right = here if direct else memory[: n * band * blocks * number]
        right = right.reshape(*windows.shape[:-1], number)
        for cut in _pieces(right.shape[-2], PIECE // (length * number)):
            _multiply(_cut(windows, *cut), filters, _cut(right, *cut))
        if not direct:
            right = right.reshape(band, n, -1, *here.shape[3:])
            here[...] = right[:, :, : columns.o].swapaxes(0, 1)


def _multiply(windows, filters, out):
    """Write the products, part by part of the windows."""
    length = filters.shape[1]
    np.matmul(windows[..., :length], filters[0], out=out)
    for cut in range(1, len(filters)):
        out += windows[..., cut * length : (cut + 1) * length] @ filters[cut]


def collect(X, rows, columns, Z, shape, share):
    """Return the sum over all windows of X, transposed, times their cell of Z; `shape` of W."""
    images, lines = shared(len(X), rows.o, share)
    count = images.stop - images.start
    plan = plan_of(count, X.itemsize, rows, columns, *shape[2:], SUM)
    number, spare = plan.width * shape[3], plan.blocks * plan.width - columns.o
    total = np.zeros((plan.cuts, rows.f * plan.reach * shape[2] // plan.cuts, number), X.dtype)
    for some, at, windows in _tiles(X, plan, images, lines):
        z = np.pad(Z[some, at], ((0, 0), (0, 0), (0, spare), (0, 0))) if spare else Z[some, at]
        left, right = _joined(windows), _joined(z.reshape(*windows.shape[:3], number))
        for cut in _pieces(left.shape[1], PIECE // total[0].size):
            a, b = _cut(left, *cut), _cut(right, *cut)
            a = a.reshape(*a.shape[:-1], plan.cuts, -1).transpose(0, 1, 3, 4, 2)
            few = max(1, TILE // 4 // (total.nbytes * a.shape[1]))  # so that sums stay in the cache
            for first in range(0, len(a), few):
                few_a, few_b = a[first : first + few], b[first : first + few, :, np.newaxis]
                total += np.matmul(few_a, few_b).sum(axis=(0, 1))
    return plan.filters_of(total, shape)


def _joined(maps):
    """A matrix for each row of windows, those of all images."""
    n, lines, blocks, length = maps.shape
    return maps.swapaxes(0, 1).reshape(lines, n * blocks, length)


def _pieces(rows, most):
    """Yield (first row, end, pieces) of at most so many rows: alike, or dozens and a rest."""
    number = -(-rows // max(1, most))
    step = rows // number if rows % number == 0 else max(1, most // FEW * FEW)
    whole = rows // step * step
    yield 0, whole, whole // step
    if whole < rows:
        yield whole, rows, 1


def _cut(matrices, first, end, pieces):
    """Some rows of some matrices, as a stack of pieces, without a copy."""
    rows = matrices[..., first:end, :]
    return rows.reshape(*rows.shape[:-2], pieces, -1, rows.shape[-1])

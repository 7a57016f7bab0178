"""The functions of `cnnlib.loops`, as fast as NumPy makes them.

Read `cnnlib.vectorized` first: its *taps*, one matrix product for each weight position, are the
whole idea. But each tap reads all of its cells from memory again, and its product is often narrow.
Here the same sums are made in an order that suits a processor. `cnnlib.tiles` *slides* the filters
over a map, all weights in one product. *Strides* and *dilations* are taken apart, so that no zero
between two cells is multiplied. From many maps to a few, taps are taken *row by row*. A *second
core* takes half of the work. The smallest maps are left to `cnnlib.small`, and what is large or
rare to `cnnlib.vectorized`.
"""

import itertools
import math
import os
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import lru_cache

import numpy as np

from cnnlib import tiles, vectorized
from cnnlib.checks import by_name, check_map
from cnnlib.shapes import (
    Axis,
    ConvGradients,
    check_backward,
    check_backward_filter,
    check_backward_input,
    check_forward,
)
from cnnlib.small import by_table, forward_by_table

# --- strides -----------------------------------------------------------------------------------
#
# To gather dY at stride s, the lessons put s - 1 zeros between the cells of dZ. Most products are
# then with zeros. But look at every s-th cell of dY only: it meets every s-th weight, and dZ itself
# without a zero. So the s_h s_w cells of dY that lie side by side are computed together, as if they
# were s_h s_w n_k maps over one cell of dZ, with filters that are sorted the same way.
#
# What is to be done is made first, as a function of the share of it; the halves are done below.


def _gather(dZ, W, where, dY):
    """Return how to fill a share of dY, all cells between two windows at once."""
    (s_h, s_w), (rows, columns) = where.stride, map(_between, where)
    f_h, f_w, n_k, f_k = W.shape
    top, left = (-axis.before % axis.s for axis in where)
    parts = np.zeros((rows.f * s_h, columns.f * s_w, n_k, f_k), W.dtype)
    parts[top : top + f_h, left : left + f_w] = W
    parts = parts.reshape(rows.f, s_h, columns.f, s_w, n_k, f_k)[::-1, :, ::-1]
    parts = parts.transpose(0, 2, 5, 1, 3, 4).reshape(rows.f, columns.f, f_k, -1)
    m, n_h, n_w, _ = dY.shape
    shape = m, rows.o * s_h, columns.o * s_w, n_k
    whole = dY if shape == dY.shape else np.empty(shape, dY.dtype)
    cells = whole.reshape(m, rows.o, s_h, columns.o, s_w * n_k).swapaxes(2, 3)

    def work(share):
        tiles.slide(dZ, rows, columns, parts, cells, share)
        if whole is not dY:
            images, lines = tiles.shared(m, rows.o, share)
            lines = slice(lines.start * s_h, min(lines.stop * s_h, n_h))
            dY[images, lines] = whole[images, lines, :n_w]

    return work


@lru_cache(maxsize=256)
def _between(axis):
    """How windows lie on dZ where the `s` cells of dY between two windows are one wide cell."""
    lead = -axis.before % axis.s
    f, o = -(-(axis.f + lead) // axis.s), -(-axis.n // axis.s)
    extent = axis.d * (f - 1)
    before = extent - (axis.before + lead) // axis.s
    return Axis(axis.o, f, 1, axis.d, before, o + extent - axis.o - before)


# --- dilations ---------------------------------------------------------------------------------
#
# With a dilation, every d-th window sees every d-th cell only. So there are d_h d_w convolutions
# without a dilation, side by side. A share is some of these.


def _phases(rows, columns, share):
    """Yield ((rows, columns) without a dilation, cells of the map, windows, share of these)."""
    if rows.d == columns.d == 1:
        yield (rows, columns), ..., ..., share
        return
    phases = [*itertools.product(_apart(rows), _apart(columns))]
    for (lie_r, r, i), (lie_c, c, j) in phases[tiles.part(len(phases), share)]:
        yield (lie_r, lie_c), (slice(None), r, c), (slice(None), i, j), (0, 1)


def _apart(axis):
    """Yield (axis without a dilation, cells, windows) for each phase of an axis."""
    if axis.d == 1:
        yield axis, slice(None), slice(None)
        return
    for first in range(min(axis.d, axis.o)):
        skipped, start = divmod(first - axis.before, axis.d)
        n, o = len(range(start, axis.n, axis.d)), len(range(first, axis.o, axis.d))
        lie = Axis(n, axis.f, 1, 1, -skipped, o - 1 + axis.f - n + skipped)
        yield lie, slice(start, None, axis.d), slice(first, None, axis.d)


# --- taps, row by row --------------------------------------------------------------------------
#
# From many maps to a few, windows have more numbers to copy than there are products to save. Then
# each weight position is multiplied by its own. A row of its cells is a matrix as it lies there:
# nothing is copied. What is added to stays in the cache.

MANY, FOLD = 48, 4
"""Maps, at the least, and how many times the filters, for which each tap is taken by its own."""


def _row_by_row(X, W, taps, out):
    """Return how to fill a share of `out`; `taps` are (u, v), its cells and those of X."""
    filters = tiles.aligned(W.shape, W.dtype)
    filters[...] = W
    step = max(1, tiles.TILE // (X[0].nbytes + out[0].nbytes))

    def work(share):
        images = tiles.part(len(X), share)
        for first in range(images.start, images.stop, step):
            some = slice(first, min(first + step, images.stop))
            out[some] = 0
            for weight, to, at in taps:
                out[some][to] += X[some][at] @ filters[weight]

    return work


def _gaps(where):
    """Whether there are cells between the windows, or a stride and a dilation together."""
    return any(axis.s > axis.f for axis in where) or where.stride != (1, 1) != where.dilation


def _from_many(maps, filters):
    """Whether there are so many maps to so few filters."""
    return maps >= max(MANY, FOLD * filters)


# --- the three passes --------------------------------------------------------------------------


def _forward(Y, W, where, Z):
    """Return how to fill a share of Z."""
    n_k, f_k = W.shape[2:]
    copied = n_k * where.rows.s  # rows of the map that no window shares
    if _gaps(where) or _from_many(copied, f_k):
        return _row_by_row(Y, W, [(weight, z, y) for weight, y, z in where.taps()], Z)

    def work(share):
        for lie, y, z, some in _phases(*where, share):
            tiles.slide(Y[y], *lie, W, Z[z], some)

    return work


def _input(dZ, W, where, dY):
    """Return how to fill a share of dY."""
    n_k, f_k = W.shape[2:]
    one_by_one = where.stride == (1, 1) and _from_many(f_k, n_k)
    if one_by_one or _gaps(where) or not _gathers(where, n_k, f_k):
        taps = [(weight, y, z) for weight, y, z in where.taps()]
        return _row_by_row(dZ, W.swapaxes(2, 3), taps, dY)
    if where.stride != (1, 1):
        return _gather(dZ, W, where, dY)
    flipped = W[::-1, ::-1].swapaxes(2, 3)

    def work(share):
        for lie, z, y, some in _phases(*map(_between, where), share):
            tiles.slide(dZ[z], *lie, flipped, dY[y], some)

    return work


def _gathers(where, n_k, f_k):
    """Whether the filters are not too large when they are sorted by a stride."""
    cells = math.prod(_between(axis).f * axis.s for axis in where)
    return where.stride == (1, 1) or tiles.FEW * cells * n_k * f_k <= tiles.PIECE


def _filter(dZ, Y, where):
    """Return how to make a share of dW; the shares are to be summed."""
    shape = *where.filter_size, Y.shape[3], dZ.shape[3]

    def work(share):
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is made again
            return sum(
                tiles.collect(Y[y], *lie, dZ[z], shape, some)
                for lie, y, z, some in _phases(*where, share)
            )

    return work


# --- which way ---------------------------------------------------------------------------------
#
# Filters that are too large for pieces make each tap a large product, which takes all cores by
# itself: see `vectorized`. So does dW where there are gaps between the windows; and all is left to
# it where zeros would meet what is not finite.


def _too_large(where, n_k, f_k):
    """Whether the filters are too large for pieces."""
    return tiles.FEW * math.prod(where.filter_size) * n_k * f_k > 2 * tiles.PIECE


def _by_tiles(where, m, n_k, f_k):
    """Whether tiles are multiplied, if all is finite."""
    something = all((m, n_k, f_k, *where.input_size))
    return something and not tiles.one_cell(*where) and not _too_large(where, n_k, f_k)


def _sound_back(where, dZ, W):
    """Whether all that zeros meet in tiles of dZ is finite; filters that are sorted have some."""
    if where.stride != (1, 1):
        return tiles.finite(dZ, W)
    return tiles.sound([*map(_between, where)], dZ, W.swapaxes(2, 3))


# --- a second core -----------------------------------------------------------------------------
#
# Pieces are multiplied in one thread. So a second one takes half of the images, or half of the rows
# of a single one. Whether there are halves depends on the sizes only: the same numbers are summed
# in the same order on any machine, and the last bit of a result does not depend on its cores.

LARGE = 5 * 10**6
"""What is worth a thread: so many numbers that are copied, or registers that are multiplied."""


def _in_halves(cost, *works):
    """Do all of the works, or either half in a thread of its own; return the results of each."""

    def done(share):
        return [work(share) for work in works]

    if cost < LARGE:
        return [[result] for result in done((0, 1))]
    try:
        later = _second_thread().submit(copy_context().run, done, (1, 2))
    except RuntimeError:  # there is one core, or one thread, as in a browser
        return list(zip(done((0, 2)), done((1, 2)), strict=True))
    try:
        first = done((0, 2))
    finally:
        wait([later])
    return list(zip(first, later.result(), strict=True))


def _second_thread():
    """A thread that waits for work; RuntimeError where it has no core, or is not wanted."""
    asked = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    if cores == 1 or any(os.environ.get(name) == "1" for name in asked):
        raise RuntimeError("one thread is enough")
    return _thread_of(os.getpid())


@lru_cache(maxsize=1)
def _thread_of(process):
    """It stays where it is, near its half of the numbers. A process that is forked has its own."""
    thread = ThreadPoolExecutor(1, "cnnlib")
    thread.submit(int)  # where no thread can be started, this fails, and leaves nothing to be done
    return thread


def _cost(where, m, n_k, f_k, itemsize):
    """About what the forward pass costs, or either gradient: see `plan_of`."""
    plan = tiles.plan_of(m, itemsize, *where, n_k, f_k, tiles.FEW)
    return m * where.rows.o * plan.cost


# --- the public functions ----------------------------------------------------------------------


@by_name
def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z(i, j) = the window of Y times W, and the bias. See `loops`."""
    found = forward_by_table(Y, W, b, (stride, padding, dilation))
    if found is not None:
        return found
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    where = check_forward(Y, W, b, **how)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    y, w = _batches(dtype, Y, W)  # where b is the wider, the products are so too
    shape, sizes = (*Y.shape[:-3], *where.output_size, W.shape[3]), (len(y), *W.shape[2:])
    if tiles.one_cell(*where):  # one large product
        Z = (_cells(y) @ w[0, 0]).reshape(shape)
    elif _by_tiles(where, *sizes) and tiles.sound(where, y, w):
        Z = np.empty(shape, dtype)
        cost = _cost(where, *sizes, dtype.itemsize)
        _in_halves(cost, _forward(y, w, where, *_batches(dtype, Z)))
    else:
        return vectorized.conv_forward(Y, W, b, **how)
    return Z if b is None else np.add(Z, b, out=Z)


@by_name
def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY(r, c) = the window of dZ around it times W, flipped. See `loops`."""
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    where = check_backward_input(dZ, W, input_size, **how)
    dtype = np.result_type(dZ, W)
    z, w = _batches(dtype, dZ, W)
    shape, sizes = (*dZ.shape[:-3], *where.input_size, W.shape[2]), (len(z), *W.shape[2:])
    if tiles.one_cell(*where):
        return (_cells(z) @ w[0, 0].T).reshape(shape)
    if _by_tiles(where, *sizes) and _sound_back(where, z, w):
        dY = np.empty(shape, dtype)
        cost = _cost(where, *sizes, dtype.itemsize)
        _in_halves(cost, _input(z, w, where, *_batches(dtype, dY)))
        return dY
    return vectorized.conv_backward_input(dZ, W, input_size, **how)


@by_name
def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW = the windows of Y, transposed, times dZ. See `loops`."""
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    where = check_backward_filter(dZ, Y, filter_size, **how)
    z, y = _batches(np.result_type(dZ, Y), dZ, Y)
    sizes = len(y), y.shape[3], z.shape[3]
    if tiles.one_cell(*where):
        return (_cells(y).T @ _cells(z)).reshape(1, 1, *sizes[1:])
    if _by_tiles(where, *sizes) and not _gaps(where):
        [parts] = _in_halves(_cost(where, *sizes, y.itemsize), _filter(z, y, where))
        dW = sum(parts)
        if tiles.finite(dW):
            return dW
    return vectorized.conv_backward_filter(dZ, Y, filter_size, **how)


@by_name
def conv_backward_bias(dZ):
    """db = dZ summed over all axes but the last, in two stages. See `loops`.

    The sums of about sqrt(n) cells are summed in turn: so no sum is long, and its rounding small.
    """
    check_map("dZ", dZ)
    cells = _cells(np.ascontiguousarray(dZ, np.result_type(dZ)))
    step = max(1, math.isqrt(len(cells)))
    whole = len(cells) // step * step
    parts = cells[:whole].reshape(whole // step, step, cells.shape[1]).sum(axis=0)
    return parts.sum(axis=0) + cells[whole:].sum(axis=0)


@by_name
def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    found = by_table(dZ, Y, W, (stride, padding, dilation))
    if found:
        return found
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    where = check_backward(dZ, Y, W, **how)
    z, w = _batches(np.result_type(dZ, W), dZ, W)
    z_, y = _batches(np.result_type(dZ, Y), dZ, Y)
    sizes = len(y), *W.shape[2:]
    if _gaps(where) or not (_by_tiles(where, *sizes) and _sound_back(where, z, w)):
        dY = conv_backward_input(dZ, W, Y.shape[-3:-1], **how)
        dW = conv_backward_filter(dZ, Y, W.shape[:2], **how)
        return ConvGradients(dY, dW, conv_backward_bias(dZ))
    dY = np.empty(Y.shape, z.dtype)

    def bias(share):
        return conv_backward_bias(z_[tiles.part(len(z_), share)])

    works = _input(z, w, where, *_batches(z.dtype, dY)), _filter(z_, y, where), bias
    _, parts, db = _in_halves(2 * _cost(where, *sizes, y.itemsize), *works)
    dW = sum(parts)
    if not tiles.finite(dW):
        dW = vectorized.conv_backward_filter(dZ, Y, W.shape[:2], **how)
    return ConvGradients(dY, dW, sum(db).astype(np.result_type(dZ), copy=False))


def _cells(maps):
    """The cells as rows of a matrix."""
    return maps.reshape(math.prod(maps.shape[:-1]), maps.shape[-1])


def _batches(dtype, *arrays):
    """The arrays in one precision, contiguous, with one batch axis; filters have four already."""
    arrays = [np.ascontiguousarray(array, dtype) for array in arrays]
    return [
        array if array.ndim == 4 else array.reshape(math.prod(array.shape[:-3]), *array.shape[-3:])
        for array in arrays
    ]

"""The functions of `cnnlib.loops`, as fast as NumPy makes them.

Read `cnnlib.vectorized` first: its *taps*, one matrix product for each weight position, are the
whole idea. But each tap reads all of its cells from memory again, and its product is often narrow.
Here the same sums are made in an order that suits a processor. `cnnlib.tiles` *slides* the filters
over a map, all weights in one product. *Strides* and *dilations* are taken apart, so that no zero
between two cells is multiplied. A *second core* takes half of the images. The smallest maps are
left to `cnnlib.small`.
"""

import contextvars
import itertools
import math
import os
from _thread import allocate_lock, start_new_thread
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
)
from cnnlib.small import by_table, forward_by_table
from cnnlib.tiles import collect, fits, slide
from cnnlib.vectorized import filter_taps, forward_taps, input_taps

# --- strides -----------------------------------------------------------------------------------
#
# To gather dY at stride s, the lessons put s - 1 zeros between the cells of dZ. Most products are
# then with zeros. But look at every s-th cell of dY only: it meets every s-th weight, and dZ itself
# without a zero. So the s_h s_w cells of dY that lie side by side are computed together, as if they
# were s_h s_w n_k maps over one cell of dZ, with filters that are sorted the same way. With large
# filters, dZ is scattered tap by tap.


def _gather(dZ, W, where, dY):
    """Fill dY, all cells between two windows at once."""
    (s_h, s_w), (rows, columns) = where.stride, map(_between, where)
    if s_h == s_w == 1:
        flipped = W[::-1, ::-1].swapaxes(2, 3)
        for lie, z, y in _phases(rows, columns):
            slide(dZ[z], *lie, flipped, dY[y])
        return
    f_h, f_w, n_k, f_k = W.shape
    top, left = (-axis.before % axis.s for axis in where)
    parts = np.zeros((rows.f * s_h, columns.f * s_w, n_k, f_k), W.dtype)
    parts[top : top + f_h, left : left + f_w] = W
    parts = parts.reshape(rows.f, s_h, columns.f, s_w, n_k, f_k)[::-1, :, ::-1]
    parts = parts.transpose(0, 2, 5, 1, 3, 4).reshape(rows.f, columns.f, f_k, -1)
    m, n_h, n_w, _ = dY.shape
    cells = np.empty((m, rows.o, s_h, columns.o, s_w * n_k), dY.dtype)
    slide(dZ, rows, columns, parts, cells.swapaxes(2, 3))
    dY[...] = cells.reshape(m, rows.o * s_h, -1, n_k)[:, :n_h, :n_w]


@lru_cache(maxsize=256)
def _between(axis):
    """How windows lie on dZ where the `s` cells of dY between two windows are one wide cell."""
    lead = -axis.before % axis.s
    f, o = -(-(axis.f + lead) // axis.s), -(-axis.n // axis.s)
    extent = axis.d * (f - 1)
    before = extent - (axis.before + lead) // axis.s
    return Axis(axis.o, f, 1, axis.d, before, o + extent - axis.o - before)


@lru_cache(maxsize=256)
def _gathers(where, n_k, f_k):
    """Whether the filters are not too large when they are sorted."""
    f_h, f_w = (_between(axis).f for axis in where)
    return fits((f_h, f_w), math.prod(where.stride) * n_k, f_k)


def _scatter(dZ, W, where, dY):
    """Fill dY by taps, a row of cells at a time; dY of an image stays in the cache."""
    W, dY[...] = np.ascontiguousarray(W.swapaxes(2, 3)), 0
    for image, cells in zip(dY, dZ, strict=True):
        for (u, v), y, z in where.taps():
            image[y] += cells[z] @ W[u, v]


# --- dilations ---------------------------------------------------------------------------------
#
# With a dilation, every d-th window sees every d-th cell only. So there are d_h d_w convolutions
# without a dilation, side by side.


def _phases(rows, columns):
    """Yield ((rows, columns) without a dilation, cells of the map, windows) phase by phase."""
    if rows.d == columns.d == 1:
        yield (rows, columns), ..., ...
        return
    for (lie_r, r, i), (lie_c, c, j) in itertools.product(_apart(rows), _apart(columns)):
        yield (lie_r, lie_c), (slice(None), r, c), (slice(None), i, j)


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


# --- which way ---------------------------------------------------------------------------------
#
# Filters that are too large for pieces make each tap a large product, which takes all cores by
# itself. Taps are taken for these, and where a stride leaves gaps in the map or in a dilation.
#
# Zeros of a padding or a band are multiplied above, and zero times infinity is NaN. But what has
# touched it is not finite in the result; then the taps are taken instead.


@lru_cache(maxsize=256)
def _by_taps(where, n_k, f_k):
    """Whether taps are taken."""
    gaps = any(axis.s > axis.f for axis in where) or where.stride != (1, 1) != where.dilation
    return gaps or not fits(where.filter_size, n_k, f_k)


@lru_cache(maxsize=256)
def _one_tap(where):
    """Whether each window is one cell: then there is nothing to copy."""
    return all(axis.f == axis.s == 1 and axis.o == axis.n and axis.before == 0 for axis in where)


def _forward(Y, W, where, Z):
    """Fill Z, for some images."""
    if _one_tap(where):
        np.matmul(_cells(Y), W[0, 0], out=_cells(Z))
        return
    if Y.size and Z.size and not _by_taps(where, *W.shape[2:]):
        with np.errstate(invalid="ignore", over="ignore"):
            for lie, y, z in _phases(*where):
                slide(Y[y], *lie, W, Z[z])
            if _finite(Z):
                return
    Z[...] = 0
    forward_taps(Y, W, where, Z)


def _input(dZ, W, where, dY):
    """Fill dY, for some images."""
    if _one_tap(where):
        np.matmul(_cells(dZ), W[0, 0].T, out=_cells(dY))
        return
    if dZ.size and dY.size and not _by_taps(where, *W.shape[2:]):
        with np.errstate(invalid="ignore", over="ignore"):
            (_gather if _gathers(where, *W.shape[2:]) else _scatter)(dZ, W, where, dY)
            if _finite(dY):
                return
    dY[...] = 0
    input_taps(dZ, W, where, dY)


def _filter(dZ, Y, where):
    """Return what some images add to dW."""
    shape = *where.filter_size, Y.shape[3], dZ.shape[3]
    if _one_tap(where):
        return (_cells(Y).T @ _cells(dZ)).reshape(shape)
    if dZ.size and Y.size and not _by_taps(where, *shape[2:]):
        with np.errstate(invalid="ignore", over="ignore"):
            dW = sum(collect(Y[y], *lie, dZ[z], shape) for lie, y, z in _phases(*where))
            if _finite(dW):
                return dW
    dW = np.zeros(shape, dZ.dtype)
    filter_taps(dZ, Y, where, dW)
    return dW


def _finite(maps):
    """Whether all numbers are finite, as the sum of their squares is. One that overflows is not.

    Row by row: for a long row OpenBLAS would wake its threads.
    """
    rows = maps.reshape(-1, math.prod(maps.shape[2:]))
    return math.isfinite(np.vecdot(rows, rows).sum())


def _cells(maps):
    """The cells as rows of a matrix."""
    return maps.reshape(math.prod(maps.shape[:-1]), maps.shape[-1])


# --- a second core -----------------------------------------------------------------------------
#
# Pieces are multiplied in one thread. So a second one takes half of the images. Whether the images
# are halved depends on the sizes only: the same numbers are summed in the same order on any
# machine, and the last bit of a result does not depend on its cores.

LARGE = 4 * 10**7
"""Products that are worth a thread."""


def _in_halves(work, m, products):
    """Call work(images) for all images, or for either half of them; return a list of results."""
    if m < 2 or m * products < LARGE:
        return [work(slice(m))]
    found, done = [], allocate_lock()

    def second():
        try:
            found.append(work(slice(m // 2, m)))
        except BaseException as error:  # it is raised below
            found.append(error)
        finally:
            done.release()

    done.acquire()
    _start(second)
    try:
        first = work(slice(m // 2))
    finally:
        done.acquire()  # until the second half is done
    if isinstance(found[0], BaseException):
        raise found[0]
    return [first, *found]


def _start(work):
    """Run it in a thread; or here and now, where there is no second core or no second thread.

    `threading.Thread` would wait until the thread has begun, which takes as long as a small layer.
    """
    try:
        if not _one_thread():
            start_new_thread(contextvars.copy_context().run, (work,))
            return
    except RuntimeError:  # as in a browser
        pass
    work()


def _one_thread():
    """Whether there is one core for us, or the user has asked for one thread."""
    asked = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return cores == 1 or any(os.environ.get(name) == "1" for name in asked)


@lru_cache(maxsize=256)
def _products(where, n_k, f_k):
    """The products for an image; 0 where a large one takes all cores by itself."""
    if _one_tap(where) or _by_taps(where, n_k, f_k):
        return 0
    return math.prod((*where.output_size, *where.filter_size)) * n_k * f_k


# --- the public functions ----------------------------------------------------------------------


@by_name
def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z(i, j) = the window of Y times W, and the bias. See `loops`."""
    found = forward_by_table(Y, W, b, (stride, padding, dilation))
    if found is not None:
        return found
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    Z = np.empty((*Y.shape[:-3], *where.output_size, W.shape[3]), dtype)
    y, w, z = _batches(dtype, Y, W, Z)  # where b is the wider, the products are so too
    products = _products(where, *W.shape[2:])
    _in_halves(lambda some: _forward(y[some], w, where, z[some]), len(y), products)
    return Z if b is None else np.add(Z, b, out=Z)


@by_name
def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY(r, c) = the window of dZ around it times W, flipped. See `loops`."""
    where = check_backward_input(dZ, W, input_size, stride, padding, dilation)
    dY = np.empty((*dZ.shape[:-3], *where.input_size, W.shape[2]), np.result_type(dZ, W))
    z, w, y = _batches(dY.dtype, dZ, W, dY)
    products = _products(where, *W.shape[2:])
    _in_halves(lambda some: _input(z[some], w, where, y[some]), len(z), products)
    return dY


@by_name
def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW = the windows of Y, transposed, times dZ. See `loops`."""
    where = check_backward_filter(dZ, Y, filter_size, stride, padding, dilation)
    z, y = _batches(np.result_type(dZ, Y), dZ, Y)
    products = _products(where, Y.shape[-1], dZ.shape[-1])
    return sum(_in_halves(lambda some: _filter(z[some], y[some], where), len(y), products))


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
    how = stride, padding, dilation
    found = by_table(dZ, Y, W, how)
    if found:
        return found
    where = check_backward(dZ, Y, W, *how)
    dY = np.empty(Y.shape, np.result_type(dZ, W))
    z, w, to_dY = _batches(dY.dtype, dZ, W, dY)
    z_, y = _batches(np.result_type(dZ, Y), dZ, Y)

    def work(some):
        _input(z[some], w, where, to_dY[some])
        return _filter(z_[some], y[some], where)

    products = 2 * _products(where, *W.shape[2:])
    dW = sum(_in_halves(work, len(y), products))
    return ConvGradients(dY, dW, conv_backward_bias(dZ))


def _batches(dtype, *arrays):
    """The arrays in one precision, contiguous, with one batch axis; filters have four already."""
    arrays = [np.ascontiguousarray(array, dtype) for array in arrays]
    return [
        array if array.ndim == 4 else array.reshape(math.prod(array.shape[:-3]), *array.shape[-3:])
        for array in arrays
    ]

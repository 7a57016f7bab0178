"""Z and all three gradients of small maps, from tables of places.

On a map of a few cells the products cost nothing, and each call of NumPy a microsecond. Z is a
matrix of windows times W. All gradients are dZ times a matrix whose numbers stand in W (for dY) or
in Y (for dW). Where each stands depends on the sizes only. So a table of places is made once, and
used again each time. With one image and one filter even a single matrix does it, for dY, dW and db
side by side.
"""

import math
from functools import lru_cache

import numpy as np

from cnnlib.shapes import ConvGradients, check_backward, check_forward, plain
from cnnlib.vectorized import conv_backward_bias

SMALL = 2**15
"""Places in a table, at the most: to look them up takes as long as the calls it saves."""


def _places(Y, W, where):
    """Places in (Y, 0) of each window's cells; the shapes of Y and W are given."""
    cells = np.arange(math.prod(Y)).reshape(math.prod(Y[:-3]), *Y[-3:])
    places = np.full((len(cells), *where.output_size, *W[:3]), cells.size)
    for (u, v), y, (_, i, j, _) in where.taps():
        places[:, i, j, u, v] = cells[y]
    return places.reshape(-1, math.prod(W[:3]))


@lru_cache(maxsize=64)
def _windows(Y, W, b, dtype, stride, padding, dilation):
    """Places in (Y, 0) for Z, of arrays of these shapes; and the shape of Z. None if too many."""
    arrays = (None if shape is None else np.ones(shape, dtype) for shape in (Y, W, b))
    where = check_forward(*arrays, stride, padding, dilation)
    Z = (*Y[:-3], *where.output_size, W[3])
    if not 0 < math.prod(Z) * math.prod(W[:3]) <= SMALL * W[3]:
        return None
    return _places(Y, W, where), Z, np.zeros(1, dtype)


@lru_cache(maxsize=64)
def _table(shapes, dtype, stride, padding, dilation):
    """Places in (W, Y, 0, 1) for dY: cells of dZ by cells of Y; and for dW: cells of Z by weights.

    None if too many. What is refused is refused here, once for all arrays alike.
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
    zero = W.size + Y.size
    for_dY = np.full((*dZ.shape[-3:], *Y.shape[-3:]), zero)
    for (u, v), y, (_, i, j, _) in where.taps():
        (r, c), (i, j) = (np.ogrid[at] for at in (y[1:3], (i, j)))
        for_dY[i, j, :, r, c] = weights[u, v].T
    for_dY = for_dY.reshape(-1, math.prod(Y.shape[-3:]))
    for_dW = W.size + _places(Y.shape, W.shape, where)
    if m == W.shape[3] == 1:
        ones = np.full((len(for_dY), 1), zero + 1)
        for_dY, for_dW = np.concatenate((for_dY, for_dW, ones), axis=1), None
    return for_dY, for_dW, np.array([0, 1], dtype)


def _alike(a, b, c):
    """Whether there are three arrays of the same floats, as the machine has them."""
    same = type(a) is type(b) is type(c) is np.ndarray and a.dtype == b.dtype == c.dtype
    return same and a.dtype.kind == "f" and a.dtype.isnative


def forward_by_table(Y, W, b, how):
    """Z, or None where there is no table or a number is not finite."""
    small = _alike(Y, W, W if b is None else b) and Y.size <= SMALL >= W.size and plain(*how)
    known = small and _windows(Y.shape, W.shape, None if b is None else b.shape, Y.dtype, *how)
    if not known:
        return None
    places, shape, zero = known
    with np.errstate(invalid="ignore", over="ignore"):
        Z = np.concatenate((Y.ravel(), zero)).take(places).dot(W.reshape(-1, shape[-1]))
        if not math.isfinite(Z.sum()):  # it may come from a zero times infinity
            return None
    return (Z if b is None else np.add(Z, b, out=Z)).reshape(shape)


def by_table(dZ, Y, W, how):
    """All three gradients, or None where there is no table or a number is not finite."""
    small = _alike(dZ, Y, W) and dZ.size <= SMALL and plain(*how)
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

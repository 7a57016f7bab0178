"""All three gradients of small maps, from a table of places.

On a map of a few cells the products cost nothing, and each call of NumPy a microsecond. All
gradients are dZ times a matrix whose numbers stand in W (for dY) or in Y (for dW). Where each
stands depends on the sizes only. So a table of places is made once, and used again each time. With
one image and one filter even a single matrix does it, for dY, dW and db side by side.
"""

import math
from functools import lru_cache

import numpy as np

from cnnlib.shapes import ConvGradients, check_backward, plain
from cnnlib.vectorized import conv_backward_bias

SMALL = 2**15
"""Places in a table, at the most: to look them up takes as long as the calls it saves."""


@lru_cache(maxsize=64)
def _table(shapes, dtype, stride, padding, dilation):
    """Places in (W, Y, 0, 1) for dY: cells of dZ by cells of Y; and for dW: cells of Z by weights.

    None where that is too much. What is refused is refused here, once for all arrays alike.
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


def by_table(dZ, Y, W, how):
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

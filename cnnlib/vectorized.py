"""The functions of `cnnlib.loops` without a loop over cells.

The idea, used three times: hold one weight position (u, v) fixed. The cells of
Y that it ever touches form a regular grid, one in `stride`, and so do the cells
of Z. `Geometry.taps` gives the two grids as slices that stop at the edge of the
map, so the padding takes neither memory nor a multiplication. What is left for
each (u, v) is one matrix product over the channels:

    forward          Z[z]  += Y[y] W(u, v)
    input gradient   dY[y] += dZ[z] W(u, v) transposed
    filter gradient  dW(u, v) = Y[y] transposed, times dZ[z]

The input gradient is read in the scatter direction here, so no filter is
flipped; `loops` gathers. Both are the same sum in another order.
"""

import math

import numpy as np

from cnnlib.shapes import (
    ConvGradients,
    check_backward_filter,
    check_backward_input,
    check_forward,
    check_map,
)


def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z[z] += Y[y] W(u, v) for each (u, v), started at the bias. See `loops`."""
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    W = W.astype(dtype, copy=False)  # where b is the wider, the products are so too
    Z = np.zeros((*Y.shape[:-3], *where.output_size, W.shape[3]), dtype)
    if b is not None:
        Z[...] = b
    for (u, v), y, z in where.taps():
        Z[z] += Y[y] @ W[u, v]
    return Z


def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY[y] += dZ[z] W(u, v) transposed, for each (u, v). See `loops`."""
    where = check_backward_input(dZ, W, input_size, stride, padding, dilation)
    dY = np.zeros((*dZ.shape[:-3], *where.input_size, W.shape[2]), np.result_type(dZ, W))
    for (u, v), y, z in where.taps():
        dY[y] += dZ[z] @ W[u, v].T
    return dY


def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW(u, v) = Y[y] transposed, times dZ[z], over all cells and images. See `loops`."""
    where = check_backward_filter(dZ, Y, filter_size, stride, padding, dilation)
    dW = np.zeros((*where.filter_size, Y.shape[-1], dZ.shape[-1]), np.result_type(dZ, Y))
    cells = list(range(dZ.ndim - 1))  # all axes but the channels
    for (u, v), y, z in where.taps():
        dW[u, v] += np.tensordot(Y[y], dZ[z], axes=(cells, cells))
    return dW


def conv_backward_bias(dZ):
    """db = dZ summed over all axes but the last. See `loops`.

    Each map is laid out in one piece first: only along the innermost axis does NumPy
    sum in pairs, which keeps the rounding of a large sum small.
    """
    check_map("dZ", dZ)
    maps = np.ascontiguousarray(np.moveaxis(dZ, -1, 0))
    return maps.reshape(len(maps), math.prod(maps.shape[1:])).sum(axis=1)


def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    check_forward(Y, W, None, stride, padding, dilation)
    check_backward_filter(dZ, Y, W.shape[:2], stride, padding, dilation)
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    return ConvGradients(
        dY=conv_backward_input(dZ, W, Y.shape[-3:-1], **how),
        dW=conv_backward_filter(dZ, Y, W.shape[:2], **how),
        db=conv_backward_bias(dZ),
    )

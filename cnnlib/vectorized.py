"""The functions of `cnnlib.loops` without a loop over cells: one matrix product for each weight.

Hold one weight position (u, v) fixed. The cells of Y that it ever touches form a regular grid, one
in `stride`, and so do the cells of Z. `Geometry.taps` gives the two grids as slices `y` and `z`,
whose cells Y[y] and Z[z] meet pair by pair, through this weight position. That is one *tap*, and
the three passes read it in three ways:

    forward           Z[z]     += Y[y] W(u, v)
    input gradient    dY[y]    += dZ[z] W(u, v) transposed
    filter gradient   dW(u, v) += Y[y] transposed, times dZ[z]

Lay the cells of a map in rows, a column for each channel: then each line is one matrix product.
The slices stop at the edge of the map, so no cell of the padding is ever multiplied. The input
gradient scatters, so no filter is flipped; `loops` gathers. Both are the same sum in another order.

`cnnlib.fast` has the same functions, with the sums in an order that suits the machine.
"""

import math

import numpy as np

from cnnlib.checks import by_name, check_map
from cnnlib.shapes import (
    ConvGradients,
    check_backward,
    check_backward_filter,
    check_backward_input,
    check_forward,
)

# --- the taps --------------------------------------------------------------------------------


def forward_taps(Y, W, where, Z):
    """Add what each weight position contributes to the output map."""
    for (u, v), y, z in where.taps():
        Z[z] += (_rows(Y[y]) @ W[u, v]).reshape(Z[z].shape)


def input_taps(dZ, W, where, dY):
    """Add what each weight position contributes to the gradient of the input map."""
    for (u, v), y, z in where.taps():
        dY[y] += (_rows(dZ[z]) @ W[u, v].T).reshape(dY[y].shape)


def filter_taps(dZ, Y, where, dW):
    """Add up the gradient of each weight position, over all cells and images."""
    for (u, v), y, z in where.taps():
        dW[u, v] += _rows(Y[y]).T @ _rows(dZ[z])


def _rows(maps):
    """The cells as rows of a matrix, a column for each channel."""
    return maps.reshape(math.prod(maps.shape[:-1]), maps.shape[-1])


# --- the public functions --------------------------------------------------------------------


@by_name
def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z[z] += Y[y] W(u, v) for each (u, v), and the bias. See `loops`."""
    where = check_forward(Y, W, b, stride, padding, dilation)
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    Z = np.zeros((*Y.shape[:-3], *where.output_size, W.shape[3]), dtype)
    forward_taps(Y.astype(dtype, copy=False), W, where, Z)
    return Z if b is None else np.add(Z, b, out=Z)


@by_name
def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY[y] += dZ[z] W(u, v) transposed, for each (u, v). See `loops`."""
    where = check_backward_input(dZ, W, input_size, stride, padding, dilation)
    dY = np.zeros((*dZ.shape[:-3], *where.input_size, W.shape[2]), np.result_type(dZ, W))
    input_taps(dZ, W, where, dY)
    return dY


@by_name
def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW(u, v) += Y[y] transposed, times dZ[z], over all cells and images. See `loops`."""
    where = check_backward_filter(dZ, Y, filter_size, stride, padding, dilation)
    dW = np.zeros((*where.filter_size, Y.shape[-1], dZ.shape[-1]), np.result_type(dZ, Y))
    filter_taps(dZ, Y, where, dW)
    return dW


@by_name
def conv_backward_bias(dZ):
    """db = dZ summed over all axes but the last. See `loops`.

    NumPy adds up a long row of neighbours in pairs, which keeps the rounding small. So each map
    is copied into one row first.
    """
    check_map("dZ", dZ)
    maps = np.ascontiguousarray(_rows(dZ).T, np.result_type(dZ))
    return maps.sum(axis=1)


@by_name
def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients. See `loops`."""
    check_backward(dZ, Y, W, stride, padding, dilation)
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    return ConvGradients(
        dY=conv_backward_input(dZ, W, Y.shape[-3:-1], **how),
        dW=conv_backward_filter(dZ, Y, W.shape[:2], **how),
        db=conv_backward_bias(dZ),
    )

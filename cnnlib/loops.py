"""The five functions of a convolution layer as loops: the specification.

Each body is its formula: the outer loop is the left side, the inner loop the
sums. A pair of cells that do not both exist (in the padding, beyond the edge
of the filter, between two windows) has no term. Leading axes of the maps are
batch axes, none or more; the ``...`` carries them along.

Nothing here is clever or fast. `cnnlib.vectorized` has the same functions with
one matrix product for each weight position, `cnnlib.fast` has them fast.
"""

import numpy as np

from cnnlib.checks import by_name, check_map
from cnnlib.shapes import (
    ConvGradients,
    check_backward,
    check_backward_filter,
    check_backward_input,
    check_forward,
)


@by_name
def conv_forward(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Z(i, j, k) = b(k) + sum_k_in sum_u sum_v Y(r, c, k_in) W(u, v, k_in, k).

    with r = i s_h + u d_h - p_h and c = j s_w + v d_w - p_w. The field calls this
    sum a convolution; in mathematics it is a cross-correlation.

    Parameters
    ----------
    Y : ndarray, shape (..., n_h, n_w, n_k)
        Input map of the layer; channels last, leading axes are the batch.
    W : ndarray, shape (f_h, f_w, n_k, f_k)
        Filters.
    b : ndarray, shape (f_k,), optional
        Bias, one for each filter; left out, it is 0.
    stride : int or (int, int)
        Cells from one window to the next, height first.
    padding : int, (int, int), ((int, int), (int, int)), "same" or "valid"
        Zeros around the map: one number, (height, width), or ((top, bottom),
        (left, right)). "same" puts the larger share at the bottom and right.
    dilation : int or (int, int)
        Cells from one weight to the next, height first.

    Returns
    -------
    Z : ndarray, shape (..., o_h, o_w, f_k)
        Output map, with o = floor((n + 2p - d (f - 1) - 1) / s) + 1 on each axis;
        in the wider of the precisions given.

    Raises
    ------
    TypeError
        If an array does not hold floats, or a number is not whole.
    ValueError
        If the sizes do not fit together.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep
       learning", arXiv:1603.07285, 2016, sections 2 and 5.1.
    """
    where = check_forward(Y, W, b, stride, padding, dilation)
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = where.stride, where.corner, where.dilation
    *batch, n_h, n_w, n_k = Y.shape
    f_h, f_w, _, f_k = W.shape
    dtype = np.result_type(Y, W) if b is None else np.result_type(Y, W, b)
    W = W.astype(dtype, copy=False)  # a wide b makes the products wide, too
    Z = np.zeros((*batch, *where.output_size, f_k), dtype)
    for i, j, k in np.ndindex(*Z.shape[-3:]):
        if b is not None:
            Z[..., i, j, k] = b[k]
        for k_in, u, v in np.ndindex(n_k, f_h, f_w):
            r = i * s_h + u * d_h - p_h  # the cell of Y under weight (u, v);
            c = j * s_w + v * d_w - p_w  # in the padding it is a constant 0
            if 0 <= r < n_h and 0 <= c < n_w:
                Z[..., i, j, k] += Y[..., r, c, k_in] * W[u, v, k_in, k]
    return Z


@by_name
def conv_backward_input(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """dY(r, c, k_in) = sum_k sum_i sum_j dZ(i, j, k) W(u, v, k_in, k).

    with u d_h = r + p_h - i s_h and v d_w = c + p_w - j s_w; where these are not
    whole numbers, or lie outside the filter, the two cells never meet.

    Parameters
    ----------
    dZ : ndarray, shape (..., o_h, o_w, f_k)
        Gradient of the loss with respect to the output map Z.
    W : ndarray, shape (f_h, f_w, n_k, f_k)
        Filters of the forward pass, from before any update.
    input_size : (int, int)
        (n_h, n_w) of the input map. With a stride, several sizes give the same
        output, so it cannot be told from `dZ`.
    stride, padding, dilation
        Those of the forward pass: see `conv_forward`.

    Returns
    -------
    dY : ndarray, shape (..., n_h, n_w, n_k)
        Gradient of the loss with respect to the input map. Cells that no window
        reaches are exactly 0.

    Raises
    ------
    TypeError
        If an array does not hold floats, or a number is not whole.
    ValueError
        If the sizes do not fit together.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep
       learning", arXiv:1603.07285, 2016, section 4.
    """
    where = check_backward_input(dZ, W, input_size, stride, padding, dilation)
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = where.stride, where.corner, where.dilation
    *batch, o_h, o_w, f_k = dZ.shape
    f_h, f_w, n_k, _ = W.shape
    dY = np.zeros((*batch, *where.input_size, n_k), np.result_type(dZ, W))
    for r, c, k_in in np.ndindex(*dY.shape[-3:]):
        for k, i, j in np.ndindex(f_k, o_h, o_w):
            u, between_rows = divmod(r + p_h - i * s_h, d_h)  # the weight that joins
            v, between_columns = divmod(c + p_w - j * s_w, d_w)  # Y(r, c) to Z(i, j)
            if between_rows == between_columns == 0 and 0 <= u < f_h and 0 <= v < f_w:
                dY[..., r, c, k_in] += dZ[..., i, j, k] * W[u, v, k_in, k]
    return dY


@by_name
def conv_backward_filter(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """dW(u, v, k_in, k) = sum_i sum_j dZ(i, j, k) Y(r, c, k_in), summed over the batch.

    with r = i s_h + u d_h - p_h and c = j s_w + v d_w - p_w.

    Parameters
    ----------
    dZ : ndarray, shape (..., o_h, o_w, f_k)
        Gradient of the loss with respect to the output map Z.
    Y : ndarray, shape (..., n_h, n_w, n_k)
        Input map of the forward pass, with the same batch axes as `dZ`.
    filter_size : (int, int)
        (f_h, f_w). With a stride, several sizes give the same output.
    stride, padding, dilation
        Those of the forward pass: see `conv_forward`.

    Returns
    -------
    dW : ndarray, shape (f_h, f_w, n_k, f_k)
        Gradient of the loss with respect to the filters.

    Raises
    ------
    TypeError
        If an array does not hold floats, or a number is not whole.
    ValueError
        If the sizes do not fit together.
    """
    where = check_backward_filter(dZ, Y, filter_size, stride, padding, dilation)
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = where.stride, where.corner, where.dilation
    n_h, n_w, n_k = Y.shape[-3:]
    o_h, o_w, f_k = dZ.shape[-3:]
    dW = np.zeros((*where.filter_size, n_k, f_k), np.result_type(dZ, Y))
    for u, v, k_in, k in np.ndindex(*dW.shape):
        for i, j in np.ndindex(o_h, o_w):
            r = i * s_h + u * d_h - p_h
            c = j * s_w + v * d_w - p_w
            if 0 <= r < n_h and 0 <= c < n_w:
                dW[u, v, k_in, k] += np.sum(dZ[..., i, j, k] * Y[..., r, c, k_in])
    return dW


@by_name
def conv_backward_bias(dZ):
    """db(k) = sum_i sum_j dZ(i, j, k), summed over the batch.

    Parameters
    ----------
    dZ : ndarray, shape (..., o_h, o_w, f_k)
        Gradient of the loss with respect to the output map Z.

    Returns
    -------
    db : ndarray, shape (f_k,)
        Gradient of the loss with respect to the bias: one for each filter.

    Raises
    ------
    TypeError, ValueError
        If `dZ` is not an array of floats with three axes or more.
    """
    check_map("dZ", dZ)
    o_h, o_w, f_k = dZ.shape[-3:]
    db = np.zeros(f_k, np.result_type(dZ))
    for k in range(f_k):
        for i, j in np.ndindex(o_h, o_w):
            db[k] += np.sum(dZ[..., i, j, k])
    return db


@by_name
def conv_backward(dZ, Y, W, *, stride=1, padding=0, dilation=1):
    """All three gradients of a convolution layer.

    Parameters
    ----------
    dZ : ndarray, shape (..., o_h, o_w, f_k)
        Gradient of the loss with respect to the output map Z.
    Y : ndarray, shape (..., n_h, n_w, n_k)
        Input map of the forward pass.
    W : ndarray, shape (f_h, f_w, n_k, f_k)
        Filters of the forward pass, from before any update.
    stride, padding, dilation
        Those of the forward pass: see `conv_forward`.

    Returns
    -------
    ConvGradients
        The named tuple (dY, dW, db).

    Raises
    ------
    TypeError, ValueError
        As the three functions that it calls.
    """
    check_backward(dZ, Y, W, stride, padding, dilation)
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    return ConvGradients(
        dY=conv_backward_input(dZ, W, Y.shape[-3:-1], **how),
        dW=conv_backward_filter(dZ, Y, W.shape[:2], **how),
        db=conv_backward_bias(dZ),
    )

"""What surrounds the convolution in the course: activations, max pool, softmax with loss.

Each function is followed by its ``_backward``, which takes the gradient that arrives and the
arguments of the forward pass, and returns the gradient to pass on.
"""

import math
from functools import lru_cache

import numpy as np

from cnnlib.checks import by, check_floats, check_map, real_number, step_pair
from cnnlib.shapes import geometry

# --- activations: Y = f(Z), so dZ = dY f'(Z), cell by cell ------------------------------------


def relu(Z):
    """Y = max(Z, 0), cell by cell.

    Parameters
    ----------
    Z : ndarray of floats, any shape

    Returns
    -------
    ndarray, shape and precision of Z

    Raises
    ------
    TypeError
        If `Z` is not an array of floats.
    """
    check_floats("Z", Z)
    return np.maximum(Z, 0)


def relu_backward(dY, Z):
    """dZ = dY where Z > 0, else 0. At Z = 0 there is no derivative; 0 is the convention.

    Parameters
    ----------
    dY : ndarray, shape of Z
        Gradient of the loss with respect to the output of the activation.
    Z : ndarray of floats
        Its input in the forward pass.

    Returns
    -------
    ndarray, shape of Z

    Raises
    ------
    TypeError, ValueError
        If an argument is not an array of floats, or the shapes differ.
    """
    _check_alike(dY, Z)
    return np.where(Z > 0, dY, np.where(np.isnan(Z), Z, 0))


def leaky_relu(Z, slope=0.01):
    """Y = Z where Z > 0, else slope * Z. Otherwise as `relu`."""
    check_floats("Z", Z)
    return np.where(Z > 0, Z, real_number(slope, "slope") * Z)


def leaky_relu_backward(dY, Z, slope=0.01):
    """dZ = dY where Z > 0, else slope * dY, also at 0. Otherwise as `relu_backward`."""
    _check_alike(dY, Z)
    slope = real_number(slope, "slope")
    return np.where(Z > 0, dY, np.where(np.isnan(Z), Z, slope * dY))


def sigmoid(Z):
    """Y = 1 / (1 + exp(-Z)); the exponential never overflows. Otherwise as `relu`."""
    check_floats("Z", Z)
    small = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, small) / (1 + small)


def sigmoid_backward(dY, Z):
    """dZ = dY * y (1 - y) with y = sigmoid(Z). Otherwise as `relu_backward`."""
    _check_alike(dY, Z)
    return dY * (sigmoid(Z) * sigmoid(-Z))  # 1 - y, without the rounding of a difference


def tanh(Z):
    """Y = tanh(Z), cell by cell. Otherwise as `relu`."""
    check_floats("Z", Z)
    return np.tanh(Z)


def tanh_backward(dY, Z):
    """dZ = dY * (1 - tanh(Z)**2). Otherwise as `relu_backward`."""
    _check_alike(dY, Z)
    return dY * (1 - np.tanh(Z) ** 2)


def _check_alike(dY, Z):
    check_floats("dY", dY)
    check_floats("Z", Z)
    if dY.shape != Z.shape:
        raise ValueError(
            f"dY has the shape {dY.shape}, Z has {Z.shape}: an activation works cell by cell, "
            f"so both must be alike; pass the Z of the forward pass"
        )


# --- max pool: the largest cell of each window -------------------------------------------------


def max_pool(Y, size, stride=None):
    """Return the largest cell of each window, map by map.

    Parameters
    ----------
    Y : ndarray, shape (..., n_h, n_w, n_k)
        Input map.
    size : int or (int, int)
        Height and width of a window, in cells.
    stride : int or (int, int), optional
        Cells from one window to the next; left out, the size of a window. Left-over
        rows that no window reaches play no part.

    Returns
    -------
    Z : ndarray, shape (..., o_h, o_w, n_k)
        A window with a NaN in it gives NaN.

    Raises
    ------
    TypeError, ValueError
        If `Y` is not a map of floats, or the window does not fit on it.
    """
    (y, _), *rest = _taps(pool_geometry(Y, size, stride))
    Z = np.array(Y[y], Y.dtype.newbyteorder("="), order="C")
    for y, _ in rest:
        np.maximum(Z, Y[y], out=Z)
    return Z


def max_pool_backward(dZ, Y, size, stride=None):
    """Give each dZ to the cell that was the largest in its window; windows that overlap add up.

    Where several are equal, the first in row order gets all of it. (The first NaN counts
    as the largest.)

    Parameters
    ----------
    dZ : ndarray, shape (..., o_h, o_w, n_k)
        Gradient of the loss with respect to the output of the pool.
    Y : ndarray, shape (..., n_h, n_w, n_k)
        Its input in the forward pass.
    size, stride
        Those of the forward pass: see `max_pool`.

    Returns
    -------
    dY : ndarray, shape of Y

    Raises
    ------
    TypeError, ValueError
        If an argument is not a map of floats, or the sizes do not fit together.
    """
    where = pool_geometry(Y, size, stride)
    check_map("dZ", dZ)
    Z_shape = (*Y.shape[:-3], *where.output_size, Y.shape[-1])
    if dZ.shape != Z_shape:
        raise ValueError(
            f"dZ has the shape {dZ.shape}, but the pool of a map {Y.shape} gives {Z_shape}; "
            f"pass the Y, the size and the stride of the forward pass"
        )
    dY = np.zeros(Y.shape, np.result_type(dZ, Y))
    with np.errstate(invalid="ignore", over="ignore"):
        finite = np.isfinite(dZ.sum())  # then 0 times any of them is 0
    m, taps = math.prod(Y.shape[:-3]), _taps(where)
    dZ, maps, out = (a.reshape(m, *a.shape[-3:]) for a in (dZ, Y, dY))
    images = max(1, TOGETHER // max(1, len(taps) * dZ[:1].size))
    for first in range(0, m, images):
        some = slice(first, first + images)
        _give_back(dZ[some], maps[some], out[some], taps, finite)
    return dY


TOGETHER = 2**17
"""Cells of all windows that are looked at together: a cache of today's processors holds them."""


def _give_back(dZ, Y, dY, taps, finite):
    """Add each dZ to the first cell of dY, in row order, where Y is the largest of its window."""
    cells = np.stack([Y[y] for y, _ in taps])
    Z = cells.max(axis=0)
    nan = np.isnan(Z).any()
    waiting = np.ones(Z.shape, bool)  # windows whose largest cell was not met yet
    found, part = np.empty(Z.shape, bool), np.empty(Z.shape, dY.dtype)  # used again for each tap
    for cell, (y, untouched) in zip(cells, taps, strict=True):
        np.equal(cell, Z, out=found)
        if nan:
            found |= np.isnan(cell)
        found &= waiting
        waiting ^= found
        # A product is faster than a choice.
        got = np.multiply(dZ, found, out=part) if finite else np.where(found, dZ, 0)
        dY[y] = got if untouched else dY[y] + got
    dY += 0  # and no -0, which a negative number times 0 is


@lru_cache(maxsize=64)
def _taps(where):
    """For each cell of a window, in row order: the cells of Y that it is, in all windows.

    And whether they are none of those before, as where windows lie apart.
    """
    s_h, s_w = where.stride
    return [(y, u < s_h and v < s_w) for (u, v), y, _ in where.taps()]


def pool_geometry(Y, size, stride):
    """Check the arguments of a pool and return its `Geometry`."""
    check_map("Y", Y)
    size = step_pair(size, "size")
    stride = size if stride is None else step_pair(stride, "stride")
    n_h, n_w = Y.shape[-3:-1]
    if size[0] > n_h or size[1] > n_w:
        raise ValueError(
            f"the window does not fit: it is {by(size)}, Y is {by((n_h, n_w))}; take a smaller size"
        )
    return geometry((n_h, n_w), size, stride)


# --- softmax with cross-entropy ----------------------------------------------------------------


def softmax_cross_entropy(logits, labels):
    """Mean loss of a batch, and its gradient with respect to the logits.

    The loss of one row is -log of the probability that softmax gives to its label.

    Parameters
    ----------
    logits : ndarray of floats, shape (batch, classes)
    labels : ndarray of ints, shape (batch,)
        The right class of each row, counted from 0.

    Returns
    -------
    loss : float
    dlogits : ndarray, shape of `logits`
        (softmax(logits) - one-hot(labels)) / batch.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not of this kind and shape, or a label is not a class.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press, 2016,
       section 6.2.2.3.
    """
    labels = _check_labels(logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)  # softmax stays, no exp overflows
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    dlogits = np.exp(log_probability)
    dlogits[rows, labels] -= 1
    loss = 0.0 - log_probability[rows, labels].mean()  # and not -0.0
    return float(loss), dlogits / len(labels)


def _check_labels(logits, labels):
    check_floats("logits", logits)
    try:
        labels = np.asarray(labels)
    except ValueError:  # rows of different length
        raise ValueError(
            "labels needs one class for each row of logits, but its rows are of different length"
        ) from None
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(
            f"logits needs the shape (batch, classes), one row or more, got {logits.shape}"
            + ": pass logits[:, 0, 0, :]" * (logits.ndim == 4 and logits.shape[1:3] == (1, 1))
        )
    if labels.shape != logits.shape[:1]:
        hint = ": pass labels.argmax(axis=1)" * (labels.shape == logits.shape)
        raise ValueError(
            f"labels needs one class for each row of logits, the shape {logits.shape[:1]}, "
            f"got {labels.shape}{hint}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must hold whole numbers, got {labels.dtype}: a label is a class")
    wrong = labels[(labels < 0) | (labels >= logits.shape[1])]
    if wrong.size:
        raise ValueError(
            f"labels must be from 0 to {logits.shape[1] - 1}, the last class; got {wrong[0]}"
        )
    return labels

"""The mistakes of the bias gradient, and of what stands around a changes.

As in `convolution`: each has its name, with one function for each way to make it.
"""

from itertools import combinations

import numpy as np

from cnnlib import layers
from cnnlib.exercises import changes, work
from cnnlib.exercises.work import both, change, put

# --- the bias gradient ------------------------------------------------------------------------


def bias_gradient(x):
    """Sum over all axes but the last."""
    return x.dZ.sum(axis=tuple(range(x.dZ.ndim - 1)))


def over(*axes):
    """Sum over some axes."""
    return put(make=lambda x: x.dZ.sum(axis=axes))


def image(at):
    """Take one image of a batch."""
    return change(dZ=lambda dZ: dZ[at] if dZ.ndim > 3 else dZ)


LAST_CELL = change(dZ=lambda dZ: dZ[..., -1:, -1:, :])
AXES = [
    axes for n in (1, 2, 3) for axes in [*combinations(range(4), n), *combinations((-3, -2, -1), n)]
]
BIAS = {
    "averaged over the cells": [
        change(dZ=changes.per_cell),
        change(dZ=changes.per_area),
    ],
    "batch averaged": [change(dZ=changes.per_image), change(dZ=changes.per_first)],
    "wrong axes": [
        put(make=lambda x: np.full(x.dZ.shape[-1], x.dZ.sum())),
        put(make=lambda x: np.full(x.dZ.shape[-1], x.dZ.mean())),
        *(over(*axes) for axes in AXES),
    ],
    "one image only": [image(0), image(-1)],
    "= for +=": [LAST_CELL, both(image(-1), LAST_CELL)],
    "cells counted": [change(dZ=np.ones_like)],
    "last window left out": [
        change(dZ=lambda dZ: dZ[..., :-1, :-1, :]),
        change(dZ=lambda dZ: dZ[..., :-1, :, :]),
        change(dZ=lambda dZ: dZ[..., :-1, :]),
    ],
}

# --- activations: what is not dY times a slope replaces the whole ------------------------------


def sloped(x):
    """Multiply dY by the slope at Z, cell by cell."""
    return x.dY * x.slope(x.Z)


def slope(how):
    """Take another slope, a function of Z."""
    return put(slope=how)


def of_tanh(how):
    """Take another slope, a function of y = tanh(Z)."""
    return put(slope=lambda Z: how(np.tanh(Z)))


NO_DY = change(dY=np.ones_like)


def above(Z):
    """Give the slope of ReLU."""
    return 1.0 * (Z > 0)


def relu(Z):
    """Give ReLU itself."""
    return np.maximum(Z, 0)


RELU = {
    "slope 1 at Z = 0": [slope(lambda Z: Z >= 0), slope(lambda Z: np.heaviside(Z, 0.5))],
    "dY forgotten": [NO_DY, both(NO_DY, slope(lambda Z: Z >= 0))],
    "mask of dY": [change(dY=relu), put(make=lambda x: relu(x.dY))],
    "mask the wrong way round": [slope(lambda Z: Z <= 0), slope(lambda Z: Z < 0)],
    "Z for its slope": [slope(relu), both(NO_DY, slope(relu))],
    "sign for the slope": [slope(np.sign), slope(lambda Z: 2 * (Z > 0) - 1)],
    "other choice": [
        put(make=lambda x: np.where(x.Z > 0, 1, x.dY)),
        put(make=lambda x: np.where(x.Z > 0, x.dY, x.Z)),
    ],
    "no mask": [slope(np.ones_like)],
}
TANH = {
    "slope at Y": [of_tanh(lambda y: 1 - np.tanh(y) ** 2)],
    "tanh forgotten": [slope(lambda Z: 1 - Z**2)],
    "square forgotten": [of_tanh(lambda y: 1 - y)],
    "dY forgotten": [NO_DY],
    "1 - forgotten": [of_tanh(np.square)],
    "+ for -": [of_tanh(lambda y: 1 + y**2)],
    "tanh for its slope": [slope(np.tanh), both(NO_DY, slope(np.tanh))],
    "square of the slope": [of_tanh(lambda y: (1 - y) ** 2), of_tanh(lambda y: (1 - y**2) ** 2)],
    "slope at dY": [
        put(make=lambda x: x.dY * (1 - x.dY**2)),
        put(make=lambda x: x.dY * (1 - np.tanh(x.dY) ** 2)),
    ],
    "no slope": [slope(np.ones_like)],
    "slope of the sigmoid": [
        of_tanh(lambda y: y * (1 - y)),
        put(make=lambda x: layers.sigmoid_backward(x.dY, x.Z)),
    ],
}

# --- a training step: dY comes from W_then, and each step is eta times a gradient --------------


def train_step(dZ, Y, W, b, eta):
    """Return dY, and W and b after one step against their gradients."""
    return stepped(begun_step(dZ, Y, W, b, eta))


def begun_step(dZ, Y, W, b, eta):
    """Set out a training step."""
    return work.Work(
        stepped, dZ=dZ, Y=Y, W=W, b=b, eta=eta, early=False, passed_on=1, dW_times=eta, db_times=eta
    )


def gradients(x, W):
    """Give the three gradients of a layer with stride 1 and no padding."""
    plain = (1, 1), (0, 0)
    dY = work.begun_input(x.dZ, W, x.Y.shape[:2], *plain).result
    dW = work.begun_filter(x.dZ, x.Y, W.shape[:2], *plain).result
    return dY, dW, bias_gradient(x)


def stepped(x):
    """Take the step."""
    dY, dW, db = gradients(x, x.W)
    new_W, new_b = x.W - x.dW_times * dW, x.b - x.db_times * db
    if x.early:
        dY = gradients(x, new_W)[0]
    return x.passed_on * dY, new_W, new_b


def steps(how, *names):
    """Change the factor of both steps, or of one; it may depend on the number of cells."""

    def slip(x):
        cells = x.dZ[..., 0].size
        vars(x).update({name: how(x.eta, cells) for name in names or ("dW_times", "db_times")})

    return slip


TRAIN = {
    "W updated before dY": [put(early=True)],
    "uphill": [steps(lambda eta, cells: -eta)],
    "eta forgotten": [steps(lambda eta, cells: 1)],
    "eta in dY": [
        steps(lambda eta, cells: eta, "passed_on"),
        steps(lambda eta, cells: -eta, "passed_on"),
    ],
    "bias not updated": [put(db_times=0)],
    "W not updated": [put(dW_times=0)],
    "gradients returned": [put(make=lambda x: gradients(x, x.W))],
    "eta divides": [steps(lambda eta, cells: 1 / eta)],
    "averaged over the cells": [
        steps(lambda eta, cells: eta / cells, *names)
        for names in ((), ("db_times",), ("dW_times",))
    ],
}

# --- max pool: each window gives its dZ away by shares of its cells ----------------------------


def pooled(x):
    """Give the dZ of each window to its cells, by shares."""
    dY, (f_h, f_w), (s_h, s_w) = np.zeros_like(x.Y), x.size, x.stride
    for i, j, k in np.ndindex(x.dZ.shape):
        window = x.Y[i * s_h : i * s_h + f_h, j * s_w : j * s_w + f_w, k]
        given = x.dZ[i, j, k] * x.share(window)
        rows, columns = (
            np.s_[a : a + n] for a, n in zip((i * s_h, j * s_w), given.shape, strict=True)
        )
        dY[rows, columns, k] = x.put(dY[rows, columns, k], given)
    return dY


def one(find):
    """Give all to one cell, found by its position in row order."""
    return put(share=lambda w: (np.arange(w.size) == find(w)).reshape(w.shape))


def largest(w):
    """Mark the first largest cell of a window."""
    return (np.arange(w.size) == w.argmax()).reshape(w.shape)


def share(*hows):
    """Share in other ways."""
    return [put(share=how) for how in hows]


def pair(name):
    """Exchange a pair, or use one of its numbers for both."""
    return [change(**{name: lambda p, at=at: p[at]}) for at in ([1, 0], [0, 0], [1, 1])]


POOL = {
    "all of several largest": share(lambda w: w == w.max()),
    "last of several largest": [one(lambda w: np.flatnonzero(w == w.max())[-1])],
    "shared by several largest": share(lambda w: (w == w.max()) / np.sum(w == w.max())),
    "spread evenly": share(lambda w: np.full(w.shape, 1 / w.size), np.ones_like),
    "first cell of the window": [one(lambda w: 0)],
    "smallest for largest": [one(np.argmin), *share(lambda w: w == w.min())],
    "= for +=": [
        put(put=lambda old, new: new),
        put(put=lambda old, new: np.where(new, new, old)),
    ],
    "stride is the size": [lambda x: put(stride=x.size)(x)],
    "stride forgotten": [change(stride=np.ones_like)],
    "strides exchanged": pair("stride"),
    "largest starts at 0": share(
        lambda w: largest(w) * (w > 0), lambda w: largest(np.maximum(w, 0))
    ),
    "dZ times the largest": share(lambda w: largest(w) * w),
    "size exchanged": pair("size"),
    "place exchanged": share(lambda w: largest(w).T),
    "row and column apart": share(
        lambda w: np.outer(largest(w.max(axis=1)), largest(w.max(axis=0)))
    ),
    "maps share one cell": [change(Y=lambda Y: Y[..., :1] + 0 * Y)],
}

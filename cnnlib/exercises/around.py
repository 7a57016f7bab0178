"""The mistakes of the bias gradient, and of what is before and after a convolution.

As in `convolution`: each has its name, with one function for each way to make it.
"""

from functools import partial
from itertools import combinations

import numpy as np

from cnnlib import layers, vectorized
from cnnlib.exercises.convolution import FLIPS, everywhere, part, per, per_cell, per_image
from cnnlib.exercises.moves import pair
from cnnlib.exercises.work import Work, both, change, each, put

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


LAST_CELL = change(dZ=part(np.s_[..., -1:, -1:, :]))
ENDS = np.s_[..., :-1, :-1, :], np.s_[..., :-1, :, :], np.s_[..., :-1, :]
AXES = [
    axes for n in (1, 2, 3) for axes in [*combinations(range(4), n), *combinations((-3, -2, -1), n)]
]
BIAS = {
    "averaged over the cells": each(dZ=[per_cell, per(-3, -2)]),
    "batch averaged": each(dZ=[per_image, per(0)]),
    "wrong axes": [
        put(make=lambda x: np.full(x.dZ.shape[-1], x.dZ.sum())),
        put(make=lambda x: np.full(x.dZ.shape[-1], x.dZ.mean())),
        *(over(*axes) for axes in AXES),
    ],
    "one image only": [image(0), image(-1)],
    "= for +=": [LAST_CELL, both(image(-1), LAST_CELL)],
    "cells counted": [change(dZ=np.ones_like)],
    "last window left out": each(dZ=map(part, ENDS)),
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
    "Z for its slope": [
        *(slope(how) for how in (relu, np.positive, np.abs)),
        both(NO_DY, slope(relu)),
    ],
    "slope of another": [
        slope(lambda Z: np.where(Z > 0, 1, 0.01)),
        slope(lambda Z: np.where(Z > 0, 1, 0.1)),
        put(make=lambda x: layers.sigmoid_backward(x.dY, x.Z)),
    ],
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

# --- a training step ----------------------------------------------------------------------------


def train_step(dZ, Y, W, b, eta):
    """Return dY, and W and b after one step against their gradients."""
    dY, dW, db = vectorized.conv_backward(dZ, Y, W)
    return dY, W - eta * dW, b - eta * db


def stepped(x):
    """Take the step, with a factor before each old value and each gradient."""
    _, dW, db = vectorized.conv_backward(x.dZ, x.Y, x.W)
    new_W = x.old_W * x.W - x.eta * x.times_W * dW
    new_b = x.old_b * x.b - x.eta * x.times_b * db
    dY = vectorized.conv_backward_input(x.dZ, x.weights(x.W, dW, new_W), x.Y.shape[:2])
    return x.times_dY * dY, new_W, new_b


def averaged(*factors):
    """Divide some gradients by the number of cells."""
    return lambda x: vars(x).update(dict.fromkeys(factors, 1 / x.dZ[..., 0].size))


TRAIN = {
    "W updated before dY": [put(weights=lambda W, dW, new_W: new_W)],
    "dY made from dW": [put(weights=lambda W, dW, new_W: dW)],
    "filter flipped": [put(weights=lambda W, dW, new_W, how=how: how(W)) for how in FLIPS],
    "step returned": [
        put(**step, **sign)
        for step in ({"old_W": 0}, {"old_b": 0}, {"old_W": 0, "old_b": 0})
        for sign in ({}, {name.replace("old", "times"): -1 for name in step})
    ],
    "uphill": [change(eta=np.negative), put(times_W=-1), put(times_b=-1)],
    "eta forgotten": [
        change(eta=lambda eta: 1),
        lambda x: put(times_W=1 / x.eta)(x),
        lambda x: put(times_b=1 / x.eta)(x),
    ],
    "eta in dY": [lambda x: put(times_dY=x.eta)(x), lambda x: put(times_dY=-x.eta)(x)],
    "bias not updated": [put(times_b=0)],
    "W not updated": [put(times_W=0)],
    "gradients returned": [put(make=lambda x: tuple(vectorized.conv_backward(x.dZ, x.Y, x.W)))],
    "eta divides": [change(eta=lambda eta: 1 / eta)],
    "averaged over the cells": [
        averaged("times_W", "times_b"),
        averaged("times_b"),
        averaged("times_W"),
    ],
}

# --- max pool: each window gives its dZ away by shares of its cells ----------------------------


def pooled(x):
    """Give the dZ of each window to its cells, by shares."""
    dY, (f_h, f_w), (s_h, s_w) = np.zeros_like(x.Y), x.size, x.stride
    for i, j, k in np.ndindex(x.dZ.shape):
        top, left = i * s_h, j * s_w
        given = x.dZ[i, j, k] * x.share(x.Y[top : top + f_h, left : left + f_w, k])
        top, left = x.start(i, s_h), x.start(j, s_w)
        reached = dY[top:, left:, k][: given.shape[0], : given.shape[1]]
        reached[...] = x.put(reached, given)
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


NO_dZ = change(dZ=np.ones_like)
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
    "start forgotten": [put(start=lambda i, s: 0), put(start=lambda i, s: i)],
    "dZ forgotten": [NO_dZ, both(NO_dZ, put(share=lambda w: largest(w) * w))],
    "largest without its sign": share(lambda w: largest(np.abs(w))),
    "maps share one cell": [change(Y=everywhere(np.s_[..., :1]))],
}

BEGUN = {
    "conv_backward_bias": partial(Work, bias_gradient),
    "relu_backward": partial(Work, sloped, slope=above),
    "tanh_backward": partial(Work, sloped, slope=lambda Z: 1 - np.tanh(Z) ** 2),
    "train_step": partial(
        Work,
        stepped,
        weights=lambda W, dW, new_W: W,
        **dict.fromkeys(["old_W", "old_b", "times_W", "times_b", "times_dY"], 1),
    ),
    "max_pool_backward": partial(Work, pooled, share=largest, put=np.add, start=np.multiply),
}
MISTAKES = {
    "conv_backward_bias": BIAS,
    "relu_backward": RELU,
    "tanh_backward": TANH,
    "train_step": TRAIN,
    "max_pool_backward": POOL,
}

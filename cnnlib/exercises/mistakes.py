"""Wrong formulas: the mistakes that are no change of something right, each with its name.

The other mistakes are written as words in ``data/exercises.toml``: see `variants`. Arguments are
those of the whole exercise, by position, with sizes, strides and paddings as arrays.
"""

import numpy as np

from cnnlib import layers, loops


def pooled(share, put=np.add):
    """Max pool's gradient, each window giving its dZ away by `share` of its cells."""

    def wrong(dZ, Y, f, s):
        dY = np.zeros_like(Y)
        for i, j, k in np.ndindex(dZ.shape):
            window = np.s_[i * s[0] : i * s[0] + f[0], j * s[1] : j * s[1] + f[1], k]
            dY[window] = put(dY[window], dZ[i, j, k] * share(Y[window]))
        return dY

    return wrong


def one(find):
    """Share of a window that goes to one cell, found by its position in row order."""
    return lambda w: (np.arange(w.size) == find(w)).reshape(w.shape)


def stepped(before=lambda W, step: W, step=lambda dW, eta, cells: eta * dW, factor=1.0):
    """Training step whose dY comes from another W, or whose steps are longer or shorter."""

    def wrong(dZ, Y, W, b, eta):
        _, dW, db = loops.conv_backward(dZ, Y, W)
        dW, db = (step(d, eta, dZ[..., 0].size) for d in (dW, db))
        dY = loops.conv_backward_input(dZ, before(W, dW), Y.shape[:2])
        return factor * dY, W - dW, b - db

    return wrong


def sloped(*slopes):
    """Gradients of an activation with these slopes, functions of Z."""
    return [lambda dY, Z, slope=slope: dY * slope(Z) for slope in slopes]


def tanh_sloped(*slopes):
    """Gradients of a tanh with these slopes, functions of y = tanh(Z)."""
    return [lambda dY, Z, slope=slope: dY * slope(np.tanh(Z)) for slope in slopes]


def pools(*shares):
    """Max pool's gradient, by several shares."""
    return [*map(pooled, shares)]


def steps(*sizes):
    """Training steps of several sizes, functions of a gradient, eta and the number of cells."""
    return [stepped(step=size) for size in sizes]


train_step, largest = stepped(), one(np.argmax)
max_pooled = pooled(largest)

WRONG = {
    "relu_backward": {
        "slope 1 at Z = 0": sloped(lambda Z: Z >= 0, lambda Z: np.heaviside(Z, 0.5)),
        "dY forgotten": [lambda dY, Z: 1.0 * (Z > 0), lambda dY, Z: 1.0 * (Z >= 0)],
        "mask of dY": [lambda dY, Z: np.maximum(dY, 0), lambda dY, Z: dY * (dY > 0) * (Z > 0)],
        "mask the wrong way round": sloped(lambda Z: Z <= 0, lambda Z: Z < 0),
        "Z for its slope": [*sloped(lambda Z: np.maximum(Z, 0)), lambda dY, Z: np.maximum(Z, 0)],
        "sign for the slope": sloped(np.sign, lambda Z: 2 * (Z > 0) - 1),
        "other choice": [
            lambda dY, Z: np.where(Z > 0, 1, dY),
            lambda dY, Z: np.where(Z > 0, dY, Z),
        ],
        "no mask": [lambda dY, Z: dY],
    },
    "tanh_backward": {
        "slope at Y": tanh_sloped(lambda y: 1 - np.tanh(y) ** 2),
        "tanh forgotten": sloped(lambda Z: 1 - Z**2),
        "square forgotten": tanh_sloped(lambda y: 1 - y),
        "dY forgotten": [lambda dY, Z: 1 - np.tanh(Z) ** 2],
        "1 - forgotten": tanh_sloped(lambda y: y**2),
        "+ for -": tanh_sloped(lambda y: 1 + y**2),
        "tanh for its slope": [*tanh_sloped(lambda y: y), lambda dY, Z: np.tanh(Z)],
        "square of the slope": tanh_sloped(lambda y: (1 - y) ** 2, lambda y: (1 - y**2) ** 2),
        "slope at dY": [lambda dY, Z: dY * (1 - dY**2), lambda dY, Z: dY * (1 - np.tanh(dY) ** 2)],
        "no slope": [lambda dY, Z: dY],
        "slope of the sigmoid": [*tanh_sloped(lambda y: y * (1 - y)), layers.sigmoid_backward],
    },
    "train_step": {
        "W updated before dY": [stepped(lambda W, dW: W - dW)],
        "uphill": steps(lambda d, eta, cells: -eta * d),
        "eta forgotten": steps(lambda d, eta, cells: d),
        "eta divides": steps(lambda d, eta, cells: d / eta),
        "averaged over the cells": steps(
            lambda d, eta, cells: eta * d / cells,
            lambda d, eta, cells: eta * d / cells ** (d.ndim == 1),
            lambda d, eta, cells: eta * d / cells ** (d.ndim == 4),
        ),
        "eta in dY": [stepped(factor=0.5), stepped(factor=-0.5)],  # eta is 0.5
        "bias not updated": steps(lambda d, eta, cells: eta * d * (d.ndim == 4)),
        "W not updated": steps(lambda d, eta, cells: eta * d * (d.ndim == 1)),
        "gradients returned": [lambda *x: tuple(loops.conv_backward(*x[:3]))],
    },
    "max_pool_backward": {
        "all of several largest": pools(lambda w: w == w.max()),
        "last of several largest": pools(one(lambda w: np.flatnonzero(w == w.max())[-1])),
        "shared by several largest": pools(lambda w: (w == w.max()) / np.sum(w == w.max())),
        "spread evenly": pools(lambda w: 1 / w.size, np.ones_like),
        "first cell of the window": pools(one(lambda w: 0)),
        "smallest for largest": pools(one(np.argmin), lambda w: w == w.min()),
        "largest starts at 0": pools(
            lambda w: largest(w) * (w > 0), lambda w: largest(np.maximum(w, 0))
        ),
        "dZ times the largest": pools(lambda w: largest(w) * w),
        "= for +=": [
            pooled(largest, lambda old, new: new),
            pooled(largest, lambda old, new: np.where(new, new, old)),
        ],
        "stride is the size": [lambda dZ, Y, f, s: max_pooled(dZ, Y, f, f)],
        "maps share one cell": [lambda dZ, Y, f, s: max_pooled(dZ, Y[..., :1] + 0 * Y, f, s)],
    },
    "output_size": {
        "rounded up": [lambda n, f, s, p: -(-(n + 2 * p - f) // s) + 1],
        "+ 1 forgotten": [lambda n, f, s, p: (n + 2 * p - f) // s],
        "padding once": [lambda n, f, s, p: (n + p - f) // s + 1],
        "padding forgotten": [lambda n, f, s, p: (n - f) // s + 1],
        "padding subtracted": [lambda n, f, s, p: (n - 2 * p - f) // s + 1],
        "f forgotten": [lambda n, f, s, p, a=a: (n + 2 * p) // s + a for a in (0, 1)],
        "stride forgotten": [lambda n, f, s, p: n + 2 * p - f + 1],
        "all divided": [lambda n, f, s, p: (n + 2 * p - f + 1) // s],
        "f off by one": [lambda n, f, s, p, a=a: (n + 2 * p - f + a) // s + 1 for a in (-1, 1)],
    },
}
ANYWHERE = {  # found by what they do to the right result, in any exercise
    "all zeros": lambda x: 0 * x,
    "sign": lambda x: -x,
    "twice": lambda x: 2 * x,
    "half": lambda x: x / 2,
}

"""The wrong implementations of `cnnlib.exercises` once more, each written out in plain NumPy.

Nothing here knows `cnnlib`. What lies outside a map is there, as zeros, and all sums are loops
over windows. `WRITTEN_OUT` has the mistakes of each whole exercise, in the order of the table.
"""

from functools import partial

import numpy as np
from styles import pool, spread_zeros

FAR = 40  # zeros around a map, more than any window reaches


def far(maps):
    return np.pad(maps, [(0, 0)] * (maps.ndim - 3) + [(FAR, FAR), (FAR, FAR), (0, 0)])


def part(maps, start, size):
    """So many cells from a place on, which may lie before the map."""
    (r, c), (h, w) = start, size
    return far(maps)[FAR + r : FAR + r + max(h, 0), FAR + c : FAR + c + max(w, 0)]


def keep(x, *at):
    """Zeros everywhere but there."""
    only = 0 * x
    only[at] = x[at]
    return only


def pair(change):
    """Change both numbers of a pair."""
    return lambda p: tuple(map(change, p))


def each(factor, p, more=(0, 0)):
    """A factor times a pair, plus another."""
    return factor * p[0] + more[0], factor * p[1] + more[1]


def first(p):
    return p[0], p[0]


def second(p):
    return p[1], p[1]


def turned(p):
    return p[1], p[0]


def minus(one, other):
    return one[0] - other[0], one[1] - other[1]


BOTH = [turned, first, second]  # ways to exchange height and width
ONE, NOTHING = (1, 1), (0, 0)
END = [np.s_[:-1, :-1], np.s_[:-1, :], np.s_[:, :-1]]  # without the last rows, columns, or both


# --- the input gradient ------------------------------------------------------------------------


def whole(z, W, s, store=None):
    """Gradient of the padded map, as far as windows reach; stored and not added, if need be."""
    f, o = W.shape[:2], z.shape[:2]
    made = np.zeros(((o[0] - 1) * s[0] + f[0], (o[1] - 1) * s[1] + f[1], W.shape[2]))
    if store == "weights":
        for u, v in np.ndindex(*f):
            at = np.s_[u : u + (o[0] - 1) * s[0] + 1 : s[0], v : v + (o[1] - 1) * s[1] + 1 : s[1]]
            made[at] = z @ W[u, v].T
        return made
    for i, j in np.ndindex(*o):
        at = np.s_[i * s[0] : i * s[0] + f[0], j * s[1] : j * s[1] + f[1]]
        made[at] = W @ z[i, j] + (0 if store else made[at])
    return made


def dY(z, W, n, s, p, store=None):
    return part(whole(z, W, s, store), p, n)


def dY_of(z=lambda z: z, W=lambda W: W, s=lambda s: s, p=lambda p: p, store=None):
    """The input gradient with something done to its arguments."""
    return lambda z_, W_, n, s_, p_: dY(z(z_), W(W_), n, s(s_), p(p_), store)


def dY_at(start, more):
    """It is cut from `start` times p on, and larger than Y by `more` times p, on each axis."""

    def cut(z, W, n, s, p):
        at = start[0] * p[0], start[1] * p[1]
        return part(whole(z, W, s), at, (n[0] + more[0] * p[0], n[1] + more[1] * p[1]))

    return cut


def own_size(z, W, n, s, p):
    made = whole(z, W, s)
    return part(made, p, minus(made.shape, each(2, p)))


def zeros_behind(z, W, n, s, p):
    o, f = z.shape, W.shape
    size = (o[0] * s[0] + f[0] - 1 - 2 * p[0], o[1] * s[1] + f[1] - 1 - 2 * p[1])
    return part(whole(z, W, s), p, size)


def rest_on_top(z, W, n, s, p):
    rest = [(n[a] + 2 * p[a] - W.shape[a]) % s[a] for a in (0, 1)]
    return part(whole(z, W, s), minus(p, rest), n)


def sliced(z, W, n, s, p):
    return part(whole(z, W, s), NOTHING, each(2, p, n))[p[0] : -p[0], p[1] : -p[1]]


def from_the_other_end(z, W, n, s, p):
    made, dY = part(whole(z, W, s), NOTHING, each(1, p, n)), np.zeros((*n, W.shape[2]))
    for r, c in np.ndindex(*made.shape[:2]):
        dY[(r - p[0]) % n[0], (c - p[1]) % n[1]] += made[r, c]
    return dY


def ring(start):
    return lambda z, W, n, s, p: part(whole(z, W, s), start(W.shape[:2], p), n)


def copies(z, s):
    return np.kron(z, np.ones((*s, 1)))


LAST = np.s_[..., -1:]
INPUT = {
    "filter not flipped": [dY_of(W=lambda W: W[::-1, ::-1])],
    "columns not flipped": [dY_of(W=np.fliplr)],
    "rows not flipped": [dY_of(W=np.flipud)],
    "filter transposed": [
        dY_of(W=lambda W: W.transpose(1, 0, 2, 3)),
        dY_of(W=lambda W: W.transpose(1, 0, 2, 3)[::-1, ::-1]),
    ],
    "filter turned by 90 degrees": [
        dY_of(W=lambda W: W.transpose(1, 0, 2, 3)[::-1]),
        dY_of(W=lambda W: W.transpose(1, 0, 2, 3)[:, ::-1]),
    ],
    "maps exchanged": [dY_of(W=lambda W: W.transpose(0, 1, 3, 2))],
    "maps reversed": [
        dY_of(W=lambda W: W[:, :, ::-1, ::-1]),
        dY_of(W=lambda W: W[:, :, :, ::-1]),
        dY_of(W=lambda W: W[:, :, ::-1]),
    ],
    "dZ flipped": [
        dY_of(z=lambda z: z[::-1, ::-1]),
        dY_of(z=np.flipud),
        dY_of(z=np.fliplr),
        dY_of(z=lambda z: z[::-1, ::-1], W=lambda W: W[::-1, ::-1]),
    ],
    "stride forgotten": [dY_of(s=lambda s: ONE)],
    "strides exchanged": [dY_of(s=other) for other in BOTH],
    "height and width exchanged": [dY_of(s=other, p=other) for other in BOTH],
    "too many zeros in the spread": [
        dY_of(s=pair(lambda s: s + 1)),
        dY_of(s=pair(lambda s: s + 1 if s > 1 else s)),
        zeros_behind,
    ],
    "too few zeros in the spread": [dY_of(s=pair(lambda s: s - 1 or 1))],
    "gaps filled": [lambda z, W, n, s, p: dY(copies(z, s), W, n, ONE, p)],
    "left-over rows forgotten": [
        own_size,
        lambda z, W, n, s, p: part(own_size(z, W, n, s, p), NOTHING, n),
        rest_on_top,
    ],
    "padding not cropped": [dY_at((0, 0), (2, 2))],
    "padding cropped on one side": [
        dY_at((0, 0), (0, 0)),
        dY_at((2, 2), (0, 0)),
        dY_at((1, 1), (1, 1)),
        dY_at((0, 0), (1, 1)),
    ],
    "padding cropped along one axis": [
        dY_at((1, 0), (0, 2)),
        dY_at((0, 1), (2, 0)),
        dY_at((1, 0), (0, 0)),
        dY_at((0, 1), (0, 0)),
    ],
    "padding cropped twice": [dY_at((2, 2), (-2, -2))],
    "padding added again": [dY_at((-1, -1), (4, 4)), dY_at((-1, -1), (0, 0))],
    "paddings exchanged": [dY_of(p=other) for other in BOTH],
    "slice [p:-p] at p = 0": [sliced],
    "negative indices": [from_the_other_end],
    "ring of the wrong width": [
        ring(lambda f, p: (f[0] - 1 - p[0], f[1] - 1 - p[1])),
        ring(lambda f, p: (p[0] - 1, p[1] - 1)),
        ring(lambda f, p: (f[0] - 1, f[1] - 1)),
    ],
    "= for +=": [
        dY_of(store="windows"),
        dY_of(store="weights"),
        lambda z, W, *how: dY(z[LAST], W[LAST], *how, "windows"),
        lambda z, W, *how: dY(z[LAST], W[LAST], *how, "weights"),
        dY_of(W=lambda W: keep(W, 0, 0)),
        dY_of(W=lambda W: keep(W, -1, -1)),
    ],
    "sum over k forgotten": [
        lambda z, W, *how: dY(z[:, :, :1], W[:, :, :, :1], *how),
        lambda z, W, *how: dY(z[LAST], W[LAST], *how),
    ],
    "last window left out": [dY_of(z=lambda z, at=at: keep(z, *at)) for at in END],
    "last weight left out": [dY_of(W=lambda W, at=at: keep(W, *at)) for at in END],
}


# --- the filter gradient -----------------------------------------------------------------------


def dW(z, Y, f, s, p, apart=ONE):
    """Weights lie `apart` cells from each other, windows a stride."""
    made, Y = np.zeros((*f, Y.shape[2], z.shape[2])), far(Y)
    for u, v, i, j in np.ndindex(*f, *z.shape[:2]):
        r, c = i * s[0] + u * apart[0] - p[0], j * s[1] + v * apart[1] - p[1]
        made[u, v] += np.outer(Y[FAR + r, FAR + c], z[i, j])
    return made


def dW_of(z=lambda z: z, Y=lambda Y: Y, s=lambda s: s, p=lambda p: p, end=lambda made: made):
    """The filter gradient with something done to its arguments, or to its end."""
    return lambda z_, Y_, f, s_, p_: end(dW(z(z_), Y(Y_), f, s(s_), p(p_)))


def last_in_the_map(z, Y, f, s, p):
    made = np.zeros((*f, Y.shape[2], z.shape[2]))
    for u, v in np.ndindex(*f):
        for i, j in np.ndindex(*z.shape[:2]):
            r, c = i * s[0] + u - p[0], j * s[1] + v - p[1]
            if r in range(Y.shape[0]) and c in range(Y.shape[1]):
                made[u, v] = np.outer(Y[r, c], z[i, j])
    return made


def with_its_end_before_it(Y, p, below):
    """Rows -p to -1 are the last ones of the map, as with negative indices."""
    (h, w), made = Y.shape[:2], np.zeros_like(Y, shape=(*each(1, p, Y.shape), Y.shape[2]))
    for r, c in np.ndindex(*made.shape[:2]):
        made[r, c] = Y[(r - p[0]) % h, (c - p[1]) % w]
    return part(made, NOTHING, each(1, below, made.shape))


def in_all(x):
    return np.add.reduce(x, axis=-1, keepdims=True).repeat(x.shape[-1], -1)


def per_cell(z):
    return z / (z.shape[-3] * z.shape[-2])


TURNS = [  # of the first two axes
    lambda x: np.swapaxes(x, 0, 1),
    lambda x: np.swapaxes(x, 0, 1)[::-1],
    lambda x: np.swapaxes(x, 0, 1)[:, ::-1],
]
FLIPS = [lambda x: x[::-1, ::-1], np.flipud, np.fliplr]
FILTER = {
    "stride forgotten": [dW_of(s=lambda s: ONE)],
    "stride for spacing": [lambda z, Y, f, s, p: dW(z, Y, f, ONE, p, apart=s)],
    "strides exchanged": [dW_of(s=other) for other in BOTH],
    "height and width exchanged": [dW_of(s=other, p=other) for other in BOTH],
    "step off by one": [
        dW_of(s=pair(lambda s: s + 1)),
        dW_of(s=pair(lambda s: s + 1 if s > 1 else s)),
        dW_of(s=pair(lambda s: s - 1 or 1)),
    ],
    "padding forgotten": [dW_of(p=lambda p: NOTHING), dW_of(p=pair(lambda p: p + p))],
    "paddings exchanged": [dW_of(p=other) for other in BOTH],
    "negative indices": [
        lambda z, Y, f, s, p: dW(z, with_its_end_before_it(Y, p, NOTHING), f, s, NOTHING)
    ],
    "summed over the filter's size": [
        lambda z, Y, f, s, p: dW(keep(z, slice(f[0]), slice(f[1])), Y, f, s, p)
    ],
    "dZ flipped": [dW_of(z=flip) for flip in FLIPS],
    "dZ transposed": [dW_of(z=turn) for turn in TURNS],
    "dW flipped": [dW_of(end=flip) for flip in FLIPS],
    "dW transposed": [dW_of(end=turn) for turn in TURNS],
    "left-over rows not cut off": [
        lambda z, Y, f, s, p: dW(
            z, Y, [Y.shape[a] + 2 * p[a] - (z.shape[a] - 1) * s[a] for a in (0, 1)], s, p
        )
    ],
    "= for +=": [dW_of(z=lambda z: keep(z, -1, -1)), last_in_the_map],
    "averaged over the cells": [dW_of(z=per_cell), dW_of(z=per_cell)],
    "maps exchanged": [dW_of(end=lambda made: made.transpose(0, 1, 3, 2))],
    "maps added up": [dW_of(z=in_all), dW_of(Y=in_all), dW_of(z=in_all, Y=in_all)],
    "one map only": [
        dW_of(z=lambda z: keep(z, ..., 0)),
        dW_of(Y=lambda Y: keep(Y, ..., 0)),
        dW_of(z=lambda z: keep(z, ..., 0), Y=lambda Y: keep(Y, ..., 0)),
    ],
    "last window left out": [dW_of(z=lambda z, at=at: keep(z, *at)) for at in END],
}


# --- the bias gradient: with a batch axis or without ------------------------------------------


def db(z):
    return z.reshape(-1, z.shape[-1]).sum(0)


def over(*axes):
    return lambda z: np.add.reduce(z, axis=axes)


def image(at):
    return lambda z: db(z[at] if z.ndim == 4 else z)


def without_end(at):
    """The sum without the last windows, in each image."""
    return lambda z: sum(db(keep(one, *at)) for one in (z if z.ndim == 4 else [z]))


BIAS = {
    "averaged over the cells": [
        lambda z: db(z) / z[..., 0].size,
        lambda z: db(z) / (z.shape[-3] * z.shape[-2]),
    ],
    "batch averaged": [
        lambda z: db(z) / (len(z) if z.ndim == 4 else 1),
        lambda z: db(z) / len(z),
    ],
    "wrong axes": [
        lambda z: np.array([z.sum()] * z.shape[-1]),
        lambda z: np.array([z.mean()] * z.shape[-1]),
        lambda z: db(z).reshape((1,) * (z.ndim - 1) + (-1,)),
        *(over(*axes) for axes in [(0, 1), (1, 2), (0, 1, 2), (0,), (1,), (-1,)]),
        *(over(*axes) for axes in [(-3, -1), (-2, -1), (-3,), (-2,), (-3, -2), (-3, -2, -1)]),
    ],
    "one image only": [image(0), image(-1)],
    "= for +=": [
        lambda z: z[..., -1, -1, :].reshape(-1, z.shape[-1]).sum(0),
        lambda z: z.reshape(-1, z.shape[-1])[-1],
    ],
    "cells counted": [lambda z: np.full(z.shape[-1], float(z.size // z.shape[-1]))],
    "last window left out": [without_end(at) for at in END],
}


# --- the forward pass --------------------------------------------------------------------------


def Z(Y, W, b, s, p, more=NOTHING):
    """With room for more cells at the end, if need be."""
    f, size = W.shape[:2], each(2, p, each(1, more, Y.shape))
    if len(b) != W.shape[3] or size[0] < f[0] or size[1] < f[1]:
        raise ValueError
    made = np.zeros(((size[0] - f[0]) // s[0] + 1, (size[1] - f[1]) // s[1] + 1, W.shape[3]))
    for i, j in np.ndindex(*made.shape[:2]):
        window = part(Y, (i * s[0] - p[0], j * s[1] - p[1]), f)
        made[i, j] = np.tensordot(window, W, 3) + b
    return made


def Z_of(W=lambda W: W, b=lambda b: b, s=lambda s: s, p=lambda p: p, end=lambda made: made):
    """The forward pass with something done to its arguments, or to its end."""
    return lambda Y, W_, b_, s_, p_: end(Z(Y, W(W_), b(b_), s(s_), p(p_)))


def one_more(Y, W, b, s, p):
    rest = [-(Y.shape[a] + 2 * p[a] - W.shape[a]) % s[a] for a in (0, 1)]
    return Z(Y, W, b, s, p, more=rest)


def with_products(*axes):
    """The bias as often as there are products over these axes."""
    return lambda Y, W, b, s, p: Z(Y, W, b * np.prod([W.shape[a] for a in axes]), s, p)


def last_product(maps=False):
    return lambda W: keep(keep(W, -1, -1), ..., -1, slice(None)) if maps else keep(W, -1, -1)


FORWARD = {
    "filter flipped": [Z_of(W=flip) for flip in FLIPS],
    "filter transposed": [
        Z_of(W=TURNS[0]),
        Z_of(W=lambda W: TURNS[0](W)[::-1, ::-1]),
        Z_of(W=TURNS[1]),
        Z_of(W=TURNS[2]),
    ],
    "maps exchanged": [
        Z_of(W=lambda W: W.transpose(0, 1, 3, 2)),
        Z_of(W=lambda W: W[:, :, ::-1, ::-1]),
        Z_of(W=lambda W: W[:, :, :, ::-1]),
        Z_of(W=lambda W: W[:, :, ::-1]),
    ],
    "bias forgotten": [Z_of(b=np.zeros_like)],
    "bias added with each product": [
        with_products(0, 1, 2),
        with_products(0, 1),
        with_products(2),
    ],
    "sum over k_in forgotten": [
        lambda Y, W, *how: Z(Y[:, :, :1], W[:, :, :1], *how),
        lambda Y, W, *how: Z(Y[:, :, -1:], W[:, :, -1:], *how),
    ],
    "= for +=": [
        Z_of(W=last_product()),
        Z_of(W=last_product(), b=np.zeros_like),
        Z_of(W=last_product(maps=True)),
        Z_of(W=last_product(maps=True), b=np.zeros_like),
    ],
    "stride forgotten": [Z_of(s=lambda s: ONE)],
    "strides exchanged": [Z_of(s=other) for other in BOTH],
    "height and width exchanged": [Z_of(s=other, p=other) for other in BOTH],
    "padding forgotten": [Z_of(p=lambda p: NOTHING), Z_of(p=pair(lambda p: p + p))],
    "paddings exchanged": [Z_of(p=other) for other in BOTH],
    "negative indices": [
        lambda Y, W, b, s, p: Z(with_its_end_before_it(Y, p, p), W, b, s, NOTHING)
    ],
    "one window too many": [one_more],
    "last window left out": [
        *(Z_of(end=lambda made, at=at: keep(made, *at)) for at in END),
        Z_of(end=lambda made: made[:-1, :-1]),
    ],
    "last weight left out": [Z_of(W=lambda W, at=at: keep(W, *at)) for at in END],
}


# --- activations, a training step, max pool ---------------------------------------------------

RELU = {
    "slope 1 at Z = 0": [
        lambda dY, Z: np.where(Z < 0, 0, dY),
        lambda dY, Z: np.where(Z > 0, dY, np.where(Z < 0, 0, dY / 2)),
    ],
    "dY forgotten": [
        lambda dY, Z: np.where(Z > 0, 1.0, 0.0),
        lambda dY, Z: np.where(Z < 0, 0.0, 1.0),
    ],
    "mask of dY": [
        lambda dY, Z: np.where(dY > 0, dY, 0),
        lambda dY, Z: np.where((dY > 0) & (Z > 0), dY, 0),
    ],
    "mask the wrong way round": [
        lambda dY, Z: np.where(Z > 0, 0, dY),
        lambda dY, Z: np.where(Z < 0, dY, 0),
    ],
    "Z for its slope": [
        lambda dY, Z: np.where(Z > 0, dY * Z, 0),
        lambda dY, Z: np.where(Z > 0, Z, 0),
    ],
    "no mask": [lambda dY, Z: dY.copy()],
    "sign for the slope": [
        lambda dY, Z: np.where(Z > 0, dY, np.where(Z < 0, -dY, 0)),
        lambda dY, Z: np.where(Z > 0, dY, -dY),
    ],
    "other choice": [
        lambda dY, Z: dY * (Z <= 0) + (Z > 0),
        lambda dY, Z: dY * (Z > 0) + Z * (Z <= 0),
    ],
}
TANH = {  # (1 - y)(1 + y) is the slope, and 1 / cosh**2
    "slope at Y": [lambda dY, Z: dY / np.cosh(np.tanh(Z)) ** 2],
    "tanh forgotten": [lambda dY, Z: dY * (1 - Z) * (1 + Z)],
    "square forgotten": [lambda dY, Z: dY - dY * np.tanh(Z)],
    "dY forgotten": [lambda dY, Z: 1 / np.cosh(Z) ** 2],
    "1 - forgotten": [lambda dY, Z: dY - dY / np.cosh(Z) ** 2],
    "tanh for its slope": [
        lambda dY, Z: dY * np.sinh(Z) / np.cosh(Z),
        lambda dY, Z: np.sinh(Z) / np.cosh(Z),
    ],
    "slope of the sigmoid": [
        lambda dY, Z: dY * np.tanh(Z) - dY * np.tanh(Z) ** 2,
        lambda dY, Z: dY * np.exp(-Z) / (1 + np.exp(-Z)) ** 2,
    ],
    "+ for -": [lambda dY, Z: 2 * dY - dY / np.cosh(Z) ** 2],
    "square of the slope": [
        lambda dY, Z: dY * (np.tanh(Z) - 1) * (np.tanh(Z) - 1),
        lambda dY, Z: dY / np.cosh(Z) ** 4,
    ],
    "slope at dY": [
        lambda dY, Z: dY - dY * dY * dY,
        lambda dY, Z: dY / np.cosh(dY) ** 2,
    ],
    "no slope": [lambda dY, Z: dY.copy()],
}


def gradients(z, Y, W):
    n, f = Y.shape[:2], W.shape[:2]
    return dY(z, W, n, ONE, NOTHING), dW(z, Y, f, ONE, NOTHING), db(z)


def stepped(for_W, for_b, early=False, factor=1):
    """New weights and bias, less so many times their gradients, for eta and the cells of dZ."""

    def train(z, Y, W, b, eta):
        cells = z.shape[0] * z.shape[1]
        given, of_W, of_b = gradients(z, Y, W)
        if early:
            given = dY(z, W - of_W * eta, Y.shape[:2], ONE, NOTHING)
        return factor * given, W - for_W(eta, cells) * of_W, b - for_b(eta, cells) * of_b

    return train


def right(eta, cells):
    return eta


def both(rate, **more):
    return [stepped(rate, rate, **more)]


TRAIN = {
    "W updated before dY": both(right, early=True),
    "uphill": both(lambda eta, cells: -eta),
    "eta forgotten": both(lambda eta, cells: 1),
    "eta in dY": [*both(right, factor=0.5), *both(right, factor=-0.5)],
    "bias not updated": [stepped(right, lambda eta, cells: 0)],
    "W not updated": [stepped(lambda eta, cells: 0, right)],
    "gradients returned": [lambda z, Y, W, b, eta: gradients(z, Y, W)],
    "eta divides": both(lambda eta, cells: 1 / eta),
    "averaged over the cells": [
        *both(lambda eta, cells: eta / cells),
        stepped(right, lambda eta, cells: eta / cells),
        stepped(lambda eta, cells: eta / cells, right),
    ],
}


def to_cells(share, overwrite=False):
    """Each window gives its dZ to its cells, by a function of the window that says how much."""

    def pooled(z, Y, size, stride):
        made = np.zeros(Y.shape)
        for i, j, k in np.ndindex(*z.shape):
            top, left = i * stride[0], j * stride[1]
            at = np.s_[top : top + size[0], left : left + size[1], k]
            made[at] = z[i, j, k] * share(Y[at]) + (0 if overwrite else made[at])
        return made

    return pooled


def last_largest(window):
    return window.size - 1 - np.argmax(window.ravel()[::-1])


def from_zero(window):
    """A search that starts at 0, in the first cell."""
    place, most = 0, 0
    for number, value in enumerate(window.ravel()):
        if value > most:
            place, most = number, value
    return place


def only_above_zero(window):
    share = np.zeros(window.shape)
    if window.max() > 0:
        share.flat[window.argmax()] = 1
    return share


def at_the_largest(window):
    share = np.zeros(window.shape)
    share.flat[window.argmax()] = 1
    return share


def with_other(size=lambda f, s: f, stride=lambda f, s: s):
    return lambda z, Y, f, s: pool(z, Y, size(f, s), stride(f, s))


POOL = {
    "all of several largest": [partial(pool, mask=True)],
    "last of several largest": [partial(pool, choose=last_largest)],
    "shared by several largest": [
        to_cells(lambda w: np.where(w == w.max(), 1 / np.count_nonzero(w == w.max()), 0))
    ],
    "spread evenly": [
        to_cells(lambda w: np.full(w.shape, 1 / len(w.ravel()))),
        to_cells(lambda w: np.full(w.shape, 1)),
    ],
    "first cell of the window": [partial(pool, choose=lambda w: 0)],
    "smallest for largest": [
        partial(pool, choose=np.argmin),
        to_cells(lambda w: np.where(w > w.min(), 0, 1)),
    ],
    "= for +=": [to_cells(at_the_largest, overwrite=True), partial(pool, put="=")],
    "stride is the size": [with_other(stride=lambda f, s: f)],
    "stride forgotten": [with_other(stride=lambda f, s: ONE)],
    "strides exchanged": [with_other(stride=lambda f, s, o=other: o(s)) for other in BOTH],
    "largest starts at 0": [to_cells(only_above_zero), partial(pool, choose=from_zero)],
    "dZ times the largest": [to_cells(lambda w: at_the_largest(w) * w.max())],
    "size exchanged": [with_other(size=lambda f, s, o=other: o(f)) for other in BOTH],
    "maps share one cell": [lambda z, Y, f, s: pool(z, Y[:, :, :1].repeat(Y.shape[2], 2), f, s)],
}


# --- the four moves, and a size ---------------------------------------------------------------


def spread_in(start):
    """A spread with zeros behind each cell, in rows and columns; some before the first too."""

    def wide(z, s):
        before, more = start(s)
        size = [n * t + m for n, t, m in zip(z.shape, s, more, strict=False)]
        made = np.zeros((*size, z.shape[2]))
        for i, j in np.ndindex(*z.shape[:2]):
            made[before[0] + i * s[0], before[1] + j * s[1]] = z[i, j]
        return made

    return wide


SPREAD = {
    "too many zeros": [lambda z, s: spread_zeros(z, each(1, s, ONE))],
    "too few zeros": [lambda z, s: spread_zeros(z, [t - 1 or 1 for t in s])],
    "zeros behind the last": [
        spread_in(lambda s: (NOTHING, NOTHING)),
        spread_in(lambda s: (minus(s, ONE), NOTHING)),
        spread_in(lambda s: (minus(s, ONE), minus(s, ONE))),
    ],
    "repeated": [copies],
    "strides exchanged": [lambda z, s, o=other: spread_zeros(z, o(s)) for other in BOTH],
    "one axis only": [
        lambda z, s: spread_zeros(z, (s[0], 1)),
        lambda z, s: spread_zeros(z, (1, s[1])),
    ],
    "not spread": [lambda z, s: z.copy()],
}
FLIP = {
    "one axis only": [np.fliplr, np.flipud],
    "transposed": [TURNS[0], lambda W: TURNS[0](W)[::-1, ::-1]],
    "turned by 90 degrees": [lambda W: np.rot90(W, -1), np.rot90],
    "maps flipped too": [
        np.flip,
        lambda W: np.flip(W, (0, 1, 3)),
        lambda W: np.flip(W, (0, 1, 2)),
    ],
    "maps flipped only": [
        lambda W: np.flip(W, (2, 3)),
        lambda W: np.flip(W, 3),
        lambda W: np.flip(W, 2),
    ],
    "maps exchanged": [
        lambda W: np.flip(W, (0, 1)).transpose(0, 1, 3, 2),
        lambda W: W.transpose(0, 1, 3, 2),
    ],
    "not flipped": [np.copy],
}


def crop(x, p):
    """Padding that is more than the map is refused."""
    if 2 * p[0] > x.shape[0] or 2 * p[1] > x.shape[1]:
        raise ValueError
    return x[p[0] : x.shape[0] - p[0], p[1] : x.shape[1] - p[1]]


CROP = {
    "one side only": [
        lambda x, p: part(x, NOTHING, minus(x.shape, p)),
        lambda x, p: part(x, p, minus(x.shape, p)),
    ],
    "one axis only": [lambda x, p: crop(x, (0, p[1])), lambda x, p: crop(x, (p[0], 0))],
    "paddings exchanged": [lambda x, p, o=other: crop(x, o(p)) for other in BOTH],
    "slice [p:-p] at p = 0": [lambda x, p: x[slice(p[0], -p[0]), slice(p[1], -p[1])]],
    "not cropped": [lambda x, p: x.copy()],
    "cut twice": [lambda x, p: crop(x, each(2, p))],
    "off by one": [
        lambda x, p: part(x, p, minus(x.shape, each(2, p, (-1, -1)))),
        lambda x, p: part(x, p, minus(x.shape, each(2, p, ONE))),
    ],
}


def steps(way, s):
    """Steps of s cells that fit into a way; below 0 as Python divides."""
    return int(np.floor(way / s))


SIZE = {
    "rounded up": [lambda n, f, s, p: int(np.ceil((n + p + p - f) / s)) + 1],
    "+ 1 forgotten": [lambda n, f, s, p: steps(n + p + p - f, s)],
    "padding once": [lambda n, f, s, p: steps(n + p - f + s, s)],
    "padding forgotten": [lambda n, f, s, p: steps(n - f + s, s)],
    "stride forgotten": [lambda n, f, s, p: steps(n + p + p - f, 1) + 1],
    "all divided": [lambda n, f, s, p: steps(n + p + p - f + 1, s)],
    "f off by one": [
        lambda n, f, s, p: steps(n + p + p - (f + 1), s) + 1,
        lambda n, f, s, p: steps(n + p + p - (f - 1), s) + 1,
    ],
    "padding subtracted": [lambda n, f, s, p: steps(n - p - p - f, s) + 1],
    "f forgotten": [
        lambda n, f, s, p: steps(n + p + p, s),
        lambda n, f, s, p: steps(n + p + p + s, s),
    ],
}

WRITTEN_OUT = {
    "conv_backward_input": INPUT,
    "conv_backward_filter": FILTER,
    "conv_backward_bias": BIAS,
    "conv_forward": FORWARD,
    "relu_backward": RELU,
    "tanh_backward": TANH,
    "train_step": TRAIN,
    "max_pool_backward": POOL,
    "spread": SPREAD,
    "flip": FLIP,
    "crop": CROP,
    "output_size": SIZE,
}

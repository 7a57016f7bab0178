"""The known mistakes: wrong implementations, each through a right one.

Arguments are those of the whole exercise, by position, as `variants` takes them. A mistake has
several implementations where students write it in several styles, such as a result of the size
that was asked for, or of the size that comes out.
"""

import numpy as np

from cnnlib import layers, loops, shapes
from cnnlib.exercises import variants as v

EXCHANGES = [np.s_[::-1], [0, 0], [1, 1]]  # of a pair
PAIRS = [lambda pair, e=e: pair[e] for e in EXCHANGES]
STRIDES = [lambda s, p, e=e: (s[e], p) for e in EXCHANGES]
PADDINGS = [lambda s, p, e=e: (s, p[e]) for e in EXCHANGES]
NO_PADDING = [lambda s, p: (s, 0 * p), lambda s, p: (s, 2 * p)]
NO_STRIDE = [lambda s, p: (s // s, p)]
MORE = [lambda s, p: (s + 1, p), lambda s, p: (s + (s > 1), p)]
FEWER = [lambda s, p: (np.maximum(1, s - 1), p)]
HALVES = [lambda W: W[:, ::-1], lambda W: W[::-1]]
TRANSPOSED = [lambda W: W.swapaxes(0, 1), lambda W: shapes.flip(W.swapaxes(0, 1))]
TURNED = [np.rot90, lambda W: np.rot90(W, 3)]
REVERSED = [lambda W: W[..., ::-1, ::-1], lambda W: W[..., ::-1], lambda W: W[..., ::-1, :]]
MAPS_EXCHANGED = [lambda W: W.swapaxes(2, 3)]
DZ_FLIPS = [lambda dZ: dZ[..., ::-1, ::-1, :]]
DZ_FLIPS += [lambda dZ: dZ[..., ::-1, :, :], lambda dZ: dZ[..., ::-1, :]]
CELLS = [lambda dZ: dZ[..., 0].size, lambda dZ: dZ.shape[-3] * dZ.shape[-2]]
IMAGES = [lambda dZ: len(dZ) ** (dZ.ndim - 3), len, lambda dZ: len(dZ) ** 2]
FIRST, LAST, ALL = np.s_[:1], np.s_[-1:], np.s_[:]

WRONG = {
    "conv_backward_input": {
        "filter not flipped": v.argument(1, v.dY_of, shapes.flip),
        "columns not flipped": v.argument(1, v.dY_of, HALVES[0]),
        "rows not flipped": v.argument(1, v.dY_of, HALVES[1]),
        "filter transposed": v.argument(1, v.dY_of, *TRANSPOSED),
        "filter turned by 90 degrees": v.argument(1, v.dY_of, *TURNED),
        "maps exchanged": v.argument(1, v.dY_of, *MAPS_EXCHANGED),
        "maps reversed": v.argument(1, v.dY_of, *REVERSED),
        "stride forgotten": v.how([v.dY_of, v.cropped_dY], *NO_STRIDE),
        "strides exchanged": v.how([v.dY_of, v.cropped_dY], *STRIDES),
        "height and width exchanged": v.how([v.dY_of], lambda s, p: (s[::-1], p[::-1])),
        "too many zeros in the spread": v.how([v.dY_of, v.cropped_dY], *MORE)
        + [v.zeros_behind_each],
        "too few zeros in the spread": v.how([v.dY_of, v.cropped_dY], *FEWER),
        "left-over rows forgotten": [v.cropped_dY, v.rest_after_crop, v.rest_on_top],
        "padding not cropped": [v.uncut_below(0, 2), lambda dZ, W, n, s, p: v.padded_dY(dZ, W, s)],
        "padding cropped on one side": [
            v.uncut_below(*ends) for ends in [(0, 0), (2, 0), (1, 1), (0, 1)]
        ],
        "paddings exchanged": v.how([v.dY_of, v.cropped_dY], *PADDINGS),
        "slice [p:-p] at p = 0": [
            lambda dZ, W, n, s, p: v.sliced(v.uncut_below(0, 2)(dZ, W, n, s, p), p)
        ],
        "= for +=": [v.stored(outside, k) for outside in (True, False) for k in (ALL, LAST)],
        "sum over k forgotten": [
            lambda dZ, W, *x, k=k: v.dY_of(dZ[..., k], W[..., k], *x) for k in (FIRST, LAST)
        ],
    },
    "conv_backward_filter": {
        "stride forgotten": v.how([v.dW_of, v.all_dW], *NO_STRIDE),
        "strides exchanged": v.how([v.dW_of, v.all_dW], *STRIDES),
        "step off by one": v.how([v.dW_of, v.all_dW], *MORE, *FEWER),
        "padding forgotten": v.how([v.dW_of], *NO_PADDING),
        "paddings exchanged": v.how([v.dW_of], *PADDINGS),
        "summed over the filter's size": [
            lambda dZ, Y, f, s, p: v.dW_of(v.only(dZ, f), Y, f, s, p)
        ],
        "dZ flipped": v.argument(0, v.dW_of, *DZ_FLIPS),
        "dZ transposed": v.argument(0, v.dW_of, lambda dZ: dZ.swapaxes(-3, -2)),
        "dW flipped": v.result(v.dW_of, shapes.flip, *HALVES),
        "left-over rows not cut off": [v.all_dW],
        "= for +=": v.argument(0, v.dW_of, v.last_window),
        "averaged over the cells": v.divided(v.dW_of, *CELLS),
        "maps exchanged": v.result(v.dW_of, *MAPS_EXCHANGED),
        "batch averaged": v.divided(v.dW_of, *IMAGES),
        "one image only": [lambda dZ, Y, *x, i=i: v.dW_of(dZ[i], Y[i], *x) for i in (0, -1)],
    },
    "conv_backward_bias": {
        "averaged over the cells": v.divided(v.db_of, *CELLS),
        "batch averaged": v.divided(v.db_of, *IMAGES),
        "wrong axes": [
            *(lambda dZ, a=a: dZ.sum(axis=a) for a in [(0, 1), (1, 2), 0, 1, -1, (-2, -1), None]),
            *(lambda dZ, f=f: np.full(dZ.shape[-1], f(dZ)) for f in (np.sum, np.mean)),
            lambda dZ: dZ.sum(axis=tuple(range(dZ.ndim - 1)), keepdims=True),
        ],
        "one image only": [lambda dZ, i=i: v.db_of(dZ[i] if dZ.ndim > 3 else dZ) for i in (0, -1)],
        "= for +=": v.argument(0, v.db_of, v.last_window, lambda dZ: v.last_window(dZ)[-1:]),
        "cells counted": v.argument(0, v.db_of, np.ones_like),
    },
    "conv_forward": {
        "filter flipped": v.argument(1, v.Z_of, shapes.flip, *HALVES),
        "filter transposed": v.argument(1, v.Z_of, *TRANSPOSED, *TURNED),
        "bias forgotten": v.argument(2, v.Z_of, np.zeros_like),
        "bias added with each product": [
            lambda Y, W, b, *x, n=n: v.Z_of(Y, W, b * np.prod(W.shape[n]), *x)
            for n in (np.s_[:3], np.s_[2:3], np.s_[:2])
        ],
        "sum over k_in forgotten": [
            lambda Y, W, *x, k=k: v.Z_of(Y[..., k], W[:, :, k], *x) for k in (FIRST, LAST)
        ],
        "= for +=": [
            lambda Y, W, b, *x, axes=axes, kept=kept: v.Z_of(
                Y, v.last_weight(W, axes), kept * b, *x
            )
            for axes in (2, 3)
            for kept in (0, 1)
        ],
        "stride forgotten": [*map(v.fitted_Z, NO_STRIDE), *v.how([v.Z_of], *NO_STRIDE)],
        "strides exchanged": [*map(v.fitted_Z, STRIDES), *v.how([v.Z_of], *STRIDES)],
        "padding forgotten": [*map(v.fitted_Z, NO_PADDING), *v.how([v.Z_of], *NO_PADDING)],
        "paddings exchanged": [*map(v.fitted_Z, PADDINGS), *v.how([v.Z_of], *PADDINGS)],
        "one window too many": [v.rounded_up_Z],
    },
    "relu_backward": {
        "slope 1 at Z = 0": [lambda dY, Z: dY * (Z >= 0)],
        "dY forgotten": [lambda dY, Z: 1.0 * (Z > 0)],
        "mask of dY": [lambda dY, Z: np.maximum(dY, 0), lambda dY, Z: dY * (dY > 0) * (Z > 0)],
        "mask the wrong way round": [lambda dY, Z: dY * (Z <= 0), lambda dY, Z: dY * (Z < 0)],
        "Z for its slope": [lambda dY, Z: dY * np.maximum(Z, 0), lambda dY, Z: np.maximum(Z, 0)],
        "no mask": [lambda dY, Z: dY],
    },
    "tanh_backward": {
        "slope at Y": [lambda dY, Z: dY * (1 - np.tanh(np.tanh(Z)) ** 2)],
        "tanh forgotten": [lambda dY, Z: dY * (1 - Z**2)],
        "square forgotten": [lambda dY, Z: dY * (1 - np.tanh(Z))],
        "dY forgotten": [lambda dY, Z: 1 - np.tanh(Z) ** 2],
        "1 - forgotten": [lambda dY, Z: dY * np.tanh(Z) ** 2],
        "tanh for its slope": [lambda dY, Z: dY * np.tanh(Z), lambda dY, Z: np.tanh(Z)],
        "slope of the sigmoid": [
            lambda dY, Z: dY * np.tanh(Z) * (1 - np.tanh(Z)),
            layers.sigmoid_backward,
        ],
    },
    "train_step": {
        "W updated before dY": [v.stepped(lambda W, step: W - step)],
        "uphill": [v.stepped(rate=-1.0)],
        "eta forgotten": [v.stepped(rate=2.0)],  # eta is 0.5
        "eta in dY": [v.stepped(factor=0.5), v.stepped(factor=-0.5)],
        "bias not updated": [lambda *x: (*v.train_step(*x)[:2], x[3])],
        "W not updated": [lambda *x: (v.train_step(*x)[0], x[2], v.train_step(*x)[2])],
        "gradients returned": [lambda *x: tuple(loops.conv_backward(*x[:3]))],
    },
    "max_pool_backward": {
        "all of several largest": [v.pooled(lambda w: w == w.max())],
        "last of several largest": [v.pooled(v.one(lambda w: np.flatnonzero(w == w.max())[-1]))],
        "shared by several largest": [v.pooled(lambda w: (w == w.max()) / np.sum(w == w.max()))],
        "spread evenly": [v.pooled(lambda w: 1 / w.size), v.pooled(np.ones_like)],
        "first cell of the window": [v.pooled(v.one(lambda w: 0))],
        "smallest for largest": [v.pooled(v.one(np.argmin)), v.pooled(lambda w: w == w.min())],
        "= for +=": [
            v.pooled(v.one(np.argmax), lambda old, new: new),
            v.pooled(v.one(np.argmax), lambda old, new: np.where(new, new, old)),
        ],
        "stride is the size": [lambda dZ, Y, f, s: v.max_pooled(dZ, Y, f, f)],
        "stride forgotten": [lambda dZ, Y, f, s: v.max_pooled(dZ, Y, f, (1, 1))],
        "strides exchanged": [
            lambda dZ, Y, f, s, e=e: v.max_pooled(dZ, Y, f, s[e]) for e in EXCHANGES
        ],
    },
    "spread": {
        "too many zeros": v.argument(1, shapes.spread, lambda s: s + 1),
        "too few zeros": v.argument(1, shapes.spread, lambda s: np.maximum(1, s - 1)),
        "zeros behind the last": [
            lambda dZ, s, a=a: v.cut(shapes.spread(dZ, s), a * (1 - s), v.rows_and_columns(dZ) * s)
            for a in (0, 1)
        ],
        "repeated": [lambda dZ, s: dZ.repeat(s[0], 0).repeat(s[1], 1)],
        "strides exchanged": v.argument(
            1, shapes.spread, *(lambda s, e=e: s[e] for e in EXCHANGES)
        ),
        "one axis only": v.argument(1, shapes.spread, lambda s: (s[0], 1), lambda s: (1, s[1])),
        "not spread": [lambda dZ, s: dZ],
    },
    "flip": {
        "one axis only": HALVES,
        "transposed": TRANSPOSED,
        "turned by 90 degrees": TURNED,
        "maps flipped too": [np.flip, *REVERSED],
        "not flipped": [lambda W: W],
    },
    "crop": {
        "one side only": v.argument(
            1, shapes.crop, lambda p: [(0, q) for q in p], lambda p: [(q, 0) for q in p]
        ),
        "paddings exchanged": v.argument(1, shapes.crop, *PAIRS),
        "slice [p:-p] at p = 0": [v.sliced],
        "not cropped": [lambda dYp, p: dYp],
        "cut twice": v.argument(1, shapes.crop, lambda p: 2 * p),
    },
    "output_size": {
        "rounded up": [lambda n, f, s, p: -(-(n + 2 * p - f) // s) + 1],
        "+ 1 forgotten": [lambda n, f, s, p: (n + 2 * p - f) // s],
        "padding once": [lambda n, f, s, p: (n + p - f) // s + 1],
        "padding forgotten": [lambda n, f, s, p: (n - f) // s + 1],
        "stride forgotten": [lambda n, f, s, p: n + 2 * p - f + 1],
        "all divided": [lambda n, f, s, p: (n + 2 * p - f + 1) // s],
        "f counted off by one": [lambda n, f, s, p: (n + 2 * p - f - 1) // s + 1],
    },
}
ANYWHERE = {  # found by what they do to the right result, in any exercise
    "all zeros": lambda x: 0 * x,
    "sign": lambda x: -x,
    "twice": lambda x: 2 * x,
    "half": lambda x: x / 2,
}

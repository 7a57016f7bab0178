"""What the check must say of functions as students write them: see `styles`.

`WRONG` has for each mistake of each whole exercise the styles in which it must be named. Every
way to make a mistake that `cnnlib.exercises` knows is written here once more, in plain NumPy.
"""

from functools import partial
from itertools import combinations, cycle

import numpy as np
import styles
from styles import given, then

from cnnlib import layers, loops, shapes, vectorized

INPUT_STYLES = [
    styles.input_by_loops,
    styles.input_by_cells,
    styles.input_by_windows,
    styles.input_by_taps,
    styles.input_by_strides,
    styles.input_by_columns,
]
FILTER_STYLES = [styles.filter_by_loops, styles.filter_by_taps, styles.filter_by_correlation]
FORWARD_STYLES = [styles.forward_by_loops, styles.forward_by_matrix]


def in_turn(ways, wrong_arguments):
    """Mistakes that are made in the arguments, each one in the next style.

    Those of the geometry are made in the first, whose loops ask of each cell whether it is there.
    """
    turn, geometry = cycle(ways), {"stride", "padding"}
    return {
        key: [given(ways[0] if geometry & {*wrong} else next(turn), **wrong) for wrong in rows]
        for key, rows in wrong_arguments.items()
    }


def joined(*tables):
    """Tables of mistakes as one; a mistake may be in several."""
    keys = dict.fromkeys(key for table in tables for key in table)
    return {key: [wrong for table in tables for wrong in table.get(key, ())] for key in keys}


def first(pair):
    return pair[0], pair[0]


def second(pair):
    return pair[1], pair[1]


def swapped(pair):
    return pair[1], pair[0]


def ones(pair):
    return 1, 1


def zeros(pair):
    return 0, 0


def each(number):
    return lambda pair: tuple(map(number, pair))


def only(*at):
    """Zeros everywhere but there."""

    def kept(x):
        made = np.zeros_like(x)
        made[at] = x[at]
        return made

    return kept


def added_up(x):
    return np.repeat(np.add.reduce(x, axis=-1, keepdims=True), x.shape[-1], -1)


def area(dZ):
    return dZ.shape[-3] * dZ.shape[-2]


def rows_only(number):
    return lambda pair: (number(pair[0]), pair[1])


def columns_only(number):
    return lambda pair: (pair[0], number(pair[1]))


def less(number):
    return number - 1


def more(number):
    return number + 1


ONE_STRIDE = [rows_only(lambda s: 1), columns_only(lambda s: 1)]
BOTH = [swapped, first, second]  # ways to exchange height and width
FLIPS = [lambda x: np.rot90(x, 2), np.flipud, np.fliplr]
TURNS = [
    lambda x: x.transpose(1, 0, 2, 3),
    lambda x: x.transpose(1, 0, 2, 3)[::-1],
    lambda x: x.transpose(1, 0, 2, 3)[:, ::-1],
]
MAP_TURNS = [lambda z: np.swapaxes(z, 0, 1), np.rot90, lambda z: np.rot90(z, 3)]
MAPS = [lambda W: W[:, :, ::-1, ::-1], lambda W: np.flip(W, 3), lambda W: np.flip(W, 2)]
ENDS = [only(np.s_[:-1], np.s_[:-1]), only(np.s_[:-1]), only(np.s_[:], np.s_[:-1])]
FEWER = [(1, 1, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0)]
LAST, FIRST = np.s_[..., -1:], np.s_[..., :1]


def rest_on_top(dZ, W, n, stride, padding):
    rest = [(n[a] + 2 * padding[a] - W.shape[a]) % stride[a] for a in (0, 1)]
    return styles.input_by_loops(dZ, W, n, stride, np.subtract(padding, rest))


def rest_in_the_end(dZ, W, n, stride, padding):
    made = styles.input_by_loops(dZ, W, n, stride, padding, out="own")
    return styles.part(made, (0, 0), n)


def zeros_behind_each(dZ, W, n, stride, padding):
    size = [dZ.shape[a] * stride[a] + W.shape[a] - 1 - 2 * padding[a] for a in (0, 1)]
    return styles.input_by_loops(dZ, W, size, stride, padding)


def ring(start):
    """What comes out where dZ lies in another ring of zeros, of the size of Y."""

    def wrong(dZ, W, n, stride, padding):
        at = [start(f, p) for f, p in zip(W.shape, padding, strict=False)]
        return styles.input_by_loops(dZ, W, n, stride, at)

    return wrong


def untested(rows, columns):
    """A gather that does not ask whether the index of a weight is below 0."""

    def wrong(dZ, W, n, stride, padding):
        dY = np.zeros((*n, W.shape[2]))
        for r, c, i, j in np.ndindex(*n, *dZ.shape[:2]):
            u, v = r + padding[0] - i * stride[0], c + padding[1] - j * stride[1]
            low_u, low_v = -W.shape[0] * rows, -W.shape[1] * columns
            if low_u <= u < W.shape[0] and low_v <= v < W.shape[1]:
                dY[r, c] += W[u, v] @ dZ[i, j]
        return dY

    return wrong


def last_filter(style):
    return given(style, dZ=lambda z: z[LAST], W=lambda W: W[LAST])


def no_spread(dZ, W, n, stride, padding):
    size = [o + f - 1 - 2 * p for o, f, p in zip(dZ.shape, W.shape, padding, strict=False)]
    return styles.input_by_strides(dZ, W, size, (1, 1), padding)


def meeting(rule):
    """A scatter in which each cell of dZ and each weight meet where a rule of one axis says."""

    def wrong(dZ, W, n, stride, padding):
        dY = np.zeros((*n, W.shape[2]))
        for i, j, u, v in np.ndindex(*dZ.shape[:2], *W.shape[:2]):
            r, c = rule(i, u, stride[0]) - padding[0], rule(j, v, stride[1]) - padding[1]
            if 0 <= r < n[0] and 0 <= c < n[1]:
                dY[r, c] += W[u, v] @ dZ[i, j]
        return dY

    return wrong


def of_arrays(name, changes):
    return [{name: change} for change in changes]


def of_geometry(name, *more):
    """Height and width of the stride or the padding exchanged, or one taken for both."""
    return [dict.fromkeys((name, *more), both) for both in BOTH]


STRIDE_FORGOTTEN = of_arrays("stride", [ones, *ONE_STRIDE])
OFF_BY_ONE = [one(off) for off in (less, more) for one in (each, rows_only, columns_only)]
OF_BOTH = {
    "stride forgotten": STRIDE_FORGOTTEN,
    "strides exchanged": of_geometry("stride"),
    "height and width exchanged": of_geometry("stride", "padding"),
    "paddings exchanged": of_geometry("padding"),
}
LONGER_STRIDES = [each(lambda s: s + 1), each(lambda s: s + 1 if s > 1 else 1)]
SHORTER_STRIDE = each(lambda s: max(1, s - 1))
OF_INPUT = OF_BOTH | {
    "filter not flipped": [{"W": shapes.flip}] * len(INPUT_STYLES),
    "rows not flipped": [{"W": np.flipud}],
    "columns not flipped": [{"W": np.fliplr}],
    "filter transposed": of_arrays("W", [TURNS[0], lambda W: TURNS[0](W)[::-1, ::-1]]),
    "filter turned by 90 degrees": of_arrays("W", TURNS[1:]),
    "maps exchanged": [{"W": lambda W: W.swapaxes(2, 3)}] * 2,
    "maps reversed": of_arrays("W", MAPS),
    "dZ flipped": [*of_arrays("dZ", FLIPS), {"dZ": FLIPS[0], "W": FLIPS[0]}],
    "too many zeros in the spread": of_arrays("stride", LONGER_STRIDES),
    "too few zeros in the spread": [{"stride": SHORTER_STRIDE}],
    "padding cropped on one side": [{"padding": zeros}],
    "ring of the wrong width": of_arrays("padding", OFF_BY_ONE),
    "= for +=": of_arrays("W", [only(0, 0), only(-1, -1)]),
    "sum over k forgotten": [
        {"dZ": lambda z: z[FIRST], "W": lambda W: W[FIRST]},
        {"dZ": lambda z: z[LAST], "W": lambda W: W[LAST]},
    ],
    "all zeros": [{"dZ": np.zeros_like}],
}
by_loops, by_windows = styles.input_by_loops, styles.input_by_windows
by_strides = styles.input_by_strides


def cropped_by(*crops):
    return [partial(by_windows, crop=crop) for crop in crops]


IN_INPUT = {
    "u = r + i": [meeting(lambda i, u, s: u - i * s)],
    "u = i - r": [meeting(lambda i, u, s: i * s - u)],
    "stride used wrongly": [
        meeting(lambda i, u, s: i + s + u),
        meeting(lambda i, u, s: i * (s - 1) + u),
        meeting(lambda i, u, s: i // s + u),
    ],
    "stride times both": [meeting(lambda i, u, s: (i + u) * s)],
    "stride for spacing": [meeting(lambda i, u, s: i + u * s)],
    "an index forgotten": [meeting(lambda i, u, s: i * s), meeting(lambda i, u, s: u)],
    "stride forgotten": [
        given(partial(by_loops, out="own"), stride=ones),
        given(styles.input_by_cells, stride=ones),
        given(styles.input_by_taps, stride=ones),
        partial(by_strides, gap=ones),
        no_spread,
    ],
    "strides exchanged": [partial(by_strides, gap=swapped)],
    "too many zeros in the spread": [partial(by_strides, gap=LONGER_STRIDES[0]), zeros_behind_each],
    "too few zeros in the spread": [partial(by_strides, gap=SHORTER_STRIDE)],
    "gaps filled": [
        partial(styles.input_by_cells, check=False),
        partial(by_strides, spread="copies"),
    ],
    "left-over rows forgotten": [
        partial(by_loops, out="own"),
        partial(by_strides, rest=False),
        rest_in_the_end,
        rest_on_top,
    ],
    "padding not cropped": cropped_by(lambda padded, n, p: padded),
    "padding cropped on one side": cropped_by(
        lambda padded, n, p: padded[p[0] :, p[1] :],
        lambda padded, n, p: padded[: n[0], : n[1]],
        styles.cut((2, 2), (0, 0)),
        styles.cut((0, 0), (1, 1)),
    ),
    "padding cropped along one axis": cropped_by(
        lambda padded, n, p: padded[p[0] : p[0] + n[0]],
        styles.cut((0, 1), (2, 0)),
        styles.cut((1, 0), (0, 0)),
        styles.cut((0, 1), (0, 0)),
    ),
    "padding cropped twice": cropped_by(
        lambda padded, n, p: padded[2 * p[0] : n[0], 2 * p[1] : n[1]]
    ),
    "padding added again": cropped_by(styles.cut((-1, -1), (4, 4)), styles.cut((-1, -1), (0, 0))),
    "slice [p:-p] at p = 0": cropped_by(
        lambda padded, n, p: padded[p[0] : -p[0], p[1] : -p[1], :],
        lambda padded, n, p: padded[p[0] : -p[0], p[1] : p[1] + n[1]],
        lambda padded, n, p: padded[p[0] : p[0] + n[0], p[1] : -p[1]],
    ),
    "negative indices": [
        partial(by_loops, wrap=True),
        *(untested(*axes) for axes in [(True, True), (True, False), (False, True)]),
    ],
    "ring of the wrong width": [
        partial(by_strides, ring=lambda f, p: p),
        partial(by_strides, ring=lambda f, p: f),
        ring(lambda f, p: f - 1 - p),
        ring(lambda f, p: p - 1),
        ring(lambda f, p: f - 1),
    ],
    "= for +=": [
        partial(by_loops, put="="),
        partial(styles.input_by_cells, put="="),
        partial(by_windows, assign=True),
        partial(styles.input_by_columns, add=styles.buffered),
        last_filter(partial(by_windows, assign=True)),
        last_filter(partial(styles.input_by_cells, put="=")),
    ],
    "last window left out": [partial(by_loops, fewer=fewer) for fewer in FEWER],
    "last weight left out": [
        partial(by_loops, fewer=fewer) for fewer in [(0, 0, 1, 1), (0, 0, 1, 0), (0, 0, 0, 1)]
    ],
}
INPUT = joined(in_turn(INPUT_STYLES, OF_INPUT), IN_INPUT)


OF_FILTER = OF_BOTH | {
    "step off by one": of_arrays("stride", [*LONGER_STRIDES, SHORTER_STRIDE]),
    "padding forgotten": of_arrays("padding", [zeros, each(lambda p: 2 * p)]),
    "dZ flipped": of_arrays("dZ", FLIPS) * 2,
    "dZ transposed": of_arrays("dZ", MAP_TURNS),
    "maps added up": [{"dZ": added_up}, {"Y": added_up}, {"dZ": added_up, "Y": added_up}],
    "one map only": [
        {"dZ": only(*FIRST)},
        {"Y": only(*FIRST)},
        {"dZ": only(*FIRST), "Y": only(*FIRST)},
    ],
}
by_correlation = styles.filter_by_correlation
IN_FILTER = {
    "stride forgotten": [given(styles.filter_by_taps, stride=ones)],
    "stride for spacing": [
        partial(by_correlation, moved=True),
        partial(by_correlation, moved=True, all_of=True),
    ],
    "negative indices": [partial(styles.filter_by_loops, wrap=True)],
    "dW flipped": [then(styles.filter_by_taps, flip) for flip in FLIPS],
    "dW transposed": [then(styles.filter_by_taps, turn) for turn in TURNS],
    "maps exchanged": [partial(styles.filter_by_windows, axis="ijuvc,ijk->uvkc")],
    "left-over rows not cut off": [partial(by_correlation, all_of=True)],
    "= for +=": [
        partial(styles.filter_by_loops, put="="),
        partial(styles.filter_by_windows, assign=True),
    ],
    "averaged over the cells": [
        lambda dZ, *x, **how: styles.filter_by_taps(dZ, *x, **how) / area(dZ),
        lambda dZ, *x, **how: styles.filter_im2col(dZ, *x, **how) / area(dZ),
    ],
    "summed over the filter's size": [
        lambda dZ, Y, f, **how: styles.filter_by_loops(dZ, Y, f, **how, limits=f),
        lambda dZ, Y, f, stride, padding: styles.filter_by_loops(
            only(np.s_[: f[0]], np.s_[: f[1]])(dZ), Y, f, stride, padding
        ),
    ],
    "last window left out": [partial(styles.filter_by_loops, fewer=fewer[:2]) for fewer in FEWER],
}
FILTER = joined(in_turn(FILTER_STYLES, OF_FILTER), IN_FILTER)


def many_times(*axes):
    """The bias as often as W is long, along these axes."""

    def wrong(Y, W, b, **how):
        often = np.prod([W.shape[axis] for axis in axes])
        return styles.forward_by_loops(Y, W, b * often, **how)

    return wrong


def wound(Y, W, b, stride, padding):
    """Rows before the first come from the end of the map, as negative indices do."""
    (p_h, p_w), (n_h, n_w) = padding, Y.shape[:2]
    rows, columns = np.arange(-p_h, n_h) % n_h, np.arange(-p_w, n_w) % n_w
    wide = np.pad(Y[rows][:, columns], ((0, p_h), (0, p_w), (0, 0)))
    return styles.forward_by_loops(wide, W, b, stride, (0, 0))


LAST_WEIGHT, LAST_MAP = only(-1, -1), only(..., -1, np.s_[:])
OF_FORWARD = OF_BOTH | {
    "filter flipped": of_arrays("W", FLIPS) * 2,
    "filter transposed": of_arrays("W", [TURNS[0], lambda W: TURNS[0](W)[::-1, ::-1]]),
    "filter turned by 90 degrees": of_arrays("W", [*TURNS[1:], np.rot90]),
    "maps exchanged": of_arrays("W", [lambda W: np.transpose(W, (0, 1, 3, 2)), *MAPS]),
    "bias forgotten": [{"b": np.zeros_like}] * 2,
    "sum over k_in forgotten": [{"W": only(..., 0, np.s_[:])}],
    "= for +=": [
        {"W": LAST_WEIGHT},
        {"W": LAST_WEIGHT, "b": np.zeros_like},
        {"W": lambda W: LAST_MAP(LAST_WEIGHT(W))},
        {"W": lambda W: LAST_MAP(LAST_WEIGHT(W)), "b": np.zeros_like},
    ],
    "padding forgotten": of_arrays("padding", [zeros, each(lambda p: 2 * p)]),
    "last weight left out": of_arrays("W", ENDS),
}
IN_FORWARD = {
    "bias added with each product": [many_times(0, 1, 2), many_times(0, 1), many_times(2)],
    "sum over k_in forgotten": [partial(styles.forward_by_loops, put="=")],
    "negative indices": [wound],
    "one window too many": [partial(styles.forward_by_loops, size=lambda z: -(-z // 1) + 1)],
    "last window left out": [
        partial(styles.forward_by_loops, size=lambda z: z // 1),
        *(then(styles.forward_by_matrix, end) for end in ENDS),
    ],
}
FORWARD = joined(in_turn(FORWARD_STYLES, OF_FORWARD), IN_FORWARD)


# --- the small exercises --------------------------------------------------------------------------


def last_image(dZ):
    return dZ[-1] if dZ.ndim == 4 else dZ


def per_image(dZ):
    each_image = map(styles.recursive_bias, dZ)
    return sum(each_image) / len(dZ) if dZ.ndim == 4 else styles.recursive_bias(dZ)


AXES = [
    axes
    for count in (1, 2, 3)
    for of in (range(4), (-3, -2, -1))
    for axes in combinations(of, count)
]
CUTS = [np.s_[..., :-1, :-1, :], np.s_[..., :-1, :, :], np.s_[..., :-1, :]]
BIAS = {
    "averaged over the cells": [
        lambda dZ: np.mean(dZ, axis=tuple(range(dZ.ndim - 1))),
        lambda dZ: styles.recursive_bias(dZ) / area(dZ),
    ],
    "wrong axes": [
        lambda dZ: np.array([np.sum(dZ)] * dZ.shape[-1]),
        lambda dZ: np.array([np.mean(dZ)] * dZ.shape[-1]),
        *(lambda dZ, axes=axes: np.add.reduce(dZ, axis=axes) for axes in AXES),
    ],
    "batch averaged": [per_image, lambda dZ: styles.recursive_bias(dZ) / len(dZ)],
    "one image only": [
        lambda dZ: dZ.reshape(-1, *dZ.shape[-3:])[0].sum((0, 1)),
        lambda dZ: styles.recursive_bias(last_image(dZ)),
    ],
    "= for +=": [
        lambda dZ: styles.recursive_bias(dZ[..., -1, -1, :]),
        lambda dZ: dZ.reshape(-1, dZ.shape[-1])[-1],
    ],
    "cells counted": [lambda dZ: np.full(dZ.shape[-1], float(dZ.size // dZ.shape[-1]))],
    "last window left out": [lambda dZ, at=at: styles.recursive_bias(dZ[at]) for at in CUTS],
}
where = np.where
RELU = {
    "slope 1 at Z = 0": [
        lambda dY, Z: where(Z < 0, 0.0, dY),
        lambda dY, Z: where(Z > 0, dY, where(Z < 0, 0, dY / 2)),
    ],
    "dY forgotten": [lambda dY, Z: where(Z > 0, 1.0, 0.0), lambda dY, Z: where(Z < 0, 0.0, 1.0)],
    "mask of dY": [
        lambda dY, Z: where(dY > 0, dY, 0.0),
        lambda dY, Z: where((dY > 0) & (Z > 0), dY, 0),
    ],
    "mask the wrong way round": [
        lambda dY, Z: where(Z > 0, 0, dY),
        lambda dY, Z: where(Z < 0, dY, 0),
    ],
    "Z for its slope": [
        lambda dY, Z: where(Z > 0, dY * Z, 0),
        lambda dY, Z: where(Z > 0, Z, 0),
    ],
    "no mask": [lambda dY, Z: dY.copy()],
    "sign for the slope": [
        lambda dY, Z: where(Z > 0, dY, where(Z < 0, -dY, 0)),
        lambda dY, Z: where(Z > 0, dY, -dY),
    ],
    "other choice": [
        lambda dY, Z: dY * (Z <= 0) + (Z > 0),
        lambda dY, Z: dY * (Z > 0) + Z * (Z <= 0),
    ],
}
cosh, sinh, tanh = np.cosh, np.sinh, np.tanh
TANH = {  # (1 - y)(1 + y) is the slope, and 1 / cosh**2
    "slope at Y": [lambda dY, Z: dY / cosh(tanh(Z)) ** 2],
    "tanh forgotten": [lambda dY, Z: dY * (1 - Z) * (1 + Z)],
    "square forgotten": [lambda dY, Z: dY - dY * tanh(Z)],
    "dY forgotten": [lambda dY, Z: 1 / cosh(Z) ** 2],
    "1 - forgotten": [lambda dY, Z: dY - dY / cosh(Z) ** 2],
    "tanh for its slope": [
        lambda dY, Z: dY * sinh(Z) / cosh(Z),
        lambda dY, Z: sinh(Z) / cosh(Z),
    ],
    "slope of the sigmoid": [
        lambda dY, Z: dY * tanh(Z) - dY * tanh(Z) ** 2,
        lambda dY, Z: dY * np.exp(-Z) / (1 + np.exp(-Z)) ** 2,
    ],
    "+ for -": [lambda dY, Z: 2 * dY - dY / cosh(Z) ** 2],
    "square of the slope": [
        lambda dY, Z: dY * (tanh(Z) - 1) * (tanh(Z) - 1),
        lambda dY, Z: dY / cosh(Z) ** 4,
    ],
    "slope at dY": [lambda dY, Z: dY - dY * dY * dY, lambda dY, Z: dY / cosh(dY) ** 2],
    "no slope": [lambda dY, Z: dY.copy()],
}


def gradients(dZ, Y, W, b, eta):
    dY, new_W, new_b = styles.train(dZ, Y, W, b, 1.0)
    return dY, W - new_W, b - new_b


def updated(change):
    """A step made of the gradients, the layer and the rate."""
    return lambda dZ, Y, W, b, eta: change(*gradients(dZ, Y, W, b, eta), W, b, eta, area(dZ))


def passed(weights, dZ, Y, W, b, eta):
    """A step whose dY comes from these weights."""
    return styles.train(dZ, Y, weights, b, eta)[0], *styles.train(dZ, Y, W, b, eta)[1:]


TRAIN = {
    "W updated before dY": [
        partial(styles.train, early=True),
        partial(styles.train, early=True, place=True),
    ],
    "uphill": [updated(lambda dY, dW, db, W, b, eta, n: (dY, W + eta * dW, b + eta * db))],
    "eta forgotten": [updated(lambda dY, dW, db, W, b, eta, n: (dY, W - dW, b - db))],
    "dY made from dW": [
        lambda dZ, Y, W, b, eta: passed(gradients(dZ, Y, W, b, eta)[1], dZ, Y, W, b, eta)
    ],
    "filter flipped": [
        lambda *x, how=how: passed(how(x[2]), *x)
        for how in (lambda W: W[::-1, ::-1], np.flipud, np.fliplr)
    ],
    "step returned": [
        *(
            updated(lambda dY, dW, db, W, b, eta, n, s=s: (dY, s * eta * dW, b - eta * db))
            for s in (1, -1)
        ),
        *(
            updated(lambda dY, dW, db, W, b, eta, n, s=s: (dY, W - eta * dW, s * eta * db))
            for s in (1, -1)
        ),
        *(
            updated(lambda dY, dW, db, W, b, eta, n, s=s: (dY, s * eta * dW, s * eta * db))
            for s in (1, -1)
        ),
    ],
    "eta in dY": [
        updated(lambda dY, dW, db, W, b, eta, n: (eta * dY, W - eta * dW, b - eta * db)),
        updated(lambda dY, dW, db, W, b, eta, n: (-eta * dY, W - eta * dW, b - eta * db)),
    ],
    "bias not updated": [updated(lambda dY, dW, db, W, b, eta, n: (dY, W - eta * dW, b))],
    "W not updated": [updated(lambda dY, dW, db, W, b, eta, n: (dY, W, b - eta * db))],
    "gradients returned": [gradients],
    "eta divides": [given(styles.train, eta=lambda eta: 1 / eta)],
    "averaged over the cells": [
        updated(lambda dY, dW, db, W, b, eta, n: (dY, W - eta * dW, b - eta * db / n)),
        updated(lambda dY, dW, db, W, b, eta, n: (dY, W - eta * dW / n, b - eta * db / n)),
        updated(lambda dY, dW, db, W, b, eta, n: (dY, W - eta * dW / n, b - eta * db)),
    ],
}


def to_cells(share, overwrite=False):
    """Each window gives its dZ to its cells, by a function of the window that says how much."""

    def pooled(dZ, Y, size, stride):
        made = np.zeros(Y.shape)
        for i, j, k in np.ndindex(*dZ.shape):
            top, left = i * stride[0], j * stride[1]
            at = np.s_[top : top + size[0], left : left + size[1], k]
            made[at] = dZ[i, j, k] * share(Y[at]) + (0 if overwrite else made[at])
        return made

    return pooled


def from_zero(window):
    """A search that starts at 0, in the first cell."""
    place, most = 0, 0
    for number, value in enumerate(window.ravel()):
        if value > most:
            place, most = number, value
    return place


def at_the_largest(window):
    share = np.zeros(window.shape)
    share.flat[window.argmax()] = 1
    return share


pool = styles.pool
POOL = {
    "all of several largest": [to_cells(lambda w: w == np.max(w))],
    "last of several largest": [
        partial(pool, choose=lambda w: w.size - 1 - np.argmax(w[::-1, ::-1]))
    ],
    "shared by several largest": [
        to_cells(lambda w: where(w == w.max(), 1 / np.count_nonzero(w == w.max()), 0))
    ],
    "spread evenly": [
        to_cells(lambda w: np.full(w.shape, 1 / w.size)),
        to_cells(lambda w: np.full(w.shape, 1)),
    ],
    "first cell of the window": [partial(pool, choose=lambda w: 0)],
    "smallest for largest": [
        partial(pool, choose=np.argmin),
        to_cells(lambda w: where(w > w.min(), 0, 1)),
    ],
    "= for +=": [partial(pool, put="="), to_cells(at_the_largest, overwrite=True)],
    "stride is the size": [lambda dZ, Y, size, stride: pool(dZ, Y, size, size)],
    "stride forgotten": [given(pool, stride=ones)],
    "strides exchanged": [given(pool, stride=both) for both in BOTH],
    "largest starts at 0": [
        partial(pool, choose=from_zero),
        to_cells(lambda w: at_the_largest(w) * float(w.max() > 0)),
    ],
    "dZ times the largest": [to_cells(lambda w: at_the_largest(w) * w.max())],
    "size exchanged": [given(pool, size=both) for both in BOTH],
    "maps share one cell": [given(pool, Y=lambda Y: Y[:, :, :1].repeat(Y.shape[2], 2))],
    "sign": [given(pool, dZ=np.negative)],
}
spread = styles.spread_zeros


def with_zeros(before, behind):
    def wrong(dZ, stride):
        more = np.subtract((*stride, 1), 1)
        return np.pad(spread(dZ, stride), [(before * m, behind * m) for m in more])

    return wrong


SPREAD = {
    "too many zeros": [given(spread, stride=each(lambda s: s + 1))],
    "too few zeros": [given(spread, stride=each(lambda s: s - 1 or 1))],
    "zeros behind the last": [with_zeros(*places) for places in [(0, 1), (1, 0), (1, 1)]],
    "repeated": [lambda dZ, stride: np.kron(dZ, np.ones((*stride, 1)))],
    "strides exchanged": [given(spread, stride=both) for both in BOTH],
    "one axis only": [
        given(spread, stride=lambda s: (s[0], 1)),
        given(spread, stride=lambda s: (1, s[1])),
    ],
    "not spread": [lambda dZ, stride: dZ.copy()],
}
FLIP = {
    "one axis only": [np.flipud, np.fliplr],
    "transposed": [TURNS[0], lambda W: FLIPS[0](TURNS[0](W))],
    "turned by 90 degrees": [np.rot90, lambda W: np.rot90(W, -1)],
    "maps flipped too": [
        *(lambda W, how=how: how(FLIPS[0](W)) for how in MAPS),
        lambda W: W[::-1, :, ::-1],
        lambda W: W[::-1, :, :, ::-1],
        lambda W: W[:, ::-1, ::-1],
        lambda W: W[:, ::-1, :, ::-1],
        lambda W: W[::-1, :, ::-1, ::-1],
        lambda W: W[:, ::-1, ::-1, ::-1],
    ],
    "maps flipped only": MAPS,
    "maps exchanged": [
        lambda W: W.transpose(0, 1, 3, 2),
        lambda W: np.flip(W, (0, 1)).transpose(0, 1, 3, 2),
    ],
    "not flipped": [lambda W: W * 1.0],
}


def cropped(x, p):
    return x[p[0] : len(x) - p[0], p[1] : x.shape[1] - p[1]]


CROP = {
    "one side only": [
        lambda Y, p: Y[p[0] :, p[1] :],
        lambda Y, p: Y[: len(Y) - p[0], : Y.shape[1] - p[1]],
    ],
    "slice [p:-p] at p = 0": [
        lambda Y, p: Y[p[0] : -p[0], p[1] : -p[1], :],
        lambda Y, p: cropped(Y, (0, p[1]))[p[0] : -p[0]],
        lambda Y, p: cropped(Y, (p[0], 0))[:, p[1] : -p[1]],
    ],
    "one axis only": [given(cropped, p=lambda p: (p[0], 0)), given(cropped, p=lambda p: (0, p[1]))],
    "paddings exchanged": [given(cropped, p=both) for both in BOTH],
    "not cropped": [lambda Y, p: Y.copy()],
    "cut twice": [given(cropped, p=each(lambda p: 2 * p))],
    "off by one": [
        lambda Y, p: Y[p[0] : len(Y) - p[0] + 1, p[1] : Y.shape[1] - p[1] + 1],
        lambda Y, p: Y[p[0] : len(Y) - p[0] - 1, p[1] : Y.shape[1] - p[1] - 1],
    ],
}


def counted(size):
    """A formula of the size in n, f, s, p."""
    return lambda n, f, stride, padding: int(np.floor(size(n, f, stride, padding)))


SIZE = {
    "padding once": [counted(lambda n, f, s, p: (n - f + p) // s + 1)],
    "+ 1 forgotten": [counted(lambda n, f, s, p: (n - f + 2 * p) / s)],
    "rounded up": [counted(lambda n, f, s, p: np.ceil((n + 2 * p - f) / s) + 1)],
    "padding forgotten": [counted(lambda n, f, s, p: (n - f + s) / s)],
    "stride forgotten": [counted(lambda n, f, s, p: n + p + p - f + 1)],
    "all divided": [counted(lambda n, f, s, p: (n + 2 * p - f + 1) / s)],
    "f off by one": [counted(lambda n, f, s, p, e=e: (n + 2 * p - f + e) / s + 1) for e in (-1, 1)],
    "padding subtracted": [counted(lambda n, f, s, p: (n - 2 * p - f) / s + 1)],
    "f forgotten": [
        *(
            counted(lambda n, f, s, p: (n + 2 * p) / s),
            counted(lambda n, f, s, p: (n + 2 * p) / s + 1),
        )
    ],
}

IN_HANDS = [  # along one axis too, which is in tests/hands
    *("u = r + i", "u = i - r", "stride used wrongly", "stride times both", "an index forgotten")
]
WRONG = {
    "conv_backward_input": INPUT,
    "conv_backward_filter": FILTER,
    "conv_forward": FORWARD,
    "conv_backward_bias": BIAS,
    "relu_backward": RELU,
    "tanh_backward": TANH,
    "train_step": TRAIN,
    "max_pool_backward": POOL,
    "spread": SPREAD,
    "flip": FLIP,
    "crop": CROP,
    "output_size": SIZE,
}
CHANGES_ITS_ARGUMENT = [
    ("relu_backward", "dY", styles.in_place_mask),
    ("conv_backward_input", "dZ", styles.in_place_dZ),
    ("train_step", "W and b", partial(styles.train, place=True)),
]
RIGHT = {
    "conv_backward_input": [
        *INPUT_STYLES,
        lambda *, dZ, W, input_size, stride, padding: styles.input_by_taps(
            dZ, W, input_size, stride, padding
        ),
        styles.by_fft,
        styles.by_difference,
        styles.by_matrix,
        styles.Scatter(),
        partial(styles.input_by_windows, assign=False),
        lambda *x, **how: np.asfortranarray(styles.input_by_windows(*x, **how)),
        lambda *x, **how: styles.input_by_windows(*x, **how).astype(np.longdouble),
        loops.conv_backward_input,
        vectorized.conv_backward_input,
    ],
    "conv_backward_filter": [
        *FILTER_STYLES,
        styles.filter_by_windows,
        styles.filter_im2col,
        lambda *x, **how: styles.filter_by_windows(*x, **how).astype(np.longdouble),
        lambda *x, **how: np.ascontiguousarray(styles.filter_by_windows(*x, **how).T).T,
        loops.conv_backward_filter,
    ],
    "conv_forward": [
        *FORWARD_STYLES,
        lambda *x, **how: styles.forward_by_matrix(*x, **how)[::-1][::-1],
        loops.conv_forward,
        vectorized.conv_forward,
    ],
    "conv_backward_bias": [
        lambda *, dZ: np.einsum("xk->k", dZ.reshape(-1, dZ.shape[-1])),
        styles.recursive_bias,
        lambda dZ: dZ.reshape(-1, dZ.shape[-1]).sum(0),
        lambda dZ: np.tensordot(np.ones(dZ.shape[:-1]), dZ, dZ.ndim - 1),
    ],
    "max_pool_backward": [styles.pool, layers.max_pool_backward],
    "train_step": [styles.train, lambda *x: list(styles.train(*x))],
    "relu_backward": [layers.relu_backward, lambda dY, Z: dY * (Z > 0)],
    "tanh_backward": [lambda dY, Z: dY / np.cosh(Z) ** 2],
    "spread": [
        styles.spread_zeros,
        lambda dZ, *, stride: np.asfortranarray(styles.spread_zeros(dZ, stride)),
        shapes.spread,
    ],
    "crop": [cropped, shapes.crop],
    "flip": [
        lambda W: W[::-1, ::-1].copy(order="F"),
        lambda W: W[::-1, ::-1],
        lambda W: np.rot90(W, 2),
    ],
    "output_size": [
        lambda n, f, *, padding, stride: np.int64((n + 2 * padding - f) // stride + 1),
        lambda n, f, stride, padding: len(range(0, n + 2 * padding - f + 1, stride)),
    ],
    "input_gradient_one_map": [styles.gather_matrix],
}

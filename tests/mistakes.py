"""What the check must say of functions as students write them: see `styles`.

`WRONG` has for each mistake of the large exercises the styles in which it must be named. Every way
to make one that `cnnlib.exercises` knows is written here once more, in plain NumPy; those of the
small exercises are as short there, and some are in tests/hands.
"""

from functools import partial

import numpy as np
from styles import (
    Scatter,
    buffered,
    by_difference,
    by_fft,
    by_matrix,
    cut,
    filter_by_correlation,
    filter_by_loops,
    filter_by_taps,
    filter_by_windows,
    filter_im2col,
    forward_by_loops,
    forward_by_matrix,
    gather_matrix,
    given,
    in_place_dZ,
    in_place_mask,
    input_by_cells,
    input_by_columns,
    input_by_loops,
    input_by_strides,
    input_by_taps,
    input_by_windows,
    mirrored,
    part,
    pool,
    recursive_bias,
    spread_zeros,
    then,
    train,
)

from cnnlib import layers, loops, shapes, vectorized


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


def cells(**how):
    return partial(input_by_cells, **how)


def by_loops(**how):
    return partial(input_by_loops, **how)


def by_windows(**how):
    return partial(input_by_windows, **how)


def by_strides(**how):
    return partial(input_by_strides, **how)


def rest_on_top(dZ, W, n, stride, padding):
    rest = [(n[a] + 2 * padding[a] - W.shape[a]) % stride[a] for a in (0, 1)]
    return input_by_loops(dZ, W, n, stride, np.subtract(padding, rest))


def rest_in_the_end(dZ, W, n, stride, padding):
    made = input_by_loops(dZ, W, n, stride, padding, out="own")
    return part(made, (0, 0), n)


def zeros_behind_each(dZ, W, n, stride, padding):
    size = [dZ.shape[a] * stride[a] + W.shape[a] - 1 - 2 * padding[a] for a in (0, 1)]
    return input_by_loops(dZ, W, size, stride, padding)


def ring(start):
    """What comes out where dZ lies in another ring of zeros, of the size of Y."""

    def wrong(dZ, W, n, stride, padding):
        at = [start(f, p) for f, p in zip(W.shape, padding, strict=False)]
        return input_by_loops(dZ, W, n, stride, at)

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
    return input_by_strides(dZ, W, size, (1, 1), padding)


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


INPUT = {
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
    "filter not flipped": [
        by_loops(at=mirrored),
        cells(at="flipped"),
        partial(input_by_taps, tap=mirrored),
        by_strides(lay=lambda W: W),
        partial(input_by_columns, W_=lambda W: W[::-1, ::-1]),
        given(input_by_windows, W=shapes.flip),
    ],
    "rows not flipped": [by_strides(lay=lambda W: W[:, ::-1])],
    "columns not flipped": [by_strides(lay=np.flipud)],
    "filter transposed": [
        by_loops(W_=TURNS[0]),
        by_loops(W_=lambda W: TURNS[0](W)[::-1, ::-1]),
        partial(input_by_columns, W_=TURNS[0]),
        by_strides(lay=TURNS[0]),
    ],
    "filter turned by 90 degrees": [
        *(by_loops(W_=turn) for turn in TURNS[1:]),
        by_strides(lay=np.rot90),
        partial(input_by_columns, W_=lambda W: np.rot90(W, 3)),
    ],
    "maps exchanged": [
        partial(input_by_taps, axes=(2, 0)),
        by_strides(sum_k="ijabc,abck->ijk"),
    ],
    "maps reversed": [
        by_strides(lay=np.flip),
        *(by_loops(W_=how) for how in MAPS),
    ],
    "dZ flipped": [
        by_strides(dz=lambda dZ: dZ[::-1, ::-1]),
        *(given(input_by_cells, dZ=flip) for flip in FLIPS),
        given(input_by_cells, dZ=FLIPS[0], W=FLIPS[0]),
    ],
    "stride forgotten": [
        by_loops(s=ones),
        by_loops(s=ones, out="own"),
        partial(input_by_taps, step=ones),
        by_strides(gap=ones),
        no_spread,
        *(by_loops(s=one) for one in ONE_STRIDE),
        given(input_by_cells, stride=ones),
    ],
    "strides exchanged": [
        *(by_loops(s=both) for both in BOTH),
        by_strides(gap=swapped),
        partial(input_by_taps, step=swapped),
    ],
    "height and width exchanged": [by_loops(s=both, p=both) for both in BOTH],
    "too many zeros in the spread": [
        by_strides(gap=each(lambda s: s + 1)),
        by_loops(s=each(lambda s: s + 1)),
        by_loops(s=each(lambda s: s + 1 if s > 1 else 1)),
        zeros_behind_each,
    ],
    "too few zeros in the spread": [
        by_strides(gap=each(lambda s: max(1, s - 1))),
        by_loops(s=each(lambda s: s - 1 or 1)),
    ],
    "gaps filled": [cells(check=False), by_strides(spread="copies")],
    "left-over rows forgotten": [
        by_loops(out="own"),
        by_strides(rest=False),
        rest_in_the_end,
        rest_on_top,
    ],
    "padding not cropped": [by_windows(crop=lambda padded, n, p: padded)],
    "padding cropped on one side": [
        by_windows(crop=lambda padded, n, p: padded[p[0] :, p[1] :]),
        by_windows(crop=lambda padded, n, p: padded[: n[0], : n[1]]),
        by_loops(p=zeros),
        by_windows(crop=cut((2, 2), (0, 0))),
        by_windows(crop=cut((0, 0), (1, 1))),
    ],
    "padding cropped along one axis": [
        by_windows(crop=lambda padded, n, p: padded[p[0] : p[0] + n[0]]),
        by_windows(crop=cut((0, 1), (2, 0))),
        by_windows(crop=cut((1, 0), (0, 0))),
        by_windows(crop=cut((0, 1), (0, 0))),
    ],
    "padding cropped twice": [
        by_windows(crop=lambda padded, n, p: padded[2 * p[0] : n[0], 2 * p[1] : n[1]])
    ],
    "padding added again": [
        by_windows(crop=cut((-1, -1), (4, 4))),
        by_windows(crop=cut((-1, -1), (0, 0))),
    ],
    "paddings exchanged": [by_loops(p=both) for both in BOTH],
    "slice [p:-p] at p = 0": [
        by_windows(crop=lambda padded, n, p: padded[p[0] : -p[0], p[1] : -p[1], :]),
        by_windows(crop=lambda padded, n, p: padded[p[0] : -p[0], p[1] : p[1] + n[1]]),
        by_windows(crop=lambda padded, n, p: padded[p[0] : p[0] + n[0], p[1] : -p[1]]),
    ],
    "negative indices": [
        by_loops(wrap=True),
        *(untested(*axes) for axes in [(True, True), (True, False), (False, True)]),
    ],
    "ring of the wrong width": [
        by_strides(ring=lambda f, p: p),
        by_strides(ring=lambda f, p: f),
        ring(lambda f, p: f - 1 - p),
        ring(lambda f, p: p - 1),
        ring(lambda f, p: f - 1),
        *(by_loops(p=one(off)) for off in (less, more) for one in (each, rows_only, columns_only)),
    ],
    "= for +=": [
        by_loops(put="="),
        cells(put="="),
        by_windows(assign=True),
        partial(input_by_columns, add=buffered),
        last_filter(partial(input_by_windows, assign=True)),
        last_filter(partial(input_by_cells, put="=")),
        given(input_by_cells, W=only(0, 0)),
        given(input_by_cells, W=only(-1, -1)),
    ],
    "sum over k forgotten": [
        by_loops(maps=slice(1)),
        by_windows(k=0),
        by_windows(k=-1),
        given(input_by_taps, dZ=lambda z: z[FIRST], W=lambda W: W[FIRST]),
    ],
    "last window left out": [by_loops(fewer=fewer) for fewer in FEWER],
    "last weight left out": [by_loops(fewer=fewer[::-1]) for fewer in FEWER[:1]]
    + [by_loops(fewer=(0, 0, 1, 0)), by_loops(fewer=(0, 0, 0, 1))],
    "all zeros": [given(input_by_taps, dZ=np.zeros_like)],
}


def f_loops(**how):
    return partial(filter_by_loops, **how)


FILTER = {
    "stride forgotten": [
        f_loops(s=ones),
        partial(filter_by_taps, step=False),
        *(f_loops(s=one) for one in ONE_STRIDE),
    ],
    "stride for spacing": [
        partial(filter_by_correlation, moved=True),
        partial(filter_by_correlation, moved=True, all_of=True),
    ],
    "strides exchanged": [f_loops(s=both) for both in BOTH],
    "height and width exchanged": [f_loops(s=both, p=both) for both in BOTH],
    "step off by one": [
        f_loops(s=each(lambda s: s + 1)),
        f_loops(s=each(lambda s: s + 1 if s > 1 else 1)),
        f_loops(s=each(lambda s: s - 1 or 1)),
    ],
    "padding forgotten": [
        partial(filter_by_taps, pad=False),
        f_loops(p=zeros),
        f_loops(p=each(lambda p: 2 * p)),
    ],
    "paddings exchanged": [f_loops(p=both) for both in BOTH],
    "negative indices": [f_loops(wrap=True)],
    "dZ flipped": [
        f_loops(flip=True),
        *(partial(filter_by_taps, dz=flip) for flip in FLIPS),
    ],
    "dZ transposed": [
        partial(filter_by_taps, axes=((0, 1), (1, 0))),
        partial(filter_by_taps, dz=np.rot90),
        *(given(filter_by_loops, dZ=turn) for turn in MAP_TURNS),
    ],
    "dW flipped": [partial(filter_by_taps, end=flip) for flip in FLIPS],
    "dW transposed": [partial(filter_by_taps, end=turn) for turn in TURNS],
    "maps exchanged": [partial(filter_by_windows, axis="ijuvc,ijk->uvkc")],
    "left-over rows not cut off": [partial(filter_by_correlation, all_of=True)],
    "= for +=": [f_loops(put="="), partial(filter_by_windows, assign=True)],
    "averaged over the cells": [
        partial(filter_by_taps, mean=True),
        lambda dZ, *x, **how: filter_im2col(dZ, *x, **how) / area(dZ),
    ],
    "summed over the filter's size": [
        lambda dZ, Y, f, **how: filter_by_loops(dZ, Y, f, **how, limits=f),
        lambda dZ, Y, f, stride, padding: filter_by_loops(
            only(np.s_[: f[0]], np.s_[: f[1]])(dZ), Y, f, stride, padding
        ),
    ],
    "maps added up": [
        given(filter_by_taps, dZ=added_up),
        given(filter_by_taps, Y=added_up),
        given(filter_by_taps, dZ=added_up, Y=added_up),
    ],
    "one map only": [
        f_loops(maps=0),
        given(filter_by_taps, Y=only(*FIRST)),
        given(filter_by_taps, dZ=only(*FIRST), Y=only(*FIRST)),
    ],
    "last window left out": [f_loops(fewer=fewer[:2]) for fewer in FEWER],
}


def z_loops(**how):
    return partial(forward_by_loops, **how)


def many_times(*axes):
    """The bias as often as W is long, along these axes."""

    def wrong(Y, W, b, **how):
        return forward_by_loops(Y, W, b * np.prod([W.shape[axis] for axis in axes]), **how)

    return wrong


def wound(Y, W, b, stride, padding):
    """Rows before the first come from the end of the map, as negative indices do."""
    (p_h, p_w), (n_h, n_w) = padding, Y.shape[:2]
    rows, columns = np.arange(-p_h, n_h) % n_h, np.arange(-p_w, n_w) % n_w
    wide = np.pad(Y[rows][:, columns], ((0, p_h), (0, p_w), (0, 0)))
    return forward_by_loops(wide, W, b, stride, (0, 0))


LAST_WEIGHT, LAST_MAP = only(-1, -1), only(..., -1, np.s_[:])
FORWARD = {
    "filter flipped": [
        partial(forward_by_matrix, flip=True),
        *(z_loops(W_=flip) for flip in FLIPS),
    ],
    "filter transposed": [
        *(z_loops(W_=turn) for turn in TURNS),
        z_loops(W_=np.rot90),
        z_loops(W_=lambda W: TURNS[0](W)[::-1, ::-1]),
    ],
    "maps exchanged": [
        *(z_loops(W_=how) for how in (lambda W: np.transpose(W, (0, 1, 3, 2)), *MAPS)),
    ],
    "bias forgotten": [z_loops(bias=0)],
    "bias added with each product": [many_times(0, 1, 2), many_times(0, 1), many_times(2)],
    "sum over k_in forgotten": [z_loops(maps=slice(1)), z_loops(put="=")],
    "= for +=": [
        z_loops(W_=LAST_WEIGHT),
        z_loops(W_=LAST_WEIGHT, bias=0),
        z_loops(W_=LAST_WEIGHT, put="="),
        z_loops(W_=lambda W: LAST_MAP(LAST_WEIGHT(W)), bias=0),
    ],
    "stride forgotten": [z_loops(s=ones), *(z_loops(s=one) for one in ONE_STRIDE)],
    "strides exchanged": [z_loops(s=both) for both in BOTH],
    "height and width exchanged": [z_loops(s=both, p=both) for both in BOTH],
    "padding forgotten": [z_loops(p=zeros), z_loops(p=each(lambda p: 2 * p))],
    "paddings exchanged": [z_loops(p=both) for both in BOTH],
    "negative indices": [wound],
    "one window too many": [z_loops(size=lambda z: -(-z // 1) + 1)],
    "last window left out": [
        z_loops(size=lambda z: z // 1),
        *(then(forward_by_matrix, end) for end in ENDS),
    ],
    "last weight left out": [z_loops(W_=end) for end in ENDS],
}


def gradients(dZ, Y, W, b, eta):
    dY, new_W, new_b = train(dZ, Y, W, b, 1.0)
    return dY, W - new_W, b - new_b


def some_averaged(only_W, only_b):
    """A step in which dW or db is divided by the cells of dZ."""

    def wrong(dZ, Y, W, b, eta):
        dY, dW, db = gradients(dZ, Y, W, b, eta)
        return dY, W - eta * dW / area(dZ) ** only_W, b - eta * db / area(dZ) ** only_b

    return wrong


def passed_on(sign):
    return lambda *x: (sign * x[4] * train(*x)[0], *train(*x)[1:])


TRAIN = {
    "W updated before dY": [partial(train, early=True), partial(train, early=True, place=True)],
    "uphill": [partial(train, sign=1)],
    "eta forgotten": [partial(train, rate=1)],
    "eta in dY": [passed_on(1), passed_on(-1)],
    "bias not updated": [partial(train, only="W")],
    "W not updated": [partial(train, only="b")],
    "gradients returned": [gradients],
    "eta divides": [lambda dZ, Y, W, b, eta: train(dZ, Y, W, b, 1 / eta)],
    "averaged over the cells": [
        partial(train, mean=True),
        some_averaged(True, True),
        some_averaged(True, False),
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


def only_above_zero(window):
    return at_the_largest(window) * float(window.max() > 0)


POOL = {
    "all of several largest": [partial(pool, mask=True)],
    "last of several largest": [
        partial(pool, choose=lambda w: w.size - 1 - np.argmax(w[::-1, ::-1]))
    ],
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
    "= for +=": [partial(pool, put="="), to_cells(at_the_largest, overwrite=True)],
    "stride is the size": [lambda dZ, Y, size, stride: pool(dZ, Y, size, size)],
    "stride forgotten": [partial(pool, step=(1, 1))],
    "strides exchanged": [given(pool, stride=both) for both in BOTH],
    "largest starts at 0": [partial(pool, choose=from_zero), to_cells(only_above_zero)],
    "dZ times the largest": [to_cells(lambda w: at_the_largest(w) * w.max())],
    "size exchanged": [given(pool, size=both) for both in BOTH],
    "maps share one cell": [given(pool, Y=lambda Y: Y[:, :, :1].repeat(Y.shape[2], 2))],
    "sign": [partial(pool, keep=np.negative)],
}


def cropped(x, p):
    return x[p[0] : len(x) - p[0], p[1] : x.shape[1] - p[1]]


IN_HANDS = [  # along one axis too, which is in tests/hands
    *("u = r + i", "u = i - r", "stride used wrongly", "stride times both", "an index forgotten")
]
WRONG = {
    "conv_backward_input": INPUT,
    "conv_backward_filter": FILTER,
    "conv_forward": FORWARD,
    "train_step": TRAIN,
    "max_pool_backward": POOL,
}
CHANGES_ITS_ARGUMENT = [
    ("relu_backward", "dY", in_place_mask),
    ("conv_backward_input", "dZ", in_place_dZ),
    ("train_step", "W and b", partial(train, place=True)),
]
RIGHT = {
    "conv_backward_input": [
        input_by_loops,
        input_by_cells,
        input_by_windows,
        input_by_taps,
        input_by_strides,
        input_by_columns,
        lambda *, dZ, W, input_size, stride, padding: input_by_taps(
            dZ, W, input_size, stride, padding
        ),
        by_fft,
        by_difference,
        by_matrix,
        Scatter(),
        partial(input_by_windows, assign=False),
        lambda *x, **how: np.asfortranarray(input_by_windows(*x, **how)),
        lambda *x, **how: input_by_windows(*x, **how).astype(np.longdouble),
        loops.conv_backward_input,
        vectorized.conv_backward_input,
    ],
    "conv_backward_filter": [
        filter_by_loops,
        filter_by_taps,
        filter_by_windows,
        filter_by_correlation,
        filter_im2col,
        lambda *x, **how: filter_by_windows(*x, **how).astype(np.longdouble),
        lambda *x, **how: np.ascontiguousarray(filter_by_windows(*x, **how).T).T,
        loops.conv_backward_filter,
    ],
    "conv_forward": [
        forward_by_loops,
        forward_by_matrix,
        lambda *x, **how: forward_by_matrix(*x, **how)[::-1][::-1],
        loops.conv_forward,
        vectorized.conv_forward,
    ],
    "conv_backward_bias": [
        lambda *, dZ: np.einsum("xk->k", dZ.reshape(-1, dZ.shape[-1])),
        recursive_bias,
        lambda dZ: dZ.reshape(-1, dZ.shape[-1]).sum(0),
        lambda dZ: np.tensordot(np.ones(dZ.shape[:-1]), dZ, dZ.ndim - 1),
    ],
    "max_pool_backward": [pool, layers.max_pool_backward],
    "train_step": [train, lambda *x: list(train(*x))],
    "relu_backward": [layers.relu_backward, lambda dY, Z: dY * (Z > 0)],
    "tanh_backward": [lambda dY, Z: dY / np.cosh(Z) ** 2],
    "spread": [
        spread_zeros,
        lambda dZ, *, stride: np.asfortranarray(spread_zeros(dZ, stride)),
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
    "input_gradient_one_map": [gather_matrix],
}

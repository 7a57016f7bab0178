"""The mistakes of the forward pass and of the gradients of a convolution.

Each has its name, with one function for each way to make it; `changes` has what they do. What is
said of a mistake is in ``data/exercises.toml``.
"""

import numpy as np

from cnnlib.exercises import work
from cnnlib.exercises.changes import (
    FLIPS,
    REVERSED_MAPS,
    TURNS,
    WOUND,
    WOUND_SUM,
    Z_transposed,
    all_maps,
    all_stepped,
    beyond_dZ,
    biased,
    cut,
    diagonal,
    divided,
    filled,
    first,
    first_only,
    flipped,
    half_turn,
    joined,
    last,
    last_weight_stored,
    last_window_inside,
    last_window_stored,
    maps_exchanged,
    mean_over,
    moved,
    one_stride_less,
    only_weight,
    other_diagonal,
    per_area,
    per_cell,
    per_first,
    per_image,
    quarter_turn,
    result_square,
    result_transposed,
    spatial,
    stride_added,
    transposed,
    turned_back,
    weight_summed,
    weight_turned,
    weight_wound,
    windows_reversed,
    within_filter,
    within_reach,
    without_last_column,
    without_last_row,
    without_last_weight,
    without_last_window,
    without_weight,
    without_window,
    wound,
)
from cnnlib.exercises.work import along, both, change, either, end, exchanged, meeting, put, table

MAP_TURNS = [spatial(turn) for turn in TURNS]
SQUARE = [
    slip for name in "nof" for refuse in (False, True) for slip in work.one_for_both(name, refuse)
]
PLANES = [
    lambda W: W[:, :, :1] + 0 * W,
    lambda W: W[:, :, -1:] + 0 * W,
    lambda W: W[..., :1] + 0 * W,
    lambda W: W[..., -1:] + 0 * W,
    lambda W: W[:, :, :1, :1] + 0 * W,
    diagonal,
    other_diagonal,
    lambda W: W.sum(axis=2, keepdims=True) + 0 * W,
    lambda W: W.sum(axis=3, keepdims=True) + 0 * W,
]
LONGER = [along(s=lambda a: a.s + 1), along(s=lambda a: a.s + (a.s > 1))]
SHORTER = along(s=lambda a: max(1, a.s - 1))
NO_PADDING, TWICE_PADDED = along(p=lambda a: 0), along(p=lambda a: 2 * a.p)
LAST_FILTER = change(dZ=last, W=last)
LAST_MAP = change(Y=last, W=lambda W: W[:, :, -1:])
NO_BIAS = change(b=np.zeros_like)
LAST_WEIGHT = table(only_weight(-1))

EACH = {  # mistakes that may be in each of the three
    "stride forgotten": either(along, s=lambda a: 1),
    "stride used wrongly": joined(stride_added, one_stride_less, divided),
    "an index forgotten": joined(without_weight, without_window),
    "strides exchanged": exchanged("s"),
    "height and width exchanged": exchanged("s", "p"),
    "paddings exchanged": exchanged("p"),
    "negative indices": [meeting(wound)],
    "stride for spacing": [meeting(moved)],
    "stride times both": either(meeting, all_stepped),
    "u = r + i": joined(weight_summed, *WOUND_SUM),
    "u = i - r": joined(weight_turned, *WOUND),
    "one size for both axes": SQUARE,
    "last window left out": either(table, without_last_window),
    "last weight left out": either(table, without_last_weight),
}
OF_Y = {
    "padding with the wrong sign": [along(p=lambda a: -a.p)],
    "one row off": [*either(along, p=lambda a: a.p - 1), *either(along, p=lambda a: a.p + 1)],
    "Y flipped": [change(Y=spatial(flip)) for flip in FLIPS],
    "Y transposed": [change(Y=turn) for turn in MAP_TURNS],
}
OF_DZ = {"dZ transposed": [change(dZ=turn) for turn in MAP_TURNS]}
INPUT = {
    "negative indices": [*either(meeting, weight_wound), meeting(wound)],
    "filter not flipped": [change(W=half_turn)],
    "columns not flipped": [change(W=np.fliplr)],
    "rows not flipped": [change(W=np.flipud)],
    "filter transposed": [change(W=transposed), change(W=lambda W: half_turn(transposed(W)))],
    "filter turned by 90 degrees": [change(W=quarter_turn), change(W=turned_back)],
    "maps exchanged": [change(W=maps_exchanged)],
    "maps reversed": [change(W=how) for how in REVERSED_MAPS],
    "dZ flipped": [
        *either(table, windows_reversed),
        both(change(W=half_turn), table(windows_reversed)),
    ],
    "too many zeros in the spread": [*LONGER, along(n=lambda a: a.n + a.s - 1 - a.rest)],
    "too few zeros in the spread": [SHORTER],
    "gaps filled": [meeting(filled)],
    "left-over rows forgotten": [
        along(n=lambda a: a.reach - 2 * a.p),
        meeting(within_reach),
        along(p=lambda a: a.p - a.rest),
    ],
    "padding not cropped": [cut(0, 2)],
    "padding cropped on one side": [cut(0, 0), cut(2, 0), cut(1, 1), cut(0, 1)],
    "padding cropped along one axis": [
        *(cut(0, more, axes) for more in (2, 0) for axes in (work.COLUMNS, work.ROWS))
    ],
    "padding cropped twice": [cut(2, -2)],
    "padding added again": [cut(-1, 4), cut(-1, 0)],
    "slice [p:-p] at p = 0": either(along, n=lambda a: a.n if a.p else 0),
    "ring of the wrong width": [
        along(p=lambda a: a.f - 1 - a.p),
        *either(along, p=lambda a: a.p - 1),
        *either(along, p=lambda a: a.p + 1),
        along(p=lambda a: a.f - 1),
    ],
    "= for +=": [
        table(last_window_stored),
        table(last_weight_stored),
        both(table(last_window_stored), LAST_FILTER),
        both(table(last_weight_stored), LAST_FILTER),
        table(only_weight(0)),
        LAST_WEIGHT,
    ],
    "sum over k forgotten": [change(dZ=first, W=first), LAST_FILTER],
    "wrong axes flipped": [
        flipped(*axes)  # of the filter as a scatter takes it: (0, 1) too, where a gather does not
        for axes in [(0, 1, 2, 3), (0, 1, 2), (0, 1, 3), (0, 2), (0, 3), (1, 2), (1, 3)]
        + [(0, 2, 3), (1, 2, 3)]
    ],
    "dY transposed": [result_transposed("n", spatial(transposed))],
    "one plane for all maps": [change(W=how) for how in PLANES],
    "one size for both axes": [*SQUARE, *result_square("n")],
    "averaged": [
        *(change(dZ=how) for how in (per_cell, per_area, per_first, per_image)),
        *(mean_over(*axes) for axes in [(0, 1), (3,), (0, 1, 3), (2,)]),
    ],
}
FILTER = {
    "one size for both axes": [*SQUARE, *result_square("f")],
    "step off by one": [*LONGER, SHORTER],
    "padding forgotten": [NO_PADDING, TWICE_PADDED],
    "summed over the filter's size": [
        meeting(within_filter),
        both(beyond_dZ, meeting(within_filter)),
    ],
    "dZ flipped": either(table, windows_reversed),
    "dW flipped": [end(flip) for flip in FLIPS],
    "dW transposed": [*(end(turn) for turn in TURNS), result_transposed("f", transposed)],
    "left-over rows not cut off": [along(f=lambda a: a.n + 2 * a.p - (a.o - 1) * a.s)],
    "= for +=": [
        table(lambda met: met * (np.arange(met.shape[1])[:, None] == met.shape[1] - 1)),
        table(last_window_inside),
    ],
    "averaged over the cells": [change(dZ=per_cell), change(dZ=per_area)],
    "maps exchanged": [end(maps_exchanged)],
    "maps added up": [change(dZ=all_maps), change(Y=all_maps), change(dZ=all_maps, Y=all_maps)],
    "one map only": [
        change(dZ=first_only),
        change(Y=first_only),
        change(dZ=first_only, Y=first_only),
    ],
    "batch averaged": [change(dZ=per_image), change(dZ=per_first)],
    "one image only": [
        change(dZ=lambda z: z[:1], Y=lambda y: y[:1]),
        change(dZ=lambda z: z[-1:], Y=lambda y: y[-1:]),
    ],
}
FORWARD = {
    "Z transposed": [Z_transposed],
    "filter flipped": [change(W=flip) for flip in FLIPS],
    "filter transposed": [
        *(change(W=turn) for turn in TURNS),
        change(W=lambda W: half_turn(transposed(W))),
    ],
    "maps exchanged": [change(W=how) for how in (maps_exchanged, *REVERSED_MAPS)],
    "bias forgotten": [NO_BIAS],
    "bias added with each product": [biased(0, 1, 2), biased(0, 1), biased(2)],
    "sum over k_in forgotten": [change(Y=first, W=lambda W: W[:, :, :1]), LAST_MAP],
    "= for +=": [
        LAST_WEIGHT,
        both(LAST_WEIGHT, NO_BIAS),
        both(LAST_WEIGHT, LAST_MAP),
        both(LAST_WEIGHT, LAST_MAP, NO_BIAS),
    ],
    "padding forgotten": [NO_PADDING, TWICE_PADDED],
    "one window too many": [put(windows=lambda a: -(-(a.n + 2 * a.p - a.f) // a.s) + 1)],
    "last window left out": [
        both(end(without_last_row), end(without_last_column)),
        end(without_last_row),
        end(without_last_column),
        put(windows=lambda a: work.whole_windows(a) - 1),
    ],
    "one plane for all maps": [change(W=how) for how in PLANES],
}

"""The mistakes of the forward pass and of the gradients of a convolution.

Each stands under its name, with one function for each way to make it; `work` has what such
functions are made of. What is said of a mistake is in ``data/exercises.toml``.
"""

import numpy as np

from cnnlib.exercises import work
from cnnlib.exercises.work import along, both, change, either, end, exchanged, meeting, put, table

# --- changes of an array ----------------------------------------------------------------------


def half_turn(x):
    """Reverse the two spatial axes of a filter."""
    return x[::-1, ::-1]


def transposed(x):
    """Exchange the two spatial axes of a filter."""
    return x.swapaxes(0, 1)


def quarter_turn(x):
    """Turn a filter by 90 degrees."""
    return np.rot90(x)


def turned_back(x):
    """Turn a filter by 90 degrees, the other way."""
    return np.rot90(x, 3)


def maps_exchanged(x):
    """Exchange the two map axes of a filter."""
    return x.swapaxes(2, 3)


def first(x):
    """Keep the first of the last axis."""
    return x[..., :1]


def last(x):
    """Keep the last of the last axis."""
    return x[..., -1:]


def first_only(x):
    """Set all but the first of the last axis to 0."""
    return np.where(np.arange(x.shape[-1]) == 0, x, 0)


def all_maps(x):
    """Put the sum over the last axis in the place of each."""
    return x.sum(axis=-1, keepdims=True) + 0 * x


def spatial(how):
    """Apply a change of a filter's rows and columns to those of a map."""
    return lambda x: np.moveaxis(how(np.moveaxis(x, (-3, -2), (0, 1))), (0, 1), (-3, -2))


def per_cell(x):
    """Divide by the number of cells, those of all images."""
    return x / x[..., 0].size


def per_area(x):
    """Divide by the number of cells of one image."""
    return x / (x.shape[-3] * x.shape[-2])


def per_image(x):
    """Divide by the number of images."""
    return x / (len(x) if x.ndim > 3 else 1)


def per_first(x):
    """Divide by the length of the first axis."""
    return x / len(x)


def without_last_row(x):
    """Leave the last row at 0."""
    return np.concatenate([x[:-1], 0 * x[-1:]])


def without_last_column(x):
    """Leave the last column at 0."""
    return np.concatenate([x[:, :-1], 0 * x[:, -1:]], axis=1)


REVERSED_MAPS = [lambda W: W[:, :, ::-1, ::-1], lambda W: W[..., ::-1], lambda W: W[:, :, ::-1]]
FLIPS = [half_turn, np.flipud, np.fliplr]
TURNS = [transposed, quarter_turn, turned_back]

# --- changes of a table of what meets ---------------------------------------------------------


def windows_reversed(met):
    """Take the windows from the end."""
    return met[:, ::-1]


def without_last_window(met):
    """Leave out the last window."""
    return np.where(np.arange(met.shape[1])[:, None] < met.shape[1] - 1, met, 0)


def without_last_weight(met):
    """Leave out the last weight."""
    return np.where(np.arange(met.shape[2]) < met.shape[2] - 1, met, 0)


def only_weight(at):
    """Leave out all weights but one."""
    return lambda met: np.where(np.arange(met.shape[2]) == np.arange(met.shape[2])[at], met, 0)


def only_last(axis, other):
    """Keep of what meets the last along one axis, as = in place of += does."""

    def stored(met):
        later = np.cumsum(np.flip(met.any(axis=other, keepdims=True), axis), axis)
        return met * (np.flip(later, axis) == 1)

    return stored


WINDOW, WEIGHT, CELL = 1, 2, 0
last_window_stored = only_last(WINDOW, WEIGHT)
last_weight_stored = only_last(WEIGHT, WINDOW)
last_window_inside = only_last(WINDOW, CELL)


# --- numbers of an axis, and other relations --------------------------------------------------


def cut(start, more, axes=work.BOTH):
    """Cut dY out of the padded map from some times p on, and too large by some times p."""
    return along(axes, n=lambda a: a.n + more * a.p, p=lambda a: start * a.p)


def wound(r, i, u, a):
    """Take a negative index as one from the end."""
    at = i * a.s + u - a.p
    return (at < a.n) & (at % max(a.n, 1) == r)


def filled(r, i, u, a):
    """Repeat dZ in the gaps of its spread."""
    return (r + a.p - u) // a.s == i


def within_reach(r, i, u, a):
    """Lose the cells from where dY would end without its left-over rows."""
    return work.meet(r, i, u, a) & (r < a.reach - 2 * a.p)


def moved(r, i, u, a):
    """Let the weights lie a stride apart, and not the windows."""
    return r + a.p == i + u * a.s


def within_filter(r, i, u, a):
    """Sum over as many windows as the filter has weights."""
    return work.meet(r, i, u, a) & (i < a.f)


def biased(*axes):
    """Count the bias once for each product over some axes of W."""

    def slip(x):
        x.b = x.b * np.prod([x.W.shape[axis] for axis in axes])

    return slip


ONE = along(s=lambda a: 1)
LONGER = [along(s=lambda a: a.s + 1), along(s=lambda a: a.s + (a.s > 1))]
SHORTER = along(s=lambda a: max(1, a.s - 1))
NO_PADDING, TWICE_PADDED = along(p=lambda a: 0), along(p=lambda a: 2 * a.p)
LAST_FILTER = change(dZ=last, W=last)
LAST_MAP = change(Y=last, W=lambda W: W[:, :, -1:])
NO_BIAS = change(b=np.zeros_like)
LAST_WEIGHT = table(only_weight(-1))

INPUT = {
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
    "stride forgotten": [ONE],
    "strides exchanged": exchanged("s"),
    "height and width exchanged": exchanged("s", "p"),
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
    "paddings exchanged": exchanged("p"),
    "slice [p:-p] at p = 0": [along(n=lambda a: a.n if a.p else 0)],
    "negative indices": [meeting(wound)],
    "ring of the wrong width": [
        along(p=lambda a: a.f - 1 - a.p),
        along(p=lambda a: a.p - 1),
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
    "last window left out": either(table, without_last_window),
    "last weight left out": either(table, without_last_weight),
}
FILTER = {
    "stride forgotten": [ONE],
    "stride for spacing": [meeting(moved)],
    "strides exchanged": exchanged("s"),
    "height and width exchanged": exchanged("s", "p"),
    "step off by one": [*LONGER, SHORTER],
    "padding forgotten": [NO_PADDING, TWICE_PADDED],
    "paddings exchanged": exchanged("p"),
    "negative indices": [meeting(wound)],
    "summed over the filter's size": [meeting(within_filter)],
    "dZ flipped": either(table, windows_reversed),
    "dZ transposed": [change(dZ=spatial(turn)) for turn in TURNS],
    "dW flipped": [end(flip) for flip in FLIPS],
    "dW transposed": [end(turn) for turn in TURNS],
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
    "last window left out": either(table, without_last_window),
    "batch averaged": [change(dZ=per_image), change(dZ=per_first)],
    "one image only": [
        change(dZ=lambda z: z[:1], Y=lambda y: y[:1]),
        change(dZ=lambda z: z[-1:], Y=lambda y: y[-1:]),
    ],
}
FORWARD = {
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
    "stride forgotten": [ONE],
    "strides exchanged": exchanged("s"),
    "height and width exchanged": exchanged("s", "p"),
    "padding forgotten": [NO_PADDING, TWICE_PADDED],
    "paddings exchanged": exchanged("p"),
    "negative indices": [meeting(wound)],
    "one window too many": [put(windows=lambda a: -(-(a.n + 2 * a.p - a.f) // a.s) + 1)],
    "last window left out": [
        both(end(without_last_row), end(without_last_column)),
        end(without_last_row),
        end(without_last_column),
        put(windows=lambda a: work.whole_windows(a) - 1),
    ],
    "last weight left out": either(table, without_last_weight),
}

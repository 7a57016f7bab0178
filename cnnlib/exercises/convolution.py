"""The mistakes of the forward pass and of the gradients of a convolution.

Each has its name, with one function for each way to make it; what is said of it is in
``data/exercises.toml``. Most are a change of an array, or of the rule that says where cell r,
window i and weight u of an axis a meet: `work.relation` is the right one.
"""

from functools import partial

import numpy as np

from cnnlib.exercises.work import (
    along,
    both,
    change,
    each,
    end,
    ended,
    meeting,
    one_for_both,
    only,
    put,
    whole_windows,
)

# --- changes of an array ----------------------------------------------------------------------

half_turn = partial(np.flip, axis=(0, 1))
transposed = partial(np.swapaxes, axis1=0, axis2=1)
maps_exchanged = partial(np.swapaxes, axis1=2, axis2=3)


def transposed_inside(x):
    """Exchange rows and columns, and leave out what does not fit into the old shape."""
    made, size = np.zeros_like(x), min(x.shape[:2])
    made[:size, :size] = transposed(x[:size, :size])
    return made


FLIPS = [half_turn, np.flipud, np.fliplr]
TURNS = [transposed, np.rot90, partial(np.rot90, k=3)]
ONES = np.s_[:1, :1], np.s_[:1], np.s_[:, :1], np.s_[-1:, -1:], np.s_[-1:], np.s_[:, -1:]
TRANSPOSED = [transposed, lambda W: half_turn(transposed(W)), transposed_inside]
REVERSED_MAPS = [partial(np.flip, axis=axes) for axes in [(2, 3), 3, 2]]
FIRST, LAST = np.s_[..., :1], np.s_[..., -1:]


def spatial(how):
    """Apply a change of a filter's rows and columns to those of a map."""
    return lambda x: np.moveaxis(how(np.moveaxis(x, (-3, -2), (0, 1))), (0, 1), (-3, -2))


def part(at):
    """Keep a part of an array."""
    return lambda x: x[at]


def everywhere(at):
    """Use a part of an array in the place of all parts."""
    return lambda x: x[at] + 0 * x


def alone(at):
    """Keep a part of an array, and set the rest to 0."""

    def kept(x):
        made = np.zeros_like(x)
        made[at] = x[at]
        return made

    return kept


def added(*axes):
    """Put the sum over some axes in the place of each."""
    return lambda x: x.sum(axis=axes, keepdims=True) + 0 * x


def diagonal(W):
    """Use the index of a map of Y for both map axes."""
    return np.stack([W[:, :, a, a] for a in range(W.shape[2])], axis=2)[..., None] + 0 * W


def other_diagonal(W):
    """Use the index of a filter for both map axes."""
    return np.stack([W[:, :, k, k] for k in range(W.shape[3])], axis=2)[:, :, None] + 0 * W


def per(*axes):
    """Divide by the lengths of some axes."""
    return lambda x: x / np.prod([x.shape[axis] for axis in axes])


def per_cell(x):
    """Divide by the number of cells, those of all images."""
    return x / x[..., 0].size


def per_image(x):
    """Divide by the number of images."""
    return x / (len(x) if x.ndim > 3 else 1)


# --- other rules ------------------------------------------------------------------------------


def wound(index, count, number):
    """Let an index that is not tested count from the end where it is negative."""
    return (index >= -count) & (index < count) & (index % max(count, 1) == number)


def in_window(r, i, a):
    """Say whether a window has a cell."""
    return (i * a.s <= r + a.p) & (r + a.p < i * a.s + a.f)


def under_weight(r, u, a):
    """Say whether some window has its weight u on a cell."""
    return ((r + a.p - u) % a.s == 0) & (u <= r + a.p) & (r + a.p < u + a.o * a.s)


def last_window(r, i, u, a):
    """Take of the windows that a cell is in the last one."""
    return i == np.minimum((r + a.p) // a.s, a.o - 1)


def last_weight(r, i, u, a):
    """Take of the weights that reach a cell the last one."""
    return i == np.maximum(-((a.f - 1 - r - a.p) // a.s), 0)


def last_inside(r, i, u, a):
    """Take of the windows in which a weight lies on the map the last one."""
    return i == np.minimum((a.n - 1 + a.p - u) // a.s, a.o - 1)


def windows_reversed():
    """Take the windows from the end."""
    return along(meet=lambda a: lambda r, i, u, a, met=a.meet: met(r, a.o - 1 - i, u, a))


def cut(start, more):
    """Cut dY out of the padded map from some times p on, and too large by some times p."""
    return along(n=lambda a: a.n + more * a.p, p=lambda a: start * a.p)


FIRST_WEIGHT, *_ = only(lambda r, i, u, a: u == 0)
LAST_WEIGHT, *_ = only(lambda r, i, u, a: u == a.f - 1)
OFF_BY_ONE = [*along(p=lambda a: a.p - 1), *along(p=lambda a: a.p + 1)]
LONGER = [*along(s=lambda a: a.s + 1), *along(s=lambda a: a.s + (a.s > 1))]
SHORTER = along(s=lambda a: max(1, a.s - 1))
PADDING = [*along(p=lambda a: 0), *along(p=lambda a: 2 * a.p)]

# --- mistakes that may be in each of the three sums ---------------------------------------------

SQUARE = [slip for name in "nof" for way in (False, True) for slip in one_for_both(name, way)]
EACH = {
    "stride forgotten": along(s=lambda a: 1),
    "stride used wrongly": meeting(
        lambda r, i, u, a: r + a.p == i + a.s + u,
        lambda r, i, u, a: r + a.p == i * (a.s - 1) + u,
        lambda r, i, u, a: r + a.p == i // a.s + u,
    ),
    "stride on the wrong index": meeting(
        lambda r, i, u, a: u == (r + a.p) * a.s - i,
        lambda r, i, u, a: u == (r + a.p - i) * a.s,
        lambda r, i, u, a: u == (r + a.p) // a.s - i,
        lambda r, i, u, a: u == (r + a.p - i) // a.s,
    ),
    "an index forgotten": meeting(
        lambda r, i, u, a: (r + a.p == i * a.s) & (u >= 0),
        lambda r, i, u, a: (r + a.p == u) & (i >= 0),
    ),
    "an index for another": meeting(
        lambda r, i, u, a: (u == i) & (r >= 0),
        lambda r, i, u, a: (u == i) & in_window(r, i, a),
        lambda r, i, u, a: (i == u) & under_weight(r, u, a),
    ),
    "strides exchanged": along(s=lambda a: a.other.s),
    "height and width exchanged": along(s=lambda a: a.other.s, p=lambda a: a.other.p),
    "paddings exchanged": along(p=lambda a: a.other.p),
    "negative indices": meeting(lambda r, i, u, a: wound(i * a.s + u - a.p, a.n, r)),
    "padding times stride": meeting(lambda r, i, u, a: r + a.p * a.s == i * a.s + u),
    "stride for spacing": meeting(lambda r, i, u, a: r + a.p == i + u * a.s),
    "stride times both": meeting(lambda r, i, u, a: r + a.p == (i + u) * a.s),
    "u = r + i": meeting(
        lambda r, i, u, a: u == r + a.p + i * a.s,
        lambda r, i, u, a: u == r - a.p + i * a.s,
        lambda r, i, u, a: wound(u - i * a.s - a.p, a.n, r),
    ),
    "u = i - r": meeting(
        lambda r, i, u, a: u == i * a.s - r - a.p,
        lambda r, i, u, a: u == i * a.s - r + a.p,
        lambda r, i, u, a: in_window(r, i, a) & (u == (i * a.s - r - a.p) % a.f),
        lambda r, i, u, a: wound(i * a.s - r - a.p, a.f, u),
        lambda r, i, u, a: wound(i * a.s - u - a.p, a.n, r),
    ),
    "one size for both axes": SQUARE,
    "last window left out": only(lambda r, i, u, a: i < a.o - 1),
    "last weight left out": only(lambda r, i, u, a: u < a.f - 1),
}
OF_W = {"one cell for all": each(W=map(everywhere, ONES))}
OF_Y = {
    "padding with the wrong sign": along(p=lambda a: -a.p),
    "one row off": OFF_BY_ONE,
    "Y flipped": each(Y=map(spatial, FLIPS)),
    "Y transposed": each(Y=map(spatial, [*TURNS, transposed_inside])),
}
OF_DZ = {"dZ transposed": each(dZ=map(spatial, [*TURNS, transposed_inside]))}
PLANES = [
    *map(everywhere, [np.s_[:, :, :1], np.s_[:, :, -1:], FIRST, LAST, np.s_[:, :, :1, :1]]),
    *(diagonal, other_diagonal, added(2), added(3)),
]
ONE_MAP = [everywhere(FIRST), everywhere(LAST)]

# --- the input gradient -------------------------------------------------------------------------

ONE_IMAGE = [everywhere(np.s_[:1]), everywhere(np.s_[-1:]), alone(0), alone(-1)]
LAST_FILTER = change(dZ=part(LAST), W=part(LAST))
AXES = [(0, 1, 2, 3), (0, 1, 2), (0, 1, 3), (0, 2), (0, 3), (1, 2), (1, 3), (0, 2, 3), (1, 2, 3)]
WRONG_AXES = [partial(np.flip, axis=axes) for axes in AXES]  # of the filter as a scatter takes it
INPUT = {
    "negative indices": [
        *meeting(lambda r, i, u, a: wound(r + a.p - i * a.s, a.f, u)),
        *EACH["negative indices"],
    ],
    "filter not flipped": [change(W=half_turn)],
    "columns not flipped": [change(W=np.fliplr)],
    "rows not flipped": [change(W=np.flipud)],
    "filter transposed": each(W=TRANSPOSED),
    "filter turned by 90 degrees": each(W=TURNS[1:]),
    "maps exchanged": [change(W=maps_exchanged)],
    "maps reversed": each(W=REVERSED_MAPS),
    "dZ flipped": [*windows_reversed(), both(change(W=half_turn), windows_reversed()[0])],
    "too many zeros in the spread": [*LONGER, *along(n=lambda a: a.n + a.s - 1 - a.rest)],
    "too few zeros in the spread": SHORTER,
    "gaps filled": meeting(lambda r, i, u, a: (r + a.p - u) // a.s == i),
    "left-over rows forgotten": [
        *along(n=lambda a: a.reach - 2 * a.p),
        *only(lambda r, i, u, a: r < a.reach - 2 * a.p),
        *along(p=lambda a: a.p - a.rest),
    ],
    "padding not cropped": cut(0, 2)[:1],
    "padding cropped on one side": [cut(0, 0)[0], *cut(2, 0), *cut(1, 1), *cut(0, 1)],
    "padding cropped along one axis": [*cut(0, 2)[1:], *cut(0, 0)[1:]],
    "padding cropped twice": cut(2, -2),
    "padding added again": [*cut(-1, 4), *cut(-1, 0)],
    "slice [p:-p] at p = 0": along(n=lambda a: a.n if a.p else 0),
    "ring of the wrong width": [
        *along(p=lambda a: a.f - 1 - a.p),
        *OFF_BY_ONE,
        *along(p=lambda a: a.f - 1),
    ],
    "= for +=": [
        *(*only(last_window), *only(last_weight)),
        *(both(only(last)[0], LAST_FILTER) for last in (last_window, last_weight)),
        *(FIRST_WEIGHT, LAST_WEIGHT),
    ],
    "sum over k forgotten": [change(dZ=part(FIRST), W=part(FIRST)), LAST_FILTER],
    "wrong axes flipped": each(W=WRONG_AXES),
    "one plane for all maps": [*each(W=PLANES), *each(dZ=ONE_MAP)],
    "dY transposed": [both(along(n=lambda a: a.other.n)[0], end(spatial(transposed)))],
    "one size for both axes": [*SQUARE, *along(n=lambda a: a.other.n)[1:]],
    "one image only": each(dZ=ONE_IMAGE),
    "images added up": [change(dZ=added(0))],
    "averaged": [
        *each(dZ=[per_cell, per(-3, -2), per(0), per_image]),
        *each(W=[per(0, 1), per(3), per(0, 1, 3), per(2)]),
    ],
}

# --- the filter gradient ------------------------------------------------------------------------


def beyond_dZ(r, i, u, a):
    """Refuse a window that dZ does not have."""
    if a.f > a.o:
        raise IndexError("dZ has no such window")
    return i < a.f


ALL_ADDED, FIRST_ONLY = [added(-1)], [alone(FIRST)]
FIRST_OR_LAST = [part(np.s_[:1]), part(np.s_[-1:])]
FILTER = {
    "one size for both axes": [*SQUARE, *along(f=lambda a: a.other.f)[1:]],
    "step off by one": [*LONGER, *SHORTER],
    "padding forgotten": PADDING,
    "summed over the filter's size": [*only(lambda r, i, u, a: i < a.f), *only(beyond_dZ)],
    "dZ flipped": windows_reversed(),
    "dW flipped": ended(FLIPS),
    "dW transposed": [*ended(TURNS), both(along(f=lambda a: a.other.f)[0], end(transposed))],
    "left-over rows not cut off": along(f=lambda a: a.n + 2 * a.p - (a.o - 1) * a.s),
    "= for +=": [*only(lambda r, i, u, a: i == a.o - 1), *only(last_inside)],
    "averaged over the cells": each(dZ=[per_cell, per(-3, -2)]),
    "maps exchanged": [end(maps_exchanged)],
    "maps added up": [*each(dZ=ALL_ADDED), *each(Y=ALL_ADDED), *each(dZ=ALL_ADDED, Y=ALL_ADDED)],
    "one map only": [*each(dZ=FIRST_ONLY), *each(Y=FIRST_ONLY), *each(dZ=FIRST_ONLY, Y=FIRST_ONLY)],
    "one plane for all maps": [*each(Y=ONE_MAP), *each(dZ=ONE_MAP), *each(dZ=ONE_MAP, Y=ONE_MAP)],
    "one cell for all": each(dZ=[spatial(everywhere(at)) for at in ONES]),
    "batch averaged": each(dZ=[per_image, per(0)]),
    "one image only": [
        *each(dZ=FIRST_OR_LAST, Y=FIRST_OR_LAST),
        *(*each(dZ=ONE_IMAGE[:2]), *each(Y=ONE_IMAGE[:2])),
    ],
    "images added up": [change(dZ=added(0))],
}

# --- the forward pass ---------------------------------------------------------------------------


def biased(*axes):
    """Count the bias once for each product over some axes of W."""

    def slip(x):
        x.b = x.b * np.prod([x.W.shape[axis] for axis in axes])

    return slip


NO_BIAS = change(b=np.zeros_like)
LAST_MAP = change(Y=part(LAST), W=part(np.s_[:, :, -1:]))
ENDS = [alone(at) for at in (np.s_[:-1, :-1], np.s_[:-1], np.s_[:, :-1])]
FORWARD = {
    "stride used wrongly": [
        *EACH["stride used wrongly"],
        *meeting(lambda r, i, u, a: r + a.p == i * (a.s + 1) + u),
    ],
    "Z transposed": [both(put(windows=lambda a: whole_windows(a.other)), end(transposed))],
    "filter flipped": each(W=FLIPS),
    "filter transposed": each(W=TRANSPOSED),
    "filter turned by 90 degrees": each(W=TURNS[1:]),
    "maps exchanged": each(W=[maps_exchanged, *REVERSED_MAPS]),
    "bias forgotten": [NO_BIAS],
    "one bias for all maps": each(b=[*ONE_MAP, added(0)]),
    "one plane for all maps": [
        *(*each(W=PLANES), *each(Y=ONE_MAP)),
        change(Y=everywhere(FIRST), W=everywhere(np.s_[:, :, :1])),
    ],
    "bias added with each product": [biased(0, 1, 2), biased(0, 1), biased(2)],
    "sum over k_in forgotten": [change(Y=part(FIRST), W=part(np.s_[:, :, :1])), LAST_MAP],
    "= for +=": [
        LAST_WEIGHT,
        both(LAST_WEIGHT, NO_BIAS),
        both(LAST_WEIGHT, LAST_MAP),
        both(LAST_WEIGHT, LAST_MAP, NO_BIAS),
    ],
    "padding forgotten": PADDING,
    "one window too many": [put(windows=lambda a: -(-(a.n + 2 * a.p - a.f) // a.s) + 1)],
    "last window left out": [*ended(ENDS), put(windows=lambda a: whole_windows(a) - 1)],
}

MISTAKES = {
    "conv_backward_input": EACH | OF_W | OF_DZ | INPUT,
    "conv_backward_filter": EACH | OF_DZ | OF_Y | FILTER,
    "conv_forward": EACH | OF_W | OF_Y | FORWARD,
}

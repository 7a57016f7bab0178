"""The mistakes of the four moves, and of counting windows."""

from functools import partial

import numpy as np

from cnnlib import shapes
from cnnlib.exercises.convolution import (
    FLIPS,
    REVERSED_MAPS,
    TURNS,
    WRONG_AXES,
    half_turn,
    maps_exchanged,
    part,
)
from cnnlib.exercises.work import Work, both, change, each, end, ended, put


def pair(name):
    """Exchange a pair, or use one of its numbers for both."""
    return each(**{name: map(part, ([1, 0], [0, 0], [1, 1]))})


# --- spread ---------------------------------------------------------------------------------------


def spread(x):
    """Put dZ into zeros: the cells a stride apart, with some zeros before them and after."""
    (o_h, o_w), (s_h, s_w) = x.dZ.shape[:2], x.stride
    (top, left), (bottom, right) = x.before(x.stride), x.behind(x.stride)
    wide = np.zeros(
        (top + (o_h - 1) * s_h + 1 + bottom, left + (o_w - 1) * s_w + 1 + right, x.dZ.shape[2])
    )
    wide[top::s_h, left::s_w][:o_h, :o_w] = x.dZ
    return wide


def no_zeros(stride):
    """Put none."""
    return 0 * stride


def one_less(stride):
    """Put as many as lie between neighbours."""
    return stride - 1


SPREAD = {
    "too many zeros": [change(stride=lambda s: s + 1)],
    "too few zeros": [change(stride=lambda s: np.maximum(1, s - 1))],
    "zeros behind the last": [
        put(behind=one_less),
        put(before=one_less),
        put(before=one_less, behind=one_less),
    ],
    "repeated": [put(make=lambda x: x.dZ.repeat(x.stride[0], axis=0).repeat(x.stride[1], axis=1))],
    "strides exchanged": pair("stride"),
    "one axis only": [
        change(stride=lambda s: s * [1, 0] + [0, 1]),
        change(stride=lambda s: s * [0, 1] + [1, 0]),
    ],
    "not spread": [change(stride=np.ones_like)],
}

# --- flip -----------------------------------------------------------------------------------------

FLIP = {  # of a right half turn, turned back where need be
    "one axis only": ended(FLIPS[1:]),
    "transposed": [both(end(half_turn), end(TURNS[0])), end(TURNS[0])],
    "turned by 90 degrees": ended(TURNS[1:]),
    "maps flipped too": ended([*REVERSED_MAPS, *WRONG_AXES[3:]]),
    "one off": ended(partial(np.roll, shift=1, axis=axes) for axes in [(0, 1), 0, 1]),
    "maps flipped only": [both(end(half_turn), end(how)) for how in REVERSED_MAPS],
    "maps exchanged": [end(maps_exchanged), both(end(half_turn), end(maps_exchanged))],
    "not flipped": [end(half_turn)],
}

# --- crop -----------------------------------------------------------------------------------------


def crop(x):
    """Keep what begins `start` paddings from the one end and stops `stop` from the other."""
    n_h, n_w = x.dYp.shape[:2]
    (top, left), (bottom, right) = x.start * x.padding, x.stop * x.padding - x.more
    return x.dYp[top : n_h - bottom, left : n_w - right]


def sliced(rows, columns):
    """Count the end from the end, where it may be 0, along these axes."""

    def cut(x):
        (top, left), (n_h, n_w) = x.padding, x.dYp.shape[:2]
        bottom = -top if rows else n_h - top
        right = -left if columns else n_w - left
        return x.dYp[top:bottom, left:right]

    return put(make=cut)


CROP = {
    "one side only": [put(stop=0), put(start=0)],
    "one axis only": [change(padding=lambda p: p * [0, 1]), change(padding=lambda p: p * [1, 0])],
    "paddings exchanged": pair("padding"),
    "slice [p:-p] at p = 0": [sliced(True, True), sliced(True, False), sliced(False, True)],
    "not cropped": [change(padding=lambda p: 0 * p)],
    "cut twice": [change(padding=lambda p: 2 * p)],
    "off by one": [put(more=1), put(more=-1)],
}

# --- output size ----------------------------------------------------------------------------------


def size(x):
    """Count the windows."""
    return x.divide(x.n + x.sides * x.padding - x.f, x.stride) + x.first


OUTPUT_SIZE = {
    "rounded up": [put(divide=lambda way, s: -(-way // s))],
    "+ 1 forgotten": [put(first=0)],
    "padding once": [put(sides=1)],
    "padding forgotten": [put(sides=0)],
    "padding subtracted": [put(sides=-2)],
    "f forgotten": [put(f=0, first=0), put(f=0)],
    "stride forgotten": [put(stride=1)],
    "all divided": [put(divide=lambda way, s: (way + 1) // s, first=0)],
    "only a part divided": [
        put(make=lambda x: x.n + 2 * x.padding - x.f // x.stride + 1),
        put(make=lambda x: (x.n - x.f) // x.stride + 2 * x.padding + 1),
        put(make=lambda x: x.n + 2 * x.padding - (x.f // x.stride + 1)),
    ],
    "f off by one": [change(f=lambda f: f + 1), change(f=lambda f: f - 1)],
}

BEGUN = {
    "spread": partial(Work, spread, before=no_zeros, behind=no_zeros),
    "flip": partial(Work, lambda x: shapes.flip(x.W)),
    "crop": partial(Work, crop, start=1, stop=1, more=0),
    "output_size": partial(Work, size, divide=lambda way, s: way // s, first=1, sides=2),
}
MISTAKES = {"spread": SPREAD, "flip": FLIP, "crop": CROP, "output_size": OUTPUT_SIZE}

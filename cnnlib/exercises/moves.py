"""The mistakes of the four moves, and of counting windows."""

import numpy as np

from cnnlib.exercises.around import pair
from cnnlib.exercises.changes import REVERSED_MAPS, TURNS, half_turn, maps_exchanged
from cnnlib.exercises.work import both, change, end, put


def spread(x):
    """Put dZ into zeros: the cells a stride apart, the first at `before`, some zeros behind."""
    (o_h, o_w), (s_h, s_w) = x.dZ.shape[:2], x.stride
    before_h, before_w = x.before(x.stride)
    after_h, after_w = x.behind(x.stride)
    size = (before_h + (o_h - 1) * s_h + 1 + after_h, before_w + (o_w - 1) * s_w + 1 + after_w)
    wide = np.zeros((*size, x.dZ.shape[2]))
    wide[before_h::s_h, before_w::s_w][:o_h, :o_w] = x.dZ
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
    "not spread": [change(stride=lambda s: s // s)],
}
FLIP = {  # of a right half turn, turned back where need be
    "one axis only": [end(np.flipud), end(np.fliplr)],
    "transposed": [both(end(half_turn), end(TURNS[0])), end(TURNS[0])],
    "turned by 90 degrees": [end(how) for how in TURNS[1:]],
    "maps flipped too": [
        *(end(how) for how in REVERSED_MAPS),
        *(end(lambda W, a=a: np.flip(W, a)) for a in [(0, 2), (0, 3), (1, 2), (1, 3)]),
        *(end(lambda W, a=a: np.flip(W, a)) for a in [(0, 2, 3), (1, 2, 3)]),
    ],
    "maps flipped only": [both(end(half_turn), end(how)) for how in REVERSED_MAPS],
    "maps exchanged": [
        end(maps_exchanged),
        both(end(half_turn), end(maps_exchanged)),
    ],
    "not flipped": [end(half_turn)],
}


def crop(x):
    """Keep what begins `start` paddings from the one end and stops `stop` from the other."""
    n_h, n_w = x.dYp.shape[:2]
    (top, left), (bottom, right) = x.start * x.padding, x.stop * x.padding - x.more
    return x.dYp[top : n_h - bottom, left : n_w - right]


def sliced(rows, columns):
    """Count the end from the end, where it may be 0, along these axes."""

    def cut(x):
        ends = [n - p for n, p in zip(x.dYp.shape, x.padding, strict=False)]
        (top, left), (bottom, right) = x.padding, ends
        bottom, right = -top if rows else bottom, -left if columns else right
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


def size(x):
    """Count the windows."""
    return x.divide(x.n + x.sides * x.p - x.f, x.s) + x.first


OUTPUT_SIZE = {
    "rounded up": [put(divide=lambda way, s: -(-way // s))],
    "+ 1 forgotten": [put(first=0)],
    "padding once": [put(sides=1)],
    "padding forgotten": [put(sides=0)],
    "padding subtracted": [put(sides=-2)],
    "f forgotten": [put(f=0, first=0), put(f=0)],
    "stride forgotten": [put(s=1)],
    "all divided": [put(divide=lambda way, s: (way + 1) // s, first=0)],
    "f off by one": [change(f=lambda f: f + 1), change(f=lambda f: f - 1)],
}

"""Wrong implementations of the convolution, each a right one with something changed.

``data/exercises.toml`` writes one as words. ``W[::-1]`` and ``stride:one`` change an argument,
``dZ=[...,:1]`` sets all of it but that place to zero, ``by:own_size`` takes
another routine than the right one, ``cut:0,2`` cuts dY out of the padded map elsewhere, and
``result[::-1]`` changes what comes out. Sizes, strides, paddings are arrays (height, width).
"""

import re

import numpy as np

from cnnlib import shapes, vectorized

# --- routines, right for any sizes ------------------------------------------------------------


def extent(maps):
    """Return the size of the maps, as an array."""
    return np.array(maps.shape[-3:-1])


def cut(maps, start, size):
    """Cut `size` cells out of each map, from `start` on; where there is no cell, a zero."""
    at = [np.arange(a, a + max(0, m)) for a, m in zip(start, size, strict=True)]
    there = [(r >= 0) & (r < n) for r, n in zip(at, maps.shape[-3:-1], strict=True)]
    r, c = (np.where(inside, cells, 0) for cells, inside in zip(at, there, strict=True))
    return maps[..., r[:, None], c, :] * (there[0][:, None] & there[1])[..., None]


def wound(n, p):
    """Return the place of each cell from -p on, where a negative index counts from the end."""
    r, c = (np.arange(-before, m) % m for before, m in zip(p, n, strict=True))
    return np.s_[..., r[:, None], c, :]


def padded_dY(dZ, W, s):
    """Gradient of the padded map, without its left-over rows."""
    size = (extent(dZ) - 1) * s + W.shape[:2]
    return vectorized.conv_backward_input(dZ, W, size, stride=s)


def dY(dZ, W, n, s, p):
    """Input gradient of the size n: what lies outside the map is lost."""
    return cut(padded_dY(dZ, W, s), p, n)


def dY_own_size(dZ, W, n, s, p):
    """Input gradient of the size that s and p make it, which may not be n."""
    whole = padded_dY(dZ, W, s)
    return cut(whole, p, extent(whole) - 2 * p)


def dY_cut(*times):
    """Input gradient cut from some times p on, and too large by some times p; per axis or not."""
    start, more = np.array(times).reshape(2, -1)
    return lambda dZ, W, n, s, p: cut(padded_dY(dZ, W, s), start * p, n + more * p)


def placed(start):
    """Input gradient cut from another place of the padded map."""
    return lambda dZ, W, n, s, p: cut(padded_dY(dZ, W, s), start(n, np.array(W.shape[:2]), s, p), n)


def wound_dY(dZ, W, n, s, p):
    """Input gradient that puts what lies above or left of the map at its other end."""
    made = np.zeros((*dZ.shape[:-3], *n, W.shape[2]))
    np.add.at(made, wound(n, p), cut(padded_dY(dZ, W, s), 0 * p, n + p))
    return made


def copied(dZ, s):
    """Spread dZ with copies in place of zeros."""
    return dZ.repeat(s[0], axis=-3).repeat(s[1], axis=-2)


def zeros_behind_each(dZ, W, n, s, p):
    """Input gradient of dZ spread to o * s rows, not (o - 1) * s + 1."""
    return cut(padded_dY(dZ, W, s), p, extent(dZ) * s + W.shape[:2] - 1 - 2 * p)


def wound_Y(Y, p, below):
    """Y with its end above and left of it, and zeros below and right of it."""
    return cut(Y[wound(extent(Y), p)], 0 * p, extent(Y) + p + below)


def stored(windows_outside):
    """Input gradient with = for +=."""

    def wrong(dZ, W, n, s, p):
        whole = np.zeros((*dZ.shape[:-3], *(n + 2 * p), W.shape[2]))
        windows, weights = dZ.shape[-3:-1], W.shape[:2]
        for at in np.ndindex(windows + weights if windows_outside else weights + windows):
            i, j, u, v = at if windows_outside else at[2:] + at[:2]
            whole[..., i * s[0] + u, j * s[1] + v, :] = dZ[..., i, j, :] @ W[u, v].T
        return cut(whole, p, n)

    return wrong


def dW(dZ, Y, f, s, p):
    """Filter gradient of the size f: outside the map there are zeros."""
    under = cut(Y, -p, (extent(dZ) - 1) * s + f)
    return vectorized.conv_backward_filter(dZ, under, f, stride=s)


def dW_own_size(dZ, Y, f, s, p):
    """Filter gradient of the size that s and p make it, left-over rows and all."""
    return dW(dZ, Y, extent(Y) + 2 * p - (extent(dZ) - 1) * s, s, p)


def moved_by_stride(dZ, Y, f, s, p):
    """Filter gradient of a dZ that moves by s, where its cells should lie s apart."""
    return vectorized.conv_backward_filter(dZ, cut(Y, -p, (f - 1) * s + extent(dZ)), f, dilation=s)


def last_inside(dZ, Y, f, s, p):
    """Filter gradient with = for +=, where pairs outside the map are left out."""
    made = np.zeros((*f, Y.shape[-1], dZ.shape[-1]))
    for i, j, u, v in np.ndindex(*dZ.shape[-3:-1], *f):
        r, c = i * s[0] + u - p[0], j * s[1] + v - p[1]
        if 0 <= r < Y.shape[-3] and 0 <= c < Y.shape[-2]:
            made[u, v] = np.einsum("...a,...k->ak", Y[..., r, c, :], dZ[..., i, j, :])
    return made


def within_filter(dZ, Y, f, s, p):
    """Filter gradient with the sum over the filter's size."""
    return dW(cut(cut(dZ, 0 * f, f), 0 * f, extent(dZ)), Y, f, s, p)


def Z(Y, W, b, s, p):
    """Output map of the size that s and p make it."""
    return vectorized.conv_forward(Y, W, b, stride=s, padding=p)


def rounded_up_Z(Y, W, b, s, p):
    """Output map with one window more where one does not quite fit."""
    size = extent(Y) + 2 * p
    return Z(cut(Y, -p, size + -(size - W.shape[:2]) % s), W, b, s, 0)


def often(*axes):
    """Output map with the bias in each product over some axes of W."""
    return lambda Y, W, b, s, p: Z(Y, W, b * np.prod([W.shape[axis] for axis in axes]), s, p)


def summed(*axes):
    """Bias gradient summed over some axes."""
    return lambda dZ: dZ.sum(axis=axes)


def cropped(start, end, more):
    """Map with so many times p cut off before it, and in all, and some cells more."""
    return lambda dYp, p: cut(dYp, start * p, extent(dYp) - end * p + more)


LOOSE = {"conv_backward_input": dY, "conv_backward_filter": dW, "conv_forward": Z}
"""Right ones that also take sizes, strides and paddings which do not fit."""

NUMBERED = {"cut": dY_cut, "sum": summed, "often": often, "crop": cropped}
BY = {
    "own_size": dY_own_size,
    "sliced": lambda *x: dY_cut(0, 2)(*x)[..., x[4][0] : -x[4][0], x[4][1] : -x[4][1], :],
    "rest_on_top": placed(lambda n, f, s, p: p - (n + 2 * p - f) % s),
    "rest_after_crop": lambda *x: cut(dY_own_size(*x), (0, 0), x[2]),
    "zeros_behind_each": zeros_behind_each,
    "repeated": lambda dZ, W, n, s, p: dY(copied(dZ, s), W, n, s // s, p),
    "wound_dY": wound_dY,
    "ring_p": placed(lambda n, f, s, p: f - 1 - p),
    "ring_f": placed(lambda n, f, s, p: p - 1),
    "no_ring": placed(lambda n, f, s, p: f - 1),
    "stored_windows": stored(True),
    "stored_weights": stored(False),
    "all_dW": dW_own_size,
    "moved": moved_by_stride,
    "last_inside": last_inside,
    "within_filter": within_filter,
    "wound_dW": lambda dZ, Y, f, s, p: dW(dZ, wound_Y(Y, p, 0 * p), f, s, 0 * p),
    "wound_Z": lambda Y, W, b, s, p: Z(wound_Y(Y, p, p), W, b, s, 0),
    "rounded_up": rounded_up_Z,
    "total": lambda dZ: np.full(dZ.shape[-1], dZ.sum()),
    "mean": lambda dZ: np.full(dZ.shape[-1], dZ.mean()),
    "spread_behind": lambda dZ, s: cut(shapes.spread(dZ, s), 0 * s, extent(dZ) * s),
    "spread_before": lambda dZ, s: cut(shapes.spread(dZ, s), 1 - s, extent(dZ) * s),
    "spread_around": lambda dZ, s: cut(shapes.spread(dZ, s), 1 - s, extent(dZ) * s + s - 1),
    "spread_copies": copied,
    "crop_slice": lambda dYp, p: dYp[p[0] : -p[0], p[1] : -p[1]],
    "kept_axes": lambda dZ: dZ.sum(axis=tuple(range(dZ.ndim - 1)), keepdims=True),
}


# --- changes ----------------------------------------------------------------------------------


def index(text):
    """Return what a text like ``...``, ``::-1`` or ``0`` stands for between brackets."""
    if text == "...":
        return ...
    numbers = [int(n) if n else None for n in text.split(":")]
    return slice(*numbers) if len(numbers) > 1 else numbers[0]


def kept(x, at):
    """Return an array with zeros in all places but these."""
    only = np.zeros_like(x)
    only[at] = x[at]
    return only


CHANGES = {  # of an array with its two spatial axes, or of a pair
    "transposed": lambda x, axes: x.swapaxes(*axes),
    "turned": lambda x, axes: np.rot90(x, 1, axes),
    "turned_back": lambda x, axes: np.rot90(x, 3, axes),
    "maps": lambda x, _: x.swapaxes(-2, -1),
    "summed": lambda x, _: x.sum(axis=-1, keepdims=True) + 0 * x,
    "image_0": lambda x, _: x[0] if x.ndim > 3 else x,
    "image_last": lambda x, _: x[-1] if x.ndim > 3 else x,
    "ones": lambda x, _: np.ones_like(x),
    "per_cell": lambda x, _: x / x[..., 0].size,
    "per_area": lambda x, _: x / np.prod(extent(x)),
    "per_image": lambda x, _: x / len(x) ** (x.ndim - 3),
    "per_first": lambda x, _: x / len(x),
    "rows": lambda pair, _: pair[[0, 0]],
    "columns": lambda pair, _: pair[[1, 1]],
    "height_only": lambda pair, _: pair * [1, 0] + [0, 1],
    "width_only": lambda pair, _: pair * [0, 1] + [1, 0],
    "one": lambda pair, _: pair // pair,
    "twice": lambda pair, _: 2 * pair,
    "more": lambda pair, _: pair + 1,
    "more_if": lambda pair, _: pair + (pair > 1),
    "fewer": lambda pair, _: np.maximum(1, pair - 1),
}
WORD = re.compile(r"(\w+)(=?)\[(\S*)\]|(\w+):(\S+)")


def changed(x, keep, at, change, axes):
    """Change an array or a pair as one word says."""
    if not at:
        return CHANGES[change](x, axes)
    at = tuple(map(index, at.split(",")))
    return kept(x, at) if keep else x[at]


def variant(right, names, words):
    """Return what the words make of a right function, all arguments by position."""

    def wrong(*values):
        x, by, ends = dict(zip(names, values, strict=True)), right, []
        for keyed, keep, at, what, change in WORD.findall(words):
            if what == "by":
                by = BY[change]
            elif what in NUMBERED:
                by = NUMBERED[what](*map(int, change.split(",")))
            elif (keyed or what) == "result":
                ends.append((keep, at, change))
            else:
                axes = (0, 1) if what == "W" else (-3, -2)
                x[keyed or what] = changed(x[keyed or what], keep, at, change, axes)
        made = by(*x.values())
        for end in ends:
            made = changed(made, *end, (0, 1))
        return made

    return wrong

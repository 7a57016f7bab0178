"""What `mistakes` is made of: right functions, and ways to make them wrong.

Sizes, strides and paddings are arrays (height, width), so that they can be added.
"""

import numpy as np

from cnnlib import loops, shapes, vectorized

# --- right ones, which take any stride and padding, wrong ones too -------------------------


def rows_and_columns(maps):
    """Return the size of the maps, as an array."""
    return np.array(maps.shape[-3:-1])


def cut(maps, start, size):
    """Cut `size` cells out of each map, from `start` on; where there is no cell, a zero."""
    at = [np.arange(a, a + max(0, m)) for a, m in zip(start, size, strict=True)]
    there = [(r >= 0) & (r < n) for r, n in zip(at, maps.shape[-3:-1], strict=True)]
    r, c = (np.where(inside, cells, 0) for cells, inside in zip(at, there, strict=True))
    return maps[..., r[:, None], c, :] * (there[0][:, None] & there[1])[..., None]


def padded_dY(dZ, W, s):
    """Gradient of the padded map, without its left-over rows."""
    size = (rows_and_columns(dZ) - 1) * s + W.shape[:2]
    return vectorized.conv_backward_input(dZ, W, size, stride=s)


def dY_of(dZ, W, n, s, p):
    """Input gradient of the size n: what lies outside the map is lost."""
    return cut(padded_dY(dZ, W, s), p, n)


def cropped_dY(dZ, W, n, s, p):
    """Input gradient of the size that s and p make it, which may not be n."""
    whole = padded_dY(dZ, W, s)
    return cut(whole, p, rows_and_columns(whole) - 2 * p)


def dW_of(dZ, Y, f, s, p):
    """Filter gradient of the size f: outside the map there are zeros."""
    under = cut(Y, -p, (rows_and_columns(dZ) - 1) * s + f)
    return vectorized.conv_backward_filter(dZ, under, f, stride=s)


def all_dW(dZ, Y, f, s, p):
    """Filter gradient of the size that s and p make it, left-over rows and all."""
    return dW_of(dZ, Y, rows_and_columns(Y) + 2 * p - (rows_and_columns(dZ) - 1) * s, s, p)


def Z_of(Y, W, b, s, p):
    """Output map of the size that s and p make it."""
    return vectorized.conv_forward(Y, W, b, stride=s, padding=p)


def fitted_Z(change):
    """Output map of the right size, with another stride and padding."""

    def wrong(Y, W, b, s, p):
        o = np.array(shapes.output_size(Y.shape[:2], W.shape[:2], s, p))
        s, p = change(s, p)
        return Z_of(cut(Y, -p, (o - 1) * s + W.shape[:2]), W, b, s, 0)

    return wrong


def db_of(dZ):
    """Bias gradient."""
    return vectorized.conv_backward_bias(dZ)


# --- ways to make a right one wrong ---------------------------------------------------------


def how(styles, *changes):
    """Each of the functions, with each change of stride and padding."""
    return [
        lambda a, b, x, s, p, style=style, change=change: style(a, b, x, *change(s, p))
        for change in changes
        for style in styles
    ]


def argument(which, function, *changes):
    """The function with one argument changed."""
    return [
        lambda *x, change=change: function(*x[:which], change(x[which]), *x[which + 1 :])
        for change in changes
    ]


def result(function, *changes):
    """The function with its result changed."""
    return [lambda *x, change=change: change(function(*x)) for change in changes]


def divided(function, *counts):
    """The function, divided by a count of its first argument."""
    return [lambda dZ, *x, count=count: function(dZ, *x) / count(dZ) for count in counts]


def only(dZ, size):
    """Return dZ with zeros outside its first `size` cells."""
    return cut(cut(dZ, (0, 0), size), (0, 0), rows_and_columns(dZ))


def last_window(dZ):
    """Return dZ with zeros in all cells but the last."""
    return cut(dZ[..., -1:, -1:, :], 1 - rows_and_columns(dZ), rows_and_columns(dZ))


def last_weight(W, axes):
    """Return W with zeros in all places but the last along some axes."""
    left = np.zeros_like(W)
    left[(-1,) * axes] = W[(-1,) * axes]
    return left


def stored(windows_outside, k):
    """Input gradient with = for +=, for some maps k of dZ."""

    def wrong(dZ, W, n, s, p):
        dZ, W = dZ[..., k], W[..., k]
        whole = np.zeros((*dZ.shape[:-3], *(n + 2 * p), W.shape[2]))
        windows, weights = dZ.shape[-3:-1], W.shape[:2]
        for at in np.ndindex(windows + weights if windows_outside else weights + windows):
            i, j, u, v = at if windows_outside else at[2:] + at[:2]
            whole[..., i * s[0] + u, j * s[1] + v, :] = dZ[..., i, j, :] @ W[u, v].T
        return cut(whole, p, n)

    return wrong


def uncut_below(start, more):
    """Input gradient that is cut at `start` times p, and too large by `more` times p."""
    return lambda dZ, W, n, s, p: cut(padded_dY(dZ, W, s), start * p, n + more * p)


def sliced(maps, p):
    """Cut with [p:-p], which leaves nothing where p is 0."""
    return maps[..., p[0] : -p[0], p[1] : -p[1], :]


def rest_on_top(dZ, W, n, s, p):
    """Input gradient with the left-over rows above it."""
    return cut(padded_dY(dZ, W, s), p - (n + 2 * p - W.shape[:2]) % s, n)


def rest_after_crop(dZ, W, n, s, p):
    """Input gradient cropped first, and then filled up with the left-over rows."""
    return cut(cropped_dY(dZ, W, n, s, p), (0, 0), n)


def zeros_behind_each(dZ, W, n, s, p):
    """Input gradient of dZ spread to o * s rows, not (o - 1) * s + 1."""
    return cut(padded_dY(dZ, W, s), p, rows_and_columns(dZ) * s + W.shape[:2] - 1 - 2 * p)


def rounded_up_Z(Y, W, b, s, p):
    """Output map with one window more where one does not quite fit."""
    size = Y.shape[:2] + 2 * p
    return Z_of(cut(Y, -p, size + -(size - W.shape[:2]) % s), W, b, s, 0)


def pooled(share, put=np.add):
    """Max pool's gradient, each window giving its dZ away by `share` of its cells."""

    def wrong(dZ, Y, f, s):
        dY = np.zeros_like(Y)
        for i, j, k in np.ndindex(dZ.shape):
            window = np.s_[i * s[0] : i * s[0] + f[0], j * s[1] : j * s[1] + f[1], k]
            dY[window] = put(dY[window], dZ[i, j, k] * share(Y[window]))
        return dY

    return wrong


def one(find):
    """Share of a window that goes to one cell, found by its position in row order."""
    return lambda w: (np.arange(w.size) == find(w)).reshape(w.shape)


max_pooled = pooled(one(np.argmax))


def stepped(before=lambda W, step: W, rate=1.0, factor=1.0):
    """Training step whose dY comes from another W, or whose steps are longer or shorter."""

    def step(dZ, Y, W, b, eta):
        _, dW, db = loops.conv_backward(dZ, Y, W)
        dY = loops.conv_backward_input(dZ, before(W, eta * dW), Y.shape[:2])
        return factor * dY, W - rate * eta * dW, b - rate * eta * db

    return step


train_step = stepped()

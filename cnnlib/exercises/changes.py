"""What the mistakes of a convolution are made of: changes of arrays, and of what meets.

A table of what meets has the cells along its first axis, the windows along the second, and the
weights along the third. A rule says where a cell r, a window i and a weight u meet.
"""

import numpy as np

from cnnlib.exercises import work
from cnnlib.exercises.work import along, both, change, either, end, exchanged, meeting

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


def diagonal(W):
    """Use the index of a map of Y for both map axes."""
    return np.stack([W[:, :, a, a] for a in range(W.shape[2])], axis=2)[..., None] + 0 * W


def other_diagonal(W):
    """Use the index of a filter for both map axes."""
    return np.stack([W[:, :, k, k] for k in range(W.shape[3])], axis=2)[:, :, None] + 0 * W


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


def weight_wound(r, i, u, a):
    """Take a negative index of a weight as one from the end."""
    return index_wound(r + a.p - i * a.s, a.f, u)


def filled(r, i, u, a):
    """Repeat dZ in the gaps of its spread."""
    return (r + a.p - u) // a.s == i


def within_reach(r, i, u, a):
    """Lose the cells from where dY would end without its left-over rows."""
    return work.meet(r, i, u, a) & (r < a.reach - 2 * a.p)


def moved(r, i, u, a):
    """Let the weights lie a stride apart, and not the windows."""
    return r + a.p == i + u * a.s


def weight_summed(r, i, u, a):
    """Add cell and window to find the weight, or subtract from the weight: u = r + i."""
    return r + a.p + i * a.s == u


def weight_turned(r, i, u, a):
    """Subtract the cell from the window, or what comes to the same: u = i - r."""
    return i * a.s - r - a.p == u


def index_wound(index, count, number):
    """Let an index that is not tested count from the end where it is negative."""
    return (index >= -count) & (index < count) & (index % max(count, 1) == number)


WOUND = [
    lambda r, i, u, a: index_wound(i * a.s - r - a.p, a.f, u),
    lambda r, i, u, a: index_wound(i * a.s - u - a.p, a.n, r),
]
WOUND_SUM = [
    lambda r, i, u, a: index_wound(u - i * a.s - a.p, a.n, r),
]


def all_stepped(r, i, u, a):
    """Multiply the weight by the stride too."""
    return r + a.p == (i + u) * a.s


def without_weight(r, i, u, a):
    """Forget the index of the weight."""
    return (r + a.p == i * a.s) & (u >= 0)


def without_window(r, i, u, a):
    """Forget the index of the window."""
    return (r + a.p == u) & (i >= 0)


def stride_added(r, i, u, a):
    """Add the stride, and do not multiply by it."""
    return r + a.p == i + a.s + u


def one_stride_less(r, i, u, a):
    """Multiply by one less than the stride."""
    return r + a.p == i * (a.s - 1) + u


def divided(r, i, u, a):
    """Divide by the stride, and do not multiply by it."""
    return r + a.p == i // a.s + u


def within_filter(r, i, u, a):
    """Sum over as many windows as the filter has weights."""
    return work.meet(r, i, u, a) & (i < a.f)


def beyond_dZ(x):
    """Refuse a window that dZ does not have."""
    if any(axis.f > axis.o for axis in (x.rows, x.columns)):
        raise IndexError("dZ has no such window")


def biased(*axes):
    """Count the bias once for each product over some axes of W."""

    def slip(x):
        x.b = x.b * np.prod([x.W.shape[axis] for axis in axes])

    return slip


def joined(*rules):
    """Join other cells, windows and weights along both axes, or along one of them."""
    return [slip for rule in rules for slip in either(meeting, rule)]


def flipped(*axes):
    """Flip an array along these axes."""
    return change(W=lambda W: np.flip(W, axes))


def result_square(name):
    """Make the result as wide as it should be high, or as high as it should be wide."""
    return exchanged(name)[1:]


def mean_over(*axes):
    """Divide dY by the length of some axes of W."""

    def slip(x):
        count = np.prod([x.W.shape[axis] for axis in axes])
        x.after.append(lambda made: made / count)

    return slip


def result_transposed(name, turn):
    """Write (c, r) for (r, c) where the result is stored."""
    return both(exchanged(name)[0], end(turn))


def Z_transposed(x):
    """Store Z so; how many windows there are is counted first."""
    count = {axis: work.whole_windows(getattr(x, axis)) for axis in work.BOTH}
    x.windows = lambda axis: count["columns" if axis is x.rows else "rows"]
    x.after.append(transposed)

"""An exercise at work, with every part of it open to a mistake.

A mistake is a plain function that does something wrong to a `Work` before its result is taken,
such as ``work.W = work.W[::-1, ::-1]``. Two mistakes at once are two such functions.
"""

from types import SimpleNamespace

import numpy as np


class Work(SimpleNamespace):
    """The arguments of an exercise by name, how its result is made, and what is done to that."""

    def __init__(self, make, **arguments):
        super().__init__(make=make, after=[], **arguments)

    def measure(self):
        """Take note of the sizes of arrays that were changed."""

    @property
    def result(self):
        """The result, or a tuple of them, with all changes."""
        made = self.make(self)
        for change in self.after:
            made = tuple(map(change, made)) if isinstance(made, tuple) else change(made)
        return made


class Axis(SimpleNamespace):
    """One axis of a layer: n cells, f weights, o windows, the stride s and the padding p."""

    def __init__(self, n, f, o, s, p):
        super().__init__(n=n, f=f, o=o, s=s, p=p, meet=meet, after=[])

    @property
    def reach(self):
        """How many cells of the padded map the windows cover."""
        return (self.o - 1) * self.s + self.f

    @property
    def rest(self):
        """Left-over cells of the padded map, which no window covers."""
        return (self.n + 2 * self.p - self.f) % self.s

    def table(self):
        """Tell which cell r, window i and weight u meet, as an array of 0 and 1."""
        r, i, u = (np.arange(size) for size in (self.n, self.o, self.f))
        met = self.meet(r[:, None, None], i[:, None], u, self) * 1.0
        for change in self.after:
            met = change(met)
        return met


def meet(r, i, u, a):
    """Say where a cell, a window and a weight meet: the one relation."""
    return r + a.p == i * a.s + u


class Layer(Work):
    """A convolution as two tables of what meets, one for the rows and one for the columns.

    The arrays tell its sizes; the one that they do not tell is `size`.
    """

    def __init__(self, make, size, stride, padding, **arrays):
        super().__init__(make, windows=whole_windows, **arrays)
        self.rows, self.columns = (
            Axis(n=length, f=length, o=length, s=int(s), p=int(p))
            for length, s, p in zip(size, stride, padding, strict=True)
        )
        self.measure()

    def measure(self):
        """Take the sizes of the axes from the arrays, where there are such arrays."""
        lengths = {"n": ("Y", -3), "f": ("W", 0), "o": ("dZ", -3)}
        for letter, (name, at) in lengths.items():
            if hasattr(self, name):
                shape = getattr(self, name).shape
                for axis, number in zip((self.rows, self.columns), (at, at + 1), strict=True):
                    setattr(axis, letter, shape[number])


def whole_windows(a):
    """Count the windows that fit into the padded map."""
    return (a.n + 2 * a.p - a.f) // a.s + 1


def input_gradient(x):
    """Sum over windows, weights and filters, for each cell of Y."""
    products = np.tensordot(x.dZ, x.W, (-1, 3))  # (..., i, j, u, v, k_in)
    columns = np.tensordot(products, x.columns.table(), ((-4, -2), (1, 2)))
    return np.swapaxes(np.tensordot(columns, x.rows.table(), ((-4, -3), (1, 2))), -3, -1)


def windows_of(x):
    """Cut the windows out of Y: (..., k_in, rows i, u and columns j, v)."""
    rows = np.tensordot(x.Y, x.rows.table(), (-3, 0))  # (..., c, k_in, i, u)
    return np.tensordot(rows, x.columns.table(), (-4, 0))


def filter_gradient(x):
    """Sum over images and windows, for each weight."""
    windows = np.moveaxis(windows_of(x), -2, -3)  # (..., k_in, i, j, u, v)
    batch = tuple(range(x.dZ.ndim - 3))
    here, there = (*batch, -4, -3), (*batch, -3, -2)
    if windows.ndim != x.dZ.ndim + 2:
        raise ValueError("Y and dZ have another number of axes before the rows")
    return np.moveaxis(np.tensordot(windows, x.dZ, (here, there)), 0, 2)


def output_map(x):
    """Sum over weights and maps, for each window, and the bias once."""
    for axis in (x.rows, x.columns):
        axis.o = x.windows(axis)
    return np.tensordot(windows_of(x), x.W, ((-5, -3, -1), (2, 0, 1))) + x.b


def begun(make, *names, **parts):
    """Tell how an exercise sets out, from its arguments in their order; parts may be changed."""
    return lambda *values: Work(make, **dict(zip(names, values, strict=True)), **parts)


def begun_input(dZ, W, input_size, stride, padding):
    """Set out an input gradient."""
    return Layer(input_gradient, input_size, stride, padding, dZ=dZ, W=W)


def begun_filter(dZ, Y, filter_size, stride, padding):
    """Set out a filter gradient."""
    return Layer(filter_gradient, filter_size, stride, padding, dZ=dZ, Y=Y)


def begun_forward(Y, W, b, stride, padding):
    """Set out a forward pass; how many windows there are is counted later."""
    return Layer(output_map, (0, 0), stride, padding, Y=Y, W=W, b=b)


# --- what mistakes are made of ----------------------------------------------------------------

BOTH, ROWS, COLUMNS = ("rows", "columns"), ("rows",), ("columns",)


def both(*slips):
    """Make several mistakes, one after the other."""

    def slip(work):
        for each in slips:
            each(work)

    return slip


def put(**parts):
    """Put something else in the place of a part."""
    return lambda work: vars(work).update(parts)


def change(**changes):
    """Change arguments."""

    def slip(work):
        vars(work).update({name: how(getattr(work, name)) for name, how in changes.items()})
        work.measure()

    return slip


def end(how):
    """Change the result."""
    return lambda work: work.after.append(how)


def along(axes=BOTH, **numbers):
    """Change the numbers of one axis of a layer, or of both."""

    def slip(layer):
        for axis in (getattr(layer, name) for name in axes):
            vars(axis).update({name: how(axis) for name, how in numbers.items()})

    slip.axes = axes
    return slip


def meeting(rule, axes=BOTH):
    """Let other cells, windows and weights meet."""
    return along(axes, meet=lambda axis: rule)


def table(how, axes=BOTH):
    """Change the table of what meets."""
    return along(axes, after=lambda axis: [*axis.after, how])


def either(maker, *values, **numbers):
    """Make a mistake along both axes, or along one of them."""
    return [maker(*values, axes=axes, **numbers) for axes in (BOTH, ROWS, COLUMNS)]


def one_for_both(name, refuse):
    """Let a number of the rows limit the columns too, or the other way round.

    Where it is the larger one, such a function goes on as it should, or it `refuse`s.
    """

    def limited(here, there):
        def slip(layer):
            def limit(met):
                number, at = getattr(getattr(layer, here), name), "nof".index(name)
                if refuse and number > met.shape[at]:
                    raise IndexError(f"{name} of the {here} is used for the {there}")
                shape = [-1 if axis == at else 1 for axis in range(3)]
                return met * (np.arange(met.shape[at]).reshape(shape) < number)

            getattr(layer, there).after.append(limit)

        return slip

    return [limited("rows", "columns"), limited("columns", "rows")]


def exchanged(*names):
    """Exchange numbers of the axes, or use the one or the other for both."""

    def crossed(rows, columns):
        def slip(layer):
            both_axes = layer.rows, layer.columns
            had = [{name: getattr(axis, name) for name in names} for axis in both_axes]
            for axis, which in zip(both_axes, (rows, columns), strict=True):
                vars(axis).update(had[which])

        return slip

    return [crossed(1, 0), crossed(0, 0), crossed(1, 1)]

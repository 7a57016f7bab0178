"""An exercise at work, with every part of it open to a mistake.

A mistake is a plain function that does something wrong to a `Work` before its result is taken,
such as ``work.W = work.W[::-1, ::-1]``. Two mistakes at once are two such functions.
"""

from functools import partial
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


# --- one convolution: what meets along the rows and along the columns, and three sums of products


def relation(r, i, u, a):
    """Say where cell r, window i and weight u meet: the one relation."""
    return r + a.p == i * a.s + u


class Axis(SimpleNamespace):
    """One axis of a layer: n cells, f weights, o windows, the stride s and the padding p.

    `meet` is the rule by which they meet, and `other` the other axis.
    """

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
        return self.meet(r[:, None, None], i[:, None], u, self) * 1.0


def whole_windows(a):
    """Count the windows that fit into the padded map."""
    return (a.n + 2 * a.p - a.f) // a.s + 1


class Layer(Work):
    """A convolution. Its arrays tell the sizes of its axes, but for that of the result."""

    def __init__(self, make, stride, padding, input_size=(0, 0), filter_size=(0, 0), **arrays):
        super().__init__(make, windows=whole_windows, **arrays)
        numbers = zip(input_size, filter_size, stride, padding, strict=True)
        self.rows, self.columns = (
            Axis(n=n, f=f, o=0, s=s, p=p, meet=relation) for n, f, s, p in numbers
        )
        self.rows.other, self.columns.other = self.columns, self.rows
        self.measure()

    def measure(self):
        """Take the sizes of the axes from the arrays."""
        for name, letter, at in (("Y", "n", -3), ("W", "f", 0), ("dZ", "o", -3)):
            if hasattr(self, name):
                shape = getattr(self, name).shape
                setattr(self.rows, letter, shape[at])
                setattr(self.columns, letter, shape[at + 1])


def input_gradient(x):
    """Sum over windows, weights and filters, for each cell of Y."""
    products = np.tensordot(x.dZ, x.W, (-1, 3))
    rows = np.einsum("...ijuvx,riu->...rjvx", products, x.rows.table())
    return np.einsum("...rjvx,cjv->...rcx", rows, x.columns.table())


def windows_of(x):
    """Cut the windows (i, j) with their cells (u, v) out of Y."""
    rows = np.einsum("...rcx,riu->...icux", x.Y, x.rows.table())
    return np.einsum("...icux,cjv->...ijuvx", rows, x.columns.table())


def filter_gradient(x):
    """Sum over images and windows, for each weight."""
    of_images = np.einsum("...ijuvx,...ijk->...uvxk", windows_of(x), x.dZ)
    return of_images.sum(axis=tuple(range(of_images.ndim - 4)))


def output_map(x):
    """Sum over weights and maps, for each window, and the bias once."""
    for axis in (x.rows, x.columns):
        axis.o = x.windows(axis)
    return np.tensordot(windows_of(x), x.W, 3) + x.b


BEGUN = {
    "conv_backward_input": partial(Layer, input_gradient),
    "conv_backward_filter": partial(Layer, filter_gradient),
    "conv_forward": partial(Layer, output_map),
}

# --- what mistakes are made of ----------------------------------------------------------------

BOTH = ("rows", "columns")


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


def each(**ways):
    """Change an argument in one of several ways, or several arguments together."""
    return [
        change(**dict(zip(ways, hows, strict=True))) for hows in zip(*ways.values(), strict=True)
    ]


def end(how):
    """Change the result."""
    return lambda work: work.after.append(how)


def ended(ways):
    """Change the result in one of several ways."""
    return [end(how) for how in ways]


def along(**numbers):
    """Change the numbers of both axes of a layer, or those of the rows, or of the columns."""
    return [_along(axes, numbers) for axes in (BOTH, BOTH[:1], BOTH[1:])]


def _along(axes, numbers):
    def slip(layer):
        of = [getattr(layer, name) for name in axes]
        made = [{name: how(axis) for name, how in numbers.items()} for axis in of]
        for axis, new in zip(of, made, strict=True):
            vars(axis).update(new)

    slip.axes = axes
    return slip


def meeting(*rules):
    """Let other cells, windows and weights meet."""
    return [slip for rule in rules for slip in along(meet=lambda a, rule=rule: rule)]


def only(keeps):
    """Of the cells, windows and weights that meet, take only some."""
    return along(meet=lambda a: lambda *at, met=a.meet: met(*at) & keeps(*at))


def one_for_both(name, refuse):
    """Let the size of one axis limit the other too.

    Where it is the larger one, such a function goes on as it should, or it `refuse`s.
    """

    def within(r, i, u, a):
        most = getattr(a.other, name)
        if refuse and most > getattr(a, name):
            raise IndexError(f"{name} of one axis is used for both")
        return {"n": r, "o": i, "f": u}[name] < most

    return only(within)[1:]

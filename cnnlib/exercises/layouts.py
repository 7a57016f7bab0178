"""The order of axes: channels last, as in the lessons, or first, as in most frameworks."""

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from cnnlib.exercises import problems

LAYOUTS = ("channels last", "channels first")
FILTERS = {"W", "dW", "flipped"}
PLAIN = {"b", "db", "o"}  # of no layout
ORDERS = {  # the axes of a filter, and of a map
    "last": ("uvxk", "rcx"),
    "first": ("kxuv", "xrc"),
    "first, maps exchanged": ("xkuv", "xrc"),
}
AXES = {
    "last": ("(f_h, f_w, n_k, f_k)", "(rows, columns, channels)"),
    "first": ("(f_k, n_k, f_h, f_w)", "(channels, rows, columns)"),
    "first, maps exchanged": ("(n_k, f_k, f_h, f_w)", ""),
}


def refuse_unknown(layout):
    """Refuse a layout that is not one."""
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}; there are: {', '.join(LAYOUTS)}")


@dataclass(frozen=True)
class Layout:
    """What is done to the arguments before a call, and to the result after it.

    Attributes
    ----------
    orders : dict of str to str
        For arrays that are not channels last, a key of `ORDERS`.
    lead : int
        How many axes of length 1 are put before a map.
    pairs : bool
        Whether stride and padding are given as pairs, and not as one number for both axes.
    """

    orders: dict = field(default_factory=dict)
    lead: int = 0
    pairs: bool = True

    def given(self, values):
        """Return the arguments as the function takes them, by name."""
        return {name: self._given(name, value) for name, value in values.items()}

    def _given(self, name, value):
        if isinstance(value, tuple) and name in ("stride", "padding") and not self.pairs:
            return value[0]
        if not isinstance(value, np.ndarray) or name in PLAIN:
            return value
        lead = self.lead if name not in FILTERS else 2 * (self.lead > 0 and value.ndim == 2)
        if value.ndim > 2:  # not at a level with matrices
            value = moved(value, *self._axes(name))
        return value.reshape((1,) * lead + value.shape)

    def _axes(self, name):
        """Return the axes of an array as the lessons have them, and as the function does."""
        which = name not in FILTERS
        return ORDERS["last"][which], ORDERS[self.orders.get(name, "last")][which]

    def back(self, names, made):
        """Return a result, or several, as the lessons have them."""
        if len(names) > 1 and isinstance(made, (tuple, list)) and len(made) == len(names):
            return tuple(map(self._back, names, made))
        return self._back(names[0], made)

    def _back(self, name, made):
        if not isinstance(made, np.ndarray) or name in PLAIN:
            return made
        if name not in FILTERS and made.shape[: self.lead] == (1,) * self.lead:
            made = made.reshape(made.shape[self.lead :])
        own, theirs = self._axes(name)
        if made.ndim == 4 or (made.ndim > 2 and name not in FILTERS):
            return moved(made, theirs, own)
        return made.reshape(made.shape[-2:]) if self.lead and made.size else made


def moved(array, old, new):
    """Put the last axes of an array into another order."""
    return np.moveaxis(array, [old.index(axis) - len(old) for axis in new], range(-len(new), 0))


@dataclass(frozen=True)
class Called:
    """A function and how it is called."""

    function: object
    layout: Layout = Layout()

    def size(self, size):
        """Return a size that it can be asked."""
        return size if self.layout.pairs else problems.square(size)


def arrays(exercise):
    """Name the arrays of an exercise that have a layout: arguments and results."""
    given, _ = exercise.problem(exercise.size(problems.HARD[0]), "random")
    named = [name for name, value in given.items() if isinstance(value, np.ndarray)]
    return [name for name in dict.fromkeys([*named, *exercise.gives]) if name not in PLAIN]


def fitting(exercise, function, layout, works):
    """Return how a function is called: the first way in which it `works`, or else the plain way."""
    if layout == "channels last":
        return Called(function)
    orders = dict.fromkeys(arrays(exercise), "first")
    leads = (0, 1, 2) if exercise.matrices else (0, 1) if not exercise.batch else (0,)
    ways = [Layout(orders, lead, pairs) for pairs in (True, False) for lead in leads]
    called = [Called(function, way) for way in ways]
    return next(filter(works, called), called[0])


def mixed_up(exercise, called, right):
    """Return what is said of a function that is `right` in another layout, and what fixes it."""
    names = arrays(exercise)
    if exercise.matrices or exercise.counts:
        return None
    options = [ORDERS if name in FILTERS else ("last", "first") for name in names]
    own = {name: called.layout.orders.get(name, "last") for name in names}
    for orders in map(dict, (zip(names, each, strict=True) for each in product(*options))):
        if orders == own:
            continue
        other = Layout(orders, called.layout.lead, called.layout.pairs)
        if right(Called(called.function, other)):
            return _said(orders)
    return None


def _said(orders):
    kinds = {*orders.values()}
    if len(kinds) == 1:
        name = f"channels {kinds.pop()}"
        return (
            f"The axes have the order of the layout {name}. In that layout it is right.",
            f'Move the axes, or check it as it is with layout="{name}".',
        )
    told = [f"{name} as {AXES[kind][name not in FILTERS]}" for name, kind in orders.items()]
    return (
        f"Two layouts are mixed. It is right with {', '.join(told)}.",
        "Take all arrays in one layout: move the axes where an array comes in or goes out.",
    )

"""Where one is in a trace: which step, and which of its terms is marked."""

import numpy as np

from cnnlib.panels import INDICES
from cnnlib.steppers import view


class Position:
    """Where one is in a trace: which step, and which of its terms is marked.

    Parameters
    ----------
    steps : trace.Trace
        At least one step.

    Attributes
    ----------
    by_term : bool
        Whether `next` and `previous` go to the next term, and not to the next step. A
        step that one goes to then starts at its first term; else its sum is complete.
    """

    def __init__(self, steps):
        if not len(steps):
            raise ValueError(f"there is nothing to step through: {steps!r}")
        self.steps = steps
        self.by_term = False
        self.index = 0

    @property
    def index(self):
        """Position of the step; set it to move."""
        return self._index

    @index.setter
    def index(self, index):
        self._index = inside("index", index, len(self.steps), "steps")
        self.step = self.steps[self._index]
        self._term = 0 if self.by_term else self._last_term()

    @property
    def term(self):
        """Position of the marked term in ``step.terms``; 0 where a step has none."""
        return self._term

    @term.setter
    def term(self, term):
        self._term = inside("term", term, max(1, len(self.step.terms)), "terms")

    @property
    def text(self):
        """The step as one line of text."""
        return view.text(self.step, self._term)

    def first(self):
        """Go to the first step."""
        self.index = 0

    def last(self):
        """Go to the last step, with its sum complete."""
        self.index = len(self.steps) - 1
        self.complete()

    def complete(self):
        """Go to the last term of the step."""
        self._term = self._last_term()

    def next(self):
        """Go one on, and say whether there was one."""
        if self.by_term and self._term < self._last_term():
            self._term += 1
        elif self._index + 1 < len(self.steps):
            self.index += 1
        else:
            return False
        return True

    def previous(self):
        """Go one back, and say whether there was one."""
        if self.by_term and self._term > 0:
            self._term -= 1
        elif self._index > 0:
            self.index -= 1
            self.complete()
        else:
            return False
        return True

    def map_of(self, channel):
        """Return the map, "k_in" or "k", of the cell or of the marked term; 0 without a term."""
        cells = [self.step.cell] if self.step.cell else []
        if self.step.terms:
            cells += [self.step.terms[self._term].left, self.step.terms[self._term].right]
        return next((m for m in (_map(cell, channel) for cell in cells) if m is not None), 0)

    def go_to_map(self, channel, number):
        """Go to the same cell in another map, or to the first term that is from there."""
        if channel in _channels(self.step.cell):
            index = list(self.step.cell.index)
            index[2 + _channels(self.step.cell).index(channel)] = number
            self.index = self.steps.position(index)
            return
        for position, term in enumerate(self.step.terms):
            if any(_map(cell, channel) == number for cell in (term.left, term.right)):
                self._term = position
                return

    def _last_term(self):
        return max(0, len(self.step.terms) - 1)


def inside(name, number, count, things, first=0):
    """Return a number that is at least 0 and below `count`, or say why it is none."""
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < count:
        raise ValueError(
            f"{name} must be a whole number from {first} to {count - 1 + first} ({things} are "
            f"counted from {first}); got {number + first if whole else number!r}"
        )
    return int(number)


def _channels(cell):
    return INDICES[cell.array[-1]][1]


def _map(cell, channel):
    """Return the map that a cell belongs to, or None: Y has no k, and Z no k_in."""
    channels = _channels(cell)
    return cell.index[2 + channels.index(channel)] if channel in channels else None

"""Predict, then reveal: questions about a step, the judging of guesses, and a tally.

quiz.js asks and judges in the browser; tests/cases.json holds both to the same.
"""

import math
import re
from dataclasses import dataclass, field

from cnnlib.shapes import by
from cnnlib.trace import Cell, number

KINDS = {
    "value": "the number that comes out",
    "weight": "the weight that joins two cells",
    "index": "the cell that a weight joins to another",
    "size": "the height and width of a map",
}

EXPECTED = {
    "value": "a number, such as 3 or 0.5",
    "weight": "a row and a column, such as 0, 2",
    "index": "a row and a column, such as 0, 2",
    "size": "rows and columns, such as 4 x 3",
}
"""What a guess must hold."""


@dataclass(frozen=True)
class Question:
    """What is asked of a step, and the answer.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    ask, answer : str
    given : tuple of Cell
        The cells that may be marked while the answer is hidden.
    numbers : tuple of float
        The answer as numbers.
    slips : tuple of (tuple of float, str)
        Wrong answers that come from a known slip, and what is said of each.
    axes : tuple of int or None
        Which of the numbers say something, as in `trace.Cell`.
    """

    kind: str
    ask: str
    answer: str
    given: tuple[Cell, ...]
    numbers: tuple[float, ...]
    slips: tuple[tuple[tuple[float, ...], str], ...] = ()
    axes: tuple[int, ...] | None = None

    def refusal(self, guess):
        """Return what is said of a guess that has no number in it, or an empty text."""
        if self.read(guess):
            return ""
        typed = f"{guess.strip()!r} has no number in it: " if guess.strip() else ""
        return f"{typed}type {EXPECTED[self.kind]}"

    def read(self, guess):
        """Return the numbers of a typed guess; a comma within one value is a decimal point."""
        plain = re.sub(r"[-\u2212] ?", "-", guess)  # a telephone may type another minus
        if self.kind == "value":
            plain = re.sub(r"^(\s*-?\d+),(\d+\s*)$", r"\1.\2", plain, flags=re.A)
        one = r"-?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[-+]?\d{1,3})?"
        return [float(n) for n in re.findall(one, plain, re.A)]

    def is_right(self, guess):
        """Whether a typed guess is the answer; a map index that can only be 0 may be left out."""
        return self._is(self.read(guess), self.numbers)

    def slip(self, guess):
        """Return what is said of a wrong guess that comes from a known slip, or an empty text."""
        found = self.read(guess)
        if self._is(found, self.numbers):
            return ""
        return next((words for numbers, words in self.slips if self._is(found, numbers)), "")

    def _is(self, found, numbers):
        if self.kind == "value":
            return len(found) == 1 and math.isclose(
                found[0], numbers[0], rel_tol=1e-5, abs_tol=1e-9
            )
        if self.axes and found == [numbers[axis] for axis in self.axes]:
            return True
        rest = numbers[len(found) :]
        return len(found) >= 2 and (*found, *rest) == tuple(numbers) and not any(rest)


def by_step(kind, step):
    """Whether a question of a kind is about the whole step, and not about one of its terms."""
    return kind == "size" or (kind == "value" and not step.source)


def question(kind, step, term):
    """Make the question of a kind about a step.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    step : trace.Step
    term : int
        The term that a question about a weight or an index is of.

    Returns
    -------
    Question or None
        None where there is nothing to ask: a step without a term, a weight of a pool.
    """
    if kind == "size":
        return _size(step)
    if not step.terms:
        return None
    marked = step.terms[term]
    if kind == "value":
        return _value(step, marked)
    if step.trace.kind == "pool":
        return _winner(step, marked) if kind == "index" else None
    cells = {cell.array[-1]: cell for cell in (marked.left, marked.right, marked.target)}
    if kind == "weight":
        return _weight(step, marked, cells["W"], cells["Y"], cells["Z"])
    asked = marked.left if step.target else marked.target
    one, other = (cell for cell in cells.values() if cell is not asked)
    ask = f"Which cell of {asked.array} do {one} and {other} go with?"
    return _of_a_cell(kind, ask, asked, (one, other))


def _value(step, marked):
    if step.source:
        given = (marked.left, marked.right, marked.target)
        ask, value = f"What does {step.source} give to {marked.target}?", marked.value
        slips = [((marked.target.value,), f"That is all that {marked.target} has got so far.")]
    else:
        given = (step.target,)
        ask, value = f"What is {step.target}?", step.value
        slips = _slips_of_a_sum(step)
    slips.append(((-value,), "The sign is wrong."))
    return Question("value", ask, number(value, bare=True), given, (value,), tuple(slips))


def _slips_of_a_sum(step):
    slips = []
    if step.trace.kind != "filter":
        turned = step.start + sum(t.left.value * _turned(step, t.right).value for t in step.terms)
        flips = step.trace.kind == "input"
        words = "Without the half turn of W" if flips else "With W turned by half a turn"
        slips.append(((turned,), f"{words} this would be the sum."))
    if step.bias:
        slips.append(((step.value - step.start,), f"The bias {number(step.start)} is missing."))
    count = len(step.terms)
    if count > 1:
        words = f"That is one of its {count} products, not their sum."
        slips += [((one.value,), words) for one in step.terms]
    return slips


def _turned(step, weight):
    """Return the weight that half a turn of the filter puts in the place of another."""
    u, v, *maps = weight.index
    f_h, f_w = step.trace.where.filter_size
    return step.trace.cell("W", (f_h - 1 - u, f_w - 1 - v, *maps))


def _weight(step, marked, asked, one, other):
    ask = f"Which weight joins {one} and {other}?"
    slips = ()
    if asked.array == "dW":
        ask = f"To the gradient of which weight does {marked.left} {marked.right} belong?"
    else:
        there = _turned(step, asked)
        flips = step.trace.kind == "input"
        words = "Without the half turn" if flips else "If W were turned by half a turn,"
        slips = ((there.index, f"{words} {there} would lie there."),)
    return _of_a_cell("weight", ask, asked, (one, other), slips)


def _of_a_cell(kind, ask, cell, given, slips=()):
    """Ask for a cell; besides the slips, its row and column may be exchanged."""
    first, second, *maps = cell.index
    slips += (((second, first, *maps), "The row comes before the column."),)
    return Question(kind, ask, str(cell), given, cell.index, slips, cell.axes)


def _winner(step, marked):
    """Ask where a max pool gives a gradient back to."""
    ask = f"Which cell of dY gets {marked.left}?"
    ties = step.trace.largest(marked.left.index)[1:]
    words = "Its number is as large, but the first one in row order gets all of it."
    slips = tuple((cell.index, words) for cell in ties)
    return _of_a_cell("index", ask, marked.target, (marked.left,), slips)


def _size(step):
    """Ask for the map that this pass is about to make, or to slide over."""
    where, kind = step.trace.where, step.trace.kind
    window = "the window is" if kind == "pool" else "the filter is"
    facts = f"Y is {by(where.input_size)}, {window} {by(where.filter_size)}, {_how(where)}."
    what = {
        "input": "How large is dZ once it is spread and zero-padded for the flipped filter?",
        "filter": "How large is dZ once it is spread, as it lies on Y?",
        "pool": "How large is dZ?",
    }
    what |= {"scatter": what["input"], "forward": "How large is Z?", "influence": "How large is Z?"}
    right = _size_of(where, kind)
    slips = [
        (_size_of(_without(where, **changes), kind), f"That is the size without the {name}.")
        for name, changes in WITHOUT.items()
    ]
    slips.append((right[::-1], "The height comes before the width."))
    return Question("size", f"{facts} {what[kind]}", by(right), (), right, tuple(slips))


WITHOUT = {"stride": {"s": 1}, "padding": {"before": 0, "after": 0}, "dilation": {"d": 1}}


def _without(where, **changes):
    return type(where)(*(axis._replace(**changes) for axis in where))


def _size_of(where, kind):
    if kind in ("input", "scatter"):
        return tuple(axis.n + axis.before + axis.after + axis.extent - 1 for axis in where)
    if kind == "filter":
        return tuple((axis.o - 1) * axis.s + 1 for axis in where)
    return where.output_size


def _how(where):
    rows, columns = where
    stride, dilation = ((getattr(rows, x), getattr(columns, x)) for x in "sd")
    rims = ", ".join(f"{axis.before} and {axis.after}" for axis in where)
    return f"stride {by(stride)}, padding {rims} (rows, columns), dilation {by(dilation)}"


@dataclass
class Score:
    """Which questions were answered: True, False, or None without a guess; and the tally.

    The tally counts first guesses, and goes on when the problem changes.
    """

    answered: dict[str, bool | None] = field(default_factory=dict)
    tally: list[bool] = field(default_factory=list)

    def take(self, key, right):
        """Note an answer, the first one for each question."""
        if key not in self.answered and right is not None:
            self.tally.append(right)
        self.answered.setdefault(key, right)

    @property
    def data(self):
        """The score as the browser has it."""
        return {"answered": dict(self.answered), "tally": list(self.tally)}

    def __str__(self):
        return f"{sum(self.tally)} of {len(self.tally)} right"

"""Predict, then reveal: questions about a step, and a tally of the guesses."""

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
    """

    kind: str
    ask: str
    answer: str
    given: tuple[Cell, ...]
    numbers: tuple[float, ...]

    def read(self, guess):
        """Return the numbers of a typed guess; a comma within one value is a decimal point."""
        plain = re.sub(r"[-\u2212] ?", "-", guess)  # a telephone may type another minus
        if self.kind == "value":
            plain = re.sub(r"^(\s*-?\d+),(\d+\s*)$", r"\1.\2", plain)
        number = r"-?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[-+]?\d{1,3})?"
        return [float(n) for n in re.findall(number, plain)]

    def is_right(self, guess):
        """Whether a typed guess is the answer; a map index that can only be 0 may be left out."""
        found = self.read(guess)
        if self.kind == "value":
            return len(found) == 1 and math.isclose(
                found[0], self.numbers[0], rel_tol=1e-5, abs_tol=1e-9
            )
        rest = self.numbers[len(found) :]
        return len(found) >= 2 and (*found, *rest) == self.numbers and not any(rest)


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
        None where there is nothing to ask: a step without a term.
    """
    if kind == "size":
        return _size(step)
    if not step.terms:
        return None
    marked = step.terms[term]
    cells = {cell.array[-1]: cell for cell in (marked.left, marked.right, marked.target)}
    if kind == "value":
        if step.source:
            ask = f"What does {step.source} give to {marked.target}?"
            return _value(ask, marked.value, (marked.left, marked.right, marked.target))
        return _value(f"What is {step.target}?", step.value, (step.target,))
    if kind == "weight":
        asked, one, other = cells["W"], cells["Y"], cells["Z"]
        ask = f"Which weight joins {one} and {other}?"
        if asked.array == "dW":
            ask = f"To the gradient of which weight does {marked.left} {marked.right} belong?"
    else:
        asked = marked.left if step.target else marked.target
        one, other = (cell for cell in cells.values() if cell is not asked)
        ask = f"Which cell of {asked.array} do {one} and {other} go with?"
    return Question(kind, ask, str(asked), (one, other), asked.index)


def _value(ask, value, given):
    return Question("value", ask, number(value, bare=True), given, (value,))


def _size(step):
    """Ask for the map that this pass is about to make, or to slide over."""
    where, kind = step.trace.where, step.trace.kind
    maps, filters = by(where.input_size), by(where.filter_size)
    facts = f"Y is {maps}, the filter is {filters}, {_how(where)}."
    if kind in ("forward", "influence"):
        size, what = where.output_size, "How large is Z?"
    elif kind in ("input", "scatter"):
        size = tuple(axis.n + axis.before + axis.after + axis.extent - 1 for axis in where)
        what = "How large is dZ once it is spread and zero-padded for the flipped filter?"
    else:
        size = tuple((axis.o - 1) * axis.s + 1 for axis in where)
        what = "How large is dZ once it is spread, as it lies on Y?"
    return Question("size", f"{facts} {what}", by(size), (), size)


def _how(where):
    rows, columns = where
    stride, dilation = ((getattr(rows, x), getattr(columns, x)) for x in "sd")
    rims = ", ".join(f"{axis.before} and {axis.after}" for axis in where)
    return f"stride {by(stride)}, padding {rims} (rows, columns), dilation {by(dilation)}"


@dataclass
class Tally:
    """The guesses that were made: {what was asked: (guess, whether it was right)}."""

    guesses: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def take(self, asked, guess):
        """Note a guess, the first one for each question, and return whether this one is right."""
        right = asked.is_right(guess)
        self.guesses.setdefault(asked.ask, (guess, right))
        return right

    def __str__(self):
        right = sum(good for _, good in self.guesses.values())
        return f"{right} of {len(self.guesses)} right"

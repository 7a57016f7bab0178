"""The reply to a guess: not answered yet, right, which known slip, or the first wrong cell."""

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np

from cnnlib.exercises import first_half, second_half
from cnnlib.shapes import by


@lru_cache(maxsize=1)
def questions():
    """Return {name: Question} of all lessons."""
    return first_half.rows() | second_half.rows()


@dataclass(frozen=True)
class Reply:
    """What `answer` found: print it, or let a notebook show it.

    Attributes
    ----------
    name : str
        Of the question.
    passed : bool
    mistake : str or None
        The known slip that it looks like.
    fault : str
        What is wrong where no slip is recognised.
    why : str
        The worked answer; empty where there is no answer yet.
    """

    name: str
    passed: bool = False
    mistake: str | None = None
    fault: str = ""
    why: str = ""

    def __str__(self):
        if not self.why:
            return f"{self.name}: {self.fault}"
        state = "right." if self.passed else f"not yet. {self.mistake or self.fault}"
        return f"{self.name}: {state}" + f" {self.why}" * self.passed

    __repr__ = __str__

    def _repr_html_(self):
        text = f"<p>{escape(str(self))}</p>"
        if self.passed or not self.why:
            return text
        return f"{text}<details><summary>Worked answer</summary>{escape(self.why)}</details>"


def answer(name, value):
    """Say whether a guess is right, or what a wrong one looks like.

    Parameters
    ----------
    name : str
        Of a question in a lesson: a key of `questions`.
    value : number or array_like
        Three dots, or None, where there is no guess yet.

    Returns
    -------
    Reply

    Raises
    ------
    ValueError
        If no lesson asks this; the message lists the names.
    """
    if name not in questions():
        known = ", ".join(questions())
        raise ValueError(f"no question is called {name!r}; there are: {known}")
    question = questions()[name]
    came, fault = _read(value)
    if fault:
        return Reply(name, fault=fault)
    right = _ordered(question.right, question)
    if came.size == right.size == 1:
        came = came.reshape(right.shape)
    if _same(_ordered(came, question), right):
        return Reply(name, passed=True, why=question.why)
    for says, slip in question.slips.items():
        if _same(_ordered(came, question), _ordered(slip, question)):
            return Reply(name, mistake=says, why=question.why)
    return Reply(name, fault=_first_wrong(came, right, question), why=question.why)


def _read(value):
    """Return a guess as an array, and why there is none."""
    if value is None or "Ellipsis" in repr(value):
        return None, "not answered yet."
    try:
        came = np.array(value, float)
    except (TypeError, ValueError):
        return None, "this cannot be read: write numbers, with [ ] around each row."
    return came, "not answered yet." if np.isnan(came).any() else ""


def _ordered(value, question):
    came = np.asarray(value, float)
    return np.sort(came, axis=None) if question.any_order else came


def _same(came, right):
    return came.shape == right.shape and np.allclose(came, right, rtol=1e-6, atol=1e-9)


def _first_wrong(came, right, question):
    """Say where a guess that is no known slip goes wrong, without the right number."""
    if question.any_order:
        missing = sum(value not in came for value in right)
        return f"{missing} of {right.size} are missing, {came.size} came."
    if came.shape != right.shape:
        size = {0: "one number", 1: f"{right.size} numbers"}.get(right.ndim, by(right.shape))
        return f"It should be {size}, and {by(came.shape) or 'one number'} came."
    wrong = np.argwhere(~np.isclose(came, right, rtol=1e-6, atol=1e-9))
    if right.ndim == 0:
        return f"{came:g} is no known slip."
    first = tuple(map(int, wrong[0]))
    place = f"({', '.join(map(str, first))})" if right.ndim > 1 else f"number {first[0] + 1}"
    return f"{len(wrong)} of {right.size} are wrong, the first at {place}: {came[first]:g} came."

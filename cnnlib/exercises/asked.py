"""Answers to the questions of the lessons: predictions, and exercises for pencil and paper.

A lesson asks, a cell takes the guess, and `answer` says: right; or which mistake it looks like;
or which cell is wrong first. `questions` and
`later_questions` have what is asked, with its right answer and with what a known mistake makes
of it.
"""

from html import escape
from types import SimpleNamespace

import numpy as np

from cnnlib.exercises import byhand
from cnnlib.exercises.card import FRAME, LINE, RIGHT, WRONG
from cnnlib.exercises.later_questions import QUESTIONS  # which adds those of 06 to 11
from cnnlib.exercises.questions import ANY_ORDER
from cnnlib.exercises.verdict import Verdict
from cnnlib.shapes import by


class Answered(Verdict):
    """What `answer` found for a question of a lesson; its note says why the answer is right."""

    def __str__(self):
        state = "right." if self.passed else f"not yet. {self.mistake or self.fault}"
        return f"{self.exercise.name}: {state}"

    __repr__ = __str__

    def _repr_html_(self):
        state, accent = ("✓ Right", RIGHT) if self.passed else ("✗ Not yet", WRONG)
        told = escape(self.mistake or self.fault)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        if notes and not self.passed:
            notes = f"<details><summary>The worked answer</summary>{notes}</details>"
        head = f"<b>{state}</b> <code>{escape(self.exercise.name)}</code> {told}"
        style = FRAME.format(line=LINE, accent=accent)
        return f'<div style="{style}"><div>{head}</div>{notes}</div>'


class NotAnswered(Answered):
    """A guess that is still to come."""

    def __str__(self):
        return f"{self.exercise.name}: not answered yet"

    __repr__ = __str__

    def _repr_html_(self):
        return f"<code>{escape(self.exercise.name)}</code>: not answered yet"


def answer(name, value):
    """Say what a guess, or numbers worked out by hand, look like.

    Parameters
    ----------
    name : str
        What is asked: a question of a lesson, or else an exercise: then all of the result on the
        numbers that `numbers` gives.
    value : float or array_like
        The answer; with ``...`` in it, it is still to come.

    Returns
    -------
    Verdict
        It shows itself in a notebook.

    Raises
    ------
    ValueError
        If there is no such question; the message lists them.
    """
    asked = SimpleNamespace(name=name)
    if name not in QUESTIONS:
        known = name in byhand.PENCIL or name in byhand.EXERCISES
        if not known:
            every = ", ".join([*QUESTIONS, *byhand.PENCIL, *byhand.EXERCISES])
            raise ValueError(f"there is no question {name!r}; there are: {every}")
        return NotAnswered(asked, False) if _open(value) else byhand.answer(name, value)
    if _open(value):
        return NotAnswered(asked, False)
    right, slips, why = QUESTIONS[name]()
    right = np.asarray(right, float)
    try:
        came = np.array(value, float)
    except (TypeError, ValueError):
        return Answered(asked, False, fault=f"It cannot be read: give {_form(right)}.")
    if name in ANY_ORDER:
        came, right = np.sort(came, axis=None), np.sort(right)
    if _same(came, right):
        return Answered(asked, True, notes=(why,))
    for says, slip in slips.items():
        if _same(came, np.sort(slip) if name in ANY_ORDER else np.asarray(slip, float)):
            return Answered(asked, False, says, notes=(why,))
    if name in ANY_ORDER:
        return Answered(asked, False, fault=_strays(came, right), notes=(why,))
    return Answered(asked, False, fault=_fault(np.squeeze(came), np.squeeze(right)), notes=(why,))


def _open(value):
    """Tell whether dots are left in an answer."""
    if isinstance(value, (list, tuple)):
        return any(map(_open, value))
    return value is ... or value is None


def _same(one, other):
    one, other = np.squeeze(one), np.squeeze(other)
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=1e-9)


def _form(right):
    if right.ndim == 0:
        return "one number"
    rows = f"a list of {right.shape[0]}"
    return f"{rows} numbers" if right.ndim == 1 else f"{rows} rows of {right.shape[1]} numbers"


def _strays(came, right):
    """Say how many members of a set are wrong, without telling how many it has."""
    wrong = sum(not np.isclose(value, right).any() for value in came)
    if wrong:
        return f"{wrong} of {came.size} wrong."
    return "None of these is wrong, but they are not all."


def _fault(came, right):
    """Say what is wrong with numbers that no known mistake makes."""
    if came.shape != right.shape:
        return f"It should be {_form(right)}; yours is {by(came.shape) or 'one number'}."
    wrong = np.argwhere(~np.isclose(came, right, rtol=0, atol=1e-9))
    if right.ndim == 0:
        return "That is not the number. Check each factor and its sign."
    at = tuple(map(int, wrong[0]))
    place = f"{'cell' if len(at) > 1 else 'number'} {at if len(at) > 1 else at[0]}"
    return f"{len(wrong)} of {right.size} wrong. The first is {place}, counted from 0."

"""Answers to the questions of the lessons: predictions, and exercises for pencil and paper.

A lesson asks, a cell takes the guess, and `answer` says: right; or which mistake it looks like;
or which cell is wrong first. `questions` and
`later_questions` have what is asked, with its right answer and with what a known mistake makes
of it.
"""

import re
from html import escape
from types import SimpleNamespace

import numpy as np

from cnnlib.exercises import byhand, running
from cnnlib.exercises.card import framed, state
from cnnlib.exercises.later_questions import QUESTIONS  # which adds those of 06 to 11
from cnnlib.exercises.questions import ANY_ORDER
from cnnlib.exercises.verdict import Verdict
from cnnlib.shapes import by

IS_A_CELL = re.compile(r"d?[A-Za-z]\(")  # such as dY(1, 4): what is asked for is a sum of products


class Answered(Verdict):
    """What `answer` found for a question of a lesson; its note says why the answer is right."""

    def __str__(self):
        state = "right." if self.passed else "not yet."
        return " ".join([f"{self.exercise.name}: {state}", self.mistake or self.fault]).strip()

    __repr__ = __str__

    def _repr_html_(self):
        told = escape(self.mistake or self.fault)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        if notes and not self.passed:
            notes = f"<details><summary>The worked answer</summary>{notes}</details>"
        return framed(self, state(self, f" {told}"), notes)


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
        The answer; with ``...`` in it, it is still to come. Numbers that are rounded to three
        digits or more count as right, and the verdict says that they are rounded.

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
    known = [*QUESTIONS, *byhand.PENCIL, *byhand.EXERCISES]
    if name not in known:
        raise ValueError(f"there is no question {name!r}; there are: {', '.join(known)}")
    if _open(value):
        return NotAnswered(asked, False)
    if name not in QUESTIONS:
        return byhand.answer(name, value)
    right, slips, why = QUESTIONS[name]()
    right = np.asarray(right, float)
    try:
        came = np.array(value, float)
    except (TypeError, ValueError):
        return Answered(asked, False, fault=f"It cannot be read: give {_form(right)}.")
    came, right, *wrong = (
        np.sort(x, axis=None) if name in ANY_ORDER else np.squeeze(np.asarray(x, float))
        for x in (came, right, *slips.values())
    )
    for close in (_same, _rounded):
        if close(came, right):
            note = byhand.ROUNDED.format(_rounded(came, right))
            return Answered(asked, True, fault="" if close is _same else note, notes=(why,))
        for says, slip in zip(slips, wrong, strict=True):
            if close(came, slip):
                return Answered(asked, False, says, notes=(why,))
    fault = _strays(came, right) if name in ANY_ORDER else _fault(name, came, right)
    return Answered(asked, False, fault=fault, notes=(why,))


def _same(one, other):
    return running.same((one,), (other,))


def _rounded(one, other):
    return byhand.rounded((one,), (other,))


def _open(value):
    """Tell whether dots are left in an answer."""
    if isinstance(value, (list, tuple)):
        return any(map(_open, value))
    return value is ... or value is None


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


def _fault(name, came, right):
    """Say what is wrong with numbers that no known mistake makes."""
    if came.shape != right.shape:
        return f"It should be {_form(right)}; yours is {by(came.shape) or 'one number'}."
    wrong = np.argwhere(running.differ(came, right))
    if right.ndim == 0:
        of_products = IS_A_CELL.match(name)
        return "That is not the number." + " Check each factor and its sign." * bool(of_products)
    at = tuple(map(int, wrong[0]))
    place = f"{'cell' if len(at) > 1 else 'number'} {at if len(at) > 1 else at[0]}"
    return f"{len(wrong)} of {right.size} wrong. The first is {place}, counted from 0."

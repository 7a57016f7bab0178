"""Decide what is right in an answer worked out by hand, and which mistake it looks like.

A wrong answer is compared with what each mistake that `cnnlib.exercises` knows makes of the same
numbers.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from cnnlib import exercises, trace
from cnnlib.exercises import problems, running
from cnnlib.shapes import by
from homework.sheets import TEXTS

CODE_ONLY = TEXTS["by_code_only"]["names"]


@dataclass(frozen=True)
class Mark:
    """What we tell about one problem; each text is "" if there is nothing to tell.

    Attributes
    ----------
    verdict : str
        "right", "not yet", "unfinished", "not answered" or "cannot be read".
    cells : str
        How many are right, such as "5 of 6".
    mistake : str
        What the answer looks like.
    where : str
        The first wrong cell: what is there, and the sum that should be.
    cure : str
        The way out.
    names : tuple of str
        The names of the mistakes that `mistake` describes.
    """

    verdict: str
    cells: str = ""
    mistake: str = ""
    where: str = ""
    cure: str = ""
    names: tuple = ()


def mark(problem, answer):
    """Mark the answer to one problem.

    Parameters
    ----------
    problem : sheets.Problem
    answer : dict of str to ndarray
        A matrix for each result, NaN where a cell is empty; a result may be missing.

    Returns
    -------
    Mark
    """
    right = problem.right
    came = {part: answer.get(part, np.full(m.shape, np.nan)) for part, m in right.items()}
    for part, m in right.items():
        if len(m) == 1 and came[part].shape == m.T.shape:  # a row of numbers, written as a column
            came[part] = came[part].T
    correct = {part: _correct(came[part], m) for part, m in right.items()}
    cells = f"{sum(map(np.sum, correct.values()))} of {sum(m.size for m in right.values())}"
    if all(np.isnan(m).all() for m in came.values()):
        return Mark("not answered", cells)
    where = _first_wrong(problem, came, correct)
    if any(np.isnan(m).any() for m in came.values()):
        return Mark("unfinished", cells, where=where)
    if _same(came, right):
        return Mark("right", cells)
    known = alike(problem, came)[:2]
    says, cure = (
        " Or: ".join(dict.fromkeys(words(problem, name)[n] for name in known)) for n in (0, 1)
    )
    return Mark("not yet", cells, says or _slip(came, correct), where, cure, tuple(known))


def alike(problem, answer):
    """Return the names of the known mistakes that make exactly this answer, likeliest first."""
    return [
        name
        for name, mistake in exercises.MISTAKES[problem.exercise.name].items()
        if name not in CODE_ONLY and any(_same(answer, made) for made in made_by(problem, mistake))
    ]


def made_by(problem, mistake):
    """Yield what each way of making a mistake gives, as matrices by name."""
    for wrong in mistake.wrongs:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield problem.made(wrong)
        except (ValueError, IndexError, TypeError):  # this way cannot be gone with these numbers
            continue


def words(problem, name):
    """Return what a mistake looks like in an answer by hand, and the way out."""
    by_hand = TEXTS["by_hand"]
    known = by_hand["anywhere"] | by_hand.get(problem.exercise.name, {})
    mistake = exercises.MISTAKES[problem.exercise.name][name]
    return tuple(known.get(name, (mistake.says, mistake.cure)))


def _same(one, other):
    return running.same([one[part] for part in other], other.values())


def _correct(came, right):
    """Return which cells are right; none if the size is wrong."""
    if came.shape != right.shape:
        return np.zeros(right.shape, bool)
    return np.abs(came - right) <= problems.TOLERANCE  # False for an empty cell


def _slip(came, correct):
    if any(m.shape != correct[part].shape for part, m in came.items()):
        return "The size is wrong, in a way that is not a known mistake."
    wrong = sum(int(np.sum(~cells)) for cells in correct.values())
    if wrong == 1:
        return "Only one cell is wrong. It may be a slip."
    return f"{wrong} cells are wrong, in a way that is not a known mistake."


def _first_wrong(problem, came, correct):
    """Tell what is in the first wrong cell, and what should be there with its products."""
    for part, cells in correct.items():
        if came[part].shape != cells.shape:
            return f"{part} is {by(came[part].shape)}, and should be {by(cells.shape)}."
        for cell in np.argwhere(~cells & ~np.isnan(came[part])):
            cell = tuple(map(int, cell))
            there, should = (
                trace.number(float(m[part][cell]), bare=True) for m in (came, problem.right)
            )
            place = f"{part}({', '.join(map(str, cell))})"
            products = problem.sums.get(cell, "")
            return f"{place} is {there}, and should be {should}. {products}".strip()
    return ""

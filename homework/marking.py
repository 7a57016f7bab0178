"""What is right in an answer by hand, and which mistake it looks like.

A wrong answer is compared with what the known wrong implementations of `cnnlib.exercises` make
of the same numbers.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from cnnlib import trace
from cnnlib.shapes import by
from homework.sheets import TEXTS

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Mark:
    """What is said of one problem; each text is "" where there is nothing to say.

    Attributes
    ----------
    verdict : str
        "right", "not yet", "unfinished", "not answered" or "cannot be read".
    cells : str
        How many are right, such as "5 of 6".
    mistake : str
        What it looks like.
    where : str
        The first wrong cell: what came, and what should have come.
    cure : str
        The way out.
    """

    verdict: str
    cells: str = ""
    mistake: str = ""
    where: str = ""
    cure: str = ""

    @property
    def passed(self):
        """Whether all of it is right."""
        return self.verdict == "right"


def mark(problem, came):
    """Mark the answer to one problem.

    Parameters
    ----------
    problem : sheets.Problem
    came : dict of str to ndarray
        A matrix for each result, NaN where a cell is empty; a result may be missing.

    Returns
    -------
    Mark
    """
    right = problem.right
    came = {part: came.get(part, np.full(right[part].shape, np.nan)) for part in right}
    cells = f"{_right_cells(right, came)} of {sum(m.size for m in right.values())}"
    if all(np.isnan(m).all() for m in came.values()):
        return Mark("not answered", cells)
    if any(np.isnan(m).any() for m in came.values()):
        return Mark("unfinished", cells, where=_first_wrong(right, came))
    if _same(came, right):
        return Mark("right", cells)
    says, cure = _recognised(problem, came)
    return Mark("not yet", cells, says or _slip(right, came), _first_wrong(right, came), cure)


def alike(problem, came):
    """Return the known mistakes that make exactly this answer, most likely first.

    Returns
    -------
    list of exercises' mistakes
    """
    found = []
    for mistake in problem.exercise.mistakes.values():
        made = (_made(problem, wrong) for wrong in mistake.wrongs)
        if any(one and _same(one, came) for one in made):
            found.append(mistake)
    return found


def says(problem, mistake):
    """Return what a mistake looks like in an answer by hand, and the way out."""
    own = TEXTS["by_hand"]
    known = own["anywhere"] | own.get(problem.exercise.name, {})
    return tuple(known.get(mistake.name, (mistake.says, mistake.cure)))


def _recognised(problem, came):
    """Return the sentences of the mistake that it looks like; of two where both are alike."""
    found = [says(problem, mistake) for mistake in alike(problem, came)[:2]]
    return tuple(" Or: ".join(dict.fromkeys(one[n] for one in found)) for n in (0, 1))


def _made(problem, wrong):
    """Return what a wrong implementation makes, or None where it cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return problem.made(wrong)
    except (ValueError, IndexError, TypeError):
        return None


def _same(one, other):
    return all(
        m.shape == other[part].shape and _close(m, other[part]).all() for part, m in one.items()
    )


def _close(a, b):
    return np.abs(a - b) <= TOLERANCE  # False for an empty cell


def _right_cells(right, came):
    return sum(
        int(_close(m, came[part]).sum()) for part, m in right.items() if m.shape == came[part].shape
    )


def _slip(right, came):
    if any(m.shape != came[part].shape for part, m in right.items()):
        return "The size is wrong, in a way that is no known mistake."
    wrong = sum(int((~_close(m, came[part])).sum()) for part, m in right.items())
    if wrong == 1:
        return "Only one cell is wrong. It may be a slip."
    return f"{wrong} cells are wrong, in a way that is no known mistake."


def _first_wrong(right, came):
    """Say what came in the first wrong cell, or of which size the answer is."""
    for part, m in right.items():
        if came[part].shape != m.shape:
            return f"{part} is {by(came[part].shape)}, and should be {by(m.shape)}."
        for cell in np.argwhere(~_close(m, came[part]) & ~np.isnan(came[part])):
            cell = tuple(map(int, cell))
            there, should = (trace.number(float(x[cell]), bare=True) for x in (came[part], m))
            return f"{part}({', '.join(map(str, cell))}): {there} came, {should} should have come."
    return ""

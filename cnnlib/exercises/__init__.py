"""Check a student's function, name the mistake, and show the smallest problem that shows it.

>>> from cnnlib import exercises
>>> exercises.check("flip", my_flip)  # doctest: +SKIP

``problems`` makes the arrays. ``work`` has one convolution, open to mistakes; ``convolution``,
``moves`` and ``around`` are the tables of mistakes, and ``catalogue`` has the exercises.
``running`` runs a function that may do anything, in the order of axes that ``layouts`` gives it;
``checking`` finds the mistake, ``verdict`` tells it and ``card`` shows it. ``asked`` and ``byhand``
do the same for answers on paper, and ``caught`` tells which test would have seen a mistake.
``data/exercises.toml`` has the texts.
"""

from cnnlib.exercises.asked import answer
from cnnlib.exercises.byhand import PENCIL, numbers
from cnnlib.exercises.catalogue import EXERCISES, MISTAKES, asks
from cnnlib.exercises.caught import TESTS, caught_by
from cnnlib.exercises.checking import check
from cnnlib.exercises.verdict import Verdict

__all__ = [
    "EXERCISES",
    "MISTAKES",
    "PENCIL",
    "TESTS",
    "Verdict",
    "answer",
    "asks",
    "caught_by",
    "check",
    "numbers",
]

"""Check a student's function, name the mistake, and show the smallest problem that betrays it.

>>> from cnnlib import exercises
>>> exercises.check("flip", my_flip)  # doctest: +SKIP

``problems`` makes the arrays. ``work`` lays an exercise open to mistakes, ``convolution`` and
``around`` make them, and ``catalogue`` has the exercises with their mistakes. ``running`` runs a
function that may do anything, ``checking`` finds the mistake, ``verdict`` shows it, and
``caught`` tells which test would have seen it. ``data/exercises.toml`` has the texts.
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

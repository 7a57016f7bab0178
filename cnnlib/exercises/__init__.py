"""Check a student's function, name the mistake, and show the smallest problem that betrays it.

>>> from cnnlib import exercises
>>> exercises.check("flip", my_flip)  # doctest: +SKIP

``problems`` makes the arrays, ``mistakes`` the known wrong implementations, ``catalogue`` the
exercises, levels included; ``running`` runs a function that may do anything, ``checking`` finds
the mistake, ``verdict`` says it, and ``caught`` says which test would have seen it.
What an exercise asks and what is said of a mistake stands in ``data/exercises.toml``.
"""

from cnnlib.exercises.catalogue import EXERCISES, MISTAKES, asks
from cnnlib.exercises.caught import TESTS, caught_by
from cnnlib.exercises.checking import check
from cnnlib.exercises.verdict import Verdict

__all__ = ["EXERCISES", "MISTAKES", "TESTS", "Verdict", "asks", "caught_by", "check"]

"""One student's problems: the same sizes for all, and numbers in an order of their own.

The numbers come from HMAC-SHA-256 of the name, under a key that is made of the course's secret.
Nothing of it depends on a version of Python or NumPy, or on the machine.
"""

import hashlib
import hmac
import itertools
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np

from cnnlib import exercises, shapes

TEXTS = tomllib.loads((files("homework") / "homework.toml").read_text("utf-8"))
EDITION = TEXTS["edition"]
ROUNDS = 200_000
"""So that a secret cannot be guessed fast by whoever has a worksheet; 0.1 s for a class."""


@dataclass(frozen=True)
class Problem:
    """One problem of a student.

    Attributes
    ----------
    number : int
        From 1 on.
    text : dict
        Its table of ``homework.toml``.
    given : dict
        The arguments of the exercise by name, in their order.
    """

    number: int
    text: dict
    given: dict

    @property
    def exercise(self):
        """The exercise whose specification and mistakes it takes."""
        return exercises.EXERCISES[self.text["exercise"]]

    @cached_property
    def right(self):
        """{name of a result: its matrix}."""
        return self.made(self.exercise.right)

    @property
    def labels(self):
        """{name of a result: what its answer is called}, such as dY_3."""
        return {part: f"{part}_{self.number}" for part in self.exercise.gives}

    def made(self, function):
        """Return what a function makes of what is given, as matrices by name."""
        made = self.exercise.made(function, self.given)
        return dict(zip(self.exercise.gives, map(matrix, made), strict=True))


@dataclass(frozen=True)
class Sheet:
    """A student, the code of the worksheet, and its problems."""

    student: str
    code: str
    problems: tuple[Problem, ...]


def matrix(array):
    """Return an array of one map, or a row of numbers, as a matrix."""
    if array.ndim <= 2:
        return np.atleast_2d(array)
    rest = array.reshape(*array.shape[:2], int(np.prod(array.shape[2:])))
    return rest[..., 0] if rest.shape[2] == 1 else np.hstack(list(np.moveaxis(rest, 2, 0)))


def planes(name, array):
    """Yield (label, matrix) for each map of what is given: one for each filter in W."""
    rest = array.reshape(*array.shape[:2], -1) if array.ndim > 1 else array[None, :, None]
    for k in range(rest.shape[2]):
        yield (
            f"{name}, {'filter' if name == 'W' else 'map'} {k}" if rest.shape[2] > 1 else name,
            (rest[..., k]),
        )


def course_key(secret):
    """Make the key of a course from its secret, which is "" where there is none."""
    text = unicodedata.normalize("NFC", secret.strip())
    salt = f"cnnlib homework, edition {EDITION}"
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), ROUNDS)


def code_of(student, key):
    """Return the code of a student's worksheet; it tells nothing of the key."""
    return _digest(key, "code", student).hex()[:10]


def sheet_for(student, key):
    """Make the worksheet of a student.

    Parameters
    ----------
    student : str
        A name as `names.cleaned` returns it.
    key : bytes
        From `course_key`.

    Returns
    -------
    Sheet
    """
    return Sheet(
        student,
        code_of(student, key),
        tuple(
            _problem(number, text, _digest(key, f"problem {number}", student))
            for number, text in enumerate(TEXTS["problem"], 1)
        ),
    )


def _digest(key, purpose, student):
    return hmac.digest(key, f"{purpose}\n{student}".encode(), "sha256")


# --- numbers ----------------------------------------------------------------------------------


def _bytes(key):
    for count in itertools.count():
        yield from hmac.digest(key, count.to_bytes(8, "big"), "sha256")


def _below(n, stream):
    """Draw a whole number below n, each as likely: a byte beyond the last multiple is passed."""
    return next(byte % n for byte in stream if byte < 256 - 256 % n)


def _shuffled(values, stream):
    values = list(values)
    for last in range(len(values) - 1, 0, -1):
        other = _below(last + 1, stream)
        values[last], values[other] = values[other], values[last]
    return values


def _drawn(shape, numbers, stream, minus=0):
    size = int(np.prod(shape))
    signs = _shuffled([-1] * minus + [1] * (size - minus), stream) if minus else [1] * size
    chosen = zip(_shuffled(numbers, stream)[:size], signs, strict=True)
    return np.array([float(number * sign) for number, sign in chosen]).reshape(shape)


def _problem(number, text, key):
    """Draw until nothing is degenerate."""
    stream = _bytes(key)
    while True:
        x = {
            name: tuple(v) if isinstance(v, list) else v
            for name, v in text.get("given", {}).items()
        }
        x |= {name: _drawn(stream=stream, **how) for name, how in text["arrays"].items()}
        arguments = exercises.EXERCISES[text["exercise"]].arguments
        problem = Problem(number, text, {name: x[name] for name in arguments})
        if _fair(problem):
            return problem


def _fair(problem):
    """Whether no array hides a mistake, and the results have the zeros that they should."""
    for name in problem.text["arrays"]:
        maps = [plane for _, plane in planes(name, problem.given[name])]
        if any(map(_alike, maps)) or any(
            np.array_equal(*two) for two in itertools.combinations(maps, 2)
        ):
            return False
    wanted = problem.text.get("zeros", {})
    zeros = {part: int(np.sum(problem.right[part] == 0)) for part in wanted}
    return zeros == wanted and _pool(problem) == problem.text.get("pool")


def _alike(plane):
    """Whether a matrix of more than one cell equals its reversals, transposes or turns."""
    if plane.size == 1:
        return False
    twins = [plane[::-1]] * (len(plane) > 1) + [plane[:, ::-1]] * (plane.shape[1] > 1)
    half = plane[::-1, ::-1]
    twins += [half, plane.T, half.T, np.rot90(plane)]
    return any(np.array_equal(plane, twin) for twin in twins)


def _pool(problem):
    """Return how many cells win a window of a max pool, and in how many two are the largest."""
    if "pool" not in problem.text:
        return None
    Y, won = problem.given["Y"], []
    axes = shapes.geometry(Y.shape[:2], problem.given["size"], problem.given["stride"])
    for i, j in np.ndindex(axes.output_size):
        cells = [
            (-Y[r, c, 0], r, c)
            for r, _, _ in axes.rows.joined(i=i)
            for c, _, _ in axes.columns.joined(i=j)
        ]
        won.append(sorted(cells))
    ties = sum(cells[0][0] == cells[1][0] for cells in won)
    return {"winners": len({cells[0] for cells in won}), "ties": ties}

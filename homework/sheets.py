"""One student's problems: the same shapes for everyone, with the numbers in a different order.

The numbers come from HMAC-SHA-256 of the name, under a key made from the secret of the course. They
do not depend on the version of Python or NumPy, or on the machine.
"""

import hashlib
import hmac
import itertools
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib import exercises, trace

TEXTS = tomllib.loads((files("homework") / "homework.toml").read_text("utf-8"))
EDITION = TEXTS["edition"]
ROUNDS = 200_000
"""Slow enough that nobody with a worksheet can guess the secret quickly: 0.1 s for a class."""
STEPS = {
    "conv_forward": trace.forward_steps,
    "conv_backward_input": trace.input_steps,
    "conv_backward_filter": trace.filter_steps,
}


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
        """The exercise that says what is right, and knows the mistakes."""
        return exercises.EXERCISES[self.text["exercise"]]

    @cached_property
    def right(self):
        """{name of a result: its matrix}."""
        return self.made(self.exercise.right)

    @property
    def labels(self):
        """{name of a result: the name of its answer}, such as dY_3."""
        return {part: f"{part}_{self.number}" for part in self.exercise.gives}

    @cached_property
    def sums(self):
        """{cell of the result: how it adds up}, empty if no pass shows that."""
        if self.exercise.name not in STEPS:
            return {}
        arrays = dict(self.given)
        how = {name: arrays.pop(name) for name in ("stride", "padding")}
        steps = STEPS[self.exercise.name](*arrays.values(), **how)
        sums = {step.target.index[:2]: str(step) for step in steps}
        if all(m.shape[-1] == 1 for m in arrays.values() if isinstance(m, np.ndarray)):
            shorter = partial(re.sub, r"(\(\d+, \d+)(?:, 0)+\)", r"\1)")  # as the tables have it
            sums = {cell: shorter(text) for cell, text in sums.items()}
        return sums

    def made(self, function):
        """Return what a function makes of the given arrays, as matrices by name."""
        made = self.exercise.made(function, self.given)
        return dict(zip(self.exercise.gives, map(matrix, made), strict=True))


@dataclass(frozen=True)
class Sheet:
    """A student, the code of their worksheet, and its problems."""

    student: str
    code: str
    problems: tuple[Problem, ...]


def matrix(array):
    """Return an array of one map, or a row of numbers, as a matrix."""
    return np.atleast_2d(array.reshape(array.shape[:2]))


def planes(name, array):
    """Yield (label, matrix) for each map of what is given: one for each filter in W."""
    maps = array.reshape(*array.shape[:2], -1) if array.ndim > 1 else array[None, :, None]
    kind = "filter" if name == "W" else "map"
    for k in range(maps.shape[2]):
        yield f"{name}, {kind} {k}" if maps.shape[2] > 1 else name, maps[..., k]


def course_key(secret):
    """Make the key of a course from its secret, which is "" if there is none."""
    text = unicodedata.normalize("NFC", secret.strip())
    salt = f"cnnlib homework, edition {EDITION}"
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), ROUNDS)


def code_of(student, key):
    """Return the code of a student's worksheet; it gives nothing of the key away."""
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
    texts = enumerate(TEXTS["problem"], 1)
    problems = (_problem(n, text, _digest(key, f"problem {n}", student)) for n, text in texts)
    return Sheet(student, code_of(student, key), tuple(problems))


def _digest(key, purpose, student):
    return hmac.digest(key, f"{purpose}\n{student}".encode(), "sha256")


# --- numbers ----------------------------------------------------------------------------------


def _bytes(key):
    for count in itertools.count():
        yield from hmac.digest(key, count.to_bytes(8, "big"), "sha256")


def _below(n, stream):
    """Draw a whole number below n, all equally likely: skip bytes above the last multiple."""
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
    """Draw numbers until the problem is fair."""
    stream = _bytes(key)
    given = text.get("given", {}).items()
    x = {name: tuple(v) if isinstance(v, list) else v for name, v in given}
    while True:
        x |= {name: _drawn(stream=stream, **how) for name, how in text["arrays"].items()}
        arguments = exercises.EXERCISES[text["exercise"]].arguments
        problem = Problem(number, text, {name: x[name] for name in arguments})
        if _fair(problem):
            return problem


def _fair(problem):
    """Whether no array hides a mistake, and the results have as many zeros as they should."""
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
    """Whether a matrix of more than one cell equals one of its flips or rotations."""
    if plane.size == 1:
        return False
    twins = [plane[::-1]] * (len(plane) > 1) + [plane[:, ::-1]] * (plane.shape[1] > 1)
    half = plane[::-1, ::-1]
    twins += [half, plane.T, half.T, np.rot90(plane)]
    return any(np.array_equal(plane, twin) for twin in twins)


def _pool(problem):
    """Count the cells that win a window of a max pool, and the windows with a tie."""
    if "pool" not in problem.text:
        return None
    Y, size, (s_h, s_w) = (problem.given[name] for name in ("Y", "size", "stride"))
    places = np.arange(Y.size).reshape(Y.shape)
    windows = (sliding_window_view(m[..., 0], size)[::s_h, ::s_w] for m in (Y, places))
    values, places = (m.reshape(-1, int(np.prod(size))) for m in windows)
    largest = values == values.max(axis=1, keepdims=True)
    winners = places[np.arange(len(values)), values.argmax(axis=1)]  # the first one in row order
    return {"winners": len({*winners.tolist()}), "ties": int((largest.sum(axis=1) > 1).sum())}

"""The exercises: the whole ones, and their levels, which are whole ones with less that varies."""

import contextlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from cnnlib import layers, loops, shapes, trace
from cnnlib.exercises import around, convolution, moves, problems, work
from cnnlib.exercises.problems import TEXTS

MAP_AXES = {"dZ": 1, "Y": 1, "W": 2}  # that a level with one map goes without

TABLES = (loops, layers, shapes, around)  # where the specifications are
NUMBERS = {"max_pool_backward": problems.pooling_layer, "output_size": problems.one_axis}
STEPS = {  # the pass that shows a result
    "conv_backward_input": trace.input_steps,
    "conv_backward_filter": trace.filter_steps,
    "conv_forward": trace.forward_steps,
}
BEGUN = work.BEGUN | around.BEGUN | moves.BEGUN
WAYS = convolution.MISTAKES | around.MISTAKES | moves.MISTAKES
ANYWHERE = {  # found by what they do to the right result, in any exercise
    "all zeros": [work.end(lambda made: 0 * made)],
    "sign": [work.end(np.negative)],
    "twice": [work.end(lambda made: 2 * made)],
    "half": [work.end(lambda made: made / 2)],
}
STEPPERS = dict(zip(STEPS, ("InputGradient", "FilterGradient", "Forward"), strict=True))


def called_as(call, function, values):
    """Call a function as an exercise says: by keyword what ends with "=", or must be."""
    by_place, by_name, only = [], {}, ()
    with contextlib.suppress(TypeError, ValueError):  # some of C have no signature
        parameters = inspect.signature(function).parameters.values()
        only = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    for name, value in zip(call.split(", "), values, strict=True):
        if name.endswith("=") or name in only:
            by_name[name.removesuffix("=")] = value
        else:
            by_place.append(value)
    return function(*by_place, **by_name)


@dataclass(frozen=True)
class Wrong:
    """A wrong implementation of an exercise: right, but for one slip or several."""

    exercise: "Exercise"
    slips: tuple[Callable, ...]

    def __call__(self, *values, **named):
        """Return what it makes of the arguments, in the order of the exercise."""
        given = self.exercise.lift(*values, *named.values())
        begun = BEGUN[self.exercise.base](**given)
        for slip in self.slips:
            slip(begun)
        return self.exercise.lowered(begun.result)

    def __add__(self, other):
        """Return the implementation that makes the slips of both."""
        return Wrong(self.exercise, self.slips + other.slips)


@dataclass(frozen=True)
class Mistake:
    """A mistake: what it looks like, what fixes it, and the wrong implementations that make it.

    Call it as the student's function is called: the first of them answers.
    """

    name: str
    says: str
    cure: str
    needs: frozenset  # what must vary for it to be a mistake
    wrongs: tuple[Wrong, ...] = field(repr=False)

    def __call__(self, *values, **named):
        """Return what the first wrong implementation makes of these arguments."""
        return self.wrongs[0](*values, **named)


@dataclass(frozen=True)
class Exercise:
    """One exercise, as ``data/exercises.toml`` tells it.

    Attributes
    ----------
    name, base : str
        Its own, and that of the whole exercise of which it is a level; else the same.
    asks, call, vary, write : str
        As ``data/exercises.toml`` says.
    batch : int
        Least number of images; 0 where there may be no batch axis.
    """

    name: str
    base: str
    asks: str
    call: str
    vary: str
    write: str
    batch: int = 0

    @cached_property
    def right(self):
        """The specification, all arguments by position."""
        whole = next(getattr(table, self.base) for table in TABLES if hasattr(table, self.base))
        return lambda *values: self.lowered(self._call(whole, self.lift(*values)))

    def _call(self, whole, given):
        return called_as(TEXTS[self.base]["call"], whole, given.values())

    @cached_property
    def mistakes(self):
        """The known mistakes by name."""
        own, shared = TEXTS[self.base]["mistakes"], TEXTS["convolution"]["mistakes"]
        texts = own | shared | own if self.base in STEPS else own
        if not self.counts:
            texts = texts | TEXTS["anywhere"]["mistakes"]
        ways, known = ANYWHERE | WAYS[self.base], {}
        for name in (name for name in texts if name in ways):
            says, cure, *needs = texts[name]
            needs = frozenset(" ".join(needs).split())
            if needs <= {*self.vary.split()}:
                wrongs = tuple(Wrong(self, (way,)) for way in ways[name])
                known[name] = Mistake(name, says, cure, needs, wrongs)
        return known

    @property
    def arguments(self):
        """Names of the arguments, in their order."""
        return self.call.replace("=", "").split(", ")

    @property
    def gives(self):
        """Names of the results."""
        return TEXTS[self.base]["gives"].split()

    @property
    def called(self):
        """How its function is called, as text."""
        return "function(" + re.sub(r"(\w+)=", r"\1=\1", self.call) + ")"

    @property
    def counts(self):
        """Whether the result is a whole number, and no array."""
        return self.base == "output_size"

    @property
    def matrices(self):
        """Whether there is one map only, so that all arrays are matrices."""
        return "_k" in TEXTS[self.base]["vary"] and "_k" not in self.vary

    def size(self, size):
        """Return the size with all that does not vary at its smallest."""
        return problems.restricted(size, self.vary, self.batch)

    def given(self, size, kind):
        """Return the arguments of a problem by name, in their order."""
        x = NUMBERS.get(self.base, problems.layer)(size, kind)
        return self.flat({name: getattr(x, name) for name in self.arguments})

    def flat(self, given):
        """Return arguments by name, as matrices where the exercise has them so."""
        for name in MAP_AXES.keys() & given if self.matrices else ():
            given[name] = given[name].reshape(given[name].shape[:2])
        return given

    def lift(self, *values):
        """Return the arguments of the whole exercise, with pairs as arrays."""
        x = {"stride": (1, 1), "padding": (0, 0), "b": np.zeros(1)}
        x |= zip(self.arguments, values, strict=True)
        for name in MAP_AXES.keys() & x if self.matrices else ():
            x[name] = x[name].reshape(x[name].shape + (1,) * MAP_AXES[name])
        if "dZ" in x and "W" in x and "input_size" not in x:
            x["input_size"] = tuple(np.add(x["dZ"].shape[:2], x["W"].shape[:2]) - 1)
        for name in {"stride", "padding"} & {*x} if not self.counts else ():
            x[name] = np.broadcast_to(x[name], 2)  # one number stands for both
        names = TEXTS[self.base]["call"].replace("=", "").split(", ")
        return {n: np.array(x[n]) if isinstance(x[n], tuple) else x[n] for n in names}

    def shown_by(self, table, given):
        """Call what shows the result, a trace or a stepper of a table; None where there is none."""
        values = self.lift(*given.values())
        if "b" in values and self.matrices:
            values["b"] = None
        if self.base not in table or next(iter(values.values())).ndim != 3:  # one image, no batch
            return None
        return self._call(table[self.base], values)

    def problem(self, size, kind):
        """Return the arguments of a problem and its right results, made once."""
        return _problem(self, size, kind)

    def made(self, function, given):
        """Return what a specification or a mistake makes of the arguments, as a tuple of arrays."""
        made = function(*given.values())
        return tuple(map(np.asarray, made if isinstance(made, tuple) else (made,)))

    def lowered(self, made):
        """Return the result of the whole exercise as this level gives it."""
        return made.reshape(made.shape[:2]) if self.matrices else made


@lru_cache(maxsize=4096)
def _problem(exercise, size, kind):
    given = exercise.given(size, kind)
    return given, exercise.made(exercise.right, given)


FIELDS = ("base", "asks", "call", "vary", "write", "batch")
EXERCISES = {
    name: Exercise(name, **{"base": name} | {key: text[key] for key in FIELDS if key in text})
    for name, text in TEXTS.items()
    if name not in ("anywhere", "convolution")
}
MISTAKES = {name: exercise.mistakes for name, exercise in EXERCISES.items()}


def exercise_for(name, function):
    """Return the exercise of that name, if it is one and the function can be called."""
    if name not in EXERCISES:
        raise ValueError(f"there is no exercise {name!r}; there are: {', '.join(EXERCISES)}")
    if not callable(function):
        raise TypeError(
            f"function must be a function, got {type(function).__name__}: pass its name, without ()"
        )
    return EXERCISES[name]


def asks(name):
    """Say what an exercise asks, and how its function is called."""
    exercise = exercise_for(name, print)
    return f"{name}: {exercise.asks} It is called as {exercise.called}."

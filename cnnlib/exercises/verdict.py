"""What a check says: a sentence, a small problem, its first wrong cell, and three hints."""

from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from cnnlib import shapes, trace
from cnnlib.exercises import card, running
from cnnlib.exercises.card import CAME, SHOULD, number_text
from cnnlib.exercises.catalogue import STEPPERS, STEPS, Exercise, asks
from cnnlib.exercises.problems import TEXTS

ALL, MOST = slice(None), 12  # maps, rows and columns that are shown


@dataclass(frozen=True)
class Counterexample:
    """A problem, as small as could be found, that betrays a function.

    Attributes
    ----------
    given : dict
        The arguments by name.
    results : dict of str to ndarray
        What came, where something did, and what should have.
    part : str
        Name of the wrong array, or "".
    cell : tuple of int or None
        The first wrong cell.
    came, should : str
        What that cell holds, and what it should hold.
    adds_up : str
        The right sum of that cell.
    which : str
        Which pairs make it.
    step : trace.Step or None
        That cell in its pass.
    """

    given: dict
    results: dict
    part: str = ""
    cell: tuple | None = None
    came: str = ""
    should: str = ""
    adds_up: str = ""
    which: str = ""
    step: object = field(default=None, repr=False)

    @property
    def arrays(self):
        """Yield (label, matrix, wrong place or None) for each map that is shown."""
        for name, value in self.given.items():
            if isinstance(value, np.ndarray):
                yield from maps(name, "", value)
        for role, value in self.results.items():
            name = role.partition(" ")[0]
            yield from maps(
                name, role.removeprefix(name), value, self.cell if name == self.part else None
            )

    @property
    def count(self):
        """How many cells are wrong, of how many, as text; empty where the shapes differ."""
        if len(self.results) < 2:
            return ""
        came, should = self.results.values()
        if came.shape != should.shape or came.size == 1:
            return ""
        return f"{np.sum(running.differ(came, should))} of {came.size} cells are wrong."

    @property
    def lines(self):
        """The arguments that are no arrays, the wrong cell, and its right sum, as text."""
        plain = {n: v for n, v in self.given.items() if not isinstance(v, np.ndarray)}
        sizes = ", ".join(f"{name} = {value}" for name, value in plain.items())
        place = f"{self.at}: {self.came} came, {self.should} should have come." if self.at else ""
        return [line for line in (sizes, place, self.adds_up) if line]

    @property
    def at(self):
        """Name of the first wrong cell, or an empty text."""
        if self.step:
            return str(self.step.target)
        return "" if self.cell is None else f"{self.part}{index_text(self.cell)}"


@dataclass(frozen=True)
class Verdict:
    """What `check` found: print it, or let a notebook show it.

    Attributes
    ----------
    passed : bool
    mistake : str or None
        The known mistake that it looks like, in one sentence.
    fault : str
        What is wrong where no mistake is recognised.
    counterexample : Counterexample or None
    hints : tuple of str
        Locate it, which weight, write it.
    notes : tuple of str
        What else is to be said.
    """

    exercise: Exercise = field(repr=False)
    passed: bool
    mistake: str | None = None
    fault: str = ""
    counterexample: Counterexample | None = None
    hints: tuple = ()
    notes: tuple = ()

    @property
    def told(self):
        """What is said besides the state: the mistake or the fault, and notes."""
        known = self.mistake or self.fault
        return [*([known] * bool(known)), *self.notes]

    def __str__(self):
        ends = "right on all problems." if self.passed else "not yet."
        lines, x = [f"{self.exercise.name}: {ends}", *self.told], self.counterexample
        if x:
            lines += ["", "A small problem that shows it:"]
            for label, matrix, at in x.arrays:
                lines += [f"  {label}:", *_rows(matrix, at)]
            lines += [f"  {line}" for line in x.lines]
        if self.hints:
            lines += ["", f"Hint 1 of 3: {self.hints[0]}", "Hints 2 and 3: .hints[1], .hints[2]"]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        return card.card(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Return the card as text and HTML, and where a pass shows the cell, a button below it."""
        plain = {"text/plain": str(self), "text/html": self._repr_html_()}
        if not self.counterexample or not self.counterexample.step:
            return plain
        from cnnlib.steppers.opening import opening  # widgets are loaded where they are shown

        words = f"Open {self.counterexample.at} in the stepper"
        box = opening(plain["text/html"], words, self.stepper)
        return box._repr_mimebundle_() | plain

    def stepper(self):
        """Return a stepper at the wrong cell, or None where no pass shows it."""
        x = self.counterexample
        if not x or not x.step:
            return None
        from cnnlib import steppers  # widgets are loaded where they are asked for

        table = {base: getattr(steppers, f"{kind}Stepper") for base, kind in STEPPERS.items()}
        stepper = self.exercise.shown_by(table, x.given)
        stepper.index = x.step.number
        return stepper


def verdict_of(exercise, found, printed, late):
    """Put what is found of a function into a Verdict; `found.run` is None where all was right.

    `found.says` is what a mistake looks like, and what fixes it.
    """
    run, says, notes = found.run, found.says, [*found.notes]
    notes += [f"It printed: {printed}"] * bool(printed)
    if run is None:
        return Verdict(exercise, True, notes=tuple(notes))
    notes += [run.says] * bool(says and run.fault == "shape")
    notes += [f"It also changes its argument {run.changed}."] * bool(run.wrong and run.changed)
    x = counterexample_of(exercise, run)
    first = "Run your function on this problem: its arguments are in .counterexample.given."
    if x and x.at:
        first = f"Work out {x.at} on paper, and compare it with what your code does there."
    mistake, cure = says or (None, exercise.write)
    hints = first, (x and x.which) or asks(exercise.name), cure
    if run.fault in TEXTS["anywhere"]["hints"]:
        told = run.changed, asks(exercise.name), cure
        hints = [hint.format(*told) for hint in TEXTS["anywhere"]["hints"][run.fault]]
    return Verdict(exercise, False, mistake, late or run.says, x, tuple(hints), tuple(notes))


# --- the first wrong cell ---------------------------------------------------------------------


def counterexample_of(exercise, run):
    """Return a run as the problem that shows what is wrong, or None where a blank is the fault."""
    if run.fault == "blank":
        return None
    given = running.copied(run.given)
    if not run.came:
        names = [name + SHOULD for name in exercise.gives]
        return Counterexample(given, dict(zip(names, run.right, strict=True)))
    for part, came, should in zip(exercise.gives, run.came, run.right, strict=True):
        if running.same((came,), (should,)):
            continue
        results = {part + CAME: came, part + SHOULD: should}
        cell = _first_wrong(came, should)
        if cell is None:
            return Counterexample(given, results, part)
        there = number_text(came[cell]) if inside(cell, came) else "nothing"
        told = there, number_text(should[cell]), *explained(exercise, run.given, part, cell)
        return Counterexample(given, results, part, cell, *told)
    return Counterexample(given, {})


def inside(cell, array):
    """Whether an array has a cell."""
    return len(cell) == array.ndim and all(np.less(cell, array.shape))


def _first_wrong(came, should):
    """Return the first cell that is wrong or missing; None where there is no such cell."""
    if came.ndim != should.ndim:
        return None
    wrong = np.ones(should.shape, bool)
    there = tuple(map(slice, np.minimum(came.shape, should.shape)))
    wrong[there] = running.differ(came[there], should[there], running.near(should))
    return next((tuple(map(int, cell)) for cell in np.argwhere(wrong)), None)


def explained(exercise, given, part, cell):
    """Return the sum of a right cell, which pairs make it, and its step where it has one."""
    steps = exercise.shown_by(STEPS, given)
    if steps is None:
        why = _why(exercise, given, cell)
        right, which = ("", "") if exercise.counts else _slopes(exercise, given, part, cell)
        return f"{right} {why}".strip(), f"{which} {why}".strip(), None
    full = len(steps.shapes[steps.parts.result])
    step = steps[steps.position((*cell, 0, 0)[:full])]
    return f"Right: {step}", _joins(step), step


def _slopes(exercise, given, part, cell):
    """The same where no pass shows it: each result is linear in its first argument."""
    (name, first), which = next(iter(given.items())), exercise.gives.index(part)

    def value(array):
        return exercise.made(exercise.right, given | {name: array})[which][cell]

    start = value(0 * first)
    terms, numbers = ([trace.number(start)] * bool(start) for _ in range(2))
    for index in np.ndindex(first.shape):
        unit = np.zeros_like(first)
        unit[index] = 1
        if slope := value(unit) - start:
            factor = f"{trace.number(slope)}·".removeprefix("1·")
            terms.append(f"{factor}{name}{index_text(index)}")
            numbers.append(f"{factor}{trace.number(first[index])}")
    goes, right = " + ".join(terms), f"Right: {part}{index_text(cell)} = "
    if not goes:
        return f"{right}0.", f"Nothing of {name} goes into it."
    shown = dict.fromkeys([goes, " + ".join(numbers), number_text(value(first))])
    return f"{right}{' = '.join(shown)}.", f"What goes into it: {goes}."


def _why(exercise, given, cell):
    """Say what an exercise says of its cells, with the numbers of this one."""
    x = {name: v for name, v in given.items() if not isinstance(v, np.ndarray)}
    for name, array in given.items():
        if name not in x and inside(cell, array):
            x[name] = number_text(array[cell])
    if exercise.counts:
        x["starts"] = [*range(-x["padding"], x["n"] + x["padding"] - x["f"] + 1, x["stride"])]
    return TEXTS[exercise.base].get("why", "").format(at=index_text(cell), **x)


def _joins(step):
    """Which cells make the first term of a step, with their indices in the one relation."""
    if not step.terms:
        left = "its bias is all" if step.bias else "it stays at 0"
        return f"No product reaches {step.target}: {left}."
    one = step.terms[0]
    index = {cell.array[-1]: cell.index[:2] for cell in (one.left, one.right, step.target)}
    relation = " and ".join(
        f"{y} = {z}·s + {w} - p: {index['Y'][n]} = {index['Z'][n]}·{axis.s} + {index['W'][n]} "
        f"- {axis.before}"
        for n, (y, z, w, axis) in enumerate(zip("rc", "ij", "uv", step.trace.where, strict=True))
    )
    return f"{one.left} and {one.right} meet in {step.target}, because {relation}."


# --- arrays as text and as tables ------------------------------------------------------------


def index_text(cell):
    """Write the index of a cell as the lessons do."""
    return f"({', '.join(map(str, cell))})" if cell else ""


def maps(name, role, array, cell=None):
    """Yield (label, matrix, marked place or None) for each map of an array."""
    shown, cell = np.atleast_2d(array), (0, *cell) if cell and array.ndim < 2 else cell
    rows = 0 if shown.ndim == 2 or name in ("W", "dW", "flipped") else shown.ndim - 3
    for others in islice(np.ndindex(shown.shape[:rows] + shown.shape[rows + 2 :]), MOST):
        at = (*others[:rows], ALL, ALL, *others[rows:])
        here = cell and (*cell[:rows], *cell[rows + 2 :]) == others
        several = shown.size > shown[at].size
        which = f"[{', '.join(':' if i == ALL else str(i) for i in at)}]" * several
        cut = f", here {MOST} of each" * (max(shown[at].shape) > MOST)
        size = f", {shapes.by(shown[at].shape)}{cut}" * (array.ndim > 1)
        mark = cell[rows:][:2] if here else None
        yield f"{name}{which}{role}{size}", shown[at][:MOST, :MOST], mark


def _rows(matrix, at):
    """Write a map as lines of text, its marked cell in brackets."""
    texts = {cell: number_text(value) for cell, value in np.ndenumerate(matrix)}
    if at in texts:
        texts[at] = f"[{texts[at]}]"
    width = max(map(len, texts.values()), default=1)
    lines = np.reshape([f"{text:>{width}}" for text in texts.values()], matrix.shape)
    return ["    " + " ".join(line) for line in lines]

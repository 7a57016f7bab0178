"""Numbers worked out with pencil and paper: the mistakes of the code are named here too."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from cnnlib import examples, shapes
from cnnlib.exercises import problems, running
from cnnlib.exercises.catalogue import EXERCISES
from cnnlib.exercises.checking import makes
from cnnlib.exercises.verdict import Verdict, counterexample_of, number_text


@dataclass(frozen=True)
class Pencil:
    """A question on paper: an exercise, whose numbers, and which cell, or all of the result."""

    exercise: str
    example: object
    cell: tuple | None = None
    other: dict = field(default_factory=dict)  # arguments that are not those of the example

    def given(self):
        """Return the arguments of its exercise by name."""
        exercise, x = EXERCISES[self.exercise], self.example()
        known = {"stride": (1, 1), "padding": (0, 0)} | x.how
        known |= {name: getattr(x, name) for name in ("Y", "W", "b", "dZ")}
        known |= {"input_size": x.input_size, "filter_size": x.filter_size} | self.other
        for name in ("stride", "padding"):
            known[name] = tuple(map(int, np.broadcast_to(known[name], 2)))
        given = {name: known[name] for name in exercise.arguments}
        return given | {
            name: value.reshape(value.shape[:2])
            for name, value in given.items()
            if exercise.matrices and isinstance(value, np.ndarray)
        }


def _without_last_row(dZ):
    return np.concatenate([dZ[:-1], 0 * dZ[-1:]])


ONES = {"dZ": np.ones((7, 7, 1)), "W": np.ones((3, 3, 1, 1)), "padding": (2, 2)}
PENCIL = {
    "00 Z(1, 2)": Pencil("conv_forward", examples.oblong, (1, 2, 0)),
    "03 dY(1, 3)": Pencil(
        "conv_backward_input", partial(examples.variant, "lesson 03 by hand"), (1, 3, 0)
    ),
    "03 counts with padding 2": Pencil("conv_backward_input", examples.one_map, other=ONES),
    "04 dY(2, 3) after two rows": Pencil(
        "conv_backward_input",
        examples.one_map,
        (2, 3, 0),
        {"dZ": _without_last_row(examples.one_map().dZ)},
    ),
    "05 dY(0, 0, 1)": Pencil("conv_backward_input", examples.three_maps, (0, 0, 1)),
    "06 dY(1, 3)": Pencil("conv_backward_input", examples.strided, (1, 3, 0)),
    "07 dW(0, 2)": Pencil(
        "conv_backward_filter",
        partial(examples.variant, "lesson 07", examples.one_map()),
        (0, 2, 0, 0),
    ),
}


def question(name):
    """Return the exercise of a question under its name, its numbers, and which cell is meant."""
    if name in PENCIL:
        pencil = PENCIL[name]
        return replace(EXERCISES[pencil.exercise], name=name), pencil.given(), pencil.cell
    if name not in EXERCISES:
        known = ", ".join([*PENCIL, *EXERCISES])
        raise ValueError(f"there is no exercise {name!r}; there are: {known}")
    return EXERCISES[name], _example(EXERCISES[name]), None


def _example(exercise):
    """Return the numbers of a lesson, or else small ones that count 1, 2, 3 and so on."""
    if exercise.name in LESSONS:
        return Pencil(exercise.name, LESSONS[exercise.name]).given()
    size = problems.Size(4, 3, 2, 2, 1, 2, 2, 1, 1, 0)
    return exercise.problem(exercise.size(size), "counted")[0]


LESSONS = {
    "forward_one_map": examples.one_map,
    "input_gradient_one_map": examples.one_map,
    "filter_gradient_one_map": examples.one_map,
    "input_gradient_all_maps": examples.three_maps,
    "conv_backward_bias": examples.three_maps,
    "conv_forward": examples.strided,
    "conv_backward_input": examples.strided,
    "conv_backward_filter": examples.strided,
}


def numbers(name):
    """Return the numbers that a question on paper is about.

    Parameters
    ----------
    name : str
        A key of `PENCIL` or of `EXERCISES`.

    Returns
    -------
    dict
        The arguments by name.
    """
    return question(name)[1]


def answer(name, value):
    """Say what numbers worked out by hand look like.

    Parameters
    ----------
    name : str
        A key of `PENCIL`, or of `EXERCISES`: then all of the result on the numbers of `numbers`.
    value : float or array_like, or a tuple of them where there are several results
        None, or None within it, is an answer that is still to come.

    Returns
    -------
    Verdict
        Its hints end with the worked answer, unless there is no answer yet.

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists them.
    """
    exercise, given, cell = question(name)
    right = exercise.made(exercise.right, given)
    parts = value if len(right) > 1 and isinstance(value, (tuple, list)) else (value,)
    parts = (None,) * len(right) if value is None else parts
    came, fault = _read(exercise, parts, right, cell)
    run = running.Run(None, "by hand", given, right, came, fault="value")
    if not fault and running.same(came, right):
        return Verdict(exercise, True, notes=(_worked(exercise, run, cell),))
    known = [one for one in _possible(exercise, given) if came and _alike(one, run, cell)][:2]
    if fault and not known:
        return Verdict(exercise, False, fault=fault, hints=(exercise.asks, exercise.write))
    mistake = " Or: ".join(dict.fromkeys(one.says for one in known)) or None
    x = counterexample_of(exercise, run)
    wrong = "" if mistake or cell else x.count
    fault = "" if mistake else " ".join(["This is no known mistake.", wrong]).strip()
    cures = [one.cure for one in known] or [exercise.write]
    hints = (x.which or exercise.asks, " Or: ".join(cures), _worked(exercise, run, cell))
    return Verdict(exercise, False, mistake, fault, _hidden(x, run, cell, mistake), hints)


def _read(exercise, parts, right, cell):
    """Return the answer as arrays of the right shapes, and what is wrong with it as a text."""
    names, came, fault = exercise.gives, [], ""
    if len(parts) != len(names):
        return None, f"There should be {len(names)} results: {', '.join(names)}."
    for name, part, should in zip(names, parts, right, strict=True):
        if part is None or part is ...:
            return None, "There is no answer yet. Put your numbers in place of None."
        try:
            numbers = np.array(part, float)
        except (TypeError, ValueError):
            return None, f"{name} cannot be read: write numbers, with [ ] around each row."
        if np.isnan(numbers).any():
            return None, f"{name} is not complete: there is no number in some cell."
        if cell and numbers.size == 1:
            numbers = np.where(_only(should, cell), numbers.item(), should)
        if np.squeeze(numbers).shape == np.squeeze(should).shape:
            numbers = numbers.reshape(should.shape)
        elif not fault:
            size = "one number" if cell else shapes.by(np.squeeze(should).shape) or "one number"
            fault = f"{name} should be {size}, and {shapes.by(numbers.shape)} came."
        came.append(numbers)
    return tuple(came), fault


def _possible(exercise, given):
    """Return the mistakes that can be made on these numbers: of one map, none among maps."""
    arrays = [value for value in given.values() if isinstance(value, np.ndarray)]
    several = any(max(array.shape[2:], default=1) > 1 for array in arrays)
    return [
        mistake
        for mistake in exercise.mistakes.values()
        if several or not mistake.needs & {"n_k", "f_k"}
    ]


def _only(array, cell):
    mask = np.zeros(array.shape, bool)
    mask[cell] = True
    return mask


def _alike(mistake, run, cell):
    """Tell whether a mistake makes exactly this answer."""
    for made in (makes(wrong, run.given) for wrong in mistake.wrongs):
        if made is None:
            continue
        if cell is None and running.same(*(map(np.squeeze, parts) for parts in (made, run.came))):
            return True
        inside = cell and len(cell) == made[0].ndim and all(np.less(cell, made[0].shape))
        if (
            inside
            and run.came[0].shape == run.right[0].shape
            and running.same((made[0][cell],), (run.came[0][cell],))
        ):
            return True
    return False


def _worked(exercise, run, cell):
    """Return the worked answer: the sum of one cell, or all numbers."""
    if cell:
        wrong = run._replace(came=(np.where(_only(run.right[0], cell), np.inf, run.right[0]),))
        return counterexample_of(exercise, wrong).adds_up
    told = [
        f"{name} = {np.squeeze(part).tolist()}"
        for name, part in zip(exercise.gives, run.right, strict=True)
    ]
    return f"The answer: {', '.join(told)}."


def _hidden(x, run, cell, mistake):
    """Return what is shown of a wrong answer: the right numbers are not, but for its first cell."""
    if cell is None:
        shown = {name: value for name, value in x.results.items() if " that came" in name}
        return replace(x, results=shown, adds_up="" if mistake else x.adds_up)
    at = replace(x, cell=cell).at
    shown = {f"{at} that came": np.array([[run.came[0][cell]]])}
    came = number_text(run.came[0][cell])
    told = f"{at}: {came} came." if mistake else f"{at}: {came} came. {x.adds_up}"
    return replace(x, results=shown, cell=None, adds_up=told, step=None)

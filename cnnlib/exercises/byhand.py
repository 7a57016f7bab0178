"""Numbers worked out with pencil and paper: the mistakes of the code are named here too.

An answer that is rounded counts as right from three digits on, and is told so.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from cnnlib import examples, shapes
from cnnlib.exercises import problems, running
from cnnlib.exercises.card import CAME, number_text
from cnnlib.exercises.catalogue import EXERCISES, exercise_for
from cnnlib.exercises.checking import makes
from cnnlib.exercises.verdict import (
    Counterexample,
    Verdict,
    counterexample_of,
    explained,
    index_text,
    inside,
)


class Pencil(NamedTuple):
    """A question on paper: an exercise, whose numbers, and which cell, or all of the result."""

    exercise: str
    example: Callable
    cell: tuple | None = None
    other: dict = {}  # arguments that are not those of the example

    def given(self):
        """Return the arguments of its exercise by name."""
        exercise, x = EXERCISES[self.exercise], self.example()
        sizes = {"input_size": x.input_size, "filter_size": x.filter_size}
        known = {"stride": 1, "padding": 0} | vars(x) | sizes | x.how | self.other
        for name in ("stride", "padding"):
            known[name] = tuple(map(int, np.broadcast_to(known[name], 2)))
        return exercise.flat({name: known[name] for name in exercise.arguments})


def _after_two_rows():
    x = examples.one_map()
    return replace(x, dZ=np.concatenate([x.dZ[:-1], 0 * x.dZ[-1:]]))


LESSON_03 = partial(examples.variant, "lesson 03 by hand")
LESSON_07 = partial(examples.variant, "lesson 07", examples.one_map())
ONES = {"dZ": np.ones((7, 7, 1)), "W": np.ones((3, 3, 1, 1)), "padding": (2, 2)}
PENCIL = {
    "00 Z(1, 2)": Pencil("conv_forward", examples.oblong, (1, 2, 0)),
    "03 dY(1, 3)": Pencil("conv_backward_input", LESSON_03, (1, 3, 0)),
    "03 counts with padding 2": Pencil("conv_backward_input", examples.one_map, other=ONES),
    "04 dY(2, 3) after two rows": Pencil("conv_backward_input", _after_two_rows, (2, 3, 0)),
    "05 dY(0, 0, 1)": Pencil("conv_backward_input", examples.three_maps, (0, 0, 1)),
    "06 dY(1, 3)": Pencil("conv_backward_input", examples.strided, (1, 3, 0)),
    "07 dW(0, 2)": Pencil("conv_backward_filter", LESSON_07, (0, 2, 0, 0)),
}
LESSONS = {  # the numbers of a lesson, where there are such numbers for the whole of an exercise
    "forward_one_map": examples.one_map,
    "input_gradient_one_map": examples.one_map,
    "filter_gradient_one_map": examples.one_map,
    "input_gradient_all_maps": examples.three_maps,
    "conv_backward_bias": examples.three_maps,
    "conv_forward": examples.strided,
    "conv_backward_input": examples.strided,
    "conv_backward_filter": examples.strided,
}
SMALL = problems.Size(
    4, 3, 2, 2, 1, 2, 2, 1, 1, 0
)  # for the others, with numbers 1, 2, 3 and so on


def question(name):
    """Return the exercise of a question under its name, its numbers, and which cell is meant."""
    if name in PENCIL:
        pencil = PENCIL[name]
        return replace(EXERCISES[pencil.exercise], name=name), pencil.given(), pencil.cell
    exercise = exercise_for(name, print)
    if name in LESSONS:
        return exercise, Pencil(name, LESSONS[name]).given(), None
    return exercise, exercise.problem(exercise.size(SMALL), "counted")[0], None


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

    Returns
    -------
    Verdict
        Its hints end with the worked answer.

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists them.
    """
    exercise, given, cell = question(name)
    right = exercise.made(exercise.right, given)
    wanted = _picked(right, cell)
    came, fault = _read(exercise.gives, value, wanted)
    part = exercise.gives[0]
    told, which, step = explained(exercise, given, part, cell) if cell else ("", "", None)
    worked = told or _all_of(exercise.gives, right)
    digits = rounded(came, wanted) if came else 0
    if digits or (came and running.same(came, wanted)):
        return Verdict(exercise, True, notes=(*[ROUNDED.format(digits)] * bool(digits), worked))
    known = [one for one in _possible(exercise, given) if came and _makes(one, given, came, cell)]
    if fault and not known:
        return Verdict(exercise, False, fault=fault, hints=(exercise.asks, exercise.write))
    mistake = " Or: ".join(dict.fromkeys(one.says for one in known[:2])) or None
    cures = [one.cure for one in known[:2]] or [exercise.write]
    fault = "" if mistake else "This is no known mistake."
    if cell:
        at = str(step.target) if step else f"{part}{index_text(cell)}"
        line = f"{at}: {number_text(came[0])} came. {'' if mistake else told}".strip()
        x = Counterexample(given, {at + CAME: np.reshape(came[0], (1, 1))}, adds_up=line)
    else:
        x = counterexample_of(exercise, running.Run(None, "by hand", given, right, came))
        fault, which = f"{fault} {x.count}".strip() if fault else "", x.which
        shown = {role: array for role, array in x.results.items() if role.endswith(CAME)}
        x = replace(x, results=shown, adds_up="" if mistake else x.adds_up)
    hints = (which or exercise.asks, " Or: ".join(cures), worked)
    return Verdict(exercise, False, mistake, fault, x, hints)


ROUNDED = "Rounded: the exact value has more digits. It is right to {} digits."
LEAST = 3  # digits that an answer has to have


def rounded(came, should):
    """Return to how many digits an answer is right that is rounded, or 0 where it is not.

    Parameters
    ----------
    came, should : tuple of ndarray
        Numbers that agree to the end do not count.
    """
    digits = []
    for one, other in zip(came, should, strict=True):
        if one.shape != other.shape:
            return 0
        wrong = running.differ(one, other)
        digits += map(_digits, one[wrong], other[wrong])
    return min(digits, default=0)


def _digits(came, should):
    """Return to how many digits a number is another one rounded: three at least, or 0."""
    if should == 0 or not np.isfinite([came, should]).all():
        return 0
    unit = 10.0 ** (np.floor(np.log10(abs(should))) + 1)
    fits = [
        digits
        for digits in range(LEAST, 16)
        if float(f"{came:.{digits}g}") == came
        and abs(came - should) <= unit * 10.0**-digits * (0.5 + 1e-9)
    ]
    return max(fits, default=0)


def _picked(parts, cell):
    """Return the parts of a result, or that cell of the first one, if it has it."""
    if cell is None:
        return parts
    return (parts[0][cell],) if inside(cell, parts[0]) else ()


def _read(names, value, wanted):
    """Return the answer as arrays of the right shapes, and what is wrong with it as a text."""
    parts = value if len(wanted) > 1 and isinstance(value, (tuple, list)) else (value,)
    if len(parts) != len(wanted):
        return None, f"There should be {len(names)} results: {', '.join(names)}."
    came, faults = [], []
    for name, part, should in zip(names, parts, wanted, strict=False):
        try:
            numbers = np.array(part, float)
        except (TypeError, ValueError):
            return None, f"{name} cannot be read: write numbers, with [ ] around each row."
        if np.isnan(numbers).any():
            return None, f"{name} is not complete: there is no number in some cell."
        if np.squeeze(numbers).shape == np.squeeze(should).shape:
            numbers = numbers.reshape(should.shape)
        else:
            size = shapes.by(np.squeeze(should).shape) or "one number"
            faults.append(f"{name} should be {size}, and {shapes.by(numbers.shape)} came.")
        came.append(numbers)
    return tuple(came), "".join(faults[:1])


def _possible(exercise, given):
    """Return the mistakes that can be made on these numbers: of one map, none among maps."""
    arrays = [value for value in given.values() if isinstance(value, np.ndarray)]
    several = any(max(array.shape[2:], default=1) > 1 for array in arrays)
    return [
        mistake
        for mistake in exercise.mistakes.values()
        if several or not mistake.needs & {"n_k", "f_k"}
    ]


def _makes(mistake, given, came, cell):
    """Tell whether a mistake makes exactly this answer."""
    made = [_picked(made, cell) for made in (makes(w, given) for w in mistake.wrongs) if made]
    return any(
        parts and running.same(*(map(np.squeeze, x) for x in (parts, came))) for parts in made
    )


def _all_of(names, right):
    """Return the worked answer: all numbers."""
    told = [f"{n} = {np.squeeze(part).tolist()}" for n, part in zip(names, right, strict=True)]
    return f"The answer: {', '.join(told)}."

"""Mistakes are named, right answers pass, and nothing that a function does hurts the notebook."""

import dataclasses
import functools
import itertools
import random
import re
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import answers
import faults
import mistakes
import nbformat
import numpy as np
import pytest

from cnnlib import exercises, loops
from cnnlib.exercises import catalogue, checking, layouts, problems, running, work
from cnnlib.steppers.opening import opening
from tools import notebooks

LESSONS = sorted(Path(__file__).resolve().parents[1].glob("notebooks/[0-9]*.ipynb"))
WRONG = [
    (name, key, function)
    for name, table in mistakes.WRONG.items()
    for key, functions in table.items()
    for function in functions
]
RIGHT = [(name, function) for name, functions in mistakes.RIGHT.items() for function in functions]
NOT_FLIPPED = mistakes.WRONG["conv_backward_input"]["filter not flipped"][0]


@functools.cache
def planted(name, key):
    """What the check says of a mistake of the table itself."""
    return exercises.check(name, exercises.MISTAKES[name][key])


@functools.cache
def students(which):
    """What it says of a function of `WRONG`."""
    name, _, function = WRONG[which]
    return exercises.check(name, function)


CASES = [(name, key) for name, table in exercises.MISTAKES.items() for key in table]


def largest(verdict):
    x = verdict.counterexample
    arrays = (v for v in (*x.given.values(), *x.results.values()) if isinstance(v, np.ndarray))
    return max((array.size for array in arrays), default=0)


@pytest.mark.parametrize(("name", "key"), CASES)
def test_every_mistake_of_the_table_is_named(name, key):
    mistake, verdict = exercises.MISTAKES[name][key], planted(name, key)
    assert not verdict.passed
    assert verdict.mistake == mistake.says
    assert verdict.counterexample.results
    assert largest(verdict) <= 30
    assert len(verdict.hints) == 3
    assert "object at 0x" not in str(verdict)


@pytest.mark.parametrize("which", range(len(WRONG)), ids=lambda n: f"{WRONG[n][0]}, {WRONG[n][1]}")
def test_a_students_own_wrong_function_is_named(which):
    (name, key, _), verdict = WRONG[which], students(which)
    assert verdict.mistake == exercises.MISTAKES[name][key].says, str(verdict)


def inside(x):
    """Rows and columns exchanged, as far as they fit into the old shape."""
    made, size = np.zeros_like(x), min(x.shape[:2])
    for i, j in np.ndindex(size, size):
        made[i, j] = x[j, i]
    return made


def one_step(which, factor):
    """A training step in which the weights, or the bias, go some times as far as they should."""

    def wrong(*x):
        made, start = [*layers_step(*x)], x[1 + which]
        made[which] = start + factor(x[4]) * (made[which] - start)
        return tuple(made)

    return wrong


def layers_step(dZ, Y, W, b, eta):
    dY, dW, db = loops.conv_backward(dZ, Y, W)
    return dY, W - eta * dW, b - eta * db


ALSO = {  # written here, and not in the table of mistakes
    ("conv_backward_input", "filter transposed"): [
        lambda dZ, W, *n, **how: loops.conv_backward_input(dZ, inside(W), *n, **how)
    ],
    ("conv_forward", "filter transposed"): [
        lambda Y, W, *b, **how: loops.conv_forward(Y, inside(W), *b, **how)
    ],
    ("conv_backward_filter", "dZ transposed"): [
        lambda dZ, *x, **how: loops.conv_backward_filter(inside(dZ), *x, **how)
    ],
    ("train_step", "uphill"): [one_step(which, lambda eta: -1) for which in (1, 2)],
    ("train_step", "eta forgotten"): [one_step(which, lambda eta: 1 / eta) for which in (1, 2)],
    ("relu_backward", "Z for its slope"): [lambda dY, Z: dY * Z, lambda dY, Z: dY * abs(Z)],
}


def along_one_axis(wrong):
    return any(len(getattr(slip, "axes", work.BOTH)) == 1 for slip in wrong.slips)


@pytest.mark.parametrize("name", mistakes.WRONG)
def test_every_way_to_make_a_mistake_is_one_that_a_student_wrote(name):
    """So that each does what it is called: the students' functions are plain NumPy.

    What is made along both axes is made along one of them by the same line.
    """
    exercise = exercises.EXERCISES[name]
    sizes = [*dict.fromkeys(map(exercise.size, problems.HARD))]
    for key in {*mistakes.WRONG[name]} - {*mistakes.IN_HANDS}:
        runs = [
            [running.run(exercise, layouts.Called(function), size, "random") for size in sizes]
            for function in [*mistakes.WRONG[name][key], *ALSO.get((name, key), [])]
        ]
        for number, wrong in enumerate(exercise.mistakes[key].wrongs):
            wrote = along_one_axis(wrong) or any(faults.wrote(wrong, each) for each in runs)
            assert wrote, (key, number)


@pytest.mark.parametrize(("name", "function"), RIGHT)
def test_a_right_answer_passes_by_any_route(name, function):
    verdict = exercises.check(name, function)
    assert verdict.passed, str(verdict)


@pytest.mark.parametrize(("name", "argument", "function"), mistakes.CHANGES_ITS_ARGUMENT)
def test_a_function_that_changes_its_argument_is_told_so(name, argument, function):
    verdict = exercises.check(name, function)
    assert f"changes its argument {argument}" in verdict.fault
    assert verdict.mistake is None


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_the_specification_passes(name):
    right = exercises.EXERCISES[name].right
    assert exercises.check(name, lambda *a, **k: right(*a, *k.values())).passed


@pytest.fixture
def quick(monkeypatch):
    """Do without the search for two mistakes at once, where only a refusal counts."""
    monkeypatch.setattr(checking, "_recognised_pair", lambda *_: None)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_compositions_of_faults_are_refused(name):
    """Each differs from the definition; most are no known mistake, and none may pass."""
    faults.refuse_compositions(name, 3)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_an_exchange_of_axes_made_only_where_it_fits_is_seen(name):
    exercise = exercises.EXERCISES[name]
    for axes in [] if exercise.counts else itertools.combinations(range(4), 2):

        def exchanging(first, *others, axes=axes, **how):
            sizes = [first.shape[axis] for axis in axes if axis < first.ndim]
            fits = len(sizes) == 2 and sizes[0] == sizes[1]
            return exercise.right(first.swapaxes(*axes) if fits else first, *others, *how.values())

        if faults.differs(name, exchanging):
            assert not exercises.check(name, exchanging).passed, axes


@pytest.mark.parametrize("name", ["conv_backward_input", "max_pool_backward", "train_step"])
def test_two_mistakes_at_once_are_named_both_and_never_as_another(name):
    rng, named = np.random.default_rng(3), 0
    for _ in range(12):
        says, wrong = faults.two_at_once(name, rng)
        if not faults.differs(name, wrong):  # two flips of one axis
            named += 1
            continue
        verdict = exercises.check(name, wrong)
        assert not verdict.passed, says
        assert verdict.counterexample.results
        named += verdict.mistake is not None
        single = [m for m in exercises.MISTAKES[name].values() if m.says == verdict.mistake]
        if single and verdict.mistake not in says:  # two turns may be another one
            assert faults.agrees(name, verdict.mistake, wrong), says
        if not single and verdict.mistake:
            assert "two mistakes at once" in verdict.mistake
            assert verdict.counterexample.results
    assert named > 9


class Kept:
    """A right filter gradient that keeps something from call to call, in its own way."""

    def __init__(self, how):
        self.how, self.calls, self.last, self.seen = how, 0, None, {}

    def __call__(self, dZ, Y, filter_size, stride, padding):
        self.calls += 1
        made = loops.conv_backward_filter(dZ, Y, filter_size, stride=stride, padding=padding)
        made, self.last = self.how(self, made, dZ), made
        return made


def by_shape(self, made, dZ):
    return self.seen.setdefault((made.shape, dZ.shape), made)


def added_to_the_last(self, made, dZ):
    fits = self.last is not None and self.last.shape == made.shape
    return made + self.last if fits else made


def after_thirty_calls(self, made, dZ):
    return made if self.calls <= 30 else 0 * made


def every_other_call(self, made, dZ):
    return made if self.calls % 2 else -made


def with_noise(self, made, dZ):
    return made + np.random.default_rng().normal(size=made.shape)


def with_a_global_mean(self, made, dZ):
    self.seen[self.calls] = dZ.mean()
    return made + np.mean([*self.seen.values()])


def writing_for_a_while(dZ, Y, filter_size, stride, padding):
    dZ *= 2
    made = loops.conv_backward_filter(dZ, Y, filter_size, stride=stride, padding=padding) / 2
    dZ /= 2
    return made


def ended(how):
    def wrong(dZ, Y, filter_size, stride, padding):
        return how(loops.conv_backward_filter(dZ, Y, filter_size, stride=stride, padding=padding))

    return wrong


def halves(x):
    return np.round(2 * x) / 2


def begun(how):
    def wrong(dZ, Y, filter_size, stride, padding):
        made = loops.conv_backward_filter(
            how(dZ), how(Y), filter_size, stride=stride, padding=padding
        )
        return made.astype(float)

    return wrong


WRONG_BY_KIND = {
    "right on whole numbers only": [
        *map(ended, (np.trunc, np.floor, np.rint, np.ceil, halves)),
        *(ended(lambda x, digits=digits: np.round(x, digits)) for digits in (1, 2, 3)),
        ended(lambda x: x.astype(int).astype(float)),
        ended(lambda x: x.astype(np.float16).astype(float)),
        begun(np.trunc),
        begun(lambda x: x.astype(np.float32)),
    ],
    "right on numbers of a usual size only": [
        ended(lambda x: np.clip(x, -1e4, 1e4)),
        ended(lambda x: x + 1e-9),
        ended(lambda x: np.where(abs(x) < 1e-7, 0, x)),
        *(ended(lambda x, digits=digits: np.round(x, digits)) for digits in (6, 9)),
    ],
    "keeps something from call to call": [
        *map(Kept, (by_shape, added_to_the_last, after_thirty_calls, every_other_call)),
        *map(Kept, (with_noise, with_a_global_mean)),
    ],
    "writes into its arguments": [writing_for_a_while],
}
SAID = {
    "right on whole numbers only": "wrong with fractions",
    "right on numbers of a usual size only": "very large or very small",
    "keeps something from call to call": "from call to call",
    "writes into its arguments": "writes into its arguments",
}


@pytest.mark.parametrize("kind", WRONG_BY_KIND)
def test_nothing_wrong_passes(kind):
    for number, function in enumerate(WRONG_BY_KIND[kind]):
        verdict = exercises.check("conv_backward_filter", function)
        assert not verdict.passed, number
        assert SAID[kind] in verdict.fault, (number, str(verdict))


def endless(*x, **how):
    while True:
        pass


def stubborn(*x, **how):
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            pass


def deep(*x, **how):
    return deep(*x, **how)


def in_place(dY, Z):
    dY[Z <= 0] = 0
    return dY


def printing(dY, Z):
    print("here I am")
    return dY


class UnspeakableError(Exception):
    def __str__(self):
        raise self


def unspeakable(dY, Z):
    raise UnspeakableError


def forgetful(dY, Z, seen=[]):  # noqa: B006
    seen.append((dY.tobytes(), Z.tobytes()))
    return dY * (Z > 0) + (seen.count(seen[-1]) - 1)


def leaving(*x, **how):
    raise SystemExit(1)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (endless, "did not come back"),
        (stubborn, "did not come back"),
        (lambda *x: time.sleep(3), "still runs in the background"),
        (lambda *x: [0 for _ in iter(int, 1)], "It was stopped"),
        (deep, "RecursionError"),
        (in_place, "changes its argument dY"),
        (printing, "here I am"),
        (leaving, "SystemExit"),
        (lambda dY, Z: None, "None"),
        (lambda dY, Z: "text", "str"),
        (lambda dY, Z: dY.tolist(), "list"),
        (lambda dY, Z: dY * np.nan, "NaN"),
        (lambda dY, Z: dY[:, :, 0], "shape"),
        (lambda dY, Z: (dY * (Z > 0)).astype(np.float32), "float32"),
        (lambda dY, Z: (dY * (Z > 0)).astype(int), "int64"),
        (lambda dY, Z: (dY * (Z > 0)).astype(complex), "complex"),
        (lambda dY: dY, "called as function(dY, Z)"),
        (lambda dY, Z: 1 // 0, "ZeroDivisionError"),
        (lambda dY, Z: np.broadcast_to(0.0, (10**9, 10**9)), "far too large"),
        (lambda dY, Z: (dY for _ in Z), "generator"),
        (lambda dY, Z: dY * (Z > ...), "A blank is not filled in yet (line"),
        (lambda dY, Z: ..., "A blank is not filled in yet"),
        (lambda dY, Z: dY * blank_1, "The name blank_1 is not known"),  # noqa: F821
        (unspeakable, "Unspeakable"),
        (forgetful, "right once, and wrong the next time"),
    ],
)
def test_whatever_a_function_does_gets_a_plain_verdict(function, words):
    late = any(part in words for part in ("come back", "background", "stopped"))
    verdict = exercises.check("relu_backward", function, seconds=0.5 if late else 60)
    assert not verdict.passed
    assert words in str(verdict)


def test_a_result_that_is_far_too_large_is_not_shown_whole():
    verdict = exercises.check("crop", lambda dYp, padding: np.zeros((50, 60, 3)))
    assert len(str(verdict)) < 2_000
    assert "50 x 60, here 12 of each" in str(verdict)


@pytest.mark.parametrize(("rows", "cut"), [(12, False), (13, True)])
def test_a_map_is_shown_up_to_twelve_rows_and_columns(rows, cut):
    for shape in (rows, 12, 1), (12, rows, 1):
        shown = str(exercises.check("crop", lambda dYp, padding, shape=shape: np.zeros(shape)))
        assert f"{shape[0]} x {shape[1]}{', here 12 of each' * cut}:" in shown
        assert ("here 12" in shown) == cut


@pytest.mark.parametrize(("cells", "words"), [(10_000, "has the shape"), (10_001, "far too large")])
def test_a_result_is_looked_at_up_to_ten_thousand_cells(cells, words):
    verdict = exercises.check("relu_backward", lambda dY, Z: np.zeros((cells, 1, 1)))
    assert words in verdict.fault
    assert ("far too large" in verdict.fault) == (cells > 10_000)


def test_the_notebook_is_left_as_it_was():
    def careless(dY, Z):
        np.random.seed(1), random.seed(1)
        np.seterr(all="raise")
        warnings.simplefilter("ignore")
        return dY

    np.random.seed(5)
    before = np.random.get_state()[1].tolist(), random.getstate(), np.geterr(), warnings.filters[:]
    exercises.check("relu_backward", careless)
    after = np.random.get_state()[1].tolist(), random.getstate(), np.geterr(), warnings.filters[:]
    assert before == after


def test_unknown_names_and_values_that_are_no_function():
    with pytest.raises(ValueError, match="there is no exercise 'nothing'.*conv_backward_input"):
        exercises.check("nothing", np.sum)
    with pytest.raises(TypeError, match="function must be a function, got ndarray"):
        exercises.check("flip", np.zeros(3))


def test_a_counterexample_is_small_and_its_cell_is_summed():
    verdict = exercises.check("conv_backward_input", NOT_FLIPPED)
    x = verdict.counterexample
    assert x.given["dZ"].size == 1
    assert x.given["W"].size == 2
    assert x.step.value == float(x.should)
    assert str(x.step) in str(verdict)


def test_a_fault_in_every_cell_is_shown_on_the_smallest_problem_of_all():
    planted_sign = planted("conv_backward_input", "sign").counterexample.given
    sizes = {name: np.shape(value) for name, value in planted_sign.items()}
    assert (sizes["dZ"], sizes["W"]) == ((1, 1, 1), (1, 1, 1, 1))
    assert [planted_sign[n] for n in ("input_size", "stride", "padding")] == [
        (1, 1),
        (1, 1),
        (0, 0),
    ]
    batch = planted("input_gradient_batch", "sign").counterexample.given
    assert batch["dZ"].shape == (1, 1, 1, 1)


@pytest.mark.parametrize("axis", range(3))
def test_a_fault_is_shown_on_the_smallest_problem_that_has_it(axis):
    def wrong(dY, Z):
        made = dY * (Z > 0)
        np.moveaxis(made, axis, 0)[1:2] += 7
        return made

    smallest = exercises.check("relu_backward", wrong).counterexample.given
    assert smallest["Z"].shape == tuple(2 if other == axis else 1 for other in range(3))


def test_a_verdict_is_a_card_with_the_wrong_cells_marked():
    verdict = exercises.check("conv_backward_input", NOT_FLIPPED)
    shown = verdict._repr_html_()
    assert "<style" not in shown and "class=" not in shown  # an untrusted notebook has neither
    x = verdict.counterexample
    assert shown.count("<table") == len([*x.arrays]) == 4
    assert shown.count("border:3px solid #D55E00") == 1  # what came, and what should have come
    assert shown.count("border:3px solid #009E73") == 1
    assert shown.count("≠</sup>") == 2 and "2 of 2 cells are wrong." in shown
    assert f"<b>{x.came}</b><sup" in shown and f"<b>{x.should}</b>" in shown
    assert shown.count("<details>") == 3 and shown.endswith("</details></details></details></div>")
    assert repr(verdict) == str(verdict)
    right = exercises.check("flip", lambda W: W[::-1, ::-1])._repr_html_()
    assert "✓</span> Right" in right and "<table" not in right and "✗</span> Not yet" in shown


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conv_backward_input", "InputGradientStepper"),
        ("filter_gradient_one_map", "FilterGradientStepper"),
        ("forward_one_map", "ForwardStepper"),
    ],
)
def test_a_verdict_opens_a_stepper_at_its_cell(name, kind):
    verdict = exercises.check(name, exercises.MISTAKES[name]["twice"])
    stepper = verdict.stepper()
    assert type(stepper).__name__ == kind
    assert str(stepper.step) == str(verdict.counterexample.step)


def test_the_cells_of_a_level_with_matrices_have_two_indices():
    verdict = exercises.check("forward_one_map", exercises.MISTAKES["forward_one_map"]["twice"])
    assert "Right: Z(0, 0) = Y(0, 0) W(0, 0) = 1·2 = 2" in str(verdict)
    assert "Y(0, 0) and W(0, 0) meet in Z(0, 0), because" in verdict.hints[1]


def test_who_changes_an_argument_is_told_how_to_find_the_line():
    verdict = exercises.check("relu_backward", in_place)
    assert verdict.mistake is None
    assert verdict.hints[0] == "Print dY before and after the call."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spread", "dZ(i, j) goes to row i·2 and column j·1"),
        ("crop", "Row r is row r + 1 of dYp"),
        ("output_size", "The windows begin at [0]: one for each of these."),
        ("relu_backward", "Z(0, 0, 0) is 0.5."),
        ("max_pool_backward", "Window (i, j) begins at row i·1"),
        ("conv_backward_bias", "db(0) = dZ(0, 0, 0) + dZ(1, 0, 0) = 3 + 4 = 7."),
        ("flip", "flipped(0, 0, 0, 0) = W(0, 1, 0, 0) = 3."),
        ("train_step", "dY(0, 0, 0) = 2·dZ(0, 0, 0) = 2·3 = 6."),
    ],
)
def test_a_cell_is_explained_in_the_terms_of_its_exercise(name, words):
    shown = [str(exercises.check(name, m)) for m in exercises.MISTAKES[name].values()]
    assert any(words in text for text in shown), shown[0]


def test_a_verdict_in_a_notebook_is_its_card_and_a_button():
    verdict = exercises.check("conv_backward_input", NOT_FLIPPED)
    shown = verdict._repr_mimebundle_()
    assert shown["text/html"] == verdict._repr_html_()
    assert shown["text/plain"] == str(verdict)
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert {*exercises.check("flip", np.copy)._repr_mimebundle_()} == {"text/plain", "text/html"}


def test_a_stepper_is_made_when_the_button_is_clicked():
    made = []
    _, button, _ = opening("", "Open", lambda: made.append(1)).children
    assert button.description == "Open" and not made
    button.click()
    assert made == [1] and button.disabled


def test_no_widget_is_loaded_before_a_verdict_is_shown():
    code = "import sys, cnnlib.exercises; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_a_verdict_without_a_pass_has_no_stepper():
    assert exercises.check("flip", np.copy).stepper() is None
    assert exercises.check("flip", lambda W: W[::-1, ::-1]).stepper() is None


def test_most_counterexamples_are_drawn_at_a_glance():
    sizes = [largest(planted(*case)) for case in CASES]
    assert np.mean(np.array(sizes) < 12) > 0.9


@pytest.mark.parametrize(
    ("shapes", "named"), [([(3, 2, 1, 3)], False), ([(3, 2, 1, 3), (2, 3, 2, 2)], True)]
)
def test_a_mistake_is_named_where_two_problems_show_it(monkeypatch, shapes, named):
    def wrong(W):
        return 0.0 * W if W.shape in shapes else W[::-1, ::-1]

    exercise = dataclasses.replace(exercises.EXERCISES["flip"])
    same = catalogue.Wrong(exercise, (work.put(make=lambda x: wrong(x.W)),))
    rare = catalogue.Mistake("rare", "It is 0 for some.", "Look.", frozenset(), (same,))
    vars(exercise)["mistakes"] = {"rare": rare}
    monkeypatch.setitem(catalogue.EXERCISES, "flip", exercise)
    verdict = exercises.check("flip", wrong)
    assert not verdict.passed
    assert verdict.mistake == (rare.says if named else None)


def test_no_hint_is_a_line_of_code():
    for name, exercise in exercises.EXERCISES.items():
        for hint in (exercise.write, *(m.cure for m in exercise.mistakes.values())):
            assert not set("[*@_") & set(hint) and "np." not in hint, (name, hint)
            assert "!" not in hint and hint.endswith(".")


def test_where_a_smaller_problem_is_shown_than_the_one_that_raised_it_is_said():
    right = exercises.EXERCISES["input_gradient_one_map"].right

    def refuses(least):
        def gradient(dZ, W):
            if dZ.size >= least:
                raise ValueError("no")
            return right(dZ, W)

        return gradient

    said = "The problem shown is smaller, and fails too."
    small, smallest = (
        exercises.check("input_gradient_one_map", refuses(least)) for least in (4, 1)
    )
    assert small.counterexample.given["W"].shape == (1, 1)
    assert "W of shape (2, 2)" in small.fault and small.fault.endswith(said)
    assert "W of shape (1, 1)" in smallest.fault and said not in smallest.fault


def test_which_test_catches_what():
    seen = {
        key: exercises.caught_by("conv_backward_input", mistake)
        for key, mistake in exercises.MISTAKES["conv_backward_input"].items()
    }
    assert all(caught["every cell"] for caught in seen.values())
    assert not seen["filter not flipped"]["symmetric filter"]
    assert not seen["stride forgotten"]["stride 1 only"]
    assert not seen["sum over k forgotten"]["one map"]
    flipped = exercises.MISTAKES["conv_backward_filter"]["dZ flipped"]
    assert not exercises.caught_by("conv_backward_filter", flipped)["all-ones dZ"]


BLANKS = [
    lambda dZ, W: [dZ[..., r] for r in range(...)],
    lambda dZ, W: np.zeros(...),
    lambda dZ, W: dZ + ...,
    lambda dZ, W: W[..., ...],
    lambda dZ, W: (...).shape,
    lambda dZ, W: divmod(..., 2),
    lambda dZ, W: [u for u, v in ...],
]


@pytest.mark.parametrize("function", BLANKS)
def test_a_blank_is_told_by_a_plain_word_and_no_picture(function):
    verdict = exercises.check("input_gradient_one_map", function)
    assert verdict.fault.startswith("A blank is not filled in yet")
    assert verdict.mistake is None and verdict.counterexample is None
    assert verdict.hints[2] == exercises.EXERCISES["input_gradient_one_map"].write
    assert "<table" not in verdict._repr_html_()


def test_a_fraction_as_an_index_is_no_blank():
    verdict = exercises.check("input_gradient_one_map", lambda dZ, W: dZ[0.5])
    assert verdict.fault.startswith("It raises IndexError: only integers")


@pytest.mark.parametrize("path", LESSONS[1:], ids=lambda path: path.stem)
def test_each_lesson_but_the_first_has_an_exercise_that_is_checked(path):
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    names = re.findall(r'exercises\.(?:check|caught_by)\("(\w+)"', "\n".join(cells))
    assert names and {*names} <= {*exercises.EXERCISES}


@pytest.mark.parametrize("path", LESSONS[6:8], ids=lambda path: path.stem)
def test_an_exercise_fades_from_worked_to_blanks_to_open(path):
    cells = {c.id: c for c in nbformat.read(path, as_version=4).cells}
    worked, blanks, free = (cells[f"own-two{end}"] for end in ("", "-blanks", "-open"))
    assert "right on all problems" in worked.outputs[0].data["text/plain"]
    assert "A blank is not filled in yet (line" in blanks.outputs[0].data["text/plain"]
    assert "    return ..." in free.source


def test_a_lesson_says_right_where_its_blanks_are_filled_in():
    """All in one kernel, each cell of a lesson with its answer."""
    nb = nbformat.v4.new_notebook()
    imports = "import numpy as np\n\nimport cnnlib\nfrom cnnlib import exercises"
    nb.cells.append(nbformat.v4.new_code_cell(imports))
    for lesson, name, *changes in answers.ANSWERS:
        (path,) = (path for path in LESSONS if path.name.startswith(lesson))
        (source,) = (c.source for c in nbformat.read(path, as_version=4).cells if c.id == name)
        for blank, answer in zip(changes[::2], changes[1::2], strict=True):
            assert blank in source, (lesson, name)
            source = source.replace(blank, answer)
        nb.cells.append(nbformat.v4.new_code_cell(source))
    notebooks.run(nb, LESSONS[0].parent)
    for (lesson, name, *_), cell in zip(answers.ANSWERS, nb.cells[1:], strict=True):
        assert "right on all problems" in str(cell.outputs), (lesson, name, cell.outputs)


def test_the_table_of_the_report(report):
    """At the end of a run: how many mistakes are named, and right implementations accepted."""
    rows = []
    for name, table in exercises.MISTAKES.items():
        own = [n for n, row in enumerate(WRONG) if row[0] == name]
        named = sum(planted(name, key).mistake == m.says for key, m in table.items())
        named += sum(students(n).mistake == table[WRONG[n][1]].says for n in own)
        right = [f for exercise, f in RIGHT if exercise == name]
        accepted = sum(exercises.check(name, f).passed for f in right)
        rows.append((name, named, len(table) + len(own), accepted, len(right)))
    rows.append(("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
    report += [
        f"{name:26} named {named:3} of {mistaken:3}   accepted {accepted:2} of {right:2}"
        for name, named, mistaken, accepted, right in rows
    ]
    assert rows[-1][1] == rows[-1][2]
    assert rows[-1][3] == rows[-1][4]


@pytest.mark.parametrize("function", [endless, stubborn])
def test_a_loop_in_python_is_stopped_and_not_only_left_behind(function):
    before = threading.active_count()
    exercises.check("relu_backward", function, seconds=0.2)
    assert threading.active_count() <= before


@pytest.mark.parametrize("name", exercises.PENCIL)
def test_numbers_by_hand_are_right_or_named(name):
    exercise, given, cell = exercises.byhand.question(name)
    right = exercise.made(exercise.right, given)[0]
    of_cell = right if cell is None else right[cell]
    verdict = exercises.answer(name, of_cell.tolist())
    assert verdict.passed and "= " in verdict.notes[0]
    for mistake in ("twice", "sign"):
        wrong = exercise.mistakes[mistake](*given.values())
        verdict = exercises.answer(name, wrong if cell is None else float(wrong[cell]))
        assert not verdict.passed
        assert exercise.mistakes[mistake].says in (verdict.mistake or "") or verdict.mistake
        assert str(verdict).count(" came") and verdict.hints[2]
    off = exercises.answer(name, np.add(of_cell, 1000.5))
    assert off.mistake is None and "no known mistake" in off.fault
    assert "came" in str(off) and "= " in str(off)  # the products of the first wrong cell


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_a_whole_result_by_hand(name):
    exercise, given = exercises.EXERCISES[name], exercises.numbers(name)
    right = exercise.made(exercise.right, given)
    assert exercises.answer(name, right if len(right) > 1 else right[0]).passed
    wrong = tuple(part + 7 for part in right)
    verdict = exercises.answer(name, wrong if len(right) > 1 else wrong[0])
    assert not verdict.passed and len(verdict.hints) == 3
    assert str(exercises.answer(name, None)) == f"{name}: not answered yet"


@pytest.mark.parametrize("digits", [2, 3, 5])
def test_a_rounded_answer_counts_from_three_digits_on(digits):
    exercise, given = exercises.EXERCISES["tanh_backward"], exercises.numbers("tanh_backward")
    (right,) = exercise.made(exercise.right, given)
    came = np.array([float(f"{value:.{digits}g}") for value in right.ravel()])
    verdict = exercises.answer("tanh_backward", came.reshape(right.shape))
    assert verdict.passed == (digits > 2)
    assert (f"It is right to {digits} digits." in str(verdict)) == verdict.passed
    off = came + 10.0 ** -(digits - 1)
    assert not exercises.answer("tanh_backward", off.reshape(right.shape)).passed


@pytest.mark.parametrize(
    ("value", "right", "said"),
    [
        (220.5, True, "right."),
        (220, True, "It is right to 3 digits."),
        (219, False, "not the number"),
        (13.8, False, "One only."),
        (13.7, False, "not the number"),
    ],
)
def test_a_rounded_answer_to_a_question(monkeypatch, value, right, said):
    asked = {"asked": lambda: (220.5, {"One only.": 13.78125}, "16 of them.")}
    monkeypatch.setattr(exercises.asked, "QUESTIONS", asked)
    verdict = exercises.answer("asked", value)
    assert verdict.passed == right and said in str(verdict)


@pytest.mark.parametrize(
    ("came", "should", "digits"),
    [
        (13.8, 13.78125, 3),
        (13.7813, 13.78125, 6),
        (13.7812, 13.78125, 6),
        (13.79, 13.78125, 0),
        (14, 13.78125, 0),
        (0.01, 0.010003, 4),
        (10, 9.997, 3),
        (-0.333, -1 / 3, 3),
        (0.001, 0, 0),
        (np.inf, 2.5, 0),
        (2.5, 2.5, 0),
    ],
)
def test_how_many_digits_are_right(came, should, digits):
    assert exercises.byhand.rounded((np.array(came),), (np.array(should),)) == digits


def test_an_answer_that_cannot_be_read():
    assert "cannot be read" in exercises.answer("03 dY(1, 3)", "seven").fault
    assert "should be one number" in exercises.answer("03 dY(1, 3)", [1, 2]).fault
    assert "should be 5 x 5" in exercises.answer("input_gradient_one_map", np.eye(3)).fault
    open_ = np.full((5, 5), np.nan)
    assert "not complete" in exercises.answer("input_gradient_one_map", open_).fault
    with pytest.raises(ValueError, match="there is no question 'x'.*03 dY"):
        exercises.answer("x", 1)


def test_an_exception_is_told_with_what_was_given_and_its_usual_cause():
    def numbers(dZ, Y, filter_size, stride, padding):
        made = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
        Yp = np.pad(Y, ((padding, padding), (padding, padding), (0, 0)))
        for i, j in np.ndindex(dZ.shape[:2]):
            window = Yp[
                i * stride : i * stride + len(made), j * stride : j * stride + made.shape[1]
            ]
            made += window[..., None] * dZ[i, j]
        return made

    def sliced(dYp, padding):
        made = np.zeros(np.subtract(dYp.shape, (*np.multiply(padding, 2), 0)))
        made[...] = dYp[padding[0] : -padding[0], padding[1] : -padding[1]]
        return made

    def square(dY, Z):
        mask = np.zeros((len(Z), len(Z), Z.shape[2]))
        mask[...] = Z > 0
        return dY * mask

    told = exercises.check("conv_backward_filter", numbers).fault
    assert "dZ of shape (1, 1, 1)" in told and "stride = (1, 1)" in told and "are pairs" in told
    assert "where p is 0" in exercises.check("crop", sliced).fault
    assert "rows and columns differ" in str(exercises.check("relu_backward", square))


def test_a_layout_is_one_of_two():
    with pytest.raises(ValueError, match="no layout 'NCHW'; there are: channels last"):
        exercises.check("flip", np.flip, layout="NCHW")


def test_a_part_that_is_right_is_told_first():
    def wrong_at_stride(dZ, W, input_size, stride, padding):
        made = loops.conv_backward_input(dZ, W, input_size, stride=stride, padding=padding)
        return made + (max(stride) > 1) * np.arange(made.size).reshape(made.shape) ** 2

    verdict = exercises.check("conv_backward_input", wrong_at_stride)
    assert "It is right where the stride is 1." in verdict.notes
    kept = exercises.check(
        "conv_backward_bias", lambda dZ: dZ.reshape(-1, dZ.shape[-1]).sum(0)[None]
    )
    assert kept.fault.startswith("The numbers are right")

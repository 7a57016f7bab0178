"""Mistakes are named, right answers pass, and nothing that a function does hurts the notebook."""

import random
import threading
import time
import warnings

import mistakes
import numpy as np
import pytest
import styles

from cnnlib import exercises, loops

CASES = [(name, key) for name, table in exercises.MISTAKES.items() for key in table]


def largest(verdict):
    x = verdict.counterexample
    arrays = (v for v in (*x.given.values(), *x.results.values()) if isinstance(v, np.ndarray))
    return max((array.size for array in arrays), default=0)


@pytest.mark.parametrize(("name", "key"), CASES)
def test_every_mistake_of_the_table_is_named(name, key):
    mistake = exercises.MISTAKES[name][key]
    verdict = exercises.check(name, mistake)
    assert not verdict.passed
    assert verdict.mistake == mistake.says
    assert verdict.counterexample.results
    assert largest(verdict) <= 30
    assert len(verdict.hints) == 3
    assert "object at 0x" not in str(verdict)


WRONG = mistakes.WRONG + styles.WRONG
RIGHT = mistakes.RIGHT + styles.RIGHT


@pytest.mark.parametrize(("name", "key", "function"), WRONG)
def test_a_students_own_wrong_function_is_named(name, key, function):
    verdict = exercises.check(name, function)
    assert verdict.mistake == exercises.MISTAKES[name][key].says, str(verdict)


@pytest.mark.parametrize(("name", "function"), RIGHT)
def test_a_right_answer_passes_by_any_route(name, function):
    begin = time.perf_counter()
    verdict = exercises.check(name, function)
    assert verdict.passed, str(verdict)
    assert time.perf_counter() - begin < 2


@pytest.mark.parametrize(("name", "argument", "function"), styles.CHANGES_ITS_ARGUMENT)
def test_a_function_that_changes_its_argument_is_told_so(name, argument, function):
    verdict = exercises.check(name, function)
    assert f"changes its argument {argument}" in verdict.fault
    assert verdict.mistake is None


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_the_specification_passes(name):
    right = exercises.EXERCISES[name].right
    assert exercises.check(name, lambda *a, **k: right(*a, *k.values())).passed


def composed(rng):
    """A random composition of faults in the scatter, with all loop limits in reach."""
    shift, more = rng.integers(-1, 2, 4), rng.integers(-1, 1, 4)
    sign, scale = rng.choice([1, -1]), rng.choice([1, 0.5, 2])
    swap_w, swap_s, swap_p = rng.integers(0, 2, 3)

    def function(dZ, W, input_size, stride, padding):
        W = W.swapaxes(0, 1) if swap_w and W.shape[0] == W.shape[1] else W
        s = stride[::-1] if swap_s else stride
        p = padding[::-1] if swap_p else padding
        dY = np.zeros((*input_size, W.shape[2]))
        limits = np.array((*dZ.shape[:2], *W.shape[:2])) + more
        for i, j, u, v in np.ndindex(*np.maximum(limits, 0)):
            r, c = i * s[0] + u - p[0] + shift[0], j * s[1] + v - p[1] + shift[1]
            if 0 <= r < input_size[0] and 0 <= c < input_size[1]:
                u_, v_ = (u + shift[2]) % W.shape[0], (v + shift[3]) % W.shape[1]
                dY[r, c] += sign * scale * (W[u_, v_] @ dZ[i, j])
        return dY

    return function


def differs(function):
    """Whether it differs from the definition, on problems that the check does not know."""
    rng = np.random.default_rng(1)
    for n, f, s, p in [((6, 7), (3, 2), (2, 1), (1, 0)), ((5, 5), (3, 3), (1, 2), (0, 1))]:
        W = rng.normal(size=(*f, 2, 3))
        o = loops.conv_forward(np.zeros((*n, 2)), W, stride=s, padding=p).shape
        dZ = rng.normal(size=o)
        right = loops.conv_backward_input(dZ, W, n, stride=s, padding=p)
        if not np.allclose(function(dZ, W, n, s, p), right):
            return True
    return False


def test_compositions_of_faults_are_refused():
    rng, refused = np.random.default_rng(0), 0
    while refused < 120:
        function = composed(rng)
        if differs(function):
            verdict = exercises.check("conv_backward_input", function)
            assert not verdict.passed
            assert verdict.counterexample is not None
            refused += 1


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
    ],
)
def test_whatever_a_function_does_gets_a_plain_verdict(function, words):
    begin = time.perf_counter()
    verdict = exercises.check("relu_backward", function, seconds=0.5)
    assert not verdict.passed
    assert words in str(verdict)
    assert time.perf_counter() - begin < 4


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
    verdict = exercises.check("conv_backward_input", mistakes.WRONG[0][2])
    x = verdict.counterexample
    assert x.given["dZ"].size == 1
    assert x.given["W"].size == 2
    assert x.step.value == float(x.should)
    assert str(x.step) in str(verdict)


def test_a_verdict_shows_tables_with_the_wrong_cell_marked():
    verdict = exercises.check("conv_backward_input", mistakes.WRONG[0][2])
    shown = verdict._repr_html_()
    assert "<style" not in shown and "class=" not in shown  # an untrusted notebook has neither
    x = verdict.counterexample
    assert shown.count("<table") == len([*x.arrays]) == 4
    assert shown.count("border:4px solid") == 2  # in what came, and in what should have come
    assert f"<b>[{x.came}]</b>" in shown and f"<b>[{x.should}]</b>" in shown
    assert shown.count("<details>") == 3
    assert repr(verdict) == str(verdict)
    assert not hasattr(verdict, "_ipython_display_")


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
    assert "Right: Z(0, 0) = Y(0, 0) W(0, 0) = 1·1 = 1" in str(verdict)
    assert "Y(0, 0) and W(0, 0) meet in Z(0, 0), because" in verdict.hints[1]


def test_who_changes_an_argument_is_told_how_to_find_the_line():
    verdict = exercises.check("relu_backward", in_place)
    assert verdict.mistake is None
    assert verdict.hints[0] == "Print dY before and after the call."


def test_a_verdict_without_a_pass_has_no_stepper():
    assert exercises.check("flip", np.copy).stepper() is None
    assert exercises.check("flip", lambda W: W[::-1, ::-1]).stepper() is None


def test_most_counterexamples_are_drawn_at_a_glance():
    sizes = [largest(exercises.check(name, exercises.MISTAKES[name][key])) for name, key in CASES]
    assert np.mean(np.array(sizes) < 12) > 0.9


def test_no_hint_is_a_line_of_code():
    for name, exercise in exercises.EXERCISES.items():
        for hint in (exercise.write, *(m.cure for m in exercise.mistakes.values())):
            assert not set("[*@_") & set(hint) and "np." not in hint, (name, hint)
            assert "!" not in hint and hint.endswith(".")


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


def test_the_table_of_the_report(capsys):
    """Seen in every run: how many mistakes are named, and right implementations accepted."""
    rows = []
    for name, table in exercises.MISTAKES.items():
        named = sum(exercises.check(name, m).mistake == m.says for m in table.values())
        own = [row for row in WRONG if row[0] == name]
        named += sum(exercises.check(name, f).mistake == table[key].says for _, key, f in own)
        right = [f for exercise, f in RIGHT if exercise == name]
        accepted = sum(exercises.check(name, f).passed for f in right)
        rows.append((name, named, len(table) + len(own), accepted, len(right)))
    rows.append(("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
    with capsys.disabled():
        print()
        for name, named, mistaken, accepted, right in rows:
            print(f"{name:26} named {named:3} of {mistaken:3}   accepted {accepted:2} of {right:2}")
    assert rows[-1][1] == rows[-1][2]
    assert rows[-1][3] == rows[-1][4]


@pytest.mark.parametrize("function", [endless, stubborn])
def test_a_loop_in_python_is_stopped_and_not_only_left_behind(function):
    before = threading.active_count()
    exercises.check("relu_backward", function, seconds=0.2)
    assert threading.active_count() <= before

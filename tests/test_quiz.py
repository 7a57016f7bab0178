"""Questions about a step: each answer is worked out again, by another way.

How a guess is read and judged, and which slips are named, is in cases.json: see test_cases.py.
"""

import re

import numpy as np
import pytest

from cnnlib import examples, trace
from cnnlib.steppers import quiz

E, OBLONG, T = examples.one_map(), examples.oblong(), examples.three_maps()
DILATED = {"padding": ((1, 0), (2, 1)), "dilation": (2, 1), "stride": (1, 2)}
TRACES = {
    "forward": trace.forward_steps(E.Y, E.W, E.b),
    "forward, all": trace.forward_steps(E.Y, E.W, E.b, **DILATED),
    "input, strided": trace.input_steps(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how),
    "input, maps": trace.input_steps(T.dZ, T.W, T.input_size),
    "filter, strided": trace.filter_steps(OBLONG.dZ, OBLONG.Y, OBLONG.filter_size, **OBLONG.how),
    "filter, maps": trace.filter_steps(T.dZ, T.Y, T.filter_size),
    "scatter": trace.scatter_steps(E.dZ, E.W, E.input_size),
    "influence, maps": trace.influence_steps(T.Y, T.W, T.b),
}
EACH_TRACE = pytest.mark.parametrize("steps", TRACES.values(), ids=TRACES)


def asked(kind, steps):
    """Yield (step, term, question) for each question of a kind that a pass can be asked."""
    for step in steps:
        for term in range(max(1, len(step.terms))):
            found = quiz.question(kind, step, term)
            assert (found is None) == (kind != "size" and not step.terms)
            if found:
                yield step, term, found


@EACH_TRACE
def test_the_value_is_that_of_the_sum_or_of_the_product(steps):
    for step, term, question in asked("value", steps):
        right = step.value if step.target else step.terms[term].value
        assert str(step.target or step.source) in question.ask
        assert question.is_right(question.answer) and question.is_right(f" {right:.2f} ")
        for wrong in (1, -1, 0.01):
            assert not question.is_right(str(right + wrong))


def related(where, cells):
    """Whether the cells of Y, W and Z meet: r = i s + u d - p, and the maps agree."""
    y, w, z = (cells[name] for name in "YWZ")
    on_axes = all(
        y[n] == z[n] * axis.s + w[n] * axis.d - axis.before for n, axis in enumerate(where)
    )
    return on_axes and (w[2], w[3]) == (y[2], z[2])


@EACH_TRACE
@pytest.mark.parametrize("kind", ["weight", "index"])
def test_the_answer_is_the_one_cell_that_meets_the_two_that_are_given(kind, steps):
    """All cells of the array that is asked about are tried with the relation."""
    for _, _, question in asked(kind, steps):
        name, _ = question.answer.split("(")
        given = {cell.array[-1]: cell.index for cell in question.given}
        assert all(str(cell) in question.ask for cell in question.given)
        assert question.answer not in question.ask
        fit = [
            index
            for index in np.ndindex(*steps.shapes[name])
            if related(steps.where, given | {name[-1]: index})
        ]
        assert fit == [question.numbers]
        shown = fit[0][:2] if steps.channels == (1, 1) else fit[0]
        assert question.answer == f"{name}({', '.join(map(str, shown))})"
        assert (name[-1] == "W") == (kind == "weight" or steps.kind == "filter" and name == "dW")


@EACH_TRACE
def test_what_a_question_about_a_size_gives_is_enough(steps):
    """The answer is worked out again from the numbers of the question alone."""
    question = quiz.question("size", steps[0], 0)
    numbers_of = re.search(
        r"Y is (\d+) x (\d+), the filter is (\d+) x (\d+), stride (\d+) x (\d+), padding "
        r"(\d+) and (\d+), (\d+) and (\d+) \(rows, columns\), dilation (\d+) x (\d+)\. ",
        question.ask,
    )
    n_h, n_w, f_h, f_w, s_h, s_w, top, bottom, left, right, d_h, d_w = map(int, numbers_of.groups())
    size = []
    for n, f, s, p, d in ((n_h, f_h, s_h, top + bottom, d_h), (n_w, f_w, s_w, left + right, d_w)):
        windows = len(range(0, n + p - (f - 1) * d, s))
        rest = (n + p - (f - 1) * d - 1) % s
        spread = windows + (windows - 1) * (s - 1)
        asked_for = {"Z?": windows, "Y?": spread, "filter?": spread + rest + 2 * (f - 1) * d}
        size.append(asked_for[question.ask.split()[-1]])
    assert question.numbers == tuple(size)
    assert question.answer == f"{size[0]} x {size[1]}"


LONG = ["1" * 10_000, "-" * 100_000, "1e" * 100_000, "1," * 100_000, "9" * 400, "é" * 1000]


@pytest.mark.parametrize("kind", quiz.KINDS)
@pytest.mark.parametrize("guess", ["?", "nan", "½", "1e999", "\x00", *LONG], ids=lambda g: g[:5])
def test_nonsense_is_a_wrong_guess_and_no_error(kind, guess):
    question = quiz.question(kind, TRACES["forward"][4], 3)
    assert question.is_right(guess) is False


@pytest.mark.parametrize("value", [-0.0, 0.1, 1 / 3, 12345678.9, -1e-7, 1e15, -2.5e300, 1e-300])
def test_the_answer_as_it_is_shown_is_right(value):
    question = quiz.Question("value", "", trace.number(value, bare=True), (), (value,))
    assert question.is_right(question.answer)
    assert not question.is_right(str(value + max(1e-3, abs(value) / 100)))


@pytest.mark.parametrize("guess", ["5", "5.0", "= 5", "(5)", "+5", "5.", "5e+00"])
def test_a_number_may_be_written_in_many_ways(guess):
    question = quiz.Question("value", "", "", (), (5.0,))
    assert question.is_right(guess)
    assert not question.is_right(guess.replace("5", "6"))
    assert not question.is_right(f"{guess} or 6")


def test_a_score_takes_the_first_guess_of_each_question():
    score = quiz.Score()
    guesses = [("one", False), ("one", True), ("two", None), ("two", True), ("three", True)]
    for key, right in guesses:
        score.take(key, right)
    assert score.answered == {"one": False, "two": None, "three": True}
    assert str(score) == "1 of 2 right"

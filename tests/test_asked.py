"""Guesses are answered: each question of the lessons, its right value, and its known slips."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlib import exercises
from cnnlib.exercises.asked import questions

LESSONS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9]*.ipynb"))
ASKED = re.compile(r'exercises\.answer\("([^"]+)", \.\.\.\)')
SLIPS = [(name, says) for name, question in questions().items() for says in question.slips]
EACH = pytest.mark.parametrize("name", questions())


def folded_answers():
    """Pairs (name, numbers of the folded answer below the guess)."""
    for path in LESSONS:
        cells = nbformat.read(path, as_version=4).cells
        for cell, below in zip(cells, cells[1:], strict=False):
            asked = ASKED.search(cell.source)
            bold = re.match(r"<details><summary>Answer</summary>\s+\*\*(.+?)\*\*", below.source)
            if asked and bold and asked[1] in questions():
                text = re.sub(r"[\[\](),]|\.$", " ", bold[1].replace("−", "-"))
                yield asked[1], [eval(number) for number in text.split()]


def test_each_question_is_asked_once():
    asked = [name for path in LESSONS for cell in nbformat.read(path, 4).cells
             for name in ASKED.findall(cell.source)]  # fmt: skip
    assert len({*asked}) == len(asked)
    assert {*questions()} <= {*asked}


def test_the_folded_answer_is_the_right_one():
    found = dict(folded_answers())
    assert len(found) > 15
    for name, numbers in found.items():
        np.testing.assert_allclose(numbers, np.ravel(questions()[name].right), atol=1e-12)


@EACH
def test_a_right_answer_is_right_in_any_form(name):
    right = np.asarray(questions()[name].right, float)
    for value in (right, right.tolist(), right.astype(np.float32).astype(float)):
        reply = exercises.answer(name, value)
        assert reply.passed
        assert f"{name}: right. {reply.why}" == str(reply)


@EACH
def test_without_an_answer_nothing_is_told(name):
    for value in (..., None, [1, ...], float("nan")):
        reply = exercises.answer(name, value)
        assert str(reply) == f"{name}: not answered yet."
        assert "details" not in reply._repr_html_()


@pytest.mark.parametrize(("name", "says"), SLIPS)
def test_a_slip_is_named(name, says):
    reply = exercises.answer(name, questions()[name].slips[says])
    assert not reply.passed
    assert reply.mistake == says
    assert says in str(reply)
    assert reply.why not in str(reply)
    assert "Worked answer" in reply._repr_html_()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("rise of Z", [[6, 0, 3], [15, 3, 9], [0, 12, 7]], "1 of 9 are wrong, the first at (2, 2)"),
        ("rise of Z", [1, 2], "It should be 3 x 3, and 2 came."),
        ("size of the filter", (8, 5), "1 of 2 are wrong, the first at number 2: 5 came."),
        ("forward passes", 47, "47 is no known slip."),
        ("forward passes", [1, 2], "It should be one number, and 2 came."),
        ("bugs hidden by the mean", [9, 5], "2 of 3 are missing, 2 came."),
        ("shape of P", "P.shape", "this cannot be read: write numbers"),
    ],
)
def test_what_is_no_known_slip_is_located(name, value, fault):
    reply = exercises.answer(name, value)
    assert not reply.passed
    assert reply.mistake is None
    assert fault in str(reply)


def test_the_order_of_a_set_does_not_matter_and_that_of_a_list_does():
    assert exercises.answer("sizes with a left-over row", [10, 6, 8]).passed
    assert not exercises.answer("learning rates in order", [3, 0.003, 0.3]).passed


def test_an_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match="no question is called 'x'; there are: .*shape of P"):
        exercises.answer("x", 1)

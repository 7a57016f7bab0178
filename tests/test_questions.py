"""The questions of the lessons: the right answer passes, each known mistake is named."""

import re
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlib import exercises
from cnnlib.exercises.questions import QUESTIONS

LESSONS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9]*.ipynb"))
ASKED = re.compile(r'exercises\.answer\("([^"]+)"')
EACH = pytest.mark.parametrize("name", QUESTIONS)


def asked():
    """The names that the lessons ask for, and the cell below each."""
    for path in LESSONS:
        cells = nbformat.read(path, as_version=4).cells
        for cell, below in zip(cells, cells[1:], strict=False):
            for name in ASKED.findall(cell.source) if cell.cell_type == "code" else ():
                yield name, below.source


def test_every_question_is_asked_once_in_a_lesson():
    names = [name for name, _ in asked()]
    assert sorted(names) == sorted(QUESTIONS)


@EACH
def test_the_right_answer_passes_and_says_why(name):
    right, _, why = QUESTIONS[name]()
    verdict = exercises.answer(name, np.asarray(right).tolist())
    assert verdict.passed and str(verdict) == f"{name}: right."
    assert verdict.notes == (why,) and why.endswith(".")
    assert "✓</span> Right" in verdict._repr_html_()


@EACH
def test_each_known_mistake_is_named(name):
    _, slips, _ = QUESTIONS[name]()
    assert slips
    for says, slip in slips.items():
        verdict = exercises.answer(name, np.squeeze(slip).tolist())
        assert not verdict.passed and verdict.mistake == says, says
        assert says.endswith(".") and "✗</span> Not yet" in verdict._repr_html_()


@EACH
def test_an_unknown_answer_says_what_is_wrong_and_dots_say_nothing(name):
    right = np.asarray(QUESTIONS[name]()[0], float)
    strange = right.copy()
    strange[(-1,) * right.ndim] += 1000.5
    verdict = exercises.answer(name, strange.tolist())
    assert not verdict.passed and verdict.mistake is None and verdict.fault
    if right.ndim:
        assert f"1 of {right.size} wrong" in str(verdict)
    for open_ in (..., None, [1, ...], [[..., 1], [2, 3]]):
        assert str(exercises.answer(name, open_)) == f"{name}: not answered yet"


def test_what_cannot_be_read_or_has_another_shape_is_told():
    name = "rise of Z when Y(1, 3) rises"
    for value in ("x", [[1, 2, 3], [4, 5]], object()):
        assert "a list of 3 rows of 3 numbers" in exercises.answer(name, value).fault
    assert "yours is 2 x 2" in exercises.answer(name, np.ones((2, 2))).fault
    with pytest.raises(ValueError, match=r"there is no question 'no such'; there are: Z\(2, 0\)"):
        exercises.answer("no such", 1)


def test_the_order_of_a_set_does_not_matter_and_that_of_a_list_does():
    assert exercises.answer("sizes with a left-over row", [10, 6, 8]).passed
    assert exercises.answer("sizes with a left-over row", [6]).fault == (
        "None of these is wrong, but they are not all."
    )
    assert not exercises.answer("learning rates in order", [3, 0.003, 0.3]).passed


FOLDED = [(name, below) for name, below in asked() if below.startswith("<details>")]


@pytest.mark.parametrize(("name", "below"), FOLDED, ids=[name for name, _ in FOLDED])
def test_the_folded_answer_is_the_right_one(name, below):
    shown = re.search(r"\*\*(.+?)\*\*", below)[1].replace("−", "-")
    numbers = [float(Fraction(number)) for number in re.findall(r"-?\d+(?:\.\d+)?(?:/\d+)?", shown)]
    assert numbers == np.asarray(QUESTIONS[name]()[0], float).ravel().tolist()

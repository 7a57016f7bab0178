"""The questions of the lessons: the right answer passes, each known mistake is named.

A prediction is a promise: it is asked, a cell takes the guess, the answer lies folded below. What
is asked for is in nothing that a reader sees above it: prose, code, outputs, alt texts, figures.
The answer is the first bold text in the folded cell.
"""

import html
import re
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlib import exercises
from cnnlib.exercises.questions import QUESTIONS

REPOSITORY = Path(__file__).resolve().parents[1]
LESSONS = sorted((REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
ASKED = re.compile(r'exercises\.answer\("([^"]+)"')
EACH = pytest.mark.parametrize("name", QUESTIONS)


@pytest.mark.parametrize("name", ["dY(1, 4)", "Z(1, 2) of the oblong layer", "dW(0, 2)"])
def test_a_wrong_sum_of_products_has_factors_to_check(name):
    assert exercises.answer(name, 1000.5).fault.endswith("Check each factor and its sign.")


@pytest.mark.parametrize(
    "name", ["forward passes", "loss from zero weights", "safe nudge", "bug 3"]
)
def test_where_there_are_no_factors_none_are_spoken_of(name):
    assert exercises.answer(name, 1000.5).fault == "That is not the number."


def test_every_question_is_asked_once_in_a_lesson():
    sources = [c.source for path in LESSONS for c in nbformat.read(path, as_version=4).cells]
    assert sorted(name for text in sources for name in ASKED.findall(text)) == sorted(QUESTIONS)


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


# --- predictions ----------------------------------------------------------------------------

FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:/\d+)?")


def tags(cell):
    return cell.metadata.get("tags", ())


def predictions(path):
    """Triples of cells (question, guess, answer), each with the cells above it."""
    cells = nbformat.read(path, as_version=4).cells
    for n, cell in enumerate(cells):
        if "prediction" in tags(cell):
            yield pytest.param(cells[:n], *cells[n : n + 3], id=f"{path.stem[:2]}-{cell.id}")


EACH_PREDICTION = pytest.mark.parametrize(
    ("above", "question", "guess", "answer"),
    [each for path in LESSONS for each in predictions(path)],
)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_one_to_three_predictions_and_tags_them_all(path):
    cells = nbformat.read(path, as_version=4).cells
    asked = [cell for cell in cells if "**Predict.**" in cell.source]
    assert 1 <= len(asked) <= 3
    assert all("prediction" in tags(cell) for cell in asked)


@EACH_PREDICTION
def test_a_cell_takes_the_guess_and_the_answer_is_folded_below(above, question, guess, answer):
    assert question.source.startswith("**Predict.**")
    assert "guess" in tags(guess)
    assert "not answered yet" in seen(guess)
    assert FOLDED.fullmatch(answer.source)
    assert "<summary>Answer</summary>" in answer.source
    assert numbers(asked_for(answer))
    (name,) = ASKED.findall(guess.source)
    right = np.asarray(QUESTIONS[name]()[0], float)
    assert numbers(asked_for(answer)) == right.ravel().tolist()


@EACH_PREDICTION
def test_the_answer_is_not_seen_above_the_question(above, question, guess, answer):
    looked_for = numbers(asked_for(answer))
    for text in [*map(visible, above), question.source, *map(drawn, [*above, question])]:
        found = numbers(text)
        places = range(len(found) - len(looked_for) + 1)
        assert not any(found[n : n + len(looked_for)] == looked_for for n in places), text[:300]


def asked_for(answer):
    return re.search(r"\*\*(.+?)\*\*", answer.source)[1]


def numbers(text):
    """All numbers of a text, in its order; 2, 2.0 and numpy's 2. are the same."""
    return [float(Fraction(number)) for number in NUMBER.findall(text.replace("−", "-"))]


def visible(cell):
    """What a reader sees of a cell that was not opened or run."""
    shown = FOLDED.sub("", cell.source)
    hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden")
    return shown if hidden else f"{shown}\n{seen(cell)}"


def seen(cell):
    """The text of the stored outputs."""
    texts = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", "")]
        texts.append(html.unescape(re.sub(r"<[^>]*>", " ", data.get("text/html", ""))))
    return "\n".join(texts)


def drawn(cell):
    """The words in the figures of a cell."""
    files = re.findall(r"\.\./(figures/\w+\.svg)", cell.source)
    svg = "\n".join((REPOSITORY / file).read_text("utf-8") for file in files)
    return "\n".join(html.unescape(words) for words in re.findall(r"<text[^>]*>([^<]*)<", svg))

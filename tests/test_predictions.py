"""A prediction is a promise: it is asked, a cell takes the guess, the answer lies folded below.

What is asked for is in nothing that a reader sees above it: prose, code, outputs, alt texts and
the words of the figures. The answer is the first bold text in the folded cell.
"""

import html
import re
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LESSONS = sorted((REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
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


EACH = pytest.mark.parametrize(
    ("above", "question", "guess", "answer"),
    [each for path in LESSONS for each in predictions(path)],
)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_one_to_three_predictions_and_tags_them_all(path):
    cells = nbformat.read(path, as_version=4).cells
    asked = [cell for cell in cells if "**Predict.**" in cell.source]
    assert 1 <= len(asked) <= 3
    assert all("prediction" in tags(cell) for cell in asked)


@EACH
def test_a_cell_takes_the_guess_and_the_answer_is_folded_below(above, question, guess, answer):
    assert question.source.startswith("**Predict.**")
    assert "guess" in tags(guess)
    assert re.match(r'exercises\.answer\("[^"]+", \.\.\.\)', guess.source)
    assert "not answered yet" in seen(guess)
    assert FOLDED.fullmatch(answer.source)
    assert "<summary>Answer</summary>" in answer.source
    assert numbers(asked_for(answer))


@EACH
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
    return [float(eval_fraction(number)) for number in NUMBER.findall(text.replace("−", "-"))]


def eval_fraction(number):
    above, _, below = number.partition("/")
    return float(above) / float(below or 1)


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


def test_a_number_is_read_as_it_is_written_and_as_numpy_prints_it():
    assert numbers("[[ 1. -3.]\n [ 2.5 0.]]") == numbers("[[1, −3], [2.5, 0]]") == [1, -3, 2.5, 0]
    assert numbers("1/4 of W(1, 2)") == [0.25, 1, 2]

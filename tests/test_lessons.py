"""What every lesson has: its form, pictures with words, short definitions; the appendix."""

import re
from pathlib import Path

import nbformat
import pytest

from figures.catalogue import FIGURES

REPOSITORY = Path(__file__).resolve().parents[1]
ALL = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in ALL if path.name[0].isdigit()]
APPENDIX = REPOSITORY / "notebooks" / "appendix_read_the_source_with_care.ipynb"
EACH_LESSON = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
EACH_NOTEBOOK = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
ERRATA = [f"E{number}" for number in range(1, 55)]


def cells(path, kind):
    nb = nbformat.read(path, as_version=4)
    return [cell.source for cell in nb.cells if cell.cell_type == kind]


def prose(path):
    return "\n".join(cells(path, "markdown"))


@EACH_LESSON
def test_a_lesson_says_what_it_is_about(path):
    text = prose(path)
    assert re.match(r"# [A-Z]\w+,? \w+", text)
    for part in ["What you'll do", "What you'll learn", "What you'll need"]:
        assert f"**{part}.**" in text
    for part in ["On your own", "In practice", "In short", "Further reading"]:
        assert f"\n## {part}\n" in text
    assert "**Predict.**" in text


@EACH_LESSON
def test_a_lesson_needs_no_source(path):
    assert not re.search(r"\bE\d+\b", prose(path))


def test_the_appendix_has_all_errata_in_order_and_shows_each():
    assert re.findall(r"^- \*\*(E\d+)\.\*\*", prose(APPENDIX), re.MULTILINE) == ERRATA
    cells = nbformat.read(APPENDIX, as_version=4).cells
    below, shown = [], []
    for cell in cells:
        below += re.findall(r"^- \*\*(E\d+)\.\*\*", cell.source, re.MULTILINE)
        for output in cell.get("outputs", ()):
            found = re.findall(r"\bE\d+\b", output.get("text", ""))
            assert set(found) <= set(below)
            shown += found
    assert {*shown} == {*ERRATA}


FIRST = """import numpy as np

import cnnlib
from cnnlib import examples, exercises, loops, steppers"""


@EACH_NOTEBOOK
def test_the_first_cell_is_the_same_everywhere(path):
    assert cells(path, "code")[0] == FIRST


@EACH_NOTEBOOK
def test_every_picture_says_in_words_what_it_shows(path):
    words = {figure.name: figure.alt for figure in FIGURES}
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", prose(path), re.DOTALL)
    assert len(pictures) == prose(path).count("](../figures/")
    assert "<img" not in prose(path)
    for alt, target in pictures:
        assert (path.parent / target).is_file(), target
        assert alt == words[Path(target).stem]


def test_every_figure_of_the_source_is_in_a_lesson_or_the_appendix():
    shown = {name for path in ALL for name in re.findall(r"figures/(\w+)\.svg", prose(path))}
    assert {figure.name for figure in FIGURES if figure.stems} <= shown


@EACH_NOTEBOOK
def test_every_plot_says_in_words_what_it_shows(path):
    nb = nbformat.read(path, as_version=4)
    for cell, after in zip(nb.cells, [*nb.cells[1:], None], strict=True):
        kinds = {kind for output in cell.get("outputs", ()) for kind in output.get("data", {})}
        if any(kind.startswith("image/") for kind in kinds):
            assert after.source.startswith("*The picture: "), cell.id
            assert len(cell.metadata.alt) > 60

"""What every lesson has: its parts, its errata, pictures with words."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from figures.catalogue import FIGURES

REPOSITORY = Path(__file__).resolve().parents[1]
LESSONS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
EACH_LESSON = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
ERRATA = {  # where each entry of the list must stand: the lesson that meets the statement
    "01": range(1, 9),
    "02": range(9, 20),
    "03": range(19, 30),
    "05": range(30, 33),
    "06": range(33, 41),
    "07": range(41, 54),
}
IMPORTS = {"numpy", "cnnlib", "matplotlib"}


def cells(path, kind):
    nb = nbformat.read(path, as_version=4)
    return [cell.source for cell in nb.cells if cell.cell_type == kind]


def prose(path):
    return "\n".join(cells(path, "markdown"))


def numbered(text):
    """Return the errata that a text speaks of: "E3", "E3, E4", "E3 to E6", "E3–E6"."""
    found = {int(number) for number in re.findall(r"\bE(\d+)\b", text)}
    for first, last in re.findall(r"\bE(\d+)\*{0,2}\s*(?:to|–|-)\s*\*{0,2}E(\d+)\b", text):
        found |= set(range(int(first), int(last) + 1))
    return found


@EACH_LESSON
def test_a_lesson_says_what_it_is_about(path):
    text = prose(path)
    assert re.match(r"# [A-Z]\w+,? \w+", text)
    for part in ["What you'll do", "What you'll learn", "What you'll need"]:
        assert f"**{part}.**" in text
    for part in ["On your own", "In practice", "Further reading"]:
        assert f"\n## {part}\n" in text
    assert "**Predict" in text


@pytest.mark.parametrize("lesson", ERRATA)
def test_the_errata_stand_where_a_reader_meets_them(lesson):
    paths = [path for path in LESSONS if path.name.startswith(lesson)]
    assert len(paths) == 1
    assert set(ERRATA[lesson]) <= numbered(prose(paths[0]))


@EACH_LESSON
def test_the_first_cell_imports_and_no_other_must(path):
    first = ast.parse(cells(path, "code")[0])
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in first.body)
    names = set()
    for node in first.body:
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        names |= {module.split(".")[0] for module in modules}
    assert {"numpy", "cnnlib"} <= names <= IMPORTS


@EACH_LESSON
def test_every_picture_says_in_words_what_it_shows(path):
    words = {figure.name: figure.alt for figure in FIGURES}
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", prose(path), re.DOTALL)
    assert len(pictures) == prose(path).count("](../figures/")
    assert "<img" not in prose(path)
    for alt, target in pictures:
        assert (path.parent / target).is_file(), target
        assert alt == words[Path(target).stem]


def test_every_figure_of_the_source_is_in_a_lesson():
    shown = {name for path in LESSONS for name in re.findall(r"figures/(\w+)\.svg", prose(path))}
    assert {figure.name for figure in FIGURES if figure.stems} <= shown


@EACH_LESSON
def test_every_plot_says_in_words_what_it_shows(path):
    nb = nbformat.read(path, as_version=4)
    for cell, after in zip(nb.cells, [*nb.cells[1:], None], strict=True):
        kinds = {kind for output in cell.get("outputs", ()) for kind in output.get("data", {})}
        if any(kind.startswith("image/") for kind in kinds):
            assert after.source.startswith("*The picture: "), cell.id
            assert len(cell.metadata.alt) > 60

"""Each lesson with every cell run twice, and each of its sections alone."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import notebooks

LESSONS = sorted(notebooks.LESSONS.glob("*.ipynb"))
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@every_lesson
def test_each_cell_run_twice_gives_what_it_gave_once(path):
    nb, once = notebooks.read(path), notebooks.read(path)
    twice = []
    for cell in nb.cells:
        again = copy.deepcopy(cell)
        again.id = f"{cell.id}-again"
        twice += [cell, again] if cell.cell_type == "code" else [cell]
    nb.cells = twice
    notebooks.run(nb, path.parent)
    notebooks.keep_measurements(once, nb)
    after = {cell.id: shown_by(cell) for cell in nb.cells if cell.cell_type == "code"}
    for cell in once.cells:
        if cell.cell_type == "code" and not is_measured(cell):
            assert after[cell.id] == after[f"{cell.id}-again"], cell.id


def is_measured(cell):
    return notebooks.NEVER_COMPARED in cell.metadata.get("tags", ())


def shown_by(cell):
    """What a cell shows, as it would be stored, without the number of its run."""
    cell = copy.deepcopy(cell)
    cell.execution_count = None
    return notebooks.stored_outputs(cell)


def sections(nb):
    """Pairs (title, code): each section behind the first cell, which imports."""
    first, *rest = (cell for cell in nb.cells if cell.cell_type == "code")
    parts = [("the beginning", [first])]
    for cell in nb.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            parts.append((cell.source.splitlines()[0][3:], [first]))
        elif cell in rest:
            parts[-1][1].append(cell)
    for title, cells in parts:
        lines = "\n".join(cell.source for cell in cells).splitlines()
        if len(cells) > 1:
            yield title, "\n".join("" if line.startswith("%") else line for line in lines)


ALONE = """
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
from matplotlib import pyplot
from source import names_after

for title, code in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            names_after(code)
        except Exception as error:
            print(f"{title}: {type(error).__name__}: {error}", file=sys.stderr)
        pyplot.close("all")
"""


def faults_of_sections(nb, folder):
    """Run each section with the first cell alone before it; return what went wrong."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, Path(__file__).parents[1]],
        input=json.dumps([*sections(nb)]),
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stderr


@every_lesson
def test_each_section_runs_alone_after_the_first_cell(path):
    nb = notebooks.read(path)
    assert len([*sections(nb)]) > 2
    assert faults_of_sections(nb, path.parent) == ""


def test_a_section_that_needs_another_one_is_seen(tmp_path):
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    sources = [code("import math"), text("## One"), code("x = 1"), text("## Two"), code("x + 1")]
    nb = nbformat.v4.new_notebook(cells=sources)
    assert [title for title, _ in sections(nb)] == ["One", "Two"]
    said = "Two: NameError: name 'x' is not defined\n"
    assert faults_of_sections(nb, tmp_path) == said

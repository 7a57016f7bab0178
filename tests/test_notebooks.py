"""The lessons are stored in one form, and tools/notebooks.py puts them into it."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks

REPOSITORY = Path(__file__).resolve().parents[1]
LESSONS = sorted(
    path
    for path in REPOSITORY.rglob("*.ipynb")
    if not any(part.startswith(".") for part in path.relative_to(REPOSITORY).parts)
)
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)

# What makes a browser fetch something, in Markdown and in HTML.
REMOTE_PICTURE = re.compile(
    r"!\[[^\]]*\]\(\s*<?\s*(?:https?:)?//"
    r"|\b(?:src|srcset|poster|data)\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|url\(\s*[\"']?\s*(?:https?:)?//"
    r"|@import\b|<(?:script|iframe|object|embed|link)\b",
    re.IGNORECASE,
)
# What makes a kernel fetch something; and any line for the shell.
REMOTE_CODE = re.compile(
    r"\burllib\b|\burlopen\b|\burlretrieve\b|\bhttpx?\b\.|\brequests\b|\bIFrame\b|YouTubeVideo"
    r"|\bfetch_openml\b|^\s*!|^\s*%\s*(?:pip|conda|mamba|uv)\b|\burl\s*=",
    re.MULTILINE,
)
# What is another one on each run or each machine.
ADDRESS = re.compile(r"\b0x[0-9a-f]{8,16}\b", re.IGNORECASE)
LOCAL_PATH = re.compile(r"/(?:home|Users|root|tmp)/|\b[A-Z]:\\\\?\w")


def text_of_outputs(cell):
    """All that a code cell stores as text: streams, plain text, HTML, SVG."""
    texts = [output.text for output in cell.outputs if output.output_type == "stream"]
    for output in cell.outputs:
        data = output.get("data", {})
        texts += [text for kind, text in data.items() if kind.startswith(("text/", "image/svg"))]
    return "\n".join(texts)


def faults_of_code_cell(cell):
    shown = text_of_outputs(cell)
    if any(output.output_type == "error" for output in cell.outputs):
        yield "stores an error"
    if REMOTE_CODE.search(cell.source) or REMOTE_PICTURE.search(shown):
        yield "fetches something"
    if ADDRESS.search(shown):
        yield "shows an address in memory"
    if LOCAL_PATH.search(shown):
        yield "shows a path of one machine"


def faults_of_notebook(text):
    """What is wrong with a notebook file that holds `text`."""
    ids = [cell.get("id") for cell in json.loads(text)["cells"]]
    if len(set(ids)) < len(ids):  # nbformat would give new ones
        return ["two cells have the same id"]
    nb = nbformat.reads(text, as_version=4)
    faults = []
    if notebooks.stored_form(nb) != text:
        faults.append("not in its stored form: run make notebooks")
    for cell in nb.cells:
        if cell.cell_type == "code":
            faults += [f"{cell.id}: {fault}" for fault in faults_of_code_cell(cell)]
        elif REMOTE_PICTURE.search(cell.source):
            faults.append(f"{cell.id}: fetches something")
    return faults


@every_lesson
def test_lesson_is_in_stored_form(path):
    assert faults_of_notebook(path.read_bytes().decode("utf-8")) == []


# --- faults, planted -----------------------------------------------------------------------


def small_notebook(*sources):
    """A notebook of one text cell and these code cells, not run."""
    nb = new_notebook(cells=[new_markdown_cell("# A lesson", id="title")])
    nb.cells += [new_code_cell(source, id=f"code-{i}") for i, source in enumerate(sources, 1)]
    return nb


def good_notebook():
    nb = small_notebook("print(1)")
    nb.cells[1].outputs = [new_output("stream", name="stdout", text="1\n")]
    return notebooks.stored_form(nb)


TITLE, SOURCE, SHOWN, RUN = '"# A lesson"', '"print(1)"', r'"1\n"', '"execution_count": 1'
TIMED = '"execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"}'
FETCHES, FORM = ": fetches something", "not in its stored form: run make notebooks"
FAULTS = [  # what stands in the file, what stands there instead, what is said of it
    (TITLE, '"![a picture](https://example.org/a.png)"', f"title{FETCHES}"),
    (TITLE, "\"<img src = '//example.org/a.png'>\"", f"title{FETCHES}"),
    (SOURCE, '"from urllib.request import urlopen"', f"code-1{FETCHES}"),
    (SOURCE, '"%pip install numpy"', f"code-1{FETCHES}"),
    (SOURCE, '"!ls"', f"code-1{FETCHES}"),
    (SHOWN, '"<script>1</script>"', f"code-1{FETCHES}"),
    (SHOWN, "\"<i style='background: url(http://example.org/a.png)'></i>\"", f"code-1{FETCHES}"),
    (SHOWN, '"<cnnlib.view.Grid at 0x7f3a5c0012d0>"', "code-1: shows an address in memory"),
    (SHOWN, '"/home/someone/lesson.py:3: Warning"', "code-1: shows a path of one machine"),
    ('"code-1"', '"title"', "two cells have the same id"),
    (RUN, '"execution_count": null', FORM),
    (RUN, '"execution_count": 7', FORM),
    ('"metadata": {},', f'"metadata": {{{TIMED}}},', FORM),
    ('"name": "python",', '"name": "python", "version": "3.11.0",', FORM),
    ('"nbformat": 4', '"nbformat":  4', FORM),
    ("\n", "\r\n", FORM),
]


@pytest.mark.parametrize("right, wrong, complaint", FAULTS)
def test_a_fault_in_a_lesson_is_seen(right, wrong, complaint):
    text = good_notebook()
    assert faults_of_notebook(text) == []
    assert right in text
    assert faults_of_notebook(text.replace(right, wrong)) == [complaint]


def test_a_stored_error_is_seen():
    nb = nbformat.reads(good_notebook(), as_version=4)
    nb.cells[1].outputs.append(new_output("error", ename="E", evalue="", traceback=[]))
    assert faults_of_notebook(notebooks.stored_form(nb)) == ["code-1: stores an error"]


# --- tools/notebooks.py --------------------------------------------------------------------

STEPPER = "from cnnlib import steppers\n\nsteppers.InputGradientStepper()"
SLIDER = "import ipywidgets\n\nipywidgets.IntSlider()"


@pytest.fixture
def lesson(tmp_path):
    """Write a small notebook to a file and give its path."""

    def write(*sources):
        path = tmp_path / "lesson.ipynb"
        nbformat.write(small_notebook(*sources), path)
        return path

    return write


def test_a_widget_is_stored_without_its_view(lesson):
    path = lesson(STEPPER, SLIDER, "print(1, flush=True)\nprint(2, flush=True)")
    assert notebooks.main([str(path)]) == 0
    nb = notebooks.read(path)
    stepper, slider, printed = (cell.outputs for cell in nb.cells[1:])
    assert {*stepper[0].data} == {"text/html", "text/plain"}
    assert "<table" in stepper[0].data["text/html"] and "·" in stepper[0].data["text/html"]
    assert slider[0].data == {"text/plain": "IntSlider(value=0)"}
    assert [output.text for output in printed] == ["1\n2\n"]
    assert [cell.execution_count for cell in nb.cells[1:]] == [1, 2, 3]
    assert [cell.id for cell in nb.cells] == ["title", "code-1", "code-2", "code-3"]
    assert faults_of_notebook(path.read_bytes().decode("utf-8")) == []


def test_twice_gives_the_same_bytes_in_the_folder_of_the_notebook(lesson):
    path = lesson(STEPPER, "", "from pathlib import Path\n\nPath('here').touch()")
    notebooks.main([str(path)])
    assert (path.parent / "here").exists()
    first = path.read_bytes()
    notebooks.main([str(path)])
    assert path.read_bytes() == first
    assert notebooks.main(["--check", str(path)]) == 0


def test_check_shows_what_differs_and_writes_nothing(lesson, capsys):
    path = lesson("print(1)")
    notebooks.main([str(path)])
    path.write_text(path.read_text("utf-8").replace('"1\\n"', '"2\\n"'), "utf-8", newline="\n")
    before = path.read_bytes()
    capsys.readouterr()
    assert notebooks.main(["--check", str(path)]) == 1
    shown = capsys.readouterr().err
    assert '-      "2\\n"' in shown and '+      "1\\n"' in shown
    assert path.read_bytes() == before


CALLBACK = "import ipywidgets\n\nbutton = ipywidgets.Button()"
CALLED = "button.on_click(lambda _: 1 / 0)\nbutton.click()\nprint('on')"
FAILURES = {
    "cell 3 (code-2): ValueError: no such filter": [
        *("print(1)", "raise ValueError('no such filter')")
    ],
    "cell 3 (code-2): ZeroDivisionError: division by zero": [CALLBACK, CALLED],
    "cell 2 (code-1): Kernel died": ["import os\n\nos._exit(1)"],
    "cell 2 (code-1)": ["import time\n\ntime.sleep(10)"],
}


@pytest.mark.parametrize("said", FAILURES)
def test_a_failure_is_said_and_leaves_the_file_as_it_was(lesson, capsys, monkeypatch, said):
    if "sleep" in FAILURES[said][0]:
        monkeypatch.setattr(notebooks, "SECONDS_FOR_A_CELL", 1)
    path = lesson(*FAILURES[said])
    before = path.read_bytes()
    assert notebooks.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert f"{path}: {said}" in capsys.readouterr().err


def test_a_measurement_is_kept_until_it_is_cleared(tmp_path):
    path = tmp_path / "timed.ipynb"
    cell = new_code_cell("import time\nprint(time.perf_counter_ns())", id="timing")
    cell.metadata["tags"] = ["nbval-ignore-output"]
    path.write_text(nbformat.writes(new_notebook(cells=[cell])) + "\n", encoding="utf-8")
    assert notebooks.main([str(path)]) == 0
    first = path.read_bytes()
    assert notebooks.main([str(path)]) == 0
    assert path.read_bytes() == first
    cleared = notebooks.read(path)
    cleared.cells[0].outputs = []
    path.write_text(nbformat.writes(cleared) + "\n", encoding="utf-8")
    assert notebooks.main([str(path)]) == 0
    assert path.read_bytes() != first

"""Build a JupyterLab that runs in the browser, with the lessons in it: _site/lite.

python -m tools.lite --into DIR   elsewhere

It is JupyterLite with the Pyodide kernel. The wheels of this package and of the widgets lie
beside it. Python itself, NumPy and Matplotlib come from Pyodide's own host when a page is opened.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import nbformat

from tools import notebooks

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_FOLDER = REPOSITORY / "_site" / "lite"

# What Pyodide has not, as wheels of plain Python, in the versions of the lock. The kernel itself
# looks for comm.
WIDGETS = ("anywidget", "comm", "ipywidgets", "jupyterlab_widgets", "psygnal")
# Their dependencies are named, since those of this package (a lab, tests) have no use there.
FROM_PYODIDE = ("matplotlib", "numpy", "typing-extensions")
FIRST_CELL = f"""\
# Python runs in the browser here. This cell brings what the lesson needs; run it first.
import piplite

await piplite.install({list(FROM_PYODIDE)})
await piplite.install({[*WIDGETS, "cnnlib"]}, deps=False)"""


def wheels(folder):
    """Put the wheels of this package and of its widgets into `folder`, and give their paths."""
    pip = [sys.executable, "-m", "pip", "--quiet"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", folder, REPOSITORY]
    subprocess.run([*pip, "wheel", *options], check=True)
    plain = "--no-deps --only-binary :all: --platform any --implementation py --abi none".split()
    pins = [f"{name}=={version(name)}" for name in WIDGETS]
    subprocess.run([*pip, "download", *plain, "--dest", folder, *pins], check=True)
    return sorted(Path(folder).glob("*.whl"))


def contents(folder):
    """Put the lessons, with the first cell that they need, and their figures into `folder`."""
    (folder / "figures").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    (folder / "tools").mkdir()
    shutil.copy(REPOSITORY / "tools" / "doctor.py", folder / "tools")  # lesson 00 runs it
    for path in (REPOSITORY / "figures").glob("*.svg"):
        # JupyterLite 0.8 garbles letters beyond ASCII in a picture that is text.
        plain = path.read_text("utf-8").encode("ascii", "xmlcharrefreplace")
        (folder / "figures" / path.name).write_bytes(plain)
    for path in sorted(notebooks.LESSONS.glob("*.ipynb")):
        nb = notebooks.read(path)
        nb.cells.insert(1, nbformat.v4.new_code_cell(FIRST_CELL, id="in-the-browser"))
        text = notebooks.stored_form(nb)
        (folder / "notebooks" / path.name).write_text(text, encoding="utf-8")


def build(into):
    """Build it into the folder `into`, which is replaced."""
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        contents(work / "contents")
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", work / "lite"]
        command += ["--contents", work / "contents", "--output-dir", work / "out"]
        command += ["--no-sourcemaps", "--no-unused-shared-packages"]
        for wheel in wheels(work / "wheels"):
            command += ["--piplite-wheels", wheel]
        (work / "lite").mkdir()
        subprocess.run(command, check=True, cwd=work)
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(work / "out", into)


def main(arguments=None):
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=DEFAULT_FOLDER, help="default: _site/lite")
    options = parser.parse_args(arguments)
    build(options.into)
    print(f"JupyterLite is in {options.into}; it needs a server, such as python -m http.server")


if __name__ == "__main__":
    main()

"""Run the cells of a notebook in a separate Python, if the lecturer asks for it.

This is not a sandbox. The student's code can do all that the lecturer can do: read and change
files, use the network. Only its time is limited, and processes that it leaves behind are ended.
"""

import code
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import cnnlib

SECONDS = 30
MAX_BYTES = 1_000_000
SECRET = "CNNLIB_COURSE"


def texts_after(cells, labels, seconds=SECONDS):
    """Run cells of code and return the answers that they compute.

    Parameters
    ----------
    cells, labels : sequence of str
    seconds : float
        For all cells together.

    Returns
    -------
    texts : dict of str to str
        By label, those that are numbers or text.
    notes : list of str
        What went wrong: each cell that raises, with its exception.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        asked, found = Path(folder) / "cells.json", Path(folder) / "answers.json"
        asked.write_text(json.dumps([[*cells], [*labels]]), "utf-8")
        in_time = _child([str(asked), str(found)], folder, seconds)
        with suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):
            with open(found, "rb") as file:
                texts, notes = json.loads(file.read(MAX_BYTES))
            texts = {k: v for k, v in texts.items() if k in labels and isinstance(v, str)}
            return texts, [str(note)[:300] for note in notes]
    ended = "stopped before it had written its answers"
    return {}, [f"its code {ended if in_time else f'did not end within {seconds:g} seconds'}"]


def _child(arguments, folder, seconds):
    """Run this module in its own group of processes, end the group, and tell if it was in time."""
    environ = {name: value for name, value in os.environ.items() if name != SECRET}
    environ |= {"PYTHONPATH": str(Path(cnnlib.__file__).parents[1]), "MPLBACKEND": "agg"}
    child = subprocess.Popen(
        [sys.executable, "-m", "homework.coderun", *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:  # also after Ctrl-C, and for what was left in the background
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                tree = ["taskkill", "/F", "/T", "/PID", str(child.pid)]
                subprocess.run(tree, capture_output=True, check=False)
        child.wait()


class Interpreter(code.InteractiveInterpreter):
    """Runs cells one after the other, and remembers the exception of the last one."""

    def run(self, cell):
        """Run a cell without its lines for IPython; return its exception, or None."""
        lines = [] if cell.startswith("%%") else cell.split("\n")
        plain = ["" if line.lstrip()[:1] in ("%", "!") else line for line in lines]
        self.error = None
        try:
            self.runsource("\n".join(plain) + "\n", "cell", "exec")
        except SystemExit as error:
            return error
        return self.error

    def showtraceback(self, *args, **kwargs):
        """Remember an exception."""
        self.error = sys.exception()

    showsyntaxerror = showtraceback


def _as_text(value):
    """Return a value as the text of an answer: nested lists for an array."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.squeeze().tolist() if hasattr(value, "squeeze") else value.tolist()
    return json.dumps(value)


def main(asked, found):
    """Run all cells, also those after one that raises, and write down the answers."""
    cells, labels = json.loads(Path(asked).read_text("utf-8"))
    shell, texts, notes = Interpreter({"__name__": "__main__"}), {}, []
    for number, cell in enumerate(cells, 1):
        if error := shell.run(cell):
            begins = cell.strip().split("\n")[0][:40]
            what = f"{type(error).__name__}: {error}".split("\n")[0].strip(": ")
            notes.append(f"code cell {number} ({begins}) raises {what}")
    for label in labels:
        with suppress(Exception):
            texts[label] = _as_text(shell.locals[label])
    Path(found).write_text(json.dumps([texts, notes]), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

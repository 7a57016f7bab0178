"""Run the cells of a notebook in a Python of its own, where the lecturer asks for it.

This is no sandbox. The code of the student may do all that the lecturer may do: read and change
files, use the network. Only its time is limited, and what it started in its own group ends.
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
MOST_BYTES = 1_000_000
SECRET = "CNNLIB_COURSE"


def texts_after(cells, labels, seconds=SECONDS):
    """Run cells of code and return what the answers are then.

    Parameters
    ----------
    cells, labels : sequence of str
    seconds : float
        For all cells together.

    Returns
    -------
    texts : dict of str to str
        By label, those that are numbers or text.
    note : str
        What went wrong, or "".
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        asked, found = Path(folder) / "cells.json", Path(folder) / "answers.json"
        asked.write_text(json.dumps([[*cells], [*labels]]), "utf-8")
        note = _child([str(asked), str(found)], folder, seconds)
        with suppress(OSError, ValueError, RecursionError):
            with open(found, "rb") as file:
                made = json.loads(file.read(MOST_BYTES))
            if isinstance(made, dict):
                texts = {k: v for k, v in made.items() if k in labels and isinstance(v, str)}
                return texts, note
        return {}, note or "its code left no answers"


def _child(arguments, folder, seconds):
    """Run this module in a group of processes of its own, and end the group."""
    environ = {name: value for name, value in os.environ.items() if name != SECRET}
    environ |= {"PYTHONPATH": str(Path(cnnlib.__file__).parents[1]), "MPLBACKEND": "agg"}
    if os.name == "posix":
        group = {"start_new_session": True}
    else:
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    child = subprocess.Popen(
        [sys.executable, "-m", "homework.coderun", *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **group,
    )
    try:
        child.wait(seconds)
        return ""
    except subprocess.TimeoutExpired:
        return f"its code did not end within {seconds:g} seconds"
    finally:  # also after Ctrl-C, and what was left in the background too
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                tree = ["taskkill", "/F", "/T", "/PID", str(child.pid)]
                subprocess.run(tree, capture_output=True, check=False)
        child.wait()


def _as_text(value):
    """Return a value as the text of an answer: nested lists for an array."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.squeeze().tolist() if hasattr(value, "squeeze") else value.tolist()
    return json.dumps(value)


def main(asked, found):
    """Run the cells one after the other; one that fails does not stop those behind it."""
    cells, labels = json.loads(Path(asked).read_text("utf-8"))
    shell = code.InteractiveInterpreter({"__name__": "__main__"})
    for number, cell in enumerate(cells, 1):
        plain = "\n".join(
            "" if line.lstrip()[:1] in ("%", "!") else line for line in cell.split("\n")
        )
        with suppress(SystemExit):
            shell.runsource(plain + "\n", f"cell {number}", "exec")
    texts = {}
    for label in labels:
        with suppress(Exception):
            texts[label] = _as_text(shell.locals[label])
    Path(found).write_text(json.dumps(texts), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Writes what a long test measured into tests/REPORT.md, a section for each test."""

import datetime
import os
import platform
import re
from pathlib import Path

REPORT = Path(__file__).with_name("REPORT.md")
PARTS = {
    "numbers": ["Numbers", "Look-alikes of an array"],
    "bad input": ["Bad input"],
    "the doctor": ["The doctor"],
    "notebooks": [
        "Ten runs of every lesson",
        "Without a network",
        "The oldest versions of the packages",
        "The newest versions of the packages",
        "Faults in a notebook",
    ],
    "steppers under stress": ["Steppers under stress"],
    "a class": ["A class on a JupyterHub"],
    "security": ["Security"],
    "mutants": ["Mutants", "Mutants that survived"],
}
ORDER = [title for titles in PARTS.values() for title in titles]


def _link(title):
    """Return a link to a section, as Markdown pages make it of a title."""
    return f"[{title}](#{title.lower().replace(' ', '-')})"


HEAD = """# What the long tests measured

Each section was written by the command under its title, and is replaced when that runs again. All
of them: `make test-long`.

""" + "\n".join(f"- {part}: {', '.join(map(_link, titles))}" for part, titles in PARTS.items())


def section(title, command, head, rows, words="", path=REPORT):
    """Put a section into the report, in place of the one with the same title.

    Sections stand in the order of `ORDER`, and others behind them.

    Parameters
    ----------
    title : str
        One line.
    command : str
        What was typed to get it.
    head : sequence of str
        Heads of the columns.
    rows : sequence of sequences
        What stands in them, as text or as numbers.
    words : str
        What is to be said of the table; Markdown.
    path : Path
    """
    old = path.read_text("utf-8") if path.is_file() else ""
    _, *sections = re.split(r"(?m)^(?=## )", old)
    kept = {one.splitlines()[0]: one.strip() for one in sections}
    parts = [f"## {_line(title)}", f"`{command}`, {when_and_where()}", table(head, rows)]
    parts.append(words.strip())
    kept[parts[0]] = "\n\n".join(filter(None, parts))
    found = sorted(kept, key=lambda line: ORDER.index(line[3:]) if line[3:] in ORDER else 99)
    text = "\n\n".join([HEAD.strip(), *(kept[line] for line in found)])
    path.write_text(text + "\n", encoding="utf-8")


def table(head, rows):
    """Return a table as Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    assert {len(line) for line in lines} == {len(head)}, "each row has a cell for each column"
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def when_and_where():
    """Return the date and the kind of machine, and nothing that tells whose it is."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{datetime.date.today()}, {machine}, Python {platform.python_version()}"


def _line(text):
    return " ".join(str(text).split())


def _cell(value):
    text = f"{value:.3g}" if isinstance(value, float) else _line(value)
    return text.replace("|", "\\|")

"""Find the numbers in what a student hands in: a notebook or a CSV file.

Text is parsed, never run. In a notebook, an answer is what follows ``dY_3 =``: rows in quotation
marks as in the worksheet, or lists of lists, with or without np.array around them.
"""

import json
import math
import re
from dataclasses import dataclass, field

import numpy as np

from homework import names
from homework.files import Refused, content

NAME = re.compile(r"^[ \t]*([A-Za-z]{1,3}_\d{1,2})[ \t]*=(?!=)", re.M)
NUMBER = re.compile(r"([-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[-+]?\d{1,4})?)", re.A | re.I)
EMPTY = {".", "..", "...", "…", "_", "?", "·", "x"}
SIGNS = str.maketrans(dict.fromkeys("−–—‐‑﹣－", "-") | {"⁄": "/", "∕": "/", "＋": "+"})
HALVES = {"½": "1/2", "¼": "1/4", "¾": "3/4"}
MAX_TEXT = 5_000
MAX_CELLS = 400
MAX_STUDENTS = 2_000


@dataclass
class Handed:
    """What one file holds of one student: the text of each answer by its label.

    `student` is "" if only the code of the worksheet is known.
    """

    file: str
    student: str
    code: str = ""
    edition: object = None
    texts: dict = field(default_factory=dict)
    cells: tuple = ()


def handed_in(path):
    """Read a file of answers.

    Returns
    -------
    list of Handed
        One for each student in it.

    Raises
    ------
    Refused
        If it is neither a notebook nor a CSV file with answers.
    """
    data = content(path)
    if not data.strip():
        raise Refused(f"{path.name} is empty")
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06") or data[:2] == b"\x1f\x8b":
        office = path.suffix.lower() in (".xlsx", ".ods", ".numbers")
        way_out = "save the sheet as CSV" if office else "unpack it, and give the folder"
        raise Refused(f"{path.name} is compressed, and is not opened: {way_out}")
    if path.suffix.lower() == ".ipynb":
        return [_notebook(data, path.name)]
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _csv(data, path.name)
    raise Refused(f"{path.name} is neither a notebook (.ipynb) nor a CSV file (.csv)")


# --- notebooks --------------------------------------------------------------------------------


def _notebook(data, file):
    try:
        book = json.loads(data)
    except RecursionError:
        raise Refused(f"{file} is not a notebook: it is nested too deeply") from None
    except ValueError as error:  # no JSON, no Unicode, a number of too many digits
        raise Refused(f"{file} is not a notebook: {str(error)[:80]}") from None
    cells = _cells(book)
    if cells is None:
        raise Refused(
            f"{file} is not a notebook of format 3 or 4: open it in JupyterLab and save it"
        )
    mine = book.get("metadata")
    mine = mine.get("cnnlib") if isinstance(mine, dict) else None
    if not isinstance(mine, dict) or not isinstance(mine.get("student"), str):
        written = re.search(rb"worksheet ([0-9a-f]{10}),", data)  # some editors drop the metadata
        if not written:
            raise Refused(f"{file} is not made from a worksheet: it does not name its student")
        mine = {"code": written[1].decode()}
    student = names.cleaned(mine["student"]) if "student" in mine else ""
    code = str(mine.get("code", ""))[:20]
    handed = Handed(file, student, code, mine.get("edition"), cells=tuple(cells))
    for cell in cells:
        handed.texts |= _assigned(cell, handed.texts)
    return handed


def _cells(book):
    """Return the sources of the code cells, or None if it is not a notebook."""
    if not isinstance(book, dict) or book.get("nbformat") not in (3, 4):
        return None
    sheets = book.get("worksheets") if book["nbformat"] == 3 else [book]
    if not isinstance(sheets, list):
        return None
    cells = []
    for sheet in sheets:
        inner = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(inner, list):
            return None
        cells += [cell for cell in inner if isinstance(cell, dict)]
    found = []
    for cell in cells:
        source = cell.get("input" if book["nbformat"] == 3 else "source")
        lines = source if isinstance(source, list) else [source]
        if cell.get("cell_type") == "code" and all(isinstance(line, str) for line in lines):
            found.append("".join(lines))
    return found


def _assigned(source, known):
    """Return {label: text} of what a cell assigns; an empty answer does not replace a full one."""
    found = {}
    starts = [*NAME.finditer(source)]
    ends = [start.start() for start in starts[1:]] + [len(source)]
    for start, end in zip(starts, ends, strict=False):
        text = source[start.end() : end].strip()
        quote = re.match(r"[rRbBuUfF]?('''|\"\"\"|'|\")", text)
        if quote:
            text = text[quote.end() :].split(quote[1])[0]
        if any(c.isdigit() for c in text) or start[1] not in known:
            found[start[1]] = text
    return found


# --- CSV --------------------------------------------------------------------------------------


def _csv(data, file):
    rows = names.table(data, file)
    _, first = next(rows, (0, []))
    at = names.heads(first)
    if not {"student", "answer", "numbers"} <= {*at}:
        raise Refused(f"{file} needs the columns student, answer and numbers in its first line")
    found = {}
    for line, row in rows:
        cell = {head: row[i] if i < len(row) else "" for head, i in at.items()}
        if not cell["student"].strip():
            continue
        try:
            student = names.cleaned(names.from_cell(cell["student"].strip()))
        except Refused as error:
            raise Refused(f"{file}, line {line}: {error}") from None
        one = found.setdefault(student, Handed(file, student))
        if len(found) > MAX_STUDENTS:
            raise Refused(f"{file} has more than {MAX_STUDENTS} students")
        one.code = one.code or cell.get("code", "").strip()[:20]
        if cell["numbers"].strip() or cell["answer"].strip() not in one.texts:
            one.texts[cell["answer"].strip()] = names.from_cell(cell["numbers"])
    if not found:
        raise Refused(f"{file} has no answers in it")
    return [*found.values()]


# --- numbers ----------------------------------------------------------------------------------


def numbers(text, width):
    """Read a matrix: rows separated by line breaks or semicolons, or lists of lists.

    Parameters
    ----------
    text : str
    width : int
        How many columns it should have; that tells a decimal comma from one between numbers.

    Returns
    -------
    ndarray of float64, two axes
        NaN where a cell is empty: a dot, a question mark.

    Raises
    ------
    Refused
        If something in it is not a number, or its rows are not equally long.
    """
    if len(text) > MAX_TEXT:
        raise Refused(f"the answer has {len(text)} characters: no answer is that long")
    rows = [_row(row, width) for row in _rows(text.translate(SIGNS))]
    rows = [row for row in rows if row]
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise Refused(f"the rows have {', '.join(str(len(row)) for row in rows)} numbers")
    if sum(map(len, rows)) > MAX_CELLS:
        raise Refused("the answer has too many numbers")
    return np.array(rows, float).reshape(len(rows), max(lengths, default=0))


def _rows(text):
    """Split a text into rows."""
    text = re.sub(r"(?m)#.*$", "", text)
    text = re.sub(r"\b(?:np|numpy)?\.?array\s*\(", "(", text)
    text = re.sub(r",?\s*dtype\s*=\s*[\w.]{1,20}", "", text)
    if "[" in text:
        inner = re.findall(r"\[([^\[\]]*)\]", text)
        if left := re.sub(r"\[[^\[\]]*\]", "", text).strip("[](), \t\r\n;"):
            if left := re.sub(r"[\[\](),\s;]", "", left):
                raise Refused(f"{left[:30]!r} is not a number")
        return inner
    text = re.sub(r"^\s*\((.*)\)\s*$", r"\1", text, flags=re.S)
    return re.split(r"[\n\r;|]+", text)


def _row(text, width):
    """Read one row; its commas are decimal commas if only that gives the right width."""
    for half, written in HALVES.items():
        text = re.sub(rf"(?<![\d]){half}", written, text)
    text = re.sub(r"([-+])\s+(?=[\d.])", r"\1", text.replace("'", " ").replace('"', " "))
    text = re.sub(r"(?<=\d)\s*/\s*(?=\d)", "/", text)
    parted = re.split(r"[\s,]+", text.strip(" \t,"))
    decimal = re.sub(r"(?<=\d),(?=\d)", ".", text).replace(",", " ").split()
    spaced = re.search(r"\d\s+[-+.\d]", text)
    decimals = len(parted) != width and (len(decimal) == width or spaced)
    return [_value(word) for word in (decimal if decimals else parted) if word]


def _value(word):
    if word.lower() in EMPTY:
        return math.nan
    parts = word.split("/")
    if len(parts) > 2 or not all(NUMBER.fullmatch(part) for part in parts):
        raise Refused(f"{word[:30]!r} is not a number")
    value = float(parts[0]) / (float(parts[1]) or math.nan) if parts[1:] else float(word)
    if not abs(value) < 1e15:
        raise Refused(f"{word[:30]!r} is not a number that can be the result")
    return value

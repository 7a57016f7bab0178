"""Read a matrix as people write it: rows of numbers, lists, a table, MATLAB, LaTeX, fractions."""

import math
import re

import numpy as np

from homework.files import Refused

NUMBER = re.compile(r"([-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[-+]?\d{1,4})?)", re.A | re.I)
EMPTY = {".", "..", "...", "…", "_", "?", "·", "x"}
SIGNS = str.maketrans(
    dict.fromkeys("−–—‐‑﹣－", "-") | dict.fromkeys("⁄∕", "/") | {"＋": "+", "（": "(", "）": ")"}
)
HALVES = {"½": "1/2", "¼": "1/4", "¾": "3/4"}
MONTH = r"(jan|f[eé][bv]|m[aä]r|a[pv]r|ma[iy]|ju[inl]|a[uo][gûu]|sep|o[ck]t|nov|d[eé][cz])\w*\.?"
DATE = re.compile(rf"(\d+[-./]*)?{MONTH}([-./]*\d+)?|\d+[-./]\d+[-./]\d+", re.I)
SHEET_ERROR = re.compile(r"#[A-Z/0!?]+", re.I)
MAX_TEXT = 5_000
MAX_CELLS = 400


def numbers(text, width):
    """Read a matrix.

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
    if "<<<<<<<" in text or ">>>>>>>" in text:
        raise Refused("the answer has conflict marks of git: one of two versions must be chosen")
    rows = [_row(row, width) for row in _rows(text.translate(SIGNS))]
    rows = [row for row in rows if row]
    lengths = [len(row) for row in rows]
    if len({*lengths}) > 1:
        raise Refused(f"the rows have {', '.join(map(str, lengths))} numbers, not equally many")
    if sum(lengths) > MAX_CELLS:
        raise Refused("the answer has too many numbers")
    return np.array(rows, float).reshape(len(rows), max(lengths, default=0))


def _rows(text):
    """Split a text into rows."""
    text = re.sub(r"\\(begin|end)\s*\{[^}]*\}|\\(left|right)\b|\$", " ", text)  # LaTeX
    text = re.sub(r"\\d?frac\s*\{(.*?)\}\s*\{(.*?)\}", r"\1/\2", text).replace("\\\\", ";")
    if table := _table(text):
        return table
    text = re.sub(r"(?m)#(?![A-Z/0]+[!?]).*$", "", text.replace("&", " "))
    text = re.sub(r"^\s*[A-Za-z]\w*\s*=(?!=)", "", text)  # the name again
    text = re.sub(r"\b\w{0,9}\.?(?:as)?(?:array|matrix|tensor|list)\s*\(", "(", text)
    text = re.sub(r",?\s*dtype\s*=\s*[\w.]{1,20}|\)\s*\.\s*astype\s*\([\w.]*", "", text)
    text = text.translate(str.maketrans("{}", "[]"))
    if re.search(r"\(\s*\(|\)[\s,;]+\(", text):  # tuples
        text = text.translate(str.maketrans("()", "[]"))
    if "[" in text:
        inner = re.findall(r"\[([^\[\]]*)\]", text)
        if left := re.sub(r"\[[^\[\]]*\]", "", text).strip("[](), \t\r\n;"):
            if left := re.sub(r"[\[\](),\s;]", "", left):
                raise Refused(f"{left[:30]!r} is not a number")
        return [row for rows in inner for row in re.split(r"[\n\r;]+", rows)]
    text = re.sub(r"^\s*\((.*)\)\s*$", r"\1", text, flags=re.S)
    rows = re.split(r"[\n\r;]+", text)
    parts = [part.split() for row in rows for part in row.split("|")]
    if "|" in text and all(len(words) <= 1 for words in parts):  # between numbers, not rows
        return [row.replace("|", " ") for row in rows]
    return [part for row in rows for part in row.split("|")]


def _table(text):
    """Return the rows of a Markdown table, without what numbers its rows and columns."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines or not all(line.startswith("|") and line.endswith("|") for line in lines):
        return []
    rows = [[cell.strip(" *`") for cell in line[1:-1].split("|")] for line in lines]
    if len(rows) > 1 and all(re.fullmatch(r":?-+:?", cell) for cell in rows[1]):
        head, rows = rows[0], rows[2:]
        count = list(map(str, range(max(len(head), len(rows)))))
        if head[1:] == count[: len(head) - 1] and [row[0] for row in rows] == count[: len(rows)]:
            rows = [row[1:] for row in rows]
        elif head != count[: len(head)] and all(map(NUMBER.fullmatch, head)):
            rows = [head, *rows]  # a table needs a header, so the first row may be one
    return [" ".join(cell or "." for cell in row) for row in rows]


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
        raise Refused(f"{word[:30]!r} is not a number{_way_out(word)}")
    value = float(parts[0]) / (float(parts[1]) or math.nan) if parts[1:] else float(word)
    if not abs(value) < 1e15:
        raise Refused(f"{word[:30]!r} is not a number that can be the result")
    return value


def _way_out(word):
    """Tell what a spreadsheet has done to a number, and what to type instead."""
    if SHEET_ERROR.fullmatch(word):
        return ": the spreadsheet took it for a formula; type an apostrophe first: '-1 2"
    if DATE.fullmatch(word):
        return ": the spreadsheet made a date of it; type 2.5, or an apostrophe in front of 5/2"
    return ""

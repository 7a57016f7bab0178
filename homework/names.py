"""Class lists, and names that are safe to write down."""

import csv
import io
import itertools
import re
import unicodedata
from collections import Counter

from homework.files import Refused, content

HEADS = ("student", "name", "full name", "student name")
MAX_LETTERS = 200


def cleaned(name):
    """Return a name as one line of ordinary characters, with accents in one form.

    Raises
    ------
    Refused
        If nothing is left of it, or it is longer than any name.
    """
    if any(unicodedata.category(letter) == "Cs" for letter in name):
        raise Refused("a name is not valid text: save the list as UTF-8")
    kept = "".join(" " if letter.isspace() else letter for letter in name)
    # No controls, and no marks that reverse the direction; a joiner holds an emoji together.
    kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf") or c == "\u200d")
    kept = unicodedata.normalize("NFC", " ".join(kept.split()))
    if not kept.strip("\u200d"):
        raise Refused("a name is empty: give a name, or a student number")
    if len(kept) > MAX_LETTERS:
        raise Refused(f"a name has {len(kept)} letters: at most {MAX_LETTERS} are allowed")
    return kept


def stem(student, code):
    """Return the name of a student's files: plain letters, and a code that nobody else has."""
    plain = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', plain)[:40].strip('_') or 'student'}-{code}"


def in_cell(text):
    """Return a text without controls, which no spreadsheet reads as a formula."""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return "'" + text if re.match(r"\s*[=+\-@＝＋－＠]", text) else text


def from_cell(text):
    """Return a text as it was before `in_cell`."""
    return text[1:] if text.startswith("'") and in_cell(text[1:]) == text else text


def read_list(path, columns=()):
    """Read the names of a class from a CSV file.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The columns that make up a name, in their order; if empty, the column called student or
        name, or the only one.

    Returns
    -------
    names : list of str
        Each once: the second student of the same name is "name (2)".
    notes : list of str
        What the lecturer should know.

    Raises
    ------
    Refused
        If it is not such a list.
    """
    rows = list(table(content(path), path.name))
    at = _columns(rows, columns, path.name)
    lines = rows[0 if at is None else 1 :]
    found, notes, empty = [], [], 0
    for line, row in lines:
        parts = (row[i] for i in (at or [0]) if i < len(row))
        name = " ".join(part.strip() for part in map(from_cell, parts) if part.strip())
        try:
            found += [cleaned(name)] if name else []
            empty += not name
        except Refused as error:
            notes.append(f"{path.name}, line {line} is skipped: {error}")
    if not found:
        raise Refused(f"{path.name} has no names in it")
    if at is None:
        notes.append(f"{path.name} has no header; its first line is the student {found[0]}")
    if empty:
        notes.append(f"{path.name}: {empty} lines without a name are skipped")
    return _apart(found, notes), notes


def table(data, name):
    """Yield (line, row) for each line of a CSV file that is not empty, including the header.

    Cells are separated by commas, semicolons or tabs: whichever the first line has most of.
    """
    text = decoded(data)
    if "\0" in text:
        raise Refused(f"{name} is not text: save the sheet as CSV")
    lines = text.lstrip("\r\n").splitlines() or [""]
    if lines[0].lower().startswith("sep="):  # Excel's own
        text = text.split(lines[0], 1)[1]
    bare = re.sub(r'"[^"]*"', "", next((line for line in lines if line.strip()), ""))
    delimiter = max(",;\t", key=bare.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise Refused(f"{name} is not a CSV file, at line {reader.line_num}: {error}") from None


def decoded(data):
    """Return text that is UTF-8, UTF-16 with its mark, or the usual encoding of Windows."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def heads(row):
    """Return {header of a column: its position}."""
    return {" ".join(cell.casefold().split()): i for i, cell in reversed([*enumerate(row)])}


def _columns(rows, wanted, name):
    """Return the positions of the columns of a name, or None if there is no header."""
    if not rows:
        raise Refused(f"{name} is empty")
    first = rows[0][1]
    there = heads(first)
    listed = ", ".join(repr(cell.strip()[:40]) for cell in first[:20])
    for column in wanted:
        if " ".join(column.casefold().split()) not in there:
            raise Refused(f"{name} has no column {column!r}; its first line is: {listed}")
    if wanted:
        return [there[" ".join(column.casefold().split())] for column in wanted]
    known = [there[head] for head in HEADS if head in there]
    if known or max(len(row) for _, row in rows) == 1:
        return known[:1] or None
    raise Refused(
        f"{name} has several columns: choose one with --column; its first line is: {listed}"
    )


def _apart(found, notes):
    """Call the second student of the same name "name (2)"."""
    names, seen, taken = [], set(), set(found)
    for name in found:
        apart = name
        for count in itertools.count(2):
            if name not in seen or apart not in taken:
                break
            apart = f"{name} ({count})"
        seen.add(name)
        taken.add(apart)
        names.append(apart)
    if twice := [name for name, count in Counter(found).items() if count > 1]:
        listed = ", ".join(twice[:5]) + ", ..." * (len(twice) > 5)
        notes.append(
            f'several students are called {listed}: the second has worksheet "{twice[0]} (2)"; '
            f"--column with a column of numbers or addresses tells them apart for good"
        )
    return names

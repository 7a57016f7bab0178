"""Read a class list: a CSV file, or the gradebook of a learning platform."""

import itertools
import re
from collections import Counter

from homework import tables
from homework.files import FORMATS, Refused, content
from homework.names import cleaned, count, from_cell, some

KNOWN = FORMATS["class_list"]
TITLE_LINES = 10  # that may be above the header


def read_list(path, columns=()):
    """Read the names of a class.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The columns that make up a name, in their order; if empty, those that a gradebook of
        Canvas, Moodle, Blackboard, Gradescope or Brightspace has in English, German or French, or
        the only one.

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
    known = KNOWN["whole_name"] + KNOWN["first_name"] + KNOWN["last_name"]
    known += map(tables.simple, columns)
    rows, notes = tables.table(content(path), path.name, known)
    if not rows:
        raise Refused(f"{path.name} is empty")
    top, at = _header(rows, columns, path.name)
    found, empty, others, lost = [], 0, [], []
    head = tables.heads(rows[top][1]) if at else {}
    for line, row in rows[top + bool(at) :]:
        parts = [from_cell(row[i].strip()) for i in at or [0] if i < len(row)]
        name = " ".join(part for part in parts if part)
        if not name:
            empty += 1
        elif at and not _is_student(name, row, head):
            others.append(name)
        else:
            try:
                found.append(cleaned(name))
                lost += [name] * bool(re.search(r"\w\?|\?\w", name))
            except Refused as error:
                notes.append(f"{path.name}, line {line} is skipped: {error}")
    if not found:
        raise Refused(f"{path.name} has no names in it")
    told = {
        f"skipped {count(top, 'line')} above the header": top,
        f"there is no header; the first line is the student {found[0]}": not at,
        f"skipped {count(empty, 'line')} without a name": empty,
        f"skipped, not students: {some(others)}": others,
        f"letters were lost in {some(lost)}: {tables.SAVE_AS}": lost,
    }
    notes += [f"{path.name}: {text}" for text, what in told.items() if what]
    return _apart(found, notes), notes


def _header(rows, wanted, file):
    """Return the position of the header, and of the columns of a name; none without a header."""
    for top, (_, row) in enumerate(rows[:TITLE_LINES]):
        there = tables.heads(row)
        at = [there.get(tables.simple(column)) for column in wanted] or _columns(there)
        if at and None not in at:
            return top, at
    listed = ", ".join(repr(cell.strip()[:40]) for cell in rows[0][1][:20])
    there = tables.heads(rows[0][1])
    for column in wanted:
        if tables.simple(column) not in there:
            raise Refused(f"{file} has no column {column!r}; its first line is: {listed}")
    if max(len([cell for cell in row if cell.strip()]) for _, row in rows) == 1:
        return 0, []
    raise Refused(
        f"{file} has several columns: choose one with --column; its first line is: {listed}"
    )


def _columns(there):
    """Return the positions of the columns of a name; none if there are no known ones."""
    for kinds in ["whole_name"], ["first_name", "last_name"], ["first_name"], ["name_alone"]:
        at = [next((there[key] for key in KNOWN[kind] if key in there), None) for kind in kinds]
        if None not in at:
            return at
    return []


def _is_student(name, row, head):
    """Whether a line of a gradebook is about a student, and not about points, a teacher, a test."""
    cell = {key: row[i].strip() if i < len(row) else "" for key, i in head.items()}
    words = sorted(tables.simple(name).split())
    if "id" in cell and any("sis" in key or key in KNOWN["section"] for key in cell):  # Canvas
        points = not cell["id"] and re.search("point|punkt", " ".join(words))
        if points or words in KNOWN["test_students"]:
            return False
    if tables.simple(name) in KNOWN["all_students"] and len(head) > 1:
        return False
    if any("previewuser" in text.casefold() for text in cell.values()):  # Blackboard
        return False
    roles = [tables.simple(cell[key]) for key in KNOWN["role"] if cell.get(key)]
    return not roles or any(known in roles[0] for known in KNOWN["students"])


def _apart(found, notes):
    """Call the second student of the same name "name (2)"."""
    names, taken = [], set(found)
    for name in found:
        others = (f"{name} ({number})" for number in itertools.count(2))
        names.append(name if name not in names else next(o for o in others if o not in taken))
        taken.add(names[-1])
    if twice := [name for name, times in Counter(found).items() if times > 1]:
        notes.append(
            f'several students are called {some(twice)}: the second is "{twice[0]} (2)" on the '
            f"worksheet; --column with a column of numbers or addresses tells them apart for good"
        )
    return names

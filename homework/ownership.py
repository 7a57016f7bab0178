"""Tell whose answers a file holds: by the name in it, its code, the class list, or its folder."""

import re

from homework import sheets, tables
from homework.files import Refused

CODE = re.compile(r"[0-9a-f]{10}")
AS_NUMBER = re.compile(r"\d+(e\d+)?")
"""Codes that a spreadsheet takes for a number, such as 13628488e6."""


def student_of(one, shown, students, key):
    """Return the student whose answers these are, and notes.

    Parameters
    ----------
    one : answers.Handed
    shown : str
        The path of the file below the folder of answers.
    students : list of str or None
        The class list.
    key : bytes
        Of the course.

    Raises
    ------
    Refused
        If that cannot be told, or the worksheet is not one of this course.
    """
    if one.edition not in (None, sheets.EDITION):
        other = f"is of edition {one.edition!r}"[:40]
        raise Refused(f"{one.file} {other}: mark it with the version of the course that made it")
    listed = _listed(one, shown, students or [], key)
    student = listed or one.student
    if not student:
        way_out = "put its code into the file name, as in Ada-0123456789.ipynb"
        way_out = "give the class list with --class-list" if students is None else way_out
        raise Refused(f"{one.file} does not name its student: {way_out}")
    if not _may_be(one.code.lower(), sheets.code_of(student, key)):
        raise Refused(
            f"{one.file} is from another course secret, or its name was changed to {student}: "
            f"check the secret, and whose worksheet it is"
        )
    return student, ["not on the class list"] * (students is not None and not listed)


def _listed(one, shown, students, key):
    """Return the student on the class list, or None."""
    if one.student in students:
        return one.student
    codes = {sheets.code_of(name, key): name for name in students}
    for code in (one.code.lower(), *CODE.findall(shown)):
        if code in codes:
            return codes[code]
    folder = re.sub(r"_\d+_assignsubmission.*", "", shown.rpartition("/")[0].rpartition("/")[2])
    words = _words(one.student or folder)
    near = [student for student in students if words and _words(student) == words]
    return near[0] if len(near) == 1 else None


def _may_be(code, right):
    """Whether a code is right, or a spreadsheet or an editor has made something else of it."""
    mangled = not CODE.fullmatch(code) or (AS_NUMBER.fullmatch(right) and code.isdigit())
    return code == right or bool(mangled)


def _words(name):
    """Return the words of a name in plain letters; "Lovelace, Ada" has those of Ada Lovelace."""
    return sorted(tables.simple(name).split())

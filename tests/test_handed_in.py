"""What comes back: every format, platform folder, attempt and accident, and files of any kind."""

import csv
import gzip
import io
import json
import os
import re
import sys
import zipfile
from functools import cache

import pytest
from handing_in import ADA, KEY, as_text, class_list, mark, notebook, put, right_texts, saved, table

from homework import answers, names, pages, sheets

sheet_for, course_key = cache(sheets.sheet_for), cache(sheets.course_key)
EIGHT = len(ADA.problems)
BOB = sheets.sheet_for("Bob", KEY)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Make each key and each sheet once."""
    monkeypatch.setattr(sheets, "course_key", course_key)
    monkeypatch.setattr(sheets, "sheet_for", sheet_for)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "answers"
    made.mkdir()
    return made


def verdicts(rows):
    return [row["verdict"] for row in rows]


def all_right(rows, students=1):
    return verdicts(rows) == ["right"] * EIGHT * students


# --- notebooks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        '{label} = """\n{text}\n"""',
        "{label}='''{text}'''  # done",
        "x = 1\n{label} = '''\n{text}\n'''\nprint(x)",
    ],
)
def test_a_right_notebook_is_right(folder, form):
    put(folder, "ada.ipynb", saved(form=form))
    code, rows = mark(folder)
    assert (code, all_right(rows)) == (0, True)
    assert [row["problem"] for row in rows] == [str(problem.number) for problem in ADA.problems]
    assert {row["student"] for row in rows} == {"Ada Lovelace"}


@pytest.mark.parametrize(
    "name", ["a.ipynb", "a.ipynb.json", "a.json", "a.ipynb.txt", "a.html", "a"]
)
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_notebook_is_one_under_any_name_and_encoding(folder, name, coding):
    text = json.dumps(notebook(sheets.sheet_for("Zoë", KEY)), ensure_ascii=False)
    put(folder, name, text.encode(coding, "replace"))
    assert all_right(mark(folder)[1])


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_answers_in_cells_of_text_count_and_are_told(folder, kind):
    book = notebook()
    for cell in book["cells"][3:]:
        cell["cell_type"] = kind
    put(folder, "ada.ipynb", json.dumps(book))
    _, rows = mark(folder)
    assert all_right(rows)
    assert f"dZ_2 is in a {kind} cell" in rows[1]["note"]


def test_the_last_answer_with_numbers_counts(folder):
    book = notebook()
    again = {"cell_type": "code", "source": 'Z_1 = """. . ."""\ndZ_2 = "1 2"'}
    text = {"cell_type": "markdown", "source": "dY_3 = 1 2 3"}
    book["cells"] += [again, text]
    put(folder, "ada.ipynb", json.dumps(book))
    assert verdicts(mark(folder)[1])[:3] == ["right", "not yet", "right"]


def test_the_empty_worksheet_is_not_answered(folder):
    put(folder, "ada.ipynb", pages.notebook(ADA))
    put(folder, "ada.csv", pages.answer_table(ADA))
    assert verdicts(mark(folder)[1]) == ["not answered"] * EIGHT


def test_an_unfinished_notebook_tells_how_much_is_right(folder):
    first = as_text(ADA.problems[0].right["Z"])[:-2] + " ."
    put(folder, "ada.ipynb", saved(texts={"Z_1": first, "dZ_2": ". . . .\n. . . 99"}))
    first, second, third, *_ = mark(folder)[1]
    assert (first["verdict"], first["cells_right"]) == ("unfinished", "5 of 6")
    assert (second["verdict"], second["cells_right"]) == ("unfinished", "0 of 8")
    assert "dZ(1, 3) is 99" in second["where"]
    assert third["verdict"] == "not answered"


# --- CSV --------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_of_several_students_is_marked(folder, delimiter, coding):
    other = sheets.sheet_for('=Zoë "X", Ü', KEY)
    both = table(delimiter=delimiter) + table(other, delimiter=delimiter).split("\n", 1)[1]
    put(folder, "class.csv", both.encode(coding))
    _, rows = mark(folder)
    assert all_right(rows, students=2)
    assert {row["student"] for row in rows} == {"Ada Lovelace", '\'=Zoë "X", Ü'}
    assert all(("Windows-1252" in row["note"]) == (coding == "cp1252") for row in rows)


def filled(sheet, by):
    """The table that is handed out, with the numbers that `by` puts into a line."""
    lines = list(csv.reader(io.StringIO(pages.answer_table(sheet).removeprefix("\ufeff"))))
    return [lines[0], *(by(line, right_texts(sheet)[line[2]]) for line in lines[1:])]


def written(rows, **how):
    text = io.StringIO()
    csv.writer(text, **how).writerows(rows)
    return text.getvalue()


def in_one_cell(line, quoted=csv.QUOTE_ALL):
    """A line as a spreadsheet with other commas shows it: the first field loses its quotes."""
    text = written([line], quoting=quoted).strip()
    return re.sub(r'^"((?:[^"]|"")*)"', lambda found: found[1].replace('""', '"'), text)


@pytest.mark.parametrize("name", ["Ada Lovelace", "Lovelace, Ada", "Zoë"])
@pytest.mark.parametrize("quoted", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_table_that_was_opened_with_a_double_click_in_germany(folder, name, quoted, place):
    sheet = sheets.sheet_for(name, KEY)
    rows = filled(sheet, lambda line, text: [*line[:3], text.replace("\n", "; ")])
    rows = [
        [in_one_cell([*row[:3], row[3] if place == "inside" or n == 0 else ""], quoted), row[3]]
        for n, row in enumerate(rows)
    ]
    rows = [[row[0], "" if place == "inside" or n == 0 else row[1]] for n, row in enumerate(rows)]
    put(folder, "a.csv", written(rows, delimiter=";").encode("cp1252"))
    _, marked = mark(folder)
    assert all_right(marked)
    assert {row["student"] for row in marked} == {name}


@pytest.mark.parametrize(
    "numbers",
    [lambda text: text.replace("\n", " ; ").split(), lambda text: [text.replace("\n", "; ")]],
    ids=["one in each cell", "all in one"],
)
def test_the_table_that_is_handed_out_can_be_filled_in(folder, numbers):
    put(folder, "a.csv", written(filled(ADA, lambda line, text: [*line[:3], *numbers(text)])))
    assert all_right(mark(folder)[1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2-May", "the spreadsheet made a date of it; type 2.5"),
        ("02. Mai", "the spreadsheet made a date of it"),
        ("févr.-05", "the spreadsheet made a date of it"),
        ("2026-05-02", "the spreadsheet made a date of it"),
        ("#NAME?", "the spreadsheet took it for a formula; type an apostrophe"),
        ("<<<<<<< HEAD\n1 2", "has conflict marks of git"),
    ],
)
def test_what_a_spreadsheet_did_to_a_number_is_told(folder, text, said):
    put(folder, "a.csv", table(texts={"b_7": text}))
    assert said in mark(folder)[1][6]["note"]


# --- whose it is ------------------------------------------------------------------------------

MANGLED = ["1.36E+13", "1,36E+13", "13628488000000", "12345678", "0", "", "#NAME?", "C65EB3"]


@pytest.mark.parametrize("code", MANGLED)
@pytest.mark.parametrize("listed", [True, False])
def test_a_name_is_trusted_over_a_code_that_a_spreadsheet_has_mangled(folder, code, listed):
    put(folder, "a.csv", table(code=code))
    _, rows = mark(folder, *class_list(folder, "Ada Lovelace", "Bob") * listed)
    assert all_right(rows[:EIGHT])


def test_a_code_of_ten_digits_may_have_been_a_power_of_ten(folder):
    number = next(n for n in range(3000) if re.fullmatch(r"\d+e\d", _code(f"Student {n}")))
    sheet = sheets.sheet_for(f"Student {number}", KEY)
    put(folder, "a.csv", table(sheet, code=f"{float(sheet.code):.0f}"[:10]))
    assert all_right(mark(folder)[1])


def _code(student):
    return sheets.code_of(student, KEY)


@pytest.mark.parametrize(
    "name",
    ["ada lovelace", "Lovelace, Ada", "LOVELACE Ada", "Ada\u00a0Lovelace", "", "A. Lovelace"],
)
def test_a_name_in_another_form_is_found_on_the_class_list(folder, name):
    code = ADA.code if name in ("", "A. Lovelace") else "1E+5"
    text = table(code=code).replace("Ada Lovelace", f'"{name or "?"}"')
    put(folder, "a.csv", text)
    _, rows = mark(folder, *class_list(folder, "Ada Lovelace", "Bob"))
    assert all_right(rows[:EIGHT])
    assert {row["student"] for row in rows[:EIGHT]} == {"Ada Lovelace"}


@pytest.mark.parametrize("name", ["JÃ¼rgen GroÃŸ", "J?rgen Gro?", "J_rgen", "?"])
def test_a_garbled_name_is_found_on_the_class_list_by_its_code(folder, name):
    sheet = sheets.sheet_for("Jürgen Groß", KEY)
    book = notebook(sheet)
    book["metadata"]["cnnlib"]["student"] = name
    put(folder, "a.ipynb", json.dumps(book))
    put(folder, "a.csv", table(sheet).replace("Jürgen Groß", name.replace("Ã", "A")))
    _, rows = mark(folder, *class_list(folder, "Ada", "Jürgen Groß"))
    assert all_right(rows[1:])
    assert {row["student"] for row in rows[1:]} == {"Jürgen Groß"}


PLACES = {  # where a notebook that has lost its metadata is found, and whether by its code there
    "its code in the text": ("a.ipynb", True),
    "its code in the file name": (f"Ada-{ADA.code}-1.ipynb", False),
    "its folder on Moodle": ("Ada Lovelace_123_assignsubmission_file_/a.ipynb", False),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_notebook_that_lost_its_metadata_is_found_by(folder, place):
    name, in_text = PLACES[place]
    text = json.dumps(notebook() | {"metadata": {}})
    put(folder, name, text if in_text else text.replace(ADA.code, ""))
    code, (row,) = mark(folder)
    assert code == 1
    assert "does not name its student" in row["note"]
    assert "give the class list" in row["note"]
    _, rows = mark(folder, *class_list(folder, "Bob", "Ada Lovelace"))
    assert all_right(rows[:EIGHT])
    assert rows[EIGHT]["verdict"] == "nothing handed in"


def test_another_secret_another_name_and_another_edition_are_told(folder):
    put(folder, "a.ipynb", saved(sheets.sheet_for("Ada Lovelace", sheets.course_key("other"))))
    book = notebook()
    book["metadata"]["cnnlib"]["student"] = "Bob"
    put(folder, "b.ipynb", json.dumps(book))
    book["metadata"]["cnnlib"]["edition"] = 99
    put(folder, "c.ipynb", json.dumps(book))
    notes = {row["file"]: row["note"] for row in mark(folder)[1]}
    assert "another course secret" in notes["a.ipynb"]
    assert "its name was changed to Bob" in notes["b.ipynb"]
    assert "is of edition 99" in notes["c.ipynb"]


def test_with_a_class_list_nobody_is_lost(folder):
    put(folder, "zed.ipynb", saved(sheets.sheet_for("Zed", KEY)))
    _, rows = mark(folder, *class_list(folder, "Ada Lovelace", "Bob"))
    found = {(row["student"], row["verdict"], row["note"]) for row in rows}
    missing = [(name, "nothing handed in", "") for name in ("Ada Lovelace", "Bob")]
    assert found == {*missing, ("Zed", "right", "not on the class list")}


# --- platforms and attempts -------------------------------------------------------------------

ABOUT = "Name: Ada Doe (adoe)\nAssignment: Sheet 1\nDate Submitted: Monday\nCurrent Grade: -\n"
TIME = "2024-02-12-10-15-00"
PLATFORMS = {  # the file of a student, and what is beside it
    "Canvas": ("adalovelace_LATE_12_34_{}-1.ipynb", ["adalovelace_12_text.html"]),
    "Moodle": (
        "Ada Lovelace_12_assignsubmission_file_/{}.ipynb",
        ["Ada Lovelace_12_assignsubmission_onlinetext_/onlinetext.html"],
    ),
    "Moodle, all in one": (
        "Ada Lovelace_12_assignsubmission_file_{}.csv",
        ["Ada Lovelace_12_assignsubmission_onlinetext_onlinetext.html"],
    ),
    "Blackboard, German": (f"B_ada_Versuch_{TIME}_{{}}.csv", [f"B_ada_Versuch_{TIME}.txt"]),
    "Blackboard": (f"Sheet 1_ada_attempt_{TIME}_{{}}.ipynb", [f"Sheet 1_ada_attempt_{TIME}.txt"]),
    "Gradescope": ("export/submission_12/{}.ipynb", ["export/submission_metadata.yml"]),
    "nbgrader": ("submitted/ada/sheet1/{}.ipynb", ["submitted/ada/sheet1/timestamp.txt"]),
    "GitHub": ("sheet1-ada/{}.csv", ["sheet1-ada/README.md", "sheet1-ada/LICENSE"]),
    "Windows": ("{}.csv", ["Thumbs.db", "desktop.ini", "~$a.csv"]),
    "LibreOffice": ("{}.csv", [".~lock.a.csv#"]),
    "macOS": ("ada/{}.ipynb", ["__MACOSX/ada/._a.ipynb", "ada/.DS_Store", "Icon\r"]),
    "Jupyter": ("{}.ipynb", [".ipynb_checkpoints/a-checkpoint.ipynb"]),
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_folder_as_a_platform_makes_it(folder, platform, capsys):
    name, beside = PLATFORMS[platform]
    stem = names.stem(ADA.student, ADA.code)
    put(folder, name.format(stem), saved() if name.endswith("ipynb") else table())
    put(folder, f"{stem}.html", pages.worksheet(ADA))
    for other in beside:
        put(folder, other, ABOUT)
    code, rows = mark(folder)
    said = capsys.readouterr()
    assert (code, all_right(rows)) == (0, True)
    (note,) = said.err.splitlines()
    system = (".", "__", "Thumbs", "desktop")  # are passed over without a word
    seen = [other for other in beside if "/." not in other and not other.startswith(system)]
    number = names.count(len(seen) + 1, "file")
    assert note.startswith(f"note: passed over {number} that came with the answers: ")
    assert "8 of 8 problems right, 0 files not read" in said.out


def test_the_table_of_marks_among_the_answers_is_passed_over(folder):
    put(folder, "a.ipynb")
    for _ in range(2):
        code, rows = mark(folder, "--out", folder / "marks.csv")
        assert code == 0
    assert "files not read" not in (folder / "marks.csv").read_text("utf-8")


EARLY, LATE = "2024-02-12-10-15-00", "2024-02-12-22-01-00"
ATTEMPTS = [
    (f"Sheet_ada_attempt_{EARLY}_a.ipynb", f"Sheet_ada_attempt_{LATE}_a.ipynb"),
    ("Sheet_ada_attempt_2024-02-12_a.ipynb", "Sheet_ada_attempt_2024-02-13_a.ipynb"),
    ("ada_12_34_a.ipynb", "ada_12_35_a-1.ipynb"),
    ("ada_12_34_a-2.ipynb", "ada_12_35_a-10.ipynb"),
    ("a.ipynb", "a (1).ipynb"),
    ("a (2).ipynb", "a (10).ipynb"),
]


@pytest.mark.parametrize(("early", "late"), ATTEMPTS)
def test_of_several_attempts_the_last_counts_once(folder, early, late, capsys):
    put(folder, early, saved(texts=right_texts() | {"Z_1": "1 2 3; 4 5 6"}))
    put(folder, late)
    put(folder, "a (99).ipynb", pages.notebook(ADA))  # an empty one does not count
    _, rows = mark(folder)
    assert all_right(rows)
    assert {row["file"] for row in rows} == {late}
    assert {row["note"] for row in rows} == {f"not counted, an earlier attempt: {early}"}
    assert "8 of 8 problems right" in capsys.readouterr().out
    put(folder, early)
    put(folder, late, saved(texts=right_texts() | {"Z_1": "1 2 3; 4 5 6"}))
    assert verdicts(mark(folder)[1])[0] == "not yet"


def test_an_attempt_may_be_several_files(folder):
    texts = right_texts()
    half = {label: texts[label] for label in ("Z_1", "dZ_2")}
    rest = {label: text for label, text in texts.items() if label not in half}
    put(folder, "a.csv", table(texts=half))
    put(folder, "inner/b.ipynb", saved(texts=rest))
    _, rows = mark(folder)
    assert all_right(rows)
    assert [row["file"] for row in rows] == ["a.csv"] * 2 + ["inner/b.ipynb"] * 6
    assert {row["note"] for row in rows} == {"2 files: inner/b.ipynb; a.csv"}


# --- files that may be anything ---------------------------------------------------------------


def deep(levels):
    return b'{"nbformat": 4, "cells": ' + b"[" * levels + b"]" * levels + b"}"


def packed():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", b"0" * 20_000_000)
    return data.getvalue()


def with_metadata(text):
    return b'{"nbformat": 4, "cells": [], "metadata": ' + text + b"}"


ASK = "ask the student for the notebook"
UNTITLED = b"student,answer,numbers\n"
FILES = {  # name: content, why it is not read, and what to do
    "a.ipynb": (b"", "is empty: ask the student"),
    "b.ipynb": (b"not json", "is not a notebook: .*; ask the student"),
    "c.ipynb": (deep(100_000), f"is nested too deeply; {ASK}"),
    "d.ipynb": (b"\xff\xfe\x00\xd8" * 9, "is not a notebook"),
    "e.ipynb": (b"[1, 2]", "is not a notebook of format 4: open it in JupyterLab"),
    "e3.ipynb": (b'{"nbformat": 3, "worksheets": []}', "is not a notebook of format 4"),
    "f.ipynb": (b'{"nbformat": ' + b"9" * 5000 + b"}", f"is not a notebook: .*; {ASK}"),
    "g.ipynb": (b'{"nbformat": 4, "cells": {"a": 1}}', "is not a notebook of format 4"),
    "h.ipynb": (b'{"nbformat": 4, "cells": []}', f"is not made from a worksheet: {ASK}"),
    "i.ipynb": (with_metadata(b"[1]"), "is not made from a worksheet"),
    "j.ipynb": (with_metadata(b'{"cnnlib": {"student": 3}}'), "is not made from a worksheet"),
    "k.ipynb": (with_metadata(b'{"cnnlib": {"student": "\\n"}}'), "a name is empty"),
    "l.ipynb": (b" " * 10_000_001, "is too large, 10 MB: clear its outputs"),
    "m.ipynb": (packed(), f"is a workbook or a ZIP archive: unpack it if you can, or {ASK}"),
    "n.zip": (packed(), "is compressed: unpack it, and give the folder"),
    "o.xlsx": (packed(), "is a workbook: open it; in Excel use File, Save As, type .CSV UTF-8"),
    "o.xls": (b"\xd0\xcf\x11\xe0", "is a workbook: open it; in Excel use File"),
    "p.csv": (gzip.compress(b"student"), "is a compressed file: unpack it"),
    "q.csv": (b"a,b\n1,2\n", "needs the columns student, code, answer and numbers in its first"),
    "r.csv": (UNTITLED, f"has no answers in it: {ASK}"),
    "s.csv": (b"\x00" * 100, "is not UTF-8.*: in Excel use File, Save As"),
    "t.csv": (UNTITLED + b'A,Z_1,"' + b"1 " * 100_000, "check its quotation marks"),
    "u.csv": (UNTITLED + b"x" * 300 + b",Z_1,1\n", "line 2: a name has 300"),
    "u2.csv": (UNTITLED + b"".join(b"%d,Z_1,1\n" % n for n in range(2001)), "than 2000 students"),
    "v.pdf": (b"%PDF-1.7", f"is a PDF: {ASK}"),
    "w.html": (b"<html>", f"is a web page: {ASK}.*; JupyterLab saves it with File, Download"),
    "w.ipynb": (b"<!DOCTYPE html><html>", "is a web page, not a notebook: download the file"),
    "x": (b"x", f"is neither a notebook nor a CSV file: {ASK}"),
    "x.jpg": (b"\xff\xd8\xff", f"is a picture: {ASK}"),
    "x.docx": (packed(), f"is a text document: {ASK}"),
    "x.py": (b"Z_1 = 1", f"is a program: {ASK}"),
    "y.ipynb": (with_metadata(b'{"cnnlib": {"student": "\\ud800"}}'), "is not valid text"),
    "cut.ipynb": (saved().encode()[:3000], "it is cut off; download it again"),
    "git.csv": (UNTITLED + b"<<<<<<< HEAD\nA,Z_1,1\n", "has conflict marks of git"),
    "git.ipynb": (saved().replace(": [", ": [\n<<<<<<< a\n").encode(), "has conflict marks of git"),
}


def test_wrong_and_hostile_files_get_a_line_each(folder, capsys):
    for name, (data, _) in FILES.items():
        put(folder, name, data)
    put(folder, "z.ipynb")
    code, rows = mark(folder)
    rows, said = {row["file"]: row for row in rows}, capsys.readouterr().err
    assert code == 1
    for name, (_, why) in FILES.items():
        assert re.search(why, rows[name]["note"]), (name, rows[name]["note"])
        assert rows[name]["verdict"] == "cannot be read"
        assert f"{name}: " in said
    assert rows["z.ipynb"]["verdict"] == "right"
    assert "Traceback" not in said
    assert all(len(line) < 400 for line in said.splitlines())


@pytest.mark.parametrize(
    "cells",
    [
        [1, None, "x", [], {}],
        [{"cell_type": "code", "source": 3}, {"cell_type": "code"}],
        [{"cell_type": "code", "source": ["Z_1 = 1", 7, None]}],
        [{"cell_type": ["code"], "source": {"a": "b"}}],
        [{"cell_type": "code", "source": "Z_1 = " + "[" * 100_000}],
        [{"cell_type": "code", "source": "Z_1 = '''" + "9 " * 1_000_000}],
        [{"cell_type": "code", "source": "Z_1 = __import__('os').remove('z.ipynb')"}],
        [{"cell_type": "code", "source": "Z_1 =" * 100_000}],
        [{"cell_type": "markdown", "source": " \t" * 500_000}],
    ],
)
def test_hostile_cells_are_no_answers(folder, cells):
    mine = {"cnnlib": {"student": ADA.student, "code": ADA.code, "edition": 1}}
    put(folder, "z.ipynb", json.dumps({"nbformat": 4, "cells": cells, "metadata": mine}))
    rows = mark(folder)[1]
    assert len(rows) == EIGHT
    assert rows[0]["verdict"] in ("not answered", "cannot be read")
    assert (folder / "z.ipynb").exists()


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError("deep"), MemoryError()])
def test_a_file_that_breaks_the_reading_stops_no_other(folder, monkeypatch, error):
    def read(data, file):
        raise error

    put(folder, "a.ipynb")
    put(folder, "b.csv", "x")
    monkeypatch.setattr(answers, "_csv", read)
    assert verdicts(mark(folder)[1]) == ["right"] * EIGHT + ["cannot be read"]


@pytest.mark.parametrize("values", [{"edition": [[]]}, {"edition": "1" * 9999}])
def test_hostile_metadata_is_told(folder, values):
    book = notebook()
    book["metadata"]["cnnlib"] |= values
    put(folder, "z.ipynb", json.dumps(book))
    _, (row,) = mark(folder)
    assert row["verdict"] == "cannot be read"
    assert len(row["note"]) < 300


def test_no_cell_of_the_table_is_a_formula(folder):
    student = '=HYPERLINK("http://x";"y")'
    put(folder, "=1+1.ipynb", saved(sheets.sheet_for(student, KEY), {"Z_1": '=cmd|"/c calc"!A1'}))
    put(folder, "@x.pdf", "x")
    _, rows = mark(folder)
    assert rows[0]["student"] == "'" + student
    assert rows[0]["file"] == "'=1+1.ipynb"
    for row in rows:
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in row.values())
    raw = (folder.parent / "answers-marks.csv").read_text("utf-8-sig")
    assert all(line.startswith('"') for line in raw.splitlines())


@pytest.mark.skipif(sys.platform != "linux", reason="names of this kind are of Linux")
def test_file_names_of_any_bytes_are_told(folder, capsys):
    for name in b"a\nb\x1b[31m.ipynb", b"\xff\xfe.ipynb":
        with open(os.path.join(os.fsencode(folder), name), "w") as file:
            file.write("{}")
    assert [row["file"] for row in mark(folder)[1]] == ["a b [31m.ipynb", "  .ipynb"]
    assert capsys.readouterr().err.startswith("a?b?[31m.ipynb: is not a notebook")


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of this kind are of POSIX")
def test_links_pipes_and_folders_are_not_read(folder, tmp_path):
    put(tmp_path / "outside", "ada.ipynb")
    put(tmp_path / "outside", "page.html", pages.worksheet(ADA))
    (folder / "a.ipynb").symlink_to(tmp_path / "outside" / "ada.ipynb")
    (folder / "b").symlink_to(tmp_path / "outside")
    (folder / "c").symlink_to(folder)
    (folder / "d.ipynb").symlink_to(tmp_path / "nowhere")
    (folder / "e.ipynb").mkdir()
    os.mkfifo(folder / "f.ipynb")
    (folder / "g.html").symlink_to(tmp_path / "outside" / "page.html")
    os.mkfifo(folder / "h.html")
    rows = {row["file"]: row["note"] for row in mark(folder)[1]}
    for name in "a.ipynb", "b", "c", "d.ipynb", "g.html":
        assert "is a link, and links are not followed" in rows[name]
    for name in "f.ipynb", "h.html":
        assert "is not an ordinary file" in rows[name]
    assert len(rows) == 7
    (folder.parent / "link").symlink_to(folder)
    _, (row,) = mark(folder.parent / "link")
    assert "is a link" in row["note"]


def test_what_is_not_there_and_what_is_too_large_are_told(folder):
    with open(folder / "large.ipynb", "wb") as file:
        file.truncate(100_000_000)
    _, (row,) = mark(folder)
    assert row["note"] == "is too large, 100 MB: clear its outputs and save it"
    _, (row,) = mark(folder / "nowhere.ipynb")
    assert "cannot be read: no such file" in row["note"]

"""Marks: what is right, which mistake an answer looks like, and files that may be anything."""

import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlib import exercises, loops, shapes
from homework import __main__ as homework
from homework import answers, coderun, files, marking, names, pages, sheets

SECRET = "a secret of the course"
KEY = sheets.course_key(SECRET)
SHEETS = [sheets.sheet_for(f"student {n}", KEY) for n in range(12)]
ADA = sheets.sheet_for("Ada Lovelace", KEY)
NUMBERS = range(len(ADA.problems))


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("CNNLIB_COURSE", SECRET)


def as_text(m):
    return "\n".join(" ".join(f"{value:g}" for value in row) for row in m)


def right_texts(sheet):
    return {p.labels[part]: as_text(m) for p in sheet.problems for part, m in p.right.items()}


def notebook(sheet, texts, form='{label} = """\n{text}\n"""'):
    """The student's notebook, as a dict, with these answers in it."""
    book = json.loads(pages.notebook(sheet))
    for cell in book["cells"]:
        label = cell["source"][0].split(" ")[0]
        if cell["cell_type"] == "code" and label in texts:
            cell["source"] = form.format(label=label, text=texts[label])
    return book


def put(folder, name, sheet=ADA, texts=None, **how):
    texts = right_texts(sheet) if texts is None else texts
    (folder / name).write_text(json.dumps(notebook(sheet, texts, **how)), "utf-8")


def mark(folder, *arguments):
    """Mark a folder in this process; return the rows of the table."""
    table = folder.parent / f"{folder.name}-marks.csv"
    homework.main(["mark", str(folder), "--out", str(table), "--overwrite", *map(str, arguments)])
    return list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "answers"
    made.mkdir()
    return made


# --- mistakes ---------------------------------------------------------------------------------


def wrong_answers(problem):
    """Yield (name of a mistake, what it makes) for all that show on these numbers."""
    for name, mistake in exercises.MISTAKES[problem.exercise.name].items():
        for made in marking.made_by(problem, mistake):
            if all(m.size for m in made.values()) and not marking._same(made, problem.right):
                yield name, made


ALIKE = {  # on these sizes, one makes what the other makes
    3: [{"= for +=", "last weight left out"}],
    4: [
        {"= for +=", "last weight left out"},
        {"stride forgotten", "strides exchanged"},
        {"padding not cropped", "padding cropped on one side", "padding cropped along one axis"},
        {"paddings exchanged", "ring of the wrong width", "padding not cropped"},
    ],
    5: [{"stride forgotten", "strides exchanged", "step off by one", "height and width exchanged"}],
    6: [{"batch averaged", "half"}],
}
LEAST = {1: 9, 2: 10, 3: 13, 4: 19, 5: 13, 6: 9, 7: 11, 8: 11}  # mistakes that can show


@pytest.mark.parametrize("number", NUMBERS)
def test_each_mistake_is_named_and_told_from_the_others(number):
    """In nine of ten worksheets at least: small whole numbers may agree by chance."""
    shown, named, alone = Counter(), Counter(), Counter()
    for sheet in SHEETS:
        problem = sheet.problems[number]
        for name, made in dict(reversed([*wrong_answers(problem)])).items():
            found = marking.alike(problem, made)
            shown[name] += 1
            named[name] += name in found[:2]
            alone[name] += found == [name]
    assert len(shown) >= LEAST[number + 1]
    together = set().union(*ALIKE.get(number + 1, []))
    for name in shown:
        assert named[name] >= 0.9 * shown[name], name
        assert name in together or alone[name] >= 0.9 * shown[name], name


def mistaken(number, make):
    """The mark of an answer to one problem of Ada's, made from its arguments."""
    problem = ADA.problems[number - 1]
    made = make(**problem.given)
    parts = problem.exercise.gives
    arrays = made if isinstance(made, tuple) else (made,)
    came = dict(zip(parts, map(sheets.matrix, arrays), strict=True))
    assert not marking._same(came, problem.right)
    return marking.mark(problem, came)


def by_gather(dZ, W, input_size, stride, padding):
    return loops.conv_backward_input(dZ, shapes.flip(W), input_size, stride=stride, padding=padding)


def last_product(dZ, W, input_size, stride, padding):
    dY = np.zeros((*input_size, 1))
    for i, j, u, v in np.ndindex(*dZ.shape[:2], *W.shape[:2]):
        dY[i + u, j + v, 0] = dZ[i, j] @ W[u, v, 0]
    return dY


def padded(dZ, W, input_size, stride, padding):
    return loops.conv_backward_input(dZ, W, (7, 3), stride=stride)


def no_rest(dZ, W, input_size, stride, padding):
    return loops.conv_backward_input(dZ, W, (5, 3), stride=stride)[1:-1]


def uphill(dZ, Y, W, b, eta):
    dY, dW, db = loops.conv_backward(dZ, Y, W)
    return dY, W + eta * dW, b + eta * db


BY_HAND = [
    (3, by_gather, "The filter lies the wrong way round."),
    (4, by_gather, "The filter lies the wrong way round."),
    (
        3,
        lambda dZ, W, **x: loops.conv_backward_input(dZ[..., :1], W[..., :1], (3, 3)),
        "sum over k",
    ),
    (3, last_product, "They were not added up."),
    (4, padded, "The padding is not cropped."),
    (4, no_rest, "The left-over rows"),
    (6, lambda dZ: dZ.mean(axis=(0, 1)), "divided by the number of cells"),
    (6, lambda dZ: dZ[-1, -1], "Only the last cell of each map is there."),
    (7, uphill, "The step goes uphill."),
    (1, lambda Y, W, b, **x: loops.conv_forward(Y, W), "bias"),
    (1, lambda Y, W, b, **x: loops.conv_forward(Y, shapes.flip(W), b), "flipped"),
    (2, lambda dY, Z: dY * (Z >= 0), "Where Z is 0"),
    (
        5,
        lambda dZ, Y, **x: loops.conv_backward_filter(dZ[::-1, ::-1], Y, (2, 2), stride=(2, 1)),
        "dZ is",
    ),
    (3, lambda **x: -by_gather(**x | {"W": shapes.flip(x["W"])}), "Every sign"),
]


@pytest.mark.parametrize(("number", "make", "said"), BY_HAND)
def test_an_answer_made_without_the_table_of_mistakes_is_named(number, make, said):
    found = mistaken(number, make)
    assert said in found.mistake
    assert found.verdict == "not yet"
    assert found.cure
    assert ", and should be " in found.where


def test_what_is_said_of_an_answer_by_hand_does_not_speak_of_code():
    words = r"\+=|\b(code|axis|axes|loop|slice|print|array|line|return\w*|compute|batch)\b"
    for problem in ADA.problems:
        for name in {name for name, _ in wrong_answers(problem)}:
            for sentence in marking.words(problem, name):
                assert not re.search(words, sentence), (problem.number, name, sentence)


def test_every_sentence_of_ones_own_is_of_a_mistake():
    own = sheets.TEXTS["by_hand"]
    known = {p.exercise.name: p.exercise.mistakes for p in ADA.problems}
    for name, table in own.items():
        for key, (says, cure) in table.items():
            assert key in (known[name] if name != "anywhere" else known["conv_forward"])
            assert says.endswith(".")
            assert cure.endswith(".")


def test_a_slip_is_counted_and_located():
    problem = ADA.problems[0]
    came = {"Z": problem.right["Z"].copy()}
    came["Z"][1, 2] += 1
    found = marking.mark(problem, came)
    assert (found.verdict, found.cells) == ("not yet", "5 of 6")
    assert found.mistake == "Only one cell is wrong. It may be a slip."
    value = int(problem.right["Z"][1, 2])
    assert found.where.startswith(
        f"Z(1, 2) is {value + 1}, and should be {value}. Z(1, 2) = b(0) + "
    )
    assert found.where.endswith(f" = {value}")
    came["Z"][0, 0] += 20
    assert marking.mark(problem, came).mistake.startswith("2 cells are wrong")
    assert (
        marking.mark(problem, {"Z": came["Z"][:, :2]}).where == "Z is 2 x 2, and should be 2 x 3."
    )


def test_what_is_missing_is_no_mistake():
    problem = ADA.problems[6]
    assert marking.mark(problem, {}).verdict == "not answered"
    some = {"dY": problem.right["dY"]}
    assert (marking.mark(problem, some).verdict, marking.mark(problem, some).cells) == (
        "unfinished",
        "6 of 11",
    )
    assert marking.mark(problem, problem.right).verdict == "right"


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "width", "matrix"),
    [
        ("1 2\n3 4", 2, [[1, 2], [3, 4]]),
        ("\r\n  1\t2 \r\n\r\n 3  4\r\n", 2, [[1, 2], [3, 4]]),
        ("1 2; 3 4", 2, [[1, 2], [3, 4]]),
        ("1, 2, 3", 3, [[1, 2, 3]]),
        ("1,2,3", 3, [[1, 2, 3]]),
        ("[[1, 2],\n [3, 4]]", 2, [[1, 2], [3, 4]]),
        ("np.array([[1., -2], [3, 4]], dtype=float)", 2, [[1, -2], [3, 4]]),
        ("numpy.array([1, 2])", 2, [[1, 2]]),
        ("[[[1], [2]]]", 1, [[1], [2]]),
        ("(1, 2)", 2, [[1, 2]]),
        ("5", 1, [[5]]),
        ("1,5 2,5", 2, [[1.5, 2.5]]),
        ("1,5; 2", 1, [[1.5], [2]]),
        ("1,5", 1, [[1.5]]),
        ("1,5", 2, [[1, 5]]),
        ("1,5, 2,5", 2, [[1.5, 2.5]]),
        ("1,5 2,5 3", 2, [[1.5, 2.5, 3]]),
        ("−3 –4 ＋5", 3, [[-3, -4, 5]]),
        ("- 3 + 4", 2, [[-3, 4]]),
        ("5/2 -1/4 3 / 2", 3, [[2.5, -0.25, 1.5]]),
        ("½ -¾ 5⁄2", 3, [[0.5, -0.75, 2.5]]),
        (".5 5. 1.5e1", 3, [[0.5, 5, 15]]),
        ("1\u00a02\u20093", 3, [[1, 2, 3]]),
        ("1 2  # I am sure\n3 4", 2, [[1, 2], [3, 4]]),
        (". 2\n? _", 2, [[np.nan, 2], [np.nan, np.nan]]),
        ("", 2, np.empty((0, 0))),
        ("[]", 2, np.empty((0, 0))),
    ],
)
def test_numbers_as_people_write_them(text, width, matrix):
    np.testing.assert_array_equal(answers.numbers(text, width), np.array(matrix, float))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1e400 2", "'1e400' is not a number that can be the result"),
        ("-1e300", "not a number that can be the result"),
        ("9" * 16, "is not a number"),
        ("1/0", "'1/0' is not a number that can be the result"),
        ("nan 1", "'nan' is not a number"),
        ("inf", "'inf' is not a number"),
        ("1½", "'1½' is not a number"),
        ("3²", "'3²' is not a number"),
        ("٣", "'٣' is not a number"),
        ("0x10", "'0x10' is not a number"),
        ("1/2/3", "'1/2/3' is not a number"),
        ("1 2 3\n4 5", "the rows have 3, 2 numbers"),
        ("conv(Y, W)", r"'conv\(Y' is not a number"),
        ("[[1, 2], [3, x1]]", "'x1' is not a number"),
        ("[1, 2] + [3, 4]", r"'\+' is not a number"),
        ("__import__('os').system('true')", "is not a number"),
        ("1 " * 401, "too many numbers"),
        ("1 " * 3000, "has 6000 characters"),
        ("[" * 4000, "is not a number|^$"),
    ],
)
def test_what_is_no_number_is_said(text, said):
    if set(text) == {"["}:
        assert answers.numbers(text, 2).size == 0
    else:
        with pytest.raises(files.Refused, match=said):
            answers.numbers(text, 2)


# --- notebooks and tables ---------------------------------------------------------------------

FORMS = [
    '{label} = """\n{text}\n"""',
    "{label}='''{text}'''  # done",
    "x = 1\n{label} = '''\n{text}\n'''\nprint(x)",
]


@pytest.mark.parametrize("form", FORMS)
def test_a_right_notebook_is_right(folder, form):
    put(folder, "ada.ipynb", form=form)
    rows = mark(folder)
    assert [row["problem"] for row in rows] == [str(number + 1) for number in NUMBERS]
    assert {row["verdict"] for row in rows} == {"right"}
    assert {row["student"] for row in rows} == {"Ada Lovelace"}
    assert [row["title"] for row in rows] == [p.text["title"] for p in ADA.problems]


def test_lists_in_a_notebook_are_right(folder):
    texts = {
        p.labels[part]: json.dumps(m.tolist()) for p in ADA.problems for part, m in p.right.items()
    }
    put(folder, "a.ipynb", texts=texts, form="import numpy as np\n{label} = np.array({text})\n")
    assert {row["verdict"] for row in mark(folder)} == {"right"}


def test_the_empty_worksheet_is_not_answered(folder):
    (folder / "ada.ipynb").write_text(pages.notebook(ADA), "utf-8")
    assert {row["verdict"] for row in mark(folder)} == {"not answered"}
    (folder / "ada.csv").write_text(pages.answer_table(ADA), "utf-8")
    assert len(mark(folder)) == len(NUMBERS)  # two empty ones count as one


def test_an_unfinished_notebook_says_how_much_is_right(folder):
    texts = {"Z_1": as_text(ADA.problems[0].right["Z"])[:-2] + " .", "dZ_2": ". . . .\n. . . 99"}
    put(folder, "ada.ipynb", texts=texts)
    first, second, third, *_ = mark(folder)
    assert (first["verdict"], first["cells_right"]) == ("unfinished", "5 of 6")
    assert (second["verdict"], second["cells_right"]) == ("unfinished", "0 of 8")
    assert "dZ(1, 3) is 99" in second["where"]
    assert third["verdict"] == "not answered"


def test_a_table_line_says_mistake_place_and_way_out(folder):
    problem = ADA.problems[2]
    wrong = sheets.matrix(by_gather(**problem.given))
    put(folder, "ada.ipynb", texts=right_texts(ADA) | {"dY_3": as_text(wrong)})
    row = mark(folder)[2]
    assert row["verdict"] == "not yet"
    assert row["mistake"].startswith("The filter lies the wrong way round.")
    assert row["where"].startswith("dY(0, 0) is ")
    assert "180 degrees" in row["way_out"]
    assert sum(row["verdict"] == "right" for row in mark(folder)) == len(NUMBERS) - 1


def test_the_last_answer_with_numbers_counts(folder):
    book = notebook(ADA, right_texts(ADA))
    again = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    book["cells"] += [again | {"id": "x", "source": 'Z_1 = """. . ."""\ndZ_2 = "1 2"'}]
    (folder / "ada.ipynb").write_text(json.dumps(book))
    verdicts = [row["verdict"] for row in mark(folder)]
    assert verdicts[:3] == ["right", "not yet", "right"]


def test_notebooks_of_other_formats(folder):
    book = nbformat.from_dict(notebook(ADA, right_texts(ADA)))
    nbformat.write(nbformat.convert(book, 3), folder / "three.ipynb", version=3)
    assert json.loads((folder / "three.ipynb").read_text())["nbformat"] == 3
    assert {row["verdict"] for row in mark(folder)} == {"right"}
    for wrong in 2, 5, "4", None:
        (folder / "three.ipynb").write_text(json.dumps(dict(book) | {"nbformat": wrong}))
        (row,) = mark(folder)
        assert "not a notebook of format 3 or 4" in row["note"]


def table(sheet, texts, **how):
    text = io.StringIO()
    rows = [[names.in_cell(sheet.student), sheet.code, *item] for item in texts.items()]
    csv.writer(text, **how).writerows([["student", "code", "answer", "numbers"], *rows])
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_of_several_students_is_marked(folder, delimiter, coding):
    sheet = sheets.sheet_for('=Zoë "X", Ü', KEY)
    both = table(ADA, right_texts(ADA), delimiter=delimiter)
    both += table(sheet, right_texts(sheet), delimiter=delimiter).split("\n", 1)[1]
    (folder / "class.csv").write_bytes(both.encode(coding))
    rows = mark(folder)
    assert {row["verdict"] for row in rows} == {"right"}
    assert {row["student"] for row in rows} == {"Ada Lovelace", '\'=Zoë "X", Ü'}
    assert len(rows) == 2 * len(NUMBERS)


def test_the_table_that_is_handed_out_can_be_filled_in(folder):
    lines = list(csv.reader(io.StringIO(pages.answer_table(ADA).removeprefix("\ufeff"))))
    for line in lines[1:]:
        line[3] = right_texts(ADA)[line[2]].replace("\n", "; ")
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    (folder / "ada.csv").write_text(text.getvalue(), "utf-8")
    assert {row["verdict"] for row in mark(folder)} == {"right"}


# --- students ---------------------------------------------------------------------------------


def test_two_files_of_one_student_are_both_marked_and_said(folder):
    put(folder, "a.ipynb")
    (folder / "inner").mkdir()
    put(folder / "inner", "b.ipynb", texts={"Z_1": "1 2 3; 4 5 6"})
    rows = mark(folder)
    assert len(rows) == 2 * len(NUMBERS)
    assert {row["note"] for row in rows} == {"2 files: a.ipynb, inner/b.ipynb"}
    assert Counter(row["file"] for row in rows) == {"a.ipynb": 8, "inner/b.ipynb": 8}


def test_an_empty_sheet_beside_a_full_one_does_not_count(folder):
    put(folder, "a.ipynb")
    (folder / "a.csv").write_text(pages.answer_table(ADA), "utf-8")
    assert {(row["verdict"], row["note"]) for row in mark(folder)} == {("right", "")}


def test_with_a_class_list_nobody_is_lost(folder):
    (folder.parent / "list.csv").write_text("name\nada lovelace\nBob\n")
    put(folder, "zed.ipynb", sheets.sheet_for("Zed", KEY))
    rows = mark(folder, "--class-list", folder.parent / "list.csv")
    found = {(row["student"], row["verdict"], row["note"]) for row in rows}
    missing = [(name, "nothing handed in", "") for name in ("ada lovelace", "Bob")]
    assert found == {*missing, ("Zed", "right", "not on the class list")}


def test_a_name_in_another_case_is_found_in_the_class_list(folder):
    (folder.parent / "list.csv").write_text("name\nAda Lovelace\n")
    rows = [["student", "answer", "numbers"], ["ada LOVELACE", "Z_1", right_texts(ADA)["Z_1"]]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    (folder / "a.csv").write_text(text.getvalue())
    rows = mark(folder, "--class-list", folder.parent / "list.csv")
    assert (rows[0]["student"], rows[0]["verdict"]) == ("Ada Lovelace", "right")


def test_a_notebook_that_lost_its_metadata_is_found_by_its_code(folder):
    book = notebook(ADA, right_texts(ADA))
    book["metadata"] = {}
    (folder / "a.ipynb").write_text(json.dumps(book))
    (row,) = mark(folder)
    assert row["note"] == "does not name its student: give the class list"
    (folder.parent / "list.csv").write_text("name\nBob\nAda Lovelace\n")
    rows = mark(folder, "--class-list", folder.parent / "list.csv")
    assert [row["verdict"] for row in rows[:8]] == ["right"] * 8
    assert {row["student"] for row in rows[:8]} == {"Ada Lovelace"}


def test_another_secret_another_name_and_another_edition_are_said(folder):
    put(folder, "a.ipynb", sheets.sheet_for("Ada Lovelace", sheets.course_key("other")))
    book = notebook(ADA, right_texts(ADA))
    book["metadata"]["cnnlib"]["student"] = "Bob"
    (folder / "b.ipynb").write_text(json.dumps(book))
    book["metadata"]["cnnlib"]["edition"] = 99
    (folder / "c.ipynb").write_text(json.dumps(book))
    notes = {row["file"]: row["note"] for row in mark(folder)}
    assert "another course secret" in notes["a.ipynb"]
    assert "its name was changed" in notes["b.ipynb"]
    assert "is of edition 99" in notes["c.ipynb"]


def test_no_cell_of_the_table_is_a_formula(folder):
    student = '=HYPERLINK("http://x";"y")'
    put(folder, "=1+1.ipynb", sheets.sheet_for(student, KEY), texts={"Z_1": '=cmd|"/c calc"!A1'})
    (folder / "@x.pdf").write_text("x")
    rows = mark(folder)
    assert rows[0]["student"] == "'" + student
    assert rows[0]["file"] == "'=1+1.ipynb"
    for row in rows:
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in row.values())
    raw = (folder.parent / "answers-marks.csv").read_text("utf-8-sig")
    assert all(line.startswith('"') for line in raw.splitlines())


# --- files that may be anything ---------------------------------------------------------------


def deep(levels):
    return b'{"nbformat": 4, "cells": ' + b"[" * levels + b"]" * levels + b"}"


def packed():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", b"0" * 20_000_000)
    return data.getvalue()


MINE = {"cnnlib": {"student": "Ada Lovelace", "code": ADA.code, "edition": 1}}
HOSTILE = {
    "a.ipynb": (b"", "is empty"),
    "b.ipynb": (b"not json", "is not a notebook"),
    "c.ipynb": (deep(100_000), "is nested too deeply"),
    "d.ipynb": (b"\xff\xfe\x00\xd8" * 9, "is not a notebook"),
    "e.ipynb": (b"[1, 2]", "is not a notebook of format"),
    "f.ipynb": (b'{"nbformat": ' + b"9" * 5000 + b"}", "is not a notebook"),
    "g.ipynb": (b'{"nbformat": 4, "cells": {"a": 1}}', "is not a notebook of format"),
    "h.ipynb": (b'{"nbformat": 4, "cells": []}', "is not made from a worksheet"),
    "i.ipynb": (b'{"nbformat": 4, "cells": [], "metadata": [1]}', "is not made from a worksheet"),
    "j.ipynb": (
        b'{"nbformat": 4, "cells": [], "metadata": {"cnnlib": {"student": 3}}}',
        "is not made",
    ),
    "k.ipynb": (
        json.dumps(
            {"nbformat": 4, "cells": [], "metadata": {"cnnlib": {"student": "\n"}}}
        ).encode(),
        "a name is empty",
    ),
    "l.ipynb": (b" " * 10_000_001, "is too large"),
    "m.ipynb": (packed(), "is compressed, and is not opened: unpack it"),
    "n.zip": (packed(), "is compressed, and is not opened: unpack it"),
    "o.xlsx": (packed(), "is compressed, and is not opened: save the sheet as CSV"),
    "p.csv": (gzip.compress(b"student"), "is compressed"),
    "q.csv": (b"a,b\n1,2\n", "needs the columns student, answer and numbers"),
    "r.csv": (b"student,answer,numbers\n", "has no answers in it"),
    "s.csv": (b"\x00" * 100, "is not text"),
    "t.csv": (b'student,answer,numbers\nA,Z_1,"' + b"1 " * 100_000, "is not a CSV file"),
    "u.csv": (b"student,answer,numbers\n" + b"x" * 300 + b",Z_1,1\n", "line 2: a name has 300"),
    "u2.csv": (
        b"student,answer,numbers\n" + b"".join(b"%d,Z_1,1\n" % n for n in range(2001)),
        "has more than 2000 students",
    ),
    "v.pdf": (b"%PDF-1.7", "is neither a notebook"),
    "w.html": (b"<html>", "is neither a notebook"),
    "x": (b"x", "is neither a notebook"),
    "y.ipynb": (
        b'{"nbformat": 4, "cells": [], "metadata": {"cnnlib": {"student": "\\ud800"}}}',
        "a name is not valid text",
    ),
}


def test_wrong_and_hostile_files_get_a_line_each(folder, capsys):
    for name, (data, _) in HOSTILE.items():
        (folder / name).write_bytes(data)
    put(folder, "z.ipynb")
    rows = {row["file"]: row for row in mark(folder)}
    said = capsys.readouterr().err
    for name, (_, why) in HOSTILE.items():
        assert why in rows[name]["note"], name
        assert rows[name]["verdict"] == "cannot be read"
        assert f"{name}: " in said
    assert rows["z.ipynb"]["verdict"] == "right"
    assert "Traceback" not in said
    assert all(len(line) < 400 for line in said.splitlines())


@pytest.mark.parametrize(
    "cells",
    [
        [1, None, "x", [], {}],
        [{"cell_type": "code"}],
        [{"cell_type": "code", "source": 3}],
        [{"cell_type": "code", "source": ["Z_1 = 1", 7, None]}],
        [{"cell_type": ["code"], "source": {"a": "b"}}],
        [{"cell_type": "code", "source": "Z_1 = " + "[" * 100_000}],
        [{"cell_type": "code", "source": "Z_1 = '''" + "9 " * 1_000_000}],
        [{"cell_type": "code", "source": "Z_1 = __import__('os').remove('z.ipynb')"}],
        [{"cell_type": "code", "source": "Z_1 =" * 100_000}],
        [{"cell_type": "code", "source": " \t" * 500_000}],
    ],
)
def test_hostile_cells_are_no_answers(folder, cells):
    book = {"nbformat": 4, "cells": cells, "metadata": MINE}
    (folder / "z.ipynb").write_text(json.dumps(book))
    rows = mark(folder)
    assert len(rows) == len(NUMBERS)
    assert rows[0]["verdict"] in ("not answered", "cannot be read")
    assert (folder / "z.ipynb").exists()


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError("deep"), MemoryError()])
def test_a_file_that_breaks_the_reading_stops_no_other(folder, monkeypatch, error):
    def read(data, file):
        raise error

    put(folder, "a.ipynb")
    (folder / "b.csv").write_text("x")
    monkeypatch.setattr(answers, "_csv", read)
    rows = mark(folder)
    assert [row["verdict"] for row in rows] == ["right"] * len(NUMBERS) + ["cannot be read"]


@pytest.mark.parametrize("values", [{"code": ["x"]}, {"edition": [[]]}, {"edition": "1" * 9999}])
def test_hostile_metadata_is_said(folder, values):
    book = notebook(ADA, right_texts(ADA))
    book["metadata"]["cnnlib"] |= values
    (folder / "z.ipynb").write_text(json.dumps(book))
    (row,) = mark(folder)
    assert row["verdict"] == "cannot be read"
    assert len(row["note"]) < 300


@pytest.mark.skipif(sys.platform != "linux", reason="names of this kind are of Linux")
def test_file_names_of_any_bytes_are_said(folder, capsys):
    for name in b"a\nb\x1b[31m.ipynb", b"\xff\xfe.ipynb":
        with open(os.path.join(os.fsencode(folder), name), "w") as file:
            file.write("{}")
    assert [row["file"] for row in mark(folder)] == ["a b [31m.ipynb", "  .ipynb"]
    assert capsys.readouterr().err.startswith("a?b?[31m.ipynb: is not a notebook")


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of this kind are of POSIX")
def test_links_pipes_and_folders_are_not_read(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    put(outside, "ada.ipynb")
    (folder / "a.ipynb").symlink_to(outside / "ada.ipynb")
    (folder / "b").symlink_to(outside)
    (folder / "c").symlink_to(folder)
    (folder / "d.ipynb").symlink_to(tmp_path / "nowhere")
    (folder / "e.ipynb").mkdir()
    os.mkfifo(folder / "f.ipynb")
    rows = {row["file"]: row["note"] for row in mark(folder)}
    for name in "a.ipynb", "b", "c", "d.ipynb":
        assert "is a link, and links are not followed" in rows[name]
    assert "is not an ordinary file" in rows["f.ipynb"]
    assert [*rows] == ["a.ipynb", "b", "c", "d.ipynb", "f.ipynb"]


@pytest.mark.skipif(os.name != "posix", reason="links of this kind are of POSIX")
def test_a_link_that_is_given_is_not_followed_either(folder):
    put(folder, "ada.ipynb")
    (folder.parent / "link").symlink_to(folder)
    (row,) = mark(folder.parent / "link")
    assert "is a link" in row["note"]


def test_what_is_not_there_is_said(folder):
    (row,) = mark(folder / "nowhere.ipynb")
    assert "cannot be read: no such file" in row["note"]


def test_a_file_of_100_mb_is_not_read(folder):
    with open(folder / "large.ipynb", "wb") as file:
        file.truncate(100_000_000)
    (row,) = mark(folder)
    assert row["note"] == "is too large, 100 MB: clear its outputs and save it"


def test_the_table_of_marks_is_not_replaced_unasked(folder, capsys):
    put(folder, "ada.ipynb")
    table = folder.parent / "marks.csv"
    table.write_text("mine")
    assert homework.main(["mark", str(folder), "--out", str(table)]) == 1
    assert "add --overwrite" in capsys.readouterr().err
    assert table.read_text() == "mine"
    assert homework.main(["mark", str(folder), "--out", str(table), "--overwrite"]) == 0


# --- code, if it is asked for -------------------------------------------------------------------


def test_code_runs_only_if_asked_for(folder, tmp_path):
    trace, problem = tmp_path / "trace", ADA.problems[2]
    source = (
        f"open({str(trace)!r}, 'w').write('x')\nfrom cnnlib import loops\nimport numpy as np\n"
        f"dZ = np.array({problem.given['dZ'].tolist()})\n"
        f"W = np.array({problem.given['W'].tolist()})\n"
        "dY_3 = loops.conv_backward_input(dZ, W, (3, 3))"
    )
    book = notebook(ADA, right_texts(ADA))
    (cell,) = [cell for cell in book["cells"] if cell["id"] == "answer-dY-3"]
    cell["source"] = source
    (folder / "a.ipynb").write_text(json.dumps(book))
    row = mark(folder)[2]
    assert row["verdict"] == "cannot be read"
    assert "If it is code, see --run-code" in row["note"]
    assert not trace.exists()
    assert {row["verdict"] for row in mark(folder, "--run-code")} == {"right"}
    assert trace.exists()


def test_a_cell_that_raises_is_told(folder):
    put(folder, "a.ipynb", texts={"Z_1": "Z_1 = conv(Y)", "dZ_2": "dZ_2 = 1"}, form="{text}")
    first, second, *_ = mark(folder, "--run-code")
    raised = "code cell 1 (Z_1 = conv(Y)) raises NameError: name 'conv' is not defined"
    assert raised in first["note"]
    assert "--run-code" not in first["note"]
    put(folder, "a.ipynb", texts=right_texts(ADA) | {"W_7": "1/0"}, form="{label} = '''{text}'''")
    assert {row["note"] for row in mark(folder, "--run-code") if row["verdict"] == "right"} == {""}


def test_cells_share_their_names_and_one_that_fails_stops_no_other():
    cells = (
        "%matplotlib inline\nimport numpy as np\nraise_here = 1 / 0\n!true",
        "def f():\n    if True:\n        return later\n\n    return 0",
        "later = [[1, 2]]\nraise SystemExit(3)",
        "this is no Python",
        "%%bash\nnor is this",
        "Z_1 = f()",
        "dY_3 = '''1 2'''",
        "db_6 = object()\nclass C:\n    tolist = 3\nW_7 = C()",
    )
    made, notes = coderun.texts_after(cells, ["Z_1", "dY_3", "db_6", "W_7"], seconds=20)
    assert made == {"Z_1": "[[1, 2]]", "dY_3": "1 2"}
    assert [re.sub(r"SyntaxError.*", "SyntaxError", note) for note in notes] == [
        "code cell 1 (%matplotlib inline) raises ZeroDivisionError: division by zero",
        "code cell 3 (later = [[1, 2]]) raises SystemExit: 3",
        "code cell 4 (this is no Python) raises SyntaxError",
    ]


def test_the_secret_is_not_in_the_environment_of_the_code():
    made, _ = coderun.texts_after(["import os\nZ_1 = repr(sorted(os.environ))"], ["Z_1"])
    assert "PATH" in made["Z_1"]
    assert "CNNLIB_COURSE" not in made["Z_1"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import time\ntime.sleep(30)\nZ_1 = [1]", "did not end within 2 seconds"),
        ("import os\nos._exit(3)", "stopped before it had written its answers"),
        ("import sys, os\nopen(sys.argv[2], 'w').write('[7]')\nos._exit(0)", "stopped before"),
    ],
)
def test_code_that_leaves_no_answers_is_told(source, why):
    made, (note,) = coderun.texts_after([source], ["Z_1"], seconds=2)
    assert made == {}
    assert note.startswith(f"its code {why}")


@pytest.mark.skipif(os.name != "posix", reason="groups of processes are of POSIX")
def test_what_code_leaves_in_the_background_is_ended(tmp_path):
    heart = tmp_path / "heart"
    beat = f"import time\nwhile True:\n    open({str(heart)!r}, 'a').write('x'); time.sleep(0.05)"
    source = (
        "import subprocess, sys, time, pathlib\n"
        f"subprocess.Popen([sys.executable, '-c', {beat!r}])\n"
        f"while not pathlib.Path({str(heart)!r}).exists():\n    time.sleep(0.05)\n\nZ_1 = [1]"
    )
    assert coderun.texts_after([source], ["Z_1"]) == ({"Z_1": "[1]"}, [])
    beats = heart.stat().st_size
    time.sleep(0.5)
    assert heart.stat().st_size <= beats + 1


def test_marking_from_the_shell(folder):
    put(folder, "ada.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "homework", "mark", str(folder)],
        cwd=folder.parent,
        env=os.environ | {"PYTHONPATH": str(Path(sheets.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 students, 8 of 8 problems right, 0 files not read: marks.csv\n"

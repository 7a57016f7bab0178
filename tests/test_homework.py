"""Worksheets: equally hard, with different numbers, safe on any disk, and without their key."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlib import layers, loops
from homework import __main__ as homework
from homework import files, names, pages, sheets

KEY = sheets.course_key("a secret of the course")
SEEDS = [f"student {n}" for n in range(200)]
SHEETS = [sheets.sheet_for(seed, KEY) for seed in SEEDS]
NUMBERS = range(len(SHEETS[0].problems))
NASTY = [
    *("../../etc/passwd", "/etc/passwd", "..", ".hidden", "a\\b:c*d?e|f", "CON", "nul.txt"),
    *('a,b"c', '=HYPERLINK("http://x")', "@SUM(1)", "+1", "-1", "x" * 200),
    *("José", "Jose", "JOSE", "李雷", "😀👩‍🔬", "O'Hara; --drop", "%s {0} $HOME $(id)"),
    *("<script>alert(1)</script>", "**bold** [link](http://x) `code` &amp;"),
]


@pytest.fixture(autouse=True)
def no_secret_of_the_shell(monkeypatch):
    monkeypatch.delenv("CNNLIB_COURSE", raising=False)


def run(folder, *arguments):
    """Run the command line as a lecturer does; nothing may end in a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "homework", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(sheets.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done


def class_list(path, students, head="name"):
    text = io.StringIO()
    csv.writer(text).writerows([[head], *([student] for student in students)])
    path.write_text(text.getvalue(), "utf-8")
    return path


def written(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def train_step(dZ, Y, W, b, eta):
    dY, dW, db = loops.conv_backward(dZ, Y, W)
    return dY, W - eta * dW, b - eta * db


DEFINITIONS = {
    **{name: getattr(loops, name) for name in dir(loops) if name.startswith("conv_")},
    "conv_backward_bias": lambda dZ: dZ.sum(axis=(0, 1)),
    "relu_backward": lambda dY, Z: dY * (Z > 0),
    "max_pool_backward": layers.max_pool_backward,
    "train_step": train_step,
}

# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", NUMBERS)
def test_the_key_is_right(number):
    """By the definition, from the given arrays alone."""
    for sheet in SHEETS[:20]:
        problem = sheet.problems[number]
        x, made = problem.given, DEFINITIONS[problem.text["exercise"]]
        results = made(**x) if problem.text["exercise"] == "train_step" else [made(**x)]
        for m, result in zip(problem.right.values(), results, strict=True):
            np.testing.assert_array_equal(m.ravel(), result.ravel())


def difficulty(problem):
    """What makes a problem hard by hand: its sizes, its numbers without order, its zeros."""
    arrays = {n: v for n, v in problem.given.items() if isinstance(v, np.ndarray)}
    return (
        {name: v.shape for name, v in arrays.items()},
        {name: sorted(np.abs(v).ravel()) for name, v in arrays.items() if name != "b"},
        {name: int((v < 0).sum()) for name, v in arrays.items()},
        {part: (m.shape, int((m == 0).sum())) for part, m in problem.right.items()},
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_all_seeds_are_equally_hard(number):
    first = difficulty(SHEETS[0].problems[number])
    for sheet in SHEETS:
        assert difficulty(sheet.problems[number]) == first


@pytest.mark.parametrize("number", NUMBERS)
def test_students_have_numbers_of_their_own(number):
    other = sheets.sheet_for(SEEDS[0], sheets.course_key("else")).problems[number]
    assert str(other.given) != str(SHEETS[0].problems[number].given)  # by the secret, too
    given = Counter(str(sheet.problems[number].given) for sheet in SHEETS)
    assert len(given) > 190
    for name, v in SHEETS[0].problems[number].given.items():
        if isinstance(v, np.ndarray) and v.size > 1:  # each cell varies
            assert (np.ptp([s.problems[number].given[name] for s in SHEETS], axis=0) > 0).all()


def test_no_problem_is_degenerate():
    for sheet in SHEETS:
        for problem in sheet.problems:
            maps = [
                m for n in problem.text["arrays"] for _, m in sheets.planes(n, problem.given[n])
            ]
            for m in maps:
                assert m.any()
                assert m.size == 1 or not np.array_equal(m, m[::-1, ::-1])
                if min(m.shape) > 1:
                    turns = [np.rot90(m, k) for k in range(4)]
                    assert not any(np.array_equal(m, turn) for turn in turns[1:])
                    assert not any(np.array_equal(m, turn.T) for turn in turns)
            if problem.text["exercise"] != "relu_backward":
                assert all(m.all() for m in maps)


def test_the_numbers_of_this_edition_stay():
    """Whoever has a worksheet of edition 1 gets the same numbers from every later version."""
    sheet = sheets.sheet_for("Ada Lovelace", sheets.course_key("secret"))
    numbers = [
        [v.ravel().tolist() if isinstance(v, np.ndarray) else v for v in problem.given.values()]
        for problem in sheet.problems
    ]
    assert (sheets.EDITION, sheet.code) == (1, "c65eb3c6ae")
    assert numbers[3][:2] == [[1.0, -4.0, 3.0, -2.0], [-2.0, 1.0, -5.0, 3.0]]
    digest = hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
    assert digest[:16] == "4b8734e677177714"
    for name, beginning in ("ipynb", "4de3a8873ad0"), ("csv", "15d1bc76a83b"):
        text = pages.FILES[f"sheets/{{}}.{name}"](sheet)
        assert hashlib.sha256(text.encode()).hexdigest().startswith(beginning)


# --- files ------------------------------------------------------------------------------------


def test_one_student_gets_a_page_a_notebook_and_a_table_and_the_key_lies_apart(tmp_path):
    done = run(tmp_path, "--seed", "Zoë O'Hara", "--course", "s")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 worksheet in" in done.stdout
    stem = r"Zoe_O_Hara-[0-9a-f]{10}"
    likes = ["keys/S.html", "sheets/S.csv", "sheets/S.html", "sheets/S.ipynb"]
    for name, like in zip(sorted(written(tmp_path / "homework")), likes, strict=True):
        assert re.fullmatch(like.replace("S", stem), name)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for folder, seed in ("a", "0"), ("b", "77"):
        os.environ["PYTHONHASHSEED"] = seed
        try:
            run(tmp_path, "--seed", "José", "--course", "s", "--out", folder)
        finally:
            del os.environ["PYTHONHASHSEED"]
    run(tmp_path, "--seed", unicodedata.normalize("NFD", " José "), "--course", "s", "--out", "c")
    assert written(tmp_path / "a") == written(tmp_path / "b") == written(tmp_path / "c")
    assert all(b"\r" not in v for n, v in written(tmp_path / "a").items() if "csv" not in n)


def test_nasty_names_stay_in_the_folder_and_apart_on_any_disk(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    listed = class_list(tmp_path / "list.csv", NASTY)
    done = run(room, "--class-list", listed, "--course", "s", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"room", "list.csv"}
    assert [p.name for p in room.iterdir()] == ["out"]
    found = written(room / "out")
    assert len(found) == 4 * len(NASTY) + 1
    for name in found:
        assert re.fullmatch(
            r"(sheets|keys)/[A-Za-z0-9李][\w李雷-]{1,60}\.(html|ipynb|csv)", name, re.A
        )
    assert len({name.casefold() for name in found}) == len(found)
    table = list(csv.DictReader(io.StringIO(found["keys/students.csv"].decode("utf-8-sig"))))
    assert [names.from_cell(row["student"]) for row in table] == NASTY
    assert all(not re.match(r"[=+@\-]", row["student"]) for row in table)
    for row, student in zip(table, NASTY, strict=True):
        book = nbformat.reads(found[f"sheets/{row['files']}.ipynb"].decode(), as_version=4)
        nbformat.validate(book)
        assert book.metadata["cnnlib"]["student"] == student


@pytest.mark.parametrize(
    ("student", "stem"),
    [
        ("Jürgen Groß", "Jurgen_Gross"),
        ("Søren Ørsted", "Soren_Orsted"),
        ("Æsa Þórðardóttir", "AEsa_Thordardottir"),
        ("Đỗ Văn Ān", "Do_Van_An"),
        ("O'Hara-Smith, Zoë", "O_Hara_Smith_Zoe"),
        ("Ĳsbrand ﬁn", "IJsbrand_fin"),
        ("Иван Йотов", "Иван_Йотов"),
        ("محمد علي", "محمد_علي"),
        ("अनीता शर्मा", "अनीता_शर्मा"),
        ("😀", "student"),
        ("../..", "student"),
    ],
)
def test_the_name_of_a_file_keeps_the_letters(student, stem):
    assert names.stem(student, "c0de") == f"{stem}-c0de"


def test_the_students_files_do_not_hold_the_key():
    """Two sheets with the same given numbers and other results would have the same bytes."""
    for sheet in SHEETS[:5]:
        wrong = sheets.Sheet(sheet.student, sheet.code, sheet.problems)
        student_files = [write for name, write in pages.FILES.items() if name.startswith("sheets/")]
        before = [write(sheet) for write in student_files]
        for problem in wrong.problems:
            problem.__dict__["right"] = {part: m + 1 for part, m in problem.right.items()}
        assert [write(wrong) for write in student_files] == before
        for problem in wrong.problems:
            del problem.__dict__["right"]
    assert len(student_files) == 3


def test_the_key_holds_each_result():
    for sheet in SHEETS[:3]:
        text = re.sub(r"<ul.*?</ul>", "", pages.key(sheet), flags=re.DOTALL)
        tables = re.findall(r'<table class="key">.*?</table>', text)
        cells = [re.findall(r"<td>([^<]+)</td>", table) for table in tables]
        rights = [m.ravel() for problem in sheet.problems for m in problem.right.values()]
        came = [[float(cell.replace("\u2212", "-")) for cell in row] for row in cells]
        assert came == [m.tolist() for m in rights]


def test_files_that_are_there_stay_unless_asked(tmp_path):
    run(tmp_path, "--seed", "Ada", "--course", "s")
    (page,) = (tmp_path / "homework" / "sheets").glob("*.html")
    page.write_text("mine")
    done = run(tmp_path, "--seed", "Ada", "--course", "s")
    assert done.returncode == 1
    assert " already: add --overwrite" in done.stderr
    assert page.read_text() == "mine"
    assert run(tmp_path, "--seed", "Ada", "--course", "s", "--overwrite").returncode == 0
    assert page.read_text("utf-8").startswith("<!DOCTYPE")


def test_a_link_in_the_folder_leads_nowhere(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "homework").mkdir()
    (tmp_path / "homework" / "sheets").symlink_to(outside)
    done = run(tmp_path, "--seed", "Ada", "--course", "s", "--overwrite")
    assert done.returncode == 1
    assert "is a link out of the folder" in done.stderr
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(tmp_path):
    treasure, link = tmp_path / "treasure", tmp_path / "out" / "x.html"
    treasure.write_text("gold")
    link.parent.mkdir()
    link.symlink_to(treasure)
    files.Folder(tmp_path / "out", overwrite=True).put("x.html", "sheet")
    assert (treasure.read_text(), link.read_text()) == ("gold", "sheet")


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "--seed", "Ada", "--course", "s", "--out", tmp_path / "file" / "inner")
    assert done.returncode == 1
    assert re.match(r"error: .*cannot be written: not a directory\n$", done.stderr)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupt_leaves_no_half_written_file(tmp_path, monkeypatch, capsys, interrupt):
    replaced = []

    def replace(new, path):
        if len(replaced) == 5:
            raise interrupt
        replaced.append(path)
        Path(new).rename(path)

    monkeypatch.setattr(files.os, "replace", replace)
    listed = class_list(tmp_path / "list.csv", ["Ada", "Bob", "Cyd"])
    ended = homework.main(["--class-list", str(listed), "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert ended == (130 if interrupt is KeyboardInterrupt else 1)
    assert ("every file that was written is complete" in said) or "no space left" in said
    found = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert len(found) == 5
    assert all(p.suffix in (".html", ".ipynb", ".csv") and p.stat().st_size > 300 for p in found)


# --- class lists ------------------------------------------------------------------------------


def test_what_is_left_out_of_a_list_is_said(tmp_path):
    (tmp_path / "list.csv").write_text(f"id,name\n1,\n2,Anna\n3,{'x' * 201}\n4,Anna\n")
    done = run(tmp_path, "--class-list", "list.csv", "--course", "s")
    assert done.returncode == 0
    assert "skipped 1 line without a name" in done.stderr
    assert "line 4 is skipped: a name has 201 letters" in done.stderr
    assert 'several students are called Anna: the second is "Anna (2)"' in done.stderr
    assert "2 worksheets" in done.stdout


# --- the command ------------------------------------------------------------------------------


def test_the_secret_comes_in_three_ways(tmp_path):
    (tmp_path / "secret").write_text("s3\n")
    run(tmp_path, "--seed", "Ada", "--course", "s3", "--out", "a")
    run(tmp_path, "--seed", "Ada", "--course-file", "secret", "--out", "b")
    os.environ["CNNLIB_COURSE"] = "s3"
    try:
        assert run(tmp_path, "--seed", "Ada", "--out", "c").stderr == ""
    finally:
        del os.environ["CNNLIB_COURSE"]
    assert written(tmp_path / "a") == written(tmp_path / "b") == written(tmp_path / "c")
    bare = run(tmp_path, "--seed", "Ada", "--out", "d")
    assert "without a course secret anybody can make the key" in bare.stderr
    assert written(tmp_path / "d").keys() != written(tmp_path / "a").keys()


@pytest.mark.parametrize("arguments", [[], ["--seed", "A", "--class-list", "x.csv"]])
def test_one_student_or_a_class(tmp_path, arguments):
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "give either --seed or --class-list" in done.stderr


@pytest.mark.parametrize("seed", ["", "  ", "\u200b", "x" * 201, "\udcff"])
def test_a_name_that_is_none_is_said(tmp_path, monkeypatch, capsys, seed):
    monkeypatch.chdir(tmp_path)
    assert homework.main(["--seed", seed, "--course", "s"]) == 1
    assert "error: a name " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_the_bar_is_for_a_terminal_only(monkeypatch):
    for stream in Terminal(), io.StringIO():
        monkeypatch.setattr(sys, "stderr", stream)
        assert list(homework.in_turn("abc", "letters")) == [*"abc"]
        shown = "\rletters [##########....................] 1 of 3"
        assert stream.getvalue().startswith(shown) == stream.isatty()
        assert stream.getvalue().endswith("3 of 3\n") == stream.isatty()
    assert stream.getvalue() == ""


def test_a_message_shows_no_controls(capsys):
    homework.say("a\x1b[2Jb\nc\u202e")
    assert capsys.readouterr().err == "a?[2Jb?c?\n"

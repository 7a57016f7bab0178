"""Marks: what is right, which mistake an answer looks like, and what the class got wrong."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from handing_in import (
    ADA,
    KEY,
    SECRET,
    as_text,
    class_list,
    mark,
    notebook,
    put,
    right_texts,
    saved,
)

from cnnlib import exercises, loops, shapes
from homework import __main__ as homework
from homework import coderun, marking, matrices, sheets
from homework.files import Refused

SHEETS = [sheets.sheet_for(f"student {n}", KEY) for n in range(12)]
NUMBERS = range(len(ADA.problems))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "answers"
    made.mkdir()
    return made


# --- mistakes ---------------------------------------------------------------------------------


def wrong_answers(problem):
    """Yield (name of a mistake, what it makes) for all that show on these numbers."""
    for name, mistake in exercises.MISTAKES[problem.exercise.name].items():
        if name in marking.CODE_ONLY:
            continue
        for made in marking.made_by(problem, mistake):
            if all(m.size for m in made.values()) and not marking._same(made, problem.right):
                yield name, made


LEAST = {1: 9, 2: 10, 3: 13, 4: 19, 5: 13, 6: 9, 7: 11, 8: 11}  # mistakes that can show


@pytest.mark.parametrize("number", NUMBERS)
def test_each_mistake_is_named_alone_or_first_or_second(number):
    """In nine of ten worksheets at least: small whole numbers may agree by chance."""
    shown, named = Counter(), Counter()
    for sheet in SHEETS:
        problem = sheet.problems[number]
        for name, made in dict(reversed([*wrong_answers(problem)])).items():
            shown[name] += 1
            named[name] += name in marking.alike(problem, made)[:2]
    assert len(shown) >= LEAST[number + 1]
    assert all(named[name] >= 0.9 * shown[name] for name in shown), named


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


def uphill_step(dZ, Y, W, b, eta):
    dY, dW, db = loops.conv_backward(dZ, Y, W)
    return dY, W + eta * dW, b + eta * db


BY_HAND = [
    (3, by_gather, "The filter lies the wrong way round."),
    (4, by_gather, "The filter lies the wrong way round."),
    (6, lambda dZ: dZ.mean(axis=(0, 1)), "divided by the number of cells"),
    (6, lambda dZ: dZ[-1, -1], "Only the last cell of each map is there."),
    (7, uphill_step, "The step goes uphill."),
    (1, lambda Y, W, b, **x: loops.conv_forward(Y, W), "bias"),
    (2, lambda dY, Z: dY * (Z >= 0), "Where Z is 0"),
    (5, lambda dZ, Y, **x: loops.conv_backward_filter(-dZ, Y, (2, 2), stride=(2, 1)), "Every sign"),
]


@pytest.mark.parametrize(("number", "make", "said"), BY_HAND)
def test_an_answer_made_without_the_table_of_mistakes_is_named(number, make, said):
    found = mistaken(number, make)
    assert said in found.mistake
    assert found.verdict == "not yet"
    assert found.cure
    assert ", and should be " in found.where


def test_every_sentence_of_ones_own_is_of_a_mistake():
    known = {p.exercise.name: exercises.MISTAKES[p.exercise.name] for p in ADA.problems}
    known["anywhere"] = {key for mistakes in known.values() for key in mistakes}
    for name, table in sheets.TEXTS["by_hand"].items():
        assert {*table} <= {*known[name]}
        assert all(sentence.endswith(".") for row in table.values() for sentence in row)
    assert {*marking.CODE_ONLY, *sheets.TEXTS["by_hand_names"]} <= known["anywhere"]


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

SQUARE = [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "width", "matrix"),
    [
        ("1 2\n3 4", 2, SQUARE),
        ("\r\n  1\t2 \r\n\r\n 3  4\r\n", 2, SQUARE),
        ("1 2; 3 4", 2, SQUARE),
        ("1,2,3", 3, [[1, 2, 3]]),
        ("[[1, 2],\n [3, 4]]", 2, SQUARE),
        ("np.array([[1., 2], [3, 4]], dtype=float)", 2, SQUARE),
        ("[[[1], [2]]]", 1, [[1], [2]]),
        ("(1, 2)", 2, [[1, 2]]),
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
        ("1 2  # I am sure\n3 4", 2, SQUARE),
        ("| 1 | 2 |\n| 3 | 4 |", 2, SQUARE),
        ("| **Z** | 0 | 1 |\n| --: | - | - |\n| *0* | 1 | 2 |\n| *1* | 3 | 4 |", 2, SQUARE),
        ("| 1 | 2 |\n|---|---|\n| 3 | 4 |", 2, SQUARE),
        ("| 5 | 6 |\n|---|---|\n| 0 | 2 |\n| 1 | 3 |", 2, [[5, 6], [0, 2], [1, 3]]),
        ("| a | 0 |\n|---|---|\n| 5 | 2 |", 2, [[5, 2]]),
        ("1 2 | 3 4", 2, SQUARE),
        ("[1, 2\n 3, 4]", 2, SQUARE),
        ("array([[1., 2.],\n       [3., 4.]])", 2, SQUARE),
        ("np.array(((1, 2), (3, 4))).astype(float)", 2, SQUARE),
        ("(1, 2)\n(3, 4)", 2, SQUARE),
        ("np.matrix('1 2; 3 4')", 2, SQUARE),
        ("torch.tensor([[1., 2.], [3., 4.]])", 2, SQUARE),
        ("{{1, 2}, {3, 4}}", 2, SQUARE),
        ("Z_1 = [[1, 2], [3, 4]]", 2, SQUARE),
        (r"\begin{pmatrix} 1 & 2 \\ \frac{6}{2} & 4 \end{pmatrix}", 2, SQUARE),
        ("$-1$ 2", 2, [[-1, 2]]),
        (". 2\n? _", 2, [[np.nan, 2], [np.nan, np.nan]]),
        ("[]", 2, np.empty((0, 0))),
        ("[" * 4000, 2, np.empty((0, 0))),
    ],
    ids=repr,
)
def test_numbers_as_people_write_them(text, width, matrix):
    np.testing.assert_array_equal(matrices.numbers(text, width), np.array(matrix, float))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1e400 2", "'1e400' is not a number that can be the result"),
        ("-1e300", "not a number that can be the result"),
        ("9" * 16, "is not a number"),
        ("1/0", "'1/0' is not a number that can be the result"),
        ("nan 1", "'nan' is not a number"),
        ("1½", "'1½' is not a number"),
        ("٣", "'٣' is not a number"),
        ("0x10", "'0x10' is not a number"),
        ("1/2/3", "'1/2/3' is not a number"),
        ("1 2 3\n4 5", "the rows have 3, 2 numbers"),
        ("conv(Y, W)", r"'conv\(Y' is not a number"),
        ("[1, 2] + [3, 4]", r"'\+' is not a number"),
        ("__import__('os').system('true')", "is not a number"),
        ("1 " * 401, "too many numbers"),
        ("1 " * 3000, "has 6000 characters"),
    ],
)
def test_what_is_no_number_is_said(text, said):
    with pytest.raises(Refused, match=said):
        matrices.numbers(text, 2)


# --- code, if it is asked for -------------------------------------------------------------------


def test_code_runs_only_if_asked_for(folder, tmp_path):
    trace, problem = tmp_path / "trace", ADA.problems[2]
    source = (
        f"open({str(trace)!r}, 'w').write('x')\nfrom cnnlib import loops\nimport numpy as np\n"
        f"dZ = np.array({problem.given['dZ'].tolist()})\n"
        f"W = np.array({problem.given['W'].tolist()})\n"
        "dY_3 = loops.conv_backward_input(dZ, W, (3, 3))"
    )
    book = notebook()
    (cell,) = [cell for cell in book["cells"] if cell["id"] == "answer-dY-3"]
    cell["source"] = source
    put(folder, "a.ipynb", json.dumps(book))
    row = mark(folder)[1][2]
    assert row["verdict"] == "cannot be read"
    assert "If it is code, see --run-code" in row["note"]
    assert not trace.exists()
    assert {row["verdict"] for row in mark(folder, "--run-code")[1]} == {"right"}
    assert trace.exists()


def test_a_cell_that_raises_is_told(folder):
    texts = {"Z_1": "Z_1 = conv(Y)", "dZ_2": "dZ_2 = 1"}
    put(folder, "a.ipynb", saved(texts=texts, form="{text}"))
    first, *_ = mark(folder, "--run-code")[1]
    raised = "code cell 1 (Z_1 = conv(Y)) raises NameError: name 'conv' is not defined"
    assert raised in first["note"]
    assert "--run-code" not in first["note"]
    put(folder, "a.ipynb", saved(texts=right_texts() | {"W_7": "1/0"}))
    assert {row["note"] for row in mark(folder, "--run-code")[1] if row["verdict"] == "right"} == {
        ""
    }


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


# --- the class --------------------------------------------------------------------------------


def test_the_table_of_marks_is_not_replaced_unasked(folder, capsys):
    put(folder, "ada.ipynb")
    out = folder.parent / "marks.csv"
    out.write_text("mine")
    words = ["mark", str(folder), "--out", str(out), "--course", SECRET]
    assert homework.main(words) == 1
    assert "exists already: add --overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert homework.main([*words, "--overwrite"]) == 0


def test_the_summary_tells_on_one_screen_what_the_class_got_wrong(folder, capsys):
    flipped, uphill = by_gather, uphill_step
    for n, sheet in enumerate(SHEETS):
        texts = right_texts(sheet)
        if n < 5:
            texts["dY_3"] = as_text(sheets.matrix(flipped(**sheet.problems[2].given)))
        if n < 3:
            texts["dY_4"] = as_text(sheets.matrix(flipped(**sheet.problems[3].given)))
        if n < 2:
            parts = zip(("dY_7", "W_7", "b_7"), uphill(**sheet.problems[6].given), strict=True)
            texts |= {label: as_text(sheets.matrix(part)) for label, part in parts}
        if n == 11:
            texts = {"Z_1": "1 2 3; 4 5 6", "dZ_2": "? 1 1 1; 1 1 1 1", "db_6": "x y"}
        put(folder, f"{n}.ipynb", saved(sheet, texts))
    _, rows = mark(folder, *class_list(folder, *(sheet.student for sheet in SHEETS), "Zed"))
    shown = capsys.readouterr().out.rstrip("\n").split("\n")
    assert len(shown) <= 30
    assert all(len(line) <= 98 for line in shown[:-1])  # the last one has a path
    table, text = shown[:9], " ".join(" ".join(shown[9:]).split())
    assert table[0].split() == ["problem", "right", "open", "mistakes"]
    assert re.fullmatch(r"1 Forward: slide the filter  +11 +0  1 unknown", table[1])
    assert re.fullmatch(r"2 Back through the ReLU  +11 +1", table[2])
    assert re.fullmatch(
        r"3 The input gradient of two filters +6 +1  5 filter not flipped.*", table[3]
    )
    assert re.fullmatch(r"6 The bias gradient  +11 +1", table[6])
    assert re.fullmatch(r"7 One training step  +9 +1  2 uphill", table[7])
    assert shown[9] == "of 12 students each"
    first, second = (text.index(start) for start in ("8 times, problems 3 and 4: ", "2 times, "))
    assert first < second
    assert "problems 3 and 4: The filter lies the wrong way round." in text
    assert "2 times, problem 7: The step goes uphill." in text
    assert text.count(" Way out: ") == 2
    row = next(row for row in rows if row["verdict"] == "not yet" and row["problem"] == "3")
    assert row["mistake"].startswith("The filter lies the wrong way round.")
    assert row["where"].startswith("dY(0, 0) is ") and "180 degrees" in row["way_out"]
    assert shown[-1].startswith("12 students, ")


def test_a_single_student_needs_no_summary(folder):
    put(folder, "ada.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "homework", "mark", str(folder)],
        cwd=folder.parent,
        env=os.environ
        | {"PYTHONPATH": str(Path(sheets.__file__).parents[1]), "CNNLIB_COURSE": SECRET},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 student, 8 of 8 problems right, 0 files not read: marks.csv\n"

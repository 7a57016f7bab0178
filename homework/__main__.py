"""Write worksheets with problems by hand: all of one size, each student's numbers their own.

    python -m homework --seed NAME             one worksheet and its key
    python -m homework --class-list FILE       those of a whole class
    python -m homework mark ANSWERS            a table of marks

For each student the folder gets sheets/NAME-CODE.html to print or read, .ipynb and .csv to fill
in, and keys/NAME-CODE.html with the results. Hand out the folder sheets, never the folder keys.

The secret of the course goes into all numbers, so that a student cannot make the key from a name.
Give the same one when you mark. It comes from --course-file, from the environment variable
CNNLIB_COURSE, or from --course, which stays in the history of your shell.
"""

import argparse
import inspect
import os
import sys
from collections import defaultdict
from pathlib import Path

from homework import answers, coderun, marking, names, pages, sheets
from homework.files import Folder, Refused, content, under

HEADS = "student file problem title verdict cells_right mistake where way_out note".split()
NO_SECRET = "without a course secret anybody can make the key from a name: see --course-file"


# --- what a lecturer types --------------------------------------------------------------------


def parsers():
    """Return the two parsers of the command line: to write, and to mark."""
    shared = argparse.ArgumentParser(add_help=False)
    group = shared.add_argument_group("the course")
    group.add_argument("--class-list", type=Path, metavar="FILE", help="a CSV file of the students")
    group.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME",
        help="column of the class list with the names; twice, for a first and a last name",
    )
    group.add_argument("--course-file", type=Path, metavar="FILE", help="a file with the secret")
    group.add_argument("--course", metavar="SECRET", help="the secret itself")
    shared.add_argument("--overwrite", action="store_true", help="replace files that are there")
    made = []
    for name, about in ("", __doc__), (" mark", mark_answers.__doc__):
        made.append(
            argparse.ArgumentParser(
                prog=f"python -m homework{name}",
                description=inspect.cleandoc(about or ""),
                parents=[shared],
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    write, mark = made
    write.add_argument("--seed", metavar="NAME", help="one student")
    write.add_argument(
        "--out", type=Path, default=Path("homework"), metavar="FOLDER", help="default: homework"
    )
    mark.add_argument("answers", type=Path, nargs="+", metavar="ANSWERS", help="files or folders")
    mark.add_argument(
        "--out", type=Path, default=Path("marks.csv"), metavar="FILE", help="default: marks.csv"
    )
    mark.add_argument(
        "--run-code",
        action="store_true",
        help="run the cells of each notebook and take the answers that they compute. NOT A "
        "SANDBOX: a student's code can do all that you can, such as delete your files. Use a "
        "machine or an account that has nothing to lose",
    )
    return write, mark


def main(arguments=None):
    """Run the command line; return what it ends with."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    write, mark = parsers()
    marks = arguments[:1] == ["mark"]
    given = (mark if marks else write).parse_args(arguments[marks:])
    if not marks and (given.seed is None) == (given.class_list is None):
        write.error("give one of --seed and --class-list")
    try:
        return (mark_answers if marks else write_sheets)(given)
    except Refused as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped; every file that was written is whole")
        return 130


def say(text, stream=None):
    """Write a line that any terminal can show, over a bar that stands there."""
    stream = stream or sys.stderr
    shown = "".join(c if c.isprintable() else "?" for c in text)
    coding = stream.encoding or "ascii"
    shown = shown.encode(coding, "replace").decode(coding)
    print(f"\r{shown:<79}" if stream.isatty() else shown, file=stream, flush=True)


def secret_of(given):
    """Return the key of the course."""
    ways = given.course_file, given.course
    if None not in ways:
        raise Refused("give one of --course-file and --course")
    secret = given.course or os.environ.get(coderun.SECRET, "")
    if given.course_file:
        secret = names.decoded(content(given.course_file)).strip()
        if not secret:
            raise Refused(f"{given.course_file} is empty: put the secret into it")
    if not secret.strip():
        say(f"note: {NO_SECRET}")
    try:
        return sheets.course_key(secret)
    except UnicodeEncodeError:
        raise Refused("the secret is no valid text") from None


def class_of(given):
    """Return the names of the class list, and say what is to be said of it."""
    students, notes = names.read_list(Path(os.path.realpath(given.class_list)), given.column)
    for note in notes:
        say(f"note: {note}")
    return students


def in_turn(things, what):
    """Yield the things, with a bar on the terminal that shows how far one is.

    A line of our own: a package for it would be one more that every student installs.
    """
    shown, total = sys.stderr.isatty(), len(things)
    for count, thing in enumerate(things):
        yield thing
        if shown:
            done = 30 * (count + 1) // total
            bar = f"\r{what} [{'#' * done}{'.' * (30 - done)}] {count + 1} of {total}"
            print(bar, end="" if count + 1 < total else "\n", file=sys.stderr, flush=True)


# --- write ------------------------------------------------------------------------------------


def write_sheets(given):
    """Write the worksheets and keys of one student, or of a class."""
    students = class_of(given) if given.class_list else [names.cleaned(given.seed)]
    key = secret_of(given)
    folder = Folder(given.out, given.overwrite)
    stems = {student: names.stem(student, sheets.code_of(student, key)) for student in students}
    listed = ["keys/students.csv"] * bool(given.class_list)
    folder.check([name.format(stem) for stem in stems.values() for name in pages.FILES] + listed)
    for student in in_turn(students, "worksheets"):
        sheet = sheets.sheet_for(student, key)
        for name, write in pages.FILES.items():
            folder.put(name.format(stems[student]), write(sheet))
    for name in listed:
        rows = [[names.in_cell(student), stem] for student, stem in stems.items()]
        folder.put(name, pages.as_csv([["student", "files"], *rows]))
    count = f"{len(students)} worksheet{'s' * (len(students) != 1)}"
    say(f"{count} in {folder.path / 'sheets'}, keys in {folder.path / 'keys'}", sys.stdout)
    return 0


# --- mark -------------------------------------------------------------------------------------


def mark_answers(given):
    """Mark answers: notebooks or CSV files, as the worksheets have them, or folders of these.

    The table of marks gets a line for each problem of each student: what is right, which mistake
    a wrong answer looks like, its first wrong cell, and the way out. Text is read, never run,
    unless you ask for it with --run-code. The command ends with 1 where a file cannot be read.

    Give the secret of the course that the worksheets were made with: by --course-file, by the
    environment variable CNNLIB_COURSE, or by --course, which stays in the history of your shell.
    """
    students = class_of(given) if given.class_list else None
    key = secret_of(given)
    folder = Folder(given.out.parent, given.overwrite)
    folder.check([given.out.name])
    paths = [(place, path) for place in given.answers for path in under(place)]
    found, refused = [], []
    for place, path in in_turn(paths, "files"):
        shown = path.name if path == place else path.relative_to(place).as_posix()
        try:
            for one in answers.handed_in(path):
                found.append((shown, *_marked(one, students, key, given)))
        # Whatever one file may hold, all others are marked.
        except (Refused, ValueError, TypeError, RecursionError, MemoryError) as error:
            why = str(error).removeprefix(path.name).lstrip(" :")
            say(f"{shown}: {why}")
            refused.append(["", shown, "", "", "cannot be read", "", "", "", "", why])
    files = _by_student(found)
    rows = [row for handed in files.values() for one in handed for row in _rows(*one, handed)]
    missing = [name for name in students or () if name not in files]
    rows += [[name, "", "", "", "nothing handed in", *[""] * 5] for name in missing]
    rows.sort(key=lambda row: (row[0].casefold(), row[0]))
    table = [[names.in_cell(str(cell)) for cell in row] for row in rows + refused]
    folder.put(given.out.name, pages.as_csv([HEADS, *table]))
    right = sum(row[4] == "right" for row in rows)
    done = sum(row[4] not in ("right", "nothing handed in") for row in rows) + right
    say(
        f"{len(files)} students, {right} of {done} problems right, "
        f"{len(refused)} files not read: {given.out}",
        sys.stdout,
    )
    return 1 if refused else 0


def _by_student(found):
    """Return {student: what they handed in}, without empty sheets beside one with answers."""
    files = defaultdict(list)
    for one in found:
        files[one[1]].append(one)
    for student, handed in files.items():
        full = [one for one in handed if any(m.verdict != "not answered" for _, m, _ in one[3])]
        files[student] = full or handed[:1]
    return files


def _marked(one, students, key, given):
    """Return the student, a note, and (problem, mark, note) for each problem of what came."""
    student, note = one.student, ""
    if not student:
        codes = {sheets.code_of(name, key): name for name in students or ()}
        if one.code not in codes:
            raise Refused(f"{one.file} does not say whose it is: give the class list")
        student = codes[one.code]
    if students is not None and student not in students:
        near = [name for name in students if name.casefold() == student.casefold()]
        student, note = (near[0], "") if len(near) == 1 else (student, "not on the class list")
    if one.edition not in (None, sheets.EDITION):
        raise Refused(f"{one.file} is of edition {one.edition!r}, this is {sheets.EDITION}"[:200])
    if one.code and one.code != sheets.code_of(student, key):
        raise Refused(f"{one.file} is from another course secret, or its name was changed")
    problems, ran = sheets.sheet_for(student, key).problems, ""
    texts = dict(one.texts)
    if given.run_code and one.cells:
        labels = [label for problem in problems for label in problem.labels.values()]
        run, ran = coderun.texts_after(one.cells, labels)
        texts |= run
    notes = [text for text in (note, ran) if text]
    return student, notes, [(problem, *_one(problem, texts)) for problem in problems]


def _one(problem, texts):
    """Return the mark of one problem, and what could not be read of it."""
    came, cannot = {}, []
    for part, label in problem.labels.items():
        text = texts.get(label, "")
        try:
            matrix = answers.numbers(text, problem.right[part].shape[1])
            if matrix.size:
                came[part] = matrix
        except Refused as error:
            code = ". It may be code: see --run-code" * ("(" in text)
            cannot.append(f"{label}: {error}{code}")
    if cannot:
        return marking.Mark("cannot be read"), "; ".join(cannot)
    return marking.mark(problem, came), ""


def _rows(file, student, notes, marks, handed):
    """Yield the lines of the table for what one file holds of one student."""
    if len(handed) > 1:
        notes = [*notes, f"{len(handed)} files: {', '.join(other[0] for other in handed[:5])}"]
    for problem, mark, cannot in marks:
        note = "; ".join(text for text in (*notes, cannot) if text)
        about = mark.verdict, mark.cells, mark.mistake, mark.where, mark.cure
        yield [student, file, problem.number, problem.text["title"], *about, note]


if __name__ == "__main__":
    sys.exit(main())

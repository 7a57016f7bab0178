"""Write worksheets with problems to solve by hand: equally hard, with each student's own numbers.

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
NO_SANDBOX = """run the cells of each notebook and mark what they compute. NOT A SANDBOX: a
student's code can do all that you can, such as delete your files. Use a machine or an account with
nothing to lose"""


# --- what a lecturer types --------------------------------------------------------------------


def parsers():
    """Return the two parsers of the command line: to write, and to mark."""
    shared = argparse.ArgumentParser(add_help=False)
    add = shared.add_argument_group("the course").add_argument
    add("--class-list", type=Path, metavar="FILE", help="a CSV file of the students")
    columns = "column of the class list with the names; twice, for a first and a last name"
    add("--column", action="append", default=[], metavar="NAME", help=columns)
    add("--course-file", type=Path, metavar="FILE", help="a file with the secret")
    add("--course", metavar="SECRET", help="the secret itself")
    shared.add_argument("--overwrite", action="store_true", help="replace existing files")
    write, mark = (
        argparse.ArgumentParser(
            prog=f"python -m homework{name}",
            description=inspect.cleandoc(about),
            parents=[shared],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, about in (("", __doc__), (" mark", mark_answers.__doc__))
    )
    write.add_argument("--seed", metavar="NAME", help="one student")
    out = {"type": Path, "metavar": "FOLDER", "help": "default: %(default)s"}
    write.add_argument("--out", default=Path("homework"), **out)
    mark.add_argument("answers", type=Path, nargs="+", metavar="ANSWERS", help="files or folders")
    mark.add_argument("--out", default=Path("marks.csv"), **out | {"metavar": "FILE"})
    mark.add_argument("--run-code", action="store_true", help=NO_SANDBOX)
    return write, mark


def main(words=None):
    """Run the command line; return its exit code."""
    words = sys.argv[1:] if words is None else list(words)
    write, mark = parsers()
    marks = words[:1] == ["mark"]
    given = (mark if marks else write).parse_args(words[marks:])
    if not marks and (given.seed is None) == (given.class_list is None):
        write.error("give either --seed or --class-list")
    try:
        return (mark_answers if marks else write_sheets)(given)
    except Refused as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped; every file that was written is complete")
        return 130


def say(text, stream=None):
    """Write a line that any terminal can show, over a progress bar if there is one."""
    stream = stream or sys.stderr
    shown = "".join(c if c.isprintable() else "?" for c in text)
    encoding = stream.encoding or "ascii"
    shown = shown.encode(encoding, "replace").decode(encoding)
    print(f"\r{shown:<79}" if stream.isatty() else shown, file=stream, flush=True)


def in_turn(things, what):
    """Yield the things, with a progress bar on a terminal."""
    for count, thing in enumerate(things, 1):
        yield thing
        if sys.stderr.isatty():
            done = 30 * count // len(things)
            bar = f"\r{what} [{'#' * done:.<30}] {count} of {len(things)}"
            print(bar, end="\n" * (count == len(things)), file=sys.stderr, flush=True)


def secret_of(given):
    """Return the key of the course."""
    if given.course_file and given.course:
        raise Refused("give either --course-file or --course")
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
        raise Refused("the secret is not valid text") from None


def class_of(given):
    """Return the names of the class list, and tell what the lecturer should know about it."""
    students, notes = names.read_list(Path(os.path.realpath(given.class_list)), given.column)
    for note in notes:
        say(f"note: {note}")
    return students


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
    """Mark answers: notebooks or CSV files made from the worksheets, or folders of these.

    The table of marks gets a line for each problem of each student: what is right, which mistake
    a wrong answer looks like, its first wrong cell, and the way out. No code in an answer runs,
    unless you ask for it with --run-code. The exit code is 1 if a file cannot be read.

    Give the secret of the course that the worksheets were made with: by --course-file, by the
    environment variable CNNLIB_COURSE, or by --course, which stays in the history of your shell.
    """
    students = class_of(given) if given.class_list else None
    key = secret_of(given)
    folder = Folder(given.out.parent, given.overwrite)
    folder.check([given.out.name])
    paths = [(place, path) for place in given.answers for path in under(place)]
    found, refused = defaultdict(list), []
    for place, path in in_turn(paths, "files"):
        shown = path.name if path == place else path.relative_to(place).as_posix()
        try:
            for one in answers.handed_in(path):
                student, *marks = _marked(one, students, key, given.run_code)
                found[student].append((shown, *marks))
        # Whatever one file holds, all others are marked.
        except (Refused, ValueError, TypeError, RecursionError, MemoryError) as error:
            why = str(error).removeprefix(path.name).lstrip(" :")
            say(f"{shown}: {why}")
            refused.append(["", shown, "", "", "cannot be read", "", "", "", "", why])
    rows = [row for student, handed in found.items() for row in _rows(student, handed)]
    missing = [name for name in students or () if name not in found]
    rows += [[name, "", "", "", "nothing handed in", *[""] * 5] for name in missing]
    rows.sort(key=lambda row: (row[0].casefold(), row[0]))
    table = [[names.in_cell(str(cell)) for cell in row] for row in rows + refused]
    folder.put(given.out.name, pages.as_csv([HEADS, *table]))
    verdicts = [row[4] for row in rows if row[4] != "nothing handed in"]
    say(
        f"{len(found)} students, {verdicts.count('right')} of {len(verdicts)} problems right, "
        f"{len(refused)} files not read: {given.out}",
        sys.stdout,
    )
    return 1 if refused else 0


def _marked(one, students, key, run_code):
    """Return the student, notes, and (problem, mark, note) for each problem of a file."""
    student, notes = one.student, []
    if not student:
        codes = {sheets.code_of(name, key): name for name in students or ()}
        if one.code not in codes:
            raise Refused(f"{one.file} does not name its student: give the class list")
        student = codes[one.code]
    if students is not None and student not in students:
        near = [name for name in students if name.casefold() == student.casefold()]
        student = near[0] if len(near) == 1 else student
        notes += ["not on the class list"] * (len(near) != 1)
    if one.edition not in (None, sheets.EDITION):
        raise Refused(f"{one.file} is of edition {one.edition!r}, this is {sheets.EDITION}"[:200])
    if one.code and one.code != sheets.code_of(student, key):
        raise Refused(f"{one.file} is from another course secret, or its name was changed")
    problems, texts = sheets.sheet_for(student, key).problems, dict(one.texts)
    failed = []
    if run_code and one.cells:
        labels = [label for problem in problems for label in problem.labels.values()]
        computed, failed = coderun.texts_after(one.cells, labels)
        texts |= computed
    marks = []
    for problem in problems:
        mark, unread = _mark(problem, texts, run_code)
        marks.append((problem, mark, unread + failed * (mark.verdict != "right")))
    return student, notes, marks


def _mark(problem, texts, run_code):
    """Return the mark of one problem, and what could not be read in it."""
    came, unread = {}, []
    for part, label in problem.labels.items():
        text = texts.get(label, "")
        try:
            matrix = answers.numbers(text, problem.right[part].shape[1])
            if matrix.size:
                came[part] = matrix
        except Refused as error:
            hint = ". If it is code, see --run-code" * ("(" in text and not run_code)
            unread.append(f"{label}: {error}{hint}")
    return (marking.Mark("cannot be read") if unread else marking.mark(problem, came)), unread


def _rows(student, handed):
    """Yield the lines of the table for a student, without empty sheets beside one with answers."""
    full = [one for one in handed if any(m.verdict != "not answered" for _, m, _ in one[2])]
    handed = full or handed[:1]
    files = ", ".join(file for file, *_ in handed[:5])
    several = [f"{len(handed)} files: {files}"] * (len(handed) > 1)
    for file, notes, marks in handed:
        for problem, mark, unread in marks:
            note = "; ".join(notes + several + unread)
            about = mark.verdict, mark.cells, mark.mistake, mark.where, mark.cure
            yield [student, file, problem.number, problem.text["title"], *about, note]


if __name__ == "__main__":
    sys.exit(main())

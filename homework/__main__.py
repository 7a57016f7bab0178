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
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from homework import answers, class_list, coderun, marking, names, ownership, pages, sheets, tables
from homework.files import Folder, Refused, content, under
from homework.matrices import numbers
from homework.summary import summary

HEADS = "student file problem title verdict cells_right mistake where way_out note".split()
NO_SECRET = "without a course secret anybody can make the key from a name: see --course-file"
NO_SANDBOX = """run the cells of each notebook and mark what they compute. NOT A SANDBOX: a
student's code can do all that you can, such as delete your files. Use a machine or an account with
nothing to lose"""


# --- what a lecturer types --------------------------------------------------------------------


def parsers():
    """Return the two parsers of the command line: to write, and to mark."""
    shared = argparse.ArgumentParser(add_help=False)
    columns = "column of the class list with the names; twice, for a first and a last name"
    shared.add_argument("--class-list", type=Path, metavar="FILE", help="CSV file of the students")
    shared.add_argument("--column", action="append", default=[], metavar="NAME", help=columns)
    secret = shared.add_mutually_exclusive_group()
    secret.add_argument("--course-file", type=Path, metavar="FILE", help="file with the secret")
    secret.add_argument("--course", metavar="SECRET", help="the secret of the course itself")
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
    secret = given.course or os.environ.get(coderun.SECRET, "")
    if given.course_file:
        secret = tables.likely_text(content(given.course_file))[1].strip()
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
    students, notes = class_list.read_list(Path(os.path.realpath(given.class_list)), given.column)
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
    listed = "keys/students.csv"
    made = [name.format(stem) for stem in stems.values() for name in pages.FILES]
    folder.check([*made, listed] if given.class_list else made)
    for student in in_turn(students, "worksheets"):
        sheet = sheets.sheet_for(student, key)
        for name, write in pages.FILES.items():
            folder.put(name.format(stems[student]), write(sheet))
    if given.class_list:
        rows = [[names.in_cell(student), stem] for student, stem in stems.items()]
        folder.put(listed, pages.as_csv([["student", "files"], *rows]))
    count = names.count(len(students), "worksheet")
    say(f"{count} in {folder.path / 'sheets'}, keys in {folder.path / 'keys'}", sys.stdout)
    return 0


# --- mark -------------------------------------------------------------------------------------


class Paper(NamedTuple):
    """What one file holds of one student, marked: a mark and notes for each problem."""

    file: str
    notes: list
    marks: list

    @property
    def answered(self):
        """How many problems have an answer."""
        return sum(mark.verdict != "not answered" for _, mark, _ in self.marks)

    @property
    def attempt(self):
        """When it was handed in, and as which copy, as far as the name of the file tells."""
        time = re.findall(r"\d{4}-\d\d-\d\d(?:[-_T]?\d\d[-:_]?\d\d(?:[-:_]?\d\d)?)?", self.file)
        copy = re.findall(r"-(\d{1,2})\.\w+$|\((\d{1,2})\)", self.file)
        return time[-1] if time else "", int("".join(copy[-1])) if copy else 0


def mark_answers(given):
    """Mark answers: notebooks or CSV files made from the worksheets, or folders of these.

    The table of marks gets a line for each problem of each student: what is right, which mistake
    a wrong answer looks like, its first wrong cell, and the way out. Of several attempts the last
    one counts. No code in an answer runs, unless you ask for it with --run-code. The exit code is 1
    if a file cannot be read.

    Give the secret of the course that the worksheets were made with: by --course-file, by the
    environment variable CNNLIB_COURSE, or by --course, which stays in the history of your shell.
    """
    students = class_of(given) if given.class_list else None
    key = secret_of(given)
    folder = Folder(given.out.parent, given.overwrite)
    folder.check([given.out.name])
    paths = [(place, path) for place in given.answers for path in under(place)]
    papers, refused, passed = defaultdict(list), [], []
    for place, path in in_turn(paths, "files"):
        shown = path.name if path == place else path.relative_to(place).as_posix()
        try:
            if path == given.out or answers.is_sidecar(path):
                passed.append(shown)
                continue
            for one in answers.handed_in(path):
                student, notes = ownership.student_of(one, shown, students, key)
                marks = _marks(one, sheets.sheet_for(student, key).problems, given.run_code)
                papers[student].append(Paper(shown, notes + one.notes, marks))
        # Whatever one file holds, all others are marked.
        except (Refused, ValueError, TypeError, RecursionError, MemoryError) as error:
            why = str(error).removeprefix(path.name).lstrip(" :")
            say(f"{shown}: {why}")
            refused.append(["", shown, "", "", "cannot be read", "", "", "", "", why])
    if passed:
        beside = names.count(len(passed), "file")
        say(f"note: passed over {beside} that came with the answers: {names.some(passed)}")
    counted = {student: _counted(handed) for student, handed in papers.items()}
    rows = [row for student, lines in counted.items() for row in _rows(student, lines)]
    missing = [name for name in students or () if name not in papers]
    rows += [[name, "", "", "", "nothing handed in", *[""] * 5] for name in missing]
    rows.sort(key=lambda row: (row[0].casefold(), row[0]))
    table = [[names.in_cell(str(cell)) for cell in row] for row in rows + refused]
    folder.put(given.out.name, pages.as_csv([HEADS, *table]))
    marks = [(problem, mark) for lines in counted.values() for _, problem, mark, _ in lines]
    for line in summary(marks) if len(papers) > 1 else ():
        say(line, sys.stdout)
    right = sum(mark.verdict == "right" for _, mark in marks)
    who, left = names.count(len(papers), "student"), names.count(len(refused), "file")
    told = f"{who}, {right} of {len(marks)} problems right, {left} not read: {given.out}"
    say(told, sys.stdout)
    return 1 if refused else 0


def _marks(one, problems, run_code):
    """Return (problem, mark, notes) for each problem of a file."""
    texts, failed, marks = dict(one.texts), [], []
    if run_code and one.cells:
        labels = [label for problem in problems for label in problem.labels.values()]
        computed, failed = coderun.texts_after(one.cells, labels)
        texts |= computed
    for problem in problems:
        mark, unread = _mark(problem, texts, run_code)
        marks.append((problem, mark, unread + failed * (mark.verdict != "right")))
    return marks


def _mark(problem, texts, run_code):
    """Return the mark of one problem, and what could not be read in it."""
    came, unread = {}, []
    for part, label in problem.labels.items():
        text = texts.get(label, "")
        try:
            matrix = numbers(text, problem.right[part].shape[1])
            if matrix.size:
                came[part] = matrix
        except Refused as error:
            hint = ". If it is code, see --run-code" * ("(" in text and not run_code)
            unread.append(f"{label}: {error}{hint}")
    return (marking.Mark("cannot be read") if unread else marking.mark(problem, came)), unread


def _counted(papers):
    """Return (file, problem, mark, notes) for each problem, from the last attempt of a student.

    An attempt may be several files, such as a notebook and a CSV file; empty ones do not count.
    """
    full = [paper for paper in papers if paper.answered] or papers[:1]
    last = max(paper.attempt for paper in full)
    now = [paper for paper in full if paper.attempt == last]
    now.sort(key=lambda paper: -paper.answered)
    before = [paper.file for paper in full if paper.attempt != last]
    several = [f"{len(now)} files: {names.some([paper.file for paper in now])}"] * (len(now) > 1)
    several += [f"not counted, an earlier attempt: {names.some(before)}"] * bool(before)
    lines = []
    for n, (problem, _, _) in enumerate(now[0].marks):
        paper = next((one for one in now if one.marks[n][1].verdict != "not answered"), now[0])
        _, mark, unread = paper.marks[n]
        lines.append((paper.file, problem, mark, paper.notes + several + unread))
    return lines


def _rows(student, lines):
    """Yield the lines of the table for a student."""
    for file, problem, mark, notes in lines:
        about = mark.verdict, mark.cells, mark.mistake, mark.where, mark.cure
        yield [student, file, problem.number, problem.text["title"], *about, "; ".join(notes)]


if __name__ == "__main__":
    sys.exit(main())

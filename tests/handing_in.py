"""Answers as students hand them in, and what the lecturer gets for them."""

import csv
import io
import json

from homework import __main__ as homework
from homework import names, pages, sheets

SECRET = "a secret of the course"
KEY = sheets.course_key(SECRET)
ADA = sheets.sheet_for("Ada Lovelace", KEY)


def as_text(m):
    return "\n".join(" ".join(f"{value:g}" for value in row) for row in m)


def right_texts(sheet=ADA):
    return {p.labels[part]: as_text(m) for p in sheet.problems for part, m in p.right.items()}


def notebook(sheet=ADA, texts=None, form='{label} = """\n{text}\n"""'):
    """The student's notebook, as a dict, with these answers in it."""
    book, texts = json.loads(pages.notebook(sheet)), right_texts(sheet) if texts is None else texts
    for cell in book["cells"]:
        label = cell["source"][0].split(" ")[0]
        if cell["cell_type"] == "code" and label in texts:
            cell["source"] = form.format(label=label, text=texts[label])
    return book


def saved(*arguments, **how):
    return json.dumps(notebook(*arguments, **how))


def table(sheet=ADA, texts=None, code=None, **how):
    """The student's CSV file."""
    text, texts = io.StringIO(), right_texts(sheet) if texts is None else texts
    who = names.in_cell(sheet.student), sheet.code if code is None else code
    rows = [["student", "code", "answer", "numbers"], *((*who, *item) for item in texts.items())]
    csv.writer(text, **how).writerows(rows)
    return text.getvalue()


def put(folder, name, content=None):
    """Put a file into the folder of answers; a right notebook if no content is given."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = saved() if content is None else content
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def mark(folder, *arguments):
    """Mark a folder in this process; return the exit code and the rows of the table."""
    out = folder.parent / f"{folder.name}-marks.csv"
    words = ["mark", str(folder), "--out", str(out), "--overwrite", "--course", SECRET]
    code = homework.main([*words, *map(str, arguments)])
    out = arguments[arguments.index("--out") + 1] if "--out" in arguments else out
    return code, list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))


def class_list(folder, *students):
    path = folder.parent / "list.csv"
    path.write_text("\n".join(["name", *(f'"{student}"' for student in students)]), "utf-8")
    return "--class-list", path

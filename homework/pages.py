"""A worksheet as a page, as a notebook and as a CSV file; and its key."""

import csv
import io
import json
from html import escape
from importlib.resources import files

from cnnlib import trace
from cnnlib.shapes import by
from homework import names
from homework.sheets import EDITION, TEXTS, planes

CSS = (files("homework") / "sheet.css").read_text("utf-8")
PAGE = TEXTS["page"]


def worksheet(sheet):
    """Write the page that a student prints or reads."""
    room = '<div class="work">room for your work</div>'
    body = "".join(_problem(problem, "own", room) for problem in sheet.problems)
    return _page(sheet, PAGE["title"], f"<p>{PAGE['how']}</p>\n<p>{PAGE['on_paper']}</p>", body)


def key(sheet):
    """Write the page with the results, and the sum of each cell if a pass has one."""
    body = "".join(_problem(problem, "key", _sums(problem)) for problem in sheet.problems)
    return _page(sheet, f"Key. {PAGE['title']}", f"<p>{PAGE['key']}</p>", body, "keys")


def notebook(sheet):
    """Write the notebook that a student fills in, as JSON."""
    who = f"**{_markdown(sheet.student)}**, worksheet {sheet.code}, edition {EDITION}"
    intro = f"# {PAGE['title']}\n\n{who}\n\n{PAGE['how']}\n\n{PAGE['fill']}"
    cells = [_cell("markdown", "start", intro)]
    for problem in sheet.problems:
        text = f"## {problem.number}. {problem.text['title']}\n\n{problem.text['asks'].strip()}"
        tables = [_markdown_table(label, m) for label, m in _arrays(problem)]
        cells.append(_cell("markdown", f"problem-{problem.number}", "\n\n".join([text, *tables])))
        for part, label in problem.labels.items():
            m = problem.right[part]
            dots = "\n".join([" ".join("." * m.shape[1])] * m.shape[0])
            source = f'{label} = """\n{dots}\n"""  # {by(m.shape)}'
            cells.append(_cell("code", f"answer-{label.replace('_', '-')}", source))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    book = {
        "cells": cells,
        "metadata": {
            "cnnlib": {"code": sheet.code, "edition": EDITION, "student": sheet.student},
            "kernelspec": kernel,
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def answer_table(sheet):
    """Write the CSV file that a student may fill in instead of the notebook."""
    rows = [
        [names.in_cell(sheet.student), sheet.code, label, ""]
        for problem in sheet.problems
        for label in problem.labels.values()
    ]
    return as_csv([["student", "code", "answer", "numbers"], *rows])


def as_csv(rows):
    """Write rows as CSV; the first character tells Excel that it is UTF-8.

    Every cell is quoted, so that no spreadsheet splits one at a semicolon.
    """
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return "\ufeff" + text.getvalue()


# --- pieces of a page -------------------------------------------------------------------------


def _page(sheet, title, note, body, kind="sheet"):
    student = escape(sheet.student)
    foot = f'@page {{ @bottom-right {{ content: "{sheet.code}, page " counter(page); }} }}\n'
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: {student}</title>\n<style>\n{CSS}{foot}</style>\n</head>\n"
        f'<body>\n<main class="{kind}">\n<header>\n<h1>{title}</h1>\n'
        f'<p class="who"><b><bdi>{student}</bdi></b></p>\n'
        f'<p class="code">Worksheet <code>{sheet.code}</code>, edition {EDITION}</p>\n{note}\n'
        f"</header>\n{body}</main>\n</body>\n</html>\n"
    )


def _problem(problem, kind, below):
    """Write one problem: the question, the given arrays, and the place for the results."""
    asks = "".join(f"<p>{escape(line)}</p>" for line in problem.text["asks"].strip().split("\n"))
    tables = [_table(*one) for one in _arrays(problem)]
    yours = "your " * (kind == "own")
    tables += [_table(f"{yours}{part}", m, kind) for part, m in problem.right.items()]
    return (
        f"<section>\n<h2><span>{problem.number}.</span> {escape(problem.text['title'])}</h2>\n"
        f'{asks}\n<div class="tables">{"".join(tables)}</div>\n{below}</section>\n'
    )


def _arrays(problem):
    for name in problem.text["arrays"]:
        yield from planes(name, problem.given[name])


def _table(label, m, kind=""):
    columns = "".join(f'<th scope="col">{c}</th>' for c in range(m.shape[1]))
    rows = "".join(
        f'<tr><th scope="row">{r}</th>'
        + "".join(f"<td>{'' if kind == 'own' else _number(value)}</td>" for value in row)
        + "</tr>"
        for r, row in enumerate(m)
    )
    caption = f"<caption><b>{escape(label)}</b>, {by(m.shape)}</caption>"
    start = f'<table class="{kind}">' if kind else "<table>"
    return (
        f"{start}{caption}<thead><tr><td></td>{columns}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _number(value):
    return trace.number(float(value), bare=True).replace("-", "\u2212")


def _sums(problem):
    """List how each cell adds up, if a pass shows it."""
    items = "".join(f"<li>{escape(text)}</li>" for text in problem.sums.values())
    return f'<ul class="sums">{items}</ul>\n' if items else ""


# --- pieces of a notebook ---------------------------------------------------------------------


def _cell(kind, name, source):
    cell = {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _markdown_table(label, m):
    rows = [[f"**{label}**", *map(str, range(m.shape[1]))], ["---:"] * (m.shape[1] + 1)]
    rows += [[f"*{r}*", *map(_number, row)] for r, row in enumerate(m)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _markdown(text):
    """Escape a name, so that Markdown and HTML show it as it is."""
    return "".join(c if c.isalnum() or c == " " or ord(c) > 127 else f"&#{ord(c)};" for c in text)


FILES = {
    "sheets/{}.html": worksheet,
    "sheets/{}.ipynb": notebook,
    "sheets/{}.csv": answer_table,
    "keys/{}.html": key,
}
"""What is written for a student, and what writes it; the student gets what lies in sheets/."""

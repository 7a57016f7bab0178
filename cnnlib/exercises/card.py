"""A verdict as a card, in HTML that needs no style sheet: an untrusted notebook has none.

Its colours are readable on white and on black: text has the colour of the page, orange and green
are frames, and tints are thin.
"""

import re
from html import escape
from itertools import zip_longest

import numpy as np

from cnnlib import trace
from cnnlib.exercises import running

CAME, SHOULD = " that came", " that should come"  # roles of an array
WRONG, RIGHT, LINE = "#D55E00", "#009E73", "rgba(128,128,128,0.6)"
FRAME = (
    "border:1px solid {line};border-left:6px solid {accent};border-radius:6px;"
    "padding:10px 16px;margin:4px 0;max-width:900px"
)
ROW = "display:flex;flex-wrap:wrap;gap:8px 16px;align-items:flex-start;margin:8px 0"
BESIDE = "align-self:center"
CELL = "border:{width} solid {line};padding:3px 9px;text-align:right;background:{ground}"
TABLE = "border-collapse:collapse;margin:0;width:auto;color:inherit;font-size:inherit"


def number_text(value):
    """Write a number of NumPy as the lessons do."""
    return trace.number(value.item(), bare=True) if np.isfinite(value) else str(value.item())


def framed(verdict, *parts):
    """Return HTML in the frame of a verdict, green or orange."""
    style = FRAME.format(line=LINE, accent=RIGHT if verdict.passed else WRONG)
    return f'<div style="{style}">{"".join(parts)}</div>'


def state(verdict, more=""):
    """Return the line that a card begins with."""
    sign, words, accent = ("✓", "Right", RIGHT) if verdict.passed else ("✗", "Not yet", WRONG)
    head = f'<span style="color:{accent}">{sign}</span> {words}'
    name = f'<code style="opacity:0.85">{escape(verdict.exercise.name)}</code>'
    return f'<div><b style="font-size:1.2em">{head}</b>&ensp;{name}{more}</div>'


def with_minus(text):
    """Return a text with a real minus before each number below 0."""
    return re.sub(r"(?<![\w)])-(?=\d)", "\u2212", text)


def card(verdict):
    """Return a verdict as HTML: its state, the mistake, the smallest problem, and hints."""
    ending = " on all problems" * verdict.passed
    problem = _problem(verdict.counterexample) if verdict.counterexample else ""
    told = map(_paragraph, verdict.told)
    return framed(verdict, state(verdict, ending), *told, problem, _hints(verdict.hints))


def _paragraph(text):
    """Set a text with its first sentence bold."""
    first, dot, rest = text.partition(". ")
    return f'<p style="margin:6px 0"><b>{escape(first + dot.strip())}</b> {escape(rest)}</p>'


def _problem(x):
    """Lay out what was given, what came and what should have, and the first wrong cell."""
    given, came, should = [], [], []
    for label, matrix, at in x.arrays:
        group = came if CAME in label else should if SHOULD in label else given
        group.append((label.replace(CAME, "").replace(SHOULD, ""), matrix, at))
    wrong = [running.differ(a[1], b[1]) for a, b in zip(came, should, strict=False)]
    shown = [_tables("the smallest problem that shows it", given)]
    if came or should:
        shown.append(f'<div style="{BESIDE}" aria-label="gives">→</div>')
    shown += [_tables("yours", came, WRONG, wrong), _tables("should be", should, RIGHT)]
    told = "".join(_line(x, line) for line in (x.count, *x.lines) if line)
    return f'<div style="{ROW}">{"".join(shown)}<div style="{BESIDE}">{told}</div></div>'


def _line(x, line):
    """Set a line; of the one about the first wrong cell the cell and its two numbers are bold."""
    shown = escape(with_minus(line))
    if x.at and line.startswith(f"{x.at}:"):
        at, came, should = (with_minus(escape(text)) for text in (x.at, x.came, x.should))
        shown = f"<b>{at}</b>: <b>{came}</b> came, <b>{should}</b> should have come."
        return f'<div style="font-size:1.1em">{shown}</div>'
    return f"<div>{shown}</div>"


def _tables(title, maps, accent=LINE, wrong=()):
    if not maps:
        return ""
    shown = "".join(_table(*one, marks, accent) for one, marks in zip_longest(maps, wrong))
    rows = f'<div style="{ROW};margin:2px 0">{shown}</div>'
    return f"<div><small>{title}</small>{rows}</div>"


def _table(label, matrix, first, wrong, accent):
    rows = ""
    for i, row in enumerate(matrix):
        cells = (
            _cell(number_text(value), (i, j) == first, wrong is not None and wrong[i, j], accent)
            for j, value in enumerate(row)
        )
        rows += f"<tr>{''.join(cells)}</tr>"
    caption = '<caption style="caption-side:top;text-align:left;white-space:nowrap;padding:0">'
    name, size = re.fullmatch(r"(.*?)(, \d+ x .*)?", label).groups(default="")
    label = f"<b>{escape(name)}</b>{escape(size)}"
    return f'<table style="{TABLE}">{caption}{label}</caption>{rows}</table>'


def _cell(text, first, wrong, accent):
    """Set one cell: the first wrong one has a frame, each wrong one a tint and a sign."""
    width, line = ("3px", accent) if first else ("1px", LINE)
    style = CELL.format(width=width, line=line, ground="rgba(213,94,0,0.16)" if wrong else "none")
    text = with_minus(text)
    if wrong:
        text = f'<b>{text}</b><sup style="font-size:0.7em;line-height:0">≠</sup>'
    elif first:
        text = f"<b>{text}</b>"
    return f'<td style="{style}">{text}</td>'


def _hints(hints):
    """Nest the hints, so that they open one at a time."""
    inside = ""
    for number, hint in reversed([*enumerate(hints, 1)]):
        summary = f"<summary><b>Hint {number} of {len(hints)}</b></summary>"
        text = f'<div style="margin:4px 0 4px 16px">{escape(hint)}</div>'
        inside = f"<details>{summary}{text}{inside}</details>"
    return inside

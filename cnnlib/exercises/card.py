"""A verdict as a card, in HTML that needs no style sheet: an untrusted notebook has none.

Its colours are readable on white and on black: text has the colour of the page, orange and green
are frames, and tints are thin.
"""

from html import escape

WRONG, RIGHT, LINE = "#D55E00", "#009E73", "rgba(128,128,128,0.6)"
FRAME = (
    "border:1px solid {line};border-left:6px solid {accent};border-radius:6px;"
    "padding:10px 16px;margin:4px 0;max-width:900px"
)
ROW = "display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin:8px 0"
CELL = "border:{width} solid {line};padding:3px 9px;text-align:right;background:{ground}"
TABLE = "border-collapse:collapse;margin:0;width:auto;color:inherit;font-size:inherit"


def card(verdict):
    """Return a verdict as HTML: its state, the mistake, the smallest problem, and hints."""
    accent, state = (RIGHT, "✓ Right") if verdict.passed else (WRONG, "✗ Not yet")
    ending = " on all problems" * verdict.passed
    head = f"<b>{state}</b> <code>{escape(verdict.exercise.name)}</code>{ending}"
    body = [f"<div>{head}</div>", *map(_paragraph, verdict.told)]
    if verdict.counterexample:
        body.append(_problem(verdict.counterexample))
    style = FRAME.format(line=LINE, accent=accent)
    return f'<div style="{style}">{"".join(body)}{_hints(verdict.hints)}</div>'


def _paragraph(text):
    """Set a text with its first sentence bold."""
    first, dot, rest = text.partition(". ")
    return f'<p style="margin:6px 0"><b>{escape(first + dot.strip())}</b> {escape(rest)}</p>'


def _problem(x):
    """Lay out what was given, what came and what should have, and the first wrong cell."""
    groups = {"given": [], "yours": [], "should be": []}
    for label, matrix, at in x.arrays:
        where = "yours" if " that came" in label else "should be" if " that should" in label else ""
        short = label.replace(" that came", "").replace(" that should come", "")
        groups[where or "given"].append((short, matrix, at))
    shown = [_tables("the smallest problem that shows it", groups["given"])]
    if groups["yours"] or groups["should be"]:
        shown.append('<div aria-label="gives">→</div>')
    pairs = zip(groups["yours"], groups["should be"], strict=False)
    marks = [_differing(came, should) for (_, came, _), (_, should, _) in pairs]
    shown.append(_tables("yours", groups["yours"], WRONG, marks))
    shown.append(_tables("should be", groups["should be"], RIGHT))
    lines = [line for line in (x.count, *x.lines) if line]
    told = "".join(f"<div>{escape(line)}</div>" for line in lines)
    return f'<div style="{ROW}">{"".join(shown)}<div>{told}</div></div>'


def _differing(came, should):
    """Return the places of a map that differ from what they should hold."""
    if came.shape != should.shape:
        return set()
    rows, columns = came.shape
    near = 1e-8 * max(1, abs(should).max(initial=0))
    places = ((i, j) for i in range(rows) for j in range(columns))
    return {at for at in places if not abs(came[at] - should[at]) <= near}


def _tables(title, tables, accent=LINE, marks=()):
    if not tables:
        return ""
    shown = [
        _table(*table, accent, marks[n] if n < len(marks) else ()) for n, table in enumerate(tables)
    ]
    rows = f'<div style="{ROW};margin:2px 0">{"".join(shown)}</div>'
    return f"<div><small>{title}</small>{rows}</div>"


def _table(label, matrix, at, accent, wrong):
    from cnnlib.exercises.verdict import number_text

    rows = []
    for i, row in enumerate(matrix):
        cells = [
            _cell(number_text(value), (i, j) == at, (i, j) in wrong, accent)
            for j, value in enumerate(row)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    caption = '<caption style="caption-side:top;text-align:left;white-space:nowrap;padding:0">'
    return f'<table style="{TABLE}">{caption}{escape(label)}</caption>{"".join(rows)}</table>'


def _cell(text, first, wrong, accent):
    """Set one cell: the first wrong one has a frame, each wrong one a tint and a sign."""
    width, line = ("3px", accent) if first else ("1px", LINE)
    style = CELL.format(width=width, line=line, ground="rgba(213,94,0,0.16)" if wrong else "none")
    text = f"<b>{text}</b><sup>≠</sup>" if wrong else f"<b>{text}</b>" if first else text
    return f'<td style="{style}">{text}</td>'


def _hints(hints):
    """Nest the hints, so that they open one at a time."""
    inside = ""
    for number, hint in reversed([*enumerate(hints, 1)]):
        summary = f"<summary><b>Hint {number} of {len(hints)}</b></summary>"
        text = f'<div style="margin:4px 0 4px 16px">{escape(hint)}</div>'
        inside = f"<details>{summary}{text}{inside}</details>"
    return inside

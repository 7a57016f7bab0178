"""The step that is shown as text and as tables: for a saved notebook, for print, without a script.

The tables come from `cnnlib.panels`; marks are letters and borders, since no style sheet is kept.
"""

import functools
from dataclasses import replace
from html import escape

from cnnlib import panels
from cnnlib.panels import MARKS
from cnnlib.steppers.stages import Stage
from cnnlib.trace import number

PUT_IN = "pad, gap, rest: rows and columns that were put in"
MAX_TERMS = 40
"""A longer sum is written around its marked term, with a count of what is left out."""
MAX_LINES = 25
"""Of a table with more rows or columns only the part around its marked cell is written: the matrix
of the lessons is whole, a map of 28 x 28 is not."""
REACH = 5
"""Rows and columns on each side of the marked cell in such a part."""


def text(step, term=None):
    """Write a step as one line: its sum and, with `term`, how far in it one is.

    Parameters
    ----------
    step : trace.Step or stages.Stage
    term : int, optional
        Position of a term in ``step.terms``.

    Returns
    -------
    str
    """
    if term is None or not step.terms:
        return str(step)
    return f"{step}; {_so_far(step, term)}"


def html(step, term=0, beside=None):
    """Write a step as HTML: where one is, the sum, and tables.

    Parameters
    ----------
    step : trace.Step or stages.Stage
    term : int
        Position of the marked term; of no meaning where there is none.
    beside : callable, optional
        Makes the `panels.Aside` of a step.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such term.
    """
    if isinstance(step, Stage):
        return _stage(step)
    aside = beside(step) if beside else None
    shown = panels.panels(step, term)
    sentence = ""
    if aside:
        shown += [panel.at(term) for panel in aside.panels]
        said = [words for first, words in aside.sentences if first <= term][-1]
        sentence = f"<p>{escape(said)}</p>"
    where = f"Step {step.number + 1} of {len(step.trace)}: <b>{escape(str(step.cell))}</b>"
    so_far = f"; {escape(_so_far(step, term))}" if step.terms else ""
    tables = "".join(map(_table, shown))
    return (
        f"<div><p>{where}{so_far}.</p>{_sum(step, term)}{sentence}"
        f"<div>{tables}</div>{_legend(step, shown)}</div>"
    )


def beside(problem):
    """Return a function that makes the `panels.Aside` of a step of this problem, or None."""
    extras = problem.extras
    if problem.kind == "three":
        return panels.three_ways
    if problem.kind == "nudge":
        return functools.partial(panels.nudge, amount=extras["amount"])
    if problem.kind == "activation":
        return functools.partial(panels.activation, name=extras["activation"], dY=problem.dY)
    return None


def _stage(stage):
    before = stage.trace[max(0, stage.number - 1)]
    both = [before, stage] if stage.number else [stage]
    tables = "".join(_table(panels.stage_panel(one)) for one in both)
    return (
        f"<div><p>Stage {stage.number + 1} of {len(stage.trace)}: <b>{escape(str(stage))}</b>.</p>"
        f"<div>{tables}</div>{_paragraph([PUT_IN])}</div>"
    )


def _so_far(step, term):
    marked = step.terms[term]
    if step.source:
        now = number(marked.target.value, bare=True)
        return f"term {term + 1} of {len(step.terms)}: {marked.contribution}, which is {now} now"
    return (
        f"term {term + 1} of {len(step.terms)}: "
        f"{marked.product} = {number(marked.value, bare=True)}, "
        f"sum so far {number(marked.target.value, bare=True)}"
    )


def _sum(step, term):
    if not step.terms and not step.bias:
        return f"<p>{escape(str(step))}</p>"
    if step.source:
        contributions = _written_out(step, term, lambda one: one.contribution)
        return f"<p><b>{escape(str(step.source))}</b> gives {'; '.join(contributions)}</p>"
    bias = [(escape(str(step.bias)), escape(number(step.start)))] if step.bias else []
    names = [name for name, _ in bias] + _written_out(step, term, str)
    products = [value for _, value in bias] + _written_out(step, term, lambda one: one.product)
    total = number(step.value, bare=True)
    return (
        f"<p><b>{escape(str(step.target))}</b> = {' + '.join(names)}</p>"
        f"<p>= {' + '.join(products)} = <b>{total}</b></p>"
    )


def _written_out(step, term, write):
    """Write the terms around the marked one, which stands in brackets."""
    count = len(step.terms)
    first = min(max(0, term - MAX_TERMS // 2), max(0, count - MAX_TERMS))
    near = range(first, min(count, first + MAX_TERMS))
    texts = [escape(write(step.terms[n])) for n in near]
    if count:
        texts[term - first] = f"<b>[{texts[term - first]}]</b>"
    return [*_left_out(near.start), *texts, *_left_out(count - near.stop)]


def _left_out(terms):
    return [f"… ({terms} more)"] if terms else []


def _legend(step, shown):
    words = [
        f'<span style="border:{border}"><b>{letter}</b></span> {meaning}'
        for mark, (meaning, letter, border) in MARKS.items()
        if not (step.source and mark == "done")
    ]
    if any(cell.filler for panel in shown for row in panel.cells for cell in row):
        words.append(PUT_IN)
    return _paragraph(words)


def _paragraph(words):
    return f'<p class="cnnlib-legend">{"; ".join(words)}</p>'


def _part(panel):
    """Return the table, or of a large one the part around the marked cell."""
    if max(len(panel.rows), len(panel.columns)) <= MAX_LINES:
        return panel
    marked = (
        (r, c)
        for r, cells in enumerate(panel.cells)
        for c, cell in enumerate(cells)
        if cell.mark in ("term", "target")
    )
    rows, columns = (slice(max(0, at - REACH), at + REACH + 1) for at in next(marked, (0, 0)))
    return replace(
        panel,
        caption=f"{panel.caption}; the part around the marked cell",
        rows=panel.rows[rows],
        columns=panel.columns[columns],
        cells=tuple(cells[columns] for cells in panel.cells[rows]),
    )


def _table(panel):
    panel = _part(panel)
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in panel.columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row)}</th>{"".join(map(_cell, cells))}</tr>'
        for row, cells in zip(panel.rows, panel.cells, strict=True)
    )
    return (
        f"<table><caption><b>{escape(panel.name)}</b>{escape(panel.caption)}</caption>"
        f"<thead><tr><td>{escape(panel.corner)}</td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(cell):
    letter, border = MARKS[cell.mark][1:] if cell.mark else ("", "")
    start, end = "[]" if cell.mark in ("term", "target") else ("", "")
    factors = [cell.over, cell.text] if cell.over_first else [cell.text, cell.over]
    # One run of text: a small or raised letter may be lost or read as a power.
    shown = f"{letter} {start}{'·'.join(filter(None, factors))}{end}".strip()
    how = f' style="border:{border}"' if cell.mark else ""
    return f"<td{how}>{escape(shown)}</td>"

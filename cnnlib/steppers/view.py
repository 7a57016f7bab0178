"""One Step as panels of cells, as HTML, and as one line of text.

`panels` lays a step out as data: three tables, each with name, shape and role, in
which the window, the marked term, the cell being summed and the finished cells are
told apart. `html` only writes these tables down and `text` is the sum as a line, so
no two views of a step can disagree.

The HTML of a step holds all of its terms. A radio button stands at each product of the
sum; whatever belongs to term 3 has the class ``term-3``, and what is to be read only
while term 3 is marked has ``at-3``. The style sheet does the rest, without a script: a
page with one such section for each step can be stepped through anywhere.
"""

from dataclasses import replace
from html import escape
from importlib.resources import files

from cnnlib.panels import (
    ALL,
    INDICES,
    MARKS,
    PanelCell,
    _headers,
    _known,
    _layouts,
    _panel,
    _plain,
    panels,
    stage_panel,
)
from cnnlib.steppers.stages import Stage
from cnnlib.trace import number

PUT_IN = "pad, gap, rest: rows and columns that were put in"
MOST_TERMS = 40
"""A longer sum is written around its marked term, with a count of what is left out."""
DENSE = 26
"""With more columns than this in all panels together, the cells are smaller."""


def _style_sheet():
    """Read view.css; its rules for one term are repeated for each."""
    sheet = (files("cnnlib.steppers") / "view.css").read_text(encoding="utf-8")
    all_terms, one = sheet.split("/* For each term N */")
    return all_terms + "".join(one.replace("-N", f"-{n}") for n in range(MOST_TERMS))


CSS = _style_sheet()
"""The style of every view: sent once to a page, not again with every step."""


# --- a step as text and as HTML ------------------------------------------------------


def text(step, term=None):
    """Write a step as one line: its sum and, with `term`, how far in it one is.

    Parameters
    ----------
    step : trace.Step
    term : int, optional
        Position of a term in ``step.terms``.

    Returns
    -------
    str
    """
    if term is None or not step.terms:
        return str(step)
    return f"{step}; {_so_far(step, term)}"


def html(step, term=None, aside=None, static=False, fixed=False, hide=False):
    """Write a step as HTML: where one is, the sum, the panels as tables, and the code.

    Parameters
    ----------
    step : trace.Step or stages.Stage
    term : int, optional
        Position of the marked term; left out, the last one. A stage has none.
    aside : Aside, optional
        What else to show, such as `nudge` or `activation` makes it.
    static : bool
        Put borders on the marked cells themselves: for a saved notebook, which keeps
        no style sheet. Otherwise the page needs `CSS` once.
    fixed : bool
        Whether the reader cannot mark another term.
    hide : bool
        Leave out the value that the step is about, and all sums on the way to it.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such term.
    """
    if isinstance(step, Stage):
        return _stage_html(step, static)
    term = _known(step, term)
    if static:
        return _static_html(step, term, aside)
    near = written_out(step, term)
    layouts = _layouts(step, near)
    if hide:
        aside = None
        layouts = [(terms, [_without_values(panel) for panel in shown]) for terms, shown in layouts]
    main = 2 if step.source else 0  # the panel to show where there is room for one
    tables = "".join(
        _table(panel, near, [n for n in near if n in terms] * (len(layouts) > 1), n == main)
        for terms, shown in layouts
        for n, panel in enumerate(shown)
    )
    shown, beside = layouts[0][1], ""
    if aside:
        shown = [*shown, *aside.panels]
        beside = f'<p class="cnnlib-aside">{_each(aside.sentences, near)}</p>'
        tables += "".join(_table(panel, near, main=False) for panel in aside.panels)
    so_far = [(n, "" if hide else f"; {_so_far(step, n)}") for n in near]
    return (
        f'<section class="cnnlib-step" data-step="{step.number}" '
        f'data-terms="{len(step.terms)}"{_room(step, shown)}>'
        f'<p class="cnnlib-where">{_where(step)}'
        f'<span class="cnnlib-value">{_each(so_far, near)}</span>.</p>'
        f"{_sum(step, term, near, fixed, hide)}{beside}"
        f'<div class="cnnlib-panels" role="group" aria-label="panels" tabindex="0">{tables}</div>'
        f"{_code(step, near)}{_legend(step, layouts[0][1])}</section>"
    )


def _without_values(panel):
    """Leave the value that is asked for out of a panel, and what comes of it."""
    rows = (
        tuple(replace(c, text="?" if c.mark == "target" else c.text, texts=()) for c in row)
        for row in panel.cells
    )
    return replace(panel, cells=tuple(rows))


def puzzle(step, asked):
    """Write a step while a question about a weight, an index or a size is open.

    Parameters
    ----------
    step : trace.Step
    asked : quiz.Question

    Returns
    -------
    str
    """
    marked = {cell.array: {cell.index[:2]: ALL} for cell in asked.given}
    maps = {"k_in": 0, "k": 0}
    for cell in asked.given:
        maps |= zip(INDICES[cell.array[-1]][1], cell.index[2:], strict=True)
    shown = [
        _open_panel(step, name, tuple(maps[m] for m in INDICES[name[-1]][1]), marked.get(name, {}))
        for name in (step.trace.parts[:3] if asked.given else ())
    ]
    return (
        f'<section class="cnnlib-step" data-step="{step.number}" data-terms="0">'
        f'<p class="cnnlib-where">Step '
        f"{step.number + 1} of {len(step.trace)}</p>"
        f'<div class="cnnlib-panels" role="group" aria-label="panels" tabindex="0">'
        f"{''.join(map(_table, shown))}</div></section>"
    )


def _open_panel(step, name, maps, marks):
    """Return a panel on which nothing lies and only what was given is marked."""
    if name in step.trace.arrays:
        return _plain(step, name, maps, marks)
    rows, columns = map(_headers, step.trace.shapes[name][:2])
    cells = tuple(
        tuple(PanelCell("·", term=marks.get((r, c))) for _, c in columns) for _, r in rows
    )
    return _panel(step, name, maps, rows, columns, cells, ": result of this pass")


def page(steps, index=0, term=None, aside=None, sent=None):
    """Write all steps of a trace as one form that is stepped through by its radio buttons.

    Parameters
    ----------
    steps : trace.Trace or stages.Stages
    index, term : int, optional
        Where to start.
    aside : callable, optional
        Makes the `Aside` of a step.
    sent : range, optional
        Only these steps, `index` among them.

    Returns
    -------
    str
        It needs `CSS` once, and no script.
    """
    made = []
    for position in range(len(steps)) if sent is None else sent:
        step, here = steps[position], position == index
        name = escape(f"step {position + 1}: {step.cell or step}")
        made.append(
            f'<input type="radio" name="step" value="{position}" title="{name}" '
            f'aria-label="{name}"{" checked" * here}>'
            + html(step, term if here else None, aside(step) if aside else None)
        )
    return form("".join(made))


def form(sections):
    """Put sections into the form that keeps their radio buttons apart from any others."""
    return f'<form class="cnnlib-steps" method="dialog">{sections}</form>'


def written_out(step, term):
    """Return the terms that are written out: all, or those around the marked one."""
    count = len(step.terms)
    first = min(max(0, term - MOST_TERMS // 2), max(0, count - MOST_TERMS))
    return range(first, min(count, first + MOST_TERMS))


def _each(texts, near):
    """Write texts, each from a term on, so that the one for the marked term is seen."""
    stop = max(near.stop, near.start + 1)  # a step without a term shows what holds at 0
    texts = [(max(first, near.start), text) for first, text in texts if first < stop]
    ends = [first for first, _ in texts[1:]] + [stop]
    spans = [(range(texts[n][0], end), texts[n][1]) for n, end in enumerate(ends) if texts]
    spans = [(terms, text) for terms, text in spans if terms]  # a later one may hold from there
    if len(spans) <= 1:
        return "".join(escape(text) for _, text in spans)
    return "".join(f'<span class="{_at(terms)}">{escape(text)}</span>' for terms, text in spans)


def _at(terms):
    return " ".join(f"at-{n % MOST_TERMS}" for n in terms)


def _static_html(step, term, aside):
    shown = [*panels(step, term), *(panel.at(term) for panel in (aside.panels if aside else ()))]
    tables = "".join(_static_table(panel) for panel in shown)
    so_far = f"; {escape(_so_far(step, term))}" if step.terms else ""
    beside = ""
    if aside:
        sentence = [text for first, text in aside.sentences if first <= term][-1]
        beside = f"<p>{escape(sentence)}</p>"
    return (
        f"<div><p>{_where(step)}{so_far}.</p>{_static_sum(step, term)}{beside}"
        f"<div>{tables}</div>{_legend(step, shown, static=True)}</div>"
    )


def _legend(step, shown, static=False):
    words = []
    for mark, (meaning, letter, border) in MARKS.items():
        if not (step.source and mark == "done"):
            how = f'style="border:{border}"' if static else f'class="cnnlib-{mark}"'
            words.append(f"<span {how}><b>{letter}</b></span> {meaning}")
    if any(cell.filler for panel in shown for row in panel.cells for cell in row):
        words.append(PUT_IN)
    return f'<p class="cnnlib-legend">{"; ".join(words)}</p>'


def _stage_html(stage, static):
    before = stage.trace[max(0, stage.number - 1)]
    both = [before, stage] if stage.number else [stage]
    write = _static_table if static else _table
    tables = "".join(write(stage_panel(one)) for one in both)
    return (
        f'<section class="cnnlib-step" data-step="{stage.number}" data-terms="0">'
        f'<p class="cnnlib-where">'
        f"Stage {stage.number + 1} of {len(stage.trace)}: <b>{escape(str(stage))}</b>.</p>"
        f'<div class="cnnlib-panels" role="group" aria-label="panels" tabindex="0">{tables}</div>'
        f'<p class="cnnlib-legend">{PUT_IN}</p></section>'
    )


def _where(step):
    return f"Step {step.number + 1} of {len(step.trace)}: <b>{escape(str(step.cell))}</b>"


def _so_far(step, term):
    marked = step.terms[term]
    if step.source:
        now = number(marked.target.value, bare=True)
        return f"term {term + 1} of {len(step.terms)}: {marked.gift}, which is {now} now"
    return (
        f"term {term + 1} of {len(step.terms)}: "
        f"{marked.product} = {number(marked.value, bare=True)}, "
        f"sum so far {number(marked.target.value, bare=True)}"
    )


def _sum(step, term, near, fixed, hide):
    """Write each product under its symbols, with the radio button that marks it."""
    if not step.terms and not step.bias:
        line = f"{step.cell} = ?" if hide else str(step)
        return f'<p class="cnnlib-sum">{escape(line)}</p>'
    name = f"terms of {step.cell}"

    def product(n):
        one = step.terms[n]
        below = one.gift if step.source and not hide else one.product
        here = n % MOST_TERMS
        return (
            f'<label class="cnnlib-product term-{here}"><input type="radio" class="go-{here}" '
            f'name="term-{step.number}" value="{n}"{" checked" * (n == term)}{" disabled" * fixed}>'
            f"<span>{escape(str(one))}</span> <span>{escape(below)}</span></label>"
        )

    parts = [_pair(str(step.bias), number(step.start))] if step.bias else []
    parts += _left_out(near.start)
    parts += map(product, near)
    parts += _left_out(len(step.terms) - near.stop)
    if step.source:
        inside = f"{_pair(f'{step.source} gives', '')} {' '.join(parts)}"
    else:
        total = "?" if hide else _totals(step, near)
        inside = (
            f"{_pair(str(step.target), '', ' =')} {' + '.join(parts)} "
            f'= <b class="cnnlib-value">{total}</b>'
        )
    return f'<div class="cnnlib-sum" role="radiogroup" aria-label="{escape(name)}">{inside}</div>'


def _totals(step, near):
    """Write the sum up to the marked term; the whole of it shows at the last one."""
    whole = number(step.value, bare=True)
    if not step.terms:
        return whole
    last = len(step.terms) - 1
    sums = {n: number(step.sums[n], bare=True) + " so far" if n < last else whole for n in near}
    return "".join(f'<span class="at-{n % MOST_TERMS}">{sum_}</span>' for n, sum_ in sums.items())


def _pair(above, below, sign=""):
    above = f"<b>{escape(above)}{sign}</b>"
    return f'<span class="cnnlib-product">{above} <span>{escape(below)}</span></span>'


def _static_sum(step, term):
    if not step.terms and not step.bias:
        return f"<p>{escape(str(step))}</p>"

    def bracketed(written, n):
        return f"<b>[{escape(written)}]</b>" if n == term else escape(written)

    near = written_out(step, term)
    if step.source:
        gifts = [bracketed(step.terms[n].gift, n) for n in near]
        gifts = _left_out(near.start) + gifts + _left_out(len(step.terms) - near.stop)
        return f"<p><b>{escape(str(step.source))}</b> gives {'; '.join(gifts)}</p>"

    def added(start, write):
        parts = [escape(start)] * bool(step.bias) + _left_out(near.start)
        parts += [bracketed(write(step.terms[n]), n) for n in near]
        return " + ".join(parts + _left_out(len(step.terms) - near.stop))

    products = added(number(step.start), lambda one: one.product)
    total = number(step.value, bare=True)
    return (
        f"<p><b>{escape(str(step.target))}</b> = {added(str(step.bias), str)}</p>"
        f"<p>= {products} = <b>{total}</b></p>"
    )


def _code(step, near):
    """Write the step as the lines of Python that it stands for."""
    if not step.terms:
        return ""
    first = ""
    if step.target:
        start = _brackets(step.bias) if step.bias else "0"
        first = f"<li><code>{_brackets(step.target)} = {start}</code></li>"
    lines = "".join(
        f'<li class="term-{n % MOST_TERMS}"><code>{_brackets(one.target)} += '
        f"{_brackets(one.left)} * {_brackets(one.right)}</code></li>"
        for n, one in ((n, step.terms[n]) for n in near)
    )
    return f'<ol class="cnnlib-code" aria-label="the same in Python">{first}{lines}</ol>'


def _brackets(cell):
    return escape(f"{cell.array}[{', '.join(map(str, cell.index))}]")


def _room(step, shown):
    """Tell the style sheet what there must be room for.

    The longest sum of the pass, so that the panels below stay in place; and the columns of
    the panels, together and of the widest, so that they stand side by side where they can.
    """
    columns = [len(panel.columns) for panel in shown]
    room = {
        "terms": min(step.trace.most_terms, MOST_TERMS),
        "panels": len(columns),
        "columns": sum(columns),
        "widest": max(columns),
    }
    dense = ' data-dense=""' * (sum(columns) > DENSE)
    return f'{dense} style="{";".join(f"--{name}:{size}" for name, size in room.items())}"'


def _left_out(terms):
    return [f"… ({terms} more)"] if terms else []


def _table(panel, near=range(0), shown_at=(), main=True):
    classes = " ".join(["cnnlib-main"] * main + [_at(shown_at)] * bool(shown_at))
    how = f' class="{classes}"' if classes else ""
    return _written(panel, how, lambda cell: _cell(cell, near))


def _static_table(panel):
    return _written(panel, "", _static_cell)


def _written(panel, how, write):
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in panel.columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row)}</th>{"".join(map(write, cells))}</tr>'
        for row, cells in zip(panel.rows, panel.cells, strict=True)
    )
    return (
        f"<table{how}><caption><b>{escape(panel.name)}</b>{escape(panel.caption)}</caption>"
        f"<thead><tr><td>{escape(panel.corner)}</td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(cell, near):
    mark = cell.lit if cell.term == ALL else cell.mark
    classes = [f"cnnlib-{mark}"] if mark else []
    classes += ["cnnlib-filler"] * cell.filler
    if cell.term is not None and cell.term in near:
        classes += [f"term-{cell.term % MOST_TERMS}"] + ["cnnlib-gets"] * (cell.lit == "target")
    shown = _each(((0, cell.text), *cell.texts), near) if cell.texts else escape(cell.text)
    if cell.mark == "target":
        shown = f'<span class="cnnlib-value">{shown}</span>'
    if cell.over:
        factor = escape(cell.over)
        before, behind = (f"{factor}·", "") if cell.over_first else ("", f"·{factor}")
        small = [f"<small>{part}</small>" * bool(part) for part in (before, behind)]
        shown = f"{small[0]}{shown}{small[1]}"
    return f'<td class="{" ".join(classes)}">{shown}</td>' if classes else f"<td>{shown}</td>"


def _static_cell(cell):
    letter, border = MARKS[cell.mark][1:] if cell.mark else ("", "")
    start, end = "[]" if cell.mark in ("term", "target") else ("", "")
    factors = [cell.over, cell.text] if cell.over_first else [cell.text, cell.over]
    # One run of text: a small or raised letter may be lost or read as a power.
    shown = f"{letter} {start}{'·'.join(filter(None, factors))}{end}".strip()
    how = f' style="border:{border}"' if cell.mark else ""
    return f"<td{how}>{escape(shown)}</td>"


# --- a step as panels ----------------------------------------------------------------

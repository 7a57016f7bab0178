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

from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files

import numpy as np

from cnnlib import layers
from cnnlib.shapes import by
from cnnlib.stages import Stage, spread_headers
from cnnlib.trace import number

MARKS = {  # what a mark means, its letter, and its border where no style sheet is kept
    "window": ("in the window", "w", "2px dashed #0072B2"),
    "term": ("the marked term", "t", "4px solid #D55E00"),
    "target": ("being summed", "s", "4px double #D55E00"),
    "done": ("done", "d", "2px dotted #009E73"),
}
MEANINGS = {
    "Y": "input map of the layer",
    "W": "filter",
    "Z": "output map",
    "dY": "gradient of the loss with respect to Y",
    "dW": "gradient of the loss with respect to W",
    "dZ": "gradient of the loss with respect to Z",
}
INDICES = {"Y": ("r, c", ("k_in",)), "W": ("u, v", ("k_in", "k")), "Z": ("i, j", ("k",))}
PUT_IN = "pad, gap, rest: rows and columns that were put in"
MOST_TERMS = 40
"""A longer sum is written around its marked term, with a count of what is left out."""
DENSE = 26
"""With more columns than this in all panels together, the cells are smaller."""


def _style_sheet():
    """Read view.css; its rules for one term are repeated for each."""
    sheet = (files("cnnlib") / "view.css").read_text(encoding="utf-8")
    all_terms, one = sheet.split("/* For each term N */")
    return all_terms + "".join(one.replace("-N", f"-{n}") for n in range(MOST_TERMS))


CSS = _style_sheet()
"""The style of every view: sent once to a page, not again with every step."""


@dataclass(frozen=True)
class PanelCell:
    """One cell of a panel.

    Attributes
    ----------
    text : str
        The number, or "·" where there is none yet.
    over : str
        The number that lies on this cell, or "".
    over_first : bool
        Whether that number is the left factor of the product.
    mark : str
        A key of `MARKS`, or "".
    filler : bool
        Whether it is a zero that was put in, and no cell of the array.
    term : int or None
        The term that it belongs to; ALL where it has a part in each.
    lit : str
        Its mark while that term is the marked one.
    texts : tuple of (int, str)
        Other numbers that it holds: each from a term on.
    """

    text: str
    over: str = ""
    over_first: bool = False
    mark: str = ""
    filler: bool = False
    term: int | None = None
    lit: str = "term"
    texts: tuple[tuple[int, str], ...] = ()

    def at(self, term):
        """Return the cell as it is while this term is the marked one."""
        mark = self.lit if self.term in (term, ALL) else self.mark
        text = next((text for first, text in reversed(self.texts) if first <= term), self.text)
        return replace(self, mark=mark, text=text, term=None, texts=())


ALL = -1
"""Stands for all terms in `PanelCell.term`."""


@dataclass(frozen=True)
class Panel:
    """A table of cells: `name`, with shape and role in `caption`; `corner` names the indices."""

    name: str
    caption: str
    corner: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[PanelCell, ...], ...]

    def at(self, term):
        """Return the panel as it is while this term is the marked one."""
        return replace(self, cells=tuple(tuple(c.at(term) for c in row) for row in self.cells))


@dataclass(frozen=True)
class Aside:
    """What is shown beside a step: more panels, and sentences, each from a term on."""

    sentences: tuple[tuple[int, str], ...]
    panels: tuple[Panel, ...]


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


def _known(step, term):
    if term is None:
        return max(0, len(step.terms) - 1)
    if step.terms and not 0 <= term < len(step.terms):
        raise ValueError(f"term must be from 0 to {len(step.terms) - 1}, got {term}")
    return term


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


def nudge(step, amount):
    """Say what Z and the loss gain when the weight of a filter step grows by `amount`."""
    weight = str(step.target).removeprefix("d")
    rise = number(amount * step.value, bare=True)
    sentence = (
        f"Raise {weight} by {number(amount, bare=True)}: each cell of Z gains that many times the "
        f"cell of Y in its window; the loss gains, to first order, "
        f"{number(amount)}·{number(step.value)} = {rise}."
    )
    met = {t.left.index[:2]: n for n, t in enumerate(step.terms)}

    def cell(place):
        gain = amount * step.terms[met[place]].right.value if place in met else 0.0
        return PanelCell(number(gain, bare=True), term=met.get(place))

    size = tuple(axis.o for axis in step.trace.where)
    role = "what the nudge adds to each cell: result"
    return Aside(((0, sentence),), (_beside("gain of Z", "Z", size, role, cell),))


def activation(step, name, dY=None):
    """Show the activation of a forward step's cell and, with `dY`, what comes back through it.

    Z is known, and the activation with it, once the last term is in.

    Parameters
    ----------
    step : trace.Step
        Of the forward pass.
    name : str
        A function of `cnnlib.layers` that has a ``_backward``, such as "relu".
    dY : ndarray, shape of Z, optional
        Gradient of the loss with respect to the output of the activation.

    Returns
    -------
    Aside
    """
    forward, backward = (getattr(layers, name + end) for end in ("", "_backward"))
    last = max(0, len(step.terms) - 1)
    now, k = step.target.index[:2], step.target.index[2]
    at = f"({', '.join(map(str, step.target.index))})"

    def through(place):
        """Z, f(Z), f'(Z), dY and dZ of one cell."""
        z = np.array([step.trace.value((*place, k))])
        slope = backward(np.ones_like(z), z)
        arrived = np.array([0.0 if dY is None else dY[(*place, k)]], z.dtype)
        return [float(x[0]) for x in (z, forward(z), slope, arrived, backward(arrived, z))]

    def cell(column):
        def made(place):
            if place > now:
                return PanelCell("·")
            text = number(through(place)[column], bare=True)
            if place < now:
                return PanelCell(text, mark="done")
            return PanelCell("·", mark="target", texts=((last, text),))

        return made

    z, y, slope, arrived, back = through(now)
    sentence = (
        f"Y_out{at} = {name}({number(z, bare=True)}) = {number(y, bare=True)}; "
        f"slope here {number(slope, bare=True)}"
    )
    if dY is not None:
        product = f"{number(arrived)}·{number(slope)} = {number(back, bare=True)}"
        sentence += f"; so dZ{at} = dY_out{at} f'(Z{at}) = {product}"
    waits = f"Z{at} is not complete yet: its activation waits for the last term."
    size = step.trace.shapes["Z"][:2]
    made = [_beside("Y_out", "Z", size, f"{name}(Z): input of the next layer", cell(1))]
    if dY is not None:
        role = "dY_out times the slope: what comes back to Z"
        made.append(_beside("dZ", "Z", size, role, cell(4)))
    return Aside(((0, waits), (last, sentence + ".")), tuple(made))


def three_ways(step):
    """Show a gather's step beside the scatter and the matrix A of the layer, one map each.

    A has a row for each cell of Z and a column for each cell of Y. Its column is what
    the gather reads; its row, times dZ, is what the scatter adds.
    """
    met = {one.left.index[:2]: n for n, one in enumerate(step.terms)}
    target = step.target.index[:2]
    weights = {place: step.terms[n].right.value for place, n in met.items()}

    def weight(place):
        return PanelCell(number(weights.get(place, 0.0), bare=True), term=met.get(place))

    given = [
        {gift.target.index[:2]: gift.value for gift in step.trace.gifts(one.left.index)}
        for one in step.terms
    ]

    def gift(place):
        texts = [number(gifts[place], bare=True) if place in gifts else "·" for gifts in given]
        mark = "target" if place == target else ""
        return PanelCell("·", mark=mark, texts=tuple(enumerate(texts)))

    size = {name: shape[:2] for name, shape in step.trace.shapes.items()}
    column = f"column of {step.target}, folded: its weight for each cell of dZ, else 0"
    row = "what the marked cell of dZ gives: its row of A, folded, times the cell"
    sentences = [
        f"Gather: {step.target} takes {one.product}. Scatter: {one.left} gives {one.product} to "
        f"{one.target}. Matrix: A has {number(one.right.value, bare=True)} in row {one.left}, "
        f"column {one.target}."
        for one in step.terms
    ] or [f"No cell of dZ gives to {step.target}: its column of A is all 0."]
    return Aside(
        tuple(enumerate(sentences)),
        (
            _beside("A", "Z", size["dZ"], column, weight),
            _beside("scatter", "Y", size["dY"], row, gift),
        ),
    )


def _beside(name, like, size, role, cell):
    """Return a panel that is made for an aside, from a cell for each place."""
    rows, columns = map(range, size)
    cells = tuple(tuple(cell((i, j)) for j in columns) for i in rows)
    headers = (tuple(map(str, axis)) for axis in (rows, columns))
    return Panel(name, f", {by(size)}, {role}", INDICES[like][0], *headers, cells)


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


def stage_panel(stage):
    """Lay one stage of `cnnlib.stages` out as a panel."""
    cells = tuple(
        tuple(
            PanelCell(number(value, bare=True), filler=not (row + column).isdigit())
            for column, value in zip(stage.columns, values, strict=True)
        )
        for row, values in zip(stage.rows, stage.values.tolist(), strict=True)
    )
    role = "result" if stage.number == len(stage.trace) - 1 else "on the way"
    role = "input" if stage.number == 0 else role
    caption = f", {by(stage.values.shape)}, {MEANINGS[stage.name]}: {role}; {stage.done}"
    return Panel(stage.name, caption, INDICES[stage.name[-1]][0], stage.rows, stage.columns, cells)


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


def panels(step, term):
    """Lay a step out as three panels: where the window lies, what lies there, the result.

    Of a pass that gives: the cell that gives, the weights, and what was given so far.

    Parameters
    ----------
    step : trace.Step
    term : int
        Position of the marked term; of no meaning where the step has no term.

    Returns
    -------
    list of Panel

    Raises
    ------
    ValueError
        If there is no such term.
    """
    term = _known(step, term)
    layouts = _layouts(step, range(term, term + 1))
    return [panel.at(term) for panel in layouts[0][1]]


def _layouts(step, near):
    """Return pairs (terms, their three panels): one for each plane that these terms are from."""
    lay = {"forward": _forward_panels, "input": _input_panels, "filter": _filter_panels}
    lay = lay.get(step.trace.kind, _giving_panels)
    planes = {}
    for n, one in enumerate(step.terms):
        planes.setdefault((one.left.index[2:], one.right.index[2:]), []).append(n)
    layouts = [(terms, lay(step, terms)) for terms in planes.values() if {*terms} & {*near}]
    return layouts or [((), lay(step, ()))]


def _forward_panels(step, terms):
    i, j, k = step.target.index
    k_in = step.terms[terms[0]].left.index[2] if terms else 0
    rows, columns = (
        [axis.input_index(window, u) + axis.before for u in range(axis.f)]
        for axis, window in zip(step.trace.where, (i, j), strict=True)
    )
    lies = _lies(_plane(step, "W", (k_in, k)), rows, columns)
    note = "; the filter lies on it"
    return [
        _padded_input(step, k_in, lies, _numbered(step, terms, "left"), note),
        _plain(step, "W", (k_in, k), _numbered(step, terms, "right")),
        _result(step),
    ]


def _filter_panels(step, terms):
    u, v, k_in, k = step.target.index
    rows, columns = (
        [axis.input_index(window, weight) + axis.before for window in range(axis.o)]
        for axis, weight in zip(step.trace.where, (u, v), strict=True)
    )
    lies = _lies(_plane(step, "dZ", (k,)), rows, columns)
    spread = ", spread by the stride" if step.trace.where.stride != (1, 1) else ""
    note = f"; dZ lies on it{spread}, not flipped"
    return [
        _padded_input(step, k_in, lies, _numbered(step, terms, "right"), note),
        _plain(step, "dZ", (k,), _numbered(step, terms, "left")),
        _result(step),
    ]


def _input_panels(step, terms):
    axes = step.trace.where
    r, c, k_in = step.target.index
    k = step.terms[terms[0]].left.index[2] if terms else 0
    # The relation puts weight u on row r + p - u d of the spread dZ, which has rings of
    # extent - 1 zeros around it. As u grows, the row goes up: that is the flip.
    rows, columns = (
        [cell + axis.before - u * axis.d + axis.extent - 1 for u in range(axis.f)]
        for axis, cell in zip(axes, (r, c), strict=True)
    )
    lies = _lies(_plane(step, "W", (k_in, k)), rows, columns)
    rows, columns = (_spread_axis(axis) for axis in axes)
    size = by((len(rows), len(columns)))
    between = "spread by the stride, " if axes.stride != (1, 1) else ""
    rest = "left-over rows appended, " if any(axes.rest) else ""
    note = f"; {between}{rest}zero-padded to {size}, the flipped filter lies on it"
    left, right = (_numbered(step, terms, side) for side in ("left", "right"))
    board = _board(step, "dZ", (k,), rows, columns, lies, left, note)
    return [board, _plain(step, "W", (k_in, k), right), _result(step)]


def _giving_panels(step, terms):
    """Scatter and influence: one cell gives, through the weights, to many cells."""
    left, right, result, _ = step.trace.parts
    w = step.terms[terms[0]].right.index if terms else (0, 0, 0, 0)
    k_in, k = w[2:]
    weights = _numbered(step, terms, "right")
    maps = {"Y": (k_in,), "Z": (k,)}
    giver = {step.source.index[:2]: ALL} if terms else {}
    return [
        _plain(step, left, maps[left[-1]], giver, note="; the marked cell gives"),
        _plain(step, right, (k_in, k), weights, weights),
        _received(step, result, maps[result[-1]], _numbered(step, terms, "target")),
    ]


def _numbered(step, terms, side):
    """Say which term each cell belongs to: {(row, column): term}."""
    return {getattr(step.terms[n], side).index[:2]: n for n in terms}


def _received(step, name, maps, numbers):
    """Return the panel of the result so far: what earlier cells gave, and this one."""

    def cell(place):
        text = number(step.trace.value_before(place + maps, step.number), bare=True)
        if place not in numbers:
            return PanelCell(text)
        n = numbers[place]
        texts = ((n, number(step.terms[n].target.value, bare=True)),)
        return PanelCell(text, mark="window", term=n, lit="target", texts=texts)

    rows, columns = map(_headers, step.trace.shapes[name][:2])
    cells = tuple(tuple(cell((r, c)) for _, c in columns) for _, r in rows)
    return _panel(step, name, maps, rows, columns, cells, ": result of this pass, so far")


def _lies(plane, rows, columns):
    """Say which number of a plane lies where: {(row, column): number}."""
    return {
        (row, column): value
        for row, values in zip(rows, plane.tolist(), strict=True)
        for column, value in zip(columns, values, strict=True)
    }


def _padded_input(step, k_in, lies, terms, note):
    rows, columns = (
        [("pad", None)] * axis.before
        + [(str(r), r) for r in range(axis.n)]
        + [("pad", None)] * axis.after
        for axis in step.trace.where
    )
    if any(map(any, step.trace.where.padding)):
        note = f"; zero-padded to {by((len(rows), len(columns)))}" + note
    return _board(step, "Y", (k_in,), rows, columns, lies, terms, note)


def _spread_axis(axis):
    """(header, index) of each row of dZ as the filter meets it: spread, appended, padded."""
    ring = ["pad"] * (axis.extent - 1)
    headers = [*ring, *spread_headers(axis), *["rest"] * axis.rest, *ring]
    return [(header, int(header) if header.isdigit() else None) for header in headers]


def _board(step, name, maps, rows, columns, lies, terms, note, window=()):
    """Return the panel on which something lies; `lies` is {(row, column): number}.

    `terms` says which term a cell belongs to, and `window` are more cells that have a
    part in the step.
    """
    plane = _plane(step, name, maps).tolist()
    over_first = step.trace.parts.left != name

    def cell(place, r, c):
        filler = r is None or c is None
        return PanelCell(
            "0" if filler else number(plane[r][c], bare=True),
            number(lies[place]) if place in lies else "",
            over_first=over_first,
            mark="window" if place in lies or place in window else "",
            filler=filler,
            term=terms.get((r, c)),
        )

    cells = tuple(
        tuple(cell((row, column), r, c) for column, (_, c) in enumerate(columns))
        for row, (_, r) in enumerate(rows)
    )
    return _panel(step, name, maps, rows, columns, cells, f": input of this pass{note}")


def _plain(step, name, maps, terms, window=(), note=""):
    """Return the panel of a factor as it is stored: nothing lies on it."""
    rows, columns = map(_headers, step.trace.shapes[name][:2])
    return _board(step, name, maps, rows, columns, {}, terms, note, window)


def _headers(size):
    return [(str(n), n) for n in range(size)]


def _result(step):
    """Return the panel of the result so far: finished cells, the sum so far, nothing yet."""
    name, now, maps = step.target.array, step.target.index[:2], step.target.index[2:]
    sums = tuple((n, number(total, bare=True)) for n, total in enumerate(step.sums))

    def cell(place):
        if place == now:
            return PanelCell(number(step.value, bare=True), mark="target", texts=sums)
        if place < now:  # the walk is row by row
            return PanelCell(number(step.trace.value(place + maps), bare=True), mark="done")
        return PanelCell("·")

    rows, columns = map(_headers, step.trace.shapes[name][:2])
    cells = tuple(tuple(cell((r, c)) for _, c in columns) for _, r in rows)
    return _panel(step, name, maps, rows, columns, cells, ": result of this pass")


def _panel(step, name, maps, rows, columns, cells, role):
    shape = step.trace.shapes[name]
    corner, names = INDICES[name[-1]]
    several = any(size > 1 for size in shape[2:])
    which = "".join(f", {n} = {m}" for n, m in zip(names, maps, strict=True)) if several else ""
    caption = f"{which}, {by(shape[:2])}, {MEANINGS[name]}{role}"
    headers = (tuple(header for header, _ in axis) for axis in (rows, columns))
    return Panel(name, caption, corner, *headers, cells)


def _plane(step, name, maps):
    array = step.trace.arrays[name]
    if 0 in array.shape[2:]:  # a layer without maps: there is nothing to draw
        return np.zeros(array.shape[:2])
    return array[(..., *maps)]

"""One Step as panels of cells, as HTML, and as one line of text.

`panels` lays a step out as data: three tables, each with name, shape and role, in
which the window, the marked term, the cell being summed and the finished cells are
told apart. `html` only writes these tables down and `text` is the sum as a line, so
no two views of a step can disagree.
"""

from dataclasses import dataclass
from html import escape
from importlib.resources import files

import numpy as np

from cnnlib import layers
from cnnlib.shapes import by
from cnnlib.stages import Stage, spread_headers
from cnnlib.trace import number

CSS = (files("cnnlib") / "view.css").read_text(encoding="utf-8")
"""The style of every view: sent once to a page, not again with every step."""

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
    """

    text: str
    over: str = ""
    over_first: bool = False
    mark: str = ""
    filler: bool = False


@dataclass(frozen=True)
class Panel:
    """A table of cells: `name`, with shape and role in `caption`; `corner` names the indices."""

    name: str
    caption: str
    corner: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[PanelCell, ...], ...]


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


@dataclass(frozen=True)
class Aside:
    """What a stepper shows beside a step: a sentence below the sum, and more panels."""

    sentence: str
    panels: tuple[Panel, ...]


def html(step, term=None, static=False, aside=None):
    """Write a step as HTML: where one is, the sum, and the panels as tables.

    Parameters
    ----------
    step : trace.Step or stages.Stage
    term : int, optional
        Position of the marked term; left out, the last one. A stage has none.
    static : bool
        Put borders on the marked cells themselves: for a saved notebook, which keeps
        no style sheet. Otherwise the page needs `CSS` once.
    aside : Aside, optional
        What else to show, such as `nudge` or `activation` makes it.

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
    term = len(step.terms) - 1 if term is None else term
    shown = [*panels(step, term), *(aside.panels if aside else ())]
    tables = "".join(_table(panel, static) for panel in shown)
    beside = f'<p class="cnnlib-where">{escape(aside.sentence)}</p>' if aside else ""
    return (
        f'<div class="cnnlib-step">{_heading(step, term)}'
        f'<div class="cnnlib-sums"{_room(step, static)}>{_sum(step, term)}</div>{beside}'
        f'<div class="cnnlib-panels">{tables}</div>{_legend(step, shown, static)}</div>'
    )


def nudge(step, term, amount):
    """Say what Z and the loss gain when the weight of a filter step grows by `amount`."""
    weight = str(step.target).removeprefix("d")
    rise = number(amount * step.value, bare=True)
    sentence = (
        f"Raise {weight} by {number(amount, bare=True)}: each cell of Z gains that many times the "
        f"cell of Y in its window; the loss gains, to first order, "
        f"{number(amount)}·{number(step.value)} = {rise}."
    )
    gains = {t.left.index[:2]: amount * t.right.value for t in step.terms}
    marked = step.terms[term].left.index[:2] if step.terms else None

    def cell(place):
        gain = number(gains.get(place, 0.0), bare=True)
        return PanelCell(gain, mark="term" if place == marked else "")

    size = tuple(axis.o for axis in step.trace.where)
    role = "what the nudge adds to each cell: result"
    return Aside(sentence, (_beside("gain of Z", "Z", size, role, cell),))


def activation(step, term, name, dY=None):
    """Show the activation of a forward step's cell and, with `dY`, what comes back through it.

    Parameters
    ----------
    step : trace.Step
        Of the forward pass.
    term : int
        Z is known, and the activation with it, once this is the last term.
    name : str
        A function of `cnnlib.layers` that has a ``_backward``, such as "relu".
    dY : ndarray, shape of Z, optional
        Gradient of the loss with respect to the output of the activation.

    Returns
    -------
    Aside
    """
    forward, backward = (getattr(layers, name + end) for end in ("", "_backward"))
    whole = term >= len(step.terms) - 1
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
            if place > now or (place == now and not whole):
                return PanelCell("·")
            return PanelCell(
                number(through(place)[column], bare=True), mark="target" if place == now else "done"
            )

        return made

    z, y, slope, arrived, back = through(now)
    shown = number(y, bare=True), number(slope, bare=True)
    sentence = f"Z{at} is not complete yet: its activation waits for the last term."
    if whole:
        sentence = f"Y_out{at} = {name}({number(z, bare=True)}) = {shown[0]}; slope here {shown[1]}"
        if dY is not None:
            product = f"{number(arrived)}·{number(slope)} = {number(back, bare=True)}"
            sentence += f"; so dZ{at} = dY_out{at} f'(Z{at}) = {product}"
        sentence += "."
    size = step.trace.shapes["Z"][:2]
    made = [_beside("Y_out", "Z", size, f"{name}(Z): input of the next layer", cell(1))]
    if dY is not None:
        role = "dY_out times the slope: what comes back to Z"
        made.append(_beside("dZ", "Z", size, role, cell(4)))
    return Aside(sentence, tuple(made))


def _beside(name, like, size, role, cell):
    """Return a panel that is made for an aside, from a cell for each place."""
    rows, columns = map(range, size)
    cells = tuple(tuple(cell((i, j)) for j in columns) for i in rows)
    headers = (tuple(map(str, axis)) for axis in (rows, columns))
    return Panel(name, f", {by(size)}, {role}", INDICES[like][0], *headers, cells)


def _legend(step, shown, static):
    marks = [mark for mark in MARKS if not (step.source and mark == "done")]
    words = [
        f"<span{_marked(mark, static)}><b>{MARKS[mark][1]}</b></span> {MARKS[mark][0]}"
        for mark in marks
    ]
    if any(cell.filler for panel in shown for row in panel.cells for cell in row):
        words.append(PUT_IN)
    return f'<p class="cnnlib-legend">{"; ".join(words)}</p>'


def _stage_html(stage, static):
    before = stage.trace[max(0, stage.number - 1)]
    both = [before, stage] if stage.number else [stage]
    tables = "".join(_table(stage_panel(one), static) for one in both)
    return (
        f'<div class="cnnlib-step"><p class="cnnlib-where">Stage {stage.number + 1} of '
        f"{len(stage.trace)}: <b>{escape(str(stage))}</b>.</p>"
        f'<div class="cnnlib-panels">{tables}</div>'
        f'<p class="cnnlib-legend">{PUT_IN}</p></div>'
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


def _heading(step, term):
    where = f"Step {step.number + 1} of {len(step.trace)}: <b>{escape(str(step.cell))}</b>"
    so_far = f"; {escape(_so_far(step, term))}" if step.terms else ""
    return f'<p class="cnnlib-where">{where}{so_far}.</p>'


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


def _sum(step, term):
    if not step.terms and not step.bias:
        return f'<p class="cnnlib-sum">{escape(str(step))}</p>'
    if step.source:
        gifts = [_one_term(t.gift, n == term) for n, t in enumerate(step.terms)]
        return f'<p class="cnnlib-sum"><b>{step.source}</b> gives {"; ".join(gifts)}</p>'
    shown = range(len(step.terms))
    if len(shown) > MOST_TERMS:
        first = min(max(0, term - MOST_TERMS // 2), len(shown) - MOST_TERMS)
        shown = shown[first : first + MOST_TERMS]

    def added(start, write):
        return " + ".join(
            [escape(start)] * bool(step.bias)
            + _left_out(shown.start)
            + [_one_term(write(step.terms[t]), t == term) for t in shown]
            + _left_out(len(step.terms) - shown.stop)
        )

    return (
        f'<p class="cnnlib-sum"><b>{step.target}</b> = {added(str(step.bias), str)}</p>'
        f'<p class="cnnlib-sum">= {added(number(step.start), _product)} = '
        f"<b>{number(step.value, bare=True)}</b></p>"
    )


def _product(term):
    return term.product


def _room(step, static):
    """Tell the style sheet how long the longest sum is, so that the panels below stay in place."""
    return "" if static else f' style="--terms:{min(step.trace.most_terms, MOST_TERMS)}"'


def _left_out(terms):
    return [f"… ({terms} more)"] if terms else []


def _one_term(written, marked):
    tag, end = ('<b class="cnnlib-term">[', "]</b>") if marked else ("<span>", "</span>")
    return f"{tag}{escape(written)}{end}"


def _table(panel, static):
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in panel.columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row)}</th>{"".join(_cell(c, static) for c in cells)}</tr>'
        for row, cells in zip(panel.rows, panel.cells, strict=True)
    )
    return (
        f"<table><caption><b>{escape(panel.name)}</b>{escape(panel.caption)}</caption>"
        f"<thead><tr><td>{escape(panel.corner)}</td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(cell, static):
    if not cell.mark and not cell.over:
        return f"<td{_marked('', static, cell.filler)}>{escape(cell.text)}</td>"
    letter = MARKS[cell.mark][1] if cell.mark else ""
    start, end = "[]" if cell.mark in ("term", "target") else ("", "")
    number, factor = escape(cell.text), escape(cell.over)
    before, behind = (f"{factor}·", "") if cell.over_first else ("", f"·{factor}")
    if not factor:
        before = behind = ""
    if static:  # one run of text, since a small or raised letter may be lost or read as a power
        shown = f"{letter} {start}{before}{number}{behind}{end}".strip()
    else:
        small = [f"<small>{part}</small>" * bool(part) for part in (before, behind)]
        shown = f"{small[0]}{start}{number}{end}{small[1]}" + f"<sup>{letter}</sup>" * bool(letter)
    return f"<td{_marked(cell.mark, static, cell.filler)}>{shown}</td>"


def _marked(mark, static, filler=False):
    names = [f"cnnlib-{mark}"] * bool(mark) + ["cnnlib-filler"] * filler
    border = f' style="border:{MARKS[mark][2]}"' if static and mark else ""
    return (f' class="{" ".join(names)}"' if names and not static else "") + border


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
    if step.terms and not 0 <= term < len(step.terms):
        raise ValueError(f"term must be from 0 to {len(step.terms) - 1}, got {term}")
    lay = {"forward": _forward_panels, "input": _input_panels, "filter": _filter_panels}
    lay = lay.get(step.trace.kind, _giving_panels)
    return lay(step, step.terms[term] if step.terms else None)


def _forward_panels(step, marked):
    i, j, k = step.target.index
    k_in = marked.left.index[2] if marked else 0
    rows, columns = (
        [axis.input_index(window, u) + axis.before for u in range(axis.f)]
        for axis, window in zip(step.trace.where, (i, j), strict=True)
    )
    lies = _lies(_plane(step, "W", (k_in, k)), rows, columns)
    note = "; the filter lies on it"
    return [
        _padded_input(step, k_in, lies, marked and marked.left, note),
        _plain(step, "W", (k_in, k), marked and marked.right),
        _result(step, marked),
    ]


def _filter_panels(step, marked):
    u, v, k_in, k = step.target.index
    rows, columns = (
        [axis.input_index(window, weight) + axis.before for window in range(axis.o)]
        for axis, weight in zip(step.trace.where, (u, v), strict=True)
    )
    lies = _lies(_plane(step, "dZ", (k,)), rows, columns)
    spread = ", spread by the stride" if step.trace.where.stride != (1, 1) else ""
    note = f"; dZ lies on it{spread}, not flipped"
    return [
        _padded_input(step, k_in, lies, marked and marked.right, note),
        _plain(step, "dZ", (k,), marked and marked.left),
        _result(step, marked),
    ]


def _input_panels(step, marked):
    axes = step.trace.where
    r, c, k_in = step.target.index
    k = marked.left.index[2] if marked else 0
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
    board = _board(step, "dZ", (k,), rows, columns, lies, marked and marked.left, note)
    return [board, _plain(step, "W", (k_in, k), marked and marked.right), _result(step, marked)]


def _giving_panels(step, marked):
    """Scatter and influence: one cell gives, through the weights, to many cells."""
    left, right, result, _ = step.trace.parts
    w = marked.right.index if marked else (0, 0, 0, 0)
    k_in, k = w[2:]
    given = [term for term in step.terms if term.right.index[2:] == (k_in, k)]
    weights = {term.right.index[:2] for term in given}
    maps = {"Y": (k_in,), "Z": (k,)}
    return [
        _plain(step, left, maps[left[-1]], step.source, note="; the marked cell gives"),
        _plain(step, right, (k_in, k), marked and marked.right, weights),
        _received(step, result, maps[result[-1]], given, marked),
    ]


def _received(step, name, maps, given, marked):
    """Return the panel of the result so far: what earlier cells gave, and this one."""
    shown = step.terms[: step.terms.index(marked) + 1] if marked else ()
    so_far = {term.target.index: term.target.value for term in shown}
    reached = {term.target.index for term in given}

    def cell(place):
        index = place + maps
        mark = "window" if index in reached else ""
        if marked and index == marked.target.index:
            mark = "target"
        value = so_far.get(index)
        if value is None:
            value = step.trace.value_before(index, step.number)
        return PanelCell(number(value, bare=True), mark=mark)

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


def _padded_input(step, k_in, lies, marked, note):
    rows, columns = (
        [("pad", None)] * axis.before
        + [(str(r), r) for r in range(axis.n)]
        + [("pad", None)] * axis.after
        for axis in step.trace.where
    )
    if any(map(any, step.trace.where.padding)):
        note = f"; zero-padded to {by((len(rows), len(columns)))}" + note
    return _board(step, "Y", (k_in,), rows, columns, lies, marked, note)


def _spread_axis(axis):
    """(header, index) of each row of dZ as the filter meets it: spread, appended, padded."""
    ring = ["pad"] * (axis.extent - 1)
    headers = [*ring, *spread_headers(axis), *["rest"] * axis.rest, *ring]
    return [(header, int(header) if header.isdigit() else None) for header in headers]


def _board(step, name, maps, rows, columns, lies, marked, note, window=()):
    """Return the panel on which something lies; `lies` is {(row, column): number}.

    `window` are more cells that have a part in the step.
    """
    plane = _plane(step, name, maps).tolist()

    def cell(place, r, c):
        filler = r is None or c is None
        mark = "window" if place in lies or place in window else ""
        if marked and (r, c) == marked.index[:2]:
            mark = "term"
        return PanelCell(
            "0" if filler else number(plane[r][c], bare=True),
            number(lies[place]) if place in lies else "",
            over_first=step.trace.parts.left != name,
            mark=mark,
            filler=filler,
        )

    cells = tuple(
        tuple(cell((row, column), r, c) for column, (_, c) in enumerate(columns))
        for row, (_, r) in enumerate(rows)
    )
    return _panel(step, name, maps, rows, columns, cells, f": input of this pass{note}")


def _plain(step, name, maps, marked, window=(), note=""):
    """Return the panel of a factor as it is stored: nothing lies on it."""
    rows, columns = map(_headers, step.trace.shapes[name][:2])
    return _board(step, name, maps, rows, columns, {}, marked, note, window)


def _headers(size):
    return [(str(n), n) for n in range(size)]


def _result(step, marked):
    """Return the panel of the result so far: finished cells, the sum so far, nothing yet."""
    name, now, maps = step.target.array, step.target.index[:2], step.target.index[2:]
    so_far = marked.target.value if marked else step.value

    def cell(place):
        if place == now:
            return PanelCell(number(so_far, bare=True), mark="target")
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

"""A step as panels of cells: data, from which tables and figures are made."""

from dataclasses import dataclass, replace

import numpy as np

from cnnlib import layers
from cnnlib.shapes import by
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
    "dYp": "gradient of the loss with respect to the padded Y",
    "dW": "gradient of the loss with respect to W",
    "dZ": "gradient of the loss with respect to Z",
}


INDICES = {"Y": ("r, c", ("k_in",)), "W": ("u, v", ("k_in", "k")), "Z": ("i, j", ("k",))}


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


def _known(step, term):
    if term is None:
        return max(0, len(step.terms) - 1)
    if step.terms and not 0 <= term < len(step.terms):
        raise ValueError(f"term must be from 0 to {len(step.terms) - 1}, got {term}")
    return term


def nudge(step, amount):
    """Say what Z and the loss gain when the weight of a filter step grows by `amount`."""
    weight = str(step.target).removeprefix("d")
    up, rise = (number(value, bare=True) for value in (amount, amount * step.value))
    sentence = (
        f"Raise {weight} by {up}: each cell of Z gains {up} times the cell of Y under the weight; "
        f"the loss gains about {number(amount)}·{number(step.value)} = {rise}."
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
    at = str(step.target).removeprefix("Z")

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

    def arrived_at(place):
        mark = "target" if place == now else ""
        return PanelCell(number(float(dY[(*place, k)]), bare=True), mark=mark)

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
        role = "gradient of the loss with respect to Y_out"
        made.append(_beside("dY_out", "Z", size, role, arrived_at))
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
        {
            contribution.target.index[:2]: contribution.value
            for contribution in step.trace.contributions(one.left.index)
        }
        for one in step.terms
    ]

    def contribution(place):
        texts = [
            number(contributions[place], bare=True) if place in contributions else "·"
            for contributions in given
        ]
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
            _beside("scatter", "Y", size["dY"], row, contribution),
        ),
    )


def _beside(name, like, size, role, cell):
    """Return a panel that is made for an aside, from a cell for each place."""
    rows, columns = map(range, size)
    cells = tuple(tuple(cell((i, j)) for j in columns) for i in rows)
    headers = (tuple(map(str, axis)) for axis in (rows, columns))
    return Panel(name, f", {by(size)}, {role}", INDICES[like][0], *headers, cells)


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
    corner = INDICES[stage.name[1]][0]
    return Panel(stage.name, caption, corner, stage.rows, stage.columns, cells)


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
    lay = {
        "forward": _forward_panels,
        "input": _input_panels,
        "filter": _filter_panels,
        "pool": _pool_panels,
    }
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


def _pool_panels(step, terms):
    """A max pool's way back: the cell that gives, the window with its largest cell, the result."""
    index = step.source.index
    maps = index[2:]
    window = {cell.index[:2] for cell in step.trace.window(index)}
    won = _numbered(step, terms, "right")
    return [
        _plain(step, "dZ", maps, {index[:2]: ALL}, note="; the marked cell gives"),
        _plain(step, "Y", maps, won, window, note="; the window, its largest cell marked"),
        _received(step, "dY", maps, _numbered(step, terms, "target")),
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


def spread_headers(axis):
    """Return the header of each row of the spread dZ: its index, or "gap"."""
    gaps = ["gap"] * (axis.s - 1)
    return [header for i in range(axis.o) for header in [*gaps, str(i)]][axis.s - 1 :]

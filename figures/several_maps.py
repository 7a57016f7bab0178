"""Figures of the input gradient with several maps, and what its figures have in common."""

from dataclasses import replace

from cnnlib import loops, panels
from cnnlib.examples import three_maps
from cnnlib.shapes import by
from cnnlib.trace import input_steps, number
from figures import draw
from figures.figure import Figure

SEVERAL = three_maps()
N_K, F_K = SEVERAL.W.shape[2:]
K_IN = 0


def bare(value):
    """Write a number without parentheses."""
    return number(value, bare=True)


def times(size):
    """Write a size as it stands in a figure: 3 × 5."""
    return by(size).replace("x", "×")


def sums_to(values):
    """Write a sum and what it comes to: 3 + (-2) = 1."""
    values = [float(value) for value in values]
    return f"{' + '.join(map(number, values))} = {bare(sum(values))}"


def board(ax, panel, *where, outlined=("window",), term=True):
    """Draw a `panels.Panel` with one tinted outline around its window; `where` as in `draw.panel`.

    `outlined` are the marks that lie in the window; without `term`, no single term is marked.
    """
    window = draw.around(panel, ("term", *outlined))
    hidden = ("window",) if term else ("window", "term")
    cells = tuple(
        tuple(replace(c, mark="") if c.mark in hidden else c for c in row) for row in panel.cells
    )
    return draw.panel(ax, replace(panel, cells=cells), *where, windows=[window])


def read(panel):
    """Read the rows of a panel aloud, for an alt text."""
    return "; ".join(", ".join(cell.text for cell in row) for row in panel.cells)


def short(cell):
    """Name a cell of the running example without its maps: dY(2, 2)."""
    return f"{cell.array}({cell.index[0]}, {cell.index[1]})"


# --- sums over all maps --------------------------------------------------------------


def _of_several(cell):
    """Step of the cell, and the terms of each k."""
    steps = input_steps(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)
    step = steps[steps.position((*cell, K_IN))]
    return step, [[t for t in step.terms if t.left.index[2] == k] for k in range(F_K)]


def over_filters(ax):
    """Each map of dZ, through its filter's plane, into one map of dY."""
    dY = loops.conv_backward_input(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)[:, :, K_IN]
    goal = draw.panel(
        ax,
        draw.table("dY", dY),
        574,
        278,
        42,
        f"dY, {times(dY.shape)}",
        f"k_in = {K_IN}: the result",
    )
    add = draw.box(ax, 424, goal.middle[1] - 36, 82, 72, "Σ\nover k", size=18, bold=True)
    draw.arrow(ax, (add.right[0] + 4, add.right[1]), (goal.x - 34, add.right[1]), back=True)
    for k in range(F_K):
        y = 90 + 212 * k
        dZ = draw.panel(
            ax,
            draw.table("dZ", SEVERAL.dZ[:, :, k]),
            54,
            y,
            40,
            f"dZ, k = {k}",
            f"{times(SEVERAL.dZ.shape[:2])}, input",
        )
        W = draw.panel(
            ax,
            draw.table("W", SEVERAL.W[:, :, K_IN, k]),
            254,
            y + 40,
            40,
            f"W, {K_IN}, {k}",
            f"k_in = {K_IN}, k = {k}\n{times(SEVERAL.filter_size)}, as stored",
        )
        level = W.middle[1]
        draw.arrow(ax, (dZ.right[0] + 8, level), (W.x - 34, level), back=True)
        start, turn = (W.right[0] + 8, level), (add.middle[0], level)
        if abs(level - add.middle[1]) < add.height / 2:
            draw.arrow(ax, start, (add.x - 4, level), back=True)
        else:
            end = add.y - 4 if level < add.y else add.y + add.height + 4
            draw.arrow(ax, start, turn, back=True, head=False)
            draw.arrow(ax, turn, (turn[0], end), back=True)
    draw.lines(ax, 574, goal.bottom[1] + 34, [f"plane k_in = {K_IN}", f"of all {F_K} filters"], 18)


def _over_filters_alt():
    dY = loops.conv_backward_input(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)[:, :, K_IN]
    return (
        f"{F_K} rows, one for each filter k: the map dZ of k, {by(SEVERAL.dZ.shape[:2])}, and a "
        f"dashed arrow through the plane W of k_in = {K_IN} and k, {by(SEVERAL.filter_size)}, "
        f"which slides over it flipped. The {F_K} arrows meet in a sum over k, and from there "
        f"one leads to the map dY of k_in = {K_IN}, {by(dY.shape)}. Its first row is "
        f"{', '.join(map(bare, dY[0]))}."
    )


FOLLOWED = (1, 2)


def partial_sums(ax):
    """Three boards with the flipped planes on them, and what each adds to one cell of dY."""
    step, groups = _of_several(FOLLOWED)
    totals = []
    for k, terms in enumerate(groups):
        y = 92 + 304 * k
        panel = panels.panels(step, step.terms.index(terms[0]))[0]
        size = by((len(panel.rows), len(panel.columns)))
        placed = board(
            ax,
            panel,
            62,
            y,
            46,
            f"dZ, k = {k}, padded to {size}",
            f"W, {K_IN}, {k} lies on it, flipped",
            term=False,
        )
        totals.append(sum(t.value for t in terms))
        words = [t.product for t in terms]
        rows = [" + ".join(words[n : n + 3]) for n in range(0, len(words), 3)]
        rows = [row + " +" * (row is not rows[-1]) for row in rows]
        draw.arrow(ax, (placed.right[0] + 8, y + 115), (placed.right[0] + 60, y + 115), back=True)
        x = placed.right[0] + 74
        draw.text(ax, x, y + 26, f"the part of k = {k}", 20, True, ha="left")
        down = draw.lines(ax, x, y + 64, rows, 19)
        draw.text(ax, x, down + 10, f"= {bare(totals[-1])}", 26, True, ha="left")
    draw.box(
        ax,
        40,
        984,
        720,
        60,
        f"dY({', '.join(map(str, step.target.index))}) = {sums_to(totals)}",
        size=26,
        bold=True,
        edge=draw.ORANGE,
        line=4,
    )


def _partial_alt():
    step, groups = _of_several(FOLLOWED)
    parts = [sum(t.value for t in terms) for terms in groups]
    said = "; ".join(
        f"for k = {k}, {' + '.join(t.product for t in terms)} = {bare(part)}"
        for k, (terms, part) in enumerate(zip(groups, parts, strict=True))
    )
    return (
        f"One cell of dY from all {F_K} maps. Below one another the maps dZ of each k, padded with "
        f"zeros, on each the flipped plane of its filter at the place of {step.target}. Each board "
        f"gives a part: {said}. The parts add up: {step.target} = {sums_to(parts)}."
    )


def over_all_maps(ax):
    """Two moments of the walk: the stack of padded maps, and dY filling up."""
    steps = input_steps(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)
    for row, cell in enumerate(SLID):
        y = 104 + 330 * row
        step = steps[steps.position((*cell, K_IN))]
        last = len(step.terms) - 1
        first = next(n for n, t in enumerate(step.terms) if t.left.index[2] == 0)
        panel = panels.panels(step, first)[0]
        size = len(panel.rows), len(panel.columns)
        draw.stack(ax, 62, y, F_K, size, cell=46, shift=(13, -13))
        front = board(
            ax,
            panel,
            62,
            y,
            46,
            f"dZ, {F_K} maps, each {times(size)}",
            "padded; in front, k = 0 and its plane",
            term=False,
        )
        result = panels.panels(step, last)[2]
        goal = draw.panel(
            ax,
            result,
            540,
            y + 20,
            46,
            f"dY, k_in = {K_IN}, {times(steps.where.input_size)}",
            f"cell {cell} is being summed",
        )
        draw.arrow(
            ax,
            (front.right[0] + 40, goal.middle[1]),
            (goal.x - 40, goal.middle[1]),
            f"sum over\n{F_K} maps",
            back=True,
            gap=32,
        )
    words = [
        f"{which}: {o} + {f} − 1 = {o + f - 1} = {n}"
        for which, o, f, n in zip(
            ("rows o_h + f_h − 1 = n_h", "columns o_w + f_w − 1 = n_w"),
            steps.where.output_size,
            steps.where.filter_size,
            steps.where.input_size,
            strict=True,
        )
    ]
    draw.lines(
        ax, 40, 720, [*words, "at stride 1, without padding; place after place, row by row"], 18
    )
    words = {"window": "here lies the flipped plane"}
    draw.legend(ax, 40, 812, ("window", "target", "done"), words)


SLID = ((0, 1), (2, 3))


def _over_all_alt():
    steps = input_steps(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)
    found = [(cell, steps[steps.position((*cell, K_IN))]) for cell in SLID]
    said = " ".join(
        f"At {cell}, {len(step.terms)} products over {F_K} maps give {bare(step.value)}."
        for cell, step in found
    )
    o, f = steps.where.output_size, steps.where.filter_size
    return (
        f"Two moments of the same walk. Left, the {F_K} padded maps of dZ one behind the other "
        f"with the flipped filter's window on them; right, dY of k_in = {K_IN}, filled row by row "
        f"up to the cell in turn. {said} The size of dY: {o[0]} + {f[0]} - 1 = {o[0] + f[0] - 1} "
        f"rows and {o[1]} + {f[1]} - 1 = {o[1] + f[1] - 1} columns, at stride 1 without padding."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure("dy_sums_over_all_filters", (of + "17",), 665, over_filters, _over_filters_alt())
    yield Figure("one_cell_of_dy_from_all_maps", (of + "18",), 1068, partial_sums, _partial_alt())
    yield Figure(
        "filters_slide_over_all_maps_of_dz", (of + "19",), 846, over_all_maps, _over_all_alt()
    )


FIGURES = list(_rows())

"""Figures of the gradient of the input: one cell summed, the flip, and the sliding filter."""

from functools import partial

import numpy as np

from cnnlib import loops, panels, shapes
from cnnlib.trace import input_steps, number
from figures import draw
from figures.figure import Figure
from figures.forward import CELL, ON_W, ON_Y, ON_Z, RUNNING, pair, product_arrows, short

STEPS = input_steps(RUNNING.dZ, RUNNING.W, RUNNING.input_size)
STEP = STEPS[STEPS.position((*CELL, 0))]
DY = loops.conv_backward_input(RUNNING.dZ, RUNNING.W, RUNNING.input_size)
DZ, W = RUNNING.dZ[:, :, 0], RUNNING.W[:, :, 0, 0]
PADDED = shapes.by(o + 2 * (f - 1) for o, f in zip(DZ.shape, W.shape, strict=True))
FLIPPED = shapes.flip(RUNNING.W)[:, :, 0, 0]


def plain(value):
    """Write a number without parentheses."""
    return number(value, bare=True)


def task_backward(ax):
    """dZ(0,0) times W(2,2) goes into dY(2,2): the forward picture, reversed."""
    arrays = DY[:, :, 0], W, DZ
    product_arrows(ax, STEP.terms[0], arrays, ("dY", "W", "dZ"), back=True)


def _task_alt():
    term = STEP.terms[0]
    return (
        "Backward: the grids dY, W and dZ in the same places as Y, W and Z forward, every arrow "
        f"turned round. {short(term.left)} = {plain(term.left.value)} and {short(term.right)} = "
        f"{plain(term.right.value)} lead into their product {term.product} = {plain(term.value)}, "
        f"and from it a dashed arrow leads to {short(term.target)}, of which it is one of "
        f"{len(STEP.terms)} terms."
    )


# --- nine terms, one after the other -------------------------------------------------


def contribution(ax, number_, x, y, size=46, gap=48):
    """Draw dZ and W with the factors of one term marked, and below them the sum so far."""
    term = STEP.terms[number_]
    before = {t.left.index[:2]: "done" for t in STEP.terms[:number_]}
    used = {t.right.index[:2]: "done" for t in STEP.terms[:number_]}
    dz = draw.table("dZ", DZ, marks=before | {term.left.index[:2]: "term"})
    w = draw.table("W", W, marks=used | {term.right.index[:2]: "term"})
    left = draw.panel(ax, dz, x, y, size, f"{number_ + 1}.\u2002dZ, {ON_Z}", "")
    right = draw.panel(ax, w, left.right[0] + gap, y, size, f"W, {ON_W}", "")
    cell = 64
    corner = right.right[0] - cell, right.bottom[1] + 0.35 * size
    draw.mark_cell(ax, "target", *corner, cell)
    draw.letter(ax, "target", *corner, cell)
    level = corner[1] + cell / 2
    draw.text(ax, corner[0] + cell / 2, level + 3, plain(term.target.value), 22, True)
    words = f"{number(term.target.value - term.value)} + {term.product} ="
    draw.text(ax, corner[0] - 14, level + 3, words, 22, ha="right")


CONTRIBUTION_WORDS = {
    "term": "this term",
    "target": f"dY({pair(CELL)}), the sum so far",
    "done": "already in the sum",
}


def contributions(ax, numbers):
    """Four terms in two rows."""
    for position, number_ in enumerate(numbers):
        contribution(ax, number_, 50 + 388 * (position % 2), 74 + 310 * (position // 2))
    draw.legend(ax, 46, 652, ("term", "target", "done"), CONTRIBUTION_WORDS)


def last_contribution(ax):
    """The ninth term, large; the sum is complete."""
    contribution(ax, len(STEP.terms) - 1, 120, 76, 72, 110)
    draw.text(
        ax,
        400,
        424,
        f"{len(STEP.terms)} of {len(STEP.terms)} terms: dY({pair(CELL)}) = {plain(STEP.value)}",
        22,
        True,
    )
    draw.legend(ax, 70, 474, ("term", "target", "done"), CONTRIBUTION_WORDS)


def _contributions_alt(numbers):
    terms = [STEP.terms[n] for n in numbers]
    ways = "; ".join(
        f"{short(t.left)} {short(t.right)} = {t.product} = {plain(t.value)} makes "
        f"{plain(t.target.value)}"
        for t in terms
    )
    which = f"Terms {numbers[0] + 1} to {numbers[-1] + 1}" if len(terms) > 1 else "The last term"
    return (
        f"{which} of the {len(STEP.terms)} of dY{CELL}, with the cell of dZ and the weight marked "
        f"in their grids, and below them the sum so far: {ways}."
    )


def nine_products(ax):
    """A table of the nine products and the running sum."""
    heads = (90, "dZ(i, j)"), (220, "W(u, v)"), (400, "product"), (660, "sum so far")
    for x, head in heads:
        draw.text(ax, x, 38, head, 20, True)
    for row, term in enumerate(STEP.terms):
        y = 84 + 42 * row
        draw.text(ax, 90, y, f"dZ({pair(term.left.index)})", 21)
        draw.text(ax, 220, y, f"W({pair(term.right.index)})", 21)
        draw.text(ax, 400, y, f"{term.product} = {plain(term.value)}", 21)
        last = row == len(STEP.terms) - 1
        draw.text(ax, 660, y, plain(term.target.value), 23, last)
        draw.arrow(ax, (40, y + 21), (760, y + 21), head=False, width=0.8, color=draw.LINE)
    draw.mark_cell(ax, "target", 618, 84 + 42 * 8 - 20, 1, 84, 40, fill=False)
    draw.text(ax, 722, 84 + 42 * 8, "s", 16, True, color=draw.ORANGE)
    draw.text(
        ax,
        400,
        490,
        f"dY({pair(CELL)}) = sum of dZ(i, j) · W(2 − i, 2 − j)".replace(
            "2 − i, 2 − j", f"{CELL[0]} − i, {CELL[1]} − j"
        ),
        21,
        True,
    )


def _nine_alt():
    rows = "; ".join(
        f"{short(t.left)} {short(t.right)} = {t.product} = {plain(t.value)}" for t in STEP.terms
    )
    return (
        f"A table of the {len(STEP.terms)} products in dY{CELL} with the running sum: {rows}. "
        f"The sum is {plain(STEP.value)}. In each row the two indices add up to {CELL}."
    )


# --- the flip ------------------------------------------------------------------------


def turned(rows, columns, follow=True):
    """Return W with rows or columns reversed, as a panel that keeps the indices of each cell."""
    order = [slice(None, None, -1) if back else slice(None) for back in (rows, columns)]
    numbers = np.arange(W.shape[0])
    names = (tuple(map(str, numbers[o])) for o in order)
    mark = (0 if not rows else W.shape[0] - 1), (0 if not columns else W.shape[1] - 1)
    made = draw.table("W", W[tuple(order)], marks={mark: "term"} if follow else ())
    return panels.Panel(made.name, made.caption, made.corner, *names, made.cells)


def flip(ax):
    """W, turned over in two ways that meet in the flipped filter."""
    size = 46
    places = {
        (0, 0): (70, 250, "W"),
        (1, 0): (330, 96, "rows reversed"),
        (0, 1): (330, 396, "columns reversed"),
        (1, 1): (604, 250, "W flipped"),
    }
    drawn = {}
    for (rows, columns), (x, y, title) in places.items():
        drawn[rows, columns] = draw.panel(ax, turned(rows, columns), x, y, size, title, "")
    for start, end in (((0, 0), (1, 0)), ((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 1), (1, 1))):
        a, b = drawn[start], drawn[end]
        p = (a.right[0] + 10, a.middle[1] + (-24 if b.y < a.y else 24 if start == (0, 0) else 0))
        q = (b.x - 40, b.middle[1] + (0 if start == (0, 0) else (-24 if a.y < b.y else 24)))
        draw.arrow(ax, p, q)
    draw.lines(
        ax, 400, 556, ["either order: the same half turn; t follows W(0, 0)"], 18, ha="center"
    )


def _flip_alt():
    rows = "; ".join(" ".join(map(plain, row)) for row in FLIPPED)
    own = "; ".join(" ".join(map(plain, row)) for row in W)
    return (
        f"W, with rows {own}, goes two ways to the same flipped filter, with rows {rows}: rows "
        "reversed first and then columns, or columns first and then rows. Each grid keeps the "
        f"indices of its weights; W(0, 0) = {plain(W[0, 0])} ends in the last cell. It is a half "
        "turn, and no transpose."
    )


def flipped_on_dz(ax):
    """The flipped filter on dZ; the products add up to one cell of dY."""
    on = {t.left.index[:2]: number(t.right.value) for t in STEP.terms}
    dz = draw.table("dZ", DZ, marks=dict.fromkeys(on, "window"), over=on)
    left = draw.panel(ax, dz, 62, 112, 70, f"dZ, {ON_Z}", "the flipped W lies on it")
    dy = draw.table(
        "dY",
        [[plain(STEP.value) if (r, c) == CELL else None for c in range(5)] for r in range(5)],
        marks={CELL: "target"},
    )
    right = draw.panel(ax, dy, 510, 112, 48, f"dY, {ON_Y}", "the result")
    draw.arrow(
        ax,
        (left.right[0] + 12, right.at(*CELL)[1]),
        (right.x - 30, right.at(*CELL)[1]),
        f"sum of {len(STEP.terms)}",
        back=True,
        size=19,
        at=0.5,
    )
    draw.lines(
        ax,
        400,
        400,
        [
            f"To get dY({pair(CELL)}), the last cell of the flipped filter, W(0,0), lies on "
            f"dZ({pair(CELL)}).",
            " + ".join(t.product for t in STEP.terms) + f" = {plain(STEP.value)}",
        ],
        17,
        1.7,
        ha="center",
    )


def _flipped_alt():
    products = " + ".join(t.product for t in STEP.terms)
    return (
        f"The {ON_Z} grid dZ with the flipped filter lying on it, each cell of dZ times the weight "
        f"on it, and a dashed arrow to dY{CELL} in the {ON_Y} grid: {products} = "
        f"{plain(STEP.value)}. The bottom right weight of the flipped filter, W(0, 0), "
        f"lies on dZ{CELL}."
    )


# --- padded dZ, and the filter that slides over it -----------------------------------


def bare_padded():
    """Return the panel of dZ with its rings of zeros, and nothing lying on it."""
    board = panels.panels(STEP, 0)[0]
    cells = tuple(
        tuple(panels.PanelCell(cell.text, filler=cell.filler) for cell in row)
        for row in board.cells
    )
    return panels.Panel("dZ", board.caption, board.corner, board.rows, board.columns, cells)


def padded(ax):
    """dZ, dZ with zeros around it, and the flipped filter beside it."""
    small = draw.panel(ax, draw.table("dZ", DZ), 48, 196, 40, f"dZ, {ON_Z}", "")
    big = draw.panel(
        ax,
        bare_padded(),
        282,
        118,
        42,
        f"dZ padded, {PADDED}",
        f"f − 1 = {W.shape[0] - 1} zeros on every side",
    )
    draw.arrow(ax, (small.right[0] + 8, small.middle[1]), (big.x - 46, small.middle[1]), width=4)
    own = big.at(2, 2, 0, 0)
    draw.box(ax, *own, 126, 126, fill="none", line=4, round_=2)
    draw.panel(ax, turned(True, True, follow=False), 640, 196, 40, "W flipped", ON_W)
    draw.text(ax, 400, 446, "the frame: dZ itself; grey: zeros that were put in", 18)


def _padded_alt():
    return (
        f"dZ, {ON_Z}; an arrow to dZ zero-padded to {PADDED}, with "
        f"{W.shape[0] - 1} rows or columns of zeros on every side and dZ framed in the middle; "
        f"beside it the flipped filter, {ON_W}."
    )


PLACES = (0, 0), (0, 2), CELL


def sliding(ax):
    """Three places of the flipped filter on the padded dZ, and the dY that they fill."""
    board = bare_padded()
    draw.text(
        ax,
        400,
        34,
        f"dZ padded to {PADDED}; the flipped filter lies in the window w".replace(" x ", " × "),
        19,
    )
    for column, cell in enumerate(PLACES):
        step = STEPS[STEPS.position((*cell, 0))]
        x, window = 42 + 250 * column, [(*cell, *W.shape)]
        many = "product" if len(step.terms) == 1 else "products"
        title = f"{len(step.terms)} {many}"
        top = draw.panel(ax, board, x - 12, 96, 34, title, "", headers=False, windows=window)
        result = panels.panels(step, len(step.terms) - 1)[2]
        low = draw.panel(ax, result, x + 8, 462, 42, f"dY({pair(cell)}) = {plain(step.value)}", "")
        draw.arrow(
            ax, (low.top[0], top.bottom[1] + 10), (low.top[0], low.y - 64), back=True, width=4
        )
    words = {"window": "flipped filter", "target": "result", "done": "done"}
    draw.legend(ax, 48, 724, tuple(words), words)
    draw.lines(ax, 470, 724, ["italic on grey: zeros put in"], 16)


def _sliding_alt():
    parts = []
    for cell in PLACES:
        step = STEPS[STEPS.position((*cell, 0))]
        parts.append(f"at dY{cell} it meets {len(step.terms)} of dZ and gives {plain(step.value)}")
    return (
        f"Three places of the flipped {ON_W} filter, framed, as it slides at stride 1 over dZ "
        f"padded to {PADDED}, and under each the {ON_Y} grid dY filled so far: {'; '.join(parts)}."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure(
        "backward_one_product_into_dy", (of + "Task1_Backward",), 570, task_backward, _task_alt()
    )
    for stem, name, numbers in (
        ("10", "terms_1_to_4_of_one_gradient", range(4)),
        ("11", "terms_5_to_8_of_one_gradient", range(4, 8)),
    ):
        yield Figure(
            name,
            (of + stem,),
            690,
            partial(contributions, numbers=numbers),
            _contributions_alt(numbers),
        )
    yield Figure(
        "term_9_completes_the_gradient",
        (of + "12",),
        508,
        last_contribution,
        _contributions_alt(range(8, 9)),
    )
    yield Figure("nine_products_of_one_gradient", (of + "14",), 520, nine_products, _nine_alt())
    yield Figure("filter_flipped_in_either_order", (of + "13a",), 585, flip, _flip_alt())
    yield Figure("flipped_filter_lies_on_dz", (of + "13",), 460, flipped_on_dz, _flipped_alt())
    yield Figure("dz_padded_by_one_less_than_the_filter", (of + "15",), 480, padded, _padded_alt())
    yield Figure("flipped_filter_slides_over_padded_dz", (of + "16",), 760, sliding, _sliding_alt())


FIGURES = list(_rows())

"""Figures of the gradient of the input: one cell summed, the flip, and the sliding filter."""

from functools import partial

import numpy as np

from cnnlib import loops, panels, shapes
from cnnlib.trace import input_steps, number
from figures import draw
from figures.figure import Figure
from figures.forward import CELL, ON_W, ON_Y, ON_Z, RUNNING, W, chip, empty, product_arrows
from figures.words import at, bare, products, rows_of, short

STEPS = input_steps(RUNNING.dZ, RUNNING.W, RUNNING.input_size)
STEP = STEPS[STEPS.position((*CELL, 0))]
DY = loops.conv_backward_input(RUNNING.dZ, RUNNING.W, RUNNING.input_size)
DZ = RUNNING.dZ[:, :, 0]
PADDED = shapes.by(o + 2 * (f - 1) for o, f in zip(DZ.shape, W.shape, strict=True))
FLIPPED = shapes.flip(RUNNING.W)[:, :, 0, 0]


def task_backward(ax):
    """dZ(0,0) times W(2,2) goes into dY(2,2): the forward picture, reversed."""
    product_arrows(ax, STEP.terms[0], (DY[:, :, 0], DZ), back=True)


def _task_alt():
    term = STEP.terms[0]
    return (
        "Backward: the grids dY, W and dZ in the same places as Y, W and Z forward, every arrow "
        f"turned round. {short(term.left)} = {bare(term.left.value)} and {short(term.right)} = "
        f"{bare(term.right.value)} lead into their product {term.product} = {bare(term.value)}, "
        f"and from it a dashed arrow leads to {short(term.target)}, of which it is one of "
        f"{len(STEP.terms)} terms."
    )


# --- nine terms, one after the other -------------------------------------------------


def contribution(ax, number_, x, y, size=46, gap=44):
    """Draw dZ and W with the factors of one term marked, and below them the sum so far."""
    term, before = STEP.terms[number_], STEP.terms[:number_]
    left = draw.grid(
        ax, "dZ", DZ, x, y, size, note=f"{ON_Z}: term {number_ + 1}",
        solid={term.left.index[:2]}, soft={one.left.index[:2] for one in before},
    )  # fmt: skip
    right = draw.grid(
        ax, "W", W, left.right[0] + gap, y, size, note="as stored", card="as stored",
        solid={term.right.index[:2]}, soft={one.right.index[:2] for one in before},
    )  # fmt: skip
    level = right.bottom[1] + 58
    chip(ax, "dY", right.right[0] - 40, level, bare(term.target.value), short(term.target))
    words = f"{number(term.target.value - term.value)} + {term.product} ="
    draw.text(ax, right.right[0] - 92, level, words, 21, ha="right")


def _contribution_key(ax, y):
    draw.key(ax, y, ("solid", "Z", ""), ("solid", "W", "this term"),
             ("soft", "Z", ""), ("soft", "W", "already in the sum"),
             ("solid", "Y", "the sum so far"))  # fmt: skip
    draw.key(ax, y + 36, ("stored", "W", "cut corner: W(0, 0)"))


def contributions(ax, numbers):
    """Four terms in two rows."""
    for position, number_ in enumerate(numbers):
        contribution(ax, number_, 44 + 388 * (position % 2), 70 + 282 * (position // 2))
    _contribution_key(ax, 612)


def last_contribution(ax):
    """The ninth term, large; the sum is complete."""
    contribution(ax, len(STEP.terms) - 1, 130, 70, 72, 100)
    words = f"{len(STEP.terms)} of {len(STEP.terms)} terms: dY{CELL} = {bare(STEP.value)}"
    draw.text(ax, 400, 406, words, 22, True)
    _contribution_key(ax, 456)


def _contributions_alt(numbers):
    terms = [STEP.terms[n] for n in numbers]
    ways = "; ".join(
        f"{short(t.left)} {short(t.right)} = {t.product} = {bare(t.value)} makes "
        f"{bare(t.target.value)}"
        for t in terms
    )
    which, end = "The last term", "; the sum is complete"
    if len(terms) > 1:
        which = f"Terms {numbers[0] + 1} to {numbers[-1] + 1}"
        end = f". These are intermediate sums: all {len(STEP.terms)} terms make {bare(STEP.value)}"
    return (
        f"{which} of the {len(STEP.terms)} of dY{CELL}, with the cell of dZ and the weight marked "
        f"in their grids, and below them the sum so far: {ways}{end}."
    )


def nine_products(ax):
    """A table of the nine products and the running sum."""
    for x, head in ((90, "dZ(i, j)"), (230, "W(u, v)"), (420, "product"), (660, "sum so far")):
        draw.text(ax, x, 34, head, 20, True)
    for row, term in enumerate(STEP.terms):
        y, last = 80 + 42 * row, row == len(STEP.terms) - 1
        draw.text(ax, 90, y, short(term.left), 20, color=draw.WORDS["Z"])
        draw.text(ax, 230, y, short(term.right), 20, color=draw.WORDS["W"])
        draw.text(ax, 420, y, f"{term.product} = {bare(term.value)}", 20)
        draw.text(ax, 660, y, bare(term.target.value), 22, last, color=draw.WORDS["Y"])
        draw.rule(ax, 40, y + 21, (760, y + 21))
    words = f"dY{CELL} = sum of dZ(i, j) · W({CELL[0]} − i, {CELL[1]} − j)"
    draw.text(ax, 400, 484, f"{words} = {bare(STEP.value)}", 20, True)


def _nine_alt():
    rows = "; ".join(
        f"{short(t.left)} {short(t.right)} = {t.product} = {bare(t.value)}" for t in STEP.terms
    )
    return (
        f"A table of the {len(STEP.terms)} products in dY{CELL}, with the sum so far after each: "
        f"{rows}. The whole sum is {bare(STEP.value)}. In each row the two indices add up to "
        f"{CELL}."
    )


# --- the flip ------------------------------------------------------------------------


FLIPS = {  # whether rows and columns are reversed: where it is drawn, and what is said of it
    (0, 0): (64, 216, "as stored"),
    (1, 0): (330, 76, "rows reversed"),
    (0, 1): (330, 346, "columns reversed"),
    (1, 1): (604, 216, "turned"),
}


def flip(ax):
    """W, turned over in two ways that meet in the flipped filter; indices go along."""
    drawn = {}
    for (rows, columns), (x, y, words) in FLIPS.items():
        order = [slice(None, None, -1) if back else slice(None) for back in (rows, columns)]
        heads = [[str(n) for n in range(3)][one] for one in order]
        card = words if words in ("as stored", "turned") else None
        drawn[rows, columns] = draw.grid(ax, "W", W[tuple(order)], x, y, note=words, heads=heads,
                                         card=card, solid={(2 * rows, 2 * columns)})  # fmt: skip
    first, last = drawn[0, 0], drawn[1, 1]
    for y, one in ((-1, drawn[1, 0]), (1, drawn[0, 1])):
        start, level = (first.right[0] + 10, first.middle[1] + 24 * y), one.middle[1]
        draw.arrow(ax, start, (one.x - 30, level))
        draw.arrow(ax, (one.right[0] + 10, level), (last.x - 30, last.middle[1] + 24 * y))
    draw.text(ax, 400, 530, "either order: the same half turn, and no transpose", 18)
    draw.key(ax, 572, ("solid", "W", "W(0, 0)"), ("turned", "W", "its corner is cut"))


def _flip_alt():
    return (
        f"W, with rows {rows_of(W)}, goes two ways to the same flipped filter, with rows "
        f"{rows_of(FLIPPED)}: rows reversed first and then columns, or columns first and then "
        f"rows. Each grid keeps the indices of its weights; W(0, 0) = {bare(W[0, 0])} ends in the "
        "last cell, and the cut corner with it. It is a half turn, and no transpose."
    )


def flipped_on_dz(ax):
    """The flipped filter on dZ; the products add up to one cell of dY."""
    lies = draw.Window(0, 0, "W", FLIPPED, turned=True)
    left = draw.grid(ax, "dZ", DZ, 62, 76, 70, note=f"{ON_Z}, W lies on it, turned", window=lies)
    values = empty((5, 5))
    values[CELL[0]][CELL[1]] = STEP.value
    right = draw.grid(ax, "dY", values, 510, 76, 48, solid={CELL})
    draw.across(ax, left, right, f"{len(STEP.terms)} products, added", after=12, back=True)
    draw.text(ax, 400, 356, f"{products(STEP.terms)} = {bare(STEP.value)}", 17)
    draw.key(ax, 398, ("turned", "W", f"cut corner: W(0, 0), on dZ{CELL}"),
             ("solid", "Y", f"dY{CELL}"))  # fmt: skip


def _flipped_alt():
    return (
        f"The {ON_Z} grid dZ with the flipped filter lying on it, below each cell of dZ the weight "
        f"that it meets, and a dashed arrow to dY{CELL} in the {ON_Y} grid: "
        f"{products(STEP.terms)} = {bare(STEP.value)}. The bottom right weight of the flipped "
        f"filter, W(0, 0), lies on dZ{CELL}."
    )


# --- padded dZ, and the filter that slides over it -----------------------------------


def padded(ax):
    """dZ, dZ in rings of zeros, and the flipped filter beside it."""
    small = draw.grid(ax, "dZ", DZ, 48, 154, 42)
    zeros = {place for place in np.ndindex(7, 7) if not all(2 <= n <= 4 for n in place)}
    big = draw.grid(ax, "dZ", np.pad(DZ, 2), 278, 70, 42, zeros=zeros, heads=False,
                    note=f"in rings of zeros, {PADDED}")  # fmt: skip
    draw.across(ax, small, big, after=12, before=14, width=3.5)
    draw.grid(ax, "W", FLIPPED, 630, 154, 42, note="turned", card="turned",
              heads=[["2", "1", "0"]] * 2)  # fmt: skip
    draw.text(ax, 400, 402, f"f − 1 = {W.shape[0] - 1} zeros on every side", 18)
    draw.key(ax, 444, ("zeros", "Z", "zeros put in"), ("turned", "W", "cut corner: W(0, 0)"))


def _padded_alt():
    return (
        f"dZ, {ON_Z}; an arrow to dZ zero-padded to {PADDED}, with "
        f"{W.shape[0] - 1} rows or columns of zeros on every side and dZ in the middle; "
        f"beside it the flipped filter, {ON_W}."
    )


PLACES = (0, 0), (0, 2), CELL


def sliding(ax):
    """Three places of the flipped filter on the padded dZ, and the dY that they fill."""
    for column, cell in enumerate(PLACES):
        step = STEPS[STEPS.position((*cell, 0))]
        x = 26 + 257 * column
        board, _, result = panels.panels(step, len(step.terms) - 1)
        many = "product" if len(step.terms) == 1 else "products"
        top = draw.panel(ax, board, x, 52, 34, lying="W", turned=True, term=False, heads=False,
                         note=f"in rings of zeros: {len(step.terms)} {many}")  # fmt: skip
        low = draw.panel(ax, result, x + 34, 396, 38, note=f"{at(cell)} is {bare(step.value)}")
        middle = low.middle[0]
        draw.arrow(ax, (middle, top.bottom[1] + 8), (middle, low.y - 48), back=True, width=3.5)
    draw.key(ax, 622, ("turned", "W", f"W lies on dZ, turned; cut corner: W(0, 0), on dZ{(0, 0)} "
                       "at first"))  # fmt: skip
    draw.key(ax, 660, ("zeros", "Z", "zeros put in"), ("solid", "Y", "result; · means not yet"))


def _sliding_alt():
    parts = []
    for cell in PLACES:
        step = STEPS[STEPS.position((*cell, 0))]
        parts.append(f"at dY{cell} it meets {len(step.terms)} of dZ and gives {bare(step.value)}")
    return (
        f"Three places of the flipped {ON_W} filter, as it slides at stride 1 over dZ "
        f"padded to {PADDED}, and under each the {ON_Y} grid dY filled so far: {'; '.join(parts)}."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure(
        "backward_one_product_into_dy", (of + "Task1_Backward",), 540, task_backward, _task_alt()
    )
    for stem, name, numbers in (
        ("10", "terms_1_to_4_of_one_gradient", range(4)),
        ("11", "terms_5_to_8_of_one_gradient", range(4, 8)),
    ):
        draw_them = partial(contributions, numbers=numbers)
        yield Figure(name, (of + stem,), 680, draw_them, _contributions_alt(numbers))
    name, alt = "term_9_completes_the_gradient", _contributions_alt(range(8, 9))
    yield Figure(name, (of + "12",), 525, last_contribution, alt)
    yield Figure("nine_products_of_one_gradient", (of + "14",), 512, nine_products, _nine_alt())
    yield Figure("filter_flipped_in_either_order", (of + "13a",), 605, flip, _flip_alt())
    yield Figure("flipped_filter_lies_on_dz", (of + "13",), 430, flipped_on_dz, _flipped_alt())
    yield Figure("dz_padded_by_one_less_than_the_filter", (of + "15",), 475, padded, _padded_alt())
    yield Figure("flipped_filter_slides_over_padded_dz", (of + "16",), 692, sliding, _sliding_alt())


FIGURES = list(_rows())

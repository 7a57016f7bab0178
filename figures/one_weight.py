"""Figures of the weight gradient from one weight: nudge it, and see all that it reaches."""

import numpy as np

from cnnlib import loops
from cnnlib.shapes import by
from cnnlib.trace import filter_steps
from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING, W_LIES
from figures.words import at, bare, products, rows_of

WEIGHT = (1, 1)  # the weight that the course follows
Y, W, DZ = RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0], RUNNING.dZ[:, :, 0]
Y_SIZE, W_SIZE, Z_SIZE = (by(array.shape) for array in (Y, W, DZ))
STEPS = filter_steps(RUNNING.dZ, RUNNING.Y, RUNNING.filter_size)
DW = loops.conv_backward_filter(RUNNING.dZ, RUNNING.Y, RUNNING.filter_size)[:, :, 0, 0]


def of_weight(weight):
    """Step that sums one weight's gradient in the running example."""
    return STEPS[STEPS.position((*weight, 0, 0))]


# --- nudge one weight ----------------------------------------------------------------


def _nudged(weight):
    """Give the filter that is zero but for one weight of 1, and the cell of Z it makes."""
    patch = RUNNING.Y[: W.shape[0], : W.shape[1]]
    only = np.zeros_like(RUNNING.W)
    if weight:
        only[weight] = 1.0
    return patch[:, :, 0], only[:, :, 0, 0], loops.conv_forward(patch, only)[:, :, 0]


def nudged_row(ax, weight, y, size=58):
    """Draw a patch of Y with the filter on it, the filter, and the one cell of Z."""
    patch, only, Z = _nudged(weight)
    solid = {weight} if weight else set()
    lies = draw.Window(0, 0, "W", only)
    left = draw.grid(ax, "Y", patch, 70, y, size, note="the first window", window=lies, solid=solid)
    note = f"1 at {at(weight)}, else 0" if weight else "all zero"
    middle = draw.grid(ax, "W", only, 345, y, size, note=note, card="as stored", solid=solid)
    last = draw.grid(ax, "Z", Z, 650, y + size, size, note="no bias", solid={(0, 0)})
    draw.text(ax, (left.right[0] + middle.x - 18) / 2, left.middle[1], "·", 34, True)
    draw.across(ax, middle, last, "sum", after=14, size=18)


NUDGED_KEY = W_LIES, ("solid", "Z", "result")


def zero_filter(ax):
    """A patch times a filter of zeros."""
    nudged_row(ax, None, 76)
    words = "A filter of zeros makes zeros, whatever the input is (plus the bias)."
    draw.text(ax, 400, 294, words, 19)
    draw.key(ax, 336, *NUDGED_KEY)


def _zero_alt():
    patch, _, Z = _nudged(None)
    return (
        f"The first {Z_SIZE} window of Y, {rows_of(patch)}, times a {W_SIZE} filter W of "
        f"nothing but zeros, summed: the cell of Z is {bare(Z[0, 0])}, plus the bias."
    )


NUDGED = (WEIGHT, (2, 2))


def one_weight_up(ax):
    """Two rows: the centre weight is 1, then the one at the bottom right."""
    for row, weight in enumerate(NUDGED):
        nudged_row(ax, weight, 76 + 294 * row)
        words = f"W{at(weight)} rises by 1: Z rises by Y{at(weight)} = "
        draw.text(ax, 400, 282 + 294 * row, words + bare(_nudged(weight)[2][0, 0]), 21, True)
    draw.key(ax, 630, *NUDGED_KEY)


def _one_weight_alt():
    said = " ".join(
        f"With W{at(weight)} = 1 and zeros elsewhere, Z is {bare(_nudged(weight)[2][0, 0])}, the "
        f"value of Y{at(weight)}."
        for weight in NUDGED
    )
    return f"Two rows, each a {Z_SIZE} window of Y, a {W_SIZE} filter and one cell of Z. {said}"


# --- one weight, every window --------------------------------------------------------


def nine(ax, each):
    """Nine small pictures in three rows of three; `each` draws one at (x, y)."""
    for n, index in enumerate(np.ndindex(3, 3)):
        each(index, 50 + 260 * (n % 3), 38 + 214 * (n // 3))


def weight_placements(ax):
    """Nine windows; the weight is fixed, the cell of Y under it wanders."""
    terms = {t.left.index[:2]: t for t in of_weight(WEIGHT).terms}

    def one(index, x, y):
        cell, lies = terms[index].right.index[:2], draw.Window(*index, "W", W)
        note = f"Z{at(index)} meets Y{at(cell)}"
        draw.grid(ax, "Y", Y, x, y, 36, note=note, window=lies, solid={cell}, heads=False)

    nine(ax, one)
    draw.key(ax, 674, W_LIES, ("solid", "Y", ""),
             ("solid", "W", f"W{at(WEIGHT)} and the cell it meets"))  # fmt: skip


def _weight_alt():
    terms = of_weight(WEIGHT).terms
    met = "; ".join(f"Z{at(t.left.index)} with Y{at(t.right.index)}" for t in terms)
    return (
        f"Nine pictures of the {Y_SIZE} map Y, one for each window, the filter lying on it. In "
        f"each the cell under W{at(WEIGHT)} is marked, always the middle of the window: {met}. One "
        f"weight meets {len(terms)} cells of Y and has a part in all {DZ.size} cells of Z."
    )


def fan(ax):
    """W(1, 1) to each cell of Z and on to the loss; the gradients come back."""
    step = of_weight(WEIGHT)
    words = f"W{at(WEIGHT)}\n= {bare(W[WEIGHT])}"
    look = {"size": 22, "bold": True, "color": draw.PAPER, "edge": "none", "fill": draw.SOLID["W"]}
    weight = draw.box(ax, 30, 288, 120, 90, words, **look)
    loss = draw.box(ax, 676, 298, 84, 70, "L", size=30, bold=True)
    draw.text(ax, 252, 36, "forward: Z changes\nby the Y it meets", 18)
    draw.text(ax, 585, 36, "backward:\nL changes by dZ", 18)
    for n, term in enumerate(step.terms):
        look = {"bold": True, "color": draw.WORDS["Z"], "edge": draw.FRAME["Z"]}
        z = draw.box(ax, 372, 90 + 55 * n, 110, 44, f"Z{at(term.left.index)}", size=20, **look)
        start, level = (weight.right[0] + 4, weight.middle[1] + 9 * (n - 4)), z.middle[1]
        draw.arrow(ax, start, (214, level), head=False, width=2.2)
        look = {"width": 2.2, "size": 18, "gap": 13}
        words = f"Y{at(term.right.index)} = {bare(term.right.value)}"
        draw.arrow(ax, (214, level), (z.x - 5, level), words, **look)
        end, words = (loss.x - 5, loss.middle[1] + 8 * (n - 4)), f"dZ = {bare(term.left.value)}"
        draw.arrow(ax, end, (596, level), back=True, head=False, width=2.2)
        draw.arrow(ax, (596, level), (z.right[0] + 5, level), words, back=True, at=0.45,
                   **look)  # fmt: skip
    words = f"dW{at(WEIGHT)} = Σ dZ · Y = {products(step.terms[:6])}\n"
    words += f"+ {products(step.terms[6:])} = {bare(step.value)}"
    draw.text(ax, 400, 632, words, 19, True)


def _fan_alt():
    step = of_weight(WEIGHT)
    ways = "; ".join(
        f"Z{at(t.left.index)} through Y{at(t.right.index)} = {bare(t.right.value)}, dZ = "
        f"{bare(t.left.value)}"
        for t in step.terms
    )
    return (
        f"Solid arrows fan out from W{at(WEIGHT)} to all {len(step.terms)} cells of Z, each with "
        f"the value of Y that it meets there; dashed arrows come back from the loss L to each cell "
        f"of Z with its dZ. {ways}. The sum of the products of each pair is dW{at(WEIGHT)} = "
        f"{bare(step.value)}."
    )


def there_and_back(ax):
    """Y, W, Z and the loss above; dZ coming back below."""
    size = 42
    Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)[:, :, 0]
    y = draw.grid(ax, "Y", Y, 52, 76, size)
    w = draw.grid(ax, "W", W, 342, 118, size, note="as stored", card="as stored")
    z = draw.grid(ax, "Z", Z, 546, 118, size)
    loss = draw.box(ax, 716, 154, 56, 56, "L", size=28, bold=True)
    draw.text(ax, (y.right[0] + w.x - 18) / 2, w.middle[1], "∗", 30, True)
    draw.across(ax, w, z)
    draw.across(ax, z, loss, level=z.middle[1], after=6, before=4)
    d = draw.grid(ax, "dZ", DZ, 546, 346, size, card="as stored")
    goal = draw.grid(ax, "dW", DW, 342, 346, size)
    level = d.middle[1]
    down = (loss.middle[0], loss.bottom[1] + 4), (loss.middle[0], level)
    draw.elbow(ax, *down, (d.right[0] + 6, level), back=True)
    draw.across(ax, d, goal, back=True)
    kept = (y.middle[0], y.bottom[1] + 8), (y.middle[0], level)
    draw.arrow(ax, *kept, "Y is kept", head=False, size=18, back=True)
    draw.arrow(ax, kept[1], (goal.x - 30, level), back=True)
    words = "forward: Z = Y ∗ W + b, backward: dW = Y ∗ dZ, neither with a flip"
    draw.text(ax, 400, 506, words, 20)
    draw.key(ax, 548, ("stored", "W", ""),
             ("stored", "Z", "lies on Y as stored; cut corner: (0, 0)"))  # fmt: skip


def _there_alt():
    return (
        f"Above, forward with solid arrows: Y, {Y_SIZE}, with the filter W, {W_SIZE}, gives Z, "
        f"{Z_SIZE}, and Z gives the loss L. Below, backward with dashed arrows: from L comes dZ, "
        f"{Z_SIZE}, with the values {rows_of(DZ)}; with Y, "
        f"which was kept, it gives dW, {W_SIZE}: "
        f"{rows_of(DW)}."
    )


FIGURES = [
    Figure("zero_filter_makes_zero", ("CNN_Training_Conv_23",), 365, zero_filter, _zero_alt()),
    Figure("one_weight_up_z_rises_by_its_input", ("CNN_Training_Conv_24",), 658, one_weight_up,
           _one_weight_alt()),
    Figure("one_weight_meets_nine_cells", ("CNN_Training_Conv_25",), 698, weight_placements,
           _weight_alt()),
    Figure("one_weight_reaches_every_output", ("CNN_Training_Conv_26",), 676, fan, _fan_alt()),
    Figure("forward_y_w_z_backward_dz_dw", ("CNN_Training_Conv_27",), 578, there_and_back,
           _there_alt()),
]  # fmt: skip

"""Figures of the weight gradient from one weight: nudge it, and see all that it reaches."""

import numpy as np

from cnnlib import loops, panels
from cnnlib.shapes import by
from cnnlib.trace import filter_steps
from figures import draw
from figures.figure import Figure
from figures.several_maps import bare, times
from figures.stride import RUNNING

WEIGHT = (1, 1)  # the weight that the course follows
Y, W, DZ = RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0], RUNNING.dZ[:, :, 0]
Y_SIZE, W_SIZE, Z_SIZE = (by(array.shape) for array in (Y, W, DZ))
STEPS = filter_steps(RUNNING.dZ, RUNNING.Y, RUNNING.filter_size)


def of_weight(weight):
    """Step that sums one weight's gradient in the running example."""
    return STEPS[STEPS.position((*weight, 0, 0))]


def at(index):
    """Write the two indices of a cell: (1, 2)."""
    return f"({index[0]}, {index[1]})"


# --- nudge one weight ----------------------------------------------------------------


def _nudged(weight):
    """Give the filter that is zero but for one weight of 1, and the cell of Z it makes."""
    patch = RUNNING.Y[: W.shape[0], : W.shape[1]]
    only = np.zeros_like(RUNNING.W)
    if weight:
        only[weight] = 1.0
    return patch[:, :, 0], only[:, :, 0, 0], loops.conv_forward(patch, only)[:, :, 0]


def nudged_row(ax, weight, x, y, size):
    """Draw a patch of Y, the filter, and the one cell of Z."""
    patch, only, Z = _nudged(weight)
    marks = {weight: "term"} if weight else {}
    placed = draw.panel(
        ax, draw.table("Y", patch, marks=marks), x, y, size, None, "input: the first window"
    )
    role = f"filter: 1 at {at(weight)}, else 0" if weight else "filter: all zero"
    middle = draw.panel(ax, draw.table("W", only, marks=marks), x + 4.8 * size, y, size, None, role)
    last = draw.panel(
        ax,
        draw.table("Z", Z, marks={(0, 0): "target"}),
        x + 10 * size,
        y + size,
        size,
        None,
        "no bias",
    )
    level = placed.middle[1]
    draw.text(ax, (placed.right[0] + middle.x - 20) / 2, level, "·", 34, True)
    draw.arrow(ax, (middle.right[0] + 14, level), (last.x - 34, level), "sum", size=18)


def zero_filter(ax):
    """A patch times a filter of zeros."""
    nudged_row(ax, None, 70, 116, 58)
    draw.text(
        ax, 400, 336, "A filter of zeros makes zeros, whatever the input is (plus the bias).", 19
    )


def _zero_alt():
    patch, _, Z = _nudged(None)
    rows = "; ".join(", ".join(map(bare, row)) for row in patch)
    return (
        f"The first {Z_SIZE} window of Y, {rows}, times a {W_SIZE} filter W of nothing but zeros, "
        f"summed: the cell of Z is {bare(Z[0, 0])}, plus the bias."
    )


NUDGED = (WEIGHT, (2, 2))


def one_weight_up(ax):
    """Two rows: the centre weight is 1, then the one at the bottom right."""
    for row, weight in enumerate(NUDGED):
        nudged_row(ax, weight, 70, 116 + 316 * row, 58)
        patch, _, Z = _nudged(weight)
        draw.text(
            ax,
            400,
            326 + 316 * row,
            f"W{at(weight)} rises by 1: Z rises by Y{at(weight)} = {bare(Z[0, 0])}",
            21,
            True,
        )


def _one_weight_alt():
    said = " ".join(
        f"With W{at(weight)} = 1 and zeros elsewhere, Z is {bare(_nudged(weight)[2][0, 0])}, the "
        f"value of Y{at(weight)}."
        for weight in NUDGED
    )
    return f"Two rows, each a {Z_SIZE} window of Y, a {W_SIZE} filter and one cell of Z. {said}"


# --- one weight, every window --------------------------------------------------------


def nine(ax, each, y, down):
    """Nine small pictures in three rows of three; `each` draws one at (x, y)."""
    for n, index in enumerate(np.ndindex(3, 3)):
        each(ax, index, 50 + 252 * (n % 3), y + down * (n // 3))


def weight_placements(ax):
    """Nine windows; the weight is fixed, the cell of Y under it wanders."""
    terms = {t.left.index[:2]: t for t in of_weight(WEIGHT).terms}

    def one(ax, index, x, y):
        cell = terms[index].right.index[:2]
        table = draw.table("Y", Y, marks={cell: "term"})
        window = [(*index, *W.shape)]
        draw.panel(ax, table, x, y, 41, f"Z{at(index)}: Y{at(cell)}", "", windows=window)

    nine(ax, one, 86, 286)
    draw.text(
        ax,
        400,
        892,
        f"Y, {times(Y.shape)}; w: window of that cell of Z; t: the cell under W{at(WEIGHT)}",
        19,
    )


def _weight_alt():
    terms = of_weight(WEIGHT).terms
    met = "; ".join(f"Z{at(t.left.index)} with Y{at(t.right.index)}" for t in terms)
    return (
        f"Nine pictures of the {Y_SIZE} map Y, one for each window, its outline dashed. In each "
        f"the cell under W{at(WEIGHT)} is marked, always the middle of the window: {met}. One "
        f"weight meets {len(terms)} cells of Y and has a part in all {DZ.size} cells of Z."
    )


def fan(ax):
    """W(1,1) to each cell of Z and on to the loss; the gradients come back."""
    step = of_weight(WEIGHT)
    size, gap, top = 54, 10, 112
    weight = draw.box(
        ax,
        34,
        330,
        120,
        90,
        f"W{at(WEIGHT)}\n= {bare(W[WEIGHT])}",
        size=22,
        bold=True,
        edge=draw.ORANGE,
        line=5,
    )
    loss = draw.box(ax, 672, 340, 84, 70, "L", size=30, bold=True)
    draw.text(ax, 252, 50, "forward: Z changes\nby the Y it meets", 18)
    draw.text(ax, 585, 50, "backward:\nL changes by dZ", 18)
    for n, term in enumerate(step.terms):
        y = top + n * (size + gap)
        z = draw.box(ax, 372, y, 110, size, f"Z{at(term.left.index)}", size=20, bold=True)
        words = f"Y{at(term.right.index)} = {bare(term.right.value)}"
        start = weight.right[0] + 4, weight.middle[1] + 9 * (n - 4)
        knee = 214, z.middle[1]
        draw.arrow(ax, start, knee, head=False, width=2.2)
        draw.arrow(ax, knee, (z.x - 5, z.middle[1]), words, width=2.2, size=18, gap=13)
        knee = 596, z.middle[1]
        end = loss.x - 5, loss.middle[1] + 8 * (n - 4)
        draw.arrow(ax, end, knee, back=True, head=False, width=2.2)
        draw.arrow(
            ax,
            knee,
            (z.right[0] + 5, z.middle[1]),
            f"dZ = {bare(term.left.value)}",
            back=True,
            width=2.2,
            size=18,
            gap=13,
            at=0.45,
        )
    y = top + len(step.terms) * (size + gap) + 22
    draw.text(
        ax,
        400,
        y,
        f"dW{at(WEIGHT)} = Σ dZ · Y = " + " + ".join(t.product for t in step.terms[:6]),
        19,
        True,
    )
    draw.text(
        ax,
        400,
        y + 32,
        "+ " + " + ".join(t.product for t in step.terms[6:]) + f" = {bare(step.value)}",
        19,
        True,
    )


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
    y = draw.panel(ax, draw.table("Y", Y), 52, 112, size, None, "input")
    w = draw.panel(ax, draw.table("W", W), 338, 154, size, None, "filter")
    z = draw.panel(ax, draw.table("Z", Z), 546, 154, size, None, "output")
    loss = draw.box(ax, 716, 190, 56, 56, "L", size=28, bold=True)
    level = w.middle[1]
    draw.text(ax, (y.right[0] + w.x - 20) / 2, level, "∗", 30, True)
    draw.arrow(ax, (w.right[0] + 8, level), (z.x - 32, level))
    draw.arrow(ax, (z.right[0] + 6, level), (loss.x - 4, level))
    d = draw.panel(ax, draw.table("dZ", DZ), 546, 410, size, None, "from the next layer")
    dw = panels.panels(of_weight((2, 2)), DZ.size - 1)[2]
    values = [[cell.text for cell in row] for row in dw.cells]
    goal = draw.panel(ax, draw.table("dW", values), 338, 410, size, None, "result")
    level = d.middle[1]
    draw.arrow(
        ax, (loss.middle[0], loss.bottom[1] + 4), (loss.middle[0], level), back=True, head=False
    )
    draw.arrow(ax, (loss.middle[0], level), (d.right[0] + 6, level), back=True)
    draw.arrow(ax, (d.x - 32, level), (goal.right[0] + 8, level), back=True)
    bend = y.middle[0], level
    draw.arrow(
        ax, (y.middle[0], y.bottom[1] + 8), bend, "Y is kept", head=False, size=18, back=True
    )
    draw.arrow(ax, bend, (goal.x - 34, level), back=True)
    draw.text(
        ax, 400, 566, "forward: Z = Y ∗ W + b, backward: dW = Y ∗ dZ, neither with a flip", 20
    )


def _there_alt():
    dW = loops.conv_backward_filter(RUNNING.dZ, RUNNING.Y, RUNNING.filter_size)[:, :, 0, 0]
    return (
        f"Above, forward with solid arrows: Y, {Y_SIZE}, with the filter W, {W_SIZE}, gives Z, "
        f"{Z_SIZE}, and Z gives the loss L. Below, backward with dashed arrows: from L comes dZ, "
        f"{Z_SIZE}, with the values {'; '.join(', '.join(map(bare, row)) for row in DZ)}; with Y, "
        f"which was kept, it gives dW, {W_SIZE}: "
        f"{'; '.join(', '.join(map(bare, row)) for row in dW)}."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure("zero_filter_makes_zero", (of + "23",), 365, zero_filter, _zero_alt())
    yield Figure(
        "one_weight_up_z_rises_by_its_input", (of + "24",), 675, one_weight_up, _one_weight_alt()
    )
    yield Figure("one_weight_meets_nine_cells", (of + "25",), 920, weight_placements, _weight_alt())
    yield Figure("one_weight_reaches_every_output", (of + "26",), 785, fan, _fan_alt())
    yield Figure("forward_y_w_z_backward_dz_dw", (of + "27",), 600, there_and_back, _there_alt())


FIGURES = list(_rows())

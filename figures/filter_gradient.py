"""Figures of the weight gradient as dZ sliding over Y, and of the bias gradient."""

import numpy as np

from cnnlib import loops, panels
from cnnlib.shapes import by
from cnnlib.steppers.stages import stride_stages
from cnnlib.trace import filter_steps
from figures import draw, programs
from figures.figure import Figure
from figures.forward import F_K, N_K, SEVERAL
from figures.one_weight import DZ, W_SIZE, Y_SIZE, Z_SIZE, Y, nine, of_weight
from figures.stride import OBLONG
from figures.words import at, bare, products, rows_of, sums_to

# --- dZ slides over Y ----------------------------------------------------------------


PLACE = (2, 1)  # another weight than the one whose sum was worked through
DZ_LIES = ("stored", "Z", "dZ lies on Y, not turned; cut corner: dZ(0, 0)")


def as_filter(ax):
    """dZ lies on Y like a filter; one position, one cell of dW."""
    step = of_weight(PLACE)
    board, _, result = panels.panels(step, len(step.terms) - 1)
    y = draw.panel(ax, board, 56, 76, 60, lying="dZ", term=False)
    d = draw.grid(ax, "dZ", DZ, 540, 76, 44, note="slides over Y", card="as stored")
    goal = draw.panel(ax, result, 600, 272, 44)
    draw.across(ax, d, y, "lies on", level=d.middle[1], after=6, back=True)
    draw.across(ax, y, goal, f"{len(step.terms)} products, added", back=True)
    words = f"dW{at(PLACE)} = {products(step.terms)}"
    draw.text(ax, 400, 434, words, 18)
    draw.text(ax, 400, 466, f"= {bare(step.value)}", 22, True)
    draw.key(ax, 508, DZ_LIES, ("solid", "W", "result; · means not yet"))


def _as_filter_alt():
    step = of_weight(PLACE)
    return (
        f"dZ, {Z_SIZE}, lies like a filter on Y, {Y_SIZE}, with its corner on Y{at(PLACE)}, not "
        f"flipped. The {len(step.terms)} products under it add up to one cell of dW, {W_SIZE}: "
        f"dW{at(PLACE)} = {products(step.terms)} = {bare(step.value)}."
    )


def nine_positions(ax):
    """Nine places of dZ on Y, one cell of dW each."""

    def one(index, x, y):
        note = f"dW{at(index)} = {bare(of_weight(index).value)}"
        lies = draw.Window(*index, "dZ", DZ)
        draw.grid(ax, "Y", Y, x, y, 36, note=note, window=lies, heads=False)

    nine(ax, one)
    draw.key(ax, 674, DZ_LIES)


def _nine_alt():
    found = "; ".join(f"dW{at(i)} = {bare(of_weight(i).value)}" for i in np.ndindex(3, 3))
    return (
        f"Nine pictures of the {Y_SIZE} map Y with the {Z_SIZE} map dZ lying on it, not flipped, "
        f"at each of its nine places. The sum of the products at a place is one cell of dW: "
        f"{found}."
    )


K = 1


def _several():
    steps = filter_steps(SEVERAL.dZ, SEVERAL.Y, SEVERAL.filter_size)
    dW = loops.conv_backward_filter(SEVERAL.dZ, SEVERAL.Y, SEVERAL.filter_size)
    return steps, dW


def every_input_map(ax):
    """One map of dZ over each map of Y: one plane of the filter's gradient each."""
    steps, dW = _several()
    first = draw.grid(ax, "dZ", SEVERAL.dZ[:, :, K], 46, 226, 44, title=f"dZ(:, :, {K})",
                      card="as stored")  # fmt: skip
    for k_in in range(N_K):
        y = 76 + 276 * k_in
        board = panels.panels(steps[steps.position((0, 0, k_in, K))], 0)[0]
        below = draw.panel(ax, board, 282, y, 46, lying="dZ", term=False,
                           title=f"Y(:, :, {k_in})", note="dZ at its first place")  # fmt: skip
        goal = draw.grid(ax, "dW", dW[:, :, k_in, K], 612, y + 46, 46, solid={(0, 0)},
                         title=f"dW(:, :, {k_in}, {K})", note="")  # fmt: skip
        draw.across(ax, below, goal, back=True)
        start = first.right[0] + 8, first.middle[1] + 24 * (2 * k_in - 1)
        draw.arrow(ax, start, (below.x - 30, below.middle[1]), back=True)
    words = f"n_k = {N_K} planes of filter k = {K}: side by side, not added"
    draw.text(ax, 400, 588, words, 20, True)
    draw.key(ax, 630, DZ_LIES, ("solid", "W", "of this place"))


def _every_alt():
    _, dW = _several()
    planes = " ".join(
        f"k_in = {k_in}: {'; '.join(', '.join(map(bare, row)) for row in dW[:, :, k_in, K])}."
        for k_in in range(N_K)
    )
    return (
        f"One map dZ, k = {K}, {Z_SIZE}, and dashed arrows to each of the {N_K} maps of Y, "
        f"{by(SEVERAL.input_size)}, over which it slides; each gives its own plane of dW, "
        f"{by(SEVERAL.filter_size)}. {planes} The planes are not added."
    )


SPREAD_AT = (1, 0)


def _spread():
    """The step of a weight at stride 2, and dZ spread, as a panel."""
    steps = filter_steps(OBLONG.dZ, OBLONG.Y, OBLONG.filter_size, **OBLONG.how)
    stages = stride_stages(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)
    return steps[steps.position((*SPREAD_AT, 0, 0))], stages[1]


def spread_over_y(ax):
    """The spread dZ lies on Y with a stride: its gaps meet nothing."""
    step, spread = _spread()
    board, _, result = panels.panels(step, len(step.terms) - 1)
    one = draw.panel(ax, panels.stage_panel(spread), 64, 122, title="dZ spread", card="as stored")
    two = draw.panel(ax, board, 330, 76, lying="dZ", term=False)
    three = draw.panel(ax, result, 640, 122)
    for left, right in ((one, two), (two, three)):
        draw.across(ax, left, right, level=one.middle[1], after=10, back=True)
    where = step.trace.where
    places, more = where.rows.f, where.rows.rest
    words = [
        f"The forward stride {where.stride} is the dilation of dZ here; it slides by one.",
        f"It has {places} places from top to bottom; {more} more would reach the left-over row",
        f"and make dW {places + more} high: it is cut off.",
    ]
    draw.lines(ax, 400, 396, words, 18, ha="center")
    draw.key(ax, 492, ("stored", "Z", "dZ spread lies here; cut corner: dZ(0, 0)"),
             ("solid", "W", "result"), ("zeros", "Z", "zeros put in"))  # fmt: skip


def _spread_alt():
    step, spread = _spread()
    where = step.trace.where
    return (
        f"The weight gradient with stride {where.stride}. dZ, spread: "
        f"{rows_of(spread.values)}. It lies on Y, {by(OBLONG.input_size)}, not flipped, "
        f"at place {SPREAD_AT}; the {len(step.terms)} products of its cells, none from the gap, "
        f"add up to dW{at(SPREAD_AT)} = {bare(step.value)}. dW has {where.rows.f} rows; a "
        f"further place on the left-over row is cut off."
    )


# --- the bias --------------------------------------------------------------------------


def bias(ax):
    """Each map of dZ adds up to one number."""
    db = loops.conv_backward_bias(SEVERAL.dZ)
    look = {"size": 24, "bold": True, "edge": draw.FRAME["W"], "color": draw.WORDS["W"], "line": 3}
    for k in range(F_K):
        x = 62 + 250 * k
        dZ = draw.grid(ax, "dZ", SEVERAL.dZ[:, :, k], x, 76, 52, title=f"dZ(:, :, {k})")
        box = draw.box(ax, x - 6, 326, 168, 62, f"db({k}) = {bare(db[k])}", **look)
        draw.arrow(ax, (dZ.middle[0], dZ.bottom[1] + 8), (dZ.middle[0], box.y - 6), back=True)
        draw.text(ax, dZ.middle[0] + 16, 276, "sum of all", 18, ha="left")
    words = [
        "db(k) = Σ_i Σ_j dZ(i, j, k), since",
        "b(k) is in every cell of Z of map k, with the factor 1.",
    ]
    draw.lines(ax, 400, 428, words, 20, ha="center")


def _bias_alt():
    db = loops.conv_backward_bias(SEVERAL.dZ)
    sums = "; ".join(f"db({k}) = {sums_to(SEVERAL.dZ[:, :, k].ravel())}" for k in range(F_K))
    return (
        f"The {F_K} maps of dZ, each with a dashed arrow down to one number, the sum of all its "
        f"cells: {sums}. There is one bias for each filter, {db.size} in all."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure("dz_slides_over_y", (of + "28",), 536, as_filter, _as_filter_alt())
    yield Figure("nine_positions_of_dz_over_y", (of + "29",), 698, nine_positions, _nine_alt())
    yield Figure("dz_over_every_input_map", (of + "30",), 660, every_input_map, _every_alt())
    program, alt = programs.filter_program, programs.program_alt(programs.FILTER_PROGRAM)
    yield Figure("filter_gradient_as_a_program", ("CNN_Backprop_Conv_dW",), 535, program, alt)
    yield Figure("spread_dz_over_y", (), 520, spread_over_y, _spread_alt())
    yield Figure("bias_gradient_sums_each_map", (), 485, bias, _bias_alt())


FIGURES = list(_rows())

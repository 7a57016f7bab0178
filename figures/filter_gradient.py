"""Figures of the weight gradient as dZ sliding over Y, and of the bias gradient."""

import numpy as np

from cnnlib import loops, panels
from cnnlib.panels import stage_panel
from cnnlib.shapes import by
from cnnlib.steppers.stages import stride_stages
from cnnlib.trace import filter_steps
from figures import draw, one_weight, programs, several_maps, stride
from figures.figure import Figure
from figures.one_weight import DZ, W_SIZE, Y_SIZE, Z_SIZE, Y, at, nine, of_weight
from figures.several_maps import F_K, N_K, SEVERAL, bare, board, read, sums_to, times
from figures.stride import OBLONG

# --- dZ slides over Y ----------------------------------------------------------------


PLACE = (2, 1)  # another weight than the one whose sum was worked through


def as_filter(ax):
    """dZ lies on Y like a filter; one position, one cell of dW."""
    step = of_weight(PLACE)
    y = board(
        ax,
        panels.panels(step, 0)[0],
        60,
        118,
        62,
        None,
        "input; dZ lies on it, not flipped",
        term=False,
    )
    d = draw.panel(ax, draw.table("dZ", DZ), 500, 118, 44, None, "slides over Y")
    result = panels.panels(step, len(step.terms) - 1)[2]
    goal = draw.panel(ax, result, 602, 340, 52, None, "result")
    draw.arrow(ax, (d.x - 34, d.middle[1]), (y.right[0] + 6, d.middle[1]), "lies on", back=True)
    draw.arrow(
        ax,
        (y.right[0] + 8, goal.middle[1]),
        (goal.x - 36, goal.middle[1]),
        f"{len(step.terms)} products, added",
        back=True,
        size=17,
    )
    draw.text(ax, 400, 540, f"dW{at(PLACE)} = " + " + ".join(t.product for t in step.terms), 18)
    draw.text(ax, 400, 574, f"= {bare(step.value)}", 22, True)
    draw.legend(ax, 60, 476, ("window", "target", "done"), {"window": "dZ"}, size=15)


def _as_filter_alt():
    step = of_weight(PLACE)
    return (
        f"dZ, {Z_SIZE}, lies like a filter on Y, {Y_SIZE}, with its corner on Y{at(PLACE)}, not "
        f"flipped. The {len(step.terms)} products under it add up to one cell of dW, {W_SIZE}: "
        f"dW{at(PLACE)} = {' + '.join(t.product for t in step.terms)} = {bare(step.value)}."
    )


def nine_positions(ax):
    """Nine places of dZ on Y, one cell of dW each."""

    def one(ax, index, x, y):
        step = of_weight(index)
        over = {
            (r, c): cell.over
            for r, row in enumerate(panels.panels(step, 0)[0].cells)
            for c, cell in enumerate(row)
            if cell.over
        }
        table = draw.table("Y", Y, over=over, over_first=True)
        words, window = f"dW{at(index)} = {bare(step.value)}", [(*index, *DZ.shape)]
        draw.panel(ax, table, x, y, 42, words, "", windows=window)

    nine(ax, one, 82, 288)
    draw.text(
        ax,
        400,
        896,
        f"Y, {times(Y.shape)}; w: dZ, {times(DZ.shape)}, lies here, not flipped; in a cell: dZ · Y",
        19,
    )


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
    first = draw.panel(
        ax,
        draw.table("dZ", SEVERAL.dZ[:, :, K]),
        52,
        250,
        42,
        f"dZ, k = {K}, {times(SEVERAL.dZ.shape[:2])}",
        "slides over every Y",
    )
    for k_in in range(N_K):
        y = 112 + 296 * k_in
        step = steps[steps.position((0, 0, k_in, K))]
        size = times(SEVERAL.input_size)
        below = board(
            ax,
            panels.panels(step, 0)[0],
            282,
            y,
            48,
            f"Y, k_in = {k_in}, {size}",
            "input; dZ on its first place",
            term=False,
        )
        values = dW[:, :, k_in, K]
        goal = draw.panel(
            ax,
            draw.table("dW", values, marks={(0, 0): "target"}),
            612,
            y + 48,
            48,
            f"dW, {k_in}, {K}",
            f"k_in = {k_in}, k = {K}\n{times(values.shape)}, result",
        )
        level = goal.middle[1]
        draw.arrow(ax, (below.right[0] + 8, level), (goal.x - 38, level), back=True)
        draw.arrow(
            ax,
            (first.right[0] + 8, first.middle[1] + 24 * (2 * k_in - 1)),
            (below.x - 40, below.middle[1]),
            back=True,
        )
    draw.text(
        ax, 400, 650, f"n_k = {N_K} planes of filter k = {K}: side by side, not added", 20, True
    )


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


def spread_over_y(ax):
    """The spread dZ lies on Y with a stride: its gaps meet nothing."""
    how = OBLONG.how
    steps = filter_steps(OBLONG.dZ, OBLONG.Y, OBLONG.filter_size, **how)
    step = steps[steps.position((*SPREAD_AT, 0, 0))]
    stages = stride_stages(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **how)
    size = 46
    one = draw.panel(ax, stage_panel(stages[1]), 74, 160, size, None, "zeros between its rows")
    two = board(
        ax,
        panels.panels(step, 0)[0],
        330,
        112,
        size,
        f"Y, {times(OBLONG.input_size)}",
        "input; dZ lies on it",
        term=False,
    )
    result = panels.panels(step, len(step.terms) - 1)[2]
    three = draw.panel(ax, result, 640, 160, size, f"dW, {times(OBLONG.filter_size)}", "result")
    level = one.middle[1]
    draw.arrow(ax, (one.right[0] + 10, level), (two.x - 36, level), back=True)
    draw.arrow(ax, (two.right[0] + 10, level), (three.x - 36, level), back=True)
    where = steps.where
    places, more = where.rows.f, where.rows.rest
    draw.lines(
        ax,
        400,
        432,
        [
            f"The forward stride {where.stride} is the dilation of dZ here; it slides by one.",
            f"It has {places} places from top to bottom; {more} more would reach the left-over row",
            f"and make dW {places + more} high: it is cut off.",
        ],
        18,
        ha="center",
    )
    draw.legend(ax, 74, 536, ("window", "target", "done"), {"window": "here lies dZ"})


SPREAD_AT = (1, 0)


def _spread_alt():
    steps = filter_steps(OBLONG.dZ, OBLONG.Y, OBLONG.filter_size, **OBLONG.how)
    step = steps[steps.position((*SPREAD_AT, 0, 0))]
    stages = stride_stages(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)
    return (
        f"The weight gradient with stride {steps.where.stride}. dZ, spread: "
        f"{read(stage_panel(stages[1]))}. It lies on Y, {by(OBLONG.input_size)}, not flipped, "
        f"at place {SPREAD_AT}; the {len(step.terms)} products of its cells, none from the gap, "
        f"add up to dW{at(SPREAD_AT)} = {bare(step.value)}. dW has {steps.where.rows.f} rows; a "
        f"further place on the left-over row is cut off."
    )


# --- the bias --------------------------------------------------------------------------


def bias(ax):
    """Each map of dZ adds up to one number."""
    db = loops.conv_backward_bias(SEVERAL.dZ)
    for k in range(F_K):
        x = 62 + 250 * k
        dZ = draw.panel(
            ax,
            draw.table("dZ", SEVERAL.dZ[:, :, k]),
            x,
            112,
            52,
            f"dZ, k = {k}, {times(SEVERAL.dZ.shape[:2])}",
            "from the next layer",
        )
        box = draw.box(
            ax,
            x - 6,
            372,
            168,
            62,
            f"db({k}) = {bare(db[k])}",
            size=24,
            bold=True,
            edge=draw.ORANGE,
            line=4,
        )
        draw.arrow(ax, (dZ.middle[0], dZ.bottom[1] + 8), (dZ.middle[0], box.y - 6), back=True)
        draw.text(ax, dZ.middle[0] + 16, 320, "sum of all", 18, ha="left")
    draw.lines(
        ax,
        400,
        474,
        [
            "db(k) = Σ_i Σ_j dZ(i, j, k), since",
            "b(k) stands once in every cell of Z of map k, with the factor 1.",
        ],
        20,
        ha="center",
    )


def _bias_alt():
    db = loops.conv_backward_bias(SEVERAL.dZ)
    sums = "; ".join(f"db({k}) = {sums_to(SEVERAL.dZ[:, :, k].ravel())}" for k in range(F_K))
    return (
        f"The {F_K} maps of dZ, each with a dashed arrow down to one number, the sum of all its "
        f"cells: {sums}. There is one bias for each filter, {db.size} in all."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure("dz_slides_over_y", (of + "28",), 605, as_filter, _as_filter_alt())
    yield Figure("nine_positions_of_dz_over_y", (of + "29",), 925, nine_positions, _nine_alt())
    yield Figure("dz_over_every_input_map", (of + "30",), 680, every_input_map, _every_alt())
    yield Figure(
        "filter_gradient_as_a_program",
        ("CNN_Backprop_Conv_dW",),
        590,
        programs.filter_program,
        programs.program_alt(programs.FILTER_PROGRAM),
    )
    yield Figure("spread_dz_over_y", (), 570, spread_over_y, _spread_alt())
    yield Figure("bias_gradient_sums_each_map", (), 535, bias, _bias_alt())


FIGURES = [*several_maps.FIGURES, *stride.FIGURES, *programs.FIGURES, *one_weight.FIGURES, *_rows()]

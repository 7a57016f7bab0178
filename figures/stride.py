"""Figures of stride, left-over rows and padding in the input gradient."""

from dataclasses import replace

import numpy as np

from cnnlib import loops
from cnnlib.examples import oblong, one_map
from cnnlib.panels import stage_panel
from cnnlib.shapes import by, geometry
from cnnlib.steppers.stages import stride_stages
from cnnlib.trace import influence_steps
from figures import draw
from figures.figure import Figure
from figures.several_maps import bare, read, times

RUNNING, OBLONG = one_map(), oblong()
STRIDE = 2


def reached(stride):
    """For each cell of Y, how many cells of Z it reaches."""
    steps = influence_steps(RUNNING.Y, RUNNING.W, stride=stride)
    size = RUNNING.input_size
    return np.array(
        [
            [len(steps[steps.position((r, c, 0))].terms) for c in range(size[1])]
            for r in range(size[0])
        ]
    )


def counts(ax):
    """The four windows of stride {STRIDE}, and how many windows each cell is in, at two strides."""
    where = geometry(RUNNING.input_size, RUNNING.filter_size, STRIDE)
    size = 42
    names = [[None] * where.columns.n for _ in range(where.rows.n)]
    for i, j in np.ndindex(*where.output_size):
        rows, columns = where  # the outermost cell of the window is in no other one
        row = rows.input_index(i, (rows.f - 1) * (i > 0))
        names[row][columns.input_index(j, (columns.f - 1) * (j > 0))] = f"{i},{j}"
    Y = draw.panel(
        ax,
        draw.table("Y", names),
        46,
        130,
        size,
        None,
        f"the windows of stride {STRIDE},\neach with its cell of Z",
    )
    for i, j in np.ndindex(*where.output_size):
        corner = where.rows.input_index(i, 0), where.columns.input_index(j, 0)
        draw.outline(ax, Y, *corner, *where.extent)
    for x, stride in ((306, STRIDE), (566, 1)):
        table = draw.table("Y", reached(stride))
        o = geometry(RUNNING.input_size, RUNNING.filter_size, stride).output_size
        draw.panel(
            ax,
            table,
            x,
            130,
            size,
            f"stride {stride}, Z {times(o)}",
            "cells of Z that each\ncell of Y reaches",
        )
    draw.text(ax, 400, 378, "Not every cell reaches equally many, at stride 1 either;", 19)
    draw.text(ax, 400, 406, f"at stride {STRIDE} some of the weights never meet a given cell.", 19)


def _counts_alt():
    two, one = reached(STRIDE), reached(1)
    rows = "; ".join(", ".join(map(str, row)) for row in two)
    return (
        f"Three {by(RUNNING.input_size)} grids of Y. The first shows the outlines of the windows "
        f"of stride {STRIDE}, which overlap in the middle row and column. The second shows how "
        f"many cells of Z each cell of Y reaches at stride {STRIDE}, row by row {rows}: "
        f"{two.min()} at the corners, {two.max()} in the middle. The third shows the same at "
        f"stride 1: from {one.min()} at the corners to {one.max()} in the middle."
    )


def _strided_z():
    full, kept = (
        loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b, stride=s)[:, :, 0] for s in (1, STRIDE)
    )
    return full, kept


def struck(ax):
    """Z of stride 1 with the dropped rows and columns struck out, and Z of stride {STRIDE}."""
    full, kept = _strided_z()
    size, s = 76, STRIDE
    table = draw.table("Z", full)
    cells = tuple(
        tuple(replace(cell, filler=bool(i % s or j % s)) for j, cell in enumerate(row))
        for i, row in enumerate(table.cells)
    )
    Z = draw.panel(
        ax,
        replace(table, cells=cells),
        80,
        118,
        size,
        f"Z at stride 1, {times(full.shape)}",
        f"struck out: not at stride {STRIDE}",
    )
    for i, j in np.ndindex(full.shape):
        if i % s or j % s:
            ends = Z.at(i, j, 0.1, 0.9), Z.at(i, j, 0.9, 0.1)
            draw.arrow(ax, *ends, head=False, width=3, color=draw.ORANGE)
    goal = draw.panel(
        ax,
        draw.table("Z", kept),
        540,
        156,
        size,
        f"Z at stride {STRIDE}, {times(kept.shape)}",
        f"rows and columns 0, {STRIDE}, …",
    )
    draw.arrow(ax, (Z.right[0] + 30, 232), (goal.x - 46, 232), "keep every\n2nd", gap=30, size=18)
    draw.lines(
        ax,
        400,
        388,
        [
            f"With stride {STRIDE} the struck-out cells of Z are not computed.",
            "The loss does not depend on them: their gradient is 0.",
        ],
        20,
        ha="center",
    )


def _struck_alt():
    full, kept = _strided_z()
    return (
        f"Left, Z at stride 1, {by(full.shape)}: "
        f"{'; '.join(', '.join(map(bare, row)) for row in full)}; the cells of its middle row and "
        f"middle column are struck out. Right, Z at stride {STRIDE}, {by(kept.shape)}, the four "
        f"corners that are left: {'; '.join(', '.join(map(bare, row)) for row in kept)}. With "
        f"stride {STRIDE} the struck-out cells of Z are not computed. The loss does not depend on "
        f"them: their gradient is 0, though their values at stride 1 are not."
    )


def _spread(n):
    return stride_stages(RUNNING.dZ[:2, :2], RUNNING.W, (n, n), stride=STRIDE)


def spread(ax):
    """Above dZ spread where nothing is left over; below with a left-over row and column."""
    for top, n in ((40, 5), (320, 6)):
        stages, x, y, last = _spread(n), 70, top + 104, None
        rest = max(stages.where.rest)
        left = f"{rest} row and {rest} column are left over" if rest else "nothing is left over"
        draw.text(
            ax,
            30,
            top,
            f"Y {n} × {n}, W {times(RUNNING.filter_size)}, stride {STRIDE}: {left}",
            20,
            True,
            ha="left",
        )
        for stage, role in zip(stages[: 3 if rest else 2], ROLES, strict=False):
            placed = draw.panel(
                ax, stage_panel(stage), x, y, 44, f"dZ, {times(stage.values.shape)}", role
            )
            if last:
                level = y + 66
                draw.arrow(ax, (last.right[0] + 10, level), (placed.x - 50, level), back=True)
            last, x = placed, placed.right[0] + 128
        if not rest:
            o, s = stages.where.rows.o, stages.where.rows.s
            formula = ["(o_h − 1) · s_h + 1", f"= ({o} − 1) · {s} + 1 = {(o - 1) * s + 1} rows"]
            draw.lines(ax, 510, y + 50, [*formula, "columns in the same way"], 18)


ROLES = "input", "zeros between", "left-over row, column"


def _spread_alt():
    small, large = _spread(5), _spread(6)
    return (
        f"Above, for Y {by(small.where.input_size)}, W {by(RUNNING.filter_size)} and stride "
        f"{STRIDE}: dZ, {by(small[0].values.shape)}, with the values "
        f"{read(stage_panel(small[0]))}, becomes {by(small[1].values.shape)} with a row and a "
        f"column of zeros between its cells: {read(stage_panel(small[1]))}. Below, for Y "
        f"{by(large.where.input_size)}: the same dZ, the same spread, and then "
        f"{large.where.rest[0]} left-over row and {large.where.rest[1]} left-over column of zeros "
        f"appended, {by(large[2].values.shape)}. New rows are headed gap and rest."
    )


def remainder(ax):
    """Windows on an oblong map, the row that none reaches, and dY, zero there."""
    where = geometry(OBLONG.input_size, OBLONG.filter_size, **OBLONG.how)
    dY = loops.conv_backward_input(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)[:, :, 0]
    size, y = 52, 112
    last = where.rows.n - where.rows.rest
    Y = draw.panel(
        ax,
        draw.table("Y", OBLONG.Y[:, :, 0]),
        70,
        y,
        size,
        f"Y, {times(dY.shape)}",
        "the first window of each row",
    )
    for i in range(where.rows.o):
        draw.outline(ax, Y, where.rows.input_index(i, 0), 0, *where.extent)
    table = draw.table("dY", dY)
    result = draw.panel(ax, table, 506, y, size, f"dY, {times(dY.shape)}", "the result")
    for grid in (Y, result):
        corner = grid.at(last, 0, -0.07, 0.03)
        draw.box(
            ax,
            *corner,
            (where.columns.n + 0.14) * size,
            (where.rows.rest - 0.03) * size + 3,
            fill="none",
            line=3.5,
            round_=4,
        )
    level = Y.at(last, 0)[1]
    draw.arrow(
        ax,
        (Y.right[0] + 12, level),
        (result.x - 40, level),
        "left over: exactly 0",
        back=True,
        size=16,
        at=0.46,
    )
    n, f, s, p = where.rows.n, where.rows.f, where.rows.s, sum(where.padding[0])
    draw.text(
        ax,
        400,
        476,
        f"left-over rows: (n_h + 2p_h − f_h) mod s_h = ({n} + {p} − {f}) mod {s} = "
        f"{where.rows.rest}",
        20,
    )


def _remainder_alt():
    where = geometry(OBLONG.input_size, OBLONG.filter_size, **OBLONG.how)
    dY = loops.conv_backward_input(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)[:, :, 0]
    rows = where.rows
    last, p = rows.n - rows.rest, rows.before + rows.after
    return (
        f"Y, {by(dY.shape)}, with the outlines of windows of {by(where.filter_size)} at vertical "
        f"stride {where.rows.s}: they end above row {last}, which is left over. An arrow leads "
        f"from that row to the same row of dY: {', '.join(map(bare, dY[last]))}, exactly 0. "
        f"({rows.n} + {p} - {rows.f}) mod {rows.s} = {rows.rest}."
    )


# --- padding -------------------------------------------------------------------------


def crop(ax, stages, size):
    """The gradient of the padded map, its inner cells framed, and what is left of it."""
    padded, cut = stages[-2], stages[-1]
    rows, columns = stages.where
    gap = 124
    wide = size * (padded.values.shape[1] + cut.values.shape[1]) + gap
    whole = draw.panel(
        ax,
        stage_panel(padded),
        (800 - wide) / 2 + 16,
        112,
        size,
        f"dYp, {times(padded.values.shape)}",
        "gradient of the padded map",
    )
    inner = whole.at(rows.before, columns.before, 0, 0)
    draw.box(
        ax,
        *inner,
        columns.n * size,
        rows.n * size,
        fill="none",
        line=4,
        round_=2,
    )
    x = whole.right[0] + gap
    y = inner[1]
    left = draw.panel(
        ax, stage_panel(cut), x, y, size, f"dY, {times(cut.values.shape)}", "the result"
    )
    draw.arrow(
        ax,
        (whole.right[0] + 12, left.middle[1]),
        (left.x - 40, left.middle[1]),
        "crop",
        back=True,
        size=20,
    )
    sides = (
        ("top", rows.before),
        ("bottom", rows.after),
        ("left", columns.before),
        ("right", columns.after),
    )
    words = "cut off: " + ", ".join(f"{side} {n}" for side, n in sides)
    draw.text(ax, 400, whole.bottom[1] + 40, words, 20, True)
    draw.text(
        ax, 400, whole.bottom[1] + 70, "The padding is constant: nobody asks for its gradient.", 18
    )


def _cropped(example, **how):
    """Stages of an example with padding; what arrives at Z is Z itself, as in the lesson."""
    dZ = loops.conv_forward(example.Y, example.W, example.b, **how)
    return stride_stages(dZ, example.W, example.input_size, **how)


EVEN = _cropped(RUNNING, padding=1)
SAME = _cropped(OBLONG, stride=OBLONG.how["stride"], padding="same")


def _crop_alt(stages):
    rows, columns = stages.where
    return (
        f"Left, the gradient of the padded map, {by(stages[-2].values.shape)}, its padding headed "
        f"pad; a thick frame surrounds the cells of Y. Right, dY, {by(stages[-1].values.shape)}, "
        f"which is what stands in the frame: {read(stage_panel(stages[-1]))}. Cut off are "
        f"{rows.before} at the top, {rows.after} at the bottom, {columns.before} at the left, "
        f"{columns.after} at the right."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure("stride_2_reaches_fewer_cells", (of + "20",), 430, counts, _counts_alt())
    yield Figure("stride_2_drops_rows_and_columns", (of + "21",), 460, struck, _struck_alt())
    yield Figure("spread_dz_and_append_left_over_rows", (of + "22",), 640, spread, _spread_alt())
    yield Figure("left_over_row_gets_no_gradient", (), 510, remainder, _remainder_alt())
    yield Figure(
        "padding_is_cropped_from_dy", (), 552, lambda ax: crop(ax, EVEN, 48), _crop_alt(EVEN)
    )
    yield Figure(
        "same_padding_is_cropped_unevenly", (), 552, lambda ax: crop(ax, SAME, 48), _crop_alt(SAME)
    )


FIGURES = list(_rows())

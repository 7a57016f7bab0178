"""Figures of stride, left-over rows and padding in the input gradient."""

from functools import partial

import numpy as np

from cnnlib import loops
from cnnlib.examples import oblong
from cnnlib.panels import stage_panel
from cnnlib.shapes import by, geometry
from cnnlib.steppers.stages import stride_stages
from cnnlib.trace import influence_steps
from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING, empty
from figures.words import bare, rows_of

OBLONG = oblong()
STRIDE = 2


def reached(stride):
    """For each cell of Y, how many cells of Z it reaches."""
    steps = influence_steps(RUNNING.Y, RUNNING.W, stride=stride)
    counts = np.zeros(RUNNING.input_size, int)
    for cell in np.ndindex(counts.shape):
        counts[cell] = len(steps[steps.position((*cell, 0))].terms)
    return counts


def counts(ax):
    """The first and last window of a stride, and how many cells of Z each cell reaches."""
    where = geometry(RUNNING.input_size, RUNNING.filter_size, STRIDE)
    last = tuple(o - 1 for o in where.output_size)
    names, windows = empty(RUNNING.input_size), []
    for i, j in ((0, 0), last):
        corner = where.rows.input_index(i, 0), where.columns.input_index(j, 0)
        names[corner[0] + 2 * (i > 0)][corner[1] + 2 * (j > 0)] = f"({i}, {j})"
        windows.append(draw.Window(*corner, "W", size=where.extent))
    note = f"stride {STRIDE}: the first\nand the last window"
    draw.grid(ax, "Y", names, 36, 94, 47, note=note, window=windows)
    for x, stride in ((292, STRIDE), (548, 1)):
        o = geometry(RUNNING.input_size, RUNNING.filter_size, stride).output_size
        many = reached(stride)
        most = {cell for cell, n in np.ndenumerate(many) if n == many.max()}
        draw.grid(ax, "Y", many, x, 94, 44, soft=most,
                  note=f"stride {stride}, Z {by(o)}\ncells of Z that each reaches")  # fmt: skip
    draw.text(ax, 400, 366, "Not every cell reaches equally many, at stride 1 either;", 19)
    draw.text(ax, 400, 394, f"at stride {STRIDE} some of the weights never meet a given cell.", 19)
    draw.key(ax, 438, ("stored", "W", "a window; cut corner: W(0, 0)"),
             ("soft", "Y", "reaches most"))  # fmt: skip


def _counts_alt():
    two, one = reached(STRIDE), reached(1)
    rows = "; ".join(", ".join(map(str, row)) for row in two)
    return (
        f"Three {by(RUNNING.input_size)} grids of Y. The first shows the outlines of the first "
        f"and the last window of stride {STRIDE}, which share the middle cell. The second shows "
        f"how many cells of Z each cell of Y reaches at stride {STRIDE}, row by row {rows}: "
        f"{two.min()} at the corners, {two.max()} in the middle. The third shows the same at "
        f"stride 1: from {one.min()} at the corners to {one.max()} in the middle."
    )


def _strided_z():
    full, kept = (
        loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b, stride=s)[:, :, 0] for s in (1, STRIDE)
    )
    return full, kept


def struck(ax):
    """Z of stride 1 with the dropped rows and columns struck out, and Z of the stride."""
    full, kept = _strided_z()
    Z = draw.grid(ax, "Z", full, 90, 76, 74, note=f"{by(full.shape)}, at stride 1")
    for i, j in np.ndindex(full.shape):
        if i % STRIDE or j % STRIDE:
            ends = Z.at(i, j, 0.12, 0.88), Z.at(i, j, 0.88, 0.12)
            draw.arrow(ax, *ends, head=False)
    goal = draw.grid(ax, "Z", kept, 530, 113, 74, note=f"{by(kept.shape)}, at stride {STRIDE}")
    draw.across(ax, Z, goal, "keep every\n2nd", after=24, before=36, gap=30, size=18)
    words = [
        f"With stride {STRIDE} the struck-out cells of Z are not computed.",
        "The loss does not depend on them: their gradient is 0.",
    ]
    draw.lines(ax, 400, 346, words, 20, ha="center")


def _struck_alt():
    full, kept = _strided_z()
    return (
        f"Left, Z at stride 1, {by(full.shape)}: "
        f"{rows_of(full)}; the cells of its middle row and "
        f"middle column are struck out. Right, Z at stride {STRIDE}, {by(kept.shape)}, the four "
        f"corners that are left: {rows_of(kept)}. With "
        f"stride {STRIDE} the struck-out cells of Z are not computed. The loss does not depend on "
        f"them: their gradient is 0, though their values at stride 1 are not."
    )


def _spread(n):
    return stride_stages(RUNNING.dZ[:2, :2], RUNNING.W, (n, n), stride=STRIDE)


def spread(ax):
    """Above dZ spread where nothing is left over; below with a left-over row and column."""
    for top, n in ((34, 5), (318, 6)):
        stages, x, y, last = _spread(n), 60, top + 86, None
        rest = max(stages.where.rest)
        left = f"{rest} row and {rest} column are left over" if rest else "nothing is left over"
        words = f"Y {n} x {n}, W {by(RUNNING.filter_size)}, stride {STRIDE}: {left}"
        draw.text(ax, 36, top, words, 20, True, ha="left")
        for stage, title in zip(stages[: 3 if rest else 2], TITLES, strict=False):
            placed = draw.panel(ax, stage_panel(stage), x, y, 44, title=title)
            if last:
                draw.across(ax, last, placed, level=y + 66, after=10, before=34, back=True)
            last, x = placed, placed.right[0] + 128
        if not rest:
            o, s = stages.where.rows.o, stages.where.rows.s
            formula = ["(o_h − 1) · s_h + 1", f"= ({o} − 1) · {s} + 1 = {(o - 1) * s + 1} rows"]
            draw.lines(ax, 490, y + 30, [*formula, "columns in the same way"], 18)
    draw.key(ax, 628, ("zeros", "Z", "zeros put in"))


TITLES = "dZ", "dZ spread", "appended"


def _spread_alt():
    small, large = _spread(5), _spread(6)
    return (
        f"Above, for Y {by(small.where.input_size)}, W {by(RUNNING.filter_size)} and stride "
        f"{STRIDE}: dZ, {by(small[0].values.shape)}, with the values "
        f"{rows_of(small[0].values)}, becomes {by(small[1].values.shape)} with a row and a "
        f"column of zeros between its cells: {rows_of(small[1].values)}. Below, for Y "
        f"{by(large.where.input_size)}: the same dZ, the same spread, and then "
        f"{large.where.rest[0]} left-over row and {large.where.rest[1]} left-over column of zeros "
        f"appended, {by(large[2].values.shape)}. The zeros that were put in are grey."
    )


def _remainder():
    where = geometry(OBLONG.input_size, OBLONG.filter_size, **OBLONG.how)
    dY = loops.conv_backward_input(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)
    return where, dY[:, :, 0]


def remainder(ax):
    """Windows on an oblong map, the row that none reaches, and dY, zero there."""
    where, dY = _remainder()
    rows, last = where.rows, where.rows.n - where.rows.rest
    over = {(last, c) for c in range(where.columns.n)}
    windows = [
        draw.Window(rows.input_index(i, 0), 0, "W", size=where.extent) for i in range(rows.o)
    ]
    Y = draw.grid(ax, "Y", OBLONG.Y[:, :, 0], 60, 76, 52, window=windows, soft=over)
    result = draw.grid(ax, "dY", dY, 520, 76, 52, soft=over)
    level = Y.at(last, 0)[1]
    draw.across(ax, Y, result, "left over: exactly 0", level=level, after=10, back=True)
    n, f, s, p = rows.n, rows.f, rows.s, sum(where.padding[0])
    words = "left-over rows: (n_h + 2p_h − f_h) mod s_h ="
    draw.text(ax, 400, 434, f"{words} ({n} + {p} − {f}) mod {s} = {rows.rest}", 20)
    draw.key(ax, 478, ("stored", "W", "first window of each row of Z; cut corner: W(0, 0)"),
             ("soft", "Y", "left over"))  # fmt: skip


def _remainder_alt():
    where, dY = _remainder()
    rows = where.rows
    last, p = rows.n - rows.rest, rows.before + rows.after
    return (
        f"Y, {by(dY.shape)}, with the outlines of windows of {by(where.filter_size)} at vertical "
        f"stride {where.rows.s}: they end above row {last}, which is left over. An arrow leads "
        f"from that row to the same row of dY: {', '.join(map(bare, dY[last]))}, exactly 0. "
        f"({rows.n} + {p} - {rows.f}) mod {rows.s} = {rows.rest}."
    )


# --- padding -------------------------------------------------------------------------


def crop(ax, stages, size=48):
    """The gradient of the padded map, and what is left of it."""
    padded, cut = stages[-2], stages[-1]
    rows, columns = stages.where
    gap = 124
    wide = size * (padded.values.shape[1] + cut.values.shape[1]) + gap
    words = f"{by(padded.values.shape)}, of the padded map"
    x = (800 - wide) / 2 + 16
    whole = draw.panel(ax, stage_panel(padded), x, 76, size, note=words)
    inner = whole.at(rows.before, columns.before, 0, 0)
    left = draw.panel(ax, stage_panel(cut), whole.right[0] + gap, inner[1], size)
    draw.across(ax, whole, left, "crop", after=12, back=True, size=20)
    words = f"cut off: top {rows.before}, bottom {rows.after}, "
    words += f"left {columns.before}, right {columns.after}"
    down = whole.bottom[1]
    draw.text(ax, 400, down + 34, words, 20, True)
    draw.text(ax, 400, down + 66, "The padding is constant: nobody asks for its gradient.", 18)
    draw.key(ax, down + 106, ("zeros", "Y", "cells of the padding"))


def _cropped(example, **how):
    """Stages of an example with padding; what arrives at Z is Z itself, as in the lesson."""
    dZ = loops.conv_forward(example.Y, example.W, example.b, **how)
    return stride_stages(dZ, example.W, example.input_size, **how)


EVEN = _cropped(RUNNING, padding=1)
SAME = _cropped(OBLONG, stride=OBLONG.how["stride"], padding="same")


def _crop_alt(stages):
    rows, columns = stages.where
    return (
        f"Left, the gradient of the padded map, {by(stages[-2].values.shape)}, the cells of "
        f"its padding grey. Right, dY, {by(stages[-1].values.shape)}, "
        f"which is what is left: {rows_of(stages[-1].values)}. Cut off are "
        f"{rows.before} at the top, {rows.after} at the bottom, {columns.before} at the left, "
        f"{columns.after} at the right."
    )


def _rows():
    of = "CNN_Training_Conv_"
    yield Figure("stride_2_reaches_fewer_cells", (of + "20",), 468, counts, _counts_alt())
    yield Figure("stride_2_drops_rows_and_columns", (of + "21",), 412, struck, _struck_alt())
    yield Figure("spread_dz_and_append_left_over_rows", (of + "22",), 656, spread, _spread_alt())
    yield Figure("left_over_row_gets_no_gradient", (), 508, remainder, _remainder_alt())
    for name, stages in (
        ("padding_is_cropped_from_dy", EVEN),
        ("same_padding_is_cropped_unevenly", SAME),
    ):
        height = 212 + 48 * stages[-2].values.shape[0]
        yield Figure(name, (), height, partial(crop, stages=stages), _crop_alt(stages))


FIGURES = list(_rows())

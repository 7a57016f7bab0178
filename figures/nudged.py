"""Figures of the weight gradient: one weight between Y and Z, and dZ over a padded Y."""

from dataclasses import replace

from cnnlib import loops, panels
from cnnlib.shapes import by
from cnnlib.trace import filter_steps
from figures import draw
from figures.figure import Figure
from figures.one_weight import W_SIZE, WEIGHT, Y_SIZE, Z_SIZE, W, Y, at
from figures.several_maps import bare, times
from figures.stride import RUNNING

# --- one weight, all of Z --------------------------------------------------------------


def rows_of(values):
    """Read the rows of a map, for an alt text."""
    return "; ".join(", ".join(map(bare, row)) for row in values)


(TOP, LEFT), (HIGH, WIDE) = WEIGHT, RUNNING.dZ.shape[:2]
RISE = Y[TOP : TOP + HIGH, LEFT : LEFT + WIDE]  # of Z, where the weight rises by one


def between(ax):
    """Y with the cells that the weight meets, W with the weight, and what Z gains."""
    met = [(TOP, LEFT, HIGH, WIDE)]
    cells = draw.panel(
        ax, draw.table("Y", Y), 60, 118, 46, None, f"framed: the cells under W{at(WEIGHT)}",
        windows=met,
    )  # fmt: skip
    one = draw.table("W", W, marks={WEIGHT: "term"})
    weight = draw.panel(ax, one, 372, 164, 46, None, f"W{at(WEIGHT)} rises by 1")
    gain = draw.panel(ax, draw.table("Z", RISE), 610, 164, 46, "rise of Z", times(RISE.shape))
    level = weight.middle[1]
    draw.text(ax, (cells.right[0] + weight.x - 20) / 2, level, "·", 34, True)
    draw.arrow(ax, (weight.right[0] + 14, level), (gain.x - 34, level))
    draw.legend(ax, 370, 348, ("window", "term"), {"window": "cells met", "term": "the weight"})
    draw.text(ax, 400, 398, f"Each cell of Z rises by the number that W{at(WEIGHT)} lies on.", 19)
    draw.text(ax, 400, 426, "Where that number is 0, the cell of Z stays as it is.", 19)


def _between_alt():
    return (
        f"Y, {Y_SIZE}, with a frame around the {RISE.size} cells that W{at(WEIGHT)} lies on, one "
        f"in each window; the filter W, {W_SIZE}, with W{at(WEIGHT)} marked; and what each cell "
        f"of Z, {Z_SIZE}, gains where that weight rises by 1: {rows_of(RISE)}. It is the framed "
        f"piece of Y."
    )


# --- dZ over a padded Y ----------------------------------------------------------------

SMALL = RUNNING.Y[:3, :3]  # 3 x 3, so that Z is 3 x 3 with a padding of 1
HOW = {"padding": 1}
PLACE = (0, 1)


def _padded_step():
    steps = filter_steps(RUNNING.dZ, SMALL, RUNNING.filter_size, **HOW)
    return steps[steps.position((*PLACE, 0, 0))]


def padded(ax):
    """Draw dZ on the padded Y: products with the padding are none."""
    step, dZ = _padded_step(), RUNNING.dZ[:, :, 0]
    lies = panels.panels(step, 0)[0]
    cells = tuple(tuple(replace(cell, mark="") for cell in row) for row in lies.cells)
    below = draw.panel(
        ax, replace(lies, cells=cells), 60, 124, 56, f"Y, {times(SMALL.shape[:2])}, padded by 1",
        "dZ lies on it, not flipped", windows=[(*PLACE, *dZ.shape)],
    )  # fmt: skip
    draw.panel(ax, draw.table("dZ", dZ), 452, 124, 44, None, "slides over Y")
    goal = draw.panel(
        ax, panels.panels(step, len(step.terms) - 1)[2], 600, 312, 48, None, "result"
    )  # fmt: skip
    level = goal.middle[1]
    draw.arrow(ax, (below.right[0] + 8, level), (goal.x - 36, level), "added", back=True, size=17)
    draw.legend(ax, 60, 466, ("window", "target", "done"), {"window": "here lies dZ"}, size=15)
    draw.text(ax, 400, 512, f"dW{at(PLACE)} = " + " + ".join(t.product for t in step.terms), 18)
    draw.text(ax, 400, 546, f"= {bare(step.value)}", 22, True)
    draw.text(ax, 400, 580, "On a zero of the padding there is no product.", 17)


def _padded_alt():
    step, dW = _padded_step(), loops.conv_backward_filter(RUNNING.dZ, SMALL, (3, 3), **HOW)
    return (
        f"Y, {by(SMALL.shape[:2])}, with a ring of zeros around it, and dZ, {Z_SIZE}, lying on "
        f"it, not flipped, with its corner at place {at(PLACE)} of the padded map. Its cells over "
        f"the padding make no product; the other {len(step.terms)} add up to dW{at(PLACE)} = "
        f"{' + '.join(t.product for t in step.terms)} = {bare(step.value)}. All of dW: "
        f"{rows_of(dW[:, :, 0, 0])}."
    )


def _rows():
    yield Figure("one_weight_moves_every_cell_of_z", (), 452, between, _between_alt())
    yield Figure("dz_slides_over_padded_y", (), 606, padded, _padded_alt())


FIGURES = list(_rows())

"""Figures of the weight gradient: one weight between Y and Z, and dZ over a padded Y."""

from cnnlib import loops, panels
from cnnlib.shapes import by
from cnnlib.trace import filter_steps
from figures import draw
from figures.figure import Figure
from figures.filter_gradient import DZ_LIES
from figures.forward import RUNNING
from figures.one_weight import DZ, W_SIZE, WEIGHT, Y_SIZE, Z_SIZE, W, Y
from figures.words import at, bare, products, rows_of

# --- one weight, all of Z --------------------------------------------------------------


(TOP, LEFT), (HIGH, WIDE) = WEIGHT, RUNNING.dZ.shape[:2]
RISE = Y[TOP : TOP + HIGH, LEFT : LEFT + WIDE]  # of Z, where the weight rises by one


def between(ax):
    """Y with the cells that the weight meets, W with the weight, and what Z gains."""
    met = {(TOP + i, LEFT + j) for i in range(HIGH) for j in range(WIDE)}
    cells = draw.grid(ax, "Y", Y, 60, 76, soft=met)
    weight = draw.grid(ax, "W", W, 372, 122, note=f"W{at(WEIGHT)} rises by 1", card="as stored",
                       solid={WEIGHT})  # fmt: skip
    gain = draw.grid(ax, "Z", RISE, 620, 122, title="rise of Z", note="")
    draw.text(ax, (cells.right[0] + weight.x - 20) / 2, weight.middle[1], "·", 34, True)
    draw.across(ax, weight, gain, after=14)
    words = [
        f"Each cell of Z rises by the number that W{at(WEIGHT)} lies on.",
        "Where that number is 0, the cell of Z stays as it is.",
    ]
    draw.lines(ax, 400, 348, words, 19, ha="center")
    draw.key(ax, 420, ("soft", "Y", "cells met"), ("solid", "W", "the weight"),
             ("stored", "W", "cut corner: W(0, 0)"))  # fmt: skip


def _between_alt():
    return (
        f"Y, {Y_SIZE}, with the {RISE.size} cells that W{at(WEIGHT)} lies on, one in each "
        f"window, tinted; the filter W, {W_SIZE}, with W{at(WEIGHT)} marked; and what each cell "
        f"of Z, {Z_SIZE}, gains where that weight rises by 1: {rows_of(RISE)}. It is the tinted "
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
    step = _padded_step()
    board, _, result = panels.panels(step, len(step.terms) - 1)
    note = f"{by(SMALL.shape[:2])}, in a ring of zeros"
    below = draw.panel(ax, board, 60, 76, 56, lying="dZ", term=False, note=note)
    draw.grid(ax, "dZ", DZ, 470, 76, 44, note="slides over Y", card="as stored")
    goal = draw.panel(ax, result, 600, 262, 46)
    draw.across(ax, below, goal, "added", back=True, size=17)
    draw.text(ax, 400, 438, f"dW{at(PLACE)} = {products(step.terms)}", 18)
    draw.text(ax, 400, 470, f"= {bare(step.value)}", 22, True)
    draw.text(ax, 400, 502, "On a zero of the padding there is no product.", 17)
    draw.key(ax, 542, DZ_LIES, ("zeros", "Y", "zeros put in"), ("solid", "W", "result"))


def _padded_alt():
    step, dW = _padded_step(), loops.conv_backward_filter(RUNNING.dZ, SMALL, (3, 3), **HOW)
    return (
        f"Y, {by(SMALL.shape[:2])}, with a ring of zeros around it, and dZ, {Z_SIZE}, lying on "
        f"it, not flipped, with its corner at place {at(PLACE)} of the padded map. Its cells over "
        f"the padding make no product; the other {len(step.terms)} add up to dW{at(PLACE)} = "
        f"{products(step.terms)} = {bare(step.value)}. All of dW: "
        f"{rows_of(dW[:, :, 0, 0])}."
    )


FIGURES = [
    Figure("one_weight_moves_every_cell_of_z", (), 448, between, _between_alt()),
    Figure("dz_slides_over_padded_y", (), 570, padded, _padded_alt()),
]

"""The layer as one matrix: the filter in its rows as stored, in its columns turned."""

import numpy as np

from cnnlib import loops
from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING
from figures.words import rows_of

ROW, COLUMN = 4, 12  # of Z(1, 1) and Y(2, 2)
CELL, LEFT, TOP = 26, 98, 76


def matrix():
    """Return A, 9 x 25: Z.ravel() = A Y.ravel() + b."""
    ones = np.eye(25).reshape(25, 5, 5, 1)  # maps with a single 1
    return loops.conv_forward(ones, RUNNING.W).reshape(25, 9).T


def layer(ax):
    """A with a row and a column marked, and below both folded."""
    A = matrix()
    marked = {(ROW, n) for n in range(25)} | {(m, COLUMN) for m in range(9)}
    filled = {place for place in marked if A[place]}
    draw.grid(ax, "W", _bare(A), LEFT, TOP, CELL, soft=marked, solid=filled, size=15, heads=False,
              title="", note="")  # fmt: skip
    words = "A, 9 × 25: a row for each cell of Z, a column for each cell of Y"
    draw.text(ax, LEFT, 24, words, 18, True, ha="left")
    x, bottom = LEFT + (COLUMN + 0.5) * CELL, TOP + 9 * CELL
    draw.text(ax, x, bottom + 15, "Y(2, 2)", 15, True, color=draw.WORDS["Y"])
    for m, (i, j) in enumerate(np.ndindex(3, 3)):
        look = {"bold": m == ROW, "color": draw.WORDS["Z"]}
        draw.text(ax, LEFT - 8, TOP + (m + 0.5) * CELL, f"Z({i}, {j})", 15, ha="right", **look)
    for n in range(0, 25, 5):
        x = LEFT + n * CELL
        if n:
            draw.arrow(ax, (x, TOP), (x, bottom), head=False)
        words = f"row {n // 5} of Y"
        draw.text(ax, x + 2.5 * CELL, TOP - 16, words, 15, color=draw.WORDS["Y"])
    across, down = A[ROW].reshape(5, 5), A[:, COLUMN].reshape(3, 3)
    for name, values, x, y, card, words in (
        (f"row {ROW}", across, 110, 404, "as stored", "folded as Y is: W as stored"),
        (f"column {COLUMN}", down, 520, 444, "turned", "folded as Z is: W turned"),
    ):
        corner = np.argwhere(values)[0]
        frame = draw.Window(*corner, "W", turned=card == "turned", size=(3, 3))
        draw.grid(ax, "W", _bare(values), x, y, 40, title=name, note="\n" + words, heads=False,
                  soft={tuple(map(int, place)) for place in np.argwhere(values)},
                  window=frame)  # fmt: skip
    draw.key(ax, 638, ("solid", "W", f"in row {ROW} or column {COLUMN} of A"),
             ("stored", "W", ""), ("turned", "W", "cut corner: W(0, 0)"))  # fmt: skip


def _bare(values):
    return [[value if value else None for value in row] for row in values]


def _alt():
    A = matrix()
    row, column = rows_of(RUNNING.W[:, :, 0, 0]), rows_of(A[:, COLUMN].reshape(3, 3))
    return (
        "The layer as a matrix A of 9 rows, one for each cell of Z, and 25 columns, one for each "
        "cell of Y; empty cells are 0, and each row is the one above it shifted by a cell or, at "
        f"a new row of Z, by three. Row {ROW}, of Z(1, 1), folded to 5 x 5 holds the filter as it "
        f"is stored: {row}. Column {COLUMN}, of Y(2, 2), folded to 3 x 3 holds it turned: {column}."
    )


FIGURES = [Figure("layer_as_a_matrix_read_across_and_down", (), 664, layer, _alt())]

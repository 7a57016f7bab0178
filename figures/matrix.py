"""The layer as one matrix: the filter in its rows as stored, in its columns turned."""

import numpy as np

from cnnlib import loops
from cnnlib.examples import one_map
from figures import draw
from figures.cells import SOLID, grid, title
from figures.figure import Figure
from figures.several_maps import bare

RUNNING = one_map()
ROW, COLUMN = 4, 12  # of Z(1, 1) and Y(2, 2)
CELL, LEFT, TOP = 26, 98, 76


def matrix():
    """Return A, 9 x 25: Z.ravel() = A Y.ravel() + b."""
    ones = np.eye(25).reshape(25, 5, 5, 1)  # maps with a single 1
    return loops.conv_forward(ones, RUNNING.W).reshape(25, 9).T


def layer(ax):
    """A with a row and a column marked, and below both folded."""
    A = matrix()
    shown = [[value if value else None for value in row] for row in A]
    row = {(ROW, n) for n in range(25)}
    column = {(m, COLUMN) for m in range(9)}
    filled = {(m, n) for m, n in row | column if A[m, n]}
    grid(ax, "W", shown, LEFT, TOP, CELL, tinted=row | column, solid=filled, size=15)
    words = "A, 9 × 25: a row for each cell of Z, a column for each cell of Y"
    draw.text(ax, LEFT, 24, words, 18, True, ha="left")
    x, y = LEFT + (COLUMN + 0.5) * CELL, TOP + 9 * CELL + 15
    draw.text(ax, x, y, "Y(2, 2)", 15, True, color=SOLID["Y"])
    for m, (i, j) in enumerate(np.ndindex(3, 3)):
        y = TOP + (m + 0.5) * CELL
        look = {"bold": m == ROW, "color": SOLID["Z"]}
        draw.text(ax, LEFT - 8, y, f"Z({i}, {j})", 15, ha="right", **look)
    for n in range(0, 25, 5):
        x = LEFT + n * CELL
        if n:
            bottom = TOP + 9 * CELL
            draw.arrow(ax, (x, TOP), (x, bottom), head=False, width=3, color=draw.INK)
        words = f"row {n // 5} of Y"
        draw.text(ax, x + 2.5 * CELL, TOP - 16, words, 15, color=SOLID["Y"])
    across = np.where(A[ROW], A[ROW], 0).reshape(5, 5)
    full = {(r, c) for r, c in np.ndindex(5, 5) if across[r, c]}
    folded = grid(ax, "W", _bare(across), 110, 420, 40, solid=full)
    title(ax, folded, f"row {ROW}, folded", "as Y is: W as it is stored")
    down = A[:, COLUMN].reshape(3, 3)
    folded = grid(ax, "W", down, 520, 450, 40, solid=set(np.ndindex(3, 3)))
    title(ax, folded, f"column {COLUMN}, folded", "as Z is: W turned")
    draw.text(ax, 400, 654, "one matrix, read across and read down", 18)


def _bare(values):
    return [[value if value else None for value in row] for row in values]


def _alt():
    A = matrix()
    row = "; ".join(" ".join(map(bare, line)) for line in RUNNING.W[:, :, 0, 0])
    column = "; ".join(" ".join(map(bare, line)) for line in A[:, COLUMN].reshape(3, 3))
    return (
        "The layer as a matrix A of 9 rows, one for each cell of Z, and 25 columns, one for each "
        "cell of Y; empty cells are 0, and each row is the one above it shifted by a cell or, at "
        f"a new row of Z, by three. Row {ROW}, of Z(1, 1), folded to 5 x 5 holds the filter as it "
        f"is stored: {row}. Column {COLUMN}, of Y(2, 2), folded to 3 x 3 holds it turned: {column}."
    )


FIGURES = [Figure("layer_as_a_matrix_read_across_and_down", (), 680, layer, _alt())]

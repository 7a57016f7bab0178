"""Whole gradients: all of dY with the sum of each map, and the gradient of a digit."""

import numpy as np

from cnnlib import loops
from cnnlib.examples import digits
from figures import draw
from figures.figure import Figure
from figures.forward import F_K, N_K, SEVERAL
from figures.words import bare


def shares():
    """Return what each filter alone gives to dY: f_k arrays of the shape of Y."""
    return [
        loops.conv_backward_input(
            SEVERAL.dZ[:, :, [k]], SEVERAL.W[:, :, :, [k]], SEVERAL.input_size
        )
        for k in range(F_K)
    ]


def whole(ax):
    """A row for each map of dY: what came from each map of dZ, and the sum."""
    parts, cell = shares(), 35
    for k_in in range(N_K):
        y = 92 + 268 * k_in
        for n, part in enumerate([*parts, sum(parts)]):
            x, last = 11 + 199 * n, n == F_K
            title = f"dY(:, :, {k_in})" if last else f"dZ(:, :, {n})"
            note = "the sum\n" if last else f"\nthrough W(:, :, {k_in}, {n})"
            placed = draw.grid(ax, "dY" if last else "dZ", part[:, :, k_in], x, y, cell,
                               title=title, note=note, heads=False)  # fmt: skip
            if n:
                draw.text(ax, x - 14, placed.middle[1], "=" if last else "+", 22, True)
    words = "From each map of dZ, what it alone contributes. k_in is kept, k is added up."
    draw.text(ax, 400, 540, words, 18)


def _whole_alt():
    parts = shares()
    rows = [
        f"map {k_in}: first rows "
        + ", ".join(
            f"{' '.join(map(bare, part[0, :, k_in]))} from k = {k}" for k, part in enumerate(parts)
        )
        + f", sum {' '.join(map(bare, sum(parts)[0, :, k_in]))}"
        for k_in in range(N_K)
    ]
    return (
        f"All of dY: for each of its {N_K} maps a row of four grids, the contribution of each of "
        f"the {F_K} maps of dZ and, last, their sum. {'; '.join(rows)}. "
        "k_in is kept, k is added up."
    )


EDGES = np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])[:, :, None, None]


def digit(ax):
    """A digit, what the edge filter answers, and the gradient of half the sum of squares."""
    Y = digits()[0][0]
    Z = loops.conv_forward(Y, EDGES)
    dY = loops.conv_backward_input(Z, EDGES, Y.shape[:2])
    for x, values, name, words, cell in (
        (32, Y, "Y", "8 x 8, the digit", 28),
        (320, Z, "Z", "6 x 6, is dZ too: edges", 28),
        (548, dY, "dY", "8 x 8, which pixels to change", 27),
    ):
        shades(ax, values[:, :, 0], x, 84, cell)
        draw.text(ax, x, 40, name, 18, True, ha="left", color=draw.WORDS[name[-1]])
        draw.lines(ax, x, 64, [words], 15, color=draw.SOFT)
    shade(ax, 92, 340, 22, False, 1)
    draw.text(ax, 124, 351, "ink: above 0", 16, ha="left")
    shade(ax, 260, 340, 22, True, 1)
    draw.text(ax, 292, 351, "purple with a bar: below 0", 16, ha="left")
    draw.text(ax, 540, 351, f"dY: {bare(dY.min())} to {bare(dY.max())}", 16, ha="left")


def shades(ax, values, x, y, cell):
    """Draw numbers as shades: ink above 0, purple with a bar below."""
    most = np.abs(values).max()
    for (r, c), value in np.ndenumerate(values):
        shade(ax, x + c * cell, y + r * cell, cell, value < 0, (abs(value) / most) ** 0.7)
    return draw.Placed(x, y, cell * values.shape[1], cell * values.shape[0], cell)


def shade(ax, x, y, cell, below, part):
    """Draw one cell of `shades`, this part of the full shade."""
    color = draw.BELOW if below else draw.INK
    look = {"line": 0, "round_": 0.1, "edge": "none"}
    draw.box(ax, x, y, cell, cell, fill=color, alpha=part, **look)
    draw.box(ax, x, y, cell, cell, edge=draw.LINE, line=0.8, round_=0.1)
    if below:
        draw.text(ax, x + cell / 2, y + cell / 2, "−", 16, True,
                  color=draw.PAPER if part > 0.45 else draw.INK)  # fmt: skip


def _digit_alt():
    Y = digits()[0][0]
    dY = loops.conv_backward_input(loops.conv_forward(Y, EDGES), EDGES, Y.shape[:2])
    return (
        "Three grids in shades: a handwritten 0 of 8 x 8 pixels; the answer of a filter to its "
        "horizontal edges, above 0 where ink ends going down and below 0 where it begins; and "
        f"the gradient dY, from {bare(dY.min())} to {bare(dY.max())}, which says which pixels to "
        "darken or lighten so that the edges get stronger. Below 0 is purple with a bar."
    )


FIGURES = [
    Figure("all_of_dy_is_the_sum_over_its_maps", (), 570, whole, _whole_alt()),
    Figure("digit_and_the_gradient_of_its_edges", (), 380, digit, _digit_alt()),
]

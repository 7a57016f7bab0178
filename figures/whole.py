"""Whole gradients: all of dY with the sum of each map, and the gradient of a digit."""

import numpy as np

from cnnlib import loops
from cnnlib.examples import digits, three_maps
from figures import draw
from figures.cells import grid, minus, title
from figures.figure import Figure
from figures.several_maps import bare

SEVERAL = three_maps()
N_K, F_K = SEVERAL.W.shape[2:]


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
    parts, cell = shares(), 34
    for k_in in range(N_K):
        y = 92 + 268 * k_in
        for n, part in enumerate([*parts, sum(parts)]):
            x, last = 17 + 199 * n, n == F_K
            numbers = [list(map(bare, row)) for row in part[:, :, k_in]]
            every = set(np.ndindex(SEVERAL.input_size)) if last else ()
            placed = grid(ax, "dY", numbers, x, y, cell, tinted=every, size=15)
            words = f"dY(:, :, {k_in})" if last else f"from dZ(:, :, {n})"
            title(ax, placed, words, "the sum" if last else f"through W(:, :, {k_in}, {n})")
            if n:
                draw.text(ax, x - 14, placed.middle[1], "=" if last else "+", 22, True)
    draw.text(ax, 400, 540, "k_in is kept, k is added up", 19)


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
        f"the {F_K} maps of dZ and, tinted, their sum. {'; '.join(rows)}. "
        "k_in is kept, k is added up."
    )


EDGES = np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])[:, :, None, None]


def digit(ax):
    """A digit, what the edge filter answers, and the gradient of half the sum of squares."""
    Y = digits()[0][0]
    Z = loops.conv_forward(Y, EDGES)
    dY = loops.conv_backward_input(Z, EDGES, Y.shape[:2])
    for x, values, name, words in (
        (32, Y, "Y, 8 × 8", "the digit"),
        (320, Z, "Z, 6 × 6; dZ = Z", "where ink begins or ends"),
        (548, dY, "dY, 8 × 8", "which pixels to change"),
    ):
        cell = 28 if name[0] == "Z" else 27
        placed = shades(ax, values[:, :, 0], x, 92, cell)
        title(ax, placed, name, words)
    draw.box(ax, 32, 352, 22, 22, fill=draw.INK, edge=draw.LINE, line=1, round_=0.1)
    draw.text(ax, 64, 363, "dark: above 0", 17, ha="left")
    draw.box(ax, 240, 352, 22, 22, fill=draw.PURPLE, edge=draw.LINE, line=1, round_=0.1)
    draw.text(ax, 251, 363, "−", 20, True, color=draw.PAPER, zorder=3)
    draw.text(ax, 272, 363, "purple with a bar: below 0", 17, ha="left")
    draw.text(ax, 540, 363, f"dY: {minus(dY.min())} to {minus(dY.max())}", 17, ha="left")


def shades(ax, values, x, y, cell):
    """Draw numbers as shades: ink above 0, purple with a bar below."""
    most = np.abs(values).max()
    for (r, c), value in np.ndenumerate(values):
        color = draw.PURPLE if value < 0 else draw.INK
        place = x + c * cell, y + r * cell, cell, cell
        draw.box(ax, *place, fill=_mixed(color, (abs(value) / most) ** 0.7), edge=draw.LINE,
                 line=0.8, round_=0.1)  # fmt: skip
        if value < 0:
            dark = abs(value) > most / 4
            middle = x + (c + 0.5) * cell, y + (r + 0.5) * cell
            draw.text(ax, *middle, "−", 16, color=draw.PAPER if dark else draw.INK, zorder=3)
    return draw.Placed(x, y, cell, *values.shape)


def _mixed(color, part):
    channels = [int(color[n : n + 2], 16) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (one - 255) * part):02x}" for one in channels)


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
    Figure("digit_and_the_gradient_of_its_edges", (), 400, digit, _digit_alt()),
]

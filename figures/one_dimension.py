"""Figures of a row, not a map: the one relation, and the flip, on one axis."""

import numpy as np

from cnnlib.examples import one_map
from cnnlib.trace import number
from figures import draw
from figures.cells import grid, minus, title
from figures.figure import Figure
from figures.several_maps import bare

RUNNING = one_map()
Y, W, DZ = RUNNING.Y[0, :, 0], RUNNING.W[0, :, 0, 0], RUNNING.dZ[0, :, 0]
F, PLACES = len(W), len(DZ)
HELD = 2  # the cell of y that all windows cover
SIZE = 48


def _product(a, b):
    return f"{minus(a)} · {f'({minus(b)})' if b < 0 else minus(b)}"


def reaches(ax):
    """The row w under the row y, window after window; one cell of y is held."""
    row = grid(ax, "Y", [Y], 70, 66, SIZE, solid={(0, HELD)})
    title(ax, row, f"y, held: y({HELD}) = {minus(Y[HELD])}")
    for i in range(PLACES):
        y, u = 166 + 84 * i, HELD - i
        laid = grid(ax, "W", [W], 70 + i * SIZE, y, SIZE, solid={(0, u)})
        draw.text(ax, 58, laid.left[1], f"i = {i}", 17, ha="right") if i == 0 else None
        draw.text(ax, laid.x - 12, laid.left[1], f"i = {i}", 17, ha="right") if i else None
        draw.arrow(ax, (340, laid.left[1]), (400, laid.left[1]), width=2.5)
        weight = f"w({u}) = {minus(W[u])}"
        draw.text(ax, 420, laid.left[1], f"reaches z({i}) through {weight}", 18, ha="left")
    x = row.at(0, HELD)[0]
    for i in range(PLACES - 1):
        y = 166 + 84 * i + SIZE
        draw.arrow(ax, (x, y + 4), (x, y + 32), head=False, width=1.5, color=draw.LINE)
    draw.arrow(ax, (x, 66 + SIZE + 4), (x, 162), head=False, width=1.5, color=draw.LINE)
    sums = ", ".join(f"{i} + {HELD - i}" for i in range(PLACES))
    draw.text(ax, 400, 430, f"i + u is always the index in y: {sums} = {HELD}", 19, True)


def _reaches_alt():
    ways = "; ".join(
        f"window {i} puts w({HELD - i}) = {W[HELD - i]:.0f} on it" for i in range(PLACES)
    )
    return (
        f"A row y of {len(Y)} cells with y({HELD}) held, and under it the row w of {F} weights at "
        f"its {PLACES} places, one below the other: {ways}. As the window moves right, the weight "
        f"on y({HELD}) moves left; i + u stays {HELD}."
    )


SHOWN = (0, 2, 4)


def gathers(ax):
    """The turned row of weights under dz with its zeros, at three places."""
    padded = np.pad(DZ, F - 1)
    zeros = {(0, c) for c in range(len(padded)) if not F - 1 <= c < F - 1 + PLACES}
    turned = W[::-1]
    both = draw.Placed(70, 60, SIZE, 1, F)
    draw.text(ax, both.x - 14, 60 + SIZE / 2, "w", 20, True, ha="right")
    as_is = grid(ax, "W", [W], 70, 60, SIZE)
    half = grid(ax, "W", [turned], 470, 60, SIZE)
    draw.arrow(ax, (as_is.right[0] + 16, 84), (half.x - 20, 84), "turned", width=2.5)
    for place, indices in ((as_is, range(F)), (half, reversed(range(F)))):
        for c, u in enumerate(indices):
            draw.text(ax, place.at(0, c)[0], 48, f"w({u})", 15, color=draw.SOFT)
    for n, c in enumerate(SHOWN):
        y = 176 + 158 * n
        met = {(0, j) for j in range(len(padded)) if c <= j < c + F and (0, j) not in zeros}
        row = grid(ax, "Z", [padded], 70, y, SIZE, tinted=met, zeros=zeros)
        if n == 0:
            words = f"dz, with f − 1 = {F - 1} zeros on each side"
            draw.text(ax, 70, y - 18, words, 17, True, ha="left")
        laid = grid(ax, "W", [turned], 70 + c * SIZE, y + SIZE + 6, SIZE)
        terms = [(DZ[j], W[c - j]) for j in range(PLACES) if 0 <= c - j < F]
        total = sum(a * b for a, b in terms)
        draw.text(ax, 430, row.left[1], f"dy({c}) =", 19, True, ha="left")
        words = " + ".join(_product(a, b) for a, b in terms).replace("+ −", "− ")
        draw.text(ax, 530, row.left[1], words, 17, ha="left")
        draw.text(ax, 530, laid.left[1], f"= {minus(total)}", 21, True, ha="left")
    draw.text(ax, 400, 636, "w(0) lies on dz(c): there the window ends", 18)


def _plain(a, b):
    return f"{number(float(a))}·{number(float(b))}"


def _gathers_alt():
    def sums(c):
        terms = [(DZ[j], W[c - j]) for j in range(PLACES) if 0 <= c - j < F]
        total = sum(a * b for a, b in terms)
        words = " + ".join(_plain(a, b) for a, b in terms)
        return f"for dy({c}), {words}" + (f" = {bare(total)}" if len(terms) > 1 else "")

    return (
        f"The row w, turned so that w({F - 1}) comes first, slides under dz with {F - 1} zeros on "
        f"each side. Three of its places: {'; '.join(map(sums, SHOWN))}. Each time w(0), the last "
        "weight of the turned row, lies on dz(c)."
    )


LETTERS = [["P", "Q"], ["R", "S"]], [["a", "b"], ["c", "d"]]


def letters(ax):
    """Each cell of dY as four products, the zeros written, the weights in columns."""
    dZ, weights = LETTERS
    for x, name, values in ((50, "dZ", dZ), (50, "W", weights)):
        placed = grid(ax, name, values, x, 84 if name == "dZ" else 290, 52, size=24)
        title(ax, placed, f"{name}, 2 × 2")
    back = [row[::-1] for row in weights[::-1]]
    placed = grid(ax, "W", back, 50, 486, 52, size=24)
    title(ax, placed, "W turned")
    draw.arrow(ax, (102, 404), (102, 448), width=2.5)
    columns = [back[0][0], back[0][1], back[1][0], back[1][1]]
    for n, weight in enumerate(columns):
        x = 372 + 106 * n
        draw.box(ax, x - 8, 62, 72, 560, fill="#fae3d4", edge="none", line=0, round_=10)
        draw.text(ax, x + 28, 40, f"· {weight}", 23, True, color="#A84700")
    for n, (cell, factors) in enumerate(expansion()):
        y = 90 + 60 * n + 10 * (n // 3)
        draw.text(ax, 330, y, f"dY({cell[0]}, {cell[1]}) =", 19, True, ha="right")
        for m, (factor, weight) in enumerate(zip(factors, columns, strict=True)):
            x = 372 + 106 * m
            look = {"color": draw.LINE} if factor == "0" else {"bold": True}
            draw.text(ax, x + 28, y, f"{factor} {weight}", 21, **look)
            if m < 3:
                draw.text(ax, x + 81, y, "+", 18, color=draw.SOFT)


def expansion():
    """Yield each cell of dY with the letters that stand before d, c, b, a."""
    dZ, _ = LETTERS
    for r, c in np.ndindex(3, 3):
        factors = []
        for u, v in ((1, 1), (1, 0), (0, 1), (0, 0)):
            i, j = r - u, c - v
            factors.append(dZ[i][j] if 0 <= i < 2 and 0 <= j < 2 else "0")
        yield (r, c), factors


def _letters_alt():
    def line(cell, factors):
        words = [f"{f}{w}" for f, w in zip(factors, "dcba", strict=True) if f != "0"]
        return f"dY{cell} = {' + '.join(words)}"

    rows = "; ".join(line(*each) for each in expansion())
    return (
        "The gradient of a 3 x 3 map in letters: dZ has the rows P Q and R S, the filter W the "
        f"rows a b and c d. Nine sums, zeros written out, their weights in four columns: {rows}. "
        "A column keeps its weight; across each row they read d, c, b, a: W turned."
    )


FIGURES = [
    Figure("one_row_i_plus_u_is_the_index_in_y", (), 470, reaches, _reaches_alt()),
    Figure("one_row_gathers_with_turned_weights", (), 670, gathers, _gathers_alt()),
    Figure("gradient_of_a_small_map_in_letters", (), 660, letters, _letters_alt()),
]

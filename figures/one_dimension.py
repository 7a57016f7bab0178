"""Figures of a row, not a map: the one relation, and the flip, on one axis."""

import numpy as np

from cnnlib.trace import number
from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING
from figures.words import bare

Y, W, DZ = RUNNING.Y[0, :, 0], RUNNING.W[0, :, 0, 0], RUNNING.dZ[0, :, 0]
F, PLACES = len(W), len(DZ)
HELD = 2  # the cell of y that all windows cover
SIZE = 48
BARE = {"heads": False}


def _product(a, b):
    return f"{bare(a)} · {number(float(b))}"


def reaches(ax):
    """The row w under the row y, window after window; one cell of y is held."""
    words = f"held: y({HELD}) = {bare(Y[HELD])}"
    row = draw.grid(ax, "Y", [Y], 70, 66, SIZE, title="y", note=words, solid={(0, HELD)}, **BARE)
    for i in range(PLACES):
        y, u = 166 + 84 * i, HELD - i
        laid = draw.grid(ax, "W", [W], 70 + i * SIZE, y, SIZE, title="", note="", solid={(0, u)},
                         card="as stored", **BARE)  # fmt: skip
        draw.text(ax, laid.x - 12, laid.left[1], f"i = {i}", 17, ha="right")
        draw.arrow(ax, (340, laid.left[1]), (400, laid.left[1]), width=2.5)
        weight = f"w({u}) = {bare(W[u])}"
        draw.text(ax, 420, laid.left[1], f"reaches z({i}) through {weight}", 18, ha="left")
    x = row.at(0, HELD)[0]
    for i in range(PLACES - 1):
        y = 166 + 84 * i + SIZE
        draw.rule(ax, x, y + 4, (x, y + 32), width=1.5)
    draw.rule(ax, x, 66 + SIZE + 4, (x, 162), width=1.5)
    sums = ", ".join(f"{i} + {HELD - i}" for i in range(PLACES))
    draw.text(ax, 400, 430, f"i + u is always the index in y: {sums} = {HELD}", 19, True)
    draw.key(ax, 476, ("solid", "Y", ""), ("solid", "W", "a cell and the weight on it"),
             ("stored", "W", "cut corner: w(0)"))  # fmt: skip


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


def _terms(c):
    """Return the pairs of factors that meet at this place, and the sum of their products."""
    terms = [(DZ[j], W[c - j]) for j in range(PLACES) if 0 <= c - j < F]
    return terms, sum(a * b for a, b in terms)


def gathers(ax):
    """The turned row of weights under dz with its zeros, at three places."""
    padded = np.pad(DZ, F - 1)
    zeros = {(0, c) for c in range(len(padded)) if not F - 1 <= c < F - 1 + PLACES}
    turned = W[::-1]
    indices = [f"w({u})" for u in range(F)]
    as_is = draw.grid(ax, "W", [W], 70, 76, SIZE, title="w", note="as stored", card="as stored",
                      heads=([""], indices))  # fmt: skip
    half = draw.grid(ax, "W", [turned], 470, 76, SIZE, title="w", note="turned", card="turned",
                     heads=([""], indices[::-1]))  # fmt: skip
    draw.arrow(ax, (as_is.right[0] + 16, 100), (half.x - 20, 100))
    for n, c in enumerate(SHOWN):
        y = 194 + 102 * n
        words = f"with f − 1 = {F - 1} zeros on each side" if n == 0 else ""
        lies = draw.Window(0, c, "W", [turned], turned=True)
        row = draw.grid(ax, "Z", [padded], 70, y, SIZE, title="dz" if n == 0 else "", note=words,
                        zeros=zeros, window=lies, **BARE)  # fmt: skip
        terms, total = _terms(c)
        draw.text(ax, 430, row.left[1], f"dy({c}) =", 19, True, ha="left")
        words = " + ".join(_product(a, b) for a, b in terms).replace("+ -", "− ")
        draw.text(ax, 530, row.left[1], words, 17, ha="left")
        draw.text(ax, 530, row.left[1] + 30, f"= {bare(total)}", 21, True, ha="left")
    draw.text(ax, 400, 494, "w(0) lies on dz(c): there the window ends", 18)
    draw.key(ax, 534, ("turned", "W", "w lies here, turned; cut corner: w(0)"),
             ("zeros", "Z", "zeros put in"))  # fmt: skip


def _plain(a, b):
    return f"{number(float(a))}·{number(float(b))}"


def _gathers_alt():
    def sums(c):
        terms, total = _terms(c)
        words = " + ".join(_plain(a, b) for a, b in terms)
        return f"for dy({c}), {words}" + (f" = {bare(total)}" if len(terms) > 1 else "")

    return (
        f"The row w, turned so that w({F - 1}) comes first, slides over dz with {F - 1} zeros on "
        f"each side. Three of its places: {'; '.join(map(sums, SHOWN))}. Each time w(0), the last "
        "weight of the turned row, lies on dz(c)."
    )


LETTERS = [["P", "Q"], ["R", "S"]], [["a", "b"], ["c", "d"]]


def letters(ax):
    """Each cell of dY as four products, the zeros written, the weights in columns."""
    dZ, weights = LETTERS
    back = [row[::-1] for row in weights[::-1]]
    look = {"size": 24, "heads": False}
    draw.grid(ax, "dZ", dZ, 60, 84, 52, **look)
    draw.grid(ax, "W", weights, 60, 262, 52, note="as stored", card="as stored", **look)
    draw.grid(ax, "W", back, 60, 440, 52, note="turned", card="turned", **look)
    draw.arrow(ax, (112, 374), (112, 408))
    draw.text(ax, 40, 580, "cut corner: a", 15, ha="left", color=draw.SOFT)
    columns = [back[0][0], back[0][1], back[1][0], back[1][1]]
    for n, weight in enumerate(columns):
        x = 372 + 106 * n
        draw.box(ax, x - 8, 62, 72, 560, fill=draw.TINT["W"], edge="none", round_=10)
        draw.text(ax, x + 28, 40, f"· {weight}", 23, True, color=draw.WORDS["W"])
    for n, (cell, factors) in enumerate(expansion()):
        y = 90 + 60 * n + 10 * (n // 3)
        draw.text(ax, 330, y, f"dY({cell[0]}, {cell[1]}) =", 19, True, ha="right")
        for m, (factor, weight) in enumerate(zip(factors, columns, strict=True)):
            x = 372 + 106 * m
            look = {"color": draw.SOFT} if factor == "0" else {"bold": True}
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
    Figure("one_row_i_plus_u_is_the_index_in_y", (), 505, reaches, _reaches_alt()),
    Figure("one_row_gathers_with_turned_weights", (), 565, gathers, _gathers_alt()),
    Figure("gradient_of_a_small_map_in_letters", (), 660, letters, _letters_alt()),
]

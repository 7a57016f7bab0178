"""Grids in the colours of their arrays: Y green, W orange, Z blue, and so their gradients."""

from cnnlib.trace import number
from figures import draw

INKS = {"Y": "#009E73", "W": "#D55E00", "Z": "#0072B2"}
TINTS = {"Y": "#dff3ed", "W": "#fae3d4", "Z": "#d9eaf5"}
SOLID = {"Y": "#00795A", "W": "#B84E00", "Z": "#0072B2"}  # white is read on these
GREY = "#f1f1f1"


def grid(ax, array, values, x, y, cell=44, *, tinted=(), solid=(), zeros=(), size=None):
    """Draw a grid of numbers or texts in the colour of its array; give back where it is.

    `values` is a matrix, None for an empty cell. Cells are (row, column): `tinted` ones have the
    soft colour, `solid` ones the full colour with white numbers, `zeros` were put in.
    """
    name = array[-1]
    for r, row in enumerate(values):
        for c, value in enumerate(row):
            fill = draw.PAPER
            if (r, c) in zeros:
                fill = GREY
            if (r, c) in tinted:
                fill = TINTS[name]
            if (r, c) in solid:
                fill = SOLID[name]
            edge = draw.LINE if (r, c) in zeros else INKS[name]
            place = x + c * cell, y + r * cell, cell, cell
            draw.box(ax, *place, fill=fill, edge=edge, line=1.5, round_=0.1)
            words = value if isinstance(value, str) or value is None else minus(value)
            if words:
                color = draw.PAPER if (r, c) in solid else draw.INK
                color = draw.SOFT if (r, c) in zeros else color
                font = size or max(15, 0.4 * cell)
                middle = x + (c + 0.5) * cell, y + (r + 0.5) * cell
                draw.text(ax, *middle, words, font, (r, c) in solid, color=color, zorder=3)
    return draw.Placed(x, y, cell, len(values), len(values[0]))


def title(ax, placed, words, below=""):
    """Write the name of a grid above it, and a line of soft words between."""
    up = placed.y - (36 if below else 16)
    draw.text(ax, placed.x, up, words, 18, True, ha="left")
    if below:
        draw.text(ax, placed.x, placed.y - 13, below, 15, ha="left", color=draw.SOFT)


def minus(value):
    """Write a number with a true minus sign."""
    return number(float(value), bare=True).replace("-", "−")

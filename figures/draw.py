"""The vocabulary of the figures: the language of the steppers, drawn by matplotlib.

Every function takes an Axes that `figure.svg` has laid out in pixels, with y downwards, draws on
it and changes nothing else. What is drawn comes back as a `Placed`, so that arrows can start and
end at it. Each array has a colour, and nothing is told by colour alone: a marked cell is solid,
a tinted one has a bar, a window has a cut corner at index (0, 0) of what lies there, zeros that
were put in have no lines, and backward arrows are dashed.
"""

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from cnnlib.shapes import by
from figures.words import bare

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "cnnlib",  # the same names inside the file each time
}
"""For `matplotlib.rc_context`, around a whole figure."""

INK, SOFT, LINE, PAPER, GREY = "#1a1a1a", "#595959", "#b0b0b0", "#ffffff", "#f0f0f0"
BELOW = "#8f3a70"  # below zero, always with a bar
FRAME = {"Y": "#009e73", "W": "#d55e00", "Z": "#0072b2"}
WORDS = {"Y": "#006d50", "W": "#a84700", "Z": "#005f96"}
SOLID = {"Y": "#00795a", "W": "#b84e00", "Z": "#0072b2"}  # white is read on these
TINT = {"Y": "#e0f3ec", "W": "#fbebdf", "Z": "#e0eef8"}

PALETTE = {  # name: the colour on a light page, and on a dark one
    "ink": (INK, "#ececec"),
    "soft": (SOFT, "#b3b3b3"),
    "line": (LINE, "#5c5c5c"),
    "paper": (PAPER, "#111111"),
    "grey": (GREY, "#262626"),
    "below": (BELOW, "#e08fc0"),
    "y-frame": (FRAME["Y"], "#2bc79b"),
    "w-frame": (FRAME["W"], "#e69f00"),
    "z-frame": (FRAME["Z"], "#56b4e9"),
    "y-words": (WORDS["Y"], "#3ccfa4"),
    "w-words": (WORDS["W"], "#f0ab3c"),
    "z-words": (WORDS["Z"], "#6cc0f0"),
    "y-solid": (SOLID["Y"], "#2bc79b"),
    "w-solid": (SOLID["W"], "#e69f00"),
    "y-tint": (TINT["Y"], "#12302a"),
    "w-tint": (TINT["W"], "#36270e"),
    "z-tint": (TINT["Z"], "#142d3d"),
}


class Placed(NamedTuple):
    """A box or a grid that has been drawn; `cell` is the size of a cell of a grid."""

    x: float
    y: float
    width: float
    height: float
    cell: float = 0

    left = property(lambda self: (self.x, self.y + self.height / 2))
    right = property(lambda self: (self.x + self.width, self.left[1]))
    top = property(lambda self: (self.x + self.width / 2, self.y))
    bottom = property(lambda self: (self.top[0], self.y + self.height))
    middle = property(lambda self: (self.top[0], self.left[1]))

    def at(self, row, column, right=0.5, down=0.5):
        """Point in a cell, by default its middle; `right` and `down` are parts of a cell."""
        return self.x + (column + right) * self.cell, self.y + (row + down) * self.cell


class Window(NamedTuple):
    """What lies on a grid: numbers below the grid's own, in a frame with a cut corner."""

    top: int
    left: int
    name: str  # of the array that lies there
    values: object = None  # its numbers as they lie; None for a frame alone
    turned: bool = False  # then index (0, 0) is at the bottom right
    size: tuple[int, int] = (0, 0)  # only for a frame alone

    @property
    def shape(self):
        """Rows and columns that it covers."""
        return self.size if self.values is None else np.shape(self.values)


# --- words and lines -----------------------------------------------------------------


def text(ax, x, y, words, size=18, bold=False, **how):
    """Write words, of one line or more, around (x, y); `ha`, `color` and the like go on."""
    look = {"ha": "center", "va": "center_baseline", "color": INK, "zorder": 3, **how}
    rows = written(words).split("\n")
    for position, row in enumerate(rows):  # each on its own, so that SVG can anchor it
        row = re.sub("^ +|  +", lambda run: "\u00a0" * len(run[0]), row)  # SVG drops runs
        down = y + 1.25 * size * (position - (len(rows) - 1) / 2)
        ax.text(x, down, row, fontsize=size, fontweight="bold" if bold else "normal", **look)


def written(words):
    """Return the words with true minus and times signs, which are wider than - and x."""
    words = re.sub(r"(?<![\w-])-(?=\d)", "\u2212", words)
    return re.sub(r"(?<=\w) x (?=\d)", " × ", words)


def lines(ax, x, y, rows, size=18, leading=1.4, **how):
    """Write one line below the other, from (x, y) on; give back the y below the last."""
    for row in rows:
        text(ax, x, y, row, size, **{"ha": "left", **how})
        y += size * leading
    return y


@cache
def width_of(words, size, bold=False):
    """Return the width in pixels of words as `text` writes them."""
    weight = "bold" if bold else "normal"
    font = FontProperties(family=STYLE["font.sans-serif"], size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(written(words), font, ismath=False)[0]


def box(ax, x, y, width, height, words="", *, size=18, fill="none", edge=INK, line=2, **how):
    """Draw a box with rounded corners and words in it; give it back as a `Placed`."""
    shape = f"round,pad=0,rounding_size={how.pop('round_', 8)}"
    look = {"fc": fill, "ec": edge, "lw": line, "clip_on": False, "zorder": how.pop("zorder", 1)}
    look["alpha"] = how.pop("alpha", None)
    ax.add_artist(FancyBboxPatch((x, y), width, height, shape, **look))
    placed = Placed(x, y, width, height)
    if words:
        text(ax, *placed.middle, words, size, **how)
    return placed


def arrow(ax, start, end, words="", *, back=False, size=16, color=INK, **how):
    """Draw an arrow, and what flows along it; a `back` one is dashed.

    Parameters
    ----------
    how
        `width` of the line; `gap` between line and words; `at`, where along it they are;
        `head=False` for a line alone; the rest goes to `text`.
    """
    width, gap, at = how.pop("width", 2.5), how.pop("gap", 4 + 0.7 * size), how.pop("at", 0.5)
    head = 4.6 * width if how.pop("head", True) else 0
    start, end = np.array(start, float), np.array(end, float)
    way = (end - start) / np.linalg.norm(end - start)
    side = np.array([way[1], -way[0]])  # y runs downwards
    foot = end - head * way
    dashes = (0, (2.4, 1.3)) if back else "solid"
    look = {"fc": "none", "ec": color, "lw": width, "ls": dashes, "clip_on": False, "zorder": 2.5}
    ax.add_artist(PathPatch(Path([start, foot + way * head * 0.2]), **look))
    if head:
        corners = [end, foot + side * head * 0.45, foot - side * head * 0.45]
        ax.add_artist(Polygon(corners, fc=color, ec="none", clip_on=False, zorder=2.5))
    if words:
        up = -side if side[1] > 0.01 else side  # words are above the line, or beside it
        x, y = start + at * (end - start) + gap * up
        beside = "center" if abs(up[0]) < 0.2 else "left" if up[0] > 0 else "right"
        text(ax, x, y, words, size, **{"ha": beside, **how})


def across(ax, start, end, words="", *, level=None, after=8, before=28, **how):
    """Draw an arrow from a grid or box to another at its left or right.

    Parameters
    ----------
    level
        Its height; by default the middle of what it points at.
    after, before
        Gaps at the right of one and at the left of the other, where rows have their numbers.
    how
        As in `arrow`.
    """
    level = end.middle[1] if level is None else level
    if start.x < end.x:
        ends = (start.right[0] + after, level), (end.x - before, level)
    else:
        ends = (start.x - before, level), (end.right[0] + after, level)
    arrow(ax, *ends, words, **how)


def elbow(ax, start, knee, end, *, back=False, **how):
    """Draw an arrow with a corner in it; `how` is for its last part, as in `arrow`."""
    arrow(ax, start, knee, back=back, head=False)
    arrow(ax, knee, end, back=back, **how)


def cone(ax, start, end):
    """Draw the way from one side of a cell to one side of a block: two pairs of points."""
    corners = [start[0], start[1], end[1], end[0]]
    look = {"fc": FRAME["W"], "ec": "none", "alpha": 0.13, "clip_on": False, "zorder": 0.5}
    ax.add_artist(Polygon(corners, **look))
    for a, b in zip(start, end, strict=True):
        arrow(ax, a, b, head=False, width=1.4, color=FRAME["W"])


def rule(ax, x, y, end, color=LINE, width=1):
    """Draw a straight line from (x, y) to `end`."""
    look = {"fc": "none", "ec": color, "lw": width, "clip_on": False, "zorder": 0.6}
    ax.add_artist(PathPatch(Path([(x, y), end]), **look))


# --- grids ---------------------------------------------------------------------------


def grid(ax, name, values, x, y, cell=46, *, title=None, note=None, heads=True, solid=(),
         soft=(), zeros=(), window=None, card=None, size=None):  # fmt: skip
    """Draw a grid of numbers in the colour of its array; give back where it is.

    Parameters
    ----------
    name : str
        The array, as in "dZ"; its letter chooses the colour.
    values : 2-D array or nested list
        Numbers, or texts; a None stays empty.
    x, y : float
        The corner of the top left cell. Headers and title grow upwards from there.
    title, note : str
        What is written above, after each other: the name, and its size. "" for none.
    heads : bool or (list of str, list of str)
        Whether rows and columns have their numbers; or what they have.
    solid, soft, zeros : set of (row, column)
        Cells that are marked, those that have a tint and a bar, and zeros that were put in.
    window : Window or list of Window
        What lies on the grid.
    card : "as stored" or "turned"
        A frame with a cut corner around all of it.
    """
    array = re.search("[YWZ]", name)[0]
    rows, columns = len(values), len(values[0])
    placed = Placed(x, y, columns * cell, rows * cell, cell)
    windows = [window] if isinstance(window, Window) else list(window or ())
    if card:
        windows.append(Window(0, 0, name, None, card == "turned", (rows, columns)))
    lying = {
        (window.top + r, window.left + c): (_words(value), re.search("[YWZ]", window.name)[0])
        for window in windows if window.values is not None
        for (r, c), value in np.ndenumerate(np.array(window.values, object))
        if value not in (None, "")
    }  # fmt: skip
    for place in np.ndindex(rows, columns):
        _ground(ax, placed, place, array, place in solid, place in soft, place in zeros)
    if not zeros:
        _rectangle(ax, x, y, placed.width, placed.height, edge=FRAME[array], line=1.8, zorder=1.3)
    for each in windows:
        _frame(ax, placed, each, 0.27 if cell >= 40 else 0.2)
    words = {place: _words(value) for place, value in np.ndenumerate(np.array(values, object))}
    size = size or _size_in(cell, max(width_of(words[at], 1, at in solid) for at in words))
    for place, on in words.items():
        marked, quiet = place in solid, place in zeros
        color = PAPER if marked else SOFT if quiet else INK
        _cell(ax, placed, place, on, lying.get(place), marked, color, size)
    above = y - 10
    if heads:
        numbers = [[str(n) for n in range(axis)] for axis in (rows, columns)]
        above -= _heads(ax, placed, numbers if heads is True else heads)
    title = name if title is None else title
    note = by((rows, columns)) if note is None else note
    _titled(ax, x, above, title, note, WORDS[array])
    return placed


def _ground(ax, placed, place, array, solid, soft, zero):
    fill = SOLID[array] if solid else TINT[array] if soft else GREY if zero else "none"
    edge, order = ("none", 0.9) if zero and not solid else (LINE, 1.4 if solid else 1)
    _rectangle(ax, *placed.at(*place, 0, 0), placed.cell, placed.cell, fill, edge, 1.2, order)
    if soft and not solid:  # a bar too, since a tint alone is not seen by everybody
        x, y = placed.at(*place, 0.3, 1)
        _rectangle(ax, x, y - 4.5, 0.4 * placed.cell, 2.2, FRAME[array], zorder=1.1)


def _frame(ax, placed, window, cut=0.27):
    """Draw the frame of what lies there, its tint, and its corner, cut by a part of a cell."""
    array = re.search("[YWZ]", window.name)[0]
    rows, columns = window.shape
    (left, top), (right, bottom) = (
        placed.at(window.top, window.left, 0, 0),
        placed.at(window.top + rows, window.left + columns, 0, 0),
    )
    cut *= placed.cell
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    if window.turned:
        pointed = [(right, bottom - cut), (right - cut, bottom)]
        outline = [*corners[:2], *pointed, corners[3]]
        away = [*pointed, corners[2]]
    else:
        pointed = [(left, top + cut), (left + cut, top)]
        outline, away = [*pointed, *corners[1:]], [*pointed, corners[0]]
    look = {"clip_on": False, "joinstyle": "miter"}
    if window.values is not None:
        ax.add_artist(Polygon(outline, fc=TINT[array], ec="none", zorder=0.95, **look))
    ax.add_artist(Polygon(away, fc=PAPER, ec=PAPER, lw=2.5, zorder=2, **look))
    ax.add_artist(Polygon(outline, fc="none", ec=FRAME[array], lw=3.2, zorder=2.2, **look))


def _words(value):
    return "" if value is None else value if isinstance(value, str) else bare(value)


def _size_in(cell, widest):
    """Return the size of all texts of a grid; `widest` is the width of one at size 1."""
    return max(15, min(0.4 * cell, 24, (cell - 5) / max(widest, 0.1)))


def _cell(ax, placed, place, words, lies, marked, color, size):
    """Write a number into a cell, and below it the one that lies there."""
    if not lies:
        text(ax, *placed.at(*place), words, size, marked, color=color)
        return
    value, array = lies
    if marked:
        half = placed.at(*place, 0, 0.53)
        _rectangle(ax, *half, placed.cell, 0.47 * placed.cell, SOLID[array], zorder=1.5)
    below = PAPER if marked else WORDS[array]
    lower, upper = max(15, 0.75 * size), max(15, min(size, 0.42 * placed.cell))
    text(ax, *placed.at(*place, 0.5, 0.29), words, upper, marked, color=color)
    down = min(0.76, 1 - 0.68 * lower / placed.cell)  # clear of the frame in a small cell
    text(ax, *placed.at(*place, 0.5, down), value, lower, True, color=below)


def _heads(ax, placed, heads):
    """Number the rows and columns; return the height that the numbers take."""
    for row, words in enumerate(heads[0]):
        x, y = placed.at(row, 0, right=0)
        text(ax, x - 8, y, words, 15, ha="right", color=SOFT)
    for column, words in enumerate(heads[1]):
        text(ax, placed.at(0, column)[0], placed.y - 13, words, 15, color=SOFT)
    return 18


def _titled(ax, x, y, title, note, color):
    """Write the title in bold and the note after it; lines of the note go below the title."""
    first, *more = note.split("\n")
    y -= 5 + 19 * len(more)
    if title:
        text(ax, x, y, title, 18, True, ha="left", color=color)
        ahead = x + width_of(title, 18, True) + 10
    text(ax, ahead if title else x, y, first, 15, ha="left", color=SOFT)
    for line in more:
        y += 19
        text(ax, x, y, line, 15, ha="left", color=SOFT)


def _rectangle(ax, x, y, width, height, fill="none", edge="none", line=0.0, zorder=1.0):
    look = {"fc": fill, "ec": edge, "lw": line, "clip_on": False, "zorder": zorder}
    ax.add_artist(Rectangle((x, y), width, height, joinstyle="miter", **look))


def panel(ax, panel, x, y, cell=46, *, lying=None, turned=False, term=True, **how):
    """Draw a `cnnlib.panels.Panel` as a `grid`; `how` goes on to it.

    `lying` is the array that lies on it; without `term`, the marked term is not shown.
    """
    cells = {(r, c): one for r, row in enumerate(panel.cells) for c, one in enumerate(row)}
    marks = ("term", "target") if term else ("target",)
    window = None
    on = [place for place, one in cells.items() if one.over or one.mark == "window"]
    if lying:
        on += [place for place, one in cells.items() if one.mark in ("term", "target")]
        (top, left), (bottom, right) = np.min(on, 0), np.max(on, 0)
        values = [[cells[r, c].over.strip("()") for c in range(left, right + 1)]
                  for r in range(top, bottom + 1)]  # fmt: skip
        frame = None if not any(map(any, values)) else values
        size = (bottom - top + 1, right - left + 1)
        window = Window(top, left, lying, frame, turned, size)
    how.setdefault("heads", [[head if head.isdigit() else "" for head in axis]
                             for axis in (panel.rows, panel.columns)])  # fmt: skip
    return grid(
        ax, panel.name, [[one.text for one in row] for row in panel.cells], x, y, cell,
        solid={place for place, one in cells.items() if one.mark in marks},
        zeros={place for place, one in cells.items() if one.filler},
        window=window, **how,
    )  # fmt: skip


def stack(ax, x, y, count, size, name, cell=46, shift=13):
    """Draw empty maps behind the first one, each lower and further to the right."""
    for k in reversed(range(1, count)):
        corner = x + shift * k, y + shift * k, size[1] * cell, size[0] * cell
        _rectangle(ax, *corner, PAPER, FRAME[name[-1]], 1.5, zorder=0.5 - 0.01 * k)
    _rectangle(ax, x, y, size[1] * cell, size[0] * cell, PAPER, zorder=0.6)


# --- the key ---------------------------------------------------------------------------


def key(ax, y, *entries, x=None, size=15):
    """Explain marks in a row, in the middle of the figure or from x on.

    An entry is (a mark, its array, what it means); marks are "solid", "soft", "zeros",
    "stored" and "turned", the last two for a frame with its cut corner.
    """
    side = 24
    wide = [side + (38 + width_of(words, size) if words else 5) for *_, words in entries]
    x = 414 - sum(wide) / 2 if x is None else x
    for (mark, name, words), width in zip(entries, wide, strict=True):
        sample(ax, mark, name, x, y - side / 2, side)
        text(ax, x + side + 10, y, words, size, ha="left")
        x += width


def sample(ax, mark, name, x, y, side):
    """Draw one cell with a mark, for a key."""
    array = name[-1]
    placed = Placed(x, y, side, side, side)
    if mark in ("stored", "turned"):
        _frame(ax, placed, Window(0, 0, name, [[""]], mark == "turned"))
    else:
        _ground(ax, placed, (0, 0), array, mark == "solid", mark == "soft", mark == "zeros")

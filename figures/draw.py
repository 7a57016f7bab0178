"""Matplotlib panels in the language of view.py: the same marks, letters and borders.

Every function takes an Axes that `canvas` has laid out in pixels, with y downwards,
draws on it and changes nothing else. What is drawn comes back as a `Placed`, so that
arrows can start and end at its cells. Nothing is told by colour alone: a mark has its
own border and letter, a backward arrow is dashed. One thing differs: a window has one
dashed outline with one w on its corner, where the table of a stepper marks each cell.
"""

import re
from textwrap import wrap
from typing import NamedTuple

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from cnnlib.panels import INDICES, MARKS, Panel, PanelCell
from cnnlib.shapes import by
from cnnlib.trace import number

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "cnnlib",  # the same names inside the file each time
}
"""For `matplotlib.rc_context`, around a whole figure."""

INK, SOFT, LINE, PAPER = "#1a1a1a", "#4d4d4d", "#8c8c8c", "#ffffff"
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#AA3377"
LOOKS = {  # mark: border colour, its width, its dashes (in widths), the fill
    "window": (BLUE, 2.5, (3, 1.4), "#d9eaf5"),
    "term": (ORANGE, 5.0, None, "#fae3d4"),
    "target": (ORANGE, 2.0, None, PAPER),  # drawn twice: a double border
    "done": (GREEN, 2.6, (1, 1.3), "#dff3ed"),
}


class Placed(NamedTuple):
    """A grid that has been drawn: x, y of its top left cell's corner, the size of a cell."""

    x: float
    y: float
    cell: float
    rows: int
    columns: int

    left = property(lambda self: (self.x, self.y + self.rows * self.cell / 2))
    right = property(lambda self: (self.x + self.columns * self.cell, self.left[1]))
    top = property(lambda self: (self.x + self.columns * self.cell / 2, self.y))
    bottom = property(lambda self: (self.top[0], self.y + self.rows * self.cell))
    middle = property(lambda self: (self.top[0], self.left[1]))

    def at(self, row, column, right=0.5, down=0.5):
        """Point in a cell, by default its middle; `right` and `down` are parts of a cell."""
        return self.x + (column + right) * self.cell, self.y + (row + down) * self.cell


def canvas(ax, height, width=800):
    """Lay an Axes out as a white card of so many pixels: readable on any page."""
    ax.set(position=(0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    box(ax, 1.5, 1.5, width - 3, height - 3, edge="#c8c8c8", line=1.5, round_=14, zorder=0.5)


# --- words and lines -----------------------------------------------------------------


def text(ax, x, y, words, size=18, bold=False, **how):
    """Write words, of one line or more, around (x, y); `ha`, `color` and the like go on."""
    look = {"ha": "center", "va": "center_baseline", "color": INK, **how}
    rows = words.split("\n")
    for position, row in enumerate(rows):  # each on its own, so that SVG can anchor it
        row = re.sub("^ +|  +", lambda run: "\u00a0" * len(run[0]), row)  # SVG drops runs
        down = y + 1.25 * size * (position - (len(rows) - 1) / 2)
        ax.text(x, down, row, fontsize=size, fontweight="bold" if bold else "normal", **look)


def lines(ax, x, y, rows, size=18, leading=1.4, **how):
    """Write one line below the other, from (x, y) on; give back the y below the last."""
    for row in rows:
        text(ax, x, y, row, size, **{"ha": "left", **how})
        y += size * leading
    return y


def box(ax, x, y, width, height, words="", *, size=18, fill=PAPER, edge=INK, **how):
    """Draw a box with rounded corners and words in it; give back its `Sides`."""
    round_ = how.pop("round_", 8)
    line, dashes = how.pop("line", 2), how.pop("dashes", None)
    zorder = how.pop("zorder", 1)
    shape = f"round,pad=0,rounding_size={round_}"
    style = (0, dashes) if dashes else "solid"
    ax.add_artist(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            shape,
            fc=fill,
            ec=edge,
            lw=line,
            ls=style,
            clip_on=False,
            zorder=zorder,
        )
    )
    if words:
        text(ax, x + width / 2, y + height / 2, words, size, **how)
    return Sides(x, y, width, height)


class Sides(NamedTuple):
    """A box that has been drawn."""

    x: float
    y: float
    width: float
    height: float

    left = property(lambda self: (self.x, self.y + self.height / 2))
    right = property(lambda self: (self.x + self.width, self.left[1]))
    top = property(lambda self: (self.x + self.width / 2, self.y))
    bottom = property(lambda self: (self.top[0], self.y + self.height))
    middle = property(lambda self: (self.top[0], self.left[1]))


def arrow(ax, start, end, words="", *, back=False, bend=0, size=16, color=None, **how):
    """Draw an arrow, and what flows along it; a `back` one is dashed and purple.

    Parameters
    ----------
    bend : float
        Part of the length by which it leaves the straight line, to its left.
    how
        `width` of the line; `gap` between line and words; `at`, where along it they stand;
        `head=False` for a line alone; the rest goes to `text`.
    """
    color = color or (PURPLE if back else INK)
    width, gap, at = how.pop("width", 3), how.pop("gap", 4 + 0.7 * size), how.pop("at", 0.5)
    head = 4.2 * width if how.pop("head", True) else 0
    start, end = np.array(start, float), np.array(end, float)
    along = end - start
    left = np.array([along[1], -along[0]])  # y runs downwards
    knee = start + along / 2 + 2 * bend * left
    way = (end - knee) / np.linalg.norm(end - knee)
    side = np.array([way[1], -way[0]])
    foot = end - head * way
    ax.add_artist(
        PathPatch(
            Path([start, knee, foot + way * head * 0.2], [Path.MOVETO, Path.CURVE3, Path.CURVE3]),
            fc="none", ec=color, lw=width, ls=(0, (2.4, 1.3)) if back else "solid", clip_on=False,
        )
    )  # fmt: skip
    if head:
        corners = [end, foot + side * head * 0.45, foot - side * head * 0.45]
        ax.add_artist(Polygon(corners, fc=color, ec="none", clip_on=False))
    if words:
        middle = (1 - at) ** 2 * start + 2 * at * (1 - at) * knee + at**2 * end
        up = left / np.linalg.norm(left)
        up = -up if up[1] > 0.01 else up  # words stand above the line, or beside it
        x, y = middle + gap * up
        beside = "center" if abs(up[0]) < 0.2 else "left" if up[0] > 0 else "right"
        text(ax, x, y, words, size, **{"ha": beside, **how})


def cone(ax, start, end, *, color=ORANGE):
    """Draw light from one side of a cell to one side of a block: two pairs of points."""
    corners = [start[0], start[1], end[1], end[0]]
    ax.add_artist(Polygon(corners, fc=color, ec="none", alpha=0.13, clip_on=False, zorder=1.5))
    for a, b in zip(start, end, strict=True):
        ax.add_artist(
            PathPatch(Path([a, b]), fc="none", ec=color, lw=1.6, clip_on=False, zorder=1.5)
        )


# --- grids ---------------------------------------------------------------------------


def table(name, values, *, marks=(), over=(), over_first=False, corner=None, caption=""):
    """Make a `panels.Panel` of any rectangle of numbers or texts, for `panel` to draw.

    Parameters
    ----------
    name : str
        The array: "dZ"; its indices stand in the corner.
    values : 2-D array or nested list
        Numbers, or texts; a None stays empty.
    marks, over : dict
        {(row, column): a key of `panels.MARKS`}, and what lies on a cell: {(row, column): text}.
    """
    marks, over = dict(marks), dict(over)
    rows = values.tolist() if isinstance(values, np.ndarray) else values
    cells = tuple(
        tuple(
            PanelCell(_written(value), over.get((r, c), ""), over_first, marks.get((r, c), ""))
            for c, value in enumerate(row)
        )
        for r, row in enumerate(rows)
    )
    corner = INDICES.get(name[-1:], ("",))[0] if corner is None else corner
    headers = tuple(map(str, range(len(cells)))), tuple(map(str, range(len(cells[0]))))
    return Panel(name, caption, corner, *headers, cells)


def panel(ax, panel, x, y, cell=44, title=None, role=None, headers=True, windows=None):
    """Draw a `panels.Panel`: (x, y) is the corner of its top left cell.

    Above it, growing upwards: the indices, `role` (a line or more, "" for none) and
    `title`, its name and shape; left out, they come from the panel. `windows` are what
    to outline, (top, left, rows, columns) each; left out, the cells marked as a window.
    """
    if windows is None:
        windows = [around(panel)] if any(c.mark == "window" for r in panel.cells for c in r) else []
    drawn = Placed(x, y, cell, len(panel.cells), len(panel.cells[0]))
    shape = by((drawn.rows, drawn.columns))
    found = re.fullmatch(r"(.*?\d+ x \d+), (.*)", panel.caption)
    own_title, own_role = found.groups() if found else (f", {shape}", panel.caption)
    title = panel.name + own_title if title is None else title
    role = own_role if role is None else role
    above = y - 8
    if headers:
        _headers(ax, panel, drawn)
        above = y - _header_size(cell) * 1.25 - 8
    room = max(14, int((drawn.columns * cell + 60) / 8.6))
    for line in reversed([part for row in role.split("\n") for part in wrap(row, room)]):
        text(ax, x, above - 6, line.replace(" x ", " × "), 15, ha="left", color=SOFT)
        above -= 20
    text(ax, x, above - 9, title.replace(" x ", " × "), 20, bold=True, ha="left")
    _cells(ax, panel, drawn, windows)
    return drawn


def around(panel, marks=("window", "term")):
    """Return (top, left, rows, columns) of the smallest block that holds all cells so marked."""
    cells = [
        (r, c) for r, row in enumerate(panel.cells) for c, what in enumerate(row)
        if what.mark in marks
    ]  # fmt: skip
    rows, columns = ({*axis} for axis in zip(*cells, strict=True))
    top, left = min(rows), min(columns)
    return top, left, max(rows) - top + 1, max(columns) - left + 1


def outline(ax, placed, top, left, rows, columns):
    """Draw a window over a grid: tinted, one dashed outline, and its letter on the corner."""
    x, y = placed.at(top, left, 0, 0)
    wide, high = columns * placed.cell, rows * placed.cell
    color, _, _, _ = LOOKS["window"]
    ax.add_artist(Rectangle((x, y), wide, high, fc=color, ec="none", alpha=0.14, clip_on=False))
    mark_cell(ax, "window", x, y, placed.cell, columns, rows, fill=False)
    x, y = x - 5, y + high  # this corner is far from the indices and from other letters
    box(ax, x - 9, y - 9, 18, 18, edge=color, line=1.6, round_=5, zorder=4)
    text(ax, x, y - 1, MARKS["window"][1], 15, True, color=color, zorder=5)


def _header_size(cell):
    return min(max(15, 0.34 * cell), 18)


def _headers(ax, panel, drawn):
    size = _header_size(drawn.cell)
    for row, words in enumerate(panel.rows):
        px, py = drawn.at(row, 0, right=0)
        text(ax, px - 7, py, words, size, ha="right", color=SOFT)
    for column, words in enumerate(panel.columns):
        px, py = drawn.at(0, column, down=0)
        text(ax, px, py - size * 0.8, words, size, color=SOFT)
    text(ax, drawn.x - 11, drawn.y - size * 0.9, panel.corner, size, ha="right", style="italic",
         color=SOFT)  # fmt: skip


def _cells(ax, panel, drawn, windows=()):
    cells = [
        (what, *drawn.at(r, c, 0, 0))
        for r, row in enumerate(panel.cells)
        for c, what in enumerate(row)
    ]
    for what, x, y in cells:
        _square(ax, x, y, drawn.cell, "#f1f1f1" if what.filler else PAPER, LINE, 1.2)
    for window in windows:
        outline(ax, drawn, *window)
    for mark in reversed(LOOKS):  # the border of a marked cell lies over its neighbours'
        for what, x, y in cells:
            if what.mark == mark != "window":
                mark_cell(ax, mark, x, y, drawn.cell)
    plain = [what for what, *_ in cells if not what.over and what.mark not in LETTERED]
    most = min((_largest(what, drawn.cell) for what in plain), default=100)  # one size for all
    for what, x, y in cells:
        _content(ax, what, x, y, drawn.cell, most)


def mark_cell(ax, mark, x, y, cell, columns=1, rows=1, fill=True):
    """Draw the border of a mark around one cell, or around a rectangle of them."""
    color, width, dashes, paper = LOOKS[mark]
    scale = _scale(cell) if columns == rows == 1 else 1
    width *= scale
    inset = width / 2 + 0.8
    paper = paper if fill else "none"
    _square(ax, x, y, cell, paper, color, width, inset, dashes, columns, rows)
    if mark == "target":
        _square(ax, x, y, cell, "none", color, width, inset + 4 * scale, None, columns, rows)


def _square(ax, x, y, cell, fill, edge, width, inset=0.0, dashes=None, columns=1, rows=1):
    ax.add_artist(
        Rectangle(
            (x + inset, y + inset), columns * cell - 2 * inset, rows * cell - 2 * inset,
            fc=fill, ec=edge, lw=width, ls=(0, dashes) if dashes else "solid", clip_on=False,
            joinstyle="miter",
        )
    )  # fmt: skip


def _content(ax, what, x, y, cell, most):
    bold = what.mark in ("term", "target")
    middle = x + cell / 2
    look = {"color": SOFT, "style": "italic"} if what.filler else {"color": INK}
    if not what.over:
        down = 0.6 if what.mark in LETTERED else 0.5  # room for the letter
        size = min(most, _largest(what, cell))
        text(ax, middle, y + down * cell, what.text, size, bold, **look)
    else:
        two = [what.over + "·", what.text] if what.over_first else [what.text, "·" + what.over]
        part = 0.34 if what.mark in LETTERED else 0.385
        for words, down in zip(two, (0.28, 0.68), strict=True):
            size = min(part * cell, 26, _room(what, cell) / _width(words, bold))
            left = 0.08 * cell if what.mark in LETTERED and words == two[0] else 0
            text(ax, middle - left, y + down * cell, words, size, bold, **look)
    if what.mark in LETTERED:
        letter(ax, what.mark, x, y, cell)


LETTERED = "term", "target", "done"  # a window has its letter once, on its outline


def _largest(what, cell):
    """Return the largest size at which the number of a cell fits into it."""
    part = 0.38 if what.mark in LETTERED else 0.42
    room = _room(what, cell) if what.mark else 0.82 * cell
    return min(max(16, part * cell), room / _width(what.text, what.mark in ("term", "target")))


def _room(what, cell):
    return cell - {"term": 12.5, "target": 13.5}.get(what.mark, 6) * _scale(cell)


def letter(ax, mark, x, y, cell):
    """Write the letter of a mark into the upper right corner of a cell."""
    inset = {"target": 0.28, "term": 0.27}.get(mark, 0.24)
    color = LOOKS[mark][0]
    text(ax, x + (1 - inset) * cell, y + min(inset, 0.27) * cell, MARKS[mark][1],
         min(max(15, 0.25 * cell), 18), True, color=color)  # fmt: skip


def _measured(words, size):
    font = FontProperties(family=STYLE["font.sans-serif"], size=size)
    return text_to_path.get_text_width_height_descent(words, font, ismath=False)[0]


def _scale(cell):
    """Borders grow with the cells, within reason."""
    return min(max(cell / 44, 0.7), 1.25)


def _width(words, bold):
    """Rough width of words, in parts of their font size."""
    narrow = sum(words.count(sign) for sign in "-,.·() ")
    return (0.64 * (len(words) - narrow) + 0.37 * narrow or 1) * (1.08 if bold else 1)


def _written(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else number(value, bare=True)


def stack(ax, x, y, count, size, *, cell=18, shift=(16, 16), marks=None, label="", below=""):
    """Draw maps as planes one behind the other, the last at the back, up and to the right.

    Parameters
    ----------
    count : int
        How many planes.
    size : (int, int)
        Rows and columns of each.
    marks : dict, optional
        {plane: {(row, column): mark}}; only what is not hidden is seen.
    label, below : str
        Words above and under the stack.

    Returns
    -------
    list of Placed
        The planes; the first is in front, with its corner at (x, y).
    """
    rows, columns = size
    planes = [Placed(x + shift[0] * p, y - shift[1] * p, cell, rows, columns) for p in range(count)]
    for p in reversed(range(count)):
        values = [[None] * columns] * rows
        _cells(ax, table("", values, marks=(marks or {}).get(p, {})), planes[p])
    middle = x + (columns * cell + shift[0] * (count - 1)) / 2
    if label:
        text(ax, middle, planes[-1].y - 18, label, 18, bold=True)
    if below:
        down = y + rows * cell + 18
        for line in below.split("\n"):
            text(ax, middle, down, line, 15, color=SOFT)
            down += 19
    return planes


def legend(ax, x, y, marks=("window", "term", "target", "done"), words=None, step=None, size=16):
    """Explain marks in a row: {mark: words} to say more than `panels.MARKS` does."""
    words = dict(words or {})
    for mark in marks:
        meaning = words.get(mark, MARKS[mark][0])
        mark_cell(ax, mark, x, y - 14, 28)
        text(ax, x + 14, y, MARKS[mark][1], 15, True)
        text(ax, x + 37, y, meaning, size, ha="left")
        x += step or 37 + _measured(meaning, size) + 24

"""What a row of the catalogue is, and how it becomes an SVG file."""

import io
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import NamedTuple

import matplotlib
from matplotlib.figure import Figure as Canvas

from figures import draw, drawn

FOLDER = Path(__file__).parent


class Figure(NamedTuple):
    """One figure: its file name, the source's stems, its height, how to draw it, its alt text."""

    name: str  # says what it shows; the file is figures/<name>.svg
    stems: tuple[str, ...]  # of the source's picture, such as CNN_Training_Conv_6; () for a new one
    height: int  # in pixels; each figure is 800 wide
    draw: Callable  # draw(ax): the Axes is laid out already
    alt: str  # what the figure says, in words, from the same data


def svg(figure):
    """Return the figure as SVG text, the same bytes each time."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "svg", **draw.STYLE}):
        canvas = Canvas(figsize=(800 / 72, figure.height / 72), dpi=72)  # a point is a pixel
        ax = canvas.add_axes((0, 0, 1, 1))
        draw.canvas(ax, figure.height)
        figure.draw(ax)
        file = io.StringIO()
        empty = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        canvas.savefig(file, format="svg", transparent=True, metadata=empty)
    return _finished(file.getvalue(), figure)


def _finished(text, figure):
    """Give the SVG its size in pixels, its description, and a wide font where DejaVu is not."""
    text = text.replace(f'width="800pt" height="{figure.height}pt"', 'width="800" role="img"', 1)
    start = text.index(">", text.index("<svg")) + 1
    words = f"\n <desc>{escape(figure.alt, quote=False)}</desc>"
    text = text[:start] + words + text[start:]
    text = text.replace("'DejaVu Sans', sans-serif", "'DejaVu Sans', Verdana, sans-serif")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def stale(figure, folder=FOLDER):
    """Whether the file of a figure is missing, or shows something else than the figure does now."""
    path = Path(folder) / f"{figure.name}.svg"
    return not path.is_file() or not drawn.same(path.read_text("utf-8"), svg(figure))


def write(figure, folder=FOLDER):
    """Write the SVG of a figure into a folder and return its path."""
    path = Path(folder) / f"{figure.name}.svg"
    path.write_text(svg(figure), encoding="utf-8", newline="\n")
    return path

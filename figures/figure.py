"""What a row of the catalogue is, and how it becomes an SVG file."""

import io
import re
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
        ax.set(position=(0, 0, 1, 1), xlim=(0, 800), ylim=(figure.height, 0))
        ax.set_axis_off()
        figure.draw(ax)
        file = io.StringIO()
        empty = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        canvas.savefig(file, format="svg", transparent=True, metadata=empty)
    return _finished(file.getvalue(), figure)


def _finished(text, figure):
    """Give the SVG its size, its description, its colours, and a wide font where DejaVu is not."""
    size = f'width="800" height="{figure.height}"'
    text = text.replace(f'width="800pt" height="{figure.height}pt"', f'{size} role="img"', 1)
    text = re.sub(r"<style.*?</style>", "", text, count=1, flags=re.DOTALL)
    start = text.index(">", text.index("<svg")) + 1
    card = f' <rect {size} fill="{draw.PAPER}" style="fill: var(--card)"/>'
    top = [f" <desc>{escape(figure.alt, quote=False)}</desc>", STYLE_SHEET, card]
    text = text[:start] + "\n" + "\n".join(top) + STYLED.sub(_with_names, text[start:])
    text = text.replace("'DejaVu Sans', sans-serif", "'DejaVu Sans', Verdana, sans-serif")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


# Chromium and Firefox of 2024 and later, which know light-dark(), tell an image whether its page is
# dark. Safari knows it too, but tells an image what the system is; in it, and in older browsers, a
# figure is a light card.
STYLE_SHEET = """\
 <style>
  * {{stroke-linejoin: round; stroke-linecap: butt}}
  svg {{--card: #ffffff; {light}}}
  @supports (color: light-dark(white, black)) and (not (font: -apple-system-body)) {{
   svg {{--card: transparent}}
   @media (prefers-color-scheme: dark) {{
    svg {{{dark}}}
   }}
  }}
 </style>""".format(
    light="; ".join(f"--{name}: {light}" for name, (light, _) in draw.PALETTE.items()),
    dark="; ".join(f"--{name}: {dark}" for name, (_, dark) in draw.PALETTE.items()),
)
NAMES = {light: name for name, (light, _) in draw.PALETTE.items()}
STYLED = re.compile(r'style="([^"]*#[^"]*)"')
COLOR = re.compile(r"(fill|stroke): (#[0-9a-f]{6})")


def _with_names(styled):
    """Name the colours of an element; a viewer that knows no names has them as attributes."""
    plain = " ".join(f'{what}="{color}"' for what, color in COLOR.findall(styled[1]))
    named = COLOR.sub(lambda found: f"{found[1]}: var(--{NAMES[found[2]]})", styled[1])
    return f'{plain} style="{named}"'


def stale(figure, folder=FOLDER):
    """Whether the file of a figure is missing, or shows something else than the figure does now."""
    path = Path(folder) / f"{figure.name}.svg"
    return not path.is_file() or not drawn.same(path.read_text("utf-8"), svg(figure))


def write(figure, folder=FOLDER):
    """Write the SVG of a figure into a folder and return its path."""
    path = Path(folder) / f"{figure.name}.svg"
    path.write_text(svg(figure), encoding="utf-8", newline="\n")
    return path

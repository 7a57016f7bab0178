"""The gallery: every figure with its name, its words, and the lessons that show it."""

import re
from html import escape

from figures.catalogue import FIGURES
from figures.lessons import LESSONS

ARRAYS = {"y": "Y", "w": "W", "z": "Z", "dy": "dY", "dw": "dW", "dz": "dZ", "pytorch": "PyTorch"}


def title(name):
    """Return what a figure shows, from the name of its file: "dZ slides over Y"."""
    words = [ARRAYS.get(word, word) for word in name.split("_")]
    first = words[0] if words[0] in ARRAYS.values() else words[0].capitalize()
    return " ".join([first, *words[1:]])


def shown_in():
    """Return {name of a figure: stems of the lessons that show it}."""
    found = {figure.name: [] for figure in FIGURES}
    for path in sorted(LESSONS.glob("*.ipynb")):
        for name in set(re.findall(r"\.\./figures/(\w+)\.svg", path.read_text("utf-8"))):
            found[name].append(path.stem)
    return found


def fragment(figures, lessons):
    """Write all figures as HTML.

    Parameters
    ----------
    figures : str
        Where the files are, seen from the page: "figures/".
    lessons : str
        The address of a lesson, with {} for its stem.
    """
    shown = shown_in()
    parts = ['<div class="gallery">']
    for figure in FIGURES:
        name, address = escape(title(figure.name)), f"{figures}{figure.name}.svg"
        links = ", ".join(
            f'<a href="{lessons.format(stem)}">{stem.split("_")[0]}</a>'
            for stem in shown[figure.name]
        )
        parts += [
            f'<figure id="{figure.name}"><a href="{address}"><img src="{address}" width="800" ',
            f'height="{figure.height}" loading="lazy" alt="{name}; in words below"></a>',
            f"<figcaption><b>{name}</b> ({links}). {escape(figure.alt)}</figcaption></figure>",
        ]
    return "\n".join([*parts, "</div>"])


STYLE = """\
:root { color-scheme: light dark; }
body { max-width: 50rem; margin: 1rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif; }
figure { margin: 3rem 0; break-inside: avoid; }
img { max-width: 100%; height: auto; }"""
INTRODUCTION = (
    "Click a figure to have it alone, and save it for a slide: an SVG is sharp at any size."
)


def page():
    """Return the gallery as a page that lies beside the figures."""
    body = fragment("", "../notebooks/{}.ipynb")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>The figures</title>\n<style>{STYLE}</style>\n<h1>The figures</h1>\n"
        f"<p>{INTRODUCTION}</p>\n{body}\n</html>\n"
    )

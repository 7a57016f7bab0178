"""Redraw the figures: ``python -m figures`` for all of them, or name those that you want.

A figure whose picture is the same as before keeps its file. A lesson that shows a figure gets its
alt text. All figures with their captions are in the page figures/gallery.html, which is not
committed.
"""

import sys

from figures import gallery
from figures.catalogue import FIGURES
from figures.figure import FOLDER, stale, write
from figures.lessons import write_alts


def main(names):
    """Write the stale ones of the named figures, or of all, with their alt texts.

    Without names, a file that no row of the catalogue names is removed.
    """
    known = {figure.name: figure for figure in FIGURES}
    names = [name.removesuffix(".svg").removeprefix("figures/") for name in names]
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"no figure is named {', '.join(unknown)}; there are: {', '.join(known)}"
    for name in names or known:
        if stale(known[name]):
            print(write(known[name]).relative_to(FOLDER.parent))
    for path in write_alts({name: known[name].alt for name in names or known}):
        print(f"{path.relative_to(FOLDER.parent)}: alt texts")
    if not names:
        for path in sorted(FOLDER.glob("*.svg")):
            if path.stem not in known:
                path.unlink()
                print(
                    f"removed {path.relative_to(FOLDER.parent)}: no row of the catalogue names it"
                )
    page = FOLDER / "gallery.html"
    page.write_text(gallery.page(), encoding="utf-8")
    print(f"all figures with their captions: {page.relative_to(FOLDER.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

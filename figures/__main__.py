"""Redraw the figures: ``python -m figures`` all of them, with names only those.

A lesson that shows one of them gets its alt text.
"""

import sys

from figures.catalogue import FIGURES
from figures.figure import FOLDER, write
from figures.lessons import write_alts


def main(names):
    """Write the named figures, or all, with their alt texts; remove what no row names."""
    known = {figure.name: figure for figure in FIGURES}
    names = [name.removesuffix(".svg").removeprefix("figures/") for name in names]
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"no figure is named {', '.join(unknown)}; there are: {', '.join(known)}"
    for name in names or known:
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
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

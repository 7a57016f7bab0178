"""Build the course as a web site, in the folder _site.

python -m tools.website                       run every lesson, then build
python -m tools.website --run 03 --into DIR   run lesson 03 only; the others as they are stored

The lessons are run anew so that every stepper is there, as HTML that works without a kernel.
What is stored in the notebooks stays as it is.
"""

import argparse
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from sphinx.cmd.build import build_main

from cnnlib import steppers
from figures import gallery
from tools import notebooks

REPOSITORY = Path(__file__).resolve().parents[1]
SETTINGS = REPOSITORY / "site"
DEFAULT_FOLDER = REPOSITORY / "_site"

# Run in each kernel before the lesson: a stepper then shows itself as a piece of a page.
SHOW_STEPPERS = """\
from IPython import get_ipython
from cnnlib import steppers

get_ipython().display_formatter.mimebundle_formatter.for_type(
    steppers.Stepper,
    lambda stepper, **_: {"text/html": stepper.fragment(), "text/plain": stepper.text},
)
"""


def lesson(path, run):
    """Give the text of a lesson's notebook for the site; run it anew where `run` says so."""
    nb = notebooks.read(path)
    if run:
        before = notebooks.read(path)
        nb.cells.insert(0, nbformat.v4.new_code_cell(SHOW_STEPPERS))
        notebooks.run(nb, path.parent)
        del nb.cells[0]
        notebooks.keep_measurements(before, nb)
    for cell in nb.cells:
        tell_myst(cell)
    return notebooks.stored_form(nb)


def tell_myst(cell):
    """Say in the words of myst-nb what the notebook says: what is folded, and the alt texts."""
    jupyter, tags = cell.metadata.get("jupyter", {}), cell.metadata.setdefault("tags", [])
    how = cell.metadata.setdefault("mystnb", {})
    if jupyter.get("outputs_hidden"):
        tags.append("hide-output")
        how |= {"code_prompt_show": "Show the answer", "code_prompt_hide": "Hide the answer"}
    if jupyter.get("source_hidden"):
        tags.append("hide-input")
        how |= {"code_prompt_show": "Show the code", "code_prompt_hide": "Hide the code"}
    if "alt" in cell.metadata:
        how["image"] = {"alt": cell.metadata.alt}


def gather(source, run):
    """Put into the folder `source` what the site is made of; False if a lesson did not run."""
    (source / "notebooks").mkdir(parents=True)
    shutil.copytree(
        REPOSITORY / "figures",
        source / "figures",
        ignore=shutil.ignore_patterns("*.py", "*.md", "*.json", "*.html", "__pycache__"),
    )
    shutil.copy(REPOSITORY / "README.md", source)
    put_page(source, "index.md", STEPPER=first_stepper(), LESSONS=contents())
    pictures = gallery.fragment("figures/", "notebooks/{}.html")
    put_page(source, "figures.md", INTRODUCTION=gallery.INTRODUCTION, GALLERY=pictures)

    def put(path):
        try:
            text = lesson(path, run is None or path.name[:2] in run)
        except notebooks.NotebookError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            return False
        (source / "notebooks" / path.name).write_text(text, encoding="utf-8")
        return True

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return all([*pool.map(put, sorted(notebooks.LESSONS.glob("*.ipynb")))])


def put_page(source, name, **parts):
    """Write a page of the folder site into `source`, its words in capitals replaced."""
    text = (SETTINGS / name).read_text("utf-8")
    for word, part in parts.items():
        text = text.replace(word, part)
    (source / name).write_text(text, encoding="utf-8")


def first_stepper():
    """Return the stepper of the start page, at the cell that README shows."""
    stepper = steppers.InputGradientStepper()
    stepper.go_to("dY(2, 2)")
    return stepper.fragment()


def contents():
    """List the lessons as Sphinx wants it, with the number of each before its title."""
    lines = []
    for path in sorted(notebooks.LESSONS.glob("*.ipynb")):
        number = path.stem.split("_")[0].replace("appendix", "Appendix:")
        title = notebooks.read(path).cells[0].source.splitlines()[0].removeprefix("# ")
        lines.append(f"{number} {title} <notebooks/{path.stem}>")
    return "\n".join(lines)


def build(into, run=None, lite=False):
    """Build the site into the folder `into`, which is replaced; 0 where all is well.

    `run` holds the numbers of the lessons to run, None for all. With `lite` each lesson
    has a link to its copy in the folder lite/ of the site.
    """
    with tempfile.TemporaryDirectory() as work:
        source, pages = Path(work, "source"), Path(work, "pages")
        if not gather(source, run):
            return 1
        options = ["-W", "--keep-going", "-q", "-c", SETTINGS, "-d", Path(work, "doctrees")]
        options += ["-A", f"lite={'1' if lite else ''}"]
        if failed := build_main([*map(str, options), str(source), str(pages)]):
            return failed
        shutil.copytree(source / "figures", pages / "figures")  # the gallery links to the files
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(pages, into, ignore=shutil.ignore_patterns(".buildinfo", "objects.inv"))
    return 0


def main(arguments=None):
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=DEFAULT_FOLDER, help="default: _site")
    parser.add_argument("--run", nargs="*", metavar="NN", help="run these lessons only")
    parser.add_argument("--lite", action="store_true", help="link to the JupyterLite copy")
    options = parser.parse_args(arguments)
    failed = build(options.into, options.run, options.lite)
    if not failed:
        print(f"The site is in {options.into}: open {options.into / 'index.html'}")
    return failed


if __name__ == "__main__":
    sys.exit(main())

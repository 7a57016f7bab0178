"""Run the lessons and store them in one form, byte for byte the same each time.

python tools/notebooks.py            run every notebook and write it back
python tools/notebooks.py --check    run every notebook, write nothing, show what differs

With paths, only those notebooks. A saved lesson keeps what a reader sees without a kernel
(text, HTML, pictures) and leaves out what only a running kernel can use (widget views).
A cell tagged nbval-ignore-output keeps the output that it has: clear it to measure anew.
"""

import argparse
import copy
import difflib
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LESSONS = Path(__file__).resolve().parents[1] / "notebooks"
SECONDS_FOR_A_CELL = 50
SECONDS_FOR_THE_KERNEL = 60

NEVER_COMPARED = "nbval-ignore-output"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# What JupyterLab notes down about its own window and clock.
PASSING_CELL_METADATA = {"ExecuteTime", "collapsed", "execution", "scrolled", "trusted"}
# The same for every notebook, and without the version of Python.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


class NotebookError(Exception):
    """A notebook did not run to its end; the message says where and why."""


def read(path):
    """Read a notebook as the current format has it."""
    return nbformat.read(path, as_version=4)


def run(nb, folder):
    """Run all cells of `nb` in a kernel of its own, started in `folder`; fills in the outputs."""
    client = NotebookClient(
        nb,
        kernel_name="python3",
        timeout=SECONDS_FOR_A_CELL,
        startup_timeout=SECONDS_FOR_THE_KERNEL,
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    place = ["starting the kernel"]

    def note_place(cell, cell_index):
        place.append(f"cell {cell_index + 1} ({cell.id})")

    client.on_cell_start = note_place
    try:
        client.execute()
    except CellExecutionError as error:
        raise NotebookError(f"{place[-1]}: {error.ename}: {error.evalue}") from error
    except (RuntimeError, TimeoutError) as error:  # a dead kernel, a cell out of time
        raise NotebookError(f"{place[-1]}: {error}") from error
    for number, cell in enumerate(nb.cells, 1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":  # of a callback: the cell itself went on
                raise NotebookError(f"cell {number} ({cell.id}): {output.ename}: {output.evalue}")


def stored_form(nb):
    """The text of the file that holds `nb`, as the repository keeps it."""
    nb = copy.deepcopy(nb)
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    count = 0
    for cell in nb.cells:
        for key in PASSING_CELL_METADATA & set(cell.metadata):
            del cell.metadata[key]
        if cell.cell_type == "code":
            count += bool(cell.source.strip())
            cell.execution_count = count if cell.source.strip() else None
            cell.outputs = stored_outputs(cell)
    return nbformat.writes(nb) + "\n"


def stored_outputs(cell):
    """The outputs of `cell` without widget views; one that was nothing else is left out."""
    for output in cell.outputs:
        output.get("data", {}).pop(WIDGET_VIEW, None)
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count
    return [output for output in cell.outputs if output.get("data") != {}]


def remake(path):
    """Run the notebook in the file `path` in its own folder, and give its stored form."""
    before, nb = read(path), read(path)
    run(nb, Path(path).parent)
    keep_measurements(before, nb)
    return stored_form(nb)


def keep_measurements(before, nb):
    """Give cells that are never compared, such as timings, the outputs that they had before."""
    kept = {cell.id: cell.outputs for cell in before.cells if cell.get("outputs")}
    for cell in nb.cells:
        if NEVER_COMPARED in cell.metadata.get("tags", ()):
            cell.outputs = kept.get(cell.id, cell.get("outputs"))


def difference(path, old, new, lines=40):
    """The first lines in which the stored and the new form differ; long lines are cut."""
    diff = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{path} (stored)", f"{path} (run)", n=1, lineterm=""
    )
    return "\n".join(line[:160] for line in list(diff)[:lines])


def main(arguments=None):
    """Run the notebooks that the command line names; 0 where all is well, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a change")
    parser.add_argument("paths", nargs="*", type=Path, help="default: all lessons")
    options = parser.parse_args(arguments)
    failed = False
    for path in options.paths or sorted(LESSONS.glob("*.ipynb")):
        old = path.read_bytes().decode("utf-8")
        try:
            new = remake(path)
        except NotebookError as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = True
            continue
        if options.check and new != old:
            print(difference(path, old, new), file=sys.stderr)
            failed = True
        elif new != old:
            path.write_bytes(new.encode("utf-8"))
            print(f"{path.name}: written")
        else:
            print(f"{path.name}: as it was")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

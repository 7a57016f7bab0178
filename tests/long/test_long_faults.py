"""A hang, a dead kernel and a callback that raises: each is reported, and within 90 seconds."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 90
HANG = "while True:\n    pass"
DEAF = (
    "import time\nwhile True:\n    try:\n        time.sleep(1)\n"
    "    except KeyboardInterrupt:\n        pass"
)
DEAD = "import os\nos._exit(1)"
BUTTON = (
    "import ipywidgets\nbutton = ipywidgets.Button()\n"
    "button.on_click(lambda _: 1 / 0)\nbutton.click()"
)
STEPPER = (
    "from cnnlib import steppers\nstepper = steppers.ForwardStepper()\n"
    "stepper.observe(lambda change: 1 / 0, 'index')\nstepper.index = 3"
)
FAULTS = {
    "a hang": (HANG, "Timeout|time"),
    "a hang that hears no interrupt": (DEAF, "Timeout|time"),
    "a dead kernel": (DEAD, "Kernel died|Timeout"),
    "a button whose callback raises": (BUTTON, "ZeroDivisionError"),
    "a stepper whose callback raises": (STEPPER, "ZeroDivisionError"),
}
PYTEST = "-m pytest -q -p no:cacheprovider --config-file pyproject.toml --nbval"
RUNNERS = {
    "make test": [sys.executable, *PYTEST.split()],
    "make notebooks": [sys.executable, "tools/notebooks.py", "--check"],
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_fault_is_reported_within_90_seconds(tmp_path, fault, runner):
    source, said = FAULTS[fault]
    path = tmp_path / "planted.ipynb"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    cells = [nbformat.v4.new_code_cell(one) for one in ("1 + 1", source, "2 + 2")]
    for number, cell in enumerate(cells):
        cell.id, cell.execution_count = f"cell-{number}", number + 1
    shown = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    cells[0].outputs = [shown]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    done = subprocess.run(
        [*RUNNERS[runner], str(path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 1
    assert re.search(said, done.stdout + done.stderr)
    assert "cell-1" in done.stderr or "Cell 1" in done.stdout
    assert "cell-0" not in done.stderr and "Cell 0" not in done.stdout

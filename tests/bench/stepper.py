"""Time from a key to the painted frame that shows the next step, in JupyterLab in Chromium.

A stepper is scrolled into view and left to come to rest, since JupyterLab attaches and paints the
cells around it meanwhile. The clock starts with the key event. Each frame looks at the text that
can be seen; in the first that finds it changed, that change is about to be painted, and the frame
after it stops the clock. So a time is too long by up to one frame, 17 ms, and never too short. The
cases take turns, so that a busy moment of the machine falls on all of them alike.

Beside them stand two floors: a Label that the kernel changes when a button is pressed, and a
field that a jslink moves with a slider, without the kernel.
"""

import datetime
import importlib.metadata
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "browser")]

from lab import (  # noqa: E402
    CHROMIUM_OPTIONS,
    chromium,
    drawn,
    open_notebook,
    run_all,
    server,
    write_notebook,
)
from playwright.sync_api import sync_playwright  # noqa: E402
from shown import KINDS  # noqa: E402

TIMES, WARM_UP = 30, 5
LARGE = {
    "12 x 12": "np.arange(144.).reshape(12, 12, 1) % 7, one.W, padding=1",
    "28 x 28": "np.arange(784.).reshape(28, 28, 1) % 7, one.W",
    "28 x 28 x 3": "np.arange(2352.).reshape(28, 28, 3) % 7, np.ones((5, 5, 3, 3))",
}
CELLS = [
    f"import sys\nsys.path.insert(0, {str(REPOSITORY / 'tests' / 'browser')!r})\n"
    "import ipywidgets, numpy as np\nfrom shown import KINDS\n"
    "from cnnlib import examples, steppers\none = examples.one_map()",
    *(f"KINDS[{kind!r}]()" for kind in KINDS),
    *(f"steppers.ForwardStepper({what})" for what in LARGE.values()),
    "button, label = ipywidgets.Button(), ipywidgets.Label('0')\n"
    "button.on_click(lambda _: setattr(label, 'value', str(int(label.value) + 1)))\n"
    "ipywidgets.HBox([button, label])",
    "slider, field = ipywidgets.IntSlider(max=500), ipywidgets.IntText()\n"
    "linked = ipywidgets.jslink((slider, 'value'), (field, 'value'))\n"
    "ipywidgets.HBox([slider, field])",
]
KERNEL, LINK = "a Label through the kernel", "a jslink"
FRAME = 17  # milliseconds: what a step may take more than a jslink

MEASURE = """async ([number, key]) => {
  const cell = document.querySelectorAll('.jp-CodeCell')[number];
  const root = cell.querySelector('.cnnlib-stepper');
  const frame = () => new Promise(requestAnimationFrame);
  const field = cell.querySelector('.widget-text input');
  const shown = () => root ? `${root.dataset.step} ${root.dataset.term}`
    : field?.value ?? cell.querySelector('.widget-label').innerText;
  cell.scrollIntoView();
  const target = root ?? cell.querySelector('.noUi-handle') ?? cell.querySelector('button');
  target.focus({preventScroll: true});
  const press = key => target.dispatchEvent(
    new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
  await new Promise(done => setTimeout(done, 150));  // what scrolling brought is painted
  await frame(); await frame();
  const before = shown(), start = performance.now();
  if (key) press(key);
  else target.click();
  if (root && shown() === before) {  // the end: begin again
    press('Home');
    return null;
  }
  while (shown() === before)
    if (performance.now() - start > 2000) return null; else await frame();
  await frame(); await frame();
  return performance.now() - start;
}"""


def cases():
    """Return {name: (number of its cell, key)}."""
    numbers = {name: n for n, name in enumerate([*KINDS, *LARGE], start=1)}
    by_step = {f"{name}, by step": (n, "ArrowRight") for name, n in numbers.items()}
    by_term = {f"{name}, by term": (n, "ArrowDown") for name, n in numbers.items()}
    for name in ("stride", "pool"):  # a stage has no term, and a window of a pool one
        by_term.pop(f"{name}, by term")
    floors = {KERNEL: (len(CELLS) - 2, None), LINK: (len(CELLS) - 1, "ArrowRight")}
    return by_step | by_term | floors


def measure(page):
    """Return {name of a case: milliseconds, first to last}."""
    times = {name: [] for name in cases()}
    for turn in range(WARM_UP + TIMES):
        for name, (cell, key) in cases().items():
            taken = page.evaluate(MEASURE, [cell, key])
            if turn >= WARM_UP and taken is not None:
                times[name].append(taken)
            page.wait_for_timeout(60)  # the kernel has heard of the step before the next key
    return times


def run():
    """Open the lab, measure, and return what was measured."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = Path(folder)
        with server(folder) as address:
            write_notebook(folder / "root" / "bench.ipynb", CELLS)
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            open_notebook(page, address, "bench.ipynb")
            run_all(page)
            drawn(page, len(KINDS) + len(LARGE))
            times = measure(page)
            version = browser.version
            browser.close()
    return times, version


def report(times, version, load):
    """Print the table, and say whether the machine was quiet enough to tell."""
    names = ("jupyterlab", "ipywidgets", "anywidget")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    print(f"{datetime.date.today()}, Python {platform.python_version()}, {', '.join(versions)},")
    print(f"Chromium {version}, {os.cpu_count()} cores, load {load[0]:.1f} before, ", end="")
    print(
        f"{os.getloadavg()[0]:.1f} after. Milliseconds from key to painted frame, {TIMES} times.\n"
    )
    aim = statistics.median(times[LINK]) + FRAME
    print(f"{'':<28}{'median':>8}{'1st':>6}{'9th':>6}{'of a jslink':>14}")
    for name, taken in times.items():
        if len(taken) < TIMES // 2:
            print(f"{name:<28} only {len(taken)} of {TIMES}: it did not always move")
            continue
        tenths, median = statistics.quantiles(taken, n=10), statistics.median(taken)
        ratio = median / statistics.median(times[LINK])
        over = "  over" if name != KERNEL and median > aim else ""
        print(f"{name:<28}{median:>8.0f}{tenths[0]:>6.0f}{tenths[-1]:>6.0f}{ratio:>14.2f}{over}")
    floor = statistics.quantiles(times[LINK], n=10)
    if load[0] > 0.5 * os.cpu_count() or floor[-1] > 2 * floor[0]:
        print(
            f"\nThe machine was too busy to tell: load {load[0]:.1f} before the run, a jslink "
            f"between {floor[0]:.0f} and {floor[-1]:.0f} ms. Run it again when it is idle."
        )


if __name__ == "__main__":
    before = os.getloadavg()
    report(*run(), before)

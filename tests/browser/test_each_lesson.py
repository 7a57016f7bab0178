"""Each lesson as a class uses it: opened in JupyterLab, run, and stepped by mouse and by key."""

import json
import re
import shutil
from pathlib import Path

import pytest
from lab import EXECUTE, close, drawn, listen, open_another, open_lab, run_all
from shown import read

REPOSITORY = Path(__file__).resolve().parents[2]
LESSONS = sorted((REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
FAILED = (
    '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]',
    '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]',
    ".jp-RenderedText .ansi-red-intense-fg",
)

# Each stepper of the kernel says its number, by which its root in the page is known.
NUMBER_THEM = f"""
import gc, json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import shown
from cnnlib import steppers as all_steppers
found = [one for one in gc.get_objects() if isinstance(one, all_steppers.Stepper)]
for number, one in enumerate(found):
    one.said = f"number {{number}}"
print(len(found))
"""
PLACE = "print(json.dumps(shown.place(found[{}])))"
MARK_THEM = """() => document.querySelectorAll('.cnnlib-stepper').forEach((root) => {
  root.dataset.number = root.querySelector('[role=status]').textContent.match(/number (\\d+)/)[1];
})"""
A_STEPPER = re.compile(r"<[^>]+><p[^>]*>(Step|Stage) \d+ of ")
WIDE = """() => [...document.querySelectorAll('.jp-RenderedHTMLCommon img')]
  .filter(e => !e.naturalWidth).map(e => e.src)"""


@pytest.fixture(scope="module")
def lab(browser, jupyterlab):
    """(a page with JupyterLab, its errors so far), for all lessons, with their figures."""
    for name in ("notebooks", "figures", "tools"):
        shutil.copytree(REPOSITORY / name, jupyterlab[2] / name)
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors = listen(page)
    open_lab(page, jupyterlab[:2])
    yield page, errors
    context.close()


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_lesson_runs_and_its_steppers_step(lab, path, whole, axe, shoot):
    """Up to its last stepper, that is: nbval runs all the cells."""
    page, errors = lab
    errors.clear()
    stored = steppers_stored_in(path)
    try:
        open_another(page, f"notebooks/{path.name}")
        run_all(page, seconds=240, last=None if whole else stored[-1])
        for kind in FAILED:
            assert page.locator(kind).count() == 0, page.locator(kind).first.inner_text()
        assert page.evaluate(WIDE) == []  # pictures that did not come
        drawn(page, len(stored))
        made = int(page.evaluate(EXECUTE, NUMBER_THEM))
        seen = 0
        page.locator(".cnnlib-stepper", has_text="number ").nth(len(stored) - 1).wait_for(
            state="attached"
        )
        page.evaluate(MARK_THEM)
        for number in range(made):
            root = page.locator(f'[data-number="{number}"]')
            if root.count():
                step_by_mouse_and_key(page, root, number)
                assert axe(page, f'[data-number="{number}"]') == []
                shoot(root, f"lesson-{path.stem[:2]}-{seen}")
                seen += 1
        assert seen == len(stored) > 0
        assert errors == []
    finally:
        close(page)


def step_by_mouse_and_key(page, root, number):
    """Go on by a click, by three keys, and compare the page with the arithmetic each time."""
    count = len(
        json.loads(
            page.evaluate(EXECUTE, f"print(json.dumps([*range(len(found[{number}].steps))]))")
        )
    )

    def settled(what, step=None):
        for _ in range(100):
            seen, wanted = read(root), json.loads(page.evaluate(EXECUTE, PLACE.format(number)))
            same = seen["place"] == wanted["place"] and step in (None, wanted["place"][0])
            if same and seen["marked"] in ([], wanted["marked"]):
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"after {what}: the page shows {seen}, the kernel is at {wanted}")

    settled("the lesson")
    root.focus()
    page.keyboard.press("Home")
    settled("Home", 0)
    root.get_by_role("button", name="Next", exact=True).click()
    settled("Next", min(1, count - 1))
    root.focus()
    for key, step in (("ArrowRight", min(2, count - 1)), ("ArrowUp", None), ("End", count - 1)):
        page.keyboard.press(key)
        settled(key, step)


def steppers_stored_in(path):
    """The numbers, from 1 on, of the code cells that show a stepper, by what is stored in them."""
    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    return [
        number
        for number, cell in enumerate(cells, 1)
        for output in cell["outputs"]
        if A_STEPPER.match("".join(output.get("data", {}).get("text/html", "")))
    ]

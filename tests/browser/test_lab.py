"""Every kind of stepper in JupyterLab: what the kernel knows of the browser, and the other way."""

import json
import random
from pathlib import Path

import pytest
from lab import (
    EXECUTE,
    command,
    drawn,
    listen,
    open_notebook,
    prompts,
    run_all,
    write_notebook,
)
from shown import KINDS, check, read, retype

BIG = "steppers.ForwardStepper(np.arange(784.).reshape(28, 28, 1) % 7, examples.one_map().W)"
CELLS = [
    f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    "import ipywidgets, numpy as np\nfrom shown import KINDS\n"
    "from cnnlib import examples, steppers\nmade = {}",
    *(f"made[{kind!r}] = KINDS[{kind!r}]()\nmade[{kind!r}]" for kind in KINDS),
    f"made['big'] = {BIG}\nmade['big']",
    "slider = ipywidgets.IntSlider(max=24)\n"
    "linked = ipywidgets.jslink((made['input'], 'index'), (slider, 'value'))\nslider",
    "print({kind: (stepper.index, stepper.term) for kind, stepper in made.items()})",
]
PLACES = {kind: number for number, kind in enumerate([*KINDS, "big"], start=1)}
NOTEBOOK = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .map(cell => [cell.cell_type, cell.getSource()])"""


class Lab:
    """The open notebook, and the few things that the tests do in it."""

    patience = 0
    """Milliseconds: Notebook 7 lets the messages of widgets run beside the cells, in any order."""

    def __init__(self, page, errors, jupyterlab):
        self.page, self.errors = page, errors
        self.address, self.folder = jupyterlab[:2], jupyterlab[2]

    def cell(self, kind):
        return self.page.locator(".jp-CodeCell").nth(PLACES[kind])

    def root(self, kind):
        return self.cell(kind).locator(".cnnlib-stepper[data-step]")

    def run(self, code):
        """Run a line in the kernel, after all that the stepper sent, and return what it prints."""
        return self.page.evaluate(EXECUTE, code)

    def ask(self, expression):
        """Return the value of an expression, which JSON must know."""
        self.page.wait_for_timeout(self.patience)
        return json.loads(self.run(f"import json; print(json.dumps({expression}))"))

    def at(self, kind):
        """Where the kernel thinks that a stepper is: all messages are in order, so at once."""
        return self.ask(f"[made[{kind!r}].index, made[{kind!r}].term]")

    def start(self, kind, at=0):
        """Go to a step from the kernel, and put the focus into the stepper."""
        self.run(f"made[{kind!r}].index = {at}")
        self.sees(kind, at)
        self.root(kind).focus()
        return self.root(kind)

    def sees(self, kind, step):
        """Wait until a step is on the screen."""
        at = self.cell(kind).locator(f'.cnnlib-stepper[data-step="{step}"]')
        at.wait_for(state="attached")  # it may be out of sight

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_timeout(self.patience)

    def same(self, kind, step, term):
        """The kernel is there, and the page shows just that."""
        assert self.at(kind) == [step, term]
        self.sees(kind, step)
        root = self.root(kind).element_handle()
        root.scroll_into_view_if_needed()  # what is far away is not laid out
        self.page.wait_for_function("root => root.innerText.trim() !== ''", arg=root)
        check(read(self.root(kind)), KINDS[kind](), step, term)


@pytest.fixture(scope="module")
def opened(browser, jupyterlab):
    url, token, folder = jupyterlab
    write_notebook(folder / "steppers.ipynb", CELLS)
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors = listen(page)
    open_notebook(page, (url, token), "steppers.ipynb")
    run_all(page)
    drawn(page, len(PLACES))
    assert page.locator(".Toastify__toast").count() == 0  # no question about news
    yield Lab(page, errors, jupyterlab)
    context.close()


@pytest.fixture
def lab(opened):
    """The lab with a look at its console at the end of each test."""
    opened.errors.clear()
    yield opened
    assert opened.errors == []


@pytest.mark.parametrize("kind", KINDS)
def test_keys_move_page_and_kernel(lab, kind):
    lab.start(kind)
    steps = KINDS[kind]().steps
    last, middle = len(steps) - 1, len(steps) - 2
    for key, step, term in (
        *(("ArrowRight", 1, -1), ("End", last, -1), ("ArrowLeft", middle, -1)),
        *(("1", middle, 0), ("Home", 0, -1)),
    ):
        lab.press(key)
        lab.same(kind, step, range(max(1, len(steps[step].terms)))[term])


@pytest.mark.parametrize("kind", ["input", "influence", "big"])
def test_a_burst_of_keys_ends_where_it_must(lab, kind):
    draw = random.Random(kind)
    last = lab.ask(f"len(made[{kind!r}].steps)") - 1
    at = 0
    lab.start(kind)
    for _ in range(80):
        key, by = draw.choice([("ArrowRight", 1), ("ArrowRight", 1), ("ArrowLeft", -1)])
        at = min(max(at + by, 0), last)
        lab.press(key)
    lab.sees(kind, at)
    assert lab.at(kind)[0] == at
    lab.page.wait_for_timeout(500)  # nothing that was still on its way may take it elsewhere
    lab.sees(kind, at)
    assert lab.at(kind)[0] == at
    assert lab.root(kind).evaluate("e => e.contains(document.activeElement)")


@pytest.mark.parametrize("kind", ["filter", "big"])
def test_the_next_cell_knows_the_step(lab, kind):
    """A cell that is run right after a burst of keys sees where the keys have led."""
    lab.start(kind)
    before = prompts(lab.page)[-1]
    lab.press(*["ArrowRight"] * 5, "2")
    lab.page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").click()
    command(lab.page, "notebook:run-cell")
    lab.page.wait_for_function(
        "n => ![n, '*', ''].includes([...document.querySelectorAll('.jp-CodeCell')].at(-1)"
        ".querySelector('.jp-InputPrompt').textContent.replace(/\\W/g, ''))",
        arg=before,
    )
    said = lab.page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").inner_text()
    assert f"'{kind}': (5, 1)" in said
    lab.sees(kind, 5)


def test_python_moves_while_keys_are_pressed(lab):
    """Whoever was last, page and kernel end at one place."""
    lab.start("input")
    for step in (20, 3, 11):
        lab.press(*["ArrowRight"] * 4)
        lab.page.evaluate(
            f"() => {{ window.moved = ({EXECUTE})('made[\"input\"].index = {step}') }}"
        )
        lab.press(*["ArrowRight"] * 4)
        lab.page.evaluate("() => window.moved")
        lab.page.wait_for_timeout(200)
        lab.same("input", *lab.at("input"))


def test_a_slider_that_is_linked_in_the_browser(lab):
    """Its moves count as keys do, also while the kernel is busy and has heard of none of them."""
    lab.start("input")
    busy = "import time; time.sleep(1)"
    lab.page.evaluate(f"() => {{ window.busy = ({EXECUTE})({busy!r}) }}")
    lab.press("ArrowRight", "ArrowRight")
    lab.page.locator(".widget-slider .noUi-handle").press("ArrowRight")
    lab.page.evaluate("() => window.busy")
    lab.same("input", 3, len(KINDS["input"]().steps[3].terms) - 1)


def test_a_link_between_two_steppers_and_an_observer(lab):
    lab.start("filter")
    lab.run(
        "seen = []; joined = ipywidgets.link((made['filter'], 'index'), (made['nudge'], 'index'))"
    )
    lab.run("made['filter'].observe(lambda change: seen.append(change['new']), 'index')")
    lab.root("filter").focus()
    lab.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert lab.ask("seen") == [1, 2, 3]
    lab.sees("nudge", 3)
    lab.root("nudge").focus()
    lab.press("ArrowLeft")
    lab.sees("filter", 2)
    lab.run("joined.unlink(); made['filter'].unobserve_all()")
    assert (lab.at("filter")[0], lab.at("nudge")[0]) == (2, 2)


def test_an_exception_in_a_callback_is_seen(lab):
    lab.start("scatter")
    lab.run("def fail(change): 1 / 0\nmade['scatter'].observe(fail, 'index')")
    lab.root("scatter").focus()
    lab.press("ArrowRight")
    lab.root("scatter").get_by_role("status").filter(has_text="ZeroDivisionError").wait_for()
    lab.run("made['scatter'].unobserve(fail, 'index')")
    lab.press("ArrowRight")
    lab.same("scatter", 2, 8)


def test_the_problem_changes_from_both_sides(lab):
    root = lab.start("input")
    lab.press("s")
    field = root.get_by_label("stride")
    retype(field, "2")
    field.press("Enter")
    root.get_by_role("status").filter(has_text="dZ is 2 x 2 now").wait_for()
    assert lab.ask("made['input'].steps.shapes['dZ']") == [2, 2, 1]
    retype(field, "0")
    field.press("Enter")
    root.get_by_role("status").filter(has_text="Nothing was changed").wait_for()
    assert lab.ask("made['input'].how['stride']") == 2
    lab.run("made['input'].change(stride=1)")
    root.locator('[data-cell="dZ(2, 2, 0)"]').wait_for()
    lab.same("input", 0, 0)
    root.focus()
    lab.press("ArrowRight")
    lab.same("input", 1, 1)


def test_predict_is_known_to_the_kernel(lab):
    root = lab.start("input", at=12)
    lab.run("made['input'].predict = 'value'")
    root.get_by_text("What is dY(2, 2)?").first.wait_for()
    assert "4" not in read(root)["cells"]["dY(2, 2, 0)"]
    root.get_by_label("your guess").fill("47")
    root.get_by_role("button", name="Check").click()
    root.get_by_text("Without the half turn").first.wait_for()
    assert lab.ask("[made['input'].tally, made['input'].said]")[0] == "0 of 1 right"
    lab.run("made['input'].predict = None")
    lab.page.wait_for_timeout(200)
    lab.same("input", 12, 8)


@pytest.mark.parametrize("kind", ["input", "big"])
def test_letters_do_not_reach_the_notebook(lab, kind):
    root = lab.start(kind)
    before = lab.page.evaluate(NOTEBOOK)
    for key in ("b", "m", "a", "x", "d", "d", "y", "r", "0", "0", "i", "i", "b", "Escape"):
        lab.press(key)
        assert root.evaluate("e => e.contains(document.activeElement)"), key
    lab.page.wait_for_timeout(100)
    assert lab.page.evaluate(NOTEBOOK) == before
    assert lab.page.locator(".jp-Dialog").count() == 0


def test_a_saved_notebook_shows_its_steps_without_a_kernel(lab, shoot):
    """Of a stepper the step as a table is kept: a widget would be gone with its kernel."""
    lab.start("input", at=12)
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    stored = lab.folder / "steppers.ipynb"
    nb = json.loads(stored.read_text("utf-8"))
    assert "widgets" not in nb["metadata"]
    outputs = [o for c in nb["cells"][1 : len(PLACES) + 1] for o in c["outputs"]]
    assert len(outputs) == len(PLACES)
    for output in outputs:
        assert "widget-view" not in json.dumps(output)
        assert "".join(output["data"]["text/html"]).count("<table") > 0
    assert stored.stat().st_size < 300_000
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page = lab.page.context.new_page()
    open_notebook(page, lab.address, "steppers.ipynb")
    cell = page.locator(".jp-CodeCell").nth(PLACES["input"])
    cell.locator("table").first.wait_for()
    assert cell.locator(".jupyter-widgets").count() == 0
    assert "model not found" not in cell.inner_text()
    shoot(page, "reopened")
    page.close()

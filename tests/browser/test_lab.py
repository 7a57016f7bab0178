"""Every kind of stepper in JupyterLab: keys, controls, and what the kernel knows of it."""

import json
import random
import time
from pathlib import Path

import pytest
from lab import (
    EXECUTE,
    command,
    keys_heard,
    listen,
    open_notebook,
    prompts,
    run_all,
    write_notebook,
)
from shown import KINDS, check, read

WITH_TERMS = [kind for kind in KINDS if kind != "stride"]
BIG = "steppers.ForwardStepper(np.arange(784.).reshape(28, 28, 1) % 7, examples.one_map().W)"
CELLS = [
    f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    "import numpy as np\nfrom shown import KINDS\nfrom cnnlib import examples, steppers\nmade = {}",
    *(f"made[{kind!r}] = KINDS[{kind!r}]()\nmade[{kind!r}]" for kind in KINDS),
    f"made['big'] = {BIG}\nmade['big']",
    "print({kind: (stepper.index, stepper.term) for kind, stepper in made.items()})",
]
PLACES = {kind: number for number, kind in enumerate([*KINDS, "big"], start=1)}

SELECT = "n => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = n }"
NOTEBOOK = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .map(cell => [cell.cell_type, cell.getSource()])"""


class Lab:
    """The open notebook, and the few things that the tests do in it."""

    def __init__(self, page, errors, jupyterlab):
        self.page, self.errors = page, errors
        self.address, self.folder = jupyterlab[:2], jupyterlab[2]

    def root(self, kind):
        """The stepper of a kind."""
        return self.page.locator(".jp-CodeCell").nth(PLACES[kind]).locator(".cnnlib-stepper")

    def run(self, code):
        """Run a line in the kernel, behind all that the stepper sent, and return what it says."""
        return self.page.evaluate(EXECUTE, code)

    def ask(self, expression):
        """Return the value of an expression, which JSON must know."""
        return json.loads(self.run(f"import json; print(json.dumps({expression}))"))

    def at(self, kind, wanted=None):
        """Where the kernel thinks that a stepper is; it may be behind the keys for a moment.

        ipywidgets sends one change at a time, and the newest once the kernel has answered.
        """
        end = time.monotonic() + 5
        while True:
            at = tuple(self.ask(f"[made[{kind!r}].index, made[{kind!r}].term]"))
            if wanted in (None, at, at[0]) or time.monotonic() > end:
                return at if wanted is None or isinstance(wanted, tuple) else at[0]
            self.page.wait_for_timeout(50)

    def where(self, kind):
        """Return the heading that is seen."""
        return self.root(kind).locator("section:visible > .cnnlib-where").first.inner_text()

    def start(self, kind, at=0):
        """Go to a step from the kernel, and put the focus into the stepper."""
        self.run(f"made[{kind!r}].index = {at}")
        root = self.root(kind)
        self.sees(kind, at)
        self.focus(kind)
        return root

    def focus(self, kind):
        """Put the focus on the step, or on the panels where there is one step in the page."""
        stops = self.root(kind).locator(".cnnlib-steps > input:checked")
        (stops if stops.count() else self.root(kind).locator(".cnnlib-panels:visible")).focus()

    def sees(self, kind, number):
        """Wait until a step is on the screen."""
        said = f" {number + 1} of "
        at = "section:visible > .cnnlib-where"
        self.root(kind).locator(at).filter(has_text=said).first.wait_for()

    def press(self, *keys):
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def same(self, kind, wanted):
        """Wait until the kernel is there, and check that the page shows just that."""
        step, term = wanted
        assert self.at(kind, wanted) == wanted
        self.sees(kind, step)
        stepper = self.stepper(kind)
        check(read(self.root(kind)), stepper.steps[step], term)

    def stepper(self, kind):
        """A stepper of the same kind on this side, for what must be shown."""
        return KINDS[kind]()


@pytest.fixture(scope="module")
def opened(browser, jupyterlab):
    url, token, folder = jupyterlab
    write_notebook(folder / "steppers.ipynb", CELLS)
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(8_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    errors = listen(page)
    open_notebook(page, (url, token), "steppers.ipynb")
    run_all(page)
    keys_heard(page, len(PLACES))
    yield Lab(page, errors, jupyterlab)
    context.close()


@pytest.fixture
def lab(opened):
    """The lab with a look at its console at the end of each test."""
    opened.errors.clear()
    yield opened
    assert opened.errors == []


def test_no_question_about_news(lab):
    assert lab.page.locator(".Toastify__toast").count() == 0


# --- keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WITH_TERMS)
def test_keys_move_page_and_kernel(lab, kind):
    lab.start(kind)
    steps = lab.stepper(kind).steps
    for key, step, term in (
        ("ArrowRight", 1, -1),
        ("End", len(steps) - 1, -1),
        ("ArrowLeft", len(steps) - 2, -1),
        ("1", len(steps) - 2, 0),
        ("ArrowDown", len(steps) - 2, 1),
        ("ArrowUp", len(steps) - 2, 0),
        ("Home", 0, -1),
    ):
        lab.press(key)
        wanted = step, range(len(steps[step].terms))[term]
        lab.same(kind, wanted)


def test_keys_move_through_the_stages(lab):
    lab.start("stride")
    lab.press("ArrowRight", "ArrowRight")
    lab.sees("stride", 2)
    assert lab.at("stride", (2, 0)) == (2, 0)
    lab.press("End")
    assert lab.at("stride", (5, 0)) == (5, 0)


@pytest.mark.parametrize("kind", ["input", "influence", "big"])
def test_a_burst_of_keys_ends_where_it_must(lab, kind):
    draw = random.Random(kind)
    last = lab.ask(f"len(made[{kind!r}].steps)") - 1
    at = 0
    lab.start(kind)
    for _ in range(200):
        key, by = draw.choice([("ArrowRight", 1), ("ArrowRight", 1), ("ArrowLeft", -1)])
        at = min(max(at + by, 0), last)
        lab.page.keyboard.press(key)
    assert lab.at(kind, at) == at
    lab.sees(kind, at)
    # Nothing that was still on its way may take it elsewhere.
    lab.page.wait_for_timeout(500)
    lab.sees(kind, at)
    assert lab.at(kind, at) == at
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


def test_a_burst_that_ends_within_a_block(lab):
    """The browser has a block of steps of a large problem; the keys run over its end and back."""
    lab.start("big")
    block = lab.root("big").locator(".cnnlib-steps > section").count()
    assert 1 < block < 26 * 26
    for keys, at in ((block + 1, block + 1), (-3, block - 2), (block, 2 * block - 2)):
        lab.press(*["ArrowRight" if keys > 0 else "ArrowLeft"] * abs(keys))
        assert lab.at("big", at) == at
        lab.sees("big", at)
        lab.page.wait_for_timeout(300)
        lab.sees("big", at)


def test_a_saved_page_opened_offline(lab, tmp_path):
    """What the lab saves needs neither the kernel nor the lab nor a network."""
    path = tmp_path / "step.html"
    lab.run(f"made['input'].save_html({str(path)!r})")
    assert path.stat().st_size < 1_000_000
    context = lab.page.context.browser.new_context(offline=True)
    page = context.new_page()
    errors = listen(page)
    page.goto(path.as_uri())
    page.locator(".cnnlib-steps > input").first.focus()
    page.keyboard.press("End")
    steps = lab.stepper("input").steps
    check(read(page.locator(".cnnlib-stepper")), steps[-1], len(steps[-1].terms) - 1)
    context.close()
    assert errors == []


def test_space_plays_and_stops(lab):
    root = lab.start("input")
    root.get_by_role("button", name="fast").click()
    lab.focus("input")
    lab.press(" ")
    root.get_by_role("button", name="Stop").wait_for()
    lab.sees("input", 2)
    lab.focus("input")
    lab.press(" ")
    root.get_by_role("button", name="Play").wait_for()
    stopped = lab.at("input")
    lab.page.wait_for_timeout(900)
    assert lab.at("input") == stopped


@pytest.mark.parametrize("kind", ["input", "big"])
@pytest.mark.parametrize("on", [".cnnlib-steps > input:checked", ".go-0", ".cnnlib-panels", "root"])
def test_letters_do_not_reach_the_notebook(lab, kind, on):
    if kind == "big" and on.startswith(".cnnlib-steps"):
        on = "section:visible input:checked"
    root = lab.start(kind)
    before = lab.page.evaluate(NOTEBOOK)
    (root if on == "root" else root.locator(on).locator("visible=true").first).focus()
    for key in ("b", "m", "a", "x", "d", "d", "y", "r", "0", "0", "i", "i", "Enter", "b", "Escape"):
        lab.press(key)
        assert root.evaluate("e => e.contains(document.activeElement)"), key
    lab.page.wait_for_timeout(100)
    assert lab.page.evaluate(NOTEBOOK) == before
    assert lab.page.locator(".jp-Dialog").count() == 0
    assert lab.at(kind, 0) == 0


def test_a_click_marks_a_term(lab):
    root = lab.start("input", at=12)
    root.locator("section:visible li.term-3").click()
    lab.same("input", (12, 3))
    root.locator("section:visible td.term-5").first.click()
    lab.same("input", (12, 5))


# --- controls of the kernel ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["input", "big"])
def test_buttons(lab, kind):
    root = lab.start(kind)
    last = lab.ask(f"len(made[{kind!r}].steps)") - 1
    for name, number in (("Last", last), ("Previous", last - 1), ("First", 0), ("Next", 1)):
        root.get_by_role("button", name=name, exact=True).click()
        lab.sees(kind, number)
        assert lab.at(kind, number) == number


def test_fields(lab):
    root = lab.start("input")
    for label, typed, at in (("step (1 to 25)", "13", (12, 8)), ("term (1 to 9)", "3", (12, 2))):
        field = root.get_by_label(label)
        field.fill(typed)
        field.press("Enter")
        lab.same("input", at)
    root.get_by_role("button", name="term", exact=True).click()
    lab.same("input", (12, 0))
    lab.focus("input")
    lab.press("ArrowRight")
    lab.same("input", (12, 1))
    root.get_by_role("button", name="step", exact=True).click()


def test_another_stride(lab):
    root = lab.start("input")
    field = root.get_by_label("stride")
    field.fill("0")
    field.press("Enter")
    root.locator(".cnnlib-message", has_text="Nothing was changed").wait_for()
    assert field.input_value() == "1"
    field.fill("2")
    field.press("Enter")
    root.locator("section:visible", has_text="spread by the stride").wait_for()
    assert lab.ask("list(made['input'].steps.shapes['dZ'])") == [2, 2, 1]
    lab.focus("input")
    lab.press("ArrowRight")
    lab.sees("input", 1)
    assert lab.at("input", 1) == 1
    lab.run("made['input'].change(stride=1)")
    lab.sees("input", 0)


def test_go_to(lab):
    root = lab.start("input")
    field, steps = root.get_by_label("go to"), lab.stepper("input").steps
    for typed, number in (("dY(2, 3)", 13), ("7", 6)):
        field.fill(typed)
        field.press("Enter")
        lab.same("input", (number, len(steps[number].terms) - 1))
    field.fill("dY(7, 7)")
    field.press("Enter")
    root.locator(".cnnlib-message", has_text="dY has no cell (7, 7").wait_for()
    assert lab.at("input", 6) == 6


def test_predict_and_reveal(lab):
    root = lab.start("input")
    root.get_by_role("button", name="value", exact=True).click()
    ask = root.locator(".cnnlib-ask", has_text="What is dY(0, 0, 0)?")
    ask.wait_for()
    seen = read(root)
    assert ("sum so far" in seen["where"], seen["total"]) == (False, "?")
    guess = root.get_by_label("your guess")
    guess.fill("3")
    guess.press("Enter")
    root.locator(".cnnlib-message", has_text="Your guess, 3, is right. 1 of 1 right").wait_for()
    lab.same("input", (0, 0))
    lab.focus("input")
    lab.press("ArrowRight")
    root.locator(".cnnlib-ask", has_text="What is dY(0, 1, 0)?").wait_for()
    root.get_by_role("button", name="Reveal").click()
    root.locator(".cnnlib-message", has_text="What is dY(0, 1, 0)? -13.").wait_for()
    lab.focus("input")
    lab.press("ArrowRight")
    root.locator(".cnnlib-ask", has_text="What is dY(0, 2, 0)?").wait_for()
    lab.focus("input")
    lab.press("Enter")
    root.locator(".cnnlib-message", has_text="What is dY(0, 2, 0)? 22.").wait_for()
    root.get_by_role("button", name="off", exact=True).click()
    root.locator(".cnnlib-steps > input").first.wait_for()
    lab.same("input", (2, 2))


FOCUSED = "document.activeElement.closest('section, .cnnlib-steps') !== null"


def test_the_keys_are_for_the_steps_again_after_enter(lab):
    """A guess, a place or a number that was typed must not leave the keys without a home."""
    root = lab.start("input")
    for label, typed, number in (
        ("go to", "dY(2, 3)", 13),
        ("step (1 to 25)", "7", 6),
        ("go to", "9", 8),
    ):
        field = root.get_by_label(label)
        field.fill(typed)
        field.press("Enter")
        lab.sees("input", number)
        lab.page.wait_for_function(FOCUSED)
        lab.press("ArrowRight")
        lab.sees("input", number + 1)
    tall = root.bounding_box()["height"]
    for kind in ("value", "weight", "index", "size", "value"):
        root.get_by_role("button", name=kind, exact=True).click()
        root.locator(".cnnlib-ask", has_text="?").wait_for()
        assert root.bounding_box()["height"] >= tall - 2  # what stands below stays there
        at = lab.at("input")[0]
        if kind == "index":
            root.get_by_role("button", name="Reveal").click()
        else:
            guess = root.get_by_label("your guess")
            guess.fill("3, 4")
            guess.press("Enter")
        root.locator(".cnnlib-message", has_text="?").wait_for()
        lab.page.wait_for_function(FOCUSED)
        lab.press("ArrowRight")
        assert lab.at("input", at + 1) == at + 1
    root.get_by_role("button", name="off", exact=True).click()
    root.locator(".cnnlib-steps > input").first.wait_for()


def test_a_guess_without_a_number_is_not_counted(lab):
    root = lab.start("input", at=12)
    root.get_by_role("button", name="value", exact=True).click()
    guess = root.get_by_label("your guess")
    guess.fill("abc")
    guess.press("Enter")
    root.locator(".cnnlib-message", has_text="'abc' has no number in it").wait_for()
    assert lab.ask("made['input'].tally") == "0 of 0 right"
    guess.fill("4,0")
    guess.press("Enter")
    root.locator(".cnnlib-message", has_text="Your guess, 4,0, is right. 1 of 1 right").wait_for()
    root.get_by_role("button", name="off", exact=True).click()
    root.locator(".cnnlib-steps > input").first.wait_for()


def test_your_numbers_from_the_clipboard(lab):
    root = lab.start("scatter")
    root.get_by_role("button", name="Your numbers").click()
    field = root.get_by_label("dZ", exact=True)
    field.wait_for()
    rows = [[1, 0, -2], [7, 5, 4], [0, 3, 9]]
    block = "\n".join("\t".join(map(str, row)) for row in rows)
    lab.page.evaluate("text => navigator.clipboard.writeText(text)", block)
    field.focus()
    lab.press("Control+A", "Control+V")
    root.get_by_role("button", name="Use", exact=True).click()
    root.locator("section:visible td", has_text="7").first.wait_for()
    assert lab.ask("made['scatter'].steps.arrays['dZ'][..., 0].tolist()") == rows
    code = root.get_by_label("code")
    assert code.input_value() != ""
    field.fill("1 two 3")
    root.get_by_role("button", name="Use", exact=True).click()
    root.locator(".cnnlib-message", has_text="'two' is no number").wait_for()
    assert lab.ask("made['scatter'].steps.arrays['dZ'][..., 0].tolist()") == rows
    root.get_by_role("button", name="Your numbers").click()
    field.wait_for(state="hidden")
    lab.run("made['scatter'].use(dZ=examples.one_map().dZ)")
    lab.sees("scatter", 0)


def test_projector_of_every_kind(lab, shoot):
    for kind in PLACES:
        root = lab.start(kind)
        lab.press("f")
        root.and_(lab.page.locator(".cnnlib-projecting")).wait_for()
        assert root.locator("table:visible").count() == 1
        shoot(root, f"projector-{kind}")
        lab.focus(kind)
        lab.press("f")
        root.and_(lab.page.locator(":not(.cnnlib-projecting)")).wait_for()


def test_projector(lab):
    root = lab.start("input")
    size = "e => parseFloat(getComputedStyle([...e.querySelectorAll('.cnnlib-where')]"
    size += ".find(one => one.checkVisibility())).fontSize)"
    small = root.evaluate(size)
    lab.press("f")
    lab.page.wait_for_function("document.querySelector('.cnnlib-projecting') !== null")
    assert root.locator("table:visible").count() == 1
    assert root.evaluate(size) >= 1.4 * small
    lab.focus("input")
    lab.press("ArrowRight")
    assert lab.at("input", 1) == 1
    root.get_by_role("button", name="Projector").click()
    lab.page.wait_for_function("document.querySelector('.cnnlib-projecting') === null")
    assert root.locator("table:visible").count() == 3


def test_the_nudge(lab):
    root = lab.start("nudge")
    field = root.get_by_label("nudge")
    field.fill("2")
    field.press("Enter")
    root.locator("section:visible", has_text="Raise W(0, 0, 0, 0) by 2").wait_for()


# --- for everybody ---------------------------------------------------------------------------

BOXES = """e => [...e.querySelectorAll('table')].filter(t => t.checkVisibility())
  .map(t => t.getBoundingClientRect()).map(b => [b.x, b.y].map(Math.round))"""


@pytest.fixture(params=[1400, 1024])
def width(request, lab):
    lab.page.set_viewport_size({"width": request.param, "height": 1000})
    yield request.param
    lab.page.set_viewport_size({"width": 1400, "height": 1000})


def test_panels_stay_in_place(lab, width):
    moved = {}
    for kind in WITH_TERMS:
        root = lab.start(kind)
        root.scroll_into_view_if_needed()
        count = lab.ask(f"len(made[{kind!r}].steps)")
        seen = {}
        for number in range(count):
            seen.setdefault(str(root.evaluate(BOXES)), []).append(number)
            lab.press("ArrowRight")
        for _ in range(9):
            lab.press("ArrowUp")
            seen.setdefault(str(root.evaluate(BOXES)), []).append("a term")
        if len(seen) > 1:
            moved[kind] = seen
    assert moved == {}, moved


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request, lab):
    light = str(request.param.endswith("Light")).lower()
    command(lab.page, "apputils:change-theme", theme=request.param)
    lab.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
    yield request.param
    command(lab.page, "apputils:change-theme", theme="JupyterLab Light")
    lab.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")


def test_axe_finds_nothing_in_a_stepper(lab, axe, theme, shoot):
    found = {}
    for kind in PLACES:
        root = lab.start(kind)
        shoot(root, f"{theme.split()[1].lower()}-{kind}")
        root.evaluate("(e, kind) => e.dataset.kind = kind", kind)
        found[kind] = axe(lab.page, f"[data-kind={kind}]")
    assert not any(found.values()), found


def test_axe_finds_nothing_in_an_open_question(lab, axe, theme):
    root = lab.start("input", at=12)
    root.evaluate("e => e.dataset.kind = 'input'")
    found = {}
    for name in ("value", "weight", "Your numbers", "Projector"):
        root.get_by_role("button", name=name, exact=True).click()
        lab.page.wait_for_timeout(300)
        found[name] = axe(lab.page, "[data-kind=input]")
    for name in ("Your numbers", "Projector", "off"):
        root.get_by_role("button", name=name, exact=True).click()
    assert not any(found.values()), found


# --- the end, since the notebook is saved and its kernel goes ----------------------------------


def test_a_saved_notebook_shows_its_steps_without_a_kernel(lab, shoot):
    """Of a stepper the step as a table is kept: a widget would be gone with its kernel."""
    lab.start("input", at=12)
    where = lab.where("input")
    lab.page.evaluate(SELECT, PLACES["input"])
    command(lab.page, "notebook:run-cell")  # a step is stored when the cell shows it
    lab.page.wait_for_timeout(500)
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    stored = lab.folder / "steppers.ipynb"
    nb = json.loads(stored.read_text("utf-8"))
    assert "widgets" not in nb["metadata"]
    assert "widget-view" not in stored.read_text("utf-8")
    shown = ["".join(o["data"]["text/html"]) for c in nb["cells"][1:-1] for o in c["outputs"]]
    assert len(shown) == len(PLACES)
    assert all(html.count("<table") > 0 for html in shown)
    assert where.split(":")[0].startswith("Step 13 of")
    assert stored.stat().st_size < 300_000
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page = lab.page.context.new_page()
    open_notebook(page, lab.address, "steppers.ipynb")
    cell = page.locator(".jp-CodeCell").nth(PLACES["input"])
    cell.locator("table").first.wait_for()
    assert page.locator(".jupyter-widgets").count() == 0
    assert "model not found" not in page.locator("body").inner_text()
    shoot(page, "reopened")
    page.close()

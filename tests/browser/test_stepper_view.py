"""What a stepper looks like and does: sizes, keys, questions, set up, speech, motion.

Pages without a kernel, each kind opened once and brought to where a case wants it.
"""

import numpy as np
import pytest
from shown import KINDS, ONE, read, retype

from cnnlib import examples, loops, shapes, steppers
from cnnlib.steppers import page as pages

SIZES = {"lab": (1024, 790), "closed": (1116, 640), "presenting": (1024, 768)}
QUIET = {"reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Return a way to write a stepper's page, once for each kind, and get its address."""
    folder = tmp_path_factory.mktemp("steppers")
    made = {}

    def address(kind):
        if kind not in made:
            made[kind] = (KINDS | MORE)[kind]().save_html(folder / f"{kind}.html").as_uri()
        return made[kind]

    return address


@pytest.fixture
def opened(browser, make):
    """Return a way to open a kind in a window of some size; errors fail the test."""
    contexts, errors = [], []

    def open_(kind, size=(1116, 720), **how):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, **(QUIET | how)
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(make(kind))
        page.wait_for_selector(".cnnlib-stepper .cs-step")
        page.locator(".cnnlib-stepper").focus()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def several():
    like = examples.three_maps()
    return steppers.InputGradientStepper(like.dZ, like.W, like.input_size)


def large(kind=steppers.InputGradientStepper):
    rng = np.random.default_rng(5)
    dZ = rng.integers(-9, 10, (24, 24, 1)).astype(float)
    W = rng.integers(-3, 4, (5, 5, 1, 1)).astype(float)
    return kind(dZ, W, (28, 28))


MORE = {"several maps": several, "large": large}


ALL = [*KINDS, *MORE]


def often(*picked, among=ALL):
    """Each case that counts; those that are not picked run with the long tests."""
    return [one if one in picked else pytest.param(one, marks=pytest.mark.long) for one in among]


def place(page):
    return tuple(read(page.locator(".cnnlib-stepper"))["place"])


def press(page, keys):
    for key in keys.split():
        page.keyboard.press(key)


# --- sizes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", often("input", "three"))
def test_all_of_a_step_is_seen_at_once(opened, kind, size):
    page = opened(kind, SIZES[size])
    if size == "presenting":
        press(page, "f")
        page.wait_for_selector(".cs-presenting")
    for keys in ("Home", "ArrowRight ArrowRight", "End"):  # a corner, an edge, the last cell
        press(page, keys)
        below = page.evaluate(
            "() => Math.max(...[...document.querySelectorAll('.cs-panels *, .cs-bar, .cs-sum')]"
            ".filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().bottom))"
        )
        wide = page.evaluate("document.querySelector('.cs-step').scrollWidth")
        assert below <= page.evaluate("innerHeight")
        assert wide <= page.evaluate("document.querySelector('.cs-step').clientWidth") + 1


@pytest.mark.parametrize("kind", often("input", "several maps", "large"))
def test_nothing_slides_sideways_on_a_phone_and_fingers_find_each_control(opened, kind):
    page = opened(kind, (360, 740), has_touch=True)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= 360
    small = page.evaluate(
        "() => [...document.querySelectorAll('.cnnlib-stepper :is(button, input, .cs-track)')]"
        ".filter(e => e.checkVisibility()).filter(e => {const r = e.getBoundingClientRect();"
        " return r.width < 24 || r.height < 24}).map(e => e.outerHTML)"
    )
    assert small == []
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.set_viewport_size({"width": 360, "height": 741})  # it is laid out anew
    page.wait_for_timeout(50)
    assert page.evaluate(wide) <= 360


def test_a_28_by_28_map_takes_at_most_800_pixels(opened):
    page = opened("large", (1024, 900))
    assert page.locator(".cnnlib-stepper").bounding_box()["height"] <= 800
    assert page.locator("td[data-cell^='dY(']").count() == 28 * 28


# --- keys ----------------------------------------------------------------------------------

MOVES = {  # keys: the place that they lead to, in an input gradient of 25 cells
    "ArrowRight": (1, 1),
    "ArrowRight ArrowLeft": (0, 0),
    "PageDown PageDown PageUp": (1, 1),
    "End": (24, 0),
    "End ArrowRight": (24, 0),
    "End Home": (0, 0),
    "ArrowRight ArrowUp": (1, 0),
    "ArrowDown": (1, 0),
    "ArrowRight 1": (1, 0),
    "ArrowRight 9": (1, 1),
}


def test_keys_lead_where_they_should(opened):
    page = opened("input")
    for keys, wanted in MOVES.items():
        press(page, "Home")
        press(page, keys)
        assert place(page) == wanted, keys


def test_going_by_term_and_to_a_cell(opened):
    page = opened("input")
    page.get_by_label("by term").check()
    page.locator(".cnnlib-stepper").focus()
    press(page, "g")
    page.keyboard.type("dY(2, 2)")
    press(page, "Enter ArrowRight ArrowRight")
    assert place(page) == (12, 2)


def test_a_click_marks_a_term_or_goes_to_a_cell(opened):
    page = opened("input")
    page.locator("[data-cell='dY(2, 2, 0)']").click()
    assert place(page) == (12, 8)
    assert page.evaluate("document.activeElement.matches('.cnnlib-stepper')")
    page.locator("[data-cell='W(1, 1, 0, 0)']").click()
    assert place(page) == (12, 4)
    page.locator("[data-product='6']").click()
    assert place(page) == (12, 6)
    track = page.locator(".cs-track").bounding_box()
    page.mouse.click(track["x"] + track["width"] - 3, track["y"] + 12)
    assert place(page) == (24, 0)


def test_play_goes_on_by_itself_and_stops_at_the_end(opened):
    page = opened("filter")
    page.clock.install(time=0)
    page.clock.pause_at(1)  # from here on, time goes by only as it is told
    press(page, "Space")
    page.clock.run_for(3100)
    assert place(page)[0] == 3
    page.clock.run_for(20_000)
    assert place(page)[0] == 8
    assert page.locator(".cs-do-play").inner_text() == "Play"


def test_the_focus_moves_with_the_mark_and_letters_do_not_reach_a_page(opened):
    page = opened("input")
    page.locator("[data-cell='dY(2, 2, 0)']").click()
    page.locator("[data-product='8']").focus()
    press(page, "ArrowUp")
    assert page.evaluate("document.activeElement.dataset.product") == "7"
    assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"


def test_turning_lays_the_filter_as_it_lies(opened):
    page = opened("input")
    corner = page.locator("[data-cell='W(0, 0, 0, 0)']")
    before = corner.bounding_box()
    press(page, "t")
    after = corner.bounding_box()
    assert after["x"] > before["x"]
    assert after["y"] > before["y"]


def test_code_has_a_line_for_each_product(opened):
    page = opened("input")
    page.locator("[data-cell='dY(0, 1, 0)']").click()
    press(page, "c")
    assert page.locator(".cs-lines").inner_text().split("\n") == [
        "dY[0, 1] = 0",
        "dY[0, 1] += dZ[0, 0] * W[0, 1]",
        "dY[0, 1] += dZ[0, 1] * W[0, 0]",
    ]


CODE = {  # kind: the lines of its second step
    "pool": ["# dZ[0, 1] gives", "dY[1, 1] += dZ[0, 1]"],
    "stride": ["# zeros between neighbours: 1", "M = spread(M, (2, 2))"],
}


@pytest.mark.parametrize("kind", CODE)
def test_code_of_a_pool_and_of_a_stage(opened, kind):
    page = opened(kind)
    press(page, "ArrowRight c")
    assert page.locator(".cs-lines").inner_text().split("\n") == CODE[kind]


def test_the_stages_in_python_end_in_the_gradient(opened):
    page = opened("stride")
    press(page, "c")
    lines = []
    for _ in range(6):
        lines.append(page.locator(".cs-lines li").last.inner_text())
        press(page, "ArrowRight")
    assert lines == [
        "M = dZ",
        "M = spread(M, (2, 2))",
        "M = zero_pad(M, ((0, 1), (0, 1)))",
        "M = zero_pad(M, ((2, 2), (1, 1)))",
        "dYp = conv_forward(M, flip(W))",
        "dY = crop(dYp, ((1, 1), (0, 0)))",
    ]
    like = examples.strided()
    M = shapes.spread(like.dZ, (2, 2))
    M = shapes.zero_pad(shapes.zero_pad(M, ((0, 1), (0, 1))), ((2, 2), (1, 1)))
    dY = shapes.crop(loops.conv_forward(M, shapes.flip(like.W)), ((1, 1), (0, 0)))
    right = loops.conv_backward_input(like.dZ, like.W, like.input_size, **like.how)
    np.testing.assert_array_equal(dY, right)


def test_a_stage_shows_what_has_happened_and_no_more(opened):
    page = opened("stride")
    press(page, "ArrowRight")
    seen = [table.is_visible() for table in page.locator(".cs-stage .cs-result, .cs-board").all()]
    assert seen == [True, True, False, False, False, False]


def test_presenting_fills_the_screen_also_where_that_is_refused(opened):
    page = opened("input", (1024, 768))
    page.evaluate(
        "document.querySelector('.cnnlib-stepper').requestFullscreen = () => Promise.reject(); 0"
    )
    press(page, "f")
    page.wait_for_selector(".cs-presenting")
    box = page.locator(".cnnlib-stepper").bounding_box()
    assert (box["width"], box["height"]) == (1024, 768)
    press(page, "Escape")
    assert page.locator(".cs-presenting").count() == 0


# --- set up --------------------------------------------------------------------------------


def test_set_up_changes_the_problem_or_says_why_not(opened):
    page = opened("input")
    press(page, "s")
    retype(page.get_by_label("stride"), "2")
    press(page, "Enter")
    message = page.locator(".cs-message")
    assert message.inner_text().startswith("dZ is 2 x 2 now")
    assert page.locator("td[data-cell^='dZ(']").count() == 4
    page.get_by_label("W", exact=True).fill("1 2\n3 x")
    page.get_by_role("button", name="Use", exact=True).click()
    assert "W, row 2: 'x' is not a number" in message.inner_text()
    assert "Nothing was changed" in message.inner_text()
    assert page.locator("td[data-cell^='W(']").count() == 9
    code = steppers.InputGradientStepper(ONE.dZ * 2, ONE.W, ONE.input_size).code
    retype(page.get_by_label("code", exact=True), code)
    press(page, "Enter")
    assert page.locator("[data-cell='dZ(0, 0, 0)']").inner_text() == "6"


# --- predict -------------------------------------------------------------------------------

QUESTIONS = [  # kind of stepper, of question, what would give it away, a wrong guess, a right one
    ("input", "value", "= 4", "5", "4"),
    ("input", "weight", "W(2, 2)", "0, 0", "2, 2"),
    ("input", "index", "dZ(0, 0)", "1, 1", "0, 0"),
    ("input", "size", "7", "5, 5", "7, 7"),
    ("scatter", "index", "dY(0, 0)", "2, 2", "0, 0"),
    ("filter", "weight", "dW(0, 0)", "1, 2", "0, 0"),
    ("forward", "size", "9", "4, 4", "3, 3"),
]


@pytest.mark.parametrize(("kind", "asks", "secret", "wrong", "right"), QUESTIONS)
def test_a_question_keeps_its_answer_and_judges_a_guess(opened, kind, asks, secret, wrong, right):
    page = opened(kind)
    if kind == "input":
        page.locator("[data-cell='dY(2, 2, 0)']").click()
    press(page, "p")
    page.get_by_label("what to predict").select_option(asks)
    root = page.locator(".cnnlib-stepper")
    asked = root.locator(".cs-ask").inner_text()
    all_said = page.evaluate(
        "() => {const root = document.querySelector('.cnnlib-stepper').cloneNode(true);"
        "root.querySelectorAll('.cs-ask, .cs-setup, thead, tbody th').forEach(e => e.remove());"
        "const labels = [...root.querySelectorAll('[aria-label], [title], [aria-valuetext]')].map("
        "e => ['aria-label', 'title', 'aria-valuetext'].map(n => e.getAttribute(n)).join());"
        "root.querySelectorAll('td').forEach(e => e.remove());"
        "return [root.textContent, ...labels].join('|').replaceAll('\\u2212', '-')}"
    )
    assert secret not in all_said, asked
    page.get_by_label("your guess").fill(wrong)
    press(page, "Enter")
    assert "Not right." in root.locator(".cs-told").inner_text()
    assert root.locator(".cs-tally").inner_text() == "0 of 1"
    assert page.evaluate("document.activeElement.textContent").startswith("Next question")
    press(page, "p p")
    page.get_by_label("your guess").fill(right)
    press(page, "Enter")
    assert "Right." in root.locator(".cs-told").inner_text()


def test_a_guess_without_a_number_is_told_what_is_expected(opened):
    page = opened("input")
    press(page, "p Enter")
    message = page.locator(".cs-message")
    assert message.inner_text() == "Type a number, such as 3 or 0.5."
    page.get_by_label("what to predict").select_option("weight")
    page.get_by_label("your guess").fill("left")
    page.get_by_role("button", name="Check").click()
    assert message.inner_text() == (
        "'left' has no number in it: type a row and a column, such as 0, 2."
    )
    assert page.locator(".cs-tally").inner_text() == ""
    page.get_by_role("button", name="Show").click()
    assert page.locator(".cs-told").inner_text() == "It is W(0, 0)."
    assert message.inner_text() == ""


def test_an_answer_leaves_the_picture_whole(opened):
    page = opened("input", (1024, 768))
    press(page, "p")
    for asks in ("size", "weight"):
        page.get_by_label("what to predict").select_option(asks)
        page.get_by_role("button", name="Show").click()
        step = page.locator(".cs-step")
        assert step.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
        links = page.evaluate(
            "[...document.querySelectorAll('.cs-links path')].map(e => e.getBBox().y)"
        )
        assert len(links) == 4 and min(links) > 20, asks  # from a cell to the card, and on


def test_a_weight_can_be_chosen_in_the_table_and_a_slip_is_named(opened):
    page = opened("input")
    page.locator("[data-cell='dY(2, 2, 0)']").click()
    press(page, "p")
    page.get_by_label("what to predict").select_option("weight")
    page.locator("[data-cell='W(0, 0, 0, 0)']").click()
    assert "Without the half turn" in page.locator(".cs-told").inner_text()
    assert page.locator("[data-marked]").count() == 3


# --- colours, motion ----------------------------------------------------------------


STATES = {"plain": "", "set up": "s", "code": "c", "predict": "p", "presenting": "f"}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", often("input", "pool"))
def test_axe_finds_nothing(opened, axe, kind, look):
    page = opened(kind, **LOOKS[look])
    press(page, "ArrowRight")
    for state, key in STATES.items() if kind == "input" else [("plain", "")]:
        press(page, f"Escape {key}")
        assert axe(page, ".cnnlib-stepper") == [], state
        press(page, f"Escape {key}")


def test_motion_is_short_and_there_is_none_where_less_is_asked_for(opened):
    running = "document.getAnimations().map(a => a.effect.getComputedTiming().duration)"
    for wanted in ("reduce", "no-preference"):
        page = opened("input", reduced_motion=wanted)
        press(page, "ArrowRight")
        times = page.evaluate(
            f"() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame("
            f"() => setTimeout(() => done({running}), 0))))"
        )
        assert bool(times) == (wanted == "no-preference")
        assert all(time <= 200 for time in times)


# --- where a page does more than a stepper knows -------------------------------------------

RESET = """html, body, div, span, p, b, i, label, section, table, tbody, tr, td, th {
  margin: 0; padding: 0; border: 0; font: inherit; font-size: 100%; vertical-align: baseline;
} body { font-size: 10px; }"""
SIZES_OF = """() => [...document.querySelectorAll('.cnnlib-stepper :is(table, td, button)')]
  .map(e => [e.offsetHeight, getComputedStyle(e).fontSize])"""


def test_a_style_reset_of_the_page_changes_nothing(browser):
    seen = []
    for css in ("", RESET):
        page = browser.new_page()
        body = KINDS["input"]().fragment()
        page.set_content(f"<!doctype html><title>x</title><style>{css}</style>{pages.HEAD}{body}")
        page.locator(".cnnlib-stepper[data-step]").wait_for()
        seen.append(page.evaluate(SIZES_OF))
        page.close()
    assert len(seen[0]) > 50
    assert seen[0] == seen[1]


def test_a_page_that_is_loaded_again_asks_and_answers_nothing(opened):
    page = opened("input")
    press(page, "p")
    page.get_by_label("what to predict").select_option("value")
    page.reload()
    page.wait_for_selector(".cnnlib-stepper .cs-step")
    assert page.locator(".cs-question").count() == 0
    assert read(page.locator(".cnnlib-stepper"))["cells"]["dY(0, 0, 0)"] == "3"


def test_tables_stay_where_they_are_from_step_to_step(opened):
    page = opened("scatter", (1024, 768))
    places = []
    for key in ("Home", *["ArrowRight"] * 8):
        press(page, key)
        cells = ["dZ(0, 0, 0)", "W(0, 0, 0, 0)", "dY(0, 0, 0)"]
        boxes = [page.locator(f"[data-cell='{cell}']").bounding_box() for cell in cells]
        places.append([(box["x"], box["y"]) for box in boxes])
    assert all(place == places[0] for place in places)


def test_keys_go_on_when_set_up_is_closed(opened):
    page = opened("input")
    press(page, "s")
    page.get_by_role("button", name="Copy code").focus()
    press(page, "Escape")
    assert not page.locator(".cs-setup").is_visible()
    press(page, "ArrowRight")
    assert place(page)[0] == 1


def test_the_gradient_at_an_activation_is_shown_and_can_be_typed(opened):
    page = opened("activation")
    assert page.locator("[data-cell='dY_out(0, 1, 0)']").inner_text() == "\u22124"
    press(page, "s")
    page.get_by_label("dY", exact=True).fill("1 2 3\n4 5 6\n7 8 9")
    page.get_by_role("button", name="Use", exact=True).click()
    assert page.locator("[data-cell='dY_out(0, 1, 0)']").inner_text() == "2"

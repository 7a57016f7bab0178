"""A saved page of each kind of stepper: no kernel, no network, and the script may be off."""

import re
from contextlib import contextmanager

import pytest
from lab import listen
from shown import KINDS, READ_PANELS, check, expected, read

from cnnlib import examples, steppers
from cnnlib.steppers import pages, quiz

WITH_TERMS = [kind for kind in KINDS if kind != "stride"]
THREE = examples.three_maps()
MORE = {  # several planes of terms; an oblong map with a left-over row
    "three maps": lambda: steppers.InputGradientStepper(THREE.dZ, THREE.W, (4, 5)),
    "oblong": lambda: _oblong(examples.oblong()),
}


def _oblong(like):
    return steppers.InputGradientStepper(like.dZ, like.W, like.input_size, **like.how)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """{kind: (stepper, address of its page)}."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for kind, make in (KINDS | MORE).items():
        stepper = make()
        made[kind] = stepper, stepper.save_html(folder / f"{kind}.html").as_uri()
    return made


@pytest.fixture
def look_at(browser, saved):
    """Return a way to open a page; at its end there was no error, and no request to a host."""

    @contextmanager
    def opened(kind, width=1200, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        asked = []
        context.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
        page = context.new_page()
        errors = listen(page)
        try:
            page.goto(saved[kind][1])
            yield page
            assert asked == [saved[kind][1]]
            assert errors == []
        finally:
            context.close()

    return opened


def root(page):
    return page.locator(".cnnlib-stepper")


def where(page):
    return page.locator("section:visible > .cnnlib-where").first.inner_text()


def heading(steps, number, term=None):
    """The first line of a step: at its last term, unless another one is named."""
    step = steps[number]
    if not step.terms:
        kind, what = ("Step", step.cell) if step.cell else ("Stage", step)
        return f"{kind} {number + 1} of {len(steps)}: {what}."
    return expected(step, len(step.terms) - 1 if term is None else term)["where"]


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def start(page):
    """Put the focus on the first step, as a reader does who comes with the Tab key."""
    stop = page.locator(".cnnlib-steps > input").first
    stop.focus()
    stop.check()


# --- without a script ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_arrow_keys_step_without_a_script(look_at, saved, kind):
    steps = saved[kind][0].steps
    with look_at(kind, java_script_enabled=False) as page:
        start(page)
        for number in range(len(steps)):
            assert page.locator("section:visible").count() == 1
            assert where(page).replace("\n", " ") == heading(steps, number)
            page.keyboard.press("ArrowRight")
        assert where(page) == heading(steps, 0)  # radio buttons go round


@pytest.mark.parametrize("kind", WITH_TERMS)
def test_arrow_keys_go_through_the_terms_without_a_script(look_at, saved, kind):
    steps = saved[kind][0].steps
    number = max(range(len(steps)), key=lambda n: len(steps[n].terms))
    terms = len(steps[number].terms)
    with look_at(kind, java_script_enabled=False) as page:
        page.locator(".cnnlib-steps > input").nth(number).check()
        page.locator("section:visible .cnnlib-sum input").first.check(force=True)
        for term in range(terms):
            assert where(page) == heading(steps, number, term)
            total = page.locator("section:visible td:has(> .cnnlib-value)").first
            if not steps[number].source:
                assert total.inner_text() == expected(steps[number], term)["result"]
            page.keyboard.press("ArrowDown")
        assert where(page) == heading(steps, number, 0)


def test_what_needs_a_script_is_not_shown_without_one(look_at):
    with look_at("input", java_script_enabled=False) as page:
        assert not page.locator(".cnnlib-controls").is_visible()
        assert page.locator(".cnnlib-steps > input").first.is_visible()


# --- with its script -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*WITH_TERMS, *MORE])
def test_every_step_and_term_is_that_of_the_trace(look_at, saved, kind):
    steps = saved[kind][0].steps
    with look_at(kind) as page:
        start(page)
        press(page, "Home")
        stepper = root(page).element_handle()
        for number, step in enumerate(steps):
            press(page, *["ArrowUp"] * (len(step.terms) - 1) * (number == 0))
            if not step.terms:  # no window reaches this cell
                assert where(page) == heading(steps, number)
                page.keyboard.press("ArrowDown")
            for term in range(len(step.terms)):
                check(read(stepper), step, term)
                page.keyboard.press("ArrowDown")
        assert read(stepper)["where"] == heading(steps, len(steps) - 1)  # it does not go round


def test_every_stage_is_shown(look_at, saved):
    steps = saved["stride"][0].steps
    with look_at("stride") as page:
        start(page)
        for number, stage in enumerate(steps):
            assert where(page) == heading(steps, number)
            table = page.locator("section:visible table").last
            values = [float(text) for text in table.locator("tbody td").all_inner_texts()]
            assert values == stage.values.ravel().tolist()
            page.keyboard.press("ArrowRight")


def test_keys_of_a_page(look_at, saved):
    steps = saved["input"][0].steps
    with look_at("input") as page:
        start(page)
        for key, number, term in (
            ("End", 24, None),
            ("ArrowRight", 24, None),
            ("ArrowLeft", 23, None),
            ("Home", 0, None),
            ("ArrowLeft", 0, None),
            ("ArrowRight", 1, None),
            ("1", 1, 0),
            ("2", 1, 1),
            ("9", 1, 1),  # there is no ninth term: nothing happens
            ("ArrowUp", 1, 0),
            ("ArrowUp", 0, None),
            ("ArrowDown", 1, 0),
        ):
            page.keyboard.press(key)
            assert where(page) == heading(steps, number, term), key


def test_keys_by_term(look_at, saved):
    steps = saved["input"][0].steps
    with look_at("input") as page:
        page.get_by_label("move by term").check()
        start(page)
        press(page, "Home")
        walk = [(n, t) for n, step in enumerate(steps[:4]) for t in range(len(step.terms))]
        for number, term in walk:
            assert where(page) == heading(steps, number, term)
            page.keyboard.press("ArrowRight")
        for number, term in reversed(walk):
            page.keyboard.press("ArrowLeft")
            assert where(page) == heading(steps, number, term)


def test_buttons_of_a_page(look_at, saved):
    steps = saved["filter"][0].steps
    with look_at("filter") as page:
        for name, number in (("Last", 8), ("Previous", 7), ("First", 0), ("Next", 1)):
            page.get_by_role("button", name=name).click()
            assert where(page) == heading(steps, number)


def test_space_plays_and_stops(look_at):
    with look_at("input") as page:
        page.get_by_label("speed").select_option("fast")
        start(page)
        press(page, "Home", " ")
        page.wait_for_function("document.querySelectorAll('.cnnlib-steps > input')[2].checked")
        assert page.locator(".cnnlib-play").inner_text() == "Stop"
        page.keyboard.press(" ")
        stopped = where(page)
        page.wait_for_timeout(900)
        assert (where(page), page.locator(".cnnlib-play").inner_text()) == (stopped, "Play")


def test_it_stops_at_the_end_and_starts_again(look_at, saved):
    steps = saved["stride"][0].steps
    with look_at("stride") as page:
        page.get_by_label("speed").select_option("fast")
        start(page)
        press(page, "End", "ArrowLeft", " ")
        page.wait_for_function("document.querySelector('.cnnlib-play').textContent === 'Play'")
        assert where(page) == heading(steps, len(steps) - 1)
        page.keyboard.press(" ")
        assert where(page) == heading(steps, 0)


def test_f_makes_it_large_and_leaves_one_panel(look_at):
    with look_at("input") as page:
        start(page)
        size = "getComputedStyle(document.querySelector('section:has(.go-0:checked)')"
        size += ".querySelector('.cnnlib-where')).fontSize"
        before = page.locator("section:visible table:visible").count()
        small = float(page.evaluate(size).removesuffix("px"))
        page.keyboard.press("f")
        assert (before, page.locator("section:visible table:visible").count()) == (3, 1)
        assert float(page.evaluate(size).removesuffix("px")) >= small * 1.4
        assert page.locator(".cnnlib-projector").get_attribute("aria-pressed") == "true"
        page.keyboard.press("f")
        assert page.locator("section:visible table:visible").count() == 3


@pytest.mark.parametrize(
    ("typed", "number"), [("dY(2, 3)", 13), ("2,3", 13), ("dY[4, 0, 0]", 20), ("7", 6)]
)
def test_going_to_a_cell(look_at, saved, typed, number):
    with look_at("input") as page:
        field = page.get_by_label("go to")
        field.fill(typed)
        field.press("Enter")
        assert where(page) == heading(saved["input"][0].steps, number)
        assert (field.input_value(), field.get_attribute("aria-invalid")) == ("", "false")


@pytest.mark.parametrize("typed", ["dY(9, 9)", "there", "26", "0"])
def test_a_cell_that_is_not_there_is_refused(look_at, saved, typed):
    with look_at("input") as page:
        field = page.get_by_label("go to")
        before = where(page)
        field.fill(typed)
        field.press("Enter")
        assert (where(page), field.get_attribute("aria-invalid")) == (before, "true")
        assert field.input_value() == typed


def test_letters_typed_into_a_field_do_nothing_else(look_at):
    with look_at("input") as page:
        before = where(page)
        page.get_by_label("go to").press_sequentially("f dY")
        assert where(page) == before
        assert page.locator("section:visible table:visible").count() == 3


@pytest.mark.parametrize("kind", WITH_TERMS)
def test_the_value_is_hidden_until_it_is_asked_for(look_at, saved, kind):
    step = saved[kind][0].steps[0]
    values = "section:visible .cnnlib-value"
    with look_at(kind) as page:
        start(page)
        page.get_by_label("predict").select_option("value")
        assert page.locator(values).count() > 0
        for shown in page.locator(values).all():
            assert not shown.is_visible()
        if not step.source:
            hidden = read(root(page))
            assert (hidden["total"], "sum so far" in hidden["where"]) == ("", False)
        page.get_by_role("button", name="Reveal").click()
        check(read(root(page)), step, len(step.terms) - 1)
        assert not page.locator(".cnnlib-reveal").is_visible()
        page.locator(".cnnlib-next").click()
        assert not page.locator(values).first.is_visible()


GUESSES = (
    "5",
    " -5 ",
    "\u22125",
    "5.0",
    "-5.00001",
    "-5.1",
    "1, 2",
    "W(1, 2)",
    "1 2 0 0",
    "1 2 0 1",
)
GUESSES += ("", "x", "3", "7 x 7", "7,7", "7 x 8", "1e3", "-.5", "1 2 0 0 0", "W(2, 1, 0, 0)")
QUESTIONS = [("value", "-5"), ("value", "5"), ("value", "nan"), ("value", "1000")]
QUESTIONS += [("weight", "W(1, 2, 0, 0)"), ("weight", "W(2, 1, 0, 1)"), ("index", "Y(1, 2, 0)")]
QUESTIONS += [("size", "7 x 7")]


def test_a_page_judges_a_guess_as_the_kernel_does(look_at):
    """The rule stands twice, in Python and in the script: they must not part."""
    script = pages.SCRIPT.replace("export default", "const lab =").replace("export ", "")
    judge = "questions.map(([kind, answer]) => guesses.map(g => isRight({kind, answer}, g)))"
    with look_at("input") as page:
        found = page.evaluate(
            f"([questions, guesses]) => {{ {script}\nreturn {judge}; }}", [QUESTIONS, GUESSES]
        )
    for (kind, answer), seen in zip(QUESTIONS, found, strict=True):
        numbers = tuple(map(float, re.findall(r"-?\d+", answer))) or (float("nan"),)
        asked = quiz.Question(kind, "", answer, (), numbers)
        assert seen == [asked.is_right(guess) for guess in GUESSES], answer
    assert any(map(any, found)) and not all(map(all, found))


@pytest.mark.parametrize("kind", WITH_TERMS)
@pytest.mark.parametrize("asks", ["weight", "index", "size"])
def test_what_is_asked_is_nowhere_to_be_read(look_at, saved, kind, asks):
    """Nothing is marked in the array of the answer, and its name is not written out."""
    steps = saved[kind][0].steps
    number = len(steps) // 2
    step = steps[number]
    term = len(step.terms) - 1
    asked = quiz.question(asks, step, term)
    with look_at(kind) as page:
        start(page)
        press(page, *["ArrowRight"] * number)
        page.get_by_label("predict").select_option(asks)
        assert page.locator(".cnnlib-ask").inner_text() == asked.ask
        words = page.locator(".cnnlib-steps").inner_text()
        assert asked.answer not in words
        panels = dict(read_panels(page))
        assert asks != "size" or panels == {}
        name = asked.answer.partition("(")[0]
        assert [letter for *_, letter, _ in panels.get(name, []) if letter in "ts"] == []
        for cell in asked.given:
            marked = [(int(r), int(c)) for r, c, letter, _ in panels[cell.array] if letter in "ts"]
            assert marked == [cell.index[:2]]
        page.get_by_label("your guess").fill(asked.answer)
        page.keyboard.press("Enter")
        said = page.locator(".cnnlib-answer").inner_text()
        assert said.startswith(f"{asked.ask} {asked.answer}.")
        assert said.endswith("is right. 1 of 1 right.")
        check(read(root(page)), step, term)


def read_panels(page):
    """Return the marked cells of the tables that are seen, as `shown.read` does."""
    return page.evaluate(READ_PANELS)


def test_a_page_keeps_a_tally_and_says_when_it_is_over(look_at, saved):
    steps = saved["filter"][0].steps
    with look_at("filter") as page:
        start(page)
        page.get_by_label("predict").select_option("value")
        for number, step in enumerate(steps):
            guess = int(step.value) + number % 2  # every second one is wrong
            page.get_by_label("your guess").fill(str(guess))
            page.keyboard.press("Enter")
            said = page.locator(".cnnlib-answer").inner_text()
            right = number // 2 + 1
            assert said.endswith(
                f"Your guess, {guess}, is {'not right' if number % 2 else 'right'}. {right} of "
                f"{number + 1} right." + " This was the last step." * (step is steps[-1])
            ) or number + 1 == len(steps)
            page.locator(".cnnlib-next").click()
        assert "5 of 9 right. This was the last step." in said
        page.get_by_label("predict").select_option("off")
        assert page.locator("section:visible .cnnlib-value").first.is_visible()


def test_enter_reveals(look_at):
    with look_at("input") as page:
        page.get_by_label("predict").select_option("value")
        start(page)
        press(page, "ArrowRight", "Enter")
        assert page.locator("section:visible .cnnlib-value").first.is_visible()


@pytest.mark.parametrize("kind", WITH_TERMS)
def test_a_click_on_a_cell_or_a_line_of_code_marks_its_term(look_at, saved, kind):
    steps = saved[kind][0].steps
    number = max(range(len(steps)), key=lambda n: len(steps[n].terms))
    with look_at(kind) as page:
        page.locator(".cnnlib-steps > input").nth(number).check()
        section = page.locator("section:visible")
        for term in range(len(steps[number].terms)):
            section.locator(f"li.term-{term}").click()
            assert where(page) == heading(steps, number, term)
            section.locator(f"td.term-{len(steps[number].terms) - 1 - term}").first.click()
            assert where(page) == heading(steps, number, len(steps[number].terms) - 1 - term)


LIT = """n => [...document.querySelectorAll('.cnnlib-steps > section')]
  .filter(e => e.checkVisibility()).flatMap(e => [...e.querySelectorAll('[class*="term-"]')])
  .filter(e => e.checkVisibility() && getComputedStyle(e).outlineStyle !== 'none')
  .map(e => [e.tagName, e.matches('.term-' + n)])"""


@pytest.mark.parametrize("kind", WITH_TERMS)
def test_what_belongs_to_a_term_lights_up_together(look_at, saved, kind):
    steps = saved[kind][0].steps
    number = max(range(len(steps)), key=lambda n: len(steps[n].terms))
    with look_at(kind) as page:
        page.locator(".cnnlib-steps > input").nth(number).check()
        section = page.locator("section:visible")
        for term in range(0, len(steps[number].terms), 2):
            for what in ("label", "td", "li"):
                section.locator(f"{what}.term-{term}").first.hover()
                lit = page.evaluate(LIT, term)
                assert all(its_own for _, its_own in lit)
                names = [name for name, _ in lit]
                assert (names.count("LABEL"), names.count("LI")) == (1, 1), what
                assert names.count("TD") >= 2, what
        page.locator("h1").hover()
        assert page.evaluate(LIT, 0) == []


# --- for everybody ---------------------------------------------------------------------------


FOCUS = """() => {
  const e = document.activeElement, box = e.closest('label') ?? e;
  const ring = [e, box].some(one => getComputedStyle(one).outlineStyle !== 'none');
  const inside = Boolean(e.closest('.cnnlib-stepper'));
  return [inside, e.checkVisibility(), ring, e.outerHTML.slice(0, 90)];
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_the_focus_is_seen_and_never_lost(look_at, kind):
    with look_at(kind) as page:
        page.keyboard.press("Tab")
        page.locator(".cnnlib-steps > input:checked").focus()
        walk = ["ArrowRight", "ArrowDown", "2", "End", "ArrowLeft", "Home", "ArrowUp", "Enter", "f"]
        tabs = [key for _ in page.locator(".go-0").all()[:1] for key in ["Tab", *walk]]  # products
        for key in [*walk, *tabs, "Tab", *walk, "Shift+Tab", *walk]:
            page.keyboard.press(key)
            inside, seen, ring, what = page.evaluate(FOCUS)
            assert inside, f"{key}: {what}"
            assert seen, f"{key}: {what}"
            assert ring, f"{key}: {what}"


TARGETS = """() => {
  const boxes = [...document.querySelectorAll('button, select, input, label.cnnlib-product')]
    .filter(e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}))
    .map(e => [e.closest('label') ?? e, e]).map(([e, of]) => [e.getBoundingClientRect(), of]);
  const middle = b => [b.x + b.width / 2, b.y + b.height / 2];
  const apart = (a, b) =>
    Math.hypot(middle(a)[0] - middle(b)[0], middle(a)[1] - middle(b)[1]) >= 24;
  return boxes.filter(([b, e]) => (b.width < 24 || b.height < 24)
      && !boxes.every(([o, of]) => of === e || apart(b, o)))
    .map(([b, e]) => [e.outerHTML.slice(0, 80), b.width, b.height]);
}"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_without_sliding_sideways(look_at, shoot, kind, scheme):
    how = {"has_touch": True, "is_mobile": True, "color_scheme": scheme}
    with look_at(kind, width=360, **how) as page:
        wide = "[document.documentElement.scrollWidth, innerWidth]"
        stops = page.locator(".cnnlib-steps > input")
        for number in (0, stops.count() // 2, stops.count() - 1):
            stops.nth(number).tap()
            assert page.evaluate(wide) == [360, 360]
            # 24 pixels, or the middle 24 pixels away from any other: WCAG 2.2, 2.5.8.
            assert page.evaluate(TARGETS) == []
        shoot(page, f"telephone-{scheme}-{kind}", full_page=True)
        page.locator(".cnnlib-projector").tap()
        assert page.evaluate(wide) == [360, 360]


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(look_at, axe, kind):
    with look_at(kind) as page:

        def in_both_schemes():
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                yield from axe(page)

        start(page)
        assert [*in_both_schemes()] == []
        for asks in page.locator(".cnnlib-predict option").all_inner_texts()[1:]:
            page.get_by_label("predict").select_option(asks)
            assert [*in_both_schemes()] == [], f"asking for the {asks}"
            page.locator(".cnnlib-reveal").click()
        page.locator(".cnnlib-projector").click()
        page.locator(".cnnlib-last").click()
        assert [*in_both_schemes()] == [], "projecting"


def test_dark_is_dark(look_at):
    with look_at("input", color_scheme="dark") as page:
        colours = """() => [getComputedStyle(document.documentElement).backgroundColor,
          getComputedStyle(document.querySelector('.cnnlib-where')).color]"""
        back, ink = (
            sum(int(n) for n in colour.strip("rgba()").split(",")[:3])
            for colour in page.evaluate(colours)
        )
        assert back < 150 < 600 < ink


def test_reduced_motion_has_nothing_that_moves(look_at):
    with look_at("input", reduced_motion="reduce") as page:
        start(page)
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.getAnimations().length") == 0
        moving = """[...document.querySelectorAll('*')].filter(
          e => getComputedStyle(e).transitionDuration !== '0s').length"""
        assert page.evaluate(moving) == 0


SAID = "words => document.querySelector('.cnnlib-said').textContent.trim() === words"


def test_what_is_said_aloud_is_what_is_shown(look_at):
    with look_at("input") as page:
        start(page)
        for key in ("ArrowRight", "ArrowUp", "End"):
            page.keyboard.press(key)
            page.wait_for_function(SAID, arg=where(page), timeout=5_000)

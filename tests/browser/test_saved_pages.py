"""A saved page of each kind of stepper: no kernel, no network, and the script may be off."""

from contextlib import contextmanager

import pytest
from lab import listen
from shown import KINDS, check, expected, read

from cnnlib import examples, steppers

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
        page.get_by_label("hide the value").check()
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


def test_enter_reveals(look_at):
    with look_at("input") as page:
        page.get_by_label("hide the value").check()
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
  .filter(e => e.checkVisibility() && getComputedStyle(e).boxShadow !== 'none')
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
def test_a_telephone_shows_it_without_sliding_sideways(look_at, kind):
    with look_at(kind, width=360, has_touch=True, is_mobile=True) as page:
        wide = "[document.documentElement.scrollWidth, innerWidth]"
        stops = page.locator(".cnnlib-steps > input")
        for number in (0, stops.count() // 2, stops.count() - 1):
            stops.nth(number).tap()
            assert page.evaluate(wide) == [360, 360]
            # 24 pixels, or the middle 24 pixels away from any other: WCAG 2.2, 2.5.8.
            assert page.evaluate(TARGETS) == []
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
        page.get_by_label("hide the value").check()
        assert [*in_both_schemes()] == [], "hiding"
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


SAID = "words => document.querySelector('[role=status]').textContent.trim() === words"


def test_what_is_said_aloud_is_what_is_shown(look_at):
    with look_at("input") as page:
        start(page)
        for key in ("ArrowRight", "ArrowUp", "End"):
            page.keyboard.press(key)
            page.wait_for_function(SAID, arg=where(page), timeout=5_000)

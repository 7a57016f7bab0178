"""Pages without a kernel: opened as a file, offline, with a code in the address."""

import re

import pytest
from lab import listen
from shown import KINDS, check, read
from test_cases import CASES

from cnnlib import steppers
from cnnlib.steppers import page as pages

OLD = (
    "input;float64;dZ=2x2x1:1,-2,3,4;W=2x2x1x1:1,2,3,5;input_size=3x3;"
    "stride=1x1;padding=0x0x0x0;dilation=1x1"
)
HOSTILE = [
    "<script>window.hit=1</script>",
    "input;float64;<img src=x onerror=window.hit=1>=1x1:1",
    OLD.replace("dZ=", "__proto__="),
    OLD.replace("input;", "constructor;"),
    OLD.replace("float64", "toString"),
    OLD.replace("dZ=2x2x1", "dZ=99999x99999x99999"),
    OLD.replace("stride=1x1", "stride=99999x99999").replace("padding=0x0x0x0", "padding=9x9x9x9"),
    OLD.replace("padding=0x0x0x0", "padding=99999x99999x99999x99999"),
    OLD.replace("1,-2,3,4", "1,javascript:alert(1),3,4"),
    "%E0%A4%A",
    "a" * 300_000,
]


@pytest.fixture
def opened(browser, tmp_path):
    """Return a way to save a stepper and open the page, offline; what it asked for is looked at."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    errors, asked = listen(page), []
    page.on("request", lambda request: asked.append(request.url))

    def open_(stepper, code=""):
        path = stepper.save_html(tmp_path / "step.html")
        page.goto("about:blank")
        page.goto(path.as_uri() + ("#" + code if code else ""))
        root = page.locator(".cnnlib-stepper[data-step]")
        root.wait_for()
        return page, root

    open_.expected = "no error"
    yield open_
    assert [error for error in errors if open_.expected not in error] == []
    assert {url.split("#")[0] for url in asked} <= {
        (tmp_path / "step.html").as_uri(),
        "about:blank",
    }
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_steps_without_a_kernel(kind, opened, tmp_path):
    stepper = KINDS[kind]()
    assert stepper.save_html(tmp_path / "small.html").stat().st_size <= 200_000
    stepper.index = 1
    page, root = opened(stepper)
    root.focus()
    last = len(stepper.steps) - 1
    for key, step in (("", 1), ("ArrowRight", 2), ("End", last), ("ArrowLeft", last - 1)):
        if key:
            page.keyboard.press(key)
        check(read(root), stepper, step, max(0, len(stepper.steps[step].terms) - 1))


def test_a_page_says_what_it_may_do(opened):
    page, _ = opened(steppers.InputGradientStepper())
    opened.expected = "violates the "  # in the words of each browser
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.hit = 1';"
        "document.body.append(s); }"
    )
    assert page.evaluate("window.hit") is None
    assert page.evaluate("fetch('data:,x').then(() => 'got it', () => 'refused')") == "refused"


def test_the_address_is_a_code(opened):
    other = steppers.MaxPoolStepper()
    page, root = opened(steppers.InputGradientStepper(), other.code)
    assert read(root)["kind"] == "pool"
    for name, code in CASES["problems"].items():
        page.evaluate("code => { location.hash = code }", code)
        page.wait_for_function(
            "k => document.querySelector('.cnnlib-stepper').dataset.kind === k",
            arg=code.split(";")[0],
        )
        shown = read(root)["cells"]
        assert shown or name in ("stride", "forward, maps", "input, maps", "filter, maps")
    page.evaluate("code => { location.hash = code }", OLD)
    page.wait_for_function(
        "document.querySelector('[data-cell=\"W(1, 1, 0, 0)\"]')?.innerText == 5"
    )


def test_hostile_codes_are_refused(opened):
    stepper = steppers.InputGradientStepper()
    page, root = opened(stepper)
    for code in HOSTILE:
        page.evaluate("code => { location.hash = code }", code)
        root.get_by_role("status").filter(has_text="Nothing was changed").wait_for()
        check(read(root), stepper, 0, 0)
        page.evaluate("() => { location.hash = '' }")
        root.focus()
        page.keyboard.press("ArrowRight")  # a message goes with the next move
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.hit") is None
    assert page.locator("img, .cnnlib-stepper script").count() == 0


def test_without_a_script_the_step_is_a_table(browser, tmp_path):
    stepper = steppers.InputGradientStepper()
    stepper.index = 12
    path = stepper.save_html(tmp_path / "step.html")
    path.write_text(path.read_text("utf-8").replace('type="module"', 'type="off"'), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.get_by_text("Step 13 of 25").wait_for()
    assert page.locator("table:visible").count() == 3
    page.close()


def test_two_steppers_in_one_page(browser):
    page = browser.new_page()
    errors = listen(page)
    both = steppers.ForwardStepper(), steppers.FilterGradientStepper()
    body = "".join(one.fragment() for one in both)
    page.set_content(f"<!doctype html><title>two</title>{pages.HEAD}{body}")
    roots = page.locator(".cnnlib-stepper[data-step]")
    roots.nth(1).wait_for()
    roots.nth(1).focus()
    page.keyboard.press("ArrowRight")
    for root, stepper, step in zip(roots.all(), both, (0, 1), strict=True):
        check(read(root), stepper, step, len(stepper.steps[step].terms) - 1)
    assert errors == []
    page.close()


def test_what_a_page_holds_cannot_end_its_data():
    """A "</script>" in the data would end them; no text of a person's gets there, only numbers."""
    made = pages.fragment({"title": "</script><script>alert(1)</script>"}, "", '"><b>')
    assert len(re.findall("</script", made)) == 1
    assert "<b>" not in made

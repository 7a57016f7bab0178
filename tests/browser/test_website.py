"""The pages of the web site in a browser: what a script or a colour scheme does to them."""

from pathlib import Path

import pytest
from lab import listen
from shown import check, read

from cnnlib import examples, trace

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = ["index", *(f"notebooks/{p.stem}" for p in sorted(REPOSITORY.glob("notebooks/*.ipynb")))]


@pytest.fixture(params=["light", "dark"])
def page(browser, request):
    """A page of 1280 pixels; at its end it had no error and had asked no other host."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=request.param
    )
    page = context.new_page()
    page.scheme = request.param
    errors, asked = listen(page), []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert errors == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_page(page, site, axe, shoot, name):
    page.goto((site / f"{name}.html").as_uri())
    shoot(page, f"site-{page.scheme}-{Path(name).name[:2]}")
    assert axe(page) == []


def test_a_stepper_of_the_site_steps(page, site, shoot):
    (lesson,) = (site / "notebooks").glob("03_*.html")
    page.goto(lesson.as_uri())
    e = examples.one_map()
    steps = trace.input_steps(e.dZ, e.W, e.input_size)
    root = page.locator(".cnnlib-stepper").first
    root.scroll_into_view_if_needed()
    root.locator(".cnnlib-steps > input").nth(12).click()
    check(read(root), steps[12], len(steps[12].terms) - 1)
    tops = "section => [...section.querySelectorAll('table')].map(t => t.offsetTop)"
    assert len({*root.locator("section:visible").evaluate(tops)}) == 1  # three panels side by side
    shoot(root, f"site-{page.scheme}-stepper")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("2")
    check(read(root), steps[13], 1)
    double = "e => getComputedStyle(e).boxShadow"
    assert root.locator("section:visible td.cnnlib-target").first.evaluate(double) != "none"

"""The web site: built once with one lesson run anew, read page by page, opened in Chromium."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from bs4 import BeautifulSoup
from lab import listen
from PIL import Image
from shown import check, read

from cnnlib import steppers
from cnnlib.steppers.page import HEAD
from figures.catalogue import FIGURES

REPOSITORY = Path(__file__).resolve().parents[2]
LESSONS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
EACH_LESSON = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem[:2])
RUN_ANEW = "03"  # its steppers are on the page; the other lessons are taken as they are stored
(WITH_STEPPERS,) = (path.stem for path in LESSONS if path.name.startswith(RUN_ANEW))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of a site in which one lesson was run anew."""
    folder = tmp_path_factory.mktemp("site") / "_site"
    command = [sys.executable, "-m", "tools.website", "--run", RUN_ANEW, "--into", folder]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def soups(site):
    """{path of a page: its parsed HTML}."""
    return {
        path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in site.rglob("*.html")
    }


def page_of(lesson, soups):
    (soup,) = [soup for path, soup in soups.items() if path.stem == lesson.stem]
    return soup


def cells(lesson, kind):
    return [c for c in json.loads(lesson.read_text("utf-8"))["cells"] if c["cell_type"] == kind]


def test_every_lesson_is_there_and_listed_with_its_number(soups, site):
    index = soups[site / "index.html"]
    for lesson in LESSONS:
        assert (site / "notebooks" / f"{lesson.stem}.html").is_file()
        links = index.select(f'.sidebar-tree a[href="notebooks/{lesson.stem}.html"]')
        number = lesson.stem[:3].replace("_", " ") if lesson.stem[0].isdigit() else "App"
        assert [link.text[:3] for link in links] == [number]


@EACH_LESSON
def test_every_formula_is_shown(lesson, soups):
    soup = page_of(lesson, soups)
    text = "\n".join("".join(cell["source"]) for cell in cells(lesson, "markdown"))
    written = re.findall(r"\$\$.+?\$\$|\$[^$]+\$", re.sub(r"`[^`]*`", "", text), re.DOTALL)
    assert len(soup.select("article math")) == len(written)
    for code in soup.select("pre, code, script, style"):
        code.extract()
    assert "$" not in soup.select_one("article").text


@EACH_LESSON
def test_answers_are_folded(lesson, soups):
    hidden = [c for c in cells(lesson, "code") if c["metadata"].get("jupyter") and c["outputs"]]
    written = sum("".join(c["source"]).count("<details") for c in cells(lesson, "markdown"))
    page = page_of(lesson, soups)
    folded = page.select("details.hide")
    assert len(folded) == len(hidden)
    assert len(page.select("article details:not(.hide)")) >= written
    assert folded or written or lesson.stem.startswith("appendix")
    for answer in page.select("article details"):
        assert not answer.has_attr("open")
        assert answer.summary.text.strip()


def test_every_picture_and_link_within_the_site_leads_somewhere(soups):
    for path, soup in soups.items():
        for picture in soup.select("article img"):
            assert (path.parent / picture["src"]).is_file()
        for link in soup.select("a[href]"):
            where = urlsplit(link["href"])
            if where.scheme:
                continue
            target = (path.parent / unquote(where.path)).resolve() if where.path else path
            assert target in soups or target.suffix == ".svg" and target.is_file(), link["href"]
            anchor = unquote(where.fragment)
            assert not anchor or soups[target].find(id=anchor), (path.name, link["href"])


def test_every_stepper_is_on_its_page_with_what_it_needs_and_without_a_kernel(site):
    (lesson,) = [path for path in LESSONS if path.stem == WITH_STEPPERS]
    shown = [out.get("data", {}) for cell in cells(lesson, "code") for out in cell["outputs"]]
    stored = sum("".join(d.get("text/html", "")).startswith("<div><p>Step ") for d in shown)
    text = (site / "notebooks" / f"{lesson.stem}.html").read_text("utf-8")
    assert text.count('<div class="cnnlib-stepper"') == stored > 0
    for page, times in ((text, 1), (site / "index.html", 1), (site / "figures.html", 0)):
        page = page if isinstance(page, str) else page.read_text("utf-8")
        assert page.count(HEAD) == times
    for file in site.rglob("*.html"):
        assert "widget-view" not in file.read_text("utf-8")


def test_the_gallery_has_every_figure_with_its_words_and_its_lessons(soups, site):
    shown = soups[site / "figures.html"].select(".gallery figure")
    assert [each["id"] for each in shown] == [figure.name for figure in FIGURES]
    for each, figure in zip(shown, FIGURES, strict=True):
        assert figure.alt in " ".join(each.figcaption.text.split())
        assert each.select("figcaption a"), "no lesson shows it"
        assert each.a["href"] == each.img["src"] == f"figures/{figure.name}.svg"


# --- in Chromium ---------------------------------------------------------------------------

OTHERS = ["figures", *(f"notebooks/{p.stem}" for p in LESSONS if p.stem != WITH_STEPPERS)]
ON_ALL = ["index", *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]


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


@pytest.mark.parametrize("name", [f"notebooks/{WITH_STEPPERS}", *ON_ALL])
def test_axe_finds_nothing_on_a_page(page, site, axe, shoot, name):
    page.goto((site / f"{name}.html").as_uri())
    shoot(page, f"site-{page.scheme}-{Path(name).name[:2]}")
    assert axe(page) == []


@pytest.mark.parametrize("name", ["index", f"notebooks/{WITH_STEPPERS}"])
def test_a_stepper_of_the_site_steps(page, site, shoot, name):
    page.goto((site / f"{name}.html").as_uri())
    root = page.locator(".cnnlib-stepper[data-step]").first
    root.scroll_into_view_if_needed()
    root.locator('[data-cell="dY(2, 2, 0)"]').click()
    stepper = steppers.InputGradientStepper()
    check(read(root), stepper, 12, 8)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("2")
    check(read(root), stepper, 13, 1)
    shoot(root, f"site-{page.scheme}-stepper-{name[:5]}")


SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [360, 768, 1280, 1440])
@pytest.mark.parametrize("name", ["index", "figures", f"notebooks/{WITH_STEPPERS}"])
def test_a_page_does_not_slide_sideways(page, site, name, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((site / f"{name}.html").as_uri())
    assert page.evaluate(SIDEWAYS) <= 0
    for picture in page.locator('article img[src$=".svg"]').all():
        assert picture.evaluate("e => e.clientWidth") >= 600, "its letters can be read"


def test_on_paper_a_page_is_light_and_has_no_menu(page, site):
    page.goto((site / f"notebooks/{WITH_STEPPERS}.html").as_uri())
    page.emulate_media(media="print")
    scheme = "() => getComputedStyle(document.body).colorScheme"
    assert page.evaluate(scheme) == "light"
    for part in (".sidebar-drawer", ".cs-bar", ".related-pages"):
        assert not page.locator(part).first.is_visible(), part


def test_a_figure_follows_the_page_and_is_no_card(page, site):
    page.goto((site / "figures.html").as_uri())
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    picture = page.locator(".gallery img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_function("e => e.complete && e.naturalWidth", arg=picture.element_handle())
    pixels = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("L"), float)
    corner, ink = pixels[2, 2], pixels.flat[np.abs(pixels - pixels[2, 2]).argmax()]
    red = int(re.search(r"\d+", ground)[0])
    assert abs(corner - red) < 3, "the ground of the page shows through"
    assert (ink > 200) if page.scheme == "dark" else (ink < 60)

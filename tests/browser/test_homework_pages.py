"""Worksheets and keys in Chromium: accessible in both schemes, and whole on A4."""

import re

import pytest
from playwright.sync_api import expect

from homework import pages, sheets

KEY = sheets.course_key("a secret of the course")
STUDENTS = ["Ada Lovelace", "Zoë <b>O'Hara</b> 李雷 😀", "x" * 200, "W m " * 50]
WRITE = {"worksheet": pages.worksheet, "key": pages.key}
A4 = {"width": 673, "height": 1017}  # what the margins leave of it, in pixels: 178 x 269 mm


@pytest.fixture
def opened(browser, tmp_path):
    """Open the page of a student, and fail on any request, error or script."""
    contexts = []

    def open_page(kind, student=STUDENTS[0], **how):
        path = tmp_path / f"{kind}.html"
        path.write_text(WRITE[kind](sheets.sheet_for(student.strip(), KEY)), "utf-8")
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        asked, wrong = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(path.as_uri())
        assert (asked, wrong) == ([path.as_uri()], [])
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("student", STUDENTS[:3])
def test_axe_finds_nothing(opened, axe, kind, student):
    page = opened(kind, student)
    for scheme in "light", "dark":
        for width in 1000, 320:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == [], (scheme, width)
    page.emulate_media(media="print")
    assert axe(page) == []


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("student", STUDENTS)
def test_a_name_is_text_and_fits(opened, kind, student):
    page = opened(kind, student, viewport={"width": 320, "height": 700})
    expect(page.locator(".who")).to_have_text(student.strip())
    assert student.strip() in page.title()
    assert page.locator("main b b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


BOXES = """selector => [...document.querySelectorAll(selector)].map(e => {
  const box = e.getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom];
})"""


@pytest.mark.parametrize("student", STUDENTS)
def test_on_a4_nothing_is_cut_and_there_is_room_to_write(opened, student):
    page = opened("worksheet", student, viewport=A4)
    page.emulate_media(media="print")
    mm = A4["width"] / 178
    for left, _, right, _ in page.evaluate(BOXES, "table, p, h1, h2, .work"):
        assert left >= 0
        assert right <= A4["width"] + 1
    sections = page.evaluate(BOXES, "section")
    assert len(sections) == 8
    assert all(bottom - top <= A4["height"] for _, top, _, bottom in sections)
    assert {
        *page.evaluate(
            "[...document.querySelectorAll('section, table')].map("
            "e => getComputedStyle(e).breakInside)"
        )
    } == {"avoid"}
    for left, top, right, bottom in page.evaluate(BOXES, ".own tbody td"):
        assert right - left >= 11 * mm
        assert bottom - top >= 9 * mm
    for left, top, right, bottom in page.evaluate(BOXES, ".work"):
        assert right - left >= 170 * mm
        assert bottom - top >= 29 * mm


def page_count(data):
    return len(re.findall(rb"/Type\s*/Page\b", data))


def test_the_worksheet_prints_on_four_sheets_of_a4(opened):
    for student in STUDENTS[:2]:
        data = opened("worksheet", student).pdf(prefer_css_page_size=True)
        assert page_count(data) == 4
        sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", data)
        assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}
    assert page_count(opened("key").pdf(prefer_css_page_size=True)) <= 6


def test_the_tables_are_named_and_have_heads(opened):
    page = opened("worksheet")
    expect(page.get_by_role("table", name="your dY, 5 x 3")).to_have_count(1)
    for table in page.get_by_role("table").all():
        shown = table.locator("caption").inner_text()
        rows, columns = map(int, re.search(r"(\d) x (\d)$", shown).groups())
        assert table.get_by_role("rowheader").count() == rows
        assert table.get_by_role("columnheader").count() == columns
    assert page.locator(".own td").all_inner_texts().count("") == len(page.locator(".own td").all())

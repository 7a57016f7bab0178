"""A page without a kernel holds all steps, needs nothing from elsewhere, and is not too heavy."""

import re

import numpy as np
import pytest
from sections import Section, from_elsewhere, read, sections

from cnnlib import examples, trace
from cnnlib.steppers import pages, stages, view

E, T, S = examples.one_map(), examples.three_maps(), examples.strided()
TRACES = {
    "forward": trace.forward_steps(E.Y, E.W, E.b),
    "input, strided": trace.input_steps(S.dZ, S.W, S.input_size, **S.how),
    "filter, maps": trace.filter_steps(T.dZ, T.Y, T.filter_size),
    "scatter": trace.scatter_steps(E.dZ, E.W, E.input_size),
    "influence, maps": trace.influence_steps(T.Y, T.W, T.b),
    "stages": stages.stride_stages(S.dZ, S.W, S.input_size, **S.how),
}
EACH_TRACE = pytest.mark.parametrize("steps", TRACES.values(), ids=TRACES)


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="x.png">',
        "<style>@import 'x.css';</style>",
        "<style>p { background: url(x.png) }</style>",
        '<script type="module">import x from "./x.js"; // all\n</script>',
        '<script>\nfetch("x")\n</script>',
        '<a href="#">',
        '<p title="//x">',
        "<link rel=x>",
        "http://x",
    ],
)
def test_what_comes_from_elsewhere_is_found(hostile):
    assert from_elsewhere(hostile)
    assert not from_elsewhere("<style>p { }</style><script>\n// a comment\n</script>")


@EACH_TRACE
def test_a_fragment_holds_each_step_as_the_view_writes_it(steps):
    html = pages.fragment(steps, 2, None)
    found, checked = sections(html)
    assert checked == 2
    assert [section.at().all for section in found] == [
        Section(view.html(step)).at().all for step in steps
    ]
    (root,) = read(html).all(".cnnlib-stepper")
    assert root.attributes["role"] == "group"
    assert repr(steps).strip("<>") in root.attributes["aria-label"]
    assert html.count("cnnlib-stepper") == 1


@EACH_TRACE
def test_a_page_needs_nothing_from_elsewhere(steps):
    html = pages.document(pages.fragment(steps), "Of <one> & all")
    assert html.startswith("<!DOCTYPE html>")
    assert "<title>Of &lt;one&gt; &amp; all</title>" in html
    assert "<h1>Of &lt;one&gt; &amp; all</h1>" in html
    assert from_elsewhere(html) == []
    assert html.count("</script") == html.count("<script") == 2  # the keys, and the questions
    assert html.count("</style") == html.count("<style") == 2
    assert 'charset="utf-8"' in html
    assert 'lang="en"' in html
    html.encode("utf-8")


def test_a_control_has_a_name_and_shows_only_where_a_script_runs():
    (controls,) = read(pages.CONTROLS).all(".cnnlib-controls")
    assert "hidden" in controls.attributes
    for button in controls.all("button"):
        assert button.text().strip()
        assert button.attributes["type"] == "button"
    named = [field for label in controls.all("label") for field in label.all("input", "select")]
    assert len(named) == len(controls.all("input", "select"))
    assert all(label.text().strip() for label in controls.all("label"))


def test_the_script_finds_its_controls():
    """Each class that keys.js looks for by name is on a control or in the view."""
    made = {
        name.removeprefix("cnnlib-")
        for node in read(pages.fragment(TRACES["forward"])).all(
            "div", "form", "section", "p", "button", "input", "select", "table", "script"
        )
        for name in node.classes
        if name.startswith("cnnlib-")
    }
    wanted = set(re.findall(r'find\("([\w-]+)"\)', pages.SCRIPT))
    wanted |= set(re.findall(r'press\("([\w-]+)"\)', pages.SCRIPT))
    wanted |= set(re.findall(r"\.cnnlib-([\w-]+)", pages.SCRIPT))
    assert len(wanted) > 8
    in_the_lab = {"places", "projecting"}
    assert wanted <= made | {"said"} | in_the_lab, wanted - made


@EACH_TRACE
def test_the_cells_are_counted_about_right(steps):
    """The count is what keeps a page light, so it must not be far too low."""
    html = pages.fragment(steps)
    assert html.count("<td") <= 4 * pages.cells(steps)


def test_a_page_that_is_too_heavy_is_refused_before_it_is_made():
    big = trace.forward_steps(np.ones((30, 30, 1)), np.ones((3, 3, 1, 1)))
    assert pages.cells(big) > pages.MOST_CELLS
    with pytest.raises(ValueError, match=r"too many cells for a page.*at most.*Y\[:12, :12\]"):
        pages.fragment(big)
    piece = trace.forward_steps(np.ones((12, 12, 1)), np.ones((3, 3, 1, 1)))
    assert len(pages.document(pages.fragment(piece), "x")) < 12_000_000


def test_many_maps_make_a_page_heavy_too():
    """A step over several maps has three tables for each of them."""
    many = trace.forward_steps(np.ones((8, 8, 30)), np.ones((1, 1, 30, 4)))
    html = view.html(many[0])
    assert html.count("<td") * len(many) <= 4 * pages.cells(many)


def test_where_one_starts_and_what_stands_beside_are_kept():
    steps = TRACES["filter, maps"]
    html = pages.fragment(steps, 3, 1, lambda step: view.nudge(step, 2.0))
    found, checked = sections(html)
    assert checked == 3
    assert found[3].at().marked == 1
    assert "by 2:" in found[0].at().beside

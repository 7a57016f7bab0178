"""The figures: the catalogue is whole, and the committed SVG is what it draws."""

import ast
import html
import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from cnnlib import draw
from figures.catalogue import FIGURES
from figures.figure import FOLDER, svg, write

MODULES = sorted(path.stem for path in FOLDER.glob("*.py"))
EACH_FIGURE = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
CONV = [*range(1, 13), 14, *range(15, 31), "2a", "2b", "2c", 13, "13a"]
STEMS = {
    "CNN_Backward_Propagation",
    "CNN_Training_AnyLayer",
    "CNN_Training_Activation_Backward",
    "CNN_Training_Conv_Task1_Forward",
    "CNN_Training_Conv_Task1_Backward",
    "CNN_Backprop_Conv_dY",
    "CNN_Backprop_Conv_dW",
    *(f"CNN_Training_Conv_{number}" for number in CONV),
}


def test_every_picture_of_the_source_is_in_the_catalogue():
    stems = [stem for figure in FIGURES for stem in figure.stems]
    assert len(STEMS) == 41
    assert {*stems} == STEMS
    assert len(stems) == len({*stems}), "a picture of the source has one figure"


def test_names_differ_and_say_what_a_figure_shows():
    names = [figure.name for figure in FIGURES]
    assert len({*names}) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name)
        assert not re.search(r"conv_\d|figure|fig_", name)


@EACH_FIGURE
def test_the_alt_text_says_what_is_seen(figure):
    assert 80 <= len(figure.alt) <= 1_200
    assert figure.alt.endswith(".")
    assert not re.search(r"\b(image|figure|picture) (of|shows|showing)\b", figure.alt, re.I)
    assert not re.search(r"np\.|array\(|float|\bnan\b|\n|  |\d\.0\b", figure.alt)
    assert len({f.alt for f in FIGURES if f.alt == figure.alt}) == 1


def test_no_two_figures_have_the_same_alt_text():
    assert len({figure.alt for figure in FIGURES}) == len(FIGURES)


@pytest.fixture(scope="module")
def redrawn():
    return {figure.name: svg(figure) for figure in FIGURES}


@EACH_FIGURE
def test_the_committed_file_is_not_stale(figure, redrawn):
    path = FOLDER / f"{figure.name}.svg"
    again = "run: make figures ARGS=" + figure.name
    assert path.exists(), again
    if sys.platform == "linux":  # elsewhere the last digit of a place may differ
        assert path.read_bytes() == redrawn[figure.name].encode(), again


def test_no_file_is_left_that_the_catalogue_does_not_name():
    assert {path.stem for path in FOLDER.glob("*.svg")} == {figure.name for figure in FIGURES}


@EACH_FIGURE
def test_a_figure_is_sound_small_and_keeps_its_text(figure, redrawn):
    text = redrawn[figure.name]
    assert len(text.encode()) < 300_000
    assert not re.search(r"https?://(?!www\.w3\.org)|<image|<script|\bDate\b|dc:date", text)
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("width") == "800"
    assert root.find(f"{space}desc").text == figure.alt
    words = [element.text or "" for element in root.iter(f"{space}text")]
    assert len(words) > 5, "text as text"
    assert not any("  " in each for each in words), "a run of spaces is lost in SVG"


TEXT = (
    r'<text style="(font-style: italic; )?(font-weight: 700; )?font-size: ([\d.]+)px; '
    r'[^"]*?text-anchor: (\w+); fill[^"]*" x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)<'
)


def boxes(figure, text):
    """Yield the words of a figure with left, top, right and bottom, in DejaVu Sans."""
    found = re.findall(TEXT, text)
    assert len(found) == text.count("<text"), "a text that this test does not read"
    for italic, bold, size, anchor, x, y, words in found:
        size, x, y, words = float(size), float(x), float(y), html.unescape(words)
        look = {"style": "italic" if italic else "normal", "weight": 700 if bold else 400}
        font = FontProperties(family="DejaVu Sans", size=size, **look)
        width, *_ = text_to_path.get_text_width_height_descent(words, font, ismath=False)
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        yield words, size, left, y - 0.73 * size, left + width, y


@EACH_FIGURE
def test_text_is_large_and_inside_the_card(figure, redrawn):
    for words, size, left, top, right, bottom in boxes(figure, redrawn[figure.name]):
        assert size >= 10, words
        assert 8 < left and right < 792, words
        assert 8 < top and bottom < figure.height - 8, words


@EACH_FIGURE
def test_no_words_lie_on_others(figure, redrawn):
    found = [each for each in boxes(figure, redrawn[figure.name]) if len(each[0]) > 1]
    for (one, _, *a), (other, _, *b) in itertools.combinations(found, 2):
        apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
        assert apart, f"{one!r} and {other!r}"


def test_drawing_twice_gives_the_same_bytes(tmp_path):
    figure = FIGURES[0]
    assert write(figure, tmp_path).read_bytes() == write(figure, tmp_path).read_bytes()
    code = f"from figures.catalogue import FIGURES; from figures.figure import write; \
write(FIGURES[0], {str(tmp_path)!r})"
    before = (tmp_path / f"{figure.name}.svg").read_bytes()
    subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, check=True, timeout=60)
    assert (tmp_path / f"{figure.name}.svg").read_bytes() == before


def test_a_name_that_is_none_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "figures", "no_such_figure"],
        cwd=FOLDER.parent, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no figure is named no_such_figure" in done.stderr


def test_each_mark_has_its_own_border_and_not_colour_alone():
    assert {*draw.LOOKS} == {*draw.MARKS}
    for mark, (color, _, dashes, _) in draw.LOOKS.items():
        assert color in draw.MARKS[mark][2]
        assert bool(dashes) == any(word in draw.MARKS[mark][2] for word in ("dashed", "dotted"))


@pytest.mark.parametrize("module", MODULES)
def test_every_drawing_function_has_its_line(module):
    tree = ast.parse((Path(FOLDER) / f"{module}.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name

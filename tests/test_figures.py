"""The figures: the catalogue is whole, and the committed SVG is what it draws."""

import html
import itertools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import partial

import numpy as np
import pytest
from source import names_after

from cnnlib import loops
from cnnlib.examples import Example, variant
from cnnlib.shapes import geometry, zero_pad
from figures import draw, made_fast, programs
from figures.catalogue import FIGURES
from figures.drawn import same
from figures.figure import FOLDER, Figure, stale, svg, write
from figures.lessons import write_alts

EACH_FIGURE = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
CONV = [*range(1, 13), 14, *range(15, 31), "2a", "2b", "2c", 13, "13a"]
STEMS = {
    *("CNN_Backward_Propagation", "CNN_Training_AnyLayer", "CNN_Training_Activation_Backward"),
    *("CNN_Training_Conv_Task1_Forward", "CNN_Training_Conv_Task1_Backward"),
    *("CNN_Backprop_Conv_dY", "CNN_Backprop_Conv_dW"),
    *(f"CNN_Training_Conv_{number}" for number in CONV),
}


def test_every_picture_of_the_source_is_in_the_catalogue():
    stems = [stem for figure in FIGURES for stem in figure.stems]
    assert len(STEMS) == 41
    assert {*stems} == STEMS
    assert len(stems) == len({*stems}), "a picture of the source has one figure"


@pytest.fixture(scope="module")
def redrawn():
    return {figure.name: svg(figure) for figure in FIGURES}


@EACH_FIGURE
def test_the_committed_file_is_not_stale(figure, redrawn):
    committed = (FOLDER / f"{figure.name}.svg").read_text("utf-8")
    assert same(committed, redrawn[figure.name]), f"run: make figures ARGS={figure.name}"


def with_another_writer(text):
    """Return the same picture as another version of matplotlib may write it."""
    text = re.sub(r' id="\w+"', ' id="renamed"', text)
    text = re.sub(r'style="([^";]*); ([^"]*)"', r'style="\2;\1"', text)
    text = re.sub(r'( [xy]="|[ML] )([\d.]+)', lambda at: f"{at[1]}{float(at[2]):.1f}", text)
    return text.replace("\n    ", "\n")


DRAWN_OTHERWISE = {
    "a word": (">lies on<", ">lay on<"),
    "a colour": ("fill: var(--z-tint)", "fill: var(--w-tint)"),
    "a shade of a colour": ("--z-tint: #e0eef8", "--z-tint: #e0eef9"),
    "a place": ('x="86"', 'x="87"'),
    "a cell that is gone": ('<path d="M 56 76', '<g d="M 56 76'),
    "the description": ("<desc>", "<desc>Now "),
}


def test_another_writer_makes_no_figure_stale(redrawn):
    for text in redrawn.values():
        assert text != with_another_writer(text)
        assert same(text, with_another_writer(text))


@pytest.mark.parametrize("change", DRAWN_OTHERWISE)
def test_another_picture_is_seen(redrawn, change):
    text = redrawn["dz_slides_over_y"]
    changed = text.replace(*DRAWN_OTHERWISE[change], 1)
    if change == "a cell that is gone":
        changed = re.sub(r'(<g d="M 56 76[^>]*)/>', r"\1></g>", changed)
    assert changed != text
    assert not same(text, changed)


def test_make_figures_leaves_an_unchanged_figure_alone(tmp_path):
    figure = next(figure for figure in FIGURES if "softmax" in figure.alt)
    assert stale(figure, tmp_path)
    path = write(figure, tmp_path)
    path.write_text(with_another_writer(path.read_text("utf-8")), encoding="utf-8")
    assert not stale(figure, tmp_path)
    path.write_text(path.read_text("utf-8").replace("softmax", "logistic"), encoding="utf-8")
    assert stale(figure, tmp_path)


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
    assert figure.height <= 700, "it fits on a screen"
    assert root.find(f"{space}desc").text == figure.alt
    words = [element.text or "" for element in root.iter(f"{space}text")]
    assert len(words) > 5, "text as text"
    assert not any("  " in each for each in words), "a run of spaces is lost in SVG"


TEXT = (
    r'<text fill="#\w+" style="(font-style: italic; )?(font-weight: 700; )?font-size: ([\d.]+)px; '
    r'[^"]*?text-anchor: (\w+); fill[^"]*" x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)<'
)


def boxes(figure, text):
    """Yield the words of a figure with left, top, right and bottom, in DejaVu Sans."""
    found = re.findall(TEXT, text)
    assert len(found) == text.count("<text"), "a text that this test does not read"
    for _, bold, size, anchor, x, y, words in found:
        size, x, y, words = float(size), float(x), float(y), html.unescape(words)
        width = draw.width_of(words, size, bool(bold))
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        yield words, size, left, y - 0.73 * size, left + width, y


@EACH_FIGURE
def test_text_is_read_at_the_back_and_inside_the_card(figure, redrawn):
    for words, size, left, top, right, bottom in boxes(figure, redrawn[figure.name]):
        assert size >= 15, words
        assert 8 < left and right < 792, words
        assert 8 < top and bottom < figure.height - 8, words


@EACH_FIGURE
def test_a_number_stays_inside_its_cell(figure, redrawn):
    text, cells = redrawn[figure.name], []
    for outline in re.findall(r'<path d="([^"]*)"[^>]*stroke-width: 1\.2[;"]', text):
        numbers = [float(number) for number in re.findall(r"[\d.]+", outline)]
        xs, ys = numbers[::2], numbers[1::2]
        cells.append((min(xs), min(ys), max(xs), max(ys)))
    for words, _, left, top, right, bottom in boxes(figure, text):
        x, y = (left + right) / 2, (top + bottom) / 2
        for x0, y0, x1, y1 in cells:
            if x0 < x < x1 and y0 < y < y1:
                assert x0 + 1 < left and right < x1 - 1, words
                assert y0 + 1 < top and bottom < y1 - 1, words


@EACH_FIGURE
def test_no_words_lie_on_others(figure, redrawn):
    found = [each for each in boxes(figure, redrawn[figure.name]) if len(each[0]) > 1]
    for (one, _, *a), (other, _, *b) in itertools.combinations(found, 2):
        apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
        assert apart, f"{one!r} and {other!r}"


def test_a_name_that_is_none_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "figures", "no_such_figure"],
        cwd=FOLDER.parent, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no figure is named no_such_figure" in done.stderr


def lesson(alt, more=""):
    source = [f"![{alt}](../figures/a_b.svg)\n", "![else](../figures/c_d.svg)", "[a](../x.svg)"]
    cells = [{"cell_type": "markdown", "id": "1", "metadata": {}, "source": source}]
    return json.dumps({"cells": cells, "more": more}, indent=1, ensure_ascii=False) + "\n"


def test_lessons_get_the_alt_texts_and_nothing_else_changes(tmp_path):
    alt = 'Y − 1, a "quoted" \\ word.'
    stale, right = tmp_path / "00_a.ipynb", tmp_path / "01_b.ipynb"
    stale.write_bytes(lesson("old\u2009words", "\u00e4").encode())
    right.write_bytes(lesson(alt).encode())
    before = right.stat().st_mtime_ns
    assert list(write_alts({"a_b": alt, "e_f": "unused"}, tmp_path)) == [stale]
    assert stale.read_bytes() == lesson(alt, "\u00e4").encode()
    assert right.stat().st_mtime_ns == before
    assert list(write_alts({"a_b": alt}, tmp_path)) == []
    assert len(list(tmp_path.iterdir())) == 2


# --- the programs in the figures are run -----------------------------------------------


def formulas(program, pattern, names):
    """Find formulas in the words of a program and give their values."""
    found = re.search(pattern, " ".join(words for _, words, _ in program)).groups()
    code = (re.sub(r"(\d)(?=\w)", r"\1*", each) for each in found)
    code = ", ".join(each.replace("·", "*").replace("−", "-") for each in code)
    return names_after(f"values = [{code}]", **names)["values"]


HOW = {"stride": (2, 3), "padding": (2, 1), "dilation": (2, 3)}
MADE = variant("program", Example(*map(np.zeros, [(9, 11, 1), (3, 2, 1, 1), (1,), (5, 4, 1)]), HOW))


def sizes(**more):
    """Give the names that the programs use for sizes."""
    pairs = {"n": MADE.input_size, "f": MADE.filter_size}
    pairs |= {"s": HOW["stride"], "p": HOW["padding"], "d": HOW["dilation"]}
    return {
        f"{n}_{a}": size for n, pair in pairs.items() for a, size in zip("hw", pair, strict=True)
    } | more


def test_the_program_of_the_input_gradient_gives_it():
    run = partial(formulas, programs.INPUT_PROGRAM)
    e_h, e_w = run(r"e_h ← (.*?), e_w ← (.*?\) \+ 1)", sizes())
    names = sizes(e_h=e_h, e_w=e_w)
    U = np.zeros(run("U ← zeros: (.*?) rows, (.*?) columns", names))
    dZ, W = MADE.dZ[:, :, 0], MADE.W[:, :, 0, 0]
    for i, j in np.ndindex(dZ.shape):
        U[tuple(run(r"U\((i.*?), (j.*?), k\) ←", {**names, "i": i, "j": j}))] = dZ[i, j]
    rings = run("(e_h −.*?) rows above, below; (e_w −.*?) columns", names)
    U = np.pad(U, [(ring, ring) for ring in rings])
    dY = np.zeros(MADE.input_size)
    for r, c in np.ndindex(dY.shape):
        at = run(r"dYp\((r \+.*?), (c \+.*?), k_in\)", {**names, "r": r, "c": c})
        for u, v in np.ndindex(W.shape):
            now = {**names, "r": at[0], "c": at[1], "u": u, "v": v}
            weight = W[tuple(run(r"W\((.*?), (.*?), k_in, k\)", now))]
            dY[r, c] += U[tuple(run(r"U\((r.*?), (c.*?), k\)", now))] * weight
    right = loops.conv_backward_input(MADE.dZ, MADE.W, MADE.input_size, **HOW)
    np.testing.assert_array_equal(dY, right[:, :, 0])


def test_the_sum_below_it_is_the_one_relation():
    words = [(0, words, "") for words in programs.SUM]
    for i, j, u, v in np.ndindex(3, 3, 3, 2):
        where = geometry(MADE.input_size, MADE.filter_size, **HOW)
        r, c = where.rows.input_index(i, u), where.columns.input_index(j, v)
        names = sizes(i=i, j=j, u=u, v=v, r=r, c=c)
        left_h, right_h = formulas(words, "(u·d_h) = (r .*?s_h)", names)
        left_w, right_w = formulas(words, "(v·d_w) = (c .*?s_w)", names)
        assert (left_h, left_w) == (right_h, right_w)


def test_the_program_of_the_filter_gradient_gives_it():
    run = partial(formulas, programs.FILTER_PROGRAM)
    dZ, Yp = MADE.dZ[:, :, 0], zero_pad(MADE.Y, HOW["padding"])[:, :, 0]
    dW = np.zeros(MADE.filter_size)
    for u, v in np.ndindex(dW.shape):
        for i, j in np.ndindex(dZ.shape):
            r, c = run("r ← (.*?) c ← (.*?) dW", sizes(i=i, j=j, u=u, v=v))
            dW[u, v] += dZ[i, j] * Yp[r, c]
    right = loops.conv_backward_filter(MADE.dZ, MADE.Y, MADE.filter_size, **HOW)
    np.testing.assert_array_equal(dW, right[:, :, 0, 0])


# --- the language of the steppers ------------------------------------------------------


@pytest.mark.parametrize("name", sorted(draw.PALETTE))
def test_a_text_is_read_on_its_ground(name):
    def luminance(color):
        channels = (int(color[n : n + 2], 16) / 255 for n in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    def contrast(one, other):
        low, high = sorted(map(luminance, (one, other)))
        return (high + 0.05) / (low + 0.05)

    words = {f"{a}-words": ["paper", "grey", f"{a}-tint"] for a in "ywz"}
    grounds = {"ink": ["paper", "grey", "y-tint", "w-tint", "z-tint"], "soft": ["paper", "grey"]}
    grounds |= words | dict.fromkeys(("y-solid", "w-solid", "below"), ["paper"])
    for ground in grounds.get(name, []):
        for one, other in zip(draw.PALETTE[name], draw.PALETTE[ground], strict=True):
            assert contrast(one, other) >= 4.5, (one, other)
    if name.endswith("-frame"):  # a line, no text
        for one, other in zip(draw.PALETTE[name], draw.PALETTE["paper"], strict=True):
            assert contrast(one, other) >= 3


@EACH_FIGURE
def test_every_colour_is_a_variable_with_a_plain_one_beside_it(figure, redrawn):
    text = redrawn[figure.name]
    assert text.count("<style>") == 1 and "prefers-color-scheme: dark" in text
    body = text[text.index("</style>") :]
    assert "#" not in "".join(re.findall(r'style="([^"]*)"', body))
    light = {name: light for name, (light, _) in draw.PALETTE.items()}
    for element in re.findall(r"<[^>]*var\(--[^>]*>", body):
        for what, name in re.findall(r"(fill|stroke): var\(--([\w-]+)\)", element):
            assert name == "card" or f'{what}="{light[name]}"' in element


def test_the_corner_of_a_turned_filter_is_cut_at_the_other_end():
    def cut(turned):
        place = draw.Window(0, 0, "W", [[1.0]], turned)
        draw_it = lambda ax: draw.grid(ax, "Y", [[2.0]], 100, 100, 50, window=place)  # noqa: E731
        text = svg(Figure("one", (), 200, draw_it, "One cell."))
        outline = re.findall(r'<path d="([^"]*)"[^>]*stroke-width: 3.2', text)
        return {
            (round(float(x)), round(float(y)))
            for x, y in re.findall(r"([\d.]+) ([\d.]+)", outline[0])
        }

    assert (100, 100) not in cut(False) and (150, 150) in cut(False)
    assert (100, 100) in cut(True) and (150, 150) not in cut(True)


def test_the_six_layers_have_a_mark_each_and_none_is_cut_off(redrawn):
    assert made_fast.LEAST < min(map(min, made_fast.RATIOS.values()))
    assert made_fast.MOST > max(map(max, made_fast.RATIOS.values()))
    text = redrawn["six_layers_beside_pytorch"]
    for words in ("NumPy faster", "PyTorch faster", made_fast.MEASURED["heading"]["machine"]):
        assert words in text

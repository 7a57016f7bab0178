"""What a view shows is compared with the arithmetic: parsed back and added up again."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cnnlib import examples, layers, loops, trace, view

E, OBLONG, T = examples.one_map(), examples.oblong(), examples.three_maps()
TRACES = {
    "forward": trace.forward_steps(E.Y, E.W, E.b),
    "forward, padded": trace.forward_steps(T.Y, T.W, T.b, padding=((0, 1), (2, 1))),
    "forward, strided": trace.forward_steps(OBLONG.Y, OBLONG.W, **OBLONG.how),
    "input": trace.input_steps(E.dZ, E.W, E.input_size),
    "input, strided": trace.input_steps(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how),
    "input, dilated": trace.input_steps(np.ones((5, 5, 1)), E.W, (5, 5), padding=2, dilation=2),
    "input, maps": trace.input_steps(T.dZ, T.W, T.input_size),
    "filter": trace.filter_steps(E.dZ, E.Y, E.filter_size),
    "filter, strided": trace.filter_steps(OBLONG.dZ, OBLONG.Y, OBLONG.filter_size, **OBLONG.how),
    "filter, maps": trace.filter_steps(T.dZ, T.Y, T.filter_size),
}
EACH_TRACE = pytest.mark.parametrize("steps", TRACES.values(), ids=TRACES)


class Tables(HTMLParser):
    """Read HTML as tables of {caption, columns, rows: {header: [(text, over, letter, style)]}}."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.open, self.scopes = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        attributes = dict(attributes)
        if tag == "table":
            self.tables.append({"caption": "", "columns": [], "rows": []})
        elif tag == "th":
            self.scopes.append(attributes["scope"])
            if attributes["scope"] == "row":
                self.tables[-1]["rows"].append(["", []])
        elif tag == "td" and "tbody" in self.open:
            self.tables[-1]["rows"][-1][1].append({"td": "", "small": "", "sup": "", **attributes})

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "caption" in self.open:
            self.tables[-1]["caption"] += data
        elif "th" in self.open and "thead" in self.open:
            self.tables[-1]["columns"].append(data)
        elif "th" in self.open:
            self.tables[-1]["rows"][-1][0] += data
        elif "tbody" in self.open:
            self.tables[-1]["rows"][-1][1][-1][self.open[-1]] += data


def numbers(text):
    """Return the numbers of ``3·(-2)`` or ``[4]``."""
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


def cells(table):
    return [cell for _, row in table["rows"] for cell in row]


@EACH_TRACE
def test_the_board_shows_the_products_of_the_sum(steps):
    for step in steps:
        board = Tables(view.html(step)).tables[0]
        lying = [c for c in cells(board) if c["small"]]
        products = sum(np.prod(numbers(c["td"]) + numbers(c["small"])) for c in lying)
        of_this_map = [t.value for t in step.terms if in_shown_map(step, t)]
        assert products == sum(of_this_map)


def in_shown_map(step, term):
    """Whether a term is of the map that is drawn: that of the last, the marked, term."""
    return all(
        a.index[2:] == b.index[2:]
        for a, b in [(term.left, step.terms[-1].left), (term.right, step.terms[-1].right)]
    )


@EACH_TRACE
def test_the_result_panel_fills_up_to_the_gradient(steps):
    last = steps[len(steps) - 1]
    result = Tables(view.html(last)).tables[2]
    shown = [[numbers(cell["td"])[0] for cell in row] for _, row in result["rows"]]
    right = [
        [steps[steps.position((*place, *last.target.index[2:]))].value for place in row]
        for row in np.array(list(np.ndindex(*steps.shapes[last.target.array][:2]))).reshape(
            *steps.shapes[last.target.array][:2], 2
        )
    ]
    assert shown == right


def test_the_result_panel_shows_the_sum_so_far_and_nothing_ahead():
    step = TRACES["input"][12]
    result = Tables(view.html(step, term=3)).tables[2]
    shown = [cell["td"] for cell in cells(result)]
    dY = loops.conv_backward_input(E.dZ, E.W, E.input_size).ravel()
    assert [numbers(text)[0] for text in shown[:12]] == dY[:12].tolist()
    assert shown[12] == f"[{step.sums[3]:.0f}]"
    assert set(shown[13:]) == {"·"}


def test_the_flipped_filter_lies_with_its_last_cell_on_the_cell_that_is_summed():
    step = TRACES["input"][6]  # dY(1, 1)
    board = Tables(view.html(step)).tables[0]
    small = [[cell["small"] for cell in row] for _, row in board["rows"]]
    lying = [
        [numbers(text)[0] for text in row[1:4]]
        for row in small[1:4]  # two rings of zeros: dZ(1, 1) is at row 3, column 3
    ]
    assert lying == E.W[::-1, ::-1, 0, 0].tolist()
    assert sum(map(bool, sum(small, []))) == 9


def test_headers_say_why_there_is_a_zero():
    board = Tables(view.html(TRACES["input, strided"][0])).tables[0]
    assert [header for header, _ in board["rows"]] == [
        *["pad", "pad", "0", "gap", "1", "rest", "pad", "pad"]
    ]
    assert board["columns"] == ["pad", "0", "1", "2", "pad"]
    assert "8 x 5" in board["caption"]


@EACH_TRACE
def test_panels_are_tables_with_headers_name_shape_and_role(steps):
    page = Tables(view.html(steps[0]))
    assert len(page.tables) == 3
    assert set(page.scopes) == {"row", "col"}
    for table, name in zip(page.tables, roles(steps), strict=True):
        caption = table["caption"]
        assert caption.startswith(name + ",")
        assert " x ".join(map(str, steps.shapes[name][:2])) in caption
        role = "result" if name == steps.parts.result else "input"
        assert f"{view.MEANINGS[name]}: {role} of this pass" in caption
        for header, row in table["rows"]:
            assert header
            assert len(row) == len(table["columns"])


def roles(steps):
    """Return the names of the three panels: the board, the other factor, the result."""
    left, right, result, _ = steps.parts
    return [right, left, result] if steps.kind == "filter" else [left, right, result]


def test_the_caption_reads_as_agreed():
    board = Tables(view.html(TRACES["input"][0])).tables[0]
    assert board["caption"].startswith(
        "dZ, 3 x 3, gradient of the loss with respect to Z: input of this pass"
    )


@pytest.mark.parametrize("static", [False, True], ids=["live", "static"])
def test_marks_are_told_apart_by_border_and_letter(static):
    page = Tables(view.html(TRACES["input"][12], term=3, static=static))
    letters = [[letter_of(cell, static) for cell in cells(table)] for table in page.tables]
    assert sorted(filter(None, letters[0])) == ["t"] + ["w"] * 8
    assert "".join(letters[1]) == "t"
    assert "".join(letters[2]) == "d" * 12 + "s"
    borders = {}
    for cell in cells(page.tables[0]) + cells(page.tables[2]):
        kind = (cell.get("style") if static else cell.get("class")) or ""
        borders.setdefault(letter_of(cell, static), set()).add(kind.replace(" cnnlib-filler", ""))
    assert all(len(borders[letter]) == 1 for letter in "wtsd")
    assert len(set.union(*(borders[letter] for letter in "wtsd"))) == 4
    assert borders[""] <= {"", "cnnlib-filler"}


def letter_of(cell, static):
    """Return the letter of a mark: raised, or as the first word of a static cell."""
    if not static:
        return cell["sup"]
    word = cell["td"].split()[0]
    return word if word.isalpha() else ""


def test_a_static_cell_reads_as_its_product():
    static = view.html(TRACES["input"][12], term=3, static=True)
    assert ">t [5·(-1)]</td>" in static
    assert ">w 3·(-2)</td>" in static
    assert ">d 3</td>" in static
    assert "<sup>" not in static


def test_the_left_factor_stands_first_on_the_board_too():
    board = view.html(TRACES["filter"][4], 0, static=True)
    assert ">t [3·4]</td>" in board  # dZ(0, 0) Y(1, 1)
    assert "[3·4]" in view.html(TRACES["filter"][4], 0).split("cnnlib-panels")[0]


@pytest.mark.parametrize("term", [-1, 9])
def test_a_term_that_does_not_exist_is_refused(term):
    with pytest.raises(ValueError, match="term must be from 0 to 8"):
        view.html(TRACES["input"][12], term)


def test_a_layer_without_maps_is_drawn_as_far_as_there_is_anything():
    no_channels = trace.forward_steps(np.ones((3, 3, 0)), np.ones((2, 2, 0, 1)), np.ones(1))
    assert [c["td"] for c in cells(Tables(view.html(no_channels[1])).tables[2])][:2] == ["1", "[1]"]
    no_filters = trace.input_steps(np.ones((2, 2, 0)), np.ones((2, 2, 1, 0)), (3, 3))
    assert "dY(0, 0, 0) = 0" in view.html(no_filters[0])


def test_the_sheet_gives_each_mark_its_own_border():
    styles = {
        mark: re.search(rf"td\.cnnlib-{mark}[^{{]*{{\s*border: ([^;]*);", view.CSS)[1]
        for mark in view.MARKS
    }
    assert len({style.rsplit(" ", 1)[0] for style in styles.values()}) == 4  # without the colour
    assert len({border for _, _, border in view.MARKS.values()}) == 4


def test_the_static_form_needs_no_style_sheet():
    static = view.html(TRACES["input"][12], static=True)
    assert "<style" not in static
    assert "background" not in static
    assert "var(" not in static
    assert "[4]" in static


@EACH_TRACE
def test_the_written_sum_adds_up(steps):
    for step in steps:
        line = str(step)
        if step.terms:
            *_, products, total = line.split(" = ")
            added = sum(np.prod(numbers(product)) for product in products.split(" + "))
            assert added == float(total) == step.value


@EACH_TRACE
def test_html_and_text_show_the_same_sum(steps):
    for step in steps:
        html = re.sub(r"<[^>]+>", "", view.html(step, 0))
        if len(step.terms) <= view.MOST_TERMS:
            for part in str(step).split(" = "):
                assert part in html.replace("[", "").replace("]", "")


def test_the_marked_term_stands_in_brackets():
    html = re.sub(r"<[^>]+>", "", view.html(TRACES["input"][12], 1))
    assert "[dZ(0, 1, 0) W(2, 1, 0, 0)]" in html
    assert "[(-4)·3]" in html


def test_text_says_how_far_the_sum_is():
    step = TRACES["input"][12]
    assert view.text(step) == str(step)
    assert view.text(step, 3) == f"{step}; term 4 of 9: 5·(-1) = -5, sum so far -15"


def test_a_long_sum_is_written_around_its_marked_term():
    steps = trace.filter_steps(np.ones((10, 10, 1)), np.ones((12, 12, 1)), (3, 3))
    for term in (0, 50, 99):
        html = re.sub(r"<[^>]+>", "", view.html(steps[0], term))
        left_out = sum(int(n) for n in re.findall(r"… \((\d+) more\)", html)) // 2
        assert left_out == 100 - view.MOST_TERMS
        assert f"[{steps[0].terms[term]}]" in html


def test_a_cell_that_no_window_reaches_says_so():
    steps = trace.input_steps(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)
    step = steps[steps.position((5, 3, 0))]
    assert step.terms == ()
    assert view.text(step, 0) == "dY(5, 3, 0) = 0: no product reaches it"
    assert "dY(5, 3, 0) = 0: no product reaches it" in view.html(step)


@pytest.mark.parametrize("value, text", [(3.0, "3"), (-2.0, "(-2)"), (-0.0, "0"), (0.125, "0.125")])
def test_numbers_are_short(value, text):
    assert trace.number(value) == text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, 1e-300])
def test_a_view_takes_any_float(value):
    Y = np.full((3, 3, 1), value)
    steps = trace.forward_steps(Y, E.W)
    assert Tables(view.html(steps[0])).tables
    assert trace.number(value, bare=True) in view.text(steps[0], 0)


def test_all_text_is_escaped(monkeypatch):
    hostile = '<img src=x onerror="alert(1)">'
    monkeypatch.setitem(view.MEANINGS, "dZ", hostile)
    for static in (False, True):
        assert "<img" not in view.html(TRACES["input"][0], static=static)


GIVING = {
    "scatter": trace.scatter_steps(E.dZ, E.W, E.input_size),
    "scatter, strided": trace.scatter_steps(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how),
    "scatter, maps": trace.scatter_steps(T.dZ, T.W, T.input_size),
    "influence": trace.influence_steps(E.Y, E.W, E.b),
    "influence, padded": trace.influence_steps(E.Y, E.W, padding=1),
    "influence, maps": trace.influence_steps(T.Y, T.W, T.b),
}


@pytest.mark.parametrize("steps", GIVING.values(), ids=GIVING)
def test_what_is_given_fills_the_result_until_it_is_whole(steps):
    """Replay all gifts by hand and compare with the panel at each term."""
    b = steps.arrays.get("b", np.zeros(steps.shapes[steps.parts.result][2]))
    so_far = np.zeros(steps.shapes[steps.parts.result]) + b
    for step in steps:
        for number, term in enumerate(step.terms):
            so_far[term.target.index] += term.left.value * term.right.value
            result = Tables(view.html(step, number)).tables[2]
            shown = [numbers(cell["td"])[0] for cell in cells(result)]
            assert shown == so_far[..., term.target.index[2]].ravel().tolist()
    last = {index: steps.value(index) for index in np.ndindex(so_far.shape)}
    assert all(so_far[index] == value for index, value in last.items())


@pytest.mark.parametrize("steps", GIVING.values(), ids=GIVING)
def test_a_giving_step_marks_the_giver_the_weights_and_the_receivers(steps):
    for step in steps:
        if not step.terms:
            assert "gives nothing: no window reaches it" in view.html(step)
            continue
        left, weights, result = Tables(view.html(step, 0)).tables
        same = [t for t in step.terms if t.right.index[2:] == step.terms[0].right.index[2:]]
        assert "".join(cell["sup"] for cell in cells(left)) == "t"
        assert sorted(c["sup"] for c in cells(weights) if c["sup"]) == ["t"] + ["w"] * (
            len(same) - 1
        )
        assert sorted(c["sup"] for c in cells(result) if c["sup"]) == ["s"] + ["w"] * (
            len(same) - 1
        )
        assert step.terms[0].gift in re.sub(r"<[^>]+>", "", view.html(step, 0))


@pytest.mark.parametrize("nudge", [1.0, -2.0, 0.5])
@pytest.mark.parametrize("name", ["filter", "filter, strided"])
def test_a_nudge_shows_what_the_forward_pass_gains(name, nudge):
    steps, like = TRACES[name], E if name == "filter" else OBLONG
    for step in steps:
        W = like.W.copy()
        W[step.target.index] += nudge
        gain = loops.conv_forward(like.Y, W, **like.how) - loops.conv_forward(
            like.Y, like.W, **like.how
        )
        html = view.html(step, aside=view.nudge(step, len(step.terms) - 1, nudge))
        table = Tables(html).tables[3]
        assert [numbers(cell["td"])[0] for cell in cells(table)] == gain.ravel().tolist()
        assert f"= {trace.number(float(np.sum(gain * like.dZ)), bare=True)}." in html


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_an_activation_is_shown_with_what_comes_back(name):
    dY = examples.variant("activation").dZ
    steps = TRACES["forward"]
    Z = loops.conv_forward(E.Y, E.W, E.b)
    right = [getattr(layers, name)(Z), getattr(layers, name + "_backward")(dY, Z)]
    last = steps[len(steps) - 1]
    html = view.html(last, aside=view.activation(last, 8, name, dY))
    for table, array in zip(Tables(html).tables[3:], right, strict=True):
        text = [cell["td"].strip("[]") for cell in cells(table)]
        assert text == [trace.number(x, bare=True) for x in array.ravel().tolist()]


def test_an_activation_waits_for_the_last_term():
    dY = examples.variant("activation").dZ
    step = TRACES["forward"][4]
    aside = view.activation(step, 3, "relu", dY)
    assert "not complete yet" in aside.sentence
    assert [cell.text for cell in sum(aside.panels[0].cells, ())][4:] == ["·"] * 5
    z = step.value
    whole = view.activation(step, 8, "relu", dY)
    assert f"relu({z:.0f}) = {max(z, 0):.0f}" in whole.sentence
    assert f"= {dY[1, 1, 0]:.0f}·".replace("= -", "= (-") in whole.sentence.replace(")·", "·")
    alone = view.activation(step, 8, "relu")
    assert len(alone.panels) == 1
    assert "dZ" not in alone.sentence


def contrast(one, other):
    """Return the contrast of two colours after WCAG 2.2."""

    def luminance(colour):
        channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page, ink", [("#ffffff", "#000000"), ("#111111", "#ffffff")])
def test_colours_have_contrast_in_light_and_dark(page, ink):
    palette = dict(re.findall(r"--(window|term|done): (#[0-9a-f]{6})", view.CSS))
    assert len(palette) == 3
    for mark, colour in palette.items():
        assert contrast(colour, page) >= 3  # a border
        share = int(re.search(rf"var\(--{mark}\) (\d+)%, transparent", view.CSS)[1]) / 100
        mixed = [
            round(share * int(colour[n : n + 2], 16) + (1 - share) * int(page[n : n + 2], 16))
            for n in (1, 3, 5)
        ]
        assert contrast(ink, "#" + bytes(mixed).hex()) >= 4.5  # text on the tint

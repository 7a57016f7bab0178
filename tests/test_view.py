"""What a view shows is compared with the arithmetic: parsed back and added up again."""

import re

import numpy as np
import pytest
from sections import Section, Static, numbers, sections
from source import names_after

from cnnlib import examples, layers, loops, trace
from cnnlib.steppers import stages, view

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
GIVING = {
    "scatter": trace.scatter_steps(E.dZ, E.W, E.input_size),
    "scatter, strided": trace.scatter_steps(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how),
    "scatter, maps": trace.scatter_steps(T.dZ, T.W, T.input_size),
    "influence": trace.influence_steps(E.Y, E.W, E.b),
    "influence, padded": trace.influence_steps(E.Y, E.W, padding=1),
    "influence, maps": trace.influence_steps(T.Y, T.W, T.b),
}
ALL = TRACES | GIVING
EACH_TRACE = pytest.mark.parametrize("steps", TRACES.values(), ids=TRACES)
EACH_OF_ALL = pytest.mark.parametrize("steps", ALL.values(), ids=ALL)


def seen(step, term=None, **how):
    """Return what is seen of a live step, its marked term or another one being marked."""
    return Section(view.html(step, term, **how)).at()


def each_term(step):
    """Return the places of a step: all its terms; 0 where it has none."""
    return range(max(1, len(step.terms)))


@EACH_TRACE
def test_the_board_shows_the_products_of_the_sum(steps):
    for step in steps:
        section = Section(view.html(step))
        planes = {t.left.index[2:] + t.right.index[2:]: n for n, t in enumerate(step.terms)}
        for term in planes.values():
            board = section.at(term).tables[0]
            lying = [c for c in board.cells if c.over]
            products = sum(c.number * numbers(c.over)[0] for c in lying)
            of_this_map = [t.value for t in step.terms if in_shown_map(step, t, term)]
            assert products == sum(of_this_map)


def in_shown_map(step, term, marked):
    """Whether a term is of the map that is drawn: that of the marked term."""
    return all(
        a.index[2:] == b.index[2:]
        for a, b in [(term.left, step.terms[marked].left), (term.right, step.terms[marked].right)]
    )


@EACH_TRACE
def test_the_result_panel_fills_up_to_the_gradient(steps):
    last = steps[len(steps) - 1]
    result = seen(last).tables[2]
    name = last.target.array
    right = {
        "Z": lambda: loops.conv_forward(*steps.arrays.values(), **geometry(steps)),
        "dY": lambda: loops.conv_backward_input(
            *steps.arrays.values(), steps.where.input_size, **geometry(steps)
        ),
        "dW": lambda: loops.conv_backward_filter(
            *steps.arrays.values(), steps.where.filter_size, **geometry(steps)
        ),
    }[name]()
    plane = right[(..., *last.target.index[2:])]
    assert [[cell.number for cell in row] for _, row in result.rows] == plane.tolist()


def geometry(steps):
    return {name: getattr(steps.where, name) for name in ("stride", "padding", "dilation")}


def test_the_result_panel_shows_the_sum_so_far_and_nothing_ahead():
    step = TRACES["input"][12]
    section = Section(view.html(step))
    dY = loops.conv_backward_input(E.dZ, E.W, E.input_size).ravel()
    for term in each_term(step):
        shown = section.at(term).tables[2].cells
        assert [cell.number for cell in shown[:12]] == dY[:12].tolist()
        assert shown[12].text == f"{step.sums[term]:.0f}"
        assert {cell.text for cell in shown[13:]} == {"·"}


def test_the_flipped_filter_lies_with_its_last_cell_on_the_cell_that_is_summed():
    board = seen(TRACES["input"][6]).tables[0]  # dY(1, 1)
    small = [[cell.over for cell in row] for _, row in board.rows]
    lying = [
        [numbers(text)[0] for text in row[1:4]]
        for row in small[1:4]  # two rings of zeros: dZ(1, 1) is at row 3, column 3
    ]
    assert lying == E.W[::-1, ::-1, 0, 0].tolist()
    assert sum(map(bool, sum(small, []))) == 9


def test_headers_say_why_there_is_a_zero():
    board = seen(TRACES["input, strided"][0]).tables[0]
    assert [header for header, _ in board.rows] == [
        *["pad", "pad", "0", "gap", "1", "rest", "pad", "pad"]
    ]
    assert board.columns == ["pad", "0", "1", "2", "pad"]
    assert "8 x 5" in board.caption
    for (header, row), filler in zip(board.rows, [1, 1, 0, 1, 0, 1, 1, 1], strict=True):
        assert header.isdigit() != filler
        assert [cell.filler for cell in row] == [bool(filler or c == "pad") for c in board.columns]


@EACH_TRACE
def test_panels_are_tables_with_headers_name_shape_and_role(steps):
    page = seen(steps[0])  # reading them asks for the scope of each header
    assert len(page.tables) == 3
    assert [table.main for table in page.tables].count(True) == 1
    for table, name in zip(page.tables, roles(steps), strict=True):
        caption = table.caption
        assert caption.startswith(name + ",")
        assert " x ".join(map(str, steps.shapes[name][:2])) in caption
        role = "result" if name == steps.parts.result else "input"
        assert f"{view.MEANINGS[name]}: {role} of this pass" in caption
        assert table.corner == view.INDICES[name[-1]][0]
        assert all(header for header, _ in table.rows)


def roles(steps):
    """Return the names of the three panels: the board, the other factor, the result."""
    left, right, result, _ = steps.parts
    return [right, left, result] if steps.kind == "filter" else [left, right, result]


def test_the_caption_reads_as_agreed():
    board = seen(TRACES["input"][0]).tables[0]
    assert board.caption.startswith(
        "dZ, 3 x 3, gradient of the loss with respect to Z: input of this pass"
    )


@pytest.mark.parametrize("static", [False, True], ids=["live", "static"])
def test_marks_are_told_apart_by_border_and_letter(static):
    step = TRACES["input"][12]
    tables = Static(view.html(step, 3, static=True)).tables if static else seen(step, 3).tables
    assert sorted(filter(None, (c.letter for c in tables[0].cells))) == ["t"] + ["w"] * 8
    assert tables[1].letters == "t"
    assert tables[2].letters == "d" * 12 + "s"
    assert tables[0].rows[3][1][2].letter == "t"  # dZ(1, 0), below two rings of zeros
    assert tables[1].rows[1][1][2].letter == "t"  # W(1, 2)
    if static:
        borders = {}
        for cell in tables[0].cells + tables[2].cells:
            borders.setdefault(cell.letter, set()).add(cell.style)
        assert all(len(borders[letter]) == 1 for letter in "wtsd")
        assert len(set.union(*borders.values())) == 5
        assert borders[""] == {""}


@pytest.mark.parametrize("rule", ["inset 0 0 0 2px", 'content: "t"', "var(--double)"])
def test_the_sheet_marks_each_term_that_is_written_out(rule):
    """The rules by which the parser of these tests reads a section are those of the sheet."""
    for n in range(view.MOST_TERMS):
        mine = [part for part in view.CSS.split("}") if f".go-{n}:checked" in part]
        assert any(f".at-{n} {{ display: revert" in part for part in mine)
        assert any(f"td.term-{n}" in part and rule in part for part in mine)
    assert "-N" not in view.CSS
    assert ".go-40" not in view.CSS
    assert ':is([class^="at-"], [class*=" at-"])) { display: none; }' in view.CSS
    letters = dict(re.findall(r'td\.cnnlib-(\w+)::after { content: "(\w)"', view.CSS))
    assert letters == {mark: letter for mark, (_, letter, _) in view.MARKS.items()}


def test_the_sheet_leaves_the_page_around_a_stepper_alone():
    """JupyterLab has classes of its own, such as jp-mod-at-line-beginning on an editor."""
    rules = re.sub(r"/\*.*?\*/", "", view.CSS, flags=re.DOTALL)
    selectors = [head.strip() for head in re.findall(r"([^{};]+)\{", rules)]
    assert len(selectors) > 60
    outside = [one for one in selectors if not one.startswith(("@", "&")) and "cnnlib-" not in one]
    assert outside == []


def test_a_static_cell_reads_as_its_product():
    static = view.html(TRACES["input"][12], term=3, static=True)
    assert ">t [5·(-1)]</td>" in static
    assert ">w 3·(-2)</td>" in static
    assert ">d 3</td>" in static
    assert "<sup>" not in static


def test_the_left_factor_stands_first_on_the_board_too():
    step = TRACES["filter"][4]
    assert ">t [3·4]</td>" in view.html(step, 0, static=True)  # dZ(0, 0) Y(1, 1)
    live = seen(step, 0)
    assert [c.factors for c in live.tables[0].cells if c.letter == "t"] == ["3·4"]
    assert [c.over for c in live.tables[0].cells if c.letter == "t"] == ["3·"]
    assert live.products[0] == ("dZ(0, 0, 0) Y(1, 1, 0)", "3·4")


def check_live_is_static(step, terms=None, aside=None):
    """A live section resolved at each term says what the static form says at that term."""
    terms = terms or each_term(step)
    section = Section(view.html(step, terms[-1], aside))
    for term in terms:
        live, static = section.at(term), Static(view.html(step, term, aside, static=True))
        assert live.where == static.where
        assert live.tables == static.tables
        assert live.beside == ("".join(static.lines[-2:-1]) if aside else "")
        assert view.text(step, term).partition("; term")[2] in live.where
        shown = view.panels(step, term)
        assert [t.caption for t in live.tables[:3]] == [p.name + p.caption for p in shown]
        for table, panel in zip(live.tables, shown, strict=False):
            cells = sum(panel.cells, ())
            assert [cell.text for cell in table.cells] == [cell.text for cell in cells]
            assert [c.letter for c in table.cells] == [
                view.MARKS[c.mark][1] if c.mark else "" for c in cells
            ]
        check_marked(step, live, static)


def check_marked(step, live, static):
    """What is lit is the marked term, in the sum, in the code and on the panels."""
    if not step.terms:
        assert live.lit == live.markable == []
        assert not any(lit for _, lit in live.code)
        return
    term = step.terms[live.marked]
    below = term.gift if step.source else term.product
    assert live.lit == [(str(term), below)]
    bracketed = re.findall(r"\[(.*?)\]", " ".join(line for line in static.lines[1:3]))
    assert bracketed[0] == (term.gift if step.source else str(term))
    line = f"{brackets(term.target)} += {brackets(term.left)} * {brackets(term.right)}"
    assert [text for text, lit in live.code if lit] == [line]
    marked = {}
    for table in live.tables[:3]:
        for header, row in table.rows:
            for column, cell in zip(table.columns, row, strict=True):
                if cell.letter == "t":
                    where = tuple(int(x) for x in (header, column))
                    marked.setdefault(table.caption.split(",")[0], []).append(where)
    assert marked == {cell.array: [cell.index[:2]] for cell in (term.left, term.right)}


def brackets(cell):
    return f"{cell.array}[{', '.join(map(str, cell.index))}]"


@EACH_OF_ALL
def test_the_live_section_says_at_each_term_what_the_static_form_says(steps):
    for step in steps:
        check_live_is_static(step)


@EACH_TRACE
def test_the_code_of_a_step_gives_its_value(steps):
    """The lines of Python are run on the arrays."""
    for step in steps:
        arrays = {name: array.copy() for name, array in steps.arrays.items()}
        arrays |= {steps.parts.result: np.full(steps.shapes[steps.parts.result], np.nan)}
        lines = [text for text, _ in seen(step).code]
        assert len(lines) == len(step.terms) + bool(step.terms)
        names_after("\n".join(lines), **arrays)
        if step.terms:
            assert arrays[step.target.array][step.target.index] == step.value


@pytest.mark.parametrize("term", [-1, 9])
def test_a_term_that_does_not_exist_is_refused(term):
    with pytest.raises(ValueError, match="term must be from 0 to 8"):
        view.html(TRACES["input"][12], term)


def test_a_layer_without_maps_is_drawn_as_far_as_there_is_anything():
    no_channels = trace.forward_steps(np.ones((3, 3, 0)), np.ones((2, 2, 0, 1)), np.ones(1))
    assert [c.text for c in seen(no_channels[1]).tables[2].cells][:2] == ["1", "1"]
    check_live_is_static(no_channels[1])
    no_filters = trace.input_steps(np.ones((2, 2, 0)), np.ones((2, 2, 1, 0)), (3, 3))
    assert "dY(0, 0, 0) = 0" in view.html(no_filters[0])


def test_the_sheet_gives_each_mark_its_own_border():
    rules = {
        mark: re.search(rf"td\.cnnlib-{mark}[^{{]*{{\s*(border: [^}}]*)}}", view.CSS)[1]
        for mark in view.MARKS
    }
    without_colour = {
        tuple(re.findall(r"\d+px|dashed|solid|dotted|--double", rule)) for rule in rules.values()
    }
    assert len(without_colour) == 4
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


@EACH_OF_ALL
def test_html_and_text_show_the_same_sum(steps):
    for step in steps:
        live = seen(step, 0)
        if not step.terms:
            assert str(step) in live.sum
        elif step.source:
            assert [names for names, _ in live.products] == [str(t) for t in step.terms]
            assert "; ".join(" = ".join(pair) for pair in live.products) in str(step)
        else:
            names, products, total = str(step).split(" = ")[1:]
            start = [(str(step.bias), trace.number(step.start))] if step.bias else []
            shown = [*start, *live.products]
            assert " + ".join(name for name, _ in shown) == names
            assert " + ".join(product for _, product in shown) == products
            assert seen(step).sum.endswith(f"= {total}")
            if len(step.terms) > 1:  # the answer is not given away by the first product
                first = trace.number(step.sums[0], bare=True)
                assert live.sum.endswith(f"= {first} so far")
            assert all(
                "".join(pair).replace(" ", "") in live.sum.replace(" ", "") for pair in shown
            )


def test_the_marked_term_stands_in_brackets():
    step = TRACES["input"][12]
    static = Static(view.html(step, 1, static=True))
    assert "[dZ(0, 1, 0) W(2, 1, 0, 0)]" in static.all
    assert "[(-4)·3]" in static.all
    assert seen(step, 1).lit == [("dZ(0, 1, 0) W(2, 1, 0, 0)", "(-4)·3")]
    for end in ("before", "after"):  # in the live form the sheet puts them
        assert f".cnnlib-step:has(.go-1:checked) label.term-1 span::{end}" in view.CSS


def test_only_a_term_that_can_be_marked_has_a_radio_button():
    step = TRACES["input"][12]
    for fixed in (False, True):
        radios = Section(view.html(step, 4, fixed=fixed)).node.all("input")
        assert [radio.attributes["value"] for radio in radios] == list("012345678")
        assert len({radio.attributes["name"] for radio in radios}) == 1
        assert all(("disabled" in radio.attributes) == fixed for radio in radios)
        assert ["checked" in radio.attributes for radio in radios].index(True) == 4


def test_text_says_how_far_the_sum_is():
    step = TRACES["input"][12]
    assert view.text(step) == str(step)
    assert view.text(step, 3) == f"{step}; term 4 of 9: 5·(-1) = -5, sum so far -15"


def variant(shape):
    """Return whole numbers of a shape, from -4 to 4, the same each time."""
    return np.random.default_rng(sum(shape)).integers(-4, 5, shape).astype(float)


LONG = {
    "filter": trace.filter_steps(np.ones((10, 10, 1)), variant((12, 12, 1)), (3, 3)),
    "forward, maps": trace.forward_steps(variant((4, 5, 7)), variant((3, 3, 7, 2)), np.ones(2)),
    "input, maps": trace.input_steps(variant((4, 4, 9)), variant((3, 3, 1, 9)), (6, 6)),
    "scatter, maps": trace.scatter_steps(variant((2, 2, 1)), variant((3, 3, 6, 1)), (4, 4)),
    "influence, maps": trace.influence_steps(variant((5, 5, 1)), variant((3, 3, 1, 7))),
}


@pytest.mark.parametrize("steps", LONG.values(), ids=LONG)
def test_a_long_sum_is_written_around_its_marked_term(steps):
    step = max(steps, key=lambda step: len(step.terms))
    count = len(step.terms)
    assert count > view.MOST_TERMS
    for term in sorted({0, 1, 19, 20, 21, count // 2, count - 20, count - 2, count - 1}):
        live, static = seen(step, term), Static(view.html(step, term, static=True))
        assert live.markable == list(view.written_out(step, term))
        assert len(live.markable) == view.MOST_TERMS
        assert term in live.markable
        for text, times in ((live.sum, 1), (static.all, 1 if step.source else 2)):
            left_out = sum(int(n) for n in re.findall(r"… \((\d+) more\)", text))
            assert left_out == times * (count - view.MOST_TERMS)
        check_live_is_static(step, [term])
        section = Section(view.html(step, term))
        for other in live.markable[:: view.MOST_TERMS // 4]:
            moved, drawn = section.at(other), Static(view.html(step, other, static=True))
            assert (moved.where, moved.tables) == (drawn.where, drawn.tables)
            assert moved.lit == [(str(step.terms[other]), below(step, other))]


def below(step, term):
    return step.terms[term].gift if step.source else step.terms[term].product


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
    assert seen(steps[0], 0).tables
    check_live_is_static(steps[0], [0, 8])
    assert trace.number(value, bare=True) in view.text(steps[0], 0)


def test_all_text_is_escaped(monkeypatch):
    hostile = '<img src=x onerror="alert(1)">'
    monkeypatch.setitem(view.MEANINGS, "dZ", hostile)
    for static in (False, True):
        assert "<img" not in view.html(TRACES["input"][0], static=static)


@pytest.mark.parametrize("steps", GIVING.values(), ids=GIVING)
def test_what_is_given_fills_the_result_until_it_is_whole(steps):
    """Replay all gifts by hand and compare with the panel at each term."""
    b = steps.arrays.get("b", np.zeros(steps.shapes[steps.parts.result][2]))
    so_far = np.zeros(steps.shapes[steps.parts.result]) + b
    for step in steps:
        section = Section(view.html(step))
        for number, term in enumerate(step.terms):
            so_far[term.target.index] += term.left.value * term.right.value
            shown = [cell.number for cell in section.at(number).tables[2].cells]
            assert shown == so_far[..., term.target.index[2]].ravel().tolist()
    last = {index: steps.value(index) for index in np.ndindex(so_far.shape)}
    assert all(so_far[index] == value for index, value in last.items())


@pytest.mark.parametrize("steps", GIVING.values(), ids=GIVING)
def test_a_giving_step_marks_the_giver_the_weights_and_the_receivers(steps):
    for step in steps:
        section = Section(view.html(step))
        if not step.terms:
            assert "gives nothing: no window reaches it" in section.at(0).sum
            assert "t" not in "".join(table.letters for table in section.at(0).tables)
        for number, term in enumerate(step.terms):
            left, weights, result = section.at(number).tables
            same = sum(t.right.index[2:] == term.right.index[2:] for t in step.terms)
            assert left.letters == "t"
            assert "".join(sorted(weights.letters)) == "t" + "w" * (same - 1)
            assert "".join(sorted(result.letters)) == "s" + "w" * (same - 1)
            assert term.gift in section.at(number).where


@pytest.mark.parametrize("nudge", [1.0, -2.0, 0.5])
@pytest.mark.parametrize("name", ["filter", "filter, strided", "filter, maps"])
def test_a_nudge_shows_what_the_forward_pass_gains(name, nudge):
    steps, like = TRACES[name], {"filter": E, "filter, strided": OBLONG}.get(name, T)
    for step in steps:
        W = like.W.copy()
        W[step.target.index] += nudge
        gain = loops.conv_forward(like.Y, W, **like.how) - loops.conv_forward(
            like.Y, like.W, **like.how
        )
        assert not np.any(np.delete(gain, step.target.index[3], axis=2))
        aside = view.nudge(step, nudge)
        table = seen(step, aside=aside).tables[3]
        plane = gain[..., step.target.index[3]]
        assert [cell.number for cell in table.cells] == plane.ravel().tolist()
        total = trace.number(float(np.sum(gain * like.dZ)), bare=True)
        assert f"= {total}." in seen(step, aside=aside).beside
        check_live_is_static(step, aside=aside)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_an_activation_is_shown_with_what_comes_back(name):
    dY = examples.variant("activation").dZ
    steps = TRACES["forward"]
    Z = loops.conv_forward(E.Y, E.W, E.b)
    right = [getattr(layers, name)(Z), getattr(layers, name + "_backward")(dY, Z)]
    last = steps[len(steps) - 1]
    tables = seen(last, aside=view.activation(last, name, dY)).tables[3:]
    for table, array in zip(tables, right, strict=True):
        assert [c.text for c in table.cells] == [
            trace.number(x, bare=True) for x in array.ravel().tolist()
        ]
    for step in steps:
        check_live_is_static(step, aside=view.activation(step, name, dY))


def test_an_activation_waits_for_the_last_term():
    dY = examples.variant("activation").dZ
    step = TRACES["forward"][4]
    section = Section(view.html(step, aside=view.activation(step, "relu", dY)))
    z, arrived = step.value, dY[1, 1, 0]
    for term in range(8):
        early = section.at(term)
        assert "not complete yet" in early.beside
        assert "relu(" not in early.beside
        assert [cell.text for cell in early.tables[3].cells][4:] == ["·"] * 5
    whole = section.at(8)
    assert "not complete yet" not in whole.beside
    assert f"relu({z:.0f}) = {max(z, 0):.0f}" in whole.beside
    slope, back = (1, arrived) if z > 0 else (0, 0)
    assert f"{trace.number(arrived)}·{slope} = {back:.0f}." in whole.beside
    assert [cell.text for cell in whole.tables[3].cells][5:] == ["·"] * 4
    alone = view.activation(step, "relu")
    assert len(alone.panels) == 1
    assert "dZ" not in "".join(sentence for _, sentence in alone.sentences)


def test_an_activation_of_a_sum_of_one_term_or_none():
    """What holds from the last term on holds at once; no sentence is lost, none is there twice."""
    one = trace.forward_steps(E.Y, E.W[:1, :1], E.b)
    none = trace.forward_steps(np.ones((2, 2, 0)), np.ones((1, 1, 0, 1)), np.ones(1))
    for steps in (one, none):
        live = seen(steps[1], aside=view.activation(steps[1], "relu", np.ones(steps.shapes["Z"])))
        assert live.beside.count("relu(") == 1
        assert "not complete" not in live.beside
        assert live.tables[3].cells[1].text == trace.number(max(0, steps[1].value), bare=True)


STAGES = stages.stride_stages(
    *(lambda e: (e.dZ, e.W, e.input_size))(examples.strided()), stride=2, padding=(1, 0)
)


def test_a_stage_says_in_both_forms_what_it_holds():
    for stage in STAGES:
        live, static = seen(stage), Static(view.html(stage, static=True))
        both = [STAGES[max(0, stage.number - 1)], stage][-1 - bool(stage.number) :]
        assert live.tables == static.tables
        assert len(live.tables) == len(both)
        for table, one in zip(live.tables, both, strict=True):
            assert [[c.number for c in row] for _, row in table.rows] == one.values.tolist()
            assert tuple(header for header, _ in table.rows) == one.rows
            assert tuple(table.columns) == one.columns
        assert str(stage) in live.where
        assert str(stage) in static.where
        assert live.terms == 0


@pytest.mark.parametrize("steps", [*ALL.values(), STAGES], ids=[*ALL, "stages"])
def test_a_page_holds_all_steps_and_checks_the_one_where_one_is(steps):
    index = len(steps) // 2
    found, checked = sections(view.page(steps, index, 0))
    assert checked == index
    assert len(found) == len(steps)
    for step, section in zip(steps, found, strict=True):
        term = 0 if step.number == index else None
        assert section.at().all == seen(step, term).all
        assert section.at().where == Section(view.html(step, term)).at().where
    radios = [t for t in re.findall(r'<input type="radio" name="step"[^>]*>', view.page(steps))]
    for step, radio in zip(steps, radios, strict=True):
        name = f"step {step.number + 1}: {step.cell or step}"
        assert f'title="{name}"' in radio
        assert f'aria-label="{name}"' in radio
    # a term is marked in its own step only: each step has its own group of radio buttons
    groups = [{r.attributes["name"] for r in section.node.all("input")} for section in found]
    assert all(len(group) <= 1 for group in groups)
    assert len(set().union(*groups)) == sum(map(len, groups))


def test_a_page_takes_what_stands_beside_each_step():
    steps = TRACES["filter"]
    found, _ = sections(view.page(steps, aside=lambda step: view.nudge(step, 1.0)))
    for step, section in zip(steps, found, strict=True):
        assert str(step.target).removeprefix("d") in section.at().beside
        assert len(section.at().tables) == 4


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

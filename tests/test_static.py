"""The static table and text of a step are compared with the arithmetic: parsed back, added up."""

import re

import numpy as np
import pytest
from sections import Static, numbers

from cnnlib import examples, layers, loops, panels, trace
from cnnlib.steppers import stages, static

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
    "scatter, maps": trace.scatter_steps(T.dZ, T.W, T.input_size),
    "influence": trace.influence_steps(E.Y, E.W, E.b),
    "influence, padded": trace.influence_steps(E.Y, E.W, padding=1),
    "influence, maps": trace.influence_steps(T.Y, T.W, T.b),
    "pool": trace.pool_steps(E.dZ, E.Y, 3, stride=1),
}
EACH_TRACE = pytest.mark.parametrize("steps", TRACES.values(), ids=TRACES)
EACH_GIVING = pytest.mark.parametrize("steps", GIVING.values(), ids=GIVING)


def seen(step, term=None, beside=None):
    term = max(0, len(step.terms) - 1) if term is None else term
    return Static(static.html(step, term, beside))


@EACH_TRACE
def test_the_board_shows_the_products_of_the_sum_and_marks_one(steps):
    for step in steps:
        for marked in step.terms[:1] + step.terms[-1:]:
            board = seen(step, step.terms.index(marked)).tables[0]
            lying = [cell.numbers for cell in board.cells if len(cell.numbers) == 2]
            plane = marked.left.index[2:], marked.right.index[2:]
            wanted = [t for t in step.terms if (t.left.index[2:], t.right.index[2:]) == plane]
            assert sum(a * b for a, b in lying) == sum(t.value for t in wanted)
            (cell,) = [cell for cell in board.cells if cell.letter == "t"]
            assert cell.numbers == [marked.left.value, marked.right.value]


def test_of_a_large_map_the_part_around_the_marked_cell_is_written():
    rng = np.random.default_rng(0)
    dZ, W = rng.integers(1, 9, (24, 24, 1)).astype(float), np.ones((5, 5, 1, 1))
    step = trace.input_steps(dZ, W, (28, 28))[14 * 28 + 13]
    board, card, result = seen(step, 0).tables
    assert [len(table.rows) for table in (board, card, result)] == [11, 5, 11]
    assert "the part around the marked cell" in board.caption
    assert "the part around" not in card.caption
    lying = [cell.numbers for cell in board.cells if len(cell.numbers) == 2]
    assert sum(a * b for a, b in lying) == step.value
    assert [head for head, _ in result.rows] == [str(row) for row in range(9, 20)]


@EACH_TRACE
def test_the_result_fills_up_to_the_gradient(steps):
    last = steps[len(steps) - 1]
    shape, maps = steps.shapes[steps.parts.result], last.target.index[2:]
    plane = [[steps.value((r, c, *maps)) for c in range(shape[1])] for r in range(shape[0])]
    assert [[c.numbers[0] for c in row] for _, row in seen(last).tables[2].rows] == plane


def test_the_result_shows_the_sum_so_far_and_nothing_ahead():
    step = TRACES["input"][12]
    dY = loops.conv_backward_input(E.dZ, E.W, E.input_size).ravel()
    for term in range(9):
        shown = seen(step, term).tables[2].cells
        assert [cell.numbers[0] for cell in shown[:12]] == dY[:12].tolist()
        assert shown[12].text == f"{step.sums[term]:.0f}"
        assert {cell.text for cell in shown[13:]} == {"·"}


def test_headers_say_why_there_is_a_zero():
    board = seen(TRACES["input, strided"][0]).tables[0]
    headers = ["pad", "pad", "0", "gap", "1", "rest", "pad", "pad"]
    assert [header for header, _ in board.rows] == headers
    assert board.columns == ["pad", "0", "1", "2", "pad"]
    assert "8 x 5" in board.caption
    assert static.PUT_IN in seen(TRACES["input, strided"][0]).all


@EACH_TRACE
def test_tables_have_headers_name_shape_and_role(steps):
    left, right, result, _ = steps.parts
    names = [right, left, result] if steps.kind == "filter" else [left, right, result]
    for table, name in zip(seen(steps[0]).tables, names, strict=True):
        assert table.caption.startswith(name + ",")
        assert " x ".join(map(str, steps.shapes[name][:2])) in table.caption
        role = "result" if name == steps.parts.result else "input"
        assert f"{panels.MEANINGS[name]}: {role} of this pass" in table.caption
        assert table.corner == panels.INDICES[name[-1]][0]
        assert all(header for header, _ in table.rows)


def test_marks_are_told_apart_by_border_and_letter():
    step = TRACES["input"][12]
    tables = seen(step, 3).tables
    assert sorted(filter(None, (c.letter for c in tables[0].cells))) == ["t"] + ["w"] * 8
    assert tables[1].letters == "t"
    assert tables[2].letters == "d" * 12 + "s"
    assert tables[0].rows[3][1][2].letter == "t"  # dZ(1, 0), below two rings of zeros
    assert tables[1].rows[1][1][2].letter == "t"  # W(1, 2)
    borders = {}
    for cell in tables[0].cells + tables[2].cells:
        borders.setdefault(cell.letter, set()).add(cell.style)
    assert all(len(borders[letter]) == 1 for letter in "wtsd")
    assert len(set.union(*borders.values())) == 5
    assert borders[""] == {""}
    html = static.html(step, 3)
    assert not re.search("<style|background|var\\(", html)


@pytest.mark.parametrize("term", [-1, 9])
def test_a_term_that_does_not_exist_is_refused(term):
    with pytest.raises(ValueError, match="term must be from 0 to 8"):
        static.html(TRACES["input"][12], term)


def test_a_layer_without_maps_is_drawn_as_far_as_there_is_anything():
    no_channels = trace.forward_steps(np.ones((3, 3, 0)), np.ones((2, 2, 0, 1)), np.ones(1))
    assert [cell.text for cell in seen(no_channels[1]).tables[2].cells][:2] == ["1", "1"]
    no_filters = trace.input_steps(np.ones((2, 2, 0)), np.ones((2, 2, 1, 0)), (3, 3))
    assert "dY(0, 0) = 0" in static.html(no_filters[0])


@EACH_TRACE
def test_the_written_sum_adds_up_and_is_that_of_the_text(steps):
    for step in steps:
        lines = seen(step).lines
        if step.terms:
            names, products, total = str(step).split(" = ")[1:]
            added = sum(np.prod(numbers(product)) for product in products.split(" + "))
            assert added == float(total) == step.value
            plain = [re.sub(r"[\[\]]", "", line) for line in lines[1:3]]
            if len(step.terms) <= static.MAX_TERMS:
                assert plain == [f"{step.target} = {names}", f"= {products} = {total}"]
        else:
            assert str(step) in lines[1]


def test_the_text_says_how_far_the_sum_is():
    step = TRACES["input"][12]
    shown = seen(step, 1)
    assert "[dZ(0, 1) W(2, 1)]" in shown.all
    assert "[(-4)·3]" in shown.all
    assert shown.where == ("Step 13 of 25: dY(2, 2); term 2 of 9: (-4)·3 = -12, sum so far -18.")
    assert static.text(step) == str(step)
    assert static.text(step, 3) == f"{step}; term 4 of 9: 5·(-1) = -5, sum so far -15"


LONG = {
    "filter": trace.filter_steps(np.ones((10, 10, 1)), np.ones((12, 12, 1)), (3, 3)),
    "input, maps": trace.input_steps(np.ones((4, 4, 9)), np.ones((3, 3, 1, 9)), (6, 6)),
    "scatter, maps": trace.scatter_steps(np.ones((2, 2, 1)), np.ones((3, 3, 6, 1)), (4, 4)),
}


@pytest.mark.parametrize("steps", LONG.values(), ids=LONG)
def test_a_long_sum_is_written_around_its_marked_term(steps):
    step = max(steps, key=lambda step: len(step.terms))
    count = len(step.terms)
    for term in sorted({0, 1, 19, 20, 21, count // 2, count - 2, count - 1}):
        shown = seen(step, term).all
        left_out = sum(int(n) for n in re.findall(r"… \((\d+) more\)", shown))
        assert left_out == (1 if step.source else 2) * (count - static.MAX_TERMS)
        one = step.terms[term]
        assert f"[{one.contribution if step.source else one}]" in shown


def test_any_float_is_shown():
    for value in (np.nan, np.inf, -np.inf, 1e300, 1e-300):
        steps = trace.forward_steps(np.full((3, 3, 1), value), E.W)
        assert trace.number(value, bare=True) in static.text(steps[0], 0)
        assert len(seen(steps[0], 8).tables) == 3


@EACH_GIVING
def test_what_is_given_fills_the_result_until_it_is_whole(steps):
    """Replay all contributions by hand; compare the table at the first and the last term."""
    b = steps.arrays.get("b", np.zeros(steps.shapes[steps.parts.result][2]))
    so_far = np.zeros(steps.shapes[steps.parts.result]) + b
    for step in steps:
        for number, term in enumerate(step.terms):
            weight = 1 if steps.kind == "pool" else term.right.value
            so_far[term.target.index] += term.left.value * weight
            if number not in (0, len(step.terms) - 1):
                continue
            left, middle, result = seen(step, number).tables
            plane = so_far[..., term.target.index[2]].ravel().tolist()
            assert [cell.numbers[0] for cell in result.cells] == plane
            assert left.letters == "t"
            assert middle.letters.count("t") == result.letters.count("s") == 1
            assert term.contribution in seen(step, number).where
        if not step.terms:
            assert "gives nothing: no window reaches it" in seen(step).all
    assert all(so_far[i] == steps.value(i) for i in np.ndindex(so_far.shape))


@pytest.mark.parametrize("nudge", [1.0, -2.0, 0.5])
@pytest.mark.parametrize("name", ["filter", "filter, strided", "filter, maps"])
def test_a_nudge_shows_what_the_forward_pass_gains(name, nudge):
    steps, like = TRACES[name], {"filter": E, "filter, strided": OBLONG}.get(name, T)
    for step in steps:
        W = like.W.copy()
        W[step.target.index] += nudge
        before = loops.conv_forward(like.Y, like.W, **like.how)
        gain = loops.conv_forward(like.Y, W, **like.how) - before
        shown = seen(step, beside=lambda one: panels.nudge(one, nudge))
        plane = gain[..., step.target.index[3]]
        assert [cell.numbers[0] for cell in shown.tables[3].cells] == plane.ravel().tolist()
        total = trace.number(float(np.sum(gain * like.dZ)), bare=True)
        assert f"= {total}." in shown.lines[3]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_an_activation_is_shown_with_what_comes_back(name):
    dY = examples.variant("activation").dZ
    steps = TRACES["forward"]
    Z = loops.conv_forward(E.Y, E.W, E.b)
    right = [getattr(layers, name)(Z), dY, getattr(layers, name + "_backward")(dY, Z)]
    shown = seen(steps[8], beside=lambda step: panels.activation(step, name, dY))
    for table, array in zip(shown.tables[3:], right, strict=True):
        assert [cell.text for cell in table.cells] == [
            trace.number(x, bare=True) for x in array.ravel().tolist()
        ]
    early = seen(steps[4], 3, lambda step: panels.activation(step, name, dY))
    assert "not complete yet" in early.all
    assert f"{name}(" not in early.lines[3]


def test_a_stage_says_what_it_holds():
    like = examples.strided()
    made = stages.stride_stages(like.dZ, like.W, like.input_size, **like.how)
    for stage in made:
        shown = Static(static.html(stage))
        both = [made[max(0, stage.number - 1)], stage][-1 - bool(stage.number) :]
        for table, one in zip(shown.tables, both, strict=True):
            assert [[c.numbers[0] for c in row] for _, row in table.rows] == one.values.tolist()
            assert tuple(header for header, _ in table.rows) == one.rows
            assert tuple(table.columns) == one.columns
        assert str(stage) in shown.where


def test_three_ways_agree():
    steps = TRACES["input"]
    for step in steps:
        for term, one in enumerate(step.terms):
            shown = seen(step, term, panels.three_ways)
            A, scatter = shown.tables[3:]
            column = np.array([cell.numbers[0] for cell in A.cells])
            assert column @ E.dZ.ravel() == step.value
            cells = np.array([(cell.numbers or [0])[0] for cell in scatter.cells]).reshape(5, 5)
            i, j, _ = one.left.index
            assert (cells[i : i + 3, j : j + 3] == one.left.value * E.W[..., 0, 0]).all()

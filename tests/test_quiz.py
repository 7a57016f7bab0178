"""Questions about a step: the answer is compared with the arithmetic, and stays hidden."""

import re

import numpy as np
import pytest
from sections import Section, numbers

from cnnlib import examples, loops, shapes, trace
from cnnlib.steppers import quiz, view

E, OBLONG, T, S = examples.one_map(), examples.oblong(), examples.three_maps(), examples.strided()
DILATED = {"padding": ((1, 0), (2, 1)), "dilation": (2, 1), "stride": (1, 2)}
TRACES = {
    "forward": trace.forward_steps(E.Y, E.W, E.b),
    "forward, maps, padded": trace.forward_steps(T.Y, T.W, T.b, padding=((0, 1), (2, 1))),
    "forward, all": trace.forward_steps(E.Y, E.W, E.b, **DILATED),
    "input": trace.input_steps(E.dZ, E.W, E.input_size),
    "input, strided": trace.input_steps(S.dZ, S.W, S.input_size, **S.how),
    "input, maps": trace.input_steps(T.dZ, T.W, T.input_size),
    "filter": trace.filter_steps(E.dZ, E.Y, E.filter_size),
    "filter, strided": trace.filter_steps(OBLONG.dZ, OBLONG.Y, OBLONG.filter_size, **OBLONG.how),
    "filter, maps": trace.filter_steps(T.dZ, T.Y, T.filter_size),
    "scatter": trace.scatter_steps(E.dZ, E.W, E.input_size),
    "scatter, strided": trace.scatter_steps(S.dZ, S.W, S.input_size, **S.how),
    "scatter, maps": trace.scatter_steps(T.dZ, T.W, T.input_size),
    "influence": trace.influence_steps(E.Y, E.W, E.b),
    "influence, maps": trace.influence_steps(T.Y, T.W, T.b),
}
EACH_TRACE = pytest.mark.parametrize("steps", TRACES.values(), ids=TRACES)


def asked(kind, steps):
    """Yield (step, term, question) for each question of a kind that a pass can be asked."""
    for step in steps:
        for term in range(max(1, len(step.terms))):
            found = quiz.question(kind, step, term)
            assert (found is None) == (kind != "size" and not step.terms)
            if found:
                assert found.kind == kind
                yield step, term, found


def cell_of(text):
    """Return (name, index) of a cell that stands in a text, such as W(2, 1, 0, 0)."""
    found = re.fullmatch(r"(\w+)\((\d+(?:, \d+)*)\)", text)
    return found[1], tuple(map(int, found[2].split(", ")))


def related(where, cells):
    """Whether the cells of Y, W and Z meet: r = i s + u d - p, and the maps agree."""
    y, w, z = (cells[name] for name in "YWZ")
    on_axes = all(
        y[n] == z[n] * axis.s + w[n] * axis.d - axis.before for n, axis in enumerate(where)
    )
    return on_axes and (w[2], w[3]) == (y[2], z[2])


@EACH_TRACE
def test_the_value_is_that_of_the_loops(steps):
    how = {name: getattr(steps.where, name) for name in ("stride", "padding", "dilation")}
    a = steps.arrays
    whole = {
        "forward": lambda: loops.conv_forward(*a.values(), **how),
        "input": lambda: loops.conv_backward_input(*a.values(), steps.where.input_size, **how),
        "filter": lambda: loops.conv_backward_filter(*a.values(), steps.where.filter_size, **how),
    }.get(steps.kind)
    if not whole:
        for step, term, question in asked("value", steps):
            one = step.terms[term]
            right = a[one.left.array][one.left.index] * a[one.right.array][one.right.index]
            assert question.ask == f"What does {step.source} give to {one.target}?"
            assert question.answer == f"{right + 0:.0f}"
            assert question.is_right(f"{right:.0f}")
        return
    whole = whole()
    for _, _, question in asked("value", steps):
        name, index = cell_of(question.ask.removeprefix("What is ").rstrip("?"))
        assert name == steps.parts.result
        assert question.answer == f"{whole[index]:.0f}"
        assert question.is_right(question.answer)
        assert question.is_right(f" {whole[index]:.2f} ")
        for wrong in (1, -1, 0.01):
            assert not question.is_right(str(whole[index] + wrong))
        if whole[index]:
            assert not question.is_right(f"{-whole[index]:.0f}")


@EACH_TRACE
@pytest.mark.parametrize("kind", ["weight", "index"])
def test_the_answer_is_the_one_cell_that_meets_the_two_that_are_given(kind, steps):
    """All cells of the array that is asked about are tried with the relation."""
    for step, term, question in asked(kind, steps):
        name, index = cell_of(question.answer)
        given = {cell.array[-1]: cell.index for cell in question.given}
        assert len(given) == 2
        assert name[-1] not in given
        assert all(str(cell) in question.ask for cell in question.given)
        assert question.answer not in question.ask
        fit = [
            index
            for index in np.ndindex(*steps.shapes[name])
            if related(steps.where, given | {name[-1]: index})
        ]
        assert fit == [index] == [question.numbers]
        one = step.terms[term]
        assert question.answer in (str(one.left), str(one.right), str(one.target))
        if kind == "weight":
            assert name[-1] == "W"
        else:
            assert name == (steps.parts.left if step.target else steps.parts.result)


@EACH_TRACE
def test_the_size_is_that_of_the_map(steps):
    where, a = steps.where, steps.arrays
    if "dZ" in a:
        spread = shapes.spread(a["dZ"], where.stride)
        if steps.kind != "filter":
            spread = shapes.zero_pad(spread, tuple((0, rest) for rest in where.rest))
            spread = shapes.zero_pad(spread, tuple((e - 1, e - 1) for e in where.extent))
        size = spread.shape[:2]
    else:
        size = steps.shapes["Z"][:2]
    for _, _, question in asked("size", steps[:1]):
        assert question.numbers == size
        assert question.answer == f"{size[0]} x {size[1]}"
        for right in ("{} x {}", "{}x{}", "{}, {}", "({}, {})", "{} {}", " {} by {} "):
            assert question.is_right(right.format(*size))
        for wrong in ((size[0] + 1, size[1]), (size[0], size[1] - 1), size + (1,), size[:1]):
            assert not question.is_right(" x ".join(map(str, wrong)))


@EACH_TRACE
def test_what_a_question_about_a_size_gives_is_enough(steps):
    """The answer is worked out again from the numbers of the question alone."""
    ask = quiz.question("size", steps[0], 0).ask
    numbers_of = re.search(
        r"Y is (\d+) x (\d+), the filter is (\d+) x (\d+), stride (\d+) x (\d+), padding "
        r"(\d+) and (\d+), (\d+) and (\d+) \(rows, columns\), dilation (\d+) x (\d+)\. ",
        ask,
    )
    n_h, n_w, f_h, f_w, s_h, s_w, top, bottom, left, right, d_h, d_w = map(int, numbers_of.groups())
    size = []
    for n, f, s, p, d in ((n_h, f_h, s_h, top + bottom, d_h), (n_w, f_w, s_w, left + right, d_w)):
        windows = len(range(0, n + p - (f - 1) * d, s))
        rest = (n + p - (f - 1) * d - 1) % s
        spread = windows + (windows - 1) * (s - 1)
        size.append(
            {
                "Z?": windows,
                "on Y?": spread,
                "flipped filter?": spread + rest + 2 * (f - 1) * d,
            }[next(end for end in ("Z?", "on Y?", "flipped filter?") if ask.endswith(end))]
        )
    assert quiz.question("size", steps[0], 0).numbers == tuple(size)


@EACH_TRACE
@pytest.mark.parametrize("kind", ["weight", "index"])
def test_a_guess_of_an_index(kind, steps):
    for _, _, question in asked(kind, steps):
        index = question.numbers
        assert question.is_right(question.answer)
        assert question.is_right(question.answer.lower().replace(" ", ""))
        assert question.is_right(", ".join(map(str, index)))
        assert question.is_right(" ".join(map(str, index)))
        two = f"{index[0]}, {index[1]}"
        assert question.is_right(two) == (not any(index[2:]))
        for axis in range(len(index)):
            for by in (1, -1):
                wrong = [*index]
                wrong[axis] += by
                assert not question.is_right(", ".join(map(str, wrong)))
        assert not question.is_right(f"{index[0]}")
        assert not question.is_right(", ".join(map(str, (*index, 0))))
        if index[0] != index[1]:
            assert not question.is_right(", ".join(map(str, (index[1], index[0], *index[2:]))))


def test_a_map_that_is_0_may_be_left_out():
    weight = trace.Cell("W", (2, 1, 0, 0), 3.0)
    question = quiz.Question("weight", "", str(weight), (), weight.index)
    for guess in ("2, 1", "(2, 1)", "W(2, 1)", "2,1,0", "W(2, 1, 0, 0)", "2 1"):
        assert question.is_right(guess)
    for guess in ("2", "1, 2", "2, 1, 1", "2, 1, 0, 1", "2, 1, 0, 0, 0", "21", "-2, -1", ""):
        assert not question.is_right(guess)
    other = quiz.Question("weight", "", "W(2, 1, 1, 0)", (), (2, 1, 1, 0))
    assert not other.is_right("2, 1")
    assert other.is_right("2, 1, 1")


NONSENSE = [
    *["", " ", "?", "no idea", "nan", "inf", "-", "--", "e5", "½", "1e999", "\x00", "()", ".,;"],
    *["__import__('os').system('true')", "<script>alert(1)</script>", "0x10", "1" * 10_000],
    *["-" * 100_000, "1e" * 100_000, "1," * 100_000, "9" * 400, "é" * 1000, "1e-99", "5 5 5 5 5"],
]


@pytest.mark.parametrize("kind", quiz.KINDS)
@pytest.mark.parametrize("guess", NONSENSE, ids=lambda guess: ascii(guess[:12]))
def test_nonsense_is_a_wrong_guess_and_no_error(kind, guess):
    question = quiz.question(kind, TRACES["input"][12], 3)
    assert question.is_right(guess) is False


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        -0.0,
        0.1,
        -2.5,
        1 / 3,
        12345678.9,
        -1e-7,
        1e14,
        1e15,
        -2.5e300,
        1e-300,
        float(np.float32(0.1)),
        3e-5,
    ],
)
def test_the_answer_as_it_is_shown_is_right(value):
    question = quiz.Question("value", "", trace.number(value, bare=True), (), (value,))
    assert question.is_right(question.answer)
    assert not question.is_right(str(value + max(1e-3, abs(value) / 100)))


@pytest.mark.parametrize(
    "guess, value",
    [
        ("5", 5),
        ("5.0", 5),
        ("= 5", 5),
        ("(-5)", -5),
        ("+5", 5),
        ("- 5", -5),
        ("\u22125", -5),
        ("5.", 5),
        ("5e+00", 5),
    ],
)
def test_a_number_may_be_written_in_many_ways(guess, value):
    question = quiz.Question("value", "", "", (), (float(value),))
    assert question.is_right(guess)
    assert not question.is_right(guess.replace("5", "6"))


@pytest.mark.parametrize("guess", [".5", "- 5", "\u22125", "1.5.5", "5/1", "0,5", "5 or 6"])
def test_what_is_not_plainly_5_is_not_5(guess):
    assert not quiz.Question("value", "", "5", (), (5.0,)).is_right(guess)


def test_there_is_nothing_to_ask_of_a_step_without_a_term():
    empty = trace.input_steps(OBLONG.dZ, OBLONG.W, OBLONG.input_size, **OBLONG.how)
    step = empty[empty.position((5, 3, 0))]
    assert [kind for kind in quiz.KINDS if quiz.question(kind, step, 0)] == ["size"]


def test_a_tally_takes_the_first_guess_of_each_question():
    tally = quiz.Tally()
    one, other = (quiz.question("value", TRACES["input"][n], 0) for n in (0, 1))
    assert str(tally) == "0 of 0 right"
    assert tally.take(one, "nonsense") is False
    assert tally.take(one, one.answer) is True
    assert str(tally) == "0 of 1 right"
    assert tally.take(other, other.answer) is True
    assert tally.take(other, "nonsense") is False
    assert str(tally) == "1 of 2 right"


# --- what is hidden -------------------------------------------------------------------


@EACH_TRACE
def test_a_hidden_value_is_nowhere_in_the_step(steps):
    for step, terms in each_step(steps):
        section = Section(view.html(step, terms[0], hide=True))
        plain = Section(view.html(step, terms[0]))
        for term in terms:
            live, open_ = section.at(term), plain.at(term)
            assert "sum so far" not in section.node.text()
            assert "which is" not in section.node.text()
            if step.source:
                assert live.tables[2].letters == open_.tables[2].letters
                check_nothing_given(step, live)
            else:
                assert live.sum.rstrip().endswith("= ?")
                (cell,) = [c for c in live.tables[2].cells if c.letter == "s"]
                assert cell.text == "?"
            # all the rest is there: one has to work it out
            assert live.tables[0] == open_.tables[0]
            assert live.tables[1] == open_.tables[1]


def each_step(steps):
    return ((step, range(max(1, len(step.terms)))) for step in steps)


def check_nothing_given(step, live):
    """Of a giving step each receiver shows what it was before, and the sum the factors alone."""
    plane = step.terms[live.marked].target.index[2] if step.terms else None
    if plane is None:
        return
    before = [
        step.trace.value_before((*place, plane), step.number)
        for place in np.ndindex(*step.trace.shapes[step.trace.parts.result][:2])
    ]
    assert [cell.number for cell in live.tables[2].cells] == before
    assert [product for _, product in live.products] == [t.product for t in step.terms]


@EACH_TRACE
def test_a_hidden_value_stays_hidden_at_every_place_of_the_html(steps):
    """With numbers that stand for nothing else, the answer does not occur in the text at all."""
    rng = np.random.default_rng(3)
    arrays = {name: rng.normal(size=a.shape) for name, a in steps.arrays.items()}
    strange = trace.Trace(steps.kind, steps.where, arrays, steps.shapes[steps.parts.result])
    for step, terms in each_step(strange):
        for term in terms[:: max(1, len(terms) // 2)]:
            question = quiz.question("value", step, term)
            if question:
                hidden = view.html(step, term, aside=None, hide=True)
                assert question.answer in view.html(step, term)
                assert question.answer not in hidden
                sums = [trace.number(total, bare=True) for total in step.sums[1:]]
                assert not any(total in hidden for total in sums if len(total) > 5)


def test_what_stands_beside_a_step_is_hidden_with_its_value():
    step = TRACES["filter"][4]
    hidden = Section(view.html(step, aside=view.nudge(step, 1.0), hide=True)).at()
    assert len(hidden.tables) == 3
    assert hidden.beside == ""
    assert "Raise" not in hidden.all


@EACH_TRACE
@pytest.mark.parametrize("kind", ["weight", "index"])
def test_a_puzzle_marks_what_was_given_and_nothing_else(kind, steps):
    for step, _, question in asked(kind, steps):
        html = view.puzzle(step, question)
        live = Section(html).at(0)
        given = {cell.array: cell.index for cell in question.given}
        assert len(live.tables) == 3
        for table in live.tables:
            name = table.caption.split(",")[0]
            marked = [
                (int(header), int(column))
                for header, row in table.rows
                for column, cell in zip(table.columns, row, strict=True)
                if cell.letter
            ]
            assert marked == ([given[name][:2]] if name in given else [])
            assert not any(cell.over for cell in table.cells)  # where it lies would say it
            if name == steps.parts.result:
                assert {cell.text for cell in table.cells} == {"·"}
            else:
                maps = map_in(table.caption, name)
                plane = steps.arrays[name][(..., *maps)]
                assert [c.text for c in table.cells] == [
                    trace.number(x, bare=True) for x in plane.ravel().tolist()
                ]
                if name in given:
                    assert maps == given[name][2:]
        assert question.answer not in live.all
        assert live.markable == []
        assert live.code == []
        assert not re.search(r"\bterm-\d|\bgo-\d|\bat-\d", html)


def map_in(caption, name):
    """Return the map indices that a caption names; 0 where there is one map."""
    places = {"Y": ("k_in",), "W": ("k_in", "k"), "Z": ("k",)}[name[-1]]
    found = dict(re.findall(r"\b(k_in|k) = (\d+)", caption))
    return tuple(int(found.get(place, 0)) for place in places)


@EACH_TRACE
def test_a_puzzle_about_a_size_shows_no_map(steps):
    question = quiz.question("size", steps[0], 0)
    live = Section(view.puzzle(steps[0], question)).at(0)
    assert live.tables == []
    assert numbers(live.all) == [1, len(steps)]  # step 1 of so many

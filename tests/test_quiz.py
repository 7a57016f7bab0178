"""Questions about a step: the answer is compared with the arithmetic, and stays hidden."""

import re

import numpy as np
import pytest

from cnnlib import examples, loops, shapes, trace
from cnnlib.steppers import quiz

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


def cell_of(text, steps):
    """Return (name, index) of a cell that stands in a text; W(2, 1) of one map is W(2, 1, 0, 0)."""
    found = re.fullmatch(r"(\w+)\((\d+(?:, \d+)*)\)", text)
    index = tuple(map(int, found[2].split(", ")))
    assert len(index) == (2 if steps.channels == (1, 1) else len(steps.shapes[found[1]]))
    return found[1], (index + (0, 0))[: len(steps.shapes[found[1]])]


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
        name, index = cell_of(question.ask.removeprefix("What is ").rstrip("?"), steps)
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
        name, index = cell_of(question.answer, steps)
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


def test_a_score_takes_the_first_guess_of_each_question():
    score = quiz.Score()
    assert str(score) == "0 of 0 right"
    for key, right in (
        ("one", False),
        ("one", True),
        ("two", None),
        ("two", True),
        ("three", True),
    ):
        score.take(key, right)
    assert score.answered == {"one": False, "two": None, "three": True}
    assert str(score) == "1 of 2 right"


def test_without_the_half_turn_is_told():
    """A slip is named only where its number differs from the answer."""
    W = E.W[::-1, ::-1]
    for steps, array in (("input", E.dZ), ("forward", E.Y)):
        wrong = (
            loops.conv_backward_input(array, W, E.input_size)
            if steps == "input"
            else loops.conv_forward(array, W, E.b)
        )
        for step in TRACES[steps]:
            if len(step.terms) < 9:
                continue
            asked = quiz.question("value", step, 0)
            guess = f"{wrong[step.target.index]:.0f}"
            if not asked.is_right(guess):
                assert "half" in asked.slip(guess)
    weight = quiz.question("weight", TRACES["input"][12], 1)
    assert (weight.answer, weight.slip("2, 1")) == ("W(2, 1)", "")
    assert weight.slip("0, 1") == "Without the half turn W(0, 1) would lie there."


def test_the_winner_of_a_pool_is_asked_for():
    steps = trace.pool_steps(E.dZ, E.Y, 3, stride=1)
    asked = quiz.question("index", steps[5], 0)
    assert (asked.ask, asked.answer) == ("Which cell of dY gets dZ(1, 2)?", "dY(1, 4)")
    assert "first one in row order" in asked.slip("3, 2")
    assert quiz.question("weight", steps[5], 0) is None
    assert quiz.question("size", steps[5], 0).answer == "3 x 3"

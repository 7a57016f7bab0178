"""A trace shows every product of a pass, and adds up to what the pass gives."""

import copy
import itertools
import re
import tracemalloc
from collections import Counter
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from problems import GEOMETRIES, equal, problems

from cnnlib import loops, trace
from cnnlib.examples import oblong, one_map, three_maps
from cnnlib.trace import Cell

ONE_IMAGE = [problem for problem in GEOMETRIES if problem.batch == ()]
ALL = pytest.mark.parametrize("problem", ONE_IMAGE, ids=str)
KIND = pytest.mark.parametrize("kind", ["forward", "input", "filter", "scatter", "influence"])
SUMS = pytest.mark.parametrize("kind", ["forward", "input", "filter"])
GIFTS = pytest.mark.parametrize("kind", ["scatter", "influence"])
ROLES = {  # left factor, right factor, result, and the array that the steps walk over
    "forward": ("Y", "W", "Z", "Z"),
    "input": ("dZ", "W", "dY", "dY"),
    "filter": ("dZ", "Y", "dW", "dW"),
    "scatter": ("dZ", "W", "dY", "dZ"),
    "influence": ("Y", "W", "Z", "Y"),
}


def steps_of(kind, Y, W, b, dZ, how):
    """The trace of this kind, and what `loops` gives for the same arguments."""
    function, given = {
        "forward": (loops.conv_forward, (Y, W, b)),
        "influence": (loops.conv_forward, (Y, W, b)),
        "input": (loops.conv_backward_input, (dZ, W, Y.shape[:2])),
        "scatter": (loops.conv_backward_input, (dZ, W, Y.shape[:2])),
        "filter": (loops.conv_backward_filter, (dZ, Y, W.shape[:2])),
    }[kind]
    return getattr(trace, f"{kind}_steps")(*given, **how), function(*given, **how)


def arrays_of(problem):
    return {name: getattr(problem, name) for name in ("Y", "W", "b", "dZ")}


def rough(problem, dtype, seed=0):
    """Numbers that have to be rounded, so that the order of a sum shows."""
    rng = np.random.default_rng(seed)
    return {
        name: (array * rng.random(array.shape)).astype(dtype)
        for name, array in arrays_of(problem).items()
    }


def of_example(kind, example, **changed):
    parts = {"Y": example.Y, "W": example.W, "b": example.b, "dZ": example.dZ} | changed
    return steps_of(kind, **parts, how=example.how)[0]


# --- the sum -------------------------------------------------------------------------


@SUMS
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@ALL
def test_the_steps_make_the_result_bit_for_bit(kind, dtype, problem):
    steps, expected = steps_of(kind, **rough(problem, dtype), how=problem.how)
    found = np.full(expected.shape, np.nan, dtype)
    for step in steps:
        assert np.isnan(found[step.target.index])  # no cell twice
        found[step.target.index] = step.value
        assert step.value == step.target.value == steps.value(step.target.index)
    equal(found, expected)


@GIFTS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@ALL
def test_the_last_gift_to_each_cell_completes_it(kind, dtype, problem):
    arrays = rough(problem, dtype)
    steps, expected = steps_of(kind, **arrays, how=problem.how)
    found = np.zeros_like(expected)
    if kind == "influence":
        found += arrays["b"]
    for step in steps:
        for term in step.terms:
            index = term.target.index
            before = found[index]
            assert steps.value_before(index, step.number) == before
            found[index] = term.target.value  # the running value so far
            product = arrays[term.left.array][term.left.index] * arrays["W"][term.right.index]
            assert found[index] == before + product
    equal(found, expected)


@given(problem=problems())
def test_any_trace_adds_up(problem):
    arrays = arrays_of(problem)
    for image in list(np.ndindex(problem.batch))[:1]:
        arrays |= {"Y": problem.Y[image], "dZ": problem.dZ[image]}
        for kind in "forward", "input", "filter":
            steps, expected = steps_of(kind, **arrays, how=problem.how)
            assert len(steps) == expected.size
            for step in steps:
                assert step.value == expected[step.target.index]
                assert step.value == step.start + sum(term.value for term in step.terms)


@KIND
def test_a_step_says_what_it_sums_or_gives(kind):
    """Each term is the product of its two cells; the sums run from the start to the value."""
    example = three_maps()
    left, right, result, walked = ROLES[kind]
    for step in of_example(kind, example):
        assert step.cell.array == walked and step.value == step.cell.value
        assert step.cell is (step.target or step.source)
        total = step.start
        for term, running in zip(step.terms, step.sums, strict=True):
            assert (term.left.array, term.right.array, term.target.array) == (left, right, result)
            for cell in term.left, term.right:
                assert cell.value == getattr(example, cell.array)[cell.index]
            assert term.value == term.left.value * term.right.value
            total += term.value
            if step.target:
                assert running == total == term.target.value
                assert term.target.index == step.target.index
            else:
                assert term.left == step.source and running == term.target.value
        assert step.value == (total if step.target else getattr(example, left)[step.source.index])


def test_a_forward_sum_starts_at_the_bias():
    example = three_maps()
    for step in of_example("forward", example):
        k = step.target.index[2]
        assert step.start == example.b[k]
        assert step.bias == Cell("b", (k,), example.b[k])
    for kind in "input", "filter":
        assert {(step.start, step.bias) for step in of_example(kind, example)} == {(0.0, None)}
    without = of_example("forward", example, b=None)
    assert {(step.start, step.bias) for step in without} == {(0.0, None)}


# --- which cells meet ----------------------------------------------------------------


@KIND
@ALL
def test_the_terms_are_exactly_the_pairs_that_exist(kind, problem):
    """Any two cells joined by the relation, once; a cell of the padding is in no term."""
    steps, _ = steps_of(kind, **arrays_of(problem), how=problem.how)
    s, d, before = problem.stride, problem.dilation, [side[0] for side in problem.sides]
    found = Counter()
    for step in steps:
        for term in step.terms:
            cells = {cell.array[-1]: cell.index for cell in (term.left, term.right, term.target)}
            (*y, y_k), (*w, w_k, w_f), (*z, z_f) = cells["Y"], cells["W"], cells["Z"]
            assert (y_k, z_f) == (w_k, w_f)
            for r, u, i, s_, d_, p in zip(y, w, z, s, d, before, strict=True):
                assert r == i * s_ + u * d_ - p
            for index, array in (cells["Y"], problem.Y), (cells["W"], problem.W):
                assert all(0 <= i < n for i, n in zip(index, array.shape, strict=True))
            assert all(0 <= i < n for i, n in zip(cells["Z"], problem.dZ.shape, strict=True))
            found[cells["Y"], cells["W"], cells["Z"]] += 1
    assert set(found.values()) <= {1}
    pairs = np.count_nonzero(problem.jacobian_Y(np.ones_like(problem.W)))
    assert len(found) == pairs


# --- the sequence --------------------------------------------------------------------


@KIND
@ALL
def test_there_is_one_step_for_each_cell_and_the_walk_goes_map_by_map(kind, problem):
    steps, _ = steps_of(kind, **arrays_of(problem), how=problem.how)
    name = ROLES[kind][3]
    shape = getattr(problem, {"Z": "dZ", "dY": "Y", "dW": "W"}.get(name, name)).shape
    walked = [step.cell.index for step in steps]
    assert walked == sorted(np.ndindex(shape), key=lambda index: (index[:1:-1], index[:2]))
    assert [steps.count(n) for n in range(len(steps))] == [len(step.terms) for step in steps]
    for number, step in enumerate(steps):
        assert step.number == number == steps.position(list(step.cell.index))


BAD_INDICES = [(9, 0, 0), (0, -1, 0), (0, 0), (0, 0, 0, 0, 0), (), (0.0, 0, 0), ("r", 0, 0, 0), 5]


@KIND
def test_a_cell_that_does_not_exist_has_no_position(kind):
    steps, name = of_example(kind, three_maps()), ROLES[kind][3]
    shape = steps.shapes[name]
    last = tuple(n - 1 for n in shape)
    assert steps.position(last) == len(steps) - 1
    beyond = [(*last[:axis], n, *last[axis + 1 :]) for axis, n in enumerate(shape)]
    for index in beyond + BAD_INDICES:
        said = re.escape(f" {index if np.iterable(index) else (index,)}: its shape is {shape}")
        with pytest.raises(ValueError, match=f"^{name} has no cell{said}"):
            steps.position(index)


def test_a_trace_is_indexed_like_a_tuple():
    steps = of_example("input", one_map())
    everything = tuple(steps)
    assert len(steps) == len(everything) == 25
    assert steps[-1] == everything[24]
    assert steps[-25] == steps[0] == everything[0]
    assert steps[np.int64(3)] == everything[3]
    for part in slice(2, 5), slice(None, None, -1), slice(20, 99), slice(-3, None), slice(5, 2):
        assert steps[part] == everything[part]
    assert tuple(reversed(steps)) == everything[::-1]
    assert everything[7] in steps
    for position in 25, -26, 10**30:
        with pytest.raises(IndexError):
            steps[position]
    with pytest.raises(TypeError):
        steps["first"]


def test_a_trace_makes_a_step_only_when_it_is_asked_for():
    tracemalloc.start()
    try:
        Y, W = np.ones((3, 3, 1)), np.ones((2, 2, 1, 1))
        steps = trace.forward_steps(Y, W, padding=300)
        assert len(steps) == 602**2
        middle = steps[steps.position((300, 300, 0))]
        assert middle.value == 4
        assert steps[-1].terms == ()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


# --- frozen --------------------------------------------------------------------------


def test_a_step_its_terms_and_its_cells_are_frozen():
    step = steps_of("input", **rough(GEOMETRIES[1], np.float32), how={})[0][12]
    for thing, name in (
        (step, "number"),
        (step, "terms"),
        (step, "target"),
        (step.terms[0], "value"),
        (step.terms[0].left, "value"),
        (step.terms[0].left, "index"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, None)
    assert type(step.terms) is type(step.sums) is type(step.target.index) is tuple
    plain = step.number, step.value, step.terms[0].value, step.target.index[0]
    assert [*map(type, plain)] == [int, float, float, int]


@KIND
def test_a_trace_and_the_arguments_leave_each_other_alone(kind):
    example, untouched = three_maps(), three_maps()
    steps = of_example(kind, example)
    before = tuple(steps)
    for name in "Y", "W", "b", "dZ":
        equal(getattr(example, name), getattr(untouched, name))
        getattr(example, name)[:] = 99
    assert tuple(steps) == before
    for array in steps.arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 99


# --- NaN and infinity ----------------------------------------------------------------


@SUMS
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_spoilt_number_is_in_the_sums_that_it_is_a_term_of(kind, number):
    arrays = arrays_of(GEOMETRIES[1])
    for name, cells in itertools.product(ROLES[kind][:2], [5, slice(None)]):
        spoilt = arrays[name].copy()
        spoilt.flat[cells] = number  # one cell, or all: inf - inf
        with np.errstate(invalid="ignore"):
            steps, expected = steps_of(kind, **arrays | {name: spoilt}, how={})
        assert not np.isfinite(expected).all()
        for step in steps:  # and no warning: a stepper has nowhere to show it
            np.testing.assert_equal(step.value, expected[step.target.index])
            assert str(step)


# --- words ---------------------------------------------------------------------------


def test_a_step_reads_as_the_formula_with_its_numbers():
    steps = of_example("input", one_map())
    assert str(steps[0]) == "dY(0, 0) = dZ(0, 0) W(0, 0) = 3·1 = 3"
    assert str(steps[1]) == (
        "dY(0, 1) = dZ(0, 0) W(0, 1) + dZ(0, 1) W(0, 0) = 3·(-3) + (-4)·1 = -13"
    )


def test_the_other_passes_read_as_their_formulas():
    tiny = {"Y": [[2, -3]], "W": [[5, 4]], "dZ": [[-6]]}
    tiny = {name: np.array(rows, float)[..., np.newaxis] for name, rows in tiny.items()}
    tiny["W"], tiny["b"] = tiny["W"][..., np.newaxis], np.array([-1.0])
    lines = {kind: [str(s) for s in steps_of(kind, **tiny, how={})[0]] for kind in ROLES}
    assert lines["forward"] == [
        "Z(0, 0) = b(0) + Y(0, 0) W(0, 0) + Y(0, 1) W(0, 1) = (-1) + 2·5 + (-3)·4 = -3"
    ]
    assert lines["filter"] == [
        "dW(0, 0) = dZ(0, 0) Y(0, 0) = (-6)·2 = -12",
        "dW(0, 1) = dZ(0, 0) Y(0, 1) = (-6)·(-3) = 18",
    ]
    assert lines["scatter"] == [
        "dZ(0, 0) gives dZ(0, 0) W(0, 0) = (-6)·5 = -30 to dY(0, 0); "
        "dZ(0, 0) W(0, 1) = (-6)·4 = -24 to dY(0, 1)"
    ]
    assert lines["influence"] == [
        "Y(0, 0) gives Y(0, 0) W(0, 0) = 2·5 = 10 to Z(0, 0)",
        "Y(0, 1) gives Y(0, 1) W(0, 1) = (-3)·4 = -12 to Z(0, 0)",
    ]


def test_a_cell_that_no_product_reaches_says_so():
    last = of_example("input", oblong())[-1]
    assert (last.terms, last.value) == ((), 0.0)
    assert str(last) == "dY(5, 3) = 0: no product reaches it"
    last = of_example("influence", oblong())[-1]
    assert str(last) == "Y(5, 3) gives nothing: no window reaches it"
    steps = trace.forward_steps(np.ones((1, 1, 1)), np.ones((1, 1, 1, 1)), -np.ones(1), padding=1)
    assert str(steps[0]) == "Z(0, 0) = b(0) = (-1) = -1"


def test_the_repr_of_a_trace_is_short():
    assert repr(of_example("input", one_map())) == "<input pass to dY, 5 x 5 x 1: 25 steps>"
    step = of_example("input", one_map())[12]
    assert len(repr(step)) < 3_000 and repr(step.trace) not in repr(step)


# --- bad arguments -------------------------------------------------------------------


def test_a_batch_is_refused_with_a_way_out():
    Y, W, dZ = np.ones((2, 3, 4, 4, 1)), np.ones((2, 2, 1, 1)), np.ones((2, 3, 3, 3, 1))
    for name, call in (
        ("Y", lambda: trace.forward_steps(Y, W)),
        ("Y", lambda: trace.influence_steps(Y, W)),
        ("dZ", lambda: trace.input_steps(dZ, W, (4, 4))),
        ("dZ", lambda: trace.scatter_steps(dZ, W, (4, 4))),
        ("dZ", lambda: trace.filter_steps(dZ, Y, (2, 2))),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value).startswith(f"a trace is of one image, {name} has the shape (2, 3,")
        assert str(caught.value).endswith(f"with 2 batch axes: pass {name}[0, 0]")


def test_a_trace_and_its_steps_can_be_copied():
    step = of_example("input", one_map())[12]
    again = copy.deepcopy(step)
    assert again == step
    assert again.trace[12] == step

"""The five functions of all three modules against the definition, and what was promised of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from problems import GEOMETRIES, LAYOUTS, Problem, equal, problems

from cnnlib import crop, fast, flip, loops, spread, vectorized, zero_pad
from cnnlib.shapes import geometry

MODULES = {"loops": loops, "vectorized": vectorized, "fast": fast}
EACH = pytest.mark.parametrize("conv", MODULES.values(), ids=MODULES)
ALL = pytest.mark.parametrize("problem", GEOMETRIES, ids=str)
ORACLE = Path(__file__).with_name("oracle")


def some(*names):
    """Parametrise on the problems of these names."""
    found = [problem for problem in GEOMETRIES if problem.name in names]
    assert len(found) == len(names)
    return pytest.mark.parametrize("problem", found, ids=str)


@pytest.fixture
def _quiet():
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, as it should be
        yield


def gradients(conv, problem):
    return conv.conv_backward(problem.dZ, problem.Y, problem.W, **problem.how)


def all_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        equal(one, other)


# --- against the definition ----------------------------------------------------------


def is_its_definition(conv, problem):
    """Ask that all five functions are equal to the definition, bit for bit."""
    Y, W, b, dZ, how = problem.Y, problem.W, problem.b, problem.dZ, problem.how
    equal(conv.conv_forward(Y, W, b, **how), problem.forward(Y, W, b))
    equal(conv.conv_forward(Y, W, **how), problem.forward(Y, W))
    expected = problem.backward(dZ, Y, W)
    one_by_one = (
        conv.conv_backward_input(dZ, W, problem.input_size, **how),
        conv.conv_backward_filter(dZ, Y, problem.filter_size, **how),
        conv.conv_backward_bias(dZ),
    )
    all_equal(one_by_one, expected)
    together = gradients(conv, problem)
    assert together._fields == ("dY", "dW", "db")
    all_equal(together, expected)


@EACH
@ALL
def test_each_function_is_its_definition(conv, problem):
    is_its_definition(conv, problem)


@EACH
@given(problem=problems())
def test_any_problem_has_the_same_exact_answer(conv, problem):
    is_its_definition(conv, problem)


# --- against published numbers -------------------------------------------------------


def published(cases):
    return [case for case in cases if case["groups"] == 1]


PUBLISHED = published(json.loads((ORACLE / "tf_conv2d_backprop.json").read_text("utf-8"))["cases"])
GEOMETRIES_OF_OTHERS = json.loads((ORACLE / "geometries.json").read_text("utf-8"))


def counted(shape):
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


def test_there_are_41_published_gradients_and_87_published_geometries():
    assert len(PUBLISHED) == 41
    assert {case["kind"] for case in PUBLISHED} == {"input", "filter"}
    assert len(OTHERS_TEST) == 87


@EACH
@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: f"{case['kind']} {case['name']}")
def test_a_gradient_is_the_published_one_bit_for_bit(conv, case):
    Y, W, dZ = (counted(case[name]) for name in ("input_nhwc", "filter_hwio", "out_nhwc"))
    how = {name: tuple(case[name]) for name in ("stride", "dilation")}
    how["padding"] = case["padding"].lower()
    if case["kind"] == "input":
        found = conv.conv_backward_input(dZ, W, Y.shape[1:3], **how)
    else:
        found = conv.conv_backward_filter(dZ, Y, W.shape[:2], **how)
    expected = np.array(case["expected_flat"], np.float32)
    equal(found, expected.reshape(Y.shape if case["kind"] == "input" else W.shape))


def published_geometry(number, case):
    how = {name: tuple(case[name]) for name in ("stride", "dilation")}
    how["padding"] = sides = tuple(map(tuple, case["pad_hw"]))
    return Problem(
        name=f"{number}: {case['H']} x {case['W']}, {case['kh']} x {case['kw']}",
        input_size=(case["H"], case["W"]),
        filter_size=(case["kh"], case["kw"]),
        channels=(case["C"], case["O"]),
        batch=(case["N"],),
        stride=how["stride"],
        dilation=how["dilation"],
        sides=sides,
        how=how,
    )


OTHERS_TEST = [
    (published_geometry(number, case), case)
    for number, case in enumerate(published(GEOMETRIES_OF_OTHERS))
]


@pytest.mark.parametrize(("problem", "case"), OTHERS_TEST, ids=[str(p) for p, _ in OTHERS_TEST])
def test_a_geometry_that_others_test_works_here(problem, case):
    Y, W, dZ, how = problem.Y, problem.W, problem.dZ, problem.how
    b = problem.b if case["bias"] else None
    where = geometry(problem.input_size, problem.filter_size, **how)
    assert where.output_size == tuple(case["out"])
    assert where.rest == tuple(case["leftover"])
    Z, expected = problem.forward(Y, W, b), gradients(loops, problem)
    loss = np.sum(problem.forward(Y, W) * dZ)
    assert loss == np.sum(Y * expected.dY) == np.sum(W * expected.dW)
    for conv in MODULES.values():
        equal(conv.conv_forward(Y, W, b, **how), Z)
        all_equal(gradients(conv, problem), expected)


# --- the same gradients by other ways ------------------------------------------------


@ALL
def test_the_input_gradient_is_a_convolution_of_the_spread_dz_with_the_flipped_filter(problem):
    (f_h, f_w), (d_h, d_w), (rest_h, rest_w) = problem.filter_size, problem.dilation, problem.rest
    apart = zero_pad(spread(problem.dZ, problem.stride), ((0, rest_h), (0, rest_w)))
    wide = zero_pad(apart, (d_h * (f_h - 1), d_w * (f_w - 1)))
    back = flip(problem.W).swapaxes(2, 3)  # sums over k, one map for each k_in
    dYp = fast.conv_forward(wide, back, dilation=problem.dilation)
    equal(crop(dYp, problem.sides), gradients(fast, problem).dY)


@EACH
def test_a_stride_may_be_larger_than_any_map(conv):
    Y, W, huge = np.ones((6, 6, 1)), np.ones((3, 3, 1, 1)), 2**62
    equal(conv.conv_forward(Y, W, stride=huge), np.full((1, 1, 1), 9.0))
    dY = conv.conv_backward_input(np.ones((1, 1, 1)), W, (6, 6), stride=huge)
    assert dY.sum() == dY[:3, :3].sum() == 9


# --- precision -----------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f4"])
def test_one_precision_in_the_same_precision_out(conv, dtype):
    problem = GEOMETRIES[1]
    Y, W, b, dZ = (a.astype(dtype) for a in (problem.Y, problem.W, problem.b, problem.dZ))
    results = conv.conv_forward(Y, W), conv.conv_forward(Y, W, b), *conv.conv_backward(dZ, Y, W)
    native = np.dtype(dtype).newbyteorder("=")  # the byte order of the machine comes out
    assert [result.dtype.str for result in results] == [native.str] * 5


@EACH
def test_mixed_precisions_give_the_wider(conv):
    problem = GEOMETRIES[1]
    Y, W, b, dZ = problem.Y, problem.W, problem.b, problem.dZ
    Y4, W4, b4, dZ4 = (a.astype(np.float32) for a in (Y, W, b, dZ))
    size, filter_size = problem.input_size, problem.filter_size
    for result in (
        conv.conv_forward(Y4, W),
        conv.conv_forward(Y, W4),
        conv.conv_forward(Y4, W4, b),
        conv.conv_forward(Y.astype(np.float16), W, b4),
        conv.conv_backward_input(dZ4, W, size),
        conv.conv_backward_input(dZ, W4, size),
        conv.conv_backward_filter(dZ4, Y, filter_size),
        conv.conv_backward_filter(dZ, Y4, filter_size),
    ):
        assert result.dtype == np.float64
    assert [a.dtype for a in conv.conv_backward(dZ4, Y4, W)] == [np.float64, np.float32, np.float32]
    assert [a.dtype for a in conv.conv_backward(dZ4, Y, W4)] == [np.float32, np.float64, np.float32]


@EACH
def test_where_only_the_bias_is_wide_the_products_are_wide_too(conv):
    rng = np.random.default_rng(3)
    Y, W = (rng.normal(size=size).astype(np.float32) for size in [(6, 5, 2), (3, 2, 2, 3)])
    wide = conv.conv_forward(Y.astype(np.float64), W.astype(np.float64), np.ones(3))
    np.testing.assert_allclose(conv.conv_forward(Y, W, np.ones(3)), wide, rtol=1e-13)


def taps_of(arrays, how):
    """The gradients in float64, tap by tap: the plainest sums."""
    dZ, Y, W = (a.astype(float) for a in arrays)
    where = geometry(Y.shape[1:3], W.shape[:2], **how)
    dY, dW = np.zeros_like(Y), np.zeros_like(W)
    for (u, v), y, z in where.taps():
        dY[y] += dZ[z] @ W[u, v].T
        dW[u, v] += np.tensordot(Y[y], dZ[z], axes=([0, 1, 2], [0, 1, 2]))
    return dY, dW, dZ.sum(axis=(0, 1, 2))


def within_bound(conv, sizes, stride, draw="normal"):
    """Ask that the error of each cell is at most 4 eps sqrt(n) times the sum of absolute values."""
    (n_h, n_w), (n_k, f_k), m = sizes
    rng, how = np.random.default_rng(0), {"stride": stride, "padding": 1}
    Y, W = (DRAWS[draw](rng, size) for size in [(m, n_h, n_w, n_k), (3, 3, n_k, f_k)])
    dZ = DRAWS[draw](rng, conv.conv_forward(Y, W, **how).shape)
    arrays = [a.astype(np.float32) for a in (dZ, Y, W)]
    found = conv.conv_backward(*arrays, **how)
    exact = taps_of(arrays, how)
    scale = taps_of([np.abs(a) for a in arrays], how)
    terms = taps_of([np.ones_like(a) for a in arrays], how)
    for one, right, size, n in zip(found, exact, scale, terms, strict=True):
        assert one.dtype == np.float32
        assert np.all(np.abs(one - right) <= 4 * np.finfo(np.float32).eps * np.sqrt(n) * size)
        assert np.any(one != right)  # else nothing was rounded, and nothing tested


LONG = 36_864
"""Terms of a long sum: 3 x 3 weights and 4,096 maps, or the cells of a map of 192 x 192."""
LONG_SUMS = {  # sizes of the two factors; the call, with the sum as its only cell
    "Z": ((3, 3, 4096), (3, 3, 4096, 1), lambda conv, Y, W: conv.conv_forward(Y, W)),
    "dY": (
        (3, 3, 4096),
        (3, 3, 1, 4096),
        lambda conv, dZ, W: conv.conv_backward_input(dZ, W, (1, 1), padding=2),
    ),
    "dW": (
        (192, 192, 1),
        (192, 192, 1),
        lambda conv, dZ, Y: conv.conv_backward_filter(dZ, Y, (1, 1)),
    ),
    "db": ((192, 192, 1), (1, 1, 1), lambda conv, dZ, _: conv.conv_backward_bias(dZ)),
}
DRAWS = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "all positive": lambda rng, size: rng.random(size),
    "of very different size": lambda rng, size: (
        rng.standard_normal(size) * 10.0 ** rng.integers(-6, 7, size)
    ),
}


@EACH
@pytest.mark.parametrize("draw", DRAWS)
def test_the_error_of_each_cell_is_within_its_bound(conv, draw):
    within_bound(conv, ((9, 8), (5, 4), 3), (2, 1), draw)


def share_of_bound(conv, name, draw, dtype):
    """The error of one long sum, as a share of 4 eps sqrt(n) times the sum of absolute values."""
    rng = np.random.default_rng(0)
    *sizes, call = LONG_SUMS[name]
    one, other = (DRAWS[draw](rng, size).astype(dtype) for size in sizes)
    if name == "db":
        other[...] = 1
    found = call(conv, one, other)
    assert found.dtype == dtype and found.size == 1
    if name == "dY":
        other = other.swapaxes(2, 3)[::-1, ::-1]  # W(2 - i, 2 - j) lies on dZ(i, j)
    products = one.astype(np.longdouble).reshape(-1) * other.astype(np.longdouble).reshape(-1)
    assert products.size == LONG
    bound = 4 * np.finfo(dtype).eps * np.sqrt(LONG) * np.abs(products).sum()
    return float(abs(found.item() - products.sum()) / bound)


@EACH
@pytest.mark.parametrize("name", LONG_SUMS)
@pytest.mark.parametrize("draw", DRAWS)
def test_a_long_sum_is_within_its_bound(conv, name, draw):
    assert share_of_bound(conv, name, draw, np.float64) <= 1
    assert 0 < share_of_bound(conv, name, draw, np.float32) <= 1


@EACH
def test_a_sum_starts_at_plain_zero(conv):
    dW = conv.conv_backward_filter(np.full((2, 2, 1), -0.0), np.ones((3, 3, 1)), (2, 2))
    assert not np.any(np.signbit(dW))


# --- what happens to the arguments ---------------------------------------------------


@EACH
@some("oblong, several maps", "a batch", "dilation, stride, padding", "valid")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_in_memory_gives_the_same_numbers(conv, problem, layout):
    Y, W, b, dZ = map(layout, (problem.Y, problem.W, problem.b, problem.dZ))
    equal(Y, problem.Y)  # the layout itself changes no number
    Z = conv.conv_forward(Y, W, b, **problem.how)
    equal(Z, problem.forward(problem.Y, problem.W, problem.b))
    found = conv.conv_backward(dZ, Y, W, **problem.how)
    all_equal(found, gradients(loops, problem))
    assert {type(array) for array in (Z, *found)} == {np.ndarray}


@EACH
@some("oblong, several maps", "a batch")
@pytest.mark.parametrize("name", ["dZ", "Y", "W"])
def test_broadcast_arrays_are_taken(conv, problem, name):
    """One cell of memory for all cells, as in ``np.broadcast_to(1.0, Z.shape)``."""
    arrays = {"dZ": problem.dZ, "Y": problem.Y, "W": problem.W}
    size = arrays[name].shape
    found = conv.conv_backward(**arrays | {name: np.broadcast_to(2.0, size)}, **problem.how)
    all_equal(found, problem.backward(**arrays | {name: np.full(size, 2.0)}))


ONE_WEIGHT = Problem("a filter of one weight 1 gives a copy", (2, 3), (1, 1), how={})


@EACH
@pytest.mark.parametrize("problem", [*GEOMETRIES, ONE_WEIGHT], ids=str)
def test_no_argument_is_changed_and_no_result_shares_its_memory(conv, problem):
    given_arrays = problem.Y, problem.W, problem.b, problem.dZ
    arguments = [array.copy() for array in given_arrays]
    Y, W, b, dZ = arguments
    for result in (
        conv.conv_forward(Y, W, **problem.how),
        conv.conv_forward(Y, W, b, **problem.how),
        conv.conv_backward_input(dZ, W, problem.input_size, **problem.how),
        conv.conv_backward_filter(dZ, Y, problem.filter_size, **problem.how),
        conv.conv_backward_bias(dZ),
        *conv.conv_backward(dZ, Y, W, **problem.how),
    ):
        assert not any(np.shares_memory(result, argument) for argument in arguments)
        result += 1
    all_equal(arguments, given_arrays)


# --- sizes at the edge, NaN and infinity ----------------------------------------------


TOUCH = some(
    "oblong, several maps",
    "left-over rows and columns",
    "stride larger than the filter",
    "four paddings",
    "padding beyond the filter",
    "dilation",
    "dilation, stride, padding",
    "stride and dilation share a factor",
    "filter of one weight",
    "a batch",
)
NOT_FINITE = pytest.mark.parametrize("number", [np.nan, np.inf])


def spoilt(array, number):
    """Yield (position, copy of the array with this number there), for every seventh cell."""
    for position in range(0, array.size, 7 if array.size > 30 else 1):
        copy = array.copy()
        copy.flat[position] = number
        yield position, copy


def only(array, position):
    """1 at this position, and 0 elsewhere."""
    return (np.arange(array.size) == position).reshape(array.shape).astype(float)


def is_spoilt(result, where):
    equal(~np.isfinite(result).ravel(), where)


@pytest.mark.usefixtures("_quiet")
@EACH
@TOUCH
@NOT_FINITE
def test_a_spoilt_number_reaches_the_outputs_that_it_touches(conv, problem, number):
    W = problem.W.copy()
    W.flat[0] = 0.0  # 0 times inf is NaN where the two meet, and nothing where they do not
    for position, Y in spoilt(problem.Y, number):
        Z = conv.conv_forward(Y, W, problem.b, **problem.how)
        is_spoilt(Z, problem.meets_Y[:, position])
    for position, W in spoilt(problem.W, number):
        Z = conv.conv_forward(problem.Y, W, problem.b, **problem.how)
        is_spoilt(Z, problem.meets_W[:, position])


@pytest.mark.usefixtures("_quiet")
@EACH
@TOUCH
@NOT_FINITE
def test_a_spoilt_number_reaches_the_gradients_that_it_touches(conv, problem, number):
    dZ, Y, W, how = problem.dZ, problem.Y, problem.W, problem.how
    for position, bad in spoilt(dZ, number):
        dY, dW, db = conv.conv_backward(bad, Y, W, **how)
        is_spoilt(dY, problem.meets_Y[position])
        is_spoilt(dW, problem.meets_W[position])
        is_spoilt(db, np.arange(db.size) == position % db.size)
    for position, bad in spoilt(W, number):
        joins = problem.jacobian_Y(only(W, position))  # Y to Z, by this weight
        is_spoilt(conv.conv_backward(dZ, Y, bad, **how).dY, joins.any(axis=0))
    for position, bad in spoilt(Y, number):
        joins = problem.jacobian_W(only(Y, position))  # W to Z, by this cell
        is_spoilt(conv.conv_backward(dZ, bad, W, **how).dW, joins.any(axis=0))

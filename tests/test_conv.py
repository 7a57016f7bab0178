"""Both modules against the definition, published numbers, and what was promised."""

import contextlib
import itertools
import json
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import GEOMETRIES, Problem, equal, problems

from cnnlib import crop, fast, flip, loops, numerical_gradient, spread, vectorized, zero_pad
from cnnlib.shapes import Axis, Geometry, geometry

MODULES = pytest.mark.parametrize("conv", [loops, vectorized, fast], ids=["loops", "vectorized", "fast"])
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


# --- against the definition ----------------------------------------------------------


@MODULES
@ALL
def test_the_forward_pass_is_its_definition(conv, problem):
    Y, W, b = problem.Y, problem.W, problem.b
    equal(conv.conv_forward(Y, W, b, **problem.how), problem.forward(Y, W, b))
    equal(conv.conv_forward(Y, W, **problem.how), problem.forward(Y, W))


@MODULES
@ALL
def test_the_input_gradient_is_the_transposed_jacobian(conv, problem):
    dY = conv.conv_backward_input(problem.dZ, problem.W, problem.input_size, **problem.how)
    expected = problem.jacobian_Y(problem.W).T @ problem.dZ.ravel()
    equal(dY, expected.reshape(problem.Y.shape))


@MODULES
@ALL
def test_the_filter_gradient_is_the_transposed_jacobian(conv, problem):
    dW = conv.conv_backward_filter(problem.dZ, problem.Y, problem.filter_size, **problem.how)
    expected = problem.jacobian_W(problem.Y).T @ problem.dZ.ravel()
    equal(dW, expected.reshape(problem.W.shape))


@MODULES
@ALL
def test_the_bias_gradient_adds_up_each_map(conv, problem):
    db = np.zeros(problem.channels[1])
    for cell in np.ndindex(problem.dZ.shape):
        db[cell[-1]] += problem.dZ[cell]
    equal(conv.conv_backward_bias(problem.dZ), db)


@MODULES
@ALL
def test_conv_backward_gives_the_three_gradients(conv, problem):
    dZ, Y, W, how = problem.dZ, problem.Y, problem.W, problem.how
    found = conv.conv_backward(dZ, Y, W, **how)
    assert found._fields == ("dY", "dW", "db")
    equal(found.dY, conv.conv_backward_input(dZ, W, problem.input_size, **how))
    equal(found.dW, conv.conv_backward_filter(dZ, Y, problem.filter_size, **how))
    equal(found.db, conv.conv_backward_bias(dZ))


@MODULES
@ALL
def test_the_backward_passes_are_the_adjoints_of_the_forward_pass(conv, problem):
    loss = np.sum(conv.conv_forward(problem.Y, problem.W, **problem.how) * problem.dZ)
    dY, dW, _ = gradients(conv, problem)
    assert loss == np.sum(problem.Y * dY) == np.sum(problem.W * dW)


@MODULES
@ALL
def test_all_gradients_are_exact_differences(conv, problem):
    dY, dW, db = gradients(conv, problem)

    def loss(Y=problem.Y, W=problem.W, b=problem.b):
        return np.sum(problem.dZ * conv.conv_forward(Y, W, b, **problem.how))

    equal(dY, numerical_gradient(lambda Y: loss(Y=Y), problem.Y, eps=1))
    equal(dW, numerical_gradient(lambda W: loss(W=W), problem.W, eps=1))
    equal(db, numerical_gradient(lambda b: loss(b=b), problem.b, eps=1))


@given(problem=problems())
def test_any_problem_has_the_same_exact_answer_in_both_modules(problem):
    Z = problem.forward(problem.Y, problem.W, problem.b)
    expected = problem.backward(problem.dZ, problem.Y, problem.W)
    for conv in loops, vectorized, fast:
        equal(conv.conv_forward(problem.Y, problem.W, problem.b, **problem.how), Z)
        for found, right in zip(gradients(conv, problem), expected, strict=True):
            equal(found, right)


# --- against published numbers -------------------------------------------------------

PUBLISHED = [
    case
    for case in json.loads((ORACLE / "tf_conv2d_backprop.json").read_text("utf-8"))["cases"]
    if case["groups"] == 1
]


def counted(shape):
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


def test_there_are_41_published_gradients():
    assert len(PUBLISHED) == 41
    assert {case["kind"] for case in PUBLISHED} == {"input", "filter"}


@MODULES
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
    return Problem(
        name=f"{number}: {case['H']} x {case['W']}, {case['kh']} x {case['kw']}",
        input_size=(case["H"], case["W"]),
        filter_size=(case["kh"], case["kw"]),
        channels=(case["C"], case["O"]),
        batch=(case["N"],),
        stride=tuple(case["stride"]),
        dilation=tuple(case["dilation"]),
        sides=tuple(map(tuple, case["pad_hw"])),
        how={
            "stride": tuple(case["stride"]),
            "dilation": tuple(case["dilation"]),
            "padding": tuple(map(tuple, case["pad_hw"])),
        },
    )


OTHERS_TEST = [
    (published_geometry(number, case), case)
    for number, case in enumerate(json.loads((ORACLE / "geometries.json").read_text("utf-8")))
    if case["groups"] == 1
]


def test_there_are_87_published_geometries():
    assert len(OTHERS_TEST) == 87


@MODULES
@pytest.mark.parametrize(("problem", "case"), OTHERS_TEST, ids=[str(p) for p, _ in OTHERS_TEST])
def test_a_geometry_that_others_test_works_here(conv, problem, case):
    Y, W, dZ, how = problem.Y, problem.W, problem.dZ, problem.how
    b = problem.b if case["bias"] else None
    where = geometry(problem.input_size, problem.filter_size, **how)
    assert where.output_size == tuple(case["out"])
    assert where.rest == tuple(case["leftover"])
    equal(conv.conv_forward(Y, W, b, **how), problem.forward(Y, W, b))
    dY, dW, _ = gradients(conv, problem)
    loss = np.sum(problem.forward(Y, W) * dZ)
    assert loss == np.sum(Y * dY) == np.sum(W * dW)


@pytest.mark.parametrize("problem", [problem for problem, _ in OTHERS_TEST], ids=str)
def test_both_modules_agree_on_the_geometries_that_others_test(problem):
    for found, other in zip(gradients(loops, problem), gradients(vectorized, problem), strict=True):
        equal(found, other)


# --- the same gradients by other ways ------------------------------------------------


@MODULES
@ALL
def test_the_input_gradient_is_a_convolution_of_the_spread_dz_with_the_flipped_filter(
    conv, problem
):
    (f_h, f_w), (d_h, d_w), (rest_h, rest_w) = problem.filter_size, problem.dilation, problem.rest
    apart = zero_pad(spread(problem.dZ, problem.stride), ((0, rest_h), (0, rest_w)))
    wide = zero_pad(apart, (d_h * (f_h - 1), d_w * (f_w - 1)))
    back = flip(problem.W).swapaxes(2, 3)  # sums over k, one map for each k_in
    dYp = conv.conv_forward(wide, back, dilation=problem.dilation)
    dY = conv.conv_backward_input(problem.dZ, problem.W, problem.input_size, **problem.how)
    equal(crop(dYp, problem.sides), dY)


@MODULES
@ALL
def test_stride_and_dilation_change_places_in_the_filter_gradient(conv, problem):
    Y = problem.Y.reshape(int(np.prod(problem.batch)), *problem.Y.shape[-3:])
    dZ = problem.dZ.reshape(int(np.prod(problem.batch)), *problem.dZ.shape[-3:])
    Yp = zero_pad(Y, problem.sides)  # each k_in is an image; the images are its channels
    dW = conv.conv_forward(
        Yp.transpose(3, 1, 2, 0),
        dZ.transpose(1, 2, 0, 3),
        stride=problem.dilation,
        dilation=problem.stride,
    )
    f_h, f_w = problem.filter_size
    expected = conv.conv_backward_filter(dZ, Y, (f_h, f_w), **problem.how)
    equal(dW[:, :f_h, :f_w].transpose(1, 2, 0, 3), expected)


@MODULES
@some("a batch", "two batch axes", "empty batch", "two batch axes, one empty")
def test_a_batch_is_each_image_and_the_sum_of_the_images(conv, problem):
    Z = conv.conv_forward(problem.Y, problem.W, problem.b, **problem.how)
    dY, dW, db = gradients(conv, problem)
    sum_W, sum_b = np.zeros_like(problem.W), np.zeros_like(problem.b)
    for image in np.ndindex(problem.batch):
        one = conv.conv_forward(problem.Y[image], problem.W, problem.b, **problem.how)
        equal(Z[image], one)
        found = conv.conv_backward(problem.dZ[image], problem.Y[image], problem.W, **problem.how)
        equal(dY[image], found.dY)
        sum_W += found.dW
        sum_b += found.db
    equal(dW, sum_W)
    equal(db, sum_b)


# --- precision -----------------------------------------------------------------------


@MODULES
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_one_precision_in_the_same_precision_out(conv, dtype):
    problem = GEOMETRIES[1]
    Y, W, b, dZ = (a.astype(dtype) for a in (problem.Y, problem.W, problem.b, problem.dZ))
    results = conv.conv_forward(Y, W), conv.conv_forward(Y, W, b), *conv.conv_backward(dZ, Y, W)
    assert [result.dtype for result in results] == [dtype] * 5


@MODULES
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


LARGER = Problem(
    "larger",
    (9, 8),
    (3, 3),
    (5, 4),
    (3,),
    stride=(2, 1),
    sides=((1, 1), (1, 1)),
    how={"stride": (2, 1), "padding": 1},
)


@MODULES
@pytest.mark.parametrize("draw", ["standard_normal", "random"])
def test_the_error_of_each_cell_is_within_its_bound(conv, draw):
    rng = np.random.default_rng(0)
    eps = np.finfo(np.float32).eps

    def numbers(shape):
        return getattr(rng, draw)(shape).astype(np.float32)

    Y, W, b, dZ = (numbers(a.shape) for a in (LARGER.Y, LARGER.W, LARGER.b, LARGER.dZ))

    def within(found, exact, scale, terms):
        assert found.dtype == np.float32
        assert np.all(np.abs(found - exact) <= 4 * eps * np.sqrt(terms) * scale)
        assert np.any(found != exact)  # else nothing was rounded, and nothing tested

    def same_sum(definition, *factors):
        """The sum exactly (in float64), over absolute values, and the number of its terms."""
        yield definition(*(a.astype(float) for a in factors))
        yield definition(*(np.abs(a).astype(float) for a in factors))
        yield definition(*(np.ones(a.shape) for a in factors))

    within(conv.conv_forward(Y, W, b, **LARGER.how), *same_sum(LARGER.forward, Y, W, b))
    sums = zip(*same_sum(LARGER.backward, dZ, Y, W), strict=True)
    for gradient, three in zip(conv.conv_backward(dZ, Y, W, **LARGER.how), sums, strict=True):
        within(gradient, *three)


LONG = 36_864
"""Terms of a long sum: 3 x 3 weights and 4,096 maps, or the cells of a map of 192 x 192."""
LONG_SUMS = {  # sizes of the two factors; the call, with the sum as its only cell or first cell
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


@MODULES
@pytest.mark.parametrize("name", LONG_SUMS)
@pytest.mark.parametrize("draw", DRAWS)
def test_a_long_sum_is_within_its_bound(conv, name, draw):
    assert share_of_bound(conv, name, draw, np.float64) <= 1
    assert 0 < share_of_bound(conv, name, draw, np.float32) <= 1


# --- what happens to the arguments ---------------------------------------------------


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def backwards(array):
    return np.flip(np.flip(array).copy())  # a view with negative strides


def with_gaps(array):
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def on_disk(array):
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, array.dtype, "w+", shape=array.shape)
    mapped[...] = array
    return mapped


class Named(np.ndarray):
    """An array that carries something along, as many libraries have."""


def of_a_subclass(array):
    return array.view(Named)


LAYOUTS = [read_only, np.asfortranarray, backwards, with_gaps, on_disk, of_a_subclass]


@MODULES
@some("oblong, several maps", "a batch", "dilation, stride, padding", "valid")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_in_memory_gives_the_same_numbers(conv, problem, layout):
    Y, W, b, dZ = map(layout, (problem.Y, problem.W, problem.b, problem.dZ))
    equal(Y, problem.Y)  # the layout itself changes no number
    equal(
        conv.conv_forward(Y, W, b, **problem.how), problem.forward(problem.Y, problem.W, problem.b)
    )
    for found, expected in zip(
        conv.conv_backward(dZ, Y, W, **problem.how), gradients(loops, problem), strict=True
    ):
        equal(found, expected)
        assert type(found) is np.ndarray


@MODULES
@some("oblong, several maps", "a batch")
def test_broadcast_arrays_are_taken(conv, problem):
    """One cell of memory for all cells, as in ``np.broadcast_to(1.0, Z.shape)``."""
    names = ("dZ", "Y", "W")
    arrays = {name: getattr(problem, name) for name in names}
    for name in names:
        views, copies = dict(arrays), dict(arrays)
        views[name] = np.broadcast_to(2.0, arrays[name].shape)
        copies[name] = np.full(arrays[name].shape, 2.0)
        expected = problem.backward(**copies)
        for found, right in zip(conv.conv_backward(**views, **problem.how), expected, strict=True):
            equal(found, right)


@MODULES
@ALL
def test_no_argument_is_changed_and_no_result_shares_its_memory(conv, problem):
    given_arrays = problem.Y, problem.W, problem.b, problem.dZ
    arguments = [array.copy() for array in given_arrays]
    Y, W, b, dZ = arguments
    results = (
        conv.conv_forward(Y, W, b, **problem.how),
        *conv.conv_backward(dZ, Y, W, **problem.how),
    )
    for argument, before in zip(arguments, given_arrays, strict=True):
        equal(argument, before)
    for result in results:
        assert result.flags.writeable
        assert not any(np.shares_memory(result, argument) for argument in arguments)


@MODULES
def test_a_filter_of_one_weight_1_gives_a_copy_and_no_view(conv):
    Y, W = np.ones((2, 3, 1)), np.ones((1, 1, 1, 1))
    for result in (
        conv.conv_forward(Y, W),
        conv.conv_backward_input(Y, W, (2, 3)),
        conv.conv_backward_filter(np.ones((1, 1, 1)), np.ones((1, 1, 1)), (1, 1)),
        conv.conv_backward_bias(np.ones((1, 1, 1))),
    ):
        result += 1
    equal(Y, np.ones((2, 3, 1)))
    equal(W, np.ones((1, 1, 1, 1)))


# --- sizes at the edge ---------------------------------------------------------------


@pytest.mark.usefixtures("_quiet")
@MODULES
@some("left-over rows and columns", "padding, stride, left-over rows", "stride larger than the map")
@pytest.mark.parametrize("number", [1.0, np.nan, np.inf])
def test_the_gradient_of_left_over_rows_is_exactly_0(conv, problem, number):
    dZ = np.full_like(problem.dZ, number)
    dY = conv.conv_backward_input(dZ, problem.W, problem.input_size, **problem.how)
    reached = [
        max(0, firsts[-1] + (f - 1) * d + 1 - before)
        for firsts, f, d, (before, _) in zip(
            problem.windows, problem.filter_size, problem.dilation, problem.sides, strict=True
        )
    ]
    rest = dY[reached[0] :], dY[:, reached[1] :]
    assert rest[0].size + rest[1].size > 0
    for cells in rest:
        equal(cells, np.zeros_like(cells))


@MODULES
def test_a_batch_of_nothing_gives_zeros_for_the_filters(conv):
    Y, W, dZ = np.ones((0, 5, 4, 2)), np.ones((3, 2, 2, 3)), np.ones((0, 3, 3, 3))
    dY, dW, db = conv.conv_backward(dZ, Y, W)
    equal(dY, np.zeros((0, 5, 4, 2)))
    equal(dW, np.zeros((3, 2, 2, 3)))
    equal(db, np.zeros(3))


@MODULES
def test_without_channels_the_output_is_the_bias(conv):
    Y, W, b = np.ones((5, 4, 0)), np.ones((3, 2, 0, 2)), np.array([1.0, -2.0])
    equal(conv.conv_forward(Y, W, b), np.broadcast_to(b, (3, 3, 2)).copy())
    dY, dW, db = conv.conv_backward(np.ones((3, 3, 2)), Y, W)
    equal(dY, np.zeros((5, 4, 0)))
    equal(dW, np.zeros((3, 2, 0, 2)))
    equal(db, np.array([9.0, 9.0]))


@MODULES
def test_without_filters_the_input_gradient_is_0(conv):
    Y, W, dZ = np.ones((5, 4, 2)), np.ones((3, 2, 2, 0)), np.ones((3, 3, 0))
    equal(conv.conv_forward(Y, W, np.ones(0)), np.zeros((3, 3, 0)))
    dY, dW, db = conv.conv_backward(dZ, Y, W)
    equal(dY, np.zeros((5, 4, 2)))
    equal(dW, np.zeros((3, 2, 2, 0)))
    equal(db, np.zeros(0))


# --- NaN and infinity reach the cells that they touch, and no other ------------------

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


def meets_Y(problem):
    """True where a cell of Z (row) and a cell of Y (column) share a term."""
    return problem.jacobian_Y(np.ones_like(problem.W)) != 0


def meets_W(problem):
    """True where a cell of Z (row) and a weight (column) share a term."""
    return problem.jacobian_W(np.ones_like(problem.Y)) != 0


@pytest.mark.usefixtures("_quiet")
@MODULES
@TOUCH
@NOT_FINITE
def test_a_spoilt_number_reaches_the_outputs_that_it_touches(conv, problem, number):
    meeting_Y, meeting_W = meets_Y(problem), meets_W(problem)
    W = problem.W.copy()
    W.flat[0] = 0.0  # 0 times inf is NaN where the two meet, and nothing where they do not
    for position, Y in spoilt(problem.Y, number):
        Z = conv.conv_forward(Y, W, problem.b, **problem.how)
        equal(~np.isfinite(Z).ravel(), meeting_Y[:, position])
    for position, W in spoilt(problem.W, number):
        Z = conv.conv_forward(problem.Y, W, problem.b, **problem.how)
        equal(~np.isfinite(Z).ravel(), meeting_W[:, position])


@pytest.mark.usefixtures("_quiet")
@MODULES
@TOUCH
@NOT_FINITE
def test_a_spoilt_number_reaches_the_input_gradients_that_it_touches(conv, problem, number):
    size, how, meets = problem.input_size, problem.how, meets_Y(problem)
    for position, dZ in spoilt(problem.dZ, number):
        dY = conv.conv_backward_input(dZ, problem.W, size, **how)
        equal(~np.isfinite(dY).ravel(), meets[position])
    for position, W in spoilt(problem.W, number):
        dY = conv.conv_backward_input(problem.dZ, W, size, **how)
        joins = problem.jacobian_Y(only(problem.W, position))  # Y to Z, by this weight
        equal(~np.isfinite(dY).ravel(), joins.any(axis=0))


@pytest.mark.usefixtures("_quiet")
@MODULES
@TOUCH
@NOT_FINITE
def test_a_spoilt_number_reaches_the_weight_gradients_that_it_touches(conv, problem, number):
    size, how, meets = problem.filter_size, problem.how, meets_W(problem)
    for position, dZ in spoilt(problem.dZ, number):
        dW = conv.conv_backward_filter(dZ, problem.Y, size, **how)
        equal(~np.isfinite(dW).ravel(), meets[position])
        db = conv.conv_backward_bias(dZ)
        k = np.arange(problem.channels[1])
        equal(~np.isfinite(db), k == position % problem.channels[1])
    for position, Y in spoilt(problem.Y, number):
        dW = conv.conv_backward_filter(problem.dZ, Y, size, **how)
        joins = problem.jacobian_W(only(problem.Y, position))  # W to Z, by this cell
        equal(~np.isfinite(dW).ravel(), joins.any(axis=0))


@MODULES
def test_where_only_the_bias_is_wide_the_products_are_so_too(conv):
    rng = np.random.default_rng(3)
    Y, W = (rng.normal(size=size).astype(np.float32) for size in [(6, 5, 2), (3, 2, 2, 3)])
    b = np.ones(3)
    wide = conv.conv_forward(Y.astype(np.float64), W.astype(np.float64), b)
    equal(conv.conv_forward(Y, W, b), wide)


@MODULES
def test_one_number_many_times_is_summed_within_the_bound(conv):
    dZ = np.full((20, 28, 28, 2), 0.1, np.float32)  # as the gradient of a mean is: all alike
    terms = dZ.size // 2
    off = np.abs(conv.conv_backward_bias(dZ) - terms * float(dZ[0, 0, 0, 0]))
    eps = np.finfo(np.float32).eps
    assert np.all(off <= 4 * eps * np.sqrt(terms) * terms * 0.1)


@MODULES
def test_the_byte_order_of_the_machine_comes_out(conv):
    Y, W, b, dZ = (np.ones(size, ">f4") for size in [(4, 4, 1), (2, 2, 1, 1), (1,), (3, 3, 1)])
    found = [conv.conv_forward(Y, W, b), *conv.conv_backward(dZ, Y, W)]
    assert {array.dtype.str for array in found} == {np.dtype(np.float32).str}


@MODULES
def test_a_sum_starts_at_plain_zero(conv):
    dW = conv.conv_backward_filter(np.full((2, 2, 1), -0.0), np.ones((3, 3, 1)), (2, 2))
    assert not np.any(np.signbit(dW))


# --- every way that `fast` may take ----------------------------------------------
#
# Which way is the fastest depends on the sizes; here the way is forced, and the sizes are small.

WAYS = ["taps", "table", "phases", "at once"]
EACH_WAY = pytest.mark.parametrize("way", WAYS)
CUTS = st.tuples(st.integers(1, 5), st.integers(1, 7))  # cells in a block, windows in a tile


@contextlib.contextmanager
def forced(way, width=1, rows=2):
    """Take this way, in blocks of `width` cells and tiles of `rows` windows."""

    def cheapest(_, columns, n_k, f_k):
        return 1, max(1, min(width, columns.o)) if columns.d == 1 else 1

    def at_once(where, n_k, f_k):
        return way == "at once" and where.stride != (1, 1) == where.dilation

    def forget():
        fast._layout.cache_clear()
        fast._table.cache_clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "TILE", 1)
        patch.setattr(fast, "ROWS", rows)
        patch.setattr(fast, "MATRIX", 0 if way == "taps" else 2**60)
        patch.setattr(fast, "LARGE", 2**60)
        patch.setattr(fast, "MANY", 2**60)
        if way != "table":
            patch.setattr(fast, "SMALL", 0)
            patch.setattr(fast, "_cheapest", cheapest)
            patch.setattr(fast, "_at_once_is_cheaper", at_once)
        forget()
        yield
    forget()


@EACH_WAY
@given(problem=problems(), cuts=CUTS)
def test_every_way_has_the_same_exact_answer(way, problem, cuts):
    with forced(way, *cuts):
        found = gradients(fast, problem)
        Z = fast.conv_forward(problem.Y, problem.W, problem.b, **problem.how)
        dY = fast.conv_backward_input(
            problem.dZ, problem.W, problem.input_size, **problem.how
        )
        dW = fast.conv_backward_filter(
            problem.dZ, problem.Y, problem.filter_size, **problem.how
        )
    equal(Z, problem.forward(problem.Y, problem.W, problem.b))
    expected = problem.backward(problem.dZ, problem.Y, problem.W)
    for one, right in zip((*found, dY, dW), (*expected, *expected[:2]), strict=True):
        equal(one, right)


@EACH_WAY
@pytest.mark.parametrize("stride", [2, 3, (4, 3), (1, 2)], ids=str)
@pytest.mark.parametrize("padding", [0, 1, 2, 3, ((1, 2), (3, 0))], ids=str)
@pytest.mark.parametrize("filter_size", [(1, 2), (3, 3), (5, 4)], ids=str)
def test_every_way_takes_any_stride_and_padding(way, stride, padding, filter_size):
    rng, how = np.random.default_rng(1), {"stride": stride, "padding": padding}
    Y, W = (rng.integers(-5, 6, n).astype(float) for n in [(2, 9, 8, 2), (*filter_size, 2, 3)])
    dZ = rng.integers(-5, 6, loops.conv_forward(Y, W, **how).shape).astype(float)
    with forced(way, 2, 5):
        found = fast.conv_backward(dZ, Y, W, **how)
    dY = fast.conv_backward_input(dZ, W, (9, 8), **how)
    for one, right in zip((*found, dY), (*loops_of((dZ, Y, W), how), found[0]), strict=True):
        equal(one, right)


@pytest.mark.usefixtures("_quiet")
@EACH_WAY
@given(
    problem=problems(),
    cuts=CUTS,
    name=st.sampled_from(["dZ", "Y", "W"]),
    number=st.sampled_from([np.nan, np.inf, -np.inf]),
    place=st.integers(0, 999),
)
def test_on_every_way_a_spoilt_number_reaches_what_it_touches(
    way, problem, cuts, name, number, place
):
    arrays = {"dZ": problem.dZ, "Y": problem.Y, "W": problem.W}
    if arrays[name].size:
        arrays[name] = arrays[name].copy()
        arrays[name].flat[place % arrays[name].size] = number
    with forced(way, *cuts):
        found = fast.conv_backward(**arrays, **problem.how)
        Z = fast.conv_forward(arrays["Y"], arrays["W"], **problem.how)
    expected = loops.conv_backward(**arrays, **problem.how)
    for one, right in zip(found, expected, strict=True):
        equal(one, right)
    equal(Z, loops.conv_forward(arrays["Y"], arrays["W"], **problem.how))


@EACH_WAY
@some("oblong, several maps", "a batch", "dilation, stride, padding", "unequal strides")
@pytest.mark.parametrize("layout", [*LAYOUTS, np.float32, np.longdouble])
def test_on_every_way_any_layout_and_precision_is_taken(way, problem, layout):
    Y, W, dZ = map(layout, (problem.Y, problem.W, problem.dZ))
    with forced(way, 2, 3):
        found = fast.conv_backward(dZ, Y, W, **problem.how)
    for one, right in zip(found, gradients(loops, problem), strict=True):
        assert one.dtype == Y.dtype
        np.testing.assert_array_equal(one, right)


@EACH_WAY
@pytest.mark.parametrize(
    "sizes", [((9, 8), (5, 4), 3), ((24, 20), (1, 2), 4), ((5, 7), (32, 3), 2)]
)
@pytest.mark.parametrize("stride", [1, 2])
def test_on_every_way_the_error_is_within_its_bound(way, sizes, stride):
    (n_h, n_w), (n_k, f_k), m = sizes
    rng, eps = np.random.default_rng(0), np.finfo(np.float32).eps
    how = {"stride": stride, "padding": 1}
    Y, W = rng.normal(size=(m, n_h, n_w, n_k)), rng.normal(size=(3, 3, n_k, f_k))
    Y *= 10.0 ** rng.integers(-4, 5, Y.shape)  # neighbours of very different size
    dZ = rng.normal(size=fast.conv_forward(Y, W, **how).shape)
    arrays = [a.astype(np.float32) for a in (dZ, Y, W)]
    with forced(way, 3, 40):
        found = fast.conv_backward(*arrays, **how)
    exact = loops_of(arrays, how)
    scale = loops_of([np.abs(a) for a in arrays], how)
    terms = loops_of([np.ones_like(a) for a in arrays], how)
    for one, right, size, n in zip(found, exact, scale, terms, strict=True):
        assert np.all(np.abs(one - right) <= 4 * eps * np.sqrt(n) * size)
        assert np.any(one != right)


def loops_of(arrays, how):
    """The gradients in float64, tap by tap: the plainest sums of the module."""
    dZ, Y, W = (a.astype(float) for a in arrays)
    where = geometry(Y.shape[1:3], W.shape[:2], how["stride"], how["padding"])
    dY, dW = np.zeros_like(Y), np.zeros_like(W)
    for (u, v), y, z in where.taps():
        dY[y] += dZ[z] @ W[u, v].T
        dW[u, v] += np.tensordot(Y[y], dZ[z], axes=([0, 1, 2], [0, 1, 2]))
    return dY, dW, dZ.sum(axis=(0, 1, 2))


@pytest.mark.parametrize(
    ("sizes", "how", "way"),
    [
        (((1, 5, 5, 1), (3, 3, 1, 1)), {}, "_table"),
        (((4, 20, 20, 16), (3, 3, 16, 16)), {"padding": 1}, "phases"),
        (((4, 40, 40, 1), (5, 5, 1, 8)), {"padding": 2}, "phases"),
        (((4, 40, 40, 64), (3, 3, 64, 64)), {"stride": 2}, "phases"),
        (((4, 40, 40, 3), (7, 7, 3, 64)), {"stride": 2, "padding": 3}, "at once"),
    ],
    ids=["tiny", "equal channels", "one map", "stride, many channels", "stride, few channels"],
)
def test_each_way_is_taken_where_it_is_the_cheapest(sizes, how, way):
    Y, W = map(np.ones, sizes)
    dZ = fast.conv_forward(Y, W, **how)
    found = fast._by_table(dZ, Y, W, (how.get("stride", 1), how.get("padding", 0), 1))
    assert (found is not None) == (way == "_table")
    if not found:
        where = geometry(Y.shape[1:3], W.shape[:2], **how)
        assert fast._at_once_is_cheaper(where, *W.shape[2:]) == (way == "at once")
        assert not fast._large(W.shape, dZ, Y)
        assert not fast._scatter_is_less(where)


@pytest.mark.parametrize(
    ("sizes", "how", "taken"),
    [
        (((8, 7, 7, 256), (3, 3, 256, 512)), {"padding": 1}, {"forward", "input", "filter"}),
        (((16, 14, 14, 256), (3, 3, 256, 256)), {"padding": 1}, {"forward", "input", "filter"}),
        (((4, 56, 56, 128), (3, 3, 128, 128)), {"padding": 1}, set()),
        (((16, 7, 7, 32), (7, 7, 32, 64)), {}, {"input"}),
        (((16, 13, 13, 8), (3, 3, 8, 40)), {"stride": 2}, set()),
    ],
    ids=["small and deep", "deep", "many cells", "one cell of Z", "left-over row"],
)
def test_taps_are_taken_for_large_filters_and_few_cells(sizes, how, taken, monkeypatch):
    calls = set()
    for name in ("forward", "input", "filter"):
        monkeypatch.setattr(fast, f"{name}_taps", lambda *_, name=name: calls.add(name))
    Y, W = map(np.ones, sizes)
    dZ = fast.conv_forward(Y, W, **how)
    fast.conv_backward(dZ, Y, W, **how)
    assert calls == taken


AXES = [
    Axis(n, f, s, d, before, after)
    for n, f, s, d, before, after in [
        (9, 3, 1, 1, 0, 0),
        (12, 5, 1, 1, 2, 2),
        (40, 3, 2, 1, 1, 0),
        (23, 2, 3, 1, 0, 1),
        (11, 3, 1, 2, 1, 1),
        (14, 1, 1, 1, 0, 0),
        (5, 5, 1, 1, 0, 0),
    ]
]
CHANNELS = [(1, 1), (1, 3), (3, 1), (2, 8), (8, 2), (16, 16), (64, 5), (3, 64)]


def time_of_tiles(rows, columns, n_k, f_k, width):
    """What the tiles of one image take, counted on the tiles themselves."""
    W = np.ones((rows.f, columns.f, n_k, f_k))
    band, time = fast._band(W, columns.s, width), 0
    each = fast.COPY + fast.PACK + max(fast.NARROW, band.shape[1])
    for _, tile in fast._tiles(np.ones((1, rows.n, columns.n, n_k)), rows, columns, width):
        assert tile.shape[1] == len(band)
        time += fast.RUN * len(tile) * rows.f + tile.size * each
    return time


@pytest.mark.parametrize(("n_k", "f_k"), CHANNELS)
@pytest.mark.parametrize(("rows", "columns"), [*zip(AXES, AXES[1:] + AXES[:1], strict=True)])
def test_the_width_of_the_blocks_is_the_cheapest_of_all(rows, columns, n_k, f_k):
    time, width = fast._cheapest(rows, columns, n_k, f_k)
    widths = [1] if columns.d > 1 else range(1, min(16, columns.o) + 1)
    times = [time_of_tiles(rows, columns, n_k, f_k, one) for one in widths]
    assert time == min(times)
    assert width == widths[times.index(time)]


@pytest.mark.parametrize(("rows", "columns"), [*itertools.product(AXES, repeat=2)])
def test_all_phases_at_once_cost_what_their_products_cost(monkeypatch, rows, columns):
    """The products of both ways are noted down, and none is made."""
    where, made = Geometry(rows, columns), []

    def slide(X, rows, columns, W, out):
        made.append(fast._cheapest(rows, columns, *W.shape[2:])[0])

    def time(way):
        made.clear()
        way(dZ, W, where, np.ones((1, rows.n, columns.n, n_k)))
        return sum(made)

    monkeypatch.setattr(fast, "_slide", slide)
    for n_k, f_k in CHANNELS:
        W, dZ = np.ones((rows.f, columns.f, n_k, f_k)), np.ones((1, rows.o, columns.o, f_k))
        possible = where.stride != (1, 1) and where.dilation == (1, 1)
        found = fast._at_once_is_cheaper(where, n_k, f_k)
        assert found == (
            possible and time(fast._input_gradient_at_once) < time(fast._input_gradient)
        )


@pytest.mark.parametrize("how", [{}, {"stride": 2, "padding": 1}], ids=["plain", "stride"])
@EACH_WAY
def test_the_way_that_is_chosen_is_the_one_that_is_taken(monkeypatch, way, how):
    taken = []

    def note(name):
        function = getattr(fast, name)

        def noted(*arguments):
            result = function(*arguments)
            if name != "_by_table" or result:
                taken.append(name)
            return result

        monkeypatch.setattr(fast, name, noted)

    by_taps = ["forward_taps", "input_taps", "filter_taps"]
    for name in ("_by_table", "_input_gradient", "_input_gradient_at_once", "_collect", *by_taps):
        note(name)
    if way == "at once" and not how:
        way = "phases"  # without a stride there is one phase
    Y, W = np.ones((2, 6, 5, 2)), np.ones((3, 2, 2, 3))
    with forced(way):
        dZ = fast.conv_forward(Y, W, **how)
        fast.conv_backward(dZ, Y, W, **how)
    expected = {
        "taps": by_taps,
        "table": ["_by_table"],
        "phases": ["_input_gradient", "_collect"],
        "at once": ["_input_gradient_at_once", "_collect"],
    }
    assert taken == expected[way]


@pytest.mark.parametrize(
    ("matrix", "cells", "large"), [(12, 95, True), (12, 96, False), (13, 95, False), (11, 95, True)]
)
def test_filters_are_large_beside_maps_of_less_than_four_times_their_size(
    monkeypatch, matrix, cells, large
):
    monkeypatch.setattr(fast, "MATRIX", matrix)
    maps = np.ones(cells - 40), np.ones(40)
    assert fast._large((1, 2, 3, 4), *maps) == large


@pytest.mark.parametrize(
    ("rows", "columns", "less"),
    [
        (Axis(4, 4), Axis(4, 4), True),
        (Axis(2, 2), Axis(2, 2), False),  # four times the cells, and no more
        (Axis(5, 5), Axis(1, 1), True),
        (Axis(4, 4), Axis(1, 1), False),
        (Axis(7, 4, 3), Axis(3, 3), False),  # 21 cells, and 4 times 6
        (Axis(9, 4, 3), Axis(3, 3), True),
    ],
)
def test_dz_is_scattered_where_it_has_less_than_a_quarter_of_the_cells(rows, columns, less):
    for where in Geometry(rows, columns), Geometry(columns, rows):
        assert fast._scatter_is_less(where) == less


@pytest.mark.parametrize("m", [0, 1, 2])
def test_a_table_has_as_many_places_as_may_be_and_no_more(monkeypatch, m):
    shapes = (m, 5, 3, 2), (m, 6, 4, 3), (2, 2, 3, 2)
    given = shapes, np.dtype(float), 1, 0, 1
    for_dY, for_dW, _ = fast._table.__wrapped__(*given) or (np.zeros(0),) * 3
    places = for_dY.size + for_dW.size
    assert (places == 0) == (m == 0)
    for most in (places, places - 1):
        monkeypatch.setattr(fast, "SMALL", most)
        assert (fast._table.__wrapped__(*given) is not None) == (most == places > 0)


LAYERS = [(1, 8), (3, 1), (2, 40), (64, 5), (7, 64)]  # images and channels


@pytest.mark.parametrize(("m", "n_k"), LAYERS)
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize(("rows", "columns"), [*zip(AXES, AXES[1:] + AXES[:1], strict=True)])
def test_a_tile_holds_all_that_fits_into_the_cache(monkeypatch, rows, columns, width, m, n_k):
    """Rows of windows, or whole images; and 128 windows, however large they are."""
    width = width if columns.d == 1 else 1  # a dilated window is not widened
    monkeypatch.setattr(fast, "TILE", 2**15)
    fast._layout.cache_clear()
    X = np.ones((m, rows.n, columns.n, n_k))
    (at, tile), *others = fast._tiles(X, rows, columns, width)
    fast._layout.cache_clear()
    across = -(-columns.o // width)
    images, band = min(at[0].stop, m), min(at[1].stop, rows.o)
    assert len(tile) == images * band * across
    most = max(2**15 // tile[0].nbytes, 128)
    assert len(tile) <= max(most, across)
    assert images == 1 or band == rows.o
    one_more = rows.o * across if band == rows.o else across
    assert (images == m and not others) or len(tile) + one_more > most


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("other", [Axis(5, 5), Axis(5, 2, 3)], ids=str)
def test_a_map_is_copied_only_where_windows_leave_it(axis, other):
    leaves = axis.before or axis.input_index(axis.o - 1, axis.f - 1) >= axis.n
    for rows, columns in [(axis, other), (other, axis)]:
        inside = fast._layout((1, rows.n, columns.n, 2), 8, rows, columns, 1)[1]
        assert (inside is not None) == bool(leaves)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("m", "n", "n_k", "f", "f_k", "s", "p"),
    [
        (32, 28, 8, 3, 16, 1, 1),
        (64, 28, 1, 5, 6, 1, 2),
        (2, 112, 3, 7, 64, 2, 3),
        (8, 56, 64, 3, 128, 2, 1),
        (16, 28, 64, 1, 64, 1, 0),
        (1, 256, 1, 5, 8, 1, 2),
        (32, 14, 128, 3, 128, 1, 1),
        (16, 14, 256, 3, 256, 1, 1),
        (8, 7, 256, 3, 512, 1, 1),
        (16, 7, 32, 7, 128, 1, 0),
    ],
)
def test_memory_beside_the_results_stays_below_the_maps(dtype, m, n, n_k, f, f_k, s, p):
    Y, W = np.ones((m, n, n, n_k), dtype), np.ones((f, f, n_k, f_k), dtype)
    dZ = np.ones_like(fast.conv_forward(Y, W, stride=s, padding=p))
    fast.conv_backward(dZ, Y, W, stride=s, padding=p)  # plans and tables are made once
    tracemalloc.start()
    found = fast.conv_backward(dZ, Y, W, stride=s, padding=p)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - sum(a.nbytes for a in found) <= Y.nbytes + dZ.nbytes + 2**21


def test_what_a_bad_argument_is_told_does_not_depend_on_what_was_asked_before():
    Y, W, dZ = np.ones((5, 5, 1)), np.ones((3, 3, 1, 1)), np.ones((3, 3, 1))
    fast.conv_backward(dZ, Y, W, stride=(1, 1), padding=0)
    for stride in (True, (True, 1), 1.0, (1.0, 1)):  # equal to what was taken, and no whole number
        with pytest.raises((TypeError, ValueError), match="stride must be a whole number"):
            fast.conv_backward(dZ, Y, W, stride=stride)

"""Activations, max pool and softmax: against differences, and by cases made by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import LAYOUTS, equal

from cnnlib import layers, numerical_gradient
from cnnlib.layers import max_pool, max_pool_backward, relu, relu_backward, softmax_cross_entropy

ACTIVATIONS = ["relu", "leaky_relu", "sigmoid", "tanh"]
EACH = pytest.mark.parametrize("name", ACTIVATIONS)
NUMBERS = [np.float16, np.float32, np.float64]
PRECISIONS = [*NUMBERS, np.longdouble]
SATURATED = pytest.mark.parametrize("dtype", NUMBERS)  # exp(-1e4) is 0 in these


def both(name):
    """An activation and its backward function."""
    return getattr(layers, name), getattr(layers, f"{name}_backward")


def away_from_0(shape, seed=0):
    """Numbers of both signs, none within 0.2 of the kink of a ReLU."""
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 3, shape)


# --- activations -----------------------------------------------------------------------


@EACH
def test_the_gradient_of_an_activation_is_a_difference(name):
    f, f_backward = both(name)
    Z = away_from_0((2, 3, 4, 2))
    dY = np.random.default_rng(1).normal(size=Z.shape)
    found = f_backward(dY, Z)
    expected = numerical_gradient(lambda Z: np.sum(dY * f(Z)), Z)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0, 0, 0, 0.5, 2]),
        ("leaky_relu", [-0.02, -0.005, 0, 0.5, 2]),
        ("sigmoid", 1 / (1 + np.exp([2, 0.5, 0, -0.5, -2]))),
        ("tanh", (np.exp([-4, -1, 0, 1, 4]) - 1) / (np.exp([-4, -1, 0, 1, 4]) + 1)),
    ],
)
def test_an_activation_is_its_formula(name, expected):
    f, _ = both(name)
    np.testing.assert_allclose(f(np.array([-2, -0.5, 0, 0.5, 2])), expected, rtol=1e-14)


def test_relu_has_the_derivative_0_at_0_whatever_the_sign_of_the_0():
    Z = np.array([-1.0, -0.0, 0.0, np.nextafter(0, 1), 1.0])
    equal(relu(Z), np.array([0, 0, 0, np.nextafter(0, 1), 1.0]))
    equal(relu_backward(np.full(5, 7.0), Z), np.array([0, 0, 0, 7.0, 7]))
    leaky = layers.leaky_relu_backward(np.full(5, 8.0), Z, slope=0.25)
    equal(leaky, np.array([2.0, 2, 2, 8, 8]))


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@SATURATED
def test_a_saturated_activation_is_flat_and_says_nothing(name, dtype):
    f, f_backward = both(name)
    far = dtype(1e4)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        Z = np.array([-far, far, -np.inf, np.inf], dtype)
        lowest = {"sigmoid": 0, "tanh": -1}[name]
        equal(f(Z), np.array([lowest, 1, lowest, 1], dtype))
        equal(f_backward(np.ones_like(Z), Z), np.zeros_like(Z))


def test_the_sigmoid_has_a_derivative_far_out_too():
    found = layers.sigmoid_backward(np.ones(2), np.array([-50.0, 50.0]))
    np.testing.assert_allclose(found, np.exp([-50.0, -50.0]), rtol=1e-14)


@EACH
def test_a_nan_stays_in_its_cell(name):
    f, f_backward = both(name)
    Z, dY = np.array([-1.0, np.nan, 2.0, 3.0]), np.array([1.0, 1.0, np.nan, 1.0])
    assert np.isnan(f(Z)).tolist() == [False, True, False, False]
    assert np.isnan(f_backward(dY, Z)).tolist() == [False, True, True, False]
    equal(relu_backward(dY[2:3], np.array([-1.0])), np.zeros(1))  # where relu is flat


# --- max pool ---------------------------------------------------------------------------


def one_plane(rows):
    return np.array(rows, dtype=float)[..., np.newaxis]


BY_HAND = {  # Y, size, stride, Z, dZ, dY
    "a tie goes to the first cell in row order": (
        [[7, 7, 0, 3], [7, 7, 3, 3]],
        2,
        None,
        [[7, 3]],
        [[10, 20]],
        [[10, 0, 0, 20], [0, 0, 0, 0]],
    ),
    "row order, not column order": ([[0, 9], [9, 0]], 2, None, [[9]], [[10]], [[0, 10], [0, 0]]),
    "minus 0 is 0": ([[-0.0, 0.0]], (1, 2), None, [[0]], [[10]], [[10, 0]]),
    "all below 0": ([[-5, -2], [-3, -4]], 2, None, [[-2]], [[10]], [[0, 10], [0, 0]]),
    "minus infinity": ([[-np.inf] * 2] * 2, 2, None, [[-np.inf]], [[10]], [[10, 0], [0, 0]]),
    "one window for all": ([[1, 2], [4, 3]], 2, 5, [[4]], [[10]], [[0, 0], [10, 0]]),
}


@pytest.mark.parametrize("case", BY_HAND.values(), ids=BY_HAND)
def test_a_pool_by_hand(case):
    Y, size, stride, Z, dZ, dY = case
    Y, Z, dZ, dY = map(one_plane, (Y, Z, dZ, dY))
    equal(max_pool(Y, size, stride), Z)
    equal(max_pool_backward(dZ, Y, size, stride), dY)


@st.composite
def pools(draw):
    """A small map with many ties, a window that fits on it, and a stride or none."""
    shape = draw(st.sampled_from([(), (2,), (1, 2), (0,)])) + tuple(
        draw(st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2)))
    )
    size = tuple(draw(st.integers(1, n)) for n in shape[-3:-1])
    stride = draw(st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return rng.integers(-2, 3, shape).astype(float), size, stride


def by_definition(Y, size, stride, dZ=None):
    """The pool window by window, and its gradient: argmax takes the first of equals."""
    (f_h, f_w), (s_h, s_w) = size, stride or size
    *batch, n_h, n_w, n_k = Y.shape
    rows, columns = range(0, n_h - f_h + 1, s_h), range(0, n_w - f_w + 1, s_w)
    Z, dY = np.zeros((*batch, len(rows), len(columns), n_k)), np.zeros_like(Y)
    for *image, i, j, k in np.ndindex(Z.shape):
        window = Y[(*image, slice(rows[i], rows[i] + f_h), slice(columns[j], columns[j] + f_w), k)]
        u, v = np.unravel_index(np.argmax(window), size)
        Z[(*image, i, j, k)] = window[u, v]
        if dZ is not None:
            dY[(*image, rows[i] + u, columns[j] + v, k)] += dZ[(*image, i, j, k)]
    return Z, dY


@given(pools())
def test_any_pool_is_its_definition(pool):
    Z, _ = by_definition(*pool)
    dZ = np.arange(1.0, Z.size + 1).reshape(Z.shape)
    equal(max_pool(*pool), Z)
    equal(max_pool_backward(dZ, *pool), by_definition(*pool, dZ)[1])


def test_a_nan_stays_in_its_window_and_gets_its_gradient():
    Y = one_plane([[1, np.nan, 3, 4], [np.nan, 9, 5, 6]])
    equal(max_pool(Y, 2), one_plane([[np.nan, 6]]))
    dY = max_pool_backward(one_plane([[10, 20]]), Y, 2)
    equal(dY, one_plane([[0, 10, 0, 0], [0, 0, 0, 20]]))
    dY = max_pool_backward(one_plane([[np.nan, np.inf]]), one_plane([[1, 0, 3, 4]]), (1, 2))
    equal(dY, one_plane([[np.nan, 0, 0, np.inf]]))


# --- softmax with cross-entropy --------------------------------------------------------------


def test_the_loss_is_the_mean_of_minus_log_of_a_probability():
    logits = np.log(np.array([[1.0, 3.0], [4.0, 1.0]]))  # softmax: 1/4 3/4, 4/5 1/5
    loss, dlogits = softmax_cross_entropy(logits, np.array([1, 1]))
    assert type(loss) is float
    assert loss == pytest.approx((np.log(4 / 3) + np.log(5)) / 2, rel=1e-15)
    np.testing.assert_allclose(dlogits, [[1 / 8, -1 / 8], [2 / 5, -2 / 5]], rtol=1e-15)


@pytest.mark.parametrize("batch", [1, 5])
def test_the_gradient_of_the_loss_is_a_difference(batch):
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(0, 2, (batch, 4)), rng.integers(0, 4, batch)
    _, dlogits = softmax_cross_entropy(logits, labels)
    expected = numerical_gradient(lambda x: softmax_cross_entropy(x, labels)[0], logits)
    np.testing.assert_allclose(dlogits, expected, rtol=1e-8, atol=1e-10)


@SATURATED
def test_a_saturated_softmax_is_exact(dtype):
    logits = np.array([[1e4, 0, -1e4], [1e4, 0, -1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, dlogits = softmax_cross_entropy(logits[:1], np.array([0]))
        assert (loss, np.signbit(loss)) == (0, False)
        equal(dlogits, np.zeros((1, 3), dtype))
        loss, dlogits = softmax_cross_entropy(logits, np.array([0, 1]))
    assert loss == 5000 == np.float16(1e4) / 2
    equal(dlogits, np.array([[0, 0, 0], [0.5, -0.5, 0]], dtype))


def test_minus_infinity_is_a_probability_of_0():
    loss, dlogits = softmax_cross_entropy(np.array([[0.0, -np.inf]]), np.array([0]))
    assert loss == 0
    equal(dlogits, np.zeros((1, 2)))
    loss, dlogits = softmax_cross_entropy(np.array([[0.0, -np.inf]]), np.array([1]))
    assert loss == np.inf
    equal(dlogits, np.array([[1.0, -1.0]]))


def test_a_nan_stays_in_its_row():
    loss, dlogits = softmax_cross_entropy(np.array([[0, np.nan], [1.0, 1.0]]), np.array([0, 1]))
    assert np.isnan(loss)
    assert np.isnan(dlogits[0]).all()
    equal(dlogits[1], np.array([0.25, -0.25]))


@pytest.mark.parametrize("labels", [[1, 0], (1, 0), np.array([1, 0], np.uint8)], ids=repr)
def test_labels_may_be_a_list_or_small_numbers(labels):
    logits = np.array([[0.0, 1.0], [2.0, 0.0]])
    expected = softmax_cross_entropy(logits, np.array([1, 0]))
    assert softmax_cross_entropy(logits, labels)[0] == expected[0]
    equal(softmax_cross_entropy(logits, labels)[1], expected[1])


# --- what happens to the arguments -----------------------------------------------------------

Y, DZ = np.linspace(-3, 3, 32).reshape(1, 4, 4, 2), np.linspace(-1, 2, 8).reshape(1, 2, 2, 2)
LABELS = np.array([1, 0, 2, 1])
CALLS = {
    **{name: (both(name)[0], (Y,)) for name in ACTIVATIONS},
    **{f"{name}_backward": (both(name)[1], (2 * Y, Y)) for name in ACTIVATIONS},
    "max_pool": (max_pool, (Y, 2)),
    "max_pool_backward": (max_pool_backward, (DZ, Y, 2)),
    "max_pool, windows of one cell": (max_pool, (Y, 1)),
    "max_pool_backward, windows of one cell": (max_pool_backward, (Y, Y, 1)),
    "softmax": (lambda *given: softmax_cross_entropy(*given)[1], (Y.reshape(4, 8), LABELS)),
}
EACH_CALL = pytest.mark.parametrize(("function", "arguments"), CALLS.values(), ids=CALLS)


def each_array(change, arguments):
    return [change(a) if isinstance(a, np.ndarray) else a for a in arguments]


@EACH_CALL
def test_no_argument_is_changed_and_no_result_shares_its_memory(function, arguments):
    copies = each_array(np.copy, arguments)
    result = function(*copies)
    for argument, before in zip(copies, arguments, strict=True):
        equal(argument, before)
    assert result.flags.writeable
    assert not any(np.shares_memory(result, a) for a in copies if isinstance(a, np.ndarray))


@EACH_CALL
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_the_precision_stays_and_of_two_the_wider_is_taken(function, arguments, dtype):
    def narrow(array):
        return array if array is LABELS else array.astype(dtype)

    result = function(*each_array(narrow, arguments))
    assert result.dtype == dtype
    floats = [i for i, a in enumerate(arguments) if isinstance(a, np.ndarray) and a is not LABELS]
    for wide in floats:
        mixed = each_array(narrow, arguments)
        mixed[wide] = arguments[wide].astype(np.longdouble)
        assert function(*mixed).dtype == np.longdouble


@EACH_CALL
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_in_memory_gives_the_same_numbers(function, arguments, layout):
    np.testing.assert_allclose(
        function(*each_array(layout, arguments)), function(*arguments), rtol=1e-15, atol=1e-16
    )

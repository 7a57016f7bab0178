"""The central difference, on functions whose gradient is known."""

import numpy as np
import pytest
from problems import equal

from cnnlib import numerical_gradient


def weighted(x):
    return np.sum(np.arange(1.0, 1 + x.size).reshape(x.shape) * x)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 3, 2), (0,), (2, 0, 3)])
def test_a_linear_function_has_its_weights_as_gradient(shape):
    x = np.arange(float(np.prod(shape))).reshape(shape)
    expected = np.arange(1.0, 1 + x.size).reshape(shape)
    equal(numerical_gradient(weighted, x, eps=1), expected)


def test_a_cubic_function_shows_the_error_of_a_central_difference():
    """(x + e)^3 - (x - e)^3 over 2 e is 3 x^2 + e^2; a one-sided difference is not."""
    equal(numerical_gradient(lambda x: x[0] ** 3, np.array([2.0]), eps=0.5), np.array([12.25]))
    default = numerical_gradient(lambda x: x[0] ** 3, np.array([2.0]))
    np.testing.assert_allclose(default, [12], rtol=1e-9)


def test_the_point_stays_as_it_is_and_each_call_gets_its_own_copy():
    x = np.array([1.0, 2.0, 3.0])
    x.flags.writeable = False
    seen = []

    def careless(copy):
        assert copy.dtype == np.float64 and not np.shares_memory(copy, x)
        seen.append(copy)
        loss = weighted(copy)
        copy[:] = 0  # a function that spoils what it is given does no harm
        return loss

    equal(numerical_gradient(careless, x, eps=1), np.array([1.0, 2.0, 3.0]))
    equal(x, np.array([1.0, 2.0, 3.0]))
    assert len({id(copy) for copy in seen}) == 6


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_the_difference_is_taken_in_float64_whatever_the_point_is(dtype):
    x = np.array([1, 2, 3], dtype)
    found = numerical_gradient(lambda x: np.sum(x**2), x, eps=2**-10)
    equal(found, np.array([2.0, 4.0, 6.0]))


@pytest.mark.parametrize("loss", [np.float32(2), np.array(2.0), 2, np.int64(2)])
def test_any_real_number_is_a_loss(loss):
    equal(numerical_gradient(lambda x: loss, np.ones(2)), np.zeros(2))


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (np.ones((2, 3)), "it returned an array of shape (2, 3)"),
        (np.ones(1), "it returned an array of shape (1,)"),
        ([1.0, 2.0], "it returned an array of shape (2,)"),
        ([[1.0], [1.0, 2.0]], "it returned rows of different length"),
        (None, "it returned None"),
        (1j, "it returned 1j"),
        (True, "it returned True"),
        ("1.0", "it returned '1.0'"),
    ],
    ids=repr,
)
def test_anything_else_is_not_a_loss(loss, words):
    with pytest.raises(TypeError) as caught:
        numerical_gradient(lambda x: loss, np.ones(2))
    assert str(caught.value).startswith("f must return one real number, the loss; " + words)

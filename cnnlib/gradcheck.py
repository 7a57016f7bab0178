"""A gradient without calculus: the central difference."""

import numpy as np

from cnnlib.checks import real_number, refuse, short


def numerical_gradient(f, x, eps=1e-5):
    """Central differences (f(x + eps) - f(x - eps)) / 2 eps, one cell after the other.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x` and returns one number, the loss. It is
        given a fresh float64 copy at each call; `x` itself stays as it is.
    x : ndarray
        The point, any shape.
    eps : float
        The step. The default suits a smooth `f` in float64, where the error of the
        formula falls with eps squared and that of rounding grows with 1 / eps. A
        convolution is linear in each argument alone: on integer-valued arrays,
        ``eps=1`` is exact.

    Returns
    -------
    ndarray of float64, shape of `x`

    Raises
    ------
    TypeError
        If `x` does not hold real numbers, or `f` does not return one real number.
    ValueError
        If `eps` is not above 0.

    Examples
    --------
    >>> numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], np.array([2.0, 5.0]), eps=1)
    array([4., 3.])
    """
    if not callable(f):
        raise TypeError(
            f"f must be a function of x, got {short(f)}: pass the function, not what it returned"
        )
    rule = "a number above 0"
    eps = real_number(eps, "eps", rule)
    if eps <= 0:
        refuse("eps", rule, eps)
    if np.ma.isMaskedArray(x) or _kind(x) not in "fiu":
        raise TypeError(f"x must be an array of real numbers, got {short(x)}")
    x = np.asarray(x)
    gradient = np.zeros(x.shape)
    for cell in np.ndindex(x.shape):
        higher, lower = x.astype(np.float64), x.astype(np.float64)
        higher[cell] += eps
        lower[cell] -= eps
        distance = higher[cell] - lower[cell]  # 2 eps, as far as x can show it
        if distance == 0:
            raise ValueError(
                f"eps = {eps:g} is lost in rounding beside {x[cell]:g}: take a larger eps"
            )
        gradient[cell] = (_number(f(higher)) - _number(f(lower))) / distance
    return gradient


def _number(loss):
    kind = _kind(loss)
    if kind not in "fiu" or np.ndim(loss):
        returned = short(loss)
        if kind == "rows":
            returned = "rows of different length"
        elif np.ndim(loss):
            returned = f"an array of shape {np.shape(loss)}"
        raise TypeError(
            f"f must return one real number, the loss; it returned {returned}: "
            f"for a map Z and a gradient dZ, np.sum(dZ * Z) is such a number"
        )
    return float(loss)


def _kind(numbers):
    """Kind of number, as NumPy abbreviates it; "rows" where they are of different length."""
    try:
        return np.asarray(numbers).dtype.kind
    except ValueError:
        return "rows"

"""The small worked arrays of the lessons, seeded variants of them, and real digits.

All numbers are whole, so that every result is exact. In the running example no sum
equals one of its terms, so that a single term cannot pass for it. No filter equals its
own flip, its transpose or a quarter turn, so that no exchanged index can hide.
"""

import unicodedata
from dataclasses import dataclass, field
from importlib.resources import files

import numpy as np

from cnnlib.checks import short


@dataclass(frozen=True)
class Example:
    """A layer with its input, and a gradient that arrives at its output.

    Attributes
    ----------
    Y : ndarray, shape (n_h, n_w, n_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    b : ndarray, shape (f_k,)
    dZ : ndarray, shape (o_h, o_w, f_k)
    how : dict
        stride, padding and dilation where they are not 1, 0 and 1: pass ``**how``.
    """

    Y: np.ndarray
    W: np.ndarray
    b: np.ndarray
    dZ: np.ndarray
    how: dict = field(default_factory=dict)

    @property
    def input_size(self):
        """(n_h, n_w)."""
        return self.Y.shape[:2]

    @property
    def filter_size(self):
        """(f_h, f_w)."""
        return self.W.shape[:2]


def one_map():
    """Return the running example: Y 5 x 5, W 3 x 3, Z 3 x 3, one map, stride 1."""
    Y = [
        [2, 0, 1, 3, 1],
        [1, 4, 0, 2, 5],
        [3, 1, 2, 0, 1],
        [0, 2, 5, 1, 3],
        [1, 3, 0, 4, 2],
    ]
    W = [
        [1, -3, 4],
        [2, 5, -1],
        [-4, 3, -2],
    ]
    dZ = [
        [3, -4, -2],
        [5, 4, 6],
        [-1, 2, -3],
    ]
    return Example(_maps(Y), _maps(W)[..., np.newaxis], np.array([2.0]), _maps(dZ))


def oblong():
    """Return Y 6 x 4, W 3 x 2, stride (2, 1): an oblong map with one left-over row."""
    Y = [
        [1, 0, 2, 1],
        [3, 1, 0, 2],
        [0, 2, 1, 4],
        [2, 5, 1, 0],
        [1, 3, 2, 2],
        [4, 0, 1, 3],
    ]
    W = [
        [2, -1],
        [3, 1],
        [-2, 4],
    ]
    dZ = [
        [1, -2, 3],
        [2, 4, -1],
    ]
    how = {"stride": (2, 1)}
    return Example(_maps(Y), _maps(W)[..., np.newaxis], np.array([0.0]), _maps(dZ), how)


def strided():
    """Return Y 6 x 5, W 3 x 2, stride 2, padding (1, 0): left-over rows and columns, a crop."""
    Y = [
        [1, 0, 2, 1, 3],
        [3, 1, 0, 2, 0],
        [0, 2, 1, 4, 1],
        [2, 5, 1, 0, 2],
        [1, 3, 2, 2, 4],
        [4, 0, 1, 3, 1],
    ]
    W = [
        [2, -1],
        [3, 1],
        [-2, 4],
    ]
    dZ = [
        [1, -2],
        [3, 2],
        [-1, 4],
    ]
    how = {"stride": 2, "padding": (1, 0)}
    return Example(_maps(Y), _maps(W)[..., np.newaxis], np.array([0.0]), _maps(dZ), how)


def three_maps():
    """Return Y 4 x 5 with two maps and three filters of 2 x 3: three maps of Z, 3 x 3."""
    like = Example(np.zeros((4, 5, 2)), np.zeros((2, 3, 2, 3)), np.zeros(3), np.zeros((3, 3, 3)))
    return variant("three maps", like)


def variant(seed, like=None):
    """Return other numbers for the sizes of an example, the same each time for a seed.

    Parameters
    ----------
    seed : int or str
        A number, or any text such as a student's name; 7 and "7" are the same.
    like : Example, optional
        Gives the sizes and ``how``; left out, `one_map`.

    Returns
    -------
    Example
        Y in 0..9, weights and dZ in -5..5 without 0; each filter plane differs from
        its reversals, and a square one from its transposes and its turns.

    Raises
    ------
    TypeError
        If `seed` is neither, or `like` is not an Example.
    """
    if not isinstance(seed, (int, np.integer, str)):
        raise TypeError(f"seed must be a whole number or text, got {short(seed)}")
    if not (like is None or isinstance(like, Example)):
        raise TypeError(f"like must be an Example such as one_map(), got {short(like)}")
    like = like or one_map()
    text = unicodedata.normalize("NFC", str(seed))  # an accent may be typed in two ways
    rng = np.random.default_rng(list(text.encode()))
    f_h, f_w, n_k, f_k = like.W.shape
    W = np.empty(like.W.shape)
    for k_in, k in np.ndindex(n_k, f_k):
        W[:, :, k_in, k] = _asymmetric(rng, (f_h, f_w))
    return Example(
        Y=rng.integers(0, 10, like.Y.shape).astype(float),
        W=W,
        b=rng.integers(-2, 3, f_k).astype(float),
        dZ=_nonzero(rng, like.dZ.shape),
        how=dict(like.how),
    )


def digits():
    """Return real handwritten digits: 1,797 images of 8 x 8 pixels, and what they show.

    Returns
    -------
    images : ndarray of float64, shape (1797, 8, 8, 1)
        Ink in 0..16.
    labels : ndarray of int64, shape (1797,)
        The digit, 0..9.

    References
    ----------
    .. [1] E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
       Machine Learning Repository, 1998, doi:10.24432/C50P49. CC BY 4.0.
    """
    with (files("cnnlib") / "data" / "digits.npz").open("rb") as file, np.load(file) as data:
        return data["images"].astype(float)[..., np.newaxis], data["labels"].astype(np.int64)


def _maps(rows):
    return np.array(rows, dtype=float)[..., np.newaxis]


def _nonzero(rng, shape):
    return (rng.integers(1, 6, shape) * rng.choice([-1, 1], shape)).astype(float)


def _asymmetric(rng, size):
    f_h, f_w = size
    while True:
        plane = _nonzero(rng, size)
        twins = [plane[::-1]] * (f_h > 1) + [plane[:, ::-1]] * (f_w > 1)
        if f_h > 1 and f_w > 1:
            half = plane[::-1, ::-1]
            twins += [half, plane.T, half.T, np.rot90(plane)]
        if not any(np.array_equal(plane, twin) for twin in twins):
            return plane

"""Sizes, the index relation, and moves of cells."""

import doctest
import itertools

import numpy as np
import pytest
from problems import GEOMETRIES, equal

from cnnlib import crop, flip, gradcheck, output_size, shapes, spread, zero_pad
from cnnlib.shapes import Axis, geometry

ALL = pytest.mark.parametrize("problem", GEOMETRIES, ids=str)

AXES = [
    axis
    for axis in itertools.starmap(
        Axis, itertools.product([0, 1, 5, 6], [1, 2, 3], [1, 2, 4], [1, 3], [0, 1, 5], [0, 2])
    )
    if axis.o >= 1
]


# --- sizes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ((5, 3), 3),
        ((6, 3, 2), 2),
        ((7, 3, 2), 3),
        ((5, 3, 2, (0, 1)), 2),
        ((5, 4, 2, "same"), 3),
        ((7, 3, 2, 1, 2), 3),
        (((5, 6), (3, 2)), (3, 5)),
        (((5, 6), (3, 2), (1, 3)), (3, 2)),
        (((5, 6), (3, 2), 1, ((1, 0), (2, 3))), (4, 10)),
        (((5, 6), (3, 2), (2, 3), "same"), (3, 2)),
        (((5, 6), (3, 2), 1, 0, (2, 3)), (1, 3)),
    ],
)
def test_output_size_of_one_axis_or_of_two_by_position_or_by_name(given, size):
    assert output_size(*given) == size
    names = ("n", "f", "stride", "padding", "dilation")
    assert output_size(**dict(zip(names, given, strict=False))) == size


def test_a_size_may_be_a_tuple_a_list_or_numbers_of_numpy():
    assert output_size([5, 6], [3, 2], [1, 2], [1, 0]) == (5, 3)
    assert output_size(np.array([5, 6]), np.array([3, 2]), np.array([1, 2])) == (3, 3)
    assert output_size(np.int64(5), np.uint8(3), np.int8(1), np.uint8(1)) == 5
    assert [type(size) for size in output_size(np.array([5, 6]), (3, 2))] == [int, int]


@ALL
def test_a_geometry_counts_windows_and_left_over_rows(problem):
    where = geometry(problem.input_size, problem.filter_size, **problem.how)
    assert where.output_size == problem.output_size
    assert where.rest == problem.rest
    assert where.padding == problem.sides
    assert where.corner == tuple(before for before, _ in problem.sides)
    assert where.input_size == problem.input_size
    assert where.filter_size == problem.filter_size
    assert (where.stride, where.dilation) == (problem.stride, problem.dilation)
    spanned = zip(problem.filter_size, problem.dilation, strict=True)
    assert where.extent == tuple(len(range((f - 1) * d + 1)) for f, d in spanned)


@pytest.mark.parametrize(("f", "d"), [*itertools.product(range(1, 6), range(1, 3))])
def test_same_gives_one_output_for_each_stride_begun_and_pads_more_at_the_end(f, d):
    for n, s in itertools.product(range(1, 9), range(1, 4)):
        where = geometry((n, 9), (f, 1), (s, 1), "same", (d, 1))
        (top, bottom), left_and_right = where.padding
        assert where.output_size == (len(range(0, n, s)), 9)
        assert output_size(n, f, s, "same", d) == where.output_size[0]
        assert bottom - top in (0, 1)
        assert left_and_right == (0, 0)
        if top + bottom:  # with one row less, a window would be lost
            assert Axis(n, f, s, d, top, bottom - 1).o < where.output_size[0]


# --- the one relation ----------------------------------------------------------------


def test_the_relation_joins_a_cell_a_weight_and_an_output():
    axis = Axis(n=5, f=3, s=2, d=3, before=4, after=3)
    assert [axis.input_index(i, u) for i, u in [(0, 0), (0, 1), (1, 0), (2, 2)]] == [-4, -1, -2, 6]


@pytest.mark.parametrize("f", [1, 2, 3])
@pytest.mark.parametrize("n", [0, 1, 5, 6])
def test_joined_finds_all_that_meet_from_each_end_and_slices_say_the_same(n, f):
    for axis in (axis for axis in AXES if (axis.n, axis.f) == (n, f)):
        everything = [
            (r, u, i)
            for i, u, r in itertools.product(range(axis.o), range(f), range(n))
            if r == i * axis.s + u * axis.d - axis.before
        ]
        assert list(axis.joined()) == everything
        for r in range(n):
            assert list(axis.joined(r=r)) == [t for t in everything if t[0] == r]
        for u in range(f):
            assert list(axis.joined(u=u)) == [t for t in everything if t[1] == u]
            rows, windows = axis.slices(u) or (slice(0), slice(0))
            found = zip(range(n)[rows], range(axis.o)[windows], strict=True)
            assert [(r, u, i) for r, i in found] == list(axis.joined(u=u))
        for i in range(axis.o):
            assert list(axis.joined(i=i)) == [t for t in everything if t[2] == i]
            for u in range(f):
                assert list(axis.joined(u=u, i=i)) == [t for t in everything if t[1:] == (u, i)]


# --- four moves of cells -------------------------------------------------------------

MAPS = np.arange(1.0, 25).reshape(2, 3, 4)


def test_zero_pad_puts_zeros_on_each_side():
    padded = zero_pad(MAPS, ((1, 0), (2, 3)))
    assert padded.shape == (3, 8, 4)
    equal(padded[1:, 2:5], MAPS)
    assert padded.sum() == MAPS.sum()


@pytest.mark.parametrize("padding", [0, 2, (1, 2), ((1, 0), (2, 3)), ((0, 2), (0, 0)), "valid"])
@pytest.mark.parametrize("batch", [(), (5,), (2, 0)])
def test_crop_is_the_way_back_from_zero_pad(padding, batch):
    Y = np.arange(1.0, 1 + 24 * np.prod(batch)).reshape(*batch, 2, 3, 4)
    equal(crop(zero_pad(Y, padding), padding), Y)


@pytest.mark.parametrize("sides", [((2, 5), (0, 3)), ((3, 4), (0, 3)), ((2, 4), (1, 3))], ids=str)
def test_crop_takes_off_as_much_as_there_is_and_no_more(sides):
    dYp = np.arange(18.0).reshape(6, 3, 1)
    assert crop(dYp, ((2, 4), (0, 3))).shape == (0, 0, 1)
    assert crop(dYp, ((1, 3), (2, 0))).shape == (2, 1, 1)
    with pytest.raises(ValueError, match="dYp is 6 x 3, too small"):
        crop(dYp, sides)


def test_flip_turns_each_filter_by_180_degrees_and_no_channel():
    W = np.arange(36.0).reshape(3, 2, 2, 3)
    for u, v in np.ndindex(3, 2):
        equal(flip(W)[u, v], W[2 - u, 1 - v])
    equal(flip(flip(W)), W)
    equal(flip(W[:, :, 0, 0]), np.array([[30.0, 24.0], [18.0, 12.0], [6.0, 0.0]]))


def test_spread_puts_zeros_between_cells_and_none_after_the_last():
    apart = spread(MAPS, (3, 2))
    assert apart.shape == (4, 5, 4)
    equal(apart[::3, ::2], MAPS)
    assert apart.sum() == MAPS.sum()
    equal(spread(MAPS, 1), MAPS)
    equal(spread(MAPS, 2), spread(MAPS, (2, 2)))
    assert spread(np.ones((0, 1, 2)), 3).shape == (0, 1, 2)
    assert spread(np.ones((5, 2, 2, 1)), 3).shape == (5, 4, 4, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_, np.complex128])
def test_a_move_takes_any_numbers_and_keeps_their_precision(dtype):
    Y = MAPS.astype(dtype)
    for moved in zero_pad(Y, 1), crop(Y, (0, 1)), flip(Y), spread(Y, 2):
        assert moved.dtype == dtype


@pytest.mark.parametrize("nothing_to_do", [
    lambda Y: zero_pad(Y, 0),
    lambda Y: crop(Y, 0),
    lambda Y: crop(Y, ((0, 1), (1, 0))),
    lambda Y: flip(Y),
    lambda Y: spread(Y, 1),
])  # fmt: skip
def test_a_move_owns_its_memory(nothing_to_do):
    Y = np.ones((3, 3, 1))
    Y.flags.writeable = False
    moved = nothing_to_do(Y)
    assert not np.shares_memory(moved, Y)
    assert moved.flags.owndata
    moved += 1
    equal(Y, np.ones((3, 3, 1)))


# --- and the examples ------------------------------------------------------------------


@pytest.mark.parametrize("module", [shapes, gradcheck], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0

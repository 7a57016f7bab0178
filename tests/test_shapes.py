"""Sizes, the index relation, moves of cells, and what happens to a bad argument."""

import doctest
import itertools
import re
import tracemalloc

import numpy as np
import pytest
from problems import GEOMETRIES, equal

from cnnlib import crop, flip, loops, output_size, shapes, spread, vectorized, zero_pad
from cnnlib.shapes import Axis, geometry

MODULES = pytest.mark.parametrize("conv", [loops, vectorized], ids=["loops", "vectorized"])
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
        ((5, 3, 1, 1), 5),
        ((5, 3, 2, (0, 1)), 2),
        ((5, 3, 1, (2, 0)), 5),
        ((5, 3, 1, "same"), 5),
        ((5, 4, 2, "same"), 3),
        ((5, 3, 1, "valid"), 3),
        ((5, 3, 1, 0, 2), 1),
        ((7, 3, 2, 1, 2), 3),
        ((2, 1, 50), 1),
        ((0, 1, 1, 1), 2),
        (((5, 6), (3, 2)), (3, 5)),
        (((5, 6), (3, 2), 2), (2, 3)),
        (((5, 6), (3, 2), (1, 3)), (3, 2)),
        (((5, 6), (3, 2), 1, (1, 2)), (5, 9)),
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


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("f", range(1, 6))
@pytest.mark.parametrize("s", range(1, 4))
@pytest.mark.parametrize("d", range(1, 3))
def test_same_gives_one_output_for_each_stride_begun_and_pads_more_behind(n, f, s, d):
    where = geometry((n, 9), (f, 1), (s, 1), "same", (d, 1))
    (top, bottom), right_and_left = where.padding
    assert where.output_size == (len(range(0, n, s)), 9)
    assert bottom - top in (0, 1)
    assert right_and_left == (0, 0)
    if top + bottom:  # with one row less, a window would be lost
        assert Axis(n, f, s, d, top, bottom - 1).o < where.output_size[0]


# --- the one relation ----------------------------------------------------------------


def test_an_axis_is_plain_where_no_more_is_said():
    assert Axis(7, 3) == Axis(n=7, f=3, s=1, d=1, before=0, after=0)
    assert [*Axis(4, 2).joined(i=1)] == [(1, 0, 1), (2, 1, 1)]


def test_the_relation_joins_a_cell_a_weight_and_an_output():
    axis = Axis(n=5, f=3, s=2, d=3, before=4, after=3)
    assert [axis.input_index(i, u) for i, u in [(0, 0), (0, 1), (1, 0), (2, 2)]] == [-4, -1, -2, 6]


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_joined_finds_all_that_meet_from_each_end(axis):
    everything = [
        (r, u, i)
        for r in range(axis.n)
        for u in range(axis.f)
        for i in range(axis.o)
        if r == i * axis.s + u * axis.d - axis.before
    ]
    assert sorted(axis.joined()) == everything
    for r in range(axis.n):
        assert list(axis.joined(r=r)) == sorted(
            (t for t in everything if t[0] == r), key=lambda t: t[2]
        )
    for u in range(axis.f):
        assert list(axis.joined(u=u)) == sorted(t for t in everything if t[1] == u)
    for i in range(axis.o):
        assert list(axis.joined(i=i)) == sorted(t for t in everything if t[2] == i)
    for u, i in itertools.product(range(axis.f), range(axis.o)):
        assert list(axis.joined(u=u, i=i)) == [t for t in everything if t[1:] == (u, i)]


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_slices_are_the_cells_that_a_weight_joins(axis):
    for u in range(axis.f):
        rows, windows = axis.slices(u) or (slice(0), slice(0))
        found = zip(range(axis.n)[rows], range(axis.o)[windows], strict=True)
        assert [(r, u, i) for r, i in found] == list(axis.joined(u=u))


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


@pytest.mark.parametrize(
    ("sides", "left"),
    [
        (((2, 4), (0, 3)), (0, 0)),
        (((1, 3), (2, 0)), (2, 1)),
        (((2, 5), (0, 3)), None),
        (((3, 4), (0, 3)), None),
        (((2, 4), (1, 3)), None),
        (((2, 4), (0, 4)), None),
    ],
)
def test_crop_takes_off_as_much_as_there_is_and_no_more(sides, left):
    dYp = np.arange(18.0).reshape(6, 3, 1)
    if left is None:
        assert "dYp is 6 x 3, too small" in refused(lambda: crop(dYp, sides))
    else:
        assert crop(dYp, sides).shape == (*left, 1)


def test_crop_may_leave_nothing():
    assert crop(np.ones((4, 5, 1)), ((1, 3), (2, 2))).shape == (0, 1, 1)


def test_flip_turns_each_filter_by_180_degrees_and_no_channel():
    W = np.arange(36.0).reshape(3, 2, 2, 3)
    for u, v in np.ndindex(3, 2):
        equal(flip(W)[u, v], W[2 - u, 1 - v])
    equal(flip(flip(W)), W)
    equal(flip(W[:, :, 0, 0]), np.array([[30.0, 24.0], [18.0, 12.0], [6.0, 0.0]]))


def test_spread_puts_zeros_between_cells_and_none_behind_the_last():
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


# --- bad arguments -------------------------------------------------------------------

Y, W, b, Z = np.ones((6, 6, 1)), np.ones((3, 3, 1, 1)), np.ones(1), np.ones((4, 4, 1))


def refused(call, error=ValueError):
    """Message of the error that the call raises, having allocated next to nothing."""
    tracemalloc.start()
    try:
        with pytest.raises(error) as caught:
            call()
        assert type(caught.value) is error
        assert tracemalloc.get_traced_memory()[1] < 300_000
    finally:
        tracemalloc.stop()
    return str(caught.value)


@MODULES
@pytest.mark.parametrize(("call", "error", "message"), [
    (
        lambda conv: conv.conv_forward(np.ones((1, 1, 1)), np.ones((10, 10, 1, 1))),
        ValueError,
        "the filter does not fit: W is 10 x 10, Y with its padding is 1 x 1; "
        "take a padding of at least 5, or a smaller filter",
    ),
    (
        lambda conv: conv.conv_backward_input(np.ones((3, 3, 1)), W, (6, 6), stride=2),
        ValueError,
        "dZ is 3 x 3, but a 6 x 6 input, a 3 x 3 filter, stride 2 and padding 0 give a "
        "2 x 2 output; pass the stride and padding of the forward pass",
    ),
    (
        lambda conv: conv.conv_forward(Y.astype(np.int64), W),
        TypeError,
        "Y holds integers (int64) and gradients are fractions: pass Y.astype(float)",
    ),
    (
        lambda conv: conv.conv_forward(Y, np.ones((3, 3, 1, 8)), np.ones(3)),
        ValueError,
        "b has 3 values, W has 8 filters: b needs one value for each filter, b.shape == (8,)",
    ),
    (
        lambda conv: conv.conv_forward(Y, W, stride=(0, 2)),
        ValueError,
        "stride must be a whole number of at least 1, or a pair (height, width) of them; "
        "got (0, 2)",
    ),
])  # fmt: skip
def test_a_message_is_word_for_word_the_promised_one(conv, call, error, message):
    assert refused(lambda: call(conv), error) == message


def test_the_advice_about_padding_is_the_least_that_helps():
    for n, f, d in itertools.product([1, 2, 5], [6, 7, 10], [1, 2]):
        text = refused(lambda n=n, f=f, d=d: geometry((n, 20), (f, 1), dilation=(d, 1)))
        least = int(re.search(r"at least (\d+)", text)[1])
        assert output_size(n, f, 1, least, d) >= 1
        with pytest.raises(ValueError):
            output_size(n, f, 1, least - 1, d)


def test_a_message_about_a_dilated_filter_tells_its_extent():
    text = refused(lambda: geometry((4, 9), (3, 2), dilation=(2, 3)))
    assert "W is 3 x 2, 5 x 4 with dilation (2, 3), Y with its padding is 4 x 9" in text


def test_a_message_about_a_filter_counts_the_padding_of_each_side():
    text = refused(lambda: geometry((4, 9), (9, 2), padding=((1, 3), (2, 5))))
    assert "W is 9 x 2, Y with its padding is 8 x 16" in text


def test_a_message_about_sizes_gives_asymmetric_numbers_in_full():
    text = refused(
        lambda: loops.conv_backward_input(
            np.ones((9, 9, 1)), W, (6, 6), stride=(2, 1), padding=((1, 2), (0, 0)), dilation=(1, 2)
        )
    )
    assert "dZ is 9 x 9, but a 6 x 6 input, a 3 x 3 filter, stride (2, 1)" in text
    assert "padding ((1, 2), (0, 0)) and dilation (1, 2) give a 4 x 2 output" in text


class LookAlike:
    """Like a tensor or a table of another library: NumPy can read it, and it is no array."""

    shape, ndim, dtype = (6, 6, 1), 3, np.dtype(float)

    def __array__(self, dtype=None, copy=None):
        return np.ones(self.shape, dtype)


NOT_ARRAYS = {
    "a look-alike": LookAlike(),
    "a buffer": memoryview(np.ones((6, 6, 1))),
    "None": None,
    "a number": 2.0,
    "text": "Y",
    "a list": [[[1.0]]],
    "integers": np.ones((6, 6, 1), np.int64),
    "unsigned integers": np.ones((6, 6, 1), np.uint8),
    "booleans": np.ones((6, 6, 1), bool),
    "complex numbers": np.ones((6, 6, 1), complex),
    "objects": np.ones((6, 6, 1), object),
    "strings": np.full((6, 6, 1), "1.0"),
    "dates": np.zeros((6, 6, 1), "M8[s]"),
    "a masked array": np.ma.masked_less(np.ones((6, 6, 1)), 0),
}


@MODULES
@pytest.mark.parametrize("bad", NOT_ARRAYS.values(), ids=NOT_ARRAYS)
def test_only_arrays_of_floats_are_taken(conv, bad):
    for name, call in {
        "Y": lambda: conv.conv_forward(bad, W),
        "W": lambda: conv.conv_forward(Y, bad),
        "dZ": lambda: conv.conv_backward_input(bad, W, (6, 6)),
        "W ": lambda: conv.conv_backward_input(Z, bad, (6, 6)),
        "dZ ": lambda: conv.conv_backward_filter(bad, Y, (3, 3)),
        "Y ": lambda: conv.conv_backward_filter(Z, bad, (3, 3)),
        "dZ  ": lambda: conv.conv_backward_bias(bad),
        "dZ   ": lambda: conv.conv_backward(bad, Y, W),
        "Y  ": lambda: conv.conv_backward(Z, bad, W),
        "W  ": lambda: conv.conv_backward(Z, Y, bad),
    }.items():
        assert refused(call, TypeError).startswith(name.strip() + " ")
    if bad is not None:
        assert refused(lambda: conv.conv_forward(Y, W, bad), TypeError).startswith("b ")


@pytest.mark.parametrize("name", ["objects", "strings", "a masked array", "a list", "None"])
def test_a_move_takes_only_plain_arrays_of_numbers(name):
    bad = NOT_ARRAYS[name]
    assert refused(lambda: zero_pad(bad, 1), TypeError).startswith("Y must be a NumPy array")
    assert refused(lambda: crop(bad, 1), TypeError).startswith("dYp must be a NumPy array")
    assert refused(lambda: flip(bad), TypeError).startswith("W must be a NumPy array")
    assert refused(lambda: spread(bad, 2), TypeError).startswith("dZ must be a NumPy array")


STEPS = {
    "0": (0, ValueError),
    "negative": (-1, ValueError),
    "a pair with 0": ((2, 0), ValueError),
    "text": ("2", ValueError),
    "1.5": (1.5, TypeError),
    "2.0": (2.0, TypeError),
    "None": (None, TypeError),
    "a bool": (True, TypeError),
    "a pair with a bool": ((True, 1), ValueError),
    "a pair of floats": ((1.0, 2.0), ValueError),
    "three": ((1, 2, 3), ValueError),
    "one": ([1], ValueError),
    "nothing": ((), ValueError),
    "a pair in a pair": ((1, (2, 3)), ValueError),
    "a complex number": (1j, TypeError),
    "NaN": (float("nan"), TypeError),
    "an array of floats": (np.ones(2), TypeError),
}
PADDINGS = {
    name: case for name, case in STEPS.items() if name not in ("0", "a pair with 0")
} | {
    "another word": ("full", ValueError),
    "a word in capitals": ("SAME", ValueError),
    "a pair with a negative": ((0, -1), ValueError),
    "a negative side": (((0, 1), (0, -1)), ValueError),
    "a pair and a number": (((1, 2), 3), ValueError),
    "three sides": (((1, 2), (1, 2, 3)), ValueError),
    "two pairs of floats": (((1.0, 2), (1, 2)), ValueError),
    "three pairs": (((0, 0), (1, 1), (1, 1)), ValueError),
    "a word in a pair": (("same", 1), ValueError),
}  # fmt: skip
SIZES = {
    "an int": (6, ValueError),
    "None": (None, TypeError),
    "text": ("66", ValueError),
    "a whole shape": ((6, 6, 1), ValueError),
    "negative": ((-6, 6), ValueError),
    "-1": ((6, -1), ValueError),
    "floats": ((6.0, 6.0), ValueError),
    "bools": ((True, True), ValueError),
    "a pair in a pair": ((6, (6, 1)), ValueError),
    "a set": ({6}, TypeError),
}


def each_pass(conv, **how):
    """The calls that take `how`: the four functions, whole layer last."""
    yield lambda: conv.conv_forward(Y, W, **how)
    yield lambda: conv.conv_backward_input(Z, W, (6, 6), **how)
    yield lambda: conv.conv_backward_filter(Z, Y, (3, 3), **how)
    yield lambda: conv.conv_backward(Z, Y, W, **how)


@MODULES
@pytest.mark.parametrize("name", ["stride", "dilation"])
@pytest.mark.parametrize(("value", "error"), STEPS.values(), ids=STEPS)
def test_a_stride_and_a_dilation_are_whole_numbers_of_at_least_1(conv, name, value, error):
    for call in each_pass(conv, **{name: value}):
        message = refused(call, error)
        assert message.startswith(f"{name} must be a whole number of at least 1")
        assert message.endswith(f"got {value!r}")


@MODULES
@pytest.mark.parametrize(("value", "error"), PADDINGS.values(), ids=PADDINGS)
def test_a_padding_is_of_the_forms_that_its_message_lists(conv, value, error):
    for call in each_pass(conv, padding=value):
        message = refused(call, error)
        assert message.startswith("padding must be a whole number of at least 0")
        assert '"same" or "valid"' in message
        assert message.endswith(f"got {value!r}")


@pytest.mark.parametrize(("value", "error"), PADDINGS.values(), ids=PADDINGS)
def test_a_move_asks_for_the_same_padding_but_knows_no_sizes(value, error):
    for call in (lambda: zero_pad(Y, value)), (lambda: crop(Y, value)):
        message = refused(call, error)
        assert message.startswith("padding must be")
        assert "same" not in message.split("got")[0]
    assert refused(lambda: zero_pad(Y, "same")).endswith("got 'same'")


@MODULES
@pytest.mark.parametrize(("value", "error"), SIZES.values(), ids=SIZES)
def test_a_size_is_a_pair(conv, value, error):
    for name, form, call in (
        ("input_size", "(n_h, n_w)", lambda: conv.conv_backward_input(Z, W, value)),
        ("filter_size", "(f_h, f_w)", lambda: conv.conv_backward_filter(Z, Y, value)),
    ):
        message = refused(call, error)
        assert message.startswith(f"{name} must be a pair {form} of whole numbers")
        assert f"got {value!r}" in message
        assert ("take the height and the width only" in message) == (value == (6, 6, 1))


def test_a_map_may_have_no_row_and_a_filter_has_one():
    assert geometry((0, 6), (1, 1), padding=1).output_size == (2, 8)
    text = refused(lambda: geometry((6, -1), (1, 1), padding=2))
    assert text.startswith("input_size must be a pair (n_h, n_w) of whole numbers of at least 0;")
    text = refused(lambda: geometry((6, 6), (3, 0)))
    assert text.startswith("filter_size must be a pair (f_h, f_w) of whole numbers of at least 1;")


@pytest.mark.parametrize(("given", "name"), [
    ((5.0, 3), "n"),
    ((-1, 3), "n"),
    ((None, 3), "n"),
    ((5, "3"), "f"),
    ((5, 0), "f"),
    ((5, 3, 0), "stride"),
    ((5, 3, (2, 1)), "stride"),
    ((5, 3, 1, 0, 0.5), "dilation"),
    ((5, 3, 1, -1), "padding"),
    ((5, 3, 1, ((1, 2), (0, 0))), "padding"),
    ((5, 3, 1, "full"), "padding"),
])  # fmt: skip
def test_output_size_of_one_axis_names_its_own_arguments(given, name):
    values = dict(zip(("n", "f", "stride", "padding", "dilation"), given, strict=False))
    with pytest.raises((TypeError, ValueError)) as caught:
        output_size(*given)
    assert str(caught.value).startswith(f"{name} must be")
    assert str(caught.value).endswith(f"got {values[name]!r}")


@MODULES
@pytest.mark.parametrize(("call", "words"), [
    (lambda conv: conv.conv_forward(Y[..., 0], W),
     ["Y needs the shape (..., rows, columns, channels), got (6, 6): pass Y[..., np.newaxis]"]),
    (lambda conv: conv.conv_forward(Y[:, 0, 0], W), ["Y needs the shape", "three axes"]),
    (lambda conv: conv.conv_forward(Y, W[..., 0]), ["W needs the shape", "(3, 3, 1)"]),
    (lambda conv: conv.conv_forward(Y, W[..., 0, 0]), ["W[:, :, np.newaxis, np.newaxis]"]),
    (lambda conv: conv.conv_forward(Y, W[np.newaxis]), ["W needs the shape", "(1, 3, 3, 1, 1)"]),
    (lambda conv: conv.conv_forward(np.ones((1, 6, 6)), W),
     ["Y has 6 channels, W has filters for 1 channel", "(1, 6, 6)", "np.moveaxis(Y, -3, -1)"]),
    (lambda conv: conv.conv_forward(Y, np.ones((3, 3, 2, 1))),
     ["Y has 1 channel, W has filters for 2 channels", "W.shape is (3, 3, 2, 1)"]),
    (lambda conv: conv.conv_forward(Y, W, np.ones(2)), ["b has 2 values, W has 1 filter: "]),
    (lambda conv: conv.conv_forward(Y, W, np.ones((1, 1))), ["b.shape == (1,)", "(1, 1)"]),
    (lambda conv: conv.conv_forward(Y, W, np.array(1.0)), ["b.shape == (1,)", "shape ()"]),
    (lambda conv: conv.conv_forward(Y, np.ones((0, 3, 1, 1))), ["W needs at least", "0 x 3"]),
    (lambda conv: conv.conv_forward(Y, W, dilation=3), ["does not fit", "7 x 7 with dilation 3"]),
    (lambda conv: conv.conv_backward_input(Z[..., 0], W, (6, 6)), ["dZ needs the shape"]),
    (lambda conv: conv.conv_backward_input(np.ones((4, 4, 2)), W, (6, 6)),
     ["dZ has 2 maps, W has 1 filter: ", "dZ.shape[-1] == W.shape[3]"]),
    (lambda conv: conv.conv_backward_input(Z, W, (6, 6), stride=2), ["dZ is 4 x 4", "stride 2"]),
    (lambda conv: conv.conv_backward_input(Z, W, (6, 6), padding="same"), ["give a 6 x 6 output"]),
    (lambda conv: conv.conv_backward_input(Z, W, (7, 6)), ["a 7 x 6 input", "5 x 4 output"]),
    (lambda conv: conv.conv_backward_input(Z, W, (2, 6)), ["the filter does not fit"]),
    (lambda conv: conv.conv_backward_filter(Z, Y[..., 0], (3, 3)), ["Y needs the shape"]),
    (lambda conv: conv.conv_backward_filter(Z, Y, (2, 3)), ["a 2 x 3 filter", "5 x 4 output"]),
    (lambda conv: conv.conv_backward_filter(Z[np.newaxis], Y, (3, 3)),
     ["dZ and Y must hold the same batch", "(1,) in dZ and () in Y"]),
    (lambda conv: conv.conv_backward_filter(np.ones((1, 4, 4, 1)), np.ones((2, 6, 6, 1)), (3, 3)),
     ["dZ and Y must hold the same batch", "(1,) in dZ and (2,) in Y"]),
    (lambda conv: conv.conv_backward_bias(Z[..., 0]), ["dZ needs the shape", "(4, 4)"]),
    (lambda conv: conv.conv_backward(Z, np.ones((6, 6, 2)), W), ["Y has 2 channels"]),
    (lambda conv: conv.conv_backward(Z, Y, W, stride=2), ["dZ is 4 x 4", "2 x 2 output"]),
])  # fmt: skip
def test_arrays_that_do_not_fit_together_are_refused_with_their_numbers(conv, call, words):
    message = refused(lambda: call(conv))
    for word in words:
        assert word in message


@MODULES
def test_a_layer_refuses_another_batch_before_it_works_on_this_one(conv):
    Y, dZ = np.ones((2, 5, 5, 1)), np.ones((9_999, 3, 3, 1))  # dY alone would take 2 MB
    message = refused(lambda: conv.conv_backward(dZ, Y, W))
    assert "dZ and Y must hold the same batch" in message


HUGE = 2**62


def maps(*shape):
    """An array that takes no memory."""
    return np.broadcast_to(1.0, shape)


def many(one):
    """A batch that takes none."""
    return maps(2**28, *one.shape)


@MODULES
@pytest.mark.parametrize(("call", "words"), [
    (lambda conv: conv.conv_forward(Y, W, padding=HUGE), [f"padding = {HUGE}"]),
    (lambda conv: conv.conv_forward(Y, W, padding=10**30), ["padding = 1000000000"]),
    (lambda conv: conv.conv_forward(Y[np.newaxis][:0], W, padding=HUGE), [f"padding = {HUGE}"]),
    (lambda conv: conv.conv_backward_input(Z, W, (6, 6), padding=HUGE), ["dZ is 4 x 4", "padding"]),
    (lambda conv: conv.conv_backward_filter(Z, Y, (3, 3), padding=HUGE), ["dZ is 4 x 4"]),
    (lambda conv: conv.conv_backward(Z, Y, W, padding=HUGE), [f"padding = {HUGE}"]),
    (lambda conv: conv.conv_backward_input(Z[:1, :1], W, (HUGE, HUGE), stride=HUGE),
     [f"dY would be {HUGE} x {HUGE} x 1"]),
    (lambda conv: conv.conv_backward_filter(Z[:1, :1], Y, (HUGE, 3), padding=((HUGE, 0), (0, 0)),
                                            stride=9), [f"dW would be {HUGE} x 3 x 1 x 1"]),
    (lambda conv: conv.conv_forward(Y, W, dilation=HUGE), ["the filter does not fit"]),
    (lambda conv: zero_pad(Y, HUGE), [f"padding = {HUGE}"]),
    (lambda conv: zero_pad(Y[:, :, :0], HUGE), [f"padding = {HUGE}"]),
    (lambda conv: crop(Y, HUGE), [f"padding = {HUGE}"]),
    (lambda conv: spread(Z, HUGE), [f"stride = {HUGE}"]),
    (lambda conv: conv.conv_forward(many(Y), W), ["Z would be 268435456 x 4 x 4 x 1"]),
    (lambda conv: conv.conv_backward_input(many(Z), W, (6, 6)), ["dY would be 268435456 x 6 x 6"]),
    (lambda conv: conv.conv_forward(Y, maps(3, 3, 1, 2**28)), ["Z would be 4 x 4 x 268435456:"]),
    (lambda conv: conv.conv_backward_input(Z, maps(3, 3, 2**28, 1), (6, 6)),
     ["dY would be 6 x 6 x 268435456:"]),
    (lambda conv: conv.conv_backward_filter(maps(4, 4, 2**15), maps(6, 6, 2**16), (3, 3)),
     ["dW would be 3 x 3 x 65536 x 32768:"]),
    (lambda conv: zero_pad(many(Y), 1), ["map would be 268435456 x 8 x 8 x 1"]),
    (lambda conv: spread(many(Z), 2), ["would be 268435456 x 7 x 7 x 1"]),
])  # fmt: skip
def test_an_absurd_number_is_refused_before_any_memory_is_taken(conv, call, words):
    message = refused(lambda: call(conv))
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ((2**31,), True),
        ((2**16, 2**15, 1), True),
        ((2**31 + 1,), False),
        ((2**16, 2**15 + 1), False),
        ((3, 5, 2**28), False),
        ((0, 2**31), True),
        ((0, 2**31 + 1), False),
        ((), True),
    ],
)
def test_a_result_may_have_2_to_the_31_cells_and_no_more(shape, fits):
    if fits:
        shapes.check_room("Z", shape)
    else:
        text = refused(lambda: shapes.check_room("Z", shape))
        assert f"Z would be {shapes.by(shape)}: more than 2147483648 cells" in text


@MODULES
def test_a_stride_beyond_the_map_is_no_mistake(conv):
    equal(conv.conv_forward(Y, W, stride=HUGE), np.full((1, 1, 1), 9.0))
    dY = conv.conv_backward_input(Z[:1, :1], W, (6, 6), stride=HUGE)
    assert dY.sum() == dY[:3, :3].sum() == 9


@pytest.mark.parametrize(("call", "words"), [
    (lambda: zero_pad(np.ones((3, 3)), 1), "Y needs the shape (..., rows, columns, channels)"),
    (lambda: crop(np.ones((3, 3)), 1), "dYp needs the shape"),
    (lambda: crop(Y, ((3, 4), (0, 0))), "dYp is 6 x 6, too small to cut off"),
    (lambda: flip(np.ones(3)), "W needs the shape (f_h, f_w, ...), got (3,)"),
    (lambda: spread(np.ones((3, 3)), 2), "dZ needs the shape"),
    (lambda: spread(Z, 0), "stride must be a whole number of at least 1"),
])  # fmt: skip
def test_a_move_names_what_it_cannot_take(call, words):
    assert words in refused(call)


def test_the_examples_in_the_docstrings_are_true():
    result = doctest.testmod(shapes)
    assert result.attempted > 0
    assert result.failed == 0

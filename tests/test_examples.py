"""The worked arrays hide no exchanged index, and the digits are the real ones."""

import hashlib
import itertools

import numpy as np
import pytest
from problems import equal

from cnnlib import loops
from cnnlib.examples import Example, digits, oblong, one_map, strided, three_maps, variant

EXAMPLES = pytest.mark.parametrize("example", [one_map, oblong, strided, three_maps])
SMALL = Example(np.zeros((5, 5, 1)), np.zeros((2, 2, 1, 2)), np.zeros(2), np.zeros((4, 4, 2)))
LINE = Example(np.zeros((4, 4, 1)), np.zeros((1, 2, 1, 1)), np.zeros(1), np.zeros((4, 3, 1)))
POINT = Example(np.zeros((2, 2, 2)), np.zeros((1, 1, 2, 1)), np.zeros(1), np.zeros((2, 2, 1)))
LIKES = pytest.mark.parametrize(
    "like", [one_map(), oblong(), three_maps(), SMALL], ids=["one map", "oblong", "three", "2 x 2"]
)


def twins(plane):
    """The plane turned over and round: what a wrong index makes of it."""
    places = np.arange(plane.size).reshape(plane.shape)
    for turns, over in itertools.product(range(4), [False, True]):
        moved = np.rot90(places, turns)
        moved = moved[::-1] if over else moved
        if moved.shape == plane.shape and not np.array_equal(moved, places):
            yield plane.ravel()[moved]


def planes(example):
    return np.moveaxis(example.W, (0, 1), (-2, -1)).reshape(-1, *example.filter_size)


def hides_an_exchange(planes):
    """Whether one of these planes equals its own twin, another one, or a twin of another one."""
    planes = list(planes)
    own = any(np.array_equal(plane, twin) for plane in planes for twin in twins(plane))
    return own or any(
        np.array_equal(one, twin)
        for one, other in itertools.combinations(planes, 2)
        for twin in [other, *twins(other)]
    )


@EXAMPLES
def test_no_plane_of_an_example_hides_an_exchanged_index(example):
    assert not hides_an_exchange(planes(example()))
    for array in example().Y, example().dZ:
        assert not hides_an_exchange(np.moveaxis(array, -1, 0))


@EXAMPLES
def test_all_numbers_of_an_example_are_whole_floats(example):
    arrays = example()
    for array in arrays.Y, arrays.W, arrays.b, arrays.dZ:
        assert array.dtype == np.float64
        equal(array, np.round(array))


@EXAMPLES
def test_the_sizes_of_an_example_fit_its_strides(example):
    given = example()
    Z = loops.conv_forward(given.Y, given.W, given.b, **given.how)
    assert Z.shape == given.dZ.shape
    dY, dW, db = loops.conv_backward(given.dZ, given.Y, given.W, **given.how)
    assert (dY.shape, dW.shape, db.shape) == (given.Y.shape, given.W.shape, given.b.shape)
    assert given.input_size == given.Y.shape[:2]
    assert given.filter_size == given.W.shape[:2]


@EXAMPLES
def test_each_call_gives_arrays_of_its_own(example):
    spoilt = example()
    spoilt.Y[:] = spoilt.W[:] = 0
    spoilt.how["stride"] = 9
    assert example().Y.any() and example().W.any()
    assert example().how.get("stride") != 9


# --- variants ------------------------------------------------------------------------


def test_a_variant_is_the_same_on_every_computer():
    numbers = b"".join(a.tobytes() for a in (variant("Ada").Y, variant("Ada").W, variant(7).dZ))
    assert hashlib.sha256(numbers).hexdigest()[:16] == "feb43aa14e45592b"


@LIKES
def test_a_variant_has_the_sizes_of_its_example_and_other_numbers(like):
    given = variant(1, like)
    for name in "Y", "W", "b", "dZ":
        assert getattr(given, name).shape == getattr(like, name).shape
        assert getattr(given, name).dtype == np.float64
    assert given.how == like.how and given.how is not like.how
    assert not np.array_equal(given.W, like.W)


def test_other_seeds_give_other_numbers():
    seeds = [*range(-10, 200), "", "Ada", "ada", "Ada ", "Grace", "José", "Jose", "李", "A", "é"]
    seen = {variant(seed).Y.tobytes() + variant(seed).W.tobytes() for seed in seeds}
    assert len(seen) == len(seeds)


def test_a_name_or_a_number_is_the_same_however_it_is_given():
    equal(variant("Jose\N{COMBINING ACUTE ACCENT}").W, variant("José").W)
    equal(variant(7).W, variant("7", one_map()).W)
    equal(variant(7).W, variant(np.int64(7)).W)


@pytest.mark.parametrize("seed", [None, 1.5, b"Ada", ["Ada"]])
def test_a_seed_is_a_number_or_text(seed):
    with pytest.raises(TypeError, match="seed must be a whole number or text, got"):
        variant(seed)


def test_a_variant_is_like_an_example_and_nothing_else():
    with pytest.raises(TypeError, match="like must be an Example such as one_map.., got <function"):
        variant(7, one_map)


@pytest.mark.parametrize(
    "like",
    [one_map(), oblong(), SMALL, LINE, POINT],
    ids=["3 x 3", "3 x 2", "2 x 2", "1 x 2", "1 x 1"],
)
def test_no_filter_of_a_variant_equals_its_own_twin(like):
    for seed in range(300):  # of 2 x 2 filters drawn blindly, 30 would
        given = variant(seed, like)
        assert given.W.all() and given.dZ.all()
        for plane in planes(given):
            assert not hides_an_exchange([plane]), f"seed {seed}"


def test_numbers_of_a_variant_stay_small_and_use_their_range():
    many = [variant(seed) for seed in range(50)]
    assert {*np.concatenate([v.Y.ravel() for v in many])} == set(range(10))
    for name in "W", "dZ":
        found = {*np.concatenate([getattr(v, name).ravel() for v in many])}
        assert found == set(range(-5, 6)) - {0}


# --- digits --------------------------------------------------------------------------


def test_the_digits_are_1797_small_images_with_their_labels():
    images, labels = digits()
    assert (images.shape, images.dtype) == ((1797, 8, 8, 1), np.float64)
    assert (labels.shape, labels.dtype) == ((1797,), np.int64)
    assert (images.min(), images.max()) == (0, 16)
    equal(images, np.round(images))
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images[0, 1, :, 0].tolist() == [0, 0, 13, 15, 10, 15, 5, 0]


def test_each_call_reads_digits_of_its_own():
    digits()[0][:] = 99
    assert digits()[0].max() == 16

"""Every way that `fast` may take gives the same sums, and each is taken where it is the cheapest.

Which way is the cheapest depends on the sizes; here a way is forced, and the sizes are small.
"""

import contextlib
import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems
from test_conv import LAYOUTS, all_equal, gradients, is_its_definition, some, taps_of, within_bound

from cnnlib import fast, loops
from cnnlib.shapes import Axis, Geometry, geometry

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


# --- the same sums on every way --------------------------------------------------------------


@EACH_WAY
@given(problem=problems(), cuts=CUTS)
def test_every_way_has_the_same_exact_answer(way, problem, cuts):
    with forced(way, *cuts):
        is_its_definition(fast, problem)


@EACH_WAY
@pytest.mark.parametrize("filter_size", [(1, 2), (3, 3), (5, 4)], ids=str)
def test_every_way_takes_any_stride_and_padding(way, filter_size):
    rng = np.random.default_rng(1)
    Y, W = (rng.integers(-5, 6, n).astype(float) for n in [(2, 9, 8, 2), (*filter_size, 2, 3)])
    paddings = [0, 1, 2, 3, ((1, 2), (3, 0))]
    for stride, padding in itertools.product([2, 3, (4, 3), (1, 2)], paddings):
        how = {"stride": stride, "padding": padding}
        o_h, o_w = geometry((9, 8), filter_size, **how).output_size
        dZ = rng.integers(-5, 6, (2, o_h, o_w, 3)).astype(float)
        with forced(way, 2, 5):
            all_equal(fast.conv_backward(dZ, Y, W, **how), taps_of((dZ, Y, W), how))


def touches_no_other(way, problem, cuts, name, number, place):
    """Ask that NaN or infinity in one place reaches the same cells as in `loops`."""
    arrays = {"dZ": problem.dZ, "Y": problem.Y, "W": problem.W}
    if arrays[name].size:
        arrays[name] = arrays[name].copy()
        arrays[name].flat[place % arrays[name].size] = number
    with np.errstate(invalid="ignore"):
        with forced(way, *cuts):
            found = fast.conv_backward(**arrays, **problem.how)
            Z = fast.conv_forward(arrays["Y"], arrays["W"], **problem.how)
        all_equal(found, loops.conv_backward(**arrays, **problem.how))
        all_equal([Z], [loops.conv_forward(arrays["Y"], arrays["W"], **problem.how)])


SPOILT = (  # what `touches_no_other` is given, after the way
    problems(),
    CUTS,
    st.sampled_from(["dZ", "Y", "W"]),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.integers(0, 999),
)


@EACH_WAY
@given(spoilt=st.tuples(*SPOILT))
def test_on_every_way_a_spoilt_number_reaches_what_it_touches(way, spoilt):
    touches_no_other(way, *spoilt)


@EACH_WAY
@some("oblong, several maps", "a batch", "dilation, stride, padding", "unequal strides")
def test_on_every_way_any_layout_and_precision_is_taken(way, problem):
    expected = gradients(loops, problem)
    for layout in [*LAYOUTS, np.float32, np.longdouble]:
        Y, W, dZ = map(layout, (problem.Y, problem.W, problem.dZ))
        with forced(way, 2, 3):
            found = fast.conv_backward(dZ, Y, W, **problem.how)
        all_equal(found, [right.astype(Y.dtype) for right in expected])


@EACH_WAY
@pytest.mark.parametrize("stride", [1, 2])
def test_on_every_way_the_error_is_within_its_bound(way, stride):
    with forced(way, 3, 40):
        for sizes in ((9, 8), (5, 4), 3), ((24, 20), (1, 2), 4), ((5, 7), (32, 3), 2):
            within_bound(fast, sizes, stride, "of very different size")


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


# --- which way is the cheapest -----------------------------------------------------------------


def sizes_of(Y, W, how):
    """Arrays dZ, Y and W that take no memory, and their geometry."""
    where = geometry(Y[1:3], W[:2], **how)
    return *(np.broadcast_to(1.0, n) for n in ((Y[0], *where.output_size, W[3]), Y, W)), where


@pytest.mark.parametrize(
    ("Y", "W", "how", "way"),
    [
        ((1, 5, 5, 1), (3, 3, 1, 1), {}, "table"),
        ((4, 20, 20, 16), (3, 3, 16, 16), {"padding": 1}, "phases"),
        ((4, 40, 40, 1), (5, 5, 1, 8), {"padding": 2}, "phases"),
        ((4, 40, 40, 64), (3, 3, 64, 64), {"stride": 2}, "phases"),
        ((4, 40, 40, 3), (7, 7, 3, 64), {"stride": 2, "padding": 3}, "at once"),
    ],
    ids=["tiny", "equal channels", "one map", "stride, many channels", "stride, few channels"],
)
def test_each_way_is_taken_where_it_is_the_cheapest(Y, W, how, way):
    dZ, Y, W, where = sizes_of(Y, W, how)
    found = fast._by_table(dZ, Y, W, (how.get("stride", 1), how.get("padding", 0), 1))
    assert (found is not None) == (way == "table")
    if not found:
        assert fast._at_once_is_cheaper(where, *W.shape[2:]) == (way == "at once")
        assert not fast._large(W.shape, dZ, Y)
        assert not fast._scatter_is_less(where)


@pytest.mark.parametrize(
    ("Y", "W", "how", "large", "few"),
    [
        ((8, 7, 7, 256), (3, 3, 256, 512), {"padding": 1}, True, False),
        ((16, 14, 14, 256), (3, 3, 256, 256), {"padding": 1}, True, False),
        ((4, 56, 56, 128), (3, 3, 128, 128), {"padding": 1}, False, False),
        ((16, 7, 7, 32), (7, 7, 32, 64), {}, False, True),
        ((16, 13, 13, 8), (3, 3, 8, 40), {"stride": 2}, False, False),
    ],
    ids=["small and deep", "deep", "many cells", "one cell of Z", "left-over row"],
)
def test_taps_are_taken_for_large_filters_and_few_cells(Y, W, how, large, few):
    dZ, Y, W, where = sizes_of(Y, W, how)
    assert fast._large(W.shape, Y, dZ) == large
    assert fast._scatter_is_less(where) == few


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
NEIGHBOURS = [*zip(AXES, AXES[1:] + AXES[:1], strict=True)]
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


@pytest.mark.parametrize(("rows", "columns"), NEIGHBOURS)
def test_the_width_of_the_blocks_is_the_cheapest_of_all(rows, columns):
    for n_k, f_k in CHANNELS:
        time, width = fast._cheapest(rows, columns, n_k, f_k)
        widths = [1] if columns.d > 1 else range(1, min(16, columns.o) + 1)
        times = [time_of_tiles(rows, columns, n_k, f_k, one) for one in widths]
        assert time == min(times)
        assert width == widths[times.index(time)]


@pytest.mark.parametrize("rows", AXES)
def test_all_phases_at_once_cost_what_their_products_cost(monkeypatch, rows):
    """The products of both ways are noted down, and none is made."""
    made = []

    def slide(X, rows, columns, W, out):
        made.append(fast._cheapest(rows, columns, *W.shape[2:])[0])

    monkeypatch.setattr(fast, "_slide", slide)
    for columns, (n_k, f_k) in itertools.product(AXES, CHANNELS):
        where = Geometry(rows, columns)
        W, dZ = np.ones((rows.f, columns.f, n_k, f_k)), np.ones((1, rows.o, columns.o, f_k))
        times = []
        for way in fast._input_gradient_at_once, fast._input_gradient:
            made.clear()
            way(dZ, W, where, np.ones((1, rows.n, columns.n, n_k)))
            times.append(sum(made))
        possible = where.stride != (1, 1) and where.dilation == (1, 1)
        assert fast._at_once_is_cheaper(where, n_k, f_k) == (possible and times[0] < times[1])


# --- memory ------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(("m", "n_k"), [(1, 8), (3, 1), (2, 40), (64, 5), (7, 64)])
@pytest.mark.parametrize("width", [1, 3])
def test_a_tile_holds_all_that_fits_into_the_cache(monkeypatch, width, m, n_k):
    """Rows of windows, or whole images; and 128 windows, however large they are."""
    monkeypatch.setattr(fast, "TILE", 2**15)
    fast._layout.cache_clear()
    for rows, columns in NEIGHBOURS:
        if columns.d > 1 and width > 1:
            continue  # a dilated window is not widened
        X = np.ones((m, rows.n, columns.n, n_k))
        (at, tile), *others = fast._tiles(X, rows, columns, width)
        across = math.ceil(columns.o / width)
        images, band = min(at[0].stop, m), min(at[1].stop, rows.o)
        assert len(tile) == images * band * across
        most = max(2**15 // tile[0].nbytes, 128)
        assert len(tile) <= max(most, across)
        assert images == 1 or band == rows.o
        one_more = rows.o * across if band == rows.o else across
        assert (images == m and not others) or len(tile) + one_more > most
    fast._layout.cache_clear()


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("other", [Axis(5, 5), Axis(5, 2, 3)], ids=str)
def test_a_map_is_copied_only_where_windows_leave_it(axis, other):
    leaves = axis.before or axis.input_index(axis.o - 1, axis.f - 1) >= axis.n
    for rows, columns in [(axis, other), (other, axis)]:
        inside = fast._layout((1, rows.n, columns.n, 2), 8, rows, columns, 1)[1]
        assert (inside is not None) == bool(leaves)


LAYERS = [  # images, cells, channels, filter, filters, stride, padding
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
]


def memory_stays_below_the_maps(dtype, m, n, n_k, f, f_k, s, p):
    """Ask that all that is made beside the results is smaller than Y and dZ, and 2 MB."""
    Y, W = np.ones((m, n, n, n_k), dtype), np.ones((f, f, n_k, f_k), dtype)
    dZ = np.ones_like(fast.conv_forward(Y, W, stride=s, padding=p))
    fast.conv_backward(dZ[:1], Y[:1], W, stride=s, padding=p)  # plans and tables are made once
    tracemalloc.start()
    found = fast.conv_backward(dZ, Y, W, stride=s, padding=p)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - sum(a.nbytes for a in found) <= Y.nbytes + dZ.nbytes + 2**21


@pytest.mark.parametrize("layer", [LAYERS[0], LAYERS[1], LAYERS[4], LAYERS[9]], ids=str)
def test_memory_beside_the_results_stays_below_the_maps(layer):
    memory_stays_below_the_maps(np.float32, *layer)


def test_what_a_bad_argument_is_told_does_not_depend_on_what_was_asked_before():
    Y, W, dZ = np.ones((5, 5, 1)), np.ones((3, 3, 1, 1)), np.ones((3, 3, 1))
    fast.conv_backward(dZ, Y, W, stride=(1, 1), padding=0)
    for stride in (True, (True, 1), 1.0, (1.0, 1)):  # equal to what was taken, and not whole
        with pytest.raises((TypeError, ValueError), match="stride must be a whole number"):
            fast.conv_backward(dZ, Y, W, stride=stride)

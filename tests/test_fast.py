"""Every way that `fast` may take gives the same sums, and each is taken where it should be.

Which way is the cheapest depends on the sizes; here a way is forced, and the sizes are small.
"""

import contextlib
import math
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import LAYOUTS, problems
from test_conv import all_equal, gradients, is_its_definition, some, taps_of, within_bound

from cnnlib import fast, loops, small, tiles, vectorized
from cnnlib.shapes import geometry

WAYS = ["taps", "table", "tiles", "rows", "halves"]
EACH_WAY = pytest.mark.parametrize("way", WAYS)
CUTS = st.tuples(  # windows in a block, images and rows in a tile, products in a piece, its parts
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 400), st.integers(1, 6)
)


@contextlib.contextmanager
def forced(way, width=1, images=2, band=2, piece=60, parts=2):
    """Take this way, with blocks, tiles and pieces of these sizes."""

    def plan(m, itemsize, rows, columns, n_k, f_k, least):
        found = tiles.Plan(rows, columns, width, min(m, images), min(rows.o, band))
        return replace(found, cuts=math.gcd(parts, rows.f * found.reach * n_k))

    def gaps(where):
        return where.stride != (1, 1) != where.dilation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "SMALL", 2**15 if way == "table" else 0)
        clear_tables()
        if way != "table":
            patch.setattr(fast, "_too_large", lambda *_: way == "taps")
            patch.setattr(fast, "_from_many", lambda *_: way == "rows")
            patch.setattr(fast, "_gathers", lambda *_: way != "rows")
            patch.setattr(fast, "_gaps", gaps)
            patch.setattr(fast, "LARGE", 0 if way == "halves" else 2**60)
            patch.setattr(tiles, "plan_of", plan)
            patch.setattr(tiles, "PIECE", piece)
            patch.setattr(tiles, "FEW", 1)
        yield
    clear_tables()


def clear_tables():
    small._table.cache_clear()
    small._windows.cache_clear()


# --- the same sums on every way ----------------------------------------------------------------


@EACH_WAY
@given(problem=problems(), cuts=CUTS)
def test_every_way_has_the_same_exact_answer(way, problem, cuts):
    with forced(way, *cuts):
        is_its_definition(fast, problem)


@EACH_WAY
@pytest.mark.parametrize("padding", [0, 2, ((0, 3), (1, 0))], ids=str)
def test_every_way_takes_any_dilation(way, padding):
    rng = np.random.default_rng(6)
    Y, W = (rng.integers(-5, 6, n).astype(float) for n in [(2, 9, 8, 2), (3, 2, 2, 3)])
    for stride, dilation in [(1, 2), (1, (4, 1)), (1, (1, 3)), (2, 2), ((1, 2), (3, 1))]:
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        o_h, o_w = geometry((9, 8), (3, 2), **how).output_size
        dZ = rng.integers(-5, 6, (2, o_h, o_w, 3)).astype(float)
        with forced(way, 2):
            all_equal(fast.conv_backward(dZ, Y, W, **how), taps_of((dZ, Y, W), how))
            Z = fast.conv_forward(Y, W, **how)
        all_equal([Z], [loops.conv_forward(Y, W, **how)])


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
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", ["dZ", "Y", "W"])
def test_on_every_way_infinity_does_not_meet_the_zeros_around_it(way, width, stride, name):
    rng, how = np.random.default_rng(7), {"stride": stride, "padding": 1}
    o_h, o_w = geometry((7, 8), (3, 3), **how).output_size
    shapes = {"Y": (2, 7, 8, 2), "W": (3, 3, 2, 3), "dZ": (2, o_h, o_w, 3)}
    arrays = {key: rng.integers(1, 6, shape).astype(float) for key, shape in shapes.items()}
    problem = SimpleNamespace(how=how, **arrays)
    for place in (0, 5, 20):
        touches_no_other(way, problem, (width,), name, np.inf, place)


@EACH_WAY
@some("oblong, several maps", "a batch", "dilation, stride, padding", "unequal strides")
def test_on_every_way_any_layout_and_precision_is_taken(way, problem):
    expected = gradients(loops, problem)
    for layout in [*LAYOUTS, np.float32, np.longdouble]:
        Y, W, dZ = map(layout, (problem.Y, problem.W, problem.dZ))
        with forced(way, 2):
            found = fast.conv_backward(dZ, Y, W, **problem.how)
        all_equal(found, [right.astype(Y.dtype) for right in expected])


@EACH_WAY
@pytest.mark.parametrize("stride", [1, 2])
def test_on_every_way_the_error_is_within_its_bound(way, stride):
    with forced(way, 3, 1, 9, 2_000):
        for sizes in ((9, 8), (5, 4), 3), ((24, 20), (1, 2), 4), ((5, 7), (32, 3), 2):
            within_bound(fast, sizes, stride, "of very different size")


# --- which way is taken --------------------------------------------------------------------------

LAYERS = {  # images, rows and columns, channels, filter, filters, stride, padding
    "few channels": (32, 28, 8, 3, 16, 1, 1),
    "one channel": (64, 28, 1, 5, 6, 1, 2),
    "one filter": (4, 60, 16, 3, 1, 1, 1),
    "large filter": (2, 112, 3, 7, 64, 2, 3),
    "stride, many channels": (2, 28, 64, 3, 127, 2, 1),
    "1 x 1": (16, 28, 64, 1, 64, 1, 0),
    "wide map": (1, 256, 1, 5, 8, 1, 2),
    "many channels": (4, 14, 96, 3, 128, 1, 1),
    "deep": (1, 7, 256, 3, 256, 1, 1),
    "one window": (16, 7, 32, 7, 128, 1, 0),
    "1 x 1, stride": (16, 28, 64, 1, 64, 2, 0),
}


def arrays_of(layer, dtype=np.float32):
    """Y, W and dZ of a layer, whole numbers, with its stride and padding."""
    m, n, n_k, f, f_k, s, p = LAYERS[layer]
    rng, how = np.random.default_rng(2), {"stride": s, "padding": p}
    shapes = (m, n, n, n_k), (f, f, n_k, f_k), (m, *geometry((n, n), (f, f), s, p).output_size, f_k)
    Y, W, dZ = (rng.integers(-3, 4, shape).astype(dtype) for shape in shapes)
    return dZ, Y, W, how


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_of_every_kind_are_exact_with_the_plans_that_are_made(layer):
    dZ, Y, W, how = arrays_of(layer)
    all_equal(fast.conv_backward(dZ, Y, W, **how), vectorized.conv_backward(dZ, Y, W, **how))


TAKEN = {  # the windows in a block where tiles are taken, in dY and in dW
    "few channels": (2, 2),
    "one channel": (4, 4),
    "one filter": (4, 4),
    "large filter": (2, 1),
    "stride, many channels": ("rows", 1),
    "1 x 1": (),
    "many channels": (1, 1),
    "deep": ("taps", "taps"),
    "one window": ("taps", "taps"),
    "1 x 1, stride": ("rows", "taps"),
}


@pytest.mark.parametrize(("layer", "expected"), TAKEN.items(), ids=TAKEN)
def test_each_way_is_taken_where_it_is_the_cheapest(monkeypatch, layer, expected):
    taken = []

    def note(module, name, says):
        function = getattr(module, name)

        def noted(*arguments):
            taken.append(says(*arguments))
            return function(*arguments)

        monkeypatch.setattr(module, name, noted)

    monkeypatch.setattr(fast, "LARGE", 2**60)  # one thread, so that dY comes first
    note(tiles, "_tiles", lambda _, plan, *__: plan.width)
    note(fast, "_row_by_row", lambda *_: "rows")
    note(vectorized, "filter_taps", lambda *_: "taps")
    note(vectorized, "input_taps", lambda *_: "taps")
    dZ, Y, W, how = arrays_of(layer)
    fast.conv_backward(dZ, Y, W, **how)
    assert tuple(taken) == expected


@pytest.mark.parametrize("m", [0, 1, 2])
def test_a_table_has_as_many_places_as_may_be_and_no_more(monkeypatch, m):
    shapes = (m, 5, 3, 2), (m, 6, 4, 3), (2, 2, 3, 2)
    given = shapes, np.dtype(float), 1, 0, 1
    for_dY, for_dW, _ = small._table.__wrapped__(*given) or (np.zeros(0),) * 3
    places = for_dY.size + for_dW.size
    assert (places == 0) == (m == 0)
    for most in (places, places - 1):
        monkeypatch.setattr(small, "SMALL", most)
        assert (small._table.__wrapped__(*given) is not None) == (most == places > 0)


@pytest.mark.parametrize("m", [0, 1, 2])
def test_a_table_of_windows_has_as_many_places_as_may_be_and_no_more(monkeypatch, m):
    given = (m, 6, 4, 3), (2, 2, 3, 2), None, np.dtype(float), 1, 0, 1
    windows = m * 5 * 3 * 2 * 2 * 3
    for most in (windows, windows - 1):
        monkeypatch.setattr(small, "SMALL", most)
        assert (small._windows.__wrapped__(*given) is not None) == (most == windows > 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_filters_begin_where_a_register_does(dtype):
    for rows in range(1, 9):
        filters = tiles.aligned((rows, 3), np.dtype(dtype))
        assert filters.ctypes.data % tiles.REGISTER == 0
        assert filters.shape == (rows, 3)
        assert not filters.any()


# --- a second core -------------------------------------------------------------------------------


@pytest.fixture
def second(monkeypatch):
    """What the second thread is given, where there are two cores and no wish."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    given = []

    def submit(*work):
        given.append(work)
        return thread.submit(*work)

    with ThreadPoolExecutor(1) as thread:
        monkeypatch.setattr(fast, "_thread_of", lambda _: SimpleNamespace(submit=submit))
        yield given


def all_passes(layer, dtype):
    """Z and the gradients of random numbers, so that another order of sums would be seen."""
    dZ, Y, W, how = arrays_of(layer, dtype)
    dZ, Y, W = (np.random.default_rng(3).standard_normal(a.shape).astype(dtype) for a in (dZ, Y, W))
    dY = fast.conv_backward_input(dZ, W, Y.shape[1:3], **how)
    dW = fast.conv_backward_filter(dZ, Y, W.shape[:2], **how)
    return [fast.conv_forward(Y, W, **how), dY, dW, *fast.conv_backward(dZ, Y, W, **how)]


def one_wish(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def one_core(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1}, raising=False)


def no_threads(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(fast, "_thread_of", lambda _: SimpleNamespace(submit=refuse))


@pytest.mark.parametrize("alone", [one_wish, one_core, no_threads])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", ["few channels", "one channel", "wide map", "large filter"])
def test_two_threads_have_the_same_bits_as_one(monkeypatch, second, layer, dtype, alone):
    monkeypatch.setattr(fast, "LARGE", 0)
    by_two = all_passes(layer, dtype)
    assert len(second) == 4
    alone(monkeypatch)
    all_equal(all_passes(layer, dtype), by_two)
    assert len(second) == 4


def test_a_thread_is_given_large_work_only(second):
    rng = np.random.default_rng(4)
    for m, times in ((1, 0), (8, 0), (64, 1)):
        Y, W = rng.random((m, 32, 32, 8)), rng.random((3, 3, 8, 16))
        fast.conv_forward(Y, W)
        assert len(second) == times


def test_no_thread_is_given_what_takes_all_cores_by_itself(second):
    rng = np.random.default_rng(5)
    for n_k, f, dilation in ((256, 3, 1), (256, 1, 1)):
        Y, W = rng.random((8, 16, 16, n_k)), rng.random((f, f, n_k, 128))
        dZ = fast.conv_forward(Y, W, dilation=dilation)
        fast.conv_backward(dZ, Y, W, dilation=dilation)
    assert not second


@pytest.mark.parametrize("half", [(0, 2), (1, 2)], ids=["first", "second"])
def test_an_error_of_either_half_comes_through_when_both_have_ended(monkeypatch, second, half):
    ended = []

    def fails(*arguments):
        if arguments[-1] == half:
            raise MemoryError("no room for a tile")
        time.sleep(0.2)
        ended.append(arguments[-1])

    monkeypatch.setattr(fast, "LARGE", 0)
    monkeypatch.setattr(tiles, "slide", fails)
    with pytest.raises(MemoryError, match="no room"):
        fast.conv_forward(np.ones((2, 60, 60, 1)), np.ones((3, 3, 1, 2)))
    assert len(second) == len(ended) == 1


def test_what_no_thread_could_be_started_for_is_not_done_later(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(fast, "LARGE", 0)
    fast._thread_of.cache_clear()
    Y, W = np.ones((2, 60, 60, 3)), np.ones((3, 3, 3, 4))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        Z = fast.conv_forward(Y, W)
    assert (Z == 27).all()
    Z[...] = 0  # it is the user's now
    fast.conv_forward(Y, W)
    fast._thread_of(os.getpid()).submit(int).result()  # all that it was given before is done
    assert not Z.any()


FORKED = """
import os, signal
import numpy as np
from cnnlib import fast
fast.LARGE, fast.os.sched_getaffinity = 0, lambda _: {0, 1}
Y, W = np.ones((2, 60, 60, 3)), np.ones((3, 3, 3, 4))
Z = fast.conv_forward(Y, W)
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(0 if np.array_equal(fast.conv_forward(Y, W), Z) else 1)
raise SystemExit(os.waitpid(child, 0)[1])
"""


def test_a_process_that_is_forked_has_a_thread_of_its_own():
    environment = {key: value for key, value in os.environ.items() if "NUM_THREADS" not in key}
    subprocess.run([sys.executable, "-c", FORKED], env=environment, check=True, timeout=120)


# --- memory --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", ["few channels", "one channel", "1 x 1", "one window", "deep"])
def test_memory_beside_the_results_stays_below_the_maps(layer, dtype):
    dZ, Y, W, how = arrays_of(layer, dtype)
    fast.conv_backward(dZ[:1], Y[:1], W, **how)  # plans and tables are made once
    tracemalloc.start()
    found = fast.conv_backward(dZ, Y, W, **how)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - sum(a.nbytes for a in found) <= Y.nbytes + dZ.nbytes + 2**21


def test_what_a_bad_argument_is_told_does_not_depend_on_what_was_asked_before():
    Y, W, dZ = np.ones((5, 5, 1)), np.ones((3, 3, 1, 1)), np.ones((3, 3, 1))
    fast.conv_backward(dZ, Y, W, stride=(1, 1), padding=0)
    for stride in (True, (True, 1), 1.0, (1.0, 1)):  # equal to what was taken, and not whole
        with pytest.raises((TypeError, ValueError), match="stride must be a whole number"):
            fast.conv_backward(dZ, Y, W, stride=stride)

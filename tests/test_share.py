"""Arrays as text: what is written comes back bit for bit, and hostile text is refused at once."""

import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from cnnlib.steppers import share

DTYPES = [np.float16, np.float32, np.float64]


@st.composite
def arrays(draw, least=0, dimensions=(1, 4)):
    """Draw an array of floats: any that there are, whole ones more often."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(
        arrays_of.array_shapes(
            min_dims=dimensions[0], max_dims=dimensions[1], min_side=least, max_side=4
        )
    )
    width = np.dtype(dtype).itemsize * 8
    elements = st.one_of(
        st.integers(-9, 9).map(float),
        st.floats(width=width, allow_nan=False),
        st.sampled_from([np.nan, np.inf, -np.inf, -0.0, np.finfo(dtype).tiny, np.finfo(dtype).max]),
        st.just(float(np.finfo(dtype).smallest_subnormal)),
    )
    return draw(arrays_of.arrays(dtype, shape, elements=elements))


def same(one, other):
    """Equal bit for bit, one NaN being as good as another."""
    np.testing.assert_array_equal(one, other, strict=True)
    np.testing.assert_array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0]))


@given(
    array=arrays(),
    more=arrays(),
    kind=st.sampled_from(["forward", "input", "filter"]),
    geometry=st.dictionaries(
        st.sampled_from(["stride", "padding", "input_size"]),
        st.lists(st.integers(0, 99999), min_size=1, max_size=4).map(tuple),
    ),
)
def test_a_code_brings_the_problem_back(array, more, kind, geometry):
    both = {"Y": array, "W": more} if more.dtype == array.dtype else {"Y": more}
    code = share.to_code(kind, both, geometry, more.dtype.name)
    assert "\n" not in code
    assert " " not in code
    found = share.from_code(code)
    assert (found[0], found[2]) == (kind, geometry)
    assert list(found[1]) == list(both)
    for name, made in found[1].items():
        same(made, both[name])


@pytest.mark.parametrize("between", [" ", "   ", "\t", ",", ", ", ";", " ; "])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
def test_a_block_of_a_spreadsheet_is_read(between, end):
    rows = [[1, -2, 0.5], [3e2, 4, -0.25]]
    read = share.rows_from_text("Y", end.join(between.join(map(str, row)) for row in rows) + end)
    assert read[..., 0].tolist() == rows
    assert read.dtype == np.float64


NO_ROWS = {  # what is typed, and why it is refused; more of it is in cases.json
    "1 2\n3 4\n\n5\n6": "2, 2, 1, 1 numbers",
    "1_000": "'1_000' is not a number",
    "1 --2": "'--2' is not a number",
    "1,5e": "'5e' is not a number",
    "__import__('os')": "is not a number",
    "infinity": "is not a number",
    "½": "is not a number",
    "١": "is not a number",  # which the browser would not read as Python does
    " \n\t\n ": "Y is empty",
    "1" * 31: "is not a number",
    "1\t2\n1\t2\t": "row 2 has an empty cell: write 0",
    "1 2\n0,5;1,5": "Y, row 2 has commas between digits",
    "x" * 10_000: "'xxxxxxxxxxxxxxxxxxxxxxxxxxx...' is not a number",
    "1 " * 150_000: "Y has 300000 characters",
    # Whatever it is, it takes no longer than its length.
    "\n" * 199_000 + "x": "",
    "1\n" + "\n \t" * 60_000 + "1x": "",
    "1" + " " * 190_000 + "x": "",
    ",;" * 90_000 + "x": "",
    "1\n\n" * 60_000 + "x": "",
}


@pytest.mark.parametrize("text", NO_ROWS, ids=lambda text: ascii(text[:12]))
def test_rows_that_are_none_are_refused(text):
    with no_work(), pytest.raises(ValueError) as refused:
        share.rows_from_text("Y", text)
    assert NO_ROWS[text] in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_comma_alone_stands_between_two_numbers():
    assert share.rows_from_text("Y", "0,5")[..., 0].tolist() == [[0, 5]]


@contextmanager
def no_work():
    """Ask for an answer within as much memory as a text that may be read takes."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000, f"{peak} bytes"


GOOD = "input;float64;dZ=2x2x1:1,2,3,4;W=1x1x1x1:2;input_size=2x2;stride=1x1;padding=0x0x0x0"
NO_CODES = {
    ";;;;": "this is not the code",
    "__import__('os').system('true')": "this is not the code",
    "input;int64;dZ=1:1": "this is not the code",
    "C:\\temp\\x;float64;../dZ=1:1": "broken at '../dZ=1:1'",
    "input;float64;dZ=1:__import__('os')": "dZ, row 1",
    "input;float64;dZ=99999x99999x99999x99999:1,2": "and has 2 numbers",
    "input;float64;dZ=99999x99999x99999x99999:": "and has 0 numbers",
    "input;float64;dZ=999999x1:1": "broken at",
    "input;float64;dZ=1x1x1x1x1:1": "broken at",
    "input;float64;dZ=-1x-1:1": "broken at",
    "input;float64;dZ=1x1;dZ=1:1": "broken at 'dZ=1:1'",
    "input;float64;=1:1": "broken at",
    "input;float64;dZ=1:1\x00": "is not a number",
    GOOD + ";" + "x" * 1000: "broken at 'xxx",
    GOOD + ";" * 300_000: "characters",
    "input;float64;dZ=1:" + "1" * 10_000_000: "the code has 10000019 characters",
    "a=" * 99_000: "this is not the code",
    "input;float64;" + "a=1x" * 40_000: "broken at",
    "input;float64;dZ=1:" + "1e" * 90_000: "is not a number",
}


@pytest.mark.parametrize("code", NO_CODES, ids=lambda text: ascii(text[:30]))
def test_a_code_that_is_none_is_refused_at_once(code):
    with no_work(), pytest.raises(ValueError) as refused:
        share.from_code(code)
    assert NO_CODES[code] in str(refused.value)
    assert len(str(refused.value)) < 300


class Endless(str):
    """A text that says it has 1e9 characters and fails when it is touched."""

    def __len__(self):
        return 10**9

    def touched(self, *_):
        raise AssertionError("the text was worked on before its length was known")

    split = strip = replace = splitlines = __iter__ = __getitem__ = touched


def test_the_length_of_a_text_is_looked_at_first():
    with no_work(), pytest.raises(ValueError, match="has 1000000000 characters"):
        share.from_code(Endless("input"))
    with no_work(), pytest.raises(ValueError, match="Y has 1000000000 characters"):
        share.rows_from_text("Y", Endless("1"))


@pytest.mark.parametrize("code", [None, b"input;float64;dZ=1:1", 3, ["input"], np.ones(3)])
def test_a_code_that_is_no_text_is_refused(code):
    with pytest.raises(TypeError, match=f"a code is text, got {type(code).__name__}"):
        share.from_code(code)


@given(text=st.text(alphabet="input;float64=x:,.-+e0123456789 \n\tdZW", max_size=60))
def test_any_other_text_is_read_or_refused_with_a_reason(text):
    for read in (share.from_code, lambda text: share.rows_from_text("Y", text)):
        try:
            read(text)
        except ValueError as refused:
            assert str(refused)


@given(cut=st.integers(0, len(GOOD) - 1))
def test_a_code_that_was_cut_is_refused_or_says_less(cut):
    """No number is made up: what a cut code still gives is the beginning of the problem."""
    whole = share.from_code(GOOD)
    try:
        kind, found, geometry = share.from_code(GOOD[:cut])
    except ValueError:
        return
    assert kind == whole[0]
    for name, array in found.items():
        assert array.ravel().tolist() == whole[1][name].ravel()[: array.size].tolist()
    assert {*geometry} <= {*whole[1], *whole[2]}

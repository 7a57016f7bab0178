"""A bad argument is refused at once, in words that name it, the numbers, the rule and a way out.

No error of NumPy's own is ever what a student reads: each function is called with each of its
arguments wrong in all ways that we know, and each error must come from a ``raise`` of the package.
"""

import inspect
import itertools
import re
import traceback
import tracemalloc

import numpy as np
import pytest

from cnnlib import checks, fast, layers, loops, shapes, steppers, trace, vectorized
from cnnlib.gradcheck import numerical_gradient

MODULES = {"loops": loops, "vectorized": vectorized, "fast": fast}
HUGE = 2**62


# --- every function, with every argument wrong in every way ---------------------------------

ARGUMENTS = {  # right ones
    "Y": np.ones((5, 6, 2)),
    "W": np.ones((3, 3, 2, 4)),
    "b": np.ones(4),
    "dZ": np.ones((3, 4, 4)),
    **{"input_size": (5, 6), "filter_size": (3, 3)},
    **{"stride": 1, "padding": 0, "dilation": 1},
    "dYp": np.ones((5, 6, 2)),
    **{"n": (5, 6), "f": (3, 3)},
    **{"dY": np.ones((2, 3)), "Z": np.ones((2, 3)), "slope": 0.1},
    "size": (2, 3),
    **{"logits": np.ones((2, 3)), "labels": np.array([0, 2])},
    **{"x": np.ones((2, 2)), "eps": 1e-5},
}
OWN = {
    "output_size, one axis": {"n": 5, "f": 3},
    "max_pool_backward": {"dZ": np.ones((2, 2, 2)), "stride": None},
    "max_pool": {"stride": None},
    "numerical_gradient": {"f": np.sum},
}


def named(module, *starts):
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and name.startswith(starts)
    }


FUNCTIONS = {
    **{f"{m}.{name}": f for m, conv in MODULES.items() for name, f in named(conv, "conv_").items()},
    **named(shapes, "output_size", "zero_pad", "crop", "flip", "spread"),
    "output_size, one axis": shapes.output_size,
    **named(layers, "relu", "leaky", "sigmoid", "tanh", "max_pool"),
    "softmax": layers.softmax_cross_entropy,
    **named(trace, "forward", "input_s", "filter", "scatter", "influence"),
    "numerical_gradient": numerical_gradient,
    "ForwardStepper": steppers.ForwardStepper,
    "InputGradientStepper": steppers.InputGradientStepper,
    "FilterGradientStepper": steppers.FilterGradientStepper,
}


def right(name):
    own = OWN.get(name.split(".")[-1], {})
    return {
        argument: own.get(argument, ARGUMENTS.get(argument))
        for argument, about in inspect.signature(FUNCTIONS[name]).parameters.items()
        if about.kind != about.VAR_KEYWORD
    }


class LookAlike:
    """Like a tensor or a table of another library: NumPy can read it, and it is not an array."""

    shape, ndim, dtype = (5, 6, 2), 3, np.dtype(float)

    def __array__(self, dtype=None, copy=None):
        return np.ones(self.shape, dtype)


class Unprintable:
    def __repr__(self):
        raise RuntimeError


NOTHING = [None, Unprintable(), {}, {1}, iter([1.0]), [[1.0], [1.0, 2.0]]]
BEYOND = [-(10**5000), (1, -(10**5000))]
STEPS = [
    *(0, -1, (2, 0), "2", 1.5, 2.0, True, (True, 1), (1.0, 2.0), (1, 2, 3), [1], (), (1, (2, 3))),
    *(1j, float("nan"), float("inf"), np.ones(2), np.ones((2, 2), int), np.array("1"), *BEYOND),
]
PADDINGS = [
    *(value for value in STEPS if not isinstance(value, np.ndarray) and value not in (0, (2, 0))),
    *("full", "SAME", (0, -1), ((0, 1), (0, -1)), ((1, 2), 3), ((1, 2), (1, 2, 3)), ("same", 1)),
    *(((1.0, 2), (1, 2)), ((0, 0), (1, 1), (1, 1)), np.ones((2, 2)), np.ones((3, 2), int)),
]
SIZES = [
    *(6, "66", (6, 6, 1), (-6, 6), (6, -1), (6.0, 6.0), (True, True), (6, (6, 1)), np.ones(2)),
    *([6, 6, 1, 1], np.ones((2, 2), int), *BEYOND),
]
STEP = "a whole number of at least 1, or a pair (height, width) of them"
SIDES = "a whole number of at least 0, a pair (height, width), or ((top, bottom), (left, right))"
RULES = {  # what each argument must be; and what it is not
    "stride": (STEP, STEPS),
    "dilation": (STEP, STEPS),
    "size": (STEP, STEPS),
    "padding": (SIDES, PADDINGS),
    "input_size": ("a pair (n_h, n_w) of whole numbers of at least 0", SIZES),
    "filter_size": ("a pair (f_h, f_w) of whole numbers of at least 1", [*SIZES, (0, 3)]),
    "n": ("a pair (height, width) of whole numbers of at least 0", SIZES),
    "f": ("a pair (height, width) of whole numbers of at least 1", [*SIZES, (3, 0)]),
    "eps": (
        "a number above 0",
        [0, -1e-5, float("nan"), float("inf"), "a", [1.0], 1j, True, 10**400],
    ),
    "slope": ("a number", ["a", [0.1], 1j, True, np.ones(2), float("nan"), 10**400]),
}
ONE_AXIS = {
    "n": ("a whole number of at least 0", [5.0, -1, "5", True, (5,)]),
    "f": ("a whole number of at least 1", [3.0, 0, "3", True, (3,)]),
    "stride": ("a whole number of at least 1", [0, (2, 1), 1.0, "1"]),
    "dilation": ("a whole number of at least 1", [0, (2, 1), 1.0, "1"]),
    "padding": ("a whole number of at least 0, a pair (before,", [-1, ((1, 2), (0, 0)), "full"]),
}
OTHERS = {
    "labels": ("labels ", ["ab", [0.0, 1.0], [0, 3], [-1, 0], [0], [True, False], [[0, 1]] * 2]),
    "x": ("x must be an array of real numbers, got", ["a", 1j, [True], np.array(["1"]), [None]]),
    "f": ("f must be a function of x, got", [3.0, "f", np.ones(2)]),
}


def bad_arrays(array, any_number):
    yield from (2.0, "Y", [[[1.0]]], np.float64(3), memoryview(array), LookAlike())
    yield np.ma.masked_less(array, 0)
    kinds = [object, "U3", "M8[s]", [("a", float)]]
    yield from (np.zeros(array.shape, k) for k in kinds + [int, "u1", bool, complex] * ~any_number)


def bad_values(name, argument):
    """Yield (what the message begins with, a bad value) for an argument of a function."""
    rule, optional = None, right(name)[argument] is None or argument == "b"
    if argument in OTHERS and argument != "f" or name == "numerical_gradient" and argument == "f":
        words, values = OTHERS[argument]
    elif isinstance(right(name)[argument], np.ndarray):
        words = f"{argument} "
        values = bad_arrays(right(name)[argument], FUNCTIONS[name].__module__ == "cnnlib.shapes")
    else:
        rule, values = (ONE_AXIS if "one axis" in name else RULES)[argument]
        words = f"{argument} must be {rule}"
    stepper = name.endswith("Stepper")
    for value in itertools.chain(values, NOTHING):
        if not (value is None and (optional or stepper)):
            yield words, value


def raised(function, *arguments, **options):
    """The text of an error that a ``raise`` of the package made, or None where there is none."""
    try:
        function(*arguments, **options)
    except (TypeError, ValueError) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        assert "cnnlib" in last.filename and last.line.startswith("raise "), (last, error)
        assert len(str(error)) < 500 and "\n" not in str(error)
        return str(error)
    return None


EACH_ARGUMENT = pytest.mark.parametrize(
    ("name", "argument"),
    [(name, argument) for name in FUNCTIONS for argument in right(name)],
    ids=lambda value: value,
)


@EACH_ARGUMENT
def test_a_bad_argument_is_refused_by_its_name(name, argument):
    for words, value in bad_values(name, argument):
        if "one axis" in name and argument in ("n", "f") and checks.is_pair(value):
            continue  # then there are two axes
        said = raised(FUNCTIONS[name], **right(name) | {argument: value})
        assert said and said.startswith(words), (checks.short(value), said)
        if " must be " in words and "got" not in words:
            assert f"; got {checks.short(value)}" in said


@EACH_ARGUMENT
def test_an_array_of_another_shape_is_taken_or_refused_by_its_name(name, argument):
    array = right(name)[argument]
    if not isinstance(array, np.ndarray):
        array = np.ones((1, 1))
    shape = array.shape
    others = [(), (1,), (0,), *((3,) * axes for axes in range(1, 7)), (1, *shape), (*shape, 1)]
    for axis, n in enumerate(shape):
        others += [(*shape[:axis], *new, *shape[axis + 1 :]) for new in ((), (0,), (n + 1,), (99,))]
    if name.endswith("Stepper"):
        others = [other for other in others if 0 not in other]  # where there is nothing to step
    for other in others:
        given = right(name) | {argument: np.zeros(other, array.dtype)}
        said = raised(FUNCTIONS[name], **given)
        about = {"Y": " input,", "W": " filter,"}.get(argument, argument)
        assert said is None or argument in said or about in said, (other, said)


# --- what is said --------------------------------------------------------------------------

ones, integers = np.ones, np.ones((5, 6, 2), int)
LARGE = {"dZ": ones((1, 1, 1)), "filter_size": (HUGE, 3), "stride": 9}


def maps(*shape):
    """An array that takes no memory."""
    return np.broadcast_to(1.0, shape)


FIVE = {  # of the five functions: each with the arguments that are changed, and words that it says
    "conv_forward": [
        (
            {"Y": ones((1, 1, 2)), "W": ones((10, 10, 2, 4))},
            "the filter does not fit: W is 10 x 10, Y with its padding is 1 x 1; take a padding of "
            "at least 5, or a smaller filter",
        ),
        ({"padding": 2**62}, "more than 2147483648 cells do not fit in memory", "padding = 46"),
        ({"padding": "full"}, 'or ((top, bottom), (left, right)), "same" or "valid"; got \'full\''),
        (
            {"stride": (0, 2)},
            "stride must be a whole number of at least 1, or a pair (height, width) of them; "
            "got (0, 2)",
        ),
        ({"dilation": 10**50}, "the filter does not fit", "padding of at least more than 10**40"),
        ({"dilation": 3}, "the filter does not fit: W is 3 x 3, 7 x 7 with dilation 3, Y with its"),
        (
            {"dilation": (2, 3), "padding": ((0, 0), (0, 0))},
            "W is 3 x 3, 5 x 7 with dilation (2, 3)",
        ),
        ({"W": ones((9, 3, 2, 4)), "padding": ((1, 2), (2, 5))}, "Y with its padding is 8 x 13"),
        ({"Y": ones((5, 6, 3))}, "Y has 3 channels, W has filters for 2 channels: Y.shape[-1] and"),
        ({"Y": ones((2, 5, 6))}, "channels come last here: np.moveaxis(Y, -3, -1)"),
        ({"Y": ones((5, 6))}, "rows, columns, channels), got (5, 6): pass Y[..., np.newaxis]"),
        ({"Y": ones(30)}, "got (30,): pass Y.reshape(rows, columns, channels)"),
        ({"W": ones((3, 3, 2))}, "n_k, f_k), got (3, 3, 2): pass W[..., np.newaxis] for"),
        ({"W": ones((3, 3))}, "got (3, 3): pass W[:, :, np.newaxis, np.newaxis] for one filter"),
        (
            {"W": ones((1, 3, 3, 2, 4))},
            "W needs the shape (f_h, f_w, n_k, f_k), got (1, 3, 3, 2, 4",
        ),
        (
            {"W": ones((0, 3, 2, 4))},
            "W needs at least one row and one column: the filters are 0 x 3",
        ),
        (
            {"Y": integers},
            "Y holds integers (int64) and gradients are fractions: pass Y.astype(float)",
        ),
        ({"Y": integers > 0}, "Y holds booleans", "pass Y.astype(float)"),
        ({"Y": integers * 1j}, "Y holds complex numbers (complex128)", "pass Y.real"),
        ({"Y": integers.astype(object)}, "no floating-point numbers (object)", "Y.astype(float)"),
        ({"Y": np.ma.ones((5, 6, 2))}, "got MaskedArray", "pass Y.filled(0)"),
        ({"Y": None}, "of floats, got None: does the function that makes it return it?"),
        (
            {"W": ones((3, 3, 2, 8)), "b": ones(3)},
            "b has 3 values, W has 8 filters: b needs one value for each filter, b.shape == (8,)",
        ),
        ({"b": np.array(0.5)}, "b.shape == (4,); got the shape ()"),
        ({"b": np.zeros(4, int)}, "b.astype(float)"),
        ({"Y": maps(2**28, 5, 6, 2)}, "Z would be 268435456 x 3 x 4 x 4:"),
        ({"W": maps(3, 3, 2, 2**28), "b": None}, "Z would be 3 x 4 x 268435456:"),
        ({"strides": 2}, "conv_forward has no argument strides: it takes Y, W, b, stride, padding"),
    ],
    "conv_backward_input": [
        (
            {"dZ": ones((3, 3, 4)), "input_size": (6, 6), "stride": 2},
            "dZ is 3 x 3, but a 6 x 6 input, a 3 x 3 filter, stride 2 and padding 0 give a 2 x 2 "
            "output; pass the stride and padding of the forward pass",
        ),
        (
            {"dilation": (1, 2), "stride": (2, 1), "padding": ((1, 2), (0, 0))},
            "stride (2, 1), padding ((1, 2), (0, 0)) and dilation (1, 2) give a 3 x 2 output",
        ),
        (
            {"padding": "same"},
            "padding 1 give a 5 x 6 output; pass the stride and padding of the fo",
        ),
        ({"padding": HUGE}, "dZ is 3 x 4", f"padding {HUGE}"),
        ({"stride": 10**99}, "dZ is 3 x 4", "stride more than 10**40"),
        (
            {"dZ": ones((3, 4, 5))},
            "dZ has 5 maps, W has 4 filters: each filter makes one map, dZ.sha",
        ),
        (
            {"dZ": ones((3, 4, 1))},
            "dZ has 1 map, W",
            "dZ.shape is (3, 4, 1), W.shape is (3, 3, 2, 4)",
        ),
        ({"input_size": (5, 6, 2)}, "got (5, 6, 2); pass (height, width), not the whole shape"),
        ({"input_size": (7, 6)}, "a 7 x 6 input", "5 x 4 output"),
        ({"input_size": (2**40,) * 2}, "1099511627776 x 1099511627776"),
        (
            {"dZ": ones((1, 1, 4)), "input_size": (HUGE, HUGE), "stride": HUGE},
            f"dY would be {HUGE} x {HUGE} x 2: more",
        ),
        ({"dZ": maps(2**28, 3, 4, 4)}, "dY would be 268435456 x 5 x 6 x 2:"),
        ({"W": maps(3, 3, 2**28, 4)}, "dY would be 5 x 6 x 268435456:"),
        ({"groups": 2}, "conv_backward_input has no argument groups: it takes dZ, W, input_size,"),
    ],
    "conv_backward_filter": [
        ({"filter_size": (2, 2)}, "a 2 x 2 filter, stride 1 and padding 0 give a 4 x 5 output"),
        ({"filter_size": [3, 3, 2, 4]}, "pass (height, width), not the whole shape"),
        (
            {"dZ": ones((2, 3, 4, 4)), "Y": ones((3, 5, 6, 2))},
            "dZ and Y must hold the same batch: the axes before the last three are (2,) in dZ and "
            "(3,) in Y; pass the Y of the forward pass",
        ),
        ({"dZ": ones((5, 6, 2)), "Y": ones((3, 4, 4))}, "dZ is 5 x 6, but a 3 x 4 input"),
        (
            LARGE | {"padding": ((HUGE, 0), (0, 0))},
            f"dW would be {HUGE} x 3 x 2 x 1: more than 2147483648 cells",
            f"check the sizes and padding = (({HUGE}, 0), (0, 0))",
        ),
        ({"dZ": maps(3, 4, 2**15), "Y": maps(5, 6, 2**16)}, "dW would be 3 x 3 x 65536 x 32768:"),
    ],
    "conv_backward_bias": [
        ({"dZ": ones((3, 4))}, "got (3, 4): pass dZ[..., np.newaxis]"),
        ({"stride": 2}, "conv_backward_bias has no argument stride: it takes dZ"),
    ],
    "conv_backward": [
        ({"dZ": ones((3, 4, 5))}, "dZ has 5 maps, W has 4 filters"),  # though the arrays are small
        ({"dZ": ones((5, 6, 2)), "Y": ones((3, 4, 4))}, "Y has 4 channels, W has filters for 2"),
        ({"padding": HUGE}, f"padding = {HUGE}"),
    ],
}
OTHER_CALLS = [
    ("output_size", {"n": (5, 7), "f": (7, 7)}, "f is 7 x 7, n with its padding is 5 x 7; take a"),
    (
        "output_size",
        {"n": (5, 6, 1)},
        "n must be a pair",
        "pass (height, width), not the whole sha",
    ),
    (
        "output_size, one axis",
        {"f": 7},
        "the filter does not fit: f is 7, n with its padding is 5;",
    ),
    (
        "output_size, one axis",
        {"dilation": 3},
        "f is 3, 7 with dilation 3, n with its padding is 5",
    ),
    ("zero_pad", {"padding": HUGE}, "the padded map would be", "check the sizes and padding = 46"),
    ("zero_pad", {"Y": maps(5, 6, 0), "padding": HUGE}, f"padding = {HUGE}"),
    ("zero_pad", {"Y": maps(2**28, 5, 6, 2), "padding": 1}, "map would be 268435456 x 7 x 8 x 2"),
    ("zero_pad", {"padding": "same"}, "(left, right)); got 'same'"),
    ("crop", {"padding": ((3, 3), (0, 0))}, "dYp is 5 x 6, too small to cut off padding = ((3, 3)"),
    ("crop", {"padding": HUGE}, f"padding = {HUGE}"),
    ("flip", {"W": ones(3)}, "W needs the shape (f_h, f_w, ...), got (3,)"),
    ("spread", {"stride": HUGE}, "dZ, spread, would be", f"check the sizes and stride = {HUGE}"),
    ("spread", {"dZ": maps(2**28, 3, 4, 4), "stride": 2}, "would be 268435456 x 5 x 7 x 4"),
    (
        "max_pool",
        {"size": 6},
        "the window does not fit: it is 6 x 6, Y is 5 x 6; take a smaller si",
    ),
    ("max_pool", {"Y": ones((0, 5, 1)), "size": 1}, "it is 1 x 1, Y is 0 x 5"),
    (
        "max_pool_backward",
        {"dZ": ones((1, 2, 2, 2))},
        "dZ has the shape (1, 2, 2, 2), but the pool of a map (5, 6, 2) gives (2, 2, 2); pass the",
    ),
    ("max_pool_backward", {"stride": 1}, "gives (4, 4, 2); pass the Y, the size and the stride of"),
    (
        "relu_backward",
        {"dY": ones(3), "Z": ones((1, 3))},
        "dY has the shape (3,), Z has (1, 3): an",
    ),
    ("softmax", {"logits": ones((2, 1, 1, 9))}, "got (2, 1, 1, 9): pass logits[:, 0,"),
    ("softmax", {"logits": ones((0, 3))}, "logits needs the shape (batch, classes),"),
    ("softmax", {"labels": [1]}, "one class for each row of logits, the shape (2,), g"),
    ("softmax", {"labels": np.eye(3)[:2]}, "(2, 3): pass labels.argmax(axis=1)"),
    ("softmax", {"labels": [1.0, 2.0]}, "labels must hold whole numbers, got float64"),
    ("softmax", {"labels": [0, 3]}, "labels must be from 0 to 2, the last class; got"),
    (
        "numerical_gradient",
        {"x": ones(1) * 1e20},
        "eps = 1e-05 is lost in rounding beside 1e+20: t",
    ),
    (
        "numerical_gradient",
        {"f": lambda x: x},
        "f must return one real number, the loss; it return",
    ),
    ("ForwardStepper", {"Y": ones((99, 99, 2))}, "too large to step through"),
    ("InputGradientStepper", {"stride": 2}, "dZ is 3 x 4", "stride"),
]
CALLS = OTHER_CALLS + [
    (f"{m}.{name}", *call) for m in MODULES for name, calls in FIVE.items() for call in calls
]


def refused(function, *arguments, room=300_000, **options):
    """What a bad call is told, before it takes much memory."""
    tracemalloc.start()
    try:
        said = raised(function, *arguments, **options)
        assert tracemalloc.get_traced_memory()[1] < room
    finally:
        tracemalloc.stop()
    return said


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [(name, changed, words) for name, changed, *words in CALLS],
    ids=[f"{name}: {words[0][:40]}" for name, _, *words in CALLS],
)
def test_a_bad_call_is_refused_with_the_way_out(name, changed, words):
    room = 50_000_000 if "Stepper" in name else 300_000
    said = refused(FUNCTIONS[name], room=room, **right(name) | changed)
    assert said and all(word in said for word in words), said


def test_there_are_enough_of_them():
    assert len(CALLS) >= 150


def test_the_advice_about_padding_is_the_least_that_helps():
    for n, f, d in itertools.product([1, 2, 5], [6, 7, 10], [1, 2]):
        said = refused(shapes.geometry, (n, 20), (f, 1), dilation=(d, 1))
        least = int(re.search(r"at least (\d+)", said)[1])
        assert shapes.output_size(n, f, 1, least, d) >= 1
        assert raised(shapes.output_size, n, f, 1, least - 1, d)


@pytest.mark.parametrize("shape", [(2**31,), (2**16, 2**15, 1), (0, 2**31), ()], ids=str)
def test_a_result_may_have_2_to_the_31_cells_and_no_more(shape):
    checks.check_room("Z", shape)
    more = (*shape[:-1], shape[-1] + 1) if shape else (2**31 + 1,)
    said = refused(checks.check_room, "Z", more)
    assert f"Z would be {checks.by(more)}: more than 2147483648 cells do not fit" in said


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if "." in n or n.endswith("_steps")])
def test_options_are_keywords(name):
    places = [a for a in right(name) if a not in ("stride", "padding", "dilation")]
    values = [right(name)[argument] for argument in places]
    said = raised(FUNCTIONS[name], *values, 2)
    count = f"{len(places)} positional argument" + "s" * (len(places) > 1)
    start = f"{name.split('.')[-1]} takes {count} but {len(places) + 1} were given"
    options = "; pass stride, padding and dilation as keywords" * (len(places) > 1)
    assert said == start + options

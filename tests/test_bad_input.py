"""What a student passes by mistake is refused at once, in words that name the way out.

Each call says which words the message must have: the argument, the numbers, the rule, the way out.
"""

import tracemalloc

import numpy as np
import pytest

from cnnlib import examples, layers, loops, numerical_gradient, shapes, steppers, vectorized
from cnnlib.steppers import share

MOST_ROOM = 50_000_000
E = examples.one_map()


class Bad:
    """Arrays that fit, made anew for each call, and a function to call with one of them wrong."""

    def __init__(self, module):
        self.Y, self.W, self.b = np.ones((5, 6, 2)), np.ones((3, 3, 2, 4)), np.ones(4)
        self.dZ = np.ones((3, 4, 4))
        self.module = module

    def forward(self, Y=None, W=None, b=None, *more, **how):
        Y, W = (own if given is None else given for own, given in ((self.Y, Y), (self.W, W)))
        return self.module.conv_forward(Y, W, b, *more, **how)

    def input(self, *more, dZ=None, W=None, size=(5, 6), **how):
        dZ, W = (own if given is None else given for own, given in ((self.dZ, dZ), (self.W, W)))
        return self.module.conv_backward_input(dZ, W, size, *more, **how)

    def filter(self, *more, dZ=None, Y=None, size=(3, 3), **how):
        dZ, Y = (own if given is None else given for own, given in ((self.dZ, dZ), (self.Y, Y)))
        return self.module.conv_backward_filter(dZ, Y, size, *more, **how)


STRIDE = "stride must be a whole number of at least 1, or a pair (height, width) of them; got"
PADDING = "padding must be a whole number of at least 0, a pair (height, width), or ((top, bottom)"
SIZE = "of whole numbers of at least"
CALLS = {
    "padding 2**62": (lambda a: a.forward(padding=2**62), "do not fit in memory", "padding = 46"),
    "padding below 0": (lambda a: a.forward(padding=-1), PADDING, "got -1"),
    "padding a fraction": (lambda a: a.forward(padding=1.5), PADDING, "got 1.5"),
    "padding a word": (lambda a: a.forward(padding="full"), PADDING, '"same"', "got 'full'"),
    "padding of three": (lambda a: a.forward(padding=(1, 2, 3)), PADDING, "got (1, 2, 3)"),
    "padding None": (lambda a: a.forward(padding=None), PADDING, "got None"),
    "stride 0": (lambda a: a.forward(stride=0), STRIDE + " 0"),
    "stride (0, 2)": (lambda a: a.forward(stride=(0, 2)), STRIDE + " (0, 2)"),
    "stride -1": (lambda a: a.input(stride=-1), STRIDE + " -1"),
    "stride a bool": (lambda a: a.forward(stride=True), STRIDE + " True"),
    "stride a text": (lambda a: a.filter(stride="2"), STRIDE + " '2'"),
    "stride None": (lambda a: a.forward(stride=None), STRIDE + " None"),
    "stride a fraction": (lambda a: a.input(stride=1.0), STRIDE + " 1.0"),
    "stride NaN": (lambda a: a.input(stride=float("nan")), STRIDE + " nan"),
    "stride of three": (lambda a: a.input(stride=(1, 1, 1)), STRIDE + " (1, 1, 1)"),
    "stride an array": (lambda a: a.input(stride=np.ones((2, 2))), STRIDE),
    "stride by place": (lambda a: a.forward(None, None, None, 2), "by name", "stride=1"),
    "stride by place, dY": (lambda a: a.input(2), "by name", "conv_backward_input(dZ, W, input_s"),
    "stride by place, dW": (lambda a: a.filter(2), "by name", "conv_backward_filter(dZ, Y, filte"),
    "all three by place": (lambda a: a.filter(2, 1, 1), "by name", "6 without a name"),
    "strides": (lambda a: a.forward(strides=2), "no argument strides", "stride=1"),
    "groups": (lambda a: a.input(groups=2), "no argument groups", "dilation=1"),
    "dilation 0": (lambda a: a.forward(dilation=0), "dilation must be a whole number", "got 0"),
    "dilation huge": (lambda a: a.forward(dilation=10**30), "does not fit", "or a smaller filter"),
    "filter too large": (
        lambda a: a.forward(np.ones((1, 1, 2)), np.ones((10, 10, 2, 4))),
        "the filter does not fit: W is 10 x 10, Y with its padding is 1 x 1",
        "take a padding of at least 5",
    ),
    "channels differ": (
        lambda a: a.forward(np.ones((5, 6, 3))),
        "Y has 3 channels, W has filters for 2 channels",
        "Y.shape[-1] and W.shape[2] must be equal",
    ),
    "channels first": (
        lambda a: a.forward(np.ones((2, 5, 6))),
        "channels come last here: np.moveaxis(Y, -3, -1)",
    ),
    "Y a matrix": (lambda a: a.forward(np.ones((5, 6))), "got (5, 6): pass Y[..., np.newaxis]"),
    "W of three axes": (lambda a: a.forward(None, np.ones((3, 3, 2))), "(f_h, f_w, n_k, f_k)"),
    "Y of integers": (lambda a: a.forward(np.ones((5, 6, 2), int)), "Y.astype(float)", "int64"),
    "W of integers": (lambda a: a.input(W=np.ones((3, 3, 2, 4), int)), "W.astype(float)"),
    "dZ of integers": (lambda a: a.filter(dZ=np.ones((3, 4, 4), int)), "dZ.astype(float)"),
    "Y of bools": (lambda a: a.forward(a.Y > 0), "Y holds booleans", "Y.astype(float)"),
    "Y complex": (lambda a: a.forward(a.Y * 1j), "Y holds complex numbers", "pass Y.real"),
    "Y of objects": (lambda a: a.forward(a.Y.astype(object)), "(object)", "Y.astype(float)"),
    "Y of dates": (lambda a: a.forward(a.Y.astype("datetime64[s]")), "no floating-point numbers"),
    "Y of texts": (lambda a: a.forward(np.array([["a"]])), "<U1", "no floating-point numbers"),
    "Y a text": (lambda a: a.forward("Y"), "Y must be a NumPy array of floats, got str"),
    "Y a list": (lambda a: a.forward(a.Y.tolist()), "got list: pass np.array(Y, dtype=float)"),
    "Y a number": (lambda a: a.forward(3.0), "got float: pass np.array(Y, dtype=float)"),
    "dZ None": (lambda a: a.module.conv_backward_bias(None), "dZ must be a NumPy array", "NoneT"),
    "Y masked": (lambda a: a.forward(np.ma.array(a.Y, mask=a.Y > 0)), "pass Y.filled(0)"),
    "Y a dict": (lambda a: a.forward({"Y": a.Y}), "got dict"),
    "Y a generator": (lambda a: a.forward(y for y in a.Y), "got generator"),
    "b too short": (
        lambda a: a.forward(None, np.ones((3, 3, 2, 8)), np.ones(3)),
        "b has 3 values, W has 8 filters: b needs one value for each filter, b.shape == (8,)",
    ),
    "b of two axes": (lambda a: a.forward(b=np.ones((1, 4))), "b.shape == (4,)", "got the shape"),
    "b a number": (lambda a: a.forward(b=0.5), "b must be a NumPy array of floats, got float"),
    "b of integers": (lambda a: a.forward(b=np.zeros(4, int)), "b.astype(float)"),
    "dZ of another stride": (
        lambda a: a.input(dZ=np.ones((3, 3, 4)), size=(6, 6), stride=2),
        "dZ is 3 x 3, but a 6 x 6 input, a 3 x 3 filter, stride 2 and padding 0 give a 2 x 2",
        "pass the stride and padding of the forward pass",
    ),
    "dZ of other filters": (
        lambda a: a.input(dZ=np.ones((3, 4, 5))),
        "dZ has 5 maps, W has 4 filters: each filter makes one map",
    ),
    "input_size a number": (lambda a: a.input(size=5), "input_size must be a pair (n_h, n_w)"),
    "input_size a shape": (lambda a: a.input(size=(5, 6, 2)), "take the height and the width only"),
    "input_size below 0": (lambda a: a.input(size=(-5, 6)), SIZE, "got (-5, 6)"),
    "input_size a fraction": (lambda a: a.input(size=(5.0, 6)), SIZE, "got (5.0, 6)"),
    "input_size huge": (lambda a: a.input(size=(2**40, 2**40)), "1099511627776 x 1099511627776"),
    "input_size None": (lambda a: a.input(size=None), "input_size", "got None"),
    "filter_size of another": (lambda a: a.filter(size=(2, 2)), "a 2 x 2 filter", "give a 4 x 5"),
    "filter_size of 0": (lambda a: a.filter(size=(0, 3)), "filter_size", "got (0, 3)"),
    "filter_size a text": (lambda a: a.filter(size="3x3"), "filter_size", "got '3x3'"),
    "filter_size W.shape": (lambda a: a.filter(size=a.W.shape), "take the height and the width on"),
    "other batch": (
        lambda a: a.filter(dZ=np.ones((2, 3, 4, 4)), Y=np.ones((3, 5, 6, 2))),
        "dZ and Y must hold the same batch",
        "pass the Y of the forward pass",
    ),
    "no batch": (lambda a: a.filter(dZ=np.ones((2, 3, 4, 4))), "(2,) in dZ and () in Y"),
    "dZ and Y exchanged": (lambda a: a.filter(dZ=a.Y, Y=a.dZ), "dZ is 5 x 6, but a 3 x 4 input"),
    "Y and dZ exchanged": (
        lambda a: a.module.conv_backward(a.Y, a.dZ, a.W),
        "Y has 4 channels, W has filters for 2",
    ),
    "dZ one number": (lambda a: a.module.conv_backward_bias(np.float64(3)), "got float64"),
}


@pytest.mark.parametrize("module", [loops, vectorized], ids=["loops", "vectorized"])
@pytest.mark.parametrize("name", CALLS)
def test_a_bad_call_is_refused_with_the_way_out(name, module):
    call, *words = CALLS[name]
    refused(lambda: call(Bad(module)), words)


def refused(call, words):
    """Ask that a call is refused before it takes room, and that its message has these words."""
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, TypeError)) as error:
            call()
        room = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = str(error.value)
    assert room < MOST_ROOM, f"{room} bytes"
    assert all(word in said for word in words), said
    assert len(said) < 400, said
    assert "\n" not in said


def test_there_are_enough_of_them():
    assert len(CALLS) >= 60


MORE = {
    "output_size of a float": (lambda: shapes.output_size(5.5, 3), "n", "5.5"),
    "output_size too large a filter": (lambda: shapes.output_size(2, 5), "filter", "padding"),
    "zero_pad huge": (lambda: shapes.zero_pad(np.ones((2, 2, 1)), 2**40), "memory", "padding"),
    "crop too much": (lambda: shapes.crop(np.ones((4, 4, 1)), 3), "padding"),
    "flip a text": (lambda: shapes.flip("W"), "W must be a NumPy array", "got str"),
    "spread by 0": (lambda: shapes.spread(np.ones((2, 2, 1)), 0), "stride", "got 0"),
    "spread huge": (lambda: shapes.spread(np.ones((9, 9, 1)), 2**40), "memory", "stride"),
    "max_pool larger than the map": (
        lambda: layers.max_pool(np.ones((2, 2, 1)), 5),
        "5 x 5",
        "2 x 2",
    ),
    "max_pool of integers": (lambda: layers.max_pool(np.ones((4, 4, 1), "U1"), 2), "Y"),
    "relu_backward of two sizes": (
        lambda: layers.relu_backward(np.ones((2, 2, 1)), np.ones((3, 3, 1))),
        "(2, 2, 1)",
        "(3, 3, 1)",
    ),
    "labels that are too large": (
        lambda: layers.softmax_cross_entropy(np.ones((2, 3)), np.array([0, 3])),
        "labels",
        "3",
    ),
    "numerical_gradient of texts": (
        lambda: numerical_gradient(lambda x: 0.0, np.array(["a"])),
        "x must be an array of real numbers",
    ),
    "a stepper of a large map": (
        lambda: steppers.ForwardStepper(np.ones((99, 99, 1)), np.ones((3, 3, 1, 1))),
        "too large to step through",
        "Y[:12, :12]",
    ),
    "a stepper with one array": (lambda: steppers.ForwardStepper(Y=E.Y), "together", "W is None"),
    "a stepper of another stride": (
        lambda: steppers.InputGradientStepper(E.dZ, E.W, (5, 5), stride=2),
        "dZ is 3 x 3",
        "stride",
    ),
    "an index that is not there": (
        lambda: setattr(steppers.ForwardStepper(), "index", 99),
        "9",
        "99",
    ),
    "a word for a question": (
        lambda: setattr(steppers.ForwardStepper(), "predict", "all"),
        "predict must be None or one of value",
    ),
    "no code": (lambda: share.from_code("x = 1"), "no code of a problem"),
    "a code of numbers that are none": (
        lambda: share.from_code("input;float64;dZ=2x2x1:1,2,x,4"),
        "'x' is no number",
    ),
    "a code that is no text": (lambda: share.from_code(3), "a code is text, got int"),
}


@pytest.mark.parametrize("name", MORE)
def test_what_stands_around_refuses_too(name):
    call, *words = MORE[name]
    refused(call, words)

"""How each exercise sets out, and its mistakes: each has a name, and functions that make it.

A function of a mistake takes a `work.Work` and does one thing wrong to it.
"""

import numpy as np

from cnnlib import shapes
from cnnlib.exercises import around, convolution, moves, work
from cnnlib.exercises.convolution import EACH, OF_DZ, OF_Y
from cnnlib.exercises.work import end

BEGUN = {
    "conv_backward_input": work.begun_input,
    "conv_backward_filter": work.begun_filter,
    "conv_forward": work.begun_forward,
    "conv_backward_bias": work.begun(around.bias_gradient, "dZ"),
    "relu_backward": work.begun(around.sloped, "dY", "Z", slope=around.above),
    "tanh_backward": work.begun(around.sloped, "dY", "Z", slope=lambda Z: 1 - np.tanh(Z) ** 2),
    "train_step": around.begun_step,
    "max_pool_backward": work.begun(
        around.pooled, "dZ", "Y", "size", "stride", share=around.largest, put=np.add
    ),
    "spread": work.begun(
        moves.spread, "dZ", "stride", before=moves.no_zeros, behind=moves.no_zeros
    ),
    "flip": work.begun(lambda x: shapes.flip(x.W), "W"),
    "crop": work.begun(moves.crop, "dYp", "padding", start=1, stop=1, more=0),
    "output_size": work.begun(
        moves.size, "n", "f", "s", "p", divide=lambda way, s: way // s, first=1, sides=2
    ),
}
MISTAKES = {
    "conv_backward_input": EACH | OF_DZ | convolution.INPUT,
    "conv_backward_filter": EACH | OF_DZ | OF_Y | convolution.FILTER,
    "conv_backward_bias": around.BIAS,
    "conv_forward": EACH | OF_Y | convolution.FORWARD,
    "relu_backward": around.RELU,
    "tanh_backward": around.TANH,
    "train_step": around.TRAIN,
    "max_pool_backward": around.POOL,
    "spread": moves.SPREAD,
    "flip": moves.FLIP,
    "crop": moves.CROP,
    "output_size": moves.OUTPUT_SIZE,
}
ANYWHERE = {  # found by what they do to the right result, in any exercise
    "all zeros": [end(lambda made: 0 * made)],
    "sign": [end(lambda made: -made)],
    "twice": [end(lambda made: 2 * made)],
    "half": [end(lambda made: made / 2)],
}

"""The backward pass of a convolution layer, to read, to step through and to check."""

from cnnlib import fast, loops, vectorized
from cnnlib.fast import (
    conv_backward,
    conv_backward_bias,
    conv_backward_filter,
    conv_backward_input,
    conv_forward,
)
from cnnlib.gradcheck import numerical_gradient
from cnnlib.shapes import ConvGradients, crop, flip, output_size, spread, zero_pad

__all__ = [
    "ConvGradients",
    "conv_backward",
    "conv_backward_bias",
    "conv_backward_filter",
    "conv_backward_input",
    "conv_forward",
    "crop",
    "fast",
    "flip",
    "loops",
    "numerical_gradient",
    "output_size",
    "spread",
    "vectorized",
    "zero_pad",
]

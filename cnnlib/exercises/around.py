"""The mistakes of the bias gradient, of what stands around a convolution, and of the four moves.

As in `convolution`: each mistake under its name, with one function for each way to make it.
"""

import numpy as np

from cnnlib import layers, shapes
from cnnlib.exercises import convolution, work
from cnnlib.exercises.convolution import REVERSED_MAPS, TURNS, half_turn
from cnnlib.exercises.work import both, change, end, put

# --- the bias gradient ------------------------------------------------------------------------


def bias_gradient(x):
    """Sum over all axes but the last."""
    return x.dZ.sum(axis=tuple(range(x.dZ.ndim - 1)))


def over(*axes):
    """Sum over some axes."""
    return put(make=lambda x: x.dZ.sum(axis=axes))


def image(at):
    """Take one image of a batch."""
    return change(dZ=lambda dZ: dZ[at] if dZ.ndim > 3 else dZ)


LAST_CELL = change(dZ=lambda dZ: dZ[..., -1:, -1:, :])
AXES = [(0, 1), (1, 2), (0, 1, 2), (0,), (1,), (-1,), (-3, -1), (-2, -1), (-3,), (-2,), (-3, -2)]
BIAS = {
    "averaged over the cells": [
        change(dZ=convolution.per_cell),
        change(dZ=convolution.per_area),
    ],
    "batch averaged": [change(dZ=convolution.per_image), change(dZ=convolution.per_first)],
    "wrong axes": [
        put(make=lambda x: np.full(x.dZ.shape[-1], x.dZ.sum())),
        put(make=lambda x: np.full(x.dZ.shape[-1], x.dZ.mean())),
        put(make=lambda x: x.dZ.sum(axis=tuple(range(x.dZ.ndim - 1)), keepdims=True)),
        *(over(*axes) for axes in [*AXES, (-3, -2, -1)]),
    ],
    "one image only": [image(0), image(-1)],
    "= for +=": [LAST_CELL, both(image(-1), LAST_CELL)],
    "cells counted": [change(dZ=np.ones_like)],
    "last window left out": [
        change(dZ=lambda dZ: dZ[..., :-1, :-1, :]),
        change(dZ=lambda dZ: dZ[..., :-1, :, :]),
        change(dZ=lambda dZ: dZ[..., :-1, :]),
    ],
}

# --- activations: what is not dY times a slope replaces the whole ------------------------------


def sloped(x):
    """Multiply dY by the slope at Z, cell by cell."""
    return x.dY * x.slope(x.Z)


def slope(how):
    """Take another slope, a function of Z."""
    return put(slope=how)


def of_tanh(how):
    """Take another slope, a function of y = tanh(Z)."""
    return put(slope=lambda Z: how(np.tanh(Z)))


NO_DY = change(dY=np.ones_like)


def above(Z):
    """Give the slope of ReLU."""
    return 1.0 * (Z > 0)


def relu(Z):
    """Give ReLU itself."""
    return np.maximum(Z, 0)


RELU = {
    "slope 1 at Z = 0": [slope(lambda Z: Z >= 0), slope(lambda Z: np.heaviside(Z, 0.5))],
    "dY forgotten": [NO_DY, both(NO_DY, slope(lambda Z: Z >= 0))],
    "mask of dY": [change(dY=relu), put(make=lambda x: relu(x.dY))],
    "mask the wrong way round": [slope(lambda Z: Z <= 0), slope(lambda Z: Z < 0)],
    "Z for its slope": [slope(relu), both(NO_DY, slope(relu))],
    "sign for the slope": [slope(np.sign), slope(lambda Z: 2 * (Z > 0) - 1)],
    "other choice": [
        put(make=lambda x: np.where(x.Z > 0, 1, x.dY)),
        put(make=lambda x: np.where(x.Z > 0, x.dY, x.Z)),
    ],
    "no mask": [slope(np.ones_like)],
}
TANH = {
    "slope at Y": [of_tanh(lambda y: 1 - np.tanh(y) ** 2)],
    "tanh forgotten": [slope(lambda Z: 1 - Z**2)],
    "square forgotten": [of_tanh(lambda y: 1 - y)],
    "dY forgotten": [NO_DY],
    "1 - forgotten": [of_tanh(np.square)],
    "+ for -": [of_tanh(lambda y: 1 + y**2)],
    "tanh for its slope": [slope(np.tanh), both(NO_DY, slope(np.tanh))],
    "square of the slope": [of_tanh(lambda y: (1 - y) ** 2), of_tanh(lambda y: (1 - y**2) ** 2)],
    "slope at dY": [
        put(make=lambda x: x.dY * (1 - x.dY**2)),
        put(make=lambda x: x.dY * (1 - np.tanh(x.dY) ** 2)),
    ],
    "no slope": [slope(np.ones_like)],
    "slope of the sigmoid": [
        of_tanh(lambda y: y * (1 - y)),
        put(make=lambda x: layers.sigmoid_backward(x.dY, x.Z)),
    ],
}

# --- a training step: dY comes from W_then, and each step is eta times a gradient --------------


def train_step(dZ, Y, W, b, eta):
    """Return dY, and W and b after one step against their gradients."""
    return stepped(begun_step(dZ, Y, W, b, eta))


def begun_step(dZ, Y, W, b, eta):
    """Set out a training step."""
    return work.Work(
        stepped, dZ=dZ, Y=Y, W=W, b=b, eta=eta, early=False, passed_on=1, dW_times=eta, db_times=eta
    )


def gradients(x, W):
    """Give the three gradients of a layer with stride 1 and no padding."""
    plain = (1, 1), (0, 0)
    dY = begun_input(x.dZ, W, x.Y.shape[:2], *plain).result
    dW = begun_filter(x.dZ, x.Y, W.shape[:2], *plain).result
    return dY, dW, bias_gradient(x)


def stepped(x):
    """Take the step."""
    dY, dW, db = gradients(x, x.W)
    new_W, new_b = x.W - x.dW_times * dW, x.b - x.db_times * db
    if x.early:
        dY = gradients(x, new_W)[0]
    return x.passed_on * dY, new_W, new_b


def steps(how, *names):
    """Change the factor of both steps, or of one; it may depend on the number of cells."""

    def slip(x):
        cells = x.dZ[..., 0].size
        vars(x).update({name: how(x.eta, cells) for name in names or ("dW_times", "db_times")})

    return slip


TRAIN = {
    "W updated before dY": [put(early=True)],
    "uphill": [steps(lambda eta, cells: -eta)],
    "eta forgotten": [steps(lambda eta, cells: 1)],
    "eta in dY": [put(passed_on=0.5), put(passed_on=-0.5)],  # eta is 0.5
    "bias not updated": [put(db_times=0)],
    "W not updated": [put(dW_times=0)],
    "gradients returned": [put(make=lambda x: gradients(x, x.W))],
    "eta divides": [steps(lambda eta, cells: 1 / eta)],
    "averaged over the cells": [
        steps(lambda eta, cells: eta / cells, *names)
        for names in ((), ("db_times",), ("dW_times",))
    ],
}

# --- max pool: each window gives its dZ away by shares of its cells ----------------------------


def pooled(x):
    """Give the dZ of each window to its cells, by shares."""
    dY, (f_h, f_w), (s_h, s_w) = np.zeros_like(x.Y), x.size, x.stride
    for i, j, k in np.ndindex(x.dZ.shape):
        window = np.s_[i * s_h : i * s_h + f_h, j * s_w : j * s_w + f_w, k]
        dY[window] = x.put(dY[window], x.dZ[i, j, k] * x.share(x.Y[window]))
    return dY


def one(find):
    """Give all to one cell, found by its position in row order."""
    return put(share=lambda w: (np.arange(w.size) == find(w)).reshape(w.shape))


def largest(w):
    """Mark the first largest cell of a window."""
    return (np.arange(w.size) == w.argmax()).reshape(w.shape)


def share(*hows):
    """Share in other ways."""
    return [put(share=how) for how in hows]


def pair(name):
    """Exchange a pair, or use one of its numbers for both."""
    return [change(**{name: lambda p, at=at: p[at]}) for at in ([1, 0], [0, 0], [1, 1])]


POOL = {
    "all of several largest": share(lambda w: w == w.max()),
    "last of several largest": [one(lambda w: np.flatnonzero(w == w.max())[-1])],
    "shared by several largest": share(lambda w: (w == w.max()) / np.sum(w == w.max())),
    "spread evenly": share(lambda w: 1 / w.size, np.ones_like),
    "first cell of the window": [one(lambda w: 0)],
    "smallest for largest": [one(np.argmin), *share(lambda w: w == w.min())],
    "= for +=": [
        put(put=lambda old, new: new),
        put(put=lambda old, new: np.where(new, new, old)),
    ],
    "stride is the size": [lambda x: put(stride=x.size)(x)],
    "stride forgotten": [put(stride=(1, 1))],
    "strides exchanged": pair("stride"),
    "largest starts at 0": share(
        lambda w: largest(w) * (w > 0), lambda w: largest(np.maximum(w, 0))
    ),
    "dZ times the largest": share(lambda w: largest(w) * w),
    "size exchanged": pair("size"),
    "maps share one cell": [change(Y=lambda Y: Y[..., :1] + 0 * Y)],
}

# --- the four moves, and a size ---------------------------------------------------------------


def spread(x):
    """Put dZ into zeros: the cells a stride apart, the first at `before`, some zeros behind."""
    (o_h, o_w), (s_h, s_w) = x.dZ.shape[:2], x.stride
    before_h, before_w = x.before(x.stride)
    after_h, after_w = x.behind(x.stride)
    size = (before_h + (o_h - 1) * s_h + 1 + after_h, before_w + (o_w - 1) * s_w + 1 + after_w)
    wide = np.zeros((*size, x.dZ.shape[2]))
    wide[before_h::s_h, before_w::s_w][:o_h, :o_w] = x.dZ
    return wide


def no_zeros(stride):
    """Put none."""
    return 0 * stride


def one_less(stride):
    """Put as many as lie between neighbours."""
    return stride - 1


SPREAD = {
    "too many zeros": [change(stride=lambda s: s + 1)],
    "too few zeros": [change(stride=lambda s: np.maximum(1, s - 1))],
    "zeros behind the last": [
        put(behind=one_less),
        put(before=one_less),
        put(before=one_less, behind=one_less),
    ],
    "repeated": [put(make=lambda x: x.dZ.repeat(x.stride[0], axis=0).repeat(x.stride[1], axis=1))],
    "strides exchanged": pair("stride"),
    "one axis only": [
        change(stride=lambda s: s * [1, 0] + [0, 1]),
        change(stride=lambda s: s * [0, 1] + [1, 0]),
    ],
    "not spread": [change(stride=lambda s: s // s)],
}
FLIP = {  # of a right half turn, turned back where need be
    "one axis only": [end(np.flipud), end(np.fliplr)],
    "transposed": [both(end(half_turn), end(TURNS[0])), end(TURNS[0])],
    "turned by 90 degrees": [end(how) for how in TURNS[1:]],
    "maps flipped too": [end(how) for how in REVERSED_MAPS],
    "maps flipped only": [both(end(half_turn), end(how)) for how in REVERSED_MAPS],
    "maps exchanged": [
        end(convolution.maps_exchanged),
        both(end(half_turn), end(convolution.maps_exchanged)),
    ],
    "not flipped": [end(half_turn)],
}


def crop(x):
    """Keep what begins `start` paddings from the one end and stops `stop` from the other."""
    n_h, n_w = x.dYp.shape[:2]
    (top, left), (bottom, right) = x.start * x.padding, x.stop * x.padding - x.more
    return x.dYp[top : n_h - bottom, left : n_w - right]


def sliced(x):
    """Count the end from the end, where it may be 0."""
    p_h, p_w = x.padding
    return x.dYp[p_h:-p_h, p_w:-p_w]


CROP = {
    "one side only": [put(stop=0), put(start=0)],
    "one axis only": [change(padding=lambda p: p * [0, 1]), change(padding=lambda p: p * [1, 0])],
    "paddings exchanged": pair("padding"),
    "slice [p:-p] at p = 0": [put(make=sliced)],
    "not cropped": [change(padding=lambda p: 0 * p)],
    "cut twice": [change(padding=lambda p: 2 * p)],
    "off by one": [put(more=1), put(more=-1)],
}


def size(x):
    """Count the windows."""
    return x.divide(x.n + x.sides * x.p - x.f, x.s) + x.first


OUTPUT_SIZE = {
    "rounded up": [put(divide=lambda way, s: -(-way // s))],
    "+ 1 forgotten": [put(first=0)],
    "padding once": [put(sides=1)],
    "padding forgotten": [put(sides=0)],
    "padding subtracted": [put(sides=-2)],
    "f forgotten": [put(f=0, first=0), put(f=0)],
    "stride forgotten": [put(s=1)],
    "all divided": [put(divide=lambda way, s: (way + 1) // s, first=0)],
    "f off by one": [change(f=lambda f: f + 1), change(f=lambda f: f - 1)],
}

# --- how each exercise begins, and the mistakes that any may have ------------------------------


def begun(make, *names, **parts):
    """Say how an exercise sets out, from its arguments in their order."""
    return lambda *values: work.Work(make, **dict(zip(names, values, strict=True)), **parts)


def begun_input(dZ, W, input_size, stride, padding):
    """Set out an input gradient."""
    return work.Layer(work.input_gradient, input_size, stride, padding, dZ=dZ, W=W)


def begun_filter(dZ, Y, filter_size, stride, padding):
    """Set out a filter gradient."""
    return work.Layer(work.filter_gradient, filter_size, stride, padding, dZ=dZ, Y=Y)


def begun_forward(Y, W, b, stride, padding):
    """Set out a forward pass; how many windows there are is counted later."""
    return work.Layer(work.output_map, (0, 0), stride, padding, Y=Y, W=W, b=b)


BEGUN = {
    "conv_backward_input": begun_input,
    "conv_backward_filter": begun_filter,
    "conv_forward": begun_forward,
    "conv_backward_bias": begun(bias_gradient, "dZ"),
    "relu_backward": begun(sloped, "dY", "Z", slope=above),
    "tanh_backward": begun(sloped, "dY", "Z", slope=lambda Z: 1 - np.tanh(Z) ** 2),
    "train_step": begun_step,
    "max_pool_backward": begun(pooled, "dZ", "Y", "size", "stride", share=largest, put=np.add),
    "spread": begun(spread, "dZ", "stride", before=no_zeros, behind=no_zeros),
    "flip": begun(lambda x: shapes.flip(x.W), "W"),
    "crop": begun(crop, "dYp", "padding", start=1, stop=1, more=0),
    "output_size": begun(
        size, "n", "f", "s", "p", divide=lambda way, s: way // s, first=1, sides=2
    ),
}
MISTAKES = {
    "conv_backward_input": convolution.INPUT,
    "conv_backward_filter": convolution.FILTER,
    "conv_backward_bias": BIAS,
    "conv_forward": convolution.FORWARD,
    "relu_backward": RELU,
    "tanh_backward": TANH,
    "train_step": TRAIN,
    "max_pool_backward": POOL,
    "spread": SPREAD,
    "flip": FLIP,
    "crop": CROP,
    "output_size": OUTPUT_SIZE,
}
ANYWHERE = {  # found by what they do to the right result, in any exercise
    "all zeros": [end(lambda made: 0 * made)],
    "sign": [end(lambda made: -made)],
    "twice": [end(lambda made: 2 * made)],
    "half": [end(lambda made: made / 2)],
}

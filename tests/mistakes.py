"""Functions as students write them: right by many routes, and wrong in many styles."""

import functools

import numpy as np

from cnnlib import gradcheck, layers, loops, shapes, vectorized


def pad(Y, padding, rest=(0, 0)):
    (p_h, p_w), (r_h, r_w) = padding, rest
    return np.pad(Y, [(p_h, p_h + r_h), (p_w, p_w + r_w), (0, 0)])


def scatter(dZ, W, input_size, stride, padding, *, put=np.add, weight=lambda W: W):
    """Add (or what `put` does) each window to the padded gradient, and crop."""
    (n_h, n_w), (s_h, s_w), (p_h, p_w) = input_size, stride, padding
    W = weight(W)
    f_h, f_w = W.shape[:2]
    dYp = np.zeros((n_h + 2 * p_h, n_w + 2 * p_w, W.shape[2]))
    for i, j in np.ndindex(dZ.shape[:2]):
        window = np.s_[i * s_h : i * s_h + f_h, j * s_w : j * s_w + f_w]
        dYp[window] = put(dYp[window], W @ dZ[i, j])
    return dYp[p_h : p_h + n_h, p_w : p_w + n_w]


def gather(dZ, W, input_size, stride, padding, *, laid=shapes.flip, late_rest=True):
    """Slide the filter over the spread, padded dZ with einsum."""
    f_h, f_w = W.shape[:2]
    rest = shapes.geometry(input_size, (f_h, f_w), stride, padding).rest if late_rest else (0, 0)
    dZp = pad(shapes.spread(dZ, stride), (f_h - 1, f_w - 1), rest)
    windows = np.lib.stride_tricks.sliding_window_view(dZp, laid(W).shape[:2], axis=(0, 1))
    dYp = np.einsum("ijkuv,uvck->ijc", windows, laid(W))
    rows, columns = (np.s_[p : m - p] for p, m in zip(padding, dYp.shape[:2], strict=True))
    return dYp[rows, columns]


def by_fft(dZ, W, input_size, stride, padding):
    (n_h, n_w), (p_h, p_w) = input_size, padding
    size = n_h + 2 * p_h, n_w + 2 * p_w
    product = np.einsum(
        "ijk,ijck->ijc",
        np.fft.fft2(shapes.spread(dZ, stride), size, axes=(0, 1)),
        np.fft.fft2(W, size, axes=(0, 1)),
    )
    return np.fft.ifft2(product, axes=(0, 1)).real[p_h : p_h + n_h, p_w : p_w + n_w]


def by_difference(dZ, W, input_size, stride, padding):
    def loss(Y):
        return np.sum(dZ * vectorized.conv_forward(Y, W, stride=stride, padding=padding))

    return gradcheck.numerical_gradient(loss, np.zeros((*input_size, W.shape[2])), eps=1)


def by_matrix(dZ, W, input_size, stride, padding):
    units = np.eye(int(np.prod(input_size)) * W.shape[2]).reshape(-1, *input_size, W.shape[2])
    A = vectorized.conv_forward(units, W, stride=stride, padding=padding)
    return (A.reshape(len(A), -1) @ dZ.ravel()).reshape(units.shape[1:])


def filter_im2col(dZ, Y, filter_size, stride, padding):
    (f_h, f_w), (s_h, s_w), o = filter_size, stride, dZ.shape[:2]
    Yp = pad(Y, padding)
    columns = [
        Yp[i * s_h : i * s_h + f_h, j * s_w : j * s_w + f_w].ravel() for i, j in np.ndindex(o)
    ]
    dW = np.array(columns).T @ dZ.reshape(-1, dZ.shape[-1])
    return dW.reshape(f_h, f_w, Y.shape[-1], dZ.shape[-1])


def filter_slices(dZ, Y, filter_size, stride, padding, *, step=True, flipped=False):
    (s_h, s_w), (o_h, o_w) = stride, dZ.shape[:2]
    Yp = pad(Y, padding)
    dZ = dZ[::-1, ::-1] if flipped else dZ
    dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
    for u, v in np.ndindex(*filter_size):
        cells = Yp[u : u + o_h * s_h : s_h, v : v + o_w * s_w : s_w]
        cells = cells[:o_h, :o_w] if step else Yp[u : u + o_h, v : v + o_w]
        dW[u, v] = np.einsum("ijc,ijk->ck", cells, dZ)
    return dW


class Scatter:
    """A callable object."""

    def __call__(self, dZ, W, input_size, stride=(1, 1), padding=(0, 0)):
        return scatter(dZ, W, input_size, stride, padding)


def recursive_bias(dZ):
    return dZ if dZ.ndim == 1 else sum(recursive_bias(part) for part in dZ)


RIGHT = [
    ("conv_backward_input", scatter),
    ("conv_backward_input", gather),
    ("conv_backward_input", by_fft),
    ("conv_backward_input", lambda *x, **how: np.rint(by_fft(*x, **how))),
    ("conv_backward_input", by_difference),
    ("conv_backward_input", by_matrix),
    ("conv_backward_input", Scatter()),
    ("conv_backward_input", functools.partial(scatter, put=np.add)),
    ("conv_backward_input", lambda *x, **how: np.asfortranarray(scatter(*x, **how))),
    ("conv_backward_input", lambda *x, **how: scatter(*x, **how).astype(np.longdouble)),
    ("conv_backward_input", loops.conv_backward_input),
    ("conv_backward_input", vectorized.conv_backward_input),
    ("conv_backward_filter", filter_im2col),
    ("conv_backward_filter", filter_slices),
    ("conv_backward_filter", loops.conv_backward_filter),
    ("conv_backward_bias", recursive_bias),
    ("conv_backward_bias", lambda dZ: dZ.reshape(-1, dZ.shape[-1]).sum(0)),
    ("conv_backward_bias", lambda dZ: np.tensordot(np.ones(dZ.shape[:-1]), dZ, dZ.ndim - 1)),
    ("conv_forward", loops.conv_forward),
    ("conv_forward", vectorized.conv_forward),
    ("relu_backward", layers.relu_backward),
    ("relu_backward", lambda dY, Z: dY * (Z > 0)),
    ("tanh_backward", lambda dY, Z: dY / np.cosh(Z) ** 2),
    ("max_pool_backward", layers.max_pool_backward),
    ("spread", shapes.spread),
    ("flip", lambda W: W[::-1, ::-1]),
    ("flip", lambda W: np.rot90(W, 2)),
    ("crop", shapes.crop),
    ("output_size", lambda n, f, stride, padding: len(range(0, n + 2 * padding - f + 1, stride))),
    ("input_gradient_one_map", lambda dZ, W: gather_matrix(dZ, W)),
]


def gather_matrix(dZ, W):
    dY = np.zeros(np.array(dZ.shape) + W.shape - 1)
    for (r, c), (i, j) in ((a, b) for a in np.ndindex(dY.shape) for b in np.ndindex(dZ.shape)):
        if 0 <= r - i < W.shape[0] and 0 <= c - j < W.shape[1]:
            dY[r, c] += dZ[i, j] * W[r - i, c - j]
    return dY


def no_spread(dZ, W, input_size, stride, padding):
    return gather(
        dZ,
        W,
        [o + f - 1 - 2 * p for o, f, p in zip(dZ.shape, W.shape, padding, strict=False)],
        (1, 1),
        padding,
    )


def uncropped(dZ, W, input_size, stride, padding):
    size = [n + 2 * p for n, p in zip(input_size, padding, strict=True)]
    return scatter(dZ, W, size, stride, (0, 0))


WRONG = [  # exercise, the mistake that must be named, a student's function
    ("conv_backward_input", "filter not flipped", functools.partial(gather, laid=lambda W: W)),
    ("conv_backward_input", "filter not flipped", functools.partial(scatter, weight=shapes.flip)),
    (
        "conv_backward_input",
        "columns not flipped",
        functools.partial(gather, laid=lambda W: W[::-1]),
    ),
    (
        "conv_backward_input",
        "filter transposed",
        functools.partial(gather, laid=lambda W: W.swapaxes(0, 1)),
    ),
    (
        "conv_backward_input",
        "filter turned by 90 degrees",
        functools.partial(gather, laid=np.rot90),
    ),
    ("conv_backward_input", "maps reversed", functools.partial(gather, laid=np.flip)),
    ("conv_backward_input", "left-over rows forgotten", functools.partial(gather, late_rest=False)),
    ("conv_backward_input", "= for +=", functools.partial(scatter, put=lambda old, new: new)),
    (
        "conv_backward_input",
        "stride forgotten",
        lambda dZ, W, n, stride, padding: scatter(dZ, W, n, (1, 1), padding),
    ),
    ("conv_backward_input", "stride forgotten", no_spread),
    (
        "conv_backward_input",
        "strides exchanged",
        lambda dZ, W, n, stride, padding: scatter(dZ, W, n, stride[::-1], padding),
    ),
    ("conv_backward_input", "padding not cropped", uncropped),
    (
        "conv_backward_input",
        "padding cropped on one side",
        lambda dZ, W, n, **how: uncropped(dZ, W, n, **how)[: n[0], : n[1]],
    ),
    (
        "conv_backward_input",
        "sum over k forgotten",
        lambda dZ, W, *x, **how: scatter(dZ[..., :1], W[..., :1], *x, **how),
    ),
    ("conv_backward_input", "all zeros", lambda dZ, W, n, **how: np.zeros((*n, W.shape[2]))),
    ("conv_backward_filter", "stride forgotten", functools.partial(filter_slices, step=False)),
    ("conv_backward_filter", "dZ flipped", functools.partial(filter_slices, flipped=True)),
    (
        "conv_backward_filter",
        "averaged over the cells",
        lambda dZ, *x, **how: filter_im2col(dZ, *x, **how) / dZ[..., 0].size,
    ),
    ("conv_backward_bias", "wrong axes", lambda dZ: dZ.sum(axis=(0, 1))),
    ("conv_backward_bias", "wrong axes", np.sum),
    (
        "conv_backward_bias",
        "averaged over the cells",
        lambda dZ: dZ.mean(axis=tuple(range(dZ.ndim - 1))),
    ),
    ("conv_backward_bias", "batch averaged", lambda dZ: recursive_bias(dZ) / len(dZ)),
    ("tanh_backward", "slope at Y", lambda dY, Z: dY * (1 - np.tanh(np.tanh(Z)) ** 2)),
    ("relu_backward", "slope 1 at Z = 0", lambda dY, Z: np.where(Z < 0, 0, dY)),
    ("flip", "maps flipped too", np.flip),
    ("flip", "transposed", lambda W: W.transpose(1, 0, 2, 3)),
    (
        "output_size",
        "rounded up",
        lambda n, f, stride, padding: int(np.ceil((n + 2 * padding - f) / stride)) + 1,
    ),
]

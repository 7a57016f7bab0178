"""The forward pass, activations, max pool, the four moves, in the manner of many people."""

import numpy as np

from hands.table import hand

FORWARD, ONE = "conv_forward", "forward_one_map"
RELU, TANH, POOL, STEP = "relu_backward", "tanh_backward", "max_pool_backward", "train_step"


@hand(FORWARD)
def conv_single_step(Y, W, b, stride, padding):
    P = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    f, s = W.shape, stride
    n_H, n_W = (P.shape[0] - f[0]) // s[0] + 1, (P.shape[1] - f[1]) // s[1] + 1
    Z = np.zeros((n_H, n_W, f[3]))
    for h in range(n_H):
        for w in range(n_W):
            for c in range(f[3]):
                a = P[h * s[0] : h * s[0] + f[0], w * s[1] : w * s[1] + f[1], :]
                Z[h, w, c] = np.sum(np.multiply(a, W[..., c])) + float(b[c])
    return Z


@hand(ONE)
def by_shifts(Y, W):
    o = np.subtract(Y.shape, W.shape) + 1
    return sum(
        W[u, v] * Y[u : u + o[0], v : v + o[1]]
        for u in range(W.shape[0])
        for v in range(W.shape[1])
    )


@hand(ONE)
def by_strided_view(Y, W):
    o = np.subtract(Y.shape, W.shape) + 1
    view = np.lib.stride_tricks.as_strided(Y, (*o, *W.shape), Y.strides * 2)
    return np.einsum("ijuv,uv", view, W)


@hand(ONE, "filter flipped")
def a_true_convolution(Y, W):
    o = np.subtract(Y.shape, W.shape) + 1
    Z = np.zeros(o)
    for i, j in np.ndindex(*o):
        Z[i, j] = np.sum(Y[i : i + W.shape[0], j : j + W.shape[1]] * W[::-1, ::-1])
    return Z


@hand(FORWARD, "bias forgotten")
def no_bias(Y, W, b, stride, padding):
    return conv_single_step(Y, W, 0 * b, stride, padding)


@hand(FORWARD, "bias added with each product")
def bias_in_the_loop(Y, W, b, stride, padding):
    return conv_single_step(Y, W, b * W[..., 0].size, stride, padding)


@hand(FORWARD, "= for +=")
def stored_sum(Y, W, b, stride, padding):
    Z = conv_single_step(Y, np.zeros_like(W), b, stride, padding)
    P = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    for i, j, k in np.ndindex(Z.shape):
        for u, v, c in np.ndindex(W.shape[:3]):
            Z[i, j, k] = P[i * stride[0] + u, j * stride[1] + v, c] * W[u, v, c, k]
    return Z


@hand(FORWARD, "one plane for all maps")
def first_plane(Y, W, b, stride, padding):
    return conv_single_step(Y, np.repeat(W[:, :, :1], W.shape[2], axis=2), b, stride, padding)


@hand(FORWARD, layout="channels first")
def cs231n_forward(x, w, b, stride, padding):
    s, p = stride, padding
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    F, _, HH, WW = w.shape
    H2, W2 = (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1
    out = np.zeros((x.shape[0], F, H2, W2))
    for n, f, i, j in np.ndindex(out.shape):
        window = xp[n, :, i * s : i * s + HH, j * s : j * s + WW]
        out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


def giving(rule):
    """Each cell of Y gives its products away; the rule finds the cell of Z."""

    def forward(Y, W):
        o = np.subtract(Y.shape, W.shape) + 1
        Z = np.zeros(o)
        for r, c in np.ndindex(Y.shape):
            for u, v in np.ndindex(W.shape):
                i, j = rule(r, c, u, v)
                if 0 <= i < o[0] and 0 <= j < o[1]:
                    Z[i, j] += Y[r, c] * W[u, v]
        return Z

    return forward


RULES = [
    ("gives", (), lambda r, c, u, v: (r - u, c - v)),
    ("gives_to_the_sum", ("u = i - r",), lambda r, c, u, v: (r + u, c + v)),
    ("gives_the_wrong_way", ("u = r + i",), lambda r, c, u, v: (u - r, v - c)),
    ("gives_wrong_in_columns", ("u = i - r",), lambda r, c, u, v: (r - u, c + v)),
    ("gives_by_the_other_index", ("filter transposed",), lambda r, c, u, v: (r - v, c - u)),
    ("gives_exchanged", ("Z transposed",), lambda r, c, u, v: (c - v, r - u)),
]
for name, expected, rule in RULES:
    function = giving(rule)
    function.__name__ = name
    hand(ONE, *expected)(function)


# --- activations -----------------------------------------------------------------------------


@hand(RELU)
def copied_and_masked(dY, Z):
    d = np.array(dY, copy=True)
    d[Z <= 0] = 0
    return d


@hand(RELU, "changes its argument dY")
def masked_in_place(dY, Z):
    dY[Z <= 0] = 0
    return dY


@hand(RELU, "dY forgotten")
def the_slope_alone(dY, Z):
    return (Z > 0).astype(int)


@hand(RELU, "slope 1 at Z = 0")
def heaviside(dY, Z):
    return dY * np.heaviside(Z, 1)


@hand(TANH)
def by_exponentials(dY, Z):
    a, b = np.exp(Z), np.exp(-Z)
    return dY * 4 / (a + b) ** 2


@hand(TANH, "tanh forgotten")
def of_a_cache_that_is_Z(dY, Z):
    return dY * (1 - np.power(Z, 2))


@hand(TANH, "slope of the sigmoid")
def another_activation(dY, Z):
    A = 1 / (1 + np.exp(-Z))
    return dY * A * (1 - A)


# --- max pool --------------------------------------------------------------------------------


def pool(share):
    def backward(dZ, Y, size, stride):
        dY = np.zeros(Y.shape)
        for (i, j, k), g in np.ndenumerate(dZ):
            at = np.s_[
                i * stride[0] : i * stride[0] + size[0], j * stride[1] : j * stride[1] + size[1], k
            ]
            dY[at] = share(dY[at], Y[at], g)
        return dY

    return backward


def first_of(window):
    return np.arange(window.size).reshape(window.shape) == np.argmax(window)


def mask(window):
    return window == np.max(window)


SHARES = [
    ("first_largest", (), lambda old, w, g: old + first_of(w) * g),
    ("create_mask_from_window", ("all of several largest",), lambda old, w, g: old + mask(w) * g),
    ("stored", ("= for +=",), lambda old, w, g: first_of(w) * g),
    ("mask_stored", ("all of several largest", "= for +="), lambda old, w, g: mask(w) * g),
    ("average", ("spread evenly",), lambda old, w, g: old + g / w.size),
    ("shared", ("shared by several largest",), lambda old, w, g: old + mask(w) * g / mask(w).sum()),
    ("value", ("dZ times the largest",), lambda old, w, g: old + first_of(w) * w * g),
]
for name, expected, share in SHARES:
    function = pool(share)
    function.__name__ = name
    hand(POOL, *expected)(function)


def placed(place):
    def backward(dZ, Y, size, stride):
        dY = np.zeros_like(Y)
        for i, j, k in np.ndindex(dZ.shape):
            r, c = i * stride[0], j * stride[1]
            a, b = place(Y[r : r + size[0], c : c + size[1], k])
            dY[r + a, c + b, k] += dZ[i, j, k]
        return dY

    return backward


PLACES = [
    ("unravelled", (), lambda w: np.unravel_index(w.argmax(), w.shape)),
    ("x_before_y", ("place exchanged",), lambda w: np.unravel_index(w.argmax(), w.shape)[::-1]),
    ("apart", ("row and column apart",), lambda w: (w.max(1).argmax(), w.max(0).argmax())),
    ("smallest", ("smallest for largest",), lambda w: divmod(w.argmin(), w.shape[1])),
]
for name, expected, place in PLACES:
    function = placed(place)
    function.__name__ = name
    hand(POOL, *expected)(function)


# --- a step, and the moves ---------------------------------------------------------------------


def gradients(dZ, Y, W):
    windows = np.lib.stride_tricks.sliding_window_view(Y, W.shape[:2], axis=(0, 1))
    dY = np.zeros(Y.shape)
    for i, j in np.ndindex(dZ.shape[:2]):
        dY[i : i + W.shape[0], j : j + W.shape[1]] += W @ dZ[i, j]
    return dY, np.einsum("ijcuv,ijk->uvck", windows, dZ), dZ.sum((0, 1))


@hand(STEP)
def gradients_then_update(dZ, Y, W, b, eta):
    dY, dW, db = gradients(dZ, Y, W)
    return dY, W - eta * dW, b - eta * db


@hand(STEP, "W updated before dY")
def update_first(dZ, Y, W, b, eta):
    _, dW, db = gradients(dZ, Y, W)
    W, b = W - eta * dW, b - eta * db
    return gradients(dZ, Y, W)[0], W, b


@hand(STEP, "uphill")
def ascends(dZ, Y, W, b, eta):
    dY, dW, db = gradients(dZ, Y, W)
    return dY, W + eta * dW, b + eta * db


@hand(STEP, "uphill", "W updated before dY")
def ascends_early(dZ, Y, W, b, eta):
    _, dW, db = gradients(dZ, Y, W)
    W, b = W + eta * dW, b + eta * db
    return gradients(dZ, Y, W)[0], W, b


@hand(STEP, "eta forgotten")
def a_whole_step_for_b(dZ, Y, W, b, eta):
    dY, dW, db = gradients(dZ, Y, W)
    return dY, W - eta * dW, b - db


@hand(STEP, "eta forgotten")
def a_whole_step_for_W(dZ, Y, W, b, eta):
    dY, dW, db = gradients(dZ, Y, W)
    return dY, W - dW, b - eta * db


@hand(STEP, "step returned")
def the_step_for_W(dZ, Y, W, b, eta):
    dY, dW, db = gradients(dZ, Y, W)
    return dY, eta * dW, b - eta * db


@hand(STEP, "step returned")
def the_steps_down(dZ, Y, W, b, eta):
    dY, dW, db = gradients(dZ, Y, W)
    return dY, -eta * dW, -eta * db


@hand(STEP, "dY made from dW")
def passed_through_the_gradient(dZ, Y, W, b, eta):
    _, dW, db = gradients(dZ, Y, W)
    return gradients(dZ, Y, dW)[0], W - eta * dW, b - eta * db


@hand(STEP, "filter flipped")
def passed_through_a_flipped_filter(dZ, Y, W, b, eta):
    _, dW, db = gradients(dZ, Y, W)
    return gradients(dZ, Y, np.flip(W, (0, 1)))[0], W - eta * dW, b - eta * db


@hand("spread")
def by_kron(dZ, stride):
    unit = np.zeros((*stride, 1))
    unit[0, 0] = 1
    wide = np.kron(dZ, unit)
    return wide[: wide.shape[0] - stride[0] + 1, : wide.shape[1] - stride[1] + 1]


@hand("spread", "zeros behind the last")
def kron_uncut(dZ, stride):
    unit = np.zeros((*stride, 1))
    unit[0, 0] = 1
    return np.kron(dZ, unit)


@hand("spread", "one axis only")
def rows_only(dZ, stride):
    return np.insert(dZ, np.repeat(np.arange(1, len(dZ)), stride[0] - 1), 0, axis=0)


@hand("flip")
def by_rotation(W):
    return np.rot90(np.rot90(W))


@hand("flip", "maps flipped only")
def last_two_axes(W):
    return np.flip(W, (2, 3))


@hand("flip", "transposed")
def transposes(W):
    return W.transpose(1, 0, 2, 3)


@hand("flip", layout="channels first")
def last_two_axes_first(W):
    return np.flip(W, (-2, -1))


@hand("crop")
def by_arange(dYp, padding):
    rows = np.arange(padding[0], dYp.shape[0] - padding[0])
    cols = np.arange(padding[1], dYp.shape[1] - padding[1])
    return dYp[np.ix_(rows, cols)]


@hand("crop", "slice [p:-p] at p = 0")
def to_minus_p(dYp, padding):
    return dYp[padding[0] : -padding[0], padding[1] : -padding[1]]


@hand("output_size")
def counts_starts(n, f, stride, padding):
    return sum(
        1 for start in range(-padding, n + padding - f + 1) if (start + padding) % stride == 0
    )


@hand("output_size", "rounded up")
def ceiling(n, f, stride, padding):
    return int(np.ceil((n + 2 * padding - f) / stride + 1))


@hand("output_size", "+ 1 forgotten", "padding once")
def two_slips_in_a_size(n, f, stride, padding):
    return (n - f + padding) // stride

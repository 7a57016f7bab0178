"""Slips of an index: each written in two ways at least, as loops, as slices or with einsum."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hands.table import hand

INPUT, FORWARD, FILTER = "input_gradient_one_map", "forward_one_map", "filter_gradient_one_map"
MAPS, STRIDE, PADDED = "input_gradient_all_maps", "input_gradient_stride", "input_gradient_padding"
SUM, TURNED, FORGOTTEN = "u = r + i", "u = i - r", "an index forgotten"
ANOTHER = "an index for another"


def enter(exercise, how, table):
    """Enter functions by what is written in them, each with the mistake that it makes."""
    for written, (function, *expected) in table.items():
        function.__name__ = f"{how} {written}"
        hand(exercise, *expected)(function)


def at(array, *index):
    """The cell of an array, 0 where there is none."""
    inside = all(0 <= i < n for i, n in zip(index, array.shape, strict=True))
    return array[index] if inside else 0.0


# --- the input gradient, one map ------------------------------------------------------------------


def gather(term):
    """Each cell of dY adds up over windows; `term` says what."""

    def gradient(dZ, W):
        dY = np.zeros(np.add(dZ.shape, W.shape) - 1)
        for r, c in np.ndindex(dY.shape):
            for i, j in np.ndindex(dZ.shape):
                dY[r, c] += term(dZ, W, r, c, i, j)
        return dY

    return gradient


def with_limits(term):
    """The same, over the windows alone that the cell is in."""

    def gradient(dZ, W):
        (o_h, o_w), (f_h, f_w) = dZ.shape, W.shape
        dY = np.zeros((o_h + f_h - 1, o_w + f_w - 1))
        for r, c in np.ndindex(dY.shape):
            for i in range(max(0, r - f_h + 1), min(o_h, r + 1)):
                for j in range(max(0, c - f_w + 1), min(o_w, c + 1)):
                    dY[r, c] += term(dZ, W, r, c, i, j)
        return dY

    return gradient


def over_weights(term):
    """The same, over weights."""

    def gradient(dZ, W):
        dY = np.zeros(np.add(dZ.shape, W.shape) - 1)
        for r, c in np.ndindex(dY.shape):
            for u, v in np.ndindex(W.shape):
                dY[r, c] += term(dZ, W, r, c, u, v)
        return dY

    return gradient


def scatter(place):
    """Each product goes to a cell of dY; `place` says which."""

    def gradient(dZ, W):
        dY = np.zeros(np.add(dZ.shape, W.shape) - 1)
        for i, j in np.ndindex(dZ.shape):
            for u, v in np.ndindex(W.shape):
                r, c = place(i, j, u, v)
                if 0 <= r < dY.shape[0] and 0 <= c < dY.shape[1]:
                    dY[r, c] += dZ[i, j] * W[u, v]
        return dY

    return gradient


def by_slices(part, plane=lambda W: W):
    """Each cell of dZ adds its filter to a part of dY."""

    def gradient(dZ, W):
        dY, K = np.zeros(np.add(dZ.shape, W.shape) - 1), plane(W)
        for i, j in np.ndindex(dZ.shape):
            dY[part(i, j, *K.shape)] += dZ[i, j] * K
        return dY

    return gradient


def by_einsum(subscripts, turn):
    """Windows of the padded dZ, and one einsum."""

    def gradient(dZ, W):
        f_h, f_w = W.shape
        wide = np.pad(dZ, ((f_h - 1, f_h - 1), (f_w - 1, f_w - 1)))
        K = turn(W)
        return np.einsum(subscripts, sliding_window_view(wide, K.shape), K)

    return gradient


enter(
    INPUT,
    "gather",
    {
        "W(r + i, c - j)": (gather(lambda z, w, r, c, i, j: z[i, j] * at(w, r + i, c - j)), SUM),
        "W(r - i, c + j)": (gather(lambda z, w, r, c, i, j: z[i, j] * at(w, r - i, c + j)), SUM),
        "W(i - r, c - j)": (gather(lambda z, w, r, c, i, j: z[i, j] * at(w, i - r, c - j)), TURNED),
        "W(r - j, c - i)": (
            gather(lambda z, w, r, c, i, j: z[i, j] * at(w, r - j, c - i)),
            "dZ transposed",
        ),
        "W(c - i, r - j)": (
            gather(lambda z, w, r, c, i, j: z[i, j] * at(w, c - i, r - j)),
            "dY transposed",
        ),
        "W(i, j)": (gather(lambda z, w, r, c, i, j: z[i, j] * at(w, i, j)), ANOTHER),
        "W(r, c)": (gather(lambda z, w, r, c, i, j: z[i, j] * at(w, r, c)), FORGOTTEN),
        "W(r - i, c)": (gather(lambda z, w, r, c, i, j: z[i, j] * at(w, r - i, c)), FORGOTTEN),
    },
)
enter(
    INPUT,
    "gather with limits",
    {
        "W(c - j, r - i)": (
            with_limits(lambda z, w, r, c, i, j: z[i, j] * w[c - j, r - i]),
            "filter transposed",
        ),
        "dZ(j, i)": (
            with_limits(lambda z, w, r, c, i, j: z[j, i] * w[r - i, c - j]),
            "dZ transposed",
        ),
        "W(i - r, j - c)": (
            with_limits(lambda z, w, r, c, i, j: z[i, j] * w[i - r, j - c]),
            TURNED,
        ),
        "W(i, j)": (with_limits(lambda z, w, r, c, i, j: z[i, j] * at(w, i, j)), ANOTHER),
    },
)
enter(
    INPUT,
    "gather over weights",
    {
        "dZ(r + u, c - v)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r + u, c - v) * w[u, v]),
            TURNED,
        ),
        "dZ(r - u, v - c)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r - u, v - c) * w[u, v]),
            SUM,
        ),
        "dZ(r - v, c - u)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r - v, c - u) * w[u, v]),
            "filter transposed",
        ),
        "dZ(c - v, r - u)": (
            over_weights(lambda z, w, r, c, u, v: at(z, c - v, r - u) * w[u, v]),
            "dZ transposed",
        ),
        "W(v, u)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r - u, c - v) * at(w, v, u)),
            "filter transposed",
        ),
        "W(-u, -v)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r - u, c - v) * w[-u, -v]),
            TURNED,
        ),
        "W(-1 - u, -1 - v)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r - u, c - v) * w[-1 - u, -1 - v]),
            "filter not flipped",
        ),
        "W(0, 0)": (
            over_weights(lambda z, w, r, c, u, v: at(z, r - u, c - v) * w[0, 0]),
            "one cell for all",
        ),
    },
)
enter(
    INPUT,
    "scatter to",
    {
        "dY(i - u, j + v)": (scatter(lambda i, j, u, v: (i - u, j + v)), TURNED),
        "dY(u - i, j + v)": (scatter(lambda i, j, u, v: (u - i, j + v)), SUM),
        "dY(i + v, j + u)": (scatter(lambda i, j, u, v: (i + v, j + u)), "filter transposed"),
        "dY(j + u, i + v)": (scatter(lambda i, j, u, v: (j + u, i + v)), "dZ transposed"),
        "dY(j + v, i + u)": (scatter(lambda i, j, u, v: (j + v, i + u)), "dY transposed"),
        "dY(i + u, j)": (scatter(lambda i, j, u, v: (i + u, j)), FORGOTTEN),
    },
)
enter(
    INPUT,
    "slices",
    {
        "W.T": (
            by_slices(lambda i, j, a, b: np.s_[i : i + a, j : j + b], lambda W: W.T),
            "filter transposed",
        ),
        "dY[j:, i:]": (
            by_slices(lambda i, j, a, b: np.s_[j : j + a, i : i + b]),
            "dZ transposed",
        ),
        "W[:1, :1]": (
            by_slices(lambda i, j, a, b: np.s_[i : i + a, j : j + b], lambda W: W[:1, :1] + 0 * W),
            "one cell for all",
        ),
    },
)
enter(
    INPUT,
    "einsum",
    {
        "W.T": (by_einsum("rcuv,uv->rc", lambda W: W.T), "filter transposed"),
        "W": (by_einsum("rcuv,uv->rc", lambda W: W), "filter not flipped"),
        "flipud": (by_einsum("rcuv,uv->rc", np.flipud), "columns not flipped"),
        "fliplr": (by_einsum("rcuv,uv->rc", np.fliplr), "rows not flipped"),
        "rot90": (by_einsum("rcuv,uv->rc", np.rot90), "filter turned by 90 degrees"),
        "vu": (by_einsum("rcuv,vu->rc", lambda W: W[::-1, ::-1]), "filter transposed"),
        "cr": (by_einsum("rcuv,uv->cr", lambda W: W[::-1, ::-1]), "dY transposed"),
    },
)

# --- several maps ---------------------------------------------------------------------------------


def of_maps(term):
    """Each map of dZ sends something to each map of Y; `term` says what."""

    def gradient(dZ, W):
        f_h, f_w, n_k, f_k = W.shape
        dY = np.zeros((dZ.shape[0] + f_h - 1, dZ.shape[1] + f_w - 1, n_k))
        for i, j in np.ndindex(dZ.shape[:2]):
            for x, k in np.ndindex(n_k, f_k):
                dY[i : i + f_h, j : j + f_w, x] += term(W, dZ[i, j], x, k)
        return dY

    return gradient


PLANE = "one plane for all maps"
enter(
    MAPS,
    "maps",
    {
        "W(:, :, 0, k)": (of_maps(lambda W, z, x, k: W[:, :, 0, k] * z[k]), PLANE),
        "W(:, :, x, 0)": (of_maps(lambda W, z, x, k: W[:, :, x, 0] * z[k]), PLANE),
        "dZ(i, j, 0)": (of_maps(lambda W, z, x, k: W[:, :, x, k] * z[0]), PLANE),
        "dZ(i, j, -1)": (of_maps(lambda W, z, x, k: W[:, :, x, k] * z[-1]), PLANE),
        "W(:, :, k, x)": (of_maps(lambda W, z, x, k: W[:, :, k, x] * z[k]), "maps exchanged"),
    },
)


def forward_maps(term):
    """Each map of Z adds up over the maps of Y; `term` says what."""

    def forward(Y, W, b, stride, padding):
        f_h, f_w, n_k, f_k = W.shape
        wide = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
        windows = sliding_window_view(wide, (f_h, f_w), (0, 1))[:: stride[0], :: stride[1]]
        Z = np.zeros((*windows.shape[:2], f_k)) + b
        for i, j, k in np.ndindex(Z.shape):
            Z[i, j, k] += sum(np.sum(term(windows[i, j], W, x, k)) for x in range(n_k))
        return Z

    return forward


def one_bias(Y, W, b, stride, padding):
    return forward_maps(lambda y, W, x, k: y[x] * W[:, :, x, k])(Y, W, b[0], stride, padding)


enter(
    "conv_forward",
    "maps",
    {
        "W(:, :, 0, k)": (forward_maps(lambda y, W, x, k: y[x] * W[:, :, 0, k]), PLANE),
        "Y(0)": (forward_maps(lambda y, W, x, k: y[0] * W[:, :, x, k]), PLANE),
        "Y(0) W(:, :, 0, k)": (forward_maps(lambda y, W, x, k: y[0] * W[:, :, 0, k]), PLANE),
        "b(0)": (one_bias, "one bias for all maps"),
    },
)


def filter_maps(first, second):
    """Each map of Y with each map of dZ, chosen in other ways."""

    def gradient(dZ, Y, filter_size, stride, padding):
        wide = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
        windows = sliding_window_view(wide, filter_size, (0, 1))[:: stride[0], :: stride[1]]
        dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
        for x, k in np.ndindex(dW.shape[2:]):
            terms = windows[:, :, first(x)] * dZ[:, :, second(k), None, None]
            dW[:, :, x, k] = terms.sum((0, 1))
        return dW

    return gradient


enter(
    "conv_backward_filter",
    "maps",
    {
        "Y(0)": (filter_maps(lambda x: 0, lambda k: k), PLANE),
        "dZ(0)": (filter_maps(lambda x: x, lambda k: 0), PLANE),
        "dZ(-1)": (filter_maps(lambda x: x, lambda k: -1), PLANE),
        "Y(0) dZ(0)": (filter_maps(lambda x: 0, lambda k: 0), PLANE),
    },
)

# --- the forward pass, one map --------------------------------------------------------------------


def forward(term):
    """Each cell of Z adds up over weights."""

    def output(Y, W):
        Z = np.zeros(np.subtract(Y.shape, W.shape) + 1)
        for i, j in np.ndindex(Z.shape):
            for u, v in np.ndindex(W.shape):
                Z[i, j] += term(Y, W, i, j, u, v)
        return Z

    return output


def forward_scatter(place):
    """Each product of a cell of Y and a weight goes to a cell of Z."""

    def output(Y, W):
        Z = np.zeros(np.subtract(Y.shape, W.shape) + 1)
        for r, c in np.ndindex(Y.shape):
            for u, v in np.ndindex(W.shape):
                i, j = place(r, c, u, v)
                if 0 <= i < Z.shape[0] and 0 <= j < Z.shape[1]:
                    Z[i, j] += Y[r, c] * W[u, v]
        return Z

    return output


def forward_einsum(subscripts, turn=lambda W: W):
    """Windows of Y, and one einsum."""

    def output(Y, W):
        return np.einsum(subscripts, sliding_window_view(Y, W.shape), turn(W))

    return output


enter(
    FORWARD,
    "forward",
    {
        "Y(i - u, j + v)": (forward(lambda y, w, i, j, u, v: y[i - u, j + v] * w[u, v]), TURNED),
        "Y(u - i, v - j)": (forward(lambda y, w, i, j, u, v: y[u - i, v - j] * w[u, v]), SUM),
        "Y(j + v, i + u)": (
            forward(lambda y, w, i, j, u, v: at(y, j + v, i + u) * w[u, v]),
            "Y transposed",
        ),
        "Y(i + v, j + u)": (
            forward(lambda y, w, i, j, u, v: at(y, i + v, j + u) * w[u, v]),
            "filter transposed",
        ),
        "Y(j + u, i + v)": (
            forward(lambda y, w, i, j, u, v: at(y, j + u, i + v) * w[u, v]),
            "Z transposed",
        ),
        "W(v, u)": (
            forward(lambda y, w, i, j, u, v: y[i + u, j + v] * at(w, v, u)),
            "filter transposed",
        ),
        "W(-u, -v)": (forward(lambda y, w, i, j, u, v: y[i + u, j + v] * w[-u, -v]), TURNED),
        "W(0, 0)": (
            forward(lambda y, w, i, j, u, v: y[i + u, j + v] * w[0, 0]),
            "one cell for all",
        ),
        "W(u, 0)": (
            forward(lambda y, w, i, j, u, v: y[i + u, j + v] * w[u, 0]),
            "one cell for all",
        ),
        "W(i, j)": (forward(lambda y, w, i, j, u, v: y[i + u, j + v] * at(w, i, j)), ANOTHER),
        "Y(i + u, j)": (forward(lambda y, w, i, j, u, v: y[i + u, j] * w[u, v]), FORGOTTEN),
    },
)
enter(
    FORWARD,
    "forward, scatter to",
    {
        "Z(r + u, c - v)": (forward_scatter(lambda r, c, u, v: (r + u, c - v)), TURNED),
        "Z(u - r, c - v)": (forward_scatter(lambda r, c, u, v: (u - r, c - v)), SUM),
        "Z(c - v, r - u)": (forward_scatter(lambda r, c, u, v: (c - v, r - u)), "Z transposed"),
        "Z(r - v, c - u)": (
            forward_scatter(lambda r, c, u, v: (r - v, c - u)),
            "filter transposed",
        ),
        "Z(r - u, c)": (forward_scatter(lambda r, c, u, v: (r - u, c)), FORGOTTEN),
    },
)
enter(
    FORWARD,
    "forward, einsum",
    {
        "vu": (forward_einsum("ijuv,vu->ij"), "filter transposed"),
        "ji": (forward_einsum("ijuv,uv->ji"), "Z transposed"),
        "flip": (forward_einsum("ijuv,uv->ij", lambda W: W[::-1, ::-1]), "filter flipped"),
        "one row": (forward_einsum("ijuv,uv->ij", lambda W: W[:1] + 0 * W), "one cell for all"),
    },
)

# --- the filter gradient, one map -----------------------------------------------------------------


def filter_gradient(term):
    """Each weight adds up over windows."""

    def gradient(dZ, Y, filter_size):
        dW = np.zeros(filter_size)
        for u, v in np.ndindex(dW.shape):
            for i, j in np.ndindex(dZ.shape):
                dW[u, v] += term(dZ, Y, i, j, u, v)
        return dW

    return gradient


def filter_einsum(subscripts, turn=lambda dZ: dZ):
    """Windows of Y of the size of dZ, and one einsum."""

    def gradient(dZ, Y, filter_size):
        return np.einsum(subscripts, sliding_window_view(Y, dZ.shape), turn(dZ))

    return gradient


enter(
    FILTER,
    "filter gradient",
    {
        "Y(i + u, j - v)": (
            filter_gradient(lambda z, y, i, j, u, v: z[i, j] * at(y, i + u, j - v)),
            TURNED,
        ),
        "Y(u - i, v + j)": (
            filter_gradient(lambda z, y, i, j, u, v: z[i, j] * y[u - i, v + j]),
            SUM,
        ),
        "Y(j + v, i + u)": (
            filter_gradient(lambda z, y, i, j, u, v: z[i, j] * at(y, j + v, i + u)),
            "Y transposed",
        ),
        "Y(i + v, j + u)": (
            filter_gradient(lambda z, y, i, j, u, v: z[i, j] * at(y, i + v, j + u)),
            "dW transposed",
        ),
        "Y(j + u, i + v)": (
            filter_gradient(lambda z, y, i, j, u, v: z[i, j] * at(y, j + u, i + v)),
            "dZ transposed",
        ),
        "dZ(j, i)": (
            filter_gradient(lambda z, y, i, j, u, v: at(z, j, i) * y[i + u, j + v]),
            "dZ transposed",
        ),
        "dZ(u, v)": (
            filter_gradient(lambda z, y, i, j, u, v: at(z, u, v) * y[i + u, j + v]),
            ANOTHER,
        ),
        "dZ(0, 0)": (
            filter_gradient(lambda z, y, i, j, u, v: z[0, 0] * y[i + u, j + v]),
            "one cell for all",
        ),
        "Y(u, v)": (filter_gradient(lambda z, y, i, j, u, v: z[i, j] * y[u, v]), FORGOTTEN),
    },
)
enter(
    FILTER,
    "filter gradient, einsum",
    {
        "vu": (filter_einsum("uvij,ij->vu"), "dW transposed"),
        "flip": (filter_einsum("uvij,ij->uv", lambda dZ: dZ[::-1, ::-1]), "dZ flipped"),
        "one cell": (filter_einsum("uvij,ij->uv", lambda z: z[:1, :1] + 0 * z), "one cell for all"),
    },
)

# --- stride and padding ---------------------------------------------------------------------------


def strided(weight):
    """The gather with a stride; `weight` says which weight of one axis it takes."""

    def gradient(dZ, W, input_size, stride):
        dY = np.zeros(input_size)
        for r, c in np.ndindex(dY.shape):
            for i, j in np.ndindex(dZ.shape):
                dY[r, c] += dZ[i, j] * at(W, weight(r, i, stride[0]), weight(c, j, stride[1]))
        return dY

    return gradient


def padded(weight):
    """The gather with a padding; `weight` says which weight of one axis it takes."""

    def gradient(dZ, W, input_size, padding):
        dY = np.zeros(input_size)
        for r, c in np.ndindex(dY.shape):
            for i, j in np.ndindex(dZ.shape):
                dY[r, c] += dZ[i, j] * at(W, weight(r, i, padding[0]), weight(c, j, padding[1]))
        return dY

    return gradient


WRONGLY, WRONG_INDEX = "stride used wrongly", "stride on the wrong index"
enter(
    STRIDE,
    "stride",
    {
        "W(r + s i)": (strided(lambda r, i, s: r + s * i), SUM),
        "W(s i - r)": (strided(lambda r, i, s: s * i - r), TURNED),
        "W(s r - i)": (strided(lambda r, i, s: s * r - i), WRONG_INDEX),
        "W(s (r - i))": (strided(lambda r, i, s: s * (r - i)), WRONG_INDEX),
        "W(r - i // s)": (strided(lambda r, i, s: r - i // s), WRONGLY),
        "W(r // s - i)": (strided(lambda r, i, s: r // s - i), WRONG_INDEX),
        "W((r - i) // s)": (strided(lambda r, i, s: (r - i) // s), WRONG_INDEX),
    },
)
enter(
    PADDED,
    "padding",
    {
        "W(r - p - i)": (padded(lambda r, i, p: r - p - i), "padding added again"),
        "W(r + p + i)": (padded(lambda r, i, p: r + p + i), SUM),
        "W(r - p + i)": (padded(lambda r, i, p: r - p + i), SUM),
        "W(i - r - p)": (padded(lambda r, i, p: i - r - p), TURNED),
        "W(i - r + p)": (padded(lambda r, i, p: i - r + p), TURNED),
    },
)

# --- one axis of the whole exercises --------------------------------------------------------------


def right(i, u, s, p):
    """The row of Y that window i and weight u meet in."""
    return i * s + u - p


def whole_input(rows, columns):
    """The input gradient by a scatter, with a rule for each axis."""

    def gradient(dZ, W, input_size, stride, padding):
        dY = np.zeros((*input_size, W.shape[2]))
        for i, j in np.ndindex(dZ.shape[:2]):
            for u, v in np.ndindex(W.shape[:2]):
                r, c = rows(i, u, stride[0], padding[0]), columns(j, v, stride[1], padding[1])
                if 0 <= r < dY.shape[0] and 0 <= c < dY.shape[1]:
                    dY[r, c] += W[u, v] @ dZ[i, j]
        return dY

    return gradient


def whole_filter(rows, columns):
    """The filter gradient, with a rule for each axis."""

    def gradient(dZ, Y, filter_size, stride, padding):
        dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
        for u, v in np.ndindex(filter_size):
            for i, j in np.ndindex(dZ.shape[:2]):
                r, c = rows(i, u, stride[0], padding[0]), columns(j, v, stride[1], padding[1])
                if 0 <= r < Y.shape[0] and 0 <= c < Y.shape[1]:
                    dW[u, v] += np.outer(Y[r, c], dZ[i, j])
        return dW

    return gradient


SPACING, SIGN = "stride for spacing", "padding with the wrong sign"
AXES = {
    "i + s u": (lambda i, u, s, p: i + u * s - p, SPACING, SPACING),
    "s (i + u)": (lambda i, u, s, p: (i + u) * s - p, "stride times both", "stride times both"),
    "s i - u": (lambda i, u, s, p: i * s - u - p, TURNED, TURNED),
    "u - s i": (lambda i, u, s, p: u - i * s - p, SUM, SUM),
    "+ p": (lambda i, u, s, p: i * s + u + p, "padding added again", SIGN),
    "2 p": (
        lambda i, u, s, p: i * s + u - 2 * p,
        "padding cropped on one side",
        "padding forgotten",
    ),
    "s p": (lambda i, u, s, p: (i - p) * s + u, "padding times stride", "padding times stride"),
}
for written, (rule, of_input, of_filter) in AXES.items():
    for where, rules in {"rows": (rule, right), "columns": (right, rule)}.items():
        enter("conv_backward_input", f"{where} of dY", {written: (whole_input(*rules), of_input)})
        enter("conv_backward_filter", f"{where} of Y", {written: (whole_filter(*rules), of_filter)})

# --- images ---------------------------------------------------------------------------------------


def by_images(change):
    """The input gradient of a batch, of images that are mixed up."""

    def gradient(dZ, W, input_size, stride, padding):
        how = input_size, stride, padding
        return np.stack([whole_input(right, right)(z, W, *how) for z in change(dZ)])

    return gradient


enter(
    "input_gradient_batch",
    "images",
    {
        "first": (by_images(lambda dZ: [dZ[0]] * len(dZ)), "one image only"),
        "last": (by_images(lambda dZ: dZ[-1:] + 0 * dZ), "one image only"),
        "sum": (by_images(lambda dZ: dZ.sum(axis=0) + 0 * dZ), "images added up"),
    },
)


def of_images(chosen):
    """The filter gradient of a batch, summed over some pairs of images."""

    def gradient(dZ, Y, filter_size, stride, padding):
        how = filter_size, stride, padding
        return sum(whole_filter(right, right)(dZ[z], Y[y], *how) for z, y in chosen(len(dZ)))

    return gradient


enter(
    "filter_gradient_batch",
    "pairs of images",
    {
        "first": (of_images(lambda count: [(0, 0)]), "one image only"),
        "last": (of_images(lambda count: [(-1, -1)]), "one image only"),
        "dZ(0)": (of_images(lambda count: [(0, y) for y in range(count)]), "one image only"),
        "each": (of_images(lambda count: np.ndindex(count, count)), "images added up"),
    },
)

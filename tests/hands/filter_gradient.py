"""The filter and the bias gradient, in the manner of courses, tutorials and forums."""

import numpy as np

from hands.table import hand

WHOLE, ONE, STRIDE = "conv_backward_filter", "filter_gradient_one_map", "filter_gradient_stride"
BATCH, BIAS = "filter_gradient_batch", "conv_backward_bias"


@hand(WHOLE)
def windows_times_dZ(dZ, Y, filter_size, stride, padding):
    P = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
    for h in range(dZ.shape[0]):
        for w in range(dZ.shape[1]):
            for c in range(dZ.shape[2]):
                top, left = h * stride[0], w * stride[1]
                a_slice = P[top : top + filter_size[0], left : left + filter_size[1], :]
                dW[:, :, :, c] += a_slice * dZ[h, w, c]
    return dW


@hand(WHOLE)
def im2col_by_index_arrays(dZ, Y, filter_size, stride, padding):
    P = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    o, f = dZ.shape[:2], filter_size
    rows = stride[0] * np.arange(o[0])[:, None] + np.arange(f[0])
    cols = stride[1] * np.arange(o[1])[:, None] + np.arange(f[1])
    X = P[rows[:, None, :, None], cols[None, :, None, :]]
    return np.tensordot(X, dZ, ((0, 1), (0, 1)))


@hand(WHOLE)
def weight_by_weight(dZ, Y, filter_size, stride, padding):
    P = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    flat = dZ.reshape(-1, dZ.shape[2])
    rows = []
    for u in range(filter_size[0]):
        row = []
        for v in range(filter_size[1]):
            seen = P[u :: stride[0], v :: stride[1]][: dZ.shape[0], : dZ.shape[1]]
            row.append(seen.reshape(-1, Y.shape[2]).T @ flat)
        rows.append(row)
    return np.array(rows)


@hand(WHOLE)
def as_a_dilated_correlation(dZ, Y, filter_size, stride, padding):
    P = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    big = np.zeros(
        [(o - 1) * s + 1 for o, s in zip(dZ.shape, stride, strict=False)] + [dZ.shape[2]]
    )
    big[:: stride[0], :: stride[1]] = dZ
    v = np.lib.stride_tricks.sliding_window_view(P, big.shape[:2], axis=(0, 1))
    return np.einsum("uvcij,ijk->uvck", v, big)[: filter_size[0], : filter_size[1]]


@hand(BATCH)
def sum_of_images(dZ, Y, filter_size, stride, padding):
    return sum(
        windows_times_dZ(z, y, filter_size, stride, padding) for z, y in zip(dZ, Y, strict=True)
    )


@hand(BATCH, "batch averaged")
def mean_of_images(dZ, Y, filter_size, stride, padding):
    return sum_of_images(dZ, Y, filter_size, stride, padding) / len(Y)


@hand(BATCH, "one image only")
def overwritten_by_the_last_image(dZ, Y, filter_size, stride, padding):
    for z, y in zip(dZ, Y, strict=True):
        dW = windows_times_dZ(z, y, filter_size, stride, padding)
    return dW


def by_rule(rule):
    """Each weight sums over windows; the rule says where in Y they meet."""

    def gradient(dZ, Y, filter_size):
        dW = np.zeros(filter_size)
        for u, v in np.ndindex(*filter_size):
            for i, j in np.ndindex(dZ.shape):
                r, c = rule(i, j, u, v)
                if 0 <= r < Y.shape[0] and 0 <= c < Y.shape[1]:
                    dW[u, v] += dZ[i, j] * Y[r, c]
        return dW

    return gradient


RULES = [
    ("the_sum", (), lambda i, j, u, v: (i + u, j + v)),
    ("difference", ("u = i - r",), lambda i, j, u, v: (i - u, j - v)),
    ("difference_in_rows", ("u = i - r",), lambda i, j, u, v: (i - u, j + v)),
    ("difference_round", ("u = r + i",), lambda i, j, u, v: (u - i, v - j)),
    ("exchanged", ("Y transposed",), lambda i, j, u, v: (j + v, i + u)),
]
for name, expected, rule in RULES:
    function = by_rule(rule)
    function.__name__ = name
    hand(ONE, *expected)(function)


@hand(ONE, "Y flipped")
def rot180_of_the_input(dZ, Y, filter_size):
    R = np.rot90(Y, 2)
    o = dZ.shape
    rows = range(filter_size[0])
    return np.array(
        [[np.sum(dZ * R[u : u + o[0], v : v + o[1]]) for v in range(filter_size[1])] for u in rows]
    )


@hand(ONE, "dZ flipped")
def convolves_for_real(dZ, Y, filter_size):
    out = np.zeros(filter_size)
    for u, v in np.ndindex(*filter_size):
        out[u, v] = np.sum(dZ[::-1, ::-1] * Y[u : u + dZ.shape[0], v : v + dZ.shape[1]])
    return out


@hand(ONE, "dW flipped")
def flips_in_the_end(dZ, Y, filter_size):
    return by_rule(RULES[0][2])(dZ, Y, filter_size)[::-1, ::-1]


@hand(ONE, "averaged over the cells")
def takes_the_mean(dZ, Y, filter_size):
    return by_rule(RULES[0][2])(dZ, Y, filter_size) / dZ.size


@hand(ONE, "= for +=")
def last_window_only(dZ, Y, filter_size):
    for i, j in np.ndindex(dZ.shape):
        dW = dZ[i, j] * Y[i : i + filter_size[0], j : j + filter_size[1]]
    return dW


@hand(ONE, "summed over the filter's size")
def sums_over_the_filter(dZ, Y, filter_size):
    dW = np.zeros(filter_size)
    for u, v in np.ndindex(*filter_size):
        for i in range(min(filter_size[0], dZ.shape[0])):
            for j in range(min(filter_size[1], dZ.shape[1])):
                dW[u, v] += dZ[i, j] * Y[i + u, j + v]
    return dW


@hand(STRIDE, "stride forgotten")
def dense_windows(dZ, Y, filter_size, stride):
    return by_rule(RULES[0][2])(dZ, Y, filter_size)


@hand(STRIDE, "stride for spacing")
def moves_by_the_stride(dZ, Y, filter_size, stride):
    return by_rule(lambda i, j, u, v: (i + u * stride[0], j + v * stride[1]))(dZ, Y, filter_size)


@hand(STRIDE, "left-over rows not cut off")
def as_large_as_it_gets(dZ, Y, filter_size, stride):
    f = [n - (o - 1) * s for n, o, s in zip(Y.shape, dZ.shape, stride, strict=True)]
    return by_rule(lambda i, j, u, v: (i * stride[0] + u, j * stride[1] + v))(dZ, Y, f)


@hand(WHOLE, "padding forgotten")
def no_padding(dZ, Y, filter_size, stride, padding):
    P = np.pad(Y, ((0, 2 * padding[0]), (0, 2 * padding[1]), (0, 0)))
    return windows_times_dZ(dZ, P, filter_size, stride, (0, 0))


@hand(WHOLE, "padding with the wrong sign")
def plus_padding(dZ, Y, filter_size, stride, padding):
    dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
    for u, v in np.ndindex(*filter_size):
        for i, j in np.ndindex(dZ.shape[:2]):
            r, c = i * stride[0] + u + padding[0], j * stride[1] + v + padding[1]
            if r < Y.shape[0] and c < Y.shape[1]:
                dW[u, v] += np.outer(Y[r, c], dZ[i, j])
    return dW


@hand(WHOLE, "maps exchanged")
def einsum_with_exchanged_letters(dZ, Y, filter_size, stride, padding):
    return im2col_by_index_arrays(dZ, Y, filter_size, stride, padding).swapaxes(2, 3)


@hand(WHOLE, "rounded or cut off")
def an_array_of_integers(dZ, Y, filter_size, stride, padding):
    dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]), dtype=int)
    dW[...] = windows_times_dZ(dZ, Y, filter_size, stride, padding)
    return dW


class Accumulating:
    """A layer that adds to its gradient, and starts anew only for another shape."""

    dW = np.zeros(0)

    def backward(self, dZ, Y, filter_size, stride, padding):
        new = windows_times_dZ(dZ, Y, filter_size, stride, padding)
        if self.dW.shape != new.shape:
            self.dW = np.zeros_like(new)
        self.dW += new
        return self.dW


hand(WHOLE, "something from call to call")(Accumulating().backward)


@hand(WHOLE, "dZ flipped", "stride forgotten")
def flipped_and_dense(dZ, Y, filter_size, stride, padding):
    return windows_times_dZ(dZ[::-1, ::-1], Y, filter_size, (1, 1), padding)


@hand(WHOLE, layout="channels first")
def cs231n_filter(dout, x, filter_size, stride, padding):
    N, F, H2, W2 = dout.shape
    s, p = stride, padding
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dw = np.zeros((F, x.shape[1], *filter_size))
    for n in range(N):
        for f in range(F):
            for i in range(H2):
                for j in range(W2):
                    window = xp[
                        n, :, i * s : i * s + filter_size[0], j * s : j * s + filter_size[1]
                    ]
                    dw[f] += window * dout[n, f, i, j]
    return dw


@hand(WHOLE, "Y flipped", layout="channels first")
def cs231n_rot180(dout, x, filter_size, stride, padding):
    return cs231n_filter(dout, x[:, :, ::-1, ::-1], filter_size, stride, padding)


# --- the bias ------------------------------------------------------------------------------------


@hand(BIAS)
def all_axes_but_the_last(dZ):
    return np.array([dZ[..., k].sum() for k in range(dZ.shape[-1])])


@hand(BIAS, "The numbers are right")
def deep_learning_specialization_bias(dZ):
    db = np.zeros((1, 1, 1, dZ.shape[-1]))
    for at in np.ndindex(dZ.shape[:-1]):
        db[..., :] += dZ[at]
    return db


@hand(BIAS, "The numbers are right")
def a_column(dZ):
    return dZ.reshape(-1, dZ.shape[-1]).sum(axis=0, keepdims=True).T


@hand(BIAS, "In that layout it is right")
def axes_of_channels_first(dZ):
    return dZ.sum(axis=(0, 2, 3)) if dZ.ndim == 4 else dZ.sum(axis=(1, 2))


@hand(BIAS, layout="channels first")
def sum_of_channels_first(dout):
    return dout.sum(axis=(0, 2, 3)) if dout.ndim == 4 else dout.sum(axis=(1, 2))


@hand(BIAS, "averaged over the cells")
def a_mean(dZ):
    return dZ.reshape(-1, dZ.shape[-1]).mean(axis=0)

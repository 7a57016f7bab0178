"""The input gradient, in the manner of courses, tutorials and forums."""

import numpy as np

from hands.table import hand

WHOLE, MAPS, ONE = "conv_backward_input", "input_gradient_all_maps", "input_gradient_one_map"
STRIDE, PADDED, BATCH = "input_gradient_stride", "input_gradient_padding", "input_gradient_batch"


# --- right ------------------------------------------------------------------------------------


@hand(WHOLE)
def deep_learning_specialization(dZ, W, input_size, stride, padding):
    f1, f2, C_prev, C = W.shape
    (n_H, n_W, _), pad, s = dZ.shape, padding, stride
    dA_pad = np.zeros((input_size[0] + 2 * pad[0], input_size[1] + 2 * pad[1], C_prev))
    for h in range(n_H):
        for w in range(n_W):
            for c in range(C):
                top, left = h * s[0], w * s[1]
                dA_pad[top : top + f1, left : left + f2, :] += W[:, :, :, c] * dZ[h, w, c]
    return dA_pad[pad[0] : pad[0] + input_size[0], pad[1] : pad[1] + input_size[1], :]


@hand(WHOLE)
def with_insert(dZ, W, input_size, stride, padding):
    d = dZ
    for axis in (0, 1):
        for _ in range(stride[axis] - 1):
            pass
        gaps = np.repeat(np.arange(1, d.shape[axis]), stride[axis] - 1)
        d = np.insert(d, gaps, 0, axis=axis)
    rest = [(input_size[a] + 2 * padding[a] - W.shape[a]) % stride[a] for a in (0, 1)]
    f = W.shape
    d = np.pad(d, ((f[0] - 1, f[0] - 1 + rest[0]), (f[1] - 1, f[1] - 1 + rest[1]), (0, 0)))
    K = np.rot90(W, 2, axes=(0, 1))
    out = np.zeros((d.shape[0] - f[0] + 1, d.shape[1] - f[1] + 1, f[2]))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(f[2]):
                out[y, x, c] = np.sum(d[y : y + f[0], x : x + f[1]] * K[:, :, c, :])
    (a, b), (n, m) = padding, input_size
    return out[a : a + n, b : b + m]


@hand(WHOLE)
def dictionary_of_cells(dZ, W, input_size, stride, padding):
    cells = {}
    for (i, j, k), g in np.ndenumerate(dZ):
        for (u, v, c), w in np.ndenumerate(W[..., k]):
            at = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1], c
            cells[at] = cells.get(at, 0.0) + g * w
    out = np.zeros((*input_size, W.shape[2]))
    for at in np.ndindex(out.shape):
        out[at] = cells.get(at, 0.0)
    return out


@hand(WHOLE)
def dense_jacobian(dZ, W, input_size, stride, padding):
    n, m = input_size
    J = np.zeros((dZ.size, n * m * W.shape[2]))
    shape = (n, m, W.shape[2])
    for row, (i, j, k) in enumerate(np.ndindex(dZ.shape)):
        for u, v, c in np.ndindex(W.shape[:3]):
            r, q = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]
            if 0 <= r < n and 0 <= q < m:
                J[row, np.ravel_multi_index((r, q, c), shape)] = W[u, v, c, k]
    return (dZ.ravel() @ J).reshape(shape)


@hand(WHOLE)
def recursion(dZ, W, input_size, stride, padding):
    if dZ.shape[0] == 1 and dZ.shape[1] == 1:
        big = np.zeros((input_size[0] + 2 * padding[0], input_size[1] + 2 * padding[1], W.shape[2]))
        big[: W.shape[0], : W.shape[1]] = W @ dZ[0, 0]
        return big[padding[0] :, padding[1] :][: input_size[0], : input_size[1]]
    total = np.zeros((*input_size, W.shape[2]))
    for i, j in np.ndindex(dZ.shape[:2]):
        whole = [input_size[a] + 2 * padding[a] for a in (0, 1)]
        one = recursion(dZ[i : i + 1, j : j + 1], W, whole, stride, (0, 0))
        moved = np.zeros_like(one)
        r, c = i * stride[0], j * stride[1]
        moved[r:, c:] = one[: whole[0] - r, : whole[1] - c]
        total += moved[padding[0] :, padding[1] :][: input_size[0], : input_size[1]]
    return total


@hand(WHOLE)
def add_at_with_index_arrays(dZ, W, input_size, stride, padding):
    i, j, u, v = np.indices((*dZ.shape[:2], *W.shape[:2]))
    big = np.zeros((input_size[0] + 2 * padding[0], input_size[1] + 2 * padding[1], W.shape[2]))
    gifts = np.einsum("ijk,uvck->ijuvc", dZ, W)
    np.add.at(big, (i * stride[0] + u, j * stride[1] + v), gifts)
    return big[padding[0] :, padding[1] :][: input_size[0], : input_size[1]]


class ConvLayer:
    """A class that keeps what its backward pass needs, and starts anew each time."""

    def backward(self, dZ, W, input_size, stride, padding):
        self.dout, self.W = dZ, W
        self.dx = np.zeros(
            [n + 2 * p for n, p in zip(input_size, padding, strict=True)] + [W.shape[2]]
        )
        for u in range(W.shape[0]):
            for v in range(W.shape[1]):
                rows = slice(u, u + stride[0] * dZ.shape[0], stride[0])
                cols = slice(v, v + stride[1] * dZ.shape[1], stride[1])
                part = self.dx[rows, cols]
                part += (self.dout @ self.W[u, v].T)[: part.shape[0], : part.shape[1]]
        return self.dx[padding[0] :, padding[1] :][: input_size[0], : input_size[1]].copy()


hand(WHOLE)(ConvLayer().backward)


@hand(ONE)
def full_convolution_by_fft(dZ, W):
    size = [a + b - 1 for a, b in zip(dZ.shape, W.shape, strict=True)]
    return np.fft.irfft2(np.fft.rfft2(dZ, size) * np.fft.rfft2(W, size), size)


@hand(ONE)
def polynomial_rows(dZ, W):
    out = np.zeros((dZ.shape[0] + W.shape[0] - 1, dZ.shape[1] + W.shape[1] - 1))
    for i, row in enumerate(dZ):
        for u, weights in enumerate(W):
            out[i + u] += np.convolve(row, weights)
    return out


@hand(ONE)
def gather_with_two_limits(dZ, W):
    (o1, o2), (f1, f2) = dZ.shape, W.shape
    dY = np.empty((o1 + f1 - 1, o2 + f2 - 1))
    for r in range(dY.shape[0]):
        for c in range(dY.shape[1]):
            dY[r, c] = sum(
                dZ[i, j] * W[r - i, c - j]
                for i in range(max(0, r - f1 + 1), min(o1, r + 1))
                for j in range(max(0, c - f2 + 1), min(o2, c + 1))
            )
    return dY


@hand(BATCH)
def einsum_over_batch(dZ, W, input_size, stride, padding):
    N = dZ.shape[0]
    out = np.zeros((N, input_size[0] + 2 * padding[0], input_size[1] + 2 * padding[1], W.shape[2]))
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            window = np.einsum("nk,uvck->nuvc", dZ[:, i, j], W)
            r, c = i * stride[0], j * stride[1]
            out[:, r : r + W.shape[0], c : c + W.shape[1]] += window
    return out[:, padding[0] :, padding[1] :][:, : input_size[0], : input_size[1]]


@hand(BATCH)
def one_image_after_the_other(dZ, W, input_size, stride, padding):
    return np.stack([add_at_with_index_arrays(z, W, input_size, stride, padding) for z in dZ])


# --- wrong: loops ------------------------------------------------------------------------------


def loops(index, wrap=False):
    """The gather with an index rule of somebody's own."""

    def gather(dZ, W):
        n = np.add(dZ.shape, W.shape) - 1
        dY = np.zeros(n)
        for r, c in np.ndindex(*n):
            for i, j in np.ndindex(*dZ.shape):
                u, v = index(r, c, i, j)
                if wrap and -W.shape[0] <= u < W.shape[0] and -W.shape[1] <= v < W.shape[1]:
                    dY[r, c] += dZ[i, j] * W[u, v]
                elif 0 <= u < W.shape[0] and 0 <= v < W.shape[1]:
                    dY[r, c] += dZ[i, j] * W[u, v]
        return dY

    return gather


def named(name, function):
    function.__name__ = name
    return function


hand(ONE, "u = r + i")(named("sum_of_indices", loops(lambda r, c, i, j: (r + i, c + j))))
hand(ONE, "u = r + i")(named("sum_in_rows", loops(lambda r, c, i, j: (r + i, c - j))))
hand(ONE, "u = i - r")(named("turned_round", loops(lambda r, c, i, j: (i - r, j - c))))
hand(ONE, "u = i - r")(named("turned_in_columns", loops(lambda r, c, i, j: (r - i, j - c))))
hand(ONE, "u = i - r")(named("untested", loops(lambda r, c, i, j: (i - r, j - c), wrap=True)))
hand(ONE, "filter transposed")(named("pair_exchanged", loops(lambda r, c, i, j: (c - j, r - i))))
hand(ONE, "negative indices")(
    named("no_test_below_zero", loops(lambda r, c, i, j: (r - i, c - j), wrap=True))
)


@hand(ONE, "filter not flipped")
def slides_as_it_is(dZ, W):
    a, b = W.shape
    P = np.pad(dZ, ((a - 1, a - 1), (b - 1, b - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(P, (a, b))
    return np.einsum("rcuv,uv->rc", windows, W)


@hand(ONE, "filter transposed")
def transposed_for_flipped(dZ, W):
    K = W.T[::-1, ::-1]
    out = np.zeros((dZ.shape[0] + K.shape[0] - 1, dZ.shape[1] + K.shape[1] - 1))
    for i, j in np.ndindex(dZ.shape):
        out[i : i + K.shape[0], j : j + K.shape[1]] += dZ[i, j] * K
    return out


@hand(ONE, "= for +=")
def stored_windows(dZ, W):
    out = np.zeros(np.add(dZ.shape, W.shape) - 1)
    for i, j in np.ndindex(dZ.shape):
        out[i : i + W.shape[0], j : j + W.shape[1]] = dZ[i, j] * W
    return out


@hand(ONE, "ring of the wrong width")
def padded_by_f(dZ, W):
    a, b = W.shape
    P = np.pad(dZ, ((a, a), (b, b)))
    windows = np.lib.stride_tricks.sliding_window_view(P, (a, b))
    whole = np.tensordot(windows, W[::-1, ::-1], 2)
    return whole[: dZ.shape[0] + a - 1, : dZ.shape[1] + b - 1]


@hand(ONE, "last window left out")
def one_too_few_windows(dZ, W):
    out = np.zeros(np.add(dZ.shape, W.shape) - 1)
    for i in range(dZ.shape[0] - 1):
        for j in range(dZ.shape[1] - 1):
            out[i : i + W.shape[0], j : j + W.shape[1]] += dZ[i, j] * W
    return out


@hand(ONE, "one size for both axes")
def square_filter_assumed(dZ, W):
    out = np.zeros(np.add(dZ.shape, W.shape) - 1)
    f = W.shape[0]
    for i, j in np.ndindex(dZ.shape):
        for u in range(f):
            for v in range(f):
                out[i + u, j + v] += dZ[i, j] * W[u, v]
    return out


@hand(ONE, "dZ flipped")
def all_turned(dZ, W):
    out = np.zeros(np.add(dZ.shape, W.shape) - 1)
    for i, j in np.ndindex(dZ.shape):
        out[i : i + W.shape[0], j : j + W.shape[1]] += dZ[-1 - i, -1 - j] * W[::-1, ::-1]
    return out


# --- wrong: several maps -----------------------------------------------------------------------


def correlate(d, K):
    """Slide filters K (f, f, in, out) over a padded d."""
    f, g = K.shape[:2]
    P = np.pad(d, ((f - 1, f - 1), (g - 1, g - 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(P, (f, g), axis=(0, 1))
    return np.einsum("rckuv,uvak->rca", windows, K)


for axes in [(2, 3), (0, 1, 2, 3), (1, 2), (0, 3), (2,), (3,)]:
    hand(MAPS, "maps reversed" if axes == (0, 1, 2, 3) else "wrong axes flipped")(
        named(f"flips_{axes}", lambda dZ, W, axes=axes: correlate(dZ, np.flip(W, axes)))
    )
hand(MAPS, "columns not flipped")(named("flips_rows", lambda dZ, W: correlate(dZ, W[::-1])))
hand(MAPS)(named("flips_as_it_should", lambda dZ, W: correlate(dZ, W[::-1, ::-1])))


@hand(MAPS, "one plane for all maps")
def plane_zero(dZ, W):
    return correlate(dZ, W[::-1, ::-1, :1] + np.zeros_like(W))


@hand(MAPS, "one plane for all maps")
def filter_zero(dZ, W):
    dY = np.zeros((*np.add(dZ.shape[:2], W.shape[:2]) - 1, W.shape[2]))
    for i, j, k in np.ndindex(dZ.shape):
        dY[i : i + W.shape[0], j : j + W.shape[1]] += dZ[i, j, k] * W[:, :, :, 0]
    return dY


@hand(MAPS, "sum over k forgotten")
def only_the_last_filter(dZ, W):
    for k in range(W.shape[3]):
        dY = correlate(dZ[..., k : k + 1], W[::-1, ::-1, :, k : k + 1])
    return dY


@hand(MAPS, "averaged")
def mean_over_filters(dZ, W):
    return correlate(dZ, W[::-1, ::-1]) / W.shape[3]


@hand(MAPS, "one size for both axes")
def windows_of_a_square(dZ, W):
    o = dZ.shape[0]
    dY = np.zeros((*np.add(dZ.shape[:2], W.shape[:2]) - 1, W.shape[2]))
    for i in range(o):
        for j in range(o):
            dY[i : i + W.shape[0], j : j + W.shape[1]] += W @ dZ[i, j]
    return dY


# --- wrong: stride and padding -------------------------------------------------------------------


def scatter(dZ, W, n, s=(1, 1), p=(0, 0), out=None):
    big = np.zeros((n[0] + 2 * p[0], n[1] + 2 * p[1])) if out is None else out
    for i, j in np.ndindex(dZ.shape):
        part = big[i * s[0] : i * s[0] + W.shape[0], j * s[1] : j * s[1] + W.shape[1]]
        part += dZ[i, j] * W[: part.shape[0], : part.shape[1]]
    return big


@hand(STRIDE, "stride forgotten")
def no_stride(dZ, W, input_size, stride):
    return scatter(dZ, W, input_size)


@hand(STRIDE, "strides exchanged")
def stride_of_rows_for_both(dZ, W, input_size, stride):
    return scatter(dZ, W, input_size, (stride[0], stride[0]))


@hand(STRIDE, "left-over rows forgotten")
def size_from_the_formula(dZ, W, input_size, stride):
    n = [(o - 1) * s + f for o, s, f in zip(dZ.shape, stride, W.shape, strict=True)]
    return scatter(dZ, W, n, stride)


@hand(STRIDE, "too many zeros in the spread")
def inserts_s_zeros(dZ, W, input_size, stride):
    return scatter(dZ, W, input_size, [s + 1 for s in stride])


@hand(STRIDE, "stride times both")
def stride_on_the_weight_too(dZ, W, input_size, stride):
    out = np.zeros(input_size)
    for (i, j), (u, v) in ((a, b) for a in np.ndindex(dZ.shape) for b in np.ndindex(W.shape)):
        r, c = (i + u) * stride[0], (j + v) * stride[1]
        if r < input_size[0] and c < input_size[1]:
            out[r, c] += dZ[i, j] * W[u, v]
    return out


@hand(STRIDE, "stride for spacing")
def stride_on_the_wrong_index(dZ, W, input_size, stride):
    out = np.zeros(input_size)
    for (i, j), (u, v) in ((a, b) for a in np.ndindex(dZ.shape) for b in np.ndindex(W.shape)):
        r, c = i + u * stride[0], j + v * stride[1]
        if r < input_size[0] and c < input_size[1]:
            out[r, c] += dZ[i, j] * W[u, v]
    return out


@hand(PADDED, "padding not cropped")
def keeps_the_padding(dZ, W, input_size, padding):
    return scatter(dZ, W, input_size, p=padding)


@hand(PADDED, "slice [p:-p] at p = 0")
def slices_to_minus_p(dZ, W, input_size, padding):
    (a, b), big = padding, scatter(dZ, W, input_size, p=padding)
    return big[a:-a, b:-b]


@hand(PADDED, "padding cropped on one side")
def cuts_the_end_only(dZ, W, input_size, padding):
    big = scatter(dZ, W, input_size, p=padding)
    return big[: input_size[0], : input_size[1]]


@hand(PADDED, "paddings exchanged")
def pads_the_other_way(dZ, W, input_size, padding):
    out = np.zeros(input_size)
    for (i, j), (u, v) in ((a, b) for a in np.ndindex(dZ.shape) for b in np.ndindex(W.shape)):
        r, c = i + u - padding[1], j + v - padding[0]
        if 0 <= r < input_size[0] and 0 <= c < input_size[1]:
            out[r, c] += dZ[i, j] * W[u, v]
    return out


@hand(PADDED, "negative indices")
def no_test_for_the_padding(dZ, W, input_size, padding):
    out = np.zeros(input_size)
    for (i, j), (u, v) in ((a, b) for a in np.ndindex(dZ.shape) for b in np.ndindex(W.shape)):
        r, c = i + u - padding[0], j + v - padding[1]
        if r < input_size[0] and c < input_size[1]:
            out[r, c] += dZ[i, j] * W[u, v]
    return out


@hand(WHOLE, "left-over rows forgotten", "slice [p:-p] at p = 0")
def spread_and_sliced(dZ, W, input_size, stride, padding):
    n = [(o - 1) * s + f for o, s, f in zip(dZ.shape, stride, W.shape, strict=False)]
    big = np.zeros((*n, W.shape[2]))
    for i, j in np.ndindex(dZ.shape[:2]):
        r, c = i * stride[0], j * stride[1]
        big[r : r + W.shape[0], c : c + W.shape[1]] += W @ dZ[i, j]
    (a, b) = padding
    return big[a:-a, b:-b]


@hand(WHOLE, "filter not flipped", "strides exchanged")
def two_slips_in_a_gather(dZ, W, input_size, stride, padding):
    return dictionary_of_cells(dZ, W[::-1, ::-1], input_size, stride[::-1], padding)


@hand(WHOLE, "stride forgotten", "padding cropped on one side")
def forgot_stride_and_crop(dZ, W, input_size, stride, padding):
    return dictionary_of_cells(dZ, W, input_size, (1, 1), (0, 0))


@hand(WHOLE, "are pairs")
def numbers_for_pairs(dZ, W, input_size, stride, padding):
    out = np.zeros((input_size[0] + 2 * padding, input_size[1] + 2 * padding, W.shape[2]))
    for i, j in np.ndindex(dZ.shape[:2]):
        out[i * stride : i * stride + W.shape[0], j * stride : j * stride + W.shape[1]] += (
            W @ dZ[i, j]
        )
    return out[padding : padding + input_size[0], padding : padding + input_size[1]]


@hand(BATCH, "averaged")
def divides_by_the_batch(dZ, W, input_size, stride, padding):
    return einsum_over_batch(dZ, W, input_size, stride, padding) / dZ.shape[0]


@hand(WHOLE, "rounded or cut off")
def rounds_to_three_digits(dZ, W, input_size, stride, padding):
    return np.round(dictionary_of_cells(dZ, W, input_size, stride, padding), 3)


@hand(WHOLE, "something from call to call")
def remembers_by_shape(dZ, W, input_size, stride, padding, seen={}):  # noqa: B006
    key = (dZ.shape, W.shape, tuple(input_size), tuple(stride), tuple(padding))
    if key not in seen:
        seen[key] = dictionary_of_cells(dZ, W, input_size, stride, padding)
    return seen[key]


# --- channels first ------------------------------------------------------------------------------


@hand(WHOLE, layout="channels first")
def cs231n_naive(dout, w, input_size, stride, padding):
    N, F, H2, W2 = dout.shape
    _, C, HH, WW = w.shape
    s, p = stride, padding
    dx = np.zeros((N, C, input_size[0] + 2 * p, input_size[1] + 2 * p))
    for n in range(N):
        for f in range(F):
            for i in range(H2):
                for j in range(W2):
                    dx[n, :, i * s : i * s + HH, j * s : j * s + WW] += w[f] * dout[n, f, i, j]
    return dx[:, :, p : p + input_size[0], p : p + input_size[1]]


@hand(MAPS, layout="channels first")
def full_correlation_first(dout, w):
    F, C, a, b = w.shape
    P = np.pad(dout, ((0, 0), (a - 1, a - 1), (b - 1, b - 1)))
    K = np.flip(w, (2, 3)).transpose(1, 0, 2, 3)
    windows = np.lib.stride_tricks.sliding_window_view(P, (a, b), axis=(1, 2))
    return np.einsum("fijuv,cfuv->cij", windows, K)


@hand(MAPS, "wrong axes flipped", layout="channels first")
def flips_the_first_axes(dout, w):
    F, C, a, b = w.shape
    P = np.pad(dout, ((0, 0), (a - 1, a - 1), (b - 1, b - 1)))
    K = np.flip(w, (0, 1)).transpose(1, 0, 2, 3)
    windows = np.lib.stride_tricks.sliding_window_view(P, (a, b), axis=(1, 2))
    return np.einsum("fijuv,cfuv->cij", windows, K)


@hand(MAPS, "filter not flipped", layout="channels first")
def forgets_the_flip_first(dout, w):
    F, C, a, b = w.shape
    P = np.pad(dout, ((0, 0), (a - 1, a - 1), (b - 1, b - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(P, (a, b), axis=(1, 2))
    return np.einsum("fijuv,fcuv->cij", windows, w)


@hand(MAPS, "In that layout it is right")
def in_the_other_layout(dout, w):
    return full_correlation_first(dout, w)


@hand(MAPS, "Two layouts are mixed")
def maps_first_filters_last(dout, W):
    return full_correlation_first(dout, W.transpose(3, 2, 0, 1))

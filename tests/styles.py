"""Functions as students write them: each style of coding, right and with each of its mistakes.

A style is a function with switches; a switch plants one fault, or takes another right route.
`given` plants one in the arguments of any style, `then` in its result.
"""

import inspect

import numpy as np

from cnnlib import gradcheck, shapes, vectorized


def given(style, **changes):
    """A style that gets changed arguments."""

    def wrong(*values, **how):
        x = dict(zip(inspect.signature(style).parameters, values, strict=False)) | how
        return style(**x | {name: change(x[name]) for name, change in changes.items()})

    return wrong


def then(style, change):
    """A style whose result is changed."""
    return lambda *values, **how: change(style(*values, **how))


# --- the input gradient ------------------------------------------------------------------------


def input_by_loops(
    dZ, W, input_size, stride, padding, *, put="+=", out=None, wrap=False, fewer=(0, 0, 0, 0)
):
    """Six loops, over windows first."""
    (s_h, s_w), (p_h, p_w), (f_h, f_w, n_k, f_k) = stride, padding, W.shape
    o_h, o_w = dZ.shape[:2]
    if out == "own":
        input_size = (o_h - 1) * s_h + f_h - 2 * p_h, (o_w - 1) * s_w + f_w - 2 * p_w
    grad = np.zeros((*input_size, n_k))
    for row in range(o_h - fewer[0]):
        for col in range(o_w - fewer[1]):
            for a in range(f_h - fewer[2]):
                for b in range(f_w - fewer[3]):
                    y, x = row * s_h + a - p_h, col * s_w + b - p_w
                    low = wrap or (y >= 0 and x >= 0)
                    if not (low and y < input_size[0] and x < input_size[1]):
                        continue
                    for c in range(n_k):
                        for k in range(f_k):
                            product = dZ[row, col, k] * W[a, b, c, k]
                            grad[y, x, c] = product + (grad[y, x, c] if put == "+=" else 0)
    return grad


def input_by_cells(dZ, W, input_size, stride, padding, *, check=True, put="+="):
    """A gather: for each cell of Y the windows that it was in."""
    n_h, n_w = input_size
    f_h, f_w, n_k, _ = W.shape
    dY = np.zeros((n_h, n_w, n_k))
    for r, c in np.ndindex(n_h, n_w):
        for u, v in np.ndindex(f_h, f_w):
            top, left = r + padding[0] - u, c + padding[1] - v
            if check and (top % stride[0] or left % stride[1]):
                continue
            i, j = top // stride[0], left // stride[1]
            if 0 <= i < dZ.shape[0] and 0 <= j < dZ.shape[1]:
                share = np.dot(W[u, v], dZ[i, j])
                dY[r, c] = dY[r, c] + share if put == "+=" else share
    return dY


def both_sides(padded, n, p):
    return padded[p[0] : p[0] + n[0], p[1] : p[1] + n[1]]


def cut(start, more):
    """A crop from some times p on, and larger than Y by some times p, on each axis."""

    def crop(padded, n, p):
        at, size = np.multiply(start, p), np.add(n, np.multiply(more, p))
        return part(padded, at, size)

    return crop


def part(maps, start, size, far=40):
    """So many cells from a place on, zeros where there are none."""
    (r, c), (h, w) = np.add(start, far), np.maximum(size, 0)
    return np.pad(maps, ((far, far), (far, far), (0, 0)))[r : r + h, c : c + w]


def input_by_windows(dZ, W, input_size, stride, padding, *, crop=both_sides, assign=False):
    """Slices of the padded gradient, with np.pad's sizes and a crop at the end."""
    n_h, n_w = input_size
    (p_h, p_w), (s_h, s_w) = padding, stride
    padded = np.pad(np.zeros((n_h, n_w, W.shape[2])), ((p_h, p_h), (p_w, p_w), (0, 0)))
    for i, j, m in np.ndindex(dZ.shape):
        window = padded[i * s_h : i * s_h + W.shape[0], j * s_w : j * s_w + W.shape[1], :]
        contribution = dZ[i, j, m] * W[:, :, :, m]
        window[...] = contribution if assign else window + contribution
    return crop(padded, input_size, padding)


def input_by_taps(dZ, W, input_size, stride, padding):
    """One tensordot for each weight, on slices with a step."""
    (n_h, n_w), (s_h, s_w), (p_h, p_w) = input_size, stride, padding
    o_h, o_w = dZ.shape[:2]
    rest = np.maximum(0, [(o_h - 1) * s_h + W.shape[0] - n_h, (o_w - 1) * s_w + W.shape[1] - n_w])
    out = np.zeros((n_h + 2 * p_h + rest[0], n_w + 2 * p_w + rest[1], W.shape[2]))
    for u, v in np.ndindex(W.shape[:2]):
        cells = np.s_[u : u + (o_h - 1) * s_h + 1 : s_h, v : v + (o_w - 1) * s_w + 1 : s_w]
        out[cells] += np.tensordot(dZ, W[u, v], axes=(2, 1))
    return out[p_h : p_h + n_h, p_w : p_w + n_w]


def input_by_strides(
    dZ,
    W,
    input_size,
    stride,
    padding,
    *,
    gap=lambda s: s,
    ring=lambda f, p: f - 1,
    rest=True,
    spread=None,
):
    """as_strided over the dilated and padded dZ: one einsum."""
    (g_h, g_w), (f_h, f_w) = gap(stride), W.shape[:2]
    p_h, p_w = padding
    wide = np.zeros(((dZ.shape[0] - 1) * g_h + 1, (dZ.shape[1] - 1) * g_w + 1, dZ.shape[2]))
    wide[::g_h, ::g_w] = dZ
    if spread == "copies":
        wide = np.repeat(np.repeat(dZ, g_h, axis=0), g_w, axis=1)
    r_h, r_w = ring(f_h, p_h), ring(f_w, p_w)
    sizes = zip(input_size, padding, W.shape[:2], stride, strict=True)
    more = [(n + 2 * p - f) % s if rest else 0 for n, p, f, s in sizes]
    wide = np.pad(wide, ((r_h, r_h + more[0]), (r_w, r_w + more[1]), (0, 0)))
    size = wide.shape[0] - f_h + 1, wide.shape[1] - f_w + 1
    a, b, c = wide.strides
    shape, steps = (*size, f_h, f_w, wide.shape[2]), (a, b, a, b, c)
    windows = np.lib.stride_tricks.as_strided(wide, shape, steps)
    whole = np.einsum("ijabk,abck->ijc", windows, W[::-1, ::-1])
    return whole[p_h : size[0] - p_h, p_w : size[1] - p_w]


def input_by_columns(dZ, W, input_size, stride, padding, *, add=np.add.at):
    """col2im with fancy indices."""
    f_h, f_w, n_k, f_k = W.shape
    (n_h, n_w), (p_h, p_w), (o_h, o_w) = input_size, padding, dZ.shape[:2]
    cols = dZ.reshape(-1, f_k) @ W.reshape(-1, f_k).T
    cols = cols.reshape(o_h, o_w, f_h, f_w, n_k)
    r = stride[0] * np.arange(o_h)[:, None, None, None] + np.arange(f_h)[None, None, :, None]
    c = stride[1] * np.arange(o_w)[None, :, None, None] + np.arange(f_w)[None, None, None, :]
    big = np.zeros((n_h + 2 * p_h, n_w + 2 * p_w, n_k))
    add(big, (r, c), cols)
    return big[p_h : p_h + n_h, p_w : p_w + n_w]


def buffered(big, at, cols):
    """Add with duplicates lost, as ``big[at] += cols`` does."""
    big[at] += cols


# --- the filter gradient -----------------------------------------------------------------------


def filter_by_loops(
    dZ, Y, filter_size, stride, padding, *, put="+=", wrap=False, limits=None, fewer=(0, 0)
):
    """Loops over everything, with a test for the padding."""
    (s_h, s_w), (p_h, p_w) = stride, padding
    dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
    o_h, o_w = limits or dZ.shape[:2]
    for k in range(dZ.shape[2]):
        for c in range(Y.shape[2]):
            for u, v in np.ndindex(*filter_size):
                for i, j in np.ndindex(o_h - fewer[0], o_w - fewer[1]):
                    r, q = i * s_h + u - p_h, j * s_w + v - p_w
                    if (wrap or (r >= 0 and q >= 0)) and r < Y.shape[0] and q < Y.shape[1]:
                        product = Y[r, q, c] * dZ[i, j, k]
                        dW[u, v, c, k] = product + (dW[u, v, c, k] if put == "+=" else 0)
    return dW


def filter_by_taps(dZ, Y, filter_size, stride, padding):
    """np.pad, slices with a step, tensordot."""
    (s_h, s_w), (p_h, p_w), (o_h, o_w) = stride, padding, dZ.shape[:2]
    padded = np.pad(Y, ((p_h, p_h), (p_w, p_w), (0, 0)))
    grads = []
    for u, v in np.ndindex(*filter_size):
        part = padded[u : u + s_h * (o_h - 1) + 1 : s_h, v : v + s_w * (o_w - 1) + 1 : s_w]
        grads.append(np.tensordot(part, dZ, axes=((0, 1), (0, 1))))
    return np.array(grads).reshape(*filter_size, *grads[0].shape)


def filter_by_windows(dZ, Y, filter_size, stride, padding, *, assign=False, axis="ijuvc,ijk->uvck"):
    """Windows of Y with sliding_window_view, or one by one."""
    p_h, p_w = padding
    padded = np.pad(Y, ((p_h, p_h), (p_w, p_w), (0, 0)))
    if assign:
        dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))
        for i, j in np.ndindex(dZ.shape[:2]):
            r, c = i * stride[0], j * stride[1]
            window = padded[r : r + filter_size[0], c : c + filter_size[1]]
            dW = window[..., None] * dZ[i, j]
        return dW
    windows = np.lib.stride_tricks.sliding_window_view(padded, filter_size, axis=(0, 1))
    windows = windows[:: stride[0], :: stride[1]].transpose(0, 1, 3, 4, 2)
    return np.einsum(axis, windows[: dZ.shape[0], : dZ.shape[1]], dZ)


def filter_by_correlation(dZ, Y, filter_size, stride, padding, *, all_of=False, moved=False):
    """Slide a spread dZ over the padded Y."""
    s_h, s_w = (1, 1) if moved else stride
    wide = np.zeros(((dZ.shape[0] - 1) * s_h + 1, (dZ.shape[1] - 1) * s_w + 1, dZ.shape[2]))
    wide[::s_h, ::s_w] = dZ
    Yp = np.pad(Y, [(padding[0],) * 2, (padding[1],) * 2, (0, 0)])
    f_h, f_w = filter_size
    if all_of:
        f_h, f_w = Yp.shape[0] - wide.shape[0] + 1, Yp.shape[1] - wide.shape[1] + 1
    t_h, t_w = stride if moved else (1, 1)
    dW = np.zeros((f_h, f_w, Y.shape[2], dZ.shape[2]))
    for u, v in np.ndindex(f_h, f_w):
        seen = Yp[u * t_h : u * t_h + wide.shape[0], v * t_w : v * t_w + wide.shape[1]]
        dW[u, v] = np.einsum("ijc,ijk->ck", seen, wide[: seen.shape[0], : seen.shape[1]])
    return dW


# --- the forward pass --------------------------------------------------------------------------


def forward_by_loops(Y, W, b, stride, padding, *, put="+=", size=lambda z: z // 1 + 1):
    """Pad, cut each window, multiply, add."""
    (s_h, s_w), (p_h, p_w), (f_h, f_w, n_k, f_k) = stride, padding, W.shape
    Yp = np.zeros((Y.shape[0] + 2 * p_h, Y.shape[1] + 2 * p_w, n_k))
    Yp[p_h : p_h + Y.shape[0], p_w : p_w + Y.shape[1]] = Y
    sizes = zip(Yp.shape[:2], (f_h, f_w), (s_h, s_w), strict=True)
    o_h, o_w = (int(size((n - f) / t)) for n, f, t in sizes)
    Z = np.zeros((o_h, o_w, f_k))
    for i, j, k in np.ndindex(Z.shape):
        window = Yp[i * s_h : i * s_h + f_h, j * s_w : j * s_w + f_w]
        total = 0.0
        for c in range(n_k):
            add = np.sum(window[:, :, c] * W[: window.shape[0], : window.shape[1], c, k])
            total = total + add if put == "+=" else add
        Z[i, j, k] = total + b[k]
    return Z


def forward_by_matrix(Y, W, b, stride, padding):
    """im2col with as_strided and one matrix product."""
    Yp = np.pad(Y, ((padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    f_h, f_w, n_k, f_k = W.shape
    o_h, o_w = (Yp.shape[0] - f_h) // stride[0] + 1, (Yp.shape[1] - f_w) // stride[1] + 1
    x, y, z = Yp.strides
    windows = np.lib.stride_tricks.as_strided(
        Yp, (o_h, o_w, f_h, f_w, n_k), (x * stride[0], y * stride[1], x, y, z)
    )
    return (windows.reshape(o_h * o_w, -1) @ W.reshape(-1, f_k) + b).reshape(o_h, o_w, f_k)


# --- the rest ----------------------------------------------------------------------------------


def pool(dZ, Y, size, stride, *, put="+=", choose=np.argmax):
    """Each window's dZ to its largest cell."""
    dY, (s_h, s_w) = np.zeros(Y.shape), stride
    for i, j, k in np.ndindex(dZ.shape):
        window = Y[i * s_h : i * s_h + size[0], j * s_w : j * s_w + size[1], k]
        a, b = np.unravel_index(choose(window), window.shape)
        before = dY[i * s_h + a, j * s_w + b, k] if put == "+=" else 0
        dY[i * s_h + a, j * s_w + b, k] = before + dZ[i, j, k]
    return dY


def train(dZ, Y, W, b, eta, *, early=False, place=False):
    """One step with einsum and slices."""
    f_h, f_w = W.shape[:2]
    W = W if place else W.copy()
    b = b if place else b.copy()
    windows = np.lib.stride_tricks.sliding_window_view(Y, (f_h, f_w), axis=(0, 1))
    dY, dW = np.zeros_like(Y), np.einsum("ijcuv,ijk->uvck", windows, dZ)
    W -= early * eta * dW
    for i, j in np.ndindex(dZ.shape[:2]):
        dY[i : i + f_h, j : j + f_w] += W @ dZ[i, j]
    W -= (not early) * eta * dW
    b -= eta * dZ.sum(axis=(0, 1))
    return dY, W, b


def spread_zeros(dZ, stride):
    o_h, o_w, f_k = dZ.shape
    wide = np.zeros(((o_h - 1) * stride[0] + 1, (o_w - 1) * stride[1] + 1, f_k))  # fmt: skip
    wide[:: stride[0], :: stride[1]] = dZ
    return wide


def in_place_mask(dY, Z):
    dY[Z <= 0] = 0
    return dY


def in_place_dZ(dZ, W, input_size, stride, padding):
    dZ *= 1
    made = input_by_windows(dZ, W, input_size, stride, padding)
    dZ *= 0
    return made


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
    Yp = shapes.zero_pad(Y, padding)
    columns = [
        Yp[i * s_h : i * s_h + f_h, j * s_w : j * s_w + f_w].ravel() for i, j in np.ndindex(o)
    ]
    dW = np.array(columns).T @ dZ.reshape(-1, dZ.shape[-1])
    return dW.reshape(f_h, f_w, Y.shape[-1], dZ.shape[-1])


class Scatter:
    """A callable object."""

    def __call__(self, dZ, W, input_size, stride=(1, 1), padding=(0, 0)):
        return input_by_windows(dZ, W, input_size, stride, padding)


def recursive_bias(dZ):
    return dZ if dZ.ndim == 1 else sum(map(recursive_bias, dZ), np.zeros(dZ.shape[-1]))


def gather_matrix(dZ, W):
    dY = np.zeros(np.array(dZ.shape) + W.shape - 1)
    for (r, c), (i, j) in ((a, b) for a in np.ndindex(dY.shape) for b in np.ndindex(dZ.shape)):
        if 0 <= r - i < W.shape[0] and 0 <= c - j < W.shape[1]:
            dY[r, c] += dZ[i, j] * W[r - i, c - j]
    return dY

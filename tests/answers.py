"""What a student may put in place of each blank of the lessons."""

ANSWERS = [  # lesson, cell, what stands there, what is put in its place, and so on
    ("00", "own-four", "return ...", "return (n + 2 * padding - f) // stride + 1"),
    ("01", "own-one", "return ...", "return dY_out * (Z > 0)"),
    ("01", "own-four", "return ...", "return dY_out * (1 - np.tanh(Z) ** 2)"),
    ("02", "own-four", "i, j = ..., ...", "i, j = r - u, c - v"),
    ("03", "own-two-blanks", "u, v = ..., ...", "u, v = r - i, c - j"),
    (
        "03",
        "own-two-open",
        "return ...",
        "f_h, f_w = W.shape\n"
        "    wide = np.pad(dZ, ((f_h - 1, f_h - 1), (f_w - 1, f_w - 1)))\n"
        "    windows = np.lib.stride_tricks.sliding_window_view(wide, W.shape)\n"
        "    return np.einsum('rcuv,uv->rc', windows, W[::-1, ::-1])",
    ),
    ("04", "own-two-blanks", "top, left = ..., ...", "top, left = i * stride[0], j * stride[1]"),
    (
        "04",
        "own-two-open",
        "return ...",
        "dY = np.zeros((*np.add(dZ.shape[:2], W.shape[:2]) - 1, W.shape[2]))\n"
        "    for i, j in np.ndindex(dZ.shape[:2]):\n"
        "        dY[i : i + W.shape[0], j : j + W.shape[1]] += W @ dZ[i, j]\n"
        "    return dY",
    ),
    ("05", "own-two", "", ""),  # which the next one calls
    ("05", "own-two-blanks", "plane = ...", "plane = W[:, :, k_in, k]"),
    (
        "05",
        "own-two-open",
        "return ...",
        "dZp = cnnlib.zero_pad(dZ, (W.shape[0] - 1, W.shape[1] - 1))\n"
        "    return cnnlib.conv_forward(dZp, cnnlib.flip(W).swapaxes(2, 3))",
    ),
    (
        "06",
        "own-two-blanks",
        "s_h * i + ..., s_w * j + ...",
        "s_h * i + f_h - 1, s_w * j + f_w - 1",
        "* ...)",
        "* W[::-1, ::-1])",
    ),
    (
        "06",
        "own-two-open",
        "return ...",
        "(n_h, n_w), (p_h, p_w), (s_h, s_w) = input_size, padding, stride\n"
        "    dYp = np.zeros((n_h + 2 * p_h, n_w + 2 * p_w, W.shape[2]))\n"
        "    for i, j in np.ndindex(dZ.shape[:2]):\n"
        "        window = np.s_[i * s_h :, j * s_w :]\n"
        "        dYp[window][: W.shape[0], : W.shape[1]] += W @ dZ[i, j]\n"
        "    return dYp[p_h : p_h + n_h, p_w : p_w + n_w]",
    ),
    (
        "07",
        "own-two-blanks",
        "row, column = ..., ...",
        "row, column = i * stride[0] + u, j * stride[1] + v",
    ),
    (
        "07",
        "own-two-open",
        "return ...",
        "Yp, (s_h, s_w), (o_h, o_w) = cnnlib.zero_pad(Y, padding), stride, dZ.shape[:2]\n"
        "    dW = np.zeros((*filter_size, Y.shape[2], dZ.shape[2]))\n"
        "    for u, v in np.ndindex(filter_size):\n"
        "        met = Yp[u::s_h, v::s_w][:o_h, :o_w]\n"
        "        dW[u, v] = np.einsum('ijc,ijk->ck', met, dZ)\n"
        "    return dW",
    ),
    ("07", "own-three", "return ...", "return dZ.sum(axis=tuple(range(dZ.ndim - 1)))"),
    (
        "08",
        "own-one",
        "rows, columns = ...",
        "(s_h, s_w), (o_h, o_w) = stride, dZ.shape[:2]\n"
        "        rows = slice(u, u + (o_h - 1) * s_h + 1, s_h)\n"
        "        columns = slice(v, v + (o_w - 1) * s_w + 1, s_w)",
    ),
    ("09", "own-five", "return dY, ..., ...", "return dY, W - eta * dW, b - eta * db"),
    ("09", "own-six", "divmod(...,", "divmod(window.argmax(),"),
    ("10", "own-one", "dZ.shape, stride", "dZ.shape, (stride[0] - 1, stride[1] - 1)"),
    ("10", "own-two", "dZ.sum(axis=(1, 2))[0]", "dZ.sum(axis=(0, 1, 2))"),
]

"""What a student may put in place of each blank of the lessons."""

ANSWERS = [  # lesson, cell, what stands there, what is put in its place, and so on
    (
        "01",
        "own-two",
        "W_new, b_new = ..., ...",
        "W_new, b_new = W - eta * dW, b - eta * db",
        "(dZ, ...,",
        "(dZ, W,",
    ),
    ("01", "more-three", "return ...", "return dY_out * (1 - np.tanh(Z) ** 2)"),
    ("02", "own-two", "i, j = r + u, c + v", "i, j = r - u, c - v"),
    ("03", "own-two", "u, v = ..., ...", "u, v = r - i, c - j"),
    (
        "03",
        "more-three",
        "(f_h - ..., f_w - ...), ...",
        "(f_h - 1, f_w - 1), W[::-1, ::-1]",
    ),
    ("04", "own-two", "top, left = ..., ...", "top, left = i * stride[0], j * stride[1]"),
    ("05", "own-two", "plane = ...", "plane = W[:, :, k_in, k]"),
    (
        "05",
        "more-three",
        "np.sum(W * ..., axis=...)",
        "np.sum(W * dZ[i, j], axis=3)",
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
    (
        "09",
        "own-two",
        "rows, columns = ...",
        "(s_h, s_w), (o_h, o_w) = stride, dZ.shape[:2]\n"
        "        rows = slice(u, u + (o_h - 1) * s_h + 1, s_h)\n"
        "        columns = slice(v, v + (o_w - 1) * s_w + 1, s_w)",
    ),
    ("10", "own-three", "divmod(...,", "divmod(window.argmax(),"),
    (
        "11",
        "own-one",
        "dZ.shape, stride",
        "dZ.shape, (stride[0] - 1, stride[1] - 1)",
        "done = False",
        "done = True",
    ),
    (
        "11",
        "own-two",
        "dZ.sum(axis=(1, 2))[0]",
        "dZ.sum(axis=(0, 1, 2))",
        "done = False",
        "done = True",
    ),
]

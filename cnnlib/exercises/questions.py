"""What lessons 00 to 05 ask: each question gives its answer, what mistakes make of it, and why.

The keys are what stands in ``exercises.answer("...", ...)``. Everything is computed, when asked.
"""

import numpy as np

from cnnlib import layers, loops, shapes
from cnnlib.examples import oblong, one_map, three_maps, variant

QUESTIONS, ANY_ORDER = {}, set()
UNTURNED = "The filter lies the wrong way round."
EXCHANGED = "Row and column are exchanged."


def question(name, any_order=False):
    """Put a function that returns (right answer, {mistake: wrong answer}, why) into the table.

    Where `any_order` is true, the answer is a set, written as a list.
    """

    def put(function):
        QUESTIONS[name] = function
        if any_order:
            ANY_ORDER.add(name)
        return function

    return put


def _flat(example):
    """The arrays of a layer with one map, as matrices."""
    return (array.reshape(array.shape[:2]) for array in (example.Y, example.W, example.dZ))


def _gradient(dZ, W, input_size=None):
    """dY of matrices, for stride 1 and no padding."""
    size = input_size or tuple(np.add(dZ.shape[:2], W.shape[:2]) - 1)
    maps = dZ.reshape(*dZ.shape[:2], -1), W.reshape(*W.shape[:2], *(W.shape[2:] or (1, 1)))
    dY = loops.conv_backward_input(*maps, size)
    return dY if dZ.ndim > 2 else dY[:, :, 0]


# --- 00 Start here ----------------------------------------------------------------------------


@question("Z(2, 0)")
def _():
    e = one_map()
    Z = loops.conv_forward(e.Y, e.W, e.b)[:, :, 0]
    turned = loops.conv_forward(e.Y, shapes.flip(e.W), e.b)[2, 0, 0]
    slips = {"The bias is missing.": Z[2, 0] - 2, EXCHANGED: Z[0, 2], UNTURNED: turned}
    return Z[2, 0], slips, "Rows 2 to 4 and columns 0 to 2 of Y; the products make 18, b is 2."


@question("cell of Y under W(2, 1) in the window of Z(1, 2)")
def _():
    slips = {
        "The stride is forgotten: r = 2i + u.": (3, 3),
        "Both axes have stride 2 here; the columns have stride 1.": (4, 5),
        EXCHANGED: (3, 4),
        "The stride multiplies i, the index of the window, not u.": (5, 3),
        "The indices are subtracted; it is r = 2i + u and c = j + v.": (0, 1),
    }
    return (2 * 1 + 2, 2 + 1), slips, "r = 2i + u = 2·1 + 2, c = j + v = 2 + 1."


@question("size of Z with padding (1, 2)")
def _():
    o = oblong()
    slips = {
        "The padding is forgotten.": (2, 3),
        "The padding is counted on one side only.": (3, 5),
        "The stride is forgotten.": (6, 7),
        "Rows and columns are exchanged.": (7, 3),
        "5 / 2 is rounded down, not up.": (4, 7),
        "The 1 at the end is forgotten.": (2, 6),
        "The two paddings are exchanged.": (4, 5),
        "The two strides are exchanged.": (6, 4),
    }
    right = shapes.output_size(o.input_size, o.filter_size, padding=(1, 2), **o.how)
    return right, slips, "Rows: (6 + 2 - 3) / 2, rounded down, + 1 = 3. Columns: 4 + 4 - 2 + 1 = 7."


@question("Z(1, 2) of the oblong layer")
def _():
    o = oblong()
    right = loops.conv_forward(o.Y, o.W, o.b, **o.how)[1, 2, 0]
    turned = loops.conv_forward(o.Y, shapes.flip(o.W), o.b, **o.how)[1, 2, 0]
    slips = {
        "The stride is forgotten: window 1 begins at row 2.": loops.conv_forward(o.Y, o.W)[1, 2, 0],
        UNTURNED: turned,
    }
    return (
        right,
        slips,
        "Rows 2 to 4, columns 2 and 3: 1·2 + 4·(-1) + 1·3 + 0·1 + 2·(-2) + 2·4 = 5.",
    )


# --- 01 Meet the backward pass ----------------------------------------------------------------


def _arriving():
    e = one_map()
    return loops.conv_forward(e.Y, e.W, e.b), variant("activation").dZ


@question("dZ before the ReLU")
def _():
    Z, dY = _arriving()
    slips = {
        "The gate looks at the sign of the gradient, not at the sign of Z.": layers.relu(dY),
        "Nothing is stopped, though Z is negative in some cells.": dY,
        "This multiplies by the output; the slope is 1 or 0.": dY * layers.relu(Z),
    }
    return layers.relu_backward(dY, Z)[:, :, 0], slips, "The gradient passes where Z is above 0."


@question("dZ before the ReLU and the pool")
def _():
    Z = _arriving()[0]
    dP = np.array([[2.0, -1.0, 3.0], [1.0, 4.0, -2.0]])[:, :, np.newaxis]
    dY = layers.max_pool_backward(dP, layers.relu(Z), (2, 1), stride=1)
    right = layers.relu_backward(dY, Z)[:, :, 0]
    last, first = right.copy(), right.copy()
    last[1, 1], first[1, 1] = 4, -1
    slips = {
        "This is dY_out: the ReLU is still to come.": dY,
        "The 31 wins two windows, and only the second counts here.": last,
        "The 31 wins two windows, and only the first counts here.": first,
    }
    why = "Column 1: -1 + 4 = 3. Column 2: a tie, the first zero gets the 3, and the ReLU stops it."
    return right, slips, why


@question("loss after one update of W(1, 2)")
def _():
    e = one_map()
    dW = loops.conv_backward_filter(e.dZ, e.Y, e.filter_size)
    before = np.sum(e.dZ * loops.conv_forward(e.Y, e.W, e.b))
    slope = dW[1, 2, 0, 0]
    slips = {
        "The step goes uphill: it is minus eta times the slope.": before + slope**2 / 4,
        "Eta is forgotten.": before - slope**2,
        "The loss changes by slope times step, not by the step.": before + slope / 4,
        "This is the weight after the update.": e.W[1, 2, 0, 0] - slope / 4,
        "This is the change of the loss, not the loss.": -(slope**2) / 4,
        "This is W(2, 1): row before column.": before - dW[2, 1, 0, 0] ** 2 / 4,
        "All weights are changed here, not only W(1, 2).": before - np.sum(dW**2) / 4,
    }
    return before - slope**2 / 4, slips, "-25 plus slope times step, -14 · 3.5 = -49."


@question("shape of dZ for a batch")
def _():
    slips = {
        "This is the shape of Y.": (10, 6, 8, 3),
        "There is one map of Z for each filter.": (10, 4, 7, 3),
        "The axis of the batch is missing.": (4, 7, 4),
        "Z is smaller than Y: 6 - 3 + 1 rows.": (10, 6, 8, 4),
        "There are 6 - 3 + 1 rows and 8 - 2 + 1 columns: the 1 is forgotten.": (10, 3, 6, 4),
        "Rows and columns are exchanged.": (10, 7, 4, 4),
    }
    Z = loops.conv_forward(np.zeros((10, 6, 8, 3)), np.zeros((3, 2, 3, 4)))
    return (
        Z.shape,
        slips,
        "As Z: 10 images, 6 - 3 + 1 rows, 8 - 2 + 1 columns, one map for each filter.",
    )


# --- 02 Follow one cell forward ---------------------------------------------------------------


@question("rise of z when y(3) rises")
def _():
    _, W, _ = _flat(one_map())
    w = W[0]
    slips = {
        "y(3) rises by 1 only, so a product rises by its weight.": [0, 3 * w[2], 3 * w[1]],
        "The weight moves the wrong way: it is w(3 - i).": [0, w[1], w[2]],
        "Window 0 does not cover cell 3.": w[::-1],
        "These are the weights as they are stored.": w,
    }
    return [0, w[2], w[1]], slips, "z(i) rises by w(3 - i), where there is such a weight."


@question("rise of Z when Y(1, 3) rises")
def _():
    Y, W, _ = _flat(one_map())
    right = np.zeros((3, 3))
    right[:2, 1:] = W[1::-1, :0:-1]

    def reached(weights):
        rise = np.zeros((3, 3))
        rise[:2, 1:] = weights
        return rise

    other = np.zeros((3, 3))
    other[1:, :2] = W[:0:-1, 1::-1]
    slips = {
        EXCHANGED: right.T,
        "This is for Y(3, 1); row before column.": other,
        "Row and column of the weight are exchanged.": reached(W.T[1::-1, :0:-1]),
        "The weights run the wrong way: it is W(1 - i, 3 - j).": reached(W[:2, 1:]),
        "The rows of the weights run the wrong way: u = 1 - i.": reached(W[:2, :0:-1]),
        "The columns of the weights run the wrong way: v = 3 - j.": reached(W[1::-1, 1:]),
        "Y(1, 3) rises by 1 only, so a product rises by its weight.": Y[1, 3] * right,
    }
    return right, slips, "Z(i, j) rises by W(1 - i, 3 - j), where there is such a weight."


@question("cells of Z that row 1 of Y reaches")
def _():
    columns = np.array([1, 2, 3, 2, 1])
    slips = {
        "At the edges fewer windows cover a cell.": [9, 9, 9, 9, 9],
        "The two counts are added; they have to be multiplied.": 2 + columns,
        "This is row 0, which is covered by one row of windows only.": columns,
        "This is row 2. Three rows of windows cover it, but only two cover row 1.": 3 * columns,
    }
    right = _gradient(np.ones((3, 3)), np.ones((3, 3)))[1]
    return right, slips, "Two rows of windows, times 1, 2, 3, 2, 1 for the columns."


@question("weight between Y(4, 2) and Z(1, 1)")
def _():
    slips = {
        "The stride is forgotten: u = 4 - 2·1.": (3, 1),
        "The pair is exchanged: row before column.": (1, 2),
        "The indices are added; it is r - 2i and c - j.": (6, 3),
    }
    return (4 - 2 * 1, 2 - 1), slips, "u = r - 2i = 4 - 2, v = c - j = 2 - 1."


@question("rise of Z(2, 2) when Y(3, 4, 1) rises")
def _():
    W = three_maps().W
    slips = {
        "The last cell meets the last weight of a plane, W(1, 2).": W[0, 0, 1],
        "These are from plane 0; the cell is in map 1.": W[1, 2, 0],
    }
    return W[1, 2, 1], slips, "Z(2, 2, k) rises by W(3 - 2, 4 - 2, 1, k)."


# --- 03 Gather with a flipped filter ----------------------------------------------------------


@question("dy(3) in a row")
def _():
    _, W, dZ = _flat(one_map())
    w, dz = W[0], dZ[0]
    slips = {
        "The weights are not turned: it is w(3 - j).": dz[1] * w[0] + dz[2] * w[1],
        "The two indices of a product must add up to 3.": dz[1] * w[1] + dz[2] * w[2],
        "The product dz(1) w(2) is missing.": dz[2] * w[1],
        "The product dz(2) w(1) is missing.": dz[1] * w[2],
    }
    return dz[1] * w[2] + dz[2] * w[1], slips, "dz(1) w(2) + dz(2) w(1) = (-4)·4 + (-2)·(-3)."


def _without_one(dZ, W, cell):
    """The value of a cell of dY where one of its products is left out."""
    (r, c), whole = cell, _gradient(dZ, W)[cell]
    left_out = {}
    for i, j in np.ndindex(dZ.shape):
        u, v = r - i, c - j
        if 0 <= u < W.shape[0] and 0 <= v < W.shape[1] and dZ[i, j]:
            says = f"The product dZ({i}, {j}) W({u}, {v}) is missing."
            left_out[says] = whole - dZ[i, j] * W[u, v]
    return left_out


def _one_cell(example, cell, why):
    _, W, dZ = _flat(example)
    dY, wrong = _gradient(dZ, W), _gradient(dZ, W[::-1, ::-1])
    slips = {EXCHANGED: dY[cell[::-1]], UNTURNED: wrong[cell]}
    return dY[cell], slips | _without_one(dZ, W, cell), why


@question("dY(1, 4)")
def _():
    why = "dZ(0, 2) W(1, 2) + dZ(1, 2) W(0, 2) = (-2)·(-1) + 6·4."
    return _one_cell(one_map(), (1, 4), why)


@question("dY(1, 3) by hand")
def _():
    why = "dZ(i, j) W(1 - i, 3 - j) for i = 0, 1 and j = 1, 2: 8 + 2 + 20 + 5."
    return _one_cell(variant("lesson 03 by hand"), (1, 3), why)


# --- 04 Scatter needs no flip -----------------------------------------------------------------


@question("dZ(1, 2) times W(2, 0)")
def _():
    _, W, dZ = _flat(one_map())
    product = dZ[1, 2] * W[2, 0]
    slips = {
        EXCHANGED: (2, 3, product),
        "The indices are subtracted; the cell is (i + u, j + v).": (-1, 2, product),
        "The other pair: dZ(1, 2) is 6 and W(2, 0) is -4.": (3, 2, dZ[2, 1] * W[0, 2]),
        "This is the cell of dZ; that of dY is (i + u, j + v).": (1, 2, product),
        "This is the place of the weight; the cell of dY is (i + u, j + v).": (2, 0, product),
    }
    return (1 + 2, 2 + 0, product), slips, "Row 1 + 2, column 2 + 0, and 6·(-4)."


@question("dY(1, 2) after two cells of dZ")
def _():
    _, W, dZ = _flat(one_map())
    first, second = dZ[0, 0] * W[1, 2], dZ[0, 1] * W[1, 1]
    slips = {
        "This is the first product only.": first,
        "This is the second product only: += adds to what is there.": second,
        "The filter is turned, and in a scatter it is not.": dZ[0, 0] * W[1, 0] + second,
        "This is the finished dY(1, 2): more of dZ is still to come.": _gradient(dZ, W)[1, 2],
    }
    return first + second, slips, "dZ(0, 0) W(1, 2) + dZ(0, 1) W(1, 1) = 3·(-1) + (-4)·5."


@question("column 7 of the matrix")
def _():
    _, W, _ = _flat(one_map())
    right, none = np.zeros((3, 3)), np.zeros((1, 3))
    right[:2] = W[1::-1, ::-1]
    slips = {
        "These rows are not turned: entry (i, j) is W(1 - i, 2 - j).": np.vstack([W[:2], none]),
        "The columns are not turned.": np.vstack([W[1::-1], none]),
        "The rows are not turned.": np.vstack([W[:2, ::-1], none]),
        "Row 2 of Z does not reach row 1 of Y.": W[::-1, ::-1],
    }
    return right, slips, "Entry (i, j) is W(1 - i, 2 - j), or 0 where there is no such weight."


@question("dY(2, 3) after two rows of dZ")
def _():
    _, W, dZ = _flat(one_map())
    done = dZ.copy()
    done[2] = 0
    slips = {
        "This is the finished dY(2, 3): row 2 of dZ is still to come.": _gradient(dZ, W)[2, 3],
        "The filter is turned, and in a scatter it is not.": _gradient(done, W[::-1, ::-1])[2, 3],
        EXCHANGED: _gradient(done, W)[3, 2],
        **_without_one(done, W, (2, 3)),
    }
    why = "dZ(i, j) W(2 - i, 3 - j) for i = 0, 1 and j = 1, 2: 8 - 6 - 4 + 30."
    return _gradient(done, W)[2, 3], slips, why


@question("cells that survive = for +=")
def _():
    _, W, dZ = _flat(one_map())
    kept = np.zeros((5, 5))
    for i, j in np.ndindex(3, 3):
        kept[i : i + 3, j : j + 3] = dZ[i, j] * W
    slips = {
        "A cell at an edge gets several products too, except in a corner.": 16,
        "The last window writes its 9 cells last, but most of them got other products before.": 9,
    }
    return np.sum(kept == _gradient(dZ, W)), slips, "The four corners: they get one product only."


# --- 05 Add up all maps -----------------------------------------------------------------------


def _corner(t, cell, dZ_at, W_at, why):
    parts = t.dZ[dZ_at] * t.W[(*W_at, cell[2])]
    dY = _gradient(t.dZ, t.W)
    unturned = _gradient(t.dZ, t.W[::-1, ::-1])
    other = dY[(*cell[:2], 1 - cell[2])]
    slips = {
        **{f"This is the part of filter {k} only.": part for k, part in enumerate(parts)},
        **{f"The part of filter {k} is missing.": dY[cell] - part for k, part in enumerate(parts)},
        f"These are the planes of map {1 - cell[2]} of Y.": other,
        UNTURNED: unturned[cell],
    }
    return dY[cell], slips, why


@question("dY(3, 4, 0)")
def _():
    why = "The sum over k of dZ(2, 2, k) W(1, 2, 0, k): 1·1 + 5·(-2) + 4·5."
    return _corner(three_maps(), (3, 4, 0), (2, 2), (1, 2), why)


@question("products in all of dY")
def _():
    t = three_maps()
    slips = {
        "These are the products with one map of Y only.": t.dZ.size * 6,
        "These are the products of one map of dZ only.": 9 * 12,
        "These are the products of one map of dZ and one map of Y only.": 9 * 6,
        "Cells near an edge have fewer products than those inside.": 40 * 18,
    }
    return (
        t.dZ.size * t.W[..., 0].size,
        slips,
        "27 cells of dZ, each with the 12 weights of its filter.",
    )


@question("dY(0, 4, 1)")
def _():
    why = "The sum over k of dZ(0, 2, k) W(0, 2, 1, k): (-4)·4 + (-4)·5 + (-3)·(-5)."
    other = variant("lesson 05", three_maps())
    right, slips, why = _corner(other, (0, 4, 1), (0, 2), (0, 2), why)
    slips["The weight is W(0 - 0, 4 - 2), not the last one."] = other.dZ[0, 2] @ other.W[1, 2, 1]
    return right, slips, why

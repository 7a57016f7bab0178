"""What lessons 06 to 11 ask: see `questions`, whose table this goes on."""

import numpy as np

from cnnlib import layers, loops, shapes, trace
from cnnlib.examples import oblong, one_map, strided, three_maps, variant
from cnnlib.exercises.questions import EXCHANGED, QUESTIONS, UNTURNED, question

__all__ = ["QUESTIONS"]


# --- 06 Pad, stride and dilate ------------------------------------------------------------------


@question("padding of same")
def _():
    slips = {
        "The odd row goes at the bottom, the odd column at the right.": ((1, 0), (1, 0)),
        "One row and one column are needed in all, not on each side.": ((1, 1), (1, 1)),
        "The odd row goes at the bottom.": ((1, 0), (0, 1)),
        "The odd column goes at the right.": ((0, 1), (1, 0)),
        "Something is needed: 3 windows at stride 2 span 7 rows.": ((0, 0), (0, 0)),
        "Rows need one too: 3 windows at stride 2 span 7 rows.": ((0, 0), (0, 1)),
        "The rows have stride 2: 3 windows are enough.": ((1, 1), (0, 1)),
    }
    right = shapes.geometry((6, 4), (3, 2), (2, 1), "same").padding
    return right, slips, "3 windows span 7 rows, one more than 6; 4 windows span 5 columns."


@question("sizes with a left-over row", any_order=True)
def _():
    left = [n for n in range(5, 12) if (n - 3) % 2]
    slips = {"These are the sizes without one.": [n for n in range(5, 12) if n not in left]}
    return left, slips, "(n - 3) mod 2 is 1 where n is even."


@question("rows that no weight touches", any_order=True)
def _():
    slips = {
        "These are the rows that a weight touches.": [0, 2, 4, 6, 8],
        "With only one of the two at 2 each row is touched. Here both are 2.": [],
        "Counted from 0, the last row is row 8.": [1, 3, 5, 7, 9],
        "Rows are counted from 0 here.": [2, 4, 6, 8],
    }
    ones, how = np.ones((3, 1, 1)), {"stride": (2, 1), "dilation": (2, 1)}
    windows = loops.conv_backward_input(ones, ones[..., np.newaxis], (9, 1), **how).ravel()
    why = "Window i touches rows 2i, 2i + 2 and 2i + 4, so only even ones."
    return np.flatnonzero(windows == 0), slips, why


@question("dY(1, 3) with stride and padding")
def _():
    x = variant("lesson 06", strided())
    steps = trace.input_steps(x.dZ, x.W, x.input_size, **x.how)
    first, second = steps[steps.position((1, 3, 0))].terms
    turned = loops.conv_backward_input(x.dZ, shapes.flip(x.W), x.input_size, **x.how)
    slips = {
        "The product with dZ(1, 1) is missing: two rows of Z are reached.": first.value,
        "The product with dZ(0, 1) is missing: two rows of Z are reached.": second.value,
        "The padding is missing: u = r + 1 - 2i.": x.dZ[0, 1, 0] * x.W[1, 1, 0, 0],
        UNTURNED: turned[1, 3, 0],
    }
    why = f"dZ(0, 1) W(2, 1) + dZ(1, 1) W(0, 1) = {first.product} + {second.product}."
    return first.value + second.value, slips, why


# --- 07 Nudge a weight --------------------------------------------------------------------------


@question("rise of Z")
def _():
    Y = one_map().Y[:, :, 0]
    slips = {
        "This is the rise for a nudge of 1. The nudge is 3.": Y[2:5, 2:5],
        "This is the rise for W(0, 0).": 3 * Y[0:3, 0:3],
        "This is the rise for W(1, 1).": 3 * Y[1:4, 1:4],
        EXCHANGED: 3 * Y[2:5, 2:5].T,
    }
    return 3 * Y[2:5, 2:5], slips, "W(2, 2) lies on Y(i + 2, j + 2) in window (i, j)."


@question("size of the filter")
def _():
    slips = {
        "One is missing: the first place counts too.": (16 - 9, 9 - 6),
        "This is n + o - 1. dZ lies inside Y here.": (16 + 9 - 1, 9 + 6 - 1),
        EXCHANGED: (9 - 6 + 1, 16 - 9 + 1),
    }
    return (16 - 9 + 1, 9 - 6 + 1), slips, "n - o + 1 on each axis: the places where dZ fits on Y."


@question("db of three maps")
def _():
    dZ = three_maps().dZ
    slips = {
        "The maps are added up. Each filter has its own bias.": dZ.sum(),
        "These are means. db adds up.": dZ.mean(axis=(0, 1)),
        "These are the numbers of cells. Add up dZ.": np.full(3, 9),
    }
    return loops.conv_backward_bias(dZ), slips, "Each is the sum of one map of dZ."


@question("dW(0, 2)")
def _():
    x = variant("lesson 07")
    Y, dZ = x.Y[:4, :4], x.dZ[:2, :2]
    steps = trace.filter_steps(dZ, Y, (3, 3))
    step = steps[steps.position((0, 2, 0, 0))]
    flipped = loops.conv_backward_filter(shapes.flip(dZ), Y, (3, 3))
    slips = {
        "dZ is flipped. It lies on Y as it is.": flipped[0, 2, 0, 0],
        EXCHANGED: steps[steps.position((2, 0, 0, 0))].value,
        "This is dW(0, 0). For dW(0, 2) the corner of dZ lies on Y(0, 2).": steps[0].value,
    }
    return step.value, slips, f"{' + '.join(term.product for term in step.terms)}."


# --- 08 Check a gradient ------------------------------------------------------------------------


@question("forward passes")
def _():
    x = oblong()
    slips = {
        "A central difference looks on both sides of each cell.": x.Y.size,
        "That is a one-sided difference. This one looks on both sides.": x.Y.size + 1,
        "These are for the cells of W. dY has the cells of Y.": 2 * x.W.size,
    }
    return 2 * x.Y.size, slips, "Two for each cell of Y."


@question("exact nudges", any_order=True)
def _():
    slips = {
        "1/1024 is a power of two, and has a finite form in binary.": [1, 1000],
        "A tenth has no finite form in binary.": [1, 1 / 10, 1000, 1 / 1024],
    }
    return [1, 1000, 1 / 1024], slips, "A tenth has no finite form in binary, the others have."


@question("the adjoint identity with ones")
def _():
    x = one_map()
    wrong = loops.conv_backward_input(x.dZ, shapes.flip(x.W), x.input_size)
    above = np.sum(x.dZ * loops.conv_forward(x.Y, x.W)), np.sum(wrong * x.Y)
    both = x.dZ.sum() * x.W.sum()
    slips = {
        "These are the sums of the line above. Every cell of Y is 1 now.": above,
        "The second sum is still that of the old Y. Every cell of Y is 1 now.": (both, above[1]),
    }
    return (both, both), slips, "Each is the sum of dZ times the sum of W: 10 times 5."


@question("safe nudge")
def _():
    slips = {
        "5 times 0.01 is 0.05, and crosses the kink.": 1e-2,
        "5 times 0.1 is 0.5, and crosses the kink.": 1e-1,
        "It is safe, but a larger power of ten is safe too.": 1e-4,
        "It is safe, but larger powers of ten are safe too.": 1e-5,
        "That is the limit, 0.03 / 5. Give the power of ten below it.": 0.03 / 5,
    }
    return 1e-3, slips, "A nudge of Y moves Z by up to 5 times as much, and 0.005 is below 0.03."


@question("tests that notice the missing row", any_order=True)
def _():
    slips = {
        "The mean changes too: products are missing.": [4],
        "The adjoint identity notices too: products are missing.": [2],
        "In test 3 the missing row holds zeros only.": [2, 3, 4],
        "Test 1 does not notice: dW is still 3 x 3.": [1, 2, 4],
    }
    return [2, 4], slips, "The shape is the same, and the first row alone is handled right."


# --- 09 Make it fast ----------------------------------------------------------------------------

CELLS, WEIGHTS = (48 - 3 + 1) ** 2, 3 * 3 * 4 * 8


@question("turns of the innermost line")
def _():
    slips = {
        "Z has 46 x 46 cells: 48 - 3 + 1.": [WEIGHTS * 48**2, WEIGHTS, 9, 1],
        "A filter has a plane for each of the 4 maps.": [72 * CELLS, 72, 9, 1],
        "In step 3 one product does all maps at once.": [WEIGHTS * CELLS, WEIGHTS, 36, 1],
        "There are 8 filters, each with its own weights.": [36 * CELLS, 36, 9, 1],
    }
    why = "288 weights times 46 times 46 cells of Z; 288 weights; 9 positions; 1."
    return [WEIGHTS * CELLS, WEIGHTS, 9, 1], slips, why


@question("numbers in the matrix of windows")
def _():
    slips = {
        "There are 46 x 46 windows, not 48 x 48.": 48**2 * 36,
        "A window has the cells of all 4 maps.": CELLS * 9,
        "The filters are not in this matrix.": CELLS * WEIGHTS,
        "That is one row of it. There is a row for each window.": 36,
        "That is Y itself. Each window gets its own copies.": 48**2 * 4,
    }
    return CELLS * 36, slips, "46 times 46 windows of 3 times 3 times 4 numbers."


@question("weights met at stride 2")
def _():
    slips = {
        "That is stride 1. At stride 2, r = 2i + u.": [9, 9, 9, 9],
        "Even and odd are exchanged.": [1, 2, 2, 4],
    }
    why = "An even row meets u = 0 and u = 2, an odd row u = 1. Columns do the same."
    return [4, 2, 2, 1], slips, why


@question("MiB of a matrix of windows")
def _():
    right = 16 * 32**2 * 9 * 64 * 8 / 2**20
    slips = {
        "That is one image. There are 16.": right / 16,
        "That is float32. In float64 a number has 8 bytes.": right / 2,
        "With padding 1 there are 32 x 32 windows.": right * 30**2 / 32**2,
        "These are numbers, in units of 2**20. Each has 8 bytes.": right / 8,
        "That is in bytes. A MiB has 2**20 of them.": right * 2**20,
        "A window has 3 x 3 cells in each map.": right / 9,
        "A window has the cells of all 64 maps.": right / 64,
    }
    return right, slips, "16 times 32 times 32 windows of 9 times 64 numbers of 8 bytes, by 2**20."


# --- 10 Learn from the gradient -----------------------------------------------------------------


@question("W after one update")
def _():
    Y, wanted = (np.array([row] * 2)[:, :, None] for row in ([0.0, 0, 1, 1, 0], [0.0, -1, 1, 2]))
    W = loops.conv_backward_filter(wanted, Y, (1, 2)).ravel() / 4
    slips = {
        "The step goes uphill. Subtract eta times dW.": -W,
        "Only one of the two rows counts here.": W / 2,
        "Multiply dW by eta.": 4 * W,
        "This is dW. Subtract eta times dW from W.": -4 * W,
    }
    return W, slips, "dZ is -wanted, dW is [-6, 0], and W is [0, 0] - 1/4 times [-6, 0]."


@question("gradient of ten equal logits")
def _():
    gradient = layers.softmax_cross_entropy(np.zeros((1, 10)), np.array([3]))[1][0]
    slips = {
        "These are the probabilities. Subtract 1 at the right class.": (0.1, 0.1),
        "The sign is turned: the gradient is p - 1 at the right class.": (0.9, -0.1),
        "The two are exchanged.": (0.1, -0.9),
    }
    why = "Every probability is 1/10, and 1 is subtracted at the right class."
    return gradient[[3, 0]].round(12), slips, why


@question("shape of P")
def _():
    slips = {
        "That is before the pool.": (5, 6, 6, 8),
        "Without padding, a 3 x 3 filter makes 6 x 6 of 8 x 8.": (5, 4, 4, 8),
        "There is one map for each of the 8 filters.": (5, 3, 3, 1),
        "The axis of the images is missing.": (3, 3, 8),
        "The maps are the last axis.": (5, 8, 3, 3),
    }
    images = layers.max_pool(loops.conv_forward(np.zeros((5, 8, 8, 1)), np.zeros((3, 3, 1, 8))), 2)
    return images.shape, slips, "8 - 3 + 1 = 6 rows and columns, halved by the pool, in 8 maps."


@question("learning rates in order")
def _():
    slips = {
        "The small rate is slow, but it goes down.": [0.3, 3, 0.003],
        "In five epochs 0.003 gets less far than 0.3.": [0.003, 0.3, 3],
        "3 jumps about and learns least.": [3, 0.3, 0.003],
    }
    return [0.3, 0.003, 3], slips, "0.3 learns, 0.003 is slow but goes down, 3 jumps about."


@question("loss from zero weights")
def _():
    slips = {
        "With equal logits the loss is log 10, not 0.": 0,
        "Round it to one decimal.": 2.31,
        "That is the loss to three decimals. Give one.": round(np.log(10), 3),
        "That is one probability. The loss is minus its logarithm.": 0.1,
    }
    why = "Only db2 is not 0: it learns how often each digit occurs, about log 10."
    return round(np.log(10), 1), slips, why


# --- 11 Visit the bug museum --------------------------------------------------------------------

MUSEUM = {  # for each bug: which sentence is right, what is said of the others, and why
    1: (
        2,
        {
            "The crop is right: what is not 0 fills the right cells.": 1,
            "The call of swapaxes exchanges them.": 3,
        },
        "A window that slides over dZ needs the flipped filter. A symmetric filter hides it.",
    ),
    2: (
        3,
        {
            "It is there: u and v have p_h and p_w.": 1,
            "1, 2 above 3, 4 above 5, 6: it lies as it should.": 2,
        },
        "The stride is unpacked as (s_w, s_h). Equal strides hide it.",
    ),
    3: (
        1,
        {
            "The loop runs over all cells of dZ.": 2,
            "s_h is in the rows, s_w in the columns.": 3,
        },
        "It has = in place of +=. Windows that do not overlap hide it.",
    ),
    4: (
        2,
        {
            "Its rows come in their order: 1, 3, 5.": 1,
            "Here conv_backward_input sees to the left-over row.": 3,
        },
        "It should start at row p_h, column p_w. The shape is right, and padding 0 hides it.",
    ),
    5: (
        1,
        {
            "Rows and columns come in their order; the sizes and signs are wrong.": 2,
            "Both filters count: conv_forward adds them up.": 3,
        },
        "Only rows and columns are flipped. One map and one filter hide it.",
    ),
    6: (
        3,
        {
            "The function crop takes p rows off each side. That is right.": 1,
            "In all they are as wide as they should be.": 2,
        },
        "Everything moves down by a row, as in bug 4. Sizes without left-over rows hide it.",
    ),
    7: (
        2,
        {
            "From top to bottom the order is right.": 1,
            "Each block is 3 rows high and 2 columns wide, as it should be.": 3,
        },
        "It reads W(u, f_w - 1 - v) in place of W(u, v). A filter of one column hides it.",
    ),
    8: (
        1,
        {
            "The line with += adds.": 2,
            "The loop runs over all cells of dZ.": 3,
        },
        "The sum over k is missing. One filter hides it.",
    ),
    9: (
        3,
        {
            "It is subtracted once, and rows 0 to 4 are right.": 1,
            "The last row of dZ is 0, so the last windows add nothing.": 2,
        },
        "Row -1 is in the padding, but Python takes it as the last row. Padding 0 hides it.",
    ),
    10: (
        3,
        {
            "It goes into tensordot as it is.": 1,
            "Yp is Y with its padding.": 2,
        },
        "The cells that a weight meets lie s apart. Stride 1 hides it.",
    ),
    11: (
        1,
        {
            "Row i s + u, column j s + v: that is the right cell.": 2,
            "Both strides are there.": 3,
        },
        "It should run over the cells of dZ. An output of the filter's size hides it.",
    ),
    12: (
        2,
        {
            "The function spread puts them where they belong.": 1,
            "What left-over rows add is at the bottom and right, and goes.": 3,
        },
        "In the filter gradient nothing is flipped. A dZ of ones hides it.",
    ),
}
for _number, _told in MUSEUM.items():
    question(f"bug {_number}")(lambda told=_told: told)


@question("bugs hidden by stride 1 and no padding", any_order=True)
def _():
    slips = {
        "Bug 2 passes too: both strides are 1.": [4],
        "Bug 4 passes too: there is nothing to crop.": [2],
    }
    return [2, 4], slips, "Equal strides can be exchanged, and without padding nothing is cropped."


@question("bugs hidden by the mean", any_order=True)
def _():
    slips = {
        "Bug 9 passes too: without padding no index is negative.": [6, 7],
        "Bug 7 passes too: the products only change places.": [6, 9],
        "Bug 6 passes too: everything is there, one row further down.": [7, 9],
    }
    return [6, 7, 9], slips, "Bugs 6 and 7 move products to other cells. Bug 9 needs padding."


@question("bugs hidden by one map", any_order=True)
def _():
    slips = {
        "Bug 8 passes too: with one filter there is nothing to add up.": [5],
        "Bug 5 passes too: one map is its own reverse.": [8],
    }
    return [5, 8], slips, "A reversed map axis, and a missing sum over filters."

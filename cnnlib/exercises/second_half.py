"""What lessons 06 to 11 ask."""

import numpy as np

from cnnlib import examples, layers, loops, shapes, trace
from cnnlib.exercises.questions import Question


def rows():
    """Return {name: Question}."""
    return pad_and_stride() | nudge_a_weight() | check() | make_fast() | learn() | museum()


def pad_and_stride():
    """Lesson 06."""
    s = examples.strided()
    step = trace.input_steps(s.dZ, s.W, s.input_size, **s.how)
    step = step[step.position((1, 3, 0))]
    uneven = shapes.geometry((6, 4), (3, 2), (2, 1), "same").padding
    both, stride, dilation = (windows_on_rows(9, 3, *how) for how in ((2, 2), (2, 1), (1, 2)))
    return {
        "padding of same": Question(
            uneven,
            "Rows: 3 windows span 7, one more than 6. Columns: 4 windows span 5, one more than 4.",
            {
                "The odd row goes at the bottom, the odd column at the right.": ((1, 0), (1, 0)),
                "One row and one column are needed in all, not on each side.": ((1, 1), (1, 1)),
                "Something is needed: 3 windows at stride 2 span 7 rows.": ((0, 0), (0, 0)),
            },
        ),
        "sizes with a left-over row": Question(
            [n for n in range(5, 12) if (n - 3) % 2],
            "(n - 3) mod 2 is 1 where n is even.",
            {"These are the sizes without one.": [n for n in range(5, 12) if (n - 3) % 2 == 0]},
            any_order=True,
        ),
        "windows with stride 2 and dilation 2": Question(
            both,
            "The extent is 5. Window i touches rows 2i, 2i + 2 and 2i + 4.",
            {
                "The dilation is forgotten: the weights lie 2 rows apart.": stride,
                "The stride is forgotten: the windows begin 2 rows apart.": dilation,
            },
        ),
        "dY(1, 3) with stride and padding": Question(
            step.value,
            str(step),
            {
                "The product with dZ(1, 1) is missing: two rows of Z are reached.": step.terms[
                    0
                ].value,
                "The product with dZ(0, 1) is missing, or the padding is.": step.terms[1].value,
            },
        ),
    }


def windows_on_rows(n, f, s, d):
    """Count the windows that touch each row."""
    o = shapes.output_size(n, f, stride=s, dilation=d)
    ones, how = (np.ones((o, 1, 1)), np.ones((f, 1, 1, 1))), {"stride": (s, 1), "dilation": (d, 1)}
    return loops.conv_backward_input(*ones, (n, 1), **how).ravel()


def nudge_a_weight():
    """Lesson 07."""
    e, t, x = examples.one_map(), examples.three_maps(), examples.variant("lesson 07")
    Y, db = e.Y[:, :, 0], loops.conv_backward_bias(t.dZ)
    steps = trace.filter_steps(x.dZ, x.Y, x.filter_size)
    step = steps[steps.position((0, 2, 0, 0))]
    turned = loops.conv_backward_filter(shapes.flip(x.dZ), x.Y, x.filter_size)
    return {
        "rise of Z": Question(
            3 * Y[2:5, 2:5],
            "W(2, 2) lies on Y(i + 2, j + 2) in window (i, j): three times that piece of Y.",
            {
                "This is the rise for a nudge of 1. The nudge is 3.": Y[2:5, 2:5],
                "This is the rise for W(0, 0).": 3 * Y[0:3, 0:3],
                "This is the rise for W(1, 1).": 3 * Y[1:4, 1:4],
                "Rows and columns are exchanged.": 3 * Y[2:5, 2:5].T,
            },
        ),
        "size of the filter": Question(
            (16 - 9 + 1, 9 - 6 + 1),
            "n - o + 1 on each axis: the places where dZ fits on Y.",
            {
                "One is missing: the first place counts too.": (16 - 9, 9 - 6),
                "This is o + n - 1. dZ lies inside Y here.": (16 + 9 - 1, 9 + 6 - 1),
                "Rows come first.": (9 - 6 + 1, 16 - 9 + 1),
            },
        ),
        "db of three maps": Question(
            db,
            "Each is the sum of one map of dZ.",
            {
                "The maps are added up. Each filter has its own bias.": db.sum(),
                "These are means. db adds up.": t.dZ.mean(axis=(0, 1)),
                "These are the numbers of cells. Add up dZ.": np.full(3, 9),
            },
        ),
        "dW(0, 2)": Question(
            step.value,
            str(step),
            {
                "dZ is flipped. It lies on Y as it is.": turned[0, 2, 0, 0],
                "Row and column are exchanged: this is dW(2, 0).": loops.conv_backward_filter(
                    x.dZ, x.Y, x.filter_size
                )[2, 0, 0, 0],
            },
        ),
    }


def check():
    """Lesson 08."""
    o, e = examples.oblong(), examples.one_map()
    both = e.dZ.sum() * e.W.sum()
    wrong = loops.conv_backward_input(e.dZ, shapes.flip(e.W), e.input_size)
    above = np.sum(e.dZ * loops.conv_forward(e.Y, e.W)), np.sum(wrong * e.Y)
    return {
        "forward passes": Question(
            2 * o.Y.size,
            "Two for each cell of Y.",
            {
                "A central difference looks on both sides of each cell.": o.Y.size,
                "That is a one-sided difference. This one looks on both sides.": o.Y.size + 1,
                "These are the cells of W. dY has the cells of Y.": 2 * o.W.size,
            },
        ),
        "exact nudges": Question(
            [1, 1000, 1 / 1024],
            "A tenth has no finite form in binary, the other three have.",
            {
                "1/1024 is a power of two, and has a finite form in binary.": [1, 1000],
                "A tenth has no finite form in binary.": [1, 1 / 10, 1000, 1 / 1024],
            },
            any_order=True,
        ),
        "the adjoint identity with ones": Question(
            (both, both),
            "Each is the sum of dZ times the sum of W: 10 times 5.",
            {"These are the sums of the line above. Every cell of Y is 1 now.": above},
        ),
        "safe nudge": Question(
            1e-3,
            "A nudge of Y moves Z by up to 5 times as much: 5 * 0.001 is below 0.03.",
            {
                "5 * 0.01 is 0.05, and crosses the kink.": 1e-2,
                "It is safe, but a larger power of ten is safe too.": 1e-4,
            },
        ),
        "tests that notice the missing row": Question(
            [2, 4],
            "The shape is the same, and the first row alone is handled right.",
            {
                "The mean changes too: products are missing.": [4],
                "The adjoint identity notices too: products are missing.": [2],
                "In test 3 the missing row holds zeros only.": [2, 3, 4],
            },
            any_order=True,
        ),
    }


def make_fast():
    """Lesson 09."""
    o, weights = 48 - 3 + 1, 3 * 3 * 4 * 8
    mebibytes = 16 * 56 * 56 * 9 * 64 * 8 / 2**20
    return {
        "turns of the innermost line": Question(
            [weights * o * o, weights, 9, 1],
            "288 weights times 46 * 46 cells of Z; 288 weights; 9 positions; 1.",
            {
                "Z has 46 x 46 cells: 48 - 3 + 1.": [weights * 48 * 48, weights, 9, 1],
                "A filter has a plane for each of the 4 maps.": [72 * o * o, 72, 9, 1],
            },
        ),
        "numbers in the matrix of windows": Question(
            o * o * 36,
            "46 * 46 windows of 3 * 3 * 4 numbers.",
            {
                "There are 46 * 46 windows, not 48 * 48.": 48 * 48 * 36,
                "A window has the cells of all 4 maps.": o * o * 9,
                "The filters are not in this matrix.": o * o * weights,
            },
        ),
        "weights met at stride 2": Question(
            [4, 2, 2, 1],
            "An even row meets u = 0 and u = 2, an odd row u = 1. Columns do the same.",
            {
                "That is stride 1. At stride 2, r = 2i + u.": [9, 9, 9, 9],
                "Even and odd are exchanged.": [1, 2, 2, 4],
            },
        ),
        "MiB of a matrix of windows": Question(
            mebibytes,
            "16 * 56 * 56 windows of 9 * 64 numbers of 8 bytes, divided by 2**20.",
            {
                "That is one image. There are 16.": mebibytes / 16,
                "That is float32. In float64 a number has 8 bytes.": mebibytes / 2,
                "With padding 1 there are 56 x 56 windows.": mebibytes * 54**2 / 56**2,
                "These are numbers, in units of 2**20. Each has 8 bytes.": mebibytes / 8,
            },
        ),
    }


def learn():
    """Lesson 10."""
    Y, wanted = (np.array([row] * 2)[:, :, None] for row in ([0.0, 0, 1, 1, 0], [0.0, -1, 1, 2]))
    W = (0.25 * loops.conv_backward_filter(wanted, Y, (1, 2))).ravel()
    gradient = layers.softmax_cross_entropy(np.zeros((1, 10)), np.array([3]))[1][0]
    return {
        "W after one update": Question(
            W,
            "dZ is -wanted, dW is [-6, 0], and W is [0, 0] - 1/4 * [-6, 0].",
            {
                "The step goes uphill. Subtract eta times dW.": -W,
                "Only one of the two rows counts here.": W / 2,
                "Multiply dW by eta.": 4 * W,
            },
        ),
        "gradient of ten equal logits": Question(
            gradient[[3, 0]],
            "Every probability is 1/10, and 1 is subtracted at the right class.",
            {
                "These are the probabilities. Subtract 1 at the right class.": (0.1, 0.1),
                "The sign is turned: the gradient is p - 1 at the right class.": (0.9, -0.1),
                "The two are exchanged.": (0.1, -0.9),
            },
        ),
        "shape of P": Question(
            (5, 3, 3, 8),
            "8 - 3 + 1 = 6 rows and columns, halved by the pool, in 8 maps.",
            {
                "That is before the pool.": (5, 6, 6, 8),
                "Without padding, a 3 x 3 filter makes 6 x 6 of 8 x 8.": (5, 4, 4, 8),
                "There is one map for each of the 8 filters.": (5, 3, 3, 1),
                "The axis of the images is missing.": (3, 3, 8),
            },
        ),
        "learning rates in order": Question(
            [0.3, 0.003, 3],
            "0.3 learns. 0.003 is slow, but goes down. 3 jumps about.",
            {
                "The small rate is slow, but it goes down.": [0.3, 3, 0.003],
                "In five epochs 0.003 gets less far than 0.3.": [0.003, 0.3, 3],
            },
        ),
        "loss from zero weights": Question(
            round(np.log(10), 1),
            "It can only learn how often each digit occurs: about log 10. Only db2 is not 0.",
            {"All ten logits are equal: the loss is log 10.": 0},
        ),
    }


def museum():
    """Lesson 11."""
    return {
        "bugs hidden by stride 1 and no padding": Question(
            [2, 4],
            "Equal strides can be exchanged, and without padding there is nothing to crop.",
            {
                "Bug 2 passes too: both strides are 1.": [4],
                "Bug 4 passes too: there is nothing to crop.": [2],
            },
            any_order=True,
        ),
        "bugs hidden by the mean": Question(
            [6, 7, 9],
            "Bugs 6 and 7 move products to other cells. Bug 9 needs padding.",
            {
                "Bug 9 passes too: without padding no index is negative.": [6, 7],
                "Bug 7 passes too: the products only change places.": [6, 9],
                "Bug 6 passes too: everything is there, one row further down.": [7, 9],
            },
            any_order=True,
        ),
        "bugs hidden by one map": Question(
            [5, 8],
            "A reversed map axis, and a missing sum over filters.",
            {
                "Bug 8 passes too: with one filter there is nothing to add up.": [5],
                "Bug 5 passes too: one map is its own reverse.": [8],
            },
            any_order=True,
        ),
    }

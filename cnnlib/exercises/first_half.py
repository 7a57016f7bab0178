"""What lessons 00 to 05 ask."""

import numpy as np

from cnnlib import examples, layers, loops, shapes, trace
from cnnlib.exercises.questions import Question


def rows():
    """Return {name: Question}."""
    return names() | chain() | forward() | gather() | scatter() | all_maps()


def _sum(steps, cell):
    """Return the value of a step and its sum as text."""
    step = steps[steps.position(cell)]
    return step.value, str(step)


def names():
    """Lesson 00."""
    e, o = examples.one_map(), examples.oblong()
    Z, worked = _sum(trace.forward_steps(e.Y, e.W, e.b), (2, 0, 0))
    flipped = loops.conv_forward(e.Y, shapes.flip(e.W), e.b)[2, 0, 0]
    exchanged = loops.conv_forward(e.Y, e.W, e.b)[0, 2, 0]
    by_hand, sum_by_hand = _sum(trace.forward_steps(o.Y, o.W, o.b, **o.how), (1, 2, 0))
    h, w = shapes.output_size(o.input_size, o.filter_size, padding=(1, 2), **o.how)
    corner = trace.forward_steps(e.Y, e.W, e.b, padding=1)[0]
    return {
        "Z(2, 0)": Question(
            Z,
            worked,
            {
                "The bias is missing.": Z - e.b[0],
                "Rows come first: this is Z(0, 2).": exchanged,
                "The filter is flipped. Forward, it lies as it is.": flipped,
            },
        ),
        "Z(1, 2) of the oblong layer": Question(
            by_hand,
            sum_by_hand,
            {
                "The stride is forgotten. Window (1, 2) begins in row 2.": loops.conv_forward(
                    o.Y, o.W, o.b
                )[1, 2, 0],
            },
        ),
        "size of Z with padding (1, 2)": Question(
            (h, w),
            "Rows: (6 + 2 - 3) / 2, rounded down, and 1 more. Columns: 4 + 4 - 2 + 1.",
            {
                "The padding is on both sides: count it twice.": (3, 5),
                "Rows come first.": (w, h),
                "One is missing: the first window counts too.": (h - 1, w - 1),
            },
        ),
        "products in Z(0, 0) with padding 1": Question(
            len(corner.terms),
            f"{corner}. The other five weights lie on zeros that were put in.",
            {"Five weights lie on zeros that were put in. They do not count.": 9},
        ),
    }


def chain():
    """Lesson 01."""
    e = examples.one_map()
    Z = loops.conv_forward(e.Y, e.W, e.b)
    dY = examples.variant("activation").dZ
    dP = np.array([[2.0, -1.0, 3.0], [1.0, 4.0, -2.0]])[:, :, np.newaxis]
    pooled = layers.max_pool_backward(dP, layers.relu(Z), (2, 1), stride=1)
    dW = loops.conv_backward_filter(e.dZ, e.Y, e.filter_size)[1, 2, 0, 0]
    before = np.sum(e.dZ * Z)
    return {
        "dZ before the ReLU": Question(
            layers.relu_backward(dY, Z)[:, :, 0],
            "dY_out where Z is above 0, else 0.",
            {
                "The sign of Z decides, not that of the gradient.": np.maximum(dY, 0)[:, :, 0],
                "Where Z is not above 0, nothing comes back.": dY[:, :, 0],
                "The gate is the wrong way round.": np.where(Z > 0, 0, dY)[:, :, 0],
            },
        ),
        "dZ before the ReLU and the pool": Question(
            layers.relu_backward(pooled, Z)[:, :, 0],
            "The 31 wins both windows: -1 + 4 = 3. The tie of two zeros is stopped by the ReLU.",
            {
                "This is the gradient before the ReLU. It stops where Z is not above 0.": pooled[
                    :, :, 0
                ],
            },
        ),
        "loss after one update of W(1, 2)": Question(
            before - dW * dW / 4,
            f"The slope is {dW:g}, the step is {-dW / 4:g}: {before:g} + {dW:g} * {-dW / 4:g}.",
            {
                "The step goes uphill. Subtract eta times the slope.": before + dW * dW / 4,
                "This is the change of the loss. Add it to the loss.": -dW * dW / 4,
                "This is the slope. The loss changes by slope times step.": dW,
            },
        ),
        "shape of dZ for a batch": Question(
            (10, 4, 7, 4),
            "dZ has the shape of Z: 10 images, 6 - 3 + 1 rows, 8 - 2 + 1 columns, 4 filters.",
            {
                "This is the shape of Y. dZ has that of Z.": (10, 6, 8, 3),
                "The last axis has one map for each filter.": (10, 4, 7, 3),
                "The axis of the images is missing.": (4, 7, 4),
            },
        ),
    }


def forward():
    """Lesson 02."""
    e, t = examples.one_map(), examples.three_maps()
    W, w = e.W[:, :, 0, 0], e.W[0, :, 0, 0]
    rise = np.array([[0, W[1, 2], W[1, 1]], [0, W[0, 2], W[0, 1]], [0, 0, 0]])
    one = np.array([1, 2, 3, 2, 1])
    last = t.W[1, 2, 1]
    return {
        "rise of z when y(3) rises": Question(
            [0, w[2], w[1]],
            "Window 0 does not cover cell 3. In window 1 w(2) lies on it, in window 2 w(1).",
            {
                "The index falls from window to window: w(3 - j).": [0, w[1], w[2]],
                "Window 0 does not cover cell 3.": [w[2], w[2], w[1]],
            },
        ),
        "rise of Z when Y(1, 3) rises": Question(
            rise,
            "Z(i, j) rises by W(1 - i, 3 - j), where that is inside the filter.",
            {
                "Rows and columns are exchanged: this is for Y(3, 1).": rise.T,
                "The index in W falls where that in Z rises.": np.array(
                    [[0, W[0, 1], W[0, 2]], [0, W[1, 1], W[1, 2]], [0, 0, 0]]
                ),
            },
        ),
        "cells of Z that each cell of Y reaches": Question(
            np.outer(one, one),
            "Rows 0 to 4 are in 1, 2, 3, 2, 1 windows, and so are columns. Multiply.",
            {
                "Multiply the two counts, do not add them.": np.add.outer(one, one),
                "At the rim, fewer windows lie on a cell.": np.full((5, 5), 9),
            },
        ),
        "weight between Y(4, 2) and Z(1, 1)": Question(
            (4 - 2 * 1, 2 - 1),
            "u = 4 - 2 * 1 and v = 2 - 1.",
            {
                "The stride is forgotten: 4 = 2 * 1 + u.": (3, 1),
                "Rows come first.": (1, 2),
                "The indices of Z and W add up to that of Y: subtract.": (6, 3),
            },
        ),
        "rise of Z(2, 2) when Y(3, 4, 1) rises": Question(
            last,
            "Of each filter, W(1, 2, 1, k): the last weight of plane 1.",
            {
                "That is plane 0. Y(3, 4, 1) is in map 1.": t.W[1, 2, 0],
                "The first weight lies on the first cell of the window.": t.W[0, 0, 1],
            },
        ),
    }


def gather():
    """Lesson 03."""
    e, v = examples.one_map(), examples.variant("lesson 03 by hand")
    row = loops.conv_backward_input(e.dZ[:1], e.W[:1], (1, 5))
    row_turned = loops.conv_backward_input(e.dZ[:1], shapes.flip(e.W[:1]), (1, 5))
    found = {}
    for name, x, cell in (("dY(1, 4)", e, (1, 4, 0)), ("dY(1, 3) by hand", v, (1, 3, 0))):
        right, worked = _sum(trace.input_steps(x.dZ, x.W, x.input_size), cell)
        turned = loops.conv_backward_input(x.dZ, shapes.flip(x.W), x.input_size)
        all_of_it = loops.conv_backward_input(x.dZ, x.W, x.input_size)
        found[name] = Question(
            right,
            worked,
            {
                "The filter is not turned: subtract the index in dZ from that in dY.": turned[cell],
                "Rows come first.": all_of_it[cell[1], cell[0], 0],
            },
        )
    return found | {
        "dy(3) in a row": Question(
            row[0, 3, 0],
            "dz(1) w(2) + dz(2) w(1) = (-4) * 4 + (-2) * (-3).",
            {
                "The weight is w(3 - j): its index falls as j rises.": row_turned[0, 3, 0],
                "One product is missing: dz(2) w(1).": e.dZ[0, 1, 0] * e.W[0, 2, 0, 0],
                "One product is missing: dz(1) w(2).": e.dZ[0, 2, 0] * e.W[0, 1, 0, 0],
            },
        )
    }


def scatter():
    """Lesson 04."""
    e = examples.one_map()
    dZ, W = e.dZ[:, :, 0], e.W[:, :, 0, 0]
    two = dZ[0, 0] * W[1, 2] + dZ[0, 1] * W[1, 1]
    column = np.array([[W[1, 2], W[1, 1], W[1, 0]], [W[0, 2], W[0, 1], W[0, 0]], [0, 0, 0]])
    rows = np.where(np.arange(3)[:, None, None] < 2, e.dZ, 0)
    after, all_of_it = (loops.conv_backward_input(d, e.W, (5, 5)) for d in (rows, e.dZ))
    counts = [len(step.terms) for step in trace.input_steps(e.dZ, e.W, (5, 5))]
    return {
        "dZ(1, 2) times W(2, 0)": Question(
            (3, 2, dZ[1, 2] * W[2, 0]),
            "The row is 1 + 2, the column is 2 + 0, and 6 * (-4) = -24.",
            {
                "The indices are added here, not subtracted.": (1, -2, dZ[1, 2] * W[2, 0]),
                "Rows come first.": (2, 3, dZ[1, 2] * W[2, 0]),
                "This is W(0, 2). A scatter does not flip.": (3, 2, dZ[1, 2] * W[0, 2]),
            },
        ),
        "dY(1, 2) after two cells of dZ": Question(
            two,
            "dZ(0, 0) W(1, 2) + dZ(0, 1) W(1, 1) = 3 * (-1) + (-4) * 5.",
            {
                "That is dZ(0, 0) alone. dZ(0, 1) adds to this cell too.": dZ[0, 0] * W[1, 2],
                "That is dZ(0, 1) alone. Add it to what was there.": dZ[0, 1] * W[1, 1],
                "This is all of dY(1, 2). Only two cells of dZ are done.": all_of_it[1, 2, 0],
            },
        ),
        "column 7 of the matrix": Question(
            column,
            "Entry (i, j) is W(1 - i, 2 - j): the two upper rows of the filter, turned.",
            {
                "The index in W falls where that in Z rises.": np.array([W[0], W[1], 0 * W[0]]),
                "The columns are turned too.": np.array([W[1], W[0], 0 * W[0]]),
                "Rows and columns are exchanged.": column.T,
            },
        ),
        "dY(2, 3) after two rows of dZ": Question(
            after[2, 3, 0],
            _sum(trace.input_steps(rows, e.W, (5, 5)), (2, 3, 0))[1],
            {
                "This is all of dY(2, 3). The last row of dZ is still to come.": all_of_it[2, 3, 0],
                "Rows come first.": after[3, 2, 0],
            },
        ),
        "cells that survive = for +=": Question(
            counts.count(1),
            "The cells that only one window covers: the four corners.",
            {
                "These are lost. Count the others.": 25 - counts.count(1),
                "Along an edge, two or three windows cover a cell.": 16,
            },
        ),
    }


def all_maps():
    """Lesson 05."""
    t = examples.three_maps()
    dY, dZ, W = loops.conv_backward_input(t.dZ, t.W, t.input_size), t.dZ, t.W
    steps, found = trace.input_steps(t.dZ, t.W, t.input_size), {}
    turned = loops.conv_backward_input(t.dZ, shapes.flip(t.W), t.input_size)
    for cell in ((3, 4, 0), (0, 4, 1)):
        first = loops.conv_backward_input(dZ[..., :1], W[..., :1], t.input_size)
        found[f"dY{cell}"] = Question(
            *_sum(steps, cell),
            {
                "This is the other map.": dY[cell[0], cell[1], 1 - cell[2]],
                "Only filter 0 counts. Add up all of them.": first[cell],
                "The filter is turned where it should not be.": turned[cell],
            },
        )
    return found | {
        "products in all of dY": Question(
            dZ.size * W[..., 0].size,
            "27 cells of dZ, each with the 2 * 3 * 2 weights of its own filter.",
            {
                "A cell of dZ meets its own filter only.": dZ.size * W.size,
                "That is one map of Y. There are two.": dZ.size * W[:, :, 0, 0].size,
                "Near the rim, a cell of dY has fewer products.": dY.size * W[:, :, 0].size,
            },
        )
    }

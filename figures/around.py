"""What is around the convolution: the max pool, and one update of one weight."""

import numpy as np

from cnnlib import layers, loops
from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING
from figures.words import at, bare

# --- the max pool ----------------------------------------------------------------------


SIZE = (2, 1)
ARRIVES = np.array([[2.0, -1.0, 3.0], [1.0, 4.0, -2.0]])[:, :, np.newaxis]


def _pool():
    Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)
    Y = layers.relu(Z)
    P = layers.max_pool(Y, SIZE, stride=1)
    dY = layers.max_pool_backward(ARRIVES, Y, SIZE, stride=1)
    return [array[:, :, 0] for array in (Z, Y, P, ARRIVES, dY, layers.relu_backward(dY, Z))]


def _winners(Y):
    """The cell of Y that each window takes."""
    for i, j in np.ndindex(2, 3):
        yield (i, j), (i + int(np.argmax(Y[i : i + 2, j])), j)


POOL = (  # name, title and note of each grid, where it is, and the source of its numbers
    ("Z", "Z", "3 x 3, from conv", 60, 76),
    ("Y", "Y_out", "ReLU(Z)", 330, 76),
    ("Y", "P", "2 x 3, the larger", 600, 76),
    ("dY", "dP", "arrives", 600, 330),
    ("dY", "dY_out", "to the winners", 330, 330),
    ("dZ", "dZ", "0 where Z ≤ 0", 60, 330),
)


def pool(ax):
    """Above Z, Y and P; below dZ, dY and dP under them."""
    arrays = _pool()
    won, cell = {cell for _, cell in _winners(arrays[1])}, 54
    placed = [
        draw.grid(ax, name, values, x, y, cell, title=title, note=note,
                  solid=won if title.endswith("Y_out") else ())
        for (name, title, note, x, y), values in zip(POOL, arrays, strict=True)
    ]  # fmt: skip
    for n, level, back in ((0, 130, False), (1, 130, False), (3, 384, True), (4, 384, True)):
        draw.across(ax, placed[n], placed[n + 1], level=level, after=12, back=back)
    words = [
        "A window is two rows high and one column wide. Y_out(1, 1) wins twice: -1 + 4 = 3.",
        "Y_out(0, 2) and Y_out(1, 2) tie at 0: the first gets the 3, and the ReLU stops it.",
    ]
    draw.lines(ax, 400, 530, words, 17, ha="center")
    draw.key(ax, 596, ("solid", "Y", "the largest of a window: it gets the gradient"))


def _pool_alt():
    Z, Y, P, dP, dY, dZ = _pool()
    said = [
        f"{name} {'; '.join(' '.join(map(bare, row)) for row in array)}"
        for name, array in zip(
            ("Z", "Y_out = ReLU(Z)", "P", "dP", "dY_out", "dZ"), (Z, Y, P, dP, dY, dZ), strict=True
        )
    ]
    return (
        "A max pool with windows of 2 rows and 1 column after a ReLU. Forward: "
        f"{', '.join(said[:3])}. Backward: {', '.join(said[3:])}. Each number of dP goes to the "
        "cell that its window took; Y_out(1, 1) was taken twice, so -1 and 4 add up to 3; of two "
        "equal cells the first gets all, and at (0, 2) the ReLU stops it."
    )


# --- the update -------------------------------------------------------------------------


WEIGHT, ETA = (1, 2), 0.25


def _step():
    dW = loops.conv_backward_filter(RUNNING.dZ, RUNNING.Y, RUNNING.filter_size)
    before, slope = RUNNING.W[(*WEIGHT, 0, 0)], dW[(*WEIGHT, 0, 0)]
    Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)
    loss = np.sum(RUNNING.dZ * Z)
    after = before - ETA * slope
    return before, after, slope, loss, loss + slope * (after - before)


def update(ax):
    """The loss over one weight: a line, the slope, the step and the fall."""
    before, after, slope, high, low = _step()
    draw.arrow(ax, (110, 430), (760, 430), width=2)
    draw.arrow(ax, (110, 430), (110, 60), width=2)
    draw.text(ax, 690, 462, f"W{at(WEIGHT)}", 18, True)
    draw.text(ax, 126, 60, "loss", 18, True, ha="left")
    (x0, x1), (y0, y1) = (250, 560), (140, 340)
    tilt = (y1 - y0) / (x1 - x0)
    line = (x0 - 70, y0 - 70 * tilt), (x1 + 70, y1 + 70 * tilt)
    draw.arrow(ax, *line, head=False, color=draw.FRAME["W"])
    draw.text(ax, x0 + 30, 84, f"slope dW{at(WEIGHT)} = {bare(slope)}", 19, ha="left")
    for x, y, weight, loss in ((x0, y0, before, high), (x1, y1, after, low)):
        look = {"fill": draw.FRAME["W"], "edge": draw.FRAME["W"], "round_": 7, "zorder": 4}
        draw.box(ax, x - 8, y - 8, 16, 16, **look)
        draw.rule(ax, x, y + 10, (x, 428))
        draw.rule(ax, x - 10, y, (112, y))
        draw.text(ax, x, 452, bare(weight), 19, True)
        draw.text(ax, 98, y, bare(loss), 19, True, ha="right")
    step = f"step −η · ({bare(slope)}) = {bare(after - before)}"
    draw.arrow(ax, (x0 + 6, 396), (x1 - 6, 396), step, width=4, color=draw.FRAME["W"], size=17)
    draw.arrow(ax, (150, y0 + 6), (150, y1 - 6), width=4)
    words = f"falls by\nη · {bare(abs(slope))}²\n= {bare(high - low)}"
    draw.text(ax, 166, (y0 + y1) / 2, words, 16, ha="left")
    draw.text(ax, 400, 500, "downhill, since the step has the opposite sign of the slope", 18)


def _update_alt():
    before, after, slope, high, low = _step()
    return (
        f"The loss drawn over one weight, W{at(WEIGHT)}: a straight line that falls with slope "
        f"dW = {bare(slope)}. One update with eta = 1/4 moves the weight from {bare(before)} by "
        f"{bare(after - before)} to {bare(after)}, and the loss from {bare(high)} down to "
        f"{bare(low)}, by eta times the slope squared, {bare(high - low)}."
    )


FIGURES = [
    Figure("max_pool_hands_its_gradient_to_the_largest", (), 624, pool, _pool_alt()),
    Figure("update_of_one_weight_goes_downhill", (), 530, update, _update_alt()),
]

"""What stands around the convolution: the max pool, and one update of one weight."""

import numpy as np

from cnnlib import layers, loops
from cnnlib.examples import one_map
from figures import draw
from figures.cells import INKS, grid, minus, title
from figures.figure import Figure
from figures.several_maps import bare

RUNNING = one_map()


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


def pool(ax):
    """Above Z, Y and P; below dZ, dY and dP under them."""
    Z, Y, P, dP, dY, dZ = _pool()
    won = {cell for _, cell in _winners(Y)}
    cell, places = 54, (60, 320, 580)
    above = [
        grid(ax, name, values, x, 100, cell, solid=won if name == "Y" else ())
        for name, values, x in zip(("Z", "Y", "Y"), (Z, Y, P), places, strict=True)
    ]
    for placed, words, small in zip(
        above,
        ("Z, 3 × 3", "Y_out = ReLU(Z)", "P, 2 × 3"),
        ("from the convolution", "solid: a window takes it", "the larger of two"),
        strict=True,
    ):
        title(ax, placed, words, small)
    below = [
        grid(ax, name, values, x, 384, cell, solid=won if n == 1 else ())
        for n, (name, values, x) in enumerate(
            zip(("dZ", "dY", "dY"), (dZ, dY, dP), places, strict=True)
        )
    ]
    for placed, words, small in zip(
        below,
        ("dZ", "dY_out", "dP"),
        ("0 where Z ≤ 0", "to the winners only", "arrives"),
        strict=True,
    ):
        title(ax, placed, words, small)
    for pair, back, levels in ((above, False, 155), (below, True, 438)):
        for one, other in zip(pair, pair[1:], strict=False):
            ends = (one.right[0] + 14, levels), (other.x - 14, levels)
            draw.arrow(ax, *(reversed(ends) if back else ends), back=back)
    draw.lines(
        ax,
        60,
        582,
        [
            "A window is two rows high and one column wide. Y_out(1, 1) wins twice: −1 + 4 = 3.",
            "Y_out(0, 2) and Y_out(1, 2) tie at 0: the first gets the 3, and the ReLU stops it.",
        ],
        17,
    )


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
    draw.text(ax, 690, 462, f"W{WEIGHT}", 18, True)
    draw.text(ax, 126, 60, "loss", 18, True, ha="left")
    (x0, x1), (y0, y1) = (250, 560), (140, 340)
    tilt = (y1 - y0) / (x1 - x0)
    line = (x0 - 70, y0 - 70 * tilt), (x1 + 70, y1 + 70 * tilt)
    draw.arrow(ax, *line, head=False, color=INKS["W"])
    draw.text(ax, x0 + 30, 84, f"slope dW{WEIGHT} = {minus(slope)}", 19, ha="left")
    for x, y, weight, loss in ((x0, y0, before, high), (x1, y1, after, low)):
        draw.box(ax, x - 8, y - 8, 16, 16, fill=INKS["W"], edge=INKS["W"], round_=7, zorder=4)
        draw.arrow(ax, (x, y + 10), (x, 428), head=False, width=1.2, color=draw.LINE)
        draw.arrow(ax, (x - 10, y), (112, y), head=False, width=1.2, color=draw.LINE)
        draw.text(ax, x, 452, minus(weight), 19, True)
        draw.text(ax, 98, y, minus(loss), 19, True, ha="right")
    step = f"step −η · ({minus(slope)}) = {minus(after - before)}"
    draw.arrow(ax, (x0 + 6, 396), (x1 - 6, 396), step, width=4, color=INKS["W"], size=17)
    draw.arrow(ax, (150, y0 + 6), (150, y1 - 6), width=4)
    draw.text(
        ax,
        166,
        (y0 + y1) / 2,
        f"falls by\nη · {minus(abs(slope))}²\n= {minus(high - low)}",
        16,
        ha="left",
    )
    draw.text(ax, 400, 500, "downhill, since the step has the opposite sign of the slope", 18)


def _update_alt():
    before, after, slope, high, low = _step()
    return (
        f"The loss drawn over one weight, W{WEIGHT}: a straight line that falls with slope dW = "
        f"{bare(slope)}. One update with eta = 1/4 moves the weight from {bare(before)} by "
        f"{bare(after - before)} to {bare(after)}, and the loss from {bare(high)} down to "
        f"{bare(low)}, by eta times the slope squared, {bare(high - low)}."
    )


FIGURES = [
    Figure("max_pool_hands_its_gradient_to_the_largest", (), 640, pool, _pool_alt()),
    Figure("update_of_one_weight_goes_downhill", (), 530, update, _update_alt()),
]

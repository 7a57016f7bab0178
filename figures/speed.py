"""Figures of how fast it can be: a tile of windows, the phases of a stride, and the measurement."""

import json
from pathlib import Path

import numpy as np

from cnnlib import fast
from cnnlib.shapes import geometry
from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING

MEASURED = json.loads(Path(__file__).with_name("measured.json").read_text("utf-8"))
"""What `make bench ARGS="--record figures/measured.json"` has written."""


# --- a tile --------------------------------------------------------------------------

Y, W = RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0]
TILE = np.lib.stride_tricks.sliding_window_view(Y, W.shape)[0].reshape(3, -1)


def tile(ax):
    """Two windows of Y outlined, and the tile of the first row of Z, a window to a row."""
    of_y = {(r, c): "term" for r in range(3) for c in range(1, 4)}
    of_row = {(1, c): "term" for c in range(9)}
    left = draw.panel(ax, draw.table("Y", Y, marks=of_y), 60, 128, 44, "Y, 5 × 5", "window (0, 1)")
    row = draw.table("T", TILE, marks=of_row, corner="")
    right = draw.panel(ax, row, 384, 172, 42, "a tile, 3 × 9", "a window of Y in each row")
    draw.arrow(ax, (left.right[0] + 8, 216), (right.x - 30, right.left[1]), gap=10)
    draw.text(ax, 572, 334, "one product with W as a column of 9", 17)
    draw.text(ax, 572, 360, "gives the first row of Z", 17)
    draw.text(ax, 400, 420, "Neighbouring windows share six of their nine cells, copied twice.", 18)


def _tile_alt():
    rows = "; ".join(", ".join(f"{value:g}" for value in row) for row in TILE)
    return (
        "Left, Y, 5 x 5, with the window (0, 1) marked, three rows from column 1 on. An arrow "
        f"leads to a tile of 3 x 9 numbers on the right, one window in each row: {rows}. Its "
        "middle row is the marked window. A product of it with W, as a column of nine, gives "
        "the first row of Z. Neighbouring windows share six of their nine cells."
    )


# --- the phases of a stride ----------------------------------------------------------

STRIDED = geometry((6, 6), (3, 3), 2, 0)
PHASES = {
    (rows[0].start, columns[0].start): (rows[1], columns[1])
    for rows in fast._phases(STRIDED.rows)
    for columns in fast._phases(STRIDED.columns)
}
NAMES = dict(zip(PHASES, "ABCD", strict=True))


def parts():
    """The weights (u, v) that each phase meets, as texts."""
    names = np.array([[f"{u}{v}" for v in range(3)] for u in range(3)])
    return {NAMES[phase]: names[u][:, v] for phase, (u, v) in PHASES.items()}


def phases(ax):
    """DY of stride 2 with the letter of each cell's phase, and the weights of each phase."""
    letters = [[NAMES[r % 2, c % 2] for c in range(6)] for r in range(6)]
    draw.panel(
        ax, draw.table("dY", letters), 60, 128, 44, "dY at stride 2", "the phase of each cell"
    )
    for number, (name, weights) in enumerate(parts().items()):
        x, y = 440 + 190 * (number % 2), 128 + 170 * (number // 2)
        panel = draw.table("W", weights.tolist(), corner="")
        draw.panel(ax, panel, x, y, 44, f"{name} meets", "", headers=False)
    draw.text(ax, 400, 436, "uv is the weight W(u, v). Each of the nine stands in one phase,", 18)
    draw.text(ax, 400, 464, "and each phase slides over dZ in steps of one: no zero is put in.", 18)


def _phases_alt():
    said = "; ".join(
        f"{name} meets {', '.join(weights.ravel())}" for name, weights in parts().items()
    )
    return (
        "Left, the cells of dY, 6 x 6, at stride 2, each with the letter of its phase: A and B "
        "take turns in even rows, C and D in odd rows. Right, for each phase the weights "
        f"W(u, v) that its cells meet, in the order in which they lie on dZ: {said}. Each of the "
        "nine weights stands in one phase, and each phase slides over dZ in steps of one, so no "
        "zero is put in."
    )


# --- the measurement -----------------------------------------------------------------

LOOKS = {"float32": ("o", draw.BLUE), "float64": ("s", draw.ORANGE)}
LEFT, RIGHT, LEAST, MOST = 210, 760, 0.05, 5.0


def across(ratio):
    """Place of a ratio on the logarithmic axis, in pixels."""
    share = np.log(np.clip(ratio, LEAST, MOST) / LEAST) / np.log(MOST / LEAST)
    return LEFT + (RIGHT - LEFT) * share


def named():
    """{workload: {precision: its row}}, in the order of the bench."""
    found = {}
    for row in MEASURED["rows"]:
        found.setdefault(row["workload"], {})[row["precision"]] = row
    return found


def speed(ax):
    """Time of all gradients in times of PyTorch's, a row for each workload."""
    draw.text(ax, 400, 34, "Time of all three gradients, in times of PyTorch's", 20, bold=True)
    bottom = 112 + 23 * len(named())
    for ratio in (0.1, 0.25, 0.5, 1, 2, 4):
        x = across(ratio)
        ax.plot([x, x], [92, bottom], color=draw.LINE, lw=2.5 if ratio == 1 else 0.8, zorder=1)
        draw.text(ax, x, 78, f"{ratio:g}", 16)
    for number, (name, rows) in enumerate(named().items()):
        y = 108 + 23 * number
        draw.text(ax, LEFT - 14, y, name, 15, ha="right")
        for precision, row in rows.items():
            shape, color = LOOKS[precision]
            ax.plot(across(row["ratio"]), y, shape, color=color, ms=9, zorder=3)
            ax.plot(across(row["floor"]), y, "|", color=color, ms=13, mew=2.5, zorder=2)
    for (name, (shape, color)), x in zip(LOOKS.items(), (130, 270), strict=True):
        ax.plot(x, bottom + 26, shape, color=color, ms=9)
        draw.text(ax, x + 14, bottom + 26, name, 16, ha="left")
    ax.plot(410, bottom + 26, "|", color=draw.INK, ms=13, mew=2.5)
    draw.text(ax, 424, bottom + 26, "NumPy's matrix products alone", 16, ha="left")
    where = MEASURED["heading"]
    threads = f"{where['threads']} thread" + "s" * (where["threads"] != 1)
    draw.text(ax, 400, bottom + 58, f"{where['date']}, {where['machine']}, {threads},", 15)
    words = f"NumPy {where['numpy']} with its products for {where['products by']}, "
    words += f"PyTorch {where['torch']}, median of {MEASURED['turns']}"
    draw.text(ax, 400, bottom + 82, words, 15)


def _speed_alt():
    means = {
        precision: np.exp(np.mean([np.log(rows[precision]["ratio"]) for rows in named().values()]))
        for precision in LOOKS
    }
    return (
        f"A row for each of {len(named())} workloads, with a mark where the time of all three "
        "gradients stands on a logarithmic axis, in times of PyTorch's: a circle for numbers of 32 "
        "bits, a square for 64 bits, and a short bar for NumPy's matrix products alone. Over all, "
        f"the geometric mean is {means['float32']:.2f} for 32 bits and {means['float64']:.2f} for "
        "64 bits. Most circles of wide layers lie close behind their bar; nearly all squares lie "
        "at 1 or before it."
    )


def _rows():
    yield Figure("tile_has_a_window_in_each_row", (), 450, tile, _tile_alt())
    yield Figure("each_phase_of_a_stride_has_its_weights", (), 494, phases, _phases_alt())
    height = 112 + 23 * len(named()) + 112
    yield Figure("time_of_the_gradients_beside_pytorch", (), height, speed, _speed_alt())


FIGURES = list(_rows())

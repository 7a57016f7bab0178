"""Figures of how it is made fast: a tile, the phases of a stride, six measured layers."""

import json
from pathlib import Path

import numpy as np

from figures import draw
from figures.figure import Figure
from figures.forward import RUNNING

# --- a tile --------------------------------------------------------------------------

Y, W = RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0]
TILE = np.lib.stride_tricks.sliding_window_view(Y, W.shape)[0].reshape(3, -1)


def tile(ax):
    """A window of Y, and the tile of the first row of Z, a window to a row."""
    window = draw.Window(0, 1, "W", size=W.shape)
    left = draw.grid(ax, "Y", Y, 50, 84, 44, note="5 x 5, the window of Z(0, 1)", window=window)
    row = draw.Window(1, 0, "W", size=(1, 9))
    right = draw.grid(ax, "Y", TILE, 376, 128, 42, title="a tile", note="3 x 9, a window to a row",
                      window=row)  # fmt: skip
    draw.across(ax, left, right)
    draw.text(ax, 565, 292, "one product with W, written as a column of 9,", 17)
    draw.text(ax, 565, 318, "gives the first row of Z", 17)
    words = "Two neighbouring windows share six of their nine cells: each has its own copy."
    draw.text(ax, 400, 370, words, 18)
    draw.key(ax, 410, ("stored", "W", "the same window; cut corner: where W(0, 0) lies"))


def _tile_alt():
    rows = "; ".join(", ".join(f"{value:g}" for value in row) for row in TILE)
    return (
        "Left, Y, 5 x 5, with the window of Z(0, 1) framed, three rows from column 1 on. An arrow "
        f"leads to a tile of 3 x 9 numbers on the right, one window in each row: {rows}. Its "
        "middle row, framed, is that window. A product of it with W, written as a column of nine, "
        "gives the first row of Z. Neighbouring windows share six of their nine cells."
    )


# --- the phases of a stride ----------------------------------------------------------

SIZE, STRIDE = 7, 2
NAMES = {(0, 0): "A", (0, 1): "B", (1, 0): "C", (1, 1): "D"}


def met(phase):
    """The weights that the cells of a phase meet, as they lie on dZ."""
    u, v = ([w for w in (2, 1, 0) if w % STRIDE == part] for part in phase)
    return [[f"({a}, {b})" for b in v] for a in u]


def phases(ax):
    """Draw dY of stride 2 with the letter of each cell's phase, and the weights of each phase."""
    letters = [[NAMES[r % STRIDE, c % STRIDE] for c in range(SIZE)] for r in range(SIZE)]
    draw.grid(ax, "dY", letters, 60, 76, 44, note="7 x 7, stride 2: the phase of each cell")
    for number, (phase, name) in enumerate(NAMES.items()):
        x, y = 460 + 160 * (number % 2), 96 + 172 * (number // 2)
        draw.grid(ax, "W", met(phase), x, y, 58, note=f"for {name}", heads=False)
    draw.text(ax, 400, 426, "(u, v) is the weight W(u, v). Each of the nine is in one phase.", 18)


def _phases_alt():
    said = "; ".join(
        f"{name} meets {', '.join(sum(met(phase), []))}" for phase, name in NAMES.items()
    )
    return (
        f"Left, the cells of dY, {SIZE} x {SIZE}, at stride {STRIDE}, each with the letter of its "
        "phase: A and B take turns in even rows, C and D in odd rows. Right, for each phase the "
        f"weights W(u, v) that its cells meet, as they lie on dZ: {said}. Each of the nine weights "
        "is in one phase."
    )


# --- six measured layers ---------------------------------------------------------------

MEASURED = json.loads(Path(__file__).with_name("measured.json").read_text("utf-8"))
"""What `make bench ARGS="--record figures/measured.json"` has written."""

SIX = {  # name in the measurement: what it is
    "digits": "16 digits of 8 × 8,\n8 filters of 3 × 3",
    "lenet1": "64 digits of 28 × 28,\n6 filters of 5 × 5",
    "classroom": "32 images of 28 × 28,\n8 → 16 channels, 3 × 3",
    "stem": "8 photos of 224 × 224,\n64 filters of 7 × 7, stride 2",
    "vgg": "16 images of 56 × 56,\n64 → 64 channels, 3 × 3",
    "deep": "16 images of 14 × 14,\n256 → 256 channels, 3 × 3",
}
SHAPES = {"float32": (6, draw.INK), "float64": (0.1, draw.PAPER)}  # how round, and its fill
RATIOS = {
    precision: [
        next(
            row["ratio"] for row in MEASURED["rows"]
            if (row["workload"], row["precision"]) == (name, precision)
        )
        for name in SIX
    ]
    for precision in SHAPES
}  # fmt: skip
TICKS = [2.0**power for power in range(-6, 7)]
MOST = next(tick for tick in TICKS if tick >= 2 and tick > max(map(max, RATIOS.values())))
LEAST = max(tick for tick in TICKS if tick <= 0.5 and tick < min(map(min, RATIOS.values())))
LEFT, RIGHT = 300, 760


def across(ratio):
    """Place of a ratio on the logarithmic axis, in pixels."""
    return LEFT + (RIGHT - LEFT) * np.log(ratio / LEAST) / np.log(MOST / LEAST)


def six(ax):
    """Time of all three gradients relative to PyTorch, a row for each of six layers."""
    draw.text(ax, 400, 34, "Time of all three gradients, relative to PyTorch", 20, bold=True)
    bottom = 132 + 58 * len(SIX)
    for ratio in [tick for tick in TICKS if LEAST <= tick <= MOST]:
        x, thick = across(ratio), ratio == 1
        draw.rule(ax, x, 118, (x, bottom), draw.INK if thick else draw.LINE, 2.5 if thick else 1)
        draw.text(ax, x, 104, f"{ratio:g}", 16)
    draw.text(ax, across(1) - 14, 74, "← NumPy faster", 16, True, ha="right")
    draw.text(ax, across(1) + 14, 74, "PyTorch faster →", 16, True, ha="left")
    for number, words in enumerate(SIX.values()):
        y = 154 + 58 * number
        draw.text(ax, LEFT - 16, y, words, 15, ha="right")
        for precision, shift in zip(SHAPES, (-7, 7), strict=True):  # so that none hides the other
            mark(ax, precision, across(RATIOS[precision][number]), y + shift)
    for name, x in zip(SHAPES, (300, 440), strict=True):
        mark(ax, name, x, bottom + 28)
        draw.text(ax, x + 14, bottom + 28, name, 16, ha="left")
    where = MEASURED["heading"]
    threads = where["threads"]
    words = f"{where['date']}, {where['machine']}, {threads}, NumPy {where['numpy']}, "
    draw.text(ax, 400, bottom + 64, words + f"PyTorch {where['torch']}", 15)


def mark(ax, precision, x, y):
    """Draw a circle for float32 and a hollow square for float64."""
    round_, fill = SHAPES[precision]
    draw.box(ax, x - 6, y - 6, 12, 12, fill=fill, round_=round_, zorder=2)


def _aloud(words):
    return words.replace("\n", " ").replace("×", "x").replace("→", "to")


def _six_alt():
    rows = "; ".join(
        f"{_aloud(words)}: {RATIOS['float32'][n]:.2f} and {RATIOS['float64'][n]:.2f}"
        for n, words in enumerate(SIX.values())
    )
    return (
        "A row for each of six layers, with the time of all three gradients in NumPy divided by "
        "that in PyTorch, on a logarithmic axis: left of 1 NumPy is faster, right of 1 PyTorch. A "
        f"circle is for numbers of 32 bits, a square for 64 bits. {rows}."
    )


FIGURES = [
    Figure("tile_has_a_window_in_each_row", (), 438, tile, _tile_alt()),
    Figure("each_phase_of_a_stride_has_its_weights", (), 452, phases, _phases_alt()),
    Figure("six_layers_beside_pytorch", (), 132 + 58 * len(SIX) + 92, six, _six_alt()),
]

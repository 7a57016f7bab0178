"""The figure of how fast it is: every layer that was measured."""

import numpy as np

from figures import draw
from figures.figure import Figure
from figures.made_fast import MEASURED

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
    height = 112 + 23 * len(named()) + 112
    yield Figure("time_of_the_gradients_beside_pytorch", (), height, speed, _speed_alt())


FIGURES = list(_rows())

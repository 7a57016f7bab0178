"""Figures of two ways to the input gradient, and of both gradients as programs."""

from dataclasses import replace

from cnnlib import panels
from cnnlib.shapes import by
from cnnlib.trace import input_steps, scatter_steps
from figures import draw
from figures.figure import Figure
from figures.forward import CELL, RUNNING
from figures.words import bare, short


def _both():
    """Give the gather step of `CELL`, the scatter step of the cell of dZ that both share."""
    given = RUNNING.dZ, RUNNING.W, RUNNING.input_size
    gather, scatter = input_steps(*given), scatter_steps(*given)
    get = gather[gather.position((*CELL, 0))]
    shared = get.terms[SHARED]
    give = scatter[scatter.position(shared.left.index)]
    again = next(n for n, t in enumerate(give.terms) if t.target.index == get.target.index)
    return get, give, again


SHARED = 1
PLACES = 54, 320, 560


def two_ways(ax):
    """Gather above, scatter below; one product is marked in both."""
    get, give, again = _both()
    for top, words, ways in (
        (30, "gather: a cell of dY collects", panels.panels(get, SHARED)),
        (328, "scatter: a cell of dZ contributes", panels.panels(give, again)),
    ):
        draw.text(ax, 30, top, words, 21, True, ha="left")
        (dZ, W, dY), y, gather = ways, top + 72, top < 300
        lies = {"lying": "W", "turned": True, "note": "W lies on it, turned"} if gather else {}
        look = {"note": "so far"} if gather else {"lying": "W", "note": "so far; W lies on it"}
        one = draw.panel(ax, _unpadded(dZ) if gather else dZ, PLACES[0], y + 29, 46, **lies)
        two = draw.panel(ax, W, PLACES[1], y + 29, 46, note="as stored", card="as stored")
        three = draw.panel(ax, dY, PLACES[2], y, 40, **look)
        draw.across(ax, one, two, "times", back=True)
        draw.across(ax, two, three, "add", level=two.middle[1], back=True)
    term = get.terms[SHARED]
    words = f"the same product in both: {short(term.left)} · {short(term.right)} = "
    words += f"{term.product} = {bare(term.value)}\n→ {short(term.target)}, {_so_far(get)}"
    draw.text(ax, 400, 629, words, 17, True)
    draw.key(ax, 672, ("solid", "Z", ""), ("solid", "W", ""), ("solid", "Y", "this product"),
             ("stored", "W", ""), ("turned", "W", "W lies here; cut corner: W(0, 0)"))  # fmt: skip


def _so_far(step):
    return f"{bare(step.terms[SHARED].target.value)} so far, {bare(step.value)} in the end"


def _unpadded(panel):
    """Leave the rings of zeros out: the window of the cell lies on none of them."""
    rows, columns = (
        [n for n, header in enumerate(headers) if header.isdigit()]
        for headers in (panel.rows, panel.columns)
    )
    return replace(
        panel,
        rows=tuple(panel.rows[r] for r in rows),
        columns=tuple(panel.columns[c] for c in columns),
        cells=tuple(tuple(panel.cells[r][c] for c in columns) for r in rows),
    )


def _two_ways_alt():
    get, give, again = _both()
    term = get.terms[SHARED]
    size = by(RUNNING.filter_size)
    return (
        f"Two ways to the same dY. Above, gather: the flipped filter, {size}, lies on dZ, "
        f"and {short(get.target)} collects {len(get.terms)} products. Below, "
        f"scatter: {short(give.source)} is multiplied by the whole filter, not flipped, and the "
        f"{len(give.terms)} products are added to a window of dY. One product is marked in both: "
        f"{short(term.left)} times {short(term.right)}, {term.product} = {bare(term.value)}, into "
        f"{short(term.target)}. The numbers of dY are intermediate sums, up to this product: "
        f"{short(term.target)} is {_so_far(get)}."
    )


EXTENT = (
    (0, "The extent e of the filter, with its gaps", ""),
    (1, "e_h ← d_h·(f_h − 1) + 1, e_w ← d_w·(f_w − 1) + 1", ""),
)
INPUT_PROGRAM = (
    *EXTENT,
    (0, "1 Spread dZ: s − 1 zeros between neighbours", ""),
    (1, "U ← zeros: n_h + 2p_h − e_h + 1 rows,", ""),
    (4, "n_w + 2p_w − e_w + 1 columns, f_k maps", "on"),
    (1, "for each i, j, k of dZ:", ""),
    (2, "U(i·s_h, j·s_w, k) ← dZ(i, j, k)", ""),
    (1, "The last (n + 2p − e) mod s rows, and columns, stay 0:", "words"),
    (1, "they make room for what no window reached.", "words on"),
    (0, "2 Pad U on all sides with zeros", ""),
    (1, "e_h − 1 rows above, below; e_w − 1 columns left, right", ""),
    (0, "3 Slide the flipped, dilated filter over U, stride 1", ""),
    (1, "for each r, c of the padded Y, and each k_in:", ""),
    (2, "dYp(r, c, k_in) ← Σ_k Σ_u Σ_v U(r + u·d_h, c + v·d_w, k)", ""),
    (7, "· W(f_h − 1 − u, f_w − 1 − v, k_in, k)", "on"),
    (0, "4 Crop the padding, each side by its own", ""),
    (1, "for each r, c, k_in of Y:", ""),
    (2, "dY(r, c, k_in) ← dYp(r + p_h, c + p_w, k_in)", ""),
)


def program(ax, lines, y, size=17, leading=27):
    """Write a program as text: headings bold, code in a fixed width; give back the y below."""
    for level, words, kind in lines:
        if level == 0:
            y += 7
            draw.text(ax, 40, y, words, size + 2, True, ha="left")
            y += 2
        elif kind.startswith("words"):
            look = {"style": "italic", "color": draw.SOFT}
            draw.text(ax, 44 + 28 * level, y, words, size, ha="left", **look)
        else:
            draw.text(ax, 44 + 28 * level, y, words, size, ha="left", family="monospace")
        y += leading
    return y


def input_program(ax):
    """Write the input gradient as a program in four stages, and as one sum."""
    draw.text(ax, 40, 32, "dY from dZ and W", 26, True, ha="left")
    draw.text(ax, 760, 32, "stride s, padding p, dilation d", 19, ha="right", color=draw.SOFT)
    y = program(ax, INPUT_PROGRAM, 66, 16, 24)
    draw.box(ax, 28, y + 2, 744, 122)
    draw.text(ax, 44, y + 24, "The same as one sum:", 17, True, ha="left")
    draw.lines(ax, 44, y + 50, SUM, 16, 1.6, family="monospace")


SUM = (
    "dY(r, c, k_in) = Σ_k Σ_i Σ_j dZ(i, j, k) · W(u, v, k_in, k)",
    "over u, v of W with u·d_h = r + p_h − i·s_h",
    "and v·d_w = c + p_w − j·s_w",
)


def program_alt(lines, more=""):
    """Read a program aloud; a line whose kind ends with "on" goes on with the one before."""
    read = "A program in words and formulas."
    for _, words, kind in lines:
        end = "" if kind.endswith("on") or read[-1] in ".:" else ";"
        read += f"{end} {words}"
    return f"{read.rstrip('.')}. {more}".strip()


FILTER_PROGRAM = (
    (0, "1 Pad Y as in the forward pass", ""),
    (1, "Yp ← Y with p_h rows and p_w columns of zeros around it", ""),
    (0, "2 One sum for each weight", ""),
    (1, "for each u, v, k_in, k of W:", ""),
    (2, "dW(u, v, k_in, k) ← 0", ""),
    (2, "for each i < o_h and j < o_w:", ""),
    (3, "r ← i·s_h + u·d_h", ""),
    (3, "c ← j·s_w + v·d_w", ""),
    (3, "dW(u, v, k_in, k) += dZ(i, j, k) · Yp(r, c, k_in)", ""),
    (1, "i and j end with the last window: left-over rows have no", "words"),
    (1, "part in it, and nothing is flipped, summed over k, or cropped.", "words on"),
    (0, "3 One sum for each bias", ""),
    (1, "for each k:", ""),
    (2, "db(k) ← Σ_i Σ_j dZ(i, j, k)", ""),
    (1, "With a batch, dW and db are summed over its images too.", "words"),
)


def filter_program(ax):
    """Write the weight gradient and the bias gradient as a program."""
    draw.text(ax, 40, 32, "dW and db from dZ and Y", 26, True, ha="left")
    draw.text(ax, 760, 32, "stride s, padding p, dilation d", 19, ha="right", color=draw.SOFT)
    program(ax, FILTER_PROGRAM, 70)


FIGURES = [
    Figure("input_gradient_as_a_program", ("CNN_Backprop_Conv_dY",), 680, input_program,
           program_alt(INPUT_PROGRAM, f"The same as one sum: {' '.join(SUM)}.")),
    Figure("scatter_and_gather_share_each_product", (), 695, two_ways, _two_ways_alt()),
]  # fmt: skip

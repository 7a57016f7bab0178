"""Figures of the input gradient with several maps."""

from cnnlib import loops, panels
from cnnlib.shapes import by
from cnnlib.trace import input_steps
from figures import draw
from figures.figure import Figure
from figures.forward import F_K, SEVERAL
from figures.words import bare, products, sums_to

K_IN = 0
STEPS = input_steps(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)
DY = loops.conv_backward_input(SEVERAL.dZ, SEVERAL.W, SEVERAL.input_size)[:, :, K_IN]


def _of_several(cell):
    """Step of the cell, and the terms of each k."""
    step = STEPS[STEPS.position((*cell, K_IN))]
    return step, [[t for t in step.terms if t.left.index[2] == k] for k in range(F_K)]


def over_filters(ax):
    """Each map of dZ, through its filter's plane, into one map of dY."""
    goal = draw.grid(ax, "dY", DY, 566, 252, 44, title=f"dY(:, :, {K_IN})")
    add = draw.box(ax, 424, goal.middle[1] - 36, 82, 72, "Σ\nover k", size=18, bold=True)
    draw.across(ax, add, goal, after=4, back=True)
    for k in range(F_K):
        y = 66 + 206 * k
        dZ = draw.grid(ax, "dZ", SEVERAL.dZ[:, :, k], 54, y, 42, title=f"dZ(:, :, {k})")
        W = draw.grid(ax, "W", SEVERAL.W[:, :, K_IN, k], 254, y + 42, 42, card="as stored",
                      title=f"W(:, :, {K_IN}, {k})", note="")  # fmt: skip
        draw.across(ax, dZ, W, back=True)
        level = W.middle[1]
        start, turn = (W.right[0] + 8, level), (add.middle[0], level)
        if abs(level - add.middle[1]) < add.height / 2:
            draw.across(ax, W, add, level=level, before=4, back=True)
        else:
            end = add.y - 4 if level < add.y else add.y + add.height + 4
            draw.elbow(ax, start, turn, (turn[0], end), back=True)
    words = [f"plane k_in = {K_IN}", f"of all {F_K} filters"]
    draw.lines(ax, 566, goal.bottom[1] + 34, words, 18)
    draw.key(ax, 652, ("stored", "W", "W as stored; cut corner: W(0, 0)"))


def _over_filters_alt():
    return (
        f"{F_K} rows, one for each filter k: the map dZ of k, {by(SEVERAL.dZ.shape[:2])}, and a "
        f"dashed arrow through the plane W of k_in = {K_IN} and k, {by(SEVERAL.filter_size)}, "
        f"which slides over it flipped. The {F_K} arrows meet in a sum over k, and from there "
        f"one leads to the map dY of k_in = {K_IN}, {by(DY.shape)}. Its first row is "
        f"{', '.join(map(bare, DY[0]))}."
    )


FOLLOWED = (1, 2)


def partial_sums(ax):
    """Three boards with the flipped planes on them, and what each adds to one cell of dY."""
    step, groups = _of_several(FOLLOWED)
    totals = [sum(t.value for t in terms) for terms in groups]
    for k, terms in enumerate(groups):
        board = panels.panels(step, step.terms.index(terms[0]))[0]
        placed = draw.panel(
            ax, board, 48, 38 + 206 * k, 35, lying="W", turned=True, term=False, heads=False,
            title=f"dZ(:, :, {k})", note="in rings of zeros",
        )  # fmt: skip
        x, y = placed.right
        draw.arrow(ax, (x + 10, y), (x + 60, y), back=True)
        x += 76
        draw.text(ax, x, y - 64, f"through W(:, :, {K_IN}, {k})", 19, True, ha="left",
                  color=draw.WORDS["W"])  # fmt: skip
        rows = [products(terms[n : n + 3]) for n in range(0, len(terms), 3)]
        rows = [row + " +" * (row is not rows[-1]) for row in rows]
        down = draw.lines(ax, x, y - 28, rows, 19)
        draw.text(ax, x, down + 8, f"= {bare(totals[k])}", 24, True, ha="left")
    words = f"dY({', '.join(map(str, step.target.index))}) = {sums_to(totals)}"
    draw.text(ax, 48, 660, words, 19, True, ha="left", color=draw.WORDS["Y"])
    draw.key(ax, 660, ("turned", "W", "W lies here, turned; cut: W(0, 0)"), x=460)


def _partial_alt():
    step, groups = _of_several(FOLLOWED)
    parts = [sum(t.value for t in terms) for terms in groups]
    said = "; ".join(
        f"for k = {k}, {products(terms)} = {bare(part)}"
        for k, (terms, part) in enumerate(zip(groups, parts, strict=True))
    )
    return (
        f"One cell of dY from all {F_K} maps. Below one another the maps dZ of each k, padded with "
        f"zeros, on each the flipped plane of its filter at the place of {step.target}. Each board "
        f"gives a part of the sum: {said}. The parts add up: {step.target} = {sums_to(parts)}."
    )


def over_all_maps(ax):
    """Two moments of the walk: the stack of padded maps, and dY filling up."""
    for row, cell in enumerate(SLID):
        y = 50 + 264 * row
        step = STEPS[STEPS.position((*cell, K_IN))]
        first = next(n for n, t in enumerate(step.terms) if t.left.index[2] == 0)
        board, size = panels.panels(step, first)[0], 38
        draw.stack(ax, 60, y, F_K, (len(board.rows), len(board.columns)), "dZ", size)
        front = draw.panel(ax, board, 60, y, size, lying="W", turned=True, term=False, heads=False,
                           title="dZ", note=f"{F_K} maps in rings of zeros")  # fmt: skip
        result = panels.panels(step, len(step.terms) - 1)[2]
        goal = draw.panel(ax, result, 540, y + 26, 42, title=f"dY(:, :, {K_IN})")
        words = f"added over\n{F_K} maps"
        draw.across(ax, front, goal, words, after=38, before=30, back=True, gap=30)
    words = [
        f"{which}: o + f − 1 = {axis.o} + {axis.f} − 1 = {axis.n}"
        for which, axis in zip(("rows", "columns"), STEPS.where, strict=True)
    ]
    draw.text(ax, 400, 588, "\n".join([*words, "at stride 1, without padding"]), 17)
    draw.key(ax, 646, ("turned", "W", "the plane of W for k = 0, turned; cut: W(0, 0)"),
             ("zeros", "Z", "zeros put in"), ("solid", "Y", "in turn"))  # fmt: skip


SLID = ((0, 1), (2, 3))


def _over_all_alt():
    found = [(cell, STEPS[STEPS.position((*cell, K_IN))]) for cell in SLID]
    said = " ".join(
        f"At {cell}, {len(step.terms)} products over {F_K} maps give {bare(step.value)}."
        for cell, step in found
    )
    o, f = STEPS.where.output_size, STEPS.where.filter_size
    return (
        f"Two moments of the same walk. Left, the {F_K} padded maps of dZ one behind the other "
        f"with the flipped filter's window on them; right, dY of k_in = {K_IN}, filled row by row "
        f"up to the cell in turn. {said} The size of dY: {o[0]} + {f[0]} - 1 = {o[0] + f[0] - 1} "
        f"rows and {o[1]} + {f[1]} - 1 = {o[1] + f[1] - 1} columns, at stride 1 without padding."
    )


FIGURES = [
    Figure("dy_sums_over_all_filters", ("CNN_Training_Conv_17",), 682, over_filters,
           _over_filters_alt()),
    Figure("one_cell_of_dy_from_all_maps", ("CNN_Training_Conv_18",), 692, partial_sums,
           _partial_alt()),
    Figure("filters_slide_over_all_maps_of_dz", ("CNN_Training_Conv_19",), 676, over_all_maps,
           _over_all_alt()),
]  # fmt: skip

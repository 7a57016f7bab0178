"""Figures of the layer, and of what one cell of its input reaches on the way forward."""

from functools import partial

import numpy as np

from cnnlib import layers, loops
from cnnlib.examples import one_map, three_maps, variant
from cnnlib.shapes import by
from cnnlib.trace import forward_steps, influence_steps
from figures import draw
from figures.figure import Figure
from figures.words import at, bare, short

RUNNING = one_map()
SEVERAL = three_maps()
CELL = (2, 2)  # the cell of Y that the course follows: the only one that all nine windows cover
N_K, F_K = SEVERAL.W.shape[2:]
ON_Y, ON_W, ON_Z = map(by, (RUNNING.input_size, RUNNING.filter_size, RUNNING.dZ.shape[:2]))
Y, W = RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0]
Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)[:, :, 0]


def contributions(cell, example=RUNNING):
    """Terms that a cell of Y contributes to Z."""
    steps = influence_steps(example.Y, example.W, example.b, **example.how)
    index = (*cell, 0)[:3]
    return steps[steps.position(index)].terms


# --- the network and its layers ------------------------------------------------------


LAYERS = (  # the network of the lessons: a layer's name, what enters it, its width and the gap
    ("conv", "Y0", 64, 42),
    ("ReLU", "Z1", 64, 46),
    ("max\npool", "Y1", 64, 46),
    ("dense", "P", 68, 42),
    ("softmax,\ncross-\nentropy", "logits", 92, 78),
    ("loss", "", 56, 30),
)
LEARNING = {"conv": "1", "dense": "2"}  # which W and b


def network(ax):
    """Boxes in a row, values to the right, gradients to the left."""
    draw.text(ax, 400, 36, "forward: values", 22, True)
    draw.text(ax, 400, 68, "Z before the activation, Y after it, P pooled", 18)
    top, high = 110, 120
    previous = draw.box(ax, 26, top + 22, 56, 76, "image", size=15, fill=draw.GREY)
    for name, value, width, gap in LAYERS:
        x = previous.x + previous.width + gap
        there = draw.box(ax, x, top, width, high, name, size=16, bold=True)
        ends = [(previous.x + previous.width + 3, there.x - 3), (top + 36, top + 84)]
        (left, right), (ahead, back) = ends
        draw.arrow(ax, (left, ahead), (right, ahead), value, size=18, bold=True)
        if previous.x > 26:  # nothing asks for the gradient of the image
            look = {"size": 18 if len(value) < 3 else 17, "bold": True, "gap": -20, "ha": "center"}
            words = f"d{value}" if value else ""
            draw.arrow(ax, (right, back), (left, back), words, back=True, **look)
        if name in LEARNING:
            _update(ax, there, LEARNING[name])
        previous = there
    draw.text(ax, 690, 310, "backward:\ngradients\nof the loss", 22, True)
    rule = "Each layer receives the gradient of what it made,"
    draw.text(ax, 400, 440, f"{rule}\nand passes on that of what it was given.", 19)


def _update(ax, layer, which):
    x = layer.middle[0]
    words = f"update W{which}, b{which}"
    update = draw.box(ax, x - 84, 330, 168, 54, words, size=19, fill=draw.GREY)
    draw.arrow(ax, (x, layer.bottom[1] + 3), (x, update.y - 3), back=True)
    draw.text(ax, x + 16, 280, f"dW{which}, db{which}", 19, True, ha="left")


def _network_alt():
    names = [
        name.replace("-\n", "-").replace(",\n", " with ").replace("\n", " ") for name, *_ in LAYERS
    ]
    values = [value for _, value, *_ in LAYERS if value]
    back = ", ".join(f"d{value}" for value in values[:0:-1])
    return (
        f"A network as a row of boxes: image, {', '.join(names)}. Solid arrows run forward from "
        f"each to the next and carry {', '.join(values)}, and last the loss. Dashed arrows run "
        f"backward from the loss to conv and carry {back}; none leads on to the image. From "
        f"conv a dashed arrow with dW1 and db1 goes down to the update of W1 and b1, and from "
        f"dense one with dW2 and db2 to the update of W2 and b2."
    )


def any_layer(ax):
    """One box: two arrows ahead, two back, and a branch to the update."""
    layer = draw.box(ax, 270, 70, 260, 170, "any layer\nW, b", size=26, bold=True, fill=draw.GREY)
    for y, back, left, right in ((115, False, "in", "out"), (195, True, "dL/d in", "dL/d out")):
        ends = [(40, y), (layer.x - 4, y)], [(layer.x + layer.width + 4, y), (760, y)]
        for (start, end), words in zip(ends, (left, right), strict=True):
            start, end = (end, start) if back else (start, end)
            draw.arrow(ax, start, end, words, back=back, size=22, width=4, bold=True, gap=20)
    rule = "W ← W − η dL/dW\u2003\u2003b ← b − η dL/db"
    update = draw.box(ax, 200, 350, 400, 70, rule, size=18)
    for x, words, side in ((340, "dL/dW", "right"), (460, "dL/db", "left")):
        draw.arrow(ax, (x, layer.y + layer.height + 4), (x, update.y - 4), back=True, width=4)
        off = -14 if side == "right" else 14
        draw.text(ax, x + off, 295, words, 22, True, ha=side)
    draw.text(ax, 400, 450, "dL/d in is computed with the W from before the update", 17)


ANY_LAYER_ALT = (
    "One layer as a box with its W and b. Forward, solid arrows: in enters at the left, out leaves "
    "at the right. Backward, dashed arrows: dL/d out enters at the right, dL/d in leaves at the "
    "left, and a side branch takes dL/dW and dL/db down to the update, W minus eta times dL/dW and "
    "b minus eta times dL/db. dL/d in is computed with the W from before the update."
)


def _activation():
    Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)
    dY = variant("activation").dZ
    slope = layers.relu_backward(np.ones_like(Z), Z)
    arrays = Z, layers.relu(Z), dY, slope, layers.relu_backward(dY, Z)
    return [array[:, :, 0] for array in arrays]


def activation(ax):
    """Above Z, f, Y; below dZ, f'(Z), dY; the same cell marked in each."""
    Z, Y, dY, slope, dZ = _activation()
    size, xs, look = 50, (60, 330, 600), {"solid": {_followed()}}
    z = draw.grid(ax, "Z", Z, xs[0], 76, size, note=f"{ON_Z}, from conv", **look)
    f = draw.box(ax, 345, 106, 120, 90, "f = ReLU", size=20, bold=True)
    y = draw.grid(ax, "Y", Y, xs[2], 76, size, title="Y_out", note="f of each cell", **look)
    dz = draw.grid(ax, "dZ", dZ, xs[0], 326, size, note="the result", **look)
    s = draw.grid(ax, "Z", slope, xs[1], 326, size, title="f'(Z)", note="1 or 0", **look)
    dy = draw.grid(ax, "dY", dY, xs[2], 326, size, title="dY_out", note="arrives", **look)
    draw.across(ax, z, f, "Z", before=6, bold=True, size=18)
    draw.across(ax, f, y, "Y_out", after=6, bold=True, size=18)
    draw.across(ax, dy, s, "times", back=True)
    draw.across(ax, s, dz, "gives", back=True)
    words = "f'(Z) is 1 where Z > 0, else 0. Cell by cell, in each of the f_k maps."
    draw.text(ax, 400, 514, words, 18)
    draw.key(ax, 554, ("solid", "Z", "the same cell"), ("solid", "Y", "in each grid"))


def _followed():
    """A cell where something passes that is neither 0 nor 1."""
    Z, _, dY, *_ = _activation()
    return tuple(map(int, np.argwhere((Z > 0) & (np.abs(dY) > 1))[0]))


def _activation_alt():
    Z, Y, dY, slope, dZ = _activation()
    r, c = _followed()
    values = [bare(array[r, c]) for array in (Z, Y, dY, slope, dZ)]
    return (
        f"Two rows of {ON_Z} grids. Above, forward: Z goes cell by cell through f = ReLU and gives "
        f"Y_out; at ({r}, {c}), Z is {values[0]} and Y_out is {values[1]}. Below, backward: dY_out "
        "comes from the next layer, is multiplied by f'(Z), which is 1 where Z is above 0 and "
        f"else 0, and gives dZ; at ({r}, {c}), {values[2]} times {values[3]} is {values[4]}. "
        f"{int((slope == 0).sum())} of the {slope.size} cells pass nothing back."
    )


# --- maps and filters of a layer -----------------------------------------------------


CELL_OF_MAP = 24


def empty(size):
    """Return a grid without numbers."""
    return [[None] * size[1] for _ in range(size[0])]


def every(size):
    """Return the set of all its cells."""
    return set(np.ndindex(*size))


def layer_grid(ax, back=False, followed=None):
    """Draw the maps of Y as rows, those of Z as columns, a filter plane where they cross.

    `followed` is the (k_in, k) of a plane to tint, with its maps; gives back Y, W, Z as drawn.
    """
    d, look = "d" if back else "", {"note": "", "heads": False}
    xs, ys = [320 + 160 * k for k in range(F_K)], [116 + 140 * k_in for k_in in range(N_K)]
    n, f, o = SEVERAL.input_size, SEVERAL.filter_size, SEVERAL.dZ.shape[:2]
    base = ys[-1] + 150
    bands = [(40, y - 52, 740, 132) for y in ys] if back else [
        (x - 12, ys[0] - 44, 144, base - ys[0] + 126) for x in xs
    ]  # fmt: skip
    for band in bands:
        draw.box(ax, *band, fill=draw.GREY, edge="none", zorder=0.4)

    def one(name, index, size, x, y, chosen):
        words = f"{name}(:, :, {', '.join(map(str, index))})"
        soft = every(size) if chosen else ()
        return draw.grid(ax, name, empty(size), x, y, CELL_OF_MAP, title=words, soft=soft, **look)

    Y, W, Z = {}, {}, {}
    for k_in, y in enumerate(ys):
        on = followed is not None and followed[0] == k_in
        Y[k_in] = one(f"{d}Y", (k_in,), n, 56, y - 20, on)
        for k, x in enumerate(xs):
            W[k_in, k] = one("W", (k_in, k), f, x, y, followed == (k_in, k))
    for k, x in enumerate(xs):
        Z[k] = one(f"{d}Z", (k,), o, x, base, followed is not None and followed[1] == k)
    for k_in in range(N_K):
        y = W[k_in, 0].middle[1]
        ends = (Y[k_in].right[0] + 12, y), (W[k_in, 0].x - 12, y)
        draw.arrow(ax, *(ends[::-1] if back else ends), back=back)
    draw.text(ax, 40, 34, f"{d}Y: n_k = {N_K} maps, {by(n)}", 18, ha="left")
    draw.text(ax, 320, 34, f"W: n_k × f_k = {N_K} × {F_K} planes, {by(f)}", 18, ha="left")
    words = ("sum over k", "along a row") if back else ("sum over k_in", "down a column")
    draw.lines(ax, 40, base + 14, [f"{d}Z: f_k = {F_K} maps, {by(o)}", *words], 18)
    return Y, W, Z


def layer_forward(ax):
    """The layer, forward, and its activation below."""
    _, W, Z = layer_grid(ax)
    for k, z in Z.items():
        draw.text(ax, W[0, k].middle[0], W[0, k].bottom[1] + 28, "+", 26, True)
        below = W[N_K - 1, k].bottom
        draw.arrow(ax, (below[0], below[1] + 8), (below[0], z.y - 32))
        draw.arrow(ax, (z.middle[0], z.bottom[1] + 6), (z.middle[0], z.bottom[1] + 52))
        draw.text(ax, z.middle[0] + 14, z.bottom[1] + 24, "f", 18, True, ha="left")
        words = f"Y_out(:, :, {k})"
        draw.grid(ax, "Y", empty((3, 3)), z.x, z.bottom[1] + 84, CELL_OF_MAP, title=words,
                  note="", heads=False)  # fmt: skip
    words = ["Y_out = f(Z): the maps", "for the next layer"]
    draw.lines(ax, 40, Z[0].bottom[1] + 104, words, 18)


def _layer_words():
    return (
        f"n_k = {N_K} maps of Y, {by(SEVERAL.input_size)}, one below the other at the left, "
        f"one row for each k_in; to their right a table of filter planes W, "
        f"{by(SEVERAL.filter_size)}, with {N_K} rows for k_in and {F_K} columns for k; under the "
        f"columns the f_k = {F_K} maps of Z, {by(SEVERAL.dZ.shape[:2])}"
    )


K_IN, K = 1, 2  # the planes that the backward picture follows


def layer_backward(ax):
    """The same layer with backward arrows, to every map of Y; one triple of planes tinted."""
    _, W, Z = layer_grid(ax, True, (K_IN, K))
    for k, z in Z.items():
        low, high = W[1, k], W[0, k]
        draw.arrow(ax, (low.middle[0], z.y - 32), (low.middle[0], low.bottom[1] + 6), back=True)
        x, y = high.right
        draw.elbow(ax, (x + 60, z.y - 32), (x + 60, y), (x + 5, y), back=True)
        for w in (low, high):
            if k:
                draw.text(ax, w.x - 14, w.middle[1], "+", 22, True)
    which = f"W(:, :, {K_IN}, {K}), from dZ(:, :, {K}) to dY(:, :, {K_IN})"
    draw.key(ax, 506, ("soft", "Y", ""), ("soft", "W", ""), ("soft", "Z", f"one way: {which}"))


# --- what one cell of Y reaches ------------------------------------------------------


def only(plane, cell):
    """Keep one number of a map and leave the other cells empty."""
    numbers = empty(plane.shape)
    numbers[cell[0]][cell[1]] = plane[cell]
    return numbers


def on_the_way(terms, k=0):
    """Return Z of map k with the weight (u, v) in each cell that is reached, and those cells."""
    weights = {t.target.index[:2]: at(t.right.index) for t in terms if t.target.index[2] == k}
    return [[weights.get((i, j)) for j in range(3)] for i in range(3)], set(weights)


def reach(ax, cell, x, y, size=36, first_only=False, arrow=True, space=110, of_z=52):
    """Draw Y with one cell marked and Z with the cells that it reaches, by their weights."""
    terms = contributions(cell)[: 1 if first_only else None]
    left = draw.grid(ax, "Y", only(Y, cell), x, y, size, solid={cell})
    values, reached = on_the_way(terms)
    right = draw.grid(ax, "Z", values, left.right[0] + space, y, of_z, soft=reached)
    if arrow:
        rows, column = [i for i, _ in reached], min(j for _, j in reached)
        ends = [right.at(i, column, 0, down) for i, down in ((min(rows), 0), (max(rows), 1))]
        draw.cone(ax, [left.at(*cell, 1, down) for down in (0, 1)], ends)
    return left, right, terms


REACHED = "a cell of Z that it reaches; in it (u, v), its weight"
INNER, SIDE = (1, 1), (2, 0)


def one_then_several(ax):
    """Step 1 above step 2."""
    steps = (True, ["Step 1:", "one cell of Z"]), (False, ["Step 2:", "all that it", "reaches"])
    for row, (first, words) in enumerate(steps):
        y = 70 + 276 * row
        reach(ax, INNER, 60, y, 42, first)
        draw.lines(ax, 572, y + 40, words, 22, bold=True)
    draw.key(ax, 594, ("solid", "Y", f"Y{INNER}"), ("soft", "Z", REACHED))


def _reached_alt(cell):
    terms = contributions(cell)
    ways = "; ".join(f"{short(t.target)} through {short(t.right)}" for t in terms)
    return f"Y{cell} reaches {len(terms)} of the {RUNNING.dZ.size} cells of Z: {ways}."


MIDDLE = (1, 2)


def every_map(ax):
    """A cell in one map of Y, and what it reaches in each map of Z."""
    terms = contributions((*MIDDLE, 0), SEVERAL)
    numbers = only(SEVERAL.Y[:, :, 0], MIDDLE)
    left = draw.grid(ax, "Y", numbers, 60, 240, 44, title="Y(:, :, 0)", solid={MIDDLE})
    for k in range(F_K):
        values, reached = on_the_way(terms, k)
        title = f"Z(:, :, {k})"
        right = draw.grid(ax, "Z", values, 560, 60 + 204 * k, 50, title=title, soft=reached)
        end, words = (right.x - 28, right.middle[1]), f"W(:, :, 0, {k})"
        draw.arrow(ax, left.at(*MIDDLE, right=1), end, words, bold=True, at=0.62, gap=20,
                   color=draw.WORDS["W"])  # fmt: skip
    draw.key(ax, 654, ("solid", "Y", f"Y({MIDDLE[0]}, {MIDDLE[1]}, 0)"), ("soft", "Z", REACHED))


def _every_map_alt():
    terms = contributions((*MIDDLE, 0), SEVERAL)
    maps = {k: [t for t in terms if t.target.index[2] == k] for k in range(F_K)}
    counts = {len(found) for found in maps.values()}
    cells = ", ".join(f"({i}, {j})" for i, j in (t.target.index[:2] for t in maps[0]))
    return (
        f"One cell of Y, {MIDDLE} in map k_in = 0 of {N_K}, and {F_K} arrows, one "
        f"through each filter, to the {F_K} maps of Z. In every map it reaches the same "
        f"{counts.pop()} cells, {cells}, each through another weight: {len(terms)} cells in all."
    )


# --- one product ---------------------------------------------------------------------


def one_weight(ax):
    """Y with a window on it, W and Z, with one cell marked in each."""
    term = contributions(CELL)[0]
    drawn = product_row(ax, term, (Y, Z))
    for left, right, sign in zip(drawn, drawn[1:], "×→", strict=False):
        draw.text(ax, (left.right[0] + right.x - 18) / 2, drawn[1].middle[1], sign, 30, True)
    step = forward_steps(RUNNING.Y, RUNNING.W, RUNNING.b)[0]
    words = f"{short(term.target)} = b + {len(step.terms)} products; this is one of them: "
    draw.text(ax, 400, 346, f"{words}{term.product} = {bare(term.value)}", 18)
    draw.key(ax, 392, W_LIES, *MARKED)


W_LIES = ("stored", "W", "W lies on Y; cut corner: W(0, 0)")
MARKED = ("solid", "Y", ""), ("solid", "W", ""), ("solid", "Z", "this product and its cells")


def product_row(ax, term, arrays, back=False):
    """Draw input, filter and output in a row, with the cells of one product marked."""
    size, d = 46, "d" if back else ""
    cells = [cell.index[:2] for cell in (term.left, term.right, term.target)]
    of_y, of_w, of_z = cells[::-1] if back else cells
    lies = None if back else draw.Window(*of_z, "W", W)
    return (
        draw.grid(ax, f"{d}Y", arrays[0], 52, 76, size, solid={of_y}, window=lies),
        draw.grid(ax, "W", W, 362, 76 + size, size, note="as stored", card="as stored",
                  solid={of_w}),
        draw.grid(ax, f"{d}Z", arrays[1], 608, 76 + size, size, solid={of_z}),
    )  # fmt: skip


def product_arrows(ax, term, arrays, back=False):
    """Draw the three grids, and below them the two factors that meet, with arrows."""
    drawn, level = product_row(ax, term, arrays, back), 404
    cells = (term.left, term.right, term.target)
    for grid, cell in zip(drawn, reversed(cells) if back else cells, strict=True):
        ends = (grid.bottom[0], grid.bottom[1] + 10), (grid.bottom[0], level - 58)
        result = cell is term.target
        draw.arrow(ax, *(ends[::-1] if result else ends), back=back)
        words = bare(term.value if result else cell.value)
        label = f"into {short(cell)}" if result else short(cell)
        chip(ax, cell.array, grid.bottom[0], level, words, label)
    middles = [grid.bottom[0] for grid in drawn]
    signs = "=·" if back else "·="
    for left, right, sign in zip(middles, middles[1:], signs, strict=False):
        draw.text(ax, (left + right) / 2, level, sign, 32, True)
    words = f"{short(cells[0])} times {short(cells[1])} is one term of {short(cells[2])}"
    draw.text(ax, 400, 466, words, 20)
    corner = ("stored", "W", "cut corner: W(0, 0)")
    draw.key(ax, 510, corner, *MARKED)


def chip(ax, name, x, y, words, label):
    """Draw a number on the solid colour of its array, its cell's name above it."""
    array = name[-1]
    draw.box(ax, x - 40, y - 24, 80, 48, words, size=24, bold=True, color=draw.PAPER,
             fill=draw.SOLID[array], edge="none")  # fmt: skip
    draw.text(ax, x, y - 40, label, 17, True, color=draw.WORDS[array])


def task_forward(ax):
    """Y(2, 2) times W(2, 2) goes into Z(0, 0)."""
    product_arrows(ax, contributions(CELL)[0], (Y, Z))


def fan_out(ax):
    """One cell, an arrow to each cell that it reaches."""
    left, right, terms = reach(ax, SIDE, 60, 76, 50, space=294, arrow=False)
    for row, term in enumerate(terms):
        words = f"{short(term.right)} = {bare(term.right.value)}"
        i, j = term.target.index[:2]
        look = {"edge": draw.FRAME["W"], "color": draw.WORDS["W"], "bold": True}
        weight = draw.box(ax, 378, right.y + 56 * row + 4, 150, 42, words, **look)
        draw.arrow(ax, left.at(*SIDE, 1), (weight.x - 3, weight.left[1]))
        draw.arrow(ax, (weight.right[0] + 3, weight.left[1]), right.at(i, j, -0.4))
    words = f"Y{SIDE} reaches {len(terms)} cells of Z, each through its own weight"
    draw.text(ax, 400, 362, words, 18)
    draw.key(ax, 404, ("solid", "Y", f"Y{SIDE}"), ("soft", "Z", REACHED))


def indices(ax):
    """Every cell with its row and column."""
    for name, array, x, note in (
        ("Y", Y, 46, f"{ON_Y}, row r, column c"),
        ("W", W, 366, "row u, column v"),
        ("Z", Z, 606, "row i, column j"),
    ):
        values = [[at((r, c)) for c in range(array.shape[1])] for r in range(array.shape[0])]
        draw.grid(ax, name, values, x, 76, 50, note=note, solid={CELL} if name == "Y" else ())
    draw.text(ax, 400, 366, "row before column, everywhere, counted from 0", 18)
    draw.key(ax, 406, ("solid", "Y", "the cell that the course follows"))


# --- the nine windows over one cell --------------------------------------------------


def placement(ax, number, x, y, size=38, small=50, space=24):
    """Draw the window in which the weight of this number lies on the cell, and Z so far."""
    terms = contributions(CELL)
    term = terms[number]
    i, j = term.target.index[:2]
    note = f"{number + 1}: {short(term.right)} on {short(term.left)}"
    lies = draw.Window(i, j, "W", W)
    left = draw.grid(ax, "Y", Y, x, y, size, note=note, solid={CELL}, window=lies)
    values, reached = on_the_way(terms[: number + 1])
    low = left.bottom[1] - 3 * small
    draw.grid(ax, "Z", values, left.right[0] + space, low, small, heads=False, note=ON_Z,
              solid={(i, j)}, soft=reached)  # fmt: skip


def placements(ax, numbers):
    """Four windows in two rows."""
    for position, number in enumerate(numbers):
        placement(ax, number, 28 + 394 * (position % 2), 70 + 266 * (position // 2))
    _placement_key(ax, 576)


def _placement_key(ax, y):
    draw.key(ax, y, W_LIES, ("solid", "W", f"the weight on Y{CELL}"))
    draw.key(ax, y + 38, ("solid", "Z", "the cell of Z of this window"),
             ("soft", "Z", "reached before; (u, v) is the weight"))  # fmt: skip


def last_placement(ax):
    """The ninth window, large, and Z with all nine weights."""
    placement(ax, len(contributions(CELL)) - 1, 64, 70, 58, 84, 90)
    _placement_key(ax, 400)


def _placement_alt(numbers):
    terms = contributions(CELL)
    ways = "; ".join(
        f"window {at(terms[n].target.index)} puts {short(terms[n].right)}, "
        f"{bare(terms[n].right.value)}, on it"
        for n in numbers
    )
    which = f"Windows {numbers[0] + 1} to {numbers[-1] + 1}" if len(numbers) > 1 else "Window 9"
    return (
        f"{which} of the {len(terms)} that cover Y{CELL}, shown as the {ON_Y} map Y with the "
        f"filter lying on it, each weight below the number that it meets, and beside it Z, in "
        f"which each cell reached so far shows the weight that reached it: {ways}."
    )


def index_sum(ax):
    """A table: cell of Z, weight, and their sum, which is always the cell of Y."""
    columns = (
        (150, "Z", "cell of Z", "i, j"),
        (360, "W", "weight", "u, v"),
        (590, "Y", "cell of Y", "r, c"),
    )
    for x, array, head, below in columns:
        draw.text(ax, x, 30, head, 20, True, color=draw.WORDS[array])
        draw.text(ax, x, 56, below, 17, style="italic", color=draw.SOFT)
    for row, term in enumerate(contributions(CELL)):
        y = 96 + 42 * row
        z, w = term.target.index[:2], term.right.index[:2]
        total = tuple(a + b for a, b in zip(z, w, strict=True))
        for (x, array, *_), index in zip(columns, (z, w, total), strict=True):
            draw.text(ax, x, y, str(index), 23, bold=index is total, color=draw.WORDS[array])
        for x, sign in ((255, "+"), (475, "=")):
            draw.text(ax, x, y, sign, 23)
        draw.rule(ax, 60, y + 21, (740, y + 21))
    draw.text(ax, 400, 500, "so (u, v) = (r − i, c − j)\u2003(stride 1, no padding)", 21, True)


THREE = {(2, 2): "inside", (0, 2): "at the edge", (0, 0): "in the corner"}


def three_reaches(ax):
    """Centre, edge and corner of Y, and what each reaches."""
    for row, (cell, place) in enumerate(THREE.items()):
        y = 62 + 208 * row
        _, _, terms = reach(ax, cell, 90, y, 31, of_z=50)
        many = "cell" if len(terms) == 1 else "cells"
        draw.lines(ax, 572, y + 30, [f"Y{cell}", place, f"{len(terms)} {many}"], 22, bold=True)
    draw.key(ax, 660, ("solid", "Y", "a cell of Y"), ("soft", "Z", REACHED))


def _three_alt():
    counts = ", ".join(f"Y{cell} reaches {len(contributions(cell))}" for cell in THREE)
    return (
        f"Three rows, in each the {ON_Y} map Y with one cell marked and a beam to the cells of "
        f"the {ON_Z} map Z that it reaches: {counts}. A cell in the middle reaches all of Z, one "
        f"at the edge or in the corner does not."
    )


def _product_alt(term):
    return (
        f"{short(term.left)} = {bare(term.left.value)} and {short(term.right)} = "
        f"{bare(term.right.value)} are marked; arrows lead from both into their "
        f"product {term.product} = {bare(term.value)}, and from it to "
        f"{short(term.target)}, of which it is one term."
    )


def _layer_forward_alt():
    return (
        f"A layer with its names. {_layer_words()}. Arrows run from each row of planes to its sum "
        f"down a column: Z of k is the sum over k_in. Under each Z, an activation f gives the map "
        f"of the next layer's input."
    )


def _layer_backward_alt():
    return (
        f"The same layer backward. {_layer_words()}, now with dZ and dY. Dashed arrows run from dZ "
        f"up through the planes and left to dY: dY of k_in is the sum over k along a row. Tinted: "
        f"dZ of k = {K}, the plane W of k_in = {K_IN} and k = {K}, and dY of "
        f"k_in = {K_IN}."
    )


def _one_then_several_alt():
    return (
        f"Two pictures, each with the {ON_Y} map Y and the {ON_Z} map Z. Above: a beam from "
        f"Y{INNER} to the first cell of Z. Below: to all that it reaches. {_reached_alt(INNER)}"
    )


def _one_weight_alt(first):
    return (
        f"Three grids: Y, {ON_Y}, with the filter lying on its first window; W, {ON_W}; Z, "
        f"{ON_Z}. Marked are {short(first.left)}, {short(first.right)} and "
        f"{short(first.target)}: the product "
        f"{first.product} = {bare(first.value)} is one of the terms of that cell of Z."
    )


def _indices_alt():
    return (
        f"Three grids in which each cell shows its own row and column: Y, {ON_Y}, r and c, with "
        f"Y{CELL} marked; W, {ON_W}, u and v; Z, {ON_Z}, i and j. Row before column, counted from "
        f"0."
    )


def _index_sum_alt(terms):
    sums = "; ".join(f"{t.target.index[:2]} + {t.right.index[:2]}" for t in terms)
    return (
        f"A table of {len(terms)} sums, cell of Z plus weight, row by row: {sums}; each is {CELL}, "
        f"the cell of Y. So the weight is (r - i, c - j), at stride 1 without padding."
    )


WINDOWS = range(4), range(4, 8)
TERMS = contributions(CELL)
ROWS = (  # file name, stem of the source's picture after CNN_, height, how to draw it, alt text
    ("forward_values_backward_gradients", "Backward_Propagation", 480, network, _network_alt()),
    ("what_any_layer_receives_and_passes_on", "Training_AnyLayer", 480, any_layer, ANY_LAYER_ALT),
    ("activation_multiplies_by_its_slope", "Training_Activation_Backward", 590, activation,
     _activation_alt()),
    ("maps_and_filters_of_a_layer", "Training_Conv_1", 660, layer_forward, _layer_forward_alt()),
    ("gradients_run_back_through_the_filters", "Training_Conv_2", 535, layer_backward,
     _layer_backward_alt()),
    ("one_cell_reaches_one_cell_then_several", "Training_Conv_2a", 625, one_then_several,
     _one_then_several_alt()),
    ("one_cell_reaches_every_map", "Training_Conv_2b", 685, every_map, _every_map_alt()),
    ("one_cell_times_one_weight", "Training_Conv_3", 425, one_weight, _one_weight_alt(TERMS[0])),
    ("one_cell_fans_out", "Training_Conv_4", 435, fan_out,
     f"A fan of arrows from one cell of Y. {_reached_alt(SIDE)}"),
    ("rows_and_columns_of_y_w_z", "Training_Conv_5", 435, indices, _indices_alt()),
    ("windows_1_to_4_over_one_cell", "Training_Conv_6", 640,
     partial(placements, numbers=WINDOWS[0]), _placement_alt(WINDOWS[0])),
    ("windows_5_to_8_over_one_cell", "Training_Conv_7", 640,
     partial(placements, numbers=WINDOWS[1]), _placement_alt(WINDOWS[1])),
    ("window_9_and_the_weights_met", "Training_Conv_8", 465, last_placement,
     _placement_alt(range(8, 9))),
    ("window_plus_weight_is_the_cell", "Training_Conv_9", 530, index_sum, _index_sum_alt(TERMS)),
    ("centre_edge_and_corner_reach_differently", "Training_Conv_2c", 690, three_reaches,
     _three_alt()),
    ("forward_one_product_into_z", "Training_Conv_Task1_Forward", 540, task_forward,
     f"Forward: the grids Y, W and Z in a row. {_product_alt(TERMS[0])}"),
)  # fmt: skip
FIGURES = [Figure(name, (f"CNN_{stem}",), *rest) for name, stem, *rest in ROWS]

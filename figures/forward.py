"""Figures of the layer, and of what one cell of its input reaches on the way forward."""

from functools import partial

import numpy as np

from cnnlib import layers, loops
from cnnlib.examples import one_map, three_maps, variant
from cnnlib.shapes import by, geometry
from cnnlib.trace import forward_steps, influence_steps, number
from figures import draw
from figures.figure import Figure

RUNNING = one_map()
SEVERAL = three_maps()
CELL = (2, 2)  # the cell of Y that the course follows: the only one that all nine windows cover
N_K, F_K = SEVERAL.W.shape[2:]
ON_Y, ON_W, ON_Z = map(by, (RUNNING.input_size, RUNNING.filter_size, RUNNING.dZ.shape[:2]))


def short(cell):
    """Name a cell of the running example without its maps: dY(2, 2)."""
    return f"{cell.array}({cell.index[0]}, {cell.index[1]})"


def pair(index):
    """Row and column as they stand in a cell: 2,1."""
    return f"{index[0]},{index[1]}"


def gifts(cell, example=RUNNING):
    """Terms that a cell of Y gives to Z."""
    steps = influence_steps(example.Y, example.W, example.b, **example.how)
    index = (*cell, 0)[:3]
    return steps[steps.position(index)].terms


def index_table(name, size, marks=()):
    """Every cell shows its own row and column."""
    return draw.table(
        name, [[pair((r, c)) for c in range(size[1])] for r in range(size[0])], marks=marks
    )


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
    previous = draw.box(ax, 26, top + 22, 56, 76, "image", size=15, fill="#f1f1f1")
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
    update = draw.box(ax, x - 84, 330, 168, 54, words, size=19, fill="#f1f1f1")
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
    layer = draw.box(ax, 270, 70, 260, 170, "any layer\nW, b", size=26, bold=True, fill="#f1f1f1")
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
    return Z, layers.relu(Z), dY, slope, layers.relu_backward(dY, Z)


def activation(ax):
    """Above Z, f, Y; below dZ, f'(Z), dY; the same cell marked in each."""
    Z, Y, dY, slope, dZ = (array[:, :, 0] for array in _activation())
    cell = tuple(map(int, np.argwhere((Z > 0) & (np.abs(dY) > 1))[0]))
    mark, result = {cell: "term"}, {cell: "target"}
    size, xs = 50, (66, 330, 594)
    z = draw.panel(ax, draw.table("Z", Z, marks=mark), xs[0], 112, size, f"Z, {ON_Z}", "from conv")
    f = draw.box(ax, 345, 142, 120, 90, "f = ReLU", size=20, bold=True)
    y = draw.panel(
        ax,
        draw.table("Y", Y, marks=result, corner="i, j"),
        xs[2],
        112,
        size,
        f"Y, {ON_Z}",
        "f of each cell",
    )
    low = 390
    dz = draw.panel(
        ax, draw.table("dZ", dZ, marks=result), xs[0], low, size, f"dZ, {ON_Z}", "the result"
    )
    s = draw.panel(
        ax,
        draw.table("Z", slope, marks=mark),
        xs[1],
        low,
        size,
        f"f'(Z), {ON_Z}",
        "1 where Z > 0, else 0",
    )
    dy = draw.panel(
        ax,
        draw.table("dY", dY, marks=mark, corner="i, j"),
        xs[2],
        low,
        size,
        f"dY, {ON_Z}",
        "from the next layer",
    )
    draw.arrow(ax, (z.right[0] + 8, 187), (f.x - 6, 187), "Z", bold=True, size=18)
    draw.arrow(ax, (f.x + 126, 187), (y.x - 38, 187), "Y", bold=True, size=18)
    draw.arrow(ax, (dy.x - 38, dy.middle[1]), (s.right[0] + 8, s.middle[1]), "times", back=True)
    draw.arrow(ax, (s.x - 38, s.middle[1]), (dz.right[0] + 8, s.middle[1]), "gives", back=True)
    draw.text(ax, 400, 572, "cell by cell, in each of the f_k maps", 18)


def _activation_alt():
    Z, Y, dY, slope, dZ = _activation()
    r, c, _ = index = tuple(map(int, np.argwhere((Z > 0) & (np.abs(dY) > 1))[0]))
    values = [number(array[index], bare=True) for array in (Z, Y, dY, slope, dZ)]
    return (
        f"Two rows of {ON_Z} grids. Above, forward: Z goes cell by cell through f = ReLU and gives "
        f"Y; at ({r}, {c}), Z is {values[0]} and Y is {values[1]}. Below, backward: dY comes from "
        f"the next layer, is multiplied by f'(Z), which is 1 where Z is above 0 and else 0, and "
        f"gives dZ; at ({r}, {c}), {values[2]} times {values[3]} is {values[4]}. "
        f"{int((slope == 0).sum())} of the {slope.size} cells pass nothing back."
    )


# --- maps and filters of a layer -----------------------------------------------------


def layer_grid(ax, *, back=False, marks=None, tall=26):
    """Draw the maps of Y as rows, those of Z as columns, a filter plane where they cross.

    `marks` are (k_in, k) pairs of planes to emphasise; gives back the Placed by name and index.
    """
    marks = marks or ()
    d = "d" if back else ""
    places = {}
    xs = [330 + 150 * k for k in range(F_K)]
    ys = [112 + 160 * k_in for k_in in range(N_K)]
    n, f, o = SEVERAL.Y.shape[:2], SEVERAL.filter_size, SEVERAL.dZ.shape[:2]
    base = ys[-1] + 195

    def grid(name, index, size, x, y, title, chosen):
        empty = draw.table("", [[None] * size[1]] * size[0])
        placed = draw.panel(ax, empty, x, y, tall, title, "", headers=False)
        if chosen:
            draw.mark_cell(
                ax, "term", x - 5, y - 5, 1, size[1] * tall + 10, size[0] * tall + 10, fill=False
            )
            draw.text(ax, x + size[1] * tall + 14, y + 4, "t", 16, True, color=draw.ORANGE)
        places[name, index] = placed

    if back:
        bands = [(46, y - 64, 704, 150) for y in ys]
    else:
        bands = [(x - 14, ys[0] - 46, 122, base - ys[0] + 136) for x in xs]
    for band in bands:
        draw.box(ax, *band, fill="#f1f1f1", edge="#f1f1f1")
    for k_in in range(N_K):
        on = any(m[0] == k_in for m in marks)
        grid("Y", k_in, n, 60, ys[k_in] - 26, f"{d}Y(l−1), k_in = {k_in}", on)
        for k in range(F_K):
            grid("W", (k_in, k), f, xs[k], ys[k_in], f"W, {k_in}, {k}", (k_in, k) in marks)
    for k in range(F_K):
        grid("Z", k, o, xs[k], base, f"{d}Z, k = {k}", any(m[1] == k for m in marks))
    for k_in in range(N_K):
        y, w = places["Y", k_in], places["W", (k_in, 0)]
        ends = (y.right[0] + 12, w.middle[1]), (w.x - 14, w.middle[1])
        draw.arrow(ax, *(ends[::-1] if back else ends), back=back)
    for k in range(F_K):
        z, w = places["Z", k], places["W", (N_K - 1, k)]
        ends = (z.top[0], w.bottom[1] + 12), (z.top[0], z.y - 42)
        draw.arrow(ax, *(ends[::-1] if back else ends), back=back)
    for k_in, k in np.ndindex(N_K - (not back), F_K - back):
        w = places["W", (k_in, k)]
        x, y = (w.right[0] + 36, w.middle[1]) if back else (w.middle[0], w.bottom[1] + 32)
        draw.text(ax, x, y, "+", 28, True)
    draw.text(ax, 60, 28, f"n_k = {N_K} maps, {by(n).replace('x', '×')}", 18, ha="left")
    draw.text(
        ax,
        330,
        28,
        f"W: n_k × f_k = {N_K} × {F_K} planes, {by(f).replace('x', '×')}",
        18,
        ha="left",
    )
    words = "sum over k\nalong a row" if back else "sum over k_in\ndown a column"
    draw.text(ax, 60, base + 18, f"f_k = {F_K} maps, {by(o).replace('x', '×')}", 18, ha="left")
    draw.lines(ax, 60, base + 50, words.split("\n"), 18)
    return places


def layer_forward(ax):
    """The layer, forward, and its activation below."""
    places = layer_grid(ax)
    for k in range(F_K):
        z = places["Z", k]
        top = z.bottom[1] + 62
        draw.arrow(ax, (z.x + 39, z.bottom[1] + 6), (z.x + 39, top - 30))
        draw.text(ax, z.x + 54, z.bottom[1] + 16, "f", 18, True, ha="left")
        empty = draw.table("", [[None] * 3] * 3)
        draw.panel(ax, empty, z.x, top, 26, f"Y(l), k = {k}", "", headers=False)
    draw.lines(
        ax, 60, places["Z", 0].bottom[1] + 80, ["Y(l) = f(Z): the maps", "for the next layer"], 18
    )


def _layer_words():
    return (
        f"n_k = {N_K} maps of Y, {by(SEVERAL.Y.shape[:2])}, stand below one another at the left, "
        f"one row for each k_in; to their right a table of filter planes W, "
        f"{by(SEVERAL.filter_size)}, with {N_K} rows for k_in and {F_K} columns for k; under the "
        f"columns the f_k = {F_K} maps of Z, {by(SEVERAL.dZ.shape[:2])}"
    )


K_IN, K = 1, 2  # the planes that the backward picture follows


def layer_backward(ax):
    """The same layer with backward arrows, one triple of planes marked."""
    layer_grid(ax, back=True, marks=[(K_IN, K)])


# --- what one cell of Y reaches ------------------------------------------------------


def only(plane, cell):
    """Keep one number of a map and leave the other cells empty."""
    return [
        [value if (r, c) == cell else None for c, value in enumerate(row)]
        for r, row in enumerate(plane.tolist())
    ]


def reach(ax, cell, x, y, size=36, first_only=False, title="Z", arrow=True, space=80, of_z=0):
    """Draw Y with one cell marked and Z with the cells that it reaches, by their weights."""
    terms = gifts(cell)[: 1 if first_only else None]
    Y = draw.table("Y", only(RUNNING.Y[:, :, 0], cell), marks={cell: "term"})
    o_h, o_w = RUNNING.dZ.shape[:2]
    weights = {t.target.index[:2]: pair(t.right.index) for t in terms}
    values = [[weights.get((i, j)) for j in range(o_w)] for i in range(o_h)]
    Z = draw.table("Z", values, marks=dict.fromkeys(weights, "target"))
    left = draw.panel(ax, Y, x, y, size, f"Y, {ON_Y}", "")
    right = draw.panel(ax, Z, x + 5 * size + space, y, of_z or size, f"{title}, {ON_Z}", "")
    if arrow:
        rows = [i for i, _ in weights]
        column = min(j for _, j in weights)
        ends = [right.at(i, column, 0, down) for i, down in ((min(rows), 0), (max(rows), 1))]
        draw.cone(ax, [left.at(*cell, 1, down) for down in (0, 1)], ends)
    return left, right, terms


INNER, SIDE = (1, 1), (2, 0)


def one_then_several(ax):
    """Step 1 above step 2."""
    for row, (first, words) in enumerate(
        ((True, ["Step 1:", "one cell of Z"]), (False, ["Step 2:", "all that it", "reaches"]))
    ):
        y = 78 + 290 * row
        reach(ax, INNER, 60, y, 43, first, space=110, of_z=52)
        draw.lines(ax, 572, y + 40, words, 22, bold=True)
    draw.text(ax, 400, 612, "in a cell of Z: the weight u, v on the way", 19)


def _reached_alt(cell):
    terms = gifts(cell)
    ways = "; ".join(f"{short(t.target)} through {short(t.right)}" for t in terms)
    return f"Y{cell} reaches {len(terms)} of the {RUNNING.dZ.size} cells of Z: {ways}."


MIDDLE = (1, 2)


def every_map(ax):
    """A cell in one map of Y, and what it reaches in each map of Z."""
    terms = gifts((*MIDDLE, 0), SEVERAL)
    Y = draw.table("Y", only(SEVERAL.Y[:, :, 0], MIDDLE), marks={MIDDLE: "term"})
    left = draw.panel(ax, Y, 60, 250, 44, f"Y, k_in = 0 of {N_K}", by(SEVERAL.input_size))
    o_h, o_w, _ = SEVERAL.dZ.shape
    for k in range(F_K):
        weights = {t.target.index[:2]: pair(t.right.index) for t in terms if t.target.index[2] == k}
        values = [[weights.get((i, j)) for j in range(o_w)] for i in range(o_h)]
        Z = draw.table("Z", values, marks=dict.fromkeys(weights, "target"))
        right = draw.panel(ax, Z, 540, 76 + 226 * k, 52, f"Z, k = {k}", "")
        end = (right.x - 34, right.middle[1])
        draw.arrow(
            ax, left.at(*MIDDLE, right=0.95), end, f"W, 0, {k}", size=17, bold=True, at=0.6, gap=20
        )
    draw.lines(ax, 60, 480, ["in Z: the weight u, v", "of filter k on the way"], 18)


def _every_map_alt():
    terms = gifts((*MIDDLE, 0), SEVERAL)
    maps = {k: [t for t in terms if t.target.index[2] == k] for k in range(F_K)}
    counts = {len(found) for found in maps.values()}
    cells = ", ".join(f"({i}, {j})" for i, j in (t.target.index[:2] for t in maps[0]))
    return (
        f"One cell of Y, {MIDDLE} in map k_in = 0 of {N_K}, and {F_K} arrows, one "
        f"through each filter, to the {F_K} maps of Z. In every map it reaches the same "
        f"{counts.pop()} cells, {cells}, each through another weight: {len(terms)} cells in all."
    )


def _triple(term, x_of=("Y", "W", "Z")):
    return {"Y": term.left, "W": term.right, "Z": term.target}


def one_weight(ax):
    """Y, W and Z with one cell marked in each."""
    term = gifts(CELL)[0]
    Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)[:, :, 0]
    product_line(ax, term, (RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0], Z), ("Y", "W", "Z"))
    step = forward_steps(RUNNING.Y, RUNNING.W, RUNNING.b)[0]
    for x, sign in ((306, "×"), (536, "→")):
        draw.text(ax, x, 245, sign, 34, True)
    draw.text(
        ax,
        400,
        400,
        f"{short(term.target)} = b + {len(step.terms)} products; "
        f"this is one of them: {term.product} = {number(term.value, bare=True)}",
        18,
    )


def product_line(ax, term, arrays, names, *, back=False, y=130):
    """Draw input, filter and output in a row, with the cells of one product marked.

    Forward, the input is a factor and the output is summed; backward, the other way about.
    """
    i, j = (term.left if back else term.target).index[:2]
    u, v = term.right.index[:2]
    r, c = (term.target if back else term.left).index[:2]
    size = 46
    ends = ("target", "term") if back else ("term", "target")
    roles = (
        ("the result", "filter", "from the next layer") if back else ("input", "filter", "output")
    )
    marks = ({(r, c): ends[0]}, {(u, v): "term"}, {(i, j): ends[1]})
    if not back:
        rows, columns = (range(start, start + f) for start, f in zip((i, j), (3, 3), strict=True))
        marks[0].update({(a, b): "window" for a in rows for b in columns if (a, b) != (r, c)})
    placed = [
        draw.panel(ax, draw.table(name, array, marks=mark), x, y, size, None, role)
        for name, array, mark, x, role in zip(
            names, arrays, marks, (54, 358, 606), roles, strict=True
        )
    ]
    Y, W, Z = placed
    down = y + 5 * size + 16
    points = Y.at(r, c, 1, 0.96), W.at(u, v, 0.5, 0.96), Z.at(i, j, 1, 0.96)
    return placed, points, down


def fan_out(ax):
    """One cell, an arrow to each cell that it reaches."""
    left, right, terms = reach(ax, SIDE, 60, 112, 54, space=280, arrow=False)
    for row, term in enumerate(terms):
        words = f"{short(term.right)} = {number(term.right.value, bare=True)}"
        i, j = term.target.index[:2]
        weight = draw.box(ax, 382, right.y + 60 * row + 2, 150, 44, words, size=18, bold=True)
        draw.arrow(ax, left.at(*SIDE, 0.97), (weight.x - 3, weight.left[1]), width=2.5)
        x, y = right.at(i, j, 0)
        draw.arrow(ax, (weight.right[0] + 3, weight.right[1]), (x - 26, y), width=2.5)
    draw.text(
        ax, 400, 424, f"Y{SIDE} reaches {len(terms)} cells of Z, each through its own weight", 18
    )


def indices(ax):
    """Every cell with its row and column."""
    for name, size, x, role, mark in (
        ("Y", RUNNING.input_size, 56, "row r, column c", {CELL: "term"}),
        ("W", RUNNING.filter_size, 358, "row u, column v", {}),
        ("Z", RUNNING.dZ.shape[:2], 602, "row i, column j", {}),
    ):
        draw.panel(ax, index_table(name, size, mark), x, 112, 48, None, role)
    draw.text(ax, 400, 382, "row before column, everywhere, counted from 0", 18)


# --- the nine windows over one cell --------------------------------------------------


def placement(ax, number_, x, y, size=40, small=42, space=24, headers=False):
    """Draw the window in which weight number so-and-so lies on the cell, and Z so far."""
    terms = gifts(CELL)
    term = terms[number_]
    window = term.target.index[:2]
    where = geometry(RUNNING.input_size, RUNNING.filter_size)
    values, marks = RUNNING.Y[:, :, 0].copy(), {}
    for (u, v), weight in np.ndenumerate(RUNNING.W[:, :, 0, 0]):
        under = where.rows.input_index(window[0], u), where.columns.input_index(window[1], v)
        values[under], marks[under] = weight, "window"
    title = f"{number_ + 1}.\u2002W({pair(term.right.index)}) on Y({pair(CELL)})"
    Y = draw.table("Y", values, marks=marks | {CELL: "term"})
    left = draw.panel(ax, Y, x, y, size, title, "")
    met = {t.target.index[:2]: pair(t.right.index) for t in terms[: number_ + 1]}
    state = dict.fromkeys(met, "done") | {window: "target"}
    o_h, o_w = RUNNING.dZ.shape[:2]
    record = [[met.get((a, b)) for b in range(o_w)] for a in range(o_h)]
    z, down = draw.table("Z", record, marks=state), y + size
    draw.panel(ax, z, left.right[0] + space, down, small, f"Z, {ON_Z}", "", headers=headers)


def placements(ax, numbers):
    """Four windows in two rows."""
    draw.text(ax, 400, 34, _moves(), 19)
    for position, number_ in enumerate(numbers):
        placement(ax, number_, 44 + 388 * (position % 2), 124 + 296 * (position // 2))
    _placement_legend(ax, 42, 660)


def _moves():
    y, w = (size.replace("x", "×") for size in (ON_Y, ON_W))
    value = number(RUNNING.Y[(*CELL, 0)], bare=True)
    return f"Y, {y}, with Y({pair(CELL)}) = {value}. The filter, {w}, lies on it and moves."


def _placement_legend(ax, x, y):
    words = {
        "window": "window: here stand the weights of the filter that lies on Y",
        "term": f"the weight on Y({pair(CELL)})",
    }
    draw.legend(ax, x, y, ("window",), words)
    draw.legend(ax, x + 520, y, ("term",), words)
    words = {"target": "the cell of Z of this window, with its weight u, v", "done": "done"}
    draw.legend(ax, x, y + 40, ("target",), words)
    draw.legend(ax, x + 520, y + 40, ("done",), words)


def last_placement(ax):
    """The ninth window, large, and Z with all nine weights."""
    draw.text(ax, 400, 34, _moves(), 19)
    placement(ax, len(gifts(CELL)) - 1, 64, 124, 60, 84, 90, headers=True)
    _placement_legend(ax, 42, 466)


def _placement_alt(numbers):
    terms = gifts(CELL)
    ways = "; ".join(
        f"window ({', '.join(map(str, terms[n].target.index[:2]))}) puts {short(terms[n].right)}, "
        f"{number(terms[n].right.value, bare=True)}, on it"
        for n in numbers
    )
    return (
        f"Windows {numbers[0] + 1} to {numbers[-1] + 1} of the {len(terms)} that cover Y{CELL}, "
        f"shown as the {ON_Y} map Y, the weights of the filter lying on it in a dashed window, and "
        f"beside it Z, in which each cell reached so far shows the weight that reached it: {ways}."
    )


def index_sum(ax):
    """A table: cell of Z, weight, and their sum, which is always the cell of Y."""
    terms = gifts(CELL)
    for x, head, below in (
        (150, "cell of Z", "i, j"),
        (360, "weight", "u, v"),
        (590, "cell of Y", "r, c"),
    ):
        draw.text(ax, x, 36, head, 20, True)
        draw.text(ax, x, 64, below, 17, style="italic", color=draw.SOFT)
    for row, term in enumerate(terms):
        y = 104 + 42 * row
        z, w = term.target.index[:2], term.right.index[:2]
        total = tuple(a + b for a, b in zip(z, w, strict=True))
        for x, words in ((150, str(z)), (255, "+"), (360, str(w)), (475, "="), (590, str(total))):
            draw.text(ax, x, y, words, 23, bold=x == 590)
        draw.arrow(ax, (60, y + 21), (740, y + 21), head=False, width=0.8, color=draw.LINE)
    draw.text(ax, 400, 512, "so (u, v) = (r − i, c − j)\u2003(stride 1, no padding)", 21, True)


def three_reaches(ax):
    """Centre, edge and corner of Y, and what each reaches."""
    for row, cell in enumerate(((2, 2), (0, 2), (0, 0))):
        y = 78 + 280 * row
        _, right, terms = reach(ax, cell, 60, y, 43, space=110, of_z=52)
        many = "cell" if len(terms) == 1 else "cells"
        place = ("inside", "at the edge", "in the corner")[row]
        draw.lines(ax, 572, y + 40, [f"Y{cell}", place, f"{len(terms)} {many}"], 22, bold=True)


def _three_alt():
    cells = (2, 2), (0, 2), (0, 0)
    counts = ", ".join(f"Y{cell} reaches {len(gifts(cell))}" for cell in cells)
    return (
        f"Three rows, in each the {ON_Y} map Y with one cell marked and a beam to the cells of "
        f"the {ON_Z} map Z that it reaches: {counts}. A cell in the middle reaches all of Z, one "
        f"at the edge or in the corner does not."
    )


def task_forward(ax):
    """Y(2,2) times W(2,2) goes into Z(0,0)."""
    term = gifts(CELL)[0]
    Z = loops.conv_forward(RUNNING.Y, RUNNING.W, RUNNING.b)[:, :, 0]
    arrays = RUNNING.Y[:, :, 0], RUNNING.W[:, :, 0, 0], Z
    product_arrows(ax, term, arrays, ("Y", "W", "Z"))


def product_arrows(ax, term, arrays, names, back=False):
    """Draw a row of three grids and, below, the product with arrows from its factors."""
    _, points, down = product_line(ax, term, arrays, names, back=back)
    source, weight, target = (points[2], points[1], points[0]) if back else points
    cells = (term.left, term.right, term.target)
    box = draw.box(
        ax,
        290,
        down + 44,
        250,
        62,
        f"{term.product} = {number(term.value, bare=True)}",
        size=26,
        bold=True,
    )
    y = box.left[1]
    side = (box.right, box.left) if back else (box.left, box.right)
    draw.arrow(ax, (weight[0], weight[1]), (weight[0], box.y - 4), back=back)
    for point, at, into in ((source, side[0], True), (target, side[1], False)):
        bend = (point[0], y)
        if into:
            draw.arrow(ax, point, bend, head=False, back=back)
            draw.arrow(ax, bend, at, back=back)
        else:
            draw.arrow(ax, at, bend, head=False, back=back)
            draw.arrow(ax, bend, point, back=back)
    words = f"{short(cells[0])} times {short(cells[1])} is one term of {short(cells[2])}"
    draw.text(ax, 400, box.y + 100, words, 20)


def _product_alt(term):
    return (
        f"{short(term.left)} = {number(term.left.value, bare=True)} and {short(term.right)} = "
        f"{number(term.right.value, bare=True)} are marked; arrows lead from both into their "
        f"product {term.product} = {number(term.value, bare=True)}, and from it to "
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
        f"up through the planes and left to dY: dY of k_in is the sum over k along a row. Marked "
        f"with a t: dZ of k = {K}, the plane W of k_in = {K_IN} and k = {K}, and dY of "
        f"k_in = {K_IN}."
    )


def _one_then_several_alt():
    return (
        f"Two pictures, each with the {ON_Y} map Y and the {ON_Z} map Z. Above: a beam from "
        f"Y{INNER} to the first cell of Z. Below: to all that it reaches. {_reached_alt(INNER)}"
    )


def _one_weight_alt(first):
    return (
        f"Three grids: Y, {ON_Y}, with the first window dashed; W, {ON_W}; Z, {ON_Z}. Marked are "
        f"{short(first.left)}, {short(first.right)} and {short(first.target)}: the product "
        f"{first.product} = {number(first.value, bare=True)} is one of the terms of that cell of Z."
    )


def _indices_alt():
    return (
        f"Three grids in which each cell shows its own row and column: Y, {ON_Y}, r and c, with "
        f"Y{CELL} marked; W, {ON_W}, u and v; Z, {ON_Z}, i and j. Row before column, counted from "
        f"0."
    )


def _last_placement_alt():
    return _placement_alt(range(8, 9)).replace("Windows 9 to 9", "Window 9")


def _index_sum_alt(terms):
    sums = "; ".join(f"{t.target.index[:2]} + {t.right.index[:2]}" for t in terms)
    return (
        f"A table of {len(terms)} sums, cell of Z plus weight, row by row: {sums}; each is {CELL}, "
        f"the cell of Y. So the weight is (r - i, c - j), at stride 1 without padding."
    )


def _task_forward_alt(first):
    return f"Forward: the grids Y, W and Z in a row. {_product_alt(first)}"


WINDOWS = range(4), range(4, 8)
TERMS = gifts(CELL)
ROWS = (  # file name, stem of the source's picture after CNN_, height, how to draw it, alt text
    ("forward_values_backward_gradients", "Backward_Propagation", 490, network, _network_alt()),
    ("what_any_layer_receives_and_passes_on", "Training_AnyLayer", 480, any_layer, ANY_LAYER_ALT),
    (
        "activation_multiplies_by_its_slope",
        "Training_Activation_Backward",
        600,
        activation,
        _activation_alt(),
    ),
    ("maps_and_filters_of_a_layer", "Training_Conv_1", 740, layer_forward, _layer_forward_alt()),
    (
        "gradients_run_back_through_the_filters",
        "Training_Conv_2",
        580,
        layer_backward,
        _layer_backward_alt(),
    ),
    (
        "one_cell_reaches_one_cell_then_several",
        "Training_Conv_2a",
        640,
        one_then_several,
        _one_then_several_alt(),
    ),
    ("one_cell_reaches_every_map", "Training_Conv_2b", 716, every_map, _every_map_alt()),
    ("one_cell_times_one_weight", "Training_Conv_3", 430, one_weight, _one_weight_alt(TERMS[0])),
    (
        "one_cell_fans_out",
        "Training_Conv_4",
        460,
        fan_out,
        f"A fan of arrows from one cell of Y. {_reached_alt(SIDE)}",
    ),
    ("rows_and_columns_of_y_w_z", "Training_Conv_5", 410, indices, _indices_alt()),
    (
        "windows_1_to_4_over_one_cell",
        "Training_Conv_6",
        736,
        partial(placements, numbers=WINDOWS[0]),
        _placement_alt(WINDOWS[0]),
    ),
    (
        "windows_5_to_8_over_one_cell",
        "Training_Conv_7",
        736,
        partial(placements, numbers=WINDOWS[1]),
        _placement_alt(WINDOWS[1]),
    ),
    ("window_9_and_the_weights_met", "Training_Conv_8", 540, last_placement, _last_placement_alt()),
    ("window_plus_weight_is_the_cell", "Training_Conv_9", 545, index_sum, _index_sum_alt(TERMS)),
    (
        "centre_edge_and_corner_reach_differently",
        "Training_Conv_2c",
        880,
        three_reaches,
        _three_alt(),
    ),
    (
        "forward_one_product_into_z",
        "Training_Conv_Task1_Forward",
        570,
        task_forward,
        _task_forward_alt(TERMS[0]),
    ),
)
FIGURES = [Figure(name, (f"CNN_{stem}",), *rest) for name, stem, *rest in ROWS]

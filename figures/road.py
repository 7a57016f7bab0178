"""The road map of the course."""

from figures import draw
from figures.figure import Figure
from figures.forward import empty

HELD = (1, 1)
REACHED = {(0, 0), (0, 1), (1, 0), (1, 1)}
STAGES = (  # where the gradient comes from, the lessons backward, and the maps with their cells
    ("one cell of Z", "lessons 03, 04", 1, {(0, 0)}),
    ("one map of Z", "lessons 03, 04, 06", 1, REACHED),
    ("all maps of Z", "lesson 05", 3, REACHED),
)


def road(ax):
    """Three pictures of what a cell reaches, and below the same three backward."""
    draw.text(ax, 30, 34, "forward: one cell of Y reaches …", 20, True, ha="left")
    draw.text(ax, 30, 324, "backward: its gradient collects from …", 20, True, ha="left")
    for n, (words, lessons, maps, reached) in enumerate(STAGES):
        for back, y in ((False, 92), (True, 382)):
            x = 30 + 258 * n
            _stage(ax, x, y, reached, maps, back)
            draw.text(ax, x, y + 168, words.replace("Z", "dZ") if back else words, 18, ha="left")
            lesson = lessons if back else "lesson 02"
            draw.text(ax, x, y + 192, lesson, 16, ha="left", color=draw.SOFT)
    words = "added up for each weight instead: dW, db (lesson 07)"
    draw.box(ax, 30, 604, 466, 44, words, size=16)
    draw.box(ax, 512, 604, 258, 44, "check, speed up, use: 08 to 11", size=16)


def _stage(ax, x, y, reached, maps, back):
    """Draw Y, the maps of Z beside it, and an arrow to each map or from it."""
    d, look = "d" if back else "", {"note": "", "heads": False}
    left = draw.grid(ax, d + "Y", empty((5, 5)), x, y, 24, solid={HELD}, **look)
    cell = 24 if maps == 1 else 15
    for k in range(maps):
        top = y + 24 if maps == 1 else y + 52 * k
        title = d + "Z" if k == 0 else ""
        right = draw.grid(ax, d + "Z", empty((3, 3)), x + 168, top, cell, solid=reached,
                          title=title, **look)  # fmt: skip
        ends = left.at(*HELD, right=1.15), (right.x - 6, right.at(0, 0)[1])
        draw.arrow(ax, *(ends[::-1] if back else ends), back=back, width=2)


def _road_alt():
    return (
        "The road of the course in two rows of three pictures. Above, forward, solid arrows: one "
        "cell of Y reaches one cell of Z, then one map of Z, then all maps of Z; lesson 02. "
        "Below, backward, dashed arrows: its gradient collects from one cell of dZ and from one "
        "map of dZ in lessons 03, 04 and 06, and from all maps of dZ in lesson 05. Below that: "
        "added up for each weight instead, dW and db, lesson 07; check, speed up, use, 08 to 11."
    )


FIGURES = [Figure("road_from_one_cell_to_all_maps_and_back", (), 672, road, _road_alt())]

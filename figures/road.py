"""The road map of the course."""

from figures import draw
from figures.cells import grid
from figures.figure import Figure

HELD = (1, 1)
REACHED = {(0, 0), (0, 1), (1, 0), (1, 1)}


def road(ax):
    """Three pictures of what a cell reaches, and below the same three backward."""
    draw.text(ax, 30, 34, "forward: one cell of Y reaches …", 20, True, ha="left")
    draw.text(ax, 30, 330, "backward: its gradient collects from …", 20, True, ha="left")
    for back, y in ((False, 60), (True, 356)):
        words = ("one cell of Z", "one map of Z", "all maps of Z")
        lessons = (
            ("lessons 03, 04", "lessons 03, 04, 06", "lesson 05") if back else ("lesson 02",) * 3
        )
        for n, (word, lesson) in enumerate(zip(words, lessons, strict=True)):
            x = 30 + 256 * n
            reached = {(0, 0)} if n == 0 else REACHED
            _stage(ax, x, y, reached, 3 if n == 2 else 1, back)
            draw.text(ax, x, y + 206, word.replace("Z", "dZ") if back else word, 18, ha="left")
            draw.text(ax, x, y + 232, lesson, 16, ha="left", color=draw.SOFT)
    words = "added up for each weight instead: dW, db (lesson 07)"
    draw.box(ax, 30, 612, 466, 44, words, size=16)
    draw.box(ax, 512, 612, 258, 44, "check, speed up, use: 08 to 11", size=16)


def _stage(ax, x, y, reached, maps, back):
    y_name, z_name = ("dY", "dZ") if back else ("Y", "Z")
    nothing = [[None] * 5] * 5
    left = grid(ax, y_name, nothing, x, y + 60, 24, solid={HELD})
    draw.text(ax, x, y + 46, y_name, 16, True, ha="left")
    for k in reversed(range(maps)):
        place = x + 166 + 10 * k, y + 86 - 24 * k + 24 * (maps > 1)
        right = grid(ax, z_name, [[None] * 3] * 3, *place, 20, solid=reached)
    top = right.y - 14 - 48 * (maps > 1)
    draw.text(ax, right.x + 20 * (maps > 1), top, z_name, 16, True, ha="left")
    start, end = left.at(*HELD, right=1.2), (right.x - 6, right.at(0, 0)[1])
    start, end = (end, start) if back else (start, end)
    draw.arrow(ax, start, end, back=back, width=2.5)


def _road_alt():
    return (
        "The road of the course in two rows of three pictures. Above, forward, solid arrows: one "
        "cell of Y reaches one cell of Z, then one map of Z, then all maps of Z; lesson 02. "
        "Below, backward, dashed arrows: its gradient collects from one cell of dZ and from one "
        "map of dZ in lessons 03, 04 and 06, and from all maps of dZ in lesson 05. Below that: "
        "added up for each weight instead, dW and db, lesson 07; check, speed up, use, 08 to 11."
    )


FIGURES = [Figure("road_from_one_cell_to_all_maps_and_back", (), 680, road, _road_alt())]

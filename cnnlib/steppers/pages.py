"""All steps of a pass as HTML for a page that has no kernel, and such a page as a file."""

import json
from html import escape
from importlib.resources import files

from cnnlib.steppers import quiz, view

MOST_CELLS = 400_000
"""A page with more is too heavy for a phone: about 12 MB."""

SCRIPT = (files("cnnlib.steppers") / "keys.js").read_text(encoding="utf-8")
HEAD = (
    f"<style>{view.CSS}</style>\n"
    f'<script type="module">\n{SCRIPT}\n'
    f'document.querySelectorAll("div.cnnlib-stepper").forEach(standAlone);\n</script>'
)
"""What a page with steppers needs once."""

PAGE = """<style>
html { background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; }
</style>"""

CONTROLS = """
<div class="cnnlib-controls" hidden>
<button type="button" class="cnnlib-first">First</button>
<button type="button" class="cnnlib-previous">Previous</button>
<button type="button" class="cnnlib-next">Next</button>
<button type="button" class="cnnlib-last">Last</button>
<button type="button" class="cnnlib-play" aria-pressed="false">Play</button>
<label>speed <select class="cnnlib-speed">
<option value="2000">slow</option><option value="1000" selected>normal</option>
<option value="400">fast</option></select></label>
<label><input type="checkbox" class="cnnlib-by-term"> move by term</label>
<label>go to <input type="text" class="cnnlib-goto" size="9" autocomplete="off"></label>
KINDS<button type="button" class="cnnlib-projector" aria-pressed="false">Projector</button>
<div class="cnnlib-question" hidden><p class="cnnlib-ask"></p>
<label>your guess <input type="text" class="cnnlib-guess" size="12" autocomplete="off"></label>
<button type="button" class="cnnlib-reveal">Reveal</button></div>
<p class="cnnlib-answer" role="status"></p>
</div>
"""


def cells(steps):
    """Return about how many cells all steps of a trace have together."""
    board = 1
    for axis in steps.where:
        board *= axis.n + axis.before + axis.after + 2 * axis.extent
    n_k, f_k = steps.channels  # a step has a board for each map that its terms are from
    maps = {"forward": n_k, "scatter": n_k, "input": f_k, "influence": f_k}
    return len(steps) * board * max(1, maps.get(getattr(steps, "kind", ""), 1))


def fragment(steps, index=0, term=None, aside=None):
    """Write all steps with their controls, to be put into a page that has `HEAD`.

    Parameters
    ----------
    steps, index, term, aside
        As in `view.page`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there are too many cells for a page.
    """
    if cells(steps) > MOST_CELLS:
        raise ValueError(
            f"{steps!r} has too many cells for a page, about {cells(steps)}: at most {MOST_CELLS}; "
            f"take a smaller piece of the map, such as Y[:12, :12]"
        )
    name = escape(f"Stepper: {repr(steps).strip('<>')}")
    asked = questions(steps)
    options = "".join(f"<option>{kind}</option>" for kind in ("off", *asked))
    predict = f'<label>predict <select class="cnnlib-predict">{options}</select></label>\n'
    data = json.dumps(asked, separators=(",", ":")).replace("<", r"\u003c")
    return (
        f'<div class="cnnlib-stepper" role="group" aria-label="{name}">'
        f"{CONTROLS.replace('KINDS', predict)}{view.page(steps, index, term, aside)}"
        f'<script type="application/json" class="cnnlib-questions">{data}</script></div>'
    )


def questions(steps):
    """Return {kind: for each step its questions}, of the whole step or one for each term.

    A question is a pair: what is asked, and the answer.
    """
    if not hasattr(steps, "kind"):  # stages have no terms, and nothing is asked of them
        return {}
    found = {}
    for kind in quiz.KINDS:
        found[kind] = []
        for step in steps:
            terms = range(1 if quiz.by_step(kind, step) else len(step.terms))
            asked = [quiz.question(kind, step, term) for term in terms]
            found[kind].append([(one.ask, one.answer) for one in asked if one])
    return found


def document(body, title):
    """Put a fragment into a page of its own, which needs nothing else.

    Parameters
    ----------
    body : str
        From `fragment`.
    title : str

    Returns
    -------
    str
    """
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"{PAGE}\n{HEAD}\n"
        f"</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )

"""What a stepper shows, read off the page, and what it must show, from the trace alone."""

from cnnlib import examples, steppers

ONE = examples.one_map()
KINDS = {
    "forward": steppers.ForwardStepper,
    "influence": steppers.InfluenceStepper,
    "activation": lambda: steppers.ActivationStepper(ONE.Y, ONE.W, ONE.b, dY=ONE.dZ),
    "input": steppers.InputGradientStepper,
    "three": steppers.ThreeWaysStepper,
    "scatter": steppers.ScatterStepper,
    "stride": steppers.StrideStepper,
    "filter": steppers.FilterGradientStepper,
    "nudge": steppers.NudgeStepper,
    "pool": steppers.MaxPoolStepper,
}

READ = """root => {
  const text = e => e.innerText.trim().split(/\\s/)[0].replaceAll('\\u2212', '-');
  const cells = [...root.querySelectorAll('[data-cell]')];
  return {
    kind: root.dataset.kind,
    place: [Number(root.dataset.step), Number(root.dataset.term)],
    cells: Object.fromEntries(cells.map(e => [e.dataset.cell, text(e)])),
    twice: cells.map(e => e.dataset.cell).filter((n, i, all) => all.indexOf(n) !== i),
    marked: cells.filter(e => 'marked' in e.dataset).map(e => e.dataset.cell).sort(),
    products: [...root.querySelectorAll('[data-product]')].map(e => Number(e.dataset.product)),
  };
}"""


def read(root):
    """Return what a stepper shows now, as a dict."""
    return root.evaluate(READ)


def retype(field, text):
    """Type over what is in a field, as a person does: Firefox hears of no change by a script."""
    field.focus()
    field.evaluate("e => e.select()")
    field.page.keyboard.type(text)


def full(cell):
    """Write a cell with all of its indices, as the page names it."""
    return f"{cell.array}({', '.join(map(str, cell.index))})"


def number(value):
    """Write a number of an example, all of whose sums are whole."""
    return str(int(value))


def check(seen, stepper, step, term):
    """Compare what is seen with what must be, cell by cell."""
    about, trace = stepper.steps[step], stepper.steps
    assert (seen["kind"], seen["place"]) == (stepper.kind, [step, term])
    assert seen["twice"] == []
    if stepper.kind == "stride":
        return
    marked = about.terms[term]
    assert seen["marked"] == sorted(map(full, (marked.left, marked.right, marked.target)))
    if stepper.kind != "pool":
        assert seen["products"] == [*range(len(about.terms))]
    for cell, text in seen["cells"].items():
        name, index = cell.rstrip(")").split("(")
        index = tuple(map(int, index.split(", ")))
        if name in trace.arrays:
            assert text == number(trace.arrays[name][index]), cell
    assert seen["cells"][full(marked.target)] == number(marked.target.value)


def place(stepper):
    """Return where a stepper is and which cells must be marked, to be sent as JSON."""
    terms = stepper.step.terms
    marked = terms[stepper.term] if terms else None
    cells = (marked.left, marked.right, marked.target) if marked else ()
    return {"place": [stepper.index, stepper.term], "marked": sorted(map(full, cells))}

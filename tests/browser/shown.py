"""What a stepper shows, read off the page, and what it must show, from the trace alone."""

import numpy as np

from cnnlib import examples, steppers

ONE = examples.one_map()
KINDS = {
    "forward": steppers.ForwardStepper,
    "influence": steppers.InfluenceStepper,
    "activation": lambda: steppers.ActivationStepper(ONE.Y, ONE.W, ONE.b, dY=ONE.dZ),
    "input": steppers.InputGradientStepper,
    "scatter": steppers.ScatterStepper,
    "stride": steppers.StrideStepper,
    "filter": steppers.FilterGradientStepper,
    "nudge": steppers.NudgeStepper,
}
LETTERS = {"t": "term", "s": "target", "d": "done"}

# Only what one can see counts: checkVisibility, and the letter that the style sheet writes.
PANELS = """
  const seen = e => e.checkVisibility({visibilityProperty: true});
  const words = e => e.innerText.replace(/\\s+/g, ' ').trim();
  const letter = e => getComputedStyle(e, '::after').content.replaceAll('"', '');
  const panel = table => {
    const heads = [...table.tHead.rows[0].cells].slice(1).map(e => e.textContent);
    const cells = [...table.tBodies[0].rows].flatMap(row => [...row.cells].slice(1).map(
      (e, n) => [row.cells[0].textContent, heads[n], letter(e), words(e)]));
    return [table.querySelector('caption b').textContent, cells.filter(c => 'tsd'.includes(c[2]))];
  };
"""
READ_PANELS = f"""() => {{ {PANELS}
  return [...document.querySelectorAll('table')].filter(seen).map(panel);
}}"""
READ = (
    "root => {"
    + PANELS
    + """
  const section = [...root.querySelectorAll('.cnnlib-steps > section')].find(seen);
  const lit = e => getComputedStyle(e).borderLeftColor === 'rgb(213, 94, 0)';
  const total = section.querySelector('.cnnlib-sum > .cnnlib-value');
  return {
    shown: [...root.querySelectorAll('.cnnlib-steps > section')].filter(seen).length,
    where: words(section.querySelector('.cnnlib-where')),
    total: total && seen(total) ? words(total) : '',
    products: [...section.querySelectorAll('label')].filter(seen)
      .filter(e => getComputedStyle(e.querySelector('span'), '::before').content === '"["')
      .map(words),
    code: [...section.querySelectorAll('.cnnlib-code li')].filter(seen).filter(lit).map(words),
    panels: [...section.querySelectorAll('table')].filter(seen).map(panel),
  };
}"""
)


def read(root):
    """Return what a stepper shows now, as a dict."""
    return root.evaluate(READ)


def number(value):
    """Write a number of an example, all of whose sums are whole."""
    return str(int(value))


def _factor(value):
    return f"({int(value)})" if value < 0 else number(value)


def _brackets(cell):
    return f"{cell.array}[{', '.join(map(str, cell.index))}]"


def expected(step, term):
    """Return what must be shown while one term of a step is marked, as `read` writes it."""
    one = step.terms[term]
    product = f"{_factor(one.left.value)}·{_factor(one.right.value)}"
    value = number(one.left.value * one.right.value)
    if step.source:
        so_far = f"{product} = {value} to {one.target}, which is {number(one.target.value)} now"
        below = f"{product} = {value} to {one.target}"
    else:
        before = sum(t.left.value * t.right.value for t in step.terms[: term + 1])
        so_far = f"{product} = {value}, sum so far {number(step.start + before)}"
        total = number(step.start + before) + " so far" * (term + 1 < len(step.terms))
        below = product
    return {
        "where": f"Step {step.number + 1} of {len(step.trace)}: {step.cell}; "
        f"term {term + 1} of {len(step.terms)}: {so_far}.",
        "products": [f"{one.left} {one.right} {below}"],
        "code": [f"{_brackets(one.target)} += {_brackets(one.left)} * {_brackets(one.right)}"],
        "total": "" if step.source else total,
        "lit": {
            one.left.array: {("t", *one.left.index[:2])},
            one.right.array: {("t", *one.right.index[:2])},
            one.target.array: {("s", *one.target.index[:2])},
        },
        "result": number(one.target.value),
    }


def place(stepper):
    """Return what a heading must say where a stepper is: its words, and the numbers behind them.

    For any numbers, not only for whole ones; sent from the kernel to the test as JSON.
    """
    step, count = stepper.step, len(stepper.steps)
    if not step.terms:
        kind, what = ("Step", step.cell) if step.cell else ("Stage", step)
        return f"{kind} {step.number + 1} of {count}: {what}", []
    one = step.terms[stepper.term]
    before = sum(t.left.value * t.right.value for t in step.terms[: stepper.term + 1])
    product = one.left.value * one.right.value
    total = one.target.value if step.source else step.start + before
    words = f"Step {step.number + 1} of {count}: {step.cell}; "
    words += f"term {stepper.term + 1} of {len(step.terms)}: "
    return words, [float(n) for n in (one.left.value, one.right.value, product, total)]


def check(seen, step, term):
    """Compare what is seen with what must be: heading, sum, products, code and lit cells."""
    wanted = expected(step, term)
    assert seen["shown"] == 1
    brackets = str.maketrans("", "", "[]")
    products = [product.translate(brackets) for product in seen["products"]]
    assert (seen["where"], products) == (wanted["where"], wanted["products"])
    assert (seen["code"], seen["total"]) == (wanted["code"], wanted["total"])
    panels = seen["panels"][:3]
    assert {name for name, _ in panels} == {*wanted["lit"]}
    for name, cells in panels:
        lit = {(letter, int(r), int(c)) for r, c, letter, _ in cells if letter in "ts"}
        assert lit == wanted["lit"][name], f"{step}, term {term}: {name}"
        for *_, letter, words in cells:
            assert letter != "s" or words == wanted["result"]
            # The result is filled row by row: what is done is the walk up to here.
        done = [(int(r), int(c)) for r, c, letter, _ in cells if letter == "d"]
        assert done == _done(step, name), f"{step}: done cells of {name}"


def _done(step, name):
    if step.source or name != step.target.array:
        return []
    size = step.trace.shapes[name][:2]
    return [place for place in np.ndindex(*size) if place < step.target.index[:2]]

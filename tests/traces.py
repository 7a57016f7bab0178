"""Random problems of every kind, and all that Python and the browser make of them, side by side."""

import struct

import numpy as np

from cnnlib import shapes
from cnnlib.steppers import page
from cnnlib.steppers import problem as problems
from cnnlib.trace import number

ODD = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-8, 65504.0, 3e38, 123456.5, 0.1]
PRECISIONS = ["float16", "float32", "float64"]


def random_problem(rng, kind):
    """Make a problem of any geometry that this kind takes."""
    while True:
        try:
            return _pool(rng) if kind == "pool" else _convolution(rng, kind)
        except ValueError:  # the filter does not fit
            continue


def _convolution(rng, kind):
    n, f = (tuple(map(int, rng.integers(1, most, 2))) for most in (8, 4))
    one_map = problems.KINDS[kind].one_map or kind == "stride"
    n_k, f_k = (1, 1) if one_map else map(int, rng.integers(1, 4, 2))
    how = {
        "stride": tuple(map(int, rng.integers(1, 4, 2))),
        "padding": tuple(tuple(map(int, side)) for side in rng.integers(0, 3, (2, 2))),
        "dilation": tuple(map(int, rng.integers(1, 3, 2))),
    }
    where = shapes.geometry(n, f, **how)
    made = {
        "Y": numbers(rng, (*n, n_k)),
        "W": numbers(rng, (*f, n_k, f_k)),
        "b": numbers(rng, (f_k,)) if rng.random() < 0.5 else None,
        "dZ": numbers(rng, (*where.output_size, f_k)),
        "input_size": n,
        "filter_size": f,
    }
    return problems.make(kind, {name: made[name] for name in problems.KINDS[kind].names}, how)


def _pool(rng):
    n, size = (tuple(map(int, rng.integers(1, most, 2))) for most in (8, 4))
    stride = None if rng.random() < 0.3 else tuple(map(int, rng.integers(1, 4, 2)))
    n_k = int(rng.integers(1, 4))
    Y = numbers(rng, (*n, n_k))
    given = {"dZ": np.zeros((1, 1, n_k), Y.dtype), "Y": Y, "size": size}
    where = problems._where(given, {"stride": stride})
    return problems.make(
        "pool", given | {"dZ": numbers(rng, (*where.output_size, n_k))}, {"stride": stride}
    )


def numbers(rng, shape):
    """Make whole numbers, fractions of all sizes, or odd ones, in any precision."""
    way = rng.integers(3)
    made = rng.integers(-5, 6, shape).astype(float)
    if way:
        made *= 10.0 ** rng.integers(-3, 5) * rng.standard_normal(shape)
    if way == 2:
        made = np.where(rng.random(shape) < 0.2, rng.choice(ODD, shape), made)
    with np.errstate(over="ignore"):
        return made.astype(rng.choice(PRECISIONS))


def told(problem):
    """Return a problem as a page has it: bytes as base64."""
    return page._with_text(problems.to_browser(problem))


def in_python(problem):
    """Return all numbers of a trace, its indices, and each text that is shown."""
    found, indices, texts = [], [], []
    for step in problem.steps:
        if problem.kind == "stride":
            texts.append(str(step))
            found += step.values.ravel().tolist()
            indices += [list(step.rows), list(step.columns)]
            continue
        found += [step.start, step.value]
        texts += [str(step.cell), number(step.start), number(step.value, bare=True)]
        for term in step.terms:
            found += [term.left.value, term.right.value, term.value, term.target.value]
            indices += [list(cell.index) for cell in (term.left, term.right, term.target)]
            texts += [str(term.left), str(term.right), str(term.target), term.product]
            texts += [number(one, bare=True) for one in (term.value, term.target.value)]
    if problem.steps.kind in ("scatter", "influence", "pool"):
        half = len(problem.steps) // 2
        shape = problem.steps.shapes[problem.steps.parts.result]
        found += [problem.steps.value_before(index, half) for index in np.ndindex(*shape)]
    return found, indices, texts


IN_BROWSER = """data => {
  const problem = openProblem(data), trace = problem.trace;
  const found = [], indices = [], texts = [];
  for (let n = 0; n < trace.length; n += 1) {
    const step = trace.step(n);
    if (step.stage) {
      const { name, done, rows, columns } = step.stage;
      texts.push(`${name}, ${done}: ${rows.length} x ${columns.length}`);
      found.push(...step.stage.values.flat());
      indices.push(rows, columns);
      continue;
    }
    const name = (cell) => trace.name(cell);
    texts.push(name(step.target ?? step.source), factor(step.start), shown(step.value));
    found.push(step.start, step.value);
    for (const term of step.terms) {
      found.push(term.left.value, term.right.value, term.value, term.sum);
      indices.push(term.left.index, term.right.index, term.target.index);
      texts.push(name(term.left), name(term.right), name(term.target), term.text);
      texts.push(shown(term.value), shown(term.sum));
    }
  }
  if (trace.gives) {
    const [rows, columns, maps] = trace.shapes[trace.result];
    for (let r = 0; r < rows; r += 1)
      for (let c = 0; c < columns; c += 1)
        for (let k = 0; k < maps; k += 1)
          found.push(trace.valueBefore([r, c, k], Math.floor(trace.length / 2)));
  }
  return [found.map((value) => Object.is(value, -0) ? '-0' : String(value)), indices, texts];
}"""


def check(problem, browser):
    """Compare each number, index and text; `browser` is what IN_BROWSER returned."""
    found, indices, texts = in_python(problem)
    assert browser[2] == texts, problem
    assert browser[1] == indices, problem
    assert list(map(bits, map(float, browser[0]))) == list(map(bits, found)), problem


def bits(value):
    """Return a number bit for bit; one NaN is as good as another."""
    return "nan" if value != value else struct.pack("<d", value)

"""The browser's half of tests/cases.json, and its traces beside Python's."""

import numpy as np
import pytest
import traces
from test_cases import CASES

from cnnlib.steppers import page as pages
from cnnlib.steppers import problem, static

NAMES = "openProblem changed used fromCode toCode shown factor exactly readGeometry question"
NAMES += " rowsToText half activated nudged kernelHost"


@pytest.fixture(scope="module")
def page(browser):
    """A page that has the names of the joined module."""
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    names = ", ".join(NAMES.split())
    script = f"{pages.JOINED}\nObject.assign(window, {{ {names} }});"
    page.set_content(f'<!doctype html><script type="module">{script}</script>')
    page.wait_for_function("Boolean(window.openProblem)")
    yield page
    assert errors == []
    page.close()


TRY = """([cases, problems, make]) => {
  const opened = name => openProblem(fromCode(problems[name]));
  const one = Function('c', 'opened', `return ${make}`);
  return cases.map(c => {
    try { return { result: one(c, opened) }; } catch (e) { return { message: e.message }; }
  });
}"""
NUMBER = "({nan: NaN, inf: Infinity, '-inf': -Infinity}[c.value] ?? Number(c.value))"
HALVES = {
    "numbers": f"[shown({NUMBER}), factor({NUMBER}), exactly({NUMBER}, c.dtype)]",
    "geometry": "readGeometry(c.typed)",
    "changes": "(p => ({code: toCode(p), note: p.note}))(changed(opened(c.problem), c.typed))",
    "numbers typed": "toCode(used(opened(c.problem), c.typed))",
    "codes": "toCode(openProblem(fromCode(c.code, c.kind)))",
    "places": "opened(c.problem).trace.place(c.typed, c.now)",
    "guesses": "((t, q) => q && [q.ask, q.answer, q.given.map(g => t.name(g)), c.judged.map("
    "([guess]) => [guess, q.read(guess), q.judge(guess).right, q.judge(guess).said]), "
    "(c.refused ?? []).map(([guess]) => [guess, q.refusal(guess)])])"
    "(opened(c.problem).trace, question(c.kind, opened(c.problem).trace.step(c.step), c.term))",
}


def wanted(name, case):
    if name == "numbers":
        return {"result": [case["shown"], case["factor"], case["exactly"]]}
    if name == "geometry":
        return {"result": case["read"]}
    if name == "guesses":
        parts = [case.get(part) for part in ("ask", "answer", "given", "judged")]
        parts.append(case.get("refused", []))
        return {"result": parts if case["ask"] else None}
    return {part: case[part] for part in ("result", "message") if part in case}


@pytest.mark.parametrize("name", HALVES)
def test_the_browser_is_held_to_the_same_table(page, name):
    found = page.evaluate(TRY, [CASES[name], CASES["problems"], HALVES[name]])
    for case, one in zip(CASES[name], found, strict=True):
        assert one == wanted(name, case), case


def test_all_parts_of_the_table_are_used():
    assert {*CASES} == {*HALVES, "problems"}


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 9))]
)
@pytest.mark.parametrize("kind", problem.KINDS)
def test_traces_are_equal(page, kind, seed):
    """Every index, product, running sum and text, of thousands of problems with the long tests."""
    rng = np.random.default_rng([seed, *kind.encode()])
    many = [traces.random_problem(rng, kind) for _ in range(30 if seed == 1 else 60)]
    found = page.evaluate(f"many => many.map({traces.IN_BROWSER})", [*map(traces.told, many)])
    for made, one in zip(many, found, strict=True):
        traces.check(made, one)


def test_float16_is_rounded_as_numpy_does(page):
    rng = np.random.default_rng(0)
    values = rng.standard_normal(5000) * 10.0 ** rng.integers(-9, 6, 5000)
    edges = np.arange(0, 65536, 7, np.uint16).view(np.float16).astype(float)
    edges = edges[np.isfinite(edges)]
    halfway = (edges[:-1] + edges[1:]) / 2
    values = np.concatenate([values, edges, halfway, [65519.999, 65520, 2.0**-25, 2.0**-26]])
    with np.errstate(over="ignore"):
        right = values.astype(np.float16).astype(float)
    found = page.evaluate("v => v.map(one => String(half(one)))", values.tolist())
    np.testing.assert_array_equal(np.array(found, float), right)


def test_arrays_written_as_rows_come_back(page):
    """What stands in the fields of a stepper, used without a change, is the same problem."""
    again = """codes => codes.map(code => {
      const problem = openProblem(fromCode(code));
      const typed = Object.fromEntries(Object.entries(problem.arrays).map(
        ([name, array]) => [name, rowsToText(array)]));
      const size = Object.keys(problem.geometry).find(name => name.endsWith('size'));
      if (size) typed[size] = problem.geometry[size].join(', ');
      return toCode(used(problem, typed));
    })"""
    codes = [code for code in CASES["problems"].values() if ";float64;" in code]
    assert page.evaluate(again, codes) == codes


def test_an_activation_is_that_of_the_layers(page):
    rng = np.random.default_rng(3)
    Y, W = rng.standard_normal((4, 4, 1)), rng.standard_normal((2, 2, 1, 2))
    dY = rng.standard_normal((3, 3, 2))
    show = """([data, n]) => {
      const problem = openProblem(data);
      return activated(problem, problem.trace.step(n)).sentence;
    }"""
    for name in problem.ACTIVATIONS:
        extras = {"activation": name, "dY": dY}
        made = problem.make("activation", {"Y": Y, "W": W, "b": None}, HOW, extras)
        for n in range(0, len(made.steps), 5):
            aside = static.beside(made)(made.steps[n])
            assert page.evaluate(show, [traces.told(made), n]) == aside.sentences[-1][1]


HOW = {"stride": 1, "padding": 0, "dilation": 1}


# A model as anywidget gives it to a view, and a kernel that is heard when the test wants it.
HOST = """([data, other]) => {
  const state = {problem: data, of: 0, index: 0, term: 0, by_term: false, predict: null,
    said: '', score: {answered: {}, tally: []}};
  const listeners = {}, sent = [], drawn = [];
  const fire = (name, ...args) => (listeners[name] ?? []).forEach((one) => one(...args));
  const model = {
    _state_lock: null,
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      fire(`change:${name}`, model);
    },
    on: (name, callback) => (listeners[name] ??= []).push(callback),
    off: (name, callback) => (listeners[name] = listeners[name].filter((one) => one !== callback)),
    send: (message) => sent.push(message),
  };
  const fromKernel = (name, value) => {
    model._state_lock = { [name]: value };
    model.set(name, value);
    model._state_lock = null;
  };
  const host = kernelHost(model);
  host.on((what) => drawn.push(what));
  const at = () => [host.step, host.term, state.index, state.term];
  const hear = (message) => fire('msg:custom', {heard: message.told, by: message.by, ...message});
  const seen = {};
  host.go(12);
  host.go(13);
  seen.moves = sent.map(({told, step, term}) => [told, step, term]);
  fromKernel('index', 3);  // of before: the kernel has not heard of the moves
  seen.late = at();
  hear(sent[0]);
  fromKernel('index', 4);
  seen.halfway = at();
  model.set('index', 14);  // by a link in the browser
  seen.linked = [...at(), sent.at(-1).step];
  hear(sent[1]);
  hear(sent[2]);
  fromKernel('index', 5);
  seen.python = at();
  fire('msg:custom', {heard: 1, by: 'another window', step: 7, term: 1});
  seen.window = at();
  host.change({padding: '1'});
  host.go(2);
  const mine = host.problem;
  Object.assign(state, {problem: {...data, geometry: {...data.geometry, padding: '1'}}});
  state.problem.geometry.padding = [[1, 1], [1, 1]];
  state.of = 1;
  fire('change:problem');  // the same: its answer to the change
  seen.answer = [host.step, host.problem.note === mine.note, sent.at(-1).of];
  state.problem = other;
  state.of = 2;
  fire('change:problem');
  seen.other = [host.step, host.problem.trace.shapes.dZ.join(), drawn.at(-1)];
  host.off();
  seen.left = Object.values(listeners).flat().length;
  return seen;
}"""


def test_the_browser_does_not_go_back_to_what_is_of_the_past(page):
    data, other = (
        traces.told(problem.make("input", given, HOW))
        for given in (
            {"dZ": np.ones((3, 3, 1)), "W": np.ones((3, 3, 1, 1)), "input_size": (5, 5)},
            {"dZ": np.ones((2, 2, 1)), "W": np.ones((1, 1, 1, 1)), "input_size": (2, 2)},
        )
    )
    seen = page.evaluate(HOST, [data, other])
    assert seen["moves"] == [[1, 12, 8], [2, 13, 5]]
    assert seen["late"] == seen["halfway"] == [13, 5, 13, 5]
    assert seen["linked"] == [14, 2, 14, 2, 14]
    assert seen["python"] == [5, 1, 5, 1]
    assert seen["window"] == [7, 1, 7, 1]
    assert seen["answer"] == [2, True, 1]
    assert seen["other"] == [2, "2,2,1", "problem"]
    assert seen["left"] == 0

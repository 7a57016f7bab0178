"""Steppers without a browser: from Python, and by the messages that a browser sends."""

import gc
import json
import sys
import types
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import link, widgets

from cnnlib import examples, layers, loops, steppers
from cnnlib.steppers import problem, quiz, static

KINDS = [getattr(steppers, name) for name in steppers.__all__ if name != "Stepper"]
ASKING = [kind for kind in KINDS if kind._questions]
CONVOLUTIONS = [kind for kind in KINDS if kind is not steppers.MaxPoolStepper]
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
EACH_CONVOLUTION = pytest.mark.parametrize("kind", CONVOLUTIONS)
E, T, S = examples.one_map(), examples.three_maps(), examples.strided()


class Browser:
    """Sends what stepper.js sends, and keeps what the kernel says."""

    def __init__(self, stepper, monkeypatch):
        self.stepper, self.told, self.heard = stepper, 0, []
        monkeypatch.setattr(stepper.comm, "send", self.hear)

    def hear(self, data=None, metadata=None, buffers=None):
        self.heard.append((data["method"], data["content" if "content" in data else "state"]))

    def tell(self, do, of=None, **message):
        self.told += 1
        of = self.stepper.of if of is None else of
        message |= {"do": do, "told": self.told, "by": "me", "of": of}
        self.heard.clear()
        self.stepper._on_message(self.stepper, message, [])  # ipywidgets would only log an error

    def set(self, **state):
        """What a jslink does."""
        content = {"data": {"method": "update", "state": state, "buffer_paths": []}}
        self.stepper._handle_msg({"content": content, "buffers": []})

    def states(self):
        return [content for method, content in self.heard if method == "update"]


@pytest.fixture
def browser(monkeypatch):
    return lambda stepper: Browser(stepper, monkeypatch)


def check(stepper):
    """The place, the text and the static table agree with the trace."""
    step = stepper.steps[stepper.index]
    assert stepper.step == step
    assert 0 <= stepper.term < max(1, len(step.terms))
    shown = static.html(step, stepper.term, static.beside(stepper._problem))
    data, _ = stepper._repr_mimebundle_()
    assert data["text/html"] == shown
    assert data["text/plain"] == stepper.text


def same_problem(one, other):
    assert [str(step) for step in one.steps] == [str(step) for step in other.steps]
    assert one.steps.where == other.steps.where
    for name, array in one.steps.arrays.items():
        np.testing.assert_array_equal(array, other.steps.arrays[name], strict=True)
    assert one.code == other.code


# --- what is stepped through -----------------------------------------------------------------


def test_each_kind_has_a_stepper():
    assert {kind.kind for kind in KINDS} == {*problem.KINDS}


def test_without_arguments_it_shows_the_example_of_the_lessons():
    Z = loops.conv_forward(E.Y, E.W, E.b)
    dY = loops.conv_backward_input(E.dZ, E.W, E.input_size)
    dW = loops.conv_backward_filter(E.dZ, E.Y, E.filter_size)
    for kind, right in zip(
        ("Forward", "InputGradient", "FilterGradient"), (Z, dY, dW), strict=True
    ):
        steps = getattr(steppers, f"{kind}Stepper")().steps
        assert [right[step.target.index] for step in steps] == [step.value for step in steps]
        assert len(steps) == right.size


def test_the_pool_gives_each_gradient_to_the_first_largest_cell():
    stepper = steppers.MaxPoolStepper()
    dY = layers.max_pool_backward(E.dZ, E.Y, 3, 1)
    got = np.zeros(E.Y.shape)
    for step in stepper.steps:
        (term,) = step.terms
        got[term.target.index] += term.value
    np.testing.assert_array_equal(got, dY)
    assert [cell.index for cell in stepper.steps.largest((1, 2, 0))] == [(1, 4, 0), (3, 2, 0)]
    assert "= 6·1 = 6 to dY(1, 4)" in str(stepper.steps[5])
    apart = steppers.MaxPoolStepper(np.ones((2, 2, 1)), E.Y, (2, 2))
    assert apart.steps.where.stride == (2, 2)


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: steppers.InputGradientStepper(E.dZ, E.W), "input_size is None"),
        (lambda: steppers.ForwardStepper(E.Y), "W is None"),
        (lambda: steppers.InputGradientStepper(E.dZ, E.W, (6, 6)), "dZ is 3 x 3, but"),
        (lambda: steppers.FilterGradientStepper(E.dZ, E.Y, (2, 2)), "dZ is 3 x 3, but"),
        (lambda: steppers.ForwardStepper(E.Y[None], E.W), "one image"),
        (lambda: steppers.ForwardStepper(np.zeros((60, 60, 1)), E.W), "too large"),
        (lambda: steppers.ForwardStepper(E.Y, E.W[..., :0]), "nothing to step through"),
        (lambda: steppers.ForwardStepper(E.Y.astype(int), E.W), "holds integers"),
        (lambda: steppers.ForwardStepper(E.Y, E.W, nudge=2), "nudge"),
        (lambda: steppers.ThreeWaysStepper(T.dZ, T.W, T.input_size), "one map"),
        (lambda: steppers.StrideStepper(T.dZ, T.W, T.input_size), "one map"),
        (lambda: steppers.ActivationStepper(activation="softmax"), "activation must be one of"),
        (lambda: steppers.ActivationStepper(dY=E.dZ[:2]), "both must be alike"),
        (lambda: steppers.ActivationStepper(dY=E.dZ.astype(int)), "integers"),
        (lambda: steppers.NudgeStepper(nudge="1"), "nudge must be a number"),
        (lambda: steppers.NudgeStepper(nudge=np.inf), "nudge must be a number"),
        (lambda: steppers.MaxPoolStepper(E.dZ, E.Y, 2), "the pool of a map"),
        (lambda: steppers.MaxPoolStepper(E.dZ, E.Y, 6), "the window does not fit"),
        (lambda: steppers.MaxPoolStepper(E.dZ, E.Y), "size is None"),
    ],
)
def test_bad_arguments_are_refused(make, said):
    with pytest.raises((TypeError, ValueError), match=said):
        make()


def test_the_trace_is_made_once(monkeypatch):
    made = []
    real = problem.trace.Trace.__init__
    monkeypatch.setattr(
        problem.trace.Trace, "__init__", lambda *args: made.append(args[1]) or real(*args)
    )
    stepper = steppers.InputGradientStepper()
    stepper.change(stride=2)
    assert made == ["input", "input"]


# --- the place ---------------------------------------------------------------------------------


@EACH_KIND
def test_index_and_term_move(kind):
    stepper = kind()
    for index in (3, len(stepper.steps) - 1, 0):
        stepper.index = index
        assert stepper.term == max(0, len(stepper.step.terms) - 1)
        check(stepper)
    stepper.by_term = True
    stepper.index = 2
    assert stepper.term == 0
    stepper.by_term = False
    assert stepper.term == max(0, len(stepper.step.terms) - 1)
    check(stepper)


@pytest.mark.parametrize("index", [-1, 25, 1.0, "1", None, True])
def test_a_place_that_does_not_exist_is_refused_and_nothing_moves(index):
    stepper = steppers.InputGradientStepper()
    stepper.index = 12
    for name in ("index", "term"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number from 0 to"):
            setattr(stepper, name, index)
    assert (stepper.index, stepper.term) == (12, 8)


def test_index_can_be_observed_and_linked():
    one, other, slider = steppers.ForwardStepper(), steppers.FilterGradientStepper(), None
    slider = widgets.IntSlider(max=8)
    link((one, "index"), (other, "index"))
    link((one, "index"), (slider, "value"))
    seen = []
    one.observe(lambda change: seen.append((change["new"], one.term)), "index")
    slider.value = 4
    assert (one.index, other.index, seen) == (4, 4, [(4, 8)])
    other.index = 2
    assert (one.index, slider.value) == (2, 2)


@EACH_KIND
def test_the_kernel_follows_the_browser(kind, browser):
    stepper = kind()
    page, seen = browser(stepper), []
    stepper.observe(lambda change: seen.append((stepper.index, stepper.term)), "index")
    stepper.said = "old"
    for place in [(1, 0), (4, 0), (0, 0), (5, 0)]:
        page.tell("move", step=place[0], term=place[1])
        assert (stepper.index, stepper.term, stepper.said) == (*place, "")
        check(stepper)
        # It is heard, first of all; and the place is not sent back, which would be late.
        told = {"heard": page.told, "by": "me", "step": place[0], "term": place[1]}
        assert page.heard[0] == ("custom", told)
        assert not any({"index", "term"} & {*state} for state in page.states())
    assert seen == [(1, 0), (4, 0), (0, 0), (5, 0)]


def test_what_a_callback_answers_to_a_move_is_sent(browser):
    stepper = steppers.InputGradientStepper()
    page = browser(stepper)
    stepper.observe(lambda change: setattr(stepper, "index", 0), "index")
    page.tell("move", step=7, term=1)
    assert stepper.index == 0
    assert {"index": 0} in page.states()


def test_an_exception_in_a_callback_is_seen_and_raised(browser):
    stepper = steppers.InputGradientStepper()
    page = browser(stepper)

    def fail(change):
        raise RuntimeError("the <callback> broke")

    stepper.observe(fail, "index")
    with pytest.raises(RuntimeError, match="broke"):
        page.tell("move", step=3, term=0)
    assert stepper.said == "RuntimeError: the <callback> broke"
    assert {"said": stepper.said} in page.states()


def test_a_link_in_the_browser_moves_the_kernel(browser):
    stepper = steppers.InputGradientStepper()
    browser(stepper).set(index=12)
    assert (stepper.index, stepper.term) == (12, 8)


def test_a_late_move_in_another_problem_is_not_followed(browser):
    stepper = steppers.InputGradientStepper()
    page = browser(stepper)
    stepper.change(padding=1)
    page.tell("move", of=0, step=24, term=0)
    assert stepper.index == 0
    with pytest.raises(ValueError, match="index must be"):
        page.tell("move", step=99, term=0)
    assert stepper.said.startswith("ValueError: index must be")
    check(stepper)


def test_go_to_stays_in_its_map():
    stepper = steppers.FilterGradientStepper(T.dZ, T.Y, T.filter_size)
    stepper.index = stepper.steps.position((0, 0, 1, 2))
    stepper.go_to("1, 2")
    assert stepper.step.target.index == (1, 2, 1, 2)
    with pytest.raises(ValueError, match="dW has no cell"):
        stepper.go_to("9, 9")
    assert stepper.step.target.index == (1, 2, 1, 2)


# --- another problem ---------------------------------------------------------------------------


@EACH_CONVOLUTION
@pytest.mark.parametrize(
    "how", [{"stride": 3}, {"padding": ((0, 1), (2, 0))}, {"padding": "same"}, {"dilation": 2}]
)
def test_change_takes_another_geometry(kind, how, browser):
    like = {} if kind is steppers.StrideStepper else {"padding": 2}
    stepper = kind(**like)
    stepper.index = 4
    page = browser(stepper)
    stepper.change(**how)
    assert (stepper.index, stepper.how) == (0, {**kind(**like).how, **how})
    same_problem(stepper, kind(**(like | how)))
    check(stepper)
    (state,) = page.states()  # at once
    assert {"problem", "of"} <= {*state}
    assert stepper.said == stepper._problem.note
    stepper.change(**{name: kind(**like).how[name] for name in how})
    same_problem(stepper, kind(**like))  # dZ has its own numbers again


@EACH_CONVOLUTION
@pytest.mark.parametrize(
    "bad",
    [
        *({"W": None}, {"W": np.ones((3, 3))}, {"dZ": np.ones((3, 3, 1), int)}, {"Y": "1 2 3"}),
        *({"Y": np.ones((2, 5, 5, 1))}, {"dZ": np.ones((9, 9, 1))}, {"stride": 0}, {"padding": 40}),
        *({"filter_size": (9, 9)}, {"input_size": "large"}, {"unknown": 1}, {"b": np.ones(7)}),
    ],
    ids=str,
)
def test_what_does_not_fit_changes_nothing(kind, bad):
    stepper = kind()
    stepper.index = 3
    before = stepper.code, stepper.index, stepper.term, stepper.of
    for take in (stepper.use, stepper.change):
        with pytest.raises((TypeError, ValueError)):
            take(**bad)
    assert (stepper.code, stepper.index, stepper.term, stepper.of) == before


def test_use_copies_what_it_is_given():
    mine = examples.variant("use")
    stepper = steppers.ForwardStepper()
    stepper.use(Y=mine.Y, W=mine.W, b=mine.b)
    same_problem(stepper, steppers.ForwardStepper(mine.Y, mine.W, mine.b))
    before = stepper.code
    mine.Y[:] = 99
    stepper.change(dilation=1)
    assert stepper.code == before


@EACH_KIND
def test_a_code_brings_everything_back(kind):
    extras = {
        steppers.NudgeStepper: {"nudge": -0.25},
        steppers.ActivationStepper: {"activation": "tanh", "dY": E.dZ / 3},
    }
    stepper = kind(**extras.get(kind, {}))
    stepper.change(stride=2)
    again = kind.from_code(stepper.code)
    assert again.code == stepper.code
    assert [str(step) for step in again.steps] == [str(step) for step in stepper.steps]
    for name in extras.get(kind, {}):
        np.testing.assert_array_equal(getattr(again, name), getattr(stepper, name))
    again.change(stride=1)


def test_float32_stays_float32_in_a_code():
    arrays = [(array / 3).astype(np.float32) for array in (E.Y, E.W, E.b)]
    stepper = steppers.ForwardStepper(*arrays)
    same_problem(steppers.ForwardStepper.from_code(stepper.code), stepper)


def test_nudge_activation_and_dY_can_be_set():
    nudge = steppers.NudgeStepper()
    nudge.nudge = -2
    assert "Raise W(0, 0) by -2" in nudge._repr_mimebundle_()[0]["text/html"]
    active = steppers.ActivationStepper()
    assert active.dY is None
    active.activation, active.dY = "tanh", E.dZ
    assert (active.activation, active.dY.tolist()) == ("tanh", E.dZ.tolist())
    html = active._repr_mimebundle_()[0]["text/html"]
    assert "tanh(" in html
    assert "dY_out" in html
    active.change(padding=1)
    assert active.dY.shape == (5, 5, 1)
    for name, bad in (("activation", "softmax"), ("dY", E.dZ[:2])):
        with pytest.raises(ValueError):
            setattr(active, name, bad)


def test_the_browser_changes_the_problem(browser):
    stepper = steppers.InputGradientStepper()
    page = browser(stepper)
    page.tell("change", changes={"stride": "2", "padding": "1"})
    assert (stepper.how, stepper.of) == ({"stride": 2, "padding": 1, "dilation": 1}, 1)
    page.tell("use", typed={"dZ": "1 2", "W": "1", "input_size": "5, 5"})
    assert stepper.said.startswith("dZ is 1 x 2, but")
    assert any("problem" in state for state in page.states())  # the browser gets it back
    page.tell("change", changes={"stride": "1", "padding": "0"})
    page.tell("use", typed={"dZ": "1 2\n3 4", "W": "1 0\n0 -1\n\n2 2\n2 2", "input_size": "3, 3"})
    assert stepper.steps.shapes["W"] == (2, 2, 2, 1)
    page.tell("code", code=steppers.ScatterStepper().code)
    same_problem(stepper, steppers.InputGradientStepper())
    nudge = steppers.NudgeStepper()
    browser(nudge).tell("change", changes={"amount": "0,5"})
    assert nudge.nudge == 0.5


# --- predict, then reveal ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ASKING)
@pytest.mark.parametrize("asks", quiz.KINDS)
def test_predict_then_reveal(kind, asks):
    stepper = kind()
    if asks not in kind._questions:
        with pytest.raises(ValueError, match="predict must be None or one of"):
            stepper.predict = asks
        return
    stepper.predict = asks
    stepper.index = 6
    asked = quiz.question(asks, stepper.step, stepper.term)
    assert stepper.text == asked.ask
    assert stepper.reveal("x") is None
    assert "has no number in it" in stepper.said
    assert stepper.reveal(asked.answer) is True
    assert f"{asked.answer}. Your guess, {asked.answer}, is right. 1 of 1 right." in stepper.said
    assert stepper.text == static.text(stepper.step, stepper.term)
    assert stepper.reveal(asked.answer) is None  # it has been answered
    stepper.index = 5
    assert (stepper._asked() is None) == (asks == "size")  # which is asked once
    stepper.predict = None
    assert stepper.tally == "0 of 0 right"


def test_guesses_of_the_browser_are_counted(browser):
    stepper = steppers.InputGradientStepper()
    page = browser(stepper)
    page.tell("predict", kind="value")
    page.tell("guess", text="3")
    page.tell("move", step=12, term=0)
    page.tell("guess", text="47")
    assert "Without the half turn of W this would be the sum. 1 of 2 right." in stepper.said
    assert stepper.score == {
        "answered": {"value 0": True, "value 12": False},
        "tally": [True, False],
    }
    page.tell("move", step=13, term=0)
    page.tell("guess", text="")
    assert stepper.tally == "1 of 2 right"
    stepper.use(dZ=-E.dZ)  # asked again of other numbers; the tally goes on
    assert stepper._asked()
    assert stepper.tally == "1 of 2 right"


@pytest.mark.parametrize("bad", ["values", "", 1, True])
def test_predict_refuses_what_it_does_not_know(bad):
    stepper = steppers.ForwardStepper()
    with pytest.raises(Exception, match="predict"):
        stepper.predict = bad
    assert stepper.predict is None


# --- what it shows, what it costs --------------------------------------------------------------


@EACH_KIND
def test_its_saved_output_is_the_static_table(kind):
    stepper = kind()
    stepper.index = 2
    data, metadata = stepper._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].startswith(("<div><p>Step 3 of", "<div><p>Stage 3 of"))
    assert len(repr(stepper)) < 110
    assert repr(stepper) == str(stepper)


def test_the_metadata_of_anywidget_are_kept(monkeypatch):
    """Colab finds its manager of widgets there."""
    bundle = {"text/plain": ""}, {"for": "Colab"}
    monkeypatch.setattr("anywidget.AnyWidget._repr_mimebundle_", lambda self, **_: bundle)
    assert steppers.ForwardStepper()._repr_mimebundle_()[1] == {"for": "Colab"}


@EACH_KIND
def test_closing_leaves_nothing_in_the_kernel(kind):
    gc.collect()
    before = len(widgets.widget._instances)
    stepper = kind()
    there = weakref.ref(stepper)
    assert len(widgets.widget._instances) <= before + 2  # itself and its layout
    stepper.close()
    assert len(widgets.widget._instances) == before
    del stepper
    gc.collect()
    assert there() is None


def weight(data):
    """Bytes that travel: of arrays, and of the JSON around them."""
    if isinstance(data, dict):
        return sum(len(name) + 4 + weight(value) for name, value in data.items())
    return len(data) if isinstance(data, bytes) else len(json.dumps(data)) + 2


def test_a_large_problem_weighs_little():
    rng = np.random.default_rng(0)
    Y, W = rng.standard_normal((28, 28, 3)), rng.integers(-5, 6, (5, 5, 3, 3)).astype(float)
    for stepper in (
        steppers.ForwardStepper(Y, W),
        steppers.InputGradientStepper(rng.standard_normal((24, 24, 3)), W, (28, 28)),
        steppers.FilterGradientStepper(np.ones((24, 24, 3)), np.round(Y), (5, 5)),
    ):
        assert weight(stepper.problem) < 20_000


ACTIONS = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 4), st.integers(0, 2)),
    st.tuples(st.just("by_term"), st.booleans()),
    st.tuples(
        st.just("change"),
        st.sampled_from(
            [{"stride": "2"}, {"stride": "1, 3"}, {"padding": "same"}, {"dilation": "5"}]
        ),
    ),
    st.tuples(st.just("predict"), st.sampled_from([None, *quiz.KINDS])),
    st.tuples(st.just("guess"), st.sampled_from(["3", "0, 0", "3 x 3", "?", "-12.5", ""])),
    st.tuples(st.just("code"), st.sampled_from(["", "forward;float64", "x"])),
)
KEYS = {"move": ("step", "term"), "by_term": ("by_term",), "change": ("changes",)}
KEYS |= {"predict": ("kind",), "guess": ("text",), "code": ("code",)}


@given(number=st.integers(0, 2), actions=st.lists(ACTIONS, max_size=8))
@settings(max_examples=60)
def test_whatever_is_done_all_agrees(number, actions):
    with pytest.MonkeyPatch.context() as patch:
        stepper = [
            lambda: steppers.ForwardStepper(T.Y, T.W, T.b),
            lambda: steppers.InputGradientStepper(T.dZ, T.W, T.input_size),
            lambda: steppers.FilterGradientStepper(T.dZ, T.Y, T.filter_size),
        ][number]()
        page = Browser(stepper, patch)
        for do, *values in actions:
            if do == "move":
                values[1] = min(values[1], max(0, stepper.steps.count(values[0]) - 1))
            page.tell(do, **dict(zip(KEYS[do], values, strict=True)))
            if stepper._asked() is None:
                check(stepper)
        stepper.close()


def test_colab_is_told_of_its_widget_manager(monkeypatch):
    """It can load no widget of others without; anywidget knows the address, and it is kept."""
    colab = types.SimpleNamespace(_widgets=types.SimpleNamespace(_installed_url="there"))
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    colab.enable_custom_widget_manager = lambda: None
    _, metadata = steppers.ForwardStepper()._repr_mimebundle_()
    assert metadata["application/vnd.jupyter.widget-view+json"] == {
        "colab": {"custom_widget_manager": {"url": "there"}}
    }

"""Steppers without a browser: from Python, and by the messages that a browser sends."""

import base64
import gc
import json
import random
import sys
import types
import weakref

import numpy as np
import pytest
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
    """Sends what kernel.js sends, and keeps what the kernel says."""

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
    assert "application/vnd.jupyter.widget-view+json" in data
    assert len(repr(stepper)) < 110


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
    got = np.zeros(E.Y.shape)
    for step in stepper.steps:
        (term,) = step.terms
        got[term.target.index] += term.value
    np.testing.assert_array_equal(got, layers.max_pool_backward(E.dZ, E.Y, 3, 1))
    assert [cell.index for cell in stepper.steps.largest((1, 2, 0))] == [(1, 4, 0), (3, 2, 0)]
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
        (lambda: steppers.NudgeStepper(nudge="1"), "nudge must be a number"),
        (lambda: steppers.MaxPoolStepper(E.dZ, E.Y), "size is None"),
    ],
)
def test_bad_arguments_are_refused(make, said):
    with pytest.raises((TypeError, ValueError), match=said):
        make()


# --- the place ---------------------------------------------------------------------------------


@EACH_KIND
def test_index_and_term_move(kind):
    stepper = kind()
    for index in (3, len(stepper.steps) - 1, 0):
        stepper.index = index
        assert stepper.term == max(0, len(stepper.step.terms) - 1)
        check(stepper)
    stepper.said = "old"
    stepper.go_to("4")
    assert (stepper.index, stepper.said) == (3, "")
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
        *({"W": None}, {"dZ": np.ones((3, 3, 1), int)}, {"Y": "1 2 3"}, {"dZ": np.ones((9, 9, 1))}),
        *({"stride": 0}, {"padding": 40}, {"filter_size": (9, 9)}, {"unknown": 1}),
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


def test_a_large_problem_weighs_little():
    rng = np.random.default_rng(0)
    Y, W = rng.standard_normal((28, 28, 3)), rng.integers(-5, 6, (5, 5, 3, 3)).astype(float)
    for stepper in (
        steppers.ForwardStepper(Y, W),
        steppers.InputGradientStepper(rng.standard_normal((24, 24, 3)), W, (28, 28)),
        steppers.FilterGradientStepper(np.ones((24, 24, 3)), np.round(Y), (5, 5)),
    ):
        sent = json.dumps(stepper.problem, default=lambda array: base64.b64encode(array).decode())
        assert len(sent) < 27_000


PLAIN = {
    "move": [{"step": step, "term": 0} for step in range(4)],
    "by_term": [{"by_term": True}, {"by_term": False}],
    "change": [{"changes": {"stride": text}} for text in ("1", "2", "0", "x")]
    + [{"changes": {"padding": text}} for text in ("0", "1", "same")],
    "predict": [{"kind": None}, {"kind": "value"}, {"kind": "index"}],
    "guess": [{"text": text} for text in ("3", "x", "-12.5", "")],
    "code": [{"code": ""}, {"code": "x"}],
}


def tell_at_random(page, count, seed):
    """Send messages as a browser sends them, those that this kind of stepper has."""
    draw, stepper = random.Random(seed), page.stepper
    for _ in range(count):
        do = draw.choice([*PLAIN])
        message = draw.choice(PLAIN[do])
        unknown = {*message.get("changes", {})} - {*stepper.how}
        if not unknown and (do != "predict" or message["kind"] in (None, *stepper._questions)):
            page.tell(do, **message)
            yield


@EACH_KIND
def test_whatever_is_said_all_agrees(kind, browser, caplog):
    page = browser(kind())
    for _ in tell_at_random(page, 100, "agree"):
        if page.stepper._asked() is None:
            check(page.stepper)
    assert [one for one in caplog.records if one.levelname != "DEBUG"] == []


def test_colab_is_told_of_its_widget_manager(monkeypatch):
    """It can load no widget of others without; anywidget knows the address, and it is kept."""
    colab = types.SimpleNamespace(_widgets=types.SimpleNamespace(_installed_url="there"))
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    colab.enable_custom_widget_manager = lambda: None
    _, metadata = steppers.ForwardStepper()._repr_mimebundle_()
    assert metadata["application/vnd.jupyter.widget-view+json"] == {
        "colab": {"custom_widget_manager": {"url": "there"}}
    }

"""Steppers, driven without a browser: by their state, and by the values of their controls."""

import gc
import logging
import re
import weakref
from html import unescape

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ipywidgets import widgets
from sections import Section, Static, from_elsewhere

from cnnlib import examples, loops, steppers, trace
from cnnlib.steppers import controls, pages, quiz, view

KINDS = [
    steppers.ForwardStepper,
    steppers.InputGradientStepper,
    steppers.FilterGradientStepper,
]
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
GIVING = [steppers.InfluenceStepper, steppers.ScatterStepper]
ALL_KINDS = [
    *KINDS,
    *GIVING,
    steppers.ActivationStepper,
    steppers.NudgeStepper,
    steppers.StrideStepper,
    steppers.ThreeWaysStepper,
]
EACH_OF_ALL = pytest.mark.parametrize("kind", ALL_KINDS)
EACH_WAY = pytest.mark.parametrize("keys", [True, False], ids=["keys", "no keys"])


@pytest.fixture(autouse=True)
def way(request, monkeypatch):
    """A test that is asked for both ways runs with the keys of anywidget, and without it."""
    keys = getattr(request.node, "callspec", None) is None or request.node.callspec.params.get(
        "keys", True
    )
    if not keys:
        monkeypatch.setattr(controls, "Keys", None)


def test_all_kinds_are_tested():
    below = {kind for kind in steppers._kinds(steppers.Stepper) if kind._code}
    assert below == {*ALL_KINDS}


def three_maps():
    t = examples.three_maps()
    return [
        steppers.ForwardStepper(t.Y, t.W, t.b),
        steppers.InputGradientStepper(t.dZ, t.W, t.input_size),
        steppers.FilterGradientStepper(t.dZ, t.Y, t.filter_size),
    ]


def live(stepper, term=None):
    """Return what is seen of the step where the stepper is."""
    mark = f'<section class="cnnlib-step" data-step="{stepper.index}"'
    assert stepper._view.value.count(mark) == stepper._view.value.count("<section") or (
        stepper._view.value.count(mark) == 1
    )
    found = re.search(rf"{mark}.*?</section>", stepper._view.value, re.S)
    return Section(found[0]).at(stepper.term if term is None else term)


def shown(stepper):
    """Return what is seen as text."""
    return live(stepper).all


def words(stepper):
    """Return the message as text without tags."""
    return re.sub(r"<[^>]+>", "", stepper._message.value)


def check_agreement(stepper):
    """State, text, view and controls say the same."""
    step = stepper.steps[stepper.index]
    assert stepper.step == step
    question = stepper._asked()
    seen = live(stepper)
    if question:
        check_question(stepper, question)
    else:
        assert stepper.text == view.text(step, stepper.term)
        beside = stepper._beside()
        right = Static(view.html(step, stepper.term, beside and beside(step), static=True))
        assert seen.where == right.where
        assert seen.tables == right.tables
        assert str(step.cell or step) in seen.where
    assert (stepper._question_row.layout.display is None) == (question is not None)
    assert stepper._step_field.value == stepper.index + 1
    assert stepper._step_field.max == len(stepper.steps)
    assert stepper._term_field.value == stepper.term + 1
    assert stepper._term_field.max == max(1, len(step.terms))
    check_page(stepper, seen)


def check_question(stepper, question):
    """The question stands in its row and in the text; the answer stands nowhere."""
    assert stepper.text == question.ask
    assert question.ask in unescape(re.sub(r"<[^>]+>", "", stepper._question.value))
    if question.kind in ("weight", "index"):
        assert question.answer not in shown(stepper)
        assert question.answer not in stepper.text
    elif question.kind == "size":
        assert live(stepper).tables == []
    elif stepper.step.target:
        (asked,) = [c for t in live(stepper).tables for c in t.cells if c.letter == "s"]
        assert asked.text == "?"
        assert "sum so far" not in shown(stepper)


def check_page(stepper, seen):
    """What was sent to the browser, and what it is told, is where the stepper is."""
    html = stepper._view.value
    stops = re.findall(r'<input type="radio" name="step" value="(\d+)"', html)
    if not stepper._keys:
        assert stops == []  # nobody would hear it
        assert len(re.findall(r'<input type="radio" class="go-', html)) == html.count(" disabled")
        assert seen.markable == [] or Section(html).at().marked == stepper.term
        return
    index, term, _ = stepper._keys.at
    last = max(0, len(stepper.step.terms) - 1)
    assert (index, last if term < 0 else term) == (stepper.index, stepper.term)
    assert stepper._keys.count == len(stepper.steps)
    assert stepper._keys.by_term == (stepper._unit.value == "term") == stepper.state.by_term
    assert not stops or str(stepper.index) in stops
    assert seen.markable == [] or stepper.term in seen.markable


@EACH_KIND
def test_without_arguments_it_shows_the_example_of_the_lessons(kind):
    e = examples.one_map()
    right = {
        "ForwardStepper": loops.conv_forward(e.Y, e.W, e.b),
        "InputGradientStepper": loops.conv_backward_input(e.dZ, e.W, e.input_size),
        "FilterGradientStepper": loops.conv_backward_filter(e.dZ, e.Y, e.filter_size),
    }[kind.__name__]
    stepper = kind()
    assert [right[step.target.index] for step in stepper.steps] == [s.value for s in stepper.steps]
    assert len(stepper.steps) == right.size


@EACH_KIND
def test_index_and_term_move(kind):
    stepper = kind()
    stepper.index = 3
    assert stepper.term == len(stepper.step.terms) - 1
    stepper.term = 1
    assert f"term 2 of {len(stepper.step.terms)}" in stepper.text
    assert f"sum so far {stepper.step.sums[1]:.0f}" in shown(stepper)
    check_agreement(stepper)


@EACH_KIND
@pytest.mark.parametrize("index", [-1, 25, 1.0, "1", None, True])
def test_an_index_that_does_not_exist_is_refused_and_nothing_moves(kind, index):
    stepper = kind()
    stepper.index = 2
    for name in ("index", "term"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number from 0 to"):
            setattr(stepper, name, index)
    assert stepper.index == 2
    check_agreement(stepper)


@EACH_WAY
@EACH_KIND
def test_the_buttons_move_by_step(kind, keys):
    stepper = kind()
    places = []
    for name in ["Next", "Next", "Previous", "Last", "Next", "Previous", "First", "Previous"]:
        stepper._buttons[name].click()
        places.append(stepper.index)
        check_agreement(stepper)
    last = len(stepper.steps) - 1
    assert places == [1, 2, 1, last, last, last - 1, 0, 0]


@EACH_KIND
def test_the_buttons_move_by_term_through_the_whole_pass(kind):
    stepper = kind()
    stepper._unit.value = "term"
    stepper._buttons["First"].click()
    walked = [(stepper.index, stepper.term)]
    for _ in range(sum(max(1, len(step.terms)) for step in stepper.steps) - 1):
        stepper._buttons["Next"].click()
        walked.append((stepper.index, stepper.term))
    every = [(step.number, t) for step in stepper.steps for t in range(len(step.terms))]
    assert walked == every
    stepper._buttons["Next"].click()
    assert (stepper.index, stepper.term) == every[-1]
    back = [every[-1]]
    for _ in every[1:]:
        stepper._buttons["Previous"].click()
        back.append((stepper.index, stepper.term))
    assert back == every[::-1]


@EACH_KIND
def test_by_term_a_step_that_one_goes_to_starts_at_its_first_term(kind):
    stepper = kind()
    stepper.index = 6
    assert stepper.term == len(stepper.step.terms) - 1
    stepper._unit.value = "term"
    assert stepper.term == 0
    stepper._buttons["Next"].click()
    assert (stepper.index, stepper.term) == (6, 1)
    stepper._step_field.value = 8
    assert (stepper.index, stepper.term) == (7, 0)
    stepper._unit.value = "step"
    assert stepper.term == len(stepper.step.terms) - 1
    check_agreement(stepper)


@EACH_WAY
@EACH_OF_ALL
def test_the_fields_move(kind, keys):
    stepper = kind()
    stepper._step_field.value = 6
    assert stepper.index == 5
    stepper._term_field.value = 1
    assert stepper.term == 0
    check_agreement(stepper)


def test_the_fields_of_the_maps_go_to_another_map():
    forward, by_cell, by_weight = three_maps()
    forward._map_fields["k"].value = 2
    assert forward.step.target.index == (0, 0, 2)
    forward._map_fields["k_in"].value = 0
    assert forward.step.terms[forward.term].left.index[2] == 0
    by_cell._map_fields["k_in"].value = 1
    assert by_cell.step.target.index == (0, 0, 1)
    by_cell._map_fields["k"].value = 1
    assert by_cell.step.terms[by_cell.term].left.index[2] == 1
    by_weight._map_fields["k"].value = 1
    by_weight._map_fields["k_in"].value = 1
    assert by_weight.step.target.index == (0, 0, 1, 1)
    for stepper in (forward, by_cell, by_weight):
        assert all(field.layout.display is None for field in stepper._map_fields.values())
        check_agreement(stepper)


@EACH_KIND
def test_fields_for_maps_are_away_where_there_is_one_map(kind):
    assert {field.layout.display for field in kind()._map_fields.values()} == {"none"}


@EACH_KIND
def test_play_goes_on_until_the_end_and_stops(kind):
    stepper = kind()
    stepper._play_button.click()
    assert stepper._play.playing
    assert stepper._play_button.description == "Stop"
    for tick in range(1, len(stepper.steps) + 1):
        stepper._play.value = tick
    assert stepper.index == len(stepper.steps) - 1
    assert not stepper._play.playing
    assert stepper._play_button.description == "Play"
    stepper._buttons["First"].click()
    stepper._play.value = 1000  # a late tick of a play that was stopped
    assert stepper.index == 0
    stepper._buttons["Last"].click()
    stepper._play_button.click()  # from the end it starts again
    assert stepper.index == 0
    assert stepper._play.playing


def test_speed_is_a_choice():
    stepper = steppers.ForwardStepper()
    for name, interval in controls.SPEEDS.items():
        stepper._speed.value = name
        assert stepper._play.interval == interval


@EACH_KIND
@pytest.mark.parametrize(
    "typed, how",
    [
        ({"stride": "2"}, {"stride": 2}),
        ({"stride": "2, 1"}, {"stride": (2, 1)}),
        ({"padding": "1"}, {"padding": 1}),
        ({"padding": "(0, 1), (2, 0)"}, {"padding": ((0, 1), (2, 0))}),
        ({"padding": "same"}, {"padding": "same"}),
        ({"padding": "2", "dilation": "2"}, {"padding": 2, "dilation": 2}),
    ],
    ids=str,
)
def test_another_geometry_can_be_typed(kind, typed, how):
    stepper = kind()
    for name, text in typed.items():
        stepper._how_fields[name].value = text
    for name, value in how.items():
        assert stepper.how[name] == value
        assert stepper._how_fields[name].value == typed[name]
    check_agreement(stepper)
    again = kind(**how)
    assert [str(step) for step in again.steps] == [str(step) for step in stepper.steps]
    for name in typed:
        stepper._how_fields[name].value = str(kind().how[name])
    assert [str(step) for step in stepper.steps] == [str(step) for step in kind().steps]


@EACH_KIND
@pytest.mark.parametrize(
    "name, typed, said",
    [
        ("stride", "0", "stride must be a whole number of at least 1"),
        ("stride", "fast", "stride must be a whole number of at least 1"),
        ("dilation", "4", "the filter does not fit"),
        ("padding", "1, 2, 3", "padding must be"),
        ("padding", "-1", "padding must be"),
        ("padding", "", "padding must be"),
        ("padding", "40", "too large to step through"),
        ("padding", "9" * 50, "padding must be"),
        ("padding", "999999999", "too large|do not fit"),
        ("padding", "<b>1</b>", "&lt;b&gt;1&lt;/b&gt;"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason_and_nothing_is_lost(kind, name, typed, said):
    stepper = kind()
    stepper.index = 4
    before = stepper.text, stepper._how_fields[name].value
    stepper._how_fields[name].value = typed
    assert re.search(said, stepper._message.value)
    assert "Nothing was changed" in stepper._message.value
    assert (stepper.text, stepper._how_fields[name].value) == before
    check_agreement(stepper)
    stepper._how_fields["stride"].value = "1"
    stepper._how_fields["padding"].value = "1"
    assert "Nothing was changed" not in stepper._message.value


@EACH_KIND
def test_a_message_goes_when_one_goes_on(kind):
    for move in ("button", "field", "tick"):
        stepper = kind()
        stepper._how_fields["stride"].value = "0"
        assert "stride" in words(stepper)
        if move == "button":
            stepper._buttons["Next"].click()
        elif move == "field":
            stepper._step_field.value = 3
        else:
            stepper._play_button.click()
            stepper._play.value = 1
        assert words(stepper) == ""


@pytest.mark.parametrize(
    "how, written",
    [
        ({"stride": (np.int64(1), np.int64(2))}, {"stride": "1, 2"}),
        ({"stride": np.array([2, 2])}, {"stride": "2"}),
        ({"padding": [[1, 0], [0, 1]]}, {"padding": "(1, 0), (0, 1)"}),
        ({"padding": "same"}, {"padding": "same"}),
        ({"padding": ((1, 1), (2, 2))}, {"padding": "1, 2"}),
    ],
    ids=str,
)
def test_a_field_shows_what_can_be_typed(how, written):
    stepper = steppers.ForwardStepper(**how)
    for name, text in written.items():
        field = stepper._how_fields[name]
        assert field.value == text
        before = [str(step) for step in stepper.steps]
        field.value = "1" if text != "1" else "0"
        field.value = text
        assert words(stepper) == ""
        assert [str(step) for step in stepper.steps] == before


@pytest.mark.parametrize(
    "text, value",
    [
        ("3", 3),
        (" 2 , 1 ", (2, 1)),
        ("(2, 1)", (2, 1)),
        ("2 1", (2, 1)),
        ("(0, 1), (2, 3)", ((0, 1), (2, 3))),
        ("((0, 1), (2, 3))", ((0, 1), (2, 3))),
        ("0, 1, 2, 3", ((0, 1), (2, 3))),
        ("-1", -1),
        ("Same", "same"),
        ("1-2", "1-2"),
        ("(1", "(1"),
        ("1, 2, 3", "1, 2, 3"),
        ("__import__('os')", "__import__('os')"),
    ],
)
def test_typed_text_is_parsed_and_nothing_else(text, value):
    assert controls.parsed(text) == value


@EACH_WAY
@EACH_OF_ALL
def test_closing_leaves_nothing_in_the_kernel(kind, keys):
    gc.collect()
    before = len(widgets.widget._instances)
    stepper = kind()
    stepper._numbers.value = stepper._projector.value = True
    if stepper._questions:
        stepper.predict = "value"
        stepper.reveal("3")
    there = weakref.ref(stepper)
    stepper.close()
    assert len(widgets.widget._instances) == before
    del stepper
    gc.collect()
    assert there() is None


def test_change_from_python_raises_and_keeps_all():
    stepper = steppers.InputGradientStepper()
    with pytest.raises(ValueError, match="does not fit"):
        stepper.change(dilation=3)
    with pytest.raises(TypeError, match="not strides"):
        stepper.change(strides=2)
    assert stepper.how == {"stride": 1, "padding": 0, "dilation": 1}
    check_agreement(stepper)


def test_it_says_what_became_of_dZ():
    stepper = steppers.InputGradientStepper()
    stepper.change(stride=2)
    assert "dZ is 2 x 2 now" in stepper._message.value
    assert stepper.steps.arrays["dZ"].ravel().tolist() == [3, -4, -2, 5]
    stepper.change(stride=1)
    assert words(stepper) == ""
    assert "dZ is 2 x 2 now" in words(steppers.InputGradientStepper(stride=2))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda e: steppers.InputGradientStepper(e.dZ, e.W), "input_size is None"),
        (lambda e: steppers.ForwardStepper(e.Y), "W is None"),
        (lambda e: steppers.InputGradientStepper(e.dZ, e.W, (6, 6)), "dZ is 3 x 3, but"),
        (lambda e: steppers.FilterGradientStepper(e.dZ, e.Y, (2, 2)), "dZ is 3 x 3, but"),
        (lambda e: steppers.ForwardStepper(e.Y[None], e.W), "one image"),
        (lambda e: steppers.ForwardStepper(np.zeros((60, 60, 1)), e.W), "too large"),
        (lambda e: steppers.ForwardStepper(e.Y, e.W[..., :0]), "nothing to step through"),
        (lambda e: steppers.ForwardStepper(e.Y.astype(int), e.W), "holds integers"),
    ],
)
def test_bad_arguments_are_refused(make, said):
    with pytest.raises((TypeError, ValueError), match=said):
        make(examples.one_map())


@EACH_KIND
def test_an_exception_in_a_callback_is_raised_and_shown(kind, monkeypatch, caplog):
    stepper = kind()

    def fail(*_, **__):
        raise RuntimeError("the <view> broke")

    monkeypatch.setattr(view, "html", fail)
    monkeypatch.setattr(view, "page", fail)
    stepper._drawn = None  # all may be in the browser already
    with pytest.raises(RuntimeError, match="broke"):
        stepper._step_field.value = 3
    assert "RuntimeError: the &lt;view&gt; broke" in stepper._message.value
    stepper._drawn, stepper._play.playing = None, True
    with pytest.raises(RuntimeError, match="broke"):
        stepper._play.value = 1
    assert not stepper._play.playing
    stepper._drawn, stepper._message.value = None, ""
    with caplog.at_level(logging.WARNING):  # ipywidgets logs what a button's callback raises
        stepper._buttons["Next"].click()
    assert "RuntimeError: the &lt;view&gt; broke" in stepper._message.value


@EACH_KIND
def test_every_control_has_a_name(kind):
    stepper = kind()
    fields = [
        *[stepper._step_field, stepper._term_field, stepper._play_button],
        *[*stepper._map_fields.values(), *stepper._how_fields.values(), *stepper._buttons.values()],
    ]
    assert all(field.description for field in fields)
    assert all(choice.tooltips for choice in (stepper._unit, stepper._speed))
    assert "Play" not in {type(field).__name__ for field in fields}
    assert stepper._play.layout.display == "none"


@EACH_KIND
def test_it_leaves_the_static_table_as_its_saved_output(kind):
    stepper = kind()
    stepper.index = 2
    data = stepper._repr_mimebundle_()
    assert data["text/html"] == view.html(stepper.step, stepper.term, static=True)
    assert data["text/plain"] == stepper.text
    assert "application/vnd.jupyter.widget-view+json" in data


@EACH_KIND
def test_its_repr_is_short(kind):
    stepper = kind()
    assert len(repr(stepper)) < 110
    assert repr(stepper) == str(stepper)
    assert f"step 1 of {len(stepper.steps)})" in repr(stepper)


def test_a_later_change_of_an_array_does_not_reach_it():
    e = examples.one_map()
    stepper = steppers.ForwardStepper(e.Y, e.W, e.b)
    before = [str(step) for step in stepper.steps]
    e.Y[:] = 99
    stepper.change(stride=2)
    stepper.change(stride=1)
    assert [str(step) for step in stepper.steps] == before


ACTIONS = st.one_of(
    st.tuples(st.just("click"), st.sampled_from([*controls.MOVES, "Play", "Reveal"])),
    st.tuples(st.just("step"), st.integers(-3, 30)),
    st.tuples(st.just("term"), st.integers(-3, 30)),
    st.tuples(st.just("unit"), st.sampled_from(["step", "term"])),
    st.tuples(st.sampled_from(["k_in", "k"]), st.integers(0, 3)),
    st.tuples(st.just("tick"), st.integers(1, 10**6)),
    st.tuples(st.just("stride"), st.sampled_from(["1", "2", "1, 3", "0", "x"])),
    st.tuples(st.just("padding"), st.sampled_from(["0", "1", "same", "valid", "9, 9"])),
    st.tuples(st.just("dilation"), st.sampled_from(["1", "2", "5"])),
    st.tuples(st.just("predict"), st.sampled_from(["off", *quiz.KINDS])),
    st.tuples(st.just("guess"), st.sampled_from(["3", "0, 0", "3 x 3", "?", "-12.5"])),
    st.tuples(st.just("goto"), st.sampled_from(["7", "1, 1", "0", "99", "x(0, 0)", "5, 5"])),
    st.tuples(
        st.just("at"), st.tuples(st.integers(0, 40), st.integers(-1, 40), st.just(1)).map(list)
    ),
    st.tuples(st.sampled_from(["numbers", "projector"]), st.booleans()),
    st.tuples(st.just("use"), st.none()),
    st.tuples(st.just("code"), st.sampled_from(["", "forward;float64", "x"])),
)


def tell(stepper, at):
    """Say where one is, as the browser does."""
    content = {"data": {"method": "custom", "content": {"at": at}}}
    stepper._keys._handle_msg({"content": content, "buffers": []})


def do(stepper, kind, value):
    """Do one thing that a user, or the browser, can do."""
    if kind == "click":
        more = {"Play": stepper._play_button, "Reveal": stepper._reveal}
        (stepper._buttons | more)[value].click()
    elif kind == "at":
        if stepper._keys:
            tell(stepper, value)
    elif kind == "use":
        use_button(stepper).click()
    else:
        fields = {
            **{"step": stepper._step_field, "term": stepper._term_field, "goto": stepper._goto},
            **{"unit": stepper._unit, "tick": stepper._play, "predict": stepper._predict},
            **{"guess": stepper._guess, "numbers": stepper._numbers},
            **{"projector": stepper._projector, "code": stepper._editor._code},
        }
        fields |= stepper._map_fields | stepper._how_fields
        fields[kind].value = value


@EACH_WAY
@pytest.mark.parametrize("number", range(3))
@given(actions=st.lists(ACTIONS, max_size=8))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_state_view_and_controls_agree(number, keys, actions):
    stepper = three_maps()[number]
    for kind, value in actions:
        do(stepper, kind, value)
        check_agreement(stepper)
    stepper.close()


def test_the_stepper_shows_what_the_trace_says_on_a_real_digit():
    images, _ = examples.digits()
    W = examples.one_map().W
    stepper = steppers.ForwardStepper(images[5], W)
    Z = loops.conv_forward(images[5], W)
    for index in range(0, len(stepper.steps), 5):
        stepper.index = index
        assert isinstance(stepper.step, trace.Step)
        assert f"= {Z[stepper.step.target.index]:.0f}" in shown(stepper)


@pytest.mark.parametrize("kind", GIVING)
def test_a_stepper_of_what_a_cell_gives(kind):
    stepper = kind()
    e = examples.one_map()
    for name in ["Next", "Next", "Last", "Previous", "First"]:
        stepper._buttons[name].click()
        check_agreement(stepper)
    stepper.index = len(stepper.steps) - 1
    whole = {
        "InfluenceStepper": loops.conv_forward(e.Y, e.W, e.b),
        "ScatterStepper": loops.conv_backward_input(e.dZ, e.W, e.input_size),
    }[kind.__name__]
    assert f"{whole[-1, -1, 0]:.0f} now" in stepper.text
    stepper._unit.value = "term"
    stepper._term_field.value = 1
    check_agreement(stepper)
    stepper._how_fields["stride"].value = "2"
    assert stepper.how["stride"] == 2
    check_agreement(stepper)
    assert len(stepper._repr_mimebundle_()["text/html"]) > 500


def test_the_maps_of_a_giving_stepper():
    t = examples.three_maps()
    stepper = steppers.ScatterStepper(t.dZ, t.W, t.input_size)
    stepper._map_fields["k"].value = 2
    assert stepper.step.source.index[2] == 2
    stepper._map_fields["k_in"].value = 0
    assert stepper.step.terms[stepper.term].target.index[2] == 0
    check_agreement(stepper)


def test_the_stages_of_a_stride():
    stepper = steppers.StrideStepper()
    like = examples.strided()
    dY = loops.conv_backward_input(like.dZ, like.W, like.input_size, **like.how)
    assert [stepper.how[name] for name in like.how] == list(like.how.values())
    for _ in stepper.steps:
        check_agreement(stepper)
        stepper._buttons["Next"].click()
    assert stepper.index == len(stepper.steps) - 1
    assert stepper.step.values.tolist() == dY[..., 0].tolist()
    stepper._how_fields["stride"].value = "1"
    assert stepper.index == 0
    check_agreement(stepper)
    stepper._how_fields["stride"].value = "0"
    assert "stride" in words(stepper)
    with pytest.raises(ValueError, match="one map"):
        t = examples.three_maps()
        steppers.StrideStepper(t.dZ, t.W, t.input_size)


def test_a_nudge_is_a_field_and_a_number():
    stepper = steppers.NudgeStepper()
    stepper.index = 4
    stepper.nudge = -2
    assert stepper._nudge.value == -2
    assert "Raise W(1, 1, 0, 0) by -2" in shown(stepper)
    assert f"(-2)·{stepper.step.value:.0f}" in shown(stepper)
    stepper._nudge.value = 0.5
    assert stepper.nudge == 0.5
    check_agreement(stepper)
    assert "by 0.5" in stepper._repr_mimebundle_()["text/html"]
    assert stepper._nudge.description
    stepper.close()


def test_an_activation_in_the_forward_stepper():
    dY = examples.variant("activation").dZ
    stepper = steppers.ActivationStepper(dY=dY)
    for index in range(9):
        stepper.index = index
        z, d = stepper.step.value, dY[stepper.step.target.index]
        back = d if z > 0 else 0
        assert f"relu({z:.0f}) = {max(z, 0):.0f}" in shown(stepper)
        assert f" = {back:.0f}." in shown(stepper)
        check_agreement(stepper)
    stepper._how_fields["padding"].value = "1"
    check_agreement(stepper)
    assert "relu" in stepper._repr_mimebundle_()["text/html"]
    assert "dY_out" not in shown(steppers.ActivationStepper(activation="tanh"))
    with pytest.raises(ValueError, match="activation must be one of"):
        steppers.ActivationStepper(activation="softmax")
    with pytest.raises(ValueError, match="both must be alike"):
        steppers.ActivationStepper(dY=dY[:2])
    with pytest.raises(TypeError, match="integers"):
        steppers.ActivationStepper(dY=dY.astype(int))


# --- your own numbers, and a code to send -------------------------------------------------


def use_button(stepper):
    return stepper._editor.box.children[1].children[-1]


PROBLEMS = {
    "forward": lambda: {"Y": T.Y, "W": T.W, "b": T.b, "padding": ((0, 1), (2, 1))},
    "forward, no bias": lambda: {"Y": T.Y, "W": T.W, "stride": (2, 1)},
    "forward, float32": lambda: {"Y": third(T.Y), "W": third(T.W), "b": third(T.b)},
    "forward, same": lambda: {"Y": E.Y, "W": E.W[:2], "padding": "same", "dilation": (2, 1)},
    "input": lambda: {"dZ": T.dZ, "W": T.W, "input_size": T.input_size},
    "input, strided": lambda: {"dZ": S.dZ, "W": S.W, "input_size": S.input_size, **S.how},
    "input, float32": lambda: {"dZ": third(E.dZ), "W": third(E.W), "input_size": E.input_size},
    "filter": lambda: {"dZ": T.dZ, "Y": T.Y, "filter_size": T.filter_size},
    "filter, sides": lambda: {
        "dZ": np.full((4, 3, 1), -0.1),
        "Y": E.Y,
        "filter_size": (2, 3),
        "stride": (2, 1),
        "padding": ((1, 2), (0, 0)),
    },
}
E, T, S = examples.one_map(), examples.three_maps(), examples.strided()
TAKES = {
    "forward": [steppers.ForwardStepper, steppers.InfluenceStepper, steppers.ActivationStepper],
    "input": [steppers.InputGradientStepper, steppers.ScatterStepper],
    "filter": [steppers.FilterGradientStepper, steppers.NudgeStepper],
}
EACH_PROBLEM = pytest.mark.parametrize(
    "kind, name",
    [(kind, name) for name in PROBLEMS for kind in TAKES[name.split(",")[0]]]
    + [(steppers.StrideStepper, "input, strided"), (steppers.ThreeWaysStepper, "input, strided")],
)


def third(array):
    return (array / 3).astype(np.float32)


def check_same_problem(one, other):
    assert list(one.steps.arrays) == list(other.steps.arrays)
    for name, array in one.steps.arrays.items():
        np.testing.assert_array_equal(array, other.steps.arrays[name], strict=True)
    assert one.steps.where == other.steps.where
    assert [str(step) for step in one.steps] == [str(step) for step in other.steps]


@EACH_PROBLEM
def test_a_code_brings_the_same_problem_back(kind, name):
    stepper = kind(**PROBLEMS[name]())
    again = kind.from_code(stepper.code)
    check_same_problem(again, stepper)
    assert again.code == stepper.code
    for change in ({"stride": 1}, {"padding": 1}):  # what came from a code can be changed, too
        again.change(**change)
        stepper.change(**change)
        check_same_problem(again, stepper)


@EACH_OF_ALL
def test_a_code_of_another_kind_is_refused_with_the_class_that_takes_it(kind):
    other = {"forward": "Input", "input": "Filter", "filter": "Forward"}[kind._code]
    other = {"Input": "InputGradient", "Filter": "FilterGradient"}.get(other, other) + "Stepper"
    code = getattr(steppers, other)().code
    with pytest.raises(ValueError, match=rf"no code for {kind.__name__}; it is for {other}\."):
        kind.from_code(code)
    with pytest.raises(ValueError, match="none that is known"):
        kind.from_code(code.replace(code.split(";")[0], "pool", 1))
    assert getattr(steppers, other).from_code(code).code == code


@EACH_OF_ALL
def test_a_code_that_was_cut_is_refused_or_has_lost_digits_of_its_last_number_only(kind):
    code = kind(**({} if kind is not steppers.ForwardStepper else {"padding": 1})).code
    for cut in range(0, len(code) - 3, 3):
        with pytest.raises(ValueError):
            kind.from_code(code[:cut])


@EACH_OF_ALL
@pytest.mark.parametrize(
    "change",
    [
        lambda code: code.replace("stride=1x1", "stride=0x0").replace("stride=2x2", "stride=0x0"),
        lambda code: re.sub("padding=[^;]*", "padding=99999x99999x99999x99999", code),
        lambda code: re.sub("padding=[^;]*", "padding=1x1", code),
        lambda code: re.sub("padding=[^;]*", "padding=4:0,0,0,0", code),
        lambda code: re.sub("dilation=[^;]*", "dilation=99999x99999", code),
        lambda code: re.sub("stride=[^;]*", "stride=1x1x1", code),
        lambda code: re.sub("stride=[^;]*", "stride=2:1,1", code),
        lambda code: code + ";X=1:1",
        lambda code: code + ";fit=1",
        lambda code: re.sub("dZ=[^:;]*|Y=[^:;]*", "dZ=9", code),
        lambda code: re.sub("(input|filter)_size=[^;]*", r"\1_size=99999x99999", code + ";a=1"),
    ],
)
def test_a_code_that_makes_no_sense_is_refused_at_once(kind, change):
    code = kind().code
    with pytest.raises((TypeError, ValueError)) as refused:
        kind.from_code(change(code))
    assert len(str(refused.value)) < 400


def test_a_code_can_not_ask_for_large_stages():
    size = "input_size=9999x9999;stride=9999x9999;padding=0x0x0x0;dilation=1x1"
    with pytest.raises(ValueError, match="too large to step through"):
        steppers.StrideStepper.from_code(f"input;float64;dZ=1x1x1:1;W=1x1x1x1:1;{size}")


@EACH_KIND
def test_use_takes_other_numbers(kind):
    stepper = kind()
    stepper.index = 4
    like = examples.variant("use")
    mine = {name: getattr(like, name) for name in stepper._problem}
    stepper.use(**mine)
    assert stepper.index == 0
    check_same_problem(stepper, kind(**mine))
    check_agreement(stepper)
    before = stepper.code
    for array in mine.values():
        if isinstance(array, np.ndarray):
            array[:] = 99
    stepper.change(dilation=1)
    assert stepper.code == before  # a later change of an array does not reach it


@EACH_WAY
@EACH_KIND
@pytest.mark.parametrize(
    "bad",
    [
        {"W": None},
        {"W": np.ones((3, 3))},
        {"dZ": np.ones((3, 3, 1), int)},
        {"Y": "1 2 3"},
        {"Y": np.ones((2, 5, 5, 1))},
        {"dZ": np.ones((9, 9, 1))},
        {"stride": 0},
        {"padding": 40},
        {"filter_size": (9, 9)},
        {"input_size": "large"},
        {"unknown": 1},
        {"b": np.ones(7)},
    ],
    ids=str,
)
def test_use_with_bad_input_changes_nothing(kind, bad, keys):
    stepper = kind()
    stepper.index = 3
    before = stepper.code, stepper.index, stepper.term, stepper._view.value
    with pytest.raises((TypeError, ValueError)):
        stepper.use(**bad)
    assert (stepper.code, stepper.index, stepper.term, stepper._view.value) == before
    check_agreement(stepper)


@EACH_PROBLEM
def test_the_editor_shows_the_numbers_and_takes_them_back(kind, name):
    stepper = kind(**PROBLEMS[name]())
    assert stepper._editor.box.layout.display == "none"
    stepper._numbers.value = True
    assert stepper._editor.box.layout.display is None
    for field, shown_as in stepper._editor._fields.items():
        if field in stepper.steps.arrays:
            array = stepper.steps.arrays[field]
            planes = shown_as.value.split("\n\n")
            assert len(planes) == np.prod(array.shape[2:], initial=1)
    assert stepper._editor._code.value == stepper.code
    before = stepper.steps.arrays
    use_button(stepper).click()
    assert words(stepper) == ""
    for field, array in stepper.steps.arrays.items():
        np.testing.assert_array_equal(array.astype(before[field].dtype), before[field], strict=True)
    stepper._numbers.value = False
    assert stepper._editor.box.layout.display == "none"


@EACH_WAY
def test_numbers_can_be_typed(keys):
    stepper = steppers.InputGradientStepper()
    stepper._numbers.value = True
    fields = stepper._editor._fields
    fields["dZ"].value = "1\t2\r\n3\t4"  # from a spreadsheet
    fields["W"].value = "1, 0\n0, -1\n\n2, 2\n2, 2"
    fields["input_size"].value = "3, 3"
    use_button(stepper).click()
    assert words(stepper) == ""
    dZ = np.array([[1.0, 2], [3, 4]])[..., None]
    W = np.stack([[[1.0, 0], [0, -1]], [[2, 2], [2, 2]]], -1)[..., None]
    dY = loops.conv_backward_input(dZ, W, (3, 3))
    assert dY.shape == (3, 3, 2)
    for step in stepper.steps:
        assert step.value == dY[step.target.index]
    assert stepper._editor._code.value == stepper.code
    check_agreement(stepper)


@EACH_KIND
@pytest.mark.parametrize(
    "typed, said",
    [
        ("1 2\n3 x", ", row 2: 'x' is no number"),
        ("1 2\n3", "all rows need as many"),
        ("=A1", "'=A1' is no number"),
        ("", " is empty"),
        ("1 2", "fit|needs|gives? |but "),
    ],
)
def test_a_bad_text_says_where_and_nothing_is_lost(kind, typed, said):
    stepper = kind()
    stepper.index = 2
    stepper._numbers.value = True
    before = stepper.code, stepper.index
    name = next(iter(stepper._editor._fields))
    other = list(stepper._editor._fields)[1]
    stepper._editor._fields[name].value = typed
    stepper._editor._fields[other].value += " "
    use_button(stepper).click()
    assert re.search(said, unescape(words(stepper)))
    assert name in words(stepper)
    assert words(stepper).endswith("Nothing was changed.")
    assert stepper._editor._fields[name].value == typed
    assert stepper._editor._fields[other].value.endswith(" ")
    assert (stepper.code, stepper.index) == before
    check_agreement(stepper)


def test_a_filter_has_a_map_for_each_pair():
    stepper = steppers.ForwardStepper(T.Y, T.W, T.b)
    stepper._numbers.value = True
    stepper._editor._fields["W"].value = "1 2\n3 4\n\n1 2\n3 4\n\n1 2\n3 4"
    use_button(stepper).click()
    assert "W has 3 maps, which is no multiple of the 2" in words(stepper)


@EACH_WAY
@EACH_OF_ALL
def test_a_code_can_be_pasted(kind, keys):
    giver, stepper = kind(), kind()
    giver.change(padding=((1, 0), (2, 1)))
    stepper._numbers.value = True
    stepper._editor._code.value = f"  {giver.code} "
    check_same_problem(stepper, giver)
    assert words(stepper) == ""
    assert stepper._editor._code.value == stepper.code
    check_agreement(stepper)
    for bad, said in [
        ("nonsense", "this is no code of a problem"),
        (giver.code + ";x=1", "broken"),
        ("pool" + giver.code[giver.code.index(";") :], "no code for"),
    ]:
        stepper._editor._fields[next(iter(stepper._editor._fields))].value += " "
        stepper._editor._code.value = bad
        assert said in words(stepper)
        assert stepper._editor._code.value == bad  # it can be mended
        check_same_problem(stepper, giver)


def test_a_code_without_a_bias_takes_the_bias_away():
    stepper = steppers.ForwardStepper()
    assert stepper.steps.biased
    stepper._numbers.value = True
    stepper._editor._code.value = steppers.ForwardStepper(T.Y, T.W).code
    assert words(stepper) == ""
    assert not stepper.steps.biased


@EACH_OF_ALL
def test_the_code_in_the_field_is_that_of_what_is_shown(kind):
    stepper = kind()
    stepper._numbers.value = True
    for name, typed in (("padding", "1"), ("stride", "1"), ("stride", "0")):
        stepper._how_fields[name].value = typed
        assert stepper._editor._code.value == stepper.code


# --- predict, then reveal -------------------------------------------------------------------


@EACH_WAY
@EACH_OF_ALL
@pytest.mark.parametrize("kind_of_question", quiz.KINDS)
def test_predict_then_reveal(kind, kind_of_question, keys):
    stepper = kind()
    if not stepper._questions:
        with pytest.raises(ValueError, match="predict must be None"):
            stepper.predict = kind_of_question
        return
    stepper._predict.value = kind_of_question
    assert stepper.predict == kind_of_question
    stepper.index, stepper.term = 6, 1
    question = quiz.question(kind_of_question, stepper.step, 1)
    assert stepper._asked() == question
    check_agreement(stepper)
    stepper._guess.value = question.answer
    assert f"{question.answer}. Your guess, {question.answer}, is right. 1 of 1" in words(stepper)
    assert stepper._guess.value == ""
    assert stepper.tally == "1 of 1 right"
    check_agreement(stepper)
    assert question.answer in shown(stepper) + stepper.text + words(stepper)
    stepper._reveal.click()  # the field was left to click on it: it has been taken already
    assert stepper.tally == "1 of 1 right"
    stepper._buttons["Next"].click()
    check_agreement(stepper)
    assert (stepper._asked() is None) == (kind_of_question == "size")  # which is asked once
    assert words(stepper) == ""
    stepper.predict = None
    assert stepper._predict.value == "off"
    assert stepper.tally == "0 of 0 right"
    check_agreement(stepper)


def test_a_wrong_guess_and_none():
    stepper = steppers.InputGradientStepper()
    assert stepper.reveal("3") is None  # nothing is asked
    stepper.predict = "value"
    stepper.index = 4
    value = stepper.step.value
    assert stepper.reveal(f"{value + 1}") is False
    assert f"is not right. {stepper.tally}." in words(stepper)
    assert stepper.tally == "0 of 1 right"
    assert f"{value:.0f}." in words(stepper)
    stepper.index = 5
    stepper._reveal.click()  # without a guess
    assert "Your guess" not in words(stepper)
    assert stepper.tally == "0 of 1 right"
    assert stepper._asked() is None
    stepper.index = 6
    assert stepper.reveal("<b>7</b>") is False
    assert "<b>7" not in stepper._message.value
    assert "<b>7</b>" in unescape(stepper._message.value)
    assert stepper.tally == "0 of 2 right"
    stepper.index = len(stepper.steps) - 1
    assert stepper.reveal(str(stepper.step.value)) is True
    assert words(stepper).endswith("This was the last step.")


def test_a_question_is_asked_again_of_other_numbers():
    stepper = steppers.InputGradientStepper()
    stepper.predict = "value"
    stepper.reveal("0")
    assert stepper._asked() is None
    stepper.use(dZ=-stepper.steps.arrays["dZ"])
    assert stepper._asked()
    check_agreement(stepper)


@pytest.mark.parametrize("bad", ["values", "", 1, True])
def test_predict_refuses_what_it_does_not_know(bad):
    stepper = steppers.ForwardStepper()
    with pytest.raises(ValueError, match="predict must be None or one of value, weight, index"):
        stepper.predict = bad
    assert stepper.predict is None
    check_agreement(stepper)


# --- go to, projector, keys -------------------------------------------------------------------


@EACH_WAY
@pytest.mark.parametrize(
    "place, index",
    [
        *[("dY(2, 3)", 13), ("dy(2,3)", 13), ("2,3", 13), (" 2 3 ", 13), ("(2, 3)", 13)],
        *[("dY[2, 3, 0]", 13), ("2, 3, 0", 13), ("7", 6), ("1", 0), ("25", 24), ("dY(0,0)", 0)],
    ],
)
def test_go_to_a_place_that_is_called_out(place, index, keys):
    stepper = steppers.InputGradientStepper()
    stepper._goto.value = place
    assert stepper.index == index
    assert stepper._goto.value == ""
    assert words(stepper) == ""
    check_agreement(stepper)


@EACH_OF_ALL
@pytest.mark.parametrize(
    "place",
    [
        *["dX(0,0)", "b", "", "0", "26000", "99, 0", "0, 99", "0, 0, 9", "0, 0, 0, 0, 0", "one"],
        *["9" * 50, "1" * 7, "(((", "0," * 5000, "__import__('os')", "<b>1</b>x"],
    ],
    ids=lambda place: place[:12],
)
def test_go_to_a_place_that_is_none(kind, place):
    stepper = kind()
    stepper.index = 2
    with pytest.raises(ValueError):
        stepper.go_to(place)
    assert stepper.index == 2
    stepper._goto.value = place
    assert stepper.index == 2
    assert (words(stepper) == "") == (place == "")
    check_agreement(stepper)


def test_go_to_stays_in_its_map():
    forward, by_cell, by_weight = three_maps()
    forward.index = forward.steps.position((0, 0, 2))
    forward.go_to("Z(1, 1)")
    assert forward.step.target.index == (1, 1, 2)
    forward.go_to("1, 1, 0")
    assert forward.step.target.index == (1, 1, 0)
    by_weight.index = by_weight.steps.position((0, 0, 1, 2))
    by_weight.go_to("1, 2")
    assert by_weight.step.target.index == (1, 2, 1, 2)
    by_weight.go_to("1, 2, 0")
    assert by_weight.step.target.index == (1, 2, 0, 2)


def test_go_to_a_stage():
    stepper = steppers.StrideStepper()
    stepper.go_to("3")
    assert stepper.index == 2
    with pytest.raises(ValueError, match="type its number"):
        stepper.go_to("2, 3")
    stepper._goto.value = "2, 3"
    assert "type its number" in words(stepper)


@EACH_OF_ALL
def test_the_projector_is_a_class_of_the_stepper(kind):
    stepper = kind()
    assert "cnnlib-stepper" in stepper._dom_classes
    for on in (True, False):
        stepper._projector.value = on
        assert ("cnnlib-projecting" in stepper._dom_classes) == on
    assert ".cnnlib-projecting" in view.CSS


class Browser:
    """What keys.js does with the widget: it moves by itself and tells where it is."""

    def __init__(self, stepper):
        self.stepper, self.moves, self.pushed = stepper, 0, []
        stepper._keys.observe(lambda change: self.pushed.append(change["new"]), "at")

    def tell(self, at):
        self.moves += 1
        tell(self.stepper, [*at, self.moves])


@pytest.mark.parametrize("kind", [kind for kind in ALL_KINDS if kind._questions])
@pytest.mark.parametrize("asks", [None, "value", "weight"])
def test_the_kernel_follows_the_browser_and_says_what_it_heard(kind, asks):
    stepper = kind()
    stepper.predict = asks
    browser = Browser(stepper)
    for at in [[1, -1], [2, -1], [3, 0], [3, 1], [3, 0], [4, -1], [0, 0], [5, -1], [5, 0]]:
        browser.tell(at)
        last = len(stepper.step.terms) - 1
        assert (stepper.index, stepper.term) == (at[0], last if at[1] < 0 else at[1])
        assert browser.pushed == [[stepper.index, stepper.term, browser.moves]]
        browser.pushed.clear()
        check_agreement(stepper)
    stepper._buttons["Next"].click()  # now the kernel moves, and says so
    assert browser.pushed == [[6, len(stepper.step.terms) - 1, browser.moves]]


@EACH_KIND
def test_the_kernel_can_call_back_to_where_it_was(kind):
    """The browser has gone on since: the same place must be said again, as a new word."""
    stepper = kind()
    browser = Browser(stepper)
    browser.tell([3, 0])
    stepper.index = 0
    last = len(stepper.step.terms) - 1
    assert browser.pushed[-1] == [0, last, 1]


@EACH_KIND
def test_a_move_in_the_page_draws_nothing_anew(kind):
    """All steps of a small problem are there: neither a key nor a button sends them again."""
    stepper = kind()
    assert stepper._view.value.count("<section") == len(stepper.steps)
    drawn = []
    stepper._view.observe(drawn.append, "value")
    tell(stepper, [3, 2, 1])
    stepper._buttons["Next"].click()
    stepper._term_field.value = 1
    stepper._unit.value = "term"
    stepper._play.playing = True
    stepper._play.value = 1
    assert drawn == []
    stepper._how_fields["padding"].value = "1"
    assert len(drawn) == 1


@EACH_KIND
def test_the_browser_is_told_how_many_steps_there_are_and_how_to_move(kind):
    stepper = kind()
    assert (stepper._keys.count, stepper._keys.by_term) == (len(stepper.steps), False)
    stepper._unit.value = "term"
    assert stepper._keys.by_term
    stepper._how_fields["padding"].value = "1"
    assert stepper._keys.count == len(stepper.steps)
    assert stepper._keys.at == [0, 0, 0]
    stepper._unit.value = "step"
    assert not stepper._keys.by_term


@EACH_KIND
@pytest.mark.parametrize("at", [[99, 0], [1, 99], [-1, 0], [24, -1]])
def test_a_late_word_from_another_page_leaves_all_in_line(kind, at):
    """The browser may speak of a step that is gone with the problem before."""
    stepper = kind()
    stepper.index = 2
    tell(stepper, [*at, 1])
    check_agreement(stepper)


def test_a_larger_problem_is_sent_in_blocks():
    stepper = steppers.ForwardStepper(np.ones((28, 28, 1)), E.W)
    assert pages.cells(stepper.steps) > steppers.AHEAD
    sent = stepper._view.value.count("<section")
    assert 1 < sent < len(stepper.steps)
    assert len(stepper._view.value) < 3_000_000
    for index in (sent - 1, sent, sent - 1, len(stepper.steps) - 1, 0):
        stepper.index = index
        check_agreement(stepper)
    browser = Browser(stepper)
    browser.tell([sent, 0])  # the first one that is not there
    assert browser.pushed == [[sent, 0, 1]]
    check_agreement(stepper)


def test_what_is_sent_is_not_heavy_for_many_maps():
    stepper = steppers.ForwardStepper(np.ones((10, 10, 40)), np.ones((1, 1, 40, 4)))
    assert len(stepper._view.value) < 12_000_000


def test_a_long_sum_is_drawn_around_its_marked_term():
    stepper = steppers.FilterGradientStepper(np.ones((8, 8, 1)), np.ones((10, 10, 1)), (3, 3))
    assert len(stepper.step.terms) > view.MOST_TERMS
    for term in (0, 19, 20, 21, 63, 40):
        tell(stepper, [1, term, 1])
        check_agreement(stepper)
        assert stepper.term in live(stepper).markable


@EACH_OF_ALL
def test_without_anywidget_there_are_no_keys_and_all_else_works(kind, monkeypatch):
    monkeypatch.setattr(controls, "Keys", None)
    stepper = kind()
    assert stepper._keys is None
    assert not [child for child in stepper.children if "Keys" in type(child).__name__]
    stepper.index = 2
    assert stepper._view.value.count("<section") == 1
    check_agreement(stepper)
    assert "text/html" in stepper._repr_mimebundle_()


# --- one file -----------------------------------------------------------------------------------


@EACH_OF_ALL
def test_it_is_saved_as_one_file(kind, tmp_path):
    stepper = kind()
    stepper.index = 2
    path = stepper.save_html(tmp_path / "step.html")
    assert path == tmp_path / "step.html"
    assert [*tmp_path.iterdir()] == [path]
    html = path.read_text("utf-8")
    assert path.stat().st_size < 1_000_000
    assert from_elsewhere(html) == []
    assert html.count("<section") == len(stepper.steps)
    assert "step by step</title>" in html
    beside = stepper._beside()
    for number in (0, len(stepper.steps) - 1):
        step = stepper.steps[number]
        mark = f'<section class="cnnlib-step" data-step="{number}"'
        found = re.search(rf"{mark}.*?</section>", html, re.S)[0]
        right = Section(view.html(step, aside=beside and beside(step))).at()
        assert Section(found).at().all == right.all
    assert stepper.save_html(str(path)) == path  # over the one that is there


def test_a_file_that_would_be_too_large_is_not_begun(tmp_path):
    stepper = steppers.ForwardStepper(np.ones((30, 30, 1)), E.W)
    with pytest.raises(ValueError, match=r"too many cells for a page.*take a smaller piece"):
        stepper.save_html(tmp_path / "large.html")
    assert [*tmp_path.iterdir()] == []


def test_a_question_that_is_open_does_not_hinder_a_file(tmp_path):
    stepper = steppers.InputGradientStepper()
    stepper.predict = "value"
    assert (
        "?"
        not in Section(re.search(r"<section.*?</section>", stepper.fragment(), re.S)[0]).at().sum
    )

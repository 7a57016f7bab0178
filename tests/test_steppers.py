"""Steppers, driven without a browser: by their state, and by the values of their controls."""

import gc
import logging
import re
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import widgets

from cnnlib import examples, loops, steppers, trace, view

KINDS = [
    steppers.ForwardStepper,
    steppers.InputGradientStepper,
    steppers.FilterGradientStepper,
]
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
GIVING = [steppers.InfluenceStepper, steppers.ScatterStepper]


def three_maps():
    t = examples.three_maps()
    return [
        steppers.ForwardStepper(t.Y, t.W, t.b),
        steppers.InputGradientStepper(t.dZ, t.W, t.input_size),
        steppers.FilterGradientStepper(t.dZ, t.Y, t.filter_size),
    ]


def shown(stepper):
    """Return the view as text without tags."""
    return re.sub(r"<[^>]+>", "", stepper._view.value)


def words(stepper):
    """Return the message as text without tags."""
    return re.sub(r"<[^>]+>", "", stepper._message.value)


def check_agreement(stepper):
    """State, text, view and controls say the same."""
    step = stepper.steps[stepper.index]
    assert stepper.step == step
    assert stepper.text == view.text(step, stepper.term)
    assert stepper._view.value == stepper._html()
    assert str(step.cell or step) in shown(stepper)
    assert stepper._step_field.value == stepper.index + 1
    assert stepper._step_field.max == len(stepper.steps)
    assert stepper._term_field.value == stepper.term + 1
    assert stepper._term_field.max == max(1, len(step.terms))


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


@EACH_KIND
def test_the_buttons_move_by_step(kind):
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


@EACH_KIND
def test_the_fields_move(kind):
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
    for name, interval in steppers.SPEEDS.items():
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
    assert steppers._parsed(text) == value


@EACH_KIND
def test_closing_leaves_nothing_in_the_kernel(kind):
    gc.collect()
    before = len(widgets.widget._instances)
    stepper = kind()
    there = weakref.ref(stepper)
    stepper.close()
    assert len(widgets.widget._instances) == before
    del stepper
    gc.collect()
    assert there() is None


def test_keys_on_its_buttons_are_kept_from_the_lab():
    style = steppers.ForwardStepper().children[0].value
    assert "data-lm-suppress-shortcuts" in style.split("<style ")[1].split('">')[0]


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
    with pytest.raises(RuntimeError, match="broke"):
        stepper._step_field.value = 3
    assert "RuntimeError: the &lt;view&gt; broke" in stepper._message.value
    stepper._play.playing = True
    with pytest.raises(RuntimeError, match="broke"):
        stepper._play.value = 1
    assert not stepper._play.playing
    stepper._message.value = ""
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
    st.tuples(st.just("click"), st.sampled_from([*steppers.MOVES, "Play"])),
    st.tuples(st.just("step"), st.integers(-3, 30)),
    st.tuples(st.just("term"), st.integers(-3, 30)),
    st.tuples(st.just("unit"), st.sampled_from(["step", "term"])),
    st.tuples(st.sampled_from(["k_in", "k"]), st.integers(0, 3)),
    st.tuples(st.just("tick"), st.integers(1, 10**6)),
    st.tuples(st.just("stride"), st.sampled_from(["1", "2", "1, 3", "0", "x"])),
    st.tuples(st.just("padding"), st.sampled_from(["0", "1", "same", "valid", "9, 9"])),
    st.tuples(st.just("dilation"), st.sampled_from(["1", "2", "5"])),
)


@pytest.mark.parametrize("number", range(3))
@given(actions=st.lists(ACTIONS, max_size=12))
def test_whatever_is_done_state_view_and_controls_agree(number, actions):
    stepper = three_maps()[number]
    for kind, value in actions:
        if kind == "click":
            (stepper._buttons | {"Play": stepper._play_button})[value].click()
        elif kind == "tick":
            stepper._play.value = value
        elif kind == "unit":
            stepper._unit.value = value
        else:
            fields = {"step": stepper._step_field, "term": stepper._term_field}
            fields |= stepper._map_fields | stepper._how_fields
            fields[kind].value = value
        check_agreement(stepper)


def test_the_stepper_shows_what_the_trace_says_on_a_real_digit():
    images, _ = examples.digits()
    W = examples.one_map().W
    stepper = steppers.ForwardStepper(images[5], W)
    Z = loops.conv_forward(images[5], W)
    for index in range(len(stepper.steps)):
        stepper.index = index
        assert isinstance(stepper.step, trace.Step)
        assert f" = {Z[stepper.step.target.index]:.0f}" in shown(stepper)


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

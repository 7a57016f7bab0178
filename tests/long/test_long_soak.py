"""Two thousand random actions on each stepper: all agrees, and nothing is left behind."""

import asyncio
import gc
import logging
import random
import tracemalloc

import matplotlib.pyplot as plt
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from ipywidgets import widgets
from test_steppers import ACTIONS, ALL_KINDS, check_agreement, do, tell

STEPS, WALKS = 50, 40  # together 2,000 actions
ACTIONS_IN_A_ROW, MOST_GROWTH = 2_000, 5_000_000
PRESSES = 1_000
EACH_KIND = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.__name__)


def act(stepper, kind, value):
    """Do one thing, where this kind of stepper has it: stages are not asked about."""
    if kind != "predict" or value in stepper._predict.options:
        do(stepper, kind, value)


def walks(kind):
    """A state machine: whatever a user can do; after each action a look at all that is shown."""

    class Walk(RuleBasedStateMachine):
        @initialize()
        def open(self):
            self.stepper = kind()

        @rule(action=ACTIONS)
        def act(self, action):
            act(self.stepper, *action)
            check_agreement(self.stepper)

        def teardown(self):
            if hasattr(self, "stepper"):
                self.stepper.close()

    Walk.TestCase.settings = settings(
        max_examples=WALKS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    return Walk.TestCase


@EACH_KIND
def test_whatever_is_done_all_agree(kind, caplog):
    walks(kind)("runTest").runTest()
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def actions(seed, count):
    """What a stepper is asked to do in a row: the kinds of action of the walks, drawn plainly."""
    draw = random.Random(seed)
    plain = {
        "click": ["First", "Previous", "Next", "Last", "Play", "Reveal"],
        "step": range(1, 30),
        "term": range(1, 10),
        "unit": ["step", "term"],
        "tick": range(1, 10**6),
        "stride": ["1", "2", "0", "x"],
        "padding": ["0", "1", "same"],
        "dilation": ["1", "2"],
        "predict": ["off", "value"],
        "guess": ["3", "x", "-12.5"],
        "goto": ["7", "1, 1", "99"],
        "at": [[n, -1, 1] for n in range(9)],
        "numbers": [True, False],
        "projector": [True, False],
        "code": ["", "x"],
    }
    for _ in range(count):
        kind = draw.choice([*plain])
        yield kind, draw.choice(plain[kind])


@EACH_KIND
def test_nothing_is_left_behind(kind):
    alive = len(widgets.widget._instances)
    stepper = kind()
    for action in actions("warm up", 300):
        act(stepper, *action)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for action in actions("on and on", ACTIONS_IN_A_ROW):
        act(stepper, *action)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    check_agreement(stepper)
    assert grown < MOST_GROWTH
    assert plt.get_fignums() == []
    with pytest.raises(RuntimeError):  # no loop runs here, so no task can have been left in one
        asyncio.get_running_loop()
    stepper.close()
    gc.collect()
    assert len(widgets.widget._instances) == alive


@EACH_KIND
def test_a_thousand_fast_keys_end_on_the_right_step(kind):
    """As the browser sends them: each key tells where it has led, and the kernel follows."""
    stepper, draw, at = kind(), random.Random(kind.__name__), 0
    last = len(stepper.steps) - 1
    for press in range(1, PRESSES + 1):
        at = min(max(at + draw.choice([1, 1, -1]), 0), last)
        tell(stepper, [at, -1, press])
    assert stepper.index == at
    assert stepper._keys.at[2] == PRESSES
    check_agreement(stepper)
    stepper.close()

"""Two thousand random messages to each stepper: all agrees, and nothing is left behind."""

import gc
import random
import tracemalloc

from ipywidgets import widgets
from test_steppers import EACH_KIND, Browser, check, tell_at_random

MESSAGES, MAX_GROWTH = 2_000, 5_000_000
PRESSES = 1_000


@EACH_KIND
def test_nothing_is_left_behind(kind, monkeypatch):
    alive = len(widgets.widget._instances)
    page = Browser(kind(), monkeypatch)
    for _ in tell_at_random(page, 300, "warm up"):
        pass
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in tell_at_random(page, MESSAGES, "on and on"):
        pass
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < MAX_GROWTH
    page.stepper.close()
    gc.collect()
    assert len(widgets.widget._instances) == alive


@EACH_KIND
def test_a_thousand_fast_keys_end_on_the_right_step(kind, monkeypatch):
    """As the browser sends them: each key tells where it has led, and the kernel follows."""
    stepper, draw, at = kind(), random.Random(kind.__name__), 0
    page = Browser(stepper, monkeypatch)
    for _ in range(PRESSES):
        at = min(max(at + draw.choice([1, 1, -1]), 0), len(stepper.steps) - 1)
        page.tell("move", step=at, term=0)
    assert stepper.index == at
    assert page.heard[0][1]["heard"] == PRESSES
    check(stepper)

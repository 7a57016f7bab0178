"""Two thousand random messages to each stepper: all agrees, and nothing is left behind."""

import gc
import tracemalloc

from ipywidgets import widgets
from test_steppers import EACH_KIND, Browser, tell_at_random

MESSAGES, MAX_GROWTH = 2_000, 5_000_000


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

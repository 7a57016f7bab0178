"""Two thousand random messages to each stepper: all agrees, and nothing is left behind."""

import gc
import logging
import random
import tracemalloc

import pytest
from ipywidgets import widgets
from test_steppers import KINDS, Browser, check

MESSAGES, MAX_GROWTH = 2_000, 5_000_000
PRESSES = 1_000
EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def messages(seed, count):
    """Yield what a browser says in a row."""
    draw = random.Random(seed)
    plain = {
        "move": [{"step": step, "term": 0} for step in range(4)],
        "by_term": [{"by_term": True}, {"by_term": False}],
        "change": [{"changes": {"stride": text}} for text in ("1", "2", "0", "x")]
        + [{"changes": {"padding": text}} for text in ("0", "1", "same")],
        "predict": [{"kind": None}, {"kind": "value"}, {"kind": "index"}],
        "guess": [{"text": text} for text in ("3", "x", "-12.5", "")],
        "code": [{"code": ""}, {"code": "x"}],
    }
    for _ in range(count):
        do = draw.choice([*plain])
        yield do, draw.choice(plain[do])


def tell(page, do, message):
    """Send one message, where this kind of stepper has it."""
    stepper = page.stepper
    unknown = {*message.get("changes", {})} - {*stepper.how}
    if not unknown and (do != "predict" or message["kind"] in (None, *stepper._questions)):
        page.tell(do, **message)


@EACH_KIND
def test_whatever_is_said_all_agrees(kind, monkeypatch, caplog):
    page = Browser(kind(), monkeypatch)
    for do, message in messages("agree", 400):
        tell(page, do, message)
        if page.stepper._asked() is None:
            check(page.stepper)
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@EACH_KIND
def test_nothing_is_left_behind(kind, monkeypatch):
    alive = len(widgets.widget._instances)
    page = Browser(kind(), monkeypatch)
    for do, message in messages("warm up", 300):
        tell(page, do, message)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for do, message in messages("on and on", MESSAGES):
        tell(page, do, message)
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

"""A hundred other hands: right answers are accepted, wrong ones refused, and named truly."""

import pytest
from hands import around, filter_gradient, input_gradient, slips  # noqa: F401
from hands.table import HANDS

from cnnlib import exercises


@pytest.mark.parametrize(
    ("exercise", "layout", "expected", "function"),
    [hand[1:] for hand in HANDS],
    ids=[hand[0] for hand in HANDS],
)
def test_a_hand_is_accepted_or_named(exercise, layout, expected, function):
    verdict = exercises.check(exercise, function, layout)
    assert verdict.passed == (not expected), str(verdict)
    known = exercises.MISTAKES[exercise]
    if expected and all(key in known for key in expected):
        for key in expected:
            assert known[key].says in (verdict.mistake or ""), (key, str(verdict))
    for words in expected:
        assert words in known or words in str(verdict), str(verdict)


def test_there_are_a_hundred_hands():
    assert len(HANDS) >= 100
    assert len({hand[0] for hand in HANDS if not hand[3]}) >= 25

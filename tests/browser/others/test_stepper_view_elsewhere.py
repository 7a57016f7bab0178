"""The tests of stepper_view, elsewhere: see conftest.py."""

from test_stepper_view import *  # noqa: F403

"""The tests of lab, elsewhere: see conftest.py."""

from test_lab import *  # noqa: F403

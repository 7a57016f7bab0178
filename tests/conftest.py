"""Settings of hypothesis, and the table of the exercises at the end of a run.

hypothesis is quick everywhere, and has the same problems each time in CI.
"""

import os

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None, max_examples=60)
settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

REPORT = pytest.StashKey()
"""Lines that `test_exercises` leaves for the end of the run."""


def pytest_terminal_summary(terminalreporter, config):
    """Show how many mistakes of the exercises are named."""
    if lines := config.stash.get(REPORT, ()):
        terminalreporter.section("mistakes named, right implementations accepted")
        terminalreporter.write_line("\n".join(lines))

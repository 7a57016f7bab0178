"""Settings of hypothesis, what is long, and the table of the exercises at the end of a run.

hypothesis takes small doses, the same ones each time in CI; large ones in `make test-long`.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

LONG_FOLDERS = [Path(__file__).parent / name for name in ("long", "classroom", "browser/others")]

settings.register_profile("here", deadline=None, max_examples=20)
settings.register_profile("ci", deadline=None, max_examples=20, derandomize=True, database=None)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "long", deadline=None, max_examples=1_000, database=None, suppress_health_check=SLOW
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items):
    """Mark all that is in a folder of long tests."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in LONG_FOLDERS):
            item.add_marker(pytest.mark.long)


REPORT = pytest.StashKey()


@pytest.fixture
def report(pytestconfig):
    """Lines that are shown at the end of the run."""
    return pytestconfig.stash.setdefault(REPORT, [])


def pytest_sessionfinish(session):
    """Hand the lines over, where several processes share the tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["report"] = session.config.stash.get(REPORT, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take them from a process that has ended."""
    lines = getattr(node, "workeroutput", {}).get("report", [])
    node.config.stash.setdefault(REPORT, []).extend(lines)


def pytest_terminal_summary(terminalreporter, config):
    """Show how many mistakes of the exercises are named."""
    if lines := config.stash.get(REPORT, None):
        terminalreporter.section("mistakes named, right implementations accepted")
        terminalreporter.write_line("\n".join(lines))

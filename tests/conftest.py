"""Settings of hypothesis, the web site, and the table of the exercises at the end of a run.

hypothesis is quick everywhere, and has the same problems each time in CI.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]

settings.register_profile("here", deadline=None, max_examples=60)
settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def run_anew():
    """Number of the lesson that is run anew for `site`: its steppers are there."""
    return "03"


@pytest.fixture(scope="session")
def site(tmp_path_factory, run_anew):
    """Folder of a site in which one lesson was run anew."""
    folder = tmp_path_factory.mktemp("site") / "_site"
    command = [sys.executable, "-m", "tools.website", "--run", run_anew, "--into", folder]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


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

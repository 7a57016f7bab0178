"""The tests of the steppers in Firefox, in WebKit, and in Notebook 7, which is seen in Chromium."""

import glob
import shutil
import sys
from pathlib import Path

import pytest
from lab import CHROMIUM_OPTIONS, chromium, server
from test_lab import Lab
from webkit import Browser

MINI_BROWSERS = "/usr/lib*/*/webkit2gtk-4*/MiniBrowser"
NOTEBOOK = Path(sys.prefix, "notebook", "bin", "python")  # make .venv/notebook/ready

# The driver of Firefox cannot ask for less motion.
NOT_ASKED_IN_FIREFOX = ("test_motion_is_short",)
# It runs the messages of widgets beside the cells: a cell may be run before a key is heard of. And
# it gives no arrow key to a slider, steppers or not.
NOT_ASKED_IN_NOTEBOOK = ("test_the_next_cell_knows_the_step", "test_a_slider_that_is_linked")
# The driver of WebKit can less (its clicks in a notebook may get lost): these are asked.
ASKED_IN_WEBKIT = (
    "test_each_kind_steps_without_a_kernel",
    "test_the_address_is_a_code",
    "test_hostile_codes_are_refused",
    "test_all_of_a_step_is_seen_at_once",
    "test_keys_lead_where_they_should",
    "test_going_by_term_and_to_a_cell",
    "test_set_up_changes_the_problem_or_says_why_not",
    "test_a_question_keeps_its_answer",
    "test_keys_move_page_and_kernel",
    "test_a_burst_of_keys",
    "test_python_moves_while_keys_are_pressed",
)


def pytest_collection_modifyitems(config, items):
    """Keep what can be asked."""
    here = Path(__file__).parent
    dropped = [item for item in items if item.path.parent == here and not is_asked(item)]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


def is_asked(item):
    if "browser" not in item.fixturenames:
        return False
    where, name = item.callspec.params["where"], item.originalname
    if where == "notebook":
        return "jupyterlab" in item.fixturenames and not name.startswith(NOT_ASKED_IN_NOTEBOOK)
    if where == "webkit":
        return name.startswith(ASKED_IN_WEBKIT)
    return not name.startswith(NOT_ASKED_IN_FIREFOX)


@pytest.fixture(scope="session", params=["firefox", "webkit", "notebook"])
def where(request):
    return request.param


def found(name, package):
    """Return the path of a program: where it is missing the test fails, and says what to do."""
    path = shutil.which(name) or next(iter(glob.glob(name)), None)
    return path or pytest.fail(f"no {name}: apt-get install {package}", pytrace=False)


@pytest.fixture(scope="session")
def browser(where, playwright):
    if where == "firefox":
        path = shutil.which("firefox") or found("firefox-esr", "firefox-esr")
        made = playwright.firefox.launch(channel="moz-firefox", executable_path=path)
    elif where == "webkit":
        package = "webkit2gtk-driver xvfb"
        names = (MINI_BROWSERS, "WebKitWebDriver", "Xvfb")
        made = Browser(*(found(name, package) for name in names))
    else:
        made = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
    yield made
    made.quit() if where == "webkit" else made.close()


@pytest.fixture(autouse=True)
def patience(where, monkeypatch):
    monkeypatch.setattr(Lab, "patience", 500 if where == "notebook" else 0)


@pytest.fixture(scope="session")
def jupyterlab(where, tmp_path_factory):
    """(url, token, folder of notebooks) of a JupyterLab, or of a Notebook 7."""
    folder = tmp_path_factory.mktemp("jupyter")
    other = (
        [(NOTEBOOK, "notebook", "JupyterNotebookApp", "notebooks")] if where == "notebook" else []
    )
    with server(folder, *other) as (url, token):
        yield url, token, folder / "root"

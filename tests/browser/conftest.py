"""A browser, a JupyterLab, and a page whose errors and requests are looked at."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import CHROMIUM_OPTIONS, chromium, server
from playwright.sync_api import sync_playwright

AXE = Axe()
SCREENSHOTS = Path(__file__).resolve().parents[2] / "_screenshots"


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def browser(playwright):
    try:
        path = chromium()
    except RuntimeError as missing:
        pytest.fail(str(missing), pytrace=False)
    made = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
    yield made
    made.close()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """(url, token, folder of notebooks) of a server that ends with the tests."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    with server(folder) as (url, token):
        yield url, token, folder / "root"


def violations(page, within="html"):
    """List what axe-core finds, best practices and all, in what is shown."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.axe_script)
    what = {"include": [within]}
    found = page.evaluate(
        "what => axe.run(what, {preload: false, resultTypes: ['violations']})", what
    )
    return [
        f"{v['id']} ({v['impact']}): {node['html'][:150]}"
        for v in found["violations"]
        for node in v["nodes"]
    ]


@pytest.fixture(scope="session")
def axe():
    return violations


@pytest.fixture(scope="session")
def shoot():
    """Return a way to keep a picture of a page, or of a part of it, to be looked at later."""
    SCREENSHOTS.mkdir(exist_ok=True)

    def keep(part, name, **how):
        part.screenshot(path=SCREENSHOTS / f"{name.replace(' ', '-')}.png", **how)

    return keep

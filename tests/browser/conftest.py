"""A browser, a JupyterLab, and a page whose errors and requests are looked at."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import CHROMIUM_OPTIONS, chromium, server
from playwright.sync_api import sync_playwright

AXE = Axe()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
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
    what = {"include": [within], "exclude": [".cnnlib-steps > input:not(:checked) + section"]}
    found = page.evaluate("what => axe.run(what, {resultTypes: ['violations']})", what)
    return [
        f"{v['id']} ({v['impact']}): {node['html'][:150]}"
        for v in found["violations"]
        for node in v["nodes"]
    ]


@pytest.fixture(scope="session")
def axe():
    return violations

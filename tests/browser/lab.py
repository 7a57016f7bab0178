"""JupyterLab as `make lab` starts it, and a hand to open and run a notebook in it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_SECONDS = 900  # no server outlives its tests by more, whatever happens to them
CHROMIUM_OPTIONS = [
    "--no-sandbox",  # a container runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)


def chromium():
    """Return the path of the browser: a test that cannot see a page must fail, not be skipped."""
    found = [*filter(None, map(shutil.which, NAMES)), *(p for p in PLACES if Path(p).is_file())]
    path = os.environ.get("CHROMIUM") or (found[0] if found else None)
    if not path:
        raise RuntimeError("no Chromium: apt-get install chromium, or set CHROMIUM to its path")
    return path


def write_notebook(path, sources):
    """Write a notebook with these code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


LAB = (sys.executable, "jupyterlab", "LabApp", "lab/tree")
"""A Python, what it runs, the name of that in its options, and where its notebooks are."""


@contextmanager
def server(folder, application=LAB):
    """Run a JupyterLab in a folder, with nothing of the user's own; yield (url, token)."""
    python, module, name, notebooks = application
    port, token = _free_port(), secrets.token_hex(16)
    home, root = folder / "home", folder / "root"
    for made in (home, root):
        made.mkdir(exist_ok=True)
    command = [
        *([timeout, str(MOST_SECONDS)] if (timeout := shutil.which("timeout")) else []),
        *(python, "-m", module),
        f"--config={REPOSITORY / 'tools' / 'jupyter_server_config.py'}",
        *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *(f"--IdentityProvider.token={token}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={root}", "--ServerApp.answer_yes=True"),
        f"--{name}.expose_app_in_browser=True",
    ]
    with (folder / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=_environment(home), stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={token}", process, folder / "server.log")
        yield f"http://127.0.0.1:{port}/{notebooks}", token
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _environment(home):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
    own = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "lab",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "MPLCONFIGDIR": home / "matplotlib",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONPATH": REPOSITORY,  # so that the kernel has the cnnlib of this tree
    }
    return kept | {name: str(value) for name, value in own.items()}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, process, log):
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


EXECUTE = """async code => {
  const panel = window.jupyterapp.shell.currentWidget;
  const run = panel.sessionContext.session.kernel.requestExecute({code, store_history: false});
  let said = '';
  run.onIOPub = message => {
    if (message.header.msg_type === 'stream') said += message.content.text;
    if (message.header.msg_type === 'error') said += message.content.traceback.join('\\n');
  };
  await run.done;
  return said;
}"""
"""Runs code in the kernel of the notebook that is open, and returns what it printed."""


KNOWN_NOISE = ("@jupyterlite/", "/figures/")
"""Errors of others: `make lite` brings a part that JupyterLab itself cannot load. And JupyterLab
asks for the pictures of the first notebook at a wrong address before it asks at the right one."""


def listen(page):
    """Return a list into which all errors of a page will be written."""
    errors = []

    def heard(text):
        if not any(known in text for known in KNOWN_NOISE):
            errors.append(text)

    page.on("pageerror", lambda error: heard(f"page: {error}"))
    page.on(
        "console",
        lambda said: (
            heard(f"console: {said.text} {said.location['url']}") if said.type == "error" else 0
        ),
    )
    return errors


def command(page, name, **options):
    """Start a command of JupyterLab; its end is not waited for, since that may never come."""
    start = "([n, o]) => { window.jupyterapp.commands.execute(n, o) }"
    page.evaluate(start, [name, options])


def prompts(page):
    """Return what stands before each cell of code: a number once it has run."""
    cells = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .jp-InputPrompt"
    texts = "cells => [...document.querySelectorAll(cells)].map(e => e.textContent)"
    return [prompt.strip("[]: ") for prompt in page.evaluate(texts, cells)]


def open_notebook(page, address, name):
    """Open a notebook in a new JupyterLab and wait for its kernel."""
    url, token = address
    page.goto(f"{url}/{name}?token={token}&reset")
    wait_for_kernel(page)


def open_lab(page, address):
    """Open JupyterLab without a notebook."""
    url, token = address
    page.goto(f"{url.removesuffix('/tree')}?token={token}&reset")
    page.wait_for_selector("#jp-main-dock-panel", timeout=90_000)
    page.evaluate("window.jupyterapp.restored.then(() => null)")


def open_another(page, name):
    """Open a notebook in the JupyterLab that is there and wait for its kernel."""
    command(page, "docmanager:open", path=name)
    page.wait_for_function(
        "name => window.jupyterapp.shell.currentWidget?.context?.path === name", arg=name
    )
    wait_for_kernel(page)


def close(page):
    """Close the notebook that is open, saved or not, and end its kernel."""
    page.evaluate("""async () => {
      const panel = window.jupyterapp?.shell.currentWidget;
      await panel?.sessionContext?.shutdown();
      panel?.dispose();
    }""")


def wait_for_kernel(page):
    """Wait until the kernel of the notebook answers."""
    shown = ".jp-NotebookPanel:not(.lm-mod-hidden)"
    page.wait_for_selector(f"{shown} .jp-Cell", timeout=90_000)
    idle = f"{shown} .jp-Notebook-ExecutionIndicator[data-status=idle]"
    page.wait_for_selector(idle, timeout=90_000)
    # The kernel that the notebook shows as idle may not have answered yet: it would run nothing.
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        "?.connectionStatus === 'connected'",
        timeout=60_000,
    )
    page.wait_for_timeout(500)


def run_all(page, seconds=120, last=None):
    """Run all cells, or those up to the code cell number `last`; wait until each has its number.

    Ask again where nothing has begun.
    """
    how = "notebook:run-all-cells"
    if last is not None:
        how = "notebook:run-all-above"
        page.evaluate(ACTIVATE, last)
    command(page, how)
    begun = again = time.monotonic()
    while not all(p.isdigit() for p in prompts(page)[:last]):
        now = time.monotonic()
        if now > begun + seconds:
            raise RuntimeError(f"the notebook did not run: {prompts(page)}")
        if now > again + 8 and not any(prompts(page)):
            command(page, how)
            again = now
        page.wait_for_timeout(200)


ACTIVATE = """last => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const code = notebook.widgets.filter(cell => cell.model.type === 'code');
  notebook.activeCellIndex = notebook.widgets.indexOf(code[last - 1]) + 1;
}"""
"""Makes the cell behind a code cell the active one; there is one, since a lesson ends with text."""


def drawn(page, count):
    """Wait until as many steppers are drawn."""
    page.wait_for_function(
        "n => document.querySelectorAll('.cnnlib-stepper[data-step]').length >= n",
        arg=count,
        timeout=120_000,
    )

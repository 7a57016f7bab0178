"""Says what is wrong with an installation, and which command mends it.

python -m cnnlib.doctor     exit 0 where all is well, else one line for each fault

Lesson 00 asks the same with `examine()`, and shows a slider that tells whether widgets live.

Python itself is all that this module needs: it must run where a package is missing or broken.
Nothing is fetched, and nothing is written but a file that is gone at once.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from html import escape
from importlib import metadata
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
MANAGER = Path("labextensions", "@jupyter-widgets", "jupyterlab-manager", "package.json")
KERNEL = Path("kernels", "python3", "kernel.json")
NEW_BASE = 6
"""First @jupyter-widgets/base that speaks version 2 of the widgets' protocol, as ipywidgets 8."""
SECONDS = 30
"""For another Python to answer; a cold disk is slow."""

# What the Python of the lab is asked: it may be another one than ours.
ASK_THE_LAB = """
import json, sys
from importlib import metadata
from jupyter_core.paths import jupyter_path

try:
    manager = metadata.version("jupyterlab_widgets")
except metadata.PackageNotFoundError:
    manager = ""
print(json.dumps({"python": sys.executable, "prefix": sys.prefix, "data": jupyter_path(),
                  "manager": manager}))
"""


@dataclass(frozen=True)
class Fault:
    """What is wrong, the one command that mends it, and the package that it is about."""

    what: str
    mend: str
    package: str = ""

    def __str__(self):
        return " ".join(f"{self.what}. Run: {self.mend}".split())


@dataclass(frozen=True)
class Report:
    """What was found; shows itself in a notebook, with a slider under it.

    Attributes
    ----------
    faults : tuple of Fault
    notes : tuple of str
        What is good to know and needs no mending.
    """

    faults: tuple
    notes: tuple

    def __str__(self):
        return "\n".join([*map(str, self.faults or ["All is well."]), *self.notes])

    __repr__ = __str__

    def html(self):
        """Return the report as HTML."""
        items = "".join(
            f"<li>{escape(fault.what)}. Run: <code>{escape(fault.mend)}</code></li>"
            for fault in self.faults
        )
        head = f"<ul>{items}</ul>" if items else "<p><b>All is well.</b></p>"
        return head + "".join(f"<p>{escape(note)}</p>" for note in self.notes)

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = {"text/plain": str(self), "text/html": self.html()}
        try:
            from cnnlib import controls  # needs ipywidgets, which may be what is missing

            return {**controls.sign_of_life(self.html())._repr_mimebundle_(), **shown}
        except ImportError:
            return shown


def examine(folder=None):
    """Look at the installation, in less than three seconds.

    Parameters
    ----------
    folder : path-like, optional
        Where the lessons are; by default the working folder.

    Returns
    -------
    Report
    """
    if sys.platform == "emscripten":  # JupyterLite brings all with it
        return Report((), ("Python runs in the browser: there is nothing to mend.",))
    folder = Path.cwd() if folder is None else Path(folder)
    needs = requirements("cnnlib")
    faults = [*wrong_python(needs), *wrong_packages(needs), *hidden_packages(needs, folder)]
    sound = {*needs} - {fault.package for fault in faults}  # one fault, one line
    if "numpy" in sound:
        faults += broken_numpy(needs, folder)
    if "jupyterlab" in sound:
        faults += wrong_lab(needs, with_widgets="ipywidgets" in sound)
    faults += [*no_room(folder), *no_loopback(), *proxy_in_the_way()]
    return Report(tuple(faults), tuple(notes()))


# --- Python and its packages -----------------------------------------------------------------


def requirements(name):
    """Return {package: bounds} of what an installed package needs, extras left out."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return {}
    found = (re.match(r"([\w.-]+)\s*\(?([^;()]*)\)?\s*(;.*)?$", line) for line in lines)
    return {one[1]: one[2].strip() for one in found if "extra ==" not in (one[3] or "")}


def wrong_python(needs):
    """Yield a fault where Python is too old, or the course is not installed in it."""
    if not needs:
        what = f"cnnlib is not installed in {sys.executable}"
        yield Fault(what, f'{pip()} --editable "{COURSE}"')
        return
    bounds = metadata.metadata("cnnlib")["Requires-Python"] or ""
    version = ".".join(map(str, sys.version_info[:3]))
    if not fits(version, bounds):
        another = "conda env create --file environment.yml"
        if "CONDA_PREFIX" not in os.environ and os.name == "posix":
            another = "make PYTHON=python3.13 lab"
        yield Fault(f"Python {version} runs, and the course needs {bounds}", another)


def wrong_packages(needs):
    """Yield a fault for each package that is missing, or of a version that does not do."""
    for name, bounds in needs.items():
        mend = f'{pip()} --upgrade "{name}{bounds}"'
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Fault(f"{name} is not installed in {sys.executable}", mend, name)
            continue
        if not fits(version, bounds):
            yield Fault(f"{name} {version} is installed, and the course needs {bounds}", mend, name)


def hidden_packages(needs, folder):
    """Yield a fault for each file of a student's that has the name of a package."""
    move = "mv" if os.name == "posix" else "move"
    for name in needs:
        if (folder / f"{name}.py").is_file():
            what = f"the file {name}.py in {folder} hides the package {name}"
            mend = f'{move} "{folder / name}.py" "{folder / "my_"}{name}.py"'
            yield Fault(what, mend, name)


def broken_numpy(needs, folder):
    """Yield a fault where NumPy cannot be imported, or takes Python down with it."""
    if "numpy" in sys.modules:
        return
    mend = f'{pip()} --force-reinstall --no-deps "numpy{needs.get("numpy", "")}"'
    try:
        done = ask(sys.executable, "import numpy", folder)
    except subprocess.TimeoutExpired:
        yield Fault(f"NumPy is not imported within {SECONDS} seconds", mend)
        return
    said = re.findall(r"^(?:[\w.]+Error|Original error was)\b.*", done.stderr, re.MULTILINE)
    if done.returncode and said:
        yield Fault(f"NumPy cannot be imported ({said[-1][:160].rstrip('. :')})", mend)
    elif done.returncode:
        yield Fault(f"NumPy crashes when it is imported ({ending(done.returncode)})", mend)


def ending(code):
    """Say how a process ended."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit {code}"


# --- the lab, its kernel and its widgets -----------------------------------------------------


def wrong_lab(needs, with_widgets):
    """Yield a fault for a kernel that is not this Python, or for widgets that do not fit it."""
    python = python_of_lab()
    try:
        done = ask(python, ASK_THE_LAB)
        lab = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        mend = f'{pip()} --force-reinstall "jupyterlab{needs["jupyterlab"]}"'
        yield Fault(f"JupyterLab runs with {python}, and that does not answer", mend)
        return
    yield from wrong_kernel(lab)
    if with_widgets:
        yield from wrong_manager(lab)


def python_of_lab():
    """Return the Python of the JupyterLab that a terminal starts; ours where there is none."""
    found = shutil.which("jupyter-lab")
    if not found:
        return sys.executable
    with open(found, "rb") as script:
        head = script.read(500).decode("utf-8", "replace")
    # Where the path is long or has a space in it, it stands in the second line, in quotes.
    named = re.match(r"#!\s*(\S*python[\w.]*)|#!/bin/sh\s+'''exec' \"?([^\"\n]*python[\w.]*)", head)
    if named:
        return named[1] or named[2]
    place = Path(found).resolve().parent
    beside = (place / "python.exe", place.parent / "python.exe", place / "python3")
    return next((str(path) for path in beside if path.is_file()), sys.executable)


def wrong_kernel(lab):
    """Yield a fault where the lab's kernel "Python 3" is another Python than this one."""
    path = first(lab, KERNEL)
    python = json.loads(path.read_text("utf-8"))["argv"][0] if path else "python"
    if re.fullmatch(r"python[\d.]*", python):  # Jupyter takes its own
        python = lab["python"]
    if same_folder(python, sys.executable):
        return
    install = f'"{sys.executable}" -m ipykernel install'
    if path is None or path.is_relative_to(lab["prefix"]):
        mend = f"{install} --sys-prefix"
        if not same_folder(lab["python"], sys.executable):  # another installation: leave it so
            mend = f'"{sys.executable}" -m jupyterlab'
    elif (data := path.parents[2]).parts[-2:] == ("share", "jupyter"):
        mend = f'{install} --prefix "{data.parents[1]}"'
    else:
        mend = remove(path.parent)
    yield Fault(f"the kernel Python 3 of the lab is {python}, and not {sys.executable}", mend)


def wrong_manager(lab):
    """Yield a fault where the lab cannot show the widgets of this Python's ipywidgets."""
    needed = {k.replace("-", "_"): v for k, v in requirements("ipywidgets").items()}
    bounds = needed.get("jupyterlab_widgets", "")
    mend = f'{pip(lab["python"])} --force-reinstall --no-deps "jupyterlab_widgets{bounds}"'
    path = first(lab, MANAGER)
    if path is None:
        yield Fault("JupyterLab has no widget manager, so no button and slider shows", mend)
        return
    here = f"ipywidgets {metadata.version('ipywidgets')}"
    base = json.loads(path.read_text("utf-8")).get("dependencies", {})
    base = numbers(base.get("@jupyter-widgets/base", "").lstrip("^~>=v"))[:1]
    if base and (base[0] >= NEW_BASE) != (protocol() >= (2,)):
        if not path.is_relative_to(lab["prefix"]):
            mend = remove(path.parent)  # left over from another installation
        what = f"the widget manager in {path.parent} speaks another protocol than {here}"
        yield Fault(what, mend)
    elif not fits(lab["manager"], bounds):
        what = f"JupyterLab has jupyterlab_widgets {lab['manager'] or '(none)'}"
        yield Fault(f"{what}, and {here} needs {bounds}", mend)


def protocol():
    """Return the version of the protocol that ipywidgets speaks, without an import of it."""
    path = metadata.distribution("ipywidgets").locate_file("ipywidgets/_version.py")
    text = Path(path).read_text("utf-8") if Path(path).is_file() else ""
    found = re.search(r"__jupyter_widgets_base_version__ = ['\"]([\d.]+)", text)
    return numbers(found[1]) if found else (2,)


# --- the folder and the network --------------------------------------------------------------


def no_room(folder):
    """Yield a fault where nothing can be saved beside the lessons."""
    for place in (folder, folder / "notebooks"):
        if place != folder and not place.is_dir():
            continue
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            mend = f'chmod u+w "{place}"'
            if os.name != "posix":
                mend = f'icacls "{place}" /grant "%USERNAME%:(OI)(CI)M"'
            elif place.stat().st_uid != os.getuid() or os.access(place, os.W_OK):
                mend = f'cp -R "{COURSE}" "{Path.home() / "cnnlib"}"'
            yield Fault(f"nothing can be saved in {place} ({error.strerror})", mend)
            return


def no_loopback():
    """Yield a fault where programs of this machine cannot talk to each other."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), 2).close()
    except OSError as error:
        mends = {"linux": "sudo ip link set lo up", "darwin": "sudo ifconfig lo0 up"}
        mend = mends.get(sys.platform, "netsh interface ip reset")
        yield Fault(f"127.0.0.1 does not answer ({error.strerror or error})", mend)


def proxy_in_the_way():
    """Yield a fault where a proxy would be asked for the lab on this machine."""
    proxies = [f"{kind}_proxy" for kind in ("http", "https", "all")]
    given = [name for name in os.environ if name.lower() in proxies and os.environ[name]]
    if given and not urllib.request.proxy_bypass_environment("127.0.0.1"):
        setting = "export NO_PROXY=" if os.name == "posix" else "set NO_PROXY="
        listed = urllib.request.getproxies_environment().get("no", "")
        names = ",".join(filter(None, [listed, "localhost,127.0.0.1"]))
        yield Fault(f"{given[0]} is set, and NO_PROXY does not name 127.0.0.1", setting + names)


def notes():
    """Yield what needs no mending."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # asks for a way there; nothing is sent
        except OSError:
            yield "This machine is offline. That is fine: nothing is fetched."


# --- small things ----------------------------------------------------------------------------


def pip(python=None):
    """Return the beginning of a command that installs into this Python, or another."""
    return f'"{python or sys.executable}" -m pip install'


def remove(folder):
    """Return the command that takes a folder away."""
    return f'rm -r "{folder}"' if os.name == "posix" else f'rmdir /s /q "{folder}"'


def ask(python, code, folder=None):
    """Run a few lines in another Python."""
    return subprocess.run(
        [python, "-c", code], cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )


def first(lab, name):
    """Return the first file of a name in the lab's data folders, or None."""
    paths = (Path(folder) / name for folder in lab["data"])
    return next((path for path in paths if path.is_file()), None)


def same_folder(one, other):
    """Whether two programs lie in one folder: python and python3 of one environment do."""
    folders = (os.path.normcase(os.path.realpath(os.path.dirname(path))) for path in (one, other))
    return len({*folders}) == 1


def numbers(version):
    """Return the numbers that a version begins with: (2, 1, 0) of "2.1.0rc1"."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else ()


def fits(version, bounds):
    """Whether a version keeps to bounds such as ">=2.0,<3" or "~=3.0.17"."""
    return all(_fits(numbers(version), bound) for bound in bounds.split(",") if bound.strip())


def _fits(version, bound):
    operator, given = re.match(r"\s*([<>=!~]=?)=?\s*(.*)", bound).groups()
    wanted, near = numbers(given), given.strip().endswith("*")
    length = len(wanted) if near else max(len(version), len(wanted))
    here, there = (n[:length] + (0,) * (length - len(n)) for n in (version, wanted))
    if operator == "~=":
        return here >= there and here[: len(wanted) - 1] == wanted[:-1]
    if operator == "!=":
        return here != there
    below, equal = here < there, here == there
    answers = {"<": below, "<=": below or equal, ">=": not below, ">": not (below or equal)}
    return bool(version) and answers.get(operator, equal)


def main():
    """Print the report; return 0 where all is well, else 1."""
    report = examine()
    print(report)
    return int(bool(report.faults))


if __name__ == "__main__":
    sys.exit(main())

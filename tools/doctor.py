"""Find what is wrong with an installation, and the command that fixes it.

    python tools/doctor.py      exits with 0 if all is well; otherwise prints a line for each fault
    %run ../tools/doctor.py     the same in a lesson

It needs nothing but the standard library, because it must run where a package is missing or broken.
It downloads nothing and changes nothing. Whether widgets are alive, only a browser can tell: see
the next cell of lesson 00.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
MANAGER = "labextensions/@jupyter-widgets/jupyterlab-manager/package.json"
KERNEL = "kernels/python3/kernel.json"
BASE_OF_WIDGETS_8 = 6  # first major version of @jupyter-widgets/base for ipywidgets 8
SECONDS = 30  # for another Python to answer; a cold disk is slow
VERSION = ".".join(map(str, sys.version_info[:3]))
POSIX = os.name == "posix"
MOVE, REMOVE, SET = ("mv", "rm -r", "export") if POSIX else ("move", "rmdir /s /q", "set")

# What we ask the Python that runs JupyterLab, which may be another one.
ASK_THE_LAB = """
import json, sys
from importlib import metadata
from jupyter_core.paths import jupyter_path

try:
    manager = metadata.version("jupyterlab_widgets")
except metadata.PackageNotFoundError:
    manager = "none"
print(json.dumps({"python": sys.executable, "prefix": sys.prefix, "data": jupyter_path(),
                  "manager": manager}))
"""


def examine(folder):
    """Yield a line for each fault of the installation, as it is used from this folder."""
    needs = requirements("cnnlib")
    yield from wrong_python(needs)
    if not fits(VERSION, ">=3.11"):  # the rest needs a newer Python
        return
    faulty = wrong_packages(needs)
    yield from faulty.values()
    for place in dict.fromkeys((folder, COURSE / "notebooks")):
        yield from hidden_modules(place)
    if "numpy" in needs.keys() - faulty.keys():  # one fault, one line
        yield from broken_numpy(needs["numpy"])
    if "jupyterlab" in needs.keys() - faulty.keys():
        yield from wrong_lab(needs["jupyterlab"], with_widgets="ipywidgets" not in faulty)
    yield from read_only(folder)
    yield from no_loopback()
    yield from proxy_in_the_way()


def fault(what, command):
    """Put a fault and the command that fixes it into one line."""
    return " ".join(f"{what}. Run: {command}".split())


def pip(options, python=sys.executable):
    """Return a command of pip."""
    return f'"{python}" -m pip install {options}'


def ask(python, code):
    """Run a few lines in a Python, away from the student's files, and return what they print."""
    here = Path(__file__).parent
    command = [python, "-c", code]
    return subprocess.run(
        command, cwd=here, capture_output=True, check=True, text=True, timeout=SECONDS
    ).stdout


# --- Python and its packages -----------------------------------------------------------------


def requirements(name):
    """Return {package: bounds} of what an installed package needs, without its extras."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return {}
    found = (re.match(r"([\w.-]+)\s*\(?([^;()]*)", line) for line in lines if "extra" not in line)
    return {plain(one[1]): one[2].strip() for one in found}


def plain(name):
    """Return the name of a package in one spelling."""
    return re.sub(r"[-.]", "_", name.lower())


def installed(name):
    """Return the version of a package, or "none"."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def numbers(version):
    """Return the numbers in a version, such as (3, 0, 17)."""
    return tuple(map(int, re.findall(r"\d+", version)))


def fits(version, bounds):
    """Whether a version satisfies bounds such as ">=2.0,<3" or "~=3.0.17"."""
    for operator, wanted in re.findall(r"(>=|~=|<)\s*([\d.]+)", bounds):
        here, wanted = numbers(version), numbers(wanted)
        if (here < wanted) != (operator == "<"):
            return False
        if operator == "~=" and here[: len(wanted) - 1] != wanted[:-1]:
            return False
    return True


def wrong_python(needs):
    """Yield a fault if Python is too old, or the course is not installed in it."""
    if not needs:
        yield fault(f"cnnlib is not installed in {sys.executable}", pip(f'--editable "{COURSE}"'))
    elif not fits(VERSION, bounds := metadata.metadata("cnnlib")["Requires-Python"] or ""):
        conda = "CONDA_PREFIX" in os.environ or not POSIX
        command = (
            "conda env create --file environment.yml" if conda else "make PYTHON=python3.13 lab"
        )
        yield fault(f"this is Python {VERSION}, and the course needs {bounds}", command)


def wrong_packages(needs):
    """Return {package: fault} of those that are missing, or whose version does not fit."""
    found = {}
    for name, bounds in needs.items():
        if not fits(version := installed(name), bounds):
            what = f"the course needs {name}{bounds}, but {sys.executable} has {version}"
            found[name] = fault(what, pip(f'--upgrade "{name}{bounds}"'))
    return found


def hidden_modules(folder):
    """Yield a fault for each file in a folder that Python would take for one of its modules."""
    names = known_modules() if folder.is_dir() else ()
    for path in sorted(folder.iterdir() if names else ()):
        module = path if path.suffix == ".py" else path / "__init__.py"
        if path.stem in names and module.is_file() and path != COURSE / "cnnlib":
            what = f"{path.name} in {folder} hides the module {path.stem}"
            yield fault(what, f'{MOVE} "{path}" "{folder / "my_"}{path.name}"')


def known_modules():
    """Return the names of all modules of Python, of the course, and of what it needs."""
    needed, todo = set(), ["cnnlib"]
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += requirements(name)
    modules = metadata.packages_distributions().items()
    of_packages = {name for name, owners in modules if needed & {*map(plain, owners)}}
    return {*sys.stdlib_module_names, *of_packages, *needed}


def broken_numpy(bounds):
    """Yield a fault if NumPy cannot be imported, crashes Python or takes forever."""
    try:
        if "numpy" not in sys.modules:
            ask(sys.executable, "import numpy")
    except subprocess.SubprocessError:
        yield fault("NumPy cannot be imported", pip(f'--force-reinstall --no-deps "numpy{bounds}"'))


# --- JupyterLab, its kernel and its widgets --------------------------------------------------


def wrong_lab(bounds, with_widgets):
    """Yield a fault for a kernel that is not this Python, or for widgets that do not fit it."""
    python = python_of_lab()
    try:
        lab = json.loads(ask(python, ASK_THE_LAB))
    except (OSError, ValueError, subprocess.SubprocessError):
        what = f"JupyterLab runs with {python}, which does not answer"
        yield fault(what, pip(f'--force-reinstall "jupyterlab{bounds}"'))
        return
    yield from wrong_kernel(lab)
    if with_widgets:
        yield from wrong_manager(lab)


def python_of_lab():
    """Return the Python of the JupyterLab that a terminal starts; ours if there is none."""
    script = Path(shutil.which("jupyter-lab") or sys.executable).resolve()
    head = script.read_bytes()[:500].decode("utf-8", "replace")
    # If the path is long or has a space in it, it is in the second line, in quotation marks.
    named = re.match(r"#!\s*(/\S*python[\w.]*)|#!/bin/sh\s+'''exec' \"([^\"\n]*)\"", head)
    beside = (script.with_name("python.exe"), script.parents[1] / "python.exe")
    there = [str(path) for path in beside if path.is_file()]
    return named[1] or named[2] if named else [*there, sys.executable][0]


def wrong_kernel(lab):
    """Yield a fault if the kernel "Python 3" of the lab is not this Python."""
    path = first(lab, KERNEL)
    python = json.loads(path.read_text("utf-8"))["argv"][0] if path else "python"
    if re.fullmatch(r"python[\d.]*", python):  # Jupyter uses its own
        python = lab["python"]
    if same_folder(python, sys.executable):
        return
    others = not same_folder(lab["python"], sys.executable)
    if path is None or others and path.is_relative_to(lab["prefix"]):  # leave it as it is
        command = f'"{sys.executable}" -m jupyterlab'
    elif path.parts[-5:-3] == ("share", "jupyter"):
        command = f'"{sys.executable}" -m ipykernel install --prefix "{path.parents[4]}"'
    else:
        command = f'{REMOVE} "{path.parent}"'
    yield fault(f"the kernel Python 3 of the lab is {python}, not {sys.executable}", command)


def wrong_manager(lab):
    """Yield a fault if the lab cannot show the widgets of ipywidgets."""
    bounds = requirements("ipywidgets").get("jupyterlab_widgets", "")
    command = pip(f'--force-reinstall --no-deps "jupyterlab_widgets{bounds}"', lab["python"])
    path = first(lab, MANAGER)
    if path is None:
        yield fault("JupyterLab has no widget manager, so it shows no buttons or sliders", command)
        return
    base = numbers(json.loads(path.read_text("utf-8"))["dependencies"]["@jupyter-widgets/base"])
    if base[0] < BASE_OF_WIDGETS_8 and not path.is_relative_to(lab["prefix"]):
        what = f"the widget manager in {path.parent} is left over, and too old for ipywidgets"
        yield fault(what, f'{REMOVE} "{path.parent}"')
    elif not fits(lab["manager"], bounds):
        what = f"JupyterLab has jupyterlab_widgets {lab['manager']}, and ipywidgets needs {bounds}"
        yield fault(what, command)


def first(lab, name):
    """Return the first file with this name in the lab's data folders, or None."""
    paths = (Path(folder) / name for folder in lab["data"])
    return next((path for path in paths if path.is_file()), None)


def same_folder(one, other):
    """Whether two programs are in one folder, as python and python3 of one environment are."""
    return os.path.realpath(os.path.dirname(one)) == os.path.realpath(os.path.dirname(other))


# --- the folder and the network --------------------------------------------------------------


def read_only(folder):
    """Yield a fault if nothing can be saved in the folder, or with the lessons in it."""
    for place in filter(Path.is_dir, (folder, folder / "notebooks")):
        try:
            tempfile.TemporaryFile(dir=place).close()
        except OSError as error:
            command = f'icacls "{place}" /grant "%USERNAME%:(OI)(CI)M"'
            if POSIX:
                mine = place.stat().st_uid == os.getuid() and not os.access(place, os.W_OK)
                copy = f'cp -R "{COURSE}" "{Path.home() / "cnnlib"}"'
                command = f'chmod u+w "{place}"' if mine else copy
            yield fault(f"nothing can be saved in {place} ({error.strerror})", command)
            return


def no_loopback():
    """Yield a fault if programs on this machine cannot talk to each other."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), 2).close()
    except OSError as error:
        commands = {"linux": "sudo ip link set lo up", "darwin": "sudo ifconfig lo0 up"}
        command = commands.get(sys.platform, "netsh interface ip reset")
        yield fault(f"127.0.0.1 does not answer ({error.strerror or error})", command)


def proxy_in_the_way():
    """Yield a fault if a proxy would be asked for the lab on this machine."""
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    given = [name for name in os.environ if name.lower() in proxies and os.environ[name]]
    exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if given and not {"*", "127.0.0.1"} & {*re.split(r"[\s,]+", exempt)}:
        listed = ",".join(filter(None, [exempt, "localhost,127.0.0.1"]))
        what = f"{given[0]} is set, and NO_PROXY does not name 127.0.0.1"
        yield fault(what, f"{SET} NO_PROXY={listed}")


def main():
    """Print what was found; return 0 if all is well, otherwise 1."""
    if sys.platform == "emscripten":  # JupyterLite brings everything with it
        print("All is well: Python runs in the browser.")
        return 0
    faults = list(examine(Path.cwd()))
    print("\n".join(faults or ["All is well."]))
    return int(bool(faults))


if __name__ == "__main__":
    ended = main()
    if "IPython" not in sys.modules:  # a lesson would show an exit as an error
        sys.exit(ended)

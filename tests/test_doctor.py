"""Each planted fault of an installation gets one line, with the command that fixes it."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tools import doctor

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = re.escape(f'"{sys.executable}"')
NEEDS = "".join(
    f"Requires-Dist: {name}\n" for name in ("numpy>=2.0", "jupyterlab>=4.2", "ipywidgets>=8.1")
)


class Place:
    """A folder to work in, one for fake packages, and the environment of a run."""

    def __init__(self, folder):
        self.folder, self.site, self.jupyter = (folder / name for name in ("work", "site", "jup"))
        for made in (self.folder, self.site, self.jupyter):
            made.mkdir()
        proxies = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "conda_prefix")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
        self.environment = {k: v for k, v in kept.items() if k.lower() not in proxies} | {
            "PYTHONPATH": os.pathsep.join(map(str, (self.site, REPOSITORY))),
            "PATH": str(folder / "bin"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "HOME": str(folder),
            "APPDATA": str(folder),
        }

    def distribution(self, name, version, more=""):
        """Put a package's metadata before those of the one that is installed."""
        self.put(
            self.site / f"{name}-{version}.dist-info" / "METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}",
        )

    def package(self, name, text):
        self.put(self.site / name / "__init__.py", text)

    def put(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def kernel(self, data):
        argv = [str(self.jupyter / "bin" / "python"), "-m", "ipykernel_launcher"]
        self.put(data / doctor.KERNEL, json.dumps({"argv": argv}))
        self.environment["JUPYTER_PATH"] = str(data)

    def run(self, *options):
        """Return (exit code, lines) of the doctor."""
        done = subprocess.run(
            [sys.executable, *options, REPOSITORY / "tools" / "doctor.py"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def without_manager(place):
    place.package("jupyter_core", "")
    place.put(place.site / "jupyter_core" / "paths.py", "def jupyter_path():\n    return []\n")


def manager_left_over(place):
    text = json.dumps({"dependencies": {"@jupyter-widgets/base": "^4.1.0"}})
    place.put(place.jupyter / doctor.MANAGER, text)
    place.environment["JUPYTER_PATH"] = str(place.jupyter)


def kernel_of_another_python(place):
    place.kernel(place.jupyter / "share" / "jupyter")


def kernel_left_over(place):
    place.kernel(place.jupyter)


def with_proxy(place, **names):
    place.environment |= names


def installed(name, version, more=""):
    return lambda place: place.distribution(name, version, more)


def package(name, text):
    return lambda place: place.package(name, text)


INSTALL = f"{PYTHON} -m pip install"
NUMPY = rf'{INSTALL} --force-reinstall --no-deps "numpy>=2\.0"'
WIDGETS = rf'{INSTALL} --force-reinstall --no-deps "jupyterlab_widgets~=3\.[\d.]+"'
MOVE, REMOVE = r'(mv|move) ".*" ".*my_\w+\.py"', r'(rm -r|rmdir /s /q) ".*"'
PROXY = "http://proxy.example:3128"
FAULTS = {  # name: plant, what is told, the command
    "old Python": (
        installed("cnnlib", "9", f"Requires-Python: >=3.99\n{NEEDS}"),
        r"this is Python 3\S+, .* needs >=3\.99",
        "make PYTHON=python3.* lab|conda env create .*",
    ),
    "no package": (
        installed("cnnlib", "9", f"{NEEDS}Requires-Dist: not-there>=1.5\n"),
        r"the course needs not_there>=1\.5, but .* has none",
        rf'{INSTALL} --upgrade "not_there>=1\.5"',
    ),
    "old NumPy": (
        installed("numpy", "1.26.4"),
        r"needs numpy>=2\.0, but .* has 1\.26\.4",
        rf'{INSTALL} --upgrade "numpy>=2\.0"',
    ),
    "old ipywidgets": (
        installed("ipywidgets", "7.8.1", "Requires-Dist: jupyterlab_widgets<3\n"),
        r"ipywidgets>=8\.1, but .* has 7\.8\.1",
        rf'{INSTALL} --upgrade "ipywidgets>=8\.1"',
    ),
    "NumPy crashes": (
        package("numpy", "import os\nos.abort()\n"),
        "NumPy cannot be imported",
        NUMPY,
    ),
    "a file numpy.py": (
        lambda p: p.put(p.folder / "numpy.py", "raise ValueError"),
        r"numpy\.py in .* hides the module numpy",
        MOVE,
    ),
    "no widget manager": (without_manager, "no widget manager", WIDGETS),
    "manager of another major version": (
        installed("jupyterlab_widgets", "1.1.7"),
        r"jupyterlab_widgets 1\.1\.7, and ipywidgets needs ~=3",
        WIDGETS,
    ),
    "manager left over": (manager_left_over, "left over, and too old for ipywidgets", REMOVE),
    "kernel of another Python": (
        kernel_of_another_python,
        "the kernel Python 3 of the lab is .*python, not ",
        f'{PYTHON} -m ipykernel install --prefix ".*jup"',
    ),
    "kernel left over": (kernel_left_over, "the kernel Python 3 of the lab is", REMOVE),
    "lab does not answer": (
        package("jupyter_core", "raise ImportError\n"),
        "JupyterLab runs with .* does not answer",
        rf'{INSTALL} --force-reinstall "jupyterlab>=4\.2"',
    ),
    "proxy with an exception": (
        lambda p: with_proxy(p, http_proxy=PROXY, no_proxy="example.org"),
        "(?i)http_proxy is set",
        r"(export|set) NO_PROXY=example\.org,localhost,127\.0\.0\.1",
    ),
}


def test_if_all_is_well_it_says_so(place):
    with_proxy(place, HTTP_PROXY=PROXY, NO_PROXY="example.org, 127.0.0.1")
    assert place.run() == (0, ["All is well."])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_gets_one_line_with_the_command_that_fixes_it(place, name):
    plant, what, command = FAULTS[name]
    plant(place)
    code, (line,) = place.run()
    said, fix = line.split(". Run: ")
    assert code == 1
    assert re.search(what, said)
    assert re.fullmatch(command, fix)


@pytest.mark.parametrize("plant", [manager_left_over, kernel_of_another_python, kernel_left_over])
def test_the_command_fixes_it(place, plant):
    plant(place)
    _, (line,) = place.run()
    found = re.findall(r'"([^"]*)"|(\S+)', line.split(". Run: ")[1])
    words = [quoted or bare for quoted, bare in found]
    if words[0] in ("rm", "rmdir"):  # the test may run where there is neither
        assert Path(words[-1]).is_relative_to(place.jupyter)
        shutil.rmtree(words[-1])
    else:
        environment = place.environment | {"PYTHONPATH": ""}
        subprocess.run(words, check=True, capture_output=True, env=environment, timeout=60)
    assert place.run() == (0, ["All is well."])


def test_a_course_that_is_not_installed_is_the_one_fault(place):
    code, (line,) = place.run("-S")
    assert code == 1
    assert line.startswith(f"cnnlib is not installed in {sys.executable}. Run: ")
    assert line.endswith(f'-m pip install --editable "{REPOSITORY}"')


def test_numpy_that_never_comes(monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    monkeypatch.setattr(doctor, "SECONDS", 0.01)
    (said,) = doctor.broken_numpy(">=2.0")
    assert said.startswith("NumPy cannot be imported. Run: ")


# --- faults that a test cannot plant everywhere ---------------------------------------------


def refuses(*arguments, **options):
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    assert list(doctor.read_only(tmp_path)) == []
    monkeypatch.setattr(tempfile, "TemporaryFile", refuses)
    monkeypatch.setattr(os, "access", lambda *a: False)
    fix = {True: f'chmod u+w "{tmp_path}"', False: f'icacls "{tmp_path}" '}[doctor.POSIX]
    (said,) = doctor.read_only(tmp_path)
    assert f"nothing can be saved in {tmp_path} (Permission denied). Run: {fix}" in said
    if doctor.POSIX:  # somebody else's
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        (said,) = doctor.read_only(tmp_path)
        assert f'Run: cp -R "{REPOSITORY}"' in said


def test_no_loopback(monkeypatch):
    assert list(doctor.no_loopback()) == []
    monkeypatch.setattr(socket, "create_server", refuses)
    fixes = ("linux", "sudo ip link set lo up"), ("darwin", "sudo ifconfig lo0 up")
    for system, fix in (*fixes, ("win32", "netsh interface ip reset")):
        monkeypatch.setattr(sys, "platform", system)
        said = f"127.0.0.1 does not answer (Permission denied). Run: {fix}"
        assert list(doctor.no_loopback()) == [said]


@pytest.mark.parametrize(
    ("head", "python"),
    [
        ("#!/home/a/.venv/bin/python\n", "/home/a/.venv/bin/python"),
        ("#!/opt/conda/bin/python3.12 -s\n", "/opt/conda/bin/python3.12"),
        ('#!/bin/sh\n\'\'\'exec\' "/my course/bin/python3" "$0" "$@"\n', "/my course/bin/python3"),
        ("#!/usr/bin/env bash\nexec pyenv\n", sys.executable),
        ("MZ\x90", "python.exe"),
    ],
)
def test_the_lab_of_the_terminal_names_its_python(tmp_path, monkeypatch, head, python):
    script = tmp_path / "bin" / "jupyter-lab"
    script.parent.mkdir()
    script.write_text(head, encoding="utf-8")
    monkeypatch.setattr(shutil, "which", lambda name: str(script))
    if python == "python.exe":
        script.with_name(python).touch()
        python = str(script.with_name(python))
    assert doctor.python_of_lab() == python


def test_a_version_satisfies_its_bounds():
    good = "10.0 >=9.5|3.14.2 >=3.11,<3.15|3.0.17 ~=3.0.15|2.1.0rc1 >=2.1|2.0 |2.0 >=2.0"
    bad = "1.26.4 >=2.0|3.15.0 >=3.11,<3.15|3.1.0 ~=3.0.15|3.0.14 ~=3.0.15|none >=1"
    for cases, right in ((good, True), (bad, False)):
        for case in cases.split("|"):
            assert doctor.fits(*case.split(" ")) is right, case


PACKAGES = ("numpy", "matplotlib", "ipywidgets", "IPython", "traitlets", "zmq", "cnnlib", "PIL")


@pytest.mark.parametrize("as_folder", [False, True])
def test_every_file_that_hides_a_module_is_named(place, as_folder):
    names = {*sys.stdlib_module_names, *PACKAGES}
    for name in names:
        place.put(place.folder / (f"{name}/__init__.py" if as_folder else f"{name}.py"), "x = 1\n")
    for name in ("my_random", "random_walk", "notes", "Random"):
        place.put(place.folder / f"{name}.py", "x = 1\n")
    place.put(place.folder / "data" / "random.py", "")
    place.put(place.folder / "empty" / "readme.txt", "")
    code, lines = place.run()
    found = re.findall(r"^(\S+) in \S+ hides the module (\w+)\. Run: m\w+ ", "\n".join(lines), re.M)
    assert code == 1
    assert {name for _, name in found} == names
    assert len(lines) == len(names)


def test_a_file_beside_the_lessons_is_found_from_elsewhere(place, monkeypatch):
    monkeypatch.setattr(doctor, "COURSE", place.folder)
    place.put(place.folder / "notebooks" / "random.py", "")
    place.put(place.folder / "cnnlib" / "__init__.py", "")  # the package of the course itself
    places = (place.folder, place.folder / "notebooks", place.folder / "not there")
    (said,) = [line for folder in places for line in doctor.hidden_modules(folder)]
    assert said.startswith(f"random.py in {place.folder / 'notebooks'} hides the module random.")


def test_it_imports_the_standard_library_alone_and_what_a_kernel_has_loaded_already():
    """So that no file beside a lesson can break it there."""
    tree = ast.parse(Path(doctor.__file__).read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imports = [getattr(node, "module", None) or node.names[0].name for node in found]
    assert {name.split(".")[0] for name in imports} <= sys.stdlib_module_names
    code = (
        f"import sys, ipykernel.kernelapp; print({imports} and {{*{imports}}} - {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "json" in imports
    assert done.stdout == "set()\n"


def test_in_the_browser_there_is_nothing_to_ask(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(subprocess, "run", refuses)
    assert doctor.main() == 0
    assert capsys.readouterr().out == "All is well: Python runs in the browser.\n"


def test_in_a_lesson_a_fault_is_text_and_no_exception(place):
    place.put(place.folder / "numpy.py", "")
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if p]\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        f"InteractiveShell().run_line_magic('run', {str(Path(doctor.__file__))!r})"
    )
    how = {"cwd": place.folder, "env": place.environment, "timeout": 60}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **how)
    assert "hides the module numpy. Run: m" in done.stdout
    assert "SystemExit" not in done.stdout + done.stderr

"""Each planted fault of an installation gets one line, and one command that mends it."""

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

from cnnlib.steppers import controls
from tools import doctor

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = re.escape(f'"{sys.executable}"')
POSIX = os.name == "posix"
OFFLINE = "This machine is offline"
NEEDS = """Requires-Dist: numpy>=2.0
Requires-Dist: jupyterlab>=4.2
Requires-Dist: ipywidgets>=8.1
"""


class Place:
    """A folder to work in, one for fake packages, and the surroundings of a run."""

    def __init__(self, folder):
        self.folder, self.site, self.jupyter = (folder / name for name in ("work", "site", "jup"))
        for made in (self.folder, self.site, self.jupyter):
            made.mkdir()
        proxies = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "conda_prefix")
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("JUPYTER") and name.lower() not in proxies
        }
        more = {
            "PYTHONPATH": os.pathsep.join(map(str, (self.site, REPOSITORY))),
            "PATH": str(folder / "bin"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "HOME": str(folder),
            "APPDATA": str(folder),
        }
        self.environment |= more

    def distribution(self, name, version, more=""):
        """Put a package's metadata before those of the one that is installed."""
        where = self.site / f"{name}-{version}.dist-info"
        where.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"
        (where / "METADATA").write_text(text, encoding="utf-8")

    def package(self, name, text):
        (self.site / name).mkdir()
        (self.site / name / "__init__.py").write_text(text, encoding="utf-8")

    def data_folders(self, *folders):
        """Let Jupyter know of these data folders only."""
        self.package("jupyter_core", "")
        text = f"def jupyter_path():\n    return {list(map(str, folders))!r}\n"
        (self.site / "jupyter_core" / "paths.py").write_text(text, encoding="utf-8")

    def put(self, path, content):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content), encoding="utf-8")

    def kernel(self, data, python):
        self.put(data / doctor.KERNEL, {"argv": [str(python), "-m", "ipykernel_launcher"]})

    def manager(self, data, base):
        self.put(data / doctor.MANAGER, {"dependencies": {"@jupyter-widgets/base": base}})

    def run(self, *options):
        """Return (exit code, lines) of the doctor."""
        done = subprocess.run(
            [sys.executable, *options, "-m", "tools.doctor"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        lines = done.stdout.splitlines()
        return done.returncode, [line for line in lines if not line.startswith(OFFLINE)]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# --- the faults, planted -------------------------------------------------------------------


def old_python(place):
    place.distribution("cnnlib", "9", f"Requires-Python: >=3.99\n{NEEDS}")


def no_package(place):
    place.distribution("cnnlib", "9", f"{NEEDS}Requires-Dist: not-there>=1.5\n")


def old_numpy(place):
    place.distribution("numpy", "1.26.4")


def old_ipywidgets(place):
    place.distribution("ipywidgets", "7.8.1", "Requires-Dist: jupyterlab_widgets>=1,<3\n")


def numpy_that_crashes(place):
    place.package("numpy", "import os\nos.abort()\n")


def numpy_that_cannot_be_imported(place):
    place.package("numpy", "raise ImportError('no library\\nPLEASE READ THIS')\n")


def numpy_half_there(place):
    place.package("numpy", "from numpy import core_of_it\n")


def file_named_numpy(place):
    (place.folder / "numpy.py").touch()


def file_named_matplotlib(place):
    (place.folder / "matplotlib.py").touch()


def no_manager(place):
    place.data_folders(place.jupyter)


def manager_of_another_major(place):
    place.distribution("jupyterlab_widgets", "1.1.7")


def manager_of_another_minor(place):
    place.distribution("jupyterlab_widgets", "3.0.2")


def manager_left_over(place):
    place.manager(place.jupyter, "^4.1.0")
    place.environment["JUPYTER_PATH"] = str(place.jupyter)


def kernel_of_another_python(place):
    data = place.jupyter / "share" / "jupyter"
    place.kernel(data, place.jupyter / "bin" / "python")
    place.environment["JUPYTER_PATH"] = str(data)


def kernel_left_over(place):
    place.kernel(place.jupyter, place.jupyter / "bin" / "python")
    place.environment["JUPYTER_PATH"] = str(place.jupyter)


def lab_that_does_not_answer(place):
    place.package("jupyter_core", "raise ImportError\n")


def proxy_for_all(place):
    place.environment["HTTPS_PROXY"] = "http://proxy.example:3128"


def proxy_with_another_exception(place):
    place.environment |= {"http_proxy": "http://proxy.example:3128", "no_proxy": "example.org"}


INSTALL = f"{PYTHON} -m pip install"
SAVE = "export" if POSIX else "set"
AWAY = "rm -r" if POSIX else "rmdir /s /q"
MOVE = "mv" if POSIX else "move"
FAULTS = [
    (old_python, r"Python 3\S+ runs, .* needs >=3\.99", r"make PYTHON=python3|conda env create"),
    (no_package, "not-there is not installed in", f'{INSTALL} --upgrade "not-there>=1.5"'),
    (old_numpy, r"numpy 1\.26\.4 is installed", rf'{INSTALL} --upgrade "numpy>=2\.0"'),
    (old_ipywidgets, r"ipywidgets 7\.8\.1", rf'{INSTALL} --upgrade "ipywidgets>=8\.1"'),
    (
        numpy_that_crashes,
        r"NumPy crashes when it is imported \((SIGABRT|exit \d+)\)",
        rf'{INSTALL} --force-reinstall --no-deps "numpy>=2\.0"',
    ),
    (
        numpy_that_cannot_be_imported,
        r"NumPy cannot be imported \(ImportError: no library\)",
        rf'{INSTALL} --force-reinstall --no-deps "numpy>=2\.0"',
    ),
    (
        numpy_half_there,
        r"NumPy cannot be imported \(ImportError: .*core_of_it",
        rf'{INSTALL} --force-reinstall --no-deps "numpy>=2\.0"',
    ),
    (file_named_numpy, r"the file numpy\.py in", rf'{MOVE} ".*numpy\.py" ".*my_numpy\.py"'),
    (file_named_matplotlib, "hides the package matplotlib", rf'{MOVE} ".*\.py" ".*my_\w+\.py"'),
    (
        no_manager,
        "no widget manager",
        rf'{INSTALL} --force-reinstall --no-deps "jupyterlab_widgets~=3\.[\d.]+"',
    ),
    (
        manager_of_another_major,
        r"jupyterlab_widgets 1\.1\.7, and ipywidgets 8\S+ needs ~=3",
        rf'{INSTALL} --force-reinstall --no-deps "jupyterlab_widgets~=3\.[\d.]+"',
    ),
    (
        manager_of_another_minor,
        r"jupyterlab_widgets 3\.0\.2, and ipywidgets 8\S+ needs ~=3",
        rf'{INSTALL} --force-reinstall --no-deps "jupyterlab_widgets~=3\.[\d.]+"',
    ),
    (manager_left_over, "speaks another protocol than ipywidgets 8", f'{AWAY} ".*-manager"'),
    (
        kernel_of_another_python,
        "the kernel Python 3 of the lab is .*python, and not ",
        f'{PYTHON} -m ipykernel install --prefix ".*jup"',
    ),
    (kernel_left_over, "the kernel Python 3 of the lab is", f'{AWAY} ".*python3"'),
    (
        lab_that_does_not_answer,
        "JupyterLab runs with .* does not answer",
        rf'{INSTALL} --force-reinstall "jupyterlab>=4\.2"',
    ),
    (proxy_for_all, "HTTPS_PROXY is set", f"{SAVE} NO_PROXY=localhost,127.0.0.1"),
    (
        proxy_with_another_exception,
        "http_proxy is set" if POSIX else "HTTP_PROXY is set",
        rf"{SAVE} NO_PROXY=example\.org,localhost,127\.0\.0\.1",
    ),
]
MENDED_HERE = [manager_left_over, kernel_of_another_python, kernel_left_over]


def name_of(part):
    return getattr(part, "__name__", "")


def test_where_all_is_well_it_says_so(place):
    assert place.run() == (0, ["All is well."])


@pytest.mark.parametrize(("plant", "what", "mend"), FAULTS, ids=name_of)
def test_a_fault_gets_one_line_and_one_command(place, plant, what, mend):
    plant(place)
    code, lines = place.run()
    assert code == 1
    assert len(lines) == 1, lines
    (said, command), *more = [lines[0].split(". Run: ")]
    assert re.search(what, said) and not more
    assert re.fullmatch(mend if "|" not in mend else f"({mend}).*", command), command


@pytest.mark.parametrize("plant", MENDED_HERE)
def test_the_command_mends_it(place, plant):
    plant(place)
    _, (line,) = place.run()
    command = line.split(". Run: ")[1]
    words = re.findall(r'"([^"]*)"|(\S+)', command)
    words = [quoted or bare for quoted, bare in words]
    if words[0] in ("rm", "rmdir"):  # the test may run where there is neither
        assert Path(words[-1]).is_relative_to(place.jupyter)
        shutil.rmtree(words[-1])
    else:
        environment = place.environment | {"PYTHONPATH": ""}
        subprocess.run(words, check=True, capture_output=True, env=environment, timeout=60)
    assert place.run() == (0, ["All is well."])


@pytest.mark.parametrize("exempt", ["localhost,127.0.0.1", "*", "example.org, 127.0.0.1"])
def test_a_proxy_that_leaves_this_machine_alone_is_no_fault(place, exempt):
    place.environment |= {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": exempt}
    assert place.run() == (0, ["All is well."])


def test_a_course_that_is_not_installed_is_the_one_fault(place):
    code, lines = place.run("-S")
    assert code == 1 and len(lines) == 1
    assert lines[0].startswith(f"cnnlib is not installed in {sys.executable}. Run: ")
    assert lines[0].endswith(f'-m pip install --editable "{REPOSITORY}"')


def test_two_faults_get_two_lines(place):
    old_numpy(place)
    proxy_for_all(place)
    code, lines = place.run()
    assert (code, len(lines)) == (1, 2)


# --- those that a process cannot plant everywhere -------------------------------------------


def one(faults):
    (fault,) = faults
    assert len(str(fault).splitlines()) == 1
    return str(fault)


def refuses(*arguments, **options):
    raise PermissionError(13, "Permission denied")


@pytest.mark.skipif(not POSIX, reason="chmod is of POSIX")
def test_a_folder_of_ones_own_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", refuses)
    monkeypatch.setattr(os, "access", lambda *a: False)
    assert one(doctor.no_room(tmp_path)).endswith(f'Run: chmod u+w "{tmp_path}"')


def test_a_folder_of_another_person_is_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", refuses)
    if POSIX:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        assert f'Run: cp -R "{REPOSITORY}"' in one(doctor.no_room(tmp_path))
    assert "nothing can be saved in" in one(doctor.no_room(tmp_path))


def test_a_closed_folder_is_seen_for_what_it_is(tmp_path):
    closed = tmp_path / "notebooks"
    closed.mkdir()
    assert list(doctor.no_room(tmp_path)) == []
    closed.chmod(0o500)
    root = POSIX and os.geteuid() == 0  # may write everywhere but there
    where = Path("/proc/self") if root else tmp_path
    if POSIX and (not root or where.is_dir()):
        assert "nothing can be saved in" in one(doctor.no_room(where))
    closed.chmod(0o700)
    assert list(doctor.no_room(tmp_path)) == []


def test_no_loopback_is_a_fault(monkeypatch):
    assert list(doctor.no_loopback()) == []
    monkeypatch.setattr(socket, "create_server", refuses)
    assert "127.0.0.1 does not answer (Permission denied). Run: " in one(doctor.no_loopback())
    for system, mend in [("linux", "sudo ip link set lo up"), ("darwin", "sudo ifconfig lo0 up")]:
        monkeypatch.setattr(sys, "platform", system)
        assert one(doctor.no_loopback()).endswith(f"Run: {mend}")


def test_to_be_offline_is_fine(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", refuses)
    (note,) = doctor.notes()
    assert note.startswith(OFFLINE) and "That is fine" in note


def test_numpy_that_never_comes(place, monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(doctor, "SECONDS", 1)
    (place.folder / "numpy.py").write_text("import time\ntime.sleep(9)\n", encoding="utf-8")
    said = one(doctor.broken_numpy({"numpy": ">=2.0"}, place.folder))
    assert said.startswith("NumPy is not imported within 1 seconds. Run: ")


HEADS = {
    "#!/home/a/.venv/bin/python\n": "/home/a/.venv/bin/python",
    "#!/opt/conda/bin/python3.12 -s\n": "/opt/conda/bin/python3.12",
    '#!/bin/sh\n\'\'\'exec\' "/home/my course/.venv/bin/python3" "$0" "$@"\n': (
        "/home/my course/.venv/bin/python3"
    ),
    "#!/usr/bin/env bash\nexec pyenv\n": sys.executable,
    "MZ\x90": sys.executable,
}


@pytest.mark.parametrize("head", HEADS)
def test_the_lab_of_the_terminal_names_its_python(tmp_path, monkeypatch, head):
    script = tmp_path / "bin" / "jupyter-lab"
    script.parent.mkdir()
    script.write_text(head, encoding="utf-8")
    monkeypatch.setattr(shutil, "which", lambda name: str(script))
    assert doctor.python_of_lab() == HEADS[head]
    if HEADS[head] == sys.executable:
        (tmp_path / "bin" / "python.exe").touch()
        assert doctor.python_of_lab() == str(tmp_path / "bin" / "python.exe")


def test_without_a_lab_in_the_terminal_it_is_ours(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert doctor.python_of_lab() == sys.executable


def test_a_lab_of_another_installation_is_left_alone(tmp_path):
    other = {"python": str(tmp_path / "bin" / "python"), "prefix": str(tmp_path), "data": []}
    assert one(doctor.wrong_kernel(other)).endswith(f'Run: "{sys.executable}" -m jupyterlab')


def test_a_kernel_in_our_own_folder_is_written_anew(tmp_path, monkeypatch):
    ours, data = tmp_path / "bin" / "python", tmp_path / "share" / "jupyter"
    monkeypatch.setattr(sys, "executable", str(ours))
    (data / doctor.KERNEL).parent.mkdir(parents=True)
    lab = {"python": str(ours), "prefix": str(tmp_path), "data": [str(data)]}
    for python in ("python", "python3.13", str(ours), str(ours) + "3"):
        (data / doctor.KERNEL).write_text(json.dumps({"argv": [python]}), encoding="utf-8")
        assert list(doctor.wrong_kernel(lab)) == []
    (data / doctor.KERNEL).write_text('{"argv": ["/elsewhere/python"]}', encoding="utf-8")
    assert one(doctor.wrong_kernel(lab)).endswith(f'"{ours}" -m ipykernel install --sys-prefix')


FITS = [
    ("2.0", ">=2.0", True),
    ("2", ">=2.0", True),
    ("1.26.4", ">=2.0", False),
    ("10.0", ">=9.5", True),
    ("3.15.0", ">=3.11,<3.15", False),
    ("3.14.2", ">=3.11,<3.15", True),
    ("3.0.17", "~=3.0.15", True),
    ("3.1.0", "~=3.0.15", False),
    ("3.0.14", "~=3.0.15", False),
    ("4.0", "!=4.0", False),
    ("4.0.1", "==4.0.*", True),
    ("4.1", "==4.0.*", False),
    ("4.0", "<=4.0", True),
    ("4.0", ">4.0", False),
    ("2.1.0rc1", ">=2.1", True),
    ("2.0", "", True),
    ("", ">=1", False),
]


@pytest.mark.parametrize(("version", "bounds", "right"), FITS)
def test_a_version_keeps_to_its_bounds(version, bounds, right):
    assert doctor.fits(version, bounds) is right


# --- in a notebook --------------------------------------------------------------------------


def test_the_slider_is_answered_by_the_kernel():
    text, slider, heard = controls.sign_of_life("<p>All is well.</p>").children
    assert text.value.startswith("<p>All is well.</p>") and heard.value == "The kernel has 3."
    slider.value = 7
    assert heard.value == "The kernel has 7."


def test_an_old_browser_is_told_without_a_script():
    text = controls.sign_of_life("").children[0].value
    assert "@supports not selector(:has(*))" in text and "script" not in text
    assert "too old" in text


def test_in_the_browser_there_is_nothing_to_ask(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(subprocess, "run", refuses)
    assert str(doctor.examine()).startswith("All is well.\nPython runs in the browser")


def test_a_report_shows_a_slider_and_keeps_its_words_without_one():
    report = doctor.Report((doctor.Fault("a < b", 'run "this"'),), ("a note",))
    shown = report._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert shown["text/plain"] == repr(report) == 'a < b. Run: run "this"\na note'
    assert "a &lt; b. Run: <code>run &quot;this&quot;</code>" in shown["text/html"]
    code = (
        "import sys; sys.modules['ipywidgets'] = None; from tools import doctor; "
        "print(*doctor.Report((), ())._repr_mimebundle_())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["text/plain", "text/html"]


def test_it_needs_nothing_but_python():
    done = subprocess.run(
        [sys.executable, "-v", "-m", "tools.doctor"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = {*re.findall(r"^import '([\w.]+)'", done.stderr, re.MULTILINE)}
    assert "cnnlib" in loaded
    assert not {name.split(".")[0] for name in loaded} & {"numpy", "ipywidgets", "jupyter_core"}

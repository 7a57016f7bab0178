"""The lessons again and again, without a network, and with other versions of the packages."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from contextlib import contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
LESSONS = sorted(path.stem[:2] for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
TIMES = 10
SPIN = "import os\nos.nice(1)\nwhile True:\n    pass"

# In a network of its own, the loopback must be switched on first.
LO_UP = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
try:
    socket.create_connection(("192.0.2.1", 9), 2)
    sys.exit("there is a network")
except OSError:
    os.execv(sys.argv[1], sys.argv[1:])
"""
WAYS_APART = (["unshare", "-n"], ["unshare", "-rn"], ["sudo", "-n", "-E", "unshare", "-n"])


class Copy:
    """Copies of the lessons in a folder of their own, from which nothing is to leave."""

    def __init__(self, folder):
        self.folder, self.log = folder / "inside", folder / "elsewhere.log"
        self.lessons = self.folder / "notebooks"
        for name in ("notebooks", "figures"):
            no = shutil.ignore_patterns(".*", "__pycache__")
            shutil.copytree(REPOSITORY / name, self.folder / name, ignore=no)
        self.log.touch()
        inside = {
            "HOME": "home",
            "USERPROFILE": "home",
            "TMPDIR": "tmp",
            "TEMP": "tmp",
            "IPYTHONDIR": "ipython",
            "MPLCONFIGDIR": "matplotlib",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
        }
        for name in inside.values():
            (self.folder / name).mkdir(exist_ok=True)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))},
            **{name: str(self.folder / place) for name, place in inside.items()},
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, (HERE / "watch", REPOSITORY))),
            "WATCH_FOLDER": str(self.folder),
            "WATCH_LOG": str(self.log),
        }

    def run(self, *options, python=sys.executable, before=()):
        """Run the lessons; return what is known of each run."""
        command = [*before, python, HERE / "run_lessons.py", self.lessons, *options]
        done = subprocess.run(
            [*map(str, command)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def left(self):
        """Return what was written elsewhere, and who was called, each once."""
        return sorted({*self.log.read_text("utf-8").splitlines()})


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


@contextmanager
def a_busy_core():
    """Keep one core at work meanwhile."""
    process = subprocess.Popen([sys.executable, "-c", SPIN if os.name == "posix" else SPIN[20:]])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def faults(runs):
    return [f"{one['lesson']}, run {one['run']}: {one['fault']}" for one in runs if one["fault"]]


def test_ten_clean_runs_in_a_row_with_the_other_core_busy(copy):
    with a_busy_core():
        runs = copy.run("--times", str(TIMES), "--compare")
    assert faults(runs) == []
    assert len(runs) == TIMES * len(LESSONS)
    assert copy.left() == []


def way_apart():
    """Return a command that gives the next one a network of its own, or None."""
    for way in WAYS_APART:
        if shutil.which(way[0]):
            python = [sys.executable, "-c", LO_UP, sys.executable, "-c", "print(1)"]
            done = subprocess.run([*way, *python], capture_output=True, text=True)
            if done.returncode == 0 and done.stdout == "1\n":
                return [*way, sys.executable, "-IS", "-c", LO_UP]
    return None


def test_the_loopback_is_all_the_network_that_is_needed(copy, record_property):
    apart = way_apart()
    # Where no process can have a network of its own, it is only noted down who is called.
    record_property("network", "of its own" if apart else "watched only")
    runs = copy.run("--compare", before=apart or ())
    assert faults(runs) == []
    assert copy.left() == []
    assert len(runs) == len(LESSONS)


def test_a_write_elsewhere_and_a_call_are_seen(copy, tmp_path):
    """A check must be able to fail."""
    outside = tmp_path / "outside.txt"
    code = f"open({str(outside)!r}, 'w').close(); open('inside.txt', 'w').close()\n"
    code += "import socket\ns = socket.socket()\ns.settimeout(0.1)\n"
    code += "try:\n    s.connect(('192.0.2.1', 9))\nexcept OSError:\n    pass\n"
    code += "s = socket.socket(type=socket.SOCK_DGRAM)\ns.connect(('192.0.2.3', 9))\n"
    code += "s = socket.socket(type=socket.SOCK_DGRAM)\n"
    code += "try:\n    s.sendto(b'', ('192.0.2.2', 9))\nexcept OSError:\n    pass\n"
    code += "s = socket.socket()\ns.settimeout(0.1)\n"
    code += "try:\n    s.connect(('127.0.0.1', 9))\nexcept OSError:\n    pass\n"
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=copy.environment, cwd=copy.folder, check=True)
    assert copy.left() == [f"open {outside}", "socket.connect 192.0.2.1", "socket.sendto 192.0.2.2"]


# --- other versions ------------------------------------------------------------------------

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]


def oldest():
    """Return each dependency at its lower bound."""
    return [re.sub(r">=([\w.]+).*", r"==\1", line) for line in PROJECT["dependencies"]]


def environment_with(requirements, folder):
    """Make an environment with these requirements; return its Python and its versions."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*install, *requirements], check=True)
    names = [re.match(r"[\w-]+", line)[0] for line in PROJECT["dependencies"]]
    code = f"from importlib import metadata\nprint(*map(metadata.version, {names}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return python, dict(zip(names, done.stdout.split(), strict=True))


@pytest.mark.parametrize("kind", ["oldest", "newest"])
def test_the_lessons_run_with_other_versions(copy, tmp_path, record_property, kind):
    wanted = oldest() if kind == "oldest" else PROJECT["dependencies"]
    python, versions = environment_with(wanted, tmp_path / "venv")
    runs = copy.run(python=python)
    record_property("versions", versions)
    assert len(runs) == len(LESSONS)
    if kind == "newest" and faults(runs):  # what comes out tomorrow breaks nothing today
        pytest.xfail("; ".join(faults(runs)))
    assert faults(runs) == []

"""environment.yml, pyproject.toml, the locks, the Makefile and the workflows agree."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import notebooks

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {
    name: (REPOSITORY / name).read_text(encoding="utf-8")
    for name in ("requirements.lock", "requirements-dev.lock")
}
EACH_LOCK = pytest.mark.parametrize("name", LOCKS)
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
FIVE = {"numpy", "jupyterlab", "ipywidgets", "matplotlib", "nbval"}
KEYS = "anywidget"  # serves the keys of the steppers
OLDEST, NEWEST = "3.11", "3.14"


def canonical(name):
    """A package's name as the lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(lines):
    """{name: specifiers} of requirement lines."""
    requirements = [Requirement(line) for line in lines]
    return {canonical(r.name): r.specifier for r in requirements}


def lock_entries(lock):
    """[(requirement, hashes)] of a lock file, comments and options left out."""
    lines = [line for line in lock.splitlines() if not line.startswith(("#", "-"))]
    entries = re.split(r"\n(?=\S)", "\n".join(lines).replace("\\\n", "\n"))
    return [(Requirement(entry.split("\n")[0]), entry.split("\n")[1:]) for entry in entries]


def conda_environment():
    return yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))


def conda_bounds():
    """{name: specifiers} of the conda packages; the pip section is not one of them."""
    packages = [d for d in conda_environment()["dependencies"] if isinstance(d, str)]
    return bounds(packages)


def wanted(name):
    """Every requirement that a lock must hold: of the course, or of those who work on it too."""
    extras = PROJECT["optional-dependencies"]
    more = ["editable"] if name == "requirements.lock" else ["editable", "test", "site"]
    return bounds(PROJECT["dependencies"] + [line for extra in more for line in extras[extra]])


def versions(name):
    """{package: its pinned versions} of a lock: several where Pythons or systems differ."""
    found = {}
    for requirement, _ in lock_entries(LOCKS[name]):
        found.setdefault(canonical(requirement.name), set()).add(requirement.specifier)
    return found


def test_the_course_needs_five_packages_and_one_for_the_keys():
    assert set(bounds(PROJECT["dependencies"])) == FIVE | {KEYS}


def test_conda_has_the_same_packages_and_bounds():
    conda = conda_bounds()
    assert conda.pop("python") == SpecifierSet(">=3.11,<3.15")
    assert conda.pop("pip") == SpecifierSet()
    assert conda == bounds(PROJECT["dependencies"])
    assert {"pip": ["-e ."]} in conda_environment()["dependencies"]


@pytest.mark.parametrize(
    "lock, package", [(lock, package) for lock in LOCKS for package in sorted(wanted(lock))]
)
def test_a_lock_holds_each_dependency_within_its_bound(lock, package):
    assert package in versions(lock), f"{package} is not in {lock}: run make lock"
    for pinned in versions(lock)[package]:
        (version,) = pinned
        assert version.operator == "=="
        assert wanted(lock)[package].contains(version.version)


def test_the_second_lock_holds_all_of_the_first_in_the_same_versions():
    first, second = map(versions, LOCKS)
    assert {*first} < {*second}
    assert first == {package: second[package] for package in first}


def faults_of_lock(lock):
    """What is wrong with the form of a lock file."""
    faults = [f"{r}: no hash" for r, hashes in lock_entries(lock) if not hashes]
    for requirement, hashes in lock_entries(lock):
        if not re.fullmatch(r"==[\w.+!]+", str(requirement.specifier)):
            faults.append(f"{requirement}: not one version")
        if not all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64} *", line) for line in hashes):
            faults.append(f"{requirement}: something else than hashes")
    faults += [f"an address: {found}" for found in re.findall(r"\S*://\S*", lock)]
    faults += [f"an option: {found}" for found in re.findall(r"^-.*", lock, re.MULTILINE)]
    return faults


@EACH_LOCK
def test_a_lock_holds_names_versions_markers_and_hashes_only(name):
    assert faults_of_lock(LOCKS[name]) == []


def test_the_lock_of_the_proxy_holds_versions_and_hashes_only():
    folder = REPOSITORY / "tests" / "classroom"
    wanted, lock = (
        json.loads((folder / name).read_text("utf-8"))
        for name in ("package.json", "package-lock.json")
    )
    packages = lock["packages"]
    assert packages.pop("")["dependencies"] == wanted["dependencies"]
    for name, version in wanted["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    for package in packages.values():
        assert package["integrity"].startswith("sha512-") and "resolved" not in package


HASH = "    --hash=sha256:" + 64 * "0"


@pytest.mark.parametrize(
    "lock",
    [
        "numpy==2.0.0\n",
        f"numpy>=2.0.0 \\\n{HASH}\n",
        f"numpy==2.0.0 \\\n{HASH} \\\n    --hash=md5:0\n",
        f"# from https://example.org/simple\nnumpy==2.0.0 \\\n{HASH}\n",
        f"numpy @ https://example.org/numpy.whl \\\n{HASH}\n",
        f"numpy==2.0.0 \\\n{HASH}\n--pre\n",
    ],
    ids=["no hash", "no version", "other hash", "address", "direct address", "option"],
)
def test_a_fault_in_the_lock_is_seen(lock):
    assert faults_of_lock(f"numpy==2.0.0 \\\n{HASH}\n") == []
    assert faults_of_lock(lock)


def test_python_versions_agree():
    assert PROJECT["requires-python"] == f">={OLDEST}"
    (range_of_make,) = re.findall(r"(\(3, \d+\) <= sys.version_info < \(3, \d+\))", MAKEFILE)
    assert range_of_make == "(3, 11) <= sys.version_info < (3, 15)"
    assert f"not a Python from {OLDEST} to {NEWEST}" in MAKEFILE
    assert f"--python-version {OLDEST}" in MAKEFILE  # of make lock


def test_a_student_installs_the_first_lock_only():
    prerequisites = dict(re.findall(r"^([\w./]+): (.*)$", MAKEFILE, re.MULTILINE))
    assert prerequisites["lab"] == ".venv/ready"
    assert "dev" not in prerequisites[".venv/ready"] + prerequisites[".venv/locked"]
    assert prerequisites[".venv/dev"] == ".venv/ready requirements-dev.lock"
    for target in ("test", "notebooks", "figures", "site"):
        assert prerequisites[target] == ".venv/dev"


def test_the_workflow_runs_the_oldest_and_the_newest_python():
    text = (REPOSITORY / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    for name, job in yaml.safe_load(text)["jobs"].items():
        assert job["strategy"]["matrix"]["python"] == [OLDEST, NEWEST], name


def test_a_cell_has_the_same_time_in_both_runners_and_a_hang_is_known_within_90_seconds():
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    options = settings["tool"]["pytest"]["ini_options"]["addopts"]
    assert f"--nbval-cell-timeout={notebooks.SECONDS_FOR_A_CELL}" in options
    assert f"--nbval-kernel-startup-timeout={notebooks.SECONDS_FOR_THE_KERNEL}" in options
    assert notebooks.SECONDS_FOR_A_CELL <= 50
    assert notebooks.SECONDS_FOR_THE_KERNEL < 90


@pytest.mark.parametrize("name", ["C", "POSIX"])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a path is UTF-8 anyway")
def test_the_name_of_the_folder_may_have_umlauts(name):
    """Python 3.11 reads it as ASCII under LC_ALL=C, from where no .venv starts."""
    tell = ["make", "--silent", "--eval=tell:;@printenv LC_ALL", "tell"]
    here = {"cwd": REPOSITORY, "env": os.environ | {"LC_ALL": name}}
    assert subprocess.check_output(tell, text=True, **here) == "C.UTF-8\n"

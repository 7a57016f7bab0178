"""Which module knows which: imports run one way, and the core needs NumPy alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cnnlib

PACKAGE = Path(cnnlib.__file__).parent
FLOORS = [  # a module imports from the floors below its own
    ["checks"],
    ["shapes"],
    ["loops", "vectorized", "layers", "gradcheck", "examples"],
    ["small", "tiles", "trace"],
    ["fast"],
    ["panels"],
    ["exercises"],
    ["steppers"],
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
PUBLIC = FLOOR["fast"]  # where the names come from that `cnnlib` itself exports
LAZY = {("exercises", "steppers")}  # where a Verdict is displayed
WIDGETS = {"ipywidgets", "IPython", "anywidget", "traitlets"}

ROOMS = {
    path: path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in ("__init__.py", "data")
}
EACH_FILE = pytest.mark.parametrize("path", ROOMS, ids=lambda path: str(path.relative_to(PACKAGE)))


def imported(path):
    """Yield (dotted name, whether inside a function) for each import of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} has a relative import: this test reads full names"
            if node.module == "cnnlib":
                yield from ((f"cnnlib.{alias.name}", node in inside) for alias in node.names)
            else:
                yield node.module, node in inside


def test_every_module_has_its_floor():
    assert {*ROOMS.values()} == {*FLOOR}


@EACH_FILE
def test_imports_run_one_way(path):
    room = ROOMS[path]
    for module, in_function in imported(path):
        top, *below = module.split(".")
        assert top not in ("homework", "figures", "tools", "tests"), f"{room} imports {module}"
        other = below[0] if below else ""
        if top != "cnnlib" or other == room or in_function and (room, other) in LAZY:
            continue
        assert FLOOR.get(other, PUBLIC) < FLOOR[room], f"{room} imports {module}"


@EACH_FILE
def test_only_the_steppers_know_widgets_and_the_core_needs_numpy_alone(path):
    known = {*sys.stdlib_module_names, "numpy", "cnnlib"}
    for module, in_function in imported(path):
        top, room = module.split(".")[0], ROOMS[path]
        shows = room == "steppers" or room == "exercises" and in_function
        assert top in known or shows and top in WIDGETS, f"{room} imports {module}"


def loaded_by(statement):
    """Dotted names of the modules that a fresh Python has after the statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True, timeout=60
    )
    return {*done.stdout.split()}


def test_the_package_loads_numpy_and_the_lowest_floors():
    more = loaded_by("import cnnlib") - loaded_by("pass")
    own = {name.split(".")[1] for name in more if name.startswith("cnnlib.")}
    assert own >= {"checks", "shapes", "loops", "vectorized", "fast", "gradcheck"}
    assert {FLOOR[name] for name in own} <= {*range(FLOOR["fast"] + 1)}
    tops = {name.split(".")[0] for name in more}
    assert {"numpy", "cnnlib"} <= tops
    assert not tops & {"matplotlib", "jupyterlab", "nbval", *WIDGETS}


def test_all_public_names_exist():
    assert sorted(cnnlib.__all__) == cnnlib.__all__
    for name in cnnlib.__all__:
        assert getattr(cnnlib, name) is not None
    for name in cnnlib.__all__:
        if name.startswith("conv_"):
            assert getattr(cnnlib, name) is getattr(cnnlib.fast, name)

"""Which module knows which, and how much there is of it.

The thin core has one budget of lines. `classroom`, `exercises` and `doctor` have their own.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cnnlib

PACKAGE = Path(cnnlib.__file__).parent
FLOORS = [  # a module imports from the floors below its own
    ["shapes"],
    ["loops", "vectorized", "layers", "gradcheck", "examples", "trace"],
    ["stages", "quiz", "share"],
    ["view"],
    ["draw", "exercises", "pages", "position"],
    ["controls"],
    ["steppers"],
    ["classroom", "doctor"],
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
ONLY_IN = {"matplotlib": ["draw"]} | dict.fromkeys(
    ("ipywidgets", "IPython", "anywidget", "traitlets"), ["controls", "steppers"]
)
KNOWS = {"share": set(), "quiz": {"shapes", "trace"}}  # which need little of the package
APART = {"classroom", "exercises", "doctor"}  # with a budget of their own
LAZY = {("exercises", "steppers")}  # where a Verdict is displayed

FILES = {path: path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = {
    path: name.parts[0].removesuffix(".py")
    for path, name in FILES.items()
    if name.parts[0] not in ("__init__.py", "data")
}
EACH_MODULE = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(FILES[path]))


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
    assert {"shapes", "loops", "vectorized", "gradcheck", "examples", "trace"} <= {
        *MODULES.values()
    }
    assert {*MODULES.values()} <= {*FLOOR}


@EACH_MODULE
def test_imports_run_one_way(path):
    name = MODULES[path]
    for module, in_function in imported(path):
        if not module.startswith("cnnlib"):
            continue
        other = module.removeprefix("cnnlib").strip(".").split(".")[0]
        if in_function and (name, other) in LAZY or other == name in APART:
            continue
        floor = FLOOR.get(other, 1)  # a public name of the package comes from the first floor
        assert floor < FLOOR[name], f"{name} imports {module}"


@EACH_MODULE
def test_the_drawing_and_the_widgets_stay_in_their_module(path):
    for module, _ in imported(path):
        at_home = ONLY_IN.get(module.split(".")[0], [MODULES[path]])
        assert MODULES[path] in at_home, f"{MODULES[path]} imports {module}"


@pytest.mark.parametrize("name", KNOWS)
def test_a_small_module_knows_little(name):
    (path,) = (path for path, module in MODULES.items() if module == name)
    own = {module.removeprefix("cnnlib.") for module, _ in imported(path) if "cnnlib" in module}
    assert {module.split(".")[0] for module in own} <= KNOWS[name]


def test_the_keys_may_be_missing():
    """Without anywidget the steppers load, and say so by having no keys."""
    loaded = loaded_by(
        "sys.modules['anywidget'] = None; import cnnlib.steppers as s; "
        "assert s.controls.Keys is None and s.ForwardStepper()._keys is None"
    )
    assert "cnnlib.steppers" in loaded


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, name in MODULES.items()
        if FLOOR.get(name) in (0, 1) or name in ("quiz", "share", "view", "pages", "stages")
    ],
    ids=lambda path: path.stem,
)
def test_the_core_needs_numpy_and_python_only(path):
    others = {module.split(".")[0] for module, _ in imported(path)} - {*sys.stdlib_module_names}
    assert others <= {"numpy", "cnnlib"}


def loaded_by(statement):
    """Dotted names of the modules that a fresh Python has after the statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {*done.stdout.split()}


def test_the_package_loads_numpy_and_nothing_of_the_notebook():
    more = {name.split(".")[0] for name in loaded_by("import cnnlib") - loaded_by("pass")}
    assert {"numpy", "cnnlib"} <= more
    assert not more & {
        "matplotlib",
        "ipywidgets",
        "IPython",
        "jupyterlab",
        "nbval",
        "traitlets",
        "anywidget",
    }


def test_the_package_loads_none_of_its_upper_floors():
    own = {name for name in loaded_by("import cnnlib") if name.startswith("cnnlib.")}
    assert {FLOOR[name.split(".")[1]] for name in own} == {0, 1}


def test_all_public_names_exist():
    assert sorted(cnnlib.__all__) == cnnlib.__all__
    for name in cnnlib.__all__:
        assert getattr(cnnlib, name) is not None
    for name in "conv_forward", "conv_backward", "conv_backward_input", "conv_backward_filter":
        assert getattr(cnnlib, name) is getattr(cnnlib.vectorized, name)


def written(paths):
    """Lines of code: not blank, no comment, no docstring."""
    return sum(lines_of_code(path.read_text("utf-8")) for path in paths)


def lines_of_code(source):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
        for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
    }
    return sum(
        number not in docstrings and bool(line.strip()) and not line.strip().startswith("#")
        for number, line in enumerate(source.splitlines(), 1)
    )


def test_a_line_of_code_is_no_docstring_and_no_comment():
    source = '"""One."""\n\n# two\nx = 1  # three\ndef f():\n    """Four.\n\n    Five."""\n'
    assert lines_of_code(source + "    return x\n") == 3


def test_the_mathematics_stays_short():
    mathematics = {"shapes", "loops", "vectorized", "layers", "gradcheck"}
    assert 300 < written(path for path, name in MODULES.items() if name in mathematics) <= 800


def test_the_package_stays_thin():
    """All but what stands apart: the classroom, the exercises, and the doctor.

    Some 240 of these lines make `vectorized` fast; the budget of the mathematics holds them too.
    """
    assert 1_000 < written(path for path, name in MODULES.items() if name not in APART) <= 3_150


def test_the_classroom_stays_short():
    """A package on the top floor, which no lesson needs."""
    assert 300 < written(path for path, name in MODULES.items() if name == "classroom") <= 960


def test_the_doctor_stays_short():
    """No lesson needs it for its subject, and it grows with what can break, not with the course."""
    assert 100 < written(path for path, name in MODULES.items() if name == "doctor") <= 320


def test_the_doctor_needs_python_only():
    """It must run where a package is broken; the slider is looked for when a report is shown."""
    for module, in_function in imported(PACKAGE / "doctor.py"):
        known = module.split(".")[0] in sys.stdlib_module_names
        assert known or (in_function and module == "cnnlib.controls"), module

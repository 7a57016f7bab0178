"""Change one thing at a time in the modules of the course, and see whether their tests tell.

python tests/long/mutants.py                      305 mutants, of five modules
python tests/long/mutants.py --module loops --sample 100 --seed 2

A mutant is the module with one operator, comparison, index, constant or slice changed. It is
*caught* where a test of the module fails, *stopped* where the tests do not end in time (a hang is
seen too), and else it *survives*. `survivors.toml` explains each known survivor.

cosmic-ray makes the mutants: see `mutations.py`. It is no part of the locks, and lives in a
throwaway environment. The tests run in a copy of the repository, so nothing here is touched.
What is found is kept in a file, and a run that was broken off goes on from there.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from pathlib import Path
from unittest import mock

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
SESSION = HERE / "mutants.jsonl"
COSMIC_RAY = "cosmic-ray==8.7.0"  # another version may draw another sample
EACH, SEED = 61, "1"
MEMORY = 8 * 2**30  # bytes that the tests of a mutant may ask for

# For each module its tests, the sharpest first: one call of pytest after the other.
BLIND_TO_VECTORIZED = ["tests/test_conv.py", "-k", "loops or (both and not geometries)"]
SLOW = "compositions or two_mistakes or exchange_of_axes or lesson or glance or report"
MANY = "students_own or every_mistake"
TESTS = {
    "shapes": [["tests/test_shapes.py", "tests/test_bad_input.py"], ["tests/test_conv.py"]],
    "loops": [BLIND_TO_VECTORIZED, ["tests/test_bad_input.py", "-k", "loops"]],
    "trace": [["tests/test_trace.py"]],
    "exercises": [
        ["tests/test_wrong.py"],
        ["tests/test_exercises.py", "-k", f"not ({MANY} or {SLOW})"],
        ["tests/test_exercises.py", "-k", MANY],
    ],
    "vectorized": [["tests/test_conv.py"], ["tests/test_bad_input.py", "-k", "vectorized"]],
}
# An obvious fault in each. If it is not caught, the copy is not what is tested.
PLANTED = {
    "shapes": ("cnnlib/shapes.py", "return i * self.s + u", "return i * self.s - u"),
    "loops": ("cnnlib/loops.py", "Z[..., i, j, k] += Y", "Z[..., i, j, k] -= Y"),
    "trace": ("cnnlib/trace.py", "total = total + x * y", "total = total - x * y"),
    "exercises": ("cnnlib/exercises/running.py", "if not same(it.came", "if same(it.came"),
    "vectorized": ("cnnlib/vectorized.py", "dY[y] += (", "dY[y] -= ("),
}
COPIED = ("cnnlib", "tests", "figures", "notebooks", "tools", "pyproject.toml", "requirements.lock")


def files_of(module):
    """Return the files of a module, from the root of the repository."""
    path = REPOSITORY / "cnnlib" / module
    paths = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return [path.relative_to(REPOSITORY).as_posix() for path in paths]


# --- the mutants -----------------------------------------------------------------------------


def maker(folder):
    """Return the Python of a new environment with cosmic-ray."""
    venv.create(folder, with_pip=True)
    python = Path(folder) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", COSMIC_RAY], check=True, timeout=600)
    return python


def mutants_of(module, count, seed, python):
    """Return so many mutants of a module, each a dict; see `mutations.py`."""
    draw = [python, HERE / "mutations.py", "--count", str(count), "--seed", f"{seed} {module}"]
    done = subprocess.run(
        [*map(str, draw), *files_of(module)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return [json.loads(line) | {"module": module} for line in done.stdout.splitlines()]


def name_of(mutant):
    """Return what tells a mutant from others, and stays where lines move."""
    return tuple(mutant[key] for key in ("file", "function", "line", "becomes"))


# --- their tests -----------------------------------------------------------------------------


# What most tests import, and is never changed, is imported once: each run is a fork of that.
PRELOADED = "pytest numpy numpy.testing hypothesis.strategies matplotlib.pyplot nbclient ipywidgets"
ENVIRONMENT = {
    "CI": "1",  # hypothesis has the same problems each time
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
if os.name == "posix":
    PROCESSES = multiprocessing.get_context("forkserver")
    PROCESSES.set_forkserver_preload(PRELOADED.split())
else:
    PROCESSES = multiprocessing.get_context("spawn")


def run_tests(root, arguments, log, store):
    """Run pytest in a copy; this is a process of its own, and ends with the code of pytest."""
    with open(log, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if os.name == "posix":  # a mutant that asks for all memory is to fail, and not the machine
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # What is stored of one mutant must never be taken for another.
    sys.dont_write_bytecode = not store
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ["PYTHONPATH"] = root
    os.chdir(root)
    sys.path.insert(0, root)
    import pytest

    sys.exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *arguments])))


class Copy:
    """A copy of the repository in which one file at a time is changed."""

    def __init__(self, folder):
        self.root, self.log = Path(folder) / "copy", Path(folder) / "log.txt"
        self.root.mkdir()
        no = shutil.ignore_patterns(".*", "__pycache__", "long", "browser")
        for name in COPIED:
            source, target = REPOSITORY / name, self.root / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=no)
            else:
                shutil.copy2(source, target)

    def passes(self, tests, seconds, store=False):
        """Whether all tests pass, or None where they do not end in time."""
        end = time.monotonic() + seconds
        for arguments in tests:
            given = str(self.root), arguments, str(self.log), store
            process = PROCESSES.Process(target=run_tests, args=given)
            process.start()
            process.join(max(0, end - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
                return None
            # 1: a test failed. 2: a module could not be imported. Below 0: Python itself died.
            if process.exitcode > 2:
                said = self.log.read_text("utf-8", errors="replace")
                raise RuntimeError(f"pytest ended with {process.exitcode}:\n{said}")
            if process.exitcode:
                return False
        return True

    def with_text(self, file, text, tests, seconds):
        """The same while one file has another text."""
        path = self.root / file
        kept = path.read_text("utf-8")
        path.write_text(text, encoding="utf-8")
        try:
            return self.passes(tests, seconds)
        finally:
            path.write_text(kept, encoding="utf-8")


def first_look(copy, module):
    """Check that the tests pass as they are, and see a planted fault; return their seconds."""
    begun = time.monotonic()
    if not copy.passes(TESTS[module], 1800, store=True):
        said = copy.log.read_text("utf-8", errors="replace")
        raise RuntimeError(f"the tests of {module} fail before anything is changed:\n{said}")
    seconds = time.monotonic() - begun
    file, right, wrong = PLANTED[module]
    text = (copy.root / file).read_text("utf-8")
    if text.count(right) != 1:
        raise RuntimeError(f"the fault to be planted in {module} has no place any more")
    if copy.with_text(file, text.replace(right, wrong), TESTS[module], 1800) is not False:
        raise RuntimeError(f"a planted fault in {module} is not caught")
    return seconds


# --- a session -------------------------------------------------------------------------------


def digest(*texts):
    """Return a short name of some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def state_of(module):
    """Return a name of all that a verdict depends on: the package, the tests, their helpers."""
    helpers = [path for path in REPOSITORY.glob("tests/*.py") if path.name[:5] != "test_"]
    helpers.remove(REPOSITORY / "tests" / "report.py")  # it writes, and tests nothing
    tests = [REPOSITORY / one for call in TESTS[module] for one in call if one[-3:] == ".py"]
    package = [path for path in REPOSITORY.glob("cnnlib/**/*") if path.suffix in (".py", ".toml")]
    paths = sorted({*helpers, *tests, *package})
    return digest(*(path.read_text("utf-8") for path in paths), repr(TESTS[module]))


class Session:
    """The verdicts so far, in a file; a verdict holds as long as the code is the same."""

    def __init__(self, path, keep_caught):
        self.path, self.known = path, {}
        self.states = {module: state_of(module) for module in TESTS}
        for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
            one = json.loads(line)
            if one["state"] in self.states.values() or (keep_caught and one["verdict"] == "caught"):
                self.known[one["mutant"]] = one["verdict"]

    def keep(self, mutant):
        """Put down what was found."""
        one = {
            "mutant": name_in_session(mutant),
            "verdict": mutant["verdict"],
            "state": self.states[mutant["module"]],
        }
        self.known[one["mutant"]] = one["verdict"]
        with self.path.open("a", encoding="utf-8") as file:
            print(json.dumps(one), file=file)


def name_in_session(mutant):
    """Return a short name of a mutant that holds where another line is edited."""
    return digest(*name_of(mutant), mutant["kind"], str(mutant["nth"]))


WORDS = {True: "survived", False: "caught", None: "stopped"}


def run(modules, count, seed, session, python):
    """Yield (module, seconds of its tests as they are, its mutants with their verdicts)."""
    for module in modules:
        with tempfile.TemporaryDirectory() as folder:
            copy = Copy(folder)
            seconds = first_look(copy, module)
            limit = 30 + 6 * seconds
            print(f"{module}: {seconds:.1f} s as it is", flush=True)
            mutants = mutants_of(module, count, seed, python)
            for number, one in enumerate(mutants, 1):
                one["verdict"] = session.known.get(name_in_session(one))
                if not one["verdict"]:
                    passed = copy.with_text(one["file"], one["code"], TESTS[module], limit)
                    one["verdict"] = WORDS[passed]
                    session.keep(one)
                print(f"{module} {number}/{len(mutants)} {one['verdict']}", flush=True)
                if one["verdict"] == "survived":
                    print(*name_of(one), sep="\n    ", flush=True)
        yield module, seconds, mutants


def explanations(path=HERE / "survivors.toml"):
    """Return why a survivor survives, by its name."""
    known = tomllib.loads(path.read_text("utf-8"))["survivor"]
    return {name_of(one): one["why"] for one in known}


def arguments(given=None):
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", action="append", choices=TESTS, help="default: all")
    parser.add_argument("--sample", type=int, default=EACH, help="mutants of each module")
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--session", type=Path, default=SESSION)
    parser.add_argument(
        "--keep-caught", action="store_true", help="do not ask again after a test was added"
    )
    parser.add_argument("--python", type=Path, help="one that has cosmic-ray already")
    return parser.parse_args(given)


def main(given=None):
    """Do what the command line says; return what `run` yields."""
    options = arguments(given)
    session = Session(options.session, options.keep_caught)
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, ENVIRONMENT):
        python = options.python or maker(folder)
        modules = options.module or TESTS
        return [*run(modules, options.sample, options.seed, session, python)]


if __name__ == "__main__":
    for name, seconds, found in main():
        count = {word: sum(one["verdict"] == word for one in found) for word in WORDS.values()}
        print(f"{name}: {len(found)} of {found[0]['possible']}, {seconds:.1f} s, {count}")

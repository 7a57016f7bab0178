"""Change the code in small ways with cosmic-ray, and see whether a test notices.

python tests/long/mutants.py                     25 changes of each module
python tests/long/mutants.py loops --seed 7      25 other changes of one module

`mutants/<module>.toml` says what is changed and which tests run: it is a configuration of
cosmic-ray. Everything happens in a copy of the repository, _mutants, in which the sessions stay:
`cr-report --show-diff --show-output _mutants/loops.sqlite` shows all of one.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = {path.stem: path for path in sorted(Path(__file__).parent.glob("mutants/*.toml"))}
COPY = REPOSITORY / "_mutants"
BUILT = ("_site", "_screenshots", "_reports", "_mutants", "__pycache__")
MOST_SURVIVORS = 8  # of 100: 2 of 25
MOST_BYTES = 8 * 2**30  # a change that asks for all memory is to fail, and not the machine


def sample(session, count, seed):
    """Leave so many of the changes in a session of cosmic-ray."""
    from cosmic_ray.work_db import use_db  # of the extra `long`

    with use_db(session) as db:
        changes = sorted(db.work_items, key=lambda item: repr(item.mutations))
        db.clear()
        db.add_work_items(random.Random(seed).sample(changes, min(count, len(changes))))


def run(module, count, seed):
    """Try the changes of one module and show the survivors; return whether they are few."""
    session = COPY / f"{module}.sqlite"
    session.unlink(missing_ok=True)
    tools = Path(sys.executable).parent
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(COPY), "CI": "1"}

    def tool(name, *options):
        command = [tools / name, *map(str, options)]
        return subprocess.run(command, cwd=COPY, env=environment).returncode == 0

    if not tool("cosmic-ray", "baseline", MODULES[module]):
        raise RuntimeError(f"the tests of {module} fail before anything is changed")
    tool("cosmic-ray", "init", MODULES[module], session)
    sample(session, count, f"{seed} {module}")
    tool("cosmic-ray", "exec", MODULES[module], session)
    tool("cr-report", "--show-diff", "--surviving-only", session)
    return tool("cr-rate", "--fail-over", MOST_SURVIVORS, session)


def main(arguments=None):
    """Do what the command line says; return 0 where few changes survive in each module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(MODULES)}")
    parser.add_argument("--count", type=int, default=25, help="changes of each module")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args(arguments)
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(REPOSITORY, COPY, ignore=shutil.ignore_patterns(".*", *BUILT))
    few = [run(name, options.count, options.seed) for name in options.modules or MODULES]
    return int(not all(few))


if __name__ == "__main__":
    sys.exit(main())

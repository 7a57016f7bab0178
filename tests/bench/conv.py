"""Time of the functions of cnnlib beside PyTorch and NumPy's matrix products alone.

    make bench                                  # everything; some ten minutes
    make bench ARGS="--part gradients --threads one"
    make bench ARGS="--json speed.json"         # the numbers, too
    make bench ARGS="--record figures/measured.json"    # then: make figures

Everything is measured in two ways. *One thread*: each library is told to use one, and the time of
the processor counts. *As installed*: each takes the threads that it takes by itself, and the clock
counts. Each library runs in a process of its own, since the idle threads of one slow the other.
The processes take turns, so that a busy moment of the machine falls on all of them alike. A row is
a ratio of medians. PyTorch is measured with both orders of the axes in memory, laid out before the
clock starts; the faster one counts.
"""

import argparse
import datetime
import importlib.util
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(Path(__file__).parent)]

from layers import OTHERS, POOLS, TABLE, TOY, drawn  # noqa: E402

THREADS = {"one": "one thread", "all": "as installed"}
PARTS = "gradients", "forward", "pools", "usual", "digits"
VARIABLES = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"


class Library:
    """A process in which one library is measured."""

    def __init__(self, name, threads):
        environment = dict(os.environ)
        if threads == "one":
            environment |= dict.fromkeys(VARIABLES, "1")
        command = [sys.executable, str(Path(__file__).with_name("contestants.py")), name, threads]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.about = json.loads(self.process.stdout.readline())

    def ask(self, *words):
        """Say something to it, and return its answer."""
        print(json.dumps(words), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def measured(libraries, task, precision, times):
    """Return {way: median of its seconds}; all libraries take turns."""
    taken = {way: [] for library in libraries for way in library.ask("task", task, precision)}
    for _ in range(times):
        for library in libraries:
            for way, seconds in library.ask("turn").items():
                taken[way].append(seconds)
            time.sleep(0.02)  # until its threads have gone to sleep
    return {way: statistics.median(seconds) for way, seconds in taken.items()}


def row_of(found):
    """The ratios to the faster of PyTorch's ways: of each way, and of the faster products alone."""

    def best(name):
        return min((t for way, t in found.items() if way.startswith(name)), default=None)

    theirs, alone = best("torch"), best("products")
    others = {way: t for way, t in found.items() if not way.startswith(("torch", "products"))}
    others |= {"products alone": alone} if alone else {}
    return {"seconds": found} | {way: theirs and t / theirs for way, t in others.items()}


def means(rows):
    """Yield (kind of layer, precision, geometric mean, worst) of the ratios."""
    for precision in ("float32", "float64"):
        for kind in dict.fromkeys(row["kind"] for row in rows):
            ratios = [
                row["cnnlib"]
                for row in rows
                if (row["kind"], row["precision"]) == (kind, precision) and row["cnnlib"]
            ]
            if ratios:
                yield kind, precision, statistics.geometric_mean(ratios), max(ratios)


def measure(libraries, part, tasks, times):
    """Measure some tasks in both precisions, and show each as a row."""
    rows = []
    for precision in ("float32", "float64"):
        for kind, name in tasks:
            found = measured(libraries, [part, name], precision, times)
            rows.append({"kind": kind, "workload": name, "precision": precision} | row_of(found))
            show(rows[-1])
    for kind, precision, mean, worst in means(rows):
        print(f"  {kind}, {precision}: mean {mean:.2f}, worst {worst:.2f}")
    return rows


def show(row):
    """Print one row: milliseconds of each way, and the ratios."""
    cells = [f"{way} {1000 * t:.3f} ms" for way, t in row["seconds"].items()]
    ratios = [f"{way} {row[way]:.2f}" for way in row if isinstance(row[way], float)]
    print(f"{row['workload']:<36} {row['precision']}  {'; '.join(ratios) or '; '.join(cells)}")


def tasks_of(part, seed):
    """Return (kind, name) of what a part measures."""
    if part == "pools":
        return [(part, name) for name in POOLS]
    if part == "digits":
        return [(part, "the network of lesson 10")]
    if part == "usual":
        return [(part, TABLE[0].name)]
    kinds = {"table": TABLE, "toy": [TOY], "others": OTHERS, "drawn": drawn(seed)}
    return [(kind, layer.name) for kind, layers in kinds.items() for layer in layers]


def heading(libraries, seed):
    """Where and with what this is measured."""
    model, cpuinfo = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    about = {}
    for library in libraries:
        about |= library.about
    return {
        "date": str(datetime.date.today()),
        "machine": f"{model}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "seed": seed,
        "load": os.getloadavg()[0],
    } | about


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="all, if left out")
    parser.add_argument("--threads", choices=THREADS, action="append", help="both, if left out")
    parser.add_argument("--times", type=int, default=5, help="turns of each library")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10**6), help="of the drawn layers"
    )
    parser.add_argument("--json", type=Path, help="write all numbers into this file")
    parser.add_argument("--record", type=Path, help="write what the figure of README.md shows")
    given = parser.parse_args()
    found = {}
    for threads in given.threads or THREADS:
        names = ["cnnlib", *["torch"] * bool(importlib.util.find_spec("torch"))]
        libraries = [Library(name, threads) for name in names]
        about = heading(libraries, given.seed) | {"threads": THREADS[threads]}
        print("\n" + ", ".join(f"{name} {value}" for name, value in about.items()))
        if len(libraries) == 1:
            print("PyTorch is not installed here, so there are no ratios. See README.md.")
        for library in libraries:
            library.ask("seed", given.seed)
        found[threads] = {"heading": about}
        for part in given.part or PARTS:
            print(f"\n{part}, {THREADS[threads]}: time relative to PyTorch")
            tasks = tasks_of(part, given.seed)
            found[threads][part] = measure(libraries, part, tasks, given.times)
        for library in libraries:
            library.close()
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if given.record and "gradients" in found.get("all", {}):
        record(found["all"], given)


def record(found, given):
    """Write the ratios of the gradients, as installed."""
    rows = [
        {"workload": r["workload"], "precision": r["precision"], "ratio": round(r["cnnlib"], 3)}
        for r in found["gradients"]
    ]
    what = {"heading": found["heading"], "turns": given.times, "rows": rows}
    given.record.write_text(json.dumps(what, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

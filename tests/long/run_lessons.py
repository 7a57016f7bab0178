"""Run lessons in a folder that holds copies of them, and say of each how it went.

python tests/long/run_lessons.py FOLDER [--times N] [--compare]

One line of JSON for each run: its lesson, seconds, and what went wrong, or "". With
`--compare`, another output than the stored one is a fault. There is no second try.
"""

import argparse
import json
import time
from pathlib import Path

from tools import notebooks


def fault_of(path, compare):
    """Run one lesson; return what went wrong, or ""."""
    stored = path.read_bytes().decode("utf-8")
    try:
        made = notebooks.remake(path)
    except Exception as error:  # whatever it is, it belongs into the table
        return f"{type(error).__name__}: {error}"[:400]
    if compare and made != stored:
        return "other outputs: " + notebooks.difference(path.name, stored, made, 12)
    return ""


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()
    for number in range(1, options.times + 1):
        for path in sorted(options.folder.glob("*.ipynb")):
            begun = time.monotonic()
            fault = fault_of(path, options.compare)
            run = {"run": number, "lesson": path.stem[:2], "fault": fault}
            print(json.dumps(run | {"seconds": time.monotonic() - begun}), flush=True)


if __name__ == "__main__":
    main()

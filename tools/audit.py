"""Ask for known vulnerabilities of everything in the lock files.

python tools/audit.py       audit all locks with pip-audit, in a throwaway environment

It ends with 0 where nothing is known, 1 where something is, 2 where a package was not audited,
and 3 where what it asks could not be reached: then nothing is known either way.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LOCKS = [REPOSITORY / f"requirements{more}.lock" for more in ("", "-dev", "-classroom")]
CLEAN, VULNERABLE, NOT_AUDITED, NOT_REACHED = range(4)
SECONDS = 900

UNREACHABLE = re.compile(
    r"ConnectionError|ConnectTimeout|ConnectTimeoutError|ReadTimeout|NewConnectionError"
    r"|NameResolutionError|ProxyError|SSLError|Max retries exceeded|Could not connect"
    r"|Failed to establish a new connection|No matching distribution|HTTPError|HTTP error",
    re.IGNORECASE,
)


def pinned(lock):
    """Return the names that a lock holds for every system and every Python."""
    lines = lock.read_text("utf-8").splitlines()
    found = (re.match(r"([\w.-]+)==\S+ *\\?$", line) for line in lines)
    return {plain(one[1]) for one in found if one}


def plain(name):
    """Return a package's name as the locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def audit(lock, command):
    """Audit one lock with a command that runs pip-audit; return (verdict, lines)."""
    how = ["--strict", "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, *how, "--format", "json", "--requirement", str(lock)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    try:
        audited = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        if UNREACHABLE.search(done.stderr):
            return NOT_REACHED, [f"could not reach what it asks: {reason}"]
        return NOT_AUDITED, [f"pip-audit gave no result: {reason}"]
    known = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw.get('fix_versions', ())) or 'no version yet'}"
        for one in audited
        for flaw in one.get("vulns", ())
    ]
    if known:
        return VULNERABLE, known
    left = pinned(lock) - {plain(one["name"]) for one in audited if "vulns" in one}
    if left or not audited:
        return NOT_AUDITED, [f"not audited: {', '.join(sorted(left)) or 'nothing was'}"]
    if done.returncode:
        return NOT_AUDITED, [f"pip-audit ended with {done.returncode}"]
    return CLEAN, [f"{len(audited)} packages, nothing is known against them"]


def installed(folder):
    """Install pip-audit into a new environment; return the command, or what went wrong."""
    venv.create(folder, with_pip=True)
    python = Path(folder) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [str(python), "-m", "pip", "install", "--quiet", "pip-audit"]
    done = subprocess.run(install, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
    return [str(python), "-m", "pip_audit"], ""


def main(arguments=None):
    """Audit the locks; return the worst of what was found, in the order of the exit codes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with", dest="command", nargs="+", help="how pip-audit is run")
    parser.add_argument("--lock", type=Path, action="append", help="default: all locks")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        command, reason = options.command, ""
        if not command:
            command, reason = installed(folder)
        if not command:
            print(f"could not reach pip-audit itself: {reason}")
            return NOT_REACHED
        verdicts = []
        for lock in options.lock or LOCKS:
            verdict, lines = audit(lock, command)
            print(*(f"{lock.name}: {line}" for line in lines), sep="\n")
            verdicts.append(verdict)
    return next((v for v in (VULNERABLE, NOT_AUDITED, NOT_REACHED) if v in verdicts), CLEAN)


if __name__ == "__main__":
    sys.exit(main())

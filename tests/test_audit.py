"""The audit of the locks: a pip-audit of our own stands in for the real one."""

import json
import re
import sys
from pathlib import Path

import pytest

from tools import audit

REPOSITORY = Path(__file__).resolve().parents[1]
HASH = "    --hash=sha256:" + 64 * "0"
LOCK = f"""# made by make lock
numpy==2.0.0 \\
{HASH}
ruamel-yaml==1.0 \\
{HASH} \\
{HASH}
colorama==0.4.6 ; sys_platform == 'win32' \\
{HASH}
"""
FAKE = """
import json, sys
from pathlib import Path
how = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
for option in ("--strict", "--require-hashes", "--disable-pip", "--requirement"):
    assert option in sys.argv, option
print(how["stdout"], end="")
print(how["stderr"], end="", file=sys.stderr)
sys.exit(how["code"])
"""


def result(*names, vulns=(), **more):
    listed = [{"name": name, "version": "2.0", "vulns": list(vulns)} | more for name in names]
    return json.dumps({"dependencies": listed, "fixes": []})


BOTH = ("numpy", "ruamel.yaml")
FLAW = {"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": [], "description": "<script>"}
REFUSED = "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='example.org')"
CASES = {
    "clean": (result(*BOTH), "", 0, audit.CLEAN, "2 packages"),
    "a flaw": (result(*BOTH, vulns=[FLAW]), "Found 2", 1, audit.VULNERABLE, "PYSEC-1, .* 2.1"),
    "no version": (
        result(*BOTH, vulns=[FLAW | {"fix_versions": []}]),
        "",
        1,
        audit.VULNERABLE,
        "no version yet",
    ),
    "nothing audited": (result(), "", 0, audit.NOT_AUDITED, "not audited: numpy, ruamel-yaml"),
    "one left out": (result("numpy"), "", 0, audit.NOT_AUDITED, "not audited: ruamel-yaml"),
    "one skipped": (
        json.dumps({"dependencies": [{"name": "numpy", "skip_reason": "x"}]}),
        "",
        0,
        audit.NOT_AUDITED,
        "not audited: numpy, ruamel-yaml",
    ),
    "strange end": (result(*BOTH), "", 7, audit.NOT_AUDITED, "ended with 7"),
    "no result": ("", "ERROR: bad lock", 1, audit.NOT_AUDITED, "no result: ERROR: bad lock"),
    "said nothing": ("", "", 0, audit.NOT_AUDITED, "it said nothing"),
    "not a result": ("[]", "", 0, audit.NOT_AUDITED, "no result"),
    "not reached": ("", f"Traceback\n{REFUSED}", 1, audit.NOT_REACHED, "could not reach"),
    "no name": ("", "NameResolutionError: example.org", 1, audit.NOT_REACHED, "could not reach"),
}


@pytest.fixture
def run(tmp_path, capsys):
    def one(stdout, stderr="", code=0, lock=LOCK):
        (tmp_path / "a.lock").write_text(lock, encoding="utf-8")
        fake = tmp_path / "fake.py"
        fake.write_text(FAKE, encoding="utf-8")
        how = {"stdout": stdout, "stderr": stderr, "code": code}
        fake.with_suffix(".json").write_text(json.dumps(how), encoding="utf-8")
        arguments = ["--lock", str(tmp_path / "a.lock"), "--with", sys.executable, str(fake)]
        return audit.main(arguments), capsys.readouterr().out

    return one


@pytest.mark.parametrize("case", CASES)
def test_each_end_has_its_own_code(run, case):
    stdout, stderr, code, right, said = CASES[case]
    verdict, out = run(stdout, stderr, code)
    assert verdict == right
    assert re.search(rf"a\.lock: .*{said}", out)


def test_an_empty_lock_is_not_clean(run):
    verdict, out = run(result(), lock="# nothing\n")
    assert verdict == audit.NOT_AUDITED and "nothing was" in out


def test_the_worst_of_all_locks_counts(tmp_path, monkeypatch, capsys):
    verdicts = iter([(audit.NOT_REACHED, ["a"]), (audit.VULNERABLE, ["b"]), (audit.CLEAN, ["c"])])
    monkeypatch.setattr(audit, "audit", lambda lock, command: next(verdicts))
    assert audit.main(["--with", "pip-audit"]) == audit.VULNERABLE
    out = capsys.readouterr().out
    assert "requirements.lock: a" in out and "requirements-dev.lock: b" in out
    assert "requirements-classroom.lock: c" in out


def test_a_pip_audit_that_cannot_be_had_is_said(monkeypatch, capsys):
    monkeypatch.setattr(audit, "installed", lambda folder: (None, "no route"))
    assert audit.main([]) == audit.NOT_REACHED
    assert "could not reach pip-audit itself: no route" in capsys.readouterr().out


def test_all_locks_are_read():
    first, *others = map(audit.pinned, audit.LOCKS)
    assert {"numpy", "jupyterlab", "ipywidgets"} <= first
    assert len(others) == 2
    for other in others:
        assert first < other
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in other)

"""Without a browser the tests fail, and say in one line what to do."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_missing_chromium_is_a_failure_in_plain_words(tmp_path):
    folder = Path(__file__).parent
    environment = {**os.environ, "CHROMIUM": "", "PATH": str(tmp_path)}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            folder / "test_saved_pages.py",
            "-k",
            "dark_is_dark",
        ],
        cwd=folder.parents[1],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = done.stdout
    assert done.returncode == 1
    assert "no Chromium: apt-get install chromium, or set CHROMIUM to its path" in said
    assert "1 error" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) < 15

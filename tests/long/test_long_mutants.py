"""At most 2 of 25 small changes of a module go unnoticed."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("module", sorted(path.stem for path in HERE.glob("mutants/*.toml")))
def test_the_tests_of_a_module_notice_small_changes(module):
    done = subprocess.run([sys.executable, HERE / "mutants.py", module], text=True)
    assert done.returncode == 0, "the changes that survived are listed above"

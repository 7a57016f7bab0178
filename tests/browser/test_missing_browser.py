"""Without a browser the tests fail, and say in one line what to do."""

import lab
import pytest


def test_a_missing_chromium_is_a_failure_in_plain_words(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(lab, "PLACES", ())
    with pytest.raises(RuntimeError) as said:
        lab.chromium()
    assert str(said.value) == "no Chromium: apt-get install chromium, or set CHROMIUM to its path"

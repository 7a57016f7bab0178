"""The explanations of changes that no test sees are of lines which are still there."""

import ast
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
TEXT = (REPOSITORY / "tests" / "long" / "survivors.toml").read_text("utf-8")
SURVIVORS = tomllib.loads(TEXT)["survivor"]


def lines_of(one):
    """Lines of the function that an explanation names; of the whole file where it names none."""
    source = (REPOSITORY / one["file"]).read_text("utf-8")
    node = ast.parse(source)
    for name in filter(None, one["function"].split(".")):
        node = next(n for n in ast.walk(node) if getattr(n, "name", "") == name)
    last = getattr(node, "end_lineno", None)
    return [line.strip() for line in source.splitlines()[getattr(node, "lineno", 1) - 1 : last]]


@pytest.mark.parametrize("one", SURVIVORS, ids=lambda one: f"{one['file']}: {one['becomes']}")
def test_an_explanation_is_of_a_line_that_is_there(one):
    assert {*one} == {"file", "function", "line", "becomes", "why"}
    assert one["line"] in lines_of(one)
    assert one["line"] != one["becomes"]
    assert one["why"].endswith(".")


def test_no_survivor_is_explained_twice():
    names = [(one["file"], one["function"], one["line"], one["becomes"]) for one in SURVIVORS]
    assert len({*names}) == len(names)

"""At least 95 of 100 small changes of the code are caught, and each survivor is explained."""

import mutants
import pytest
import report

COMMAND = "make test-long"
LEAST, SAMPLE = 0.95, 300


@pytest.fixture(scope="module")
def found():
    """(module, seconds of its tests, its mutants with their verdicts) for each module."""
    return mutants.main([])


def count(some, *verdicts):
    return sum(one["verdict"] in verdicts for one in some)


def test_the_table_of_the_modules(found):
    every, rows = [one for _, _, some in found for one in some], []
    for module, seconds, some in [*found, ("all", sum(s for _, s, _ in found), every)]:
        possible = some[0]["possible"]
        if module == "all":
            possible = sum(some[0]["possible"] for _, _, some in found)
        seen = count(some, "caught", "stopped")
        share = f"{100 * seen / len(some):.1f}"
        numbers = [count(some, word) for word in ("caught", "stopped", "survived")]
        rows.append([module, possible, len(some), *numbers, share, f"{seconds:.0f}"])
    words = (
        "One operator, comparison, index, constant or slice is changed at a time, and the tests of "
        "the module are run. *Stopped* are those whose tests did not end in time: a hang is seen "
        "too. Nothing is taken off for survivors which no test could see."
    )
    head = "module, possible, drawn, caught, stopped, survived, seen in 100, tests as it is (s)"
    report.section("Mutants", COMMAND, head.split(", "), rows, words)
    assert len(every) >= SAMPLE
    assert count(every, "caught", "stopped") >= LEAST * len(every)


def test_each_survivor_is_explained(found):
    known = mutants.explanations()
    survivors = [one for _, _, some in found for one in some if one["verdict"] == "survived"]
    rows = []
    for one in survivors:
        place = f"{one['file'].removeprefix('cnnlib/')}, {one['function'] or 'outside'}"
        why = known.get(mutants.name_of(one), "**not explained**")
        rows.append([place, f"`{one['line']}`", f"`{one['becomes']}`", why])
    head = ["where", "line", "becomes", "why no test sees it"]
    report.section("Mutants that survived", COMMAND, head, rows, f"{len(rows)} of them.")
    assert [one for one in map(mutants.name_of, survivors) if one not in known] == []

"""What is promised, with figures: numbers, bad input, the doctor and security.

The fast tests say yes or no. Here their cases, and a thousand more, are counted and measured.
"""

import re
import statistics
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
import report
import test_bad_input as bad
import test_conv
import test_doctor
import test_security as security
import test_shapes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import problems

from cnnlib import loops, vectorized
from tools import audit

COMMAND = "make test-long"
PROBLEMS = 1_000
MODULES = {"loops": loops, "vectorized": vectorized}


# --- numbers -------------------------------------------------------------------------------


def count(test, *strategies):
    """Call a test with a thousand problems, the same each time; return how many it had."""
    had = []

    @settings(
        max_examples=PROBLEMS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.tuples(*strategies))
    def each(drawn):
        had.append(drawn)
        test(*drawn)

    each()
    return len(had)


def is_exact(conv, problem):
    """Ask that all that a module computes is the definition, bit for bit."""
    Z = conv.conv_forward(problem.Y, problem.W, problem.b, **problem.how)
    test_conv.equal(Z, problem.forward(problem.Y, problem.W, problem.b))
    expected = problem.backward(problem.dZ, problem.Y, problem.W)
    for found, right in zip(test_conv.gradients(conv, problem), expected, strict=True):
        test_conv.equal(found, right)


def exactness():
    for name, conv in MODULES.items():
        had = count(lambda problem, conv=conv: is_exact(conv, problem), problems())
        yield f"{name}: equal to the definition on whole numbers", had, "0 cells differ"
    for way in test_conv.WAYS:

        def exact_on_way(problem, cuts, way=way):
            with test_conv.forced(way, *cuts):
                is_exact(vectorized, problem)

        had = count(exact_on_way, problems(), test_conv.CUTS)
        yield f"vectorized, way '{way}': the same", had, "0 cells differ"


def spoilt_numbers():
    numbers = st.sampled_from([np.nan, np.inf, -np.inf])
    for way in test_conv.WAYS:
        test = test_conv.test_on_every_way_a_spoilt_number_reaches_what_it_touches
        inner = test.hypothesis.inner_test
        drawn = (problems(), test_conv.CUTS, st.sampled_from(["dZ", "Y", "W"]), numbers)
        with np.errstate(invalid="ignore"):
            had = count(
                lambda *a, inner=inner, way=way: inner(way, *a), *drawn, st.integers(0, 999)
            )
        yield f"way '{way}': NaN and Inf reach what they touch and no more", had, "0 cells differ"


def errors():
    for dtype in (np.float32, np.float64):
        for name in test_conv.LONG_SUMS:
            shares = [
                test_conv.share_of_bound(conv, name, draw, dtype)
                for conv in MODULES.values()
                for draw in test_conv.DRAWS
            ]
            assert max(shares) <= 1
            title = f"{name}, {dtype.__name__}: error of a sum of {test_conv.LONG:,} terms"
            yield title, len(shares), f"at most {max(shares):.4f} of its bound"


def from_elsewhere():
    for conv in MODULES.values():
        for problem, case in test_conv.OTHERS_TEST:
            test_conv.test_a_geometry_that_others_test_works_here(conv, problem, case)
        for case in test_conv.PUBLISHED:
            test_conv.test_a_gradient_is_the_published_one_bit_for_bit(conv, case)
    yield "geometries that others test, both modules", len(test_conv.OTHERS_TEST), "all right"
    yield "published gradients, both modules", len(test_conv.PUBLISHED), "equal bit for bit"


NAMES = {np.asfortranarray: "in Fortran order"}


def layouts():
    full = [p for p in test_conv.GEOMETRIES if p.Y.size and p.W.size and p.dZ.size]
    for layout in test_conv.LAYOUTS:
        for conv in MODULES.values():
            for problem in full:
                test_conv.test_any_layout_in_memory_gives_the_same_numbers(conv, problem, layout)
        yield (
            f"arrays that are {NAMES.get(layout, layout.__name__.replace('_', ' '))}",
            2 * len(full),
            "work",
        )


def look_alikes():
    """What is no array of floats, and what it is told by both modules."""
    for name, given_ in test_shapes.NOT_ARRAYS.items():
        said = set()
        for conv in MODULES.values():
            with pytest.raises(TypeError) as error:
                conv.conv_forward(given_, test_shapes.W)
            said.add(str(error.value))
        assert len(said) == 1
        yield name, *said


def test_the_numbers():
    parts = (exactness, errors, spoilt_numbers, from_elsewhere, layouts)
    rows = [row for part in parts for row in part()]
    report.section(
        "Numbers",
        COMMAND,
        ["promise", "cases", "found"],
        rows,
        f"A bound is 4 eps sqrt(n) times the sum of absolute values. The {PROBLEMS:,} problems of "
        "a row are any stride, padding, dilation, batch and number of maps, some of them 0. Blocks "
        "and tiles are cut small, so that the last one is ragged.",
    )
    report.section("Look-alikes of an array", COMMAND, ["Y is", "and is told"], look_alikes())


# --- bad input -----------------------------------------------------------------------------


def cost(call):
    """Milliseconds (median of five) until a call is refused, and the most kilobytes it took."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        with pytest.raises((ValueError, TypeError)):
            call()
        times.append(1000 * (time.perf_counter() - start))
    tracemalloc.start()
    with pytest.raises((ValueError, TypeError)):
        call()
    room = tracemalloc.get_traced_memory()[1] / 1000
    tracemalloc.stop()
    return statistics.median(times), room


def test_bad_input_is_refused_early():
    groups = {
        f"the five functions, {name}": [
            lambda call=call, module=module: call(bad.Bad(module))
            for call, *_ in bad.CALLS.values()
        ]
        for name, module in MODULES.items()
    }
    groups["moves, layers, steppers, share codes"] = [call for call, *_ in bad.MORE.values()]
    rows = []
    for group, calls in groups.items():
        times, rooms = zip(*map(cost, calls), strict=True)
        assert max(rooms) < 50_000
        rows.append((group, len(calls), statistics.median(times), max(times), max(rooms)))
    words = (
        "Each is refused with a ValueError or TypeError whose words are held to in "
        "`tests/test_bad_input.py`: the argument, the numbers, the rule and a way out."
    )
    head = ["bad calls of", "calls", "median, ms", "slowest, ms", "most memory, kB"]
    report.section("Bad input", COMMAND, head, rows, words)


# --- the doctor ----------------------------------------------------------------------------


def test_the_doctor_names_each_planted_fault(tmp_path):
    rows = []
    for number, (plant, what, mend) in enumerate(test_doctor.FAULTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = test_doctor.Place(folder)
        plant(place)
        start = time.perf_counter()
        code, lines = place.run()
        took = time.perf_counter() - start
        assert code == 1 and re.search(what, lines[0])
        commands = [line for line in lines if re.search(f"[.] Run: ({mend})", line)]
        rows.append((plant.__name__.replace("_", " "), len(lines), len(commands), took))
        assert rows[-1][1:3] == (1, 1)
    well = tmp_path / "well"
    well.mkdir()
    start = time.perf_counter()
    assert test_doctor.Place(well).run() == (0, ["All is well."])
    rows.append(("nothing", 0, 0, time.perf_counter() - start))
    head = ["planted", "lines", "commands", "seconds"]
    words = (
        "Each planted fault gets one line, which names it, and one command. The commands of "
        f"{len(test_doctor.MENDED_HERE)} of them are run in `tests/test_doctor.py`, and all is "
        "well after them; the others would install something."
    )
    report.section("The doctor", COMMAND, head, rows, words)


# --- security ------------------------------------------------------------------------------


def test_security_in_figures():
    found = {path: list(security.forbidden(security.code_of(path))) for path in security.FILES}
    planted = [source for source in security.PLANTED if not list(security.forbidden(source))]
    loose = [
        fault
        for path in security.WORKFLOWS
        for fault in security.faults_of_workflow(path.name, path.read_text("utf-8"))
    ]
    pins = [re.findall(r"uses: \S+", path.read_text("utf-8")) for path in security.WORKFLOWS]
    rows = [
        ("files that may run no text: no eval, exec, pickle, shell or open address", len(found), 0),
        ("workflows: pinned, and may only read", len(security.WORKFLOWS), len(loose)),
        ("actions in them, pinned to a commit", sum(map(len, pins)), 0),
    ]
    assert not any(found.values()) and not planted and not loose
    for lock in audit.LOCKS:
        packages = re.findall(r"(?m)^[\w.-]+==.*(?:\n .*)*", lock.read_text("utf-8"))
        bare = [package for package in packages if "--hash=sha256:" not in package]
        assert len(packages) >= len(audit.pinned(lock)) > 40 and not bare
        rows.append((f"packages of {lock.name}, with their hashes", len(packages), len(bare)))
    verdict, lines = whole_audit()
    assert verdict != audit.VULNERABLE
    words = (
        f"All of the {len(security.PLANTED)} planted pieces of code that must not be are seen. "
        "Hostile texts (codes, names, lists of a class, messages, functions of a student) are held "
        f"to be text in `tests/test_security.py`. `make audit` ended with {int(verdict)}: "
        f"{'; '.join(lines)}."
    )
    report.section("Security", COMMAND, ["looked at", "how many", "faults found"], rows, words)


def whole_audit():
    """What `make audit` ends with, and what it says."""
    command = [sys.executable, "tools/audit.py"]
    done = subprocess.run(command, cwd=security.REPOSITORY, capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()

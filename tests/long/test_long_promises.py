"""What is promised of the numbers and of bad input, on larger samples than `make test` takes."""

import itertools

import numpy as np
import pytest
import test_bad_input as bad
import test_conv
import test_fast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import GEOMETRIES, LAYOUTS, problems

from cnnlib import fast

A_THOUSAND = settings(
    max_examples=1_000,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@test_conv.EACH
@A_THOUSAND
@given(problem=problems())
def test_a_thousand_problems_have_the_exact_answer(conv, problem):
    test_conv.is_its_definition(conv, problem)


@test_fast.EACH_WAY
@A_THOUSAND
@given(problem=problems(), cuts=test_fast.CUTS)
def test_a_thousand_problems_have_it_on_every_way(way, problem, cuts):
    with test_fast.forced(way, *cuts):
        test_conv.is_its_definition(fast, problem)


@test_fast.EACH_WAY
@A_THOUSAND
@given(spoilt=st.tuples(*test_fast.SPOILT))
def test_a_thousand_spoilt_numbers_reach_what_they_touch(way, spoilt):
    test_fast.touches_no_other(way, *spoilt)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", test_conv.LONG_SUMS)
def test_the_share_of_its_bound_that_an_error_takes(record_property, name, dtype):
    shares = [
        test_conv.share_of_bound(conv, name, draw, dtype)
        for conv, draw in itertools.product(test_conv.MODULES.values(), test_conv.DRAWS)
    ]
    record_property("largest share of the bound", f"{max(shares):.4f}")
    assert max(shares) <= 1


@test_conv.EACH
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("problem", [p for p in GEOMETRIES if p.Y.size * p.W.size], ids=str)
def test_every_problem_in_every_layout(conv, problem, layout):
    test_conv.test_any_layout_in_memory_gives_the_same_numbers(conv, problem, layout)


TWO = [name for name in bad.FUNCTIONS if name != "output_size"]  # two numbers in it are right


@pytest.mark.parametrize("name", TWO)
def test_of_two_bad_arguments_one_is_named(name):
    def values(argument):
        return [value for _, value in bad.bad_values(name, argument)]

    for one, other in itertools.combinations(bad.right(name), 2):
        for pair in itertools.product(values(one), values(other)):
            changed = dict(zip((one, other), pair, strict=True))
            said = bad.raised(bad.FUNCTIONS[name], **bad.right(name) | changed)
            assert said and (one in said or other in said), (changed, said)

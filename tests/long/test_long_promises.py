"""What is promised of the numbers and of bad input, on larger samples than `make test` takes."""

import itertools

import pytest
import test_bad_input as bad
import test_conv
from problems import GEOMETRIES, LAYOUTS


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

"""The stages of the input gradient end in the gradient, and each says what it is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from problems import GEOMETRIES, problems

from cnnlib import examples, loops, shapes
from cnnlib.steppers import stages, static

ONE_MAP = [p for p in GEOMETRIES if p.batch == () and p.channels == (1, 1)]


def check(problem):
    how = problem.how
    where = shapes.geometry(problem.input_size, problem.filter_size, **how)
    found = stages.stride_stages(problem.dZ, problem.W, problem.input_size, **how)
    dY = loops.conv_backward_input(problem.dZ, problem.W, problem.input_size, **how)
    np.testing.assert_array_equal(found[-1].values, dY[..., 0])
    padded = tuple(axis.n + axis.before + axis.after for axis in where)
    spread = tuple((axis.o - 1) * axis.s + 1 for axis in where)
    appended = tuple(a + r for a, r in zip(spread, where.rest, strict=True))
    assert appended == tuple(n - e + 1 for n, e in zip(padded, where.extent, strict=True))
    rings = tuple(a + 2 * (e - 1) for a, e in zip(appended, where.extent, strict=True))
    sizes = [where.output_size, spread, appended, rings, padded, where.input_size]
    assert [stage.values.shape for stage in found] == sizes
    whole = "dY" if padded == where.input_size else "dYp"
    assert [stage.name for stage in found] == ["dZ"] * 4 + [whole, "dY"]
    for stage in found:
        assert (len(stage.rows), len(stage.columns)) == stage.values.shape
        zeros = [not header.isdigit() for header in stage.rows]
        if stage.name == "dZ":
            assert not np.any(stage.values[zeros])
        assert " x ".join(map(str, stage.values.shape)) in str(stage)
        assert str(stage) in static.html(stage)


@pytest.mark.parametrize("problem", ONE_MAP, ids=str)
def test_the_stages_end_in_the_gradient(problem):
    check(problem)


@given(problem=problems())
def test_the_stages_of_random_problems(problem):
    check(replace(problem, batch=(), channels=(1, 1)))


def test_more_than_one_map_or_image_is_refused():
    t = examples.three_maps()
    with pytest.raises(ValueError, match="one image and one map"):
        stages.stride_stages(t.dZ, t.W, t.input_size)
    e = examples.one_map()
    with pytest.raises(ValueError, match="one image and one map"):
        stages.stride_stages(e.dZ[None], e.W, e.input_size)


def test_a_stage_can_not_be_changed():
    e = examples.strided()
    found = stages.stride_stages(e.dZ, e.W, e.input_size, **e.how)
    with pytest.raises(AttributeError):
        found[0].name = "Y"
    assert found[1:3] == (found[1], found[2])

"""The exercises again, with many more random faults than a quick run has time for."""

import faults
import numpy as np
import pytest

from cnnlib import exercises


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_many_compositions_of_faults_are_refused(name):
    faults.refuse_compositions(name, 30)


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_many_pairs_of_mistakes_are_named(name):
    rng, unnamed, count = np.random.default_rng(1), 0, 20
    for _ in range(count):
        says, wrong = faults.two_at_once(name, rng)
        if faults.differs(name, wrong):
            verdict = exercises.check(name, wrong, seconds=60)
            assert not verdict.passed, says
            unnamed += verdict.mistake is None
    assert unnamed <= count / 10

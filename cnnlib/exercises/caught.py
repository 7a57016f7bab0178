"""Which test would have caught it? Tests of one look each, most of them blind to something."""

from functools import partial

import numpy as np

from cnnlib import shapes
from cnnlib.exercises import layouts, problems, running
from cnnlib.exercises.catalogue import exercise_for


def _square(size):
    return size._replace(n_w=size.n_h, f_w=size.f_h, s_w=size.s_h, p_w=size.p_h)


def _divides(size):
    rest = shapes.geometry(size[:2], size[2:4], size[6:8], size[8:10]).rest
    return size._replace(n_h=size.n_h - rest[0], n_w=size.n_w - rest[1])


def _with(**values):
    return lambda size: size._replace(**values)


TESTS = {  # what it changes of a hard size, its numbers, and what it compares
    "shape": (_with(), "random", np.shape),
    "mean": (_with(p_h=0, p_w=0), "random", np.mean),
    "all-ones dZ": (_with(), "ones", np.array),
    "symmetric filter": (_with(), "symmetric", np.array),
    "one map": (_with(n_k=1, f_k=1), "random", np.array),
    "one image": (_with(batch=0), "random", np.array),
    "square only": (_square, "random", np.array),
    "stride 1 only": (_with(s_h=1, s_w=1), "random", np.array),
    "no padding": (_with(p_h=0, p_w=0), "random", np.array),
    "no left-over rows": (_divides, "random", np.array),
    "every cell": (_with(), "random", np.array),
}


def caught_by(name, function, *, seconds=10):
    """Say which tests catch a wrong function.

    Parameters
    ----------
    name, function, seconds
        As for `check`.

    Returns
    -------
    dict of str to bool
        A test that did not end in time has caught it.
    """
    exercise, caught = exercise_for(name, function), dict.fromkeys(TESTS, True)

    def work():
        for test, (change, kind, look) in TESTS.items():
            sizes = dict.fromkeys(exercise.size(change(exercise.size(s))) for s in problems.HARD)
            caught[test] = any(map(partial(_sees, exercise, function, kind, look), sizes))

    with running.as_it_was(running.Printed()):
        running.in_time(work, seconds)
    return caught


def _sees(exercise, function, kind, look, size):
    it = running.run(exercise, layouts.Called(function), size, kind)
    if it.came is None:
        return True
    looks = [tuple(np.asarray(look(part)) for part in parts) for parts in (it.came, it.right)]
    return not running.same(*looks)

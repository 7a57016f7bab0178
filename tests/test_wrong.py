"""Each wrong implementation of the exercises does what it is called, and nothing else."""

import pytest
from written_out import WRITTEN_OUT

from cnnlib import exercises
from cnnlib.exercises import problems, running

NARROW = [  # some weights never meet a cell of the map, and lie in the padding in each window
    problems.Size(4, 1, 2, 3, 2, 2, 2, 1, 1, 1, 2),
    problems.Size(1, 4, 3, 2, 2, 3, 1, 2, 1, 0, 0),
]
WHOLE = [(name, key) for name in WRITTEN_OUT for key in exercises.MISTAKES[name]]


def made_by(exercise, function, given):
    """What a wrong implementation makes of a problem, or None where it cannot."""
    try:
        return exercise.made(function, given)
    except (ValueError, IndexError, TypeError):
        return None


@pytest.mark.parametrize(("name", "key"), WHOLE)
def test_every_mistake_of_the_table_is_the_one_it_is_called(name, key):
    exercise, anywhere = exercises.EXERCISES[name], ("all zeros", "sign", "twice", "half")
    factors = dict(zip(anywhere, (0, -1, 2, 0.5), strict=True))
    wrongs, numbers = exercise.mistakes[key].wrongs, []
    again = WRITTEN_OUT[name].get(key, [None])
    sizes = [*dict.fromkeys(map(exercise.size, NARROW + problems.HARD))]
    for size in sizes[:9] if name == "train_step" else sizes:  # the loops of that one are slow
        given = exercise.given(size, "random")
        for number, (wrong, same) in enumerate(zip(wrongs, again, strict=True)):
            came = made_by(exercise, wrong, given)
            if key in factors:
                should = tuple(factors[key] * part for part in exercise.made(exercise.right, given))
            else:
                should = made_by(exercise, same, given)
            assert (came is None) == (should is None), (size, number)
            assert came is None or running.same(came, should), (size, number)
            numbers += [number] * (came is not None)
    assert {*numbers} == {*range(len(wrongs))}  # each was seen at work


def test_every_whole_exercise_is_written_out():
    whole = {name for name, exercise in exercises.EXERCISES.items() if exercise.base == name}
    assert whole == {*WRITTEN_OUT}
    written = {(name, key) for name, table in WRITTEN_OUT.items() for key in table}
    assert written <= {*WHOLE}

"""Random compositions of faults, for every exercise, each known to differ from the definition."""

import numpy as np

from cnnlib import exercises
from cnnlib.exercises import problems, running

# --- faults of arrays and pairs, in arguments and results --------------------------------------


def rolled(x, axis, rng):
    return np.roll(x, rng.choice([-1, 1]), axis)


def reversed_along(x, axis, rng):
    return np.flip(x, axis)


def exchanged_axes(x, axis, rng):
    other = int(rng.integers(x.ndim))
    return x.swapaxes(axis, other) if x.shape[axis] == x.shape[other] else x


def without_last(x, axis, rng):
    x = x.copy()
    np.moveaxis(x, axis, 0)[-1:] = 0
    return x


def first_everywhere(x, axis, rng):
    return np.take(x, [0], axis) + 0 * x


def times(factor):
    return lambda x, axis, rng: factor * x


def one_less(x, axis, rng):
    return x.take(range(max(1, x.shape[axis] - 1)), axis)


OF_ARRAYS = [
    *(rolled, reversed_along, exchanged_axes, without_last, first_everywhere, one_less),
    *map(times, (-1, 2, 0.5, 1 / 3)),
]
OF_PAIRS = [
    lambda pair: pair[::-1],
    lambda pair: (pair[0], pair[0]),
    lambda pair: (1, 1),
    lambda pair: (pair[0] + 1, pair[1]),
    lambda pair: (pair[0], max(1, pair[1] - 1)),
]


def on_arrays(rng, arrays):
    """A fault of one of the arrays, with its axis."""
    which, fault, at = rng.integers(arrays), rng.choice(len(OF_ARRAYS)), rng.random()

    def change(x):
        return OF_ARRAYS[fault](x, int(at * x.ndim), np.random.default_rng(fault))

    return int(which), change


def on_values(name, rng):
    """The right answer of an exercise with one to three faults around it."""
    exercise = exercises.EXERCISES[name]
    before, after = [], []
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.5:
            before.append((rng.random(), rng.choice(len(OF_PAIRS)), on_arrays(rng, 1)[1]))
        else:
            after.append(on_arrays(rng, len(exercise.gives)))

    def function(*values, **how):
        values = [*values, *how.values()]
        for at, pair, array in before:
            at = int(at * len(values))
            if isinstance(values[at], np.ndarray):
                values[at] = array(values[at])
            elif isinstance(values[at], tuple):
                values[at] = OF_PAIRS[pair](values[at])
        made = [part.astype(float) for part in exercise.made(exercise.right, Given(values))]
        for at, change in after:
            made[at] = change(made[at]) if made[at].ndim else made[at]
        return tuple(made) if len(made) > 1 else made[0]

    return function


class Given(list):
    """Values without names, as `Exercise.made` takes them."""

    def values(self):
        return self


def counting(name, rng):
    """The formula of the output size, with its numbers off."""
    a, b, c, d = rng.integers(-1, 2, 4)
    shift = rng.choice([0, 0, 1])

    def function(n, f, stride, padding):
        s = max(1, stride + shift)
        more = d if n % 2 and stride > 1 else 0
        return int((n + (2 + a) * padding - f + b) // s + 1 + c + more)

    return function


def composed(name, rng):
    """A random function with faults for an exercise."""
    return (counting if name == "output_size" else on_values)(name, rng)


def unseen(name):
    """Problems of an exercise that the check does not know."""
    exercise, rng = exercises.EXERCISES[name], np.random.default_rng(1)
    for _ in range(12):
        f, s, p = rng.integers(1, 4, 2), rng.integers(1, 4, 2), rng.integers(0, 3, 2)
        n, maps = f + rng.integers(0, 6, 2), rng.integers(1, 4, 2)
        size = problems.Size(*map(int, (*n, *f, *maps, *s, *p, rng.integers(0, 3))))
        yield exercise.given(exercise.size(size), "unseen")


def differs(name, function):
    """Whether it differs from the definition, on problems that the check does not know."""
    right = exercises.EXERCISES[name].right
    return not all(alike(right, function, given) for given in unseen(name))


def two_at_once(name, rng):
    """Two mistakes of an exercise in one function, with what is said of each."""
    one, other = rng.choice([*exercises.MISTAKES[name].values()], 2, replace=False)
    return {one.says, other.says}, rng.choice(one.wrongs) + rng.choice(other.wrongs)


def wrote(wrong, runs):
    """Whether runs of a student's function are those of a wrong implementation, where both give
    a result of one shape, which must be often enough."""
    alike = []
    for run in runs:
        try:
            made = wrong.exercise.made(wrong, run.given)
        except (ValueError, IndexError, TypeError):
            continue
        if run.came and [x.shape for x in made] == [x.shape for x in run.came]:
            alike.append(running.same(made, run.came))
    return all(alike) and len(alike) > 2


def agrees(name, says, function):
    """Whether a mistake of that name makes what a function makes, on unseen problems."""
    (mistake,) = (m for m in exercises.MISTAKES[name].values() if m.says == says)
    return any(all(alike(wrong, function, x) for x in unseen(name)) for wrong in mistake.wrongs)


def alike(one, other, given):
    """Whether two functions make the same; where both cannot, they do."""
    made = []
    for each in (one, other):
        copies = [x.copy() if isinstance(x, np.ndarray) else x for x in given.values()]
        try:
            came = each(*copies)
        except (ValueError, IndexError):
            came = ()
        made.append([*map(np.asarray, came if isinstance(came, tuple) else (came,))])
    shapes = [[part.shape for part in parts] for parts in made]
    return shapes[0] == shapes[1] and all(map(np.allclose, *made))


def refuse_compositions(name, count):
    """Check random compositions of faults: none may pass, and each has a counterexample."""
    rng, refused = np.random.default_rng(0), 0
    while refused < count:
        function = composed(name, rng)
        if differs(name, function):
            verdict = exercises.check(name, function)
            assert not verdict.passed, vars(function)
            assert verdict.counterexample.results
            refused += 1

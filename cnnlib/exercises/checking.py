"""Check a function: run it, name its mistake, and make the problem small."""

from functools import partial

import numpy as np

from cnnlib.exercises import problems, running
from cnnlib.exercises.catalogue import exercise_for
from cnnlib.exercises.verdict import verdict_of

AGAIN = 4  # problems that are given twice


def check(name, function, *, seconds=10):
    """Run a function on small hard problems and say what it looks like.

    Parameters
    ----------
    name : str
        A key of `EXERCISES`.
    function : callable
    seconds : float
        Time for all problems together. A loop in Python is stopped when it is over. A call
        that waits is left behind. One that never lets go of the interpreter, such as
        ``sum(range(10**15))``, holds up the notebook until the kernel is restarted.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If there is no such exercise; the message lists them.
    TypeError
        If `function` cannot be called.
    """
    exercise, found, printed = exercise_for(name, function), {}, running.Printed()
    with running.as_it_was(printed):
        late = running.in_time(partial(_examine, exercise, function, found), seconds)
    return verdict_of(exercise, printed.text.strip(), late=late, **found)


def _examine(exercise, function, found):
    """Run all problems, name the mistake and shrink; `found` holds what is known so far."""
    sizes = list(dict.fromkeys(map(exercise.size, problems.HARD)))
    runs = []
    given = [(size, "random") for size in sizes] + [(size, "other") for size in sizes[:4]]
    for problem in given + given[:AGAIN]:
        found["run"] = running.asked(exercise, *problem)  # in case that it does not come back
        runs.append(running.run(exercise, function, *problem))
    failed = [run for run in runs if run.fault]
    found["run"] = next(iter(failed), None)
    if not failed:
        return
    for once, again in zip(runs, runs[-AGAIN:], strict=False):
        if again.fault and not once.fault:
            found["run"] = again._replace(fault="again", says=running.SAYS["again"])
            return
    mistake, wrong, first = _recognised(exercise, runs) or (None, None, failed[0])
    found.update(run=first, mistake=mistake)

    def betrays(kind, size):
        run = running.run(exercise, function, size, kind)
        by_mistake = run.wrong and wrong and _agrees(exercise, wrong, run) > 0
        alike = by_mistake if wrong else run.fault == first.fault
        if alike:
            found["run"] = run
        return alike

    for kind in ("random", "counted"):
        size = found["run"].size
        if kind == first.kind or betrays(kind, size):
            problems.shrink(size, exercise.size, partial(betrays, kind))


def _made(exercise, wrong, given):
    """Return what a wrong implementation makes, or None where it cannot."""
    try:
        return exercise.made(wrong, given)
    except (ValueError, IndexError, TypeError):
        return None


def _agrees(exercise, wrong, run):
    """How well a wrong implementation makes what came: 2 to -1, or 0 where that cannot be said."""
    made, came = _made(exercise, wrong, run.given), run.came
    if None in (made, came):  # an exception may be the style, where the function goes wrong
        return 0 if run.fault else -1
    if running.same(made, came):
        return 2
    both_wrong = run.wrong and not running.same(made, run.right)
    if not both_wrong or [part.shape for part in made] == [part.shape for part in came]:
        return -1
    # The sizes differ, which may be the style: then the cells that all have in common count.
    parts = list(zip(made, came, run.right, strict=True))
    if any(len({part.ndim for part in each}) > 1 for each in parts):
        return 0
    at = [tuple(map(slice, np.min([part.shape for part in each], axis=0))) for each in parts]
    shared = [[part[i] for part, i in zip(x, at, strict=True)] for x in zip(*parts, strict=True)]
    return int(running.same(*shared[:2]) and not running.same(*shared[1:]))


def _recognised(exercise, runs):
    """Return the mistake that agrees best, its implementation, and the first run that shows it."""
    best, most = None, 0
    for mistake in exercise.mistakes.values():
        for wrong in mistake.wrongs:
            shown, much = [], 0
            for run in runs:
                alike = _agrees(exercise, wrong, run)
                if alike < 0:
                    break
                shown += [run] * (alike > 0 and run.wrong)
                much += alike * run.wrong
            else:
                if len(shown) > 1 and much > most:
                    best, most = (mistake, wrong, shown[0]), much
    return best

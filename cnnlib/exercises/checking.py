"""Check a function: run it, name its mistake, and make the problem small."""

from functools import partial

from cnnlib.exercises import problems, running
from cnnlib.exercises.catalogue import exercise_for
from cnnlib.exercises.verdict import verdict_of


def check(name, function, *, seconds=10):
    """Run a function on small hard problems and say what it looks like.

    Parameters
    ----------
    name : str
        A key of `EXERCISES`.
    function : callable
    seconds : float
        Time for all problems together.

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
    for problem in [(size, "random") for size in sizes] + [(size, "other") for size in sizes[:4]]:
        found["run"] = running.asked(exercise, *problem)  # in case that it does not come back
        runs.append(running.run(exercise, function, *problem))
    failed = [run for run in runs if run.fault]
    found["run"] = failed[0] if failed else None
    if not failed:
        return
    mistake, wrong, first = _recognised(exercise, runs) or (None, None, failed[0])
    found.update(run=first, mistake=mistake)

    def betrays(kind, size):
        run = running.run(exercise, function, size, kind)
        alike = run.wrong and _agrees(exercise, wrong, run) if wrong else run.fault == first.fault
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
    made = _made(exercise, wrong, run.given)
    return None not in (made, run.came) and running.same(made, run.came)


def _recognised(exercise, runs):
    """Return the mistake that most runs show, its implementation, and the first such run."""
    best, most = None, 1
    for mistake in exercise.mistakes.values():
        for wrong in mistake.wrongs:
            shown = _evidence(exercise, wrong, runs)
            if len(shown) > most:
                best, most = (mistake, wrong, shown[0]), len(shown)
    return best


def _evidence(exercise, wrong, runs):
    """Runs whose wrong result is that of `wrong`; none where a single run contradicts it."""
    shown = []
    for run in runs:
        made, came = _made(exercise, wrong, run.given), run.came
        if came is None or made is None:  # one of them could not: is the other wrong?
            if not (run.wrong if made is None else not running.same(made, run.right)):
                return []
        elif running.same(made, came):
            shown += [run] * run.wrong
        else:
            sizes = [tuple(part.shape for part in parts) for parts in (made, came)]
            if sizes[0] == sizes[1] or not run.fault or running.same(made, run.right):
                return []  # where both are wrong and only the sizes differ, it may be the style
    return shown

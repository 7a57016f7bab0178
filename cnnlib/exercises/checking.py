"""Check a function: run it, name its mistake or two of them, and make the problem small."""

from dataclasses import replace
from functools import partial
from itertools import combinations
from types import SimpleNamespace

import numpy as np

from cnnlib.exercises import layouts, problems, running, work
from cnnlib.exercises.catalogue import ANYWHERE, Wrong, exercise_for
from cnnlib.exercises.verdict import verdict_of

SAYS = running.SAYS
MORE = 3  # times the time of the function itself may be spent on what is said of it


def check(name, function, layout="channels last", *, seconds=10):
    """Run a function on small hard problems and say what it looks like.

    Parameters
    ----------
    name : str
        A key of `EXERCISES`.
    function : callable
    layout : {"channels last", "channels first"}
        How the function has its axes. With channels first, maps are (channels, rows, columns),
        with or without a batch axis before, and filters are (f_k, n_k, f_h, f_w). Stride and
        padding may then be numbers or pairs.
    seconds : float
        Time for the function, on all problems together. A loop in Python is stopped when it is
        over. A call that waits is left behind. One that never lets go of the interpreter, such as
        ``sum(range(10**15))``, holds up the notebook until the kernel is restarted.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If there is no such exercise or layout; the message lists them.
    TypeError
        If `function` cannot be called.
    """
    exercise, printed = exercise_for(name, function), running.Printed()
    layouts.refuse_unknown(layout)
    found = SimpleNamespace(called=None, runs=[], run=None, says=None, notes=())
    with running.as_it_was(printed):
        late = running.in_time(partial(_run, exercise, function, layout, found), seconds)
        if found.run and not late:  # where this takes too long, what is found until then is told
            running.in_time(partial(_explain, exercise, found), MORE * seconds)
    return verdict_of(exercise, found, printed.text.strip(), late)


def asked(exercise, called):
    """Return the problems in the order in which they are given: (size, kind, may be written to).

    Some come twice in a row, some once more at the end, so that a function that keeps something
    from call to call is seen.
    """
    sizes = [*dict.fromkeys(exercise.size(called.size(size)) for size in problems.HARD)]
    given = [(size, "random", True) for size in sizes]
    for size in sizes[-4:]:
        given += [(size, "other", True), (size, "other", False), (size, "random", True)]
        given += [(size, "fractions", True)]
    given += [(size, kind, True) for kind in ("large", "small") for size in sizes[-2:]]
    return given + given[5::-1]


def _run(exercise, function, layout, found):
    """Run all problems; what is found is the first that is wrong."""
    found.called = layouts.fitting(exercise, function, layout, partial(_works, exercise))
    for size, kind, writable in asked(exercise, found.called):
        found.run = running.asked(exercise, size, kind)  # in case that it does not come back
        found.runs.append(running.run(exercise, found.called, size, kind, writable))
    found.run = next((run for run in found.runs if run.fault), None)


def _explain(exercise, found):
    """Name the mistake, and find the smallest problem that shows it."""
    if kept := _kept_something(exercise, found.runs):
        found.run = kept
        return
    found.says, wrong, shown = _named(exercise, found.called, found.runs)
    found.run = shown[0]
    if wrong:
        found.notes = _right_along(wrong)
    elif not found.says and found.run.says == SAYS["value"]:
        found.notes = _right_where(exercise, found.runs)
    _shrink(exercise, found, wrong, shown)


def _works(exercise, called):
    """Tell whether a function makes something of the right shape when it is called so."""
    size = exercise.size(problems.square(problems.HARD[-1]))
    run = running.run(exercise, called, size, "random")
    return run.came is not None and run.fault not in ("shape", "order")


def _right(exercise, called):
    """Tell whether it is right when it is called so, on some problems without any symmetry."""
    sizes = {exercise.size(called.size(problems.HARD[at])) for at in (11, 12, -2, -3)}
    return not any(running.run(exercise, called, size, "random").wrong for size in sizes)


def _kept_something(exercise, runs):
    """Return a run that differs from an earlier one of the same problem, or that repeats another.

    Such a function keeps something from call to call.
    """
    first, seen = {}, []
    for run in runs:
        once = first.setdefault((run.size, run.kind), run)
        differs = (once.came is None) != (run.came is None)
        if run.came and once.came:
            differs = not running.same(*(map(np.nan_to_num, each.came) for each in (run, once)))
        if differs and run.fault != "writes":
            wrong = run if run.wrong else once
            return wrong._replace(fault="again", says=SAYS["again"])
        if run.wrong and run.came and run.came[0].size > 5 and not exercise.counts:
            if any(running.same(run.came, other) for other in seen):
                return run._replace(fault="again", says=SAYS["again"])
        seen += [run.right] * (once is run)
    return None


# --- names -------------------------------------------------------------------------------------


def _named(exercise, called, runs):
    """Return what is said of a mistake, the implementation that makes it, and runs that show it."""
    failed = [run for run in runs if run.fault]
    wrong = [run for run in runs if run.wrong]
    if not wrong or all(run.fault in ("order", "blank") for run in wrong):
        return None, None, failed
    if not any(run.kind in ("random", "other") for run in wrong):
        return None, None, [_partly_right(exercise, called, runs)]
    if known := _recognised(exercise, runs):
        return known
    if other := layouts.mixed_up(exercise, called, partial(_right, exercise)):
        return other, None, wrong
    return _recognised_pair(exercise, runs) or (None, None, [_partly_right(exercise, called, runs)])


def _partly_right(exercise, called, runs):
    """Return the run to show where there is no name, with what is said of it."""
    wrong = [run for run in runs if run.wrong]
    first = next((run for run in wrong if run.fault != "order"), wrong[0])
    kinds = {run.kind for run in wrong}
    if not kinds & {"random", "other"} and first.came:
        types = [run.says for run in runs if run.fault == "dtype"][:1]
        said = SAYS["whole" if "fractions" in kinds else "scale"]
        return first._replace(says=" ".join([said, *types]))
    if not first.error:
        return first
    numbers = layouts.Called(called.function, replace(called.layout, pairs=False))
    if {"stride", "padding"} & {*exercise.arguments} and _works(exercise, numbers):
        return first._replace(says=f"{first.says} {SAYS['pairs']}")
    causes = [SAYS[cause] for cause, holds in CAUSES.items() if _only(holds, runs)]
    return first._replace(says=" ".join([first.says, *causes]))


CAUSES = {  # what may be the reason of an exception, and of which problems it is
    "p is 0": lambda run: 0 in run.given.get("padding", ()),
    "square": lambda run: any(run.size[at] != run.size[at + 1] for at in (0, 2, 6, 8)),
}


def _only(holds, runs):
    """Whether all problems that raise are of a kind, and most of the others are not."""
    raised = [run for run in runs if run.error]
    return all(map(holds, raised)) and sum(map(holds, runs)) < len(runs) / 4 + len(raised)


def makes(wrong, given):
    """Return what a wrong implementation makes, or None where it cannot."""
    try:
        return wrong.exercise.made(wrong, given)
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return None


def _agrees(wrong, run, strict=False):
    """How well a wrong implementation makes what came: 2 to -1, or 0 where that cannot be said."""
    made, came = makes(wrong, run.given), run.came
    if made is None:
        return 0 if run.wrong and not strict else -(came is not None)
    if came is None:  # an exception may be the style, where the function goes wrong
        return -1 if running.same(made, run.right) else 0
    if running.same(made, came):
        return 2
    both_wrong = run.wrong and not running.same(made, run.right)
    if strict or not both_wrong or [m.shape for m in made] == [c.shape for c in came]:
        return -1
    # The sizes differ, which may be the style: then the cells that all have in common count.
    parts = list(zip(made, came, run.right, strict=True))
    if any(len({part.ndim for part in each}) > 1 for each in parts):
        return 0
    at = [tuple(map(slice, np.min([part.shape for part in each], axis=0))) for each in parts]
    shared = [[part[i] for part, i in zip(x, at, strict=True)] for x in zip(*parts, strict=True)]
    return int(running.same(*shared[:2]) and not running.same(*shared[1:]))


def _shown(wrong, runs, strict=False):
    """Return the runs that show a mistake and how well; none where one speaks against it."""
    shown, much = [], 0
    for run in runs:
        alike = _agrees(wrong, run, strict)
        if alike < 0:
            return [], 0
        if run.wrong and alike:
            shown.append(run)
            much += alike
    return shown, much


def _often(shown):
    """Tell whether a mistake was shown by two problems at least, and not by one that is rare."""
    return len({run.size for run in shown}) > 1


def _recognised(exercise, runs):
    """Return the mistake that agrees best, as `_named` does."""
    best, most = None, 0
    for mistake in exercise.mistakes.values():
        for wrong in mistake.wrongs:
            shown, much = _shown(wrong, runs)
            if _often(shown) and much > most:
                best, most = ((mistake.says, mistake.cure), wrong, shown), much
    return best


def _recognised_pair(exercise, runs):
    """Return two mistakes that together make exactly what came, as `_named` does."""
    least = 1 if exercise.counts else 6  # cells that can tell one pair from another
    telling = [r for r in runs if r.wrong and r.came and sum(map(np.size, r.came)) >= least]
    if len(telling) < 2:
        return None
    telling.sort(key=lambda run: sum(map(np.size, run.given.values())))  # the quickest first
    ways = [(mistake, wrong) for mistake in exercise.mistakes.values() for wrong in mistake.wrongs]
    for (one, first), (other, second) in combinations(ways, 2):
        both = first + second
        if one is other or _agrees(both, telling[0], strict=True) < 2:
            continue
        shown, _ = _shown(both, runs, strict=True)
        if _often(shown):
            says = f"It looks like two mistakes at once. One: {one.says} The other: {other.says}"
            return (says, f"{one.cure} And: {other.cure}"), both, shown
    return None


def _right_along(wrong):
    """Say along which axis all is right, if the mistake is along the other one only."""
    axes = {axis for slip in wrong.slips for axis in getattr(slip, "axes", work.BOTH)}
    for right, other in (work.BOTH, work.BOTH[::-1]):
        if axes == {other}:
            return (f"Along the {right} it is right: the mistake is along the {other}.",)
    return ()


def _right_where(exercise, runs):
    """Say under which conditions a function is right, if it is wrong without a name."""
    notes = []
    for words, (names, holds) in CONDITIONS.items():
        there = [run for run in runs if holds(run.size)]
        if {*names.split()} & {*exercise.vary.split()} and len(there) < len(runs):
            if len(there) > 2 and not any(run.fault for run in there):
                notes.append(f"It is right {words}.")
    return tuple(notes[:2])


CONDITIONS = {
    "where the stride is 1": ("s_h s_w", lambda x: x.s_h == x.s_w == 1),
    "where there is no padding": ("p_h p_w", lambda x: x.p_h == x.p_w == 0),
    "for one map and one filter": ("n_k f_k", lambda x: x.n_k == x.f_k == 1),
    "for one filter": ("f_k", lambda x: x.f_k == 1),
    "for one map of Y": ("n_k", lambda x: x.n_k == 1),
    "for one image": ("batch", lambda x: x.batch < 2),
}


# --- the smallest problem -----------------------------------------------------------------------


def _shrink(exercise, found, wrong, shown):
    """Put the smallest problem that shows what is said into `found`."""
    unlike = _others(exercise, wrong)

    def fits(run):
        if wrong is None:
            return run.fault == shown[0].fault
        if not run.wrong or _agrees(wrong, run) < 1:
            return False
        return not any(_agrees(other, run) == 2 for other in unlike)

    def shows(kind, size):
        run = running.run(exercise, found.called, exercise.size(found.called.size(size)), kind)
        if fits(run):
            found.run = run if wrong else run._replace(says=_said(shown[0], run))
        return fits(run)

    first = found.run = next(filter(fits, shown), shown[0])
    for kind in (first.kind, "counted"):
        size = found.run.size
        if kind == first.kind or shows(kind, size):
            problems.shrink(size, exercise.size, partial(shows, kind))


def _said(first, smaller):
    """Say what was said of the first problem; where that has sizes, that they are not those shown.

    An exception names the call in which it came up, and a wrong shape the shape.
    """
    if first.size == smaller.size or not (first.error or first.fault == "shape"):
        return first.says
    return f"{first.says} {SAYS['smaller']}"


def _others(exercise, wrong):
    """Return what a problem must not look like: any of the plain mistakes, one slip of two.

    So a problem that shows that a weight is left out has two weights, and not only zeros.
    """
    if wrong is None:
        return []
    plain = [
        w for key in ANYWHERE if key in exercise.mistakes for w in exercise.mistakes[key].wrongs
    ]
    alone = [Wrong(exercise, (slip,)) for slip in wrong.slips] if len(wrong.slips) > 1 else []
    return [other for other in plain + alone if other.slips != wrong.slips]

"""Run a function that may do anything: for some seconds, and with the notebook left as it was.

It runs in a thread of its own. When its time is over an exception is thrown into it, on every
system. A call into C, such as a sleep, cannot be stopped: the thread is left behind until
the call returns. One that never gives the interpreter back, such as ``sum(range(10**15))``,
holds up the notebook.
"""

import contextlib
import ctypes
import io
import linecache
import random
import sys
import threading
import traceback
import warnings
from contextvars import copy_context
from itertools import dropwhile, permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cnnlib.exercises import problems
from cnnlib.exercises.catalogue import called_as


class Late(BaseException):
    """Thrown into a function whose time is over."""


class Printed(io.TextIOBase):
    """Keeps the beginning of what a function prints."""

    text = ""

    def write(self, text):
        """Keep what fits."""
        self.text += text[: max(0, 200 - len(self.text))]
        return len(text)


@contextlib.contextmanager
def as_it_was(printed):
    """Leave random numbers, warnings, output and recursion as the notebook had them."""
    states, limit = (np.random.get_state(), random.getstate()), sys.getrecursionlimit()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            np.random.set_state(states[0])
            random.setstate(states[1])
            sys.setrecursionlimit(limit)


def in_time(work, seconds):
    """Run `work` in a thread; return what is to be said if its time was over, or ""."""
    errors = []

    def guarded():
        with contextlib.suppress(Late):  # thrown again, while the first is on its way out
            try:
                work()
            except Late:
                pass
            except BaseException as error:  # one of our own: it must not be lost with the thread
                errors.append(error)

    # With the context go the settings of np.errstate, which a thread would not have.
    thread = threading.Thread(target=copy_context().run, args=(guarded,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # a Python without threads, as in a browser: no limit there
        guarded()
    else:
        try:
            thread.join(seconds)
            late = thread.is_alive()
        finally:  # an interrupt by the user stops it too
            _stop(thread)
        if late:
            return SAYS["left behind" if thread.is_alive() else "stopped"].format(seconds)
    if errors:
        raise errors[0]
    return ""


def _stop(thread):
    for _ in range(20):  # more than once, since a bare except may catch it
        if thread.is_alive():
            late = ctypes.c_ulong(thread.ident), ctypes.py_object(Late)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(*late)
            thread.join(0.05)


MAX_CELLS = 10_000  # of a result that is looked at
SAYS = problems.TEXTS["anywhere"]["says"]
BLANK = "A blank is not filled in yet"
OURS = str(Path(__file__).parent)


class Run(NamedTuple):
    """A problem, what a function made of it, and what is wrong with that."""

    size: problems.Size
    kind: str  # of the numbers
    given: dict
    right: tuple
    came: tuple | None = None  # None where nothing came that can be compared
    changed: str = ""
    fault: str = ""
    says: str = ""
    error: str = ""  # name of the exception

    @property
    def wrong(self):
        """Whether the numbers are wrong, and not only their type or an argument."""
        return self.fault not in ("", "changed", "writes", "dtype")


def asked(exercise, size, kind):
    """Return a problem that is not yet run."""
    return Run(size, kind, *exercise.problem(size, kind))


def run(exercise, called, size, kind, writable=True):
    """Call a function on copies of the arguments of a problem, and look at what comes back."""
    it = asked(exercise, size, kind)
    copies = copied(it.given)
    for value in copies.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = writable
    given = called.layout.given(copies)
    try:
        made = called_as(exercise.call, called.function, given.values())
    except Late:
        raise
    except BaseException as error:
        words = traceback.format_exception_only(error)[-1].strip()[:200].rstrip(".")
        if not writable and "read-only" in words:
            return it._replace(fault="writes", says=SAYS["writes"])
        return _raised(exercise, it, error, words, given)
    made = called.layout.back(exercise.gives, made)
    if says := _unfit(exercise, made):
        return _failed(it, says)
    changed = [name for name, v in it.given.items() if not np.array_equal(copies[name], v)]
    parts = made if len(exercise.gives) > 1 else (made,)
    it = it._replace(came=tuple(map(_floats, parts)), changed=" and ".join(changed))
    return it._replace(**dict(zip(("fault", "says"), _fault(exercise, it, parts), strict=True)))


def _floats(part):
    part = np.array(part)
    return part.real if part.dtype.kind == "c" else part * 1.0


def _failed(it, says):
    return it._replace(fault="blank" if BLANK in says else says, says=says)


def _raised(exercise, it, error, words, given):
    """Say what an exception means, in which line it came up, and what the function was given."""
    frames = [(f.f_code.co_filename, n) for f, n in traceback.walk_tb(error.__traceback__)]
    frames = [*dropwhile(lambda place: place[0].startswith(OURS), frames)]
    file, number = next((place for place in frames[::-1] if place[0] == frames[0][0]), ("", 0))
    where = f" (line {number}: {linecache.getline(file, number).strip()}" * bool(file)
    where = where and where.rstrip(": ") + ")"
    if "ellipsis" in words.lower() and "valid indices" not in words:  # NumPy lists what may index
        return _failed(it, f"{BLANK}{where}.")
    if type(error) is NameError:
        return _failed(it, SAYS["name"].format(error.name, where, BLANK))
    how = "" if frames else f" It is called as {exercise.called}."
    says = f"It raises {words}{where}.{how} {_given(given)}".strip()
    return it._replace(fault=words, says=says, error=type(error).__name__)


def _given(given):
    told = [
        f"{name} of shape {value.shape}" if isinstance(value, np.ndarray) else f"{name} = {value}"
        for name, value in given.items()
    ]
    return f"It was called with {', '.join(told)}."


def _unfit(exercise, made):
    """Say why a result cannot be compared, or return an empty text."""
    names, parts = exercise.gives, made if len(exercise.gives) > 1 else (made,)
    if not isinstance(parts, (tuple, list)) or len(parts) != len(names):
        came = "None" if made is None else type(made).__name__
        return f"It returns {came}, and should return ({', '.join(names)})."
    says = [_unfit_part(exercise, name, part) for name, part in zip(names, parts, strict=True)]
    return next(filter(None, says), "")


def _unfit_part(exercise, name, part):
    if part is ...:
        return f"{BLANK}: it returns '...' where {name} should be."
    if part is None:
        return f"It returns None where {name} should be: does the function end with return?"
    if exercise.counts:
        whole = isinstance(part, (int, np.integer)) and not isinstance(part, bool)
        return "" if whole else f"It returns {part!r}, and a number of windows is an int."
    if not isinstance(part, (np.ndarray, np.generic)) or isinstance(part, np.ma.MaskedArray):
        return f"It returns {type(part).__name__} where {name} should be a NumPy array."
    if part.size > MAX_CELLS:
        return f"{name} has the shape {part.shape}, which is far too large."
    if part.dtype.kind not in "fiubc":
        return f"{name} holds {part.dtype}, and should hold float64."
    return ""


def copied(given):
    """Return arguments by name, their arrays as copies."""
    return {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in given.items()}


def differ(came, should, most=None):
    """Tell which cells of an array are wrong, by more than rounding; none of another shape."""
    if came.shape != should.shape:
        return np.zeros(came.shape, bool)
    return ~(np.abs(came - should) <= (near(should) if most is None else most))  # NaN is wrong


def same(one, other):
    """Whether two tuples of arrays are alike, but for rounding."""
    return all(
        a.shape == b.shape and not differ(a, b).any() for a, b in zip(one, other, strict=True)
    )


def near(array, least=problems.TOLERANCE):
    """Return how far apart two numbers may be, beside the largest of an array."""
    largest = np.abs(array).max(initial=0)
    return least * (largest if 0 < largest < np.inf else 1)


def _fault(exercise, it, parts):
    """Return what kind of wrong a run is, and a sentence; two empty texts if it is right."""
    for name, came, should in zip(exercise.gives, it.came, it.right, strict=True):
        if came.shape != should.shape:
            if says := _reordered(name, came, should):
                return "order", says
            return "shape", f"{name} has the shape {came.shape}, and should have {should.shape}."
        if np.isnan(came).any():
            return "NaN", f"{name} holds NaN, which is not a number."
    coarse = 1e-5 if any(np.asarray(part).dtype in COARSE for part in parts) else problems.TOLERANCE
    if any(differ(*two, near(two[1], coarse)).any() for two in zip(it.came, it.right, strict=True)):
        return "value", SAYS["value"]
    for name, part in zip(exercise.gives, parts, strict=True):
        if not exercise.counts and part.dtype.kind + str(part.dtype.itemsize >= 8) != "fTrue":
            return (
                "dtype",
                f"{name} holds {part.dtype}: float64 came in, and float64 should come out.",
            )
    if it.changed:
        return "changed", SAYS["changed"].format(it.changed)
    return "", ""


COARSE = (np.float32, np.float16, np.complex64)


def _reordered(name, came, should):
    """Say that only the shape is wrong, where the numbers are right in some order of the axes."""
    if came.size != should.size:
        return ""
    for axes in permutations(range(should.ndim)):
        if same((came.ravel(),), (should.transpose(axes).ravel(),)):
            which = "" if axes == tuple(range(should.ndim)) else ", but for the order of the axes"
            shapes = f"{name} has the shape {came.shape}, and should have {should.shape}"
            return f"The numbers are right{which}. Only the shape is not: {shapes}."
    return ""

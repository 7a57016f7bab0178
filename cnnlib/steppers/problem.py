"""A problem as data: what a stepper is given, checked once, and its trace, made once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnlib import checks, layers, shapes, trace
from cnnlib.steppers import share, stages

ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh")

MAX_CELLS = 1024
"""Nobody reads a larger map cell by cell; a 28 x 28 image with its padding still fits."""

CONVOLUTION = ("stride", "padding", "dilation")
EXTRAS = {"nudge": {"amount": 1.0}, "activation": {"activation": "relu", "dY": None}}
AXES = {"Y": 3, "W": 4, "b": 1, "dZ": 3}
"""How many axes each array of a code has."""


@dataclass(frozen=True)
class Kind:
    """What one kind of stepper is given, and what it steps through.

    Attributes
    ----------
    steps : callable
        Makes its trace.
    names : tuple of str
        The arguments of that function: arrays, and a size.
    how : tuple of str
        Its options.
    rings : bool
        Whether rings of zeros are drawn around dZ.
    one_map : bool
        Whether only one map can be shown.
    """

    steps: Callable
    names: tuple[str, ...]
    how: tuple[str, ...] = CONVOLUTION
    rings: bool = False
    one_map: bool = False


_FORWARD, _INPUT = ("Y", "W", "b"), ("dZ", "W", "input_size")
_FILTER = ("dZ", "Y", "filter_size")
KINDS = {
    "forward": Kind(trace.forward_steps, _FORWARD),
    "influence": Kind(trace.influence_steps, _FORWARD),
    "activation": Kind(trace.forward_steps, _FORWARD),
    "input": Kind(trace.input_steps, _INPUT, rings=True),
    "three": Kind(trace.input_steps, _INPUT, rings=True, one_map=True),
    "stride": Kind(stages.stride_stages, _INPUT, rings=True),
    "scatter": Kind(trace.scatter_steps, _INPUT),
    "filter": Kind(trace.filter_steps, _FILTER),
    "nudge": Kind(trace.filter_steps, _FILTER),
    "pool": Kind(trace.pool_steps, ("dZ", "Y", "size"), how=("stride",)),
}


@dataclass(frozen=True)
class Problem:
    """What a stepper steps through. Made by `make`, and from another one by `changed` and `used`.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    given : dict
        The arrays and the size as they were given, by name.
    how : dict
        Stride, padding and dilation as they were given.
    extras : dict
        "amount" of a nudge; "activation" and "dY", the gradient at its output.
    steps : trace.Trace
        The trace of it all. Its dZ may be a fitted one, of another size than the given.
    """

    kind: str
    given: dict
    how: dict
    extras: dict
    steps: trace.Trace

    @property
    def note(self):
        """What was done to dZ, or an empty text."""
        if "dZ" not in self.given:
            return ""
        size, given = self.steps.shapes["dZ"][:2], self.given["dZ"].shape[:2]
        if size == given:
            return ""
        return (
            f"dZ is {checks.by(size)} now: it holds the numbers of the {checks.by(given)} one "
            f"that was given, in row order, cut or repeated."
        )

    @property
    def dY(self):
        """The gradient at the output of an activation in the size of Z, or None."""
        given = self.extras.get("dY")
        return None if given is None else np.resize(given, self.steps.shapes["Z"])

    @property
    def code(self):
        """The problem as one line of text, for `from_code`."""
        where, arrays = self.steps.where, dict(self.steps.arrays)
        if self.dY is not None:
            arrays["dY"] = self.dY
        if "amount" in self.extras:
            arrays["nudge"] = np.array([self.extras["amount"]])
        geometry = {name: _resolved(name, where) for name in self.given if "size" in name}
        geometry |= {name: _resolved(name, where) for name in self.how}
        if "activation" in self.extras:
            geometry["activation"] = self.extras["activation"]
        return share.to_code(self.kind, arrays, geometry, self.steps.dtype.name)


def make(kind, given, how, extras=None, fit=False):
    """Check what a stepper is given, and make its problem.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    given, how, extras : dict
        As in `Problem`.
    fit : bool
        Whether dZ is cut or repeated to the size that the geometry asks for.

    Raises
    ------
    TypeError, ValueError
        As the function of the pass; also if a map is too large to be read.
    """
    rule, extras = KINDS[kind], dict(extras or {})
    fitted = _fitted(rule, given, how) if fit and "dZ" in given else given
    steps = rule.steps(**fitted, **how)
    _check_readable(steps.where, rule.rings)
    if not len(steps):
        raise ValueError(f"there is nothing to step through: {steps!r}")
    if rule.one_map and steps.channels != (1, 1):
        raise ValueError(
            f"the three ways are shown for one map, W has the shape {steps.shapes['W']}: "
            f"pass dZ[..., [k]] and W[:, :, [k_in]][..., [k]]"
        )
    _check_extras(extras, steps, fit)
    return Problem(kind, _own(given), dict(how), _own(extras), steps)


def changed(problem, **changes):
    """Return the problem with another geometry, nudge or activation; dZ and dY are fitted to it.

    Raises
    ------
    TypeError, ValueError
        If it does not fit.
    """
    _check_names("change", changes, {**problem.how, **EXTRAS.get(problem.kind, {})})
    how = {name: changes.get(name, value) for name, value in problem.how.items()}
    extras = problem.extras | {n: v for n, v in changes.items() if n not in how}
    return make(problem.kind, problem.given, how, extras, fit=True)


def used(problem, **numbers):
    """Return the problem with other arrays, sizes or geometry, which must fit together.

    Raises
    ------
    TypeError, ValueError
        If they do not.
    """
    _check_names("use", numbers, {**problem.given, **problem.how, **EXTRAS.get(problem.kind, {})})
    how = {name: numbers.pop(name, value) for name, value in problem.how.items()}
    extras = problem.extras | {
        n: numbers.pop(n) for n in [*numbers] if n in EXTRAS.get(problem.kind, ())
    }
    return make(problem.kind, problem.given | numbers, how, extras)


def from_code(code, kind):
    """Read the problem of a code, for a stepper of this kind; its relatives' codes will do.

    Raises
    ------
    TypeError, ValueError
        If the text is not such a code.
    """
    found, arrays, geometry = share.from_code(code)
    rule = KINDS[kind]
    relatives = [name for name, other in KINDS.items() if other.names == rule.names]
    if found not in relatives:
        raise ValueError(
            f"this is the code of another stepper, {found!r}; this one takes those of "
            f"{', '.join(relatives)}"
        )
    extras = _take_extras(kind, arrays, geometry)
    _check_parts(arrays, geometry, rule)
    if "padding" in geometry:
        padding = geometry["padding"]
        geometry["padding"] = (padding[:2], padding[2:])
    how = {name: geometry.pop(name) for name in rule.how}
    return make(kind, {**dict.fromkeys(rule.names), **arrays, **geometry}, how, extras)


def _take_extras(kind, arrays, geometry):
    extras = dict(EXTRAS.get(kind, {}))
    amount, dY = arrays.pop("nudge", None), arrays.pop("dY", None)
    activation = geometry.pop("activation", None)
    if "amount" in extras and amount is not None:
        extras["amount"] = float(amount.flat[0])
    if "activation" in extras and activation:
        extras["activation"] = activation
    if "activation" in extras and dY is not None:
        extras["dY"] = dY
    return extras


def _check_parts(arrays, geometry, rule):
    """Check that a code has all the parts that its kind needs, and no others."""
    needed = {*rule.names, *rule.how}
    wrong = sorted({*arrays, *geometry, *{"b"} & needed} ^ needed)  # a bias may be left out
    wrong += [name for name, array in arrays.items() if array.ndim != AXES.get(name)]
    if not wrong and not _fit_together(**arrays):
        wrong.append("W")
    sizes = {name: 4 if name == "padding" else 2 for name in geometry}
    wrong += [name for name, size in sizes.items() if len(geometry[name]) != size]
    if wrong:
        raise ValueError(f"the code is broken at {wrong[0]}: copy all of it again")


def _fit_together(Y=None, W=None, dZ=None, b=None):
    """Return whether the filters are for the maps of Y, or make those of dZ."""
    if W is None:
        return True
    return W.shape[2] == Y.shape[2] if dZ is None else W.shape[3] == dZ.shape[2]


def to_browser(problem):
    """Return the problem as a dict of plain values and bytes, which problem.js opens."""
    where, dtype = problem.steps.where, problem.steps.dtype
    geometry = {name: _resolved(name, where) for name in problem.given if "size" in name}
    for name, value in problem.how.items():
        geometry[name] = value if isinstance(value, str) else _resolved(name, where)
    given = {n: v for n, v in problem.given.items() if isinstance(v, np.ndarray)}
    extras = dict(problem.extras)
    if extras.get("dY") is not None:
        extras["dY"] = packed(extras["dY"], dtype)
    arrays = {name: packed(array, dtype) for name, array in given.items()}
    return {
        "kind": problem.kind,
        "arrays": arrays,
        "geometry": geometry,
        "extras": extras,
        "fit": True,
    }


def _resolved(name, where):
    return where.filter_size if name == "size" else getattr(where, name)


def packed(array, dtype):
    """Return an array as bytes, in the smallest precision that keeps each of its numbers."""
    name = dtype.name if dtype.name in share.PRECISIONS else "float64"
    array = np.asarray(array, name)
    with np.errstate(over="ignore"):
        stored = next(p for p in share.PRECISIONS if _same(array.astype(p).astype(name), array))
    data = np.ascontiguousarray(array, f"<{np.dtype(stored).str[1:]}").tobytes()
    return {"shape": list(array.shape), "dtype": name, "stored": stored, "data": data}


def _same(a, b):
    return bool(np.all((a == b) & (np.signbit(a) == np.signbit(b)) | np.isnan(b)))


def _fitted(rule, given, how):
    """Give dZ the size that the geometry asks for: its numbers in row order, cut or repeated."""
    where = _where(given, how)
    _check_readable(where, rule.rings)
    dZ = given["dZ"]
    return given | {"dZ": np.resize(dZ, (*where.output_size, dZ.shape[-1]))}


def _where(given, how):
    input_size = given["Y"].shape[:2] if "Y" in given else given["input_size"]
    filter_size = given["W"].shape[:2] if "W" in given else given.get("filter_size")
    if "size" in given:
        return layers.pool_geometry(given["Y"], given["size"], how["stride"])
    return shapes.geometry(input_size, filter_size, **how)


def _check_extras(extras, steps, fit):
    if "amount" in extras:
        extras["amount"] = checks.real_number(extras["amount"], "nudge")
    if "activation" in extras and extras["activation"] not in ACTIVATIONS:
        raise ValueError(
            f"activation must be one of {', '.join(ACTIVATIONS)}; got {extras['activation']!r}"
        )
    dY = extras.get("dY")
    if dY is None:
        return
    checks.check_map("dY", dY)
    if dY.shape != steps.shapes["Z"] and not fit:
        raise ValueError(
            f"dY has the shape {dY.shape}, Z has {steps.shapes['Z']}: an activation "
            f"works cell by cell, so both must be alike"
        )


def _own(values):
    """Copy the arrays: the caller may change theirs."""
    return {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in values.items()}


def _check_readable(where, rings):
    board = [axis.n + axis.before + axis.after + rings * (axis.extent - 1) for axis in where]
    if board[0] * board[1] > MAX_CELLS:
        raise ValueError(
            f"a map of {checks.by(board)} cells, padding and all, is too large to step through: "
            f"at most {MAX_CELLS} cells; take a piece of it, such as Y[:12, :12]"
        )


def _check_names(method, given, known):
    unknown = sorted({*given} - {*known})
    if unknown:
        raise TypeError(f"{method} takes {', '.join(known)}, not {unknown[0]}")

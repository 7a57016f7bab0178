"""What the arguments of a convolution must be, and what is said of those that are not.

Each message names the argument, the numbers given, the rule and a way out. Nothing large is
made before an argument is refused. Whoever reads the mathematics can skip this file.
"""

import inspect
import operator
from functools import wraps

import numpy as np

LARGEST = 2**31
"""No result may have more cells (16 GiB in float64): more is a slip in an argument."""


NUMBERS = "fiubc"
"""Kinds of numbers that can be moved about: any. Only floats are calculated with."""


# --- words for messages --------------------------------------------------------------


def by(size):
    """(3, 5) as text: 3 x 5."""
    return " x ".join(map(_digits, size))


def one(numbers):
    """Text of a pair: one number where both are equal."""
    first, *others = map(_digits, numbers)
    return first if all(other == first for other in others) else f"({', '.join([first, *others])})"


def short(value):
    """Text of any value on one line, cut where it is long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a repr may fail, and that of a whole number with 5,000 digits does
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def _digits(number):
    return str(number) if abs(number) < 10**40 else "more than 10**40"


def _count(number, noun):
    return f"{number} {noun}" + "s" * (number != 1)


def _padding(sides):
    """Text of a padding in the shortest form that can be passed again."""
    even = all(before == after for before, after in sides)
    if even:
        return one([before for before, _ in sides])
    return f"({', '.join(f'({_digits(before)}, {_digits(after)})' for before, after in sides)})"


def _and(words):
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def refuse(name, rule, value, hint=""):
    """Raise: TypeError if the value is not made of whole numbers or text, else ValueError."""
    whole = isinstance(value, (int, np.integer, tuple, list)) and not isinstance(value, bool)
    whole = whole or (isinstance(value, np.ndarray) and value.dtype.kind in "iu")
    error = ValueError if whole or isinstance(value, str) else TypeError
    raise error(f"{name} must be {rule}; got {short(value)}{hint}")


def real_number(value, name, rule="a number"):
    """Return a finite number as a float; text, arrays, booleans and NaN are not one."""
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or isinstance(value, bool) or not abs(value) <= 1e300:
        refuse(name, rule, value)
    return float(value)


# --- whole numbers and pairs of them ---------------------------------------------------


def is_pair(value):
    """Whether this is a tuple, list or array of length 2."""
    row = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim)
    return bool(row) and len(value) == 2


def whole_pair(value, least):
    """Return a number, or a pair, as a pair of ints of at least `least`; else None."""
    values = value if is_pair(value) else (value, value)
    try:
        pair = tuple(operator.index(v) for v in values if not isinstance(v, (bool, np.bool_)))
    except TypeError:
        return None
    return pair if len(pair) == 2 and min(pair) >= least else None


def whole_number(value, name, least):
    """Return one whole number as an int."""
    if is_pair(value) or whole_pair(value, least) is None:
        refuse(name, f"a whole number of at least {least}", value)
    return operator.index(value)


def size_pair(value, name, form, least):
    """Return the size of a map or of a filter as (height, width)."""
    pair = whole_pair(value, least) if is_pair(value) else None
    if pair is None:
        whole_shape = isinstance(value, (tuple, list)) and len(value) > 2
        hint = "; pass (height, width), not the whole shape" * whole_shape
        refuse(name, f"a pair {form} of whole numbers of at least {least}", value, hint)
    return pair


def step_pair(value, name):
    """Return a stride, a dilation or the size of a window as (height, width)."""
    rule = "a whole number of at least 1, or a pair (height, width) of them"
    return whole_pair(value, 1) or refuse(name, rule, value)


def padding_sides(padding, *sizes):
    """Return a padding as ((top, bottom), (left, right)); "same" needs the sizes n, f, s, d."""
    if isinstance(padding, str) and padding == "valid":
        return (0, 0), (0, 0)
    if isinstance(padding, str) and padding == "same" and sizes:
        return tuple(same(*axis) for axis in zip(*sizes, strict=True))
    pair = whole_pair(padding, least=0)
    if pair is not None:
        return tuple((p, p) for p in pair)
    if is_pair(padding) and all(is_pair(side) for side in padding):
        sides = tuple(whole_pair(side, least=0) for side in padding)
        if None not in sides:
            return sides
    words = ', "same" or "valid"' if sizes else ""
    rule = "a whole number of at least 0, a pair (height, width), or ((top, bottom), (left, right))"
    return refuse("padding", rule + words, padding)


def same(n, f, s, d):
    """Return (before, after) for ceil(n / s) outputs on one axis, the larger share after."""
    total = max(((n + s - 1) // s - 1) * s + d * (f - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def check_fit(axes, map_name="Y", filter_name="W"):
    """Refuse a filter that is larger than the padded map on one of these axes."""
    if min(axis.o for axis in axes) >= 1:
        return
    padded = by([axis.n + axis.before + axis.after for axis in axes])
    needed = max(-((axis.n - axis.extent) // 2) for axis in axes)
    extent = ""
    if any(axis.d != 1 for axis in axes):
        spanned = by([axis.extent for axis in axes])
        extent = f", {spanned} with dilation {one([axis.d for axis in axes])}"
    raise ValueError(
        f"the filter does not fit: {filter_name} is {by([axis.f for axis in axes])}{extent}, "
        f"{map_name} with its padding is {padded}; take a padding of at least "
        f"{_digits(needed)}, or a smaller filter"
    )


# --- arrays ------------------------------------------------------------------------------


def check_floats(name, array, kinds="f"):
    """Refuse everything but plain NumPy arrays of floating-point numbers, or of these kinds."""
    plain = isinstance(array, np.ndarray) and not isinstance(array, np.ma.MaskedArray)
    if not plain or (kinds != "f" and array.dtype.kind not in kinds):
        held = f"{type(array).__name__} of {array.dtype}" if plain else type(array).__name__
        cure = f": pass np.array({name}, dtype=float)"
        if array is None:
            held, cure = "None", ": does the function that makes it return it?"
        elif hasattr(array, "filled"):
            cure = f": pass {name}.filled(0)"
        raise TypeError(
            f"{name} must be a NumPy array of {'floats' if kinds == 'f' else 'numbers'}, "
            f"got {held}{cure}"
        )
    if array.dtype.kind not in kinds:
        held = {"i": "integers", "u": "integers", "b": "booleans", "c": "complex numbers"}
        raise TypeError(
            f"{name} holds {held.get(array.dtype.kind, 'no floating-point numbers')} "
            f"({array.dtype}) and gradients are fractions: "
            f"pass {name}{'.real' if array.dtype.kind == 'c' else '.astype(float)'}"
        )


def check_map(name, array, kinds="f"):
    """Refuse an array that does not have the shape (..., rows, columns, channels)."""
    check_floats(name, array, kinds)
    if array.ndim < 3:
        cure = "[..., np.newaxis]" if array.ndim == 2 else ".reshape(rows, columns, channels)"
        raise ValueError(
            f"{name} needs the shape (..., rows, columns, channels), got {array.shape}: "
            f"pass {name}{cure}"
        )


def check_filters(W):
    """Refuse an array that does not have the shape (f_h, f_w, n_k, f_k)."""
    check_floats("W", W)
    if W.ndim != 4:
        cure = {
            2: ": pass W[:, :, np.newaxis, np.newaxis] for one filter and one map",
            3: ": pass W[..., np.newaxis] for one filter",
        }.get(W.ndim, "")
        raise ValueError(f"W needs the shape (f_h, f_w, n_k, f_k), got {W.shape}{cure}")
    if 0 in W.shape[:2]:
        raise ValueError(
            f"W needs at least one row and one column: the filters are {by(W.shape[:2])}"
        )


def check_layer(Y, W, b=None):
    """Refuse an input, filters and a bias that do not belong to one layer."""
    check_map("Y", Y)
    check_filters(W)
    if Y.shape[-1] != W.shape[2]:
        first = " (channels come last here: np.moveaxis(Y, -3, -1))"
        raise ValueError(
            f"Y has {_count(Y.shape[-1], 'channel')}, W has filters for "
            f"{_count(W.shape[2], 'channel')}: Y.shape[-1] and W.shape[2] must be equal; Y.shape "
            f"is {Y.shape}, W.shape is {W.shape}" + first * (Y.shape[-3] == W.shape[2])
        )
    if b is None:
        return
    check_floats("b", b)
    if b.shape != W.shape[3:]:
        raise ValueError(
            f"b has {_count(b.size, 'value')}, W has {_count(W.shape[3], 'filter')}: b needs "
            f"one value for each filter, b.shape == ({W.shape[3]},)"
            + (f"; got the shape {b.shape}" if b.ndim != 1 else "")
        )


def check_same_filters(dZ, W):
    """Refuse a gradient of the output that has not one map for each filter."""
    check_map("dZ", dZ)
    check_filters(W)
    if dZ.shape[-1] != W.shape[3]:
        raise ValueError(
            f"dZ has {_count(dZ.shape[-1], 'map')}, W has {_count(W.shape[3], 'filter')}: each "
            f"filter makes one map, dZ.shape[-1] == W.shape[3]; dZ.shape is {dZ.shape}, "
            f"W.shape is {W.shape}"
        )


def check_same_batch(dZ, Y):
    """Refuse maps of two different batches."""
    check_map("dZ", dZ)
    check_map("Y", Y)
    if dZ.shape[:-3] != Y.shape[:-3]:
        raise ValueError(
            f"dZ and Y must hold the same batch: the axes before the last three are "
            f"{dZ.shape[:-3]} in dZ and {Y.shape[:-3]} in Y; pass the Y of the forward pass"
        )


def check_output(dZ, where):
    """Refuse a gradient that is not of the size that this `Geometry` gives."""
    if dZ.shape[-3:-1] == where.output_size:
        return
    parts = [f"stride {one(where.stride)}", f"padding {_padding(where.padding)}"]
    if where.dilation != (1, 1):
        parts.append(f"dilation {one(where.dilation)}")
    names = "stride and padding" if len(parts) == 2 else "stride, padding and dilation"
    raise ValueError(
        f"dZ is {by(dZ.shape[-3:-1])}, but a {by(where.input_size)} input, a "
        f"{by(where.filter_size)} filter, {_and(parts)} give a {by(where.output_size)} output; "
        f"pass the {names} of the forward pass"
    )


def check_room(name, shape, **suspect):
    """Refuse a result of more than `LARGEST` cells, empty axes aside, before it is made."""
    cells = 1
    for size in shape:
        cells *= max(1, int(size))
    if cells > LARGEST:
        hints = "".join(f" and {key} = {short(value)}" for key, value in suspect.items())
        raise ValueError(
            f"{name} would be {by(shape)}: more than {LARGEST} cells do not fit in memory; "
            f"check the sizes{hints}"
        )


# --- the call itself -----------------------------------------------------------------------


def by_name(function):
    """Let a function say how to call it, where options are passed by position or misspelt."""
    parameters = inspect.signature(function).parameters.values()
    places = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    options = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    names, name = {*places, *options}, function.__name__

    @wraps(function)
    def called(*arguments, **named):
        if len(arguments) > len(places):
            way_out = f"; pass {_and(options)} as keywords" if options else ""
            raise TypeError(
                f"{name} takes {_count(len(places), 'positional argument')} but {len(arguments)} "
                f"were given{way_out}"
            )
        if unknown := named.keys() - names:
            raise TypeError(
                f"{name} has no argument {min(unknown)}: it takes {_and([*places, *options])}"
            )
        return function(*arguments, **named)

    return called

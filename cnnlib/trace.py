"""Every product of a pass as data: Cell, Term, Step.

One relation joins a cell of Y, a weight and a cell of Z (see `cnnlib.shapes`).
Each pass is a way to read all these triples, grouped by one of the three:

    forward     Z  sums  Y W          for each cell of Z
    input       dY sums  dZ W         for each cell of Y    (gather)
    filter      dW sums  dZ Y         for each weight
    scatter     dZ gives dZ W to dY   for each cell of Z
    influence   Y  gives Y W to Z     for each cell of Y

A sixth, of a max pool, gives each dZ to the cell of Y that was the largest of its window.

A `Trace` is the lazy sequence of the steps of one pass. Sums run in the order of
the loops, so they equal `cnnlib.loops` bit for bit, up to float64. The walk
goes map by map, so that the next step is the next window. One image, no batch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cnnlib import shapes
from cnnlib.checks import by, by_name
from cnnlib.layers import pool_geometry


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a named array: ``Cell("dZ", (0, 1, 0), -1.0)``.

    In a text it has only those indices that say something: where there is one map,
    ``dZ(0, 1)``. `axes` are the axes of these; None stands for all.
    """

    array: str
    index: tuple[int, ...]
    value: float
    axes: tuple[int, ...] | None = field(default=None, repr=False, compare=False)

    def __str__(self):
        axes = range(len(self.index)) if self.axes is None else self.axes
        return f"{self.array}({', '.join(str(self.index[axis]) for axis in axes)})"


@dataclass(frozen=True, slots=True)
class Term:
    """One product, `left` times `right`, and the cell that it is added to.

    The value of `target` is the one that it has once this term is in it.
    """

    left: Cell
    right: Cell
    value: float
    target: Cell

    def __str__(self):
        return f"{self.left} {self.right}"

    @property
    def product(self):
        """The two numbers: ``3·(-2)``."""
        return f"{number(self.left.value)}·{number(self.right.value)}"

    @property
    def contribution(self):
        """The product, its value, and the cell that gets it: ``3·(-2) = -6 to dY(2, 2)``."""
        return f"{self.product} = {number(self.value, bare=True)} to {self.target}"


@dataclass(frozen=True)
class Step:
    """One step of a pass: what one cell sums up, or what one cell gives away.

    Attributes
    ----------
    number : int
        Position in the trace.
    terms : tuple of Term
        Only pairs of cells that exist: a cell of the padding is in no term.
    start : float
        The bias, or 0.
    target : Cell or None
        The cell that is summed, with its final value; None where a source gives.
    source : Cell or None
        The cell that gives (scatter, influence); its targets are in the terms.
    trace : Trace
        The sequence that the step is from, with the arrays around it.
    """

    number: int
    terms: tuple[Term, ...]
    start: float
    target: Cell | None
    source: Cell | None
    trace: "Trace" = field(repr=False, compare=False)

    @property
    def cell(self):
        """The cell that the step is about: its target or its source."""
        return self.target or self.source

    @property
    def value(self):
        """Value of the cell that the step is about."""
        return self.cell.value

    @property
    def sums(self):
        """Running sums: the value of each term's target once that term is in."""
        return tuple(term.target.value for term in self.terms)

    @property
    def bias(self):
        """The bias as a cell, or None where the sum starts at 0, and where a source gives."""
        if self.source or not self.trace.biased:
            return None
        return Cell("b", self.target.index[-1:], self.start)

    def __str__(self):
        if self.source:
            contributions = [f"{t} = {t.contribution}" for t in self.terms]
            return (
                f"{self.source} gives {'; '.join(contributions) or 'nothing: no window reaches it'}"
            )
        if not self.terms and not self.bias:
            return f"{self.target} = 0: no product reaches it"
        names, values = [], []
        if self.bias:
            names, values = [str(self.bias)], [number(self.start)]
        names += map(str, self.terms)
        values += (term.product for term in self.terms)
        total = number(self.value, bare=True)
        return f"{self.target} = {' + '.join(names)} = {' + '.join(values)} = {total}"


def number(value, bare=False):
    """Text of a number; one below 0 is put in parentheses unless `bare`.

    Whole numbers are written out, others with six digits.
    """
    whole = abs(value) < 1e15 and value == int(value)  # False for NaN and Inf
    text = str(int(value)) if whole else f"{value:.6g}"
    return f"({text})" if text.startswith("-") and not bare else text


class Pass(NamedTuple):
    """The two factors of each product, the array that sums them, and whose steps these are."""

    left: str
    right: str
    result: str
    subject: str


PASSES = {
    "forward": Pass("Y", "W", "Z", subject="Z"),
    "input": Pass("dZ", "W", "dY", subject="dY"),
    "filter": Pass("dZ", "Y", "dW", subject="dW"),
    "scatter": Pass("dZ", "W", "dY", subject="dZ"),
    "influence": Pass("Y", "W", "Z", subject="Y"),
    "pool": Pass("dZ", "Y", "dY", subject="dZ"),
}


class Trace(Sequence):
    """The steps of one pass, each made when it is asked for.

    `forward_steps` and its kin make one. The arrays are copies that cannot be
    written to, so that no later change of the caller's arrays reaches a step.

    Attributes
    ----------
    kind : str
        A key of `PASSES`.
    parts : Pass
        The names of the two factors, of the result, and of the array that is walked.
    where : shapes.Geometry
        How the windows lie over the map.
    arrays : dict of str to ndarray
        The factors by name, and b where there is one.
    shapes : dict of str to tuple
        Shapes of the factors and of the result, by name.
    dtype : dtype
        Of the arrays and of the sums.
    channels : (int, int)
        n_k and f_k: how many maps there are to walk through on each side.
    biased : bool
        Whether the sums start at a bias.
    """

    def __init__(self, kind, where, arrays, result_shape):
        self.kind, self.where = kind, where
        self.parts = PASSES[kind]
        self.dtype = np.result_type(*arrays.values())  # of the sums, as in the loops
        self.arrays = {name: _frozen(array, self.dtype) for name, array in arrays.items()}
        self.biased = "b" in arrays
        self.shapes = {name: array.shape for name, array in arrays.items()}
        self.shapes[self.parts.result] = tuple(map(int, result_shape))
        filters = self.shapes.get("W") or self.shapes.get("dW")
        self.channels = filters[2:] if filters else (1, result_shape[2])
        self._axes = {
            name: tuple(axis for axis, size in enumerate(shape) if axis < 2 or size > 1)
            for name, shape in self.shapes.items()
        }
        self._shape = self.shapes[self.parts.subject]
        self._walk = _outermost_last(self._shape)
        self._values = {}

    def __len__(self):
        return int(np.prod(self._shape, dtype=object))

    def __repr__(self):
        size = by(self.shapes[self.parts.result])
        return f"<{self.kind} pass to {self.parts.result}, {size}: {len(self)} steps>"

    def __getitem__(self, position):
        if isinstance(position, slice):
            return tuple(self[p] for p in range(*position.indices(len(self))))
        position = range(len(self))[position]
        index = self._index(position)
        if self.parts.subject == self.parts.result:
            terms, start = self._sum(index)
            value = terms[-1].target.value if terms else start
            target = self._cell(self.parts.result, index, value)
            return Step(position, terms, start, target, None, self)
        source = self.cell(self.parts.left, index)
        return Step(position, self.contributions(index), 0.0, None, source, self)

    def _index(self, position):
        walked = tuple(map(int, np.unravel_index(position, self._walk)))
        return (*walked[-2:], *walked[-3::-1])

    def count(self, position):
        """Return how many terms a step has, without making it."""
        index = self._index(position)
        known = {"Y": "r", "W": "u", "Z": "i"}[self.parts.subject[-1]]
        n_k, f_k = self.channels
        maps = {"Y": f_k, "W": 1, "Z": n_k}[self.parts.subject[-1]]
        return maps * math.prod(
            sum(1 for _ in axis.joined(**{known: n}))
            for axis, n in zip(self.where, index[:2], strict=True)
        )

    def position(self, index):
        """Return the position of the step about the cell with this index.

        Raises
        ------
        ValueError
            If the array has no such cell.
        """
        index, shape = tuple(index) if np.iterable(index) else (index,), self._shape
        known = len(index) == len(shape) and all(
            isinstance(i, (int, np.integer)) and 0 <= i < n
            for i, n in zip(index, shape, strict=True)
        )
        if not known:
            raise ValueError(f"{self.parts.subject} has no cell {index}: its shape is {shape}")
        return int(np.ravel_multi_index(_outermost_last(index), self._walk))

    def value(self, index):
        """Return the final value of a cell of the result; it is worked out once."""
        if index not in self._values:
            terms, start = self._sum(index)
            self._values[index] = terms[-1].target.value if terms else start
        return self._values[index]

    def value_before(self, index, position):
        """Return a cell of the result as it is before a step of a pass that gives."""
        lines = self._ledger(index, until=_outermost_last(self._index(position)))
        return float(lines[-1][3] if lines else self._start(index))

    def contributions(self, source):
        """Return the terms of the left factor's cell with this index, one for each target."""
        found = []
        for triple in self._triples(self.parts.left, source):
            target = triple[self.parts.result[-1]]
            line = next(line for line in self._ledger(target) if line[0] == source)
            found.append(self._term(target, line))
        return tuple(found)

    def _sum(self, target):
        """All terms that go into one cell of the result, with running sums."""
        lines = self._ledger(target)
        return tuple(self._term(target, line) for line in lines), float(self._start(target))

    def _start(self, target):
        return self.arrays["b"][target[-1]] if self.biased else self.dtype.type(0)

    def _ledger(self, target, until=None):
        """Lines (left index, right index, product, sum so far) of one cell of the result.

        With `until`, only those of the left factor's cells that are walked before it.
        """
        left, right, result, _ = self.parts
        lefts, rights = self.arrays[left], self.arrays[right]
        total, lines = self._start(target), []
        with np.errstate(invalid="ignore", over="ignore"):
            for triple in self._triples(result, target):
                a, b = triple[left[-1]], triple[right[-1]]
                if until and _outermost_last(a) >= until:
                    break
                product = lefts[a] * rights[b]
                total = total + product
                lines.append((a, b, product, total))
        return lines

    def _term(self, target, line):
        left, right, product, total = line
        cells = self.cell(self.parts.left, left), self.cell(self.parts.right, right)
        return Term(*cells, float(product), self._cell(self.parts.result, target, float(total)))

    def cell(self, name, index):
        """Return the cell of a factor with this index."""
        return self._cell(name, index, float(self.arrays[name][index]))

    def _cell(self, name, index, value):
        return Cell(name, index, value, self._axes[name])

    def _triples(self, name, index):
        """Indices {"Y": .., "W": .., "Z": ..} that the relation joins, one of them given.

        They come in the order of the loops: maps outside, rows and columns inside.
        """
        rows, columns = self.where
        n_k, f_k = map(range, self.channels)
        if name[-1] == "Y":
            r, c, k_in = index
            known = {"r": r}, {"r": c}, [k_in], f_k
        elif name[-1] == "Z":
            i, j, k = index
            known = {"i": i}, {"i": j}, n_k, [k]
        else:
            u, v, k_in, k = index
            known = {"u": u}, {"u": v}, [k_in], [k]
        on_rows, on_columns, k_ins, ks = known
        for k_in in k_ins:
            for k in ks:
                for r, u, i in rows.joined(**on_rows):
                    for c, v, j in columns.joined(**on_columns):
                        yield {"Y": (r, c, k_in), "W": (u, v, k_in, k), "Z": (i, j, k)}


@dataclass(frozen=True, slots=True)
class PoolTerm(Term):
    """What a max pool gives back: all of `left`, to the cell whose number `right` is."""

    def __str__(self):
        return str(self.left)

    @property
    def product(self):
        """The gradient times the slope of the largest cell, which is 1: ``3·1``."""
        return f"{number(self.left.value)}·1"


class PoolTrace(Trace):
    """The steps back through a max pool: what each cell of dZ gives. Made by `pool_steps`."""

    def __init__(self, where, dZ, Y):
        super().__init__("pool", where, {"dZ": dZ, "Y": Y}, Y.shape)

    def window(self, index):
        """Return the cells of Y in the window of a cell of dZ, in row order."""
        i, j, k = index
        rows, columns = self.where
        places = [(r, c, k) for r, _, _ in rows.joined(i=i) for c, _, _ in columns.joined(i=j)]
        return tuple(self.cell("Y", place) for place in places)

    def largest(self, index):
        """Return the largest cells of such a window: the first gets all, the others are ties."""
        cells = self.window(index)
        missing = tuple(cell for cell in cells if math.isnan(cell.value))  # counts as the largest
        most = max(cell.value for cell in cells)
        return missing or tuple(cell for cell in cells if cell.value == most)

    def count(self, position):
        """Return how many terms a step has: one."""
        return 1

    def contributions(self, source):
        """Return the one term of the cell of dZ with this index."""
        target = self.largest(source)[0].index
        line = next(line for line in self._ledger(target) if line[0] == source)
        return (self._term(target, line),)

    def _ledger(self, target, until=None):
        r, c, k = target
        total, lines = self._start(target), []
        with np.errstate(invalid="ignore", over="ignore"):
            for _, _, i in self.where.rows.joined(r=r):
                for _, _, j in self.where.columns.joined(r=c):
                    if until and (k, i, j) >= until:
                        return lines
                    if self.largest((i, j, k))[0].index == target:
                        share = self.arrays["dZ"][i, j, k]
                        total = total + share
                        lines.append(((i, j, k), target, share, total))
        return lines

    def _term(self, target, line):
        term = super()._term(target, line)
        return PoolTerm(term.left, term.right, term.value, term.target)


@by_name
def forward_steps(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Steps of Z(i, j, k) = b(k) + sum Y(r, c, k_in) W(u, v, k_in, k).

    Parameters
    ----------
    Y : ndarray, shape (n_h, n_w, n_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    b : ndarray, shape (f_k,), optional
    stride, padding, dilation
        As in `cnnlib.loops.conv_forward`.

    Returns
    -------
    Trace
        One step for each cell of Z.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_forward`; also for a batch: a trace is of one image.
    """
    return _over_z("forward", Y, W, b, stride, padding, dilation)


@by_name
def influence_steps(Y, W, b=None, *, stride=1, padding=0, dilation=1):
    """Steps of what each cell of Y gives to Z; arguments as in `forward_steps`.

    The value of a term's target is the cell of Z so far: the bias, and what the
    cells of Y up to this one gave.
    """
    return _over_z("influence", Y, W, b, stride, padding, dilation)


@by_name
def input_steps(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """Steps of dY(r, c, k_in) = sum dZ(i, j, k) W(u, v, k_in, k): the gather.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, f_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    input_size : (int, int)
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_input`.

    Returns
    -------
    Trace
        One step for each cell of dY.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_input`; also for a batch.
    """
    return _over_y("input", dZ, W, input_size, stride, padding, dilation)


@by_name
def scatter_steps(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """Steps of what each cell of dZ gives to dY; arguments as in `input_steps`."""
    return _over_y("scatter", dZ, W, input_size, stride, padding, dilation)


@by_name
def filter_steps(dZ, Y, filter_size, *, stride=1, padding=0, dilation=1):
    """Steps of dW(u, v, k_in, k) = sum dZ(i, j, k) Y(r, c, k_in).

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, f_k)
    Y : ndarray, shape (n_h, n_w, n_k)
    filter_size : (int, int)
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_filter`.

    Returns
    -------
    Trace
        One step for each weight.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_filter`; also for a batch.
    """
    where = shapes.check_backward_filter(dZ, Y, filter_size, stride, padding, dilation)
    _one_image("dZ", dZ)
    shape = (*where.filter_size, Y.shape[-1], dZ.shape[-1])
    return Trace("filter", where, {"dZ": dZ, "Y": Y}, shape)


@by_name
def pool_steps(dZ, Y, size, *, stride=None):
    """Steps of what each cell of dZ gives back through a max pool.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, n_k)
    Y : ndarray, shape (n_h, n_w, n_k)
    size, stride
        As in `cnnlib.layers.max_pool`.

    Returns
    -------
    PoolTrace
        One step for each cell of dZ, with one term: the first of the largest cells in row
        order gets all of it.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.layers.max_pool_backward`; also for a batch.
    """
    where = pool_geometry(Y, size, stride)
    shapes.check_map("dZ", dZ)
    _one_image("Y", Y)
    shape = (*where.output_size, Y.shape[2])
    if dZ.shape != shape:
        raise ValueError(
            f"dZ has the shape {dZ.shape}, but the pool of a map {Y.shape} gives {shape}; "
            f"pass the Y, the size and the stride of the forward pass"
        )
    return PoolTrace(where, dZ, Y)


def _over_z(kind, Y, W, b, stride, padding, dilation):
    where = shapes.check_forward(Y, W, b, stride, padding, dilation)
    _one_image("Y", Y)
    arrays = {"Y": Y, "W": W} if b is None else {"Y": Y, "W": W, "b": b}
    return Trace(kind, where, arrays, (*where.output_size, W.shape[3]))


def _over_y(kind, dZ, W, input_size, stride, padding, dilation):
    where = shapes.check_backward_input(dZ, W, input_size, stride, padding, dilation)
    _one_image("dZ", dZ)
    return Trace(kind, where, {"dZ": dZ, "W": W}, (*where.input_size, W.shape[2]))


def _one_image(name, array):
    if array.ndim != 3:
        raise ValueError(
            f"a trace is of one image, {name} has the shape {array.shape} with "
            f"{array.ndim - 3} batch axes: pass {name}{str([0] * (array.ndim - 3))}"
        )


def _outermost_last(index):
    """(r, c, k) as (k, r, c), and (u, v, k_in, k) as (k, k_in, u, v)."""
    return (*index[:1:-1], *index[:2])


def _frozen(array, dtype):
    copy = np.array(array, dtype)
    copy.flags.writeable = False
    return copy

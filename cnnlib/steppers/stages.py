"""The input gradient as a picture in stages: spread, append, pad, correlate, crop.

Each stage is a map that was made from the one before; the last one is dY. What
`cnnlib.trace` sums cell by cell comes out here by moving whole maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnlib import shapes, trace
from cnnlib.panels import spread_headers


@dataclass(frozen=True)
class Stage:
    """One stage of the input gradient as a picture: a map that was made from the one before.

    Attributes
    ----------
    number : int
        Position in the stages.
    name : str
        "dZ"; then "dYp", the gradient of the padded map; in the end "dY". Without padding
        there is no "dYp".
    done : str
        What was done to the map before.
    values : ndarray, shape (rows, columns)
    rows, columns : tuple of str
        For each row and column its index, or why there is a zero: pad, gap, rest.
    trace : Stages
        The sequence that the stage is from.
    """

    number: int
    name: str
    done: str
    values: np.ndarray = field(compare=False)
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    trace: "Stages" = field(repr=False, compare=False)

    terms = ()
    cell = None

    def __str__(self):
        return f"{self.name}, {self.done}: {shapes.by(self.values.shape)}"


class Stages(Sequence):
    """The stages of one input gradient. Made by `stride_stages`.

    Attributes
    ----------
    where : shapes.Geometry
    arrays : dict of str to ndarray
        dZ and W.
    shapes : dict of str to tuple
        Shapes of dZ, W and dY.
    """

    kind, channels = "stages", (1, 1)

    def __init__(self, where, dZ, W):
        self.where, self.dtype = where, np.result_type(dZ, W)
        self.arrays = {name: np.array(a, self.dtype) for name, a in (("dZ", dZ), ("W", W))}
        self.shapes = {"dZ": dZ.shape, "W": W.shape, "dY": (*where.input_size, 1)}

    @cached_property
    def _stages(self):
        made = _stages(self.where, **self.arrays)
        return [
            Stage(number, name, done, moved[..., 0], tuple(rows), tuple(columns), self)
            for number, (name, done, moved, rows, columns) in enumerate(made)
        ]

    def __len__(self):
        return 6

    def count(self, position):
        """Return how many terms a stage has: none."""
        return 0

    def __repr__(self):
        return f"<stages of dY, {shapes.by(self.shapes['dY'])}: {len(self)}>"

    def __getitem__(self, position):
        found = self._stages[position]
        return tuple(found) if isinstance(position, slice) else found


def stride_stages(dZ, W, input_size, *, stride=1, padding=0, dilation=1):
    """Stages of dY: dZ, spread, left-over rows, zero-padded, correlated, cropped.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, 1)
    W : ndarray, shape (f_h, f_w, 1, 1)
    input_size, stride, padding, dilation
        As in `input_steps`.

    Returns
    -------
    Stages

    Raises
    ------
    TypeError, ValueError
        As `input_steps`; also for more than one map.
    """
    where = shapes.check_backward_input(dZ, W, input_size, stride, padding, dilation)
    if dZ.ndim != 3 or W.shape[2:] != (1, 1):
        raise ValueError(
            f"the stages are those of one image and one map; dZ has the shape {dZ.shape}, W has "
            f"{W.shape}: pass dZ[..., [k]] and W[:, :, [k_in]][..., [k]]"
        )
    return Stages(where, dZ, W)


def _stages(where, dZ, W):
    """Yield (name, what was done, map, header of each row, header of each column)."""
    numbers = [[str(i) for i in range(axis.o)] for axis in where]
    yield "dZ", "as it arrives", dZ, *numbers

    moved = shapes.spread(dZ, where.stride)
    headers = [spread_headers(axis) for axis in where]
    gaps = shapes.one(tuple(s - 1 for s in where.stride))
    yield "dZ", f"zeros between neighbours: {gaps}", moved, *headers

    moved = shapes.zero_pad(moved, tuple((0, rest) for rest in where.rest))
    headers = [[*made, *["rest"] * axis.rest] for made, axis in zip(headers, where, strict=True)]
    yield "dZ", f"left-over rows and columns: {shapes.one(where.rest)}", moved, *headers

    rings = tuple(extent - 1 for extent in where.extent)
    moved = shapes.zero_pad(moved, rings)
    headers = [
        [*["pad"] * ring, *made, *["pad"] * ring] for made, ring in zip(headers, rings, strict=True)
    ]
    rows, columns = rings
    done = f"zeros around it: {rows} above and below, {columns} left and right"
    yield "dZ", done, moved, *headers

    moved = _correlated(where, dZ, W)
    headers = [
        ["pad"] * axis.before + [str(n) for n in range(axis.n)] + ["pad"] * axis.after
        for axis in where
    ]
    name = "dYp" if any(axis.before or axis.after for axis in where) else "dY"
    yield name, "correlated with the flipped filter, cell by cell", moved, *headers

    numbers = [[str(n) for n in range(axis.n)] for axis in where]
    yield "dY", "the padding cut off", shapes.crop(moved, where.padding), *numbers


def _correlated(where, dZ, W):
    """Return the gradient of the padded map: as if its padding were cells of Y."""
    whole = shapes.Geometry(
        *(axis._replace(n=axis.n + axis.before + axis.after, before=0, after=0) for axis in where)
    )
    size = (*whole.input_size, 1)
    steps = trace.Trace("input", whole, {"dZ": dZ, "W": W}, size)
    dtype = np.result_type(dZ, W)
    return np.array([step.value for step in steps], dtype).reshape(size)

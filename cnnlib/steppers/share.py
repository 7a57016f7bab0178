"""Arrays as text that one can type, paste and send: rows of numbers, and a code of a problem.

Text is parsed, never evaluated: whatever is not a plain number is refused.
"""

import re

import numpy as np

NUMBER = re.compile(r"[-+]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})(e[-+]?\d{1,3})?|nan|[-+]?inf", re.I)
MOST_TEXT = 200_000
"""No problem that one can read is longer, in characters."""


def rows_to_text(array):
    """Write an array of shape (height, width, maps...) as rows, its maps apart by an empty line."""
    planes = np.moveaxis(array.reshape(*array.shape[:2], -1), -1, 0)
    return "\n\n".join("\n".join(" ".join(map(_short, row)) for row in plane) for plane in planes)


def rows_from_text(name, text):
    """Read rows of numbers, apart by spaces, tabs, commas or semicolons; a spreadsheet's will do.

    Parameters
    ----------
    name : str
        Name of the array, for the messages.
    text : str
        A line for each row; an empty line between two maps.

    Returns
    -------
    ndarray of float64, shape (height, width, number of maps)

    Raises
    ------
    ValueError
        If something is no number, or the rows do not have the same length.
    """
    _check_length(name, text)
    if not text.strip():
        raise ValueError(f"{name} is empty: type rows of numbers, such as 1 2 3")
    lines = text.strip("\r\n ").replace("\r\n", "\n").replace("\r", "\n")
    blocks = re.split(r"\n\s*\n", lines)
    planes = [[_typed_row(name, *row) for row in enumerate(b.split("\n"), 1)] for b in blocks]
    lengths = [[len(row) for row in plane] for plane in planes]
    if lengths != [[lengths[0][0]] * len(planes[0])] * len(planes):
        raise ValueError(
            f"the rows of {name} have {', '.join(str(n) for plane in lengths for n in plane)} "
            f"numbers: all rows need as many, and all maps as many rows"
        )
    return np.moveaxis(np.array(planes, dtype=float), 0, -1)


def to_code(kind, arrays, geometry):
    """Write a problem as one line of text, which `from_code` reads.

    Parameters
    ----------
    kind : str
        What it is a problem of, such as "input".
    arrays : dict of str to ndarray
        All of one precision.
    geometry : dict of str to tuple of int
        Sizes, stride, padding and dilation, flat.

    Returns
    -------
    str
    """
    precision = np.result_type(*arrays.values()).name
    parts = [kind, precision]
    for name, array in arrays.items():
        numbers = ",".join(map(_short, array.ravel()))
        parts.append(f"{name}={'x'.join(map(str, array.shape))}:{numbers}")
    parts += [f"{name}={'x'.join(map(str, numbers))}" for name, numbers in geometry.items()]
    return ";".join(parts)


def from_code(code):
    """Read what `to_code` wrote.

    Parameters
    ----------
    code : str
        Spaces and line breaks in it do not matter.

    Returns
    -------
    (str, dict, dict)
        `kind`, `arrays` and `geometry` of `to_code`.

    Raises
    ------
    TypeError, ValueError
        If it is no such text.
    """
    if not isinstance(code, str):
        raise TypeError(f"a code is text, got {type(code).__name__}")
    _check_length("the code", code)
    kind, precision, *parts = "".join(code.split()).split(";") + [""]
    if precision not in ("float16", "float32", "float64"):
        raise ValueError(
            f"this is no code of a problem: {_cut(code)}; a code starts like input;float64;dZ=... "
            f"and stands in the field 'code' of a stepper"
        )
    arrays, geometry = {}, {}
    for part in filter(None, parts):
        found = re.fullmatch(r"(\w{1,20})=(\d{1,5}(?:x\d{1,5}){0,3})(?::(.*))?", part)
        if not found or found[1] in {*arrays, *geometry}:
            raise ValueError(f"the code is broken at {_cut(part)}: copy it again, all of it")
        name, shape = found[1], tuple(map(int, found[2].split("x")))
        if found[3] is None:
            geometry[name] = shape
            continue
        numbers = _row(name, 1, found[3])
        if len(numbers) != np.prod(shape, dtype=object):
            raise ValueError(
                f"the code is broken: {name} is {found[2]} and has {len(numbers)} numbers; "
                f"copy it again, all of it"
            )
        arrays[name] = np.array(numbers, dtype=precision).reshape(shape)
    return kind, arrays, geometry


def _typed_row(name, line, text):
    """Read a row that a person typed, or a spreadsheet gave: tabs part its cells."""
    cells = text.split("\t")
    if len(cells) > 1 and not all(cell.strip() for cell in cells):
        raise ValueError(f"{name}, row {line} has an empty cell: write 0 where there is nothing")
    if re.search(r"\d,\d", text) and re.search(r"[\s;]", text.strip()):  # 0,5 1,5: two or four?
        raise ValueError(
            f"{name}, row {line} has commas between digits and other gaps too: write 0.5 with a "
            f"point, and part numbers by spaces"
        )
    return _row(name, line, text)


def _row(name, line, text):
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    for word in words:
        if not NUMBER.fullmatch(word):
            raise ValueError(
                f"{name}, row {line}: {_cut(word)} is no number; write numbers such as -2 or 0.5"
            )
    return [float(word) for word in words]


def _short(value):
    """Write a number so that it comes back as the same one: 3, -0.5, 0.1."""
    text = str(value)
    return text.removesuffix(".0")


def _cut(text):
    return repr(text if len(text) <= 30 else text[:27] + "...")


def _check_length(name, text):
    if len(text) > MOST_TEXT:
        raise ValueError(
            f"{name} has {len(text)} characters; no problem that one can read has over {MOST_TEXT}"
        )

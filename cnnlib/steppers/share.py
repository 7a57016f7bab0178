"""Problems as text that one can type, paste and send. Text is parsed, never evaluated.

share.js reads and writes the same; tests/cases.json holds both to it.
"""

import re

import numpy as np

NUMBER = re.compile(
    r"[-+]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})(e[-+]?\d{1,3})?|nan|[-+]?inf", re.I | re.A
)
MAX_TEXT = 200_000
"""No problem that one can read is longer, in characters."""

PRECISIONS = ("float16", "float32", "float64")


# --- what one types ------------------------------------------------------------------------


def rows_from_text(name, text):
    """Read rows of numbers, separated by spaces, tabs, commas or semicolons.

    Parameters
    ----------
    name : str
        Name of the array, for the messages.
    text : str
        A line for each row, as a spreadsheet gives it; an empty line between two maps.

    Returns
    -------
    ndarray of float64, shape (height, width, number of maps)

    Raises
    ------
    ValueError
        If something is not a number, or the rows do not have the same length.
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
            f"numbers: all rows need the same length, and all maps the same number of rows"
        )
    return np.moveaxis(np.array(planes, dtype=float), 0, -1)


def arrays_from_text(typed):
    """Read the fields of a stepper: rows of numbers by name, and a size.

    Parameters
    ----------
    typed : dict of str to str
        An empty b or dY means that there is none.

    Returns
    -------
    dict
        The arguments of `Stepper.use`.

    Raises
    ------
    ValueError
        As `rows_from_text`; also if W does not have a map for each pair of maps.
    """
    read = {}
    for name, text in typed.items():
        if "size" in name:
            read[name] = read_geometry(text)
        elif name in ("b", "dY") and not text.strip():
            read[name] = None
        else:
            read[name] = rows_from_text(name, text)
    if read.get("b") is not None:
        read["b"] = read["b"].ravel()
    if "W" in read:
        read["W"] = _in_pairs(read["W"], read.get("Y"), read.get("dZ"))
    return read


def _in_pairs(W, Y, dZ):
    """Give the maps of W two axes: the maps of Y, or of dZ, tell how its planes are meant."""
    given = (dZ if Y is None else Y).shape[2]
    planes = W.shape[2]
    if planes % given:
        raise ValueError(
            f"W has {planes} maps, which is not a multiple of the {given} of the other array: "
            f"W needs one for each pair of an input map and a filter"
        )
    pair = (planes // given, given) if Y is None else (given, planes // given)
    return W.reshape(*W.shape[:2], *pair)


def read_geometry(text):
    """Read "2", "2, 1" or "(0, 1), (2, 3)"; anything else stays text, for shapes.py to refuse."""
    text = text.strip()
    if re.fullmatch(r"-?\d{1,9}", text, re.A):
        return int(text)
    pair = r"\(?\s*(-?\d{1,9})\s*[,;\s]\s*(-?\d{1,9})\s*\)?"
    for pattern in (pair, rf"\(?\s*{pair}\s*[,;]?\s*{pair}\s*\)?"):
        found = re.fullmatch(pattern, text, re.A)
        if found:
            numbers = tuple(map(int, found.groups()))
            return numbers if len(numbers) == 2 else (numbers[:2], numbers[2:])
    return text.lower()


def read_number(name, text):
    """Read one finite number; a comma may stand for the decimal point.

    Raises
    ------
    ValueError
        If it is not one.
    """
    plain = text.strip().replace("\u2212", "-").replace(",", ".")
    if not NUMBER.fullmatch(plain) or not np.isfinite(float(plain)):
        raise ValueError(f"{name} must be a number; got {_cut(text)}")
    return float(plain)


# --- codes ---------------------------------------------------------------------------------


def to_code(kind, arrays, geometry, precision):
    """Write a problem as one line of text, which `from_code` reads.

    Parameters
    ----------
    kind : str
        Of the stepper, such as "input".
    arrays : dict of str to ndarray
    geometry : dict of str to tuple of int or str
        Sizes, stride, padding and dilation; a word for the activation.
    precision : str
        In which the numbers are kept, such as "float64".

    Returns
    -------
    str
    """
    precision = precision if precision in PRECISIONS else "float64"
    parts = [kind, precision]
    for name, array in arrays.items():
        numbers = ",".join(map(_short, array.astype(precision).ravel()))
        parts.append(f"{name}={'x'.join(map(str, array.shape))}:{numbers}")
    for name, value in geometry.items():
        word = value if isinstance(value, str) else "x".join(map(str, np.ravel(value)))
        parts.append(f"{name}={word}")
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
        If it is not such a text.
    """
    if not isinstance(code, str):
        raise TypeError(f"a code is text, got {type(code).__name__}")
    _check_length("the code", code)
    kind, precision, *parts = "".join(code.split()).split(";") + [""]
    if precision not in PRECISIONS:
        raise ValueError(
            f"this is not the code of a problem: {_cut(code)}; a code starts like "
            f"input;float64;dZ=..."
        )
    arrays, geometry = {}, {}
    for part in filter(None, parts):
        name, value = _read_part(part, precision)
        if name in {*arrays, *geometry}:
            raise ValueError(f"the code is broken at {_cut(part)}: copy it again, all of it")
        (arrays if isinstance(value, np.ndarray) else geometry)[name] = value
    return kind, arrays, geometry


def _read_part(part, precision):
    word = re.fullmatch(r"(activation)=([a-z_]{1,20})", part)
    if word:
        return word[1], word[2]
    found = re.fullmatch(r"(\w{1,20})=(\d{1,5}(?:x\d{1,5}){0,3})(?::(.*))?", part, re.A)
    if not found:
        raise ValueError(f"the code is broken at {_cut(part)}: copy it again, all of it")
    name, shape = found[1], tuple(map(int, found[2].split("x")))
    if found[3] is None:
        return name, shape
    numbers = _row(name, 1, found[3])
    if len(numbers) != np.prod(shape, dtype=object):
        raise ValueError(
            f"the code is broken: {name} is {found[2]} and has {len(numbers)} numbers; "
            f"copy it again, all of it"
        )
    with np.errstate(over="ignore"):
        return name, np.array(numbers, dtype=precision).reshape(shape)


# --- numbers -------------------------------------------------------------------------------


def _typed_row(name, line, text):
    """Read a row that a person typed, or a spreadsheet gave: tabs part its cells."""
    cells = text.split("\t")
    if len(cells) > 1 and not all(cell.strip() for cell in cells):
        raise ValueError(f"{name}, row {line} has an empty cell: write 0 where there is nothing")
    if re.search(r"\d,\d", text) and re.search(r"[\s;]", text.strip()):  # 0,5 1,5: two or four?
        raise ValueError(
            f"{name}, row {line} has commas between digits and other gaps too: write 0.5 with a "
            f"point, and separate numbers by spaces"
        )
    return _row(name, line, text.replace("\u2212", "-"))


def _row(name, line, text):
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    for word in words:
        if not NUMBER.fullmatch(word):
            raise ValueError(
                f"{name}, row {line}: {_cut(word)} is not a number; write numbers such as -2 or 0.5"
            )
    return [float(word) for word in words]


def _short(value):
    """Write a number so that it comes back as the same one: 3, -0.5, 0.1."""
    size = abs(float(value))
    plain = not np.isfinite(size) or size == 0 or 1e-4 <= size < 1e16
    write = np.format_float_positional if plain else np.format_float_scientific
    return write(value, unique=True, trim="-")


def _cut(text):
    return repr(text if len(text) <= 30 else text[:27] + "...")


def _check_length(name, text):
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"{name} has {len(text)} characters; no problem that one can read has over {MAX_TEXT}"
        )

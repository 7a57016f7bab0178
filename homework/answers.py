"""Find the answers in what a student hands in: a notebook or a CSV file, under any file name.

Text is parsed, never run. In a notebook, an answer is what follows ``dY_3 =``: rows in quotation
marks as in the worksheet, or lists of lists, with or without np.array around them.
"""

import json
import re
from dataclasses import dataclass, field

from homework import names, tables
from homework.files import FORMATS, Refused, content

LABEL = re.compile(r"^[ \t]*([A-Za-z]{1,3}_\d{1,2})[ \t]*=(?!=)", re.M)
CODE = re.compile(rb"worksheet ([0-9a-f]{10}),")
COLUMNS = {"student", "answer", "numbers"}
MAX_STUDENTS = 2_000
ASK = "ask the student for the notebook (.ipynb) or the CSV file (.csv)"
OTHER_KINDS = {e: what for ends, what in FORMATS["other_kinds"].items() for e in ends.split()}
SIDECAR = re.compile("|".join(FORMATS["sidecars"].values()), re.IGNORECASE)


@dataclass
class Handed:
    """What one file holds of one student.

    Attributes
    ----------
    file, student, code : str
        `student` and `code`, that of the worksheet, are "" if the file does not tell them.
    edition : object
        None if the file does not tell it.
    texts : dict of str to str
        Each answer by its label.
    cells : tuple of str
        The code of a notebook.
    notes : list of str
    """

    file: str
    student: str = ""
    code: str = ""
    edition: object = None
    texts: dict = field(default_factory=dict)
    cells: tuple = ()
    notes: list = field(default_factory=list)


def is_sidecar(path):
    """Whether a platform or a system put a file beside the answers, or it is a sheet to print."""
    page = path.suffix.lower() in (".html", ".htm") and path.is_file() and not path.is_symlink()
    return bool(SIDECAR.fullmatch(path.name)) or (page and b"Worksheet <code>" in content(path))


def handed_in(path):
    """Read a file of answers.

    Returns
    -------
    list of Handed
        One for each student in it.

    Raises
    ------
    Refused
        If it is neither a notebook nor a CSV file with answers; the message tells what to do.
    """
    data, ending = content(path), path.suffix.lower()
    if not data.strip():
        raise Refused(f"{path.name} is empty: {ASK} again")
    kind = next((kind for begin, kind in tables.KINDS.items() if data.startswith(begin)), "")
    begin = tables.likely_text(data)[1].lstrip()[:1]
    if not kind and (ending == ".ipynb" or begin == "{"):
        return [_notebook(data, path.name)]
    if ending in OTHER_KINDS and (kind or ending != ".xls"):  # some platforms call a CSV file so
        way_out = OTHER_KINDS[ending].format(ask=ASK, save_as=tables.SAVE_AS)
        raise Refused(f"{path.name} {way_out}")
    if kind:
        raise Refused(f"{path.name} is {kind}: unpack it if you can, or {ASK}")
    if ending in (".csv", ".tsv", ".txt", ".xls"):
        return _csv(data, path.name)
    raise Refused(f"{path.name} is neither a notebook nor a CSV file: {ASK}")


# --- notebooks --------------------------------------------------------------------------------


def _notebook(data, file):
    book = _parsed(data, file)
    cells = _cells(book)
    if cells is None:
        raise Refused(f"{file} is not a notebook of format 4: open it in JupyterLab, and save it")
    handed = Handed(file, cells=tuple(source for kind, source in cells if kind == "code"))
    for source in handed.cells:
        handed.texts |= _assigned(source, handed.texts)
    for kind, source in cells:  # an answer in a cell that was turned into text counts too
        if kind != "code":
            for label, text in _assigned(source, {}).items():
                if _full(text) and not _full(handed.texts.get(label, "")):
                    handed.texts[label] = text
                    handed.notes.append(f"{label} is in a {kind} cell")
    metadata = book.get("metadata")
    mine = metadata.get("cnnlib") if isinstance(metadata, dict) else None
    if isinstance(mine, dict) and isinstance(mine.get("student"), str):
        handed.student = names.cleaned(mine["student"])
        handed.code, handed.edition = str(mine.get("code", ""))[:20], mine.get("edition")
    elif written := CODE.search(data):  # some editors drop the metadata
        handed.code = written[1].decode()
    elif not handed.texts:
        raise Refused(f"{file} is not made from a worksheet: {ASK} that you handed out")
    return handed


def _parsed(data, file):
    """Return the JSON of a notebook, or tell why it is not one."""
    text = tables.likely_text(data)[1]
    if tables.CONFLICT.search(text):
        raise Refused(f"{file} {tables.MERGE}")
    if text.lstrip().startswith("<"):
        raise Refused(f"{file} is a web page, not a notebook: download the file itself again")
    try:
        return json.loads(text)
    except RecursionError:
        how = f"it is nested too deeply; {ASK}"
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
        how = "it is cut off; download it again" if cut else f"{str(error)[:60]}; {ASK}"
    except ValueError as error:  # a number with too many digits
        how = f"{str(error)[:80]}; {ASK}"
    raise Refused(f"{file} is not a notebook: {how}")


def _cells(book):
    """Return (kind, source) of the cells, or None if it is not a notebook."""
    cells = book.get("cells") if isinstance(book, dict) and book.get("nbformat") == 4 else None
    if not isinstance(cells, list):
        return None
    found = []
    for cell in cells:
        cell = cell if isinstance(cell, dict) else {}
        kind, source = cell.get("cell_type"), cell.get("source")
        lines = source if isinstance(source, list) else [source]
        if isinstance(kind, str) and all(isinstance(line, str) for line in lines):
            found.append((kind, "".join(lines)))
    return found


def _assigned(source, known):
    """Return {label: text} of what a cell assigns; an empty answer does not replace a full one."""
    found = {}
    starts = [*LABEL.finditer(source)]
    ends = [start.start() for start in starts[1:]] + [len(source)]
    for start, end in zip(starts, ends, strict=False):
        text = source[start.end() : end].strip()
        quote = re.match(r"[rRbBuUfF]?('''|\"\"\"|'|\")", text)
        if quote:
            text = text[quote.end() :].split(quote[1])[0]
        if _full(text) or start[1] not in known:
            found[start[1]] = text
    return found


def _full(text):
    return any(letter.isdigit() for letter in text)


# --- CSV --------------------------------------------------------------------------------------


def _csv(data, file):
    rows, notes = tables.table(data, file, COLUMNS)
    at = tables.heads(rows[0][1]) if rows else {}
    if not COLUMNS <= {*at}:
        needs = "needs the columns student, code, answer and numbers in its first line"
        raise Refused(f"{file} {needs}: copy that line from the CSV file of the worksheet")
    last, found = max(at.values()), {}
    for line, row in rows[1:]:
        cell = {head: row[i].strip() if i < len(row) else "" for head, i in at.items()}
        if at["numbers"] == last:  # one number in each cell
            cell["numbers"] = " ".join(row[last:]).strip()
        try:
            student = names.cleaned(names.from_cell(cell["student"])) if cell["student"] else ""
        except Refused as error:
            raise Refused(f"{file}, line {line}: {error}") from None
        code = cell.get("code", "")[:20]
        if not student and not code:
            continue
        one = found.setdefault(student or code, Handed(file, student, code, notes=[*notes]))
        if len(found) > MAX_STUDENTS:
            raise Refused(f"{file} has more than {MAX_STUDENTS} students: split it")
        one.code = one.code or code
        if cell["numbers"] or cell["answer"] not in one.texts:
            one.texts[cell["answer"]] = names.from_cell(cell["numbers"])
    if not found:
        raise Refused(f"{file} has no answers in it: {ASK}")
    return [*found.values()]

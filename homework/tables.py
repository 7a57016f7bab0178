"""Read text and CSV files as spreadsheets save them, and tell how to save them if we cannot."""

import csv
import io
import re
import unicodedata

from homework.files import FORMATS, Refused

SAVE_AS = (
    'in Excel use File, Save As, type "CSV UTF-8 (comma delimited)"; '
    "in LibreOffice choose the character set UTF-8 when you save as CSV"
)
KINDS = {bytes.fromhex(begin): kind for begin, kind in FORMATS["beginnings"].items()}
CONFLICT = re.compile(r"^(<{7}|>{7}) ", re.M)
MERGE = (
    "has conflict marks of git, <<<<<<< and >>>>>>>: the student must merge the two versions, "
    "save the file and hand it in again"
)
IN_ASCII = re.compile(
    r"\x1b|~\{|\\[ux][0-9a-fA-F]{2}"  # traces of ISO-2022, HZ, escapes
    r"|\+(?=[A-Za-z0-9/]*[A-Z])[A-Za-z0-9/]{3,}(?![\w./]*@)"  # and UTF-7, but no ada+Ada@...
)
BROKEN = re.compile("[\0\ufffd]|[A-Za-z][\u0370-\u1dff]|[\u0370-\u1dff][A-Za-z]")
"""What is not text, and two alphabets in one word."""
NOT_WESTERN = re.compile(
    r"[^\x00-\x7fÀ-ÖØ-öø-ÿŒœŠšŽž’´°«»€\xa0]"  # no Western European name has such a letter,
    r"|[À-ÿŒœŠšŽž]{3}"  # or three of these in a row,
    r"|[a-z][À-ÖØ-ÞŒŠŽ]"  # or such a capital inside a word
)


def decoded(data, name):
    """Return a text and a note about its encoding, which is "" for UTF-8.

    Windows-1252, which Excel uses in Western Europe, is read too, with a note; no other encoding
    can be told from another one.

    Raises
    ------
    Refused
        If it is not text, or was garbled on the way.
    """
    for begin, kind in KINDS.items():
        if data.startswith(begin):
            raise Refused(f"{name} is {kind}, not a CSV file: open it as a spreadsheet; {SAVE_AS}")
    encoding, text = likely_text(data)
    western = encoding == "Windows-1252"
    foreign = NOT_WESTERN if western else IN_ASCII
    if BROKEN.search(text) or foreign.search(text) or _twice_encoded(text):
        raise Refused(f"{name} is not UTF-8, so its letters would be wrong: {SAVE_AS}")
    if not western:
        return text, ""
    word = next(word for word in re.findall(r"[^\s,;\t\"]+", text) if not word.isascii())
    return text, (
        f"{name} is not UTF-8; we read it as Windows-1252, so check that {word!r} is right. "
        f"If not, {SAVE_AS}"
    )


def likely_text(data):
    """Return the likely encoding of a text, and the text; "" and U+FFFD if there is none."""
    utf_16 = ["UTF-16"] * data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in (*utf_16, "UTF-8-sig", "Windows-1252"):
        try:
            return encoding, data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return "", "\ufffd"


def _twice_encoded(text):
    """Whether UTF-8 was taken for Windows-1252 and encoded again, as in "MÃ¼ller"."""
    try:
        return not text.isascii() and bool(text.encode("cp1252").decode("utf-8"))
    except UnicodeError:
        return False


def table(data, name, known):
    """Return [(line, row)] of the lines of a CSV file that are not empty, and notes.

    Commas, semicolons or tabs separate the cells: whichever gives most of the `known` headers, or
    else most columns. If a spreadsheet of another country has put each line into one cell, the
    line is split here.

    Raises
    ------
    Refused
        If it is not a CSV file.
    """
    text, note = decoded(data, name)
    lines = text.lstrip("\r\n").splitlines() or [""]
    if lines[0].lower().startswith("sep="):  # Excel's own
        text = text.split(lines[0], 1)[1]
        lines = lines[1:]
    if CONFLICT.search(text):
        raise Refused(f"{name} {MERGE}")
    if re.match(r"\s*<(!doctype|html|table)", text, re.IGNORECASE):
        raise Refused(f"{name} is a web page, not a CSV file: open it as a spreadsheet; {SAVE_AS}")
    head = re.sub(r'"[^"]*"', "", next((line for line in lines if line.strip()), ""))
    delimiters = [delimiter for delimiter in ";\t" if delimiter in head] + [","]
    tables = [_rows(text, delimiter, known) for delimiter in delimiters]
    if not any(table is not None for table in tables):
        raise Refused(f"{name} is not a CSV file: check its quotation marks; {SAVE_AS}")

    def fit(rows):
        header = rows[0][1] if rows else []
        return len({*heads(header)} & {*known}), len(header)

    return max((table for table in tables if table is not None), key=fit), [note] * bool(note)


def _rows(text, delimiter, known):
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
        return _split(rows, known)
    except csv.Error:
        return None


def _split(rows, known):
    """Split lines that a spreadsheet has put into their first cell, if that gives a header."""
    head = [cell for cell in rows[0][1] if cell.strip()] if rows else []
    if len(head) == 1:
        delimiter = max(",;\t", key=head[0].count)
        cells = _cells(head[0], delimiter)
        if len(cells) > 1 and any(simple(cell) in known for cell in cells):
            return [(line, _aligned(row, delimiter, len(cells))) for line, row in rows]
    return rows


def _cells(text, delimiter):
    return next(csv.reader([text], delimiter=delimiter))


def _aligned(row, delimiter, width):
    """Split the first cell, whose first field has lost its quotation marks; the rest is typed."""
    cells = _cells(row[0], delimiter)
    extra = max(0, len(cells) - width)  # a name such as "Lovelace, Ada"
    cells = [delimiter.join(cells[: extra + 1]), *cells[extra + 1 :]]
    cells += [""] * (width - len(cells))
    typed = [cell for cell in row[1:] if cell.strip()]
    return [*cells[:-1], cells[-1] if cells[-1].strip() or not typed else typed.pop(0), *typed]


def simple(head):
    """Return the header of a column in plain small letters: "prenom" for "Prénom(s)"."""
    plain = unicodedata.normalize("NFKD", head.casefold())
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
    plain = re.sub(
        r"\(.*?\)|[/*:·.-](innen|in|r|n|es|e|s)\b", " ", plain
    )  # Student/in, étudiant(e)
    return " ".join(re.findall(r"[^\W_]+", plain))


def heads(row):
    """Return {simple header of a column: its position}."""
    return {simple(cell): i for i, cell in reversed([*enumerate(row)])}

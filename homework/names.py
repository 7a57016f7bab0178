"""Names of students, in a form that is safe to write down."""

import re
import unicodedata

from homework.files import FORMATS, Refused

MAX_LETTERS = 200
LATIN = str.maketrans(FORMATS["latin"])


def cleaned(name):
    """Return a name as one line of ordinary characters, with accents in one form.

    Raises
    ------
    Refused
        If nothing is left of it, or it is longer than any name.
    """
    if any(unicodedata.category(letter) == "Cs" for letter in name):
        raise Refused("a name is not valid text: save the list as UTF-8")
    kept = "".join(" " if letter.isspace() else letter for letter in name)
    # No controls, and no marks that reverse the direction; a joiner holds an emoji together.
    kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf") or c == "\u200d")
    kept = unicodedata.normalize("NFC", " ".join(kept.split()))
    if not kept.strip("\u200d"):
        raise Refused("a name is empty: give a name, or a student number")
    if len(kept) > MAX_LETTERS:
        raise Refused(f"a name has {len(kept)} letters: at most {MAX_LETTERS} are allowed")
    return kept


def stem(student, code):
    """Return the name of a student's files: their letters, and a code that nobody else has.

    Latin letters lose their accents, so that every system and every ZIP program can write them;
    other letters stay as they are.
    """
    plain = "".join(map(_plain, unicodedata.normalize("NFC", student.translate(LATIN))))
    words = re.sub(r"_+", "_", "".join(c if _in_word(c) else "_" for c in plain))
    return f"{words[:40].strip('_') or 'student'}-{code}"


def _plain(letter):
    base = unicodedata.normalize("NFKD", letter)
    ascii_only = base.encode("ascii", "ignore").decode()
    return ascii_only if base[0].isascii() else letter


def _in_word(letter):
    """Whether a letter, a number or an accent of another alphabet."""
    return unicodedata.category(letter)[0] in "LNM"


def count(number, thing):
    """Return a number of things in words."""
    return f"{number} {thing}{'s' * (number != 1)}"


def some(texts):
    """Return the first few of some texts in one line."""
    return "; ".join(texts[:5]) + "; ..." * (len(texts) > 5)


def in_cell(text):
    """Return a text without controls, which no spreadsheet reads as a formula."""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return "'" + text if re.match(r"\s*[=+\-@＝＋－＠]", text) else text


def from_cell(text):
    """Return a text as it was before `in_cell`."""
    return text[1:] if text.startswith("'") and in_cell(text[1:]) == text else text

"""The browser's part as one module, and pages that need no kernel."""

import base64
import hashlib
import json
import re
from html import escape
from importlib.resources import files

FOLDER = files("cnnlib.steppers")


def joined(name, known=None):
    """Join a JavaScript file and all that it imports into one text without imports.

    anywidget loads its module from a blob, and a page that was opened as a file may not import:
    so the files are put one after the other, each after those that it needs. All names at their
    top level differ. Comments and indents are left out, which makes a page smaller.

    Parameters
    ----------
    name : str
        Such as "page.js".
    known : set of str, optional
        Files that are there already; those that are joined are added.

    Returns
    -------
    str
    """
    known = set() if known is None else known
    known.add(name)
    text = (FOLDER / name).read_text(encoding="utf-8")
    parts = [joined(one, known) for one in IMPORT.findall(text) if one not in known]
    own = COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", text)))
    return "".join([*parts, INDENT.sub("", own)])


IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.M)
COMMENT = re.compile(r"^ *//.*\n|^\n", re.M)
STYLE_COMMENT = re.compile(r" */\*.*?\*/\n?|^\n", re.M | re.S)
INDENT = re.compile(r"^ +", re.M)
EXPORT = re.compile(r"^export (?=function|class|const)", re.M)

_known = set()
IN_PAGES = joined("page.js", _known)
JOINED = IN_PAGES + joined("kernel.js", _known)
MODULE = f"{JOINED}\nexport default {{ render }};\n"
"""For anywidget."""

SCRIPT = f"""{IN_PAGES}
for (const root of document.querySelectorAll("div.cnnlib-stepper"))
  mountPage(root, JSON.parse(root.querySelector("script").textContent));
"""
"""For pages."""

STYLES = ("stepper.css", "tables.css", "views.css", "opened.css")
STYLE = "".join((FOLDER / name).read_text(encoding="utf-8") for name in STYLES)
STYLE = INDENT.sub("", STYLE_COMMENT.sub("", STYLE))
HEAD = f'<style>{STYLE}</style>\n<script type="module">{SCRIPT}</script>'
"""What a page with steppers needs once."""

PAGE = """html { background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { padding: 8px; }
h1 { font-size: 1.2rem; margin: 0 0 8px; }"""


def fragment(data, static, name):
    """Write a stepper for a page that has `HEAD`.

    Parameters
    ----------
    data : dict
        What `mountPage` of page.js takes; arrays as bytes.
    static : str
        HTML of the step, for where there is no script.
    name : str
        Of the stepper, spoken.

    Returns
    -------
    str
    """
    told = json.dumps(_with_text(data), separators=(",", ":")).replace("<", r"\u003c")
    return (
        f'<div class="cnnlib-stepper" role="group" aria-label="{escape(name)}">'
        f'<div class="cnnlib-static">{static}</div>'
        f'<script type="application/json">{told}</script></div>'
    )


def _with_text(data):
    """Return data with base64 in place of bytes."""
    if isinstance(data, dict):
        return {name: _with_text(value) for name, value in data.items()}
    return base64.b64encode(data).decode() if isinstance(data, bytes) else data


def document(body, title):
    """Put a fragment into a page of its own, which needs nothing else and may load nothing.

    Parameters
    ----------
    body : str
        From `fragment`.
    title : str

    Returns
    -------
    str
    """
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>{PAGE}</style>\n{HEAD}\n"
        f"</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )

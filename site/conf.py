"""Settings of the web site, for Sphinx. `make site` builds it; tools/website.py says how."""

import logging
from html import unescape
from importlib.resources import files
from pathlib import Path

import math_core
from docutils import nodes
from fontTools import subset
from sphinx.util import logging as sphinx_logging

from cnnlib.steppers import page

project = "The backward pass of a convolution layer"
author = "The cnnlib authors"
copyright = "The cnnlib authors; text and figures CC BY 4.0, code BSD 3-Clause"
language = "en"
extensions = ["myst_nb", "sphinx.ext.githubpages"]
exclude_patterns = ["README.md"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True

html_theme = "furo"
html_title = project
pygments_dark_style = "a11y-high-contrast-dark"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = False
html_math_renderer = "mathml"

LOG = sphinx_logging.getLogger(__name__)
MATHS = math_core.LatexToMathML(fancy_error=False)
# The characters of all formulas. The browser draws a single letter slanted, as one of these.
WRITTEN = {*map(chr, [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)])}
FONT = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"


# --- mathematics: MathML, written here, drawn by the browser without a script ------------------


def formula(self, node):
    """Write a formula within a line."""
    self.body.append(mathml(node, displaystyle=False))
    raise nodes.SkipNode


def displayed_formula(self, node):
    """Write a formula that stands alone; it scrolls where the page is narrow."""
    self.body.append(f'<div class="formula">{mathml(node, displaystyle=True)}</div>\n')
    raise nodes.SkipNode


def mathml(node, displaystyle):
    """Convert a formula; one that cannot be converted is a warning, which fails the build."""
    try:
        text = MATHS.convert_with_local_state(node.astext(), displaystyle=displaystyle)
    except math_core.LatexError as error:
        LOG.warning("%s: %s", node.astext(), error, location=node)
        return ""
    WRITTEN.update(unescape(text))
    return text


def put_font(app, failed):
    """Put the font of the formulas into the site, with the characters that they have."""
    if failed:
        return
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options(flavor="woff", layout_features=["*"], name_IDs=["*"])
    font = subset.load_font(str(FONT), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, WRITTEN))
    subsetter.subset(font)
    subset.save_font(font, str(Path(app.outdir, "_static", "stix-two-math.woff")), options)


# --- steppers: their style and script, once in each page that has one --------------------------


def finish_page(app, pagename, templatename, context, doctree):
    """Put what steppers need into the head, and a way into the browser's lab below the title."""
    body = context.get("body", "")
    if "cnnlib-" in body:
        context["metatags"] = context.get("metatags", "") + page.HEAD
    if context.get("lite") and pagename.startswith("notebooks/"):
        link = f'<a href="../lite/lab/index.html?path={pagename}.ipynb">Run it in the browser</a>'
        body = body.replace("</h1>", f"</h1>\n<p>{link}</p>", 1)
    # A label that would hide "Show the answer" from a screen reader.
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def setup(app):
    """Tell Sphinx of the functions above."""
    app.add_html_math_renderer("mathml", (formula, None), (displayed_formula, None))
    app.connect("html-page-context", finish_page)
    app.connect("build-finished", put_font)

"""Read the HTML of a view back: what is seen of a section while one of its terms is marked.

Nothing here knows `cnnlib`. The rules are those of the style sheet: what has a class at-N is
seen only while term N is marked, and what has the class term-N is lit then. In a class, a term
stands as its number modulo `WRITTEN`.
"""

import re
from html.parser import HTMLParser

WRITTEN = 40
LETTERS = {"window": "w", "term": "t", "target": "s", "done": "d"}
EMPTY = {"input", "br", "meta"}


class Node:
    """An element: its tag, attributes and classes, and what is in it."""

    def __init__(self, tag, attributes=()):
        self.tag, self.attributes, self.inside = tag, dict(attributes), []
        self.classes = (self.attributes.get("class") or "").split()

    def all(self, *tags):
        """Return all elements below with one of these tags, or with a class ".name"."""
        found = []
        for node in self.inside:
            if isinstance(node, Node):
                if any(t == node.tag or t[1:] in node.classes and t[0] == "." for t in tags):
                    found.append(node)
                found += node.all(*tags)
        return found

    def text(self, marked=None):
        """Return what can be read in it while this term is marked."""
        if marked is not None and not self.seen(marked):
            return ""
        return "".join(n if isinstance(n, str) else n.text(marked) for n in self.inside)

    def seen(self, marked):
        """Say whether the element itself is seen while this term is marked."""
        at = [name for name in self.classes if re.fullmatch(r"at-\d+", name)]
        return not at or f"at-{marked % WRITTEN}" in at

    def lit(self, marked):
        """Say whether it belongs to this term."""
        return f"term-{marked % WRITTEN}" in self.classes


class _Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.root = Node("")
        self.open = [self.root]
        self.feed(html)
        self.close()
        assert self.open == [self.root], f"left open: {[n.tag for n in self.open[1:]]}"

    def handle_starttag(self, tag, attributes):
        node = Node(tag, attributes)
        assert len(attributes) == len(node.attributes), f"an attribute is there twice: {attributes}"
        self.open[-1].inside.append(node)
        if tag not in EMPTY:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def read(html):
    """Return HTML as a tree; what is not closed, or closed twice, fails."""
    return _Reader(html).root


class Table:
    """A table as it is seen: caption, corner, columns, and rows of (header, cells)."""

    def __init__(self, node, marked=None):
        (caption,), (corner,) = node.all("caption"), node.all("thead")[0].all("td")
        self.caption, self.corner, self.main = (
            caption.text(),
            corner.text(),
            ("cnnlib-main" in node.classes),
        )
        heads = node.all("thead")[0].all("th")
        assert {head.attributes["scope"] for head in heads} <= {"col"}
        self.columns = [head.text() for head in heads]
        self.rows = []
        for row in node.all("tbody")[0].all("tr"):
            (head,) = row.all("th")
            assert head.attributes["scope"] == "row"
            made = [StaticCell(c) if marked is None else Cell(c, marked) for c in row.all("td")]
            assert len(made) == len(self.columns)
            self.rows.append((head.text(), made))
        self.cells = [cell for _, cells in self.rows for cell in cells]
        self.letters = "".join(cell.letter for cell in self.cells)

    def __eq__(self, other):
        return self.said() == other.said()

    def said(self):
        """All that one can read in it."""
        rows = [(head, [(c.letter, c.factors) for c in cells]) for head, cells in self.rows]
        return self.caption, self.corner, self.columns, rows


class Cell:
    """A cell of a live table while a term is marked: its letter, number, what lies on it."""

    def __init__(self, node, marked):
        marks = [c.removeprefix("cnnlib-") for c in node.classes if c[7:] in LETTERS]
        assert len(marks) <= 1
        self.filler = "cnnlib-filler" in node.classes
        self.letter = LETTERS[marks[0]] if marks else ""
        if node.lit(marked):
            self.letter = "s" if "cnnlib-gets" in node.classes else "t"
        small = node.all("small")
        assert len(small) <= 1
        self.over = small[0].text() if small else ""
        whole = node.text(marked)
        self.factors = whole
        self.text = whole.removeprefix(self.over) if self.over else whole
        if whole.endswith(self.over) and self.over.startswith("·"):
            self.text = whole.removesuffix(self.over)
        self.number = number(self.text)


class StaticCell:
    """A cell of a static table: the letter is its first word, brackets stand for a mark."""

    def __init__(self, node):
        word, _, rest = node.text().partition(" ")
        self.letter, self.factors = (word, rest) if word.isalpha() and rest else ("", node.text())
        self.style = node.attributes.get("style", "")
        assert (self.letter in ("t", "s")) == self.factors.startswith("[")
        self.factors = self.factors.strip("[]")


class Seen:
    """What is seen of a live section while a term is marked."""

    def __init__(self, node, marked=None):
        radios = [one for one in node.all("input") if one.attributes["type"] == "radio"]
        if marked is None:
            checked = [one for one in radios if "checked" in one.attributes]
            assert len(checked) == bool(radios)
            marked = int(checked[0].attributes["value"]) if checked else 0
        self.marked = marked
        self.terms = int(node.attributes["data-terms"])
        self.markable = [int(one.attributes["value"]) for one in radios]
        where = [one.text(marked) for one in node.all(".cnnlib-where") + node.all(".cnnlib-aside")]
        self.where, self.beside = where[0], "".join(where[1:])
        self.sum = "".join(one.text(marked) for one in node.all(".cnnlib-sum"))
        self.products = []
        self.lit = []
        for label in node.all("label"):
            (radio,) = label.all("input")
            value = int(radio.attributes["value"])
            assert f"go-{value % WRITTEN}" in radio.classes
            assert label.lit(value)
            self.products.append(tuple(part.text() for part in label.all("span")))
            if label.lit(marked):
                self.lit.append(self.products[-1])
        self.tables = [Table(one, marked) for one in node.all("table") if one.seen(marked)]
        self.code = [(one.text(), one.lit(marked)) for one in node.all("li")]
        self.legend = "".join(one.text() for one in node.all(".cnnlib-legend"))
        self.all = node.text(marked)


class Section:
    """A live section, to be seen at any of its terms."""

    def __init__(self, html):
        found = read(html) if isinstance(html, str) else html
        (self.node,) = found.all("section") if found.tag != "section" else [found]

    def at(self, term=None):
        """Return what is `Seen` while this term is marked; without one, what is checked."""
        return Seen(self.node, term)


class Static:
    """A static step: its paragraphs and tables."""

    def __init__(self, html):
        node = read(html)
        self.tables = [Table(one) for one in node.all("table")]
        self.lines = [one.text() for one in node.all("p")]
        self.where, self.all = self.lines[0], node.text()


def sections(html):
    """Return the sections of a page, and which of them is the checked one."""
    (form,) = read(html).all(".cnnlib-steps")
    steps = [n for n in form.inside if isinstance(n, Node)]
    radios = [n for n in steps if n.tag == "input"]
    found = [n for n in steps if n.tag == "section"]
    if not radios:
        return [Section(n) for n in found], 0
    assert steps == [n for pair in zip(radios, found, strict=True) for n in pair]
    assert len({radio.attributes["name"] for radio in radios}) == 1
    checked = [n for n, radio in enumerate(radios) if "checked" in radio.attributes]
    assert len(checked) == 1
    return [Section(n) for n in found], checked[0]


def numbers(text):
    """Return the numbers of ``3·(-2)`` or ``[4]``."""
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]


def number(text):
    """Return the number of a cell, or None where there is none yet."""
    found = numbers(text)
    return found[0] if len(found) == 1 else None


def from_elsewhere(html):
    """Return what a page would fetch: addresses in attributes, in styles and in scripts."""
    found = re.findall(r"https?:|(?:src|href|srcset|action|data|poster|background)\s*=", html)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    script = "".join(re.findall(r"<script[^>]*>(.*?)</script>", html, re.S))
    found += re.findall(r"@import|url\(|//|image-set", style)
    script = re.sub(r"(?m)(?:^|\s)//.*$", "", script)  # its comments
    found += re.findall(
        r"//|\bimport\b|\bfetch\b|XMLHttp|WebSocket|\beval\b|\bnew Function", script
    )
    rest = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", html, flags=re.S)
    return found + re.findall(r"//|@import|url\(|<(?:link|img|iframe|object|embed|base)\b", rest)

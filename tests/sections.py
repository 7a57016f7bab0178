"""Read the HTML of a static step back: its paragraphs, its tables, and what each cell says.

Nothing here knows `cnnlib`.
"""

import re
from html.parser import HTMLParser

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

    def text(self):
        """Return what can be read in it."""
        return "".join(n if isinstance(n, str) else n.text() for n in self.inside)


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

    def __init__(self, node):
        (caption,), (corner,) = node.all("caption"), node.all("thead")[0].all("td")
        self.caption, self.corner = caption.text(), corner.text()
        heads = node.all("thead")[0].all("th")
        assert {head.attributes["scope"] for head in heads} <= {"col"}
        self.columns = [head.text() for head in heads]
        self.rows = []
        for row in node.all("tbody")[0].all("tr"):
            (head,) = row.all("th")
            assert head.attributes["scope"] == "row"
            made = [Cell(cell) for cell in row.all("td")]
            assert len(made) == len(self.columns)
            self.rows.append((head.text(), made))
        self.cells = [cell for _, cells in self.rows for cell in cells]
        self.letters = "".join(cell.letter for cell in self.cells)


class Cell:
    """A cell: the letter is its first word, brackets stand for a mark, then factors."""

    def __init__(self, node):
        word, _, rest = node.text().partition(" ")
        self.letter, self.text = (word, rest) if word.isalpha() and rest else ("", node.text())
        self.style = node.attributes.get("style", "")
        assert (self.letter in ("t", "s")) == self.text.startswith("[")
        self.text = self.text.strip("[]")
        self.numbers = numbers(self.text)


class Static:
    """A static step: its paragraphs and tables."""

    def __init__(self, html):
        node = read(html)
        self.tables = [Table(one) for one in node.all("table")]
        self.lines = [one.text() for one in node.all("p")]
        self.where, self.all = self.lines[0], node.text()


def numbers(text):
    """Return the numbers of ``3·(-2)`` or ``[4]``."""
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]


def from_elsewhere(html):
    """Return what a page would fetch: addresses in attributes, in styles and in scripts."""
    found = re.findall(r"https?:", html)
    written = re.sub(r"(<script[^>]*>).*?</script>", r"\1", html, flags=re.S)
    found += re.findall(r"(?:src|href|srcset|action|data|poster|background)\s*=", written)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    script = "".join(re.findall(r"<script[^>]*>(.*?)</script>", html, re.S))
    found += re.findall(r"@import|url\(|//|image-set", style)
    script = re.sub(r"(?m)(?:^|\s)//.*$", "", script)  # its comments
    found += re.findall(
        r"//|\bimport\b|\bfetch\b|XMLHttp|WebSocket|\beval\b|\bnew Function", script
    )
    rest = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", html, flags=re.S)
    return found + re.findall(r"//|@import|url\(|<(?:link|img|iframe|object|embed|base)\b", rest)

"""Read the HTML of a static step back: its paragraphs, its tables, and what each cell says.

Nothing here knows `cnnlib`.
"""

import re

from bs4 import BeautifulSoup


def read(html):
    """Return HTML as a tree."""
    return BeautifulSoup(html, "html.parser")


class Table:
    """A table as it is seen: caption, corner, columns, and rows of (header, cells)."""

    def __init__(self, node):
        self.caption, self.corner = node.caption.text, node.thead.td.text
        heads = node.thead.find_all("th")
        assert {head["scope"] for head in heads} <= {"col"}
        self.columns = [head.text for head in heads]
        self.rows = []
        for row in node.tbody.find_all("tr"):
            (head,) = row.find_all("th", scope="row")
            made = [Cell(cell) for cell in row.find_all("td")]
            assert len(made) == len(self.columns)
            self.rows.append((head.text, made))
        self.cells = [cell for _, cells in self.rows for cell in cells]
        self.letters = "".join(cell.letter for cell in self.cells)


class Cell:
    """A cell: the letter is its first word, brackets stand for a mark, then factors."""

    def __init__(self, node):
        word, _, rest = node.text.partition(" ")
        self.letter, self.text = (word, rest) if word.isalpha() and rest else ("", node.text)
        self.style = node.get("style", "")
        assert (self.letter in ("t", "s")) == self.text.startswith("[")
        self.text = self.text.strip("[]")
        self.numbers = numbers(self.text)


class Static:
    """A static step: its paragraphs and tables."""

    def __init__(self, html):
        node = read(html)
        self.tables = [Table(one) for one in node.find_all("table")]
        self.lines = [one.text for one in node.find_all("p")]
        self.where, self.all = self.lines[0], node.text


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

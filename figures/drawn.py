"""What an SVG shows, and whether two of them show the same.

Another version of matplotlib writes other bytes for the same picture: other names inside the
file, another order of properties, another last digit. A figure is stale when its words, shapes,
places or looks have changed, and not before.
"""

import re
from xml.etree import ElementTree

SHAPES = "desc style text path use image rect circle ellipse line polygon".split()
PLACES = ("d", "x", "y", "points", "transform")
LOOKS = re.compile(r"fill|stroke|opacity|font-(size|style|weight)|text-anchor")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
LEAST = 0.5
"""Pixels by which a number may differ: less is not seen."""


def drawn(svg):
    """Return what can be seen of an SVG: (what, words, look, path without numbers, numbers)."""
    return [_seen(element) for element in ElementTree.fromstring(svg).iter() if _tag(element)]


def same(one, other):
    """Whether two SVG texts show the same."""
    one, other = drawn(one), drawn(other)
    return len(one) == len(other) and all(map(_same, one, other))


def _tag(element):
    tag = element.tag.rpartition("}")[2]
    return tag if tag in SHAPES else ""


def _seen(element):
    pairs = [pair.split(":") for pair in element.get("style", "").split(";") if ":" in pair]
    style = {key.strip(): value.strip() for key, value in pairs}
    look = sorted((key, value) for key, value in style.items() if LOOKS.match(key))
    place = " ".join(element.get(key, "") for key in PLACES)
    numbers = [float(number) for number in NUMBER.findall(place)]
    outline = "".join(re.findall("[A-Za-z]", NUMBER.sub("", place)))
    words = re.sub(r"\s*\n\s*", " ", element.text or "")
    return _tag(element), words, look, outline, numbers


def _same(one, other):
    *words, numbers = one
    *other_words, other_numbers = other
    return (
        words == other_words
        and len(numbers) == len(other_numbers)
        and all(abs(a - b) <= LEAST for a, b in zip(numbers, other_numbers, strict=True))
    )

"""What README promises is there, and its code runs."""

import re
from pathlib import Path

import numpy as np

import cnnlib

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")


def test_every_link_and_picture_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)|src(?:set)?=\"([^\"]+)\"", README)
    targets = {one or other for one, other in links}
    assert len(targets) > 15
    for target in targets:
        assert (REPOSITORY / target).is_file(), target


def test_every_lesson_is_listed_with_its_title():
    for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        title = re.search(r"\"# ([^\"\\]+)", path.read_text("utf-8"))[1]
        number = f"{path.name[:2]} " * path.name[0].isdigit()
        assert f"[{number}{title}](notebooks/{path.name})" in README


def test_every_place_of_the_map_exists():
    places = re.findall(
        r"`((?:cnnlib|notebooks|tests|figures|tools|site|homework)/[\w./]*)`", README
    )
    assert len(places) > 8
    for place in places:
        assert (REPOSITORY / place).exists(), place


def test_every_make_target_that_is_named_exists():
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)\b", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_code_in_it_runs():
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    lines = [line for line in code.splitlines() if line and not line.startswith("import")]
    rng = np.random.default_rng(0)
    Y, W, b = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(3, 2, 3, 4)), np.ones(4)
    how = {"stride": 2, "padding": "same"}
    assert lines[0] == 'Z = cnnlib.conv_forward(Y, W, b, stride=2, padding="same")'
    assert lines[1] == 'dY, dW, db = cnnlib.conv_backward(dZ, Y, W, stride=2, padding="same")'
    Z = cnnlib.conv_forward(Y, W, b, **how)
    dY, dW, db = cnnlib.conv_backward(np.ones_like(Z), Y, W, **how)
    assert (dY.shape, dW.shape, db.shape) == (Y.shape, W.shape, b.shape)

"""A page without a kernel: one module of all files, a fragment, and nothing from elsewhere."""

import base64
import hashlib
import json
import re

import pytest
from sections import from_elsewhere, read

from cnnlib import steppers
from cnnlib.steppers import page

FILES = {
    path.name: path.read_text("utf-8") for path in page.FOLDER.iterdir() if path.suffix == ".js"
}
NAME = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.M)


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="x.png">',
        "<style>@import 'x.css';</style>",
        "<style>p { background: url(x.png) }</style>",
        '<script type="module">import x from "./x.js"; // all\n</script>',
        '<script>\nfetch("x")\n</script>',
        '<a href="#">',
        '<p title="//x">',
        "<link rel=x>",
        "http://x",
    ],
)
def test_what_comes_from_elsewhere_is_found(hostile):
    assert from_elsewhere(hostile)
    assert not from_elsewhere("<style>p { }</style><script>\n// a comment\n</script>")


def test_the_files_are_joined_each_once_and_after_what_it_needs():
    seen = [NAME.search(text)[1] for text in FILES.values()]
    assert len(set(seen)) == len(FILES)  # the first name of each file tells it
    joined = [found[1] for found in NAME.finditer(page.JOINED)]
    places = {file: joined.index(name) for file, name in zip(FILES, seen, strict=True)}
    for file, text in FILES.items():
        needs = page.IMPORT.findall(text)
        for other in needs:
            assert places[other] < places[file], (other, file)
    assert not re.search(r"^\s*(import|export) ", page.JOINED, re.M)


def test_no_name_is_there_twice():
    names = [name for text in FILES.values() for name in NAME.findall(text)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_what_is_imported_is_exported():
    for file, text in FILES.items():
        for names, other in re.findall(r'^import \{([^}]*)\} from "\./(\w+\.js)"', text, re.M):
            exported = re.findall(r"^export (?:const|function|class) (\w+)", FILES[other], re.M)
            assert {*re.findall(r"\w+", names)} <= {*exported}, (file, other)


def test_a_fragment_has_a_name_the_data_and_the_step_as_a_table():
    stepper = steppers.InputGradientStepper()
    stepper.index = 12
    (root,) = read(stepper.fragment()).all(".cnnlib-stepper")
    assert root.attributes["role"] == "group"
    assert "input pass to dY, 5 x 5 x 1: 25 steps" in root.attributes["aria-label"]
    (static,), (data,) = root.all(".cnnlib-static"), root.all("script")
    assert "Step 13 of 25" in static.text()
    assert data.attributes["type"] == "application/json"
    told = json.loads(data.text())
    assert (told["step"], told["term"], told["problem"]["kind"]) == (12, 8, "input")


def test_a_page_needs_nothing_from_elsewhere():
    html = page.document(steppers.ForwardStepper().fragment(), "Of <one> & all")
    assert html.startswith("<!DOCTYPE html>")
    assert "<title>Of &lt;one&gt; &amp; all</title>" in html
    drawing = html.replace('"http://www.w3.org/2000/svg"', "")  # a name, not an address
    policy, rest = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", drawing)[::-1]
    assert policy == 1
    assert from_elsewhere(rest) == []


def test_the_policy_lets_this_script_run_and_no_other():
    html = page.document("<p></p>", "a title")
    (script,) = re.findall(r'<script type="module">(.*?)</script>', html, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Security-Policy" content="([^"]*)"', html)
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")

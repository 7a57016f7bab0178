"""A page without a kernel: one module of all files, a fragment, and nothing from elsewhere."""

import base64
import hashlib
import json
import re

import pytest
from sections import from_elsewhere, read

from cnnlib import steppers
from cnnlib.steppers import page


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="x.png">',
        "<style>p { background: url(x.png) }</style>",
        '<script type="module">import x from "./x.js"; // all\n</script>',
        '<p title="//x">',
        "<link rel=x>",
    ],
)
def test_what_comes_from_elsewhere_is_found(hostile):
    assert from_elsewhere(hostile)
    assert not from_elsewhere("<style>p { }</style><script>\n// a comment\n</script>")


def test_a_fragment_has_a_name_the_data_and_the_step_as_a_table():
    stepper = steppers.InputGradientStepper()
    stepper.index = 12
    (root,) = read(stepper.fragment()).select(".cnnlib-stepper")
    assert root["role"] == "group"
    assert "input pass to dY, 5 x 5 x 1: 25 steps" in root["aria-label"]
    (static,), (data,) = root.select(".cnnlib-static"), root.select("script")
    assert "Step 13 of 25" in static.text
    assert data["type"] == "application/json"
    told = json.loads(data.text)
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

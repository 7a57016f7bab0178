"""What the documents name is there, what they tell a lecturer is so, and README's code runs."""

import importlib.util
import json
import re
from pathlib import Path
from textwrap import dedent
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import yaml

import cnnlib

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CLASSROOM.md", "CONTRIBUTING.md", "SECURITY.md")
TEXTS = {name: (REPOSITORY / name).read_text("utf-8") for name in DOCUMENTS}
README, CLASSROOM = TEXTS["README.md"], TEXTS["CLASSROOM.md"]
MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
FOLDERS = "cnnlib|notebooks|tests|figures|tools|site|homework"


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_document_names_is_there(name):
    links = re.findall(r"\]\(([^)#]+)\)|src(?:set)?=\"([^\"]+)\"", TEXTS[name])
    for link in {one or other for one, other in links}:
        assert link.startswith("https://") or (REPOSITORY / link).is_file(), link
    for place in re.findall(rf"(?:course/|`)((?:{FOLDERS})/[\w./]*)", TEXTS[name]):
        assert (REPOSITORY / place).exists() or place == "figures/gallery.html", place  # is made
    for target in set(re.findall(r"(?:^|`)make ([a-z-]+)\b", TEXTS[name], re.MULTILINE)):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_every_lesson_is_listed_with_its_title():
    for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        title = re.search(r"\"# ([^\"\\]+)", path.read_text("utf-8"))[1]
        number = f"{path.name[:2]} " * path.name[0].isdigit()
        assert f"[{number}{title}](notebooks/{path.name})" in README


def test_the_minutes_of_a_lesson_are_the_same_wherever_they_are_told():
    lessons = sorted((REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
    listed = lessons[0].read_text("utf-8")
    for path in lessons:
        (told,) = re.findall(r"about (\w+) minutes", path.read_text("utf-8"))
        minutes = "20" if told == "twenty" else told  # 20 would answer a question of lesson 00
        assert re.search(rf"/{path.name}\) \| {minutes} \|", README), path.name
        assert re.search(rf"\({path.name}\) \| [^|]* \| {minutes} \|", listed), path.name


def test_the_code_in_readme_runs():
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


def test_both_servers_get_the_settings_of_the_lab():
    assert (
        "sudo cp course/tools/overrides.json /opt/tljh/user/share/jupyter/lab/settings" in CLASSROOM
    )
    (configuration,) = re.findall(r"^ *```yaml\n(.*?)^ *```$", CLASSROOM, re.MULTILINE | re.DOTALL)
    files = yaml.safe_load(dedent(configuration))["singleuser"]["extraFiles"]
    settings = json.loads((REPOSITORY / "tools" / "overrides.json").read_text("utf-8"))
    assert files["settings"]["data"] == settings


def test_the_link_is_of_the_form_that_the_students_of_the_test_follow():
    path = REPOSITORY / "tests" / "classroom" / "student.py"
    spec = importlib.util.spec_from_file_location("student", path)
    student = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(student)
    lesson = "NAME/notebooks/00_start_here.ipynb"
    made = student.course_link("https://HUB", "https://github.com/OWNER/NAME", lesson)
    (told,) = re.findall(r"^https://HUB\S+$", CLASSROOM, re.MULTILINE)
    one, two = urlsplit(told), urlsplit(made)
    assert (one.path, parse_qs(one.query)) == (two.path, parse_qs(two.query))
    assert (REPOSITORY / lesson.removeprefix("NAME/")).is_file()

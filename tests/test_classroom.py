"""What CLASSROOM.md tells a lecturer agrees with the lab of `make lab` and with the tests."""

import importlib.util
import json
import re
from pathlib import Path
from textwrap import dedent
from urllib.parse import parse_qs, urlsplit

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
TEXT = (REPOSITORY / "CLASSROOM.md").read_text("utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
SETTINGS = json.loads((REPOSITORY / "tools" / "overrides.json").read_text("utf-8"))


def test_both_servers_get_the_settings_of_the_lab():
    assert "sudo cp course/tools/overrides.json /opt/tljh/user/share/jupyter/lab/settings" in TEXT
    (configuration,) = re.findall(r"^ *```yaml\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)
    files = yaml.safe_load(dedent(configuration))["singleuser"]["extraFiles"]
    assert files["settings"]["data"] == SETTINGS


def test_what_it_names_is_there():
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert link.startswith("https://") or (REPOSITORY / link).is_file(), link
    for place in re.findall(r"(?:course/|`)((?:tools|tests)/[\w./]+)", TEXT):
        assert (REPOSITORY / place).exists(), place
    for target in re.findall(r"`make ([a-z-]+)`", TEXT):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_the_link_is_of_the_form_that_the_students_of_the_test_follow():
    path = REPOSITORY / "tests" / "classroom" / "student.py"
    spec = importlib.util.spec_from_file_location("student", path)
    student = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(student)
    lesson = "NAME/notebooks/00_start_here.ipynb"
    made = student.course_link("https://HUB", "https://github.com/OWNER/NAME", lesson)
    (told,) = re.findall(r"^https://HUB\S+$", TEXT, re.MULTILINE)
    one, two = urlsplit(told), urlsplit(made)
    assert (one.path, parse_qs(one.query)) == (two.path, parse_qs(two.query))
    assert (REPOSITORY / lesson.removeprefix("NAME/")).is_file()

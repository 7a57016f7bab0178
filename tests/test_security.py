"""What must never be in the code, and that no text of anybody's becomes a piece of a page."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from cnnlib import examples, exercises, steppers, trace
from cnnlib.steppers import page as pages
from cnnlib.steppers import stages, static
from homework import __main__ as homework

REPOSITORY = Path(__file__).resolve().parents[1]

PLANTED = """
eval('1')
exec('1')
import pickle
from marshal import loads
import shelve as s
import runpy
from code import InteractiveInterpreter
os.system('ls')
os.popen('ls')
subprocess.run('ls', shell=True)
subprocess.getoutput('ls')
server.bind('0.0' + '.0.0' if nothing else '0.0.0.0')
"""


def test_ruff_sees_what_must_never_be_in_the_code():
    """It looks at every file and lesson in `make test`; each planted line is one fault at least."""
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "json"]
    rules = ["--select", "S,TID251", "--stdin-filename", "cnnlib/planted.py", "-"]
    source = "import os, subprocess\n" + PLANTED
    done = subprocess.run(
        [*command, *rules], input=source, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    seen = {fault["location"]["row"] for fault in json.loads(done.stdout)}
    assert seen == {*range(3, 3 + PLANTED.strip().count("\n") + 1)}


# --- no text of anybody's becomes a piece of a page ------------------------------------------

HOSTILE = (
    "\"'><img src=x onerror=alert(1)></td></form></style></script><script>alert(1)</script>"
    "<!-- <b onclick=alert(1)> --> &lt;i&gt; {1} javascript:alert(1)"
)


def skeleton(html):
    """Elements with the names of their attributes, and comments, in order."""
    found = BeautifulSoup(html, "html.parser").descendants
    tags = [(tag.name, *sorted(tag.attrs)) for tag in found if tag.name]
    return tags + ["comment"] * html.count("<!--")


def events(html):
    return [name for _, *attributes in skeleton(html) for name in attributes if name[:2] == "on"]


def test_a_hostile_text_would_be_seen():
    seen = skeleton(f"<p>{HOSTILE}</p>")
    assert "comment" in seen and {tag for tag, *_ in seen[:-1]} >= {"p", "img", "script"}
    assert events("<p onclick='1'></p>") == ["onclick"]


class Name(str):
    """A name of an array that is looked up as it was, and is hostile where it is written."""

    __hash__ = str.__hash__

    def __str__(self):
        return f"{HOSTILE}{str.__str__(self)}"

    def __format__(self, spec):
        return str(self)


def everything():
    """Yield all HTML that is made of a stepper: saved, and as a page."""
    stepper = steppers.InputGradientStepper()
    for index in (0, len(stepper.steps) // 2):
        stepper.index = index
        yield stepper._repr_mimebundle_()[0]["text/html"]
    yield pages.document(stepper.fragment(), "a title")


def test_the_name_of_an_array_is_text(monkeypatch):
    plain = [*everything()]
    monkeypatch.setitem(trace.PASSES, "input", trace.Pass(*map(Name, trace.PASSES["input"])))
    for right, html in zip(plain, everything(), strict=True):
        assert skeleton(html) == skeleton(right)
        assert "onerror" in html  # the names were there, as text


def test_the_name_of_a_stage_is_text():
    given = examples.oblong()
    plain = stages.stride_stages(given.dZ, given.W, given.input_size, **given.how)
    for stage in plain:
        odd = dataclasses.replace(stage, done=HOSTILE)
        right = static.html(dataclasses.replace(stage, done="done"))
        assert skeleton(static.html(odd)) == skeleton(right)


def test_the_title_of_a_page_is_text():
    right = pages.document("<p></p>", "a title")
    assert skeleton(pages.document("<p></p>", HOSTILE)) == skeleton(right)


def test_the_browser_writes_text_and_never_html():
    """Hostile codes and numbers are typed in tests/browser/test_saved_pages.py."""
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|Fragment\(|setHTML"
    for name in (r"\beval\b", r"\bnew Function\b", r"\bimport\(", "on(click|error|load)=", ways):
        assert not re.search(name, pages.JOINED), name
    assert re.search(ways, "root.innerHTML = text")


def test_what_a_students_function_says_is_text():
    def saying(words):
        def function(*arguments, **options):
            print(words)
            raise ValueError(words)

        return exercises.check("conv_forward", function)._repr_html_()

    assert skeleton(saying(HOSTILE)) == skeleton(saying("a word"))
    assert "&lt;img" in saying(HOSTILE)


def test_a_name_of_a_class_list_is_text(tmp_path):
    path, out = tmp_path / "class.csv", tmp_path / "out"
    rows = [HOSTILE, "<script>alert(1)</script>", "../../etc/passwd", "=HYPERLINK(1)", "a\\`$(1)"]
    lines = ['"{}"'.format(row.replace('"', '""')) for row in rows]
    path.write_text("\n".join(["name", *lines]), encoding="utf-8")
    given = ["--class-list", str(path), "--course", "secret", "--out", str(out)]
    assert homework.main(given) == 0
    written = [page.read_text("utf-8") for page in out.rglob("*.html")]
    assert len(written) == 2 * len(rows)
    assert any("&lt;img" in html for html in written)
    for html in written:
        assert events(html) == []
        assert not {tag for tag, *_ in skeleton(html)} & {"script", "img", "iframe", "a", "form"}
    for book in out.rglob("*.ipynb"):
        for cell in nbformat.read(book, as_version=4).cells:
            assert not re.search("<(img|script)", cell.source)
    for table in out.rglob("*.csv"):
        assert not re.search(r'"[=+@-]', table.read_text("utf-8-sig"))


# --- the lab, the locks and the workflows ------------------------------------------------------

MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
LAB = (REPOSITORY / "tests" / "browser" / "lab.py").read_text("utf-8")
SETTINGS = REPOSITORY / "tools" / "jupyter_server_config.py"
LOOSENING = r"token=[\"']{2}|password=|allow_origin|disable_check_xsrf|allow_remote_access|ip=\*"

WHAT_THE_SERVER_IS = """
import sys
from jupyter_server.serverapp import ServerApp
app = ServerApp()
app.initialize(sys.argv[1:], find_extensions=False, new_httpserver=False)
print(app.ip, len(app.identity_provider.token), app.allow_remote_access,
      repr(app.allow_origin), app.disable_check_xsrf, app.authenticate_prometheus)
"""


def test_the_lab_has_a_token_and_stays_on_this_machine(tmp_path):
    recipe = re.search(r"^lab: .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
    options = re.findall(r"--ip=\S+", recipe)
    assert options == ["--ip=127.0.0.1"]
    for text in (recipe, LAB, SETTINGS.read_text("utf-8")):
        assert not re.search(LOOSENING, text, re.IGNORECASE)
    assert '"--ip=127.0.0.1"' in LAB and "token=secrets.token_hex(16)" in LAB.replace(
        "port, token = _free_port(), ", "token="
    )
    command = [sys.executable, "-c", WHAT_THE_SERVER_IS, *options, f"--config={SETTINGS}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    ip, token, *rest = done.stdout.split()
    assert (ip, rest) == ("127.0.0.1", ["False", "''", "False", "True"])
    assert int(token) >= 40


WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
MAY_WRITE = {("site.yml", "deploy"): {"pages": "write", "id-token": "write"}}


def faults_of_workflow(name, text):
    """Yield what is loose in a workflow."""
    workflow = yaml.safe_load(text)
    if workflow.get("permissions") != {"contents": "read"}:
        yield "permissions of the whole"
    for job, content in workflow["jobs"].items():
        if content.get("permissions", {}) != MAY_WRITE.get((name, job), {}):
            yield f"permissions of {job}"
        for step in content["steps"]:
            uses = step.get("uses", "")
            if uses and not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", uses):
                yield f"{job} uses {uses}"
            if uses.startswith("actions/checkout@"):
                if step.get("with", {}).get("persist-credentials") is not False:
                    yield f"{job} keeps credentials"
            if re.search(r"\$\{\{\s*github\.(event|head_ref)", step.get("run", "")):
                yield f"{job} runs what somebody wrote"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_pinned_and_may_only_read(path):
    assert list(faults_of_workflow(path.name, path.read_text("utf-8"))) == []


LOOSE = [
    ("permissions:\n  contents: read\n", ""),
    ("  contents: read\n", "  contents: write\n"),
    (r"@[0-9a-f]{40}", "@v6"),
    (r"persist-credentials: false", "persist-credentials: true"),
    (r"- run: make test\n", "- run: echo ${{ github.event.pull_request.title }}\n"),
    (r"    timeout-minutes: 20\n", "    permissions: {pages: write}\n"),
]


@pytest.mark.parametrize(("pattern", "plant"), LOOSE)
def test_a_loose_workflow_is_seen(pattern, plant):
    text = (REPOSITORY / ".github" / "workflows" / "test.yml").read_text("utf-8")
    loose = re.sub(pattern, plant, text, count=1)
    assert loose != text
    assert list(faults_of_workflow("test.yml", loose))

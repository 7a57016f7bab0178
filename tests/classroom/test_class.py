"""Thirty students on a JupyterHub: all of them step, nobody loses a step or what they saved."""

import os
import shutil
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import hub as a_hub
import nbformat
import pytest
from student import Student

STUDENTS = int(os.environ.get("CLASS_STUDENTS", 30))
SECONDS = int(os.environ.get("CLASS_SECONDS", 120))
WITH_TROUBLE, WITH_RESTART = 30, 30  # seconds of steps
AT_ONCE = 3  # who come in: a class does not do so in one instant
MOST_MEMORY = 300  # MB for each student
LESSON = "course/notebooks/03_gather_with_a_flipped_filter.ipynb"
NEXT_LESSON = "course/notebooks/04_scatter_needs_no_flip.ipynb"
GIVEN_UP = "course/notebooks/05_add_up_all_maps.ipynb"
ADDED = "course/notebooks/11_added_later.ipynb"
WRITTEN = "What I found out: the flip is no trick."
LOOP = "while True:\n    pass"
FOUR_GB = "much = b'x' * (4 * 10**9)"
WIDGET = "application/vnd.jupyter.widget-view+json"
ROWS = []


class Course:
    """The repository of the lecturer, of the lessons as they are in this tree."""

    def __init__(self, folder):
        self.folder, self.address = folder, f"file://{folder}"
        for name in ("notebooks", "figures"):
            no = shutil.ignore_patterns(".*", "__pycache__")
            shutil.copytree(a_hub.REPOSITORY / name, folder / name, ignore=no)
        self._git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def commit(self):
        self._git("add", ".")
        self._git("commit", "--quiet", "--message", "The course")

    def _git(self, *words):
        who = ["-c", "user.name=Lecturer", "-c", "user.email=lecturer@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.folder, check=True, timeout=60)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("lecturer") / "course")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with a_hub.running(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


def come_in(student, course):
    """Log in, take the course by its link, open the lesson and run it all; return the seconds."""
    begun = time.monotonic()
    assert student.log_in() == 302
    student.fetch_course(course.address, LESSON)
    student.run_all(student.open_lesson(LESSON))
    return time.monotonic() - begun


@pytest.fixture(scope="module")
def everyone(hub, course):
    """All students, each with the lesson run."""
    first, *others = students = [Student(hub, f"student{n:02}") for n in range(1, STUDENTS + 1)]
    begun = time.monotonic()
    each = [come_in(first, course)]
    alone = a_hub.memory(hub.processes(first.name))[0]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        each += pool.map(lambda student: come_in(student, course), others)
    ROWS.append(("students", STUDENTS))
    ROWS.append(("until all were in and had run the lesson, s", time.monotonic() - begun))
    ROWS.append(("one of them, s: median, longest", of(each, statistics.median, max)))
    ROWS.append(("memory of the first, still alone, MB", alone))
    yield students
    for student in students:
        student.socket.close()


def of(numbers, *measures):
    return ", ".join(f"{measure(numbers):.3g}" for measure in measures)


def p95(numbers):
    return statistics.quantiles(numbers, n=20)[-1]


def step_together(students, seconds, meanwhile=lambda: None):
    """Let each step once a second, at their own moment of it; return milliseconds, and how many
    steps the kernels did not answer as they should.

    A step that comes too late counts from the moment at which it was due.
    """
    begun = time.monotonic() + 0.5

    def one(number):
        taken, wrong = [], 0
        for second in range(seconds):
            due = begun + second + number / len(students)
            time.sleep(max(0, due - time.monotonic()))
            wrong += not students[number].move()
            taken.append(1000 * (time.monotonic() - due))
        return taken, wrong

    with ThreadPoolExecutor(len(students)) as pool:
        running = [pool.submit(one, number) for number in range(len(students))]
        meanwhile()
        results = [one.result() for one in running]
    return [ms for taken, _ in results for ms in taken], sum(wrong for _, wrong in results)


def lost(students):
    return {s.name: number for s in students if (number := s.lost())}


def note(when, taken, wrong):
    ROWS.append((f"{when}: steps, of them lost", f"{len(taken)}, {wrong}"))
    ROWS.append(
        (f"{when}: a step, ms: median, p95, longest", of(taken, statistics.median, p95, max))
    )


def test_each_steps_once_a_second_and_no_step_is_lost(hub, everyone):
    taken, wrong = step_together(everyone, SECONDS)
    note("all of them", taken, wrong)
    used = [a_hub.memory(hub.processes(student.name)) for student in everyone]
    shared, own = ([one[kind] for one in used] for kind in (0, 1))
    ROWS.append(("memory of a student, MB: median, most", of(shared, statistics.median, max)))
    ROWS.append(("of it not shared with anybody, MB", of(own, statistics.median, max)))
    ROWS.append(("memory of the hub and the proxy, MB", a_hub.memory(hub.own_processes())[0]))
    assert (len(taken), wrong) == (STUDENTS * SECONDS, 0)
    assert lost(everyone) == {}
    assert max(shared) <= MOST_MEMORY


def test_nothing_listens_to_the_network(hub, everyone):
    assert a_hub.listening([*hub.processes(), *hub.own_processes()]) == {"127.0.0.1"}


def test_the_settings_of_the_course_are_in_force(everyone):
    student = everyone[0]
    name = "@jupyterlab/apputils-extension:kernels-settings"
    settings = student.ask("GET", f"lab/api/settings/{name}").json()
    assert settings["schema"]["properties"]["commsOverSubshells"]["default"] == "disabled"
    shown = nbformat.v4.new_output("display_data", {"text/html": "a step", WIDGET: {}})
    cell = nbformat.v4.new_code_cell("stepper", outputs=[shown])
    student.write("saved.ipynb", nbformat.v4.new_notebook(cells=[cell]))
    (saved,) = student.read("saved.ipynb")["cells"]
    assert [*saved["outputs"][0]["data"]] == ["text/html"]


def test_an_endless_loop_and_four_gigabytes_do_not_harm_the_others(everyone):
    looping, greedy, *others = everyone
    errors = []

    def ask_for_too_much():
        for _ in range(WITH_TROUBLE // 3):
            errors.append(greedy.run(FOUR_GB, may_fail=True))
            time.sleep(2)

    loop = looping.begin(LOOP)
    taken, wrong = step_together(others, WITH_TROUBLE, ask_for_too_much)
    note("beside a loop and 4 GB", taken, wrong)
    looping.interrupt()
    said = [one["content"].get("ename") for one in looping.answers(loop, reply=True)]
    assert "KeyboardInterrupt" in said
    assert {*errors} == {"MemoryError"}
    assert (len(taken), wrong) == (len(others) * WITH_TROUBLE, 0)
    assert step_together(everyone, 2)[1] == 0  # those two go on as well
    assert lost(everyone) == {}


def test_a_hub_that_is_killed_and_comes_back_loses_no_saved_work(hub, everyone):
    for student in everyone:
        notebook = student.read(LESSON)
        notebook["cells"][0]["source"] += f"\n\n{WRITTEN} {student.name}"
        student.write(LESSON, notebook)
    saved = {s.name: (hub.homes / s.name / LESSON).read_bytes() for s in everyone}
    processes = {process.pid for process in hub.processes()}
    away = []

    def restart():
        time.sleep(5)
        begun = time.monotonic()
        hub.kill()
        time.sleep(5)
        hub.start()
        away.append(time.monotonic() - begun)

    taken, wrong = step_together(everyone, WITH_RESTART, restart)
    ROWS.append(("the hub was away, s", away[0]))
    note("while the hub was away", taken, wrong)
    assert (len(taken), wrong) == (len(everyone) * WITH_RESTART, 0)
    assert lost(everyone) == {}
    assert {process.pid for process in hub.processes()} == processes
    for student in everyone:
        assert (hub.homes / student.name / LESSON).read_bytes() == saved[student.name]
        assert student.read(LESSON)["cells"][0]["source"].endswith(f"{WRITTEN} {student.name}")


def change(path, source):
    """Write another text into the first cell of a notebook of the lecturer."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = source
    nbformat.write(notebook, path)


def test_the_link_does_not_overwrite_what_a_student_wrote(hub, course, everyone):
    student = everyone[0]
    mine = student.read(LESSON)
    assert WRITTEN in mine["cells"][0]["source"]
    my_own = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(WRITTEN)])
    student.write(ADDED, my_own)
    student.ask("DELETE", f"api/contents/{GIVEN_UP}")
    lessons = course.folder / "notebooks"
    for path in (LESSON, NEXT_LESSON):
        change(course.folder.parent / path, "# The lecturer's new words")
    shutil.copy(lessons / "00_start_here.ipynb", course.folder.parent / ADDED)
    course.commit()
    student.fetch_course(course.address, LESSON)

    assert student.read(LESSON)["cells"] == mine["cells"]
    assert student.read(NEXT_LESSON)["cells"][0]["source"] == "# The lecturer's new words"
    assert student.read(ADDED)["cells"][0]["source"].startswith("# Start here")
    assert student.read(GIVEN_UP)["cells"]
    added = ADDED.rpartition("/")[2].removesuffix(".ipynb")
    put_aside = [
        path
        for path in (hub.homes / student.name / "course" / "notebooks").glob(f"{added}*")
        if WRITTEN in path.read_text("utf-8")
    ]
    assert len(put_aside) == 1


def test_all_that_was_measured(capsys, record_testsuite_property):
    assert len(ROWS) == 14
    rows = [(what, value if isinstance(value, str) else f"{value:.3g}") for what, value in ROWS]
    for what, value in rows:
        record_testsuite_property(what, value)
    with capsys.disabled():
        print("", *(f"{what}: {value}" for what, value in rows), sep="\n")

"""The doctor in lesson 00, and the cell below it: a slider that is alive, and old browsers."""

import json
import re
from pathlib import Path

from lab import listen, open_notebook, run_all, write_notebook

from tools import doctor

LESSON = Path(doctor.COURSE, "notebooks", "00_start_here.ipynb")
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(LESSON.read_text())["cells"]}
TOO_OLD = "This browser is too old"


def test_the_slider_lives_and_the_kernel_answers(browser, jupyterlab, axe, shoot):
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    errors = listen(page)
    run = CELLS["doctor"].replace("../tools/doctor.py", str(Path(doctor.__file__)))
    write_notebook(jupyterlab[2] / "doctor.ipynb", [run, CELLS["alive"]])
    try:
        open_notebook(page, jupyterlab[:2], "doctor.ipynb")
        run_all(page)
        output = page.locator(".jp-OutputArea")
        output.get_by_text("All is well.").wait_for(timeout=20_000)
        box = page.locator(".jp-OutputArea .widget-vbox")
        box.get_by_text("The kernel has 3.").wait_for(timeout=20_000)
        slider = box.locator(".noUi-handle")
        slider.focus()
        slider.press("ArrowRight")
        box.get_by_text("The kernel has 4.").wait_for(timeout=20_000)
        assert not box.get_by_text(TOO_OLD).is_visible()
        assert errors == []
        shoot(page.locator(".jp-Notebook"), "doctor")
    finally:
        page.evaluate("() => window.jupyterapp?.shell.currentWidget?.sessionContext.shutdown()")
        page.close()


def test_a_browser_without_light_dark_is_told(browser):
    page = browser.new_page()
    html = "".join(re.findall(r"<style>.*</style>|<p .*</p>", CELLS["alive"]))
    page.set_content(html)
    assert not page.get_by_text(TOO_OLD).is_visible()
    page.set_content(html.replace("light-dark(", "unknown("))
    assert page.get_by_text(TOO_OLD).is_visible()
    page.close()

"""The doctor in a lesson: a slider that is alive, and a line for an old browser only."""

from lab import listen, open_notebook, run_all, write_notebook

from cnnlib.steppers import controls


def test_the_slider_lives_and_the_kernel_answers(browser, jupyterlab, axe, shoot):
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    errors = listen(page)
    sources = ["from tools import doctor", "doctor.examine()"]
    write_notebook(jupyterlab[2] / "doctor.ipynb", sources)
    try:
        open_notebook(page, jupyterlab[:2], "doctor.ipynb")
        run_all(page)
        box = page.locator(".jp-OutputArea .widget-vbox")
        box.get_by_text("All is well.").wait_for(timeout=20_000)
        box.get_by_text("The kernel has 3.").wait_for(timeout=20_000)
        slider = box.locator(".noUi-handle")
        slider.focus()
        slider.press("ArrowRight")
        box.get_by_text("The kernel has 4.").wait_for(timeout=20_000)
        assert not box.get_by_text("This browser is too old").is_visible()
        assert errors == []
        shoot(box, "doctor")
    finally:
        page.evaluate("() => window.jupyterapp?.shell.currentWidget?.sessionContext.shutdown()")
        page.close()


def test_the_line_for_an_old_browser_is_revealed_where_has_is_unknown(browser):
    page = browser.new_page()
    html = controls.sign_of_life("<p>All is well.</p>").children[0].value
    line = page.get_by_text("This browser is too old")
    page.set_content(html)
    assert not line.is_visible()
    page.set_content(html.replace(":has(*)", ":unknown(*)"))
    assert line.is_visible()
    page.close()

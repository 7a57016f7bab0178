"""WebKitGTK behind as many of Playwright's names as the tests of the steppers use.

Playwright cannot drive the WebKit of a Linux distribution; selenium can. Its driver does not report
a page's errors and requests, so they are not looked at here.
"""

import json
import os
import subprocess
import time
import warnings

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
except ImportError:  # it is in the extra `long`, and no test of `make test` needs it
    webdriver = None

NAMED = {"ArrowLeft": "LEFT", "ArrowRight": "RIGHT", "ArrowUp": "UP", "ArrowDown": "DOWN"}
NAMED |= {"PageUp": "PAGE_UP", "PageDown": "PAGE_DOWN"}
FIND = """
const named = (e, text) => (e.ariaLabel || (e.labels?.[0] ?? e).innerText).trim() === text;
const inside = (found, selector) => found.flatMap(e => [...e.querySelectorAll(selector)]);
let found = [document];
"""


class Located:
    """Elements that are looked for anew each time, with Playwright's names."""

    def __init__(self, page, *how):
        self.page, self.how = page, how

    def then(self, how, *given):
        given = [*map(json.dumps, given)]
        return Located(self.page, *self.how, how.format(*given))

    def locator(self, selector):
        return self.then("found = inside(found, {})", selector)

    def get_by_label(self, text, exact=True):
        return self.then(
            "found = inside(found, 'input, select, textarea').filter(e => named(e, {}))", text
        )

    def get_by_role(self, role, name=None, exact=True):
        found = self.locator(f"{role}, [role={role}]")
        return found.then("found = found.filter(e => named(e, {}))", name) if name else found

    @property
    def last(self):
        return self.nth(-1)

    def element_handle(self):
        return self

    def scroll_into_view_if_needed(self):
        self.evaluate("e => e.scrollIntoView({block: 'center'})")

    def filter(self, has_text):
        return self.then("found = found.filter(e => e.innerText.includes({}))", has_text)

    def nth(self, number):
        return self.then("found = found.slice({0}, {0} + 1 || undefined)", number)

    def evaluate(self, function, argument=None):
        self.wait_for()
        look = f"({function})(found[0], given)"
        return self.page.evaluate(
            f"given => {{{FIND}{';'.join(self.how)}; return {look}}}", argument
        )

    def count(self):
        return self.page.evaluate(f"() => {{{FIND}{';'.join(self.how)}; return found.length}}")

    def wait_for(self, state=None):
        self.page.until(lambda: self.count(), self.how)

    def focus(self):
        self.evaluate("e => e.focus({preventScroll: true})")

    def click(self):
        self.scroll_into_view_if_needed()
        self.evaluate("e => e").click()

    check = click

    def inner_text(self):
        return self.evaluate("e => e.innerText")

    def select_option(self, value):
        self.evaluate("(e, v) => {e.value = v; e.dispatchEvent(new Event('change'))}", value)

    def fill(self, text):
        self.evaluate("(e, text) => {e.focus(); e.value = text}", text)


class Page(Located):
    """The one window of the browser, with Playwright's names."""

    def __init__(self, driver):
        super().__init__(self)
        self.driver, self.keyboard = driver, self

    def goto(self, url):
        self.driver.get(url)

    def evaluate(self, expression, argument=None):
        if isinstance(argument, Located):
            argument = argument.evaluate("e => e")
        given = f"const it = {expression.strip()}; const given = arguments[0];"
        call = "return typeof it === 'function' ? it(given) : it"
        return self.driver.execute_script(f"{given} {call}", argument)

    def until(self, test, what, seconds=60):
        """Wait until a test holds; a page that is just being left has no answer."""
        end = time.monotonic() + seconds
        while not test():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.1)

    def wait_for_function(self, expression, arg=None, timeout=None):
        self.until(lambda: self.evaluate(expression, arg), expression)

    def wait_for_selector(self, selector, timeout=None):
        self.locator(selector).wait_for()

    def wait_for_timeout(self, milliseconds):
        time.sleep(milliseconds / 1000)

    def press(self, key):
        named = key if len(key) == 1 else getattr(Keys, NAMED.get(key, key).upper())
        self.type(named)

    def type(self, text):
        ActionChains(self.driver, duration=0).send_keys(text).perform()

    def on(self, event, handler):
        """The driver tells of nothing by itself."""

    def set_default_timeout(self, milliseconds):
        """Waits have their own bound."""

    def close(self):
        """The window stays for the next test."""


class Browser:
    """A WebKitGTK on a screen of its own."""

    version = property(lambda self: self.driver.capabilities["browserVersion"])

    def __init__(self, mini_browser, driver, screen):
        read, write = os.pipe()
        command = [screen, "-screen", "0", "1500x1200x24", "-displayfd", str(write)]
        self.screen = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with open(read) as said:
            display = f":{said.readline().strip()}"
        assert webdriver, "selenium is missing: make .venv/long"
        options = webdriver.WebKitGTKOptions()
        options.binary_location = mini_browser
        options.add_argument("--automation")
        service = webdriver.WebKitGTKService(driver, env={**os.environ, "DISPLAY": display})
        try:
            with warnings.catch_warnings():  # of selenium, about itself
                warnings.simplefilter("ignore", DeprecationWarning)
                self.driver = webdriver.WebKitGTK(options=options, service=service)
        except BaseException:
            self.screen.terminate()
            raise

    def new_context(self, viewport=None, **_):
        self.size = viewport or {"width": 1280, "height": 720}
        return self

    def new_page(self):
        width, height = self.size["width"], self.size["height"]
        self.driver.get("about:blank")
        self.driver.set_window_size(width, height)
        bar = height - self.driver.execute_script("return innerHeight")
        self.driver.set_window_size(width, height + bar)
        return Page(self.driver)

    def set_default_timeout(self, milliseconds):
        """Waits have their own bound."""

    def close(self):
        """The window stays for the next test; `quit` ends it."""

    def quit(self):
        self.driver.quit()
        self.screen.terminate()
        self.screen.wait(20)

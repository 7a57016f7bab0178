"""What somebody hears who cannot see the screen: live regions and the names of what has the focus.

Read from top to bottom: at dY(2, 2) the indices of dZ go up while those of W go down, the flip.
"""

import pytest
from lab import listen
from shown import KINDS

WALK = {  # what is pressed or, behind "=", typed: what is heard
    "ArrowLeft": "This is the first step.",
    "ArrowRight": "Step 2 of 25: dY(0, 1). "
    "Product 2 of 2: dZ(0, 1) times W(0, 0), -4 times 1 is -4, sum so far -13",
    "g": "[go to a cell or step]",
    "=2, 2": "",
    "Enter": "[Stepper: input gradient] | Step 13 of 25: dY(2, 2). "
    "Product 9 of 9: dZ(2, 2) times W(0, 0), -3 times 1 is -3, sum so far 4",
    "1": "Product 1 of 9: dZ(0, 0) times W(2, 2), 3 times -2 is -6, sum so far -6",
    "2": "Product 2 of 9: dZ(0, 1) times W(2, 1), -4 times 3 is -12, sum so far -18",
    "3": "Product 3 of 9: dZ(0, 2) times W(2, 0), -2 times -4 is 8, sum so far -10",
    "4": "Product 4 of 9: dZ(1, 0) times W(1, 2), 5 times -1 is -5, sum so far -15",
    "5": "Product 5 of 9: dZ(1, 1) times W(1, 1), 4 times 5 is 20, sum so far 5",
    "ArrowDown": "Product 6 of 9: dZ(1, 2) times W(1, 0), 6 times 2 is 12, sum so far 17",
    "7": "Product 7 of 9: dZ(2, 0) times W(0, 2), -1 times 4 is -4, sum so far 13",
    "8": "Product 8 of 9: dZ(2, 1) times W(0, 1), 2 times -3 is -6, sum so far 7",
    "9": "Product 9 of 9: dZ(2, 2) times W(0, 0), -3 times 1 is -3, sum so far 4",
    "p": "[your guess] | What is dY(2, 2)?",
    "=5": "",
    "Enter ": "[Next question] | Not right. dY(2, 2) = 4.",
    "Enter  ": "[Stepper: input gradient] | [your guess] | Step 14 of 25: dY(2, 3). "
    "What is dY(2, 3)?",
    "=45": "",
    "Enter   ": "[Next question] | Right. dY(2, 3) = 45.",
}
LISTEN = """() => {
  window.heard = [];
  const regions = () => document.querySelectorAll('[aria-live], [role=status]');
  const said = new Map();
  new MutationObserver(() => regions().forEach(e => {
    if (e.textContent && e.textContent !== said.get(e)) heard.push(e.textContent);
    said.set(e, e.textContent);
  })).observe(document.body, {subtree: true, childList: true, characterData: true});
  document.addEventListener('focusin', ({ target: e }) =>
    heard.push(`[${(e.ariaLabel || e.labels?.[0]?.innerText || e.innerText).trim()}]`));
}"""


def test_a_walk_is_heard(browser, tmp_path):
    page = browser.new_page()
    errors = listen(page)
    page.goto(KINDS["input"]().save_html(tmp_path / "step.html").as_uri())
    page.locator(".cnnlib-stepper[data-step]").focus()
    page.evaluate(LISTEN)
    heard = {}
    for done in WALK:
        if done.startswith("="):
            page.keyboard.type(done[1:])
        else:
            page.keyboard.press(done.strip())
        page.wait_for_timeout(300)  # a stepper is silent as long as keys come fast
        heard[done] = " | ".join(page.evaluate("heard.splice(0)"))
    assert heard == WALK
    assert errors == []
    page.close()


SECOND = {  # kind: what is heard of its second step
    "pool": "dZ(0, 1), -4, goes to dY(1, 1), now -1: Y(1, 1), 4, is the largest of its window.",
    "stride": "spread: zeros between neighbours: 1. Now dZ is 5 by 3.",
    "activation": "sum so far 19. Y_out(0, 1) = relu(19) = 19; slope here 1; "
    "so dZ(0, 1) = dY_out(0, 1) f'(Z(0, 1)) = (\u22124)\u00b71 = \u22124.",
    "scatter": "dZ(0, 1) times W(2, 2), -4 times -2 is 8, to dY(2, 3), now 8",
}


@pytest.mark.parametrize("kind", SECOND)
def test_what_is_heard_of_another_kind(browser, tmp_path, kind):
    page = browser.new_page()
    page.goto(KINDS[kind]().save_html(tmp_path / "step.html").as_uri())
    page.locator(".cnnlib-stepper[data-step]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert page.locator("[aria-live]").inner_text().endswith(SECOND[kind])
    page.close()

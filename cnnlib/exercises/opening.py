"""A verdict in a live notebook: its card, and a button that makes a stepper when it is clicked."""

import ipywidgets
from IPython.display import display


def opening(verdict, html):
    """Return a card with the button below it.

    Parameters
    ----------
    verdict : Verdict
        One that a pass shows.
    html : str
        Its card.

    Returns
    -------
    ipywidgets.VBox
    """
    button = ipywidgets.Button(
        description=f"Open {verdict.counterexample.at} in the stepper",
        icon="external-link",
        layout=ipywidgets.Layout(width="auto"),
    )
    below = ipywidgets.Output()

    def open_stepper(_):
        button.disabled = True  # there is one stepper for a verdict
        with below:
            display(verdict.stepper())

    button.on_click(open_stepper)
    return ipywidgets.VBox([ipywidgets.HTML(html), button, below])

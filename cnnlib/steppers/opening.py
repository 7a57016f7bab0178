"""HTML in a live notebook, with a button that makes a stepper when it is clicked."""

import ipywidgets
from IPython.display import display


def opening(html, words, make):
    """Return HTML with a button below it.

    Parameters
    ----------
    html : str
    words : str
        What stands on the button.
    make : callable
        Returns the stepper; it is called when the button is clicked, and once.

    Returns
    -------
    ipywidgets.VBox
    """
    button = ipywidgets.Button(
        description=words, icon="external-link", layout=ipywidgets.Layout(width="auto")
    )
    below = ipywidgets.Output()

    def open_stepper(_):
        button.disabled = True
        with below:
            display(make())

    button.on_click(open_stepper)
    return ipywidgets.VBox([ipywidgets.HTML(html), button, below])

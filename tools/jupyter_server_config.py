"""How `make lab` saves a notebook: without what changes by the mere opening of it.

JupyterLab writes the version of Python into a notebook as soon as its kernel is up.
Without that, a lesson that was only opened is saved as it was.
"""

import warnings

c = get_config()  # noqa: F821 (Jupyter gives it to its configuration files)


def leave_out_the_version(model, **_):
    """Change a notebook that is about to be saved."""
    if model["type"] == "notebook":
        model["content"]["metadata"].get("language_info", {}).pop("version", None)


# The server sets its options twice, and would warn of the second time.
warnings.filterwarnings("ignore", "Overriding existing pre_save_hook")
c.FileContentsManager.pre_save_hook = leave_out_the_version

"""How `make lab` saves a notebook: as it will be read, and without what its mere opening changes.

JupyterLab writes the version of Python into a notebook as soon as its kernel is up; without that,
a lesson that was only opened is saved as it was. And a widget lives as long as its kernel: of a
stepper the step as a table is kept, which is there when the notebook is opened again, in place of
a widget that is gone.
"""

import warnings
from pathlib import Path

c = get_config()  # noqa: F821 (Jupyter gives it to its configuration files)

WIDGET = "application/vnd.jupyter.widget-view+json"


def keep_what_can_be_read(model, **_):
    """Change a notebook that is about to be saved."""
    if model["type"] != "notebook":
        return
    model["content"]["metadata"].get("language_info", {}).pop("version", None)
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            if "text/html" in shown:
                shown.pop(WIDGET, None)


# The server sets its options twice, and would warn of the second time.
warnings.filterwarnings("ignore", "Overriding existing pre_save_hook")
c.FileContentsManager.pre_save_hook = keep_what_can_be_read

# Where JupyterLab has no copy of overrides.json, as with conda, it is found here.
if Path(__file__).with_name("overrides.json").exists():
    c.LabApp.app_settings_dir = c.JupyterNotebookApp.app_settings_dir = str(Path(__file__).parent)

"""Runs source that stands in a lesson, in a view or in a figure, as a module of its own."""

import types
from importlib.abc import InspectLoader


class _Loader(InspectLoader):
    def __init__(self, text):
        self.text = text

    def get_source(self, name):
        return self.text


def names_after(text, /, **names):
    """Return the names that exist once `text` has run, with `names` there from the start."""
    module = types.ModuleType("source")
    vars(module).update(names)
    _Loader(text).exec_module(module)
    return vars(module)

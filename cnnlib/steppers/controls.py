"""The controls of a stepper: buttons, fields, keys, and the part in which numbers are typed."""

import re

import ipywidgets as widgets
import traitlets

from cnnlib.steppers import pages, share

try:
    from anywidget import AnyWidget
except ImportError:  # keys are a comfort: all else works without them
    AnyWidget = None

SPEEDS = {"slow": 2000, "normal": 1000, "fast": 400}
"""Milliseconds from one move to the next while it plays."""

MOVES = {
    "First": "go to the first step",
    "Previous": "go one back",
    "Next": "go one on",
    "Last": "go to the last step",
}


if AnyWidget is None:
    Keys = None
else:

    class Keys(AnyWidget):
        """Hears keys and clicks in the browser, and moves there where all steps are ahead.

        The browser tells each move in a message of its own: changes of a trait wait for one
        another, and a cell that is run meanwhile would still see the step before.
        """

        _esm = pages.SCRIPT  # as text: anywidget holds on to the widgets of a file
        # Step, term, and how many moves of the browser had been heard when the kernel said so:
        # a browser that has moved since does not go back.
        at = traitlets.List([0, 0, 0]).tag(sync=True)
        count = traitlets.Int(1).tag(sync=True)
        by_term = traitlets.Bool(False).tag(sync=True)


class Editor:
    """The part of a stepper in which one types numbers, or a code."""

    def __init__(self, stepper):
        self._stepper = stepper
        self._fields = {}
        for name in stepper._problem:
            if name.endswith("_size"):
                self._fields[name] = line(name, 8)
            else:
                layout = {"width": "16em", "height": "9em"}
                self._fields[name] = widgets.Textarea(description=name, layout=layout)
                self._fields[name].style.description_width = "initial"
        self._code = line("code", 30)
        use = button("Use", "take these numbers")
        use.on_click(self._on_use)
        self._code.observe(self._on_code, "value")
        help_text = (
            "A line for each row, numbers apart by spaces; a block from a spreadsheet can be "
            "pasted. An empty line between two maps. The code brings this problem back elsewhere."
        )
        self.box = widgets.VBox(
            [
                widgets.HTML(f"<p>{help_text}</p>"),
                row(*self._fields.values(), use),
                row(self._code),
            ],
            layout={"display": "none"},
        )

    def show(self, shown=True):
        """Fill the fields with what is shown now, or put them away."""
        self.box.layout.display = None if shown else "none"
        if not shown:
            return
        arrays = self._stepper.steps.arrays
        for name, field in self._fields.items():
            if name in arrays:
                array = arrays[name]
                field.value = share.rows_to_text(array if array.ndim > 1 else array[None, :, None])
            elif name.endswith("_size"):
                field.value = ", ".join(map(str, self._stepper._problem[name]))
        self._code.value = self._stepper.code

    def _on_use(self, _):
        self._stepper._try(lambda: self._stepper.use(**self._typed()))

    def _on_code(self, change):
        code = change["new"].strip()
        if code and code != self._stepper.code:
            if self._stepper._try(lambda: self._stepper.use(**self._stepper._read(code))):
                self.show()

    def _typed(self):
        """Read all fields as the arguments of `Stepper.use`."""
        read = {}
        for name, field in self._fields.items():
            if name.endswith("_size"):
                read[name] = parsed(field.value)
            elif field.value.strip() or name != "b":
                read[name] = share.rows_from_text(name, field.value)
        if "b" in self._fields:
            read["b"] = read["b"].ravel() if "b" in read else None
        if "W" in read:  # the maps of Y, or of dZ, say how its planes lie
            given = read.get("Y", read.get("dZ")).shape[2]
            planes = read["W"].shape[2]
            if planes % given:
                raise ValueError(
                    f"W has {planes} maps, which is no multiple of the {given} of the other array: "
                    f"W needs one for each pair of an input map and a filter"
                )
            pair = (given, planes // given) if "Y" in read else (planes // given, given)
            read["W"] = read["W"].reshape(*read["W"].shape[:2], *pair)
        return read


# --- buttons and fields --------------------------------------------------------------------


def button(name, tooltip):
    """Return a button; keys.js knows it by its class."""
    button = widgets.Button(description=name, tooltip=tooltip, layout={"width": "auto"})
    button.add_class(f"cnnlib-{name.lower()}")
    return button


def toggle(name, tooltip):
    """Return a button that stays pressed."""
    button = widgets.ToggleButton(description=name, tooltip=tooltip, layout={"width": "auto"})
    button.add_class(f"cnnlib-{name.lower().replace(' ', '-')}")
    return button


def line(name, room):
    """Return a field for one line of text, which counts when it is left or Enter is pressed."""
    return fit_width(widgets.Text(description=name, continuous_update=False), room)


def choice(options, value, tooltip):
    """Return buttons of which one is pressed; "{}" in the tooltip stands for its name."""
    return widgets.ToggleButtons(
        options=options,
        value=value,
        tooltips=[tooltip.format(option) for option in options],
        style={"button_width": "auto"},
        layout={"width": "auto"},
    )


def named(name, control):
    """Put a name before a control that has no room for one."""
    return widgets.HBox([widgets.Label(name), control])


def row(*fields):
    """Put controls side by side; where the page is narrow they wrap."""
    layout = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 1em"}
    return widgets.HBox(fields, layout=layout)


def set_field(field, name, least, most, number):
    """Give a number field its name with the range, and its value."""
    field.description = f"{name} ({least} to {most})"
    field.min, field.max = least, max(most, least)
    field.value = number
    fit_width(field, 5)


def fit_width(field, room):
    """Give a field the width of its name and `room` for what is typed."""
    field.style.description_width = "initial"
    field.layout.width = f"{0.55 * len(field.description) + room:.1f}em"
    return field


def sign_of_life(above):
    """Return a slider that can be seen only where widgets live, under HTML of the caller's.

    The kernel answers each move, so both ways are tried. The line about the browser shows where
    `:has` is unknown: what belongs together would not light up there.
    """
    slider = widgets.IntSlider(description="Move me", value=3, max=9)
    heard = widgets.Label()
    old = (
        "<style>@supports not selector(:has(*)) {.cnnlib-old-browser {display: block !important}}"
        '</style><p class="cnnlib-old-browser" style="display: none">This browser is too old for '
        "the steppers. Update it, or take a new Firefox, Chrome, Edge or Safari.</p>"
    )

    def say(_=None):
        heard.value = f"The kernel has {slider.value}."

    slider.observe(say, "value")
    say()
    return widgets.VBox([widgets.HTML(above + old), slider, heard])


# --- what is typed -------------------------------------------------------------------------


def written(given, sides):
    """Text of a geometry as one can type it: "2", "2, 1", "(0, 1), (2, 3)" or "same"."""
    if isinstance(given, str):
        return given
    if isinstance(sides[0], tuple):
        if any(before != after for before, after in sides):
            return ", ".join(map(str, sides))
        sides = tuple(before for before, _ in sides)
    return str(sides[0]) if sides[0] == sides[1] else ", ".join(map(str, sides))


def parsed(text):
    """Read what `written` writes. Anything else stays text, for shapes.py to refuse."""
    text = text.strip()
    if re.fullmatch(r"-?\d{1,9}", text):
        return int(text)
    pair = r"\(?\s*(-?\d{1,9})\s*[,;\s]\s*(-?\d{1,9})\s*\)?"
    for pattern in (pair, rf"\(?\s*{pair}\s*[,;]?\s*{pair}\s*\)?"):
        found = re.fullmatch(pattern, text)
        if found:
            numbers = tuple(map(int, found.groups()))
            return numbers if len(numbers) == 2 else (numbers[:2], numbers[2:])
    return text.lower()


def parts(widget, found):
    """Collect all widgets that a widget is made of: children, layouts, styles."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, (tuple, list)) else [value]:
            if isinstance(part, widgets.Widget) and part not in found:
                found.append(part)
                parts(part, found)
    return found

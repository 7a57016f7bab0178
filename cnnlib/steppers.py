"""Steppers: ipywidgets controls wired to a trace and a view, and nothing else.

A stepper has no arithmetic and draws nothing. Its state is a plain `Position`. A
control changes the position or the geometry; then `show` brings every control and
the view in line with it. What is saved with a notebook is the step as a static
table, which can be read without a kernel.
"""

import functools
import re
from html import escape
from operator import attrgetter

import ipywidgets as widgets
import numpy as np

from cnnlib import examples, shapes, stages, trace, view

SPEEDS = {"slow": 2000, "normal": 1000, "fast": 400}
"""Milliseconds from one move to the next while it plays."""

ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh")

MOST_CELLS = 1024
"""Nobody reads a larger map cell by cell; a 28 x 28 image with its padding still fits."""

KEYS_STAY_HERE = (
    "this.closest('.cnnlib-stepper')?.addEventListener('focusin', event => "
    "event.target.matches('button') && "
    "event.target.setAttribute('data-lm-suppress-shortcuts', 'true'))"
)
"""JupyterLab takes a letter on a focused button for one of its own shortcuts: b inserts a
cell, m turns this one into text. Its way to say no is an attribute on the button itself."""

MOVES = {
    "First": "go to the first step",
    "Previous": "go one back",
    "Next": "go one on",
    "Last": "go to the last step",
}


class Position:
    """Where one is in a trace: which step, and which of its terms is marked.

    Parameters
    ----------
    steps : trace.Trace
        At least one step.

    Attributes
    ----------
    by_term : bool
        Whether `next` and `previous` go to the next term, and not to the next step. A
        step that one goes to then starts at its first term; else its sum is complete.
    """

    def __init__(self, steps):
        if not len(steps):
            raise ValueError(f"there is nothing to step through: {steps!r}")
        self.steps = steps
        self.by_term = False
        self.index = 0

    @property
    def index(self):
        """Position of the step; set it to move."""
        return self._index

    @index.setter
    def index(self, index):
        self._index = _inside("index", index, len(self.steps), "steps")
        self.step = self.steps[self._index]
        self._term = 0 if self.by_term else self._last_term()

    @property
    def term(self):
        """Position of the marked term in ``step.terms``; 0 where a step has none."""
        return self._term

    @term.setter
    def term(self, term):
        self._term = _inside("term", term, max(1, len(self.step.terms)), "terms")

    @property
    def text(self):
        """The step as one line of text."""
        return view.text(self.step, self._term)

    def first(self):
        """Go to the first step."""
        self.index = 0

    def last(self):
        """Go to the last step, with its sum complete."""
        self.index = len(self.steps) - 1
        self._term = self._last_term()

    def next(self):
        """Go one on, and say whether there was one."""
        if self.by_term and self._term < self._last_term():
            self._term += 1
        elif self._index + 1 < len(self.steps):
            self.index += 1
        else:
            return False
        return True

    def previous(self):
        """Go one back, and say whether there was one."""
        if self.by_term and self._term > 0:
            self._term -= 1
        elif self._index > 0:
            self.index -= 1
            self._term = self._last_term()
        else:
            return False
        return True

    def map_of(self, channel):
        """Return the map, "k_in" or "k", of the cell or of the marked term; 0 without a term."""
        cells = [self.step.cell] if self.step.cell else []
        if self.step.terms:
            cells += [self.step.terms[self._term].left, self.step.terms[self._term].right]
        return next((m for m in (_map(cell, channel) for cell in cells) if m is not None), 0)

    def go_to_map(self, channel, number):
        """Go to the same cell in another map, or to the first term that is from there."""
        if channel in _channels(self.step.cell):
            index = list(self.step.cell.index)
            index[2 + _channels(self.step.cell).index(channel)] = number
            self.index = self.steps.position(index)
            return
        for position, term in enumerate(self.step.terms):
            if any(_map(cell, channel) == number for cell in (term.left, term.right)):
                self._term = position
                return

    def _last_term(self):
        return max(0, len(self.step.terms) - 1)


def _channels(cell):
    return view.INDICES[cell.array[-1]][1]


def _map(cell, channel):
    """Return the map that a cell belongs to, or None: Y has no k, and Z no k_in."""
    channels = _channels(cell)
    return cell.index[2 + channels.index(channel)] if channel in channels else None


def _shown_when_it_fails(callback):
    """Write an exception of a callback where its user looks, and raise it all the same."""

    @functools.wraps(callback)
    def guarded(self, *args):
        try:
            return callback(self, *args)
        except Exception as error:
            self._play.playing = False
            self._say(f"{type(error).__name__}: {error}")
            raise

    return guarded


class Stepper(widgets.VBox):
    """What all steppers share; make one of its kinds, such as `ForwardStepper`.

    Attributes
    ----------
    state : Position
        Where it is, as plain data. To move what is shown, set `index` and `term` of the
        stepper, or call `show` after a change of the state.
    """

    def __init__(self, stride=1, padding=0, dilation=1):
        self._how = {"stride": stride, "padding": padding, "dilation": dilation}
        self.state = Position(self._trace(self._how))
        self._showing = False
        parts = self._make_controls()
        self._say(self._what_was_fitted())
        self.show()
        super().__init__(parts)
        self.add_class("cnnlib-stepper")

    steps = property(attrgetter("state.steps"), doc="The `trace.Trace`.")
    step = property(attrgetter("state.step"), doc="The `trace.Step` that is shown.")
    text = property(attrgetter("state.text"), doc="The step as one line of text.")

    @property
    def index(self):
        """Position of the step, counted from 0; set it to move."""
        return self.state.index

    @index.setter
    def index(self, index):
        self.state.index = index
        self.show()

    @property
    def term(self):
        """Position of the marked term, counted from 0; set it to move."""
        return self.state.term

    @term.setter
    def term(self, term):
        self.state.term = term
        self.show()

    @property
    def how(self):
        """Stride, padding and dilation as a dict; `change` sets them."""
        return dict(self._how)

    def change(self, **how):
        """Take another stride, padding or dilation, and go to the first step.

        Y, W and their sizes stay. Where dZ must have another size then, it takes the
        numbers that were given, in row order, cut or repeated.

        Raises
        ------
        TypeError, ValueError
            If it does not fit; nothing is changed then.
        """
        unknown = sorted(set(how) - set(self._how))
        if unknown:
            raise TypeError(f"change takes stride, padding and dilation, not {unknown[0]}")
        how = {**self._how, **how}
        state = Position(self._trace(how, fit=True))
        state.by_term = self.state.by_term
        state.first()
        self._how, self.state = how, state
        self._say(self._what_was_fitted())
        self.show()

    def show(self):
        """Bring all controls and the view in line with the state."""
        self._showing = True
        try:
            _set_field(self._step_field, "step", 1, len(self.steps), self.index + 1)
            _set_field(self._term_field, "term", 1, max(1, len(self.step.terms)), self.term + 1)
            for name, count in zip(("k_in", "k"), self.steps.channels, strict=True):
                field = self._map_fields[name]
                field.layout.display = None if count > 1 else "none"
                _set_field(field, name, 0, count - 1, self.state.map_of(name))
            for name, field in self._how_fields.items():
                field.value = _written(self._how[name], getattr(self.steps.where, name))
            self._view.value = self._html()
        finally:
            self._showing = False

    def _html(self, static=False):
        return view.html(self.step, self.term, static)

    # --- what a kind of stepper says ---------------------------------------------------

    def _trace(self, how, fit=False):
        """Return the trace for this geometry; with `fit`, give dZ the size that it must have."""
        raise NotImplementedError

    def _what_was_fitted(self):
        """Say what was done to dZ, or return an empty text."""
        return ""

    # --- controls ----------------------------------------------------------------------

    def _make_controls(self):
        style = widgets.HTML(f'<style onload="{KEYS_STAY_HERE}">{view.CSS}</style>')
        self._view, self._message = widgets.HTML(), widgets.HTML()
        self._step_field, self._term_field = widgets.BoundedIntText(), widgets.BoundedIntText()
        self._map_fields = {name: widgets.BoundedIntText() for name in ("k_in", "k")}
        self._how_fields = {
            name: _fit_width(widgets.Text(description=name, continuous_update=False), 9)
            for name in self._how
        }
        self._buttons = {name: _button(name, tip) for name, tip in MOVES.items()}
        self._play_button = _button("Play", "go on by itself, or stop")
        self._unit = _choice(["step", "term"], "step", "move by one {}")
        self._speed = _choice(list(SPEEDS), "normal", "play at {} speed")
        # A Play has three buttons without a name: it runs out of sight, and ours drives it.
        self._play = widgets.Play(max=10**6, interval=SPEEDS["normal"], layout={"display": "none"})
        self._listen()
        places = [self._step_field, self._term_field, *self._map_fields.values()]
        return [
            style,
            _row(
                *self._buttons.values(),
                self._play_button,
                _named("move by", self._unit),
                _named("speed", self._speed),
            ),
            _row(*places, *self._how_fields.values()),
            self._message,
            self._view,
            self._play,
        ]

    def _listen(self):
        partial = functools.partial
        for name, button in self._buttons.items():
            button.on_click(partial(self._on_move, name.lower()))
        self._play_button.on_click(self._on_play)
        self._play.observe(self._on_playing, "playing")
        self._play.observe(self._on_tick, "value")
        self._speed.observe(self._on_speed, "value")
        self._unit.observe(self._on_unit, "value")
        self._step_field.observe(partial(self._on_number, "index"), "value")
        self._term_field.observe(partial(self._on_number, "term"), "value")
        for name, field in self._map_fields.items():
            field.observe(partial(self._on_map, name), "value")
        for name, field in self._how_fields.items():
            field.observe(partial(self._on_how, name), "value")

    @_shown_when_it_fails
    def _on_move(self, move, _):
        getattr(self.state, move)()
        self._moved()

    @_shown_when_it_fails
    def _on_play(self, _):
        at_the_end = self.index == len(self.steps) - 1
        if not self._play.playing and at_the_end:
            self.state.first()
            self._moved()
        self._play.playing = not self._play.playing

    @_shown_when_it_fails
    def _on_playing(self, change):
        self._play_button.description = "Stop" if change["new"] else "Play"

    @_shown_when_it_fails
    def _on_tick(self, _):
        if self._play.playing:
            self._play.playing = self.state.next()
            self._moved()

    @_shown_when_it_fails
    def _on_speed(self, change):
        self._play.interval = SPEEDS[change["new"]]

    @_shown_when_it_fails
    def _on_unit(self, change):
        self.state.by_term = change["new"] == "term"
        self.index = self.index  # by term a step starts at its first, by step it is complete

    @_shown_when_it_fails
    def _on_number(self, name, change):
        if not self._showing:
            setattr(self.state, name, change["new"] - 1)
            self._moved()

    @_shown_when_it_fails
    def _on_map(self, name, change):
        if not self._showing:
            self.state.go_to_map(name, change["new"])
            self._moved()

    @_shown_when_it_fails
    def _on_how(self, name, change):
        if self._showing:
            return
        try:
            self.change(**{name: _parsed(change["new"])})
        except (TypeError, ValueError) as error:  # what was typed does not fit: keep what was
            self._say(f"{error}. Nothing was changed.")
            self.show()

    def _moved(self):
        self._say("")
        self.show()

    def _say(self, words):
        self._message.value = f'<p class="cnnlib-message">{escape(words)}</p>'

    # --- how it shows itself, and how it ends ----------------------------------------------

    def close(self):
        """Close all controls too; without that they, and so the stepper, would stay alive."""
        for part in _parts(self, []):
            part.close()
        super().close()

    def __repr__(self):
        sizes = ", ".join(f"{name} {shapes.by(s)}" for name, s in self.steps.shapes.items())
        return f"{type(self).__name__}({sizes}; step {self.index + 1} of {len(self.steps)})"

    def _repr_mimebundle_(self, include=None, exclude=None, **options):
        data = super()._repr_mimebundle_(include=include, exclude=exclude, **options)
        if data is not None:
            data["text/plain"] = self.text
            data["text/html"] = self._html(static=True)
        return data


class ForwardStepper(Stepper):
    """Step the filter over Y: each cell of Z with each product of its sum.

    Parameters
    ----------
    Y : ndarray, shape (n_h, n_w, n_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    b : ndarray, shape (f_k,), optional
        Without Y and W, the example of the lessons.
    stride, padding, dilation
        As in `cnnlib.loops.conv_forward`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_forward`; also if a map is too large to be read.
    """

    _steps = staticmethod(trace.forward_steps)

    def __init__(self, Y=None, W=None, b=None, *, stride=1, padding=0, dilation=1):
        if _left_out(Y=Y, W=W):
            like = examples.one_map()
            Y, W, b = like.Y, like.W, like.b if b is None else b
        self._layer = Y, W, b
        super().__init__(stride, padding, dilation)
        self._layer = tuple(self.steps.arrays.values())  # copies: the caller may change his

    def _trace(self, how, fit=False):
        steps = self._steps(*self._layer, **how)
        _check_readable(steps.where)
        return steps


class InfluenceStepper(ForwardStepper):
    """Step through Y: what each of its cells gives to the cells of Z. See `ForwardStepper`."""

    _steps = staticmethod(trace.influence_steps)


class ActivationStepper(ForwardStepper):
    """Step through a layer and its activation, with what comes back through it.

    As `ForwardStepper`, and:

    Parameters
    ----------
    activation : {"relu", "leaky_relu", "sigmoid", "tanh"}
    dY : ndarray, shape of Z, optional
        Gradient of the loss with respect to the output of the activation. Left out, no
        gradient comes back; where the geometry changes, it is cut or repeated.

    Raises
    ------
    TypeError, ValueError
        As `ForwardStepper`; also for an unknown activation, or a dY of another size.
    """

    def __init__(self, Y=None, W=None, b=None, *, activation="relu", dY=None, **how):
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {ACTIVATIONS}; got {activation!r}")
        self._activation, self._dY = activation, None
        super().__init__(Y, W, b, **how)
        if dY is not None:
            shapes.check_map("dY", dY)
            if dY.shape != self.steps.shapes["Z"]:
                raise ValueError(
                    f"dY has the shape {dY.shape}, Z has {self.steps.shapes['Z']}: an activation "
                    f"works cell by cell, so both must be alike"
                )
            self._dY = dY.copy()
            self.show()

    def _html(self, static=False):
        dY = None if self._dY is None else np.resize(self._dY, self.steps.shapes["Z"])
        aside = view.activation(self.step, self.term, self._activation, dY)
        return view.html(self.step, self.term, static, aside)


class _GradientStepper(Stepper):
    """A stepper that is given dZ, which must have the size that the geometry asks for."""

    def __init__(self, dZ, other, size, given, **how):
        self._dZ, self._other, self._size = dZ, other, size
        self._fit_from_the_start = not given
        super().__init__(**how)
        if given:
            self._dZ, self._other = self._dZ.copy(), self._other.copy()  # as above

    def _trace(self, how, fit=False):
        if not fit and not self._fit_from_the_start:
            steps = self._steps(self._dZ, self._other, self._size, **how)
            _check_readable(steps.where, self._rings)
            return steps
        where = shapes.geometry(*self._input_and_filter_size(), **how)
        _check_readable(where, self._rings)
        dZ = np.resize(self._dZ, (*where.output_size, self._dZ.shape[-1]))
        return self._steps(dZ, self._other, self._size, **how)

    def _what_was_fitted(self):
        size, given = self.steps.shapes["dZ"][:2], self._dZ.shape[:2]
        if size == given:
            return ""
        return (
            f"dZ is {shapes.by(size)} now: it holds the numbers of the {shapes.by(given)} one "
            f"that was given, in row order, cut or repeated."
        )


class InputGradientStepper(_GradientStepper):
    """Step the flipped filter over the zero-padded dZ: each cell of dY.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, f_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    input_size : (int, int)
        Without these three, the example of the lessons.
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_input`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_input`; also if a map is too large to be read.
    """

    _steps = staticmethod(trace.input_steps)
    _rings = True  # of zeros around dZ

    def __init__(self, dZ=None, W=None, input_size=None, *, stride=1, padding=0, dilation=1):
        given = not _left_out(dZ=dZ, W=W, input_size=input_size)
        if not given:
            like = examples.one_map()
            dZ, W, input_size = like.dZ, like.W, like.input_size
        super().__init__(
            dZ, W, input_size, given, stride=stride, padding=padding, dilation=dilation
        )

    def _input_and_filter_size(self):
        return self._size, self._other.shape[:2]


class ScatterStepper(InputGradientStepper):
    """Step through dZ: what each of its cells gives to dY. See `InputGradientStepper`."""

    _steps = staticmethod(trace.scatter_steps)
    _rings = False


class StrideStepper(_GradientStepper):
    """Step through the stages of dY: spread, left-over rows, zeros around, correlate, crop.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, 1)
    W : ndarray, shape (f_h, f_w, 1, 1)
    input_size : (int, int)
        Without these three, an example with stride, padding and left-over rows.
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_input`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_input`; also for more than one map.
    """

    _steps = staticmethod(stages.stride_stages)
    _rings = True

    def __init__(
        self, dZ=None, W=None, input_size=None, *, stride=None, padding=None, dilation=None
    ):
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        usual = {"stride": 1, "padding": 0, "dilation": 1}
        given = not _left_out(dZ=dZ, W=W, input_size=input_size)
        if not given:
            like = examples.strided()
            dZ, W, input_size = like.dZ, like.W, like.input_size
            usual |= like.how
        how = usual | {name: value for name, value in how.items() if value is not None}
        super().__init__(dZ, W, input_size, given, **how)

    def _input_and_filter_size(self):
        return self._size, self._other.shape[:2]


class FilterGradientStepper(_GradientStepper):
    """Step dZ over Y: each weight of dW.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, f_k)
    Y : ndarray, shape (n_h, n_w, n_k)
    filter_size : (int, int)
        Without these three, the example of the lessons.
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_filter`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_filter`; also if a map is too large to be read.
    """

    _steps = staticmethod(trace.filter_steps)
    _rings = False

    def __init__(self, dZ=None, Y=None, filter_size=None, *, stride=1, padding=0, dilation=1):
        given = not _left_out(dZ=dZ, Y=Y, filter_size=filter_size)
        if not given:
            like = examples.one_map()
            dZ, Y, filter_size = like.dZ, like.Y, like.filter_size
        super().__init__(
            dZ, Y, filter_size, given, stride=stride, padding=padding, dilation=dilation
        )

    def _input_and_filter_size(self):
        return self._other.shape[:2], self._size


class NudgeStepper(FilterGradientStepper):
    """Nudge one weight and see what each cell of Z, and the loss, gain.

    As `FilterGradientStepper`, with a field for the size of the nudge.
    """

    def __init__(self, *arrays, **options):
        self._nudge = widgets.FloatText(1.0, description="nudge", step=0.5)
        super().__init__(*arrays, **options)
        self._nudge.observe(self._on_nudge, "value")
        self.children = (*self.children[:2], _row(_fit_width(self._nudge, 6)), *self.children[2:])

    @property
    def nudge(self):
        """How much the weight grows; set it to see another nudge."""
        return self._nudge.value

    @nudge.setter
    def nudge(self, nudge):
        self._nudge.value = nudge

    @_shown_when_it_fails
    def _on_nudge(self, _):
        self._moved()

    def _html(self, static=False):
        aside = view.nudge(self.step, self.term, self.nudge)
        return view.html(self.step, self.term, static, aside)


# --- small helpers -------------------------------------------------------------------------


def _left_out(**arguments):
    """Whether all were left out; some without the others is an error."""
    missing = [name for name, given in arguments.items() if given is None]
    if missing and len(missing) < len(arguments):
        raise TypeError(f"pass {', '.join(arguments)} together or not at all: {missing[0]} is None")
    return bool(missing)


def _check_readable(where, rings=False):
    board = [axis.n + axis.before + axis.after + rings * (axis.extent - 1) for axis in where]
    if board[0] * board[1] > MOST_CELLS:
        raise ValueError(
            f"a map of {shapes.by(board)} cells, padding and all, is too large to step through: "
            f"at most {MOST_CELLS} cells; take a piece of it, such as Y[:12, :12]"
        )


def _inside(name, number, count, things):
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < count:
        raise ValueError(
            f"{name} must be a whole number from 0 to {count - 1} ({things} are counted from 0); "
            f"got {number!r}"
        )
    return int(number)


def _parts(widget, found):
    """Collect all widgets that a widget is made of: children, layouts, styles."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, (tuple, list)) else [value]:
            if isinstance(part, widgets.Widget) and part not in found:
                found.append(part)
                _parts(part, found)
    return found


def _button(name, tooltip):
    return widgets.Button(description=name, tooltip=tooltip, layout={"width": "auto"})


def _choice(options, value, tooltip):
    return widgets.ToggleButtons(
        options=options,
        value=value,
        tooltips=[tooltip.format(option) for option in options],
        style={"button_width": "auto"},
        layout={"width": "auto"},
    )


def _named(name, control):
    return widgets.HBox([widgets.Label(name), control])


def _row(*fields):
    layout = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 1em"}
    return widgets.HBox(fields, layout=layout)


def _set_field(field, name, least, most, number):
    field.description = f"{name} ({least} to {most})"
    field.min, field.max = least, max(most, least)
    field.value = number
    _fit_width(field, 5)


def _fit_width(field, room):
    """Give a field the width of its name and `room` for what is typed."""
    field.style.description_width = "initial"
    field.layout.width = f"{0.55 * len(field.description) + room:.1f}em"
    return field


def _written(given, sides):
    """Text of a geometry as one can type it: "2", "2, 1", "(0, 1), (2, 3)" or "same"."""
    if isinstance(given, str):
        return given
    if isinstance(sides[0], tuple):
        if any(before != after for before, after in sides):
            return ", ".join(map(str, sides))
        sides = tuple(before for before, _ in sides)
    return str(sides[0]) if sides[0] == sides[1] else ", ".join(map(str, sides))


def _parsed(text):
    """Read what `_written` writes. Anything else stays text, for shapes.py to refuse."""
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

"""Steppers: ipywidgets controls wired to a trace and a view, and nothing else.

A stepper has no arithmetic and draws nothing. Its state is a plain `Position`. A
control changes the position or the geometry; then `show` brings every control and
the view in line with it. What is saved with a notebook is the step as a static
table, which can be read without a kernel.

Where all steps together are small, they are sent to the browser at once: a key then
moves there, without a round trip, and the kernel hears of it. That, and the keys, is
what `controls.Keys` is for; where anywidget is missing, a stepper draws each step in the kernel
and is moved by its controls.
"""

import functools
import re
from html import escape
from operator import attrgetter
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from cnnlib import examples, panels, shapes, trace
from cnnlib.steppers import controls, pages, quiz, share, stages, view
from cnnlib.steppers.position import Position, inside

ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh")

MOST_CELLS = 1024
"""Nobody reads a larger map cell by cell; a 28 x 28 image with its padding still fits."""

AHEAD = 6_000
"""Steps with about so many cells are sent to the browser together: some 200 kB."""


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

    _code = None  # what a share code of it starts with

    def __init__(self, problem, stride=1, padding=0, dilation=1, fit=False):
        self._problem = problem  # the arguments of the pass by name: arrays, and a size
        self._how = {"stride": stride, "padding": padding, "dilation": dilation}
        self.state = Position(self._trace(problem, self._how, fit))
        self._problem = _own(problem, self.steps)
        self._asks, self._tally, self._answered = None, quiz.Tally(), set()
        self._showing = False
        self._drawn = None
        parts = self._make_controls()
        self._say(self._what_was_fitted())
        self.show()
        super().__init__(parts)
        self.add_class("cnnlib-stepper")

    steps = property(attrgetter("state.steps"), doc="The `trace.Trace`.")
    step = property(attrgetter("state.step"), doc="The `trace.Step` that is shown.")

    @property
    def text(self):
        """The step as one line of text; a question, as long as one is open."""
        return self._asked().ask if self._asked() else self.state.text

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
        _check_names("change", how, self._how)
        self._take(self._problem, {**self._how, **how}, fit=True)

    def use(self, **problem):
        """Take other numbers, named as in the signature, and go to the first step.

        Raises
        ------
        TypeError, ValueError
            If they do not fit; nothing is changed then.
        """
        _check_names("use", problem, {**self._problem, **self._how})
        how = {name: problem.pop(name, value) for name, value in self._how.items()}
        self._take({**self._problem, **problem}, how)

    def _take(self, problem, how, fit=False):
        state = Position(self._trace(problem, how, fit))
        state.by_term = self.state.by_term
        state.first()
        self._problem, self._how, self.state = _own(problem, state.steps), how, state
        self._answered.clear()
        if self._numbers.value:
            self._editor.show()
        self._say(self._what_was_fitted())
        self.show()

    @property
    def code(self):
        """The problem as one line of text: `from_code` brings it back on another machine."""
        where = self.steps.where
        sizes = {name: value for name, value in self._problem.items() if name.endswith("_size")}
        padding = tuple(cells for sides in where.padding for cells in sides)
        geometry = {"stride": where.stride, "padding": padding, "dilation": where.dilation}
        return share.to_code(self._code, self.steps.arrays, sizes | geometry)

    @classmethod
    def from_code(cls, code):
        """Make the stepper that a `code` was taken from.

        Raises
        ------
        TypeError, ValueError
            If the text is no such code, or one of another kind of stepper.
        """
        return cls(**cls._read(code))

    @classmethod
    def _read(cls, code):
        kind, arrays, geometry = share.from_code(code)
        if kind != cls._code:
            kinds = {c._code: c.__name__ for c in _kinds(Stepper) if c._code}
            other = f"{kinds[kind]}.from_code" if kind in kinds else "none that is known"
            raise ValueError(f"this is no code for {cls.__name__}; it is for {other}")
        known = {*cls._names, "stride", "padding", "dilation"}
        wrong = sorted(({*arrays, *geometry} | {"b"} & known) ^ known)  # a bias may be left out
        padding = geometry.get("padding", ())
        if wrong or len(padding) != 4:
            raise ValueError(
                f"the code is broken at {wrong[0] if wrong else 'padding'}: copy all of it again"
            )
        bias = {"b": None} if "b" in known else {}
        return {**bias, **arrays, **geometry, "padding": (padding[:2], padding[2:])}

    def save_html(self, path):
        """Write all steps as one file that needs no kernel and no network, only a browser.

        Parameters
        ----------
        path : str or path-like
            Such as "step.html"; a file that is there is replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        ValueError
            If there are too many cells for a page.
        """
        path = Path(path)
        kind = type(self).__name__.removesuffix("Stepper")
        title = re.sub(r"(?<!^)(?=[A-Z])", " ", kind).capitalize() + ", step by step"
        path.write_text(pages.document(self.fragment(), title), encoding="utf-8")
        return path

    def fragment(self):
        """Return all steps as HTML for a page that has `pages.HEAD`, without a kernel."""
        return pages.fragment(self.steps, self.index, self.term, self._beside())

    # --- predict, then reveal ---------------------------------------------------------

    @property
    def predict(self):
        """What is hidden and asked for, a key of `quiz.KINDS`, or None; set it."""
        return self._asks

    @predict.setter
    def predict(self, kind):
        if kind is not None and kind not in self._questions:
            raise ValueError(
                f"predict must be None or one of {', '.join(self._questions)}; got {kind!r}"
            )
        self._asks, self._tally = kind, quiz.Tally()
        self._answered.clear()
        self._say("")
        self.show()

    @property
    def tally(self):
        """How many guesses were right, as text."""
        return str(self._tally)

    def reveal(self, guess=""):
        """Show the answer, with a guess beside it, and say whether that was right.

        Returns
        -------
        bool or None
            None where nothing is asked, or nothing was guessed.
        """
        asked, right = self._asked(), None
        if asked is None:
            return None
        guess, said = str(guess).strip(), f"{asked.ask} {asked.answer}."
        if guess and not asked.read(guess):
            self._say(f"{guess!r} has no number in it. Guess again, or reveal without a guess.")
            self._guess.value = ""
            return None
        if guess:
            right = self._tally.take(asked, guess)
            said += f" Your guess, {guess}, is {'right' if right else 'not right'}. {self.tally}."
        self._answered.add(self._asked_at())
        if self.index == len(self.steps) - 1 and self._tally.guesses:
            said += " This was the last step."
        self._say(said)
        self.show()
        return right

    _questions = tuple(quiz.KINDS)

    def _asked(self):
        """Return the open question, or None."""
        if self._asks is None or self._asked_at() in self._answered:
            return None
        return quiz.question(self._asks, self.step, self.term)

    def _asked_at(self):
        by_step = quiz.by_step(self._asks, self.step)
        return (None if self._asks == "size" else self.index, None if by_step else self.term)

    # --- what is shown ------------------------------------------------------------------

    def show(self):
        """Bring all controls and the view in line with the state."""
        self._showing = True
        try:
            self._draw()  # first: the fields may follow a moment later
            self._show_question()
            controls.set_field(self._step_field, "step", 1, len(self.steps), self.index + 1)
            controls.set_field(
                self._term_field, "term", 1, max(1, len(self.step.terms)), self.term + 1
            )
            for name, count in zip(("k_in", "k"), self.steps.channels, strict=True):
                field = self._map_fields[name]
                field.layout.display = None if count > 1 else "none"
                controls.set_field(field, name, 0, count - 1, self.state.map_of(name))
            for name, field in self._how_fields.items():
                field.value = controls.written(self._how[name], getattr(self.steps.where, name))
        finally:
            self._showing = False

    def _draw(self):
        """Write the view where it must be another one, and say to the browser where one is."""
        drawn = self._what_is_drawn()
        if drawn != self._drawn:
            self._view.value, self._drawn = self._html(), drawn
        if self._keys:
            self._keys.count, self._keys.by_term = len(self.steps), self.state.by_term
            self._keys.at = [self.index, self.term, self._heard]

    def _what_is_drawn(self):
        """Return what the HTML depends on; the browser moves between all the rest by itself."""
        sent = self._sent()
        if sent:
            return self.steps, sent
        return self.steps, self.index, self.term, self._asked()

    def _sent(self):
        """Return the steps that are sent to the browser together: all, a block, or None."""
        if not self._keys or self._asks or self.steps.most_terms > view.MOST_TERMS:
            return None
        block = max(1, AHEAD * len(self.steps) // pages.cells(self.steps))
        first = self.index // block * block
        return range(first, min(first + block, len(self.steps)))

    def _beside(self):
        """Return a function that makes the `panels.Aside` of a step, or None."""
        return None

    def _html(self, static=False):
        beside, asked, sent = self._beside(), self._asked(), self._sent()
        if sent and not static:
            return view.page(self.steps, self.index, self.term, beside, sent)
        aside = beside(self.step) if beside else None
        if static:
            return view.html(self.step, self.term, aside, static=True)
        if asked and asked.kind != "value":
            return view.form(view.puzzle(self.step, asked))
        fixed, hide = not self._keys, asked is not None
        return view.form(view.html(self.step, self.term, aside, fixed=fixed, hide=hide))

    # --- what a kind of stepper says ---------------------------------------------------

    def _trace(self, problem, how, fit=False):
        """Return the trace of a problem; with `fit`, give dZ the size that it must have."""
        raise NotImplementedError

    def _what_was_fitted(self):
        """Say what was done to dZ, or return an empty text."""
        return ""

    # --- controls ----------------------------------------------------------------------

    def _make_controls(self):
        style = widgets.HTML(f"<style>{view.CSS}</style>")
        self._keys = controls.Keys() if controls.Keys else None
        self._heard = 0  # moves of the browser
        self._view, self._message = widgets.HTML(), widgets.HTML()
        self._step_field, self._term_field = widgets.BoundedIntText(), widgets.BoundedIntText()
        self._map_fields = {name: widgets.BoundedIntText() for name in ("k_in", "k")}
        self._how_fields = {name: controls.line(name, 6) for name in self._how}
        self._buttons = {name: controls.button(name, tip) for name, tip in controls.MOVES.items()}
        self._play_button = controls.button("Play", "go on by itself, or stop")
        self._unit = controls.choice(["step", "term"], "step", "move by one {}")
        self._speed = controls.choice(list(controls.SPEEDS), "normal", "play at {} speed")
        # A Play has three buttons without a name: it runs out of sight, and ours drives it.
        self._play = widgets.Play(
            max=10**6, interval=controls.SPEEDS["normal"], layout={"display": "none"}
        )
        self._goto = controls.line("go to", 8)
        self._goto.add_class("cnnlib-goto")
        self._projector = controls.toggle("Projector", "large type and one panel, for the back row")
        self._numbers = controls.toggle(
            "Your numbers", "type or paste your own numbers, or send these"
        )
        self._predict = controls.choice(["off", *self._questions], "off", "predict: {}")
        self._question = widgets.HTML()
        self._guess, self._reveal = (
            controls.line("your guess", 12),
            controls.button("Reveal", "show the answer"),
        )
        self._question_row = controls.row(self._question, self._guess, self._reveal)
        self._question_row.add_class("cnnlib-question")
        self._editor = controls.Editor(self)
        self._listen()
        places = [self._step_field, self._term_field, self._goto, *self._map_fields.values()]
        where = controls.row(*places, *self._how_fields.values())
        where.add_class("cnnlib-places")
        switches = [controls.named("predict", self._predict), self._projector, self._numbers]
        switches[0].layout.display = None if self._questions else "none"
        return [
            style,
            controls.row(
                *self._buttons.values(),
                self._play_button,
                controls.named("move by", self._unit),
                controls.named("speed", self._speed),
            ),
            where,
            controls.row(*switches),
            self._editor.box,
            self._message,
            self._question_row,
            self._view,
            self._play,
            *([self._keys] if self._keys else []),
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
        if self._keys:
            self._keys.on_msg(self._on_keys)
        self._step_field.observe(partial(self._on_number, "index"), "value")
        self._term_field.observe(partial(self._on_number, "term"), "value")
        for name, field in self._map_fields.items():
            field.observe(partial(self._on_map, name), "value")
        for name, field in self._how_fields.items():
            field.observe(partial(self._on_how, name), "value")
        self._goto.observe(self._on_goto, "value")
        self._projector.observe(self._on_projector, "value")
        self._numbers.observe(self._on_numbers, "value")
        self._predict.observe(self._on_predict, "value")
        self._guess.observe(self._on_guess, "value")
        self._reveal.on_click(self._on_guess)

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
        self._play.interval = controls.SPEEDS[change["new"]]

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
    def _on_keys(self, _, said, __):
        """Follow the browser."""
        index, term, self._heard = said["at"]
        try:
            self.state.index = index
            if term < 0:
                self.state.complete()
            else:
                self.state.term = term
            self._moved()
        except ValueError:  # a page that was of another problem, and has no such place now
            self.show()

    @_shown_when_it_fails
    def _on_map(self, name, change):
        if not self._showing:
            self.state.go_to_map(name, change["new"])
            self._moved()

    @_shown_when_it_fails
    def _on_how(self, name, change):
        if not self._showing:
            self._try(lambda: self.change(**{name: controls.parsed(change["new"])}))

    @_shown_when_it_fails
    def _on_goto(self, change):
        if change["new"].strip():
            self._try(lambda: self.go_to(change["new"]))
            self._goto.value = ""

    @_shown_when_it_fails
    def _on_projector(self, change):
        (self.add_class if change["new"] else self.remove_class)("cnnlib-projecting")

    @_shown_when_it_fails
    def _on_numbers(self, change):
        self._editor.show(change["new"])

    @_shown_when_it_fails
    def _on_predict(self, change):
        if not self._showing:
            self.predict = None if change["new"] == "off" else change["new"]

    @_shown_when_it_fails
    def _on_guess(self, change):
        if not self._showing and (change is self._reveal or change["new"].strip()):
            self.reveal(self._guess.value)

    def go_to(self, place):
        """Go to a cell, as one calls it out: "dY(2, 3)", "2, 3", or the number of a step, "7".

        Raises
        ------
        ValueError
            If there is no such cell or step.
        """
        name = self.step.cell.array if self.step.cell else "stages"
        found = re.fullmatch(r"\s*([a-zA-Z]*)\W*(\d{1,6}(?:\W+\d{1,6})*)\W*", place)
        if not found or found[1].lower() not in ("", name.lower()):
            raise ValueError(
                f"this stepper goes through {name}: type {name}(2, 3), or the number of a step; "
                f"got {place!r}"
            )
        index = tuple(map(int, re.findall(r"\d+", found[2])))
        if len(index) > 1 and not self.step.cell:
            raise ValueError(f"a stage is not a cell: type its number, 1 to {len(self.steps)}")
        if len(index) == 1:
            self.state.index = inside("step", index[0] - 1, len(self.steps), "steps", first=1)
        else:
            maps = self.step.cell.index[2:] if self.step.cell else ()
            self.state.index = self.steps.position((*index, *maps[len(index) - 2 :]))
        self._moved()

    def _try(self, change):
        """Do what was typed, and say whether it could be; if not, say why and keep what was."""
        try:
            change()
        except (TypeError, ValueError) as error:
            self._say(f"{error}. Nothing was changed.")
            self.show()
            return False
        return True

    def _show_question(self):
        asked = self._asked()
        self._predict.value = self._asks or "off"
        self._question_row.layout.display = None if asked else "none"
        ask = asked.ask if asked else ""
        self._question.value = f'<p class="cnnlib-ask">{escape(ask)}</p>'
        self._guess.value = ""

    def _moved(self):
        self._say("")
        self.show()

    def _say(self, words):
        self._message.value = f'<p class="cnnlib-message">{escape(words)}</p>'

    # --- how it shows itself, and how it ends ----------------------------------------------

    def close(self):
        """Close all controls too; without that they, and so the stepper, would stay alive."""
        for part in controls.parts(self, []):
            part.close()
        super().close()

    def below(self, html):
        """Return what a notebook needs to show this stepper below a piece of HTML."""
        return widgets.VBox([widgets.HTML(html), self])._repr_mimebundle_()

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

    _code, _names = "forward", ("Y", "W", "b")

    def __init__(self, Y=None, W=None, b=None, *, stride=1, padding=0, dilation=1):
        if _left_out(Y=Y, W=W):
            like = examples.one_map()
            Y, W, b = like.Y, like.W, like.b if b is None else b
        super().__init__({"Y": Y, "W": W, "b": b}, stride, padding, dilation)

    def _trace(self, problem, how, fit=False):
        steps = self._steps(**problem, **how)
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

    def _what_is_drawn(self):
        return *super()._what_is_drawn(), self._dY is None

    def _beside(self):
        dY = None if self._dY is None else np.resize(self._dY, self.steps.shapes["Z"])
        return functools.partial(panels.activation, name=self._activation, dY=dY)


class _GradientStepper(Stepper):
    """A stepper that is given dZ, which must have the size that the geometry asks for."""

    def _trace(self, problem, how, fit=False):
        if fit:
            where = shapes.geometry(*self._input_and_filter_size(problem), **how)
            _check_readable(where, self._rings)
            dZ = problem["dZ"]
            problem = problem | {"dZ": np.resize(dZ, (*where.output_size, dZ.shape[-1]))}
        _check_readable(self._pass(**problem, **how).where, self._rings)
        return self._steps(**problem, **how)

    def _what_was_fitted(self):
        size, given = self.steps.shapes["dZ"][:2], self._problem["dZ"].shape[:2]
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

    _steps = _pass = staticmethod(trace.input_steps)  # the pass alone makes no map as yet
    _rings = True  # of zeros around dZ
    _code, _names = "input", ("dZ", "W", "input_size")

    def __init__(self, dZ=None, W=None, input_size=None, *, stride=1, padding=0, dilation=1):
        given = not _left_out(dZ=dZ, W=W, input_size=input_size)
        if not given:
            like = examples.one_map()
            dZ, W, input_size = like.dZ, like.W, like.input_size
        problem = {"dZ": dZ, "W": W, "input_size": input_size}
        super().__init__(problem, stride, padding, dilation, fit=not given)

    def _input_and_filter_size(self, problem):
        return problem["input_size"], problem["W"].shape[:2]


class ScatterStepper(InputGradientStepper):
    """Step through dZ: what each of its cells gives to dY. See `InputGradientStepper`."""

    _steps = staticmethod(trace.scatter_steps)
    _rings = False


class ThreeWaysStepper(InputGradientStepper):
    """Step the gather with the scatter and the matrix of the layer beside it, for one map.

    See `InputGradientStepper`; a term that is marked is marked in all three.
    """

    def _trace(self, problem, how, fit=False):
        steps = super()._trace(problem, how, fit)
        if steps.channels != (1, 1):
            raise ValueError(
                f"the three ways are shown for one map, W has the shape {steps.shapes['W']}: "
                f"pass dZ[..., [k]] and W[:, :, [k_in]][..., [k]]"
            )
        return steps

    def _beside(self):
        return panels.three_ways


class StrideStepper(InputGradientStepper):
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
    _questions = ()

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
        super().__init__(dZ, W, input_size, **how)


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

    _steps = _pass = staticmethod(trace.filter_steps)
    _rings = False
    _code, _names = "filter", ("dZ", "Y", "filter_size")

    def __init__(self, dZ=None, Y=None, filter_size=None, *, stride=1, padding=0, dilation=1):
        given = not _left_out(dZ=dZ, Y=Y, filter_size=filter_size)
        if not given:
            like = examples.one_map()
            dZ, Y, filter_size = like.dZ, like.Y, like.filter_size
        problem = {"dZ": dZ, "Y": Y, "filter_size": filter_size}
        super().__init__(problem, stride, padding, dilation, fit=not given)

    def _input_and_filter_size(self, problem):
        return problem["Y"].shape[:2], problem["filter_size"]


class NudgeStepper(FilterGradientStepper):
    """Nudge one weight and see what each cell of Z, and the loss, gain.

    As `FilterGradientStepper`, with a field for the size of the nudge.
    """

    def __init__(self, *arrays, **options):
        self._nudge = widgets.FloatText(1.0, description="nudge", step=0.5)
        super().__init__(*arrays, **options)
        self._nudge.observe(self._on_nudge, "value")
        self.children = (
            *self.children[:3],
            controls.row(controls.fit_width(self._nudge, 6)),
            *self.children[3:],
        )

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

    def _what_is_drawn(self):
        return *super()._what_is_drawn(), self.nudge

    def _beside(self):
        return functools.partial(panels.nudge, amount=self.nudge)


# --- small helpers -------------------------------------------------------------------------


def _own(problem, steps):
    """Copy the arrays of a problem: the caller may change his."""
    return {n: value.copy() if n in steps.arrays else value for n, value in problem.items()}


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


def _check_names(method, given, known):
    unknown = sorted({*given} - {*known})
    if unknown:
        raise TypeError(f"{method} takes {', '.join(known)}, not {unknown[0]}")


def _kinds(kind):
    """Yield all kinds of stepper below one, those nearer to it first."""
    for below in kind.__subclasses__():
        yield from _kinds(below)
        yield below

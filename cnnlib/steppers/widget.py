"""Steppers: one widget for each problem. Python has the problem and the place, the browser draws.

What travels: the problem as data, and the place in it, to the browser; moves, guesses and
changes of the problem, in messages, back. The browser does not wait for the kernel. Both have
the same trace (trace.py, trace.js), the same checks and the same questions.
"""

import functools
import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from cnnlib.checks import by
from cnnlib.steppers import page, quiz, share, static
from cnnlib.steppers import problem as problems


def inside(name, number, count, things, first=0):
    """Return a whole number that is at least 0 and below `count`, or say why it is not."""
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < count:
        raise ValueError(
            f"{name} must be a whole number from {first} to {count - 1 + first} ({things} are "
            f"counted from {first}); got {number + first if whole else number!r}"
        )
    return int(number)


class _Index(traitlets.TraitType):
    default_value = 0

    def validate(self, stepper, value):
        return inside("index", value, len(stepper.steps), "steps")


class _Term(traitlets.TraitType):
    default_value = 0

    def validate(self, stepper, value):
        return inside("term", value, max(1, stepper.steps.count(stepper.index)), "terms")


def _told_when_it_fails(handler):
    """Show an exception to the user, in the stepper, then raise it again."""

    @functools.wraps(handler)
    def guarded(self, *arguments):
        try:
            return handler(self, *arguments)
        except Exception as error:
            self.said = f"{type(error).__name__}: {error}"
            raise

    return guarded


class Stepper(anywidget.AnyWidget):
    """What all steppers share; make one of its kinds, such as `ForwardStepper`.

    Attributes
    ----------
    index, term : int
        The step that is shown, and which of its terms is marked, counted from 0. Set them to
        move; observe or link them as the traits of any widget.
    by_term : bool
        Whether *Next* goes to the next term, and not to the next step. A step that one goes to
        then starts at its first term; else its sum is complete.
    predict : str or None
        What is hidden and asked for, a key of `quiz.KINDS`. Set it.
    said : str
        The message that is shown.
    """

    kind = None
    """A key of `problem.KINDS`."""

    _esm, _css = page.MODULE, page.STYLE
    index = _Index().tag(sync=True, echo_update=False)
    term = _Term().tag(sync=True, echo_update=False)
    by_term = traitlets.Bool(False).tag(sync=True)
    predict = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    # For the browser: the problem, how often it has changed, and the score of the guesses.
    problem = traitlets.Dict().tag(sync=True)
    of = traitlets.Int(0).tag(sync=True)
    score = traitlets.Dict().tag(sync=True)

    def __init__(self, given, fit, how, extras=None):
        self._problem = problems.make(self.kind, given, how, extras, fit)
        self._score = quiz.Score()
        self._going = False
        super().__init__(
            problem=problems.to_browser(self._problem),
            said=self._problem.note,
            score=self._score.data,
            term=self._last_term(0),
        )
        self.on_msg(self._on_message)

    # --- the place -----------------------------------------------------------------------

    @property
    def steps(self):
        """The `trace.Trace`."""
        return self._problem.steps

    @property
    def step(self):
        """The `trace.Step` that is shown."""
        return self.steps[self.index]

    def go_to(self, place):
        """Go to a cell, as one calls it out: "dY(2, 3)", "2, 3", or the number of a step, "7".

        Raises
        ------
        ValueError
            If there is no such cell or step.
        """
        self.index = self._place(str(place))
        self.said = ""

    def _place(self, place):
        here = self.step.cell
        name = here.array if here else "stages"
        found = re.fullmatch(r"\s*([a-zA-Z]*)[^\w]*(\d{1,6}(?:[^\w]+\d{1,6})*)[^\w]*", place, re.A)
        if not found or found[1].lower() not in ("", name.lower()):
            raise ValueError(
                f"this stepper goes through {name}: type {name}(2, 3), or the number of a step; "
                f"got {place!r}"
            )
        index = tuple(map(int, re.findall(r"\d+", found[2])))
        if len(index) == 1:
            return inside("step", index[0] - 1, len(self.steps), "steps", first=1)
        if not here:
            raise ValueError(f"a stage is not a cell: type its number, 1 to {len(self.steps)}")
        if len(index) != len(here.axes):
            return self.steps.position((*index, *here.index[len(index) :]))
        typed = dict(zip(here.axes, index, strict=True))
        return self.steps.position([typed.get(axis, n) for axis, n in enumerate(here.index)])

    def _last_term(self, index):
        return max(0, self.steps.count(index) - 1)

    @traitlets.observe("index")
    def _on_index(self, _):
        if not self._going:
            self.term = 0 if self.by_term else self._last_term(self.index)

    @traitlets.observe("by_term")
    def _on_by_term(self, _):
        self.term = 0 if self.by_term else self._last_term(self.index)

    # --- the problem ------------------------------------------------------------------------

    @property
    def how(self):
        """Stride, padding and dilation as a dict; `change` sets them."""
        return dict(self._problem.how)

    def change(self, **how):
        """Take another stride, padding or dilation, and go to the first step.

        Y, W and their sizes stay. Where dZ must have another size then, it takes the
        numbers that were given, in row order, cut or repeated.

        Raises
        ------
        TypeError, ValueError
            If it does not fit; nothing is changed then.
        """
        self._take(problems.changed(self._problem, **how))

    def use(self, **numbers):
        """Take other numbers, named as in the signature, and go to the first step.

        Raises
        ------
        TypeError, ValueError
            If they do not fit; nothing is changed then.
        """
        self._take(problems.used(self._problem, **numbers))

    def _take(self, made):
        last = max(0, made.steps.count(0) - 1)
        self._score.answered.clear()
        self._going = True
        try:
            with self.hold_sync():
                self.index = self.term = 0  # each problem has these
                self._problem = made
                self.term = 0 if self.by_term else last
                self.set_trait("problem", problems.to_browser(made))
                self.of += 1
                self.score, self.said = self._score.data, made.note
        finally:
            self._going = False

    @property
    def code(self):
        """The problem as one line of text: `from_code` brings it back on another machine."""
        return self._problem.code

    @classmethod
    def from_code(cls, code):
        """Make the stepper that a `code` was taken from.

        Raises
        ------
        TypeError, ValueError
            If the text is not such a code, or that of another kind of stepper.
        """
        made = problems.from_code(code, cls.kind)
        extras = {"nudge" if n == "amount" else n: v for n, v in made.extras.items()}
        return cls(**made.given, **made.how, **extras)

    # --- predict, then reveal ----------------------------------------------------------------

    _questions = tuple(quiz.KINDS)

    @traitlets.validate("predict")
    def _check_predict(self, proposal):
        kind = proposal["value"]
        if kind is not None and kind not in self._questions:
            raise ValueError(
                f"predict must be None or one of {', '.join(self._questions)}; got {kind!r}"
            )
        return kind

    @traitlets.observe("predict")
    def _on_predict(self, _):
        self._score = quiz.Score()
        self.score, self.said = self._score.data, ""

    @property
    def tally(self):
        """How many guesses were right, as text."""
        return str(self._score)

    def reveal(self, guess=""):
        """Show the answer, with a guess beside it, and tell whether that was right.

        Returns
        -------
        bool or None
            None where nothing is asked, or nothing was guessed.
        """
        asked, right = self._asked(), None
        if asked is None:
            return None
        guess, said = str(guess).strip(), f"{asked.ask} {asked.answer}."
        refusal = guess and asked.refusal(guess)
        if refusal:
            self.said = f"{refusal}, or reveal without a guess."
            return None
        if guess:
            right = asked.is_right(guess)
        self._score.take(self._key(), right)
        if guess:
            said += f" Your guess, {guess}, is {'right' if right else 'not right'}."
            said = " ".join(filter(None, (said, asked.slip(guess), f"{self.tally}.")))
        self.score, self.said = self._score.data, said
        return right

    def _asked(self):
        """Return the open question, or None."""
        if self.predict is None or self._key() in self._score.answered:
            return None
        return quiz.question(self.predict, self.step, self.term)

    def _key(self):
        parts = [self.predict]
        if self.predict != "size":
            parts.append(self.index)
        if not quiz.by_step(self.predict, self.step):
            parts.append(self.term)
        return " ".join(map(str, parts))

    # --- what the browser says ---------------------------------------------------------------

    @_told_when_it_fails
    def _on_message(self, _, message, __):
        # First, so that all that is sent from now on counts as later than the message.
        place = {name: message[name] for name in ("step", "term") if name in message}
        self.send({"heard": message["told"], "by": message["by"]} | place)
        getattr(self, f"_on_{message['do']}_message")(message)

    def _on_move_message(self, message):
        if message["of"] != self.of:  # a move in a problem that is gone
            return
        place = {"index": message["step"], "term": message["term"]}
        self._going = True
        try:
            self.set_state(place)  # and does not send it back
            self.said = ""
        finally:
            self._going = False

    def _on_by_term_message(self, message):
        self.set_state({"by_term": bool(message["by_term"])})

    def _on_change_message(self, message):
        read = {name: _read(name, typed) for name, typed in message["changes"].items()}
        self._try(lambda: problems.changed(self._problem, **read))

    def _on_use_message(self, message):
        self._try(lambda: problems.used(self._problem, **share.arrays_from_text(message["typed"])))

    def _on_code_message(self, message):
        self._try(lambda: problems.from_code(message["code"], self.kind))

    def _on_predict_message(self, message):
        self.predict = message["kind"]

    def _on_guess_message(self, message):
        self.reveal(message["text"])

    def _try(self, make):
        """Take the problem that the browser has taken; where it cannot be, bring back this one."""
        try:
            made = make()
        except (TypeError, ValueError) as error:
            self.of += 1
            self.send_state("problem")
            self.said = f"{error}. Nothing was changed."
        else:
            self._take(made)

    # --- how it shows itself -----------------------------------------------------------------

    @property
    def text(self):
        """The step as one line of text; a question, as long as one is open."""
        asked = self._asked()
        return asked.ask if asked else static.text(self.step, self.term)

    def save_html(self, path):
        """Write the stepper as one file that needs no kernel and no network, only a browser.

        Parameters
        ----------
        path : str or path-like
            Such as "step.html"; a file that is there is replaced.

        Returns
        -------
        pathlib.Path
        """
        path = Path(path)
        kind = type(self).__name__.removesuffix("Stepper")
        title = re.sub(r"(?<!^)(?=[A-Z])", " ", kind).capitalize() + ", step by step"
        path.write_text(page.document(self._in_page(address=True), title), encoding="utf-8")
        return path

    def fragment(self):
        """Return the stepper as HTML for a page that has `page.HEAD`, without a kernel."""
        return self._in_page(address=False)

    def _in_page(self, address):
        data = {
            "problem": self.problem,
            "step": self.index,
            "term": self.term,
            "by_term": self.by_term,
            "address": address,
        }
        return page.fragment(data, self._static(), f"Stepper: {repr(self.steps).strip('<>')}")

    def _static(self):
        return static.html(self.step, self.term, static.beside(self._problem))

    def close(self):
        """Close the layout too; without that it would stay alive."""
        self.layout.close()
        super().close()

    def __repr__(self):
        sizes = ", ".join(f"{name} {by(s)}" for name, s in self.steps.shapes.items())
        return f"{type(self).__name__}({sizes}; step {self.index + 1} of {len(self.steps)})"

    def _repr_mimebundle_(self, **options):
        made = super()._repr_mimebundle_(**options)
        if made is None:  # a closed one
            return None
        data, metadata = made
        return data | {"text/plain": self.text, "text/html": self._static()}, metadata


def _read(name, typed):
    if name == "activation":
        return typed
    return share.read_number("nudge", typed) if name == "amount" else share.read_geometry(typed)

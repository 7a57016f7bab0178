"""Python's half of tests/cases.json; tests/browser/test_agreement.py has the browser's."""

import json
from pathlib import Path

import numpy as np
import pytest

from cnnlib import steppers
from cnnlib.steppers import problem, quiz, share, widget
from cnnlib.trace import number

CASES = json.loads(Path(__file__).with_name("cases.json").read_text("utf-8"))


def opened(name):
    code = CASES["problems"][name]
    return problem.from_code(code, code.split(";")[0])


def each(name):
    return pytest.mark.parametrize("case", CASES[name], ids=lambda case: str(case)[:60])


def outcome(make):
    try:
        return {"result": make()}
    except (TypeError, ValueError) as refused:
        return {"message": str(refused)}


def wanted(case):
    return {name: case[name] for name in ("result", "message") if name in case}


@each("numbers")
def test_how_a_number_is_shown(case):
    value = np.dtype(case["dtype"]).type(case["value"])
    shown = number(float(value), bare=True), number(float(value)), share._short(value)
    assert shown == (case["shown"], case["factor"], case["exactly"])


@each("geometry")
def test_a_geometry_that_is_typed(case):
    assert json.loads(json.dumps(share.read_geometry(case["typed"]))) == case["read"]


@pytest.mark.parametrize("name", CASES["problems"])
def test_the_codes_of_the_problems(name):
    assert opened(name).code == CASES["problems"][name]


@each("changes")
def test_another_geometry_nudge_or_activation(case):
    def change():
        typed = {name: widget._read(name, text) for name, text in case["typed"].items()}
        made = problem.changed(opened(case["problem"]), **typed)
        return {"code": made.code, "note": made.note}

    assert outcome(change) == wanted(case)


@each("numbers typed")
def test_numbers_that_are_typed(case):
    def use():
        return problem.used(opened(case["problem"]), **share.arrays_from_text(case["typed"])).code

    assert outcome(use) == wanted(case)


@each("codes")
def test_a_code(case):
    assert outcome(lambda: problem.from_code(case["code"], case["kind"]).code) == wanted(case)


BY_KIND = {getattr(steppers, name).kind: getattr(steppers, name) for name in steppers.__all__}
STEPPERS = {
    name: BY_KIND[code.split(";")[0]].from_code(code) for name, code in CASES["problems"].items()
}


@each("places")
def test_a_place_that_is_called_out(case):
    stepper = STEPPERS[case["problem"]]
    stepper.index = case["now"]
    assert outcome(lambda: stepper._place(case["typed"])) == wanted(case)


@each("guesses")
def test_a_guess(case):
    step = opened(case["problem"]).steps[case["step"]]
    asked = quiz.question(case["kind"], step, case["term"])
    if case["ask"] is None:
        assert asked is None
        return
    assert (asked.ask, asked.answer, [*map(str, asked.given)]) == (
        case["ask"],
        case["answer"],
        case["given"],
    )
    for guess, read, right, said in case["judged"]:
        assert (asked.read(guess), asked.is_right(guess), asked.slip(guess)) == (read, right, said)
    for guess, said in case.get("refused", ()):
        assert asked.refusal(guess) == said

"""A problem, stepped: the widget, and what it needs."""

from cnnlib.steppers.widgets import (
    ActivationStepper,
    FilterGradientStepper,
    ForwardStepper,
    InfluenceStepper,
    InputGradientStepper,
    NudgeStepper,
    ScatterStepper,
    Stepper,
    StrideStepper,
    ThreeWaysStepper,
)

__all__ = [
    "ActivationStepper",
    "FilterGradientStepper",
    "ForwardStepper",
    "InfluenceStepper",
    "InputGradientStepper",
    "NudgeStepper",
    "ScatterStepper",
    "Stepper",
    "StrideStepper",
    "ThreeWaysStepper",
]

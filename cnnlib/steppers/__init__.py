"""A problem, stepped: the widget, and what it needs."""

from cnnlib.steppers.kinds import (
    ActivationStepper,
    FilterGradientStepper,
    ForwardStepper,
    InfluenceStepper,
    InputGradientStepper,
    MaxPoolStepper,
    NudgeStepper,
    ScatterStepper,
    StrideStepper,
    ThreeWaysStepper,
)
from cnnlib.steppers.widget import Stepper

__all__ = [
    "ActivationStepper",
    "FilterGradientStepper",
    "ForwardStepper",
    "InfluenceStepper",
    "InputGradientStepper",
    "MaxPoolStepper",
    "NudgeStepper",
    "ScatterStepper",
    "Stepper",
    "StrideStepper",
    "ThreeWaysStepper",
]

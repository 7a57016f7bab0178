"""The catalogue of figures: one table, a row for each, in the order of the course."""

from figures import (
    around,
    filter_gradient,
    forward,
    input_gradient,
    made_fast,
    matrix,
    nudged,
    one_dimension,
    one_weight,
    programs,
    road,
    several_maps,
    stride,
    whole,
)

FIGURES = (
    *road.FIGURES,
    *forward.FIGURES,
    *around.FIGURES,
    *one_dimension.FIGURES,
    *input_gradient.FIGURES,
    *matrix.FIGURES,
    *whole.FIGURES,
    *several_maps.FIGURES,
    *stride.FIGURES,
    *programs.FIGURES,
    *one_weight.FIGURES,
    *filter_gradient.FIGURES,
    *nudged.FIGURES,
    *made_fast.FIGURES,
)
"""Every figure of the course: see `figures.figure.Figure` for what a row holds."""


def alt(name):
    """Return the alt text of a figure, for the lesson that shows it."""
    return next(figure.alt for figure in FIGURES if figure.name == name)

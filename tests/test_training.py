"""The network of lesson 10: its own cells, run here, against differences."""

import contextlib
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from source import names_after

from cnnlib import layers, numerical_gradient

PATH = Path(__file__).resolve().parents[1] / "notebooks" / "10_learn.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.read(PATH, as_version=4).cells}


def after(*ids):
    """Names that exist once the cells of these ids have run."""
    with contextlib.redirect_stdout(io.StringIO()):
        return names_after("\n".join(CELLS[cell] for cell in ("imports", *ids)))


@pytest.fixture(scope="module")
def lesson():
    return after("one-filter-data", "ten-updates", "forward", "backward", "train")


def test_the_backward_pass_of_the_network_is_a_difference(lesson):
    images, labels = lesson["images"][:3], lesson["labels"][:3]
    net = lesson["new_network"](5)
    net["b1"] += 0.1  # a blank window stands at 0.1, and not at the kink of ReLU
    maps = lesson["forward"](images, net)
    _, dlogits = layers.softmax_cross_entropy(maps[-1], labels)
    gradients = lesson["backward"](dlogits, maps, net)
    assert [*gradients] == [*net]
    for name, w in net.items():

        def loss(w, name=name):
            logits = lesson["forward"](images, net | {name: w})[-1]
            return layers.softmax_cross_entropy(logits, labels)[0]

        np.testing.assert_allclose(gradients[name], numerical_gradient(loss, w), atol=1e-9)


def test_nothing_that_is_held_out_is_trained_on(lesson):
    assert sorted([*lesson["train"], *lesson["held_out"]]) == [*range(1797)]
    assert len(lesson["held_out"]) == 360


def test_it_reads_95_percent_of_the_held_out_images(lesson):
    assert lesson["net"]["W1"].dtype == np.float64
    assert lesson["accuracy"](lesson["net"], lesson["held_out"]) >= 95
    assert lesson["accuracy"](lesson["new_network"](0), lesson["held_out"]) < 20

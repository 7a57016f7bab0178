"""The network of lesson 09: its own cells, run here, against differences and PyTorch."""

import contextlib
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from source import names_after

from cnnlib import layers, numerical_gradient

PATH = Path(__file__).resolve().parents[1] / "notebooks" / "09_train_a_small_network.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.read(PATH, as_version=4).cells}
DEFINITIONS = ["new-network", "forward", "shapes", "backward", "step", "epoch", "split"]


def after(*ids):
    """Names that exist once the cells of these ids have run."""
    with contextlib.redirect_stdout(io.StringIO()):
        return names_after("\n".join(CELLS[cell] for cell in ("imports", *ids)))


@pytest.fixture(scope="module")
def trained():
    return after(*DEFINITIONS, "train")


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_the_backward_pass_of_the_network_is_a_difference():
    lesson = after(*DEFINITIONS)
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


def test_a_step_goes_against_the_gradient_and_leaves_the_old_net_alone():
    lesson = after("step")
    net = {"W1": np.array([1.0, 2.0])}
    new = lesson["step"](net, {"W1": np.array([4.0, -8.0])}, 0.25)
    assert new["W1"].tolist() == [0.0, 4.0]
    assert net["W1"].tolist() == [1.0, 2.0]


def test_nothing_that_is_held_out_is_trained_on(trained):
    train, held_out = trained["train"], trained["held_out"]
    assert sorted([*train, *held_out]) == [*range(1797)]
    assert len(held_out) == 360


def test_it_reads_95_percent_of_the_held_out_images(trained):
    assert trained["net"]["W1"].dtype == np.float64
    assert trained["accuracy"](trained["net"], trained["held_out"]) >= 0.95
    assert trained["shares"][0][1] < 0.2  # before training


def test_the_exercises_train_the_same_network(trained):
    own = after("own-network")
    net = trained["new_network"](0)
    fresh = dict(zip(net, own["fresh"](), strict=True))
    assert same(net, fresh)
    images, labels = trained["images"][:8], trained["labels"][:8]
    maps = trained["forward"](images, net)
    loss, dlogits = layers.softmax_cross_entropy(maps[-1], labels)
    own_loss, own_gradients = own["loss_and_gradients"](own["fresh"](), images, labels)
    assert own_loss == loss
    found = dict(zip(net, own_gradients, strict=True))
    for name, gradient in trained["backward"](dlogits, maps, net).items():
        # alike to rounding: dW of one layer alone is added up in another order
        np.testing.assert_allclose(gradient, found[name], rtol=1e-12, atol=1e-14)


def test_pytorch_takes_the_same_steps():
    pytest.importorskip("torch")
    lesson = after(*DEFINITIONS, "train", "torch-there", "torch-losses", "torch-same")
    theirs = np.reshape(lesson["theirs"], (15, 89))
    assert theirs[-1].mean() < 0.1 < theirs[0].mean()
    np.testing.assert_allclose(theirs, lesson["losses"], rtol=0, atol=1e-10)

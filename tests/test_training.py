"""The network of lesson 10: its own cells, run here, against differences and PyTorch."""

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


def test_ten_updates_find_the_filter(lesson):
    W, losses = lesson["learn"](0.25)
    np.testing.assert_allclose(W, [2, -1], atol=0.01)
    assert all(later < earlier for earlier, later in zip(losses, losses[1:], strict=False))
    assert lesson["learn"](0.34, updates=101)[1][-1] > losses[0]


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


def test_a_step_goes_against_the_gradient_and_leaves_the_old_net_alone(lesson):
    net = {"W1": np.array([1.0, 2.0])}
    new = lesson["step"](net, {"W1": np.array([4.0, -8.0])}, 0.25)
    assert new["W1"].tolist() == [0.0, 4.0]
    assert net["W1"].tolist() == [1.0, 2.0]


def test_nothing_that_is_held_out_is_trained_on(lesson):
    assert sorted([*lesson["train"], *lesson["held_out"]]) == [*range(1797)]
    assert len(lesson["held_out"]) == 360


def test_it_reads_95_percent_of_the_held_out_images(lesson):
    assert lesson["net"]["W1"].dtype == np.float64
    assert lesson["accuracy"](lesson["net"], lesson["held_out"]) >= 95
    assert lesson["accuracy"](lesson["new_network"](0), lesson["held_out"]) < 20


def test_pytorch_takes_the_same_steps(lesson):
    torch = pytest.importorskip("torch")
    ops = torch.nn.functional
    first = lesson["new_network"](0).values()
    first = [a.transpose(3, 2, 0, 1) if a.ndim == 4 else a for a in first]
    W1, b1, W2, b2 = net = [torch.tensor(a, requires_grad=True) for a in first]
    images = torch.tensor(lesson["images"].transpose(0, 3, 1, 2))
    labels = torch.tensor(lesson["labels"])
    optimizer, theirs = torch.optim.SGD(net, lr=0.3), []
    rng, train = np.random.default_rng(0), lesson["train"]
    for some in np.array_split(rng.permutation(train), len(train) // 16):
        P = ops.max_pool2d(ops.relu(ops.conv2d(images[some], W1, b1)), 2)
        loss = ops.cross_entropy(ops.conv2d(P, W2, b2)[:, :, 0, 0], labels[some])
        theirs.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(np.mean(theirs), lesson["losses"][0], rtol=0, atol=1e-10)

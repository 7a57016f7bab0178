"""One library, in a process of its own: told what to do line by line, it answers with seconds.

`conv.py` starts it as ``contestants.py LIBRARY THREADS`` and says ``["seed", number]``,
``["task", [part, name], precision]`` or ``["turn"]``.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

import layers as bench  # noqa: E402, I001
from cnnlib import fast, layers, loops, tiles  # noqa: E402

# --- NumPy -------------------------------------------------------------------------------------


def gradients(w, dtype):
    """All three gradients of a layer, and the two products of matrices without any copying."""
    dZ, Y, W = w.arrays(dtype)
    ways = {"cnnlib": lambda: fast.conv_backward(dZ, Y, W, **w.how)}
    return ways | products(w, dtype, [(w.n_k, w.f_k), (w.f_k, w.n_k)])


def forward(w, dtype):
    """The forward pass, and its product alone."""
    _, Y, W = w.arrays(dtype)
    ways = {"cnnlib": lambda: fast.conv_forward(Y, W, **w.how)}
    return ways | products(w, dtype, [(w.n_k, w.f_k)])


def products(w, dtype, channels):
    """Products of as many numbers as the layer has, of matrices that are ready.

    In two sizes, of which the faster counts: of a thousand rows and more, on all threads; and of a
    million multiplications, for which some libraries have other routines.
    """
    taps = math.prod(w.f)
    large = [1000 + 2**19 // (taps * n_k * np.dtype(dtype).itemsize) for n_k, _ in channels]
    short = [10**6 // (taps * n_k * f_k) for n_k, f_k in channels]
    sizes = {"products, large": large, "products, short": short}
    return {way: multiplied(w, dtype, channels, rows) for way, rows in sizes.items()}


def multiplied(w, dtype, channels, rows):
    """Windows of so many rows times weights, as often as all cells of the layer need."""
    cells, taps = w.m * math.prod(w.o), math.prod(w.f)
    stacks = []
    for (n_k, f_k), height in zip(channels, rows, strict=True):
        height = min(cells, max(12, height))
        row = taps * n_k * np.dtype(dtype).itemsize
        number = max(1, min(cells // height, 2**19 // (height * row)))
        left = np.ones((number, height, taps * n_k), dtype)
        right = tiles.aligned((taps * n_k, f_k), left.dtype)
        out = np.empty((number, height, f_k), dtype)
        stacks.append((max(1, round(cells / height / number)), left, right, out))

    def run():
        for times, left, right, out in stacks:
            for _ in range(times):
                np.matmul(left, right, out=out)

    return run


def usual(w, dtype):
    """What one usually writes in NumPy."""
    small = w._replace(m=1, n=(8, 8))  # the time of loops is proportional to the products
    arrays = small.arrays(dtype)

    def in_loops():
        return loops.conv_backward(*arrays, **small.how)

    in_loops.share = small.products / w.products
    return {
        "cnnlib": gradients(w, dtype)["cnnlib"],
        "all windows as one matrix": with_im2col(w, dtype),
        "einsum on windows": with_einsum(w, dtype),
        "loops, by a part of them": in_loops,
    }


def with_im2col(w, dtype):
    """All windows as one matrix (im2col), and all its products scattered back."""
    dZ, Y, W = w.arrays(dtype)

    def backward():
        Yp = np.pad(Y, [(0, 0), *((p, p) for p in w.p), (0, 0)])
        view = windows_of(Yp, w)
        rows = dZ.reshape(-1, w.f_k)
        dW = view.reshape(-1, math.prod(view.shape[3:])).T @ rows
        back = (rows @ W.transpose(2, 0, 1, 3).reshape(-1, w.f_k).T).reshape(view.shape)
        dYp = np.zeros_like(Yp)
        for u, v in np.ndindex(*w.f):
            windows_of(dYp, w, writeable=True)[..., u, v] += back[..., u, v]
        return dYp, dW, rows.sum(axis=0)

    return backward


def with_einsum(w, dtype):
    """Both gradients as `einsum` over a view of the windows, at stride 1."""
    dZ, Y, W = w.arrays(dtype)
    around = [(0, 0), *((p, p) for p in w.p), (0, 0)]
    wide = [(0, 0), *((f - 1 - p, f - 1 - p) for f, p in zip(w.f, w.p, strict=True)), (0, 0)]

    def backward():
        dW = np.einsum("mijcuv,mijk->uvck", windows_of(np.pad(Y, around), w), dZ)
        view = windows_of(np.pad(dZ, wide), w)
        return np.einsum("mrckuv,uvnk->mrcn", view, W[::-1, ::-1]), dW, np.einsum("mijk->k", dZ)

    return backward


def windows_of(Yp, w, writeable=False):
    """The windows of a padded map as a view."""
    view = np.lib.stride_tricks.sliding_window_view(Yp, w.f, axis=(1, 2), writeable=writeable)
    return view[:, :: w.s[0], :: w.s[1]]


def pool_arrays(name, dtype):
    """Y and dZ of a max pool, with its size and stride."""
    m, n, n_k, size, stride = bench.POOLS[name]
    Y = np.random.default_rng(0).standard_normal((m, n, n, n_k)).astype(dtype)
    return Y, np.ones_like(layers.max_pool(Y, size, stride)), size, stride


def pools(name, dtype):
    """Max pool with its backward."""
    Y, dZ, *how = pool_arrays(name, dtype)
    return {
        "cnnlib": lambda: (layers.max_pool(Y, *how), layers.max_pool_backward(dZ, Y, *how)),
    }


def network(dtype):
    """Images, labels and weights of the network of lesson 10."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((16, 8, 8, 1)).astype(dtype), rng.integers(0, 10, 16)
    sizes = (3, 3, 1, 8), (8,), (3, 3, 8, 10), (10,)
    return images, labels, [rng.standard_normal(size).astype(dtype) for size in sizes]


def digits(_, dtype):
    """One step of training the network of lesson 10, 16 images."""
    Y0, labels, (W1, b1, W2, b2) = network(dtype)

    def step():
        Z1 = fast.conv_forward(Y0, W1, b1)
        Y1 = layers.relu(Z1)
        P = layers.max_pool(Y1, 2)
        logits = fast.conv_forward(P, W2, b2)
        _, dlogits = layers.softmax_cross_entropy(logits[:, 0, 0, :], labels)
        dP, dW2, db2 = fast.conv_backward(dlogits[:, np.newaxis, np.newaxis], P, W2)
        dZ1 = layers.relu_backward(layers.max_pool_backward(dP, Y1, 2), Z1)
        dW1, db1 = fast.conv_backward_filter(dZ1, Y0, (3, 3)), fast.conv_backward_bias(dZ1)
        gradients = dW1, db1, dW2, db2
        return [w - 1e-9 * g for w, g in zip((W1, b1, W2, b2), gradients, strict=True)]

    return {"cnnlib": step}


# --- PyTorch -----------------------------------------------------------------------------------


def in_both_orders(make):
    """Ways of PyTorch, with the axes in either order in memory."""
    orders = {"first": torch.contiguous_format, "last": torch.channels_last}
    return {f"torch, channels {name}": make(order) for name, order in orders.items()}


def tensor(array, axes, order):
    """An array as a tensor, its axes in PyTorch's order, in this order in memory."""
    there = torch.from_numpy(np.ascontiguousarray(array.transpose(axes)))
    return there.contiguous(memory_format=order)


MAPS, FILTERS = (0, 3, 1, 2), (3, 2, 0, 1)


def torch_gradients(w, dtype):
    dZ, Y, W = w.arrays(dtype)
    rest = [w.f_k], [*w.s], [*w.p], [*w.d], False, [0, 0], 1, (True, True, True)

    def make(order):
        arrays = tensor(dZ, MAPS, order), tensor(Y, MAPS, order), tensor(W, FILTERS, order)
        return lambda: torch.ops.aten.convolution_backward(*arrays, *rest)

    return in_both_orders(make)


def torch_forward(w, dtype):
    _, Y, W = w.arrays(dtype)

    def make(order):
        maps, filters = tensor(Y, MAPS, order), tensor(W, FILTERS, order)
        return lambda: torch.conv2d(maps, filters, None, w.s, w.p, w.d)

    return in_both_orders(make)


def torch_pools(name, dtype):
    Y, dZ, size, stride = pool_arrays(name, dtype)
    how = [size, size], [stride, stride], [0, 0], [1, 1], False

    def make(order):
        maps, gradient = tensor(Y, MAPS, order), tensor(dZ, MAPS, order)

        def both():
            Z, where = torch.ops.aten.max_pool2d_with_indices(maps, *how)
            back = torch.ops.aten.max_pool2d_with_indices_backward(gradient, maps, *how, where)
            return Z, back

        return both

    return in_both_orders(make)


def torch_digits(_, dtype):
    Y0, labels, net = network(dtype)
    first = [a.transpose(FILTERS) if a.ndim == 4 else a for a in net]
    W1, b1, W2, b2 = (torch.tensor(np.ascontiguousarray(a), requires_grad=True) for a in first)
    images, labels = torch.tensor(Y0.transpose(MAPS)), torch.tensor(labels)
    optimizer, F = torch.optim.SGD((W1, b1, W2, b2), lr=1e-9), torch.nn.functional

    def step():
        P = F.max_pool2d(F.relu(F.conv2d(images, W1, b1)), 2)
        optimizer.zero_grad()
        F.cross_entropy(F.conv2d(P, W2, b2)[:, :, 0, 0], labels).backward()
        optimizer.step()

    return {"torch": step}


# --- the conversation --------------------------------------------------------------------------


def once(way, clock):
    """Seconds of one call, from calls of 20 ms or more together, after as many to wake up.

    A way with a `share` does only that part of the work.
    """
    for _ in range(2):  # threads that have slept, and cold caches, are slow at first
        start, calls = clock(), 0
        while not calls or clock() - start < 0.02:
            way()
            calls += 1
        seconds = (clock() - start) / calls
    return seconds / getattr(way, "share", 1)


def about(library):
    """Versions, and the routines that NumPy's products take, as far as one can know."""
    if library == "torch":
        return {"torch": torch.__version__}
    forced = os.environ.get("OPENBLAS_CORETYPE")
    routines = forced or "the library's own choice"
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        pass
    else:
        found = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
        routines = ", ".join(str(lib.get("architecture")) for lib in found)
    said = f"{routines}, which OPENBLAS_CORETYPE asks for" if forced else routines
    return {"numpy": np.__version__, "products by": said}


def main(library, threads):
    clock = time.process_time if threads == "one" else time.perf_counter
    if library == "torch" and threads == "one":
        torch.set_num_threads(1)
    parts = TORCH if library == "torch" else NUMPY
    answer(about(library))
    known, ways = {}, {}
    for line in sys.stdin:
        what, *rest = json.loads(line)
        if what == "seed":
            every = [*bench.TABLE, bench.TOY, *bench.OTHERS, *bench.drawn(rest[0])]
            known = {w.name: w for w in every}
            answer(len(known))
        elif what == "task":
            (part, name), precision = rest
            make = parts.get(part, lambda *_: {})
            ways = make(known.get(name, name), np.dtype(precision).type)
            for way in ways.values():
                way()
            answer(list(ways))
        else:
            answer({name: once(way, clock) for name, way in ways.items()})


def answer(what):
    print(json.dumps(what), flush=True)


NUMPY = {
    "gradients": gradients,
    "forward": forward,
    "pools": pools,
    "usual": usual,
    "digits": digits,
}
TORCH = {
    "gradients": torch_gradients,
    "forward": torch_forward,
    "pools": torch_pools,
    "digits": torch_digits,
}

if __name__ == "__main__":
    if sys.argv[1] == "torch":
        import torch
    main(*sys.argv[1:])

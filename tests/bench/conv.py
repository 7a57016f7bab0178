"""Time of the functions of `fast` beside PyTorch and the usual ways in NumPy.

The contestants take turns, so that a busy moment of the machine falls on all of them alike,
and a row is a ratio of medians. PyTorch is measured with its arrays in either order of the axes
(channels first, channels last), laid out before the clock starts; the faster one counts.

    make bench                              # everything, about six minutes
    make bench ARGS="--part gradients"      # one part only
    make bench ARGS="--json speed.json"     # the numbers, too
    make bench ARGS="--part gradients --record figures/measured.json"   # then: make figures
"""

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import sys
import time
import tracemalloc
from pathlib import Path
from typing import NamedTuple

THREADS = os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is loaded
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, THREADS)

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from numpy.lib.stride_tricks import sliding_window_view  # noqa: E402

from cnnlib import fast, layers, loops  # noqa: E402

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(int(THREADS))


class Work(NamedTuple):
    """A batch of m maps n x n with n_k channels, and f_k filters f x f."""

    name: str
    m: int
    n: tuple
    n_k: int
    f: tuple
    f_k: int
    s: tuple = (1, 1)
    p: tuple = (0, 0)
    d: tuple = (1, 1)

    @property
    def how(self):
        return {"stride": self.s, "padding": self.p, "dilation": self.d}

    @property
    def o(self):
        axes = zip(self.n, self.f, self.s, self.p, self.d, strict=True)
        return tuple((n + 2 * p - d * (f - 1) - 1) // s + 1 for n, f, s, p, d in axes)

    @property
    def products(self):
        """Multiplications of one gradient; those with the padding are counted too."""
        return self.m * math.prod(self.o) * math.prod(self.f) * self.n_k * self.f_k

    def arrays(self, dtype):
        rng = np.random.default_rng(0)
        sizes = (self.m, *self.o, self.f_k), (self.m, *self.n, self.n_k)
        sizes = (*sizes, (*self.f, self.n_k, self.f_k))
        return [rng.standard_normal(size).astype(dtype) for size in sizes]  # dZ, Y, W


def work(name, m, n, n_k, f, f_k, s=1, p=0, d=1):
    def pair(v):
        return v if isinstance(v, tuple) else (v, v)

    return Work(name, m, pair(n), n_k, pair(f), f_k, pair(s), pair(p), pair(d))


TUNED_ON = [
    work("classroom", 32, 28, 8, 3, 16, 1, 1),
    work("lenet1", 64, 28, 1, 5, 6, 1, 2),
    work("lenet2", 64, 14, 6, 5, 16, 1, 0),
    work("vgg", 16, 56, 64, 3, 64, 1, 1),
    work("stem", 8, 224, 3, 7, 64, 2, 3),
    work("down", 16, 56, 64, 3, 128, 2, 1),
    work("pointwise", 16, 28, 256, 1, 64, 1, 0),
    work("thin", 4, 512, 1, 5, 8, 1, 2),
    work("deep", 16, 14, 256, 3, 256, 1, 1),
]
TOY = work("toy", 1, 5, 1, 3, 1, 1, 0)
OTHERS = [  # of all kinds, chosen before anything was tuned, and never tuned on
    work("cifar", 64, 32, 3, 3, 32, 1, 1),
    work("middling", 32, 28, 16, 3, 32, 1, 1),
    work("wide filter", 16, 32, 32, 5, 32, 1, 2),
    work("residual", 8, 28, 128, 3, 128, 1, 1),
    work("expand", 8, 56, 64, 1, 256, 1, 0),
    work("patches", 8, 112, 3, 4, 48, 4, 0),
    work("shortcut", 8, 56, 64, 1, 128, 2, 0),
    work("dilated", 8, 32, 32, 3, 32, 1, 2, 2),
    work("digits", 16, 8, 1, 3, 8, 1, 0),
    work("digits, last", 16, 3, 8, 3, 10, 1, 0),
    work("large filter", 4, 112, 3, 11, 32, 4, 2),
    work("oblong", 8, (20, 90), 12, (3, 5), 20, (1, 2), (1, 2)),
    work("to one map", 4, 128, 16, 3, 1, 1, 1),
    work("small and deep", 8, 7, 256, 3, 512, 1, 1),
    work("left-over row", 16, 32, 24, 3, 48, 2, 1),
    work("one map, blurred", 4, 256, 1, 7, 1, 1, 3),
]
POOLS = [  # m, n, n_k, size, stride
    ("pool 2 x 2", 32, 28, 16, 2, 2),
    ("pool 3 x 3, stride 2", 8, 56, 64, 3, 2),
    ("pool of digits", 16, 6, 8, 2, 2),
    ("pool of one map", 4, 256, 1, 2, 2),
]


# --- who takes part --------------------------------------------------------------------------


def ours(w, dtype):
    dZ, Y, W = w.arrays(dtype)
    return {
        "cnnlib": lambda: fast.conv_backward(dZ, Y, W, **w.how),
        "cnnlib forward": lambda: fast.conv_forward(Y, W, **w.how),
    }


def in_torch(w, dtype):
    """The same in PyTorch, for both orders of the axes in memory."""
    arrays = w.arrays(dtype)
    axes = (0, 3, 1, 2), (0, 3, 1, 2), (3, 2, 0, 1)
    first = [
        torch.from_numpy(np.ascontiguousarray(a.transpose(x)))
        for a, x in zip(arrays, axes, strict=True)
    ]
    ways = {}
    for order in ("contiguous_format", "channels_last"):
        dZ, Y, W = (a.contiguous(memory_format=getattr(torch, order)) for a in first)
        rest = [w.f_k], [*w.s], [*w.p], [*w.d], False, [0, 0], 1, (True, True, True)
        ways[f"torch {order}"] = lambda a=(dZ, Y, W, *rest): torch.ops.aten.convolution_backward(*a)
        ways[f"torch forward {order}"] = lambda Y=Y, W=W: torch.conv2d(Y, W, None, w.s, w.p, w.d)
    return ways


def product_alone(w, dtype):
    """Only the two matrix products of the windows, of about 1 MiB each, without the gathering."""
    cells, taps = w.m * math.prod(w.o), math.prod(w.f)
    rows = min(cells, max(400, 2**18 // (taps * max(w.n_k, w.f_k))))
    sizes = (rows, taps * w.n_k), (rows, taps * w.f_k), (rows, w.f_k), (taps * w.f_k, w.n_k)
    y, z, dZ, W = (np.ones(size, dtype) for size in sizes)
    share = w.m * math.prod(w.n) * taps * w.f_k * w.n_k / math.prod(w.s)
    turns = round(cells / rows), round(max(1, share / (rows * taps * w.f_k * w.n_k)))
    dW, dY = np.empty((w.f_k, taps * w.n_k), dtype), np.empty((rows, w.n_k), dtype)

    def products():
        for _ in range(max(1, turns[0])):
            np.matmul(dZ.T, y, out=dW)
        for _ in range(turns[1]):
            np.matmul(z, W, out=dY)

    return {"product alone": products}


def plain_windows(w, dtype):
    """All windows as one matrix (im2col), and all its products scattered back."""
    dZ, Y, W = w.arrays(dtype)
    pad = [(0, 0), *((p, p) for p in w.p), (0, 0)]

    def backward():
        Yp = np.pad(Y, pad)
        view = windows_of(Yp, w)
        columns = view.reshape(-1, math.prod(view.shape[3:]))
        rows = dZ.reshape(-1, w.f_k)
        dW = columns.T @ rows
        back = (rows @ W.transpose(2, 0, 1, 3).reshape(-1, w.f_k).T).reshape(view.shape)
        dYp = np.zeros_like(Yp)
        for u, v in np.ndindex(*w.f):
            windows_of(dYp, w, writeable=True)[..., u, v] += back[..., u, v]
        return dYp, dW, rows.sum(axis=0)

    return {"plain im2col": backward}


def with_einsum(w, dtype):
    """Both gradients as `einsum` over a view of the windows, at stride 1."""
    dZ, Y, W = w.arrays(dtype)
    around = [(0, 0), *((p, p) for p in w.p), (0, 0)]
    wide = [(0, 0), *((f - 1 - p, f - 1 - p) for f, p in zip(w.f, w.p, strict=True)), (0, 0)]

    def backward():
        dW = np.einsum("mijcuv,mijk->uvck", windows_of(np.pad(Y, around), w), dZ)
        view = windows_of(np.pad(dZ, wide), w)
        dY = np.einsum("mrckuv,uvnk->mrcn", view, W[::-1, ::-1])
        return dY, dW, np.einsum("mijk->k", dZ)

    return {"einsum on windows": backward}


def as_loops(w, dtype):
    dZ, Y, W = w.arrays(dtype)
    return {"loops": lambda: loops.conv_backward(dZ, Y, W, **w.how)}


def windows_of(Yp, w, writeable=False):
    extent = tuple(d * (f - 1) + 1 for d, f in zip(w.d, w.f, strict=True))
    view = sliding_window_view(Yp, extent, axis=(1, 2), writeable=writeable)
    return view[:, :: w.s[0], :: w.s[1], :, :: w.d[0], :: w.d[1]]


# --- the clock -------------------------------------------------------------------------------


clock = time.perf_counter


def take_turns(ways, times):
    """Return {name: seconds of each turn}; each way is called once before, off the clock."""
    often = {}
    for name, way in ways.items():
        way()
        start = clock()
        way()
        often[name] = max(1, round(0.001 / (clock() - start)))  # a turn: 1 ms or more
    taken = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            start = clock()
            for _ in range(often[name]):
                way()
            taken[name].append((clock() - start) / often[name])
    return taken


def summary(taken):
    """Median, and the distance of the quartiles as a share of it: the noise."""
    first, middle, third = statistics.quantiles(taken, n=4)
    return {"seconds": middle, "noise": (third - first) / middle}


def memory(way):
    """The most bytes that a call held at once, its results aside."""
    tracemalloc.start()
    results = way()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = results if isinstance(results, tuple) else (results,)
    return peak - sum(a.nbytes for a in results)


def fastest(found, start):
    """The faster of PyTorch's two orders, or None where PyTorch is missing."""
    both = [found[name] for name in found if name.startswith(start)]
    return min(both, key=lambda one: one["seconds"], default=None)


# --- the parts -------------------------------------------------------------------------------


def gradients(times, forward=False):
    """Rows of workload and precision: seconds of each contestant, and the ratio to PyTorch."""
    rows = []
    for dtype in (np.float32, np.float64):
        rate = products_per_second(dtype)
        for w in (*TUNED_ON, TOY, *OTHERS):
            ways = ours(w, dtype) | (in_torch(w, dtype) if torch else {})
            ways = {name: way for name, way in ways.items() if ("forward" in name) == forward}
            if not forward:
                ways |= product_alone(w, dtype)
            found = {name: summary(t) for name, t in take_turns(ways, times).items()}
            own = found["cnnlib forward" if forward else "cnnlib"]
            other = fastest(found, "torch")
            arrays = w.arrays(dtype)
            rows.append(
                {
                    "workload": w.name,
                    "kind": "toy" if w is TOY else "tuned on" if w in TUNED_ON else "others",
                    "precision": dtype.__name__,
                    "found": found,
                    "ratio": own["seconds"] / other["seconds"] if other else None,
                    "noise": max(own["noise"], other["noise"] if other else 0),
                    "of product rate": (1 if forward else 2) * w.products / own["seconds"] / rate,
                    "memory": memory(ways[next(iter(ways))]),
                    "allowed": sum(a.nbytes for a in arrays[:2]) + 2**21,
                }
            )
            show(rows[-1])
    return rows


def products_per_second(dtype):
    """Multiplications in a second in NumPy's product of two square matrices."""
    n = 1024
    a, out = np.ones((n, n), dtype), np.empty((n, n), dtype)
    return n**3 / summary(take_turns({"": lambda: np.matmul(a, a, out=out)}, 9)[""])["seconds"]


def show(row):
    found, ratio = row["found"], row["ratio"]
    cells = [f"{row['workload']:<22}{row['precision']:<9}"]
    cells += [f"{1000 * one['seconds']:>10.3f}" for one in found.values()]
    cells.append(f"{ratio:>8.2f}" if ratio else f"{'':>8}")
    if "of product rate" in row:
        spare = f"{row['memory'] / 2**20:.1f}/{row['allowed'] / 2**20:.1f}"
        cells.append(f"{row['of product rate']:>8.0%}{spare:>14}")
    print("".join(cells) + "  noisy" * (row["noise"] > 0.25), flush=True)


WITH_MEANS = ("gradients", "forward", "pools")


def means(rows):
    """Geometric means of the ratios, the worst of all, and the toy."""
    found = {}
    for precision in ("float32", "float64"):
        mine = [r for r in rows if r["precision"] == precision and r["ratio"]]
        for kind in ("tuned on", "others", "toy", "pools"):
            ratios = [r["ratio"] for r in mine if r["kind"] == kind]
            if ratios:
                found[f"{kind}, {precision}"] = statistics.geometric_mean(ratios)
        if mine:
            worst = max((r for r in mine if r["kind"] != "toy"), key=lambda r: r["ratio"])
            found[f"worst, {precision}"] = worst["ratio"]
    return found


def pools(times):
    """Max pool and its backward."""
    rows = []
    for name, m, n, n_k, size, stride in POOLS:
        for dtype in (np.float32, np.float64):
            rng = np.random.default_rng(0)
            Y = rng.standard_normal((m, n, n, n_k)).astype(dtype)
            dZ = np.ones_like(layers.max_pool(Y, size, stride))

            def both(dZ=dZ, Y=Y, size=size, stride=stride):
                return layers.max_pool(Y, size, stride), layers.max_pool_backward(
                    dZ, Y, size, stride
                )

            ways = {"cnnlib": both}
            for order in ("contiguous_format", "channels_last") if torch else ():
                theirs, back = (
                    torch.from_numpy(np.ascontiguousarray(a.transpose(0, 3, 1, 2))).contiguous(
                        memory_format=getattr(torch, order)
                    )
                    for a in (Y, dZ)
                )
                ways[f"torch {order}"] = lambda a=theirs, b=back, size=size, stride=stride: (
                    pool_in_torch(a, b, size, stride)
                )
            found = {name: summary(t) for name, t in take_turns(ways, times).items()}
            other = fastest(found, "torch")
            rows.append(
                {
                    "workload": name,
                    "kind": "pools",
                    "precision": dtype.__name__,
                    "found": found,
                    "ratio": found["cnnlib"]["seconds"] / other["seconds"] if other else None,
                    "noise": max(one["noise"] for one in found.values()),
                }
            )
            show(rows[-1])
    return rows


def pool_in_torch(Y, dZ, size, stride):
    how = [size, size], [stride, stride], [0, 0], [1, 1], False
    Z, where = torch.ops.aten.max_pool2d_with_indices(Y, *how)
    return Z, torch.ops.aten.max_pool2d_with_indices_backward(dZ, Y, *how, where)


def usual_ways(times):
    """On the classroom's layer: this module beside what one usually writes in NumPy."""
    w, rows = TUNED_ON[0], []
    for dtype in (np.float32, np.float64):
        ways = {"cnnlib": ours(w, dtype)["cnnlib"]} | plain_windows(w, dtype)
        found = {name: summary(t) for name, t in take_turns(ways, times).items()}
        found |= {name: summary(t) for name, t in take_turns(with_einsum(w, dtype), 3).items()}
        small = w._replace(m=1, n=(8, 8))  # the time of loops is proportional to the products
        for name, t in take_turns(as_loops(small, dtype), 2).items():
            found[name] = summary([each * w.products / small.products for each in t])
        for name, one in found.items():
            times_ours = one["seconds"] / found["cnnlib"]["seconds"]
            print(
                f"{name:<22}{dtype.__name__:<9}{1000 * one['seconds']:>12.3f} ms{times_ours:>9.1f}"
            )
        rows.append({"workload": w.name, "precision": dtype.__name__, "found": found})
    return rows


def growth(times):
    """Time against the batch and against the cells of a map, over two decades each."""
    rows = []
    for what, values in {"batch": (1, 3, 10, 30, 100), "height": (16, 48, 160, 480, 1600)}.items():
        for v in values:
            w = work(what, v, 28, 8, 3, 16, 1, 1)
            if what == "height":
                w = work(what, 1, (v, 16), 8, 3, 16, 1, 1)
            taken = take_turns({"": ours(w, np.float32)["cnnlib"]}, times)[""]
            each = summary(taken)["seconds"] / v
            rows.append({"what": what, "value": v, "seconds for each": each})
            print(f"{what:<10}{v:>6}{1e6 * each:>12.2f} microseconds for each")
    return rows


def digits(times):
    """Images per second in a step of the network of lesson 10, in float64, batches of 16."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((16, 8, 8, 1)), rng.integers(0, 10, 16)
    net = [rng.standard_normal(size) for size in ((3, 3, 1, 8), (8,), (3, 3, 8, 10), (10,))]
    ways = {"cnnlib": lambda: step(net, images, labels)}
    if torch:
        first = [a.transpose(3, 2, 0, 1) if a.ndim == 4 else a for a in net]
        there = [torch.tensor(np.ascontiguousarray(a), requires_grad=True) for a in first]
        data = torch.tensor(images.transpose(0, 3, 1, 2)), torch.tensor(labels)
        optimizer = torch.optim.SGD(there, lr=1e-9)
        ways["torch"] = lambda: step_in_torch(there, *data, optimizer)
    found = {name: summary(t) for name, t in take_turns(ways, times).items()}
    for name, one in found.items():
        print(f"{name:<22}{len(images) / one['seconds']:>12,.0f} images per second")
    return [{"workload": "lesson 10", "found": found, "images": len(images)}]


def step(net, Y0, labels, eta=1e-9):
    W1, b1, W2, b2 = net
    Z1 = fast.conv_forward(Y0, W1, b1)
    Y1 = layers.relu(Z1)
    P = layers.max_pool(Y1, 2)
    logits = fast.conv_forward(P, W2, b2)
    _, dlogits = layers.softmax_cross_entropy(logits[:, 0, 0, :], labels)
    dP, dW2, db2 = fast.conv_backward(dlogits[:, np.newaxis, np.newaxis], P, W2)
    dZ1 = layers.relu_backward(layers.max_pool_backward(dP, Y1, 2), Z1)
    dW1, db1 = fast.conv_backward_filter(dZ1, Y0, (3, 3)), fast.conv_backward_bias(dZ1)
    return [w - eta * g for w, g in zip(net, (dW1, db1, dW2, db2), strict=True)]


def step_in_torch(net, Y0, labels, optimizer):
    F, (W1, b1, W2, b2) = torch.nn.functional, net
    P = F.max_pool2d(F.relu(F.conv2d(Y0, W1, b1)), 2)
    optimizer.zero_grad()
    F.cross_entropy(F.conv2d(P, W2, b2)[:, :, 0, 0], labels).backward()
    optimizer.step()


PARTS = {
    "gradients": gradients,
    "forward": lambda times: gradients(times, forward=True),
    "pools": pools,
    "usual": usual_ways,
    "growth": growth,
    "digits": digits,
}


def routines():
    """The processor whose routines NumPy's products take, as far as one can know."""
    forced = os.environ.get("OPENBLAS_CORETYPE")
    if forced:
        return f"{forced}, which OPENBLAS_CORETYPE asks for"
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "the library's own choice"
    found = {lib.get("architecture") for lib in threadpool_info() if lib["user_api"] == "blas"}
    return ", ".join(map(str, found))


def heading():
    """Where and with what this is measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        model = next(
            (line.split(": ")[1] for line in lines if line.startswith("model name")), model
        )
    return {
        "date": str(datetime.date.today()),
        "machine": f"{model}, {os.cpu_count()} cores",
        "threads": int(THREADS),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "products by": routines(),
        "torch": torch.__version__ if torch else None,
        "load": os.getloadavg()[0],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="all, if left out")
    parser.add_argument("--times", type=int, default=15, help="turns of each contestant")
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="count what this process computes, not what it waits",
    )
    parser.add_argument("--json", type=Path, help="write all numbers into this file")
    parser.add_argument("--record", type=Path, help="write what the figure of README.md shows")
    given = parser.parse_args()
    if given.cpu_time:
        global clock
        clock = time.process_time
    found = {"heading": heading() | {"clock": clock.__name__, "turns": given.times}}
    print(*(f"{name} {value}" for name, value in found["heading"].items()), sep=", ")
    if torch is None:
        print("PyTorch is not installed here: no column and no ratio of it. See README.md.")
    for name in given.part or PARTS:
        print(f"\n{name}: milliseconds")
        found[name] = PARTS[name](given.times)
        for kind, mean in means(found[name]).items() if name in WITH_MEANS else ():
            print(f"{kind:<22}{mean:>6.2f}")
    noisy = [
        r
        for part in found.values()
        for r in part
        if isinstance(r, dict) and r.get("noise", 0) > 0.25
    ]
    if noisy or found["heading"]["load"] > 0.5 * os.cpu_count():
        print(
            f"\nToo noisy to tell: in {len(noisy)} rows the quartiles lie more than a quarter of "
            f"the median apart; the load was {found['heading']['load']:.1f} at the start."
        )
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if given.record and torch:
        record(found, given)


def record(found, given):
    """Write the ratios to PyTorch, and those of the matrix products alone."""
    rows = []
    for r in found["gradients"]:
        theirs = fastest(r["found"], "torch")["seconds"]
        floor = r["found"]["product alone"]["seconds"] / theirs
        row = {"workload": r["workload"], "precision": r["precision"], "ratio": r["ratio"]}
        rows.append(row | {"floor": round(floor, 3), "ratio": round(r["ratio"], 3)})
    what = {"heading": found["heading"], "turns": given.times, "rows": rows}
    given.record.write_text(json.dumps(what, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

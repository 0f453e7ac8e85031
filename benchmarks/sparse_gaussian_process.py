"""Gaussian processes by inducing points beside GPyTorch's stochastic variational ones.

    python benchmarks/sparse_gaussian_process.py [--rst doc/sparse_gaussian_process_table.inc]
        [--n 20000] [--seconds 60] [--sizes 100000 1000000] [--repeats 3]

Five tasks with samples of their own, 4 features, functions of an RBF kernel and a task covariance
of rank 2, and noise of a tenth to four tenths of their variance; 2000 new samples. CPU seconds of
one thread, in one process, taking turns; held-out log density of a target, root mean squared error,
and the share of targets in 90 % intervals.

- GPyTorch's process has Adam, the same number of inducing points, and as many latent functions as
  tasks. Each of several learning rates and batch sizes has `--seconds` of training. The one of the
  highest log density counts, and the quicker of those that come as near as `NEAR` to it.
- `seconds to` is what GPyTorch needs until its log density is that of skmtl's fit (``>`` if none
  gets there), and the ratio is that of these.
- The large fits are of skmtl alone, with the peak of memory of the process.
"""

import argparse
import resource
from pathlib import Path
from time import process_time

import numpy as np
from options import needs
from report import list_table
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskSparseGaussianProcessRegressor

N_TASKS = 5
N_FEATURES = 4
RANK = 2
N_NEW = 2000
WAVES = 2000  # random features of a function
LENGTH = 0.7
SETTINGS = [(0.01, 1000), (0.03, 1000), (0.1, 1000), (0.03, 256)]
Z90 = 1.645
TITLES = ["fit", "samples", "m", "CPU s", "log density", "RMSE", "in 90 %", "seconds to", "ratio"]


def function(X, scale, rng):
    """A function of an RBF kernel, nearly, by random features."""
    frequencies = rng.normal(size=(X.shape[1], WAVES)) / scale[:, None]
    phases = rng.uniform(0, 2 * np.pi, WAVES)
    heights = rng.normal(size=WAVES) * np.sqrt(2 / WAVES)
    parts = np.array_split(X, max(len(X) // 5000, 1))
    return np.concatenate([np.cos(part @ frequencies + phases) @ heights for part in parts])


def make(n, seed=0):
    """X, the task of each sample, y of variance near one, and new X and Y."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n + N_NEW, N_FEATURES))
    scale = LENGTH * np.sqrt(N_FEATURES) * np.exp(0.3 * rng.normal(size=N_FEATURES))
    mixing = np.column_stack([rng.normal(size=(N_TASKS, RANK)), np.sqrt(0.1) * np.eye(N_TASKS)])
    F = sum(np.outer(function(X, scale, rng), column) for column in mixing.T)
    F /= F.std(axis=0)
    noise = 0.1 + 0.3 * rng.random(N_TASKS)
    Y = F + np.sqrt(noise) * rng.normal(size=F.shape)
    task = rng.integers(N_TASKS, size=n)
    return X[:n], task, Y[np.arange(n), task], X[n:], Y[n:]


def quality(Y, mean, variance):
    """Log density of a target, root mean squared error, and share in 90 % intervals."""
    errors = (Y - mean) ** 2
    density = -0.5 * (np.log(2 * np.pi * variance) + errors / variance).mean()
    inside = np.mean(errors < Z90**2 * variance)
    return density, np.sqrt(errors.mean()), inside


def ours(data, m):
    """CPU seconds of a fit and of predictions, and their quality."""
    X, task, y, new, Y = data
    start = process_time()
    model = MultiTaskSparseGaussianProcessRegressor(n_inducing=m, rank=RANK)
    model.fit(X, y, tasks=task)
    mean, std = model.predict_all_tasks(new, return_std=True)
    seconds = process_time() - start
    return seconds, *quality(Y, mean, std**2)


def theirs(data, m, seconds):
    """For each setting of GPyTorch's the seconds and the quality on its way."""
    from svgp_gpytorch import curve

    X, task, y, new, Y = data
    center = np.bincount(task, y) / np.bincount(task)
    ways = {}
    for setting in SETTINGS:
        steps = curve(X, y - center[task], task, new, m, N_TASKS, *setting, seconds)
        ways[setting] = [(used, *quality(Y, center + mu, v)) for used, mu, v in steps]
        used, density, *_ = max(ways[setting], key=lambda step: step[1])
        print(f"# GPyTorch {setting}: {density:.4f} after {used:.1f} s", flush=True)
    return ways


def until(ways, density):
    """The fewest seconds to a log density, infinity if none gets there."""
    return min(
        (step[0] for way in ways.values() for step in way if step[1] >= density),
        default=np.inf,
    )


def row(name, n, m, measured, reached="", ratio=""):
    seconds, density, error, inside = measured
    numbers = f"{seconds:.1f}", f"{density:.3f}", f"{error:.3f}", f"{inside:.3f}"
    return [name, str(n), str(m), *numbers, reached, ratio]


def compared(n, points, seconds, repeats):
    """Rows of skmtl's fits and of GPyTorch's best."""
    data = make(n)
    ours(make(3000), 20)  # does not count
    m = max(points)
    runs = {size: [ours(data, size)] for size in points}
    ways = theirs(data, m, seconds)
    for _ in range(repeats - 1):
        for size in points:
            runs[size].append(ours(data, size))
    for size in points:
        measured = np.median(runs[size], axis=0)
        needed = until(ways, measured[1])
        bound = "" if np.isfinite(needed) else "> "
        needed = min(needed, seconds)
        ratio = f"{bound}{needed / measured[0]:.1f}"
        yield row("skmtl", n, size, measured, f"{bound}{needed:.1f}", ratio)
    best = max((step for way in ways.values() for step in way), key=lambda step: step[1])
    yield row("GPyTorch, best", n, m, best)


def alone(n, m):
    """A large fit, with the peak of memory."""
    measured = ours(make(n), m)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return row(f"skmtl ({peak:.1f} GB)", n, m, measured)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20000, help="number of samples")
    parser.add_argument(
        "--points", type=int, nargs="+", default=[100, 200], help="numbers of inducing points"
    )
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of each training of GPyTorch (60)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="fits of skmtl (3)")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="*",
        default=[100_000, 1_000_000],
        help="numbers of samples of the large fits",
    )
    parser.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = parser.parse_args()
    needs(parser, "gpytorch", "bench-gp")
    rows = []

    def show(line):
        print(*line, sep=", ", flush=True)
        rows.append(line)

    for line in compared(options.n, options.points, options.seconds, options.repeats):
        show(line)
    for n in options.sizes:
        show(alone(n, max(options.points)))
    if options.rst:
        options.rst.write_text(list_table("20 10 6 8 12 8 10 12 8", [TITLES, *rows]))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

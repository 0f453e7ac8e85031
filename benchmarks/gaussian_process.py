"""The Gaussian process of several tasks beside GPyTorch, GPy and one dense factorization.

    python benchmarks/gaussian_process.py [--out FILE.csv] [--rst doc/gaussian_process_table.inc]
        [--only NAME ...] [--repeats N]

An RBF kernel with a length scale for each feature, a task covariance of rank 2, a noise for each
task. CPU seconds of one thread; after one call that does not count, the libraries take turns, and
the median counts. Equal likelihood is checked before: at the same parameters that of all agrees
within 1e-6.

- `fit-*` is the whole default fit of skmtl, to a flat likelihood, from several beginnings. GPyTorch
  is run once by L-BFGS-B from its own beginning and from that of skmtl, and is timed on the quicker
  of these ways: until it is within half a nat of the best likelihood that any of them found (``>``
  is the whole way where it never is), and to the end, a gradient as flat as skmtl's. `nats` is by
  how much skmtl's likelihood is above GPyTorch's best; skmtl's time is in brackets, and there is no
  ratio, where it ends more than half a nat below the best. `once-*` is the same for skmtl from one
  beginning (``n_restarts=0``).
- `own-*` is one likelihood and its gradient, 5 tasks with rows of their own, so many in all.
- `missing-*` is the same for 300 rows and 10 tasks that lack that many percent of the labels,
  against skmtl's dense Cholesky factor of all that are there.
"""

import argparse
import csv
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskGaussianProcessRegressor

RANK = 2
NEAR = 0.5  # nats
ERROR = 1e-6
EXTRA = 'pip install "skmtl[bench-gp]"'
FIELDS = ["problem", "skmtl_s", "peer", "peer_s", "ratio", "nats"]


@dataclass
class Problem:
    """Calls by name."""

    calls: dict
    times: int = 1  # of calls, for each repeat
    nats: str = ""
    short: set = field(default_factory=set)  # who did not come near the best likelihood


def peer(name):
    """The module `icm_<name>` of this folder."""
    try:
        return __import__(f"icm_{name}")
    except ImportError as error:
        raise SystemExit(f"{error}. The peers of this benchmark come with {EXTRA}.") from error


def functions(X, T, rng):
    """Correlated functions at the rows of X, (n, T), each of variance one."""
    n, d = X.shape
    Z = X / (0.7 * np.sqrt(d) * np.exp(0.3 * rng.normal(size=d)))
    squares = (Z**2).sum(axis=1)
    K = np.exp(Z @ Z.T - 0.5 * (squares + squares[:, None]))
    K.flat[:: n + 1] += 1e-8
    W = rng.normal(size=(T, RANK))
    B = W @ W.T + 0.1 * np.eye(T)
    F = np.linalg.cholesky(K) @ rng.normal(size=(n, T)) @ np.linalg.cholesky(B).T
    return F / F.std(axis=0)


def make(n, T, d, missing=0.0):
    """X and Y with holes; the noise of a task has a variance of 0.1 to 0.4."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    Y = functions(X, T, rng) + rng.normal(size=(n, T)) * np.sqrt(0.1 + 0.3 * rng.random(T))
    Y[rng.random(Y.shape) < missing] = np.nan
    return X, Y


def fit(X, y, tasks=None, **options):
    return MultiTaskGaussianProcessRegressor(rank=RANK, **options).fit(X, y, tasks=tasks)


def unpack(theta, d, T):
    """Length scales, L, kappa and noise."""
    scales, L, kappa, noise = np.split(theta, np.cumsum([d, T * RANK, T]))
    return np.exp(scales), L.reshape(T, RANK), kappa, np.exp(noise)


def likelihood(model):
    """The log marginal likelihood of a model and its gradient as a function of theta."""
    return lambda theta: model.log_marginal_likelihood(theta, eval_gradient=True)


def check(found, exact):
    error = abs(found - exact) / abs(exact)
    assert error <= ERROR, f"the likelihood is {error:.1e} off"


def evaluations(evaluate, places):
    """A call that evaluates at the next of some parameters: nothing is left from the last one."""
    places = cycle(places)
    return lambda: evaluate(next(places))


# ---------------------------------------------------------------- problems


def fits(n, T, d, **options):
    """A whole fit, and GPyTorch's search until it is as good."""
    gpytorch = peer("gpytorch")
    X, Y = make(n, T, d)
    ours, begun = fit(X, Y, **options), fit(X, Y, optimizer=None)
    scaled = ours.y_train_.reshape(T, n).T.copy()
    theirs = gpytorch.CommonRows(X, scaled, RANK)
    starts = [theirs.raw(), theirs.raw_at(*unpack(begun.theta_, d, T))]
    for model in (begun, ours):
        exact = model.log_marginal_likelihood(model.theta_)
        check(theirs(theirs.raw_at(*unpack(model.theta_, d, T)))[0], exact)
    ways = [theirs.search(start) for start in starts]
    value, highest = ours.log_marginal_likelihood_value_, max(map(max, ways))
    stop = max(value, highest) - NEAR
    lengths = [next((k for k, v in enumerate(way) if v >= stop), np.inf) for way in ways]
    start = starts[int(np.argmin(lengths))]
    calls = {
        "skmtl": lambda: fit(X, Y, **options),
        "GPyTorch": lambda: theirs.search(start, stop),
        "GPyTorch, to the end": lambda: theirs.search(start),
    }
    short = {name for name, v in (("skmtl", value), ("GPyTorch", highest)) if v < stop}
    return Problem(calls, nats=f"{value - highest:.2f}", short=short)


def own_rows(n, T=5, d=4):
    """One evaluation for tasks with rows of their own."""
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(n, d)), np.sort(rng.integers(T, size=n))
    y = functions(X, T, rng)[np.arange(n), task] + 0.4 * rng.normal(size=n)
    model = fit(X, y, task, optimizer=None)
    thetas = [model.theta_, model.theta_ + 1e-3]
    calls = {"skmtl": evaluations(likelihood(model), thetas)}
    for title, name in (("GPyTorch", "gpytorch"), ("GPy", "gpy")):
        theirs = peer(name).OwnRows(model.X_train_, model.y_train_, task, RANK)
        raws = [theirs.raw_at(*unpack(theta, d, T)) for theta in thetas]
        for raw, theta in zip(raws, thetas, strict=True):
            check(theirs(raw)[0], model.log_marginal_likelihood(theta))
        calls[title] = evaluations(theirs, raws)
    return Problem(calls, times=5)


def holes(missing):
    """One evaluation with labels missing."""
    X, Y = make(300, 10, 6, missing)
    few, dense = (fit(X, Y, optimizer=None, solver=name) for name in ("schur", "cholesky"))
    thetas = [few.theta_, few.theta_ + 1e-3]
    for theta in thetas:
        check(few.log_marginal_likelihood(theta), dense.log_marginal_likelihood(theta))
    calls = {
        "skmtl": evaluations(likelihood(few), thetas),
        "dense Cholesky": evaluations(likelihood(dense), thetas),
    }
    return Problem(calls)


SIZES = [(100, 5, 4), (300, 10, 6), (500, 5, 6), (800, 10, 6)]
PROBLEMS = {
    **{f"fit-{size[0]}": partial(fits, *size) for size in SIZES},
    **{f"once-{size[0]}": partial(fits, *size, n_restarts=0) for size in SIZES},
    "own-500": lambda: own_rows(500),
    "own-1000": lambda: own_rows(1000),
    "missing-2": lambda: holes(0.02),
    "missing-10": lambda: holes(0.10),
}

# ---------------------------------------------------------------- measurement


def medians(calls, repeats):
    """Median CPU seconds of each call, taking turns, after one that does not count."""
    seconds = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            start = process_time()
            call()
            if turn:
                seconds[name].append(process_time() - start)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def measure(name, repeats):
    """Rows of a problem, one for each peer."""
    problem = PROBLEMS[name]()
    seconds = medians(problem.calls, repeats * problem.times)
    ours, behind = seconds.pop("skmtl"), "skmtl" in problem.short
    for title, theirs in seconds.items():
        bound = "> " if title in problem.short else ""
        yield {
            "problem": name,
            "skmtl_s": f"({ours:.3g})" if behind else f"{ours:.3g}",
            "peer": title,
            "peer_s": f"{bound}{theirs:.3g}",
            "ratio": "" if behind else f"{bound}{theirs / ours:.3g}",
            "nats": problem.nats,
        }


def table(measured):
    """A reStructuredText table."""
    titles = ["problem", "skmtl, s", "peer", "peer, s", "ratio", "nats"]
    return list_table("18 14 28 16 14 10", [titles, *(row.values() for row in measured)])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, help="CSV file")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options.add_argument("--only", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    options.add_argument("--repeats", type=int, default=5)
    options = options.parse_args()
    measured = []
    print(*FIELDS, sep=",")
    for name in options.only:
        for row in measure(name, options.repeats):
            print(*row.values(), sep=",", flush=True)
            measured.append(row)
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(measured)
    if options.rst:
        options.rst.write_text(table(measured))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

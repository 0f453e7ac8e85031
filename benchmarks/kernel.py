"""Kernel ridge regression beside scikit-learn, himalaya and one dense factorization.

    python benchmarks/kernel.py [--out FILE.csv] [--rst doc/kernel_table.inc] [--only NAME ...]
        [--repeats N]

1000 rows, 10 tasks, an RBF kernel. CPU seconds of one thread; after one call that does not count,
the libraries take turns, and the median counts. Equal accuracy is checked before: at one alpha, on
new rows, predictions must be those of a dense solve within 1e-8 of their largest.

- `alphas` tries 30 alphas, without intercepts and sharing, which the peers do not have: skmtl by
  exact leave-one-out, the peers by five folds. `strengths` is the same with intercepts and the six
  default strengths of sharing, for which the peers have no answer.
- `fit` is one fit, with sharing in skmtl.
- `missing-*` lack that many percent of the labels, against one Cholesky factor of all cells.
"""

import argparse
import csv
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from scipy.linalg import cho_factor, cho_solve
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskKernelRidge, MultiTaskKernelRidgeCV

N, T, FEATURES, GAMMA = 1000, 10, 8, 0.05
ALPHAS = np.geomspace(1e-3, 1e3, 30)
ALPHA = 0.1  # where accuracy is compared, and of one fit
STRENGTH = 0.5
ERROR = 1e-8
ALONE = {"task_kernel": "identity", "fit_intercept": False}
FIELDS = ["problem", "skmtl_s", "peer", "peer_s", "ratio"]


def make(missing=0.0):
    """X, Y with holes, and new rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, FEATURES))
    Y = np.sin(0.5 * X @ rng.normal(size=(FEATURES, T))) + 0.3 * rng.normal(size=(N, T))
    Y[rng.random(Y.shape) < missing] = np.nan
    return X, Y, rng.normal(size=(100, FEATURES))


def dense(X, Y, new, B):
    """Predictions at new rows from one Cholesky factor of all labeled cells."""
    task, row = np.nonzero(~np.isnan(Y.T))
    K = rbf_kernel(X, gamma=GAMMA)
    A = K[np.ix_(row, row)] * B[np.ix_(task, task)]
    A.flat[:: len(A) + 1] += ALPHA
    dual = cho_solve(cho_factor(A.T, lower=True, overwrite_a=True), Y[row, task])
    C = np.zeros(Y.shape)
    C[row, task] = dual
    return rbf_kernel(new, X, gamma=GAMMA) @ C @ B


def himalaya(alphas, X, Y):
    from himalaya.kernel_ridge import KernelRidgeCV

    options = {"kernel": "rbf", "kernel_params": {"gamma": GAMMA}, "cv": 5}
    return KernelRidgeCV(alphas=alphas, **options).fit(X, Y)


def grid_search(alphas, X, Y):
    return GridSearchCV(KernelRidge(kernel="rbf", gamma=GAMMA), {"alpha": alphas}, cv=5).fit(X, Y)


def leave_one_out(alphas, X, Y, **options):
    return MultiTaskKernelRidgeCV(alphas, gammas=[GAMMA], **options).fit(X, Y)


def shared(X, Y):
    options = {"gamma": GAMMA, "task_strength": STRENGTH, "fit_intercept": False}
    return MultiTaskKernelRidge(ALPHA, **options).fit(X, Y)


def searches(**options):
    """skmtl's search and those of the peers, by name."""
    X, Y, new = make()
    calls = {
        "skmtl": lambda: leave_one_out(ALPHAS, X, Y, **options),
        "GridSearchCV(KernelRidge)": lambda: grid_search(ALPHAS, X, Y),
        "himalaya": lambda: himalaya(ALPHAS, X, Y),
    }
    exact = dense(X, Y, new, np.eye(T))
    one = [ALPHA]
    check(leave_one_out(one, X, Y, **ALONE).predict(new), exact)
    check(grid_search(one, X, Y).predict(new), exact)
    check(np.asarray(himalaya(one, X, Y).predict(new)), exact)
    return calls


def one_fit():
    X, Y, new = make()
    B = (1 - STRENGTH) * np.eye(T) + STRENGTH / T
    check(shared(X, Y).predict(new), dense(X, Y, new, B))
    model = KernelRidge(kernel="rbf", gamma=GAMMA, alpha=ALPHA)
    return {"skmtl": lambda: shared(X, Y), "KernelRidge": lambda: model.fit(X, Y)}


def holes(missing):
    X, Y, new = make(missing)
    B = (1 - STRENGTH) * np.eye(T) + STRENGTH / T
    check(shared(X, Y).predict(new), dense(X, Y, new, B))
    return {"skmtl": lambda: shared(X, Y), "dense Cholesky": lambda: dense(X, Y, new, B)}


def check(found, exact):
    error = np.abs(found - exact).max() / np.abs(exact).max()
    assert error <= ERROR, f"predictions are {error:.1e} off"


PROBLEMS = {
    "alphas": lambda: searches(**ALONE),
    "strengths": searches,
    "fit": one_fit,
    "missing-2": lambda: holes(0.02),
    "missing-10": lambda: holes(0.10),
    "missing-20": lambda: holes(0.20),
}


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
    seconds = medians(PROBLEMS[name](), repeats)
    ours = seconds.pop("skmtl")
    for peer, theirs in seconds.items():
        yield {
            "problem": name,
            "skmtl_s": f"{ours:.3g}",
            "peer": peer,
            "peer_s": f"{theirs:.3g}",
            "ratio": f"{theirs / ours:.3g}",
        }


def table(measured):
    """A reStructuredText table."""
    titles = ["problem", "skmtl, s", "peer", "peer, s", "ratio"]
    return list_table("18 14 34 16 14", [titles, *(row.values() for row in measured)])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, help="CSV file")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options.add_argument("--only", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    options.add_argument("--repeats", type=int, default=5)
    options = options.parse_args()
    warnings.simplefilter("ignore", UserWarning)  # himalaya's, of alphas at the end of the grid
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

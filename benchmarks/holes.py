"""Cross-validated searches of a wide Y, complete and with half of its targets missing at random.

    python benchmarks/holes.py [--rst doc/holes_table.inc] [--only NAME ...] [--sizes 0 1]

There are 12 tasks with 100 features and 1000 shared samples, or with 500 and 3000, and every search
has its default grid. CPU seconds of one thread, medians; all calls of a size take turns in one run.
"tasks" is the same search of every task alone, on the samples that have its target; 12 x RidgeCV
are scikit-learn's, by leave-one-out on these samples, with 15 alphas each.
"""

import argparse
import warnings
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from skmtl import (
    MeanRegularizedRegressorCV,
    MultiTaskLassoCV,
    TaskGraphRegressorCV,
    TraceNormRegressorCV,
)

SIZES = [(1000, 100, 12), (3000, 500, 12)]
SEARCHES = {
    "mean": MeanRegularizedRegressorCV,
    "chain": partial(TaskGraphRegressorCV, graph="chain"),
    "trace norm": TraceNormRegressorCV,
    "lasso": MultiTaskLassoCV,
}
ALPHAS = np.geomspace(1e-3, 1e3, 15)  # of RidgeCV


def problem(n_samples, n_features, n_tasks):
    """X, Y, and Y with half of its entries missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, n_features))
    W = rng.normal(size=(n_features, 1)) + 0.3 * rng.normal(size=(n_features, n_tasks))
    Y = X @ W + 3 * rng.normal(size=(n_samples, n_tasks))
    missing = rng.random(Y.shape) < 0.5
    return X, Y, np.where(missing, np.nan, Y)


def alone(make, X, Y):
    """Fit every task by itself, on its own samples."""
    for y in Y.T:
        known = ~np.isnan(y)
        model = make()
        if isinstance(model, RidgeCV):
            model.fit(X[known], y[known])
        else:
            model.fit(X[known], y[known, None])


def calls(size, names):
    """What is timed, by name."""
    X, Y, holes = problem(*size)
    timed = {"12 x RidgeCV": lambda: alone(lambda: RidgeCV(ALPHAS), X, holes)}
    for name in names:
        search = SEARCHES[name]
        timed[name, "complete"] = lambda search=search: search().fit(X, Y)
        timed[name, "half"] = lambda search=search: search().fit(X, holes)
        timed[name, "tasks"] = lambda search=search: alone(search, X, holes)
    return timed


def measure(timed, repeats):
    """Median CPU seconds of every call; the calls take turns."""
    seconds = {name: [] for name in timed}
    for _ in range(repeats):
        for name, call in timed.items():
            start = process_time()
            call()
            seconds[name].append(process_time() - start)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options.add_argument("--only", nargs="+", choices=SEARCHES, default=list(SEARCHES))
    options.add_argument("--sizes", nargs="+", type=int, default=[0, 1], help="0 small, 1 large")
    options.add_argument("--repeats", type=int, default=3, help="times of each call (3)")
    options = options.parse_args()
    warnings.simplefilter("ignore")  # a search of one task warns that it is one
    measure(calls((60, 10, 3), options.only), 1)  # loads what is compiled
    rows = [["size", "search", "complete", "half missing", "tasks alone", "12 x RidgeCV"]]
    print(*rows[0], sep=",")
    for which in options.sizes:
        size = SIZES[which]
        seconds = measure(calls(size, options.only), options.repeats)
        for name in options.only:
            of_search = [seconds[name, kind] for kind in ("complete", "half", "tasks")]
            shown = [f"{value:.3g}" for value in (*of_search, seconds["12 x RidgeCV"])]
            rows.append(["{} x {} x {}".format(*size), name, *shown])
            print(*rows[-1], sep=",", flush=True)
    if options.rst:
        options.rst.write_text(list_table("24 16 15 15 15 15", rows))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

"""Seconds of tuned single-task ridges and lassos, and of scikit-learn's own fits.

    python benchmarks/single_task.py [--data-home DIR] [--repeats N] [--rst FILE]

`IndependentTasks` and `PooledTasks` fit `RidgeCV`, `LassoCV` and `ElasticNetCV` from one
decomposition, or from the Gram matrices of the folds. The peer is the `fit` of the estimator
itself, task by task. CPU seconds in one thread, the best of some; also the largest difference of
predictions relative to the spread of the targets, with the largest relative difference of the
chosen alphas. Where the solution of a lasso is not unique, as with the indicators of School, the
two may choose different alphas.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNetCV, LassoCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import IndependentTasks, fetch_school

MODELS = {
    "RidgeCV, 30 alphas": RidgeCV(np.geomspace(1e-3, 1e4, 30)),
    "StandardScaler, RidgeCV": make_pipeline(
        StandardScaler(), RidgeCV(np.geomspace(1e-3, 1e4, 30))
    ),
    "LassoCV": LassoCV(max_iter=10_000),
    "StandardScaler, LassoCV": make_pipeline(StandardScaler(), LassoCV(max_iter=10_000)),
    "ElasticNetCV, 3 ratios": ElasticNetCV(l1_ratio=[0.3, 0.6, 0.9], max_iter=10_000),
}


def school(data_home):
    """Samples of 139 schools, without their ids, and the ids."""
    data = fetch_school(data_home=data_home)
    return data.X[:, :-1].astype(float), data.y, data.tasks


def generated(n_tasks, n_rows, n_features):
    """Tasks with rows of their own."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_tasks * n_rows, n_features))
    y = X[:, :4].sum(axis=1) + rng.standard_normal(len(X))
    return X, y, np.repeat(np.arange(n_tasks), n_rows)


def shared(n_tasks, n_rows, n_features):
    """Tasks with the same rows: y is two-dimensional, and there are no ids."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features))
    Y = X[:, :4] @ rng.standard_normal((4, n_tasks)) + rng.standard_normal((n_rows, n_tasks))
    return X, Y, None


def seconds(call, repeats):
    """The smallest CPU time of some calls, and the result of the last."""
    times = []
    for _ in range(repeats):
        start = process_time()
        result = call()
        times.append(process_time() - start)
    return min(times), result


def by_task(X, y, tasks):
    """Pairs of features and targets of each task."""
    if tasks is None:
        return [(X, column) for column in y.T]
    return [(X[tasks == task], y[tasks == task]) for task in np.unique(tasks)]


def alpha_of(estimator):
    return (estimator[-1] if hasattr(estimator, "steps") else estimator).alpha_


def measure(model, X, y, tasks, repeats):
    """Seconds of both, the difference of predictions, and the share of equal alphas."""
    parts = by_task(X, y, tasks)
    fit_kwargs = {} if tasks is None else {"tasks": tasks}
    own, fitted = seconds(lambda: IndependentTasks(model).fit(X, y, **fit_kwargs), repeats)
    peer, peers = seconds(lambda: [clone(model).fit(*part) for part in parts], 1)
    differences = []
    equal = []
    for (X_t, y_t), mine, theirs in zip(parts, fitted.estimators_, peers, strict=True):
        difference = np.abs(mine.predict(X_t) - theirs.predict(X_t)).max()
        differences.append(difference / y_t.std())
        equal.append(np.isclose(alpha_of(mine), alpha_of(theirs), rtol=1e-6))
    return own, peer, np.median(differences), np.mean(equal)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data-home")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of the peer
    problems = {
        "School, 139 schools": school(options.data_home),
        "10 tasks, 20 x 20": generated(10, 20, 20),
        "10 tasks, 160 x 20": generated(10, 160, 20),
        "50 targets of 500 x 50": shared(50, 500, 50),
    }
    table = [["data", "estimator", "skmtl, s", "scikit-learn, s", "ratio", "equal alphas, %"]]
    print(*table[0], "difference", sep=",")
    X, y, tasks = generated(2, 20, 3)
    IndependentTasks(LassoCV()).fit(X, y, tasks=tasks)  # compiles
    for data, problem in problems.items():
        for name, model in MODELS.items():
            own, peer, difference, equal = measure(model, *problem, options.repeats)
            cells = [f"{own:.3g}", f"{peer:.3g}", f"{peer / own:.0f}", f"{100 * equal:.0f}"]
            print(data, name, *cells, f"{difference:.1e}", sep=",", flush=True)
            table.append([data, name, *cells])
    if options.rst:
        options.rst.write_text(list_table("24 26 12 14 10 14", table), encoding="utf-8")


if __name__ == "__main__":
    main()

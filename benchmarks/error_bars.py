"""Gaussian processes of several tasks: errors, and whether 95 % intervals hold 95 % of new targets.

    python benchmarks/error_bars.py [FILE.npz ...] [--data-home DIR] [--n-splits N]
        [--rst FILE] [--rst-errors FILE]

Every FILE holds arrays X and Y without gaps, such as the sets of Mulan for several targets: two
thirds of the rows are for training. Besides these, generated data, drawn from the model of rank 1
itself, where the true parameters are tried as well; Parkinson's, six recordings of each of
42 patients for training, with the day alone and with all features; eight schools of School, 75 % of
the pupils for training. Columns of X are standardized by the training rows, but for generated data;
from 20 columns on they have one length scale. Each task alone, with a Gaussian process of its own,
is compared to coupled ones. Prints, as mean and standard deviation over splits: the relative root
mean squared error, 1 for a task's training mean, averaged over tasks; the share of held-out labels
in the intervals, of all tasks and of the worst; the root mean square of errors over their predicted
deviations, 1 if these are right; and the median CPU time of a fit.
"""

import argparse
import warnings
from functools import partial
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from report import list_table
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process.kernels import RBF
from sklearn.model_selection import ShuffleSplit
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MultiTaskGaussianProcessRegressor,
    TaskStratifiedShuffleSplit,
    fetch_school,
    load_parkinsons,
)

N_SCHOOLS = 8
N_DRAWS = 50  # of the parameters, where they are drawn


class Split(NamedTuple):
    """Training and test data; tasks are None where y has a column for each."""

    X: np.ndarray
    y: np.ndarray
    tasks: np.ndarray | None
    X_test: np.ndarray
    y_test: np.ndarray
    tasks_test: np.ndarray | None
    theta: np.ndarray | None = None  # of the truth


# ---------------------------------------------------------------- data

LENGTH, OWN, NOISE = 0.7, 0.2, np.array([0.05, 0.1, 0.2])
KINDS = {  # labels of the tasks
    "complete": (100, 100, 100),
    "missing targets": (70, 70, 70),
    "own samples": (60, 30, 10),
    "more own samples": (180, 90, 30),
}


def generated(kind, seed):
    """Three tasks of a Gaussian process of rank 1 on a square, 200 rows for testing."""
    rng = np.random.default_rng(seed)
    counts = KINDS[kind]
    n = sum(counts) if "own" in kind else 100
    X = rng.uniform(0, 3, size=(n + 200, 2))
    loadings = rng.standard_normal(3)
    B = np.outer(loadings, loadings) + OWN * np.eye(3)
    root = np.linalg.cholesky(RBF(LENGTH)(X) + 1e-8 * np.eye(len(X)))
    Y = root @ rng.standard_normal((len(X), 3)) @ np.linalg.cholesky(B).T
    Y += np.sqrt(NOISE) * rng.standard_normal(Y.shape)
    theta = np.concatenate([[np.log(LENGTH)], loadings, [OWN] * 3, np.log(NOISE)])
    if "own" in kind:
        tasks = np.append(np.repeat(np.arange(3), counts), rng.integers(3, size=200))
        y = Y[np.arange(len(Y)), tasks]
        return Split(X[:n], y[:n], tasks[:n], X[n:], y[n:], tasks[n:], theta)
    for t, count in enumerate(counts):
        Y[rng.choice(n, n - count, replace=False), t] = np.nan
    return Split(X[:n], Y[:n], None, X[n:], Y[n:], None, theta)


def common_rows(path, n_splits):
    with np.load(path) as data:
        X, Y = data["X"], data["Y"]
    for train, test in ShuffleSplit(n_splits, train_size=2 / 3, random_state=0).split(X):
        scaler = StandardScaler().fit(X[train])
        rows, rows_test = scaler.transform(X[train]), scaler.transform(X[test])
        yield Split(rows, Y[train], None, rows_test, Y[test], None)


def own_rows(X, y, tasks, train, test):
    scaler = StandardScaler().fit(X[train])
    rows, rows_test = scaler.transform(X[train]), scaler.transform(X[test])
    return Split(rows, y[train], tasks[train], rows_test, y[test], tasks[test])


def parkinsons(columns, n_splits):
    """Six rows of each patient for training, all others for testing."""
    data = load_parkinsons()
    for seed in range(n_splits):
        rng = np.random.default_rng(seed)
        rows = [np.flatnonzero(data.tasks == task) for task in np.unique(data.tasks)]
        train = np.concatenate([rng.choice(own, 6, replace=False) for own in rows])
        test = np.setdiff1d(np.arange(len(data.y)), train)
        yield own_rows(data.X[:, columns], data.y, data.tasks, train, test)


def school(data_home, n_splits):
    data = fetch_school(data_home=data_home)
    some = data.tasks <= N_SCHOOLS
    X, y, tasks = data.X[some], data.y[some], data.tasks[some]
    cv = TaskStratifiedShuffleSplit(n_splits, task_column=-1, random_state=0)
    for train, test in cv.split(X):
        yield own_rows(X[:, :-1], y, tasks, train, test)


# ---------------------------------------------------------------- models


def process(split, **params):
    return MultiTaskGaussianProcessRegressor(ard=split.X.shape[1] < 20, **params)


def coupled(split, **params):
    """Mean and standard deviation of the test labels."""
    model = process(split, **params)
    model.fit(split.X, split.y, tasks=split.tasks)
    return model.predict(split.X_test, return_std=True, tasks=split.tasks_test)


def known(split):
    """The same with the true parameters."""
    params = {"kernel": RBF(LENGTH), "normalize_y": False, "optimizer": None}
    return coupled(split, initial_theta=split.theta, **params)


def alone(split):
    """The same by a Gaussian process for each task."""
    found = np.empty((2, *split.y_test.shape))
    for own, own_test in zip(*places_of_tasks(split), strict=True):
        model = process(split).fit(split.X[own[0]], split.y[own][:, None])
        asked = split.X_test[own_test[0]]
        for k, values in enumerate(model.predict(asked, return_std=True)):
            found[k][own_test] = values[:, 0]
    return found


def places_of_tasks(split):
    """For each task where its labels are in y, and in y_test; the first index is that of rows."""
    if split.tasks is None:
        columns = range(split.y.shape[1])
        own = [(np.flatnonzero(~np.isnan(split.y[:, t])), t) for t in columns]
        return own, [(np.arange(len(split.y_test)), t) for t in columns]
    found = np.unique(split.tasks)
    return [[(np.flatnonzero(ids == t),) for t in found] for ids in (split.tasks, split.tasks_test)]


MODELS = {
    "single tasks": alone,
    "rank 0": partial(coupled, rank=0),
    "rank 1": coupled,
    "rank 2": partial(coupled, rank=2),
    "rank 1, Matérn 3/2, one noise": partial(coupled, kernel="matern32", task_noise=False),
    "rank 1, draws": partial(coupled, n_draws=N_DRAWS),
    "rank 1, Matérn 3/2, draws": partial(coupled, kernel="matern32", n_draws=N_DRAWS),
    "true parameters": known,
}


def measure(model, split):
    """Relative error, shares of labels in the intervals (all, worst task), ratio, seconds."""
    start = process_time()
    mean, std = model(split)
    seconds = process_time() - start
    z = (split.y_test - mean) / std
    own, own_test = places_of_tasks(split)
    errors = [
        np.sqrt(np.mean((split.y_test - mean)[there] ** 2))
        / np.sqrt(np.mean((split.y_test[there] - split.y[here].mean()) ** 2))
        for here, there in zip(own, own_test, strict=True)
    ]
    inside = np.abs(z) < 1.96
    worst = min(inside[there].mean() for there in own_test)
    return np.mean(errors), 100 * inside.mean(), 100 * worst, np.sqrt(np.mean(z**2)), seconds


def problems(options):
    n = options.n_splits
    for kind in KINDS:
        yield f"generated, {kind}", [generated(kind, seed) for seed in range(4 * n)]
    for path in options.files:
        yield path.stem.removeprefix("mulan_"), list(common_rows(path, n))
    yield "Parkinson's, day", list(parkinsons([0], n))
    yield "Parkinson's, all features", list(parkinsons(slice(-1), n))
    yield "School, eight schools", list(school(options.data_home, n))


def figures(values, digits):
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("files", nargs="*", type=Path)
    options.add_argument("--data-home")
    options.add_argument("--n-splits", type=int, default=5, help="four times as many of generated")
    options.add_argument("--rst", type=Path, help="write the shares for the documentation")
    options.add_argument("--rst-errors", type=Path, help="write the errors for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    errors, shares = [["data", *MODELS]], [["data", *MODELS]]
    for title, splits in problems(options):
        errors.append([title])
        shares.append([title])
        for name, model in MODELS.items():
            if model is known and splits[0].theta is None:
                errors[-1].append("")
                shares[-1].append("")
                continue
            *columns, seconds = np.array([measure(model, split) for split in splits]).T
            cells = [figures(v, d) for v, d in zip(columns, (3, 1, 0, 2), strict=True)]
            print(
                f"{title:26} {name:29}", *cells, f"{np.median(seconds):.1f}", sep="  ", flush=True
            )
            errors[-1].append(cells[0])
            shares[-1].append(f"{columns[1].mean():.1f} ({columns[2].mean():.0f})")
    for path, table in ((options.rst, shares), (options.rst_errors, errors)):
        if path:
            path.write_text(list_table("20 10 10 10 10 10 10 10 10", table), encoding="utf-8")


if __name__ == "__main__":
    main()

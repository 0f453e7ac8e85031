"""Kernel models on tasks with few rows: shared parts beside each task alone and all as one.

    python benchmarks/few_shot.py [--data-home DIR] [--n-splits N] [--rst FILE]

Parkinson's: six rows of each of 42 patients for training, their other rows for testing. School:
75 % of the pupils of each of 139 schools for training. Every strength and the width of the kernel
are chosen by five-fold cross-validation inside the training part, from the same values for all
models. Prints the explained variance of all test rows, the mean over tasks of theirs, and the root
mean squared error: mean and standard deviation over splits; median fit time.
"""

import argparse
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import RidgeCV
from sklearn.metrics import explained_variance_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskNystroemRidgeCV,
    PooledTasks,
    TaskStratifiedShuffleSplit,
    fetch_school,
    keep_task_column,
    load_parkinsons,
    task_score,
)

GAMMAS = [0.003, 0.01, 0.03]
ALPHAS = [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]
STRENGTHS = [0.0, 0.5, 0.9, 0.99, 0.999, 1.0]


class Widths(RegressorMixin, BaseEstimator):
    """A cross-validated Nystroem ridge with the best of several gammas."""

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        models = [clone(self.estimator).set_params(gamma=gamma).fit(X, y) for gamma in GAMMAS]
        self.best_ = min(models, key=lambda model: model.mse_path_.mean(axis=-1).min())
        return self

    def predict(self, X):
        return self.best_.predict(X)


def shared(strengths, **params):
    """The Nystroem ridge, tuned."""
    params = {"task_column": -1, "random_state": 0, "handle_unknown": "shared", **params}
    return MultiTaskNystroemRidgeCV(ALPHAS, task_strengths=strengths, normalize_y=False, **params)


def single():
    """Exact kernel ridge regression of one task, tuned."""
    ridge = TransformedTargetRegressor(KernelRidge(kernel="rbf"), transformer=StandardScaler())
    return GridSearchCV(
        ridge,
        {"regressor__alpha": ALPHAS[2:], "regressor__gamma": GAMMAS},
        scoring="neg_mean_squared_error",
    )


def pooled():
    """One kernel ridge regression of all rows, tuned; it does not see the tasks."""
    model = make_pipeline(Nystroem(n_components=300, random_state=0), RidgeCV(ALPHAS))
    return GridSearchCV(model, {"nystroem__gamma": GAMMAS}, scoring="neg_mean_squared_error")


MODELS = {
    "shared and own part, RBF": Widths(shared(STRENGTHS)),
    "single tasks, RBF, same strengths": Widths(shared([0.0])),
    "single tasks, RBF, own strengths": IndependentTasks(single(), task_column=-1),
    "pooled, intercepts of tasks, RBF": Widths(shared([1.0])),
    "pooled, RBF": PooledTasks(pooled(), task_column=-1),
    "shared and own part, linear": shared(STRENGTHS, kernel="linear"),
    "single tasks, linear": shared([0.0], kernel="linear"),
    "pooled, intercepts of tasks, linear": shared([1.0], kernel="linear"),
}


def six_rows(data, n_splits):
    """Pairs of training rows, six a task, and the others."""
    for seed in range(n_splits):
        rng = np.random.default_rng(seed)
        rows = [np.flatnonzero(data.tasks == task) for task in np.unique(data.tasks)]
        train = np.concatenate([rng.choice(own, 6, replace=False) for own in rows])
        yield train, np.setdiff1d(np.arange(len(data.y)), train)


def school_splits(data, n_splits):
    cv = TaskStratifiedShuffleSplit(n_splits, task_column=-1, random_state=0)
    return cv.split(data.X)


def measure(model, data, train, test):
    """Explained variances in per cent, RMSE, seconds of the fit."""
    pipeline = make_pipeline(keep_task_column(StandardScaler(), -1), clone(model))
    start = process_time()
    pipeline.fit(data.X[train], data.y[train])
    seconds = process_time() - start
    y, z = data.y[test], pipeline.predict(data.X[test])
    by_task = task_score(y, z, metric=explained_variance_score, tasks=data.tasks[test])
    whole = explained_variance_score(y, z)
    return [100 * whole, 100 * by_task, root_mean_squared_error(y, z), seconds]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data-home")
    options.add_argument("--n-splits", type=int, default=10)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "n_components > n_samples")  # of the pooled baseline
    problems = {
        "Parkinson's": (load_parkinsons(), six_rows),
        "School": (fetch_school(data_home=options.data_home), school_splits),
    }
    print("data,model,ev_all,ev_all_sd,ev_tasks,ev_tasks_sd,rmse,rmse_sd,fit_cpu_s")
    table = [["data", "model", "of all samples, %", "mean of tasks, %", "RMSE", "fit, s"]]
    for problem, (data, splits) in problems.items():
        for name, model in MODELS.items():
            rows = [measure(model, data, *split) for split in splits(data, options.n_splits)]
            mean, deviation = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
            pairs = [f"{m:.3f},{d:.3f}" for m, d in zip(mean[:3], deviation[:3], strict=True)]
            seconds = f"{np.median(rows, axis=0)[3]:.2f}"
            print(problem, name, *pairs, seconds, sep=",", flush=True)
            cells = [f"{m:.2f} ± {d:.2f}" for m, d in zip(mean[:3], deviation[:3], strict=True)]
            table.append([problem, name, *cells, seconds])
    if options.rst:
        options.rst.write_text(list_table("14 34 17 17 13 8", table), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Explained variance on the School data: multi-task lasso, independent and pooled baselines.

    python benchmarks/school.py [--splits MASKS.npz] [--data-home DIR] [--n-splits N]

139 schools, 27 features, 75 % of each school's pupils for training, ten splits. Every strength is
chosen by five-fold cross-validation inside the training part. `MASKS.npz` may hold the splits as
`train`, np.packbits of (n_splits, n_pupils) booleans; else they are drawn with seed 0. Prints the
explained variance over all test pupils, the mean over schools of their explained variances, the
root mean squared error and the fit time: mean and standard deviation over splits.
"""

import argparse
import warnings
from time import process_time

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.metrics import explained_variance_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    IndependentTasks,
    MultiTaskLassoCV,
    PooledTasks,
    TaskStratifiedShuffleSplit,
    fetch_school,
    keep_task_column,
    task_score,
)

RIDGE = RidgeCV(np.logspace(-2, 5, 30))
MODELS = {
    "multi-task lasso": MultiTaskLassoCV(task_column=-1, cv=5),
    "independent lasso": IndependentTasks(LassoCV(cv=5), task_column=-1),
    "independent ridge": IndependentTasks(RIDGE, task_column=-1),
    "pooled lasso": PooledTasks(LassoCV(cv=5), task_column=-1),
    "pooled ridge": PooledTasks(RIDGE, task_column=-1),
}


def splits(data, path, n_splits):
    """Pairs of training and test rows."""
    if path is None:
        cv = TaskStratifiedShuffleSplit(n_splits, task_column=-1, random_state=0)
        return list(cv.split(data.X))
    masks = np.unpackbits(np.load(path)["train"], axis=1)[:n_splits, : len(data.y)].astype(bool)
    return [(np.flatnonzero(mask), np.flatnonzero(~mask)) for mask in masks]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--splits")
    options.add_argument("--data-home")
    options.add_argument("--n-splits", type=int, default=10)
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of the small baselines
    data = fetch_school(data_home=options.data_home)
    print("model,ev_pooled,ev_pooled_sd,ev_tasks,ev_tasks_sd,rmse,rmse_sd,fit_cpu_s")
    for name, model in MODELS.items():
        rows = []
        for train, test in splits(data, options.splits, options.n_splits):
            pipeline = make_pipeline(keep_task_column(StandardScaler(), -1), model)
            start = process_time()
            pipeline.fit(data.X[train], data.y[train])
            seconds = process_time() - start
            y, z = data.y[test], pipeline.predict(data.X[test])
            by_task = task_score(y, z, metric=explained_variance_score, tasks=data.tasks[test])
            pooled = explained_variance_score(y, z)
            rows.append([100 * pooled, 100 * by_task, root_mean_squared_error(y, z), seconds])
        mean, deviation = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
        pairs = [f"{m:.3f},{d:.3f}" for m, d in zip(mean[:3], deviation[:3], strict=True)]
        print(name, *pairs, f"{mean[3]:.2f}", sep=",", flush=True)


if __name__ == "__main__":
    main()

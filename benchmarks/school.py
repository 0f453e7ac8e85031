"""Explained variance on the School data: the models, independent and pooled baselines.

    python benchmarks/school.py [--splits MASKS.npz] [--data-home DIR] [--n-splits N] [--rst FILE]

139 schools, 27 features, 75 % of each school's pupils for training, ten splits. Every strength is
chosen by five-fold cross-validation inside the training part. `MASKS.npz` may hold the splits as
`train`, np.packbits of (n_splits, n_pupils) booleans; else they are drawn with seed 0. Prints the
explained variance over all test pupils, the mean over schools of their explained variances, the
root mean squared error: mean and standard deviation over splits; median fit time.
"""

import argparse
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.metrics import explained_variance_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    ClusteredTaskRegressorCV,
    DirtyRegressorCV,
    FusedSparseGroupLasso,
    IndependentTasks,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskLassoCV,
    MultiTaskSparseGroupLasso,
    PooledTasks,
    RobustMultiTaskFeatureRegressor,
    RobustMultiTaskRegressorCV,
    SparseLowRankRegressor,
    TaskGraphRegressorCV,
    TaskRelationshipRegressor,
    TaskStratifiedShuffleSplit,
    TemporalGroupLasso,
    TraceNormRegressorCV,
    fetch_school,
    keep_task_column,
    task_score,
)

RIDGE = RidgeCV(np.logspace(-2, 5, 30))
RIDGES = [1e-3, 1e-2, 1e-1, 1.0]


def search(estimator, **grid):
    """The estimator with its strength, and more, chosen by cross-validation."""
    return MultiTaskCV(estimator.set_params(task_column=-1), {"alpha": 30, **grid}, eps=1e-2, cv=5)


LONG = {"task_column": -1, "cv": 5}
MODELS = {
    "multi-task lasso": MultiTaskLassoCV(**LONG),
    "sparse-group lasso": search(MultiTaskSparseGroupLasso(), l1_ratio=[0.2, 0.5, 0.8]),
    "trace norm": TraceNormRegressorCV(alphas=30, eps=1e-2, **LONG),
    "sparse and low rank": search(SparseLowRankRegressor(), sparse_ratio=[0.1, 0.2, 0.3]),
    "dirty": DirtyRegressorCV(alphas=30, eps=1e-2, specific_ratio=[0.2, 0.3, 0.4], **LONG),
    "robust": RobustMultiTaskRegressorCV(
        alphas=30, eps=1e-2, outlier_ratio=[0.1, 0.3, 0.45], **LONG
    ),
    "robust features": search(RobustMultiTaskFeatureRegressor(), outlier_ratio=[0.4, 0.5, 0.6]),
    "mean-regularized": MeanRegularizedRegressorCV(alphas=15, ridge=RIDGES, **LONG),
    "graph, complete": TaskGraphRegressorCV(graph="complete", alphas=15, ridge=RIDGES, **LONG),
    "clustered": ClusteredTaskRegressorCV(alphas=15, n_clusters=[1, 2, 4, 8], **LONG),
    "task relationship": search(TaskRelationshipRegressor()),
    "temporal, by task id": search(TemporalGroupLasso(), smoothness=[0.1, 1.0]),
    "fused, by task id": search(FusedSparseGroupLasso()),
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
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of the small baselines
    data = fetch_school(data_home=options.data_home)
    print("model,ev_pooled,ev_pooled_sd,ev_tasks,ev_tasks_sd,rmse,rmse_sd,fit_cpu_s")
    table = [["model", "of all pupils, %", "mean of schools, %", "RMSE", "fit, s"]]
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
        seconds = f"{np.median(rows, axis=0)[3]:.2f}"  # the first may compile
        print(name, *pairs, seconds, sep=",", flush=True)
        cells = [f"{m:.2f} ± {d:.2f}" for m, d in zip(mean[:3], deviation[:3], strict=True)]
        table.append([name, *cells, seconds])
    if options.rst:
        options.rst.write_text(list_table("30 20 20 20 10", table), encoding="utf-8")


if __name__ == "__main__":
    main()

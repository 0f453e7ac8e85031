"""Did sharing help? The verdicts of `compare_to_single_task` on real data.

    python benchmarks/verdicts.py NAME FILE.npz [--splits K] [--rst FILE] [--plot DIRECTORY]

`FILE.npz` holds the rows of all tasks: `X`, `y` and `task`; NAME is a title. Two values of y are
classes. Five models that share (mean-regularized, L2,1, trace norm, clustered, dirty) are held
against tuned single-task, random-intercept and pooled baselines, every strength chosen inside the
training part, on K splits of 5 repeats of 4 folds (all 20 by default), stratified by task. Prints
all reports; `--plot` draws them.
"""

import argparse
from pathlib import Path

import numpy as np
from report import list_table
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    ClusteredTaskClassifier,
    ClusteredTaskRegressorCV,
    DirtyClassifier,
    DirtyRegressorCV,
    MeanRegularizedClassifier,
    MeanRegularizedRegressorCV,
    MultiTaskCV,
    MultiTaskLassoClassifierCV,
    MultiTaskLassoCV,
    TaskStratifiedKFold,
    TraceNormClassifierCV,
    TraceNormRegressorCV,
    compare_to_single_task,
    keep_task_column,
)

TASK, LONG = {"task_column": -1}, {"task_column": -1, "max_iter": 10_000}
REGRESSORS = {
    "mean-regularized": MeanRegularizedRegressorCV(**TASK),
    "multi-task lasso": MultiTaskLassoCV(**LONG),
    "trace norm": TraceNormRegressorCV(**TASK),
    "clustered": ClusteredTaskRegressorCV(**TASK),
    "dirty": DirtyRegressorCV(**LONG),
}
CLASSIFIERS = {
    "mean-regularized": MultiTaskCV(
        MeanRegularizedClassifier(**TASK), {"alpha": 8, "ridge": [1e-3, 1e-2, 1e-1]}
    ),
    "multi-task lasso": MultiTaskLassoClassifierCV(alphas=20, eps=1e-2, **TASK),
    "trace norm": TraceNormClassifierCV(alphas=20, eps=1e-2, **TASK),
    "clustered": MultiTaskCV(ClusteredTaskClassifier(**TASK), {"alpha": 8, "n_clusters": [2]}),
    "dirty": MultiTaskCV(DirtyClassifier(**LONG), {"alpha": 8}, eps=1e-2),
}


def load(path, target):
    """X with the task in the last column, and y."""
    with np.load(path) as file:
        X, y = file["X"].astype(float), file[target].ravel()
        X = X[:, np.ptp(X, axis=0) > 0]
        return np.column_stack([X, file["task"].ravel()]), y


def make_splits(X, y, classes, n_splits):
    """The first of 5 repeats of 4 folds."""
    strata = X[:, -1] * 2 + (y == y.max()) if classes else X[:, -1]
    pairs = []
    for seed in range(5):
        pairs += TaskStratifiedKFold(4, shuffle=True, random_state=seed).split(X, groups=strata)
    return pairs[:n_splits]


def percent(value):
    return "" if np.isnan(value) else f"{100 * value:+.1f}"


def rows_of(name, report):
    """Rows of the table of the documentation."""
    for row in report.ranking_:
        is_estimator = row["method"] in report.reports_
        interval = f"{percent(row['median_gain_low'])} to {percent(row['median_gain_high'])}"
        yield [
            name,
            row["method"],
            f"{row['mean_error']:.4g}",
            f"{row['mean_rank']:.2f}",
            f"{percent(row['median_gain'])} ({interval})" if is_estimator else "",
            f"{100 * row['share_gain']:.0f}" if is_estimator else "",
            f"{row['n_helped']:.0f} / {row['n_harmed']:.0f}" if is_estimator else "",
            "" if np.isnan(row["dof"]) else f"{row['dof']:.0f}",
            f"{row['fit_time']:.2f}",
        ]


HEAD = [
    "data",
    "model",
    "error",
    "mean rank",
    "median gain, %",
    "tasks that gain, %",
    "helped / harmed",
    "dof",
    "fit, s",
]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("name")
    options.add_argument("file", type=Path)
    options.add_argument("--target", default="y")
    options.add_argument("--splits", type=int, default=20)
    options.add_argument("--jobs", type=int)
    options.add_argument("--plot", type=Path, help="directory for pictures")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    X, y = load(options.file, options.target)
    classes = len(np.unique(y)) == 2
    models = {
        name: make_pipeline(keep_task_column(StandardScaler(), -1), model)
        for name, model in (CLASSIFIERS if classes else REGRESSORS).items()
    }
    report = compare_to_single_task(
        models,
        X,
        y,
        task_column=-1,
        cv=make_splits(X, y, classes, options.splits),
        n_jobs=options.jobs,
        random_state=0,
    )
    print(options.name, report, sep="\n\n")
    print(report.details())
    for name in models:
        print(name, report[name], sep="\n\n")
    if options.plot:
        report.plot().figure_.savefig(options.plot / f"{options.name}_gain.png", dpi=120)
        for kind in ("gain", "scatter", "size", "splits"):
            picture = report["mean-regularized"].plot(kind=kind).figure_
            picture.savefig(options.plot / f"{options.name}_mean_{kind}.png", dpi=120)
    if options.rst:
        table = list_table("14 22 10 10 24 12 14 8 8", [HEAD, *rows_of(options.name, report)])
        options.rst.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()

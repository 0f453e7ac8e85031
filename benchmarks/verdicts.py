"""Did sharing help? The reports of `compare_to_single_task` on real data.

    python benchmarks/verdicts.py [NAME ...] [--data DIRECTORY] [--rst FILE] [--plot DIRECTORY]

NAME is "radon" or "parkinsons", which come with the package, or "school" or "landmine", of which
`--data` holds the files `NAME.npz` with the samples of all tasks: `X`, `y` and `task`. All of them
by default. Each is compared with one model, whose strengths are chosen inside the training part.
The splits are 5 repeats of 4 folds, except that Parkinson's patients have 6 recordings in each of
10 training sets. Prints the reports; `--plot` draws them, `--rst` writes the table of the
documentation.
"""

import argparse
from pathlib import Path

import numpy as np
from report import list_table
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MeanRegularizedClassifier,
    MeanRegularizedRegressorCV,
    MixedEffectsRegressor,
    MultiTaskCV,
    MultiTaskLassoCV,
    TaskStratifiedShuffleSplit,
    compare_to_single_task,
    keep_task_column,
)
from skmtl.datasets import load_parkinsons, load_radon

TASK = {"task_column": -1}
LANDMINE_GRID = {"alpha": 8, "ridge": [1e-3, 1e-2, 1e-1]}
MODELS = {
    "radon": MixedEffectsRegressor(**TASK),
    "parkinsons": MultiTaskLassoCV(max_iter=10_000, **TASK),
    "school": MeanRegularizedRegressorCV(**TASK),
    "landmine": MultiTaskCV(MeanRegularizedClassifier(**TASK), LANDMINE_GRID),
}
HEAD = [
    "data",
    "model",
    "tasks",
    "training samples",
    "median gain, %",
    "tasks that gain, %",
    "helped (probably)",
    "harmed (probably)",
    "over one for all, %",
    "over intercepts, %",
]


def load(name, directory):
    """X with the task in the last column, and y."""
    if name == "radon":
        data = load_radon()
        return data.X, data.y
    if name == "parkinsons":
        data = load_parkinsons()
        return data.X, data.y
    with np.load(directory / f"{name}.npz") as file:
        X = file["X"].astype(float)
        X = X[:, np.ptp(X, axis=0) > 0]
        return np.column_stack([X, file["task"].ravel()]), file["y"].ravel()


def compare(name, directory, n_jobs):
    """The report on one data set."""
    X, y = load(name, directory)
    scaler = keep_task_column(StandardScaler(), -1)
    cv = None
    if name == "parkinsons":
        cv = TaskStratifiedShuffleSplit(10, train_size=6, test_size=None, random_state=0, **TASK)
    return compare_to_single_task(
        make_pipeline(scaler, MODELS[name]),
        X,
        y,
        task_column=-1,
        cv=cv,
        model_figures=False,
        n_jobs=n_jobs,
        random_state=0,
    )


def interval(numbers):
    """A gain and its interval in percent."""
    gain, low, high = (f"{100 * number:+.1f}" for number in numbers)
    return f"{gain} ({low} to {high})"


def row_of(name, report):
    """The row of the table of the documentation."""
    summary = report.summary_
    model = MODELS[name]
    inner = getattr(model, "estimator", model)
    n_train = report.table_["n_train"].round().astype(int)
    sizes = [str(n_train.min()), str(n_train.max())]
    median = [summary[key] for key in ("median_gain", "median_gain_low", "median_gain_high")]
    return [
        name,
        f":class:`~skmtl.{type(inner).__name__}`",
        str(len(report.table_)),
        " to ".join(dict.fromkeys([sizes[0], sizes[-1]])),
        interval(median),
        f"{100 * summary['share_gain']:.0f}",
        f"{summary['n_helped']} ({summary['n_probably_helped']})",
        f"{summary['n_harmed']} ({summary['n_probably_harmed']})",
        interval(summary["rivals"]["pooled"]),
        interval(summary["rivals"]["intercept"]),
    ]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("names", nargs="*", default=list(MODELS), metavar="NAME")
    options.add_argument("--data", type=Path, help="directory of the files")
    options.add_argument("--jobs", type=int)
    options.add_argument("--plot", type=Path, help="directory for pictures")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    rows = []
    for name in options.names:
        report = compare(name, options.data, options.jobs)
        print(name, report, sep="\n\n", end="\n\n", flush=True)
        rows.append(row_of(name, report))
        if options.plot:
            for kind in ("gain", "scatter", "size", "splits"):
                picture = report.plot(kind=kind).figure_
                picture.savefig(options.plot / f"{name}_{kind}.png", dpi=120)
    if options.rst:
        table = list_table("10 16 7 11 16 8 9 9 16 16", [HEAD, *rows])
        options.rst.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()

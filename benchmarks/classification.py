"""AUC of classifiers that share, beside tuned single-task and pooled logistic regressions.

    python benchmarks/classification.py FILE.npz [--n-splits N] [--train-size S] [--rst FILE]

`FILE.npz` holds the rows of all tasks: `X`, or the parts `data`, `indices`, `indptr`, `shape` of a
CSR matrix, `y` of two values and `task`. Dense X is standardized on the training part. Splits are
stratified by task and class; every strength is chosen by five-fold cross-validation of the log-loss
inside the training part. Prints the mean over tasks of the area under the ROC curve and of the
log-loss on the test rows, in how many tasks the area is above that of the tuned single-task model,
and the time of the whole choice: means over splits, and standard deviations.
"""

import argparse
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from scipy import sparse
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skmtl import (
    ClusteredTaskClassifier,
    IndependentTasks,
    MeanRegularizedClassifier,
    MultiTaskCV,
    MultiTaskLassoClassifierCV,
    PooledTasks,
    TraceNormClassifierCV,
)

LOGISTIC = LogisticRegressionCV(
    Cs=15, l1_ratios=[0.0], scoring="neg_log_loss", max_iter=2000, use_legacy_attributes=False
)
SINGLE = "single-task logistic"
MODELS = {
    SINGLE: IndependentTasks(LOGISTIC),
    "pooled logistic": PooledTasks(LOGISTIC),
    "multi-task lasso": MultiTaskLassoClassifierCV(alphas=30, eps=1e-3),
    "trace norm": TraceNormClassifierCV(alphas=30, eps=1e-3),
    "mean-regularized": MultiTaskCV(
        MeanRegularizedClassifier(), {"alpha": 10, "ridge": [1e-3, 1e-2, 1e-1]}
    ),
    "clustered": MultiTaskCV(ClusteredTaskClassifier(), {"alpha": 10, "n_clusters": [1, 2]}),
}


def load(path):
    """X, y (0 or 1) and the task of every row."""
    with np.load(path) as file:
        if "X" in file:
            X = file["X"].astype(float)
        else:
            parts = (file[name] for name in ("data", "indices", "indptr"))
            X = sparse.csr_matrix(tuple(parts), shape=tuple(file["shape"])).astype(float)
        y = file["y"].ravel()
        return X, (y == y.max()).astype(int), file["task"].ravel()


def by_task(metric, y, p, tasks):
    """The metric of every task that has both classes, NaN of the others."""
    values = []
    for task in np.unique(tasks):
        here = tasks == task
        both = len(np.unique(y[here])) == 2
        values.append(metric(y[here], p[here]) if both else np.nan)
    return np.array(values)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("file", type=Path)
    options.add_argument("--n-splits", type=int, default=10)
    options.add_argument("--train-size", type=float, default=0.5)
    options.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore")  # of single tasks that hardly have a class
    X, y, tasks = load(options.file)
    splits = StratifiedShuffleSplit(
        options.n_splits, train_size=options.train_size, random_state=0
    ).split(y, tasks * 2 + y)
    rows = {name: [] for name in options.only}
    for train, test in splits:
        A, B = X[train], X[test]
        if not sparse.issparse(X):
            scaler = StandardScaler().fit(A)
            A, B = scaler.transform(A), scaler.transform(B)
        single = None
        for name in options.only:
            start = process_time()
            model = MODELS[name].fit(A, y[train], tasks=tasks[train])
            seconds = process_time() - start
            p = model.predict_proba(B, tasks=tasks[test])[:, 1]
            areas = by_task(roc_auc_score, y[test], p, tasks[test])
            losses = by_task(log_loss, y[test], p, tasks[test])
            single = areas if name == SINGLE else single
            better = np.nan if single is None else np.nanmean(areas > single)
            rows[name].append([np.nanmean(areas), np.nanmean(losses), 100 * better, seconds])
    table = [["model", "AUC", "log-loss", "tasks better than single-task, %", "fit, s"]]
    for name, values in rows.items():
        mean, deviation = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
        cells = [f"{m:.3f} ± {d:.3f}" for m, d in zip(mean[:2], deviation[:2], strict=True)]
        above = "" if name == SINGLE else f"{mean[2]:.0f}"
        table.append([name, *cells, above, f"{mean[3]:.2f}"])
        print(*table[-1], sep=", ", flush=True)
    if options.rst:
        options.rst.write_text(list_table("30 20 20 15 15", table), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

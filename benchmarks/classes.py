"""Fit times of classifiers on wide, dense data of the shape of Tox21.

    python benchmarks/classes.py [--models mean L2,1 trace] [--checkout PATH] [--rst FILE]

6000 samples share 1024 binary features, of which 5 % are ones; there are 12 binary tasks, and a
fifth of the targets is missing. CPU seconds of one thread, medians of calls that take turns: skmtl
on the dense array and on the same as a sparse matrix, and one `LogisticRegression` of scikit-learn
for each task (only for the model that pulls to the mean, as it has no norms over tasks). With
`--checkout` another revision is timed too, on the dense array, in processes that take turns. How
FISTA does on wide data with classes is in logistic.py.
"""

import argparse
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from report import list_table
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

import skmtl

N, P, T = 6000, 1024, 12
NORMS = {"L2,1": skmtl.MultiTaskLassoClassifier, "trace": skmtl.TraceNormClassifier}
MODELS = {"mean": (None,), "L2,1": (0.1, 0.02), "trace": (0.1, 0.02)}


def generated(seed=0):
    """X and Y, NaN where a target is missing."""
    rng = np.random.default_rng(seed)
    X = (rng.random((N, P)) < 0.05).astype(float)
    common = 0.5 * rng.normal(size=(P, 1)) * (rng.random((P, 1)) < 0.2)
    own = 0.3 * rng.normal(size=(P, T)) * (rng.random((P, T)) < 0.1)
    Z = X @ (common + own)
    Z -= Z.mean(axis=0)
    Y = (rng.random((N, T)) < expit(Z - 2)).astype(float)
    Y[rng.random((N, T)) < 0.2] = np.nan
    return X, Y


def estimators(models, X, Y):
    """Names, titles and estimators."""
    for name in models:
        if name == "mean":
            yield name, name, skmtl.MeanRegularizedClassifier()
            continue
        largest = skmtl.alpha_max(sparse.csr_matrix(X), Y, estimator=NORMS[name]())
        for share in MODELS[name]:
            yield name, f"{name}, {share} of alpha_max", NORMS[name](share * largest)


def seconds(fit):
    start = process_time()
    fit()
    return process_time() - start


def single_tasks(X, Y):
    """One logistic regression for each task, on its own samples."""
    for y in Y.T:
        seen = ~np.isnan(y)
        LogisticRegression().fit(X[seen], y[seen])


def dense_times(models):
    """Seconds and objective of one dense fit of every model."""
    X, Y = generated()
    found = {}
    for _, title, model in estimators(models, X, Y):
        found[title] = (seconds(lambda model=model: model.fit(X, Y)), model.objective_)
    return found


def times_of(checkout, models):
    """The same in a process that imports skmtl from another checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, __file__, "--as-json", "--models", *models]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(models, repeats, checkout):
    """Rows of median seconds: a list of dicts."""
    X, Y = generated()
    S = sparse.csr_matrix(X)
    here = Path(skmtl.__file__).parents[1]
    rows = []
    for name, title, model in estimators(models, X, Y):
        times = {"dense": [], "sparse": [], "12 x LogisticRegression": [], "before": []}
        for _ in range(repeats):
            times["sparse"].append(seconds(lambda model=model: model.fit(S, Y)))
            if name == "mean":
                times["12 x LogisticRegression"].append(seconds(lambda: single_tasks(X, Y)))
            if checkout is None:
                times["dense"].append(seconds(lambda model=model: model.fit(X, Y)))
                continue
            times["before"].append(times_of(checkout, [name])[title])
            times["dense"].append(times_of(here, [name])[title])
        if checkout is not None:
            objectives = {key: times[key][0][1] for key in ("before", "dense")}
            print("objectives", objectives)
            for key in objectives:
                times[key] = [spent for spent, _ in times[key]]
        medians = {key: float(np.median(spent)) for key, spent in times.items() if spent}
        rows.append({"model": title, **medians})
        shown = [f"{key} {value:.3g} s" for key, value in medians.items()]
        print(title, *shown, sep="; ", flush=True)
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    options.add_argument("--repeats", type=int, default=3, help="times of each fit (3)")
    options.add_argument("--checkout", type=Path, help="another revision to compare with")
    options.add_argument("--as-json", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    if options.as_json:
        print(json.dumps(dense_times(options.models)))
        return
    rows = measure(options.models, options.repeats, options.checkout)
    if options.rst:
        keys = ["before", "dense", "sparse", "12 x LogisticRegression"]
        header = ["model", "before, s", "dense, s", "sparse, s", "12 x LogisticRegression, s"]
        table = [header]
        for row in rows:
            numbers = [f"{row[key]:.3g}" if key in row else "" for key in keys]
            table.append([row["model"], *numbers])
        options.rst.write_text(list_table("32 14 14 14 26", table), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

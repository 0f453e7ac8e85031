"""Which model first? Eight public sets whose tasks have rows of their own.

    python benchmarks/which_model.py --data DIR --results DIR [--sets S ...] [--models M ...]
        [--splits N] [--limit SECONDS] [--rst FILE]

`own_rows.py` says where the sets are from and which files DIR has. A few rows of each task are for
training, all others for testing, two splits or more. Features are standardized; every model
chooses its strengths from the training rows. The error is the root mean squared error of a task,
averaged over tasks and splits. The table has the gain over a tuned ridge regression of each task in
percent and in brackets the share of tasks whose error, averaged over splits, is more than 2 %
larger than that ridge's.

Errors of each task, and seconds, are kept in the directory of results, one file a fit, and what is
there is not run again: delete files of a model that has changed. GPBoost and statsmodels are
skipped if they are not installed, and a model is not run on further splits of a set after a fit
took longer than the limit.
"""

import argparse
import warnings
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
from kept_results import Results, gain, harmed, measure
from own_rows import SETS, load, split
from peers_mixed import CategoricalTrees, GPBoostMixed, StatsmodelsMixed
from report import list_table
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, RidgeCV
from threadpoolctl import threadpool_limits

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressorCV,
    MixedEffectsRegressor,
    MultiTaskLassoCV,
    PooledTasks,
    RandomInterceptTasks,
    SafeSharingRegressor,
    TraceNormRegressorCV,
)

RIDGE = RidgeCV(np.logspace(-2, 4, 25))
LONG = {"task_column": -1, "cv": 5}
MEAN = {"alphas": 15, "ridge": [1e-2, 1e-1, 1.0], **LONG}
TRACE = {"alphas": 15, "eps": 1e-2, **LONG}
ALONE = "ridge of each task"
MODELS = {  # the columns of the table
    ALONE: IndependentTasks(RIDGE, task_column=-1),
    "mixed effects": MixedEffectsRegressor(task_column=-1),
    "mixed effects, common noise": MixedEffectsRegressor(task_noise="common", task_column=-1),
    "mixed effects, REML": MixedEffectsRegressor(
        "diagonal", task_noise="common", fixed_effects="flat", task_column=-1
    ),
    "stack": SafeSharingRegressor(task_column=-1),
    "random intercepts, ridge": RandomInterceptTasks(RIDGE, task_column=-1),
    "mean-regularized": MeanRegularizedRegressorCV(intercept="shared", **MEAN),
    "trace norm": TraceNormRegressorCV(intercept="shared", **TRACE),
    "multi-task lasso": MultiTaskLassoCV(alphas=30, eps=1e-2, **LONG),
    "pooled ridge": PooledTasks(RIDGE, task_column=-1),
    "trees, task as category": CategoricalTrees(),
    "GPBoost": GPBoostMixed(),
    "statsmodels, intercepts": StatsmodelsMixed(slopes=False),
}
OTHERS = {  # further models, by name only
    "lasso of each task": IndependentTasks(LassoCV(cv=3, eps=1e-2), task_column=-1),
    "mean-regularized, free intercepts": MeanRegularizedRegressorCV(intercept="free", **MEAN),
    "trace norm, free intercepts": TraceNormRegressorCV(intercept="free", **TRACE),
    "GPBoost, intercepts": GPBoostMixed(slopes=False),
    "statsmodels": StatsmodelsMixed(),
}
SETTINGS = {  # of the mixed-effects model: what its defaults were chosen from
    f"mixed, {', '.join(values)}": MixedEffectsRegressor(
        values[0],
        deviations=values[1],
        task_noise=values[2],
        fixed_effects=values[3],
        task_column=-1,
    )
    for values in product(
        ("intercept", "isotropic", "diagonal", "full", "auto"),
        ("normal", "t"),
        ("common", "own"),
        ("flat", "ridge", "sparse"),
    )
}
NEEDS = {"GPBoost": "gpboost", "statsmodels": "statsmodels"}


def installed(name):
    """Whether the library of a model is there."""
    library = next((NEEDS[peer] for peer in NEEDS if name.startswith(peer)), None)
    return library is None or find_spec(library) is not None


def cases(names):
    """Pairs of the name of a set and a number of labeled rows."""
    return [(name, n_rows) for name in names for n_rows in SETS[name][1]]


def run(options, results):
    """Fit what is asked for and not there."""
    for name, n_rows in cases(options.sets):
        X, y = load(name, options.data)
        case = f"{name} {n_rows}"
        for seed in range(options.splits):
            data = split(X, y, n_rows, seed)
            for model in options.models:
                if results.get(model, case, seed) is not None or not installed(model):
                    continue
                before = results.get(model, case, seed - 1)
                if before is not None and before.get("seconds", 0) > options.limit:
                    continue
                found = measure({**MODELS, **OTHERS, **SETTINGS}[model], *data)
                results.put(model, case, seed, found)
                error = np.mean(found["errors"]) if "errors" in found else found["failed"]
                print(case, seed, model, error, found.get("seconds"), sep=", ", flush=True)


def summary(results, model, case, seeds):
    """Gain in percent, share of harmed tasks, and median seconds; None without any result."""
    runs = results.both(model, ALONE, case, seeds)
    if not runs:
        return None
    error = np.mean([run["errors"] for run, _ in runs], axis=0)
    reference = np.mean([run["errors"] for _, run in runs], axis=0)
    seconds = np.median([run["seconds"] for run, _ in runs])
    return gain(error, reference), harmed(error, reference), seconds


def cell(found):
    """The text of a summary."""
    if found is None:
        return "–"
    better, harm, _ = found
    return f"{better:.1f} ({harm:.2f})"


def table(options, results):
    """Rows are sets and numbers of labeled rows, columns are models."""
    shown = [model for model in options.models if model != ALONE]
    rows = [["set (tasks), rows", *shown]]
    for name, n_rows in cases(options.sets):
        case = f"{name} {n_rows}"
        alone = results.get(ALONE, case, 0)
        if alone is None:
            continue
        runs = range(options.splits)
        found = [summary(results, model, case, runs) for model in shown]
        title = f"{name} ({len(alone['errors'])}), {n_rows}"
        rows.append([title, *(cell(one) for one in found)])
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="directory of the sets")
    options.add_argument("--results", type=Path, required=True, help="directory of results")
    options.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    options.add_argument("--models", nargs="+", default=list(MODELS))
    options.add_argument("--settings", action="store_true", help="of mixed effects, all in turn")
    options.add_argument("--splits", type=int, default=2)
    options.add_argument("--limit", type=float, default=np.inf, help="seconds of a fit")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    if options.settings:
        options.models = [ALONE, *SETTINGS]
    warnings.simplefilter("ignore", ConvergenceWarning)
    results = Results(options.results)
    run(options, results)
    rows = table(options, results)
    for row in zip(*rows, strict=True):  # models below each other
        print(*(f"{text:>14}" for text in row[1:]), row[0], sep="  ")
    if options.rst:
        widths = " ".join(["10"] * len(rows[0]))
        options.rst.write_text(list_table(widths, rows), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

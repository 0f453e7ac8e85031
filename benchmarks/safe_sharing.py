"""Does a stack of single and sharing models avoid harm? From identical to unrelated tasks.

    python benchmarks/safe_sharing.py --results DIR [--data DIR] [--cases C ...] [--models M ...]
        [--draws N] [--all] [--rst FILE]

The generated families are those of `families.py`, ten draws each; with a directory of data also
School, 75 % of the pupils of a school for training, and Parkinson's, ten recordings of each patient
or 75 % of them, three splits each. The error of a task is the root mean squared error of its test
rows. The gain is 1 - error / error of single tasks, errors averaged over tasks; the single tasks
are tuned ridges or tuned lassos, whichever has the smaller error in that draw. Prints the mean gain
of the stack in percent, that of the worst draw, and the share of tasks whose error is more than 2 %
larger (of real data their error over all splits: the tasks are the same in each); with --all those
of every model, and the median CPU seconds of a fit.

Errors of each task are kept in the directory of results, and what is there is not run again.
"""

import argparse
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from families import FAMILIES, draw
from kept_results import Results, gain, harmed, measure
from own_rows import load, shares, split
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
    SafeSharingRegressor,
    TraceNormRegressorCV,
)

RIDGE = RidgeCV(np.logspace(-2, 4, 25))
LONG = {"task_column": -1, "cv": 5}
HEAVY = {"deviations": "t", "task_noise": "own", "task_column": -1}
SINGLE = {
    "ridge of each task": IndependentTasks(RIDGE, task_column=-1),
    "lasso of each task": IndependentTasks(LassoCV(cv=5, alphas=30, eps=1e-2), task_column=-1),
}
JOINT = {
    "pooled ridge": PooledTasks(RIDGE, task_column=-1),
    "mean-regularized": MeanRegularizedRegressorCV(
        alphas=15, ridge=[1e-2, 1e-1, 1.0], intercept="free", **LONG
    ),
    "multi-task lasso": MultiTaskLassoCV(alphas=30, eps=1e-2, **LONG),
    "trace norm": TraceNormRegressorCV(alphas=15, eps=1e-2, intercept="free", **LONG),
    "mixed effects": MixedEffectsRegressor(task_column=-1),
    "mixed effects, isotropic, t": MixedEffectsRegressor(
        "isotropic", fixed_effects="ridge", **HEAVY
    ),
    "mixed effects, sparse, t": MixedEffectsRegressor("diagonal", fixed_effects="sparse", **HEAVY),
}
STACK = "stack"
MODELS = {**SINGLE, **JOINT, STACK: SafeSharingRegressor(task_column=-1)}
REAL = {  # set, and how its rows are split
    "School, 75 %": ("School", partial(shares, share=0.75)),
    "Parkinson's, 10 rows": ("Parkinson's", partial(split, n_rows=10)),
    "Parkinson's, 75 %": ("Parkinson's", partial(shares, share=0.75)),
}
N_SPLITS = 3


def seeds_of(case, n_draws):
    return range(n_draws if case in FAMILIES else N_SPLITS)


def data_of(case, seeds, directory):
    """Pairs of a seed and its data."""
    if case in FAMILIES:
        for seed in seeds:
            yield seed, draw(case, seed)
        return
    name, divide = REAL[case]
    X, y = load(name, directory)
    for seed in seeds:
        yield seed, divide(X, y, seed=seed)


def run(options, results):
    """Fit what is asked for and not there."""
    for case in options.cases:
        if case in REAL and options.data is None:
            continue
        for seed, data in data_of(case, seeds_of(case, options.draws), options.data):
            for model in options.models:
                if results.get(model, case, seed) is None:
                    found = measure(MODELS[model], *data)
                    results.put(model, case, seed, found)
                    if "failed" in found:
                        print(case, seed, model, found["failed"], sep=", ", flush=True)


def summary(results, model, case, seeds):
    """Mean and smallest gain, share of harmed tasks, seconds; None if a draw is missing."""
    gains, seconds = [], []
    errors_of_draws, references = [], []
    for seed in seeds:
        runs = [results.get(name, case, seed) for name in (model, *SINGLE)]
        if not all(one and "errors" in one for one in runs):
            return None
        errors, *alone = (run["errors"] for run in runs)
        reference = min(alone, key=np.mean)
        gains.append(gain(errors, reference))
        seconds.append(runs[0]["seconds"])
        errors_of_draws.append(errors)
        references.append(reference)
    if case in REAL:
        errors_of_draws = [_over_splits(errors_of_draws)]
        references = [_over_splits(references)]
    harms = [harmed(*pair) for pair in zip(errors_of_draws, references, strict=True)]
    return np.mean(gains), min(gains), np.mean(harms), np.median(seconds)


def _over_splits(errors):
    """Root mean squared error of each task over splits of the same size."""
    return np.sqrt(np.mean(np.square(errors), axis=0))


def cells(found):
    """The texts of a summary but for the seconds: gain, that of the worst draw, harmed tasks."""
    mean, worst, harm, _ = found
    return [f"{mean:+.1f}", f"{worst:+.1f}", f"{100 * harm:.0f}"]


def table(options, results):
    """The stack on every case that was run."""
    rows = [["tasks", "gain, %", "of the worst draw", "harmed, %"]]
    for case in options.cases:
        found = summary(results, STACK, case, seeds_of(case, options.draws))
        if found is not None:
            rows.append([case, *cells(found)])
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--results", type=Path, required=True, help="directory of results")
    options.add_argument("--data", type=Path, help="directory of the sets, see own_rows.py")
    options.add_argument("--cases", nargs="+", default=[*FAMILIES, *REAL])
    options.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    options.add_argument("--draws", type=int, default=10)
    options.add_argument("--all", action="store_true", help="print every model")
    options.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of lassos of a few rows
    results = Results(options.results)
    run(options, results)
    if options.all:
        for case in options.cases:
            for model in options.models:
                found = summary(results, model, case, seeds_of(case, options.draws))
                if found is not None:
                    texts = [*cells(found), f"{found[-1]:.2f}"]
                    print(f"{case:40} {model:28}", *(f"{text:>8}" for text in texts))
    rows = table(options, results)
    for row in rows:
        print(*row, sep=", ")
    if options.rst:
        options.rst.write_text(list_table("40 20 20 20", rows), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

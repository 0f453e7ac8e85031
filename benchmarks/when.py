"""When does sharing help? The gain of models that share, over samples, relatedness and tasks.

    python benchmarks/when.py [--draws N] [--rst FILE] [--rst-tasks FILE]

Linear tasks with 20 features and rows of their own; signal and noise have unit variance in every
task. What the tasks have in common:

- identical: the same coefficients, of all features;
- similar: common coefficients plus deviations, correlated by 0.8 between tasks;
- same features: the same 4 features matter, with coefficients drawn for each task;
- opposite: one vector of coefficients, with the sign changed for every other task;
- unrelated: each task has 4 features of its own, with coefficients of its own.

The gain is 1 - RMSE / RMSE of single tasks on 500 fresh rows a task, errors averaged over tasks.
The single tasks are tuned ridges or tuned lassos, whichever has the smaller error. All models
choose their strengths by cross-validation of the training rows. Prints the gain in percent, its
mean and standard error over draws: for 10 to 160 rows a task with 10 tasks, and for 2 to 40 tasks
with 20 rows each.
"""

import argparse
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from families import N_FEATURES, dense, opposite, sparse, unit
from report import list_table
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.metrics import root_mean_squared_error
from threadpoolctl import threadpool_limits

from skmtl import (
    IndependentTasks,
    MeanRegularizedRegressorCV,
    MultiTaskLassoCV,
    PooledTasks,
    TraceNormRegressorCV,
    task_score,
)

N_TEST = 500
SAMPLES, TASKS = (10, 20, 40, 80, 160), (2, 5, 10, 20, 40)
FEW_SAMPLES, SOME_TASKS = 20, 10  # what is kept while the other changes
RIDGE = RidgeCV(np.logspace(-2, 4, 25))
LONG = {"task_column": -1, "cv": 5}
SINGLE = {
    "ridge": IndependentTasks(RIDGE, task_column=-1),
    "lasso": IndependentTasks(LassoCV(cv=5, alphas=30, eps=1e-2), task_column=-1),
}
MODELS = {
    "mean-regularized": MeanRegularizedRegressorCV(alphas=15, ridge=[1e-2, 1e-1, 1.0], **LONG),
    "multi-task lasso": MultiTaskLassoCV(alphas=30, eps=1e-2, **LONG),
    "trace norm": TraceNormRegressorCV(alphas=30, eps=1e-2, **LONG),
    "pooled": PooledTasks(RIDGE, task_column=-1),
}


RELATED = {
    "identical": dense,
    "similar": partial(dense, correlation=0.8),
    "same features": partial(sparse, same_features=True),
    "opposite": opposite,
    "unrelated": partial(sparse, same_features=False),
}


def samples_of_tasks(rng, coef, n_samples):
    """X with the task in its last column, and y."""
    tasks = np.repeat(np.arange(len(coef)), n_samples)
    X = rng.standard_normal((len(tasks), N_FEATURES))
    y = np.sum(X * coef[tasks], axis=1) + rng.standard_normal(len(tasks))
    return np.column_stack([X, tasks]), y


def gains(related, n_samples, n_tasks, seed):
    """Gain of every model on one draw, in percent."""
    rng = np.random.default_rng(seed)
    coef = unit(RELATED[related](rng, n_tasks))
    X, y = samples_of_tasks(rng, coef, n_samples)
    X_test, y_test = samples_of_tasks(rng, coef, N_TEST)

    def error(model):
        z = model.fit(X, y).predict(X_test)
        return task_score(y_test, z, metric=root_mean_squared_error, tasks=X_test[:, -1])

    alone = min(error(model) for model in SINGLE.values())
    return [100 * (1 - error(model) / alone) for model in MODELS.values()]


def scan(name, values, n_draws, arguments):
    """The table of gains over the values of one quantity."""
    table = [["tasks are", "model", *(f"{value} {name}" for value in values)]]
    for related in RELATED:
        found = [
            [gains(related, *arguments(value), seed) for seed in range(n_draws)] for value in values
        ]
        mean = np.mean(found, axis=1)
        deviation = np.std(found, axis=1, ddof=1) / np.sqrt(n_draws)
        for m, model in enumerate(MODELS):
            cells = [
                f"{a:+.0f} ± {b:.0f}" for a, b in zip(mean[:, m], deviation[:, m], strict=True)
            ]
            print(name, related, model, *cells, sep=", ", flush=True)
            table.append([related if m == 0 else "", model, *cells])
    return list_table("18 22 12 12 12 12 12", table)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--draws", type=int, default=10)
    options.add_argument("--rst", type=Path, help="write the table over samples")
    options.add_argument("--rst-tasks", type=Path, help="write the table over tasks")
    options = options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of lassos of ten samples
    by_samples = scan("samples", SAMPLES, options.draws, lambda n: (n, SOME_TASKS))
    by_tasks = scan("tasks", TASKS, options.draws, lambda n: (FEW_SAMPLES, n))
    for path, table in ((options.rst, by_samples), (options.rst_tasks, by_tasks)):
        if path:
            path.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()

"""Wall seconds with one BLAS thread, with all, and as skmtl chooses; idle and with a busy core.

    python benchmarks/threads.py [--repeats N] [--only PART ...] [--rst doc/threads_table.inc]

Each problem is one call, after one that does not count. "one" and "all" are the numbers of threads
of every BLAS of the process; "skmtl" is the choice that the library makes by itself. The three take
turns, and the smallest time of several counts on an idle machine; with a busy core it is their
mean, because what costs there are rare long waits. A core is kept busy by a process that counts.
The ratio is that of skmtl to the better of one and all threads.

Run it on a machine that does nothing else, and without OMP_NUM_THREADS or the like.
"""

import argparse
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from options import add_only, chosen
from report import list_table
from threadpoolctl import threadpool_limits

import skmtl
from skmtl import _threads

COUNTING = """
import os
parent = os.getppid()
while os.getppid() == parent:  # ends when the benchmark is stopped
    for _ in range(100_000):
        pass
"""
PAUSE = 0.3  # seconds, until threads of the call before have gone to sleep
WAYS = ("one", "all", "skmtl")
FIELDS = ["problem", "state", *WAYS, "ratio"]


# ---------------------------------------------------------------- problems


def regression(n, p, T, missing=0.0):
    """Shared samples with targets of a few common features."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    W = rng.standard_normal((p, 1)) * (rng.random((p, 1)) < 0.2)
    W = W + 0.3 * rng.standard_normal((p, T)) * (rng.random((p, 1)) < 0.2)
    Y = X @ W
    Y += Y.std() * rng.standard_normal(Y.shape)
    Y[rng.random(Y.shape) < missing] = np.nan
    return X, Y


def functions(n, missing=0.0):
    """Five functions of four features."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 4))
    Y = np.sin(X @ rng.standard_normal((4, 5))) + 0.1 * rng.standard_normal((n, 5))
    Y[rng.random(Y.shape) < missing] = np.nan
    return X, Y


def binary(n, p, T):
    """Labels of shared samples."""
    X, Y = regression(n, p, T)
    return X, (Y > 0).astype(int)


def long_data(n_tasks, n_rows, p):
    """Tasks with samples of their own, the task id in the last column."""
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.standard_normal((len(tasks), p))
    W = rng.standard_normal(p) + 0.3 * rng.standard_normal((n_tasks, p))
    y = np.sum(X * W[tasks], axis=1) + rng.standard_normal(len(tasks))
    return np.column_stack([X, tasks]), y


def fit(estimator, data):
    return lambda: estimator.fit(*data)


def prediction(estimator, data, X):
    estimator.fit(*data)
    return lambda: estimator.predict(X)


def gaussian_process(n, missing=0.0, **options):
    return fit(skmtl.MultiTaskGaussianProcessRegressor(**options), functions(n, missing))


PROBLEMS = {
    "Lasso, 100 x 30 x 5": lambda: fit(skmtl.MultiTaskLasso(0.1), regression(100, 30, 5)),
    "Lasso, 20000 x 500 x 20": lambda: fit(skmtl.MultiTaskLasso(0.1), regression(20000, 500, 20)),
    "LassoCV, 20000 x 500 x 20": lambda: fit(skmtl.MultiTaskLassoCV(), regression(20000, 500, 20)),
    "LassoCV, 200 x 500 x 5": lambda: fit(
        skmtl.MultiTaskLassoCV(alphas=20), regression(200, 500, 5)
    ),
    "trace norm CV, 1000 x 100 x 10": lambda: fit(
        skmtl.TraceNormRegressorCV(), regression(1000, 100, 10)
    ),
    "mean CV, 1000 x 100 x 12": lambda: fit(
        skmtl.MeanRegularizedRegressorCV(), regression(1000, 100, 12)
    ),
    "mean, 2000 x 2000 x 5": lambda: fit(
        skmtl.MeanRegularizedRegressor(), regression(2000, 2000, 5)
    ),
    "lasso classes, 500 x 1000 x 5": lambda: fit(
        skmtl.MultiTaskLassoClassifier(0.01), binary(500, 1000, 5)
    ),
    "School's shape, lasso": lambda: fit(
        skmtl.MultiTaskLasso(0.1, task_column=27), long_data(139, 110, 27)
    ),
    "School's shape, trace norm": lambda: fit(
        skmtl.TraceNormRegressor(0.1, task_column=27), long_data(139, 110, 27)
    ),
    "mixed effects, 139 x 110 x 10": lambda: fit(
        skmtl.MixedEffectsRegressor(task_column=10), long_data(139, 110, 10)
    ),
    "kernel ridge CV, 150 x 4 x 5": lambda: fit(
        skmtl.MultiTaskKernelRidgeCV(kernel="rbf"), functions(150, missing=0.2)
    ),
    "kernel ridge CV, 1000 x 4 x 5": lambda: fit(
        skmtl.MultiTaskKernelRidgeCV(kernel="rbf"), functions(1000)
    ),
    "kernel ridge, 5000 x 4 x 5": lambda: fit(
        skmtl.MultiTaskKernelRidge(kernel="rbf"), functions(5000)
    ),
    "Nystroem ridge CV, 20000 x 4 x 5": lambda: fit(
        skmtl.MultiTaskNystroemRidgeCV(kernel="rbf"), functions(20000)
    ),
    "Gaussian process, 150, missing": lambda: gaussian_process(150, missing=0.2, n_restarts=0),
    "Gaussian process, 150": lambda: gaussian_process(150),
    "Gaussian process, 500": lambda: gaussian_process(500, n_restarts=0),
    "Gaussian process, 1000": lambda: gaussian_process(1000, n_restarts=0),
    "predict 100000 x 500 x 20": lambda: prediction(
        skmtl.MultiTaskLasso(0.1), regression(1000, 500, 20), regression(100000, 500, 20)[0]
    ),
    "predict kernel ridge, 20000 of 1000": lambda: prediction(
        skmtl.MultiTaskKernelRidge(kernel="rbf"), functions(1000), functions(20000)[0]
    ),
}

# ---------------------------------------------------------------- measurement


@contextmanager
def busy_core():
    """Another process that counts, for as long as the block runs."""
    process = subprocess.Popen([sys.executable, "-c", COUNTING])
    time.sleep(0.2)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def not_limited():
    """The library without a choice of its own."""
    saved = _threads.one_thread
    _threads.one_thread = nullcontext
    try:
        yield
    finally:
        _threads.one_thread = saved


CONTEXTS = {
    "one": lambda: threadpool_limits(1, user_api="blas"),
    "all": not_limited,
    "skmtl": nullcontext,
}


def seconds(call, repeats):
    """Wall seconds of each way of `repeats` calls, which take turns."""
    spent = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            time.sleep(PAUSE)
            with CONTEXTS[way]():
                start = time.perf_counter()
                call()
                spent[way].append(time.perf_counter() - start)
    return spent


def measure(name, repeats):
    """Rows of a problem, idle and busy."""
    call = PROBLEMS[name]()
    call()
    for state, context, summary in (("idle", nullcontext, np.min), ("busy", busy_core, np.mean)):
        with context():
            spent = seconds(call, repeats)
        times = {way: float(summary(values)) for way, values in spent.items()}
        ratio = times["skmtl"] / min(times["one"], times["all"])
        yield {"problem": name, "state": state, **times, "ratio": ratio}


def cells(row):
    """The texts of a row."""
    return [value if isinstance(value, str) else f"{value:.3g}" for value in row.values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="times of each call (3)")
    add_only(parser, PROBLEMS)
    parser.add_argument("--rst", type=Path, help="write the table for the documentation")
    options = parser.parse_args()
    names = chosen(parser, PROBLEMS, options.only)
    warnings.simplefilter("ignore")
    measured = []
    print(*FIELDS, sep=";")  # names have commas
    for name in names:
        for row in measure(name, options.repeats):
            measured.append(cells(row))
            print(*measured[-1], sep=";", flush=True)
    if options.rst:
        options.rst.write_text(list_table("34 10 14 14 14 14", [FIELDS, *measured]))


if __name__ == "__main__":
    main()

"""The problems of guard.py, and the process that solves them with one checkout of skmtl.

Each function makes its data and returns what is timed: a function without arguments. The sizes are
such that a call takes from some milliseconds to some tenths of a second.
"""

import json
import subprocess
import sys
import warnings
from functools import cache

import numpy as np
from measure import cpu_seconds
from scipy import sparse

GRID = {"alphas": (0.01, 0.1, 1.0), "ridge": (0.01, 0.1, 1.0)}
FIRST_FIT = """
import sklearn.linear_model, sklearn.model_selection, sklearn.metrics
import numpy as np
from time import process_time
rng = np.random.default_rng(0)
X, Y = rng.standard_normal((200, 20)), rng.standard_normal((200, 5))
start = process_time()
from skmtl import MultiTaskLasso
MultiTaskLasso(alpha=0.1).fit(X, Y)
print(process_time() - start)
"""


@cache
def shared_rows(n_samples, n_features, n_tasks):
    """X and a column of Y for each task; a tenth of the features matter, a little differently."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    W = np.zeros((n_features, n_tasks))
    n_relevant = max(n_features // 10, 3)
    common = rng.standard_normal((n_relevant, 1))
    W[:n_relevant] = common + 0.5 * rng.standard_normal((n_relevant, n_tasks))
    noise = rng.standard_normal((n_samples, n_tasks))
    return X, X @ W + np.sqrt(n_relevant) / 2 * noise


def own_rows(n_rows, n_features, n_tasks):
    """X, y and the task of each row."""
    X, Y = shared_rows(n_rows * n_tasks, n_features, n_tasks)
    tasks = np.repeat(np.arange(n_tasks), n_rows)
    return X, Y[np.arange(len(Y)), tasks], tasks


def with_holes(Y):
    """Y without a random half of its entries."""
    missing = np.random.default_rng(1).random(Y.shape) < 0.5
    return np.where(missing, np.nan, Y)


def lasso_fit():
    from skmtl import MultiTaskLasso

    X, Y = shared_rows(2000, 200, 20)
    return lambda: MultiTaskLasso(alpha=0.1).fit(X, Y)


def lasso_path():
    from skmtl import multi_task_path

    X, Y = shared_rows(1000, 300, 20)
    return lambda: multi_task_path(X, Y)


def lasso_cv():
    from skmtl import MultiTaskLassoCV

    X, Y = shared_rows(1000, 100, 10)
    return lambda: MultiTaskLassoCV().fit(X, Y)


def lasso_own_rows():
    from skmtl import MultiTaskLasso

    X, y, tasks = own_rows(110, 28, 139)  # as in School
    return lambda: MultiTaskLasso(alpha=0.01).fit(X, y, tasks=tasks)


def lasso_sparse():
    from skmtl import MultiTaskLasso

    rng = np.random.default_rng(0)
    X = sparse.random(4000, 3000, density=0.01, format="csc", random_state=rng)
    Y = X @ rng.standard_normal((3000, 5)) + 0.1 * rng.standard_normal((4000, 5))
    return lambda: MultiTaskLasso(alpha=0.003).fit(X, Y)


def trace_fit():
    from skmtl import TraceNormRegressor

    X, Y = shared_rows(1000, 100, 30)
    return lambda: TraceNormRegressor(alpha=0.1).fit(X, Y)


def mean_cv():
    from skmtl import MeanRegularizedRegressorCV

    X, Y = shared_rows(500, 50, 8)
    return lambda: MeanRegularizedRegressorCV(**GRID).fit(X, Y)


def mean_cv_holes():
    from skmtl import MeanRegularizedRegressorCV

    X, Y = shared_rows(300, 40, 6)
    return lambda: MeanRegularizedRegressorCV(**GRID).fit(X, with_holes(Y))


def logistic_wide():
    from skmtl import MultiTaskLassoClassifier

    X, Y = shared_rows(600, 400, 6)
    return lambda: MultiTaskLassoClassifier(alpha=0.02).fit(X, (Y > 0).astype(int))


def gaussian_process():
    from skmtl import MultiTaskGaussianProcessRegressor

    X, Y = shared_rows(60, 3, 3)
    return lambda: MultiTaskGaussianProcessRegressor().fit(X, Y)


def kernel_cv():
    from skmtl import MultiTaskKernelRidgeCV

    X, Y = shared_rows(300, 10, 5)
    return lambda: MultiTaskKernelRidgeCV(kernel="rbf").fit(X, Y)


def first_fit():
    """Import and first fit of a process that has scikit-learn; answers seconds of its own."""
    command = [sys.executable, "-P", "-c", FIRST_FIT]  # -P: not the skmtl of the working directory
    return lambda: float(subprocess.run(command, capture_output=True, check=True).stdout)


PROBLEMS = {
    "lasso, fit": lasso_fit,
    "lasso, path": lasso_path,
    "lasso, CV": lasso_cv,
    "lasso, own rows": lasso_own_rows,
    "lasso, sparse X": lasso_sparse,
    "trace norm, fit": trace_fit,
    "mean-regularized, CV": mean_cv,
    "mean-regularized, CV, half of Y missing": mean_cv_holes,
    "lasso, classes, wide": logistic_wide,
    "Gaussian process": gaussian_process,
    "kernel ridge, CV": kernel_cv,
    "import and first fit": first_fit,
}


def seconds_of(problem, call):
    """CPU seconds of a call, the mean over several if it is short."""
    return call() if problem is first_fit else cpu_seconds(call, shortest=0.05)[0]


def serve():
    """Answer names of problems with seconds, or with the reason why there are none.

    The first answer is where skmtl was imported from. The first time of a problem includes what is
    made or compiled once.
    """
    import skmtl

    warnings.simplefilter("ignore")
    print(json.dumps(skmtl.__file__), flush=True)
    calls = {}
    for line in sys.stdin:
        name = json.loads(line)
        problem = PROBLEMS[name]
        try:
            calls.setdefault(name, None)
            calls[name] = calls[name] or problem()
            answer = seconds_of(problem, calls[name])
        except Exception as error:  # an older checkout may not have it
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()

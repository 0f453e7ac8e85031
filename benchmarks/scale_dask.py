"""The pass, logistic regression, and dask-ml on a cluster of two workers with a thread each."""

import logging
import warnings
from contextlib import contextmanager
from time import perf_counter

import numpy as np
from measure import peak_resident
from scale_data import Rows
from scale_pass import N_ALPHAS, N_FOLDS, Line, fit_path, root_mean_square, true_scores, warm_up

SOLVER = "newton"  # of dask-ml: the fastest of its solvers here, exact after one step
ALPHA = 1e-2  # of the logistic model


@contextmanager
def cluster():
    """A client of two worker processes with a thread each."""
    from dask.distributed import Client, LocalCluster

    # Workers that end slowly, and graphs of dask-ml, are no concern of ours.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as workers, Client(workers) as client:
        client.run(warm_up, Rows(1))
        yield client


def peak_of_workers(client):
    """The larger peak memory of both workers in mebibytes."""
    return max(client.run(peak_resident).values())


def measure_dask(rows, coef=None):
    """Lines of the pass through Dask.

    Parameters
    ----------
    rows : Rows
        The rows, which the workers make.
    coef : ndarray, default=None
        Coefficients from the same rows in one process.
    """
    from skmtl import TaskStatistics

    X, y, tasks = rows.dask_arrays()
    with cluster() as client:
        start = perf_counter()
        client.gather(client.map(size_of_chunk, range(rows.n_chunks), rows=rows))
        making = perf_counter() - start
        start = perf_counter()
        statistics = TaskStatistics.from_dask(X, y, tasks=tasks, n_folds=N_FOLDS)
        seconds = perf_counter() - start
        peak = peak_of_workers(client)
    model, path_seconds = fit_path(statistics)
    held_out = rows.held_out()
    error = root_mean_square(held_out, model.predict(held_out.X, tasks=held_out.tasks))
    note = ""
    if coef is not None and coef.shape == model.coef_.shape:
        difference = np.abs(coef - model.coef_).max() / np.abs(coef).max()
        note = f"coefficients as from one process up to {difference:.0e}"
    return [
        Line("rows are made, nothing else", making),
        Line(f"``TaskStatistics.from_dask``, {N_FOLDS} folds, and rows made", seconds, peak),
        Line(f"``MultiTaskLassoCV``, {N_ALPHAS} x {N_FOLDS}", path_seconds, None, error, note),
    ]


def size_of_chunk(number, rows):
    """Make a chunk and return its number of rows."""
    return len(rows.chunk(number).y)


def kept_rows(rows):
    """X, y and tasks as dask arrays that are in the memory of the workers."""
    import dask
    from dask.distributed import wait

    arrays = dask.persist(*rows.dask_arrays())
    wait(arrays)
    return arrays


def measure_dask_ml(rows, coef=None):
    """Lines of our pass and path, and of dask-ml's linear models, on rows that workers keep."""
    from skmtl import TaskStatistics

    held_out = rows.held_out()
    with cluster():
        X, y, tasks = kept_rows(rows)
        start = perf_counter()
        statistics = TaskStatistics.from_dask(X, y, tasks=tasks, n_folds=N_FOLDS)
        model, _ = fit_path(statistics)
        seconds = perf_counter() - start
        error = root_mean_square(held_out, model.predict(held_out.X, tasks=held_out.tasks))
        lines = [Line("``from_dask`` and ``MultiTaskLassoCV``", seconds, error=error)]
        lines.append(dask_ml_line(X, y, tasks, rows))
    least_error = root_mean_square(held_out, true_scores(rows, held_out))
    return [*lines, Line("the true coefficients", error=least_error)]


def dask_ml_line(X, y, tasks, rows):
    """The line of dask-ml's LinearRegression of every task."""
    what = f"dask-ml's ``LinearRegression(solver={SOLVER!r})``, one a task"
    start = perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models = [fit_dask_ml(X, y, tasks, task) for task in range(rows.n_tasks)]
    except ImportError:
        return Line(what, note="not installed")
    except Exception as error:
        return Line(what, note=f"failed: {type(error).__name__}: {str(error)[:60]}")
    seconds = perf_counter() - start
    held_out = rows.held_out()
    coef = np.column_stack([model.coef_ for model in models])
    intercepts = np.array([float(model.intercept_) for model in models])
    scores = (held_out.X @ coef + intercepts)[np.arange(len(held_out.y)), held_out.tasks]
    return Line(what, seconds, error=root_mean_square(held_out, scores))


def fit_dask_ml(X, y, tasks, task):
    """dask-ml's LinearRegression of one task."""
    from dask_ml.linear_model import LinearRegression

    own = tasks == task
    X, y = X[own], y[own]
    X.compute_chunk_sizes()
    y.compute_chunk_sizes()
    X, y = X.persist(), y.persist()  # which its many rounds need
    return LinearRegression(solver=SOLVER).fit(X, y)


def measure_logistic(rows, coef=None):
    """The line of a logistic model with an L2,1 penalty on rows that the workers keep."""
    from skmtl import MultiTaskLassoClassifier

    with cluster() as client:
        X, y, tasks = kept_rows(rows)
        model = MultiTaskLassoClassifier(ALPHA)
        start = perf_counter()
        model.fit(X, y, tasks=tasks)
        seconds = perf_counter() - start
        peak = peak_of_workers(client)
    held_out = rows.held_out()
    wrong = model.predict(held_out.X, tasks=held_out.tasks) != held_out.y
    least = (true_scores(rows, held_out) > 0) != held_out.y
    n_selected = np.count_nonzero(np.any(model.coef_ != 0, axis=0))
    note = f"{model.n_passes_} passes, gap {model.dual_gap_:.0e}, {n_selected} features"
    return [
        Line("``MultiTaskLassoClassifier.fit``", seconds, peak, float(wrong.mean()), note),
        Line("the true coefficients", error=float(least.mean())),
    ]

"""One pass over rows that do not fit: ours, one dsyrk for every chunk, and scikit-learn's SGD."""

import warnings
from dataclasses import replace
from time import process_time
from typing import NamedTuple

import numpy as np
from measure import peak_resident
from scipy.linalg.blas import dsyrk
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import StandardScaler

N_ALPHAS = 100
N_FOLDS = 5
MEGABYTE = 1e6


class Line(NamedTuple):
    """A line of a table.

    Attributes
    ----------
    what : str
        What was done.
    seconds : float, default=None
        CPU seconds of one process, or seconds of the clock where there are more processes.
    memory : float, default=None
        Peak resident memory of the process in mebibytes.
    error : float, default=None
        Root mean squared error on held-out rows, or error rate.
    note : str, default=""
        What else there is to say.
    """

    what: str
    seconds: float = None
    memory: float = None
    error: float = None
    note: str = ""


class Dsyrk:
    """`X'X` of all chunks by one BLAS call for each: the least that second moments cost."""

    def __init__(self, n_features):
        self.gram = np.zeros((n_features, n_features), order="F")

    def __call__(self, chunk):
        # The transpose of a C-ordered array is F-ordered, so nothing is copied.
        self.gram = dsyrk(1.0, chunk.X.T, beta=1.0, c=self.gram, overwrite_c=1)


class StochasticGradient:
    """One StandardScaler and SGDRegressor a task, each updated by every chunk."""

    def __init__(self, n_tasks):
        self.scalers = [StandardScaler() for _ in range(n_tasks)]
        self.models = [SGDRegressor(random_state=0) for _ in range(n_tasks)]

    def __call__(self, chunk):
        for task, (scaler, model) in enumerate(zip(self.scalers, self.models, strict=True)):
            own = chunk.tasks == task
            X = scaler.partial_fit(chunk.X[own]).transform(chunk.X[own])
            model.partial_fit(X, chunk.y[own])

    def predict(self, chunk):
        """Predictions of the rows of a chunk."""
        predicted = np.empty(len(chunk.y))
        for task, (scaler, model) in enumerate(zip(self.scalers, self.models, strict=True)):
            own = chunk.tasks == task
            predicted[own] = model.predict(scaler.transform(chunk.X[own]))
        return predicted


class Clock:
    """CPU seconds spent in calls, by name."""

    def __init__(self):
        self.seconds = {}

    def call(self, name, function, *arguments):
        """The result of a call, whose time is added to that of the name."""
        start = process_time()
        result = function(*arguments)
        self.seconds[name] = self.seconds.get(name, 0.0) + process_time() - start
        return result


def root_mean_square(chunk, predicted):
    """The root mean squared error of predictions."""
    return float(np.sqrt(np.mean((chunk.y - predicted) ** 2)))


def true_scores(rows, chunk):
    """Predictions of the true coefficients."""
    scores = chunk.X @ rows.coef + rows.intercepts
    return scores[np.arange(len(chunk.y)), chunk.tasks]


def fit_path(statistics, n_alphas=N_ALPHAS):
    """A MultiTaskLassoCV of statistics, and its CPU seconds."""
    from skmtl import MultiTaskLassoCV

    model = MultiTaskLassoCV(alphas=n_alphas)
    start = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit_statistics(statistics)
    return model, process_time() - start


def warm_up(rows):
    """Load what is compiled."""
    from skmtl import TaskStatistics

    X, y, tasks = replace(rows, n_chunks=1, chunk_size=50 * rows.n_tasks).chunk(0)
    statistics = TaskStatistics.from_data(X, y, tasks=tasks, n_folds=2)
    fit_path(statistics, 2)


def measure_memory(rows, n_folds):
    """The pass and the path alone in this process, and the model's coefficients."""
    from skmtl import TaskStatistics

    warm_up(rows)
    clock = Clock()

    def batches():
        for number in range(rows.n_chunks):
            chunk = clock.call("make", rows.chunk, number)
            yield chunk.X, chunk.y, None, chunk.tasks

    start = process_time()
    statistics = TaskStatistics.from_batches(batches(), n_folds=n_folds)
    seconds = process_time() - start - clock.seconds["make"]
    model, path_seconds = fit_path(statistics)
    held_out = rows.held_out()
    error = root_mean_square(held_out, model.predict(held_out.X, tasks=held_out.tasks))
    peak = peak_resident()
    size = f"statistics of {statistics.nbytes / MEGABYTE:.0f} MB"
    lines = [
        Line(f"``TaskStatistics``, {n_folds} folds, alone", seconds, peak, note=size),
        Line(f"``MultiTaskLassoCV``, {N_ALPHAS} x {n_folds}", path_seconds, peak, error),
    ]
    return lines, model.coef_


def measure_pass(rows, n_folds, peers):
    """The pass and its peers, which take turns chunk by chunk: their lines."""
    from skmtl import TaskStatistics

    warm_up(rows)
    clock = Clock()
    consumers = {"dsyrk": Dsyrk(rows.n_features)}
    if peers:
        consumers["sgd"] = StochasticGradient(rows.n_tasks)

    def batches():
        for number in range(rows.n_chunks):
            chunk = clock.call("make", rows.chunk, number)
            for name, consume in consumers.items():
                clock.call(name, consume, chunk)
            yield chunk.X, chunk.y, None, chunk.tasks

    start = process_time()
    TaskStatistics.from_batches(batches(), n_folds=n_folds)
    seconds = process_time() - start - sum(clock.seconds.values())
    least = clock.seconds["dsyrk"]
    folds = f"{n_folds} folds" if n_folds else "no folds"
    lines = [
        Line("one ``dsyrk`` for each chunk", least),
        Line(f"``TaskStatistics``, {folds}", seconds, note=f"{seconds / least:.2f} x ``dsyrk``"),
    ]
    if peers:
        held_out = rows.held_out()
        error = root_mean_square(held_out, consumers["sgd"].predict(held_out))
        least_error = root_mean_square(held_out, true_scores(rows, held_out))
        what = "``StandardScaler`` and ``SGDRegressor``, one a task, ``partial_fit``"
        lines.append(Line(what, clock.seconds["sgd"], error=error))
        lines.append(Line("the true coefficients", error=least_error))
    return lines

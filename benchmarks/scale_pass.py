"""One pass over rows that do not fit: ours, one dsyrk for every chunk, and scikit-learn's SGD."""

import warnings
from time import perf_counter
from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dsyrk
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import StandardScaler

N_ALPHAS = 100
N_FOLDS = 5


class Found(NamedTuple):
    """What a pass came to.

    Attributes
    ----------
    making, dsyrk, sgd, statistics : float
        Wall seconds of the chunks, of dsyrk, of SGD, and of our statistics.
    fit : float
        Wall seconds of the path and cross-validation from the statistics.
    error, sgd_error, least_error : float
        Root mean squared errors on held-out rows: ours, of SGD, and of the true coefficients.
    n_bytes : int
        Of the statistics.
    peak : float
        Peak resident memory in mebibytes.
    """

    making: float
    dsyrk: float
    sgd: float
    statistics: float
    fit: float
    error: float
    sgd_error: float
    least_error: float
    n_bytes: int
    peak: float


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
    """Seconds spent in functions by name."""

    def __init__(self):
        self.seconds = {}

    def call(self, name, function, *arguments):
        """The result of a call, whose time is added to that of the name."""
        start = perf_counter()
        result = function(*arguments)
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start
        return result


def root_mean_square(chunk, predicted):
    """The root mean squared error."""
    return float(np.sqrt(np.mean((chunk.y - predicted) ** 2)))


def least_error(rows, chunk):
    """That of the true coefficients."""
    scores = chunk.X @ rows.coef + rows.intercepts
    return root_mean_square(chunk, scores[np.arange(len(chunk.y)), chunk.tasks])


def with_task_column(chunk):
    """Features and task in one array, as long data are given to skmtl."""
    return np.column_stack([chunk.X, chunk.tasks])


def fit_path(statistics, n_alphas=N_ALPHAS):
    """The fitted MultiTaskLassoCV and its wall seconds."""
    from skmtl import MultiTaskLassoCV

    model = MultiTaskLassoCV(alphas=n_alphas)
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit_statistics(statistics)
    return model, perf_counter() - start

"""Ridge regression on Nystroem features, tasks pulled to their mean."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from skmtl._data.task_data import TaskData
from skmtl._task_covariance.systems import noise_floor
from skmtl.datafits import StatisticsFolds, statistics_reader
from skmtl.kernel._features import StackedFeatures, StackedReader


class SharedSolution(NamedTuple):
    """Coefficients (n_features, n_tasks) that are exact, and what was added to alpha."""

    W: np.ndarray
    jitter: float
    optimality: float = 0.0
    converged: bool = True


class SharedRidge:
    """Minimizes `sum_ti s_ti (y_ti - x_i . w_t - b_t)^2 + alpha tr(W B^-1 W')` from moments.

    With `B = (1 - d) I + d 11'/T` every `w_t` is `sqrt(d/T) u + sqrt(1 - d) v_t`, and the penalty
    is `alpha (||u||^2 + sum_t ||v_t||^2)`. Given u the tasks are ridge regressions of their own, so
    the v_t are eliminated and one system for u is left. The eigenvectors of the tasks' Grams serve
    all alpha and d.
    """

    def __init__(self, moments, fit_intercept):
        self.moments, self.fit_intercept = moments, fit_intercept
        self.shape = moments.xy.shape
        seen = np.where(moments.total > 0, moments.total, 1.0)
        self._mean_x = moments.x / seen[:, None] * fit_intercept
        self._mean_y = moments.y / moments.per_task(seen) * fit_intercept

    @cached_property
    def _spectra(self):
        """Eigenvectors of all blocks side by side, their eigenvalues, and both times `X'y`."""
        moments, m = self.moments, len(self.moments.xy)
        vectors, values = np.empty((m, len(moments.blocks), m)), np.empty((len(moments.blocks), m))
        cross = moments.xy - moments.per_task(moments.x).T * self._mean_y
        for k, tasks in enumerate(moments.blocks):
            gram = moments.xx[k] - np.outer(moments.x[k], self._mean_x[k])
            values[k], vectors[:, k] = np.linalg.eigh(gram)
            cross[:, tasks] = vectors[:, k].T @ cross[:, tasks]
        return vectors, np.maximum(values, 0.0), cross

    def solve(self, alpha, strength):
        """The :class:`SharedSolution`; alpha > 0, 0 <= strength <= 1."""
        (vectors, values, cross), (m, T) = self._spectra, self.shape
        jitter = max(noise_floor(values.max()) - alpha, 0.0)
        alpha = alpha + jitter
        share, own = strength / T, 1.0 - strength
        inverse = 1.0 / (own * values + alpha)
        sizes = np.array([[len(tasks)] for tasks in self.moments.blocks])
        S = (vectors * (share * sizes * values * inverse)).reshape(m, -1)
        S = np.eye(m) + S @ vectors.reshape(m, -1).T
        sums = np.stack([cross[:, tasks].sum(axis=1) for tasks in self.moments.blocks])
        common = share * np.einsum("jkl,kl->j", vectors, inverse * sums)
        common = cho_solve(cho_factor(S, lower=True, overwrite_a=True), common)
        rotated = np.einsum("jkl,j->kl", vectors, common)
        W = np.empty((m, T))
        for k, tasks in enumerate(self.moments.blocks):
            left = cross[:, tasks] - (values[k] * rotated[k])[:, None]
            W[:, tasks] = common[:, None] + vectors[:, k] @ (own * inverse[k][:, None] * left)
        return SharedSolution(W, jitter)

    def intercepts(self, W):
        """Intercept of every task, (n_tasks,)."""
        if not self.fit_intercept:
            return np.zeros(W.shape[1])
        moments = self.moments
        mean_x = moments.per_task(moments.x0 + self._mean_x)
        return moments.y0 + self._mean_y - np.einsum("tj,jt->t", mean_x, W)


class FeatureFolds(StatisticsFolds):
    """Folds whose loss is that of :class:`SharedRidge`."""

    def __init__(self, read, splits, *, fit_intercept):
        self._origin = read.origin
        super().__init__(read.data, splits, task_weight=None, fit_intercept=fit_intercept)

    def _reader(self, weight):
        return reader(self.data, weight, self._origin, self.fit_intercept)

    def _datafit(self, moments):
        return SharedRidge(moments, self.fit_intercept)


def reader(data, weight, origin, fit_intercept):
    """What gives the moments of the features; about `origin` where they are lazy and stacked."""
    if isinstance(data.design, StackedFeatures):
        return StackedReader(data.design, data.y, weight, origin if fit_intercept else None)
    return statistics_reader(data.design, data.y, weight, centered=fit_intercept)


class FeatureReading(NamedTuple):
    """Validated data whose design is one of features, and the mean of those over the sample."""

    data: TaskData
    origin: np.ndarray | float

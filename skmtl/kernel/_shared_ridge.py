"""Ridge regressions of several tasks with a shared part, in closed form."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from skmtl._task_covariance.systems import noise_floor


class SharedRidgeSolution(NamedTuple):
    """Exact coefficients W, (n_features, n_tasks), and what was added to alpha (`jitter`)."""

    W: np.ndarray
    jitter: float
    optimality: float = 0.0
    converged: bool = True


class BlockSpectra(NamedTuple):
    """Eigendecompositions of the centered Grams of all blocks of tasks.

    Attributes
    ----------
    vectors : ndarray of shape (n_features, n_blocks, n_features)
        The eigenvectors of block k are the columns of ``vectors[:, k]``.
    values : ndarray of shape (n_blocks, n_features)
    cross : ndarray of shape (n_features, n_tasks)
        The centered `X'y` of each task in the basis of these eigenvectors.
    """

    vectors: np.ndarray
    values: np.ndarray
    cross: np.ndarray


class SharedRidge:
    """Minimizes `sum_ti s_ti (y_ti - x_i . w_t - b_t)^2 + alpha tr(W B^-1 W')` in closed form.

    With `B = (1 - d) I + d 11'/T` every `w_t` is `sqrt(d/T) u + sqrt(1 - d) v_t`, and the penalty
    is `alpha (||u||^2 + sum_t ||v_t||^2)`. Given u, the tasks are separate ridge regressions, so
    the v_t are eliminated and one system for u is left. The eigenvectors of the tasks' Grams serve
    all alpha and d.

    Parameters
    ----------
    statistics : SufficientStatistics
    fit_intercept : bool
    """

    def __init__(self, statistics, fit_intercept):
        self.statistics = statistics
        self.fit_intercept = fit_intercept
        self.shape = statistics.xy.shape
        # the means that are subtracted, about the origins of the statistics
        self._mean_x = np.zeros_like(statistics.x)
        self._mean_y = np.zeros_like(statistics.y)
        if fit_intercept:
            total = statistics.total
            divisor = np.where(total > 0, total, 1.0)
            self._mean_x = statistics.x / divisor[:, None]
            self._mean_y = statistics.y / statistics.per_task(divisor)

    @cached_property
    def _spectra(self):
        """The :class:`BlockSpectra` of the statistics."""
        statistics = self.statistics
        n_features = self.shape[0]
        n_blocks = len(statistics.blocks)
        vectors = np.empty((n_features, n_blocks, n_features))
        values = np.empty((n_blocks, n_features))
        sums = statistics.per_task(statistics.x)
        cross = statistics.xy - sums.T * self._mean_y
        for k, tasks in enumerate(statistics.blocks):
            of_means = np.outer(statistics.x[k], self._mean_x[k])
            gram = statistics.xx[k] - of_means
            eigenvalues, V = np.linalg.eigh(gram)
            values[k] = np.maximum(eigenvalues, 0.0)
            vectors[:, k] = V
            cross[:, tasks] = V.T @ cross[:, tasks]
        return BlockSpectra(vectors, values, cross)

    def solve(self, alpha, strength):
        """The :class:`SharedRidgeSolution` for alpha > 0 and 0 <= strength <= 1."""
        vectors, values, cross = self._spectra
        largest = values.max()
        jitter = max(noise_floor(largest) - alpha, 0.0)
        alpha = alpha + jitter
        specific = 1.0 - strength
        inverse = 1.0 / (specific * values + alpha)  # of the separate ridge regressions
        shared_part = self._shared_part(strength, inverse)
        rotated = np.einsum("jkl,j->kl", vectors, shared_part)
        W = np.empty(self.shape)
        for k, tasks in enumerate(self.statistics.blocks):
            explained = values[k] * rotated[k]
            residual = cross[:, tasks] - explained[:, None]
            factors = specific * inverse[k]
            specific_part = vectors[:, k] @ (factors[:, None] * residual)
            W[:, tasks] = shared_part[:, None] + specific_part
        return SharedRidgeSolution(W, jitter)

    def _shared_part(self, strength, inverse):
        """`sqrt(d/T) u`, (n_features,), from the system that is left without the v_t.

        `inverse` holds the inverses of the regularized eigenvalues, (n_blocks, n_features).
        """
        vectors, values, cross = self._spectra
        n_features, n_tasks = self.shape
        blocks = self.statistics.blocks
        share = strength / n_tasks
        sizes = np.array([len(tasks) for tasks in blocks])
        factors = share * sizes[:, None] * values * inverse
        scaled = (vectors * factors).reshape(n_features, -1)
        side_by_side = vectors.reshape(n_features, -1)
        system = np.eye(n_features) + scaled @ side_by_side.T
        sums = np.stack([cross[:, tasks].sum(axis=1) for tasks in blocks])
        right = np.einsum("jkl,kl->j", vectors, inverse * sums)
        factor = cho_factor(system, lower=True, overwrite_a=True)
        return cho_solve(factor, share * right)

    def intercepts(self, W):
        """Intercept of every task, (n_tasks,)."""
        if not self.fit_intercept:
            return np.zeros(W.shape[1])
        statistics = self.statistics
        mean_x = statistics.per_task(statistics.x0 + self._mean_x)
        mean_y = statistics.y0 + self._mean_y
        return mean_y - np.einsum("tj,jt->t", mean_x, W)

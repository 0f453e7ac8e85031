"""Ridge regressions of several tasks with a shared part, in closed form."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from skmtl._task_covariance.systems import noise_floor

_LEAST = 1e-14  # eigenvalue relative to the largest of its block, up to which it is rounding


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
    vectors : ndarray of shape (n_features, n_blocks, rank)
        The eigenvectors of block k are the columns of ``vectors[:, k]``. The rank is the largest
        of a Gram.
    values : ndarray of shape (n_blocks, rank)
    cross : ndarray of shape (n_tasks, rank)
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
        sums_x = statistics.x
        sums_y = statistics.y
        self._mean_x = np.zeros_like(sums_x)
        self._mean_y = np.zeros_like(sums_y)
        if fit_intercept:
            total = statistics.total
            total = np.where(total > 0, total, 1.0)
            task_total = statistics.per_task(total)
            self._mean_x = sums_x / total[:, None]
            self._mean_y = sums_y / task_total

    @cached_property
    def _spectra(self):
        """The :class:`BlockSpectra` of the statistics."""
        n_features, _ = self.shape
        n_blocks = len(self.statistics.blocks)
        vectors = np.empty((n_features, n_blocks, n_features))
        values = np.empty((n_blocks, n_features))
        cross = self._centered_cross()
        for k, tasks in enumerate(self.statistics.blocks):
            gram = self._centered_gram(k)
            values[k], V = np.linalg.eigh(gram)
            vectors[:, k] = V
            cross_of_block = cross[tasks]
            cross[tasks] = cross_of_block @ V
        # blocks with few samples have few directions
        least = _LEAST * values[:, -1:]
        values[values <= least] = 0.0
        rank = max(np.count_nonzero(values, axis=1).max(), 1)
        cross = np.ascontiguousarray(cross[:, -rank:])
        vectors = np.ascontiguousarray(vectors[:, :, -rank:])
        return BlockSpectra(vectors, values[:, -rank:], cross)

    def _centered_cross(self):
        """`X'y` of each task without the means, (n_tasks, n_features)."""
        statistics = self.statistics
        sums = statistics.per_task(statistics.x)
        mean_y = self._mean_y
        of_means = sums * mean_y[:, None]
        return statistics.xy.T - of_means

    def _centered_gram(self, k):
        """`X'X` of block k without the means, (n_features, n_features)."""
        sums = self.statistics.x[k]
        mean = self._mean_x[k]
        of_means = np.outer(sums, mean)
        return self.statistics.xx[k] - of_means

    def solve(self, alpha, strength):
        """The :class:`SharedRidgeSolution` for alpha > 0 and 0 <= strength <= 1."""
        vectors, values, cross = self._spectra
        jitter = self._jitter(alpha)
        alpha = alpha + jitter
        specific = 1.0 - strength
        regularized = specific * values + alpha  # of the separate ridge regressions
        inverse = 1.0 / regularized
        shared_part = self._shared_part(strength, inverse)
        rotated = np.einsum("jkl,j->kl", vectors, shared_part)
        explained = values * rotated
        factors = specific * inverse
        n_features, n_tasks = self.shape
        coef = np.empty((n_tasks, n_features))
        for k, tasks in enumerate(self.statistics.blocks):
            V = vectors[:, k]
            residual = cross[tasks] - explained[k]
            shrunk = factors[k] * residual
            specific_part = shrunk @ V.T
            coef[tasks] = shared_part + specific_part
        W = coef.T
        return SharedRidgeSolution(W, jitter)

    def _jitter(self, alpha):
        """What has to be added to alpha, so that rounding errors do not dominate."""
        largest = self._spectra.values.max()
        floor = noise_floor(largest)
        return max(floor - alpha, 0.0)

    def _shared_part(self, strength, inverse):
        """`sqrt(d/T) u`, (n_features,), from the system that is left without the v_t.

        `inverse` holds the inverses of the regularized eigenvalues, (n_blocks, rank).
        """
        vectors, values, cross = self._spectra
        blocks = self.statistics.blocks
        n_blocks = len(blocks)
        n_features, n_tasks = self.shape
        share = strength / n_tasks
        sizes = np.empty((n_blocks, 1))
        sums = np.empty_like(values)
        for k, tasks in enumerate(blocks):
            sizes[k] = len(tasks)
            cross_of_block = cross[tasks]
            sums[k] = cross_of_block.sum(axis=0)
        shares = share * sizes
        factors = shares * values * inverse
        V = vectors.reshape(n_features, -1)  # of all blocks side by side
        scaled = V * factors.ravel()
        system = scaled @ V.T
        system += np.eye(n_features)
        factor = cho_factor(system, lower=True, overwrite_a=True)
        sums *= inverse
        right = V @ sums.ravel()
        return cho_solve(factor, share * right)

    def intercepts(self, W):
        """Intercept of every task, (n_tasks,)."""
        if not self.fit_intercept:
            _, n_tasks = self.shape
            return np.zeros(n_tasks)
        statistics = self.statistics
        mean_x = statistics.x0 + self._mean_x
        mean_x = statistics.per_task(mean_x)
        mean_y = statistics.y0 + self._mean_y
        predictions = np.einsum("tj,jt->t", mean_x, W)
        return mean_y - predictions

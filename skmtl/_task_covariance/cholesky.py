"""The system of any observations, dense: for samples of their own and many missing targets.

Intercepts are eliminated exactly: K is centered, and with M the indicators of the tasks,
``P = A^-1 M`` and ``G = M'P``, the matrix ``A^-1 - P G^-1 P'`` takes the place of the inverse.
"""

import numpy as np

from skmtl._task_covariance.cholesky_factor import CholeskyFactor, symmetrized
from skmtl._task_covariance.observations import centered
from skmtl._task_covariance.system import System


def multiply_by_tasks(K, B, observations, out):
    """Write ``K o B[task, task]`` to `out`, which may be K; returns `out`.

    Parameters
    ----------
    K : ndarray of shape (n_observations, n_observations)
        Kernel matrix of the observations.
    B : ndarray of shape (n_tasks, n_tasks)
        Task kernel.
    observations : Observations
        Their tasks.
    out : ndarray of shape (n_observations, n_observations)
        Overwritten.
    """
    for t, span in enumerate(observations.spans):
        np.multiply(K[span], B[t, observations.task], out=out[span])
    return out


def observation_kernel(K, B, cells):
    """``K o B[task, task]`` between observations, of a kernel matrix K of samples; a new array."""
    A = K[np.ix_(cells.row, cells.row)]
    A = A.astype(np.float64, copy=False)
    return multiply_by_tasks(A, B, cells, out=A)


def noisy_factor(A, noise, observations, noise_name="alpha"):
    """The :class:`CholeskyFactor` of ``A + diag(noise[task] / s)``; A is overwritten."""
    A.flat[:: len(A) + 1] += noise[observations.task] / observations.weight
    return CholeskyFactor(A, noise, noise_name)


class CholeskySystem(System):
    """The system of any observations.

    Parameters
    ----------
    K, B, alpha, cells, fit_intercept
        As in :class:`System`.
    """

    name = "cholesky"

    def __init__(self, K, B, alpha, cells, fit_intercept):
        super().__init__(K, B, alpha, cells, fit_intercept)
        if fit_intercept:
            weight = np.bincount(cells.row, cells.weight, cells.n_rows)
            K = centered(K, weight)
        self.factor = noisy_factor(observation_kernel(K, B, cells), alpha, cells)
        if fit_intercept:
            self.P = self.factor.solve(cells.indicators())
            self.G = cells.task_sum(self.P)

    def dual(self, y):
        """Dual coefficients of targets, (n_observations,)."""
        dual = self.factor.solve(y)
        if self.fit_intercept:
            dual = dual - self.P @ np.linalg.solve(self.G, self.P.T @ y)
        return dual

    def leave_one_out(self, y, by="row"):
        """Errors of leaving out; as in :class:`KroneckerBase`."""
        dual = self.dual(y)
        known = self.cells.left(self.fit_intercept)
        by_sample = self.cells.by_sample
        if by == "cell" or len(by_sample) == len(dual):
            return dual / np.where(known, self.precisions(), np.nan)
        errors = np.full(len(dual), np.nan)
        inverse = self.factor.inverse_triangle()
        for positions in by_sample:
            here = positions[known[positions]]
            block = symmetrized(inverse[np.ix_(here, here)])
            if self.fit_intercept:
                P = self.P[here]
                block -= P @ np.linalg.solve(self.G, P.T)
            errors[here] = np.linalg.solve(block, dual[here])
        return errors

    def precisions(self):
        """The diagonal of the inverse, (n_observations,)."""
        diagonal = self.factor.inverse_diagonal()
        if self.fit_intercept:
            half = np.linalg.solve(self.G, self.P.T)
            diagonal = diagonal - np.einsum("it,ti->i", self.P, half)
        return diagonal

    def log_determinant(self):
        """As in :class:`KroneckerSystem`."""
        log = self.factor.log_determinant()
        if self.fit_intercept:
            log += np.linalg.slogdet(self.G)[1]
        return float(log)

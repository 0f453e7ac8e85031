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
    B : ndarray of shape (n_tasks, n_tasks) or LowRank
        Task kernel.
    observations : Observations
        Their tasks.
    out : ndarray of shape (n_observations, n_observations)
        Overwritten.
    """
    task = observations.task
    B = np.asarray(B)
    for b, span in zip(B, observations.spans, strict=True):
        np.multiply(K[span], b[task], out=out[span])
    return out


def observation_kernel(K, B, observations):
    """``K o B[task, task]`` between observations, of a kernel matrix K of samples; a new array."""
    sample = observations.sample
    pairs = np.ix_(sample, sample)
    A = K[pairs]
    A = A.astype(np.float64, copy=False)
    return multiply_by_tasks(A, B, observations, out=A)


def noisy_factor(A, noise, observations, noise_name="alpha"):
    """The :class:`CholeskyFactor` of ``A + diag(noise[task] / s)``; A is overwritten."""
    noise_of_observation = noise[observations.task] / observations.weight
    A.flat[:: len(A) + 1] += noise_of_observation
    return CholeskyFactor(A, noise, noise_name)


class CholeskySystem(System):
    """The system of any observations.

    Parameters
    ----------
    K, B, alpha, observations, fit_intercept
        As in :class:`System`.
    """

    name = "cholesky"

    def __init__(
        self,
        K,
        B,
        alpha,
        observations,
        fit_intercept,
    ):
        super().__init__(
            K,
            B,
            alpha,
            observations,
            fit_intercept,
        )
        if fit_intercept:
            weight = observations.sample_weight()
            K = centered(K, weight)
        A = observation_kernel(K, B, observations)
        self.factor = noisy_factor(A, alpha, observations)
        if fit_intercept:
            indicators = observations.indicators()
            self.P = self.factor.solve(indicators)
            self.G = observations.task_sum(self.P)

    def dual(self, y):
        """Dual coefficients of targets, (n_observations,)."""
        dual = self.factor.solve(y)
        if self.fit_intercept:
            sums = self.P.T @ y
            free = np.linalg.solve(self.G, sums)
            dual = dual - self.P @ free
        return dual

    def leave_out_samples(self, y):
        """Errors of :meth:`leave_one_out` of whole samples."""
        observations = self.observations
        n_samples = len(observations.by_sample)
        if n_samples == len(observations):
            return self.leave_out_observations(y)
        known = observations.predictable_without(self.fit_intercept)
        dual = self.dual(y)
        triangle = self.factor.inverse_triangle()
        errors = np.full(len(dual), np.nan)
        for positions in observations.by_sample:
            is_known = known[positions]
            here = positions[is_known]
            block = self._block(triangle, here)
            errors[here] = np.linalg.solve(block, dual[here])
        return errors

    def _block(self, triangle, here):
        """The block of the inverse between some observations, from the triangle of ``A^-1``."""
        block = triangle[np.ix_(here, here)]
        block = symmetrized(block)
        if self.fit_intercept:
            P = self.P[here]
            half = np.linalg.solve(self.G, P.T)
            block -= P @ half
        return block

    def precisions(self):
        """The diagonal of the inverse, (n_observations,)."""
        diagonal = self.factor.inverse_diagonal()
        if self.fit_intercept:
            half = np.linalg.solve(self.G, self.P.T)
            of_intercepts = np.einsum("it,ti->i", self.P, half)
            diagonal = diagonal - of_intercepts
        return diagonal

    def log_determinant(self):
        """As in :class:`KroneckerSystem`."""
        log = self.factor.log_determinant()
        if self.fit_intercept:
            _, log_of_intercepts = np.linalg.slogdet(self.G)
            log += log_of_intercepts
        return float(log)

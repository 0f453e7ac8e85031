"""The log marginal likelihood of any observations, by a Cholesky factor of their covariance."""

import numpy as np

from skmtl import _kernels
from skmtl._task_covariance.cholesky import multiply_by_tasks, noisy_factor


def covariance_factor(Ks, Bs, noise, observations, known_noise=None):
    """The :class:`CholeskyFactor` of ``sum K o B[task, task] + diag(noise[task] / s)``.

    Parameters
    ----------
    Ks : list of ndarray of shape (n_observations, n_observations)
        Input kernels between observations.
    Bs : list of ndarray of shape (n_tasks, n_tasks)
        Task covariances.
    noise : ndarray of shape (n_tasks,)
        Variances of the noise.
    observations : Observations
        The tasks, and the weights s.
    known_noise : ndarray of shape (n_observations,), default=None
        More noise of each observation, added to the diagonal as it is.
    """
    A = multiply_by_tasks(
        Ks[0],
        Bs[0],
        observations,
        np.empty_like(Ks[0]),
    )
    for K, B in zip(Ks[1:], Bs[1:], strict=True):
        _kernels.add_task_product(K, B, observations.task, A)
    if known_noise is not None:
        A.flat[:: len(A) + 1] += known_noise
    return noisy_factor(A, noise, observations, "noise")


class DenseLikelihood:
    """The log marginal likelihood of targets y, and its derivatives.

    Parameters
    ----------
    Ks, Bs, noise, observations, known_noise
        As in :func:`covariance_factor`.
    y : ndarray of shape (n_observations,)
        Targets.

    Attributes
    ----------
    value : float
        The log marginal likelihood.
    dual : ndarray of shape (n_observations,)
        The inverse of the covariance times y.
    """

    def __init__(
        self,
        Ks,
        Bs,
        noise,
        y,
        observations,
        known_noise=None,
    ):
        self.Ks = Ks
        self.Bs = Bs
        self.observations = observations
        self.factor = covariance_factor(Ks, Bs, noise, observations, known_noise)
        self.dual = self.factor.solve(y)
        fit = y @ self.dual
        log_determinant = self.factor.log_determinant()
        constant = 0.5 * len(y) * np.log(2 * np.pi)
        self.value = float(-0.5 * fit - 0.5 * log_determinant - constant)

    def gradients(self):
        """Derivatives with respect to each K, each B, and the noise (T,)."""
        # The compiled function reads the upper triangle, row by row.
        precision = self.factor.inverse_triangle().T
        T = self.observations.n_tasks
        by_K = []
        by_B = []
        for K, B in zip(self.Ks, self.Bs, strict=True):
            by_this_K = np.empty_like(K)
            by_this_B = np.zeros((T, T))
            _kernels.task_derivatives(
                precision,
                self.dual,
                K,
                B,
                self.observations.task,
                by_this_K,
                by_this_B,
            )
            by_K.append(by_this_K)
            by_B.append(by_this_B)
        by_noise = 0.5 * self.observations.task_sum(self.dual**2 - precision.diagonal())
        return by_K, by_B, by_noise

    def by_mean(self):
        """Derivatives with respect to a mean of each task that is taken off y, (T,)."""
        return self.observations.task_sum(self.dual)

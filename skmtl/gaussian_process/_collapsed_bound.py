"""A lower bound of the log marginal likelihood, by inducing points.

Functions of the tasks are ``f_t(x) = phi(x)' w_t`` and what the inducing points do not explain:
phi are m features, and the weights ``w_t = sum_a L_ta g_a + kappa_t^1/2 h_t`` share g_a, with
g_a and h_t standard normal. The bound is Titsias': the likelihood of this linear model, less half
of the variance that is not explained, in units of the noise. Of the samples of a task it needs
``Phi' Phi``, ``Phi' y`` and ``y'y``.

With eigenvectors U of ``Phi' Phi`` the weights h of one task are integrated out direction by
direction; for g there is one system of ``rank m`` unknowns,

    S = I + sum_t l_t l_t' o U diag(f_t) U',    f_t = eigenvalues / (noise_t + kappa_t eigenvalues).

Tasks with the same samples have the same eigenvectors, so that all that costs m^3 is done once for
each group of tasks.

References
----------
Titsias (2009), "Variational learning of inducing variables in sparse Gaussian processes", AISTATS,
equation 9.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri

from skmtl._task_covariance.low_rank import variances
from skmtl._task_covariance.low_rank_likelihood import TaskDerivative


@dataclass(frozen=True)
class Statistics:
    """What the bound needs of the samples, in the directions of each task's own eigenvectors.

    Attributes
    ----------
    U : list of ndarray of shape (m, m)
        Eigenvectors of ``Phi' Phi`` of each group of tasks.
    tasks : list of ndarray of int
        The tasks of each group.
    values : ndarray of shape (n_tasks, m)
        Eigenvalues.
    by_target : ndarray of shape (n_tasks, m)
        ``U' Phi' y``.
    squares : ndarray of shape (n_tasks,)
        ``y'y``.
    n_samples : ndarray of shape (n_tasks,)
        Numbers of samples.
    """

    U: list
    tasks: list
    values: np.ndarray
    by_target: np.ndarray
    squares: np.ndarray
    n_samples: np.ndarray

    @cached_property
    def unexplained(self):
        """The sum over samples of the share of k(x, x) = 1 not explained, (n_tasks,)."""
        return np.maximum(self.n_samples - self.values.sum(axis=1), 0.0)

    @cached_property
    def largest(self):
        """The largest eigenvalue."""
        return float(self.values.max())

    def groups(self):
        """Eigenvectors and tasks of each group."""
        return zip(self.U, self.tasks, strict=True)


class BoundPoint:
    """The bound at one task covariance and noise, and what its derivatives are made of.

    Parameters
    ----------
    statistics : Statistics
        The data.
    B : LowRank
        Task covariance.
    noise : ndarray of shape (n_tasks,)
        Variances of the noise.

    Attributes
    ----------
    value : float
        The bound.
    factor : tuple
        Cholesky factor of S, as of :func:`scipy.linalg.cho_factor`.
    shared : ndarray of shape (rank, m)
        Posterior means of g.
    """

    def __init__(self, statistics, B, noise):
        self.statistics = statistics
        self.B = B
        self.noise = noise
        self.own = noise[:, None] + B.diagonal[:, None] * statistics.values
        self.f = statistics.values / self.own
        right = self._right_side()
        self.factor = cho_factor(self._system(), lower=True, check_finite=False)
        solved = cho_solve(self.factor, right.ravel(), check_finite=False)
        self.shared = solved.reshape(right.shape)
        self.value = float(self._own_value() + self._shared_value(right))

    @property
    def m(self):
        """Number of features."""
        return self.own.shape[1]

    @property
    def rank(self):
        """Number of shared functions."""
        return self.B.loadings.shape[1]

    def _right_side(self):
        """The sums over tasks of ``l_t Phi' C_t^-1 y_t``, (rank, m)."""
        right = np.zeros((self.rank, self.m))
        scaled = self.statistics.by_target / self.own
        for U, tasks in self.statistics.groups():
            loadings = self.B.loadings[tasks]
            right += (loadings.T @ scaled[tasks]) @ U.T
        return right

    def _system(self):
        """S, (rank m, rank m)."""
        rank = self.rank
        m = self.m
        S = np.zeros((rank, m, rank, m))
        pairs = _pairs(rank)
        for U, tasks in self.statistics.groups():
            # Weights of directions for each pair, as sums of few profiles of them.
            weights = np.array([self._products(tasks, a, b) for a, b in pairs])
            weights = weights.reshape(len(pairs), len(tasks))
            profiles = self.f[tasks]
            if len(pairs) < len(tasks):
                profiles = weights @ profiles
                weights = np.eye(len(pairs))
            for profile, weight in zip(profiles, weights.T, strict=True):
                block = (U * profile) @ U.T
                for (a, b), factor in zip(pairs, weight, strict=True):
                    if factor:
                        S[b, :, a] += factor * block
        S = S.reshape(rank * m, rank * m)  # the blocks of its lower triangle
        S.flat[:: rank * m + 1] += 1.0
        return S

    def _products(self, tasks, a, b):
        """Products of two loadings of some tasks."""
        loadings = self.B.loadings
        return loadings[tasks, a] * loadings[tasks, b]

    def _own_value(self):
        """The bound if no task had loadings, but for the variance that these add."""
        statistics = self.statistics
        noise = self.noise
        n_left = statistics.n_samples - self.m
        explained = (statistics.by_target**2 / self.own).sum(axis=1)
        fit = (statistics.squares - self.B.diagonal * explained) / noise
        log_determinant = n_left * np.log(noise) + np.log(self.own).sum(axis=1)
        constant = statistics.n_samples * np.log(2 * np.pi)
        unexplained = variances(self.B) * statistics.unexplained / noise
        return -0.5 * (fit + log_determinant + constant + unexplained).sum()

    def _shared_value(self, right):
        """What the loadings add to the bound."""
        diagonal = self.factor[0].diagonal()
        log_determinant = 2 * np.log(diagonal).sum()
        return 0.5 * (np.vdot(right, self.shared) - log_determinant)

    # ------------------------------------------------------------ derivatives

    @cached_property
    def covariance(self):
        """The posterior covariance of g, (rank, m, rank, m)."""
        triangle, info = dpotri(self.factor[0], lower=1)
        if info:
            raise np.linalg.LinAlgError("the system of shared functions has no inverse")
        inverse = np.tril(triangle)
        inverse += np.tril(triangle, -1).T
        return inverse.reshape(self.rank, self.m, self.rank, self.m)

    @cached_property
    def shared_of_task(self):
        """Posterior means of g in the directions of each task, (rank, n_tasks, m)."""
        out = np.empty((self.rank, *self.own.shape))
        for U, tasks in self.statistics.groups():
            out[:, tasks] = (self.shared @ U)[:, None]
        return out

    @cached_property
    def weights(self):
        """Posterior means of ``U' w_t``, (n_tasks, m)."""
        shared = self._of_loadings()
        noise = self.noise[:, None]
        kappa = self.B.diagonal[:, None]
        return (noise * shared + kappa * self.statistics.by_target) / self.own

    @cached_property
    def dual(self):
        """``U' Phi' A^-1 y`` of each task, (n_tasks, m)."""
        statistics = self.statistics
        return (statistics.by_target - statistics.values * self._of_loadings()) / self.own

    def _of_loadings(self):
        """``sum_a L_ta U' g_a``, (n_tasks, m)."""
        return np.einsum("ta,atk->tk", self.B.loadings, self.shared_of_task)

    @cached_property
    def variances_of_shared(self):
        """The diagonals of ``U' cov(g_a, g_b) U`` of each task, (rank, rank, n_tasks, m)."""
        out = np.empty((self.rank, self.rank, *self.own.shape))
        for U, tasks in self.statistics.groups():
            for a, b in _pairs(self.rank):
                diagonal = np.einsum("ik,ik->k", U, self.covariance[a, :, b] @ U)
                out[a, b, tasks] = diagonal
                out[b, a, tasks] = diagonal
        return out

    def gradient(self):
        """Derivatives with respect to B, :class:`TaskDerivative`, and the noise, (n_tasks,)."""
        statistics = self.statistics
        loadings = self.B.loadings
        noise = self.noise
        unexplained = statistics.unexplained / noise
        of_shared = np.einsum("tb,abtk->tak", loadings, self.variances_of_shared)
        own_variance = np.einsum("ta,tak->tk", loadings, of_shared)
        by_loadings = np.einsum("tk,atk->ta", self.dual, self.shared_of_task)
        by_loadings -= np.einsum("tk,tak->ta", self.f, of_shared)
        by_loadings -= unexplained[:, None] * loadings
        diagonal = (self.dual**2 - self.f + self.f**2 * own_variance).sum(axis=1)
        diagonal -= unexplained
        by_B = TaskDerivative(0.5 * by_loadings, 0.5 * diagonal)
        by_noise = self._by_noise(own_variance)
        return by_B, by_noise

    def _by_noise(self, own_variance):
        statistics = self.statistics
        noise = self.noise
        weights = self.weights
        shrunk = noise[:, None] / self.own
        second_moment = weights**2 + self.B.diagonal[:, None] * shrunk + shrunk**2 * own_variance
        by_weights = statistics.values * second_moment - 2 * weights * statistics.by_target
        errors = statistics.squares + by_weights.sum(axis=1)
        errors = errors + variances(self.B) * statistics.unexplained
        return 0.5 * (errors / noise - statistics.n_samples) / noise

    def by_statistics(self):
        """Derivatives with respect to ``U' Phi' Phi U`` of each group, and to `by_target`.

        Returns
        -------
        by_products : list of ndarray of shape (m, m)
        by_target : ndarray of shape (n_tasks, m)
        """
        by_target = self.weights / self.noise[:, None]
        by_products = []
        for U, tasks in self.statistics.groups():
            own = self.own[tasks]
            noise = self.noise[tasks]
            G = self.weights[tasks].T @ by_target[tasks]
            diagonal = self.B.diagonal[tasks] @ (1 / own)
            diagonal -= (variances(self.B)[tasks] / noise).sum()
            G.flat[:: self.m + 1] += diagonal
            for a, b in _pairs(self.rank):
                scaled = (self._products(tasks, a, b) * noise)[:, None] / own
                between = U.T @ self.covariance[a, :, b] @ U
                part = between * (scaled.T @ (1 / own))
                G += part
                if a != b:
                    G += part.T
            by_products.append(-0.5 * G)
        return by_products, by_target


def _pairs(rank):
    """Pairs a <= b of columns."""
    return [(a, b) for b in range(rank) for a in range(b + 1)]

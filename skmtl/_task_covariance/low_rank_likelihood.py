"""The log marginal likelihood of complete targets of common samples, by few loadings of the tasks.

In the direction k of the eigenvectors U of K, with eigenvalue s_k, the covariance of the targets is
``M_k = D_k + s_k L L'``, ``D_k = s_k diag(kappa) + diag(noise)``. With the orthonormal directions
P_k of ``D_k^-1/2 L`` its inverse is ``D_k^-1/2 (I - P_k diag(1 - shrunk_k) P_k') D_k^-1/2``. Beside
the eigenvectors of K everything costs O(n T r^2) for n samples, T tasks and rank r. A search asks
for it a thousand times, so that of the likelihood is compiled.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from skmtl import _kernels
from skmtl._task_covariance.cholesky_factor import not_semidefinite
from skmtl._task_covariance.kronecker import spectrum
from skmtl._task_covariance.low_rank import LowRank
from skmtl._task_covariance.systems import largest_eigenvalue
from skmtl._threads import threads_for_product


class InverseByDirection:
    """The inverses of ``M_k`` for all directions k, for predictions.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Eigenvalues of K.
    B : LowRank
        Task covariance.
    noise : ndarray of shape (n_tasks,)
        Variances of the noise.

    Attributes
    ----------
    root : ndarray of shape (n, n_tasks)
        ``D_k^-1/2``.
    P : ndarray of shape (n, n_tasks, rank)
    shrunk : ndarray of shape (n, rank)
        What is left of the directions P_k, in (0, 1] for positive eigenvalues.
    """

    def __init__(self, values, B, noise):
        own = values[:, None] * B.diagonal + noise
        if own.min() <= 0:
            raise not_semidefinite(noise, values.min(), "noise")
        self.root = 1 / np.sqrt(own)
        scaled = self.root[:, :, None] * B.loadings
        Q, R = np.linalg.qr(scaled)
        squares, W = np.linalg.eigh(R @ R.transpose(0, 2, 1))
        shared = 1 + values[:, None] * np.maximum(squares, 0.0)
        if shared.size and shared.min() <= 0:
            raise not_semidefinite(noise, values.min(), "noise")
        self.P = Q @ W
        self.shrunk = 1 / shared

    def times(self, Z):
        """``M_k^-1 z_k`` for the rows z_k of Z, (n, T)."""
        scaled = self.root * Z
        along = np.einsum("ktr,kt->kr", self.P, scaled)
        scaled -= np.einsum("ktr,kr->kt", self.P, along * (1 - self.shrunk))
        return self.root * scaled

    @cached_property
    def diagonals(self):
        """The diagonal of each inverse, (n, T)."""
        explained = np.einsum("ktr,kr->kt", self.P**2, 1 - self.shrunk)
        return self.root**2 * (1 - explained)

    def variances(self, C):
        """``c_a' M_k^-1 c_a`` for the rows c_a of C, (n, n_functions)."""
        out = np.empty((len(self.root), len(C)))
        for k, (root, P, shrunk) in enumerate(zip(self.root, self.P, self.shrunk, strict=True)):
            scaled = C * root
            along = scaled @ P
            scaled -= along @ P.T
            out[k] = np.einsum("at,at->a", scaled, scaled) + along**2 @ shrunk
        return out


class TaskDerivative:
    """The symmetric derivative with respect to B, of which products with L are known.

    Parameters
    ----------
    by_loadings : ndarray of shape (n_tasks, rank)
        The derivative times L.
    diagonal : ndarray of shape (n_tasks,)
        Its diagonal.
    """

    def __init__(self, by_loadings, diagonal):
        self._by_loadings = by_loadings
        self._diagonal = diagonal

    def __matmul__(self, loadings):
        return self._by_loadings

    def diagonal(self):
        return self._diagonal


class LowRankPoint(NamedTuple):
    """The likelihood at one B and noise, and what its derivatives are made of."""

    value: float
    B: LowRank
    noise: np.ndarray  # (T,)
    C: np.ndarray  # dual coefficients between U and tasks: rows M_k^-1 U_k'Y, (n, T)
    by_B: TaskDerivative
    by_noise: np.ndarray  # (T,)
    traces: np.ndarray  # of the M_k^-1 B, (n,)


class LowRankLikelihood:
    """The log marginal likelihood of complete targets; as :class:`SpectralLikelihood`.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Kernel matrix of the samples.
    Y : ndarray of shape (n, T)
        Targets.
    """

    def __init__(self, K, Y):
        self.largest = largest_eigenvalue(K, np.ones(1))
        self.spectrum = spectrum(K, np.ones(len(K)))
        self.UtY = np.ascontiguousarray(self.spectrum.U.T @ Y)

    def at(self, B, noise):
        """The :class:`LowRankPoint` of a task covariance, :class:`LowRank`, and a noise (T,)."""
        rank = B.loadings.shape[1]
        n, n_tasks = self.UtY.shape
        C = np.empty((n, n_tasks))
        by_loadings = np.zeros((rank, n_tasks))
        by_kappa = np.zeros(n_tasks)
        by_noise = np.zeros(n_tasks)
        traces = np.empty(n)
        fit, log_determinant = _kernels.low_rank_likelihood(
            self.spectrum.values,
            B.diagonal,
            np.ascontiguousarray(B.loadings.T),
            noise,
            self.UtY,
            C,
            by_loadings,
            by_kappa,
            by_noise,
            traces,
        )
        if np.isnan(log_determinant):
            raise not_semidefinite(noise, self.spectrum.values.min(), "noise")
        constant = C.size * np.log(2 * np.pi)
        value = -0.5 * (fit + log_determinant + constant)
        by_B = TaskDerivative(by_loadings.T, by_kappa)
        return LowRankPoint(value, B, noise, C, by_B, by_noise, traces)

    def gradient(self, point):
        """Derivatives with respect to B, :class:`TaskDerivative`, and the noise, (T,)."""
        return point.by_B, point.by_noise

    def by_kernel(self, point):
        """The derivative with respect to K, (n, n), symmetric."""
        U = self.spectrum.U
        C = point.C
        G = (C @ point.B) @ C.T
        G.flat[:: len(G) + 1] -= point.traces
        with threads_for_product(len(U), *U.shape):
            return 0.5 * U @ G @ U.T

    def by_mean(self, point):
        """Derivatives with respect to a mean of each task that is taken off Y, (T,)."""
        return self.spectrum.U.sum(axis=0) @ point.C


def pays_off(rank, n_tasks):
    """Whether this is less work than eigenvectors of the task covariance."""
    return rank**2 <= n_tasks

"""The log marginal likelihood of complete targets of common samples, by few loadings of the tasks.

In the direction k of the eigenvectors U of K, with eigenvalue s_k, the covariance of the targets is
``M_k = D_k + s_k L L'``, ``D_k = s_k diag(kappa) + diag(noise)``. With the orthonormal directions
P_k of ``D_k^-1/2 L`` its inverse is ``D_k^-1/2 (I - P_k diag(1 - shrunk_k) P_k') D_k^-1/2``. Beside
the eigenvectors of K everything costs O(n T r^2) for n samples, T tasks and rank r.
"""

from functools import cached_property

import numpy as np

from skmtl._task_covariance.cholesky_factor import not_semidefinite
from skmtl._task_covariance.kronecker import spectrum
from skmtl._task_covariance.systems import largest_eigenvalue
from skmtl._threads import threads_for_product


class InverseByDirection:
    """The inverses of ``M_k`` for all directions k.

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
        self.B = B
        self.root = 1 / np.sqrt(own)
        scaled = self.root[:, :, None] * B.loadings
        products = scaled.transpose(0, 2, 1) @ scaled
        squares, W = np.linalg.eigh(products)
        squares = np.maximum(squares, 0.0)
        shared = 1 + values[:, None] * squares
        if shared.size and shared.min() <= 0:
            raise not_semidefinite(noise, values.min(), "noise")
        lengths = np.sqrt(squares)
        lengths[lengths == 0] = 1.0
        self.P = (scaled @ W) / lengths[:, None, :]
        self.shrunk = 1 / shared
        self._log_determinant = np.log(own).sum() + np.log(shared).sum()

    def log_determinant(self):
        """The sum of the log-determinants of all M_k."""
        return float(self._log_determinant)

    def split(self, Z):
        """``D_k^-1/2 z_k`` without the directions P_k, (n, T), and along them, (n, r)."""
        scaled = self.root * Z
        along = np.einsum("ktr,kt->kr", self.P, scaled)
        scaled -= np.einsum("ktr,kr->kt", self.P, along)
        return scaled, along

    def times(self, Z):
        """``M_k^-1 z_k`` for the rows z_k of Z, (n, T)."""
        across, along = self.split(Z)
        across += np.einsum("ktr,kr->kt", self.P, along * self.shrunk)
        return self.root * across

    def quadratic(self, Z):
        """``z_k' M_k^-1 z_k``, (n,)."""
        across, along = self.split(Z)
        return (across**2).sum(axis=1) + (self.shrunk * along**2).sum(axis=1)

    @cached_property
    def diagonals(self):
        """The diagonal of each inverse, (n, T)."""
        explained = np.einsum("ktr,kr->kt", self.P**2, 1 - self.shrunk)
        return self.root**2 * (1 - explained)

    @cached_property
    def of_loadings(self):
        """``M_k^-1 L``, (n, T, r)."""
        columns = [self.times(column[None, :]) for column in self.B.loadings.T]
        if not columns:
            return np.empty((*self.root.shape, 0))
        return np.stack(columns, axis=2)

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


class LowRankPoint:
    """The likelihood at one B and noise, and what its derivatives are made of."""

    def __init__(self, value, inverse, C, noise):
        self.value = value
        self.inverse = inverse
        self.C = C  # dual coefficients between U and tasks, (n, T)
        self.noise = noise


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
        self.UtY = self.spectrum.U.T @ Y

    def at(self, B, noise):
        """The :class:`LowRankPoint` of a task covariance, :class:`LowRank`, and a noise (T,)."""
        inverse = InverseByDirection(self.spectrum.values, B, noise)
        fit = inverse.quadratic(self.UtY).sum()
        constant = self.UtY.size * np.log(2 * np.pi)
        value = -0.5 * (fit + inverse.log_determinant() + constant)
        return LowRankPoint(float(value), inverse, inverse.times(self.UtY), noise)

    def gradient(self, point):
        """Derivatives with respect to B, :class:`TaskDerivative`, and the noise, (T,)."""
        s = self.spectrum.values
        C = point.C
        inverse = point.inverse
        excess = C**2 - inverse.diagonals
        weighted = s[:, None] * (C @ inverse.B.loadings)
        by_loadings = C.T @ weighted
        by_loadings -= np.einsum("k,ktr->tr", s, inverse.of_loadings)
        by_B = TaskDerivative(0.5 * by_loadings, 0.5 * (s @ excess))
        return by_B, 0.5 * excess.sum(axis=0)

    def by_kernel(self, point):
        """The derivative with respect to K, (n, n), symmetric."""
        U = self.spectrum.U
        C = point.C
        inverse = point.inverse
        B = inverse.B
        traces = inverse.diagonals @ B.diagonal
        traces += np.einsum("ktr,tr->k", inverse.of_loadings, B.loadings)
        G = (C @ B) @ C.T
        G.flat[:: len(G) + 1] -= traces
        with threads_for_product(len(U), *U.shape):
            return 0.5 * U @ G @ U.T

    def by_mean(self, point):
        """Derivatives with respect to a mean of each task that is taken off Y, (T,)."""
        return self.spectrum.U.sum(axis=0) @ point.C


def pays_off(rank, n_tasks):
    """Whether this is less work than eigenvectors of the task covariance."""
    return rank**2 <= n_tasks

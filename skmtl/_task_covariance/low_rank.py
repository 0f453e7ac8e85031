"""Task covariances ``diag(d) + L L'`` with few columns L, and eigenvectors of task covariances.

Products with these cost O(T) for T tasks, and the eigenvectors of ``d I + l l'`` are those of a
reflection, so that nothing is of the order of T^3, or T^2.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LowRank:
    """The symmetric matrix ``diag(diagonal) + loadings loadings'``; ``np.asarray`` makes it dense.

    Attributes
    ----------
    diagonal : ndarray of shape (n_tasks,)
        Not negative.
    loadings : ndarray of shape (n_tasks, rank)
    """

    diagonal: np.ndarray
    loadings: np.ndarray

    __array_ufunc__ = None  # so that ``Y @ B`` comes here

    def __len__(self):
        return len(self.diagonal)

    def __array__(self, dtype=None, copy=None):
        matrix = self.loadings @ self.loadings.T
        matrix.flat[:: len(self) + 1] += self.diagonal
        return matrix.astype(dtype or float, copy=False)

    def __rmatmul__(self, Y):
        return Y * self.diagonal + (Y @ self.loadings) @ self.loadings.T


def variances(B):
    """The diagonal of a task covariance, (n_tasks,)."""
    if not isinstance(B, LowRank):
        return B.diagonal()
    return B.diagonal + (B.loadings**2).sum(axis=1)


def spectral_norm(B):
    """The largest eigenvalue of a task covariance, or an upper bound of it."""
    if not isinstance(B, LowRank):
        return np.linalg.norm(B, 2)
    if B.loadings.shape[1] == 0:
        return B.diagonal.max()
    return B.diagonal.max() + np.linalg.norm(B.loadings, 2) ** 2


# ---------------------------------------------------------------- eigenvectors


class DenseBasis:
    """Orthonormal eigenvectors V of a task covariance, as columns of a matrix.

    Arrays have the tasks, or the directions V, along their second axis.

    Attributes
    ----------
    values : ndarray of shape (n_tasks,)
        The eigenvalues.
    """

    def __init__(self, B):
        self.values, self.matrix = np.linalg.eigh(B)

    def rows(self, tasks):
        """The rows of V of some tasks."""
        return self.matrix[tasks]

    def into(self, Y):
        """From tasks to directions, ``Y V``."""
        return Y @ self.matrix

    def back(self, Z):
        """From directions to tasks, ``Z V'``."""
        return _along_second_axis(self.matrix, Z)

    def back_by_squares(self, Z):
        """As :meth:`back` with the squares of the entries of V."""
        return _along_second_axis(self.matrix**2, Z)


def _along_second_axis(A, Z):
    """``Z A'`` of (n, T), and of (n, T, ...) for each of the last entries."""
    if Z.ndim == 2:
        return Z @ A.T
    return A @ Z


class ReflectionBasis:
    """The eigenvectors of ``d I + l l'`` as columns of a reflection ``I - 2 v v'``.

    The first of them is l up to its size. The interface is that of :class:`DenseBasis`.

    Parameters
    ----------
    d : float
    loadings : ndarray of shape (n_tasks, 0) or (n_tasks, 1)
        l, if there is one.
    """

    def __init__(self, d, loadings):
        self.values = np.full(len(loadings), float(d))
        self.v = np.zeros(len(loadings))
        size = np.linalg.norm(loadings)
        if size == 0:
            return
        self.values[0] += size**2
        direction = loadings[:, 0] / size
        direction[0] += np.copysign(1.0, direction[0])
        self.v = direction / np.linalg.norm(direction)

    @property
    def matrix(self):
        """V, (n_tasks, n_tasks)."""
        return np.eye(len(self.v)) - 2 * np.outer(self.v, self.v)

    def rows(self, tasks):
        """As :meth:`DenseBasis.rows`."""
        rows = np.multiply.outer(-2 * self.v[tasks], self.v)
        rows[np.arange(len(tasks)), tasks] += 1.0
        return rows

    def into(self, Y):
        """As :meth:`DenseBasis.into`."""
        return Y - _outer(Y, 2 * self.v, self.v)

    back = into  # a reflection is its own inverse

    def back_by_squares(self, Z):
        """As :meth:`DenseBasis.back_by_squares`."""
        squares = self.v**2
        own = 1 - 4 * squares
        scaled = Z * own.reshape(-1, *[1] * (Z.ndim - 2))
        return scaled + _outer(Z, 4 * squares, squares)


def _outer(Y, a, b):
    """The products of Y with a along the second axis, times b along that axis."""
    products = np.einsum("nt...,t->n...", Y, a)
    return np.einsum("n...,t->nt...", products, b)


def noise_basis(B, alpha):
    """The eigenvectors of ``Sigma^-1/2 B Sigma^-1/2`` with Sigma = diag(alpha).

    Parameters
    ----------
    B : ndarray of shape (n_tasks, n_tasks) or LowRank
        Task covariance.
    alpha : ndarray of shape (n_tasks,)
        Noise of the tasks.

    Returns
    -------
    DenseBasis or ReflectionBasis
    """
    if isinstance(B, LowRank) and B.loadings.shape[1] <= 1:
        own = B.diagonal / alpha
        if (own == own[0]).all():
            scale = np.sqrt(alpha)
            return ReflectionBasis(own[0], B.loadings / scale[:, None])
    return DenseBasis(relative_to_noise(np.asarray(B), alpha))


def relative_to_noise(B, alpha):
    """``Sigma^-1/2 B Sigma^-1/2`` with Sigma = diag(alpha)."""
    scale = np.sqrt(alpha)
    return B / np.outer(scale, scale)

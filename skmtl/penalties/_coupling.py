"""Positive semidefinite matrices between tasks: graphs with a ridge, or any dense matrix."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from scipy.linalg import (
    LinAlgError,
    cho_factor,
    cho_solve,
    cholesky,
    eigh,
    eigvalsh,
    solve_triangular,
)

_OUTSIDE = 1e-12  # of the norm of C: what may lie outside the range of M as rounding
_MARGIN = 1e-10  # of the largest entry, below which M counts as singular


class Coupling(ABC):
    """A positive semidefinite matrix M between tasks.

    `W @ M` is the product with an array whose last axis are the tasks.

    Attributes
    ----------
    n_tasks : int
        Number of rows and columns.
    is_narrow : bool
        Whether systems with a ridge are affordable.
    """

    __array_ufunc__ = None  # `W @ M` is left to M
    _shifted = (None, None)  # the last shift and its system
    is_narrow = True

    def __rmatmul__(self, W):
        return self._product(np.asarray(W))

    @abstractmethod
    def _product(self, W):
        """W M, of W's shape."""

    @abstractmethod
    def __add__(self, other):
        """The sum of two couplings."""

    @abstractmethod
    def __mul__(self, factor):
        """`factor` times M, for a factor of at least 0."""

    @abstractmethod
    def repeated(self, n_columns):
        """`M (x) I`, for tasks of several columns."""

    @abstractmethod
    def any(self):
        """Whether an entry is not zero."""

    @abstractmethod
    def toarray(self):
        """M as an array (n_tasks, n_tasks)."""

    @abstractmethod
    def diagonal(self):
        """The diagonal of M, (n_tasks,)."""

    @abstractmethod
    def dominant_diagonal(self):
        """A diagonal (n_tasks,), at least that of M, with `2 diag - M` psd."""

    @property
    @abstractmethod
    def common_ridge(self):
        """The ridge that M amounts to, None if it is no multiple of the identity."""

    @property
    @abstractmethod
    def largest(self):
        """The largest eigenvalue of M, or a bound above it."""

    @property
    @abstractmethod
    def least(self):
        """The smallest eigenvalue if it is negative beyond rounding errors, else 0."""

    @property
    @abstractmethod
    def is_definite(self):
        """Whether M is positive definite by a margin."""

    @property
    @abstractmethod
    def n_free(self):
        """Dimension of the null space of M."""

    @abstractmethod
    def free_groups(self):
        """The null space: groups of tasks, or None where it is not spanned by groups.

        Returns
        -------
        list of ndarray of int, or None
            Groups of tasks whose common shift costs nothing.
        """

    def pulled_to_mean(self):
        """d > 0 and u, both (n_tasks,), with `M = diag(d) - u u'`; None if there are none."""
        return None

    @abstractmethod
    def in_range(self, C):
        """The projection of the rows of C on the range of M."""

    @abstractmethod
    def shifted_solver(self, shift):
        """A function of B (n, n_tasks) whose rows x solve `x (M + shift I) = b`.

        Parameters
        ----------
        shift : ndarray of shape (n,)
            Positive, one for each row.
        """

    def solve_shifted(self, B, shift):
        """X with `X (M + shift I) = B` for one positive shift; the last system is kept."""
        known, system = self._shifted
        if known != shift:
            system = self._system(shift)
            self._shifted = (shift, system)
        return system(B)

    @abstractmethod
    def _system(self, shift):
        """A function of B (n, n_tasks) that returns X with `X (M + shift I) = B`."""

    @abstractmethod
    def solve(self, C):
        """X with `X M = C`, for C in the range of M."""

    def between_scaled(self, sizes):
        """M between tasks that are divided by their sizes (n_tasks,), a coupling."""
        return DenseCoupling(self.toarray() / np.outer(sizes, sizes))

    def value(self, W):
        """`1/2 tr(W M W')`, to the digits of how tasks differ, however large what they share."""
        if not self.any():
            return 0.0
        part = self.in_range(W)
        return 0.5 * float(np.vdot(part, part @ self))

    def half_square(self, C):
        """`1/2 tr(C M^-1 C')`, for C in the range of M."""
        return 0.5 * float(np.vdot(C, self.solve(C)))

    def conjugate(self, C):
        """`1/2 tr(C M^-1 C')`, infinite where C is outside the range of M."""
        outside = np.linalg.norm(C - self.in_range(C))
        if outside > _OUTSIDE * np.linalg.norm(C):
            return np.inf
        return self.half_square(C)


class DenseCoupling(Coupling):
    """Any psd matrix.

    Parameters
    ----------
    M : ndarray of shape (n_tasks, n_tasks)
        The matrix.
    """

    def __init__(self, M):
        self.M = M
        self.n_tasks = len(M)

    def _product(self, W):
        return W @ self.M

    def __add__(self, other):
        return DenseCoupling(self.M + other.toarray())

    def __mul__(self, factor):
        return DenseCoupling(self.M * factor)

    def any(self):
        return bool(self.M.any())

    def toarray(self):
        return self.M

    def diagonal(self):
        return np.diag(self.M)

    def dominant_diagonal(self):
        half = 0.5 * np.abs(self.M).sum(axis=1)
        return np.maximum(self.diagonal(), half)

    def repeated(self, n_columns):
        return DenseCoupling(np.kron(self.M, np.eye(n_columns)))

    @property
    def common_ridge(self):
        return None

    @cached_property
    def spectrum(self):
        """Eigenvalues and eigenvectors, rounding errors of zero set to zero."""
        values, U = eigh(self.M)
        rounding = 10 * self.n_tasks * np.finfo(float).eps
        values = np.where(values > rounding * values[-1], values, 0.0)
        return values, U

    @property
    def largest(self):
        values, _ = self.spectrum
        return float(values[-1])

    @property
    def least(self):
        values = eigvalsh(self.M)
        least = float(values[0])
        largest = max(values[-1], -least)
        return least if least < -_MARGIN * largest else 0.0

    @cached_property
    def _factor(self):
        """The lower Cholesky factor of M, None if M is not definite by a margin."""
        try:
            L = cholesky(self.M, lower=True)
        except LinAlgError:
            return None
        least = np.diag(L).min()
        largest = self.diagonal().max()
        return L if least**2 > _MARGIN * largest else None

    @property
    def is_definite(self):
        values, _ = self.spectrum
        return values[0] > _MARGIN * max(self.M.max(), 1e-300)

    @property
    def free(self):
        """An orthonormal basis of the null space, (n_tasks, n_free)."""
        values, U = self.spectrum
        return U[:, values == 0]

    @property
    def n_free(self):
        return self.free.shape[1]

    def free_groups(self):
        return None

    def in_range(self, C):
        if self._factor is not None:
            return C
        free = self.free
        return C - C @ free @ free.T

    def shifted_solver(self, shift):
        values, U = self.spectrum
        divisor = shift[:, None] + values

        def solve(B):
            rotated = B @ U
            return (rotated / divisor) @ U.T

        return solve

    def _system(self, shift):
        system = self.M + shift * np.eye(self.n_tasks)
        try:
            factor = cho_factor(system)
        except LinAlgError:  # all but singular
            return lambda B: self.shifted_solver(np.full(len(B), shift))(B)
        return lambda B: cho_solve(factor, B.T).T

    def solve(self, C):
        values, U = self.spectrum
        kept = values > 0
        U = U[:, kept]
        return (C @ U / values[kept]) @ U.T

    def half_square(self, C):
        if self._factor is None:
            return super().half_square(C)
        whitened = solve_triangular(self._factor, C.T, lower=True)
        return 0.5 * float(np.vdot(whitened, whitened))

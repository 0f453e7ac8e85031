"""Quadratic penalties: the ridge, and couplings between tasks."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from skmtl.penalties._base import Penalty
from skmtl.penalties._coupling import Coupling
from skmtl.penalties._graph_coupling import coupling_of, ridge_coupling


class QuadraticPenalty(Penalty):
    """`1/2 tr(W M W')` with a positive semidefinite matrix M between tasks.

    A subclass implements `matrix`; value, prox and conjugate follow from it. Where a matrix of all
    pairs of tasks would be large, :meth:`between_tasks` may give its structure.
    """

    is_quadratic = True

    @abstractmethod
    def matrix(self, n_tasks):
        """M, strength included, of shape (n_tasks, n_tasks)."""

    def value(self, W):
        M = self.between_tasks(W.shape[1])
        return 0.5 * float(np.vdot(W, W @ M))

    def prox(self, W, step):
        if step == 0:
            return W.copy()
        M = self.between_tasks(W.shape[1])
        return M.solve_shifted(W / step, 1 / step)

    def conjugate(self, G):
        """`1/2 tr(G M^-1 G')`, infinite where G is outside the range of M."""
        return self.between_tasks(G.shape[1]).conjugate(G)


@dataclass(frozen=True)
class Ridge(QuadraticPenalty):
    """`alpha/2 * ||W||_F^2`.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    """

    alpha: float
    is_elementwise = True

    def matrix(self, n_tasks):
        return self.alpha * np.eye(n_tasks)

    def between_tasks(self, n_tasks):
        return ridge_coupling(self.alpha, n_tasks)

    def value(self, W):
        return 0.5 * self.alpha * float(np.vdot(W, W))

    def prox(self, W, step):
        return W / (1 + step * self.alpha)

    def conjugate(self, G):
        squares = np.vdot(G, G)
        return 0.5 * self._per_alpha(squares)


@dataclass(frozen=True)
class TaskCoupling(QuadraticPenalty):
    """`alpha/2 * tr(W M W')` with a positive semidefinite matrix M between tasks.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    coupling : array or sparse matrix of shape (n_tasks, n_tasks), or Coupling
        M, symmetric; for example the Laplacian of a graph. Of a Laplacian with few edges, and of
        what pulls all tasks to their mean, nothing of the size of all pairs is ever computed.
    """

    alpha: float
    coupling: np.ndarray
    sees_tasks = True

    def __post_init__(self):
        super().__post_init__()
        M = self.coupling
        if isinstance(M, Coupling):
            return
        as_matrix = sparse.csr_array if sparse.issparse(M) else np.asarray
        M = as_matrix(M, dtype=float)
        object.__setattr__(self, "coupling", M)
        if M.ndim != 2 or M.shape[0] != M.shape[1]:
            raise ValueError(f"coupling has shape {M.shape}, expected (n_tasks, n_tasks).")
        if not _is_symmetric(M):
            raise ValueError("coupling must be finite and symmetric.")

    def matrix(self, n_tasks):
        M = self.coupling
        if not isinstance(M, np.ndarray):
            M = M.toarray()
        return self.alpha * M

    @cached_property
    def _structure(self):
        M = self.coupling
        if not isinstance(M, Coupling):
            M = coupling_of(M)
        return M * self.alpha

    def between_tasks(self, n_tasks):
        return self._structure


def _is_symmetric(M):
    """Whether an array or sparse matrix is finite and symmetric."""
    entries = M.data if sparse.issparse(M) else M
    if not np.isfinite(entries).all():
        return False
    rounding = 1e-10 * np.abs(M)
    excess = np.abs(M - M.T) - rounding
    return excess.max() <= 0

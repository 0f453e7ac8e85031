"""Quadratic penalties: the ridge, and couplings between tasks."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from skmtl.penalties._base import Penalty


class QuadraticPenalty(Penalty):
    """`1/2 tr(W M W')` with a positive semidefinite matrix M between tasks.

    A subclass implements `matrix`; value, prox and conjugate follow from it.
    """

    is_quadratic = True

    @abstractmethod
    def matrix(self, n_tasks):
        """M, strength included, of shape (n_tasks, n_tasks)."""

    def value(self, W):
        M = self.matrix(W.shape[1])
        return 0.5 * float(np.vdot(W, W @ M))

    def prox(self, W, step):
        n_tasks = W.shape[1]
        system = np.eye(n_tasks) + step * self.matrix(n_tasks)
        return np.linalg.solve(system, W.T).T

    def conjugate(self, G):
        """`1/2 tr(G M^-1 G')`, infinite where G is outside the range of M."""
        M = self.matrix(G.shape[1])
        values, U = np.linalg.eigh(M)
        rounding = len(M) * np.finfo(float).eps
        kept = values > rounding * values[-1]
        rotated = G @ U
        outside = np.linalg.norm(rotated[:, ~kept])
        if outside > 1e-12 * np.linalg.norm(G):
            return np.inf
        squares = rotated[:, kept] ** 2
        quotients = squares / values[kept]
        return 0.5 * float(quotients.sum())


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
    coupling : ndarray of shape (n_tasks, n_tasks)
        M, symmetric; for example the Laplacian of a graph.
    """

    alpha: float
    coupling: np.ndarray
    sees_tasks = True

    def __post_init__(self):
        super().__post_init__()
        M = np.asarray(self.coupling, dtype=float)
        object.__setattr__(self, "coupling", M)
        if M.ndim != 2 or M.shape[0] != M.shape[1]:
            raise ValueError(f"coupling has shape {M.shape}, expected (n_tasks, n_tasks).")
        if not np.isfinite(M).all() or not np.allclose(M, M.T, rtol=1e-10, atol=0):
            raise ValueError("coupling must be finite and symmetric.")

    def matrix(self, n_tasks):
        return self.alpha * self.coupling

"""Quadratic penalties: the ridge, and couplings between tasks."""

from dataclasses import dataclass

import numpy as np

from skmtl.penalties._base import Penalty, _ratio


@dataclass(frozen=True)
class Ridge(Penalty):
    """`alpha/2 * ||W||_F^2`.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    """

    alpha: float

    def value(self, W):
        return 0.5 * self.alpha * float(np.vdot(W, W))

    def prox(self, W, step):
        return W / (1 + step * self.alpha)

    def conjugate(self, G):
        return 0.5 * _ratio(float(np.vdot(G, G)), self.alpha)

    def matrix(self, n_tasks):
        """M of `1/2 tr(W M W')`, (n_tasks, n_tasks)."""
        return self.alpha * np.eye(n_tasks)


@dataclass(frozen=True)
class TaskCoupling(Penalty):
    """`alpha/2 * tr(W M W')` with a positive semidefinite matrix M between tasks.

    Parameters
    ----------
    alpha : float
        Strength, at least 0.
    coupling : ndarray of shape (n_tasks, n_tasks)
        M, symmetric: the Laplacian of a graph, for one.
    """

    alpha: float
    coupling: np.ndarray

    def __post_init__(self):
        super().__post_init__()
        M = np.asarray(self.coupling, dtype=float)
        object.__setattr__(self, "coupling", M)
        if M.ndim != 2 or M.shape[0] != M.shape[1]:
            raise ValueError(f"coupling has shape {M.shape}, expected (n_tasks, n_tasks).")
        if not np.isfinite(M).all() or not np.allclose(M, M.T, rtol=1e-10, atol=0):
            raise ValueError("coupling must be finite and symmetric.")

    def value(self, W):
        return 0.5 * self.alpha * float(np.vdot(W, W @ self.coupling))

    def prox(self, W, step):
        A = np.eye(W.shape[1]) + step * self.alpha * self.coupling
        return np.linalg.solve(A, W.T).T

    def conjugate(self, G):
        values, U = np.linalg.eigh(self.coupling)
        kept = values > len(values) * np.finfo(float).eps * values[-1]
        if np.linalg.norm(G @ U[:, ~kept]) > 1e-12 * np.linalg.norm(G):
            return np.inf
        return 0.5 * _ratio(float(((G @ U[:, kept]) ** 2 / values[kept]).sum()), self.alpha)

    def matrix(self, n_tasks):
        """alpha M, (n_tasks, n_tasks)."""
        return self.alpha * self.coupling

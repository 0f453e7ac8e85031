"""The task covariance that is best for kernel ridge regressions, as a convex problem.

Given the covariance Omega the functions are kernel ridge regressions, so the objective is a convex
function of Omega alone. Its value and gradient cost one linear system.
"""

from typing import NamedTuple

import numpy as np

from skmtl.penalties import SquaredTraceNorm


class Relationship(NamedTuple):
    """The best functions for a task covariance.

    Attributes
    ----------
    omega : ndarray of shape (n_tasks, n_tasks)
        The task covariance, of trace 1.
    mixing : ndarray of shape (n_tasks, n_tasks)
        The task kernel of the functions is ``omega @ mixing``.
    system : object
        The linear system of the functions.
    value : float
        The objective of the functions with `omega`.
    gradient : ndarray of shape (n_tasks, n_tasks)
        The gradient of `value` with respect to `omega`.
    objective : float
        The objective of the functions with the covariance that is best for them, `better`.
    gap : float
        An upper bound of `objective` minus the minimum.
    better : ndarray of shape (n_tasks, n_tasks)
    """

    omega: np.ndarray
    mixing: np.ndarray
    system: object
    value: float
    gradient: np.ndarray
    objective: float
    gap: float
    better: np.ndarray

    @property
    def task_kernel(self):
        """The task kernel of the functions, (n_tasks, n_tasks)."""
        return self.omega @ self.mixing

    def without_system(self):
        """The same without the linear system, which may be large."""
        return self._replace(system=None)


class RelationshipProblem:
    """`sum s (y - f - b)^2 + alpha tr(W Omega^-1 W') + ridge ||W||_F^2`, as a function of Omega.

    W holds the functions as columns, in the space of the input kernel.

    Parameters
    ----------
    K : ndarray of shape (n_samples, n_samples)
    observations : Observations
    y : ndarray of shape (n_observations,)
        Targets, of mean zero in each task if there are intercepts.
    solve : callable
        ``solve(B)`` gives the system with the task kernel B and `alpha` on its diagonal.
    alpha, ridge : float
    """

    def __init__(self, K, observations, y, solve, alpha, ridge):
        self.K = K
        self.observations = observations
        self.y = y
        self.solve = solve
        self.alpha = alpha
        self.ridge = ridge

    def at(self, omega):
        """The :class:`Relationship` of a positive semidefinite matrix of trace 1.

        With dual coefficients C of the task kernel ``B = Omega M``, ``M = (I + ridge/alpha
        Omega)^-1``, residuals are ``alpha C / s`` and functions ``W = Phi'C B``. The dual objective
        holds for any C, so C is a dual point for all Omega.
        """
        alpha = self.alpha
        mixing = self._mixing(omega)
        B = omega @ mixing
        system = self.solve((B + B.T) / 2)
        dual = system.dual(self.y)
        loss = float((alpha * dual) ** 2 @ (1.0 / self.observations.weight))
        value = alpha * float(dual @ self.y)
        root, dual_values = self._root(dual)
        _, values, V = np.linalg.svd(root @ B)
        objective = loss + alpha * values.sum() ** 2 + self.ridge * float(values @ values)
        lower_bound = 2 * value - loss - self._twice_conjugate(alpha * dual_values)
        return Relationship(
            omega=omega,
            mixing=mixing,
            system=system,
            value=value,
            gradient=-alpha * mixing.T @ (root.T @ root) @ mixing,
            objective=objective,
            gap=max(objective - lower_bound, 0.0),
            better=(V.T * values) @ V / values.sum() if values.any() else omega,
        )

    def _mixing(self, omega):
        """``M = (I + ridge/alpha Omega)^-1``, (n_tasks, n_tasks)."""
        return np.linalg.inv(np.eye(len(omega)) + self.ridge / self.alpha * omega)

    def _root(self, dual):
        """A root of ``C'K C``, (n_tasks, n_tasks), and its singular values.

        These are the singular values of ``Phi'C``, where ``C'K C`` has their squares.
        """
        C = self.observations.matrix(dual)
        values, V = np.linalg.eigh(C.T @ self.K @ C)
        singular_values = np.sqrt(np.maximum(values, 0.0))
        return singular_values[:, None] * V.T, singular_values

    def _twice_conjugate(self, values):
        """Twice the conjugate of `alpha/2 ||W||_*^2 + ridge/2 ||W||_F^2`, from singular values."""
        penalty = SquaredTraceNorm(self.alpha)
        if self.ridge == 0:
            return 2 * penalty.conjugate(np.diag(values))
        maximizer = penalty.prox(np.diag(values / self.ridge), 1 / self.ridge).diagonal()
        return float(values @ maximizer)

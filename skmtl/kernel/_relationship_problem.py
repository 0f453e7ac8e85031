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
        The objective of the functions with `better`.
    gap : float
        An upper bound of `objective` minus the minimum.
    better : ndarray of shape (n_tasks, n_tasks)
        The covariance that is best for the functions.
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
        residuals = alpha * dual  # times the weights
        loss = float(residuals**2 @ (1.0 / self.observations.weight))
        value = float(residuals @ self.y)
        root, dual_values = self._root(dual)
        _, values, V = np.linalg.svd(root @ B)
        objective = loss + self._penalty(values)
        lower_bound = 2 * value - loss - self._conjugate(alpha * dual_values)
        gram = root.T @ root
        return Relationship(
            omega=omega,
            mixing=mixing,
            system=system,
            value=value,
            gradient=-alpha * mixing.T @ gram @ mixing,
            objective=objective,
            gap=max(objective - lower_bound, 0.0),
            better=_normalized_root(values, V) if values.any() else omega,
        )

    def _mixing(self, omega):
        """``M = (I + ridge/alpha Omega)^-1``, (n_tasks, n_tasks)."""
        ratio = self.ridge / self.alpha
        identity = np.eye(len(omega))
        return np.linalg.inv(identity + ratio * omega)

    def _root(self, dual):
        """A root of ``C'K C``, (n_tasks, n_tasks), and its singular values.

        These are the singular values of ``Phi'C``, where ``C'K C`` has their squares.
        """
        C = self.observations.matrix(dual)
        gram = C.T @ self.K @ C
        squares, V = np.linalg.eigh(gram)
        squares = np.maximum(squares, 0.0)
        values = np.sqrt(squares)
        root = values[:, None] * V.T
        return root, values

    def _penalty(self, values):
        """`alpha ||W||_*^2 + ridge ||W||_F^2` of W with these singular values."""
        trace_norm = values.sum()
        squares = float(values @ values)
        return self.alpha * trace_norm**2 + self.ridge * squares

    def _conjugate(self, values):
        """Twice the conjugate of half the penalty, at a matrix with these singular values."""
        penalty = SquaredTraceNorm(self.alpha)
        ridge = self.ridge
        if ridge == 0:
            matrix = np.diag(values)
            return 2 * penalty.conjugate(matrix)
        matrix = np.diag(values / ridge)
        maximizer = penalty.prox(matrix, 1 / ridge)
        return float(values @ maximizer.diagonal())


def _normalized_root(values, V):
    """``(W'W)^(1/2)`` over its trace, from the singular values and vectors of W."""
    root = (V.T * values) @ V
    return root / values.sum()

"""The covariance of the tasks that is best for kernel ridge regressions.

Given the covariance Omega the functions are kernel ridge regressions, so the objective is a convex
function of Omega alone, whose value and gradient cost one linear system. It is minimized in that
form: alternating between functions and covariance crawls where Omega loses rank, as it usually
does.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from skmtl._task_covariance.kronecker import constants, spectrum
from skmtl._task_covariance.observations import centered
from skmtl._task_covariance.systems import (
    choose_solver,
    largest_eigenvalue,
    make_system,
    noise_floor,
    schur_cost,
)
from skmtl.penalties import SquaredTraceNorm

_ALTERNATIONS = 5  # to start with
_SMALLEST = 1e-6  # eigenvalue that quasi-Newton steps start with, relative to the largest
_FRESH = 1e-3  # share of independent tasks in a covariance that is started from


class Relationship(NamedTuple):
    """The best functions for a covariance `omega`, their task kernel ``omega mixing``.

    `system` is that of the functions, kept of the last one in a history only: it may be large.
    `value` is the objective of both and `gradient` that in omega;
    `objective` is that of the functions with the covariance that is best for them, `better`, and
    `gap` bounds how far it is from the minimum.
    """

    omega: np.ndarray
    mixing: np.ndarray
    system: object
    value: float
    gradient: np.ndarray
    objective: float
    gap: float
    better: np.ndarray


class RelationshipProblem:
    """`sum s (y - f - b)^2 + alpha tr(W Omega^-1 W') + ridge ||W||_F^2`, as a function of Omega.

    W holds the functions as columns, in the space of the input kernel.

    Parameters
    ----------
    K : ndarray of shape (n_rows, n_rows)
    cells : Observations
    y : ndarray of shape (n_cells,)
        Of mean zero in each task where there are intercepts.
    solve : callable
        ``solve(B)`` gives the system with the task kernel B and `alpha` on its diagonal.
    alpha, ridge : float
    """

    def __init__(self, K, cells, y, solve, alpha, ridge):
        self.K, self.cells, self.y, self.solve = K, cells, y, solve
        self.alpha, self.ridge = alpha, ridge

    def at(self, omega):
        """The :class:`Relationship` of a positive semidefinite matrix of trace 1.

        With dual coefficients C of the task kernel ``B = Omega M``, ``M = (I + ridge/alpha
        Omega)^-1``, residuals are ``alpha C / s`` and functions ``W = Phi'C B``. The dual objective
        holds for any C, so C is a dual point for all Omega.
        """
        alpha, ridge = self.alpha, self.ridge
        mixing = mixing_matrix(omega, alpha, ridge)
        B = omega @ mixing
        system = self.solve((B + B.T) / 2)
        dual = system.dual(self.y)
        C = self.cells.matrix(dual)
        values, V = np.linalg.eigh(C.T @ self.K @ C)
        slopes = np.sqrt(np.maximum(values, 0.0))
        root = slopes[:, None] * V.T  # its singular values are those of Phi'C, not their squares
        _, s, V = np.linalg.svd(root @ B)
        loss = float((alpha * dual) ** 2 @ (1.0 / self.cells.weight))
        value = alpha * float(dual @ self.y)
        objective = loss + alpha * s.sum() ** 2 + ridge * float(s @ s)
        bound = 2 * value - loss - _conjugate(alpha * slopes, alpha, ridge)
        better = (V.T * s) @ V / s.sum() if s.any() else omega
        gradient = -alpha * mixing.T @ (root.T @ root) @ mixing
        gap = max(objective - bound, 0.0)
        return Relationship(omega, mixing, system, value, gradient, objective, gap, better)


def mixing_matrix(omega, alpha, ridge):
    """``(I + ridge/alpha Omega)^-1``."""
    return np.linalg.inv(np.eye(len(omega)) + ridge / alpha * omega)


def _conjugate(s, alpha, ridge):
    """Twice the conjugate of `alpha/2 ||W||_*^2 + ridge/2 ||W||_F^2`, from singular values."""
    if ridge == 0:
        return 2 * SquaredTraceNorm(alpha).conjugate(np.diag(s))
    return float(s @ SquaredTraceNorm(alpha).prox(np.diag(s / ridge), 1 / ridge).diagonal())


def learn_covariance(problem, start, *, max_iter, tol):
    """Relationships whose `value` decreases, the first of the covariance `start`.

    A few alternations with the closed form ``(W'W)^(1/2)``, then L-BFGS over A with
    ``Omega = AA' / tr AA'``, then alternations again where rounding stops that. The last one has a
    gap of at most `tol` if `max_iter` was enough.

    Parameters
    ----------
    problem : RelationshipProblem
    start : ndarray of shape (n_tasks, n_tasks)
        Positive semidefinite of trace 1. Alternations do not leave its range.
    max_iter : int
    tol : float

    Returns
    -------
    list of Relationship
    """
    history = [problem.at(start)]
    while history[-1].gap > tol and len(history) < min(max_iter, 1 + _ALTERNATIONS):
        _append(history, problem.at(history[-1].better))
    if history[-1].gap > tol and len(history) < max_iter:
        _quasi_newton(problem, history, max_iter - len(history), tol)
    while history[-1].gap > tol and len(history) < max_iter:
        following = problem.at(history[-1].better)
        if following.gap >= history[-1].gap:
            break
        _append(history, following)
    return history


def _append(history, following):
    history[-1] = history[-1]._replace(system=None)
    history.append(following)


def _quasi_newton(problem, history, max_iter, tol):
    """Appends the steps of L-BFGS to `history`, from its last entry on."""
    values, V = np.linalg.eigh(history[-1].omega)
    start = V * np.sqrt(np.maximum(values, _SMALLEST * values[-1]))
    scale, latest = history[0].value, None

    def value_and_slope(a):
        nonlocal latest
        A = a.reshape(start.shape)
        total = np.vdot(A, A)
        omega = A @ A.T / total
        latest = problem.at(omega)
        slope = (latest.gradient @ A - np.vdot(latest.gradient, omega) * A) * (2 / total)
        return latest.value / scale, slope.ravel() / scale

    def keep(intermediate_result):
        _append(history, latest)
        if latest.gap <= tol:
            raise StopIteration

    options = {"maxiter": max_iter, "maxfun": 10 * max_iter, "maxcor": 30, "ftol": 0, "gtol": 0}
    arguments = {"jac": True, "method": "L-BFGS-B", "callback": keep, "options": options}
    minimize(value_and_slope, start.ravel(), **arguments)


class CovarianceLearner:
    """Learns the covariance for any strengths; the kernel matrix is decomposed at most once.

    `centered` are the targets without the means of their tasks, where there are intercepts, and
    `null` is the objective without functions.

    Parameters
    ----------
    K : ndarray of shape (n_rows, n_rows)
    cells : Observations
    y : ndarray of shape (n_cells,)
    long : bool
        Whether tasks have rows of their own.
    fit_intercept : bool
    """

    def __init__(self, K, cells, y, long, fit_intercept):
        self.K, self.cells, self.fit_intercept = K, cells, fit_intercept
        self.centered = y - cells.task_mean(y)[cells.task] if fit_intercept else y
        weight = np.bincount(cells.row, cells.weight, cells.n_rows)
        self._centered_K = centered(K, weight) if fit_intercept else K
        self._floor = noise_floor(largest_eigenvalue(K, cells.weight))
        self.null = float(cells.weight @ self.centered**2)
        costs = schur_cost(cells), len(cells) ** 3 / 3
        self.solver, self._spectrum = choose_solver("auto", cells, long, costs), None
        if self.solver != "cholesky":
            free = constants(cells.n_rows, fit_intercept)
            self._spectrum = spectrum(K, cells.row_weight, free)

    def jitter(self, alpha, ridge):
        """What alpha lacks: eigenvalues of task kernels are at most ``alpha / (alpha + ridge)``."""
        return max(self._floor - alpha - ridge, 0.0)

    def learn(self, alpha, ridge, *, max_iter, tol, near=None):
        """Relationships whose `value` decreases, the last of them with a gap of `tol * null`.

        They start from independent tasks, or near the covariance `near`. The `jitter` is added to
        alpha.
        """
        alpha = alpha + self.jitter(alpha, ridge)
        alphas = np.full(self.cells.n_tasks, alpha)

        def solve(B):
            options = self.cells, self.fit_intercept, self._spectrum
            return make_system(self.solver, self.K, B, alphas, *options)

        K, y = self._centered_K, self.centered
        problem = RelationshipProblem(K, self.cells, y, solve, alpha, ridge)
        start = np.eye(self.cells.n_tasks) / self.cells.n_tasks
        if near is not None:
            start = (1 - _FRESH) * near + _FRESH * start
        return learn_covariance(problem, start, max_iter=max_iter, tol=tol * self.null)

    def optimality(self, found):
        """The gap of a relationship relative to the objective without functions."""
        return found.gap / self.null if self.null > 0 else 0.0

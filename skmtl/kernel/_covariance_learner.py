"""Learning the task covariance of kernel ridge regressions.

The problem is minimized as a function of the covariance alone: alternating between functions and
covariance is slow where the covariance loses rank, as it usually does.
"""

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
from skmtl.kernel._relationship_problem import RelationshipProblem

_ALTERNATIONS = 5  # before quasi-Newton steps
_SMALLEST = 1e-6  # initial eigenvalue of quasi-Newton steps, relative to the largest
_FRESH = 1e-3  # share of independent tasks in initial values near another covariance
_MEMORY = 30  # steps that L-BFGS remembers


def learn_covariance(problem, initial, *, max_iter, tol):
    """Relationships whose `value` decreases, the first of the covariance `initial`.

    A few alternations with the closed form ``(W'W)^(1/2)`` come first, then L-BFGS over A with
    ``Omega = AA' / tr AA'``, then alternations again where rounding stops that. The last
    relationship has a gap of at most `tol` if `max_iter` was large enough.

    Parameters
    ----------
    problem : RelationshipProblem
    initial : ndarray of shape (n_tasks, n_tasks)
        Positive semidefinite of trace 1. Alternations do not leave its range.
    max_iter : int
    tol : float

    Returns
    -------
    list of Relationship
        All but the last are without their `system`.
    """
    history = [problem.at(initial)]
    _alternate(problem, history, min(max_iter, 1 + _ALTERNATIONS), tol)
    if history[-1].gap > tol and len(history) < max_iter:
        _quasi_newton(problem, history, max_iter, tol)
    _alternate(problem, history, max_iter, tol, falling=True)
    return history


def _append(history, following):
    history[-1] = history[-1].without_system()
    history.append(following)


def _alternate(problem, history, max_iter, tol, falling=False):
    """Append alternations to `history`; with `falling` they stop if the gap does not decrease."""
    while len(history) < max_iter:
        last = history[-1]
        if last.gap <= tol:
            return
        following = problem.at(last.better)
        if falling and following.gap >= last.gap:
            return
        _append(history, following)


def _quasi_newton(problem, history, max_iter, tol):
    """Append steps of L-BFGS to `history`, until it has `max_iter` entries."""
    last = history[-1]
    values, V = np.linalg.eigh(last.omega)
    smallest = _SMALLEST * values[-1]
    values = np.maximum(values, smallest)
    initial = V * np.sqrt(values)
    scale = history[0].value
    max_steps = max_iter - len(history)
    latest = None

    def value_and_gradient(a):
        nonlocal latest
        A = a.reshape(initial.shape)
        total = np.vdot(A, A)
        omega = A @ A.T / total
        latest = problem.at(omega)
        # omega does not depend on the scale of A, so the gradient has no part along A
        along = np.vdot(latest.gradient, omega)
        gradient = latest.gradient @ A - along * A
        gradient *= 2 / (total * scale)
        return latest.value / scale, gradient.ravel()

    def keep(intermediate_result):
        _append(history, latest)
        if latest.gap <= tol:
            raise StopIteration

    minimize(
        value_and_gradient,
        initial.ravel(),
        jac=True,
        method="L-BFGS-B",
        callback=keep,
        # only the gap and the number of steps stop it
        options={
            "maxiter": max_steps,
            "maxfun": 10 * max_steps,
            "maxcor": _MEMORY,
            "ftol": 0,
            "gtol": 0,
        },
    )


class CovarianceLearner:
    """Learns the task covariance for any strengths; the kernel matrix is decomposed at most once.

    Parameters
    ----------
    K : ndarray of shape (n_samples, n_samples)
    observations : Observations
    y : ndarray of shape (n_observations,)
    long : bool
        Whether every task has samples of its own.
    fit_intercept : bool

    Attributes
    ----------
    centered_y : ndarray of shape (n_observations,)
        Targets minus the means of their tasks if there are intercepts, else the targets.
    null_objective : float
        The objective of the null model.
    """

    def __init__(self, K, observations, y, long, fit_intercept):
        self.K = K
        self.observations = observations
        self.fit_intercept = fit_intercept
        self.centered_y = y
        self._centered_K = K
        if fit_intercept:
            mean = observations.task_mean(y)
            self.centered_y = y - mean[observations.task]
            weight = np.bincount(observations.sample, observations.weight, observations.n_samples)
            self._centered_K = centered(K, weight)
        largest = largest_eigenvalue(K, observations.weight)
        self._noise_floor = noise_floor(largest)
        self.null_objective = float(observations.weight @ self.centered_y**2)
        costs = schur_cost(observations), len(observations) ** 3 / 3
        self.solver = choose_solver("auto", observations, long, costs)
        self._spectrum = None
        if self.solver != "cholesky":
            free = constants(observations.n_samples, fit_intercept)
            self._spectrum = spectrum(K, observations.common_weight, free)

    def jitter(self, alpha, ridge):
        """What has to be added to alpha, so that rounding errors do not dominate.

        Eigenvalues of task kernels are at most ``alpha / (alpha + ridge)``.
        """
        return max(self._noise_floor - alpha - ridge, 0.0)

    def learn(self, alpha, ridge, *, max_iter, tol, near=None):
        """Relationships whose `value` decreases, the last with a gap of `tol` null objectives.

        The initial values are independent tasks, or near the covariance `near`. The `jitter` is
        added to alpha.
        """
        alpha = alpha + self.jitter(alpha, ridge)
        n_tasks = self.observations.n_tasks
        problem = self._problem(alpha, ridge)
        initial = np.eye(n_tasks) / n_tasks
        if near is not None:
            initial = (1 - _FRESH) * near + _FRESH * initial
        return learn_covariance(problem, initial, max_iter=max_iter, tol=tol * self.null_objective)

    def _problem(self, alpha, ridge):
        observations = self.observations
        alphas = np.full(observations.n_tasks, alpha)

        def solve(B):
            return make_system(
                self.solver,
                self.K,
                B,
                alphas,
                observations,
                self.fit_intercept,
                self._spectrum,
            )

        return RelationshipProblem(
            self._centered_K, observations, self.centered_y, solve, alpha, ridge
        )

    def optimality(self, found):
        """The gap of a relationship relative to the objective of the null model."""
        if self.null_objective == 0:
            return 0.0
        return found.gap / self.null_objective

"""Logistic regression of two classes with an intercept for each task, by Newton's method.

Every step is a ridge regression of working responses, which :class:`InterceptRidge` solves without
a column for each task. The objective is that of scikit-learn,

    C sum_i w_i log(1 + exp(-s_i z_i)) + 1/2 ||v||^2 + 1/2 ||a||^2 / factor^2,

with z_i = b + x_i'v + a_t(i) and s_i = 1 or -1.
"""

from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skmtl._warn import warn
from skmtl.meta._intercept_ridge import InterceptRidge

_TOL = 1e-12  # on the decrease of the objective in a step, relative to that of zero coefficients
_LEAST_CURVATURE = 1e-8
_SHORTEST_STEP = 1e-6
_SMOOTH_SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga")


class _Point(NamedTuple):
    """Coefficients and what follows from them."""

    coef: np.ndarray  # v, (n_features,)
    intercept: float  # b
    effects: np.ndarray  # a, (n_tasks,)
    z: np.ndarray  # (n_samples,)

    def less(self, other):
        """Return the differences from another point."""
        parts = [own - of_other for own, of_other in zip(self, other, strict=True)]
        return _Point(*parts)

    def towards(self, other, step):
        """Return the point that is a part of the way to another."""
        parts = [own + step * (new - own) for own, new in zip(self, other, strict=True)]
        return _Point(*parts)


class InterceptLogistic:
    """The problem of samples of tasks, for any strengths.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    labels : ndarray of shape (n_samples,)
        Class labels, 0 or 1.
    codes : ndarray of int of shape (n_samples,)
        Task of each sample.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    n_tasks : int
        Number of tasks, some of which may have no samples.
    fit_intercept : bool
        Whether there is a common intercept b, else it is zero.
    """

    def __init__(self, X, labels, codes, weight, n_tasks, fit_intercept):
        if weight is None:
            weight = np.ones(len(labels))
        X = X.astype(float)
        self.origin = np.zeros(X.shape[1])
        if fit_intercept:  # digits would be lost far from zero
            self.origin = np.average(X, axis=0, weights=weight)
        self.X = X - self.origin
        self.labels = labels.astype(float)
        self.codes = codes
        self.weight = weight
        self.n_tasks = n_tasks
        self.fit_intercept = fit_intercept

    def _value(self, point, alpha, strength):
        """Return the objective divided by C."""
        signs = 1 - 2 * self.labels
        loss = self.weight @ np.logaddexp(0.0, signs * point.z)
        penalty = alpha * point.coef @ point.coef + strength * point.effects @ point.effects
        return loss + 0.5 * penalty

    def _newton_point(self, point, alpha, strength):
        """Return the minimum of the parabola at a point, and how much lower it is there."""
        p = expit(point.z)
        curvature = np.maximum(p * (1 - p), _LEAST_CURVATURE)
        responses = point.z + (self.labels - p) / curvature
        ridge = InterceptRidge(
            self.X,
            responses,
            self.codes,
            self.weight * curvature,
            self.n_tasks,
            self.fit_intercept,
        )
        coef, intercept, effects = ridge.coefficients(ridge.solve(alpha, strength))
        target = _Point(coef, intercept, effects, self._scores(coef, intercept, effects))
        change = target.less(point)
        bend = (self.weight * curvature) @ change.z**2
        bend += alpha * change.coef @ change.coef + strength * change.effects @ change.effects
        return target, 0.5 * bend

    def _scores(self, coef, intercept, effects):
        return intercept + self.X @ coef + effects[self.codes]

    def solve(self, C, factor, max_iter):
        """Return the minimum for features less `origin`, the number of steps, and convergence."""
        alpha = 1 / C
        strength = alpha / factor**2
        n_samples, n_features = self.X.shape
        point = _Point(np.zeros(n_features), 0.0, np.zeros(self.n_tasks), np.zeros(n_samples))
        value = self._value(point, alpha, strength)
        least_decrease = _TOL * value
        for n_iter in range(1, max_iter + 1):
            target, decrease = self._newton_point(point, alpha, strength)
            if decrease <= least_decrease:
                return target, n_iter, True
            point, new_value = self._step(point, target, value, alpha, strength)
            if not new_value < value:
                return point, n_iter, False
            value = new_value
        return point, max_iter, False

    def _step(self, point, target, value, alpha, strength):
        """Return a better point on the way to the target, or else the same one, and its value."""
        step = 1.0
        while step > _SHORTEST_STEP:
            new = point.towards(target, step)
            new_value = self._value(new, alpha, strength)
            if new_value < value:
                return new, new_value
            step *= 0.5
        return point, value


def is_smooth_logistic(estimator):
    """Whether an estimator is a logistic regression whose objective is the one above."""
    if type(estimator) is not LogisticRegression:
        return False
    params = estimator.get_params()
    has_ridge = params["penalty"] in ("l2", "deprecated") and not params["l1_ratio"]
    is_smooth = params["solver"] in _SMOOTH_SOLVERS and params["class_weight"] is None
    is_valid = isinstance(estimator.C, Real) and 0 < estimator.C < np.inf
    return has_ridge and is_smooth and is_valid


def fit_newton(estimator, classes, problem, factor):
    """Fit a logistic regression to features and behind them ``factor`` times the indicators.

    Parameters
    ----------
    estimator : LogisticRegression
        An estimator that :func:`is_smooth_logistic`. It is fitted in place.
    classes : ndarray of shape (2,)
        Class labels.
    problem : InterceptLogistic
        The training samples.
    factor : float
        What the indicators are multiplied by.

    Returns
    -------
    estimator
    """
    point, n_iter, converged = problem.solve(estimator.C, factor, estimator.max_iter)
    if not converged:
        warn(
            f"The logistic regression with an intercept for each task did not converge in {n_iter} "
            f"steps: increase max_iter (now {estimator.max_iter}) or scale the features.",
            ConvergenceWarning,
        )
    coef = np.append(point.coef, point.effects / factor)
    estimator.classes_ = classes
    estimator.coef_ = coef[None]
    intercept = point.intercept - problem.origin @ point.coef
    estimator.intercept_ = np.array([intercept])
    estimator.n_features_in_ = len(coef)
    estimator.n_iter_ = np.array([n_iter], dtype=np.int32)
    return estimator

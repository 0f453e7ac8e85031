"""Logistic and Poisson regression with an intercept for each task, by Newton's method.

Every step is a ridge regression of working responses, which :class:`InterceptRidge` solves without
a column for each task. With weights w and the task t(i) of sample i, the objective is

    sum_i w_i loss(y_i, z_i) + 1/2 alpha ||v||^2 + 1/2 strength ||a||^2,

with z_i = b + x_i'v + a_t(i). For the loss of two classes, alpha = 1 / C and
strength = alpha / factor^2, it is that of scikit-learn's logistic regression, divided by C.
"""

from numbers import Real
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from skmtl._warn import warn
from skmtl.meta._plain_params import are_positive
from skmtl.meta.intercept_ridge import InterceptRidge

_TOL = 1e-12  # on the decrease of the objective in a step, as a mean over samples
_LEAST_CURVATURE = 1e-8
_SHORTEST_STEP = 1e-6
_SMOOTH_SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga")


class Point(NamedTuple):
    """Coefficients and what follows from them."""

    coef: np.ndarray  # v, (n_features,)
    intercept: float  # b
    effects: np.ndarray  # a, (n_tasks,)
    z: np.ndarray  # (n_samples,)

    def less(self, other):
        """Return the differences from another point."""
        parts = [own - of_other for own, of_other in zip(self, other, strict=True)]
        return Point(*parts)

    def towards(self, other, step):
        """Return the point that is a part of the way to another."""
        parts = [own + step * (new - own) for own, new in zip(self, other, strict=True)]
        return Point(*parts)


class Solution(NamedTuple):
    """A minimum for features less `origin`, and how it was found."""

    point: Point
    n_iter: int
    converged: bool


class InterceptLikelihood:
    """The problem of samples of tasks, for any strengths.

    Parameters
    ----------
    loss : Loss
        A loss of :mod:`skmtl.losses` whose curvature is exact.
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Targets, as the loss takes them.
    tasks : TaskSums
        The tasks of the samples.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    fit_intercept : bool
        Whether there is a common intercept b, else it is zero.
    """

    def __init__(self, loss, X, y, tasks, weight, fit_intercept):
        if weight is None:
            weight = np.ones(len(y))
        X = X.astype(float)
        self.origin = np.zeros(X.shape[1])
        if fit_intercept:  # digits would be lost far from zero
            self.origin = np.average(X, axis=0, weights=weight)
        self.loss = loss
        self.X = X - self.origin
        self.y = y.astype(float)
        self.tasks = tasks
        self.weight = weight
        self.fit_intercept = fit_intercept

    def start(self):
        """Return the point without effects of features or tasks."""
        n_samples, n_features = self.X.shape
        intercept = 0.0
        if self.fit_intercept:
            mean = np.average(self.y, weights=self.weight)
            intercept = float(self.loss.link(mean))
        z = np.full(n_samples, intercept)
        return Point(np.zeros(n_features), intercept, np.zeros(self.tasks.n_tasks), z)

    def solve(self, alpha, strength, max_iter, *, start=None, tol=_TOL):
        """Return the :class:`Solution`.

        Parameters
        ----------
        alpha, strength : float
            Strengths of the penalties of coefficients and of intercepts of tasks.
        max_iter : int
            Most steps.
        start : Point, default=None
            Where to start, such as the minimum for other strengths.
        tol : float, default=1e-12
            On the decrease of the objective in a step, as a mean over samples.
        """
        point = self.start() if start is None else start
        value = self._value(point, alpha, strength)
        least_decrease = tol * self.weight.sum()
        for n_iter in range(1, max_iter + 1):
            target, decrease = self._newton_point(point, alpha, strength)
            if decrease <= least_decrease:
                return Solution(target, n_iter, True)
            point, new_value = self._step(point, target, value, alpha, strength)
            if not new_value < value:
                return Solution(point, n_iter, False)
            value = new_value
        return Solution(point, max_iter, False)

    def _value(self, point, alpha, strength):
        """Return the objective."""
        with np.errstate(over="ignore"):
            loss = self.weight @ self.loss.value(self.y, point.z)
        penalty = alpha * point.coef @ point.coef + strength * point.effects @ point.effects
        return loss + 0.5 * penalty

    def _newton_point(self, point, alpha, strength):
        """Return the minimum of the parabola at a point, and how much lower it is there."""
        curvature = np.maximum(self.loss.curvature(self.y, point.z), _LEAST_CURVATURE)
        responses = point.z - self.loss.gradient(self.y, point.z) / curvature
        ridge = InterceptRidge(
            self.X,
            responses,
            self.tasks,
            self.weight * curvature,
            self.fit_intercept,
        )
        coef, intercept, effects = ridge.minimum(alpha, strength)
        z = intercept + self.X @ coef + effects[self.tasks.codes]
        target = Point(coef, intercept, effects, z)
        change = target.less(point)
        bend = (self.weight * curvature) @ change.z**2
        bend += alpha * change.coef @ change.coef + strength * change.effects @ change.effects
        return target, 0.5 * bend

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


def is_plain_poisson(estimator):
    """Whether an estimator is a Poisson regression whose objective is the one above."""
    return type(estimator) is PoissonRegressor and are_positive(estimator.alpha)


def fit_newton(estimator, classes, problem, factor):
    """Fit a logistic regression to features and behind them ``factor`` times the indicators.

    Parameters
    ----------
    estimator : LogisticRegression
        An estimator that :func:`is_smooth_logistic`. It is fitted in place.
    classes : ndarray of shape (2,)
        Class labels.
    problem : InterceptLikelihood
        The training samples, whose targets are 0 or 1.
    factor : float
        What the indicators are multiplied by.

    Returns
    -------
    estimator
    """
    alpha = 1 / estimator.C
    point, n_iter, converged = problem.solve(alpha, alpha / factor**2, estimator.max_iter)
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

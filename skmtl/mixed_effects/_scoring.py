"""Minimization of the criterion: steps by expected second derivatives, within bounds.

A step minimizes ``g'd + d'F d / 2`` with variances that are not negative, F the expected second
derivatives; it is halved until the criterion decreases. At a minimum it is zero. The residual is
its length in the metric F, ``sqrt(d'F d)``, which is how many standard errors, about, variances are
away from their best values: it does not depend on units.
"""

from typing import NamedTuple

import numpy as np

_UNKNOWN = 1e-10  # share of the second derivatives that is rounding
_ROUNDING = 1e-12  # of the criterion
_SUFFICIENT = 1e-4  # share of the expected decrease that a step must reach
_MOST_HALVINGS = 40


class Optimum(NamedTuple):
    """Where the search ended."""

    parameters: np.ndarray
    evaluation: object
    residual: float  # length of the next step in standard errors
    n_iter: int
    converged: bool


def minimize(variances, likelihood, start, max_iter, tol):
    """Return the :class:`Optimum` that is reached from a start.

    Parameters
    ----------
    variances : VarianceParameters
        What the criterion is a function of.
    likelihood : MarginalLikelihood
        The criterion.
    start : ndarray of shape (n,)
        First parameters.
    max_iter : int
        Largest number of steps.
    tol : float
        Length of a step, in standard errors, that is short enough to be the last.
    """
    parameters = start
    evaluation = variances.evaluate(likelihood, parameters)
    residual = np.inf
    for n_iter in range(1, max_iter + 1):
        step, residual, _ = next_step(variances, likelihood, parameters, evaluation)
        found = _descend(variances, likelihood, parameters, evaluation, step)
        if found is not None:
            parameters, evaluation = found
        if residual <= tol or found is None:
            return Optimum(parameters, evaluation, residual, n_iter, residual <= tol)
    return Optimum(parameters, evaluation, residual, max_iter, False)


def next_step(variances, likelihood, parameters, evaluation):
    """Return the step from parameters, its length, and what gives lengths along the axes.

    Lengths are in standard errors.
    """
    gradient = variances.gradient(parameters, evaluation)
    noise_is_known = likelihood.noise is not None
    information = _regular(variances.information(parameters, evaluation, noise_is_known))
    step = bounded_step(gradient, information, variances.lower - parameters)
    residual = float(np.sqrt(max(step @ information @ step, 0.0)))
    return step, residual, np.sqrt(information.diagonal())


def _regular(information):
    """The information, of which parameters without any get some, so that they stay."""
    diagonal = information.diagonal()
    largest = diagonal.max()
    least = np.where(diagonal > 0, _UNKNOWN * diagonal, 0.0)
    regular = information + np.diag(least)
    regular[diagonal <= 0, diagonal <= 0] = largest if largest > 0 else 1.0
    return regular


def _descend(variances, likelihood, parameters, evaluation, step):
    """The first of ever shorter steps that decreases the criterion, None if none does."""
    decrease = variances.gradient(parameters, evaluation) @ step
    slack = _ROUNDING * (abs(evaluation.criterion) + evaluation.n_free)
    for halvings in range(_MOST_HALVINGS):
        share = 0.5**halvings
        tried = np.maximum(parameters + share * step, variances.lower)
        new = variances.evaluate(likelihood, tried)
        bound = evaluation.criterion + _SUFFICIENT * share * decrease + slack
        if new.criterion <= bound:
            return tried, new
    return None


def bounded_step(gradient, curvature, lower):
    """Return the d of at least `lower` that minimizes ``g'd + d'F d / 2``.

    Variables are put on their bounds, or released, until all signs are right.
    """
    n = len(gradient)
    bound = np.zeros(n, dtype=bool)
    step = np.zeros(n)
    for _ in range(3 * n + 1):
        free = ~bound
        step = np.where(bound, lower, 0.0)
        right = -(gradient + curvature @ step)
        if free.any():
            inner = curvature[np.ix_(free, free)]
            step[free] = np.linalg.lstsq(inner, right[free], rcond=None)[0]
        violated = free & (step < lower)
        if violated.any():
            bound |= violated
            continue
        pull = gradient + curvature @ step
        released = bound & (pull < 0)
        if not released.any():
            return step
        bound[np.argmin(np.where(released, pull, 0.0))] = False
    return np.maximum(step, lower)

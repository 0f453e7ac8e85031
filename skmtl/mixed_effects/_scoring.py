"""Minimization of the criterion: steps by expected second derivatives, within bounds.

A step minimizes ``g'd + d'F d / 2`` with variances that are not negative, F the expected second
derivatives; it is halved until the criterion decreases. At a minimum it is zero. The residual is
its length in the metric F, ``sqrt(d'F d)``, which is how many standard errors, about, variances are
away from their best values: it does not depend on units.
"""

from typing import NamedTuple

import numpy as np
from scipy import linalg

from skmtl.mixed_effects._extrapolation import Extrapolation

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

    @property
    def criterion(self):
        return self.evaluation.criterion


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
    history = Extrapolation()
    n_iter = 0
    while residual > tol and n_iter < max_iter:
        n_iter += 1
        step, residual, weight = next_step(
            variances,
            likelihood,
            parameters,
            evaluation,
        )
        found = None
        if residual > tol:
            found = _leap(
                variances,
                likelihood,
                parameters,
                evaluation,
                step,
                history,
                weight,
            )
        if found is None:
            found = descend(
                variances,
                likelihood,
                parameters,
                evaluation,
                step,
            )
        if found is None:
            break
        parameters, evaluation = found
    return Optimum(
        parameters,
        evaluation,
        residual,
        n_iter,
        converged=residual <= tol,
    )


def next_step(variances, likelihood, parameters, evaluation):
    """Return the step from parameters, its length, and what gives lengths along the axes.

    Lengths are in standard errors. Parameters of which nothing is known do not move.
    """
    gradient = variances.gradient(parameters, evaluation)
    noise_is_known = likelihood.noise is not None
    information = variances.information(
        parameters,
        evaluation,
        noise_is_known,
    )
    squares = np.maximum(information.diagonal(), 0.0)
    size = np.sqrt(squares)
    inverse = np.divide(
        1.0,
        size,
        out=np.zeros_like(size),
        where=size > 0,
    )
    scaled = information * inverse
    scaled *= inverse[:, None]
    np.fill_diagonal(scaled, 1 + _UNKNOWN)
    step = bounded_step(
        gradient * inverse,
        scaled,
        _times(variances.lower - parameters, size),
        _times(variances.upper - parameters, size),
    )
    square = step @ scaled @ step
    residual = np.sqrt(max(square, 0.0))
    return step * inverse, float(residual), size


def _leap(variances, likelihood, parameters, evaluation, step, history, weight):
    """Where the steps before lead to, if the criterion is lower there, else None."""
    moved = variances.clipped(parameters + step)
    target = history.extrapolate(parameters, moved, weight)
    if target is None:
        return None
    target = variances.clipped(target)
    new = variances.attempt(likelihood, target)
    if new is not None and new.criterion < evaluation.criterion:
        return target, new
    history.forget()
    return None


def descend(variances, likelihood, parameters, evaluation, step):
    """The first of ever shorter steps that decreases the criterion, None if none does."""
    gradient = variances.gradient(parameters, evaluation)
    decrease = _SUFFICIENT * (gradient @ step)
    old = evaluation.criterion
    old += _ROUNDING * (abs(old) + evaluation.n_free)
    share = 1.0
    for _ in range(_MOST_HALVINGS):
        tried = variances.clipped(parameters + share * step)
        new = variances.attempt(likelihood, tried)
        if new is not None and new.criterion <= old + share * decrease:
            return tried, new
        share /= 2
    return None


def _times(distances, factors):
    """Products, 0 where a factor is 0 even if the distance is infinite."""
    return np.multiply(
        distances,
        factors,
        out=np.zeros_like(factors),
        where=factors > 0,
    )


def _solution(matrix, right):
    """The solution of positive definite equations, the smallest if rounding makes them singular."""
    try:
        return linalg.cho_solve(linalg.cho_factor(matrix), right)
    except linalg.LinAlgError:
        return linalg.lstsq(matrix, right)[0]


def bounded_step(gradient, curvature, lower, upper):
    """Return the d between `lower` and `upper` that minimizes ``g'd + d'F d / 2``.

    Variables are put on their bounds, or released, until all signs are right.
    """
    n = len(gradient)
    side = np.zeros(n)  # -1 on the lower bound, 1 on the upper one
    step = np.zeros(n)
    for _ in range(3 * n + 1):
        free = side == 0
        step = np.where(side < 0, lower, 0.0)
        step = np.where(side > 0, upper, step)
        right = -(gradient + curvature @ step)
        if free.any():
            inner = curvature[np.ix_(free, free)]
            step[free] = _solution(inner, right[free])
        beyond = np.sign(step - np.clip(step, lower, upper))
        if beyond.any():
            side += beyond
            continue
        slope = gradient + curvature @ step
        pull = side * slope
        strongest = np.argmax(pull)
        if pull[strongest] <= 0:
            return step
        side[strongest] = 0
    return np.clip(step, lower, upper)

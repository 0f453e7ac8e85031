"""Minimization by steps of a damped quadratic model, within lower bounds."""

from typing import NamedTuple

import numpy as np

from skmtl.mixed_effects._scoring import bounded_step

_NO_DAMPING = 1e-10  # relative to the diagonal of the information
_FIRST_DAMPING = 1e-3
_MOST_DAMPING = 1e10
_POOR = 0.25  # share of the expected decrease below which damping grows
_GOOD = 0.75  # and above which it shrinks
_SUFFICIENT = 1e-4  # share that a step must reach
_ROUNDING = 1e-11  # of the function, relative
_MOST_ROUNDED = 100  # steps whose decrease is lost in rounding


class Point(NamedTuple):
    """A function at x."""

    x: np.ndarray
    value: float
    gradient: np.ndarray
    information: np.ndarray  # positive semidefinite; approximates second derivatives
    state: object  # what a neighbor is found from

    @property
    def rounding(self):
        """What the value is off by."""
        return _ROUNDING * (1 + abs(self.value))

    def length(self, step):
        """Length of a step in standard errors."""
        square = step @ self.information @ step
        return float(np.sqrt(max(square, 0.0)))

    def expected_decrease(self, step):
        """By how much the quadratic model is lower after a step."""
        bend = step @ self.information @ step
        return -self.gradient @ step - 0.5 * bend


class Minimum(NamedTuple):
    """Where the search ended."""

    point: Point
    n_iter: int
    distance: float  # length of the next step, in standard errors
    converged: bool


def minimize(evaluate, point, lower, *, max_iter, tol):
    """Minimize a function by the method of Levenberg and Marquardt.

    Parameters
    ----------
    evaluate : callable
        From x and a :class:`Point` near it to the :class:`Point` of x.
    point : Point
        Where to begin.
    lower : ndarray
        Lower bounds of x; minus infinity where there are none.
    max_iter : int
        Largest number of steps.
    tol : float
        Stop when the next step, within the bounds and without damping, is at most so many standard
        errors long, in the metric of the information.

    Returns
    -------
    Minimum
    """
    damping = _NO_DAMPING
    n_rounded = 0
    for n_iter in range(max_iter + 1):
        step = _damped_step(point, lower, _NO_DAMPING)
        distance = point.length(step)
        converged = distance <= tol
        if point.expected_decrease(step) <= point.rounding:
            n_rounded += 1
        if converged or n_iter == max_iter or n_rounded > _MOST_ROUNDED:
            break
        new, damping = _decrease(evaluate, point, lower, damping)
        if new is None:
            break
        point = new
    return Minimum(
        point=point,
        n_iter=n_iter,
        distance=distance,
        converged=converged,
    )


def _damped_step(point, lower, damping):
    """The step to the minimum of the damped quadratic model within the bounds."""
    diagonal = point.information.diagonal()
    informative = diagonal > 0
    scale = np.ones(len(diagonal))
    scale[informative] = 1 / np.sqrt(diagonal[informative])
    damped = scale[:, None] * point.information * scale
    damped[np.diag_indices_from(damped)] += np.where(informative, damping, 1.0)
    step = bounded_step(
        scale * point.gradient,
        damped,
        (lower - point.x) / scale,
        np.full(len(scale), np.inf),
    )
    return scale * step


def _decrease(evaluate, point, lower, damping):
    """The next point and damping; None if no damping gives a decrease."""
    while damping < _MOST_DAMPING:
        step = _damped_step(point, lower, damping)
        expected = point.expected_decrease(step)
        x = np.maximum(point.x + step, lower)
        new = evaluate(x, point)
        decrease = point.value - new.value
        if expected <= point.rounding and decrease >= -point.rounding:
            return new, damping
        if decrease >= _GOOD * expected:
            shrunken = max(0.1 * damping, _NO_DAMPING)
            return new, shrunken
        if decrease >= _POOR * expected:
            return new, damping
        damping = max(5 * damping, _FIRST_DAMPING)
        if decrease >= _SUFFICIENT * expected:
            return new, damping
        damping = 2 * damping
    return None, damping

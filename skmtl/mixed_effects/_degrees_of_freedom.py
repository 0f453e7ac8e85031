"""Degrees of freedom of standard errors: what is lost because variances are estimated.

Satterthwaite's approximation: a variance v of an estimate that is a function of the variances, with
gradient g at their best values and covariance A of these, is that of a scaled chi-squared with
``2 v^2 / g'A g`` degrees of freedom. A is the inverse of half the second derivatives of the
criterion.
"""

import numpy as np

_STEP = 1e-3  # standard errors
_FLAT = 1e-8  # share of the largest curvature that counts as none
_LARGEST = 1e6  # degrees of freedom that are as good as infinite


def degrees_of_freedom(region, directions):
    """Return those of the standard errors of combinations of the common effects, (n,).

    Parameters
    ----------
    region : Region
        The likelihood.
    directions : ndarray of shape (n, n_effects)
        What multiplies the effects in standardized units.
    """
    best = region.best
    errors = region.standard_errors(best)
    variance = _variances(region, directions, best)
    freedom = np.full(len(variance), np.inf)
    steps = _STEP * errors
    free = np.flatnonzero(best > region.lower + steps)
    curvature = []
    slopes = []
    for k in free:
        step = np.zeros(len(best))
        step[k] = steps[k]
        above = best + step
        below = best - step
        _, gradient_above = region.criterion(above)
        _, gradient_below = region.criterion(below)
        rise = _variances(region, directions, above)
        fall = _variances(region, directions, below)
        change = gradient_above - gradient_below
        change = errors * change
        curvature.append(change[free])
        slopes.append(rise - fall)
    if not len(free):
        return freedom
    width = 2 * _STEP
    uncertainty = _uncertainty(
        np.array(curvature) / width,
        np.array(slopes) / width,
    )
    doubled = 2 * variance**2
    known = uncertainty > doubled / _LARGEST
    freedom[known] = doubled[known] / uncertainty[known]
    return np.maximum(freedom, 1.0)


def _variances(region, directions, point):
    """Variances of the combinations at a point."""
    evaluation = region.evaluate(point)
    halves = directions @ evaluation.fixed.root
    squares = np.sum(halves**2, axis=1)
    return evaluation.noise * squares


def _uncertainty(curvature, slopes):
    """Variances of the variances, by those of the parameters."""
    symmetric = (curvature + curvature.T) / 2
    values, vectors = np.linalg.eigh(symmetric)
    known = values > _FLAT * values[-1]
    along = slopes.T @ vectors[:, known]
    shares = along**2 / values[known]
    return 2 * np.sum(shares, axis=1)

"""Variances of many tasks, each moderated by what all of them have in common.

Smyth (2004), "Linear models and empirical Bayes methods for assessing differential expression in
microarray experiments", section 6.2.
"""

import numpy as np
from scipy.special import digamma, polygamma

_FEWEST = 3  # variances from which their distribution is estimated
_NO_SPREAD = 1e-6  # of the log variances, beyond what their degrees of freedom explain
_EQUAL_DEGREES = 1e6


def moderate_variances(variances, degrees):
    """Return moderated variances and their degrees of freedom.

    A moderated variance is ``(d0 u0 + d u) / (d0 + d)``. The true variances have a scaled inverse
    chi-squared distribution, whose degrees of freedom d0 and location u0 are estimated from all.

    Parameters
    ----------
    variances : ndarray of shape (n_tasks,)
        Variances; those that are NaN are replaced by u0, or stay if there are too few others.
    degrees : ndarray of shape (n_tasks,)
        Their degrees of freedom.
    """
    is_used = (variances > 0) & (degrees >= 1)
    if is_used.sum() < _FEWEST:
        return variances, degrees
    prior_degrees, location = _prior(variances[is_used], degrees[is_used])
    is_known = np.isfinite(variances)
    own_degrees = np.where(is_known, degrees, 0.0)
    own = np.where(is_known, variances, 0.0)
    total = prior_degrees + own_degrees
    return (prior_degrees * location + own_degrees * own) / total, total


def _prior(variances, degrees):
    """Degrees of freedom and location of the distribution of the true variances."""
    half = degrees / 2
    logs = np.log(variances) - digamma(half) + np.log(half)
    excess = logs.var(ddof=1) - polygamma(1, half).mean()
    if excess <= _NO_SPREAD:
        return _EQUAL_DEGREES, np.exp(logs.mean())
    half_prior = _inverse_trigamma(excess)
    location = np.exp(logs.mean() + digamma(half_prior) - np.log(half_prior))
    return 2 * half_prior, location


def _inverse_trigamma(value):
    """Solve ``trigamma(x) = value`` by Newton's method, as Smyth (2004) does in his appendix."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = polygamma(1, x)
        step = trigamma * (1 - trigamma / value) / polygamma(2, x)
        x += step
        if abs(step) < 1e-9 * x:
            break
    return x

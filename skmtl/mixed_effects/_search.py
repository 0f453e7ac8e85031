"""The best of several optima: where searches of the criterion start."""

import numpy as np

from skmtl.mixed_effects._scoring import minimize

# Variances of effects of standardized features, relative to the noise
_FINE = np.logspace(-4, 4, 17)
_COARSE = np.logspace(-3, 1, 5)


def search(variances, likelihood, max_iter, tol):
    """Return the best :class:`Optimum` of searches from the valleys of a line.

    On the line all effects have the same variance. A criterion of a single variance often has two
    minima, one near zero: there the line is tried finely.

    Parameters
    ----------
    variances : VarianceParameters
        What the criterion is a function of.
    likelihood : MarginalLikelihood
        The criterion.
    max_iter : int
        Largest number of steps of a search.
    tol : float
        Length of a step, in standard errors, that is short enough to be the last.
    """
    grid = _FINE if variances.n == 1 else _COARSE
    starts = [variances.start(variance) for variance in grid]
    criteria = [variances.evaluate(likelihood, start).criterion for start in starts]
    optima = []
    for k in valleys(criteria):
        optimum = minimize(variances, likelihood, starts[k], max_iter, tol)
        optima.append(optimum)
    return min(optima, key=lambda optimum: optimum.evaluation.criterion)


def valleys(values):
    """Positions of the local minima of a sequence."""
    padded = np.concatenate([[np.inf], values, [np.inf]])
    inner = padded[1:-1]
    lower = (inner <= padded[:-2]) & (inner < padded[2:])
    return np.flatnonzero(lower)

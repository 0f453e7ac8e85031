"""Regularization paths of array problems: the critical alpha, grids, warm-started solutions.

A model on the path is `alpha * [l1_ratio * penalty + (1 - l1_ratio)/2 ||W||_F^2]`.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from skmtl.datafits import GramForm
from skmtl.solvers._bcd import bcd
from skmtl.solvers._certificates import null_solution
from skmtl.solvers._gram_path import gram_path


def at_alpha(datafit, penalty, alpha, l1_ratio=1.0):
    """The datafit (which holds the ridge) and the penalty of one point of the path."""
    ridge = alpha * (1.0 - l1_ratio)
    return datafit.with_ridge(ridge), replace(penalty, alpha=alpha * l1_ratio)


def critical_alpha(datafit, penalty, l1_ratio=1.0):
    """The smallest alpha at which every penalized row of W is zero.

    It is `max_j ||G_j|| / (u_j l1_ratio)`, G the correlation with the unpenalized rows at their
    optimum; a root search only where those rows are themselves shrunk by the ridge.
    """
    if l1_ratio == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a "
            "grid by providing your estimator with the appropriate `alphas=` argument."
        )
    unit = replace(penalty, alpha=1.0)

    def needed(alpha):
        """Strength at which the rows would be zero if the ridge were that of `alpha`."""
        fit = datafit.with_ridge(alpha * (1.0 - l1_ratio))
        return unit.dual_norm(fit.evaluate(null_solution(fit, unit)).correlation) / l1_ratio

    first = needed(0.0)
    if l1_ratio == 1 or len(unit.unpenalized_features(len(datafit.mean_x))) == 0:
        return first
    high = max(first, np.finfo(float).tiny)
    while needed(high) > high:
        high *= 2.0
    return brentq(lambda alpha: needed(alpha) - alpha, 0.0, high, rtol=1e-12)


def alpha_grid(alpha_max, eps=1e-3, n_alphas=100):
    """`n_alphas` values from `alpha_max` down to `eps * alpha_max`, evenly spaced in the log."""
    if alpha_max <= np.finfo(float).resolution:
        return np.full(n_alphas, np.finfo(float).resolution)
    return np.geomspace(alpha_max, eps * alpha_max, n_alphas)


def solution_at(datafit, penalty, alpha, l1_ratio=1.0, W0=None, **options):
    """Solution at one alpha, from W0 or from zero; `options` are those of :func:`bcd`."""
    (solution,) = solution_path(datafit, penalty, [alpha], l1_ratio, W0, **options)
    return solution


def solution_path(datafit, penalty, alphas, l1_ratio=1.0, W0=None, **options):
    """Yield solutions at decreasing `alphas`, each started from the one before."""
    W = np.zeros_like(datafit.mean_x) if W0 is None else W0
    alphas, u = np.asarray(alphas, dtype=float), replace(penalty, alpha=1.0).group_weights(len(W))
    weights = np.multiply.outer(alphas * l1_ratio, u)
    if isinstance(datafit, GramForm) and (weights > 0).all():
        yield from gram_path(
            datafit,
            weights,
            alphas * (1.0 - l1_ratio),
            penalty.prox(W, 0.0),
            positive=penalty.positive,
            **options,
        )
        return
    for alpha in alphas:
        solution = bcd(*at_alpha(datafit, penalty, alpha, l1_ratio), W, **options)
        W = solution.W
        yield solution

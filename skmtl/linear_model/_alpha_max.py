"""The smallest alpha that empties a model, and grids of alphas."""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from sklearn.base import clone

from skmtl.datafits import Likelihood
from skmtl.penalties import L21, Ridge
from skmtl.solvers import alpha_grid, critical_alpha, null_correlation, solve_penalized


def critical_strength(model, datafit, read):
    """The smallest alpha at which all (penalized) coefficients are zero, of a model that has one.

    Quadratic terms do not show at zero.
    """
    if not getattr(model, "_empties", True):
        raise ValueError(
            f"{type(model).__name__} is never empty, whatever alpha: give the alphas to try."
        )
    penalty = clone(model).set_params(alpha=1.0)._penalty_of(read)
    norms = [term for term in penalty.terms if not term.is_quadratic]
    (norm,) = norms
    if getattr(model, "l1_ratio", 1.0) == 0 and isinstance(norm, L21):
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a "
            "grid by providing your estimator with the appropriate `alphas=` argument."
        )
    if isinstance(norm, L21) and hasattr(model, "l1_ratio"):
        if not isinstance(datafit, Likelihood):
            return critical_alpha(datafit, norm, model.l1_ratio)
        return _critical_of_net(datafit, norm, model.l1_ratio)
    return norm.dual_norm(null_correlation(datafit, norm))


def _critical_of_net(likelihood, norm, l1_ratio):
    """As :func:`~skmtl.path.critical_alpha`: a root where a ridge shrinks unpenalized features."""
    unit, free = replace(norm, alpha=1.0), norm.unpenalized_features(likelihood.shape[0])
    first = unit.dual_norm(null_correlation(likelihood, unit)) / l1_ratio
    if l1_ratio == 1 or len(free) == 0:
        return first

    def excess(alpha):
        W = np.zeros(likelihood.shape)
        ridge = alpha * (1 - l1_ratio)
        W[free] = solve_penalized(likelihood.restrict(free), Ridge(ridge), tol=1e-10).W
        return unit.dual_norm(likelihood.at(W).correlation) / l1_ratio - alpha

    high = max(first, np.finfo(float).tiny)
    while excess(high) > 0:
        high *= 2.0
    return brentq(excess, 0.0, high, rtol=1e-8)


def strengths(model, datafit, read, n_alphas, eps):
    """Alphas to try, decreasing: below the critical one, or around the curvature of the loss."""
    if getattr(model, "_empties", True):
        return alpha_grid(critical_strength(model, datafit, read), eps, n_alphas)
    curvature = datafit.mean_curvature or 1.0
    return curvature * np.logspace(3, -4, n_alphas)

"""The critical alpha: from which regularization strength on a model is the null model."""

import numpy as np
from scipy.optimize import brentq

from skmtl.datafits import Likelihood
from skmtl.penalties import Ridge
from skmtl.solvers._certificates import null_solution
from skmtl.solvers._solve_penalized import solve_penalized

_LIKELIHOOD_TOL = 1e-10  # to which unpenalized features of a likelihood are solved for
_SQUARED_ACCURACY = 1e-12  # of the root, relative
_LIKELIHOOD_ACCURACY = 1e-8


def critical_alpha(datafit, penalty, l1_ratio=1.0):
    """The smallest alpha at which every penalized coefficient is zero.

    The penalty of the model is `alpha * [l1_ratio * penalty + (1 - l1_ratio)/2 ||W||_F^2]`. With
    `G = null_correlation(datafit, penalty)` the critical alpha is `dual_norm(G) / l1_ratio`, except
    where unpenalized features are themselves shrunk by the ridge: there it is the root of an
    equation in alpha.

    Parameters
    ----------
    datafit : SquaredDatafit or Likelihood
        The loss.
    penalty : Penalty
        The penalty, of any strength: its own alpha is ignored. Quadratic terms of a sum have no
        gradient at zero and so no influence; one other term is expected.
    l1_ratio : float, default=1.0
        Share of the penalty, in (0, 1]; the rest is a ridge.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If l1_ratio is 0: a ridge never sets coefficients to zero.
    """
    if l1_ratio == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a "
            "grid by providing your estimator with the appropriate `alphas=` argument."
        )
    (norm,) = [term for term in penalty.terms if not term.is_quadratic]
    norm = norm.with_alpha(1.0)

    def needed(alpha):
        """The critical alpha if the ridge were that of the given alpha."""
        share = 1.0 - l1_ratio
        ridge = alpha * share
        correlation = null_correlation(datafit, norm, ridge)
        return norm.dual_norm(correlation) / l1_ratio

    without_ridge = needed(0.0)
    unpenalized = norm.unpenalized_features(datafit.shape[0])
    if l1_ratio == 1 or len(unpenalized) == 0:
        return without_ridge
    accuracy = _SQUARED_ACCURACY
    if isinstance(datafit, Likelihood):
        accuracy = _LIKELIHOOD_ACCURACY
    return _fixed_point(needed, without_ridge, accuracy)


def null_correlation(datafit, penalty, ridge=0.0):
    """Minus the gradient of the loss at the null model.

    Parameters
    ----------
    datafit : SquaredDatafit or Likelihood
        The loss; a ridge that it holds is ignored.
    penalty : Penalty
        The penalty: features that it does not see are at their optimum.
    ridge : float, default=0.0
        Ridge that shrinks these features.

    Returns
    -------
    ndarray of shape (n_features, n_tasks)
    """
    if isinstance(datafit, Likelihood):
        return _null_point(datafit, penalty, ridge).correlation
    shrunk = datafit.with_ridge(ridge)
    W = null_solution(shrunk, penalty)
    return shrunk.evaluate(W).correlation


def _null_point(likelihood, penalty, ridge):
    """The null model of a likelihood as a :class:`~skmtl.datafits.Point`."""
    free = penalty.unpenalized_features(likelihood.shape[0])
    if ridge == 0 or len(free) == 0:
        return likelihood.null(free, penalty.positive)
    reduced = likelihood.restrict(free)
    solution = solve_penalized(reduced, Ridge(ridge), tol=_LIKELIHOOD_TOL)
    W = np.zeros(likelihood.shape)
    W[free] = solution.W
    return likelihood.at(W)


def _fixed_point(function, start, accuracy):
    """The alpha with `function(alpha) = alpha`."""

    def excess(alpha):
        return function(alpha) - alpha

    least = np.finfo(float).tiny
    high = max(start, least)
    while excess(high) > 0:
        high *= 2.0
    return brentq(excess, 0.0, high, rtol=accuracy)

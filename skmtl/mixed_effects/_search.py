"""From compressed tasks to fitted variances: where searches start, and which optimum is kept."""

import numpy as np

from skmtl.mixed_effects._marginal_likelihood import MarginalLikelihood
from skmtl.mixed_effects._posterior import Posterior
from skmtl.mixed_effects._scoring import Optimum, minimize
from skmtl.mixed_effects._task_rows import LEAST_NOISE
from skmtl.mixed_effects._variational import Scales, VariationalModel, maximize

# Variances of effects of standardized features, relative to the noise
_FINE = np.logspace(-4, 4, 17)
_COARSE = np.logspace(-3, 1, 5)
_START_TOL = 1e-2  # of the normal model, from which the lower bound is improved
_ROUNDING = 1e-9  # of the criterion


def fit_normal(rows, units, variances, max_iter, tol):
    """Fit normal deviations and common noise.

    Returns
    -------
    posterior : Posterior
        The effects at the optimum.
    optimum : Optimum
        The variances.
    """
    likelihood = MarginalLikelihood(rows, variances.fixed_effects)
    if likelihood.is_saturated:
        likelihood = MarginalLikelihood(
            rows,
            variances.fixed_effects,
            noise=LEAST_NOISE,
        )
        optimum = _without_variances(variances, likelihood)
    else:
        optimum = search(variances, likelihood, max_iter, tol)
    posterior = Posterior(
        units,
        variances,
        likelihood,
        optimum.parameters,
        optimum.evaluation,
        scales=Scales(),
        bound=None,
    )
    return posterior, optimum


def fit_variational(rows, units, variances, df, own_noise, max_iter, tol):
    """Fit t deviations of `df` degrees of freedom, or noise of tasks' own; returns the same."""
    posterior, start = fit_normal(
        rows,
        units,
        variances,
        max_iter,
        tol=max(tol, _START_TOL),
    )
    if posterior.likelihood.is_saturated:
        return posterior, start
    model = VariationalModel(rows, variances, df, own_noise)
    found = []
    starts = model.starts(start.evaluation.noise)
    for point in model.points(start.parameters, starts):
        reached = maximize(model, point, max_iter, tol)
        found.append(reached)
    point, residual, n_iter, converged = max(found, key=_bound)
    posterior = Posterior(
        units,
        variances,
        point.likelihood,
        point.parameters,
        point.evaluation,
        point.scales,
        point.bound,
    )
    optimum = Optimum(
        point.parameters,
        point.evaluation,
        residual,
        n_iter=start.n_iter + n_iter,
        converged=converged,
    )
    return posterior, optimum


def _bound(reached):
    point, *_ = reached
    return point.bound


def search(variances, likelihood, max_iter, tol):
    """Return the best :class:`Optimum` of searches from the valleys of a line.

    On the line all effects have the same variance. A criterion of a single variance often has two
    minima, one near zero: there the line is tried finely. Where the samples tell nothing of
    variances, they are zero.

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
    starts = []
    criteria = []
    for variance in grid:
        start = variances.start(variance)
        evaluation = variances.evaluate(likelihood, start)
        starts.append(start)
        criteria.append(evaluation.criterion)
    best = None
    for k in valleys(criteria):
        optimum = minimize(variances, likelihood, starts[k], max_iter, tol)
        if best is None or optimum.criterion < best.criterion:
            best = optimum
    none = _without_variances(variances, likelihood)
    size = abs(best.criterion) + likelihood.n_free
    if none.criterion <= best.criterion + _ROUNDING * size:
        return none._replace(n_iter=best.n_iter)
    return best


def _without_variances(variances, likelihood):
    """The criterion of tasks that are all the same."""
    start = variances.start(1.0)
    theta, of_prior = variances.split(start)
    parameters = np.append(np.zeros_like(theta), of_prior)
    evaluation = variances.evaluate(likelihood, parameters)
    return Optimum(parameters, evaluation, residual=0.0, n_iter=1, converged=True)


def valleys(values):
    """Positions of the local minima of a sequence; of equal values the first counts."""
    padded = np.concatenate([[np.inf], values, [np.inf]])
    inner = padded[1:-1]
    is_lower = (inner < padded[:-2]) & (inner <= padded[2:])
    return np.flatnonzero(is_lower)

"""Held-out scores of many strengths of a model with an intercept for each task.

Neither an estimator nor a matrix of indicators is made for each of them. Likelihoods are minimized
from the strongest penalty to the weakest, each from the minimum before it.
"""

import numpy as np

from skmtl.losses import Logistic, Poisson
from skmtl.meta._intercept_likelihood import is_plain_poisson, is_smooth_logistic
from skmtl.meta.intercept_ridge import best_alpha, has_closed_form

_TOL = 1e-8  # on the decrease of the objective in the step before the last one
_SQUARED_ERRORS = (None, "neg_mean_squared_error")


def held_out_scores(candidates, scoring, fitted_to, held_out):
    """Return the scores of candidates, (n_candidates,), or None if they need their own fits.

    Parameters
    ----------
    candidates : list of (estimator, float)
        Unfitted estimators with their scales.
    scoring : str, callable or None
        What the user gave.
    fitted_to, held_out : InterceptData
        Training and test samples.
    """
    estimators = [estimator for estimator, _ in candidates]
    if all(map(has_closed_form, estimators)) and scoring in _SQUARED_ERRORS:
        losses_of = _squared_errors
    elif all(map(is_smooth_logistic, estimators)) and scoring == "neg_log_loss":
        losses_of = _log_losses
    elif all(map(is_plain_poisson, estimators)) and scoring == "neg_mean_poisson_deviance":
        losses_of = _deviances
    else:
        return None
    if not fitted_to.seen.may_be_dense or not held_out.seen.may_be_dense:
        return None
    losses = losses_of(candidates, fitted_to, held_out)
    if losses is None:
        return None
    return -np.average(losses, axis=0, weights=held_out.weight)


def _squared_errors(candidates, fitted_to, held_out):
    """Return the squared errors of ridge regressions, (n_samples, n_candidates)."""
    seen = fitted_to.seen
    found = []
    for estimator, scale in candidates:
        problem = seen.ridge(estimator.fit_intercept)
        factor = scale * seen.unit
        alpha, _ = best_alpha(estimator, problem, factor)
        found.append(problem.minimum(alpha, alpha / factor**2))
    y = held_out.y.astype(float)
    return (y[:, None] - _decisions(found, held_out)) ** 2


def _log_losses(candidates, fitted_to, held_out):
    """Return the losses of logistic regressions; None unless there are two known classes."""
    classes = np.unique(fitted_to.y)
    n_samples, n_features = fitted_to.seen.X.shape
    if len(classes) != 2 or n_features > n_samples or not np.isin(held_out.y, classes).all():
        return None
    labels = np.searchsorted(classes, held_out.y)
    alphas = [1 / estimator.C for estimator, _ in candidates]
    found = _minima(Logistic(), candidates, alphas, fitted_to)
    return Logistic().value(labels[:, None], _decisions(found, held_out))


def _deviances(candidates, fitted_to, held_out):
    """Return the deviances of Poisson regressions; None if all counts are zero."""
    n_samples, n_features = fitted_to.seen.X.shape
    if n_features > n_samples or not (fitted_to.y > 0).any():
        return None
    weight = fitted_to.weight
    total = n_samples if weight is None else weight.sum()  # the penalty is on the mean loss
    alphas = [total * estimator.alpha for estimator, _ in candidates]
    found = _minima(Poisson(), candidates, alphas, fitted_to)
    y = held_out.y.astype(float)
    return 2 * Poisson().value(y[:, None], _decisions(found, held_out))


def _minima(loss, candidates, alphas, fitted_to):
    """Return coefficients, the intercept and those of tasks for each of the candidates."""
    seen = fitted_to.seen
    found = [None] * len(candidates)
    last = {}  # minimum of the penalty before, by scale and kind of the problem
    strongest_first = np.argsort(alphas)[::-1]
    for position in strongest_first:
        estimator, scale = candidates[position]
        problem = seen.likelihood(loss, estimator.fit_intercept)
        factor = scale * seen.unit
        alpha = alphas[position]
        key = (scale, estimator.fit_intercept)
        solution = problem.solve(
            alpha,
            alpha / factor**2,
            estimator.max_iter,
            start=last.get(key),
            tol=_TOL,
        )
        point = solution.point
        last[key] = point
        intercept = point.intercept - problem.origin @ point.coef
        found[position] = (point.coef, intercept, point.effects)
    return found


def _decisions(found, data):
    """Return the linear predictions of samples, (n_samples, n_candidates)."""
    coefs, intercepts, effects = zip(*found, strict=True)
    shared = data.seen.dense @ np.transpose(coefs) + np.array(intercepts)
    return shared + np.transpose(effects)[data.codes]

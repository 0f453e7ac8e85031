"""Common coefficients and an intercept for each task, from moments of folds.

This is :class:`~skmtl.RandomInterceptTasks` of a ridge regression; its two strengths are chosen by
the folds.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from skmtl.meta.intercept_ridge import InterceptMoments

ALPHAS = np.logspace(-2, 4, 7)
SCALES = (0.3, 1.0, 3.0, 10.0)


class InterceptTasks(NamedTuple):
    """A model with common coefficients.

    Attributes
    ----------
    coef : ndarray of shape (n_features,)
        The coefficients.
    intercept : float
        The common intercept.
    effects : ndarray of shape (n_tasks,)
        What is added to it in each task; 0 in a task without rows.
    """

    coef: np.ndarray
    intercept: float
    effects: np.ndarray


def fit_intercepts(folds, alphas=ALPHAS, scales=SCALES):
    """The :class:`InterceptTasks` of strengths with the smallest held-out error.

    Parameters
    ----------
    folds : InnerFolds
        The moments of all tasks.
    alphas, scales : sequence of float
        Penalties of the coefficients, and how much weaker those of intercepts are.
    """
    candidates = list(product(alphas, scales))
    if len(candidates) > 1:
        errors = np.zeros(len(candidates))
        for training, held_out in folds.splits:
            errors += _held_out_errors(training, held_out, candidates)
        candidates = [candidates[int(np.argmin(errors))]]
    return _minima(folds.whole, candidates)[0]


def _minima(moments, candidates):
    """The models of all candidates."""
    problem = InterceptMoments(
        moments.task_total,
        moments.mean_x[moments.block_of_task],
        moments.mean_y,
        moments.xx.sum(axis=0),
        moments.xy.sum(axis=1),
    )
    unit = _unit_of_features(problem)
    models = []
    for alpha, scale in candidates:
        strength = alpha / (scale * unit) ** 2
        models.append(InterceptTasks(*problem.minimum(alpha, strength)))
    return models


def _unit_of_features(problem):
    """Root mean square of the standard deviations of the features over all rows."""
    between = problem.total @ problem.mean_x**2  # these are about the mean of all rows
    squares = problem.xx.diagonal() + between
    variances = squares / problem.total.sum()
    mean = variances.mean()
    return np.sqrt(mean) if mean > 0 else 1.0


def _held_out_errors(training, held_out, candidates):
    """Mean squared errors of the candidates, (n_candidates,)."""
    total = held_out.task_total
    mean_x = held_out.mean_x[held_out.block_of_task]
    xx = held_out.xx.sum(axis=0)
    xy = held_out.xy.sum(axis=1)
    yy = held_out.yy.sum()
    errors = []
    for model in _minima(training, candidates):
        coef = model.coef
        within = yy - 2 * coef @ xy + coef @ xx @ coef
        residuals = held_out.mean_y - mean_x @ coef - model.intercept - model.effects
        between = total @ residuals**2
        errors.append((within + between) / total.sum())
    return np.array(errors)

"""Regularization paths of array problems: grids of alphas, warm-started solutions.

A model on the path is `alpha * [l1_ratio * penalty + (1 - l1_ratio)/2 ||W||_F^2]`, where `penalty`
is an :class:`~skmtl.penalties.L21` whose own alpha is ignored.
"""

import numpy as np

from skmtl.solvers._bcd import bcd
from skmtl.solvers._gram_path import gram_path
from skmtl.solvers._polish import is_cheap, polish


def alpha_grid(alpha_max, eps=1e-3, n_alphas=100, rounding=0.0):
    """`n_alphas` values from `alpha_max` down to `eps * alpha_max`, evenly spaced in the log.

    Where `alpha_max` is no larger than `rounding`, the targets are all the same and any value does.
    """
    if alpha_max <= max(rounding, np.finfo(float).tiny / eps):
        return np.full(n_alphas, np.finfo(float).resolution)
    return np.geomspace(alpha_max, eps * alpha_max, n_alphas)


def at_alpha(datafit, penalty, alpha, l1_ratio=1.0):
    """The datafit (which holds the ridge) and the penalty of one point of the path."""
    ridge = alpha * (1.0 - l1_ratio)
    return datafit.with_ridge(ridge), penalty.with_alpha(alpha * l1_ratio)


def solution_at(
    datafit,
    penalty,
    alpha,
    l1_ratio=1.0,
    W0=None,
    **options,
):
    """The polished solution at one alpha; arguments are those of :func:`solution_path`."""
    shrunk, scaled = at_alpha(datafit, penalty, alpha, l1_ratio)
    W = np.zeros(datafit.shape) if W0 is None else W0
    group_weights = scaled.group_weights(len(W))[None]
    if _is_one_call(datafit, group_weights):
        exact = not penalty.positive and is_cheap(datafit, len(W))
        path = _gram_path(
            datafit,
            penalty,
            group_weights,
            np.array([shrunk.ridge]),
            W,
            exact=exact,
            **options,
        )
        solution = next(path)
    else:
        solution = bcd(shrunk, scaled, W, exact=True, **options)
    return polish(shrunk, scaled, solution)


def _is_one_call(datafit, group_weights):
    """Whether one compiled function takes a path with these strengths."""
    if not datafit.is_gram:
        return False
    return bool((group_weights > 0).all())


def _gram_path(
    datafit,
    penalty,
    group_weights,
    ridges,
    W,
    **options,
):
    """:func:`gram_path` from initial values that the penalty's constraint allows."""
    if penalty.positive:
        W = np.maximum(W, 0.0)
    return gram_path(
        datafit,
        group_weights,
        ridges,
        W,
        positive=penalty.positive,
        **options,
    )


def solution_path(
    datafit,
    penalty,
    alphas,
    l1_ratio=1.0,
    W0=None,
    **options,
):
    """Yield solutions at decreasing alphas, each started from the one before.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss.
    penalty : L21
        The penalty, of any strength: its own alpha is ignored.
    alphas : array-like of shape (n_alphas,)
        Regularization strengths.
    l1_ratio : float, default=1.0
        Share of the penalty; the rest is a ridge.
    W0 : ndarray of shape (n_features, n_tasks), default=None
        Initial values; None is zero.
    **options : dict
        Parameters of :func:`bcd`: max_iter, tol, random_state.

    Yields
    ------
    Solution
    """
    W = np.zeros(datafit.shape) if W0 is None else W0
    alphas = np.asarray(alphas, dtype=float)
    unit_weights = penalty.with_alpha(1.0).group_weights(len(W))
    group_weights = np.multiply.outer(alphas * l1_ratio, unit_weights)
    if _is_one_call(datafit, group_weights):
        yield from _gram_path(
            datafit,
            penalty,
            group_weights,
            alphas * (1.0 - l1_ratio),
            W,
            **options,
        )
        return
    for alpha in alphas:
        shrunk, scaled = at_alpha(datafit, penalty, alpha, l1_ratio)
        solution = bcd(shrunk, scaled, W, **options)
        W = solution.W
        yield solution

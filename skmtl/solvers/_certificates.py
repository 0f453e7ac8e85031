"""Certificates of optimality: how far a W can be from the minimum, whatever solver found it.

For the squared loss the dual of `1/2 <r, D r> + penalty(W)` is
`D(theta) = <theta, D y> - 1/2 <theta, D theta>` over `dual_norm(A' D theta) <= 1`; theta is the
residual times the best feasible scale. For the square of a norm its conjugate is subtracted in
place of the constraint, and so is that of any penalty together with a ridge.
"""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import ROUNDING, Evaluation, inner
from skmtl.solvers._solution import gap_between

_DIRECT = 500  # features that one eigendecomposition may take


class Certificate(NamedTuple):
    """A W with its objective and its duality gap.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_tasks)
        Coefficients, those of unpenalized features at their optimum.
    objective : float
        Loss plus penalty.
    gap : float
        Upper bound of `objective` minus its minimum.
    evaluation : Evaluation
        What is known of the loss at W.
    """

    W: np.ndarray
    objective: float
    gap: float
    evaluation: Evaluation


def certify(datafit, penalty, W):
    """Certificate of W: `objective - gap` is a lower bound of the minimum.

    Features that the penalty does not see leave no room in the dual, so they are first moved to
    their optimum; this never raises the objective.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss.
    penalty : Penalty
        A penalty that has a prox.
    W : ndarray of shape (n_features, n_tasks)
        Coefficients; not modified.

    Returns
    -------
    Certificate
    """
    free = _free_features(datafit, penalty)
    if len(free):
        W = datafit.minimize_features(W, free, penalty.positive)
    at = datafit.evaluate(W)
    ridge = datafit.ridge
    rr = at.rr
    if ridge:
        rr += ridge * inner(W, W)
    objective = 0.5 * rr + penalty.value(W)
    if ridge:
        bound = _bound_with_ridge(ridge, penalty, W, at)
    else:
        shares = [at.correlation]
        bound, _ = best_bound(at.rr, at.ry, shares, [penalty])
    gap = gap_between(objective, bound)
    return Certificate(W, float(objective), float(gap), at)


def null_solution(datafit, penalty):
    """W = 0 but for unpenalized features, which are at their optimum: where every path starts.

    Parameters
    ----------
    datafit : SquaredDatafit
        The loss.
    penalty : Penalty
        The penalty.

    Returns
    -------
    ndarray of shape (n_features, n_tasks)
    """
    W = np.zeros(datafit.shape)
    free = _free_features(datafit, penalty)
    return datafit.minimize_features(W, free, penalty.positive)


def null_objective(datafit, penalty):
    """The objective of the null model, to which tolerances are relative.

    Where features are unpenalized it is not below the rounding error of y.
    """
    if len(_free_features(datafit, penalty)) == 0:
        return 0.5 * datafit.yy
    W = null_solution(datafit, penalty)
    rounding = 0.5 * ROUNDING * datafit.yy
    return max(datafit.value(W), rounding)


def _free_features(datafit, penalty):
    """Indices of the features that the penalty does not see and that are solved for exactly.

    Very many of them under a ridge are left to the solver: the ridge gives them a dual.
    """
    features = penalty.unpenalized_features(datafit.shape[0])
    if datafit.ridge and len(features) > _DIRECT:
        return features[:0]
    return features


def scaled_bound(scale, rr, ry):
    """The dual objective at a multiple of the residual, the penalty apart."""
    return scale * (ry - 0.5 * scale * rr)


def best_bound(rr, ry, shares, penalties):
    """The largest dual objective at a multiple of the residual, and that multiple.

    Parameters
    ----------
    rr, ry : float
        `<r, D r>` and `<r, D y>`, as in :class:`~skmtl.datafits.Evaluation`.
    shares : sequence of ndarray of shape (n_features, n_tasks)
        What each penalty has to bear of the correlation with the residual.
    penalties : sequence of Penalty
        As many penalties.

    Returns
    -------
    (float, float)
    """
    curvature = rr
    norm = 0.0
    for penalty, share in zip(penalties, shares, strict=True):
        conjugate = penalty.conjugate(share)
        curvature += 2 * conjugate
        norm = max(norm, penalty.dual_norm(share))
    scale = ry / curvature if curvature > 0 else 0.0
    if norm > 0:
        scale = min(scale, 1.0 / norm)
    if scale <= 0:
        return 0.0, 0.0
    bound = scaled_bound(scale, curvature, ry)
    return bound, scale


def _bound_with_ridge(ridge, penalty, W, at):
    """The largest of two lower bounds where the penalty is taken together with the ridge."""

    def bound(scale):
        C = scale * at.correlation
        loss = scaled_bound(scale, at.rr, at.ry)
        return loss - conjugate_with_ridge(penalty, ridge, C)

    rr = at.rr + ridge * inner(W, W)
    share = at.descent(ridge, W)
    _, scale = best_bound(rr, at.ry, [share], [penalty])
    at_one = bound(1.0)
    return max(at_one, bound(scale))


def conjugate_with_ridge(penalty, ridge, C):
    """The conjugate of `penalty + ridge/2 ||W||^2` at C, for ridge > 0."""
    step = 1 / ridge
    V = penalty.prox(C / ridge, step)
    value = penalty.value(V)
    value += 0.5 * ridge * inner(V, V)
    return inner(C, V) - value

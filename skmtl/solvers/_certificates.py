"""Certificates of optimality: how far a W can be from the minimum, whatever solver found it.

For the squared loss the dual of `1/2 <r, D r> + penalty(W)` is
`D(theta) = <theta, D y> - 1/2 <theta, D theta>` over `dual_norm(A' D theta) <= 1`; theta is the
residual times the best feasible scale. Squares of norms take their conjugate off in place of the
constraint, and so does any penalty together with a ridge.
"""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import Evaluation, Likelihood

_DIRECT = 500  # rows that one eigendecomposition may take


class Certificate(NamedTuple):
    """A W (unpenalized rows at their optimum), its objective and its duality gap."""

    W: np.ndarray
    objective: float
    gap: float
    evaluation: Evaluation


def certify(datafit, penalty, W):
    """Certificate of W: `objective - gap` is a lower bound of the minimum.

    Rows that the penalty does not see leave no room in the dual, so they are first moved to their
    optimum; this never raises the objective.
    """
    free = _free_rows(datafit, penalty)
    if len(free):
        W = datafit.minimize_features(W, free, getattr(penalty, "positive", False))
    at = datafit.evaluate(W)
    primal = 0.5 * at.rr + 0.5 * datafit.ridge * float(np.vdot(W, W)) + penalty.value(W)
    dual = _dual_with_ridge if datafit.ridge else _dual
    gap = max(primal - dual(datafit, penalty, W, at), np.finfo(float).eps * primal)
    return Certificate(W, float(primal), float(gap), at)


def null_solution(datafit, penalty):
    """W = 0 but for unpenalized rows at their optimum: what every path starts from."""
    W = np.zeros_like(datafit.mean_x)
    free = _free_rows(datafit, penalty)
    return datafit.minimize_features(W, free, getattr(penalty, "positive", False))


def null_correlation(datafit, penalty):
    """Minus the gradient of the loss at :func:`null_solution`, its ridge apart."""
    if isinstance(datafit, Likelihood):
        free, positive = (
            penalty.unpenalized_features(datafit.shape[0]),
            getattr(penalty, "positive", False),
        )
        return datafit.null(free, positive).correlation
    plain = datafit.with_ridge(0.0)
    return plain.evaluate(null_solution(plain, penalty)).correlation


def null_objective(datafit, penalty):
    """P(0), the objective that tolerances are relative to; not below the rounding of y."""
    if len(_free_rows(datafit, penalty)) == 0:
        return 0.5 * datafit.yy
    least = 0.5 * np.finfo(float).eps * datafit.yy
    return max(datafit.value(null_solution(datafit, penalty)), least)


def _free_rows(datafit, penalty):
    """Rows that the penalty does not see and that can be solved for exactly.

    Very many of them under a ridge are left to the solver: the ridge gives them a dual.
    """
    rows = penalty.unpenalized_features(len(datafit.mean_x))
    return rows[:0] if datafit.ridge and len(rows) > _DIRECT else rows


def dual_value(rr, ry, correlations, penalties):
    """Largest dual objective at a multiple of the residual, and that multiple.

    `correlations[k]` is what penalty k has to bear of the correlation with the residual.
    """
    pairs = list(zip(penalties, correlations, strict=True))
    curvature = rr + 2 * sum(penalty.conjugate(C) for penalty, C in pairs)
    norm = max(penalty.dual_norm(C) for penalty, C in pairs)
    c = ry / curvature if curvature > 0 else 0.0
    c = max(min(c, 1.0 / norm) if norm > 0 else c, 0.0)
    return (c * ry - 0.5 * c**2 * curvature if c > 0 else 0.0), c


def _dual(datafit, penalty, W, at):
    return dual_value(at.rr, at.ry, (at.correlation,), (penalty,))[0]


def _dual_with_ridge(datafit, penalty, W, at):
    mu = datafit.ridge
    augmented = at.rr + mu * float(np.vdot(W, W))
    _, c = dual_value(augmented, at.ry, (at.correlation - mu * W,), (penalty,))

    def value(c):
        C = c * at.correlation  # conjugate of the penalty with the ridge
        V = penalty.prox(C / mu, 1 / mu)
        conjugate = float(np.vdot(C, V)) - penalty.value(V) - 0.5 * mu * float(np.vdot(V, V))
        return c * at.ry - 0.5 * c**2 * at.rr - conjugate

    return max(value(1.0), value(c))

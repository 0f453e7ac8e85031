"""Certificates of optimality: how far a W can be from the minimum, whatever solver found it.

For the squared loss the dual of `1/2 <r, D r> + penalty(W)` is
`D(theta) = <theta, D y> - 1/2 <theta, D theta>` over `dual_norm(A' D theta) <= 1`; theta is the
residual times the best feasible scale. A ridge mu adds the conjugate
`-||prox(A' D theta)||_F^2 / (2 mu)` (Moreau) in place of the constraint.
"""

from typing import NamedTuple

import numpy as np

from skmtl.datafits import Evaluation

_DIRECT = 500  # rows that one eigendecomposition may take


class Certificate(NamedTuple):
    """A W (unpenalised rows at their optimum), its objective and its duality gap."""

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
        W = datafit.minimise_rows(W, free, getattr(penalty, "positive", False))
    at = datafit.evaluate(W)
    primal = 0.5 * at.rr + 0.5 * datafit.ridge * float(np.vdot(W, W)) + penalty.value(W)
    dual = _dual_with_ridge if datafit.ridge else _dual
    gap = max(primal - dual(datafit, penalty, W, at), np.finfo(float).eps * primal)
    return Certificate(W, float(primal), float(gap), at)


def null_solution(datafit, penalty):
    """W = 0 but for unpenalised rows at their optimum: what every path starts from."""
    W = np.zeros_like(datafit.mean_x)
    free = _free_rows(datafit, penalty)
    return datafit.minimise_rows(W, free, getattr(penalty, "positive", False))


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
    rows = penalty.unpenalised_rows(len(datafit.mean_x))
    return rows[:0] if datafit.ridge and len(rows) > _DIRECT else rows


def _scale(correlation, rr, ry, penalty):
    """The best c >= 0 such that c times the residual is dual feasible."""
    best = ry / rr if rr > 0 else 0.0
    norm = penalty.dual_norm(correlation)
    return max(min(best, 1.0 / norm) if norm > 0 else best, 0.0)


def _dual(datafit, penalty, W, at):
    c = _scale(at.correlation, at.rr, at.ry, penalty)
    return c * at.ry - 0.5 * c**2 * at.rr


def _dual_with_ridge(datafit, penalty, W, at):
    mu = datafit.ridge
    augmented = at.rr + mu * float(np.vdot(W, W))
    candidates = (1.0, _scale(at.correlation - mu * W, augmented, at.ry, penalty))

    def value(c):
        excess = penalty.prox(c * at.correlation, 1.0)
        return c * at.ry - 0.5 * c**2 * at.rr - float(np.vdot(excess, excess)) / (2 * mu)

    return max(value(c) for c in candidates)

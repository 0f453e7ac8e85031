from typing import NamedTuple

import numpy as np

from skmtl.datafits import eigen
from skmtl.penalties import Decomposition, move_unpenalized
from skmtl.solvers._certificates import dual_value
from skmtl.solvers._shifted import ShiftedSolver
from skmtl.solvers._solution import Solution

_CHECK = 5  # iterations between two certificates
_RELAX = 1.6
_SETTLED = 400  # iterations after which rho stays


class State(NamedTuple):
    """Copies V_k, scaled multipliers U_k, and the strength rho of the splitting."""

    V: list
    U: list
    rho: float


def admm(datafit, penalty, start=None, *, max_iter=1000, tol=1e-4):
    """Alternating directions: exact steps in the loss, proximal steps in the penalties.

    A sum of penalties gives each term its own copy V_k = W; a :class:`Decomposition` its own part,
    W = sum V_k. The dual point is the residual of the step in the loss, whose correlations are
    known without a product.

    Parameters
    ----------
    datafit : GramForm or ResidualForm
    penalty : Penalty
        Its terms, or the parts of a decomposition, have a prox.
    start : Solution, default=None
        Of this solver, to go on from.
    max_iter : int, default=1000
        Largest number of iterations.
    tol : float, default=1e-4
        Stop when the duality gap is at most `tol` times the objective of the null model.

    Returns
    -------
    Solution

    References
    ----------
    Boyd et al. (2011), "Distributed optimization and statistical learning via the alternating
    direction method of multipliers", sections 3.4, 7.1 and 7.3.
    """
    adds_up = isinstance(penalty, Decomposition)
    penalties = penalty.parts if adds_up else penalty.terms
    K, mu = len(penalties), datafit.ridge
    zero = np.zeros_like(datafit.mean_x)
    q = datafit.evaluate(zero).correlation
    null, tol = 0.5 * datafit.yy, max(tol, np.finfo(float).eps)
    if not adds_up and K == 1 and 0 < penalties[0].dual_norm(q) <= 1 + 1e-9:
        return _empty(zero, null)
    if start is not None and start.state is not None and len(start.state.V) == K:
        V, U, rho = start.state
    else:
        V, U, rho = [zero] * K, [zero] * K, _first_rho(datafit, penalties, q)
    solver, at_shift = None, None
    best_dual, proven, n_iter, changed = 0.0, 0.0, 0, 0
    constrained = [getattr(term, "positive", False) for term in penalties]
    positive = any(constrained) and not adds_up
    kept = constrained.index(True) if positive else 0  # the copy that is returned
    ranges = [None if adds_up else _range(term, zero.shape[1]) for term in penalties]
    free = _free_rows(penalties, adds_up, len(zero))
    while True:
        shift, pull = (rho / K, rho / K) if adds_up else (rho * K, rho)
        B = [v - u for v, u in zip(V, U, strict=True)]
        total = sum(B)
        if at_shift != shift:
            solver, at_shift = ShiftedSolver(datafit, mu + shift), shift
        S = solver(q + pull * total)
        X = [b + (S - total) / K for b in B] if adds_up else [S] * K
        before, V_new, U_new = V, [], []
        for x, v, u, term in zip(X, V, U, penalties, strict=True):
            relaxed = _RELAX * x + (1 - _RELAX) * v + u
            V_new.append(term.prox(relaxed, 1 / rho))
            U_new.append(relaxed - V_new[-1])
        V, U, n_iter = V_new, U_new, n_iter + 1
        if n_iter % _CHECK and n_iter < max_iter:
            continue
        bears = [rho * (x - b) for x, b in zip(X, B, strict=True)]
        C = bears[0] if adds_up else sum(bears)  # correlation at S, its ridge taken off
        bears = move_unpenalized(_shift_to_norms(bears, V, ranges), penalties)
        qS = float(np.vdot(q, S))
        rr, ry = max(datafit.yy - qS - float(np.vdot(C, S)), 0.0), datafit.yy - qS
        best_dual = max(best_dual, dual_value(rr, ry, bears, penalties)[0])
        W = sum(V) if adds_up else V[kept]
        copies = V if adds_up else [W] * K
        objective = datafit.value(W)
        objective += sum(term.value(v) for term, v in zip(penalties, copies, strict=True))
        if objective - best_dual <= tol * null or n_iter >= max_iter:
            S = datafit.minimize_features(S, free, positive)
            at = datafit.evaluate(S)  # proof: by a product, whatever the solver of the step lost
            error = (at.correlation - mu * S - C) / (1 if adds_up else K)
            bears = _shift_to_norms([bear + error for bear in bears], V, ranges)
            bears = move_unpenalized(bears, penalties)
            rr = at.rr + mu * float(np.vdot(S, S))
            proven = max(proven, dual_value(rr, at.ry, bears, penalties)[0])
            gap = max(objective - proven, np.finfo(float).eps * objective)
            if gap <= tol * null or n_iter >= max_iter:
                break
        if n_iter - changed >= 2 * _CHECK and n_iter < _SETTLED:
            factor = _balance(X, V, before, U)
            if factor != 1.0:
                rho, U, changed = rho * factor, [u / factor for u in U], n_iter
    optimality = gap / null if null > 0 else gap
    parts = tuple(V) if adds_up else ()
    converged = gap <= tol * null
    return Solution(W, n_iter, objective, gap, optimality, converged, parts, State(V, U, rho))


def _free_rows(penalties, adds_up, n_features):
    """Features that leave no room in the dual: unseen by a part, or by all terms of a sum."""
    unseen = np.zeros(n_features, dtype=np.intp)
    for term in penalties:
        unseen[term.unpenalized_features(n_features)] += 1
    return np.flatnonzero(unseen >= (1 if adds_up else len(penalties)))


def _range(term, n_tasks):
    """Of a quadratic term its matrix and the projection on the range of that; None of others."""
    if not term.is_quadratic:
        return None
    M = term.matrix(n_tasks)
    values, U = eigen(M)
    return M, U[:, values > 0] @ U[:, values > 0].T


def _shift_to_norms(bears, V, ranges):
    """Quadratic terms of a sum bear what they do at V, in their range; norms the rest."""
    quadratic = [pair is not None for pair in ranges]
    if not any(quadratic) or all(quadratic):
        return bears
    exact = [
        bear if pair is None else v @ pair[0] @ pair[1]
        for bear, v, pair in zip(bears, V, ranges, strict=True)
    ]
    exact[quadratic.index(False)] += sum(bears) - sum(exact)
    return exact


def _empty(zero, null):
    """The solution of penalties from the threshold on: exactly zero."""
    gap = np.finfo(float).eps * null
    return Solution(zero, 1, null, gap, gap / null if null > 0 else gap, True)


def _first_rho(datafit, penalties, q):
    """Curvature of the loss, the larger the stronger the penalty is."""
    norms = [penalty.dual_norm(q) for penalty in penalties]
    ratio = 10 / max(norms) if max(norms) > 0 else 0.5
    return (datafit.mean_curvature or 1.0) * float(np.clip(ratio, 0.05, 2.0))


def _balance(X, V, before, U):
    """The factor of rho that would balance primal and dual residuals, 1 if they nearly are."""

    def size(arrays):
        return np.sqrt(sum(float(np.vdot(a, a)) for a in arrays))

    tiny = np.finfo(float).tiny
    primal = size([x - v for x, v in zip(X, V, strict=True)]) / max(size(V), tiny)
    dual = size([v - b for v, b in zip(V, before, strict=True)]) / max(size(U), tiny)
    if primal == 0 or dual == 0:
        return 1.0
    factor = np.sqrt(primal / dual)
    return 1.0 if 0.4 < factor < 2.5 else float(np.clip(factor, 0.1, 10.0))

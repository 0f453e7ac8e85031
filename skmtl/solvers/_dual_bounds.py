"""Lower bounds of the minimum of a likelihood and a penalty, from a multiple of the gradients."""

import numpy as np

from skmtl.penalties import common_ridge, move_unpenalized
from skmtl.solvers._certificates import conjugate_with_ridge
from skmtl.solvers._quadratic import conjugate_of_coupling


def likelihood_bound(point, terms, coupling, state=None):
    """A lower bound of the minimum.

    Parameters
    ----------
    point : Point
        The likelihood at some W.
    terms : list of Penalty
        The terms of the penalty that are not quadratic: one decomposition, or any number of others.
    coupling : ndarray of shape (n_tasks, n_tasks)
        The matrix of those that are.
    state : State, default=None
        State of :func:`~skmtl.solvers.admm`, whose multipliers tell how a sum shares the
        correlation.

    Returns
    -------
    float
        Minus infinity where nothing is known.
    """
    if not terms:
        return point.bound(1.0) - conjugate_of_coupling(coupling, point.correlation)
    bound = _scaled_bound(point, terms, coupling, state)
    ridge = common_ridge(coupling)
    if ridge is not None and ridge > 0 and len(terms) == 1 and not terms[0].is_decomposition:
        with_ridge = conjugate_with_ridge(terms[0], ridge, point.correlation)
        bound = max(bound, point.bound(1.0) - float(with_ridge))
    return bound


def _scaled_bound(point, terms, coupling, state):
    """The bound at the largest multiple of the gradients that is feasible, the coupling apart."""
    WM = point.W @ coupling
    shares, penalties = _shares(point.correlation - WM, terms, state)
    n_features = len(WM)
    unpenalized = any(len(term.unpenalized_features(n_features)) for term in penalties)
    if coupling.any() and unpenalized:
        return -np.inf  # the ridge does not bear all that is left to it
    pairs = list(zip(penalties, shares, strict=True))
    norm = max(penalty.dual_norm(share) for penalty, share in pairs)
    scale = min(1.0, 1.0 / norm) if norm > 0 else 1.0
    conjugates = sum(penalty.conjugate(scale * share) for penalty, share in pairs)
    squares = 0.5 * scale**2 * float(np.vdot(point.W, WM))
    return point.bound(scale) - conjugates - squares


def _shares(correlation, terms, state):
    """What every norm bears of the correlation, and these norms.

    The shares of a sum add up to the correlation; every part of a decomposition bears all of it.
    """
    first = terms[0]
    if first.is_decomposition:
        return [correlation] * len(first.parts), first.parts
    K = len(terms)
    if K == 1:
        return [correlation], terms
    shares = [np.zeros_like(correlation)] * K
    if state is not None:
        shares = [state.rho * U for U in state.U[:K]]
    rest = (correlation - sum(shares)) / K
    shares = [share + rest for share in shares]
    return move_unpenalized(shares, terms), terms

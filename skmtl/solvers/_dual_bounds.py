"""Lower bounds of the minimum of a likelihood and a penalty, from a multiple of the gradients."""

import numpy as np

from skmtl.datafits import inner
from skmtl.penalties import move_unpenalized
from skmtl.solvers._certificates import conjugate_with_ridge


def likelihood_bound(point, terms, coupling, state=None):
    """A lower bound of the minimum.

    Parameters
    ----------
    point : Point
        The likelihood at some W.
    terms : list of Penalty
        The terms of the penalty that are not quadratic: one decomposition, or any number of others.
    coupling : Coupling
        The matrix of those that are.
    state : State, default=None
        State of :func:`~skmtl.solvers.admm`, whose multipliers tell how a sum shares the
        correlation.

    Returns
    -------
    float
        Minus infinity where nothing is known.
    """
    correlation = point.correlation
    if not terms:
        conjugate = coupling.half_square(correlation)
        return point.bound(1.0) - conjugate
    bound = _scaled_bound(point, terms, coupling, state)
    first = terms[0]
    ridge = coupling.common_ridge
    single = len(terms) == 1 and not first.is_decomposition
    if single and ridge:
        conjugate = conjugate_with_ridge(first, ridge, correlation)
        bound = max(bound, point.bound(1.0) - conjugate)
    return bound


def _scaled_bound(point, terms, coupling, state):
    """The bound at the largest multiple of the gradients that is feasible, the coupling apart."""
    WM = point.W @ coupling
    n_features = len(WM)
    if coupling.any() and _some_unpenalized(terms, n_features):
        return -np.inf  # the ridge does not bear all that is left to it
    correlation = point.correlation - WM
    shares, penalties = _shares(correlation, terms, state)
    norm = 0.0
    for penalty, share in zip(penalties, shares, strict=True):
        norm = max(norm, penalty.dual_norm(share))
    scale = 1.0 / max(norm, 1.0)
    squares = inner(point.W, WM)
    bound = point.bound(scale)
    bound -= 0.5 * scale**2 * squares
    for penalty, share in zip(penalties, shares, strict=True):
        bound -= penalty.conjugate(scale * share)
    return bound


def _some_unpenalized(terms, n_features):
    """Whether one of the terms, or of their parts, does not see all features."""
    for term in terms:
        for part in term.parts:
            unpenalized = part.unpenalized_features(n_features)
            if len(unpenalized):
                return True
    return False


def _shares(correlation, terms, state):
    """What every norm bears of the correlation, and these norms.

    The shares of a sum add up to the correlation; every part of a decomposition bears all of it.
    """
    first = terms[0]
    if first.is_decomposition:
        shares = [correlation] * len(first.parts)
        return shares, first.parts
    n_terms = len(terms)
    if n_terms == 1:
        return [correlation], terms
    shares = np.zeros((n_terms, *correlation.shape))
    if state is not None:
        shares = state.rho * state.U[:n_terms]
    rest = correlation - shares.sum(axis=0)
    shares = shares + rest / n_terms
    return move_unpenalized(shares, terms), terms

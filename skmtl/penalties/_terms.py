"""Taking the sum of several penalties apart."""

from skmtl.penalties._graph_coupling import ridge_coupling


def separate_quadratic(penalty, n_tasks):
    """Separate the terms of a penalty that are quadratic from those that are not.

    Parameters
    ----------
    penalty : Penalty
        A single penalty or a sum.
    n_tasks : int
        Number of columns of W.

    Returns
    -------
    terms : list of Penalty
        The active terms that are not quadratic.
    coupling : Coupling
        M, such that the quadratic terms add up to `1/2 tr(W M W')`.
    """
    terms = []
    coupling = None
    for term in penalty.terms:
        if not term.is_active:
            continue
        if term.is_quadratic:
            between = term.between_tasks(n_tasks)
            coupling = between if coupling is None else coupling + between
        else:
            terms.append(term)
    if coupling is None:
        coupling = ridge_coupling(0.0, n_tasks)
    return terms, coupling


def move_unpenalized(shares, terms):
    """Shares of the correlation, none of them of features that its term does not penalize.

    The terms of a sum share the correlation of the features with the residual. The share of a
    feature that a term does not see is moved to a term that sees all features, if there is one.

    Parameters
    ----------
    shares : ndarray of shape (n_terms, n_features, n_tasks)
        The share of each term.
    terms : sequence of Penalty
        The terms of the sum.

    Returns
    -------
    ndarray of shape (n_terms, n_features, n_tasks)
        New shares, or the given ones if there is nothing to move.
    """
    n_features = shares.shape[1]
    unseen = [term.unpenalized_features(n_features) for term in terms]
    complete = [k for k, features in enumerate(unseen) if len(features) == 0]
    if len(complete) in (0, len(terms)):
        return shares
    shares = shares.copy()
    taker = shares[complete[0]]
    for features, share in zip(unseen, shares, strict=True):
        if len(features):
            taker[features] += share[features]
            share[features] = 0.0
    return shares

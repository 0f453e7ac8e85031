"""What each target adds to an error that is no mean of losses: the jackknife.

The error of a group without one of its n targets differs from that of all. The pseudo-value of a
target is ``error + (n - 1) * (error - error without it)``; for a mean, this is the target's own
loss. Here, pseudo-values are moved to have the error as their mean.

Each value costs a call of the metric, so targets that are alike share one: those with equal
predictions, or, where there are too many different ones, a block of similar targets that is left
out as a whole.

Efron, Tibshirani (1993), "An introduction to the bootstrap", chapter 11.
"""

import numpy as np

from skmtl.evaluation._measures import members_of_groups


def jackknife_losses(error, error_of, kinds, is_block):
    """Pseudo-values of the targets of a group, (n_targets,), whose mean is the error.

    Parameters
    ----------
    error : float
        The error of all targets.
    error_of : callable
        ``error_of(kept)`` returns the error of the targets at some positions, NaN where it is
        undefined. A target without which the error is undefined counts as not moving it.
    kinds : ndarray of int of shape (n_targets,)
        Targets of one kind get the same value.
    is_block : bool
        Whether all targets of a kind are left out together, or, since they are equal, one of them.
    """
    n = len(kinds)
    everything = np.arange(n)
    moves = np.full(n, np.nan)
    for members in members_of_groups(kinds, kinds.max() + 1):
        left_out = members if is_block else members[:1]
        kept = np.delete(everything, left_out)
        change = error - error_of(kept)
        moves[members] = (n - len(left_out)) / len(left_out) * change
    is_defined = ~np.isnan(moves)
    if not is_defined.any():
        return np.full(n, error)
    moves -= moves[is_defined].mean()
    return error + np.where(is_defined, moves, 0.0)


def equal_targets(truth, predictions):
    """Kinds of equal targets: those with the same truth and predictions, (n_targets,)."""
    columns = np.column_stack([truth, predictions])
    columns = np.nan_to_num(columns, nan=-np.inf)
    return np.unique(columns, axis=0, return_inverse=True)[1].ravel()


def similar_targets(strata, scores, n_kinds):
    """Kinds of similar targets, (n_targets,): of one stratum, and with neighboring scores.

    Strata get equally many kinds, so a rare class is not left out as a whole.
    """
    order = np.lexsort((scores, strata))
    kinds = np.empty(len(order), dtype=np.intp)
    n_strata = strata.max() + 1
    n_in_stratum = max(n_kinds // n_strata, 2)
    n_found = 0
    for members in members_of_groups(strata[order], n_strata):
        size = len(members)
        n_own = min(size, n_in_stratum)
        own = np.arange(size) * n_own // max(size, 1)
        kinds[order[members]] = n_found + own
        n_found += n_own
    return kinds

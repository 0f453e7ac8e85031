"""What each target adds to an error that is no mean of losses: the jackknife.

The error of a group without one of its n targets differs from that of all. The pseudo-value of a
target is ``error + (n - 1) * (error - error without it)``; for a mean, this is the target's own
loss. Here, pseudo-values are moved to have the error as their mean.

Each error costs a call of the metric, so targets share one where they can. Targets with equal
predictions have equal pseudo-values. Where there are too many different ones, blocks of similar
targets are left out as a whole; the blocks that move the error most are the smallest.

Efron, Tibshirani (1993), "An introduction to the bootstrap", chapter 11.
"""

from typing import NamedTuple

import numpy as np

from skmtl.evaluation._errors.measures import members_of_groups


class TargetsOfMetric(NamedTuple):
    """What the targets of a group are to a metric.

    Attributes
    ----------
    values : ndarray of shape (n_targets, n_columns)
        Truth and predictions: targets of equal values are equal to the metric.
    strata : ndarray of int of shape (n_targets,)
        Only targets of one stratum, such as a class, are similar.
    positions : ndarray of shape (n_targets, n_coordinates)
        Targets of a stratum are similar if they are near by these coordinates.
    """

    values: np.ndarray
    strata: np.ndarray
    positions: np.ndarray


def jackknife_losses(error, error_of, targets, n_calls):
    """Pseudo-values of the targets of a group, (n_targets,), whose mean is the error.

    Parameters
    ----------
    error : float
        The error of all targets.
    error_of : callable
        ``error_of(kept)`` returns the error of the targets at some indices, NaN where it is
        undefined. A target without which the error is undefined counts as not moving it.
    targets : TargetsOfMetric
        The targets.
    n_calls : int
        About how often `error_of` may be called.
    """
    n_targets = len(targets.values)
    everything = np.arange(n_targets)

    def mean_move(left_out):
        """By how much each of some targets moves the error, in the mean."""
        kept = np.delete(everything, left_out)
        return len(kept) / len(left_out) * (error - error_of(kept))

    kinds = np.unique(targets.values, axis=0, return_inverse=True)[1].ravel()
    n_kinds = kinds.max() + 1
    moves = np.empty(n_targets)
    if n_kinds <= n_calls:
        for members in members_of_groups(kinds, n_kinds):
            moves[members] = mean_move(members[:1])
    else:
        for members, move in _moves_of_blocks(mean_move, targets, n_calls):
            moves[members] = move
    is_defined = ~np.isnan(moves)
    if is_defined.any():
        moves -= moves[is_defined].mean()
    return error + np.where(is_defined, moves, 0.0)


def _moves_of_blocks(mean_move, targets, n_calls):
    """Blocks of similar targets, and the mean move of each: a list of pairs.

    Half of the calls are spent on blocks of about equal size, the others on the halves of those
    that move the error most.
    """
    blocks = members_of_groups(targets.strata, targets.strata.max() + 1)
    while len(blocks) < n_calls // 2:
        largest = max(range(len(blocks)), key=lambda k: len(blocks[k]))
        blocks += _halves(blocks.pop(largest), targets.positions)
    found = [(members, mean_move(members)) for members in blocks]
    for _ in range(n_calls // 4):
        strongest = max(range(len(found)), key=lambda k: _strength(*found[k]))
        members, _ = found[strongest]
        if len(members) == 1:
            break
        del found[strongest]
        for half in _halves(members, targets.positions):
            found.append((half, mean_move(half)))
    return found


def _strength(members, move):
    """How much is to gain from splitting a block: most where its move is not even known."""
    if len(members) == 1:
        return 0.0
    return np.inf if np.isnan(move) else len(members) * abs(move)


def _halves(members, positions):
    """The halves of a block in the direction in which it is longest."""
    own = positions[members]
    lengths = own.max(axis=0) - own.min(axis=0)
    order = np.argsort(own[:, np.argmax(lengths)], kind="stable")
    half = len(order) // 2
    return [members[order[:half]], members[order[half:]]]

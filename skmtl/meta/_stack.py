"""The weights of a stack: common to all tasks, or those of each task shrunk to the common ones."""

from typing import NamedTuple

import numpy as np

# Pseudo-rows by which the weights of a task are pulled to the common ones.
SHRINKAGES = (0.0, 5.0, 20.0, 80.0, 320.0, np.inf)

_STANDARD_ERRORS = 2  # by which weights of tasks must be better than more common ones
_ROWS = 30  # of the automatic prior
_ROWS_OVER_SIZE = 1000  # and so many, divided by the rows of a task


class Stack(NamedTuple):
    """Weights of members.

    Attributes
    ----------
    common : ndarray of shape (n_members,)
    by_task : ndarray of shape (n_tasks, n_members)
    shrinkage : float
        Pseudo-rows of the common weights in those of a task; infinite if they are the same.
    """

    common: np.ndarray
    by_task: np.ndarray
    shrinkage: float


class Prior(NamedTuple):
    """What weights are before any evidence: `center`, as if by so many rows."""

    strength: float
    center: np.ndarray

    @classmethod
    def of_members(cls, strength, names, expected, rows_per_task):
        """The prior of the weights of these members.

        Parameters
        ----------
        strength : float or "auto"
        names : list of str
        expected : dict
            Weights of some members; the others have the rest in equal parts.
        rows_per_task : float
        """
        if strength == "auto":
            strength = _ROWS + _ROWS_OVER_SIZE / rows_per_task
        others = [name for name in names if name not in expected]
        rest = 1 - sum(expected.values())
        center = [expected.get(name, rest / max(len(others), 1)) for name in names]
        return cls(strength, np.array(center))


def fit_stack(evidence, prior, shrinks):
    """Return the Stack that out-of-fold predictions call for.

    Parameters
    ----------
    evidence : SquaredEvidence or LogEvidence
    prior : Prior
        Of the common weights.
    shrinks : bool
        Whether tasks have weights of their own.
    """
    common = evidence.common_weights(*prior)
    shrinkage = np.inf
    if shrinks and evidence.n_tasks > 1:
        shrinkage = _choose_shrinkage(evidence, prior)
    return Stack(common, _weights(evidence, common, shrinkage), shrinkage)


def _weights(evidence, common, shrinkage):
    """Return the weights of each task, (n_tasks, n_members)."""
    if np.isinf(shrinkage):
        return np.tile(common, (evidence.n_tasks, 1))
    return evidence.task_weights(shrinkage, common)


def _choose_shrinkage(evidence, prior):
    """Return the largest shrinkage within two standard errors of the best."""
    losses = held_out_losses(evidence, prior, SHRINKAGES)
    best = losses.sum(axis=1).argmin()
    differences = losses - losses[best]
    standard_errors = np.sqrt(evidence.n_tasks) * differences.std(axis=1)
    within = differences.sum(axis=1) <= _STANDARD_ERRORS * standard_errors
    last = np.flatnonzero(within)[-1]
    return SHRINKAGES[last]


def held_out_losses(evidence, prior, shrinkages):
    """Return losses in folds that were left out of the weights, (n_shrinkages, n_tasks)."""
    losses = np.zeros((len(shrinkages), evidence.n_tasks))
    for fold in range(evidence.n_folds):
        others = evidence.without_fold(fold)
        common = others.common_weights(*prior)
        for k, shrinkage in enumerate(shrinkages):
            weights = _weights(others, common, shrinkage)
            losses[k] += evidence.losses(weights, fold)
    return losses

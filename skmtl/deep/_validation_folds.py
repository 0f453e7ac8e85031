"""Which samples a member is stopped by: each member leaves out its own fold."""

import numpy as np

from skmtl._data.stratification import assign_folds


def validation_masks(samples, n_members, validation_fraction, rng):
    """Return which samples each member is not trained on, (n_members, n_samples) of bool.

    Several members leave out a fold each, so that every sample trains all members but one. A single
    member leaves out the validation fraction. The last training samples of a task stay.

    Parameters
    ----------
    samples : TrainingSamples
        All samples.
    n_members : int
        Number of members.
    validation_fraction : float
        What a single member leaves out.
    rng : RandomState
        What shuffles the folds.
    """
    masks = np.zeros((n_members, len(samples)), dtype=bool)
    n_folds = n_members
    if n_members == 1:
        n_folds = max(2, round(1 / validation_fraction))
    n_folds = min(n_folds, len(samples))
    if n_folds < 2:
        return masks
    folds = assign_folds(samples.strata, n_folds, rng)
    for member in range(n_members):
        left_out = folds == member
        masks[member] = left_out & ~_needed(samples, left_out)
    return masks


def _needed(samples, left_out):
    """Which samples have a task that would have no training sample if these were left out."""
    is_cell = samples.weight > 0
    in_training = is_cell & ~left_out[:, None]
    lost = samples.task_sum(in_training) == 0
    if samples.codes is not None:
        return lost[samples.codes]
    return is_cell[:, lost].any(axis=1)

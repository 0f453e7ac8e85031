"""Folds in which every task, and every class, has its share of the samples."""

import numpy as np

from skmtl._data.spellings import target_array
from skmtl._data.task_ids import check_task_ids, encode, missing_mask, split_task_column


def sample_codes(X, y, groups, task_column, name):
    """Return the stratum of every sample, (n_samples,) of int.

    Strata are the tasks in the task column of X, else the groups, else the patterns of missing
    targets in a two-dimensional y.
    """
    if task_column is not None:
        _, task_ids = split_task_column(X, task_column)
        return encode(task_ids)[1]
    if groups is not None:
        task_ids = check_task_ids(groups, "groups")
        return encode(task_ids, "groups")[1]
    Y = target_array(y)
    if Y.ndim != 2:
        raise ValueError(
            f"{name} cannot know the tasks: y has shape {Y.shape}. Set task_column to the column "
            "of X that holds the task ids, or pass the ids as groups."
        )
    return _pattern_codes(missing_mask(Y))


def _pattern_codes(missing):
    """Return the pattern of missing targets of every sample, (n_samples,) of int."""
    rarest_first = np.argsort(-missing.sum(axis=0), kind="stable")
    patterns = missing[:, rarest_first]
    _, codes = np.unique(patterns, axis=0, return_inverse=True)
    return codes.ravel()


def data_strata(data):
    """Return the stratum of each sample of positive weight, in the order of the user's X."""
    if data.layout == "wide":
        used = data.weight > 0
        y = np.where(used, data.y, np.nan)
        return _pattern_codes(missing_mask(y))
    order = np.argsort(data.sample_indices)
    return data.design.task_of_sample[order]


def assign_folds(codes, n_splits, rng=None):
    """Return the fold of every sample; within a stratum the sizes of folds differ by at most one.

    Each stratum is split as KFold would split it alone: the first samples go to the first fold,
    unless a random generator shuffles them. Strata with fewer samples than folds take turns, so
    that all folds get some of their samples.
    """
    if n_splits > len(codes):
        raise ValueError(
            f"Cannot have number of splits n_splits={n_splits} greater than the number of "
            f"samples: n_samples={len(codes)}."
        )
    strata = split_by_stratum(codes, np.arange(len(codes)))
    if rng is not None:
        order = rng.permutation(len(strata))
        strata = [strata[k] for k in order]
    folds = np.empty(len(codes), dtype=np.intp)
    turn = 0
    for samples in strata:
        count = len(samples)
        if count < n_splits:
            numbers = (turn + np.arange(count)) % n_splits
            turn += count
        else:
            numbers = np.sort(np.arange(count) % n_splits)
        if rng is not None:
            numbers = rng.permutation(numbers)
        folds[samples] = numbers
    return folds


def split_by_stratum(codes, samples):
    """Return the samples of each stratum, in the order of `samples`: a list of arrays."""
    samples = samples[np.argsort(codes[samples], kind="stable")]
    ends = np.cumsum(np.bincount(codes))
    return np.split(samples, ends[:-1])


def draw_evenly(samples, n, rng):
    """Return `n` of the samples, evenly spaced from a random first one, and the others."""
    steps = np.arange(n) + rng.uniform()
    positions = steps * len(samples) / max(n, 1)
    chosen = np.zeros(len(samples), dtype=bool)
    chosen[positions.astype(int)] = True
    return samples[chosen], samples[~chosen]

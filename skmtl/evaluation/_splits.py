"""The splits of an evaluation."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import column_or_1d

from skmtl._data.checks import check_int
from skmtl._data.fold_samples import given_splits
from skmtl._data.spellings import encode_labels
from skmtl.model_selection import TaskStratifiedKFold

_MAX_SEED = np.iinfo(np.int32).max


def make_splits(cv, data, rng, *, n_repeats=1, n_folds=5, groups=None):
    """List of pairs of training and test samples.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        What the user passed. None makes `n_folds` shuffled folds, an int makes that number of
        folds, `n_repeats` times; they are stratified.
    data : EvaluationData
        The data to split.
    rng : RandomState
        Shuffles the folds.
    n_repeats, n_folds : int
        Number of repeats, and default number of folds.
    groups : ndarray of int of shape (n_samples,), default=None
        Samples that stay together in folds; a splitter gets these, otherwise the task ids.
    """
    if cv is None:
        return _shuffled_folds(n_folds, n_repeats, data, rng, groups)
    if isinstance(cv, Integral):
        check_int(cv, "cv", low=2)
        return _shuffled_folds(cv, n_repeats, data, rng, groups)
    n_samples = np.shape(data.X)[0]
    for_splitter = data.strata if groups is None else groups
    return given_splits(cv, n_samples, data.X, data.y, for_splitter)


def _shuffled_folds(n_folds, n_repeats, data, rng, groups):
    """Stratified folds, repeatedly drawn."""
    splits = []
    for _ in range(n_repeats):
        seed = rng.randint(_MAX_SEED)
        if groups is None:
            splitter = TaskStratifiedKFold(n_folds, shuffle=True, random_state=seed)
            repeat = splitter.split(data.X, data.y, data.strata)
        else:
            repeat = _folds_of_groups(n_folds, seed, data, groups)
        splits.extend(repeat)
    return splits


def _folds_of_groups(n_folds, seed, data, groups):
    """Folds stratified by task as well as they can be if groups stay together."""
    n_groups = len(np.unique(groups))
    if n_groups < n_folds:
        raise ValueError(f"{n_folds} folds need as many groups, got {n_groups} in groups=.")
    strata = data.strata
    if strata is None:
        strata = np.zeros(len(groups), dtype=int)
    codes = np.unique(strata, return_inverse=True)[1]
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")  # a small task
        return list(splitter.split(codes, codes, groups))


def read_groups(groups, data):
    """The codes of the groups that the user passed, (n_samples,); None if there are none."""
    if groups is None:
        return None
    groups = column_or_1d(groups)
    n_samples = np.shape(data.X)[0]
    if len(groups) != n_samples:
        raise ValueError(
            f"groups= has {len(groups)} entries, but X has {n_samples} samples: give one group for "
            "each sample."
        )
    return encode_labels(groups)[1]

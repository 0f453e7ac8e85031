"""The splits of an evaluation."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from skmtl._data.checks import check_int
from skmtl._data.fold_samples import given_splits
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.spellings import encode_labels
from skmtl._data.task_ids import as_id_array, missing_mask
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
    return _given_splits(cv, data, groups)


def _given_splits(cv, data, groups):
    """The splits of a splitter or an iterable, none of them with an empty side."""
    n_samples = np.shape(data.X)[0]
    if groups is None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The groups parameter is ignored")  # none were passed
            splits = given_splits(cv, n_samples, data.X, data.y, data.strata)
    else:
        splits = given_splits(cv, n_samples, data.X, data.y, groups)
    for k, (train, test) in enumerate(splits):
        if len(train) == 0 or len(test) == 0:
            raise ValueError(
                f"Split {k} of cv has {len(train)} training and {len(test)} test samples, but both "
                "need at least one: leave this split out, or make fewer of them."
            )
    return splits


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
        raise ValueError(
            f"{n_folds} folds need as many groups, but groups= has {n_groups} only: make fewer "
            "folds, such as cv=2, or pass a splitter as cv."
        )
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
    warn_of_row_order(data.X, groups=groups)
    groups = as_id_array(groups)
    if groups.ndim == 2 and groups.shape[1] == 1:
        groups = groups.ravel()
    if groups.ndim != 1:
        raise ValueError(
            f"groups= has shape {groups.shape}, expected (n_samples,): one group for each sample."
        )
    n_samples = np.shape(data.X)[0]
    if len(groups) != n_samples:
        raise ValueError(
            f"groups= has {len(groups)} entries, but X has {n_samples} samples: give one group for "
            "each sample."
        )
    missing = missing_mask(groups)
    if missing.any():
        raise ValueError(
            f"groups= has NaN or None for {missing.sum()} sample(s), first at row "
            f"{np.argmax(missing)}: give a group to each; a sample that belongs to no other is a "
            "group of its own."
        )
    return encode_labels(groups)[1]

"""The splits of an evaluation."""

from numbers import Integral

import numpy as np

from skmtl._data.checks import check_int
from skmtl._data.fold_samples import given_splits
from skmtl.model_selection import TaskStratifiedKFold

_MAX_SEED = np.iinfo(np.int32).max


def make_splits(cv, data, rng, *, n_repeats=1, n_folds=5):
    """List of pairs of training and test samples.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        What the user passed. None makes `n_folds` shuffled folds `n_repeats` times, an int makes
        that number of folds once; they are stratified.
    data : EvaluationData
        The data to split.
    rng : RandomState
        Shuffles the folds.
    n_repeats, n_folds : int
        Default number of repeats and of folds.
    """
    if cv is None:
        return _shuffled_folds(n_folds, n_repeats, data, rng)
    if isinstance(cv, Integral):
        check_int(cv, "cv", low=2)
        return _shuffled_folds(cv, 1, data, rng)
    n_samples = np.shape(data.X)[0]
    return given_splits(cv, n_samples, data.X, data.y, data.strata)


def _shuffled_folds(n_folds, n_repeats, data, rng):
    """Stratified folds, repeatedly drawn."""
    splits = []
    for _ in range(n_repeats):
        seed = rng.randint(_MAX_SEED)
        splitter = TaskStratifiedKFold(n_folds, shuffle=True, random_state=seed)
        repeat = splitter.split(data.X, data.y, data.strata)
        splits.extend(repeat)
    return splits

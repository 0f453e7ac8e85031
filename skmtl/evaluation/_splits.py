"""The splits of an evaluation."""

from numbers import Integral

import numpy as np

from skmtl._data.checks import check_int, check_splitter
from skmtl._data.fold_samples import fold_positions
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
        return _shuffled_folds(check_int(cv, "cv", low=2), 1, data, rng)
    splits = []
    n_samples = np.shape(data.X)[0]
    for train, test in check_splitter(cv).split(data.X, data.y, data.strata):
        trained = fold_positions(train, n_samples)
        tested = fold_positions(test, n_samples)
        splits.append((trained, tested))
    if not splits:
        raise ValueError(f"cv={cv!r} gives no split.")
    return splits


def _shuffled_folds(n_folds, n_repeats, data, rng):
    """Stratified folds, repeatedly drawn."""
    splits = []
    for _ in range(n_repeats):
        seed = rng.randint(_MAX_SEED)
        splitter = TaskStratifiedKFold(n_folds, shuffle=True, random_state=seed)
        splits += splitter.split(data.X, data.y, data.strata)
    return splits

"""Folds in which every labeled sample is tested once, stratified by task and class."""

from numbers import Integral

import numpy as np

from skmtl._data.checks import check_int
from skmtl._data.stratification import assign_folds
from skmtl.meta._task_models import splits_of_samples


def complete_folds(cv, data, classes=None):
    """Return pairs (train, test) of positions in X; each labeled sample is tested once.

    Parameters
    ----------
    cv : int, splitter or iterable of (train, test)
        What the user gave.
    data : SamplesByTask
        The samples to split.
    classes : ndarray, or list of ndarray for wide data, default=None
        Class labels, of classifiers.
    """
    samples, strata = _strata(data, classes)
    n_samples = data.features.shape[0]
    folds = []
    for train, test in _splits(cv, data, samples, strata):
        tested = np.intersect1d(test, samples)
        if len(tested):  # a fold may hold unlabeled samples only
            folds.append((train, tested))
    every_tested = [test for _, test in folds]
    times_tested = np.bincount(np.concatenate(every_tested), minlength=n_samples)
    if (times_tested[samples] != 1).any():
        raise ValueError(
            f"cv={cv!r} does not test every sample exactly once, so that there are no "
            "out-of-fold predictions: give a number of folds or a KFold."
        )
    return folds


def _splits(cv, data, samples, strata):
    """Return pairs (train, test) of positions in X."""
    if isinstance(cv, Integral):
        n_folds = check_int(cv, "cv", low=2)
        fold = assign_folds(strata, n_folds)
        return [(samples[fold != k], samples[fold == k]) for k in range(n_folds)]
    groups = np.zeros(data.features.shape[0], dtype=int)
    groups[samples] = strata
    return splits_of_samples(cv, data, groups)


def _strata(data, classes):
    """Return the positions of labeled samples in X, and the stratum of each."""
    if data.layout == "wide":
        return _strata_of_wide(data, classes)
    samples, strata = data.pooled()
    if classes is not None:
        class_codes = np.searchsorted(classes, samples.y)
        pairs = strata * len(classes) + class_codes
        strata = np.unique(pairs, return_inverse=True)[1]
    order = np.argsort(samples.indices)
    return samples.indices[order], strata[order]


def _strata_of_wide(data, classes):
    """Return the same as `_strata`; strata are patterns of missing targets and classes."""
    patterns = np.full((data.features.shape[0], data.n_tasks), -1)
    for t, part in enumerate(data.parts):
        patterns[part.indices, t] = 0
        if classes is not None:
            patterns[part.indices, t] = np.searchsorted(classes[t], part.y)
    samples = np.flatnonzero((patterns >= 0).any(axis=1))
    _, strata = np.unique(patterns[samples], axis=0, return_inverse=True)
    return samples, strata.ravel()

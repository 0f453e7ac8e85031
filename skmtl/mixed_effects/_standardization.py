"""Features in standardized units: of variance 1 over the samples of all tasks."""

import numpy as np
from scipy import sparse

from skmtl.mixed_effects._units import Units, exceeds_rounding

_OUTLYING = 100.0  # of a standard deviation, relative to that of the median task


def units_of(X, weight, ptr):
    """Return the mean and standard deviation of features over the samples of all tasks.

    Tasks in which a feature varies much more than in most, as in other units, do not count.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Features of samples sorted by task.
    weight : ndarray of shape (n_samples,)
        Their weights.
    ptr : ndarray of int of shape (n_tasks + 1,)
        Those of task t are ``ptr[t]:ptr[t + 1]``.

    Returns
    -------
    Units
    """
    X = _dense(X)
    is_outlying = _outlying(X, weight, ptr)
    counted = np.where(is_outlying, 0.0, weight[:, None])
    share = counted / counted.sum(axis=0)

    def average(values):
        return np.sum(share * values, axis=0)

    mean = average(X)
    mean += average(X - mean)  # what rounding took
    deviation = X - mean
    variance = average(deviation**2)
    varies = exceeds_rounding(variance, mean)
    variance = np.where(varies, variance, 1.0)
    scale = np.sqrt(variance)
    return Units(mean, scale, varies, level=0.0, size=1.0)


def _outlying(X, weight, ptr):
    """Which samples are of tasks where a feature varies too much, (n_samples, n_features)."""
    starts = ptr[:-1]
    tasks = np.arange(len(starts))
    task = np.repeat(tasks, np.diff(ptr))
    total = np.add.reduceat(weight, starts)
    share = weight / total[task]
    share = share[:, None]
    mean = np.add.reduceat(share * X, starts)
    deviation = X - mean[task]
    variance = np.add.reduceat(share * deviation**2, starts)
    usual = [_median_of_positive(of_tasks) for of_tasks in variance.T]
    most = _OUTLYING**2 * np.array(usual)
    is_outlying = variance > most
    return is_outlying[task]


def _median_of_positive(values):
    """The median of the values that are not zero, or zero."""
    positive = values[values > 0]
    if len(positive) == 0:
        return 0.0
    return np.median(positive)


def _dense(X):
    if sparse.issparse(X):
        X = X.toarray()
    return X.astype(np.float64, copy=False)

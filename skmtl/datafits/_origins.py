"""Origins of sufficient statistics: near the means where digits would cancel."""

import numpy as np
from scipy import sparse

_SAMPLE = 1024  # samples that an origin is taken from
_LARGE = 1e4  # squared mean over variance, from which digits would cancel


def dense(X):
    """X as an ndarray."""
    return X.toarray() if sparse.issparse(X) else X


def median_of_three(a, b, c):
    """The median of three numbers, for every element of three arrays."""
    low = np.minimum(a, b)
    high = np.maximum(a, b)
    below = np.minimum(high, c)
    return np.maximum(low, below)


def dominates(mean, mean_square):
    """Whether the mean is so large beside the spread that digits would cancel."""
    spread = mean_square - mean**2
    return mean**2 > _LARGE * spread


def near_mean(X, samples):
    """Near the mean for features whose mean is large beside their spread, else 0.

    A sparse X is made dense, chunk by chunk, where there is such a feature, so more is needed.
    """
    step = max(1, len(samples) // _SAMPLE)
    few = samples[::step]
    if len(samples) == X.shape[0]:  # without a copy
        few = slice(None, None, step)
    sample = dense(X[few])
    sample = sample.astype(np.float64, copy=False)
    mean = sample.mean(axis=0)
    spread = sample.std(axis=0)
    if sparse.issparse(X):
        far = mean**2 > _LARGE * spread**2
        far &= spread > 0
        return np.where(far, mean, 0.0)
    far = np.abs(mean) > spread
    mean = np.where(far, mean, 0.0)
    first = sample[0]
    constant = (sample == first).all(axis=0)  # its mean may be rounded
    return np.where(constant, first, mean)

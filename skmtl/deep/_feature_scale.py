"""Features on one scale, whatever their units and outliers."""

from dataclasses import dataclass

import numpy as np

_QUARTILES_OF_NORMAL = 1.349  # interquartile range of the standard normal distribution
_ROUNDING = 1e-12  # a spread below this, relative to the quartiles, is none
_LARGEST_BOUND = 10.0  # of scaled values
_SMALLEST_BOUND = 3.0
_COMMON = 0.95  # share of the samples that are no outliers
_BEYOND_COMMON = 2.0  # by how much outliers may be farther away than these
_FARTHEST = 1e9  # scaled values beyond it are at their bound, and their squares may overflow
_SAME = 1e-9  # shares of the weight that differ by less are equal


@dataclass(frozen=True)
class FeatureScale:
    """Median, spread and bound of every feature.

    A value x becomes ``z / sqrt(1 + (z / bound)^2)`` for ``z = (x - center) / spread``: it is z
    near the center, and never beyond the bound, so that an outlier moves neither the scale of its
    feature nor the network by much.

    Attributes
    ----------
    center : ndarray of shape (n_features,)
        Medians.
    spread : ndarray of shape (n_features,)
        Interquartile ranges, divided by that of the standard normal distribution. A feature of
        which more than half of the values are the same has its standard deviation, and a constant
        one has 1.
    bound : ndarray of shape (n_features,)
        Twice the size that z has in 95 % of the samples, between 3 and 10: about 4 for a normal
        distribution. A feature of which more than half of the values are the same has 10.
    """

    center: np.ndarray
    spread: np.ndarray
    bound: np.ndarray

    @classmethod
    def of(cls, X, weight):
        """Return the scale of the features X, (n_samples, n_features), of samples with weights.

        A sample of weight 2 counts as two samples.
        """
        lower, center, upper = _weighted_quantiles(X, weight, [0.25, 0.5, 0.75])
        spread = (upper - lower) / _QUARTILES_OF_NORMAL
        mean = np.average(X, axis=0, weights=weight)
        squares = (X - mean) ** 2
        deviation = np.sqrt(np.average(squares, axis=0, weights=weight))
        smallest = _ROUNDING * np.maximum(np.abs(lower), np.abs(upper))
        has_quartiles = spread > smallest
        spread = np.where(has_quartiles, spread, deviation)
        spread = np.where(spread > smallest, spread, 1.0)
        sizes = np.abs(X - center) / spread
        (common,) = _weighted_quantiles(sizes, weight, [_COMMON])
        bound = np.clip(_BEYOND_COMMON * common, _SMALLEST_BOUND, _LARGEST_BOUND)
        bound = np.where(has_quartiles, bound, _LARGEST_BOUND)
        return cls(center, spread, bound)

    def apply(self, X):
        """Return the scaled features, (n_samples, n_features) of double precision."""
        Z = (X - self.center) / self.spread
        Z = np.clip(Z, -_FARTHEST, _FARTHEST)
        return Z / np.sqrt(1.0 + (Z / self.bound) ** 2)


def _weighted_quantiles(X, weight, levels):
    """Return quantiles of every feature, (n_levels, n_features).

    Where the samples up to some value have just the share of the weight, the quantile is in the
    middle between that value and the next.
    """
    if (weight == weight[0]).all():
        return np.quantile(X, levels, axis=0, method="averaged_inverted_cdf")
    quantiles = np.empty((len(levels), X.shape[1]))
    for j, x in enumerate(X.T):
        order = np.argsort(x)
        shares = np.cumsum(weight[order]) / weight.sum()
        for k, level in enumerate(levels):
            lower, upper = np.searchsorted(shares, [level - _SAME, level + _SAME])
            ends = np.minimum([lower, upper], len(x) - 1)
            quantiles[k, j] = x[order[ends]].mean()
    return quantiles

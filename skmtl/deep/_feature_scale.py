"""Features on one scale, whatever their units and outliers."""

from dataclasses import dataclass

import numpy as np

_QUARTILES_OF_NORMAL = 1.349  # interquartile range of the standard normal distribution
_ROUNDING = 1e-12  # a spread below this, relative to the median, is none
BOUND = 10.0  # no scaled value is larger


@dataclass(frozen=True)
class FeatureScale:
    """Median and spread of every feature.

    A value x becomes ``z / sqrt(1 + (z / 10)^2)`` for ``z = (x - center) / spread``: it is z near
    the center, and never beyond 10, so that an outlier moves neither the scale of its feature nor
    the network by much.

    Attributes
    ----------
    center : ndarray of shape (n_features,)
        Medians.
    spread : ndarray of shape (n_features,)
        Interquartile ranges, divided by that of the standard normal distribution. A feature of
        which more than half of the values are the same has its standard deviation, and a constant
        one has 1.
    """

    center: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, X):
        """Return the scale of the features X, (n_samples, n_features)."""
        lower, center, upper = np.percentile(X, [25, 50, 75], axis=0)
        spread = (upper - lower) / _QUARTILES_OF_NORMAL
        deviation = np.std(X, axis=0)
        smallest = _ROUNDING * np.maximum(1.0, np.abs(center))
        spread = np.where(spread > smallest, spread, deviation)
        spread = np.where(spread > smallest, spread, 1.0)
        return cls(center, spread)

    @classmethod
    def identity(cls, n_features):
        """Return the scale that leaves features near 0 as they are."""
        return cls(np.zeros(n_features), np.ones(n_features))

    def apply(self, X):
        """Return the scaled features, (n_samples, n_features) of double precision."""
        Z = (X - self.center) / self.spread
        return Z / np.sqrt(1.0 + (Z / BOUND) ** 2)

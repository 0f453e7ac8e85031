"""Standardized units: features of mean 0 and variance 1 over all samples, and so the targets."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

_DIGITS = 10 * np.finfo(float).eps  # a standard deviation below it, relative to the mean, is 0


class Units(NamedTuple):
    """What brings effects, the intercept first, to the units of the user.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
        Mean and standard deviation of the features over the samples of all tasks; the scale of a
        constant feature is 1.
    varies : ndarray of bool of shape (n_features,)
        Whether features are not constant.
    level, size : float
        Mean and standard deviation of the targets.
    """

    mean: np.ndarray
    scale: np.ndarray
    varies: np.ndarray
    level: float
    size: float

    @property
    def matrix(self):
        """What maps effects from standardized units to those of the user.

        A slope is divided by the scale of its feature, and the intercept is no longer at the means
        of the features but where all are 0.
        """
        slopes = 1 / self.scale
        matrix = np.diag(np.append(1.0, slopes))
        matrix[0, 1:] = -self.mean * slopes
        return self.size * matrix

    def rows(self, X):
        """Rows (1, x) of samples in standardized units, a sparse X made dense."""
        if sparse.issparse(X):
            X = X.toarray()
        Z = X - self.mean
        Z /= self.scale
        return np.column_stack([np.ones(len(Z)), Z])

    def effects(self, effects):
        """Deviations of coefficients, (..., 1 + n_features), in the units of the user."""
        return effects @ self.matrix.T

    def coefficients(self, effects):
        """Coefficients in the units of the user: the intercept includes the level."""
        coefficients = self.effects(effects)
        coefficients[..., 0] += self.level
        return coefficients

    def covariance(self, covariance):
        """Covariances of effects, (..., q, q), in the units of the user."""
        matrix = self.matrix
        return matrix @ covariance @ matrix.T

    def variances(self, covariance, *, at_means):
        """The variance of each effect in the units of the user, (n_effects,).

        That of the intercept is at the means of the features or, if not, where all are 0.
        """
        if not at_means:
            return self.covariance(covariance).diagonal().copy()
        variances = covariance.diagonal()
        variances = self.size**2 * variances
        variances[1:] /= self.scale**2
        return variances

    @property
    def log_volume(self):
        """Log determinant of the Gram matrix of standardized features less that of the user's."""
        return -2 * np.log(self.scale).sum()


def exceeds_rounding(variance, mean):
    """Whether the variance of values with this mean is more than their rounding."""
    return variance > (_DIGITS * mean) ** 2

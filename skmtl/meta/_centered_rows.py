"""Rows of features as linear models with an intercept and weights of samples see them."""

import numpy as np


class CenteredRows:
    """Rows less their weighted mean, times the roots of their weights.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    fit_intercept : bool
        Whether there is an intercept; else the mean is not subtracted.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    origin : ndarray of shape (n_features,)
        What was subtracted.
    root : ndarray of shape (n_samples,)
        What they were multiplied by.
    weight : ndarray of shape (n_samples,)
    total : float
        Sum of the weights.
    """

    def __init__(self, X, weight, fit_intercept):
        if weight is None:
            weight = np.ones(len(X))
        self.weight = weight
        self.total = weight.sum()
        self.root = np.sqrt(weight)
        self.fit_intercept = fit_intercept
        self.origin = np.zeros(X.shape[1])
        if fit_intercept:
            self.origin = self._mean(X)
            X = X - self.origin
            rest = self._mean(X)  # rounding errors far from zero
            self.origin += rest
            X -= rest
        self.X = self.root[:, None] * X

    def _mean(self, values):
        return self.weight @ values / self.total

    def center(self, y):
        """Return targets as the rows are, and the mean that was subtracted."""
        level = 0.0
        if self.fit_intercept:
            level = self._mean(y)
        return self.root * (y - level), level

    def intercept(self, coef, level):
        """Return the intercept of the model of these coefficients."""
        if not self.fit_intercept:
            return 0.0
        return level - self.origin @ coef

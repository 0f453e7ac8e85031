"""Losses of numbers and of counts."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy
from sklearn.model_selection import BaseCrossValidator, GridSearchCV

from skmtl._data.checks import check_real
from skmtl.losses._base import Loss
from skmtl.losses._centered_poisson import CenteredPoisson


@dataclass(frozen=True)
class Squared(Loss):
    """`1/2 (y - z)^2`."""

    is_quadratic = True
    of_residuals = True

    def value(self, y, z):
        return 0.5 * (y - z) ** 2

    def gradient(self, y, z):
        return z - y

    def curvature(self, y, z):
        return np.ones_like(z)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)


@dataclass(frozen=True)
class Huber(Loss):
    """`1/2 r^2` for `|r| <= delta`, `delta (|r| - delta/2)` beyond, with `r = y - z`.

    Parameters
    ----------
    delta : float, default=1.35
        Size of a residual from which on it counts linearly; in the unit of y.
    """

    delta: float = 1.35
    exact_curvature = False
    of_residuals = True

    def __post_init__(self):
        check_real(self.delta, "delta", include="neither")

    @classmethod
    def from_params(cls, huber_delta=1.35):
        return cls(check_real(huber_delta, "huber_delta", include="neither"))

    def value(self, y, z):
        r = np.abs(y - z)
        return np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))

    def gradient(self, y, z):
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y, z):
        return self.delta / np.maximum(np.abs(y - z), self.delta)

    def conjugate(self, y, u):
        return u * (y + 0.5 * u)


@dataclass(frozen=True)
class Poisson(Loss):
    """`exp(z) - y z`, less its minimum: half the deviance of counts y."""

    takes_normalized_targets = False
    has_noise_level = False
    degenerate_targets = "counts of zero only"

    def value(self, y, z):
        return np.exp(z) - y * z - (y - xlogy(y, y))

    def gradient(self, y, z):
        return np.exp(z) - y

    def curvature(self, y, z):
        return np.exp(z)

    def conjugate(self, y, u):
        mean = np.maximum(y + u, 0.0)
        return xlogy(mean, mean) - mean + y - xlogy(y, y)

    def check_targets(self, y):
        if (y < 0).any():
            raise ValueError(
                f"loss='poisson' is for counts, which are at least 0; y has {y.min():.4g}."
            )

    def degenerate(self, sums, totals):
        return (sums == 0) & (totals > 0)

    def inverse_link(self, z):
        return np.exp(z)

    def link(self, mean):
        return np.log(mean)

    def single_task(self, selects, *, fit_intercept=True, max_iter=1000):
        """Poisson regression with a ridge, whether or not features are to be selected."""
        model = CenteredPoisson(fit_intercept=fit_intercept, max_iter=max(1000, max_iter))
        grid = {"alpha": np.geomspace(1e-4, 1e2, 13)}
        return GridSearchCV(model, grid, scoring="neg_mean_poisson_deviance", cv=_CountFolds())


class _CountFolds(BaseCrossValidator):
    """Five folds, or fewer, that leave a positive count in every training set."""

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self._folds(y))

    def _iter_test_indices(self, X=None, y=None, groups=None):
        return iter(self._folds(y))

    def _folds(self, y):
        positive = np.flatnonzero(y)
        others = np.flatnonzero(np.asarray(y) == 0)
        if len(positive) == 1:  # it is never left out
            positive = positive[:0]
        n_folds = min(5, max(len(positive), len(others)))
        parts = [np.append(positive[k::n_folds], others[k::n_folds]) for k in range(n_folds)]
        return [part for part in parts if len(part)]

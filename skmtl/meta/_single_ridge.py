"""scikit-learn's RidgeCV without folds, from one singular value decomposition.

With rows that are centered by their weighted means and multiplied by the roots w of their weights,
``X = U S V'`` and an alpha, the residuals of the fit are ``U (alpha / (S^2 + alpha)) U'y`` plus
what no feature explains, ``y - U U'y``. One less the leverage of a row is that formula for the row
of the identity, less ``w w' / sum(w^2)`` for the intercept. The error of a row that is left out
is their ratio: all alphas cost a product of U each.
"""

import numpy as np
from sklearn.linear_model import RidgeCV

from skmtl.meta._centered_rows import CenteredRows
from skmtl.meta._plain_params import are_flags, are_positive

_STORES = RidgeCV().store_cv_results  # None before scikit-learn 1.7
_MODES = (None, "auto", "svd", "eigen")
# Parameters that ask for another search than for the smallest mean squared error
_GENERIC = ("cv", "scoring", "store_cv_values")
_ROUNDING = 1e-13  # relative difference of errors that are equal
_ENTRIES = 2**20  # of the errors of rows at all alphas, at a time


def is_plain_ridge(estimator):
    """Whether an estimator is a ridge regression whose search :class:`RidgeRows` does.

    Those with parameters that are not valid are not, so that they raise where they are fitted.
    """
    if type(estimator) is not RidgeCV:
        return False
    params = vars(estimator)
    generic = [params.get(name) for name in _GENERIC]
    is_plain = (
        all(map(_is_unused, generic)),
        are_flags(estimator, "fit_intercept", "alpha_per_target"),
        estimator.store_cv_results in (True, False, _STORES),
        are_positive(estimator.alphas),
        estimator.gcv_mode in _MODES,
    )
    return all(is_plain)


def _is_unused(value):
    """Whether a parameter is at its default."""
    if isinstance(value, str):
        return value == "deprecated"
    return value is None or value is False


def _alphas(estimator):
    """Return the alphas of a ridge regression as a list."""
    return np.ravel(estimator.alphas).tolist()


class RidgeRows:
    """Rows of features, decomposed for ridge regressions of any targets.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    fit_intercept : bool
        Whether there is an intercept, else it is zero.
    """

    def __init__(self, X, weight, fit_intercept):
        self.rows = CenteredRows(X, weight, fit_intercept)
        U, singular, Vt = np.linalg.svd(self.rows.X, full_matrices=False)
        rounding = max(X.shape) * np.finfo(float).eps
        least = rounding * singular[0]
        rank = np.count_nonzero(singular > least)
        rank = min(rank, self._most_directions())
        self.U = U[:, :rank]
        self.singular = singular[:rank]
        self.V = Vt[:rank].T
        self.free = self._unexplained()

    def _most_directions(self):
        """Return how many directions the rows have, less that of the intercept."""
        n_rows = np.count_nonzero(self.rows.weight)
        return n_rows - self.rows.fit_intercept

    def _unexplained(self):
        """Return one less the leverages without a penalty, (n_samples,)."""
        weight = self.rows.weight
        leverages = np.sum(self.U**2, axis=1)
        free = 1 - leverages
        if self.rows.fit_intercept:
            free -= weight / self.rows.total
        if len(self.singular) == self._most_directions():
            free[weight > 0] = 0.0  # what is left are rounding errors
        return np.maximum(free, 0.0)

    def squared_errors(self, y, alphas):
        """Yield the squared errors of samples that are left out, (n_batch, n_alphas), in batches.

        A sample without which there is no intercept has none: NaN.
        """
        projected = self.U.T @ y
        rest = y - self.U @ projected
        rest[self.free == 0] = 0.0
        squared = self.singular[:, None] ** 2
        kept = alphas / (squared + alphas)
        kept_y = kept * projected[:, None]
        n_rows = max(1, _ENTRIES // len(alphas))
        for start in range(0, len(y), n_rows):
            batch = slice(start, start + n_rows)
            U = self.U[batch]
            residuals = U @ kept_y
            residuals += rest[batch, None]
            retained = U**2 @ kept
            retained += self.free[batch, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                errors = residuals / retained
            yield errors**2

    def fit(self, estimator, y):
        """Fit a ridge regression that :func:`is_plain_ridge` in place."""
        y, level = self.rows.center(y)
        alphas = np.array(_alphas(estimator), dtype=float)
        total = np.zeros(len(alphas))
        of_samples = []
        for errors in self.squared_errors(y, alphas):
            total += errors.sum(axis=0)
            if estimator.store_cv_results:
                of_samples.append(errors)
        scores = -total / len(y)
        best = _first_best(scores)
        alpha = alphas[best]
        shrinkage = self.singular / (self.singular**2 + alpha)
        projected = self.U.T @ y
        coef = self.V @ (shrinkage * projected)
        estimator.coef_ = coef
        estimator.intercept_ = self.rows.intercept(coef, level)
        estimator.alpha_ = float(alpha)
        estimator.best_score_ = scores[best]
        if estimator.store_cv_results:
            estimator.cv_results_ = np.concatenate(of_samples)


def _first_best(scores):
    """Return the position of the best score, at most 0; of equal ones, but for rounding, the first.

    It is 0 if some are NaN.
    """
    threshold = (1 + _ROUNDING) * scores.max()
    return int(np.argmin(scores < threshold))

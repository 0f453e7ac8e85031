"""scikit-learn's LassoCV and ElasticNetCV, from the second moments of the folds.

The paths of all folds are exact, so that neither `tol` nor `max_iter` matters.
"""

from numbers import Integral

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.model_selection import KFold, check_cv
from sklearn.utils.fixes import parse_version

from skmtl import _kernels
from skmtl.meta._centered_rows import CenteredRows
from skmtl.meta._no_fast_form import NoFastForm
from skmtl.meta._plain_params import are_flags, are_positive, is_at_least

_MAX_FEATURES = 2000  # whose Gram matrix is formed
_SMALLEST = np.finfo(float).resolution  # alpha of a grid of targets that no feature explains
_GRID_HAS_WEIGHTS = parse_version(sklearn.__version__) >= parse_version("1.7")


def is_plain_lasso(estimator):
    """Whether an estimator is a lasso or elastic net whose search :class:`LassoRows` does.

    Those with parameters that are not valid are not, so that they raise where they are fitted.
    """
    if type(estimator) not in (LassoCV, ElasticNetCV):
        return False
    grid = _n_alphas(estimator)
    if grid is None:
        grid = estimator.alphas
    is_plain = (
        are_flags(estimator, "fit_intercept", "positive", "copy_X"),
        is_at_least(estimator.max_iter, 1, Integral),
        is_at_least(estimator.tol, 0),
        are_positive(estimator.eps),
        are_positive(grid),
        are_positive(_l1_ratios(estimator), most=1),
        isinstance(estimator.precompute, bool | str),
        estimator.selection == "cyclic",
        not estimator.verbose,
    )
    return all(is_plain)


def takes_rows(X, weight):
    """Whether :class:`LassoRows` takes these samples."""
    grid_is_weighted = weight is None or _GRID_HAS_WEIGHTS
    return grid_is_weighted and X.shape[1] <= _MAX_FEATURES


def _n_alphas(estimator):
    """Return how many alphas an estimator chooses itself, None if they are given."""
    alphas = estimator.alphas
    n_alphas = getattr(estimator, "n_alphas", "deprecated")  # of scikit-learn before 1.9
    if n_alphas != "deprecated" and alphas is None:
        return n_alphas
    if isinstance(alphas, str) and alphas == "warn":
        return 100
    if isinstance(alphas, Integral):
        return alphas
    return None


def _l1_ratios(estimator):
    """Return the shares of the L1 norm in the penalty that are tried."""
    return np.atleast_1d(getattr(estimator, "l1_ratio", 1.0))


def depends_on_rows(estimator):
    """Whether the folds of a lasso are those of other targets of the same samples, too."""
    cv = estimator.cv
    if type(cv) is KFold:
        return not cv.shuffle
    return isinstance(cv, Integral | None)


class LassoRows:
    """Rows of features and of folds, summed up for lassos of any targets.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Targets that the folds are made for.
    weight : ndarray of shape (n_samples,) or None
        Weights of the samples.
    estimator : LassoCV or ElasticNetCV
        An estimator that :func:`is_plain_lasso`.
    """

    def __init__(self, X, y, weight, estimator):
        fit_intercept = estimator.fit_intercept
        self.whole = _Moments(X, weight, fit_intercept)
        self.folds = []
        for train, test in check_cv(estimator.cv).split(X, y):
            fold = _Fold(X, weight, train, test, fit_intercept)
            self.folds.append(fold)

    def fit(self, estimator, y):
        """Fit an estimator that :func:`is_plain_lasso` in place."""
        penalties = self._penalties(estimator, y)
        errors = self._errors(y, penalties)
        means = errors.mean(axis=2)
        ratio, best = np.unravel_index(np.argmin(means), means.shape)
        penalty = penalties[ratio].until(best)
        coefs, level, n_iter = self.whole.path(y, penalty)
        estimator.coef_ = coefs[-1].copy()
        estimator.intercept_ = self.whole.rows.intercept(estimator.coef_, level)
        estimator.dual_gap_ = self.whole.dual_gap(y, penalty, estimator.coef_)
        estimator.n_iter_ = n_iter
        estimator.alpha_ = penalty.alphas[-1]
        if isinstance(estimator, ElasticNetCV):
            estimator.l1_ratio_ = penalty.l1_ratio
        estimator.mse_path_ = np.squeeze(errors)
        grids = [penalty.alphas for penalty in penalties]
        estimator.alphas_ = grids[0]
        if len(grids) > 1 and _n_alphas(estimator) is not None:
            estimator.alphas_ = np.array(grids)

    def _penalties(self, estimator, y):
        """Return the penalties of each share of the L1 norm."""
        penalties = []
        for l1_ratio in _l1_ratios(estimator):
            alphas = self._grid(estimator, y, l1_ratio)
            penalty = _Penalties(alphas, l1_ratio, estimator.positive)
            penalties.append(penalty)
        return penalties

    def _errors(self, y, penalties):
        """Return the errors of all folds, (n_l1_ratios, n_alphas, n_folds)."""
        errors = []
        for penalty in penalties:
            of_folds = [fold.errors(y, penalty) for fold in self.folds]
            errors.append(np.stack(of_folds, axis=1))
        return np.array(errors)

    def _grid(self, estimator, y, l1_ratio):
        """Return the alphas, falling."""
        n_alphas = _n_alphas(estimator)
        if n_alphas is None:
            return np.sort(estimator.alphas)[::-1]
        q = self.whole.correlation(y)
        largest = _largest(q, estimator.positive)
        highest = largest / (self.whole.rows.total * l1_ratio)
        if highest <= _SMALLEST:
            return np.full(n_alphas, _SMALLEST)
        return np.geomspace(highest, highest * estimator.eps, num=n_alphas)


def _largest(q, positive):
    """Return the largest of some slopes along which coefficients may leave zero."""
    if positive:
        return max(0.0, q.max())
    return np.abs(q).max()


class _Penalties:
    """``alpha (l1_ratio |w|_1 + (1 - l1_ratio) / 2 ||w||^2)`` for falling alphas."""

    def __init__(self, alphas, l1_ratio, positive):
        self.alphas = np.asarray(alphas, dtype=float)
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.norms = self.alphas * l1_ratio
        self.ridges = self.alphas * (1 - l1_ratio)

    def until(self, last):
        """Return those of the alphas up to a position."""
        return _Penalties(self.alphas[: last + 1], self.l1_ratio, self.positive)


class _Moments:
    """Second moments of samples."""

    def __init__(self, X, weight, fit_intercept):
        self.rows = CenteredRows(X, weight, fit_intercept)
        self.gram = self.rows.X.T @ self.rows.X

    def correlation(self, y):
        """Return the products of the features with targets."""
        targets, _ = self.rows.center(y)
        return self.rows.X.T @ targets

    def path(self, y, penalty):
        """Return the coefficients of all models, the mean of y and the steps of the last model.

        Raises NoFastForm if one of them took too many steps, or if numbers overflowed.
        """
        targets, level = self.rows.center(y)
        n_features = len(self.gram)
        coefs = np.empty((len(penalty.alphas), n_features))
        n_models, n_iter = _kernels.lasso_path(
            self.gram,
            self.rows.X.T @ targets,
            self.rows.total * penalty.norms,
            self.rows.total * penalty.ridges,
            penalty.positive,
            100 + 10 * n_features,
            coefs,
        )
        if n_models < len(coefs) or not np.isfinite(coefs).all():
            raise NoFastForm
        return coefs, level, n_iter

    def dual_gap(self, y, penalty, coef):
        """Return the duality gap of the last model, per sample."""
        targets, _ = self.rows.center(y)
        residuals = targets - self.rows.X @ coef
        norm = self.rows.total * penalty.norms[-1]
        ridge = self.rows.total * penalty.ridges[-1]
        slopes = self.rows.X.T @ residuals - ridge * coef
        steepest = _largest(slopes, penalty.positive)
        scale = 1.0
        if steepest > norm:
            scale = norm / steepest
        squares = residuals @ residuals + ridge * (coef @ coef)
        gap = (1 + scale**2) / 2 * squares
        gap += norm * np.abs(coef).sum()
        gap -= scale * (residuals @ targets)
        return gap / self.rows.total


class _Fold:
    """Training and test samples of a fold."""

    def __init__(self, X, weight, train, test, fit_intercept):
        self.train = train
        self.test = test
        self.weight = None
        train_weight = None
        if weight is not None:
            self.weight = weight[test]
            train_weight = weight[train]
        self.moments = _Moments(X[train], train_weight, fit_intercept)
        self.X = X[test] - self.moments.rows.origin

    def errors(self, y, penalty):
        """Return the mean squared errors of all models, (n_alphas,)."""
        coefs, level, _ = self.moments.path(y[self.train], penalty)
        targets = y[self.test] - level
        residuals = self.X @ coefs.T - targets[:, None]
        return np.average(residuals**2, axis=0, weights=self.weight)

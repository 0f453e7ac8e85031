"""scikit-learn's LassoCV and ElasticNetCV, from the second moments of the folds.

The paths of all folds are exact, so that neither `tol` nor `max_iter` matters.
"""

from numbers import Integral, Real

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.model_selection import KFold, check_cv
from sklearn.utils.fixes import parse_version

from skmtl import _kernels
from skmtl.meta._centered_rows import CenteredRows

_MAX_FEATURES = 2000  # whose Gram matrix is formed
_SMALLEST = np.finfo(float).resolution  # alpha of a grid of targets that no feature explains
_LARGEST = np.finfo(float).max
_VERSION = parse_version(sklearn.__version__)
_GRID_HAS_WEIGHTS = parse_version("1.7") <= _VERSION


def is_plain_lasso(estimator):
    """Whether an estimator is a lasso or elastic net whose search :class:`LassoRows` does.

    Those with parameters that are not valid are not, so that they raise where they are fitted.
    """
    if type(estimator) not in (LassoCV, ElasticNetCV):
        return False
    flags = (estimator.fit_intercept, estimator.positive, estimator.copy_X)
    if not all(isinstance(flag, bool) for flag in flags) or estimator.verbose:
        return False
    if estimator.selection != "cyclic" or not isinstance(estimator.precompute, bool | str):
        return False
    if not isinstance(estimator.max_iter, Integral) or estimator.max_iter < 1:
        return False
    if not isinstance(estimator.tol, Real) or estimator.tol < 0:
        return False
    grid = _n_alphas(estimator)
    if grid is None:
        grid = estimator.alphas
        if not isinstance(grid, list | tuple | np.ndarray):
            return False
    are_positive = _are_positive(estimator.eps) and _are_positive(grid)
    return are_positive and _are_positive(_l1_ratios(estimator), most=1)


def takes_rows(X, weight):
    """Whether :class:`LassoRows` takes these samples."""
    grid_is_weighted = weight is None or _GRID_HAS_WEIGHTS
    return grid_is_weighted and X.shape[1] <= _MAX_FEATURES


def _are_positive(values, most=_LARGEST):
    """Whether a number or some, at least one, are above zero and at most `most`."""
    values = np.ravel(values).tolist()
    are_real = all(isinstance(value, Real) for value in values)
    return len(values) > 0 and are_real and min(values) > 0 and max(values) <= most


def _n_alphas(estimator):
    """Return how many alphas an estimator chooses itself, None if they are given."""
    alphas = estimator.alphas
    n_alphas = getattr(estimator, "n_alphas", "deprecated")  # of scikit-learn before 1.9
    if n_alphas != "deprecated":
        return n_alphas if alphas is None else None
    if isinstance(alphas, str) and alphas == "warn":
        return 100
    return alphas if isinstance(alphas, Integral) else None


def _l1_ratios(estimator):
    """Return the shares of the L1 norm in the penalty that are tried."""
    return np.atleast_1d(getattr(estimator, "l1_ratio", 1.0))


def depends_on_rows(estimator):
    """Whether the folds of a lasso are those of other targets of the same samples, too."""
    cv = estimator.cv
    return cv is None or isinstance(cv, Integral) or (type(cv) is KFold and not cv.shuffle)


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
        """Fit an estimator that :func:`is_plain_lasso` in place; returns whether it succeeded."""
        l1_ratios = _l1_ratios(estimator)
        grids = [self._grid(estimator, y, l1_ratio) for l1_ratio in l1_ratios]
        errors = []
        for l1_ratio, alphas in zip(l1_ratios, grids, strict=True):
            penalty = _Penalty(alphas, l1_ratio, estimator.positive)
            paths = [fold.errors(y, penalty) for fold in self.folds]
            if any(path is None for path in paths):
                return False
            errors.append(np.stack(paths, axis=1))
        errors = np.array(errors)  # (n_l1_ratios, n_alphas, n_folds)
        means = errors.mean(axis=2)
        ratio, best = np.unravel_index(np.argmin(means), means.shape)
        estimator.mse_path_ = np.squeeze(errors)
        if isinstance(estimator, ElasticNetCV):
            estimator.l1_ratio_ = l1_ratios[ratio]
        estimator.alpha_ = grids[ratio][best]
        is_chosen = _n_alphas(estimator) is not None and len(grids) > 1
        estimator.alphas_ = np.asarray(grids) if is_chosen else grids[0]
        upto = _Penalty(grids[ratio][: best + 1], l1_ratios[ratio], estimator.positive)
        return self._refit(estimator, y, upto)

    def _refit(self, estimator, y, penalty):
        """Store the last model of the path."""
        path = self.whole.path(y, penalty)
        if path is None:
            return False
        coefs, level, n_iter = path
        estimator.coef_ = coefs[-1].copy()
        estimator.intercept_ = self.whole.rows.intercept(estimator.coef_, level)
        estimator.dual_gap_ = self.whole.dual_gap(y, penalty, estimator.coef_)
        estimator.n_iter_ = n_iter
        return True

    def _grid(self, estimator, y, l1_ratio):
        """Return the alphas, falling."""
        n_alphas = _n_alphas(estimator)
        if n_alphas is None:
            return np.sort(estimator.alphas)[::-1]
        q = self.whole.correlation(y)
        largest = max(0.0, q.max()) if estimator.positive else np.abs(q).max()
        highest = largest / (self.whole.rows.total * l1_ratio)
        if highest <= _SMALLEST:
            return np.full(n_alphas, _SMALLEST)
        return np.geomspace(highest, highest * estimator.eps, num=n_alphas)


class _Penalty:
    """``alpha (l1_ratio |w|_1 + (1 - l1_ratio) / 2 ||w||^2)`` for falling alphas."""

    def __init__(self, alphas, l1_ratio, positive):
        self.alphas = np.asarray(alphas, dtype=float)
        self.norms = self.alphas * l1_ratio
        self.ridges = self.alphas * (1 - l1_ratio)
        self.positive = positive


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

        None if one of them took too many steps.
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
        if n_models < len(coefs):
            return None
        return coefs, level, n_iter

    def dual_gap(self, y, penalty, coef):
        """Return the duality gap of the last model, per sample."""
        targets, _ = self.rows.center(y)
        residuals = targets - self.rows.X @ coef
        norm = self.rows.total * penalty.norms[-1]
        ridge = self.rows.total * penalty.ridges[-1]
        slopes = self.rows.X.T @ residuals - ridge * coef
        steepest = slopes.max() if penalty.positive else np.abs(slopes).max()
        scale = min(1.0, norm / steepest) if steepest > 0 else 1.0
        squares = residuals @ residuals + ridge * (coef @ coef)
        gap = (1 + scale**2) / 2 * squares
        gap += norm * np.abs(coef).sum() - scale * (residuals @ targets)
        return gap / self.rows.total


class _Fold:
    """Training and test samples of a fold."""

    def __init__(self, X, weight, train, test, fit_intercept):
        self.train = train
        self.test = test
        weight_of = {}
        for name, samples in (("train", train), ("test", test)):
            weight_of[name] = None if weight is None else weight[samples]
        self.moments = _Moments(X[train], weight_of["train"], fit_intercept)
        self.X = X[test] - self.moments.rows.origin
        self.weight = weight_of["test"]

    def errors(self, y, penalty):
        """Return the mean squared errors of all models, (n_alphas,), or None."""
        path = self.moments.path(y[self.train], penalty)
        if path is None:
            return None
        coefs, level, _ = path
        residuals = self.X @ coefs.T - (y[self.test] - level)[:, None]
        return np.average(residuals**2, axis=0, weights=self.weight)

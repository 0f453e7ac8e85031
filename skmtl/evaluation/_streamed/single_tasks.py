"""scikit-learn's tuned ridge, lasso and elastic net of one task, from moments of folds.

Ridge regressions of scikit-learn choose their strength by leaving out one row at a time, which
moments do not tell; here they choose it by the folds, as lassos do.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV, Ridge, RidgeCV

from skmtl import _kernels

_N_ALPHAS = 100  # of scikit-learn's lassos
_SMALLEST = np.finfo(float).resolution  # alpha of a grid of targets that no feature explains
_RIDGES = (Ridge, RidgeCV)
_LASSOS = (LassoCV, ElasticNetCV, Lasso, ElasticNet)
KINDS = (*_RIDGES, *_LASSOS)


class LinearModel(NamedTuple):
    """The coefficients (n_features,) and the intercept of a model."""

    coef: np.ndarray
    intercept: float


def check_single_task(estimator):
    """Raise unless :func:`fit_alone` fits an estimator as it is meant."""
    if type(estimator) not in KINDS:
        names = ", ".join(kind.__name__ for kind in KINDS)
        raise TypeError(
            f"Of rows that are not kept, a single task is learned by one of {names}, but the "
            f"baseline is {estimator!r}: give another baseline, or compare in memory with "
            "compare_to_single_task."
        )
    if not estimator.fit_intercept:
        raise ValueError(
            f"The baseline {estimator!r} has no intercept: of rows that are not kept, only models "
            "with intercepts are compared."
        )
    if getattr(estimator, "scoring", None) is not None:
        raise ValueError(
            f"The baseline {estimator!r} has scoring={estimator.scoring!r}: of rows that are not "
            "kept, penalties are chosen by squared errors. Set scoring=None."
        )
    if isinstance(estimator, Ridge) and estimator.positive:
        raise ValueError(
            f"The baseline {estimator!r} has positive=True, which of rows that are not kept only "
            "lassos and elastic nets have: take one of these, or compare in memory with "
            "compare_to_single_task."
        )


def fit_alone(estimator, folds):
    """The :class:`LinearModel` of one task.

    Parameters
    ----------
    estimator : estimator
        One of `KINDS`.
    folds : InnerFolds
        The moments of the task.
    """
    if isinstance(estimator, _RIDGES):
        return _fit_ridge(estimator, folds)
    return _fit_lasso(estimator, folds)


def _fit_ridge(estimator, folds):
    """The ridge regression with the smallest held-out error over all rows."""
    alphas = estimator.alphas if isinstance(estimator, RidgeCV) else estimator.alpha
    alphas = np.ravel(alphas).astype(float)
    best = int(np.argmax(alphas))  # of a task that has no rows to choose by
    if len(alphas) > 1 and folds.splits:
        errors = np.zeros(len(alphas))
        for training, held_out in folds.splits:
            errors += _squared_errors(_ridge_path(training, alphas), training, held_out)
        best = int(np.argmin(errors))
    (coef,) = _ridge_path(folds.whole, alphas[[best]])
    return _with_intercept(folds.whole, coef)


def _with_intercept(moments, coef):
    """The model with these coefficients."""
    intercept = moments.mean_y[0] - moments.mean_x[0] @ coef
    return LinearModel(coef, float(intercept))


def _ridge_path(moments, alphas):
    """Coefficients for all alphas, (n_alphas, n_features)."""
    values, vectors = np.linalg.eigh(moments.xx[0])
    values = np.maximum(values, 0.0)
    projected = vectors.T @ moments.xy[:, 0]
    denominators = values + alphas[:, None]
    shrunken = np.divide(
        projected,
        denominators,
        out=np.zeros_like(denominators),
        where=denominators > 0,
    )
    return shrunken @ vectors.T


def _squared_errors(coefs, training, held_out):
    """Sums of squared errors of models with an intercept, (n_models,)."""
    distance = held_out.mean_x[0] - training.mean_x[0]
    shift = held_out.mean_y[0] - training.mean_y[0]
    residuals = shift - coefs @ distance
    errors = held_out.yy[0] - 2 * coefs @ held_out.xy[:, 0]
    errors += np.einsum("aj,jk,ak->a", coefs, held_out.xx[0], coefs, optimize=True)
    errors += held_out.total[0] * residuals**2
    return errors


def _fit_lasso(estimator, folds):
    """The lasso or elastic net with the smallest mean error of folds."""
    alphas = _grid(estimator, folds.whole)
    best = 0  # of a task that has no rows to choose by
    if len(alphas) > 1 and folds.splits:
        errors = np.zeros(len(alphas))
        for training, held_out in folds.splits:
            coefs = _lasso_path(estimator, training, alphas)
            errors += _squared_errors(coefs, training, held_out) / held_out.total[0]
        best = int(np.argmin(errors))
    coefs = _lasso_path(estimator, folds.whole, alphas[: best + 1])
    return _with_intercept(folds.whole, coefs[-1])


def _l1_ratio(estimator):
    """The share of the L1 norm in the penalty."""
    if type(estimator) in (Lasso, LassoCV):
        return 1.0
    ratio = estimator.l1_ratio
    if np.ndim(ratio) > 0:
        raise ValueError(
            f"The baseline has l1_ratio={ratio!r}: of rows that are not kept, give a single one."
        )
    return ratio


def _grid(estimator, moments):
    """The alphas, falling, as those of scikit-learn."""
    params = estimator.get_params()
    if "alpha" in params:
        return np.array([params["alpha"]], dtype=float)
    alphas = params["alphas"]
    if alphas is not None and not isinstance(alphas, str | Integral):
        return np.sort(np.asarray(alphas, dtype=float))[::-1]
    n_alphas = alphas if isinstance(alphas, Integral) else params.get("n_alphas", _N_ALPHAS)
    if isinstance(n_alphas, str):  # deprecated since scikit-learn 1.7
        n_alphas = _N_ALPHAS
    products = moments.xy[:, 0]
    if estimator.positive:
        products = np.maximum(products, 0.0)
    highest = np.abs(products).max() / (moments.total[0] * _l1_ratio(estimator))
    if highest <= _SMALLEST:
        return np.full(n_alphas, _SMALLEST)
    return np.geomspace(highest, highest * estimator.eps, num=n_alphas)


def _lasso_path(estimator, moments, alphas):
    """Coefficients for falling alphas, (n_alphas, n_features)."""
    n_features = len(moments.xy)
    ratio = _l1_ratio(estimator)
    strengths = moments.total[0] * alphas
    coefs = np.empty((len(alphas), n_features))
    n_models, _ = _kernels.lasso_path(
        np.ascontiguousarray(moments.xx[0]),
        np.ascontiguousarray(moments.xy[:, 0]),
        strengths * ratio,
        strengths * (1 - ratio),
        estimator.positive,
        100 + 10 * n_features,
        coefs,
    )
    if n_models < len(coefs) or not np.isfinite(coefs).all():
        raise ValueError(
            f"The baseline {estimator!r} cannot be fitted to a task, whose features are nearly "
            "collinear: give another one, such as RidgeCV(), or larger alphas."
        )
    return coefs

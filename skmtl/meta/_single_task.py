"""Fits of an estimator to single tasks, by a faster algorithm where one is known.

The results are those of the estimator's own `fit`, which is called in all other cases.
"""

from copy import copy

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

from skmtl.meta._no_fast_form import NoFastForm
from skmtl.meta._ridge_equations import RidgeEquations, is_fixed_ridge
from skmtl.meta._single_lasso import (
    LassoRows,
    depends_on_rows,
    is_plain_lasso,
    takes_rows,
)
from skmtl.meta._single_ridge import (
    RidgeRows,
    is_plain_ridge,
)

_MAX_DENSE_ENTRIES = 10**7  # of sparse features


def has_fast_form(estimator):
    """Whether :class:`FastFits` may fit the estimator."""
    *scalers, model = _steps(estimator)
    if type(estimator) is Pipeline:
        if estimator.memory is not None or estimator.verbose:
            return False
        if not all(map(_is_plain_scaler, scalers)):
            return False
    return is_plain_ridge(model) or is_plain_lasso(model) or is_fixed_ridge(model)


def shares_rows(estimator):
    """Whether an estimator that :func:`has_fast_form` prepares samples once for many targets."""
    *_, model = _steps(estimator)
    return is_plain_ridge(model) or is_fixed_ridge(model) or depends_on_rows(model)


def _is_plain_scaler(step):
    """Whether a step of a pipeline is a scaler that returns arrays."""
    if type(step) is not StandardScaler or hasattr(step, "_sklearn_output_config"):
        return False
    if get_config()["transform_output"] != "default":
        return False
    return step.with_mean is True and step.with_std is True


def _steps(estimator):
    """Return the steps of a pipeline, or the estimator alone."""
    if type(estimator) is Pipeline:
        return [step for _, step in estimator.steps]
    return [estimator]


def _copy(estimator):
    """Return a copy of an estimator that has a fast form; values of attributes are shared."""
    estimator = copy(estimator)
    if type(estimator) is Pipeline:
        estimator.steps = [(name, copy(step)) for name, step in estimator.steps]
    return estimator


class FastFits:
    """Fits of an estimator to targets of the same samples.

    Parameters
    ----------
    estimator : estimator
        An unfitted estimator; it is not changed.
    X : ndarray, sparse matrix or frame of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Targets that folds are made for.
    weight : ndarray of shape (n_samples,) or None
        Weights.

    Raises
    ------
    NoFastForm
        If the estimator or the values need its own `fit`.
    """

    def __init__(self, estimator, X, y, weight):
        if not has_fast_form(estimator):
            raise NoFastForm
        array = _plain_array(X)
        weight = _plain_weight(weight)
        self.estimator = _copy(estimator)
        *scalers, model = _steps(self.estimator)
        is_fixed = type(model) is Ridge
        if (scalers or is_fixed) and sparse.issparse(X):
            raise NoFastForm  # scalers refuse to center it, and Ridge takes an iterative solver
        for step in (*scalers, model):
            step.n_features_in_ = array.shape[1]
        if not isinstance(X, np.ndarray):
            first, *_ = _steps(self.estimator)
            validate_data(first, X, skip_check_array=True)  # its names of features
        for scaler in scalers:
            array = _standardize(scaler, array)
        if is_fixed:
            self.rows = RidgeEquations(array, weight, model)
        elif type(model) is RidgeCV:
            self.rows = RidgeRows(array, weight, model.fit_intercept)
        elif takes_rows(array, weight):
            self.rows = LassoRows(array, _plain_targets(y), weight, model)
        else:
            raise NoFastForm

    def fit(self, y):
        """Return a copy of the estimator that is fitted to these targets of the samples."""
        y = _plain_targets(y)
        estimator = _copy(self.estimator)
        *_, model = _steps(estimator)
        self.rows.fit(model, y)
        return estimator


def _plain_array(X):
    """Return features as an array of floats."""
    if sparse.issparse(X):
        if np.prod(X.shape) > _MAX_DENSE_ENTRIES:
            raise NoFastForm
        X = X.toarray()
    X = _floats(X)
    if X.ndim != 2 or X.size == 0:
        raise NoFastForm
    return X


def _plain_weight(weight):
    """Return weights as an array of floats, None if there are none."""
    if weight is None:
        return None
    weight = _floats(weight)
    if weight.min() < 0 or weight.max() == 0:
        raise NoFastForm
    return weight


def _plain_targets(y):
    """Return targets as an array of floats."""
    y = _floats(y)
    if y.ndim != 1:
        raise NoFastForm
    return y


def _floats(values):
    """Return finite numbers as an array of floats."""
    values = np.asarray(values)
    is_plain = values.dtype.kind in "biu" or values.dtype == np.float64
    if not is_plain or not np.isfinite(values).all():
        raise NoFastForm
    return values.astype(float, copy=False)


def _standardize(scaler, X):
    """Fit a scaler in place and return what it makes of X."""
    n_samples = len(X)
    mean = X.mean(axis=0)
    deviations = X - mean
    variance = np.mean(deviations**2, axis=0) - deviations.mean(axis=0) ** 2
    eps = np.finfo(float).eps
    rounding = n_samples * eps * variance
    rounding += (n_samples * mean * eps) ** 2
    is_constant = variance <= rounding
    scaler.mean_ = mean
    scaler.var_ = variance
    scaler.scale_ = np.sqrt(np.where(is_constant, 1.0, variance))
    scaler.n_samples_seen_ = np.int64(n_samples)
    return deviations / scaler.scale_

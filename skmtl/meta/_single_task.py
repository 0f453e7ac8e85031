"""Fits of an estimator to single tasks, by a faster algorithm where one is known.

The results are those of the estimator's own `fit`, which is called in all other cases.
"""

from copy import copy

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

from skmtl.meta._single_ridge import RidgeRows, is_plain_ridge

_MAX_DENSE_ENTRIES = 10**7  # of sparse features


def has_fast_form(estimator):
    """Whether :func:`fit_fast` may fit the estimator."""
    if type(estimator) is Pipeline:
        *steps, (_, last) = estimator.steps
        is_plain = estimator.memory is None and not estimator.verbose
        return is_plain and has_fast_form(last) and all(_is_plain_scaler(step) for _, step in steps)
    return is_plain_ridge(estimator)


def _is_plain_scaler(step):
    """Whether a step of a pipeline is a scaler that returns arrays."""
    if type(step) is not StandardScaler or hasattr(step, "_sklearn_output_config"):
        return False
    is_plain = step.with_mean is True and step.with_std is True
    return is_plain and get_config()["transform_output"] == "default"


def unfitted_copy(estimator):
    """Return a copy of an unfitted estimator that has a fast form."""
    estimator = copy(estimator)
    if type(estimator) is Pipeline:
        estimator.steps = [(name, copy(step)) for name, step in estimator.steps]
    return estimator


def fit_fast(estimator, X, y, weight):
    """Fit an estimator that has a fast form in place; weights may be None.

    Returns
    -------
    bool
        Whether it is fitted: only if the data are plain finite numbers.
    """
    data = _plain_data(X, y, weight)
    if data is None:
        return False
    array, y, weight = data
    steps = [estimator]
    if type(estimator) is Pipeline:
        steps = [step for _, step in estimator.steps]
    for step in steps:
        step.n_features_in_ = array.shape[1]
    if not isinstance(X, np.ndarray):
        validate_data(steps[0], X, skip_check_array=True)  # its names of features
    *scalers, model = steps
    for scaler in scalers:
        array = _standardize(scaler, array)
    rows = RidgeRows(array, weight, model.fit_intercept)
    rows.fit(model, y)
    return True


def _plain_data(X, y, weight):
    """Return X, y and the weights as arrays of floats, None unless all are finite numbers."""
    if sparse.issparse(X):
        if np.prod(X.shape) > _MAX_DENSE_ENTRIES:
            return None
        X = X.toarray()
    arrays = []
    for values in (X, y, weight):
        if values is not None:
            values = np.asarray(values)
            is_plain = values.dtype.kind in "biu" or values.dtype == np.float64
            if not is_plain or not np.isfinite(values).all():
                return None
            values = values.astype(float, copy=False)
        arrays.append(values)
    X, y, weight = arrays
    if X.ndim != 2 or X.size == 0 or y.shape != X.shape[:1]:
        return None
    if weight is not None and (weight.min() < 0 or weight.max() == 0):
        return None
    return arrays


def _standardize(scaler, X):
    """Fit a scaler in place and return what it makes of X."""
    n_samples = len(X)
    mean = X.mean(axis=0)
    deviations = X - mean
    variance = np.mean(deviations**2, axis=0) - deviations.mean(axis=0) ** 2
    eps = np.finfo(float).eps
    rounding = n_samples * eps * variance + (n_samples * mean * eps) ** 2
    scaler.mean_ = mean
    scaler.var_ = variance
    scaler.scale_ = np.sqrt(np.where(variance <= rounding, 1.0, variance))
    scaler.n_samples_seen_ = np.int64(n_samples)
    return deviations / scaler.scale_

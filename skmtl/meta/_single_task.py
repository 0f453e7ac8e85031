"""The fit of one estimator to the samples of one task, fast where a faster algorithm is known.

Its results are those of the estimator's own `fit`, which is called in all other cases.
"""

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import validate_data

from skmtl.meta._single_ridge import RidgeRows, is_plain_ridge

_MAX_DENSE_ENTRIES = 10**7  # of sparse features


def fit_single_task(estimator, X, y, weight):
    """Fit the estimator in place; weights may be None.

    Returns
    -------
    estimator
    """
    if _has_fast_form(estimator):
        data = _plain_data(X, y, weight)
        if data is not None:
            validate_data(estimator, X, skip_check_array=True)  # its names of features
            return _fit_fast(estimator, *data)
    elif _ends_in_fast_form(estimator):
        *steps, (_, last) = estimator.steps
        if steps:
            X = estimator[:-1].fit_transform(X, y)
        fit_single_task(last, X, y, weight)
        return estimator
    fit_kwargs = {}
    if weight is not None:
        fit_kwargs["sample_weight"] = weight
    return estimator.fit(X, y, **fit_kwargs)


def _has_fast_form(estimator):
    """Whether :func:`_fit_fast` fits the estimator."""
    return is_plain_ridge(estimator)


def _ends_in_fast_form(estimator):
    """Whether an estimator is a pipeline to the end of an estimator with a fast form."""
    if type(estimator) is not Pipeline or estimator.memory is not None or estimator.verbose:
        return False
    _, last = estimator.steps[-1]
    return _has_fast_form(last)


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


def _fit_fast(estimator, X, y, weight):
    """Fit an estimator with a fast form in place."""
    rows = RidgeRows(X, weight, estimator.fit_intercept)
    return rows.fit(estimator, y)

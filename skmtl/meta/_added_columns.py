"""Columns that a meta-estimator puts behind those of the user: predictions, decisions, indicators.

Frames stay frames, so that estimators can choose columns by name or type.
"""

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing, check_array

from skmtl._data.task_ids import column_names


def append_columns(X, columns, name):
    """Return X with more columns behind its own.

    Parameters
    ----------
    X : ndarray, sparse matrix or frame of shape (n_samples, n_columns)
        Must be numeric unless it is a frame whose columns have text as names.
    columns : {ndarray, sparse matrix} of shape (n_samples, n_added)
        What to append.
    name : str
        The added columns of a frame are called by this name and a number.
    """
    names = column_names(X)
    if _is_named_frame(X, names):
        return _append_to_frame(X, _as_array(columns), _new_names(names, name, columns.shape[1]))
    X = check_numeric(X)
    if sparse.issparse(X) or sparse.issparse(columns):
        return sparse.hstack([X, columns], format="csr")
    return np.hstack([X, columns])


def take_columns(X, start, stop):
    """Return the columns `start` to `stop` of X as an array."""
    return _as_array(_safe_indexing(X, slice(start, stop), axis=1))


def check_numeric(X):
    """Return X as a numeric array or sparse matrix, which may contain NaN and infinity."""
    return check_array(X, accept_sparse=("csr", "csc"), ensure_all_finite=False, input_name="X")


def check_appendable(X):
    """Return X, or what :func:`append_columns` makes of it: an array, unless it is a frame."""
    if _is_named_frame(X, column_names(X)):
        return X
    return check_numeric(X)


def _is_named_frame(X, names):
    """Whether X is a frame of pandas or polars, with text as names of its columns."""
    if names is None or not hasattr(X, "columns") or hasattr(X, "column_names"):
        return False
    return all(isinstance(name, str) for name in names)


def _as_array(columns):
    """Return columns as an array."""
    if sparse.issparse(columns):
        return columns.toarray()
    return np.asarray(columns)


def _new_names(names, name, n_added):
    """Return names of the added columns, none of which is known."""
    known = set(names)
    while True:
        added = [f"{name}{k}" for k in range(n_added)]
        if known.isdisjoint(added):
            return added
        name = f"_{name}"


def _append_to_frame(X, columns, names):
    """Return a frame with columns of these names behind its own."""
    if hasattr(X, "hstack"):  # polars
        added = dict(zip(names, columns.T, strict=True))
        return X.hstack(type(X)(added))
    import pandas as pd

    added = pd.DataFrame(columns, index=X.index, columns=names)
    return pd.concat([X, added], axis="columns")

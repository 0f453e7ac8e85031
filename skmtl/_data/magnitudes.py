"""Numbers whose squares overflow are refused, by column or task and value."""

from numbers import Real

import numpy as np
from scipy import sparse

from skmtl._data.task_ids import column_position, some_of

_LARGEST = 1e70  # products of four such numbers, as in duality gaps, are finite


def check_features(estimator, X):
    """Raise ValueError if a feature of the (n_samples, n_features) is too large to compute with.

    The estimator has read them, so that it knows their names.
    """
    values = X.data if sparse.issparse(X) else X
    if not _are_too_large(values):
        return
    columns = X.tocsc() if sparse.issparse(X) else X
    for j in range(X.shape[1]):
        column = columns[:, [j]]
        column = column.data if sparse.issparse(column) else column.ravel()
        if _are_too_large(column):
            value = _largest_of(column)
            raise ValueError(_message("X", f"column {_name_of_feature(estimator, j)!r}", value))


def check_targets(Y, tasks, codes=None):
    """Raise ValueError if a target is too large to compute with.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_tasks) or (n_samples,)
        Targets of any type; numbers are finite.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    codes : ndarray of int of shape (n_samples,), default=None
        The task of each sample of a one-dimensional Y.
    """
    if Y.dtype == object:
        numbers = [one if isinstance(one, Real) else 0.0 for one in Y.ravel()]
        Y = np.array(numbers, dtype=float).reshape(Y.shape)
    if Y.dtype.kind != "f" or not _are_too_large(Y):
        return
    largest = np.argmax(np.abs(Y))
    sample, *column = np.unravel_index(largest, Y.shape)
    task = codes[sample] if codes is not None else column[0]
    value = Y.ravel()[largest]
    raise ValueError(_message("y", f"task(s) {some_of(tasks[[task]])}", value))


def _are_too_large(values):
    """Whether some value is beyond the largest."""
    if values.size == 0:
        return False
    return max(values.max(), -values.min()) > _LARGEST


def _largest_of(values):
    """The value of the largest size."""
    position = np.argmax(np.abs(values))
    return values[position]


def _name_of_feature(estimator, j):
    """The name of a feature, its position (without the task column) if it has none."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return j
    task_column = estimator.task_column
    if task_column is not None:
        position = column_position(names, len(names), task_column)
        names = np.delete(names, position)
    return str(names[j])


def _message(name, where, value):
    return (
        f"Input {name} has {value:.3g} in {where}: squares of numbers beyond {_LARGEST:g} "
        "overflow. Correct the value, or rescale."
    )

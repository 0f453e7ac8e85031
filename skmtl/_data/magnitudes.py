"""Numbers whose squares overflow, or vanish, are refused, by column or task and value."""

from numbers import Real

import numpy as np
from scipy import sparse

from skmtl._data.task_ids import column_position, some_of

LARGEST = 1e70  # products of four such numbers, as in duality gaps, are finite
_SMALLEST = 1e-70  # and of these, are not zero


def check_features(estimator, X):
    """Raise ValueError if a feature of the (n_samples, n_features) is too large to compute with.

    The estimator has read them, so that it knows their names.
    """
    values = X.data if sparse.issparse(X) else X
    if not _are_too_large(values):
        return
    j, value = _largest_of(X)
    name = _name_of_feature(estimator, j)
    raise ValueError(_message("X", f"column {name!r}", value))


def check_targets(Y, tasks, codes=None):
    """Raise ValueError if a target, or all targets of a task, cannot be computed with.

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
    if Y.dtype.kind != "f" or Y.size == 0:
        return
    if _are_too_large(Y):
        _refuse_largest(Y, tasks, codes)
    _refuse_tiny_tasks(Y, tasks, codes)


def _refuse_largest(Y, tasks, codes):
    """Raise ValueError for the largest target."""
    largest = np.argmax(np.abs(Y))
    sample, *column = np.unravel_index(largest, Y.shape)
    task = codes[sample] if codes is not None else column[0]
    value = Y.ravel()[largest]
    raise ValueError(_message("y", f"task(s) {some_of(tasks[[task]])}", value))


def _refuse_tiny_tasks(Y, tasks, codes):
    """Raise ValueError for a task whose targets are tiny, but not all zero."""
    sizes = np.abs(Y)
    if sizes.max() == 0 or sizes[sizes > 0].min() >= _SMALLEST:
        return
    if codes is None:
        largest = np.broadcast_to(sizes.max(axis=0), len(tasks))
    else:
        largest = np.zeros(len(tasks))
        np.maximum.at(largest, codes, sizes)
    tiny = (largest > 0) & (largest < _SMALLEST)
    if tiny.any():
        t = np.flatnonzero(tiny)[0]
        raise ValueError(
            f"Input y is at most {largest[t]:.3g} in task(s) {some_of(tasks[[t]])}: squares of "
            f"numbers below {_SMALLEST:g} vanish. Rescale."
        )


def _are_too_large(values):
    """Whether some value is beyond the largest."""
    if values.size == 0:
        return False
    largest = max(values.max(), -values.min())
    return float(largest) > LARGEST


def _largest_of(X):
    """The column and the value of the largest number."""
    if sparse.issparse(X):
        X = X.tocoo()
        k = np.argmax(np.abs(X.data))
        return int(X.col[k]), X.data[k]
    k = np.argmax(np.abs(X))
    i, j = np.unravel_index(k, X.shape)
    return int(j), X[i, j]


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
        f"Input {name} has {value:.3g} in {where}: squares of numbers beyond {LARGEST:g} "
        "overflow. Correct the value, or rescale."
    )

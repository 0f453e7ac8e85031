"""From what the user passes to validated data, the same for all estimators.

The same data may come in three forms. *Wide*: `y` (n_samples, n_tasks), NaN where a target is
missing. *Long by column*: the task ids are a column of X, `y` (n_samples,). *Long by argument*:
they are passed as `tasks=`. Inside, task ids become codes 0..T-1 in sorted order, and samples are
sorted by task.
"""

from itertools import pairwise

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from skmtl._data.designs import SharedDesign, StackedDesign, take_samples
from skmtl._data.in_memory import check_in_memory
from skmtl._data.magnitudes import check_features
from skmtl._data.plain_arrays import is_finite, is_plain
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.samples_by_task import SamplesByTask, TaskSamples
from skmtl._data.spellings import refuse_dates, refuse_masked
from skmtl._data.targets import ids_name, read_long_targets, read_wide_targets
from skmtl._data.task_data import TaskData
from skmtl._data.task_ids import (
    check_known,
    check_task_ids,
    codes_of,
    column_names,
    column_position,
    split_task_column,
)
from skmtl._data.text_columns import naming_text_columns, refuse_column_name

_SPARSE = ("csc", "csr")
_FLOATS = (np.float64, np.float32)  # any other type becomes the first


def read_features(estimator, X, tasks=None, *, reset, numeric=True, ids=True, finite=True):
    """Return the features and the task ids (or None) of X.

    Features are double or single precision, dense or sparse. Without `numeric` they stay what the
    user passed, for estimators that hand them on. Without `ids` a task column is removed unread.
    Without `finite`, NaN and infinity are let through. With `reset`, n_features_in_ and
    feature_names_in_ are set on the estimator.
    """
    check_in_memory(X=X, tasks=tasks)
    _refuse_no_table(X)
    refuse_column_name(tasks, X)
    warn_of_row_order(X, tasks=tasks)
    refuse_masked(X, "X")
    column = estimator.task_column
    if column is not None and tasks is not None:
        raise ValueError(f"Both task_column={column!r} and tasks= were given; use one of them.")
    if column is None:
        if numeric:
            X = _check_numbers(estimator, X, tasks, reset=reset, finite=finite)
        else:
            X = _check_columns(estimator, X, reset=reset)
        return X, _check_passed_ids(X, tasks)
    X = _check_columns(estimator, X, reset=reset)
    if X.shape[1] < 2:
        raise ValueError(
            f"Found array with {X.shape[1]} feature(s) (shape={X.shape}) while a minimum of 2 is "
            f"required by {type(estimator).__name__}: the task column and a feature."
        )
    features, task_ids = split_task_column(X, column, read=ids)
    if numeric:
        refuse_dates(features)
        with naming_text_columns(X, column):
            features = check_array(
                features,
                accept_sparse=_SPARSE,
                dtype=_FLOATS,
                ensure_all_finite=finite,
                estimator=estimator,
                input_name="X",
            )
        features = _without_duplicates(features)
    return features, task_ids


def _check_numbers(estimator, X, tasks, *, reset, finite):
    """Return the features of X, which has no task column, and check the number of its columns."""
    has_names = hasattr(estimator, "feature_names_in_")
    if is_plain(X, _FLOATS) and not has_names and (not finite or is_finite(X)):
        n_features = X.shape[1]
        if reset:
            estimator.n_features_in_ = n_features
        if getattr(estimator, "n_features_in_", None) == n_features:
            return X
    refuse_dates(X)
    with naming_text_columns(X, None, tasks):
        X = validate_data(
            estimator,
            X,
            reset=reset,
            accept_sparse=_SPARSE,
            dtype=_FLOATS,
            ensure_all_finite=finite,
        )
    return _without_duplicates(X)


def names_of_features(estimator):
    """Return the names of the features that an estimator has read, None for an array."""
    names = getattr(estimator, "feature_names_in_", None)
    column = estimator.task_column
    if names is None or column is None:
        return names
    position = column_position(names, len(names), column)
    return np.delete(names, position)


def _check_columns(estimator, X, *, reset):
    """Return X, an array of any type if it is no frame, and check the number of its columns."""
    if column_names(X) is None:
        X = check_array(
            _with_types(X),
            accept_sparse=_SPARSE,
            dtype=None,
            ensure_all_finite=False,
            estimator=estimator,
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


def _with_types(X):
    """Return X; if it is a list of rows of text and numbers, as an array of objects."""
    if not isinstance(X, list | tuple):
        return X
    array = np.asarray(X)
    if array.dtype.kind != "U":
        return X
    objects = np.array(X, dtype=object)
    is_text = all(isinstance(value, str) for value in objects.ravel())
    return array if is_text else objects


def _refuse_no_table(X):
    """Raise if X is a single column, or a frame of polars that is not computed yet."""
    if type(X).__name__ == "LazyFrame":
        raise TypeError("X is a LazyFrame of polars, but is needed in memory: give X.collect().")
    if hasattr(X, "to_frame") and len(X.shape) == 1:
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X is a {type(X).__name__}, which is one "
            "column. Give a frame of the columns, such as X.to_frame()."
        )


def _without_duplicates(X):
    """Return X with the duplicate entries that a sparse matrix may hold added up."""
    if sparse.issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _check_passed_ids(X, tasks):
    """Return the task ids passed as `tasks=`, or None."""
    if tasks is None:
        return None
    task_ids = check_task_ids(tasks)
    check_consistent_length(X, task_ids)
    return task_ids


def check_y_given(estimator, y):
    """Raise if y is None."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )


def _read_wide(estimator, X, y, sample_weight, dtype):
    """Return the TaskData of a two-dimensional y."""
    Y, weight, tasks = read_wide_targets(estimator, X.shape[0], y, sample_weight, dtype)
    if sparse.issparse(X):
        X = X.tocsc()
    return TaskData(
        design=SharedDesign(X, len(tasks)),
        y=Y,
        weight=weight,
        tasks=tasks,
        sample_indices=np.arange(len(Y)),
        n_samples=len(Y),
        layout="wide",
        feature_names=names_of_features(estimator),
    )


def _long_layout(estimator):
    """Return which of the two long forms the data have."""
    return "tasks" if estimator.task_column is None else "column"


def read_training_data(estimator, X, y, sample_weight=None, tasks=None, dtype=np.float64):
    """Validate what `fit` was given; set n_features_in_ and feature_names_in_ on the estimator.

    `dtype` is that of y; None leaves its type as it is.

    Returns
    -------
    TaskData
    """
    check_in_memory(X=X, y=y, sample_weight=sample_weight, tasks=tasks)
    check_y_given(estimator, y)
    warn_of_row_order(X, y=y, sample_weight=sample_weight)
    X, task_ids = read_features(estimator, X, tasks, reset=True)
    check_features(estimator, X)
    if task_ids is None:
        return _read_wide(estimator, X, y, sample_weight, dtype)
    n_samples = X.shape[0]
    samples = read_long_targets(estimator, n_samples, y, sample_weight, task_ids, dtype)
    sorted_already = np.array_equal(samples.indices, np.arange(n_samples))
    if not sorted_already:
        X = take_samples(X, samples.indices)
    return TaskData(
        design=StackedDesign(X, samples.ptr),
        y=samples.y,
        weight=samples.weight,
        tasks=samples.tasks,
        sample_indices=samples.indices,
        n_samples=n_samples,
        layout=_long_layout(estimator),
        feature_names=names_of_features(estimator),
    )


def read_samples_by_task(estimator, X, y, sample_weight=None, tasks=None):
    """Validate as :func:`read_training_data` does, for features and targets of any type.

    Returns
    -------
    SamplesByTask
    """
    check_in_memory(X=X, y=y, sample_weight=sample_weight, tasks=tasks)
    check_y_given(estimator, y)
    warn_of_row_order(X, y=y, sample_weight=sample_weight)
    X, task_ids = read_features(estimator, X, tasks, reset=True, numeric=False)
    n_samples = X.shape[0]
    parts = []
    if task_ids is None:
        Y, weight, tasks = read_wide_targets(estimator, n_samples, y, sample_weight, None)
        weight = np.broadcast_to(weight, Y.shape)
        indices = np.arange(n_samples)
        for t in range(len(tasks)):
            column = TaskSamples(indices, Y[:, t], weight[:, t])
            known = column.take(column.weight > 0)
            parts.append(known.with_plain_labels())
        return SamplesByTask(X, parts, tasks, "wide")
    long = read_long_targets(estimator, n_samples, y, sample_weight, task_ids, None)
    samples = TaskSamples(long.indices, long.y, long.weight)
    for start, stop in pairwise(long.ptr):
        own = samples.take(slice(start, stop))
        parts.append(own.with_plain_labels())
    return SamplesByTask(X, parts, long.tasks, _long_layout(estimator))


def read_prediction_data(estimator, X, tasks=None, *, numeric=True):
    """Return the features and the task codes of X at prediction.

    Codes are None for wide data and -1 for tasks that were not seen in fit.

    Raises
    ------
    ValueError
        If tasks were not seen in fit, unless ``handle_unknown="shared"``, or if only one of fit and
        predict was given `tasks=`.
    """
    X, task_ids = read_features(estimator, X, tasks, reset=False, numeric=numeric)
    if estimator._layout == "tasks" and task_ids is None:
        raise ValueError(
            f"This {type(estimator).__name__} was fitted with tasks=; predict needs tasks= as "
            "well. Use predict_all_tasks(X) for the predictions of every task."
        )
    if task_ids is None:
        return X, None
    if estimator._layout == "wide":
        raise ValueError(
            f"This {type(estimator).__name__} was fitted on y of shape (n_samples, n_tasks) and "
            "predicts all tasks at once; call predict(X) without tasks= and take the columns."
        )
    codes = codes_of(task_ids, estimator.tasks_, ids_name(estimator))
    check_known(
        codes,
        task_ids,
        estimator.tasks_,
        estimator.handle_unknown,
        instead="predict them with the model that all tasks share",
    )
    return X, codes

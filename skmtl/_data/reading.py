"""What the user passes -> rows, labels, targets and weights: the only place that reads tasks.

Three spellings of the same data. *Wide*: `y` (n_samples, n_tasks), NaN where a label is missing.
*Long by column*: the task id is a column of X, `y` (n_samples,). *Long by argument*: `tasks=`.
Inside, labels become 0..T-1 in sorted order and rows are sorted by task.
"""

import warnings
from dataclasses import dataclass
from numbers import Number

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_data import TaskData
from skmtl._data.task_ids import (
    as_id_array,
    check_task_ids,
    codes_of,
    column_names,
    encode,
    missing_mask,
    some_of,
    split_task_column,
)

_SPARSE = ("csc", "csr")
_FLOATS = (np.float64, np.float32)  # what is neither becomes the first


def _numeric(estimator, X):
    options = {"accept_sparse": _SPARSE, "dtype": _FLOATS, "input_name": "X"}
    X = check_array(X, estimator=estimator, **options)
    return _summed(X)


def _summed(X):
    """X with the duplicate entries that a sparse matrix may hold added up."""
    if sparse.issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def read_features(estimator, X, tasks=None, *, reset, numeric=True, ids=True):
    """Features and task ids (or None) of X as the estimator takes it.

    Features are double or single precision, dense or sparse; without `numeric` they stay what the
    user gave, for estimators that hand them on. Without `ids` a task column is taken off unread.
    Sets n_features_in_ and feature_names_in_ with `reset`.
    """
    if estimator.task_column is not None and tasks is not None:
        raise ValueError(
            f"Both task_column={estimator.task_column!r} and tasks= were given; use one of them."
        )
    if estimator.task_column is None and numeric:
        X = validate_data(estimator, X, reset=reset, accept_sparse=_SPARSE, dtype=_FLOATS)
        X = _summed(X)
    else:
        if column_names(X) is None:
            X = check_array(
                X, accept_sparse=_SPARSE, dtype=None, ensure_all_finite=False, estimator=estimator
            )
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    if estimator.task_column is None:
        labels = None if tasks is None else check_task_ids(tasks)
        if labels is not None:
            check_consistent_length(X, labels)
        return X, labels
    if X.shape[1] < 2:
        raise ValueError(
            f"Found array with {X.shape[1]} feature(s) (shape={X.shape}) while a minimum of 2 is "
            f"required by {type(estimator).__name__}: the task column and a feature."
        )
    features, labels = split_task_column(X, estimator.task_column, read=ids)
    return _numeric(estimator, features) if numeric else features, labels


def _check_y_given(estimator, y):
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )


def _check_weight(sample_weight, shape):
    """Non-negative finite float64 weights of one of the given shapes; numbers mean None."""
    if sample_weight is None or isinstance(sample_weight, Number):
        return None
    if isinstance(sample_weight, str):
        raise TypeError(f"sample_weight must be an array of weights, got {sample_weight!r}.")
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    allowed = [shape[:1]] + ([shape] if len(shape) == 2 and shape[1] > 1 else [])
    if weight.shape not in allowed:
        expected = " or ".join(map(str, allowed))
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {expected}.")
    if (weight < 0).any():
        raise ValueError(f"Negative values in sample_weight: the smallest is {weight.min()}.")
    if not (weight > 0).any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def read_wide_targets(estimator, n_samples, y, sample_weight, dtype=np.float64, *, empty=False):
    """Y (n_samples, n_tasks) with holes filled, its weights (0 in the holes), the task labels.

    With `empty` tasks may be without labels.
    """
    names = column_names(y)
    Y = check_array(y, dtype=dtype, ensure_2d=False, ensure_all_finite=False, input_name="y")
    if Y.ndim == 1:
        raise ValueError(
            f"y is 1-D and {type(estimator).__name__} was told nothing about tasks. Set "
            "task_column to the column of X that holds the task id, pass tasks=, or give y of "
            "shape (n_samples, n_tasks); a single task is y.reshape(-1, 1)."
        )
    _check_length(n_samples, Y)
    tasks = np.arange(Y.shape[1]) if names is None else as_id_array(names)
    if Y.dtype.kind == "f" and np.isinf(Y).any():
        infinite = np.isinf(Y).any(axis=0)
        raise ValueError(
            f"Input y contains infinity in task(s) {some_of(tasks[infinite])}; a missing label is "
            "NaN."
        )
    missing = missing_mask(Y)
    weight = _check_weight(sample_weight, Y.shape)
    weight = np.ones((len(Y), 1)) if weight is None else weight
    weight = weight[:, None] if weight.ndim == 1 else weight
    if missing.any():
        Y = np.where(missing, np.zeros(1, dtype=Y.dtype), Y)
        weight = weight * ~missing
    lacking = np.broadcast_to(~(weight > 0).any(axis=0), len(tasks))
    if lacking.any() and not empty:
        raise ValueError(
            f"Input y contains NaN only, or only rows of zero weight, for task(s) "
            f"{some_of(tasks[lacking])}: a task needs at least one label."
        )
    return Y, weight, tasks


def _check_length(n_samples, y):
    if len(y) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n_samples} rows, "
            f"y has {len(y)}."
        )


def _read_wide(estimator, X, y, sample_weight, dtype):
    Y, weight, tasks = read_wide_targets(estimator, X.shape[0], y, sample_weight, dtype)
    X = X.tocsc() if sparse.issparse(X) else X
    design = SharedDesign(X, len(tasks))
    return TaskData(design, Y, weight, tasks, np.arange(len(Y)), len(Y), "wide")


def _labels_name(estimator):
    """Where the task ids came from, for messages."""
    column = estimator.task_column
    return "tasks" if column is None else f"task_column={column!r}"


def _warn_if_not_ids(labels, n_tasks, name):
    fractions = labels[labels % 1 != 0] if labels.dtype.kind == "f" else ()
    if len(fractions):
        warnings.warn(
            f"{name} holds numbers that are no integers (such as {fractions[0]:.4g}), {n_tasks} "
            "different ones: was it scaled together with the features? Keep it out of scalers "
            "with skmtl.keep_task_column.",
            UserWarning,
            stacklevel=6,
        )
    elif n_tasks > 10 and n_tasks > len(labels) / 2:
        warnings.warn(
            f"{name} holds {n_tasks} tasks for {len(labels)} rows: is it really a task id?",
            UserWarning,
            stacklevel=6,
        )


def _sort_long(estimator, n_samples, y, sample_weight, labels, dtype=np.float64):
    """Rows of positive weight sorted by task, their y and weight, the tasks, and their bounds."""
    y = check_array(y, ensure_2d=False, dtype=dtype, ensure_all_finite=False, input_name="y")
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y has shape {y.shape}, but tasks were given for each row, so y must be 1-D: one "
            "label a row."
        )
    y = column_or_1d(y, warn=True)
    _check_length(n_samples, y)
    weight = _check_weight(sample_weight, (len(y),))
    weight = np.ones(len(y)) if weight is None else weight
    rows = np.flatnonzero(weight > 0)  # a row of no weight is as if absent
    name = _labels_name(estimator)
    tasks, codes = encode(labels[rows], name)
    _warn_if_not_ids(labels[rows], len(tasks), name)
    order = np.argsort(codes, kind="stable")
    rows, codes = rows[order], codes[order]
    y, weight = y[rows], weight[rows]
    bad = missing_mask(y) | (np.isinf(y) if y.dtype.kind == "f" else False)
    if bad.any():
        raise ValueError(
            f"Input y contains NaN or infinity in task(s) {some_of(np.unique(tasks[codes[bad]]))}; "
            "leave rows without a label out."
        )
    ptr = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(tasks)))])
    return rows, y, weight, tasks, ptr


def _long_layout(estimator):
    return "tasks" if estimator.task_column is None else "column"


def read_training_data(estimator, X, y, sample_weight=None, tasks=None, dtype=np.float64):
    """Validate what `fit` was given; sets n_features_in_ and feature_names_in_ on the estimator.

    `dtype` is that of y; None leaves labels as they are.

    Returns
    -------
    TaskData
    """
    _check_y_given(estimator, y)
    X, labels = read_features(estimator, X, tasks, reset=True)
    if labels is None:
        return _read_wide(estimator, X, y, sample_weight, dtype)
    long = _sort_long(estimator, X.shape[0], y, sample_weight, labels, dtype)
    rows, y, weight, tasks, ptr = long
    n_samples = X.shape[0]
    if not np.array_equal(rows, np.arange(n_samples)):  # else sorted already: no copy
        X = (X.tocsr() if sparse.issparse(X) else X)[rows]
    design = StackedDesign(X, ptr)
    return TaskData(design, y, weight, tasks, rows, n_samples, _long_layout(estimator))


@dataclass(frozen=True)
class SamplesByTask:
    """The rows of each task, for estimators that hand them on.

    `features` is the user's X without its task column; `parts` holds for each task the positions
    of its rows in it, their targets and their weights.
    """

    features: object
    parts: list
    tasks: np.ndarray
    layout: str

    @property
    def n_tasks(self):
        return len(self.tasks)

    @property
    def n_samples_per_task(self):
        return np.array([len(rows) for rows, _, _ in self.parts])


def read_samples_by_task(estimator, X, y, sample_weight=None, tasks=None):
    """As :func:`read_training_data`, for any type of features and labels.

    Returns
    -------
    SamplesByTask
    """
    _check_y_given(estimator, y)
    X, labels = read_features(estimator, X, tasks, reset=True, numeric=False)
    if labels is None:
        Y, weight, tasks = read_wide_targets(estimator, X.shape[0], y, sample_weight, None)
        weight = np.broadcast_to(weight, Y.shape)
        masks = (weight > 0).T
        columns = zip(masks, Y.T, weight.T, strict=True)
        parts = [(np.flatnonzero(mask), y[mask], w[mask]) for mask, y, w in columns]
        return SamplesByTask(X, parts, tasks, "wide")
    rows, y, weight, tasks, ptr = _sort_long(estimator, X.shape[0], y, sample_weight, labels, None)
    parts = list(zip(*(np.split(part, ptr[1:-1]) for part in (rows, y, weight)), strict=True))
    return SamplesByTask(X, parts, tasks, _long_layout(estimator))


def read_prediction_data(estimator, X, tasks=None, *, numeric=True):
    """Features and task codes (None when wide; -1 for unseen tasks) of X at prediction.

    Raises
    ------
    ValueError
        For tasks unseen in fit unless ``handle_unknown="shared"``, and where fit was given
        `tasks=` and predict is not, or the reverse.
    """
    X, labels = read_features(estimator, X, tasks, reset=False, numeric=numeric)
    if estimator._layout == "tasks" and labels is None:
        raise ValueError(
            f"This {type(estimator).__name__} was fitted with tasks=; predict needs tasks= as "
            "well. Use predict_all_tasks(X) for the predictions of every task."
        )
    if labels is None:
        return X, None
    if estimator._layout == "wide":
        raise ValueError(
            f"This {type(estimator).__name__} was fitted on y of shape (n_samples, n_tasks) and "
            "predicts all tasks at once; call predict(X) without tasks= and take the columns."
        )
    codes = codes_of(labels, estimator.tasks_, _labels_name(estimator))
    unknown = codes < 0
    if unknown.any() and estimator.handle_unknown == "error":
        raise ValueError(
            f"Found task(s) {some_of(np.unique(labels[unknown]))} that were not seen in fit, which "
            f"had {some_of(estimator.tasks_)}. Set handle_unknown='shared' to predict them with "
            "the model that all tasks share."
        )
    return X, codes

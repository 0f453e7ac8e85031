"""From what the user passes to features, task ids, targets and weights.

This is the only module that reads tasks. The same data may come in three forms. *Wide*: `y`
(n_samples, n_tasks), NaN where a target is missing. *Long by column*: the task ids are a column of
X, `y` (n_samples,). *Long by argument*: they are passed as `tasks=`. Inside, task ids become codes
0..T-1 in sorted order, and samples are sorted by task.
"""

import warnings
from dataclasses import dataclass, replace
from numbers import Number
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from skmtl._data.designs import SharedDesign, StackedDesign, take_samples
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
_FLOATS = (np.float64, np.float32)  # any other type becomes the first


def read_features(estimator, X, tasks=None, *, reset, numeric=True, ids=True):
    """Return the features and the task ids (or None) of X.

    Features are double or single precision, dense or sparse. Without `numeric` they stay what the
    user passed, for estimators that hand them on. Without `ids` a task column is removed unread.
    With `reset`, n_features_in_ and feature_names_in_ are set on the estimator.
    """
    column = estimator.task_column
    if column is not None and tasks is not None:
        raise ValueError(f"Both task_column={column!r} and tasks= were given; use one of them.")
    if column is None:
        if numeric:
            X = validate_data(estimator, X, reset=reset, accept_sparse=_SPARSE, dtype=_FLOATS)
            X = _without_duplicates(X)
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
        features = check_array(
            features,
            accept_sparse=_SPARSE,
            dtype=_FLOATS,
            estimator=estimator,
            input_name="X",
        )
        features = _without_duplicates(features)
    return features, task_ids


def _check_columns(estimator, X, *, reset):
    """Return X, an array of any type if it is no frame, and check the number of its columns."""
    if column_names(X) is None:
        X = check_array(
            X,
            accept_sparse=_SPARSE,
            dtype=None,
            ensure_all_finite=False,
            estimator=estimator,
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


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


def _check_y_given(estimator, y):
    """Raise if y is None."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )


def _check_length(n_samples, y):
    """Raise unless y has as many samples as X."""
    if len(y) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n_samples} rows, "
            f"y has {len(y)}."
        )


def _check_weight(sample_weight, shape):
    """Return the weights as float64; None stands for equal weights, as for None or a number.

    They may be one for each sample or, for a two-dimensional y, one for each target.
    """
    if sample_weight is None or isinstance(sample_weight, Number):
        return None
    if isinstance(sample_weight, str):
        raise TypeError(f"sample_weight must be an array of weights, got {sample_weight!r}.")
    weight = check_array(
        sample_weight,
        ensure_2d=False,
        dtype=np.float64,
        input_name="sample_weight",
    )
    allowed = [shape[:1]]
    if len(shape) == 2 and shape[1] > 1:
        allowed.append(shape)
    if weight.shape not in allowed:
        expected = " or ".join(map(str, allowed))
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {expected}.")
    if (weight < 0).any():
        raise ValueError(f"Negative values in sample_weight: the smallest is {weight.min()}.")
    if not (weight > 0).any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def read_wide_targets(estimator, n_samples, y, sample_weight, dtype=np.float64, *, empty=False):
    """Return a two-dimensional y, its weights and its task ids.

    Missing targets are filled, and their weights are 0. With `empty`, tasks may have no targets.
    """
    names = column_names(y)
    Y = check_array(y, dtype=dtype, ensure_2d=False, ensure_all_finite=False, input_name="y")
    if Y.ndim == 1:
        raise ValueError(
            f"y is 1-D and {type(estimator).__name__} was given no task ids. Set task_column to "
            "the column of X that holds the task ids, pass tasks=, or give y of shape (n_samples, "
            "n_tasks); a single task is y.reshape(-1, 1)."
        )
    _check_length(n_samples, Y)
    tasks = np.arange(Y.shape[1]) if names is None else as_id_array(names)
    if Y.dtype.kind == "f" and np.isinf(Y).any():
        infinite = np.isinf(Y).any(axis=0)
        raise ValueError(
            f"Input y contains infinity in task(s) {some_of(tasks[infinite])}; a missing target "
            "is NaN."
        )
    Y, weight = _fill_missing(Y, _check_weight(sample_weight, Y.shape))
    lacking = np.broadcast_to(~(weight > 0).any(axis=0), len(tasks))
    if lacking.any() and not empty:
        raise ValueError(
            f"Input y contains NaN only, or only samples of zero weight, for task(s) "
            f"{some_of(tasks[lacking])}: a task needs at least one label."
        )
    return Y, weight, tasks


def _fill_missing(Y, weight):
    """Return Y with zeros where targets are missing, and weights that are 0 there.

    Weights have the shape (n_samples, 1) where they are the same for all tasks.
    """
    if weight is None:
        weight = np.ones((len(Y), 1))
    elif weight.ndim == 1:
        weight = weight[:, None]
    missing = missing_mask(Y)
    if missing.any():
        zero = np.zeros(1, dtype=Y.dtype)
        Y = np.where(missing, zero, Y)
        weight = weight * ~missing
    return Y, weight


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
    )


def _ids_name(estimator):
    """Return where the task ids came from, for messages."""
    column = estimator.task_column
    return "tasks" if column is None else f"task_column={column!r}"


def _warn_if_not_ids(task_ids, n_tasks, name):
    """Warn about task ids that look like a feature."""
    fractions = ()
    if task_ids.dtype.kind == "f":
        fractions = task_ids[task_ids % 1 != 0]
    if len(fractions):
        warnings.warn(
            f"{name} holds numbers that are no integers (such as {fractions[0]:.4g}), {n_tasks} "
            "different ones: was it scaled together with the features? Keep it out of scalers "
            "with skmtl.keep_task_column.",
            UserWarning,
            stacklevel=6,
        )
    elif n_tasks > 10 and n_tasks > len(task_ids) / 2:
        warnings.warn(
            f"{name} holds {n_tasks} tasks for {len(task_ids)} samples: are these task ids?",
            UserWarning,
            stacklevel=6,
        )


class _SortedSamples(NamedTuple):
    """Samples of positive weight, sorted by task."""

    indices: np.ndarray  # position of each in the user's X
    y: np.ndarray
    weight: np.ndarray
    tasks: np.ndarray  # sorted task ids, (n_tasks,)
    ptr: np.ndarray  # task t has the samples ptr[t]:ptr[t + 1]


def _sort_long(estimator, n_samples, y, sample_weight, task_ids, dtype=np.float64):
    """Return the samples of long data; a sample of zero weight is as if absent."""
    y = check_array(y, ensure_2d=False, dtype=dtype, ensure_all_finite=False, input_name="y")
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y has shape {y.shape}, but task ids were given for each sample, so y must be 1-D: "
            "one target for each sample."
        )
    y = column_or_1d(y, warn=True)
    _check_length(n_samples, y)
    weight = _check_weight(sample_weight, (len(y),))
    if weight is None:
        weight = np.ones(len(y))
    used = np.flatnonzero(weight > 0)
    name = _ids_name(estimator)
    tasks, codes = encode(task_ids[used], name)
    _warn_if_not_ids(task_ids[used], len(tasks), name)
    order = np.argsort(codes, kind="stable")
    indices = used[order]
    codes = codes[order]
    y = y[indices]
    _check_complete(y, tasks, codes)
    ptr = np.zeros(len(tasks) + 1, dtype=np.intp)
    ptr[1:] = np.cumsum(np.bincount(codes, minlength=len(tasks)))
    return _SortedSamples(indices, y, weight[indices], tasks, ptr)


def _check_complete(y, tasks, codes):
    """Raise if a target of long data is missing or infinite."""
    bad = missing_mask(y)
    if y.dtype.kind == "f":
        bad |= np.isinf(y)
    if bad.any():
        affected = np.unique(tasks[codes[bad]])
        raise ValueError(
            f"Input y contains NaN or infinity in task(s) {some_of(affected)}; leave out samples "
            "without a target."
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
    _check_y_given(estimator, y)
    X, task_ids = read_features(estimator, X, tasks, reset=True)
    if task_ids is None:
        return _read_wide(estimator, X, y, sample_weight, dtype)
    n_samples = X.shape[0]
    samples = _sort_long(estimator, n_samples, y, sample_weight, task_ids, dtype)
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
    )


class TaskSamples(NamedTuple):
    """The labeled samples of a task."""

    indices: np.ndarray  # position of each in the user's X
    y: np.ndarray
    weight: np.ndarray | None  # None: see SamplesByTask.without_weights

    def take(self, chosen):
        """Return some of the samples, given by their positions or a mask."""
        weight = None
        if self.weight is not None:
            weight = self.weight[chosen]
        return TaskSamples(self.indices[chosen], self.y[chosen], weight)


@dataclass(frozen=True)
class SamplesByTask:
    """The samples of each task, for estimators that hand them on.

    Attributes
    ----------
    features : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        The user's X without its task column.
    parts : list of n_tasks TaskSamples
        Positions of the samples of each task in `features`, their targets and weights.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    layout : {"wide", "column", "tasks"}
        The data form, as in :class:`TaskData`.
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
        return np.array([len(part.indices) for part in self.parts])

    @property
    def weighted(self):
        """Whether samples have weights."""
        return self.parts[0].weight is not None

    def without_weights(self):
        """Return the same samples with None as their weights, for fits that take no weights."""
        parts = [part._replace(weight=None) for part in self.parts]
        return replace(self, parts=parts)

    def pooled(self):
        """Return the samples of all tasks, one task after the other, and their task codes."""
        indices = np.concatenate([part.indices for part in self.parts])
        y = np.concatenate([part.y for part in self.parts])
        weight = None
        if self.weighted:
            weight = np.concatenate([part.weight for part in self.parts])
        codes = np.repeat(np.arange(self.n_tasks), self.n_samples_per_task)
        return TaskSamples(indices, y, weight), codes


def read_samples_by_task(estimator, X, y, sample_weight=None, tasks=None):
    """Validate as :func:`read_training_data` does, for features and targets of any type.

    Returns
    -------
    SamplesByTask
    """
    _check_y_given(estimator, y)
    X, task_ids = read_features(estimator, X, tasks, reset=True, numeric=False)
    n_samples = X.shape[0]
    parts = []
    if task_ids is None:
        Y, weight, tasks = read_wide_targets(estimator, n_samples, y, sample_weight, None)
        weight = np.broadcast_to(weight, Y.shape)
        for t in range(len(tasks)):
            used = np.flatnonzero(weight[:, t] > 0)
            parts.append(TaskSamples(used, Y[used, t], weight[used, t]))
        return SamplesByTask(X, parts, tasks, "wide")
    samples = _sort_long(estimator, n_samples, y, sample_weight, task_ids, None)
    for a, b in zip(samples.ptr, samples.ptr[1:], strict=False):
        part = TaskSamples(samples.indices[a:b], samples.y[a:b], samples.weight[a:b])
        parts.append(part)
    return SamplesByTask(X, parts, samples.tasks, _long_layout(estimator))


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
    codes = codes_of(task_ids, estimator.tasks_, _ids_name(estimator))
    unknown = codes < 0
    if unknown.any() and estimator.handle_unknown == "error":
        raise ValueError(
            f"Found task(s) {some_of(np.unique(task_ids[unknown]))} that were not seen in fit, "
            f"which had {some_of(estimator.tasks_)}. Set handle_unknown='shared' to predict them "
            "with the model that all tasks share."
        )
    return X, codes

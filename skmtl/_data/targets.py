"""Targets, weights and task ids: of two-dimensional y, and of y with a task id for each sample."""

from numbers import Number
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_array, column_or_1d

from skmtl._data.magnitudes import check_targets
from skmtl._data.plain_arrays import is_plain
from skmtl._data.spellings import refuse_masked, target_array
from skmtl._data.target_names import check_names_differ, targets_in_order
from skmtl._data.task_ids import column_names, encode, missing_mask, some_of
from skmtl._warn import warn


def read_wide_targets(estimator, n_samples, y, sample_weight, dtype=np.float64, *, empty=False):
    """Return a two-dimensional y, its weights and its task ids.

    Missing targets are filled, and their weights are 0. With `empty`, tasks may have no targets.
    """
    names = column_names(y)
    Y = _check_targets(estimator, y, dtype)
    check_two_dimensional(estimator, Y)
    _check_length(n_samples, Y)
    tasks = np.arange(Y.shape[1])
    if names is not None:
        tasks = check_names_differ(names)
    _check_no_infinity(Y, tasks)
    weight = _check_weight(sample_weight, Y.shape, tasks)
    Y, weight = _fill_missing(Y, weight)
    check_targets(Y, tasks)
    if not empty:
        check_has_targets(weight > 0, tasks)
    return Y, weight, tasks


def check_two_dimensional(estimator, Y):
    """Raise ValueError if targets without task ids are not those of several tasks."""
    if Y.ndim == 1:
        refuse_no_task_ids(type(estimator).__name__)


def refuse_no_task_ids(name):
    """Raise ValueError for a 1-D y of the estimator of a name, without task ids."""
    raise ValueError(
        f"y is 1-D and {name} was given no task ids. Set task_column to the column of X that holds "
        "the task ids, pass tasks=, or give y of shape (n_samples, n_tasks); a single task is "
        "y.reshape(-1, 1)."
    )


def tasks_of_wide_targets(estimator, y):
    """Return the task ids of a two-dimensional y, which may have no rows."""
    names = column_names(y)
    if names is not None:
        return check_names_differ(names)
    Y = target_array(y)
    check_two_dimensional(estimator, Y)
    return np.arange(Y.shape[1])


def are_weightless(sample_weight):
    """Whether all weights are zero, so that the samples are as if absent."""
    if sample_weight is None:
        return False
    weight = np.asarray(sample_weight)
    return weight.ndim > 0 and bool((weight == 0).all())


def check_has_targets(has_target, tasks):
    """Raise ValueError if a task of wide data has no targets; `has_target` is where they are."""
    lacking = np.broadcast_to(~has_target.any(axis=0), len(tasks))
    if lacking.any():
        raise ValueError(
            f"Input y contains NaN only, or only samples of zero weight, for task(s) "
            f"{some_of(tasks[lacking])}: a task needs at least one target."
        )


def _check_targets(estimator, y, dtype):
    """Return targets as an array of the type (None: any), missing ones as NaN or None."""
    if not sparse.issparse(y):
        y = target_array(y, labels=dtype is None)
        if y.dtype.kind in "mM" and is_regressor(estimator):
            raise TypeError(
                f"y holds {y.dtype} values, which {type(estimator).__name__} would take for counts "
                "of their unit, missing ones included. Give numbers, such as the days since a date."
            )
    return as_targets(y, dtype)


def as_targets(y, dtype):
    """Return targets as an array of one or two dimensions, where missing ones stay as they are."""
    if is_plain(y, None if dtype is None else (dtype,), n_dims=(1, 2)):
        return y
    try:
        return check_array(
            y,
            dtype=dtype,
            ensure_2d=False,
            ensure_all_finite=False,
            input_name="y",
        )
    except ValueError as error:
        _refuse_text(error)
        raise


def _refuse_text(error):
    """Raise with what to do if targets of a regressor could not be read because they are text."""
    if "could not convert string" not in str(error):
        return
    raise ValueError(
        f"Input y: {error}. The targets of regressors are numbers; for class labels take a "
        "classifier, such as MultiTaskLassoClassifier."
    ) from error


def _check_no_infinity(Y, tasks):
    """Raise if a target of a two-dimensional y is infinite."""
    if Y.dtype.kind != "f":
        return
    infinite = np.isinf(Y).any(axis=0)
    if infinite.any():
        raise ValueError(
            f"Input y contains infinity in task(s) {some_of(tasks[infinite])}; a missing target "
            "is NaN."
        )


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


def ids_name(estimator):
    """Return where the task ids came from, for messages."""
    column = estimator.task_column
    return "tasks" if column is None else f"task_column={column!r}"


def warn_if_not_ids(tasks, n_samples, name):
    """Warn about different task ids, of so many samples, that look like a feature."""
    n_tasks = len(tasks)
    fractions = ()
    if tasks.dtype.kind == "f":
        fractions = tasks[tasks % 1 != 0]
    if len(fractions):
        warn(
            f"{name} holds numbers that are no integers (such as {fractions[0]:.4g}), {n_tasks} "
            "different ones: was it scaled together with the features? Keep it out of scalers "
            "with skmtl.keep_task_column.",
            UserWarning,
        )
    elif n_tasks > 10 and n_tasks > n_samples / 2:
        warn(
            f"{name} holds {n_tasks} tasks for {n_samples} samples: are these task ids?",
            UserWarning,
        )


class LongSamples(NamedTuple):
    """Samples of long data as the user has them."""

    y: np.ndarray
    weight: np.ndarray
    tasks: np.ndarray  # sorted ids of the tasks with positive weight, (n_tasks,)
    indices: np.ndarray  # positions of the samples of positive weight
    codes: np.ndarray  # and their tasks


class SortedSamples(NamedTuple):
    """Samples of positive weight, sorted by task."""

    indices: np.ndarray  # position of each in the user's X
    y: np.ndarray
    weight: np.ndarray
    tasks: np.ndarray  # sorted task ids, (n_tasks,)
    ptr: np.ndarray  # task t has the samples ptr[t]:ptr[t + 1]


def read_long_targets(estimator, n_samples, y, sample_weight, task_ids, dtype=np.float64):
    """Return the samples of long data; a sample of zero weight is as if absent."""
    samples = read_unsorted_targets(estimator, n_samples, y, sample_weight, task_ids, dtype)
    warn_if_not_ids(samples.tasks, len(samples.codes), ids_name(estimator))
    return sort_by_task(samples)


def sort_by_task(samples):
    """Return :class:`LongSamples` as :class:`SortedSamples`."""
    tasks = samples.tasks
    codes = samples.codes
    order = np.argsort(codes, kind="stable")
    indices = samples.indices[order]
    counts = np.bincount(codes, minlength=len(tasks))
    ptr = np.zeros(len(tasks) + 1, dtype=np.intp)
    ptr[1:] = np.cumsum(counts)
    return SortedSamples(
        indices=indices,
        y=samples.y[indices],
        weight=samples.weight[indices],
        tasks=tasks,
        ptr=ptr,
    )


def read_unsorted_targets(
    estimator,
    n_samples,
    y,
    sample_weight,
    task_ids,
    dtype=np.float64,
):
    """Return the samples of long data, which may be some of all: ids may not look like ids."""
    name = _name_of(y)
    y = _check_targets(estimator, y, dtype)
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y has shape {y.shape}, but task ids were given for each sample, so y must be 1-D: "
            "one target for each sample."
        )
    if y.ndim == 2:
        warn(
            "A column-vector y was passed when a 1d array was expected: pass y.ravel().",
            DataConversionWarning,
        )
    y = column_or_1d(y)
    _check_length(n_samples, y)
    weight = _check_weight(sample_weight, (len(y),))
    if weight is None:
        weight = np.ones(len(y))
    indices = np.flatnonzero(weight > 0)
    tasks, codes = encode(task_ids[indices], ids_name(estimator))
    _check_complete(y[indices], tasks, codes, name)
    return LongSamples(y, weight, tasks, indices, codes)


def _name_of(y):
    """Return what messages call the targets: y, and its name if it is a Series that has one."""
    name = getattr(y, "name", None)
    return f"y ({name!r})" if isinstance(name, str) and name else "y"


def _check_complete(y, tasks, codes, name):
    """Raise if a target of long data is missing or infinite."""
    bad = missing_mask(y)
    if y.dtype.kind == "f":
        bad |= np.isinf(y)
    if bad.any():
        affected = np.unique(tasks[codes[bad]])
        raise ValueError(
            f"Input {name} contains NaN or infinity in {bad.sum()} of {len(bad)} samples, in "
            f"task(s) {some_of(affected)}; leave out samples without a target."
        )
    check_targets(y, tasks, codes)


def _check_length(n_samples, y):
    """Raise unless y has as many samples as X."""
    if len(y) != n_samples:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: X has "
            f"{n_samples} samples, y has {len(y)}."
        )


def _check_weight(sample_weight, shape, tasks=None):
    """Return the weights as float64, or None if the user gave none or a single number.

    They may be one for each sample or, for a two-dimensional y, one for each target; then the
    columns of a frame are matched by name with the tasks.
    """
    if sample_weight is None or isinstance(sample_weight, Number):
        return None
    if isinstance(sample_weight, str):
        raise TypeError(f"sample_weight must be an array of weights, got {sample_weight!r}.")
    refuse_masked(sample_weight, "sample_weight")
    if tasks is not None:
        sample_weight = targets_in_order(sample_weight, tasks, "sample_weight")
    weight = check_array(
        sample_weight,
        ensure_2d=False,
        dtype=np.float64,
        input_name="sample_weight",
    )
    allowed = [shape[:1]]
    if len(shape) == 2:
        allowed.append(shape)
    if weight.shape not in allowed:
        expected = " or ".join(map(str, allowed))
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {expected}.")
    if (weight < 0).any():
        raise ValueError(f"Negative values in sample_weight: the smallest is {weight.min()}.")
    if not (weight > 0).any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight

"""From lists of tasks or wide targets to the long form and back.

In the long form the task ids are in a column of X. These functions put them into the last column,
where ``task_column=-1`` finds them (or the column's name, in a frame).
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing, check_array, check_consistent_length

from skmtl._data.in_memory import check_in_memory
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.spellings import join_labels, plain_labels, refuse_masked, target_array
from skmtl._data.stratification import split_by_stratum
from skmtl._data.task_ids import (
    are_exact,
    as_objects,
    check_task_ids,
    column_names,
    encode,
    exact_limit,
    missing_mask,
    some_of,
    split_task_column,
)


class UnstackedTasks(NamedTuple):
    """One X and one y for each task, and the task ids: the result of :func:`unstack_tasks`."""

    Xs: list
    ys: list
    names: np.ndarray


def stack_tasks(Xs, ys, *, names=None, task_column="task"):
    """Stack the data of each task into one X with the task ids in its last column.

    Parameters
    ----------
    Xs : list of n_tasks {array, sparse matrix, frame} of shape (n_samples_t, n_features)
        Samples of each task, all of one kind; frames (pandas or polars) with the same columns.
    ys : list of n_tasks array-like of shape (n_samples_t,)
        Targets of each task.
    names : array-like of shape (n_tasks,), default=None
        Task ids, all different; None is 0, 1, ... Strings, dates, and integers too large for floats
        turn a dense array into an object array and do not fit into a sparse matrix.
    task_column : str, default="task"
        Name of the new column, for frames.

    Returns
    -------
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features + 1)
        Samples of the first task, then of the second, ...; pandas keeps its index.
    y : ndarray of shape (n_samples,)
        Targets of the samples.

    Raises
    ------
    ValueError
        If the input is invalid: the lists are empty, numbers of tasks, samples or features do not
        match, names repeat or are strings for a sparse X, or the frames have a column
        `task_column` already.
    TypeError
        If arrays, sparse matrices and frames are mixed, or names of two types.

    See Also
    --------
    unstack_tasks : The inverse.
    wide_to_long : The same for tasks that share X.

    Examples
    --------
    >>> from skmtl import stack_tasks
    >>> X, y = stack_tasks([[[0.5], [0.6]], [[0.7]]], [[1.0, 2.0], [3.0]])
    >>> X
    array([[0.5, 0. ],
           [0.6, 0. ],
           [0.7, 1. ]])
    >>> y
    array([1., 2., 3.])
    """
    Xs = list(Xs)
    ys = list(ys)
    for k, (X, y) in enumerate(zip(Xs, ys, strict=False)):
        check_in_memory(**{f"Xs[{k}]": X, f"ys[{k}]": y})
        refuse_masked(X, "X")
        warn_of_row_order(X, **{f"ys[{k}]": y})
    Xs = [X if hasattr(X, "shape") else np.asarray(X) for X in Xs]
    ys = [target_array(y) for y in ys]
    if not Xs or len(Xs) != len(ys):
        raise ValueError(f"Got {len(Xs)} X and {len(ys)} y, expected one of each for every task.")
    names = _check_names(names, len(Xs), "names")
    first = Xs[0]
    for name, X, y in zip(names.tolist(), Xs, ys, strict=True):
        _check_task(name, X, y, first)
    n_samples = [len(y) for y in ys]
    task_ids = np.repeat(names, n_samples)
    X = _append_ids(_concatenate(Xs), task_ids, task_column)
    return X, join_labels(ys)


def unstack_tasks(X, y, *, task_column=-1):
    """Split long data into one X and one y for each task: the inverse of :func:`stack_tasks`.

    Parameters
    ----------
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features + 1)
        Samples of all tasks, in any order.
    y : array-like of shape (n_samples,)
        Targets of the samples.
    task_column : str or int, default=-1
        Column of X that holds the task ids, by name or position.

    Returns
    -------
    Xs : list of n_tasks {ndarray, sparse matrix, frame} of shape (n_samples_t, n_features)
        Samples of each task, without the task column; an object array stays one.
    ys : list of n_tasks array-like of shape (n_samples_t,)
        Targets of each task.
    names : ndarray of shape (n_tasks,)
        Task ids, sorted like the `tasks_` of an estimator.

    Raises
    ------
    ValueError
        If the input is invalid: X has no column `task_column`, or a sample has no task id.

    Examples
    --------
    >>> from skmtl import unstack_tasks
    >>> tasks = unstack_tasks([[0.5, 0], [0.7, 1], [0.6, 0]], [1.0, 3.0, 2.0])
    >>> tasks.ys
    [array([1., 2.]), array([3.])]
    """
    check_in_memory(X=X, y=y)
    refuse_masked(X, "X")
    warn_of_row_order(X, y=y)
    features, task_ids = split_task_column(X, task_column)
    y = _with_shape(y)
    check_consistent_length(features, y)
    names, codes = encode(task_ids, f"task_column={task_column!r}")
    Xs = []
    ys = []
    for samples in split_by_stratum(codes, np.arange(len(codes))):
        Xs.append(_safe_indexing(features, samples))
        ys.append(_safe_indexing(y, samples))
    return UnstackedTasks(Xs, ys, names)


def wide_to_long(X, Y, *, tasks=None, task_column="task"):
    """Turn wide data into long data: one sample for each target that is not missing.

    Every estimator finds the same coefficients from both forms.

    Parameters
    ----------
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Samples that the tasks share.
    Y : {array-like, frame} of shape (n_samples, n_tasks)
        Targets, NaN (or None) where missing.
    tasks : array-like of shape (n_tasks,), default=None
        Task ids, all different; None takes the column names of Y, or 0, 1, ... for an array.
    task_column : str, default="task"
        Name of the new column when X is a frame.

    Returns
    -------
    X : {ndarray, sparse matrix, frame} of shape (n_targets, n_features + 1)
        Samples sorted by task, those of a task in their order in X; the last column holds the task
        ids. A task without targets has no sample.
    y : ndarray of shape (n_targets,)
        Targets that are not missing.

    Raises
    ------
    ValueError
        If the input is invalid: shapes do not match, ids repeat or are strings for a sparse X, or
        X has a column `task_column` already.

    See Also
    --------
    stack_tasks : The same for tasks with samples of their own.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import wide_to_long
    >>> X, y = wide_to_long([[0.5], [0.6]], [[1.0, 3.0], [np.nan, 4.0]])
    >>> X
    array([[0.5, 0. ],
           [0.5, 1. ],
           [0.6, 1. ]])
    >>> y
    array([1., 3., 4.])
    """
    check_in_memory(X=X, Y=Y)
    refuse_masked(X, "X")
    warn_of_row_order(X, Y=Y)
    tasks = column_names(Y) if tasks is None else tasks
    Y = target_array(Y, "Y")
    Y = check_array(Y, dtype=None, ensure_all_finite=False, input_name="Y")
    tasks = _check_names(tasks, Y.shape[1], "tasks")
    if column_names(X) is None:
        X = check_array(X, accept_sparse="csr", dtype=None, ensure_all_finite=False)
    check_consistent_length(X, Y)
    known = ~missing_mask(Y)
    codes, samples = np.nonzero(known.T)  # sorted by task
    features = _safe_indexing(X, samples)
    X = _append_ids(features, tasks[codes], task_column)
    return X, plain_labels(Y[samples, codes], "Y", strict=False)


def _with_shape(values):
    """Return an array or frame as it is, a list as an array."""
    if hasattr(values, "shape"):
        return values
    return target_array(values)


def _check_names(names, n_tasks, parameter):
    """Return task ids as an array of shape (n_tasks,); raise unless they are all different."""
    if names is None:
        return np.arange(n_tasks)
    names = check_task_ids(names, parameter)
    if len(names) != n_tasks:
        raise ValueError(
            f"{parameter} has {len(names)} ids, expected {n_tasks}: one for each task."
        )
    unique, codes = encode(names, parameter)
    repeated = unique[np.bincount(codes) > 1]
    if len(repeated):
        raise ValueError(f"{parameter} must be all different, but {some_of(repeated)} repeat.")
    return names


def _check_task(name, X, y, first):
    """Raise unless X of a task is 2-D and like X of the first task, with one target per sample."""
    if _kind(X) != _kind(first):
        raise TypeError(
            f"X of task {name!r} is of kind {_kind(X)}, that of the first task of kind "
            f"{_kind(first)}: convert them to one kind."
        )
    if len(X.shape) != 2:
        raise ValueError(f"X of task {name!r} has shape {X.shape}, expected two dimensions.")
    n_samples, n_features = X.shape
    if y.shape != (n_samples,):
        raise ValueError(
            f"y of task {name!r} has shape {y.shape}, expected ({n_samples},): one target for each "
            "sample of its X."
        )
    if n_features != first.shape[1]:
        raise ValueError(
            f"X of task {name!r} has {n_features} feature(s), that of the first task "
            f"{first.shape[1]}: all tasks need the same features."
        )
    columns = column_names(X)
    expected = column_names(first)
    if columns != expected:
        raise ValueError(
            f"X of task {name!r} has the columns {some_of(columns, 8)}, that of the first task "
            f"{some_of(expected, 8)}: give all tasks the same columns in the same order."
        )


def _kind(X):
    """Return the kind of X: array, sparse matrix, pandas frame or polars frame."""
    if sparse.issparse(X):
        return "sparse matrix"
    if column_names(X) is None:
        return "array"
    return "pandas frame" if hasattr(X, "iloc") else "polars frame"


def _concatenate(Xs):
    """Return the samples of all Xs, which are of one kind."""
    kind = _kind(Xs[0])
    if kind == "sparse matrix":
        return sparse.vstack(Xs, format="csr")
    if kind == "array":
        return join_labels(Xs)  # text next to numbers does not make them text
    if kind == "pandas frame":
        import pandas

        return pandas.concat(Xs)
    import polars

    return polars.concat(Xs)


def _append_ids(X, task_ids, task_column):
    """Return X with the task ids as its last column, called `task_column` in a frame."""
    kind = _kind(X)
    numeric = task_ids.dtype.kind in "biuf"
    if numeric and kind in ("sparse matrix", "array") and X.dtype.kind in "biuf":
        numeric = are_exact(task_ids, np.result_type(X.dtype, task_ids.dtype))
    if kind == "sparse matrix":
        if not numeric:
            raise ValueError(
                f"A sparse X cannot hold the task ids {some_of(np.unique(task_ids))}: give numbers "
                f"below {exact_limit(float)} as ids, or a dense X."
            )
        column = sparse.coo_matrix(task_ids[:, None])
        return sparse.hstack([X, column], format="csr")
    if kind == "array":
        if not (numeric and X.dtype.kind in "biuf"):
            X = X.astype(object)
            task_ids = as_objects(task_ids)
        return np.column_stack([X, task_ids])
    if task_column in column_names(X):
        raise ValueError(
            f"task_column={task_column!r} is a column of X already; choose another name."
        )
    if kind == "pandas frame":
        return X.assign(**{task_column: task_ids})
    import polars

    return X.with_columns(polars.Series(task_column, task_ids))

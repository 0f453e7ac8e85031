"""From lists or wide targets to the long form and back, and transformers that leave task ids alone.

The long form has one row for each label and the task id in a column of X. These functions put it
there as the last column, where ``task_column=-1`` finds it (or its name, in a frame).
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing, check_array, check_consistent_length

from skmtl._data.task_ids import (
    check_task_ids,
    column_names,
    column_position,
    encode,
    missing_mask,
    some_of,
    split_task_column,
)


class UnstackedTasks(NamedTuple):
    """What :func:`unstack_tasks` returns: one X and one y for each task, and the task ids."""

    Xs: list
    ys: list
    names: np.ndarray


def stack_tasks(Xs, ys, *, names=None, task_column="task"):
    """Stack the data of each task into one X with the task ids in its last column.

    Parameters
    ----------
    Xs : list of n_tasks {array, sparse matrix, frame} of shape (n_samples_t, n_features)
        Rows of each task, all of one kind; frames (pandas or polars) with the same columns.
    ys : list of n_tasks array-like of shape (n_samples_t,)
        Targets of each task.
    names : array-like of shape (n_tasks,), default=None
        Task ids, all different; None is 0, 1, ... Strings make an object array of a dense array
        and do not fit into a sparse matrix.
    task_column : str, default="task"
        Name of the new column, for frames.

    Returns
    -------
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features + 1)
        Rows of the first task, then of the second, ...; pandas keeps its index.
    y : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        For an empty list, lists, rows or features that do not match, names that repeat, strings
        for a sparse X, or a `task_column` that the frames have already.
    TypeError
        For a mixture of arrays, sparse matrices and frames.

    See Also
    --------
    unstack_tasks : The way back.
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
    Xs = [X if hasattr(X, "shape") else np.asarray(X) for X in Xs]
    ys = [np.asarray(y) for y in ys]
    if not Xs or len(Xs) != len(ys):
        raise ValueError(f"Got {len(Xs)} X and {len(ys)} y, expected one of each for every task.")
    names = _check_names(names, len(Xs), "names")
    for name, X, y in zip(names.tolist(), Xs, ys, strict=True):
        _check_task(name, X, y, Xs[0])
    ids = np.repeat(names, [len(y) for y in ys])
    return _append_ids(_concatenate(Xs), ids, task_column), np.concatenate(ys)


def unstack_tasks(X, y, *, task_column=-1):
    """Split long data into one X and one y for each task: the inverse of :func:`stack_tasks`.

    Parameters
    ----------
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features + 1)
        Rows of all tasks, in any order.
    y : array-like of shape (n_samples,)
        Their targets.
    task_column : str or int, default=-1
        Column of X that holds the task ids, by name or position.

    Returns
    -------
    Xs : list of n_tasks {ndarray, sparse matrix, frame} of shape (n_samples_t, n_features)
        Without the task column; an object array stays one.
    ys : list of n_tasks array-like of shape (n_samples_t,)
    names : ndarray of shape (n_tasks,)
        Task ids, sorted as the `tasks_` of an estimator.

    Raises
    ------
    ValueError
        For a `task_column` that X does not have, or a row without a task id.

    Examples
    --------
    >>> from skmtl import unstack_tasks
    >>> tasks = unstack_tasks([[0.5, 0], [0.7, 1], [0.6, 0]], [1.0, 3.0, 2.0])
    >>> tasks.ys
    [array([1., 2.]), array([3.])]
    """
    features, labels = split_task_column(X, task_column)
    y = y if hasattr(y, "shape") else np.asarray(y)
    check_consistent_length(features, y)
    names, codes = encode(labels, f"task_column={task_column!r}")
    rows = [np.flatnonzero(codes == t) for t in range(len(names))]
    Xs = [_safe_indexing(features, r) for r in rows]
    return UnstackedTasks(Xs, [_safe_indexing(y, r) for r in rows], names)


def wide_to_long(X, Y, *, tasks=None, task_column="task"):
    """Turn two-dimensional targets into long form: one row for each label that is not missing.

    Every estimator finds the same coefficients from both forms.

    Parameters
    ----------
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows that the tasks share.
    Y : {array-like, frame} of shape (n_samples, n_tasks)
        Targets, NaN (or None) where a label is missing.
    tasks : array-like of shape (n_tasks,), default=None
        Task ids, all different; None takes the column names of Y, or 0, 1, ... for an array.
    task_column : str, default="task"
        Name of the new column when X is a frame.

    Returns
    -------
    X : {ndarray, sparse matrix, frame} of shape (n_labels, n_features + 1)
        Sorted by task, then as the samples were; the last column holds the task ids. A task
        without labels leaves no row.
    y : ndarray of shape (n_labels,)

    Raises
    ------
    ValueError
        For shapes that do not match, ids that repeat, strings for a sparse X, or a `task_column`
        that X has already.

    See Also
    --------
    stack_tasks : The same for tasks with rows of their own.

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
    tasks = column_names(Y) if tasks is None else tasks
    Y = check_array(Y, dtype=None, ensure_all_finite=False, input_name="Y")
    tasks = _check_names(tasks, Y.shape[1], "tasks")
    if column_names(X) is None:
        X = check_array(X, accept_sparse="csr", dtype=None, ensure_all_finite=False)
    check_consistent_length(X, Y)
    codes, rows = np.nonzero(~missing_mask(Y).T)
    return _append_ids(_safe_indexing(X, rows), tasks[codes], task_column), Y[rows, codes]


def _other_columns(X, task_column):
    """Positions of all columns but the task column; a function because lambdas do not pickle."""
    position = column_position(column_names(X), X.shape[1], task_column)
    return [j for j in range(X.shape[1]) if j != position]


def _check_names(names, n_tasks, parameter):
    """Task ids as an array of shape (n_tasks,), all different."""
    if names is None:
        return np.arange(n_tasks)
    names = check_task_ids(names, parameter)
    if len(names) != n_tasks:
        raise ValueError(f"{parameter} has {len(names)} ids, expected {n_tasks}: one a task.")
    unique, counts = np.unique(names, return_counts=True)
    if (counts > 1).any():
        raise ValueError(
            f"{parameter} must be all different, but {some_of(unique[counts > 1])} repeat."
        )
    return names


def _check_task(name, X, y, first):
    """Raise unless a task's X is 2-D and like the first task's, with one label for each row."""
    if _kind(X) != _kind(first):
        raise TypeError(
            f"X of task {name!r} is of kind {_kind(X)}, that of the first task of kind "
            f"{_kind(first)}: convert them to one kind."
        )
    if len(X.shape) != 2:
        raise ValueError(f"X of task {name!r} has shape {X.shape}, expected two dimensions.")
    if y.shape != X.shape[:1]:
        raise ValueError(
            f"y of task {name!r} has shape {y.shape}, expected {X.shape[:1]}: one label for each "
            "row of its X."
        )
    if X.shape[1] != first.shape[1]:
        raise ValueError(
            f"X of task {name!r} has {X.shape[1]} feature(s), that of the first task "
            f"{first.shape[1]}: all tasks need the same features."
        )
    columns, expected = column_names(X), column_names(first)
    if columns != expected:
        raise ValueError(
            f"X of task {name!r} has the columns {some_of(columns, 8)}, that of the first task "
            f"{some_of(expected, 8)}: give all tasks the same columns in the same order."
        )


def _kind(X):
    """What X is, for messages: array, sparse matrix, pandas or polars frame."""
    if sparse.issparse(X):
        return "sparse matrix"
    if column_names(X) is None:
        return "array"
    return "pandas frame" if hasattr(X, "iloc") else "polars frame"


def _concatenate(Xs):
    """The rows of all Xs, which are of one kind."""
    kind = _kind(Xs[0])
    if kind == "sparse matrix":
        return sparse.vstack(Xs, format="csr")
    if kind == "array":
        return np.concatenate(Xs)
    if kind == "pandas frame":
        import pandas

        return pandas.concat(Xs)
    import polars

    return polars.concat(Xs)


def _append_ids(X, ids, task_column):
    """X with the task ids as its last column, called `task_column` in a frame."""
    kind = _kind(X)
    numeric = ids.dtype.kind in "biuf"
    if kind == "sparse matrix":
        if not numeric:
            raise ValueError(
                f"A sparse X cannot hold the task ids {some_of(np.unique(ids))}: give numbers as "
                "ids, or a dense X."
            )
        return sparse.hstack([X, sparse.coo_matrix(ids[:, None])], format="csr")
    if kind == "array":
        return np.column_stack([X, ids] if numeric else [X.astype(object), ids.astype(object)])
    if task_column in column_names(X):
        raise ValueError(
            f"task_column={task_column!r} is a column of X already; choose another name."
        )
    if kind == "pandas frame":
        return X.assign(**{task_column: ids})
    import polars

    return X.with_columns(polars.Series(task_column, ids))

"""Pipelines and searches around estimators: their last step, what it sees, its tasks."""

from numbers import Integral

import numpy as np
from sklearn.base import clone

from skmtl._data.in_memory import check_in_memory
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.spellings import target_array
from skmtl._data.target_names import check_names_differ
from skmtl._data.task_ids import (
    check_task_ids,
    column_names,
    column_position,
    encode,
    missing_mask,
    split_task_column,
)
from skmtl._data.text_columns import refuse_column_name
from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._pooled_tasks import PooledTasks


def final_estimator(estimator):
    """Return the unfitted estimator at the end of pipelines and searches."""
    if hasattr(estimator, "steps"):
        return final_estimator(estimator.steps[-1][1])
    if is_search(estimator):
        return final_estimator(estimator.estimator)
    return estimator


def is_search(estimator):
    """Whether an estimator searches the parameters of its `estimator`."""
    if isinstance(estimator, IndependentTasks | PooledTasks):
        return False  # its search, if any, is part of how it fits
    searches = hasattr(estimator, "refit") or hasattr(estimator, "param_grid")
    return searches and hasattr(estimator, "estimator")


def with_final(estimator, final):
    """Return the same preprocessing with another final estimator, outside of any search."""
    if hasattr(estimator, "steps"):
        pipeline = clone(estimator)
        *steps, (_, last) = pipeline.steps
        new_last = ("estimator", with_final(last, final))
        return pipeline.set_params(steps=[*steps, new_last])
    if is_search(estimator):
        return with_final(estimator.estimator, final)
    return final


def has_steps(estimator):
    """Whether steps come before the final estimator."""
    if hasattr(estimator, "steps"):
        return True
    return is_search(estimator) and has_steps(estimator.estimator)


def with_task_column(estimator, X, task_column):
    """Return the estimator with a task column, and the column of the raw X that holds the ids.

    If only one of the two is known, the other is set to it.
    """
    if not isinstance(task_column, str | Integral | None):
        raise TypeError(
            f"task_column must be a column name, an integer or None, got {task_column!r}."
        )
    final = final_estimator(estimator)
    own = getattr(final, "task_column", None)
    if task_column is None and isinstance(own, Integral) and has_steps(estimator):
        raise ValueError(
            f"The last step has task_column={own}, but steps before it may move columns: say "
            "where the task ids are in the X given here with task_column=."
        )
    if task_column is None:
        return estimator, own
    if has_steps(estimator) or not hasattr(final, "task_column"):
        return estimator, task_column
    if own is None:
        estimator = clone(estimator)
        final_estimator(estimator).set_params(task_column=task_column)
    elif not _is_same_column(X, task_column, own):
        raise ValueError(
            f"task_column={task_column!r} was given, but the estimator has task_column={own!r}."
        )
    return estimator, task_column


def _is_same_column(X, first, second):
    """Whether two names or positions are the same column of X."""
    names = column_names(X)
    n_columns = np.shape(X)[1]
    return column_position(names, n_columns, first) == column_position(names, n_columns, second)


def read_task_ids(X, y, task_column, tasks):
    """Return the task id of every sample, the tasks, and the task codes in y's shape.

    For wide data the ids are None, and the codes are -1 where a target is missing.
    """
    refuse_column_name(tasks, X)
    check_in_memory(X=X, y=y, tasks=tasks)
    warn_of_row_order(X, y=y, tasks=tasks)
    task_ids = None
    if tasks is not None:
        task_ids = check_task_ids(tasks)
    elif task_column is not None:
        _, task_ids = split_task_column(X, task_column)
    if task_ids is not None:
        known, codes = encode(task_ids)
        return task_ids, known, codes
    Y = target_array(y)
    if Y.ndim != 2:
        raise ValueError(
            f"y has shape {Y.shape} and the estimator no task_column: set its task_column, pass "
            "tasks=, or give y of shape (n_samples, n_tasks)."
        )
    every_code = np.arange(Y.shape[1])
    names = column_names(y)
    known = every_code if names is None else check_names_differ(names)
    codes = np.where(missing_mask(Y), -1, every_code)
    return None, known, codes

"""The ends of pipelines and searches: the last step, what it sees, its tasks."""

from numbers import Integral

import numpy as np
from sklearn.base import clone

from skmtl._data.task_ids import (
    check_task_ids,
    column_names,
    column_position,
    encode,
    missing_mask,
    split_task_column,
)
from skmtl.meta._independent_tasks import IndependentTasks
from skmtl.meta._pooled_tasks import PooledTasks


def final_estimator(estimator):
    """The estimator at the end of pipelines and searches."""
    if hasattr(estimator, "steps"):
        return final_estimator(estimator.steps[-1][1])
    if is_search(estimator):
        return final_estimator(estimator.estimator)
    return estimator


def is_search(estimator):
    """Whether it searches the parameters of its `estimator`."""
    search = hasattr(estimator, "refit") or hasattr(estimator, "param_grid")
    baseline = isinstance(estimator, IndependentTasks | PooledTasks)
    return search and hasattr(estimator, "estimator") and not baseline


def with_final(estimator, final):
    """The same preprocessing with another final estimator, outside of any search."""
    if hasattr(estimator, "steps"):
        *steps, (_, last) = clone(estimator).steps
        return clone(estimator).set_params(steps=[*steps, ("estimator", with_final(last, final))])
    if is_search(estimator):
        return with_final(estimator.estimator, final)
    return final


def has_steps(estimator):
    """Whether steps come before the final estimator."""
    return hasattr(estimator, "steps") or (is_search(estimator) and has_steps(estimator.estimator))


def with_task_column(estimator, X, task_column):
    """The estimator and the column of the raw X that holds the ids, each told by the other."""
    final = final_estimator(estimator)
    own = getattr(final, "task_column", None)
    if task_column is None and isinstance(own, Integral) and has_steps(estimator):
        raise ValueError(
            f"The last step has task_column={own}, but steps before it may move columns: say "
            "where the task ids are in the X given here with task_column=."
        )
    if task_column is None or has_steps(estimator) or not hasattr(final, "task_column"):
        return estimator, own if task_column is None else task_column
    if own is not None:
        names = column_names(X)
        given, used = (column_position(names, np.shape(X)[1], c) for c in (task_column, own))
        if given != used:
            raise ValueError(
                f"task_column={task_column!r} was given, but the estimator has task_column={own!r}."
            )
    else:
        estimator = clone(estimator)
        final_estimator(estimator).set_params(task_column=task_column)
    return estimator, task_column


def fitted_final(estimator):
    """The fitted estimator at the end of pipelines and searches."""
    if hasattr(estimator, "best_estimator_"):
        return fitted_final(estimator.best_estimator_)
    return fitted_final(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def seen_by_final(estimator, X):
    """X as :func:`fitted_final` sees it."""
    if hasattr(estimator, "best_estimator_"):
        return seen_by_final(estimator.best_estimator_, X)
    if not hasattr(estimator, "steps"):
        return X
    for _, step in estimator.steps[:-1]:
        X = X if step is None or isinstance(step, str) else step.transform(X)
    return seen_by_final(estimator.steps[-1][1], X)


def task_labels(X, y, task_column, tasks):
    """Task id of every row (None when wide), task names, and codes in y's shape (-1 a hole)."""
    if tasks is not None:
        labels = check_task_ids(tasks)
    else:
        labels = None if task_column is None else split_task_column(X, task_column)[1]
    if labels is not None:
        names, codes = encode(labels)
        return labels, names, codes
    Y = np.asarray(y)
    if Y.ndim != 2:
        raise ValueError(
            f"y has shape {Y.shape} and the estimator no task_column: set its task_column, pass "
            "tasks=, or give y of shape (n_samples, n_tasks)."
        )
    names = np.asarray(getattr(y, "columns", np.arange(Y.shape[1])))
    return None, names, np.where(missing_mask(Y), -1, np.arange(Y.shape[1]))

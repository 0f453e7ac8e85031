"""What `adapt` is given: the id of a new task, and its targets."""

import numpy as np

from skmtl._data.spellings import target_array
from skmtl._data.targets import read_wide_targets
from skmtl._data.task_ids import (
    column_names,
    position_of,
    same_kind,
    some_of,
    split_task_column,
)


def new_task_id(fitted, X, y, task):
    """Return the id of the new task of a fitted estimator.

    Parameters
    ----------
    fitted : estimator
        With ``tasks_``, the ids that are known.
    X : array-like, sparse matrix or frame
        Its samples; a task column with one id that is new names the task.
    y : array-like or frame
        Its targets; the name of the column of a frame is an id if the fit had two-dimensional y.
    task : task id or None
        What the user gave.
    """
    if task is None and fitted._layout == "wide" and np.ndim(y) == 2:
        names = column_names(y)
        task = names[0] if names else None
    if task is None:
        task = _id_in_column(fitted, X)
    if task is None:
        return _next_id(fitted.tasks_)
    known = fitted.tasks_
    if not same_kind([task], known):
        raise TypeError(
            f"task={task!r} is of another type than the task ids of the fit, {some_of(known)}."
        )
    if position_of(task, known) is not None:
        raise ValueError(
            f"task={task!r} was in the fit, which had {some_of(known)}: give a new id, or fit "
            "again to learn more of a task."
        )
    return task


def _id_in_column(fitted, X):
    """The id in the task column of X, if it is a single one that could be that of a new task."""
    if fitted.task_column is None:
        return None
    try:
        _, ids = split_task_column(X, fitted.task_column)
    except (TypeError, ValueError):  # ids that are missing or of many types name no task
        return None
    if not same_kind(ids, fitted.tasks_):
        return None
    distinct = set(ids.tolist())
    if len(distinct) != 1 or position_of(ids[0], fitted.tasks_) is not None:
        return None
    return ids[0]


def _next_id(known):
    """Return an id that sorts behind the known ones."""
    if known.dtype.kind in "iuf":
        return (known.max() + 1).item()
    if not all(isinstance(task_id, str) for task_id in known.tolist()):
        raise ValueError(f"Give the new task an id such as {some_of(known)}: task=.")
    taken = set(known.tolist())
    names = ["new", *(f"new{k}" for k in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def read_new_targets(fitted, n_samples, y, sample_weight, dtype):
    """Return the positions of samples with a target of positive weight, the targets, the weights.

    `dtype` is that of the targets; None leaves their type as it is.
    """
    if np.ndim(y) == 2 and np.shape(y)[1] != 1:
        raise ValueError(f"y_new has shape {np.shape(y)}, expected one task: (n_samples,).")
    if np.ndim(y) != 2:
        y = target_array(y, "y_new").reshape(-1, 1)
    y, weight, _ = read_wide_targets(fitted, n_samples, y, sample_weight, dtype)
    samples = np.flatnonzero(weight[:, 0] > 0)
    return samples, y[samples, 0], weight[samples, 0]

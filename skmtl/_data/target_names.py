"""Targets of several tasks, matched by the names of their columns."""

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl._data.spellings import target_array
from skmtl._data.task_ids import as_id_array, codes_of, column_names, some_of


def targets_in_order(y, tasks, name="y"):
    """Return wide targets, weights or predictions as an array, with a column for each task.

    The columns of a frame are matched by name: they may come in another order than the tasks, but
    a missing or an unknown name is refused. What has no names goes by position: arrays, frames with
    the default names 0, 1, ..., and anything if the tasks have no names of their own.

    Parameters
    ----------
    y : array-like or frame of shape (n_samples, n_tasks) or (n_samples,)
        One-dimensional values are returned as they are.
    tasks : ndarray of shape (n_tasks,)
        Task ids, such as the `tasks_` of a fitted estimator.
    name : str, default="y"
        What they are, for messages.

    Returns
    -------
    ndarray
        Missing targets are NaN or None.
    """
    values = target_array(y, name)
    names = column_names(y)
    if names is None or values.ndim != 2:
        return values
    positions = column_positions(names, tasks, name)
    in_order = np.arange(values.shape[1])
    if np.array_equal(positions, in_order):
        return values
    return values[:, positions]


def take_tasks(y, positions):
    """Return the columns of two-dimensional y at some positions, which keep their names.

    Those of an array are named by their positions, so that parameters by task id are still those of
    the same tasks. Without pandas they are numbered anew.
    """
    taken = _safe_indexing(y, positions, axis=1)
    are_first = np.array_equal(positions, np.arange(len(positions)))
    if are_first or column_names(y) is not None:
        return taken
    try:
        import pandas
    except ImportError:
        return taken
    return pandas.DataFrame(taken, columns=positions)


def in_form_of(y, values):
    """Return the values as a frame with the columns of y if y is one."""
    names = column_names(y)
    if names is None or values.ndim == 1:
        return values
    make_frame = getattr(type(y), "from_pydict", type(y))  # pyarrow; pandas, polars
    columns = zip(names, values.T, strict=True)
    return make_frame(dict(columns))


def column_positions(names, tasks, name="y"):
    """Return the positions of the tasks among the names of columns."""
    names = check_names_differ(names, name)
    positions = codes_of(tasks, names)
    has_no_column = positions < 0
    if has_no_column.all():
        unnamed = are_default_names(names) or are_default_names(tasks)
        if unnamed:
            return np.arange(len(names))
    _check_complete(
        name,
        tasks=tasks,
        without_column=tasks[has_no_column],
        unknown=names[codes_of(names, tasks) < 0],
    )
    return positions


def _check_complete(name, *, tasks, without_column, unknown):
    """Raise if a task has no column, or a column no task."""
    problems = []
    if len(without_column):
        some = some_of(without_column)
        problems.append(f"no column for task(s) {some}")
    if len(unknown):
        some = some_of(unknown)
        problems.append(f"the column(s) {some}, which are no tasks")
    if not problems:
        return
    found = " and ".join(problems)
    raise ValueError(
        f"{name} has {found}: its columns are matched by name with the tasks {some_of(tasks)}. "
        "Give these columns, in any order, or an array in the order of tasks_."
    )


def check_names_differ(names, name="y"):
    """Return names (or task ids) as an array of ids; raise if one is given twice."""
    ids = as_id_array(names)
    first = codes_of(ids, ids)
    own = np.arange(len(ids))
    repeated = ids[first != own]
    if len(repeated):
        some = some_of(repeated)
        raise ValueError(
            f"{name} names {some} more than once; tasks, features and groups need different names."
        )
    return ids


def are_default_names(names):
    """Whether names are 0, 1, ..., which are those of columns without names."""
    default = np.arange(len(names))
    if names.dtype.kind not in "iu":
        return False
    return np.array_equal(names, default)

"""Checks of the arrays of a file: those of a damaged one must not be fitted."""

from dataclasses import fields

import numpy as np

from skmtl.statistics._moments import Moments

_LAYOUTS = ("wide", "column", "tasks")
_INTEGERS = ("block_of_task", "counts")
_AT_LEAST_ZERO = ("counts", "total")


def check_loaded(columns, tasks, parts, n_rows):
    """Raise ValueError unless what was read from a file can be statistics.

    Parameters
    ----------
    columns : Columns
        What the columns of X are.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    parts : dict
        The :class:`Moments` of every part, {label: moments}.
    n_rows : int
        Number of rows.
    """
    _check_columns(columns)
    if tasks.ndim != 1 or len(np.unique(tasks)) != len(tasks):
        raise ValueError("task ids are not different from each other")
    if n_rows < 0:
        raise ValueError(f"the number of rows is {n_rows}")
    for moments in parts.values():
        _check_shapes(moments, len(tasks), columns.n_features)
        _check_values(moments)


def _check_columns(columns):
    """Raise ValueError unless layout, names and kinds of the columns fit together."""
    if columns.layout not in _LAYOUTS:
        raise ValueError(f"the data form is {columns.layout!r}")
    lengths = [len(columns.kinds)]
    if columns.names is not None:
        lengths.append(len(columns.names))
    if lengths != [columns.n_columns] * len(lengths):
        raise ValueError(f"there are {columns.n_columns} columns, but {lengths} descriptions")
    column = columns.task_column
    has_column = column is not None
    if has_column != (columns.layout == "column"):
        raise ValueError(f"data of the form {columns.layout!r} have the task column {column}")
    if has_column and not 0 <= column < columns.n_columns:
        raise ValueError(f"the task column is {column} of {columns.n_columns}")


def _check_shapes(moments, n_tasks, n_features):
    """Raise ValueError unless the arrays of moments are of these sizes, and numbers."""
    n_blocks = moments.total.size
    expected = {
        "block_of_task": (n_tasks,),
        "counts": (n_tasks,),
        "total": (n_blocks,),
        "mean_x": (n_blocks, n_features),
        "xx": (n_blocks, n_features, n_features),
        "mean_y": (n_tasks,),
        "yy": (n_tasks,),
        "xy": (n_features, n_tasks),
    }
    for field in fields(Moments):
        array = getattr(moments, field.name)
        kinds = "iu" if field.name in _INTEGERS else "f"
        shape = expected[field.name]
        if array.shape != shape or array.dtype.kind not in kinds:
            raise ValueError(
                f"{field.name!r} has shape {array.shape} and type {array.dtype}, expected {shape}"
            )
    used = np.unique(moments.block_of_task)
    if not np.array_equal(used, np.arange(n_blocks)):
        raise ValueError(f"'block_of_task' has {used.tolist()} for {n_blocks} blocks")


def _check_values(moments):
    """Raise ValueError unless numbers are finite, and weights and numbers of rows not negative."""
    for field in fields(Moments):
        array = getattr(moments, field.name)
        if not np.isfinite(array).all():
            raise ValueError(f"{field.name!r} holds NaN or infinity")
        if field.name in _AT_LEAST_ZERO and (array < 0).any():
            raise ValueError(f"{field.name!r} holds negative numbers")

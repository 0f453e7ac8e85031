"""Lazy predictions: of a Dask collection, `predict` returns a Dask array."""

import operator
from copy import copy
from functools import wraps

import numpy as np

from skmtl._dask.partitions import (
    aligned_rows,
    is_array,
    is_collection,
    is_frame,
    known_lengths,
    n_rows_of,
)
from skmtl._dask.reduction import on_partitions
from skmtl._dask.require_dask import require_dask
from skmtl._data.task_ids import column_names, column_position


def lazy_on_collections(method):
    """Let a method that predicts from X, and perhaps `tasks`, take Dask collections.

    It then returns a Dask array for each array that it returns otherwise, whose chunks are the
    partitions of X. They are computed when the user asks for it, by the model as it is now.
    """

    @wraps(method)
    def predict(self, X, *args, **kwargs):
        if is_collection(X):
            tasks = kwargs.pop("tasks", None)
            return _lazy_predictions(self, method.__name__, X, tasks, args, kwargs)
        return method(self, X, *args, **kwargs)

    return predict


def _lazy_predictions(estimator, method, X, tasks, args, kwargs):
    """Return what a method returns, with Dask arrays in place of arrays."""
    rows = aligned_rows(X, tasks=tasks)
    expected = _predictions_of_one(estimator, method, X, tasks, args, kwargs)
    several = isinstance(expected, list | tuple)
    empty = [one[:0] for one in (expected if several else [expected])]
    parts = on_partitions(_predict, rows, copy(estimator), method, args, kwargs, empty)
    lengths = known_lengths(X)
    if lengths is None:
        lengths = np.full(len(rows), np.nan)
    arrays = []
    for j, like in enumerate(empty):
        arrays.append(_as_array(parts, j, like, lengths))
    return type(expected)(arrays) if several else arrays[0]


def _predict(rows, estimator, method, args, kwargs, empty):
    """Return the arrays that are predicted of a partition, of the types of the empty ones."""
    if n_rows_of(rows.X) == 0:
        return empty
    if rows.tasks is not None:
        kwargs = {**kwargs, "tasks": rows.tasks}
    predictions = getattr(estimator, method)(rows.X, *args, **kwargs)
    if not isinstance(predictions, list | tuple):
        predictions = [predictions]
    typed = []
    for one, like in zip(predictions, empty, strict=True):
        typed.append(one.astype(like.dtype, copy=False))
    return typed


def _as_array(parts, j, empty, lengths):
    """Return the j-th arrays of Delayed lists of arrays as one Dask array."""
    require_dask()
    import dask.array
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    name = f"predictions-{tokenize([part.key for part in parts], j)}"
    columns = (0,) * (empty.ndim - 1)
    graph = {}
    for k, part in enumerate(parts):
        graph[(name, k, *columns)] = (operator.getitem, part.key, j)
    layers = HighLevelGraph.from_collections(name, graph, dependencies=parts)
    chunks = [tuple(lengths.tolist())]
    chunks += [(size,) for size in empty.shape[1:]]
    return dask.array.Array(layers, name, chunks=tuple(chunks), meta=empty)


def _predictions_of_one(estimator, method, X, tasks, args, kwargs):
    """Return the predictions of a made-up sample: what those of X are like.

    Where the columns of X are known they are checked by it at once.
    """
    sample = _one_sample(estimator, X)
    if tasks is not None:
        kwargs = {**kwargs, "tasks": estimator.tasks_[:1]}
    return getattr(estimator, method)(sample, *args, **kwargs)


def _one_sample(estimator, X):
    """Return a sample of zeros with the columns of X, of the first task."""
    fitted = hasattr(estimator, "n_features_in_")
    column = estimator.task_column if fitted else None
    task = estimator.tasks_[0] if fitted and column is not None else None
    names = _names_of(estimator, X)
    if names is not None:
        return _frame_of_one(names, column, task)
    dtype = float
    n_columns = getattr(estimator, "n_features_in_", 1)
    if is_array(X):
        dtype = X.dtype
        if X.ndim != 2:
            return np.zeros((1,) * X.ndim)
        n_columns = X.shape[1]
    sample = np.zeros((1, n_columns), dtype=dtype)
    if column is None:
        return sample
    if isinstance(task, str):
        sample = sample.astype(object)
    position = column_position(None, n_columns, column)
    sample[0, position] = task
    return sample


def _names_of(estimator, X):
    """Return the names of the columns of X: of Delayed they are taken to be those of `fit`."""
    if is_array(X):
        return None
    if is_frame(X):
        return column_names(X._meta)
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else list(names)


def _frame_of_one(names, column, task):
    """Return a frame of a sample of zeros, with its task in the task column."""
    import pandas as pd

    values = [[0.0] for _ in names]
    if column is not None:
        position = column_position(names, len(names), column)
        values[position] = [task]
    columns = dict(enumerate(values))
    return pd.DataFrame(columns).set_axis(names, axis=1)

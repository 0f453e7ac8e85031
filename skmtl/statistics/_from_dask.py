"""Statistics of Dask collections: those of the partitions, added up in a tree."""

from functools import partial
from typing import NamedTuple

import numpy as np

from skmtl._dask.partitions import (
    aligned_rows,
    delayed_lengths,
    is_array,
    is_frame,
    known_lengths,
)
from skmtl._dask.reduction import compute, on_partitions, tree_sum
from skmtl._data.checks import check_int
from skmtl._data.spellings import refuse_dates
from skmtl._data.targets import refuse_no_task_ids
from skmtl._data.task_ids import split_task_column
from skmtl.statistics._columns import row_reader
from skmtl.statistics._from_rows import check_size, statistics_of_rows


class FromDask:
    """The part of :class:`TaskStatistics` that takes Dask collections."""

    @classmethod
    def from_dask(
        cls,
        X,
        y,
        sample_weight=None,
        *,
        tasks=None,
        task_column=None,
        n_folds=None,
        folds=None,
        memory_limit=None,
    ):
        """Statistics of Dask collections; rows stay where they are.

        The statistics of partitions are computed on the cluster, and added up there in pairs. One
        partition for each thread of a worker, and a few statistics, have to fit in its memory.

        Parameters
        ----------
        X : dask array, dask dataframe, or list of Delayed or Futures
            Rows; with `task_column`, one of the columns holds the task ids. The partitions of a
            list are arrays, sparse matrices or frames. Partitions may be empty.
        y : collection with the partitions of X, or array-like
            Targets: two-dimensional, NaN where one is missing; 1-D with `task_column` or `tasks`. A
            dask array is brought to the chunks of X if the sizes of both are known; y, weights and
            task ids may be in memory if those of X are.
        sample_weight : collection like y, default=None
            Non-negative weights of the rows or, for a two-dimensional y, of the targets.
        tasks : collection like a 1-D y, default=None
            Task ids, in place of `task_column`. A partition need not have all tasks.
        task_column : str or int, default=None
            Column of X with the task ids.
        n_folds : int, default=None
            Number of folds, at least 2, into which rows are divided by a hash of their positions,
            as by :meth:`from_data`. Where Dask does not know the lengths of the partitions, as of
            dataframes, the rows are first counted, which may read the data twice (a column of them
            from Parquet files); give `folds`, or call ``X.persist()`` if it fits on the cluster.
        folds : collection like a 1-D y, default=None
            The fold or site of each row, in place of `n_folds`.
        memory_limit : float, default=None
            Largest memory of the statistics in bytes. None is half of that of the machine.

        Returns
        -------
        TaskStatistics

        Raises
        ------
        ValueError, TypeError
            If the input is invalid, with the number of the partition; if collections have other
            numbers of rows or of partitions; or if partitions have other columns, other types of
            columns or task ids of another type.
        MemoryError
            If the statistics would be larger than `memory_limit`.
        RuntimeError
            If workers of the cluster died over a partition again and again.
        """
        return statistics_of_collections(
            cls,
            cls.__name__,
            X,
            y,
            sample_weight,
            tasks,
            task_column=task_column,
            n_folds=n_folds,
            folds=folds,
            memory_limit=memory_limit,
        )


def statistics_of_collections(
    cls,
    name,
    X,
    y,
    sample_weight,
    tasks,
    *,
    task_column,
    n_folds,
    folds=None,
    memory_limit=None,
):
    """Return the statistics of collections, of the class `cls`; messages are about `name`."""
    if n_folds is not None:
        check_int(n_folds, "n_folds", low=2)
        if folds is not None:
            raise ValueError(f"Both n_folds={n_folds} and folds were given; use one of them.")
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    rows = aligned_rows(X, y, sample_weight, tasks, folds)
    _check_columns(X, task_column)
    knows_tasks = tasks is not None or task_column is not None
    if not knows_tasks and (is_frame(y) or is_array(y)) and y.ndim == 1:
        refuse_no_task_ids(name)
    starts = np.zeros(len(rows), dtype=int)
    if n_folds is not None:
        starts = first_rows(X)
    read = partial(
        _read_partition,
        cls=cls,
        name=name,
        task_column=task_column,
        n_folds=n_folds,
        memory_limit=memory_limit,
    )
    places = [(k, int(start)) for k, start in enumerate(starts)]
    spans = on_partitions(read, rows, own=places)
    total = tree_sum(spans, partial(_add, memory_limit=memory_limit))
    (total,) = compute(total)
    return total.statistics


def _check_columns(X, task_column):
    """Raise what the columns of a dataframe tell before its rows are read."""
    if not is_frame(X) or X.ndim == 1:
        return
    features = X._meta
    if task_column is not None:
        features, _ = split_task_column(features, task_column, read=False)
    refuse_dates(features)


def first_rows(X):
    """Return the position of the first row of each partition among all rows.

    Where Dask does not know the lengths of the partitions, their rows are counted.

    Returns
    -------
    ndarray of int of shape (n_partitions,)
    """
    lengths = known_lengths(X)
    if lengths is None:
        lengths = np.array([int(one) for one in compute(*delayed_lengths(X))])
    return np.cumsum(lengths) - lengths


class _Span(NamedTuple):
    """The statistics of neighboring partitions."""

    first: int
    last: int
    statistics: object

    def __str__(self):
        if self.first == self.last:
            return f"partition {self.first}"
        return f"partitions {self.first} to {self.last}"


def _read_partition(rows, place, *, cls, name, task_column, **options):
    """Return the :class:`_Span` of a partition, given its number and where its first row is."""
    number, first_row = place
    statistics = statistics_of_rows(
        cls,
        row_reader(name, task_column),
        rows.X,
        rows.y,
        rows.sample_weight,
        rows.tasks,
        folds=rows.folds,
        first_row=first_row,
        **options,
    )
    return _Span(number, number, statistics)


def _add(mine, its, memory_limit):
    """Return the statistics of two spans of partitions; errors name them."""
    try:
        statistics = mine.statistics + its.statistics
        check_size(statistics, memory_limit)
    except (TypeError, ValueError) as error:
        raise type(error)(f"One is {mine}, the other {its}. {error}") from error
    return _Span(mine.first, its.last, statistics)

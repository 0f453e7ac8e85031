"""Statistics of rows in memory, and of rows that come in batches."""

from itertools import count

import numpy as np

from skmtl._dask.partitions import is_collection
from skmtl._data.checks import check_int
from skmtl._data.in_memory import check_in_memory
from skmtl.statistics._columns import row_reader
from skmtl.statistics._fold_of import fold_of
from skmtl.statistics._memory import check_memory
from skmtl.statistics._reading import RowMoments, number_of_rows, read_rows


def statistics_of_rows(
    cls,
    reader,
    X,
    y,
    sample_weight=None,
    tasks=None,
    *,
    n_folds=None,
    folds=None,
    memory_limit=None,
    first_row=0,
    into=None,
):
    """Return the statistics of some rows.

    Parameters
    ----------
    cls : class
        :class:`TaskStatistics`.
    reader : estimator
        Has `task_column`; messages are about it.
    X, y, sample_weight, tasks, n_folds, folds, memory_limit
        As of :meth:`TaskStatistics.from_data`.
    first_row : int, default=0
        Position of the first row among all.
    into : TaskStatistics, default=None
        Statistics of the rows before these, which may change: the result is of both.

    Returns
    -------
    TaskStatistics
    """
    if is_collection(X):
        raise TypeError(
            "X is a Dask collection: TaskStatistics.from_dask and fit of linear models take these."
        )
    check_in_memory(X=X, y=y, sample_weight=sample_weight, tasks=tasks, folds=folds)
    before = None
    if into is not None:
        first_row = into.n_rows_
        before = RowMoments(into._columns, into.tasks_, into._parts, into.n_rows_)
    if n_folds is not None:
        check_int(n_folds, "n_folds", low=2)
        if folds is not None:
            raise ValueError(f"Both n_folds={n_folds} and folds were given; use one of them.")
        folds = fold_of(first_row + np.arange(number_of_rows(X)), n_folds)
    read = read_rows(
        reader,
        X,
        y,
        sample_weight,
        tasks,
        folds=folds,
        memory_limit=memory_limit,
        into=before,
    )
    if before is not None and read.parts is before.parts:
        into.n_rows_ = read.n_rows
        return into
    parts = read.parts
    if n_folds is not None:
        parts = {k: parts.get(k, read.no_moments) for k in range(n_folds)}
    statistics = cls(read.columns, read.tasks, parts, read.n_rows, n_folds)
    return statistics if into is None else into + statistics


def statistics_of_batches(cls, batches, task_column, *, n_folds, memory_limit):
    """Return the statistics of the rows of all batches.

    Parameters
    ----------
    cls : class
        :class:`TaskStatistics`.
    batches : iterable
        Of what :func:`split_batch` returns; raises where a batch is invalid.
    task_column, n_folds, memory_limit
        As of :meth:`TaskStatistics.from_batches`.

    Returns
    -------
    TaskStatistics
    """
    statistics = None
    for k in count():
        try:
            batch = next(batches, None)
            if batch is None:
                break
            *rows, folds = batch
            reader = row_reader(cls.__name__, task_column)
            statistics = statistics_of_rows(
                cls,
                reader,
                *rows,
                n_folds=n_folds,
                folds=folds,
                memory_limit=memory_limit,
                into=statistics,
            )
            del batch, rows, folds  # before the next batch is made
            check_size(statistics, memory_limit)
        except TypeError as error:
            raise TypeError(f"Batch {k}: {error}") from error
        except ValueError as error:
            raise ValueError(f"Batch {k}: {error}") from error
    if statistics is None:
        raise ValueError("There are no batches.")
    return statistics


def check_size(statistics, memory_limit):
    """Raise MemoryError if statistics have grown too large."""
    parts = statistics._parts.values()
    check_memory(
        statistics.nbytes,
        memory_limit,
        statistics._columns.n_features,
        statistics.n_tasks_,
        max((moments.n_blocks for moments in parts), default=1),
        max(len(parts), 1),
    )

"""Rows that come in batches: pairs of X and y, or frames and Arrow batches with the targets."""

import re
from collections.abc import Hashable, Iterable
from os import PathLike

import numpy as np

from skmtl._dask.partitions import is_collection
from skmtl._data.task_ids import column_names, some_of

_WRITTEN_INDEX = re.compile(r"__index_level_\d+__|Unnamed: \d+")  # by pandas, of no name


def check_batches(batches):
    """Raise TypeError unless batches can be an iterable of batches."""
    if is_collection(batches):
        raise TypeError("batches is a Dask collection: TaskStatistics.from_dask takes these.")
    kind = type(batches).__name__
    if column_names(batches) is not None or kind == "RecordBatch":
        raise TypeError(
            f"batches is a {kind}, but must be an iterable of such frames: give a list, [frame], "
            "or take TaskStatistics.from_data(X, y)."
        )
    if isinstance(batches, str | PathLike) or not hasattr(batches, "__iter__"):
        raise TypeError(
            "batches must be an iterable of tuples (X, y) or of frames, such as "
            "pandas.read_csv(path, chunksize=100_000) or "
            f"pyarrow.parquet.ParquetFile(path).iter_batches(); got {batches!r}."
        )


def refuse_written_index(names, task_column=None):
    """Raise ValueError if the name of a feature is what pandas calls an index in a file."""
    written = [name for name in names if _WRITTEN_INDEX.fullmatch(str(name))]
    written = [name for name in written if name != task_column]
    if written:
        raise ValueError(
            f"A batch has the column(s) {some_of(written)}, as pandas names an index that was "
            "written to the file with the rows: it would be a feature. Write the file with "
            "index=False, or read the other columns only (usecols= of pandas, columns= of "
            "pyarrow); rename a column that is a feature."
        )


def split_batch(batch, target, weight, fold_column, task_column=None):
    """Return X, y, weights, task ids and folds of a batch, the last three None if not there.

    Parameters
    ----------
    batch : tuple or frame
        (X, y), (X, y, sample_weight), (X, y, sample_weight, tasks) or (X, y, sample_weight, tasks,
        folds); or a frame of pandas or polars, a pyarrow Table or RecordBatch.
    target, weight, fold_column
        Names of the columns of a frame that are no features.
    task_column : str or int, default=None
        Column of X with the task ids.
    """
    if isinstance(batch, tuple):
        return _split_tuple(batch, target, weight, fold_column)
    if type(batch).__name__ == "LazyFrame":
        raise TypeError("A batch is a LazyFrame of polars: give its collect().")
    names = column_names(_as_table(batch))
    if names is None:
        raise TypeError(
            "A batch must be a tuple (X, y), (X, y, sample_weight) or (X, y, sample_weight, "
            f"tasks), or a frame; got {type(batch).__name__}."
        )
    if target is None:
        raise ValueError("Batches are frames: set target to the name of the column of y.")
    frame = _as_table(batch)
    is_one = _is_one_column(target, names)
    targets = [target] if is_one else list(target)
    others = [name for name in (weight, fold_column) if name is not None]
    missing = [name for name in (*targets, *others) if name not in names]
    if missing:
        raise ValueError(
            f"A batch has no column(s) {some_of(missing)}; its columns are {some_of(names, 8)}."
        )
    features = [name for name in names if name not in (*targets, *others)]
    refuse_written_index(features, task_column)
    X = _select(frame, features)
    y = _named_column(frame, target) if is_one else _select(frame, targets)
    sample_weight = None if weight is None else _column(frame, weight)
    folds = None if fold_column is None else _column(frame, fold_column)
    return X, y, sample_weight, None, folds


def _is_one_column(target, names):
    """Whether a target is the name of a column, which may be a number or a tuple, not a list."""
    if isinstance(target, str) or not isinstance(target, Iterable):
        return True
    return isinstance(target, Hashable) and target in names


def _split_tuple(batch, target, weight, fold_column):
    if not 2 <= len(batch) <= 5:
        raise ValueError(
            "A batch must be (X, y), (X, y, sample_weight), (X, y, sample_weight, tasks) or (X, y, "
            f"sample_weight, tasks, folds); got a tuple of {len(batch)}."
        )
    for name, value in {"target": target, "weight": weight}.items():
        if value is not None:
            raise ValueError(f"{name}={value!r} is for batches that are frames, not tuples.")
    X, y, *others = batch
    sample_weight, tasks, folds = (*others, None, None, None)[:3]
    if fold_column is not None:
        if folds is not None:
            raise ValueError(f"A batch has both folds and fold_column={fold_column!r}.")
        names = column_names(X)
        if names is None or fold_column not in names:
            raise ValueError(f"fold_column={fold_column!r} is not a column of X.")
        folds = _column(X, fold_column)
        X = _select(X, [name for name in names if name != fold_column])
    return X, y, sample_weight, tasks, folds


def _as_table(batch):
    """Return a pyarrow RecordBatch as a Table, anything else as it is."""
    if type(batch).__name__ != "RecordBatch":
        return batch
    import pyarrow  # which the user has

    return pyarrow.Table.from_batches([batch])


def _select(frame, names):
    """Return some columns of a frame of any library."""
    if hasattr(frame, "column_names"):  # pyarrow
        return frame.select(names)
    return frame[names]


def _named_column(frame, name):
    """Return a column of a frame as a Series, whose name messages have; of pyarrow as an array."""
    is_arrow = hasattr(frame, "column_names")
    return _column(frame, name) if is_arrow else frame[name]


def _column(frame, name):
    """Return a column of a frame of any library as an array."""
    if hasattr(frame, "column_names"):  # pyarrow
        return frame.column(name).to_numpy()
    column = frame[name]
    return column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)

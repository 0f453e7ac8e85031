"""Batches of rows, which are read twice: for their moments, and for the losses of models."""

import numpy as np
from sklearn.base import BaseEstimator

from skmtl._data.reading import read_prediction_data
from skmtl._data.task_ids import column_names, some_of
from skmtl.evaluation._streamed.stratified_parts import StratifiedParts
from skmtl.meta.pipelines import read_task_ids
from skmtl.statistics import TaskStatistics, refuse_written_index


class Batches:
    """The batches of the user as pairs of X and y.

    Parameters
    ----------
    read_batches : callable
        It returns a new iterable of batches: frames of pandas, or pairs (X, y).
    target : str or None
        The column of y in frames.
    task_column : str or int
        The column of the task ids.
    """

    def __init__(self, read_batches, target, task_column):
        if not callable(read_batches):
            raise TypeError(
                "The rows are read twice, so read_batches must be a function without arguments "
                "that returns a new iterable of batches, such as lambda: "
                f"pandas.read_csv(path, chunksize=100_000); got {read_batches!r}."
            )
        self.read_batches = read_batches
        self.target = target
        self.task_column = task_column

    def __iter__(self):
        batches = self.read_batches()
        if column_names(batches) is not None:
            raise TypeError(
                f"read_batches() returns a {type(batches).__name__}, expected an iterable of "
                "batches: return a list of frames, or compare rows that fit in memory with "
                "compare_to_single_task."
            )
        for batch in batches:
            X, y = self._pair(batch)
            if len(y):
                yield X, y

    def first(self):
        """Return X of the first batch."""
        for X, _ in self:
            return X
        raise ValueError("read_batches() has no rows.")

    def in_parts(self, task_column, n_parts):
        """Yield X, y and the parts of the rows, which are the same at every reading."""
        stratified = StratifiedParts(n_parts)
        for X, y in self:
            _, tasks, codes = read_task_ids(X, y, task_column, None)
            yield X, y, stratified.of(tasks, codes)

    def statistics(self, task_column, n_parts, memory_limit):
        """Return the :class:`TaskStatistics` of all rows in parts."""
        in_parts = self.in_parts(task_column, n_parts)
        return TaskStatistics.from_batches(
            ((X, y, None, None, parts) for X, y, parts in in_parts),
            task_column=task_column,
            memory_limit=memory_limit,
        )

    def _pair(self, batch):
        """X and y of a batch."""
        if isinstance(batch, tuple):
            if len(batch) != 2:
                raise ValueError(
                    f"A batch must be a frame or a pair (X, y), got a tuple of {len(batch)}."
                )
            X, y = batch
            return X, np.asarray(y)
        names = column_names(batch)
        if names is None or not hasattr(batch, "loc"):
            raise TypeError(
                f"A batch must be a frame of pandas or a pair (X, y), got {type(batch).__name__}."
            )
        if self.target is None:
            raise ValueError("Batches are frames: set target to the name of the column of y.")
        if self.target not in names:
            raise ValueError(
                f"A batch has no column {self.target!r}; its columns are {some_of(names, 8)}."
            )
        refuse_written_index([name for name in names if name != self.target], self.task_column)
        return batch.drop(columns=self.target), batch[self.target].to_numpy()


class BatchReader(BaseEstimator):
    """Reads the features and tasks of batches whose statistics are known.

    Parameters
    ----------
    task_column : str or int
        The column of the task ids.
    """

    _layout = "column"
    handle_unknown = "error"

    def __init__(self, task_column=None):
        self.task_column = task_column

    @classmethod
    def of(cls, statistics, task_column):
        """The reader of rows as those of the statistics."""
        reader = cls(task_column)
        reader.tasks_ = statistics.tasks_
        reader.n_features_in_ = statistics.n_features_in_
        names = getattr(statistics, "feature_names_in_", None)
        if names is not None:
            reader.feature_names_in_ = names
        return reader

    def read(self, X):
        """Features (n_rows, n_features) as a dense array, and task codes (n_rows,)."""
        X, codes = read_prediction_data(self, X)
        if hasattr(X, "toarray"):
            X = X.toarray()
        return X, codes

"""Are the rows of the second reading those of the first? Their means by task and part tell."""

import numpy as np

from skmtl.evaluation._streamed.repeated_folds import counts_of_parts

_EPS = np.finfo(float).eps
_ROUNDED = 1e3 * _EPS  # of a mean, relative to its size
_OF_DEVIATIONS = 1e-8  # the same, relative to the standard deviation of the rows


class SecondReading:
    """Sums of deviations of rows from the means at the first reading, which must vanish.

    A part has the same rows at both readings, in any order, if readings agree. If rows are in
    another part, as where a database has no order of its own, models are tested on rows that they
    have seen.

    Parameters
    ----------
    statistics : TaskStatistics
        Those of the first reading, in parts 0, 1, ...
    n_parts : int
        Number of parts.
    """

    def __init__(self, statistics, n_parts):
        self.statistics = statistics
        self.first_counts = counts_of_parts(statistics, n_parts)
        self.counts = np.zeros_like(self.first_counts)
        shape = (*self.counts.shape, statistics._columns.n_features + 1)
        self.mean = np.zeros(shape)  # of the features and the target
        self.variance = np.zeros(shape)
        self.deviation = np.zeros(shape)
        for part, moments in statistics._parts.items():
            blocks = moments.block_of_task
            squares = np.column_stack([_diagonals(moments.xx)[blocks], moments.yy])
            self.mean[part] = np.column_stack([moments.mean_x[blocks], moments.mean_y])
            self.variance[part] = squares / np.maximum(moments.task_total, 1)[:, None]

    def add(self, X, y, parts, tasks, sizes):
        """Add rows in segments of a part and a task, with these sizes."""
        cells = parts, tasks
        starts = np.cumsum(sizes) - sizes
        mean = np.repeat(self.mean[cells], sizes, axis=0)
        deviations = np.column_stack([X, y]) - mean
        self.counts[cells] += sizes
        self.deviation[cells] += np.add.reduceat(deviations, starts)

    def check(self):
        """Raise ValueError unless the rows are those of the first reading."""
        expected = (
            "read_batches() must return the same rows in the same order every time, which a "
            "database does only if it is told to (ORDER BY)."
        )
        if not np.array_equal(self.counts, self.first_counts):
            raise ValueError(
                f"read_batches() had {self.first_counts.sum()} rows with a target when it was "
                f"first called, and {self.counts.sum()} or others when it was called again. "
                f"{expected}"
            )
        change = self.deviation / np.maximum(self.counts, 1)[:, :, None]
        tolerance = _ROUNDED * np.abs(self.mean) + _OF_DEVIATIONS * np.sqrt(self.variance)
        is_same = np.abs(change) <= tolerance  # not so for NaN
        if is_same.all():
            return
        part, task, column = np.argwhere(~is_same)[0]
        mean = self.mean[part, task, column]
        raise ValueError(
            "read_batches() had other rows when it was called again: the mean of "
            f"{self._name(column)} of task {self.statistics.tasks_[task]!s} in a fold changed from "
            f"{mean:.6g} to {mean + change[part, task, column]:.6g}. {expected}"
        )

    def _name(self, column):
        """How messages call a column: a feature, or the target, which is the last."""
        columns = self.statistics._columns
        if column == columns.n_features:
            return "the target"
        names = columns.feature_names
        return f"feature {column if names is None else repr(str(names[column]))}"


def _diagonals(matrices):
    """The diagonal of each matrix, (n_matrices, n_features)."""
    return np.einsum("kjj->kj", matrices)

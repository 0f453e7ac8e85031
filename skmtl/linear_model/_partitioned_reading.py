"""What is read of the partitions of collections: each by itself, and a summary of all."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier

from skmtl._data.designs import take_samples
from skmtl._data.magnitudes import check_features
from skmtl._data.reading import names_of_features, read_features
from skmtl._data.spellings import (
    plain_labels,
    union_of_labels,
)
from skmtl._data.targets import (
    are_weightless,
    read_unsorted_targets,
    read_wide_targets,
    sort_by_task,
    tasks_of_wide_targets,
)
from skmtl._data.task_ids import codes_of, some_of
from skmtl.datafits import check_labels
from skmtl.statistics import joint_tasks

_NO_LABELS = np.array([], dtype=np.int64)
_FLOATS = 2**18  # of features that are read at a time


class Targets(NamedTuple):
    """The targets that a partition has of a task, and the rows of X that they are of.

    Attributes
    ----------
    rows : slice or ndarray of int
        Where the samples are.
    y : ndarray of shape (n_rows,)
        Numbers, or the positions of class labels in `labels`.
    weight : ndarray of shape (n_rows,)
        Sample weights, all of them positive.
    labels : ndarray or None, default=None
        The different class labels.
    """

    rows: slice | np.ndarray
    y: np.ndarray
    weight: np.ndarray
    labels: np.ndarray | None = None

    def coded(self):
        """The same with positions in the place of class labels, which are checked."""
        labels, codes = np.unique(plain_labels(self.y), return_inverse=True)
        if len(labels):
            check_labels([np.repeat(labels, 3)])  # once each would look like numbers
        return self._replace(y=codes.ravel(), labels=labels)


class Partition(NamedTuple):
    """The validated samples of a partition.

    Attributes
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features) or None
        Features, sorted by task if the data are long; None if there are no samples.
    tasks : ndarray of shape (n_tasks,)
        Task ids of the partition.
    targets : list of n_tasks Targets
        Those of every task.
    columns : tuple
        Number of columns of X, their names (a tuple or None), and that of features.
    feature_names : ndarray or None
        Names of the features.
    """

    X: object
    tasks: np.ndarray
    targets: list
    columns: tuple
    feature_names: np.ndarray | None


def read_partition(rows, estimator, loss):
    """Validate the rows of a partition as `fit` does all rows.

    Parameters
    ----------
    rows : Rows
        The user's X, y, weights and task ids.
    estimator : estimator
        Has `task_column`; it is not changed.
    loss : Loss
        Its targets are checked.

    Returns
    -------
    Partition
    """
    reader = clone(estimator)
    wide = rows.tasks is None and reader.task_column is None
    n_rows = rows.X.shape[0] if hasattr(rows.X, "shape") else len(rows.X)
    if n_rows == 0 or are_weightless(rows.sample_weight):
        return _no_rows(rows, reader, wide)
    X, task_ids = read_features(reader, rows.X, rows.tasks, reset=True)
    check_features(reader, X)
    dtype = None if is_classifier(reader) else np.float64
    read = _wide_targets if wide else _long_targets
    X, tasks, targets = read(reader, X, task_ids, rows, dtype)
    if dtype is None:
        targets = [own.coded() for own in targets]
    else:
        for own in targets:
            loss.check_targets(own.y)
    names = getattr(reader, "feature_names_in_", None)
    columns = reader.n_features_in_, None if names is None else tuple(names), X.shape[1]
    return Partition(X, tasks, targets, columns, names_of_features(reader))


def _no_rows(rows, reader, wide):
    """The partition without samples: no columns are known, but for the tasks of wide data."""
    tasks = np.array([])
    targets = []
    if wide:
        tasks = tasks_of_wide_targets(reader, rows.y)
        nothing = np.array([], dtype=np.intp)
        targets = [Targets(nothing, nothing, np.array([]), _NO_LABELS)] * len(tasks)
    return Partition(None, tasks, targets, (), None)


def _wide_targets(reader, X, task_ids, rows, dtype):
    """X, tasks and targets of a two-dimensional y."""
    n_rows = X.shape[0]
    Y, weight, tasks = read_wide_targets(
        reader, n_rows, rows.y, rows.sample_weight, dtype, empty=True
    )
    if hasattr(X, "tocsr"):
        X = X.tocsr()
    weight = np.broadcast_to(weight, Y.shape)
    targets = []
    for t in range(len(tasks)):
        known = np.flatnonzero(weight[:, t] > 0)
        own = slice(0, n_rows) if len(known) == n_rows else known
        targets.append(Targets(own, Y[known, t], weight[known, t]))
    return X, tasks, targets


def _long_targets(reader, X, task_ids, rows, dtype):
    """X, sorted, tasks and targets of a y with a task id for each sample."""
    n_rows = X.shape[0]
    unsorted = read_unsorted_targets(reader, n_rows, rows.y, rows.sample_weight, task_ids, dtype)
    samples = sort_by_task(unsorted)
    if not np.array_equal(samples.indices, np.arange(n_rows)):
        X = take_samples(X, samples.indices)
    targets = []
    for start, stop in zip(samples.ptr[:-1], samples.ptr[1:], strict=True):
        own = slice(int(start), int(stop))
        targets.append(Targets(own, samples.y[own], samples.weight[own]))
    return X, samples.tasks, targets


@dataclass(frozen=True)
class Summary:
    """What all partitions hold, task by task; summaries of partitions add up.

    Attributes
    ----------
    wide : bool
        Whether y is two-dimensional, so that all partitions have the same tasks.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    columns : tuple
        :attr:`Partition.columns`, empty if there are no samples.
    feature_names : ndarray or None
        Names of the features.
    counts, weight : ndarray of shape (n_tasks,)
        Numbers of samples, and their weights.
    x : ndarray of shape (n_tasks, n_features)
        Weighted sums of the features.
    mean, squares : ndarray of shape (n_tasks,)
        Weighted means of targets that are numbers, and sums of squares about them.
    labels : ndarray of shape (n_labels,)
        Class labels of all tasks.
    label_weight : ndarray of shape (n_tasks, n_labels)
        Their weights.
    """

    wide: bool
    tasks: np.ndarray
    columns: tuple
    feature_names: np.ndarray | None
    counts: np.ndarray
    weight: np.ndarray
    x: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    labels: np.ndarray
    label_weight: np.ndarray

    def __add__(self, other):
        if not other.columns:
            return self
        if not self.columns:
            return other
        _check_same_columns(self.columns, other.columns)
        tasks = joint_tasks(self.tasks, other.tasks, same=self.wide)
        labels = _joint_labels([self.labels, other.labels])
        mine = self._among(tasks, labels)
        its = other._among(tasks, labels)
        weight = mine.weight + its.weight
        share = np.divide(its.weight, weight, out=np.zeros(len(tasks)), where=weight > 0)
        difference = its.mean - mine.mean
        return replace(
            mine,
            counts=mine.counts + its.counts,
            weight=weight,
            x=mine.x + its.x,
            mean=mine.mean + share * difference,
            squares=mine.squares + its.squares + mine.weight * share * difference**2,
            label_weight=mine.label_weight + its.label_weight,
        )

    def _among(self, tasks, labels):
        """The summary with these tasks and labels, some of which are its own."""
        places = codes_of(self.tasks, tasks)
        of_labels = codes_of(self.labels, labels)
        n_tasks = len(tasks)
        sums = {}
        for name in ("counts", "weight", "x", "mean", "squares"):
            values = getattr(self, name)
            sums[name] = np.zeros((n_tasks, *values.shape[1:]), dtype=values.dtype)
            sums[name][places] = values
        label_weight = np.zeros((n_tasks, len(labels)))
        label_weight[np.ix_(places, of_labels)] = self.label_weight
        return replace(self, tasks=tasks, labels=labels, label_weight=label_weight, **sums)


def summarize(partition, wide, of_classes):
    """Return the :class:`Summary` of a :class:`Partition`, a tuple of one."""
    n_tasks = len(partition.tasks)
    n_features = partition.columns[2] if partition.columns else 0
    counts = np.zeros(n_tasks, dtype=np.int64)
    weight = np.zeros(n_tasks)
    x = np.zeros((n_tasks, n_features))
    mean = np.zeros(n_tasks)
    squares = np.zeros(n_tasks)
    labels = _NO_LABELS
    if of_classes:
        labels = _joint_labels([own.labels for own in partition.targets])
    label_weight = np.zeros((n_tasks, len(labels)))
    for t, own in enumerate(partition.targets):
        if len(own.y) == 0:
            continue
        counts[t] = len(own.y)
        weight[t] = own.weight.sum()
        x[t] = _weighted_sum(partition.X, own)
        if of_classes:
            places = codes_of(own.labels, labels)
            label_weight[t, places] = np.bincount(own.y, own.weight)
        else:
            mean[t] = own.weight @ own.y / weight[t]
            squares[t] = own.weight @ (own.y - mean[t]) ** 2
    summary = Summary(
        wide,
        partition.tasks,
        partition.columns,
        partition.feature_names,
        counts,
        weight,
        x,
        mean,
        squares,
        labels,
        label_weight,
    )
    return (summary,)


def _joint_labels(arrays):
    """The distinct class labels of several arrays, of which some may be empty."""
    known = [array for array in arrays if len(array)]
    if not known:
        return _NO_LABELS
    if all(np.array_equal(array, known[0]) for array in known):
        return known[0]
    return union_of_labels(known)


def _weighted_sum(X, targets):
    """The weighted sum of the features of some samples, (n_features,), piece by piece."""
    size = max(256, _FLOATS // X.shape[1])
    total = np.zeros(X.shape[1])
    for start in range(0, len(targets.weight), size):
        stop = min(start + size, len(targets.weight))
        if isinstance(targets.rows, slice):
            rows = slice(targets.rows.start + start, targets.rows.start + stop)
        else:
            rows = targets.rows[start:stop]
        total += targets.weight[start:stop] @ X[rows]
    return total


def _check_same_columns(one, other):
    """Raise ValueError if two partitions have different columns."""
    if one == other:
        return
    raise ValueError(
        f"Partitions of X have different columns: {_describe(one)} in one, {_describe(other)} in "
        "another. Give all of them the same columns in the same order."
    )


def _describe(columns):
    n_columns, names, _ = columns
    return f"{n_columns} columns" if names is None else some_of(names)

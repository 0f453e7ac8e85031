"""The samples of one partition, task by task, as rounds over partitions read them.

A part knows its samples and their weights and nothing of the model. What a round needs beside them,
the losses and origins of the columns, comes with the round (:class:`ColumnSetup`), so that a part
that is lost can be made again from its rows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

_FLOATS = 2**18  # of features that are read at a time


class TaskRows(NamedTuple):
    """The samples of positive weight that a partition has of a task.

    Attributes
    ----------
    task : int
        Its code.
    rows : slice or ndarray of int
        Where they are in X.
    y : ndarray of shape (n_rows, n_columns)
        Targets of the columns of the task.
    weight : ndarray of shape (n_rows,)
        Weights with all factors.
    """

    task: int
    rows: slice | np.ndarray
    y: np.ndarray
    weight: np.ndarray


class PartitionRows(NamedTuple):
    """The samples of one partition.

    Attributes
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features) or None
        Features as they are; None if there are no samples.
    tasks : list of TaskRows
        Those of the tasks that the partition has.
    """

    X: object
    tasks: list


class Chunk(NamedTuple):
    """Some samples of a task.

    Attributes
    ----------
    task : int
        Its code.
    columns : slice
        Which columns of W are those of the task.
    loss : Loss
        The loss of all its columns together.
    X : ndarray of shape (n_rows, n_features)
        Centered features.
    y : ndarray of shape (n_rows, n_own_columns)
        Targets.
    weight : ndarray of shape (n_rows,)
        Weights.
    """

    task: int
    columns: slice
    loss: object
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray

    @property
    def n_columns(self):
        """Number of columns of the task."""
        return self.y.shape[1]

    def predictions(self, model):
        """Linear predictions of W and b, (n_rows, n_own_columns)."""
        W, b = model
        return self.X @ W[:, self.columns] + b[self.columns]

    def losses(self, z):
        """The sum of the weighted losses at linear predictions."""
        return self.weight @ self.loss.value(self.y, z).sum(axis=1)


@dataclass(frozen=True)
class ColumnSetup:
    """What a round over partitions has to know of the columns of W.

    Attributes
    ----------
    losses : list of Loss
        The loss of each task, of all its columns together.
    sizes : ndarray of int of shape (n_tasks,)
        Number of columns of each task.
    origin : ndarray of shape (n_tasks, n_features)
        What is taken off the features of each task, lest digits cancel; zeros without intercepts.
    free : ndarray of int
        Features whose dual constraints are equations, since nothing penalizes them.
    mean_loss : float
        Mean loss of the null model.
    unit : float
        By how much a linear prediction moves for the loss to change by about as much as it is.
    width : float
        How far to both sides second derivatives are averaged, of losses that know a bound of them
        only; 0 for the bound.
    stacked : bool
        Whether curvatures are those of all columns of a task together.
    fix_shift : bool
        Whether what all classes have in common gets a curvature of its own.
    """

    losses: list
    sizes: np.ndarray
    origin: np.ndarray
    free: np.ndarray
    mean_loss: float = 1.0
    unit: float = 1.0
    width: float = 0.0
    stacked: bool = False
    fix_shift: bool = False

    @property
    def n_tasks(self):
        return len(self.sizes)

    @property
    def n_features(self):
        return self.origin.shape[1]

    @property
    def n_columns(self):
        """Number of columns of all tasks."""
        return int(self.sizes.sum())

    @property
    def most(self):
        """The most columns of a task."""
        return int(self.sizes.max())

    @property
    def shape_of_rooms(self):
        """(n_tasks, most, n_features + 1, most, 1 + n_free)."""
        return self.n_tasks, self.most, self.n_features + 1, self.most, 1 + len(self.free)

    def columns(self, task):
        """Which columns of W are those of a task."""
        last = int(self.sizes[: task + 1].sum())
        return slice(last - int(self.sizes[task]), last)

    @property
    def column_origin(self):
        """The origins of all columns, (n_features, n_columns)."""
        return np.repeat(self.origin, self.sizes, axis=0).T


def chunks(part, setup):
    """Yield the samples of a part in pieces (:class:`Chunk`) whose features are centered."""
    size = max(256, _FLOATS // setup.n_features)
    for own in part.tasks:
        task = own.task
        columns = setup.columns(task)
        loss = setup.losses[task]
        origin = setup.origin[task]
        n_rows = len(own.weight)
        for start in range(0, n_rows, size):
            stop = min(start + size, n_rows)
            X = _features(part.X, own.rows, start, stop) - origin
            piece = slice(start, stop)
            yield Chunk(task, columns, loss, X, own.y[piece], own.weight[piece])


def _features(X, rows, start, stop):
    """Some of the rows of X, dense."""
    if isinstance(rows, slice):
        piece = X[rows.start + start : rows.start + stop]
    else:
        piece = X[rows[start:stop]]
    if sparse.issparse(piece):
        piece = piece.toarray()
    return piece

"""What a likelihood is made of, before weights are scaled: targets and losses of columns of W.

A task of a regression is one column, and so is one with two classes; a task with more has a column
for each class.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_data import TaskData
from skmtl.datafits._likelihood import Likelihood
from skmtl.losses import Loss


@dataclass(frozen=True)
class ColumnProblem:
    """A problem as columns.

    Attributes
    ----------
    data : TaskData
        Weights and tasks.
    design : SharedDesign or StackedDesign
        Of the columns.
    y : ndarray
        Targets of the columns, anything finite where there is none.
    loss : Loss
    sizes : ndarray of shape (n_tasks,)
        Columns of every task.
    """

    data: TaskData
    design: SharedDesign | StackedDesign
    y: np.ndarray
    loss: Loss
    sizes: np.ndarray

    @property
    def n_columns(self):
        """Columns of every task where they are the same number, else 0."""
        return int(self.sizes[0]) if (self.sizes == self.sizes[0]).all() else 0

    def likelihood(self, weight=None, *, task_weight=None, fit_intercept=True):
        """The loss with these sample weights of `data`, scaled as in every objective."""
        weight = self.data.weight if weight is None else weight
        scale = self.data.weight_scale(task_weight, self.data.design.task_sum(weight))
        y, weight = self.targets(weight), self.of_columns(weight)
        weight = weight * self.design.spread(np.repeat(scale, self.sizes))
        return Likelihood(self.design, y, weight, self.loss, fit_intercept=fit_intercept)

    def targets(self, weight):
        """y, so that with these weights every intercept is finite."""
        return self.y

    def losses(self, weight, W, b):
        """Weighted losses of every task at W with intercepts b, (n_tasks,)."""
        z = self.design.forward(W) + self.design.spread(b)
        by_column = self.design.task_sum(self.of_columns(weight) * self.loss.value(self.y, z))
        return np.add.reduceat(by_column, np.cumsum(self.sizes) - self.sizes)

    def folds(self, splits, **options):
        """Its :class:`ColumnFolds`."""
        return ColumnFolds(self, splits, **options)

    def of_columns(self, weight):
        """Weights of the rows of tasks, repeated for the columns of each."""
        if self.data.layout == "wide":
            if weight.shape[1] == 1:
                return np.broadcast_to(weight, self.y.shape)
            return np.repeat(weight, self.sizes, axis=1)
        if self.sizes[0] == 1:
            return weight
        parts = np.split(weight, self.data.design.ptr[1:-1])
        return np.concatenate([part for part in parts for _ in range(self.sizes[0])])


@dataclass(frozen=True)
class CountProblem(ColumnProblem):
    """Counts: a task that has only zeros gets one pseudo-count of the mean of all tasks."""

    @property
    def smoothed(self):
        """Labels of the tasks that have only zeros."""
        sums, totals = self._sums(self.data.weight)
        return self.data.tasks[(sums == 0) & (totals > 0)]

    def _sums(self, weight):
        weight = self.of_columns(weight)
        return [self.design.task_sum(weight * a) for a in (self.y, np.ones_like(self.y))]

    def targets(self, weight):
        sums, totals = self._sums(weight)
        empty = (sums == 0) & (totals > 0)
        if not empty.any():
            return self.y
        mean = sums.sum() / totals.sum()
        return self.y + self.design.spread(np.where(empty, mean / (totals + 1.0), 0.0))


class ColumnFolds:
    """Folds of a problem of columns: weights of zero hold rows out.

    Parameters
    ----------
    problem : ColumnProblem
    splits : list of pairs of ndarrays of shape (n_samples,)
        How often each of the user's rows is trained on and tested on.
    task_weight : as in the estimators
    fit_intercept : bool
    """

    def __init__(self, problem, splits, **options):
        self.problem, self.splits, self.options = problem, splits, options

    def whole(self):
        """The loss of all rows."""
        return self.problem.likelihood(**self.options)

    def fold(self, k):
        """The :class:`Fold` of split k."""
        data, problem = self.problem.data, self.problem
        weight, held_out = (data.counted_weight(side) for side in self.splits[k])
        task_sum = data.design.task_sum

        def errors(W, intercepts):
            return np.array(
                [problem.losses(held_out, w, b) for w, b in zip(W, intercepts, strict=True)]
            )

        datafit = problem.likelihood(weight, **self.options)
        trained = task_sum(weight) > 0
        return Fold(datafit, trained, errors, task_sum(held_out), problem.sizes)


class Fold(NamedTuple):
    """One fold of cross-validation.

    `trained` tells which tasks have training rows; ``errors(W, intercepts)`` gives the sums of
    losses (n_models, n_tasks) of models (n_models, n_features, n_columns) on the held-out rows, and
    `total` the weight of those of each task, of `sizes` columns.
    """

    datafit: object
    trained: np.ndarray
    errors: object
    total: np.ndarray
    sizes: np.ndarray

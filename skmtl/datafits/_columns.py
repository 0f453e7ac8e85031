"""What a likelihood is made of, before weights are scaled: targets and losses of columns of W.

A task of a regression is one column, and so is one with two classes; a task with more classes has a
column for each.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_data import TaskData
from skmtl._data.task_ids import some_of
from skmtl._warn import warn
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
        The loss of a target, or of the columns of a target.
    sizes : ndarray of shape (n_tasks,)
        Number of columns of every task.
    """

    data: TaskData
    design: SharedDesign | StackedDesign
    y: np.ndarray
    loss: Loss
    sizes: np.ndarray

    @classmethod
    def of_numbers(cls, data, loss):
        """The problem whose tasks have a column each."""
        ones = np.ones(data.n_tasks, dtype=np.intp)
        return cls(data, data.design, data.y, loss, ones)

    @property
    def n_columns(self):
        """Number of columns of every task if it is the same for all, else 0."""
        return int(self.sizes[0]) if (self.sizes == self.sizes[0]).all() else 0

    def likelihood(self, weight=None, *, task_weight=None, fit_intercept=True):
        """The likelihood with these sample weights of `data`, scaled as in every objective."""
        if weight is None:
            weight = self.data.weight
        scale = self.data.weight_scale(task_weight, self.data.design.task_sum(weight))
        y = self.targets(weight)
        weight = self.of_columns(weight) * self.design.spread(np.repeat(scale, self.sizes))
        return Likelihood(self.design, y, weight, self.loss, fit_intercept=fit_intercept)

    def targets(self, weight):
        """y, blended in degenerate tasks with a pseudo-observation: the mean target of all tasks.

        It has weight 1, so that every intercept is finite with these sample weights.
        """
        degenerate = self.degenerate(weight)
        if not degenerate.any():
            return self.y
        totals = self.data.design.task_sum(weight)
        share = np.zeros(len(self.sizes))
        share[degenerate] = 1.0 / (totals[degenerate] + 1.0)
        share = self.design.spread(np.repeat(share, self.sizes))
        mean = self.design.spread(self.mean_targets(weight, degenerate))
        return (1 - share) * self.y + share * mean

    def degenerate(self, weight):
        """Which tasks get a pseudo-observation, (n_tasks,) of bool."""
        sums, totals = self._sums(weight)
        return self.loss.degenerate(sums, totals)

    def mean_targets(self, weight, degenerate):
        """Mean target of all tasks for every column of the degenerate ones, (n_columns,)."""
        sums, totals = self._sums(weight)
        return np.full(len(sums), sums.sum() / totals.sum())

    def _sums(self, weight):
        """Weighted sum of the targets, and total weight, of every column."""
        weight = self.of_columns(weight)
        sums = self.design.task_sum(weight * self.y)
        totals = self.design.task_sum(weight * np.ones_like(self.y))
        return sums, totals

    @property
    def degenerate_tasks(self):
        """Ids of the tasks that get a pseudo-observation."""
        return self.data.tasks[self.degenerate(self.data.weight)]

    def losses(self, weight, W, b):
        """Weighted losses of every task at W with intercepts b, (n_tasks,)."""
        z = self.design.forward(W) + self.design.spread(b)
        weighted = self.of_columns(weight) * self.loss.value(self.y, z)
        first_columns = np.cumsum(self.sizes) - self.sizes
        return np.add.reduceat(self.design.task_sum(weighted), first_columns)

    @property
    def total(self):
        """Weight of the samples of each task, (n_tasks,)."""
        return self.data.design.task_sum(self.data.weight)

    def losses_at(self, W, b):
        """Weighted losses of every task at W with intercepts b, (n_tasks,)."""
        return self.losses(self.data.weight, W, b)

    def null_losses(self):
        """Those of the best intercepts alone."""
        likelihood = self.likelihood()
        W = likelihood.null().W
        return self.losses_at(W, likelihood.intercepts(W))

    def folds(self, splits, **options):
        """The problem's :class:`ColumnFolds`."""
        return ColumnFolds(self, splits, **options)

    def of_columns(self, weight):
        """Weights of the samples of tasks, repeated for the columns of each."""
        if self.data.layout == "wide":
            if weight.shape[1] == 1:
                return np.broadcast_to(weight, self.y.shape)
            return np.repeat(weight, self.sizes, axis=1)
        n_columns = self.sizes[0]
        if n_columns == 1:
            return weight
        by_task = np.split(weight, self.data.design.ptr[1:-1])
        repeated = [own for own in by_task for _ in range(n_columns)]
        return np.concatenate(repeated)


def warn_of_pseudo_observations(tasks, loss):
    """Warn that these tasks, if there are any, have degenerate targets."""
    if len(tasks):
        warn(
            f"Task(s) {some_of(tasks)} have {loss.degenerate_targets}, so that an intercept would "
            "be infinite: they got one pseudo-observation, the mean target of all tasks.",
            UserWarning,
        )


class ColumnFolds:
    """Folds of a problem of columns: samples are held out by weights of zero.

    Parameters
    ----------
    problem : ColumnProblem
        All samples.
    splits : list of pairs of ndarrays of shape (n_samples,)
        How often each of the user's samples is trained on and tested on.
    task_weight : None, str, dict or array
        As in the estimators.
    fit_intercept : bool
        Whether there are intercepts.
    """

    def __init__(self, problem, splits, **options):
        self.problem = problem
        self.splits = splits
        self.options = options

    def whole(self):
        """The likelihood of all samples."""
        return self.problem.likelihood(**self.options)

    def fold(self, k):
        """The :class:`Fold` of split k."""
        problem = self.problem
        train, test = self.splits[k]
        weight = problem.data.counted_weight(train)
        held_out = problem.data.counted_weight(test)
        task_sum = problem.data.design.task_sum

        def errors(W, intercepts):
            models = zip(W, intercepts, strict=True)
            return np.array([problem.losses(held_out, w, b) for w, b in models])

        return Fold(
            datafit=problem.likelihood(weight, **self.options),
            trained=task_sum(weight) > 0,
            errors=errors,
            total=task_sum(held_out),
            sizes=problem.sizes,
        )


class Fold(NamedTuple):
    """One fold of cross-validation.

    Attributes
    ----------
    datafit : SquaredDatafit or Likelihood
        The loss of the training samples.
    trained : ndarray of bool of shape (n_tasks,)
        Which tasks have training samples.
    errors : callable
        ``errors(W, intercepts)`` gives the sums of losses (n_models, n_tasks) on the held-out
        samples, of models W (n_models, n_features, n_columns).
    total : ndarray of shape (n_tasks,)
        Weight of the held-out samples of each task.
    sizes : ndarray of shape (n_tasks,)
        Number of columns of each task.
    """

    datafit: object
    trained: np.ndarray
    errors: object
    total: np.ndarray
    sizes: np.ndarray

"""What a likelihood is made of, before weights are scaled: targets and losses of columns of W.

A task of a regression is one column, and so is one with two classes; a task with more has a column
for each class.
"""

from dataclasses import dataclass

import numpy as np

from skmtl.designs import SharedDesign, StackedDesign
from skmtl.likelihood import Likelihood
from skmtl.losses import Loss
from skmtl.tasks import TaskData


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
        weight = self.of_columns(weight) * self.design.spread(np.repeat(scale, self.sizes))
        return Likelihood(self.design, self.y, weight, self.loss, fit_intercept=fit_intercept)

    def losses(self, weight, W, b):
        """Weighted losses of every task at W with intercepts b, (n_tasks,)."""
        z = self.design.forward(W) + self.design.spread(b)
        by_column = self.design.task_sum(self.of_columns(weight) * self.loss.value(self.y, z))
        return np.add.reduceat(by_column, np.cumsum(self.sizes) - self.sizes)

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

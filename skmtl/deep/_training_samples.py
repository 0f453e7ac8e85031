"""What a network is trained on: scaled features, targets and weights of the labeled samples."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TrainingSamples:
    """Samples with at least one target.

    In wide data every sample has a cell for each of the C = n_tasks tasks; in long data it has one
    cell, C = 1, and a task.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Scaled features.
    y : ndarray of shape (n_samples, C)
        Standardized numbers, counts or positions of classes; 0 where missing.
    weight : ndarray of shape (n_samples, C)
        Sample weights times task weights, 0 where a target is missing.
    codes : ndarray of int of shape (n_samples,) or None
        The task of each sample of long data.
    offset : ndarray of shape (n_tasks, n_outputs)
        What is added to the scores of the network before the loss.
    losses : tuple of str
        Name of the loss of every task.
    strata : ndarray of int of shape (n_samples,)
        What folds have equal shares of.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    codes: np.ndarray | None
    offset: np.ndarray
    losses: tuple
    strata: np.ndarray

    @property
    def n_tasks(self):
        """Number of tasks."""
        return len(self.offset)

    def __len__(self):
        return len(self.X)

    def task_sum(self, cells):
        """Return the sums of cells (n_samples, C) over the samples of each task, (n_tasks,)."""
        if self.codes is None:
            return cells.sum(axis=0)
        return np.bincount(self.codes, cells[:, 0], minlength=self.n_tasks)

    def of_task(self, task):
        """Return the samples of one task, as data with that task only."""
        column = 0
        is_own = self.codes == task
        if self.codes is None:
            column = task
            is_own = self.weight[:, task] > 0
        return TrainingSamples(
            X=self.X[is_own],
            y=self.y[is_own, column, None],
            weight=self.weight[is_own, column, None],
            codes=None,
            offset=self.offset[task, None],
            losses=(self.losses[task],),
            strata=self.strata[is_own],
        )

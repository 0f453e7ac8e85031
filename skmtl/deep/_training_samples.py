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
    strata : ndarray of int of shape (n_samples,)
        What folds have equal shares of.
    n_tasks : int
        Number of tasks.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    codes: np.ndarray | None
    offset: np.ndarray
    strata: np.ndarray
    n_tasks: int

    def __len__(self):
        return len(self.X)

    def task_sum(self, cells):
        """Return the sums of cells (n_samples, C) over the samples of each task, (n_tasks,)."""
        if self.codes is None:
            return cells.sum(axis=0)
        return np.bincount(self.codes, cells[:, 0], minlength=self.n_tasks)

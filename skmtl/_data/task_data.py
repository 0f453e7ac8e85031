"""Validated training data: a design, targets, weights, task ids."""

from dataclasses import dataclass

import numpy as np

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.weighted_tasks import WeightedTasks


@dataclass(frozen=True)
class TaskData(WeightedTasks):
    """Validated training data.

    Attributes
    ----------
    design : SharedDesign or StackedDesign
        The features, as an operator on coefficients.
    y : ndarray of shape (n_samples, n_tasks) or (n_used,)
        Targets, 0 where missing.
    weight : ndarray that broadcasts against y
        Sample weights s, 0 where a target is missing; not scaled.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    sample_indices : ndarray of int of shape (n_used,)
        Positions in the user's X of the n_used samples of the design; those of zero weight in long
        data are not used.
    n_samples : int
        Number of samples in the user's X.
    layout : {"wide", "column", "tasks"}
        The data form: long data have their task ids in a column of X or passed as `tasks`.
    feature_names : ndarray of shape (n_features,) or None
        Names of the columns of X without the task column; None for arrays.
    """

    design: SharedDesign | StackedDesign
    y: np.ndarray
    weight: np.ndarray
    tasks: np.ndarray
    sample_indices: np.ndarray
    n_samples: int
    layout: str
    feature_names: np.ndarray | None = None

    @property
    def n_features(self):
        return self.design.n_features

    @property
    def n_samples_per_task(self):
        """Number of labeled samples of positive weight, (n_tasks,) of int."""
        used = self.weight > 0
        return np.array(self.design.task_sum(used.astype(np.intp)))

    @property
    def task_total(self):
        """Weight of the samples of each task, (n_tasks,)."""
        return self.design.task_sum(self.weight)

    @property
    def largest_target(self):
        """Size of the largest target."""
        return np.abs(self.y).max()

    @property
    def mean_target(self):
        """Weighted mean of the targets of all tasks."""
        return float((self.weight * self.y).sum() / self.task_total.sum())

    def counted_weight(self, counts):
        """Return the weights when the user's samples are used `counts` times each, (n_samples,)."""
        counts = counts[self.sample_indices]
        if self.weight.ndim == 2:
            counts = counts[:, None]
        return self.weight * counts

"""Validated training data: a design, targets, weights, task ids."""

from dataclasses import dataclass

import numpy as np

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_parameters import by_task


@dataclass(frozen=True)
class TaskData:
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
    def n_tasks(self):
        return len(self.tasks)

    @property
    def features(self):
        """What identifies the features: their names, or 0, 1, ..., (n_features,)."""
        if self.feature_names is None:
            return np.arange(self.design.n_features)
        return self.feature_names

    @property
    def n_samples_per_task(self):
        """Number of labeled samples of positive weight, (n_tasks,) of int."""
        used = self.weight > 0
        return np.array(self.design.task_sum(used.astype(np.intp)))

    def counted_weight(self, counts):
        """Return the weights when the user's samples are used `counts` times each, (n_samples,)."""
        counts = counts[self.sample_indices]
        if self.weight.ndim == 2:
            counts = counts[:, None]
        return self.weight * counts

    def weight_scale(self, task_weight, per_task):
        """Return the factors `omega_t / nbar` of the weights s in the objective, (n_tasks,).

        `per_task` is the total weight of each task: of all its samples or of the training samples.
        """
        nbar = per_task.sum() / self.n_tasks or 1.0
        omega = self.task_weights(task_weight, per_task)
        if omega is None:
            return np.full(self.n_tasks, 1.0 / nbar)
        return omega / nbar

    def task_weights(self, task_weight, per_task):
        """Return omega of every task, (n_tasks,), or None where all are 1."""
        if task_weight is None:
            return None
        if isinstance(task_weight, str):
            if task_weight == "balanced":
                return _balanced_weights(per_task)
            raise ValueError(
                f"task_weight={task_weight!r} is not known: use None, 'balanced', a dict or Series "
                "{task id: weight} or an array in the order of tasks_ ('uncertainty' is for "
                "regressors with given strengths)."
            )
        omega = by_task(task_weight, "task_weight", self.tasks)
        if omega.shape != (self.n_tasks,):
            raise ValueError(
                f"task_weight has shape {omega.shape}, expected ({self.n_tasks},): one weight for "
                "each task in the order of tasks_."
            )
        if not (np.isfinite(omega) & (omega > 0)).all():
            raise ValueError(
                f"task_weight must be positive and finite, got {omega.min()}; leave a task out "
                "of the data instead of giving it no weight."
            )
        return omega


def _balanced_weights(per_task):
    """Return weights with which every task counts once; 1 for tasks without samples."""
    return np.divide(
        per_task.mean(),
        per_task,
        out=np.ones(len(per_task)),
        where=per_task > 0,
    )

"""Validated training data: a design, targets, weights, task ids."""

from dataclasses import dataclass

import numpy as np

from skmtl._data.designs import SharedDesign, StackedDesign
from skmtl._data.task_ids import some_of


@dataclass(frozen=True)
class TaskData:
    """Validated training data.

    Attributes
    ----------
    design : SharedDesign or StackedDesign
    y : ndarray of shape (n_samples, n_tasks) or (n_rows,)
        Targets, 0 where missing.
    weight : ndarray that broadcasts against y
        Sample weights s, 0 where a label is missing; not scaled.
    tasks : ndarray of shape (n_tasks,)
        Labels.
    sample_indices : ndarray of int of shape (n_rows,)
        Where each row stood in the user's X.
    n_samples : int
        Rows of the user's X.
    layout : {"wide", "column", "tasks"}
    """

    design: SharedDesign | StackedDesign
    y: np.ndarray
    weight: np.ndarray
    tasks: np.ndarray
    sample_indices: np.ndarray
    n_samples: int
    layout: str

    @property
    def n_tasks(self):
        return len(self.tasks)

    @property
    def n_samples_per_task(self):
        """Labeled rows of positive weight, (n_tasks,) of int."""
        return np.array(self.design.task_sum((self.weight > 0).astype(np.intp)))

    def counted_weight(self, counts):
        """Weights when each of the user's rows is used `counts` times, (n_samples,)."""
        counts = counts[self.sample_indices]
        return self.weight * (counts[:, None] if self.weight.ndim == 2 else counts)

    def weight_scale(self, task_weight, per_task):
        """Factors `omega_t / nbar` that make weights s those of the objective, (n_tasks,).

        `per_task` is the total weight of each task, of all its rows or of those trained on.
        """
        nbar = per_task.sum() / self.n_tasks or 1.0
        omega = self.task_weights(task_weight, per_task)
        return np.full(self.n_tasks, 1.0 / nbar) if omega is None else omega / nbar

    def task_weights(self, task_weight, per_task):
        """omega of every task, (n_tasks,), or None where all are 1."""
        if task_weight is None:
            return None
        if isinstance(task_weight, str) and task_weight == "balanced":
            seen = per_task > 0
            return np.divide(per_task.mean(), per_task, out=np.ones(len(seen)), where=seen)
        if isinstance(task_weight, dict):
            missing = [label for label in self.tasks.tolist() if label not in task_weight]
            if missing:
                raise ValueError(
                    f"task_weight has no entry for task(s) {some_of(missing)}; it has "
                    f"{some_of(task_weight)}. Give every task a weight."
                )
            task_weight = [task_weight[label] for label in self.tasks.tolist()]
        elif isinstance(task_weight, str):
            raise ValueError(
                f"task_weight={task_weight!r} is not known: use None, 'balanced', a dict "
                "{label: weight} or an array in the order of tasks_ ('uncertainty' is for "
                "regressors with given strengths)."
            )
        omega = np.asarray(task_weight, dtype=float)
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

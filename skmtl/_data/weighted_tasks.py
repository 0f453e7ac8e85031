"""The weights of tasks in the objective, and what identifies features."""

import numpy as np

from skmtl._data.task_parameters import by_task


class WeightedTasks:
    """Mixin of what has `tasks`, the task ids, `n_features` and `feature_names` (or None)."""

    @property
    def n_tasks(self):
        return len(self.tasks)

    @property
    def features(self):
        """What identifies the features: their names, or 0, 1, ..., (n_features,)."""
        if self.feature_names is None:
            return np.arange(self.n_features)
        return self.feature_names

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

"""Offsets and scales of the numbers that a network learns, in closed form.

A network that has to learn the means of tasks by gradient steps spends its head on them. It learns
``(y - offset_t) / scale_t`` instead.
"""

from dataclasses import dataclass

import numpy as np

from skmtl._data.target_scale import TargetScale

_ROUNDING = 1e-12  # a spread below this, relative to the largest mean of a task, is none


@dataclass(frozen=True)
class TargetUnits:
    """Offset and scale of every task.

    Attributes
    ----------
    offset : ndarray of shape (n_tasks + 1,)
        What is taken off the targets of a task; the last one is that of a new task.
    scale : ndarray of shape (n_tasks + 1,)
        What they are then divided by.
    """

    offset: np.ndarray
    scale: np.ndarray

    def standardize(self, data):
        """Return the targets of TaskData in these units, of the shape of its y."""
        spread = data.design.spread
        return (data.y - spread(self.offset[:-1])) / spread(self.scale[:-1])


def target_units(data, normalize_y):
    """Return the units of the targets.

    Parameters
    ----------
    data : TaskData
        Targets and their weights.
    normalize_y : {"task", "common"} or False
        As in the estimators.

    Returns
    -------
    TargetUnits
    """
    if normalize_y == "task":
        return _units_of_each_task(data)
    if normalize_y == "common":
        return _common_units(data)
    n_units = data.n_tasks + 1
    return TargetUnits(np.zeros(n_units), np.ones(n_units))


def _units_of_each_task(data):
    """Mean and standard deviation of each task."""
    own = TargetScale(data, normalize=True)
    offset = np.append(own.mean, own.mean.mean())
    scale = np.append(own.scale, np.median(own.scale))
    return TargetUnits(offset, scale)


def _common_units(data):
    """Offsets shrunk to the mean of all tasks, and one scale: the spread about the offsets.

    Offsets are the best linear unbiased predictions of the random-intercept model ``y_ti = m + a_t
    + e_ti`` whose two variances are the estimates of an analysis of variance.
    """
    spread = data.design.spread
    task_sum = data.design.task_sum
    weight = task_sum(data.weight)
    total = weight.sum()
    task_mean = task_sum(data.weight * data.y) / weight
    mean = weight @ task_mean / total
    residual = task_sum(data.weight * (data.y - spread(task_mean)) ** 2)
    shrinkage = _shrinkage(weight, task_mean - mean, residual.sum())
    offset = mean + shrinkage * (task_mean - mean)
    squares = task_sum(data.weight * (data.y - spread(offset)) ** 2)
    scale = np.sqrt(squares.sum() / total)
    if scale <= _ROUNDING * np.abs(task_mean).max():
        scale = 1.0
    offset = np.append(offset, mean)
    return TargetUnits(offset, np.full(len(offset), scale))


def _shrinkage(weight, deviation, residual):
    """By how much the mean of each task is believed, between 0 and 1, (n_tasks,).

    `deviation` is that of the mean of each task from the mean of all, and `residual` the sum of
    squares within tasks.
    """
    total = weight.sum()
    n_free = max(len(weight) - 1, 1)
    within = residual / max(total - len(weight), 1)
    size = (total - weight @ weight / total) / n_free
    excess = weight @ deviation**2 / n_free - within
    if excess <= 0 or size <= 0:
        return np.zeros(len(weight))
    between = excess / size
    return between / (between + within / weight)

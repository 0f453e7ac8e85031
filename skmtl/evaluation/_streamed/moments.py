"""Moments of rows in other units, and of all tasks as one."""

from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

_ROUNDING = 64 * np.finfo(float).eps  # a standard deviation below it, relative to the mean, is 0


def units_of_features(folds):
    """Mean and standard deviation of the features over all rows; 1 for those that are constant."""
    whole = reduce(add, folds)
    n_rows = whole.total.sum()
    share = whole.total / n_rows
    mean = share @ whole.mean_x
    squares = np.einsum("kjj->j", whole.xx)
    between = (whole.mean_x - mean) ** 2
    variance = squares / n_rows + share @ between
    deviation = np.sqrt(variance)
    is_constant = deviation <= _ROUNDING * np.abs(mean)
    return mean, np.where(is_constant, 1.0, deviation)


def with_features(moments, mean, scale):
    """The moments of features ``(x - mean) / scale``."""
    moved = (moments.mean_x - mean) / scale
    has_rows = moments.total > 0
    return replace(
        moments,
        mean_x=np.where(has_rows[:, None], moved, 0.0),
        xx=moments.xx / np.outer(scale, scale),
        xy=moments.xy / scale[:, None],
    )


def levels_and_units(moments):
    """Mean and standard deviation of the targets of every task, each (n_tasks,).

    For constant targets the latter is their magnitude, and 1 if they are 0.
    """
    deviations = deviations_of_targets(moments)
    sizes = np.abs(moments.mean_y)
    units = np.where(targets_differ(moments), deviations, sizes)
    return moments.mean_y, np.where(units > 0, units, 1.0)


def deviations_of_targets(moments):
    """The standard deviation of the targets of each task, (n_tasks,); 0 without rows."""
    counts = np.maximum(moments.counts, 1)
    return np.sqrt(moments.yy / counts)


def targets_differ(moments):
    """Whether the targets of each task differ by more than rounding, (n_tasks,)."""
    least = _ROUNDING * np.abs(moments.mean_y)
    return deviations_of_targets(moments) > least


def pooled(moments):
    """The moments of the rows of all tasks as those of a single one."""
    positions = np.flatnonzero(moments.counts)
    tasks = [moments.of_tasks([t]) for t in positions]
    if not tasks:  # no rows at all
        tasks = [moments.of_tasks([0])]
    return reduce(add, tasks)

"""Targets of several tasks with mean 0 and variance 1."""

import numpy as np

_ROUNDING = 1e-12  # deviations below this, relative to the mean of a task, are zero


def mean_and_scale(observations, y):
    """The mean and standard deviation of each task, (n_tasks,).

    A single target tells neither: its task has the medians of the other tasks. Targets that are all
    the same have the median deviation of the others, or 1.
    """
    task = observations.task
    mean = observations.task_mean(y)
    deviations = y - mean[task]
    variance = observations.task_mean(deviations**2)
    scale = np.sqrt(variance)
    varies = scale > _ROUNDING * np.abs(mean)
    several = observations.n_per_task > 1
    known = several & varies
    scale[~known] = np.median(scale[known]) if known.any() else 1.0
    if several.any():
        mean[~several] = np.median(mean[several])
    return mean, scale


def normalized(observations, y, mean, scale):
    """The targets less the mean of their task, divided by its scale; rounding errors are 0."""
    task = observations.task
    center = mean[task]
    scale = scale[task]
    y = (y - center) / scale
    rounding = _ROUNDING * (np.abs(center) / scale)
    y[np.abs(y) < rounding] = 0.0
    return y

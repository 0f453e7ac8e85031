"""Targets of several tasks with mean 0 and variance 1."""

import numpy as np

_ROUNDING = 1e-12  # deviations below this, relative to the mean of a task, are zero


def mean_and_scale(observations, y):
    """The mean and standard deviation of each task, (n_tasks,).

    A single target tells neither: its task has the average of the other tasks. Targets that are all
    the same have the deviation 1.
    """
    task = observations.task
    with np.errstate(over="ignore"):
        mean = observations.task_mean(y)
        deviations = y - mean[task]
        variance = observations.task_mean(deviations**2)
    scale = np.sqrt(variance)
    if not np.isfinite(scale).all():
        largest = np.abs(y).max()
        raise ValueError(
            f"y is too large for its squares, up to {largest:.3g}: scale it.",
        )
    varies = scale > _ROUNDING * np.abs(mean)
    several = observations.n_per_task > 1
    scale[~varies] = 1.0
    if several.any():
        mean[~several] = mean[several].mean()
        known = several & varies
        typical = 1.0
        if known.any():
            typical = scale[known].mean()
        scale[~several] = typical
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

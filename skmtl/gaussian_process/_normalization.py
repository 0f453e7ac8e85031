"""Targets of several tasks with mean 0 and variance 1."""

import numpy as np

_ROUNDING = 1e-12  # deviations below this, relative to the mean of a task, are zero


def mean_and_scale(observations, y):
    """The mean and standard deviation of each task, (n_tasks,).

    A single target tells neither: its task has the average of the other tasks. Targets that are all
    the same have the deviation 1.
    """
    with np.errstate(over="ignore"):
        mean = observations.task_mean(y)
        variance = observations.task_mean((y - mean[observations.task]) ** 2)
        scale = np.sqrt(variance)
    if not np.isfinite(scale).all():
        raise ValueError(f"y is too large for its squares, up to {np.abs(y).max():.3g}: scale it.")
    varies = scale > _ROUNDING * np.abs(mean)
    several = observations.n_per_task > 1
    scale[~varies] = 1.0
    if several.any():
        mean[~several] = mean[several].mean()
        known = scale[several & varies]
        scale[~several] = known.mean() if len(known) else 1.0
    return mean, scale


def normalized(observations, y, mean, scale):
    """The targets less the mean of their task, divided by its scale; rounding errors are 0."""
    mean = mean[observations.task]
    scale = scale[observations.task]
    y = (y - mean) / scale
    y[np.abs(y) < _ROUNDING * (np.abs(mean) / scale)] = 0.0
    return y

"""Targets of several tasks on one scale: of mean 0 and variance 1 in each task."""

from dataclasses import replace

import numpy as np

_ROUNDING = 10 * np.finfo(float).eps  # deviations below this, relative to the mean, are zero


class TargetScale:
    """Weighted mean and standard deviation of each task's y; the identity unless asked for.

    Models are solved on ``(y - mean) / scale``. Targets that are all the same, or a single one, say
    nothing of their scale: they get the median scale of the other tasks, 1 if there are none.

    Parameters
    ----------
    data : TaskData
        Targets and their weights.
    normalize : bool
        Whether to measure them.
    center : bool, default=True
        Whether the mean is taken off. If not, it is 0, and the scale the root mean square.
    """

    def __init__(self, data, normalize, center=True):
        self.mean = np.zeros(data.n_tasks)
        self.scale = np.ones(data.n_tasks)
        self.normalize = normalize
        self.center = center
        if normalize:
            self._measure(data)

    def _measure(self, data):
        spread = data.design.spread
        task_sum = data.design.task_sum
        size = _sizes(data)
        y = data.y / spread(size)
        total = task_sum(data.weight)
        mean = np.zeros(data.n_tasks)
        if self.center:
            mean = task_sum(data.weight * y) / total
        deviations = y - spread(mean)
        scale = np.sqrt(task_sum(data.weight * deviations**2) / total)
        self._set(mean, scale, size)

    @classmethod
    def of_moments(cls, mean, deviation):
        """The scale of targets whose means and standard deviations are known, (n_tasks,) each."""
        scale = cls.__new__(cls)
        scale.normalize = True
        scale.center = True
        scale._set(mean, deviation, 1.0)
        return scale

    @classmethod
    def of_levels(cls, mean):
        """The scale of targets (n_tasks,) of which a level is taken off and nothing else."""
        scale = cls.__new__(cls)
        scale.normalize = True
        scale.center = True
        scale.mean = mean
        scale.scale = np.ones(len(mean))
        return scale

    def _set(self, mean, scale, size):
        """Set mean and scale from those of ``y / size``."""
        varies = scale > _ROUNDING * np.abs(mean)
        self.mean = mean * size
        self.scale = scale * size
        self.scale[~varies] = np.median(self.scale[varies]) if varies.any() else 1.0

    def apply(self, data):
        """The data with normalized targets."""
        if not self.normalize:
            return data
        spread = data.design.spread
        return replace(data, y=(data.y - spread(self.mean)) / spread(self.scale))

    def unpack(self, W):
        """W (n_features, n_tasks) on the original scale, (n_tasks, n_features)."""
        return np.ascontiguousarray((W * self.scale).T)

    def restore(self, W, intercepts):
        """`coef_` (n_tasks, n_features) and `intercept_` (n_tasks,) on the original scale."""
        return self.unpack(W), self.mean + self.scale * intercepts


def _sizes(data):
    """Powers of 2 near the largest target of each task, (n_tasks,).

    Divided by them, squares neither overflow nor vanish, and no digit changes.
    """
    sizes = np.abs(np.where(data.weight > 0, data.y, 0.0))
    if sizes.ndim == 2:
        largest = sizes.max(axis=0)
    else:
        largest = np.maximum.reduceat(sizes, data.design.ptr[:-1])
    _, exponent = np.frexp(largest)
    return np.ldexp(1.0, np.minimum(exponent, 1000))

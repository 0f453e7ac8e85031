"""Baselines that learn all tasks as one after their targets were standardized task by task."""

from dataclasses import replace

import numpy as np

from skmtl.evaluation._gains.statistics import spreads
from skmtl.meta import PooledTasks, RandomInterceptTasks


class StandardizedTasks:
    """Mixin of :class:`PooledTasks`: targets have mean 0 and variance 1 in every task.

    So the unit and the level of a task do not matter to the others. A new task gets the mean of
    the levels and the mean of the units.
    """

    def _fit_parts(self, data):
        samples, codes = data.pooled()
        targets = samples.y.astype(float)
        levels, units = levels_and_units(targets, codes, data.n_tasks)
        parts = []
        for t, part in enumerate(data.parts):
            targets = (part.y - levels[t]) / units[t]
            parts.append(part._replace(y=targets))
        super()._fit_parts(replace(data, parts=parts))
        self._levels = np.append(levels, levels.mean())  # the code -1 is the last
        self._units = np.append(units, units.mean())

    def _predict_own_tasks(self, X, codes):
        standardized = super()._predict_own_tasks(X, codes)
        return self._levels[codes] + self._units[codes] * standardized


class StandardizedPooledTasks(StandardizedTasks, PooledTasks):
    """:class:`PooledTasks` of targets that are standardized task by task."""


class StandardizedRandomInterceptTasks(StandardizedTasks, RandomInterceptTasks):
    """:class:`RandomInterceptTasks` of targets that are standardized task by task."""

    @property
    def adapt(self):
        """There is none: the level and the unit of a new task are not known."""
        raise AttributeError(f"{type(self).__name__} cannot adapt: fit again with the new task.")


def levels_and_units(targets, codes, n_tasks):
    """Mean and standard deviation of the targets of every task, each (n_tasks,)."""
    counts = np.bincount(codes, minlength=n_tasks)
    sums = np.bincount(codes, targets, minlength=n_tasks)
    return sums / np.maximum(counts, 1), spreads(targets, codes, n_tasks)

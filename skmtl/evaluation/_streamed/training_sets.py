"""The training sets of a comparison, from the moments of parts of the rows."""

from functools import cached_property, reduce
from operator import add

import numpy as np

from skmtl.evaluation._streamed.moments import (
    levels_and_units,
    units_of_features,
    with_features,
)
from skmtl.statistics import TaskStatistics

N_INNER_FOLDS = 5  # by which models choose the strength of their penalty


class TrainingSet:
    """The rows of some parts, in inner folds.

    Parameters
    ----------
    statistics : TaskStatistics
        All rows, in parts 0, 1, ...; those without rows may be missing.
    parts : ndarray of int of shape (n_parts,)
        The parts that are trained on.
    standardize : bool
        Whether features are standardized by their mean and standard deviation in this set.

    Attributes
    ----------
    statistics : TaskStatistics
        As above.
    mean, scale : ndarray of shape (n_features,)
        What the features were standardized by; 0 and 1 if they were not.
    folds : list of Moments
        The moments of all tasks in the inner folds.
    whole : Moments
        Those of all rows of the set.
    """

    def __init__(self, statistics, parts, standardize):
        self.statistics = statistics
        self.folds = _inner_folds(statistics, parts)
        n_features = self.folds[0].n_features
        self.mean = np.zeros(n_features)
        self.scale = np.ones(n_features)
        if standardize:
            mean, scale = units_of_features(self.folds)
            self.mean = mean
            self.scale = scale
            self.folds = [with_features(fold, mean, scale) for fold in self.folds]
        self.whole = reduce(add, self.folds)

    @cached_property
    def trained(self):
        """Positions of the tasks that have rows in the set."""
        return np.flatnonzero(self.whole.counts)

    @cached_property
    def target_units(self):
        """Levels and units of the targets of tasks; those of a task without rows are averages."""
        levels, units = levels_and_units(self.whole)
        has_rows = self.whole.counts > 0
        mean_level = levels[has_rows].mean()
        mean_unit = units[has_rows].mean()
        levels = np.where(has_rows, levels, mean_level)
        units = np.where(has_rows, units, mean_unit)
        return levels, units

    def with_standard_targets(self):
        """The inner folds, with targets of mean 0 and variance 1 in every task."""
        levels, units = self.target_units
        return [fold.with_targets(levels, units) for fold in self.folds]

    def as_statistics(self):
        """The :class:`TaskStatistics` of the tasks with rows; its parts are the inner folds."""
        parts = {}
        for k, fold in enumerate(self.folds):
            parts[k] = fold.of_tasks(self.trained)
        n_rows = self.whole.counts.sum()
        return TaskStatistics(
            self.statistics._columns,
            self.statistics.tasks_[self.trained],
            parts,
            int(n_rows),
        )


def _inner_folds(statistics, parts):
    """Moments of inner folds, each of which has some of the parts."""
    moments = []
    for part in parts:
        own = statistics._parts.get(part)
        if own is not None and own.counts.any():
            moments.append(own)
    n_folds = min(N_INNER_FOLDS, len(moments))
    folds = []
    for k in range(n_folds):
        fold = reduce(add, moments[k::n_folds])
        folds.append(fold)
    return folds

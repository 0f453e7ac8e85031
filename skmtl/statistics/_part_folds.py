"""Folds of cross-validation that are parts of statistics: each is left out once."""

from functools import partial, reduce
from operator import add

import numpy as np

from skmtl.datafits import Fold, GramForm


class PartFolds:
    """Folds from the moments of parts: those of a training set are the sum of the other parts.

    Parameters
    ----------
    data : StatisticsData
        The parts, at least two.
    task_weight : {None, "balanced"} or array-like of shape (n_tasks,)
        Weights of the tasks, as in the estimators.
    fit_intercept : bool
        Whether to fit one intercept per task.

    Attributes
    ----------
    splits : list
        The label of the part that each fold leaves out.
    """

    def __init__(self, data, *, task_weight, fit_intercept):
        self.data = data
        self.splits = list(data.parts)
        self.task_weight = task_weight
        self.fit_intercept = fit_intercept

    def whole(self):
        """The loss of all rows."""
        return self._datafit(self.data.moments)

    def fold(self, k):
        """The :class:`~skmtl.datafits.Fold` that leaves out part k."""
        parts = list(self.data.parts.values())
        held_out = parts.pop(k)
        training = reduce(add, parts)
        return Fold(
            datafit=self._datafit(training),
            trained=training.task_total > 0,
            errors=partial(held_out.sums().squared_errors, rounded=True),
            total=held_out.task_total,
            sizes=np.ones(self.data.n_tasks, dtype=np.intp),
        )

    def _datafit(self, moments):
        return GramForm.from_statistics(
            moments.sums(centered=self.fit_intercept),
            self.data.weight_scale(self.task_weight, moments.task_total),
            fit_intercept=self.fit_intercept,
        )

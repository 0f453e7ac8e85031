"""Folds of cross-validation that are parts of statistics: each is left out once."""

from functools import cached_property, partial, reduce
from math import isqrt
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
        held_out = self._parts[k]
        training = self._all_but(k)
        return Fold(
            datafit=self._datafit(training),
            trained=training.task_total > 0,
            errors=partial(held_out.sums().squared_errors, rounded=True),
            total=held_out.task_total,
            sizes=np.ones(self.data.n_tasks, dtype=np.intp),
        )

    @cached_property
    def _parts(self):
        """The moments of the parts, a list."""
        return list(self.data.parts.values())

    @cached_property
    def _groups(self):
        """The numbers of some parts, and the sum of their moments; of all parts, in pairs."""
        numbers = range(len(self._parts))
        size = isqrt(len(numbers))
        groups = []
        for first in numbers[::size]:
            own = numbers[first : first + size]
            groups.append((own, reduce(add, [self._parts[k] for k in own])))
        return groups

    def _all_but(self, k):
        """The sum of the moments of all parts but one, in about 2 sqrt(n_parts) additions."""
        sums = []
        for own, total in self._groups:
            if k in own:
                sums += [self._parts[other] for other in own if other != k]
            else:
                sums.append(total)
        return reduce(add, sums)

    def _datafit(self, moments):
        return GramForm.from_statistics(
            moments.sums(centered=self.fit_intercept),
            self.data.weight_scale(self.task_weight, moments.task_total),
            fit_intercept=self.fit_intercept,
        )

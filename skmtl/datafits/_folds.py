"""Folds of cross-validation: the loss of the training rows, the errors on the held-out ones.

From moments where the Gram form suits the data, so that the rows are read once; else from the rows,
where the weight of whatever is held out is zero.
"""

from dataclasses import replace
from functools import partial, reduce
from operator import add

import numpy as np

from skmtl.datafits._choice import prefers_gram, squared_datafit
from skmtl.datafits._columns import Fold
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._sufficient_statistics import statistics_reader

_KEPT_FLOATS = 2**26  # of moments of folds


def squared_errors(data, weight, W, intercepts):
    """Sums of squares (n_models, n_tasks) of models on the rows with these weights."""
    design = data.design
    return np.array(
        [
            design.task_sum(weight * (data.y - design.forward(w) - design.spread(b)) ** 2)
            for w, b in zip(W, intercepts, strict=True)
        ]
    )


class SampleFolds:
    """Folds from the rows.

    Parameters
    ----------
    data : TaskData
    splits : list of pairs of ndarrays of shape (n_samples,)
        How often each of the user's rows is trained on and tested on.
    task_weight : as in the estimators
    fit_intercept : bool
    """

    def __init__(self, data, splits, *, task_weight, fit_intercept):
        self.data, self.splits = replace(data, design=data.design.as_float64()), splits
        self.task_weight, self.fit_intercept = task_weight, fit_intercept

    def whole(self):
        """The loss of all rows."""
        return self._datafit(self.data.weight)

    def fold(self, k):
        """The :class:`Fold` of split k."""
        weight, held_out = (self.data.counted_weight(side) for side in self.splits[k])
        task_sum, errors = self.data.design.task_sum, partial(squared_errors, self.data, held_out)
        ones = np.ones(self.data.n_tasks, dtype=np.intp)
        trained = task_sum(weight) > 0
        return Fold(self._datafit(weight), trained, errors, task_sum(held_out), ones)

    def _datafit(self, weight):
        scale = self.data.weight_scale(self.task_weight, self.data.design.task_sum(weight))
        options = {"scale": scale, "fit_intercept": self.fit_intercept, "form": "residual"}
        return squared_datafit(self.data.design, self.data.y, weight, **options)


class StatisticsFolds:
    """Folds from moments: a training part is the whole minus what it leaves out.

    Parameters
    ----------
    As those of :class:`SampleFolds`.
    """

    def __init__(self, data, splits, *, task_weight, fit_intercept):
        self.data, self.splits = data, splits
        self.task_weight, self.fit_intercept = task_weight, fit_intercept
        self._read = self._reader(data.weight)
        K, p = len(data.design.blocks(data.weight)), data.design.n_features
        tests = np.array([test for _, test in splits])
        once = (tests.sum(axis=0)[data.sample_indices] == 1).all()
        rest = all((train + test == 1)[data.sample_indices].all() for train, test in splits)
        self._parts = None
        if once and rest and len(splits) * K * p**2 <= _KEPT_FLOATS:
            self._parts = [self._counted(test) for test in tests]
            self._whole = reduce(add, self._parts)
        else:
            self._whole = self._read()

    def _counted(self, counts):
        return self._read(counts[self.data.sample_indices])

    def whole(self):
        """The loss of all rows."""
        return self._datafit(self._whole)

    def fold(self, k):
        """The :class:`Fold` of split k."""
        train, test = self.splits[k]
        held_out = self._counted(test) if self._parts is None else self._parts[k]
        left_out = 1.0 - train
        moments = None
        if np.array_equal(left_out, test):
            moments = self._whole - held_out
        elif (left_out >= 0).all() and left_out.sum() < train.sum():
            moments = self._whole - self._counted(left_out)
        weight = self.data.counted_weight(train)
        if moments is None or not moments.keeps_digits_of(self._whole):
            moments = self._reader(weight)()
        trained = self.data.design.task_sum(weight) > 0

        def errors(W, intercepts):
            found = held_out.squared_errors(W, intercepts)
            if found is None:
                found = squared_errors(self.data, self.data.counted_weight(test), W, intercepts)
            return found

        datafit = self._datafit(moments.of_tasks(trained))
        ones = np.ones(self.data.n_tasks, dtype=np.intp)
        return Fold(datafit, trained, errors, held_out.task_total, ones)

    def _reader(self, weight):
        return statistics_reader(self.data.design, self.data.y, weight, centered=self.fit_intercept)

    def _datafit(self, moments):
        scale = self.data.weight_scale(self.task_weight, moments.task_total)
        return GramForm.from_statistics(moments, scale, fit_intercept=self.fit_intercept)


def make_folds(data, splits, *, task_weight, fit_intercept):
    """Folds of the kind that suits the size of the data."""
    alike = task_weight is None or isinstance(task_weight, str)
    gram = prefers_gram(data.design, data.weight, uniform=alike)
    kind = StatisticsFolds if gram else SampleFolds
    return kind(data, splits, task_weight=task_weight, fit_intercept=fit_intercept)

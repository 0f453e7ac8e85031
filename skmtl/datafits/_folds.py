"""Folds of cross-validation: the loss of the training samples, the errors on held-out ones.

They come from sufficient statistics where the Gram form suits the data, so that the samples are
read once; else from the samples, where whatever is held out has zero weight.
"""

from dataclasses import replace
from functools import partial, reduce
from operator import add

import numpy as np

from skmtl.datafits._choice import prefers_gram, squared_datafit
from skmtl.datafits._columns import Fold
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._statistics_readers import statistics_reader

_KEPT_FLOATS = 2**26  # of statistics of folds


def make_folds(data, splits, *, task_weight, fit_intercept):
    """Folds of the kind that suits the size of the data; parameters of :class:`SampleFolds`."""
    alike = task_weight is None or isinstance(task_weight, str)
    gram = prefers_gram(data.design, data.weight, uniform=alike)
    kind = StatisticsFolds if gram else SampleFolds
    return kind(data, splits, task_weight=task_weight, fit_intercept=fit_intercept)


def squared_errors(data, weight, W, intercepts):
    """Sums of squared errors of models on samples.

    Parameters
    ----------
    data : TaskData
        The samples.
    weight : ndarray
        Their weights.
    W : ndarray of shape (n_models, n_features, n_tasks)
        Coefficients.
    intercepts : ndarray of shape (n_models, n_tasks)
        Intercepts.

    Returns
    -------
    ndarray of shape (n_models, n_tasks)
    """
    design = data.design
    errors = []
    for w, b in zip(W, intercepts, strict=True):
        prediction = design.forward(w) + design.spread(b)
        squares = (data.y - prediction) ** 2
        errors.append(design.task_sum(weight * squares))
    return np.array(errors)


class SampleFolds:
    """Folds from the samples.

    Parameters
    ----------
    data : TaskData
        The samples.
    splits : list of pairs of ndarrays of shape (n_samples,)
        How often each of the user's samples is trained on and tested on.
    task_weight : {None, "balanced"} or array-like of shape (n_tasks,)
        Weights of the tasks, as in the estimators.
    fit_intercept : bool
        Whether to fit one intercept per task.
    """

    def __init__(self, data, splits, *, task_weight, fit_intercept):
        self.data = replace(data, design=data.design.as_float64())
        self.splits = splits
        self.task_weight = task_weight
        self.fit_intercept = fit_intercept

    def whole(self):
        """The loss of all samples."""
        return self._datafit(self.data.weight)

    def fold(self, k):
        """The :class:`Fold` of split k."""
        train, test = self.splits[k]
        weight = self.data.counted_weight(train)
        held_out = self.data.counted_weight(test)
        task_sum = self.data.design.task_sum
        return Fold(
            datafit=self._datafit(weight),
            trained=task_sum(weight) > 0,
            errors=partial(squared_errors, self.data, held_out),
            total=task_sum(held_out),
            sizes=np.ones(self.data.n_tasks, dtype=np.intp),
        )

    def _datafit(self, weight):
        design = self.data.design
        return squared_datafit(
            design,
            self.data.y,
            weight,
            scale=self.data.weight_scale(self.task_weight, design.task_sum(weight)),
            fit_intercept=self.fit_intercept,
            form="residual",
        )


class StatisticsFolds:
    """Folds from sufficient statistics: a training part is the whole minus what it leaves out.

    Parameters
    ----------
    data, splits, task_weight, fit_intercept
        As in :class:`SampleFolds`.
    """

    def __init__(self, data, splits, *, task_weight, fit_intercept):
        self.data = data
        self.splits = splits
        self.task_weight = task_weight
        self.fit_intercept = fit_intercept
        self._read = self._reader(data.weight)
        self._parts = None
        if self._are_partition():
            self._parts = [self._counted(test) for _, test in splits]
            self._whole = reduce(add, self._parts)
        else:
            self._whole = self._read()

    def _are_partition(self):
        """Whether every sample is held out once, and the statistics of all folds can be kept."""
        design = self.data.design
        n_blocks = len(design.blocks(self.data.weight))
        floats = len(self.splits) * n_blocks * design.n_features**2
        if floats > _KEPT_FLOATS:
            return False
        used = self.data.sample_indices
        n_held_out = 0.0
        for train, test in self.splits:
            n_held_out = n_held_out + test[used]
            n_used = train[used] + test[used]
            if (n_used != 1).any():
                return False
        return (n_held_out == 1).all()

    def _counted(self, counts):
        return self._read(counts[self.data.sample_indices])

    def whole(self):
        """The loss of all samples."""
        return self._datafit(self._whole)

    def fold(self, k):
        """The :class:`Fold` of split k."""
        train, test = self.splits[k]
        held_out = self._parts[k] if self._parts else self._counted(test)
        weight = self.data.counted_weight(train)
        trained = self.data.design.task_sum(weight) > 0
        statistics = self._training_statistics(train, test, held_out)
        if statistics is None or not statistics.keeps_digits_of(self._whole):
            statistics = self._reader(weight)()
        return Fold(
            datafit=self._datafit(statistics.of_tasks(trained)),
            trained=trained,
            errors=partial(self._errors, held_out, test),
            total=held_out.task_total,
            sizes=np.ones(self.data.n_tasks, dtype=np.intp),
        )

    def _training_statistics(self, train, test, held_out):
        """The whole minus what is left out, None where reading the training part is less."""
        left_out = 1.0 - train
        if np.array_equal(left_out, test):
            return self._whole - held_out
        if (left_out >= 0).all() and left_out.sum() < train.sum():
            return self._whole - self._counted(left_out)
        return None

    def _errors(self, held_out, test, W, intercepts):
        """Errors from the statistics of the held-out part, or from its samples."""
        errors = held_out.squared_errors(W, intercepts)
        if errors is None:
            weight = self.data.counted_weight(test)
            errors = squared_errors(self.data, weight, W, intercepts)
        return errors

    def _reader(self, weight):
        design = self.data.design
        return statistics_reader(design, self.data.y, weight, centered=self.fit_intercept)

    def _datafit(self, statistics):
        scale = self.data.weight_scale(self.task_weight, statistics.task_total)
        return GramForm.from_statistics(statistics, scale, fit_intercept=self.fit_intercept)

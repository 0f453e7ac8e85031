"""Errors by any metric of scikit-learn, or one's own: a value for each group of targets."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from skmtl._data.task_ids import codes_of
from skmtl.evaluation._errors.jackknife import TargetsOfMetric, jackknife_losses
from skmtl.evaluation._errors.measures import (
    NEGLIGIBLE,
    Measure,
    Targets,
    encode_classes,
    members_of_groups,
)
from skmtl.evaluation._gains.statistics import NO_ERROR

# Calls of a metric that the losses of all targets may cost; the fewest and most for a group.
_MAX_CALLS = 20_000
_CALLS_OF_GROUP = (20, 500)


class MetricError(Measure):
    """The value of a loss, or one minus a score.

    Parameters
    ----------
    metric : Metric
        What is computed of the targets of one task.
    is_classification : bool
        Whether targets are classes.
    """

    def __init__(self, metric, is_classification):
        self.metric = metric
        self.is_classification = is_classification
        self.is_loss = metric.sign < 0  # raises if that is not known
        name = metric.name.removeprefix("neg_")
        self.name = name if self.is_loss else f"1 - {name}"
        self.response_method = metric.response_method
        self._classes = None
        self._known_values = {}  # of label metrics, by the counts of pairs of labels

    def read(self, y, task_codes):
        """The :class:`Targets` of the user's y."""
        if not self.is_classification:
            return super().read(y, task_codes)
        self._classes, class_codes = encode_classes(y, task_codes)
        kind = LabelTargets if self.metric.takes_labels else ScoreTargets
        return kind(class_codes, class_codes, self._classes, self.response_method)

    def rounding(self, targets, task_codes, n_tasks):
        """Errors up to these are rounding of the predictions, (n_tasks,)."""
        if self.is_classification:
            return np.full(n_tasks, NO_ERROR)
        rounding = super().rounding(targets, task_codes, n_tasks)
        return rounding if self.is_loss else np.maximum(rounding, NO_ERROR)

    def floor(self, targets, task_codes, n_tasks):
        """As :meth:`MeanLoss.floor`; 0 where no constant has a value."""
        known = task_codes >= 0
        truth = targets.truth[known]
        floor = np.zeros(n_tasks)
        for t, own in enumerate(members_of_groups(task_codes[known], n_tasks)):
            if len(own):
                floor[t] = NEGLIGIBLE * self._error_of_best_constant(truth[own])
        return floor

    def _error_of_best_constant(self, truth):
        """The error of the best constant prediction of one task; 0 if none has a value."""
        smallest = np.inf
        for predictions in self._constants(truth):
            error = self._error_if_defined(truth, predictions)
            smallest = np.fmin(smallest, error)
        return smallest if np.isfinite(smallest) else 0.0

    def _constants(self, truth):
        """Predictions that are the same for all targets of one task: a list of arrays."""
        if not self.is_classification:
            constants = [np.mean(truth), np.median(truth)]
            return [np.full(len(truth), constant) for constant in constants]
        if self.metric.takes_labels:
            return [np.full(len(truth), float(code)) for code in np.unique(truth)]
        counts = np.bincount(truth, minlength=len(self._classes))
        shares = np.where(counts > 0, counts / len(truth), np.nan)
        return [np.tile(shares, (len(truth), 1))]

    def errors(self, truth, predictions, groups, n_groups):
        """As :meth:`Measure.errors`, by one call of the metric for each group."""
        errors = np.full(n_groups, np.nan)
        for group, own in enumerate(members_of_groups(groups, n_groups)):
            if len(own):
                errors[group] = self._error(truth[own], predictions[own])
        return errors

    def losses(self, truth, predictions, groups, n_groups):
        """The loss of each target, by the jackknife; NaN where a group has no value."""
        losses = np.full(len(truth), np.nan)
        n_calls = _MAX_CALLS // max(len(np.unique(groups)), 1)
        n_calls = int(np.clip(n_calls, *_CALLS_OF_GROUP))
        for own in members_of_groups(groups, n_groups):
            if len(own):
                losses[own] = self._losses(truth[own], predictions[own], n_calls)
        return losses

    def _losses(self, truth, predictions, n_calls):
        """The losses of one group of targets, by about as many calls of the metric."""
        error = self._error(truth, predictions)
        if np.isnan(error):
            return np.full(len(truth), np.nan)

        def error_of(kept):
            return self._error_if_defined(truth[kept], predictions[kept])

        targets = self._targets_of_metric(truth, predictions)
        return jackknife_losses(error, error_of, targets, n_calls)

    def _targets_of_metric(self, truth, predictions):
        """What the jackknife takes of one group of targets."""
        known = np.nan_to_num(predictions, nan=-np.inf)
        values = np.column_stack([truth, known])
        if not self.is_classification:
            strata = np.zeros(len(truth), dtype=np.intp)
            positions = np.column_stack([predictions - truth, truth])
            return TargetsOfMetric(values, strata, positions)
        strata = np.unique(truth, return_inverse=True)[1]
        if not self.metric.takes_labels:
            known = known[np.arange(len(truth)), truth]
        return TargetsOfMetric(values, strata, known[:, None])

    def _error_if_defined(self, truth, predictions):
        """As :meth:`_error`, of targets that are not the user's: NaN where the metric fails."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._error(truth, predictions)
        except (ValueError, ZeroDivisionError):
            return np.nan

    def _error(self, truth, predictions):
        """The error of one group of targets; NaN where the metric has no value."""
        if len(truth) < self.metric.min_samples or _lack_predictions(predictions).any():
            return np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            value = self._value(truth, predictions)
        error = value if self.is_loss else 1.0 - value
        if error < -NO_ERROR:
            expected = "a loss of at least 0" if self.is_loss else "a score of at most 1"
            raise ValueError(
                f"{self.metric.name} is {value:.4g}, but gains are relative, so scoring= must be "
                f"{expected}."
            )
        return np.nan if np.isnan(error) else max(error, 0.0)

    def _value(self, truth, predictions):
        """The value of the metric for one group of targets."""
        if not self.is_classification:
            return float(self.metric(truth, predictions))
        if self.metric.takes_labels:
            return self._value_of_labels(truth, predictions.astype(np.intp))
        scored = np.flatnonzero(~np.isnan(predictions).all(axis=0))
        values = predictions[:, scored]
        # Of a class that a fit lacked: the probability 0, or the smallest decision value.
        lowest = min(0.0, np.nanmin(values))
        values = np.where(np.isnan(values), lowest, values)
        return float(self.metric(self._classes[truth], values, classes=self._classes[scored]))

    def _value_of_labels(self, truth, codes):
        """The value for predicted class codes; groups with the same counts of pairs share it."""
        pairs = truth * len(self._classes) + codes
        distinct, counts = np.unique(pairs, return_counts=True)
        key = (distinct.tobytes(), counts.tobytes())
        if key not in self._known_values:
            value = self.metric(self._classes[truth], self._classes[codes])
            self._known_values[key] = float(value)
        return self._known_values[key]


class ClassLoss(MetricError):
    """A metric of classes that is the mean of losses, which are computed at once.

    Parameters
    ----------
    metric : Metric
        The metric, for its name and what it takes.
    loss : callable
        ``loss(truth, predictions, groups, n_groups)`` returns the loss of each target from the
        codes of classes and what was predicted.
    """

    def __init__(self, metric, loss):
        super().__init__(metric, is_classification=True)
        self.loss = loss

    def errors(self, truth, predictions, groups, n_groups):
        """As :meth:`Measure.errors`."""
        return Measure.errors(self, truth, predictions, groups, n_groups)

    def losses(self, truth, predictions, groups, n_groups):
        """The loss of each target, (n_targets,); NaN where the prediction is."""
        losses = self.loss(truth, predictions, groups, n_groups)
        losses[_lack_predictions(predictions)] = np.nan
        return losses


def zero_one_loss(truth, predictions, groups, n_groups):
    """1 where the wrong class is predicted."""
    return (truth != predictions).astype(float)


def brier_loss(truth, predictions, groups, n_groups):
    """The squared error of the probabilities of all classes, halved in groups of two classes."""
    n_classes = predictions.shape[1]
    is_true = truth[:, None] == np.arange(n_classes)
    probabilities = np.nan_to_num(predictions)
    losses = np.sum((is_true - probabilities) ** 2, axis=1)
    n_used = np.zeros(n_groups)
    for code in range(n_classes):
        is_used = is_true[:, code] | ~np.isnan(predictions[:, code])
        n_used += np.bincount(groups, is_used, minlength=n_groups) > 0
    return np.where(n_used[groups] <= 2, losses / 2, losses)


def _lack_predictions(predictions):
    """Which targets have no prediction, (n_targets,)."""
    is_missing = np.isnan(predictions)
    return is_missing.all(axis=1) if is_missing.ndim == 2 else is_missing


@dataclass(frozen=True)
class ClassTargets(Targets):
    """Codes of classes, which are compared with what some method of a model gives.

    Attributes
    ----------
    response_method : tuple of str
        The method; of several, the first that a model has.
    """

    response_method: tuple = ("predict",)

    def predictions(self, model, X, samples, predict_kwargs):
        """What a fitted model gives for test samples; the first axes are those of their targets."""
        method = next(name for name in self.response_method if hasattr(model, name))
        values = getattr(model, method)(X, **predict_kwargs)
        return self._encoded(values, model.classes_)


class LabelTargets(ClassTargets):
    """Targets that are compared with predicted class labels."""

    def _encoded(self, labels, known_classes):
        """The codes of predicted labels, in the shape of targets."""
        labels = np.asarray(labels)
        codes = codes_of(labels.ravel(), self.classes)
        return np.reshape(codes, labels.shape).astype(float)


class ScoreTargets(ClassTargets):
    """Targets that are compared with scores or probabilities of all classes."""

    def perfect(self, samples):
        """Scores of a model that knows the targets."""
        return np.eye(len(self.classes))[self.values[samples]]

    def _encoded(self, scores, known_classes):
        """Scores in the order of the classes of all tasks; NaN for a class without one."""
        if self.values.ndim == 1:
            return self._aligned(scores, known_classes)
        by_task = scores if isinstance(scores, list) else np.transpose(scores)
        columns = []
        for own, classes in zip(by_task, known_classes, strict=True):
            columns.append(self._aligned(own, classes))
        return np.stack(columns, axis=1)

    def _aligned(self, scores, known_classes):
        """The scores of one task, (n_samples, n_classes); those of the second class of two."""
        scores = np.asarray(scores)
        positions = codes_of(np.asarray(known_classes), self.classes)
        shape = (len(scores), len(self.classes))
        aligned = np.full(shape, np.nan)
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])
        aligned[:, positions] = scores
        return aligned

"""Errors by any metric of scikit-learn, or one's own: a value for each group of targets."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from skmtl._data.task_ids import codes_of
from skmtl.evaluation._measures import (
    Targets,
    encode_classes,
    error_of_rounding,
    read_numbers,
)
from skmtl.evaluation._statistics import NO_ERROR


class MetricError:
    """The value of a loss, or one minus a score.

    Parameters
    ----------
    metric : Metric
        What is computed of the targets of one task.
    is_classification : bool
        Whether targets are classes.
    """

    draws_samples = False  # each value costs a call of the metric

    def __init__(self, metric, is_classification):
        self.metric = metric
        self.is_classification = is_classification
        self.is_loss = metric.sign < 0  # raises if that is not known
        name = metric.name.removeprefix("neg_")
        self.name = name if self.is_loss else f"1 - {name}"
        self.response_method = metric.response_method
        self._classes = None

    def read(self, y, task_codes):
        """The :class:`Targets` of the user's y."""
        if not self.is_classification:
            y = read_numbers(y)
            return Targets(y, y)
        self._classes, class_codes = encode_classes(y, task_codes)
        kind = LabelTargets if self.metric.takes_labels else ScoreTargets
        return kind(class_codes, class_codes, self._classes, self.response_method)

    def rounding(self, targets, task_codes, n_tasks):
        """Errors up to these are rounding of the predictions, (n_tasks,)."""
        if self.is_classification:
            return np.full(n_tasks, NO_ERROR)
        rounding = error_of_rounding(self, targets, task_codes, n_tasks)
        return rounding if self.is_loss else np.maximum(rounding, NO_ERROR)

    def error_function(self, truth, predictions, groups, n_groups):
        """Function that returns errors (n_groups,), NaN for a group without a value.

        It takes no weights (see `draws_samples`).
        """
        errors = np.full(n_groups, np.nan)
        order = np.argsort(groups, kind="stable")
        counts = np.bincount(groups, minlength=n_groups)
        ends = np.cumsum(counts)
        for group, targets in enumerate(np.split(order, ends[:-1])):
            own = predictions[targets]
            is_defined = len(targets) >= self.metric.min_samples
            if is_defined and not np.isnan(own).all():
                errors[group] = self._error(truth[targets], own)

        def errors_of_groups(weights=None):
            return errors

        return errors_of_groups

    def _error(self, truth, predictions):
        """The error of one group of targets; NaN where the metric has no value."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            value = float(self._value(truth, predictions))
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
            return self.metric(truth, predictions)
        labels = self._classes[truth]
        if self.metric.takes_labels:
            return self.metric(labels, self._classes[predictions.astype(int)])
        scored = np.flatnonzero(~np.isnan(predictions).all(axis=0))
        values = predictions[:, scored]
        # Of a class that a fit lacked: the probability 0, or the smallest decision value.
        lowest = min(0.0, np.nanmin(values))
        values = np.where(np.isnan(values), lowest, values)
        return self.metric(labels, values, classes=self._classes[scored])


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

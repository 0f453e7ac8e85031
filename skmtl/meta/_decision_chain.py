"""Classifiers of tasks that are learned one after another, each from the decisions of the earlier.

A chain holds the fitted estimators in the order of learning. `learn` adds one. `inputs` computes
what all tasks see of new samples, and `predict` applies the model at a position to that.
"""

import numpy as np
from scipy.special import expit, softmax
from sklearn.utils import _safe_indexing

from skmtl.meta._added_columns import append_columns, check_appendable, take_columns
from skmtl.meta._fit_task import fit_task
from skmtl.meta._task_models import aligned_proba

_ADDED = "decision"  # name of the columns of a frame that hold the earlier decisions
_RMS = 10.0  # root mean square of the features that hold the earlier decisions


class DecisionChain:
    """Classifiers that see the earlier decisions as further features.

    Attributes
    ----------
    estimators : list of estimators
        The fitted classifiers.
    scales : list of float
        Factor of the earlier decisions as features of each classifier.
    """

    collapsed = None  # classifiers have no coefficients that add up

    def __init__(self, estimator, towards, data):
        self.estimator = estimator
        self.towards = towards
        samples, _ = data.pooled()
        self.classes = np.unique(samples.y)
        n_classes = len(self.classes)
        self.width = n_classes  # columns of a decision
        if n_classes == 2:
            self.width = 1
        self.features = data.features
        if data.n_tasks > 1:  # else the only classifier sees what the user passed
            self.features = check_appendable(data.features)
        self.n_features = self.features.shape[1]
        self.estimators = []
        self.scales = []

    def learn(self, X, y, weight):
        """Fit the next task."""
        earlier = self._earlier(X)[-1]
        rms = np.sqrt(np.mean(earlier**2))
        scale = 1.0
        if rms > 0:
            scale = _RMS / rms
        self.scales.append(scale)
        X = self._augmented(X, earlier, len(self.estimators))
        estimator = fit_task(self.estimator, X, y, weight)
        self.estimators.append(estimator)

    def finish(self):
        """Release the training data."""
        del self.features

    def _augmented(self, X, earlier, k):
        """Return what the k-th estimator sees of features and earlier decisions."""
        if k == 0:
            return X
        return append_columns(X, earlier * self.scales[k], _ADDED)

    def _earlier(self, X):
        """Return the decisions before the first, the second, ... and the next estimator."""
        current = np.zeros((X.shape[0], self.width))
        earlier = [current]
        for k, estimator in enumerate(self.estimators):
            seen = self._augmented(X, current, k)
            change = decisions(estimator, seen, self.classes) - current
            step = 1.0
            if self.towards == "mean":
                step = 1 / (k + 1)
            current = current + step * change
            earlier.append(current)
        return earlier

    def inputs(self, X):
        """Return X, the decisions before each estimator, and the mean decision of all."""
        if len(self.estimators) == 1:
            return X
        X = check_appendable(X)
        earlier = self._earlier(X)
        mean = earlier[-1]
        if self.towards == "last":
            mean = np.mean(earlier[1:], axis=0)
        columns = np.hstack([*earlier[:-1], mean])
        return append_columns(X, columns, _ADDED)

    def _split(self, inputs, k):
        """Return the features and the decisions before the k-th estimator, from `inputs`."""
        start = self.n_features + k * self.width
        stop = start + self.width
        features = _safe_indexing(inputs, slice(0, self.n_features), axis=1)
        return features, take_columns(inputs, start, stop)

    def _seen(self, inputs, k):
        """Return what the k-th estimator sees, from `inputs`."""
        if len(self.estimators) == 1:
            return inputs
        X, earlier = self._split(inputs, k)
        return self._augmented(X, earlier, k)

    def predict(self, inputs, position, classes):
        """Return the classes that the model at a position predicts, -1 for the mean of all."""
        if position >= 0:
            seen = self._seen(inputs, position)
            return self.estimators[position].predict(seen)
        most_probable = self._mean_proba(inputs, classes).argmax(axis=1)
        return classes[most_probable]

    def proba(self, inputs, position, classes):
        """Return the probabilities of `classes`, as `predict`."""
        if position >= 0:
            seen = self._seen(inputs, position)
            return aligned_proba(self.estimators[position], seen, classes)
        return self._mean_proba(inputs, classes)

    def _mean_proba(self, inputs, classes):
        """Return the probabilities of `classes` by the mean decision of all estimators."""
        n_estimators = len(self.estimators)
        if n_estimators == 1:
            mean = decisions(self.estimators[0], inputs, classes)
        else:
            _, mean = self._split(inputs, n_estimators)
        if len(classes) == 2:
            second = expit(mean)
            return np.hstack([1 - second, second])
        return softmax(mean, axis=1)


def decisions(estimator, X, classes):
    """Return log-odds of the second of two classes, (n_samples, 1), else (n_samples, n_classes).

    A classifier without probabilities gives its decision function; classes that it never saw get
    the minimum over those that it saw.
    """
    if hasattr(estimator, "predict_proba"):
        probabilities = aligned_proba(estimator, X, classes)
        scores = np.log(np.clip(probabilities, 1e-6, None))
    else:
        scores = _aligned_decision_function(estimator, X, classes)
    if len(classes) == 2:
        first = scores[:, :1]
        second = scores[:, 1:]
        return second - first
    mean = scores.mean(axis=1, keepdims=True)
    return scores - mean


def _aligned_decision_function(estimator, X, classes):
    """Return the decision function of every class, (n_samples, n_classes)."""
    values = np.asarray(estimator.decision_function(X))
    if values.ndim == 1:
        values = np.column_stack([-values, values]) / 2
    minimum = values.min(axis=1, keepdims=True)
    scores = np.repeat(minimum, len(classes), axis=1)
    seen = np.searchsorted(classes, estimator.classes_)
    scores[:, seen] = values
    return scores

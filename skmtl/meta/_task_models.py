"""What the meta-estimators share: one estimator for each task, fits and predictions by task."""

import warnings
from numbers import Number

import numpy as np
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
)
from sklearn.utils import (
    _safe_indexing,
    get_tags,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_is_fitted,
    has_fit_parameter,
)

from skmtl._data.fold_samples import given_splits
from skmtl._data.reading import (
    read_features,
    read_prediction_data,
    read_samples_by_task,
)
from skmtl._data.spellings import (
    concatenate_labels,
    stack_labels,
)
from skmtl._data.stratification import split_by_stratum
from skmtl._data.text_columns import naming_text_columns
from skmtl.base import MultiTaskEstimator


def _gives_probabilities(meta_estimator):
    """Whether the estimator whose predictions a task returns has `predict_proba`."""
    return hasattr(meta_estimator._predictor(), "predict_proba")


class TaskMetaEstimator(MultiTaskEstimator, MetaEstimatorMixin, BaseEstimator):
    """Base of the meta-estimators: tags of the inner estimator, fits and predictions by task.

    A subclass defines ``_fit_parts``, ``_predict_task`` and ``_proba_task``.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.task_estimator())
        tags.estimator_type = inner.estimator_type
        tags.regressor_tags = inner.regressor_tags
        tags.classifier_tags = inner.classifier_tags
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        return tags

    def task_estimator(self):
        """Return the unfitted estimator that is fitted to the samples of a task."""
        return self.estimator

    def _predictor(self):
        """Return the unfitted estimator whose predictions a task returns."""
        return self.estimator

    def _fit_parts(self, data):
        """Fit to SamplesByTask; weights are None if the user gave none."""
        raise NotImplementedError

    def _inputs(self, X):
        """Return what the models of tasks see of the features X, computed once for all tasks."""
        return X

    def _predict_task(self, X, t):
        """Return the predictions of task t, (n_samples,), from `_inputs`; t=-1 is a new task."""
        raise NotImplementedError

    def _proba_task(self, X, t, classes):
        """Return the probabilities that task t has the `classes`, (n_samples, n_classes)."""
        raise NotImplementedError

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit the estimator.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            Training data. The features are passed to the estimator unchanged, without the task
            column.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN or None where missing, or 1-D with `task_column` or
            `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Sample weights, if the estimator takes them.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self
        """
        self._check_estimators()
        self._check_layout_params()
        data = read_samples_by_task(self, X, y, sample_weight, tasks)
        if sample_weight is None or isinstance(sample_weight, Number):
            data = data.without_weights()
        else:
            check_takes_weights(self.task_estimator())
        self._store_tasks(data)
        if self._is_classifier():
            self.classes_ = class_labels(data)
        with naming_text_columns(X, self.task_column, tasks):
            self._fit_parts(data)
        return self

    def _check_estimators(self):
        """Raise if an estimator of single tasks expects the targets of several tasks."""
        for one in (self.task_estimator(), self._predictor()):
            if not hasattr(one, "fit"):
                raise TypeError(f"{type(self).__name__} needs an estimator, got {one!r}.")
            if isinstance(one, MultiTaskEstimator) or not get_tags(one).target_tags.single_output:
                raise TypeError(
                    f"{type(self).__name__} needs an estimator of a single target, such as "
                    f"RidgeCV(), but {type(one).__module__.split('.')[0]}'s {one!r} learns several."
                )

    def _is_classifier(self):
        return get_tags(self.task_estimator()).estimator_type == "classifier"

    def _classes_of(self, t):
        """Return the class labels of task t, None for regressors."""
        if not self._is_classifier():
            return None
        if self._layout == "wide":
            return self.classes_[t]
        return self.classes_

    def predict(self, X, *, tasks=None):
        """Predict each sample's own task, or all tasks if fitted on two-dimensional y.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            Samples, with the task column if there is one.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Predicted targets or class labels.

        Raises
        ------
        ValueError
            If tasks were not seen in fit, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks, numeric=False)
        X = self._inputs(X)
        if codes is None:
            return self._predict_every_task(X)
        return self._predict_own_tasks(X, codes)

    def _predict_own_tasks(self, X, codes):
        """Return the prediction of each sample's own task, (n_samples,), from `_inputs`."""
        samples_of_tasks = []
        predictions_of_tasks = []
        for t, samples, X_t in _by_task(X, codes):
            samples_of_tasks.append(samples)
            predictions_of_tasks.append(self._predict_task(X_t, t))
        dtype = np.result_type(*predictions_of_tasks)
        samples = np.concatenate(samples_of_tasks)
        predictions = np.empty(len(codes), dtype=dtype)
        predictions[samples] = np.concatenate(predictions_of_tasks)
        return predictions

    def _predict_every_task(self, X):
        """Return the predictions of all tasks, (n_samples, n_tasks), from `_inputs`."""
        columns = [self._predict_task(X, t) for t in range(self.n_tasks_)]
        return stack_labels(columns)

    def predict_all_tasks(self, X):
        """Predict all tasks for every sample, in any data form.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Predicted targets or class labels.
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, numeric=False, ids=False)
        return self._predict_every_task(self._inputs(X))

    @available_if(_gives_probabilities)
    def predict_proba(self, X, *, tasks=None):
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            Samples, with the task column if there is one.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of n_tasks such arrays
            Probabilities in the order of `classes_`; a list if fitted on two-dimensional y.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks, numeric=False)
        X = self._inputs(X)
        if codes is None:
            probabilities = []
            for t, classes in enumerate(self.classes_):
                probabilities.append(self._proba_task(X, t, classes))
            return probabilities
        return self._proba_of_own_tasks(X, codes)

    def _proba_of_own_tasks(self, X, codes):
        """Return the probabilities of each sample's own task, (n_samples, n_classes)."""
        shape = (len(codes), len(self.classes_))
        probabilities = np.empty(shape)
        for t, samples, X_t in _by_task(X, codes):
            probabilities[samples] = self._proba_task(X_t, t, self.classes_)
        return probabilities


def class_labels(data):
    """Return the class labels: a list of those of each task for wide data, else of all tasks."""
    classes = []
    for part in data.parts:
        check_classification_targets(part.y)
        of_task = np.unique(part.y)
        classes.append(of_task)
    if data.layout != "wide":
        classes = np.unique(concatenate_labels(classes))
    return classes


def check_takes_weights(estimator):
    """Raise unless the fit of the estimator takes sample weights."""
    if not has_fit_parameter(estimator, "sample_weight"):
        raise ValueError(
            f"sample_weight was given, but the fit of {type(estimator).__name__} takes none."
        )


def splits_of_samples(cv, data, groups=None):
    """Return pairs (train, test) of positions in the user's X.

    Parameters
    ----------
    cv : splitter or iterable of (train, test)
        What the user gave. A splitter gets the task ids as `groups`, and y, of long data.
    data : SamplesByTask
        The samples to split.
    groups : ndarray of int of shape (n_samples,), default=None
        What a splitter gets as `groups` of wide data.
    """
    n_samples = data.features.shape[0]
    y = None
    if data.layout != "wide":
        pooled, codes = data.pooled()
        groups = np.zeros(n_samples, dtype=int)
        groups[pooled.indices] = codes
        y = np.full(n_samples, pooled.y[0], dtype=pooled.y.dtype)
        y[pooled.indices] = pooled.y
    with warnings.catch_warnings():  # most splitters need no groups
        warnings.filterwarnings("ignore", "The groups parameter is ignored")
        return given_splits(cv, n_samples, data.features, y, groups)


def rows_of(X, samples):
    """Return some rows of features of any type."""
    if isinstance(X, np.ndarray):
        return X[samples]
    return _safe_indexing(X, samples)


def _by_task(X, codes):
    """Yield the code of every task, the positions of its samples, and its part of X."""
    present, positions = np.unique(codes, return_inverse=True)
    every_sample = np.arange(len(codes))
    samples_of_tasks = split_by_stratum(positions, every_sample)
    for t, samples in zip(present, samples_of_tasks, strict=True):
        yield t, samples, rows_of(X, samples)


def aligned_proba(estimator, X, classes):
    """Return probabilities (n_samples, n_classes), 0 for classes that the estimator never saw."""
    probabilities = np.zeros((X.shape[0], len(classes)))
    seen = np.searchsorted(classes, estimator.classes_)
    probabilities[:, seen] = estimator.predict_proba(X)
    return probabilities


def predict_by(estimators, X, t, classes):
    """Return the predictions of the estimator of task t, (n_samples,).

    For t=-1 they are the mean of those of all estimators, or the class with the most votes.
    """
    if t >= 0:
        return estimators[t].predict(X)
    predictions = [estimator.predict(X) for estimator in estimators]
    predictions = np.stack(predictions)
    if classes is None:
        return predictions.mean(axis=0)
    votes = []
    for label in classes:
        agree = predictions == label
        n_votes = agree.sum(axis=0)
        votes.append(n_votes)
    winner = np.argmax(votes, axis=0)
    return classes[winner]


def proba_by(estimators, X, t, classes):
    """Return the probabilities of the estimator of task t; for t=-1 the mean of all estimators."""
    if t >= 0:
        estimators = [estimators[t]]
    probabilities = []
    for estimator in estimators:
        probabilities.append(aligned_proba(estimator, X, classes))
    return np.mean(probabilities, axis=0)

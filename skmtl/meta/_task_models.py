"""What the meta-estimators share: one estimator for each task, and the walk over tasks."""

from numbers import Integral, Number

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.utils import _safe_indexing, check_array, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skmtl._data.reading import read_features, read_prediction_data, read_samples_by_task
from skmtl.base import MultiTaskEstimator


class TaskMetaEstimator(MultiTaskEstimator, MetaEstimatorMixin, BaseEstimator):
    """Shared by both baselines: tags of the inner estimator, the walk over tasks at predict."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.task_estimator())
        tags.estimator_type = inner.estimator_type
        tags.regressor_tags, tags.classifier_tags = inner.regressor_tags, inner.classifier_tags
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        return tags

    def task_estimator(self):
        """The estimator that a task is fitted with."""
        return self.estimator

    def _predictor(self):
        """The estimator whose predictions a task returns."""
        return self.estimator

    def _inputs(self, X):
        """What is made of X once, before the models of its tasks predict."""
        return X

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit the estimator.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            Handed on to the estimator without the task column, otherwise as it is.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN or None where a label is missing; 1-D with `task_column` or
            `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Only if the estimator takes weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self
        """
        self._check_layout_params()
        data = read_samples_by_task(self, X, y, sample_weight, tasks)
        weighted = sample_weight is not None and not isinstance(sample_weight, Number)
        if weighted:
            _check_takes_weights(self.task_estimator())
        self._store_tasks(data)
        if self._is_classifier():
            for _, labels, _ in data.parts:
                check_classification_targets(labels)
            classes = [np.unique(y) for _, y, _ in data.parts]
            wide = data.layout == "wide"
            self.classes_ = classes if wide else np.unique(np.concatenate(classes))
        self._fit_parts(data, weighted)
        return self

    def _is_classifier(self):
        return get_tags(self.task_estimator()).estimator_type == "classifier"

    def predict(self, X, *, tasks=None):
        """Predict with each row's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks, numeric=False)
        X = self._inputs(X)
        if codes is None:
            return np.column_stack([self._predict_task(X, t) for t in range(self.n_tasks_)])
        parts = [(rows, self._predict_task(part, t)) for t, rows, part in _groups(X, codes)]
        out = np.empty(len(codes), dtype=np.result_type(*[values for _, values in parts]))
        for rows, values in parts:
            out[rows] = values
        return out

    def predict_all_tasks(self, X):
        """Predictions of every task for every row, however the data came in.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are not looked at.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, numeric=False, ids=False)
        X = self._inputs(X)
        return np.column_stack([self._predict_task(X, t) for t in range(self.n_tasks_)])

    @available_if(lambda self: hasattr(self._predictor(), "predict_proba"))
    def predict_proba(self, X, *, tasks=None):
        """Class probabilities, for classifiers.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of them, one a task, when fitted on
        two-dimensional y
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks, numeric=False)
        X = self._inputs(X)
        if codes is None:
            return [self._proba_task(X, t, self.classes_[t]) for t in range(self.n_tasks_)]
        out = np.empty((len(codes), len(self.classes_)))
        for t, rows, part in _groups(X, codes):
            out[rows] = self._proba_task(part, t, self.classes_)
        return out


def _check_takes_weights(estimator):
    if not has_fit_parameter(estimator, "sample_weight"):
        raise ValueError(
            f"sample_weight was given, but the fit of {type(estimator).__name__} takes none."
        )


def _groups(X, codes):
    """Task, row positions and rows of every task in `codes`."""
    for t in np.unique(codes):
        rows = np.flatnonzero(codes == t)
        yield t, rows, _safe_indexing(X, rows)


def _fit_one(estimator, X, y, weight):
    """A fitted clone; see IndependentTasks for what few rows or one class mean."""
    estimator = clone(estimator)
    classifier = get_tags(estimator).estimator_type == "classifier"
    folds = _fold_parameters(estimator)
    counts = np.unique(y, return_counts=True)[1] if classifier else np.array([len(y)])
    most = counts.max()  # of folds that are stratified by class
    if classifier and len(counts) == 1:
        estimator = DummyClassifier()
    elif folds and counts.min() == 1:
        estimator = DummyClassifier() if classifier else DummyRegressor()
    elif most < 5 or any(value is not None and value > most for value in folds.values()):
        estimator.set_params(**{name: min(value or 5, most) for name, value in folds.items()})
    return estimator.fit(X, y) if weight is None else estimator.fit(X, y, sample_weight=weight)


def _fold_parameters(estimator):
    """Parameters, nested ones included, that hold a number of folds (None is five)."""
    params = {"": estimator, **estimator.get_params()}
    return {
        name: value
        for name, value in params.items()
        if name.split("__")[-1] == "cv"
        and (value is None or isinstance(value, Integral))
        # None is leave-one-out there, whatever the number of rows
        and not isinstance(params[name.rpartition("__")[0]], RidgeCV | RidgeClassifierCV)
    }


def _aligned_proba(estimator, X, classes):
    """Probabilities over `classes`, 0 for classes that the estimator never saw."""
    out = np.zeros((X.shape[0], len(classes)))
    out[:, np.searchsorted(classes, estimator.classes_)] = estimator.predict_proba(X)
    return out


def _predict_by(estimators, X, t, classes):
    """Predictions of the estimator of task t; of all for -1: their mean, or a vote on `classes`."""
    if t >= 0:
        return estimators[t].predict(X)
    votes = np.stack([estimator.predict(X) for estimator in estimators])
    if classes is None:
        return votes.mean(axis=0)
    counts = np.stack([(votes == label).sum(axis=0) for label in classes])
    return classes[counts.argmax(axis=0)]


def _proba_by(estimators, X, t, classes):
    """Probabilities of the estimator of task t over `classes`, or the mean of all for -1."""
    estimators = estimators if t < 0 else [estimators[t]]
    return np.mean([_aligned_proba(one, X, classes) for one in estimators], axis=0)


def _append_columns(X, columns=None):
    """X as numbers, with `columns` (n_samples, n_columns) behind its own."""
    X = check_array(X, accept_sparse=("csr", "csc"), ensure_all_finite=False, input_name="X")
    if columns is None:
        return X
    if sparse.issparse(X):
        return sparse.hstack([X, sparse.csr_matrix(columns)], format="csr")
    return np.hstack([X, columns])

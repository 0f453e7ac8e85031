"""What classifiers make of scores: probabilities, classes, in every form of data."""

import numpy as np
from scipy.special import expit, softmax
from sklearn.utils.validation import check_is_fitted

from skmtl._dask.predictions import lazy_on_collections
from skmtl._data.reading import read_features
from skmtl._data.spellings import stack_labels


class ClassPredictor:
    """Mixin of classifiers that predict from scores.

    A subclass sets `classes_` and `n_tasks_` and has ``_scores(X, tasks)``, the scores with the
    task of each sample or with all tasks, and whether it is the latter; and
    ``_scores_of_tasks(X)``, those of every task, (n_samples, n_tasks) or (n_samples, n_tasks,
    n_classes). Scores of two classes are log-odds.
    """

    @lazy_on_collections
    def decision_function(self, X, *, tasks=None):
        """Log-odds of the second class, or scores of all classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Scores of a Dask collection are a lazy Dask array.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray
            Of shape (n_samples,) or (n_samples, n_classes) for long data; (n_samples, n_tasks) for
            two-dimensional y, and a list of (n_samples, n_classes) for more than two classes.
        """
        scores, wide = self._scores(X, tasks)
        if wide and scores.ndim == 3:
            return [scores[:, t, : len(own)] for t, own in enumerate(self.classes_)]
        return scores

    @lazy_on_collections
    def predict_proba(self, X, *, tasks=None):
        """Class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Probabilities of a Dask collection are a lazy
            Dask array.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or list of n_tasks such arrays
            The list for two-dimensional y. Columns are in the order of `classes_`.
        """
        scores, wide = self._scores(X, tasks)
        if not wide:
            return _probabilities(scores)
        return [_probabilities(scores[:, t])[:, : len(c)] for t, c in enumerate(self.classes_)]

    @lazy_on_collections
    def predict(self, X, *, tasks=None):
        """Predict the most probable class with the task of each sample, or with all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Predictions of a Dask collection are a lazy Dask
            array.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Class labels.

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        scores, wide = self._scores(X, tasks)
        if wide:
            return self._classes_of_tasks(scores)
        return self.classes_[_best(scores)]

    @lazy_on_collections
    def predict_all_tasks(self, X):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `predict`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Class labels.
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._classes_of_tasks(self._scores_of_tasks(X))

    def _classes_of_tasks(self, scores):
        """Most probable classes, (n_samples, n_tasks), from the scores of all tasks."""
        wide = isinstance(self.classes_, list)
        classes = self.classes_ if wide else [self.classes_] * self.n_tasks_
        return stack_labels([own[_best(scores[:, t])] for t, own in enumerate(classes)])


def _best(scores):
    """Position of the most probable class, from log-odds or scores."""
    if scores.ndim == 1:
        return (scores > 0).astype(np.intp)
    return scores.argmax(axis=-1)


def _probabilities(scores):
    """Class probabilities, from log-odds or scores."""
    if scores.ndim == 1:
        p = expit(scores)
        return np.column_stack([1 - p, p])
    return softmax(scores, axis=-1)

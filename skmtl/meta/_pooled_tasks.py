"""One scikit-learn estimator for all tasks."""

import numpy as np
from sklearn.utils import _safe_indexing, gen_batches

from skmtl.meta._fit_task import fit_task
from skmtl.meta._task_models import TaskMetaEstimator, aligned_proba

_ROWS = 2**12  # samples of several tasks that are predicted at a time


class PooledTasks(TaskMetaEstimator):
    """Learn all tasks as if they were one: a single model that never sees the task.

    With a two-dimensional y, a sample is used once for each of its targets.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn regressor or classifier for 1-D y.
    task_column : str or int, default=None
        Column of X that holds the task ids; it is removed before the fit.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that were not seen in fit: raise an error, or predict them
        like all others.

    Attributes
    ----------
    estimator_ : estimator
        The fitted model of all tasks.
    tasks_ : ndarray of shape (n_tasks,)
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    classes_ : ndarray, or list of ndarray for two-dimensional y
        Of classifiers.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    See Also
    --------
    IndependentTasks : One model for each task.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skmtl import PooledTasks
    >>> X = np.array([[0.0, 0], [1.0, 0], [0.0, 1], [1.0, 1]])
    >>> model = PooledTasks(LinearRegression(), task_column=1).fit(X, [0, 1, 2, 3])
    >>> model.predict([[0.5, 0], [0.5, 1]]).round(3)
    array([1.5, 1.5])
    """

    def __init__(self, estimator, *, task_column=None, handle_unknown="error"):
        self.estimator = estimator
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def _fit_parts(self, data):
        samples, codes = self._pooled(data)
        features = _safe_indexing(data.features, samples.indices)
        X = self.pooled_inputs(features, codes)
        self.estimator_ = fit_task(self.estimator, X, samples.y, samples.weight)

    def _pooled(self, data):
        """Return the samples of all tasks, their tasks in turns, and their task codes."""
        samples, codes = data.pooled()
        if data.layout == "wide" and self._is_classifier():
            # one model for all tasks can predict any class for any of them
            every_class = np.unique(samples.y)
            self.classes_ = [every_class] * data.n_tasks
        order = _in_turns(data.n_samples_per_task)
        return samples.take(order), codes[order]

    def pooled_inputs(self, X, codes):
        """Return what the model sees of samples of these tasks; code -1 is a new task."""
        return X

    def _seen_by_task(self, X, t):
        """Return what the model sees of samples of task t."""
        codes = np.full(X.shape[0], t)
        return self.pooled_inputs(X, codes)

    def _predict_every_task(self, X):
        n_samples = X.shape[0]
        columns = []
        for batch in gen_batches(self.n_tasks_, max(1, _ROWS // n_samples)):
            tasks = np.arange(batch.start, batch.stop)
            samples = np.tile(np.arange(n_samples), len(tasks))
            predictions = self._predict_own_tasks(
                _safe_indexing(X, samples), np.repeat(tasks, n_samples)
            )
            columns.append(predictions.reshape(len(tasks), n_samples).T)
        return np.hstack(columns)

    def _predict_own_tasks(self, X, codes):
        return self.estimator_.predict(self.pooled_inputs(X, codes))

    def _proba_of_own_tasks(self, X, codes):
        X = self.pooled_inputs(X, codes)
        return aligned_proba(self.estimator_, X, self.classes_)

    def _proba_task(self, X, t, classes):
        X = self._seen_by_task(X, t)
        return aligned_proba(self.estimator_, X, classes)


def _in_turns(n_samples_per_task):
    """Return an order of stacked samples in which the first samples of all tasks come first.

    Folds without shuffling then hold samples of all tasks.
    """
    ranks = [np.arange(n_samples) for n_samples in n_samples_per_task]
    return np.argsort(np.concatenate(ranks), kind="stable")

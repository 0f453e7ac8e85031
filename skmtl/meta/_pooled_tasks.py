"""One scikit-learn estimator for all tasks."""

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl.meta._task_models import TaskMetaEstimator, _aligned_proba, _fit_one


class PooledTasks(TaskMetaEstimator):
    """All tasks learned as if they were one: a single model that never sees the task.

    On two-dimensional y every labeled cell is a row.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn regressor or classifier for 1-D y.
    task_column : str or int, default=None
        Column of X that holds the task ids; it is taken off before the fit.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or predict all the same.

    Attributes
    ----------
    estimator_ : estimator
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

    def _fit_parts(self, data, weighted):
        rows, y, weight = (np.concatenate(parts) for parts in zip(*data.parts, strict=True))
        # first rows of all tasks first, so that folds without shuffling hold all tasks
        ranks = np.concatenate([np.arange(len(rows)) for rows, _, _ in data.parts])
        order = np.argsort(ranks, kind="stable")
        if data.layout == "wide" and self._is_classifier():
            self.classes_ = [np.unique(y)] * data.n_tasks  # one model: any class for any task
        codes = np.repeat(np.arange(data.n_tasks), [len(rows) for rows, _, _ in data.parts])
        rows, y, weight = rows[order], y[order], weight[order] if weighted else None
        X = self._pooled_rows(_safe_indexing(data.features, rows), codes[order])
        self.estimator_ = self._fit_pooled(X, y, weight, rows)

    def _fit_pooled(self, X, y, weight, rows):
        """The fitted model of all rows, which stood at `rows` of the user's X."""
        return _fit_one(self.estimator, X, y, weight)

    def _pooled_rows(self, X, codes):
        """What the model sees of rows of these tasks."""
        return X

    def _predict_task(self, X, t):
        return self.estimator_.predict(self._pooled_rows(X, np.full(X.shape[0], t)))

    def _proba_task(self, X, t, classes):
        X = self._pooled_rows(X, np.full(X.shape[0], t))
        return _aligned_proba(self.estimator_, X, classes)

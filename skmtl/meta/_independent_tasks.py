"""A scikit-learn estimator for each task."""

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from skmtl.meta._task_models import TaskMetaEstimator, _fit_one, _predict_by, _proba_by


class IndependentTasks(TaskMetaEstimator):
    """Every task learned alone: one clone of an estimator for each task.

    Where the estimator cross-validates itself (a parameter `cv`, at any depth), a task with fewer
    rows than folds gets as many folds as it has rows (of its largest class), and one with a single
    row its mean, or with a single row of a class the frequencies of its classes; a task with labels
    of one class only gets that class.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn regressor or classifier for 1-D y.
    task_params : dict, default=None
        Parameters of the estimator that differ over tasks, by name: an array-like in the order of
        `tasks_`, or a dict {label: value} that leaves the other tasks as they are. For example
        ``{"alpha": [0.1, 1.0, 10.0]}``.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or average what the models of
        all tasks predict (classifiers vote).
    n_jobs : int, default=None
        Tasks at a time.

    Attributes
    ----------
    estimators_ : list of n_tasks estimators
        In the order of `tasks_`.
    tasks_ : ndarray of shape (n_tasks,)
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    classes_ : ndarray, or list of ndarray for two-dimensional y
        Of classifiers.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    See Also
    --------
    PooledTasks : One model for all tasks.
    compare_to_single_task : Whether sharing helped.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmtl import IndependentTasks
    >>> X = np.array([[0.0, 0], [1.0, 0], [0.0, 1], [1.0, 1]])
    >>> model = IndependentTasks(Ridge(alpha=1e-6), task_column=1).fit(X, [0, 1, 5, 3])
    >>> model.predict([[0.5, 0], [0.5, 1]]).round(3)
    array([0.5, 4. ])
    """

    def __init__(
        self,
        estimator,
        *,
        task_params=None,
        task_column=None,
        handle_unknown="error",
        n_jobs=None,
    ):
        self.estimator = estimator
        self.task_params = task_params
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.n_jobs = n_jobs

    def _fit_parts(self, data, weighted):
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_one)(
                estimator, _safe_indexing(data.features, rows), y, w if weighted else None
            )
            for estimator, (rows, y, w) in zip(self._of_tasks(), data.parts, strict=True)
        )

    def _of_tasks(self):
        """The estimator of each task, unfitted."""
        labels = self.tasks_.tolist()
        estimators = [self.estimator] * len(labels)
        for name, values in (self.task_params or {}).items():
            if not isinstance(values, dict):
                if np.shape(values)[:1] != (len(labels),):
                    raise ValueError(
                        f"task_params has {np.size(values)} value(s) of {name!r}, expected "
                        f"{len(labels)}: one for each task in the order of tasks_."
                    )
                values = dict(zip(labels, values, strict=True))
            unknown = [label for label in values if label not in labels]
            if unknown:
                raise ValueError(
                    f"task_params gives {name!r} to {unknown[0]!r}, which is no task; tasks are "
                    f"{labels[:5]}{'...' if len(labels) > 5 else ''}."
                )
            for t, label in enumerate(labels):
                if label in values:
                    estimators[t] = clone(estimators[t]).set_params(**{name: values[label]})
        return estimators

    def _predict_task(self, X, t):
        return _predict_by(self.estimators_, X, t, self.classes_ if self._is_classifier() else None)

    def _proba_task(self, X, t, classes):
        return _proba_by(self.estimators_, X, t, classes)

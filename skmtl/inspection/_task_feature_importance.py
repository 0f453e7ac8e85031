"""Importances of features over all tasks."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl._data.task_ids import column_position
from skmtl.base import namesake


def task_feature_importance(estimator):
    """Importance of every column of X: the 2-norm over tasks of the feature's coefficients.

    Coefficients are in the units of the targets, also those of ``normalize_y=True``: tasks with
    large units dominate, so standardize targets whose units differ.

    The task column gets the largest importance, so that scikit-learn's `SelectFromModel` keeps it
    in its place among the columns. It may move, so make it the first or last column, or find it by
    name afterwards. It counts as one of `max_features`.

    Parameters
    ----------
    estimator : estimator
        Fitted multi-task estimator with `coef_` of shape (n_tasks, n_features) or
        (n_tasks, n_classes, n_features).

    Returns
    -------
    ndarray of shape (`n_features_in_`,)
        The norms; for the task column the largest norm, or 1 if all norms are 0.

    Raises
    ------
    TypeError
        If the estimator is not a linear model of skmtl.

    Examples
    --------
    >>> from sklearn.feature_selection import SelectFromModel
    >>> from skmtl import MultiTaskLasso, task_feature_importance
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(own_inputs=True, random_state=0)
    >>> model = MultiTaskLasso(alpha=0.5, task_column=-1)
    >>> select = SelectFromModel(model, importance_getter=task_feature_importance)
    >>> bool(select.fit(data.X, data.y).get_support()[-1])
    True
    """
    check_is_fitted(estimator)
    if not hasattr(estimator, "task_column"):
        raise TypeError(f"{estimator!r} is not a linear model of skmtl{namesake(estimator)}.")
    coef = np.asarray(estimator.coef_)
    n_features = coef.shape[-1]
    coef = coef.reshape(-1, n_features)
    importance = np.linalg.norm(coef, axis=0)
    if estimator.task_column is None:
        return importance
    names = getattr(estimator, "feature_names_in_", None)
    position = column_position(names, estimator.n_features_in_, estimator.task_column)
    largest = importance.max() or 1.0
    return np.insert(importance, position, largest)

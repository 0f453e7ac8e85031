"""Gradient boosting of all tasks, with the task as a category."""

import numpy as np
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils import check_array

from skmtl.evaluation._standardized_tasks import StandardizedTasks
from skmtl.meta import PooledTasks

_MOST_CATEGORIES = 255  # that scikit-learn's boosting can tell apart


class BoostedTasks(PooledTasks):
    """Learn all tasks as one by gradient boosting, which sees the task as a category.

    With more than 255 tasks, it does not see the task.

    Parameters
    ----------
    estimator : HistGradientBoostingRegressor or HistGradientBoostingClassifier
        The boosting; its ``categorical_features`` are the first column.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that were not seen in fit: raise an error, or predict them
        as if the task were missing.
    """

    def pooled_inputs(self, X, codes):
        """Return the features behind the task, which is NaN for a new one."""
        if sparse.issparse(X):
            X = X.toarray()
        X = check_array(X, dtype=float, ensure_all_finite="allow-nan")
        categories = np.zeros(len(codes))
        if self.n_tasks_ <= _MOST_CATEGORIES:
            categories = np.where(codes < 0, np.nan, codes)
        return np.column_stack([categories, X])


class StandardizedBoostedTasks(StandardizedTasks, BoostedTasks):
    """:class:`BoostedTasks` of targets that are standardized task by task."""


def boosted_tasks(kind, of_counts, normalize_y, options):
    """Boosting of all tasks for classes, counts or numbers, unfitted."""
    boosting_options = {"categorical_features": [0], "random_state": 0}
    if kind == "classifier":
        return BoostedTasks(HistGradientBoostingClassifier(**boosting_options), **options)
    if of_counts:
        poisson = HistGradientBoostingRegressor(loss="poisson", **boosting_options)
        return BoostedTasks(poisson, **options)
    boosted = StandardizedBoostedTasks if normalize_y else BoostedTasks
    return boosted(HistGradientBoostingRegressor(**boosting_options), **options)

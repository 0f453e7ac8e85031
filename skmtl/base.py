"""What all estimators have in common: tags by data layout, the score, who may see tasks."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags

from skmtl._data.checks import check_option
from skmtl._data.task_ids import split_task_column
from skmtl.metrics import task_score


class MultiTaskEstimator:
    """Mixin of every estimator that takes `task_column` and `handle_unknown`.

    Without `task_column` the target is wide (two-dimensional); with it, 1-D. Fitted attributes set
    by every subclass: `tasks_`, `n_tasks_`, `n_samples_per_task_` and the private `_layout`.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        wide = self.task_column is None
        tags.target_tags.required = True
        tags.target_tags.multi_output = wide
        tags.target_tags.single_output = not wide
        return tags

    def _check_layout_params(self):
        check_option(self.handle_unknown, "handle_unknown", ("error", "shared"))

    def _store_tasks(self, data):
        self.tasks_, self.n_tasks_ = data.tasks, data.n_tasks
        self.n_samples_per_task_ = data.n_samples_per_task
        self._layout = data.layout

    def score(self, X, y, sample_weight=None, *, tasks=None):
        """Average over tasks of R^2 (regressors) or accuracy (classifiers).

        Labels that are NaN are left out. Tasks with fewer than two rows in X have no R^2 of their
        own; where no task has one, the figure is that of all rows together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Test rows, with the task column where the estimator has one.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            True targets.
        sample_weight : array-like of shape (n_samples,) or of y's shape, default=None
        tasks : array-like of shape (n_samples,), default=None
            Task ids, where fit was given `tasks`.

        Returns
        -------
        float
        """
        predictions = self.predict(X) if tasks is None else self.predict(X, tasks=tasks)
        labels = tasks if self.task_column is None else split_task_column(X, self.task_column)[1]
        classifier = get_tags(self).estimator_type == "classifier"
        return task_score(
            y,
            predictions,
            metric=accuracy_score if classifier else r2_score,
            tasks=labels,
            sample_weight=sample_weight,
            min_samples=1 if classifier else 2,
        )


def warn_unconverged(solution, max_iter, tol, where="", stacklevel=4):
    """ConvergenceWarning that says what to change, pointing at the caller of `fit`."""
    warnings.warn(
        "Objective did not converge. You might want to increase the number of iterations. "
        f"After max_iter={max_iter} iterations{where} the duality gap is "
        f"{solution.optimality:.2e} of the null objective, but tol={tol:.1e}: increase max_iter or "
        "alpha, scale the features, or accept a larger tol.",
        ConvergenceWarning,
        stacklevel=stacklevel,
    )

"""What all estimators have in common: tags, fitted attributes of tasks, the score, warnings."""

from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags

from skmtl._dask.partitions import is_collection
from skmtl._data.checks import check_option
from skmtl._data.in_memory import check_in_memory
from skmtl._data.plain_arrays import is_finite, is_plain
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.target_names import targets_in_order
from skmtl._data.task_ids import split_task_column
from skmtl._warn import warn
from skmtl.metrics import score_collection, task_score


class MultiTaskEstimator:
    """Mixin of all estimators that take `task_column` and `handle_unknown`.

    Without `task_column`, y is two-dimensional (wide data); with it, y is 1-D. Every subclass sets
    the fitted attributes `tasks_`, `n_tasks_` and `n_samples_per_task_`, and the private `_layout`,
    the data form it was fitted on.
    """

    _shuffles_folds = False  # whether a search for its strengths draws the folds at random

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
        self.tasks_ = data.tasks
        self.n_tasks_ = data.n_tasks
        self.n_samples_per_task_ = data.n_samples_per_task
        self._layout = data.layout

    def score(self, X, y, sample_weight=None, *, tasks=None):
        """Return the average over tasks of R^2 (regressors) or accuracy (classifiers).

        Missing targets are left out. Tasks with fewer than two samples have no R^2 of their own; if
        no task has one, R^2 is that of the samples of all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Test samples, with the task column where the estimator has one. Or a Dask collection, as
            the other arguments then are, if `predict` takes these: the score is computed partition
            by partition.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            True targets. The columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or of y's shape, default=None
            Sample weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        float
            Average score of the tasks.

        Raises
        ------
        ValueError
            If the input is invalid: shapes do not match, or a frame y lacks the column of a task
            or has others.
        """
        of_labels = get_tags(self).estimator_type == "classifier"
        if y is None:
            name = type(self).__name__
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        if is_collection(X):
            return score_collection(self, X, y, sample_weight, tasks, of_labels=of_labels)
        check_in_memory(X=X, y=y, sample_weight=sample_weight, tasks=tasks)
        warn_of_row_order(X, y=y, sample_weight=sample_weight)
        predict_kwargs = {} if tasks is None else {"tasks": tasks}
        predictions = self.predict(X, **predict_kwargs)
        if self.task_column is not None:
            _, tasks = split_task_column(X, self.task_column)
        if tasks is None:
            y = targets_in_order(y, self.tasks_)
            if sample_weight is not None:
                sample_weight = targets_in_order(sample_weight, self.tasks_, "sample_weight")
        if not of_labels and sample_weight is None and _is_complete(y, predictions):
            return float(r2_score(y, predictions))  # the average over the columns, at once
        metric = r2_score
        min_samples = 2
        if of_labels:
            metric = accuracy_score
            min_samples = 1
        return task_score(
            y,
            predictions,
            metric=metric,
            tasks=tasks,
            sample_weight=sample_weight,
            min_samples=min_samples,
        )


def _is_complete(y, predictions):
    """Whether y is an array of numbers of several tasks, each of which has an R^2 of its own."""
    if not is_plain(y):
        return False
    if y.shape != predictions.shape:
        return False
    if len(y) < 2:
        return False
    return is_finite(y)


def namesake(estimator):
    """The end of a message that refuses an estimator, whose repr does not show its module.

    Some classes of scikit-learn have the name of one of skmtl: then both are named in full.
    """
    name = type(estimator).__name__
    is_own = isinstance(estimator, MultiTaskEstimator)
    if is_own or name not in _names_of_subclasses(MultiTaskEstimator):
        return ""
    parts = type(estimator).__module__.split(".")
    public = [part for part in parts if not part.startswith("_")]
    return f": got {'.'.join(public)}.{name}; use skmtl.{name}"


def _names_of_subclasses(base):
    """Names of all classes that are derived from a class."""
    names = set()
    for one in base.__subclasses__():
        names |= {one.__name__} | _names_of_subclasses(one)
    return names


def warn_unconverged(solution, max_iter, tol, where=""):
    """Emit a ConvergenceWarning that says what to change and points at the caller of `fit`."""
    warn(
        "Objective did not converge. You might want to increase the number of iterations. "
        f"After max_iter={max_iter} iterations{where} the duality gap is "
        f"{solution.optimality:.2e} of the null objective, but tol={tol:.1e}: increase max_iter or "
        "alpha, scale the features, or accept a larger tol.",
        ConvergenceWarning,
    )

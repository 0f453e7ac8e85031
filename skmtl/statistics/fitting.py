"""Estimators that are fitted to statistics, and to rows that come piece by piece."""

from sklearn.utils.metaestimators import available_if

from skmtl._data.checks import check_bool
from skmtl._warn import warn
from skmtl.statistics._columns import row_reader
from skmtl.statistics._from_dask import statistics_of_collections
from skmtl.statistics._from_rows import statistics_of_rows
from skmtl.statistics._task_statistics import TaskStatistics


def _has_squared_loss(estimator):
    """For :func:`available_if`: whether an estimator takes statistics; AttributeError if not."""
    if not estimator._takes_statistics():
        raise AttributeError(
            f"This {type(estimator).__name__} has no fit_statistics and partial_fit, which are for "
            "squared losses: other losses need the rows. Call fit."
        )
    return True


class FitsStatistics:
    """Mixin: `fit_statistics` and `partial_fit`, for estimators with a squared loss.

    An estimator implements ``_fit_statistics(statistics)``, and may say by ``_takes_statistics()``
    that its loss is not squared, and by ``_n_folds()`` how many folds it needs. Its `fit` calls
    ``_forget_statistics()``, and ``_fit_collection(...)`` if X is a Dask collection.
    """

    def _takes_statistics(self):
        return True

    def _n_folds(self):
        """Number of folds of the rows of `partial_fit`, or None."""
        return None

    def _forget_statistics(self):
        """Forget the rows of `partial_fit`."""
        vars(self).pop("_statistics", None)

    def _fit_collection(self, X, y, sample_weight, tasks):
        """Fit all tasks together, to the statistics of Dask collections."""
        self._check_params()
        if not self._takes_statistics():
            raise TypeError(
                f"X is a Dask collection, to which {type(self).__name__} is fitted with squared "
                "losses only: choose the strengths on some of the rows, such as "
                "X.partitions[0].compute(), and fit the model with these to all of them."
            )
        statistics = statistics_of_collections(
            TaskStatistics,
            type(self).__name__,
            X,
            y,
            sample_weight,
            tasks,
            task_column=self.task_column,
            n_folds=self._n_folds(),
        )
        self._fit_statistics(statistics)
        self._forget_statistics()
        return self

    @available_if(_has_squared_loss)
    def fit_statistics(self, statistics):
        """Fit all tasks together, to statistics in place of their rows.

        The model is that of `fit` on all rows, with the same attributes. Only for squared losses.

        Parameters
        ----------
        statistics : TaskStatistics
            Statistics of the rows. A cross-validated estimator leaves out one of their parts at a
            time; its `cv` is None or the number of parts.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the task ids of the statistics are not where `task_column` says, a task has no
            targets, or there are no parts for cross-validation.
        """
        if not isinstance(statistics, TaskStatistics):
            raise TypeError(
                f"fit_statistics takes a skmtl.TaskStatistics, got {type(statistics).__name__}; "
                "TaskStatistics.from_data makes one from X and y, TaskStatistics.load reads a file."
            )
        self._fit_statistics(statistics)
        if statistics is not vars(self).get("_statistics"):
            self._forget_statistics()
        return self

    @available_if(_has_squared_loss)
    def partial_fit(self, X, y, sample_weight=None, *, tasks=None, solve=True):
        """Add some samples to those of previous calls, and fit all tasks together to all of them.

        Only their statistics are kept, in `statistics_`, and the model is that of `fit` on all
        samples. `fit` forgets them, and so does `fit_statistics` of other statistics: the next call
        then starts anew, with a warning. The folds of a cross-validated estimator are a hash of the
        positions of samples among all. Only for squared losses.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN where one is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a weight of 2 is the same as the sample twice.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`.
        solve : bool, default=True
            Whether to fit the model now. If not, samples are only added, which takes less time: a
            model that has been fitted stays as it is. ``fit_statistics(model.statistics_)`` fits it
            later.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If the input is invalid as in `fit`, or has other columns or other tasks of a
            two-dimensional y than before; or if the model cannot be fitted. Then nothing has been
            added.

        Warns
        -----
        UserWarning
            If the model has been fitted to samples that are not in `statistics_`: they are gone.
        """
        check_bool(solve, "solve")
        before = vars(self).get("_statistics")
        if before is None and hasattr(self, "tasks_"):
            warn(
                "partial_fit starts anew: this model has been fitted to samples whose statistics "
                "it does not keep. To add to them, call partial_fit from the first samples on, or "
                "fit_statistics(statistics + TaskStatistics.from_data(X, y)).",
                UserWarning,
            )
        n_folds = self._n_folds()
        if before is not None and before._n_folds != n_folds:
            raise ValueError(
                f"{type(self).__name__} has cv={n_folds}, but the samples of the first partial_fit "
                f"were divided into {before._n_folds} folds: set cv={before._n_folds}, or start "
                "anew with sklearn.base.clone."
            )
        columns = None if before is None else before._columns
        statistics = statistics_of_rows(
            TaskStatistics,
            row_reader(type(self).__name__, self.task_column, columns),
            X,
            y,
            sample_weight,
            tasks,
            n_folds=n_folds,
            first_row=0 if before is None else before.n_rows_,
        )
        if before is not None:
            statistics = before + statistics
        if solve:
            self._fit_statistics(statistics)
        self._statistics = statistics  # only now: after an error the samples are as before
        return self

    @property
    def statistics_(self):
        """The :class:`TaskStatistics` of the samples of `partial_fit`."""
        if "_statistics" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no samples of partial_fit.")
        return self._statistics

"""The template of linear multi-task regressors: read, solve, unpack; predict."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._dask.partitions import is_collection
from skmtl._dask.predictions import lazy_on_collections
from skmtl._data.checks import check_bool, check_int, check_real
from skmtl._data.designs import predict_own_tasks
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._data.stratification import data_strata
from skmtl._data.target_scale import TargetScale
from skmtl._threads import one_blas_thread
from skmtl.base import MultiTaskEstimator, warn_unconverged
from skmtl.datafits import warn_of_pseudo_observations
from skmtl.linear_model._partitioned_fit import fit_partitions
from skmtl.linear_model._reading import Reading, StatisticsReading
from skmtl.linear_model._uncertainty import learn_task_weights
from skmtl.losses import make_loss, names_of_losses
from skmtl.solvers import solve_penalized
from skmtl.statistics.fitting import FitsStatistics
from skmtl.statistics.statistics_data import StatisticsData


class LinearMultiTaskRegressor(
    FitsStatistics, MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator
):
    """Base of the linear regressors.

    A subclass stores its parameters, among them those of :meth:`fit` and `loss`, `huber_delta`,
    `task_weight`, `fit_intercept`, `normalize_y`, `max_iter` and `tol`, and has a `_penalty`
    (:class:`~skmtl.linear_model._penalized_model.PenalizedModel`).
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_bool(self.fit_intercept, "fit_intercept")
        check_bool(self.normalize_y, "normalize_y")
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")
        if self.normalize_y and not self._make_loss().takes_normalized_targets:
            raise ValueError(
                f"loss={self.loss!r} needs targets as they are: set normalize_y=False."
            )

    def _make_loss(self):
        """The :class:`~skmtl.losses.Loss` of the parameters."""
        names = names_of_losses(of_classes=False)
        loss = make_loss(self.loss, names, huber_delta=self.huber_delta)
        if loss.of_classes:
            raise ValueError(f"loss={self.loss!r} is for classes: use a classifier.")
        return loss

    @one_blas_thread
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified. Or a
            Dask collection, as the other arguments then are: of squared losses it is read once, and
            of others it stays in the memory of the cluster, to be passed over some ten to thirty
            times.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN where one is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a weight of 2 is the same as the sample twice. A number is the
            same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no targets, X holds NaN
            or infinity, weights are negative, shapes do not match, or targets do not suit the loss.
        """
        if is_collection(X):
            return self._fit_collection(X, y, sample_weight, tasks)
        self._fit_reading(self._read(X, y, sample_weight, tasks))
        self._forget_statistics()
        return self

    def _takes_statistics(self):
        return self._make_loss().is_quadratic

    def _fit_collection(self, X, y, sample_weight, tasks):
        if self._make_loss().is_quadratic:
            return super()._fit_collection(X, y, sample_weight, tasks)
        fit_partitions(self, X, y, sample_weight, tasks)
        self._forget_statistics()
        return self

    @one_blas_thread
    def _fit_statistics(self, statistics):
        return self._fit_reading(self._read_statistics(statistics))

    def _fit_reading(self, read):
        """Fit the model to what was read."""
        if isinstance(self.task_weight, str) and self.task_weight == "uncertainty":
            return self._fit_uncertain(read)
        for name in ("task_weight_", "task_noise_", "n_passes_"):  # of an earlier fit
            vars(self).pop(name, None)
        datafit = self._datafit(read)
        solution = self._solve(datafit, read)
        return self._finish(read, datafit, solution)

    def _fit_uncertain(self, read):
        """Fit coefficients and task weights together."""
        if not read.loss.has_noise_level:
            raise ValueError(
                "task_weight='uncertainty' learns levels of noise, which the targets of "
                f"loss={self.loss!r} do not have: choose another task_weight."
            )

        def solve(omega):
            datafit = self._datafit(read, task_weight=omega)
            solution = self._solve(datafit, read)
            return datafit, solution

        omega, datafit, solution, mean_losses = learn_task_weights(read.problem, solve)
        self._finish(read, datafit, solution)
        self.task_weight_ = omega
        self.task_noise_ = np.sqrt(2 * mean_losses) * read.scale.scale
        return self

    def _read(self, X, y, sample_weight, tasks):
        """The validated data as a :class:`Reading`."""
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks)
        scale = TargetScale(data, self.normalize_y)
        read = Reading(scale.apply(data), scale, self._make_loss())
        if not read.loss.is_quadratic:
            seen = np.broadcast_to(data.weight > 0, data.y.shape)
            read.loss.check_targets(data.y[seen])
            tasks = read.problem.degenerate_tasks
            warn_of_pseudo_observations(tasks, read.loss)
        return read

    def _read_statistics(self, statistics):
        """Statistics as a :class:`StatisticsReading`."""
        self._check_params()
        data = StatisticsData.of(statistics, self)
        scale = data.target_scale(self.normalize_y)
        return StatisticsReading(data.with_scale(scale), scale, self._make_loss())

    def _fit_options(self):
        return {"task_weight": self.task_weight, "fit_intercept": self.fit_intercept}

    def _datafit(self, read, *, path=False, task_weight=None):
        """The datafit of everything that was read; `path` if several models will be fitted."""
        options = self._fit_options()
        if task_weight is not None:
            options["task_weight"] = task_weight
        if read.loss.is_quadratic:
            datafit = read.squared_datafit(**options, path=path)
        else:
            datafit = read.problem.likelihood(**options)
        return self._with_intercepts(datafit, read)

    def _strata(self, read):
        """The stratum of each of the user's samples of positive weight: its task."""
        return data_strata(read.data)

    def _make_folds(self, read, splits):
        return read.folds(splits, **self._fit_options())

    def _make_part_folds(self, read):
        """The folds that are parts of statistics."""
        return read.data.folds(**self._fit_options())

    def _penalty_of(self, read):
        """The penalty of the columns of W."""
        return self._penalty(read.data.features, read.data.tasks)

    def _solve(self, datafit, read):
        """The :class:`~skmtl.solvers.Solution` of the model."""
        penalty = self._penalty_of(read)
        return solve_penalized(datafit, penalty, max_iter=self.max_iter, tol=self.tol)

    def _finish(self, read, datafit, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(read.data)
        intercepts = datafit.intercepts(solution.W)
        self.coef_, self.intercept_ = read.restore(solution.W, intercepts)
        self._store_shared()
        self.n_iter_ = solution.n_iter
        self.objective_ = float(solution.objective)
        self.dual_gap_ = float(solution.gap)
        self.optimality_ = float(solution.optimality)
        self._store_model(solution, read.scale.unpack)
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)
        return self

    def _store_model(self, solution, unpack):
        """Set what else the model is inspected by.

        W and the parts of the solution have a column for each task; ``unpack`` gives one of them
        the shape of `coef_`.
        """

    @lazy_on_collections
    def predict(self, X, *, tasks=None):
        """Predict with the task of each sample, or with all tasks if y was two-dimensional.

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
            Expected targets.

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._predict_all(X)
        shared = self.shared_coef_, self._shared_intercept
        z = predict_own_tasks(X, codes, self.coef_, self.intercept_, *shared)
        return self._make_loss().inverse_link(z)

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
            Expected targets.
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._predict_all(X)

    def _predict_all(self, X):
        explained = X @ self.coef_.T
        z = np.asarray(explained) + self.intercept_
        return self._make_loss().inverse_link(z)

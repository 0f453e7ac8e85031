"""The fit template of linear multi-task models: validate, solve, unpack; predict."""

import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int, check_option, check_real
from skmtl._data.designs import predict_own_tasks
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._data.stratification import data_strata
from skmtl._data.task_data import TaskData
from skmtl._data.task_ids import some_of
from skmtl.base import MultiTaskEstimator, warn_unconverged
from skmtl.datafits import ColumnProblem, CountProblem, make_folds, squared_datafit
from skmtl.linear_model._uncertainty import learn_task_weights
from skmtl.losses import Huber, Poisson, Squared

LOSSES = ("squared_error", "huber", "poisson")


class TargetScale:
    """Weighted mean and standard deviation of each task's y; the identity unless asked for.

    Models are solved on `(y - mean) / scale`; :meth:`restore` brings coefficients back.
    """

    def __init__(self, data, normalize):
        self.mean, self.scale = np.zeros(data.n_tasks), np.ones(data.n_tasks)
        self.normalize = normalize
        if not normalize:
            return
        design = data.design
        total = design.task_sum(data.weight)
        self.mean = design.task_sum(data.weight * data.y) / total
        centered = data.y - design.spread(self.mean)
        deviation = np.sqrt(design.task_sum(data.weight * centered**2) / total)
        floor = 10 * np.finfo(float).eps * np.abs(self.mean)
        self.scale = np.where(deviation > floor, deviation, 1.0)

    def apply(self, data):
        """The data with normalized targets."""
        if not self.normalize:
            return data
        spread = data.design.spread
        return replace(data, y=(data.y - spread(self.mean)) / spread(self.scale))

    def unpack(self, W):
        """W (n_features, n_tasks) on the original scale, (n_tasks, n_features)."""
        return np.ascontiguousarray((W * self.scale).T)

    def restore(self, W, intercepts):
        """`coef_` (n_tasks, n_features) and `intercept_` (n_tasks,) on the original scale."""
        return self.unpack(W), self.mean + self.scale * intercepts


class Reading(NamedTuple):
    """Validated data with normalized targets, their scale, and what a likelihood is made of."""

    data: TaskData
    scale: TargetScale
    problem: ColumnProblem | None = None  # None is the squared loss

    def restore(self, W, b):
        """`coef_` and `intercept_`."""
        return self.scale.restore(W, b)


class LinearMultiTaskRegressor(MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Base of the linear regressors. A subclass stores parameters and implements `_solve`.

    ``_solve(datafit, read)`` returns a :class:`~skmtl.solvers.Solution`.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        for name in ("fit_intercept", "normalize_y"):
            check_bool(getattr(self, name), name)
        loss = getattr(self, "loss", "squared_error")
        check_option(loss, "loss", LOSSES)
        if loss == "huber":
            check_real(self.huber_delta, "huber_delta", include="neither")
        if loss == "poisson" and self.normalize_y:
            raise ValueError("loss='poisson' needs counts as they are: set normalize_y=False.")
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a row weight of 2 is the same as the row twice. A number is the
            same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant: 1-D y without tasks, a task without labels, NaN or
            infinity in X, negative weights, shapes that do not fit.
        """
        read = self._read(X, y, sample_weight, tasks)
        if isinstance(self.task_weight, str) and self.task_weight == "uncertainty":
            return self._fit_uncertain(read)
        datafit = self._datafit(read)
        return self._finish(read, datafit, self._solve(datafit, read))

    def _fit_uncertain(self, read):
        """The fixed point of coefficients and task weights."""
        if isinstance(getattr(read.problem, "loss", None), Poisson):
            raise ValueError(
                "task_weight='uncertainty' learns levels of noise, which counts do not have: "
                "choose another task_weight."
            )
        ones = np.ones(read.data.n_tasks, dtype=np.intp)
        data = read.data
        problem = read.problem or ColumnProblem(data, data.design, data.y, Squared(), ones)

        def solve(omega):
            datafit = self._datafit(read, task_weight=omega)
            return datafit, self._solve(datafit, read)

        omega, datafit, solution, mean_losses = learn_task_weights(problem, solve)
        self._finish(read, datafit, solution)
        self.task_weight_ = omega
        self.task_noise_ = np.sqrt(2 * mean_losses) * read.scale.scale
        return self

    def _read(self, X, y, sample_weight, tasks):
        """The validated data as a :class:`Reading`."""
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks)
        scale = TargetScale(data, self.normalize_y)
        data = scale.apply(data)
        return Reading(data, scale, self._problem(data))

    def _problem(self, data):
        """The :class:`~skmtl.columns.ColumnProblem` of other losses than the squared one."""
        loss = getattr(self, "loss", "squared_error")
        if loss == "squared_error":
            return None
        ones = np.ones(data.n_tasks, dtype=np.intp)
        if loss == "huber":
            return ColumnProblem(data, data.design, data.y, Huber(float(self.huber_delta)), ones)
        if (data.y < 0).any():
            raise ValueError(
                f"loss='poisson' is for counts, which are at least 0; y has {data.y.min():.4g}."
            )
        problem = CountProblem(data, data.design, data.y, Poisson(), ones)
        if len(problem.smoothed):
            warnings.warn(
                f"Task(s) {some_of(problem.smoothed)} have counts of zero only, so that an "
                "intercept would be infinite: they got one pseudo-count of the mean of all tasks.",
                UserWarning,
                stacklevel=4,
            )
        return problem

    def _fit_options(self):
        return {"task_weight": self.task_weight, "fit_intercept": self.fit_intercept}

    def _datafit(self, read, *, path=False, task_weight=None):
        weights = {"task_weight": self.task_weight if task_weight is None else task_weight}
        if read.problem is not None:
            return read.problem.likelihood(**self._fit_options() | weights)
        total = read.data.design.task_sum(read.data.weight)
        scale = read.data.weight_scale(weights["task_weight"], total)
        options = {"scale": scale, "fit_intercept": self.fit_intercept, "path": path}
        return squared_datafit(read.data.design, read.data.y, read.data.weight, **options)

    def _strata(self, read):
        return data_strata(read.data)

    def _make_folds(self, read, splits):
        if read.problem is not None:
            return read.problem.folds(splits, **self._fit_options())
        return make_folds(read.data, splits, **self._fit_options())

    def _penalty_of(self, read):
        """The penalty of the columns of W."""
        return self._penalty(read.data.design.n_features, read.data.tasks)

    def _start(self, read):
        """W to start from, (n_features, n_tasks), or None."""
        previous = getattr(self, "coef_", None)
        shape = (read.data.n_tasks, read.data.design.n_features)
        if not getattr(self, "warm_start", False) or np.shape(previous) != shape:
            return None
        return previous.T / read.scale.scale

    def _finish(self, read, datafit, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(read.data)
        self.coef_, self.intercept_ = read.restore(solution.W, datafit.intercepts(solution.W))
        self.shared_coef_ = self.coef_.mean(axis=0)
        self.n_iter_, self.objective_ = solution.n_iter, float(solution.objective)
        self.dual_gap_, self.optimality_ = float(solution.gap), float(solution.optimality)
        self._store_model(solution, read.scale.unpack)
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)
        return self

    def _store_model(self, solution, unpack):
        """Set what else the model is inspected by.

        W and the parts of the solution have a column for each task; ``unpack`` makes of one of them
        what has the shape of `coef_`.
        """

    def predict(self, X, *, tasks=None):
        """Predict with each row's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._mean(np.asarray(X @ self.coef_.T) + self.intercept_)
        z = predict_own_tasks(X, codes, self.coef_, self.intercept_, self.shared_coef_)
        return self._mean(z)

    def predict_all_tasks(self, X):
        """Predictions of every task for every row, however the data came in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are not looked at.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._mean(np.asarray(X @ self.coef_.T) + self.intercept_)

    def _mean(self, z):
        """Predictions from linear ones."""
        return np.exp(z) if getattr(self, "loss", None) == "poisson" else z

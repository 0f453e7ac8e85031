"""The fit template of linear multi-task models: validate, solve, unpack; predict."""

import warnings
from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skmtl._checks import check_bool, check_int, check_real
from skmtl.base import MultiTaskEstimator
from skmtl.datafits import squared_datafit
from skmtl.designs import StackedDesign
from skmtl.tasks import read_prediction_rows, read_rows, read_training_data


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
        centred = data.y - design.spread(self.mean)
        deviation = np.sqrt(design.task_sum(data.weight * centred**2) / total)
        floor = 10 * np.finfo(float).eps * np.abs(self.mean)
        self.scale = np.where(deviation > floor, deviation, 1.0)

    def apply(self, data):
        """The data with normalised targets."""
        if not self.normalize:
            return data
        spread = data.design.spread
        return replace(data, y=(data.y - spread(self.mean)) / spread(self.scale))

    def restore(self, W, intercepts):
        """`coef_` (n_tasks, n_features) and `intercept_` (n_tasks,) on the original scale."""
        return np.ascontiguousarray((W * self.scale).T), self.mean + self.scale * intercepts


class LinearMultiTaskRegressor(MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Base of the linear regressors. A subclass stores parameters and implements `_solve`.

    ``_solve(datafit, tasks, W0)`` returns a :class:`~skmtl.solvers.Solution`; `tasks` are the
    labels, W0 is where to start from or None.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        for name in ("fit_intercept", "normalize_y"):
            check_bool(getattr(self, name), name)
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
        data, scale = self._read(X, y, sample_weight, tasks)
        datafit = self._datafit(data)
        solution = self._solve(datafit, data.tasks, self._start(data, scale))
        return self._finish(data, scale, datafit, solution)

    def _read(self, X, y, sample_weight, tasks):
        """Validated data with normalised targets, and their scale."""
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks)
        scale = TargetScale(data, self.normalize_y)
        return scale.apply(data), scale

    def _datafit(self, data):
        scale = data.weight_scale(self.task_weight, data.design.task_sum(data.weight))
        options = {"scale": scale, "fit_intercept": self.fit_intercept, "path": False}
        return squared_datafit(data.design, data.y, data.weight, **options)

    def _start(self, data, scale):
        """W to start from, (n_features, n_tasks), or None."""
        previous = getattr(self, "coef_", None)
        shape = (data.n_tasks, data.design.n_features)
        if not getattr(self, "warm_start", False) or np.shape(previous) != shape:
            return None
        return previous.T / scale.scale

    def _finish(self, data, scale, datafit, solution):
        """Set the fitted attributes; returns self."""
        self._store_tasks(data)
        self.coef_, self.intercept_ = scale.restore(solution.W, datafit.intercepts(solution.W))
        self.shared_coef_ = self.coef_.mean(axis=0)
        self.n_iter_, self.objective_ = solution.n_iter, float(solution.objective)
        self.dual_gap_, self.optimality_ = float(solution.gap), float(solution.optimality)
        self._store_model(solution, scale)
        if not solution.converged:
            warn_unconverged(solution, self.max_iter, self.tol)
        return self

    def _store_model(self, solution, scale):
        """Set what else the model is inspected by."""

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
        X, codes = read_prediction_rows(self, X, tasks)
        if codes is None:
            return np.asarray(X @ self.coef_.T) + self.intercept_
        return predict_rows(X, codes, self.coef_, self.intercept_, self.shared_coef_)

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
        X, _ = read_rows(self, X, reset=False, ids=False)
        return np.asarray(X @ self.coef_.T) + self.intercept_


def predict_rows(X, codes, coef, intercept, shared_coef):
    """`x_i . w_t(i) + b_t(i)`, (n_rows,); code -1 is `shared_coef` and the mean intercept."""
    coef = np.vstack([coef, shared_coef])
    intercept = np.append(intercept, intercept.mean())
    order = np.argsort(codes, kind="stable")
    present, first = np.unique(codes[order], return_index=True)
    X = (X.tocsr() if sparse.issparse(X) else X)[order]
    design = StackedDesign(X, np.append(first, len(order)))
    out = np.empty(len(order))
    out[order] = design.forward(coef[present].T) + design.spread(intercept[present])
    return out


def warn_unconverged(solution, max_iter, tol, where="", stacklevel=4):
    """ConvergenceWarning that says what to change, pointing at the caller of `fit`."""
    warnings.warn(
        "Objective did not converge. You might want to increase the number of iterations. "
        f"After max_iter={max_iter} passes{where} the duality gap is {solution.optimality:.2e} of "
        f"the null objective, but tol={tol:.1e}: increase max_iter or alpha, scale the features, "
        "or accept a larger tol.",
        ConvergenceWarning,
        stacklevel=stacklevel,
    )

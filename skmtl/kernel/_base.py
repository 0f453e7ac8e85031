"""What kernel ridge regressors share: reading data into cells, the fitted functions, prediction."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_option
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._task_covariance.observations import read_observations
from skmtl._task_covariance.systems import SOLVERS
from skmtl.base import MultiTaskEstimator
from skmtl.kernel._input_kernel import InputKernel, check_kernel
from skmtl.kernel._task_kernel import check_task_kernel


class KernelRegressor(MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Base of the kernel ridge regressors. A subclass stores parameters and implements `fit`."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # with a task column X is no square matrix, and cannot be cut as one
        tags.input_tags.pairwise = self._input_kernel().precomputed and self.task_column is None
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_bool(self.fit_intercept, "fit_intercept")

    def _input_kernel(self, gamma=None):
        gamma = getattr(self, "gamma", gamma)
        return InputKernel(self.kernel, gamma, self.degree, self.coef0, self.kernel_params)

    def _read(self, X, y, sample_weight, tasks):
        """The data as a :class:`KernelReading`."""
        data = read_training_data(self, X, y, sample_weight, tasks)
        n, width = data.n_samples, data.design.n_features
        if self._input_kernel().precomputed and n != width:
            raise ValueError(
                f"Precomputed kernels are square at fit, {n} rows and as many columns beside the "
                f"task column; X has {width}. A split of the rows has to take the same columns."
            )
        return read_observations(data)

    def _kernel_matrix(self, read, gamma=None):
        """K between the rows, (n_rows, n_rows)."""
        kernel = self._input_kernel(gamma)
        check_kernel(kernel.kernel, kernel.gamma, kernel.degree, kernel.coef0, kernel.params)
        K = kernel(read.X, None, read.rows)
        scale = np.abs(K).max(initial=0.0)
        if not np.isfinite(scale):
            raise ValueError(f"kernel={self.kernel!r} gives NaN or infinity between rows of X.")
        if kernel.precomputed and np.abs(K - K.T).max(initial=0.0) > 1e-6 * scale:
            raise ValueError("A precomputed kernel must be symmetric at fit: K(X, X).")
        return K

    def _solve(self, system, read):
        """Dual coefficients and intercepts; means of tasks are taken off for the digits."""
        cells, y = read.cells, read.y
        mean = cells.task_mean(y) if self.fit_intercept else np.zeros(cells.n_tasks)
        y = y - mean[cells.task]
        dual = system.dual(y)
        return dual, mean + system.intercepts(y, dual)

    def _finish(self, read, system, B, kernel, jitter):
        """Set the fitted attributes; returns self."""
        dual, self.intercept_ = self._solve(system, read)
        self._store_tasks(read.data)
        self.task_covariance_ = B
        self.solver_, self.jitter_ = system.name, float(jitter)
        self._kernel = kernel
        # as the user has them, not sorted by task
        order = np.argsort(read.rows)
        X = read.X.tocsr() if sparse.issparse(read.X) else read.X
        self.X_fit_, self._rows = X[order], read.rows[order]  # a copy, whatever the order
        if read.long:
            self.dual_coef_, self._codes = dual[order], read.cells.task[order]
        else:
            self.dual_coef_, self._codes = read.cells.matrix(dual), None
        return self

    def predict(self, X, *, tasks=None):
        """Predict with each row's own task, or all tasks when fitted on two-dimensional y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            With ``kernel="precomputed"`` the kernel between these rows and those of the fit.
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
            return self._all_tasks(X)
        K = self._kernel_to_fit(X)
        B = self.task_covariance_
        weights = self._weights(np.vstack([B, B.mean(axis=0)]))  # the last is of unseen tasks
        intercepts = np.append(self.intercept_, self.intercept_.mean())
        out = np.empty(len(codes))
        for t in np.unique(codes):
            rows = np.flatnonzero(codes == t)
            out[rows] = K[rows] @ weights[:, t] + intercepts[t]
        return out

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
        return self._all_tasks(X)

    def _all_tasks(self, X):
        return self._kernel_to_fit(X) @ self._weights(self.task_covariance_) + self.intercept_

    def _weights(self, covariance):
        """Coefficients of ``k(x, x_i)`` for tasks of these covariances with those of the fit."""
        if self._codes is None:
            return self.dual_coef_ @ covariance.T
        return self.dual_coef_[:, None] * covariance.T[self._codes]

    def _kernel_to_fit(self, X):
        X = X.astype(np.float64, copy=False)
        return self._kernel(X, self.X_fit_, self._rows)


class TaskKernelRegressor(KernelRegressor):
    """Base of those whose task kernel is given."""

    def _check_params(self):
        super()._check_params()
        check_task_kernel(self.task_kernel, self.graph)
        check_option(self.solver, "solver", ("auto", *SOLVERS))

"""What kernel ridge regressors share: the kernel matrix, the fitted functions, prediction."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_option
from skmtl._task_covariance.observations import read_observations
from skmtl._task_covariance.systems import SOLVERS
from skmtl.kernel._base import KernelModel, ScaledTargets
from skmtl.kernel._input_kernel import sliceable
from skmtl.kernel._task_kernel import check_task_kernel

_ASYMMETRY = 1e-6  # of a precomputed kernel, relative to its largest entry


class KernelRegressor(ScaledTargets, KernelModel, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Base of the kernel ridge regressors, which are fitted from a :class:`KernelReading`."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # with a task column X is no square matrix, and cannot be split as one
        tags.input_tags.pairwise = self._is_precomputed() and self.task_column is None
        return tags

    def _check_params(self):
        super()._check_params()
        check_bool(self.fit_intercept, "fit_intercept")

    def _prepare(self, data):
        n_columns = data.design.n_features
        if self._is_precomputed() and n_columns != data.n_samples:
            raise ValueError(
                f"A precomputed kernel must be square in fit, but X has {data.n_samples} samples "
                f"and {n_columns} columns beside the task column. If samples are split, the "
                "columns have to be split in the same way."
            )
        return read_observations(data)

    def _kernel_matrix(self, reading, kernel):
        """The input kernel between the samples, (n_samples, n_samples)."""
        K = kernel(reading.X, None, reading.sample_indices)
        largest = np.abs(K).max(initial=0.0)
        if not np.isfinite(largest):
            raise ValueError(
                f"kernel={self.kernel!r} gives NaN or infinity between samples of X: scale X, or "
                "use another kernel."
            )
        if kernel.precomputed:
            differences = np.abs(K - K.T)
            asymmetry = differences.max(initial=0.0)
            if asymmetry > _ASYMMETRY * largest:
                raise ValueError(
                    "A precomputed kernel must be symmetric in fit, but entries differ from their "
                    f"mirror image by up to {asymmetry:.4g}: pass K(X, X)."
                )
        return K

    def _solve(self, system, reading):
        """Dual coefficients of the observations, and the intercepts of the tasks."""
        observations = reading.observations
        if self.fit_intercept:
            mean = observations.task_mean(reading.y)
        else:
            mean = np.zeros(observations.n_tasks)
        # the means are subtracted first, since targets far from zero would cost digits
        y = reading.y - mean[observations.task]
        dual = system.dual(y)
        intercepts = mean + system.intercepts(y, dual)
        return dual, intercepts

    def _store(self, reading, system, kernel, jitter):
        """Set the fitted attributes; returns self."""
        dual, intercepts = self._solve(system, reading)
        mean = self._target_scale.mean
        self.y_scale_ = self._target_scale.scale
        self.intercept_ = mean + self.y_scale_ * intercepts
        self._store_tasks(reading.data)
        self._B = system.B
        self.solver_ = system.name
        self.jitter_ = float(jitter)
        self._kernel = kernel
        scale_of_observation = self.y_scale_[reading.observations.task]
        self._store_samples(reading, scale_of_observation * dual)
        return self

    def _store_samples(self, reading, dual):
        """Set the samples and their dual coefficients, in the user's order, not by task."""
        order = np.argsort(reading.sample_indices)
        self._sample_indices = reading.sample_indices[order]
        X = sliceable(reading.X)
        self.X_fit_ = X[order]  # a copy, whatever the order
        if reading.long:
            self.dual_coef_ = dual[order]
            self._codes = reading.observations.task[order]
        else:
            self.dual_coef_ = reading.observations.matrix(dual)
            self._codes = None

    def _predict(self, X, codes):
        K = self._kernel_to_fit(X)
        if codes is None:
            return K @ self._weights_of_all() + self.intercept_
        return self._predict_own_tasks(K, codes)

    def _predict_own_tasks(self, K, codes):
        """Predictions of the tasks of `codes`; code -1 is the average of all tasks."""
        covariance = self.y_scale_[:, None] * np.asarray(self._B)
        average = covariance.mean(axis=0)
        weights = self._weights(np.vstack([covariance, average]))
        intercepts = np.append(self.intercept_, self.intercept_.mean())
        predictions = np.empty(len(codes))
        for t in np.unique(codes):
            samples = np.flatnonzero(codes == t)
            values = K[samples] @ weights[:, t]
            predictions[samples] = values + intercepts[t]
        return predictions

    def _weights_of_all(self):
        """The :meth:`_weights` of all tasks."""
        if self._codes is None:
            return self.y_scale_ * (self._scaled_dual() @ self._B)
        return self._weights(self.y_scale_[:, None] * np.asarray(self._B))

    def _weights(self, covariance):
        """Factors of ``k(x, x_i)`` for tasks with these covariances, (n_samples, n_tasks).

        `covariance` holds the covariances of the tasks with those of the fit, one row each.
        """
        dual = self._scaled_dual()
        if self._codes is None:
            return dual @ covariance.T
        of_samples = covariance.T[self._codes]
        return dual[:, None] * of_samples

    def _scaled_dual(self):
        """Dual coefficients on the scale of the fit."""
        if self._codes is None:
            return self.dual_coef_ / self.y_scale_
        return self.dual_coef_ / self.y_scale_[self._codes]

    def _kernel_to_fit(self, X):
        """The input kernel between X and the samples of `fit`."""
        X = X.astype(np.float64, copy=False)
        return self._kernel(X, self.X_fit_, self._sample_indices)


class TaskKernelRegressor(KernelRegressor):
    """Base of the kernel ridge regressors whose task kernel is given."""

    @property
    def task_covariance_(self):
        """B, the task kernel."""
        check_is_fitted(self)
        return np.asarray(self._B)

    def _check_params(self):
        super()._check_params()
        check_task_kernel(self.task_kernel, self.graph)
        check_option(self.solver, "solver", ("auto", *SOLVERS))

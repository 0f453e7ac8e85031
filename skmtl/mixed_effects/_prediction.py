"""Predictions of a fitted mixed-effects regression, with standard deviations."""

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._dask.predictions import lazy_on_collections
from skmtl._data.checks import check_bool
from skmtl._data.designs import predict_own_tasks
from skmtl._data.reading import read_features, read_prediction_data
from skmtl.mixed_effects._leave_one_out import leave_one_out, quadratic_forms
from skmtl.statistics.statistics_data import StatisticsData

_FLOATS = 2**22  # of rows in standardized units at a time


class PredictionMixin:
    """`predict` and the methods beside it, from what `fit` sets.

    Besides the public attributes that are ``_posterior``, ``_data``, what `fit` has read, and
    ``_adapted``, the covariances of the coefficients of tasks that were added since.
    """

    @lazy_on_collections
    def predict(self, X, return_std=False, *, tasks=None, include_noise=True):
        """Predict with the task of each sample, or with all tasks if y was two-dimensional.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`. Predictions of a Dask collection are a lazy Dask
            array.
        return_std : bool, default=False
            Also return standard deviations of the predictive distribution, in units of y. They
            cover what is not known of the common coefficients and of those of the task, all
            variances taken as known.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.
        include_noise : bool, default=True
            Whether deviations are those of new targets or, without noise, of their means.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Expected targets.
        std : ndarray of the shape of `mean`
            Only with `return_std`.

        Raises
        ------
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``. The common
            coefficients then predict them, and deviations include the variance between tasks. With
            `deviations` of t they are infinite for two degrees of freedom or less.
        """
        check_is_fitted(self)
        check_bool(return_std, "return_std")
        check_bool(include_noise, "include_noise")
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._predict_all(X, return_std, include_noise)
        mean = predict_own_tasks(
            X,
            codes,
            self.coef_,
            self.intercept_,
            self.shared_coef_,
            self.shared_intercept_,
        )
        if not return_std:
            return mean
        return mean, self._deviations(X, codes, include_noise)

    @lazy_on_collections
    def predict_all_tasks(self, X, return_std=False, *, include_noise=True):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `predict`; the ids in a task column are ignored.
        return_std, include_noise : bool
            As in `predict`.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_tasks)
            Expected targets.
        std : ndarray of shape (n_samples, n_tasks)
            Only with `return_std`.
        """
        check_is_fitted(self)
        check_bool(return_std, "return_std")
        check_bool(include_noise, "include_noise")
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._predict_all(X, return_std, include_noise)

    def _predict_all(self, X, return_std, include_noise):
        mean = np.asarray(X @ self.coef_.T) + self.intercept_
        if not return_std:
            return mean
        return mean, self._deviations(X, None, include_noise)

    def _deviations(self, X, codes, include_noise):
        """Standard deviations of all tasks, (n_samples, n_tasks), or of the tasks `codes`."""
        self._posterior.check_variances_known()
        units = self._posterior.units
        covariances = [
            *self._posterior.coefficient_covariances,
            *self._adapted,
            self._covariance_of_new_task(),
        ]
        parts = []
        n_columns = len(units.mean)
        size = max(1, _FLOATS // n_columns)
        for batch in gen_batches(X.shape[0], size):
            Z = units.rows(X[batch])
            if codes is None:
                part = _of_all_tasks(Z, covariances[:-1])
            else:
                part = _of_own_tasks(
                    Z,
                    codes[batch],
                    covariances,
                )
            parts.append(part)
        variance = units.size**2 * np.concatenate(parts)
        if include_noise:
            variance += self._noise_variances(codes)
        if codes is not None and self._is_unbounded():
            variance[codes == -1] = np.inf
        return np.sqrt(variance)

    def _noise_variances(self, codes):
        """Variances of the noise of all tasks or of the tasks `codes`, -1 being a new one."""
        of_tasks = self.task_noise_**2
        if codes is None:
            return of_tasks
        posterior = self._posterior
        of_new_task = posterior.units.size**2 * posterior.mean_noise
        of_all = np.append(of_tasks, of_new_task)
        return of_all[codes]

    def _covariance_of_new_task(self):
        """Covariance of the coefficients of a task that was not seen, in standardized units.

        Effects that are divided by the root of omega have ``E[1 / omega] = df / (df - 2)`` times
        the variance.
        """
        posterior = self._posterior
        root = posterior.root
        if self.deviations == "t" and not self._is_unbounded():
            df = self.deviations_df
            factor = np.sqrt(df / (df - 2))
            divided = posterior.variances.covariance.divided
            scale = np.where(divided, factor, 1.0)
            root = scale[:, None] * root
        return posterior.common_covariance + root @ root.T

    def _is_unbounded(self):
        """Whether the deviations have no variance."""
        return self.deviations == "t" and self.deviations_df <= 2

    def loo_predict(self):
        """Predict each target of `fit` from all others, with the variances of `fit`.

        Common coefficients and those of the task are estimated without the target, in closed form.
        A sample of weight 2 is left out as a whole.

        Returns
        -------
        mean, std : ndarray of the shape of y
            Mean and standard deviation of a new target at the sample; NaN for missing targets. If a
            common coefficient cannot be estimated without the sample, the deviation is infinite,
            and the mean is that of the smallest common coefficients of standardized features.

        Raises
        ------
        ValueError
            After `fit_statistics` and `partial_fit`, which keep no samples.

        Notes
        -----
        With the covariance V of the targets and all effects Z, the residuals left out are
        ``(P y)_i / P_ii``, ``P = V^-1 - V^-1 Z (Z' V^-1 Z)^-1 Z' V^-1``, the variances
        ``1 / P_ii``.
        """
        check_is_fitted(self)
        if isinstance(self._data, StatisticsData):
            raise ValueError(
                "loo_predict leaves out each sample of fit, but this model was fitted to "
                "statistics, in which there are no samples: call fit."
            )
        self._posterior.check_variances_known()
        mean, std = leave_one_out(self._data, self._posterior)
        return self._as_y(mean), self._as_y(std)

    def _as_y(self, values):
        """Values at the samples that were read in the shape and order of the y of `fit`."""
        shape = (self._data.n_samples, *values.shape[1:])
        out = np.full(shape, np.nan)
        out[self._data.sample_indices] = values
        return out


def _of_all_tasks(Z, covariances):
    """``z' C_t z`` of each row with the covariance of every task, (n_samples, n_tasks)."""
    columns = []
    for covariance in covariances:
        column = quadratic_forms(Z, covariance)
        columns.append(column)
    return np.column_stack(columns)


def _of_own_tasks(Z, codes, covariances):
    """``z' C_t z`` of each row with the covariance of its task, (n_samples,)."""
    variance = np.empty(len(codes))
    for t in np.unique(codes):
        samples = np.flatnonzero(codes == t)
        variance[samples] = quadratic_forms(
            Z[samples],
            covariances[t],
        )
    return variance

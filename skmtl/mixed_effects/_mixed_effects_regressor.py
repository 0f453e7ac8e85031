"""Linear regressions whose coefficients vary about common ones: random intercepts and slopes."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int, check_option, check_real
from skmtl._data.designs import predict_own_tasks
from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._warn import warn
from skmtl.base import MultiTaskEstimator
from skmtl.mixed_effects._covariances import COVARIANCES, make_covariance
from skmtl.mixed_effects._fixed_effects import FIXED_EFFECTS, FixedEffects
from skmtl.mixed_effects._search import fit_normal, fit_variational
from skmtl.mixed_effects._task_rows import compress
from skmtl.mixed_effects._variances import VarianceParameters


class MixedEffectsRegressor(MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Linear regressions whose intercepts and slopes vary between tasks about common ones.

    Of sample i of task t the target is::

        y_ti = a + a_t + x_ti' (b + u_t) + e_ti
    """

    def __init__(
        self,
        covariance="diagonal",
        *,
        deviations="normal",
        deviations_df=4.0,
        task_noise="common",
        fixed_effects="flat",
        max_iter=200,
        tol=1e-4,
        task_column=None,
        handle_unknown="error",
    ):
        self.covariance = covariance
        self.deviations = deviations
        self.deviations_df = deviations_df
        self.task_noise = task_noise
        self.fixed_effects = fixed_effects
        self.max_iter = max_iter
        self.tol = tol
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_option(self.covariance, "covariance", COVARIANCES)
        check_option(self.deviations, "deviations", ("normal", "t"))
        check_real(self.deviations_df, "deviations_df", include="neither")
        check_option(self.task_noise, "task_noise", ("common", "own"))
        check_option(self.fixed_effects, "fixed_effects", FIXED_EFFECTS)
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")
        if self.fixed_effects == "sparse" and self.covariance not in ("isotropic", "diagonal"):
            raise ValueError(
                f"fixed_effects='sparse' needs a variance between tasks of every slope, which "
                f"covariance={self.covariance!r} has not: use covariance='diagonal'."
            )

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN where one is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a weight of 2 is the same as the sample twice, so that the number
            of samples is the sum of the weights. A number is the same as None.
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
            or infinity, weights are negative, or shapes do not match.
        """
        self._check_params()
        data = read_training_data(self, X, y, sample_weight, tasks)
        self._store_tasks(data)
        posterior, optimum = self._fit_posterior(data)
        self._store(posterior)
        self.n_iter_ = optimum.n_iter
        self.optimality_ = optimum.residual
        if posterior.likelihood.is_saturated:
            self._warn_saturated(posterior)
        elif not optimum.converged:
            self._warn_unconverged()
        return self

    def _fit_posterior(self, data):
        """The posterior of the data and the optimum that it is of."""
        rows, units = compress(data, only_intercepts=self.covariance == "intercept")
        covariance = make_covariance(self.covariance, rows.n_effects - 1)
        fixed_effects = FixedEffects(self.fixed_effects, rows.pooled_gram)
        variances = VarianceParameters(covariance, fixed_effects)
        options = {"max_iter": self.max_iter, "tol": self.tol}
        if self.deviations == "normal" and self.task_noise == "common":
            return fit_normal(rows, units, variances, **options)
        df = self.deviations_df if self.deviations == "t" else None
        own_noise = self.task_noise == "own"
        return fit_variational(rows, units, variances, df, own_noise, **options)

    def _store(self, posterior):
        """Set the fitted attributes."""
        self._posterior = posterior
        units = posterior.units
        common = units.coefficients(posterior.common)
        self.shared_intercept_ = float(common[0])
        self.shared_coef_ = common[1:]
        self.random_effects_ = units.effects(posterior.deviations)
        self.intercept_ = self.shared_intercept_ + self.random_effects_[:, 0]
        self.coef_ = self.shared_coef_ + self.random_effects_[:, 1:]
        self.variance_components_ = self._variances_of(posterior)
        self.task_noise_ = units.size * np.sqrt(posterior.task_noise)
        self.deviation_scales_ = np.ones(self.n_tasks_)
        if posterior.scales.omega is not None:
            self.deviation_scales_ = 1 / np.sqrt(posterior.scales.omega)
        bound = posterior.bound
        if bound is None:
            bound = -posterior.evaluation.criterion / 2
        of_units = posterior.likelihood.n_free * np.log(units.size) - units.log_volume / 2
        self.log_likelihood_ = bound - of_units

    def _variances_of(self, posterior):
        """The variance of each effect in the units of the user."""
        units = posterior.units
        if self.covariance == "full":
            return units.covariance(posterior.covariance).diagonal().copy()
        variances = units.size**2 * posterior.covariance.diagonal()
        variances[1:] /= units.scale**2
        return variances

    def _warn_saturated(self, posterior):
        total = posterior.likelihood.rows.total.sum()
        n_fixed = posterior.likelihood.fixed_effects.n_flat
        warn(
            f"The samples, {total:g} by the sum of their weights, are not more than the {n_fixed} "
            "common effects that they determine: nothing is left to estimate variances from, and "
            "all tasks get the same coefficients. Set fixed_effects='ridge', give more samples, or "
            "weights that count samples."
        )

    def _warn_unconverged(self):
        warn(
            f"After max_iter={self.max_iter} iterations the variances are {self.optimality_:.1e} "
            f"standard errors from the optimum, but tol={self.tol:.1e}: increase max_iter, or "
            "accept a larger tol.",
            ConvergenceWarning,
        )

    def predict(self, X, *, tasks=None):
        """Predict with the task of each sample, or with all tasks if y was two-dimensional.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
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
        return predict_own_tasks(
            X,
            codes,
            self.coef_,
            self.intercept_,
            self.shared_coef_,
            self.shared_intercept_,
        )

    def predict_all_tasks(self, X):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Expected targets.
        """
        check_is_fitted(self)
        X, _ = read_features(self, X, reset=False, ids=False)
        return self._predict_all(X)

    def _predict_all(self, X):
        return np.asarray(X @ self.coef_.T) + self.intercept_

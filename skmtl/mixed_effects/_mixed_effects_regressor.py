"""Linear regressions whose coefficients vary about common ones: random intercepts and slopes."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning

from skmtl._data.checks import check_int, check_option, check_real
from skmtl._data.reading import read_training_data
from skmtl._warn import warn
from skmtl.base import MultiTaskEstimator
from skmtl.mixed_effects._adapt import AdaptMixin
from skmtl.mixed_effects._covariances import COVARIANCES, make_covariance
from skmtl.mixed_effects._fixed_effects import FIXED_EFFECTS, FixedEffects
from skmtl.mixed_effects._inference import InferenceMixin
from skmtl.mixed_effects._marginal_likelihood import MarginalLikelihood
from skmtl.mixed_effects._posterior import Posterior
from skmtl.mixed_effects._prediction import PredictionMixin
from skmtl.mixed_effects._search import search
from skmtl.mixed_effects._task_rows import LEAST_NOISE, compress
from skmtl.mixed_effects._variances import VarianceParameters


class MixedEffectsRegressor(
    PredictionMixin,
    AdaptMixin,
    InferenceMixin,
    MultiTaskEstimator,
    RegressorMixin,
    MultiOutputMixin,
    BaseEstimator,
):
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
        rows, units = compress(data, only_intercepts=self.covariance == "intercept")
        covariance = make_covariance(self.covariance, rows.n_effects - 1)
        fixed_effects = FixedEffects(self.fixed_effects, rows.pooled_gram)
        variances = VarianceParameters(covariance, fixed_effects)
        likelihood = MarginalLikelihood(rows, fixed_effects)
        self._store_tasks(data)
        self._data = data
        optimum = search(variances, likelihood, self.max_iter, self.tol)
        posterior = Posterior(
            units,
            variances,
            likelihood,
            optimum.parameters,
            optimum.evaluation,
        )
        self._store(posterior)
        self.n_iter_ = optimum.n_iter
        self.optimality_ = optimum.residual
        if not optimum.converged:
            self._warn_unconverged()
        return self

    def _store(self, posterior):
        """Set the fitted attributes."""
        self._posterior = posterior
        self._adapted = []
        units = posterior.units
        common = units.coefficients(posterior.common)
        self.shared_intercept_ = float(common[0])
        self.shared_coef_ = common[1:]
        self.random_effects_ = units.effects(posterior.deviations)
        self.intercept_ = self.shared_intercept_ + self.random_effects_[:, 0]
        self.coef_ = self.shared_coef_ + self.random_effects_[:, 1:]
        self._store_variances(posterior)
        size = posterior.likelihood.n_free * np.log(units.size**2)
        criterion = posterior.evaluation.criterion + size - units.log_volume
        self.log_likelihood_ = -criterion / 2

    def _store_variances(self, posterior):
        units = posterior.units
        between = posterior.covariance
        if self.covariance == "full":
            self.variance_components_ = units.covariance(between).diagonal().copy()
        else:
            slopes = between.diagonal()[1:] / units.scale**2
            self.variance_components_ = units.size**2 * np.append(between[0, 0], slopes)
        noise = max(posterior.noise - LEAST_NOISE, 0.0)
        self.task_noise_ = np.full(self.n_tasks_, units.size * np.sqrt(noise))

    def _warn_unconverged(self):
        warn(
            f"After max_iter={self.max_iter} iterations the variances are {self.optimality_:.1e} "
            f"standard errors from the optimum, but tol={self.tol:.1e}: increase max_iter, or "
            "accept a larger tol.",
            ConvergenceWarning,
        )

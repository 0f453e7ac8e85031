"""Linear regressions whose coefficients vary about common ones: random intercepts and slopes."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning

from skmtl._dask.partitions import is_collection
from skmtl._data.checks import check_option, check_real
from skmtl._data.reading import read_training_data
from skmtl._docs import documented
from skmtl._threads import one_blas_thread
from skmtl._warn import warn
from skmtl.mixed_effects._adapt import AdaptMixin
from skmtl.mixed_effects._base import MixedEffects
from skmtl.mixed_effects._covariances import COVARIANCES, make_covariance
from skmtl.mixed_effects._fixed_effects import FIXED_EFFECTS, FixedEffects
from skmtl.mixed_effects._inference import InferenceMixin
from skmtl.mixed_effects._noisy_tasks import warn_of_noisy_tasks
from skmtl.mixed_effects._prediction import PredictionMixin
from skmtl.mixed_effects._search import fit_normal, fit_variational
from skmtl.mixed_effects._task_rows import compress
from skmtl.mixed_effects._variances import VarianceParameters
from skmtl.statistics.fitting import FitsStatistics
from skmtl.statistics.statistics_data import StatisticsData


@documented
class MixedEffectsRegressor(
    FitsStatistics,
    PredictionMixin,
    AdaptMixin,
    InferenceMixin,
    MixedEffects,
    RegressorMixin,
    MultiOutputMixin,
    BaseEstimator,
):
    """Linear regressions whose intercepts and slopes vary between tasks about common ones.

    Also known as a linear mixed model, or a hierarchical or multilevel regression: random
    intercepts and slopes. Sample i of task t has the target::

        y_ti = a + a_t + x_ti' (b + u_t) + e_ti,   (a_t, u_t) ~ N(0, C),   e_ti ~ N(0, sigma^2)

    How much tasks differ, C, is estimated together with sigma^2 by restricted maximum likelihood,
    REML: the density of the targets, of which the deviations (a_t, u_t), the intercept a and the
    slopes b are integrated out, is maximized. By default the noise of each task has a variance of
    its own, and b a normal prior. Deviations then are their expected values given the targets
    (BLUP): a task with few samples stays near the common coefficients, one with many goes its own
    way, and a feature whose slopes do not differ gets the same slope in all tasks. There is nothing
    to tune and no cross-validation.

    All that is seen of the samples are their Gram matrices, one for each task. An iteration costs
    ``O(n_tasks * n_features^3)``, however many samples there are.

    Parameters
    ----------
    covariance : {"intercept", "isotropic", "diagonal", "full", "auto"}, default="auto"
        What varies between tasks. "intercept": only intercepts; this is the random-intercept model.
        "isotropic": slopes too, all with the same variance. "diagonal": each slope has its own
        variance, which may be 0. "full": any covariance of intercept and slopes, for few features.
        "auto": "isotropic" or "diagonal", whichever has the smaller Akaike criterion. The variances
        of many features are not well known from few or small tasks, which then are predicted
        better with a single one.
        Features are standardized inside, by their mean and standard deviation over the samples of
        all tasks: "isotropic" means slopes of standardized features, and intercepts vary
        independently of slopes where features have their means. Units and origins of features
        hence do not matter.
    deviations : {"normal", "t"}, default="normal"
        "t": heavy tails, for some tasks that are unlike the others. The deviations of a task are
        divided by ``sqrt(omega_t)``, ``omega_t ~ Gamma(df / 2, df / 2)``; of "isotropic" and
        "diagonal" only those of slopes.
    deviations_df : float, default=4.0
        Degrees of freedom of the t distribution; the smaller, the heavier its tails.
    task_noise : {"common", "own"}, default="own"
        "own": the noise of each task has a variance of its own. It is pulled to that of the others
        by a scaled inverse chi-square prior, whose scale and weight are estimated: a task that is
        much noisier than the others, or in other units, leaves these alone. "common": all tasks
        have the same variance, as in lme4; the likelihood is then exact, and fits take a third of
        the time. There is a warning if residuals show that some tasks are far noisier than most.
    fixed_effects : {"flat", "ridge", "sparse"}, default="ridge"
        What is known of the common slopes b beforehand. "flat": nothing, as in REML. "ridge":
        ``b ~ N(0, s2)`` in standardized units, s2 estimated with the rest; with few features and
        many samples it changes next to nothing.
        "sparse": ``b_j ~ N(0, kappa c_j)``, c_j the variance of slope j between tasks and kappa
        estimated, so that a feature whose slopes do not vary is left out of all tasks; for
        `covariance` "isotropic", "diagonal" and "auto".
    max_iter : int, default=200
        Largest number of iterations.
    tol : float, default=1e-4
        Stop when the next step changes variances by at most `tol` standard errors and, with
        t deviations or own noise, scales of tasks by at most the share `tol`; with these also when
        the bound is no longer raised by more than rounding.
    {task_column}
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does for tasks that fit did not see: raise an error, or predict with the
        common coefficients and intercept.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        Slopes of each task, ``b + u_t``.
    intercept_ : ndarray of shape (n_tasks,)
        Intercepts of each task, ``a + a_t``.
    shared_coef_ : ndarray of shape (n_features,)
        Common slopes b: the fixed effects. If features are collinear and flat, the smallest slopes
        of standardized features.
    shared_intercept_ : float
        Common intercept a.
    random_effects_ : ndarray of shape (n_tasks, 1 + n_features)
        Deviations of each task: of its intercept, then of its slopes.
    variance_components_ : ndarray of shape (1 + n_features,)
        Variances of intercept and slopes between tasks, 0 for what does not vary. With "full" the
        intercept is where all features are 0, as in lme4; else where they have their means. With
        t deviations, the variance for ``omega_t = 1``.
    task_noise_ : ndarray of shape (n_tasks,)
        Standard deviation of the noise of each task; all the same if it is common.
    deviation_scales_ : ndarray of shape (n_tasks,)
        How many times as large as usual the deviations of a task are taken to be,
        ``1 / sqrt(omega_t)``: far above 1 for a task that is unlike the others, and 1 for normal
        deviations.
    standard_errors_ : ndarray of shape (1 + n_features,)
        Standard errors of the common intercept and slopes, for known variances.
    fixed_effects_covariance_ : ndarray of shape (1 + n_features, 1 + n_features)
        Covariance of the errors of the common intercept and slopes.
    random_effects_covariance_ : ndarray of shape (1 + n_features, 1 + n_features)
        C in the units of the data, for ``omega_t = 1``; the intercept is where all features are 0.
    log_likelihood_ : float
        Restricted log likelihood (of "ridge" and "sparse": with b integrated out). With
        t deviations or own noise it is a lower bound of it, which may be compared only with bounds.
    optimality_ : float
        Size of the next step of the variances in standard errors; with t deviations or own noise,
        the change of the logarithm of a scale of a task if that is larger. It is what `tol` is
        compared with.
    n_iter_ : int
        Number of iterations.
    covariance_ : str
        The `covariance`, of "auto" the chosen one.
    statistics_ : TaskStatistics
        The statistics of the samples of `partial_fit`; only of models that have some.
    {task_attributes}
    {column_attributes}

    See Also
    --------
    RandomInterceptTasks : Random intercepts of any penalized model, by cross-validation.
    MeanRegularizedRegressor : Deviations of one strength, with intercepts that are free.
    MultiTaskGaussianProcessRegressor : Tasks that resemble some others more than the rest.

    Notes
    -----
    Variances take Fisher scoring steps within their bounds, extrapolated from the last ones, from
    several starts if the likelihood has several valleys; the best optimum is kept. With
    t deviations or own noise a lower bound of the likelihood is maximized, in which deviations,
    omega_t and variances of noise are independent (mean-field variational inference).

    A weight of 2 is the same as the sample twice, so that the sum of the weights is the number of
    samples. If common slopes explain everything, as with more features than samples, there is
    nothing to estimate variances from: tasks then share their coefficients, and there is a warning.

    The defaults are for predictions: they were chosen on data of schools, patients, shops and
    farms. With ``fixed_effects="flat"``, ``task_noise="common"`` and `covariance` "intercept" or
    "full" fits are those of lme4, ``(1 | task)`` and ``(1 + x | task)``.

    The targets of all tasks are in the same units, and errors of different tasks are taken to be
    independent, also those of a two-dimensional y.

    References
    ----------
    Laird, Ware (1982), "Random-effects models for longitudinal data", Biometrics 38.
    Bates, Mächler, Bolker, Walker (2015), "Fitting linear mixed-effects models using lme4", Journal
    of Statistical Software 67, equations 39 to 42: the criterion of REML.
    Pinheiro, Liu, Wu (2001), "Efficient algorithms for robust estimation in linear mixed-effects
    models using the multivariate t distribution", JCGS 10.
    Smyth (2004), "Linear models and empirical Bayes methods for assessing differential expression
    in microarray experiments", section 6: the prior of the noise.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MixedEffectsRegressor
    >>> rng = np.random.default_rng(0)
    >>> tasks = np.repeat(np.arange(30), 8)
    >>> X = rng.normal(size=(240, 2))
    >>> slopes = np.array([1.0, -1.0]) + [0.5, 0.0] * rng.normal(size=(30, 2))
    >>> y = 2.0 + np.sum(X * slopes[tasks], axis=1) + 0.5 * rng.normal(size=240)
    >>> model = MixedEffectsRegressor().fit(X, y, tasks=tasks)
    >>> model.shared_coef_.round(1)
    array([ 1., -1.])
    >>> np.sqrt(model.variance_components_).round(1)  # of intercept and slopes
    array([0.1, 0.5, 0. ])
    >>> float(model.task_noise_[0].round(1))
    0.5
    """

    def __init__(
        self,
        covariance="auto",
        *,
        deviations="normal",
        deviations_df=4.0,
        task_noise="own",
        fixed_effects="ridge",
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

    def _check_params(self):
        self._check_options(("auto", *COVARIANCES), FIXED_EFFECTS)
        check_option(self.deviations, "deviations", ("normal", "t"))
        check_real(self.deviations_df, "deviations_df", include="neither")
        check_option(self.task_noise, "task_noise", ("common", "own"))
        if self.fixed_effects == "sparse" and self.covariance in ("intercept", "full"):
            raise ValueError(
                f"fixed_effects='sparse' needs a variance between tasks of every slope, which "
                f"covariance={self.covariance!r} has not: use covariance='diagonal'."
            )

    @one_blas_thread
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified. Or a
            Dask collection, as the other arguments then are, which is fitted through its
            :class:`TaskStatistics`.
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
        if is_collection(X):
            return self._fit_collection(X, y, sample_weight, tasks)
        self._check_params()
        self._fit_data(read_training_data(self, X, y, sample_weight, tasks))
        self._forget_statistics()
        return self

    @one_blas_thread
    def _fit_statistics(self, statistics):
        self._check_params()
        return self._fit_data(StatisticsData.of(statistics, self))

    def _fit_data(self, data):
        """Fit the model to validated data, or to statistics."""
        self._store_tasks(data)
        self._data = data
        posterior, optimum = self._fit_posterior(data)
        self._store(posterior)
        self.n_iter_ = optimum.n_iter
        self.optimality_ = optimum.residual
        if posterior.likelihood.is_saturated:
            self._warn_saturated(posterior)
        elif not optimum.converged:
            self._warn_unconverged(posterior.scales)
        return self

    def _fit_posterior(self, data):
        """The posterior of the data and the optimum that it is of; sets `covariance_`."""
        rows, units = compress(data, only_intercepts=self.covariance == "intercept")
        if self.task_noise == "common":
            warn_of_noisy_tasks(rows, data.tasks)
        fixed_effects = FixedEffects(self.fixed_effects, rows.pooled_gram, units.varies)
        names = [self.covariance]
        if self.covariance == "auto":
            names = ["isotropic", "diagonal"]
        best = None
        for name in names:
            posterior, optimum = self._fit_covariance(name, rows, units, fixed_effects)
            if best is None or posterior.akaike < best.akaike:
                best = posterior
                best_optimum = optimum
                self.covariance_ = name
        return best, best_optimum

    def _fit_covariance(self, name, rows, units, fixed_effects):
        """The same for a covariance."""
        covariance = make_covariance(name, rows.n_effects - 1, units.varies)
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
        self._adapted = []
        units = posterior.units
        self._store_effects(
            units,
            posterior.common,
            posterior.deviations,
            posterior.covariance,
        )
        self.task_noise_ = units.size * np.sqrt(posterior.task_noise)
        self.deviation_scales_ = np.ones(self.n_tasks_)
        if posterior.scales.omega is not None:
            self.deviation_scales_ = 1 / np.sqrt(posterior.scales.omega)
        of_units = posterior.likelihood.n_free * np.log(units.size) - units.log_volume / 2
        self.log_likelihood_ = float(posterior.log_likelihood - of_units)

    def _warn_saturated(self, posterior):
        total = posterior.likelihood.rows.total.sum()
        n_fixed = posterior.likelihood.fixed_effects.n_flat
        warn(
            f"The samples, {total:g} by the sum of their weights, are not more than the {n_fixed} "
            "common effects that they determine: nothing is left to estimate variances from, and "
            "all tasks get the same coefficients. Set fixed_effects='ridge', give more samples, or "
            "weights that count samples."
        )

    def _warn_unconverged(self, scales):
        or_scales = ""
        if scales.differ:
            or_scales = ", or scales of tasks change by that share"
        warn(
            f"After {self.n_iter_} iterations the variances are {self.optimality_:.1e} standard "
            f"errors from the optimum{or_scales}, but tol={self.tol:.1e}: increase max_iter="
            f"{self.max_iter}, or accept a larger tol.",
            ConvergenceWarning,
        )

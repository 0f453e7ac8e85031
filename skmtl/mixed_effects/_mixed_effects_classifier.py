"""Logistic regressions whose coefficients vary about common ones."""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skmtl._data.reading import read_prediction_data, read_training_data
from skmtl._docs import documented
from skmtl._threads import one_blas_thread
from skmtl._warn import warn
from skmtl.datafits import check_binary, class_problem
from skmtl.linear_model import ClassPredictor
from skmtl.mixed_effects._base import MixedEffects
from skmtl.mixed_effects._covariances import COVARIANCES, make_covariance
from skmtl.mixed_effects._logistic_models import FIXED_EFFECTS, FlatModel, RidgeModel
from skmtl.mixed_effects._logistic_rows import read_rows
from skmtl.mixed_effects._units import Units


@documented
class MixedEffectsClassifier(
    ClassPredictor, MixedEffects, ClassifierMixin, MultiOutputMixin, BaseEstimator
):
    """Logistic regressions whose intercepts and slopes vary between tasks about common ones.

    For sample i of task t, the log-odds of the second of two classes are::

        z_ti = a + a_t + x_ti' (b + u_t),    (a_t, u_t) ~ N(0, C)

    where `a` and `b` are common to all tasks. The structure of C says what varies between tasks.
    With y 1 for the second class and -1 for the first, and sample weights s, variances are chosen
    to maximize the likelihood ``int prod_ti (1 + exp(-y_ti z_ti))^-s_ti dN``, in which the
    deviations ``(a_t, u_t)`` are integrated out by Laplace's approximation: the logarithm of the
    integrand is replaced by the parabola at its maximum, the mode of the deviations. With
    ``fixed_effects="flat"`` the likelihood is maximized over a and b as well, which is what `glmer`
    of lme4 does. With ``"ridge"`` they are integrated out with the deviations, and the objective
    is::

        - log-likelihood + 1/2 (trace(C) + n_features * s2)

    over C and the prior variance s2 of slopes b, of features that are not constant; the second term
    is an exponential prior of every variance, with mean 2. Without it, variances of log-odds grow
    without bound where tasks have few samples of a class. Features are standardized over the
    samples of all tasks: C and s2 in the objective are of these, and "isotropic" means equal
    variances of slopes of features with unit variance; intercepts vary at the means of the
    features.

    Laplace's approximation understates variances where tasks have few samples; it is exact in the
    limit of many. Each evaluation costs time linear in the number of samples and in the number of
    tasks, and in the latter case cubic in the number of effects that vary.

    Parameters
    ----------
    covariance : {"intercept", "isotropic", "diagonal", "full"}, default="diagonal"
        Structure of C. "intercept": only intercepts vary; "isotropic": slopes have one variance;
        "diagonal": each slope has its own; "full": effects vary together, for few features and
        tasks of many samples.
    fixed_effects : {"flat", "ridge"}, default="ridge"
        Common effects. "flat" is maximum likelihood: give it far more samples of each class than
        features. "ridge": slopes are normal with a variance that is learned. In both cases the
        prior standard deviation of what is unpenalized is 100 log-odds per standard deviation of
        the features rather than infinite, so that classes that the features separate have a
        solution.
    class_weight : None, "balanced" or dict, default=None
        Factor of the weights of the samples of a class, by class label; 1 for those not named.
        "balanced" counts the classes of a task equally.
    max_iter : int, default=200
        Largest number of steps of the search for variances.
    tol : float, default=1e-3
        Stop when the next step is at most so many standard errors long.
    {task_column}
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does for tasks that fit did not see: raise an error, or predict with the
        common effects. Probabilities are then averages over tasks: they include the variance
        between tasks.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients ``b + u_t`` of the log-odds at the mode, without the task column.
    intercept_ : ndarray of shape (n_tasks,)
        Intercepts ``a + a_t``.
    shared_coef_ : ndarray of shape (n_features,)
        Common slopes b, the model of tasks that fit did not see.
    shared_intercept_ : float
        Common intercept a.
    random_effects_ : ndarray of shape (n_tasks, 1 + n_features)
        Deviations of each task from the common effects, the intercept first.
    variance_components_ : ndarray of shape (1 + n_features,)
        Variance between tasks of each effect in the units of the features: of log-odds at the means
        of the features ("full": where all are 0), then of the slopes.
    log_likelihood_ : float
        Laplace's approximation of the log-likelihood.
    classes_ : ndarray of shape (2,) or list of n_tasks such arrays
        Class labels, sorted; the list for two-dimensional y.
    {task_attributes}
    n_iter_ : int
        Number of steps of the search.
    optimality_ : float
        Length of the next step in standard errors. It is what `tol` is compared with.
    {column_attributes}

    See Also
    --------
    MixedEffectsRegressor : The same for numbers.
    RandomInterceptTasks : Other estimators with an intercept for each task.

    Notes
    -----
    Probabilities are averages over the posterior of the log-odds, not those at its mode: with mean
    m and variance v they are ``1 / (1 + exp(-m / sqrt(1 + pi v / 8)))`` [2]_. The log-odds that
    `decision_function` gives are those of this probability. So tasks of few samples get cautious
    probabilities. More than two classes, crossed or nested effects and other distributions are left
    to packages for generalized linear mixed models.

    References
    ----------
    .. [1] N. E. Breslow and D. G. Clayton. Approximate inference in generalized linear mixed
       models. Journal of the American Statistical Association 88 (1993), equation 4.
    .. [2] D. J. C. MacKay. The evidence framework applied to classification networks. Neural
       Computation 4 (1992), equation 10.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MixedEffectsClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 2))
    >>> tasks = np.arange(600) % 20
    >>> slopes = [1.0, -1.0] + rng.normal(size=(20, 2)) * [1.0, 0.0]
    >>> z = np.sum(X * slopes[tasks], axis=1)
    >>> y = rng.random(600) < 1 / (1 + np.exp(-z))
    >>> model = MixedEffectsClassifier().fit(X, y, tasks=tasks)
    >>> model.variance_components_.round(1)
    array([0. , 0.7, 0. ])
    >>> model.predict_proba(X[:1], tasks=[0]).shape
    (1, 2)
    """

    def __init__(
        self,
        covariance="diagonal",
        *,
        fixed_effects="ridge",
        class_weight=None,
        max_iter=200,
        tol=1e-3,
        task_column=None,
        handle_unknown="error",
    ):
        self.covariance = covariance
        self.fixed_effects = fixed_effects
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.tol = tol
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    @one_blas_thread
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified; a
            sparse matrix is made dense.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Labels of two classes: two-dimensional, NaN or None where one is missing; 1-D with
            `task_column` or `tasks`. A task may have a single class.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a weight of 2 is the same as the sample twice.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no targets, there are not
            two classes, X holds NaN or infinity, weights are negative, or shapes do not match.
        """
        self._check_options(COVARIANCES, FIXED_EFFECTS)
        data = read_training_data(self, X, y, sample_weight, tasks, dtype=None)
        problem = class_problem(data, self.class_weight)
        check_binary(problem)
        self._store_tasks(data)
        wide = data.layout == "wide"
        self.classes_ = problem.classes if wide else problem.classes[0]
        rows, units = read_rows(problem)
        covariance = make_covariance(self.covariance, rows.n_effects - 1, units.varies)
        model_of = {"flat": FlatModel, "ridge": RidgeModel}[self.fixed_effects]
        model = model_of(rows, covariance, self.tol, units.varies)
        minimum = model.fit(self.max_iter)
        self._store(model, minimum, units)
        return self

    def _store(self, model, minimum, units):
        """Set the fitted attributes, and warn."""
        mode = minimum.point.state
        hessian = model.joint_hessian(mode)
        common = hessian.prior.basis @ mode.delta
        between = model.covariance_matrix(minimum.point)
        covariances = hessian.effect_covariances()
        of_new = (hessian.fixed_covariance + between)[None]
        self._posterior = _Posterior(
            units,
            np.vstack([mode.effects, common]),
            np.concatenate([covariances, of_new]),
        )
        self._store_effects(units, common, mode.effects - common, between)
        self.log_likelihood_ = model.log_likelihood(minimum.point)
        self.n_iter_ = minimum.n_iter
        self.optimality_ = minimum.distance
        if model.is_separable(hessian):
            self._warn_separable()
        elif not (minimum.converged and mode.converged):
            self._warn_unconverged()

    def _warn_separable(self):
        warn(
            "The features separate the classes, or nearly so, or there are fewer samples than "
            "features: the likelihood has no maximum in the common effects, which are only held by "
            "a prior standard deviation of 100. Use fixed_effects='ridge', or leave features out.",
            ConvergenceWarning,
        )

    def _warn_unconverged(self):
        warn(
            f"After {self.n_iter_} iterations the parameters are {self.optimality_:.1e} standard "
            f"errors from the optimum, but tol={self.tol:.1e}: increase max_iter="
            f"{self.max_iter}, accept a larger tol, or choose fewer variances with covariance=.",
            ConvergenceWarning,
        )

    def _scores_of_tasks(self, X):
        """Log-odds of every task, (n_samples, n_tasks)."""
        rows = self._posterior.units.rows(X)
        scores = [self._posterior.log_odds(rows, t) for t in range(self.n_tasks_)]
        return np.column_stack(scores)

    def _scores(self, X, tasks):
        """Log-odds with the task of each sample or with all tasks, and whether it is the latter."""
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._scores_of_tasks(X), True
        rows = self._posterior.units.rows(X)
        scores = np.empty(len(rows))
        order = np.argsort(codes, kind="stable")
        present, first = np.unique(codes[order], return_index=True)
        for t, samples in zip(present, np.split(order, first[1:]), strict=True):
            scores[samples] = self._posterior.log_odds(rows[samples], t)
        return scores, False


class _Posterior(NamedTuple):
    """Means and covariances of effects in standardized units, those of a new task the last."""

    units: Units
    effects: np.ndarray  # (n_tasks + 1, n_effects)
    covariances: np.ndarray  # (n_tasks + 1, n_effects, n_effects)

    def log_odds(self, rows, t):
        """Log-odds of the average probability, for the rows of a task."""
        mean = rows @ self.effects[t]
        variance = np.einsum("ij,ij->i", rows @ self.covariances[t], rows)
        return mean / np.sqrt(1 + np.pi / 8 * np.maximum(variance, 0.0))

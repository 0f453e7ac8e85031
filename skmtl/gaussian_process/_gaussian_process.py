"""Gaussian process regression of several tasks by marginal likelihood."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int, check_option
from skmtl._data.reading import read_training_data
from skmtl._task_covariance.observations import read_observations
from skmtl._task_covariance.systems import (
    SOLVERS,
    choose_solver,
    likelihood_costs,
    warn_of_jitter,
)
from skmtl._threads import one_blas_thread
from skmtl.gaussian_process._estimator import GaussianProcessEstimator
from skmtl.gaussian_process._initial_values import InitialValues
from skmtl.gaussian_process._input_kernels import make_kernels
from skmtl.gaussian_process._known_noise import read_noise_variance
from skmtl.gaussian_process._marginal_likelihood import (
    DenseMarginalLikelihood,
    SpectralMarginalLikelihood,
    guarded_value,
)
from skmtl.gaussian_process._maximize import OPTIMIZERS, maximize
from skmtl.gaussian_process._parameter_layout import ParameterLayout, check_ranks
from skmtl.gaussian_process._posterior_draws import draw_parameters
from skmtl.gaussian_process._prediction import LeaveOneOutMixin, PredictionMixin, dense
from skmtl.gaussian_process._process import Process
from skmtl.gaussian_process._search_warnings import (
    warn_of_gradient,
    warn_of_order,
    warn_of_rejections,
    warn_of_units,
)

_NEGLIGIBLE = 1e-6  # of the noise: a smaller variance counts as none


class MultiTaskGaussianProcessRegressor(
    PredictionMixin,
    LeaveOneOutMixin,
    GaussianProcessEstimator,
    RegressorMixin,
    MultiOutputMixin,
    BaseEstimator,
):
    """Gaussian process regression of several tasks: predictions with error bars.

    Targets are ``y_ti = f_t(x_ti) + e_ti`` with noise ``e_ti ~ N(0, noise_t)`` and functions of
    covariance ``cov(f_s(x), f_t(z)) = B_st k(x, z)``, ``B = L L' + diag(kappa)`` with L of shape
    (n_tasks, rank): the intrinsic coregionalization model. All its parameters maximize the log
    marginal likelihood of the targets,

        -1/2 y' A^-1 y - 1/2 log|A| - n/2 log(2 pi),    A = B[task, task] o K + diag(noise[task]).

    Several kernels are a sum of such terms, each with a B of its own (the linear model of
    coregionalization). The parameters are then taken as known. With `n_draws`, predictions are
    averaged over parameters drawn from their posterior instead, with the priors

        log parameters of kernels ~ N(those of the kernel as given, 3), within its bounds,
        L_tr ~ N(0, s_t^2),    +-sqrt(kappa_t) ~ N(0, s_t^2),
        noise_t = s_t^2 exp(e_t) + least_t,    e_t ~ N(m, 1),    m ~ N(log 0.1, 9).

    Here s_t is the root mean square of the targets as fitted (1 with `normalize_y`; the median of
    the other tasks for a single target), and least_t is a millionth of s_t^2, or a tenth for a
    single target. A task whose targets are all the same does not share m: it has log 0.1. With
    `normalize_y` the functions have means too, mu_t ~ N(mean of the targets, s_t^2).

    Parameters
    ----------
    kernel : str, Kernel, list of them or None, default=None
        Kernel of the inputs: "rbf" (None), "matern32", "matern52", or a kernel of
        :mod:`sklearn.gaussian_process.kernels`, whose parameters are the initial values. A list is
        a sum of terms.
    rank : int or list of int, default=1
        Number of columns of L, for each term; with 0, tasks are independent but for common
        parameters.
    task_noise : bool, default=True
        Whether each task has a noise of its own, or all tasks the same (in units of `normalize_y`).
    ard : bool, default=True
        Whether each feature has a length scale of its own, or all features the same; for kernels
        given by name.
    normalize_y : bool, default=True
        Subtract the mean of each task and divide by its standard deviation before the fit. If
        False, the functions have mean zero.
    optimizer : "fmin_l_bfgs_b", callable or None, default="fmin_l_bfgs_b"
        None keeps the initial values. A callable is as in scikit-learn's
        :class:`~sklearn.gaussian_process.GaussianProcessRegressor`:
        ``optimizer(obj_func, initial_theta, bounds)`` returns theta and the value of
        ``obj_func(theta, eval_gradient=True)``, which is to be minimized.
    n_restarts : int, default=5
        Number of restarts of the optimizer from perturbed task covariances and noise, beside the
        first initial values.
    n_draws : int, default=0
        Number of draws of the parameters, by Hamiltonian Monte Carlo, over which predictions are
        averaged; 0 predicts with `theta_`. Some 50 make error bars of tasks with few targets
        longer, and mostly right. The fit takes some 2000 more evaluations of the likelihood; memory
        and the time of predictions grow by a factor of `n_draws`.
    initial_theta : array-like, default=None
        Initial values, in the order of `theta_`. None takes the kernels as they are, and task
        covariances and noise from the covariances of the targets.
    tol : float, default=0.05
        The search stops when no entry of the projected gradient of the log marginal likelihood with
        respect to theta is larger, in nats.
    solver : {"auto", "kronecker", "schur", "cholesky"}, default="auto"
        "kronecker" is for complete two-dimensional y, "schur" for a few missing targets, "cholesky"
        for any data; "auto" takes the fastest. All are exact. Several terms, and known noise, have
        "cholesky" only.
    task_column : str or int, default=None
        Column of X that holds the task ids, by name or position: every task then has samples of its
        own and y is 1-D. If None, y is two-dimensional, or ids are given as
        ``fit(X, y, tasks=ids)``.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that `fit` did not see: raise an error, or predict the
        average function with the mean variance of the tasks.
    random_state : int, RandomState instance or None, default=0
        Seed of the restarts and of the draws.

    Attributes
    ----------
    kernel_ : Kernel or list of Kernel
        The kernel with the parameters of the highest likelihood, as all that follows but the draws.
    length_scale_ : float or ndarray of shape (n_features,)
        Length scale of the kernel, if it is one "rbf" or Matern kernel.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        B, in units of y; the sum of several terms.
    task_covariances_ : ndarray of shape (n_terms, n_tasks, n_tasks)
        B of each term, in units of y.
    task_correlation_ : ndarray of shape (n_tasks, n_tasks)
        Correlations of `task_covariance_`; 0 for a task that has no variance but noise.
    noise_ : ndarray of shape (n_tasks,)
        Variances of the noise, in units of y.
    theta_ : ndarray
        For each term theta of the kernel (logarithms), L row by row and kappa; then log(noise), one
        for each task or one for all. On the scale of normalized y with `normalize_y`.
    theta_draws_ : ndarray of shape (n_draws, n_parameters)
        Draws of theta, each in the order of `theta_`.
    mean_draws_ : ndarray of shape (n_draws, n_tasks)
        Draws of the means of the functions, in units of y.
    acceptance_rate_ : float
        Share of the draws that moved; the others repeat the one before. NaN without draws.
    log_marginal_likelihood_value_ : float
        Log marginal likelihood at `theta_`, on the scale of `theta_`.
    gradient_norm_ : float
        Largest entry of the gradient of the log marginal likelihood with respect to theta, in nats,
        projected on the bounds of theta; L and kappa count in units of the size of the tasks.
    n_evaluations_ : int
        Number of kernel matrices that the search for `theta_` computed.
    solver_ : str
        The solver that was used.
    jitter_ : float
        What was added to the noise of `theta_` (on its scale), with a warning, because it was below
        1e-12 of (a bound of) the largest eigenvalue of the covariances; else 0.
    X_train_ : ndarray of shape (n_samples, n_features)
        Samples that have a target; sorted by task for long data.
    y_train_ : ndarray of shape (n_observations,)
        Targets on the scale of theta, sorted by task.
    tasks_ : ndarray of shape (n_tasks,)
        Task ids: the columns of a frame y, else 0, 1, ...; sorted ids for long data.
    n_tasks_ : int
        Number of tasks.
    n_samples_per_task_ : ndarray of shape (n_tasks,)
        Number of targets of each task.
    n_features_in_ : int
        Number of columns of X, the task column included.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if it has any.

    See Also
    --------
    MultiTaskSparseGaussianProcessRegressor : For more than some thousand targets.
    MultiTaskKernelRidgeCV : Without error bars; strengths are chosen by leave-one-out.

    References
    ----------
    Bonilla, Chai, Williams (2008), "Multi-task Gaussian process prediction", NIPS, equations 3 to
    6. Alvarez, Rosasco, Lawrence (2012), "Kernels for vector-valued functions", Foundations and
    Trends in Machine Learning 4, section 4.2. Golub, Pereyra (1973), "The differentiation of
    pseudo-inverses and nonlinear least squares problems whose variables separate", SIAM Journal on
    Numerical Analysis 10: variable projection. Neal (2011), "MCMC using Hamiltonian dynamics",
    Handbook of Markov Chain Monte Carlo, section 5.3. Hvarfner, Hellsten, Nardi (2024), "Vanilla
    Bayesian optimization performs great in high dimensions", ICML, section 4: such a prior of
    length scales.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskGaussianProcessRegressor
    >>> X = np.linspace(0, 6, 30)[:, None]
    >>> Y = np.sin(X) * [1, -2] + 0.05 * np.random.default_rng(0).standard_normal((30, 2))
    >>> Y[10:, 1] = np.nan  # the second task ends early
    >>> model = MultiTaskGaussianProcessRegressor(normalize_y=False).fit(X, Y)
    >>> mean, std = model.predict([[4.5]], return_std=True)
    >>> mean.round(1), std.round(1)
    (array([[-0.9,  1.9]]), array([[0. , 0.1]]))
    >>> model.task_correlation_.round(1)
    array([[ 1., -1.],
           [-1.,  1.]])
    """

    def __init__(
        self,
        kernel=None,
        *,
        rank=1,
        task_noise=True,
        ard=True,
        normalize_y=True,
        optimizer="fmin_l_bfgs_b",
        n_restarts=5,
        n_draws=0,
        initial_theta=None,
        tol=0.05,
        solver="auto",
        task_column=None,
        handle_unknown="error",
        random_state=0,
    ):
        self.kernel = kernel
        self.rank = rank
        self.task_noise = task_noise
        self.ard = ard
        self.normalize_y = normalize_y
        self.optimizer = optimizer
        self.n_restarts = n_restarts
        self.n_draws = n_draws
        self.initial_theta = initial_theta
        self.tol = tol
        self.solver = solver
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state

    @one_blas_thread
    def fit(self, X, y, *, noise_variance=None, tasks=None):
        """Find the parameters of the highest likelihood, and draw others with `n_draws`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. A sparse matrix is
            made dense. X is never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional with NaN for missing targets, or 1-D with `task_column` or
            `tasks`.
        noise_variance : float, array-like of shape (n_samples,) or of y's shape, default=None
            Known variances of the noise of the targets, in units of y squared, beside the noise
            that is learned; NaN where y is missing. A frame goes by the names of its columns.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, values are not finite, a parameter
            is out of its range, or a covariance cannot be factorized.
        """
        self._check_params()
        data = read_training_data(self, X, y, tasks=tasks)
        read = read_observations(data)
        self._store_data(read, noise_variance)
        kernels = make_kernels(self.kernel, self.ard, self.X_train_)
        self._theta_layout = ParameterLayout(
            tuple(kernel.n_dims for kernel in kernels),
            check_ranks(self.rank, len(kernels), self.n_tasks_),
            self.n_tasks_,
            self.task_noise,
        )
        self.solver_ = self._choose_solver(read, len(kernels))
        by_sample = self.solver_ != "cholesky"
        warn_of_order(len(self.X_train_) if by_sample else len(self.y_train_))
        likelihood = self._marginal_likelihood(kernels)
        rng = check_random_state(self.random_state)
        initial = InitialValues(
            self._theta_layout,
            kernels,
            self.y_train_,
            self._observations,
            rng,
        )
        initial.begin_at(self.initial_theta)
        found = maximize(
            likelihood,
            initial,
            self.optimizer,
            self.n_restarts,
            self.tol,
        )
        self._store_search(found)
        self._store_model(likelihood)
        warn_of_jitter(self.jitter_, "noise")
        if not (self.task_noise or self.normalize_y):
            warn_of_units(initial.scale)
        if self.optimizer is not None:
            warn_of_gradient(self.gradient_norm_, self.tol)
        if self.n_draws:
            self._store_draws(likelihood, initial, rng)
            warn_of_rejections(self.acceptance_rate_, self.n_draws)
        return self

    def log_marginal_likelihood(self, theta=None, eval_gradient=False):
        """Log marginal likelihood of the targets of `fit`.

        Parameters
        ----------
        theta : array-like, default=None
            Parameters in the order of `theta_`; None takes `theta_`. If the covariance of the
            targets cannot be factorized, the value is minus infinity and the gradient 0.
        eval_gradient : bool, default=False
            Whether to return the gradient with respect to theta too.

        Returns
        -------
        value : float
            Log marginal likelihood.
        gradient : ndarray of the shape of `theta_`
            Only with `eval_gradient`.
        """
        check_is_fitted(self)
        theta = self.theta_ if theta is None else self._theta_layout.check(theta, "theta")
        likelihood = self._marginal_likelihood(self._kernels)
        value, gradient = guarded_value(likelihood, theta, eval_gradient)
        if not eval_gradient:
            return value
        return value, gradient

    # ------------------------------------------------------------ parts of fit

    def _check_params(self):
        self._check_common_params("task_noise", "ard", "normalize_y")
        check_int(self.n_restarts, "n_restarts", low=0)
        check_int(self.n_draws, "n_draws", low=0)
        check_option(self.solver, "solver", ("auto", *SOLVERS))
        if not callable(self.optimizer):
            check_option(self.optimizer, "optimizer", OPTIMIZERS)

    def _store_data(self, read, noise_variance):
        """Set what predictions need of the data, and targets on the scale of theta."""
        self._store_tasks(read.data)
        self._observations = read.observations
        self._sample_indices = read.sample_indices
        self._n_samples = read.data.n_samples
        self._codes = read.observations.task if read.long else None
        self.X_train_ = dense(read.X).copy()
        self.y_train_ = self._store_units(read.observations, read.y)
        self._known_noise = read_noise_variance(noise_variance, read)
        if self._known_noise is not None:
            self._known_noise /= self._scale[read.observations.task] ** 2

    def _choose_solver(self, read, n_terms):
        if self._known_noise is not None:
            if self.solver not in ("auto", "cholesky"):
                raise ValueError(
                    f"solver={self.solver!r} is for noise that is learned, but noise_variance was "
                    "given: use 'cholesky'."
                )
            return "cholesky"
        if n_terms == 1:
            costs = likelihood_costs(read.observations)
            return choose_solver(self.solver, read.observations, read.long, costs)
        if self.solver not in ("auto", "cholesky"):
            raise ValueError(
                f"solver={self.solver!r} is for one kernel, got {n_terms}: use 'cholesky'."
            )
        return "cholesky"

    def _marginal_likelihood(self, kernels):
        """The log marginal likelihood of the data of `fit`, as a function of theta."""
        data = kernels, self.X_train_, self.y_train_, self._observations, self._theta_layout
        if self.solver_ == "cholesky":
            return DenseMarginalLikelihood(*data, self._known_noise)
        return SpectralMarginalLikelihood(*data)

    def _store_search(self, found):
        """Set the attributes of the search for theta, and those of no draws."""
        self.theta_ = found.theta
        self.n_evaluations_ = found.n_evaluations
        self.log_marginal_likelihood_value_ = found.value
        self.gradient_norm_ = found.gradient_norm
        self.theta_draws_ = np.empty((0, len(self.theta_)))
        self.mean_draws_ = np.empty((0, self.n_tasks_))
        self.acceptance_rate_ = np.nan

    def _store_model(self, likelihood):
        """Set the fitted attributes of theta."""
        scale = self._scale[:-1]
        process = Process(likelihood, self.theta_, scale)
        self._processes = [process]
        self._kernels = process.kernels
        several = isinstance(self.kernel, list | tuple)
        self.kernel_ = self._kernels if several else self._kernels[0]
        self.jitter_ = process.jitter
        Bs = self._theta_layout.covariances(self.theta_)
        noise = process.noise[:-1]
        self.task_covariances_ = np.array(Bs) * np.outer(scale, scale)
        self.task_covariance_ = self.task_covariances_.sum(axis=0)
        varies = sum(Bs).diagonal() > _NEGLIGIBLE * noise
        self._store_task_correlation(varies)
        self.noise_ = noise * scale**2

    def _store_draws(self, likelihood, initial, rng):
        """Draw parameters, and predict with these."""
        found = draw_parameters(
            likelihood,
            (self.theta_, initial.default),
            initial,
            self.normalize_y,
            self.n_draws,
            rng,
        )
        scale = self._scale[:-1]
        means = found.means
        if means is None:
            means = np.zeros((self.n_draws, self.n_tasks_))
        self.theta_draws_ = found.thetas
        self.mean_draws_ = self._mean_of_task[:-1] + scale * means
        self.acceptance_rate_ = found.acceptance_rate
        self._processes = [
            Process(likelihood, theta, scale, mean)
            for theta, mean in zip(found.thetas, means, strict=True)
        ]

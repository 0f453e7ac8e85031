"""Gaussian process regression of several tasks by marginal likelihood."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool, check_int, check_option, check_real
from skmtl._data.reading import read_training_data
from skmtl._task_covariance.correlations import correlations
from skmtl._task_covariance.observations import read_observations
from skmtl._task_covariance.systems import SOLVERS, choose_solver, warn_of_jitter
from skmtl.base import MultiTaskEstimator
from skmtl.gaussian_process._draws import draw_parameters
from skmtl.gaussian_process._inputs import make_kernels
from skmtl.gaussian_process._layout import Layout
from skmtl.gaussian_process._maximize import OPTIMIZERS, maximize, projected_norm
from skmtl.gaussian_process._prediction import PredictionMixin, dense
from skmtl.gaussian_process._problem import (
    DenseProblem,
    SpectralProblem,
    cholesky_cost,
    guarded_value,
    schur_cost,
)
from skmtl.gaussian_process._process import Process
from skmtl.gaussian_process._starts import Starts

_NOTHING = 1e-6  # of the noise: a variance below this is none
_STUCK = 0.2  # share of trajectories accepted, below which draws are too few
_ROUNDING = 1e-12  # deviations below this, relative to the mean of a task, are none


class MultiTaskGaussianProcessRegressor(
    PredictionMixin, MultiTaskEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator
):
    """Gaussian process regression of several tasks: predictions with error bars.

    Labels are ``y_ti = f_t(x_ti) + e_ti`` with noise ``e_ti ~ N(0, noise_t)`` and functions of
    covariance ``cov(f_s(x), f_t(z)) = B_st k(x, z)``, ``B = L L' + diag(kappa)`` with L of shape
    (n_tasks, rank): the intrinsic coregionalisation model. All its parameters maximize the log
    marginal likelihood of the labels,

        -1/2 y' A^-1 y - 1/2 log|A| - n/2 log(2 pi),    A = B[task, task] o K + diag(noise[task]).

    Several kernels are a sum of such terms, each with a B of its own (the linear model of
    coregionalisation). That takes the parameters as known. With `n_draws` predictions are averaged
    over parameters drawn from their posterior instead, with the priors

        log parameters of kernels ~ N(those of the kernel as given, 3), within its bounds,
        L_tr ~ N(0, s_t^2),    +-sqrt(kappa_t) ~ N(0, s_t^2),
        noise_t = s_t^2 exp(e_t) + least_t,    e_t ~ N(m, 1),    m ~ N(log 0.1, 9),

    s_t the root mean square of the labels as fitted (1 with `normalize_y`; that of the other tasks
    for a single label), least_t a millionth of s_t^2, or a tenth for a single label. A task whose
    labels are all the same does not share m: it has log 0.1. Functions then have means too,
    mu_t ~ N(mean of the labels, s_t^2), with `normalize_y`.

    Parameters
    ----------
    kernel : str, Kernel, list of them or None, default=None
        Of the inputs: "rbf" (None), "matern32", "matern52", or a kernel of
        :mod:`sklearn.gaussian_process.kernels`, which begins at its own parameters. A list is a
        sum of terms.
    rank : int or list of int, default=1
        Columns of L, for each term; 0 leaves the tasks independent but for common parameters.
    task_noise : bool, default=True
        A noise for each task, or one for all (in units of `normalize_y`).
    ard : bool, default=True
        A length scale for each feature, or one for all; for kernels given by name.
    normalize_y : bool, default=True
        Take each task's mean off and divide by its standard deviation before the fit. Without, the
        functions have mean zero.
    optimizer : "fmin_l_bfgs_b", callable or None, default="fmin_l_bfgs_b"
        None keeps the parameters of the start. A callable is as in scikit-learn's
        :class:`~sklearn.gaussian_process.GaussianProcessRegressor`:
        ``optimizer(obj_func, initial_theta, bounds)`` returns theta and the value of
        ``obj_func(theta, eval_gradient=True)``, which is to be minimized.
    n_restarts : int, default=5
        Perturbed beginnings of the task covariance and the noise that are tried beside the first.
    n_draws : int, default=0
        Draws of the parameters, by Hamiltonian Monte Carlo, that predictions are averaged over; 0
        predicts with `theta_`. Some 50 make error bars of tasks with few labels longer, and mostly
        right. The fit takes some 2000 evaluations of the likelihood more; memory and the time of
        predictions are `n_draws` times as much.
    initial_theta : array-like, default=None
        Where to begin, in the order of `theta_`; None begins at kernels as they are and the
        covariances of the labels.
    tol : float, default=0.05
        The search goes on until no entry of the projected gradient of the likelihood by theta is
        above it, in nats.
    solver : {"auto", "kronecker", "schur", "cholesky"}, default="auto"
        "kronecker" is for complete two-dimensional y, "schur" for a few missing labels, "cholesky"
        for any; "auto" takes the fastest. All are exact. Several terms have "cholesky" only.
    task_column : str or int, default=None
        Column of X that holds the task ids, by name or position: every task then has rows of its
        own and y is 1-D. None: y is two-dimensional, or ids are given as ``fit(X, y, tasks=ids)``.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or predict the average function
        with the mean variance of the tasks.
    random_state : int, RandomState instance or None, default=0
        Of the perturbed beginnings and of the draws.

    Attributes
    ----------
    kernel_ : Kernel or list of Kernel
        With the parameters of the highest likelihood, as all that follow but the draws.
    length_scale_ : float or ndarray of shape (n_features,)
        Of one "rbf" or Matern kernel.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        B, in units of y; of several terms the sum.
    task_covariances_ : ndarray of shape (n_terms, n_tasks, n_tasks)
    task_correlation_ : ndarray of shape (n_tasks, n_tasks)
        Of `task_covariance_`; 0 where a task has no variance but noise.
    noise_ : ndarray of shape (n_tasks,)
        Variances, in units of y.
    theta_ : ndarray
        For each term theta of the kernel (logarithms), L row by row and kappa; then log(noise), one
        a task or one for all. On the scale of normalized y with `normalize_y`.
    theta_draws_ : ndarray of shape (n_draws, n_parameters)
        As `theta_`.
    mean_draws_ : ndarray of shape (n_draws, n_tasks)
        Means of the functions, in units of y.
    acceptance_rate_ : float
        Share of the draws that moved; the others repeat the one before. NaN without draws.
    log_marginal_likelihood_value_ : float
        On that scale.
    gradient_norm_ : float
        Largest entry of the gradient of the likelihood by theta, in nats, projected on the bounds
        of theta.
    n_evaluations_ : int
        Kernel matrices that the search for `theta_` made.
    solver_ : str
    jitter_ : float
        What was added to the noise of `theta_` (on its scale), with a warning, because it was below
        1e-12 of (a bound of) the largest eigenvalue of the covariances, where rounding decides;
        else 0.
    X_train_ : ndarray of shape (n_rows, n_features)
        Rows with labels, sorted by task where tasks have rows of their own.
    y_train_ : ndarray of shape (n_labels,)
        Labels on the scale of theta, sorted by task.
    tasks_ : ndarray of shape (n_tasks,)
        Task labels: the columns of y when it is a frame, else 0, 1, ...; sorted ids otherwise.
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
        Labeled rows.
    n_features_in_ : int
        Number of columns of X, the task column included.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, when it has any.

    See Also
    --------
    MultiTaskKernelRidgeCV : Without error bars, by leave-one-out.

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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def length_scale_(self):
        """Length scale of one kernel that has any."""
        check_is_fitted(self)
        return self.kernel_.length_scale

    def fit(self, X, y, *, tasks=None):
        """Find the parameters of the highest likelihood, and draw others with `n_draws`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. A sparse matrix is made
            dense. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`, and parameters that are
            none.
        """
        self._check_params()
        read = read_observations(read_training_data(self, X, y, None, tasks))
        y = self._store_labels(read)
        kernels = self._make_kernels(self.X_train_)
        ranks = self._ranks(len(kernels))
        layout = Layout(
            tuple(kernel.n_dims for kernel in kernels), ranks, self.n_tasks_, self.task_noise
        )
        self.solver_ = self._choose_solver(read, len(kernels))
        problem = self._problem(kernels, y, layout)
        rng = check_random_state(self.random_state)
        starts = Starts(layout, kernels, y, read.cells, rng)
        starts.begin_at(self.initial_theta)
        found = maximize(problem, starts, self.optimizer, self.n_restarts, self.tol)
        self.theta_, self.n_evaluations_ = found.theta, found.n_evaluations
        self.log_marginal_likelihood_value_ = found.value
        self.gradient_norm_ = projected_norm(found.theta, found.gradient, starts.bounds)
        self._store_model(problem)
        self._warn_of_slope()
        if self.n_draws:
            self._store_draws(problem, starts, rng)
            self._warn_of_rejections()
        return self

    def log_marginal_likelihood(self, theta=None, eval_gradient=False):
        """Log marginal likelihood of the labels of `fit`.

        Parameters
        ----------
        theta : array-like, default=None
            Parameters in the order of `theta_`; None are those. Where the covariance of the labels
            is none that a computer can factorize the value is minus infinity, the gradient 0.
        eval_gradient : bool, default=False
            Also return the gradient by theta.

        Returns
        -------
        value : float
        gradient : ndarray of the shape of `theta_`
            Only with `eval_gradient`.
        """
        check_is_fitted(self)
        theta = self.theta_ if theta is None else self._theta_layout.check(theta, "theta")
        return guarded_value(self._current_problem(), theta, eval_gradient)

    # ------------------------------------------------------------ parts of fit

    def _check_params(self):
        self._check_layout_params()
        for name in ("task_noise", "ard", "normalize_y"):
            check_bool(getattr(self, name), name)
        check_int(self.n_restarts, "n_restarts", low=0)
        check_int(self.n_draws, "n_draws", low=0)
        check_real(self.tol, "tol", include="neither")
        check_option(self.solver, "solver", ("auto", *SOLVERS))
        if not callable(self.optimizer):
            check_option(self.optimizer, "optimizer", OPTIMIZERS)

    def _store_labels(self, read):
        """Set what predictions need of the data; labels on the scale of theta."""
        self._store_tasks(read.data)
        cells, y, T = read.cells, read.y, self.n_tasks_
        self._cells, self._rows, self._n_samples = cells, read.rows, read.data.n_samples
        self._codes = cells.task if read.long else None
        self.X_train_ = dense(read.X).copy()
        mean, scale = np.zeros(T), np.ones(T)
        if self.normalize_y:
            mean, scale = _normal(cells, y)
            y = (y - mean[cells.task]) / scale[cells.task]
            y[np.abs(y) < _ROUNDING * (np.abs(mean) / scale)[cells.task]] = 0.0
        # behind what is of tasks not seen, whose code is -1: their average
        self._mean_of_task = np.append(mean, mean.mean())
        self._scale = np.append(scale, scale.mean())
        self.y_train_ = y
        return y

    def _make_kernels(self, X):
        several = isinstance(self.kernel, list | tuple)
        kernels = self.kernel if several else [self.kernel]
        if len(kernels) == 0:
            raise ValueError("kernel is an empty list: give at least one term.")
        return make_kernels(kernels, self.ard, X)

    def _ranks(self, n_terms):
        ranks = [self.rank] * n_terms if isinstance(self.rank, Integral) else self.rank
        if not isinstance(ranks, list | tuple) or len(ranks) != n_terms:
            raise ValueError(
                f"rank={self.rank!r} is neither an integer nor a list of one for each of the "
                f"{n_terms} kernel(s)."
            )
        for rank in ranks:
            check_int(rank, "rank", low=0)
        # more columns than tasks, or one of a single task, add nothing
        most = self.n_tasks_ if self.n_tasks_ > 1 else 0
        return tuple(min(rank, most) for rank in ranks)

    def _choose_solver(self, read, n_terms):
        if n_terms > 1:
            if self.solver not in ("auto", "cholesky"):
                raise ValueError(
                    f"solver={self.solver!r} is for one kernel, got {n_terms}: use 'cholesky'."
                )
            return "cholesky"
        costs = schur_cost(read.cells), cholesky_cost(read.cells)
        return choose_solver(self.solver, read.cells, read.long, costs)

    def _problem(self, kernels, y, layout):
        problem = DenseProblem if self.solver_ == "cholesky" else SpectralProblem
        return problem(kernels, self.X_train_, y, self._cells, layout)

    def _current_problem(self):
        kernels = self.kernel_ if isinstance(self.kernel_, list) else [self.kernel_]
        return self._problem(kernels, self.y_train_, self._theta_layout)

    def _store_model(self, problem):
        """Set the fitted attributes from theta."""
        self._theta_layout, scale = problem.layout, self._scale[:-1]
        process = Process(problem, self.theta_, scale)
        self._processes = [process]
        self.theta_draws_ = np.empty((0, len(self.theta_)))
        self.mean_draws_ = np.empty((0, len(scale)))
        self.acceptance_rate_ = np.nan
        self.jitter_ = process.jitter
        warn_of_jitter(self.jitter_, "noise", stacklevel=4)
        Bs, noise = problem.layout.covariances(self.theta_), process.noise[:-1]
        self.task_covariances_ = np.array(Bs) * np.outer(scale, scale)
        self.task_covariance_ = self.task_covariances_.sum(axis=0)
        told = sum(Bs).diagonal() > _NOTHING * noise
        self.task_correlation_ = correlations(self.task_covariance_ * np.outer(told, told))
        self.noise_ = noise * scale**2
        several = isinstance(self.kernel, list | tuple)
        self.kernel_ = process.kernels if several else process.kernels[0]

    def _store_draws(self, problem, starts, rng):
        """Draw parameters, and predict with these."""
        scale = self._scale[:-1]
        found = draw_parameters(
            problem, (self.theta_, starts.first), starts, self.normalize_y, self.n_draws, rng
        )
        self.theta_draws_, self.acceptance_rate_ = found.thetas, found.acceptance_rate
        means = np.zeros((self.n_draws, len(scale))) if found.means is None else found.means
        self.mean_draws_ = self._mean_of_task[:-1] + scale * means
        pairs = zip(found.thetas, means, strict=True)
        self._processes = [Process(problem, theta, scale, mean) for theta, mean in pairs]

    def _warn_of_slope(self):
        """ConvergenceWarning where the search could not end."""
        if self.optimizer is not None and not self.gradient_norm_ <= self.tol:
            warnings.warn(
                f"The search for the parameters ended where the gradient of the likelihood has an "
                f"entry of {self.gradient_norm_:.3g} nats, above tol={self.tol}. Increase tol, or "
                "standardize X.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _warn_of_rejections(self):
        """ConvergenceWarning where the chain hardly moved."""
        if self.acceptance_rate_ < _STUCK:
            warnings.warn(
                f"Of the {self.n_draws} draws of the parameters {self.acceptance_rate_:.0%} moved: "
                "their average says little. Increase n_draws, try another random_state, or take a "
                "kernel with fewer parameters or wider bounds.",
                ConvergenceWarning,
                stacklevel=3,
            )


def _normal(cells, y):
    """Mean and standard deviation of each task, (n_tasks,).

    A single label tells neither: it gets the means of those of the other tasks. Labels that are all
    the same have the deviation 1.
    """
    with np.errstate(over="ignore"):
        mean = cells.task_mean(y)
        scale = np.sqrt(cells.task_mean((y - mean[cells.task]) ** 2))
    if not np.isfinite(scale).all():
        raise ValueError(f"y is too large for its squares, up to {np.abs(y).max():.3g}: scale it.")
    varies, several = scale > _ROUNDING * np.abs(mean), np.diff(cells.ptr) > 1
    scale[~varies] = 1.0
    if several.any():
        mean[~several] = mean[several].mean()
        known = scale[several & varies]
        scale[~several] = known.mean() if len(known) else 1.0
    return mean, scale

"""Gaussian process regression of several tasks with many samples, by inducing points."""

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state

from skmtl._data.checks import check_int, check_option
from skmtl._data.reading import read_training_data
from skmtl._task_covariance.observations import read_observations
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl._threads import one_blas_thread
from skmtl.gaussian_process._estimator import GaussianProcessEstimator
from skmtl.gaussian_process._features import check_stationary
from skmtl.gaussian_process._inducing_posterior import InducingProcess
from skmtl.gaussian_process._inducing_search import Data, InducingSearch
from skmtl.gaussian_process._initial_values import InitialValues
from skmtl.gaussian_process._input_kernels import make_kernel
from skmtl.gaussian_process._maximize import OPTIMIZERS, maximize
from skmtl.gaussian_process._parameter_layout import ParameterLayout, check_ranks
from skmtl.gaussian_process._prediction import PredictionMixin, dense
from skmtl.gaussian_process._search_warnings import warn_of_gradient, warn_of_units

_NEGLIGIBLE = 1e-6  # of the noise: a smaller variance counts as none
_LARGEST = 2**30  # floats of the matrices that are in memory at a time


class MultiTaskSparseGaussianProcessRegressor(
    PredictionMixin, GaussianProcessEstimator, RegressorMixin, MultiOutputMixin, BaseEstimator
):
    """Gaussian process regression of several tasks for 10^4 to 10^6 samples, by inducing points.

    The model is that of :class:`MultiTaskGaussianProcessRegressor`: targets ``y_ti = f_t(x_ti) +
    e_ti`` with noise ``e_ti ~ N(0, noise_t)`` and functions of covariance ``cov(f_s(x), f_t(z)) =
    B_st k(x, z)``, ``B = L L' + diag(kappa)``. The values of the functions at m inducing points Z
    stand for the functions. All parameters maximize Titsias' lower bound of the log marginal
    likelihood,

        log N(y; 0, B[task, task] o Q + diag(noise[task]))
            - 1/2 sum_i B[task_i, task_i] (k(x_i, x_i) - Q_ii) / noise[task_i],

    where ``Q = k(X, Z) k(Z, Z)^-1 k(Z, X)``. The bound is the likelihood itself if the points are
    all samples. An evaluation takes time of the order of ``n_samples m^2 + n_tasks m^3``, and
    memory that does not grow with the samples beside X and y.

    Parameters
    ----------
    kernel : str, Kernel or None, default=None
        Kernel of the inputs: "rbf" (None), "matern32", "matern52", or RBF or Matern (nu of 1.5 or
        2.5) of :mod:`sklearn.gaussian_process.kernels`, whose parameters are the initial values.
    n_inducing : int, default=200
        Number m of inducing points: centers of clusters of the samples, at distances in length
        scales. More points bring the bound nearer to the likelihood. Of fewer distinct samples all
        are taken.
    rank : int, default=1
        Number of columns of L; with 0, tasks are independent but for common parameters.
    task_noise : bool, default=True
        Whether each task has a noise of its own, or all tasks the same (in units of `normalize_y`).
    ard : bool, default=True
        Whether each feature has a length scale of its own, or all features the same; for kernels
        given by name.
    normalize_y : bool, default=True
        Subtract the mean of each task and divide by its standard deviation before the fit. If
        False, the functions have mean zero.
    optimizer : "fmin_l_bfgs_b" or None, default="fmin_l_bfgs_b"
        None keeps the initial values.
    initial_theta : array-like, default=None
        Initial values, in the order of `theta_`. None takes those that a part of the samples
        leads to.
    tol : float, default=0.05
        The search stops when no entry of the projected gradient of the bound with respect to theta
        is larger, in nats.
    task_column : str or int, default=None
        Column of X that holds the task ids, by name or position: every task then has samples of its
        own and y is 1-D. If None, y is two-dimensional, or ids are given as
        ``fit(X, y, tasks=ids)``.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that `fit` did not see: raise an error, or predict the
        average function with the mean variance of the tasks.
    random_state : int, RandomState instance or None, default=0
        Seed of the parts of the samples and of the inducing points.

    Attributes
    ----------
    kernel_ : Kernel
        The kernel with the parameters of the highest bound.
    length_scale_ : float or ndarray of shape (n_features,)
        Length scale of the kernel.
    inducing_points_ : ndarray of shape (n_points, n_features)
        The inducing points Z.
    lower_bound_ : float
        The bound at `theta_`, on the scale of `theta_`.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        B, in units of y.
    task_correlation_ : ndarray of shape (n_tasks, n_tasks)
        Correlations of `task_covariance_`; 0 for a task that has no variance but noise.
    noise_ : ndarray of shape (n_tasks,)
        Variances of the noise, in units of y.
    theta_ : ndarray
        Theta of the kernel (logarithms), L row by row, kappa, and log(noise), one for each task or
        one for all. On the scale of normalized y with `normalize_y`.
    gradient_norm_ : float
        Largest entry of the gradient of the bound with respect to theta, in nats, projected on the
        bounds of theta; L and kappa count in units of the size of the tasks.
    n_evaluations_ : int
        Number of bounds of all samples that the search for `theta_` computed.
    jitter_ : float
        What was added to the noise of `theta_` (on its scale), with a warning, because it was below
        1e-12 of a bound of the largest eigenvalue of the covariances; else 0.
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
    MultiTaskGaussianProcessRegressor : The likelihood itself, for some thousand targets at most.
    MultiTaskNystroemRidgeCV : Without error bars.

    References
    ----------
    Titsias (2009), "Variational learning of inducing variables in sparse Gaussian processes",
    AISTATS, equation 9. Alvarez, Luengo, Titsias, Lawrence (2010), "Efficient multioutput Gaussian
    processes through variational inducing kernels", AISTATS. Burt, Rasmussen, van der Wilk (2020),
    "Convergence of sparse variational inference in Gaussian processes regression", Journal of
    Machine Learning Research 21: how many points are enough.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskSparseGaussianProcessRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(0, 6, (3000, 1))
    >>> Y = np.sin(X) * [1, -2] + 0.5 * rng.standard_normal((3000, 2))
    >>> Y[X[:, 0] > 4, 1] = np.nan  # the second task ends early
    >>> model = MultiTaskSparseGaussianProcessRegressor(n_inducing=20).fit(X, Y)
    >>> mean, std = model.predict([[4.5]], return_std=True, include_noise=False)
    >>> mean.round(1), std.round(1)
    (array([[-0.9,  1.9]]), array([[0. , 0.1]]))
    >>> model.noise_.round(2)
    array([0.25, 0.25])
    """

    def __init__(
        self,
        kernel=None,
        *,
        n_inducing=200,
        rank=1,
        task_noise=True,
        ard=True,
        normalize_y=True,
        optimizer="fmin_l_bfgs_b",
        initial_theta=None,
        tol=0.05,
        task_column=None,
        handle_unknown="error",
        random_state=0,
    ):
        self.kernel = kernel
        self.n_inducing = n_inducing
        self.rank = rank
        self.task_noise = task_noise
        self.ard = ard
        self.normalize_y = normalize_y
        self.optimizer = optimizer
        self.initial_theta = initial_theta
        self.tol = tol
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state

    @one_blas_thread
    def fit(self, X, y, *, tasks=None):
        """Find the parameters of the highest bound.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. A sparse matrix is
            made dense. X is never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional with NaN for missing targets, or 1-D with `task_column` or
            `tasks`.
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
            is out of its range, or the matrices of so many inducing points and tasks are too large.
        """
        self._check_params()
        read = read_observations(read_training_data(self, X, y, tasks=tasks))
        data = self._normalized(read)
        kernel = make_kernel(self.kernel, self.ard, data.X)
        check_stationary(kernel)
        ranks = check_ranks(self.rank, 1, self.n_tasks_)
        layout = ParameterLayout((kernel.n_dims,), ranks, self.n_tasks_, self.task_noise)
        self._check_size(data.observations, layout.ranks[0])
        rng = check_random_state(self.random_state)
        initial = InitialValues(layout, [kernel], data.y, data.observations, rng)
        initial.begin_at(self.initial_theta)
        search = InducingSearch(kernel, data, layout, self.n_inducing, rng)
        likelihood, found = self._search(search, initial)
        self._store(likelihood, found)
        warn_of_jitter(self.jitter_, "noise")
        if not (self.task_noise or self.normalize_y):
            warn_of_units(initial.scale)
        if self.optimizer is not None:
            warn_of_gradient(self.gradient_norm_, self.tol)
        return self

    # ------------------------------------------------------------ parts of fit

    def _check_params(self):
        self._check_common_params("task_noise", "ard", "normalize_y")
        check_int(self.n_inducing, "n_inducing")
        check_option(self.optimizer, "optimizer", OPTIMIZERS)

    def _normalized(self, read):
        """The :class:`Data` on the scale of theta."""
        self._store_tasks(read.data)
        y = self._store_units(read.observations, read.y)
        return Data(dense(read.X), y, read.observations)

    def _check_size(self, observations, rank):
        """Raise ValueError if matrices of all tasks and inducing points do not fit."""
        m = min(self.n_inducing, observations.n_samples)
        size = 2 * (rank * m) ** 2 + self.n_tasks_ * m**2
        if size > _LARGEST:
            raise ValueError(
                f"n_inducing={self.n_inducing} with rank={self.rank} and {self.n_tasks_} tasks "
                f"needs {8e-9 * size:.0f} GB for the covariances of the weights: take fewer "
                "inducing points, or a smaller rank."
            )

    def _search(self, search, initial):
        """The likelihood and the :class:`SearchResult`."""
        if self.optimizer is None:
            likelihood = search.likelihood(initial.theta)
            return likelihood, maximize(likelihood, initial, None, 0, self.tol)
        if self.initial_theta is None:
            initial.begin_at(search.first_stages(initial))
        return search.all_samples(initial, self.tol)

    def _store(self, likelihood, found):
        """Set the fitted attributes."""
        scale = self._scale[:-1]
        process = InducingProcess(likelihood, found.theta, scale)
        self._processes = [process]
        self.theta_ = found.theta
        self.n_evaluations_ = found.n_evaluations
        self.gradient_norm_ = found.gradient_norm
        self.lower_bound_ = found.value
        self.inducing_points_ = likelihood.Z
        (self.kernel_,) = process.kernels
        self.jitter_ = process.jitter
        (B,) = likelihood.layout.covariances(found.theta)
        noise = process.noise[:-1]
        self.task_covariance_ = B * np.outer(scale, scale)
        varies = B.diagonal() > _NEGLIGIBLE * noise
        self._store_task_correlation(varies)
        self.noise_ = noise * scale**2

"""Gaussian process classification of several tasks by Laplace's approximation."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_int, check_option
from skmtl._data.reading import read_prediction_data, read_training_data
from skmtl._docs import documented
from skmtl._task_covariance.observations import read_observations
from skmtl._threads import one_blas_thread
from skmtl._warn import warn
from skmtl.datafits import check_binary, class_problem
from skmtl.gaussian_process._averaged_log_odds import averaged_log_odds
from skmtl.gaussian_process._class_initial_values import initial_values
from skmtl.gaussian_process._class_likelihood import ClassLikelihood
from skmtl.gaussian_process._class_posterior import ClassPosterior
from skmtl.gaussian_process._estimator import GaussianProcessEstimator
from skmtl.gaussian_process._input_kernels import make_kernels
from skmtl.gaussian_process._latent_layout import LatentLayout
from skmtl.gaussian_process._latent_process import LatentProcess
from skmtl.gaussian_process._maximize import OPTIMIZERS, maximize
from skmtl.gaussian_process._parameter_layout import check_ranks
from skmtl.gaussian_process._prediction import dense
from skmtl.gaussian_process._search_warnings import warn_of_gradient
from skmtl.linear_model import ClassPredictor

_NEGLIGIBLE = 1e-6  # a smaller variance of log-odds counts as none
_FLOATS = 2**24  # of covariances with the observations at a time


@documented
class MultiTaskGaussianProcessClassifier(
    ClassPredictor, GaussianProcessEstimator, ClassifierMixin, MultiOutputMixin, BaseEstimator
):
    """Gaussian process classification of several tasks, of two classes each.

    The log-odds of the second of two classes are ``m_t + f_t(x)``, with means ``m_t`` of the tasks
    and functions of covariance ``cov(f_s(x), f_t(z)) = B_st k(x, z)``, ``B = L L' + diag(kappa)``
    with L of shape (n_tasks, rank): the intrinsic coregionalization model. The log-odds f of the
    observations are normal with mean 0 and covariance::

        A = B[task, task] o K + 100 + v [task = task]

    where 100 is the variance of the mean that tasks have in common, and v that of the means of the
    tasks about it. They are integrated out by Laplace's approximation, at their mode. With y 1 for
    the second class and -1 for the first, and ``W = diag(p (1 - p))`` with the probabilities p
    there, the log marginal likelihood is::

        -sum log(1 + exp(-y f)) - 1/2 f' A^-1 f - 1/2 log|I + W^1/2 A W^1/2|

    Labels of few samples leave the parameters open, and labels that the samples separate have ever
    larger variances. So the parameters maximize the log marginal likelihood plus the logarithm of
    the priors::

        log parameters of kernels ~ N(those of the kernel as given, 3), within its bounds,
        L_tr ~ N(l_r, 1.5^2),    +-sqrt(kappa_t) ~ N(0, 1.5^2),    +-sqrt(v) ~ N(0, 1.5^2).

    Columns of L are a priori much the same for all tasks: ``l_r ~ N(0, 3^2)`` is integrated out.
    Several kernels are a sum of such terms, each with a B of its own.

    Parameters
    ----------
    kernel : str, Kernel, list of them or None, default=None
        Kernel of the inputs: "rbf" (None), "matern32", "matern52", or a kernel of
        :mod:`sklearn.gaussian_process.kernels`, whose parameters are the initial values. A list is
        a sum of terms.
    rank : int or list of int, default=1
        Number of columns of L, for each term; with 0, tasks are independent but for common
        parameters and the mean.
    ard : bool, default=True
        Whether each feature has a length scale of its own, or all features the same; for kernels
        given by name.
    fit_intercept : bool, default=True
        Whether tasks have means. If False, log-odds have mean 0, as in scikit-learn's
        :class:`~sklearn.gaussian_process.GaussianProcessClassifier`.
    optimizer : "fmin_l_bfgs_b", callable or None, default="fmin_l_bfgs_b"
        None keeps the initial values. A callable is as in scikit-learn's Gaussian processes:
        ``optimizer(obj_func, initial_theta, bounds)`` returns theta and the value of
        ``obj_func(theta, eval_gradient=True)``, which is to be minimized.
    n_restarts : int, default=0
        Number of restarts of the optimizer from perturbed task covariances. With the priors there
        is rarely more than one optimum.
    initial_theta : array-like, default=None
        Initial values, in the order of `theta_`. None takes the kernels as they are, and task
        covariances from functions that are fitted to each task by itself.
    tol : float, default=0.05
        The search stops when no entry of the projected gradient of the objective with respect to
        theta is larger, in nats.
    {task_column}
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that `fit` did not see: raise an error, or predict the
        average function with the mean variance of the tasks.
    random_state : int, RandomState instance or None, default=0
        Seed of the restarts.

    Attributes
    ----------
    classes_ : ndarray of shape (2,) or list of n_tasks such arrays
        Class labels, sorted; the list for two-dimensional y.
    kernel_ : Kernel or list of Kernel
        The kernel with the parameters that were found.
    length_scale_ : float or ndarray of shape (n_features,)
        Length scale of the kernel, if it is one "rbf" or Matern kernel.
    intercept_ : ndarray of shape (n_tasks,)
        Means of the log-odds of each task, averaged over their posterior; 0 without
        `fit_intercept`.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        B; the sum of several terms.
    task_covariances_ : ndarray of shape (n_terms, n_tasks, n_tasks)
        B of each term.
    task_correlation_ : ndarray of shape (n_tasks, n_tasks)
        Correlations of `task_covariance_`; 0 for a task that has no variance.
    theta_ : ndarray
        For each term theta of the kernel (logarithms), L row by row and kappa; then log(v) if tasks
        have means.
    log_marginal_likelihood_value_ : float
        Log marginal likelihood at `theta_`.
    gradient_norm_ : float
        Largest entry of the gradient of the objective with respect to theta, in nats, projected on
        the bounds of theta.
    n_evaluations_ : int
        Number of evaluations of the log marginal likelihood by the search.
    X_train_ : ndarray of shape (n_samples, n_features)
        Samples that have a label; sorted by task for long data.
    y_train_ : ndarray of shape (n_observations,)
        1 for the second class of a task and 0 for the first, sorted by task.
    {task_attributes}
    {column_attributes}

    See Also
    --------
    MultiTaskGaussianProcessRegressor : The same for numbers.
    MixedEffectsClassifier : Linear log-odds, for many samples.
    MultiTaskSVC : Without probabilities.

    Notes
    -----
    Probabilities are averages over the posterior of the log-odds, with an error of the quadrature
    below 1e-6, and `decision_function` gives the log-odds of these. The time of a fit grows with
    the cube of the number of labels in all tasks: seconds for a thousand, minutes for three
    thousand.

    References
    ----------
    Rasmussen, Williams (2006), "Gaussian processes for machine learning", MIT Press, algorithms
    3.1, 3.2 and 5.1. Bonilla, Chai, Williams (2008), "Multi-task Gaussian process prediction",
    NIPS, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskGaussianProcessClassifier
    >>> X = np.linspace(0, 6, 80)[:, None]
    >>> Y = (np.sin(X) * [1, -1] > 0).astype(float)
    >>> Y[50:, 1] = np.nan  # the second task ends early
    >>> model = MultiTaskGaussianProcessClassifier().fit(X, Y)
    >>> model.predict([[1.5], [4.5]])
    array([[1., 0.],
           [0., 1.]])
    >>> model.task_correlation_.round(1)
    array([[ 1., -1.],
           [-1.,  1.]])
    """

    def __init__(
        self,
        kernel=None,
        *,
        rank=1,
        ard=True,
        fit_intercept=True,
        optimizer="fmin_l_bfgs_b",
        n_restarts=0,
        initial_theta=None,
        tol=0.05,
        task_column=None,
        handle_unknown="error",
        random_state=0,
    ):
        self.kernel = kernel
        self.rank = rank
        self.ard = ard
        self.fit_intercept = fit_intercept
        self.optimizer = optimizer
        self.n_restarts = n_restarts
        self.initial_theta = initial_theta
        self.tol = tol
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    @one_blas_thread
    def fit(self, X, y, *, tasks=None):
        """Find the parameters of the highest posterior, and the mode of the log-odds.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. A sparse matrix is
            made dense. X is never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Labels of two classes: two-dimensional, NaN or None where one is missing; 1-D with
            `task_column` or `tasks`. A task may have a single class.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no labels or more than
            two classes, X holds NaN or infinity, or a parameter is out of its range.
        """
        self._check_params()
        data = read_training_data(self, X, y, tasks=tasks, dtype=None)
        problem = class_problem(data, None)
        check_binary(problem)
        self._store_data(problem)
        kernels = make_kernels(self.kernel, self.ard, self.X_train_)
        self._theta_layout = LatentLayout(
            tuple(kernel.n_dims for kernel in kernels),
            check_ranks(self.rank, len(kernels), self.n_tasks_),
            self.n_tasks_,
            with_means=self.fit_intercept,
        )
        likelihood = self._likelihood(kernels)
        initial = initial_values(likelihood, check_random_state(self.random_state))
        initial.begin_at(self.initial_theta)
        posterior = ClassPosterior(likelihood)
        found = maximize(
            posterior,
            initial,
            self.optimizer,
            self.n_restarts,
            self.tol,
        )
        self.theta_ = found.theta
        self.n_evaluations_ = found.n_evaluations
        self.gradient_norm_ = found.gradient_norm
        self._store_model(likelihood)
        if self.optimizer is not None:
            warn_of_gradient(self.gradient_norm_, self.tol)
        return self

    def log_marginal_likelihood(self, theta=None, eval_gradient=False):
        """Laplace's approximation of the log marginal likelihood of the labels of `fit`.

        Parameters
        ----------
        theta : array-like, default=None
            Parameters in the order of `theta_`; None takes `theta_`.
        eval_gradient : bool, default=False
            Whether to return the gradient with respect to theta too.

        Returns
        -------
        value : float
            Log marginal likelihood, without the prior.
        gradient : ndarray of the shape of `theta_`
            Only with `eval_gradient`.
        """
        check_is_fitted(self)
        theta = self.theta_ if theta is None else self._theta_layout.check(theta, "theta")
        likelihood = self._likelihood(self._kernels)
        value, gradient = likelihood.value(theta, eval_gradient)
        if not eval_gradient:
            return value
        return value, gradient

    # ------------------------------------------------------------ parts of fit

    def _check_params(self):
        self._check_common_params("ard", "fit_intercept")
        check_int(self.n_restarts, "n_restarts", low=0)
        if not callable(self.optimizer):
            check_option(self.optimizer, "optimizer", OPTIMIZERS)

    def _store_data(self, problem):
        """Set what likelihoods and predictions need of the data."""
        self._store_tasks(problem.data)
        read = read_observations(replace(problem.data, y=problem.y))
        self.classes_ = problem.classes[0] if read.long else problem.classes
        self._observations = read.observations
        self.X_train_ = dense(read.X).copy()
        self.y_train_ = read.y

    def _likelihood(self, kernels):
        """The log marginal likelihood of the labels of `fit`, as a function of theta."""
        return ClassLikelihood(
            kernels,
            self.X_train_,
            self.y_train_,
            self._observations,
            self._theta_layout,
        )

    def _store_model(self, likelihood):
        """Set the fitted attributes of theta, and warn."""
        process = LatentProcess(likelihood, self.theta_)
        if not process.mode.converged:
            warn(
                "The mode of the log-odds was not found: scale X, or choose another kernel.",
                ConvergenceWarning,
            )
        self._process = process
        self._kernels = process.kernels[: process.n_terms]
        several = isinstance(self.kernel, list | tuple)
        self.kernel_ = self._kernels if several else self._kernels[0]
        self.log_marginal_likelihood_value_ = process.mode.log_marginal_likelihood
        self.intercept_ = process.means()
        Bs = self._theta_layout.covariances(self.theta_)
        self.task_covariances_ = np.array(Bs)
        self.task_covariance_ = self.task_covariances_.sum(axis=0)
        varies = self.task_covariance_.diagonal() > _NEGLIGIBLE
        self._store_task_correlation(varies)

    # ------------------------------------------------------------ predictions

    def _scores_of_tasks(self, X):
        """Log-odds of every task, (n_samples, n_tasks)."""
        return self._in_batches(dense(X), None)

    def _scores(self, X, tasks):
        """Log-odds with the task of each sample or with all tasks, and whether it is the latter."""
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        if codes is None:
            return self._scores_of_tasks(X), True
        return self._in_batches(dense(X), codes)[:, 0], False

    def _in_batches(self, X, codes):
        """Log-odds of averaged probabilities, (n_samples, n_tasks or 1), some samples at a time."""
        n_functions = self.n_tasks_ if codes is None else 1
        size = max(1, _FLOATS // self._process.posterior.width(n_functions))
        scores = np.empty((len(X), n_functions))
        for batch in gen_batches(len(X), size):
            own_codes = None if codes is None else codes[batch]
            functions = self._process.at(X[batch], own_codes)
            variance = functions.variance(include_noise=False)
            scores[batch] = averaged_log_odds(functions.mean(), variance)
        return scores

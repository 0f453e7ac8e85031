"""Kernel ridge regression of several tasks with given regularization strengths."""

from skmtl._data.task_parameters import per_task
from skmtl._docs import documented
from skmtl._task_covariance.systems import (
    cholesky_cost,
    choose_solver,
    make_system,
    schur_cost,
    smallest_alpha,
    warn_of_jitter,
)
from skmtl.kernel._input_kernel import check_gamma
from skmtl.kernel._kernel_regressor import TaskKernelRegressor
from skmtl.kernel._task_kernel import check_task_strength, task_covariance


@documented
class MultiTaskKernelRidge(TaskKernelRegressor):
    """Kernel ridge regressions that share what their tasks have in common.

    The objective is::

        sum_t 1/alpha_t sum_i s_ti (y_ti - f_t(x_ti) - b_t)^2 + ||f||^2

    with the norm of the functions f in the space of the kernel ``B[s, t] k(x, z)``: k compares
    inputs, and the task kernel B compares tasks. ``s`` are the sample weights, 0 where a target is
    missing. Intercepts are not penalized. On complete two-dimensional y, with
    ``task_kernel="identity"`` and without intercepts, this is scikit-learn's
    :class:`~sklearn.kernel_ridge.KernelRidge`.

    Parameters
    ----------
    alpha : float, array-like of shape (n_tasks,) or dict, default=1.0
        Regularization strength, positive. An array holds one for each task in the order of
        `tasks_`, a dict maps task ids to them.
    kernel : str or callable, default="rbf"
        Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows,
        a callable of two samples, or "precomputed". X is then the square kernel matrix in `fit`,
        and in `predict` the kernel between new samples and all samples of `fit`; a task column
        stands beside it. :class:`~sklearn.model_selection.GridSearchCV` cannot split a matrix with
        a task column: pass two-dimensional y there, or ``tasks=`` by metadata routing.
    gamma : float, default=None
        Gamma of the kernels that have it, at least 0. None means 1 / n_features.
    degree : float, default=3
        Degree of the polynomial kernel. Ignored by other kernels.
    coef0 : float, default=1
        Zero coefficient of the polynomial and sigmoid kernels. Ignored by other kernels.
    kernel_params : dict, default=None
        Keyword arguments of a callable kernel.
    task_kernel : str or array-like of shape (n_tasks, n_tasks), default="shared"
        How similar tasks are. "shared" is ``(1 - d) I + d 11'/T`` with d the `task_strength` and T
        the number of tasks; "identity" learns each task alone; "graph" is
        ``(d L + (1 - d) I)^-1`` scaled to a mean diagonal of 1, with the Laplacian L of `graph`. A
        matrix holds covariances in the order of `tasks_` and is used as it is.
    task_strength : float, default=0.5
        The d of "shared" and "graph", from 0 (each task alone) to 1 (one function and an intercept
        for each task); less than 1 for "graph".
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default=None
        Graph of the tasks as in :class:`TaskGraphRegressor`; for ``task_kernel="graph"`` only.
    {kernel_ridge_parameters}

    Attributes
    ----------
    {kernel_ridge_attributes}

    See Also
    --------
    MultiTaskKernelRidgeCV : Chooses the strengths by exact leave-one-out.
    MeanRegularizedRegressor : The same with ``kernel="linear"``, in other parameters.

    References
    ----------
    Evgeniou, Micchelli, Pontil (2005), "Learning multiple tasks with kernel methods", Journal of
    Machine Learning Research 6, sections 2 and 3.1. Bonilla, Chai, Williams (2008), "Multi-task
    Gaussian process prediction", NIPS, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskKernelRidge
    >>> X = np.linspace(0, 3, 20)[:, None]
    >>> Y = np.sin(X) + [0.0, 2.0]
    >>> Y[5:, 1] = np.nan  # the second task borrows the curve of the first
    >>> model = MultiTaskKernelRidge(alpha=0.01, task_strength=1.0, normalize_y=False)
    >>> model.fit(X, Y).predict([[1.5]]).round(1)
    array([[1., 3.]])
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        kernel="rbf",
        gamma=None,
        degree=3,
        coef0=1,
        kernel_params=None,
        task_kernel="shared",
        task_strength=0.5,
        graph=None,
        solver="auto",
        fit_intercept=True,
        normalize_y=True,
        task_column=None,
        handle_unknown="error",
    ):
        self.alpha = alpha
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.task_kernel = task_kernel
        self.task_strength = task_strength
        self.graph = graph
        self.solver = solver
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def _check_params(self):
        super()._check_params()
        check_gamma(self.gamma)
        check_task_strength(self.task_strength, self.task_kernel)

    def _fit(self, reading):
        observations = reading.observations
        task_ids = reading.data.tasks
        alpha = per_task(self.alpha, "alpha", task_ids)
        if not alpha.all():
            raise ValueError("alpha must be positive, got 0; a small alpha nearly interpolates.")
        strength = float(self.task_strength)
        covariance = task_covariance(self.task_kernel, strength, self.graph, task_ids)
        costs = schur_cost(observations), cholesky_cost(observations)
        solver = choose_solver(self.solver, observations, reading.long, costs)
        kernel = self._input_kernel(self.gamma)
        K = self._kernel_matrix(reading, kernel)
        smallest = smallest_alpha(K, covariance, observations)
        jitter = max(smallest - alpha.min(), 0.0)
        system = make_system(
            solver, K, covariance, alpha + jitter, observations, self.fit_intercept
        )
        warn_of_jitter(jitter)
        return self._store(reading, system, kernel, jitter)

"""Kernel ridge regression whose task covariance is learned along with it."""

from sklearn.exceptions import ConvergenceWarning

from skmtl._data.checks import check_int, check_real
from skmtl._docs import documented
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl._warn import warn
from skmtl.kernel._covariance_learner import CovarianceLearner
from skmtl.kernel._input_kernel import check_gamma
from skmtl.kernel._kernel_regressor import KernelRegressor


class RelationshipKernelRegressor(KernelRegressor):
    """Base of the kernel ridge regressors that learn the task covariance."""

    def _check_params(self):
        super()._check_params()
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def _store_relationship(self, reading, learner, history, kernel, jitter):
        """Set the fitted attributes from the last of the relationships; returns self."""
        found = history[-1]
        self.task_covariance_ = found.omega
        self.n_iter_ = len(history)
        self.objective_ = found.objective
        self.dual_gap_ = found.gap
        self.optimality_ = learner.optimality(found)
        return self._store(reading, found.system, kernel, jitter)

    def _warn_of_gap(self):
        """ConvergenceWarning if `max_iter` was too small."""
        if self.optimality_ > self.tol:
            warn(
                f"The duality gap is {self.optimality_:.2e} of the null objective after "
                f"{self.n_iter_} covariances, but tol={self.tol:.1e}: increase max_iter "
                f"(now {self.max_iter}) or alpha, or accept a larger tol.",
                ConvergenceWarning,
            )


@documented
class MultiTaskRelationshipKernelRidge(RelationshipKernelRegressor):
    """Kernel ridge regressions with a learned covariance of the tasks.

    The objective is::

        sum_t sum_i s_ti (y_ti - f_t(x_ti) - b_t)^2
        + alpha * min_Omega tr(W Omega^-1 W') + ridge * ||W||_F^2

    over positive semidefinite Omega of trace 1, with the functions ``f_t`` as columns of W in the
    space of the input kernel. ``s`` are the sample weights, 0 where a target is missing; intercepts
    are not penalized. The objective is convex. With ``kernel="linear"`` it is that of
    :class:`TaskRelationshipRegressor`, whose `alpha` and `ridge` are those of this class divided by
    ``nbar = sum(s) / n_tasks``.

    Parameters
    ----------
    alpha : float, default=1.0
        Regularization strength of the penalty with the covariance, positive. As Omega has trace 1,
        ``Omega = I / n_tasks`` is kernel ridge regression of each task alone with
        ``n_tasks * alpha``.
    ridge : float, default=0.0
        Regularization strength of the ridge penalty, at least 0.
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
    {relationship_parameters}

    Attributes
    ----------
    {relationship_attributes}

    See Also
    --------
    TaskRelationshipRegressor : The linear model.
    MultiTaskRelationshipKernelRidgeCV : Chooses the strengths by cross-validation.
    MultiTaskKernelRidge : The same with a given task covariance.

    References
    ----------
    Zhang, Yeung (2010), "A convex formulation for learning task relationships in multi-task
    learning", UAI.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskRelationshipKernelRidge
    >>> x = np.linspace(0, 3, 20)
    >>> Y = np.column_stack([np.sin(x), np.sin(x), -np.sin(x)])
    >>> model = MultiTaskRelationshipKernelRidge(alpha=0.01).fit(x[:, None], Y)
    >>> (3 * model.task_covariance_).round(1)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        ridge=0.0,
        kernel="rbf",
        gamma=None,
        degree=3,
        coef0=1,
        kernel_params=None,
        fit_intercept=True,
        normalize_y=True,
        task_column=None,
        handle_unknown="error",
        max_iter=200,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.ridge = ridge
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.max_iter = max_iter
        self.tol = tol

    def _check_params(self):
        super()._check_params()
        check_gamma(self.gamma)
        check_real(self.alpha, "alpha", include="neither")
        check_real(self.ridge, "ridge")

    def _fit(self, reading):
        alpha = float(self.alpha)
        ridge = float(self.ridge)
        kernel = self._input_kernel(self.gamma)
        K = self._kernel_matrix(reading, kernel)
        learner = CovarianceLearner(
            K, reading.observations, reading.y, reading.long, self.fit_intercept
        )
        history = learner.learn(alpha, ridge, max_iter=self.max_iter, tol=self.tol)
        jitter = learner.jitter(alpha, ridge)
        warn_of_jitter(jitter)
        self._store_relationship(reading, learner, history, kernel, jitter)
        self._warn_of_gap()
        return self

"""Kernel ridge regression whose task covariance is learned along with it."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from skmtl._data.checks import check_int, check_real
from skmtl._docs import documented
from skmtl._task_covariance.systems import warn_of_jitter
from skmtl.kernel._base import KernelRegressor
from skmtl.kernel._relationship_problem import CovarianceLearner


class RelationshipModel(KernelRegressor):
    """What the estimators with given and chosen strengths share."""

    def _check_params(self):
        super()._check_params()
        check_int(self.max_iter, "max_iter")
        check_real(self.tol, "tol")

    def _stop(self):
        return {"max_iter": self.max_iter, "tol": self.tol}

    def _store(self, read, learner, history, kernel, jitter):
        """Set the fitted attributes from the last of the relationships; returns self."""
        found = history[-1]
        self._mixing = found.mixing
        self.n_iter_, self.objective_, self.dual_gap_ = len(history), found.objective, found.gap
        self.optimality_ = learner.optimality(found)
        return self._finish(read, found.system, found.omega, kernel, jitter)

    def _warn_of_gap(self, stacklevel=3):
        """ConvergenceWarning where `max_iter` was not enough."""
        if self.optimality_ > self.tol:
            warnings.warn(
                f"The duality gap is {self.optimality_:.2e} of the null objective after "
                f"{self.n_iter_} covariances, but tol={self.tol:.1e}: increase max_iter "
                f"(now {self.max_iter}) or alpha, or accept a larger tol.",
                ConvergenceWarning,
                stacklevel=stacklevel,
            )

    def _weights(self, covariance):
        """Of Omega, which `task_covariance_` is, B is made here."""
        return super()._weights(covariance @ self._mixing)


@documented
class MultiTaskRelationshipKernelRidge(RelationshipModel):
    """Kernel ridge regressions whose tasks have a covariance, which is learned.

    The objective is::

        sum_t sum_i s_ti (y_ti - f_t(x_ti) - b_t)^2
        + alpha * min_Omega tr(W Omega^-1 W') + ridge * ||W||_F^2

    over positive semidefinite Omega of trace 1, with the functions ``f_t`` as columns of W in the
    space of the input kernel. ``s`` are the sample weights, 0 where a label is missing; intercepts
    are not penalized. It is convex. With ``kernel="linear"`` it is that of
    :class:`TaskRelationshipRegressor`, whose `alpha` and `ridge` are these over
    ``nbar = sum(s) / n_tasks``.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty with the covariance, positive. As Omega has trace 1, a diagonal of
        1 / n_tasks means what ``n_tasks * alpha`` does for tasks alone.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    kernel : str or callable, default="rbf"
        Kernel of the inputs: a name that :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows,
        a function of two rows, or "precomputed". X is then the square kernel matrix in `fit`, and
        in `predict` the kernel between new rows and all rows of `fit`; a task column is beside it.
        :class:`~sklearn.model_selection.GridSearchCV` cannot cut a matrix with a task column: there
        give two-dimensional y, or ``tasks=`` by metadata routing.
    gamma : float, default=None
        Of the kernels that have it, at least 0; None is 1 / n_features.
    degree : float, default=3
        Of "poly".
    coef0 : float, default=1
        Of "poly" and "sigmoid".
    kernel_params : dict, default=None
        Arguments of a callable kernel.
    {relationship_parameters}

    Attributes
    ----------
    {relationship_attributes}

    See Also
    --------
    TaskRelationshipRegressor : The linear model.
    MultiTaskRelationshipKernelRidgeCV : Chooses the strengths by cross-validation.
    MultiTaskKernelRidge : A covariance that is given.

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
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.max_iter = max_iter
        self.tol = tol

    def _check_params(self):
        super()._check_params()
        check_real(self.alpha, "alpha", include="neither")
        check_real(self.ridge, "ridge")

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Rows; with `task_column`, one of the columns holds the task ids. Never modified.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Two-dimensional, NaN where a label is missing; 1-D with `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights; a row weight of 2 is the same as the row twice. A number is the
            same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data that cannot be meant, as in :class:`MultiTaskLasso`, and kernels that are not
            positive semi-definite.
        """
        self._check_params()
        read = self._read(X, y, sample_weight, tasks)
        alpha, ridge, K = float(self.alpha), float(self.ridge), self._kernel_matrix(read)
        learner = CovarianceLearner(K, read.cells, read.y, read.long, self.fit_intercept)
        history = learner.learn(alpha, ridge, **self._stop())
        jitter = learner.jitter(alpha, ridge)
        warn_of_jitter(jitter)
        self._store(read, learner, history, self._input_kernel(), jitter)
        self._warn_of_gap()
        return self

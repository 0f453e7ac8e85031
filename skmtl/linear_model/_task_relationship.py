"""Tasks whose covariance is learned."""

import numpy as np

from skmtl._data.task_parameters import AT_LEAST_0
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._learned_covariance import LearnedCovariance
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._task_intercepts import TaskIntercepts
from skmtl.penalties import Ridge, SquaredTraceNorm


class TaskRelationshipModel(TaskIntercepts, LearnedCovariance, PenalizedModel):
    """The squared trace norm, for any loss."""

    _ranges = {"ridge": AT_LEAST_0}  # noqa: RUF012
    _empties = False

    def _penalty(self, features, tasks):
        return SquaredTraceNorm(self.alpha) + Ridge(self.ridge)

    def _store_model(self, solution, unpack):
        _, s, V = np.linalg.svd(solution.W, full_matrices=False)
        total = s.sum()
        if total > 0:
            self._store_covariance(V, s / total, 0.0)
        else:
            self._store_covariance(V, s, 1 / self.n_tasks_)


@documented
class TaskRelationshipRegressor(TaskRelationshipModel, LinearMultiTaskRegressor):
    """Linear regressions whose tasks have a covariance, which is learned.

    The objective is::

        loss(W, b) + alpha/2 * min_Omega tr(W Omega^-1 W') + ridge/2 * ||W||_F^2

    over positive semidefinite Omega of trace 1. Minimized over Omega it is half the squared trace
    norm, ``alpha/2 * ||W||_*^2``, which is what is solved.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {intercept_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        ``Omega = (W'W)^(1/2) / tr (W'W)^(1/2)``; I / n_tasks where W is zero.
    {linear_attributes}

    See Also
    --------
    TraceNormRegressor : The trace norm itself.
    ClusteredTaskRegressor : Clusters of tasks.
    TaskRelationshipClassifier : Classification counterpart.

    References
    ----------
    Zhang, Yeung (2010), "A convex formulation for learning task relationships in multi-task
    learning", UAI, equations 12 and 18.

    Examples
    --------
    >>> from skmtl import TaskRelationshipRegressor, make_multitask_regression
    >>> data = make_multitask_regression(random_state=0)
    >>> model = TaskRelationshipRegressor(alpha=0.01).fit(data.X, data.y)
    >>> round(float(model.task_covariance_.trace()), 6)
    1.0
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        ridge=0.0,
        intercept="free",
        intercept_alpha=1.0,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.ridge = ridge
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


@documented
class TaskRelationshipClassifier(TaskRelationshipModel, LinearMultiTaskClassifier):
    """Logistic regressions whose tasks have a covariance, which is learned.

    The objective is::

        loss(W, b) + alpha/2 * min_Omega tr(W Omega^-1 W') + ridge/2 * ||W||_F^2

    over positive semidefinite Omega of trace 1. Minimized over Omega it is half the squared trace
    norm, ``alpha/2 * ||W||_*^2``, which is what is solved.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {intercept_parameters}
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        ``Omega = (W'W)^(1/2) / tr (W'W)^(1/2)``; I / n_tasks where W is zero.
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : The trace norm itself.
    ClusteredTaskClassifier : Clusters of tasks.
    TaskRelationshipRegressor : Regression counterpart.

    References
    ----------
    Zhang, Yeung (2010), "A convex formulation for learning task relationships in multi-task
    learning", UAI, equations 12 and 18.

    Examples
    --------
    >>> from skmtl import TaskRelationshipClassifier, make_multitask_classification
    >>> data = make_multitask_classification(random_state=0)
    >>> model = TaskRelationshipClassifier(alpha=0.01).fit(data.X, data.y)
    >>> round(float(model.task_covariance_.trace()), 6)
    1.0
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        ridge=0.0,
        intercept="free",
        intercept_alpha=1.0,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.ridge = ridge
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

"""Tasks that share a structure, but for a few outlying tasks."""

import numpy as np

from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import RegressorCV
from skmtl.linear_model._decomposition import OutlierModel, ratios_between
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.penalties import L21, TaskNorm, TraceNorm


class RobustModel(OutlierModel):
    """The trace norm plus whole tasks, for any loss."""

    def _parts(self):
        return TraceNorm(1.0), TaskNorm(1.0)


@documented
class RobustMultiTaskRegressor(RobustModel, LinearMultiTaskRegressor):
    """Linear regressions of low rank, but for tasks that are like no other.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - outlier_ratio) * ||P||_* + outlier_ratio * sum_t ||q_t||_2]

    with the trace norm ``||P||_*``.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    outlier_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1): above 1/2 Q is zero, P from
        ``1 / (1 + sqrt(n_tasks))`` down P is.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    outlier_tasks_ : ndarray
        Task ids of the tasks with a part of their own.
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    RobustMultiTaskRegressorCV : Chooses the strengths by cross-validation.
    TraceNormRegressor : Without outliers.
    RobustMultiTaskClassifier : Classification counterpart.

    References
    ----------
    Chen, Zhou, Ye (2011), "Integrating low-rank and group-sparse structures for robust multi-task
    learning", KDD, equation 3.

    Examples
    --------
    >>> from skmtl import RobustMultiTaskRegressor, make_multitask_regression
    >>> data = make_multitask_regression(
    ...     n_tasks=8, n_outlier_tasks=1, n_features=5, n_informative=3, noise=0.1, random_state=0
    ... )
    >>> model = RobustMultiTaskRegressor(alpha=1.0, outlier_ratio=0.4).fit(data.X, data.y)
    >>> model.outlier_tasks_.ndim
    1
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        outlier_ratio=0.4,
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
        self.outlier_ratio = outlier_ratio
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


class RobustFeatureModel(OutlierModel):
    """Whole features plus whole tasks, for any loss."""

    _selects = True

    def _parts(self):
        return L21(1.0), TaskNorm(1.0)


@documented
class RobustMultiTaskFeatureRegressor(RobustFeatureModel, LinearMultiTaskRegressor):
    """Linear regressions that share their features, but for tasks that are like no other.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - outlier_ratio) * sum_j ||P_j||_2
                              + outlier_ratio * sum_t ||q_t||_2]

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    outlier_ratio : float, default=0.5
        Share of the penalty of Q, in (0, 1): Q is zero where
        ``outlier_ratio >= sqrt(n_features) * (1 - outlier_ratio)``.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    outlier_tasks_ : ndarray
        Task ids of the tasks with a part of their own.
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskLasso : Without outliers.
    RobustMultiTaskRegressor : Of low rank in place of common features.
    RobustMultiTaskFeatureClassifier : Classification counterpart.

    References
    ----------
    Gong, Ye, Zhang (2012), "Robust multi-task feature learning", KDD, equation 1.

    Examples
    --------
    >>> from skmtl import RobustMultiTaskFeatureRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_outlier_tasks=1, random_state=0)
    >>> model = RobustMultiTaskFeatureRegressor(alpha=1.0, outlier_ratio=0.5).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        outlier_ratio=0.5,
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
        self.outlier_ratio = outlier_ratio
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
class RobustMultiTaskRegressorCV(RegressorCV):
    """:class:`RobustMultiTaskRegressor`, `alpha` and `outlier_ratio` by cross-validation.

    Its objective is that of :class:`RobustMultiTaskRegressor`.

    Parameters
    ----------
    {threshold_alphas}
    outlier_ratio : float or array-like of float, default=None
        Shares of the penalty of Q to try, in (0, 1); None is five values of the range in which
        neither part is always zero.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    outlier_ratio_ : float
        Chosen share.
    outlier_tasks_ : ndarray
        Task ids of the tasks with a part of their own.
    {decomposed_attributes}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    RobustMultiTaskRegressor : With given strengths.

    Examples
    --------
    >>> from skmtl import RobustMultiTaskRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = RobustMultiTaskRegressorCV(alphas=10).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (5, 10, 5)
    """

    _model = RobustMultiTaskRegressor
    _tried = ("outlier_ratio",)

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        outlier_ratio=None,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.eps = eps
        self.outlier_ratio = outlier_ratio
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def _candidates(self, name, datafit):
        return ratios_between(np.sqrt(datafit.shape[1]))


@documented
class RobustMultiTaskClassifier(RobustModel, LinearMultiTaskClassifier):
    """Logistic regressions of low rank, but for tasks that are like no other.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - outlier_ratio) * ||P||_* + outlier_ratio * sum_t ||q_t||_2]

    with the trace norm ``||P||_*``.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    outlier_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1): above 1/2 Q is zero, P from
        ``1 / (1 + sqrt(n_tasks))`` down P is.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    outlier_tasks_ : ndarray
        Task ids of the tasks with a part of their own.
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : Without outliers.
    RobustMultiTaskRegressor : Regression counterpart.

    References
    ----------
    Chen, Zhou, Ye (2011), "Integrating low-rank and group-sparse structures for robust multi-task
    learning", KDD, equation 3.

    Examples
    --------
    >>> from skmtl import RobustMultiTaskClassifier, make_multitask_classification
    >>> data = make_multitask_classification(
    ...     n_tasks=8, n_outlier_tasks=1, n_features=5, n_informative=3, rank=1, noise=0.3,
    ...     random_state=0,
    ... )
    >>> model = RobustMultiTaskClassifier(alpha=0.4, outlier_ratio=0.45).fit(data.X, data.y)
    >>> model.outlier_tasks_, data.outlier_tasks
    (array([4]), array([4]))
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        outlier_ratio=0.4,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.outlier_ratio = outlier_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol


@documented
class RobustMultiTaskFeatureClassifier(RobustFeatureModel, LinearMultiTaskClassifier):
    """Logistic regressions that share their features, but for tasks that are like no other.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - outlier_ratio) * sum_j ||P_j||_2
                              + outlier_ratio * sum_t ||q_t||_2]

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    outlier_ratio : float, default=0.5
        Share of the penalty of Q, in (0, 1): Q is zero where
        ``outlier_ratio >= sqrt(n) * (1 - outlier_ratio)``, where a task has n coefficients.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    outlier_tasks_ : ndarray
        Task ids of the tasks with a part of their own.
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : Without outliers.
    RobustMultiTaskClassifier : Of low rank in place of common features.
    RobustMultiTaskFeatureRegressor : Regression counterpart.

    References
    ----------
    Gong, Ye, Zhang (2012), "Robust multi-task feature learning", KDD, equation 1.

    Examples
    --------
    >>> from skmtl import RobustMultiTaskFeatureClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_outlier_tasks=1, random_state=0)
    >>> model = RobustMultiTaskFeatureClassifier(alpha=0.1, outlier_ratio=0.5).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        outlier_ratio=0.5,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.outlier_ratio = outlier_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

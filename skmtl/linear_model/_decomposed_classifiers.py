"""The classifiers with coefficients in two parts, W = P + Q."""

from skmtl._docs import documented
from skmtl.linear_model._decomposed import (
    DirtyModel,
    RobustFeatureModel,
    RobustModel,
    SparseLowRankModel,
)
from skmtl.linear_model._structured import StructuredClassifier


@documented
class DirtyClassifier(DirtyModel, StructuredClassifier):
    """Logistic regressions with features for all tasks, and features for single tasks.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - specific_ratio) * ||P||_shared + specific_ratio * ||Q||_1]

    where ``||P||_shared`` is ``sum_j ||P_j||_2`` ("l21") or ``sum_j max_t |P_jt|`` ("l1inf").

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    specific_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1). With "l21", Q is zero above 1/2, and P from
        ``1 / (1 + sqrt(n))`` down; with "l1inf" above 1/2 and ``1 / (1 + n)`` down, where W has n
        columns.
    shared_norm : {"l21", "l1inf"}, default="l21"
        Norm of P. "l1inf" is that of the paper and prefers coefficients of equal size.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : Without Q.
    DirtyRegressor : For numbers.

    References
    ----------
    Jalali, Ravikumar, Sanghavi, Ruan (2010), "A dirty model for multi-task learning", NIPS,
    equation 1.

    Examples
    --------
    >>> from skmtl import DirtyClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_outlier_tasks=1, random_state=0)
    >>> model = DirtyClassifier(alpha=0.1, specific_ratio=0.4).fit(data.X, data.y)
    >>> model.shared_part_.shape, model.specific_part_.shape
    ((5, 20), (5, 20))
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        specific_ratio=0.4,
        shared_norm="l21",
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.specific_ratio = specific_ratio
        self.shared_norm = shared_norm
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol


@documented
class RobustClassifier(RobustModel, StructuredClassifier):
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
        Labels of the tasks with a part of their own.
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : Without outliers.
    RobustRegressor : For numbers.

    References
    ----------
    Chen, Zhou, Ye (2011), "Integrating low-rank and group-sparse structures for robust multi-task
    learning", KDD, equation 3.

    Examples
    --------
    >>> from skmtl import RobustClassifier, make_multitask_classification
    >>> data = make_multitask_classification(
    ...     n_tasks=8, n_outlier_tasks=1, n_features=5, n_informative=3, rank=1, noise=0.3,
    ...     random_state=0,
    ... )
    >>> model = RobustClassifier(alpha=0.4, outlier_ratio=0.45).fit(data.X, data.y)
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
class RobustFeatureClassifier(RobustFeatureModel, StructuredClassifier):
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
        Labels of the tasks with a part of their own.
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : Without outliers.
    RobustClassifier : Of low rank in place of common features.
    RobustFeatureRegressor : For numbers.

    References
    ----------
    Gong, Ye, Zhang (2012), "Robust multi-task feature learning", KDD, equation 1.

    Examples
    --------
    >>> from skmtl import RobustFeatureClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_outlier_tasks=1, random_state=0)
    >>> model = RobustFeatureClassifier(alpha=0.1, outlier_ratio=0.5).fit(data.X, data.y)
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


@documented
class SparseLowRankClassifier(SparseLowRankModel, StructuredClassifier):
    """Logistic regressions of low rank plus single coefficients.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - sparse_ratio) * ||P||_* + sparse_ratio * ||Q||_1]

    with the trace norm ``||P||_*``.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    sparse_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1): above 1/2 Q is zero, P from
        ``1 / (1 + sqrt(n))`` down P is, where W has n entries.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : Without Q.
    SparseLowRankRegressor : For numbers.

    References
    ----------
    Chen, Liu, Ye (2010), "Learning incoherent sparse and low-rank patterns from multiple tasks",
    KDD, equation 2, both terms as penalties.

    Examples
    --------
    >>> from skmtl import SparseLowRankClassifier, make_multitask_classification
    >>> data = make_multitask_classification(random_state=0)
    >>> model = SparseLowRankClassifier(alpha=0.1, sparse_ratio=0.3).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        sparse_ratio=0.4,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.sparse_ratio = sparse_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

"""Classifiers that select features jointly for all tasks: the L2,1 norm and its elastic net."""

from skmtl._docs import documented
from skmtl.linear_model._sparse import ElasticNetModel
from skmtl.linear_model._structured import StructuredClassifier


@documented
class MultiTaskElasticNetClassifier(ElasticNetModel, StructuredClassifier):
    """Logistic regressions that share their features, with an extra ridge.

    The objective is::

        loss(W, b) + alpha * l1_ratio * sum_j u_j ||W_j||_2
        + alpha * (1 - l1_ratio) / 2 * ||W||_F^2

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    l1_ratio : float, default=0.5
        Share of the L2,1 norm, between 0 (ridge only) and 1 (:class:`MultiTaskLassoClassifier`).
    {class_data_parameters}
    {row_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : Without the ridge.
    MultiTaskElasticNet : For numbers.

    References
    ----------
    Obozinski, Taskar, Jordan (2006), "Multi-task feature selection", equation 3, with the ridge of
    Zou, Hastie (2005), "Regularization and variable selection via the elastic net", equation 3.

    Examples
    --------
    >>> from skmtl import MultiTaskElasticNetClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskElasticNetClassifier(alpha=0.1).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 10)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        feature_weight=None,
        positive=False,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.feature_weight = feature_weight
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol


@documented
class MultiTaskLassoClassifier(MultiTaskElasticNetClassifier):
    """Logistic regressions that select the same features for all tasks.

    The objective is::

        loss(W, b) + alpha * sum_j u_j ||W_j||_2

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    {class_data_parameters}
    {row_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    MultiTaskElasticNetClassifier : With an extra ridge, for correlated features.
    MultiTaskLasso : For numbers.

    References
    ----------
    Obozinski, Taskar, Jordan (2006), "Multi-task feature selection", equation 3.

    Examples
    --------
    Every task with its own rows, the task id in the last column of X:

    >>> import numpy as np
    >>> from skmtl import MultiTaskLassoClassifier, make_multitask_classification
    >>> data = make_multitask_classification(
    ...     n_features=10, n_informative=3, own_inputs=True, random_state=0
    ... )
    >>> model = MultiTaskLassoClassifier(alpha=0.15, task_column=-1).fit(data.X, data.y)
    >>> np.flatnonzero(model.coef_.any(axis=0)), np.flatnonzero(data.coef.any(axis=0))
    (array([1, 3, 8]), array([1, 3, 8]))
    """

    l1_ratio = 1.0

    def __init__(
        self,
        alpha=1.0,
        *,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        feature_weight=None,
        positive=False,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.feature_weight = feature_weight
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol

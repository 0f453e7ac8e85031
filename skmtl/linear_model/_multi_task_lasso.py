"""Features selected jointly for all tasks: the L2,1 norm."""

from skmtl._docs import documented
from skmtl.linear_model._cross_validation import ClassifierCV
from skmtl.linear_model._multi_task_elastic_net import (
    ElasticNetSearch,
    MultiTaskElasticNet,
    MultiTaskElasticNetClassifier,
)


@documented
class MultiTaskLasso(MultiTaskElasticNet):
    """Linear regressions that select the same features for all tasks.

    The objective is::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * sum_j u_j ||W_j||_2

    {objective}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    {loss_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    warm_start : bool, default=False
        Start from the solution of the previous call of `fit`.
    {order_parameters}

    Attributes
    ----------
    {linear_attributes}

    See Also
    --------
    MultiTaskLassoCV : Chooses alpha by cross-validation.
    MultiTaskElasticNet : With an extra ridge, for correlated features.
    MultiTaskLassoClassifier : Classification counterpart.
    compare_to_single_task : Whether sharing helped.

    References
    ----------
    Obozinski, Taskar, Jordan (2006), "Multi-task feature selection", equation 3. Argyriou,
    Evgeniou, Pontil (2008), "Convex multi-task feature learning", Machine Learning 73, section 2.
    Liu, Ji, Ye (2009), "Multi-task feature learning via efficient L2,1-norm minimization",
    equation 3.

    Examples
    --------
    Every task has samples of its own, with the task id in the last column of X:

    >>> from skmtl import MultiTaskLasso
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(
    ...     n_features=10, n_informative=3, own_inputs=True, random_state=0
    ... )
    >>> model = MultiTaskLasso(alpha=0.5, task_column=-1).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 10)
    >>> bool(model.optimality_ <= model.tol)
    True
    """

    l1_ratio = 1.0

    def __init__(
        self,
        alpha=1.0,
        *,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        feature_weight=None,
        positive=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.feature_weight = feature_weight
        self.positive = positive
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection


@documented
class MultiTaskLassoCV(ElasticNetSearch):
    """:class:`MultiTaskLasso` with `alpha` chosen by cross-validation.

    Objective at the chosen alpha::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * sum_j u_j ||W_j||_2

    {objective}

    Parameters
    ----------
    {cv_parameters}
    {loss_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    {order_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    {cv_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskLasso : With a given alpha.
    multi_task_path : The solutions along the whole path.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskLassoCV(alphas=20, cv=3).fit(data.X, data.y)
    >>> model.mse_path_.shape, model.task_mse_path_.shape
    ((20, 3), (20, 3, 5))
    """

    _model = MultiTaskLasso

    def __init__(
        self,
        *,
        eps=1e-3,
        alphas=100,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        feature_weight=None,
        positive=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
    ):
        self.eps = eps
        self.alphas = alphas
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.feature_weight = feature_weight
        self.positive = positive
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection


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
    MultiTaskLasso : Regression counterpart.

    References
    ----------
    Obozinski, Taskar, Jordan (2006), "Multi-task feature selection", equation 3.

    Examples
    --------
    Every task has samples of its own, with the task id in the last column of X:

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


@documented
class MultiTaskLassoClassifierCV(ClassifierCV):
    """:class:`MultiTaskLassoClassifier` with `alpha` chosen by cross-validation of the log-loss.

    Its objective is that of :class:`MultiTaskLassoClassifier`.

    Parameters
    ----------
    {threshold_alphas}
    {class_data_parameters}
    {row_parameters}
    {newton_parameters}
    {class_fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    {class_path_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : With a given alpha.
    MultiTaskCV : Any classifier, any of its parameters.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoClassifierCV, make_multitask_classification
    >>> data = make_multitask_classification(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskLassoClassifierCV(alphas=10, eps=1e-2).fit(data.X, data.y)
    >>> model.cv_error_path_.shape
    (10, 5)
    """

    _model = MultiTaskLassoClassifier

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        feature_weight=None,
        positive=False,
        max_iter=100,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.eps = eps
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.feature_weight = feature_weight
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

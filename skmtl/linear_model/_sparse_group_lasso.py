"""Selection of features and of single coefficients at a time."""

from skmtl._data.task_parameters import AT_LEAST_0, RATIO
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.penalties import Ridge, SparseGroup


class SparseGroupModel(PenalizedModel):
    """The sparse-group lasso, for any loss."""

    _ranges = {"l1_ratio": RATIO, "ridge": AT_LEAST_0}  # noqa: RUF012
    _selects = True

    def _penalty(self, features, tasks):
        return SparseGroup(self.alpha, self.l1_ratio) + Ridge(self.ridge)


@documented
class MultiTaskSparseGroupLasso(SparseGroupModel, LinearMultiTaskRegressor):
    """Linear regressions that share features, of which a task may leave some out.

    The objective is::

        loss(W, b) + alpha * [(1 - l1_ratio) * sum_j ||W_j||_2 + l1_ratio * ||W||_1]
        + ridge/2 * ||W||_F^2

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the selection, at least 0.
    l1_ratio : float, default=0.5
        Share of the L1 norm, between 0 (:class:`MultiTaskLasso`) and 1 (a lasso for each task).
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {linear_attributes}

    See Also
    --------
    MultiTaskLasso : Selects features for all tasks or for none.
    DirtyRegressor : Single coefficients beside features for all.
    MultiTaskSparseGroupLassoClassifier : Classification counterpart.

    References
    ----------
    Simon, Friedman, Hastie, Tibshirani (2013), "A sparse-group lasso", Journal of Computational
    and Graphical Statistics 22, equation 3.

    Examples
    --------
    >>> from skmtl import MultiTaskSparseGroupLasso, make_multitask_regression
    >>> data = make_multitask_regression(random_state=0)
    >>> model = MultiTaskSparseGroupLasso(alpha=0.5).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        ridge=0.0,
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
        self.l1_ratio = l1_ratio
        self.ridge = ridge
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
class MultiTaskSparseGroupLassoClassifier(SparseGroupModel, LinearMultiTaskClassifier):
    """Logistic regressions that share features, of which a task may leave some out.

    The objective is::

        loss(W, b) + alpha * [(1 - l1_ratio) * sum_j ||W_j||_2 + l1_ratio * ||W||_1]
        + ridge/2 * ||W||_F^2

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the selection, at least 0.
    l1_ratio : float, default=0.5
        Share of the L1 norm, between 0 (:class:`MultiTaskLassoClassifier`) and 1 (the L1 norm of
        each task alone).
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : Selects features for all tasks or for none.
    DirtyClassifier : Single coefficients beside features for all.
    MultiTaskSparseGroupLasso : Regression counterpart.

    References
    ----------
    Simon, Friedman, Hastie, Tibshirani (2013), "A sparse-group lasso", Journal of Computational
    and Graphical Statistics 22, equation 3.

    Examples
    --------
    >>> from skmtl import MultiTaskSparseGroupLassoClassifier, make_multitask_classification
    >>> data = make_multitask_classification(random_state=0)
    >>> model = MultiTaskSparseGroupLassoClassifier(alpha=0.05).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        ridge=0.0,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.ridge = ridge
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

"""Points in time whose coefficients change at few of them."""

from skmtl._data.task_parameters import RATIO
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._time_order import time_order
from skmtl.penalties import FusedSparseGroup


class FusedModel(PenalizedModel):
    """The fused sparse-group lasso, for any loss."""

    _ranges = {"l1_ratio": RATIO, "fused_ratio": RATIO}  # noqa: RUF012
    _selects = True

    def _check_params(self):
        super()._check_params()
        if self.l1_ratio + self.fused_ratio > 1 + 1e-12:
            raise ValueError(
                f"l1_ratio + fused_ratio is {self.l1_ratio + self.fused_ratio:.4g}, but may be 1 "
                "at most: they are shares of alpha."
            )
        if self.fused_ratio == 1:
            raise ValueError(
                "fused_ratio is 1, but must be below 1: coefficients equal over time would cost "
                "nothing. Take 0.999 for nearly that."
            )

    def _penalty(self, features, tasks):
        order, gaps = time_order(self.times, tasks)
        return FusedSparseGroup(self.alpha, self.l1_ratio, self.fused_ratio, gaps, order)


@documented
class FusedSparseGroupLasso(FusedModel, LinearMultiTaskRegressor):
    """Linear regressions for points in time whose coefficients change at few points.

    The objective is::

        loss(W, b) + alpha * [l1_ratio * ||W||_1
                              + fused_ratio * sum_jt |W_j,t+1 - W_jt| / gap_t
                              + (1 - l1_ratio - fused_ratio) * sum_j ||W_j||_2]

    over neighbors in time, ``gap_t`` apart.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    l1_ratio : float, default=1/3
        Share of single coefficients, at least 0.
    fused_ratio : float, default=1/3
        Share of changes, at least 0 and below 1. What both leave of 1 is the share of whole
        features.
    times : dict or array-like of shape (n_tasks,), default=None
        Time of every task, by task id or in the order of `tasks_`, all different. None takes the
        task ids in their order, one apart.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {linear_attributes}

    See Also
    --------
    TemporalGroupLasso : Coefficients that change smoothly.
    FusedSparseGroupLassoClassifier : Classification counterpart.

    References
    ----------
    Zhou, Liu, Narayan, Ye (2012), "Modeling disease progression via fused sparse group lasso",
    KDD, equation 4.

    Examples
    --------
    >>> from skmtl import FusedSparseGroupLasso, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=4, random_state=0)
    >>> model = FusedSparseGroupLasso(alpha=0.5).fit(data.X, data.y)
    >>> model.coef_.shape
    (4, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=1 / 3,
        fused_ratio=1 / 3,
        times=None,
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
        self.fused_ratio = fused_ratio
        self.times = times
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
class FusedSparseGroupLassoClassifier(FusedModel, LinearMultiTaskClassifier):
    """Logistic regressions for points in time whose coefficients change at few points.

    The objective is::

        loss(W, b) + alpha * [l1_ratio * ||W||_1
                              + fused_ratio * sum_jt |W_j,t+1 - W_jt| / gap_t
                              + (1 - l1_ratio - fused_ratio) * sum_j ||W_j||_2]

    over neighbors in time, ``gap_t`` apart.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    l1_ratio : float, default=1/3
        Share of single coefficients, at least 0.
    fused_ratio : float, default=1/3
        Share of changes, at least 0 and below 1. What both leave of 1 is the share of whole
        features.
    times : dict or array-like of shape (n_tasks,), default=None
        Time of every task, by task id or in the order of `tasks_`, all different. None takes the
        task ids in their order, one apart.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    TemporalGroupLassoClassifier : Coefficients that change smoothly.
    FusedSparseGroupLasso : Regression counterpart.

    References
    ----------
    Zhou, Liu, Narayan, Ye (2012), "Modeling disease progression via fused sparse group lasso",
    KDD, equation 4.

    Examples
    --------
    >>> from skmtl import FusedSparseGroupLassoClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=4, random_state=0)
    >>> model = FusedSparseGroupLassoClassifier(alpha=0.05).fit(data.X, data.y)
    >>> model.coef_.shape
    (4, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=1 / 3,
        fused_ratio=1 / 3,
        times=None,
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
        self.fused_ratio = fused_ratio
        self.times = times
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

"""Points in time that share features and change smoothly."""

from scipy import sparse

from skmtl._data.task_parameters import AT_LEAST_0
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._time_order import time_order
from skmtl.penalties import L21, TaskCoupling, graph_coupling, ridge_coupling


class TemporalModel(PenalizedModel):
    """Joint selection, and smooth changes over time, for any loss."""

    _ranges = {"smoothness": AT_LEAST_0, "ridge": AT_LEAST_0}  # noqa: RUF012
    _selects = True

    def _penalty(self, features, tasks):
        order, gaps = time_order(self.times, tasks)
        n_tasks = len(tasks)
        neighbors = (order[1:], order[:-1])
        one_way = sparse.csr_array((1 / gaps**2, neighbors), shape=(n_tasks, n_tasks))
        coupling = graph_coupling(one_way + one_way.T, self.smoothness)
        coupling = coupling + ridge_coupling(self.ridge, n_tasks)
        return L21(self.alpha) + TaskCoupling(1.0, coupling)


@documented
class TemporalGroupLasso(TemporalModel, LinearMultiTaskRegressor):
    """Linear regressions for points in time that share features and change smoothly.

    The objective is::

        loss(W, b) + alpha * sum_j ||W_j||_2
        + smoothness/2 * sum_t ||w_t+1 - w_t||^2 / gap_t^2 + ridge/2 * ||W||_F^2

    over neighbors in time, ``gap_t`` apart.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the selection of features, at least 0.
    smoothness : float, default=1.0
        Strength of the pull between neighbors, at least 0, in units of time squared.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
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
    FusedSparseGroupLasso : Coefficients that change at few points.
    TaskGraphRegressor : Pulls tasks together along any graph.
    TemporalGroupLassoClassifier : Classification counterpart.

    References
    ----------
    Zhou, Yuan, Liu, Ye (2011), "A multi-task learning formulation for predicting disease
    progression", KDD, equation 4.

    Examples
    --------
    >>> from skmtl import TemporalGroupLasso, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=4, random_state=0)
    >>> model = TemporalGroupLasso(alpha=0.1, times=[0, 6, 12, 24]).fit(data.X, data.y)
    >>> model.coef_.shape
    (4, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        smoothness=1.0,
        ridge=0.0,
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
        self.smoothness = smoothness
        self.ridge = ridge
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
class TemporalGroupLassoClassifier(TemporalModel, LinearMultiTaskClassifier):
    """Logistic regressions for points in time that share features and change smoothly.

    The objective is::

        loss(W, b) + alpha * sum_j ||W_j||_2
        + smoothness/2 * sum_t ||w_t+1 - w_t||^2 / gap_t^2 + ridge/2 * ||W||_F^2

    over neighbors in time, ``gap_t`` apart.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the selection of features, at least 0.
    smoothness : float, default=1.0
        Strength of the pull between neighbors, at least 0, in units of time squared.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
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
    FusedSparseGroupLassoClassifier : Coefficients that change at few points.
    TaskGraphClassifier : Pulls tasks together along any graph.
    TemporalGroupLasso : Regression counterpart.

    References
    ----------
    Zhou, Yuan, Liu, Ye (2011), "A multi-task learning formulation for predicting disease
    progression", KDD, equation 4.

    Examples
    --------
    >>> from skmtl import TemporalGroupLassoClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=4, random_state=0)
    >>> model = TemporalGroupLassoClassifier(alpha=0.05, times=[0, 6, 12, 24]).fit(data.X, data.y)
    >>> model.coef_.shape
    (4, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        smoothness=1.0,
        ridge=0.0,
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
        self.smoothness = smoothness
        self.ridge = ridge
        self.times = times
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

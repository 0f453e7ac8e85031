"""Tasks that resemble each other along the edges of a graph."""

import numpy as np

from skmtl._data.checks import check_option
from skmtl._data.task_graph import edge_weights
from skmtl._data.task_parameters import AT_LEAST_0, per_task
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import RegressorCV
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._task_intercepts import TaskIntercepts
from skmtl.penalties import (
    L1,
    L21,
    TaskCoupling,
    graph_coupling,
    mean_coupling,
    ridge_coupling,
)


class TaskGraphModel(TaskIntercepts, PenalizedModel):
    """The coupling along a graph, for any loss."""

    _ranges = {"sparsity": AT_LEAST_0}  # noqa: RUF012
    _empties = False

    def _check_params(self):
        super()._check_params()
        check_option(self.sparsity_norm, "sparsity_norm", ("l1", "l21"))

    def _penalty(self, features, tasks):
        ridge = per_task(self.ridge, "ridge", tasks)
        coupling = self._pull(tasks) + ridge_coupling(ridge, len(tasks))
        norm = L1 if self.sparsity_norm == "l1" else L21
        return TaskCoupling(1.0, coupling) + norm(self.sparsity)

    def _pull(self, tasks):
        """The coupling along the edges."""
        if isinstance(self.graph, str) and self.graph == "complete":
            return mean_coupling(np.full(len(tasks), float(self.alpha)))
        return graph_coupling(edge_weights(self.graph, tasks), self.alpha)


@documented
class TaskGraphRegressor(TaskGraphModel, LinearMultiTaskRegressor):
    """Linear regressions whose coefficients are alike along the edges of a graph of tasks.

    The objective is::

        loss(W, b) + alpha/2 * sum_(s,t) a_st ||w_s - w_t||^2 + ridge/2 * ||W||_F^2
        + sparsity * ||W||_1     (or ||W||_21 = sum_j ||W_j||_2)

    summed over the edges, a_st their weights: ``alpha/2 * tr(W L W')`` with the unnormalized
    Laplacian L.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the coupling, at least 0.
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default="complete"
        "complete" joins all tasks with weights 1 / n_tasks (:class:`MeanRegularizedRegressor`),
        "chain" joins neighbors in the order of the task ids. An array or sparse matrix
        (n_tasks, n_tasks) holds weights in the order of `tasks_`, its diagonal ignored; a list
        holds tuples (task id, task id, weight). Weights are at least 0.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0; one for each task in the order of `tasks_` or by task id.
    sparsity : float, default=0.0
        Strength of the norm, at least 0.
    sparsity_norm : {"l1", "l21"}, default="l1"
        "l1" empties single coefficients, "l21" features for all tasks.
    {intercept_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {linear_attributes}

    See Also
    --------
    TaskGraphRegressorCV : Chooses the strengths by cross-validation.
    MeanRegularizedRegressor : Pulls all tasks together.
    TemporalGroupLasso : Tasks ordered in time, with joint selection of features.
    TaskGraphClassifier : Classification counterpart.

    References
    ----------
    Evgeniou, Micchelli, Pontil (2005), "Learning multiple tasks with kernel methods", Journal of
    Machine Learning Research 6, section 3.1.3.

    Examples
    --------
    >>> from skmtl import TaskGraphRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=3, random_state=0)
    >>> model = TaskGraphRegressor(alpha=10.0, graph=[(0, 1, 1.0), (1, 2, 0.5)]).fit(data.X, data.y)
    >>> model.coef_.shape
    (3, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        graph="complete",
        ridge=0.0,
        sparsity=0.0,
        sparsity_norm="l1",
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
        self.graph = graph
        self.ridge = ridge
        self.sparsity = sparsity
        self.sparsity_norm = sparsity_norm
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
class TaskGraphRegressorCV(RegressorCV):
    """:class:`TaskGraphRegressor` with `alpha` and `ridge` chosen by cross-validation.

    Its objective is that of :class:`TaskGraphRegressor`.

    Parameters
    ----------
    {curvature_alphas}
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default="complete"
        As in :class:`TaskGraphRegressor`.
    ridge : float or array-like of float, default=None
        Strengths of the ridge to try, at least 0; None is 0, 1e-3, 1e-2, 1e-1 and 1 times the mean
        curvature of the loss.
    sparsity : float, default=0.0
        Strength of the norm, at least 0.
    sparsity_norm : {"l1", "l21"}, default="l1"
        Norm, as in :class:`TaskGraphRegressor`.
    {intercept_search}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    ridge_ : float
        Chosen ridge.
    {chosen_intercepts}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    TaskGraphRegressor : With given strengths.

    Examples
    --------
    >>> from skmtl import TaskGraphRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = TaskGraphRegressorCV(graph="chain", alphas=4).fit(data.X, data.y)
    >>> model.mse_path_.shape  # 5 ridges and 3 strengths of intercepts, alphas, folds
    (15, 4, 5)
    """

    _model = TaskGraphRegressor
    _tried = ("ridge", "intercept_alpha")

    def __init__(
        self,
        *,
        alphas=15,
        graph="complete",
        ridge=None,
        sparsity=0.0,
        sparsity_norm="l1",
        intercept="shared",
        intercept_alpha=None,
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
        self.graph = graph
        self.ridge = ridge
        self.sparsity = sparsity
        self.sparsity_norm = sparsity_norm
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
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs


@documented
class TaskGraphClassifier(TaskGraphModel, LinearMultiTaskClassifier):
    """Logistic regressions whose coefficients are alike along the edges of a graph of tasks.

    The objective is::

        loss(W, b) + alpha/2 * sum_(s,t) a_st ||w_s - w_t||^2 + ridge/2 * ||W||_F^2
        + sparsity * ||W||_1     (or ||W||_21 = sum_j ||W_j||_2)

    summed over the edges, a_st their weights: ``alpha/2 * tr(W L W')`` with the unnormalized
    Laplacian L.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the coupling, at least 0.
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default="complete"
        "complete" joins all tasks with weights 1 / n_tasks (:class:`MeanRegularizedClassifier`),
        "chain" joins neighbors in the order of the task ids. An array or sparse matrix
        (n_tasks, n_tasks) holds weights in the order of `tasks_`, its diagonal ignored; a list
        holds tuples (task id, task id, weight). Weights are at least 0.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0; one for each task in the order of `tasks_` or by task id.
    sparsity : float, default=0.0
        Strength of the norm, at least 0.
    sparsity_norm : {"l1", "l21"}, default="l1"
        "l1" empties single coefficients, "l21" features for all tasks.
    {intercept_parameters}
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    MeanRegularizedClassifier : Pulls all tasks together.
    TemporalGroupLassoClassifier : Tasks ordered in time, with joint selection of features.
    TaskGraphRegressor : Regression counterpart.

    References
    ----------
    Evgeniou, Micchelli, Pontil (2005), "Learning multiple tasks with kernel methods", Journal of
    Machine Learning Research 6, section 3.1.3.

    Examples
    --------
    >>> from skmtl import TaskGraphClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=3, random_state=0)
    >>> edges = [(0, 1, 1.0), (1, 2, 0.5)]
    >>> model = TaskGraphClassifier(alpha=10.0, graph=edges).fit(data.X, data.y)
    >>> model.coef_.shape
    (3, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        graph="complete",
        ridge=0.0,
        sparsity=0.0,
        sparsity_norm="l1",
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
        self.graph = graph
        self.ridge = ridge
        self.sparsity = sparsity
        self.sparsity_norm = sparsity_norm
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

"""Tasks that resemble each other: along the edges of a graph, or all alike."""

from numbers import Real

import numpy as np
from scipy import sparse

from skmtl._checks import check_option
from skmtl._docs import documented
from skmtl.linear_model._adapt import AdaptableModel, of_new_task
from skmtl.linear_model._new_task import pulled
from skmtl.linear_model._structured import (
    AT_LEAST_0,
    StructuredModel,
    StructuredRegressor,
    is_labelled,
    per_task,
)
from skmtl.penalties import L1, L21, TaskCoupling


def laplacian(graph, tasks):
    """Unnormalised Laplacian (n_tasks, n_tasks) of a graph over the task labels.

    Parameters
    ----------
    graph : str, array, sparse matrix or list of tuples (label, label, weight)
        As in :class:`GraphRegressor`.
    tasks : ndarray of shape (n_tasks,)
    """
    weights = _edge_weights(graph, tasks)
    if not np.isfinite(weights).all():
        raise ValueError("graph holds weights that are NaN or infinite.")
    if (weights < 0).any():
        raise ValueError(
            f"graph has an edge of weight {weights.min():.4g}: weights must be at least 0, since "
            "edges pull tasks together; tasks that repel each other have no convex penalty."
        )
    return np.diag(weights.sum(axis=1)) - weights


def _in_order(frame, tasks):
    """A pandas frame of weights in the order of the tasks."""
    missing = [t for t in tasks.tolist() if t not in frame.index or t not in frame.columns]
    if missing:
        raise ValueError(
            f"graph has no row or no column for task(s) {missing[:5]}; give each task both."
        )
    return frame.reindex(index=tasks, columns=tasks)


def _edge_weights(graph, tasks):
    """Symmetric (n_tasks, n_tasks), zero on the diagonal."""
    T = len(tasks)
    if isinstance(graph, str):
        check_option(graph, "graph", ("chain", "complete"))
        weights = np.full((T, T), 1.0 / T) if graph == "complete" else np.zeros((T, T))
        if graph == "chain":
            order = np.argsort(tasks, kind="stable")
            weights[order[1:], order[:-1]] = weights[order[:-1], order[1:]] = 1.0
    elif isinstance(graph, list) and all(isinstance(edge, tuple) for edge in graph):
        weights = _from_edges(graph, tasks)
    else:
        if hasattr(graph, "reindex") and is_labelled(graph.index, tasks):
            graph = _in_order(graph, tasks)
        weights = graph.toarray() if sparse.issparse(graph) else np.array(graph, dtype=float)
        if weights.shape != (T, T):
            raise ValueError(
                f"graph has shape {weights.shape}, expected ({T}, {T}): weights between the tasks "
                f"{tasks[:5].tolist()}{'...' if T > 5 else ''}, in this order."
            )
        if np.isfinite(weights).all() and not np.allclose(weights, weights.T, rtol=1e-10, atol=0):
            raise ValueError("graph must be symmetric: an edge pulls both of its tasks.")
    weights = np.array(weights, dtype=float)
    np.fill_diagonal(weights, 0.0)
    return weights


def _from_edges(edges, tasks):
    position = {label: k for k, label in enumerate(tasks.tolist())}
    weights = np.zeros((len(tasks), len(tasks)))
    for edge in edges:
        if len(edge) != 3 or not isinstance(edge[2], Real):
            raise ValueError(f"graph has the edge {edge!r}, expected (label, label, weight).")
        first, second, weight = edge
        unknown = [label for label in (first, second) if label not in position]
        if unknown:
            raise ValueError(
                f"graph has an edge to {unknown[0]!r}, which is no task; tasks are "
                f"{tasks[:5].tolist()}{'...' if len(tasks) > 5 else ''}."
            )
        a, b = position[first], position[second]
        weights[a, b] = weights[b, a] = weights[a, b] + weight
    return weights


class GraphModel(StructuredModel):
    """The coupling along a graph, for any loss."""

    _ranges = {"sparsity": AT_LEAST_0}  # noqa: RUF012
    _empties = False

    def _check_params(self):
        super()._check_params()
        check_option(self.sparsity_norm, "sparsity_norm", ("l1", "l21"))

    def _penalty(self, n_features, tasks):
        coupling = self.alpha * laplacian(self.graph, tasks)
        coupling += np.diag(per_task(self.ridge, "ridge", tasks))
        norm = L1 if self.sparsity_norm == "l1" else L21
        return TaskCoupling(1.0, coupling) + norm(self.sparsity)


@documented
class GraphRegressor(GraphModel, StructuredRegressor):
    """Linear regressions whose coefficients are alike along the edges of a graph of tasks.

    The objective is::

        loss(W, b) + alpha/2 * sum_(s,t) a_st ||w_s - w_t||^2 + ridge/2 * ||W||_F^2
        + sparsity * ||W||_1     (or ||W||_21 = sum_j ||W_j||_2)

    summed over the edges, a_st their weights: ``alpha/2 * tr(W L W')`` with the unnormalised
    Laplacian L.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the coupling, at least 0.
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default="complete"
        "complete" joins all tasks with weights 1 / n_tasks (:class:`MeanRegularizedRegressor`),
        "chain" joins neighbours in the order of the labels. An array or sparse matrix
        (n_tasks, n_tasks) holds weights in the order of `tasks_`, its diagonal ignored; a list
        holds tuples (label, label, weight). Weights are at least 0.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0; one for each task in the order of `tasks_` or by label.
    sparsity : float, default=0.0
        Strength of the norm, at least 0.
    sparsity_norm : {"l1", "l21"}, default="l1"
        "l1" empties single coefficients, "l21" features for all tasks.
    loss : {"squared_error", "huber", "poisson"}, default="squared_error"
        What is summed over samples: ``(y - z)^2 / 2``; the same up to residuals of `huber_delta`
        and linear beyond, for outliers; or half the Poisson deviance of counts y whose mean is
        ``exp(z)``, which `predict` then gives.
    huber_delta : float, default=1.35
        In the unit of y, of its standard deviation with `normalize_y`.
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {linear_attributes}

    See Also
    --------
    GraphRegressorCV : Chooses the strengths by cross-validation.
    MeanRegularizedRegressor : All tasks alike.
    TemporalGroupLasso : Tasks ordered in time, with joint selection of features.
    GraphClassifier : For classes.

    References
    ----------
    Evgeniou, Micchelli, Pontil (2005), "Learning multiple tasks with kernel methods", Journal of
    Machine Learning Research 6, section 3.1.3.

    Examples
    --------
    >>> from skmtl import GraphRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=3, random_state=0)
    >>> model = GraphRegressor(alpha=10.0, graph=[(0, 1, 1.0), (1, 2, 0.5)]).fit(data.X, data.y)
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
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


class MeanRegularizedModel(AdaptableModel, StructuredModel):
    """The pull towards a mean, for any loss."""

    _empties = False

    def _check_alpha(self):
        """Any number of strengths will do."""

    def _penalty(self, n_features, tasks):
        pull = per_task(self.alpha, "alpha", tasks)
        total = pull.sum() or 1.0
        coupling = np.diag(pull) - np.outer(pull, pull) / total
        return TaskCoupling(1.0, coupling + np.diag(per_task(self.ridge, "ridge", tasks)))

    def _store_model(self, solution, unpack):
        self._store_mean(self)

    def _store_mean(self, fitted):
        pull = per_task(self.alpha, "alpha", fitted.tasks_)
        weights = pull if pull.any() else None
        fitted.shared_coef_ = np.average(fitted.coef_, axis=0, weights=weights)

    def _new_task_priors(self, fitted, W, label):
        # with the new task the sum of squares about the mean grows by own * total / (own + total)
        # ||w - wbar||^2, wbar the mean of the others
        pull = per_task(self.alpha, "alpha", fitted.tasks_)
        own, total = of_new_task(self.alpha, "alpha", label), pull.sum()
        ridge = of_new_task(self.ridge, "ridge", label)
        centre = np.average(W, axis=1, weights=pull if total > 0 else None)
        return [pulled(centre, own * total / (own + total) if total > 0 else 0.0, ridge)]

    def _store_new_task(self, fitted, chosen):
        self._store_mean(fitted)


@documented
class MeanRegularizedRegressor(MeanRegularizedModel, StructuredRegressor):
    """Linear regressions whose coefficients are pulled towards their mean.

    The objective is::

        loss(W, b) + 1/2 * sum_t alpha_t ||w_t - wbar||^2 + ridge/2 * ||W||_F^2

    with the mean wbar of the coefficients, weighted by alpha_t where that differs over tasks. From
    independent ridge regressions (alpha = 0) it goes to one model with an intercept for each task
    (alpha large).

    {loss}

    Parameters
    ----------
    alpha : float, array-like of shape (n_tasks,) or dict, default=1.0
        Strength of the pull, at least 0; one for each task in the order of `tasks_` or by label.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0.
    loss : {"squared_error", "huber", "poisson"}, default="squared_error"
        What is summed over samples: ``(y - z)^2 / 2``; the same up to residuals of `huber_delta`
        and linear beyond, for outliers; or half the Poisson deviance of counts y whose mean is
        ``exp(z)``, which `predict` then gives.
    huber_delta : float, default=1.35
        In the unit of y, of its standard deviation with `normalize_y`.
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    shared_coef_ : ndarray of shape (n_features,)
        wbar: the model of the population, and of tasks that were not seen.
    {linear_attributes}

    See Also
    --------
    MeanRegularizedRegressorCV : Chooses the strengths by cross-validation.
    GraphRegressor : Some tasks more alike than others.
    MeanRegularizedClassifier : For classes.

    References
    ----------
    Evgeniou, Pontil (2004), "Regularized multi-task learning", KDD, equation 4 and lemma 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MeanRegularizedRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=3, random_state=0)
    >>> model = MeanRegularizedRegressor(alpha=1e6).fit(data.X, data.y)
    >>> bool(np.allclose(model.coef_, model.shared_coef_, atol=1e-3))
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
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

"""The classifiers whose tasks resemble each other: along the edges of a graph, or all alike."""

from skmtl._docs import documented
from skmtl.linear_model._graph import GraphModel, MeanRegularizedModel
from skmtl.linear_model._structured import StructuredClassifier


@documented
class GraphClassifier(GraphModel, StructuredClassifier):
    """Logistic regressions whose coefficients are alike along the edges of a graph of tasks.

    The objective is::

        loss(W, b) + alpha/2 * sum_(s,t) a_st ||w_s - w_t||^2 + ridge/2 * ||W||_F^2
        + sparsity * ||W||_1     (or ||W||_21 = sum_j ||W_j||_2)

    summed over the edges, a_st their weights: ``alpha/2 * tr(W L W')`` with the unnormalised
    Laplacian L.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the coupling, at least 0.
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default="complete"
        "complete" joins all tasks with weights 1 / n_tasks (:class:`MeanRegularizedClassifier`),
        "chain" joins neighbours in the order of the labels. An array or sparse matrix
        (n_tasks, n_tasks) holds weights in the order of `tasks_`, its diagonal ignored; a list
        holds tuples (label, label, weight). Weights are at least 0.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0; one for each task in the order of `tasks_` or by label.
    sparsity : float, default=0.0
        Strength of the norm, at least 0.
    sparsity_norm : {"l1", "l21"}, default="l1"
        "l1" empties single coefficients, "l21" features for all tasks.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    MeanRegularizedClassifier : All tasks alike.
    TemporalGroupLassoClassifier : Tasks ordered in time, with joint selection of features.
    GraphRegressor : For numbers.

    References
    ----------
    Evgeniou, Micchelli, Pontil (2005), "Learning multiple tasks with kernel methods", Journal of
    Machine Learning Research 6, section 3.1.3.

    Examples
    --------
    >>> from skmtl import GraphClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=3, random_state=0)
    >>> model = GraphClassifier(alpha=10.0, graph=[(0, 1, 1.0), (1, 2, 0.5)]).fit(data.X, data.y)
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
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol


@documented
class MeanRegularizedClassifier(MeanRegularizedModel, StructuredClassifier):
    """Logistic regressions whose coefficients are pulled towards their mean.

    The objective is::

        loss(W, b) + 1/2 * sum_t alpha_t ||w_t - wbar||^2 + ridge/2 * ||W||_F^2

    with the mean wbar of the coefficients, weighted by alpha_t where that differs over tasks. From
    independent regressions with a ridge (alpha = 0) it goes to one model with an intercept for each
    task (alpha large).

    {class_loss}

    Parameters
    ----------
    alpha : float, array-like of shape (n_tasks,) or dict, default=1.0
        Strength of the pull, at least 0; one for each task in the order of `tasks_` or by label.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    shared_coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        wbar: the model of the population, and of tasks that were not seen.
    {class_attributes}

    See Also
    --------
    GraphClassifier : Some tasks more alike than others.
    MeanRegularizedRegressor : For numbers.

    References
    ----------
    Evgeniou, Pontil (2004), "Regularized multi-task learning", KDD, equation 4 and lemma 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MeanRegularizedClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=3, random_state=0)
    >>> model = MeanRegularizedClassifier(alpha=1e6).fit(data.X, data.y)
    >>> bool(np.allclose(model.coef_, model.shared_coef_, atol=1e-3))
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
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
        self.ridge = ridge
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

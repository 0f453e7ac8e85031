"""Cross-validated structured regressors: each a model and the grid of its strengths."""

from itertools import product
from numbers import Integral

import numpy as np

from skmtl._checks import check_int, check_real
from skmtl._docs import documented
from skmtl.linear_model._adapt import AdaptableModel
from skmtl.linear_model._cv import PathCV
from skmtl.linear_model._decomposed import DirtyRegressor, RobustRegressor
from skmtl.linear_model._graph import GraphRegressor, MeanRegularizedRegressor
from skmtl.linear_model._low_rank import TraceNormRegressor
from skmtl.linear_model._path import check_alphas
from skmtl.linear_model._relational import ClusteredRegressor
from skmtl.linear_model._structured import model_path, strengths


class StructuredSearch:
    """Mixin of the cross-validated forms of a structured regressor or classifier.

    A subclass names the `_model` and its parameters that are tried at several values, `_tried`;
    where such a parameter is None, ``_candidates(name, datafit)`` gives the values.
    """

    _model = None
    _tried = ()

    def _check_params(self):
        super()._check_params()
        if isinstance(self.alphas, Integral):
            check_int(self.alphas, "alphas")
        if hasattr(self, "eps"):
            check_real(self.eps, "eps", high=1.0, include="right")

    def _template(self, **params):
        """The model with the parameters that both have, and these."""
        model, own = self._model(), self.get_params(deep=False)
        shared = {k: own[k] for k in model.get_params() if k in own and k not in self._tried}
        return model.set_params(**shared, **params)

    def _single_task_limit(self):
        return self._template()._single_task_limit()

    def _candidates(self, name, datafit):
        raise NotImplementedError

    def _values(self, name, datafit):
        value = getattr(self, name)
        values = np.atleast_1d(self._candidates(name, datafit) if value is None else value)
        if values.ndim != 1 or len(values) == 0:
            raise ValueError(f"{name} must be a number or a list of numbers, got {value!r}.")
        return values.tolist()

    def _paths(self, datafit, read):
        values = [self._values(name, datafit) for name in self._tried]
        paths = []
        for combination in product(*values):
            params = dict(zip(self._tried, combination, strict=True))
            model = self._template(**params)
            model._check_params()
            alphas = self.alphas
            if isinstance(alphas, Integral):
                alphas = strengths(model, datafit, read, alphas, getattr(self, "eps", None))
            paths.append((params, check_alphas(alphas)))
        self.grid_ = [params for params, _ in paths]
        return paths

    def _solutions(self, datafit, read, params, alphas, fold):
        return model_path(self._template(**params), datafit, read, alphas)

    def _store_choice(self, alpha, params):
        self.alpha_ = alpha
        for name, value in params.items():
            setattr(self, f"{name}_", value)

    def _chosen_model(self):
        """The model with the chosen strengths, unfitted."""
        chosen = {name: getattr(self, f"{name}_") for name in self._tried}
        return self._template(alpha=self.alpha_, **chosen)

    def _store_model(self, solution, unpack):
        store_as(self, self._chosen_model(), solution, unpack)


class StructuredCV(StructuredSearch, PathCV):
    """Base of the cross-validated structured regressors."""


_FITTED = (
    *("coef_", "intercept_", "shared_coef_", "tasks_", "n_tasks_", "n_samples_per_task_"),
    *("n_iter_", "objective_", "dual_gap_", "optimality_", "n_features_in_", "feature_names_in_"),
    *("classes_", "_layout"),
)


def store_as(estimator, model, solution, unpack):
    """Set what `model`, unfitted, is inspected by, on an estimator that was fitted in its place."""
    vars(model).update({k: v for k, v in vars(estimator).items() if k in _FITTED})
    model._store_model(solution, unpack)
    for name, value in vars(model).items():
        if name.endswith("_") and name[0] != "_":
            setattr(estimator, name, value)


@documented
class TraceNormRegressorCV(AdaptableModel, StructuredCV):
    """:class:`TraceNormRegressor` with `alpha` chosen by cross-validation.

    Its objective is that of :class:`TraceNormRegressor`.

    Parameters
    ----------
    {threshold_alphas}
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    rank_ : int
        Rank of `coef_`.
    singular_values_ : ndarray of shape (min(n_features, n_tasks),)
        Of `coef_`, decreasing.
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    TraceNormRegressor : One given alpha.

    Examples
    --------
    >>> from skmtl import TraceNormRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = TraceNormRegressorCV(alphas=10).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (10, 5)
    """

    _model = TraceNormRegressor

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        ridge=0.0,
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
        self.ridge = ridge
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
class GraphRegressorCV(StructuredCV):
    """:class:`GraphRegressor` with `alpha` and `ridge` chosen by cross-validation.

    Its objective is that of :class:`GraphRegressor`.

    Parameters
    ----------
    {curvature_alphas}
    graph : {"complete", "chain"}, array, sparse matrix or list of tuples, default="complete"
        As in :class:`GraphRegressor`.
    ridge : float or array-like of float, default=None
        Strengths of the ridge to try, at least 0; None is 0, 1e-3, 1e-2, 1e-1 and 1 times the mean
        curvature of the loss.
    sparsity : float, default=0.0
        Strength of the norm, at least 0.
    sparsity_norm : {"l1", "l21"}, default="l1"
        Norm, as in :class:`GraphRegressor`.
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    ridge_ : float
        Chosen ridge.
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    GraphRegressor : Given strengths.

    Examples
    --------
    >>> from skmtl import GraphRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = GraphRegressorCV(graph="chain", alphas=4).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (5, 4, 5)
    """

    _model = GraphRegressor
    _tried = ("ridge",)

    def __init__(
        self,
        *,
        alphas=15,
        graph="complete",
        ridge=None,
        sparsity=0.0,
        sparsity_norm="l1",
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
        return datafit.mean_curvature * np.array([0.0, 1e-3, 1e-2, 1e-1, 1.0])


@documented
class MeanRegularizedRegressorCV(AdaptableModel, StructuredCV):
    """:class:`MeanRegularizedRegressor` with `alpha` and `ridge` chosen by cross-validation.

    Its objective is that of :class:`MeanRegularizedRegressor`.

    Parameters
    ----------
    {curvature_alphas}
    ridge : float or array-like of float, default=None
        Strengths of the ridge to try, at least 0; None is 0, 1e-3, 1e-2, 1e-1 and 1 times the mean
        curvature of the loss.
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    ridge_ : float
        Chosen ridge.
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    MeanRegularizedRegressor : Given strengths.

    Examples
    --------
    >>> from skmtl import MeanRegularizedRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MeanRegularizedRegressorCV(alphas=4).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (5, 4, 5)
    """

    _model = MeanRegularizedRegressor
    _tried = ("ridge",)

    def __init__(
        self,
        *,
        alphas=15,
        ridge=None,
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
        self.ridge = ridge
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
        return datafit.mean_curvature * np.array([0.0, 1e-3, 1e-2, 1e-1, 1.0])


@documented
class DirtyRegressorCV(StructuredCV):
    """:class:`DirtyRegressor` with `alpha` and `specific_ratio` chosen by cross-validation.

    Its objective is that of :class:`DirtyRegressor`.

    Parameters
    ----------
    {threshold_alphas}
    specific_ratio : float or array-like of float, default=None
        Shares of the penalty of Q to try, in (0, 1); None is five values of the range in which
        neither part is always zero.
    shared_norm : {"l21", "l1inf"}, default="l21"
        Norm of P, as in :class:`DirtyRegressor`.
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    specific_ratio_ : float
        Chosen share.
    {decomposed_attributes}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    DirtyRegressor : Given strengths.

    Examples
    --------
    >>> from skmtl import DirtyRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = DirtyRegressorCV(alphas=10).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (5, 10, 5)
    """

    _model = DirtyRegressor
    _tried = ("specific_ratio",)

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        specific_ratio=None,
        shared_norm="l21",
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
        self.specific_ratio = specific_ratio
        self.shared_norm = shared_norm
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
        n_tasks = datafit.mean_x.shape[1]
        return ratios_between(np.sqrt(n_tasks) if self.shared_norm == "l21" else n_tasks)


@documented
class RobustRegressorCV(StructuredCV):
    """:class:`RobustRegressor` with `alpha` and `outlier_ratio` chosen by cross-validation.

    Its objective is that of :class:`RobustRegressor`.

    Parameters
    ----------
    {threshold_alphas}
    outlier_ratio : float or array-like of float, default=None
        Shares of the penalty of Q to try, in (0, 1); None is five values of the range in which
        neither part is always zero.
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    outlier_ratio_ : float
        Chosen share.
    outlier_tasks_ : ndarray
        Labels of the tasks with a part of their own.
    {decomposed_attributes}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    RobustRegressor : Given strengths.

    Examples
    --------
    >>> from skmtl import RobustRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = RobustRegressorCV(alphas=10).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (5, 10, 5)
    """

    _model = RobustRegressor
    _tried = ("outlier_ratio",)

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        outlier_ratio=None,
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
        return ratios_between(np.sqrt(datafit.mean_x.shape[1]))


@documented
class ClusteredRegressorCV(AdaptableModel, StructuredCV):
    """:class:`ClusteredRegressor` with `alpha` and `n_clusters` chosen by cross-validation.

    Its objective is that of :class:`ClusteredRegressor`.

    Parameters
    ----------
    {curvature_alphas}
    n_clusters : int or array-like of int, default=None
        Numbers of clusters to try; None is 1, 2, 3 and 5, as far as there are more tasks.
    eta : float, default=0.1
        As in :class:`ClusteredRegressor`.
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    n_clusters_ : int
        Chosen number of clusters.
    task_clusters_ : ndarray of shape (n_tasks,)
        Cluster of each task, 0, 1, ...
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        ``eta I + M``.
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    ClusteredRegressor : Given strengths.

    Examples
    --------
    >>> from skmtl import ClusteredRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = ClusteredRegressorCV(alphas=4).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (3, 4, 5)
    """

    _model = ClusteredRegressor
    _tried = ("n_clusters",)

    def __init__(
        self,
        *,
        alphas=15,
        n_clusters=None,
        eta=0.1,
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
        self.n_clusters = n_clusters
        self.eta = eta
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
        n_tasks = datafit.mean_x.shape[1]
        return [k for k in (1, 2, 3, 5) if k == 1 or k < n_tasks]


def ratios_between(factor):
    """Five shares r with ``1 < (1 - r) / r < factor``: both parts of a decomposition are in use."""
    weights = np.geomspace(1.0, max(factor, 1.0), 7)[1:-1]
    return 1 / (1 + weights)

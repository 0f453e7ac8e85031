"""Tasks whose coefficients lie in a low-dimensional space: the trace norm."""

import numpy as np

from skmtl._data.task_parameters import AT_LEAST_0
from skmtl._docs import documented
from skmtl.linear_model._adapt import AdaptableModel
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import ClassifierCV, RegressorCV
from skmtl.linear_model._new_task import Prior, pulled
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._task_intercepts import TaskIntercepts
from skmtl.penalties import Ridge, TraceNorm
from skmtl.prox import singular_values


class TraceNormModel(TaskIntercepts, AdaptableModel, PenalizedModel):
    """The trace norm, for any loss."""

    _ranges = {"ridge": AT_LEAST_0}  # noqa: RUF012

    def _penalty(self, features, tasks):
        return TraceNorm(self.alpha) + Ridge(self.ridge)

    def _store_model(self, solution, unpack):
        self._store_rank()

    def _store_rank(self):
        coef = self.coef_.reshape(self.n_tasks_, -1)
        values = singular_values(coef)
        rounding = max(coef.shape) * np.finfo(float).eps * values[0]
        self.singular_values_ = values
        self.rank_ = int(np.count_nonzero(values > max(rounding, 1e-9 * values[0])))

    def _new_task_priors(self, W, task_id):
        # ||W||_* = min_D 1/2 tr(W' D^-1 W) + 1/2 tr D at D = (WW')^(1/2); w in the range of D
        center = np.zeros(len(W))
        if self.alpha == 0:
            return [pulled(center, 0.0, self.ridge)]
        U, s, _ = np.linalg.svd(W, full_matrices=False)
        kept = s > 1e-9 * s[0]
        return [Prior(center, self.alpha / s[kept] + self.ridge, U[:, kept])]

    def _store_new_task(self, chosen):
        self._store_rank()


@documented
class TraceNormRegressor(TraceNormModel, LinearMultiTaskRegressor):
    """Linear regressions whose coefficients are combinations of few common ones.

    The objective is::

        loss(W, b) + alpha * ||W||_* + ridge/2 * ||W||_F^2

    with the trace norm ``||W||_*``, the sum of the singular values.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the trace norm, at least 0.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {intercept_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    rank_ : int
        Rank of `coef_`.
    singular_values_ : ndarray of shape (min(n_features, n_tasks),)
        Singular values of `coef_`, decreasing.
    {linear_attributes}

    See Also
    --------
    TraceNormRegressorCV : Chooses alpha by cross-validation.
    SparseLowRankRegressor : With single coefficients on top.
    TraceNormClassifier : Classification counterpart.

    References
    ----------
    Argyriou, Evgeniou, Pontil (2008), "Convex multi-task feature learning", Machine Learning 73,
    equation 13. Ji, Ye (2009), "An accelerated gradient method for trace norm minimization", ICML,
    equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import TraceNormRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 8))
    >>> Y = X @ np.outer(rng.standard_normal(8), rng.standard_normal(6))  # of rank 1
    >>> TraceNormRegressor(alpha=0.1).fit(X, Y).rank_
    1
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        ridge=0.0,
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
        self.ridge = ridge
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
class TraceNormClassifier(TraceNormModel, LinearMultiTaskClassifier):
    """Logistic regressions whose coefficients are combinations of few common ones.

    The objective is::

        loss(W, b) + alpha * ||W||_* + ridge/2 * ||W||_F^2

    with the trace norm ``||W||_*``, the sum of the singular values.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the trace norm, at least 0.
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {intercept_parameters}
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    rank_ : int
        Rank of `coef_`, the classes of a task in one row.
    singular_values_ : ndarray
        Singular values of `coef_`, decreasing.
    {class_attributes}

    See Also
    --------
    TraceNormClassifierCV : Chooses alpha by cross-validation.
    SparseLowRankClassifier : With single coefficients on top.
    TraceNormRegressor : Regression counterpart.

    References
    ----------
    Argyriou, Evgeniou, Pontil (2008), "Convex multi-task feature learning", Machine Learning 73,
    equation 13. Ji, Ye (2009), "An accelerated gradient method for trace norm minimization", ICML,
    equation 3.

    Examples
    --------
    >>> from skmtl import TraceNormClassifier, make_multitask_classification
    >>> data = make_multitask_classification(rank=1, random_state=0)
    >>> model = TraceNormClassifier(alpha=0.1).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        ridge=0.0,
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
        self.ridge = ridge
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol


@documented
class TraceNormRegressorCV(RegressorCV):
    """:class:`TraceNormRegressor` with `alpha` chosen by cross-validation.

    Its objective is that of :class:`TraceNormRegressor`.

    Parameters
    ----------
    {threshold_alphas}
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {intercept_search}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    rank_ : int
        Rank of `coef_`.
    singular_values_ : ndarray of shape (min(n_features, n_tasks),)
        Singular values of `coef_`, decreasing.
    {chosen_intercepts}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    TraceNormRegressor : With a given alpha.

    Examples
    --------
    >>> from skmtl import TraceNormRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = TraceNormRegressorCV(alphas=10).fit(data.X, data.y)
    >>> model.mse_path_.shape  # strengths of intercepts, alphas, folds
    (3, 10, 5)
    """

    _model = TraceNormRegressor
    _tried = ("intercept_alpha",)

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        ridge=0.0,
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
        self.eps = eps
        self.ridge = ridge
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
class TraceNormClassifierCV(ClassifierCV):
    """:class:`TraceNormClassifier` with `alpha` chosen by cross-validation of the log-loss.

    Its objective is that of :class:`TraceNormClassifier`.

    Parameters
    ----------
    {threshold_alphas}
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {intercept_search}
    {class_data_parameters}
    {newton_parameters}
    {class_fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    rank_ : int
        Rank of `coef_`.
    singular_values_ : ndarray
        Singular values of `coef_`, decreasing.
    {chosen_intercepts}
    {class_path_attributes}
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : With a given alpha.
    MultiTaskCV : Any classifier, any of its parameters.

    Examples
    --------
    >>> from skmtl import TraceNormClassifierCV, make_multitask_classification
    >>> data = make_multitask_classification(n_features=10, n_informative=3, random_state=0)
    >>> model = TraceNormClassifierCV(alphas=10, eps=1e-2).fit(data.X, data.y)
    >>> model.cv_error_path_.shape  # strengths of intercepts, alphas, folds
    (3, 10, 5)
    """

    _model = TraceNormClassifier
    _tried = ("intercept_alpha",)

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        ridge=0.0,
        intercept="shared",
        intercept_alpha=None,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.eps = eps
        self.ridge = ridge
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

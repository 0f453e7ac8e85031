"""Features shared by all tasks plus coefficients of each task's own: the dirty model."""

import numpy as np

from skmtl._data.checks import check_option
from skmtl._data.task_parameters import INSIDE
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import RegressorCV
from skmtl.linear_model._decomposition import DecomposedModel, ratios_between
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.penalties import L1, L21, L1Inf


class DirtyModel(DecomposedModel):
    """Whole features plus single coefficients, for any loss."""

    _ratio = "specific_ratio"
    _ranges = {"specific_ratio": INSIDE}  # noqa: RUF012
    _selects = True

    def _check_params(self):
        super()._check_params()
        check_option(self.shared_norm, "shared_norm", ("l21", "l1inf"))

    def _parts(self):
        return (L21 if self.shared_norm == "l21" else L1Inf)(1.0), L1(1.0)


@documented
class DirtyRegressor(DirtyModel, LinearMultiTaskRegressor):
    """Linear regressions with features for all tasks, and features for single tasks.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - specific_ratio) * ||P||_shared + specific_ratio * ||Q||_1]

    where ``||P||_shared`` is ``sum_j ||P_j||_2`` ("l21") or ``sum_j max_t |P_jt|`` ("l1inf").

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    specific_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1). With "l21", Q is zero above 1/2, and P at
        ``1 / (1 + sqrt(n_tasks))`` and below; with "l1inf" Q above 1/2, and P at
        ``1 / (1 + n_tasks)`` and below.
    shared_norm : {"l21", "l1inf"}, default="l21"
        Norm of P. "l1inf" is that of the paper and prefers coefficients of equal size.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    DirtyRegressorCV : Chooses the strengths by cross-validation.
    MultiTaskLasso : The model without Q.
    DirtyClassifier : Classification counterpart.

    References
    ----------
    Jalali, Ravikumar, Sanghavi, Ruan (2010), "A dirty model for multi-task learning", NIPS,
    equation 1.

    Examples
    --------
    >>> from skmtl import DirtyRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_outlier_tasks=1, random_state=0)
    >>> model = DirtyRegressor(alpha=0.5, specific_ratio=0.4).fit(data.X, data.y)
    >>> model.shared_part_.shape, model.specific_part_.shape
    ((5, 20), (5, 20))
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        specific_ratio=0.4,
        shared_norm="l21",
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
        self.specific_ratio = specific_ratio
        self.shared_norm = shared_norm
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
class DirtyRegressorCV(RegressorCV):
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
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    specific_ratio_ : float
        Chosen share.
    {decomposed_attributes}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    DirtyRegressor : With given strengths.

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
        self.specific_ratio = specific_ratio
        self.shared_norm = shared_norm
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

    def _candidates(self, name, datafit):
        n_tasks = datafit.shape[1]
        return ratios_between(np.sqrt(n_tasks) if self.shared_norm == "l21" else n_tasks)


@documented
class DirtyClassifier(DirtyModel, LinearMultiTaskClassifier):
    """Logistic regressions with features for all tasks, and features for single tasks.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - specific_ratio) * ||P||_shared + specific_ratio * ||Q||_1]

    where ``||P||_shared`` is ``sum_j ||P_j||_2`` ("l21") or ``sum_j max_t |P_jt|`` ("l1inf").

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    specific_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1). With "l21", Q is zero above 1/2, and P at
        ``1 / (1 + sqrt(n))`` and below, for W of n columns; with "l1inf" Q above 1/2, and P at
        ``1 / (1 + n)`` and below.
    shared_norm : {"l21", "l1inf"}, default="l21"
        Norm of P. "l1inf" is that of the paper and prefers coefficients of equal size.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : The model without Q.
    DirtyRegressor : Regression counterpart.

    References
    ----------
    Jalali, Ravikumar, Sanghavi, Ruan (2010), "A dirty model for multi-task learning", NIPS,
    equation 1.

    Examples
    --------
    >>> from skmtl import DirtyClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_outlier_tasks=1, random_state=0)
    >>> model = DirtyClassifier(alpha=0.1, specific_ratio=0.4).fit(data.X, data.y)
    >>> model.shared_part_.shape, model.specific_part_.shape
    ((5, 20), (5, 20))
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        specific_ratio=0.4,
        shared_norm="l21",
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.specific_ratio = specific_ratio
        self.shared_norm = shared_norm
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

"""Coefficients in two parts, W = P + Q: one that tasks share, one that is each task's own."""

from skmtl._checks import check_option
from skmtl._docs import documented
from skmtl.linear_model._structured import (
    INSIDE,
    StructuredModel,
    StructuredRegressor,
)
from skmtl.penalties import L1, L21, Decomposition, L1Inf, TaskNorm, TraceNorm


class DecomposedModel(StructuredModel):
    """Two parts, for any loss; `_ratio` names the share of the second penalty."""

    _ratio = None

    def _parts(self):
        """The two penalties, of unit strength."""
        raise NotImplementedError

    def _penalty(self, n_features, tasks):
        shared, specific = self._parts()
        ratio = getattr(self, self._ratio)
        return Decomposition(
            shared.scaled(self.alpha * (1 - ratio)), specific.scaled(self.alpha * ratio)
        )

    def _store_model(self, solution, unpack):
        self._store_parts(solution, unpack)


class OutlierModel(DecomposedModel):
    """Base of the models whose second part is for whole tasks."""

    _ratio = "outlier_ratio"
    _ranges = {"outlier_ratio": INSIDE}  # noqa: RUF012

    def _store_model(self, solution, unpack):
        super()._store_model(solution, unpack)
        parts = self.specific_part_.reshape(self.n_tasks_, -1)
        self.outlier_tasks_ = self.tasks_[parts.any(axis=1)]


class DirtyModel(DecomposedModel):
    """Whole features plus single coefficients, for any loss."""

    _ratio = "specific_ratio"
    _ranges = {"specific_ratio": INSIDE}  # noqa: RUF012
    _alone = "lasso"

    def _check_params(self):
        super()._check_params()
        check_option(self.shared_norm, "shared_norm", ("l21", "l1inf"))

    def _parts(self):
        return (L21 if self.shared_norm == "l21" else L1Inf)(1.0), L1(1.0)


@documented
class DirtyRegressor(DirtyModel, StructuredRegressor):
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
        Share of the penalty of Q, in (0, 1). With "l21", Q is zero above 1/2, and P from
        ``1 / (1 + sqrt(n_tasks))`` down; with "l1inf" above 1/2 and ``1 / (1 + n_tasks)`` down.
    shared_norm : {"l21", "l1inf"}, default="l21"
        Norm of P. "l1inf" is that of the paper and prefers coefficients of equal size.
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    DirtyRegressorCV : Chooses the strengths by cross-validation.
    MultiTaskLasso : Without Q.
    DirtyClassifier : For classes.

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
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


class RobustModel(OutlierModel):
    """The trace norm plus whole tasks, for any loss."""

    def _parts(self):
        return TraceNorm(1.0), TaskNorm(1.0)


@documented
class RobustRegressor(RobustModel, StructuredRegressor):
    """Linear regressions of low rank, but for tasks that are like no other.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - outlier_ratio) * ||P||_* + outlier_ratio * sum_t ||q_t||_2]

    with the trace norm ``||P||_*``.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    outlier_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1): above 1/2 Q is zero, P from
        ``1 / (1 + sqrt(n_tasks))`` down P is.
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    outlier_tasks_ : ndarray
        Labels of the tasks with a part of their own.
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    RobustRegressorCV : Chooses the strengths by cross-validation.
    TraceNormRegressor : Without outliers.
    RobustClassifier : For classes.

    References
    ----------
    Chen, Zhou, Ye (2011), "Integrating low-rank and group-sparse structures for robust multi-task
    learning", KDD, equation 3.

    Examples
    --------
    >>> from skmtl import RobustRegressor, make_multitask_regression
    >>> data = make_multitask_regression(
    ...     n_tasks=8, n_outlier_tasks=1, n_features=5, n_informative=3, noise=0.1, random_state=0
    ... )
    >>> model = RobustRegressor(alpha=1.0, outlier_ratio=0.4).fit(data.X, data.y)
    >>> model.outlier_tasks_.ndim
    1
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        outlier_ratio=0.4,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.outlier_ratio = outlier_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


class RobustFeatureModel(OutlierModel):
    """Whole features plus whole tasks, for any loss."""

    _alone = "lasso"

    def _parts(self):
        return L21(1.0), TaskNorm(1.0)


@documented
class RobustFeatureRegressor(RobustFeatureModel, StructuredRegressor):
    """Linear regressions that share their features, but for tasks that are like no other.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - outlier_ratio) * sum_j ||P_j||_2
                              + outlier_ratio * sum_t ||q_t||_2]

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    outlier_ratio : float, default=0.5
        Share of the penalty of Q, in (0, 1): Q is zero where
        ``outlier_ratio >= sqrt(n_features) * (1 - outlier_ratio)``.
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    outlier_tasks_ : ndarray
        Labels of the tasks with a part of their own.
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskLasso : Without outliers.
    RobustRegressor : Of low rank in place of common features.
    RobustFeatureClassifier : For classes.

    References
    ----------
    Gong, Ye, Zhang (2012), "Robust multi-task feature learning", KDD, equation 1.

    Examples
    --------
    >>> from skmtl import RobustFeatureRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_outlier_tasks=1, random_state=0)
    >>> model = RobustFeatureRegressor(alpha=1.0, outlier_ratio=0.5).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        outlier_ratio=0.5,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.outlier_ratio = outlier_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


class SparseLowRankModel(DecomposedModel):
    """The trace norm plus single coefficients, for any loss."""

    _ratio = "sparse_ratio"
    _ranges = {"sparse_ratio": INSIDE}  # noqa: RUF012

    def _parts(self):
        return TraceNorm(1.0), L1(1.0)


@documented
class SparseLowRankRegressor(SparseLowRankModel, StructuredRegressor):
    """Linear regressions of low rank plus single coefficients.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - sparse_ratio) * ||P||_* + sparse_ratio * ||Q||_1]

    with the trace norm ``||P||_*``.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    sparse_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1): above 1/2 Q is zero, P from
        ``1 / (1 + sqrt(n_features * n_tasks))`` down P is.
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    TraceNormRegressor : Without Q.
    SparseLowRankClassifier : For classes.

    References
    ----------
    Chen, Liu, Ye (2010), "Learning incoherent sparse and low-rank patterns from multiple tasks",
    KDD, equation 2, both terms as penalties.

    Examples
    --------
    >>> from skmtl import SparseLowRankRegressor, make_multitask_regression
    >>> data = make_multitask_regression(random_state=0)
    >>> model = SparseLowRankRegressor(alpha=0.5, sparse_ratio=0.3).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 20)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        sparse_ratio=0.4,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.sparse_ratio = sparse_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol

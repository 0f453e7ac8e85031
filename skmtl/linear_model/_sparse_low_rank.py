"""Low-rank coefficients plus sparse ones."""

from skmtl._data.task_parameters import INSIDE
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._decomposition import DecomposedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.penalties import L1, TraceNorm


class SparseLowRankModel(DecomposedModel):
    """The trace norm plus single coefficients, for any loss."""

    _ratio = "sparse_ratio"
    _ranges = {"sparse_ratio": INSIDE}  # noqa: RUF012

    def _parts(self):
        return TraceNorm(1.0), L1(1.0)


@documented
class SparseLowRankRegressor(SparseLowRankModel, LinearMultiTaskRegressor):
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
        Share of the penalty of Q, in (0, 1). Above 1/2, Q is zero; at
        ``1 / (1 + sqrt(n_features * n_tasks))`` and below, P is.
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {linear_attributes}

    See Also
    --------
    TraceNormRegressor : The model without Q.
    SparseLowRankClassifier : Classification counterpart.

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
        self.sparse_ratio = sparse_ratio
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
class SparseLowRankClassifier(SparseLowRankModel, LinearMultiTaskClassifier):
    """Logistic regressions of low rank plus single coefficients.

    The objective is, over ``P + Q = W``::

        loss(W, b) + alpha * [(1 - sparse_ratio) * ||P||_* + sparse_ratio * ||Q||_1]

    with the trace norm ``||P||_*``.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of both penalties, at least 0.
    sparse_ratio : float, default=0.4
        Share of the penalty of Q, in (0, 1). Above 1/2, Q is zero; at ``1 / (1 + sqrt(n))`` and
        below, for W of n entries, P is.
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {decomposed_attributes}
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : The model without Q.
    SparseLowRankRegressor : Regression counterpart.

    References
    ----------
    Chen, Liu, Ye (2010), "Learning incoherent sparse and low-rank patterns from multiple tasks",
    KDD, equation 2, both terms as penalties.

    Examples
    --------
    >>> from skmtl import SparseLowRankClassifier, make_multitask_classification
    >>> data = make_multitask_classification(random_state=0)
    >>> model = SparseLowRankClassifier(alpha=0.1, sparse_ratio=0.3).fit(data.X, data.y)
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
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.sparse_ratio = sparse_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

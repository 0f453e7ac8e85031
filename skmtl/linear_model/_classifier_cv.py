"""Cross-validated classifiers."""

from skmtl._docs import documented
from skmtl.linear_model._adapt import AdaptableModel
from skmtl.linear_model._cv import ClassifierPathCV
from skmtl.linear_model._low_rank import TraceNormClassifier
from skmtl.linear_model._sparse_classifiers import MultiTaskLassoClassifier
from skmtl.linear_model._structured_cv import StructuredSearch


class StructuredClassifierCV(StructuredSearch, ClassifierPathCV):
    """Base of the cross-validated classifiers."""


@documented
class MultiTaskLassoClassifierCV(StructuredClassifierCV):
    """:class:`MultiTaskLassoClassifier` with `alpha` chosen by cross-validation of the log-loss.

    Its objective is that of :class:`MultiTaskLassoClassifier`.

    Parameters
    ----------
    {threshold_alphas}
    {class_data_parameters}
    {row_parameters}
    {newton_parameters}
    {class_fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    {class_path_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : One given alpha.
    MultiTaskCV : Any classifier, any of its parameters.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoClassifierCV, make_multitask_classification
    >>> data = make_multitask_classification(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskLassoClassifierCV(alphas=10, eps=1e-2).fit(data.X, data.y)
    >>> model.log_loss_path_.shape
    (10, 5)
    """

    _model = MultiTaskLassoClassifier

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        feature_weight=None,
        positive=False,
        max_iter=100,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.eps = eps
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.feature_weight = feature_weight
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs


@documented
class TraceNormClassifierCV(AdaptableModel, StructuredClassifierCV):
    """:class:`TraceNormClassifier` with `alpha` chosen by cross-validation of the log-loss.

    Its objective is that of :class:`TraceNormClassifier`.

    Parameters
    ----------
    {threshold_alphas}
    ridge : float, default=0.0
        Strength of the ridge, at least 0.
    {class_data_parameters}
    {newton_parameters}
    {class_fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    rank_ : int
        Rank of `coef_`.
    singular_values_ : ndarray
        Of `coef_`, decreasing.
    {class_path_attributes}
    {class_attributes}

    See Also
    --------
    TraceNormClassifier : One given alpha.
    MultiTaskCV : Any classifier, any of its parameters.

    Examples
    --------
    >>> from skmtl import TraceNormClassifierCV, make_multitask_classification
    >>> data = make_multitask_classification(n_features=10, n_informative=3, random_state=0)
    >>> model = TraceNormClassifierCV(alphas=10, eps=1e-2).fit(data.X, data.y)
    >>> model.log_loss_path_.shape
    (10, 5)
    """

    _model = TraceNormClassifier

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        ridge=0.0,
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

"""Groups of features selected jointly for all tasks: the group lasso."""

from skmtl._data.checks import check_option
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import ClassifierCV, RegressorCV
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.penalties import L21, GroupNorm


class GroupLassoModel(PenalizedModel):
    """The Frobenius norms of groups of features, for any loss."""

    _selects = True

    def _check_params(self):
        super()._check_params()
        if isinstance(self.group_weight, str):
            check_option(self.group_weight, "group_weight", ("sqrt_size",))

    def _penalty(self, features, tasks):
        if self.groups is None:
            self._check_no_weight()
            return L21(self.alpha)
        by_size = isinstance(self.group_weight, str)
        weight = None if by_size else self.group_weight
        penalty = GroupNorm(self.alpha, self.groups, weight)
        penalty = penalty.for_features(features)
        return penalty.weighted_by_size() if by_size else penalty

    def _check_no_weight(self):
        if self.group_weight is None or isinstance(self.group_weight, str):
            return
        raise ValueError(
            f"group_weight={self.group_weight!r} needs groups: without them every feature is a "
            "group, and MultiTaskLasso has feature_weight."
        )


@documented
class MultiTaskGroupLasso(GroupLassoModel, LinearMultiTaskRegressor):
    """Linear regressions that select the same groups of features for all tasks.

    The objective is::

        loss(W, b) + alpha * sum_g u_g ||W_g||_F

    with the coefficients W_g of the features of group g in all tasks.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    {group_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    {linear_attributes}

    Raises
    ------
    ValueError
        In `fit`, if `groups` does not have a label for every feature, or `group_weight` a weight
        for every label.

    See Also
    --------
    MultiTaskGroupLassoCV : Chooses alpha by cross-validation.
    MultiTaskLasso : Selects single features.
    MultiTaskRegressor : Takes ``skmtl.penalties.FeatureGroups``: another penalty for each group.
    MultiTaskGroupLassoClassifier : Classification counterpart.

    References
    ----------
    Yuan, Lin (2006), "Model selection and estimation in regression with grouped variables", Journal
    of the Royal Statistical Society B 68, equation 2.1.

    Examples
    --------
    >>> from skmtl import MultiTaskGroupLasso, make_multitask_regression
    >>> data = make_multitask_regression(n_features=6, n_informative=2, random_state=0)
    >>> groups = ["soil", "soil", "climate", "climate", "climate", "site"]
    >>> model = MultiTaskGroupLasso(alpha=0.5, groups=groups).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 6)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        groups=None,
        group_weight="sqrt_size",
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
        self.groups = groups
        self.group_weight = group_weight
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
class MultiTaskGroupLassoCV(RegressorCV):
    """:class:`MultiTaskGroupLasso` with `alpha` chosen by cross-validation.

    Its objective is that of :class:`MultiTaskGroupLasso`.

    Parameters
    ----------
    {threshold_alphas}
    {group_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskGroupLasso : With a given alpha.

    Examples
    --------
    >>> from skmtl import MultiTaskGroupLassoCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=6, n_informative=2, random_state=0)
    >>> model = MultiTaskGroupLassoCV(alphas=10, groups=[0, 0, 1, 1, 1, 2]).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (10, 5)
    """

    _model = MultiTaskGroupLasso

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        groups=None,
        group_weight="sqrt_size",
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
        self.groups = groups
        self.group_weight = group_weight
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
class MultiTaskGroupLassoClassifier(GroupLassoModel, LinearMultiTaskClassifier):
    """Logistic regressions that select the same groups of features for all tasks.

    The objective is::

        loss(W, b) + alpha * sum_g u_g ||W_g||_F

    with the coefficients W_g of the features of group g in all tasks and classes.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    {group_parameters}
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    Raises
    ------
    ValueError
        In `fit`, if `groups` does not have a label for every feature, or `group_weight` a weight
        for every label.

    See Also
    --------
    MultiTaskGroupLassoClassifierCV : Chooses alpha by cross-validation.
    MultiTaskLassoClassifier : Selects single features.
    MultiTaskGroupLasso : Regression counterpart.

    References
    ----------
    Yuan, Lin (2006), "Model selection and estimation in regression with grouped variables", Journal
    of the Royal Statistical Society B 68, equation 2.1.

    Examples
    --------
    >>> from skmtl import MultiTaskGroupLassoClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_features=6, n_informative=2, random_state=0)
    >>> model = MultiTaskGroupLassoClassifier(0.02, groups=[0, 0, 1, 1, 1, 2])
    >>> model.fit(data.X, data.y).coef_.shape
    (5, 6)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        groups=None,
        group_weight="sqrt_size",
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.groups = groups
        self.group_weight = group_weight
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol


@documented
class MultiTaskGroupLassoClassifierCV(ClassifierCV):
    """:class:`MultiTaskGroupLassoClassifier` with `alpha` chosen by cross-validation.

    Its objective is that of :class:`MultiTaskGroupLassoClassifier`.

    Parameters
    ----------
    {threshold_alphas}
    {group_parameters}
    {class_data_parameters}
    {newton_parameters}
    {class_fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    {class_path_attributes}
    {class_attributes}

    See Also
    --------
    MultiTaskGroupLassoClassifier : With a given alpha.

    Examples
    --------
    >>> from skmtl import MultiTaskGroupLassoClassifierCV, make_multitask_classification
    >>> data = make_multitask_classification(n_features=6, n_informative=2, random_state=0)
    >>> search = MultiTaskGroupLassoClassifierCV(alphas=5, groups=[0, 0, 1, 1, 1, 2])
    >>> search.fit(data.X, data.y).cv_error_path_.shape
    (5, 5)
    """

    _model = MultiTaskGroupLassoClassifier

    def __init__(
        self,
        *,
        alphas=50,
        eps=1e-3,
        groups=None,
        group_weight="sqrt_size",
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
        self.groups = groups
        self.group_weight = group_weight
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

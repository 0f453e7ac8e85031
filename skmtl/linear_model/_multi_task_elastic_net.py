"""Features selected jointly for all tasks, with a ridge: the L2,1 norm's elastic net."""

import numpy as np
from sklearn.utils import check_array, check_random_state

from skmtl._data.checks import check_bool, check_option
from skmtl._data.task_parameters import RATIO, by_feature
from skmtl._docs import documented
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import RegressorCV
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.model_selection.path_search import PathSearch
from skmtl.penalties import L21, Ridge
from skmtl.solvers import (
    at_alpha,
    polish,
    solution_at,
    solution_path,
    solve_penalized,
    starting_at,
)


def group_penalty(feature_weight, positive, features):
    """:class:`L21` of unit strength from the parameters of an estimator, checked.

    `features` are the names of the features, or 0, 1, ... where they have none.
    """
    check_bool(positive, "positive")
    if feature_weight is None:
        return L21(1.0, None, positive)
    u = by_feature(feature_weight, "feature_weight", features)
    u = check_array(u, ensure_2d=False, input_name="feature_weight")
    if u.shape != (len(features),):
        raise ValueError(
            f"feature_weight has shape {u.shape}, expected ({len(features)},): one weight for each "
            "feature, the task column not counted."
        )
    if (u < 0).any():
        raise ValueError(f"feature_weight must be at least 0, got {u.min()}.")
    return L21(1.0, u, positive)


def solver_options(estimator):
    """Keyword arguments of the solver from an estimator's parameters."""
    random = estimator.selection == "random"
    return {
        "max_iter": estimator.max_iter,
        "tol": estimator.tol,
        "random_state": check_random_state(estimator.random_state) if random else None,
    }


class ElasticNetModel(PenalizedModel):
    """The L2,1 norm with a ridge, for any loss."""

    _ranges = {"l1_ratio": RATIO}  # noqa: RUF012
    _selects = True

    @property
    def _norm_share(self):
        return self.l1_ratio

    def _penalty(self, features, tasks):
        penalty = group_penalty(self.feature_weight, self.positive, features)
        return penalty.scaled(self.alpha * self.l1_ratio) + Ridge(self.alpha * (1 - self.l1_ratio))


@documented
class MultiTaskElasticNet(ElasticNetModel, LinearMultiTaskRegressor):
    """Linear regressions that share their features, with an extra ridge.

    The objective is::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * l1_ratio * sum_j u_j ||W_j||_2
        + alpha * (1 - l1_ratio) / 2 * ||W||_F^2

    {objective}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    l1_ratio : float, default=0.5
        Share of the L2,1 norm, between 0 (ridge only) and 1 (:class:`MultiTaskLasso`).
    {loss_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    warm_start : bool, default=False
        Start from the solution of the previous call of `fit`.
    {order_parameters}

    Attributes
    ----------
    {linear_attributes}

    See Also
    --------
    MultiTaskElasticNetCV : Chooses alpha and l1_ratio by cross-validation.
    MultiTaskLasso : The model without the ridge.
    MultiTaskElasticNetClassifier : Classification counterpart.

    References
    ----------
    Obozinski, Taskar, Jordan (2006), "Multi-task feature selection", equation 3, with the ridge of
    Zou, Hastie (2005), "Regularization and variable selection via the elastic net", equation 3.

    Examples
    --------
    >>> from skmtl import MultiTaskElasticNet
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskElasticNet(alpha=0.5).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 10)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        feature_weight=None,
        positive=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        selection="cyclic",
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.feature_weight = feature_weight
        self.positive = positive
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection

    def _check_params(self):
        super()._check_params()
        check_option(self.selection, "selection", ("cyclic", "random"))
        check_bool(self.warm_start, "warm_start")
        check_bool(self.copy_X, "copy_X")

    def _start(self, read):
        """W to start from, (n_features, n_tasks), or None."""
        shape = read.data.n_tasks, read.data.n_features
        previous = getattr(self, "coef_", None)
        if not self.warm_start or np.shape(previous) != shape:
            return None
        return previous.T / read.scale.scale

    def _solve(self, datafit, read):
        W0 = self._start(read)
        if not read.loss.is_quadratic:
            start = None if W0 is None else starting_at(W0)
            penalty = self._penalty_of(read)
            return solve_penalized(datafit, penalty, start, max_iter=self.max_iter, tol=self.tol)
        penalty = group_penalty(self.feature_weight, self.positive, read.data.features)
        options = solver_options(self)
        return solution_at(datafit, penalty, self.alpha, self.l1_ratio, W0, **options)


class ElasticNetSearch(RegressorCV):
    """What the cross-validated lasso and elastic net share: paths of the squared loss."""

    def _check_params(self):
        super()._check_params()
        check_option(self.selection, "selection", ("cyclic", "random"))
        check_bool(self.copy_X, "copy_X")

    def _paths(self, datafit, read):
        self._seed = check_random_state(self.random_state).randint(2**31 - 1)
        return super()._paths(datafit, read)

    def _path_solver(self, datafit, read, paths):
        return PathSearch._path_solver(self, datafit, read, paths)

    def _solutions(self, datafit, read, params, alphas, fold):
        if not read.loss.is_quadratic:
            return super()._solutions(datafit, read, params, alphas, fold)
        penalty = group_penalty(self.feature_weight, self.positive, read.data.features)
        options = solver_options(self)
        if self.selection == "random":  # each fold its own seed, so that threads share none
            seed = self._seed + (0 if fold is None else fold + 1)
            options["random_state"] = np.random.RandomState(seed)
        return solution_path(datafit, penalty, alphas, **params, **options)

    def _refit(self, worker, read, datafit, solution):
        if read.loss.is_quadratic:
            penalty = group_penalty(self.feature_weight, self.positive, read.data.features)
            l1_ratio = getattr(self, "l1_ratio_", 1.0)
            shrunk, scaled = at_alpha(datafit, penalty, self.alpha_, l1_ratio)
            solution = polish(shrunk, scaled, solution)
        return super()._refit(worker, read, datafit, solution)


@documented
class MultiTaskElasticNetCV(ElasticNetSearch):
    """:class:`MultiTaskElasticNet` with `alpha` and `l1_ratio` chosen by cross-validation.

    Objective at the chosen pair::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * l1_ratio * sum_j u_j ||W_j||_2
        + alpha * (1 - l1_ratio) / 2 * ||W||_F^2

    {objective}

    Parameters
    ----------
    l1_ratio : float or array-like of float, default=0.5
        Share or shares of the L2,1 norm to try, in [0, 1]; 0 needs `alphas` as an array.
    {cv_parameters}
    {loss_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    {order_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    l1_ratio_ : float
        Chosen share.
    {cv_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskElasticNet : With a given alpha and l1_ratio.
    MultiTaskLassoCV : The model without the ridge.

    Examples
    --------
    >>> from skmtl import MultiTaskElasticNetCV
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskElasticNetCV(l1_ratio=[0.5, 0.9], alphas=20).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (2, 20, 5)
    """

    _model = MultiTaskElasticNet
    _tried = ("l1_ratio",)

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        feature_weight=None,
        positive=False,
        copy_X=True,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
        random_state=None,
        selection="cyclic",
    ):
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.feature_weight = feature_weight
        self.positive = positive
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection


@documented
class MultiTaskElasticNetClassifier(ElasticNetModel, LinearMultiTaskClassifier):
    """Logistic regressions that share their features, with an extra ridge.

    The objective is::

        loss(W, b) + alpha * l1_ratio * sum_j u_j ||W_j||_2
        + alpha * (1 - l1_ratio) / 2 * ||W||_F^2

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    l1_ratio : float, default=0.5
        Share of the L2,1 norm, between 0 (ridge only) and 1 (:class:`MultiTaskLassoClassifier`).
    {class_data_parameters}
    {row_parameters}
    {newton_parameters}

    Attributes
    ----------
    {class_attributes}

    See Also
    --------
    MultiTaskLassoClassifier : The model without the ridge.
    MultiTaskElasticNet : Regression counterpart.

    References
    ----------
    Obozinski, Taskar, Jordan (2006), "Multi-task feature selection", equation 3, with the ridge of
    Zou, Hastie (2005), "Regularization and variable selection via the elastic net", equation 3.

    Examples
    --------
    >>> from skmtl import MultiTaskElasticNetClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskElasticNetClassifier(alpha=0.1).fit(data.X, data.y)
    >>> model.coef_.shape
    (5, 10)
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        feature_weight=None,
        positive=False,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.feature_weight = feature_weight
        self.positive = positive
        self.max_iter = max_iter
        self.tol = tol

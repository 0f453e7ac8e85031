"""Features selected jointly for all tasks, with a ridge: the L2,1 norm's elastic net."""

from numbers import Integral

import numpy as np
import sklearn
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, check_random_state
from sklearn.utils.fixes import parse_version

from skmtl._data.checks import check_alphas, check_bool, check_int, check_option, check_real
from skmtl._data.task_parameters import RATIO
from skmtl._docs import documented
from skmtl.linear_model._base import LinearMultiTaskRegressor
from skmtl.linear_model._structured import StructuredClassifier, StructuredModel
from skmtl.linear_model._structured_cv import PathCV
from skmtl.penalties import L21, Ridge
from skmtl.solvers import (
    alpha_grid,
    critical_alpha,
    solution_at,
    solution_path,
    solve_penalized,
    starting_at,
)


def group_penalty(feature_weight, positive, n_features):
    """:class:`L21` of unit strength from the parameters of an estimator, checked."""
    check_bool(positive, "positive")
    if feature_weight is None:
        return L21(1.0, None, positive)
    u = check_array(feature_weight, ensure_2d=False, dtype=np.float64, input_name="feature_weight")
    if u.shape != (n_features,):
        raise ValueError(
            f"feature_weight has shape {u.shape}, expected ({n_features},): one weight for each "
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


def single_task_limit(estimator, *, eps=1e-3, alphas=100, cv=None):
    """What one task alone is fitted with: scikit-learn's tuned lasso or elastic net.

    Takes over the grid, the number of folds and what scikit-learn has a parameter for; weights of
    features or tasks, the one-standard-error rule and splitters have no counterpart there.
    """
    if isinstance(alphas, Integral):
        # scikit-learn 1.6 called it n_alphas
        modern = parse_version(sklearn.__version__) >= parse_version("1.7")
        grid = {"alphas" if modern else "n_alphas": alphas}
    else:
        grid = {"alphas": np.asarray(alphas)}
    options = {
        "eps": eps,
        "cv": cv,
        "fit_intercept": estimator.fit_intercept,
        "positive": estimator.positive,
        "max_iter": max(10_000, estimator.max_iter),
        "tol": estimator.tol,
        **grid,
    }
    if "l1_ratio" in estimator.get_params():
        model = ElasticNetCV(l1_ratio=estimator.l1_ratio, **options)
    else:
        model = LassoCV(**options)
    if estimator.normalize_y:  # alphas live on that scale
        return TransformedTargetRegressor(model, transformer=StandardScaler())
    return model


class ElasticNetModel(StructuredModel):
    """The L2,1 norm with a ridge, for any loss."""

    _ranges = {"l1_ratio": RATIO}  # noqa: RUF012
    _alone = "lasso"

    def _penalty(self, n_features, tasks):
        penalty = group_penalty(self.feature_weight, self.positive, n_features)
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
    loss : {"squared_error", "huber", "poisson"}, default="squared_error"
        What is summed over samples: ``(y - z)^2 / 2``; the same up to residuals of `huber_delta`
        and linear beyond, for outliers; or half the Poisson deviance of counts y whose mean is
        ``exp(z)``, which `predict` then gives.
    huber_delta : float, default=1.35
        In the unit of y, of its standard deviation with `normalize_y`.
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
    MultiTaskLasso : Without the ridge.
    MultiTaskElasticNetClassifier : For classes.

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

    def _single_task_limit(self):
        return single_task_limit(self)

    def _solve(self, datafit, read):
        if read.problem is not None:
            W0, options = self._start(read), {"max_iter": self.max_iter, "tol": self.tol}
            start = None if W0 is None else starting_at(W0)
            return solve_penalized(datafit, self._penalty_of(read), start, **options)
        penalty = group_penalty(self.feature_weight, self.positive, datafit.shape[0])
        start, options = self._start(read), solver_options(self)
        return solution_at(datafit, penalty, self.alpha, self.l1_ratio, start, **options)


class RowPathCV(PathCV):
    """What both have in common: paths over alpha for each l1_ratio."""

    def _check_params(self):
        super()._check_params()
        check_real(self.eps, "eps", high=1.0, include="right")
        check_option(self.selection, "selection", ("cyclic", "random"))
        check_bool(self.copy_X, "copy_X")
        if isinstance(self.alphas, Integral):
            check_int(self.alphas, "alphas")

    def _single_task_limit(self):
        cv = self.cv if isinstance(self.cv, Integral) else None
        return single_task_limit(self, eps=self.eps, alphas=self.alphas, cv=cv)

    def _l1_ratios(self):
        ratios = np.atleast_1d(self.l1_ratio)
        if len(ratios) == 0:
            raise ValueError("l1_ratio is an empty list: give one ratio or several.")
        return [check_real(float(ratio), "l1_ratio", high=1.0) for ratio in ratios]

    def _paths(self, datafit, read):
        penalty = group_penalty(self.feature_weight, self.positive, datafit.shape[0])
        self._seed = check_random_state(self.random_state).randint(2**31 - 1)
        return [
            ({"l1_ratio": ratio}, self._alphas(datafit, penalty, ratio))
            for ratio in self._l1_ratios()
        ]

    def _alphas(self, datafit, penalty, l1_ratio):
        if isinstance(self.alphas, Integral):
            largest = critical_alpha(datafit, penalty, l1_ratio)
            return alpha_grid(largest, self.eps, int(self.alphas))
        return check_alphas(self.alphas)

    def _solutions(self, datafit, read, params, alphas, fold):
        penalty = group_penalty(self.feature_weight, self.positive, datafit.shape[0])
        options = solver_options(self)
        if self.selection == "random":  # each fold its own, so that threads share none
            seed = self._seed + (0 if fold is None else fold + 1)
            options["random_state"] = np.random.RandomState(seed)
        return solution_path(datafit, penalty, alphas, **params, **options)

    def _store_choice(self, alpha, params):
        self.alpha_ = alpha


@documented
class MultiTaskElasticNetCV(RowPathCV):
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
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    {order_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    l1_ratio_ : float
        Chosen share.
    {cv_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskElasticNet : One given alpha and l1_ratio.
    MultiTaskLassoCV : Without the ridge.

    Examples
    --------
    >>> from skmtl import MultiTaskElasticNetCV
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskElasticNetCV(l1_ratio=[0.5, 0.9], alphas=20).fit(data.X, data.y)
    >>> model.mse_path_.shape
    (2, 20, 5)
    """

    def __init__(
        self,
        *,
        l1_ratio=0.5,
        eps=1e-3,
        alphas=100,
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

    def _store_choice(self, alpha, params):
        self.alpha_, self.l1_ratio_ = alpha, params["l1_ratio"]


@documented
class MultiTaskElasticNetClassifier(ElasticNetModel, StructuredClassifier):
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
    MultiTaskLassoClassifier : Without the ridge.
    MultiTaskElasticNet : For numbers.

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

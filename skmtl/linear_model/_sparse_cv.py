"""The cross-validated estimators of the L2,1 norm."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from skmtl._checks import check_bool, check_int, check_option, check_real
from skmtl._docs import documented
from skmtl.linear_model._cv import PathCV
from skmtl.linear_model._path import check_alphas
from skmtl.linear_model._sparse import row_penalty, single_task_limit, solver_options
from skmtl.path import alpha_grid, critical_alpha, solution_path


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
        penalty = row_penalty(self.feature_weight, self.positive, datafit.shape[0])
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
        penalty = row_penalty(self.feature_weight, self.positive, datafit.shape[0])
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
class MultiTaskLassoCV(RowPathCV):
    """:class:`MultiTaskLasso` with `alpha` chosen by cross-validation.

    Objective at the chosen alpha::

        1/(2 nbar) sum_t omega_t sum_i s_ti (y_ti - x_ti . w_t - b_t)^2
        + alpha * sum_j u_j ||W_j||_2

    {objective}

    Parameters
    ----------
    {cv_parameters}
    {data_parameters}
    {row_parameters}
    {solver_parameters}
    {order_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen strength.
    {cv_attributes}
    {linear_attributes}

    See Also
    --------
    MultiTaskLasso : One given alpha.
    multi_task_path : The solutions along the whole path.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MultiTaskLassoCV(alphas=20, cv=3).fit(data.X, data.y)
    >>> model.mse_path_.shape, model.task_mse_path_.shape
    ((20, 3), (20, 3, 5))
    """

    l1_ratio = 1.0

    def __init__(
        self,
        *,
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

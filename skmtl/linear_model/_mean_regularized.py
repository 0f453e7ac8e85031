"""Tasks that all resemble their mean."""

import numpy as np

from skmtl._data.task_parameters import per_task
from skmtl._docs import documented
from skmtl.linear_model._adapt import AdaptableModel
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import RegressorCV
from skmtl.linear_model._new_task import pulled
from skmtl.linear_model._new_task_data import strength_of_new_task
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._task_intercepts import TaskIntercepts
from skmtl.penalties import TaskCoupling, mean_coupling, ridge_coupling


class MeanRegularizedModel(TaskIntercepts, AdaptableModel, PenalizedModel):
    """The pull towards a mean, for any loss."""

    _empties = False

    def _check_alpha(self):
        """Any number of strengths will do."""

    def _penalty(self, features, tasks):
        pull = per_task(self.alpha, "alpha", tasks)
        ridge = per_task(self.ridge, "ridge", tasks)
        coupling = mean_coupling(pull) + ridge_coupling(ridge, len(tasks))
        return TaskCoupling(1.0, coupling)

    def _task_shares(self):
        pull = per_task(self.alpha, "alpha", self.tasks_)
        return pull if pull.any() else None

    def _new_task_priors(self, W, task_id):
        # with the new task the sum of squares about the mean grows by own * total / (own + total)
        # ||w - wbar||^2, wbar the mean of the others
        others = per_task(self.alpha, "alpha", self.tasks_)
        total = others.sum()
        own = strength_of_new_task(self.alpha, "alpha", task_id)
        ridge = strength_of_new_task(self.ridge, "ridge", task_id)
        if total > 0:
            center = np.average(W, axis=1, weights=others)
            pull = own * total / (own + total)
        else:
            center = W.mean(axis=1)
            pull = 0.0
        return [pulled(center, pull, ridge)]


@documented
class MeanRegularizedRegressor(MeanRegularizedModel, LinearMultiTaskRegressor):
    """Linear regressions whose coefficients are pulled towards their mean.

    The objective is::

        loss(W, b) + 1/2 * sum_t alpha_t ||w_t - wbar||^2 + ridge/2 * ||W||_F^2

    with the mean wbar of the coefficients, weighted by alpha_t if it differs between tasks. From
    independent ridge regressions (alpha = 0) it goes to one model with an intercept for each task
    (alpha large).

    {loss}

    Parameters
    ----------
    alpha : float, array-like of shape (n_tasks,) or dict, default=1.0
        Strength of the pull, at least 0; one for each task in the order of `tasks_` or by task id.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0.
    {intercept_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    shared_coef_ : ndarray of shape (n_features,)
        wbar: the model of the population, and of tasks that were not seen.
    {linear_attributes}

    See Also
    --------
    MeanRegularizedRegressorCV : Chooses the strengths by cross-validation.
    TaskGraphRegressor : Pulls some tasks together more than others.
    MeanRegularizedClassifier : Classification counterpart.

    References
    ----------
    Evgeniou, Pontil (2004), "Regularized multi-task learning", KDD, equation 4 and lemma 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MeanRegularizedRegressor, make_multitask_regression
    >>> data = make_multitask_regression(n_tasks=3, random_state=0)
    >>> model = MeanRegularizedRegressor(alpha=1e6).fit(data.X, data.y)
    >>> bool(np.allclose(model.coef_, model.shared_coef_, atol=1e-3))
    True
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
class MeanRegularizedRegressorCV(RegressorCV):
    """:class:`MeanRegularizedRegressor` with `alpha` and `ridge` chosen by cross-validation.

    Its objective is that of :class:`MeanRegularizedRegressor`.

    Parameters
    ----------
    {curvature_alphas}
    ridge : float or array-like of float, default=None
        Strengths of the ridge to try, at least 0; None is 0, 1e-3, 1e-2, 1e-1 and 1 times the mean
        curvature of the loss.
    {intercept_search}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    ridge_ : float
        Chosen ridge.
    {chosen_intercepts}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    MeanRegularizedRegressor : With given strengths.

    Examples
    --------
    >>> from skmtl import MeanRegularizedRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = MeanRegularizedRegressorCV(alphas=4).fit(data.X, data.y)
    >>> model.mse_path_.shape  # 5 ridges and 3 strengths of intercepts, alphas, folds
    (15, 4, 5)
    """

    _model = MeanRegularizedRegressor
    _tried = ("ridge", "intercept_alpha")

    def __init__(
        self,
        *,
        alphas=15,
        ridge=None,
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
class MeanRegularizedClassifier(MeanRegularizedModel, LinearMultiTaskClassifier):
    """Logistic regressions whose coefficients are pulled towards their mean.

    The objective is::

        loss(W, b) + 1/2 * sum_t alpha_t ||w_t - wbar||^2 + ridge/2 * ||W||_F^2

    with the mean wbar of the coefficients, weighted by alpha_t if it differs between tasks. From
    independent regressions with a ridge (alpha = 0) it goes to one model with an intercept for each
    task (alpha large).

    {class_loss}

    Parameters
    ----------
    alpha : float, array-like of shape (n_tasks,) or dict, default=1.0
        Strength of the pull, at least 0; one for each task in the order of `tasks_` or by task id.
    ridge : float, array-like of shape (n_tasks,) or dict, default=0.0
        Strength of the ridge, at least 0.
    {intercept_parameters}
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    shared_coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        wbar: the model of the population, and of tasks that were not seen.
    {class_attributes}

    See Also
    --------
    TaskGraphClassifier : Pulls some tasks together more than others.
    MeanRegularizedRegressor : Regression counterpart.

    References
    ----------
    Evgeniou, Pontil (2004), "Regularized multi-task learning", KDD, equation 4 and lemma 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MeanRegularizedClassifier, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=3, random_state=0)
    >>> model = MeanRegularizedClassifier(alpha=1e6).fit(data.X, data.y)
    >>> bool(np.allclose(model.coef_, model.shared_coef_, atol=1e-3))
    True
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

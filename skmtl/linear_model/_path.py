"""Regularization paths on the user's data."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from skmtl._data.checks import check_alphas, check_int, check_real
from skmtl._threads import one_blas_thread
from skmtl.base import namesake, warn_unconverged
from skmtl.linear_model._alpha_max import critical_strength, strengths
from skmtl.linear_model._multi_task_elastic_net import MultiTaskElasticNet, group_penalty
from skmtl.linear_model._penalized_model import model_path
from skmtl.solvers import solution_path
from skmtl.statistics import TaskStatistics


class MultiTaskPath(NamedTuple):
    """Solutions of :func:`multi_task_path`, alphas decreasing."""

    alphas: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray
    dual_gaps: np.ndarray
    n_iters: np.ndarray


def _model(estimator, **params):
    """The estimator whose path is asked for.

    Beside an estimator all `params` must have their default.
    """
    if estimator is None:
        return MultiTaskElasticNet(**params)
    if not hasattr(estimator, "_penalty") or "alpha" not in estimator.get_params():
        raise TypeError(
            "estimator must be a linear estimator of skmtl that has alpha, such as "
            f"TraceNormRegressor(), got {estimator!r}{namesake(estimator)}."
        )
    default = {"l1_ratio": 1.0, "fit_intercept": True, "positive": False}
    for name, value in params.items():
        if not np.array_equal(value, default.get(name)):
            raise ValueError(
                f"{name}={value!r} was given beside an estimator: set it there, as in "
                f"{type(estimator).__name__}(...)."
            )
    return clone(estimator)


def _task_column(X, estimator, task_column):
    """The task column of a model without an estimator: of statistics, where their rows had it."""
    if task_column is None and estimator is None and isinstance(X, TaskStatistics):
        return X._columns.task_column
    return task_column


def _read(model, X, y, sample_weight, tasks):
    """What a model reads of samples, or of statistics in their place."""
    if not isinstance(X, TaskStatistics):
        return model._read(X, y, sample_weight, tasks)
    for name, value in {"y": y, "sample_weight": sample_weight, "tasks": tasks}.items():
        if value is not None:
            raise ValueError(f"{name} was given beside statistics, which know it already.")
    if not model._takes_statistics():
        raise ValueError(f"Statistics are for squared losses, not for loss={model.loss!r}.")
    return model._read_statistics(X)


@one_blas_thread
def alpha_max(
    X,
    y=None,
    *,
    estimator=None,
    l1_ratio=1.0,
    fit_intercept=True,
    feature_weight=None,
    positive=False,
    sample_weight=None,
    tasks=None,
    task_column=None,
    task_weight=None,
):
    """The smallest alpha at which all coefficients of a model are zero.

    With ``G`` minus the gradient of the loss at W = 0, intercepts and unpenalized features at
    their optimum, it is the dual norm of G: ``max_j ||G_j||_2 / (u_j * l1_ratio)`` for
    :class:`MultiTaskElasticNet`, the largest singular value for :class:`TraceNormRegressor`.

    Parameters
    ----------
    X, y, sample_weight, tasks, task_column, task_weight
        As in :class:`MultiTaskLasso`; or X is a :class:`TaskStatistics`, without y, weights and
        tasks. Without an estimator the task column then is the one of the statistics.
    estimator : estimator, default=None
        A linear estimator of skmtl, whose parameters then apply; None is
        :class:`MultiTaskElasticNet` with the parameters below.
    l1_ratio : float, default=1.0
        Share of the L2,1 norm, in (0, 1].
    fit_intercept : bool, default=True
        Fit one unpenalized intercept for each task.
    feature_weight : dict, Series or array-like of shape (n_features,), default=None
        Weights of the features in the L2,1 norm; None is 1 for all.
    positive : bool, default=False
        Constrain the coefficients to be non-negative.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the input is invalid, no alpha empties the model (``l1_ratio=0``, for one), or a
        parameter is given beside an estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import alpha_max
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> round(alpha_max(X, np.column_stack([3 * X, 4 * X])), 6)
    3.333333
    """
    model = _model(
        estimator,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        feature_weight=feature_weight,
        positive=positive,
        task_column=_task_column(X, estimator, task_column),
        task_weight=task_weight,
    )
    read = _read(model, X, y, sample_weight, tasks)
    datafit = model._datafit(read, path=True)
    return critical_strength(model, datafit, read)


@one_blas_thread
def multi_task_path(
    X,
    y=None,
    *,
    estimator=None,
    l1_ratio=1.0,
    alphas=None,
    eps=1e-3,
    n_alphas=100,
    fit_intercept=True,
    feature_weight=None,
    positive=False,
    sample_weight=None,
    tasks=None,
    task_column=None,
    task_weight=None,
    tol=1e-4,
    max_iter=1000,
):
    """Solutions of a model along decreasing alphas, each warm-started.

    Parameters
    ----------
    X, y, sample_weight, tasks, task_column, task_weight
        As in :class:`MultiTaskLasso`; or X is a :class:`TaskStatistics`, without y, weights and
        tasks. Without an estimator the task column then is the one of the statistics.
    estimator : estimator, default=None
        A linear estimator of skmtl, whose parameters then apply, but for the grid and the stopping
        rule; None is :class:`MultiTaskElasticNet` with the parameters below.
    l1_ratio : float, default=1.0
        Share of the L2,1 norm, in [0, 1]; 1 is the multi-task lasso. 0 needs `alphas`.
    alphas : array-like of shape (n_alphas,), default=None
        Strengths; None takes `n_alphas` values from :func:`alpha_max` down to `eps` times it, or
        around the curvature of the loss for models that no alpha empties.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, in (0, 1].
    n_alphas : int, default=100
        Number of alphas of the grid, if `alphas` is None.
    fit_intercept : bool, default=True
        Fit one unpenalized intercept for each task.
    feature_weight : dict, Series or array-like of shape (n_features,), default=None
        Weights of the features in the L2,1 norm; None is 1 for all.
    positive : bool, default=False
        Constrain the coefficients to be non-negative.
    tol : float, default=1e-4
        Duality gap relative to the objective of the null model.
    max_iter : int, default=1000
        Largest number of passes at each alpha.

    Returns
    -------
    MultiTaskPath
        A named tuple (alphas, coefs, intercepts, dual_gaps, n_iters): alphas decreasing, coefs of
        shape (n_tasks, n_features, n_alphas), intercepts (n_tasks, n_alphas), and for every alpha
        the certified duality gap (on the scale of the objective) and the passes taken.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` did not suffice at some alpha.

    Examples
    --------
    >>> from skmtl import multi_task_path
    >>> from skmtl.datasets import make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, random_state=0)
    >>> path = multi_task_path(data.X, data.y, n_alphas=20)
    >>> path.coefs.shape
    (5, 10, 20)
    """
    options = {"tol": check_real(tol, "tol"), "max_iter": check_int(max_iter, "max_iter")}
    check_real(eps, "eps", high=1.0, include="right")
    check_int(n_alphas, "n_alphas")
    model = _model(
        estimator,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        feature_weight=feature_weight,
        positive=positive,
        task_column=_task_column(X, estimator, task_column),
        task_weight=task_weight,
    )
    model.set_params(**options)
    read = _read(model, X, y, sample_weight, tasks)
    datafit = model._datafit(read, path=True)
    if alphas is None:
        alphas = strengths(model, datafit, read, n_alphas, eps)
    alphas = check_alphas(alphas, "a list of numbers; n_alphas is the number of them")
    if estimator is None:
        penalty = group_penalty(feature_weight, positive, read.data.features)
        solutions = list(solution_path(datafit, penalty, alphas, l1_ratio, **options))
    else:
        solutions = list(model_path(model, datafit, read, alphas))
    worst = max(solutions, key=lambda solution: solution.optimality)
    if not worst.converged:
        warn_unconverged(worst, **options, where=" at an alpha of the path")
    return _as_path(alphas, solutions, datafit, read)


def _as_path(alphas, solutions, datafit, read):
    """The solutions as a :class:`MultiTaskPath`, on the scale of the data."""
    coefs = []
    intercepts = []
    for solution in solutions:
        coef, intercept = read.restore(solution.W, datafit.intercepts(solution.W))
        coefs.append(coef)
        intercepts.append(intercept)
    return MultiTaskPath(
        alphas,
        np.stack(coefs, axis=-1),
        np.stack(intercepts, axis=-1),
        np.array([solution.gap for solution in solutions]),
        np.array([solution.n_iter for solution in solutions]),
    )

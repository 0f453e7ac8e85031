"""Regularization paths on the user's data."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from skmtl._data.checks import check_alphas, check_int, check_real
from skmtl._data.reading import read_training_data
from skmtl.base import warn_unconverged
from skmtl.datafits import squared_datafit
from skmtl.linear_model._alpha_max import critical_strength, strengths
from skmtl.linear_model._multi_task_elastic_net import MultiTaskElasticNet, group_penalty
from skmtl.linear_model._structured import model_path
from skmtl.solvers import alpha_grid, critical_alpha, solution_path


class MultiTaskPath(NamedTuple):
    """Solutions of :func:`multi_task_path`, alphas decreasing."""

    alphas: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray
    dual_gaps: np.ndarray
    n_iters: np.ndarray


def _problem(
    X,
    y,
    l1_ratio,
    fit_intercept,
    feature_weight,
    positive,
    sample_weight,
    tasks,
    task_column,
    task_weight,
):
    """Datafit and unit penalty of the user's data."""
    reader = MultiTaskElasticNet(
        l1_ratio=l1_ratio, task_column=task_column, fit_intercept=fit_intercept
    )
    reader._check_params()
    data = read_training_data(reader, X, y, sample_weight, tasks)
    scale = data.weight_scale(task_weight, data.design.task_sum(data.weight))
    options = {"scale": scale, "fit_intercept": fit_intercept}
    datafit = squared_datafit(data.design, data.y, data.weight, **options)
    return datafit, group_penalty(feature_weight, positive, data.design.n_features)


def _model(estimator, **given):
    """The estimator whose path is asked for; None if it is that of MultiTaskElasticNet.

    What it is given otherwise must then be the default.
    """
    if estimator is None:
        return None
    if not hasattr(estimator, "_penalty") or "alpha" not in estimator.get_params():
        raise TypeError(
            f"estimator must be a linear estimator of skmtl that has alpha, such as "
            f"TraceNormRegressor(), got {estimator!r}."
        )
    default = {"l1_ratio": 1.0, "fit_intercept": True, "positive": False}
    for name, value in given.items():
        if value is not default.get(name) and value != default.get(name):
            raise ValueError(
                f"{name}={value!r} was given beside an estimator: set it there, as in "
                f"{type(estimator).__name__}(...)."
            )
    return clone(estimator)


def _model_problem(model, X, y, sample_weight, tasks):
    """What an estimator reads, and its datafit."""
    read = model._read(X, y, sample_weight, tasks)
    return read, model._datafit(read, path=True)


def alpha_max(
    X,
    y,
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
        As in :class:`MultiTaskLasso`.
    estimator : estimator, default=None
        A linear estimator of skmtl, which then says everything else but `sample_weight` and
        `tasks`; None is :class:`MultiTaskElasticNet` with the parameters below.
    l1_ratio : float, default=1.0
        In (0, 1].
    fit_intercept : bool, default=True
    feature_weight : array-like of shape (n_features,), default=None
    positive : bool, default=False

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For bad data, for ``l1_ratio=0`` and other models that no alpha empties, and for a
        parameter given beside an estimator.

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
        task_column=task_column,
        task_weight=task_weight,
    )
    if model is not None:
        read, datafit = _model_problem(model, X, y, sample_weight, tasks)
        return critical_strength(model, datafit, read)
    datafit, penalty = _problem(
        X,
        y,
        l1_ratio,
        fit_intercept,
        feature_weight,
        positive,
        sample_weight,
        tasks,
        task_column,
        task_weight,
    )
    return critical_alpha(datafit, penalty, l1_ratio)


def multi_task_path(
    X,
    y,
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
        As in :class:`MultiTaskLasso`.
    estimator : estimator, default=None
        A linear estimator of skmtl, which then says everything else but the grid, the stopping
        rule, `sample_weight` and `tasks`; None is :class:`MultiTaskElasticNet` with the parameters
        below.
    l1_ratio : float, default=1.0
        In [0, 1]; 1 is the multi-task lasso. 0 needs `alphas`.
    alphas : array-like of shape (n_alphas,), default=None
        Strengths; None takes `n_alphas` values from :func:`alpha_max` down to `eps` times it, or
        around the curvature of the loss for models that no alpha empties.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, in (0, 1].
    n_alphas : int, default=100
    fit_intercept : bool, default=True
    feature_weight : array-like of shape (n_features,), default=None
    positive : bool, default=False
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
        Where `max_iter` did not suffice.

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
        task_column=task_column,
        task_weight=task_weight,
    )
    if model is not None:
        model.set_params(**options)
        read, datafit = _model_problem(model, X, y, sample_weight, tasks)
        if alphas is None:
            alphas = strengths(model, datafit, read, n_alphas, eps)
        alphas = check_alphas(alphas)
        solutions = list(model_path(model, datafit, read, alphas))
        return _as_path(alphas, solutions, datafit, read, options)
    datafit, penalty = _problem(
        X,
        y,
        l1_ratio,
        fit_intercept,
        feature_weight,
        positive,
        sample_weight,
        tasks,
        task_column,
        task_weight,
    )
    if alphas is None:
        alphas = alpha_grid(critical_alpha(datafit, penalty, l1_ratio), eps, n_alphas)
    else:
        alphas = check_alphas(alphas)
    solutions = list(solution_path(datafit, penalty, alphas, l1_ratio, **options))
    return _as_path(alphas, solutions, datafit, None, options)


def _as_path(alphas, solutions, datafit, read, options):
    worst = max(solutions, key=lambda solution: solution.optimality)
    if not worst.converged:
        warn_unconverged(worst, **options, where=" at an alpha of the path", stacklevel=4)
    models = [(solution.W, datafit.intercepts(solution.W)) for solution in solutions]
    models = [(W.T, b) if read is None else read.restore(W, b) for W, b in models]
    return MultiTaskPath(
        alphas,
        np.stack([coef for coef, _ in models], axis=-1),
        np.stack([intercept for _, intercept in models], axis=-1),
        np.array([solution.gap for solution in solutions]),
        np.array([solution.n_iter for solution in solutions]),
    )

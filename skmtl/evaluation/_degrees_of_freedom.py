"""Effective degrees of freedom of fitted regressors: the trace of d yhat / d y."""

import warnings

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    Ridge,
    RidgeCV,
)
from sklearn.utils import _safe_indexing, check_array

from skmtl._data.fitted_final import fitted_final, seen_by_final
from skmtl._data.reading import read_samples_by_task
from skmtl._data.spellings import target_array
from skmtl._data.target_names import in_form_of
from skmtl.evaluation._estimators import normalizes_targets
from skmtl.evaluation._gains.statistics import spread, spreads
from skmtl.evaluation._standardized_tasks import StandardizedTasks, levels_and_units
from skmtl.meta import IndependentTasks, PooledTasks, RandomInterceptTasks
from skmtl.meta.chosen_strengths import with_chosen_strengths
from skmtl.meta.pipelines import read_task_ids

_STEP = 1e-2  # of the targets, relative to their standard deviation
_MAX_DENSE_ENTRIES = 2**24  # of a matrix whose singular values are computed

_LASSO = (Lasso, LassoCV)
_L1 = (*_LASSO, ElasticNet, ElasticNetCV)
_QUADRATIC = (LinearRegression, Ridge, RidgeCV, *_L1)


def degrees_of_freedom(model, X, y, tasks, n_probes, rng):
    """Trace of d yhat / d y of a fitted multi-task regressor."""
    if isinstance(model, IndependentTasks):
        return _of_independent_tasks(model, X, y, tasks, n_probes, rng)
    if isinstance(model, PooledTasks):
        return _of_pooled_tasks(model, X, y, tasks, n_probes, rng)
    return _of_joint_model(model, X, y, tasks, n_probes, rng)


def _of_independent_tasks(model, X, y, tasks, n_probes, rng):
    """Sum over the single-task models."""
    data = read_samples_by_task(clone(model), X, y, None, tasks)
    seen = model._inputs(data.features)
    dof = 0.0
    for estimator, part in zip(model.estimators_, data.parts, strict=True):
        samples, targets, _ = part
        features = _safe_indexing(seen, samples)
        dof += _of_single_model(estimator, features, targets, n_probes, rng)
    return dof


def _of_pooled_tasks(model, X, y, tasks, n_probes, rng):
    """Degrees of freedom of the model of all samples."""
    data = read_samples_by_task(clone(model), X, y, None, tasks)
    samples, targets, _ = zip(*data.parts, strict=True)
    targets = np.concatenate(targets)
    task_codes = np.repeat(np.arange(data.n_tasks), data.n_samples_per_task)
    features = _safe_indexing(data.features, np.concatenate(samples))
    inputs = model.pooled_inputs(features, task_codes)
    if isinstance(model, StandardizedTasks):
        return _of_standardized_tasks(model, inputs, targets, task_codes, n_probes, rng)
    if isinstance(model, RandomInterceptTasks):
        trace = model.hat_trace(features, task_codes)
        if trace is not None:
            return trace
    return _of_single_model(model.estimator_, inputs, targets, n_probes, rng)


def _of_standardized_tasks(model, X, y, task_codes, n_probes, rng):
    """Estimate for a model of standardized targets, whose levels and units are fitted as well."""
    X = seen_by_final(model.estimator_, X)
    estimator = with_chosen_strengths(fitted_final(model.estimator_), tight=True)
    y = y.astype(float)

    def fitted_values(targets):
        levels, units = levels_and_units(targets, task_codes, model.n_tasks_)
        level = levels[task_codes]
        unit = units[task_codes]
        standardized = (targets - level) / unit
        return level + unit * estimator.fit(X, standardized).predict(X)

    step = _STEP * spreads(y, task_codes, model.n_tasks_)[task_codes]
    return _divergence(fitted_values, y, step, n_probes, rng)


def _of_joint_model(model, X, y, tasks, n_probes, rng):
    """Estimate for a multi-task model, from fits to shifted targets."""
    fit_kwargs = {} if tasks is None else {"tasks": tasks}
    _, _, task_codes = read_task_ids(X, y, model.task_column, tasks)
    known = task_codes >= 0
    Y = target_array(y, labels=False).astype(float)
    Y = Y.reshape(task_codes.shape)
    estimator = with_chosen_strengths(model, tight=True)

    def fitted_values(targets):
        shifted = Y.copy()
        shifted[known] = targets
        shifted = in_form_of(y, shifted)
        estimator.fit(X, shifted, **fit_kwargs)
        predictions = estimator.predict(X, **fit_kwargs)
        return predictions[known]

    step = _STEP * _target_scale(model, Y, task_codes)
    return _divergence(fitted_values, Y[known], step, n_probes, rng)


def _target_scale(model, Y, task_codes):
    """Standard deviation of all known targets, or of each one's task if the model divides by it."""
    known = task_codes >= 0
    if not normalizes_targets(model):
        return spread(Y[known])
    codes = task_codes[known]
    return spreads(Y[known], codes, codes.max() + 1)[codes]


def _of_single_model(model, X, y, n_probes, rng):
    """Exact for least squares, ridge, lasso and elastic net; an estimate for other models."""
    X = seen_by_final(model, X)
    model = fitted_final(model)
    if isinstance(model, DummyRegressor):
        return 1.0
    n_entries = np.prod(X.shape)
    if isinstance(model, _QUADRATIC) and n_entries <= _MAX_DENSE_ENTRIES:
        X = check_array(X, accept_sparse=True)
        return _hat_trace(model, X)
    y = y.astype(float)
    estimator = with_chosen_strengths(model, tight=True)

    def fitted_values(targets):
        return estimator.fit(X, targets).predict(X)

    step = _STEP * spread(y)
    return _divergence(fitted_values, y, step, n_probes, rng)


def _hat_trace(model, X):
    """Trace of the hat matrix of the coefficients that are not held at zero."""
    ridge = _ridge_strength(model, X.shape[0])
    is_positive = model.get_params().get("positive", False)
    if isinstance(model, _L1) or is_positive:
        nonzero = np.flatnonzero(model.coef_)
        X = X[:, nonzero]
    if sparse.issparse(X):
        X = X.toarray()
    if X.shape[1] == 0:
        return float(model.fit_intercept)
    if model.fit_intercept:
        X = X - X.mean(axis=0)
    singular_values = np.linalg.svd(X, compute_uv=False)
    squares = singular_values**2
    rounding = max(X.shape) * np.finfo(float).eps
    squares = squares[squares > rounding**2 * squares[0]]
    shrinkage = squares / (squares + ridge)
    return model.fit_intercept + shrinkage.sum()


def _ridge_strength(model, n_samples):
    """Factor of the squared coefficients relative to half the sum of squared errors."""
    if isinstance(model, (LinearRegression, *_LASSO)):
        return 0.0
    alpha = _chosen(model, "alpha")
    if not isinstance(model, _L1):
        return alpha
    l1_ratio = _chosen(model, "l1_ratio")
    return alpha * n_samples * (1 - l1_ratio)


def _chosen(model, name):
    """The value of a parameter: chosen by cross-validation if the model does that, else given."""
    if hasattr(model, f"{name}_"):
        return getattr(model, f"{name}_")
    return getattr(model, name)


def _divergence(fitted_values, y, step, n_probes, rng):
    """Mean over random signs e of ``e' (change of yhat) / step``, for steps ``step * e`` of y.

    All targets are first raised by one step, so that counts stay at least 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first fit of the model has already warned
        before = fitted_values(y + step)
        total = 0.0
        for _ in range(n_probes):
            signs = rng.choice([-1.0, 1.0], len(y))
            after = fitted_values(y + step * (1 + signs))
            derivative = (after - before) / step
            total += signs @ derivative
    return total / n_probes

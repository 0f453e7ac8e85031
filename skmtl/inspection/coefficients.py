"""Coefficients of each task, of any fitted model."""

from functools import singledispatch

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.preprocessing import StandardScaler

from skmtl._data.fitted_final import fitted_final
from skmtl.meta import IndependentTasks, PooledTasks, RandomInterceptTasks


@singledispatch
def task_coefficients(model):
    """Coefficients of each task of a fitted model, without steps around it.

    Returns
    -------
    list of ndarray of shape (n_features,) or (n_classes, n_features), or None
        One array for each task; None for a model that has no coefficients for each task.
    """
    coef = getattr(model, "coef_", None)
    if coef is None or not hasattr(model, "tasks_"):
        return None
    is_by_class = isinstance(coef, np.ndarray) and coef.ndim == 3
    if is_by_class and isinstance(model.classes_, list):
        return _without_padding(coef, model.classes_)
    return list(coef)


def _without_padding(coef, classes):
    """The coefficients of the classes that each task has."""
    coefs = []
    for task_coef, task_classes in zip(coef, classes, strict=True):
        n_classes = len(task_classes)
        coefs.append(task_coef[:n_classes])
    return coefs


@task_coefficients.register
def _of_independent_tasks(model: IndependentTasks):
    coefs = [_of_single_model(one) for one in model.estimators_]
    return _of_given_features(model, _with_constant_models(coefs))


@task_coefficients.register
def _of_pooled_tasks(model: PooledTasks):
    coef = _of_single_model(model.estimator_)
    return _of_given_features(model, _with_constant_models([coef] * model.n_tasks_))


@task_coefficients.register
def _of_random_intercepts(model: RandomInterceptTasks):
    coef = _of_single_model(model.estimator_)
    if coef is not None and coef.size:
        n_indicators = model.n_tasks_
        coef = coef[..., :-n_indicators]
    return _with_constant_models([coef] * model.n_tasks_)


def _of_given_features(model, coefs):
    """The coefficients in the units of the features that were given, which the model may scale."""
    scale = getattr(model, "feature_scale_", None)
    if scale is None or coefs is None:
        return coefs
    return [coef / scale for coef in coefs]


def _of_single_model(estimator):
    """Coefficients of a single-task model: None if it has none, empty if it is a constant."""
    estimator = fitted_final(estimator)
    if isinstance(estimator, TransformedTargetRegressor):
        return _of_scaled_targets(estimator)
    if isinstance(estimator, DummyRegressor | DummyClassifier):
        return np.empty(0)
    coef = getattr(estimator, "coef_", None)
    if coef is None:
        return None
    coef = np.asarray(coef)
    has_several_classes = coef.ndim == 2 and len(coef) > 1
    if has_several_classes:
        return coef
    return np.ravel(coef)


def _of_scaled_targets(estimator):
    """Coefficients in the unit of the targets; None if their transformation is not linear."""
    transformer = getattr(estimator, "transformer_", None)
    coef = _of_single_model(estimator.regressor_)
    if coef is None or not isinstance(transformer, StandardScaler):
        return None
    if transformer.scale_ is None:
        return coef
    scale = transformer.scale_[0]
    return coef * scale


def _with_constant_models(coefs):
    """The coefficients with zeros for constant models; None if those of a task are missing."""
    if any(coef is None for coef in coefs):
        return None
    widest = max(coefs, key=np.size)
    return [coef if coef.size else np.zeros_like(widest) for coef in coefs]

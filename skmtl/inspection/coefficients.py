"""Coefficients of each task, of any fitted model."""

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from skmtl.meta import IndependentTasks, PooledTasks, RandomInterceptTasks
from skmtl.meta.pipelines import fitted_final


def task_coefficients(final):
    """Coefficients of each task: a list of (n_features,) or (n_classes, n_features).

    None where the model has none, or sums of models have no common ones.
    """
    if isinstance(final, IndependentTasks):
        return _filled([_of_one(one) for one in final.estimators_])
    if isinstance(final, PooledTasks):
        one, n_features = _of_one(final.estimator_), None
        if isinstance(final, RandomInterceptTasks):  # slopes, without those of the indicators
            n_features = final.n_features_in_ - (final.task_column is not None)
        return _filled([None if one is None else one[..., :n_features]] * final.n_tasks_)
    coef = getattr(final, "coef_", None)
    if coef is None or not hasattr(final, "tasks_"):
        return None
    if getattr(coef, "ndim", 0) == 3 and isinstance(final.classes_, list):  # padded with zeros
        return [own[: len(known)] for own, known in zip(coef, final.classes_, strict=True)]
    return list(coef)


def _of_one(estimator):
    """Coefficients of a single-task estimator, empty where it predicts a constant."""
    estimator = fitted_final(estimator)
    if isinstance(estimator, DummyRegressor | DummyClassifier):
        return np.empty(0)
    coef = getattr(estimator, "coef_", None)
    if coef is None:
        return None
    coef = np.asarray(coef)
    return coef if coef.ndim == 2 and len(coef) > 1 else np.ravel(coef)


def _filled(coefs):
    """The list with zeros for tasks whose model is a constant; None where one is missing."""
    if any(coef is None for coef in coefs):
        return None
    widest = max(coefs, key=np.size)
    return [coef if coef.size else np.zeros_like(widest) for coef in coefs]

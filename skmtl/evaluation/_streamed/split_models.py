"""All models of a comparison, fitted to the moments of a training set."""

from time import perf_counter
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skmtl._warn import counting
from skmtl.evaluation._standardized_tasks import StandardizedTasks
from skmtl.evaluation._streamed.inner_folds import InnerFolds
from skmtl.evaluation._streamed.single_tasks import check_single_task, fit_alone
from skmtl.evaluation._streamed.task_intercepts import fit_intercepts
from skmtl.evaluation._streamed.training_sets import N_INNER_FOLDS, TrainingSet
from skmtl.meta import IndependentTasks, PooledTasks, RandomInterceptTasks
from skmtl.meta.pipelines import has_steps
from skmtl.mixed_effects import MixedEffectsRegressor


class SplitModels(NamedTuple):
    """The models of one training set, for features in the units of the user.

    Attributes
    ----------
    coef : ndarray of shape (n_methods, n_tasks, n_features)
        Coefficients.
    intercept : ndarray of shape (n_methods, n_tasks)
        Intercepts.
    fit_time : ndarray of shape (n_methods,)
        Seconds that the fits took.
    n_unconverged : ndarray of int of shape (n_methods,)
        Numbers of ConvergenceWarnings.
    """

    coef: np.ndarray
    intercept: np.ndarray
    fit_time: np.ndarray
    n_unconverged: np.ndarray


def check_takes_statistics(name, estimator):
    """Raise TypeError unless an estimator is fitted to statistics, ValueError if it has folds."""
    if has_steps(estimator):
        raise TypeError(
            f"{name!r}, {estimator!r}, is a pipeline, whose steps need the rows: give its last "
            "step by itself. standardize=True standardizes features."
        )
    if not hasattr(estimator, "fit_statistics"):
        raise TypeError(
            f"{name!r}, {estimator!r}, has no fit_statistics: only linear regressors with a "
            "squared loss and mixed effects can be compared on rows that are not kept. Compare the "
            "others on a sample of the rows, with compare_to_single_task."
        )
    cv = getattr(estimator, "cv", None)
    if cv not in (None, N_INNER_FOLDS):
        raise ValueError(
            f"{name!r}, {estimator!r}, has cv={cv!r}, but compare_batches chooses by "
            f"{N_INNER_FOLDS} inner folds of each training set: set cv=None."
        )


def check_baselines(models):
    """Raise TypeError unless the baselines among the models can be fitted to moments."""
    for model in models.values():
        is_of_tasks = isinstance(model, IndependentTasks | PooledTasks)
        if is_of_tasks and not isinstance(model, RandomInterceptTasks):
            check_single_task(model.estimator)


def fit_split(models, statistics, parts, standardize):
    """Fit all models to some parts of the rows.

    Parameters
    ----------
    models : dict of str to estimator
        Unfitted models by name.
    statistics : TaskStatistics
        All rows, in parts.
    parts : ndarray of int
        The parts of the training set.
    standardize : bool
        Whether to standardize the features by the training set.

    Returns
    -------
    SplitModels
    """
    training = TrainingSet(statistics, parts, standardize)
    coefs = []
    intercepts = []
    fit_times = []
    counts = []
    for model in models.values():
        start = perf_counter()
        fitted, count = counting(ConvergenceWarning, _fit, model, training)
        duration = perf_counter() - start
        coef, intercept = fitted
        coef = coef / training.scale
        intercept = intercept - coef @ training.mean
        coefs.append(coef)
        intercepts.append(intercept)
        fit_times.append(duration)
        counts.append(count)
    return SplitModels(
        np.array(coefs),
        np.array(intercepts),
        np.array(fit_times),
        np.array(counts),
    )


def _fit(model, training):
    """Coefficients (n_tasks, n_features) and intercepts (n_tasks,) of a model."""
    if isinstance(model, StandardizedTasks):
        levels, units = training.target_units
        folds = training.with_standard_targets()
        coef, intercept = _fit_meta(model, training, folds)
        coef = units[:, None] * coef
        intercept = levels + units * intercept
        return coef, intercept
    if isinstance(model, IndependentTasks | PooledTasks):
        return _fit_meta(model, training, training.folds)
    return _fit_multi_task(model, training)


def _fit_meta(model, training, folds):
    """The same of a baseline or a rival."""
    if isinstance(model, RandomInterceptTasks):
        grid = model.param_grid["alpha"]
        fitted = fit_intercepts(InnerFolds.of(folds), grid, model.scales)
        intercept = fitted.intercept + fitted.effects
        return _of_every_task(fitted.coef, len(intercept)), intercept
    if isinstance(model, PooledTasks):
        n_tasks = len(training.whole.counts)
        fitted = fit_alone(model.estimator, InnerFolds.of_pooled(folds))
        intercept = np.full(n_tasks, fitted.intercept)
        return _of_every_task(fitted.coef, n_tasks), intercept
    return _fit_independent(model.estimator, training, folds)


def _of_every_task(coef, n_tasks):
    """The same coefficients for every task."""
    return np.tile(coef, (n_tasks, 1))


def _fit_independent(estimator, training, folds):
    """A model for each task; the average of all for a task without rows."""
    inner = InnerFolds.of(folds)
    coefs = []
    intercepts = []
    for t in training.trained:
        fitted = fit_alone(estimator, inner.of_task(t))
        coefs.append(fitted.coef)
        intercepts.append(fitted.intercept)
    shared = np.mean(coefs, axis=0), np.mean(intercepts)
    return _with_shared(training, coefs, intercepts, shared)


def _with_shared(training, coefs, intercepts, shared):
    """Models of all tasks: those of tasks with rows, and one that all others share."""
    shared_coef, shared_intercept = shared
    n_tasks = len(training.whole.counts)
    coef = _of_every_task(shared_coef, n_tasks)
    intercept = np.full(n_tasks, shared_intercept, dtype=float)
    coef[training.trained] = coefs
    intercept[training.trained] = intercepts
    return coef, intercept


def _fit_multi_task(model, training):
    """The multi-task estimator, fitted to statistics."""
    model = clone(model)
    if hasattr(model, "cv"):  # of few rows there may be fewer inner folds
        model.set_params(cv=None)
    model.fit_statistics(training.as_statistics())
    best = vars(model).get("best_estimator_", model)
    if isinstance(best, MixedEffectsRegressor):
        intercept = best.shared_intercept_
    else:
        intercept = best._shared_intercept
    shared = best.shared_coef_, intercept
    return _with_shared(training, best.coef_, best.intercept_, shared)

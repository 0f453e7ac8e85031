"""All models of a comparison: the estimators and their baselines."""

from typing import NamedTuple

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.utils import get_tags

from skmtl._data.checks import check_option
from skmtl.evaluation._single_task import (
    OneTask,
    OneTaskClassifier,
    single_task,
    takes_counts,
)
from skmtl.evaluation._standardized_tasks import (
    StandardizedPooledTasks,
    StandardizedRandomInterceptTasks,
)
from skmtl.meta import IndependentTasks, PooledTasks, RandomInterceptTasks
from skmtl.meta.pipelines import final_estimator, with_final

# The order in which reports list the methods; "multi" is the estimator itself.
ROLES = ("single", "multi", "intercept", "pooled")
BASELINES = ("single", "intercept", "pooled")


class _Baseline(NamedTuple):
    """A baseline, and the names of the estimators that share it."""

    model: object
    estimators: list


def all_models(estimators, baseline, include_pooled, normalize_y):
    """All models of a comparison by name, and the models that belong to each estimator.

    Estimators with the same preprocessing and the same single-task baseline share their baselines.

    Parameters
    ----------
    estimators : dict of str to estimator
        Estimators by name.
    baseline : "auto" or estimator
        The single-task estimator of the baselines.
    include_pooled : bool
        Whether to have the baselines "intercept" and "pooled" as well.
    normalize_y : bool
        Whether these two standardize the targets of each task, other than counts.

    Returns
    -------
    models : dict of str to estimator
        Models by name, in the order in which reports list them.
    roles : dict of dict
        For each estimator, the name of the model in each role: ``{"multi": its own name,
        "single": ...}``.
    """
    distinct = {role: {} for role in BASELINES}  # baselines by their hash
    for name, estimator in estimators.items():
        own = baselines(estimator, baseline, include_pooled, normalize_y)
        for role, model in own.items():
            key = joblib.hash(model)
            found = distinct[role].setdefault(key, _Baseline(model, []))
            found.estimators.append(name)

    models = {}
    roles = {name: {} for name in estimators}
    for role in ROLES:
        if role == "multi":
            models |= estimators
            for name in estimators:
                roles[name]["multi"] = name
            continue
        found = list(distinct[role].values())
        for method, one in zip(_names(role, found), found, strict=True):
            models[method] = one.model
            for name in one.estimators:
                roles[name][role] = method
    return models, roles


def baselines(estimator, baseline, include_pooled, normalize_y):
    """The baselines of an estimator by role, after the same preprocessing."""
    final = final_estimator(estimator)
    task_estimator = _single_task_estimator(final, baseline)
    options = {"task_column": final.task_column, "handle_unknown": "shared"}
    models = {"single": IndependentTasks(task_estimator, **options)}
    if include_pooled:
        kind = get_tags(final).estimator_type
        of_counts = takes_counts(final)
        normalize_y = normalize_y and not of_counts  # counts have no unit, and stay positive
        models["intercept"] = _random_intercept(kind, of_counts, normalize_y, options)
        pooled = StandardizedPooledTasks if normalize_y else PooledTasks
        models["pooled"] = pooled(task_estimator, **options)
    return {role: with_final(estimator, model) for role, model in models.items()}


def _single_task_estimator(final, baseline):
    """The estimator of one task: the one given, or the single-task limit of `final`."""
    if hasattr(baseline, "fit"):
        return baseline
    if not isinstance(baseline, str):
        raise TypeError(f"baseline must be 'auto' or an estimator, got {baseline!r}.")
    check_option(baseline, "baseline", ("auto",))
    return single_task(final)


def _random_intercept(kind, of_counts, normalize_y, options):
    """A tuned linear model with common coefficients and an intercept for each task."""
    if kind == "classifier":
        return RandomInterceptTasks(
            LogisticRegression(max_iter=2000),
            param_grid={"C": np.logspace(-3, 3, 7)},
            scoring="neg_log_loss",
            **options,
        )
    if of_counts:
        return RandomInterceptTasks(
            PoissonRegressor(max_iter=1000),
            param_grid={"alpha": np.geomspace(1e-4, 1e2, 7)},
            scoring="neg_mean_poisson_deviance",
            **options,
        )
    intercept = StandardizedRandomInterceptTasks if normalize_y else RandomInterceptTasks
    return intercept(
        Ridge(),
        param_grid={"alpha": np.logspace(-2, 4, 7)},
        **options,
    )


def _names(role, found):
    """A name for each baseline of one role.

    A single baseline is called by its role. Of several, each is called by its role and the class
    of its estimator, and where these are equal also by the first estimator that it belongs to.
    """
    if len(found) == 1:
        return [role]
    kinds = [_kind(final_estimator(one.model).estimator) for one in found]
    names = []
    for one, kind in zip(found, kinds, strict=True):
        name = f"{role} {kind}"
        if kinds.count(kind) > 1:
            name += f" of {one.estimators[0]}"
        names.append(name)
    return names


def _kind(estimator):
    """The name of the class of a baseline."""
    inner = estimator.estimator if isinstance(estimator, OneTask | OneTaskClassifier) else estimator
    return type(inner).__name__

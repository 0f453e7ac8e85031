"""All models of a comparison: the estimators and their baselines."""

from typing import NamedTuple

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.utils import get_tags

from skmtl._data.checks import check_option
from skmtl.deep import MultiTaskMLPClassifier, MultiTaskMLPRegressor
from skmtl.evaluation._boosted_tasks import boosted_tasks
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

AUTOMATIC_RIVALS = ("intercept", "pooled")
NAMED_RIVALS = (*AUTOMATIC_RIVALS, "boosting")
BASELINES = ("single", *NAMED_RIVALS)  # they are made for each estimator


class _Baseline(NamedTuple):
    """A baseline, and the names of the estimators that share it."""

    model: object
    estimators: list


def all_models(estimators, baseline, rivals, normalize_y):
    """All models of a comparison by name, and the models that belong to each estimator.

    Estimators with the same preprocessing and the same single-task baseline share their baselines.

    Parameters
    ----------
    estimators : dict of str to estimator
        Estimators by name.
    baseline : "auto" or estimator
        The single-task estimator of the baselines.
    rivals : Rivals
        What else the estimators are compared with.
    normalize_y : bool
        Whether the rivals other than those of the user standardize the targets of each task, unless
        these are counts.

    Returns
    -------
    models : dict of str to estimator
        Models by name, in the order in which reports list them.
    roles : dict of dict
        For each estimator, the name of the model in each role: ``{"single": ..., "multi": its own
        name}`` and its rivals.
    """
    made = {}
    for name, estimator in estimators.items():
        made[name] = baselines(estimator, baseline, rivals.named, normalize_y)
    models = {}
    roles = {name: {} for name in estimators}
    _add_baselines(models, roles, "single", made)
    models |= estimators
    for name in estimators:
        roles[name]["multi"] = name
    for role in rivals.named:
        _add_baselines(models, roles, role, made)
    models |= rivals.own
    for role in rivals.own:
        for name in estimators:
            roles[name][role] = role
    return models, roles


def _add_baselines(models, roles, role, made):
    """Add the distinct baselines of one role to the models, and their names to the roles."""
    distinct = {}  # by their hash
    for name, own in made.items():
        model = own[role]
        key = joblib.hash(model)
        found = distinct.setdefault(key, _Baseline(model, []))
        found.estimators.append(name)
    found = list(distinct.values())
    for method, one in zip(_names(role, found), found, strict=True):
        models[method] = one.model
        for name in one.estimators:
            roles[name][role] = method


def baselines(estimator, baseline, named, normalize_y):
    """The baselines of an estimator by role, after the same preprocessing.

    They are "single" and the rivals that are named.
    """
    final = final_estimator(estimator)
    task_estimator = _single_task_estimator(final, baseline)
    kind = get_tags(final).estimator_type
    _check_kind_of_baseline(task_estimator, kind)
    of_counts = takes_counts(final)
    normalize_y = normalize_y and not of_counts  # counts have no unit, and stay positive
    options = {"task_column": final.task_column, "handle_unknown": "shared"}
    models = {"single": IndependentTasks(task_estimator, **options)}
    if "intercept" in named:
        models["intercept"] = _random_intercept(kind, of_counts, normalize_y, options)
    if "pooled" in named:
        pooled = StandardizedPooledTasks if normalize_y else PooledTasks
        models["pooled"] = pooled(task_estimator, **options)
    if "boosting" in named:
        models["boosting"] = boosted_tasks(kind, of_counts, normalize_y, options)
    return {role: with_final(estimator, model) for role, model in models.items()}


def _single_task_estimator(final, baseline):
    """The estimator of one task: the one given, or the single-task limit of `final`."""
    if hasattr(baseline, "fit"):
        return baseline
    if not isinstance(baseline, str):
        raise TypeError(f"baseline must be 'auto' or an estimator, got {baseline!r}.")
    check_option(baseline, "baseline", ("auto",))
    return single_task(final)


def _check_kind_of_baseline(baseline, kind):
    """Raise TypeError if the baseline is a classifier of a regressor, or the other way round."""
    found = get_tags(baseline).estimator_type
    kinds = ("classifier", "regressor")
    if found in kinds and found != kind:
        raise TypeError(f"The baseline is a {found}, expected a {kind}: {baseline!r}.")


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
    """The name of the class of a baseline; networks have a short one, which fits into a table."""
    inner = estimator.estimator if isinstance(estimator, OneTask | OneTaskClassifier) else estimator
    if isinstance(inner, MultiTaskMLPRegressor | MultiTaskMLPClassifier):
        return "network"
    return type(inner).__name__

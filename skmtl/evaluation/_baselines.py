"""What an estimator is held against: the same preprocessing, and each task alone."""

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import get_tags

from skmtl._data.checks import check_option
from skmtl.evaluation._single_task import single_task
from skmtl.meta import IndependentTasks, PooledTasks, RandomInterceptTasks
from skmtl.meta.pipelines import final_estimator, with_final


def _alone(final, baseline):
    """The estimator of a single task."""
    if not isinstance(baseline, str):
        return baseline
    check_option(baseline, "baseline", ("auto",))
    return single_task(final)


def _random_intercept(kind, options):
    """Pooled slopes and an intercept for each task, tuned."""
    if kind == "classifier":
        grid = {"C": np.logspace(-3, 3, 7)}
        return RandomInterceptTasks(
            LogisticRegression(max_iter=2000), param_grid=grid, scoring="neg_log_loss", **options
        )
    return RandomInterceptTasks(Ridge(), param_grid={"alpha": np.logspace(-2, 4, 7)}, **options)


def baselines(estimator, baseline, include_pooled):
    """What an estimator is held against: by name, "single" and, if wanted, the other two."""
    final = final_estimator(estimator)
    alone = _alone(final, baseline)
    options = {"task_column": final.task_column, "handle_unknown": "shared"}
    models = {"single": IndependentTasks(alone, **options)}
    if include_pooled:
        models["intercept"] = _random_intercept(get_tags(final).estimator_type, options)
        models["pooled"] = PooledTasks(alone, **options)
    return {name: with_final(estimator, model) for name, model in models.items()}


def _names(role, models):
    """A name for each baseline of one role: the role, with what it is of, if there are several."""
    if len(models) == 1:
        return [role]
    kinds = [type(final_estimator(model).estimator).__name__ for model, _ in models]
    return [
        f"{role} {kind}" if kinds.count(kind) == 1 else f"{role} {kind} of {name}"
        for kind, (_, name) in zip(kinds, models, strict=True)
    ]


ROLES = ("single", "multi", "intercept", "pooled")
BASELINES = (ROLES[0], *ROLES[2:])


def all_methods(estimators, baseline, include_pooled):
    """All models by name, and for each estimator {role: name}: its own and its baselines'.

    Estimators with the same preprocessing and the same single-task limit share their baselines.
    """
    found = {role: {} for role in BASELINES}  # {hash: (model, the first estimator that has it)}
    keys = {}
    for name, estimator in estimators.items():
        own = baselines(estimator, baseline, include_pooled)
        keys[name] = {role: joblib.hash(model) for role, model in own.items()}
        for role, key in keys[name].items():
            found[role].setdefault(key, (own[role], name))
    models, names = {}, {}
    for role in ROLES:
        if role == "multi":
            models |= estimators
            continue
        called = dict(zip(found[role], _names(role, found[role].values()), strict=True))
        models |= {called[key]: model for key, (model, _) in found[role].items()}
        names |= {(role, key): label for key, label in called.items()}
    roles = {}
    for name, own in keys.items():
        methods = {"multi": name, **{role: names[role, key] for role, key in own.items()}}
        roles[name] = {role: methods[role] for role in ROLES if role in methods}
    return models, roles

"""From the user's estimators to the models of a comparison: each, and what it is held against."""

import warnings
from numbers import Integral

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import get_tags

from skmtl._checks import check_option
from skmtl.baselines import IndependentTasks, PooledTasks
from skmtl.labels import column_names, column_position
from skmtl.random_intercept import RandomInterceptTasks


def final_estimator(estimator):
    """The estimator at the end of pipelines and searches."""
    if hasattr(estimator, "steps"):
        return final_estimator(estimator.steps[-1][1])
    if is_search(estimator):
        return final_estimator(estimator.estimator)
    return estimator


def is_search(estimator):
    """Whether it searches the parameters of its `estimator`."""
    search = hasattr(estimator, "refit") or hasattr(estimator, "param_grid")
    baseline = isinstance(estimator, IndependentTasks | PooledTasks)
    return search and hasattr(estimator, "estimator") and not baseline


def with_final(estimator, final):
    """The same preprocessing with another final estimator, outside of any search."""
    if hasattr(estimator, "steps"):
        *steps, (_, last) = clone(estimator).steps
        return clone(estimator).set_params(steps=[*steps, ("estimator", with_final(last, final))])
    if is_search(estimator):
        return with_final(estimator.estimator, final)
    return final


def has_steps(estimator):
    """Whether steps come before the final estimator."""
    return hasattr(estimator, "steps") or (is_search(estimator) and has_steps(estimator.estimator))


def with_task_column(estimator, X, task_column):
    """The estimator and the column of the raw X that holds the ids, each told by the other."""
    final = final_estimator(estimator)
    own = getattr(final, "task_column", None)
    if task_column is None and isinstance(own, Integral) and has_steps(estimator):
        raise ValueError(
            f"The last step has task_column={own}, but steps before it may move columns: say "
            "where the task ids are in the X given here with task_column=."
        )
    if task_column is None or has_steps(estimator) or not hasattr(final, "task_column"):
        return estimator, own if task_column is None else task_column
    if own is not None:
        names = column_names(X)
        given, used = (column_position(names, np.shape(X)[1], c) for c in (task_column, own))
        if given != used:
            raise ValueError(
                f"task_column={task_column!r} was given, but the estimator has task_column={own!r}."
            )
    else:
        estimator = clone(estimator)
        final_estimator(estimator).set_params(task_column=task_column)
    return estimator, task_column


def kind_of(estimator):
    """Whether it is a "regressor" or "classifier"; TypeError for what has no errors to compare."""
    kind = get_tags(final_estimator(estimator)).estimator_type
    if kind not in ("regressor", "classifier"):
        raise TypeError(f"Expected a regressor or classifier, got {estimator!r}.")
    if kind == "classifier" and not hasattr(estimator, "predict_proba"):
        raise TypeError(f"Classifiers are judged by probabilities, but {estimator!r} gives none.")
    return kind


def that_shares(estimator):
    """A clone that predicts tasks which a training set lacks."""
    estimator = clone(estimator)
    final = final_estimator(estimator)
    if not hasattr(final, "get_params") or "handle_unknown" not in final.get_params(deep=False):
        raise TypeError(f"{final!r} is not a multi-task regressor or classifier of skmtl.")
    final.set_params(handle_unknown="shared")
    return estimator


def fit_and_count(model, *arguments, **told):
    """Fit the model; return how many ConvergenceWarnings came, passing on all other warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(*arguments, **told)
    others = [one for one in caught if not issubclass(one.category, ConvergenceWarning)]
    for one in others:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return len(caught) - len(others)


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


def _names(role, models):
    """A name for each baseline of one role: the role, with what it is of, if there are several."""
    if len(models) == 1:
        return [role]
    kinds = [type(final_estimator(model).estimator).__name__ for model, _ in models]
    return [
        f"{role} {kind}" if kinds.count(kind) == 1 else f"{role} {kind} of {name}"
        for kind, (_, name) in zip(kinds, models, strict=True)
    ]


def baselines(estimator, baseline, include_pooled):
    """What an estimator is held against: by name, "single" and, if wanted, the other two."""
    final = final_estimator(estimator)
    alone = _limit(final, baseline)
    options = {"task_column": final.task_column, "handle_unknown": "shared"}
    models = {"single": IndependentTasks(alone, **options)}
    if include_pooled:
        models["intercept"] = _random_intercept(get_tags(final).estimator_type, options)
        models["pooled"] = PooledTasks(alone, **options)
    return {name: with_final(estimator, model) for name, model in models.items()}


def _limit(final, baseline):
    """The estimator of a single task."""
    if not isinstance(baseline, str):
        return baseline
    check_option(baseline, "baseline", ("auto",))
    if not hasattr(final, "_single_task_limit"):
        raise ValueError(
            f"{type(final).__name__} declares no single-task limit of its own: give a "
            "baseline such as sklearn.linear_model.RidgeCV()."
        )
    return final._single_task_limit()


def _random_intercept(kind, options):
    """Pooled slopes and an intercept for each task, tuned."""
    if kind == "classifier":
        grid = {"C": np.logspace(-3, 3, 7)}
        return RandomInterceptTasks(
            LogisticRegression(max_iter=2000), param_grid=grid, scoring="neg_log_loss", **options
        )
    return RandomInterceptTasks(Ridge(), param_grid={"alpha": np.logspace(-2, 4, 7)}, **options)

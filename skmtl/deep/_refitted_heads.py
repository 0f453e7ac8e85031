"""Heads that other estimators of skmtl fit to the representation of a trained network.

Training leaves heads where early stopping found them. Given the representation, the best heads are
the solution of a problem of few parameters, which the estimators of skmtl solve to a certificate.
"""

import warnings
from types import MappingProxyType

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor

from skmtl.base import MultiTaskEstimator
from skmtl.mixed_effects import MixedEffectsClassifier, MixedEffectsRegressor

_LEAST_SPREAD = 0.01  # of a unit, relative to the root mean square of those of all units
_MOST_UNITS = 256  # of representations that "auto" refits heads to: time grows with their cube
_SEARCH = MappingProxyType({"tol": 1e-2, "max_iter": 1000})  # of variances; tol in standard errors


def check_refit_heads(model):
    """Raise unless the parameter `refit_heads` of a network suits its other parameters."""
    given = _given(model)
    if given is None or (isinstance(given, str) and given == "auto"):
        return
    if not isinstance(given, MultiTaskEstimator):
        raise TypeError(
            f"refit_heads must be None, 'auto' or an estimator of skmtl, got {given!r}; an example "
            "is MeanRegularizedRegressorCV()."
        )
    if is_classifier(model) and not hasattr(given, "predict_proba"):
        raise TypeError(
            f"refit_heads={given!r} cannot refit heads of a classifier, which need class "
            "probabilities: give a classifier with predict_proba, such as "
            "MixedEffectsClassifier()."
        )
    if is_regressor(model) and not is_regressor(given):
        raise TypeError(
            f"refit_heads={given!r} cannot refit heads of a regressor: give a regressor, such as "
            "MixedEffectsRegressor()."
        )
    if given.task_column is not None:
        raise ValueError(
            f"refit_heads has task_column={given.task_column!r}, but is fitted to hidden units, "
            "and told the tasks besides: leave its task_column None."
        )
    if not _has_one_trunk(model):
        raise ValueError(
            "refit_heads needs one trunk that was trained for all tasks, sharing='hard', "
            f"training='joint' and checkpoint='overall', got sharing={model.sharing!r}, "
            f"training={model.training!r} and checkpoint={model.checkpoint!r}."
        )


def _given(model):
    """Return the parameter `refit_heads`; None for tasks of several kinds, which have none."""
    return getattr(model, "refit_heads", None)


def _has_one_trunk(model):
    """Whether all tasks have the same representation."""
    is_joint = model.sharing == "hard" and model.training == "joint"
    return is_joint and model.checkpoint == "overall"


def fit_heads(model, data, cells):
    """Refit the heads of a trained network, if it is to be; set `head_estimators_`.

    Parameters
    ----------
    model : MultiTaskNetwork
        Trained.
    data : TaskData
        What it was trained on.
    cells : Cells
        The targets as the network takes them.
    """
    estimator = _estimator_of_heads(model, cells)
    if estimator is None:
        return
    H = model._representations(data.design.X)
    model._is_used = _are_used(H)
    y = cells.y + data.design.spread(model._head_offset()[:-1])
    weight = model._cell_weights(data, cells)
    params = {}
    if (weight[weight > 0] != 1).any():
        params["sample_weight"] = weight
    if data.layout == "wide":
        y = np.where(weight > 0, y, np.nan)
    else:
        params["tasks"] = data.design.task_of_sample
    estimators = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "tasks holds")  # of ids, which the network has told
        for features in _features(model, H):
            estimators.append(clone(estimator).fit(features, y, **params))
    if isinstance(_given(model), str):
        for fitted in estimators:
            _forget_samples(fitted)
    model.head_estimators_ = estimators


def _forget_samples(estimator):
    """Remove what a mixed-effects regression keeps beside predictions, for errors of them.

    It is as large as the samples, and as a matrix of all pairs of units for each task: a hundred
    times as large as the network.
    """
    if isinstance(estimator, MixedEffectsRegressor):
        for name in ("_data", "_posterior"):
            delattr(estimator, name)


def _estimator_of_heads(model, cells):
    """Return the unfitted estimator that the heads are refitted by, or None."""
    given = _given(model)
    if given is None:
        return None
    if isinstance(given, str):
        return _default_estimator(model, cells) if _has_one_trunk(model) else None
    estimator = clone(given)
    for name in estimator.get_params():
        if name.split("__")[-1] == "handle_unknown":
            estimator.set_params(**{name: "shared"})  # the network raises where it is "error"
    return estimator


def _default_estimator(model, cells):
    """Return what "auto" refits heads by, or None."""
    if model._architecture.n_hidden > _MOST_UNITS:
        return None
    losses = set(cells.losses)
    is_wide = model._layout == "wide"
    if losses == {"squared_error"}:
        covariance = "isotropic" if is_wide else "auto"
        return MixedEffectsRegressor(covariance, **_SEARCH, handle_unknown="shared")
    if losses == {"cross_entropy"} and cells.offset.shape[1] == 2 and not is_wide:
        return MixedEffectsClassifier(**_SEARCH, handle_unknown="shared")
    return None


def _are_used(H):
    """Return which units of members (n_members, n_samples, n_hidden) vary, (n_members, n_hidden).

    A unit that is active for a sample or two tells little, and can be many times as large as it
    ever was in training.
    """
    spread = H.std(axis=1)
    size = np.sqrt(np.mean(spread**2, axis=1, keepdims=True))
    return spread > _LEAST_SPREAD * size


def _features(model, H):
    """Return what the estimators of heads see of representations: 0 for units that are not used."""
    return H * model._is_used[:, None]


def scores_of_heads(model, H, codes):
    """Return scores whose predictions are those of `head_estimators_`.

    Parameters
    ----------
    model : MultiTaskNetwork
        With refitted heads.
    H : ndarray of shape (n_members, n_samples, n_hidden)
        Representations.
    codes : ndarray of int of shape (n_samples,) or None
        The task of each sample, -1 for a new one; None for the scores of all tasks.

    Returns
    -------
    ndarray of shape (n_members, n_samples, n_tasks or 1, n_outputs)
    """
    score = _SCORES[model._outputs().kind]
    of_members = []
    for estimator, features in zip(model.head_estimators_, _features(model, H), strict=True):
        of_members.append(score(model, estimator, features, codes))
    return np.stack(of_members)


def _numbers(model, estimator, features, codes):
    """Return predictions in units of the network, (n_samples, n_tasks or 1, 1)."""
    offset = model._head_offset()
    if codes is None:
        return (estimator.predict_all_tasks(features) - offset[:-1])[:, :, None]
    return (estimator.predict(features, tasks=codes) - offset[codes])[:, None, None]


def _log_counts(model, estimator, features, codes):
    """Return logarithms of expected counts, (n_samples, n_tasks or 1, 1)."""
    counts = _numbers(model, estimator, features, codes)
    return np.log(np.maximum(counts, np.finfo(float).tiny))


def _log_probabilities(model, estimator, features, codes):
    """Return logarithms of probabilities of classes, (n_samples, n_tasks or 1, n_classes)."""
    n_samples = len(features)
    if model._layout == "wide":
        of_tasks = estimator.predict_proba(features)
        classes = estimator.classes_
    else:
        every_code = np.arange(model.n_tasks_)
        tasks = [codes] if codes is not None else np.repeat(every_code[:, None], n_samples, axis=1)
        of_tasks = [estimator.predict_proba(features, tasks=own) for own in tasks]
        classes = [estimator.classes_] * len(of_tasks)
    probabilities = np.zeros((n_samples, len(of_tasks), model._architecture.n_outputs))
    for t, own in enumerate(classes):
        probabilities[:, t, own.astype(np.intp)] = of_tasks[t]
    with np.errstate(divide="ignore"):  # of the classes that a task lacks
        return np.log(probabilities)


_SCORES = {"number": _numbers, "count": _log_counts, "class": _log_probabilities}

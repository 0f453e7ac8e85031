"""Scores of several tasks: one score for each task, then an average over tasks."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length

from skmtl._data.checks import check_int, check_option
from skmtl._data.spellings import plain_labels, target_array
from skmtl._data.target_names import check_names_differ, targets_in_order
from skmtl._data.task_ids import check_task_ids, column_names, encode, missing_mask

AVERAGES = ("uniform_average", "variance_weighted", "n_samples", "worst", None)


def task_score(
    y_true,
    y_pred,
    *,
    metric=r2_score,
    tasks=None,
    sample_weight=None,
    average="uniform_average",
    min_samples=2,
    greater_is_better=None,
):
    """Compute a metric for each task and average it over tasks, without missing targets.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
        True targets: wide, with NaN where a target is missing, or 1-D together with `tasks`.
    y_pred : array-like
        Predictions in the shape of `y_true`.
    metric : callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays; any scikit-learn metric.
    tasks : array-like of shape (n_samples,), default=None
        Task id of every sample; None for wide `y_true`.
    sample_weight : array-like of y_true's shape or (n_samples,), default=None
        Weights of the samples or, for a wide `y_true`, of the targets. Zero weight counts as
        missing.
    average : {"uniform_average", "variance_weighted", "n_samples", "worst"} or None, default=\
"uniform_average"
        How tasks are averaged: "uniform_average" weights all tasks alike, "variance_weighted" by
        the sum of squares of their centered targets, "n_samples" by their (weighted) number of
        targets; "worst" is the score of the worst task. None returns the scores of all tasks.
    min_samples : int, default=2
        Tasks with fewer targets have no score of their own (NaN). If that leaves no task, the
        score is that of all targets pooled.
    greater_is_better : bool, default=None
        Whether a larger value of the metric is better; only used with ``average="worst"``. None
        reads it off the metric's name: a ``_score`` is better if larger, an ``_error``, ``_loss``
        or ``_deviance`` if smaller.

    Returns
    -------
    float, or ndarray of shape (n_tasks,) when `average` is None
        Tasks in the order of the columns of `y_true`, else of ``np.unique(tasks)``.

    Raises
    ------
    ValueError
        If the input is invalid: shapes that do not match, an unknown average, or no target to
        score.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import task_score
    >>> y = np.array([[1.0, 2.0], [2.0, np.nan], [3.0, 6.0]])
    >>> task_score(y, np.array([[1.0, 2.0], [2.0, 0.0], [3.0, 4.0]]), average=None)
    array([1. , 0.5])
    """
    check_option(average, "average", AVERAGES)
    check_int(min_samples, "min_samples")
    observations = _read_observations(y_true, y_pred, tasks, sample_weight)
    if len(observations.y_true) == 0:
        raise ValueError("There is no target of positive weight to score.")
    scores = _scores_by_task(metric, observations, min_samples)
    if average is None:
        return scores
    scored = ~np.isnan(scores)
    if not scored.any():
        every_one = slice(None)
        return float(_score(metric, observations, every_one))
    if average == "worst":
        if metric_sign(metric, greater_is_better) > 0:
            return float(scores[scored].min())
        return float(scores[scored].max())
    weights = _average_weights(average, observations)[scored]
    if weights.sum() == 0:
        weights = np.ones(len(weights))
    return float(np.average(scores[scored], weights=weights))


def metric_sign(metric, greater_is_better=None):
    """Return +1 if a larger value of the metric is better, -1 if a smaller one is."""
    if greater_is_better is not None:
        return 1 if greater_is_better else -1
    name = getattr(metric, "__name__", "")
    if name.endswith("_score"):
        return 1
    if name.endswith(("_error", "_loss", "_deviance")):
        return -1
    raise ValueError(
        f"Whether a larger {name or metric!r} is better cannot be read off its name: set "
        "greater_is_better."
    )


class _Observations(NamedTuple):
    """Targets that are scored, those of all tasks in flat arrays of shape (n_observations,)."""

    y_true: np.ndarray
    y_pred: np.ndarray
    weight: np.ndarray | None  # None where all weights are 1
    codes: np.ndarray  # the task of each
    n_tasks: int


def _scores_by_task(metric, observations, min_samples):
    """Return the score of every task, (n_tasks,), NaN with fewer targets than `min_samples`."""
    scores = np.full(observations.n_tasks, np.nan)
    counts = np.bincount(observations.codes, minlength=observations.n_tasks)
    order = np.argsort(observations.codes, kind="stable")
    ends = np.cumsum(counts)
    observations_of_tasks = np.split(order, ends[:-1])
    for t, chosen in enumerate(observations_of_tasks):
        if len(chosen) >= min_samples:
            scores[t] = _score(metric, observations, chosen)
    return scores


def _score(metric, observations, chosen):
    """Return the metric of the chosen observations."""
    y_true = plain_labels(observations.y_true[chosen])
    y_pred = plain_labels(observations.y_pred[chosen])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as that of R^2 of one sample, which is NaN
        if observations.weight is None:
            return metric(y_true, y_pred)
        return metric(y_true, y_pred, sample_weight=observations.weight[chosen])


def _average_weights(average, observations):
    """Return the weights of the tasks in their average, (n_tasks,)."""
    if average == "uniform_average":
        return np.ones(observations.n_tasks)
    weight = observations.weight
    if weight is None:
        weight = np.ones(len(observations.codes))

    def task_sum(values):
        return np.bincount(observations.codes, values, minlength=observations.n_tasks)

    totals = task_sum(weight)
    if average == "n_samples":
        return totals
    sums = task_sum(weight * observations.y_true)
    means = sums / np.where(totals > 0, totals, 1)
    centered = observations.y_true - means[observations.codes]
    return task_sum(weight * centered**2)


def _read_observations(y_true, y_pred, tasks, sample_weight):
    """Return the targets that are not missing and have positive weight."""
    names = column_names(y_true)
    y_true = target_array(y_true, "y_true")
    if names is None:
        y_pred = target_array(y_pred, "y_pred")
    else:
        y_pred = targets_in_order(y_pred, check_names_differ(names, "y_true"), "y_pred")
    if tasks is None and y_true.ndim == 1:
        y_true = y_true[:, None]
    if tasks is not None and y_true.ndim == 2 and y_true.shape[1] == 1:
        y_true = y_true.ravel()
    if y_true.ndim == 2:
        y_pred = y_pred.reshape(len(y_pred), -1)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_true has shape {y_true.shape}, but y_pred has shape {y_pred.shape}.")
    codes, n_tasks = _task_codes(y_true, tasks)
    kept = ~missing_mask(y_true)
    weight = None
    if sample_weight is not None:
        weight = _broadcast_weight(sample_weight, y_true.shape)
        kept = kept & (weight > 0)
        weight = weight[kept]
    return _Observations(
        y_true=y_true[kept],
        y_pred=y_pred[kept],
        weight=weight,
        codes=codes[kept],
        n_tasks=n_tasks,
    )


def _task_codes(y_true, tasks):
    """Return the task code of every target, in the shape of `y_true`, and the number of tasks."""
    if y_true.ndim == 2:
        n_tasks = y_true.shape[1]
        codes = np.broadcast_to(np.arange(n_tasks), y_true.shape)
        return codes, n_tasks
    task_ids = check_task_ids(tasks)
    check_consistent_length(y_true, task_ids)
    known, codes = encode(task_ids)
    return codes, len(known)


def _broadcast_weight(sample_weight, shape):
    """Return the weight of every observation of a y with this shape."""
    weight = np.asarray(sample_weight, dtype=float)
    if weight.ndim == 1 and len(shape) == 2:
        weight = weight[:, None]
    if weight.shape[0] != shape[0]:
        raise ValueError(f"sample_weight has {weight.shape[0]} samples, y_true has {shape[0]}.")
    return np.broadcast_to(weight, shape)

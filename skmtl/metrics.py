"""Scores of several tasks: one figure a task, then an average that says how tasks count."""

import warnings

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length

from skmtl._data.checks import check_int, check_option
from skmtl._data.task_ids import check_task_ids, encode, missing_mask

_AVERAGES = ("uniform_average", "variance_weighted", "n_samples", "worst", None)


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
    """A metric for each task and its average over tasks, aware of missing labels.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Wide, with NaN where a label is missing, or 1-D together with `tasks`.
    y_pred : array-like
        Predictions in the shape of `y_true`.
    metric : callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays; any scikit-learn metric.
    tasks : array-like of shape (n_samples,), default=None
        Task id of every row; None for wide `y_true`.
    sample_weight : array-like of y_true's shape or (n_samples,), default=None
        Rows (or cells) of zero weight count as missing.
    average : {"uniform_average", "variance_weighted", "n_samples", "worst"} or None, default=\
"uniform_average"
        Every task alike; by the sum of squares of its centered targets; by its (weighted) number of
        rows; the worst task; None returns the figures of all tasks.
    min_samples : int, default=2
        Tasks with fewer scored rows have no figure of their own (NaN). If that leaves no task,
        the figure is that of all rows pooled.
    greater_is_better : bool, default=None
        Only for ``average="worst"``; None reads it off the metric's name as scikit-learn does
        (``_score`` up; ``_error``, ``_loss``, ``_deviance`` down).

    Returns
    -------
    float, or ndarray of shape (n_tasks,) when `average` is None
        Tasks in the order of the columns of `y_true`, else of ``np.unique(tasks)``.

    Raises
    ------
    ValueError
        For shapes that do not fit, an unknown average, or no row to score.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import task_score
    >>> y = np.array([[1.0, 2.0], [2.0, np.nan], [3.0, 6.0]])
    >>> task_score(y, np.array([[1.0, 2.0], [2.0, 0.0], [3.0, 4.0]]), average=None)
    array([1. , 0.5])
    """
    check_option(average, "average", _AVERAGES)
    check_int(min_samples, "min_samples")
    y_true, y_pred, weight, codes, n_tasks = _cells(y_true, y_pred, tasks, sample_weight)
    if len(y_true) == 0:
        raise ValueError("There is no labeled row of positive weight to score.")
    scores, counts = np.full(n_tasks, np.nan), np.bincount(codes, minlength=n_tasks)
    order = np.argsort(codes, kind="stable")
    for t, rows in enumerate(np.split(order, np.cumsum(counts)[:-1])):
        if len(rows) >= min_samples:
            scores[t] = _figure(metric, y_true[rows], y_pred[rows], weight, rows)
    if average is None:
        return scores
    scored = ~np.isnan(scores)
    if not scored.any():
        return float(_figure(metric, y_true, y_pred, weight, slice(None)))
    if average == "worst":
        up = metric_sign(metric, greater_is_better) > 0
        return float(np.min(scores[scored]) if up else np.max(scores[scored]))
    if average == "uniform_average":
        return float(scores[scored].mean())
    w = np.ones(len(codes)) if weight is None else weight
    share = np.bincount(codes, w, minlength=n_tasks)
    if average == "variance_weighted":
        means = np.bincount(codes, w * y_true, minlength=n_tasks) / np.where(share > 0, share, 1)
        share = np.bincount(codes, w * (y_true - means[codes]) ** 2, minlength=n_tasks)
    if share[scored].sum() == 0:
        return float(scores[scored].mean())
    return float(np.average(scores[scored], weights=share[scored]))


def metric_sign(metric, greater_is_better=None):
    """+1 where a larger figure is better, -1 where a smaller one is."""
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


def _figure(metric, y_true, y_pred, weight, rows):
    with warnings.catch_warnings():  # e.g. R^2 of one row; the caller gets NaN
        warnings.simplefilter("ignore")
        if weight is None:
            return metric(y_true, y_pred)
        return metric(y_true, y_pred, sample_weight=weight[rows])


def _cells(y_true, y_pred, tasks, sample_weight):
    """Labeled cells of positive weight as flat arrays: targets, predictions, weights, codes."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.ndim == 2 and y_true.shape[1] == 1 and tasks is not None:
        y_true = y_true.ravel()
    if y_true.ndim == 1 and tasks is None:
        y_true = y_true[:, None]
    y_pred = y_pred.reshape(len(y_pred), -1) if y_true.ndim == 2 else y_pred
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_true has shape {y_true.shape}, but y_pred has shape {y_pred.shape}.")
    if y_true.ndim == 2:
        n_tasks = y_true.shape[1]
        codes = np.broadcast_to(np.arange(n_tasks), y_true.shape)
    else:
        labels = check_task_ids(tasks)
        check_consistent_length(y_true, labels)
        known, codes = encode(labels)
        n_tasks = len(known)
    kept = ~missing_mask(y_true)
    weight = None
    if sample_weight is not None:
        weight = np.asarray(sample_weight, dtype=float)
        if weight.ndim == 1 and y_true.ndim == 2:
            weight = weight[:, None]
        if weight.shape[0] != y_true.shape[0]:
            raise ValueError(
                f"sample_weight has {weight.shape[0]} rows, but y_true has {y_true.shape[0]}."
            )
        weight = np.broadcast_to(weight, y_true.shape)
        kept = kept & (weight > 0)
        weight = weight[kept]
    return y_true[kept], y_pred[kept], weight, codes[kept], n_tasks

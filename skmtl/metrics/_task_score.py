"""One score for each task, then an average over tasks."""

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import r2_score

from skmtl._data.checks import check_int, check_option
from skmtl._data.task_ids import some_of
from skmtl._warn import warn
from skmtl.metrics._metric import find_metric
from skmtl.metrics._observations import read_observations

AVERAGES = ("uniform_average", "variance_weighted", "n_samples", "worst", None)


def task_score(
    y_true,
    y_pred,
    *,
    metric=r2_score,
    tasks=None,
    sample_weight=None,
    average="uniform_average",
    min_samples=None,
    greater_is_better=None,
    response_method=None,
    classes=None,
):
    """Compute a metric for each task and average it over tasks, without missing targets.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_tasks) or (n_samples,)
        True targets: wide, with NaN where a target is missing, or 1-D together with `tasks`.
    y_pred : array-like, or list of n_tasks arrays
        Predictions in the shape of `y_true`. Metrics of scores of classes, such as the log-loss,
        take what `predict_proba` or `decision_function` return: of long data (n_samples, n_classes)
        or, for two classes, (n_samples,), the scores of the larger class; for wide `y_true` a list
        of such arrays or, for two classes, (n_samples, n_tasks). Columns of frames are matched by
        name with those of `y_true`; index labels must be in the same order.
    metric : str or callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred, sample_weight=...)`` of 1-D arrays; any scikit-learn metric, or the
        name of one of its scorers, such as "roc_auc" or "neg_log_loss", with the scorer's sign.
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
    min_samples : int, default=None
        Tasks with fewer targets have no score of their own (NaN). None is 2 for metrics that are
        relative to the spread of the targets (R^2 and its kin, explained variance, correlations),
        for areas under curves, and for functions of your own that are better if larger; else 1.
    greater_is_better : bool, default=None
        Whether a larger value of the metric is better; only used with ``average="worst"``. None
        takes what the scorer says, or reads it off the function's name: a ``_score`` is better if
        larger, an ``_error``, ``_loss`` or ``_deviance`` if smaller.
    response_method : {"predict", "predict_proba", "decision_function"} or a list, default=None
        What `y_pred` is, where the metric is a function of your own. None takes what
        scikit-learn's scorer of this metric takes; for other functions it is found from the name of
        their second argument (`y_score`, `y_proba`, `y_prob`, `pred_decision`), else "predict".
    classes : array-like of shape (n_classes,), or list of n_tasks of them, default=None
        Class labels that `y_pred` has scores of, such as the `classes_` of a fitted classifier.
        None takes those of the targets.

    Returns
    -------
    float, or ndarray of shape (n_tasks,) when `average` is None
        Tasks in the order of the columns of `y_true`, else of ``np.unique(tasks)``. Tasks without a
        score of their own, among them those of a single class where the metric needs more, are NaN
        and do not count in averages. If no task has one, the average is the metric of the targets
        of all tasks together, or NaN for metrics of scores of classes.

    Raises
    ------
    TypeError
        If the metric is neither a name nor a function.
    ValueError
        If the input is invalid: shapes, columns or index labels that do not match, an unknown
        metric or average, scores of other classes than those of the targets, or no target to score.

    Warns
    -----
    UndefinedMetricWarning
        If tasks with targets do not count in the average.
    UserWarning
        If `y_pred` looks like class labels where the metric needs scores of classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import task_score
    >>> y = np.array([[1.0, 2.0], [2.0, np.nan], [3.0, 6.0]])
    >>> task_score(y, np.array([[1.0, 2.0], [2.0, 0.0], [3.0, 4.0]]), average=None)
    array([1. , 0.5])

    Probabilities of two tasks, one target of which is missing:

    >>> y = np.array([[0, 1], [1, np.nan], [1, 0]])
    >>> p = np.array([[0.2, 0.6], [0.8, 0.5], [0.9, 0.3]])  # of class 1
    >>> task_score(y, p, metric="neg_log_loss", average=None).round(2)
    array([-0.18, -0.43])
    """
    check_option(average, "average", AVERAGES)
    metric = find_metric(
        metric,
        response_method=response_method,
        greater_is_better=greater_is_better,
    )
    task_ids, observations = read_observations(
        metric,
        y_true,
        y_pred,
        tasks=tasks,
        sample_weight=sample_weight,
        classes=classes,
    )
    if not metric.takes_labels:
        _warn_of_labels(metric, observations)
    scores = score_observations(metric, observations, min_samples)
    if average is None:
        return scores
    return average_score(metric, average, task_ids, scores, observations)


def score_observations(metric, observations, min_samples=None):
    """Return the score of every task, (n_tasks,); NaN with too few targets or classes."""
    if min_samples is None:
        min_samples = metric.min_samples
    check_int(min_samples, "min_samples")
    if not any(len(own.y_true) for own in observations):
        raise ValueError("There is no target of positive weight to score.")
    scores = np.full(len(observations), np.nan)
    for t, own in enumerate(observations):
        if len(own.y_true) >= min_samples and own.y_pred is not None:
            scores[t] = metric(*own)
    if metric.is_scorer:
        scores *= metric.sign
    return scores


def average_score(metric, average, task_ids, scores, observations):
    """Return the average of the scores of the tasks; say which tasks do not count in it."""
    scored = ~np.isnan(scores)
    if not scored.any():
        return _pooled_score(metric, observations)
    _warn_of_unscored(metric, task_ids, scores, observations)
    if average == "worst":
        larger_is_better = metric.is_scorer or metric.sign > 0
        worst = np.min if larger_is_better else np.max
        return float(worst(scores[scored]))
    weights = _average_weights(average, observations)
    if average == "variance_weighted":
        weightless = scored & (weights == 0)
        _warn_of_weightless(task_ids[weightless], scored.sum())
    weights = weights[scored]
    if weights.sum() == 0:
        weights = np.ones(len(weights))
    return float(np.average(scores[scored], weights=weights))


def _pooled_score(metric, observations):
    """Return the score of the targets of all tasks together, where no task has one of its own.

    Scores of classes are not comparable between tasks: then there is none.
    """
    problem = f"{metric.name} has no value for any task: they have too few targets or one class"
    if not metric.takes_labels:
        warn(f"{problem}; the score is NaN.", UndefinedMetricWarning)
        return np.nan
    warn(
        f"{problem}; the score is that of the targets of all tasks together.",
        UndefinedMetricWarning,
    )
    y_true = np.concatenate([own.y_true for own in observations])
    y_pred = np.concatenate([own.y_pred for own in observations])
    weight = None
    if observations[0].weight is not None:
        weight = np.concatenate([own.weight for own in observations])
    score = metric(y_true, y_pred, weight)
    if metric.is_scorer:
        score *= metric.sign
    return float(score)


def _warn_of_unscored(metric, task_ids, scores, observations):
    """Warn about tasks that have targets but no score."""
    has_targets = np.array([len(own.y_true) > 0 for own in observations])
    unscored = has_targets & np.isnan(scores)
    if unscored.any():
        warn(
            f"{metric.name} has no value for {unscored.sum()} of {has_targets.sum()} tasks, "
            f"{some_of(task_ids[unscored])}: they have too few targets, one class, or no scores of "
            "classes, and do not count in the average.",
            UndefinedMetricWarning,
        )


def _warn_of_weightless(task_ids, n_scored):
    """Warn about tasks that have a score, but targets without variance."""
    if 0 < len(task_ids) < n_scored:
        warn(
            f"average='variance_weighted' gives no weight to task(s) {some_of(task_ids)}: all of "
            "their targets are equal.",
        )


def _warn_of_labels(metric, observations):
    """Warn if scores of classes look like predicted class labels."""
    for own in observations:
        if own.y_pred is None or len(own.y_pred) == 0:
            continue
        if own.y_pred.ndim > 1 or not np.isin(own.y_pred, own.classes).all():
            return
    warn(
        f"{metric.name} needs {' or '.join(metric.response_method)}, but y_pred holds class labels "
        "only: were they taken from predict?"
    )


def _average_weights(average, observations):
    """Return the weights of the tasks in their average, (n_tasks,)."""
    if average == "uniform_average":
        return np.ones(len(observations))
    weight_of = _size if average == "n_samples" else _spread
    return np.array([weight_of(own) for own in observations], dtype=float)


def _size(own):
    """Return the (weighted) number of targets of a task."""
    return len(own.y_true) if own.weight is None else own.weight.sum()


def _spread(own):
    """Return the sum of squares of the centered targets of a task."""
    if own.y_true.dtype.kind not in "biuf":
        raise ValueError(
            "average='variance_weighted' needs numbers as targets, not class labels such as "
            f"{own.y_true[0]!r}; use another average."
        )
    y = own.y_true.astype(float)
    if len(y) == 0 or y.min() == y.max():
        return 0.0
    weight = np.ones(len(y)) if own.weight is None else own.weight
    centered = y - np.average(y, weights=weight)
    return weight @ centered**2

"""From the `scoring` that a user gave to the error measure of an evaluation."""

import inspect

import numpy as np

from skmtl.evaluation._measures import (
    LogLoss,
    MeanLoss,
    RankLoss,
    absolute_error,
    poisson_deviance,
    squared_error,
)
from skmtl.evaluation._metric_errors import MetricError
from skmtl.metrics import find_metric

_ROOT = MeanLoss("root_mean_squared_error", squared_error, root=True)
_LOG_LOSS = LogLoss()
_RANK_LOSS = RankLoss()

# Measures that are computed for all tasks at once, by the name of scikit-learn's function.
_REGRESSION = {
    "root_mean_squared_error": _ROOT,
    "mean_squared_error": MeanLoss("mean_squared_error", squared_error),
    "mean_absolute_error": MeanLoss(
        "mean_absolute_error", absolute_error, constant=np.median, negligible=0.1
    ),
    "mean_poisson_deviance": MeanLoss("mean_poisson_deviance", poisson_deviance),
}
_CLASSIFICATION = {"log_loss": _LOG_LOSS, "roc_auc_score": _RANK_LOSS}


def find_measure(scoring, is_classification, has_probabilities=True):
    """The measure of a score; the default for None.

    Parameters
    ----------
    scoring : str, callable or None
        What the user passed.
    is_classification : bool
        Whether classifiers are judged.
    has_probabilities : bool, default=True
        Whether all of them have `predict_proba`.
    """
    if scoring is None:
        return _LOG_LOSS if is_classification else _ROOT
    metric = _find_metric(scoring)
    _check_kind(metric, scoring, is_classification)
    measures = _CLASSIFICATION if is_classification else _REGRESSION
    name = getattr(metric.function, "__name__", "")
    is_plain = metric.is_known and not metric.kwargs
    if is_plain and name in measures:
        measure = measures[name]
        if has_probabilities or measure is not _RANK_LOSS:
            return measure
    return MetricError(metric, is_classification)


def _find_metric(scoring):
    """The metric of a score; errors name `scoring`."""
    if callable(scoring) and not hasattr(scoring, "_score_func"):
        _check_no_scorer(scoring)
    try:
        metric = find_metric(scoring)
        metric.sign  # noqa: B018  (raises if it is not known)
    except ValueError as error:
        if isinstance(scoring, str):
            raise ValueError(str(error).replace("metric=", "scoring=", 1)) from error
        raise ValueError(
            f"scoring={scoring!r}: {error} For example "
            "sklearn.metrics.make_scorer(metric, greater_is_better=False)."
        ) from error
    return metric


def _check_no_scorer(scoring):
    """Raise TypeError for a function of an estimator and data, which scores all tasks as one."""
    try:
        parameters = list(inspect.signature(scoring).parameters)
    except (TypeError, ValueError):
        return
    if parameters[:1] in (["estimator"], ["est"], ["clf"], ["model"]):
        raise TypeError(
            f"scoring={scoring!r} scores an estimator; tasks are judged one by one, so give the "
            "metric itself: a name such as 'roc_auc', metric(y_true, y_pred), or "
            "sklearn.metrics.make_scorer(metric)."
        )


def _check_kind(metric, scoring, is_classification):
    """Raise ValueError for a score of classes with regressors, or the other way round."""
    kind = "classifiers" if is_classification else "regressors"
    if not metric.takes_labels:
        fits = is_classification
    elif not metric.is_known:
        fits = True
    elif is_classification:
        fits = _takes(metric, np.array(["a", "b"])) or _has_class_options(metric)
    else:
        fits = _takes(metric, np.array([0.25, 1.5, 1.75]))
    if not fits:
        raise ValueError(f"scoring={scoring!r} is not one of the scores of {kind}.")


def _takes(metric, targets):
    """Whether a metric takes such targets."""
    try:
        metric(targets, targets)
    except (TypeError, ValueError):
        return False
    return True


def _has_class_options(metric):
    """Whether a metric has an option that only metrics of classes have."""
    parameters = inspect.signature(metric.function).parameters
    return "pos_label" in parameters or "labels" in parameters

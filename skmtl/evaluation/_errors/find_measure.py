"""From the `scoring` that a user gave to the error measure of an evaluation."""

import inspect
from functools import partial

import numpy as np
from sklearn.metrics import (
    mean_absolute_percentage_error,
    mean_pinball_loss,
    mean_squared_log_error,
)

from skmtl.evaluation._errors.measures import (
    LogLoss,
    MeanLoss,
    absolute_error,
    gamma_deviance,
    losses_of_metric,
    poisson_deviance,
    squared_error,
)
from skmtl.evaluation._errors.metric_errors import ClassLoss, MetricError, brier_loss, zero_one_loss
from skmtl.evaluation._errors.rank_loss import RankLoss
from skmtl.evaluation._errors.relative_loss import RelativeLoss
from skmtl.metrics import find_metric

_NEGLIGIBLE_ABSOLUTE = 0.1  # of losses in the unit of the targets: a tenth, whose square is 0.01


def _geometric_mean(truth):
    """The best constant for squared errors of ``log(1 + y)``."""
    return np.expm1(np.mean(np.log1p(truth)))


def _absolute(name, loss, constant=np.median):
    """The measure of a loss in the unit of the targets."""
    return MeanLoss(name, loss, constant=constant, negligible=_NEGLIGIBLE_ABSOLUTE)


def _pinball(alpha=0.5):
    """The pinball loss of a quantile."""
    loss = partial(losses_of_metric, metric=mean_pinball_loss, alpha=alpha)
    return _absolute("mean_pinball_loss", loss, partial(np.quantile, q=alpha))


_ROOT = MeanLoss("root_mean_squared_error", squared_error, root=True)
_LOG_LOSS = LogLoss()
_RANK_LOSS = RankLoss()
_LOG_ERROR = partial(losses_of_metric, metric=mean_squared_log_error)
_PERCENTAGE = partial(losses_of_metric, metric=mean_absolute_percentage_error)

# Measures that are computed for all tasks at once, by the name of scikit-learn's function.
_REGRESSION = {
    "root_mean_squared_error": _ROOT,
    "mean_squared_error": MeanLoss("mean_squared_error", squared_error),
    "mean_absolute_error": _absolute("mean_absolute_error", absolute_error),
    "mean_absolute_percentage_error": _absolute("mean_absolute_percentage_error", _PERCENTAGE),
    "mean_squared_log_error": MeanLoss(
        "mean_squared_log_error", _LOG_ERROR, constant=_geometric_mean
    ),
    "root_mean_squared_log_error": MeanLoss(
        "root_mean_squared_log_error", _LOG_ERROR, root=True, constant=_geometric_mean
    ),
    "mean_poisson_deviance": MeanLoss("mean_poisson_deviance", poisson_deviance),
    "mean_gamma_deviance": MeanLoss("mean_gamma_deviance", gamma_deviance),
    "mean_pinball_loss": _pinball(),
    "r2_score": RelativeLoss("1 - r2", squared_error),
    "explained_variance_score": RelativeLoss(
        "1 - explained_variance", squared_error, ignores_shift=True
    ),
    "d2_absolute_error_score": RelativeLoss(
        "1 - d2_absolute_error_score", absolute_error, constant=np.median
    ),
}
_CLASSIFICATION = {"log_loss": _LOG_LOSS, "roc_auc_score": _RANK_LOSS}
_CLASS_LOSSES = {
    "accuracy_score": zero_one_loss,
    "zero_one_loss": zero_one_loss,
    "hamming_loss": zero_one_loss,
    "brier_score_loss": brier_loss,
}


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
    name = getattr(metric.function, "__name__", "")
    if not metric.is_known:
        return MetricError(metric, is_classification)
    if name == "mean_pinball_loss" and metric.kwargs.keys() == {"alpha"}:
        return _pinball(**metric.kwargs)
    if metric.kwargs:
        return MetricError(metric, is_classification)
    if is_classification and name in _CLASS_LOSSES:
        return ClassLoss(metric, _CLASS_LOSSES[name])
    measures = _CLASSIFICATION if is_classification else _REGRESSION
    measure = measures.get(name)
    if measure is None or (measure is _RANK_LOSS and not has_probabilities):
        return MetricError(metric, is_classification)
    return measure


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

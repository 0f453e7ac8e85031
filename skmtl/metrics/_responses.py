"""What a metric takes from a fitted estimator: predictions, or scores of classes."""

import numpy as np

from skmtl._data.fitted_final import fitted_final
from skmtl._data.in_memory import check_in_memory
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.target_names import are_default_names, targets_in_order
from skmtl._data.task_ids import as_id_array, column_names
from skmtl.metrics._observations import read_observations


def observe(estimator, X, y, metric, *, task_ids=None, sample_weight=None, **predict_kwargs):
    """Return the tasks and the observations of each that a metric of a fitted estimator sees.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Fitted.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Samples.
    y : array-like of shape (n_samples, n_tasks) or (n_samples,)
        Their targets. Columns of a frame are matched by name with the `tasks_` of the estimator.
    metric : Metric
        What is computed of them.
    task_ids : array-like of shape (n_samples,), default=None
        Task id of every sample; None for two-dimensional y.
    sample_weight : array-like of shape (n_samples,) or of y's shape, default=None
        Weights.
    **predict_kwargs : dict
        Arguments of the method that predicts.

    Returns
    -------
    task_ids : ndarray of shape (n_tasks,)
    observations : list of n_tasks Observations
    """
    check_in_memory(X=X, y=y, sample_weight=sample_weight)
    warn_of_row_order(X, y=y, sample_weight=sample_weight)
    values, classes = response_of(estimator, X, metric, **predict_kwargs)
    names = None
    fitted = fitted_tasks(estimator)
    if task_ids is None and fitted is not None:
        names = _task_names(y, fitted)
        y = targets_in_order(y, fitted)
        if sample_weight is not None:
            sample_weight = targets_in_order(sample_weight, fitted, "sample_weight")
    found, observations = read_observations(
        metric,
        y,
        values,
        tasks=task_ids,
        sample_weight=sample_weight,
        classes=classes,
    )
    return found if names is None else names, observations


def fitted_tasks(estimator):
    """Return the `tasks_` at the end of pipelines and searches, None if there are none."""
    return getattr(fitted_final(estimator), "tasks_", None)


def _task_names(y, fitted):
    """Return the task ids of the columns of y: those of the fit if they are no mere positions."""
    columns = column_names(y)
    if columns is None or not are_default_names(fitted):
        return fitted
    return as_id_array(columns)


def response_of(estimator, X, metric, **predict_kwargs):
    """Return what a metric takes from a fitted estimator, and the class labels it has scores of.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        Fitted.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
        Samples.
    metric : Metric
        What is computed of it.
    **predict_kwargs : dict
        Arguments of the method, such as the task ids.

    Returns
    -------
    values : ndarray or list of n_tasks ndarrays
        As the method returns them.
    classes : ndarray, list of n_tasks ndarrays or None
        None for predictions, and where the estimator does not say.
    """
    if metric.takes_labels:
        return estimator.predict(X, **predict_kwargs), None
    classes = getattr(estimator, "classes_", None)
    method = _first_method(estimator, metric, classes)
    values = getattr(estimator, method)(X, **predict_kwargs)
    by_task = isinstance(classes, list)
    if isinstance(values, np.ndarray) and values.ndim == 2 and not by_task:
        is_of_classes = classes is not None and len(classes) == values.shape[1]
        if not is_of_classes:  # positive classes of several outputs, as scikit-learn's chains
            classes = None
    return values, classes


def _first_method(estimator, metric, classes):
    """Return the first method of the metric that the estimator has.

    Scores of several classes are comparable if they are probabilities, which come first then.
    """
    methods = list(metric.response_method)
    several = _are_several(classes)
    if several and "predict_proba" in methods:
        methods.remove("predict_proba")
        methods.insert(0, "predict_proba")
    for method in methods:
        if hasattr(estimator, method):
            return method
    raise ValueError(
        f"{metric.name} needs {' or '.join(methods)}, which {type(estimator).__name__} does not "
        "have. Use a metric of predictions or another estimator; response_method= says which "
        "method a metric takes."
    )


def _are_several(classes):
    """Whether a task has more than two classes, or no classes at all."""
    if classes is None:
        return False
    by_task = classes if isinstance(classes, list) else [classes]
    return any(own is None or len(own) > 2 for own in by_task)

"""The targets and predictions of each task, from every form in which they are given."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length

from skmtl._data.in_memory import check_in_memory
from skmtl._data.row_names import refuse_other_rows
from skmtl._data.spellings import plain_labels, refuse_masked, target_array
from skmtl._data.target_names import check_names_differ, targets_in_order
from skmtl._data.task_ids import (
    as_id_array,
    check_task_ids,
    column_names,
    encode,
    missing_mask,
    some_of,
)
from skmtl.metrics._class_scores import known_classes


class Observations(NamedTuple):
    """The targets of one task that are scored: not missing, and of positive weight.

    Attributes
    ----------
    y_true : ndarray of shape (n_samples,)
        Targets.
    y_pred : ndarray of shape (n_samples,) or (n_samples, n_classes), or None
        Predictions; None if the model gives this task no scores of classes.
    weight : ndarray of shape (n_samples,) or None
        Weights; None where all are 1.
    classes : ndarray of shape (n_classes,) or None
        Class labels that `y_pred` has scores of; None for other predictions.
    """

    y_true: np.ndarray
    y_pred: np.ndarray | None
    weight: np.ndarray | None
    classes: np.ndarray | None


def read_observations(metric, y_true, y_pred, *, tasks, sample_weight, classes):
    """Return the tasks and a list with the :class:`Observations` of each.

    `classes` are the class labels of scores: an array, or a list of one for each task. None takes
    those of the targets.
    """
    check_in_memory(y_true=y_true, y_pred=y_pred, tasks=tasks, sample_weight=sample_weight)
    refuse_other_rows(y_true, y_pred=y_pred, tasks=tasks, sample_weight=sample_weight)
    if tasks is None:
        read = _read_wide(metric, y_true, y_pred, sample_weight)
    else:
        read = _read_long(metric, y_true, y_pred, sample_weight, tasks)
    task_ids, parts = read
    if metric.is_known:
        _check_predicted(task_ids, parts)
    if metric.takes_labels:
        return task_ids, parts
    classes_of_tasks = _classes_of_tasks(classes, len(parts))
    labels = np.concatenate([part.y_true for part in parts])
    scored = []
    for task, part, own in zip(task_ids.tolist(), parts, classes_of_tasks, strict=True):
        _check_scores(metric, part.y_pred)
        if own is not None and tasks is None and _is_of_outputs(part.y_pred, own):
            own = None
        if own is None and part.y_pred is not None and len(part.y_true):
            own = _find_classes(task, part, labels, wide=tasks is None)
        scored.append(part._replace(classes=own))
    return task_ids, scored


def _check_predicted(task_ids, parts):
    """Raise if targets have no prediction; only metrics of the user's own may take such."""
    for task, part in zip(task_ids.tolist(), parts, strict=True):
        if part.y_pred is None:
            continue
        lacking = missing_mask(part.y_pred)
        if lacking.any():
            n_lacking = lacking.reshape(len(lacking), -1).any(axis=1).sum()
            raise ValueError(
                f"y_pred is NaN or None for {n_lacking} target(s) of task {task!r}, such as those "
                "of samples that no fold has tested: make these targets missing, or leave the "
                "samples out."
            )


def _check_scores(metric, y_pred):
    """Raise unless scores of classes are numbers."""
    if y_pred is not None and len(y_pred) and y_pred.dtype.kind not in "biuf":
        raise ValueError(
            f"{metric.name} needs {' or '.join(metric.response_method)}, but y_pred holds class "
            f"labels such as {some_of(y_pred[:1])}."
        )


def _read_wide(metric, y_true, y_pred, sample_weight):
    """Return the tasks and the observations of each of two-dimensional targets."""
    Y = target_array(y_true, "y_true")
    if Y.ndim == 1:
        Y = Y[:, None]
    n_tasks = Y.shape[1]
    names = column_names(y_true)
    task_ids = np.arange(n_tasks)
    if names is not None:
        task_ids = check_names_differ(names, "y_true")
    if metric.takes_labels:
        columns = _columns(y_pred, Y.shape, task_ids, "y_pred")
    else:
        columns = _scores_of_tasks(y_pred, Y.shape, task_ids)
    weights = [None] * n_tasks
    if sample_weight is not None:
        weights = _broadcast_weight(sample_weight, Y.shape, task_ids).T
    parts = []
    for y, predictions, weight in zip(Y.T, columns, weights, strict=True):
        kept = _kept(y, weight)
        parts.append(_observations(y, predictions, weight, kept))
    return task_ids, parts


def _read_long(metric, y_true, y_pred, sample_weight, tasks):
    """Return the tasks and the observations of each of targets with a task id for each."""
    y = _flat(target_array(y_true, "y_true"))
    predictions = _flat(target_array(y_pred, "y_pred"))
    most = 1 if metric.takes_labels else 2
    if len(y) != len(predictions) or y.ndim > 1 or predictions.ndim > most:
        raise ValueError(
            f"y_true has shape {np.shape(y_true)}, but y_pred has shape {np.shape(y_pred)}."
        )
    ids = check_task_ids(tasks)
    check_consistent_length(y, ids)
    task_ids, codes = encode(ids)
    weight = None
    if sample_weight is not None:
        weight = _broadcast_weight(sample_weight, y.shape)
    kept = _kept(y, weight)
    counts = np.bincount(codes[kept], minlength=len(task_ids))
    order = kept[np.argsort(codes[kept], kind="stable")]
    parts = []
    for samples in np.split(order, np.cumsum(counts)[:-1]):
        parts.append(_observations(y, predictions, weight, samples))
    return task_ids, parts


def _flat(values):
    """Return a single column as a 1-D array."""
    if values.ndim == 2 and values.shape[1] == 1:
        return values.ravel()
    return values


def _kept(y, weight):
    """Return the positions of targets that are not missing and have positive weight."""
    kept = ~missing_mask(y)
    if weight is not None:
        kept &= weight > 0
    return np.flatnonzero(kept)


def _observations(y, predictions, weight, samples):
    """Return the observations of some samples."""
    return Observations(
        y_true=plain_labels(y[samples], "y_true"),
        y_pred=None if predictions is None else plain_labels(predictions[samples], "y_pred"),
        weight=None if weight is None else weight[samples],
        classes=None,
    )


def _columns(values, shape, task_ids, name):
    """Return a list of the columns of values with the shape of two-dimensional targets."""
    array = targets_in_order(values, task_ids, name)
    if array.ndim == 1:
        array = array[:, None]
    if array.shape != shape:
        raise ValueError(f"y_true has shape {shape}, but {name} has shape {np.shape(values)}.")
    return list(array.T)


def _scores_of_tasks(y_pred, shape, task_ids):
    """Return a list of the scores of classes of every task, None for tasks without classes.

    They are given as such a list, or as one array of the scores of the positive classes.
    """
    n_samples, n_tasks = shape
    if not _is_list_of_tasks(y_pred):
        if n_tasks == 1 and np.ndim(y_pred) == 2:
            return [target_array(y_pred, "y_pred")]
        return _columns(y_pred, shape, task_ids, "y_pred")
    if len(y_pred) != n_tasks:
        raise ValueError(f"y_pred has scores of {len(y_pred)} tasks, but y_true has {n_tasks}.")
    scores = []
    for task, values in zip(task_ids.tolist(), y_pred, strict=True):
        array = None if values is None else target_array(values, "y_pred")
        if array is not None and len(array) != n_samples:
            raise ValueError(
                f"y_true has {n_samples} samples, but the scores of task {task!r} in y_pred have "
                f"shape {array.shape}."
            )
        scores.append(array)
    return scores


def _is_list_of_tasks(y_pred):
    """Whether scores are one array (n_samples, n_classes) for each task."""
    if isinstance(y_pred, list | tuple):
        return any(values is None or np.ndim(values) == 2 for values in y_pred)
    return np.ndim(y_pred) == 3


def _is_of_outputs(y_pred, classes):
    """Whether "classes" number the outputs of a scikit-learn network, not the classes of a task."""
    return y_pred is not None and y_pred.ndim == 1 and len(classes) != 2


def _classes_of_tasks(classes, n_tasks):
    """Return the class labels of each task; None where they are not given."""
    if classes is None:
        return [None] * n_tasks
    one_for_all = all(np.ndim(one) == 0 and one is not None for one in classes)
    if one_for_all:
        return [as_id_array(classes)] * n_tasks
    if len(classes) != n_tasks:
        raise ValueError(f"classes has {len(classes)} entries, expected one for {n_tasks} tasks.")
    return [None if one is None else as_id_array(one) for one in classes]


def _find_classes(task, part, labels, *, wide):
    """Return the class labels that the scores of a task are of, from the targets.

    They are those of the task or those of all tasks, whichever has as many as there are scores. In
    long data they are those of all tasks where both have.
    """
    n_scored = 2 if part.y_pred.ndim == 1 else part.y_pred.shape[1]
    candidates = (part.y_true, labels) if wide else (labels, part.y_true)
    for targets in candidates:
        classes = known_classes(targets)
        if len(classes) == n_scored:
            return classes
    own = known_classes(part.y_true)
    raise ValueError(
        f"y_pred has scores of {n_scored} classes for task {task!r}, whose targets are "
        f"{some_of(own)}: give the class labels of the scores as classes=, such as the classes_ of "
        "the fitted model. (scikit-learn's cross_val_predict takes missing class labels for one "
        "more class; task_cross_val_predict does not.)"
    )


def _broadcast_weight(sample_weight, shape, task_ids=None):
    """Return the weight of every target, in the shape of y."""
    weight = sample_weight
    if task_ids is not None:
        weight = targets_in_order(sample_weight, task_ids, "sample_weight")
    refuse_masked(sample_weight, "sample_weight")
    weight = np.asarray(weight, dtype=float)
    invalid = ~(np.isfinite(weight) & (weight >= 0))
    if invalid.any():
        raise ValueError(
            f"sample_weight must be finite and at least 0, got {weight[invalid][0]}; a target of "
            "weight 0 is not scored."
        )
    if weight.ndim == 1 and len(shape) == 2:
        weight = weight[:, None]
    if weight.ndim and weight.shape[0] != shape[0]:
        raise ValueError(f"sample_weight has {weight.shape[0]} samples, y_true has {shape[0]}.")
    return np.broadcast_to(weight, shape)

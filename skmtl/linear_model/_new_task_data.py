"""What `adapt` is given, read and checked: samples of a new task on the scale of the fit."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from skmtl._data.designs import take_samples
from skmtl._data.in_memory import check_in_memory
from skmtl._data.new_task import read_new_targets
from skmtl._data.reading import read_features
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.spellings import plain_labels
from skmtl._data.task_ids import position_of, some_of
from skmtl._data.task_parameters import entries_by_label
from skmtl.datafits import class_factors, warn_of_pseudo_observations
from skmtl.losses import Logistic, Softmax


class Scales(NamedTuple):
    """What the objective of the fit was measured in.

    Attributes
    ----------
    nbar : float
        Mean weight of a task.
    target : ndarray of shape (n_tasks,)
        What each task's y was divided by.
    pooled : float or dict
        Mean of y, or the weight of every class label.
    """

    nbar: float
    target: np.ndarray
    pooled: object

    @classmethod
    def of(cls, read):
        """Those of what a regressor or a classifier has read."""
        data = read.data
        nbar = float(data.task_total.sum()) / data.n_tasks
        if hasattr(read, "classes"):
            return cls(nbar, np.ones(data.n_tasks), read.pooled_weights())
        return cls(nbar, read.scale.scale, data.mean_target)

    def with_target(self, scale):
        """Those of one task more."""
        return self._replace(target=np.append(self.target, scale))


class NewTask(NamedTuple):
    """Validated samples of a new task, of positive weight, and the loss of their targets.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        The samples.
    y : ndarray of shape (n_samples, n_columns)
        Their targets, normalized.
    weight : ndarray of shape (n_samples,)
        Their weights, scaled as in the objective.
    loss : Loss
        The loss of a target.
    mean, scale : float
        What y was normalized with.
    classes : ndarray or None
        Class labels of the task.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    loss: object
    mean: float = 0.0
    scale: float = 1.0
    classes: np.ndarray | None = None


def strength_of_new_task(value, name, task_id):
    """The strength of a new task: the one of all tasks, or an entry of a dict or Series."""
    if np.ndim(value) == 0 and not isinstance(value, dict):
        return float(value)
    entries = entries_by_label(value)
    position = None
    if entries is not None:
        labels, values = entries
        position = position_of(task_id, labels)
    if position is None:
        raise ValueError(
            f"{name} differs between tasks and has no entry for the new task {task_id!r}: give "
            f"one, as in model.set_params({name}={{task_id: number, ...}}).adapt(...)."
        )
    return float(values[position])


def read_new_task(fitted, X, y, sample_weight, task_id):
    """The :class:`NewTask` of what the user gave to `adapt` of a fitted estimator."""
    check_in_memory(X=X, y_new=y, sample_weight=sample_weight)
    warn_of_row_order(X, y_new=y, sample_weight=sample_weight)
    X, _ = read_features(fitted, X, reset=False, ids=False)
    classifier = hasattr(fitted, "classes_")
    dtype = None if classifier else np.float64
    samples, y, weight = read_new_targets(fitted, X.shape[0], y, sample_weight, dtype)
    X = take_samples(X, samples)
    if sparse.issparse(X):
        X = X.toarray()
    read = _read_class_labels if classifier else _read_numbers
    new_task = read(fitted, y, weight, task_id)
    omega = _task_weight(fitted, new_task.weight.sum(), task_id)
    factor = omega / fitted._scales.nbar
    return new_task._replace(X=X.astype(float), weight=new_task.weight * factor)


def _task_weight(fitted, total, task_id):
    """The task weight of the new task, whose samples have this total weight."""
    given = fitted.task_weight
    if isinstance(given, str) and given == "balanced":
        return fitted._scales.nbar / total
    if given is None or isinstance(given, str):  # of noise like that of the others
        return 1.0
    return strength_of_new_task(given, "task_weight", task_id)


def _read_numbers(fitted, y, weight, task_id):
    mean = 0.0
    scale = 1.0
    if fitted.normalize_y:
        mean = np.average(y, weights=weight)
        scale = _deviation(y, weight, mean)
        if scale is None:
            scale = float(np.median(fitted._scales.target))
        y = (y - mean) / scale
    loss = fitted._make_loss()
    loss.check_targets(y)
    total = weight.sum()
    sums = np.array([weight @ y])
    if loss.degenerate(sums, np.array([total])).any():
        warn_of_pseudo_observations([task_id], loss)
        share = 1.0 / (total + 1.0)
        y = (1 - share) * y + share * fitted._scales.pooled
    return NewTask(None, y[:, None], weight, loss, mean, scale)


def _deviation(y, weight, mean):
    """Standard deviation of y, or None for one target or equal ones."""
    variance = np.average((y - mean) ** 2, weights=weight)
    deviation = np.sqrt(variance)
    rounding = 10 * np.finfo(float).eps * abs(mean)
    return deviation if deviation > rounding else None


def _read_class_labels(fitted, y, weight, task_id):
    n_columns = 1 if fitted.coef_.ndim == 2 else fitted.coef_.shape[1]
    y = plain_labels(y, "y_new")
    classes = _classes_of(fitted, np.unique(y), max(n_columns, 2))
    codes = np.searchsorted(classes, y)
    factors = class_factors(fitted.class_weight, classes, codes, weight)
    weight = weight * factors[codes]
    target = np.eye(len(classes))[codes]
    loss = Logistic() if n_columns == 1 else Softmax()
    if len(np.unique(codes)) < len(classes):
        warn_of_pseudo_observations([task_id], loss)
        pooled = fitted._scales.pooled
        counts = np.array([pooled.get(label, 1.0) for label in classes.tolist()])
        frequencies = counts / counts.sum()
        share = 1.0 / (weight.sum() + 1.0)
        target = (1 - share) * target + share * frequencies
    return NewTask(None, target[:, -n_columns:], weight, loss, classes=classes)


def _classes_of(fitted, labels, n_classes):
    """The classes of the new task: those of a fitted task that has all its class labels.

    Without such a task they are the new task's own class labels, if these are as many.
    """
    wide = isinstance(fitted.classes_, list)
    known = fitted.classes_ if wide else [fitted.classes_]
    seen = set(labels.tolist())
    for classes in known:
        if seen <= set(classes.tolist()):
            return classes
    if wide and len(labels) == n_classes:
        return labels
    all_labels = {}
    for classes in known:
        all_labels |= dict.fromkeys(classes.tolist())
    raise ValueError(
        f"y_new has the classes {some_of(labels)}, but the model knows {some_of(all_labels)}."
    )

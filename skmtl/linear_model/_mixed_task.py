"""Tasks of different kinds: their targets, predictions and skills."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax
from sklearn.utils.multiclass import check_classification_targets

from skmtl._data.spellings import plain_labels
from skmtl._data.task_ids import codes_of, encode
from skmtl._data.task_parameters import in_order, refuse_unknown
from skmtl._warn import warn
from skmtl.losses import Grouped, Loss, Softmax

_LEAST_PROBABILITY = np.finfo(float).eps


@dataclass(frozen=True)
class MixedTask:
    """One task: its loss, what its targets were made of, and what predicts it without features.

    Attributes
    ----------
    kind : str or Loss
        The loss as it was given.
    loss : Loss
        The loss of a target, which may have several columns.
    mean, scale : float
        What numbers were normalized with.
    classes : ndarray or None
        Class labels, None for numbers and counts.
    baseline : float or ndarray
        The mean, or the frequencies of the classes.
    """

    kind: object
    loss: Loss
    mean: float
    scale: float
    classes: np.ndarray | None
    baseline: object

    @property
    def size(self):
        """Number of columns of W."""
        if self.classes is None or len(self.classes) <= 2:
            return 1
        return len(self.classes)

    def columns(self, target, weight):
        """Targets as columns of W have them, (n_samples, size).

        A task of one class has one that makes its score finite: one pseudo-observation, half of it
        of the class.
        """
        if self.classes is None:
            return target[:, None]
        if len(self.classes) == 1:
            total = weight.sum()
            blended = (total + 0.5) / (total + 1)
            return np.full((len(weight), 1), blended)
        indicators = np.eye(len(self.classes))[target]
        return indicators[:, -self.size :]

    def proba(self, z):
        """Class probabilities of scores (n_samples, size)."""
        if len(self.classes) == 1:
            return np.ones((len(z), 1))
        if self.size == 1:
            p = expit(z[:, 0])
            return np.column_stack([1 - p, p])
        return softmax(z, axis=1)

    def predict(self, z):
        """Expected targets, or the most probable classes, of scores (n_samples, size)."""
        if self.classes is not None:
            best = self.proba(z).argmax(axis=1)
            return self.classes[best]
        return self.mean + self.scale * self.loss.inverse_link(z[:, 0])

    def skill(self, y, z, weight):
        """1 - loss / loss of the baseline, NaN if the baseline is perfect.

        Parameters
        ----------
        y : ndarray of shape (n_samples,)
            Targets, none missing.
        z : ndarray of shape (n_samples, size)
            Scores.
        weight : ndarray of shape (n_samples,)
            Sample weights.
        """
        losses = self._class_losses if self.classes is not None else self._number_losses
        own, baseline = losses(y, z)
        total = weight @ baseline
        if total <= 0:
            return np.nan
        return 1 - (weight @ own) / total

    def _class_losses(self, y, z):
        """Log-losses of the scores and of the baseline; an unknown class is most improbable."""
        codes = codes_of(plain_labels(y), self.classes, "y")
        known = codes >= 0
        samples = np.arange(len(y))
        own = self.proba(z)[samples, codes]
        baseline = self.baseline[codes]
        own_loss = _surprise(np.where(known, own, 0.0))
        baseline_loss = _surprise(np.where(known, baseline, 0.0))
        return own_loss, baseline_loss

    def _number_losses(self, y, z):
        """Losses of the scores and of the baseline."""
        target = (y.astype(float) - self.mean) / self.scale
        null = self.loss.link((self.baseline - self.mean) / self.scale)
        own = self.loss.value(target, z[:, 0])
        baseline = self.loss.value(target, np.full(len(y), null))
        return own, baseline


def losses_of_tasks(losses, targets, tasks):
    """The loss of every task, as it was given: a list.

    Parameters
    ----------
    losses : list, dict, Series or None
        What the user gave: by task id, or in the order of the tasks.
    targets : list of ndarray
        The known targets of every task.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    """
    if losses is not None:
        return _list_of_losses(losses, tasks)
    kinds = []
    for own in targets:
        kinds.append("squared_error" if _are_numbers(own.tolist()) else "logistic")
    return kinds


def _list_of_losses(losses, tasks):
    """The losses of the tasks as a list, from one or from a dict or Series by task id."""
    n_tasks = len(tasks)
    refuse_unknown(losses, "losses", tasks)
    losses = in_order(losses, "losses", tasks)
    if isinstance(losses, str) or not isinstance(losses, Iterable):
        raise TypeError(
            "losses must be a list with a loss for each task, or a dict by task id, got "
            f"{losses!r}; the same for all tasks is [{losses!r}] * {n_tasks}."
        )
    losses = list(losses)
    if len(losses) != n_tasks:
        entries = "1 entry" if len(losses) == 1 else f"{len(losses)} entries"
        raise ValueError(f"losses has {entries}, but y has {n_tasks} tasks.")
    return losses


def _surprise(p):
    """Log-losses of probabilities, of which the smallest are those of rounding."""
    return -np.log(np.maximum(p, _LEAST_PROBABILITY))


def read_mixed_task(y, weight, kind, loss, *, normalize, name):
    """A task and its targets: normalized numbers, counts, or positions of classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Targets of any type, none missing.
    weight : ndarray of shape (n_samples,)
        Sample weights.
    kind : str or Loss
        The loss as it was given.
    loss : Loss
        What it stands for.
    normalize : bool
        Whether numbers are to be normalized.
    name : str
        The task, for messages.

    Returns
    -------
    task : MixedTask
    target : ndarray of shape (n_samples,)
    """
    read = _read_classes if loss.of_classes else _read_numbers
    return read(y, weight, kind, loss, normalize, name)


def _read_classes(y, weight, kind, loss, normalize, name):
    classes, codes = encode(plain_labels(y, f"Task {name}"), f"Task {name}")
    try:
        check_classification_targets(classes[codes])
    except ValueError as error:
        raise ValueError(f"Task {name} of loss {kind!r}: {error}") from None
    if len(classes) < 2:
        warn(
            f"Task {name} holds one class, {classes.tolist()}, which is always predicted: nothing "
            "can be learned of it."
        )
    if len(classes) > 2:
        loss = Softmax()
    counts = np.bincount(codes, weight)
    task = MixedTask(kind, loss, 0.0, 1.0, classes, baseline=counts / counts.sum())
    return task, codes


def _read_numbers(y, weight, kind, loss, normalize, name):
    try:
        y = y.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Task {name} of loss {kind!r} holds no numbers: {error}") from None
    if np.isinf(y).any():
        raise ValueError(f"Input y contains infinity in task {name}.")
    try:
        loss.check_targets(y)
    except ValueError as error:
        raise ValueError(f"Task {name}: {error}") from None
    total = weight.sum()
    sums = np.array([weight @ y])
    if loss.degenerate(sums, np.array([total])).any():
        warn(
            f"Task {name} of loss {kind!r} has {loss.degenerate_targets}, so that its intercept "
            "would be infinite: it got one pseudo-observation, half a count."
        )
        y = np.full(len(y), 0.5 / (total + 1))
    mean = float(weight @ y / total)
    variance = weight @ (y - mean) ** 2 / total
    deviation = float(np.sqrt(variance))
    normalize = normalize and loss.takes_normalized_targets
    center = mean if normalize else 0.0
    varies = deviation > 1e-12 * abs(mean)
    scale = deviation if normalize and varies else 1.0
    task = MixedTask(kind, loss, center, scale, None, mean)
    return task, (y - center) / scale


def _are_numbers(targets):
    """Whether a list of targets holds numbers only, which truth values are not."""
    kinds = (int, float, np.number)
    return all(isinstance(y, kinds) and not isinstance(y, bool) for y in targets)


def grouped_loss(tasks, n_samples):
    """The losses of the columns of all tasks as one."""
    sizes = [task.size for task in tasks]
    ends = np.cumsum(sizes)
    first_cells = np.arange(n_samples)[:, None] * ends[-1]
    parts = []
    for task, end in zip(tasks, ends, strict=True):
        columns = np.arange(end - task.size, end)
        parts.append((first_cells + columns, task.loss))
    return Grouped(tuple(parts))

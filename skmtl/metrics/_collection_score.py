"""The score of an estimator on Dask collections, from sums over their partitions."""

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, r2_score

from skmtl._dask.partitions import aligned_rows, n_rows_of
from skmtl._dask.reduction import compute, on_partitions, tree_sum
from skmtl._data.target_names import targets_in_order
from skmtl._data.task_ids import some_of, split_task_column
from skmtl._warn import warn
from skmtl.metrics._metric import find_metric
from skmtl.metrics._observations import read_observations


@dataclass(frozen=True)
class TaskSums:
    """What R^2 and accuracy are made of, for the targets of one task.

    Attributes
    ----------
    n_targets : int
        Number of targets.
    weight, mean, squares : float
        Total weight, weighted mean, and squares about it; of class labels, of which only the weight
        matters, the last two are 0.
    loss : float
        Weighted sum of squared errors, or of wrong labels.
    """

    n_targets: int
    weight: float
    mean: float
    squares: float
    loss: float

    def __add__(self, other):
        weight = self.weight + other.weight
        share = other.weight / weight
        difference = other.mean - self.mean
        return TaskSums(
            self.n_targets + other.n_targets,
            weight,
            self.mean + share * difference,
            self.squares + other.squares + self.weight * share * difference**2,
            self.loss + other.loss,
        )

    @classmethod
    def of_numbers(cls, y, predictions, weight):
        """The sums of targets of a regression."""
        mean = np.average(y, weights=weight)
        squares = weight @ (y - mean) ** 2
        loss = weight @ (y - predictions) ** 2
        return cls(len(y), weight.sum(), float(mean), float(squares), float(loss))

    @classmethod
    def of_labels(cls, y, predictions, weight):
        """The sums of class labels."""
        total = weight.sum()
        loss = total * (1 - accuracy_score(y, predictions, sample_weight=weight))
        return cls(len(y), total, 0.0, 0.0, float(loss))

    def r2(self):
        """R^2 as scikit-learn has it: 0, or 1 without errors, where all targets are the same."""
        if self.squares > 0:
            return 1 - self.loss / self.squares
        return float(self.loss == 0)

    def accuracy(self):
        """The share of right labels."""
        return 1 - self.loss / self.weight


def score_collection(estimator, X, y, sample_weight, tasks, *, of_labels):
    """Return the average over tasks of R^2 or, of class labels, of the accuracy.

    Parameters
    ----------
    estimator : estimator
        A fitted one.
    X, y, sample_weight, tasks : collections
        As in its `score`.
    of_labels : bool
        Whether targets are class labels.

    Returns
    -------
    float
    """
    rows = aligned_rows(X, y, sample_weight, tasks)
    parts = on_partitions(_sums_of_tasks, rows, estimator, of_labels)
    (sums,) = compute(tree_sum(parts, _joined))
    if not sums:
        raise ValueError("There is no target of positive weight to score.")
    least = 1 if of_labels else 2
    scores = []
    unscored = []
    for task, own in sums.items():
        if own.n_targets < least:
            unscored.append(task)
        else:
            scores.append(own.accuracy() if of_labels else own.r2())
    if not scores:
        warn(
            "r2_score has no value for any task: they have too few targets; the score is that of "
            "the targets of all tasks together.",
            UndefinedMetricWarning,
        )
        whole = reduce(add, sums.values())
        return whole.r2() if whole.n_targets > 1 else np.nan
    if unscored:
        warn(
            f"r2_score has no value for {len(unscored)} of {len(sums)} tasks, {some_of(unscored)}: "
            "they have too few targets, and do not count in the average.",
            UndefinedMetricWarning,
        )
    return float(np.mean(scores))


def _joined(mine, its):
    """Return the sums of the tasks of both."""
    sums = dict(mine)
    for task, own in its.items():
        sums[task] = sums[task] + own if task in sums else own
    return sums


def _sums_of_tasks(rows, estimator, of_labels):
    """Return the TaskSums of each task that has targets in a partition, {task: sums}."""
    if n_rows_of(rows.X) == 0:
        return {}
    given = {} if rows.tasks is None else {"tasks": rows.tasks}
    predictions = estimator.predict(rows.X, **given)
    y = rows.y
    sample_weight = rows.sample_weight
    tasks = rows.tasks
    if estimator.task_column is not None:
        _, tasks = split_task_column(rows.X, estimator.task_column)
    if tasks is None:
        y = targets_in_order(y, estimator.tasks_)
        if sample_weight is not None:
            sample_weight = targets_in_order(sample_weight, estimator.tasks_, "sample_weight")
    metric = find_metric(accuracy_score if of_labels else r2_score)
    task_ids, observations = read_observations(
        metric,
        y,
        predictions,
        tasks=tasks,
        sample_weight=sample_weight,
        classes=None,
    )
    make = TaskSums.of_labels if of_labels else TaskSums.of_numbers
    sums = {}
    for task, own in zip(task_ids.tolist(), observations, strict=True):
        if len(own.y_true) == 0:
            continue
        weight = own.weight
        if weight is None:
            weight = np.ones(len(own.y_true))
        sums[task] = make(own.y_true, own.y_pred, weight)
    return sums

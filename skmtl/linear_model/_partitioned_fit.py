"""`fit` of losses that are not squared on Dask collections, in rounds over their partitions."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier

from skmtl._dask.partitions import aligned_rows
from skmtl._dask.reduction import Partitions
from skmtl._data.target_scale import TargetScale
from skmtl._data.targets import check_has_targets, ids_name, warn_if_not_ids
from skmtl._data.task_ids import codes_of
from skmtl._data.weighted_tasks import WeightedTasks
from skmtl.datafits import (
    ColumnSetup,
    PartitionedClasses,
    PartitionedLikelihood,
    PartitionRows,
    TaskRows,
    warn_of_pseudo_observations,
)
from skmtl.linear_model._partitioned_reading import read_partition, summarize

_FAR = 1e3  # from zero, in standard deviations: predictions of such targets have few digits


def fit_partitions(model, X, y, sample_weight=None, tasks=None):
    """Fit a linear regressor whose loss is not squared, or a classifier, to Dask collections.

    The partitions are read once and stay in the memory of the cluster; every look at all of them is
    a round, which the attribute `n_passes_` counts.

    Parameters
    ----------
    model : LinearMultiTaskRegressor or LinearMultiTaskClassifier
        The estimator.
    X, y, sample_weight, tasks
        As in its `fit`, as collections.

    Returns
    -------
    self : object
        The fitted estimator.
    """
    model._check_params()
    _check_supported(model)
    if y is None:
        raise ValueError(
            f"{type(model).__name__} requires y to be passed, but the target y is None."
        )
    for name in ("task_weight_", "task_noise_"):  # of an earlier fit
        vars(model).pop(name, None)
    parts = Partitions(aligned_rows(X, y, sample_weight, tasks))
    return fit_parts(model, parts, wide=tasks is None and model.task_column is None)


def fit_parts(model, parts, *, wide):
    """Fit an estimator to the partitions of rows; `wide` if y is two-dimensional.

    Parameters
    ----------
    model : LinearMultiTaskRegressor or LinearMultiTaskClassifier
        The estimator.
    parts : Partitions
        Of Rows: what the user has.
    wide : bool
        Whether y is two-dimensional.

    Returns
    -------
    self : object
        The fitted estimator.
    """
    loss = model._make_loss()
    of_classes = is_classifier(model)
    parts = parts.map(read_partition, clone(model), loss)
    (summary,) = parts.sum(summarize, wide, of_classes)
    data = _PartitionedData.of(model, summary)
    make = _ClassReading if of_classes else _NumberReading
    reading = make.of(model, data, summary, loss)
    degenerate = reading.degenerate(None)
    warn_of_pseudo_observations(data.tasks[degenerate], loss)
    parts = parts.map(code_partition, reading.coding(model.task_weight, degenerate))
    likelihood = reading.likelihood(parts, model, summary, degenerate)
    datafit = model._with_intercepts(likelihood, reading)
    solution = model._solve(datafit, reading)
    model._finish(reading, datafit, solution)
    model.n_passes_ = parts.n_rounds
    return model


def _has_free_levels(model, loss):
    """Whether a level of the targets of a task changes its intercept and nothing else."""
    return model.fit_intercept and model._intercept_strength == 0 and loss.of_residuals


def _check_supported(model):
    """Raise for what needs the rows in memory."""
    if isinstance(model.task_weight, str) and model.task_weight == "uncertainty":
        raise ValueError(
            f"task_weight='uncertainty' with loss={model.loss!r} needs the rows in memory: fit it "
            "to a sample, and give its task_weight_ as task_weight."
        )


@dataclass(frozen=True)
class _PartitionedData(WeightedTasks):
    """What stands for data whose rows are in partitions, with attributes of ``TaskData``."""

    tasks: np.ndarray
    layout: str
    feature_names: np.ndarray | None
    n_features: int
    n_samples_per_task: np.ndarray
    task_total: np.ndarray
    mean_target: float
    weight: None = None

    @classmethod
    def of(cls, model, summary):
        """The data of a model; sets its `n_features_in_` and `feature_names_in_`."""
        name = type(model).__name__
        if not summary.columns:
            raise ValueError(
                "Found no samples of positive weight in any partition, while a minimum of 1 is "
                f"required by {name}."
            )
        n_columns, names, n_features = summary.columns
        model.n_features_in_ = n_columns
        vars(model).pop("feature_names_in_", None)  # of an earlier fit
        if names is not None:
            model.feature_names_in_ = np.array(names, dtype=object)
        if summary.wide:
            check_has_targets(summary.counts[None] > 0, summary.tasks)
            layout = "wide"
        else:
            warn_if_not_ids(summary.tasks, int(summary.counts.sum()), ids_name(model))
            layout = "tasks" if model.task_column is None else "column"
        mean_target = float(summary.weight @ summary.mean / summary.weight.sum())
        return cls(
            summary.tasks,
            layout,
            summary.feature_names,
            n_features,
            summary.counts,
            summary.weight,
            mean_target,
        )


class Coding(NamedTuple):
    """How the targets of a partition become those of columns.

    Attributes
    ----------
    tasks : ndarray of shape (n_tasks,)
        Ids of all tasks.
    targets_of : callable
        ``targets_of(task, labels, y)`` gives the targets (n_samples, n_own_columns) and factors of
        weights.
    share : ndarray of shape (n_tasks,)
        Share of the pseudo-observation in the targets of each task.
    mean : list of n_tasks ndarray
        The pseudo-observations.
    scale : ndarray of shape (n_tasks,)
        Factor of the weights of each task.
    """

    tasks: np.ndarray
    targets_of: object
    share: np.ndarray
    mean: list
    scale: np.ndarray


def code_partition(partition, coding):
    """Return the :class:`PartitionRows` of a :class:`Partition`."""
    codes = codes_of(partition.tasks, coding.tasks)
    tasks = []
    for task, own in zip(codes.tolist(), partition.targets, strict=True):
        if len(own.y) == 0:
            continue
        y, factor = coding.targets_of(task, own.labels, own.y)
        share = coding.share[task]
        if share > 0:
            y = (1 - share) * y + share * coding.mean[task]
        weight = own.weight * factor * coding.scale[task]
        tasks.append(TaskRows(task, own.rows, y, weight))
    return PartitionRows(partition.X, tasks)


class _PartitionedReading:
    """What a model has read of partitions: a mixin of what has attributes of ``ColumnProblem``.

    It also has `losses`, the loss of each task, `mean_of_columns`, the mean targets of the columns,
    and ``targets_of(task, labels, y)``, targets in columns (n_samples, n_own_columns) and factors
    of weights. Weights of samples are None, since they are elsewhere.
    """

    def pseudo_observations(self, degenerate):
        """Shares of the pseudo-observations in the targets of the tasks, and these, in columns."""
        share = np.zeros(self.data.n_tasks)
        share[degenerate] = 1.0 / (self.data.task_total[degenerate] + 1.0)
        mean = np.zeros(int(self.sizes.sum()))
        if degenerate.any():
            mean = self.mean_targets(None, degenerate)
        return share, mean

    def coding(self, task_weight, degenerate):
        """The :class:`Coding` of the targets."""
        share, mean = self.pseudo_observations(degenerate)
        scale = self.data.weight_scale(task_weight, self.data.task_total)
        by_task = np.split(mean, np.cumsum(self.sizes)[:-1])
        return Coding(self.data.tasks, self.targets_of, share, by_task, scale)

    def likelihood(self, parts, model, summary, degenerate):
        """The likelihood of coded partitions."""
        data = self.data
        origin = np.zeros((data.n_tasks, data.n_features))
        b = np.zeros(int(self.sizes.sum()))
        if model.fit_intercept:
            origin = summary.x / summary.weight[:, None]
            b = self._first_intercepts(degenerate)
        setup = ColumnSetup(self.losses, self.sizes, origin, np.empty(0, dtype=np.intp))
        total = data.weight_scale(model.task_weight, data.task_total) * data.task_total
        return PartitionedLikelihood(parts, setup, total, b, fit_intercept=model.fit_intercept)

    def _first_intercepts(self, degenerate):
        """The linear predictions at which mean targets are expected, 0 where they are infinite."""
        share, mean = self.pseudo_observations(degenerate)
        share = np.repeat(share, self.sizes)
        mean = (1 - share) * self.mean_of_columns + share * mean
        with np.errstate(divide="ignore", invalid="ignore"):
            b = self.loss.link(mean)
        return np.where(np.isfinite(b), b, 0.0)


@dataclass(frozen=True)
class _NumberReading(_PartitionedReading):
    """Numbers, the attributes as of ``Reading``.

    Attributes
    ----------
    mean_of_columns : ndarray of shape (n_tasks,)
        Weighted means of the normalized targets.
    """

    data: _PartitionedData
    scale: TargetScale
    loss: object
    mean_of_columns: np.ndarray

    n_columns = 1

    @classmethod
    def of(cls, model, data, summary, loss):
        """What a regressor has read."""
        deviation = np.sqrt(summary.squares / summary.weight)
        scale = TargetScale(data, normalize=False)
        if model.normalize_y:
            scale = TargetScale.of_moments(summary.mean, deviation)
        elif _has_free_levels(model, loss):
            far = np.abs(summary.mean) > _FAR * deviation
            scale = TargetScale.of_levels(np.where(far, summary.mean, 0.0))
        mean = (summary.mean - scale.mean) / scale.scale
        mean_target = float(np.average(mean, weights=summary.weight))
        return cls(replace(data, mean_target=mean_target), scale, loss, mean)

    @property
    def sizes(self):
        return np.ones(self.data.n_tasks, dtype=np.intp)

    @property
    def losses(self):
        return [self.loss] * self.data.n_tasks

    def degenerate(self, weight):
        """Which tasks get a pseudo-observation, (n_tasks,) of bool."""
        sums = self.mean_of_columns * self.data.task_total
        return self.loss.degenerate(sums, self.data.task_total)

    def mean_targets(self, weight, degenerate):
        """Mean target of all tasks, for every column."""
        return np.full(self.data.n_tasks, self.data.mean_target)

    def targets_of(self, task, labels, y):
        """Normalized targets (n_samples, 1) and a factor of weights."""
        y = (y - self.scale.mean[task]) / self.scale.scale[task]
        return y[:, None], 1.0

    def restore(self, W, b):
        """`coef_` and `intercept_`."""
        return self.scale.restore(W, b)


class _ClassReading(_PartitionedReading, PartitionedClasses):
    """Class labels."""

    @classmethod
    def of(cls, model, data, summary, loss):
        """What a classifier has read."""

        def make_data(total):
            return replace(data, task_total=total)

        return cls.of_labels(
            make_data,
            summary.labels,
            summary.label_weight,
            model.class_weight,
            wide=summary.wide,
            tasks=summary.tasks,
        )

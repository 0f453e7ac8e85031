"""Statistics as a problem to be fitted: in the place of validated rows."""

from dataclasses import dataclass, replace

import numpy as np

from skmtl._data.target_scale import TargetScale
from skmtl._data.targets import ids_name, warn_if_not_ids
from skmtl._data.task_ids import some_of
from skmtl._data.weighted_tasks import WeightedTasks
from skmtl.datafits import GramForm
from skmtl.statistics._moments import Moments
from skmtl.statistics._part_folds import PartFolds


@dataclass(frozen=True)
class StatisticsData(WeightedTasks):
    """What a model sees of :class:`TaskStatistics`, with the attributes of ``TaskData``.

    Attributes
    ----------
    moments : Moments
        Those of all rows.
    parts : dict
        Those of every part, {label: moments}.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    layout : {"wide", "column", "tasks"}
        The data form.
    feature_names : ndarray of shape (n_features,) or None
        Names of the columns of X without the task column.
    """

    moments: Moments
    parts: dict
    tasks: np.ndarray
    layout: str
    feature_names: np.ndarray | None

    @classmethod
    def of(cls, statistics, estimator):
        """The data of an estimator; sets its `n_features_in_` and `feature_names_in_`."""
        columns = statistics._columns
        columns.check_fits(estimator)
        moments = statistics._moments
        if statistics.n_tasks_ == 0:
            raise ValueError("The statistics are of no rows: there is nothing to fit.")
        empty = moments.counts == 0
        if empty.any():
            raise ValueError(
                f"Task(s) {some_of(statistics.tasks_[empty])} have no targets: a task needs at "
                "least one. Leave them out with without_tasks(...)."
            )
        if columns.layout != "wide":
            warn_if_not_ids(statistics.tasks_, int(moments.counts.sum()), ids_name(estimator))
        columns.describe(estimator)
        return cls(
            moments, statistics._parts, statistics.tasks_, columns.layout, columns.feature_names
        )

    @property
    def n_features(self):
        return self.moments.n_features

    @property
    def n_samples_per_task(self):
        return self.moments.counts

    @property
    def task_total(self):
        """Weight of the rows of each task, (n_tasks,)."""
        return self.moments.task_total

    @property
    def largest_target(self):
        """About the size of the largest target."""
        mean_squares = self.moments.yy / self.task_total
        return float(np.sqrt(mean_squares + self.moments.mean_y**2).max())

    @property
    def mean_target(self):
        """Weighted mean of the targets of all tasks."""
        return float(np.average(self.moments.mean_y, weights=self.task_total))

    def target_scale(self, normalize):
        """The :class:`TargetScale` of the targets."""
        if not normalize:
            return TargetScale(self, normalize=False)
        deviation = np.sqrt(self.moments.yy / self.task_total)
        return TargetScale.of_moments(self.moments.mean_y, deviation)

    def with_scale(self, scale):
        """The data with normalized targets."""
        if not scale.normalize:
            return self
        parts = {}
        for label, moments in self.parts.items():
            parts[label] = moments.with_targets(scale.mean, scale.scale)
        moments = self.moments.with_targets(scale.mean, scale.scale)
        return replace(self, moments=moments, parts=parts)

    def sums(self):
        """The :class:`~skmtl.datafits.SufficientStatistics` of all rows, about their means."""
        return self.moments.sums()

    def squared_datafit(self, *, task_weight, fit_intercept):
        """The squared loss, in the Gram form."""
        return GramForm.from_statistics(
            self.moments.sums(centered=fit_intercept),
            self.weight_scale(task_weight, self.task_total),
            fit_intercept=fit_intercept,
        )

    def folds(self, *, task_weight, fit_intercept):
        """The :class:`PartFolds`."""
        return PartFolds(self, task_weight=task_weight, fit_intercept=fit_intercept)


class SquaredLosses:
    """Squared losses of tasks from statistics, as of ``ColumnProblem`` for the squared loss.

    Parameters
    ----------
    data : StatisticsData
        With normalized targets.
    """

    def __init__(self, data):
        self.moments = data.moments

    @property
    def total(self):
        """Weight of the rows of each task, (n_tasks,)."""
        return self.moments.task_total

    def losses_at(self, W, b):
        """Weighted losses of every task at W with intercepts b, (n_tasks,)."""
        errors = self.moments.sums().squared_errors(W[None], b[None], rounded=True)
        return 0.5 * errors[0]

    def null_losses(self):
        """Those of the best intercepts alone."""
        return 0.5 * self.moments.yy

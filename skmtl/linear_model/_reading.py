"""What a linear regressor has read: rows, or their statistics."""

from typing import NamedTuple

from skmtl._data.target_scale import TargetScale
from skmtl._data.task_data import TaskData
from skmtl.datafits import ColumnProblem, make_folds, squared_datafit
from skmtl.statistics.statistics_data import SquaredLosses, StatisticsData


class Reading(NamedTuple):
    """Rows.

    Attributes
    ----------
    data : TaskData
        Validated data with normalized targets.
    scale : TargetScale
        What brings coefficients back to the original scale.
    loss : Loss
        The loss of a target.
    """

    data: TaskData
    scale: TargetScale
    loss: object

    n_columns = 1  # of a task

    @property
    def problem(self):
        """What a likelihood with this loss is made of."""
        return ColumnProblem.of_numbers(self.data, self.loss)

    def squared_datafit(self, *, task_weight, fit_intercept, path):
        """The squared loss; `path` if several models will be fitted."""
        data = self.data
        return squared_datafit(
            data.design,
            data.y,
            data.weight,
            scale=data.weight_scale(task_weight, data.task_total),
            fit_intercept=fit_intercept,
            path=path,
        )

    def folds(self, splits, **options):
        """The folds of these splits."""
        if self.loss.is_quadratic:
            return make_folds(self.data, splits, **options)
        return self.problem.folds(splits, **options)

    def restore(self, W, b):
        """`coef_` and `intercept_`."""
        return self.scale.restore(W, b)


class StatisticsReading(NamedTuple):
    """Statistics of rows, for squared losses; otherwise as :class:`Reading`.

    Attributes
    ----------
    data : StatisticsData
        With normalized targets.
    scale : TargetScale
        What brings coefficients back to the original scale.
    loss : Loss
        The squared loss.
    """

    data: StatisticsData
    scale: TargetScale
    loss: object

    n_columns = 1

    @property
    def problem(self):
        """The losses of tasks."""
        return SquaredLosses(self.data)

    def squared_datafit(self, *, task_weight, fit_intercept, path):
        """The squared loss, which serves a path as well as one model."""
        return self.data.squared_datafit(task_weight=task_weight, fit_intercept=fit_intercept)

    def restore(self, W, b):
        """`coef_` and `intercept_`."""
        return self.scale.restore(W, b)

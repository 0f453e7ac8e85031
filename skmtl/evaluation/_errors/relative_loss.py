"""Mean losses relative to those of the best constant, such as one minus R2."""

import numpy as np

from skmtl.evaluation._errors.measures import (
    NEGLIGIBLE,
    Measure,
    constants_of_groups,
)
from skmtl.evaluation._gains.statistics import NO_ERROR, group_means


class RelativeLoss(Measure):
    """The mean loss of a group divided by that of the group's best constant.

    As in scikit-learn, it is 1, or 0 for exact predictions, where the constant has no loss.

    Parameters
    ----------
    name : str
        Name of the error in reports.
    loss : callable
        ``loss(truth, predictions)`` returns the loss of each target.
    constant : callable, default=np.mean
        ``constant(truth)`` returns the best constant prediction of a group.
    ignores_shift : bool, default=False
        Whether predictions are first shifted to the mean of the targets of the group.
    """

    def __init__(self, name, loss, constant=np.mean, ignores_shift=False):
        self.name = name
        self.loss = loss
        self.constant = constant
        self.ignores_shift = ignores_shift

    def rounding(self, targets, task_codes, n_tasks):
        """As :meth:`Measure.rounding`; errors have no unit."""
        return np.maximum(super().rounding(targets, task_codes, n_tasks), NO_ERROR)

    def floor(self, targets, task_codes, n_tasks):
        """As :meth:`MeanLoss.floor`; the error of the best constant is 1."""
        return np.full(n_tasks, NEGLIGIBLE)

    def losses(self, truth, predictions, groups, n_groups):
        """The loss of each target: the error of its group, and by how much the target moves it.

        The error is a ratio of two means, and what a target moves is the ratio's first-order
        change. Losses are NaN in groups of one target.
        """
        if self.ignores_shift:
            shift = group_means(truth - predictions, groups, n_groups)
            predictions = predictions + shift[groups]
        own = self.loss(truth, predictions)
        constants = constants_of_groups(self.constant, truth, groups, n_groups)
        of_constant = self.loss(truth, constants)
        mean_own = group_means(own, groups, n_groups)[groups]
        mean_of_constant = group_means(of_constant, groups, n_groups)[groups]

        has_loss = mean_of_constant > 0
        errors = np.where(mean_own == 0, 0.0, 1.0)
        np.divide(mean_own, mean_of_constant, out=errors, where=has_loss)
        moves = np.zeros(len(truth))
        np.divide(own - errors * of_constant, mean_of_constant, out=moves, where=has_loss)
        losses = errors + moves
        sizes = np.bincount(groups, minlength=n_groups)[groups]
        losses[(sizes < 2) | np.isnan(mean_own)] = np.nan
        return losses

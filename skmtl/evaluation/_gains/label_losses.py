"""The losses of all models of a comparison on the tested labels, and log gains between models."""

import numpy as np

from skmtl.evaluation._gains.log_gains import log_gains, overlap_factor
from skmtl.evaluation._gains.statistics import NO_ERROR, group_means
from skmtl.evaluation._gains.tested_labels import TestedLabels

# Of the losses of two models, which counts as nothing where no loss is known to.
_SMALL_SHARE = 0.01


class LabelLosses:
    """Losses of models on the tested labels, those of all splits one after the other.

    Labels without a loss of some model are left out, so that all are judged by the same.

    Parameters
    ----------
    held_out : HeldOutTargets
        The tested targets.
    losses : dict of str to ndarray of shape (n_targets,)
        Losses by method; NaN where a method has none.
    groups : ndarray of int of shape (n_samples,) or None
        What samples are drawn together.
    splits : list of (train, test)
        Training and test samples of each split.
    power : float
        Half for root errors, else one.
    floor : ndarray of shape (n_tasks,)
        Losses that count as nothing.
    rounding : ndarray of shape (n_tasks,)
        Errors up to these are rounding.
    """

    def __init__(self, held_out, losses, groups, splits, power, floor, rounding):
        n_splits, n_tasks = held_out.shape
        known = ~np.isnan(list(losses.values())).any(axis=0)
        rows = held_out.samples[known]
        cells = held_out.groups[known]
        self.labels = TestedLabels(
            rows,
            cells // n_tasks,
            cells % n_tasks,
            (n_splits, n_tasks),
            None if groups is None else groups[rows],
        )
        self.losses = {method: values[known] for method, values in losses.items()}
        self.power = power
        self.floor = floor
        self.rounding = rounding
        self.overlap = overlap_factor(splits)

    def task_errors(self, method):
        """Error of each task on all its labels, (n_tasks,); NaN without labels."""
        labels = self.labels
        return group_means(self.losses[method], labels.tasks, labels.n_tasks) ** self.power

    def split_errors(self, method):
        """Error of each task in each split, (n_splits, n_tasks); NaN without labels."""
        labels = self.labels
        n_cells = labels.n_splits * labels.n_tasks
        cells = labels.splits * labels.n_tasks + labels.tasks
        errors = group_means(self.losses[method], cells, n_cells) ** self.power
        return errors.reshape(labels.n_splits, labels.n_tasks)

    def are_equal(self, method, other):
        """Whether two methods differ by rounding at most on every label of a task, (n_tasks,)."""
        alone = self.losses[other]
        shared = self.losses[method]
        tasks = self.labels.tasks
        tolerance = self.rounding[tasks] ** (1 / self.power)
        tolerance = tolerance + NO_ERROR * np.minimum(np.abs(alone), np.abs(shared))
        with np.errstate(invalid="ignore"):  # of two infinite losses
            differ = np.abs(alone - shared) > tolerance
        return np.bincount(tasks, differ, minlength=self.labels.n_tasks) == 0

    def log_gains(self, method, other, kept):
        """The :class:`LogGains` of a method over another on some tasks."""
        labels, positions = self.labels.of_tasks(kept)
        alone = self.losses[other][positions]
        shared = self.losses[method][positions]
        floor = self.floor[kept]
        mean = labels.task_means((alone + shared) / 2)
        return log_gains(
            labels,
            alone,
            shared,
            power=self.power,
            floor=np.where(floor > 0, floor, _SMALL_SHARE * mean),
            overlap=self.overlap,
        )

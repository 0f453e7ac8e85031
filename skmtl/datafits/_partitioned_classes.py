"""Class labels of data in partitions -> columns, from the weights of the classes of every task."""

from dataclasses import dataclass

import numpy as np

from skmtl._data.spellings import plain_labels
from skmtl._data.task_ids import codes_of
from skmtl.datafits._classes import (
    ClassProblem,
    at_least_two,
    check_class_weight,
    class_factors,
    positions_of,
    unique_labels,
)
from skmtl.losses import Logistic, Softmax


@dataclass(frozen=True)
class PartitionedClasses(ClassProblem):
    """A :class:`ClassProblem` whose samples are elsewhere; `design` and `y` are None.

    Attributes
    ----------
    counts : list of ndarray
        Weights of the classes of every task, class weights included.
    factors : list of ndarray
        Class weights of every task.
    """

    counts: list
    factors: list

    @property
    def losses(self):
        """The loss of each task."""
        return [self.loss] * len(self.sizes)

    @property
    def mean_of_columns(self):
        """Weighted mean target of every column, (n_columns,)."""
        means = []
        for count, size in zip(self.counts, self.sizes, strict=True):
            frequencies = count / count.sum()
            means.append(frequencies[-size:])
        return np.concatenate(means)

    def _counts(self, weight):
        return self.counts

    def targets_of(self, task, labels, positions):
        """Targets (n_samples, n_own_columns) and class weights of samples of a task.

        `positions` (n_samples,) are those of their class labels in `labels`.
        """
        codes = codes_of(labels, self.classes[task])
        indicators = np.eye(len(self.classes[task]))[codes]
        targets = indicators[:, -self.sizes[task] :]
        return targets[positions], self.factors[task][codes][positions]

    @classmethod
    def of_labels(cls, make_data, labels, counts, class_weight, *, wide, tasks):
        """The problem of class labels as columns.

        Parameters
        ----------
        make_data : callable
            Makes what stands for the data of the weights of the tasks (n_tasks,), class weights
            included.
        labels : ndarray of shape (n_labels,)
            The class labels of all tasks.
        counts : ndarray of shape (n_tasks, n_labels)
            Weight of each class label in each task; what is 0 the task does not have.
        class_weight : None, "balanced" or dict
            As in the classifiers.
        wide : bool
            Whether y is two-dimensional, so that tasks have classes of their own.
        tasks : ndarray of shape (n_tasks,)
            Task ids.

        Returns
        -------
        PartitionedClasses
        """
        own_labels = [plain_labels(labels[count > 0]) for count in counts]
        all_labels = unique_labels(own_labels)
        check_class_weight(class_weight, all_labels)
        classes = [all_labels] * len(tasks)
        if wide:
            classes = []
            for own, task in zip(own_labels, tasks, strict=True):
                classes.append(at_least_two(np.unique(own), all_labels, task))
        factors = []
        weighted = []
        for own, count in zip(classes, counts, strict=True):
            count = count[codes_of(own, labels)]
            factor = class_factors(class_weight, own, np.arange(len(own)), count)
            factors.append(factor)
            weighted.append(count * factor)
        sizes = np.array([len(own) for own in classes])
        several = sizes.max() > 2
        if not several:
            sizes = np.ones_like(sizes)
        return cls(
            data=make_data(np.array([count.sum() for count in weighted])),
            design=None,
            y=None,
            loss=Softmax() if several else Logistic(),
            sizes=sizes,
            classes=classes,
            positions=[positions_of(own, all_labels) for own in classes],
            counts=weighted,
            factors=factors,
        )

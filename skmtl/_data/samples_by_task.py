"""The samples of each task, for estimators that hand them on to other estimators."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from skmtl._data.spellings import concatenate_labels, plain_labels


class TaskSamples(NamedTuple):
    """The labeled samples of a task."""

    indices: np.ndarray  # position of each in the user's X
    y: np.ndarray
    weight: np.ndarray | None  # None: see SamplesByTask.without_weights

    def take(self, chosen):
        """Return some of the samples, given by their positions, a mask or a slice."""
        weight = None
        if self.weight is not None:
            weight = self.weight[chosen]
        return TaskSamples(
            indices=self.indices[chosen],
            y=self.y[chosen],
            weight=weight,
        )

    def with_plain_labels(self):
        """Return the samples with class labels of objects as numbers or strings."""
        return self._replace(y=plain_labels(self.y))


@dataclass(frozen=True)
class SamplesByTask:
    """The samples of each task, for estimators that hand them on.

    Attributes
    ----------
    features : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        The user's X without its task column.
    parts : list of n_tasks TaskSamples
        Positions of the samples of each task in `features`, their targets and weights.
    tasks : ndarray of shape (n_tasks,)
        Task ids.
    layout : {"wide", "column", "tasks"}
        The data form, as in :class:`TaskData`.
    """

    features: object
    parts: list
    tasks: np.ndarray
    layout: str

    @property
    def n_tasks(self):
        return len(self.tasks)

    @property
    def n_samples_per_task(self):
        counts = [len(part.indices) for part in self.parts]
        return np.array(counts)

    @property
    def n_rows(self):
        """The sum of the weights of all samples, which must have some."""
        return sum(part.weight.sum() for part in self.parts)

    @property
    def weighted(self):
        """Whether samples have weights."""
        return self.parts[0].weight is not None

    def without_weights(self):
        """Return the same samples with None as their weights, for fits that take no weights."""
        parts = [part._replace(weight=None) for part in self.parts]
        return replace(self, parts=parts)

    def pooled(self):
        """Return the samples of all tasks, one task after the other, and their task codes."""
        indices = np.concatenate([part.indices for part in self.parts])
        y = concatenate_labels([part.y for part in self.parts])
        weight = None
        if self.weighted:
            weight = np.concatenate([part.weight for part in self.parts])
        every_code = np.arange(self.n_tasks)
        codes = np.repeat(every_code, self.n_samples_per_task)
        return TaskSamples(indices, y, weight), codes

"""The held-out targets of all splits in one long array, and their errors."""

from typing import NamedTuple

import numpy as np


class HeldOutTargets(NamedTuple):
    """The known targets in the test sets, those of all splits one after the other.

    Attributes
    ----------
    samples : ndarray
        Sample that each target belongs to.
    groups : ndarray
        Group of each target: ``split * n_tasks + task``.
    truth : ndarray
        The targets.
    known : list of ndarray of bool
        Mask of the known targets in each test set.
    shape : tuple
        ``(n_splits, n_tasks)``.
    """

    samples: np.ndarray
    groups: np.ndarray
    truth: np.ndarray
    known: list
    shape: tuple

    @classmethod
    def from_splits(cls, task_codes, splits, n_tasks, truth):
        """Collect the targets; `task_codes` (-1 for missing) and `truth` have the shape of y."""
        samples = []
        groups = []
        truths = []
        for k, (_, test) in enumerate(splits):
            codes = task_codes[test]
            column = np.reshape(test, (-1,) + (1,) * (codes.ndim - 1))
            samples.append(np.broadcast_to(column, codes.shape))
            groups.append(k * n_tasks + codes)
            truths.append(truth[test])
        known = [task_codes[test] >= 0 for _, test in splits]
        return cls(
            _join(samples, known),
            _join(groups, known),
            _join(truths, known),
            known,
            (len(splits), n_tasks),
        )

    def error_function(self, measure, predictions):
        """Function from weights of the targets to errors (n_splits, n_tasks).

        `predictions` has an array for each split, in the shape of its test targets.
        """
        n_splits, n_tasks = self.shape
        errors = measure.error_function(
            self.truth, _join(predictions, self.known), self.groups, n_splits * n_tasks
        )

        def by_split_and_task(weights=None):
            return errors(weights).reshape(self.shape)

        return by_split_and_task


def _join(parts, masks):
    """The selected entries of all parts in one array."""
    selected = [np.asarray(part)[mask] for part, mask in zip(parts, masks, strict=True)]
    return np.concatenate(selected)


def count_targets(task_codes, samples_of_splits, n_tasks):
    """Number of known targets of every task on one side of each split, (n_splits, n_tasks)."""
    counts = []
    for samples in samples_of_splits:
        codes = task_codes[samples]
        counts.append(np.bincount(codes[codes >= 0], minlength=n_tasks))
    return np.array(counts)

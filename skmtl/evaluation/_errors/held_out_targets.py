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
    def from_splits(cls, data, splits):
        """The held-out targets of :class:`EvaluationData`."""
        samples = []
        groups = []
        truth = []
        known = []
        for k, (_, test) in enumerate(splits):
            codes = data.task_codes[test]
            test_samples = np.asarray(test)
            if data.is_wide:
                test_samples = np.broadcast_to(test_samples[:, None], codes.shape)
            samples.append(test_samples)
            groups.append(k * data.n_tasks + codes)
            truth.append(data.targets.truth[test])
            known.append(codes >= 0)
        return cls(
            _join(samples, known),
            _join(groups, known),
            _join(truth, known),
            known,
            (len(splits), data.n_tasks),
        )

    def losses(self, measure, predictions):
        """Losses of the targets, (n_targets,); NaN where there is none.

        `predictions` has an array for each split, in the shape of its test targets.
        """
        n_splits, n_tasks = self.shape
        joined = _join(predictions, self.known)
        return measure.losses(self.truth, joined, self.groups, n_splits * n_tasks)

    def count_without_prediction(self, predictions):
        """Number of the targets whose prediction is NaN."""
        joined = _join(predictions, self.known)
        if joined.dtype.kind != "f":
            return 0
        is_nan = np.isnan(joined).reshape(len(joined), -1)
        return int(is_nan.any(axis=1).sum())


def _join(parts, masks):
    """The selected entries of all parts in one array."""
    selected = []
    for part, mask in zip(parts, masks, strict=True):
        part = np.asarray(part)
        selected.append(part[mask])
    return np.concatenate(selected)


def count_targets(data, sets):
    """Number of known targets of every task in several sets of samples, (n_sets, n_tasks)."""
    counts = []
    for samples in sets:
        codes = data.task_codes[samples]
        known = codes[codes >= 0]
        counts.append(np.bincount(known, minlength=data.n_tasks))
    return np.array(counts)

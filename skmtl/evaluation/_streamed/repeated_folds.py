"""Repeated folds of rows that are in numbered parts: every fold is some of the parts."""

from typing import NamedTuple

import numpy as np

_PARTS_OF_FOLD = 5


class RepeatedFolds(NamedTuple):
    """The folds of all repetitions.

    Attributes
    ----------
    fold_of_part : ndarray of int of shape (n_repeats, n_parts)
        The fold of each part.
    n_folds : int
        Number of folds of a repetition.
    """

    fold_of_part: np.ndarray
    n_folds: int

    @classmethod
    def drawn(cls, n_repeats, n_folds, rng):
        """Folds of equally many parts, drawn at random."""
        n_parts = number_of_parts(n_folds)
        in_order = np.repeat(np.arange(n_folds), _PARTS_OF_FOLD)
        fold_of_part = np.empty((n_repeats, n_parts), dtype=np.intp)
        for r in range(n_repeats):
            fold_of_part[r] = rng.permutation(in_order)
        return cls(fold_of_part, n_folds)

    @property
    def n_repeats(self):
        return len(self.fold_of_part)

    @property
    def splits_of_parts(self):
        """The split that tests each part in each repetition, (n_parts, n_repeats)."""
        first = self.n_folds * np.arange(self.n_repeats)
        return self.fold_of_part.T + first

    def training_parts(self):
        """The parts of each training set: a list of ndarray of int."""
        parts = []
        for fold_of_part in self.fold_of_part:
            for fold in range(self.n_folds):
                is_trained = fold_of_part != fold
                trained = np.flatnonzero(is_trained)
                parts.append(trained)
        return parts

    def tested(self, counts):
        """Numbers in test sets (n_splits, n_tasks), from those in parts (n_parts, n_tasks)."""
        n_splits = self.n_repeats * self.n_folds
        n_tasks = counts.shape[1]
        tested = np.zeros((n_splits, n_tasks), dtype=counts.dtype)
        for splits, own in zip(self.splits_of_parts, counts, strict=True):
            tested[splits] += own
        return tested


def number_of_parts(n_folds):
    """The number of parts of which so many folds are made."""
    return _PARTS_OF_FOLD * n_folds


def counts_of_parts(statistics, n_parts):
    """Numbers of rows of :class:`TaskStatistics` in parts 0, 1, ..., (n_parts, n_tasks)."""
    n_tasks = statistics.n_tasks_
    counts = np.zeros((n_parts, n_tasks), dtype=np.int64)
    for part, moments in statistics._parts.items():
        counts[part] = moments.counts
    return counts

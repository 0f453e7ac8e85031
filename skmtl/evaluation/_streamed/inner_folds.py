"""The inner folds of a training set, by which models choose the strength of their penalty."""

from functools import reduce
from operator import add
from typing import NamedTuple

from skmtl.evaluation._streamed.moments import pooled


class InnerFolds(NamedTuple):
    """The moments of all rows of a training set, and of both sides of its inner splits.

    Attributes
    ----------
    whole : Moments
        Those of all rows.
    splits : list of (Moments, Moments)
        Those of the rows of each split that are trained on, and that are held out.
    """

    whole: object
    splits: list

    @classmethod
    def of(cls, folds):
        """The inner folds of moments that are held out in turn."""
        splits = []
        for k, held_out in enumerate(folds):
            others = folds[:k] + folds[k + 1 :]
            if others:
                splits.append((reduce(add, others), held_out))
        return cls(reduce(add, folds), splits)

    @classmethod
    def of_pooled(cls, folds):
        """Those of the rows of all tasks as of a single one."""
        return cls.of([pooled(fold) for fold in folds])

    def of_task(self, t):
        """Those of a single task; splits that have rows on one side only are left out."""
        splits = []
        for training, held_out in self.splits:
            if training.counts[t] and held_out.counts[t]:
                splits.append((training.of_tasks([t]), held_out.of_tasks([t])))
        return InnerFolds(self.whole.of_tasks([t]), splits)

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
                training = reduce(add, others)
                splits.append((training, held_out))
        whole = reduce(add, folds)
        return cls(whole, splits)

    @classmethod
    def of_pooled(cls, folds):
        """Those of the rows of all tasks as of a single one."""
        of_all_tasks = [pooled(fold) for fold in folds]
        return cls.of(of_all_tasks)

    def of_task(self, t):
        """Those of a single task; splits that have rows on one side only are left out."""
        splits = []
        for training, held_out in self.splits:
            if training.counts[t] and held_out.counts[t]:
                own = training.of_tasks([t])
                own_held_out = held_out.of_tasks([t])
                splits.append((own, own_held_out))
        whole = self.whole.of_tasks([t])
        return InnerFolds(whole, splits)

"""What out-of-fold predictions of numbers say about the members of a stack: moments of residuals.

Weights sum to one, so that the squared error of a stack in a task is ``w' S w`` with S the Gram
matrix of the members' residuals.
"""

import numpy as np

from skmtl.meta._evidence import Evidence, grams_of_folds
from skmtl.meta._stack_weights import simplex_minima

_MOST_RATIO = 1e6  # of a task's mean error over members to that of its best one


class SquaredEvidence(Evidence):
    """Gram matrices of the residuals of all members, for each task and fold.

    Parameters
    ----------
    grams : ndarray of shape (n_tasks, n_folds, n_members, n_members)
        As of :class:`Evidence`.
    scale : ndarray of shape (n_tasks,)
        Mean squared error of the best member: the unit of the losses of a task.
    """

    def __init__(self, grams, scale):
        super().__init__(grams)
        self.scale = scale

    @classmethod
    def from_predictions(cls, parts, predictions, folds, n_folds):
        """The evidence of predictions.

        Parameters
        ----------
        parts : list of n_tasks TaskSamples
            With weights.
        predictions : list of ndarray of shape (n_rows, n_members)
            Of the samples of each task, in the order of `parts`.
        folds : ndarray of int of shape (n_samples,)
            Fold in which each sample of X is tested.
        n_folds : int
        """
        grams = []
        n_rows = []
        for part, of_members in zip(parts, predictions, strict=True):
            y = part.y.astype(float)
            residuals = y[:, None] - of_members
            of_task = grams_of_folds(residuals, part.weight, folds[part.indices], n_folds)
            grams.append(of_task)
            n_rows.append(part.weight.sum())
        grams = np.array(grams)
        scale = _scales(grams.sum(axis=1), np.array(n_rows))
        return cls(grams, scale)

    def take_members(self, chosen):
        """The evidence about some of the members, in the same units."""
        grams = self.grams_of_members(chosen)
        return SquaredEvidence(grams, self.scale)

    def without_fold(self, fold):
        """The evidence of all other folds, in the same units."""
        kept = np.arange(self.n_folds) != fold
        return SquaredEvidence(self.grams[:, kept], self.scale)

    def common_weights(self, strength, center):
        """Return the weights of all tasks that minimize the sum of losses and of a prior.

        The prior is ``strength (w - center)' M (w - center)``.
        """
        total = self._scaled_grams().sum(axis=0)
        pull = strength * self.metric()
        A = total + pull
        b = pull @ center
        (weights,) = simplex_minima(A[None], b[None])
        return weights

    def task_weights(self, strength, center):
        """Return the weights of each task, which minimize its loss and the same prior."""
        pull = strength * self.metric()
        A = self._scaled_grams() + pull
        linear = pull @ center
        b = np.broadcast_to(linear, A.shape[:2])
        return simplex_minima(A, b)

    def losses(self, weights, fold=None):
        """Return the losses of tasks in a fold, or in all, with weights (n_tasks, n_members)."""
        grams = self.grams.sum(axis=1) if fold is None else self.grams[:, fold]
        errors = np.einsum("tk,tkl,tl->t", weights, grams, weights)
        return errors / self.scale

    def _scaled_grams(self):
        grams = self.grams.sum(axis=1)
        return grams / self.scale[:, None, None]


def _scales(grams, n_rows):
    """Return the squared error of the best member of each task, (n_tasks,)."""
    errors = np.einsum("tkk->tk", grams) / n_rows[:, None]
    best = errors.min(axis=1)
    least = errors.mean(axis=1) / _MOST_RATIO
    scale = np.maximum(best, least)
    return np.where(scale > 0, scale, 1.0)

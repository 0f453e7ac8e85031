"""What out-of-fold predictions of any kind say about the members of a stack."""

import numpy as np

_RIDGE = 1e-3  # of the metric, relative to its mean diagonal


class Evidence:
    """Gram matrices of the members' residuals.

    A subclass defines ``without_fold(fold)`` and ``take_members(chosen)``, parts of the evidence;
    ``common_weights(strength, center)`` and ``task_weights(strength, center)``, which minimize the
    losses and ``strength (w - center)' M (w - center)``; and ``losses(weights, fold)`` of tasks.

    Parameters
    ----------
    grams : ndarray of shape (n_tasks, n_folds, n_members, n_members)
        Of residuals in each task and fold.
    """

    def __init__(self, grams):
        self.grams = grams

    @property
    def n_tasks(self):
        return self.grams.shape[0]

    @property
    def n_folds(self):
        return self.grams.shape[1]

    @property
    def n_members(self):
        return self.grams.shape[2]

    def grams_of_members(self, chosen):
        """Return the Gram matrices of some members."""
        rows = self.grams[:, :, chosen]
        return rows[:, :, :, chosen]

    def metric(self):
        """Return M: the mean over tasks of their Gram matrix, divided by its mean diagonal.

        No task dominates it, however large or small its errors are.
        """
        grams = self.grams.sum(axis=1)
        means = np.einsum("tkk->t", grams) / self.n_members
        known = means > 0
        identity = np.eye(self.n_members)
        if not known.any():
            return identity
        metric = np.mean(grams[known] / means[known, None, None], axis=0)
        return metric + _RIDGE * identity


def grams_of_folds(residuals, weight, folds, n_folds):
    """Return the Gram matrices of the residuals of a task, (n_folds, n_members, n_members).

    Parameters
    ----------
    residuals : ndarray of shape (n_rows, n_members) or (n_rows, n_classes, n_members)
    weight : ndarray of shape (n_rows,)
    folds : ndarray of int of shape (n_rows,)
        Fold of each row.
    n_folds : int
    """
    n_members = residuals.shape[-1]
    grams = np.zeros((n_folds, n_members, n_members))
    root = np.sqrt(weight)
    weighted = (root * residuals.T).T
    for fold in np.unique(folds):
        of_fold = weighted[folds == fold].reshape(-1, n_members)
        grams[fold] = of_fold.T @ of_fold
    return grams

"""Features that are minimized over, in Gram form."""

from dataclasses import dataclass

import numpy as np

from skmtl.datafits._linear_algebra import ROUNDING, inner


@dataclass
class Elimination:
    """The minimum over some features, given the others, for the tasks of one block.

    Parameters
    ----------
    tasks : ndarray of int
        The tasks of the block.
    root : ndarray of shape (n_eliminated, rank)
        R with `R R'` the inverse of the Gram of the eliminated features.
    across : ndarray of shape (n_eliminated, n_others)
        The Gram between them and the others.
    q : ndarray of shape (n_eliminated, n_block_tasks)
        Their correlation with the targets.
    """

    tasks: np.ndarray
    root: np.ndarray
    across: np.ndarray
    q: np.ndarray

    def __post_init__(self):
        self.A = self.root.T @ self.across
        self.b = self.root.T @ self.q

    def reduce(self, form, k):
        """Take what the eliminated features explain off block k of the loss of the others."""
        gram = form.grams[:, :, k]
        q = form.q[:, self.tasks]
        before = np.diag(gram).copy()
        gram -= self.A.T @ self.A
        q -= self.A.T @ self.b
        # features that are explained altogether leave rounding errors
        rounding = 10 * len(before) * ROUNDING
        explained = np.diag(gram) <= rounding * before
        gram[explained] = 0.0
        gram[:, explained] = 0.0
        q[explained] = 0.0
        form.q[:, self.tasks] = q
        form.yy -= inner(self.b, self.b)

    def minimum(self, W):
        """The eliminated features (n_eliminated, n_block_tasks) from the others."""
        W = W[:, self.tasks]
        left = self.b - self.A @ W
        return self.root @ left

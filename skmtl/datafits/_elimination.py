"""Features that are minimized over, in Gram form."""

from dataclasses import dataclass

import numpy as np

_ROUNDING = 10 * np.finfo(float).eps


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
    q : ndarray of shape (n_eliminated, n_tasks)
        Their correlation with the targets of all tasks.
    """

    tasks: np.ndarray
    root: np.ndarray
    across: np.ndarray
    q: np.ndarray

    def __post_init__(self):
        self.A = self.root.T @ self.across
        self.b = self.root.T @ self.q[:, self.tasks]

    def reduce(self, form, k):
        """Take what the eliminated features explain off block k of the loss of the others."""
        G = form.grams[:, :, k]
        before = np.diag(G).copy()
        G -= self.A.T @ self.A
        form.q[:, self.tasks] -= self.A.T @ self.b
        # features that are explained altogether leave rounding errors
        explained = np.diag(G) <= len(before) * _ROUNDING * before
        G[explained] = 0.0
        G[:, explained] = 0.0
        form.q[np.ix_(explained, self.tasks)] = 0.0
        form.yy -= float(np.vdot(self.b, self.b))

    def minimum(self, W):
        """The eliminated features (n_eliminated, tasks) from the others."""
        return self.root @ (self.b - self.A @ W[:, self.tasks])

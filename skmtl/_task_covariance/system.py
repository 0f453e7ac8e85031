"""What all linear systems of observations share."""

import numpy as np


class System:
    """The system ``A = K o B[task, task] + diag(alpha[task] / s)`` of observations.

    A subclass has a `name` and the methods ``dual(y)``, ``leave_one_out(y, by)``,
    ``precisions()``, the diagonal of the inverse, and ``log_determinant()``, with vectors over
    :class:`Observations`. With intercepts, one for each task and not penalized, dual coefficients
    are restricted to those that sum to zero in every task.

    Parameters
    ----------
    K : ndarray of shape (n_samples, n_samples)
        Kernel matrix of the samples.
    B : ndarray of shape (n_tasks, n_tasks)
        Task kernel.
    alpha : ndarray of shape (n_tasks,)
        Noise of the tasks, or regularization strengths.
    cells : Observations
        The observations.
    fit_intercept : bool
        Whether each task has an intercept.
    """

    name = None

    def __init__(self, K, B, alpha, cells, fit_intercept):
        self.K = K
        self.B = B
        self.alpha = alpha
        self.cells = cells
        self.fit_intercept = fit_intercept

    def intercepts(self, y, dual):
        """Intercepts, (n_tasks,): the weighted means of what the functions leave of targets y."""
        cells = self.cells
        if not self.fit_intercept:
            return np.zeros(cells.n_tasks)
        functions = self.K @ (cells.matrix(dual) @ self.B)
        return cells.task_mean(y - functions[cells.row, cells.task])

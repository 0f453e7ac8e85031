"""What all linear systems of observations share."""

import numpy as np


class System:
    """The system ``A = K o B[task, task] + diag(alpha[task] / s)`` of observations.

    A subclass has a `name` and the methods ``dual(y)``, ``precisions()``, the diagonal of the
    inverse, ``leave_out_samples(y)`` and ``log_determinant()``, with vectors over
    :class:`Observations`. With intercepts, one for each task and not penalized, dual coefficients
    are restricted to those that sum to zero in every task.

    Parameters
    ----------
    K : ndarray of shape (n_samples, n_samples)
        Kernel matrix of the samples.
    B : ndarray of shape (n_tasks, n_tasks) or LowRank
        Task kernel.
    alpha : ndarray of shape (n_tasks,)
        Noise of the tasks, or regularization strengths.
    observations : Observations
        The observations.
    fit_intercept : bool
        Whether each task has an intercept.
    """

    name = None

    def __init__(
        self,
        K,
        B,
        alpha,
        observations,
        fit_intercept,
    ):
        self.K = K
        self.B = B
        self.alpha = alpha
        self.observations = observations
        self.fit_intercept = fit_intercept

    def leave_one_out(self, y, by="sample"):
        """Errors ``y - prediction`` of leaving out whole samples, or one observation at a time.

        Parameters
        ----------
        y : ndarray of shape (n_observations,)
            Targets.
        by : {"sample", "observation"}, default="sample"
            Whether a sample is left out with all its targets, or one of them.

        Returns
        -------
        ndarray of shape (n_observations,)
            NaN if no other observation of the task is left to find its intercept from.
        """
        if by == "observation":
            return self.leave_out_observations(y)
        return self.leave_out_samples(y)

    def leave_out_observations(self, y):
        """Errors of :meth:`leave_one_out` of one observation at a time."""
        known = self.observations.predictable_without(self.fit_intercept)
        precisions = np.where(known, self.precisions(), np.nan)
        return self.dual(y) / precisions

    def intercepts(self, y, dual):
        """Intercepts, (n_tasks,): the weighted means of what the functions leave of targets y."""
        observations = self.observations
        if not self.fit_intercept:
            return np.zeros(observations.n_tasks)
        functions = self.K @ (observations.matrix(dual) @ self.B)
        residuals = y - functions[observations.sample, observations.task]
        return observations.task_mean(residuals)

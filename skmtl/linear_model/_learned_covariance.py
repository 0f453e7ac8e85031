"""A covariance of tasks that a linear model learns."""

from functools import cached_property


class LearnedCovariance:
    """Mixin of models whose tasks have a covariance of low rank, plus a multiple of the identity.

    It is kept as factors, whose size is that of the coefficients, until it is asked for.
    """

    def _store_covariance(self, V, weights, rest):
        """Keep `V' diag(weights) V + rest I`, V (rank, n_tasks)."""
        vars(self).pop("task_covariance_", None)  # of an earlier fit
        self._covariance_factors = V, weights, rest

    @cached_property
    def task_covariance_(self):
        """Covariance of the tasks, (n_tasks, n_tasks)."""
        V, weights, rest = self._covariance_factors
        covariance = (V.T * weights) @ V
        n_tasks = len(covariance)
        covariance.flat[:: n_tasks + 1] += rest
        return covariance

"""What a fitted model knows of the effects: means and covariances, given variances."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skmtl import _kernels
from skmtl.mixed_effects._marginal_likelihood import Evaluation, MarginalLikelihood
from skmtl.mixed_effects._task_rows import LEAST_NOISE
from skmtl.mixed_effects._units import Units
from skmtl.mixed_effects._variances import VarianceParameters
from skmtl.mixed_effects._variational import Scales


@dataclass
class Posterior:
    """Common effects beta and effects v_t of tasks, given the targets and the variances.

    Arrays are in standardized units where nothing else is said; the intercept is first.

    Attributes
    ----------
    units : Units
        What leads to the units of the user.
    variances : VarianceParameters
        What the variances, relative to the noise, are made of.
    likelihood : MarginalLikelihood
        The criterion that they minimize.
    parameters : ndarray
        Their parameters; ``variances.evaluate(likelihood, parameters)`` is the criterion there, and
        :meth:`VarianceParameters.gradient` its derivatives.
    evaluation : Evaluation
        The criterion and the common effects at these parameters.
    scales : Scales
        What tasks differ by besides their effects. With noise of their own, the likelihood is that
        of rows multiplied by the root of their precision, so that they have common noise.
    bound : float or None
        Lower bound of the log likelihood; None if the likelihood is exact.
    """

    units: Units
    variances: VarianceParameters
    likelihood: MarginalLikelihood
    parameters: np.ndarray
    evaluation: Evaluation
    scales: Scales
    bound: float | None

    def check_variances_known(self):
        """Raise if the samples told nothing of variances, and so of what is uncertain."""
        if self.likelihood.is_saturated:
            raise ValueError(
                "The samples of fit are not more than the common effects that they determine, so "
                "that nothing is known of variances and errors: set fixed_effects='ridge', or give "
                "more samples."
            )

    @property
    def noise(self):
        """Variance of the noise of the rows of the likelihood."""
        return self.evaluation.noise

    @cached_property
    def task_noise(self):
        """Variance of the noise of each task, (n_tasks,); what keeps it from 0 is taken off."""
        if self.scales.precision is None:
            noise = np.full(len(self.likelihood.rows.total), self.noise)
        else:
            noise = self.noise / self.scales.precision
        return np.maximum(noise - LEAST_NOISE, 0.0)

    @property
    def mean_noise(self):
        """Mean over tasks of the variances of the noise, for a task that was not seen."""
        return np.mean(self.task_noise)

    @cached_property
    def covariance(self):
        """Covariance of the effects of a task whose omega is 1, (n_effects, n_effects)."""
        theta, _ = self.variances.split(self.parameters)
        return self.noise * self.variances.covariance.matrix(theta)

    @cached_property
    def root(self):
        """A root of this covariance, (n_effects, n_effects)."""
        theta, _ = self.variances.split(self.parameters)
        return np.sqrt(self.noise) * self.variances.covariance.root(theta)

    @cached_property
    def common(self):
        """Mean of beta, (n_effects,)."""
        return self.evaluation.fixed.effects

    @cached_property
    def common_covariance(self):
        """Covariance of beta, (n_effects, n_effects)."""
        return self.noise * self.evaluation.fixed.covariance

    @cached_property
    def deviations(self):
        """Means of v_t, (n_tasks, n_effects)."""
        scores = self.evaluation.scores / self.noise
        return self._spread(scores @ self.covariance)

    def _spread(self, effects):
        """The effects of tasks, or the rows of matrices, times the spread of the task."""
        spread = self.likelihood.spread
        if spread is None:
            return effects
        if effects.ndim == 3:
            spread = spread[:, :, None]
        return spread * effects

    @cached_property
    def _roots(self):
        """Roots of the covariances of v_t over that of the noise, (n_tasks, q, q)."""
        theta, _ = self.variances.split(self.parameters)
        root = self.variances.covariance.root(theta)
        n_tasks = len(self.likelihood.rows.total)
        roots = np.broadcast_to(root, (n_tasks, *root.shape))
        return self._spread(roots)

    @cached_property
    def own_covariances(self):
        """Covariances of v_t given beta, (n_tasks, n_effects, n_effects).

        With a root L of the covariance of v_t and the Gram matrix G_t over the variance of the
        noise they are ``L (I + L' G_t L)^-1 L'``.
        """
        whitened = self.likelihood.rows.rows @ self._roots
        M = whitened.transpose(0, 2, 1) @ whitened
        np.einsum("tjj->tj", M)[:] += 1.0
        factors = np.linalg.cholesky(M)
        half = self._roots.transpose(0, 2, 1).copy()
        _kernels.solve_triangular(factors, half)
        products = half.transpose(0, 2, 1) @ half
        return self.noise * products

    @cached_property
    def retained(self):
        """How the mean of ``beta + v_t`` moves with beta, (n_tasks, n_effects, n_effects).

        It is ``I - C_t H_t``: zero where a task tells all of its effects by itself.
        """
        precisions = self.evaluation.precisions / self.noise
        spread = self._spread(precisions)
        shrunken = self._spread(self.covariance @ spread)
        return np.eye(len(self.common)) - shrunken

    @cached_property
    def coefficient_covariances(self):
        """Covariances of ``beta + v_t``, (n_tasks, n_effects, n_effects)."""
        half = self.retained @ self.evaluation.fixed.root
        products = half @ half.transpose(0, 2, 1)
        return self.own_covariances + self.noise * products

    @property
    def log_likelihood(self):
        """Log likelihood of standardized targets, or its lower bound."""
        if self.bound is None:
            return -self.evaluation.criterion / 2
        return self.bound

    @property
    def akaike(self):
        """Akaike's criterion: the smaller, the better new tasks are expected to fit."""
        return 2 * (self.variances.n - self.log_likelihood)

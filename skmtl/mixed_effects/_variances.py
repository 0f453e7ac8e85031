"""The parameters that variances are made of, and derivatives of the criterion by them.

The parameters are those of the covariance of the effects of tasks and, behind them, that of the
prior of common slopes, all relative to the variance of the noise.
"""

import numpy as np


class VarianceParameters:
    """A vector of parameters.

    Parameters
    ----------
    covariance : DiagonalCovariance or FullCovariance
        Covariance of the effects of tasks.
    fixed_effects : FixedEffects
        The prior of common effects.
    """

    def __init__(self, covariance, fixed_effects):
        self.covariance = covariance
        self.fixed_effects = fixed_effects
        self.n_of_tasks = covariance.n_parameters
        self.n = self.n_of_tasks + fixed_effects.n_parameters
        self.lower = np.zeros(self.n)
        self.lower[: self.n_of_tasks] = covariance.lower

    def split(self, parameters):
        """Those of the effects of tasks, and those of the prior."""
        return parameters[: self.n_of_tasks], parameters[self.n_of_tasks :]

    def start(self, variance):
        """Parameters with this variance of every effect of a task, and of common slopes."""
        theta = self.covariance.from_variances(np.full(self.covariance.n_effects, variance))
        of_prior = 1.0 if self.fixed_effects.kind == "sparse" else variance
        return np.append(theta, np.full(self.n - self.n_of_tasks, of_prior))

    def prior(self, parameters):
        """Prior variances of common effects, (n_effects,)."""
        theta, of_prior = self.split(parameters)
        variances = self.covariance.variances(theta)
        return self.fixed_effects.prior(of_prior, variances)

    def evaluate(self, likelihood, parameters):
        """The :class:`Evaluation` of a likelihood."""
        theta, _ = self.split(parameters)
        root = self.covariance.root(theta)
        return likelihood.evaluate(root, self.prior(parameters))

    def gradient(self, parameters, evaluation):
        """Derivatives of the criterion, (n,)."""
        theta, of_prior = self.split(parameters)
        gradient = self.covariance.gradient(theta, evaluation.slope)
        kind = self.fixed_effects.kind
        if kind == "flat":
            return gradient
        slope = evaluation.prior_slope * ~self.fixed_effects.flat
        if kind == "ridge":
            return np.append(gradient, slope.sum())
        gradient = gradient + of_prior * self.covariance.gradient(theta, np.diag(slope))
        by_ratio = slope @ self.covariance.variances(theta)
        return np.append(gradient, by_ratio)

    def information(self, parameters, evaluation, noise_is_known):
        """Approximate expected second derivatives of the criterion, (n, n).

        What common effects take from the information of variances between tasks, a share of about
        one over the number of tasks, is left out.
        """
        theta, _ = self.split(parameters)
        precisions = evaluation.effect_precisions
        information = self.covariance.information(theta, precisions)
        information = information + self.covariance.curvature(_positive_part(evaluation.slope))
        by_noise = self.covariance.gradient(theta, precisions.sum(axis=0))
        if self.fixed_effects.kind != "flat":
            information, by_noise = self._with_prior(parameters, evaluation, information, by_noise)
        if noise_is_known:
            return information
        return information - np.outer(by_noise, by_noise) / evaluation.n_free

    def _with_prior(self, parameters, evaluation, information, by_noise):
        """The same with a last row and column for the parameter of the prior."""
        theta, of_prior = self.split(parameters)
        slopes = ~self.fixed_effects.flat
        gram = evaluation.gram
        known = evaluation.fixed.covariance @ gram
        own = (gram - gram @ known)[np.ix_(slopes, slopes)]
        left = evaluation.precisions @ (np.eye(len(gram)) - known)
        if evaluation.spread is not None:
            left = left * evaluation.spread[:, :, None]
        left = left[:, :, slopes]
        if self.fixed_effects.kind == "ridge":
            crossed = self.covariance.gradient(theta, np.einsum("tik,tjk->ij", left, left))
            squares = np.sum(own**2)
            return _bordered(information, crossed, squares), np.append(by_noise, np.trace(own))
        members = self.covariance.members[slopes]
        squares = own**2
        crossed = self.covariance.members.T @ np.einsum("tik,tik->ik", left, left)
        ratio = of_prior[0]
        by_variance = ratio * members  # of prior variances by the parameters of tasks
        by_ratio = members @ theta
        with_prior = crossed @ by_variance
        information = information + with_prior + with_prior.T
        information += by_variance.T @ squares @ by_variance
        last = crossed @ by_ratio + by_variance.T @ squares @ by_ratio
        diagonal = own.diagonal()
        by_noise = by_noise + diagonal @ by_variance
        corner = by_ratio @ squares @ by_ratio
        return _bordered(information, last, corner), np.append(by_noise, diagonal @ by_ratio)


def _positive_part(matrix):
    """The matrix without its negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


def _bordered(matrix, last, corner):
    """The symmetric matrix with one more row and column."""
    return np.block([[matrix, last[:, None]], [last[None], np.atleast_2d(corner)]])

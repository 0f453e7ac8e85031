"""The parameters that variances are made of, and derivatives of the criterion by them.

The parameters are those of the covariance of the effects of tasks and, behind them, that of the
prior of common slopes, all relative to the variance of the noise.
"""

import numpy as np

_ROUNDING = 1e-12  # singular values of a matrix of diagonal 1 that count as 0
_NOTHING = 1e-14  # variance, relative to that of the noise, that is 0 but for rounding
_MOST_EXPLAINED = 0.95  # share of the information of the noise that may be that of the others


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
        self.upper = np.full(self.n, np.inf)
        self.upper[self.n_of_tasks :] = fixed_effects.upper
        self.has_prior = fixed_effects.n_parameters > 0
        # Derivatives by the parameters of what prior variances depend on
        self.by_theta = np.zeros((covariance.n_effects, self.n_of_tasks))
        if fixed_effects.kind == "sparse":
            self.by_theta = covariance.members

    def split(self, parameters):
        """Those of the effects of tasks, and those of the prior."""
        return parameters[: self.n_of_tasks], parameters[self.n_of_tasks :]

    def clipped(self, parameters):
        """The parameters within their bounds; on these where they are but for rounding."""
        clipped = np.clip(parameters, self.lower, self.upper)
        is_nothing = clipped < self.lower + _NOTHING
        return np.where(is_nothing, self.lower, clipped)

    def start(self, variance):
        """Parameters with this variance of every effect of a task, and of common slopes."""
        variances = np.full(self.covariance.n_effects, variance)
        theta = self.covariance.from_variances(variances)
        if self.fixed_effects.kind == "sparse":
            variance = 1.0
        of_prior = np.full(self.n - self.n_of_tasks, variance)
        return np.append(theta, of_prior)

    def prior(self, parameters):
        """Prior variances of common effects, (n_effects,)."""
        theta, of_prior = self.split(parameters)
        variances = self.covariance.variances(theta)
        return self.fixed_effects.prior(of_prior, variances)

    def evaluate(self, likelihood, parameters):
        """The :class:`Evaluation` of a likelihood."""
        theta, _ = self.split(parameters)
        root = self.covariance.root(theta)
        prior = self.prior(parameters)
        return likelihood.evaluate(root, prior)

    def attempt(self, likelihood, parameters):
        """The same, None where variances are too large to compute with."""
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                return self.evaluate(likelihood, parameters)
            except np.linalg.LinAlgError:
                return None

    def _prior_by_parameters(self, parameters):
        """Derivatives of the prior variances, (n_effects, n)."""
        theta, of_prior = self.split(parameters)
        variances = self.covariance.variances(theta)
        return self.fixed_effects.jacobian(of_prior, variances, self.by_theta)

    def gradient(self, parameters, evaluation):
        """Derivatives of the criterion, (n,)."""
        theta, _ = self.split(parameters)
        gradient = self.covariance.gradient(theta, evaluation.slope)
        if not self.has_prior:
            return gradient
        jacobian = self._prior_by_parameters(parameters)
        by_prior = evaluation.prior_slope @ jacobian
        by_prior[: self.n_of_tasks] += gradient
        return by_prior

    def information(self, parameters, evaluation, noise_is_known):
        """Approximate expected second derivatives of the criterion, (n, n).

        What common effects take from the information of variances between tasks, a share of about
        one over the number of tasks, is left out.
        """
        theta, _ = self.split(parameters)
        precisions = evaluation.effect_precisions
        slope = positive_part(evaluation.slope)
        information = self.covariance.information(theta, precisions)
        information = information + self.covariance.curvature(slope)
        by_noise = self.covariance.gradient(theta, precisions.sum(axis=0))
        if self.has_prior:
            information, by_noise = self._with_prior(
                parameters,
                evaluation,
                information,
                by_noise,
            )
        if noise_is_known:
            return information
        return _profiled(information, by_noise, evaluation.n_samples)

    def _with_prior(self, parameters, evaluation, information, by_noise):
        """The same with what the prior of common effects adds, for all parameters."""
        theta, _ = self.split(parameters)
        jacobian = self._prior_by_parameters(parameters)
        gram = evaluation.gram
        known = evaluation.fixed.covariance @ gram
        own = gram - gram @ known
        unknown = np.eye(len(gram)) - known
        columns = evaluation.precisions @ unknown
        if evaluation.spread is not None:
            spread = evaluation.spread[:, :, None]
            columns = columns * spread
        m = self.n_of_tasks
        crossed = self.covariance.crossed_information(theta, columns)
        crossed = crossed @ jacobian
        whole = jacobian.T @ own**2 @ jacobian
        whole[:m, :m] += information
        whole[:m] += crossed
        whole[:, :m] += crossed.T
        by_prior = own.diagonal() @ jacobian
        by_prior[:m] += by_noise
        return whole, by_prior


def _profiled(information, by_noise, of_noise):
    """Information where the variance of the noise, `of_noise`, is at its best for the parameters.

    As it is approximate, what is subtracted is bounded so that it stays positive.
    """
    size = np.sqrt(information.diagonal())
    size = np.where(size > 0, size, 1.0)
    scaled = information / size / size[:, None]
    with_noise = by_noise / size
    solution, *_ = np.linalg.lstsq(scaled, with_noise, rcond=_ROUNDING)
    explained = with_noise @ solution
    share = 1.0
    if explained > 0:
        most = _MOST_EXPLAINED * of_noise
        share = min(1.0, most / explained)
    squares = np.outer(by_noise, by_noise)
    return information - share * squares / of_noise


def positive_part(matrix):
    """The matrix without its negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    positive = np.maximum(values, 0.0)
    return (vectors * positive) @ vectors.T

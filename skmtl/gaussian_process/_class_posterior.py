"""The log posterior of theta given class labels."""

import numpy as np

SIZE = 1.0  # standard deviation of loadings, roots of kappa and means of tasks, in log-odds
_INPUTS = np.sqrt(3.0)  # that of parameters of input kernels about their initial values


class ClassPosterior:
    """The log posterior of theta up to a constant: log marginal likelihood plus log prior.

    A priori loadings, roots of kappa and the root of the variance of the means are normal about 0,
    and parameters of input kernels about their initial values. Without a prior, labels that the
    samples separate have ever larger variances.

    Parameters
    ----------
    likelihood : ClassLikelihood
        The log marginal likelihood.
    """

    projects_variables = False

    def __init__(self, likelihood):
        self.likelihood = likelihood
        self.layout = likelihood.layout
        self.y = likelihood.labels

    def value(self, theta, eval_gradient=True):
        """The log posterior and its gradient, None if it is not asked for."""
        value, gradient = self.likelihood.value(theta, eval_gradient)
        log_prior, prior_gradient = self.log_prior(theta)
        if not eval_gradient:
            return value + log_prior, None
        return value + log_prior, gradient + prior_gradient

    def log_prior(self, theta):
        """The logarithm of the prior up to a constant, and its gradient."""
        layout = self.layout
        gradient = np.zeros(len(theta))
        squares = 0.0
        terms = zip(
            self.likelihood.kernels,
            layout.terms(theta),
            layout.terms(gradient),
            strict=True,
        )
        for kernel, term, out in terms:
            deviations = (term.inputs - kernel.theta) / _INPUTS
            squares += deviations @ deviations
            squares += np.sum(term.loadings**2) / SIZE**2
            squares += term.kappa.sum() / SIZE**2
            out.inputs[:] = -deviations / _INPUTS
            out.loadings[:] = -term.loadings / SIZE**2
            out.kappa[:] = -0.5 / SIZE**2
        variance = layout.noise(theta)
        squares += variance.sum() / SIZE**2
        gradient[layout.noise_span] = -0.5 * variance / SIZE**2
        return -0.5 * squares, gradient

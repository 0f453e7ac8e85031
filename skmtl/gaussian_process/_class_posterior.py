"""The log posterior of theta given class labels."""

import numpy as np

SIZE = 1.5  # standard deviation of what tasks have of their own, in log-odds
_COMMON = 4.0  # variance of what their loadings have in common, relative to SIZE^2
_INPUTS = np.sqrt(3.0)  # that of parameters of input kernels about their initial values


class ClassPosterior:
    """The log posterior of theta up to a constant: log marginal likelihood plus log prior.

    A priori the loadings in a column of L are normal about a common value, which is normal about 0,
    as are the roots of kappa and of the variance of the means; parameters of input kernels are
    normal about their initial values. Without a prior, labels that the samples separate have ever
    larger variances.

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
        value += log_prior
        if not eval_gradient:
            return value, None
        gradient += prior_gradient
        return value, gradient

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
            weighted = _loadings_by_precision(term.loadings)
            squares += np.vdot(term.loadings, weighted)
            squares += term.kappa.sum() / SIZE**2
            out.inputs[:] = -deviations / _INPUTS
            out.loadings[:] = -weighted
            out.kappa[:] = -0.5 / SIZE**2
        variance = layout.noise(theta)
        squares += variance.sum() / SIZE**2
        gradient[layout.noise_span] = -0.5 * variance / SIZE**2
        return -0.5 * squares, gradient


def _loadings_by_precision(loadings):
    """L multiplied by the inverse of the prior covariance of a column, ``SIZE^2 (I + 4 11')``."""
    n_tasks = len(loadings)
    share = _COMMON / (1 + n_tasks * _COMMON)
    return (loadings - share * loadings.sum(axis=0)) / SIZE**2

"""The log posterior of theta and of the tasks' means, with a weak prior.

Where tasks have few targets, the likelihood says little about their noise and covariance, and its
maximum is no typical value: often the noise is nearly zero there.
"""

import numpy as np

from skmtl.gaussian_process._marginal_likelihood import guarded_value

# Standard deviations a priori
_INPUTS = np.sqrt(3.0)  # of the logarithms of the parameters of input kernels
_NOISE = 1.0  # of a log noise, about that of all tasks
_COMMON_NOISE = 3.0  # of the log noise of all tasks
_SHARE = 0.1  # the noise is expected to be this share of the variance of a task


class LogPosterior:
    """The log posterior of free parameters z, which are standardized by the prior.

    ``center + width z`` is theta with two changes: in place of kappa are its roots, of either sign,
    and in place of a log noise is the logarithm of what the noise is above its lower bound. Means
    of the tasks come last. A priori z is normal with mean 0 and variance 1, but noises have a part
    in common. The center and width of input kernels are those of their initial parameters; of L,
    the roots of kappa and the means they are 0 and the size of the task; the noise has a center of
    a tenth of the variance.

    Parameters
    ----------
    likelihood : SpectralMarginalLikelihood or DenseMarginalLikelihood
        The log marginal likelihood.
    initial : InitialValues
        Sizes of the tasks, bounds of their noise, and which tasks have targets that are all zero:
        these do not tell what noises have in common.
    with_means : bool
        Whether means of the tasks are free, or 0.

    Attributes
    ----------
    bounds : ndarray of shape (len(z), 2)
        Lower and upper bounds of z: those of the input kernels.
    noises : slice
        The entries of the noises.
    """

    def __init__(self, likelihood, initial, with_means):
        self.likelihood = likelihood
        self.n_parameters = len(likelihood.layout)
        n_free = self.n_parameters
        if with_means:
            n_free += likelihood.layout.n_tasks
        self.noises = likelihood.layout.noise_span
        self.least_log_noise = initial.bounds[self.noises, 0]
        self._standardize(n_free, initial.scale)
        self._bound(n_free)
        self.sharing = self._noises_that_share(initial.all_zero)

    def _standardize(self, n_free, scale):
        """Set `center`, `width` and `is_root`: which entries are roots of kappa."""
        layout = self.likelihood.layout
        center = np.zeros(n_free)
        width = np.ones(n_free)
        is_root = np.zeros(n_free, dtype=bool)
        for kernel, span in self._kernels_and_spans():
            center[span.inputs] = kernel.theta
            width[span.inputs] = _INPUTS
            width[span.kappa] = scale
            is_root[span.kappa] = True
        for term in layout.terms(width):
            term.loadings[:] = scale[:, None]
        variance = scale**2
        if not layout.task_noise:
            variance = np.mean(variance)
        center[self.noises] = np.log(_SHARE * variance)
        width[self.noises] = _NOISE
        if n_free > self.n_parameters:
            width[self.n_parameters :] = scale
        self.center = center
        self.width = width
        self.is_root = is_root

    def _bound(self, n_free):
        """Set `bounds`."""
        self.bounds = np.empty((n_free, 2))
        self.bounds[:] = [-np.inf, np.inf]
        for kernel, span in self._kernels_and_spans():
            bounds = kernel.bounds.reshape(-1, 2)
            bounds = bounds - kernel.theta[:, None]
            self.bounds[span.inputs] = bounds / _INPUTS

    def _kernels_and_spans(self):
        likelihood = self.likelihood
        return zip(
            likelihood.kernels,
            likelihood.layout.spans,
            strict=True,
        )

    def _noises_that_share(self, all_zero):
        """Entries of the noises that have a part in common."""
        entries = np.arange(
            self.noises.start,
            self.noises.stop,
        )
        if self.likelihood.layout.task_noise:
            return entries[~all_zero]
        return entries

    # ------------------------------------------------------------ from z to parameters

    def parameters(self, z):
        """Theta, and the mean of each task, None if these are not free."""
        values, _ = self._transformed(z)
        return self._split(values)

    def _split(self, values):
        n = self.n_parameters
        theta = values[:n]
        if len(values) == n:
            return theta, None
        return theta, values[n:]

    def _transformed(self, z):
        """Theta followed by the means, and the derivative of each with respect to its z."""
        noises = self.noises
        is_root = self.is_root
        phi = self.center + self.width * z
        values = np.where(is_root, phi**2, phi)
        derivatives = np.where(is_root, 2 * phi, 1.0)
        derivatives *= self.width
        log_excess = phi[noises]
        log_noise = np.logaddexp(log_excess, self.least_log_noise)
        values[noises] = log_noise
        derivatives[noises] *= np.exp(log_excess - log_noise)
        return values, derivatives

    def standardized(self, theta):
        """The z of a theta, with means of 0, within the bounds."""
        phi = np.zeros(len(self.center))
        phi[: self.n_parameters] = theta
        roots = np.sqrt(np.abs(phi))
        phi = np.where(self.is_root, roots, phi)
        least = self.least_log_noise
        log_noise = phi[self.noises]
        relative_excess = np.exp(log_noise - least) - 1
        relative_excess = np.maximum(relative_excess, 1.0)
        phi[self.noises] = least + np.log(relative_excess)
        z = (phi - self.center) / self.width
        return np.clip(z, *self.bounds.T)

    # ------------------------------------------------------------ values and gradients

    def prior(self, z):
        """The logarithm of the prior, up to a constant, and its gradient."""
        gradient = -z
        noise = z[self.sharing]
        precision = (_NOISE / _COMMON_NOISE) ** 2
        common = noise.sum() / (len(noise) + precision)
        gradient[self.sharing] += common
        return 0.5 * z @ gradient, gradient

    def unbounded(self, z):
        """The log posterior and its gradient, beyond the bounds of input kernels too."""
        parameters, derivatives = self._transformed(z)
        theta, mean = self._split(parameters)
        value, gradient = guarded_value(
            self.likelihood,
            theta,
            mean=mean,
        )
        log_prior, prior_gradient = self.prior(z)
        value = value + log_prior
        gradient = gradient * derivatives + prior_gradient
        return value, gradient

    def __call__(self, z):
        """The log posterior and its gradient; minus infinity beyond the bounds."""
        lower, upper = self.bounds.T
        within = (z >= lower) & (z <= upper)
        if not within.all():
            return -np.inf, np.zeros_like(z)
        return self.unbounded(z)

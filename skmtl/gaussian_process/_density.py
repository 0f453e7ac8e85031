"""The log density of theta and of the tasks' means given labels, with a weak prior.

Where tasks have few labels the likelihood tells little of their noise and covariance, and its
maximum is no typical value: often a noise of nearly nothing.
"""

import numpy as np

from skmtl.gaussian_process._problem import guarded_value

_INPUTS = np.sqrt(3.0)  # standard deviations a priori: of the logarithms of input kernels,
_NOISE = 1.0  # of a log noise about that of all tasks,
_COMMON = 3.0  # and of that about the logarithm of
_SHARE = 0.1  # of the variance of a task


class LogPosterior:
    """Log density of free parameters z, standardized by the prior.

    ``center + width z`` is theta, but roots of kappa, of either sign, for kappa, and the logarithm
    of what a noise is above its bound; behind are means of the tasks. A priori z is normal with
    mean 0; with variance 1 but for noises, which have a common part. Center and width are those of
    where input kernels begin; of 0 and the size of the task for L, the roots and the means; of a
    tenth of its variance for the noise.

    Parameters
    ----------
    problem : SpectralProblem or DenseProblem
    starts : Starts
        Sizes of the tasks, bounds of their noise, and which are silent: these have no part in what
        noises have in common.
    with_means : bool
        Whether means of the tasks are free, or 0.
    """

    def __init__(self, problem, starts, with_means):
        self.problem, layout, scale = problem, problem.layout, starts.scale
        free = len(layout) + with_means * layout.n_tasks
        self.center, self.width = np.zeros(free), np.ones(free)
        self.is_kappa, self.bounds = np.zeros(free, dtype=bool), np.full((free, 2), np.inf)
        self.bounds[:, 0] *= -1
        views = map(layout.parts, (self.center, self.width, self.is_kappa, self.bounds))
        centers, widths, of_kappa, limits = views
        for k, kernel in enumerate(problem.kernels):
            centers[3 * k][:], widths[3 * k][:] = kernel.theta, _INPUTS
            limits[3 * k][:] = (kernel.bounds.reshape(-1, 2) - kernel.theta[:, None]) / _INPUTS
            widths[3 * k + 1].reshape(len(scale), -1)[...] = scale[:, None]
            widths[3 * k + 2][:], of_kappa[3 * k + 2][:] = scale, True
        square = scale**2 if layout.task_noise else np.mean(scale**2)
        centers[-1][:], widths[-1][:] = np.log(_SHARE * square), _NOISE
        if with_means:
            self.width[len(layout) :] = scale
        self.noises = layout.spans[-1]
        self.least = starts.bounds[self.noises, 0]
        told = ~starts.silent if layout.task_noise else [True]
        self.told = np.arange(free)[self.noises][told]

    def parameters(self, z):
        """Theta, and the mean of each task, None where these are not free."""
        found, n = self._transformed(z)[0], len(self.problem.layout)
        return found[:n], found[n:] if len(z) > n else None

    def _transformed(self, z):
        """Of theta and means behind the values, and their derivatives by z."""
        phi = self.center + self.width * z
        found = np.where(self.is_kappa, phi**2, phi)
        slope = np.where(self.is_kappa, 2 * phi, 1.0) * self.width
        found[self.noises] = np.logaddexp(phi[self.noises], self.least)
        slope[self.noises] *= np.exp(phi[self.noises] - found[self.noises])
        return found, slope

    def place(self, theta):
        """The z of theta and means of 0."""
        phi = np.zeros(len(self.center))
        phi[: len(theta)] = theta
        phi = np.where(self.is_kappa, np.sqrt(np.abs(phi)), phi)
        above = np.exp(phi[self.noises] - self.least) - 1
        phi[self.noises] = self.least + np.log(np.maximum(above, 1.0))
        return np.clip((phi - self.center) / self.width, *self.bounds.T)

    def prior(self, z):
        """Its logarithm, less a constant, and the gradient."""
        slope, noise = -z, z[self.told]
        slope[self.told] += noise.sum() / (len(noise) + (_NOISE / _COMMON) ** 2)
        return 0.5 * z @ slope, slope

    def unbounded(self, z):
        """The log density and its gradient, of input kernels beyond their bounds too."""
        theta, mean = self.parameters(z)
        value, slope = guarded_value(self.problem, theta, mean=mean)
        prior, its_slope = self.prior(z)
        return value + prior, slope * self._transformed(z)[1] + its_slope

    def __call__(self, z):
        """The log density and its gradient; minus infinity beyond the bounds of input kernels."""
        low, high = self.bounds.T
        if np.all(z >= low) and np.all(z <= high):
            return self.unbounded(z)
        return -np.inf, np.zeros_like(z)

"""Variances or covariances of predictions, averaged over processes and in units of y.

A kind of spread says how processes compute it, what the means of several processes add to it, and
how it is brought to units of y.
"""

import numpy as np


class Variance:
    """Variances of functions, (n, p)."""

    def of_process(self, process, include_noise):
        """The variances of a :class:`ProcessAtSamples`."""
        return process.variance(include_noise)

    def between(self, deviations):
        """What deviations of the means of m processes, (m, n, p), add to the sum of variances."""
        return (deviations**2).sum(axis=0)

    def of_own_task(self, spread):
        """The variances of samples with one function each, (n,)."""
        return spread[:, 0]

    def rescaled(self, spread, scale):
        """In units of y, of which `scale` are the factors."""
        return spread * scale**2


class CovarianceBySample:
    """Covariances of all tasks at each sample, (n, n_tasks, n_tasks)."""

    def of_process(self, process, include_noise):
        """As :meth:`Variance.of_process`."""
        return process.covariance_by_sample(include_noise)

    def between(self, deviations):
        """As :meth:`Variance.between`."""
        return np.einsum("mia,mib->iab", deviations, deviations)

    def rescaled(self, spread, scale):
        """As :meth:`Variance.rescaled`."""
        return spread * np.outer(scale, scale)


class Covariance:
    """Covariances of all functions at all samples, (n, p, n, p)."""

    def of_process(self, process, include_noise):
        """As :meth:`Variance.of_process`."""
        return process.covariance(include_noise)

    def between(self, deviations):
        """As :meth:`Variance.between`."""
        return np.tensordot(deviations, deviations, axes=(0, 0))

    def of_own_task(self, spread):
        """The covariances of samples with one function each, (n, n)."""
        return spread[:, 0, :, 0]

    def rescaled(self, spread, scale):
        """As :meth:`Variance.rescaled`."""
        return spread * np.outer(scale, scale)

"""A Gaussian process of several tasks with known parameters, given its targets."""

import numpy as np

from skmtl.gaussian_process._marginal_likelihood import effective_noise


class Process:
    """A Gaussian process with one theta, given the targets; everything is on the scale of theta.

    Its functions are those of the tasks and, as the last, the average function for unseen tasks.

    Parameters
    ----------
    likelihood : MarginalLikelihood
        The data, and where parameters are in theta.
    theta : ndarray
        Parameters.
    scale : ndarray of shape (n_tasks,)
        Factors to units of y, in which averages over tasks are taken.
    mean : ndarray of shape (n_tasks,), default=None
        Means of the functions; None is 0.

    Attributes
    ----------
    kernels : list of Kernel
        Input kernels with the parameters of theta.
    Bs : list of ndarray of shape (n_tasks + 1, n_tasks + 1)
        Task covariances.
    noise : ndarray of shape (n_tasks + 1,)
        Variances of the noise.
    mean : ndarray of shape (n_tasks + 1,)
        Means of the functions.
    jitter : float
        What was added to the noise.
    """

    def __init__(self, likelihood, theta, scale, mean=None):
        layout = likelihood.layout
        self.n_tasks = layout.n_tasks
        self.X = likelihood.X
        if mean is None:
            mean = np.zeros(self.n_tasks)
        pairs = zip(likelihood.kernels, layout.inputs(theta), strict=True)
        self.kernels = [kernel.clone_with_theta(inputs) for kernel, inputs in pairs]
        Ks = [kernel(self.X) for kernel in self.kernels]
        Bs = layout.covariances(theta)
        given_noise = layout.noise(theta)
        noise = effective_noise(given_noise, Ks, Bs)
        self.jitter = float((noise - given_noise).max())
        y = likelihood.y - mean[likelihood.observations.task]
        self.posterior = likelihood.posterior(Ks, Bs, noise, y)
        relative_scale = scale / scale.mean()
        self.Bs = [_with_average_task(B, relative_scale) for B in Bs]
        self.noise = np.append(noise, np.mean(noise * relative_scale**2))
        self.mean = np.append(mean, np.mean(mean * relative_scale))

    def leave_one_out(self, y):
        """Mean and variance of each target given the others, (n_observations,)."""
        precisions = self.posterior.precisions()
        return y - self.posterior.dual / precisions, 1 / precisions

    def at(self, X, codes):
        """The :class:`ProcessAtSamples` of new samples X.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            New samples.
        codes : ndarray of int of shape (n,) or None
            The task of each sample, -1 for unseen ones; None asks for all tasks.
        """
        return ProcessAtSamples(self, X, codes)


class ProcessAtSamples:
    """Functions of a process at new samples: p at each, all tasks or only the sample's own.

    Parameters
    ----------
    process : Process
        The process.
    X, codes
        As in :meth:`Process.at`.
    """

    def __init__(self, process, X, codes):
        self.process = process
        self.X = X
        T = process.n_tasks
        if codes is None:
            self.functions = np.arange(T)  # for every sample
            Cs = [B[:T, :T] for B in process.Bs]
        else:
            self.functions = codes[:, None]  # for each sample
            Cs = [B[self.functions, :T] for B in process.Bs]
        Ks = [kernel(X, process.X) for kernel in process.kernels]
        self.cross = process.posterior.cross_covariance(Ks, Cs)

    def _terms(self):
        return zip(self.process.kernels, self.process.Bs, strict=True)

    def mean(self):
        """Means, (n, p)."""
        return self.process.mean[self.functions] + self.process.posterior.mean(self.cross)

    def variance(self, include_noise):
        """Variances, (n, p)."""
        prior = sum(
            kernel.diag(self.X)[:, None] * B[self.functions, self.functions]
            for kernel, B in self._terms()
        )
        explained = self.process.posterior.variance(self.cross)
        variance = np.maximum(prior - explained, 0.0)
        return variance + include_noise * self.process.noise[self.functions]

    def covariance_by_sample(self, include_noise):
        """Covariances of all tasks at each sample, (n, n_tasks, n_tasks)."""
        T = self.process.n_tasks
        prior = sum(
            kernel.diag(self.X)[:, None, None] * B[:T, :T]  # whatever the task of a sample
            for kernel, B in self._terms()
        )
        covariance = prior - self.process.posterior.covariance_by_sample(self.cross)
        return covariance + include_noise * np.diag(self.process.noise[:T])

    def covariance(self, include_noise):
        """Covariances of all functions at all samples, (n, p, n, p)."""
        n = len(self.X)
        functions = np.broadcast_to(self.functions, (n, self.functions.shape[-1]))
        prior = sum(
            kernel(self.X)[:, None, :, None] * B[functions[:, :, None, None], functions]
            for kernel, B in self._terms()
        )
        covariance = prior - self.process.posterior.covariance(self.cross)
        flat = covariance.reshape(functions.size, functions.size)
        noise = self.process.noise[functions.ravel()]
        flat.flat[:: functions.size + 1] += include_noise * noise
        return covariance


def _with_average_task(B, relative_scale):
    """A task covariance with the average function as the last.

    That has the mean variance of the tasks, and the covariances of their mean in units of y.
    """
    between = relative_scale @ B / len(B)
    variance = np.mean(relative_scale**2 * B.diagonal())
    last = np.append(between, variance)
    return np.column_stack([np.vstack([B, between]), last])

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
        self.kernels = []
        pairs = zip(likelihood.kernels, layout.inputs(theta), strict=True)
        for kernel, inputs in pairs:
            self.kernels.append(kernel.clone_with_theta(inputs))
        Ks = [kernel(self.X) for kernel in self.kernels]
        Bs = layout.covariances(theta)
        given_noise = layout.noise(theta)
        noise = effective_noise(given_noise, Ks, Bs)
        raised = noise - given_noise
        self.jitter = float(raised.max())
        if mean is None:
            mean = np.zeros(self.n_tasks)
        task = likelihood.observations.task
        self.posterior = likelihood.posterior(
            Ks,
            Bs,
            noise,
            likelihood.y - mean[task],
        )
        self._append_average_task(Bs, noise, mean, scale)

    def _append_average_task(self, Bs, noise, mean, scale):
        """Set `Bs`, `noise` and `mean`; the last entries are averages in units of y."""
        relative = scale / scale.mean()
        average_noise = np.mean(noise * relative**2)
        average_mean = np.mean(mean * relative)
        self.noise = np.append(noise, average_noise)
        self.mean = np.append(mean, average_mean)
        self.Bs = [_with_average_task(B, relative) for B in Bs]

    def leave_one_out(self, y):
        """Mean and variance of each target given the others, (n_observations,)."""
        precisions = self.posterior.precisions()
        errors = self.posterior.dual / precisions
        variance = 1 / precisions
        return y - errors, variance

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
        self.posterior = process.posterior
        self.X = X
        T = process.n_tasks
        self.functions = np.arange(T)  # the same for every sample
        if codes is not None:
            self.functions = codes[:, None]
        Ks = []
        Cs = []
        for kernel, B in self._terms():
            with_tasks = B[:, :T]
            Ks.append(kernel(X, process.X))
            Cs.append(with_tasks[self.functions])
        self.cross = self.posterior.cross_covariance(Ks, Cs)

    def _terms(self):
        process = self.process
        return zip(process.kernels, process.Bs, strict=True)

    def mean(self):
        """Means, (n, p)."""
        prior = self.process.mean[self.functions]
        return prior + self.posterior.mean(self.cross)

    def variance(self, include_noise):
        """Variances, (n, p)."""
        functions = self.functions
        prior = 0.0
        for kernel, B in self._terms():
            k = kernel.diag(self.X)
            b = B[functions, functions]
            prior = prior + k[:, None] * b
        explained = self.posterior.variance(self.cross)
        variance = np.maximum(prior - explained, 0.0)
        noise = self.process.noise[functions]
        return variance + include_noise * noise

    def covariance_by_sample(self, include_noise):
        """Covariances of all tasks at each sample, (n, n_tasks, n_tasks)."""
        T = self.process.n_tasks
        prior = 0.0
        for kernel, B in self._terms():
            k = kernel.diag(self.X)
            B = B[:T, :T]
            prior = prior + k[:, None, None] * B
        explained = self.posterior.covariance_by_sample(self.cross)
        noise = np.diag(self.process.noise[:T])
        return prior - explained + include_noise * noise

    def covariance(self, include_noise):
        """Covariances of all functions at all samples, (n, p, n, p)."""
        n = len(self.X)
        p = self.functions.shape[-1]
        functions = np.broadcast_to(self.functions, (n, p))
        others = functions[:, :, None, None]
        prior = 0.0
        for kernel, B in self._terms():
            K = kernel(self.X)
            K = K[:, None, :, None]
            prior = prior + K * B[others, functions]
        covariance = prior - self.posterior.covariance(self.cross)
        if include_noise:
            noise = self.process.noise[functions]
            matrix = covariance.reshape(n * p, n * p)  # a view
            matrix.flat[:: n * p + 1] += noise.ravel()
        return covariance


def _with_average_task(B, relative_scale):
    """A task covariance with the average function as the last.

    That has the mean variance of the tasks, and the covariances of their mean in units of y.
    """
    T = len(B)
    between = relative_scale @ B / T
    variances = relative_scale**2 * B.diagonal()
    out = np.empty((T + 1, T + 1))
    out[:T, :T] = B
    out[T, :T] = between
    out[:T, T] = between
    out[T, T] = np.mean(variances)
    return out

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
        pairs = zip(
            likelihood.kernels,
            layout.inputs(theta),
            strict=True,
        )
        for kernel, inputs in pairs:
            kernel = kernel.clone_with_theta(inputs)
            self.kernels.append(kernel)
        Ks = [kernel(self.X) for kernel in self.kernels]
        Bs = [term.low_rank() for term in layout.terms(theta)]
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
        scaled_noise = noise * relative**2
        self.noise = np.append(noise, np.mean(scaled_noise))
        scaled_mean = mean * relative
        self.mean = np.append(mean, np.mean(scaled_mean))
        self.Bs = [with_average_task(B, relative) for B in Bs]

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
        self.cross = self._cross_covariance()

    def _cross_covariance(self):
        """Covariances of the functions with what is known, as the posterior takes them."""
        T = self.process.n_tasks
        Ks = []
        Cs = []
        for kernel, B in self._terms():
            K = kernel(self.X, self.process.X)
            Ks.append(K)
            C = B[:, :T]
            C = C[self.functions]
            Cs.append(C)
        return self.posterior.cross_covariance(Ks, Cs)

    def _terms(self):
        process = self.process
        return zip(
            process.kernels,
            process.Bs,
            strict=True,
        )

    def mean(self):
        """Means, (n, p)."""
        prior = self.process.mean[self.functions]
        learned = self.posterior.mean(self.cross)
        return prior + learned

    def variance(self, include_noise):
        """Variances, (n, p)."""
        functions = self.functions
        prior = 0.0
        for kernel, B in self._terms():
            k = kernel.diag(self.X)
            k = k[:, None]
            b = B[functions, functions]
            prior = prior + k * b
        explained = self.posterior.variance(self.cross)
        variance = np.maximum(prior - explained, 0.0)
        noise = self.process.noise[functions]
        noise = include_noise * noise
        return variance + noise

    def covariance_by_sample(self, include_noise):
        """Covariances of all tasks at each sample, (n, n_tasks, n_tasks)."""
        T = self.process.n_tasks
        prior = 0.0
        for kernel, B in self._terms():
            k = kernel.diag(self.X)
            k = k[:, None, None]
            prior = prior + k * B[:T, :T]
        explained = self.posterior.covariance_by_sample(self.cross)
        noise = self.process.noise[:T]
        noise = include_noise * np.diag(noise)
        return prior - explained + noise

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
            B = B[others, functions]
            prior = prior + K * B
        explained = self.posterior.covariance(self.cross)
        covariance = prior - explained
        if include_noise:
            size = n * p
            noise = self.process.noise[functions]
            matrix = covariance.reshape(size, size)  # a view
            matrix.flat[:: size + 1] += noise.ravel()
        return covariance


def with_average_task(B, relative_scale):
    """A task covariance with the average function as the last.

    That has the mean variance of the tasks, and the covariances of their mean in units of y.
    """
    B = np.asarray(B)
    sums = relative_scale @ B
    between = sums / len(B)
    variances = relative_scale**2 * B.diagonal()
    last = np.append(between, np.mean(variances))
    extended = np.vstack([B, between])
    return np.column_stack([extended, last])

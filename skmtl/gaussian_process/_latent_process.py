"""Latent functions of several tasks with known parameters, given class labels."""

import numpy as np
from sklearn.gaussian_process.kernels import ConstantKernel

from skmtl.gaussian_process._class_likelihood import COMMON_VARIANCE
from skmtl.gaussian_process._posterior import DensePosterior
from skmtl.gaussian_process._process import ProcessAtSamples, with_average_task


class LaplacePosterior(DensePosterior):
    """Laplace's approximation of the posterior of functions.

    Parameters
    ----------
    observations : Observations
        The samples and tasks of the labels.
    mode : Mode
        The mode of their log-odds.
    """

    def __init__(self, observations, mode):
        self.observations = observations
        self.dual = mode.dual
        self.factor = mode.curvature.factor
        self.root_curvature = mode.curvature.root

    def _root(self, cross):
        return super()._root(self.root_curvature * cross)


class LatentProcess:
    """Functions with one theta, given labels; the last is the average function for unseen tasks.

    Means of the tasks are one more term, of a constant kernel.

    Parameters
    ----------
    likelihood : ClassLikelihood
        The data, and where parameters are in theta.
    theta : ndarray
        Parameters.

    Attributes
    ----------
    n_terms : int
        Number of terms without that of the means.
    kernels : list of Kernel
        Input kernels with the parameters of theta, and the constant kernel if there are means.
    Bs : list of ndarray of shape (n_tasks + 1, n_tasks + 1)
        Task covariances.
    mean, noise : ndarray of shape (n_tasks + 1,)
        Zeros, as functions have mean 0 and no noise.
    """

    def __init__(self, likelihood, theta):
        layout = likelihood.layout
        T = layout.n_tasks
        self.n_tasks = T
        self.X = likelihood.X
        self.n_terms = len(likelihood.kernels)
        self.mean = np.zeros(T + 1)
        self.noise = np.zeros(T + 1)
        self.kernels = []
        self.Bs = []
        terms = zip(
            likelihood.kernels,
            layout.inputs(theta),
            layout.covariances(theta),
            strict=True,
        )
        for kernel, inputs, B in terms:
            kernel = kernel.clone_with_theta(inputs)
            self.kernels.append(kernel)
            B = with_average_task(B, np.ones(T))
            self.Bs.append(B)
        for variance in layout.noise(theta):
            constant = ConstantKernel(1.0, "fixed")
            self.kernels.append(constant)
            own = variance * np.eye(T + 1)
            self.Bs.append(COMMON_VARIANCE + own)
        self.mode = likelihood.mode_at(theta)
        self.posterior = LaplacePosterior(
            likelihood.observations,
            self.mode,
        )

    def means(self):
        """The means of the tasks, averaged over their posterior, (n_tasks,)."""
        observations = self.posterior.observations
        means = np.zeros(self.n_tasks)
        if len(self.Bs) > self.n_terms:
            C = self.Bs[-1]
            C = C[:-1, :-1]
            sums = observations.task_sum(self.posterior.dual)
            means += C @ sums
        return means

    def at(self, X, codes):
        """The :class:`ProcessAtSamples` of new samples, as :meth:`Process.at`."""
        return ProcessAtSamples(self, X, codes)

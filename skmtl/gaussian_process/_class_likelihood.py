"""The log marginal likelihood of class labels as a function of theta."""

import numpy as np

from skmtl import _kernels
from skmtl.gaussian_process._input_kernels import on_samples
from skmtl.gaussian_process._laplace import by_covariance, find_mode

COMMON_VARIANCE = 100.0  # of the mean that all tasks have in common


class ClassLikelihood:
    """Laplace's approximation of the log marginal likelihood of labels, a function of theta.

    Each search for the mode begins at the last one.

    Parameters
    ----------
    kernels : list of Kernel
        Input kernels, one for each term.
    X : ndarray of shape (n_samples, n_features)
        Samples.
    labels : ndarray of shape (n_observations,)
        1 for the second class of a task, 0 for the first.
    observations : Observations
        Their samples and tasks.
    layout : LatentLayout
        Where parameters are in theta.
    """

    def __init__(
        self,
        kernels,
        X,
        labels,
        observations,
        layout,
    ):
        self.kernels = kernels
        self.X = X
        self.labels = labels
        self.observations = observations
        self.layout = layout
        self.input_kernels = [on_samples(kernel, X) for kernel in kernels]
        self._dual = np.zeros(len(labels))

    def kernel_matrices(self, theta):
        """The matrix of each input kernel between observations."""
        pairs = zip(
            self.input_kernels,
            self.layout.inputs(theta),
            strict=True,
        )
        Ks = []
        for kernel, inputs in pairs:
            K = kernel.matrix(inputs)
            Ks.append(self.observations.between_observations(K))
        return Ks

    def covariance(self, theta, Ks):
        """The covariance of the log-odds of the observations."""
        n = len(self.labels)
        A = np.zeros((n, n))
        Bs = self.layout.covariances(theta)
        for K, B in zip(Ks, Bs, strict=True):
            _kernels.add_task_product(K, B, self.observations.task, A)
        for variance in self.layout.noise(theta):
            A += COMMON_VARIANCE
            for span in self.observations.spans:
                A[span, span] += variance
        return A

    def mode(self, A):
        """The :class:`Mode` for a covariance A."""
        mode = find_mode(A, self.labels, self._dual)
        self._dual = mode.dual
        return mode

    def mode_at(self, theta):
        """The :class:`Mode` at theta."""
        return self.mode(self.covariance(theta, self.kernel_matrices(theta)))

    def value(self, theta, eval_gradient=True):
        """The log marginal likelihood and its gradient, None if it is not asked for."""
        Ks = self.kernel_matrices(theta)
        A = self.covariance(theta, Ks)
        mode = self.mode(A)
        if not eval_gradient:
            return mode.log_marginal_likelihood, None
        by_A = by_covariance(mode, A)
        return mode.log_marginal_likelihood, self._gradient(theta, by_A, Ks)

    def _gradient(self, theta, by_A, Ks):
        T = self.layout.n_tasks
        by_inputs = []
        by_Bs = []
        terms = zip(
            self.input_kernels,
            Ks,
            self.layout.covariances(theta),
            strict=True,
        )
        for kernel, K, B in terms:
            by_K = np.empty_like(K)
            by_B = np.zeros((T, T))
            # The compiled function reads the upper triangle, row by row.
            _kernels.task_derivatives(
                by_A.P.T,
                by_A.v,
                K,
                B,
                self.observations.task,
                by_K,
                by_B,
            )
            by_K = self.observations.between_samples(by_K)
            by_inputs.append(kernel.gradient(by_K))
            by_Bs.append(by_B)
        return self.layout.gradient(
            theta,
            by_inputs,
            by_Bs,
            self._by_variance_of_means(by_A),
        )

    def _by_variance_of_means(self, by_A):
        """The derivative with respect to the variance of the means of the tasks, (1,)."""
        total = 0.0
        for span in self.observations.spans:
            triangle = np.tril(by_A.P[span, span])
            total += by_A.v[span].sum() ** 2
            total += triangle.trace() - 2 * triangle.sum()
        return np.array([0.5 * total])

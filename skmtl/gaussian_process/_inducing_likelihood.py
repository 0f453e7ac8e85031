"""The bound of data as a function of theta: two passes over the samples for value and gradient."""

import numpy as np

from skmtl._task_covariance.systems import raised_noise
from skmtl.gaussian_process._collapsed_bound import BoundPoint, Statistics
from skmtl.gaussian_process._features import InducingKernel
from skmtl.gaussian_process._sample_groups import sample_groups


class InducingLikelihood:
    """A lower bound of the log marginal likelihood, with the interface of the likelihoods.

    Parameters
    ----------
    kernel : RBF or Matern
        Input kernel.
    X : ndarray of shape (n_samples, n_features)
        Samples.
    y : ndarray of shape (n_observations,)
        Targets.
    observations : Observations
        The sample and the task of each target.
    layout : ParameterLayout
        Where parameters are in theta; of one term.
    Z : ndarray of shape (m, n_features)
        Inducing points.
    """

    projects_variables = True

    def __init__(self, kernel, X, y, observations, layout, Z):
        self.kernels = [kernel]
        self.X = X
        self.y = y
        self.observations = observations
        self.layout = layout
        self.Z = Z
        self.input_kernel = InducingKernel(kernel, Z)
        self.groups = sample_groups(observations, y)
        self.squares = observations.task_sum(y**2)

    def given_inputs(self, theta):
        """The :class:`Statistics` at the parameters that theta has for the input kernel."""
        (inputs,) = self.layout.inputs(theta)
        self.root = self.input_kernel.at(inputs)
        T = self.layout.n_tasks
        m = len(self.root)
        values = np.empty((T, m))
        by_target = np.empty((T, m))
        vectors = []
        for group in self.groups:
            products, b = self._sums(group)
            eigenvalues, U = np.linalg.eigh(products)
            vectors.append(U)
            values[group.tasks] = np.maximum(eigenvalues, 0.0)
            by_target[group.tasks] = b.T @ U
        return Statistics(
            vectors,
            [group.tasks for group in self.groups],
            values,
            by_target,
            self.squares,
            self.observations.n_per_task,
        )

    def _sums(self, group):
        """``Phi' Phi`` and ``Phi' Y`` of a group."""
        m = len(self.root)
        products = np.zeros((m, m))
        by_target = np.zeros((m, group.Y.shape[1]))
        X = self.X[group.samples]
        for batch in self.input_kernel.batches(len(X)):
            K, _ = self.input_kernel.between(X[batch])
            features = K @ self.root
            products += features.T @ features
            by_target += features.T @ group.Y[batch]
        return products, by_target

    def at(self, statistics, theta):
        """The :class:`BoundPoint` of theta, of which `statistics` have the input kernel."""
        (term,) = self.layout.terms(theta)
        B = term.low_rank()
        noise = self.layout.noise(theta)
        noise = raised_noise(noise, [statistics.largest], [B])
        return BoundPoint(statistics, B, noise)

    def gradient(self, statistics, point, theta, by_inputs=True):
        """The gradient with respect to theta; zero for the input kernel unless `by_inputs`."""
        by_B, by_noise = point.gradient()
        # A noise that was raised to the floor has no effect.
        by_noise = by_noise * (point.noise == self.layout.noise(theta))
        gradient_of_inputs = np.zeros(self.layout.n_inputs[0])
        if by_inputs and len(gradient_of_inputs):
            gradient_of_inputs = self._by_inputs(statistics, point)
        return self.layout.gradient(theta, [gradient_of_inputs], [by_B], by_noise)

    def _by_inputs(self, statistics, point):
        """The derivative with respect to the parameters of the kernel of the last statistics."""
        by_products, by_target = point.by_statistics()
        total = 0.0
        by_points = 0.0
        for group, U, G in zip(self.groups, statistics.U, by_products, strict=True):
            tasks = group.tasks
            root = self.root @ U
            weights = root @ by_target[tasks].T
            total = total + self._by_samples(group, root @ (2 * G) @ root.T, weights)
            inner = 2 * statistics.values[tasks[0]][:, None] * G
            inner += statistics.by_target[tasks].T @ by_target[tasks]
            by_points = by_points + root @ inner @ root.T
        by_points = -0.25 * (by_points + by_points.T)
        return total + self.input_kernel.between_points.gradient(by_points)

    def _by_samples(self, group, by_products, weights):
        """The part of the kernel between samples and points.

        Its derivative is ``K by_products + Y weights'``.
        """
        total = 0.0
        X = self.X[group.samples]
        for batch in self.input_kernel.batches(len(X)):
            K, F = self.input_kernel.between(X[batch])
            W = K @ by_products
            W += group.Y[batch] @ weights.T
            W *= F
            total = total + self.input_kernel.gradient(X[batch], W)
        return total

    def value(self, theta, eval_gradient=True):
        """The bound and its gradient, None if it is not asked for."""
        statistics = self.given_inputs(theta)
        point = self.at(statistics, theta)
        if not eval_gradient:
            return point.value, None
        return point.value, self.gradient(statistics, point, theta)

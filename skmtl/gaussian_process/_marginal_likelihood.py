"""The log marginal likelihood of data as a function of theta."""

from contextlib import suppress

import numpy as np

from skmtl._task_covariance.dense_likelihood import DenseLikelihood
from skmtl._task_covariance.low_rank_likelihood import LowRankLikelihood, pays_off
from skmtl._task_covariance.spectral_likelihood import SpectralLikelihood
from skmtl._task_covariance.systems import largest_eigenvalue, raised_noise
from skmtl.gaussian_process._input_kernels import on_samples
from skmtl.gaussian_process._posterior import (
    DensePosterior,
    LowRankPosterior,
    SpectralPosterior,
)


class MarginalLikelihood:
    """The log marginal likelihood of targets, a function of theta.

    A subclass has ``value(theta, eval_gradient=True, mean=None)``: the log marginal likelihood and
    its gradient, None if it is not asked for. With the `mean` of each task, (n_tasks,), that is
    taken off the targets, the derivatives with respect to it are at the end of the gradient. And
    ``posterior(Ks, Bs, noise, y)``: the posterior of the functions, given kernel matrices of the
    samples and task covariances of each term, as :class:`LowRank`.

    Parameters
    ----------
    kernels : list of Kernel
        Input kernels, one for each term.
    X : ndarray of shape (n_samples, n_features)
        Samples.
    y : ndarray of shape (n_observations,)
        Targets.
    observations : Observations
        The sample and the task of each target.
    layout : ParameterLayout
        Where parameters are in theta.
    """

    projects_variables = False  # whether fixed parameters of input kernels make it cheap

    def __init__(
        self,
        kernels,
        X,
        y,
        observations,
        layout,
    ):
        self.kernels = kernels
        self.X = X
        self.y = y
        self.observations = observations
        self.layout = layout
        self.input_kernels = [on_samples(kernel, X) for kernel in kernels]


class SpectralMarginalLikelihood(MarginalLikelihood):
    """The likelihood of common samples and one term.

    That of complete data and few loadings is a :class:`LowRankLikelihood`, else a
    :class:`SpectralLikelihood`.
    """

    projects_variables = True

    def __init__(
        self,
        kernels,
        X,
        y,
        observations,
        layout,
    ):
        super().__init__(
            kernels,
            X,
            y,
            observations,
            layout,
        )
        (self.input_kernel,) = self.input_kernels
        self.Y = observations.matrix(y)
        complete = len(observations) == self.Y.size
        self.is_low_rank = complete and pays_off(layout.ranks[0], layout.n_tasks)

    def given_inputs(self, theta, mean=None):
        """The likelihood at the parameters that theta has for the input kernel.

        It is a :class:`LowRankLikelihood` or a :class:`SpectralLikelihood`.
        """
        (inputs,) = self.layout.inputs(theta)
        Y = self.Y
        if mean is not None:
            Y = Y - mean * self.observations.observed
        K = self.input_kernel.matrix(inputs)
        if self.is_low_rank:
            return LowRankLikelihood(K, Y)
        return SpectralLikelihood(K, Y, self.observations)

    def at(self, spectral, theta):
        """The point of theta, of which `spectral` has the input kernel."""
        (term,) = self.layout.terms(theta)
        B = term.low_rank() if self.is_low_rank else term.covariance()
        noise = self.layout.noise(theta)
        noise = raised_noise(noise, [spectral.largest], [B])
        return spectral.at(B, noise)

    def gradient(self, spectral, point, theta, by_inputs=True):
        """The gradient with respect to theta; zero for input kernels unless `by_inputs`."""
        by_B, by_noise = spectral.gradient(point)
        # A noise that was raised to the floor has no effect.
        by_noise = by_noise * (point.noise == self.layout.noise(theta))
        gradient_of_inputs = np.zeros(self.layout.n_inputs[0])
        if by_inputs:
            by_kernel = spectral.by_kernel(point)
            gradient_of_inputs = self.input_kernel.gradient(by_kernel)
        return self.layout.gradient(
            theta,
            [gradient_of_inputs],
            [by_B],
            by_noise,
        )

    def value(self, theta, eval_gradient=True, mean=None):
        spectral = self.given_inputs(theta, mean)
        point = self.at(spectral, theta)
        if not eval_gradient:
            return point.value, None
        gradient = self.gradient(spectral, point, theta)
        if mean is not None:
            gradient = np.append(gradient, spectral.by_mean(point))
        return point.value, gradient

    def posterior(self, Ks, Bs, noise, y):
        (K,) = Ks
        (B,) = Bs
        kind = LowRankPosterior
        if not self.is_low_rank:
            kind = SpectralPosterior
            B = np.asarray(B)
        return kind(
            K,
            B,
            noise,
            self.observations,
            y,
        )


class DenseMarginalLikelihood(MarginalLikelihood):
    """The likelihood of any observations and any number of terms; see :class:`DenseLikelihood`.

    Parameters
    ----------
    kernels, X, y, observations, layout
        As in :class:`MarginalLikelihood`.
    known_noise : ndarray of shape (n_observations,), default=None
        Known variances of the noise of each target, beside that of the tasks.
    """

    def __init__(self, kernels, X, y, observations, layout, known_noise=None):
        super().__init__(kernels, X, y, observations, layout)
        self.known_noise = known_noise

    def value(self, theta, eval_gradient=True, mean=None):
        y = self.y
        if mean is not None:
            y = y - mean[self.observations.task]
        Ks = []
        pairs = zip(
            self.input_kernels,
            self.layout.inputs(theta),
            strict=True,
        )
        for kernel, inputs in pairs:
            Ks.append(kernel.matrix(inputs))
        Bs = self.layout.covariances(theta)
        noise = effective_noise(self.layout.noise(theta), Ks, Bs)
        dense = DenseLikelihood(
            self._between_observations(Ks),
            Bs,
            noise,
            y,
            self.observations,
            self.known_noise,
        )
        if not eval_gradient:
            return dense.value, None
        gradient = self._gradient(theta, dense, noise)
        if mean is not None:
            gradient = np.append(gradient, dense.by_mean())
        return dense.value, gradient

    def _gradient(self, theta, dense, noise):
        by_K, by_B, by_noise = dense.gradients()
        # A noise that was raised to the floor has no effect.
        by_noise *= noise == self.layout.noise(theta)
        by_inputs = []
        for kernel, G in zip(self.input_kernels, by_K, strict=True):
            G = self.observations.between_samples(G)
            by_inputs.append(kernel.gradient(G))
        return self.layout.gradient(theta, by_inputs, by_B, by_noise)

    def _between_observations(self, Ks):
        return [self.observations.between_observations(K) for K in Ks]

    def posterior(self, Ks, Bs, noise, y):
        return DensePosterior(
            self._between_observations(Ks),
            [np.asarray(B) for B in Bs],
            noise,
            self.observations,
            y,
            self.known_noise,
        )


def guarded_value(likelihood, theta, eval_gradient=True, mean=None):
    """The value and the gradient; minus infinity and 0 if the covariance cannot be factorized."""
    value = -np.inf
    with (
        np.errstate(over="ignore", invalid="ignore", divide="ignore"),
        suppress(ValueError, np.linalg.LinAlgError),
    ):
        value, gradient = likelihood.value(theta, eval_gradient, mean)
    if np.isfinite(value):
        return value, gradient
    n_means = 0 if mean is None else len(mean)
    return -np.inf, np.zeros(len(theta) + n_means)


def effective_noise(noise, Ks, Bs):
    """The noise, raised to what has an effect beside kernel matrices of samples."""
    largest = [largest_eigenvalue(K, np.ones(1)) for K in Ks]
    return raised_noise(noise, largest, Bs)
